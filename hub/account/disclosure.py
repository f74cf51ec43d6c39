"""Which entries of the log tell of a disclosure, and what of it a reader may see (consent rules 4.4). Pure.

- One message is one disclosure, however often it was opened: what may have left counts, not how often it was tried.
- What was refused is none; nor is what certainly did not leave, or said nothing that the recipient's system can hold.
- What arrived is told as such; what nobody can tell, as that; what was taken back before its worker passed it on, as
  taken back, never as arrived.
- What may not be shown is not there: an entry under a live withholding decision (3.7), and a report of which its own
  agency's list would tell who made it. Nothing is numbered, so nothing is missing.
- A women's service is shown as the hub's relay, at either end (C-119, settled S8); who reported a danger to a child or
  a resident is not told. A worker is nowhere, and that a protected place was left out is not either (C-110).

Entries may come in any order: an instant may hold several units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from consent.model.words import Category, Code, Outcome, Purpose
from hub.model.audit import AuditEvent
from hub.model.directory import RELAY

Said = Mapping[str, Any]
"""An entry of the log, as it was written."""

NO_WORD = "NO_WORD"  # of an ACK: the recipient's system has no word for what it said, so nothing was written there
_WAY = frozenset({AuditEvent.DECISION, AuditEvent.DELIVERY, AuditEvent.ACK, AuditEvent.RETURNED})
_FILED = frozenset({AuditEvent.CONSENT_RECORDED, AuditEvent.CONSENT_WITHDRAWN})
_INFORMS = frozenset({Code.OV_CHILD, Code.OV_STATUTORY})  # who sent it is who told: not shown (4.4)
UNMARKED = frozenset({Code.RD_LOCATION, Code.RD_YOUTH_JUSTICE})  # that it was left out is not told either (I-10)


class Fate(StrEnum):
    """What became of it."""

    ARRIVED = "ARRIVED"
    UNKNOWN = "UNKNOWN"  # it was opened and never acknowledged: it may have arrived
    TAKEN_BACK = "TAKEN_BACK"  # it lay where a worker passes it on, and was taken out before


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads.

    Args:
        agency: whose officer, who sees what that agency sent or received; None: the hub's, who sees the whole (S33).
        confidential: agencies that are shown as the relay.
        withheld: ids of entries and of overrides that are under a live withholding decision.
        guarding: bodies that act in a danger: that somebody tried in vain to reach them is not told.
    """

    agency: str | None = None
    confidential: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    guarding: frozenset[str] = frozenset()

    def name(self, agency: str) -> str:
        """The agency as this reader may know of it."""
        return RELAY if agency in self.confidential else agency


@dataclass(frozen=True, slots=True)
class Ground:
    """A version of a consent that was relied on; when it was recorded and by whom, where the log says so."""

    consent_id: str
    version: int
    discloser: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What left about one person, to whom, and why.

    Args:
        at: when it was opened; of several times the one that arrived.
        sender: None: who reported a danger is not told.
        purpose: why.
        code: on what authority: the reason code of the permit, ``OK_*`` or ``OV_*``.
        outcome: whether something was left out, at either gate, that the client may know was.
        reason: of an override, the reason code that was declared (3.2), where the log says it of this person.
        opened: the entry; ``ack``: that of its arrival. For the FHIR face; they are not shown as they are.
    """

    envelope_id: str
    at: datetime
    sender: str | None
    recipient: str
    categories: tuple[Category, ...]
    purpose: Purpose
    code: Code
    outcome: Outcome
    fate: Fate
    grounds: tuple[Ground, ...] = ()
    override_id: str | None = None
    reason: str | None = None
    opened: Said = field(default_factory=dict, repr=False, compare=False)
    ack: Said | None = field(default=None, repr=False, compare=False)


def disclosures(entries: Iterable[Said], reader: Reader, *, unsent: frozenset[str] = frozenset()) -> list[Disclosure]:
    """What was disclosed of a person, the oldest first.

    Args:
        entries: all that the log says about one person, in any order.
        unsent: envelopes that have not ended and of which the store knows that they did not leave yet.
    """
    said = list(entries)
    reasons = {
        entry["override_id"]: entry["code"] for entry in said if entry["event_type"] == AuditEvent.OVERRIDE_DECLARED
    }
    filed = dict(_filed(entry, reader) for entry in said if entry["event_type"] in _FILED)
    ways = [way for name, way in _ways(said).items() if name not in unsent or _ended(way)]
    found = [each for way in ways if (each := _disclosure(way, reader, filed)) is not None]
    told = [replace(each, reason=reasons.get(each.override_id)) for each in found]
    return sorted(told, key=lambda each: (each.at, each.envelope_id))


def open_ways(entries: Iterable[Said]) -> set[str]:
    """The envelopes of which the log tells no end yet."""
    return {name for name, way in _ways(entries).items() if not _ended(way)}


def override_of(entry: Said) -> str | None:
    """The override that a permit relied on."""
    basis = [name.removeprefix("override:") for name in entry.get("basis", ()) if name.startswith("override:")]
    named = entry.get("override_id")
    return str(named) if named else next(iter(basis), None)


def consents_of(entry: Said) -> list[tuple[str, int]]:
    """The versions of consents in the basis of a decision."""
    names = [name.removeprefix("consent:") for name in entry.get("basis", ()) if name.startswith("consent:")]
    return [(consent_id, int(version or 0)) for consent_id, _, version in (name.partition("/") for name in names)]


def seen_by(entry: Said, reader: Reader) -> bool:
    """Whether a decision is this reader's to see at all."""
    ids = {entry["id"], override_of(entry)}
    return not ids & reader.withheld and (
        reader.agency is None or reader.agency in (entry["sender"], entry["recipient"])
    )


