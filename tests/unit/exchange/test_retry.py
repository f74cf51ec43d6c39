"""Retry and waking (design §3.4, §3.7; consent rules 2.2; S47): every code, every limit, no lost wake-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.model import Agreement, Category, Code, Consent, ConsentState, Facts, Message, PackFacts, Party, Purpose
from consent.model import SubjectFacts as Subject
from hub.exchange.retry import (
    LONGEST_S,
    GiveUp,
    RetryAt,
    Wake,
    after_failure,
    after_system_code,
    starts_at,
    wakes_on,
)

NOW = datetime(2025, 6, 1, 16, 0, tzinfo=UTC)
HOURS_72 = timedelta(hours=72)
REFUSALS = [code for code in Code if code.startswith(("DN_", "NO_"))]


def delay_s(attempts: int, random: float = 0.0) -> float:
    answer = after_failure(attempts, NOW, NOW + HOURS_72, random=random)
    assert isinstance(answer, RetryAt)
    return (answer.at - NOW).total_seconds()


def test_the_delay_doubles_up_to_its_limit():
    assert [delay_s(n) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert delay_s(30) == delay_s(10_000) == LONGEST_S / 2
    assert delay_s(10_000, 0.999_999) < LONGEST_S


def test_jitter_spreads_over_the_upper_half():
    assert delay_s(3, 0.0) == 4
    assert delay_s(3, 0.5) == 6
    assert 7.9 < delay_s(3, 0.99) < 8


def test_no_try_is_planned_at_or_past_the_end_of_the_72_hours():
    assert after_failure(1, NOW, NOW + timedelta(seconds=1), random=0.0) == GiveUp()
    assert after_failure(1, NOW, NOW + timedelta(seconds=1.001), random=0.0) == RetryAt(NOW + timedelta(seconds=1))
    assert after_failure(1, NOW, NOW - timedelta(seconds=1), random=0.0) == GiveUp()


@given(st.integers(1, 10**6), st.integers(-10, 80 * 3600), st.floats(0, 1, exclude_max=True))
def test_a_retry_is_later_than_now_and_before_the_return(attempts, left_s, random):
    return_at = NOW + timedelta(seconds=left_s)
    answer = after_failure(attempts, NOW, return_at, random=random)

    if isinstance(answer, RetryAt):
        assert NOW < answer.at < return_at
        assert (answer.at - NOW).total_seconds() <= LONGEST_S
    else:
        assert left_s <= LONGEST_S


def test_an_outage_that_ends_is_noticed_before_the_72_hours_are_over():
    now, attempts = NOW, 0
    while isinstance(answer := after_failure(attempts + 1, now, NOW + HOURS_72, random=0.5), RetryAt):
        now, attempts = answer.at, attempts + 1

    assert now > NOW + HOURS_72 - timedelta(seconds=LONGEST_S)
    assert attempts < 1000


@pytest.mark.parametrize("code", [Code.DN_REGISTRY_DOWN, Code.DN_AUDIT_DOWN, Code.DN_STALE])
def test_system_codes_are_tried_again_by_time_alone(code):
    first, later = after_system_code(code, 1, NOW), after_system_code(code, 500, NOW)

    assert wakes_on(code) == {"backoff"}
    assert NOW < first.at < later.at == NOW + timedelta(seconds=LONGEST_S)


def test_time_alone_helps_no_other_code():
    for code in REFUSALS:
        if code not in (Code.DN_REGISTRY_DOWN, Code.DN_AUDIT_DOWN, Code.DN_STALE):
            assert Wake.BACKOFF not in wakes_on(code), code
    with pytest.raises(AssertionError):
        after_system_code(Code.DN_NO_CONSENT, 1, NOW)


def test_every_refusal_says_what_would_wake_it_and_no_permit_does():
    for code in Code:
        if code in REFUSALS:
            assert wakes_on(code), code
        else:
            with pytest.raises(KeyError):
                wakes_on(code)


@pytest.mark.parametrize(
    ("code", "wakes"),
    [
        (Code.DN_NO_CONSENT, {"subject", "digests", "date"}),
        (Code.DN_NOT_YET_VALID, {"subject", "date"}),
        (Code.DN_DIRECTIVE, {"subject", "date"}),
        (Code.DN_NO_AGREEMENT, {"config", "date"}),
        (Code.DN_RECIPIENT, {"subject", "config", "date"}),
        (Code.DN_SENDER, {"config"}),
        (Code.DN_IDENTITY, {"identity"}),
        (Code.DN_TRANSITION, {"revision"}),
        (Code.DN_SCHEMA, {"revision", "mapping"}),
        (Code.DN_OFF_BUS, {"never"}),
    ],
)
def test_what_wakes(code, wakes):
    assert wakes_on(code) == wakes


def test_what_never_wakes_has_no_other_hope():
    for code in REFUSALS:
        assert Wake.NEVER not in wakes_on(code) or wakes_on(code) == {Wake.NEVER}


def test_a_digest_is_waited_for_only_where_the_person_may_be_unknown():
    assert [code for code in REFUSALS if Wake.DIGESTS in wakes_on(code)] == [Code.DN_NO_CONSENT]


def consent(name: str, valid_from: datetime | None) -> Consent:
    return Consent(name, 1, "s1", ConsentState.ACTIVE, 1, "a", (), (), (), "ca-on", 1, valid_from=valid_from)


def agreement(valid_from: datetime) -> Agreement:
    return Agreement(
        "ab", 1, ("a", "b"), (Purpose.REFERRAL,), (Category.IDENT,), ("add-service-request",), "active", valid_from
    )


@pytest.mark.parametrize(
    ("consents", "agreements", "at"),
    [
        pytest.param([], [], None, id="nothing to wait for"),
        pytest.param([-9], [-9], None, id="all of it has begun"),
        pytest.param([0], [], None, id="what begins at this instant has begun"),
        pytest.param([-9, 5, 3], [], 3, id="the earliest that begins, beside an expired one"),
        pytest.param([None, 5], [2], 2, id="an agreement that begins earlier; a consent without a date"),
    ],
)
def test_the_date_to_wait_for_is_the_next_beginning(consents, agreements, at):
    def day(n: int) -> datetime:
        return NOW + timedelta(days=n)

    given_on = tuple(consent(f"k{i}", None if n is None else day(n)) for i, n in enumerate(consents))
    facts = Facts(
        at=NOW,
        pack=PackFacts("ca-on", 1),
        sender=Party("a"),
        recipient=Party("b"),
        message=Message("ReferralRequest", "add-service-request", Purpose.REFERRAL, (), "s1"),
        profile=None,
        subjects={"s1": Subject("s1", 1, given_on)},
        agreements=tuple(agreement(day(n)) for n in agreements),
    )

    assert starts_at(facts) == (None if at is None else day(at))
