"""Rows of consent rules 2, group J, and those of group K about an override, by their numbers: decided from facts.

What each row assumes, unless it says otherwise: a declaration that lacks nothing, and no consent that could be used.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from consent.decide import decide
from consent.facts import read_facts, write_facts
from consent.model import Facts, Party, Profile, SystemFacts
from consent.model.declared import Hand, Limb, Override, Terms
from consent.model.words import Body, Purpose, Risk, Role
from consent.packs import PACKAGED, load_packs
from tests.builders import AT, BASELINE, CHILD, CLIENT, C, directive, holding, item, items, known, saying

PACKS = load_packs(PACKAGED)
FLAGS = {
    "DOC-CHILD": Risk.CHILD_ABUSE,
    "DOC-SELF": Risk.SELF_HARM,
    "DOC-OTHER": Risk.HARM_OTHERS,
    "DOC-UNCON": Risk.NOT_FULLY_CONSCIOUS,
    "ST-CHILD-PROTECT": Risk.CHILD_ABUSE,
    "ST-RETIREMENT": Risk.RESIDENT_ABUSE,
    "ST-EMERG-ORG": Risk.HARM_OTHERS,
    "ST-PUBLIC-BODY": Risk.HARM_OTHERS,
    "AU-PGS1": Risk.SELF_HARM,
    "AU-VIC-FV": Risk.HARM_OTHERS,
}
BODIES = {
    "CAS": Body.CHILD_PROTECTION,
    "H": Body.HOSPITAL,
    "P": Body.POLICE,
    "AMB": Body.AMBULANCE,
    "REG": Body.REGISTRAR,
}
HOUR = timedelta(hours=1)


def terms(code: str) -> Terms | None:
    found = PACKS.reason_code("ca-on", code)
    return found.terms if found else None


def of_pack(pack: str, code: str) -> Terms:
    found = PACKS.reason_code(pack, code)
    assert found is not None
    return found.terms


def declared(code: str, to: str, own: Terms | None = None, **change: object) -> Override:
    """A complete declaration of a front-line worker, approved by a supervisor of another line."""
    of_pack = PACKS.reason_code("ca-on", code)
    asked = own or (of_pack.terms if of_pack else None)
    limbs = (*asked.limbs, *asked.limbs_against_a_no) if asked else ()
    made = Override(
        override_id="OV1",
        subject=CLIENT,
        recipient=to,
        terms=asked,
        from_16=terms(of_pack.from_16) if of_pack else None,
        declared_at=AT - timedelta(minutes=10),
        invoker=Hand("w-301", Role.WORKER, reports_to="w-300"),
        limbs=tuple(Limb(each, attested=True, told=True) for each in limbs),
        imminent=False,
        narrative=120,
        approver=Hand("w-900", Role.SUPERVISOR, reports_to="w-1"),
    )
    return replace(made, **change)  # type: ignore[arg-type]


def disclosing(code: str, to: str, own: Terms | None = None, **change: object) -> Facts:
    """The message that quotes it: who the client is, and what was seen."""
    told = C.CHILD_PROT if "CHILD" in code else C.RISK
    facts = flagged(FLAGS.get(code, Risk.SELF_HARM), to, told)
    return replace(facts, override=declared(code, to, own, **change))


def flagged(risk: Risk, to: str, told: C = C.RISK) -> Facts:
    """The same without a declaration."""
    message = replace(
        BASELINE.message,
        type="OverrideDisclosure",
        event="override-disclosure",
        purpose=Purpose.SAFETY,
        items=items(C.IDENT, told),
        risk_flags=(risk,),
    )
    return replace(
        holding(),
        recipient=Party(to, lane="protective", body=BODIES.get(to)),
        message=message,
        profile=Profile("OverrideDisclosure", Purpose.SAFETY, (), ()),
        agreements=(),
    )


def limbs(*no: str, code: str) -> tuple[Limb, ...]:
    """All limbs of a code, these not attested."""
    asked = terms(code)
    assert asked is not None
    return tuple(Limb(each, attested=each not in no, told=True) for each in asked.limbs)


def saying_more(facts: Facts, *categories: C) -> Facts:
    """The message holds more than its reason code needs."""
    more = tuple(item(category, at) for at, category in enumerate(categories, start=5))
    return replace(facts, message=replace(facts.message, items=(*facts.message.items, *more)))


def down(facts: Facts, **parts: str) -> Facts:
    return replace(facts, system=SystemFacts(**parts), subjects={})  # type: ignore[arg-type]


def endangered(risk: Risk) -> Facts:
    """An emergency of PIPEDA s.7(3)(e), whose code says no danger of its own."""
    facts = disclosing("ST-EMERG-ORG", "H")
    return replace(facts, message=replace(facts.message, risk_flags=(risk,)))


SELF = disclosing("DOC-SELF", "H")
CHILD_REPORT = disclosing("ST-CHILD-PROTECT", "CAS", approver=None)
SPEEDING = {"imminent": True, "approver": None, "attempts": 2}
AU = of_pack("au-nsw", "AU-PGS1")
VIC = of_pack("au-vic", "AU-VIC-FV")
US = of_pack("us", "DOC-UNCON")
PRESCRIBED = {
    "sender": Party("A", body=Body.PRESCRIBED_BODY),
    "recipient": Party("V", body=Body.PRESCRIBED_BODY),
}
OPEN_LOCK = directive(recipients=("H",))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(flagged(Risk.CHILD_ABUSE, "CAS"), "NEEDS_OVERRIDE NO_CHILD", id="C-140 no override object"),
        pytest.param(CHILD_REPORT, "PERMIT OV_STATUTORY", id="C-141 a mandatory report, no approver"),
        pytest.param(down(CHILD_REPORT, registry="down"), "PERMIT OV_STATUTORY", id="C-142 no agreement, no registry"),
        pytest.param(
            replace(CHILD_REPORT, override=replace(CHILD_REPORT.override, child_turns_16_on=date(2024, 6, 1))),
            "PERMIT OV_CHILD",
            id="C-143 the child is 17: recoded, never blocked",
        ),
        pytest.param(
            replace(CHILD_REPORT, override=replace(CHILD_REPORT.override, child_turns_16_on=date(2025, 6, 2))),
            "PERMIT OV_STATUTORY",
            id="C-143 one day before the child is 16",
        ),
        pytest.param(
            replace(CHILD_REPORT, at=AT + 31 * timedelta(minutes=1)), "PERMIT OV_STATUTORY", id="C-144 not acknowledged"
        ),
        pytest.param(flagged(Risk.SELF_HARM, "H"), "NEEDS_OVERRIDE NO_SELF_HARM", id="C-145 no override object"),
        pytest.param(SELF, "PERMIT_REDACTED OV_SELF_HARM", id="C-146 complete, and approved"),
        pytest.param(
            disclosing("DOC-SELF", "H", limbs=limbs("serious", code="DOC-SELF")),
            "DENY OX_THRESHOLD",
            id="C-147 the limb `serious` is answered no",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", limbs=limbs(code="DOC-SELF")[:2]),
            "DENY OX_THRESHOLD",
            id="C-147 the limb `serious` is blank",
        ),
        pytest.param(disclosing("DOC-OTHER", "P"), "PERMIT_REDACTED OV_HARM_OTHERS", id="C-148 a credible threat"),
        pytest.param(
            disclosing("DOC-OTHER", "P", limbs=limbs("present", code="DOC-OTHER")),
            "DENY OX_THRESHOLD",
            id="C-149 a past offence, no present risk",
        ),
        pytest.param(
            known(disclosing("DOC-UNCON", "AMB"), directives=(directive(recipients=("AMB",)),)),
            "PERMIT_REDACTED OV_UNCONSCIOUS",
            id="C-150 an earlier lock, and serious bodily harm attested",
        ),
        pytest.param(
            known(
                disclosing("DOC-UNCON", "AMB", limbs=limbs(code="DOC-UNCON")),
                directives=(directive(recipients=("AMB",)),),
            ),
            "DENY OX_THRESHOLD",
            id="C-151 an earlier lock, and care would only be easier",
        ),
        pytest.param(
            disclosing("DOC-UNCON", "AMB", ended_at=AT - timedelta(minutes=1)),
            "DENY OX_EXPIRED",
            id="C-152 the client is conscious and capable now",
        ),
        pytest.param(flagged(Risk.HARM_OTHERS, "P"), "NEEDS_OVERRIDE NO_HARM_OTHERS", id="C-153 no override object"),
        pytest.param(
            flagged(Risk.NOT_FULLY_CONSCIOUS, "H"), "NEEDS_OVERRIDE NO_UNCONSCIOUS", id="C-154 no override object"
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", invoker=Hand("w-7", Role.VOLUNTEER), **SPEEDING),
            "DENY OX_ROLE",
            id="C-155 a volunteer, even if imminent",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", **SPEEDING),
            "PERMIT_REDACTED OV_SELF_HARM",
            id="C-156 imminent, nobody reachable, attempts recorded",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", imminent=True, approver=None),
            "DENY OX_SECOND_PERSON",
            id="C-156 imminent, and no attempt recorded",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", approver=None, attempts=2),
            "DENY OX_SECOND_PERSON",
            id="C-157 not imminent, no second person",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", invoker=Hand("w-1", Role.SUPERVISOR), approver=Hand("w-1", Role.SUPERVISOR)),
            "DENY OX_SECOND_PERSON",
            id="C-158 the second person is the invoker",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", approver=Hand("w-2", Role.SUPERVISOR, reports_to="w-301")),
            "DENY OX_SECOND_PERSON",
            id="C-158 the second person reports to the invoker",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", approver=Hand("w-2", Role.WORKER)),
            "DENY OX_SECOND_PERSON",
            id="3.1 a worker approves nothing",
        ),
        pytest.param(disclosing("DOC-SELF", "H", narrative=79), "DENY OX_CONTENT", id="C-159 under the minimum"),
        pytest.param(disclosing("DOC-SELF", "H", repeats=3), "DENY OX_CONTENT", id="C-159 as three earlier ones"),
        pytest.param(
            disclosing("DOC-SELF", "H", repeats=2), "PERMIT_REDACTED OV_SELF_HARM", id="C-159 as two earlier ones"
        ),
        pytest.param(disclosing("OTHER", "H"), "DENY OX_CONTENT", id="C-160 reason code OTHER"),
        pytest.param(disclosing("DOC-SELF", "L"), "DENY OX_RECIPIENT", id="C-161 the landlord"),
        pytest.param(
            disclosing("DOC-SELF", "H", recipient="P"), "DENY OX_RECIPIENT", id="3.5 declared for another recipient"
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", subject=CHILD), "DENY OX_RECIPIENT", id="3.5 declared for somebody else"
        ),
        pytest.param(
            saying_more(SELF, C.NOTES_FREE, C.IMMIG),
            "PERMIT_REDACTED OV_SELF_HARM RD_PURPOSE_MIN",
            id="C-162 notes and the full file are asked for",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", declared_at=AT - 4 * HOUR - timedelta(minutes=1)),
            "DENY OX_EXPIRED",
            id="C-163 four hours and one minute after the grant",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", declared_at=AT - 4 * HOUR),
            "PERMIT_REDACTED OV_SELF_HARM",
            id="C-163 four hours after it",
        ),
        pytest.param(disclosing("DOC-SELF", "H", used=True), "DENY OX_REUSED", id="C-164 a second message"),
        pytest.param(
            disclosing("DOC-SELF", "H", used=True, declared_at=AT - 5 * HOUR),
            "DENY OX_EXPIRED",
            id="S26 expired before re-used",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", covers_at=AT - HOUR), "DENY OX_BACKDATED", id="C-165 after the delivery"
        ),
        pytest.param(
            disclosing("DOC-OTHER", "P", related=True), "DENY OX_CONFLICT_OF_INTEREST", id="C-166 an ex-partner"
        ),
        pytest.param(
            replace(CHILD_REPORT, override=replace(CHILD_REPORT.override, related=True)),
            "PERMIT OV_STATUTORY",
            id="C-166 a child report about a relative",
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", overdue=3), "DENY OX_SUSPENDED", id="C-167 three overdue self-reviews"
        ),
        pytest.param(
            disclosing("DOC-SELF", "H", overdue=3, **SPEEDING),
            "PERMIT_REDACTED OV_SELF_HARM",
            id="C-167 three overdue, imminent",
        ),
        pytest.param(
            replace(BASELINE, override=declared("DOC-SELF", "B")),
            "PERMIT OK_CONSENT OX_NOT_NEEDED",
            id="C-168 consent covers it already",
        ),
        pytest.param(
            replace(BASELINE, override=declared("OTHER", "B")),
            "PERMIT OK_CONSENT OX_NOT_NEEDED",
            id="C-168 whatever the declaration lacks",
        ),
        pytest.param(disclosing("DOC-OTHER", "P"), "PERMIT_REDACTED OV_HARM_OTHERS", id="C-169 no agreement with P"),
        pytest.param(
            disclosing("ST-EMERG-ORG", "H"), "PERMIT_REDACTED OV_HARM_OTHERS", id="C-170 an emergency threatens life"
        ),
        *(
            pytest.param(endangered(risk), f"PERMIT_REDACTED {answer}", id=f"3.2 the answer follows the danger: {risk}")
            for risk, answer in (
                (Risk.CHILD_ABUSE, "OV_CHILD"),
                (Risk.SELF_HARM, "OV_SELF_HARM"),
                (Risk.NOT_FULLY_CONSCIOUS, "OV_UNCONSCIOUS"),
                (Risk.RESIDENT_ABUSE, "OV_STATUTORY"),
            )
        ),
        pytest.param(
            disclosing("ST-PUBLIC-BODY", "H"), "PERMIT_REDACTED OV_HARM_OTHERS", id="C-171 compelling circumstances"
        ),
        pytest.param(flagged(Risk.RESIDENT_ABUSE, "REG"), "NEEDS_OVERRIDE NO_STATUTORY", id="C-174 no invocation"),
        pytest.param(
            disclosing("ST-RETIREMENT", "REG", approver=None), "PERMIT OV_STATUTORY", id="C-175 suspected neglect"
        ),
        pytest.param(
            flagged(Risk.HARM_OTHERS, "P"), "NEEDS_OVERRIDE NO_HARM_OTHERS", id="C-177 identifiers, no consensus"
        ),
        pytest.param(
            disclosing("AU-PGS1", "H", AU, limbs=(Limb("consent-impracticable", attested=False, told=True),)),
            "DENY OX_THRESHOLD",
            id="C-178 consent could practicably be asked for",
        ),
        pytest.param(
            replace(disclosing("AU-VIC-FV", "V", VIC, approver=None), **PRESCRIBED),
            "PERMIT OV_STATUTORY",
            id="C-179 between prescribed bodies",
        ),
        pytest.param(
            replace(disclosing("AU-VIC-FV", "V", VIC, approver=None), recipient=PRESCRIBED["recipient"]),
            "DENY OX_RECIPIENT",
            id="C-179 the sender is none",
        ),
        pytest.param(
            saying_more(disclosing("DOC-UNCON", "H", US), C.SUBSTANCE),
            "PERMIT_REDACTED OV_UNCONSCIOUS",
            id="C-180 substance use to hospital staff by name",
        ),
        pytest.param(
            down(disclosing("DOC-SELF", "H", **SPEEDING), registry="down"),
            "PERMIT_REDACTED OV_SELF_HARM",
            id="C-182 registry unreachable, imminent",
        ),
        pytest.param(
            down(SELF, registry="down"), "DENY DN_REGISTRY_DOWN", id="C-182 registry unreachable, not imminent"
        ),
        pytest.param(down(BASELINE, audit="down"), "DENY DN_AUDIT_DOWN", id="C-189 an ordinary message"),
        pytest.param(down(CHILD_REPORT, audit="down"), "PERMIT OV_STATUTORY", id="C-190 a complete mandatory report"),
    ],
)
def test_rows_of_group_j(facts: Facts, expected: str) -> None:
    decision = decide(facts)

    outcome, code, *more = expected.split()
    assert (decision.outcome, decision.codes[0]) == (outcome, code)
    assert set(more) <= set(decision.codes)
    assert decide(read_facts(write_facts(facts))) == decision, "what was stored is decided again"


@pytest.mark.parametrize(
    ("event", "to"),
    [
        pytest.param("police-request", "A", id="C-172 police ask"),
        pytest.param("court-order", "A", id="C-173 a subpoena"),
    ],
)
def test_what_others_demand_is_not_for_the_bus(event: str, to: str) -> None:
    asked = replace(SELF.message, type="", event=event)
    facts = replace(SELF, message=asked, sender=Party("P", body=Body.POLICE), recipient=Party(to), profile=None)

    for override in (None, SELF.override):
        assert decide(replace(facts, override=override)).codes[0] == "DN_OFF_BUS"


def test_an_ordinary_denial_advertises_no_way_round() -> None:
    facts = flagged(Risk.SELF_HARM, "H")

    decision = decide(replace(facts, message=replace(facts.message, risk_flags=())))

    assert decision.outcome == "DENY"
    assert not any(code.startswith("NO_") for code in decision.codes)


@pytest.mark.parametrize("code", ["DOC-SELF", "DOC-OTHER", "DOC-UNCON", "DOC-CHILD"])
def test_what_p_1_bars_no_duty_of_care_opens(code: str) -> None:
    to = {"DOC-OTHER": "P", "DOC-CHILD": "CAS"}.get(code, "H")
    facts = replace(disclosing(code, to), sender=Party("A", lane="womens"))

    assert decide(facts).codes[:2] == ("OX_NOT_OVERRIDABLE", "DN_EXISTENCE")


def test_what_a_mandatory_report_of_a_womens_service_lacks_is_told() -> None:
    override = replace(CHILD_REPORT.override, limbs=())
    facts = replace(CHILD_REPORT, override=override, sender=Party("A", lane="womens"))

    assert decide(facts).codes == ("OX_THRESHOLD", "DN_EXISTENCE")


def test_s27_of_a_mandatory_report_what_is_barred_is_taken_out_and_the_rest_goes() -> None:
    more = (item(C.LOCATION, 5), item(C.JUSTICE_YOUTH, 6, essential=True), item(C.IDENT, 7, third_party=True))
    message = replace(CHILD_REPORT.message, items=(*CHILD_REPORT.message.items, *more))

    decision = decide(replace(CHILD_REPORT, message=message, sender=Party("A", lane="womens")))

    assert (decision.outcome, decision.codes[0]) == ("PERMIT_REDACTED", "OV_STATUTORY")
    assert {kept.category: kept.code for kept in decision.withheld} == {
        C.LOCATION: "RD_LOCATION",
        C.JUSTICE_YOUTH: "RD_YOUTH_JUSTICE",
        C.IDENT: "RD_THIRD_PARTY",
    }
    assert not any(kept.marked for kept in decision.withheld)


def test_3_4_a_childs_report_names_who_cares_for_the_child_and_no_other_disclosure_names_anybody_else() -> None:
    caregiver = item(C.IDENT, 5, subject="s-caregiver")

    for facts, codes in ((CHILD_REPORT, ()), (SELF, ("RD_SUBJECT",))):
        message = replace(facts.message, items=(*facts.message.items, caregiver))
        assert tuple(kept.code for kept in decide(replace(facts, message=message)).withheld) == codes


def test_3_4_a_worker_may_keep_back_and_not_add() -> None:
    facts = disclosing("DOC-SELF", "H", narrowed=(C.CONTACT,))
    message = replace(facts.message, items=(*facts.message.items, item(C.CONTACT, 5), item(C.INCOME, 6)))

    withheld = decide(replace(facts, message=message)).withheld

    assert [kept.category for kept in withheld] == [C.CONTACT, C.INCOME]


def test_a_directive_yields_to_a_duty_of_care_and_to_nothing_less() -> None:
    forbidden = known(SELF, directives=(OPEN_LOCK,))

    assert decide(forbidden).codes[0] == "OV_SELF_HARM"
    assert decide(replace(forbidden, override=None)).codes[:2] == ("NO_SELF_HARM", "DN_NO_AGREEMENT")


def test_an_unknown_identity_stops_all_but_a_mandatory_report() -> None:
    ambiguous = SystemFacts(identity="ambiguous")

    assert decide(replace(CHILD_REPORT, system=ambiguous)).codes == ("OV_STATUTORY",)
    assert decide(replace(disclosing("DOC-SELF", "H", **SPEEDING), system=ambiguous)).codes == ("DN_IDENTITY",)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_3_1_the_duty_to_report_is_anybodys_save_the_hubs_own(role: Role) -> None:
    def by(who: Role) -> Facts:
        return replace(CHILD_REPORT, override=replace(CHILD_REPORT.override, invoker=Hand("w-7", who)))

    assert decide(by(role)).codes == ("OV_STATUTORY",)
    assert decide(by(Role.OPERATOR)).codes[0] == "OX_ROLE"


def test_a_field_that_the_risk_needs_and_a_consent_leaves_out_is_what_an_override_is_offered_for() -> None:
    facts = saying(BASELINE, items=(*BASELINE.message.items, item(C.RISK, 8)), risk_flags=(Risk.SELF_HARM,))

    assert decide(facts).codes[0] == "NO_SELF_HARM"
    assert decide(saying(BASELINE, risk_flags=(Risk.SELF_HARM,))).codes == ("OK_CONSENT",)
