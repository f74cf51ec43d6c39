"""Where a value stands in a resource: a path of the mapping file, checked against R4 and compiled both ways.

    birthDate                        an element
    reasonCode[0].text               the first item of a list
    category[#program]               an item of its own; what follows ``#`` only tells two lines apart
    name[use=usual].text             the item whose element has this value (``true`` and ``false`` are booleans)
    communication[!preferred]        the item without this element
    component[code=SYSTEM|listening] the item whose CodeableConcept holds this coding
    extension[assessor].valueString  the extension with this URL; a bare name is one of the hub's own
    output[+type=SYSTEM|code].value  an item of its own for each value, which begins with this coding
    address[0].line                  a whole list

Lists are found again by what is in them, never by a count, wherever something may have been withheld.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.mapping.elements import ELEMENTS, Element
from hub.model import codes
from hub.model.fhir import Resource

Enter = Callable[[Any], Any]
Match = Callable[[Any], bool]

_SEGMENT = re.compile(r"(?P<name>_?[A-Za-z]+)(?:\[(?P<pick>[^\]]+)\])?")
_SHORT = {"…/CodeSystem/": codes.CODE_SYSTEM, "…/StructureDefinition/": codes.EXTENSION, "…/id/": codes.ID}


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path.

    Args:
        top: name of the outermost element.
        type: R4 type of what stands there, ``""`` for a primitive.
        own: the path ends in ``[#…]``: ``put`` adds an item, ``items`` are all of the list.
        whole: the path is a whole list.
        put: writes a value, making what is missing on the way.
        get: the value, or None; of an ``own`` path the list.
    """

    text: str
    top: str
    type: str
    own: bool
    whole: bool
    put: Callable[[Resource, Any], None]
    get: Callable[[Resource], Any]

    def items(self, resource: Resource) -> list[Any]:
        """The candidates at this place: all items of an own list, else the one value, else nothing."""
        found = self.get(resource)
        if isinstance(found, list):
            return found
        return [] if found is None else [found]


def expand(text: str) -> str:
    """A system or URL with ``…/`` written out as the documents abbreviate it."""
    for short, long in _SHORT.items():
        if text.startswith(short):
            return f"{long}/{text[len(short) :]}"
    return text


def parse(text: str, root: str) -> Path:
    """Compile a path.

    Args:
        text: the path as the mapping file spells it.
        root: the R4 type that it starts from.

    Raises:
        ValueError: no such element, or a list where one item must be chosen; the text says which.
    """
    parts = _split(text)
    if len(parts) == 2 and parts[0][1].startswith("+"):
        return _each(text, root, *parts)
    makes: list[Enter] = []
    finds: list[Enter] = []
    kind = root
    for name, pick in parts[:-1]:
        element = _element(kind, name)
        if element.many != bool(pick) or (pick and pick.startswith("#")):
            raise ValueError(
                f"`{name}` of {kind} is {'a list: choose an item in brackets' if element.many else 'no list'}"
            )
        makes.append(_maker(kind, name, pick))
        finds.append(_finder(kind, name, pick))
        kind = element.type
    name, pick = parts[-1]
    element = _element(kind, name)
    if pick and not element.many:
        raise ValueError(f"`{name}` of {kind} is no list")
    own = bool(pick and pick.startswith("#"))
    last_put, last_get = _ends(kind, name, None if own else pick, own)
    return Path(
        text,
        parts[0][0],
        element.type,
        own,
        element.many and not pick,
        _put(tuple(makes), last_put),
        _get(tuple(finds), last_get),
    )


def _each(text: str, root: str, outer: tuple[str, str], inner: tuple[str, str]) -> Path:
    """A path whose values stand in items of their own: it takes all of them, as a path to a whole list does."""
    name, pick = outer
    kind = _element(root, name).type
    element = _element(kind, inner[0])
    if element.many or inner[1] or not _element(root, name).many:
        raise ValueError(f"`{text}` is no list with one value in each item")
    seed, matches = _choice(root, name, pick[1:])

    def put(resource: Resource, values: Any) -> None:
        resource.setdefault(name, []).extend({**seed(), inner[0]: value} for value in values)

    def get(resource: Resource) -> Any:
        found = (item.get(inner[0]) for item in resource.get(name, ()) if matches(item))
        return [value for value in found if value is not None] or None

    return Path(text, name, element.type, False, True, put, get)


