"""A figure, its reference of the same run, and how both are written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

T = TypeVar("T")
NOISE = 1.25  # as far apart are two runs of the same code on a machine that is shared


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Args:
        unit: of both numbers: ``/s`` (more is better); of time, memory or the processor's work (less is better).
        reference: what the machine does in the same run with the hub's part left out; ``beside`` says what that is.
        note: what does not depend on the machine's load, or the target of design §12.
    """

    name: str
    value: float
    unit: str
    reference: float | None = None
    beside: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure as a multiple of its reference."""
        return self.value / self.reference if self.reference else None

    @property
    def more_is_better(self) -> bool:
        """Whether it is a rate."""
        return self.unit.startswith("/")

    def beside_last(self, ratio: float | None) -> str:
        """How its ratio stands to an earlier one: a factor, and a word where that is more than chance."""
        if not ratio or self.ratio is None:
            return ""
        factor = self.ratio / ratio
        if 1 / NOISE < factor < NOISE:
            return f"×{factor:.2f}"
        return f"×{factor:.2f} {'better' if (factor > 1) is self.more_is_better else 'worse'}"


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Seconds since the block began; after it, how long it took."""
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.perf_counter()) - began
    ended.append(time.perf_counter())


@contextmanager
def core_watch() -> Iterator[Callable[[], float]]:
    """The same in seconds of the processor, this process alone: what others do on the machine counts less."""
    began = time.process_time()
    ended: list[float] = []
    yield lambda: (ended[0] if ended else time.process_time()) - began
    ended.append(time.process_time())


def laps(ask: Callable[[T], object], asked: Iterable[T]) -> list[float]:
    """Seconds of each call."""
    took = []
    for each in asked:
        began = time.perf_counter()
        ask(each)
        took.append(time.perf_counter() - began)
    return took


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of all values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(figures: Sequence[Figure], last: Sequence[float | None] = ()) -> str:
    """All figures, aligned.

    Args:
        last: the earlier ratio of each; without any there is no column of them.
    """
    then = list(last) or [None] * len(figures)
    rows = [
        (
            figure.name,
            f"{short(figure.value)} {figure.unit}",
            "" if figure.reference is None else f"{short(figure.reference)} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.3g}",
            figure.beside_last(ratio),
            figure.beside,
            figure.note,
        )
        for figure, ratio in zip(figures, then, strict=True)
    ]
    rows = [("what", "figure", "reference", "ratio", "to last", "beside", "note"), *rows]
    shown = [column for column in range(7) if column != 4 or any(row[4] for row in rows[1:])]
    widths = {column: max(len(row[column]) for row in rows) for column in shown}
    lines = []
    for row in rows:
        cells = [
            row[column].rjust(widths[column]) if 1 <= column <= 3 else row[column].ljust(widths[column])
            for column in shown
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """All figures as plain objects."""
    return [{**asdict(figure), "ratio": figure.ratio} for figure in figures]


def short(value: float) -> str:
    """A number with three digits, or all of them before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
