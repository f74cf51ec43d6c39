"""What can be particular about an invented person's record, and what it must lead to, as literals (settled S55).

One deviation each. The codes are those of the rules (consent rules, group in the comment), written down by hand:
nothing here is computed, so that a mistake of the hub's is a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

VERBAL_DAYS = 14  # that a consent said on the telephone waits for its signature (C-48)


class Scenario(StrEnum):
    """What is particular about a person's record."""

    AGREED = "agreed"
    WITHDRAWS = "withdraws"  # later: a second referral is saved, and the consent is withdrawn while it is under way
    LATE = "late"  # later: the consent is signed after the referral was refused
    # of the consent
    NO_CONSENT = "no-consent"
    DRAFT = "draft"  # a mandatory field is missing
    EXPIRED = "expired"
    LAST_DAY = "last-day"  # its last day is the day of the sample; later: two more are saved, before midnight and after
    NOT_YET = "not-yet"  # it begins two days later, and the referral goes by itself
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    ELSEWHERE = "elsewhere"  # it names another agency
    ANY_AGENCY = "any-agency"  # it names nobody
    OTHER_PURPOSE = "other-purpose"
    ALL_PURPOSES = "all-purposes"
    NARROW = "narrow"  # it leaves out what the referral cannot do without
    VERBAL = "verbal"  # said on the telephone some days ago, noted in full
    VERBAL_LAPSED = "verbal-lapsed"  # longer ago than a signature is waited for
    VERBAL_BARE = "verbal-bare"  # without the note
    NOTICE = "notice"  # a notice was given, and nobody was asked
    NOT_EXPLAINED = "not-explained"  # the risk was not told
    UNREAD = "unread"  # in a language that the client does not read
    INTERPRETED = "interpreted"  # the same, with an interpreter
    CONDITION = "condition"  # a condition of the service
    # of who decides
    SPOUSE = "spouse"  # for somebody whose capacity is presumed
    UNPROVEN = "unproven"  # by somebody whom an assessor found incapable
    CHILD = "child"  # a parent signs for a child of five to nine; later: the registry hears who the parent is
    YOUTH = "youth"  # fifteen, and decides without the parents
    # of the person
    DECEASED = "deceased"
    CLAIMANT = "claimant"  # without any number of a government
    SINGLE_NAME = "single-name"
    NEW_YEAR = "new-year"  # born on a first of January, which says that nobody knows the day
    TWIN = "twin"  # the other one is a client of the same agency
    HIDDEN = "hidden"  # lives where nobody may find them
    # of who asks whom
    NO_AGREEMENT = "no-agreement"
    TO_SHELTER = "to-shelter"
    FROM_SHELTER = "from-shelter"  # it would tell that somebody is there
    TO_HOSPITAL = "to-hospital"
    # of the record
    CASE_CLOSED = "case-closed"
    BAD_UCI = "bad-uci"
    BAD_CODE = "bad-code"
    BAD_DATE = "bad-date"  # later: a worker corrects it


UNREADABLE = frozenset({Scenario.BAD_UCI, Scenario.BAD_CODE, Scenario.BAD_DATE})

