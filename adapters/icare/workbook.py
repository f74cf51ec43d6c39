"""An iCARE workbook: which module it is, what its own lists allow, and its rows, by technical id.

Program systems 2.3, 2.16, 9.3 and §10, cases 1 to 3 and 31. It decides nothing about rows; each cell is read by itself
(``values``), and what is wrong with one is a fault of that cell.

- Columns are bound by the technical ids of row 2. Where that row is missing or made unreadable, by module name, number
  of columns and the labels of row 3 in their order; never by a label alone.
- A technical id that nobody knows stops the file: it may be a column that must not be lost. Columns without one are
  passed.
- Culture, version and lists are those of the hidden sheets; where there are none, ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from adapters.icare import cells, parts, values
from adapters.icare.cells import Cell, letters_of
from adapters.icare.layout import FIRST_ROW, ROWS_MAX, Column, Module, Value, modules
from adapters.icare.package import FileRefused, Package, Why
from adapters.icare.words import ENGLISH, Words, fold
from hub.model.identifiers import clean

SHEETS_MAX = 20  # [policy] the template has 3
LISTED_MAX = 200_000  # [policy] values of a hidden sheet; the genuine one has 2,900
_LOV, _LOV_IDS = "lov", "lovids"
_CULTURES = ("en-CA", "fr-CA")
_CHILD = re.compile(r"childminding_NewcomerChildren_([1-5])_(childminding_(?:age|type)_id)")
_NEXT = "copy the rows into the template of iCARE and hand in that workbook"
_HEAD_ROWS = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell. It holds no value.

    Args:
        address: as the spreadsheet names it, ``E7``.
        column: its technical id.
    """

    address: str
    column: str
    got: str
    expected: str

    def text(self) -> str:
        """One sentence for a person."""
        return f"cell {self.address} ({self.column}): got {self.got}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds something.

    Args:
        number: as the spreadsheet counts (case 3).
        fields: technical id to text, blank ones left out; also where there are faults.
    """

    number: int
    fields: Mapping[str, str] = field(repr=False)
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """What a workbook says before its first row.

    Args:
        version: number in ``LOV`` row 1; None where it has no hidden sheets.
        part: of the package, with the rows.
        bound: place of the column in the sheet, from 1, to the column.
        words: technical id to the list of that column, where it has one.
        first_row: of data; one less where row 2 was taken out.
    """

    module: Module
    culture: str
    version: int | None
    part: str
    bound: Mapping[int, Column]
    words: Mapping[str, Words]
    first_row: int
    hidden: tuple[str, ...]


class Workbook:
    """A workbook that was opened.

    Raises:
        FileRefused: it is no workbook of a module of iCARE.
    """

    def __init__(self, data: bytes) -> None:
        self.package = Package(data)
        self.book = parts.book(self.package)
        self.strings = cells.strings(self.package, self.book.strings)
        self._paper = values.Paper(parts.date_styles(self.package, self.book.styles), self.book.date1904)
        self.template = self._recognised()

    def rows(self) -> Iterator[Row]:
        """Rows that hold something in a column with a technical id, in their order.

        Raises:
            FileRefused: more rows than a template has, or a part that is damaged further down.
        """
        template, count = self.template, 0
        for number, found in cells.rows(self.package, template.part, self.strings):
            if number < template.first_row:
                continue
            row = self._row(number, [cell for cell in found if cell.column in template.bound])
            if not row.fields and not row.faults:
                continue
            count += 1
            if count > ROWS_MAX:
                _refuse(f"more than {ROWS_MAX} rows", f"{ROWS_MAX} at most", "split it into several workbooks")
            yield row

    def _row(self, number: int, found: Sequence[Cell]) -> Row:
        template, fields, faults = self.template, {}, []
        for cell in found:
            column = template.bound[cell.column]
            said = values.read(column, cell, template.words.get(column.id, _NO_LIST), self._paper)
            if isinstance(said, values.Wrong):
                address = f"{letters_of(cell.column)}{number}"
                faults.append(Fault(address, column.id, said.got, said.expected))
            elif said:
                fields[column.id] = said
        return Row(number, fields, tuple(faults))

    def _recognised(self) -> Template:
        if len(self.book.sheets) > SHEETS_MAX:
            _refuse(f"{len(self.book.sheets)} sheets", "one with rows, and its hidden lists", _NEXT)
        by_name = {fold(sheet.name): sheet for sheet in self.book.sheets}
        shown = [sheet for name, sheet in by_name.items() if name not in (_LOV, _LOV_IDS)]
        heads = {sheet.part: self._head(sheet.part) for sheet in shown}
        ours = [(part, module) for part, head in heads.items() if (module := _module_of(head)) is not None]
        if len(ours) != 1:
            got = "no sheet of a module of iCARE" if not ours else f"sheets of {len(ours)} modules"
            _refuse(got, "one sheet, with the module's name in row 1 or its technical ids in row 2", _NEXT)
        ((part, module),) = ours
        bound, first_row = _bound(module, heads[part])
        lov = self._grid(by_name[_LOV].part) if _LOV in by_name else {}
        ids = self._grid(by_name[_LOV_IDS].part) if _LOV_IDS in by_name else {}
        culture, version = _said_of(lov, bound)
        words = {
            column.id: Words(column.list, _in_hand(lov, ids, place), culture)
            for place, column in bound.items()
            if column.list or (column.kind == "list" and _in_hand(lov, ids, place))
        }
        hidden = tuple(by_name[name].part for name in (_LOV, _LOV_IDS) if name in by_name)
        return Template(module, culture, version, part, bound, words, first_row, hidden)

    def _head(self, part: str) -> dict[int, dict[int, str]]:
        """The texts of rows 1 to 3, by row and place."""
        top = cells.rows(self.package, part, self.strings, _HEAD_ROWS)
        return {number: {cell.column: clean_lines(cell.text) for cell in found} for number, found in top}

    def _grid(self, part: str) -> dict[int, dict[int, str]]:
        """A hidden sheet by place and row; texts as they stand there."""
        found: dict[int, dict[int, str]] = {}
        count = 0
        for number, row in cells.rows(self.package, part, self.strings):
            count += len(row)
            if count > LISTED_MAX:
                raise parts.too_large("values in hidden lists", LISTED_MAX)
            for cell in row:
                found.setdefault(cell.column, {})[number] = _plain_number(cell)
        return found


_NO_LIST = Words("")


def clean_lines(text: str) -> str:
    """A text line by line, without what nobody sees and without empty lines."""
    return "\n".join(line for each in text.splitlines() if (line := clean(each)))


def _module_of(head: Mapping[int, Mapping[int, str]]) -> Module | None:
    """The module that rows 1 and 2 of a sheet speak of."""
    title = next(iter(head.get(1, {}).values()), "")
    lines = {fold(line) for line in title.split("\n")}
    named = [module for module in modules().values() if fold(module.name) in lines]
    if len(named) == 1:
        return named[0]
    ids = {_known_id(text) for text in head.get(2, {}).values()}
    same = [module for module in modules().values() if ids == module.columns.keys()]
    return same[0] if len(same) == 1 else None


def _bound(module: Module, head: Mapping[int, Mapping[int, str]]) -> tuple[dict[int, Column], int]:
    """Place to column, and the first row of data."""
    ids = {place: _known_id(text) for place, text in head.get(2, {}).items()}
    if any(each in module.columns for each in ids.values()):
        return _by_id(module, ids), FIRST_ROW
    if _has_labels(module, head.get(2, {})):  # row 2 was taken out, and the labels moved up
        return _by_place(module, head[2]), FIRST_ROW - 1
    if any(text.strip("! ") for text in ids.values()):
        _refuse("other technical ids in row 2", "those of the module in row 1", _NEXT)
    return _by_place(module, head.get(3, {})), FIRST_ROW


def _by_id(module: Module, ids: Mapping[int, str]) -> dict[int, Column]:
    named = {place: each for place, each in ids.items() if each.strip("! ")}
    if unknown := [place for place, each in named.items() if each not in module.columns]:
        where = letters_of(unknown[0])
        _refuse(f"a technical id in {where}2 that nobody knows", f"an id of {module.code}", "ask for an update")
    if len(set(named.values())) != len(named):
        _refuse("a technical id twice in row 2", "each once", _NEXT)
    needed = [column.id for column in module.columns.values() if column.required == "yes"]
    if missing := [each for each in needed if each not in named.values()]:
        _refuse(f"no column {missing[0]}", "all columns that are mandatory", _NEXT)
    return {place: module.columns[each] for place, each in sorted(named.items())}


def _by_place(module: Module, labels: Mapping[int, str]) -> dict[int, Column]:
    if not _has_labels(module, labels) or len(labels) != len(module.columns):
        got = f"no technical ids in row 2, and {len(labels)} labels"
        _refuse(got, f"the {len(module.columns)} labels of {module.code} in their order", _NEXT)
    return {column.position: column for column in module.columns.values()}


def _has_labels(module: Module, labels: Mapping[int, str]) -> bool:
    """Whether a row has the labels of a module, each in its place. They only confirm; nothing is found by them."""
    ours = {column.position: fold(column.label) for column in module.columns.values()}
    return {place: fold(text) for place, text in labels.items() if place in ours} == ours


def _known_id(text: str) -> str:
    """A technical id; an edited copy of the genuine file writes those of children in another way."""
    return _CHILD.sub(r"childminding_NewcomerChildren[\1]\2", text)


def _said_of(lov: Mapping[int, Mapping[int, str]], bound: Mapping[int, Column]) -> tuple[str, int | None]:
    """Culture and version, by the first row of ``LOV``."""
    if not lov:
        return ENGLISH, None
    mark, count, version, culture = (clean(lov.get(place, {}).get(1, "")) for place in range(1, 5))
    if mark.casefold() != "info" or not count.isdecimal() or int(count[:9]) != len(bound):
        _refuse("hidden lists of another workbook", f"those of its {len(bound)} columns", _NEXT)
    if culture not in _CULTURES:
        _refuse("another culture in LOV", f"one of {', '.join(_CULTURES)}", "ask for an update")
    return culture, int(version[:9]) if version.isdecimal() else None


def _in_hand(
    lov: Mapping[int, Mapping[int, str]], ids: Mapping[int, Mapping[int, str]], place: int
) -> tuple[Value, ...]:
    """The values of one column of the hidden sheets; rows 1 and 2 are none."""
    own = ids.get(place, {})
    return tuple(
        Value(clean(own.get(number, "")), label) for number, label in lov.get(place, {}).items() if number >= _HEAD_ROWS
    )


def _plain_number(cell: Cell) -> str:
    """A cell of a hidden sheet: ``3.0`` and ``3`` are one number."""
    return (values.number(cell.text) or cell.text) if cell.kind == "number" else cell.text


def _refuse(got: str, expected: str, next_step: str) -> NoReturn:
    raise FileRefused(Why.NOT_A_TEMPLATE, got, expected, next_step)
