"""What a unit or a peek reads and writes, a class per room of the store; see ``unit.py``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consent.model import Agreement, Decision, Facts
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.model.envelope import MessageState, Sealed
from hub.model.rows import (
    Aside,
    FollowUpDue,
    Handover,
    Inbox,
    Notice,
    Outbound,
    ReferralEvent,
    ReferralRow,
    Sought,
    Tally,
    Waiting,
)


@dataclass(frozen=True, slots=True)
class Directory:
    """The whole directory at one version of ``config``; of agreements, the current versions."""

    version: int
    stopped: bool  # `hub suspend all`
    agencies: Mapping[str, Agency]
    systems: Mapping[str, System]
    services: tuple[Service, ...]
    sites: tuple[Site, ...]
    workers: Mapping[str, Worker]
    agreements: tuple[Agreement, ...]


class DirectoryRows(Protocol):
    """Agencies, systems, sites, services, agreements, workers. A unit that reads shares ``config``, writers own it."""

    def all(self) -> Directory:
        """The directory as it stands."""

    def put(self, row: Agency | System | Site | Service | Worker | Agreement) -> None:
        """Add or replace a row. Of an agreement every version is kept; the one put last is the current one."""

    def stop(self, stopped: bool) -> None:
        """Stop or resume all exchange."""


class Decisions(Protocol):
    """Decisions with the facts that they rest on."""

    def gathered(self, facts: Facts) -> Facts:
        """Note facts as read by this unit. Only such facts may be written with a decision."""

    def put(self, decision_id: str, message_id: str, gate: int, facts: Facts, decision: Decision) -> None:
        """Keep a decision. Facts that this unit did not gather are a programming error (INV-2)."""

    def get(self, decision_id: str) -> tuple[Facts, Decision] | None:
        """One decision, with its facts."""

    def of_gate_2(self, message_ids: Iterable[str]) -> dict[str, tuple[Facts, Decision]]:
        """By message, the last answer that stands as gate 2's, and its facts."""

    def count_by_code(self, gate: int) -> dict[str, int]:
        """Decisions of a gate by their first code."""

    def made_since(self, at: datetime, limit: int, after: str = "") -> list[tuple[str, bytes, bytes]]:
        """The same of those made since an instant."""

    def stored(self, limit: int, after: str = "") -> list[tuple[str, bytes, bytes]]:
        """(decision id, facts, decision) behind an id, in id order, for replaying."""


class InboxRows(Protocol):
    """Accepted messages."""

    def latest(self, system: str, keys: Iterable[str]) -> dict[str, Inbox]:
        """The latest message of each record."""

    def latest_of_each(self, systems: Iterable[str], keys: Iterable[str]) -> list[Inbox]:
        """The same of records of several systems, each by itself."""

    def get(self, message_id: str) -> Inbox | None:
        """One message."""

    def put(self, row: Inbox) -> None:
        """Accept a message."""

    def move(self, message_ids: Iterable[str], state: MessageState, *, code: str | None = None) -> None:
        """Set the state, and the code where one is given, of those that have not ended; an end sets ``ended_at``."""

    def last_released(self, system: str, numbers: Iterable[str]) -> dict[str, Inbox]:
        """By referral number, the latest message of a system about how it stands that gate 1 let go."""

    def arrived(self, numbers: Iterable[str]) -> set[str]:
        """Which referrals' requests have been delivered."""

    def under_envelopes(self, agencies: Iterable[str], revisions: Iterable[str]) -> set[tuple[str, str]]:
        """Pairs (revision, record key) of what agencies handed in under some envelopes (C-192).

        Args:
            revisions: the keyed digests of the envelopes' ids.
        """

    def attempts(self, system: str, record_key: str, revision: str) -> int:
        """The number of the last message that one revision of a record has made; 0: none."""

    def count_by_state(self) -> dict[str, int]:
        """Messages by state."""


class WaitingRows(Protocol):
    """What was refused or unreadable, and what would wake it."""

    def put(self, row: Waiting) -> None:
        """Wait, or wait anew: one row per source record. The unit holds the locks that shall wake it."""

    def settle(self, system: str, keys: Iterable[str]) -> None:
        """These records wait no longer."""

    def due(self, system: str, now: datetime, limit: int) -> list[Waiting]:
        """Rows to fetch again at an instant, the earliest due first."""

    def of(self, system: str, keys: Iterable[str]) -> dict[str, Waiting]:
        """The waiting rows of records."""

    def get(self, waiting_id: str) -> Waiting | None:
        """One row."""

    def every(self, limit: int) -> list[Waiting]:
        """All rows, the oldest first."""

    def snooze(self, waiting_id: str, due_at: datetime | None) -> None:
        """Set when to look again; None: when something wakes it."""

    def outlived(self, now: datetime) -> bool:
        """Whether there are rows past their ``until_at``."""

    def expire(self, now: datetime) -> list[Waiting]:
        """Drop rows past their ``until_at``; which they were."""


