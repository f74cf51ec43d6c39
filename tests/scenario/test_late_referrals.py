"""No referral is ever pending past its deadline without an alert (settled S48); two ends come by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.exchange import looking_after
from hub.exchange.alerts import standing
from hub.model.alerts import AlertCode
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE


@pytest.fixture
def sent(network: Network) -> str:
    """A referral that has arrived, and its number."""
    refer(network)
    network.run()
    return str(the_one(network).number)


def the_one(network: Network) -> Any:
    with network.hub.store.peek() as rows:
        (row,) = rows.referrals.every(10)
    return row


def later(network: Network, **how: float) -> None:
    network.clock.advance(timedelta(**how))
    network.run()
    while looking_after.step(network.hub.house):
        pass
    network.run()


def answer(network: Network, status: str, **fields: Any) -> None:
    db = network.db("lakeside")
    cms.answer(db, the_one(network).number, status, **fields)
    db.close()
    network.run()


def late(network: Network) -> bool:
    with network.hub.store.peek() as rows:
        tally = rows.counts.tally(rows.now)
    return AlertCode.REFERRAL_LATE in {alert.code for alert in standing(tally, {}, network.clock.now())}


def test_t24_a_request_that_nobody_answers_expires_and_its_sender_is_told(network: Network, sent: str) -> None:
    later(network, days=9)
    before = the_one(network).state
    later(network, days=3)

    assert (before, the_one(network).state, the_one(network).due_at) == ("requested", "expired", None)
    assert network.told("harbour", "returned") == [("referral_id", 1, "EXPIRED")]
    [word] = network.inbox("harbour", "returned")
    assert "enter a new referral" in word["payload"]["place"]
    with network.hub.store.peek() as rows:
        last = rows.referrals.events(sent)[-1]
    assert (last.transition, last.writer, last.reason, last.message_id) == ("T24", "H", "no-response", None)
    assert not late(network)
    assert network.verifies()


def test_t24_what_was_answered_on_the_last_day_does_not_expire(network: Network, sent: str) -> None:
    later(network, days=9)
    answer(network, "ACCEPTED")
    later(network, days=5)

    assert the_one(network).state == "accepted"
    assert not late(network)


def test_what_nobody_moves_on_is_an_alert_until_somebody_does(network: Network, sent: str) -> None:
    answer(network, "ACCEPTED")
    later(network, days=11)
    told = late(network)
    answer(network, "WAITLISTED", row_version=3)
    waits = late(network)

    assert (told, the_one(network).state, waits) == (True, "waitlisted", False)


def test_t28_what_was_completed_is_closed_after_its_days_and_says_nothing(network: Network, sent: str) -> None:
    answer(network, "COMPLETED")
    before = network.inbox("harbour")
    later(network, days=29)
    still = the_one(network).state
    later(network, days=2)

    assert (still, the_one(network).state) == ("completed", "loop-closed")
    assert network.inbox("harbour") == before
    assert not late(network)


def test_t28_what_was_completed_and_has_not_arrived_stays_open_and_somebody_is_told(network: Network) -> None:
    refer(network)
    network.run()
    db = network.db("harbour")
    db.execute(
        "CREATE TRIGGER nobody BEFORE INSERT ON hub_inbox WHEN NEW.kind = 'referral-status'"
        " BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    db.close()
    answer(network, "COMPLETED")
    later(network, days=40)

    assert the_one(network).state == "completed"
    assert late(network)


def test_an_answer_to_what_has_expired_is_refused_and_its_writer_told(network: Network, sent: str) -> None:
    later(network, days=12)
    answer(network, "ACCEPTED")

    assert the_one(network).state == "expired"
    assert [code for _, _, code in network.told("lakeside")] == ["DN_TRANSITION"]
