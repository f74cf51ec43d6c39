"""What does a message about nobody hold: a capacity enquiry, its answer, a risk filter? Consent rules P-2, settled S35.

It is one ``Basic`` of coded elements. Each element is an extension with a code of a closed list, a day or a count; all
else, a text, a number, a pseudonym, is named by its place and refused. What travels is made anew of the coded elements
alone, so that nothing can be hidden in the rest. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from consent.model.words import Risk
from hub.directory.catchment import ACCESSIBILITY, AGE_BANDS, LANGUAGE, Attributes
from hub.directory.words import SERVICE_WANTED
from hub.exchange.complete import HUB_EVENT
from hub.exchange.elements import EXEMPT
from hub.model import codes
from hub.model.envelope import ANSWER, ENQUIRY, RISK_FILTER
from hub.model.fhir import UUID, Resource, coding, concept

PLACES_MAX = 1000  # of one answer
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
AHEAD, BEHIND = timedelta(days=366), timedelta(days=31)  # [policy] of a start: a birth date is none
EXTENSIONS_MAX = 16  # of one message; what holds more is nothing that is coded
_OWN = frozenset({"resourceType", "id", "meta", "code", "extension"})  # of a Basic, what says nothing of anybody
_OF_A_HEADER = frozenset(
    {"resourceType", "id", "extension", "eventCoding", "destination", "sender", "source", "reason", "focus"}
    | {"definition"}
)


@dataclass(frozen=True, slots=True)
class _Element:
    """One coded element: which value[x] it has, whether a value is one of its own, how often it may stand."""

    value: str
    fits: Callable[[Any, date], bool]  # a value, on a day
    least: int = 0
    most: int = 1


def _of(words: Sequence[str], least: int = 0, most: int = 1) -> _Element:
    return _Element("valueCode", lambda value, _: value in words, least, most)


def _is_start(value: Any, today: date) -> bool:
    try:
        return today - BEHIND <= date.fromisoformat(value) <= today + AHEAD
    except ValueError:  # a year, or a month
        return False


def _is_month(value: Any, today: date) -> bool:
    """A month says enough of when somebody may begin; a day could be a number in disguise."""
    return bool(_MONTH.fullmatch(value)) and f"{today - BEHIND:%Y-%m}" <= value <= f"{today + AHEAD:%Y-%m}"


_AGE_BAND = _of(AGE_BANDS)
_STARTS = _Element("valueDate", _is_month)
_COUNT = _Element("valueInteger", lambda value, _: type(value) is int and 0 <= value <= PLACES_MAX, least=1)
_RISKS = tuple(codes.kebab(risk) for risk in Risk)
_ELEMENTS: Mapping[str, Mapping[str, _Element]] = {
    ENQUIRY: {
        "service-wanted": _of(SERVICE_WANTED, least=1),
        "starts-from": _STARTS,
        "starts-to": _STARTS,
        "age-band": _AGE_BAND,
        "language": _Element("valueCode", lambda value, _: bool(LANGUAGE.fullmatch(value))),
        "accessibility": _of(ACCESSIBILITY, most=len(ACCESSIBILITY)),
    },
    ANSWER: {"places": _COUNT, "earliest": _Element("valueDate", _is_start)},
    RISK_FILTER: {"risk": _of(_RISKS, least=1, most=len(_RISKS)), "age-band": _AGE_BAND},
}


_META = {"security": [coding(codes.CONFIDENTIALITY, "U")]}


@dataclass(frozen=True, slots=True)
class Coded:
    """What was read.

    Args:
        extensions: the coded elements, made anew.
        strange: places of all else, ``Bundle.entry[2].resource.text``.
        attributes: what is said of the person whom nobody names; None: nothing is (an answer).
    """

    extensions: tuple[Resource, ...]
    strange: tuple[str, ...]
    attributes: Attributes | None


def read_coded(event: str, entries: Mapping[int, Resource], today: date) -> Coded | None:
    """Read what a message of this event holds; None: it says something of somebody, so it is an ordinary one.

    Args:
        event: one of ``ABOUT_NOBODY``.
        entries: its resources without header and ends, by their index in the Bundle.
        today: on which it was handed in.
    """
    kinds = {resource["resourceType"] for resource in entries.values()}
    if kinds - EXEMPT - {"Basic"}:
        return None
    basics = [index for index, resource in entries.items() if resource["resourceType"] == "Basic"]
    strange = [f"Bundle.entry[{index}].resource" for index in entries if index not in basics[:1]]
    if not basics:
        return Coded((), (*strange, "Bundle.entry"), None)
    place, basic = f"Bundle.entry[{basics[0]}].resource", entries[basics[0]]
    strange += [f"{place}.{name}" for name in basic if name not in _OWN]
    if {name: part for name, part in basic.get("meta", {}).items() if name != "source"} != _META:
        strange.append(f"{place}.meta")
    if not UUID.fullmatch(basic["id"]):
        strange.append(f"{place}.id")
    if basic["code"].get("coding") != [coding(HUB_EVENT, event)] or "text" in basic["code"]:
        strange.append(f"{place}.code")
    known, odd = _elements(event, basic, place, today)
    extensions = tuple(extension(name, value, _ELEMENTS[event][name].value) for name, value in known)
    return Coded(extensions, (*strange, *odd), None if event == ANSWER else _attributes(known))


def odd_in_header(header: Resource) -> list[str]:
    """Places of a header in which something could be said of somebody, and is."""
    place = "Bundle.entry[0].resource"
    odd = [f"{place}.{name}" for name in header if name not in _OF_A_HEADER]
    odd += [
        f"{place}.extension[{index}]"
        for index, each in enumerate(header.get("extension", ()))
        if each.get("url") not in (codes.CORRELATION_ID, codes.PURPOSE_OF_USE)
    ]
    odd += [f"{place}.reason.text"] * ("text" in header["reason"])
    odd += [f"{place}.sender.display"] * ("display" in header["sender"])
    odd += [f"{place}.focus[{index}]" for index, each in enumerate(header["focus"]) if set(each) != {"reference"}]
    return odd


def as_basic(event: str, coded: Coded) -> Resource:
    """The resource that travels: nothing in it is the sender's but codes, days and counts."""
    return {
        "resourceType": "Basic",
        "meta": dict(_META),
        "extension": list(coded.extensions),
        "code": concept(coding(HUB_EVENT, event)),
    }


