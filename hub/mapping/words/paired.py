"""``fn``: a named pair of functions of ``translate.py``, several fields to one element and back.

In: ``forward(value, …)`` gets the texts of ``fields`` and of ``with`` (None where blank) and returns the element,
None, or :class:`~hub.mapping.model.Partly`. Out: ``backward(element)`` returns the text of its field, or a tuple with
one per field. ``with`` is only looked at. ``cut`` is a table of field and the number of characters that it holds. A
path of several elements with commas gives the pair a dict of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.mapping.model import Partly, Run, Step, Unfit
from hub.mapping.words.spot import Spot
from hub.model.fhir import Resource
from hub.model.record import Loss


def fn(spot: Spot) -> Step:
    """``{ fn = "phone", fields = ["phone", "phone_safe"], loss = "…" }``."""
    forward, backward = _pair(spot)
    fields, seen = tuple(spot.spec.get("fields", ())), tuple(spot.spec.get("with", ()))
    if not fields:
        raise spot.fault("`fields`", "the fields that the pair carries", "list them")
    asked = (*fields, *seen)
    put, get = _place(spot)
    widths, shortened = spot.cut(*fields)

    def write(record: Mapping[str, str], out: Resource, run: Run) -> bool:
        try:
            value = forward(*[record.get(name) for name in asked])
        except Unfit as error:
            raise spot.unreadable(error.field, record.get(error.field, ""), error.expected, error.next_step) from error
        if isinstance(value, Partly):
            run.losses += [spot.lost(name, reason) for name, reason in value.lost.items()]
            value = value.value
        if not value and value in (None, "", [], {}):  # a number or a flag may well be nought
            return False
        put(out, value)
        return any(record.get(name) for name in fields)

    def read(resource: Resource, record: dict[str, str], run: Run) -> None:
        if (element := get(resource)) is None:
            return
        value = backward(element)
        if isinstance(value, Partly):
            run.losses += [Loss(spot.place(name), reason) for name, reason in value.lost.items()]
            value = value.value
        texts = value if isinstance(value, tuple) else (value,)
        record.update({name: text for name, text in zip(fields, texts, strict=False) if text})
        for name, width in widths.items():
            if len(text := record.get(name, "")) > width:
                record[name] = text[:width].rstrip()
                run.losses.append(spot.too_long(name, width))

    tops = tuple(path.top for path in spot.paths)
    return Step(
        spot.element, tops, fields, seen, spot.way, write, read=read, lost=(*spot.declared(*fields), *shortened)
    )


def _pair(spot: Spot) -> tuple[Any, Any]:
    name = spot.text("fn")
    if name not in spot.functions:
        known = ", ".join(sorted(spot.functions)) or "none"
        raise spot.fault(f"`{name}`", f"a pair of translate.py: {known}", "mend the name, or add the pair there")
    pair = spot.functions[name]
    if not isinstance(pair, tuple) or len(pair) != 2 or not all(callable(half) for half in pair):
        raise spot.fault(f"`{name}` without an inverse", "a pair of functions, in and out", "add the other half")
    return pair


def _place(spot: Spot) -> tuple[Any, Any]:
    if len(spot.paths) == 1:
        return spot.path.put, spot.path.get
    paths = {path.text: path for path in spot.paths}

    def put(out: Resource, value: Resource) -> None:
        for text, part in value.items():
            paths[text].put(out, part)

    def get(resource: Resource) -> Resource:
        return {text: part for text, path in paths.items() if (part := path.get(resource)) is not None}

    return put, get
