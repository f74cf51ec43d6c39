"""Looking at a system of tables: are the tables there, can their cells be read, can the hub's answers be written?

It changes nothing and shows no value: of a cell that cannot be read the column and the shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from adapters.contract import Finding
from adapters.table.answers import File
from adapters.table.cells import EXPECTED, Forms, Unread, typed
from adapters.table.rows import Row, read
from adapters.table.schema import Rows, Schema, below
from adapters.table.settings import Connection
from adapters.table.tables import Tables
from hub.errors import HubError

SHAPES_TOLD = 3  # of a column whose cells cannot be read


def look(schema: Schema, tables: Tables, connection: Connection, files: Mapping[str, File]) -> list[Finding]:
    """All that there is to say. What cannot be looked at is a finding too."""
    found: list[Finding] = []
    try:
        rows, forms = tables.read()
        found += _tables(schema, rows, forms)
        found.append(_records(schema, rows, forms))
    except HubError as error:
        got = f"{error.got}, expected {error.expected}" if error.expected else error.got
        found.append(Finding(error.where, False, got, error.next_step))
    for table, file in files.items():
        found.append(_answers(f"{schema.kind} answers beside {table}", file))
    takes = "RF_STATUS" in schema.forms
    said = "sends referrals and takes none" + ("; answers stand in the files for answers" if takes else "")
    step = "referrals for its agency need a service with another system of it: hub services add"
    found.append(Finding(f"{schema.kind} {connection.form}", True, said, step))
    return found


def _tables(schema: Schema, tables: Mapping[str, Sequence[Row]], forms: Forms) -> Iterator[Finding]:
    """A finding for each table, and one for each column that has cells of another form."""
    for name in schema.tables():
        place, rows = f"{schema.kind} table {name}", tables[name]
        torn = [row.number for row in rows if row.fault]
        if torn:
            text = f"{len(torn)} rows whose cells do not fit its header, the first in row {torn[0]}"
            yield Finding(place, False, text, "look for a delimiter within a text, and put that text into quotes")
        else:
            yield Finding(place, True, f"{len(rows)} rows")
        for part in {id(part): part for form in schema.forms.values() for part in below(form.rows)}.values():
            if part.table == name:
                yield from _columns(place, part, [row for row in rows if not row.fault], forms)


def _columns(place: str, part: Rows, rows: Sequence[Row], forms: Forms) -> Iterator[Finding]:
    for column in part.columns.values():
        cells = (typed(column.type, row.cells.get(column.header), forms) for row in rows)
        shapes = Counter(cell.got for cell in cells if isinstance(cell, Unread))
        if shapes:
            told = ", ".join(shape for shape, _ in shapes.most_common(SHAPES_TOLD))
            text = f"{shapes.total()} cells are no {column.type}: {told}; expected {EXPECTED[column.type]}"
            step = "set `dates` as the column is written" if column.type in ("date", "time") else "correct them"
            yield Finding(f"{place}, column {column.header}", False, text, step)


def _records(schema: Schema, tables: Mapping[str, Sequence[Row]], forms: Forms) -> Finding:
    found = read(schema, tables, forms, lambda text: text)
    wrong = [*found.problems, *sorted({each.fault for each in found.records.values() if each.fault})]
    counts = Counter(each.form.name for each in found.records.values())
    text = ", ".join(f"{counts[name]} {name}" for name in schema.forms) or "no records"
    place = f"{schema.kind} records"
    return Finding(place, False, "; ".join(wrong), "correct these rows") if wrong else Finding(place, True, text)


def _answers(place: str, file: File) -> Finding:
    try:
        file.reach()
    except HubError as error:
        return Finding(place, False, error.got, error.next_step)
    return Finding(place, True, "can be written")
