"""What a cell says, by the kind of its column, and what is wrong with it. One cell at a time; it knows no row.

Program systems §10, cases 6, 11, 20, 29, 30, 33. Pure. Text is text: a number in a text column is taken digit by digit,
a date in it is a fault, and no lost zero is put back. What is empty says nothing, and is never No.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from adapters.icare.cells import Cell
from adapters.icare.layout import Column
from adapters.icare.words import Words, longest_word, yes_no
from hub.errors import code, shape
from hub.model.identifiers import clean

TEXT_MAX = 2_000  # [policy] characters of a text; the longest real ones are street names and notes
FORMULA_SIGNS = ("=", "+", "-", "@")  # case 33: what a spreadsheet program may run when it opens a list of values
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T00:00(?::00(?:\.0+)?)?Z?)?", re.ASCII)
_SERIAL = re.compile(r"\d{5}", re.ASCII)  # from 1927 to 2173
_WHOLE = re.compile(r"-?\d+(?:\.0+)?", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_SERIAL_MAX = 2_958_465  # the last day of the year 9999
_LEAP_1900 = 60  # a 29 February 1900, which spreadsheet programs have and the calendar has not


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a cell: what was got (a code or a shape), what was expected."""

    got: str
    expected: str


@dataclass(frozen=True, slots=True)
class Paper:
    """What the workbook says of all of its cells.

    Args:
        date_styles: styles that show a number as a date.
    """

    date_styles: frozenset[int]
    date1904: bool


EXPECTED = {
    "text": "a text",
    "date": "a day as YYYY-MM-DD",
    "yes_no": "Yes or No",
    "number": "a number",
    "list": "a value of the list of this column",
}

_NEVER = {  # kind of cell to what was got and expected
    "formula": ("a formula", "a value: copy the cell and paste it as a value"),
    "error": ("an error of the spreadsheet", "a value"),
}


def read(column: Column, cell: Cell, words: Words, paper: Paper) -> str | Wrong:
    """Read one cell.

    Args:
        words: the list of this column; false where it has none.

    Returns:
        Text, "" where the cell is blank; or what is wrong.
    """
    if cell.kind in _NEVER:
        return Wrong(*_NEVER[cell.kind])
    most = TEXT_MAX if column.kind == "text" else longest_word()
    if (size := len(cell.text.strip())) > most:  # asked first: to clean and fold costs time by the length
        return Wrong(f"length {size}", f"{most} characters at most")
    if cell.kind in ("text", "number") and not clean(cell.text):
        return ""
    if column.kind != "date" and (cell.kind == "date" or (cell.kind == "number" and cell.style in paper.date_styles)):
        return Wrong("a date cell", EXPECTED[column.kind])
    reader = {"date": _date, "text": _text, "number": _number}.get(column.kind, _listed)
    return reader(column, cell, words, paper)


def neutral(text: str) -> str:
    """A text that no spreadsheet program runs, also after the workbook was saved as a list of values: case 33.

    An inline text is text, and nothing runs it. But a worker may save the sheet as CSV and open that: so an apostrophe
    stands before such a text, which is taken away when it is read.
    """
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _text(_: Column, cell: Cell, __: Words, ___: Paper) -> str | Wrong:
    text = clean(cell.text)
    if cell.kind == "bool":
        return Wrong("TRUE or FALSE", EXPECTED["text"])
    if cell.kind == "number":
        if not _WHOLE.fullmatch(text):  # 1.1E+07 has lost digits, a fraction is no number of a document
            return Wrong("a number that is not whole", "the text as it stands on paper, typed as text")
        text = text.partition(".")[0]
    if len(text) > TEXT_MAX:
        return Wrong(shape(text), f"{TEXT_MAX} characters at most")
    return text[1:] if text[:1] in "'’" and text[1:].startswith(FORMULA_SIGNS) else text


def _date(_: Column, cell: Cell, __: Words, paper: Paper) -> str | Wrong:
    text = clean(cell.text)
    if cell.kind == "date" and (found := _ISO_MIDNIGHT.fullmatch(text)):
        text = found[1]
    if cell.kind == "number" or (cell.kind == "text" and _SERIAL.fullmatch(text)):
        day = _of_serial(text, date1904=paper.date1904)
        return day.isoformat() if day else Wrong("a number that is no day", EXPECTED["date"])
    if cell.kind != "bool" and is_day(text):
        return text
    return Wrong(shape(text) if cell.kind != "bool" else "TRUE or FALSE", EXPECTED["date"])


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar as YYYY-MM-DD."""
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _of_serial(text: str, *, date1904: bool) -> date | None:
    """The day of a serial number; None: a time of day, or no day that both program and calendar have."""
    if not _WHOLE.fullmatch(text) or len(text) > 12:
        return None
    days = int(text.partition(".")[0])
    if date1904:
        return _EPOCH_1904 + timedelta(days) if 0 < days <= _SERIAL_MAX - 1462 else None
    if not 0 < days <= _SERIAL_MAX or days == _LEAP_1900:
        return None
    return _EPOCH_1900 + timedelta(days + (days < _LEAP_1900))


def number(text: str) -> str | None:
    """A number in its one spelling: ``1``, ``0.25``; None: it is none, or negative."""
    try:
        found = Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None
    return format(found.normalize(), "f") if found is not None else None


def _number(_: Column, cell: Cell, words: Words, __: Paper) -> str | Wrong:
    found = number(clean(cell.text)) if cell.kind != "bool" else None
    if found is None:
        return Wrong(code(clean(cell.text)), EXPECTED["number"])
    if words and words.read(found) is None:
        return Wrong(code(found), "a number that the list of this column has")
    return found


def _listed(column: Column, cell: Cell, words: Words, _: Paper) -> str | Wrong:
    text = clean(cell.text)
    if cell.kind == "number" and _WHOLE.fullmatch(text):
        text = text.partition(".")[0]
    found = words.read(text) if words else (yes_no(text) if column.kind == "yes_no" else text)
    return found if found is not None else Wrong(code(text), EXPECTED[column.kind])
