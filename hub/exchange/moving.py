"""The versions of a referral (shared model 6.2, rule a): each step is one row and one audit entry, implied ones too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.exchange.entries import HUB, moved
from hub.model.audit import Actor
from hub.model.envelope import Envelope
from hub.model.rows import Handover, ReferralEvent, ReferralRow
from hub.ports import Unit
from hub.referral import Moved, Standing, Step, after_delivery

REVOKE = "revoke-service-request"


@dataclass(frozen=True, slots=True)
class Mover:
    """Who says it: ``S`` sender, ``R`` receiver or ``H`` the hub, with what, and when by its own clock (ISO text)."""

    writer: str
    actor: Actor
    message_id: str
    modified: str | None = None
    reason: str | None = None


def standing_of(referral: ReferralRow) -> Standing:
    """The referral's row as the state machine reads it."""
    modified = {writer: datetime.fromisoformat(at) for writer, at in referral.modified.items()}
    return Standing(referral.state, modified)


def move_on(unit: Unit, row: ReferralRow, steps: Sequence[Step], mover: Mover) -> None:
    """Append the steps, implied ones first, and keep the referral as it is then."""
    for step in steps:
        row = replace(row, state=step.state, version=row.version + 1)
        unit.referrals.append(
            ReferralEvent(
                number=row.number,
                version=row.version,
                transition=step.transition,
                state=step.state,
                writer=mover.writer,
                implied=step.implied,
                at=unit.now,
                modified_at=mover.modified,
                reason=mover.reason,
                message_id=mover.message_id,
            )
        )
        unit.audit.append(moved(row, step, mover.actor, mover.message_id, unit.now))
    stamps = {mover.writer: mover.modified} if mover.modified else {}
    unit.referrals.put(replace(row, modified={**row.modified, **stamps}))


def after_arrival(unit: Unit, row: Handover, envelope: Envelope) -> None:
    """A withdrawal that has reached a system which cannot answer an abort ends the referral (T21 by H, settled S47)."""
    referral = unit.referrals.get(row.referral_no) if row.referral_no and envelope.event == REVOKE else None
    if referral is None:
        return
    found = after_delivery(standing_of(referral))
    if isinstance(found, Moved):
        move_on(unit, referral, found.steps, Mover("H", HUB, row.message_id))
