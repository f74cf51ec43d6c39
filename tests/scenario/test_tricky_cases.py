"""The tricky cases of program systems §10 that a CMS's records can meet, by number, over a whole hub.

Where a rule of the reader or the mapping alone is at stake, its case stands in ``tests/unit/adapters/cms``,
``tests/unit/mapping/test_cms.py`` or ``tests/golden/cms``; whose record it is, in ``test_identity.py``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests import cms_builder as cms
from tests.network import Network, refer
from tests.scenario.rows import heard, on_the_bus, say, sent
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

LONG = "Wickramasinghe Arachchilage Dona Nirmala Priyadarshani de Silva-Fernandopulle Jr"  # 80 letters: all there is


def client_of(network: Network) -> dict[str, Any]:
    """The client as the recipient's system has it."""
    (row,) = network.inbox("lakeside", "referral")
    found: dict[str, Any] = row["payload"]["client"][0]
    return found


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        pytest.param({"last_name": "\u200bTrem\u00a0blay\t"}, {"last_name": "Trem blay"}, id="case 6 unseen signs go"),
        pytest.param({"city": "Que\u0301bec"}, {"city": "Qu\u00e9bec"}, id="case 7 accents are composed"),
        pytest.param(
            {"birth_date_quality": "Y"}, {"birth_date": "1991-01-01", "birth_date_quality": "Y"}, id="case 13 the year"
        ),
        pytest.param(
            {"birth_date": "1987-01-01", "birth_date_quality": "D"},
            {"birth_date": "1987-01-01", "birth_date_quality": "D"},
            id="case 13 a first of January in the document is no exact date",
        ),
        pytest.param({"birth_date_quality": "U"}, {"birth_date": None}, id="case 13 a date that is not known"),
        pytest.param(
            {"first_name": None}, {"last_name": "Okonkwo-Tremblay", "first_name": None}, id="case 15 one name"
        ),
        pytest.param({"first_name": "FNU"}, {"first_name": None}, id="case 15 a filler is no name"),
        pytest.param({"first_name": "."}, {"first_name": None}, id="case 15 nor is a point"),
        pytest.param({"first_name": "Okonkwo-Tremblay"}, {"first_name": None}, id="case 15 nor the family's repeated"),
        pytest.param({"last_name": LONG}, {"last_name": LONG}, id="case 16 a long name is never cut here"),
        pytest.param(
            {"last_name": "D’Angelo", "first_name": "N’Guessan Al-Hassan"},
            {"last_name": "D’Angelo", "first_name": "N’Guessan Al-Hassan"},
            id="case 16 marks and particles stay for display",
        ),
        pytest.param({"last_name": "ሰላም"}, {"last_name": "ሰላም"}, id="case 18 another script, without a question mark"),
        pytest.param({"postal_code": "m5v2t6"}, {"postal_code": "M5V 2T6"}, id="case 25 a code without a space"),
        pytest.param({"postal_code": "K1A OB1"}, {"postal_code": "K1A 0B1"}, id="case 25 the letter O for a zero"),
        pytest.param(
            {"postal_code": "M4Y"}, {"postal_code": None, "city": "Toronto"}, id="case 25 a part stays behind"
        ),
        pytest.param(
            {"address_confidential": 1, "unit": "5"},
            {"address_line": None, "unit": None, "city": None, "province": None, "postal_code": None},
            id="case 27 no part of a confidential address",
        ),
        pytest.param(
            {"address_line": None, "postal_code": None},
            {"address_line": None, "postal_code": None, "city": "Toronto"},
            id="case 27 no fixed address",
        ),
        pytest.param(
            {"address_line": "123, rue Ste-Catherine O", "unit": "5"},
            {"address_line": "123, rue Ste-Catherine O", "unit": "5"},
            id="case 27 the French order of a street",
        ),
        pytest.param(
            {"phone": "+1 416 555 0142 ext 7", "phone_safe": 1}, {"phone": "416-555-0142"}, id="case 28 an extension"
        ),
        pytest.param(
            {"phone": "416-555-0142 / 647-555-0100", "phone_safe": 1},
            {"phone": "416-555-0142"},
            id="case 28 two numbers",
        ),
        pytest.param({"phone": "416-555-0142"}, {"phone": None}, id="case 28 a channel nobody marked safe, S11"),
        pytest.param({"interpreter_needed": "Oui"}, {"interpreter_needed": 1}, id="case 29 a yes in French"),
        pytest.param({"interpreter_needed": "N"}, {"interpreter_needed": 0}, id="case 29 a no in a letter"),
        pytest.param({"interpreter_needed": ""}, {"interpreter_needed": None}, id="case 29 a blank is not a no"),
        pytest.param({"gender": "prefer not to say"}, {"gender": None}, id="case 59 what is not said is not guessed"),
        pytest.param({"city": "QuÃ©bec"}, {"city": "Québec"}, id="case 63 the wrong encoding, certain: repaired"),
    ],
)
def test_what_is_odd_in_a_client_arrives_as_it_should(
    network: Network, written: dict[str, Any], arrives: dict[str, Any]
) -> None:
    refer(network, **written)

    network.run()

    found = client_of(network)
    assert {name: found.get(name) for name in arrives} == arrives
    assert "\ufffd" not in str(found)
    assert "?" not in str(found)


