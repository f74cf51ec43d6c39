"""``field``, ``identifier``, ``number``: a value is copied as it is, typed. Text is stripped of what nobody sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from hub.mapping.model import Run, Step
from hub.mapping.words.spot import Spot, tidy
from hub.model import codes
from hub.model.fhir import Resource
from hub.model.record import Loss

MISFIT = "what has not the form of this field stays at the source"
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)


def field(spot: Spot) -> Step:
    """``{ field = "name", form = "[A-Z]{2}", cut = 40 }``: text to text. Blank is absent on both sides.

    ``form`` is a pattern: a value that has not this form stays behind with a loss line. ``cut`` is the number of
    characters that the field holds: on the way out a longer text is cut, with a loss line.
    """
    fits, lost = _form(spot, spot.text("field"))
    name, put, get = spot.text("field"), spot.path.put, spot.path.get
    widths, shortened = spot.cut(name)
    width = widths.get(name)
    if spot.path.type:
        raise spot.fault(f"`field` on a {spot.path.type}", "an element that holds a text", "name the element inside it")

    def write(fields: Mapping[str, str], out: Resource, run: Run) -> bool:
        if (value := fields.get(name)) and (value := tidy(value)) and fits(value, run):
            put(out, value)
            return True
        return False

    def read(resource: Resource, fields: dict[str, str], run: Run) -> None:
        value = get(resource)
        if isinstance(value, str) and value:
            if width and len(value) > width:
                value = value[:width].rstrip()
                run.losses += shortened
            fields[name] = value

    lost = (*lost, *shortened)
    return Step(spot.element, (spot.path.top,), (name,), (), spot.way, write, read=read, lost=lost)


def identifier(spot: Spot) -> Step:
    """``{ identifier = "file_no", system = "…/id/{agency}/file", type = "PLAC" }``: found again by its system.

    ``form``: a pattern, as of ``field``.
    """
    name, (system, anybody), path = spot.text("identifier"), spot.system(), spot.path
    fits, lost = _form(spot, name)
    if path.type != "Identifier":
        raise spot.fault("`identifier` elsewhere", "a path to an Identifier", "mend the path")
    kind = spot.text("type") if "type" in spot.spec else ""
    put, items = path.put, path.items

    def write(fields: Mapping[str, str], out: Resource, run: Run) -> bool:
        if not (value := fields.get(name)) or not (value := tidy(value)):
            return False
        if not fits(value, run):
            return False
        made = {"type": {"coding": [{"system": codes.IDENTIFIER_TYPE, "code": kind}]}} if kind else {}
        put(out, {**made, "system": system(run.context), "value": value})
        return True

    def read(resource: Resource, fields: dict[str, str], run: Run) -> None:
        wanted = system(run.context)
        for item in items(resource):
            named, value = item.get("system"), item.get("value")
            if isinstance(named, str) and isinstance(value, str) and anybody.fullmatch(named):
                fields.setdefault(name, value)
                if named == wanted:  # one of the context's own agency goes before another's
                    fields[name] = value
                    return

    return Step(spot.element, (path.top,), (name,), (), spot.way, write, read=read, lost=lost)


def _form(spot: Spot, name: str) -> tuple[Callable[[str, Run], bool], tuple[Loss, ...]]:
    """Whether a value has the line's ``form``, and the loss line of one that has not: it stays at the source."""
    if "form" not in spot.spec:
        return (lambda _value, _run: True), spot.declared(name)
    form = spot.pattern("form")
    loss = spot.lost(name, MISFIT)

    def fits(value: str, run: Run) -> bool:
        if form.fullmatch(value):
            return True
        run.losses.append(loss)
        return False

    return fits, (*spot.declared(name), loss)


def number(spot: Spot) -> Step:
    """``{ number = "minutes", scale = 2 }``: digits to a number; ``scale`` implied decimals (``0125`` is 1.25)."""
    name, put, get = spot.text("number"), spot.path.put, spot.path.get
    scale = spot.spec.get("scale", 0)
    if scale < 0:
        raise spot.fault("`scale`", "a whole number of decimals", "mend it")

    def write(fields: Mapping[str, str], out: Resource, _run: Run) -> bool:
        if not (value := fields.get(name)) or not (value := tidy(value)):
            return False
        if not _NUMBER.fullmatch(value):
            raise spot.unreadable(name, value, "digits, a point before decimals")
        exact = Decimal(value).scaleb(-scale)
        put(out, int(exact) if exact == exact.to_integral_value() else float(exact))
        return True

    def read(resource: Resource, fields: dict[str, str], _run: Run) -> None:
        value = get(resource)
        if isinstance(value, int | float) and not isinstance(value, bool):
            fields[name] = format(Decimal(str(value)).scaleb(scale).normalize(), "f")

    lost = spot.declared(name) or (spot.lost(name, "leading and trailing zeros of the number are not kept"),)
    return Step(spot.element, (spot.path.top,), (name,), (), spot.way, write, read=read, lost=lost)
