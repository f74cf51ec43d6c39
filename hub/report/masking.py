"""Small cells are not shown, nor what they could be computed from (consent rules 4.5; settled S39).

``mask`` takes the counts of one partition: every case is in one cell. Its total counts as known, since another table
may show it. It treats equal counts alike and no label differently from another, so that what is shown would be the same
if the counts of two masked cells were exchanged: none of them can be told from the others.

- A count from 1 to 10 is masked. A zero is shown: it is about nobody.
- With it goes the smallest other count, and every one that is equal to that.
- Where no count is left to show, not even which cells are empty is shown; the total is, from 11 on.

Two partitions of the same cases may stand side by side. What may not: a part of the cases beside all of them, or two
cells of one table as one in another. The parts of the report are made so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SHOWN_FROM = 11  # consent rules 4.5: small cells under 11


@dataclass(frozen=True, slots=True)
class Masked:
    """A partition as it may be shown.

    Args:
        cells: by label, the count; None: masked. Empty where ``folded``.
        total: of all cells; None: masked.
        folded: nothing but the total may be shown, and not which cells there are.
    """

    cells: Mapping[str, int | None]
    total: int | None
    folded: bool = False

    def get(self, label: str) -> int | None:
        """One cell; a label that is not there is an empty cell."""
        return None if self.folded else self.cells.get(label, 0)


def mask(cells: Mapping[str, int], *, shown_from: int = SHOWN_FROM) -> Masked:
    """Mask one partition.

    Args:
        shown_from: the smallest count that may be shown.
    """
    total = sum(cells.values())
    small = {label for label, count in cells.items() if 0 < count < shown_from}
    large = [count for count in cells.values() if count >= shown_from]
    if not small:
        return Masked(dict(cells), total)
    if large:
        small |= {label for label, count in cells.items() if count == min(large)}
    if not any(count for label, count in cells.items() if label not in small):
        return Masked({}, total if total >= shown_from else None, folded=True)
    return Masked({label: None if label in small else count for label, count in cells.items()}, total)


def alone(count: int) -> int | None:
    """A count that is no part of anything else that is shown."""
    return count if count == 0 or count >= SHOWN_FROM else None