class OutboxRows(Protocol):
    """Sealed bodies and their wrapped keys: the one place where content rests."""

    def put(self, out: Outbound, wrapped: bytes) -> None:
        """Add a sealed body; its ``seq`` is given by the store."""

    def unpublished(self, limit: int) -> list[Outbound]:
        """The lowest ones that the bus is not known to have."""

    def published(self, envelope_ids: Iterable[str]) -> None:
        """The bus has these; their hand-overs are published, unless they have already arrived."""

    def keys(self) -> int:
        """How many keys are kept: each opens what is under way still."""

    def missing(self, before: datetime) -> bool:
        """Whether the bus took something before an instant that has not arrived since."""

    def republish(self, before: datetime) -> int:
        """Publish again what was published before an instant and has not arrived; how many."""

    def sealed(self, envelope_ids: Iterable[str]) -> dict[str, tuple[str, Sealed, bytes]]:
        """envelope id -> (topic, sealed body, wrapped key)."""

    def sizes(self, envelope_ids: Iterable[str]) -> dict[str, int]:
        """By envelope, octets of its sealed body."""

    def drop(self, envelope_ids: Iterable[str]) -> None:
        """Delete bodies and keys."""


class HandoverRows(Protocol):
    """The way of envelopes to their recipients."""

    def put(self, row: Handover, basis: Iterable[str]) -> None:
        """A new hand-over and what its decision relied on."""

    def get(self, envelope_ids: Iterable[str]) -> dict[str, Handover]:
        """Hand-overs by envelope."""

    def due(self, system: str, now: datetime, limit: int) -> list[Handover]:
        """The first open one of each lane that may be prepared now."""

    def to_open(self, system: str, now: datetime, limit: int, envelope_id: str | None = None) -> list[Handover]:
        """The first open one of each lane that its recipient may fetch by itself, also one that it is just opening.

        Args:
            envelope_id: only that one, if it is among them.
        """

    def overdue(self, now: datetime, limit: int) -> list[Handover]:
        """Open ones whose 72 hours are over and whose lease, if any, is over too."""

    def relying_on(self, basis: str) -> list[Handover]:
        """Those of which a permit relied on ``consent:…`` or the like, without version; the ended ones too."""

    def basis(self, envelope_ids: Iterable[str]) -> dict[str, set[str]]:
        """By envelope, what its permits relied on, without versions."""

    def rely(self, basis: Mapping[str, Iterable[str]]) -> None:
        """Note, by envelope, what another permit relies on. What is known already stays."""

    def arrived(self, envelope_ids: Iterable[str]) -> None:
        """Seen on the bus: those released or published have arrived, others stay where they are."""

    def opened(self, envelope_ids: Iterable[str], lease_until: datetime) -> None:
        """Gate 2 permitted; the lease runs."""

    def failed(self, envelope_id: str, due_at: datetime, problem: str, *, opened_at: datetime | None) -> None:
        """Certainly not sent: may be opened again at an instant.

        Args:
            opened_at: of an earlier open whose outcome is unknown; None: there was none.
        """

    def postpone(self, envelope_id: str, due_at: datetime, problem: str) -> None:
        """The outcome is unknown or the recipient out of reach: prepare again at an instant."""

    def held(self, envelope_id: str, problem: str) -> None:
        """One that has arrived cannot be written out until a mapping changes."""

    def end(self, envelope_ids: Iterable[str], state: MessageState) -> None:
        """Delivered, refused or returned, for good: what has ended stays as it ended."""

    def reject(self, envelope_id: str, code: str) -> None:
        """A business rejection that came after delivery; it outweighs that it was accepted."""

    def accept(self, envelope_id: str) -> None:
        """The receiving system took it into its own records, or had nothing to take; that outweighs a rejection."""

    def unanswered(self, system: str) -> list[Handover]:
        """Those delivered into a system of which it has said nothing; of a lane the last: it stands for the others."""

    def last_of(self, system: str, record_key: str) -> Handover | None:
        """The last hand-over of a record whose messages stand in one lane (reports), or None."""

    def set_aside(self, sha256: str, code: str, place: str) -> None:
        """A record of the bus that is not what was published: noted by the digest of its body, and a code."""

    def aside(self, limit: int) -> list[Aside]:
        """What was set aside, newest first."""

    def every(self, limit: int, *, ended: bool) -> list[Handover]:
        """Those that have not ended, by the end of their time; with ``ended`` the others too."""

    def due_now(self, envelope_id: str) -> bool:
        """Prepare one again at once if it has arrived or is held; whether it could be. A running lease stays."""


