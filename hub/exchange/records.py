"""What the records of agencies' systems are, once read: referrals and answers, consents, declared duties of care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from consent.model import Decider
from consent.model.words import Category, Risk
from consent.rows import ConsentRow
from hub.exchange.match import PersonKeys
from hub.model.audit import Actor
from hub.model.directory import System
from hub.model.record import Loss
from hub.referral import Said

BY_HAND = "by-hand:"  # stands before the key of what is in no system that could be asked for it again
HANDED_IN = f"{BY_HAND}message:"  # and before that of a message that an agency made itself


@dataclass(frozen=True, slots=True)
class Source:
    """Where a record is: system, key, the source's revision, a keyed digest of its bytes, and its place there."""

    system: System
    key: str
    revision: str
    digest: str
    site: str = ""

    @property
    def read_as(self) -> str:
        """What a consent is filed as. A record that is saved again wakes who waits; one with other bytes is news."""
        return f"{self.revision}/{self.digest}"


@dataclass(frozen=True, slots=True)
class End:
    """An end of a referral as a record names it: an agency, or a place of one. Both empty: it names none."""

    agency: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class LimbSaid:
    """One limb of the test as a record answers it; ``fact`` is somebody's words."""

    id: str
    attested: bool
    fact: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What a record says of a duty of care (settled S22), beside whom it is about and where it goes.

    Args:
        told, narrative, attempts: words. Of them the first leaves; the others are sealed for the review.
        words: keyed digest of the narrative, folded; ``sentences`` of each of its longer sentences.
        entered_by: keyed digest of the account under which it was saved.
        content: keyed digest of all that is declared, without how it ended and whom the reporter has reached.
        discharged: of a mandatory report: the reporter says whom they have reached, and when.
    """

    code: str
    worker: str
    entered_by: str
    limbs: tuple[LimbSaid, ...]
    imminent: bool
    told: str
    narrative: str
    words: str
    content: str
    sentences: tuple[str, ...] = ()
    attempts: str = ""
    consent_sought: str = ""
    notice: str = ""
    risks: tuple[Risk, ...] = ()
    narrowed: tuple[Category, ...] = ()
    covers: str = ""
    child_turns_16_on: date | None = None
    ended: bool = False
    end_cause: str = ""
    discharged: bool = False


@dataclass(frozen=True, slots=True)
class WordRecord:
    """What somebody else says of a declaration: that they approve, or what they did (``self-review``).

    Args:
        about: the key of the declaration's record.
        entered_by: keyed digest of the account under which it was saved.
        said: words.
        of: the revision of the declaration that was read and approved; None: it names none.
    """

    source: Source
    about: str
    kind: str
    worker: str
    entered_by: str
    said: str = ""
    of: int | None = None


# what a record calls it, to the element of a message that was handed in
_ELEMENTS = {"client": "Task.for", "hub_referral_no": "Task.identifier", "consent": "ServiceRequest.supportingInfo"}


@dataclass(frozen=True, slots=True)
class ReferralRecord:
    """A request of this agency, its answer to one, or what it shares beside them, translated.

    Args:
        kind: ``shared``: beside a referral, without a word on how that stands. ``report``: to a funder. ``override``: a
            declared duty of care, to whom it names. ``message``: FHIR already, handed in by its agency.
        event: of a record that names no recipient, the message event of its parts (``parts.py``); else "".
        holds: of such a record, the resource type that its messages are known by.
        requester: who asks, and ``performer``: who is asked, where the record says so.
        placer: the number under which the sender's system knows its request, with its place; of an answer "".
        number: the hub's number that an answer names; of a part, of the referral that it rides on.
        person: of a request whom it is about; of an answer whom it says that it is about, where it does.
        alias: the agency's alias of the client, where the record names the client so.
        consent: the hub's number of a consent that a worker typed; it chooses nothing, and must be this client's.
        losses: what of the record did not become part of the message.
        route: list and code by which its agency's own table leads to a recipient; "" where it names one itself.
        service: id of the service to which that has led.
        after: of a report, the key of the record that must have been taken before it; "".
        numbers: the hub's numbers of the referrals of which this is the outcome, where the record names no recipient;
            None: its kind of record names none.
        opened: of what is about one case, its system's own numbers of the referrals that it opened in that case; those
            that came into it stand in ``numbers``. None: it is about the client, whatever the case.
        place: of what goes to one agency alone, the place of that agency in its kind of system; "": it names none.
        declared: what a declared duty of care says; None: it is none.
        risks: dangers that a referral asserts.
        only_open: an answer that names no referral is about the only open one, whatever it says of it.
        handed_in: FHIR already, of a referral, handed in by its agency's own software (``handed_in.py``).
        version: of the referral, as its sender knows it; "": whichever stands (settled S45).
        labelled: the purpose that it claims; "": none. The event fixes the purpose, and it must agree (I-12).
    """

    source: Source
    kind: Literal["referral", "referral-status", "shared", "report", "override", "message"]
    entries: tuple[dict[str, Any], ...]
    said: Said
    requester: End
    performer: End
    wanted: str
    placer: str
    number: str | None
    person: PersonKeys | None
    case_closed: bool
    deceased: bool
    alias: str | None = None
    consent: str | None = None
    losses: tuple[Loss, ...] = ()
    event: str = ""
    holds: str = ""
    route: tuple[str, str] = ("", "")
    service: str = ""
    numbers: tuple[str, ...] | None = ()
    opened: tuple[str, ...] | None = None
    place: str = ""
    after: str = ""
    only_open: bool = False
    declared: Declared | None = None
    risks: tuple[Risk, ...] = ()
    handed_in: bool = False
    labelled: str = ""
    version: str = ""

    def where(self, name: str) -> str:
        """Where a part of it is, for whoever must mend it; of FHIR the element."""
        if self.handed_in:
            return _ELEMENTS[name]
        return f"{self.source.system.id} {self.source.key}: {name}"

    @property
    def shared(self) -> bool:
        """Names no recipient: it goes to each agency with a referral of its client."""
        return bool(self.event) and self.kind not in ("report", "override")

    @property
    def alone(self) -> bool:
        """An answer that names no referral: results that say nothing of a state, or one that is about the only one."""
        return self.kind == "referral-status" and not self.number and (self.only_open or not self.said.state)


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """A consent row with the person it is about.

    Args:
        person: None: a "no" that can be read only so far; it is known by its key (INV-10).
        by: the worker who enters it by hand; None: its system acts.
        named: the person, where the agency itself says so by its alias.
        read: of one that came as FHIR, what was read of it; its row is then empty.
        merged_into: the digest of the system's own row id of the client into whom it says that this one has gone;
            ``merged_from`` of those that have gone into this one.
    """

    source: Source
    row: dict[str, str]
    person: PersonKeys | None
    deceased: bool
    by: Actor | None = None
    named: str | None = None
    read: ConsentRow | None = None
    merged_into: str | None = None
    merged_from: tuple[str, ...] = ()
    deciders: tuple[Decider, ...] = ()

    @property
    def says_no(self) -> bool:
        """Whether it takes back, declines or doubts: that is heard even where its person is unclear (INV-10)."""
        return says_no(self.row) if self.read is None else self.read.declined or self.read.withdrawn

    @property
    def tells_of_death(self) -> bool:
        """Whether it came with its client's own row, so that a date of death that is not there is one that is not."""
        return self.person is not None and self.by is None

    def kinds(self) -> dict[str, str]:
        """Keyed digest -> kind, of what the record tells of the person."""
        return self.person.kinds() if self.person else {}

    def found_by(self) -> dict[str, str]:
        """Keyed digest -> kind, of what the person may be found by."""
        return self.person.found_by() if self.person else {}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no record, or hold a value that has no counterpart. ``gap``: a mapping would mend it.

    Args:
        about: of a record that names no recipient, whose it is: of a client with whom nobody works nobody is told.
    """

    source: Source
    place: str
    gap: bool
    about: PersonKeys | None = None


Read = ReferralRecord | ConsentRecord | WordRecord | Unreadable


def says_no(row: Mapping[str, str]) -> bool:
    """Whether a consent row takes back, declines or doubts. It is heard even where its person cannot be read."""
    return "withdrawn_at" in row or row.get("declined") == "1" or row.get("keep_out", "0") not in ("0", "false")


def own_number(placer: str) -> str:
    """The sender's own number alone; it may hold a stroke, a place code never does."""
    return placer.partition("/")[2]
