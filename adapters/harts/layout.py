"""The lines of HARTS files: a line into fields, and fields into a line. The columns are data.

Program systems 9.4 (``schemas/records/harts.csv``) and §10, cases 16 (too long), 18 (outside Windows-1252), 46 (encode,
then pad). It opens no file but that table, knows no code list, and does not see how lines belong together (``rules``).

- What a line says comes as text by lower-case field name; what is blank is left out. A wrong value is a fault of its
  line, which names the field and shows no value; the other fields are read all the same.
- A line that deletes (``D``) needs its key and nothing else: what else stands there is read where it can be.
- Nothing is cut here and no sign is ever replaced by another.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from adapters.harts.values import ENCODING, EXPECTED, READERS, RIGHT, WRITERS, Reader, got
from hub.errors import MappingGap, code, shape

TABLE = Path(__file__).parents[2] / "schemas" / "records" / "harts.csv"
DELETED = "D"
CHANGED = "U"
_NAMES_A_CLIENT = frozenset({"local_key", "harts_no"})
_ACTIONS = frozenset("AUD")  # new, changed, deleted
_FRAME = frozenset({"record", "action", "filler"})  # what a line is, and no field of it
_NEXT = "correct it and send the line in a new file"


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record.

    Args:
        name: as §9.4 writes it; in ``fields`` it is lower case.
        first: its first column, from 1; ``last`` is within.
        kind: a key of :data:`adapters.harts.values.READERS`, or ``record``, ``action``.
        need: ``key`` (always), ``yes`` (unless the line deletes) or ``""``.
    """

    record: str
    name: str
    first: int
    last: int
    kind: str
    need: str

    @property
    def width(self) -> int:
        """Bytes, and characters."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Form:
    """What a line of one record type is made of; ``columns`` by lower-case name, in their order.

    Args:
        actions: what may stand in its third column.
        needed: fields without which a line says nothing; ``keys`` those of a line that deletes.
    """

    record: str
    length: int
    actions: frozenset[str]
    columns: Mapping[str, Column]
    cells: tuple[tuple[str, int, int, Reader], ...]  # of each field: name, slice, reader
    needed: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong on a line: where, what was got (a code or a shape), what was expected, what to do.

    Args:
        line: its number in the file; HD is 1.
        field: as §9.4 writes it, or "" where it is the line itself.
        code: ``DN_SCHEMA``, or a rule of §4.7 (``H1`` …), ``W01``, or a reason code of the consent rules.
    """

    line: int
    record: str
    field: str
    code: str
    got: str
    expected: str
    next_step: str = _NEXT

    def text(self) -> str:
        """One sentence for a person; it holds no value."""
        place = f"line {self.line}: {self.record}{'.' if self.field else ''}{self.field}"
        return f"{place}: {self.code}, got {self.got}, expected {self.expected}; {self.next_step}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read.

    Args:
        number: from 1, which is the header.
        action: ``A``, ``U``, ``D``, or "" where it is none of them.
        fields: lower-case name to text: all that could be read, also where there are faults.
        again: it says ``A`` of what was there already, and counts as ``U`` (program systems 9.4, ``W02``).
    """

    number: int
    record: str
    action: str
    fields: Mapping[str, str]
    faults: tuple[Fault, ...] = ()
    again: bool = False


@cache
def layout() -> Mapping[str, Form]:
    """The nine record types, HD and TR, read once."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        columns = [
            Column(row["record"], row["field"], int(row["first"]), int(row["last"]), row["type"], row["required"])
            for row in csv.DictReader(file)
        ]
    by_record = groupby(columns, lambda column: column.record)
    return MappingProxyType({record: _form(record, tuple(own)) for record, own in by_record})


def names(record: str) -> tuple[str, ...]:
    """The lower-case field names of a record type, in their order."""
    return tuple(name for name, *_ in layout()[record].cells)


def cut(number: int, text: str) -> Line:
    """Read one line.

    Args:
        number: its place in the file.
        text: decoded, without its line end; of a known type and that type's length.
    """
    form, action = layout()[text[:2]], text[2]
    fields: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, start, stop, read in form.cells:
        cell = text[start:stop]
        if cell.strip(" "):
            value = read(cell)
            if value:
                fields[name] = value
            elif value is None:
                wrong[name] = cell
    needed = _needed(form, action, fields.keys() | wrong.keys())
    if not wrong and action in form.actions and all(name in fields for name in needed):
        return Line(number, form.record, action.strip(), fields)
    faults = _faults(number, form, action, fields, wrong)
    return Line(number, form.record, action.strip() if action in form.actions else "", fields, faults)


