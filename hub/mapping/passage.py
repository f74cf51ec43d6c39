"""One trial record on its way from one mapping through another, and what each says of it in FHIR.

A passage is what happens to a message without the exchange: it drops what never travels, and lends the directory, in
which each agency of a trial has a place. What the exchange itself says is ``HUB_SAYS``. Pure; what was tried before is
known for a while, since a matrix tries each record of a sender with every receiver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from hub.errors import MessageRejected
from hub.mapping import Context, RecordMapping
from hub.mapping.trial import HOME, TEXTS, flat, record
from hub.model import codes
from hub.model.canonical import canonical
from hub.model.fhir import Resource
from hub.model.record import Loss

AWAY = Context("other", "other")
_STAYS = dict.fromkeys(
    ("RF_STATUS", "SERVICE", "EXIT"), frozenset({"Patient"})
)  # shared model 6.2: they restate nothing
_TOLD_APART_BY = ("system", "use", "url", "code", "type", "preferred")  # which item of a list is meant

_KNOWN_MAX = 4_000  # records of a trial that are kept: those of one kind of system are some 2,000

Leaf = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A record that went across.

    Args:
        said: every value of its message, with the path to it.
        there: the receiver's fields by their places.
        again: every value of the message that the receiver's record would make.
        losses: all that was told on the way.
        refused: why the receiver's mapping cannot read it, or "".
    """

    said: frozenset[Leaf]
    there: frozenset[tuple[str, str]]
    again: frozenset[Leaf]
    losses: frozenset[Loss]
    refused: str = ""


def carry(first: RecordMapping, second: RecordMapping, fields: Mapping[str, str]) -> Passage | None:
    """Send a record of the first mapping to the second; None where the first refuses it.

    Args:
        fields: by their places, as :func:`hub.mapping.trial.filled` gives them.

    Returns:
        With ``refused`` the second mapping's own words, where it cannot read the message.
    """
    sent = _sent(_This(first), tuple(fields.items()))
    if sent is None:
        return None
    read = _read(_This(second), sent)
    if isinstance(read, str):
        return Passage(sent.said, frozenset(), frozenset(), sent.losses, read)
    return Passage(sent.said, read.there, read.again, sent.losses | read.losses)


def takes(first: RecordMapping, fields: Mapping[str, str]) -> bool:
    """Whether the first mapping can send such a record."""
    return _sent(_This(first), tuple(fields.items())) is not None


def told_by_the_hub(first: RecordMapping, second: RecordMapping, fields: Mapping[str, str]) -> set[str]:
    """The receiver's fields that are filled where the hub has said what it says of every message."""
    try:
        entries = _travelling(first.name, first.to_fhir(record(first.name, fields), HOME).resources)
        spoken = [{**entry, "resource": _completed(entry["resource"])} for entry in entries]
        return {at for at, _ in flat(second.from_fhir((*spoken, *ORGANIZATIONS), AWAY).record)}
    except MessageRejected:
        return set()


class _This:
    """One mapping, and no other that is like it: to compare two of them takes longer than to use one."""

    __slots__ = ("mapping",)

    def __init__(self, mapping: RecordMapping) -> None:
        self.mapping = mapping

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _This) and other.mapping is self.mapping

    def __hash__(self) -> int:
        return id(self.mapping)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a record says; two that say the same in the same words are the same.

    Args:
        message: its entries as JSON: as objects, thousands would be looked through by each collection of garbage.
    """

    message: bytes
    said: frozenset[Leaf] = field(compare=False)
    losses: frozenset[Loss] = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a receiver makes of it, as :class:`Passage` tells it."""

    there: frozenset[tuple[str, str]]
    again: frozenset[Leaf]
    losses: frozenset[Loss]


@lru_cache(maxsize=_KNOWN_MAX)
def _sent(first: _This, fields: tuple[tuple[str, str], ...]) -> _Sent | None:
    try:
        out = first.mapping.to_fhir(record(first.mapping.name, dict(fields)), HOME)
    except MessageRejected:
        return None
    entries = _travelling(first.mapping.name, out.resources)
    return _Sent(canonical(entries), _leaves_of(entries), frozenset(out.losses))


