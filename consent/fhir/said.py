"""The extension ``consent-record``: what consent rules 1.2 asks for and R4 has no element for (shared model 8).

Its parts are named in the shared model, with the rest of 1.2 beside them: ``given-by``, ``authority``, ``verbal-note``,
``interpreter``, ``notice-version``, ``signed-on``, ``condition-reason``, ``names-discloser``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from consent.cells import tag as is_tag
from consent.fhir import values
from consent.fhir.codes import CAPACITIES, DECIDERS, PURPOSES, SYSTEM_URI
from consent.fhir.node import Node
from consent.fhir.scope import Known
from consent.model import Authority, Onward, VerbalNote
from consent.model.words import EXPLANATIONS
from consent.rows import RECEIPTS

_T = TypeVar("_T")
Parts = Mapping[str, list[Node]]
Interpreted = tuple[Literal["QUALIFIED", "STAFF", "FAMILY"], bool]  # kind, and whether independent

PARTS: Mapping[str, str] = {
    "pack": "valueString",
    "capacity-basis": "valueCode",
    "client-reads": "valueString",
    "explained": "valueString",
    "not-condition-of-service": "valueBoolean",
    "condition-reason": "valueBoolean",
    "captured-by": "valueReference",
    "captured-in": "valueUri",
    "receipt": "valueString",
    "form-id": "valueString",
    "notice-version": "valueString",
    "signed-on": "valueDate",
    "given-by": "valueCode",
    "names-discloser": "valueBoolean",
    "onward-sharing": "valueBoolean",
    "onward-to": "extension",
    "authority": "extension",
    "verbal-note": "extension",
    "interpreter": "extension",
}
_AUTHORITY = {
    "kind": "valueString",
    "seen-on": "valueDate",
    "seen-by": "valueReference",
    "expires": "valueDateTime",
    "co-decider": "valueReference",
    "court-limits": "valueBoolean",
}
_NOTE = {
    **dict.fromkeys(("who", "what", "how-explained"), "valueBoolean"),
    "worker": "valueReference",
    "taken-at": "valueDateTime",
    "signature-due": "valueDateTime",
}
_KINDS: Mapping[str, Literal["QUALIFIED", "STAFF", "FAMILY"]] = {
    "qualified": "QUALIFIED",
    "staff": "STAFF",
    "family": "FAMILY",
}
_PACK = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)\|([1-9][0-9]{0,6})")


def read_record(node: Node | None, known: Known) -> dict[str, Any]:
    """Fields of the record by their names there; those of which it says nothing are left out."""
    if node is None:
        return {}
    parts = node.extensions(PARTS, several=("onward-to",))
    found: dict[str, Any] = {
        "capacity_basis": _of(parts, "capacity-basis", lambda n: values.word(n, CAPACITIES)),
        "client_reads": _of(parts, "client-reads", _tags),
        "explained": _of(parts, "explained", _ticks),
        "not_condition_of_service": _of(parts, "not-condition-of-service", values.flag),
        "condition_reason": _of(parts, "condition-reason", values.flag),
        "captured_by": _of(parts, "captured-by", lambda n: _id(n, "PractitionerRole")),
        "captured_in": _of(parts, "captured-in", _system),
        "receipt_ref": _of(parts, "receipt", lambda n: _receipt(n, known)),
        "form_id": _of(parts, "form-id", lambda n: values.text(n, "the number of the form")),
        "notice_version": _of(parts, "notice-version", lambda n: _notice(n, known)),
        "signed_on": _of(parts, "signed-on", values.day),
        "given_by": _of(parts, "given-by", lambda n: values.word(n, DECIDERS)),
        "names_discloser": _of(parts, "names-discloser", values.flag),
        "onward_sharing": _onward(node, parts, known),
        "authority": _of(parts, "authority", _authority),
        "verbal_note": _of(parts, "verbal-note", _note),
        "interpreter": _of(parts, "interpreter", _interpreter),
    }
    pack = _of(parts, "pack", lambda n: _pack(n, known))
    if pack is not None:
        found |= {"pack": pack[0], "pack_version": pack[1]}
    return {name: value for name, value in found.items() if value is not None}


def _of(parts: Parts, name: str, read: Callable[[Node], _T | None]) -> _T | None:
    return read(parts[name][0]) if name in parts else None


def _id(node: Node, *kinds: str) -> str | None:
    found = values.reference(node, *kinds)
    return found[1] if found else None


def _pack(node: Node, known: Known) -> tuple[str, int] | None:
    """It governed when the consent was taken; another one than the agency's would be a guess."""
    said = _PACK.fullmatch(node.value) if isinstance(node.value, str) else None
    if said is None or said[1] != known.pack.pack or int(said[2]) > known.pack.version:
        node.fault("another pack or version", f"{known.pack.pack}|{known.pack.version}, or an earlier one of it")
        return None
    return said[1], int(said[2])


