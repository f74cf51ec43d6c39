"""Who may do what: all that is done in a worker's name is in one table, and refuses whom the table does not name."""

from __future__ import annotations

import pytest

from hub.desk.who import Act
from tests.network import Network
from tests.unit.commands.conftest import Desk
from tests.unit.commands.test_frame import LEAVES
from tests.unit.commands.test_road import unconsented

PERSON = "identifier_type,identifier_value,birth_date,last_name,first_name\n"
AGREEMENT = (
    *("x-y", "--party-a", "harbour", "--party-b", "lakeside", "--purposes", "REFERRAL", "--categories", "IDENT"),
    *("--events", "add-service-request", "--valid-from", "2025-01-01"),
)
# A command as the table names it -> its arguments, good but for the worker, and standard input. The worker is of
# Harbour where the command is about the whole hub or about a system of Lakeside, and of Lakeside where it is about a
# client of Harbour.
OF_LAKESIDE = ("--agency", "lakeside")
CALLS: dict[str, tuple[tuple[str, ...], str]] = {
    "agencies add": (("x-y", "--name", "X", "--lane", "general"), ""),
    "agencies import": (("-",), "id,name,lane,pack\nx-y,X,general,ca-on\n"),
    "systems add": (("x-cms", "--agency", "harbour", "--kind", "cms", "--setting", "path=x.sqlite"), ""),
    "systems import": (("-",), "id,agency,kind,settings.path\nx-cms,harbour,cms,x.sqlite\n"),
    "sites add": (("TOR01", "--agency", "harbour", "--kind", "cms"), ""),
    "sites import": (("-",), "kind,code,agency\ncms,TOR01,harbour\n"),
    "services add": (
        ("x-y", "--agency", "harbour", "--wanted", "food-clothing", "--name", "X", "--system", "harbour-cms"),
        "",
    ),
    "services import": (("-",), "id,agency,wanted,name,system\nx-y,harbour,food-clothing,X,harbour-cms\n"),
    "agreements add": (AGREEMENT, ""),
    "agreements import": (
        ("-",),
        "agreement_id,party_a,party_b,purposes,categories,events,valid_from\n"
        "x-y,harbour,lakeside,REFERRAL,IDENT,add-service-request,2025-01-01\n",
    ),
    "workers add": (("eve", "--agency", "hub", "--role", "administrator"), ""),
    "workers import": (("-",), "id,agency,role\neve,hub,administrator\n"),
    "suspend": (("all",), ""),
    "resume": (("all",), ""),
    "agreements end": (("harbour-lakeside",), ""),
    "consent withdraw": (("x", "--agency", "harbour", "--how", "TELEPHONE"), ""),
    "consent suspend": (("x", "--agency", "harbour", "--why", "KEEP_OUT"), ""),
    "consent resume": (("x", "--agency", "harbour", "--version", "1", "--how", "PHONE"), ""),
    "consent directive add": (("--agency", "harbour", "--alias", "x"), ""),
    "consent add": (("--agency", "harbour", "--alias", "x"), "form_id\nF-1\n"),
    "consent import": (("-", "--agency", "harbour"), PERSON),
    "consent directive lift": (("x", "--agency", "harbour"), ""),
    "consent show": (("x", "--agency", "harbour"), ""),
    "consent receipt": (("x", "--agency", "harbour"), ""),
    "consent expiring": (("--agency", "harbour"), ""),
    "consent decide": (("--alias", "x", "--to", "lakeside-employment", "--agency", "harbour"), ""),
    "consent simulate": (("--draft", "-"), '{"pack": "ca-on", "changes": {"verbal_days": 7}}'),
    "bus provision": ((), ""),
    "systems fetch": (("lakeside-cms",), ""),
    "systems send": (("lakeside-cms",), ""),
    "subjects decider add": (("ABCDEFGHIJKL", *OF_LAKESIDE, "--role", "PARENT", "--evidence", "BIRTH_RECORD"), ""),
    "subjects decider end": (("ABCDEFGHIJKL", "MNOPQRSTUVWX", *OF_LAKESIDE), ""),
    "subjects capacity found": (("ABCDEFGHIJKL", *OF_LAKESIDE), ""),
    "subjects capacity lifted": (("ABCDEFGHIJKL", *OF_LAKESIDE), ""),
    "subjects flag add": (("ABCDEFGHIJKL", "DV", *OF_LAKESIDE), ""),
    "subjects flag end": (("ABCDEFGHIJKL", "DV", *OF_LAKESIDE), ""),
    "subjects show": (("ABCDEFGHIJKL", *OF_LAKESIDE), ""),
    "systems submit": (("lakeside-cms", "-"), "{}"),
    "systems observe": (("lakeside-cms",), ""),
    "subjects duplicates": ((), ""),
    "subjects merge": (("harbour:ABCDEFGHIJKL", "--into", "lakeside:ABCDEFGHIJKL"), ""),
    "subjects unmerge": (("harbour:ABCDEFGHIJKL", "lakeside:ABCDEFGHIJKL"), ""),
    "subjects conflict": (("x", "--agency", "lakeside", "--worker", "lakeside-worker", "--kind", "friend"), ""),
    "override declare": (("-", "--system", "lakeside-cms"), "{}"),
    "override list": ((), ""),
    "disclosures": (("x", "--to", "SELF", "--request", "x"), ""),
    "requests add": (("x",), ""),
    "subjects find": (("-", "--agency", "harbour"), f"{PERSON}UCI,11-0000-0001,1991-07-22,Bartok,Bela\n"),
    "override metrics": ((), ""),
    "report month": ((), ""),
    "audit export": (("--out", "nowhere"), ""),
    "receipt get": (("x", "--agency", "lakeside"), ""),
    "backup": (("--out", "nowhere.zip"), ""),
    "report retention": ((), ""),
    "incident open": (("x", "--kind", "wrong-person"), ""),
    "incident show": (("x",), ""),
    "incident assess": (("x", "--yes", "safety"), ""),
    "incident notice": (("x", "1", "--given"), ""),
    "incident telephoned": (("x", "y"), ""),
    "incident close": (("x",), ""),
}
OF_A_RECORD = {"subjects resolve", "deliveries retry"}  # below: they need a record of Harbour
# test_override.py: they need one
OF_AN_OVERRIDE = {f"override {verb}" for verb in ("approve", "reached", "end", "show", "review")}
OF_A_BACKUP = {"restore"}  # test_backup.py: who may is read in the backup
FOR_ANY_WORKER = {"audit export --hashes"}


