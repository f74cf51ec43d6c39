"""Rows C-40 to C-43 of consent rules 2: calls at 3, 6 and 12 months, by the profile that is packaged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consent.decide import decide
from consent.model import Facts, Item
from consent.model.words import Category, Purpose
from consent.packs import PACKAGED, load_packs
from tests.builders import BASELINE, C, agreed, consent, directive, holding, item, items, known, saying, ticked

MONTH_12 = datetime(2026, 6, 1, 4, tzinfo=UTC)  # a year after the case was closed
CONTACT = item(C.CONTACT, 1)
REVIEW = item(C.SERVICE_STATUS, 9, essential=True)
TICKED = (C.CONTACT, C.SERVICE_STATUS, C.EMPLOY, C.EDUC)
K = consent(purposes=(Purpose.FOLLOW_UP,), expires_at=MONTH_12, categories=ticked(*TICKED))


def asks(*sent: Item, at: datetime = MONTH_12 - timedelta(days=180), **change: object) -> Facts:
    """A follow-up of a case that was closed six months ago; the client said yes to follow-ups until month 12."""
    facts = agreed(C.EDUC, facts=holding(K), purposes=(Purpose.FOLLOW_UP,), events=("review-done", "review-due"))
    said = {"type": "FollowUp", "event": "review-done", "purpose": Purpose.FOLLOW_UP, "case_closed": True}
    facts = saying(facts, items=sent or (CONTACT,), **{**said, **change})
    return replace(facts, at=at, profile=load_packs(PACKAGED).profile("FollowUp"))


NO_CONTACT = holding(replace(K, categories=ticked(C.SERVICE_STATUS)), facts=asks(CONTACT, REVIEW))


@pytest.mark.parametrize(
    ("facts", "outcome", "codes"),
    [
        pytest.param(asks(), "PERMIT", "OK_CONSENT", id="C-41 six months after the closure, CONTACT alone"),
        pytest.param(asks(CONTACT, REVIEW), "PERMIT", "OK_CONSENT", id="C-40 the closed case does not stop it"),
        pytest.param(asks(event="review-due"), "PERMIT", "OK_CONSENT", id="C-41 the reminder as its answer"),
        pytest.param(
            asks(CONTACT, REVIEW, item(C.EMPLOY, 5)), "PERMIT", "OK_CONSENT", id="C-42 S3 how work goes may be asked"
        ),
        pytest.param(
            asks(CONTACT, REVIEW, item(C.EDUC, 5)),
            "PERMIT_REDACTED",
            "OK_CONSENT RD_PURPOSE_MIN",
            id="C-42 what is not in the follow-up profile stays",
        ),
        pytest.param(asks(at=MONTH_12 + timedelta(days=30)), "DENY", "DN_EXPIRED", id="C-43 at month 13"),
        pytest.param(asks(at=MONTH_12), "DENY", "DN_EXPIRED", id="C-43 over at the instant that it expires"),
        pytest.param(
            asks(at=MONTH_12 - timedelta(seconds=1)), "PERMIT", "OK_CONSENT", id="C-43 and in force until then"
        ),
        pytest.param(NO_CONTACT, "DENY", "DN_REQUIRED_BLOCKED RD_CATEGORY", id="CONTACT is required and not ticked"),
        pytest.param(
            holding(consent(), facts=asks()),
            "DENY",
            "DN_PURPOSE",
            id="a consent to the referral is none to a follow-up",
        ),
        pytest.param(
            saying(BASELINE, type="FollowUp", event="review-done"), "DENY", "DN_SCHEMA", id="a type without its profile"
        ),
        pytest.param(
            known(asks(), directives=(directive(),)), "DENY", "DN_DIRECTIVE", id="a directive stops a follow-up too"
        ),
        pytest.param(known(asks(), deceased=True), "DENY", "DN_DECEASED", id="case 61 the client has died"),
        pytest.param(
            asks(*items(C.IDENT, C.SERVICE_STATUS)),
            "PERMIT_REDACTED",
            "OK_CONSENT RD_CATEGORY",
            id="without IDENT the recipient knows the client by its own alias",
        ),
        pytest.param(
            holding(replace(K, categories=ticked(C.CONTACT, C.EMPLOY)), facts=asks(CONTACT, REVIEW, item(C.EMPLOY, 5))),
            "DENY",
            "DN_REQUIRED_BLOCKED RD_CATEGORY",
            id="the review itself is what it is for",
        ),
    ],
)
def test_decision(facts: Facts, outcome: str, codes: str) -> None:
    decision = decide(facts)

    assert decision.outcome == outcome
    assert " ".join(decision.codes) == codes


def test_what_a_follow_up_may_hold_is_the_closed_list_of_2_6_and_s3() -> None:
    profile = load_packs(PACKAGED).profile("FollowUp")

    assert profile is not None
    assert profile.required == (Category.CONTACT,)
    assert set(profile.optional) == {Category.IDENT, Category.LANG, Category.SERVICE_STATUS, Category.EMPLOY}
