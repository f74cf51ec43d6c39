"""``code`` with its ``table``, ``flag``, ``constant`` and ``default``: what is coded, and what is always so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hub.errors import MappingGap
from hub.mapping.model import Run, Step
from hub.mapping.path import expand
from hub.mapping.table import Table
from hub.mapping.words.spot import Spot, tidy
from hub.model.fhir import Resource
from hub.model.record import Loss

_NOTHING = Table("", {}, {}, {})


def _spelling(spot: Spot) -> tuple[Callable[[str, str], Any], Callable[[Any], str | None]]:
    """How a code is written at this place, and read: bare, as a Coding, or as a CodeableConcept."""
    kind = spot.path.type
    if "system" not in spot.spec:
        if kind:
            raise spot.fault(f"no `system` for a {kind}", 'system = "…/CodeSystem/…"', "name the code system")
        return (lambda code, _display: code), (lambda value: value if isinstance(value, str) else None)
    if kind not in {"CodeableConcept", "Coding"}:
        raise spot.fault("`system` for a bare code", "a Coding or CodeableConcept", "leave the system out")
    system = expand(spot.text("system"))

    def coding(code: str, display: str) -> Resource:
        return {"system": system, "code": code, "display": display} if display else {"system": system, "code": code}

    def read(value: Any) -> str | None:
        if isinstance(value, dict) and value.get("system") == system and isinstance(code := value.get("code"), str):
            return code
        return None

    def concept(code: str, display: str) -> Resource:
        made: Resource = {"coding": [coding(code, display)]}
        return {**made, "text": display} if display else made

    def read_concept(value: Any) -> str | None:
        codings = value.get("coding", ()) if isinstance(value, dict) else ()
        return next((code for item in codings if (code := read(item)) is not None), None)

    return (coding, read) if kind == "Coding" else (concept, read_concept)


def code(spot: Spot) -> Step:
    """``{ code = "gender", table = "gender" }``: a word of the system to a code and back.

    ``other`` is a pattern: a word without a row that has this form passes as it is, both ways. ``default`` is the
    code where the source has nothing. ``guard = true``: the resource belongs to the block only if its code has a row.
    """
    crossing = _Crossing.of(spot)
    name, path = crossing.name, spot.path
    make, read_code = _spelling(spot)
    standing = spot.text("default") if "default" in spot.spec else None
    if standing is not None and not crossing.knows(standing):
        raise spot.fault(f"default `{standing}`", f"a code of {crossing.table.file}", "mend it, or add the row")

    def write(fields: Mapping[str, str], out: Resource, run: Run) -> bool:
        value = tidy(fields.get(name, ""))
        if value:
            into = crossing.there(value, run)
            if into is None:
                return False
            path.put(out, make(into, crossing.table.display.get(into, "")))
            return True
        if standing is not None:
            path.put(out, make(standing, crossing.table.display.get(standing, "")))
        return False

    def read(resource: Resource, fields: dict[str, str], run: Run) -> None:
        found = [value for item in path.items(resource) if (value := read_code(item)) is not None]
        if found and (word := crossing.back(found[0], run)) is not None:
            fields[name] = word

    def guard(resource: Resource) -> bool:
        return any(crossing.knows(value) for item in path.items(resource) if (value := read_code(item)) is not None)

    held = bool(spot.spec.get("guard", False))
    lost = crossing.losses() if spot.way == "<->" else ()
    if standing is not None and spot.way == "<->":
        lost = (*lost, spot.lost(name, f"blank comes back as `{crossing.table.to_local.get(standing) or standing}`"))
    return Step(
        spot.element,
        (path.top,),
        (name,),
        (),
        spot.way,
        write,
        read=read,
        guard=guard if held else None,
        lost=(*spot.declared(name), *lost),
        needed=held and standing is None,
    )


class _Crossing:
    """A table and a pattern, both ways, with their gaps and losses."""

    __slots__ = ("_changed", "_other", "name", "spot", "table")

    def __init__(self, spot: Spot, name: str, table: Table, other: re.Pattern[str] | None) -> None:
        self.spot, self.name, self.table, self._other = spot, name, table, other
        self._changed = {word: spot.lost(name, text) for word, text in table.changed().items()}

    @classmethod
    def of(cls, spot: Spot) -> _Crossing:
        name = spot.text("code")
        if "table" not in spot.spec and "other" not in spot.spec:
            raise spot.fault("neither `table` nor `other`", "the name of a CSV file, or a pattern", "add one")
        table = spot.table(spot.text("table")) if "table" in spot.spec else _NOTHING
        if spot.way == "<->" and (missing := table.without_return()):
            raise spot.fault(
                f"no way back from `{missing[0]}` in {table.file}", "one row per code with <-> or <", "add the row"
            )
        try:
            other = re.compile(spot.text("other"), re.ASCII) if "other" in spot.spec else None
        except re.error as error:
            raise spot.fault("`other`", "a pattern", "mend it") from error
        return cls(spot, name, table, other)

    def there(self, word: str, run: Run) -> str | None:
        if word in self.table.to_code:
            if self.spot.way == "<->" and word in self._changed:
                run.losses.append(self._changed[word])
            return self.table.to_code[word]
        if self._other and self._other.fullmatch(word):
            return word
        raise self._gap(self.spot.place(self.name), word)

    def back(self, code: str, run: Run) -> str | None:
        if code in self.table.to_local:
            word = self.table.to_local[code]
            if word is None:
                run.losses.append(Loss(self._element(), f"this system has no word for `{code}`"))
            return word
        if self._other and self._other.fullmatch(code):
            return code
        raise self._gap(self._element(), code)

    def knows(self, code: str) -> bool:
        known = code in self.table.to_local or code in self.table.to_code.values()
        return known or bool(self._other and self._other.fullmatch(code))

    def losses(self) -> tuple[Loss, ...]:
        unnamed = (Loss(self._element(), f"this system has no word for `{code}`") for code in self.table.unnamed())
        return (*self._changed.values(), *unnamed)

    def _element(self) -> str:
        return self.spot.element

    def _gap(self, place: str, word: str) -> MappingGap:
        return self.spot.gap(place, word, self.table.file or f"the pattern of {self.spot.file}")


def flag(spot: Spot) -> Step:
    """``{ flag = "interpreter_needed", yes = …, no = … }``: 1, 0, blank to a value, a value, nothing; never guessed."""
    name, path = spot.text("flag"), spot.path
    values = {"1": spot.spec.get("yes", True), "0": spot.spec.get("no", False)}

    def write(fields: Mapping[str, str], out: Resource, _run: Run) -> bool:
        if not (value := fields.get(name)) or not (value := tidy(value)):
            return False
        if value not in values:
            raise spot.unreadable(name, value, "1, 0 or blank")
        path.put(out, values[value])
        return True

    def read(resource: Resource, fields: dict[str, str], _run: Run) -> None:
        found = path.get(resource)
        for local, value in values.items():
            if found is not None and found == value and type(found) is type(value):
                fields[name] = local

    return Step(spot.element, (path.top,), (name,), (), spot.way, write, read=read, lost=spot.declared(name))


def constant(spot: Spot) -> Step:
    """``{ constant = "order" }``: always written, and a guard: a resource without it is not of this block."""
    value, put, is_it = _standing(spot, "constant")

    def guard(resource: Resource) -> bool:
        return any(is_it(item) for item in spot.path.items(resource))

    def write(_fields: Mapping[str, str], out: Resource, _run: Run) -> bool:
        put(out, value)
        return False

    return Step(spot.element, (spot.path.top,), way=spot.way, write=write, guard=guard)


def default(spot: Spot) -> Step:
    """``{ default = true }``: written where the source has no such field; never asked for and never read."""
    value, put, _ = _standing(spot, "default")

    def write(_fields: Mapping[str, str], out: Resource, _run: Run) -> bool:
        put(out, value)
        return False

    return Step(spot.element, (spot.path.top,), way=spot.way, write=write)


def _standing(spot: Spot, word: str) -> tuple[Any, Callable[[Resource, Any], None], Callable[[Any], bool]]:
    value = spot.spec[word]
    if not isinstance(value, str | bool | int):
        raise spot.fault(f"`{word}`", "a text, a number, true or false", "mend it")
    if spot.path.type in {"CodeableConcept", "Coding"}:
        make, read = _spelling(spot)
        text = str(value)
        return value, lambda out, _: spot.path.put(out, make(text, "")), lambda item: read(item) == text
    if spot.path.type:
        raise spot.fault(f"`{word}` on a {spot.path.type}", "a value or a code", "name the element inside it")
    return value, spot.path.put, lambda item: item == value
