"""When entries say that they were written: a clock that was set back shows. A person looks into it; it is no fault.

An entry stands behind a later one by the length of a unit, as
those that were pending together get their places by their time; what lies further back was written by another clock,
or kept back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

BACK_MAX = timedelta(minutes=1)  # units last milliseconds; two hosts of one server have its one clock
WARNINGS_MAX = 20  # told one by one; of more, how many

_RECORDED = re.compile(
    rb'"recorded_at":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)"'
)  # as canonical bodies spell it


class Times:
    """Looks at bodies as they pass."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._count = 0

    def watch(self, bodies: Iterable[bytes]) -> Iterator[bytes]:
        """The same bodies."""
        newest = b""  # in one spelling, so that they sort as text
        for index, body in enumerate(bodies):
            found = _RECORDED.search(body)
            if found is not None:
                newest = self._back(index, found[1], newest) if found[1] < newest else found[1]
            yield body

    def _back(self, index: int, at: bytes, newest: bytes) -> bytes:
        """Judge a step back; what is counted from now on."""
        try:
            back = datetime.fromisoformat(newest.decode()) - datetime.fromisoformat(at.decode())
        except ValueError:  # the 31st of June: not ours to judge
            return newest
        if back <= BACK_MAX:
            return newest
        self._count += 1
        if self._count <= WARNINGS_MAX:
            self._told.append(f"entry {index} was written at {at.decode()}, after one of {newest.decode()}")
        return at

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was seen, a sentence each."""
        more = self._count - len(self._told)
        return (*self._told, *([f"and {more} more entries that go back in time"] if more else []))
