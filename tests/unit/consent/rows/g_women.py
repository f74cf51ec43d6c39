"""Group G. Women's services, safety and location."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from consent.model import Facts, Party
from consent.model.words import Purpose, SafetyFlag
from tests.builders import AT, BASELINE, C, agreed, asking, consent, holding, item, known, saying, ticked
from tests.unit.consent.rows import Group
from tests.unit.consent.test_decide_override import declared

FLAGS = (SafetyFlag.PROTECTED_LOCATION,)
TICKED = holding(consent(categories=ticked(C.IDENT, C.CONTACT, C.NEEDS, C.LANG, C.LOCATION)))
PLACE = agreed(C.LOCATION, facts=known(asking(C.IDENT, C.NEEDS, C.LOCATION, facts=TICKED), flags=FLAGS))
NEEDED = saying(PLACE, required=(C.LOCATION,))
W = Party("A", lane="womens", relayed=True)
MONTH = timedelta(days=30)


def of_shelter(*consents: object) -> Facts:
    return replace(holding(*consents), sender=W)


CHECK = saying(type="EligibilityCheck", event="eligibility-check", purpose=Purpose.ELIGIBILITY)
ASKED = agreed(facts=CHECK, purposes=tuple(Purpose), events=("eligibility-check",))

ROWS: Group = {
    110: ("protected location; LOCATION ticked, optional", PLACE),
    111: ("protected location; LOCATION required", NEEDED),
    112: ("and a complete override attached", replace(NEEDED, override=declared("DOC-SELF", "B"))),
    113: (
        "CONTACT equals a shelter's street or line",
        saying(items=(*BASELINE.message.items, item(C.CONTACT, 8, shelter=True))),
    ),
    114: ("W to B, written, names B, W may be named", of_shelter(consent(expires_at=AT + MONTH, names_discloser=True))),
    115: ("W to B, a hash of name and birth date; no consent", of_shelter()),
    116: (
        "B asks W whether somebody is there; no consent",
        replace(holding(facts=ASKED), recipient=Party("B", lane="womens")),
    ),
    117: (
        "B's roster links somebody to an alleged abuser",
        replace(BASELINE, recipient=replace(BASELINE.recipient, knows_abuser=True)),
    ),
    118: (
        "a receipt would go by a channel that is not safe",
        saying(known(BASELINE, flags=(SafetyFlag.MAIL_UNSAFE,)), channel="MAIL"),
    ),
    119: ("the header would show W as its origin", of_shelter(consent(expires_at=AT + MONTH))),
}
