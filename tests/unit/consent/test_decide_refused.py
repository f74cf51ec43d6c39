"""Where the stages refuse, in their order; and what is not built yet is refused too, each with its own code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consent.decide import STAGES, decide
from consent.model import Agreement, Facts, Party, SystemFacts
from consent.model.words import GivenBy, Purpose, Risk, SafetyFlag
from tests.builders import AGREEMENT, AT, BASELINE, C, agreed, asking, consent, directive, holding, known, saying


def system(**change: object) -> Facts:
    return replace(BASELINE, system=replace(SystemFacts(), **change))


def sender(**change: object) -> Facts:
    return replace(BASELINE, sender=replace(BASELINE.sender, **change))


def recipient(**change: object) -> Facts:
    return replace(BASELINE, recipient=replace(BASELINE.recipient, **change))


def pack(**change: object) -> Facts:
    return replace(BASELINE, pack=replace(BASELINE.pack, **change))


def under(**change: object) -> Facts:
    row: Agreement = replace(AGREEMENT, **change)
    return replace(BASELINE, agreements=(row,))


def as_purpose(purpose: Purpose, **change: object) -> Facts:
    facts = agreed(facts=holding(consent(purposes=tuple(Purpose))), purposes=tuple(Purpose))
    return saying(facts, purpose=purpose, **change)


NO_PROFILE = replace(BASELINE, profile=None)


@pytest.mark.parametrize(
    ("facts", "stage", "code"),
    [
        pytest.param(system(authenticated=False), "P-0", "DN_SENDER", id="C-186 another agency's certificate"),
        pytest.param(sender(known=False), "P-0", "DN_SENDER", id="an unknown sender"),
        pytest.param(sender(status="suspended"), "P-0", "DN_SENDER", id="a suspended sender"),
        pytest.param(sender(status="ended"), "P-0", "DN_SENDER", id="a sender that has left"),
        pytest.param(recipient(known=False), "P-0", "DN_RECIPIENT", id="an unknown recipient"),
        pytest.param(recipient(status="suspended"), "P-0", "DN_RECIPIENT", id="a suspended recipient"),
        pytest.param(recipient(status="ended"), "P-0", "DN_RECIPIENT", id="a recipient that has left"),
        pytest.param(recipient(agency="A"), "P-0", "DN_RECIPIENT", id="S1 to oneself"),
        pytest.param(system(schema=False), "P-0", "DN_SCHEMA", id="C-192 not well formed"),
        pytest.param(system(labelled=False), "P-0", "DN_SCHEMA", id="C-70 not labelled"),
        pytest.param(NO_PROFILE, "P-0", "DN_SCHEMA", id="a type without a profile"),
        pytest.param(
            replace(BASELINE, message=replace(BASELINE.message, type="PlanShared")),
            "P-0",
            "DN_SCHEMA",
            id="the profile of another type",
        ),
        pytest.param(pack(known=False), "P-0", "DN_PACK", id="C-187 a pack that the hub does not know"),
        pytest.param(pack(zone="Ontario/Nowhere"), "P-0", "DN_PACK", id="a pack whose zone nobody knows"),
        pytest.param(recipient(pack="ca-qc"), "P-0", "DN_PACK", id="two packs, of which the stricter would win"),
        pytest.param(system(registry="down"), "P-0", "DN_REGISTRY_DOWN", id="C-181 registry unreachable"),
        pytest.param(
            system(registry="down", decision_age_s=900), "P-0", "DN_REGISTRY_DOWN", id="C-184 not yet 15 minutes"
        ),
        pytest.param(system(registry="down", decision_age_s=960), "P-12", "DN_STALE", id="C-184 16 minutes old"),
        pytest.param(system(audit="down"), "P-0", "DN_AUDIT_DOWN", id="C-189 INV-7 no log, no release"),
        pytest.param(system(identity="ambiguous"), "P-0", "DN_IDENTITY", id="C-185 two candidates"),
        pytest.param(
            saying(transition_allowed=False), "P-0", "DN_TRANSITION", id="S47 a transition that the state forbids"
        ),
        pytest.param(sender(lane="womens"), "P-1", "DN_EXISTENCE", id="a women's service as sender: not built"),
        pytest.param(as_purpose(Purpose.RESEARCH), "P-4", "DN_OFF_BUS", id="C-14 research"),
        pytest.param(
            replace(as_purpose(Purpose.FUNDRAISING), profile=None), "P-4", "DN_OFF_BUS", id="C-15 without a profile too"
        ),
        pytest.param(saying(event="police-request"), "P-4", "DN_OFF_BUS", id="C-172 S38 a demand of the police"),
        pytest.param(replace(BASELINE, agreements=()), "P-5", "DN_NO_AGREEMENT", id="C-130 no agreement"),
        pytest.param(under(status="suspended"), "P-5", "DN_NO_AGREEMENT", id="C-131 suspended"),
        pytest.param(under(parties=("A", "C")), "P-5", "DN_NO_AGREEMENT", id="with somebody else"),
        pytest.param(under(discloser="B"), "P-5", "DN_NO_AGREEMENT", id="for the other direction"),
        pytest.param(under(events=()), "P-5", "DN_NO_AGREEMENT", id="I-18 for no event"),
        pytest.param(under(purposes=()), "P-5", "DN_NO_AGREEMENT", id="I-18 for no purpose"),
        pytest.param(under(expires_at=AT), "P-5", "DN_NO_AGREEMENT", id="over at the instant it expires"),
        pytest.param(under(valid_from=AT + timedelta(seconds=1)), "P-5", "DN_NO_AGREEMENT", id="not yet in force"),
        pytest.param(
            known(BASELINE, directives=(directive(worker="w-9"),)), "P-6", "DN_DIRECTIVE", id="C-107 one worker there"
        ),
        pytest.param(
            known(BASELINE, flags=(SafetyFlag.ALLEGED_ABUSER,)),
            "P-6",
            "DN_SAFETY_CONFLICT",
            id="an alleged abuser of whom nothing more is known",
        ),
        pytest.param(known(BASELINE, deceased=True), "P-7", "DN_DECEASED", id="C-100 a dead client"),
        pytest.param(known(BASELINE, deceased=True, consents=()), "P-7", "DN_DECEASED", id="and without a consent"),
        pytest.param(saying(subject=None), "P-8", "DN_NO_CONSENT", id="nobody whom the registry knows"),
        pytest.param(recipient(kind="program"), "P-9", "DN_RECIPIENT", id="a program as recipient"),
        pytest.param(recipient(person="w-2"), "P-9", "DN_RECIPIENT", id="a person as recipient"),
        *(
            pytest.param(as_purpose(purpose), "P-9", "DN_PURPOSE", id=f"purpose {purpose}")
            for purpose in Purpose
            if purpose not in (Purpose.REFERRAL, Purpose.RESEARCH, Purpose.FUNDRAISING)
        ),
        pytest.param(
            replace(BASELINE, profile=replace(BASELINE.profile, purpose=Purpose.ELIGIBILITY)),
            "P-9",
            "DN_PURPOSE",
            id="I-12 a purpose that is not its type's",
        ),
    ],
)
def test_refused(facts: Facts, stage: str, code: str) -> None:
    decision = decide(facts)

    assert (decision.outcome, decision.stage, decision.codes) == ("DENY", stage, (code,))


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(under(discloser="A"), id="an agreement that names the sender as discloser"),
        pytest.param(under(parties=("B", "A")), id="the order of its parties says nothing"),
        pytest.param(under(expires_at=AT + timedelta(seconds=1)), id="an agreement in its last second"),
        pytest.param(recipient(lane="womens"), id="a women's service as recipient, in writing"),
        pytest.param(system(decision_age_s=960), id="C-183 an old decision, and a registry that answers"),
        pytest.param(saying(risk_flags=(Risk.CHILD_ABUSE,)), id="a risk flag narrows nothing"),
        pytest.param(known(BASELINE, flags=(SafetyFlag.DV, SafetyFlag.SAFE_CONTACT)), id="a flag that nothing touches"),
        pytest.param(
            known(BASELINE, directives=(directive(said_by=GivenBy.SPOUSE),)),
            id="S25 a no of somebody else, where the person decides alone",
        ),
    ],
)
def test_permitted(facts: Facts) -> None:
    assert decide(facts).codes == ("OK_CONSENT",)


def test_the_first_stage_that_bites_decides_whatever_else_is_wrong() -> None:
    """Every fact is wrong; mended from the front, the refusals come in the order of the stages."""
    wrong = replace(
        known(
            saying(asking(C.IDENT, C.INCOME), required=(C.INCOME,)),
            directives=(directive(),),
            flags=(SafetyFlag.ALLEGED_ABUSER,),
            deceased=True,
            consents=(consent(expires_at=AT, recipients=()),),
        ),
        system=SystemFacts(authenticated=False, registry="down"),
        sender=Party("A", lane="womens"),
        agreements=(),
    )
    mends = [
        {"system": SystemFacts()},
        {"sender": Party("A")},
        {"agreements": (AGREEMENT,)},
        {"subjects": known(wrong, directives=()).subjects},
        {"subjects": known(wrong, directives=(), flags=()).subjects},
        {"subjects": known(wrong, directives=(), flags=(), deceased=False).subjects},
        {"subjects": BASELINE.subjects, "recipient": Party("B", kind="person")},
        {"recipient": Party("B")},
    ]
    seen = [decide(wrong).stage]
    for mend in mends:
        wrong = replace(wrong, **mend)
        seen.append(decide(wrong).stage)

    assert seen == ["P-0", "P-1", "P-5", "P-6", "P-6", "P-7", "P-8", "P-9", "P-10"]
    assert len(STAGES) == 11  # P-2 decides what is about nobody, P-3 where an override is declared