@lru_cache(maxsize=_KNOWN_MAX)
def _read(second: _This, sent: _Sent) -> _Read | str:
    """The same of a receiver, or its own words where it cannot read the message."""
    try:
        there = second.mapping.from_fhir((*orjson.loads(sent.message), *ORGANIZATIONS), AWAY)
        again = second.mapping.to_fhir(there.record, AWAY)
    except MessageRejected as error:
        return str(error)
    losses = frozenset((*there.losses, *again.losses))
    return _Read(frozenset(flat(there.record)), _leaves_of(again.resources), losses)


def _travelling(name: str, entries: Sequence[Resource]) -> list[Resource]:
    stays = _STAYS.get(name, frozenset())
    return [entry for entry in entries if entry["resource"]["resourceType"] not in stays]


def _completed(resource: Resource) -> Resource:
    said = HUB_SAYS.get(resource["resourceType"], {})
    identifiers = [*resource.get("identifier", ()), *said.get("identifier", ())]
    return {**said, **resource, **({"identifier": identifiers} if identifiers else {})}


def _leaves_of(entries: Sequence[Resource]) -> frozenset[Leaf]:
    return frozenset().union(*(_leaves_in(canonical(entry["resource"])) for entry in entries))


@lru_cache(maxsize=1_000)  # most resources of a trial are those of the trial before
def _leaves_in(data: bytes) -> frozenset[Leaf]:
    resource = orjson.loads(data)
    return frozenset(_leaves(resource, (resource["resourceType"], _key(resource))))


def _leaves(node: Any, path: Leaf) -> Iterator[Leaf]:
    """Every value with its path; an item of a list by what tells it apart; a text beside a code is no statement."""
    if isinstance(node, dict):
        path = (*path, node["system"]) if "system" in node else path
        for name, value in node.items():
            if name != "display" and not (name == "text" and "coding" in node and _display(node) == value):
                yield from _leaves(value, (*path, name))
    elif isinstance(node, list) and all(isinstance(item, dict) for item in node):
        for item in node:
            yield from _leaves(item, (*path, _key(item)))
    else:
        yield (*path, canonical(node).decode())


def _display(concept: Resource) -> str | None:
    return next((coding.get("display") for coding in concept["coding"]), None)


def _key(item: Resource) -> str:
    names = [name for name in _TOLD_APART_BY if name in item]
    return " ".join(str(item[name]) if isinstance(item[name], str) else _codes(item[name]) for name in names)


def _codes(node: Any) -> str:
    """The codes of a concept without what stands beside them."""
    codings = node.get("coding", ()) if isinstance(node, dict) else ()
    return ",".join(f"{coding.get('system')}|{coding.get('code')}" for coding in codings)


def _reference(text: str) -> Resource:
    return {"type": "Organization", "identifier": {"system": codes.ID_AGENCY, "value": text}}


def _organization(number: int, text: str) -> Resource:
    ids = [{"system": system, "value": text} for system in (codes.ID_AGENCY, codes.ID_SITE)]
    return {"fullUrl": f"urn:block:hub:{number}", "resource": {"resourceType": "Organization", "identifier": ids}}


# the directory's part in a message: whatever names an agency in a trial names its place too
ORGANIZATIONS = tuple(_organization(number, text) for number, text in enumerate(TEXTS))
_REFERRAL = {"system": codes.ID_REFERRAL, "value": "trial"}
_CLIENT = {"system": codes.ID_CLIENT, "value": "trial"}
# what the exchange says in every message, or where the source left it unsaid (shared model 3.11)
HUB_SAYS: Mapping[str, Resource] = {
    "Patient": {"identifier": [_CLIENT]},
    "ServiceRequest": {
        "identifier": [_REFERRAL],
        "status": "active",
        "priority": "routine",
        "authoredOn": "2026-03-03T09:01:00-05:00",
        "requester": _reference(TEXTS[0]),
        "performer": [_reference(TEXTS[0])],
    },
    "Task": {
        "identifier": [_REFERRAL],
        "basedOn": [{"identifier": _REFERRAL}],
        "focus": {"identifier": _REFERRAL},
        "for": {"identifier": _CLIENT},
        "priority": "routine",
        "authoredOn": "2026-03-03T09:01:00-05:00",
        "lastModified": "2026-03-03T09:01:00-05:00",
        "requester": _reference(TEXTS[0]),
        "owner": _reference(TEXTS[0]),
    },
}
