"""Records of a kind of tables: trees of ``rows`` in, words for the agency out. Pure; what there is says the schema.

- ``parse`` is strict: an unknown field, a cell that is no value of its type, a required one that is blank, or another
  number of clients than one refuses the record, names the field and shows no value.
- One exception, as everywhere: a consent that withdraws or declines is never unreadable for another field's sake.
- ``render`` writes what came of a referral that this system sent: its own number and the answer in its own words. That
  is all that a system of tables takes; it has no place for a referral.

It does not know the hub's codes: a code that nobody knows is the mapping's to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from adapters.table.cells import EXPECTED
from adapters.table.schema import PREFIXES, Rows, Schema
from hub.errors import MappingGap, RecordUnreadable, shape
from hub.model.canonical import canonical
from hub.model.record import Record

OWN_NUMBER = "own_number"  # the field in which the hub puts the number of the referral that an answer is about
STATUS = "RF_STATUS"

_KEY = re.compile(r"([a-z]+):[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MEND = "correct it in the table"


def columns(schema: Schema) -> Mapping[str, Mapping[str, Any]]:
    """Field names of every kind of record, children nested: what a mapping may name."""
    return {name: _names(form.rows) for name, form in schema.forms.items()}


def parse(schema: Schema, key: str, data: bytes) -> Record:
    """Read one record as ``source`` delivered it.

    Args:
        key: ``request:A-12``, ``answer:7`` or ``consent:C-3``.
        data: JSON of its tree.

    Returns:
        The record; values as text, what is blank left out.

    Raises:
        RecordUnreadable: names key and field, what was got (a shape), what was expected and what to do.
    """
    found = _KEY.fullmatch(key)
    form = next((form for form in schema.forms.values() if found and PREFIXES[form.name] == found[1]), None)
    if form is None:
        expected = f"one of {', '.join(PREFIXES.values())}, a colon and a number"
        raise RecordUnreadable(f"{schema.kind} record key", shape(key), expected, "look the key up again")
    try:
        tree = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RecordUnreadable(f"{schema.kind} {key}", f"{len(data)} bytes", "JSON", "read it again") from error
    if not isinstance(tree, dict):
        raise RecordUnreadable(f"{schema.kind} {key}", f"a {type(tree).__name__}", "one row", "read it again")
    lenient = form.event == "consent" and _says_no(tree)
    return _Reader(f"{schema.kind} {key}", lenient).record(form.name, "", form.rows, tree)


def render(schema: Schema, record: Record) -> bytes:
    """Write an answer to a referral of this system as a line of its answers will say it.

    Returns:
        Canonical JSON ``{"fields": {…}, "own": number}``.

    Raises:
        MappingGap: another kind of record, or one without the number of the referral.
    """
    if record.kind != STATUS or not record.get(OWN_NUMBER):
        got = f"a record of kind {record.kind}" if record.kind != STATUS else "an answer to no referral of this system"
        raise MappingGap(f"{schema.kind} answers", got, "the answer to a referral that it sent", "tell the maintainers")
    fields = {name: text for name, text in record.fields.items() if name != OWN_NUMBER}
    return canonical({"own": record.fields[OWN_NUMBER], "fields": fields})


def notice(key: str, code: str, place: str = "") -> bytes:
    """A word of the hub's about a record: its key, a code, and where it is wrong."""
    return canonical({"key": key, "code": code, "place": place})


def _names(rows: Rows) -> dict[str, Any]:
    names: dict[str, Any] = {"fields": tuple(rows.columns)}
    if rows.children:
        names["children"] = {name: _names(child.rows) for name, child in rows.children.items()}
    return names


def _says_no(tree: Mapping[str, Any]) -> bool:
    """Whether a consent withdraws or declines, in whatever shape the rest of it is."""
    return bool(tree.get("withdrawn_at")) or tree.get("declined") == "1"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the trees of one record. ``lenient``: what cannot be read is left out instead of refused."""

    where: str
    lenient: bool

    def record(self, kind: str, path: str, rows: Rows, tree: Mapping[str, Any]) -> Record:
        fields: dict[str, str] = {}
        for name, value in tree.items():
            if name in rows.children:
                continue
            column = rows.columns.get(name)
            if column is not None and isinstance(value, str):
                fields[name] = value
            elif not self.lenient:
                got = str(value.get("unread")) if isinstance(value, dict) else f"a {type(value).__name__}"
                place = name if _FIELD.fullmatch(name) else shape(name)
                expected = EXPECTED[column.type] if column else "a column of the kind's records.toml"
                raise self._bad(path + place, got, expected, _MEND)
        for name, column in rows.columns.items():
            if column.required and name not in fields and not self.lenient:
                raise self._bad(path + name, "nothing", EXPECTED[column.type], "fill it in")
        children = {name: self._children(path, name, rows, tree) for name in rows.children}
        return Record(kind, fields, {name: below for name, below in children.items() if below})

    def _children(self, path: str, name: str, rows: Rows, tree: Mapping[str, Any]) -> tuple[Record, ...]:
        child, found = rows.children[name], tree.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._bad(path + name, f"a {type(found).__name__}", "rows", "read it again")
        if child.one and len(found) != 1:
            if self.lenient:  # nobody, or two: the "no" needs neither
                return ()
            parent, above = child.rows.columns[child.parent].header, rows.columns[child.above].header
            step = f"look at table {child.rows.table}: one row whose {parent} is this row's {above}"
            raise self._bad(path + name, f"{len(found)} rows", "exactly one", step)
        return tuple(self.record(name, f"{path}{name}.", child.rows, each) for each in found)

    def _bad(self, place: str, got: str, expected: str, next_step: str) -> RecordUnreadable:
        return RecordUnreadable(f"{self.where}: {place}", got, expected, next_step)
