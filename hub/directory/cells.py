"""How one cell of a directory row is read: text in, a value or what is wrong with it out.

What is wrong never shows more than a code or a shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hub.directory.known import Known
from hub.directory.words import HUB, RESERVED
from hub.errors import shape
from hub.model import jwk
from hub.model.identifiers import clean

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SITE_CODE = re.compile(r"[A-Za-z0-9.\-]{1,20}")
_PHONE = re.compile(r"[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}")
NAME_MAX = 120  # characters; longer ones break every form and list


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with one cell."""

    got: str
    expected: str
    next_step: str = ""


Read = Callable[[str, Known], Any]  # (cell, known) -> value, or Wrong


def seen(text: str) -> str:
    """A cell as an error may show it: what has the form of an id or a code, else its shape."""
    return f"`{text}`" if is_id(text) else shape(text)


def is_id(text: str) -> bool:
    """Lower-case letters, digits and hyphens, 2 to 40, and no mere number: that could be a person's."""
    return 2 <= len(text) <= 40 and bool(_ID.fullmatch(text)) and not text.replace("-", "").isdigit()


def new_id(cell: str, _: Known) -> str | Wrong:
    """An id of our own making; it names a thing, never a person."""
    if cell in RESERVED:
        return Wrong(f"`{cell}`", "another id", "this name is the hub's own")
    if is_id(cell):
        return cell
    return Wrong(
        shape(cell),
        "2 to 40 lower-case letters, digits and single hyphens, and not digits alone",
        "choose an id that names no person",
    )


def site_code(cell: str, _: Known) -> str | Wrong:
    """A place code as the systems of its kind write it."""
    if _SITE_CODE.fullmatch(cell):
        return cell
    return Wrong(shape(cell), "1 to 20 letters, digits, dots and hyphens")


def name(cell: str, _: Known) -> str | Wrong:
    """A name for people to read."""
    if 0 < len(cell) <= NAME_MAX:
        return cell
    return Wrong(shape(cell), f"a name of at most {NAME_MAX} characters")


def phone(cell: str, _: Known) -> str | Wrong:
    """A Canadian number of an agency, as people dial it."""
    if _PHONE.fullmatch(cell):
        return cell
    return Wrong(shape(cell), "ten digits, as 416-555-0142")


def worker_key(cell: str, _: Known) -> Mapping[str, str] | Wrong:
    """The public key of a worker, as the JSON text of a JWK; what is not the key itself is left out."""
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return Wrong("no JSON", "a public key as a JWK")
    fault = jwk.worker_fault(found)
    if fault is not None:
        return Wrong(fault.got, fault.expected, fault.next_step)
    return jwk.public_part(found)


def one_of(words: Collection[str]) -> Read:
    """A word of a closed list."""
    return one_known(lambda _: words, "")


def one_known(words: Callable[[Known], Collection[str]], next_step: str) -> Read:
    """A word of what is known."""

    def read(cell: str, known: Known) -> str | Wrong:
        if cell in words(known):
            return cell
        return Wrong(seen(cell), _listed(words(known)), next_step)

    return read


def some_known(words: Callable[[Known], Collection[str]]) -> Read:
    """One or more words of what is known, separated by spaces; each once."""

    def read(cell: str, known: Known) -> tuple[str, ...] | Wrong:
        given = dict.fromkeys(cell.split())
        for word in given:
            if word not in words(known):
                return Wrong(seen(word), _listed(words(known)))
        return tuple(given)

    return read


def agency(cell: str, known: Known) -> str | Wrong:
    """An agency that the directory has."""
    if cell in known.directory.agencies:
        return cell
    return Wrong(seen(cell), "the id of an agency of the directory", "add the agency first: hub agencies add")


def agency_or_hub(cell: str, known: Known) -> str | Wrong:
    """An agency that the directory has, or the hub itself."""
    return HUB if cell == HUB else agency(cell, known)


def first_instant(cell: str, known: Known) -> datetime | Wrong:
    """The instant at which a local day begins (I-05), in UTC."""
    return _day_start(cell, known, 0)


def after_day(cell: str, known: Known) -> datetime | Wrong:
    """The instant at which a local day is over (I-05), in UTC."""
    return _day_start(cell, known, 1)


def after_day_text(cell: str, known: Known) -> str | Wrong:
    """As :func:`after_day`, as ISO text."""
    at = _day_start(cell, known, 1)
    return at if isinstance(at, Wrong) else at.isoformat()


def _day_start(cell: str, known: Known, days: int) -> datetime | Wrong:
    try:
        day = date.fromisoformat(cell if len(cell) == 10 else "") + timedelta(days=days)
    except (ValueError, OverflowError):
        return Wrong(shape(cell), "a day as YYYY-MM-DD")
    return datetime.combine(day, time(), known.zone).astimezone(UTC)


def tidy(cell: str) -> str:
    """A cell without what nobody sees."""
    return clean(cell)


def _listed(words: Collection[str]) -> str:
    return "one of " + ", ".join(sorted(words)) if words else "nothing: none is known yet"
