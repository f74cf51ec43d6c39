"""``$match``, ``$ihe-pix`` and disclosures over HTTP: an agency's own clients; whom others know is nobody (I-11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent as R4AuditEvent
from sqlalchemy import Engine, event

from hub.access.rates import MATCH_PER_MINUTE
from hub.model import codes
from tests import cms_builder as cms
from tests.door import Software
from tests.handed_consents import form, handed, patient, revocation
from tests.network import Network

PERSONAL = ("Zqfamily", "Zqgiven", "1991-07-22", "1234-5678", "12345678", "F-77")
UCI = f"{codes.ID}/uci"
FILE = f"{codes.ID}/harbour/file"


def asked(who: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    parts = [{"name": "resource", "resource": who}, *({"name": name, **value} for name, value in more.items())]
    return {"resourceType": "Parameters", "parameter": parts}


def find(software: Software, who: dict[str, Any], **more: dict[str, Any]) -> list[tuple[str, str]]:
    answer = software.post("Patient/$match", asked(who, **more))
    assert answer.status_code == 200, answer.text
    assert not [word for word in PERSONAL if word in answer.text]
    entries = answer.json().get("entry", [])
    return [(each["resource"]["id"], each["search"]["extension"][0]["valueCode"]) for each in entries]


def known(software: Software, number: str = "1", **who: Any) -> str:
    """A client of the software's agency, with a consent; the alias."""
    document = handed(
        {**form(number), "organization": [{"reference": f"Organization/{software.id[:-5]}"}]}, patient(**who)
    )
    answer = software.post("Consent/$file-consent", document)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["patient"]["reference"].removeprefix("Patient/"))


@contextmanager
def statements() -> Iterator[list[str]]:
    """The questions to the store, as they are asked."""
    found: list[str] = []

    def counted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement.partition(" IN (")[0])

    event.listen(Engine, "before_cursor_execute", counted)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", counted)


def test_one_whom_a_number_identifies_is_certain_and_who_resembles_is_possible(harbour: Software) -> None:
    alias = known(harbour)
    other_number = [{"system": UCI, "value": "9999-0000"}]
    certain_only = {"onlyCertainMatches": {"valueBoolean": True}}

    assert find(harbour, patient()) == [(alias, "certain")]
    assert find(harbour, patient(identifier=other_number)) == [(alias, "possible")]
    assert find(harbour, patient(identifier=other_number), **certain_only) == []
    assert find(harbour, patient(), **certain_only) == [(alias, "certain")]
    assert find(harbour, patient(birthDate="1980-01-01")) == []
    assert find(harbour, {"resourceType": "Patient"}) == []


def test_several_who_resemble_are_each_possible_as_many_as_are_asked_for(network: Network, harbour: Software) -> None:
    one = known(harbour)
    db = network.db("harbour")
    for given in ("Zqgiven", "Zqother"):
        client = cms.add_client(db, last_name="Zqfamily", first_name=given, birth_date="1991-07-22")
        cms.add_consent(db, client)
    db.close()
    network.run()
    twin = patient(identifier=None)

    found = find(harbour, twin)

    assert (one, "possible") in found
    assert {grade for _, grade in found} == {"possible"}
    assert len(find(harbour, twin, count={"valueInteger": 1})) == 1


def test_nobody_is_minted_and_nothing_is_learnt_by_asking(network: Network, harbour: Software) -> None:
    find(harbour, patient())
    alias = known(harbour)
    find(harbour, patient(identifier=[{"system": UCI, "value": "9999-0000"}]))

    assert find(harbour, patient(identifier=[{"system": UCI, "value": "9999-0000"}])) == [(alias, "possible")]
    assert len([e for e in network.entries() if e["event_type"] == "SUBJECT_LINKED"]) == 1
    assert network.verifies()


def test_what_cannot_be_read_of_a_patient_is_named_by_its_place(harbour: Software) -> None:
    bad = patient(birthDate="22/07/1991", name=[{"family": ["Zqfamily"]}], identifier=[{"system": UCI, "value": "12"}])

    answer = harbour.post("Patient/$match", asked(bad))

    assert answer.status_code == 400
    where = "Parameters.parameter.resource"
    places = [each["expression"][0] for each in answer.json()["issue"]]
    assert places == [f"{where}.identifier[0].value", f"{where}.name[0].family", f"{where}.birthDate"]
    assert not [word for word in (*PERSONAL, "22/07/1991") if word in answer.text]


def test_by_its_own_numbers_an_agency_gets_its_alias_and_by_no_other(harbour: Software, lakeside: Software) -> None:
    numbers = [{"system": UCI, "value": "1234-5678"}, {"system": FILE, "value": "F-77"}]
    alias = known(harbour, identifier=numbers)

    def pix(software: Software, system: str, value: str, target: str = codes.ID_CLIENT) -> Any:
        query = {"sourceIdentifier": f"{system}|{value}", "targetSystem": target}
        return software.get("Patient/$ihe-pix", params=query)

    found = pix(harbour, FILE, "F-77")
    assert found.json()["parameter"][0]["valueIdentifier"] == {"system": codes.ID_CLIENT, "value": alias}
    assert pix(harbour, codes.ID_CLIENT, alias).status_code == 200
    refused = [
        pix(harbour, UCI, "12345678"),  # without the birth date it proves nobody
        pix(harbour, FILE, "F-78"),
        pix(lakeside, FILE, "F-77"),
        pix(lakeside, f"{codes.ID}/lakeside/file", "F-77"),
        pix(lakeside, codes.ID_CLIENT, alias),
    ]
    assert [each.status_code for each in refused] == [404] * 5
    assert len({each.text for each in refused}) == 1
    assert pix(harbour, FILE, "F-77", UCI).status_code == 403
    assert pix(harbour, FILE, "").status_code == 400


