"""``hub systems observe``: what would pass of live records, what would be refused, and why (design §8).

The same road up to gate 1, on a store of its own that is thrown away: directory, registry and what was sent before are
copied into it, cursors and waiting records are not, so each source is read from its beginning. Nothing is sealed, sent
or kept; a system is only read. What is told of a record is its key and codes.

Like ``compose.py`` it names concrete classes.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select

from adapters.contract import Adapter
from consent.facts import read_decision
from hub.bus.stored import StoredBus
from hub.exchange import intake, wake
from hub.exchange.connections import SystemConnections
from hub.exchange.house import House
from hub.model import locks
from hub.model.directory import System
from hub.model.envelope import Envelope, Sealed
from hub.ports import Directory, Keys
from hub.store import tables as t
from hub.store.migrate import migrate
from hub.store.sqlite import SqliteDatabase
from hub.store.unit import SqlStore

PAGE = 500  # rows copied at once
PREFIX, LOCK = ".observe-", "lock"  # of the folder that is thrown away, and of who holds it
STEPS_MAX = 100_000  # pages and awakenings of one system: far more than any holds
_COPIED = (  # directory; people; registry; what was accepted, without its bodies
    *(t.agency, t.system, t.site, t.service, t.agreement, t.worker),
    *(t.subject, t.subject_alias, t.identifier_digest, t.lock_version),
    *(t.consent, t.consent_event, t.consent_alias, t.consent_party, t.directive),
    *(t.inbox, t.handover, t.handover_basis, t.referral, t.referral_event),
)


@dataclass(frozen=True, slots=True)
class Observed:
    """What would become of one record.

    Args:
        outcome: ``pass`` (``place`` says how many elements would be withheld), ``refused``, ``unreadable``, or
            ``problem`` of the source itself (then ``key`` is empty).
    """

    system: str
    key: str
    outcome: str
    code: str
    recipient: str = ""
    place: str = ""


class _NoSeal:
    """The hub's keys without sealing: digests alone, so that people are found."""

    log_name = verifier = ""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def digest(self, domain: str, value: str) -> str:
        """See :class:`hub.ports.Keys`."""
        return self._keys.digest(domain, value)

    def seal(self, envelope: Envelope, *, topic: str, at: datetime) -> tuple[Sealed, bytes]:  # noqa: ARG002
        """No bytes of the message."""
        return Sealed(envelope.envelope_id, "none", b""), b""

    def open(self, sealed: Sealed, wrapped: bytes, *, topic: str) -> Envelope:  # noqa: ARG002
        """There is nothing to be opened."""
        raise AssertionError("nothing was sealed")

    def box(self, place: str, data: bytes) -> bytes:  # noqa: ARG002
        """Nothing is kept."""
        return b""

    def unbox(self, place: str, sealed: bytes) -> bytes:  # noqa: ARG002
        """There is nothing to be opened."""
        raise AssertionError("nothing was sealed")

    def sign(self, note: bytes) -> bytes:  # noqa: ARG002
        """There is no log."""
        raise AssertionError("nothing is signed")

    def destroy_epochs(self, now: datetime) -> Sequence[date]:  # noqa: ARG002
        """Not ours to destroy."""
        return ()


def observe(house: House, store: SqlStore, folder: Path, systems: Sequence[System]) -> list[Observed]:
    """Judge what these systems hold now.

    Args:
        house: the running hub's; its store is read once, and nothing of it is changed.
        store: the same, as the database that it is.
        folder: where the store that is thrown away may lie.

    Raises:
        Unavailable: the store, or a system, cannot be reached.
    """
    with ExitStack() as opened:
        place = opened.enter_context(_place(folder))
        scratch = SqlStore(SqliteDatabase(Path(place) / "hub.sqlite"), house.clock, house.ids)
        opened.callback(scratch.close)
        migrate(scratch.database)
        with store.database.reading() as source, scratch.database.writing(share=[], own=[]) as target:
            _copy(source, target)
        active = [replace(system, status="active") for system in systems]
        with scratch.unit(own=[locks.CONFIG]) as unit:
            for system in active:
                unit.directory.put(system)
        connections = SystemConnections(_looking(house.adapters), scratch, house.clock, house.ids, house.keys.digest)
        opened.callback(connections.close)
        bus = StoredBus(scratch.database, house.clock)
        nothing = _NothingKept()
        apart = replace(
            house,
            store=scratch,
            bus=bus,
            keys=_NoSeal(house.keys),
            words=nothing,
            journal=nothing,
            connections=connections,
        )
        return [one for system in active for one in _look(apart, scratch, system)]


