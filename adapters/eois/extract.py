"""The ministry's weekly extracts, ``CLIENT``, ``15B`` and ``15D``: bytes into rows of text (program systems 3.11, 9.5).

§10, cases 12 (dd/MM/yyyy, never guessed), 29, 33, 48, 49, 54, 55 and 63. The columns are data,
``schemas/records/eois_extracts.csv``. Pure. A file with another name, header or content is refused whole; a wrong cell
makes its row faulty and no other. What a row means, and how the reports belong together, is ``plans``' to say.

- A row is known by its number as a spreadsheet shows it: the header is 1, blank rows count.
- A row's fields hold what is there and readable: labels as the list writes them, days as YYYY-MM-DD, 1 and 0; of a
  referral its list and code, ``community/60``. What is blank is left out.
- Letters that were read in the wrong alphabet (``QuÃ©bec``) are put right where that is certain, else told (``MARKS``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

from adapters.eois import lists
from adapters.eois.faults import UNREADABLE
from adapters.eois.rules import RowFault
from hub.model.identifiers import clean, passes_as_sin

TABLE = Path(__file__).parents[2] / "schemas" / "records" / "eois_extracts.csv"
CLIENT, PLANS, OUTCOMES = "CLIENT", "15B", "15D"
ROWS_MAX = 200_000  # [policy] of one file
CELL_MAX = 10_000  # [policy] characters of one cell
MARKS = "MARKS"  # a warning: a cell may have lost its accents
NAME = re.compile(r"(CLIENT|15B|15D)_([0-9]{4}[A-Z])_([0-9]{8})\.csv")

_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_NUMBER = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,2})?")
_FLAGS = MappingProxyType(
    {"yes": "1", "y": "1", "true": "1", "oui": "1", "no": "0", "n": "0", "false": "0", "non": "0"}
)
_MISREAD = re.compile(r"[ÃÂ][\u0080-\u00bf\u0152-\u0192\u02c6-\u2122]|â€")
_NOTE = re.compile(r"(?i)this report|ce rapport")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``need``: a row says nothing without it."""

    title: str
    name: str
    kind: str
    list: str
    need: bool


@dataclass(frozen=True, slots=True)
class Extract:
    """A file that was read.

    Args:
        rows: number and fields of each row without a fault, in order.
        faults: what is wrong with the others; of code ``MARKS`` only a warning, the row stands.
        note: the number of the note in the last line; 0: none.
    """

    report: str
    sds: str
    day: date
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    faults: tuple[RowFault, ...]
    note: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is refused whole, in words of ours."""

    got: str
    expected: str


def named(name: str) -> tuple[str, str, date] | None:
    """Report, site and day that a file's name tells; None: it is no extract's name."""
    found = NAME.fullmatch(name)
    if found is None:
        return None
    text = found[3]
    try:
        return found[1], found[2], date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def read(name: str, data: bytes) -> Extract | Refusal:
    """Read one file.

    Args:
        name: without folders; it must be :func:`named`.
    """
    told = named(name)
    assert told is not None, "only files with a name of ours are read"
    report, sds, day = told
    records = _records(data)
    if isinstance(records, Refusal):
        return records
    columns = layout()[report]
    if not records or [lists.folded(cell) for cell in records[0]] != [lists.folded(each.title) for each in columns]:
        return Refusal("another header", f"the {len(columns)} columns of {report} in their order")
    rows: list[tuple[int, Mapping[str, str]]] = []
    faults: list[RowFault] = []
    note = 0
    for number, cells in enumerate(records[1:], 2):
        if not any(clean(cell) for cell in cells):
            continue
        if number == len(records) and _is_note(cells):
            note = number
            continue
        fields, wrong = _row(number, columns, cells, sds)
        faults += wrong
        if not [each for each in wrong if each.code != MARKS]:
            rows.append((number, fields))
    return Extract(report, sds, day, tuple(rows), tuple(faults), note)


@cache
def layout() -> Mapping[str, tuple[Column, ...]]:
    """Report to its columns, in their order."""
    found: dict[str, list[Column]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            column = Column(row["column"], row["name"], row["kind"], row["list"], row["need"] == "yes")
            found.setdefault(row["report"], []).append(column)
    return {report: tuple(columns) for report, columns in found.items()}


def repaired(text: str) -> tuple[str, bool]:
    """A text whose UTF-8 was read as Windows-1252 put right, and whether it is still in doubt (case 63)."""
    if not _MISREAD.search(text):
        return text, False
    try:
        return text.encode("cp1252").decode("utf-8"), False
    except UnicodeError:
        return text, True


def _records(data: bytes) -> list[list[str]] | Refusal:
    if b"\x00" in data or data[:2] == b"PK":  # a workbook under another name (case 33)
        return Refusal("bytes that are no text", "a CSV file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        if "\ufffd" in text:
            return Refusal("bytes of no encoding", "UTF-8 or Windows-1252")
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), strict=True):
            records.append(record)
            if len(records) > ROWS_MAX:
                return Refusal("too many rows", f"{ROWS_MAX} at most")
    except csv.Error:
        return Refusal(f"a row that is no CSV, after row {len(records)}", "quotes in pairs, cells of a usual length")
    while records and not any(records[-1]):
        records.pop()
    return records


def _is_note(cells: Sequence[str]) -> bool:
    """Whether the last line is the ministry's note on how recent its data are (case 48)."""
    filled = [cell for cell in cells if clean(cell)]
    return len(filled) == 1 and filled[0] == cells[0] and bool(_NOTE.match(clean(filled[0])))


