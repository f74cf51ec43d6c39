"""An iCARE record in its own words: one referral that a row of a needs assessment tells of, with the client's profile.
What is written is another: one row of a module (``report``), which no workbook of an agency's own is read as.

Program systems 2.5 to 2.7; settled S1, S9. Pure. A row of NARS says of 21 needs whether a referral was made, so it
makes as many messages as it has flags that say Yes; each carries what identifies the client, when and in which
language the assessment was, and that one need. It never carries another need, nor what is said of support and of
plans.

- The source key is ``file/row/flag``: the flag's column id tells the messages of one row apart (S12 has file and row).
- ``referral_no`` is the number under which the agency's side knows the referral, the same wherever it is said again
  (``statements``).
- A flag names no recipient: where it leads is the agency's own table of routes.
- The profile is the client's row in the same month's Client Profile, where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from adapters.icare import report
from adapters.icare.layout import Referral, modules, referrals
from hub.errors import RecordUnreadable, shape
from hub.model.record import Record

KIND = "NARS"
PROFILE = "profile"
PROFILE_MODULE = "CLIENT_PROFILE"
FLAG, NUMBER = "flag", "referral_no"  # fields that are no columns of the workbook
NO_FACT = "processing_details"
_ASSESSMENT = (  # what a row says of the client and of the assessment, whichever need it is
    "client_validation_type_id",
    "client_validation_id",
    "client_birth_dt",
    "postal_cd",
    "assessment_start_dt",
    "assessment_language_id",
    "preferred_official_language_id",
    "institution_type_id",
    "assessment_referral_id",
    "assessment_completed_dt",
)
_NEEDED = _ASSESSMENT[:3]
_FLAGS = {"Yes": "1", "No": "0"}
_NUMBER = re.compile(r"[A-Z2-7]{12}")
_KEY = re.compile(r"([A-Za-z0-9_.-]{1,80})/([1-9][0-9]{0,6})/([A-Za-z_]{1,60})")


def columns() -> Mapping[str, Mapping[str, Any]]:
    """Field names of each kind of record, children nested: what a mapping may name."""
    own, below = (_facts(code) for code in (KIND, PROFILE_MODULE))
    read = {KIND: {"fields": (*own, FLAG, NUMBER), "children": {PROFILE: {"fields": below}}}}
    return read | {kind: {"fields": _facts(code)} for kind, code in report.MODULES.items()}


def carried(referral: Referral) -> tuple[str, ...]:
    """The columns that a message about one need carries."""
    return (*_ASSESSMENT, *referral.columns)


def parse(key: str, data: bytes) -> Record:
    """Read one referral, as the file layer hands it over.

    Args:
        key: ``file/row/flag``.
        data: JSON ``{"fields": {…}, "referral_no": "…", "profile": {…}, "faults": [[place, got, expected], …]}``; the
            last two may be absent.

    Raises:
        RecordUnreadable: names key and column, what was got (a code or a shape), what was expected and what to do.
    """
    found = _KEY.fullmatch(key)
    referral = referrals().get(found[3]) if found else None
    if referral is None:
        raise RecordUnreadable("icare record key", shape(key), "file/row/flag", "look the key up again")
    document = _document(key, data)
    for place, got, expected in document.get("faults", ()):
        raise RecordUnreadable(
            f"icare {key}: {place}", got, expected, "correct it and hand in a workbook of a new name"
        )
    fields = _fields(key, document.get("fields"), carried(referral))
    for name in _NEEDED:
        if name not in fields:
            raise _bad(key, name, "nothing", "who the client is")
    if fields.get(referral.flag) != "Yes":
        raise _bad(key, referral.flag, "no referral", "Yes")
    children = {}
    if (told := document.get(PROFILE)) is not None:
        children[PROFILE] = (Record(PROFILE, _flagged(PROFILE_MODULE, _fields(key, told, _facts(PROFILE_MODULE)))),)
    number = document.get(NUMBER)
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise _bad(key, NUMBER, shape(number), "12 characters of base32")
    return Record(KIND, {**_flagged(KIND, fields), FLAG: referral.flag, NUMBER: number}, children)


def _flagged(module: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields, Yes and No of a column as every record says them: ``1`` and ``0``."""
    columns = modules()[module].columns
    return {name: _FLAGS.get(text, text) if columns[name].kind == "yes_no" else text for name, text in fields.items()}


def _facts(module: str) -> tuple[str, ...]:
    return tuple(name for name in modules()[module].columns if name != NO_FACT)


def _document(key: str, data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _bad(key, "", f"{len(data)} bytes", "JSON") from error
    if not isinstance(document, dict) or not isinstance(document.get("faults", []), list):
        raise _bad(key, "", type(document).__name__, "one row")
    if not all(isinstance(fault, list) and list(map(type, fault)) == [str] * 3 for fault in document.get("faults", [])):
        raise _bad(key, "", "another kind of fault", "place, got and expected")
    return document


def _fields(key: str, row: object, known: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(row, dict) or not all(name in known and isinstance(text, str) for name, text in row.items()):
        raise _bad(key, "", type(row).__name__, "columns of that record as text")
    return {name: text for name, text in row.items() if text}


def _bad(key: str, field: str, got: str, expected: str) -> RecordUnreadable:
    return RecordUnreadable(f"icare {key}{': ' if field else ''}{field}", got, expected, "fetch the record again")
