"""Count what happened: from the export of the log and from the systems' own databases, never from a plan. Pure.

The log's words are those of consent rules 4.1. Where log and databases disagree, it is said, by ids and codes only.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.sample import database

CARRIED = frozenset({"referral", "referral-status"})  # kinds of hub_inbox that travelled; the rest are notices
NOT_READ = "DN_SCHEMA"


@dataclass(frozen=True, slots=True)
class Received:
    """One row of a system's hub_inbox, without its content.

    Args:
        record: of a notice, the key of the record that it is about.
        code: of a notice.
        state: of a status, the state that it says.
    """

    message_id: str
    kind: str
    record: str = ""
    code: str = ""
    state: str = ""


@dataclass(slots=True)
class Message:
    """One accepted message as the log tells it.

    Args:
        gate_1: the first code of its first decision; ``code`` that of its last.
        end: delivered, refused, returned, or nothing yet.
        opened_at: index of the entry that released it to its recipient; -1: none did.
        basis: ids of the consents that gate 1 relied on.
    """

    message_id: str
    system: str
    source: str
    gate_1: str
    code: str
    end: str = ""
    envelope_id: str = ""
    stopped_at_gate_2: bool = False
    opened_at: int = -1
    withheld: set[str] = field(default_factory=set)
    basis: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers."""

    accepted: int
    delivered: int
    refused: int
    returned: int
    unreadable: int
    refused_by_code: Mapping[str, int]
    withheld_by_category: Mapping[str, int]
    answered: Mapping[str, int]  # state -> statuses that reached the sender
    sent: Mapping[str, int]  # system -> messages accepted from it
    received: Mapping[str, int]  # system -> messages in its hub_inbox
    stopped: int
    left_before: int

    @property
    def open(self) -> int:
        """Accepted and not ended."""
        return self.accepted - self.delivered - self.refused - self.returned


def read_log(export: Path) -> Iterator[dict[str, Any]]:
    """The entries of an export, in order."""
    with (export / "entries.jsonl").open("rb") as lines:
        for line in lines:
            yield json.loads(base64.b64decode(json.loads(line)["body"]))


def read_inbox(path: Path) -> list[Received]:
    """The hub_inbox of a system, without its content."""
    with database.connected(path) as db:
        rows = database.select(db, "SELECT message_id, kind, payload FROM hub_inbox ORDER BY rowid")
    return [_received(row["message_id"], row["kind"], json.loads(row["payload"])) for row in rows]


def messages(entries: Iterable[Mapping[str, Any]]) -> dict[str, Message]:
    """Every accepted message, with how it ended."""
    found: dict[str, Message] = {}
    for index, entry in enumerate(entries):
        kind, message_id = entry["event_type"], entry.get("message_id", "")
        if kind == "DECISION":
            found[message_id] = _accepted(entry)
        elif kind in _ENDINGS and message_id in found:
            _ENDINGS[kind](found[message_id], index, entry)
    return found


