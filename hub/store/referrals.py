"""Referrals without content, and the versions of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, or_, select, union

from hub.model.envelope import MessageState
from hub.model.rows import ReferralEvent, ReferralRow, Sought
from hub.store import sought as search
from hub.store import tables as t
from hub.store.inbox import OF_ITS_STATE
from hub.store.scope import Memo, Scope, instant, optional_instant, optional_text, text
from hub.store.sql import upsert

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
)
_INSERT = upsert(t.referral)
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["number"],
    set_={column.name: _INSERT.excluded[column.name] for column in t.referral.c if column.name != "number"},
)


class ReferralTable:
    """See :class:`hub.ports.ReferralRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._by_number: Memo[str, ReferralRow] = Memo()
        self._by_sender: Memo[tuple[str, str], ReferralRow] = Memo()

    def of_senders(self, system: str, keys: Iterable[str]) -> dict[str, ReferralRow]:
        """The referrals that a sender's records opened, by record key."""
        found = self._by_sender.read([(system, key) for key in keys], self._read_senders)
        return {key: row for (_, key), row in found.items()}

    def of_sender(self, system: str, key: str) -> ReferralRow | None:
        """The referral that a sender's record opened."""
        return self.of_senders(system, [key]).get(key)

    def of_numbers(self, numbers: Iterable[str]) -> dict[str, ReferralRow]:
        """Referrals by the hub's number."""
        return self._by_number.read(numbers, self._read_numbers)

    def get(self, number: str) -> ReferralRow | None:
        """One referral by the hub's number."""
        return self.of_numbers([number]).get(number)

    def of_subject(self, agency: str, subject_ref: str) -> list[ReferralRow]:
        """The referrals of a person that an agency sent or received, by number."""
        c = t.referral.c
        ours = or_(c.recipient == agency, c.sender == agency)
        return self._read(select(t.referral).where(c.subject_ref == subject_ref, ours))

    def sent_by(self, agency: str, *, but: Collection[str], after: str, limit: int) -> list[ReferralRow]:
        """Those that an agency sent, by number, beyond one; but not those in some states."""
        c = t.referral.c
        own = select(t.referral).where(c.number > after, c.sender == agency, c.state.not_in(but))
        return self._read(own.limit(limit))

    def late(
        self, now: datetime, limit: int, *, states: Iterable[str], heard: Collection[str] = ()
    ) -> list[ReferralRow]:
        """Those of some states that should have moved on by now, the first due first."""
        c, m = t.referral.c, t.inbox.c
        said = select(m.state).where(m.referral_no == c.number, m.agency == c.recipient, *OF_ITS_STATE)
        last = said.order_by(m.accepted_at.desc()).limit(1)
        is_heard = or_(c.state.not_in(list(heard)), last.scalar_subquery() == MessageState.DELIVERED.value)
        over = select(c.number).where(c.due_at <= text(now), c.state.in_(list(states)), is_heard)
        found = self._scope.read(over.order_by(c.due_at).limit(limit), t.referral, t.inbox)
        numbers = [row.number for row in found]
        return list(self.of_numbers(numbers).values())

    def found(self, sought: Sought, limit: int) -> list[ReferralRow]:
        """Those that an agency looks for. It reads them and changes none: nobody waits for it."""
        asked = search.statement(sought, limit)
        if asked is None:
            return []
        statement, given = asked
        return [_referral(row) for row in self._scope.read(statement, t.referral, t.inbox, given=given)]

    def partners(self, agency: str) -> set[str]:
        """The agencies at the other ends of an agency's referrals."""
        c = t.referral.c
        sent = select(c.recipient.label("agency")).where(c.sender == agency)
        received = select(c.sender.label("agency")).where(c.recipient == agency)
        return {row.agency for row in self._scope.read(union(sent, received), t.referral)}

    def every(self, limit: int) -> list[ReferralRow]:
        """Referrals by number."""
        return self._read(select(t.referral).limit(limit))

    def put(self, row: ReferralRow) -> None:
        """Add or replace."""
        values = {name: getattr(row, name) for name in _PLAIN}
        pause = {"left": row.left, "paused_by": row.paused_by} if row.left else {}
        kept = {"kept": row.kept} if row.kept else {}
        values["body"] = orjson.dumps({"modified": dict(row.modified), **pause, **kept}).decode()
        values["due_at"] = optional_text(row.due_at)
        values["moved_at"] = optional_text(row.moved_at)
        self._scope.add(t.referral, values, _PUT)
        self._by_number.set(row.number, row)
        self._by_sender.set((row.sender_system, row.sender_key), row)

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
        return [_event(row) for row in rows]

    def last_events(self, numbers: Iterable[str]) -> dict[str, ReferralEvent]:
        """Of each referral the version in which it stands."""
        asked, r, e = list(numbers), t.referral.c, t.referral_event.c
        if not asked:
            return {}
        statement = (
            select(t.referral_event)
            .join(t.referral, (r.number == e.number) & (r.version == e.version))
            .where(r.number.in_(asked))
        )
        rows = self._scope.read(statement, t.referral, t.referral_event)
        return {row.number: _event(row) for row in rows}

    def _read_senders(self, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], ReferralRow]:
        c, found = t.referral.c, {}
        for system in {system for system, _ in pairs}:
            keys = [key for its, key in pairs if its == system]
            for row in self._read(select(t.referral).where(c.sender_system == system, c.sender_key.in_(keys))):
                found[system, row.sender_key] = row
        return found

    def _read_numbers(self, numbers: list[str]) -> dict[str, ReferralRow]:
        rows = self._read(select(t.referral).where(t.referral.c.number.in_(numbers)))
        return {row.number: row for row in rows}

    def _read(self, statement: Select[Any]) -> list[ReferralRow]:
        """In a unit, nobody else takes a step of them until it has ended: its two ends answer at the same moment."""
        ordered = statement.order_by(t.referral.c.number)
        return [_referral(row) for row in self._scope.read_locked(ordered, t.referral, of=t.referral)]


def _event(row: Any) -> ReferralEvent:
    return ReferralEvent(
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


def _referral(row: Any) -> ReferralRow:
    body = orjson.loads(row.body)
    return ReferralRow(
        **{name: getattr(row, name) for name in _PLAIN},
        modified=body["modified"],
        left=tuple(body.get("left", ())),
        paused_by=body.get("paused_by", ""),
        due_at=optional_instant(row.due_at),
        moved_at=optional_instant(row.moved_at),
        kept=body.get("kept", {}),
    )
