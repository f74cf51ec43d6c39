"""Consents over HTTP: what a search finds, page by page, and what a recipient sees of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hub.model import codes
from hub.model.directory import Agency, Worker
from tests import cms_builder as cms
from tests.door import Door, Software
from tests.handed_consents import file, form, handed, patient, refused
from tests.network import Network

UCI = f"{codes.ID}/uci"


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("status=active", True),
        ("status=inactive", False),
        ("patient={alias}", True),
        ("patient=Patient/{alias}", True),
        ("patient=Patient/QQQQQQQQQQQQ", False),
        (f"patient.identifier={codes.ID_CLIENT}|{{alias}}", True),
        ("actor=Organization/lakeside", True),
        ("actor=Organization/harbour", False),
        ("organization=harbour", True),
        ("organization=Organization/lakeside", False),
        ("consentor=Patient/{alias}", True),
        ("period=2026-06-01", False),
        ("period=ap2026-06-01", True),
        ("period=gt2027-06-01", False),
        ("date=ge2026-01-12", True),
        ("date=lt2026-01-12", False),
        ("category=IDSCL", True),
        ("category=http://loinc.org|64292-6", True),
        ("purpose=referral", True),
        ("purpose=http://terminology.hl7.org/CodeSystem/v3-ActReason|COC", True),
        ("purpose=eligibility", False),
        ("scope=patient-privacy", True),
        ("security-label=needs", True),
        ("security-label=immig", False),
        ("_id={number}", True),
        ("_id=QQQQQQQQQQQQ", False),
        ("_lastUpdated=ge2026-06-01", True),
        ("_lastUpdated=lt2026-06-01", False),
        ("form-id=B2XQ5MTJ7RCN", True),  # unknown: left out, and the self link says so
    ],
)
def test_a_search_finds_by_each_parameter(harbour: Software, query: str, finds: bool) -> None:
    found = file(harbour)
    asked = query.format(alias=found["patient"]["reference"].removeprefix("Patient/"), number=found["id"])

    by_url = harbour.get(f"Consent?{asked}").json()
    by_form = harbour.request(
        "POST", "Consent/_search", content=asked, headers={"Content-Type": "application/x-www-form-urlencoded"}
    ).json()

    assert bool(by_url.get("entry")) is finds
    assert by_url.get("entry") == by_form.get("entry")
    assert "total" not in by_url
    assert "form-id" not in str(by_url["link"])


@pytest.mark.parametrize(
    "query", ["_summary=count", "_count=0", "_total=accurate", f"patient.identifier={UCI}|12345678"]
)
def test_what_would_tell_a_number_or_a_person_is_refused(harbour: Software, query: str) -> None:
    answer = harbour.get(f"Consent?{query}")

    assert answer.status_code == 400
    assert "12345678" not in answer.text


def test_a_search_goes_page_by_page_and_each_page_is_one_entry_of_its_subjects(
    network: Network, harbour: Software, lakeside: Software
) -> None:
    numbers = {
        file(
            harbour,
            handed(
                form(str(n)),
                patient(
                    identifier=[{"system": UCI, "value": f"1234567{n}"}],
                    id="pat-1",
                    name=[{"family": f"Fam{n}", "given": [f"Giv{n}"]}],
                    birthDate=f"198{n}-07-22",
                ),
            ),
        )["id"]
        for n in range(5)
    }
    network.clock.advance(timedelta(seconds=1))
    pages, url = [], "Consent?_count=2&status=active"
    while url:
        page = harbour.get(url).json()
        pages.append([each["resource"]["id"] for each in page["entry"]])
        url = next((each["url"].partition("/fhir/")[2] for each in page["link"] if each["relation"] == "next"), "")

    assert [len(each) for each in pages] == [2, 2, 1]
    assert {number for page in pages for number in page} == numbers
    views = [e for e in network.entries() if e["event_type"] == "VIEW" and e["what"] == "Consent"]
    assert sorted(len(e["subjects"]) for e in views) == [1, 2, 2]
    token = harbour.get("Consent?_count=2").json()["link"][1]["url"].partition("?")[2]
    assert lakeside.get(f"Consent?{token}").status_code == 400
    network.clock.advance(timedelta(minutes=11))
    harbour.tokens.clear()  # the client's own has ended as well
    assert harbour.get(f"Consent?{token}").status_code == 400


def test_a_recipient_sees_no_form_that_was_declined_or_is_not_done_and_nobody_whom_it_does_not_know(
    network: Network, harbour: Software, lakeside: Software
) -> None:
    file(harbour)
    assert lakeside.get("Consent").json().get("entry") is None  # it has no client of that name yet
    db = network.db("harbour")
    client = cms.add_client(db, last_name="Zqfamily", first_name="Zqgiven", birth_date="1991-07-22")
    cms.add_identifier(db, client, value="12345678")
    cms.add_referral(db, client)
    db.close()
    network.run()
    declined = refused("2")
    no = file(harbour, handed(declined))
    network.run()

    seen = lakeside.get("Consent").json()["entry"]

    assert len(seen) == 1
    assert len(harbour.get("Consent").json()["entry"]) == 2
    assert no["id"] not in str(seen)
    assert "lang" in str(seen)


def test_of_a_womens_service_a_recipient_reads_the_relay(
    network: Network, harbour: Software, lakeside: Software
) -> None:
    network.put(
        Agency("willow", "Willow House", "womens", "ca-on", "delivery.WILLOW2WILLO"), Worker("w", "willow", "worker")
    )
    willow = Door(network).software("willow")
    theirs = {**form("1"), "organization": [{"reference": "Organization/willow"}]}
    file(willow, handed(theirs))
    with network.hub.store.peek() as rows:
        (consent,) = rows.consents.naming("willow", "", 9)
    with network.hub.store.unit(own=[f"subject:{consent.subject_ref}"]) as unit:
        unit.subjects.alias("lakeside", consent.subject_ref)

    (seen,) = lakeside.get("Consent").json()["entry"]

    assert seen["resource"]["organization"] == [{"reference": "Organization/hub-relay"}]
    assert "willow" not in json.dumps(seen).lower()
    assert lakeside.get("Consent?organization=willow").json().get("entry") is None


def test_a_page_on_which_nothing_may_be_seen_leads_on_to_the_next(
    harbour: Software, lakeside: Software, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lakeside is named by all of them, and has none of the clients: there is nothing to tell, and nothing breaks."""
    monkeypatch.setattr("hub.desk.consent_search.SCAN", 2)
    for number in "123":
        file(harbour, handed(form(number)))

    first = lakeside.get("Consent").json()
    (link,) = [each["url"] for each in first["link"] if each["relation"] == "next"]
    second = lakeside.get(link.partition("/fhir/")[2]).json()

    assert [first.get("entry"), second.get("entry")] == [None, None]
    assert [each["relation"] for each in second["link"]] == ["self"]
