"""Consent rules 1.4: from which state what may follow. No word that is said later makes a "no" narrower."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.model import StateEvent
from consent.model.words import ConsentState
from consent.registry import invalidate, suspend
from consent.versions import Origin
from hub.desk import consents as desk
from hub.desk.who import Who
from hub.errors import Refused
from hub.exchange.withdraw import withdraw_consent
from hub.model import locks
from hub.model.audit import Actor
from tests import cms_builder as cms
from tests.network import Network
from tests.unit.desk.conftest import HARBOUR, LAKESIDE, STEWARD, arrived, only_consent

STATE = ConsentState
SYSTEM = Actor("system:harbour-cms", agency="harbour")


def stands(network: Network, state: ConsentState) -> str:
    """A filed consent that has come into a state; its id."""
    arrived(network)
    consent = only_consent(network)
    if state is not consent.state:
        with network.hub.store.unit(own=[locks.subject(consent.subject_ref)]) as unit:
            later = replace(consent, version=consent.version + 1, state=state)
            event = StateEvent(state, 0, unit.now, unit.now, actor="test", reason="TEST")
            unit.consents.put(later, event, system="harbour-cms", key="consent:1", read_as="0")
    return consent.consent_id


def state_of(network: Network) -> ConsentState:
    return only_consent(network).state


# state -> what withdrawing, suspending (the record has gone), a good row, and a row that withdraws make of it
TABLE = {
    STATE.DRAFT: (STATE.WITHDRAWN, STATE.SUSPENDED, STATE.ACTIVE, STATE.WITHDRAWN),
    STATE.VERBAL_PENDING: (STATE.WITHDRAWN, STATE.SUSPENDED, STATE.ACTIVE, STATE.WITHDRAWN),
    STATE.ACTIVE: (STATE.WITHDRAWN, STATE.SUSPENDED, STATE.ACTIVE, STATE.WITHDRAWN),
    STATE.SUSPENDED: (STATE.WITHDRAWN, STATE.SUSPENDED, STATE.ACTIVE, STATE.WITHDRAWN),
    STATE.WITHDRAWN: (STATE.WITHDRAWN, STATE.WITHDRAWN, STATE.WITHDRAWN, STATE.WITHDRAWN),
    STATE.EXPIRED: (STATE.WITHDRAWN, STATE.EXPIRED, STATE.EXPIRED, STATE.WITHDRAWN),
    STATE.LAPSED: (STATE.WITHDRAWN, STATE.LAPSED, STATE.LAPSED, STATE.WITHDRAWN),
    STATE.ABANDONED: (STATE.WITHDRAWN, STATE.ABANDONED, STATE.ABANDONED, STATE.WITHDRAWN),
    STATE.SUPERSEDED: (STATE.WITHDRAWN, STATE.SUPERSEDED, STATE.SUPERSEDED, STATE.WITHDRAWN),
    STATE.INVALIDATED: (None, STATE.INVALIDATED, STATE.INVALIDATED, STATE.INVALIDATED),
    STATE.DECLINED: (None, STATE.DECLINED, STATE.DECLINED, STATE.DECLINED),
}


def test_no_state_is_missing_from_the_table() -> None:
    assert set(TABLE) == set(ConsentState)


@pytest.mark.parametrize("state", TABLE)
def test_a_withdrawal_weakens_no_state(network: Network, state: ConsentState) -> None:
    consent_id, (after, *_) = stands(network, state), TABLE[state]
    now = network.clock.now()

    if after is None:
        with pytest.raises(Refused) as refused:
            withdraw_consent(network.hub.house, consent_id, SYSTEM, said_at=now, how="TELEPHONE")
        assert state.value in refused.value.got
        assert refused.value.next_step
    else:
        withdraw_consent(network.hub.house, consent_id, SYSTEM, said_at=now, how="TELEPHONE")

    assert state_of(network) is (after or state)


@pytest.mark.parametrize("state", TABLE)
def test_doubt_about_its_record_weakens_no_state(network: Network, state: ConsentState) -> None:
    consent_id = stands(network, state)
    ref = only_consent(network).subject_ref

    with network.hub.store.unit(own=[locks.subject(ref)]) as unit:
        suspend(unit, consent_id, Origin("harbour-cms", "consent:1", "0"), SYSTEM, reason="GONE")

    assert state_of(network) is TABLE[state][1]


@pytest.mark.parametrize("state", TABLE)
def test_what_is_found_void_opens_no_more_and_a_no_stays_the_no_that_it_was(
    network: Network, state: ConsentState
) -> None:
    consent_id = stands(network, state)
    ref = only_consent(network).subject_ref

    with network.hub.store.unit(own=[locks.subject(ref)]) as unit:
        if state is STATE.DECLINED:
            with pytest.raises(Refused, match="the client's no"):
                invalidate(unit, consent_id, SYSTEM)
        else:
            invalidate(unit, consent_id, SYSTEM)

    stays = state in (STATE.WITHDRAWN, STATE.DECLINED)
    assert state_of(network) is (state if stays else STATE.INVALIDATED)


@pytest.mark.parametrize("state", TABLE)
@pytest.mark.parametrize(("row", "column"), [({"valid_from": "2026-01-02"}, 2), ({"withdrawn_at": "2026-05-01"}, 3)])
def test_a_row_opens_nothing_that_has_ended_and_lifts_no_no(
    network: Network, state: ConsentState, row: dict[str, str], column: int
) -> None:
    stands(network, state)
    db = network.db("harbour")
    cms.update(db, "consent", 1, **row)
    db.close()

    network.run()

    assert state_of(network) is TABLE[state][column]


@pytest.mark.parametrize(
    ("agency", "who"), [("harbour", HARBOUR), ("lakeside", LAKESIDE), ("harbour", STEWARD)], ids=str
)
def test_whoever_withdraws_a_decline_does_not_lift_it(network: Network, agency: str, who: Who) -> None:
    consent_id = stands(network, STATE.DECLINED)

    with pytest.raises(Refused) as refused:
        desk.withdraw(network.hub.house, consent_id, agency, who, said_at=None, how="LETTER")

    assert "`lifts` (C-105)" in refused.value.next_step
    assert consent_id not in str(refused.value)
    network.run()
    assert state_of(network) is STATE.DECLINED
    assert network.codes(gate=2) == {"DN_DIRECTIVE": 1}
    assert network.inbox("lakeside") == []
    assert network.verifies()
