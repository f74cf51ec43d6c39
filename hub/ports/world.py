"""The world outside the store: time, randomness, keys, bus. The promise is what the weakest implementation keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from hub.model.alerts import Alert, Role
from hub.model.envelope import Envelope, Sealed
from hub.ports.rows import Directory


class Clock(Protocol):
    """Time. ``now`` may jump with the machine's clock; ``monotonic_s`` never goes back."""

    def now(self) -> datetime:
        """The present instant, aware UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some fixed point; for leases and elapsed limits."""
        ...


class Ids(Protocol):
    """Randomness. One seed gives one run of the whole hub; in production it is the operating system's."""

    def uuid(self) -> str:
        """A random UUID as text."""
        ...

    def number(self) -> str:
        """Twelve random base32 characters: an alias, a referral or consent number, a lane."""
        ...

    def octets(self, count: int) -> bytes:
        """Random bytes, for keys and salts."""
        ...

    def fraction(self) -> float:
        """A random number in [0, 1), for jitter."""
        ...


class Keys(Protocol):
    """All that touches key bytes (design §5). Every implementation passes ``tests/contract/keys.py``."""

    def seal(self, envelope: Envelope, *, topic: str, at: datetime) -> tuple[Sealed, bytes]:
        """Seal a message under a fresh key; return it with that key wrapped by the epoch of ``at``."""
        ...

    def open(self, sealed: Sealed, wrapped: bytes, *, topic: str) -> Envelope:
        """Unseal.

        Raises:
            KeyGone: the epoch key has been destroyed or lost.
            IntegrityBroken: the bytes, the topic or the envelope id are not those that were sealed.
        """
        ...

    def digest(self, domain: str, value: str) -> str:
        """A keyed digest (64 hex digits) of a value, different in each domain."""
        ...

    def sign(self, note: bytes) -> bytes:
        """The Ed25519 signature of the log's key over a note's text."""
        ...

    @property
    def log_name(self) -> str:
        """The name of the log's key: the origin of its checkpoints."""
        ...

    @property
    def verifier(self) -> str:
        """The log's public key as one C2SP verifier-key line (``keys/hub.pub``)."""
        ...

    def box(self, place: str, data: bytes) -> bytes:
        """Seal what stays on this machine, for the place where it will stand."""
        ...

    def unbox(self, place: str, sealed: bytes) -> bytes:
        """What was sealed.

        Raises:
            SealBroken: the bytes or the place are not those that were sealed.
        """
        ...

    def destroy_epochs(self, now: datetime) -> Sequence[date]:
        """Destroy the key files of epochs that are over for good (96 h after their day); return their days."""
        ...


class TokenKeys(Protocol):
    """Keys of a UTC day each, with which the tokens of HTTP are signed; the same in every process of a hub.

    Every implementation passes ``tests/contract/token_keys.py``.
    """

    def sign(self, claims: Mapping[str, Any], at: datetime) -> str:
        """A signed token that says this, by the key of the day of ``at``.

        Raises:
            Unavailable: its key can be neither read nor made.
        """
        ...

    def read(self, token: str, at: datetime) -> Mapping[str, Any] | None:
        """What a token says, if a key of these days has signed it; else None. Its times are not looked at.

        Raises:
            Unavailable: the key cannot be read now.
        """
        ...

    def destroy(self, now: datetime) -> Sequence[date]:
        """Destroy the keys whose days are over for two days; return their days."""
        ...


