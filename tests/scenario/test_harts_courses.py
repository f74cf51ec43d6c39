"""A learner's way at a HARTS site, as those who referred them hear of it: list, enrolment, attendance, exit."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from adapters.harts import dat
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.mixed import Both, allow, answer, consent_row, refer_to_maple


@pytest.fixture
def asked(both: Both) -> Mapping[str, str]:
    """The RF of a referral that Maple has received, with a consent that lets results go back."""
    refer_to_maple(both)
    both.run()
    (found,) = both.lines("RF")
    allow(both, consent_row(identifier_type="LOCAL_KEY", identifier_value=found["local_key"]))
    return found


def hand_in(both: Both, asked: Mapping[str, str], *lines: dat.Draft, courses: bool = False) -> list[tuple[str, str]]:
    """Maple's file about that client; record and code of each line but CL and CO."""
    told = [harts.course()] if courses else []
    name = both.site.hand_in(harts.client(*lines, local_key=asked["local_key"]), courses=told)
    both.run()
    return [(record, code) for record, _, code in both.told(name) if record not in ("CL", "CO")]


def state(both: Both) -> str:
    with both.network.hub.store.peek() as rows:
        (referral,) = rows.referrals.every(9)
    return referral.state


def test_an_enrolment_begins_the_service_and_an_exit_completes_it_t14_t15(both: Both, asked: Mapping[str, str]) -> None:
    begun = hand_in(both, asked, harts.enrolment(ref_no=asked["ref_no"]), harts.attendance(), courses=True)
    after_enrolment = state(both)
    left = hand_in(both, asked, harts.exit_())

    assert (begun, left) == ([("EN", ""), ("AT", "")], [("EX", "")])
    assert (after_enrolment, state(both)) == ("in-service", "completed")
    (row,) = both.network.inbox("harbour", "exit")
    assert (row["payload"]["closure_reason"], row["payload"]["closed_on"]) == ("ACHIEVED", "2026-11-20")
    assert row["payload"]["referral_id"] == 1
    assert both.network.verifies()


@pytest.mark.parametrize(
    ("changes", "reason", "ends"),
    [
        pytest.param({"reason": "01"}, "EMPLOYED", "not-completed", id="left for a job"),
        pytest.param({"reason": "02"}, "EDUCATION", "not-completed", id="left for school"),
        pytest.param({"reason": "10"}, "NO_CONTACT", "not-completed", id="poor attendance is no contact in a CMS"),
        pytest.param({}, None, "not-completed", id="no reason, which a CMS has no word for"),
    ],
)
def test_who_leaves_early_has_not_completed_t23(
    both: Both, asked: Mapping[str, str], changes: dict[str, str], reason: str | None, ends: str
) -> None:
    hand_in(both, asked, harts.enrolment(ref_no=asked["ref_no"]), courses=True)

    hand_in(both, asked, harts.exit_(status="E", cert="0", cert_l="", cert_s="", **changes))

    (row,) = both.network.inbox("harbour", "exit")
    assert (row["payload"].get("closure_reason"), state(both)) == (reason, ends)


def test_a_promotion_keeps_the_service_going(both: Both, asked: Mapping[str, str]) -> None:
    hand_in(both, asked, harts.enrolment(ref_no=asked["ref_no"]), courses=True)
    both.site.hand_in(courses=[harts.course(course="LINC-6", l_from="06", l_to="07")])
    both.run()

    next_one = harts.enrolment(course="LINC-6", first_class="2026-11-23", l="06", ref_no=asked["ref_no"])
    told = hand_in(both, asked, harts.exit_(status="P"), next_one)

    assert told == [("EX", ""), ("EN", "")]
    assert state(both) == "in-service"
    (row,) = both.network.inbox("harbour", "exit")
    assert "closure_reason" not in row["payload"], "a CMS has no word for it"


def test_an_exit_that_is_corrected_is_told_again_and_moves_nothing(both: Both, asked: Mapping[str, str]) -> None:
    hand_in(both, asked, harts.enrolment(ref_no=asked["ref_no"]), harts.exit_(), courses=True)

    told = hand_in(both, asked, harts.exit_(action="U", status="E", reason="01", cert="0", cert_l="", cert_s=""))

    assert told == [("EX", "")]
    assert state(both) == "completed"
    assert [row["payload"]["closure_reason"] for row in both.network.inbox("harbour", "exit")] == [
        "ACHIEVED", "EMPLOYED",
    ]  # fmt: skip


