"""Waking (design §3.7; consent rules 2.2; S47): every code, no lost wake-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from consent.model import Agreement, Consent, Facts, Message, PackFacts, Party
from consent.model import SubjectFacts as Subject
from consent.model.words import Category, Code, ConsentState, Purpose
from hub.exchange.wakes import Wake, starts_at, wakes_on

NOW = datetime(2025, 6, 1, 16, 0, tzinfo=UTC)
REFUSALS = [code for code in Code if code.startswith(("DN_", "NO_", "OX_")) and code is not Code.OX_NOT_NEEDED]


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
    assert [code for code in REFUSALS if Wake.DIGESTS in wakes_on(code)] == [Code.DN_NO_CONSENT, Code.DN_NOTICE]


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


def test_a_consent_that_ends_is_waited_for_since_a_wider_one_may_answer_then():
    ends = Consent(
        "k", 1, "s1", ConsentState.ACTIVE, 1, "a", (), (), (), "ca-on", 1, expires_at=NOW + timedelta(days=2)
    )
    facts = Facts(
        at=NOW,
        pack=PackFacts("ca-on", 1),
        sender=Party("a"),
        recipient=Party("b"),
        message=Message("ReferralRequest", "add-service-request", Purpose.REFERRAL, (), "s1"),
        profile=None,
        subjects={"s1": Subject("s1", 1, (ends,))},
        agreements=(),
    )

    assert starts_at(facts) == NOW + timedelta(days=2)
