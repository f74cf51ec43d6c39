"""A duty of care: when may a message go although the client has not agreed? Consent rules 3; stages P-3 and P-11. Pure.

An override is declared for one subject, one recipient and one message, by somebody who answers for it. It changes what
is answered once, and no consent. Whether it is complete: ``declaration.py``.

- P-3: a mandatory report, and an exchange under a statute, pass before consent, agreement and second person are asked.
- P-11: what P-5 to P-10 refused passes to who can help, with the least that the reason code needs. Without a declared
  override an asserted risk is offered one (NEEDS_OVERRIDE), and an ordinary refusal never is.
- What P-1 bars stays barred; of a mandatory report the barred part is taken out (settled S27).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from consent.declaration import NEVER_NARROWED, defect, local_day
from consent.items import is_foreign
from consent.model import Decision, Facts, Item, Withheld
from consent.model.declared import Override, Terms
from consent.model.words import Category, Code, Outcome, Risk, SafetyFlag

_OPENED = ("P-5", "P-6", "P-7", "P-8", "P-9", "P-10")  # the stages whose answer yields to a duty of care
_OFFER: Mapping[Risk, Code] = {
    Risk.CHILD_ABUSE: Code.NO_CHILD,
    Risk.SELF_HARM: Code.NO_SELF_HARM,
    Risk.HARM_OTHERS: Code.NO_HARM_OTHERS,
    Risk.NOT_FULLY_CONSCIOUS: Code.NO_UNCONSCIOUS,
    Risk.RESIDENT_ABUSE: Code.NO_STATUTORY,
}
_USED: Mapping[Risk, Code] = {
    Risk.CHILD_ABUSE: Code.OV_CHILD,
    Risk.SELF_HARM: Code.OV_SELF_HARM,
    Risk.HARM_OTHERS: Code.OV_HARM_OTHERS,
    Risk.NOT_FULLY_CONSCIOUS: Code.OV_UNCONSCIOUS,
    Risk.RESIDENT_ABUSE: Code.OV_STATUTORY,
}
_TELLS_THE_RISK = (Category.RISK, Category.CHILD_PROT)


def is_mandatory(facts: Facts) -> bool:
    """Whether this is a mandatory report with all that it needs: no coding mistake, no unknown identity, no missing
    agreement and no outage blocks it (2.3, tie rules).
    """
    override = facts.override
    return override is not None and _kind(override) == "must" and defect(facts, override) is None


def spares_outages(facts: Facts) -> bool:
    """Whether it goes although registry or log are down: a mandatory report, or imminent danger (C-182, C-190)."""
    override = facts.override
    return (override is not None and override.imminent and defect(facts, override) is None) or is_mandatory(facts)


def statutory(facts: Facts) -> Decision | None:
    """P-3. Is this a mandatory report, or an exchange under a statute? Then nobody else is asked."""
    override = facts.override
    if override is None or override.terms is None or _kind(override) == "may" or defect(facts, override) is not None:
        return None
    decision = _least(facts, override, _by_age(facts, override, override.terms), "P-3")
    return decision if decision.withheld else replace(decision, outcome=Outcome.PERMIT)


def weigh(facts: Facts, decision: Decision) -> Decision:
    """P-11. Does a duty of care change this answer?"""
    override, flags = facts.override, facts.message.risk_flags
    if override is not None:
        return _overridden(facts, override, decision)
    stands = decision.permits and not _strips_the_risk(decision)
    if not flags or stands or decision.stage not in _OPENED:
        return decision
    offer = next(_OFFER[risk] for risk in Risk if risk in flags)
    return Decision(Outcome.NEEDS_OVERRIDE, "P-11", (offer, *decision.codes), decision.basis)


def _overridden(facts: Facts, override: Override, decision: Decision) -> Decision:
    lacks = defect(facts, override)
    if decision.stage == "P-1":  # a mandatory report would pass here: it is told what it lacks
        why = lacks if lacks and _kind(override) == "must" else Code.OX_NOT_OVERRIDABLE
        return Decision.deny("P-1", why, *decision.codes, basis=decision.basis)
    if decision.stage not in _OPENED:
        return decision
    if decision.permits and not _strips_the_risk(decision):  # C-168: told to the privacy officer
        return replace(decision, codes=(*decision.codes, Code.OX_NOT_NEEDED))
    if lacks is not None:
        return Decision.deny("P-11", lacks, *decision.codes, basis=decision.basis)
    assert override.terms is not None, "without terms it has a defect"
    return _least(facts, override, override.terms, "P-11")


def _kind(override: Override) -> str:
    return override.terms.kind if override.terms else ""


def _by_age(facts: Facts, override: Override, terms: Terms) -> Terms:
    """The terms by the child's age: of one of 16 or 17 a report is no duty, and goes all the same (C-143)."""
    turns_16 = override.child_turns_16_on
    older = turns_16 is not None and turns_16 <= local_day(facts)
    return override.from_16 if override.from_16 and older else terms


def _strips_the_risk(decision: Decision) -> bool:
    return any(answer.category in _TELLS_THE_RISK for answer in decision.withheld)


def _least(facts: Facts, override: Override, terms: Terms, stage: str) -> Decision:
    """It goes, with the least that its reason code needs (3.4)."""
    judged = [(item, _kept_back(item, facts, override, terms)) for item in facts.message.items]
    withheld = tuple([Withheld(item.path, item.category, code, marked=False) for item, code in judged if code])
    answer = terms.answer or next(_USED[risk] for risk in Risk if risk in facts.message.risk_flags)
    codes = (answer, *dict.fromkeys(answer.code for answer in withheld))
    return Decision(Outcome.PERMIT_REDACTED, stage, codes, (f"override:{override.override_id}",), withheld)


def _kept_back(item: Item, facts: Facts, override: Override, terms: Terms) -> Code | None:
    """Why an item stays behind, or None: it goes."""
    category = Category.LOCATION if _is_address(item) else item.category
    of_another = item.subject != facts.message.subject and not terms.child  # a child's report names who cares for it
    narrowed = frozenset(override.narrowed) - NEVER_NARROWED  # of a mandatory report; else it is refused
    reasons = (
        (item.third_party or item.mentioned, Code.RD_THIRD_PARTY),  # whoever told it (3.4)
        (item.category is Category.JUSTICE_YOUTH, Code.RD_YOUTH_JUSTICE),
        (item.shelter or (category is Category.LOCATION and _is_protected(facts)), Code.RD_LOCATION),
        (item.privileged, Code.RD_PURPOSE_MIN),
        (of_another, Code.RD_SUBJECT),
        (category not in terms.profile or not narrowed.isdisjoint((category, item.category)), Code.RD_PURPOSE_MIN),
        # what one prescribed body got from another it may pass on to a third (C-139)
        (terms.kind != "scheme" and is_foreign(item, facts), Code.RD_LINEAGE),
        (item.confidentiality == "V", Code.RD_SENSITIVE),
    )
    return next((code for bites, code in reasons if bites), None)


def _is_address(item: Item) -> bool:
    """Whether it is where somebody lives: with a channel it is contact, and here it is a place (3.4, settled S27)."""
    return ".address" in item.path


def _is_protected(facts: Facts) -> bool:
    known = facts.subjects.get(facts.message.subject or "")
    return facts.sender.lane == "womens" or (known is not None and SafetyFlag.PROTECTED_LOCATION in known.flags)
