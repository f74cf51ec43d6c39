"""Compiles one ``[resource.x]`` of a mapping file: its type, label, instances and lines.

Refused here: an unknown word, type, label, element or block; an ``inside`` that leads nowhere; a line without one
leading word. What concerns all fields of a record kind together is in ``check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.errors import Refused
from hub.mapping.elements import ELEMENTS, RESOURCES, UNLABELLED
from hub.mapping.label import CATEGORIES, labelled
from hub.mapping.model import Block, Converter, Step, fault
from hub.mapping.path import Path, parse
from hub.mapping.table import WAYS, Table
from hub.mapping.words import ALWAYS, WORDS, Spot
from hub.model.record import Loss

_KEYS = {
    "type": "the R4 type of the resource",
    "label": "the data category of the whole resource",
    "each": 'each = { child = "…", columns = "…" }: one instance per child record, per filled column of a table',
    "inside": "the block whose element each instance is",
    "at": "the list element of that block",
    "needs": "paths without which the instance does not exist",
    "element": "the table of lines",
}
_EXCHANGES = frozenset({"resourceType", "id", "meta", "implicitRules", "language", "text"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One mapping file under compilation."""

    file: str
    record: str
    blocks: Mapping[str, Mapping[str, Any]]
    table: Callable[[str], Table]
    functions: Mapping[str, Converter]
    columns: Callable[[str], tuple[Mapping[str, str], ...]]

    def fault(self, key: str, got: str, expected: str, next_step: str) -> Refused:
        """This file cannot be loaded."""
        return fault(self.file, key, got, expected, next_step)


def compile_blocks(sheet: Sheet) -> tuple[Block, ...]:
    """All blocks in the file's order; those with ``inside`` hang in their blocks.

    Raises:
        Refused: naming file, key, what was got, what was expected, and the next step.
    """
    made = [block for name in sheet.blocks for block in _blocks(sheet, name)]
    children = {block.name: block.child for block in made}
    for block in made:
        if block.inside is not None and not _starts(block.child, children[block.inside]):
            raise sheet.fault(
                f"resource.{block.name}", "`each` beside its block", "a child of that block's child", "mend `each`"
            )
    top = [_with_insides(block, made) for block in made if block.inside is None]
    return tuple(_with_parent(block, top) for block in top)


def _blocks(sheet: Sheet, name: str) -> Iterator[Block]:
    """One block; with ``columns`` one for each row of their table, of the same name."""
    key, each = f"resource.{name}", sheet.blocks[name].get("each")
    table = each.get("columns") if isinstance(each, dict) else None
    if table is None:
        yield _block(sheet, name, {})
        return
    if not isinstance(table, str) or "inside" not in sheet.blocks[name]:
        raise sheet.fault(f"{key}.each", "`columns` of a whole resource", "`inside` beside them", "mend the block")
    rows = sheet.columns(table)
    for word in (words["row"] for words in sheet.blocks[name].get("element", {}).values() if "row" in words):
        if len({row.get(word) for row in rows}) < len(rows):
            raise sheet.fault(f"{key}.each", f"two rows with one `{word}`", "one row for each", "mend the table")
    yield from (_block(sheet, name, row) for row in rows)