def _tags(node: Node) -> tuple[str, ...] | None:
    words = node.value.split(" ") if isinstance(node.value, str) else [""]
    found = [is_tag(word) for word in words]
    if None in found or len(set(found)) != len(found):
        node.fault("not a list of such", "BCP 47 tags, each once, with one space between them")
        return None
    return tuple(each for each in found if each is not None)


def _ticks(node: Node) -> frozenset[str] | None:
    words = node.value.split(" ") if isinstance(node.value, str) else [""]
    if not EXPLANATIONS.issuperset(words) or len(set(words)) != len(words):
        node.fault("other words", f"words of {', '.join(sorted(EXPLANATIONS))}, with one space between them")
        return None
    return frozenset(words)


def _system(node: Node) -> str | None:
    found = values.text(node, "the system in which it was written down")
    return found.removeprefix(SYSTEM_URI) if found else None


def _notice(node: Node, known: Known) -> str | None:
    found = values.text(node, "a notice that the pack knows")
    if found is not None and found not in known.pack.notice_versions:
        node.fault("one that the pack does not know", "a notice that the pack knows")
        return None
    return found


def _receipt(node: Node, known: Known) -> str | None:
    """``[day or time,] channel[, language]``; of the language no rule asks, and it is not kept."""
    words = node.value.split(", ") if isinstance(node.value, str) else []
    at, given = None, words
    if words and words[0][:1].isdigit():
        at, given = values.begins(Node(words[0], node.path, []), known.zone), words[1:]
    channel = given[0].upper() if given else ""
    is_read = channel in RECEIPTS and len(given) <= 2 and all(is_tag(word) for word in given[1:])
    if not is_read or (given is not words and at is None):
        node.fault("other words", f"a day, then one of {', '.join(sorted(RECEIPTS)).lower()}, then a language")
        return None
    return f"{channel} {at.isoformat()}" if at else channel


def _onward(node: Node, parts: Parts, known: Known) -> tuple[Onward, ...] | None:
    """False, or the agencies to which it may be passed on, each with a purpose; true alone would be anybody."""
    said = _of(parts, "onward-sharing", values.flag)
    found = []
    for each in parts.get("onward-to", ()):
        inner = each.extensions({"agency": "valueReference", "purpose": "valueCode"})
        agency = _of(inner, "agency", lambda n: _id(n, "Organization"))
        purpose = _of(inner, "purpose", lambda n: values.word(n, PURPOSES))
        if agency is None or purpose is None or not known.is_agency(agency):
            each.fault("not both of them", "an agency of the directory and a purpose")
        else:
            found.append(Onward(agency, purpose))
    if (said is True and not found) or (said is not True and "onward-to" in parts) or len(set(found)) != len(found):
        node.fault("two meanings", "false, or true with each agency once", "onward-sharing")
    return tuple(found)


def _authority(node: Node) -> Authority | None:
    inner = node.extensions(_AUTHORITY, several=("co-decider",))
    kind = _of(inner, "kind", lambda n: values.text(n, "the kind of evidence"))
    if kind is None:
        node.fault("nothing", "the kind of evidence", "kind")
        return None
    co = [_id(each, "RelatedPerson") for each in inner.get("co-decider", ())]
    return Authority(
        kind=kind,
        seen_on=_of(inner, "seen-on", values.day),
        seen_by=_of(inner, "seen-by", lambda n: _id(n, "PractitionerRole")),
        expires_at=_of(inner, "expires", values.instant),
        co_deciders=tuple(each for each in co if each is not None),
        court_limits=_of(inner, "court-limits", values.flag) or False,
    )


def _note(node: Node) -> VerbalNote | None:
    """All of it, or it is none: without the day on which a signature is due it would count for longer."""
    inner = node.extensions(_NOTE)
    who, what, how = (_of(inner, name, values.flag) for name in ("who", "what", "how-explained"))
    worker = _of(inner, "worker", lambda n: _id(n, "PractitionerRole"))
    taken, due = (_of(inner, name, values.instant) for name in ("taken-at", "signature-due"))
    if who is None or what is None or how is None or worker is None or taken is None or due is None:
        node.fault("not all of it", ", ".join(_NOTE))
        return None
    return VerbalNote(who, what, how, worker, taken, due)


def _interpreter(node: Node) -> Interpreted | None:
    """Kind, and whether independent; the language stands in ``explained-in``."""
    inner = node.extensions({"kind": "valueCode", "independent": "valueBoolean"})
    kind = values.word(inner["kind"][0], _KINDS) if "kind" in inner else None
    independent = _of(inner, "independent", values.flag)
    if kind is None or independent is None:
        node.fault("not both of them", "kind, independent")
        return None
    return kind, independent