def test_an_enrolment_that_names_no_referral_is_about_the_only_open_one(both: Both, asked: Mapping[str, str]) -> None:
    told = hand_in(both, asked, harts.enrolment(), courses=True)

    assert (told, state(both)) == ([("EN", "")], "in-service")


def test_an_enrolment_of_a_client_with_two_open_referrals_waits_w01(both: Both, asked: Mapping[str, str]) -> None:
    cms.add_referral(both.network.db("harbour"), 1, "maple", "language-assessment")
    both.run()

    assert hand_in(both, asked, harts.enrolment(), courses=True) == [("EN", "W01")]


def test_an_enrolment_under_a_number_that_maple_never_got_is_an_error(both: Both, asked: Mapping[str, str]) -> None:
    told = hand_in(both, asked, harts.enrolment(ref_no="AAAABBBBCCCC"), courses=True)

    assert told == [("EN", "DN_SCHEMA")]
    assert state(both) == "requested"


def test_a_learner_whom_nobody_referred_through_the_hub_waits_w01_and_nobody_is_told(both: Both) -> None:
    name = both.site.hand_in(harts.client(harts.enrolment(), harts.attendance()), courses=[harts.course()])
    both.run()

    assert both.told(name)[1:] == [("CL", "WARN", "W01"), ("EN", "WARN", "W01"), ("AT", "WARN", "W01")]
    assert both.network.states() == {}


def test_a_place_on_a_list_waitlists_the_only_open_referral_and_an_accepted_offer_ends_the_wait_case_43(
    both: Both, asked: Mapping[str, str]
) -> None:
    listed = hand_in(both, asked, harts.listing(), courses=True)
    waits = state(both)
    offered = hand_in(both, asked, harts.listing(action="U", offered_on="2026-06-01", offer_result="A"))

    assert (listed, offered) == ([("WL", "")], [("WL", "")])
    assert (waits, state(both)) == ("waitlisted", "awaiting-booking")
    assert [row["payload"]["status"] for row in both.network.inbox("harbour", "referral-status")] == [
        "WAITLISTED", "ACCEPTED",
    ]  # fmt: skip


def test_a_list_goes_with_the_answer_of_its_referral(both: Both, asked: Mapping[str, str]) -> None:
    told = hand_in(both, asked, answer(asked, "W"), harts.listing(), courses=True)

    assert (told, state(both)) == ([("RF", ""), ("WL", "")], "waitlisted")
    assert len(both.network.inbox("harbour", "referral-status")) == 1


def test_a_learner_who_is_accepted_in_one_school_and_never_comes_is_a_no_show_case_43(
    both: Both, asked: Mapping[str, str]
) -> None:
    hand_in(both, asked, answer(asked, "A"), harts.listing(offered_on="2026-05-20", offer_result="A"), courses=True)

    assert hand_in(both, asked, answer(asked, "N")) == [("RF", "")]
    assert state(both) == "no-show"


def test_levels_of_an_enrolment_stay_behind_without_a_consent_and_the_service_is_told(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (asked,) = both.lines("RF")

    told = hand_in(both, asked, harts.enrolment(ref_no=asked["ref_no"]), courses=True)

    assert (told, state(both)) == ([("EN", "")], "in-service")
    assert not any("language" in row["payload"] for row in both.network.inbox("harbour"))
    (row,) = both.network.inbox("harbour", "service")
    assert row["payload"]["service_wanted"] == "language-training"
    assert row["payload"].keys() >= {"referral_id", "course", "support"}


def test_an_enrolment_that_was_entered_in_error_is_told_as_a_wrong_record(both: Both, asked: Mapping[str, str]) -> None:
    hand_in(both, asked, harts.enrolment(ref_no=asked["ref_no"]), courses=True)

    told = hand_in(both, asked, harts.enrolment(action="D"))

    assert told == [("EN", "")]
    assert [row["payload"]["closure_reason"] for row in both.network.inbox("harbour", "exit")] == ["VOID"]
