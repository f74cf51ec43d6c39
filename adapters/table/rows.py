"""Rows of several tables become trees: each record with what is nested below it. Pure.

A tree is what is handed on as JSON: field to text, a cell that is no value of its type as ``{"unread": shape}``, a
child as a list of trees; what is blank is left out. Two rows with one key are no record; a row without a key is a
problem of its table, told by the number of the row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.table.cells import Cell, Forms, Raw, Unread, typed
from adapters.table.schema import PREFIXES, Child, Form, Rows, Schema
from hub.model.identifiers import passes_as_sin

NUMBERS_TOLD = 5  # of rows that a problem names
TWICE = "several rows with one key: expected one; give each row a number of its own"

_DIGIT = re.compile(r"[0-9]")

Tree = dict[str, Any]
Digest = Callable[[str], str]  # text -> keyed digest of the hub's


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in its table.

    Args:
        number: where: the line of a file, the row of a sheet; of a database's table its place in the answer.
        cells: header to what stands there.
        fault: why the row itself cannot be read; then its cells may be another column's.
    """

    number: int
    cells: Mapping[str, Raw]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One record as its tables tell it. ``fault``: why they cannot."""

    form: Form
    number: int
    revision: str = ""
    tree: Tree = field(default_factory=dict)
    fault: str = ""

    def own(self) -> Tree:
        """The row's own words, without what is nested below it."""
        return {name: value for name, value in self.tree.items() if name not in self.form.rows.children}


@dataclass(frozen=True, slots=True)
class Reading:
    """All records of a system, by key in the order in which they are handed on, and what is wrong with tables."""

    records: Mapping[str, Found]
    problems: tuple[str, ...]


def read(schema: Schema, tables: Mapping[str, Sequence[Row]], forms: Forms, digest: Digest) -> Reading:
    """Build the records of a kind.

    Args:
        tables: each table that the schema names, whole.
        digest: makes the key of a record whose own key is personal.
    """
    reader = _Reader(tables, forms)
    records: dict[str, Found] = {}
    problems: list[str] = [*reader.torn(schema)]
    for form in schema.forms.values():
        keyless: list[int] = []
        for row in tables.get(form.rows.table, ()):
            own = reader.typed_row(form.rows, row)
            if not _for_the_hub(form, own):
                continue
            key = key_of(form, _key_text(form, own), digest)
            if not key:
                keyless.append(row.number)
            elif key in records:
                records[key] = Found(form, row.number, fault=TWICE)
            elif row.fault:
                records[key] = Found(form, row.number, fault=row.fault)
            else:
                records[key] = Found(form, row.number, _revision(form, row), reader.tree(form.rows, own))
        if keyless:
            problems.append(f"table {form.rows.table}: {_counted(keyless)} no key that can be read")
    return Reading(records, tuple(problems))


def key_of(form: Form, text: str, digest: Digest) -> str:
    """The source key of a row: what it is and its own number, or a keyed digest of that; "" where it has none.

    A number that passes as a SIN may be one, typed into the wrong field: a key is shown in lists and errors.
    """
    hidden = form.personal or passes_as_sin("".join(_DIGIT.findall(text)))
    return f"{PREFIXES[form.name]}:{digest(text) if hidden else text}" if text else ""


def _key_text(form: Form, own: Mapping[str, Cell]) -> str:
    """The fields of the key with ``+`` between them, which no number has in it; "" where one is none.

    A key is shown in lists and errors. So a word without a digit is none: it may be somebody's name.
    """
    parts = [own.get(name, "") for name in form.key]
    if not all(isinstance(part, str) and part and (form.personal or _DIGIT.search(part)) for part in parts):
        return ""
    return "+".join(str(part) for part in parts)


def _for_the_hub(form: Form, own: Mapping[str, Cell]) -> bool:
    """Whether a row is for the hub. A cell that cannot be read decides nothing: the record is refused for it."""
    return all(
        isinstance(own.get(name, ""), Unread) or own.get(name, "") in words for name, words in form.where.items()
    )


def _revision(form: Form, row: Row) -> str:
    """The row's version as text. One that is blank, or no version, is none."""
    found = typed("text", row.cells.get(form.revision), Forms()) if form.revision else ""
    return found if isinstance(found, str) else ""


class _Reader:
    """Reads each row of a table once, and finds those of a child by what their parent field says."""

    def __init__(self, tables: Mapping[str, Sequence[Row]], forms: Forms) -> None:
        self._tables, self._forms = tables, forms
        self._below: dict[int, dict[str, list[dict[str, Cell]]]] = {}

    def torn(self, schema: Schema) -> Iterable[str]:
        """Rows of tables below others that cannot be told apart into columns."""
        for table in schema.tables():
            wrong = [row.number for row in self._tables.get(table, ()) if row.fault]
            if wrong:
                yield f"table {table}: {_counted(wrong)} cells that do not fit its header"

    def typed_row(self, rows: Rows, row: Row) -> dict[str, Cell]:
        """Every cell that is not blank, by field, those left out that a mark of the row keeps back."""
        found: dict[str, Cell] = {}
        for name, column in rows.columns.items():
            if (cell := typed(column.type, row.cells.get(column.header), self._forms)) != "":
                found[name] = cell
        return {name: cell for name, cell in found.items() if _may_be_read(rows, name, found)}

    def tree(self, rows: Rows, own: Mapping[str, Cell]) -> Tree:
        """A row with its children."""
        tree: Tree = {name: {"unread": cell.got} if isinstance(cell, Unread) else cell for name, cell in own.items()}
        for name, child in rows.children.items():
            above = own.get(child.above, "")
            nested = self._children(child).get(above, ()) if isinstance(above, str) and above else ()
            if nested:
                tree[name] = [self.tree(child.rows, each) for each in nested]
        return tree

    def _children(self, child: Child) -> dict[str, list[dict[str, Cell]]]:
        known = self._below.get(id(child))
        if known is None:
            known = self._below[id(child)] = {}
            for row in self._tables.get(child.rows.table, ()):
                own = {} if row.fault else self.typed_row(child.rows, row)
                parent = own.get(child.parent)
                if isinstance(parent, str):
                    known.setdefault(parent, []).append(own)
        return known


def _may_be_read(rows: Rows, name: str, own: Mapping[str, Cell]) -> bool:
    """Whether the marks of a row let a cell be read. A mark that is in doubt keeps it back."""
    column = rows.columns[name]
    if column.only_if and own.get(column.only_if) != "1":
        return False
    return not column.unless or own.get(column.unless, "0") == "0"


def _counted(numbers: Sequence[int]) -> str:
    """``2 rows (4, 9) have``, the first few by number."""
    told = ", ".join(str(number) for number in numbers[:NUMBERS_TOLD])
    more = ", …" if len(numbers) > NUMBERS_TOLD else ""
    return f"{len(numbers)} {'row' if len(numbers) == 1 else 'rows'} ({told}{more}) with"
