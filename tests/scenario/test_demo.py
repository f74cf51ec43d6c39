"""``hub demo`` and ``hub sample`` as a newcomer runs them (issue 3, item 13): one object, true numbers, no surprise.

And the other way round: what is done to the folder behind the demo's back is a surprise, and ends with 1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.icare.workbook import Workbook
from hub.__main__ import real_tools
from hub.commands.demo import play
from hub.commands.demo_acts import MESSAGES_PER_CLIENT, TORONTO, Demo, begin, lay_routes
from hub.sample import expectation
from hub.sample.judge import private_values
from hub.sample.network import CLIENTS_MIN, Network, make_network
from hub.sample.scenarios import EXPECTED, TOLD, UNREADABLE, Scenario

CLIENTS, SEED = 60, 2
CARRIED = "kind IN ('referral', 'referral-status', 'override', 'exit')"


def hub(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "hub", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The one object that ``hub demo --once --json`` writes."""
    place = tmp_path_factory.mktemp("demo") / "here"
    run = hub("demo", "--once", "--json", "--clients", str(CLIENTS), "--seed", str(SEED), "--dir", str(place))
    assert run.returncode == 0, run.stdout + run.stderr
    document: dict[str, Any] = json.loads(run.stdout)  # one object, and nothing else
    return document


def test_the_object_has_the_promised_keys_and_no_surprise(once: dict[str, Any]) -> None:
    assert list(once) == [
        "seed", "clients", "dir", "messages", "unreadable", "refused_by_code", "withheld_by_category", "withdrawal",
        "systems", "expectation", "audit", "matrix", "surprises",
    ]  # fmt: skip
    assert (once["seed"], once["clients"], once["surprises"]) == (SEED, CLIENTS, [])


def test_every_answer_is_the_one_that_the_story_deserves(once: dict[str, Any]) -> None:
    assert once["expectation"]["differences"] == []
    assert once["expectation"]["compared"] >= CLIENTS + 5


def test_the_matrix_has_a_row_for_each_pair_of_the_four_kinds_and_a_verdict_on_eight_contents(
    once: dict[str, Any],
) -> None:
    kinds = ["cms", "harts", "eois", "icare"]

    assert [(row["from"], row["to"]) for row in once["matrix"]] == [(one, other) for one in kinds for other in kinds]
    assert all(len(row) == 2 + 8 for row in once["matrix"])
    assert {row[name] for row in once["matrix"] for name in list(row)[2:]} == {"carried", "partly", "cannot"}


def test_every_accepted_message_ended_once(once: dict[str, Any]) -> None:
    numbers = once["messages"]

    assert numbers["accepted"] == sum(numbers[end] for end in ("delivered", "refused", "returned", "open"))
    assert (numbers["returned"], numbers["open"]) == (1, 0), "one came back, and nothing waits at the end"
    assert sum(once["refused_by_code"].values()) == numbers["refused"]
    assert sum(system["sent"] for system in once["systems"].values()) == numbers["accepted"]


def test_delivered_is_what_lies_in_the_agencies_own_systems_and_what_harts_has_no_word_for(
    once: dict[str, Any],
) -> None:
    received = {}
    for path in (Path(once["dir"]) / "systems").glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as db:
            received[f"{path.stem}-cms"] = db.execute(f"SELECT COUNT(*) FROM hub_inbox WHERE {CARRIED}").fetchone()[0]

    files = (Path(once["dir"]) / "systems" / "northgate" / "to_cams").glob("*.xml")
    received["northgate-eois"] = len([path for path in files if not path.name.endswith(".result.xml")])
    received["seaway-icare"] = 0
    books = (Path(once["dir"]) / "systems" / "harbour-icare" / "workbooks" / "processed").glob("[!r]*.xlsx")
    received["harbour-icare"] = sum(len(list(Workbook(path.read_bytes()).rows())) for path in books)
    files = (Path(once["dir"]) / "systems" / "bridgeway" / "to_harts").glob("*.DAT")
    received["bridgeway-harts"] = sum(line.startswith(b"CL") for path in files for line in path.read_bytes().split())
    to_harts = [
        entry for entry in log(once) if (entry["event_type"], entry.get("system")) == ("ACK", "bridgeway-harts")
    ]
    unsaid = len(to_harts) - received["bridgeway-harts"]
    to_cams = [entry for entry in log(once) if (entry["event_type"], entry.get("system")) == ("ACK", "northgate-eois")]
    unsaid += len(to_cams) - received["northgate-eois"]
    unsaid += sum((entry["event_type"], entry.get("system")) == ("ACK", "seaway-icare") for entry in log(once))

    assert {name: system["received"] for name, system in once["systems"].items()} == received
    assert once["messages"]["delivered"] == sum(received.values()) + unsaid
    assert received["bridgeway-harts"] > 0 <= unsaid
    assert received["harbour-icare"] > 2


