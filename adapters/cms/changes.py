"""Where we are in the change log: the cursor, gaps in it, and which entries may be taken.

Program systems 9.2, "Change capture": pages of 500 by seq; a gap (somebody's open transaction) is waited for
60 seconds, then passed, remembered and asked for again for 24 hours. ``hub_inbox_error`` is numbered the same way and
read the same way. Pure: no database, no clock.

The cursor holds what must not be lost between two pages: positions, gaps passed, a sweep under way. It is stored by
the exchange once a page is settled, so a crash in between repeats a page and never skips one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

import orjson

from hub.errors import RecordUnreadable, shape
from hub.model.canonical import canonical

PAGE = 500  # entries a page, program systems 9.2
GAP_WAIT = timedelta(seconds=60)  # the same
GAP_KEPT = timedelta(hours=24)  # the same
GAP_WIDE = 1000  # numbers: a wider hole may be a log that was cut: rows are compared too
GAPS_MAX = 100  # gaps remembered at a time; more, and rows are compared instead


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers ``first`` to ``last`` that the log did not show, and when it was passed without them."""

    first: int
    last: int
    passed_at: datetime


@dataclass(frozen=True, slots=True)
class Sweep:
    """A comparison of all rows under way: which view is next, from which key on.

    ``full``: every row is delivered again, whatever is remembered of it.
    """

    view: int = 0
    start: int = 0
    full: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """All that one page leaves to the next.

    Args:
        log: last number taken from the change log.
        error: last number taken from ``hub_inbox_error``.
        swept: the local day of the last nightly sweep, or "".
        gaps: holes of the change log that were passed.
        error_gaps: the same of ``hub_inbox_error``.
    """

    log: int = 0
    error: int = 0
    swept: str = ""
    gaps: tuple[Gap, ...] = ()
    sweep: Sweep | None = None
    error_gaps: tuple[Gap, ...] = ()

    def text(self) -> str:
        """Canonical JSON; what is empty is left out."""
        whole: dict[str, Any] = {"log": self.log, "error": self.error}
        if self.swept:
            whole["swept"] = self.swept
        for name, gaps in (("gaps", self.gaps), ("error_gaps", self.error_gaps)):
            if gaps:
                whole[name] = [[gap.first, gap.last, gap.passed_at.isoformat()] for gap in gaps]
        if self.sweep:
            whole["sweep"] = [self.sweep.view, self.sweep.start, self.sweep.full]
        return canonical(whole).decode()

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Read a cursor; "" is the beginning.

        Raises:
            RecordUnreadable: it is no cursor of this adapter.
        """
        if not text:
            return cls()
        try:
            whole = orjson.loads(text)
            gaps, error_gaps = (
                tuple(Gap(int(a), int(b), datetime.fromisoformat(at)) for a, b, at in whole.get(name, ()))
                for name in ("gaps", "error_gaps")
            )
            sweep = Sweep(*whole["sweep"]) if "sweep" in whole else None
            return cls(int(whole["log"]), int(whole["error"]), str(whole.get("swept", "")), gaps, sweep, error_gaps)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RecordUnreadable(
                "cms cursor", shape(text), '{"error": number, "log": number}', 'fetch from "" to begin again'
            ) from error

    def sweeping(self, *, full: bool) -> Cursor:
        """The same place, and a sweep from the start; one that is full stays full."""
        return replace(self, sweep=Sweep(full=full or (self.sweep is not None and self.sweep.full)))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the change log: a view, the key of its row, and what happened (I, U, D)."""

    seq: int
    view: str
    row: int
    op: str


class Numbered(Protocol):
    """What stands in a log: it has a number, which was given before its transaction committed."""

    @property
    def seq(self) -> int:
        """The number."""
        ...


N = TypeVar("N", bound=Numbered)
Hole = tuple[int, int]  # first and last number


@dataclass(frozen=True, slots=True)
class Taken(Generic[N]):
    """Which entries of a page may be taken now.

    Args:
        last: the last number that is behind us.
        passed: holes that were waited for long enough.
        waiting: a hole that was not: what stands behind it stays.
    """

    entries: tuple[N, ...]
    last: int
    passed: tuple[Hole, ...]
    waiting: bool


def holes(entries: Iterable[Numbered], after: int) -> Iterator[Hole]:
    """First and last number of each hole in a page that should begin right behind ``after``."""
    for entry in entries:
        if entry.seq > after + 1:
            yield after + 1, entry.seq - 1
        after = entry.seq


def first_seen(
    entries: Sequence[Numbered], after: int, known: Mapping[Hole, datetime], now: datetime
) -> dict[Hole, datetime]:
    """When each hole of a page was first seen, or the one of which it is left. A time ahead of the clock counts as now.

    Several transactions may share a hole: when one of them commits, those that are left have still waited.
    """
    seen: dict[Hole, datetime] = {}
    for first, last in holes(entries, after):
        waited = (at for (low, high), at in known.items() if low <= first and last <= high)
        seen[first, last] = min([now, *waited])
    return seen


def take(entries: Sequence[N], after: int, seen: Mapping[Hole, datetime], now: datetime) -> Taken[N]:
    """Take entries in order up to the first hole that has not been waited for.

    Args:
        entries: one page, by seq.
        after: the last number behind us.
        seen: when each hole was first seen.
        now: aware.
    """
    passed: list[Hole] = []
    limit: int | None = None
    for first, last in holes(entries, after):
        if now - seen[first, last] < GAP_WAIT:
            limit = first
            break
        passed.append((first, last))
    taken = tuple(entry for entry in entries if limit is None or entry.seq < limit)
    return Taken(taken, taken[-1].seq if taken else after, tuple(passed), limit is not None)


def asked_again(
    gaps: Sequence[Gap], between: Callable[[int, int, int], list[N]], now: datetime
) -> tuple[tuple[Gap, ...], list[N]]:
    """Ask again for what was passed within the last 24 hours.

    Args:
        between: reads from one number to another, a page at most.

    Returns:
        The gaps that are left, and what has turned up in them.
    """
    late: list[N] = []
    left: list[Gap] = []
    for gap in gaps:
        found = between(gap.first, gap.last, PAGE)
        late.extend(found)
        if now - gap.passed_at < GAP_KEPT:
            left.extend(without(gap, [each.seq for each in found]))
    return tuple(left), late


def without(gap: Gap, found: Sequence[int]) -> Iterator[Gap]:
    """What is left of a gap once some of its numbers have turned up."""
    start = gap.first
    for seq in sorted(found):
        if seq > start:
            yield replace(gap, first=start, last=seq - 1)
        start = seq + 1
    if start <= gap.last:
        yield replace(gap, first=start)
