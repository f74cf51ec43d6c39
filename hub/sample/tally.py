"""Count what happened: from the export of the log and from the systems' own databases and files, never from a plan.

The log's words are those of consent rules 4.1. Where log and databases disagree, it is said, by ids and codes only.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from hub.sample import database, papers
from hub.sample.centre import Centre

REFERRAL, STATUS, DANGER, EXIT, REPORT = "referral", "referral-status", "override", "exit", "report"
CARRIED = frozenset({REFERRAL, STATUS, DANGER, EXIT, REPORT})  # kinds of what travelled; the rest are notices
# message types of the log; others ask for something
_KINDS = {"StatusNotice": STATUS, "OverrideDisclosure": DANGER, "FunderReport": REPORT}
NOT_READ = "DN_SCHEMA"
# kinds of systems that get files -> the states that they have a word for (program systems 4.5, 3.10)
NAMED: Mapping[str, frozenset[str]] = {
    "harts": frozenset({"accepted", "waitlisted", "declined", "no-show", "cancelled"}),
    "eois": frozenset({"accepted", "waitlisted", "declined"}),
    "icare": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Received:
    """One row of a system's hub_inbox, one client of a file for HARTS, or one line of an answer; without its content.

    Args:
        message_id: "" in a file: it has no place for it.
        number: of a client of a file, what makes it another one: the referral's number and what is said of it.
        record: of a notice, the key of the record that it is about.
        incomplete: of a referral, whether its row says that something was left out.
        code: of a notice; ``place``: which element, why, and what to do.
        state: of a status, the state that it says.
    """

    message_id: str
    kind: str
    record: str = ""
    code: str = ""
    state: str = ""
    number: str = ""
    place: str = ""
    incomplete: bool = False


@dataclass(slots=True)
class Message:
    """One accepted message as the log tells it.

    Args:
        gate_1: the first code of its first decision; ``code`` that of its last; ``left``: what gate 1 took out.
        end: delivered, refused, returned, or nothing yet.
        kind: referral or referral-status; ``state``: that of the referral after it.
        to: the agency that it leads to; ``recipient``: the system that it was delivered to; ``event``: what it asks.
        opened_at: index of the entry that released it to its recipient; -1: none did.
        basis: ids of the consents that gate 1 relied on.
    """

    message_id: str
    system: str
    source: str
    gate_1: str
    code: str
    left: tuple[str, ...] = ()
    end: str = ""
    envelope_id: str = ""
    kind: str = ""
    state: str = ""
    to: str = ""
    event: str = ""
    recipient: str = ""
    stopped_at_gate_2: bool = False
    opened_at: int = -1
    withheld: set[str] = field(default_factory=set)
    basis: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers."""

    accepted: int
    delivered: int
    unsaid: int  # of these: states that a system of files has no word for; they lie in no file
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
        return received(db)


def received(db: Connection) -> list[Received]:
    """The same of a database that is open."""
    rows = database.select(db, "SELECT message_id, kind, payload, incomplete FROM hub_inbox ORDER BY rowid")
    return [_received(row, json.loads(row["payload"])) for row in rows]


def read_files(centre: Centre) -> list[Received]:
    """What the hub wrote for HARTS: a client of a file is a message; a line of an answer that is not OK, a notice."""
    found = []
    for _, client in centre.received():
        said = client.referral.fields if client.referral is not None else {}
        status, number = said.get("STATUS", ""), said.get("REF_NO", "")
        if status == "S":
            found.append(Received("", REFERRAL, number=number))
        else:
            found.append(Received("", STATUS, state=papers.STATES.get(status, ""), number=f"{number} {status}"))
    told = (Received("", "refusal", record, said.code) for record, said in centre.told() if said.code)
    return [*found, *told]


def messages(entries: Iterable[Mapping[str, Any]]) -> dict[str, Message]:
    """Every accepted message, with how it ended."""
    found: dict[str, Message] = {}
    states: dict[str, str] = {}
    for index, entry in enumerate(entries):
        kind, message_id = entry["event_type"], entry.get("message_id", "")
        if kind == "REFERRAL_MOVED":  # stands before the decision about its message; the last one is what was said
            states[message_id] = entry["state"]
        elif kind == "DECISION":
            found[message_id] = _accepted(entry, states.get(message_id, ""))
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
    unsaid = sum(_is_unsaid(message) for message in found.values())
    sent = Counter(message.system for message in found.values())
    relying = [(message, withdrawn[name]) for message in found.values() for name in message.basis & withdrawn.keys()]
    return Tally(
        accepted=len(found),
        delivered=sum(received.values()) + unsaid,
        unsaid=unsaid,
        refused=ended["refused"],
        returned=ended["returned"],
        unreadable=len(unreadable(found, inboxes)),
        refused_by_code=_counted(message.code for message in found.values() if message.end == "refused"),
        withheld_by_category=_counted(
            word for message in found.values() if message.end == "delivered" for word in message.withheld
        ),
        answered=_counted(row.state for rows in inboxes.values() for row in rows if row.kind == STATUS),
        sent={name: sent[name] for name in inboxes},
        received=received,
        stopped=sum(message.stopped_at_gate_2 for message, _ in relying),
        left_before=sum(message.end == "delivered" and message.opened_at < at for message, at in relying),
    )


def unreadable(found: Mapping[str, Message], inboxes: Mapping[str, list[Received]]) -> set[str]:
    """Records that were answered as unreadable and never became a message."""
    return unread(inboxes) - {message.source for message in found.values()}