def _block(sheet: Sheet, name: str, row: Mapping[str, str]) -> Block:
    key, spec = f"resource.{name}", sheet.blocks[name]
    for word in spec:
        if word not in _KEYS:
            raise sheet.fault(key, f"unknown word `{word}`", ", ".join(_KEYS), "remove it or mend its spelling")
    kind, at, inside = _type(sheet, name, spec)
    child = _child(sheet, key, spec)
    prefix = "".join(f"{part}." for part in child)
    lines = spec.get("element", {}).items()
    steps = tuple(_step(sheet, key, kind, prefix, line, words, row) for line, words in lines)
    needs = tuple(_path(sheet, f"{key}.needs", text, kind) for text in spec.get("needs", ()))
    needed = {*spec.get("needs", ()), *(_element_of(step) for step in steps if step.needed)}
    return Block(
        name=name,
        type=kind,
        child=child,
        inside=inside,
        at=at,
        meta=_meta(sheet, key, kind, spec, inside),
        steps=steps,
        needs=(*(path.get for path in needs), *(_getter(sheet, step, kind) for step in steps if step.needed)),
        writes=tuple(_counting(step) for step in steps if step.write and step.way != "<"),
        links=tuple(step.link for step in steps if step.link and step.way != "<"),
        reads=(
            *(step.read for step in steps if step.read and step.way != ">"),
            *(step.verify for step in steps if step.verify),
        ),
        guards=tuple(step.guard for step in steps if step.guard),
        reaches=_reaches(steps),
        orphans=_orphans(steps, needed, prefix),
        insides=(),
        known=frozenset(element for step in steps for element in step.elements) | _EXCHANGES,
        owner=False,
        parent=None,
        absents=tuple(step.absent for step in steps if step.absent and step.way != ">"),
        column=bool(row),
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


def _child(sheet: Sheet, key: str, spec: Mapping[str, Any]) -> tuple[str, ...]:
    each = spec.get("each")
    if each is None:
        return ()
    known = isinstance(each, dict) and each and set(each) <= {"child", "columns"}
    if not known or not isinstance(child := each.get("child", ""), str):
        raise sheet.fault(f"{key}.each", "another word", 'each = { child = "…", columns = "…" }', "mend it")
    return tuple(child.split(".")) if child else ()


def _meta(sheet: Sheet, key: str, kind: str, spec: Mapping[str, Any], inside: str | None) -> Any:
    label = spec.get("label")
    if inside is not None or kind in UNLABELLED:
        if label is not None:
            raise sheet.fault(key, f"label `{label}`", f"none: {kind} carries no label of its own", "remove it")
        return None
    if label not in CATEGORIES:
        raise sheet.fault(key, f"label `{label}`", ", ".join(sorted(CATEGORIES)), "give the block its data category")
    return labelled(str(label))


def _step(sheet: Sheet, key: str, kind: str, prefix: str, line: str, words: Any, row: Mapping[str, str]) -> Step:
    key = f'{key}.element."{line}"'
    words = _filled(sheet, key, words, row)
    if not isinstance(words, dict):
        raise sheet.fault(key, "no table", '{ field = "…" } or another word', "put the line's words in braces")
    head = next(iter(words), "")
    if head not in WORDS:
        raise sheet.fault(
            key, f"`{head}` as the first word", f"one of {', '.join(WORDS)}", "put the leading word first"
        )
    word = WORDS[head]
    for other in words:
        if other != head and other not in word.options | ALWAYS:
            allowed = ", ".join(sorted(word.options | ALWAYS))
            raise sheet.fault(
                key, f"unknown word `{other}`", f"beside `{head}`: {allowed}", "remove it or mend its spelling"
            )
    if words.get("way", "<->") not in WAYS:
        raise sheet.fault(key, f"way `{words['way']}`", "<->, > or <", "mend it")
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
    return word.compile(spot)


def _filled(sheet: Sheet, key: str, words: Any, row: Mapping[str, str]) -> Any:
    """A line's words with the cells of the row in the place of ``@name``."""
    if not isinstance(words, dict):
        return words
    filled = {}
    for word, value in words.items():
        named = value[1:] if isinstance(value, str) and value.startswith("@") else None
        if named is not None and named not in row:
            known = ", ".join(row) or "a block with `columns` in its `each`"
            raise sheet.fault(key, f"`@{named}`", known, "mend the name")
        filled[word] = value if named is None else row[named]
    return filled


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
    names = {other.name for other in top if other.child == wanted}
    step = next((step for step in block.steps if names.intersection(step.leads)), None)
    return replace(block, owner=owns, parent=step.reference if step and wanted else None)
