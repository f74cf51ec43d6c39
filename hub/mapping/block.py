"""Compiles one ``[resource.x]`` of a mapping file: its type, label, instances and lines.

Refused here: an unknown type, label, element or block; an ``inside`` that leads nowhere; rows that nothing tells
apart. An unknown word or one of another kind is refused in ``shapes``, what concerns rows under child records in
``rows``, what concerns all fields of a record kind together in ``check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from hub.errors import Refused
from hub.mapping.each import Cells, Row, compile_each
from hub.mapping.elements import ELEMENTS, RESOURCES, UNLABELLED
from hub.mapping.label import CATEGORIES, labelled
from hub.mapping.model import Block, Converter, Step, fault
from hub.mapping.path import Path, parse
from hub.mapping.rows import check_rows, leading
from hub.mapping.shapes import shaped
from hub.mapping.table import Table
from hub.mapping.words import WORDS, Spot
from hub.model.fhir import Resource
from hub.model.record import Loss

MOVES_UP = "moves up where a group before it is blank"
_EXCHANGES = frozenset({"resourceType", "id", "meta", "implicitRules", "language", "text"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One mapping file under compilation."""

    file: str
    record: str
    blocks: Mapping[str, Mapping[str, Any]]
    table: Callable[[str], Table]
    functions: Mapping[str, Converter]
    rows: Callable[[str, bool], tuple[Cells, ...]]

    def fault(self, key: str, got: str, expected: str, next_step: str) -> Refused:
        """This file cannot be loaded."""
        return fault(self.file, key, got, expected, next_step)


def compile_blocks(sheet: Sheet) -> tuple[Block, ...]:
    """All blocks in the file's order; those with ``inside`` hang in their blocks.

    Raises:
        Refused: naming file, key, what was got, what was expected, and the next step.
    """
    for name, spec in sheet.blocks.items():
        shaped(name, spec, sheet.fault)
    made = [block for name in sheet.blocks for block in _blocks(sheet, name)]
    children = {block.name: block.child for block in made}
    for block in made:
        if block.inside is not None and not _starts(block.child, children[block.inside]):
            raise sheet.fault(
                f"resource.{block.name}", "`each` beside its block", "a child of that block's child", "mend `each`"
            )
    top = [_with_insides(block, made) for block in made if block.inside is None]
    check_rows(sheet.fault, top)
    return tuple(_with_parent(block, top) for block in top)


def _blocks(sheet: Sheet, name: str) -> Iterator[Block]:
    """One block; where its ``each`` names rows one for each of them, of the same name."""
    key, spec = f"resource.{name}", sheet.blocks[name]
    each = compile_each(
        spec.get("each"), whole="inside" not in spec, table=sheet.rows, refuse=partial(sheet.fault, f"{key}.each")
    )
    telling = [words for words in spec.get("element", {}).values() if "row" in words]
    if each.table and not any(words.get("way") != "<" for words in telling):
        raise sheet.fault(f"{key}.each", "rows that nothing tells apart", "a line with `row`", "add one")
    for word in (words["row"] for words in telling):
        if len({row.cells.get(word) for row in each.rows}) < len(each.rows):
            raise sheet.fault(f"{key}.each", f"two rows with one `{word}`", "one row for each", "mend the table")
    for row in each.rows:
        yield _block(sheet, name, each.child, row)


def _block(sheet: Sheet, name: str, child: tuple[str, ...], row: Row) -> Block:
    key, spec = f"resource.{name}", sheet.blocks[name]
    kind, at, inside = _type(sheet, name, spec)
    prefix = "".join(f"{part}." for part in child)
    steps = tuple(_steps(sheet, key, kind, prefix, row))
    needs = tuple(_path(sheet, f"{key}.needs", text, kind) for text in spec.get("needs", ()))
    needed = {*spec.get("needs", ()), *(_element_of(step) for step in steps if step.needed)}
    return Block(
        name=name,
        type=kind,
        child=child,
        inside=inside,
        at=at,
        meta=_meta(sheet, key, kind, row.filled(spec.get("label"), partial(sheet.fault, key)), inside),
        steps=steps,
        needs=(*(path.get for path in needs), *(_getter(sheet, step, kind) for step in steps if step.needed)),
        writes=tuple(_counting(step) for step in steps if step.write and step.way != "<"),
        links=tuple(step.link for step in steps if step.link and step.way != "<"),
        reads=(
            *(step.read for step in steps if step.read and step.way != ">"),
            *(step.verify for step in steps if step.verify),
        ),
        guards=tuple(step.guard for step in steps if step.guard),
        kin=tuple(step.guard for step in steps if step.guard and not step.row),
        reaches=_reaches(steps),
        orphans=_orphans(steps, needed, prefix),
        insides=(),
        known=frozenset(element for step in steps for element in step.elements) | _EXCHANGES,
        owner=False,
        parent=None,
        absents=tuple(step.absent for step in steps if step.absent and step.way != ">"),
        row=row.place,
    )


