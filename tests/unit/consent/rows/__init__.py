"""The 192 rows of consent rules 2, a file for each group: what of the baseline (2.5) is otherwise, and nothing else.

What is expected of a row stands in ``expected.csv``, as the rules say it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from consent.model import Facts

Group = Mapping[int, tuple[str, Facts]]  # number -> what is otherwise, in words and as facts


@dataclass(frozen=True)
class Expected:
    """The answer that the rules give: outcome, and codes, the deciding one first."""

    outcome: str
    codes: tuple[str, ...]


def expected() -> dict[int, Expected]:
    """Every row's answer, by its number."""
    with Path(__file__).with_name("expected.csv").open(encoding="utf-8") as file:
        return {
            int(row["row"].removeprefix("C-")): Expected(row["outcome"], tuple(row["codes"].split()))
            for row in csv.DictReader(file)
        }
