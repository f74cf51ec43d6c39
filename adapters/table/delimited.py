"""Tables as delimited text: a file ``<table>.csv`` each, in one folder.

RFC 4180 with another delimiter where the settings say so; UTF-8 with or without byte order mark, or Windows-1252. Read
strictly: quotes that do not close, bytes that are not of the encoding, a header that lacks a column stop the file. A
line with another number of cells than the header stops that line alone; the last one, with one cell, is a footer
(program systems §10, case 48). Pure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from adapters.table.rows import Row
from hub.errors import Unavailable
from hub.model.identifiers import clean

ENCODINGS: Mapping[str, str] = MappingProxyType({"utf-8": "utf-8-sig", "windows-1252": "cp1252"})
DELIMITERS: Mapping[str, str] = MappingProxyType({"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"})
ROWS_MAX = 50_000  # [policy] of a table; more belongs into a database, of which a view shows what is for the hub

_CELL_MAX = 128 * 1024  # characters; the module's own limit, said here since another program part may have set it


def read_lines(place: str, data: bytes, encoding: str, delimiter: str, headers: Sequence[str]) -> list[Row]:
    """The rows of one file.

    Args:
        place: for errors.
        encoding: of :data:`ENCODINGS`; ``delimiter``: of :data:`DELIMITERS`.
        headers: the columns that are needed.

    Raises:
        Unavailable: it is no such file. No cell is repeated.
    """
    try:
        text = data.decode(ENCODINGS[encoding])
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        step = "save it so, or name its own: --setting encoding=windows-1252"
        raise Unavailable(f"{place}, line {line}", f"bytes that are not {encoding}", encoding, step) from None
    if "\x00" in text:
        raise Unavailable(place, "a file of another kind", "delimited text", "export it as CSV")
    lines = _lines(place, text, DELIMITERS[delimiter])
    if not lines:
        raise Unavailable(place, "an empty file", "a header line", "export it again")
    if len(lines) - 1 > ROWS_MAX:
        raise Unavailable(place, f"{len(lines) - 1} rows", f"{ROWS_MAX} at most", "export those for the hub alone")
    header = [clean(cell) for cell in lines[0][1]]
    must_have(place, header, headers)
    return _rows(header, lines[1:])


def must_have(place: str, header: Sequence[str], headers: Sequence[str]) -> None:
    """Refuse a header that lacks a column, or has one that is needed twice.

    Raises:
        Unavailable: which column, by the name that the schema gives it.
    """
    lacking = [name for name in headers if name not in header]
    if lacking:
        step = "add them, or name the columns as they are: `column` in records.toml"
        raise Unavailable(f"{place}, header", f"no column {', '.join(lacking)}", "every column of records.toml", step)
    twice = [name for name in headers if list(header).count(name) > 1]
    if twice:
        raise Unavailable(f"{place}, header", f"{', '.join(twice)} twice", "each column once", "rename one of them")


def _lines(place: str, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The number of each line's first physical line, and its cells; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    number = 1
    before = csv.field_size_limit(_CELL_MAX)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((number, cells))
            number = reader.line_num + 1
    except csv.Error:
        step = "export it again; a quote within a cell is written twice"
        raise Unavailable(f"{place}, line {number}", "quotes that do not close", "CSV (RFC 4180)", step) from None
    finally:
        csv.field_size_limit(before)
    return found


def _rows(header: Sequence[str], lines: Sequence[tuple[int, list[str]]]) -> list[Row]:
    if lines and len(header) > 1 and len(lines[-1][1]) == 1:
        lines = lines[:-1]  # a note below the table
    rows = []
    for number, cells in lines:
        more = [cell for cell in cells[len(header) :] if cell.strip()]  # empty cells behind the last are no harm
        fault = (
            f"{len(cells)} cells: expected {len(header)}, as in the header" if more or len(cells) < len(header) else ""
        )
        rows.append(Row(number, dict(zip(header, cells, strict=False)), fault))
    return rows