def withdrawals(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Consent id to the index of the entry that withdrew it."""
    return {
        entry["consent_id"].split("/")[0]: index
        for index, entry in enumerate(entries)
        if entry["event_type"] == "CONSENT_WITHDRAWN"
    }


def tally(found: Mapping[str, Message], withdrawn: Mapping[str, int], inboxes: Mapping[str, list[Received]]) -> Tally:
    """Count.

    Args:
        found: of :func:`messages`; ``withdrawn`` of :func:`withdrawals`.
        inboxes: system id to its hub_inbox.
    """
    ended = Counter(message.end for message in found.values())
    received = {name: sum(row.kind in CARRIED for row in rows) for name, rows in inboxes.items()}
    sent = Counter(message.system for message in found.values())
    relying = [(message, withdrawn[name]) for message in found.values() for name in message.basis & withdrawn.keys()]
    return Tally(
        accepted=len(found),
        delivered=sum(received.values()),
        refused=ended["refused"],
        returned=ended["returned"],
        unreadable=len(unreadable(found, inboxes)),
        refused_by_code=_counted(message.code for message in found.values() if message.end == "refused"),
        withheld_by_category=_counted(
            word for message in found.values() if message.end == "delivered" for word in message.withheld
        ),
        answered=_counted(row.state for rows in inboxes.values() for row in rows if row.kind == "referral-status"),
        sent={name: sent[name] for name in inboxes},
        received=received,
        stopped=sum(message.stopped_at_gate_2 for message, _ in relying),
        left_before=sum(message.end == "delivered" and message.opened_at < at for message, at in relying),
    )


def unreadable(found: Mapping[str, Message], inboxes: Mapping[str, list[Received]]) -> set[str]:
    """Records that were answered as unreadable and never became a message."""
    judged = {message.source for message in found.values()}
    told = {
        f"{name}/{row.record}"
        for name, rows in inboxes.items()
        for row in rows
        if row.kind == "refusal" and row.code == NOT_READ
    }
    return told - judged


def disagreements(
    found: Mapping[str, Message], withdrawn: Mapping[str, int], inboxes: Mapping[str, list[Received]]
) -> list[str]:
    """Where the log and the systems' databases tell different stories, or the log one that may not be."""
    said = {message.envelope_id for message in found.values() if message.end == "delivered"}
    there = [row.message_id for rows in inboxes.values() for row in rows if row.kind in CARRIED]
    wrong = [f"envelope {name} is delivered by the log and in no hub_inbox" for name in sorted(said - set(there))]
    wrong += [f"envelope {name} is in a hub_inbox and not delivered by the log" for name in sorted(set(there) - said)]
    wrong += [f"envelope {name} is in {n} inboxes" for name, n in sorted(Counter(there).items()) if n > 1]
    wrong += [f"message {message.message_id} is open" for message in found.values() if not message.end]
    wrong += [
        f"message {message.message_id} left after its consent {name} was withdrawn"
        for message in found.values()
        for name in sorted(message.basis & withdrawn.keys())
        if message.opened_at > withdrawn[name]
    ]
    return wrong + _untold(found, inboxes)


def _untold(found: Mapping[str, Message], inboxes: Mapping[str, list[Received]]) -> list[str]:
    """Refusals of which the sender's own system has no word."""
    told = {(f"{name}/{row.record}", row.code) for name, rows in inboxes.items() for row in rows if row.code}
    refused = (message for message in found.values() if message.end == "refused")
    return [
        f"message {message.message_id} was refused ({message.code}) and {message.system} was not told"
        for message in refused
        if (message.source, message.code) not in told
    ]


def _received(message_id: str, kind: str, payload: Mapping[str, Any]) -> Received:
    if kind in CARRIED:
        return Received(message_id, kind, state=payload.get("status", ""))
    prefix, name = ("consent", "consent_id") if "consent_id" in payload else ("referral_out", "referral_id")
    return Received(message_id, kind, f"{prefix}:{payload.get(name)}", payload.get("code", ""))


def _accepted(entry: Mapping[str, Any]) -> Message:
    refused = entry["outcome"] in ("DENY", "NEEDS_OVERRIDE")
    return Message(
        message_id=entry["message_id"],
        system=entry["source"].split("/")[0],
        source=entry["source"],
        gate_1=entry["codes"][0],
        code=entry["codes"][0],
        end="refused" if refused else "",
        envelope_id=entry.get("envelope_id", ""),
        withheld=set(entry["categories_removed"]) if not refused else set(),
        basis={name.removeprefix("consent:").split("/")[0] for name in entry["basis"] if name.startswith("consent:")},
    )


def _opened(message: Message, index: int, entry: Mapping[str, Any]) -> None:
    message.withheld |= set(entry["categories_removed"])
    if entry["outcome"] in ("DENY", "NEEDS_OVERRIDE"):
        message.code, message.end, message.stopped_at_gate_2 = entry["codes"][0], "refused", True
    else:
        message.opened_at = index


def _acknowledged(message: Message, _index: int, _entry: Mapping[str, Any]) -> None:
    message.end = "delivered"


def _returned(message: Message, _index: int, entry: Mapping[str, Any]) -> None:
    message.end, message.code = "returned", entry["reason_code"]


_ENDINGS = {"DELIVERY": _opened, "ACK": _acknowledged, "RETURNED": _returned}


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))
