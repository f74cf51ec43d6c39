"""What does a declared override lack? The tests of consent rules 3, one by one (OX_*). Pure.

Of several the first in the order of consent rules 2.2 is the answer (settled S26). A mandatory report is asked for
little: that somebody who may formed the suspicion, on the grounds of the law, towards who may receive it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from consent.model import Facts
from consent.model.declared import Override, Terms
from consent.model.words import Category, Code, Role
from consent.standing import standing

NEVER_NARROWED = frozenset((Category.IDENT, Category.RISK, Category.CHILD_PROT))  # without them nothing is told
_MAY_DECLARE = (Role.WORKER, Role.SUPERVISOR, Role.ON_CALL_MANAGER)
MAY_APPROVE = (Role.SUPERVISOR, Role.ON_CALL_MANAGER, Role.PRIVACY_OFFICER)


@dataclass(frozen=True, slots=True)
class _Case:
    facts: Facts
    override: Override
    terms: Terms

    @property
    def must(self) -> bool:
        """Whether it is a mandatory report."""
        return self.terms.kind == "must"


def defect(facts: Facts, override: Override) -> Code | None:
    """What it lacks first, or None: it is complete."""
    if override.terms is None:
        return Code.OX_CONTENT  # no such reason code (C-160)
    case = _Case(facts, override, override.terms)
    return next((code for code, lacks in _CHECKS.items() if lacks(case)), None)


def _role(case: _Case) -> bool:
    """3.1: the duty to report is anybody's who formed the suspicion, save a system's; the rest is not a volunteer's,
    and not the privacy officer's, who reviews it.
    """
    role = case.override.invoker.role
    return role is Role.OPERATOR if case.must else role not in _MAY_DECLARE


def _threshold(case: _Case) -> bool:
    """3.2: each limb of the test is attested, with its fact; and of a child's report, that it is about a child."""
    met = attested(case.override)
    against_a_no = case.terms.limbs_against_a_no if standing(case.facts) else ()
    return grown(case.facts, case.override) or not met.issuperset((*case.terms.limbs, *against_a_no))


def attested(override: Override) -> set[str]:
    """The limbs that are so, with the fact; one that is said twice is so where both say it."""
    not_so = {limb.id for limb in override.limbs if not (limb.attested and limb.told)}
    return {limb.id for limb in override.limbs} - not_so


def grown(facts: Facts, override: Override) -> bool:
    """Whether what only protects children is declared about somebody who is known to be 18 or older."""
    turns_16 = override.child_turns_16_on
    if override.terms is None or not override.terms.child or turns_16 is None:
        return False
    today = local_day(facts)
    return (turns_16.year + 2, turns_16.month, turns_16.day) <= (today.year, today.month, today.day)


def local_day(facts: Facts) -> date:
    """The day it is at the sender."""
    return facts.at.astimezone(ZoneInfo(facts.pack.zone)).date()


def _content(case: _Case) -> bool:
    """3.5: own words that say what was seen; which danger; what the client was asked and is told.

    A mandatory report is asked for no words: none of them could stop it.
    """
    told, pack = case.override, case.facts.pack
    canned = told.narrative < pack.narrative_min or told.repeats > pack.repeats_max
    unsaid = not 0 < told.told <= pack.told_max
    no_danger = case.terms.answer is None and not case.facts.message.risk_flags
    kept_back = not NEVER_NARROWED.isdisjoint(told.narrowed)
    return no_danger or (not case.must and (canned or unsaid or kept_back or not told.safeguards))


def _recipient(case: _Case) -> bool:
    """3.3: only who can reduce the danger; and it was declared for this one, about this person."""
    facts, override, bodies = case.facts, case.override, case.terms.bodies
    other = override.recipient != facts.recipient.agency or override.subject != facts.message.subject
    outside = case.terms.kind == "scheme" and facts.sender.body not in bodies
    return other or outside or facts.recipient.body not in bodies


def _expired(case: _Case) -> bool:
    """3.5: elapsed time (I-06), of a mandatory report not (settled S28); and any ends with its cause."""
    at, override = case.facts.at, case.override
    over = at - override.declared_at > timedelta(seconds=case.facts.pack.grant_s)
    return (over and not case.must) or (override.ended_at is not None and override.ended_at <= at)


def _reused(case: _Case) -> bool:
    """3.5: for one message. A mandatory report may be sent again (settled S28)."""
    return case.override.used and not case.must


def _backdated(case: _Case) -> bool:
    """3.5: what was disclosed already is an incident, and no override."""
    declared, covers = case.override.declared_at, case.override.covers_at
    return declared > case.facts.at or (covers is not None and covers <= declared and not case.must)


def _second_person(case: _Case) -> bool:
    """3.6: somebody else approves; where danger is imminent and nobody was reached, the attempts stand for it."""
    second, invoker = case.override.approver, case.override.invoker
    if case.terms.kind != "may":
        return False
    if second is None:
        return not (case.override.imminent and case.override.attempts)
    return second.role not in MAY_APPROVE or invoker.worker in (second.worker, second.reports_to)


def _conflict(case: _Case) -> bool:
    """3.8: not about one's own people; a child report is anybody's duty."""
    return case.override.related and not case.terms.child


def _suspended(case: _Case) -> bool:
    """3.6: who does not review what they did declares no more, save where danger is imminent."""
    late = case.override.overdue > case.facts.pack.overdue_max
    return case.terms.kind == "may" and late and not case.override.imminent


_CHECKS: Mapping[Code, Callable[[_Case], bool]] = {  # in the order of consent rules 2.2
    Code.OX_ROLE: _role,
    Code.OX_THRESHOLD: _threshold,
    Code.OX_CONTENT: _content,
    Code.OX_RECIPIENT: _recipient,
    Code.OX_EXPIRED: _expired,
    Code.OX_REUSED: _reused,
    Code.OX_BACKDATED: _backdated,
    Code.OX_SECOND_PERSON: _second_person,
    Code.OX_CONFLICT_OF_INTEREST: _conflict,
    Code.OX_SUSPENDED: _suspended,
}
