"""What comes after an override: who looks at it, until when, and with which outcome (consent rules 3.6 and 3.7). Pure.

A mandatory report is looked at for its form alone: nobody second-guesses a suspicion, so its only outcome is SEEN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from consent.business_days import after
from consent.model import PackFacts
from consent.model.declared import Declaration, Hand
from consent.model.reviewed import Outcome, Part, Review
from consent.model.words import Code, Role

ESCALATES = (timedelta(days=1), timedelta(days=3), timedelta(days=7))  # [D] officer, executive director, governance
TOLD_TO = ("privacy officer", "executive director", "hub governance")
RECHECK_MAX = timedelta(days=30)  # consent rules 3.7
_ELAPSED = timedelta(hours=24)  # [D] self-review, a supervisor's look, and whatever waited for an outage to end
_BUSINESS_DAYS: Mapping[str, int] = {
    "must": 1,
    "imminent": 3,
    "calm": 5,
    "notice": 2,
    "breach": 5,
}  # [D], breach [policy]
_OUTCOMES: Mapping[Part, tuple[Outcome, ...]] = {
    Part.SELF: (Outcome.DONE,),
    Part.SUPERVISOR: (Outcome.UPHELD, Outcome.UPHELD_EXCESS, Outcome.NOT_JUSTIFIED, Outcome.MISUSE),
    Part.OFFICER: (Outcome.UPHELD, Outcome.UPHELD_EXCESS, Outcome.NOT_JUSTIFIED, Outcome.MISUSE),
    Part.NOTICE: (Outcome.GIVEN, Outcome.WITHHELD),
    Part.BREACH: (Outcome.NO_BREACH, Outcome.INCIDENT),
}
_OPENS_BREACH = (Outcome.UPHELD_EXCESS, Outcome.NOT_JUSTIFIED, Outcome.MISUSE)


def reviews_of(
    declared: Declaration,
    kind: Literal["may", "must", "scheme"],
    pack: PackFacts,
    *,
    recovered_at: datetime | None = None,
) -> tuple[Review, ...]:
    """What is due once an override was used.

    Args:
        kind: of its reason code.
        recovered_at: it went while registry or log were down, and they came back then.
    """
    return tuple(_due(declared, kind, pack, recovered_at))


def _due(declared: Declaration, kind: str, pack: PackFacts, recovered_at: datetime | None) -> Iterator[Review]:
    at, number = declared.declared_at, declared.override_id

    def business(what: str) -> datetime:
        return after(at, _BUSINESS_DAYS[what], zone=pack.zone, holidays=pack.holidays)

    officer_by = recovered_at + _ELAPSED if recovered_at else None
    if kind == "must":
        yield Review(number, Part.OFFICER, officer_by or business("must"))
        return
    yield Review(number, Part.SELF, at + _ELAPSED, worker=declared.worker)
    if declared.imminent:
        yield Review(number, Part.SUPERVISOR, at + _ELAPSED)
    yield Review(number, Part.OFFICER, officer_by or business("imminent" if declared.imminent else "calm"))
    if declared.notice != "told-before":
        yield Review(number, Part.NOTICE, business("notice"))


def outcomes(part: Part, kind: str) -> tuple[Outcome, ...]:
    """How this part of a review may end."""
    return (Outcome.SEEN,) if part is Part.OFFICER and kind == "must" else _OUTCOMES[part]


def breach_of(review: Review, outcome: Outcome, at: datetime, pack: PackFacts) -> Review | None:
    """The assessment that an outcome of the officer opens, or None."""
    if review.part is not Part.OFFICER or outcome not in _OPENS_BREACH:
        return None
    due_at = after(at, _BUSINESS_DAYS["breach"], zone=pack.zone, holidays=pack.holidays)
    return Review(review.override_id, Part.BREACH, due_at)


def barred(declared: Declaration, part: Part, hand: Hand, *, related: bool) -> Code | None:
    """Why somebody may not do this part, or None (consent rules 3.1, 3.6).

    Nobody reviews themself, nor what they approved, nor what concerns somebody near to them.
    """
    if part is Part.SELF:
        return None if hand.worker == declared.worker else Code.OX_ROLE
    supervises = hand.role in (Role.SUPERVISOR, Role.ON_CALL_MANAGER)
    fits = supervises if part is Part.SUPERVISOR else hand.role is Role.PRIVACY_OFFICER
    if not fits:
        return Code.OX_ROLE
    own = hand.worker in (declared.worker, declared.approver) and part is not Part.NOTICE
    return Code.OX_CONFLICT_OF_INTEREST if own or related else None


def lateness(review: Review, at: datetime) -> int:
    """How many steps of escalation have been reached: 0, it is not late by a day yet, to 3."""
    due_at = review.recheck_at or review.due_at
    done = review.done_at is not None and review.outcome is not Outcome.WITHHELD
    return 0 if done else sum(at >= due_at + step for step in ESCALATES)


def is_overdue(review: Review, at: datetime) -> bool:
    """Whether its time is over and it is not done; of a withheld notice, the day to look again has come."""
    if review.recheck_at is not None and review.outcome is Outcome.WITHHELD:
        return at >= review.recheck_at
    return review.done_at is None and at >= review.due_at
