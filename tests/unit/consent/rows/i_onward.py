"""Group I. Agreements and onward sharing."""

from __future__ import annotations

from dataclasses import replace

from consent.model import Consent, Facts, Onward, Party, Recipient
from consent.model.words import Body, Category, ConsentState, Purpose
from tests.builders import AGREEMENT, AT, BASELINE, TASK, C, asking, consent, holding, item, items, saying, ticked
from tests.unit.consent.rows import Group
from tests.unit.consent.test_decide_override import disclosing, of_pack

ONWARD = consent(onward_sharing=(Onward("C", Purpose.REFERRAL),))
B_TO_C = consent(consent_id="KB", discloser="B", recipients=(Recipient("C"),))
CH_16A = of_pack("au-nsw", "AU-16A")


def passing_on(*consents: Consent, lineage: str = "K", mixed: bool = False) -> Facts:
    """B sends C what it got from A; mixed: and facts of its own."""
    got = tuple(replace(each, lineage=lineage, source_agency="A") for each in items(C.IDENT, C.NEEDS, C.LANG))
    own = (*items(C.IDENT, C.NEEDS), replace(item(C.LANG, 3), lineage=lineage, source_agency="A"), TASK)
    facts = saying(holding(*consents), items=own if mixed else got)
    row = replace(AGREEMENT, parties=("B", "C"))
    return replace(facts, sender=Party("B"), recipient=Party("C"), agreements=(row,))


def exchanged() -> Facts:
    """What one prescribed body got under Chapter 16A goes on to another."""
    facts = disclosing("AU-16A", "V", CH_16A, approver=None)
    got = tuple(replace(each, lineage="override:o-1", source_agency="X") for each in facts.message.items)
    ends = {"sender": Party("A", body=Body.PRESCRIBED_BODY), "recipient": Party("V", body=Body.PRESCRIBED_BODY)}
    return replace(facts, message=replace(facts.message, items=got), **ends)


MENTAL: tuple[Category, ...] = (C.IDENT, C.CONTACT, C.NEEDS, C.LANG, C.HEALTH_MENTAL)
WITHOUT = tuple(category for category in AGREEMENT.categories if category is not C.HEALTH_MENTAL)

ROWS: Group = {
    130: ("no agreement between A and B", replace(BASELINE, agreements=())),
    131: (
        "the agreement was suspended yesterday",
        replace(BASELINE, agreements=(replace(AGREEMENT, status="suspended"),)),
    ),
    132: (
        "the agreement omits HEALTH_MENTAL, which the client ticked",
        replace(
            asking(C.IDENT, C.NEEDS, C.HEALTH_MENTAL, facts=holding(consent(categories=ticked(*MENTAL)))),
            agreements=(replace(AGREEMENT, categories=WITHOUT),),
        ),
    ),
    133: ("B forwards A's data to C; onward false", passing_on(consent(), B_TO_C)),
    134: ("onward lists C for REFERRAL; B to C", passing_on(ONWARD)),
    135: ("onward says B's partners", holding(consent(unreadable=("onward_sharing",)))),
    136: ("onward lists C; K expired since B received", passing_on(replace(ONWARD, expires_at=AT))),
    137: ("B forwards what it got under an override", passing_on(ONWARD, B_TO_C, lineage="override:o-1")),
    138: (
        "K withdrawn; then B's own consent for C; facts of both",
        passing_on(consent(state=ConsentState.WITHDRAWN), B_TO_C, mixed=True),
    ),
    139: ("a prescribed body passes on what it got under Chapter 16A", exchanged()),
}
