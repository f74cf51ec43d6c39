"""Referrals without content, and the versions of each."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from hub.model.rows import ReferralEvent, ReferralRow
from hub.store import tables as t
from hub.store.scope import Scope, instant, text

_PLAIN = (
    "number",
    "lane",
    "lane_seq",
    "back_lane",
    "back_seq",
    "sender",
    "sender_system",
    "sender_key",
    "recipient",
    "recipient_system",
    "service",
    "subject_ref",
    "consent_id",
    "state",
    "version",
    "left_state",
)


class ReferralTable:
    """See :class:`hub.ports.ReferralRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def of_sender(self, system: str, key: str) -> ReferralRow | None:
        """The referral that a sender's record opened."""
        c = t.referral.c
        row = self._scope.one(select(t.referral).where(c.sender_system == system, c.sender_key == key))
        return _referral(row) if row else None

    def get(self, number: str) -> ReferralRow | None:
        """One referral by the hub's number."""
        row = self._scope.one(select(t.referral).where(t.referral.c.number == number))
        return _referral(row) if row else None

    def every(self, limit: int) -> list[ReferralRow]:
        """Referrals by number."""
        return [
            _referral(row) for row in self._scope.read(select(t.referral).order_by(t.referral.c.number).limit(limit))
        ]

    def put(self, row: ReferralRow) -> None:
        """Add or replace."""
        values = {name: getattr(row, name) for name in _PLAIN}
        values["body"] = orjson.dumps(dict(row.modified)).decode()
        rest = {name: value for name, value in values.items() if name != "number"}
        self._scope.write(
            upsert(t.referral).values(**values).on_conflict_do_update(index_elements=["number"], set_=rest)
        )

    def append(self, event: ReferralEvent) -> None:
        """One version more."""
        self._scope.add(
            t.referral_event,
            {
                "number": event.number,
                "version": event.version,
                "transition": event.transition,
                "state": event.state,
                "writer": event.writer,
                "implied": int(event.implied),
                "at": text(event.at),
                "modified_at": event.modified_at,
                "reason": event.reason,
                "message_id": event.message_id,
            },
        )

    def events(self, number: str) -> list[ReferralEvent]:
        """The versions of a referral, oldest first."""
        c = t.referral_event.c
        rows = self._scope.read(
            select(t.referral_event).where(c.number == number).order_by(c.version), t.referral_event
        )
        return [
            ReferralEvent(
                number=row.number,
                version=row.version,
                transition=row.transition,
                state=row.state,
                writer=row.writer,
                implied=bool(row.implied),
                at=instant(row.at),
                modified_at=row.modified_at,
                reason=row.reason,
                message_id=row.message_id,
            )
            for row in rows
        ]


def _referral(row: Any) -> ReferralRow:
    return ReferralRow(**{name: getattr(row, name) for name in _PLAIN}, modified=orjson.loads(row.body))