def fill(record: str, action: str, fields: Mapping[str, str]) -> str:
    """Write one line, without its line end: each value encoded, then padded.

    Args:
        record: a key of :func:`layout`.
        action: ``A``, ``U`` or ``D``; a space for HD and TR.
        fields: lower-case name to text, as :func:`cut` gives it.

    Raises:
        MappingGap: a field that the record has not or needs, a value that is none of its kind, is too long, or holds
            a sign outside Windows-1252. It names record and field and shows the shape alone.
    """
    if record not in layout() or action not in layout()[record].actions:
        raise MappingGap("harts line", f"{code(record)} and {code(action)}", "a record type and A, U or D", "mend it")
    form = layout()[record]
    if unknown := sorted(fields.keys() - form.columns.keys()):
        raise MappingGap(f"harts {record}", f"a field {unknown[0]}", "one that the record has", "mend the mapping")
    for name in _needed(form, action, {name for name, text in fields.items() if text}):
        if not fields.get(name):
            raise _gap(form.columns[name], "nothing", EXPECTED[form.columns[name].kind], "it cannot be sent without")
    cells = [
        _cell(form.columns[name], value) if (value := fields.get(name)) else " " * (stop - start)
        for name, start, stop, _ in form.cells
    ]
    return "".join((record, action, *cells))


def _form(record: str, columns: tuple[Column, ...]) -> Form:
    own = [column for column in columns if column.kind not in _FRAME]
    return Form(
        record,
        columns[-1].last,
        frozenset(" ") if columns[1].kind == "filler" else _ACTIONS,
        MappingProxyType({column.name.lower(): column for column in own}),
        tuple((column.name.lower(), column.first - 1, column.last, READERS[column.kind]) for column in own),
        tuple(column.name.lower() for column in own if column.need),
        tuple(column.name.lower() for column in own if column.need == "key"),
    )


def _needed(form: Form, action: str, there: Set[str]) -> tuple[str, ...]:
    """The fields without which a line cannot be. A CL that changes nothing and only names its client needs no other."""
    if form.record == "CL" and action == CHANGED and there <= _NAMES_A_CLIENT:
        return ()
    return form.keys if action == DELETED else form.needed


def _faults(
    number: int, form: Form, action: str, fields: Mapping[str, str], wrong: Mapping[str, str]
) -> tuple[Fault, ...]:
    """The faults of a line that has some, in the order of its columns."""
    needed = _needed(form, action, fields.keys() | wrong.keys())
    faults = []
    if action not in form.actions:
        place, expected = ("ACTION", "A, U or D") if form.actions is _ACTIONS else ("FILLER", "a space")
        seen = code(action) if action.strip() else "nothing"
        faults.append(Fault(number, form.record, place, "DN_SCHEMA", seen, expected))
    for name, column in form.columns.items():
        if name in wrong and (name in needed or action != DELETED):
            seen = got(column.kind, wrong[name])
        elif name in needed and name not in fields:
            seen = "nothing"
        else:
            continue
        rule = "H3" if column.kind == "level" and seen == "nothing" and form.record == "AS" else "DN_SCHEMA"
        faults.append(Fault(number, form.record, column.name, rule, seen, EXPECTED[column.kind]))
    return tuple(faults)


def _cell(column: Column, value: str) -> str:
    cell = WRITERS[column.kind](value)
    if cell is None or (column.need and not cell):
        raise _gap(column, shape(value), EXPECTED[column.kind], "mend the mapping")
    try:
        length = len(cell.encode(ENCODING))
    except UnicodeEncodeError:
        raise _gap(column, shape(value), "signs of Windows-1252", "write it in Latin letters at the source") from None
    if length > column.width:
        raise _gap(column, f"{length} characters", f"{column.width} at most", "shorten it at the source")
    whole = cell.zfill(column.width) if column.kind in RIGHT else cell.ljust(column.width)
    if cell and READERS[column.kind](whole) is None:
        raise _gap(column, shape(value), EXPECTED[column.kind], "mend the mapping")
    return whole


def _gap(column: Column, seen: str, expected: str, next_step: str) -> MappingGap:
    return MappingGap(f"harts {column.record}.{column.name}", seen, expected, next_step)
