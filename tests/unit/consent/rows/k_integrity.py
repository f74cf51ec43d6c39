"""Group K. Integrity and availability."""

from __future__ import annotations

from dataclasses import replace

from consent.model import Facts
from consent.model.words import ConsentState
from tests.builders import BASELINE, consent, holding
from tests.unit.consent.rows import Group
from tests.unit.consent.rows.c_form import spoken
from tests.unit.consent.test_decide_override import CHILD_REPORT, SPEEDING, disclosing, down


def system(**change: object) -> Facts:
    return replace(BASELINE, system=replace(BASELINE.system, **change))


ROWS: Group = {
    181: ("registry unreachable", system(registry="down")),
    182: ("and a complete DOC-SELF, imminent", down(disclosing("DOC-SELF", "H", **SPEEDING), registry="down")),
    183: ("decided 16 minutes ago, registry reachable", system(decision_age_s=960)),
    184: ("decided 16 minutes ago, registry unreachable", system(decision_age_s=960, registry="down")),
    185: ("two candidate clients match", system(identity="ambiguous")),
    186: ("the sender's certificate is another agency's", system(authenticated=False)),
    187: ("a pack code that the hub does not know", replace(BASELINE, pack=replace(BASELINE.pack, known=False))),
    188: (
        "the recipient's lane is written-only; verbal, day 2",
        replace(holding(spoken(2)), recipient=replace(BASELINE.recipient, lane="womens")),
    ),
    189: ("audit store unwritable; an ordinary message", system(audit="down")),
    190: ("audit store unwritable; a complete ST-CHILD-PROTECT", down(CHILD_REPORT, audit="down")),
    191: (
        "a consumer reads the topic again after K was withdrawn",
        replace(
            holding(consent(version=4, state=ConsentState.WITHDRAWN)),
            system=replace(BASELINE.system, decision_age_s=86_400),
        ),
    ),
    192: ("a message id seen with another digest", system(schema=False)),
}
