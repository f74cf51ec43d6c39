"""A duty of care over HTTP: what a worker has signed is done as the commands do it (settled S46, shared model 10).

Whose word it is has been proven by the caller (``hub/access/worker_proof.py``). Nothing is decided here: what is
declared is judged at gate 1 and opened at gate 2, by the road that every declaration takes (``overrides.py``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from consent.model.reviewed import Outcome, Part
from hub.desk import overrides
from hub.desk.overrides import Declared, Said
from hub.desk.who import Who
from hub.directory.cells import seen
from hub.errors import Refused
from hub.exchange.declared import END_CAUSES
from hub.exchange.house import House
from hub.exchange.withdraw import Drain
from hub.model.canonical import canonical
from hub.model.directory import System

_CODE = re.compile(r"\bOX_[A-Z_]+")
_TAKES: Mapping[str, Mapping[str, type]] = {  # of each act what is signed beside who and when
    "declare": {"document": dict},
    "approve": {"override": str},
    "end": {"override": str, "cause": str},
    "self-review": {"override": str, "words": str},
}
_KINDS: Mapping[type, str] = {dict: "an object", str: "a text"}


class NotThere(Exception):
    """No override of this agency has this number: the same for what is nobody's and for what is another's."""


def must_fit(act: str, words: Mapping[str, Any]) -> None:
    """An act is signed with what it takes, of its kind, and nothing else.

    Raises:
        Refused: something is missing, of another kind, or too much.
    """
    takes = _TAKES[act]
    if words.keys() - takes.keys():
        listed = ", ".join(takes)
        raise Refused(f"request: {act}", "a member that it does not take", f"{listed} alone", "sign it without that")
    for name, kind in takes.items():
        if not isinstance(words.get(name), kind):
            got = "another kind of value" if name in words else "nothing"
            raise Refused(f"request.{name}", got, _KINDS[kind], "docs/gateway.md shows one")


def declare(house: House, system: System, document: Mapping[str, Any], who: Who) -> Declared:
    """Declare what a document says, in the words of ``v_hub_override``, and judge it now.

    Raises:
        Refused: the document cannot be read.
    """
    try:
        return overrides.declare(house, canonical(document), system.id, who, record=None)
    except Refused as error:
        where = "request.document" if error.where == "FILE" else error.where
        raise Refused(where, error.got, error.expected, error.next_step) from None


def approve(house: House, agency: str, override_id: str, who: Who) -> bool:
    """Approve as a second person; whether anything changed.

    Raises:
        NotThere: there is none of this agency's.
        Refused: the same person or key declared it (``OX_SECOND_PERSON``).
    """
    _must_be_of(house, agency, override_id)
    return overrides.approve(house, override_id, who)


def end(house: House, agency: str, override_id: str, cause: str, who: Who) -> Drain:
    """End an override with its cause; the caller waits for what is under way on it.

    Raises:
        NotThere: there is none of this agency's.
        Refused: the cause is none, or the worker may not.
    """
    _must_be_of(house, agency, override_id)
    if cause not in END_CAUSES:
        raise Refused("request.cause", seen(cause), f"one of {', '.join(END_CAUSES)}", "choose one of them")
    return overrides.end(house, override_id, cause, who)


def review_oneself(house: House, agency: str, override_id: str, words: str, who: Who) -> None:
    """Who declared it says what was done.

    Raises:
        NotThere: there is none of this agency's.
        Refused: it is not due, says too little, or somebody else's (``OX_ROLE``).
    """
    _must_be_of(house, agency, override_id)
    overrides.review(house, override_id, Said(Part.SELF.value, Outcome.DONE.value, words), who)


def code_of(error: Refused) -> str:
    """The code of consent rules 2.2 that a refusal names; "": it names none."""
    found = _CODE.search(error.where)
    return found[0] if found else ""


def _must_be_of(house: House, agency: str, override_id: str) -> None:
    with house.store.peek() as rows:
        declared = rows.overrides.get(override_id)
    if declared is None or declared.agency != agency:
        raise NotThere
