"""One process at a time reads a source: what another has read since is newer, and what this one holds may not undo it.

A page that lay in a slow process would otherwise put back a consent that has been narrowed meanwhile, or settle as gone
what has come. The lease says who reads. It is not trusted but fenced: every unit in which something that was read is
filed, judged or settled looks whether the lease is still its own, and writes nothing where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from hub.errors import Unavailable
from hub.exchange.house import House
from hub.ports import Peek, Store, Unit


class OneReader:
    """A store whose units fail once another process reads the source; see :class:`hub.ports.Store`."""

    def __init__(self, store: Store, name: str, worker: str, lease: timedelta) -> None:
        self._store, self._name, self._worker, self._lease = store, name, worker, lease

    @contextmanager
    def unit(self, *, share: Iterable[str] = (), own: Sequence[str] = ()) -> Iterator[Unit]:
        """A unit that holds the lease too, and renews it.

        Raises:
            Unavailable: another process reads this source; nothing was written.
        """
        with self._store.unit(share=share, own=own) as unit:
            if not unit.cursors.renew(self._name, self._worker, unit.now + self._lease):
                raise Unavailable(self._name, "another process that reads it", next_step="what it reads now counts")
            yield unit

    def peek(self, *, as_of: datetime | None = None) -> AbstractContextManager[Peek]:
        """A read without locks."""
        return self._store.peek(as_of=as_of)


def alone(house: House, system_id: str) -> House | None:
    """The house of the one reader of a source, to be asked for before it is read; None: another process reads it."""
    name, lease = f"source {system_id}", house.limits.reader_lease
    with house.store.peek() as rows:
        held, now = rows.cursors.held(name), rows.now
    runs = held is not None and now < held[1] <= now + lease
    if held is not None and runs and held[0] != house.worker:
        return None
    if not runs:
        with house.store.unit() as unit:
            if not unit.cursors.lease(name, house.worker, unit.now + lease):
                return None
    return replace(house, store=OneReader(house.store, name, house.worker, lease))
