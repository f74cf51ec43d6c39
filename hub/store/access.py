"""What the door keeps: proofs that were used, and how often an agency has asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from hub.store import tables as t
from hub.store.scope import Scope, text
from hub.store.sql import upsert


class AccessTable:
    """See :class:`hub.ports.AccessRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def use(self, client: str, digest: str, until: datetime) -> bool:
        """See :meth:`hub.ports.AccessRows.use`: the insert decides, whoever looked before it."""
        c = t.jti.c
        self._scope.write(delete(t.jti).where(c.client == client, c.until_at <= text(self._scope.now)))
        row = upsert(t.jti).values(client=client, digest=digest, until_at=text(until))
        return self._scope.one(row.on_conflict_do_nothing().returning(c.client), t.jti) is not None

    def spend(self, agency: str, what: str, minute: int) -> int:
        """See :meth:`hub.ports.AccessRows.spend`."""
        c = t.api_rate.c
        first = upsert(t.api_rate).values(agency=agency, what=what, minute=minute, asked=1)
        more = first.on_conflict_do_update(index_elements=["agency", "what", "minute"], set_={"asked": c.asked + 1})
        row = self._scope.one(more.returning(c.asked), t.api_rate)
        assert row is not None, "it was written just now"
        if row.asked == 1:
            self._scope.write(delete(t.api_rate).where(c.agency == agency, c.what == what, c.minute < minute))
        return int(row.asked)
