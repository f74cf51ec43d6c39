"""From a real road to the client's page: exactly what left, nothing of what was refused (consent rules 4.4).

All people are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.cms.source import CmsSource
from consent.model.words import Category
from hub.account import RELAY, Fate
from hub.account.fhir import bundle
from hub.account.page import LANGUAGES, page
from hub.desk.accounting import Told, answered, look, take_request
from hub.desk.who import Who
from hub.errors import Unavailable
from hub.model.directory import Worker
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.scenario.test_reports import Site, served, site, withdrawn
from tests.shapes import ON_SQLITE

__all__ = ["site"]  # a fixture

OFFICER = Who("officer")


@pytest.fixture(autouse=True)
def officers(network: Network) -> Iterator[None]:
    network.put(*(Worker(f"{agency}-officer", agency, "officer") for agency in ("harbour", "lakeside")))
    network.put(Worker("officer", "hub", "officer"))
    yield
    assert network.verifies()


def people(network: Network) -> list[str]:
    """The registry's references of all whom a gate has answered about, in the order of their first answer."""
    return list(dict.fromkeys(entry["subject_ref"] for entry in network.entries() if entry.get("decision_id")))


def told(network: Network, ref: str, who: Who = OFFICER, agency: str | None = None) -> Told:
    """What an officer tells a client who has asked."""
    network.clock.advance(timedelta(minutes=1))
    house = network.hub.house
    subject = ref
    if who is not OFFICER:
        with house.store.peek() as rows:
            subject = rows.subjects.aliases(ref)[agency or ""]
    request = take_request(house, subject, agency, who, asked_on=None)
    found = look(house, subject, agency, who, to="SELF", request_id=request.request_id, as_fhir=agency is not None)
    answered(house, found, who)
    return found


def ways(network: Network, ref: str) -> list[tuple[str | None, str, Fate]]:
    return [(each.sender, each.recipient, each.fate) for each in told(network, ref).account.disclosures]


def test_a_referral_and_its_answer_are_told_and_what_was_refused_is_not(network: Network) -> None:
    client, _ = refer(network)
    network.run()
    (referral,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    cms.answer(db, referral["hub_referral_no"], "ACCEPTED")
    db.close()
    network.settle()
    (ref,) = people(network)
    left = ways(network, ref)
    assert left == [("harbour", "lakeside", Fate.ARRIVED), ("lakeside", "harbour", Fate.ARRIVED)]

    db = network.db("harbour")
    cms.update(db, "consent", 1, withdrawn_at="2026-06-01 11:00:00", withdrawn_how="PHONE")
    cms.add_referral(db, client)
    db.close()
    network.settle()

    assert network.codes()["DN_WITHDRAWN"] >= 1
    assert ways(network, ref) == left


def test_who_was_never_told_of_to_anybody_has_an_empty_account(network: Network) -> None:
    db = network.db("harbour")
    number = cms.add_client(db)
    cms.add_identifier(db, number)
    cms.add_consent(db, number, "lakeside", purposes="FOLLOW_UP")
    cms.add_referral(db, number)
    db.close()
    network.settle()
    (ref,) = people(network)

    found = told(network, ref)

    assert found.account.disclosures == []
    assert all("Lakeside" not in page(found.account, language) for language in LANGUAGES)


def test_it_says_what_kind_of_information_why_and_on_which_consent(network: Network) -> None:
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_language(db, client)
    cms.add_consent(db, client, categories="IDENT NEEDS")
    cms.add_referral(db, client)
    db.close()
    network.run()
    (ref,) = people(network)

    (only,) = told(network, ref).account.disclosures

    assert set(only.categories) == {Category.IDENT, Category.NEEDS, Category.SERVICE_STATUS}
    assert only.outcome == "PERMIT_REDACTED", "the language result stayed behind"
    assert (only.purpose, only.code) == ("REFERRAL", "OK_CONSENT")
    assert [(one.discloser, one.version) for one in only.grounds] == [("harbour", 1)]
    assert only.grounds[0].recorded_at is not None


def test_each_agencys_officer_sees_its_own_part_and_of_one_person_alone(network: Network) -> None:
    refer(network)
    refer(network, last_name="Ligeti", first_name="Ana", birth_date="1987-08-08")
    network.run()
    one, other = people(network)

    for ref in (one, other):
        for agency in ("harbour", "lakeside"):
            (only,) = told(network, ref, Who(f"{agency}-officer"), agency).account.disclosures
            assert only.opened["subject_ref"] == ref


def test_what_nobody_acknowledged_may_have_arrived_and_what_failed_has_not(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"passes": False}

    def send(_self: CmsSource, _parcels: Any, commit: Any) -> Any:
        if state["passes"]:
            commit()
        raise Unavailable("lakeside-cms", "gone")

    monkeypatch.setattr(CmsSource, "send", send)
    refer(network)
    network.run()
    (ref,) = people(network)
    assert any(entry["event_type"] == "DELIVERY" for entry in network.entries()), "it was opened"
    assert ways(network, ref) == [], "and certainly did not leave"

    state["passes"] = True
    network.settle()
    assert ways(network, ref) == [("harbour", "lakeside", Fate.UNKNOWN)]
    state["passes"] = False
    for _ in range(80):
        network.settle()
    assert network.states().get("returned", 0) >= 1
    first, *_ = told(network, ref).account.disclosures
    assert first.fate is Fate.UNKNOWN, "that it was returned later does not take it back"
    assert any(entry.get("opened_before") == "unknown" for entry in network.entries())


def test_a_womens_service_is_the_relay_on_the_page_and_in_fhir(network: Network) -> None:
    lakeside = network.directory().agencies["lakeside"]
    network.put(replace(lakeside, lane="womens"))
    refer(network)
    network.run()
    (ref,) = people(network)

    for who, agency in ((OFFICER, None), (Who("harbour-officer"), "harbour"), (Who("lakeside-officer"), "lakeside")):
        found = told(network, ref, who, agency)
        assert [each.recipient for each in found.account.disclosures] == [RELAY]
        texts = [page(found.account, language) for language in LANGUAGES]
        if found.face:
            texts.append(repr(bundle(found.entries, found.account.disclosures, found.face)))
        assert not any("akeside" in text for text in texts)


def test_every_look_is_an_entry_and_itself_no_disclosure(network: Network) -> None:
    refer(network)
    network.run()
    (ref,) = people(network)

    assert len(told(network, ref).account.disclosures) == len(told(network, ref).account.disclosures) == 1

    looks = [entry for entry in network.entries() if entry["event_type"] == "AUDIT_READ"]
    assert [(entry["subject_ref"], entry["count"]) for entry in looks] == [(ref, 1)] * 2


@ON_SQLITE
def test_what_was_taken_back_out_of_a_workbook_is_not_told_as_arrived(site: Site) -> None:
    served(site)
    network = site.network
    (ref,) = people(network)
    before = told(network, ref).account.disclosures
    assert [(each.recipient, each.fate) for each in before] == [("ircc", Fate.ARRIVED)]
    assert (before[0].purpose, before[0].code) == ("FUNDER_REPORT", "OK_NOTICE_BASED")

    withdrawn(site, 1)
    site.run()

    found = told(network, ref, Who("harbour-officer"), "harbour")
    assert [(each.recipient, each.fate) for each in found.account.disclosures] == [("ircc", Fate.TAKEN_BACK)]
    assert "It did not arrive." in page(found.account, "en")
    assert found.face is not None
    views = [
        each["resource"]["id"].rpartition(".")[2]
        for each in bundle(found.entries, found.account.disclosures, found.face)["entry"]
    ]
    assert "recipient" not in views
    assert "source" in views