def _split(text: str) -> list[tuple[str, str]]:
    parts, position = [], 0
    while position < len(text):
        found = _SEGMENT.match(text, position)
        if found is None or (found.end() < len(text) and text[found.end()] != "."):
            raise ValueError(f"`{text}` is no path: names with dots between, a choice in brackets")
        parts.append((found["name"], found["pick"] or ""))
        position = found.end() + 1
    if not parts:
        raise ValueError("an empty path")
    return parts


def _element(kind: str, name: str) -> Element:
    if name.startswith("_") and (found := ELEMENTS.get(kind, {}).get(name[1:])) and not found.type:
        return Element(False, "Extension")  # extensions of a primitive stand beside it
    if (element := ELEMENTS.get(kind, {}).get(name)) is None:
        raise ValueError(f"{kind or 'a primitive'} has no element `{name}`")
    return element


def _put(makes: tuple[Enter, ...], last: Callable[[Any, Any], None]) -> Callable[[Resource, Any], None]:
    if not makes:
        return last

    def put(resource: Resource, value: Any) -> None:
        node: Any = resource
        for make in makes:
            node = make(node)
        last(node, value)

    return put


def _get(finds: tuple[Enter, ...], last: Enter) -> Enter:
    if not finds:
        return last

    def get(resource: Resource) -> Any:
        node: Any = resource
        for find in finds:
            node = find(node)
            if not isinstance(node, dict):
                return None
        return last(node)

    return get


def _ends(kind: str, name: str, pick: str | None, own: bool) -> tuple[Callable[[Any, Any], None], Enter]:
    def set_key(node: Any, value: Any) -> None:
        node[name] = value

    def get_key(node: Any) -> Any:
        return node.get(name)

    def append(node: Any, value: Any) -> None:
        node.setdefault(name, []).append(value)

    if own:
        return append, get_key
    if not pick:
        return set_key, get_key
    make, find = _maker(kind, name, pick), _finder(kind, name, pick)

    def merge(node: Any, value: Any) -> None:
        if isinstance(value, dict):
            make(node).update(value)
        else:
            append(node, value)

    return merge, find


def _maker(kind: str, name: str, pick: str) -> Enter:
    if not pick:
        return lambda node: node.setdefault(name, {})
    seed, matches = _choice(kind, name, pick)

    def make(node: Any) -> Any:
        items = node.setdefault(name, [])
        for item in items:
            if matches(item):
                return item
        items.append(seed())
        return items[-1]

    return make


def _finder(kind: str, name: str, pick: str) -> Enter:
    if not pick:
        return lambda node: node.get(name)
    _, matches = _choice(kind, name, pick)

    def find(node: Any) -> Any:
        items = node.get(name)
        if isinstance(items, list):
            for item in items:
                if matches(item):
                    return item
        return None

    return find


def _choice(kind: str, name: str, pick: str) -> tuple[Callable[[], Resource], Match]:
    """How a new item begins, and how it is known again."""
    inner = _element(kind, name).type
    if pick == "0":
        return dict, lambda _item: True
    if inner == "Extension":
        url = expand(pick if "/" in pick else f"…/StructureDefinition/{pick}")
        return lambda: {"url": url}, lambda item: item.get("url") == url
    if pick.startswith("!"):
        absent = pick[1:]
        _element(inner, absent)
        return dict, lambda item: absent not in item
    key, equals, text = pick.partition("=")
    if not equals:
        raise ValueError(f"`[{pick}]` chooses nothing: 0, #name, element=value, !element or the name of an extension")
    _element(inner, key)
    if "|" in text:
        return _by_coding(key, *text.split("|", 1))
    value: Any = {"true": True, "false": False}.get(text, text)
    return lambda: {key: value}, lambda item: item.get(key) == value


def _by_coding(key: str, system: str, code: str) -> tuple[Callable[[], Resource], Match]:
    system = expand(system)

    def matches(item: Any) -> bool:
        concept = item.get(key)
        return isinstance(concept, dict) and any(
            coding.get("code") == code and coding.get("system") == system for coding in concept.get("coding", ())
        )

    return lambda: {key: {"coding": [{"system": system, "code": code}]}}, matches
