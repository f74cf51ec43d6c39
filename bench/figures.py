"""A figure, its reference of the same run, and how both are written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Args:
        unit: of both numbers: ``/s`` (more is better), ``ms`` or ``µs`` (less is better).
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


def table(figures: Sequence[Figure]) -> str:
    """All figures, aligned."""
    head = ("what", "figure", "reference", "ratio", "beside", "note")
    rows = [
        (
            figure.name,
            f"{_short(figure.value)} {figure.unit}",
            "" if figure.reference is None else f"{_short(figure.reference)} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.3g}",
            figure.beside,
            figure.note,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            cell.rjust(width) if 1 <= column <= 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """All figures as plain objects."""
    return [{**asdict(figure), "ratio": figure.ratio} for figure in figures]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