def test_another_target_is_refused_before_anybody_is_looked_up(network: Network, harbour: Software) -> None:
    known(harbour)
    before = len(network.entries())

    answer = harbour.get("Patient/$ihe-pix", params={"sourceIdentifier": f"{FILE}|F-77", "targetSystem": UCI})

    assert answer.status_code == 403
    assert len(network.entries()) == before


def test_an_agency_may_ask_for_people_so_often_in_a_minute(network: Network, harbour: Software) -> None:
    answers = [harbour.post("Patient/$match", asked(patient())) for _ in range(MATCH_PER_MINUTE + 1)]

    assert {each.status_code for each in answers[:-1]} == {200}
    assert answers[-1].status_code == 429
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    network.clock.advance(timedelta(minutes=1))
    assert harbour.post("Patient/$match", asked(patient())).status_code == 200


ASKED: dict[str, tuple[Callable[..., Any], tuple[str, str]]] = {
    "read": (lambda s, n: s.get(f"Consent/{n}"), ("number", "QQQQQQQQQQQQ")),
    "no": (lambda s, n: s.get(f"Consent/{n}"), ("no", "d-00000000-0000-4000-8000-000000000000")),
    "vread": (lambda s, n: s.get(f"Consent/{n}/_history/1"), ("number", "QQQQQQQQQQQQ")),
    "revoke": (lambda s, n: s.post("Consent/$revoke-consent", revocation(n)), ("number", "QQQQQQQQQQQQ")),
    "search": (lambda s, n: s.get(f"Consent?patient={n}"), ("alias", "QQQQQQQQQQQQ")),
    "disclosures": (lambda s, n: s.get(f"Patient/{n}/$disclosures"), ("alias", "QQQQQQQQQQQQ")),
    "events": (lambda s, n: s.get(f"AuditEvent?patient={n}"), ("alias", "QQQQQQQQQQQQ")),
    "event": (lambda s, n: s.get(f"AuditEvent/{n}"), ("event", "20260601T160000000000-00001-QQQQQQQQQQQQ.source")),
    "match": (lambda s, n: s.post("Patient/$match", asked(patient(birthDate=n))), ("born", "1980-01-01")),
}


@pytest.mark.parametrize("way", ASKED)
def test_what_is_another_agencys_is_answered_as_what_is_nobodys(
    network: Network, harbour: Software, lakeside: Software, way: str
) -> None:
    alias = known(harbour)
    number = harbour.get("Consent").json()["entry"][0]["resource"]["id"]
    entry = next(e for e in network.entries() if e["event_type"] == "CONSENT_RECORDED")
    root = {**form("2"), "provision": {"type": "deny", "actor": form()["provision"]["actor"]}}
    no = harbour.post("Consent/$file-consent", handed(root)).json()["id"]
    theirs = {"no": no, "alias": alias, "number": number, "event": f"{entry['id']}.source", "born": "1991-07-22"}
    ask, (kind, nobodys) = ASKED[way]
    lakeside.token()
    ask(lakeside, nobodys)  # what is read once by a process has been

    answers, questions = [], []
    for name in (theirs[kind], nobodys):
        with statements() as found:
            answers.append(ask(lakeside, name))
        questions.append(found)

    shown = [each.text.replace(theirs[kind], "-").replace(nobodys, "-") for each in answers]
    assert shown[0] == shown[1]
    assert answers[0].status_code == answers[1].status_code
    assert questions[0] == questions[1]
    said = [e for e in network.entries() if e["actor"]["ref"] == "system:lakeside-fhir"]
    told = [{name: value for name, value in e.items() if name not in ("id", "recorded_at")} for e in said]
    assert all(each == told[0] for each in told)


def test_disclosures_are_audit_events_of_fhir_page_by_page(network: Network, harbour: Software) -> None:
    alias = known(harbour)
    db = network.db("harbour")
    for _ in range(3):
        client = cms.add_client(db, last_name="Zqfamily", first_name="Zqgiven", birth_date="1991-07-22")
        cms.add_identifier(db, client, value="12345678")
        cms.add_referral(db, client)
    db.close()
    network.run()

    pages, url = [], f"AuditEvent?patient=Patient/{alias}&_count=2&action=R"
    while url:
        page = harbour.get(url).json()
        pages.append([each["resource"] for each in page["entry"]])
        url = next((each["url"].partition("/fhir/")[2] for each in page["link"] if each["relation"] == "next"), "")

    assert [len(each) for each in pages] == [2, 1]
    for each in (found for page in pages for found in page):
        R4AuditEvent.model_validate(each)
        assert harbour.get(f"AuditEvent/{each['id']}").json() == each
    assert harbour.get(f"Patient/{alias}/$disclosures?start=soon").status_code == 400
    both = harbour.get(f"Patient/{alias}/$disclosures?start=2026-06-01&end=2026-06-01").json()["entry"]
    assert len([each for each in both if each["resource"]["id"].endswith(".source")]) == 3
    assert network.verifies()