def log(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of the export."""
    lines = (Path(document["dir"]) / "officer" / "export" / "entries.jsonl").read_text().splitlines()
    return [json.loads(base64.b64decode(json.loads(line)["body"])) for line in lines]


def test_both_kinds_of_systems_send_and_receive(once: dict[str, Any]) -> None:
    kinds = ("cms", "harts", "eois")
    by_kind = {kind: [s for s in once["systems"].values() if s["kind"] == kind] for kind in kinds}

    assert [len(found) for found in by_kind.values()] == [7, 1, 1]
    for found in by_kind.values():
        assert sum(system["sent"] for system in found) > 0 < sum(system["received"] for system in found)


def acks(document: dict[str, Any], folder: str) -> list[list[list[str]]]:
    """The answers in a folder of the centre, each as rows of columns."""
    place = Path(document["dir"]) / "systems" / "bridgeway" / folder
    texts = (path.read_text(encoding="cp1252") for path in sorted(place.glob("*.ACK")))
    return [[line.split("|") for line in text.splitlines()] for text in texts]


def test_the_centre_is_told_of_what_waits_of_what_is_wrong_and_of_what_went_later(once: dict[str, Any]) -> None:
    first, *_, last = (
        {row[3]: (row[4], row[5]) for row in rows if row[1] == "RF"}
        for rows in acks(once, "kept")
        if rows[0][1].endswith("001.DAT")
    )

    assert (first["40000001"], first["40000002"]) == (("OK", ""), ("WARN", "DN_NO_CONSENT"))
    assert (first["40000003"], last["40000003"]) == (("WARN", "DN_NO_CONSENT"), ("OK", "")), "signed late"
    assert first["40000004"] == last["40000004"] == ("ERR", "DN_SCHEMA")


def test_the_centre_numbers_its_new_clients_and_rejects_one_line(once: dict[str, Any]) -> None:
    rows = [row for found in acks(once, "to_harts") for row in found[1:-1]]

    assert [row[5] for row in rows if row[4] == "ERR"] == ["H4"]
    assert len({row[3] for row in rows if row[1] == "CL"} - {""}) >= 4


def test_the_answers_of_the_centre_and_a_language_result_reach_those_who_referred(once: dict[str, Any]) -> None:
    statuses, rejected = [], []
    for path in (Path(once["dir"]) / "systems").glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as db:
            query = (
                "SELECT i.payload FROM hub_inbox i JOIN referral r ON r.referral_id = json_extract(i.payload,"
                " '$.referral_id') WHERE i.kind = ? AND r.to_org = 'bridgeway' AND r.direction = 'OUT'"
            )
            statuses += [json.loads(row[0]) for row in db.execute(query, ["referral-status"])]
            rejected += [json.loads(row[0])["code"] for row in db.execute(query, ["rejected"])]

    assert {status["status"] for status in statuses} == {"ACCEPTED", "WAITLISTED", "DECLINED"}
    assert [status["status_reason"] for status in statuses if status["status"] == "DECLINED"] == ["no-capacity"]
    assert any(status["language"][0]["centre_site"] == "TOR01" for status in statuses if "language" in status)
    assert rejected == ["H4"]


def test_each_told_scenario_is_among_the_refusals(once: dict[str, Any]) -> None:
    told = {EXPECTED[scenario] for scenario, _ in TOLD if scenario not in UNREADABLE}

    assert once["refused_by_code"].keys() == {code for code in told if code.startswith("DN_")}
    assert once["unreadable"] > 0
    assert once["withheld_by_category"]["IMMIG"] > 0


def test_the_withdrawal_stopped_what_was_on_the_bus_and_not_what_had_left(once: dict[str, Any]) -> None:
    assert once["withdrawal"]["stopped"] == 1
    assert once["withdrawal"]["left_before"] >= 1


def test_anybody_can_recompute_the_root_of_the_log(once: dict[str, Any]) -> None:
    lines = (Path(once["dir"]) / "officer" / "export" / "entries.jsonl").read_text().splitlines()
    leaves = [hashlib.sha256(b"\0" + base64.b64decode(json.loads(line)["body"])).digest() for line in lines]

    assert once["audit"] == {"entries": len(leaves), "root": base64.b64encode(root(leaves)).decode(), "verified": True}


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(once: dict[str, Any]) -> None:
    run = hub("demo", "--once", "--dir", once["dir"])

    assert (run.returncode, "name another folder" in run.stderr) == (1, True)
    assert "Traceback" not in run.stderr


def plain(line: str) -> str:
    """A line without what is another one every time: numbers, keys, ids."""
    return re.sub(r"[0-9A-Za-z+/=]*\d[0-9A-Za-z+/=]*", "#", line.strip())


def test_the_story_is_the_one_that_the_readme_shows_and_ends_by_saying_where_to_look(tmp_path: Path) -> None:
    run = hub("demo", "--once", "--dir", str(tmp_path / "here"))
    shown = (Path(__file__).parents[2] / "README.md").read_text().partition("## What you will see")[2].split("```")[1]

    told = {plain(line) for line in run.stdout.splitlines()}
    for line in shown.splitlines():
        assert not line or "key  " in line or "body  " in line or plain(line) in told, line

    assert run.returncode == 0, run.stdout + run.stderr
    for words in (
        "sqlite3 ",
        "sealed",
        "+ carried, ~ partly, - cannot",
        "next step: ",
        "No surprise",
        "refused, DN_WITHDRAWN",
        "delivered, OK_SUBSTITUTE",
        "delivered, OV_STATUTORY",
        "0 differences",
        "delivered, OK_CONSENT",
    ):
        assert words in run.stdout


@pytest.fixture(scope="module")
def tampered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A demo in whose folder somebody acts between the last act and the count."""
    place = tmp_path_factory.mktemp("tampered")
    clock = begin(real_tools())
    network = make_network(place / "systems", CLIENTS, 3, clock.now().astimezone(TORONTO).date())
    key = real_tools().prepare(place / "hub", None)
    lay_routes(network, place / "hub")
    expectation.write(network)
    surprises: list[str] = []
    pauses = iter(range(1, 10))

    def between() -> None:
        if next(pauses) == LAST_PAUSE:
            tamper(network)

    with closing(real_tools().open(place / "hub", lambda where, _: surprises.append(where), clock)) as opened:
        document = play(Demo(opened, clock, network, real_tools(), Console(quiet=True), between, surprises), place, key)
    return {**document, "private": [value for _, value in private_values(network)]}


LAST_PAUSE = 6


def tamper(network: Network) -> None:
    """A client without consent appears elsewhere; a delivered row goes; a name lies in a file; the log is changed."""
    person = network.one(Scenario.NO_CONSENT)
    with closing(sqlite3.connect(network.database("keystone"), isolation_level=None)) as db:
        payload = {"from_org": person.home, "service_wanted": "housing", "client": [person.client]}
        row = ("foreign", "referral", json.dumps(payload), 0, "2030-01-01 00:00:00")
        db.execute(
            "INSERT INTO hub_inbox (message_id, kind, payload, incomplete, received_at) VALUES (?, ?, ?, ?, ?)", row
        )
    with closing(sqlite3.connect(network.database("lakeside"), isolation_level=None)) as db:
        db.execute("DELETE FROM hub_inbox WHERE rowid = (SELECT MIN(rowid) FROM hub_inbox WHERE kind = 'referral')")
    hub_folder = network.folder.parent / "hub"
    write_anew(network)
    (hub_folder / "left-behind.txt").write_text(f"spoke with {person.client['last_name']} today")
    with closing(sqlite3.connect(hub_folder / "hub.sqlite", isolation_level=None, timeout=30)) as db:
        words = "CAST(replace(CAST(body AS TEXT), 'added', 'addet') AS BLOB)"
        changed = f"UPDATE audit_entry SET body = {words} WHERE entry_index = 0"
        assert db.execute(changed).rowcount == 1
        db.execute("UPDATE decision SET body = replace(body, 'DN_EXPIRED', 'DN_PENDING') WHERE code = 'DN_EXPIRED'")


def write_anew(network: Network) -> None:
    """A client of a file for HARTS gets the name of somebody without consent; another file is there twice."""
    first = min(network.harts.to_harts.glob("*.DAT"))
    name = network.one(Scenario.NO_CONSENT).client["last_name"]
    lines = first.read_bytes().split(b"\r\n")
    number = next(number for number, line in enumerate(lines) if line.startswith(b"CL"))
    lines[number] = lines[number][:49] + name.ljust(40).encode("cp1252") + lines[number][89:]
    first.write_bytes(b"\r\n".join(lines))
    (first.parent / first.name.replace("001.DAT", "900.DAT")).write_bytes(first.read_bytes())


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("bridgeway-harts to_harts: IDENT of client", id="a personal value in a file for HARTS"),
        pytest.param("line 2: is about nobody whom a sender has", id="a client of a file who was changed"),
        pytest.param("is in its files more than once", id="a line for HARTS that is there twice"),
        pytest.param("of referral are delivered by the log, and", id="more in the files than the log delivered"),
        pytest.param("of harbour-cms has not agreed", id="a client without consent in another agency's database"),
        pytest.param("keystone-cms hub_inbox: IDENT of client", id="a personal value in another agency's database"),
        pytest.param("IMMIG of client", id="a category that nobody may send"),
        pytest.param("is in a hub_inbox and not delivered by the log", id="a delivery that the log does not know"),
        pytest.param("is delivered by the log and in no hub_inbox", id="a delivery that is not there"),
        pytest.param("in hub/left-behind.txt", id="a personal value in the hub's folder"),
        pytest.param("the log does not verify: ", id="an entry that was changed after the checkpoint"),
        pytest.param("is another one when decided again", id="a stored decision that its facts do not give"),
    ],
)
def test_what_is_done_behind_the_demos_back_is_a_surprise(tampered: dict[str, Any], words: str) -> None:
    assert any(words in surprise for surprise in tampered["surprises"]), tampered["surprises"]