def _type(sheet: Sheet, name: str, spec: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """The R4 type of an instance; for one inside another block, that of the list's items."""
    key = f"resource.{name}"
    if "inside" not in spec:
        if spec.get("type") not in RESOURCES:
            raise sheet.fault(
                key,
                f"type `{spec.get('type')}`",
                ", ".join(sorted(RESOURCES)),
                "mend it, or add the type to elements.py",
            )
        return str(spec["type"]), "", None
    inside = spec["inside"]
    if inside not in sheet.blocks or "inside" in sheet.blocks[inside]:
        raise sheet.fault(key, f"inside `{inside}`", "the name of a block that is a resource", "mend the name")
    outer = str(sheet.blocks[inside].get("type"))
    element = ELEMENTS.get(outer, {}).get(str(spec.get("at")))
    if element is None or not element.many or not element.type:
        raise sheet.fault(key, f"at `{spec.get('at')}`", f"a list element of {outer}", "mend `at`")
    return element.type, str(spec["at"]), str(inside)


def _meta(sheet: Sheet, key: str, kind: str, label: Any, inside: str | None) -> Any:
    if inside is not None or kind in UNLABELLED:
        if label is not None:
            raise sheet.fault(key, f"label `{label}`", f"none: {kind} carries no label of its own", "remove it")
        return None
    if label not in CATEGORIES:
        raise sheet.fault(key, f"label `{label}`", ", ".join(sorted(CATEGORIES)), "give the block its data category")
    return labelled(str(label))


def _steps(sheet: Sheet, key: str, kind: str, prefix: str, row: Row) -> Iterator[Step]:
    """The lines of a block, written out for a row; a line that names an empty cell of it is none."""
    for line, said in sheet.blocks[key.removeprefix("resource.")].get("element", {}).items():
        at = f'{key}.element."{line}"'
        words = row.filled(said, partial(sheet.fault, at))
        if words is None:
            continue
        step = _step(sheet, at, kind, prefix, line, words, row.cells)
        up = [Loss(f"{prefix}{name}", MOVES_UP) for name in step.fields if row.follows]
        yield replace(step, lost=(*step.lost, *up))


def _step(sheet: Sheet, key: str, kind: str, prefix: str, line: str, words: Any, row: Cells) -> Step:
    head = next(iter(words))
    texts = [text.strip() for text in line.split(", ")] if head == "fn" else [line]
    paths = tuple(_path(sheet, key, text, kind) for text in texts)
    spot = Spot(
        sheet.file,
        key,
        f"{kind}.{line}",
        sheet.record,
        prefix,
        paths,
        words,
        sheet.table,
        sheet.functions,
        frozenset(name for name, spec in sheet.blocks.items() if "inside" not in spec),
        row,
    )
    return WORDS[head].compile(spot)


def _path(sheet: Sheet, key: str, text: str, kind: str) -> Path:
    try:
        return parse(text, kind)
    except ValueError as error:
        raise sheet.fault(key, str(error), f"a path of FHIR R4 {kind}", "mend the path") from error


def _getter(sheet: Sheet, step: Step, kind: str) -> Callable[[Any], Any]:
    return _path(sheet, step.element, _element_of(step), kind).get


def _counting(step: Step) -> Any:
    """A read-only use writes, but does not make an instance exist (settled S17)."""
    write = step.write
    if step.way == "<->" or write is None:
        return write
    return lambda fields, out, run: bool(write(fields, out, run)) and False


def _element_of(step: Step) -> str:
    return step.element.partition(".")[2]


def _orphans(steps: tuple[Step, ...], needed: set[str], prefix: str) -> tuple[tuple[str, Loss], ...]:
    """What is lost with an instance that does not exist because an element that it needs was not written."""
    lost = []
    for step in steps:
        others = sorted(needed - {_element_of(step)})
        if step.way == "<->" and others:
            reason = f"lost where nothing is written at {', '.join(others)}"
            lost += [(field, Loss(f"{prefix}{field}", reason)) for field in step.fields]
    return tuple(lost)


def _reaches(steps: tuple[Step, ...]) -> tuple[tuple[str, str, str], ...]:
    names = {name for step in steps for name in (*step.fields, *step.seen) if "." in name}
    return tuple((name, name.partition(".")[0], name.partition(".")[2]) for name in sorted(names))


def _starts(path: tuple[str, ...], start: tuple[str, ...]) -> bool:
    return path[: len(start)] == start


def _with_insides(block: Block, made: Sequence[Block]) -> Block:
    insides = tuple(inner for inner in made if inner.inside == block.name)
    known = block.known | {inner.at for inner in insides}
    return replace(block, insides=insides, known=known)


def _with_parent(block: Block, top: list[Block]) -> Block:
    """Find the line whose reference says to which child record an instance belongs.

    The first block of a child path owns its records; the others, and deeper ones, refer to it.
    """
    owner = next(other for other in top if other.child == block.child)
    owns = owner is block and bool(block.child)
    wanted = block.child[:-1] if owns else block.child
    insides = tuple(replace(inner, parent=_leads_to(inner, inner.child[:-1], top)) for inner in block.insides)
    return replace(block, owner=owns, parent=_leads_to(block, wanted, top), insides=insides)


def _leads_to(block: Block, path: tuple[str, ...], top: list[Block]) -> Callable[[Resource], Any] | None:
    """The line of a block whose reference leads to the child records at a path."""
    step = leading(block, path, top)
    return step.reference if step and path else None