class NoticeRows(Protocol):
    """Content-free words to senders."""

    def put(self, row: Notice) -> None:
        """Queue a notice, or keep one that is sent."""

    def due(self, system: str, now: datetime, limit: int) -> list[Notice]:
        """Notices to write now, the oldest first."""

    def get(self, notice_id: str, system: str, *, sent: bool = False) -> Notice | None:
        """One that waits for a system, or with ``sent`` one that it has too."""

    def sent(self, notice_id: str) -> bool:
        """The sender's system has it; whether nobody had noted that before."""

    def postpone(self, notice_id: str, due_at: datetime) -> None:
        """Try again at an instant."""


class FollowUpRows(Protocol):
    """Follow-ups that are still to be made, and of which their systems have been told."""

    def of(self, system: str) -> dict[str, FollowUpDue]:
        """All of a system, by record key."""

    def put(self, row: FollowUpDue) -> None:
        """Add or replace."""

    def forget(self, system: str, keys: Iterable[str]) -> None:
        """These have been made, or are to be made no more."""

    def missed(self, limit: int) -> list[FollowUpDue]:
        """Those whose window is over, the earliest first."""


class ReferralRows(Protocol):
    """Referrals without content."""

    def of_sender(self, system: str, key: str) -> ReferralRow | None:
        """The referral that a sender's record opened."""

    def of_senders(self, system: str, keys: Iterable[str]) -> dict[str, ReferralRow]:
        """The referrals that a sender's records opened, by record key."""

    def get(self, number: str) -> ReferralRow | None:
        """One referral by the hub's number."""

    def of_subject(self, agency: str, subject_ref: str) -> list[ReferralRow]:
        """The referrals of a person that an agency sent or received, by number."""

    def sent_by(self, agency: str, *, but: Collection[str], after: str, limit: int) -> list[ReferralRow]:
        """Those that an agency sent, by number, beyond one; but not those in some states."""

    def late(
        self, now: datetime, limit: int, *, states: Iterable[str], heard: Collection[str] = ()
    ) -> list[ReferralRow]:
        """Those of some states that should have moved on by now, the first due first.

        Args:
            heard: of those in one of these, only whose receiver's last word has arrived.
        """

    def found(self, sought: Sought, limit: int) -> list[ReferralRow]:
        """The first of those that an agency looks for: it sent them, or their request has reached it.

        They are read without a word to whoever is about to change them.
        """

    def last_events(self, numbers: Iterable[str]) -> dict[str, ReferralEvent]:
        """Of each referral the version in which it stands; what has none is left out."""

    def partners(self, agency: str) -> set[str]:
        """The agencies at the other ends of an agency's referrals."""

    def of_numbers(self, numbers: Iterable[str]) -> dict[str, ReferralRow]:
        """Referrals by the hub's number."""

    def put(self, row: ReferralRow) -> None:
        """Add or replace."""

    def append(self, event: ReferralEvent) -> None:
        """One version more (rule a)."""

    def events(self, number: str) -> list[ReferralEvent]:
        """The versions of a referral, oldest first."""

    def every(self, limit: int) -> list[ReferralRow]:
        """Referrals by number."""


class Cursors(Protocol):
    """How far each source has been read, what adapters remember, and the leases of single workers."""

    def get(self, system: str) -> str:
        """The stored cursor, or ""."""

    def put(self, system: str, cursor: str) -> None:
        """Store a cursor."""

    def remembered(self, system: str, key: str) -> str | None:
        """A text of an adapter's memory."""

    def remember(self, system: str, key: str, value: str | None) -> None:
        """Store or remove a text of an adapter's memory."""

    def let_go(self, holder: str) -> None:
        """Give back every lease of a holder."""

    def held(self, name: str) -> tuple[str, datetime] | None:
        """Who holds a named lease, and until when."""

    def renew(self, name: str, holder: str, until: datetime) -> bool:
        """Prolong a lease that is this holder's, also one that is over as long as nobody took it; whether it is."""

    def lease(self, name: str, holder: str, until: datetime) -> bool:
        """Take or renew a named lease unless another holds it; whether it is ours.

        One that ends later than ``until`` was given before the clock was set back, and holds nobody.
        """


class Counts(Protocol):
    """How much there is of what, for whoever watches."""

    def tally(self, near: datetime) -> Tally:
        """All counts at one instant.

        Args:
            near: open messages that go back to their sender until then are ``near_return``.
        """
