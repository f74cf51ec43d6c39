"""Rows of consent rules 2, groups A, B, D and F, by their numbers. A row says only what differs from the baseline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consent.decide import decide
from consent.model import Agreement, Facts, Recipient
from consent.model.words import Category, ConsentState, Purpose
from tests.builders import (
    AGREEMENT,
    AT,
    BASELINE,
    CLIENT,
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

SECOND = timedelta(seconds=1)
STATE = ConsentState
K2 = consent(consent_id="K2", version=1, registry_seq=50, captured_at=AT - timedelta(hours=2))
MIRRORED = consent(consent_id="M", discloser="B", recipients=(Recipient("A"),), registry_seq=31)


def at(instant: datetime, facts: Facts = BASELINE) -> Facts:
    return replace(facts, at=instant)


def in_state(state: ConsentState) -> Facts:
    return holding(consent(state=state))


def to(agency: str) -> Facts:
    row: Agreement = replace(AGREEMENT, parties=("A", agency))
    return replace(BASELINE, recipient=replace(BASELINE.recipient, agency=agency), agreements=(row,))


def for_eligibility(facts: Facts) -> Facts:
    return agreed(facts=facts, purposes=tuple(Purpose), events=("eligibility-check", "benefit-overlap-check"))


DRAFT_V4 = consent(version=4, state=STATE.DRAFT, registry_seq=60, valid_from=None)
V4 = consent(version=4, registry_seq=60)
SHORTER = ticked(C.IDENT, C.CONTACT, C.LANG, C.EMPLOY)
ELIGIBILITY = saying(type="EligibilityCheck", event="eligibility-check", purpose=Purpose.ELIGIBILITY)
OVERLAP = saying(
    type="BenefitOverlapCheck",
    event="benefit-overlap-check",
    purpose=Purpose.ELIGIBILITY,
    labelled_purpose="referral",
)
NOTES = item(C.NOTES_FREE, 5)


@pytest.mark.parametrize(
    ("facts", "outcome", "codes"),
    [
        pytest.param(BASELINE, "PERMIT", "OK_CONSENT", id="C-01 the baseline is a permit"),
        pytest.param(holding(), "DENY", "DN_NO_CONSENT", id="C-02 no consent record for the client"),
        pytest.param(
            replace(BASELINE, subjects={}), "DENY", "DN_NO_CONSENT", id="C-02 the registry does not know the client"
        ),
        pytest.param(
            saying(holding(), service="svc-1"), "DENY", "DN_NO_CONSENT", id="C-09 an enquiry never becomes consent"
        ),
        pytest.param(
            at(datetime(2025, 1, 10, 5, tzinfo=UTC) - SECOND),
            "DENY",
            "DN_NOT_YET_VALID",
            id="C-16 one second before valid_from",
        ),
        pytest.param(
            at(datetime(2025, 1, 10, 5, tzinfo=UTC)), "PERMIT", "OK_CONSENT", id="C-16 and in force from that instant"
        ),
        pytest.param(
            holding(consent(expires_at=AT)), "DENY", "DN_EXPIRED", id="C-17 over at the instant that it expires"
        ),
        pytest.param(
            holding(consent(expires_at=AT + SECOND)), "PERMIT", "OK_CONSENT", id="C-18 and in force until then"
        ),
        pytest.param(
            at(
                datetime(2025, 6, 2, 3, 30, tzinfo=UTC),
                holding(consent(expires_at=datetime(2025, 6, 2, 4, tzinfo=UTC))),
            ),
            "PERMIT",
            "OK_CONSENT",
            id="C-19 a date is the whole of that local day: 23:30 in Toronto",
        ),
        pytest.param(
            at(datetime(2025, 6, 2, 4, tzinfo=UTC), holding(consent(expires_at=datetime(2025, 6, 2, 4, tzinfo=UTC)))),
            "DENY",
            "DN_EXPIRED",
            id="C-19 and over when the next day starts",
        ),
        pytest.param(
            at(AT + 5 * SECOND, holding(consent(expires_at=AT))),
            "DENY",
            "DN_EXPIRED",
            id="C-20 released in time, delivered after the end",
        ),
        pytest.param(
            holding(consent(expires_at=None)), "DENY", "DN_RECORD_INCOMPLETE", id="C-21 no expiry on the record"
        ),
        pytest.param(
            at(
                datetime(2027, 2, 10, 16, tzinfo=UTC),
                holding(consent(expires_at=datetime(2035, 1, 10, tzinfo=UTC))),
            ),
            "DENY",
            "DN_EXPIRED",
            id="C-22 ten years on the form, 25 months after capture",
        ),
        pytest.param(in_state(STATE.WITHDRAWN), "DENY", "DN_WITHDRAWN", id="C-23 withdrawn yesterday"),
        pytest.param(
            holding(consent(version=4, state=STATE.WITHDRAWN)),
            "DENY",
            "DN_WITHDRAWN",
            id="C-24 C-26 C-27 C-29 what the registry says when asked again, however it was withdrawn",
        ),
        pytest.param(
            at(AT - SECOND),
            "PERMIT",
            "OK_CONSENT",
            id="C-25 C-28 while the registry had not heard of it, it was in force",
        ),
        pytest.param(
            holding(consent(categories=ticked(C.IDENT, C.NEEDS, C.LANG, C.EMPLOY))),
            "PERMIT_REDACTED",
            "OK_CONSENT RD_CATEGORY",
            id="C-31 withdrew CONTACT only",
        ),
        pytest.param(
            holding(consent(categories=SHORTER)),
            "DENY",
            "DN_REQUIRED_BLOCKED RD_CATEGORY",
            id="C-32 withdrew NEEDS, which is required",
        ),
        pytest.param(
            holding(consent(state=STATE.WITHDRAWN), K2), "PERMIT", "OK_CONSENT", id="C-33 a new record of today"
        ),
        pytest.param(
            holding(consent(state=STATE.SUPERSEDED), replace(V4, categories=SHORTER)),
            "DENY",
            "DN_REQUIRED_BLOCKED RD_CATEGORY",
            id="C-34 the latest version drops NEEDS",
        ),
        pytest.param(
            holding(consent(), replace(V4, state=STATE.WITHDRAWN)),
            "DENY",
            "DN_WITHDRAWN",
            id="C-34 the latest version alone counts, whatever an older one says",
        ),
        pytest.param(in_state(STATE.DRAFT), "DENY", "DN_PENDING", id="C-36 a draft"),
        pytest.param(
            holding(consent(), DRAFT_V4), "PERMIT", "OK_CONSENT", id="C-37 a draft of the next version changes nothing"
        ),
        pytest.param(
            saying(holding(V4), pinned=("K", 3)), "DENY", "DN_SUPERSEDED", id="C-38 pinned to a version before"
        ),
        pytest.param(saying(pinned=("K", 3)), "PERMIT", "OK_CONSENT", id="C-38 pinned to the version in force"),
        pytest.param(saying(pinned=("X", 1)), "DENY", "DN_NO_CONSENT", id="C-38 pinned to what the client has not"),
        pytest.param(in_state(STATE.LAPSED), "DENY", "DN_VERBAL_LAPSED", id="C-39 the paper was never signed"),
        pytest.param(saying(case_closed=True), "DENY", "DN_CASE_CLOSED", id="C-40 case closed"),
        pytest.param(reply(case_closed=True), "PERMIT", "OK_STATUS_ONLY", id="C-40 S3 what was opened before goes on"),
        pytest.param(in_state(STATE.DECLINED), "DENY", "DN_DIRECTIVE", id="C-44 declined"),
        pytest.param(
            holding(
                consent(), consent(consent_id="N", state=STATE.DECLINED, registry_seq=3, recipients=(), purposes=())
            ),
            "DENY",
            "DN_DIRECTIVE",
            id="C-44 a decline that names nobody is for all",
        ),
        pytest.param(
            holding(consent(), consent(consent_id="N", state=STATE.DECLINED, recipients=(Recipient("C"),))),
            "PERMIT",
            "OK_CONSENT",
            id="C-44 a decline for another agency is not for this one",
        ),
        pytest.param(to("C"), "DENY", "DN_RECIPIENT", id="C-62 a recipient that is not named"),
        pytest.param(for_eligibility(ELIGIBILITY), "DENY", "DN_PURPOSE", id="C-63 a purpose that is not named"),
        pytest.param(for_eligibility(OVERLAP), "DENY", "DN_PURPOSE", id="C-64 the event fixes the purpose"),
        pytest.param(
            saying(labelled_purpose="eligibility"), "DENY", "DN_PURPOSE", id="C-64 a label that differs is refused"
        ),
        pytest.param(saying(labelled_purpose="referral"), "PERMIT", "OK_CONSENT", id="C-64 one that agrees is not"),
        pytest.param(
            asking(C.IDENT, C.NEEDS, C.INCOME),
            "PERMIT_REDACTED",
            "OK_CONSENT RD_CATEGORY",
            id="C-65 INCOME is not consented to",
        ),
        pytest.param(
            saying(asking(C.IDENT, C.EMPLOY, C.INCOME), required=(C.IDENT, C.EMPLOY, C.INCOME)),
            "DENY",
            "DN_REQUIRED_BLOCKED RD_CATEGORY",
            id="C-66 INCOME is required and not consented to",
        ),
        pytest.param(
            saying(
                asking(C.IDENT, C.CONTACT, C.LANG, facts=holding(consent(categories=ticked(C.IDENT)))),
                required=(C.IDENT,),
            ),
            "DENY",
            "DN_REQUIRED_BLOCKED RD_CATEGORY",
            id="C-67 nothing but a name would be left (I-16)",
        ),
        pytest.param(
            saying(asking(C.IDENT), required=(C.IDENT,)), "PERMIT", "OK_CONSENT", id="C-67 it had no more to begin with"
        ),
        pytest.param(
            saying(asking(C.IDENT, C.NEEDS, C.EMPLOY), type="LanguageClassReferral"),
            "PERMIT_REDACTED",
            "OK_CONSENT RD_PURPOSE_MIN",
            id="C-68 a language class has no use for EMPLOY",
        ),
        pytest.param(
            asking(C.IDENT, C.NEEDS, C.NOTES_FREE),
            "PERMIT_REDACTED",
            "OK_CONSENT RD_FREE_TEXT",
            id="C-69 free text is not consented to",
        ),
        pytest.param(
            replace(BASELINE, system=replace(BASELINE.system, labelled=False)),
            "DENY",
            "DN_SCHEMA",
            id="C-70 a field without a category",
        ),
        pytest.param(reply(), "PERMIT", "OK_STATUS_ONLY", id="C-71 status comes back under a one-way consent"),
        pytest.param(reply(NOTES), "DENY", "DN_DIRECTION", id="C-72 assessment notes alone do not"),
        pytest.param(
            reply(TASK, NOTES),
            "PERMIT_REDACTED",
            "OK_STATUS_ONLY RD_FREE_TEXT",
            id="C-72 beside a new status they are withheld",
        ),
        pytest.param(known(BASELINE, directives=(directive(),)), "DENY", "DN_DIRECTIVE", id="C-104 an older directive"),
        pytest.param(
            known(BASELINE, directives=(directive(registry_seq=90),)),
            "DENY",
            "DN_DIRECTIVE",
            id="C-104 a newer directive",
        ),
        pytest.param(
            known(holding(consent(), replace(K2, lifts=("D",))), directives=(directive(),)),
            "PERMIT",
            "OK_CONSENT",
            id="C-105 a newer record names and lifts it",
        ),
        pytest.param(
            holding(
                consent(consent_id="N", state=STATE.DECLINED, registry_seq=40), consent(), replace(K2, lifts=("N",))
            ),
            "PERMIT",
            "OK_CONSENT",
            id="C-105 a newer record names and lifts a decline",
        ),
        pytest.param(
            known(holding(consent(), K2), directives=(directive(),)),
            "DENY",
            "DN_DIRECTIVE",
            id="C-105 a newer record that does not name it",
        ),
        pytest.param(
            known(holding(replace(K2, lifts=("D",))), directives=(directive(registry_seq=90),)),
            "DENY",
            "DN_DIRECTIVE",
            id="C-105 an older record cannot lift a newer no",
        ),
        pytest.param(
            known(holding(consent(), replace(K2, state=STATE.DRAFT, lifts=("D",))), directives=(directive(),)),
            "DENY",
            "DN_DIRECTIVE",
            id="C-105 a draft lifts nothing",
        ),
        pytest.param(
            known(BASELINE, directives=(directive(lifted_by="K9"),)),
            "PERMIT",
            "OK_CONSENT",
            id="C-105 the registry has noted that it was lifted",
        ),
        pytest.param(
            holding(consent(), replace(K2, categories=ticked(C.IDENT, C.NEEDS, C.LANG))),
            "PERMIT_REDACTED",
            "OK_CONSENT RD_CATEGORY",
            id="C-106 CONTACT is in one of two active records only",
        ),
    ],
)
def test_row(facts: Facts, outcome: str, codes: str) -> None:
    decision = decide(facts)

    assert (decision.outcome, decision.codes) == (outcome, tuple(codes.split()))


def test_C_33_the_decision_cites_the_new_record() -> None:
    decision = decide(holding(consent(state=STATE.WITHDRAWN), K2))

    assert decision.basis == ("consent:K2/1", "agreement:AB/1")


def test_C_106_the_decision_cites_both_records() -> None:
    assert decide(holding(consent(), K2)).basis == ("consent:K/3", "consent:K2/1", "agreement:AB/1")


def test_C_106_of_three_records_each_narrows() -> None:
    third = replace(K2, consent_id="K3", categories=ticked(C.IDENT, C.NEEDS, C.LANG))

    assert [gone.category for gone in decide(holding(consent(), K2, third)).withheld] == [C.CONTACT]


def test_C_104_the_refusal_cites_the_directive() -> None:
    assert decide(known(BASELINE, directives=(directive(),))).basis == ("directive:D",)


@pytest.mark.parametrize(
    ("captured", "asked", "outcome"),
    [
        pytest.param("2024-02-29T15:00", "2026-03-01T04:59", "PERMIT", id="a leap day ends on the last of February"),
        pytest.param("2024-02-29T15:00", "2026-03-01T05:00", "DENY", id="when that local day is over"),
        pytest.param("2024-05-31T15:00", "2026-05-31T15:00", "PERMIT", id="the thirty-first stays the thirty-first"),
        pytest.param("2024-06-10T03:30", "2026-06-10T03:59", "PERMIT", id="23:30 in Toronto is the day before in UTC"),
        pytest.param("2024-06-10T03:30", "2026-06-10T04:00", "DENY", id="so it ends on the ninth"),
    ],
)
def test_C_22_months_end_on_the_same_day_number_or_the_last_of_the_month(
    captured: str, asked: str, outcome: str
) -> None:
    captured_at, instant = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (captured, asked))
    long = consent(captured_at=captured_at, expires_at=datetime(2035, 1, 1, tzinfo=UTC))

    assert decide(at(instant, holding(replace(long, valid_from=captured_at)))).outcome == outcome


@pytest.mark.parametrize(
    ("others", "code"),
    [
        pytest.param([], "DN_NO_CONSENT", id="none"),
        pytest.param([consent(consent_id="1", state=STATE.DRAFT)], "DN_PENDING", id="a draft"),
        pytest.param(
            [consent(consent_id="1", state=STATE.DRAFT), consent(consent_id="2", state=STATE.WITHDRAWN)],
            "DN_WITHDRAWN",
            id="a draft and one withdrawn",
        ),
        pytest.param(
            [consent(consent_id="2", state=STATE.WITHDRAWN), consent(consent_id="3", expires_at=AT)],
            "DN_EXPIRED",
            id="one withdrawn and one that ran to its end",
        ),
        pytest.param(
            [consent(consent_id="3", state=STATE.EXPIRED), consent(consent_id="2", state=STATE.WITHDRAWN)],
            "DN_EXPIRED",
            id="the same when a job has noted the end: nothing waits for it",
        ),
        pytest.param(
            [consent(consent_id="3", expires_at=AT), consent(consent_id="4", recipients=(Recipient("C"),))],
            "DN_RECIPIENT",
            id="one over and one in force for somebody else",
        ),
        pytest.param(
            [consent(consent_id="4", recipients=(Recipient("C"),)), MIRRORED], "DN_DIRECTION", id="the other way round"
        ),
        pytest.param(
            [MIRRORED, consent(consent_id="5", purposes=(Purpose.ELIGIBILITY,))], "DN_PURPOSE", id="another purpose"
        ),
    ],
)
def test_of_several_refused_consents_the_code_is_that_of_the_one_that_got_furthest(others: list, code: str) -> None:
    assert decide(holding(*others)).codes == (code,)


def test_a_grant_of_another_file_of_the_person_does_not_count_but_a_decline_does() -> None:
    assert decide(holding(consent(subject_ref="s-other"))).codes == ("DN_NO_CONSENT",)
    declined = consent(consent_id="N", subject_ref="s-other", state=STATE.DECLINED)
    assert decide(holding(consent(), declined)).codes == ("DN_DIRECTIVE",)


def test_a_tick_may_be_for_a_narrower_purpose_or_end_earlier() -> None:
    def with_contact(**change: object) -> tuple[str, ...]:
        grants = tuple(replace(g, **change) if g.category is C.CONTACT else g for g in consent().categories)
        return decide(holding(consent(categories=grants))).codes

    assert with_contact(purposes=(Purpose.ELIGIBILITY,)) == ("OK_CONSENT", "RD_CATEGORY")
    assert with_contact(expires_at=AT) == ("OK_CONSENT", "RD_CATEGORY")
    assert with_contact(expires_at=AT + SECOND, purposes=(Purpose.REFERRAL,)) == ("OK_CONSENT",)


def test_what_is_withheld_is_named_by_path_and_nothing_else_is() -> None:
    decision = decide(asking(C.IDENT, C.NEEDS, C.INCOME))

    assert [(gone.path, gone.category, gone.marked) for gone in decision.withheld] == [
        ("Bundle.entry[3].resource", Category.INCOME, True)
    ]


def test_the_subject_of_a_message_is_asked_for_and_nobody_else() -> None:
    other = saying(subject="s-nobody", items=items(C.IDENT, C.NEEDS))

    assert decide(other).codes == ("DN_NO_CONSENT",)
    assert CLIENT in other.subjects
