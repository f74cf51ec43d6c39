"""What an agency may read again of its referrals (settled S49; shared model 12).

Each look is decided as if it were a message of the other end, and is one entry of the log. Pages and parameters:
``test_index_search.py``. Over HTTP: ``unit/api``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.exchange.index import (
    history,
    read_client,
    read_referral,
    read_version,
    search_clients,
    search_directory,
    search_referrals,
)
from hub.model import codes
from tests import cms_builder as cms
from tests.looking import (
    KINDS,
    answered,
    by,
    ids,
    numbers,
    search,
    sent,
    several,
    stranger,
    suspended_alone,
    views,
    withdrawn,
)
from tests.network import Network, refer
from tests.statements import statements

WORDS = {  # marks that no answer may hold
    "last_name": "Zyxmark",
    "first_name": "Qwemark",
    "phone": "416-555-0177",
    "email": "markmark@example.org",
}


# -- what is shown


def test_each_end_reads_a_referral_with_its_own_number_and_its_own_alias(network: Network) -> None:
    number = sent(network)
    answered(network, number, "WAITLISTED")

    of_harbour = read_referral(network.hub.house, by(network, "harbour"), "ServiceRequest", number)
    of_lakeside = read_referral(network.hub.house, by(network, "lakeside"), "ServiceRequest", number)

    assert of_harbour is not None
    assert of_lakeside is not None
    assert [each["value"] for each in of_harbour["identifier"]] == [number, "1"]
    assert of_harbour["identifier"][1]["type"]["coding"][0]["code"] == "PLAC"
    assert of_lakeside["identifier"][1]["type"]["coding"][0]["code"] == "FILL"
    assert of_harbour["identifier"][1]["system"] != of_lakeside["identifier"][1]["system"]
    assert of_harbour["subject"]["reference"] != of_lakeside["subject"]["reference"]
    assert (of_harbour["status"], of_harbour["priority"], of_harbour["intent"]) == ("active", "routine", "order")
    assert of_harbour["code"]["coding"] == [{"system": codes.SERVICE_WANTED, "code": "employment"}]
    assert of_harbour["requester"]["reference"] == "Organization/harbour"
    assert of_harbour["performer"][0]["reference"] == "Organization/lakeside"


def test_a_task_says_the_hubs_state_and_the_r4_code_that_follows_from_it(network: Network) -> None:
    number = sent(network)
    answered(network, number, "DECLINED", status_reason="no-capacity")

    task = read_referral(network.hub.house, by(network, "harbour"), "Task", number)

    assert task is not None
    assert task["status"] == "rejected"
    assert task["businessStatus"]["coding"] == [{"system": codes.REFERRAL_STATE, "code": "declined"}]
    assert task["statusReason"]["coding"] == [{"system": codes.STATE_REASON, "code": "no-capacity"}]
    assert task["focus"]["reference"] == f"ServiceRequest/{number}"
    assert task["basedOn"] == [task["focus"]]
    assert task["restriction"]["period"]["end"] == "2026-05-14"


@pytest.mark.parametrize("agency", ["harbour", "lakeside"])
def test_nothing_of_a_client_is_in_any_answer_nor_what_anybody_wrote(network: Network, agency: str) -> None:
    db = network.db("harbour")
    client = cms.add_client(db, **WORDS)
    cms.add_consent(db, client)
    cms.add_referral(db, client, reason_text="Wantsmark")
    db.close()
    network.run()
    (number,) = numbers(network)
    answered(network, number, "ACCEPTED")
    house, system = network.hub.house, by(network, agency)

    told = [
        *(search(network, agency, kind) for kind in KINDS),
        *(history(house, system, kind, number) for kind in KINDS),
        search_clients(house, system, []),
        views(network),
    ]

    text = str(told) + json.dumps(network.entries())
    assert number in text
    assert not [word for word in (*WORDS.values(), "4165550177", "Wantsmark", "w-17") if word in text]
    assert not any(name in text for name in ("reasonCode", "note", "orderDetail", "supportingInfo", "PractitionerRole"))


def test_all_that_is_shown_is_valid_r4(network: Network) -> None:
    number = sent(network)
    answered(network, number, "ACCEPTED")
    house, system = network.hub.house, by(network, "harbour")

    found = [read_referral(house, system, kind, number) for kind in KINDS]
    found += [each for kind in KINDS for each in history(house, system, kind, number) or ()]
    found += list(search_clients(house, system, []).found)
    found += [
        each
        for kind in ("Organization", "HealthcareService")
        for each in search_directory(house, "harbour", kind, []).found
    ]
    withdrawn(network, number)
    found += [read_referral(house, system, kind, number) for kind in KINDS]

    for each in found:
        assert each is not None
        get_fhir_model_class(each["resourceType"]).model_validate(each)


def test_what_has_not_reached_its_recipient_is_not_there_for_them_and_is_for_its_sender(network: Network) -> None:
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    refer(network)
    network.run()
    (number,) = ids(search(network, "harbour", "Task"))

    withdrawn(network, number)

    assert ids(search(network, "lakeside", "Task")) == []
    assert read_referral(network.hub.house, by(network, "lakeside"), "Task", number) is None
    assert views(network)[-1]["subjects"] == []


# -- versions


def test_versions_are_told_one_by_one_the_last_first(network: Network) -> None:
    number = sent(network)
    network.clock.advance(timedelta(hours=1))
    answered(network, number, "RECEIVED")
    answered(network, number, "ACCEPTED")
    house, system = network.hub.house, by(network, "harbour")

    found = history(house, system, "Task", number)

    assert found is not None
    told = [(each["meta"]["versionId"], each["businessStatus"]["coding"][0]["code"]) for each in found]
    assert told == [("3", "accepted"), ("2", "received"), ("1", "requested")]
    assert found[2]["meta"]["lastUpdated"] == "2026-06-01T16:00:00.000Z"
    assert read_version(house, system, "Task", number, "2") == found[1]
    assert read_version(house, system, "Task", number, "3") == read_referral(house, system, "Task", number)
    assert read_version(house, system, "Task", number, "9") is None


# -- another agency's


@pytest.mark.parametrize("kind", KINDS)
def test_another_agencys_referral_looks_like_one_that_is_not_there_in_all_that_is_asked(
    network: Network, kind: str
) -> None:
    number, system, house = sent(network), stranger(network), network.hub.house
    read_referral(house, system, kind, "AAAAAAAAAAAA")  # the directory is parsed once

    asked = []
    for each in ("BBBBBBBBBBBB", number):
        with statements() as said:
            assert read_referral(house, system, kind, each) is None
            assert read_version(house, system, kind, each, "1") is None
            assert history(house, system, kind, each) is None
            assert search_referrals(house, system, kind, [("_id", each)]).found == ()
            assert search_referrals(house, system, kind, [("identifier", f"{codes.ID_REFERRAL}|{each}")]).found == ()
        asked.append(said)

    assert asked[0] == asked[1]
    assert all(look["subjects"] == [] for look in views(network) if look["agency"] == "riverside")


def test_another_agencys_alias_looks_like_one_that_is_not_there(network: Network) -> None:
    sent(network)
    house, system = network.hub.house, by(network, "lakeside")
    (client,) = search_clients(house, by(network, "harbour"), []).found
    search_clients(house, system, [])

    asked = []
    for alias in ("BBBBBBBBBBBB", client["id"]):
        with statements() as said:
            assert read_client(house, system, alias) is None
            assert search_clients(house, system, [("identifier", f"{codes.ID_CLIENT}|{alias}")]).found == ()
            assert search_referrals(house, system, "Task", [("patient", f"Patient/{alias}")]).found == ()
        asked.append(said)

    assert asked[0] == asked[1]


# -- sharing that is suspended


@pytest.mark.parametrize("agency", ["harbour", "lakeside"])
def test_after_a_withdrawal_a_referral_is_its_number_and_that_sharing_is_suspended(
    network: Network, agency: str
) -> None:
    number = sent(network)
    answered(network, number, "ACCEPTED")
    withdrawn(network, number)
    house, system = network.hub.house, by(network, agency)

    for kind in KINDS:
        shown = read_referral(house, system, kind, number)

        assert shown is not None
        assert suspended_alone(shown, number)
        assert history(house, system, kind, number) == [shown]
        assert read_version(house, system, kind, number, "1") == shown
        assert search(network, agency, kind, "_include=Task:focus&_revinclude=Task:focus").included == ()
        assert len(views(network)[-1]["subjects"]) == 1


def test_one_that_is_suspended_is_found_by_what_it_shows_alone(network: Network) -> None:
    number = sent(network)
    answered(network, number, "ACCEPTED")
    task = read_referral(network.hub.house, by(network, "lakeside"), "Task", number)
    assert task is not None
    finding = ["", f"_id={number}", f"identifier={codes.ID_REFERRAL}|{number}", f"focus=ServiceRequest/{number}"]
    finding += ["owner=Organization/lakeside", f"_id={number}&owner=lakeside"]
    not_finding = ["requester=Organization/harbour", "code=fulfill", "_sort=_lastUpdated", "part-of:missing=true"]
    not_finding += [
        "status=accepted",
        "status:not=requested",
        "business-status=accepted",
        f"patient={task['for']['reference']}",
    ]
    not_finding += ["business-status:missing=true", "authored-on=ge2020", "_lastUpdated=ge2020"]
    before = {query: ids(search(network, "lakeside", "Task", query)) for query in (*finding, *not_finding)}
    withdrawn(network, number)

    after = {query: ids(search(network, "lakeside", "Task", query)) for query in before}

    assert {query for query, found in before.items() if not found} == {"business-status:missing=true"}
    assert after == {query: [number] * (query in finding) for query in before}


def test_how_one_that_is_suspended_stands_is_not_told_by_a_next_page_either(network: Network) -> None:
    every = several(network, 3)
    for number in every[:2]:
        answered(network, number, "ACCEPTED")
    withdrawn(network, *every[:2])

    for agency in ("harbour", "lakeside"):
        for query in ("status=accepted", "status=received", f"status=accepted,requested&_id={','.join(every)}"):
            page = search(network, agency, "Task", f"{query}&_count=1")

            assert ids(page) == (every[2:] if "requested" in query else [])
            assert page.next is None


def test_what_is_seen_again_after_a_new_consent_is_all_of_it(network: Network) -> None:
    number = sent(network)
    withdrawn(network, number)
    db = network.db("harbour")
    cms.add_consent(db, 1)
    db.close()
    network.run()

    task = read_referral(network.hub.house, by(network, "lakeside"), "Task", number)

    assert task is not None
    assert task["businessStatus"]["coding"][0]["code"] == "requested"


def test_an_agreement_that_is_suspended_suspends_too(network: Network) -> None:
    number = sent(network)
    (row,) = network.directory().agreements
    network.put(replace(row, status="suspended"))

    shown = read_referral(network.hub.house, by(network, "harbour"), "Task", number)

    assert shown is not None
    assert suspended_alone(shown, number)
