"""Of which category each answer of a client summary is (program systems 3.7): the most sensitive fields of CaMS.

The table is data, ``schemas/records/eois_summary.csv``: an item and its group; or, where the answer tells which, a row
for each answer, in English and French. An item's group is a child of its own in a record, so that its mapping can give
it its label. ``unnamed``: of no category that a rule of sharing names; it stays behind. So does an item that the table
does not know, and every other answer of an item with rows for its answers: it may be the most sensitive in other words.
Pure after loading.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from adapters.eois.lists import folded
from hub.model.record import Record

TABLE = Path(__file__).parents[2] / "schemas" / "records" / "eois_summary.csv"
UNNAMED = "unnamed"
PREFIX = "summary_"


@cache
def groups() -> tuple[str, ...]:
    """The children under which answers stand, ``summary_employ`` …, in the order of the table."""
    return tuple(dict.fromkeys(f"{PREFIX}{group}" for group in _table().values()))


def read(items: Sequence[Mapping[str, str]]) -> dict[str, tuple[Record, ...]]:
    """The answers of a summary as children by group."""
    found: dict[str, list[Record]] = {}
    for item in items:
        said = {"name": item["name"], "text": item.get("text", "")}
        if said["text"]:
            name = f"{PREFIX}{_group(said['name'], said['text'])}"
            found.setdefault(name, []).append(Record(name, said))
    return {name: tuple(rows) for name, rows in found.items()}


def write(record: Record) -> list[dict[str, str]]:
    """The answers of a record as items of a summary; one without its answer, which was withheld, is none."""
    rows = [row for name in groups() for row in record.children.get(name, ())]
    return [
        {"name": row.fields["name"], "text": row.fields["text"]} for row in rows if {"name", "text"} <= set(row.fields)
    ]


def _group(name: str, answer: str) -> str:
    table = _table()
    return table.get((name, folded(answer))) or table.get((name, "")) or UNNAMED


@cache
def _table() -> Mapping[tuple[str, str], str]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["item"], folded(row["answer"])): row["group"] for row in csv.DictReader(file)}
