"""``processing_details`` of a returned workbook: what iCARE says of a row, and which row that was sent it speaks of.

Program systems 2.3, 9.3; settled S12. Pure. The texts are iCARE's own and may hold anything: they are for the worker,
never for a log, an error or a memory; what goes further is a code of ``messages.csv``.

- ``[BUID:…,RID:…,ORP:r/t,DTS:…]``, then messages ``[n] (Entity) English / (Entity) French``. The numbers in brackets
  are running numbers and no codes.
- A text of another shape is one message that nobody knows; it is never dropped.
- A row is linked by whose it is, what it reports and its month (:class:`Key`). The number of a row tells two equal keys
  apart and links nothing by itself, since workers sort rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from adapters.icare.layout import messages, modules
from adapters.icare.split import client_of
from adapters.icare.states import RowState
from adapters.icare.words import fold
from hub.model.canonical import canonical

UNKNOWN = "OTHER"  # a refusal whose text is in no table
TEXT_MAX = 10_000  # [policy] characters of one cell that are looked at
_HEAD = re.compile(r"\s*\[([A-Z]{2,8}:[^\]]*)\]")
_MARK = re.compile(r"\[(\d{1,3})\]")
_ENTITY = re.compile(r"\(([^()]{1,60})\)")
_FRENCH = re.compile(r"/ ?\([^()]{1,60}\)")  # the stroke between the languages stands before the entity
_OF = re.compile(r"(\d{1,5})/(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of iCARE's about a row.

    Args:
        code: ours, of ``messages.csv``, or ``OTHER``.
        entity: the entity at fault as it is written, ``Client``; for the worker, like the texts.
    """

    code: str
    entity: str = field(default="", repr=False)
    english: str = field(default="", repr=False)
    french: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Details:
    """What iCARE says of a row.

    Args:
        batch: id of the upload (BUID), or "".
        record: iCARE's own id of the record (RID), by which an accepted row is corrected; "" where it was refused.
        row: place among the rows that were uploaded (ORP), or None.
        rows: how many there were, or None.
        at: time stamp (DTS) as it is written, without zone (case 62).
    """

    batch: str
    record: str
    row: int | None
    rows: int | None
    at: str
    messages: tuple[Message, ...]

    @property
    def refused(self) -> bool:
        """Whether iCARE did not take the row."""
        return bool(self.messages)


def read(text: str) -> Details | None:
    """Read the cell of a returned row.

    Returns:
        What it says; None where it is blank: the row was accepted (settled S12).
    """
    text = text.strip()[:TEXT_MAX]
    if not text:
        return None
    head = _HEAD.match(text)
    said = dict(_token(each) for each in head[1].split(",")) if head else {}
    rest = text[head.end() :].strip() if head else text
    place = _OF.fullmatch(said.get("ORP", ""))
    record = said.get("RID", "")
    return Details(
        batch=said.get("BUID", ""),
        record=record if record.isdecimal() else "",
        row=int(place[1]) if place else None,
        rows=int(place[2]) if place else None,
        at=said.get("DTS", ""),
        messages=tuple(_message(each) for each in _apart(rest)),
    )


def state_after(details: Details | None) -> RowState:
    """The state of a row that came back: without details, or with none that refuses it, it was accepted (S12)."""
    return RowState.REJECTED if details is not None and details.refused else RowState.ACCEPTED


@dataclass(frozen=True, slots=True)
class Key:
    """What a row reports: the key by which a second row of the same is known (program systems 9.3).

    Args:
        client: identifier type, normalised value, birth date. Personal: a keyed digest of :meth:`octets` may be kept.
        activity: of the module, or "".
        month: ``YYYY-MM``, or "" where the row says none.
    """

    client: tuple[str, str, str] = field(repr=False)
    module: str
    activity: str
    month: str

    def octets(self) -> bytes:
        """What a keyed digest is taken of. It is personal; the digest without a key would be, too."""
        return canonical([*self.client, self.module, self.activity, self.month])


def key_of(module: str, fields: Mapping[str, str], month: str = "") -> Key:
    """The key of a row.

    Args:
        module: its code.
        month: ``YYYY-MM`` of the workbook, for a module whose rows say no month (Client Profile) alone: of the others
            the row is the same in whichever workbook it stands.
    """
    own = modules()[module]
    began = next((fields[name] for name in own.start if fields.get(name)), "")
    activity = " ".join(fold(fields.get(name, "")) for name in own.activity).strip()
    return Key(client_of(fields), module, activity, began[:7] if own.start else month)


@dataclass(frozen=True, slots=True)
class SentRow:
    """A row that was sent, as it is remembered: its place among the rows (from 1) and its key, or a digest of it."""

    place: int
    key: object


def link(key: object, details: Details | None, sent: Iterable[SentRow]) -> SentRow | None:
    """The row that was sent and that a returned row speaks of.

    Args:
        key: of the returned row, in the form in which the sent rows' keys are.

    Returns:
        The one with the same key; of several the one at the place that ORP names; None where neither tells which.
    """
    same = [row for row in sent if row.key == key]
    if len(same) > 1 and details is not None:
        same = [row for row in same if row.place == details.row]
    return same[0] if len(same) == 1 else None


def _token(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip(), value.strip()


def _apart(text: str) -> Sequence[str]:
    """Messages by their running numbers; a bracket with another number belongs to the text that it stands in."""
    found, begin, number = [], 0, 1
    for mark in _MARK.finditer(text):
        if int(mark[1]) == number:
            found.append(text[begin : mark.start()])
            begin, number = mark.end(), number + 1
    found.append(text[begin:])
    return [each.strip() for each in found if each.strip()]


def _message(text: str) -> Message:
    text = " ".join(text.split())
    named = _ENTITY.match(text)
    rest = text[named.end() :] if named else text
    other = _FRENCH.search(rest) if named else None
    entity = named[1] if named else ""
    english, french = (rest[: other.start()], rest[other.end() :]) if other else (rest, "")
    code = _codes().get(fold(english)) or _codes().get(fold(french)) or UNKNOWN
    return Message(code, entity, english.strip(), french.strip())


@cache
def _codes() -> Mapping[str, str]:
    return {fold(text): code for code, texts in messages().items() for text in texts}
