"""The CMS's records in its own words: views in, ``hub_inbox`` payloads out.

Program systems 5.3 (columns), 9.2 (views, nesting, payload), §10 cases 20, 21 (identifiers). Pure.

- ``parse`` is strict: an unknown column, a value out of its type, a missing mandatory field, or a part that belongs to
  somebody else refuses the record, names the field and shows no value.
- One exception: a consent row that withdraws or declines is never unreadable for another field's sake. What cannot be
  read is left out, and the "no" goes on.
- ``render`` writes the payload: whole numbers and flags as numbers, everything else as text, what is absent left out.

It does not know the hub's codes: a code that nobody knows is the mapping's to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from adapters.cells import flag
from adapters.cms.overrides import declared
from adapters.cms.services import merged, told
from adapters.cms.values import EXPECTED, READERS
from adapters.cms.views import FORMS, IDENTIFIER, KEYS, READ, SAFE_CHANNELS, Form
from hub.errors import MappingGap, RecordUnreadable, shape
from hub.model.canonical import canonical
from hub.model.identifiers import normalise, shape_problem
from hub.model.record import Record

# program systems 5.3, types of client_identifier: the hub's name of the same identifier (§1)
IDENTIFIER_KINDS = MappingProxyType(
    {"UCI": "uci", "TRP": "trp", "IMM": "imm", "HARTS": "harts", "CAMS_PERSON": "eois-cams", "CAMS_PLAN": "eois-plan"}
)


FUNDER_NUMBERS = ("UCI", "TRP", "IMM")  # program systems 2.5: the funder finds nobody by another one
_COLUMN = re.compile(r"[a-z][a-z_]{0,39}")
_NUMBER = re.compile(r"-?[0-9]{1,19}")  # some systems number what they import downwards from -1


def columns() -> Mapping[str, Mapping[str, Any]]:
    """Field names of every kind of record, children nested: what a mapping may name."""
    return {kind: _names(form) for kind, form in FORMS.items()}


def parse(key: str, data: bytes) -> Record:
    """Read one record as ``source`` delivered it.

    Args:
        key: ``referral_out:12``, ``consent:12``, ``plan:12`` …
        data: JSON of the view's row, its children as lists under their names.

    Returns:
        The record; values as text, what is absent or blank left out.

    Raises:
        RecordUnreadable: names key and field, what was got (its shape), what was expected and what to do.
    """
    prefix, number = split(key)
    kind, row = KEYS[prefix].kind, _document(key, data)
    lenient = kind == "CONSENT" and _says_no(row)
    reader = _Reader(key, lenient)
    record = reader.record(kind, READ.get(kind) or FORMS[kind], row)
    if record.get(KEYS[prefix].column) != number:
        raise RecordUnreadable(f"cms {key}", "a row with another key", "the row of that key", "read it again")
    if kind in ("REPORT", "PROFILE"):
        reader.demand_number(record)
    if kind == "REPORT":
        reader.demand_services(record)
        return merged(record)
    if kind == "SERVICE":
        reader.demand_order(record)
        return told(record)
    return declared(key, record) if kind == "OVERRIDE" else record


def render(record: Record) -> bytes:
    """Write a record as the payload of ``hub_inbox`` (canonical JSON, field names of the views).

    Args:
        record: of a kind in :func:`columns`.

    Raises:
        MappingGap: a field that the views do not have, or a text that its column cannot hold.
    """
    if record.kind not in FORMS:
        raise MappingGap(f"cms record kind {record.kind}", "a kind nobody knows", f"one of {', '.join(FORMS)}")
    return canonical(_written(record.kind, FORMS[record.kind], record))


def notice(key: str, code: str, place: str = "") -> bytes:
    """The payload of a notice (refusal, returned, rejected, shortened, review-due): the record's number, a code, where.

    Args:
        place: field, what was got (a code or a shape), what to do; "" where the code says it all.

    Raises:
        RecordUnreadable: the key is none of this system's.
    """
    prefix, number = split(key)
    return canonical({KEYS[prefix].column: int(number), "code": code, **({"place": place} if place else {})})


def recall(message_id: str, code: str, place: str) -> bytes:
    """The payload of a recall: which message of ``hub_inbox`` is to be laid aside. It says nothing of anybody.

    Args:
        place: what to do.
    """
    return canonical({"message_id": message_id, "code": code, "place": place})


def consent_changed(consent_no: str, code: str, place: str) -> bytes:
    """The payload of the word that a consent has changed: this agency's number of it, what became of it, what to do."""
    return canonical({"consent_no": consent_no, "code": code, "place": place})


def split(key: str) -> tuple[str, str]:
    """A record key as prefix and number, ``referral_out:12`` as ``("referral_out", "12")``.

    Raises:
        RecordUnreadable: no such prefix, or no number.
    """
    prefix, _, number = key.partition(":")
    if prefix not in KEYS or not _NUMBER.fullmatch(number):
        raise RecordUnreadable(
            "cms record key", shape(key), f"one of {', '.join(KEYS)}, a colon and a number", "look the key up again"
        )
    return prefix, number


