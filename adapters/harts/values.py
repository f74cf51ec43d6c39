"""One cell of a HARTS line: from its columns to text, and back.

Program systems 9.4 (general rules) and §10, cases 6, 7 (invisible characters, accents), 18 (Windows-1252), 20, 21
(numbers of documents), 44 (levels). Pure. It does not know which field it reads and keeps no value in an error.

A reader gets all characters of a cell that is not blank and returns its text, ``""`` where nothing visible stands in
it, or None where it is no such value. A writer returns the cell without its padding, or None. ``RIGHT`` are the kinds
that are padded with zeros on the left; all others with spaces on the right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from hub.errors import code, shape
from hub.model.identifiers import clean, normalise, shape_problem

ENCODING = "cp1252"  # one byte per character, so that columns of text and of bytes are the same

Reader = Callable[[str], str | None]
Writer = Callable[[str], str | None]

RIGHT = frozenset({"number", "hours"})

LEVELS = frozenset(
    [*(f"{level:02}" for level in range(1, 13)), "PC", "FL", "1L", "2L", "3L", "4L", "IE", "NA"]
)  # program systems 4.5: CLB 1 to 12, Pre-CLB, literacy, insufficient evidence, not assessed

_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd]")  # controls that are no kind of space
_CODE = re.compile(r"[A-Za-z0-9._/-]+")  # no space, and no bar: it parts the columns of an .ACK
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")  # part of a file's name, where underscores pad it
_ALIAS = re.compile(r"[A-Z2-7]{12}")  # program systems §1: numbers of the hub
_DIGITS = re.compile(r"[0-9]+")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_HOURS = re.compile(r"([0-9]+)(?:\.([0-9]{1,2}))?")
_FLAGS = {"Y": "1", "N": "0"}
_LETTERS = "MAEWTO"  # program systems 9.4, CO SCHEDULE: a place for each
_IDENTIFIERS = {"uci": "uci", "harts": "harts", "document": ""}  # kind of cell to kind of identifier


def text(cell: str) -> str | None:
    """One line of text, invisible characters stripped, spaces single (case 6)."""
    found = cell.rstrip(" ")
    if found.isascii() and found.isprintable() and "  " not in found and found[0] != " ":
        return found
    return None if _UNREADABLE.search(found) else clean(found)


def token(cell: str) -> str | None:
    """A code as it stands; which codes there are is the mapping's to say."""
    found = cell.rstrip(" ")
    return found if _CODE.fullmatch(found) else None


def site(cell: str) -> str | None:
    """The code of a site that gives a file its name."""
    found = cell.rstrip(" ")
    return found if _SITE.fullmatch(found) else None


def level(cell: str) -> str | None:
    """A level of the Canadian Language Benchmarks or one of the three codes that are none (case 44)."""
    return cell if cell in LEVELS else None


def flag(cell: str) -> str | None:
    """Y as ``1``, N as ``0``."""
    return _FLAGS.get(cell)


def number(cell: str) -> str | None:
    """A whole number, padded with zeros: ``007`` is ``7``, zeros are zero."""
    return str(int(cell)) if _DIGITS.fullmatch(cell) else None


def hours(cell: str) -> str | None:
    """Hours with two implied decimals: ``001250`` is ``12.50``."""
    return f"{int(cell[:-2])}.{cell[-2:]}" if _DIGITS.fullmatch(cell) else None


def day(cell: str) -> str | None:
    """A calendar day, ``19910722`` as ``1991-07-22``."""
    if not _DIGITS.fullmatch(cell):
        return None
    found = f"{cell[:4]}-{cell[4:6]}-{cell[6:]}"
    return found if _is_day(found) else None


def month(cell: str) -> str | None:
    """A month, ``202605`` as ``2026-05``."""
    found = f"{cell[:4]}-{cell[4:]}"
    return found if _MONTH.fullmatch(found) else None


def alias(cell: str) -> str | None:
    """A number that the hub gave: twelve of A to Z and 2 to 7."""
    return cell if _ALIAS.fullmatch(cell) else None


def schedule(cell: str) -> str | None:
    """The letters that stand in their places; ``M  W  `` is ``MW``."""
    right = all(there in (letter, " ") for there, letter in zip(cell, _LETTERS, strict=True))
    return cell.replace(" ", "") if right else None


def _identifier(kind: str) -> Reader:
    def read(cell: str) -> str | None:
        found = normalise(cell) if kind else clean(cell)
        return None if _UNREADABLE.search(cell) or shape_problem(kind, normalise(found)) else found

    return read


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "text": text,
        "code": token,
        "site": site,
        "level": level,
        "flag": flag,
        "number": number,
        "hours": hours,
        "date": day,
        "month": month,
        "alias": alias,
        "schedule": schedule,
        **{name: _identifier(kind) for name, kind in _IDENTIFIERS.items()},
    }
)

EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "text": "text without control characters",
        "code": "a code: letters, digits and . _ / -",
        "site": "a site: letters, digits and -",
        "level": "01 to 12, PC, FL, 1L to 4L, IE or NA",
        "flag": "Y or N",
        "number": "digits, padded with zeros",
        "hours": "digits with two implied decimals, padded with zeros",
        "date": "a day as YYYYMMDD",
        "month": "a month as YYYYMM",
        "alias": "a number of the hub: twelve of A to Z, 2 to 7",
        "schedule": "M A E W T O in their places, or spaces",
        "uci": "a UCI of 8 or 10 digits",
        "harts": "a HARTS number of 8 digits",
        "document": "the number on the document",
    }
)


def got(kind: str, cell: str) -> str:
    """What stood in a cell, as an error may say it: a code, a shape, or what is wrong with an identifier."""
    if kind in _IDENTIFIERS and (problem := shape_problem(_IDENTIFIERS[kind], normalise(cell))):
        return problem
    value = cell.strip(" ")
    return code(value) if kind in ("code", "site", "level", "flag") else shape(value)


def _as_it_is(value: str) -> str | None:
    return None if _UNREADABLE.search(value) else clean(value)


def _without_hyphens(value: str) -> str:
    return normalise(value)


def _flag_out(value: str) -> str | None:
    return {"1": "Y", "0": "N"}.get(value)


def _number_out(value: str) -> str | None:
    return str(int(value)) if _DIGITS.fullmatch(value) else None


def _hours_out(value: str) -> str | None:
    found = _HOURS.fullmatch(value)
    return f"{int(found[1])}{(found[2] or '').ljust(2, '0')}" if found else None


def _day_out(value: str) -> str | None:
    return value.replace("-", "") if _DAY.fullmatch(value) and _is_day(value) else None


def _month_out(value: str) -> str | None:
    return value.replace("-", "") if _MONTH.fullmatch(value) else None


def _schedule_out(value: str) -> str | None:
    if not value or not set(value) <= set(_LETTERS):
        return None
    return "".join(letter if letter in value else " " for letter in _LETTERS)


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        **dict.fromkeys(("text", "code", "site", "level", "alias", "document"), _as_it_is),
        **dict.fromkeys(("uci", "harts"), _without_hyphens),
        "flag": _flag_out,
        "number": _number_out,
        "hours": _hours_out,
        "date": _day_out,
        "month": _month_out,
        "schedule": _schedule_out,
    }
)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text) is not None
    except ValueError:  # the 30th of February
        return False
