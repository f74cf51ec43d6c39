"""Where we are in the change log: the cursor, gaps in it, and which entries may be taken.

Program systems 9.2, "Change capture": pages of 500 by seq; a gap (somebody's open transaction) is waited for
60 seconds, then passed, remembered and asked for again for 24 hours. Pure: no database, no clock.

The cursor holds what must not be lost between two pages: positions, gaps passed, a sweep under way. It is stored by
the exchange once a page is settled, so a crash in between repeats a page and never skips one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from hub.errors import RecordUnreadable, shape
from hub.model.canonical import canonical

PAGE = 500  # entries a page, program systems 9.2
GAP_WAIT = timedelta(seconds=60)  # the same
GAP_KEPT = timedelta(hours=24)  # the same
GAP_WIDE = 1000  # numbers: a wider hole is a log that was cut, and rows are compared instead
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
    """

    log: int = 0
    error: int = 0
    swept: str = ""
    gaps: tuple[Gap, ...] = ()
    sweep: Sweep | None = None

    def text(self) -> str:
        """Canonical JSON; what is empty is left out."""
        whole: dict[str, Any] = {"log": self.log, "error": self.error}
        if self.swept:
            whole["swept"] = self.swept
        if self.gaps:
            whole["gaps"] = [[gap.first, gap.last, gap.passed_at.isoformat()] for gap in self.gaps]
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
            gaps = tuple(Gap(int(a), int(b), datetime.fromisoformat(at)) for a, b, at in whole.get("gaps", ()))
            sweep = Sweep(*whole["sweep"]) if "sweep" in whole else None
            return cls(int(whole["log"]), int(whole["error"]), str(whole.get("swept", "")), gaps, sweep)
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


@dataclass(frozen=True, slots=True)
class Taken:
    """Which entries of a page may be taken now.

    Args:
        log: the last number that is behind us.
        passed: holes that were waited for long enough.
        waiting: a hole that was not: what stands behind it stays.
    """

    entries: tuple[Entry, ...]
    log: int
    passed: tuple[tuple[int, int], ...]
    waiting: bool


def holes(entries: Sequence[Entry], after: int) -> Iterator[tuple[int, int]]:
    """First and last number of each hole in a page that should begin right behind ``after``."""
    for entry in entries:
        if entry.seq > after + 1:
            yield after + 1, entry.seq - 1
        after = entry.seq


def first_seen(
    entries: Sequence[Entry], after: int, known: Mapping[int, datetime], now: datetime
) -> dict[int, datetime]:
    """When each hole of a page was first seen, by its first number. A time ahead of the clock counts as now."""
    return {first: min(known.get(first, now), now) for first, _ in holes(entries, after)}


def take(entries: Sequence[Entry], after: int, seen: Mapping[int, datetime], now: datetime) -> Taken:
    """Take entries in order up to the first hole that has not been waited for.

    Args:
        entries: one page, by seq.
        after: the last number behind us.
        seen: when each hole was first seen.
        now: aware.
    """
    passed: list[tuple[int, int]] = []
    limit: int | None = None
    for first, last in holes(entries, after):
        if now - seen[first] < GAP_WAIT:
            limit = first
            break
        passed.append((first, last))
    taken = tuple(entry for entry in entries if limit is None or entry.seq < limit)
    return Taken(taken, taken[-1].seq if taken else after, tuple(passed), limit is not None)


def without(gap: Gap, found: Sequence[int]) -> Iterator[Gap]:
    """What is left of a gap once some of its numbers have turned up."""
    start = gap.first
    for seq in sorted(found):
        if seq > start:
            yield replace(gap, first=start, last=seq - 1)
        start = seq + 1
    if start <= gap.last:
        yield replace(gap, first=start)
