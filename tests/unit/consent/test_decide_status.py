"""How a referral stands passes between its own two parties, either way, on the consent that opened it (C-71, C-72)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consent.decide import decide
from consent.model import Agreement, Facts, Recipient
from consent.model.words import ConsentState, Purpose
from tests.builders import (
    AGREEMENT,
    AT,
    BASELINE,
    REFERRAL,
    TASK,
    C,
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

DAY = timedelta(days=1)
MIRRORED = consent(consent_id="M", discloser="B", recipients=(Recipient("A"),), registry_seq=31)
LATER = consent(consent_id="K2", version=1, registry_seq=50)
EARLIER = consent(consent_id="K0", version=1, registry_seq=5)


def answered(*consents: object, sent: tuple = (TASK,), **change: object) -> tuple[str, ...]:
    decision = decide(reply(*sent, facts=holding(*consents), **change))
    return (decision.outcome.value, *decision.codes)


def results(*sent: object, facts: Facts = BASELINE) -> Facts:
    """A message that says nothing of the state: an AS output alone."""
    said = reply(*sent, facts=facts)
    return replace(said, message=replace(said.message, state_unchanged=True))


def withdrawn(**change: object) -> object:
    return consent(state=ConsentState.WITHDRAWN, **change)


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        pytest.param([consent()], "PERMIT OK_STATUS_ONLY", id="on the consent that opened it, without a tick"),
        pytest.param([], "DENY DN_NO_CONSENT", id="on none"),
        pytest.param([withdrawn()], "DENY DN_WITHDRAWN", id="C-71 withdrawn: the code of its state"),
        pytest.param([consent(expires_at=AT)], "DENY DN_EXPIRED", id="C-71 over: the code of its time"),
        pytest.param([consent(state=ConsentState.SUSPENDED)], "DENY DN_SUSPENDED", id="suspended"),
        pytest.param([withdrawn(registry_seq=40), LATER], "PERMIT OK_STATUS_ONLY", id="on a later one for the pair"),
        pytest.param([withdrawn(), EARLIER], "DENY DN_WITHDRAWN", id="not on an earlier one"),
        pytest.param(
            [withdrawn(registry_seq=60), replace(LATER, captured_at=AT - DAY)],
            "PERMIT OK_STATUS_ONLY",
            id="closing the old record after its renewal does not outrun it",
        ),
        pytest.param(
            [withdrawn(), replace(LATER, recipients=(Recipient("C"),))],
            "DENY DN_WITHDRAWN",
            id="not on a later one for somebody else",
        ),
        pytest.param(
            [withdrawn(), replace(LATER, purposes=(Purpose.ELIGIBILITY,))],
            "DENY DN_WITHDRAWN",
            id="not on a later one for something else",
        ),
        pytest.param([withdrawn(), MIRRORED], "DENY DN_WITHDRAWN", id="not on the mirrored one"),
        pytest.param(
            [consent(version=4, recipients=(Recipient("C"),))], "DENY DN_RECIPIENT", id="it no longer names the pair"
        ),
    ],
)
def test_status_alone(consents: list, expected: str) -> None:
    assert answered(*consents) == tuple(expected.split())


def test_it_goes_the_other_way_too() -> None:
    onwards = saying(type="StatusNotice", event="notify-update-service-request", items=(TASK,), referral=REFERRAL)

    assert decide(onwards).codes == ("OK_STATUS_ONLY",)
    assert decide(onwards).basis == ("consent:K/3", "agreement:AB/1")


def test_what_goes_with_a_status_needs_a_consent_in_its_own_direction() -> None:
    sent = (TASK, *items(C.IDENT, C.NEEDS), item(C.HEALTH_MENTAL, 6, confidentiality="R"))
    one_way = decide(reply(*sent))
    mirrored = decide(reply(*sent, facts=holding(consent(), MIRRORED)))

    assert one_way.codes == ("OK_STATUS_ONLY", "RD_CATEGORY", "RD_SENSITIVE")
    assert [gone.category for gone in one_way.withheld] == [C.IDENT, C.NEEDS, C.HEALTH_MENTAL]
    assert one_way.basis == ("consent:K/3", "agreement:AB/1")
    assert mirrored.codes == ("OK_CONSENT", "RD_SENSITIVE")
    assert mirrored.basis == ("consent:K/3", "consent:M/3", "agreement:AB/1")


def test_a_status_alone_does_not_rest_on_the_mirrored_consent() -> None:
    assert decide(reply(facts=holding(consent(), MIRRORED))).basis == ("consent:K/3", "agreement:AB/1")


def test_a_mirrored_consent_that_is_over_opens_nothing() -> None:
    sent = (TASK, *items(C.NEEDS))
    over = holding(consent(), replace(MIRRORED, expires_at=AT))

    assert decide(reply(*sent, facts=over)).codes == ("OK_STATUS_ONLY", "RD_CATEGORY")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        pytest.param(reply(*items(C.NEEDS)), "DN_DIRECTION", id="C-72 nothing but such items"),
        pytest.param(
            results(TASK, *items(C.LANG)), "DN_DIRECTION", id="C-72 a state that is unchanged is nothing to say"
        ),
        pytest.param(
            results(TASK, *items(C.SERVICE_STATUS)),
            "OK_STATUS_ONLY",
            id="C-71 how the service went is the referral's own status",
        ),
        pytest.param(
            results(TASK, *items(C.SERVICE_STATUS, C.LANG)),
            "OK_STATUS_ONLY",
            id="C-71 and passes without what goes with it",
        ),
        pytest.param(
            results(TASK, *items(C.LANG), facts=holding(consent(), MIRRORED)),
            "OK_CONSENT",
            id="results alone pass with the mirrored one",
        ),
        pytest.param(
            reply(*items(C.NEEDS), facts=holding(MIRRORED)), "OK_CONSENT", id="with the mirrored one they pass"
        ),
        pytest.param(reply(TASK, referral=None), "DN_DIRECTION", id="a status of no referral is no status"),
        pytest.param(
            reply(TASK, referral=replace(REFERRAL, opened_to="C")), "DN_DIRECTION", id="of a referral of other parties"
        ),
        pytest.param(
            reply(TASK, referral=replace(REFERRAL, opened_to="C"), facts=holding(MIRRORED)),
            "DN_REQUIRED_BLOCKED",
            id="elsewhere service-status needs its tick",
        ),
        pytest.param(
            reply(
                TASK,
                referral=None,
                facts=holding(replace(MIRRORED, categories=ticked(C.SERVICE_STATUS))),
            ),
            "OK_CONSENT",
            id="and passes with it",
        ),
        pytest.param(reply(replace(TASK, third_party=True)), "DN_DIRECTION", id="a status of somebody else"),
        pytest.param(reply(replace(TASK, confidentiality="R")), "DN_REQUIRED_BLOCKED", id="a status above N"),
        pytest.param(
            reply(TASK, facts=known(BASELINE, directives=(directive(recipients=("A",)),))),
            "DN_DIRECTIVE",
            id="a directive stops it",
        ),
        pytest.param(
            reply(
                TASK, facts=known(BASELINE, directives=(directive(recipients=("A",), categories=(C.SERVICE_STATUS,)),))
            ),
            "DN_REQUIRED_BLOCKED",
            id="one for service-status too",
        ),
        pytest.param(reply(TASK, referral=replace(REFERRAL, consent_id=None)), "OK_STATUS_ONLY", id="opener not known"),
    ],
)
def test_code(facts: Facts, code: str) -> None:
    assert decide(facts).codes[0] == code


def test_the_agreement_must_cover_service_status() -> None:
    row: Agreement = replace(AGREEMENT, categories=(C.IDENT, C.NEEDS))

    assert decide(replace(reply(), agreements=(row,))).codes == ("DN_REQUIRED_BLOCKED", "RD_CATEGORY")


def test_the_name_may_be_withheld_for_the_task_alone_is_essential() -> None:
    decision = decide(reply(TASK, *items(C.IDENT)))

    assert decision.permits
    assert [gone.category for gone in decision.withheld] == [C.IDENT]
