"""``hub disclosures``, ``hub requests``, ``hub subjects find``: who may ask, what is told, what stays (settled S33)."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from consent.incident import Asked
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.directory import Worker
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.unit.account.said import overriding
from tests.unit.commands.conftest import Desk
from tests.unit.commands.test_subjects_audit import aliases

PERSON = "identifier_type,identifier_value,birth_date,last_name,first_name\n"
OFFICER = "harbour-officer"
_HARMS = (Asked.SENSITIVE, Asked.NOT_BACK)


@pytest.fixture
def asked(network: Network, desk: Desk) -> str:
    """A client of Harbour who was referred to Lakeside has asked Harbour's officer; Harbour's alias of the client."""
    network.put(Worker(OFFICER, "harbour", "officer"), Worker("officer", "hub", "officer"))
    network.put(Worker("lakeside-officer", "lakeside", "officer"))
    refer(network)
    network.run()
    (alias,) = aliases(network)
    return alias


def request(desk: Desk, alias: str, worker: str = OFFICER, *more: str) -> str:
    return str(desk.json("requests", "add", alias, *more, "--as", worker)["request"])


def reference(desk: Desk) -> str:
    return next(str(entry["subject_ref"]) for entry in desk.entries() if entry["event_type"] == "DELIVERY")


def tell(desk: Desk, alias: str, number: str, *more: str, worker: str = OFFICER) -> list[dict[str, Any]]:
    args = ("disclosures", alias, "--to", "SELF", "--request", number, *more, "--as", worker)
    return list(desk.json(*args)["disclosures"])


def test_the_client_is_told_what_left_and_the_look_is_an_entry(desk: Desk, asked: str) -> None:
    number = request(desk, asked)

    (told,) = tell(desk, asked, number)

    assert (told["sender"], told["recipient"], told["purpose"], told["fate"]) == (
        *("harbour", "lakeside", "REFERRAL", "ARRIVED"),
    )
    assert "IDENT" in told["categories"]
    assert told["authority"]["code"] == "OK_CONSENT"
    assert told["authority"]["consents"][0]["discloser"] == "harbour"
    entry = desk.entries()[-1]
    assert (entry["event_type"], entry["actor"]["ref"], entry["what"]) == ("AUDIT_READ", OFFICER, "disclosures")
    assert (entry["request"], entry["to"], entry["agency"], entry["count"]) == (number, "SELF", "harbour", 1)
    assert entry["subject_ref"] == reference(desk)


@pytest.mark.parametrize(("reason", "left"), [("danger", 0), ("told-by-other", 1)])
def test_c_180_while_the_notice_of_an_incident_is_withheld_its_delivery_is_not_told(
    desk: Desk, asked: str, reason: str, left: int
) -> None:
    number = request(desk, asked)
    assert len(tell(desk, asked, number)) == 1
    by = ("--as", "officer")
    envelope = next(str(each["envelope_id"]) for each in desk.entries() if each["event_type"] == "DELIVERY")
    incident = desk.json("incident", "open", envelope, "--kind", "wrong-route", *by)["incident"]["id"]
    answers = [word for each in Asked for word in ("--yes" if each in _HARMS else "--no", each.value)]
    desk.ok("incident", "assess", incident, *answers, *by)

    desk.ok("incident", "notice", incident, "1", "--withheld", reason, *by)

    assert len(tell(desk, asked, request(desk, asked))) == left
    if not left:
        desk.ok("incident", "notice", incident, "1", "--given", *by)
        assert len(tell(desk, asked, request(desk, asked))) == 1


def test_a_page_is_written_whole_for_its_owner_alone(desk: Desk, asked: str, tmp_path: Path) -> None:
    out, number = tmp_path / "page.html", request(desk, asked)

    desk.ok(
        *("disclosures", asked, "--to", "SELF", "--request", number, "--lang", "fr", "--out", str(out)),
        *("--as", OFFICER),
    )

    text = out.read_text(encoding="utf-8")
    assert '<html lang="fr">' in text
    assert "Lakeside Employment Services" in text
    assert text.endswith("</html>")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_what_stands_there_is_not_written_over_and_nothing_was_looked_at(
    desk: Desk, asked: str, tmp_path: Path
) -> None:
    out, number = tmp_path / "page.html", request(desk, asked)
    out.write_text("kept")
    before = desk.entries()

    said = desk.refused("disclosures", asked, "--to", "SELF", "--request", number, "--out", str(out), "--as", OFFICER)

    assert "what is there already" in said
    assert out.read_text() == "kept"
    assert desk.entries() == before


def test_where_the_page_cannot_be_written_the_request_stays_open(desk: Desk, asked: str, tmp_path: Path) -> None:
    number = request(desk, asked)
    out = tmp_path / "nowhere" / "page.html"

    desk.refused("disclosures", asked, "--to", "SELF", "--request", number, "--out", str(out), "--as", OFFICER, code=4)

    assert desk.json("requests", "list", "--open")["requests"][0]["request"] == number


def test_on_a_terminal_it_is_plain_words(desk: Desk, asked: str) -> None:
    said = desk.ok("disclosures", asked, "--to", "SELF", "--request", request(desk, asked), "--as", OFFICER)

    assert "You agreed." in said
    assert "It arrived." in said
    assert "OK_CONSENT" not in said


def test_the_fhir_face_names_the_client_by_the_agencys_alias_alone(desk: Desk, asked: str) -> None:
    number = request(desk, asked)

    bundle = json.loads(desk.ok("disclosures", asked, "--to", "SELF", "--request", number, "--fhir", "--as", OFFICER))

    Bundle.model_validate(bundle)
    profiles = [each["resource"]["meta"]["profile"][0].rpartition(".")[2] for each in bundle["entry"]]
    assert sorted(profiles) == ["AuthZconsent", "Recipient", "Source"]
    text = json.dumps(bundle)
    assert f"Patient/{asked}" in text
    assert reference(desk) not in text
    consents = [entry["consent_id"].split("/")[0] for entry in desk.entries() if "consent_id" in entry]
    assert not any(consent in text for consent in consents)


def test_a_request_is_due_within_30_days_and_closed_by_the_first_answer(
    network: Network, desk: Desk, asked: str
) -> None:
    number = request(desk, asked, OFFICER, "--asked-on", "2026-05-20")
    (row,) = desk.json("requests", "list")["requests"]
    assert (row["asked_on"], row["due_on"], row["answered_on"], row["days"]) == ("2026-05-20", "2026-06-19", None, None)

    for _ in range(2):
        tell(desk, asked, number)
        network.clock.advance(timedelta(days=3))

    (row,) = desk.json("requests", "list")["requests"]
    assert (row["answered_on"], row["days"]) == ("2026-06-01", 12)
    assert desk.json("requests", "list", "--open")["requests"] == []
    assert "subject" not in row, "the list says how long it took, not who asked"


@pytest.mark.parametrize(
    ("day", "says"), [("2026-06-02", "a day that is still to come"), ("June", "`aaaa`"), ("2026-02-30", "")]
)
def test_a_request_is_not_of_tomorrow(desk: Desk, asked: str, day: str, says: str) -> None:
    said = desk.refused("requests", "add", asked, "--asked-on", day, "--as", OFFICER)

    assert said.startswith("--asked-on")
    assert says.strip("`") in said
    assert desk.json("requests", "list")["requests"] == []


def test_nobody_but_the_client_gets_an_answer_yet(desk: Desk, asked: str) -> None:
    number = request(desk, asked)
    before = desk.entries()

    said = desk.refused("disclosures", asked, "--to", "DECIDER", "--request", number, "--as", OFFICER)

    assert "the registry does not hold who may decide for whom, nor whether they are the alleged abuser" in said
    assert "give nothing to anybody else" in said
    assert desk.entries() == before
    assert desk.json("requests", "list", "--open")["requests"]


def test_3_7_an_override_of_which_the_registry_knows_no_notice_is_not_told(
    network: Network, desk: Desk, asked: str
) -> None:
    number, before = request(desk, asked), tell(desk, asked, request(desk, asked))
    with network.hub.store.unit() as unit:
        danger = overriding(subject_ref=reference(desk), sender="harbour", recipient="lakeside")
        own = ("id", "event_type", "recorded_at", "actor")
        details = {name: value for name, value in danger.items() if name not in own} | {"policy_digest": "0" * 64}
        unit.audit.append(Entry(AuditEvent.DELIVERY, unit.now, Actor("system:hub"), details))

    assert tell(desk, asked, number) == before
    said = desk.ok("disclosures", asked, "--to", "SELF", "--request", number, "--fhir", "--as", OFFICER)
    assert "OV_" not in said


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"to": "MOTHER"}, id="a word that is none"),
        pytest.param({"request": "AAAAAAAAAAAA"}, id="no request"),
        pytest.param({"alias": "AAAAAAAAAAAA"}, id="no client"),
        pytest.param({"worker": "lakeside-officer"}, id="another agency's officer"),
        pytest.param({"worker": "harbour-worker"}, id="a worker who is no officer"),
        pytest.param({"worker": "steward"}, id="the hub's steward"),
    ],
)
def test_nothing_is_looked_at_for_who_may_not_or_asks_for_nothing(
    desk: Desk, asked: str, change: dict[str, str]
) -> None:
    call = {"alias": asked, "to": "SELF", "request": request(desk, asked), "worker": OFFICER, **change}
    before = desk.entries()

    desk.refused(
        *("disclosures", call["alias"], "--to", call["to"], "--request", call["request"], "--as", call["worker"])
    )

    assert desk.entries() == before


def test_a_request_of_another_client_or_agency_opens_nothing(network: Network, desk: Desk, asked: str) -> None:
    refer(network, last_name="Ligeti", first_name="Ana", birth_date="1987-08-08")
    network.run()
    other = next(alias for alias in aliases(network) if alias != asked)
    of_other, of_hub = request(desk, other), request(desk, reference(desk), "officer")

    for number in (of_other, of_hub):
        said = desk.refused("disclosures", asked, "--to", "SELF", "--request", number, "--as", OFFICER)
        assert said.startswith("--request")


def test_the_hubs_officer_tells_all_by_reference_or_by_an_agencys_alias(desk: Desk, asked: str) -> None:
    ref = reference(desk)
    number = request(desk, ref, "officer")

    by_reference = tell(desk, ref, number, worker="officer")
    by_alias = tell(desk, asked, number, "--agency", "harbour", worker="officer")

    assert by_reference == by_alias == tell(desk, asked, request(desk, asked))
    assert desk.entries()[-1]["agency"] == "harbour"
    said = desk.refused("disclosures", ref, "--to", "SELF", "--request", number, "--fhir", "--as", "officer")
    assert said.startswith("--agency: got nothing")


def test_an_agencys_officer_names_no_other_agency(desk: Desk, asked: str) -> None:
    said = desk.refused("requests", "add", asked, "--agency", "lakeside", "--as", OFFICER)

    assert said.startswith("--as: got a officer of `harbour`, who may not do this")
    assert "expected a worker of `lakeside` in the role officer or a worker of the hub in the role officer" in said


def test_one_document_at_a_time(desk: Desk, asked: str) -> None:
    number = request(desk, asked)
    call = ("disclosures", asked, "--to", "SELF", "--request", number, "--as", OFFICER)

    assert desk.run(*call, "--fhir", "--json").exit_code == 2
    desk.refused(*call, "--lang", "de", code=2)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("UCI,11-0000-0001,1991-07-22,,", id="no name"),
        pytest.param(",,1991-07-22,{last},{first}", id="by name and date alone"),
        pytest.param("UCI,{uci},{born},{last},{first}", id="by number"),
    ],
)
def test_a_client_is_found_by_what_is_on_their_papers(
    network: Network, desk: Desk, asked: str, line: str, tmp_path: Path
) -> None:
    db = network.db("harbour")
    client = db.execute("SELECT last_name, first_name, birth_date FROM client").fetchone()
    (uci,) = db.execute("SELECT value FROM client_identifier").fetchone()
    db.close()
    line = line.replace("1991-07-22", "{born}")
    values = {"last": client[0], "first": client[1], "born": client[2], "uci": uci}
    stdin = PERSON + line.format(**values) + "\n"

    result = desk.run("subjects", "find", "-", "--agency", "harbour", "--as", OFFICER, stdin=stdin)

    if "{last}" in line:
        assert (result.exit_code, result.stdout.strip()) == (0, asked)
        entry = desk.entries()[-1]
        assert (entry["event_type"], entry["what"], entry["count"]) == ("VIEW", "client", 1)
        assert entry["subject_ref"] == reference(desk)
        assert client[0] not in json.dumps(desk.entries())
    else:
        assert result.exit_code == 1
        assert "last_name" in result.stderr


def test_a_client_is_not_guessed(desk: Desk, asked: str) -> None:
    ask = ("subjects", "find", "-", "--agency", "harbour", "--as", OFFICER)
    other_number = f"{PERSON}UCI,99-0000-0001,1991-07-22,Okonkwo-Tremblay,Amara\n"
    other_name = f"{PERSON},,1991-07-22,Okonkwo-Tremblay,Ada\n"

    said = desk.refused(*ask, stdin=other_number)

    assert "identifies none of them alone" in said
    assert asked not in said
    entry = desk.entries()[-1]
    assert (entry["event_type"], entry["what"], entry["count"]) == ("VIEW", "client", 0), "and it was a look too"
    assert "subject_ref" not in entry
    assert desk.json(*ask, stdin=other_name) == {"alias": None}


@pytest.mark.parametrize(
    ("agency", "worker"), [("harbour", OFFICER), ("lakeside", "lakeside-officer"), ("harbour", "officer")]
)
def test_who_is_no_client_is_found_nowhere_and_that_was_a_look_too(
    desk: Desk, asked: str, agency: str, worker: str
) -> None:
    stdin = f"{PERSON},,1950-01-01,Nobody,No\n"

    assert desk.json("subjects", "find", "-", "--agency", agency, "--as", worker, stdin=stdin) == {"alias": None}

    entry = desk.entries()[-1]
    assert (entry["event_type"], entry["count"], entry["agency"]) == ("VIEW", 0, agency)
    assert "subject_ref" not in entry


def test_i_11_a_client_of_another_agency_alone_is_found_nowhere(network: Network, desk: Desk, asked: str) -> None:
    db = network.db("lakeside")
    client = cms.add_client(db, last_name="Ligeti", first_name="Ana", birth_date="1987-08-08")
    cms.add_identifier(db, client, value="99-1234-5678")
    cms.add_consent(db, client, "harbour")
    db.close()
    network.run()
    stdin = f"{PERSON}UCI,99-1234-5678,1987-08-08,Ligeti,Ana\n"

    found = desk.json("subjects", "find", "-", "--agency", "lakeside", "--as", "lakeside-officer", stdin=stdin)
    assert found["alias"]
    assert desk.json("subjects", "find", "-", "--agency", "harbour", "--as", OFFICER, stdin=stdin) == {"alias": None}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("", id="nothing"),
        pytest.param(PERSON, id="no line"),
        pytest.param(PERSON + ",,1950-01-01,A,B\n,,1950-01-01,A,B\n", id="two lines"),
        pytest.param("last_name,shoe_size\nA,44\n", id="a column that it has not"),
        pytest.param("last_name,last_name\nA,B\n", id="a column twice"),
        pytest.param(PERSON + "PASSPORT,1,1950-01-01,A,B\n", id="another number"),
        pytest.param(PERSON + "LOCAL_KEY,AAAAAAAAAAAA,1950-01-01,A,B\n", id="an alias"),
        pytest.param(PERSON + ",,,Secretname,B\n", id="no date"),
    ],
)
def test_papers_that_are_none_are_refused_without_a_word_of_theirs(desk: Desk, asked: str, data: str) -> None:
    before = desk.entries()

    said = desk.refused("subjects", "find", "-", "--agency", "harbour", "--as", OFFICER, stdin=data)

    assert "Secretname" not in said
    assert desk.entries() == before
