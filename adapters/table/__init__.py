"""Kinds of tables: a card for each, made from the kind's ``records.toml``. It says what there is, and does nothing.

Program systems 9.1 has four kinds with an adapter each; this is the one for all systems that show their records as CSV
files, a workbook or tables of a database. A kind is a folder ``mappings/<kind>/`` of data; there is no code for it.
"""

from __future__ import annotations

from functools import partial

from adapters import pairs
from adapters.contract import Adapter, RecordKind
from adapters.table import record, source
from adapters.table.schema import FILE, Form, read_schema

__all__ = ["FILE", "card"]


def card(kind: str, data: bytes) -> Adapter:
    """The card of a kind of tables.

    Args:
        kind: the name of its folder.
        data: its ``records.toml``.

    Raises:
        Refused: the first thing that is wrong with it.
    """
    schema = read_schema(kind, data)
    return Adapter(
        kind=kind,
        connect=partial(source.connect, schema),
        parse=partial(record.parse, schema),
        render=partial(record.render, schema) if record.STATUS in schema.forms else None,
        notice=record.notice,
        records=tuple(_kind(form) for form in schema.forms.values()),
        columns=partial(record.columns, schema),
        functions=pairs.FUNCTIONS,
        answers=True,
        living=True,
    )


def _kind(form: Form) -> RecordKind:
    if form.name == record.STATUS:
        return RecordKind(form.name, form.event, parcel=source.REFERRAL_STATUS, own=record.OWN_NUMBER)
    consent = "consent_no" if form.event == "referral" and "consent_no" in form.rows.columns else ""
    return RecordKind(form.name, form.event, consent=consent)