@pytest.mark.parametrize(
    ("table", "written", "mended", "place"),
    [
        pytest.param(
            "client_identifier", {"value": "1234567"}, {"value": "01234567"}, "value", id="case 20 a lost zero"
        ),
        pytest.param(
            "client_identifier",
            {"value": "1.1E+07"},
            {"value": "11000001"},
            "value",
            id="case 20 a number's other form",
        ),
        pytest.param(
            "client_identifier", {"value": "CAN0012345"}, {"value": "11000001"}, "value", id="case 21 an application"
        ),
        pytest.param(
            "client_identifier", {"value": "IMM 5688"}, {"value": "11000001"}, "value", id="case 21 a form's number"
        ),
        pytest.param(
            "client_identifier", {"type": "HARTS"}, {"type": "UCI"}, "value", id="case 21 the wrong type was chosen"
        ),
        pytest.param("client", {"postal_code": "H0H 0H0"}, {"postal_code": "M5V 2T6"}, "postal_code", id="case 25"),
        pytest.param(
            "client", {"interpreter_needed": "maybe"}, {"interpreter_needed": 1}, "interpreter_needed", id="case 29"
        ),
        pytest.param(
            "client", {"city": "Ã‰lise é"}, {"city": "Toronto"}, "city", id="case 63 not certain: not guessed"
        ),
        pytest.param(
            "referral",
            {"status_at": "2026-03-08 02:30:00"},
            {"status_at": "2026-03-08 03:30:00"},
            "status_at",
            id="case 62 an hour that never was",
        ),
        pytest.param(
            "language_result", {"listening": "2L"}, {"listening": "02"}, "listening", id="case 44 a literacy code"
        ),
    ],
)
def test_what_cannot_be_told_for_certain_is_asked_about_and_goes_once_it_is_mended(
    network: Network, table: str, written: dict[str, Any], mended: dict[str, Any], place: str
) -> None:
    """In the client's parts it is the consent that cannot be read either: what rests on it waits with it (INV-10)."""
    refer(network)
    db = network.db("harbour")
    cms.update(db, table, 1, **written)
    network.run()
    before = (network.inbox("lakeside"), network.told("harbour"))
    waiting = network.waits()["referral_out:1"]

    cms.update(db, table, 1, **mended)
    network.clock.advance(timedelta(minutes=2))
    network.run()

    assert before[0] == []
    assert ("referral_id", 1, "DN_SCHEMA") in before[1]
    assert place in waiting.place
    assert not any(str(value) in waiting.place for value in written.values() if len(str(value)) > 3)
    assert len(network.inbox("lakeside", "referral")) == 1
    assert network.waits() == {}


