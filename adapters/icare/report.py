"""A report to iCARE: one row of a module, as the writer of workbooks takes it.

Program systems 2.5 to 2.10; settled S1, S2. Pure. What a mapping made of a message is looked at column by column: a
list holds what it holds, and a row must not contradict itself (rules V1, V3, V5, V6). Mandatory columns that nobody
fills stay empty: the worker is told of them (settled S6). A row without who the client is, or without its day, is
none (case 19).

Two columns are made here, since no single element says them: how a community activity was held bears the name of the
activity; and a language that iCARE has no label for is left out, which :func:`shortened` tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from adapters.icare import rules, sessions, values
from adapters.icare.layout import Column, Module, modules
from adapters.icare.split import IDENTITY
from adapters.icare.words import Words
from hub.errors import MappingGap, code, shape
from hub.model.canonical import canonical
from hub.model.identifiers import clean
from hub.model.record import Loss, Record

MODULES: Mapping[str, str] = MappingProxyType(  # kind of record to the module that it is a row of
    {"CLIENT_PROFILE": "CLIENT_PROFILE", "NARS_REPORT": "NARS", "IO": "IO", "CC": "CC", "ERS": "ERS"}
)
COMMUNITY = frozenset(sessions.COMMUNITY)  # the codes of service-activity that a module is for
EMPLOYMENT = frozenset({*sessions.LONG, *sessions.SHORT})
OF_THE_SITE = frozenset({"postal_cd", "institution_type_id"})  # the writer of the workbook has them in its settings
_YES_NO = {"1": "Yes", "0": "No"}
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # a BCP 47 tag; every label begins with a capital
_HELD, _ACTIVITY = "community_service_id", "community_activity_id"
_LATER = date.max  # whether a birth date is to come is asked on the day of writing: nothing here knows the day
_ENTER = "enter it at its source; the report is made again then"


def required() -> Mapping[str, Sequence[str]]:
    """Kind of record to the columns without which a row is none: who the client is, and the first day.

    Of two columns that may say the first day, neither is named.
    """
    return {kind: (*IDENTITY, *(own.start if len(own.start) == 1 else ())) for kind, own in _modules()}


def completed() -> Mapping[str, Sequence[str]]:
    """Kind of record to the other columns that iCARE asks for, which a worker fills where nobody says them (S6)."""
    return {
        kind: tuple(
            column.id
            for column in own.columns.values()
            if column.required == "yes" and column.id not in {*IDENTITY, *own.start, *OF_THE_SITE}
        )
        for kind, own in _modules()
    }


def render(record: Record) -> bytes:
    """Write a row.

    Args:
        record: of a kind in ``MODULES``; of a Yes/No column ``1`` and ``0``.

    Returns:
        Canonical JSON ``{"module": code, "fields": {column id: text}}``: words of the lists, days as YYYY-MM-DD, blanks
        left out.

    Raises:
        MappingGap: another kind; a column or word that the module has not; nobody, or no day; a row that contradicts
            itself. It names the column and shows no value but a code.
    """
    if record.kind not in MODULES:
        raise MappingGap(f"icare record kind {record.kind}", "a kind nobody knows", f"one of {', '.join(MODULES)}")
    module = modules()[MODULES[record.kind]]
    fields = {name: _said(module, name, text) for name, text in _whole(record).items()}
    for name in IDENTITY:
        if name not in fields:
            raise _gap(module, name, "nothing", "one of the client's three numbers, and the whole birth date", _ENTER)
    if module.start and fields.keys().isdisjoint(module.start):
        raise _gap(module, module.start[0], "nothing", "the first day", _ENTER)
    for breach in rules.checked(module, fields, _LATER):
        if breach.rule != "V2":
            raise _gap(module, breach.column, breach.got, f"{breach.expected} ({breach.rule})", _ENTER)
    return canonical({"module": module.code, "fields": fields})


def shortened(record: Record) -> Sequence[Loss]:
    """What a row leaves out of a record: languages without a label, and how an activity cannot have been held."""
    if record.kind not in MODULES:
        return ()
    kept = _whole(record)
    return tuple(
        Loss(name, "iCARE has no such form of that activity" if name == _HELD else "iCARE has no label for it")
        for name in record.fields
        if name not in kept
    )


def _modules() -> Sequence[tuple[str, Module]]:
    return [(kind, modules()[code]) for kind, code in MODULES.items()]


def _whole(record: Record) -> dict[str, str]:
    """The fields as the module has them."""
    columns = modules()[MODULES[record.kind]].columns
    told = {name: clean(text) for name, text in record.fields.items()}
    speech = {name for name in told if name in columns and columns[name].list == "language"}
    fields = {name: text for name, text in told.items() if text and not (name in speech and _TAG.fullmatch(text))}
    if _HELD in fields:
        held = f"{fields.get(_ACTIVITY, '')}: {fields.pop(_HELD)}"
        if Words(columns[_HELD].list).read(held):
            fields[_HELD] = held
    return fields


def _said(module: Module, name: str, text: str) -> str:
    column = module.columns.get(name)
    if column is None or name == "processing_details":
        raise MappingGap(f"icare {module.code}", "a column that it has not", "one of the module", "mend the mapping")
    said = _YES_NO.get(text) if column.kind == "yes_no" else text
    if said is None or not _fits(column, said):
        got = shape(text) if column.kind in ("date", "text") else code(text)
        raise _gap(module, name, got, values.EXPECTED[column.kind], "mend the mapping, or the table that it names")
    return said


def _fits(column: Column, text: str) -> bool:
    match column.kind:
        case "date":
            return values.is_day(text)
        case "text":
            return len(text) <= values.TEXT_MAX
        case "number":
            return values.number(text) == text and Words(column.list).read(text) == text
        case _:
            return not column.list or Words(column.list).read(text) == text


def _gap(module: Module, column: str, got: str, expected: str, next_step: str) -> MappingGap:
    return MappingGap(f"icare {module.code}.{column}", got, expected, next_step)
