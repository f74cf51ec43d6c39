"""Code tables: CSV files ``local,code[,way[,display[,owner[,source]]]]``: from a system's words to FHIR codes and back.

``way`` is ``<->`` (both), ``>`` (in only: another row leads back) or ``<`` (out only). An empty ``code`` says: this
word is no statement, nothing is written. An empty ``local`` says: this system has no word for that code. A word
that is not listed is no silence but a gap: the message waits until the table is completed. An empty ``local`` with
``<->`` says: blank is the word for that code. ``owner`` is who decides about a row, ``source`` where it is from; the
hub reads neither. Of a table that an ``each`` names, the columns are its own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from hub.mapping.model import fault

WAYS = ("<->", ">", "<")
_COLUMNS = ["local", "code", "way", "display", "owner", "source"]


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it stands in the file."""

    local: str
    code: str
    way: str
    display: str = ""
    owner: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A loaded table.

    Args:
        to_code: word to code; None where the word is no statement.
        to_local: code to word; None where the system has no word for it, "" where blank is the word.
        display: code to the text that stands beside it.
        lines: the rows themselves, in their order.
    """

    file: str
    to_code: Mapping[str, str | None]
    to_local: Mapping[str, str | None]
    display: Mapping[str, str]
    lines: tuple[Line, ...] = ()

    def without_return(self) -> list[str]:
        """Codes that a word leads to, and no row leads back from."""
        return sorted({code for code in self.to_code.values() if code and code not in self.to_local})

    def changed(self) -> dict[str, str]:
        """Words that do not come back as they were, with what becomes of them."""
        lost = {}
        for local, code in self.to_code.items():
            if code is None:
                lost[local] = f"`{local}` is no statement there and comes back as nothing"
            elif (back := self.to_local.get(code)) != local:
                lost[local] = f"`{local}` comes back as `{back}`" if back else f"`{local}` does not come back"
        return lost

    def narrowed(self) -> dict[str, str]:
        """Codes that go out under a word that means another code, or nothing, when it is read."""
        lost = {}
        for code, word in self.to_local.items():
            if word and (read := self.to_code.get(word)) != code:
                lost[code] = f"`{code}` is written as `{word}`, which " + (
                    f"means `{read}`" if read else "says nothing"
                )
        return lost

    def unnamed(self) -> list[str]:
        """Codes for which the system has no word."""
        return sorted(code for code, local in self.to_local.items() if local is None)


def read(file: str, data: bytes) -> Table:
    """Read a table.

    Raises:
        Refused: no CSV in UTF-8, unknown column or way, a row without a word and a code, or two rows that lead the
            same way.
    """
    rows = _rows(file, data)
    header = [name.strip() for name in rows[0]] if rows else []
    if header[:2] != _COLUMNS[:2] or header != _COLUMNS[: len(header)]:
        raise fault(file, "line 1", ",".join(header) or "nothing", ",".join(_COLUMNS), "mend the header")
    to_code: dict[str, str | None] = {}
    to_local: dict[str, str | None] = {}
    display: dict[str, str] = {}
    lines = []
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            line = _line(file, number, [cell.strip() for cell in row])
            _add(file, number, line, (to_code, to_local, display))
            lines.append(line)
    return Table(file, to_code, to_local, display, tuple(lines))


def rows_of(file: str, data: bytes, *, gaps: bool) -> tuple[Mapping[str, str], ...]:
    """Read the table of an ``each``: cells by the names of the header.

    Args:
        gaps: its rows name several fields, and may leave some out (``flags``); else one each, under ``field``.

    Raises:
        Refused: no CSV in UTF-8, no column that names a field, no row, a row with a cell too many, or without one.
    """
    header, *rows = [[cell.strip() for cell in row] for row in _rows(file, data) if any(map(str.strip, row))] or [[]]
    names = [name for name in header if name == "field" or (gaps and name.endswith("_field"))]
    if not names or not rows or not all(header):
        raise fault(file, "line 1", ",".join(header) or "nothing", "`field`, further names, and rows", "mend the file")
    for row in rows:
        if len(row) != len(header) or not all(cell or gaps for cell in row):
            raise fault(file, "", f"a row of {len(row)} cells", f"{len(header)} filled cells in each", "mend the row")
    return tuple(dict(zip(header, row, strict=True)) for row in rows)


def _rows(file: str, data: bytes) -> list[list[str]]:
    try:
        if b"\0" in data:
            raise fault(file, "", "a NUL byte", "text", "save the file as text in UTF-8")
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError as error:
        raise fault(file, "", "bytes that are not UTF-8", "UTF-8", "save the file as UTF-8") from error
    except csv.Error as error:
        limit = f"rows of cells of at most {csv.field_size_limit()} characters"
        raise fault(file, "", "what is no CSV", limit, "mend the file; a quote may not be closed") from error


def _line(file: str, number: int, row: list[str]) -> Line:
    local, code, way, *rest = [*row, "", ""]
    line = Line(local, code, way or "<->", *rest[: len(_COLUMNS) - 3])
    if len(row) > len(_COLUMNS) or line.way not in WAYS:
        raise fault(file, f"line {number}", f"way `{way}`", "<->, > or <", "mend the row")
    if (not code and line.way != ">") or (not local and (line.way == ">" or not code)):
        expected = "a code (or way >) and a word (or way <)"
        raise fault(file, f"line {number}", "an empty cell", expected, "fill the row or its way")
    return line


def _add(
    file: str, number: int, line: Line, into: tuple[dict[str, str | None], dict[str, str | None], dict[str, str]]
) -> None:
    to_code, to_local, display = into
    at = f"line {number}"
    if line.way != "<":
        if line.local in to_code:
            raise fault(file, at, f"`{line.local}` a second time", "one row per word on the way in", "remove one row")
        to_code[line.local] = line.code or None
    if line.way != ">":
        if line.code in to_local:
            more = f"a second way back from `{line.code}`"
            raise fault(file, at, more, "exactly one", "give the other rows the way >")
        to_local[line.code] = None if line.way == "<" and not line.local else line.local
    if line.display:
        display[line.code] = line.display
