"""Cut a sequence into pieces: of a size (``itertools.batched`` from Python 3.12 on), or so that none meet in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size`` items, in order."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def waves(items: Iterable[T], names: Callable[[T], Iterable[str]]) -> list[list[T]]:
    """Lists of which no two items share a name; those that do stand in their order, one list after the other.

    Args:
        names: of an item; at least one.
    """
    found: list[list[T]] = []
    turns: Counter[str] = Counter()
    for item in items:
        own = list(names(item))
        turn = max(turns[name] for name in own)
        if turn == len(found):
            found.append([])
        found[turn].append(item)
        turns.update({name: turn + 1 - turns[name] for name in own})
    return found
