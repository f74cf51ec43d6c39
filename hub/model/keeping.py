"""What is old enough to be asked whether it is still kept (consent rules 4.2): ids, instants, states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Room(StrEnum):
    """What ends, in the order in which it is asked: what relies on something goes before it."""

    NOTICES = "notices"  # words to agencies' own systems that were written
    MESSAGES = "messages"  # with their decisions and hand-overs
    REFERRALS = "referrals"  # with their steps
    OVERRIDES = "overrides"  # declared duties of care with their words and reviews
    CONSENTS = "consents"  # with all their versions
    REQUESTS = "requests"  # of clients who asked who got what
    PEOPLE = "people"  # references, aliases, digests, lifted directives, the key of what was written of them
    LINES = "lines"  # of the log: what they say; their hashes stay


@dataclass(frozen=True, slots=True)
class Old:
    """Something that is old.

    Args:
        agency: whose row it is; "": the hub's own.
        at: the event of which it tells; where it has an end, that.
        people: whom it is about.
        systems: that it came out of and went into.
        envelope_id: of a delivery, or None.
        is_open: it has not ended, or something that is kept relies on it.
        state: of a referral; else "".
        place: of a line, its index in the log; else -1.
    """

    key: str
    agency: str
    at: datetime
    people: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    envelope_id: str | None = None
    is_open: bool = False
    state: str = ""
    place: int = -1


@dataclass(frozen=True, slots=True)
class OldPage:
    """Some of it, in the order of its keys. ``after``: where the next page begins; None: there is none."""

    rows: tuple[Old, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """What of a person the rules of keeping look at.

    Args:
        served_at: their last service entry, or None.
        turns_18_on: or None where nobody knows their age.
        held: an incident or review about them is open.
    """

    served_at: datetime | None = None
    turns_18_on: date | None = None
    held: bool = False
