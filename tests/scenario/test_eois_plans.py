"""What a CaMS site shares of its plans, through the gate: the plan, how it ended, its follow-ups; and what comes to it.

Harbour has a CMS and refers a client to Maple, which has CaMS. All people are invented. Program systems 3.6 to 3.9,
9.5; settled S3, S5, S8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from consent.model.words import Category, Purpose
from tests import cms_builder as cms
from tests import eois_builder as eois
from tests.eois_network import Mixed, allow, consent_row, make_mixed
from tests.network import AGREED, agreement

ALL = "IDENT CONTACT NEEDS LANG EMPLOY EDUC INCOME HOUSING SERVICE_STATUS PLAN HEALTH_MENTAL"
LATER = "2026-10-03T10:15:00-04:00"
FOLLOWED = (
    '<FollowUp month="0" date="2026-07-02" status="Scheduled"/>'
    '<FollowUp month="3" date="2026-10-02" status="Completed" outcome="In training"/>'
)


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Mixed]:
    """The network; both agencies have also agreed on plans and follow-ups."""
    made = make_mixed(tmp_path)
    base = agreement(made.network.clock.now() - timedelta(days=300))
    both = replace(
        base,
        agreement_id="shared",
        parties=("harbour", "maple"),
        purposes=(Purpose.COORDINATION, Purpose.FOLLOW_UP),
        categories=tuple(Category(word) for word in dict.fromkeys(f"{AGREED} {ALL}".split())),
        events=("plan-shared", "review-done"),
    )
    status = replace(
        base,
        agreement_id="harbour-maple",
        parties=("harbour", "maple"),
        categories=tuple(Category(word) for word in dict.fromkeys(f"{AGREED} EMPLOY".split())),
    )
    made.network.put(both, status)
    yield made
    assert made.network.verifies()
    made.network.hub.close()


def referred(mixed: Mixed, categories: str = ALL) -> int:
    """A client of Harbour whom both agencies know by their CaMS reference, referred to Maple; their number."""
    db = mixed.network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client, type="CAMS_PERSON", value=eois.REFERENCE)
    cms.add_consent(db, client, "maple")
    cms.add_consent(db, client, "maple", purposes="COORDINATION FOLLOW_UP", categories=categories)
    cms.add_referral(db, client, "maple", "employment")
    db.close()
    purposes = ("REFERRAL", "COORDINATION", "FOLLOW_UP")
    allow(mixed, *(consent_row(consent_id=f"M-{name}", purposes=name, categories=categories) for name in purposes))
    mixed.run()
    return client


def test_a_plan_goes_to_the_agency_of_the_receiving_site_and_the_package_is_answered_s8(mixed: Mixed) -> None:
    referred(mixed)

    name = mixed.site.hand_in(eois.shared(receiver=eois.OTHER_SDS))
    mixed.run()

    (row,) = mixed.network.inbox("harbour", "plan")
    (goal,) = row["payload"]["goal"]
    assert goal["goal_description"] == "Job Search"
    assert [each["action_description"] for each in goal["action"]] == ["career development"]
    assert [each["deadline"] for each in goal["action"]] == ["2026-07-30"]
    assert mixed.site.result_of(name) == ("Accepted", [])


def test_a_plan_for_another_site_does_not_come_here(mixed: Mixed) -> None:
    referred(mixed)

    name = mixed.site.hand_in(eois.shared(receiver="9999Z"))
    mixed.run()

    assert mixed.network.inbox("harbour", "plan") == []
    assert mixed.site.result_of(name) == ("AcceptedWithWarnings", [("W01", "/CaseReferralPackage")])


def test_without_a_consent_for_it_the_plan_waits_and_the_site_is_told(mixed: Mixed) -> None:
    referred(mixed, "IDENT CONTACT SERVICE_STATUS")

    name = mixed.site.hand_in(eois.shared())
    mixed.run()

    assert mixed.network.inbox("harbour", "plan") == []
    assert mixed.site.result_of(name) == ("AcceptedWithWarnings", [("DN_REQUIRED_BLOCKED", "/CaseReferralPackage")])


def test_a_follow_up_and_the_end_of_a_closed_plan_come_back_to_who_referred_case_52(mixed: Mixed) -> None:
    referred(mixed)

    closure = '<Closure reason="Found Employment" satisfaction="4 - Recommended" outcome="Employed Part-Time"/>'
    name = mixed.site.hand_in(eois.shared(plan=eois.closed(closure, follow_ups=FOLLOWED), created=LATER))
    mixed.run()

    (ended,) = mixed.network.inbox("harbour", "exit")
    assert (ended["payload"]["closure_reason"], ended["payload"]["closed_on"]) == ("EMPLOYED", LATER[:10])
    (made,) = mixed.network.inbox("harbour", "follow-up")
    followed = made["payload"]
    assert (followed["month"], followed["done_on"], followed["situation"]) == (3, "2026-10-02", "TRAINING")
    assert mixed.site.result_of(name) == ("Accepted", [])


def test_15d_tells_the_end_of_a_plan_and_its_follow_up_once_whatever_the_week(mixed: Mixed) -> None:
    referred(mixed)

    mixed.site.week()
    mixed.run()
    first = len(mixed.network.inbox("harbour", "exit"))
    mixed.network.clock.advance(timedelta(days=7))
    mixed.site.week(day=date(2026, 6, 8))
    mixed.run()

    assert first == 1
    assert len(mixed.network.inbox("harbour", "exit")) == 1
    assert mixed.site.lines_of("15D_3898A_20260608.csv")[0] == ("2", "OK")


def test_a_row_of_somebody_whom_no_reference_ever_named_with_a_birth_date_is_answered_and_not_guessed_s5(
    mixed: Mixed,
) -> None:
    referred(mixed)

    mixed.site.report("15B", {"Client Reference": "7654321"})
    mixed.site.report("15D", {})
    mixed.run()

    assert mixed.network.inbox("harbour", "exit") == []
    assert {code for _, code in mixed.site.lines_of("15D_3898A_20260601.csv")} == {"W01"}


def test_a_plan_of_a_cms_is_a_package_and_a_worksheet_of_the_screens(mixed: Mixed) -> None:
    client = referred(mixed)
    before = set(mixed.site.received())

    db = mixed.network.db("harbour")
    cms.add_plan(db, client)
    db.close()
    mixed.run()

    (path,) = set(mixed.site.received()) - before
    plan = eois.read(path).find("ServicePlan")
    assert plan is not None
    assert (plan.get("program"), plan.get("status")) == ("To be chosen", "Active")
    assert [each.get("name") for each in plan.findall("SubGoal")] == ["Work in a bakery", "A shop of her own"]
    assert "Work in a bakery" in path.with_suffix(".html").read_text(encoding="utf-8")
    assert eois.read(path).find("Referral") is None


def test_an_exit_of_a_cms_is_a_closure_with_the_number_of_the_sites_own_referral(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    mixed.site.hand_in(eois.package())
    mixed.run()
    (sent,) = mixed.network.inbox("harbour", "referral")
    db = mixed.network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client, type="CAMS_PERSON", value=eois.REFERENCE)
    cms.add_consent(db, client, "maple")
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=client)
    cms.close_case(db, client)
    db.close()
    mixed.run()

    roots = [eois.read(path) for path in mixed.site.received()]
    (ended,) = [root for root in roots if root.find("ServicePlan/Closure") is not None]
    said, closure = ended.find("Referral"), ended.find("ServicePlan/Closure")
    assert said is not None
    assert closure is not None
    assert (said.get("number"), said.get("state"), closure.get("reason")) == ("R-1", "accepted", "Found Employment")


def test_a_follow_up_of_a_cms_is_a_package_and_a_worksheet(mixed: Mixed) -> None:
    client = referred(mixed)
    before = set(mixed.site.received())

    db = mixed.network.db("harbour")
    cms.add_follow_up(db, client, situation="EMPLOYED_PT")
    db.close()
    mixed.run()

    (path,) = set(mixed.site.received()) - before
    made = eois.read(path).find("ServicePlan/FollowUp")
    assert made is not None
    assert (made.get("month"), made.get("status"), made.get("outcome")) == ("3", "Completed", "Employed Part-Time")
    assert "Employed Part-Time" in path.with_suffix(".html").read_text(encoding="utf-8")
