"""An entry that lacks what must stand before it is found, and so is a notice that log and system tell otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.sample.judge_log import judge
from hub.sample.tally import Received

Entries = list[dict[str, Any]]
ASKED = {"categories_requested": ["IDENT", "LANG"], "categories_released": ["IDENT"], "categories_removed": ["LANG"]}


def story() -> Entries:
    """One referral that goes, one that does not, and one by a duty of care."""
    permit = {"outcome": "PERMIT_REDACTED", "codes": ["OK_CONSENT"], **ASKED}
    return [
        {"event_type": "CONSENT_RECORDED", "consent_id": "c-1/1"},
        {"event_type": "DECISION", "message_id": "m-1", "source": "a-cms/referral_out:1", "basis": ["consent:c-1/1"]}
        | permit,
        {"event_type": "DECISION", "message_id": "m-2", "source": "a-cms/referral_out:2", "basis": []}
        | {"outcome": "DENY", "codes": ["DN_NO_CONSENT"], **ASKED},
        {"event_type": "NOTICE_SENT", "kind": "refusal", "source": "a-cms/referral_out:2"}
        | {"reason_code": "DN_NO_CONSENT"},
        {"event_type": "DELIVERY", "message_id": "m-1", **permit},
        {"event_type": "ACK", "message_id": "m-1"},
        {"event_type": "OVERRIDE_DECLARED", "source": "a-cms/override:1"},
        {"event_type": "DECISION", "message_id": "m-3", "source": "a-cms/override:1", "basis": []}
        | {**permit, "codes": ["OV_STATUTORY"]},
    ]


TOLD = [Received("n-1", "refusal", "referral_out:2", "DN_NO_CONSENT", place="ask the client")]


def test_a_story_that_is_whole_is_in_order() -> None:
    assert judge(story(), {"a-cms": TOLD}) == []


def without(kind: str) -> Callable[[Entries], Entries]:
    return lambda entries: [each for each in entries if each["event_type"] != kind]


def twice(kind: str) -> Callable[[Entries], Entries]:
    return lambda entries: [*entries, *(each for each in entries if each["event_type"] == kind)]


def only_ident(entries: Entries) -> Entries:
    return [{**each, "categories_removed": []} if each["event_type"] == "DELIVERY" else each for each in entries]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(without("DELIVERY"), "m-1 is delivered and no entry released it", id="released by nobody"),
        pytest.param(without("CONSENT_RECORDED"), "which nobody has recorded", id="a consent that is not on record"),
        pytest.param(without("OVERRIDE_DECLARED"), "was never declared", id="a danger that nobody declared"),
        pytest.param(without("DECISION"), "was never decided", id="handed over without gate 1"),
        pytest.param(twice("DECISION"), "m-1 was decided more than once", id="decided twice"),
        pytest.param(without("NOTICE_SENT"), "told DN_NO_CONSENT 1 times, 0 by the log", id="told without an entry"),
        pytest.param(twice("NOTICE_SENT"), "told DN_NO_CONSENT 1 times, 2 by the log", id="an entry, and told nobody"),
        pytest.param(only_ident, "are not what was asked for", id="a category of which nothing is said"),
    ],
)
def test_what_is_missing_or_too_much_is_found(change: Callable[[Entries], Entries], words: str) -> None:
    assert any(words in wrong for wrong in judge(change(story()), {"a-cms": TOLD}))


def test_a_refusal_of_something_that_was_not_refused_is_found() -> None:
    false = Received("n-2", "refusal", "referral_out:1", "DN_WITHDRAWN", place="respect it")
    noted = {"event_type": "NOTICE_SENT", "kind": "refusal", "source": "a-cms/referral_out:1"}
    entries = [*story(), {**noted, "reason_code": "DN_WITHDRAWN"}]

    [wrong] = judge(entries, {"a-cms": [*TOLD, false]})

    assert wrong == "a-cms/referral_out:1: told DN_WITHDRAWN 1 times, and refused 0 times"


def test_a_refusal_that_is_a_code_alone_is_found() -> None:
    bare = [Received("n-1", "refusal", "referral_out:2", "DN_NO_CONSENT")]

    assert judge(story(), {"a-cms": bare}) == ["a-cms/referral_out:2: told DN_NO_CONSENT, and not what to do"]
    assert judge(story(), {"a-cms": TOLD, "b-harts": bare}) == [], "a line of an answer has no place for it"
