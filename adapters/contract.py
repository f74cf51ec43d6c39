"""What every adapter is: a card, and a source that fetches, fetches again and sends.

Standard: none; ours. Each kind keeps four files: ``__init__`` (the card), ``source`` (with what lies below it, the only
input and output), ``record`` (the agency's words and shape), ``translate`` (named pairs that mappings call).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from hub.model.record import Loss, Record

Converter = tuple[Callable[..., Any], Callable[..., Any]]  # in: fields -> element; out: element -> fields


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
            ``returned``, ``rejected``, ``shortened``; or a ``recall``, a ``correction``, ``consent-changed``.
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


@dataclass(frozen=True, slots=True)
class RecordKind:
    """What the hub does with a kind of record.

    Args:
        event: ``referral`` (T1 or withdrawal by its status), ``referral-status``, ``consent``; of a record that names
            no recipient the message event that each agency with a referral of its client gets: ``plan-shared``,
            ``case-note-shared``, ``review-done``, and ``notify-update-process-request`` for what was done for a client.
            ``override-disclosure``: a declared duty of care; ``override-word``: what somebody else says of one.
        holds: of those, the resource type that its messages are known by; "" for the first three.
        outcome_of: of what was done for a client, the child field that names the referrals of which it is the outcome;
            "": it names none, and is that of each referral of its client that its system received.
        of_case: of what is about one case of a client, the child field that names the referrals which its system
            opened in that case, by its own numbers; those that came into it stand in ``outcome_of``. "": of any case.
        only_open: it is the receiver's word about one referral; where it names none, about the only open one of its
            client that its system has received.
        route: of a referral that names no recipient, the field by which its agency's own table leads to one:
            ``list/code``, or a code of the list that is called as the kind of record.
        parcel: the parcel kind under which the record is written out; None: it is only read.
        to: of a report, or of a declared duty of care, the field that names the agency to which it goes.
        number: of a declared duty of care, the field for the hub's number of it; ``call_back``: for the number under
            which its reporter is reached. The exchange fills both when it is written.
        after: of a report, the field with the key of the record that must have been taken before it.
        own: the field that holds a referral's number in the system that opened it.
        risks: the field in which a worker asserts dangers; "": the kind has none.
        consent: the field in which a worker names a consent by the hub's number; "": the kind has none.
        incomplete: the field that says that something was left out (I-10); "": the parcel alone says it.
        told: the system tells of such records; else they are only written.
        activities: of several kinds that hold the same, the codes of the Procedure that it is for; none: it is for all.
        place_from: of what names no recipient by itself, the field for the sender's place code in this kind of system;
            ``place_to``: for the recipient's. The exchange fills both when it is written; where a record that is read
            names a recipient's place, that agency alone gets it. "": the kind writes no places.
    """

    name: str
    event: str
    parcel: str | None = None
    own: str = ""
    consent: str = ""
    incomplete: str = ""
    holds: str = ""
    outcome_of: str = ""
    of_case: str = ""
    route: str = ""
    to: str = ""
    after: str = ""
    told: bool = True
    activities: frozenset[str] = frozenset()
    place_from: str = ""
    place_to: str = ""
    only_open: bool = False
    number: str = ""
    call_back: str = ""
    risks: str = ""


@dataclass(frozen=True, slots=True)
class Adapter:
    """The card: what there is. It does nothing.

    What the exchange itself reads of a record, where it is there: ``client.client_id`` (the system's own row id of the
    client), ``client.deceased_date``, ``client.merged_into_client_id`` (the row id of the client into whom it has
    gone), ``case.status`` (CLOSED); of a consent row its fields (program systems 9.2), ``client.home_language`` and
    ``gone.client_id`` (row ids of clients that have gone into its own); of
    a declared duty of care its fields (settled S22) and ``limbs``. It writes ``from_org``, the record's own agency,
    into a request, and into what is shared, before it is mapped. All else it takes from what the mapping makes of a
    record.
    """

    kind: str
    connect: Callable[[Mapping[str, Any], Memory, Now], Source]
    parse: Callable[[str, bytes], Record]  # (source key, bytes) -> record; raises RecordUnreadable
    render: Callable[[Record], bytes] | None
    notice: Callable[[str, str, str], bytes] | None  # (source key, code, place) -> word to its system; None: it answers
    records: tuple[RecordKind, ...]
    columns: Callable[[], Mapping[str, Mapping[str, Any]]]  # record kind -> field names (children nested)
    functions: Mapping[str, Converter] = field(default_factory=dict)
    required: Callable[[], Mapping[str, Sequence[str]]] = dict  # record kind -> what it cannot be written without
    recall: Callable[[str, str, str], bytes] | None = None  # (envelope id, code, what to do); None: one telephones
    consent_changed: Callable[[str, str, str], bytes] | None = None  # (its number, code, what to do); None: no place
    correction: str = ""  # parcel kind of a request that was delivered and is put right; "": one telephones
    completed: Callable[[], Mapping[str, Sequence[str]]] = dict  # and what a worker fills there where nobody says it
    shortened: Callable[[Record], Sequence[Loss]] = lambda _: ()  # what ``render`` cuts beside the mapping
    writes: Callable[[Record], bool] = lambda _: True  # else it has too little to be written, and nothing of it is
    batch_max: int = 200
    batch_every: Callable[[Mapping[str, Any]], timedelta] | None = None  # how often a batch is closed; None: at once
    gathers: timedelta = timedelta()  # a batch is not closed before nothing new has come so long; ``Gathering``
    declares: bool = False  # its sources are ``Declaring``
    answers: bool = False  # its sources are ``Answering``
    remote: bool = False  # its agency's own software hands in and opens: there is nothing to fetch, map or send
    living: bool = (
        False  # of one that answers: its records change where they stand, and wait as rows do, not as a batch
    )
    look: Callable[[Mapping[str, Any], Memory, Now], Source] | None = (
        None  # reads as ``connect``'s does, writes nothing
    )

    def takes(self, event: str) -> RecordKind | None:
        """The kind of record as which a message of this event is written into its systems; None: they take none."""
        if self.render is None and not self.remote:
            return None
        return next((kind for kind in self.records if kind.event == event and kind.parcel), None)
