"""What each pair of kinds of systems can say to the other, as packaged: for the demo's screen (settled S18).

``matrix.csv`` is what ``hub systems matrix`` computes of the packaged mappings, kept because computing it takes longer
than the demo may. A test computes it and compares; how it is written anew, the test says.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

FILE = Path(__file__).with_name("matrix.csv")
KINDS = ("cms", "harts", "eois", "icare")  # design §8; kinds of tables are examples


def pairs() -> Sequence[Mapping[str, str]]:
    """A row for each ordered pair of the four kinds: ``from``, ``to``, and of each content a verdict of the matrix."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if {row["from"], row["to"]} <= set(KINDS)]
