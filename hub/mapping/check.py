"""What is checked over all fields of a record kind, and the loss report that follows (design §8).

Every field of the source is carried, or skipped with a reason, or goes in and is not returned, with a reason; it has
one line that writes it back. A field that nobody accounts for stops the load, so nothing is dropped in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hub.errors import Refused
from hub.mapping.gates import Gate
from hub.mapping.model import Block, Step, fault
from hub.model.record import Loss

SECTIONS = ("resource", "gate", "skipped", "not_returned")


def places(columns: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Every field of a record kind with its child path, ``client.identifier.value``."""
    for name in columns.get("fields", ()):
        yield f"{prefix}{name}"
    for child, below in columns.get("children", {}).items():
        yield from places(below, f"{prefix}{child}.")


def child_paths(columns: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every path of child records, the empty one first."""
    yield path
    for child, below in columns.get("children", {}).items():
        yield from child_paths(below, (*path, child))


def reasons(file: str, section: str, tree: Any, prefix: str = "") -> dict[str, str]:
    """A ``[skipped]`` or ``[not_returned]`` section as field to reason; child paths with or without quotes.

    Raises:
        Refused: no table, or a line without a reason.
    """
    if not isinstance(tree, dict):
        raise fault(file, section, "no table", f"[{section}]", "put field and reason below it")
    found: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= reasons(file, section, value, f"{prefix}{name}.")
        elif not isinstance(value, str) or not value.strip():
            raise fault(file, f"{section}.{prefix}{name}", "no reason", "a sentence", "say why")
        else:
            found[f"{prefix}{name}"] = value
    return found


def check(
    file: str,
    blocks: tuple[Block, ...],
    gates: tuple[Gate, ...],
    columns: Mapping[str, Any],
    skipped: Mapping[str, str],
    not_returned: Mapping[str, str],
) -> tuple[Loss, ...]:
    """Check a record kind as a whole and give its loss report.

    Raises:
        Refused: the first field, child or line that does not fit.
    """
    everything = [*blocks, *(inner for block in blocks for inner in block.insides)]
    known, paths = set(places(columns)), set(child_paths(columns))
    uses: list[tuple[str, Step]] = []
    for block in everything:
        if block.child not in paths:
            got = ".".join(block.child)
            raise fault(file, f"resource.{block.name}.each", f"child `{got}`", "a child of this record", "mend it")
        uses += _uses(file, block, known)
    carried = _carried(file, uses, gates)
    _gates(file, gates, columns, carried, skipped)
    looked_at = {place for place, step in uses if step.way != "<"}
    for section, lines in (("skipped", skipped), ("not_returned", not_returned)):
        for place in lines:
            if place not in known:
                raise fault(file, f"{section}.{place}", "an unknown field", "a field of this record", "remove it")
    for place in sorted(known):
        if (problem := _unaccounted(place, carried, looked_at, skipped, not_returned)) is not None:
            raise fault(file, place, *problem)
    return (*_report(everything, skipped, not_returned), *(gate.lost for gate in gates))


def _uses(file: str, block: Block, known: set[str]) -> list[tuple[str, Step]]:
    prefix = "".join(f"{part}." for part in block.child)
    found = []
    for step in block.steps:
        for name in (*step.fields, *step.seen):
            if f"{prefix}{name}" not in known:
                raise fault(
                    file, step.element, f"field `{prefix}{name}`", "a field of this record", "mend its spelling"
                )
            if "." in name and name in step.fields and step.way != ">":
                raise fault(
                    file, step.element, f"`{name}` read back", 'way = ">"', "a block with each can carry it back"
                )
        found += [(f"{prefix}{name}", step) for name in step.fields]
    return found


def _carried(file: str, uses: list[tuple[str, Step]], gates: tuple[Gate, ...]) -> set[str]:
    """Fields that go in and come back, and those that are made of them. A field has one line that writes it back."""
    asked = {gate.field for gate in gates}
    writers = Counter([*(place for place, step in uses if step.way != ">"), *(gate.field for gate in gates)])
    for place, count in sorted(writers.items()):
        if count > 1:
            raise fault(file, place, f"{count} lines that write it back", "one", 'give the others way = ">"')
    sent = {place for place, step in uses if step.way != "<"}
    return (set(writers) & sent) | asked


def _gates(
    file: str, gates: tuple[Gate, ...], columns: Mapping[str, Any], carried: set[str], skipped: Mapping[str, str]
) -> None:
    """A gate is answered by its members, so each of them comes back by a line of its own."""
    asked = {gate.field for gate in gates}
    for gate in gates:
        key = f'gate."{gate.field}"'
        if missing := next((name for name in (gate.field, *gate.members) if name not in columns["fields"]), None):
            raise fault(file, key, f"field `{missing}`", "a field of this record itself", "mend it")
        if gate.field in skipped:
            raise fault(file, key, "a field both a gate and skipped", "one of them", "remove it from [skipped]")
        if inner := next((name for name in gate.members if name in asked), None):
            raise fault(
                file, key, f"a gate of gates: `{inner}`", "members that are no gate", "name its members instead"
            )
        if lost := next((name for name in gate.members if name not in carried), None):
            expected = "members that each go in and come back"
            raise fault(file, key, f"`{lost}`, which does not come back", expected, "give it a line both ways")


def _unaccounted(
    place: str, carried: set[str], looked_at: set[str], skipped: Mapping[str, str], not_returned: Mapping[str, str]
) -> tuple[str, str, str] | None:
    """Why a field is not accounted for exactly once: got, expected, next step."""
    if place in skipped and place in looked_at:
        return "a field both mapped and skipped", "one of them", "remove it from [skipped]"
    if place in not_returned and (place in carried or place not in looked_at):
        return (
            "a field under [not_returned]",
            'a field that only lines with way = ">" use',
            "remove it there, or mend its line",
        )
    if place in carried or place in skipped or place in not_returned:
        return None
    if place in looked_at:
        return "a field that goes in and never comes back", "its reason under [not_returned]", "add it"
    return "a field neither mapped nor skipped", "a line, or its reason under [skipped]", "add one"


def _report(blocks: list[Block], skipped: Mapping[str, str], not_returned: Mapping[str, str]) -> tuple[Loss, ...]:
    lines = [Loss(place, f"not sent: {reason}") for place, reason in skipped.items()]
    lines += [Loss(place, f"sent, not returned: {reason}") for place, reason in not_returned.items()]
    for block in blocks:
        lines += [loss for step in block.steps for loss in step.lost if step.way != ">" or step.verify]
        lines += [loss for _, loss in block.orphans]
    return tuple(dict.fromkeys(lines))


def sections(file: str, tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """The file's blocks, once its outermost words are known ones.

    Raises:
        Refused: another section, or no block.
    """
    for name in tree:
        if name not in SECTIONS:
            raise _unknown(file, name)
    blocks = tree.get("resource")
    if not isinstance(blocks, dict) or not blocks or not all(isinstance(block, dict) for block in blocks.values()):
        raise fault(file, "resource", "no block", "[resource.name]", "describe at least one resource")
    return blocks


def _unknown(file: str, name: str) -> Refused:
    expected = ", ".join(f"[{section}]" for section in SECTIONS)
    return fault(file, name, f"unknown word `{name}`", expected, "remove it or mend its spelling")
