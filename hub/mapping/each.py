"""``each``: for what an instance of a block stands. Compiles the word to the rows that the block is written out for.

    each = { child = "client" }             a child record
    each = { columns = "skills" }           a filled column of the record; the table has a row for each, under ``field``
    each = { flags = "needs" }              a row of a table that names several fields of the record; cells may be empty
    each = { numbered = "n", to = 5 }       a group of fields whose names hold ``{n}``: 1, 2 … 5

``child`` may stand beside any of the others. A row's cells stand in the place of ``@name`` in the block's lines; of a
line that names an empty cell there is none in that row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import Refused

TO_MAX = 99
_KINDS = ("columns", "flags", "numbered")
_FORM = 'each = { child = "…" }, { columns = "…" }, { flags = "…" } or { numbered = "n", to = 5 }'
_NAME = re.compile(r"[a-z]+")

Cells = Mapping[str, str]
Refuse = Callable[[str, str, str], Refused]


@dataclass(frozen=True, slots=True)
class Row:
    """A row that a block is written out for.

    Args:
        place: of the rows the first, second …; such a block has one instance a record. 0: the block names no rows.
        numbered: the row is a number, which stands in names.
    """

    cells: Cells
    place: int = 0
    numbered: bool = False

    @property
    def follows(self) -> bool:
        """It is a number with others before it."""
        return self.numbered and self.place > 1

    def filled(self, value: Any, refuse: Refuse) -> Any:
        """A word's value with this row's cells in the place of ``@name``, or its number in that of ``{n}``.

        Returns:
            None: an empty cell was named; the line does not exist in this row.

        Raises:
            Refused: no such cell.
        """
        if isinstance(value, list):
            parts = [self.filled(part, refuse) for part in value]
            return None if None in parts else parts
        if isinstance(value, dict):
            pairs = [(self.filled(key, refuse), self.filled(part, refuse)) for key, part in value.items()]
            return None if any(None in pair for pair in pairs) else dict(pairs)
        if not isinstance(value, str):
            return value
        if self.numbered:
            for name, cell in self.cells.items():
                value = value.replace(f"{{{name}}}", cell)
            return value
        if not value.startswith("@"):
            return value
        if value[1:] not in self.cells:
            known = ", ".join(self.cells) or "a block with `columns` or `flags` in its `each`"
            raise refuse(f"`{value}`", known, "mend the name")
        return self.cells[value[1:]] or None


@dataclass(frozen=True, slots=True)
class Each:
    """For what the instances of a block stand.

    Args:
        child: the path of the child record; () is the record itself.
        rows: the rows that the block is written out for; one without cells where the word names none.
        table: the rows are a table's, each of which must be found again by what it holds.
    """

    child: tuple[str, ...] = ()
    rows: tuple[Row, ...] = (Row({}),)
    table: bool = False


def compile_each(
    each: Mapping[str, Any] | None,
    *,
    whole: bool,
    table: Callable[[str, bool], tuple[Cells, ...]],
    refuse: Refuse,
) -> Each:
    """Read the word.

    Args:
        whole: the block is a resource, not an element of one.
        table: the rows of a table by its name, and whether their cells may be empty.

    Raises:
        Refused: another form, or ``columns`` of a whole resource.
    """
    if each is None:
        return Each()
    kinds = [kind for kind in _KINDS if kind in each]
    known = {"child", *kinds, *(("to",) if kinds == ["numbered"] else ())}
    if not each or len(kinds) > 1 or not set(each) <= known:
        raise refuse("another word", _FORM, "mend it")
    child = each.get("child", "")
    if not isinstance(child, str):
        raise refuse("a child that is no name", _FORM, "mend it")
    path = tuple(child.split(".")) if child else ()
    if not kinds:
        return Each(path)
    if kinds == ["numbered"]:
        return Each(path, _numbers(each, refuse))
    name = each[kinds[0]]
    if not isinstance(name, str) or (kinds == ["columns"] and whole):
        raise refuse(f"`{kinds[0]}` of a whole resource", "`inside` beside them, or `flags`", "mend the block")
    rows = table(name, kinds == ["flags"])
    return Each(path, tuple(Row(cells, place) for place, cells in enumerate(rows, start=1)), table=True)


def _numbers(each: Mapping[str, Any], refuse: Refuse) -> tuple[Row, ...]:
    name, last = each["numbered"], each.get("to")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or type(last) is not int or not 1 <= last <= TO_MAX:
        raise refuse("another word", f'numbered = "n", to = 1 … {TO_MAX}', "mend it")
    return tuple(Row({name: str(number)}, number, numbered=True) for number in range(1, last + 1))
