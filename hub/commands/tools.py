"""What the commands are handed: they name no concrete class and build nothing (``hub/__main__.py`` does)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # they load half of the hub, and `hub --help` needs none of it
    from hub.audit.cosign import Signer
    from hub.audit.log import AuditLog
    from hub.desk.who import Who
    from hub.errors import HubError
    from hub.exchange import Exchange, Report
    from hub.exchange.house import House
    from hub.forms.texts import Texts
    from hub.mapping import Mappings
    from hub.model.directory import System


class Hub(Protocol):
    """The composed hub, as ``hub/compose.py`` builds it."""

    @property
    def house(self) -> House:
        """Ports, rules and connections."""
        ...

    @property
    def exchange(self) -> Exchange:
        """The road."""
        ...

    @property
    def log(self) -> AuditLog:
        """The audit log."""
        ...

    def step(self) -> bool:
        """Do a little of everything; True if anything was done."""
        ...

    def keep_house(self) -> bool:
        """Checkpoints, destruction of old keys; True if anything was done."""
        ...

    def observe(self, systems: Sequence[System]) -> Sequence[Observed]:
        """What would become of all that these systems hold now. Nothing is sealed, sent or kept."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class StoryClock(Protocol):
    """A clock that lags behind the machine's; for the rest it is a :class:`hub.ports.Clock`."""

    def now(self) -> datetime:
        """The instant that it is in the story, aware UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some fixed point."""
        ...

    def go_on(self, until: datetime) -> None:
        """Put it forward, never beyond the machine's."""
        ...

    def standing(self) -> AbstractContextManager[None]:
        """It stands still, however long that lasts."""
        ...


class Open(Protocol):
    """What opens a hub."""

    def __call__(self, folder: Path | None, report: Report, clock: StoryClock | None = None) -> Hub:
        """Open it.

        Args:
            report: told of what could not be done now.
            clock: of an invented story alone; None: the machine's, or its server's.
        """
        ...


class Observed(Protocol):
    """What would become of one record: pass, refused, unreadable; or a problem of its source."""

    @property
    def system(self) -> str:
        """Whose."""
        ...

    @property
    def key(self) -> str:
        """The record's key in its source."""
        ...

    @property
    def outcome(self) -> str:
        """By one word."""
        ...

    @property
    def code(self) -> str:
        """Why."""
        ...

    @property
    def recipient(self) -> str:
        """The agency that it leads to."""
        ...

    @property
    def place(self) -> str:
        """Which field, and what to do; or nothing."""
        ...


class Finding(Protocol):
    """What was looked at, whether it is well, and what to do."""

    @property
    def place(self) -> str:
        """Where."""
        ...

    @property
    def ok(self) -> bool:
        """Whether it is well."""
        ...

    @property
    def text(self) -> str:
        """What was seen."""
        ...

    @property
    def next_step(self) -> str:
        """What to do, or nothing."""
        ...


class KindOfRecord(Protocol):
    """A kind of record, as its adapter says: what it brings, and whether it is written out too."""

    @property
    def name(self) -> str:
        """The kind."""
        ...

    @property
    def event(self) -> str:
        """What it brings."""
        ...

    @property
    def holds(self) -> str:
        """The resource type that its messages are known by; "" where the event says it."""
        ...

    @property
    def parcel(self) -> str | None:
        """As what it is written out; None: it is only read."""
        ...

    @property
    def told(self) -> bool:
        """Its systems tell of such records; else they are only written."""
        ...

    @property
    def activities(self) -> frozenset[str]:
        """Of several kinds that hold the same, what was done where it is this one; none: it is for all."""
        ...


class Card(Protocol):
    """What a kind of system says and takes, as its adapter says."""

    @property
    def records(self) -> Sequence[KindOfRecord]:
        """Its kinds of record."""
        ...

    @property
    def render(self) -> object | None:
        """What writes a record out; None: it only sends."""
        ...

    @property
    def required(self) -> Callable[[], Mapping[str, Sequence[str]]]:
        """Record kind to the fields that its systems cannot do without."""
        ...

    @property
    def completed(self) -> Callable[[], Mapping[str, Sequence[str]]]:
        """Record kind to the fields that a worker fills there where nobody says them."""
        ...

    def takes(self, event: str) -> object | None:
        """As what a message of this event is written into its systems; None: they take none."""
        ...