def _row(
    number: int, columns: Sequence[Column], cells: Sequence[str], sds: str
) -> tuple[dict[str, str], list[RowFault]]:
    if len(cells) != len(columns):
        return {}, [RowFault(number, "", UNREADABLE)]
    fields: dict[str, str] = {}
    wrong: list[RowFault] = []
    for column, cell in zip(columns, cells, strict=True):
        text, doubtful = repaired(clean(cell))
        if doubtful:
            wrong.append(RowFault(number, column.title, MARKS))
        found = _value(column, text, sds) if text else ""
        if found is None or len(text) > CELL_MAX or (column.need and not found):
            code = "CODE_UNKNOWN" if found is None and column.kind in ("label", "referral") else UNREADABLE
            code = "DN_SENDER" if column.kind == "sds" and text else code
            wrong.append(RowFault(number, column.title, code))
        elif found:
            fields[column.name] = found
    return fields, wrong


def _value(column: Column, text: str, sds: str) -> str | None:
    """A cell that is not blank as text; None: it is no such value."""
    match column.kind:
        case "label":
            return lists.official(column.list, text)
        case "sds":  # code, agency and address in one text
            return sds if re.match(rf"{sds}(?![A-Za-z0-9])", text) else None
        case _:
            return _READERS[column.kind](text)


def _referral(text: str) -> str | None:
    found = lists.referral(text)
    return "/".join(found) if found else None


def _reference(shape: str) -> Callable[[str], str | None]:
    form = re.compile(shape)
    return lambda text: text if form.fullmatch(text) and not passes_as_sin(text) else None


def _day(text: str) -> str | None:
    """``03/05/1980`` is the third of May: the format is the ministry's, whatever the day would allow (case 12)."""
    found = _DAY.fullmatch(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat() if found else None
    except ValueError:
        return None


_READERS: Mapping[str, Callable[[str], str | None]] = MappingProxyType(
    {
        "text": lambda text: text,
        "referral": _referral,
        "date": _day,
        "yesno": lambda text: _FLAGS.get(text.casefold()),
        "month": lambda text: text if text in ("0", "3", "6", "12") else None,
        "number": lambda text: text if _NUMBER.fullmatch(text) else None,
        "client": _reference("[0-9]{7}"),
        "plan": _reference("[0-9]{1,12}"),
    }
)
