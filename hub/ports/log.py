"""The log as the unit writes it and an officer reads it, and what clients have asked for. Part of :mod:`hub.ports`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Protocol

from hub.model.audit import Entry
from hub.model.rows import Request


class AuditReads(Protocol):
    """What the log says of somebody."""

    def about(self, refs: Iterable[str]) -> Iterator[dict[str, Any]]:
        """The entries that name one of these people as whom they are about, oldest first, as they were written."""

    def subject_of(self, entry_id: str) -> str | None:
        """Whom an entry is about; None: nobody, or there is no such entry any more."""


class AuditRows(AuditReads, Protocol):
    """The log: entries commit with what they tell."""

    def append(self, entry: Entry) -> str:
        """Add an entry; return its id."""

    def opened(self, envelope_id: str, at: datetime) -> tuple[str, bytes] | None:
        """The entry of the open that released a message at an instant: its id and exact bytes."""


class RequestRows(Protocol):
    """What clients have asked their officers for: who got what about me?"""

    def put(self, row: Request) -> None:
        """Add a request."""

    def get(self, request_id: str) -> Request | None:
        """One request."""

    def answer(self, request_id: str, on: date, by: str) -> None:
        """It has been answered; one that was before keeps its first day."""

    def every(self, limit: int, *, open_only: bool) -> list[Request]:
        """Requests, those that were asked first first."""