class StoredLog(Protocol):
    """The audit log of a data folder without the rest of the hub, which may refuse to start."""

    @property
    def log(self) -> AuditLog:
        """The log, not yet compared with anything."""
        ...

    @property
    def key(self) -> str:
        """The verifier-key line of ``keys/hub.pub``."""
        ...

    @property
    def checkpoint(self) -> bytes | None:
        """The newest checkpoint kept outside the database."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class Office(Protocol):
    """Kafka as its administrator sees it, for ``hub bus``. Topics come with whether their agency may read them."""

    def provision(self, topics: Mapping[str, bool], renew: Sequence[str]) -> Mapping[str, Any]:
        """Make what is missing; what was made. ``renew``: topics whose user gets a new password, "" for the relay."""
        ...

    def status(self, topics: Mapping[str, bool]) -> Sequence[Mapping[str, Any]]:
        """Each topic as it is, and what to do about it."""
        ...


POSTGRES, KAFKA = "postgres", "kafka"


@dataclass(frozen=True, slots=True)
class Shape:
    """On what a hub stands: rows in ``sqlite`` or ``postgres``, messages on the way in the ``store`` or ``kafka``.

    Args:
        log_key: the log's key comes from the environment.
    """

    store: str
    bus: str
    log_key: bool = False


@dataclass(frozen=True, slots=True)
class Tools:
    """What ``hub/__main__.py`` hands to the commands. Each takes the data folder, or None for the usual one.

    Args:
        cut_off: while its context lasts, a step that sends what must not wait, without the store.
        make_passwords: names of the files that were made.
        prepare: also takes the log's name, or None; returns the log's public key line.
        make_cosigner: takes a new key file and a name; its public line.
        cosigner: takes a key file.
        now: the present instant, for what needs no data folder.
        base_url: where agencies' software reaches the hub.
        new_id: a random id, for what needs no data folder.
        integrating: gives entries of a log their place beside the steps while its context lasts.
        listen: answers HTTP on an address and port while its context lasts; whether it still does.
        try_alerts: by role: how many of its recipients a test reached, and why not the others.
        tell_halt: what failed.
        mappings: also takes a kind.
        card: also takes a kind.
        back_up: takes the new file, who does it, and what is told while it lasts; what is in the backup.
        restore: takes the file, checkpoints from outside, who does it, whether entries may be missing, and what is
            told; what came of it.
        is_empty: whether the store has no table yet.
        dump: writes every row of the store into a new file, as text.
        bus: Kafka, for its administrator; refused where the settings name none.
        sleep: waits some seconds; the only place where time passes.
    """

    open: Open
    cut_off: Callable[[Path | None], AbstractContextManager[Callable[[], bool]]]
    prepare: Callable[[Path | None, str | None], str]
    make_passwords: Callable[[Path | None], Sequence[str]]
    migrate: Callable[[Path | None], None]
    examine: Callable[[Path | None], Sequence[Finding]]
    stored_log: Callable[[Path | None], StoredLog]
    kinds: Callable[[Path | None], Sequence[str]]
    mappings: Callable[[Path | None, str], Mappings]
    card: Callable[[Path | None, str], Card]
    texts: Callable[[Path | None], Texts]
    back_up: Callable[[Path | None, Path, Who, Callable[[str], None]], Mapping[str, Any]]
    restore: Callable[[Path | None, Path, Sequence[bytes], Who, bool, Callable[[str], None]], Mapping[str, Any]]
    shape: Callable[[Path | None], Shape]
    is_empty: Callable[[Path | None], bool]
    dump: Callable[[Path | None, Path], None]
    bus: Callable[[Path | None], Office]
    make_cosigner: Callable[[Path, str], str]
    cosigner: Callable[[Path], Signer]
    now: Callable[[], datetime]
    late: Callable[[datetime], StoryClock]
    base_url: Callable[[Path | None], str]
    new_id: Callable[[], str]
    integrating: Callable[[AuditLog], AbstractContextManager[None]]
    listen: Callable[[Hub, str, int, Report], AbstractContextManager[Callable[[], bool]]]
    try_alerts: Callable[[Path | None], Mapping[str, tuple[int, Sequence[HubError]]]]
    tell_halt: Callable[[Path | None], Sequence[HubError]]
    sleep: Callable[[float], None]
    os_user: str
