"""What a part of the report shows: tables of cells that may be shown. ``None`` is a masked one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.report.masking import Masked, mask

Cell = str | int | float | None
ALL = "in all"
FOLDED = "which and how many"


@dataclass(frozen=True, slots=True)
class Shown:
    """One table.

    Args:
        bars: what a chart of it shows: label -> count. Masked cells are not in it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    bars: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the fifteen. ``notes``: what is said beside its tables; ``missing``: of what nothing is recorded yet."""

    number: int
    title: str
    tables: tuple[Shown, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def partition(title: str, what: str, cells: Mapping[str, int], *, order: Sequence[str] = ()) -> tuple[Masked, Shown]:
    """A table of all cases, each in one cell; masked as one.

    Args:
        order: the labels that stand there even where nobody is in them, in this order; the largest first otherwise.
    """
    masked = mask({**dict.fromkeys(order, 0), **cells})
    return masked, of_masked(title, what, masked, order=order)


def of_masked(title: str, what: str, masked: Masked, *, order: Sequence[str] = ()) -> Shown:
    """The table of a masked partition."""
    if masked.folded:
        return Shown(title, (what, "count"), ((FOLDED, None), (ALL, masked.total)), {})
    known = {label: count for label, count in masked.cells.items() if count is not None}
    ranked = sorted(masked.cells, key=lambda label: (-known.get(label, 0), label))
    labels = [*order, *(label for label in ranked if label not in order)]
    rows = tuple((label, masked.cells[label]) for label in labels)
    bars = {label: known[label] for label in labels if known.get(label)}
    return Shown(title, (what, "count"), (*rows, (ALL, masked.total)), bars)


def listing(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Shown:
    """A table without a chart; its counts were masked by who made them."""
    return Shown(title, tuple(columns), tuple(tuple(row) for row in rows), {})
