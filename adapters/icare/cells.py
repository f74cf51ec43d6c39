"""The cells and strings of a workbook, as they stand in the file, row by row.

ECMA-376 part 1, 18.3 (cells) and 18.4 (shared strings). It knows no template and changes no value.

Cells are read here and not by python-calamine, which lays out a grid as large as the outermost cell, so that two cells
in opposite corners end the process, and shows a formula without a result, and an error, as an empty cell
(``docs/decisions/cells-from-the-xml.md``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from adapters.icare.package import Package
from adapters.icare.parts import Reader, damaged, parsed, too_large

ROWS_MAX, COLUMNS_MAX = 1_048_576, 16_384  # of a sheet, ECMA-376
CELLS_MAX = 2_000_000  # [policy] filled or not; a template of 118 columns has 295,000
STRINGS_MAX = 500_000  # [policy] the genuine template has 1,041
_LETTERS_MAX = 3  # of a column: XFD is the last
TEXT_MAX = 32_767  # characters of a cell, as spreadsheet programs have it
_LETTERS = re.compile(r"[A-Z]{1,3}")
_KINDS = {
    "n": "number", "s": "text", "str": "text", "inlineStr": "text", "b": "bool", "e": "error", "d": "date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that holds something.

    Args:
        column: from 1.
        kind: ``text``, ``number``, ``bool``, ``error``, ``date`` (an ISO date), ``formula`` (with or without a result).
        text: as it stands in the file; of a shared string the string.
        style: index of its style.
    """

    column: int
    kind: str
    text: str = field(repr=False)
    style: int = 0


def strings(package: Package, part: str) -> list[str]:
    """The shared strings, in their order; phonetic hints left out."""
    found: list[str] = []
    if part:
        reader = _Strings(found)
        for _ in parsed(package, part, reader):
            pass
    return found


def rows(
    package: Package,
    part: str,
    shared: Sequence[str],
    last: int = ROWS_MAX,
    beside: Counter[str] | None = None,
) -> Iterator[tuple[int, list[Cell]]]:
    """The rows of a sheet that hold something, with their numbers, in their order.

    Args:
        last: the row after which nothing is read.
        beside: takes how many elements of each name stand beside the cells: lists, say.

    Raises:
        FileRefused: the part is damaged, or goes over a limit.
    """
    reader = _Rows(shared, last, Counter() if beside is None else beside)
    for _ in parsed(package, part, reader):
        yield from reader.take()
        if reader.over:
            return
    yield from reader.take()


@lru_cache(maxsize=1024)  # the columns of a template are a hundred, and each stands in every row
def column_of(letters: str) -> int:
    """The place of column letters, from 1; 0: they are none."""
    place = 0
    for letter in letters if _LETTERS.fullmatch(letters) else "":
        place = place * 26 + ord(letter) - 64
    return place


@lru_cache(maxsize=1024)
def letters_of(column: int) -> str:
    """The letters of a column."""
    found = ""
    while column:
        column, place = divmod(column - 1, 26)
        found = chr(65 + place) + found
    return found


class _Strings(Reader):
    def __init__(self, found: list[str]) -> None:
        self._found = found
        self._open: list[str] | None = None
        self._in_text = self._in_hint = False

    def start(self, name: str, _: Mapping[str, str]) -> None:
        if name == "si":
            self._open = []
        elif name == "rPh":
            self._in_hint = True
        elif name == "t":
            self._in_text = not self._in_hint

    def text(self, text: str) -> None:
        if self._in_text and self._open is not None:
            self._open.append(text)

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._in_hint = False
        elif name == "si" and self._open is not None:
            if len(self._found) >= STRINGS_MAX:
                raise too_large("strings", STRINGS_MAX)
            self._found.append(_bounded("".join(self._open)))
            self._open = None


class _Rows(Reader):
    """Rows with something in them. A row or cell that names no place stands after the one before it."""

    def __init__(self, shared: Sequence[str], last: int, beside: Counter[str]) -> None:
        self._shared, self._last, self._beside = shared, last, beside
        self.over = False
        self._found: list[tuple[int, list[Cell]]] = []
        self._row = self._column = self._seen = 0
        self._digits = "\0"  # of the row, as references end with them; nothing does before the first
        self._cells: list[Cell] = []
        self._open: Mapping[str, str] | None = None  # attributes of the cell that is being read
        self._in_data = self._formula = self._in_text = self._in_hint = False
        self._text: list[str] = []

    def take(self) -> list[tuple[int, list[Cell]]]:
        found, self._found = self._found, []
        return found

    def start(self, name: str, attrs: Mapping[str, str]) -> None:
        if name == "c" and self._in_data:
            self._seen += 1
            if self._seen > CELLS_MAX:
                raise too_large("cells", CELLS_MAX)
            self._column = self._place(attrs["r"]) if "r" in attrs else self._column + 1
            self._open, self._formula = attrs, False
            if self._text:
                self._text = []
        elif self._open is not None:
            self._formula |= name == "f"
            self._in_hint |= name == "rPh"
            self._in_text = name == "v" or (name == "t" and not self._in_hint)
        elif name == "row" and self._in_data:
            self._next_row(attrs.get("r"))
        elif name == "sheetData":
            self._in_data = True
        else:
            self._beside[name] += 1

    def text(self, text: str) -> None:
        if self._in_text:
            self._text.append(text)

    def end(self, name: str) -> None:
        if name == "c" and self._open is not None:
            if self._formula or self._text or self._open.get("t") == "e":
                self._cells.append(self._cell(self._open))
            self._open = None
        elif name in ("v", "t", "is"):
            self._in_text = False
        elif name == "rPh":
            self._in_hint = False
        elif name == "row" and self._cells:
            if not self.over:
                self._found.append((self._row, self._cells))
            self._cells = []
        elif name == "sheetData":
            self._in_data = False

    def _next_row(self, number: str | None) -> None:
        row = int(number) if number is not None and number.isdecimal() else self._row + 1
        if not self._row < row <= ROWS_MAX:
            raise damaged("rows out of order")
        self._row, self._digits, self._column, self.over = row, str(row), 0, row > self._last

    def _place(self, reference: str) -> int:
        letters = reference.removesuffix(self._digits)
        column = column_of(letters) if len(letters) <= _LETTERS_MAX and reference != letters else 0
        if not self._column < column <= COLUMNS_MAX:
            raise damaged("cells out of order")
        return column

    def _cell(self, attrs: Mapping[str, str]) -> Cell:
        text, kind, style = "".join(self._text), attrs.get("t", "n"), attrs.get("s", "0")
        if not style.isdecimal():
            raise damaged("a cell without a style")
        if kind == "s":
            if not (text.isdecimal() and len(text) < 10 and int(text) < len(self._shared)):
                raise damaged("a cell whose string does not exist")
            text = self._shared[int(text)]
        found = _KINDS.get(kind)
        if found is None:
            raise damaged("a cell of an unknown kind")
        return Cell(self._column, "formula" if self._formula else found, _bounded(text), int(style[:9]))


def _bounded(text: str) -> str:
    if len(text) > TEXT_MAX:
        raise too_large("characters in one cell", TEXT_MAX)
    return text
