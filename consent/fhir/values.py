"""Values of a FHIR Consent: codes, references, days and times. None where a value cannot be read, which is a fault.

A time has its offset from UTC; a bare day is the whole local day of the record's zone (shared model, conventions). Of a
reference only the id behind it is kept, never its display.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from consent import cells
from consent.fhir.codes import FHIR_ID, SYSTEMS
from consent.fhir.node import Node
from hub.errors import code, kind_of
from hub.model.codes import HUB

_T = TypeVar("_T")

TEXT_MAX = 200  # letters of a word or an id; more is somebody's prose
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
)
_PREFIXED = re.compile(r"p-([A-Z2-7]{12})")  # of a Patient: shared model 13
_INSTANT = "a time with its offset from UTC, YYYY-MM-DDThh:mm:ss+zz:zz"
_DAY = "a day, YYYY-MM-DD"
_SHOWN = ("PractitionerRole", "HealthcareService", "Basic")
_NAME = re.compile(r"[\w.:/-]{1,100}")


def text(node: Node, expected: str) -> str | None:
    """Words without blanks around them."""
    value = node.value
    if isinstance(value, str) and value and value == value.strip() and len(value) <= TEXT_MAX:
        return value
    node.fault(kind_of(value), expected)
    return None


def word(node: Node, words: Mapping[str, _T]) -> _T | None:
    """The meaning of a code of a closed list."""
    value = node.value
    if isinstance(value, str) and value in words:
        return words[value]
    node.fault(code(value) if isinstance(value, str) else kind_of(value), f"one of {', '.join(words)}")
    return None


def flag(node: Node) -> bool | None:
    """True or false."""
    if isinstance(node.value, bool):
        return node.value
    node.fault(kind_of(node.value), "true or false")
    return None


def tag(node: Node, expected: str = "a BCP 47 tag, as `fr-CA`") -> str | None:
    """A language."""
    found = cells.tag(node.value) if isinstance(node.value, str) else None
    if found is None:
        node.fault(kind_of(node.value), expected)
    return found


def coding(node: Node) -> tuple[str, str] | None:
    """System and code; they stay together."""
    node.only("system", "code", "display")
    if not isinstance(node.value, dict):
        return None
    system, said = node.value.get("system"), node.value.get("code")
    if isinstance(system, str) and isinstance(said, str):
        return system, said
    node.fault("not both of them", "system and code")
    return None


def concept(node: Node, *wanted: tuple[str, str]) -> tuple[str, str] | None:
    """The one coding of a CodeableConcept; one of those wanted, where any are."""
    node.only("coding")
    one = node.single("coding", "a coding")
    found = coding(one) if one else None
    if one and found and wanted and found not in wanted:
        got = code(found[1]) if found[0] in {system for system, _ in wanted} else "a code of another system"
        one.fault(got, " | ".join(said for _, said in wanted))
        return None
    return found


def reference(node: Node, *kinds: str) -> tuple[str, str] | None:
    """Type and id of what a reference names: as ``Type/id``, or by an identifier of the hub's systems."""
    node.only("reference", "type", "identifier", "display")
    if not isinstance(node.value, dict):
        return None
    expected = f"{' or '.join(f'{kind}/id' for kind in kinds)}, or its identifier"
    before = node.count()
    by_url, by_name = _by_url(node, kinds, expected), _by_identifier(node, kinds)
    found = by_url or by_name
    if node.count() != before:
        return None
    if found is None:
        node.fault("nothing that can be followed", expected)
    elif by_url and by_name and by_url[1] != by_name[1]:
        node.fault("two things", "a reference and an identifier of the same")
    elif node.value.get("type", found[0]) != found[0]:
        node.fault("another type", found[0], at="type")
    else:
        return found
    return None


def instant(node: Node) -> datetime | None:
    """An instant, aware UTC."""
    value = node.value
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            at = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            at = None
        if at is not None and at.year in cells.YEARS:
            return at
    node.fault(kind_of(value), _INSTANT)
    return None


def day(node: Node) -> date | None:
    """A day."""
    found = cells.day(node.value) if isinstance(node.value, str) else None
    if found is None:
        node.fault(kind_of(node.value), _DAY)
    return found


def begins(node: Node, zone: ZoneInfo) -> datetime | None:
    """An instant; a day as its first one."""
    on = cells.day_start(node.value, zone) if isinstance(node.value, str) else None
    return on or instant(node)


def is_over(node: Node, zone: ZoneInfo) -> datetime | None:
    """The instant at which it is over; of a day, when that day is (half-open, I-05)."""
    on = cells.day_end(node.value, zone) if isinstance(node.value, str) else None
    return on or instant(node)


def _by_url(node: Node, kinds: tuple[str, ...], expected: str) -> tuple[str, str] | None:
    there = node.at("reference")
    if there is None:
        return None
    value = there.value.removeprefix(f"{HUB}/") if isinstance(there.value, str) else ""
    kind, _, name = value.partition("/")
    if kind not in kinds or not FHIR_ID.fullmatch(name):
        there.fault(kind_of(there.value), expected)
        return None
    prefixed = _PREFIXED.fullmatch(name) if kind == "Patient" else None
    return kind, prefixed[1] if prefixed else name


def _by_identifier(node: Node, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    there = node.at("identifier")
    if there is None:
        return None
    there.only("system", "value")
    if not isinstance(there.value, dict):
        return None
    said = node.value.get("type")
    fit = [kind for kind in kinds if SYSTEMS[kind] == there.value.get("system") and said in (None, kind)]
    if len(fit) != 1:
        systems = dict.fromkeys(SYSTEMS[kind] for kind in kinds)
        there.fault(
            "another system, or no type", f"{' | '.join(systems)}, with the type where several have it", "system"
        )
        return None
    value = there.must("value", "the id")
    name = text(value, "the id") if value else None
    # of what is shown to others, and in stored facts, a text in the place of an id would travel
    if value is not None and name and fit[0] in _SHOWN and not _NAME.fullmatch(name):
        value.fault(kind_of(name), "an id: letters, digits and . : / _ -, no text")
        return None
    return (fit[0], name) if name else None