class _NothingKept:
    """Neither words nor journal: an observation leaves nothing behind."""

    def current(self, at: datetime) -> str:  # noqa: ARG002
        """No key is made."""
        return ""

    def new_key(self, epoch: str) -> bytes:  # noqa: ARG002
        """No key is made."""
        return b""

    def rewrap(self, epoch: str, wrapped: bytes, into: str) -> bytes:  # noqa: ARG002
        """There is none."""
        return b""

    def seal(self, epoch: str, wrapped: bytes, where: str, text: str) -> bytes:  # noqa: ARG002
        """No bytes of the words."""
        return b""

    def open(self, epoch: str, wrapped: bytes, where: str, sealed: bytes) -> str:  # noqa: ARG002
        """There are none."""
        return ""

    def destroy(self, before: str) -> Sequence[str]:  # noqa: ARG002
        """Not ours to destroy."""
        return ()

    def held(self) -> AbstractContextManager[None]:
        """There is nothing to hold."""
        return nullcontext()

    def note(self, directory: Directory, known: Callable[[], Sequence[str]]) -> None:
        """Nothing is kept."""

    def directory(self) -> Directory | None:
        """Nothing was kept."""
        return None

    def know(self, *digests: str) -> None:
        """Nothing is kept."""

    def knows(self, digest: str) -> bool:  # noqa: ARG002
        """Nothing was kept."""
        return False

    def append(self, entry: bytes) -> None:
        """Nothing is kept."""

    def entries(self) -> list[bytes]:
        """Nothing was kept."""
        return []

    def clear(self) -> None:
        """Nothing was kept."""


@contextmanager
def _place(folder: Path) -> Iterator[str]:
    """A folder for as long as this lasts, held by a lock, so that one whose process was killed is known."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as place, (Path(place) / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place


def sweep(folder: Path) -> None:
    """Remove what an observation has left whose process was killed."""
    for left in folder.glob(f"{PREFIX}*"):
        with suppress(OSError), (left / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)


def _looking(adapters: Mapping[str, Adapter]) -> Mapping[str, Adapter]:
    """The kinds, each connected in the way that writes nothing."""
    return {kind: replace(card, connect=card.look or card.connect) for kind, card in adapters.items()}


def _copy(source: Connection, target: Connection) -> None:
    for table in _COPIED:
        for page in source.execute(select(table), execution_options={"yield_per": PAGE}).mappings().partitions():
            target.execute(insert(table), [dict(row) for row in page])
    for head in source.execute(select(t.registry_head)).mappings():
        target.execute(t.registry_head.update().values(**head))


def _look(house: House, scratch: SqlStore, system: System) -> Iterator[Observed]:
    for step in (intake.step, wake.step):
        for _ in range(STEPS_MAX):
            if not step(house, system):
                break
    with scratch.database.reading() as rows:
        yield from _judged(rows, system)
        yield from _waiting(rows, system)
        yield from _problems(rows, system)


def _judged(rows: Connection, system: System) -> Iterator[Observed]:
    """Of each record the last decision that was made here."""
    i, d = t.inbox.c, t.decision.c
    made = select(t.inbox, d.body).join(t.decision, i.decision_id == d.decision_id).where(i.system == system.id)
    last = {row.record_key: row for row in rows.execute(made.order_by(i.accepted_at, i.attempt))}
    for row in last.values():
        decision = read_decision(row.body.encode())
        outcome = "pass" if decision.permits else "refused"
        less = f"{len(decision.withheld)} elements would be withheld" if decision.permits and decision.withheld else ""
        yield Observed(system.id, row.record_key, outcome, decision.codes[0].value, row.recipient, less)


def _waiting(rows: Connection, system: System) -> Iterator[Observed]:
    """What made no message."""
    w = t.waiting.c
    for row in rows.execute(select(t.waiting).where(w.system == system.id, w.message_id.is_(None))):
        yield Observed(system.id, row.record_key, "unreadable", row.code, "", row.place)


def _problems(rows: Connection, system: System) -> Iterator[Observed]:
    for (body,) in rows.execute(select(t.audit_entry.c.body).order_by(t.audit_entry.c.id)):
        entry: dict[str, Any] = orjson.loads(body)
        if entry.get("reason_code") == "SOURCE_PROBLEM" and entry.get("system") == system.id:
            yield Observed(system.id, "", "problem", "SOURCE_PROBLEM", "", str(entry.get("problem", "")))