def unread(inboxes: Mapping[str, list[Received]]) -> set[str]:
    """Records that were answered as unreadable, whatever became of them later."""
    return {
        f"{name}/{row.record}"
        for name, rows in inboxes.items()
        for row in rows
        if row.kind == "refusal" and row.code == NOT_READ
    }


def disagreements(
    found: Mapping[str, Message], withdrawn: Mapping[str, int], inboxes: Mapping[str, list[Received]]
) -> list[str]:
    """Where the log and the systems' databases tell different stories, or the log one that may not be."""
    rows_of = {name: [row for row in rows if row.kind in CARRIED] for name, rows in inboxes.items()}
    files = {name for name in rows_of if _kind(name) in NAMED}
    delivered = [message for message in found.values() if message.end == "delivered"]
    said = {message.envelope_id for message in delivered if message.recipient not in files}
    there = [row.message_id for name, rows in rows_of.items() if name not in files for row in rows]
    wrong = [f"envelope {name} is delivered by the log and in no hub_inbox" for name in sorted(said - set(there))]
    wrong += [f"envelope {name} is in a hub_inbox and not delivered by the log" for name in sorted(set(there) - said)]
    wrong += [f"envelope {name} is in {n} inboxes" for name, n in sorted(Counter(there).items()) if n > 1]
    wrong += [f"message {m.message_id} is open" for m in found.values() if not m.end]
    wrong += [
        f"message {message.message_id} left after its consent {name} was withdrawn"
        for message in found.values()
        for name in sorted(message.basis & withdrawn.keys())
        if message.opened_at > withdrawn[name]
    ]
    for name in sorted(files):
        to = [m for m in delivered if m.recipient == name and not _is_unsaid(m)]
        wrong += _in_files(name, to, rows_of[name])
    return wrong + _untold(found, inboxes)


def _kind(system: str) -> str:
    """Of a system of the sample: its id ends so."""
    return system.rpartition("-")[2]


def _is_unsaid(message: Message) -> bool:
    """Whether a status ended at a system of files that has no word for its state: then it lies in no file."""
    ended = message.end == "delivered" and message.kind == STATUS
    return ended and message.state not in NAMED.get(_kind(message.recipient), frozenset({message.state}))


def _in_files(system: str, delivered: Iterable[Message], rows: Iterable[Received]) -> list[str]:
    """Where the log and the files of a system disagree: a file has no envelope ids, so each kind is counted."""
    by_log, there = Counter(message.kind for message in delivered), Counter(row.kind for row in rows)
    wrong = [
        f"{system}: {by_log[kind]} of {kind} are delivered by the log, and {there[kind]} are in its files"
        for kind in sorted(CARRIED)
        if by_log[kind] != there[kind]
    ]
    twice = [number for number, count in Counter(row.number for row in rows).items() if count > 1]
    return wrong + [f"{system}: {number} is in its files more than once" for number in sorted(twice)]


def _untold(found: Mapping[str, Message], inboxes: Mapping[str, list[Received]]) -> list[str]:
    """Refusals of which the sender's own system has no word. What came back once goes again by itself."""
    told = {(f"{name}/{row.record}", row.code) for name, rows in inboxes.items() for row in rows if row.code}
    refused = (message for message in found.values() if message.end == "refused")
    return [
        f"message {message.message_id} was refused ({message.code}) and {message.system} was not told"
        for message in refused
        if (message.source.replace("/referral_in:", "/referral_out:"), message.code) not in told  # both by one number
    ]


def _received(row: Mapping[str, Any], payload: Mapping[str, Any]) -> Received:
    message_id, kind = row["message_id"], row["kind"]
    if kind in CARRIED:
        return Received(message_id, kind, state=payload.get("status", ""), incomplete=bool(row["incomplete"]))
    named = (
        ("consent", "consent_id"), ("override", "override_id"), ("report", "participant_id"),
        ("referral_out", "referral_id"),
    )  # fmt: skip
    prefix, name = next(((prefix, name) for prefix, name in named if name in payload), named[-1])
    code, place = payload.get("code", ""), payload.get("place", "")
    return Received(message_id, kind, f"{prefix}:{payload.get(name)}", code, place=place)


def _accepted(entry: Mapping[str, Any], state: str) -> Message:
    refused = entry["outcome"] in ("DENY", "NEEDS_OVERRIDE")
    return Message(
        message_id=entry["message_id"],
        system=entry["source"].split("/")[0],
        source=entry["source"],
        to=entry["recipient"],
        event=entry["event"],
        gate_1=entry["codes"][0],
        left=tuple(sorted(entry["categories_removed"])) if not refused else (),
        code=entry["codes"][0],
        end="refused" if refused else "",
        envelope_id=entry.get("envelope_id", ""),
        kind=_KINDS.get(entry["message_type"], REFERRAL),
        state=state,
        withheld=set(entry["categories_removed"]) if not refused else set(),
        basis={name.removeprefix("consent:").split("/")[0] for name in entry["basis"] if name.startswith("consent:")},
    )


def _opened(message: Message, index: int, entry: Mapping[str, Any]) -> None:
    message.withheld |= set(entry["categories_removed"])
    if entry["outcome"] in ("DENY", "NEEDS_OVERRIDE"):
        message.code, message.end, message.stopped_at_gate_2 = entry["codes"][0], "refused", True
    else:
        message.opened_at = index


def _acknowledged(message: Message, _index: int, entry: Mapping[str, Any]) -> None:
    message.end, message.recipient = "delivered", entry["system"]


def _returned(message: Message, _index: int, entry: Mapping[str, Any]) -> None:
    message.end, message.code = "returned", entry["reason_code"]


_ENDINGS = {"DELIVERY": _opened, "ACK": _acknowledged, "RETURNED": _returned}


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))
