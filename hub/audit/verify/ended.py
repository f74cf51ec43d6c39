"""Lines whose time is over (consent rules 4.2 and 4.3): the line and its hash stay, what it said is gone.

Such a line has no body. It is right only if the list of leaf hashes gives its hash, which the signed root proves; and
if a later entry of the log itself says that it has ended. So a body that somebody has emptied is found, and named:
whoever wants to hide it must write into the log that he did.

This is the one kind of entry that the verifier parses: ``{"event_type":"RETENTION_ENDED","lines":[[first,last],…]}``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from hub.audit.tree import leaf_hash

_SAYS = b'"event_type":"RETENTION_ENDED"'  # as canonical bodies spell it


class Ended:
    """What is seen of ended lines while a log is read; in memory there are ranges alone."""

    def __init__(self) -> None:
        self.count = 0
        self._without: list[tuple[int, int]] = []  # ranges of lines without a body, ascending
        self._said: list[tuple[int, int]] = []  # ranges that entries say have ended

    def leaves(self, bodies: Iterable[bytes], beside: Callable[[], bytes | None]) -> Iterator[bytes]:
        """The leaf hash of each line: of its body, or the one listed beside it where it has none.

        Args:
            bodies: in order from 0.
            beside: the leaf hash that is listed beside the line read last; None: none is.
        """
        for index, body in enumerate(bodies):
            if body:
                if _SAYS in body:
                    self._said += _lines_of(body, before=index)
                yield leaf_hash(body)
            elif (listed := beside()) is None:
                yield leaf_hash(body)
            else:
                self._note(index)
                yield listed

    def emptied(self) -> int | None:
        """The first line without a body of which no entry says that it has ended; None: there is none."""
        said = _merged(self._said)
        for first, last in self._without:
            at = first
            for start, end in said:
                if start <= at <= end:
                    at = end + 1
            if at <= last:
                return at
        return None

    def _note(self, index: int) -> None:
        self.count += 1
        if self._without and self._without[-1][1] == index - 1:
            self._without[-1] = (self._without[-1][0], index)
        else:
            self._without.append((index, index))


def _lines_of(body: bytes, before: int) -> list[tuple[int, int]]:
    """The ranges that an entry says have ended; what it says of itself or of later ones is nothing."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(said, dict) or said.get("event_type") != "RETENTION_ENDED":
        return []
    lines = said.get("lines", [])
    return [
        (pair[0], pair[1])
        for pair in (lines if isinstance(lines, list) else [])
        if isinstance(pair, list) and [type(each) for each in pair] == [int, int] and pair[0] <= pair[1] < before
    ]


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