class Journal(Protocol):
    """What a machine keeps beside the store, for when that cannot be written (INV-7): of a fixed size, made before."""

    def held(self) -> AbstractContextManager[None]:
        """Alone with it among this machine's processes: to look, append and send, or to write down and clear."""
        ...

    def note(self, directory: Directory, known: Callable[[], Sequence[str]]) -> None:
        """Keep the directory as it stands, if it has changed.

        Args:
            known: digests of all that the store knows, asked where a process begins or the list has gone.
        """
        ...

    def directory(self) -> Directory | None:
        """The directory as it stood last; None: none was kept, or that, or what is known, cannot be read."""
        ...

    def know(self, *digests: str) -> None:
        """The store knows this of a declaration: it is not sent from here. It waits for nobody: a unit may be open.

        Raises:
            Unavailable: another process is at the journal; the next :meth:`note` asks the store instead.
        """
        ...

    def knows(self, digest: str) -> bool:
        """Whether it does."""
        ...

    def append(self, entry: bytes) -> None:
        """Add an entry. It is on the disk when this returns.

        Raises:
            Unavailable: it cannot be written, or there is no room left.
        """
        ...

    def entries(self) -> list[bytes]:
        """What was added since it was cleared, in order.

        Raises:
            IntegrityBroken: an entry was changed.
        """
        ...

    def clear(self) -> None:
        """Forget the entries: the store has them all."""
        ...


class Words(Protocol):
    """Keys of people, under which their words are sealed (design §5). An ``epoch`` is the day of a wrapping key."""

    def current(self, at: datetime) -> str:
        """The epoch that wraps what is new; a new one every 30 days.

        Raises:
            Unavailable: its key can be neither read nor made.
        """
        ...

    def new_key(self, epoch: str) -> bytes:
        """A new person's key, wrapped.

        Raises:
            KeyGone: the epoch's key has been destroyed or lost.
        """
        ...

    def rewrap(self, epoch: str, wrapped: bytes, into: str) -> bytes:
        """A person's key, wrapped by another epoch's; see :meth:`new_key`."""
        ...

    def seal(self, epoch: str, wrapped: bytes, where: str, text: str) -> bytes:
        """Seal words for the place where they will stand; see :meth:`new_key`."""
        ...

    def open(self, epoch: str, wrapped: bytes, where: str, sealed: bytes) -> str:
        """The words.

        Raises:
            KeyGone: the epoch's key has been destroyed or lost.
            SealBroken: the bytes or the place are not those that were sealed.
        """
        ...

    def destroy(self, before: str) -> Sequence[str]:
        """Destroy the keys of epochs before this one; which."""
        ...


@dataclass(frozen=True, slots=True)
class BusRecord:
    """One record of a topic. ``offset`` is 0-based, gaps are allowed, none is used twice."""

    offset: int
    key: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish. ``key`` is the lane."""

    topic: str
    key: str
    headers: Mapping[str, str]
    body: bytes


class Bus(Protocol):
    """An append-only log per topic, read by named consumer groups.

    Promise: at-least-once, in order within one key (the lane) as published, never across keys. A group starts at
    the beginning of a topic. Every implementation passes ``tests/contract/bus.py``.
    """

    def publish(self, records: Sequence[Outgoing]) -> None:
        """Append records, in their order.

        Raises:
            BusUnavailable: the outcome is unknown for every one of them. Publish all again; readers drop repeats.
            Refused: one of them cannot be published as things are (no such topic, no right, too large). Publish one
                by one what is not that one.
        """
        ...

    def poll(self, topic: str, group: str, limit: int) -> list[BusRecord]:
        """The next records that the group has not committed; the same ones again until it does.

        A record that somebody else put there, in whatever form, is given too: without headers, if it has not ours.

        Raises:
            BusUnavailable: nobody knows what is there.
            Refused: the topic is not there, or not ours to read.
        """
        ...

    def commit(self, topic: str, group: str, offset: int) -> None:
        """Mark everything up to and with ``offset`` as read by the group."""
        ...

    def expire(self, before: datetime) -> int:
        """Remove records published before an instant, where the bus does not do so by itself; how many."""
        ...


class Alerts(Protocol):
    """The way to the people who look after the hub. Content-free: it takes a code and a number. It never waits."""

    def recipients(self, role: Role) -> Sequence[str]:
        """Ids of a role's recipients, which say nothing of where they lead; none where nobody is to be told."""
        ...

    def tell(self, recipient: str, alert: Alert) -> bool:
        """Begin to tell one recipient, or ask how it went. True: told; False: not known yet, ask again.

        Raises:
            Unavailable: it was not told.
        """
        ...
