"""How much there is of what, for whoever watches: counts, codes and instants, read from indexes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Table, func, select

from consent.model.reviewed import Part
from hub.model.envelope import ENDS, MessageState
from hub.model.rows import Tally
from hub.store import tables as t
from hub.store.audit import instant_of
from hub.store.follow_ups import MISSED
from hub.store.scope import Scope, instant, text

_OPEN = [state.value for state in MessageState if state not in ENDS]


class CountTable:
    """See :class:`hub.ports.Counts`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def tally(self, near: datetime) -> Tally:
        """All counts at one instant."""
        h, r = t.handover.c, t.review.c
        is_open = h.state.in_(_OPEN)
        (first,) = self._scope.read(select(func.min(h.return_at).label("at")).where(is_open))
        return Tally(
            messages={
                **self._by(t.inbox, t.inbox.c.state, t.inbox.c.ended_at.is_not(None)),
                **self._by(t.handover, h.state, is_open),
            },
            waiting=self._by(t.waiting, t.waiting.c.code),
            aside=self._by(t.dead_letter, t.dead_letter.c.code),
            held=self._count(t.handover, h.state == MessageState.HELD.value),
            near_return=self._count(t.handover, is_open, h.return_at <= text(near)),
            first_return_at=instant(first.at) if first.at else None,
            unpublished=self._count(t.outbox, t.outbox.c.published_at.is_(None)),
            notices=self._count(t.notice, t.notice.c.state == "waiting"),
            log_entries=self._log_entries(),
            log_pending=self._count(t.audit_pending),
            log_pending_since=self._pending_since(),
            reviews_due=self._count(t.review, r.done_at.is_(None), r.part == Part.OFFICER.value),
            reviews_late=self._count(t.review, r.done_at.is_(None), r.due_at <= text(self._scope.now)),
            referrals_late=self._count(t.referral, t.referral.c.due_at <= text(self._scope.now)),
            follow_ups_missed=self._count(t.follow_up, *MISSED),
        )

    def _log_entries(self) -> int:
        found = self._scope.read(select(func.max(t.audit_head.c.size).label("size")))
        return int(found[0].size or 0)

    def _pending_since(self) -> datetime | None:
        """The id of an entry begins with its instant."""
        found = self._scope.read(select(func.min(t.audit_pending.c.id).label("first")), t.audit_pending)
        return instant_of(found[0].first)

    def _by(self, table: Table, column: ColumnElement[str], *where: ColumnElement[bool]) -> Mapping[str, int]:
        counted = select(column.label("word"), func.count().label("total")).where(*where).group_by(column)
        rows = self._scope.read(counted, table)
        return {row.word: row.total for row in rows}

    def _count(self, table: Table, *where: ColumnElement[bool]) -> int:
        (row,) = self._scope.read(select(func.count().label("total")).select_from(table).where(*where), table)
        return int(row.total)