def test_a_surprise_holds_ids_and_codes_and_no_personal_value(tampered: dict[str, Any]) -> None:
    text = json.dumps(tampered["surprises"], ensure_ascii=False)

    assert [value for value in tampered["private"] if value in text] == []
    assert tampered["audit"]["verified"] is False


def test_the_same_seed_gives_the_same_story(once: dict[str, Any], tmp_path: Path) -> None:
    run = hub(
        "demo", "--once", "--json", "--clients", str(CLIENTS), "--seed", str(SEED), "--dir", str(tmp_path / "again")
    )
    again = json.loads(run.stdout)

    for name in ("messages", "unreadable", "refused_by_code", "withheld_by_category", "withdrawal", "systems"):
        assert again[name] == once[name]
    assert again["audit"]["entries"] == once["audit"]["entries"]


def test_what_must_become_of_each_record_is_written_down_beforehand(once: dict[str, Any]) -> None:
    lines = (Path(once["dir"]) / "systems" / "expected.jsonl").read_text().splitlines()
    due = [json.loads(line) for line in lines]

    reported = [each for each in due if each["event"] == "funder-report"]
    assert len(due) == len({each["source"] for each in due}) == CLIENTS + len(reported)
    assert len(reported) > 2
    assert {each["answers"][0]["code"] for each in due} > {"OK_CONSENT", "DN_NO_CONSENT", "DN_SCHEMA"}


