"""What clients have asked their officers for, and when it was answered."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select, update

from hub.model.rows import Request
from hub.store import tables as t
from hub.store.scope import Scope


class RequestTable:
    """See :class:`hub.ports.RequestRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put(self, row: Request) -> None:
        """Add a request."""
        self._scope.add(
            t.request,
            {
                "request_id": row.request_id,
                "subject_ref": row.subject_ref,
                "agency": row.agency,
                "asked_on": row.asked_on.isoformat(),
                "taken_by": row.taken_by,
                "answered_on": row.answered_on.isoformat() if row.answered_on else None,
                "answered_by": row.answered_by,
            },
        )

    def get(self, request_id: str) -> Request | None:
        """One request."""
        row = self._scope.one(select(t.request).where(t.request.c.request_id == request_id), t.request)
        return _request(row) if row else None

    def answer(self, request_id: str, on: date, by: str) -> None:
        """It has been answered; one that was before keeps its first day."""
        c = t.request.c
        still_open = update(t.request).where(c.request_id == request_id, c.answered_on.is_(None))
        self._scope.write(still_open.values(answered_on=on.isoformat(), answered_by=by), None, t.request)

    def every(self, limit: int, *, open_only: bool) -> list[Request]:
        """Requests, those that were asked first first."""
        c = t.request.c
        statement = select(t.request).order_by(c.asked_on, c.request_id).limit(limit)
        if open_only:
            statement = statement.where(c.answered_on.is_(None))
        return [_request(row) for row in self._scope.read(statement, t.request)]


def _request(row: Any) -> Request:
    return Request(
        request_id=row.request_id,
        subject_ref=row.subject_ref,
        agency=row.agency,
        asked_on=date.fromisoformat(row.asked_on),
        taken_by=row.taken_by,
        answered_on=date.fromisoformat(row.answered_on) if row.answered_on else None,
        answered_by=row.answered_by,
    )
