"""What can be particular about an invented person's record, and what it must lead to, as literals (settled S55)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Scenario(StrEnum):
    """What is particular about a person's record."""

    AGREED = "agreed"
    WITHDRAWS = "withdraws"  # later: a second referral is saved, and the consent is withdrawn while it is under way
    LATE = "late"  # later: the consent is signed after the referral was refused
    NO_CONSENT = "no-consent"
    DRAFT = "draft"  # a mandatory field of the consent is missing
    EXPIRED = "expired"
    DECLINED = "declined"
    ELSEWHERE = "elsewhere"  # the consent names another agency
    NARROW = "narrow"  # the consent leaves out what the referral cannot do without
    NO_AGREEMENT = "no-agreement"  # the two agencies have signed nothing
    CASE_CLOSED = "case-closed"
    BAD_UCI = "bad-uci"
    BAD_CODE = "bad-code"
    BAD_DATE = "bad-date"


UNREADABLE = frozenset({Scenario.BAD_UCI, Scenario.BAD_CODE, Scenario.BAD_DATE})

EXPECTED: Mapping[Scenario, str] = {  # first code of gate 1 about the first referral; an unreadable one is no message
    Scenario.AGREED: "OK_CONSENT",
    Scenario.WITHDRAWS: "OK_CONSENT",
    Scenario.LATE: "DN_NO_CONSENT",
    Scenario.NO_CONSENT: "DN_NO_CONSENT",
    Scenario.DRAFT: "DN_PENDING",
    Scenario.EXPIRED: "DN_EXPIRED",
    Scenario.DECLINED: "DN_DIRECTIVE",
    Scenario.ELSEWHERE: "DN_RECIPIENT",
    Scenario.NARROW: "DN_REQUIRED_BLOCKED",
    Scenario.NO_AGREEMENT: "DN_NO_AGREEMENT",
    Scenario.CASE_CLOSED: "DN_CASE_CLOSED",
}


class Leg(StrEnum):
    """Between which kinds of systems a person of the demo is referred."""

    TOLD = "told"  # from one case management system to another, always the same two
    FROM_CENTRE = "from-centre"  # from the assessment centre
    TO_CENTRE = "to-centre"


NEEDED = (  # the demo's acts are about these
    (Scenario.WITHDRAWS, Leg.TOLD),
    (Scenario.LATE, Leg.TOLD),
    (Scenario.BAD_UCI, Leg.TOLD),
    (Scenario.AGREED, Leg.FROM_CENTRE),
    (Scenario.NO_CONSENT, Leg.FROM_CENTRE),
    (Scenario.LATE, Leg.FROM_CENTRE),
    (Scenario.BAD_CODE, Leg.FROM_CENTRE),
    *((Scenario.AGREED, Leg.TO_CENTRE),) * 4,  # one for each answer that the centre has
)
TOLD = (*NEEDED, *((each, Leg.TOLD) for each in Scenario if (each, Leg.TOLD) not in NEEDED))  # the first people
DRAWN: Mapping[Scenario, int] = {  # everyone else: how often, of 100
    Scenario.AGREED: 78,
    Scenario.NO_CONSENT: 6,
    Scenario.DRAFT: 3,
    Scenario.EXPIRED: 3,
    Scenario.DECLINED: 2,
    Scenario.ELSEWHERE: 2,
    Scenario.NARROW: 2,
    Scenario.NO_AGREEMENT: 1,
    Scenario.CASE_CLOSED: 1,
    Scenario.BAD_UCI: 1,
    Scenario.BAD_CODE: 1,
}
