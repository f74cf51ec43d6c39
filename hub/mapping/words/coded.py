"""``code``, ``flag``, ``constant``, ``row`` and ``default``: what is coded, and what is always so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hub.mapping.model import Run, Step
from hub.mapping.path import expand
from hub.mapping.words.crossing import Beside, Crossing, absent_word
from hub.mapping.words.spot import Spot, tidy
from hub.model.fhir import Resource
from hub.model.record import Loss


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
        if not display:
            return {"coding": [{"system": system, "code": code}]}
        return {"coding": [coding(code, display)], "text": display}

    def read_concept(value: Any) -> str | None:
        codings = value.get("coding", ()) if isinstance(value, dict) else ()
        return next((code for item in codings if (code := read(item)) is not None), None)

    return (coding, read) if kind == "Coding" else (concept, read_concept)


def code(spot: Spot) -> Step:
    """``{ code = "gender", table = "gender" }``: a word of the system to a code and back.

    ``other`` is a pattern: a word without a row that has this form passes as it is, both ways. ``default`` is the
    code where the source has nothing. ``guard = true``: the resource belongs to the block only if its code has a row.
    ``absent`` is the word that says "nothing": so it is read, and written where the element is missing. ``beside`` is
    a field and its table: what these say already is not said here a second time.
    """
    crossing, beside = Crossing.of(spot), Beside.of(spot)
    name, path = crossing.name, spot.path
    make, read_code = _spelling(spot)
    nothing = absent_word(spot, crossing.table)
    held = bool(spot.spec.get("guard", False))

    put, there, blank, display = path.put, crossing.there, crossing.blank, crossing.table.display

    def write(fields: Mapping[str, str], out: Resource, run: Run) -> bool:
        said = fields.get(name)
        value = tidy(said) if said else ""
        filled = bool(value) and value != nothing
        into = there(value, run) if filled else blank
        if into is None:
            return False
        if filled and beside and beside.says(fields, into):
            run.losses.append(beside.lost)
            return False
        put(out, make(into, display.get(into, "")))
        return filled

    def read(resource: Resource, fields: dict[str, str], run: Run) -> None:
        found = [value for item in path.items(resource) if (value := read_code(item)) is not None]
        if beside:
            found = beside.left(fields, found, run)
        if found and (word := crossing.back(found[0], run)):
            fields[name] = word

    def guard(resource: Resource) -> bool:
        return any(crossing.knows(value) for item in path.items(resource) if (value := read_code(item)) is not None)

    def verify(resource: Resource, fields: dict[str, str], run: Run) -> None:
        crossing.verify([code for item in path.items(resource) if (code := read_code(item))], fields, run)

    verified = held and spot.way == ">" and crossing.blank is not None
    lost = crossing.unsaid() if verified else crossing.losses(nothing)
    return Step(
        spot.element,
        (path.top,),
        (name,),
        (beside.field,) if beside else (),
        spot.way,
        write,
        read=read,
        guard=guard if held else None,
        lost=(*spot.declared(name), *lost, *(beside.losses if beside else ())),
        verify=verify if verified else None,
        absent=(name, nothing) if nothing else None,
        needed=held and "default" not in spot.spec,
        words=tuple(word for word in crossing.table.to_code if word),
        coded=(str(spot.spec.get("table", "")), expand(str(spot.spec.get("system", "")))),
    )


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
    return _guarding(spot, spot.spec["constant"])


def row(spot: Spot) -> Step:
    """``{ row = "code", system = … }``: as ``constant``, of the row that the block stands for."""
    name = spot.text("row")
    if name not in spot.row:
        known = ", ".join(spot.row) or "a block with `columns` or `flags` in its `each`"
        raise spot.fault(f"row `{name}`", known, "mend the name")
    return replace(_guarding(spot, spot.row[name]), row=True)


def _guarding(spot: Spot, value: Any) -> Step:
    put, read = _standing(spot, value)

    get = spot.path.get
    written = _as_written(put, get, value)

    def guard(resource: Resource) -> bool:
        found = get(resource)
        if found is None or found == written:
            return found is not None
        return any(read(item) == value for item in (found if isinstance(found, list) else (found,)))

    def write(_fields: Mapping[str, str], out: Resource, _run: Run) -> bool:
        put(out, value)
        return False

    return Step(spot.element, (spot.path.top,), way=spot.way, write=write, guard=guard)


def default(spot: Spot) -> Step:
    """``{ default = true }``: written where the source has no such field, and never read: another value is a loss."""
    value = spot.spec["default"]
    put, read_one = _standing(spot, value)
    lost = Loss(spot.element, f"this system has no field for it: here it is always `{_shown(value)}`")
    get = spot.path.get
    written = _as_written(put, get, value)

    def read(resource: Resource, _fields: dict[str, str], run: Run) -> None:
        found = get(resource)
        if found is None or found == written:  # as it nearly always is
            return
        for item in found if isinstance(found, list) else (found,):
            if (said := read_one(item)) is not None and said != value:
                run.losses.append(lost)

    def write(_fields: Mapping[str, str], out: Resource, _run: Run) -> bool:
        put(out, value)
        return False

    return Step(spot.element, (spot.path.top,), way=spot.way, write=write, read=read, lost=(lost,))


def _as_written(put: Callable[[Resource, Any], None], get: Callable[[Resource], Any], value: Any) -> Any:
    """What stands in a place where we wrote the value: nearly always what is met there, and quickly compared."""
    made: Resource = {}
    put(made, value)
    return get(made)


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _standing(spot: Spot, value: Any) -> tuple[Callable[[Resource, Any], None], Callable[[Any], Any]]:
    """How a value that is always so is written, and how what stands in its place is read."""
    if spot.path.type in {"CodeableConcept", "Coding"}:
        make, read = _spelling(spot)
        put, text = spot.path.put, str(value)
        return lambda out, _text: put(out, make(text, "")), read
    if spot.path.type:
        word = next(iter(spot.spec))
        raise spot.fault(f"`{word}` on a {spot.path.type}", "a value or a code", "name the element inside it")
    return spot.path.put, lambda item: item
