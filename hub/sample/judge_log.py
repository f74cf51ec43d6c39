"""What the log must say whatever happens: what each entry needs before it, and which words to systems it tells of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.sample.tally import NAMED, NOT_READ, Received

Entry = Mapping[str, Any]
_REFUSING = frozenset({"DENY", "NEEDS_OVERRIDE"})


def judge(entries: Iterable[Entry], inboxes: Mapping[str, Sequence[Received]]) -> list[str]:
    """Entries that lack what must stand before them, and notices that the log and the systems tell otherwise.

    Args:
        entries: in the order of the log.
        inboxes: system id to its hub_inbox.
    """
    wrong: list[str] = []
    consents, declared, released = set[str](), set[str](), set[str]()
    decided: dict[str, str] = {}  # message to the record that it is of
    notices, refused = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for entry in entries:
        message = entry.get("message_id", "")
        match entry["event_type"]:
            case "CONSENT_RECORDED":
                consents.add(entry["consent_id"])
            case "OVERRIDE_DECLARED":
                declared.add(entry["source"])
            case "NOTICE_SENT" if entry["kind"] == "refusal":
                notices[_told(entry["source"], entry["reason_code"])] += 1
            case "DECISION":
                wrong += _decision(entry, consents, declared, decided)
                decided[message] = entry["source"]
                if entry["outcome"] in _REFUSING:
                    refused[_told(entry["source"], entry["codes"][0])] += 1
            case "DELIVERY":
                if message not in decided:
                    wrong.append(f"message {message} is handed over and was never decided")
                wrong += _categories(entry)
                if entry["outcome"] in _REFUSING:
                    refused[_told(decided.get(message, ""), entry["codes"][0])] += 1
                else:
                    released.add(message)
            case "ACK" if message not in released:
                wrong.append(f"message {message} is delivered and no entry released it")
            case _:
                pass
    return [*wrong, *_notices(notices, refused, inboxes), *_bare(inboxes)]


def _decision(entry: Entry, consents: set[str], declared: set[str], decided: Mapping[str, str]) -> Iterator[str]:
    message, source = entry["message_id"], entry["source"]
    if message in decided:
        yield f"message {message} was decided more than once at gate 1"
    for name in entry["basis"]:
        if name.startswith("consent:") and name.removeprefix("consent:") not in consents:
            yield f"message {message} relies on {name}, which nobody has recorded"
    if entry["codes"][0].startswith("OV_") and source not in declared:
        yield f"message {message} goes by {entry['codes'][0]}, and {source} was never declared"
    yield from _categories(entry)


def _categories(entry: Entry) -> Iterator[str]:
    released, removed = set(entry["categories_released"]), set(entry["categories_removed"])
    if entry["outcome"] not in _REFUSING and released | removed != set(entry["categories_requested"]):
        yield f"{entry['event_type']} of message {entry['message_id']}: released and removed are not what was asked for"


def _told(source: str, code: str) -> tuple[str, str]:
    """Which record its sender is told of, and by which code; a row in hub_inbox names both directions alike."""
    return source.replace("/referral_in:", "/referral_out:"), code


def _notices(
    notices: Counter[tuple[str, str]], refused: Counter[tuple[str, str]], inboxes: Mapping[str, Sequence[Received]]
) -> Iterator[str]:
    """Refusals in databases: each is told of by the log, and is of something that was refused."""
    there = Counter(
        (f"{name}/{row.record}", row.code)
        for name, rows in inboxes.items()
        if _is_database(name)
        for row in rows
        if row.kind == "refusal"
    )
    for each in sorted(there.keys() | {key for key in notices if _is_database(key[0].partition("/")[0])}):
        source, code = each
        if there[each] != notices[each]:
            yield f"{source}: told {code} {there[each]} times, {notices[each]} by the log"
        if code != NOT_READ and there[each] > refused[each]:
            yield f"{source}: told {code} {there[each]} times, and refused {refused[each]} times"


def _bare(inboxes: Mapping[str, Sequence[Received]]) -> Iterator[str]:
    """Refusals in databases that are a code alone: a worker is told why and what to do (INV-10)."""
    for name, rows in inboxes.items():
        if _is_database(name):
            bare = (row for row in rows if row.kind == "refusal" and not row.place)
            yield from (f"{name}/{row.record}: told {row.code}, and not what to do" for row in bare)


def _is_database(system: str) -> bool:
    return system.rpartition("-")[2] not in NAMED
