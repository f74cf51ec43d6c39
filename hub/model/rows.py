"""What the hub keeps of a message while it travels: keys, codes, times. Never content, never a personal value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from hub.model.envelope import MessageState, Sealed


@dataclass(frozen=True, slots=True)
class Inbox:
    """One accepted message: a submission of one revision of one record to one recipient."""

    message_id: str
    system: str
    record_key: str
    revision: str
    attempt: int
    digest: str
    agency: str
    event: str
    recipient: str
    decision_id: str
    state: MessageState
    code: str
    accepted_at: datetime
    envelope_id: str | None = None
    referral_no: str | None = None
    previous: str | None = None  # the message that this one sends again
    returns: int = 0  # how often in a row it was returned before this
    ended_at: datetime | None = None
    own_id: str | None = None  # of a message that was handed in: its sender's own id of it, boxed (``hub.ports.Keys``)


@dataclass(frozen=True, slots=True)
class Handover:
    """The way of one envelope to its recipient. Kept after its body and key have gone."""

    envelope_id: str
    message_id: str
    recipient: str
    system: str
    lane: str
    lane_seq: int
    state: MessageState
    sha256: str
    subject_ref: str | None
    referral_no: str | None
    attempts: int
    due_at: datetime
    return_at: datetime
    service: str | None = None  # the service that a request is addressed to
    lease_until: datetime | None = None
    opened_at: datetime | None = None
    rejection: str | None = None
    accepted: bool = False  # the receiving system took it into its own records: what comes after it may follow
    problem: str | None = None  # why it is held or was not sent: place and code


@dataclass(frozen=True, slots=True)
class Aside:
    """A record of the bus that was not what had been published (``dead_letter``): by digest and code."""

    id: str
    sha256: str
    code: str
    at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """A sealed body on its way to the bus."""

    envelope_id: str
    seq: int
    topic: str
    lane: str
    sealed: Sealed
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What was refused or could not be read: where it is, why, and what would wake it (INV-6)."""

    waiting_id: str
    system: str
    record_key: str
    revision: str
    digest: str
    code: str
    created_at: datetime
    message_id: str | None = None
    subject_ref: str | None = None
    attempts: int = 0
    due_at: datetime | None = None
    until_at: datetime | None = None
    locks: tuple[str, ...] = ()
    place: str = ""  # which field, what was got (code or shape), what to do
    keys: str | None = None  # of an unresolved identity: JSON, keyed digest -> kind; gone when settled


@dataclass(frozen=True, slots=True)
class Notice:
    """A content-free word to a message's own sender: ``refusal``, ``returned``, ``rejected``, ``shortened``,
    ``review-due``, ``woken``.

    To a recipient: a ``recall``, with the envelope as ``record_key``; or ``consent-changed``, with its number of that.
    """

    notice_id: str
    system: str
    kind: str
    code: str
    record_key: str
    created_at: datetime
    due_at: datetime
    place: str = ""  # which element, why, what to do (INV-10)
    attempts: int = 0
    sent: bool = False


@dataclass(frozen=True, slots=True)
class FollowUpDue:
    """A follow-up of which its system has been told: whose record, which day, and nothing of whom.

    Args:
        missed: its window is over.
    """

    system: str
    record_key: str
    due_on: date
    missed: bool


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """A referral without its content: who asked whom, about which subject, and how far it is.

    ``lane`` leads to the recipient, ``back_lane`` to the sender; each keeps its own order.

    Args:
        left, paused_by: what a pause, or a cancellation that was asked for, leads back to; who paused it.
        due_at: by when it must have moved on, or somebody is told; None: it is at its end.
        moved_at: when its state last changed; None: it has none yet.
        kept: of its request and its Task what their parties may read again: codes, dates, numbers.
    """

    number: str
    lane: str
    back_lane: str
    sender: str
    sender_system: str
    sender_key: str
    recipient: str
    recipient_system: str
    service: str | None
    subject_ref: str
    consent_id: str | None
    state: str
    version: int = 0
    lane_seq: int = 0
    back_seq: int = 0
    modified: Mapping[str, str] = field(default_factory=dict)  # writer -> its own lastModified, ISO text
    left: tuple[str, ...] = ()
    paused_by: str = ""
    due_at: datetime | None = None
    moved_at: datetime | None = None
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # resource type -> element -> value


@dataclass(frozen=True, slots=True)
class ReferralEvent:
    """One accepted transition (rule a of shared model 6.2)."""

    number: str
    version: int
    transition: str
    state: str
    writer: str
    implied: bool
    at: datetime
    modified_at: str | None = None
    reason: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """Which referrals an agency looks for among those that it sent, or that have reached it. What is None asks nothing.

    Args:
        senders, recipients: agencies at that end.
        subjects: whom it is about.
        moved: between which instants the state last changed; half-open.
        order: ``number``, ``moved``, or ``-moved``: the last moved first.
        after: number of the last one that was seen, and when that had moved: what follows it.
    """

    agency: str
    states: tuple[str, ...] | None = None
    senders: frozenset[str] | None = None
    recipients: frozenset[str] | None = None
    numbers: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    moved: tuple[datetime, datetime] | None = None
    order: Literal["number", "moved", "-moved"] = "number"
    after: tuple[str, datetime | None] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A client has asked who got what (consent rules 4.4).

    Args:
        agency: whose officer was asked; ``hub``: the hub's.
        asked_on: the day, where that officer is; ``answered_on`` likewise.
        taken_by: worker who noted it; ``answered_by``: who answered.
    """

    request_id: str
    subject_ref: str
    agency: str
    asked_on: date
    taken_by: str
    answered_on: date | None = None
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How much there is of what, at one instant.

    Args:
        messages: accepted messages by state.
        waiting: waiting records by reason code.
        aside: records of the bus that were set aside, by code.
        near_return: open messages whose 72 hours end soon.
        first_return_at: when the first open message goes back, or None where none is open.
        unpublished: sealed bodies that the bus is not known to have.
        notices: words to senders that are not written yet.
        log_entries: the audit log's committed size.
        log_pending: entries that have no place in it yet.
        log_pending_since: when the oldest of them was written.
        reviews_due: overrides that wait for the officer's outcome; ``reviews_late``: parts whose time is over.
        referrals_late: those that should have moved on.
        follow_ups_missed: those that were not made in their window.
    """

    messages: Mapping[str, int]
    waiting: Mapping[str, int]
    aside: Mapping[str, int]
    held: int
    near_return: int
    first_return_at: datetime | None
    unpublished: int
    notices: int
    log_entries: int
    log_pending: int = 0
    log_pending_since: datetime | None = None
    reviews_due: int = 0
    reviews_late: int = 0
    referrals_late: int = 0
    follow_ups_missed: int = 0
