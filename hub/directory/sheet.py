"""A CSV file of directory rows, checked whole: either every row is good, or nothing of it is kept and all that is wrong
is listed with its line.

RFC 4180, UTF-8 with or without byte order mark, one header line, columns in any order.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from hub.directory.cells import Wrong, tidy
from hub.directory.forms import REQUIRED, Form, Values, refusal
from hub.directory.known import Known
from hub.errors import Refused

T = TypeVar("T")
Line = tuple[int, list[str]]  # number of its first physical line, from 1; cells

BYTES_MAX = 10 * 1024 * 1024  # a directory of ten thousand services fits in a fifth of it
ROWS_MAX = 10_000  # one unit keeps them all; more is no directory of this hub


@dataclass(frozen=True, slots=True)
class Problems:
    """All that is wrong with a file. Nothing of it may be kept."""

    found: tuple[Refused, ...]


def from_file(form: Form[T], data: bytes, known: Known) -> tuple[T, ...] | Problems:
    """Read every row of a file, or say all that is wrong with it.

    A row is checked against the directory as it stands: agencies are imported before their sites and systems, and
    these before their services.
    """
    try:
        header, lines = csv_lines(data)
        _check_header(form, header)
    except Refused as why:
        return Problems((why,))
    rows: list[Values] = []
    found: list[Refused] = []
    first_of: dict[tuple[object, ...], int] = {}
    for number, cells in lines:
        values, wrong = _row(form, header, cells, known)
        found += [refusal(f"{form.name}s, line {number}, {column}", what) for column, what in wrong]
        if not wrong:
            first = first_of.setdefault(tuple(values[column] for column in form.key), number)
            found += [_twice(form, number, first)] if first != number else []
            rows.append(values)
    return Problems(tuple(found)) if found else tuple(form.make(values, known) for values in rows)


def _row(form: Form[T], header: list[str], cells: list[str], known: Known) -> tuple[Values, list[tuple[str, Wrong]]]:
    if len(cells) != len(header):
        return {}, [("all columns", Wrong(f"{len(cells)} cells", f"{len(header)}, as in the header"))]
    return form.read(dict(zip(header, cells, strict=True)), known)


def _twice(form: Form[T], number: int, first: int) -> Refused:
    what = Wrong(f"the same key as line {first}", "each key once", "keep one of the two lines")
    return refusal(f"{form.name}s, line {number}, {' and '.join(form.key)}", what)


def csv_lines(data: bytes) -> tuple[list[str], list[Line]]:
    """Header and further lines of a CSV file; blank lines are passed over.

    Raises:
        Refused: too large, not UTF-8, empty, or quotes that do not close.
    """
    if len(data) > BYTES_MAX:
        raise Refused("file", f"{len(data)} bytes", f"at most {BYTES_MAX}", "split it")
    try:
        lines = list(_records(data.decode("utf-8-sig")))
    except UnicodeDecodeError as why:
        line = data[: why.start].count(b"\n") + 1
        raise Refused(f"line {line}", "bytes that are not UTF-8", "UTF-8", "save the file as UTF-8") from None
    if not lines:
        raise Refused("file", "nothing", "a header line and a line for each row")
    if len(lines) - 1 > ROWS_MAX:
        raise Refused("file", f"{len(lines) - 1} rows", f"at most {ROWS_MAX}", "split it")
    return [tidy(cell) for cell in lines[0][1]], lines[1:]


def _records(text: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 1
    try:
        for cells in reader:
            if any(tidy(cell) for cell in cells):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error:
        raise Refused(f"line {number}", "quotes that do not close", "CSV (RFC 4180)", "mend the quotes") from None


def _check_header(form: Form[T], header: list[str]) -> None:
    expected = "the columns " + ", ".join(column.name for column in form.columns)
    for place, column in enumerate(header, 1):
        if not form.takes(column):
            raise Refused(f"header, column {place}", "a column that this form has not", expected)
        if column in header[: place - 1]:
            raise Refused(f"header, column {place}", "a column that stood before", expected)
    if missing := [c.name for c in form.columns if c.default is REQUIRED and c.name not in header]:
        raise Refused("header", f"no column {', '.join(missing)}", expected)