def test_case_14_a_corrected_birth_date_keeps_the_person_and_both_dates_find_them(network: Network) -> None:
    refer(network)
    network.run()
    cms.update(network.db("harbour"), "client", 1, birth_date="1991-07-02")
    network.run()
    lakeside = network.db("lakeside")
    for born in ("1991-07-02", "1991-07-22"):
        theirs = cms.add_client(lakeside, birth_date=born)
        cms.add_identifier(lakeside, theirs, value="1100000001")
        cms.add_consent(lakeside, theirs, "harbour")
    cms.add_referral(network.db("harbour"), 1)

    network.run()

    assert client_of_latest(network)["birth_date"] == "1991-07-02"
    assert network.states() == {"delivered": 2}
    with network.hub.store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM subject").scalar_one() == 1


def client_of_latest(network: Network) -> dict[str, Any]:
    found: dict[str, Any] = network.inbox("lakeside", "referral")[-1]["payload"]["client"][0]
    return found


def test_case_17_a_client_who_took_another_name_is_the_same_client_under_the_new_one(network: Network) -> None:
    refer(network)
    network.run()
    cms.update(network.db("harbour"), "client", 1, last_name="Abara", first_name="Amarachi")

    cms.add_referral(network.db("harbour"), 1)
    network.run()

    assert client_of_latest(network)["last_name"] == "Abara"
    assert network.states() == {"delivered": 2}
    assert network.told("harbour") == []


def test_case_19_a_claimant_without_a_number_is_referred_without_one(network: Network) -> None:
    db = network.db("harbour")
    claimant = cms.add_client(db, status_in_canada="RC")
    cms.add_consent(db, claimant)
    cms.add_referral(db, claimant)

    network.run()

    assert "identifier" not in client_of(network)


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"status_in_canada": "PP", "status_date": "2026-05-30"}, id="case 22 a status that changes"),
        pytest.param({"address_line": "4 Oak Street"}, id="an address that changes"),
        pytest.param({"phone": "416-555-0142", "phone_safe": 1}, id="a channel that becomes safe"),
    ],
)
def test_what_changes_at_the_source_after_a_referral_was_sent_says_nothing_more(
    network: Network, later: dict[str, Any]
) -> None:
    refer(network)
    network.run()

    cms.update(network.db("harbour"), "client", 1, **later)
    network.run()

    assert len(network.inbox("lakeside")) == 1
    assert network.inbox("harbour") == []
    assert network.states() == {"delivered": 1}


def test_case_22_a_status_in_canada_is_never_sent_with_a_referral_ticked_or_not(network: Network) -> None:
    """The purpose needs a yes or no of it at most (consent rules 2.6), which a CMS's record cannot say."""
    refer(network)
    cms.update(
        network.db("harbour"), "consent", 1, categories="IDENT CONTACT NEEDS LANG SERVICE_STATUS IMMIG", row_version=5
    )

    network.run()

    found = client_of(network)
    assert not {"status_in_canada", "status_date", "arrival_date", "country_of_origin"} & found.keys()


@pytest.mark.parametrize("when", ["before", "on the bus"])
def test_case_38_an_anonymous_client_is_never_sent(network: Network, when: str) -> None:
    refer(network)
    if when == "on the bus":
        on_the_bus(network)
    cms.update(network.db("harbour"), "client", 1, is_anonymous=1)

    network.run()

    assert network.inbox("lakeside") == []
    assert network.states() == ({} if when == "before" else {"returned": 1})


