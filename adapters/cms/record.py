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
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

from adapters.cells import flag
from adapters.cms.values import EXPECTED, READERS
from hub.errors import MappingGap, RecordUnreadable, shape
from hub.model.canonical import canonical
from hub.model.identifiers import normalise, shape_problem
from hub.model.record import Record


def _table(columns: str) -> Mapping[str, str]:
    """``"client_id:int file_no"`` as column to type; text where none is said."""
    pairs = (column.partition(":") for column in columns.split())
    return MappingProxyType({name: kind or "text" for name, _, kind in pairs})


# The one table of columns: what the adapter reads of each view, row_version apart (it is the revision, never content).
VIEWS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "v_hub_client": _table(
            "client_id:int file_no:id last_name first_name preferred_name birth_date:date birth_date_quality gender"
            " status_in_canada status_date:date arrival_date:date country_of_origin home_language service_language"
            " official_language interpreter_needed:flag phone phone_safe:flag email email_safe:flag address_line unit"
            " city province postal_code merged_into_client_id:int deceased_date:date"
        ),
        "v_hub_identifier": _table("identifier_id:int client_id:int type value"),
        "v_hub_language": _table(
            "language_id:int client_id:int assessed_on:date kind tool listening speaking reading writing centre_site"
            " assessor"
        ),
        "v_hub_consent": _table(
            "consent_id:int client_id:int form_id given_by authority_kind capacity_basis form valid_from:date"
            " expires_on:date recipient_org purposes categories onward_orgs text_version notice_version language"
            " client_reads interpreter_kind explained not_condition:flag condition_reason captured_by"
            " captured_at:timestamp signed_on:date evidence_ref receipt_at:timestamp receipt_channel verbal_note:prose"
            " declined:flag lifts withdrawn_at:anything withdrawn_how"
        ),
        "v_hub_case": _table("case_id:int program status"),
        "v_hub_referral_out": _table(
            "referral_id:int client_id:int case_id:int to_org service_wanted urgency reason_code reason_text:prose"
            " consent_id:int sent_at:timestamp status status_at:timestamp worker"
        ),
        "v_hub_referral_in": _table(
            "referral_id:int hub_referral_no status status_reason status_at:timestamp appointment_at:timestamp worker"
        ),
    }
)

SAFE_CHANNELS = MappingProxyType({"phone": "phone_safe", "email": "email_safe"})  # not marked safe: not read (S11)

# program systems 5.3, types of client_identifier: the hub's name of the same identifier (§1)
IDENTIFIER_KINDS = MappingProxyType(
    {"UCI": "uci", "TRP": "trp", "IMM": "imm", "HARTS": "harts", "CAMS_PERSON": "eois-cams", "CAMS_PLAN": "eois-plan"}
)


@dataclass(frozen=True, slots=True)
class Form:
    """What a record of one kind is made of.

    Args:
        columns: column to type.
        required: columns without which the record cannot be understood.
        written: columns that only ``render`` writes: the hub's own words in a payload.
        children: child name to its form.
        owner: column in which a child names the record above it.
        single: exactly one child of this form is expected.
    """

    columns: Mapping[str, str]
    required: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, Form] = field(default_factory=dict)
    owner: str = ""
    single: bool = False


def _client(**children: Form) -> Form:
    return Form(VIEWS["v_hub_client"], ("client_id", "last_name"), children=children, owner="client_id", single=True)


IDENTIFIER = Form(VIEWS["v_hub_identifier"], ("identifier_id", "client_id", "type", "value"), owner="client_id")
LANGUAGE = Form(
    VIEWS["v_hub_language"],
    ("language_id", "client_id", "assessed_on", "kind", "listening", "speaking", "reading", "writing"),
    owner="client_id",
)
CASE = Form(VIEWS["v_hub_case"], ("case_id", "program", "status"), owner="case_id", single=True)

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "RF_REQUEST": Form(
            VIEWS["v_hub_referral_out"],
            (
                "referral_id", "client_id", "case_id", "to_org", "service_wanted", "reason_code", "status", "status_at",
            ),
            written=_table("from_org hub_referral_no"),
            children={"client": _client(identifier=IDENTIFIER, language=LANGUAGE), "case": CASE},
        ),
        "RF_STATUS": Form(
            VIEWS["v_hub_referral_in"],
            ("referral_id", "hub_referral_no", "status", "status_at"),
            children={"language": LANGUAGE},  # results that came with an answer: written, never in the view
        ),
        "CONSENT": Form(
            VIEWS["v_hub_consent"], ("consent_id",), children={"client": _client(identifier=IDENTIFIER)}
        ),
    }
)  # fmt: skip

PREFIXES = MappingProxyType({"referral_out": "RF_REQUEST", "referral_in": "RF_STATUS", "consent": "CONSENT"})
_COLUMN = re.compile(r"[a-z][a-z_]{0,39}")
_NUMBER = re.compile(r"-?[0-9]{1,19}")  # some systems number what they import downwards from -1
_KEY_COLUMNS = MappingProxyType({"referral_out": "referral_id", "referral_in": "referral_id", "consent": "consent_id"})


def columns() -> Mapping[str, Mapping[str, Any]]:
    """Field names of every kind of record, children nested: what a mapping may name."""
    return {kind: _names(form) for kind, form in FORMS.items()}


def parse(key: str, data: bytes) -> Record:
    """Read one record as ``source`` delivered it.

    Args:
        key: ``referral_out:12``, ``referral_in:12`` or ``consent:12``.
        data: JSON of the view's row, its children as lists under their names.

    Returns:
        The record; values as text, what is absent or blank left out.

    Raises:
        RecordUnreadable: names key and field, what was got (its shape), what was expected and what to do.
    """
    prefix, number = split(key)
    kind, row = PREFIXES[prefix], _document(key, data)
    lenient = kind == "CONSENT" and _says_no(row)
    record = _Reader(key, lenient).record(kind, FORMS[kind], row)
    if record.get(_KEY_COLUMNS[prefix]) != number:
        raise RecordUnreadable(f"cms {key}", "a row with another key", "the row of that key", "read it again")
    return record


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
    """The payload of a notice (refusal, returned, rejected, shortened): the record's own number, a code, and where.

    Args:
        place: field, what was got (a code or a shape), what to do; "" where the code says it all.

    Raises:
        RecordUnreadable: the key is none of this system's.
    """
    prefix, number = split(key)
    return canonical({_KEY_COLUMNS[prefix]: int(number), "code": code, **({"place": place} if place else {})})


def split(key: str) -> tuple[str, str]:
    """A record key as prefix and number, ``referral_out:12`` as ``("referral_out", "12")``.

    Raises:
        RecordUnreadable: no such prefix, or no number.
    """
    prefix, _, number = key.partition(":")
    if prefix not in PREFIXES or not _NUMBER.fullmatch(number):
        raise RecordUnreadable(
            "cms record key", shape(key), f"one of {', '.join(PREFIXES)}, a colon and a number", "look the key up again"
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
