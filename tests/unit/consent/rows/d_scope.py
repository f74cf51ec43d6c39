"""Group D. Recipient, purpose, categories, subjects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from consent.model import Consent, Decider, Facts, SubjectFacts
from consent.model.words import GivenBy, Purpose
from tests.builders import (
    AGREEMENT,
    BASELINE,
    CHILD,
    TASK,
    C,
    agreed,
    asking,
    consent,
    holding,
    item,
    items,
    reply,
    saying,
    ticked,
)
from tests.unit.consent.rows import Group

ELIGIBILITY = {"purposes": tuple(Purpose), "events": ("eligibility-check", "benefit-overlap-check")}
CHECK = saying(type="EligibilityCheck", event="eligibility-check", purpose=Purpose.ELIGIBILITY)
OVERLAP = saying(
    type="BenefitOverlapCheck", event="benefit-overlap-check", purpose=Purpose.ELIGIBILITY, labelled_purpose="referral"
)


def to(agency: str) -> Facts:
    row = replace(AGREEMENT, parties=("A", agency))
    return replace(BASELINE, recipient=replace(BASELINE.recipient, agency=agency), agreements=(row,))


def with_child(*consents: Consent) -> Facts:
    """The message also describes the client's seven-year-old."""
    facts = saying(items=(*BASELINE.message.items, item(C.NEEDS, 8, subject=CHILD)))
    parent = Decider("p-1", GivenBy.PARENT)
    child = SubjectFacts(CHILD, 2, consents, turns_16_on=date(2034, 3, 1), deciders=(parent,))
    return replace(facts, subjects={**facts.subjects, CHILD: child} if consents else facts.subjects)


BY_PARENT = consent(consent_id="KC", subject_ref=CHILD, given_by=GivenBy.PARENT, given_by_ref="p-1")
NOTES = item(C.NOTES_FREE, 5)

ROWS: Group = {
    62: ("recipient C, not named in K", to("C")),
    63: ("an eligibility check; K has REFERRAL only", agreed(facts=CHECK, **ELIGIBILITY)),
    64: ("labelled REFERRAL on a benefit overlap check", agreed(facts=OVERLAP, **ELIGIBILITY)),
    65: ("optional INCOME, not consented", asking(C.IDENT, C.NEEDS, C.INCOME)),
    66: (
        "required are IDENT, EMPLOY, INCOME; INCOME not consented",
        saying(asking(C.IDENT, C.EMPLOY, C.INCOME), required=(C.IDENT, C.EMPLOY, C.INCOME)),
    ),
    67: (
        "required IDENT only; everything else is blocked",
        saying(
            asking(C.IDENT, C.CONTACT, C.LANG, facts=holding(consent(categories=ticked(C.IDENT)))), required=(C.IDENT,)
        ),
    ),
    68: (
        "a language class does not need EMPLOY",
        saying(asking(C.IDENT, C.NEEDS, C.EMPLOY), type="LanguageClassReferral"),
    ),
    69: ("free text is added", asking(C.IDENT, C.NEEDS, C.NOTES_FREE)),
    70: ("a field with no category label", replace(BASELINE, system=replace(BASELINE.system, labelled=False))),
    71: ("B to A, status only; one-way consent", reply()),
    72: ("B to A, assessment notes; one-way consent", reply(NOTES)),
    73: ("it also describes the client's child, without a record", with_child()),
    74: ("and the parent with sole decision-making consented for the child", with_child(BY_PARENT)),
    75: (
        "it names the ex-partner and his job",
        saying(items=(*BASELINE.message.items, item(C.FAMILY, 8, mentioned=True))),
    ),
    76: (
        "it names the neighbour who called child protection",
        saying(items=(*BASELINE.message.items, item(C.NEEDS, 8, mentioned=True))),
    ),
    77: (
        "one required field about a couple, of whom one consented",
        saying(items=(*items(C.IDENT, C.LANG), item(C.NEEDS, 8, third_party=True), TASK)),
    ),
}
