"""The store and its unit: all that must commit together (design §6).

A unit takes its locks before its first read; ``now`` is read after them. Facts for a decision come from a unit only.
``peek`` reads outside any lock: what is decided on it is provisional, and no writer accepts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consent.model import Facts
from hub.ports.access import AccessRows
from hub.ports.incidents import IncidentRows
from hub.ports.keeping import KeepingRows
from hub.ports.log import AuditReads, AuditRows, RequestRows
from hub.ports.registry import ConsentRows, LinkRows, OverrideRows, ReviewRows, SubjectRows
from hub.ports.rows import (
    Counts,
    Cursors,
    Decisions,
    DirectoryRows,
    FollowUpRows,
    HandoverRows,
    InboxRows,
    NoticeRows,
    OutboxRows,
    ReferralRows,
    WaitingRows,
)


@dataclass(frozen=True, slots=True)
class ProvisionalFacts:
    """Facts read without a lock: good for preparing, never for releasing."""

    facts: Facts


class Peek(Protocol):
    """Reads outside any lock."""

    @property
    def now(self) -> datetime: ...
    @property
    def directory(self) -> DirectoryRows: ...
    @property
    def subjects(self) -> SubjectRows: ...
    @property
    def links(self) -> LinkRows: ...
    @property
    def consents(self) -> ConsentRows: ...
    @property
    def overrides(self) -> OverrideRows: ...
    @property
    def reviews(self) -> ReviewRows: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def inbox(self) -> InboxRows: ...
    @property
    def waiting(self) -> WaitingRows: ...
    @property
    def outbox(self) -> OutboxRows: ...
    @property
    def handovers(self) -> HandoverRows: ...
    @property
    def notices(self) -> NoticeRows: ...
    @property
    def referrals(self) -> ReferralRows: ...
    @property
    def follow_ups(self) -> FollowUpRows: ...
    @property
    def requests(self) -> RequestRows: ...
    @property
    def audit(self) -> AuditReads: ...
    @property
    def incidents(self) -> IncidentRows: ...
    @property
    def keeping(self) -> KeepingRows: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def counts(self) -> Counts: ...


class Unit(Peek, Protocol):
    """One transaction under its locks. It commits at the end of its block; an exception rolls it back."""

    @property
    def access(self) -> AccessRows: ...
    @property
    def audit(self) -> AuditRows: ...

    def holds(self, lock: str) -> bool:
        """Whether the unit shares or owns a lock."""


class Store(Protocol):
    """Where all of it is kept. Every implementation passes ``tests/contract/store.py``."""

    def unit(self, *, share: Iterable[str] = (), own: Sequence[str] = ()) -> AbstractContextManager[Unit]:
        """A transaction that holds these locks. At its end what waits on those it owns, or is under way, falls due."""

    def peek(self, *, as_of: datetime | None = None) -> AbstractContextManager[Peek]:
        """A consistent read without locks.

        Args:
            as_of: the directory, people and what they agreed to or forbade are read as they stood at this instant,
                which is ``now`` then. What else there is, is read as it is.
        """