def extension(name: str, value: Any, kind: str) -> Resource:
    """One coded element."""
    return {"url": f"{codes.EXTENSION}/{name}", kind: value}


def _elements(event: str, basic: Resource, place: str, today: date) -> tuple[list[tuple[str, Any]], list[str]]:
    """The elements that are coded as their event says, and the places of those that are not, or are missing."""
    known: list[tuple[str, Any]] = []
    odd: list[str] = []
    extensions = basic.get("extension", ())
    if len(extensions) > EXTENSIONS_MAX:
        return [], [f"{place}.extension"]
    for index, each in enumerate(extensions):
        base, _, name = str(each.get("url", "")).rpartition("/")
        element = _ELEMENTS[event].get(name) if base == codes.EXTENSION else None
        value = each.get(element.value) if element else None
        alone = len(each) == 2 and (name, value) not in known
        if element and value is not None and alone and element.fits(value, today):
            known.append((name, value))
        else:
            odd.append(f"{place}.extension[{index}]")
    names = [name for name, _ in known]
    said = dict(known)
    if said.get("starts-from", "") > said.get("starts-to", "9"):
        odd.append(f"{place}.extension(starts-to)")
    known.sort(key=lambda each: (list(_ELEMENTS[event]).index(each[0]), str(each[1])))  # no order of the sender's own
    wrong = [name for name, each in _ELEMENTS[event].items() if not each.least <= names.count(name) <= each.most]
    return known, odd + [f"{place}.extension({name})" for name in wrong]


def _attributes(known: Sequence[tuple[str, Any]]) -> Attributes:
    said = dict(known)
    needs = tuple(sorted(value for name, value in known if name == "accessibility"))
    return Attributes(said.get("age-band", ""), said.get("language", ""), needs)
