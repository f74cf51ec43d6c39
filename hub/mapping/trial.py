"""Trial records: what a mapping can be given, found out from the mapping itself, to see what becomes of it elsewhere.

A trial record fills every field that the mapping sends, one row of each child. Coded fields get the words of their
tables; for every other field a few invented texts are tried until its line takes one without a loss. Pure; no real
data, and no knowledge of any system.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from hub.errors import MessageRejected
from hub.mapping import Context, RecordMapping
from hub.mapping.model import Block, Run, Step
from hub.model.record import Record

HOME = Context("trial", "trial")
# one text at least for each form that a line of a mapping may ask for: word, day, moment, mark, number, code, channel
TEXTS = (
    *(
        "trial",
        "2026-03-03",
        "4 Oak Street",
        "2026-03-03 09:01:00",
        "2026-03-04",
        "2026-03-04 10:02:00",
        "1",
        "0",
        "90",
    ),
    *("E", "D", "ON", "QC", "CAN", "ETH", "en", "fr", "eng", "416-555-0142", "416-555-0199"),
    *("a@example.org", "b@example.org", "M5V 2T6", "G1R 4P5"),
    *("1234567890", "2345678901", "12345678", "1234567", "7654321"),
)


def blocks_of(mapping: RecordMapping) -> Iterator[Block]:
    """All blocks, those inside others after them."""
    for block in mapping.blocks:
        yield block
        yield from block.insides


def lines_of(mapping: RecordMapping, way: str) -> Iterator[tuple[Block, Step, tuple[str, ...]]]:
    """Each line that goes this way, ``>`` or ``<``, with its block and the places of its fields."""
    for block in blocks_of(mapping):
        prefix = prefix_of(block)
        for step in block.steps:
            if step.way in ("<->", way):
                yield block, step, tuple(f"{prefix}{name}" for name in step.fields)


def prefix_of(block: Block) -> str:
    """``client.`` of a block whose instances are the child records ``client``."""
    return "".join(f"{part}." for part in block.child)


def filled(mapping: RecordMapping) -> dict[str, str]:
    """Every field that the mapping sends, by its place, with a text that its first line takes without a loss."""
    chosen: dict[str, str] = {}
    coded: dict[str, list[Step]] = {}
    for _, step, places in lines_of(mapping, ">"):
        if step.words:
            coded.setdefault(places[0], []).append(step)
    for block, step, _ in lines_of(mapping, ">"):
        prefix = prefix_of(block)
        free = [name for name in step.fields if f"{prefix}{name}" not in chosen]
        beside = coded.get(f"{prefix}{step.fields[0]}", []) if step.fields else []
        known = {name: chosen[at] for name in (*step.fields, *step.seen) if (at := f"{prefix}{name}") in chosen}
        texts = (*step.words, *TEXTS) if step.words else TEXTS
        tried = (known | dict(zip(free, values, strict=True)) for values in product(texts, repeat=len(free)))
        lines = [step, *beside]  # a word that one of them has no row for is no word of this record
        if free and (taken := next((fields for fields in tried if all(_takes(each, fields) for each in lines)), None)):
            chosen |= {f"{prefix}{name}": taken[name] for name in free}
    return chosen


def _takes(step: Step, fields: Mapping[str, str]) -> bool:
    run = Run(HOME)
    try:
        return bool(step.write and step.write(fields, {}, run)) and not run.losses
    except MessageRejected:
        return False


def words_of(mapping: RecordMapping, place: str) -> list[str]:
    """Every word that a table of the field has; none where the field is not coded.

    A word of one table may have no row in another of the same field: a record with it is refused.
    """
    lines = [step for _, step, places in lines_of(mapping, ">") if place in places]
    return list(dict.fromkeys(word for step in lines for word in step.words))


def record(kind: str, fields: Mapping[str, str]) -> Record:
    """Fields by their places as a record, one row of each child."""
    own: dict[str, str] = {}
    below: dict[str, dict[str, str]] = {}
    for place, text in fields.items():
        name, dot, rest = place.partition(".")
        if dot:
            below.setdefault(name, {})[rest] = text
        else:
            own[name] = text
    return Record(kind, own, {name: (record(name, row),) for name, row in below.items()})


def flat(row: Record, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a record with their places; of children all rows."""
    for name, text in row.fields.items():
        yield f"{prefix}{name}", text
    for name, rows in row.children.items():
        for below in rows:
            yield from flat(below, f"{prefix}{name}.")
