"""Group J. Duty-of-care override and statutory reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from consent.model import Facts, Party
from consent.model.declared import Hand, Limb
from consent.model.words import Body, Risk, Role
from tests.builders import AT, BASELINE, C, directive, known
from tests.unit.consent.rows import Group
from tests.unit.consent.test_decide_nobody import about_nobody
from tests.unit.consent.test_decide_override import (
    AU,
    CHILD_REPORT,
    HOUR,
    PRESCRIBED,
    SELF,
    SPEEDING,
    US,
    VIC,
    declared,
    disclosing,
    down,
    flagged,
    limbs,
    saying_more,
)

MINUTE = timedelta(minutes=1)
LOCK = (directive(recipients=("AMB",)),)


def to_self(**change: object) -> Facts:
    return disclosing("DOC-SELF", "H", **change)


def demanded(event: str) -> Facts:
    """The police, or a court, ask something of A."""
    asked = replace(SELF.message, type="", event=event, purpose=None, items=(), risk_flags=())
    return replace(
        SELF, message=asked, override=None, sender=Party("P", body=Body.POLICE), recipient=Party("A"), profile=None
    )


NOT_SERIOUS = limbs(code="DOC-SELF")[:2]
OF_17 = replace(CHILD_REPORT, override=replace(CHILD_REPORT.override, child_turns_16_on=date(2024, 6, 1)))

ROWS: Group = {
    140: ("CHILD_ABUSE to the society, no override object", flagged(Risk.CHILD_ABUSE, "CAS")),
    141: ("a complete mandatory report by a front-line worker", CHILD_REPORT),
    142: ("and no agreement, and no registry", down(CHILD_REPORT, registry="down")),
    143: ("and the child is 17", OF_17),
    144: ("and the society has not acknowledged after 30 minutes", replace(CHILD_REPORT, at=AT + 31 * MINUTE)),
    145: ("SELF_HARM to a crisis team, no override object", flagged(Risk.SELF_HARM, "H")),
    146: ("DOC-SELF complete, a second person approved", SELF),
    147: ("the limb `serious` is blank", to_self(limbs=NOT_SERIOUS)),
    148: ("DOC-OTHER complete; a named person; the police", disclosing("DOC-OTHER", "P")),
    149: (
        "about a past offence, no present risk",
        disclosing("DOC-OTHER", "P", limbs=limbs("present", code="DOC-OTHER")),
    ),
    150: ("DOC-UNCON; an earlier lock; serious harm attested", known(disclosing("DOC-UNCON", "AMB"), directives=LOCK)),
    151: (
        "and only because care would be easier",
        known(disclosing("DOC-UNCON", "AMB", limbs=limbs(code="DOC-UNCON")), directives=LOCK),
    ),
    152: ("the client is conscious and capable now", disclosing("DOC-UNCON", "AMB", ended_at=AT - MINUTE)),
    153: ("HARM_OTHERS to the police, no override object", flagged(Risk.HARM_OTHERS, "P")),
    154: ("NOT_FULLY_CONSCIOUS, no override object", flagged(Risk.NOT_FULLY_CONSCIOUS, "H")),
    155: ("DOC-SELF by a volunteer", to_self(invoker=Hand("w-7", Role.VOLUNTEER))),
    156: ("imminent, nobody reachable, attempts recorded", to_self(**SPEEDING)),
    157: ("not imminent, no second person", to_self(approver=None)),
    158: (
        "the second person reports to the invoker",
        to_self(approver=Hand("w-2", Role.SUPERVISOR, reports_to="w-301")),
    ),
    159: ("the narrative is under the minimum", to_self(narrative=79)),
    160: ("reason code OTHER", disclosing("OTHER", "H")),
    161: ("the recipient is the landlord", disclosing("DOC-SELF", "L")),
    162: ("asks NOTES_FREE and the full file", saying_more(SELF, C.NOTES_FREE, C.IMMIG)),
    163: ("delivered 4 h 01 min after the grant", to_self(declared_at=AT - 4 * HOUR - MINUTE)),
    164: ("one override id on a second message", to_self(used=True)),
    165: ("declared after the delivery that it claims to cover", to_self(covers_at=AT - HOUR)),
    166: ("the invoker is a relative or ex-partner", disclosing("DOC-OTHER", "P", related=True)),
    167: ("three overdue self-reviews, not imminent", to_self(overdue=3)),
    168: ("consent covers it already", replace(BASELINE, override=declared("DOC-SELF", "B"))),
    169: ("DOC-OTHER to the police; no agreement", replace(disclosing("DOC-OTHER", "P"), agreements=())),
    170: ("PIPEDA: an emergency threatens life", disclosing("ST-EMERG-ORG", "H")),
    171: ("FIPPA: compelling circumstances", disclosing("ST-PUBLIC-BODY", "H")),
    172: ("the police ask for contact details", demanded("police-request")),
    173: ("a court's order is served on A", demanded("court-order")),
    174: ("RESIDENT_ABUSE to the Registrar, no invocation", flagged(Risk.RESIDENT_ABUSE, "REG")),
    175: ("a complete ST-RETIREMENT to the Registrar", disclosing("ST-RETIREMENT", "REG", approver=None)),
    176: ("a de-identified summary only", about_nobody("risk-filter")),
    177: ("identifiers, no consensus, no override", flagged(Risk.HARM_OTHERS, "P")),
    178: (
        "AU-PGS1; consent could practicably be asked for",
        disclosing("AU-PGS1", "H", AU, limbs=(Limb("consent-impracticable", attested=False, told=True),)),
    ),
    179: (
        "AU-VIC-FV about a perpetrator; no consent",
        replace(disclosing("AU-VIC-FV", "V", VIC, approver=None), **PRESCRIBED),
    ),
    180: ("US: SUBSTANCE to hospital staff by name", saying_more(disclosing("DOC-UNCON", "H", US), C.SUBSTANCE)),
}
