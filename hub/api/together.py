"""Requests that come at the same time are worked on together, by one of those who wait.

A transaction costs much the same for one message and for twenty. Nobody waits for others to come: whoever finds nobody
at work begins at once, and who comes meanwhile is next, all together. Those who meet are not worked on together: the
later one is next again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

from hub.exchange.batches import waves

A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True, eq=False)
class _Turn(Generic[A, B]):
    """One who waits, and is woken when it is over, or to work for all who wait."""

    asked: A
    names: frozenset[str]
    woken: Event = field(default_factory=Event)
    over: bool = False
    answer: list[B] = field(default_factory=list)  # none: it has to ask by itself
    error: Exception | None = None


class Together(Generic[A, B]):
    """A work that is done for several at once.

    Args:
        work: answers, in order, what is asked. Where it fails, each is asked again by itself: one who breaks it breaks
            it for nobody else.
        names: of what is asked; two who share one meet.
        at_most: so many at once.
        broken: told of what failed for several together.
    """

    def __init__(
        self,
        work: Callable[[Sequence[A]], Sequence[B]],
        names: Callable[[A], Iterable[str]],
        at_most: int,
        broken: Callable[[Exception], None],
    ) -> None:
        self._work, self._names, self._at_most, self._broken = work, names, at_most, broken
        self._lock = Lock()
        self._waiting: list[_Turn[A, B]] = []
        self._at_work = False

    def ask(self, one: A) -> B:
        """The answer to one, in the thread of its caller.

        Raises:
            Exception: whatever ``work`` raises for it alone.
        """
        mine: _Turn[A, B] = _Turn(one, frozenset(self._names(one)))  # whoever cannot be named harms nobody else
        with self._lock:
            self._waiting.append(mine)
            waits, self._at_work = self._at_work, True
        if waits:
            mine.woken.wait()
        if not mine.over:
            self._serve()
        if mine.error is not None:
            raise mine.error
        return mine.answer[0] if mine.answer else self._work([one])[0]

    def _serve(self) -> None:
        """Work for the first who wait, of whom the caller is one; then whoever is next does."""
        those = self._taken()
        try:
            answers = self._work([each.asked for each in those])
            for each, answer in zip(those, answers, strict=True):
                each.answer = [answer]
        except Exception as error:  # noqa: BLE001 - whose it is shows when each asks by itself
            if len(those) == 1:
                those[0].error = error
            else:
                self._broken(error)
        finally:
            with self._lock:
                following = self._waiting[:1]
                self._at_work = bool(following)
            for each in those:
                each.over = True
            for each in (*those, *following):
                each.woken.set()

    def _taken(self) -> list[_Turn[A, B]]:
        """The first who wait and do not meet; the others wait on, in their order."""
        with self._lock:
            first, later = self._waiting[: self._at_most], self._waiting[self._at_most :]
            those = waves(first, lambda turn: turn.names)[0]
            taken = set(map(id, those))
            self._waiting = [turn for turn in first if id(turn) not in taken] + later
            return those
