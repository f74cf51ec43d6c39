"""What a source is: it fetches, fetches again and sends; some kinds of it do more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as the source holds it.

    Args:
        key: the source key; never holds personal data.
        revision: the source's own row version, or "" where it has none.
        data: the bytes without the row version, so that equal bytes mean an equal record.
        site: the place code that it came from, where a system tells its places apart.
        fault: why the source itself cannot tell this record, in words of ours; the bytes are empty then.
        own: where the source has no row version: the record's own words, without what lies beneath it (its client, say)
            and where it was found. Other words are another revision.
    """

    key: str
    revision: str
    data: bytes
    site: str = ""
    own: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """The source no longer shows this record (deleted, filtered by the agency's view)."""

    key: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one ``fetch`` found, and the cursor to store once all of it is settled.

    Who has all that there is now gets an empty page with the cursor that was asked with.
    """

    raws: tuple[Raw | Gone, ...]
    cursor: str
    problems: tuple[str, ...] = ()  # places and codes, e.g. a gap in the change log that was passed
    rejections: tuple[Rejection, ...] = ()
    numbers: tuple[Numbered, ...] = ()
    accepted: tuple[Accepted, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receiving system took what a message brought into its own records: what comes after it may follow."""

    envelope_id: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """The number that the receiving system gave to the client of a message it took.

    Args:
        system: identifier system, a URL.
    """

    envelope_id: str
    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A business rejection that the receiving system reported after it had taken a message.

    Args:
        code: of a closed list of the adapter's; never a text of the system's own.
    """

    envelope_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message in the recipient's own form, ready to be written.

    Args:
        envelope_id: the idempotency key; a repeat of it is success.
        kind: that of its record (``referral``, ``referral-status``, ``plan`` …), or of a notice: ``refusal``,
            ``returned``, ``rejected``, ``shortened``, ``review-due``; or a ``recall``, a ``correction``,
            ``consent-changed``.
        body: the rendered record.
        referral_no: the hub's referral number; of a report the number that all messages of its record have; or None.
        incomplete: something that the client did not allow was left out (I-10).
        lookup: identifiers of the client (system URL to value) by which the system may find its own row.
    """

    envelope_id: str
    kind: str
    body: bytes
    referral_no: str | None = None
    incomplete: bool = False
    lookup: Mapping[str, str] = field(default_factory=dict)


class SentState(StrEnum):
    """What became of a parcel."""

    ACKNOWLEDGED = "acknowledged"  # the recipient's commit returned
    FAILED = "failed"  # certainly not there
    UNKNOWN = "unknown"  # it may or may not be there: send again with the same envelope id


@dataclass(frozen=True, slots=True)
class Sent:
    """The fate of one parcel; ``code`` says why it failed, never with content.

    Args:
        for_good: it failed and always would: it is given back at once, and a person is told.
    """

    envelope_id: str
    state: SentState
    code: str = ""
    for_good: bool = False


Commit = Callable[[], None]
"""Called immediately before the irreversible step. Raises ``LeaseOver`` when it is too late."""


Now = Callable[[], datetime]
"""The clock: an aware instant."""


class Memory(Protocol):
    """A small store of an adapter's own, text to text: what it has read, and what later records are held against.

    It holds no personal value. What was said of a person (dates, courses, plans) stands under a keyed digest alone.
    """

    def get(self, key: str) -> str | None:
        """The text stored under a key, or None."""
        ...

    def put(self, key: str, value: str | None) -> None:
        """Store a text, or remove the key with None. Durable on return."""
        ...

    def digest(self, text: str) -> str:
        """A keyed digest of the hub's, in hex, of this system's own: of equal texts the same, and nobody can guess it.

        What a source must know again and may not keep. It asks no store.
        """
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What ``check`` saw: a place, what is wrong there, and what to do. ``ok`` findings are printed too."""

    place: str
    ok: bool
    text: str
    next_step: str = ""


class Source(Protocol):
    """One connection to one system. Retries nothing itself; raises ``Unavailable`` when it cannot be reached."""

    def fetch(self, since: str) -> Page:
        """Read what changed after a cursor ("" is the beginning), one page."""
        ...

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Read records by key, in the order asked."""
        ...

    def reach(self) -> None:
        """Connect, changing nothing. Asked before anything is released to this system.

        Raises:
            Unavailable: it cannot be reached now.
        """
        ...

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Write parcels. Calls ``commit`` just before the irreversible step; one answer per parcel.

        Callable without the store: it needs the parcels alone. ``UNKNOWN`` is answered only where the outcome of the
        commit itself cannot be told.

        Raises:
            Unavailable: the system cannot be reached now; nothing was written.
            LeaseOver: ``commit`` said so; nothing was written.
        """
        ...

    def check(self) -> list[Finding]:
        """Look at the connection, its tables and its settings; say what is wrong and what to do."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Verdict(StrEnum):
    """What became of a record that its system waits to hear of."""

    ACCEPTED = "accepted"
    WAITS = "waits"  # refused for now; something may change the answer
    REFUSED = "refused"  # nothing would


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one record of a batch.

    Args:
        code: why it waits or was refused: of the consent rules, or the adapter's own; "" where it was accepted.
        known: nothing was to be done, since what it says stood already.
        under_way: accepted, and not yet where it goes: it may still be refused.
        place: where the record is wrong, as the error says that refused it: its last word before ``: got`` is a field.
    """

    verdict: Verdict
    code: str = ""
    place: str = ""
    known: bool = False
    under_way: bool = False


class Answering(Source, Protocol):
    """A source that hands in batches and waits for an answer to each record of them."""

    def awaiting(self, limit: int) -> Sequence[str]:
        """Keys of records whose answer may still change; whole batches, the oldest first."""
        ...

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """Write the answers to batches all of whose records have one, where they differ from what stands there.

        Returns:
            Whether anything was written.

        Raises:
            Unavailable: it cannot be written now; asked again.
        """
        ...


class Declaring(Source, Protocol):
    """A source whose workers declare duties of care in it."""

    def declared(self) -> Sequence[Raw]:
        """Every declaration that has not ended, as it stands now. Callable without the store: it remembers nothing.

        Raises:
            Unavailable: the system cannot be reached now.
        """
        ...


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up that is still to be made.

    Args:
        key: of its record.
    """

    key: str
    due_on: date


class Following(Source, Protocol):
    """A source that knows when its clients are to be followed up (shared model 3.12)."""

    def follow_ups(self, first: date, last: date) -> Sequence[FollowUp]:
        """Those due from one day to another, both included, that have not been made, of clients who are alive.

        Raises:
            Unavailable: the system cannot be reached now.
        """
        ...


class Gathering(Source, Protocol):
    """A source that puts what it was sent where a worker passes it on by hand; until then it can be taken back."""

    def take_back(self, envelope_ids: Sequence[str]) -> Sequence[str]:
        """Take out what lies there still. Asked again, it says the same. What cannot be taken out now is put anew by no
        later :meth:`send`, until this is asked without it.

        Returns:
            Which of them lie there no more and were not passed on; another one was passed on, or cannot be taken out
            now.

        Raises:
            Unavailable: it cannot be looked at now.
        """
        ...
