"""Scopes of SMART (App Launch 2.2, section Scopes): what a client asks for, and the part of it that it gets. Pure.

A scope of ours is ``system/Type.letters`` with the letters of ``cruds`` in their order. Of what is asked for, that is
granted which there is; what is unknown, of a person (``user/``, ``patient/``), narrowed by a query, or
``launch/patient`` is left out, never widened to something near it. The older ``.read``, ``.write`` and ``.*``, and the
type ``*``, are read as the letters and types that they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

# settled S52; shared-model §12. A letter that no route needs is not offered.
OFFERED: Mapping[str, str] = MappingProxyType(
    {
        "AuditEvent": "rs",  # disclosures
        "Bundle": "cru",  # process a message; list and open; acknowledge
        "Consent": "crus",  # file; decide, read; revoke; search
        "HealthcareService": "rs",
        "Organization": "rs",
        "Patient": "rs",  # read; search, match and pix
        "ServiceRequest": "rs",
        "Task": "rus",
    }
)
ASKED_MAX = 2048  # characters of a scope parameter; all of ours have some 200
_FORM = re.compile(r"system/([A-Za-z]+|\*)\.([a-z]+|\*)")
_ORDER = re.compile(r"c?r?u?d?s?")  # SMART: letters in this order, else the scope is none
_OLDER = {"read": "rs", "write": "cud", "*": "cruds"}


def granted(asked: str) -> str:
    """The scopes of ours that a scope parameter asks for, in one spelling; "" where nothing is left."""
    found: dict[str, set[str]] = {}
    for word in asked.split(" "):
        for kind, letters in _read(word):
            found.setdefault(kind, set()).update(letters)
    return " ".join(offered(kind, letters) for kind, letters in sorted(found.items()) if letters)


def offered(kind: str, letters: Iterable[str] = "cruds") -> str:
    """A type with these of its letters as a scope."""
    return f"system/{kind}." + "".join(letter for letter in OFFERED[kind] if letter in letters)


def all_offered() -> tuple[str, ...]:
    """Every scope that there is, a type each."""
    return tuple(offered(kind) for kind in OFFERED)


def satisfies(scopes: Iterable[str], kind: str, letter: str) -> bool:
    """Whether granted scopes allow one kind of request."""
    return any(found == kind and letter in letters for scope in scopes for found, letters in _read(scope))


def _read(word: str) -> list[tuple[str, set[str]]]:
    """The types and letters that one word stands for; none where it is no scope of ours."""
    form = _FORM.fullmatch(word)
    if form is None:
        return []
    letters = _OLDER.get(form[2], form[2] if _ORDER.fullmatch(form[2]) else "")
    kinds = tuple(OFFERED) if form[1] == "*" else (form[1],) if form[1] in OFFERED else ()
    return [(kind, set(OFFERED[kind]) & set(letters)) for kind in kinds]
