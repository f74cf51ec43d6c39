"""Tables as sheets of one workbook (``.xlsx``): a header row and rows below it. Reads alone.

Office Open XML, by python-calamine once ``adapters.workbook`` has found it safe. That library reads an error cell and
a formula without a value as empty, so both are looked for in the sheet's own part, and are no value here (program
systems §10, cases 11, 30, 33): a formula is refused whatever it came to, since nobody has looked at that. And it lays
out a grid as large as the outermost cell, so one cell can end the process: how large that grid would be is looked at
before. What the two could read differently (two parts for one sheet, cells out of order) is refused.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, cast

from lxml import etree
from python_calamine import CalamineError, CalamineWorkbook

from adapters.table.cells import Raw, Unread
from adapters.table.delimited import ROWS_MAX, must_have
from adapters.table.rows import Row
from adapters.workbook import refuse_unsafe
from hub.errors import RecordUnreadable, Unavailable
from hub.model.identifiers import clean

COLUMNS_MAX = 500  # [policy] of a sheet
CELLS_MAX = 2_500_000  # [policy] of a sheet, height by width: as many rows as there may be, of 50 columns

_TAGS = ("{*}sheetData", "{*}row", "{*}c", "{*}f")  # of any name space, as the library takes them
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_HEAD = 4096  # bytes of a part in which a document type would stand
_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NUMBER = re.compile(r"[1-9][0-9]{0,6}")


def read_sheets(
    place: str, data: bytes, names: Mapping[str, str], headers: Mapping[str, Sequence[str]], header_row: int
) -> tuple[dict[str, list[Row]], bool]:
    """The rows of several sheets.

    Args:
        place: for errors.
        names: table to the name of its sheet.
        headers: table to the columns that are needed of it.
        header_row: where the header stands; 1 is the first.

    Returns:
        Table to its rows, and whether the workbook counts days from 1904.

    Raises:
        Unavailable: it is no workbook that may be opened, or lacks a sheet or a column. No cell is repeated.
    """
    try:
        refuse_unsafe(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts, since_1904 = _parts(archive)
            odd = {
                name: _looked_through(f"{place}, sheet {name}", archive, _one_of(parts[sheet]))
                for name, sheet in names.items()
                if sheet in parts
            }
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = {
            name: _rows(
                f"{place}, sheet {name}", _cells(book, sheet, place, name), odd[name], headers[name], header_row
            )
            for name, sheet in names.items()
            if _is_there(place, name, sheet, parts)
        }
    except RecordUnreadable as error:
        raise Unavailable(place, error.got, error.expected, error.next_step) from None
    except (CalamineError, etree.XMLSyntaxError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise Unavailable(place, "a damaged workbook", "a whole one", "save it anew") from error
    return found, since_1904


def _is_there(place: str, name: str, sheet: str, parts: Mapping[str, set[str]]) -> bool:
    if sheet not in parts:
        step = f"rename it, or say what it is called: --setting table.{name}=NAME"
        raise Unavailable(f"{place}, sheet {name}", "no such sheet", "a sheet of that name", step)
    return True


def _cells(book: CalamineWorkbook, sheet: str, place: str, name: str) -> list[list[Any]]:
    found = book.get_sheet_by_name(sheet)
    _must_fit(f"{place}, sheet {name}", found.total_height, found.total_width)
    return cast(list[list[Any]], found.to_python(skip_empty_area=False))


def _must_fit(place: str, height: int, width: int) -> None:
    if height <= ROWS_MAX and width <= COLUMNS_MAX and height * width <= CELLS_MAX:
        return
    step = "delete the empty ones below and beside the table, or export less"
    expected = f"{ROWS_MAX} and {COLUMNS_MAX} at most, {CELLS_MAX} cells in all"
    raise Unavailable(place, f"{height} rows, {width} columns", expected, step)


def _rows(
    place: str, cells: list[list[Any]], odd: Mapping[tuple[int, int], str], headers: Sequence[str], header_row: int
) -> list[Row]:
    if len(cells) < header_row:
        raise Unavailable(place, "an empty sheet", "a header row", "fill it, or set header_row")
    header = [clean(str(cell)) for cell in cells[header_row - 1]]
    must_have(place, header, headers)
    rows = []
    for number, line in enumerate(cells[header_row:], header_row + 1):
        values: list[Raw] = [
            Unread(odd[number, at]) if (number, at) in odd else None if cell == "" else cell
            for at, cell in enumerate(line, 1)
        ]
        if any(value is not None and str(value).strip() for value in values):  # formatted empty rows (case 3)
            rows.append(Row(number, {name: value for name, value in zip(header, values, strict=False) if name}))
    return rows


def _parts(archive: zipfile.ZipFile) -> tuple[dict[str, set[str]], bool]:
    """Sheet name to the parts that a reader may take for its own, and whether days count from 1904."""
    book = _xml(archive, "xl/workbook.xml")
    links = {
        link.get("Id", ""): link.get("Target", "")
        for link in _xml(archive, "xl/_rels/workbook.xml.rels").iter("{*}Relationship")
    }
    parts: dict[str, set[str]] = {}
    for sheet in book.iter("{*}sheet"):
        own = [links.get(text, "") for name, text in sheet.attrib.items() if etree.QName(name).localname == "id"]
        ways = {way.casefold() for target in own for way in (target.lstrip("/"), f"xl/{target}")}
        there = {part for part in archive.namelist() if part.casefold() in ways}
        parts.setdefault(sheet.get("name", ""), set()).update(there)
    since = any(each.get("date1904", "0") in ("1", "true") for each in book.iter("{*}workbookPr"))
    return parts, since


def _one_of(parts: set[str]) -> str:
    if len(parts) != 1:
        raise ValueError("not one part for a sheet")
    return next(iter(parts))


def _looked_through(place: str, archive: zipfile.ZipFile, part: str) -> dict[tuple[int, int], str]:
    """Row and column, both from 1, of each cell that holds a formula or an error.

    Raises:
        Unavailable: the outermost cells that hold something are too far out.
        ValueError: rows or cells are out of order.
    """
    found: dict[tuple[int, int], str] = {}
    row = column = height = width = 0
    with archive.open(part) as file:
        if b"<!DOCTYPE" in file.read(_HEAD):
            raise ValueError("a document type")
    with archive.open(part) as file:
        for event, at in etree.iterparse(file, events=("start", "end"), tag=_TAGS, **_SAFE):
            kind = etree.QName(at).localname
            if event == "end":
                if kind == "sheetData":  # what follows may have rows and formulas of another kind
                    break
                if kind == "c" and (len(at) or at.get("t") == "e"):  # one that is only formatted takes no room
                    height, width = max(height, row), max(width, column)
                    _must_fit(place, height, width)
                at.clear()
            elif kind == "row":
                row, column = _next_row(at.get("r"), row), 0
            elif kind == "f":
                found[row, column] = "a formula"
            elif kind == "c":
                column = _next_column(at.get("r"), row, column)
                if at.get("t") == "e":
                    found[row, column] = "an error of the workbook"
    return found


def _next_row(said: str | None, row: int) -> int:
    """The number of a row; it may be left out: then it is the next one."""
    if said is None:
        return row + 1
    if not _NUMBER.fullmatch(said) or int(said) <= row:
        raise ValueError("rows out of order")
    return int(said)


def _next_column(said: str | None, row: int, column: int) -> int:
    """The same for a cell of a row."""
    if said is None:
        return column + 1
    address = _ADDRESS.fullmatch(said)
    if address is None or int(address[2]) != row or _column(address[1]) <= column:
        raise ValueError("cells out of order")
    return _column(address[1])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _xml(archive: zipfile.ZipFile, part: str) -> Any:
    """A part as a tree: no entity, no document type, no network."""
    data = archive.read(part)
    if b"<!DOCTYPE" in data[:_HEAD]:
        raise ValueError("a document type")
    return etree.fromstring(data, etree.XMLParser(**_SAFE))
