"""Steps of a referral that the hub itself takes when a message has arrived (settled S47)."""

from __future__ import annotations

from dataclasses import replace

from hub.exchange.addressing import standing_of
from hub.exchange.entries import moved_by_hub
from hub.model.envelope import Envelope
from hub.model.rows import Handover, ReferralEvent
from hub.ports import Unit
from hub.referral import Moved, after_delivery


def after_arrival(unit: Unit, row: Handover, envelope: Envelope) -> None:
    """A withdrawal that has reached a system which cannot answer an abort ends the referral (T21 by H)."""
    if envelope.event != "revoke-service-request" or row.referral_no is None:
        return
    referral = unit.referrals.get(row.referral_no)
    if referral is None:
        return
    found = after_delivery(standing_of(referral))
    for step in found.steps if isinstance(found, Moved) else ():
        referral = replace(referral, state=step.state, version=referral.version + 1, left_state=None)
        unit.referrals.append(
            ReferralEvent(
                number=referral.number,
                version=referral.version,
                transition=step.transition,
                state=step.state,
                writer="H",
                implied=False,
                at=unit.now,
                message_id=row.message_id,
            )
        )
        unit.referrals.put(referral)
        unit.audit.append(moved_by_hub(referral, step, row.message_id, unit.now))