def _document(key: str, data: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RecordUnreadable(f"cms {key}", f"{len(data)} bytes", "JSON", "fetch the record again") from error
    if not isinstance(row, dict):
        raise RecordUnreadable(f"cms {key}", type(row).__name__, "one row as an object", "fetch the record again")
    return row


def _says_no(row: Mapping[str, Any]) -> bool:
    """Whether a consent row withdraws or declines, in whatever shape the rest of it is."""
    withdrawn = row.get("withdrawn_at")
    return (withdrawn is not None and str(withdrawn).strip() != "") or flag(row.get("declined", "")) == "1"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the rows of one record. ``lenient``: what cannot be read is left out instead of refused."""

    key: str
    lenient: bool

    def record(self, kind: str, form: Form, row: Mapping[str, Any]) -> Record:
        fields = self._fields(kind, form, row)
        children = {name: self._children(name, child, row, fields) for name, child in form.children.items()}
        return Record(kind, fields, {name: records for name, records in children.items() if records})

    def _fields(self, kind: str, form: Form, row: Mapping[str, Any]) -> dict[str, str]:
        fields: dict[str, str] = {}
        for name, value in row.items():
            if name in form.children or value is None:
                continue
            column = form.columns.get(name)
            text = READERS[column](value) if column else None
            if text:
                fields[name] = text
            elif text is None and not self.lenient:
                raise self._bad_value(kind, name, column, value)
        for channel, mark in SAFE_CHANNELS.items():
            if channel in fields and fields.get(mark) != "1":
                del fields[channel]
        self._demand(kind, form, fields)
        return fields

    def _demand(self, kind: str, form: Form, fields: Mapping[str, str]) -> None:
        for name in form.required:
            if name not in fields:
                raise self._error(kind, name, "nothing", EXPECTED[form.columns[name]], "fill it in and save the record")
        if form is IDENTIFIER:
            problem = shape_problem(IDENTIFIER_KINDS.get(fields["type"], ""), normalise(fields["value"]))
            if problem:
                raise self._error(
                    kind, "value", problem, "the number on the document", "correct it and save the record"
                )

    def demand_number(self, record: Record) -> None:
        """A funder knows a client by the number of a document and the birth date alone (case 19)."""
        (client,) = record.children["client"]
        numbers = [each for each in client.children.get("identifier", ()) if each.get("type") in FUNDER_NUMBERS]
        if not numbers:
            types = ", ".join(FUNDER_NUMBERS)
            raise self._error(
                "identifier", "type", "no number that the funder knows", f"one of {types}", "enter it when there is one"
            )
        if client.get("birth_date") is None or client.get("birth_date_quality") not in ("E", "D"):
            raise self._error(
                "client",
                "birth_date",
                "no whole date",
                "the birth date on the document",
                "enter it and save the client",
            )

    def demand_services(self, record: Record) -> None:
        """A report is of at least one service."""
        services = record.children.get("service")
        if not services:
            raise self._error(record.kind, "service", "no rows", "one at least", "read it again")
        for service in services:
            self.demand_order(service)

    def demand_order(self, service: Record) -> None:
        """A service does not end before it begins."""
        if (ended := service.get("ended_at")) and ended < (service.get("started_at") or ""):
            raise self._error(service.kind, "ended_at", "a time before the start", "a later one", "correct it and save")

    def _children(self, name: str, form: Form, row: Mapping[str, Any], above: Mapping[str, str]) -> tuple[Record, ...]:
        rows = row.get(name) or []
        if not isinstance(rows, list) or not all(isinstance(child, dict) for child in rows):
            raise self._error(name, "", type(rows).__name__, "a list of rows", "fetch the record again")
        if form.single and len(rows) != 1:
            if self.lenient:  # nobody, or two: the "no" needs neither
                return ()
            raise self._error(name, "", f"{len(rows)} rows", "exactly one", "look at the view and the record's client")
        read = (self._child(name, form, child, above) for child in rows)
        return tuple(child for child in read if child is not None)

    def _child(self, name: str, form: Form, row: Mapping[str, Any], above: Mapping[str, str]) -> Record | None:
        try:
            child = self.record(name, form, row)
            if child.get(form.owner) != above.get(form.owner):  # else one person's data would leave as another's
                raise self._error(name, form.owner, "another number", "that of the record above", "look at the view")
        except RecordUnreadable:
            if self.lenient:
                return None
            raise
        return child

    def _bad_value(self, kind: str, name: str, column: str | None, value: object) -> RecordUnreadable:
        if column is None:
            place = name if _COLUMN.fullmatch(name) else shape(name)
            return self._error(
                kind, place, "a column that the view has not", "the columns of schemas/records/cms.sql", "read it again"
            )
        return self._error(kind, name, shape(value), EXPECTED[column], "correct it and save the record")

    def _error(self, kind: str, name: str, got: str, expected: str, next_step: str) -> RecordUnreadable:
        return RecordUnreadable(f"cms {self.key}: {kind}{'.' if name else ''}{name}", got, expected, next_step)


def _names(form: Form) -> dict[str, Any]:
    names: dict[str, Any] = {"fields": (*form.columns, *form.written)}
    if form.children:
        names["children"] = {name: _names(child) for name, child in form.children.items()}
    return names


def _written(place: str, form: Form, record: Record) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, text in record.fields.items():
        if text != "":
            out[name] = _cell(f"{place}.{name}", form.columns.get(name) or form.written.get(name), text)
    for name, records in record.children.items():
        if name not in form.children:
            raise MappingGap(f"cms {place}.{name}", "a child nobody knows", f"one of {', '.join(form.children)}")
        if records:
            out[name] = _rows(f"{place}.{name}", form.children[name], records)
    return out


def _rows(place: str, form: Form, records: Sequence[Record]) -> list[dict[str, Any]]:
    return [_written(place, form, record) for record in records]


def _cell(place: str, column: str | None, text: str) -> str | int:
    """One value of a payload, held against its column: a mapping may err."""
    if column is None:
        raise MappingGap(
            f"cms {place}", "a field that the views do not have", "a column of the view", "mend the mapping"
        )
    value: str | int = text
    if column in ("int", "flag"):
        value = int(text) if text.isascii() and text.removeprefix("-").isdigit() else text
    if READERS[column](value) in (None, "") or (column == "flag" and value not in (0, 1)):
        raise MappingGap(f"cms {place}", shape(text), EXPECTED[column], "mend the mapping")
    return value