EXPECTED: Mapping[Scenario, str] = {  # first code of gate 1 about the first referral; an unreadable one is no message
    Scenario.AGREED: "OK_CONSENT",
    Scenario.WITHDRAWS: "OK_CONSENT",
    Scenario.LATE: "DN_NO_CONSENT",
    Scenario.NO_CONSENT: "DN_NO_CONSENT",
    Scenario.DRAFT: "DN_PENDING",
    Scenario.EXPIRED: "DN_EXPIRED",  # C-17
    Scenario.LAST_DAY: "OK_CONSENT",  # C-17, the other way
    Scenario.NOT_YET: "DN_NOT_YET_VALID",  # C-16
    Scenario.WITHDRAWN: "DN_WITHDRAWN",  # C-30
    Scenario.DECLINED: "DN_DIRECTIVE",  # C-44
    Scenario.ELSEWHERE: "DN_RECIPIENT",  # C-62
    Scenario.ANY_AGENCY: "DN_OVERBROAD",  # C-54
    Scenario.OTHER_PURPOSE: "DN_PURPOSE",  # C-63
    Scenario.ALL_PURPOSES: "DN_OVERBROAD",  # C-55
    Scenario.NARROW: "DN_REQUIRED_BLOCKED",  # C-32
    Scenario.VERBAL: "OK_CONSENT",  # C-45
    Scenario.VERBAL_LAPSED: "DN_VERBAL_LAPSED",  # C-48
    Scenario.VERBAL_BARE: "DN_PENDING",  # C-47
    Scenario.NOTICE: "DN_OVERBROAD",  # C-12
    Scenario.NOT_EXPLAINED: "DN_NOT_KNOWLEDGEABLE",  # C-56
    Scenario.UNREAD: "DN_NOT_KNOWLEDGEABLE",  # C-50
    Scenario.INTERPRETED: "OK_CONSENT",  # C-51
    Scenario.CONDITION: "DN_COERCED",  # C-53
    Scenario.SPOUSE: "DN_AUTHORITY",  # C-97
    Scenario.UNPROVEN: "DN_AUTHORITY",  # V-02
    Scenario.CHILD: "DN_AUTHORITY",  # C-81, as long as nobody knows who the parent is
    Scenario.YOUTH: "OK_CONSENT",  # C-80
    Scenario.DECEASED: "DN_DECEASED",  # case 61
    Scenario.CLAIMANT: "OK_CONSENT",  # case 19
    Scenario.SINGLE_NAME: "OK_CONSENT",  # case 15
    Scenario.NEW_YEAR: "OK_CONSENT",  # case 13
    Scenario.TWIN: "OK_CONSENT",  # case 24
    Scenario.HIDDEN: "OK_CONSENT",  # case 27
    Scenario.NO_AGREEMENT: "DN_NO_AGREEMENT",  # P-5
    Scenario.TO_SHELTER: "OK_CONSENT",  # C-114, the other way
    Scenario.FROM_SHELTER: "DN_EXISTENCE",  # P-1: the hub cannot keep back yet that a shelter sends it
    Scenario.TO_HOSPITAL: "OK_CONSENT",
    Scenario.CASE_CLOSED: "DN_CASE_CLOSED",  # C-40
}
ELEMENTS: Mapping[Scenario, str] = {  # which element a refusal in a database must name; of a draft, what it lacks
    Scenario.VERBAL_BARE: "verbal_note",
    Scenario.BAD_UCI: "identifier.value",
    Scenario.BAD_CODE: "urgency",
    Scenario.BAD_DATE: "birth_date",
}
AFTERWARDS: Mapping[Scenario, str] = {  # the next answer, when the demo has told what happened then
    Scenario.LATE: "OK_CONSENT",
    Scenario.NOT_YET: "OK_CONSENT",  # C-16
    Scenario.CHILD: "OK_SUBSTITUTE",  # C-81
    Scenario.BAD_DATE: "OK_CONSENT",
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
    (Scenario.BAD_DATE, Leg.TOLD),
    (Scenario.CHILD, Leg.TOLD),
    (Scenario.HIDDEN, Leg.TOLD),
    (Scenario.LAST_DAY, Leg.TOLD),
    (Scenario.AGREED, Leg.FROM_CENTRE),
    (Scenario.NO_CONSENT, Leg.FROM_CENTRE),
    (Scenario.LATE, Leg.FROM_CENTRE),
    (Scenario.BAD_CODE, Leg.FROM_CENTRE),
    *((Scenario.AGREED, Leg.TO_CENTRE),) * 4,  # one for each answer that the centre has
    (Scenario.TO_HOSPITAL, Leg.TOLD),
)
TOLD = (*NEEDED, *((each, Leg.TOLD) for each in Scenario if (each, Leg.TOLD) not in NEEDED))  # the first people
# whose papers a centre, which keeps no cases, has too
AT_THE_CENTRE = frozenset(
    {
        *(Scenario.AGREED, Scenario.LATE, Scenario.NO_CONSENT, Scenario.DRAFT, Scenario.EXPIRED, Scenario.DECLINED),
        *(Scenario.ELSEWHERE, Scenario.NARROW, Scenario.NO_AGREEMENT, *UNREADABLE),
    }
)
_OFTEN: Mapping[Scenario, int] = {Scenario.AGREED: 64, Scenario.NO_CONSENT: 4}
_ONLY_TOLD = frozenset({Scenario.WITHDRAWS, Scenario.LATE, Scenario.BAD_DATE})
DRAWN: Mapping[Scenario, int] = {  # everyone else: how often, of a hundred
    each: _OFTEN.get(each, 1) for each in Scenario if each not in _ONLY_TOLD
}
