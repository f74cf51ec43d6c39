"""The store, and the unit: one transaction under its locks (design §6) ◆.

A unit begins with all its locks, reads the clock after them, and at its end writes what is pending, raises the
versions of what it owned, wakes what waits on that, and gives registry sequence numbers: last, in commit order.
How a database holds locks is its own matter (``sqlite.py``, ``postgres.py``); that they were named is checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, update

from consent.model import SubjectFacts
from hub.errors import Unavailable
from hub.model import locks
from hub.ports import Clock, Directory, Ids
from hub.store import tables as t
from hub.store.access import AccessTable
from hub.store.audit import AuditTable
from hub.store.consents import ConsentTable
from hub.store.counts import CountTable
from hub.store.directory import DirectoryTable
from hub.store.follow_ups import FollowUpTable
from hub.store.inbox import DecisionTable, InboxTable, WaitingTable
from hub.store.incidents import IncidentTable
from hub.store.keeping import KeepingTable
from hub.store.links import LinkTable
from hub.store.notices import CursorTable, NoticeTable
from hub.store.outbox import HandoverTable, OutboxTable
from hub.store.overrides import OverrideTable, ReviewTable
from hub.store.referrals import ReferralTable
from hub.store.requests import RequestTable
from hub.store.scope import Scope
from hub.store.sql import Database, upsert
from hub.store.subjects import SubjectTable

SUBJECTS_MAX = 200  # design §6: subjects in one unit, without the other files of the same people
ROUNDS_MAX = 5  # of a unit that finds files linked beside it


class Cache:
    """Parsed facts by version; the version is read inside the unit, so a stale one is never used."""

    def __init__(self) -> None:
        self.directory: dict[int, Directory] = {}
        self.subjects: dict[tuple[str, int], SubjectFacts] = {}


class SqlUnit:
    """See :class:`hub.ports.Unit`; without locks it is a :class:`hub.ports.Peek`."""

    def __init__(self, scope: Scope, cache: Cache) -> None:
        self._scope = scope
        self.directory = DirectoryTable(scope, cache.directory)
        self.subjects = SubjectTable(scope, cache.subjects)
        self.links = LinkTable(scope)
        self.consents = ConsentTable(scope)
        self.overrides = OverrideTable(scope, self.links)
        self.reviews = ReviewTable(scope)
        self.decisions = DecisionTable(scope)
        self.inbox = InboxTable(scope)
        self.waiting = WaitingTable(scope)
        self.outbox = OutboxTable(scope)
        self.handovers = HandoverTable(scope)
        self.notices = NoticeTable(scope)
        self.referrals = ReferralTable(scope)
        self.follow_ups = FollowUpTable(scope)
        self.requests = RequestTable(scope)
        self.incidents = IncidentTable(scope)
        self.keeping = KeepingTable(scope, self.incidents, self.links)
        self.cursors = CursorTable(scope)
        self.counts = CountTable(scope)
        self.access = AccessTable(scope)
        self.audit = AuditTable(scope)

    @property
    def now(self) -> datetime:
        """The instant of this unit, read after its locks."""
        return self._scope.now

    def holds(self, lock: str) -> bool:
        """Whether the unit shares or owns a lock."""
        return self._scope.held is not None and lock in self._scope.held

    def close(self) -> None:
        """What stands at the end of every unit, whatever it did."""
        owned = sorted(self._scope.owned)
        if owned:
            self._raise_versions(owned)
            refs = [name.removeprefix(locks.SUBJECT) for name in owned if name.startswith(locks.SUBJECT)]
            self.handovers.hurry(refs, config=locks.CONFIG in owned)
            self.waiting.wake(owned)
        self._scope.flush_all()
        self.consents.close()
        self._scope.flush_all()

    def _raise_versions(self, owned: Sequence[str]) -> None:
        refs = [name.removeprefix(locks.SUBJECT) for name in owned if name.startswith(locks.SUBJECT)]
        if refs:
            raised = update(t.subject).where(t.subject.c.ref.in_(refs)).values(version=t.subject.c.version + 1)
            self._scope.write(raised, None, t.subject)
        if locks.CONFIG in owned:
            self._scope.write(
                upsert(t.lock_version)
                .values(name=locks.CONFIG, version=1)
                .on_conflict_do_update(index_elements=["name"], set_={"version": t.lock_version.c.version + 1})
            )


class SqlStore:
    """See :class:`hub.ports.Store`.

    Args:
        database: migrated to the current version.
        now: the instant of a unit, asked on its connection after its locks; None: the clock says it.
    """

    def __init__(
        self, database: Database, clock: Clock, ids: Ids, *, now: Callable[[Connection], datetime] | None = None
    ) -> None:
        self.database = database
        self._now = now or (lambda _: clock.now())
        self._ids, self._cache = ids, Cache()

    @contextmanager
    def unit(self, *, share: Iterable[str] = (), own: Sequence[str] = ()) -> Iterator[SqlUnit]:
        """A transaction that holds these locks, and those of all files of the same people.

        Who is linked with whom is read under the locks; where it is more than was locked, it begins again with all.

        Raises:
            Unavailable: the store cannot be written now; nothing was.
        """
        held, owned = set(share) | set(own), set(own)
        assert sum(name.startswith(locks.SUBJECT) for name in held) <= SUBJECTS_MAX, "at most 200 subjects in a unit"
        for _ in range(ROUNDS_MAX):
            with self.database.writing(share=held, own=owned) as connection:
                unit = self._begun(connection, held, owned, self._cache)
                more, more_owned = unit.links.locks_of(held), unit.links.locks_of(owned)
                if more <= held and more_owned <= owned:
                    yield unit
                    unit.close()
                    return
            held, owned = held | more, owned | more_owned
        raise Unavailable(self.database.where, "files that were linked all the while", next_step="it is tried again")

    @contextmanager
    def within(self, connection: Connection, *, share: Iterable[str], own: Sequence[str]) -> Iterator[SqlUnit]:
        """The same inside a write transaction that holds these locks already; it knows nothing of before."""
        unit = self._begun(connection, set(share) | set(own), own, Cache())
        yield unit
        unit.close()

    def _begun(self, connection: Connection, held: set[str], own: Iterable[str], cache: Cache) -> SqlUnit:
        scope = Scope(self.database, connection, self._now(connection), self._ids, held=held, owned=own)
        return SqlUnit(scope, cache)

    @contextmanager
    def peek(self, *, as_of: datetime | None = None) -> Iterator[SqlUnit]:
        """A consistent read without locks, on a connection that cannot write."""
        with self.database.reading() as connection:
            now = as_of or self._now(connection)
            yield SqlUnit(Scope(self.database, connection, now, self._ids, held=None, as_of=as_of), self._cache)

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()