def instant(entry: Said) -> datetime:
    """When an entry was written."""
    return datetime.fromisoformat(entry["recorded_at"])


def _ways(entries: Iterable[Said]) -> dict[str, list[Said]]:
    """The entries of each message that was let go, by its envelope."""
    ways: dict[str, list[Said]] = {}
    for entry in entries:
        if entry["event_type"] in _WAY and "envelope_id" in entry:
            ways.setdefault(entry["envelope_id"], []).append(entry)
    return ways


def _disclosure(way: Sequence[Said], reader: Reader, filed: Mapping[tuple[str, int], Ground]) -> Disclosure | None:
    opens = sorted((entry for entry in way if _opens(entry)), key=instant)
    fate = _fate(way) if opens else None
    if fate is None or any(entry["id"] in reader.withheld for entry in way):
        return None
    ack = next((entry for entry in way if entry["event_type"] == AuditEvent.ACK), None)
    before = [entry for entry in opens if ack is None or instant(entry) <= instant(ack)]
    opened = (before or opens)[-1]  # of a clock that was set back in between, the last
    code = authority(opened)
    told = code not in _INFORMS
    if not seen_by(opened, reader) or (not told and reader.agency == opened["sender"]):
        return None
    released = {word for entry in opens for word in entry["categories_released"]}
    return Disclosure(
        envelope_id=opened["envelope_id"],
        at=instant(opened),
        sender=reader.name(opened["sender"]) if told else None,
        recipient=reader.name(opened["recipient"]),
        categories=tuple(category for category in Category if category.value in released),
        purpose=Purpose(opened["purpose"]),
        code=code,
        outcome=_outcome(way),
        fate=fate,
        grounds=tuple(filed.get(name, Ground(*name)) for name in consents_of(opened)),
        override_id=override_of(opened),
        opened=opened,
        ack=ack if fate is Fate.ARRIVED else None,
    )


def _outcome(way: Sequence[Said]) -> Outcome:
    """What gate 1 left out is sealed no more, so that gate 2 does not see it."""
    permits = [entry for entry in way if _opens(entry) or entry["event_type"] == AuditEvent.DECISION]
    redacted = any(told_outcome(entry) is Outcome.PERMIT_REDACTED for entry in permits)
    return Outcome.PERMIT_REDACTED if redacted else Outcome.PERMIT


def _fate(way: Sequence[Said]) -> Fate | None:
    """What became of a message that was opened; None: it certainly told its recipient nothing."""
    if any(entry.get("taken_back") for entry in way):
        return Fate.TAKEN_BACK
    acks = [entry for entry in way if entry["event_type"] == AuditEvent.ACK]
    if acks:
        return None if all(entry.get("reason_code") == NO_WORD for entry in acks) else Fate.ARRIVED
    ends = [entry for entry in way if _ends(entry)]
    return Fate.UNKNOWN if not ends or any("opened_before" in entry for entry in ends) else None


def _ended(way: Sequence[Said]) -> bool:
    return any(_ends(entry) or entry["event_type"] == AuditEvent.ACK for entry in way)


def _opens(entry: Said) -> bool:
    permits = entry["event_type"] == AuditEvent.DELIVERY and str(entry["outcome"]).startswith(Outcome.PERMIT)
    return permits and not entry.get("taken_back")


def _ends(entry: Said) -> bool:
    refused = entry["event_type"] == AuditEvent.DELIVERY and not _opens(entry) and not entry.get("taken_back")
    return refused or entry["event_type"] == AuditEvent.RETURNED


def authority(entry: Said) -> Code:
    """The code of a permit: on what authority."""
    return next(Code(word) for word in entry["codes"] if word.startswith(("OK_", "OV_")))


def told_codes(entry: Said) -> tuple[Code, ...]:
    """The codes of a decision without those that would tell of a place or record that is protected, or of a danger that
    somebody saw and nothing was sent for.
    """
    told = [Code(word) for word in entry["codes"] if not word.startswith(("OX_", "NO_"))]
    return tuple(code for code in told if code not in UNMARKED)


def told_outcome(entry: Said) -> Outcome:
    """The outcome of a decision; that something was left out is told only where the client may know it was (I-10)."""
    outcome = Outcome(entry["outcome"])
    left_out = {Code(word) for word in entry.get("withheld_codes", ())}
    return Outcome.PERMIT if outcome is Outcome.PERMIT_REDACTED and left_out <= UNMARKED else outcome


def _filed(entry: Said, reader: Reader) -> tuple[tuple[str, int], Ground]:
    consent_id, _, version = entry["consent_id"].partition("/")
    ground = Ground(consent_id, int(version), reader.name(entry["discloser"]), instant(entry))
    return (consent_id, int(version)), ground
