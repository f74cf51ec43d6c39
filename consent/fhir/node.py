"""A place in a JSON document that is read strictly: what is there and is not asked for is a fault, as is what is asked
for and cannot be read. Faults are collected with their FHIR path; none of them holds a value (INV-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import RecordUnreadable, kind_of, shape

NEXT_STEP = "correct the Consent and enter it again"
# elements of R4 that a fault may name though nothing here reads them; of any other name only the shape is told
_R4 = (
    "action actor authority category class code coding contained contentType data dataPeriod dateTime display "
    "div end extension id identifier implicitRules language lastUpdated meaning meta modifierExtension "
    "organization patient performer period policy policyRule profile provision purpose reference resourceType "
    "role scope security securityLabel source sourceAttachment sourceReference start status system tag text "
    "type uri url use userSelected value valueBoolean valueCode valueCodeableConcept valueDate valueDateTime "
    "valueReference valueString valueUri verification version versionId"
)
_NAMED = frozenset(_R4.split())


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: an element path, what is there (never a personal value), what should be."""

    path: str
    got: str
    expected: str


class NotAConsent(RecordUnreadable):
    """A FHIR Consent says what cannot be read, or would have to be guessed. Nothing of it counts."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        first, *rest = self.faults
        more = f" (and {len(rest)} faults more)" if rest else ""
        super().__init__(first.path, first.got, first.expected + more, NEXT_STEP)


class Node:
    """A value and where it stands. Readers of values are in ``values.py``."""

    __slots__ = ("_faults", "path", "value")

    def __init__(self, value: Any, path: str, faults: list[Fault]) -> None:
        self.value, self.path, self._faults = value, path, faults

    def fault(self, got: str, expected: str, at: str = "") -> None:
        """Note what is wrong here, or with an element of it."""
        self._faults.append(Fault(self.path + (f".{at}" if at else ""), got, expected))

    def count(self) -> int:
        """How many faults the document has so far."""
        return len(self._faults)

    def is_object(self) -> bool:
        """Whether it holds elements; if not, that is a fault."""
        if isinstance(self.value, dict) and self.value:
            return True
        self.fault(kind_of(self.value), "an object with elements")
        return False

    def only(self, *names: str) -> None:
        """No other elements stand here."""
        if self.is_object():
            for name in self.value:
                if name not in names:
                    self.fault("an element", "no such element here", at=seen_name(name))

    def at(self, name: str) -> Node | None:
        """The element of a name, or None where there is none."""
        if not isinstance(self.value, dict) or name not in self.value:
            return None
        return Node(self.value[name], f"{self.path}.{name}", self._faults)

    def must(self, name: str, expected: str) -> Node | None:
        """The element of a name; that there is none is a fault."""
        found = self.at(name)
        if found is None and self.is_object():
            self.fault("nothing", expected, at=name)
        return found

    def each(self, name: str) -> list[Node]:
        """The elements of an array, which may be absent but not empty."""
        found = self.at(name)
        if found is None:
            return []
        if not isinstance(found.value, list) or not found.value:
            found.fault(kind_of(found.value), "an array with elements")
            return []
        return [Node(value, f"{found.path}[{at}]", self._faults) for at, value in enumerate(found.value)]

    def single(self, name: str, expected: str, *, required: bool = True) -> Node | None:
        """The only element of an array; none, where it is required, and more than one are faults."""
        found = self.each(name)
        for more in found[1:]:
            more.fault("a second one", f"{expected}, once")
        if not found and required and not (isinstance(self.value, dict) and name in self.value):
            self.fault("nothing", expected, at=name)
        return found[0] if found else None

    def extensions(self, kinds: Mapping[str, str], several: Iterable[str] = ()) -> dict[str, list[Node]]:
        """The extensions here, by url; one of another url, or with another kind of value, is a fault.

        Args:
            kinds: url -> the element that holds its value, ``extension`` where it has parts of its own: then what is
                found is the extension itself.
            several: urls that may stand here more than once.
        """
        found: dict[str, list[Node]] = {}
        for each in self.each("extension"):
            if not each.is_object():
                continue
            url = each.value.get("url")
            kind = kinds.get(url) if isinstance(url, str) else None
            if kind is None:
                each.fault("another extension", f"one of {', '.join(url.rpartition('/')[2] for url in kinds)}")
                continue
            each.only("url", kind)
            value = each if kind == "extension" else each.at(kind)
            if value is None or kind not in each.value:
                each.fault("nothing", "its value", at=kind)
            elif url in found and url not in several:
                each.fault("a second one", "each extension once")
            else:
                found.setdefault(str(url), []).append(value)
        return found


def seen_name(name: object) -> str:
    """An element's name as an error may show it."""
    return str(name) if str(name).removeprefix("_") in _NAMED else f"`{shape(name)}`"