def test_case_50_a_closed_case_refers_nobody_and_the_client_who_is_back_gets_a_new_one(network: Network) -> None:
    db = network.db("harbour")
    refer(network)
    cms.update(db, "case_file", 1, status="CLOSED", closed_on="2026-05-30")
    network.run()
    closed = (network.codes(), network.told("harbour"), network.inbox("lakeside"))

    case = cms.add_case(db, 1, previous_case_id=1)
    cms.add_referral(db, 1, case_id=case)
    network.run()

    assert closed == ({"DN_CASE_CLOSED": 1}, [("referral_id", 1, "DN_CASE_CLOSED")], [])
    assert network.states() == {"refused": 1, "delivered": 1}


def test_case_50_what_was_opened_before_the_case_was_closed_is_still_answered(network: Network) -> None:
    number = sent(network)
    cms.update(network.db("harbour"), "case_file", 1, status="CLOSED", closed_on="2026-05-30")
    network.run()

    say(network, number, "COMPLETED")

    assert [answer["status"] for answer in heard(network, "harbour")] == ["COMPLETED"]
    assert network.told("harbour") == []


def test_case_53_the_same_referral_by_fax_is_not_the_hubs_and_counts_nothing(network: Network) -> None:
    refer(network)
    cms.add_referral(network.db("harbour"), 1, channel="fax")

    network.run()

    assert len(network.inbox("lakeside")) == 1
    assert network.states() == {"delivered": 1}


def test_case_57_a_consent_withdrawn_between_draft_and_sending_stops_the_referral(network: Network) -> None:
    db = network.db("harbour")
    refer(network)
    cms.update(db, "referral", 1, status="DRAFT", sent_at=None)
    network.run()
    drafted = network.states()
    cms.update(db, "consent", 1, withdrawn_at="2026-05-31")

    cms.update(db, "referral", 1, status="SENT", sent_at=cms.SAVED_AT)
    network.run()

    assert drafted == {}
    assert network.codes() == {"DN_WITHDRAWN": 1}
    assert network.inbox("lakeside") == []


def test_case_57_only_what_was_agreed_to_goes_while_the_record_holds_more(network: Network) -> None:
    refer(network)
    cms.update(network.db("harbour"), "referral", 1, reason_text="Sees a therapist on Mondays.", reason_code="housing")

    network.run()

    (row,) = network.inbox("lakeside")
    assert "therapist" not in str(row)
    assert (row["payload"]["reason_code"], row["incomplete"]) == ("housing", 1)


def test_case_58_a_parents_consent_opens_nothing_as_long_as_nobody_can_show_the_authority(network: Network) -> None:
    refer(network, birth_date="2011-03-04")
    cms.update(network.db("harbour"), "consent", 1, given_by="PARENT", authority_kind="birth certificate")

    network.run()

    assert network.codes() == {"DN_AUTHORITY": 1}


@pytest.mark.parametrize("when", ["before", "on the bus"])
def test_case_61_a_client_who_has_died_is_referred_no_more_and_the_recipient_hears_nothing(
    network: Network, when: str
) -> None:
    refer(network)
    if when == "on the bus":
        on_the_bus(network)
    cms.update(network.db("harbour"), "client", 1, deceased_date="2026-05-31")

    network.run()

    assert network.codes()["DN_DECEASED"] == 1
    assert network.inbox("lakeside") == []
    assert network.told("harbour") == [("referral_id", 1, "DN_DECEASED")]


def test_case_62_an_hour_that_comes_twice_is_read_as_the_first_and_comes_back_as_written(network: Network) -> None:
    number = sent(network)

    say(network, number, "ACCEPTED", at="2026-11-01 01:30:00")

    assert [answer["status_at"] for answer in heard(network, "harbour")] == ["2026-11-01 01:30:00"]


def test_case_65_a_receiver_without_a_system_is_asked_about_and_gets_it_once_it_has_one(network: Network) -> None:
    service = next(each for each in network.directory().services if each.id == "lakeside-employment")
    network.put(replace(service, system=""))
    refer(network)
    network.run()
    before = (network.codes(), network.inbox("lakeside"))

    network.put(service)
    network.run()

    assert before == ({"DN_RECIPIENT": 1}, [])
    assert len(network.inbox("lakeside")) == 1
