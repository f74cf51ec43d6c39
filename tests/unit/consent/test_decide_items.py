"""Items: the vectors of shared model 9.6, the order of their codes (9.4), and what the incompleteness notice counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consent.decide import decide
from consent.model import Agreement, Facts, Grant, Item, Party, Recipient
from consent.model.words import Category, ConsentState, Purpose, Risk
from tests.builders import (
    AGREEMENT,
    AT,
    BASELINE,
    CHILD,
    TASK,
    C,
    agreed,
    asking,
    consent,
    directive,
    holding,
    item,
    items,
    known,
    reply,
    saying,
    ticked,
)

DATE = datetime(2026, 3, 3, 17, tzinfo=UTC)
FROM = datetime(2026, 3, 2, 5, tzinfo=UTC)  # 2026-03-02, local
UNTIL = datetime(2027, 3, 2, 5, tzinfo=UTC)  # 2027-03-01, whole local day

# the Consent of shared model 13.2
HARBOUR = consent(
    discloser="harbour",
    recipients=(Recipient("lakeside"),),
    purposes=(Purpose.REFERRAL, Purpose.ELIGIBILITY),
    categories=(
        *ticked(C.IDENT, C.CONTACT, C.NEEDS, C.LANG, C.PLAN, C.SERVICE_STATUS),
        Grant(C.IMMIG, (Purpose.ELIGIBILITY,), datetime(2026, 6, 2, 4, tzinfo=UTC)),
    ),
    valid_from=FROM,
    captured_at=FROM,
    expires_at=UNTIL,
)
NO_NOTES_NO_DV = directive(recipients=("lakeside",), categories=(C.NOTES_FREE, C.DV))
FOR_ALL: Agreement = replace(
    AGREEMENT,
    parties=("harbour", "lakeside"),
    purposes=tuple(Purpose),
    categories=tuple(Category),
)
VECTORS = known(
    replace(
        holding(HARBOUR, facts=BASELINE),
        at=DATE,
        sender=Party("harbour"),
        recipient=Party("lakeside"),
        agreements=(FOR_ALL,),
    ),
    directives=(NO_NOTES_NO_DV,),
)


def vector(*sent: Item, facts: Facts = VECTORS, at: datetime = DATE, **change: object) -> tuple[str, ...]:
    decision = decide(replace(saying(facts, items=sent, **change), at=at))
    return (decision.outcome.value, *decision.codes)


def beside(sent: Item) -> tuple[Item, ...]:
    return (*items(C.IDENT, C.NEEDS), sent)


IDENT, LANG = item(C.IDENT, 1, essential=True), item(C.LANG, 2)
NOTES = item(C.NOTES_FREE, 3, confidentiality="R")
IMMIG = item(C.IMMIG, 3, confidentiality="R")
DV = item(C.DV, 3, confidentiality="R", sensitivity=("SDV",))
BACK = replace(VECTORS, sender=Party("lakeside"), recipient=Party("harbour"))


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        pytest.param(vector(LANG), "PERMIT OK_CONSENT", id="V1 lang N"),
        pytest.param(vector(*beside(NOTES)), "PERMIT_REDACTED OK_CONSENT RD_FREE_TEXT", id="V2 notes-free R"),
        pytest.param(vector(*beside(DV)), "PERMIT_REDACTED OK_CONSENT RD_CATEGORY", id="V3 dv R, denied by name"),
        pytest.param(vector(*beside(IMMIG)), "PERMIT_REDACTED OK_CONSENT RD_PURPOSE_MIN", id="V5 immig coarse only"),
        pytest.param(vector(IDENT, purpose=Purpose.HEALTH_CARE), "DENY DN_PURPOSE", id="V7 health care"),
        pytest.param(vector(IDENT, purpose=Purpose.COORDINATION), "DENY DN_PURPOSE", id="V8 coordination"),
        pytest.param(
            vector(
                IDENT,
                facts=replace(
                    VECTORS,
                    recipient=Party("other"),
                    agreements=(replace(FOR_ALL, parties=("harbour", "other")),),
                ),
            ),
            "DENY DN_RECIPIENT",
            id="V9 another recipient",
        ),
        pytest.param(vector(IDENT, at=UNTIL - timedelta(minutes=1)), "PERMIT OK_CONSENT", id="V10 the last minute"),
        pytest.param(vector(IDENT, at=UNTIL), "DENY DN_EXPIRED", id="V11 the day after"),
        pytest.param(vector(IDENT, at=FROM - timedelta(hours=5)), "DENY DN_NOT_YET_VALID", id="V12 the day before"),
        pytest.param(
            vector(*beside(item(C.HOUSING, 3))), "PERMIT_REDACTED OK_CONSENT RD_CATEGORY", id="V13 housing not listed"
        ),
        pytest.param(
            vector(replace(IDENT, confidentiality="R")),
            "DENY DN_REQUIRED_BLOCKED RD_SENSITIVE",
            id="V14 ident R is above what a plain tick opens",
        ),
        pytest.param(vector(IDENT, purpose=Purpose.SAFETY), "DENY DN_PURPOSE", id="V15 safety"),
        pytest.param(
            vector(IDENT, purpose=Purpose.SAFETY, risk_flags=(Risk.SELF_HARM,)),
            "NEEDS_OVERRIDE NO_SELF_HARM DN_PURPOSE",
            id="V15 with a risk flag an override is offered, and nothing passes",
        ),
        pytest.param(vector(IDENT, facts=BACK), "DENY DN_DIRECTION", id="V16 the other way round"),
        pytest.param(
            vector(LANG, facts=known(VECTORS, consents=(replace(HARBOUR, state=ConsentState.WITHDRAWN),))),
            "DENY DN_WITHDRAWN",
            id="V17 after the withdrawal",
        ),
        pytest.param(
            vector(LANG, facts=known(VECTORS, directives=(directive(recipients=("lakeside",)),))),
            "DENY DN_DIRECTIVE",
            id="V18 a second record denies",
        ),
        pytest.param(
            vector(*beside(LANG), NOTES), "PERMIT_REDACTED OK_CONSENT RD_FREE_TEXT", id="V19 four items, one withheld"
        ),
        pytest.param(
            vector(*items(C.IDENT, C.NEEDS), replace(TASK, confidentiality="V")),
            "DENY DN_REQUIRED_BLOCKED RD_SENSITIVE",
            id="V20 a ServiceRequest labelled V",
        ),
    ],
)
def test_vector(got: tuple[str, ...], expected: str) -> None:
    assert got == tuple(expected.split())


def test_V16_back_to_the_sender_status_passes_and_the_name_does_not() -> None:
    status = replace(
        reply().message,
        referral=replace(reply().message.referral, opened_by="harbour", opened_to="lakeside"),
    )
    alone = decide(saying(BACK, **{f: getattr(status, f) for f in ("type", "event", "items", "referral")}))
    both = decide(saying(replace(BACK, message=status), items=(IDENT, TASK)))

    assert alone.codes == ("OK_STATUS_ONLY",)
    assert [gone.category for gone in both.withheld] == [C.IDENT]
    assert both.codes == ("OK_STATUS_ONLY", "RD_CATEGORY")


ALL = agreed(*Category)


def one(facts: Facts, sent: Item) -> tuple[str, bool] | None:
    """Code and mark of one item beside name and needs; None: it passes."""
    decision = decide(saying(facts, items=(*items(C.IDENT, C.NEEDS), sent)))
    assert decision.permits, decision
    assert all(gone.path == sent.path for gone in decision.withheld)
    return (decision.withheld[0].code.value, decision.withheld[0].marked) if decision.withheld else None


def ticking(*categories: Category, facts: Facts = ALL) -> Facts:
    return holding(consent(categories=consent().categories + ticked(*categories)), facts=facts)


def sensitive(category: Category, **change: object) -> Item:
    return item(category, 7, confidentiality="R", **change)


@pytest.mark.parametrize(
    ("facts", "sent", "expected"),
    [
        pytest.param(ALL, NOTES, ("RD_FREE_TEXT", True), id="notes not ticked"),
        pytest.param(BASELINE, NOTES, ("RD_FREE_TEXT", False), id="notes that the agreement leaves out anyway"),
        pytest.param(ticking(C.NOTES_FREE), NOTES, None, id="L4 notes that the consent names"),
        pytest.param(ALL, sensitive(C.SEXUAL), ("RD_PURPOSE_MIN", False), id="outside the profile, not ticked"),
        pytest.param(
            ticking(C.SEXUAL), sensitive(C.SEXUAL), ("RD_PURPOSE_MIN", False), id="C-129 outside the profile, ticked"
        ),
        pytest.param(ALL, sensitive(C.RACE_INDIG), ("RD_PURPOSE_MIN", False), id="C-125 for another purpose"),
        pytest.param(
            ticking(C.IMMIG), sensitive(C.IMMIG), ("RD_STATUS_TO_FLAG", False), id="C-123 ticked, of use as a flag only"
        ),
        pytest.param(
            ticking(C.HEALTH_MENTAL, facts=agreed(categories=(C.IDENT, C.NEEDS, C.SERVICE_STATUS))),
            sensitive(C.HEALTH_MENTAL),
            ("RD_CATEGORY", False),
            id="C-132 the agreement leaves it out: no mark",
        ),
        pytest.param(ALL, item(C.INCOME, 7), ("RD_CATEGORY", True), id="C-65 a plain category not ticked"),
        pytest.param(ALL, sensitive(C.HEALTH_MENTAL), ("RD_SENSITIVE", True), id="C-120 a sensitive one not ticked"),
        pytest.param(ticking(C.SUBSTANCE), sensitive(C.SUBSTANCE), None, id="C-121 a sensitive one ticked"),
        pytest.param(ALL, sensitive(C.JUSTICE_YOUTH), ("RD_YOUTH_JUSTICE", False), id="C-126 never, and no mark"),
        pytest.param(
            ticking(C.JUSTICE_YOUTH), sensitive(C.JUSTICE_YOUTH), ("RD_YOUTH_JUSTICE", False), id="C-126 not if ticked"
        ),
        pytest.param(ALL, item(C.LANG, 7, confidentiality="R"), ("RD_SENSITIVE", True), id="a plain one labelled R"),
        pytest.param(
            ticking(C.SUBSTANCE),
            item(C.SUBSTANCE, 7, confidentiality="V"),
            ("RD_SENSITIVE", True),
            id="V never, ticked or not",
        ),
        pytest.param(
            ticking(C.IMMIG),
            item(C.IMMIG, 7, confidentiality="V"),
            ("RD_SENSITIVE", False),
            id="V of what is of use as a flag only: no mark",
        ),
        pytest.param(
            known(BASELINE, directives=(directive(categories=(C.HOUSING,)),)),
            item(C.HOUSING, 7),
            ("RD_CATEGORY", False),
            id="denied by name, and the agreement leaves it out anyway: no mark",
        ),
        pytest.param(
            ticking(C.HEALTH_MENTAL),
            sensitive(C.HEALTH_MENTAL, sensitivity=("MH", "SDV")),
            ("RD_SENSITIVE", True),
            id="tags of two categories need both",
        ),
        pytest.param(
            ticking(C.HEALTH_MENTAL, C.DV),
            sensitive(C.HEALTH_MENTAL, sensitivity=("MH", "SDV")),
            None,
            id="and have both",
        ),
        pytest.param(
            ticking(C.DV), sensitive(C.DV, sensitivity=("XYZ",)), ("RD_SENSITIVE", True), id="I-01 a tag nobody knows"
        ),
        pytest.param(ALL, item(C.LANG, 7, subject=CHILD), ("RD_SUBJECT", False), id="C-73 about the child"),
        pytest.param(ALL, item(C.LANG, 7, third_party=True), ("RD_SUBJECT", False), id="C-75 about a third person"),
        pytest.param(ALL, item(C.LANG, 7, subject=None), ("RD_SUBJECT", False), id="about nobody whom we know"),
        pytest.param(ALL, item(C.LANG, 7, lineage="OV1"), ("RD_LINEAGE", False), id="C-138 got from elsewhere"),
        pytest.param(ALL, item(C.LANG, 7, source_agency="X"), ("RD_LINEAGE", False), id="C-138 another agency's fact"),
        pytest.param(ALL, item(C.LANG, 7, source_agency="A"), None, id="the sender's own fact"),
        pytest.param(
            ALL, item(C.SERVICE_STATUS, 7), ("RD_CATEGORY", True), id="a service history is a category like the others"
        ),
        pytest.param(ALL, TASK, None, id="C-01 the referral itself needs no tick"),
    ],
)
def test_code_and_mark(facts: Facts, sent: Item, expected: tuple[str, bool] | None) -> None:
    assert one(facts, sent) == expected


@pytest.mark.parametrize(
    ("no", "sent", "expected"),
    [
        pytest.param({"categories": (C.LANG,)}, item(C.LANG, 7), ("RD_CATEGORY", True), id="one category, marked"),
        pytest.param({"categories": (C.LANG,)}, item(C.CONTACT, 7), None, id="another category passes"),
        pytest.param({"categories": (C.LANG,), "recipients": ("C",)}, item(C.LANG, 7), None, id="for somebody else"),
        pytest.param({"categories": (C.LANG,), "recipients": ()}, item(C.LANG, 7), ("RD_CATEGORY", True), id="for all"),
        pytest.param(
            {"categories": (C.LANG,), "purposes": (Purpose.ELIGIBILITY,)}, item(C.LANG, 7), None, id="another purpose"
        ),
    ],
)
def test_a_directive_for_some_categories_withholds_those(no: dict, sent: Item, expected: object) -> None:
    assert one(known(ALL, directives=(directive(**no),)), sent) == expected


def test_a_locked_item_stays_and_one_without_an_id_may_be_it() -> None:
    locked = known(ALL, directives=(directive(items=("i-7",)),))
    sent = [replace(entry, item_id=f"i-{at}") for at, entry in enumerate(items(C.IDENT, C.NEEDS, C.LANG), start=5)]

    assert [gone.path for gone in decide(saying(locked, items=tuple(sent))).withheld] == [sent[2].path]
    assert decide(asking(C.IDENT, C.NEEDS, facts=locked)).codes == ("DN_REQUIRED_BLOCKED", "RD_CATEGORY")


@pytest.mark.parametrize(
    ("excluded", "codes"),
    [
        pytest.param(("LANG",), ("OK_CONSENT", "RD_CATEGORY"), id="a category"),
        pytest.param(("B",), ("DN_DIRECTIVE",), id="the recipient"),
        pytest.param(("w-77",), ("DN_DIRECTIVE",), id="a name that nobody can place: perhaps the recipient's"),
    ],
)
def test_exclusions_of_a_form_act_as_directives(excluded: tuple[str, ...], codes: tuple[str, ...]) -> None:
    assert decide(holding(consent(exclusions=excluded))).codes == codes


@pytest.mark.parametrize(
    ("sent", "required", "code"),
    [
        pytest.param(items(C.NEEDS), None, "OK_CONSENT", id="a required category that it never had is not withheld"),
        pytest.param((), None, "DN_REQUIRED_BLOCKED", id="an empty message asks for nothing"),
        pytest.param((TASK,), None, "OK_CONSENT", id="the request alone"),
        pytest.param(
            (*items(C.IDENT, C.NEEDS), item(C.NEEDS, 8, subject=CHILD)),
            None,
            "OK_CONSENT",
            id="C-73 the child's needs are not the client's",
        ),
        pytest.param(
            (*items(C.IDENT, C.LANG), item(C.NEEDS, 8, third_party=True)),
            None,
            "DN_REQUIRED_BLOCKED",
            id="C-77 intertwined",
        ),
        pytest.param(
            (*items(C.IDENT, C.NEEDS), item(C.LANG, 8, essential=True, subject=CHILD)),
            None,
            "DN_REQUIRED_BLOCKED",
            id="what the message is for is about somebody else",
        ),
        pytest.param(items(C.NEEDS), (C.LANG,), "OK_CONSENT", id="the service's own list stands in its place"),
        pytest.param(
            (*items(C.NEEDS), replace(IDENT, confidentiality="R", essential=False)),
            (C.LANG,),
            "DN_REQUIRED_BLOCKED",
            id="and has IDENT in any case",
        ),
        pytest.param((*items(C.IDENT, C.NEEDS), item(C.INCOME, 8)), (C.INCOME,), "DN_REQUIRED_BLOCKED", id="C-66"),
    ],
)
def test_what_is_required_and_withheld_refuses(sent: tuple[Item, ...], required: object, code: str) -> None:
    assert decide(saying(items=sent, required=required)).codes[0] == code


def test_C_127_a_record_of_youth_justice_that_is_required_is_an_absolute_bar() -> None:
    required = saying(items=(*items(C.IDENT), sensitive(C.JUSTICE_YOUTH)), required=(C.JUSTICE_YOUTH,))
    in_focus = saying(items=(*items(C.IDENT, C.NEEDS), sensitive(C.JUSTICE_YOUTH, essential=True)))

    for decision in (decide(required), decide(in_focus)):
        assert (decision.stage, decision.codes) == ("P-1", ("DN_ABSOLUTE",))


def test_C_133_nothing_but_what_another_agency_told_is_not_passed_on() -> None:
    decision = decide(saying(items=tuple(replace(sent, source_agency="X") for sent in items(C.IDENT, C.NEEDS))))

    assert (decision.stage, decision.codes) == ("P-9", ("DN_ONWARD",))


def test_two_agreements_narrow_each_other() -> None:
    second = replace(AGREEMENT, agreement_id="AB2", categories=(C.IDENT, C.NEEDS, C.CONTACT, C.SERVICE_STATUS))
    decision = decide(replace(BASELINE, agreements=(AGREEMENT, second), at=AT))

    assert [(gone.category, gone.marked) for gone in decision.withheld] == [(C.LANG, False)]
    assert decision.basis == ("consent:K/3", "agreement:AB/1", "agreement:AB2/1")
