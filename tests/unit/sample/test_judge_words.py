"""A row of an inbox that says more than its kind may is found, and so is a word that names somebody (INV-1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.sample.database import connected
from hub.sample.judge import private_values
from hub.sample.judge_words import judge
from hub.sample.network import Network
from tests.unit.sample.conftest import NOW

REFUSED = {"referral_id": 1, "code": "DN_NO_CONSENT", "place": "ask the client"}
DANGER: dict[str, Any] = {
    "override_no": "A",
    "from_org": "harbour",
    "client": [{"last_name": "Uwimana", "phone": "416-555-0100"}],
}


def judged(network: Network, kind: str, payload: dict[str, Any]) -> list[str]:
    with connected(network.database("lakeside")) as db:
        db.execute(
            "INSERT INTO hub_inbox (message_id, kind, payload, incomplete, received_at) VALUES ('m-1', ?, ?, 0, ?)",
            (kind, json.dumps(payload), NOW),
        )
    return list(judge(network, [value for _, value in private_values(network)]))


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("refusal", REFUSED),
        ("override", DANGER),
        ("referral-status", {"referral_id": 1, "status": "ACCEPTED"}),
        ("exit", {"closure_reason": "MOVED"}),
    ],
)
def test_what_a_row_of_its_kind_holds_is_in_order(network: Network, kind: str, payload: dict[str, Any]) -> None:
    assert judged(network, kind, payload) == []


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        ("refusal", {**REFUSED, "note": "x"}, "column note is none of refusal"),
        ("referral-status", {"referral_id": 1, "reason_text": "x"}, "column reason_text is none of referral-status"),
        ("override", {**DANGER, "reason_text": "x"}, "column reason_text is none of override"),
        (
            "override",
            {**DANGER, "client": [{**DANGER["client"][0], "identifier": []}]},
            "identifier of somebody in danger: not needed",
        ),
    ],
)
def test_a_row_that_says_more_is_found(network: Network, kind: str, payload: dict[str, Any], words: str) -> None:
    assert judged(network, kind, payload) == [f"lakeside-cms hub_inbox m-1: {words}"]


def test_a_word_that_names_somebody_is_found_and_not_shown(network: Network) -> None:
    name = next(network.people()).client["last_name"]

    found = judged(network, "refusal", {**REFUSED, "place": f"ask {name} for a new consent"})

    assert set(found) == {"lakeside-cms hub_inbox m-1: a word that names somebody"}