def test_every_command_that_takes_a_worker_is_in_the_table_and_is_tried_here() -> None:
    taking = {" ".join(path) for path, leaf in LEAVES if any("--as" in param.opts for param in leaf.params)}
    named = [command for act in Act for command in act.value.commands]

    assert set(named) - FOR_ANY_WORKER == taking
    assert len(named) == len(set(named))
    assert CALLS.keys() | OF_A_RECORD | OF_AN_OVERRIDE | OF_A_BACKUP | FOR_ANY_WORKER == set(named)


@pytest.mark.parametrize("command", CALLS)
def test_a_plain_worker_of_an_agency_is_refused_and_nothing_is_changed(desk: Desk, command: str) -> None:
    args, stdin = CALLS[command]
    before = desk.entries()
    worker = "lakeside-worker" if command.startswith("consent") else "harbour-worker"

    said = desk.refused(*command.split(), *args, "--as", worker, stdin=stdin)

    assert said.startswith(f"--as: got a worker of `{worker.removesuffix('-worker')}`, who may not do this")
    assert "expected a worker of" in said
    assert desk.entries() == before


@pytest.mark.parametrize("command", [command for act in (Act.DIRECTORY, Act.STOP) for command in act.value.commands])
def test_of_the_hubs_own_workers_only_steward_and_administrator_change_directory_and_exchange(
    desk: Desk, command: str
) -> None:
    desk.ok("workers", "add", "clerk", "--agency", "hub", "--role", "worker", "--as", "steward")
    args, stdin = CALLS[command]

    said = desk.refused(*command.split(), *args, "--as", "clerk", stdin=stdin)

    assert "expected a worker of the hub in the role administrator or steward" in said
    assert desk.entries()[-1]["name"] == "clerk"


@pytest.mark.parametrize(
    "command", [command for act in (Act.DIRECTORY, Act.STOP) for command in act.value.commands if command != "resume"]
)
def test_what_is_refused_to_others_the_steward_may(desk: Desk, command: str) -> None:
    args, stdin = CALLS[command]

    desk.ok(*command.split(), *args, "--as", "steward", stdin=stdin)

    assert desk.entries()[-1]["actor"]["ref"] == "steward"


def test_a_waiting_record_is_tried_again_by_its_own_agency_or_the_hub_and_nobody_else(
    network: Network, desk: Desk
) -> None:
    unconsented(network)
    network.run()
    (row,) = desk.json("deliveries", "waiting")["waiting"]
    before = desk.entries()

    said = desk.refused("deliveries", "retry", row["id"], "--as", "lakeside-worker")

    assert "expected a worker of `harbour` or a worker of the hub" in said
    assert desk.entries() == before
    assert desk.json("deliveries", "waiting")["waiting"] == [row]
    for worker in ("harbour-worker", "steward"):
        assert desk.json("deliveries", "retry", row["id"], "--as", worker)["what"] == "waiting"
