"""What consent rows of an agency's own system do to its referrals, over a whole hub (consent rules 1.2 to 1.4, groups
B, C, E, F; program systems 9.2).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import cms_builder as cms
from tests.network import Network
from tests.scenario.rows import ask, client, filed, inbox, on_the_bus, refuse, row, save
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

LATER = timedelta(minutes=2)
TWICE = "IDENT NEEDS LANG SERVICE_STATUS"


# -- drafts, declines and what lifts them


def test_c_37_a_row_that_becomes_a_draft_changes_nothing_of_what_was_agreed(network: Network) -> None:
    client(network)
    consent = row(network)
    network.run()
    save(network, consent, text_version=None, categories="IDENT")  # somebody begins a new version of the form

    ask(network)

    assert filed(network, consent) == ("DRAFT", 2)
    assert inbox(network) == ["referral"]
    assert network.inbox("lakeside")[0]["payload"]["client"][0]["city"] == "Toronto"  # by the version in force
    assert network.verifies()


def test_c_37_and_a_draft_completed_stands_in_the_place_of_what_was_agreed(network: Network) -> None:
    client(network)
    consent = row(network)
    network.run()
    save(network, consent, text_version=None, categories="IDENT NEEDS SERVICE_STATUS")
    network.run()
    save(network, consent, text_version="sharing-v3")

    ask(network)

    assert filed(network, consent) == ("ACTIVE", 3)
    assert "city" not in network.inbox("lakeside")[0]["payload"]["client"][0]
    assert network.inbox("lakeside")[0]["incomplete"] == 1


def test_a_draft_that_withdraws_what_was_agreed_is_a_withdrawal(network: Network) -> None:
    client(network)
    consent = row(network)
    network.run()
    save(network, consent, text_version=None)
    network.run()
    save(network, consent, withdrawn_at="2026-05-30")

    ask(network)

    assert filed(network, consent) == ("WITHDRAWN", 3)
    assert network.codes() == {"DN_WITHDRAWN": 1}


@pytest.mark.parametrize(
    ("declined", "code"),
    [
        pytest.param({}, "DN_DIRECTIVE", id="for this recipient"),
        pytest.param({"recipient_org": None}, "DN_DIRECTIVE", id="for all, as no recipient is named"),
        pytest.param({"recipient_org": "harbour"}, "OK_CONSENT", id="for another recipient alone"),
        pytest.param({"purposes": "COORDINATION"}, "OK_CONSENT", id="for another purpose alone"),
        pytest.param({"recipient_org": "Lake side"}, "DN_DIRECTIVE", id="for whom cannot be read: so for all"),
        pytest.param({"purposes": "everything"}, "DN_DIRECTIVE", id="for what cannot be read: so for everything"),
        pytest.param({"categories": "LANG"}, "DN_DIRECTIVE", id="whatever categories the refused form listed"),
        pytest.param({"expires_on": "2026-02-28"}, "DN_DIRECTIVE", id="a no does not expire with its form"),
    ],
)
def test_c_44_c_104_a_declined_form_forbids_whom_it_names_whether_older_or_newer(
    network: Network, declined: dict[str, Any], code: str
) -> None:
    client(network)
    refuse(network, **declined)
    row(network)

    ask(network)

    assert network.codes() == {code: 1}
    assert inbox(network) == (["referral"] if code == "OK_CONSENT" else [])


def test_c_105_a_newer_row_that_names_the_declined_one_lifts_it_and_wakes_what_waits(network: Network) -> None:
    client(network)
    no = refuse(network)
    ask(network)
    yes = row(network)
    network.run()
    not_named = network.codes()

    save(network, yes, lifts=str(no))
    network.run()

    assert not_named == {"DN_DIRECTIVE": 2}  # a yes that does not name the no lifts nothing
    assert inbox(network) == ["referral"]
    assert filed(network, no)[0] == "DECLINED"  # what was said stays said
    assert network.verifies()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"text_version": None}, id="a draft"),
        pytest.param({"expires_on": "2026-05-31"}, id="one that has ended"),
        pytest.param({"withdrawn_at": "2026-05-31"}, id="one that was withdrawn"),
        pytest.param({"lifts": "7"}, id="one that names another row"),
        pytest.param({"lifts": "the first one"}, id="one that names it in words"),
    ],
)
def test_c_105_what_opens_nothing_lifts_nothing(network: Network, fields: dict[str, Any]) -> None:
    client(network)
    no = refuse(network)
    row(network)
    row(network, **{"lifts": str(no), **fields})

    ask(network)

    assert network.codes() == {"DN_DIRECTIVE": 1}
    assert inbox(network) == []


def test_c_105_a_lift_lasts_as_long_as_the_row_that_lifts(network: Network) -> None:
    client(network)
    no = refuse(network)
    yes = row(network, lifts=str(no))
    ask(network)
    save(network, yes, withdrawn_at="2026-06-01")

    ask(network)

    assert inbox(network) == ["referral"]
    assert network.codes() == {"OK_CONSENT": 1, "DN_DIRECTIVE": 1}


def test_c_105_a_declined_row_that_is_simply_unticked_stays_declined(network: Network) -> None:
    client(network)
    no = refuse(network)
    network.run()

    save(network, no, declined=0)
    ask(network)

    assert filed(network, no)[0] == "DECLINED"
    assert network.codes() == {"DN_DIRECTIVE": 1}


# -- withdrawals


@pytest.mark.parametrize(
    "withdrawn",
    [
        pytest.param({"withdrawn_at": "2026-05-30", "withdrawn_how": "TELEPHONE"}, id="C-29 by telephone"),
        pytest.param({"withdrawn_at": "2026-05-30 10:00:00"}, id="C-23 how is not said"),
        pytest.param({"withdrawn_at": "last Tuesday"}, id="when cannot be read"),
        pytest.param({"withdrawn_at": 20260530}, id="when is a number"),
        pytest.param({"withdrawn_how": "LETTER"}, id="when is not said"),
        pytest.param({"withdrawn_at": "2099-01-01"}, id="a day to come is no reason to wait"),
        pytest.param(
            {"withdrawn_at": "2026-05-30", "expires_on": "soon", "not_condition": 7, "given_by": "she"},
            id="the rest of the row cannot be read",
        ),
    ],
)
def test_a_withdrawal_row_is_heard_whatever_the_rest_of_it_is(network: Network, withdrawn: dict[str, Any]) -> None:
    client(network)
    consent = row(network)
    network.run()
    save(network, consent, **withdrawn)

    ask(network)

    assert filed(network, consent)[0] == "WITHDRAWN"
    assert network.codes() == {"DN_WITHDRAWN": 1}
    assert inbox(network) == []


def test_a_withdrawal_of_a_client_who_cannot_be_read_is_heard_too(network: Network) -> None:
    client(network)
    consent = row(network)
    on_the_bus_after = cms.add_referral(network.db("harbour"), 1)
    on_the_bus(network)
    cms.update(network.db("harbour"), "client_identifier", 1, value="046 454 286")
    save(network, consent, withdrawn_at="2026-06-01")

    network.run()

    assert on_the_bus_after == 1
    assert filed(network, consent)[0] == "WITHDRAWN"
    assert network.states() == {"returned": 1}, "its request cannot be read any more either"
    assert inbox(network) == []


def test_c_33_a_new_row_opens_what_the_withdrawn_one_had_closed(network: Network) -> None:
    client(network)
    row(network, withdrawn_at="2026-05-20")
    ask(network)

    row(network, captured_at="2026-06-01 09:00:00", signed_on="2026-06-01")
    network.run()

    assert network.codes() == {"DN_WITHDRAWN": 1, "OK_CONSENT": 1}
    assert inbox(network) == ["referral"]


@pytest.mark.parametrize(
    ("categories", "code", "delivered"),
    [
        pytest.param("IDENT NEEDS LANG SERVICE_STATUS", "OK_CONSENT", 1, id="C-31 CONTACT alone is withdrawn"),
        pytest.param("IDENT CONTACT LANG SERVICE_STATUS", "DN_REQUIRED_BLOCKED", 0, id="C-32 and C-34 NEEDS is"),
    ],
)
def test_a_row_that_lists_less_holds_from_its_save_on(
    network: Network, categories: str, code: str, delivered: int
) -> None:
    client(network)
    consent = row(network)
    network.run()
    save(network, consent, categories=categories)

    ask(network)

    assert network.codes() == {code: 1}
    found = network.inbox("lakeside")
    assert len(found) == delivered
    assert all(each["incomplete"] == 1 and "city" not in each["payload"]["client"][0] for each in found)


def test_c_31_what_is_narrowed_on_the_way_is_withheld_at_hand_over_gate_2_only_narrows(network: Network) -> None:
    client(network)
    consent = row(network)
    cms.add_referral(network.db("harbour"), 1)
    on_the_bus(network)
    save(network, consent, categories=TWICE)

    network.run()

    (found,) = network.inbox("lakeside")
    assert "city" not in found["payload"]["client"][0]
    assert found["incomplete"] == 1
    assert network.states() == {"delivered": 1}


def test_what_is_widened_on_the_way_stays_withheld_gate_2_only_narrows(network: Network) -> None:
    client(network)
    consent = row(network, categories=TWICE)
    cms.add_referral(network.db("harbour"), 1)
    on_the_bus(network)
    save(network, consent, categories=f"{TWICE} CONTACT")

    network.run()

    assert "city" not in network.inbox("lakeside")[0]["payload"]["client"][0]


def test_c_106_two_rows_in_force_narrow_each_other(network: Network) -> None:
    client(network)
    row(network)
    row(network, categories=TWICE)

    ask(network)

    assert network.codes() == {"OK_CONSENT": 1}
    assert "city" not in network.inbox("lakeside")[0]["payload"]["client"][0]


# -- rows in doubt


def test_a_row_that_is_deleted_suspends_and_back_again_opens_and_wakes(network: Network) -> None:
    client(network)
    consent = row(network)
    network.run()
    db = network.db("harbour")
    whole = db.execute("SELECT * FROM consent").fetchone()
    db.execute("DELETE FROM consent")
    ask(network)
    away = (filed(network, consent)[0], network.codes(), inbox(network))

    db.execute(f"INSERT INTO consent VALUES ({', '.join('?' * len(whole))})", whole)
    save(network, consent, row_version=9)
    network.run()

    assert away == ("SUSPENDED", {"DN_SUSPENDED": 1}, [])
    assert filed(network, consent)[0] == "ACTIVE"
    assert inbox(network) == ["referral"]
    assert network.verifies()


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param({"not_condition": "perhaps"}, id="a yes or no that is neither"),
        pytest.param({"expires_on": "31/12/2026"}, id="a day in another form"),
        pytest.param({"captured_at": "2026-03-08 02:30:00"}, id="a time that never was"),
        pytest.param({"categories": "IDENT\x07NEEDS"}, id="a control character"),
    ],
)
def test_a_row_that_cannot_be_read_suspends_what_it_had_said_and_mended_opens_again(
    network: Network, spoiled: dict[str, Any]
) -> None:
    client(network)
    consent = row(network)
    cms.add_referral(network.db("harbour"), 1)
    on_the_bus(network)
    (name, bad), *_ = spoiled.items()
    good = network.db("harbour").execute(f"SELECT {name} FROM consent").fetchone()[0]
    save(network, consent, **{name: bad})
    network.run()
    doubted = (filed(network, consent)[0], network.codes(gate=2), inbox(network))
    waiting = network.waits()[f"consent:{consent}"]

    save(network, consent, **{name: good})
    network.run()

    assert doubted == ("SUSPENDED", {"DN_SUSPENDED": 1}, [])
    assert (waiting.code, name in waiting.place, str(bad) in waiting.place) == ("DN_SCHEMA", True, False)
    assert ("consent_id", consent, "DN_SCHEMA") in network.told("harbour")
    assert inbox(network) == ["referral"]
    assert network.waits() == {}
    assert network.verifies()


def test_a_row_whose_client_becomes_anonymous_is_gone_and_so_is_what_it_opened(network: Network) -> None:
    client(network)
    consent = row(network)
    cms.add_referral(network.db("harbour"), 1)
    on_the_bus(network)

    cms.update(network.db("harbour"), "client", 1, is_anonymous=1)
    network.run()

    assert filed(network, consent)[0] == "SUSPENDED"
    assert inbox(network) == []
    assert network.states() == {"returned": 1}, "what its source no longer shows does not go on"


# -- time


def test_c_17_c_18_c_20_what_expires_between_release_and_hand_over_stays(network: Network) -> None:
    client(network)
    row(network, expires_on="2026-06-01")
    cms.add_referral(network.db("harbour"), 1)
    network.clock.set(datetime(2026, 6, 2, 3, 59, 59, tzinfo=UTC))  # the last second of 1 June in Toronto
    on_the_bus(network)
    released = network.codes()

    network.clock.advance(timedelta(seconds=1))
    network.run()

    assert released == {"OK_CONSENT": 1}
    assert network.codes(gate=2) == {"DN_EXPIRED": 1}
    assert (inbox(network), network.states()) == ([], {"refused": 1})
    assert network.told("harbour") == [("referral_id", 1, "DN_EXPIRED")]


def test_c_16_a_consent_that_begins_later_lets_it_go_by_itself_on_that_day(network: Network) -> None:
    client(network)
    row(network, valid_from="2026-06-03")
    ask(network)
    early = (network.codes(), inbox(network))

    network.clock.set(datetime(2026, 6, 3, 4, 0, 0, tzinfo=UTC))  # midnight in Toronto
    network.run()

    assert early == ({"DN_NOT_YET_VALID": 1}, [])
    assert inbox(network) == ["referral"]


def test_c_22_a_consent_ends_at_the_packs_longest_life_whatever_it_says(network: Network) -> None:
    client(network)
    row(network, captured_at="2024-04-30 10:00:00", valid_from="2024-04-30", expires_on="2034-04-30")

    ask(network)

    assert network.codes() == {"DN_EXPIRED": 1}


def test_a_renewed_consent_wakes_what_the_old_one_refused(network: Network) -> None:
    client(network)
    row(network, expires_on="2026-05-31")
    ask(network)
    before = network.codes()

    row(network, captured_at="2026-06-01 09:00:00", signed_on="2026-06-01", valid_from="2026-06-01")
    network.run()

    assert before == {"DN_EXPIRED": 1}
    assert inbox(network) == ["referral"]
    assert network.waits() == {}
    assert network.verifies()


# -- who said it, and how


SPOKEN = {
    "form": "VERBAL",
    "signed_on": None,
    "evidence_ref": None,
    "verbal_note": "Told by telephone.",
    "captured_at": "2026-05-29 12:00:00",
}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"given_by": "PARENT", "authority_kind": "court order"}, "DN_AUTHORITY", id="C-90 by a parent"),
        pytest.param({"given_by": "SPOUSE"}, "DN_AUTHORITY", id="C-97 by a spouse, nothing seen"),
        pytest.param({"capacity_basis": "ASSESSED_INCAPABLE"}, "DN_AUTHORITY", id="V-02 by somebody found incapable"),
        pytest.param({"given_by": "she herself"}, "DN_PENDING", id="by a word of no list"),
        pytest.param(SPOKEN, "OK_CONSENT", id="C-45 verbally three days ago, with a full note"),
        pytest.param(
            {**SPOKEN, "captured_at": "2026-05-17 12:00:00"}, "DN_VERBAL_LAPSED", id="C-48 verbally 15 days ago"
        ),
        pytest.param(
            {"form": "VERBAL", "signed_on": None, "evidence_ref": None}, "DN_PENDING", id="C-47 verbally, no note"
        ),
        pytest.param({"form": "NOTICE"}, "DN_OVERBROAD", id="C-12 a notice is no consent to a referral"),
        pytest.param({"client_reads": "fa"}, "DN_NOT_KNOWLEDGEABLE", id="C-50 in a language that the client reads not"),
        pytest.param(
            {"client_reads": "fa", "interpreter_kind": "QUALIFIED_INDEPENDENT"},
            "OK_CONSENT",
            id="C-51 with an interpreter",
        ),
        pytest.param({"not_condition": 0}, "DN_COERCED", id="C-53 a condition of service without a reason"),
        pytest.param({"explained": "what who why may-refuse"}, "DN_NOT_KNOWLEDGEABLE", id="C-56 the risk not told"),
        pytest.param({"recipient_org": "any community agency"}, "DN_OVERBROAD", id="C-54 for any agency"),
        pytest.param({"purposes": "all"}, "DN_OVERBROAD", id="C-55 for all purposes"),
        pytest.param({"purposes": "COORDINATION"}, "DN_PURPOSE", id="C-63 for another purpose"),
        pytest.param({"recipient_org": "harbour"}, "DN_RECIPIENT", id="C-62 for another recipient"),
        pytest.param({"onward_orgs": "nobody knows"}, "DN_OVERBROAD", id="onward to whom nobody knows"),
    ],
)
def test_a_row_answers_with_the_code_of_what_it_says(network: Network, fields: dict[str, Any], code: str) -> None:
    client(network)
    row(network, **fields)

    ask(network)

    assert network.codes() == {code: 1}
    assert inbox(network) == (["referral"] if code == "OK_CONSENT" else [])
    assert [told for *_, told in network.told("harbour")] == ([] if code == "OK_CONSENT" else [code])


@pytest.mark.parametrize(
    ("there", "days", "code"),
    [
        pytest.param(
            {"lane": "womens"}, 2, "DN_WRITTEN_REQUIRED", id="C-188 to a service that takes it in writing alone"
        ),
        pytest.param({"pack": "eu"}, 6, "OK_CONSENT", id="C-188 to a place of another law, in the days of both"),
        pytest.param({"pack": "eu"}, 8, "DN_VERBAL_LAPSED", id="C-188 the shorter of the two laws' days"),
        pytest.param({"pack": "mars"}, 2, "DN_PACK", id="C-187 to a place whose law the hub does not know"),
    ],
)
def test_between_two_laws_the_stricter_of_each_word_holds(
    network: Network, there: dict[str, str], days: int, code: str
) -> None:
    network.put(replace(network.directory().agencies["lakeside"], **there))
    client(network)
    row(network, **{**SPOKEN, "captured_at": f"{network.clock.now() - timedelta(days=days):%Y-%m-%d %H:%M:%S}"})

    ask(network)

    assert network.codes() == {code: 1}
    assert inbox(network) == (["referral"] if code == "OK_CONSENT" else [])