def test_the_bar_is_drawn_for_about_as_many_messages_as_there_are(once: dict[str, Any]) -> None:
    assert MESSAGES_PER_CLIENT * 0.75 < once["messages"]["accepted"] / CLIENTS < MESSAGES_PER_CLIENT * 1.25


@pytest.mark.parametrize(
    ("variable", "value", "options"),
    [
        pytest.param("HUB_STORE", "postgresql://127.0.0.1:1/somebodys", [], id="somebody's database"),
        pytest.param("HUB_KAFKA_BOOTSTRAP", "127.0.0.1:1", [], id="somebody's Kafka"),
        pytest.param("HUB_NAME", "hub.example.org/log", ["--store", "postgres"], id="a database that nobody names"),
        pytest.param("HUB_NAME", "hub.example.org/log", ["--bus", "kafka"], id="a Kafka that nobody names"),
    ],
)
def test_services_are_used_where_environment_and_options_both_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, options: list[str]
) -> None:
    monkeypatch.setenv(variable, value)

    run = hub("demo", "--once", "--dir", str(tmp_path / "here"), *options)

    assert (run.returncode, value in run.stderr) == (2, False)
    assert "--store" in run.stderr or "--bus" in run.stderr
    assert not (tmp_path / "here").exists()


def test_a_folder_that_somebody_has_made_stays_where_a_demo_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_STORE", "postgresql://127.0.0.1:1/somebodys")
    (tmp_path / "mine").mkdir()

    assert hub("demo", "--once", "--dir", str(tmp_path / "mine")).returncode == 2
    assert (tmp_path / "mine").is_dir()


def test_a_sample_is_written_once_and_never_over_another(tmp_path: Path) -> None:
    place = str(tmp_path / "network")

    first = hub(
        "sample", "--out", place, "--clients", str(CLIENTS_MIN), "--seed", "1", "--today", "2026-06-01", "--json"
    )
    second = hub("sample", "--out", place, "--clients", str(CLIENTS_MIN), "--seed", "2")

    assert (first.returncode, second.returncode) == (0, 1)
    assert all(Path(path).exists() for path in json.loads(first.stdout)["files"])
    assert "Traceback" not in second.stderr


def test_a_day_that_is_no_day_is_refused_without_repeating_it(tmp_path: Path) -> None:
    run = hub("sample", "--out", str(tmp_path / "network"), "--today", "someday")

    assert (run.returncode, "someday" in run.stderr) == (1, False)
