"""The report in French: ``words.csv`` says each of our English sentences and labels in French.

What is no sentence of ours stays as it is in both languages: codes of the rules, words of the log, ids of the
directory, days. A label of several parts is said part by part.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Literal

from hub.report.shown import ALL, FOLDED, Cell, Part, Shown

Language = Literal["en", "fr"]
MASKED = "masked"
_NAMES = frozenset({"agency", "sender", "recipient", "agreement", "file"})  # columns of words that are not ours


@cache
def french() -> Mapping[str, str]:
    """English to French.

    Raises:
        ValueError: a line of the packaged list has not two texts.
    """
    lines = csv.reader(files("hub.report").joinpath("words.csv").read_text("utf-8").splitlines())
    return dict(list(lines)[1:])


def say(text: str, language: Language) -> str:
    """A text of ours in this language."""
    if language == "en":
        return text
    known = french().get(text)
    return known or ", ".join(french().get(piece, piece) for piece in text.split(", "))


def written(cell: Cell, language: Language) -> str:
    """A cell in words: None is a masked one."""
    if cell is None:
        return say(MASKED, language)
    if isinstance(cell, str):
        return cell
    number = f"{cell:,g}" if isinstance(cell, float) else f"{cell:,}"
    return number if language == "en" else number.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")


def spoken(part: Part, language: Language) -> Part:
    """A part with every text of ours in this language."""

    def all_of(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(say(text, language) for text in texts)

    return replace(
        part,
        title=say(part.title, language),
        tables=tuple(_table(table, language) for table in part.tables),
        notes=all_of(part.notes),
        missing=all_of(part.missing),
    )


def _table(table: Shown, language: Language) -> Shown:
    def cell_of(column: str, cell: Cell) -> Cell:
        return cell if not isinstance(cell, str) or _is_name(column, cell) else say(cell, language)

    first = table.columns[0]
    return Shown(
        say(table.title, language),
        tuple(say(column, language) for column in table.columns),
        tuple(tuple(map(cell_of, table.columns, row)) for row in table.rows),
        {str(cell_of(first, label)): count for label, count in table.bars.items()},
    )


def _is_name(column: str, cell: str) -> bool:
    """Whether it is somebody's own word, though it may be spelled as one of ours."""
    return column in _NAMES and cell not in (ALL, FOLDED)
