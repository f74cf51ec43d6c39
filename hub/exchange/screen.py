"""No Social Insurance Number leaves, whatever field somebody typed it into (program systems §10, case 21); no record
that is longer than every bus, recipient and backup can take; no Period that ends before it begins (FHIR R4, ``per-1``).

A token of nine digits that passes the Luhn check, in one piece or in threes, refuses the record and names the element.
Not looked at: identifiers whose system has a shape of its own (the reader held them to it), numbers that a database or
the hub gave, UUIDs, and SNOMED CT codes, which may have nine digits too.

Pure. It reads the translated resources, so it is the same for every kind of system; no value is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson

from hub.errors import RecordUnreadable
from hub.model.codes import ID, ID_CLIENT, ID_REFERRAL
from hub.model.identifiers import SHAPES, passes_as_sin

PLACES_MAX = 5  # named in one refusal
RECORD_MAX = (
    4 * 2**20
)  # [policy] octets of all resources: a thousand times what a record comes to, half of what a bus takes

# nine digits not inside a longer run; between the threes at most three signs, also as JSON escapes them
_GAP = r"(?:[\s.\-\u00ad\u2010-\u2015\u2212]|\\[nrt]){0,3}"
_NINE = re.compile(rf"(?<!\d)(\d{{3}}){_GAP}(\d{{3}}){_GAP}(\d{{3}})(?!\d)")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SNOMED = "http://snomed.info/sct"
_OWN_SHAPE = frozenset({*(f"{ID}/{kind}" for kind in SHAPES), ID_REFERRAL, ID_CLIENT})
_KEY = re.compile(rf"{re.escape(ID)}/[^/]+/(referral|task|case)")  # keys of a database, never typed by anybody


def screen(entries: Sequence[dict[str, Any]]) -> None:
    """Refuse a record whose resources hold what passes as a SIN, are too long in all, or end before they begin.

    Args:
        entries: ``{"fullUrl", "resource"}``, before or after they are made a Bundle.

    Raises:
        RecordUnreadable: names the elements, ``Patient.address[0].city``, and what to do; shows no value.
    """
    resources = [entry["resource"] for entry in entries]
    text = orjson.dumps(resources)
    if len(text) > RECORD_MAX:
        longest = max((each for one in resources for each in _texts(one, _name(one))), key=lambda each: each[1])
        got, expected = f"{longest[1]} characters, {len(text)} octets in all", f"{RECORD_MAX} octets in all at most"
        raise RecordUnreadable(longest[0], got, expected, "shorten it at the source and save the record")
    backwards = [f"{_name(one)}.{name}" for one in resources for name, value in one.items() if _ends_first(value)]
    if backwards:
        raise RecordUnreadable(
            ", ".join(backwards[:PLACES_MAX]),
            "an end before the start",
            "an end that is not before it",
            "correct the days at the source and save the record",
        )
    if not _holds_sin(text.decode()):  # nearly always: one look at the whole text
        return
    found = [place for one in resources for place in _places(one, _name(one))]
    if found:
        raise RecordUnreadable(
            ", ".join(found[:PLACES_MAX]),
            "a number that passes as a SIN, which never leaves",
            "a text without it",
            "take the number out at the source and save the record",
        )


def _ends_first(value: Any) -> bool:
    """Whether an element is a Period whose end is before its start, as far as the less exact of the two says."""
    if not isinstance(value, dict) or not {"start", "end"} <= value.keys():
        return False
    start, end = value["start"], value["end"]
    if "T" in start and "T" in end:
        return datetime.fromisoformat(end) < datetime.fromisoformat(start)
    told = min(len(start), len(end), len("YYYY-MM-DD"))
    return str(end[:told]) < str(start[:told])


def _name(resource: dict[str, Any]) -> str:
    return str(resource.get("resourceType", "resource"))


def _texts(value: Any, path: str) -> Iterator[tuple[str, int]]:
    """Every text below a value: where it is, and how long."""
    if isinstance(value, str):
        yield path, len(value)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, f"{path}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, f"{path}[{index}]")


def _holds_sin(text: str) -> bool:
    return any(passes_as_sin("".join(match.groups())) for match in _NINE.finditer(text))


def _places(value: Any, path: str) -> Iterator[str]:
    """Where a value holds such a number, FHIRPath-like."""
    if isinstance(value, str):
        if _holds_sin(_UUID.sub("", value)):
            yield path
    elif isinstance(value, dict):
        spared = _spared(value)
        for name, part in value.items():
            if name != spared:
                yield from _places(part, f"{path}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _places(part, f"{path}[{index}]")


def _spared(element: dict[str, Any]) -> str | None:
    """The child that keeps a rule of its own: the value of some identifiers, the code of a SNOMED coding."""
    system = element.get("system")
    if system == _SNOMED:
        return "code"
    return "value" if isinstance(system, str) and (system in _OWN_SHAPE or _KEY.fullmatch(system)) else None
