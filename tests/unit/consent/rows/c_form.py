"""Group C. Form and quality of consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from consent.model import Consent, Facts, Interpreter, Party, Recipient, VerbalNote
from consent.model.words import EXPLANATIONS, Basis, ConsentState, Purpose, SafetyFlag
from consent.packs import PACKAGED, load_packs
from hub.model.directory import Lane
from tests.builders import AGREEMENT, AT, C, asking, consent, directive, holding, items, known, saying, ticked
from tests.unit.consent.rows import Group

DARI = {"client_reads": ("prs",)}
FAMILY = Interpreter("FAMILY", "prs", independent=False)


def spoken(days: int, **change: object) -> Consent:
    """By word of mouth, so many days ago, with a full note."""
    taken = AT - timedelta(days=days)
    note = VerbalNote(True, True, how_explained=True, worker="w-301", taken_at=taken, signature_due_at=None)
    own = {"basis": Basis.EXPRESS_VERBAL, "state": ConsentState.VERBAL_PENDING, "verbal_note": note}
    return consent(captured_at=taken, valid_from=taken, evidence_ref=None, **{**own, **change})


UNEXPLAINED = VerbalNote(True, True, how_explained=False, worker="w-301", taken_at=AT, signature_due_at=None)
SENSITIVE = (*ticked(C.IDENT, C.NEEDS, C.CONTACT, C.LANG), *ticked(C.HEALTH_MENTAL))


def caring(to: str = "H2", lane: Lane = "custodian") -> Facts:
    """H to H2 for health care, by implied consent, in a pack that has that lane."""
    health = (C.IDENT, C.NEEDS, C.HEALTH_MENTAL)
    implied = consent(
        basis=Basis.IMPLIED_HEALTH,
        discloser="H",
        recipients=(Recipient(to),),
        purposes=(Purpose.HEALTH_CARE,),
        categories=ticked(*health),
    )
    row = replace(AGREEMENT, parties=("H", to), purposes=(Purpose.HEALTH_CARE,), events=("health-summary",))
    what = {"type": "HealthSummary", "event": "health-summary", "purpose": Purpose.HEALTH_CARE}
    facts = saying(holding(implied), items=items(*health), **what)
    return replace(
        facts,
        sender=Party("H", lane="custodian"),
        recipient=Party(to, lane=lane),
        agreements=(row,),
        profile=load_packs(PACKAGED).profile("HealthSummary"),
        pack=replace(facts.pack, implied_health=True),
    )


LOCKED = directive(recipients=("H2",))

ROWS: Group = {
    45: ("by word of mouth, day 3, full note", holding(spoken(3))),
    46: (
        "and HEALTH_MENTAL ticked verbally, requested as optional",
        asking(C.IDENT, C.NEEDS, C.HEALTH_MENTAL, facts=holding(spoken(3, categories=SENSITIVE))),
    ),
    47: ("and the note lacks how purposes were explained", holding(spoken(3, verbal_note=UNEXPLAINED))),
    48: ("and day 15, unsigned", holding(spoken(15))),
    49: ("and the sender is a women's service", replace(holding(spoken(3)), sender=Party("A", "womens", relayed=True))),
    50: ("English text; the client reads Dari; no interpreter", holding(consent(**DARI))),
    51: (
        "and a qualified independent interpreter",
        holding(consent(interpreter=Interpreter("QUALIFIED", "prs", independent=True), **DARI)),
    ),
    52: (
        "family interpreted, DV flag set",
        known(holding(consent(interpreter=FAMILY, **DARI)), flags=(SafetyFlag.DV,)),
    ),
    53: ("a condition of service without a reason", holding(consent(not_condition_of_service=False))),
    54: ("recipient: any community agency", holding(consent(recipients=(), unreadable=("recipients",)))),
    55: ("purposes: all", holding(consent(unreadable=("purposes",)))),
    56: ("the tick of what may go wrong is missing", holding(consent(explained=EXPLANATIONS - {"risk"}))),
    57: ("implied consent claimed by A, no custodian", holding(consent(basis=Basis.IMPLIED_HEALTH))),
    58: ("H to H2 for health care, implied, no lock", caring()),
    59: ("H to B, which is no custodian", caring("B", "general")),
    60: (
        "the client locked HEALTH_MENTAL from H2",
        known(caring(), directives=(replace(LOCKED, categories=(C.HEALTH_MENTAL,)),)),
    ),
    61: ("the client locked the whole record from H2", known(caring(), directives=(LOCKED,))),
}
