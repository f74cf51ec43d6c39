"""Requests that come at the same time are worked on together, by one of those who wait.

A transaction costs much the same for one message and for twenty. Nobody waits for others to come: whoever finds nobody
at work begins at once, and who comes meanwhile is next, all together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Generic, TypeVar

A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True, eq=False)
class _Turn(Generic[A, B]):
    """One who waits, and is woken when it is over, or to work for all who wait."""

    asked: A
    woken: Event = field(default_factory=Event)
    over: bool = False
    answer: list[B] = field(default_factory=list)  # none: it has to ask by itself
    error: Exception | None = None


class Together(Generic[A, B]):
    """A work that is done for several at once.

    Args:
        work: answers, in order, what is asked. Where it fails, each is asked again by itself: one who breaks it breaks
            it for nobody else.
        at_most: so many at once.
    """

    def __init__(self, work: Callable[[Sequence[A]], Sequence[B]], at_most: int) -> None:
        self._work, self._at_most = work, at_most
        self._lock = Lock()
        self._waiting: list[_Turn[A, B]] = []
        self._at_work = False

    def ask(self, one: A) -> B:
        """The answer to one, in the thread of its caller.

        Raises:
            Exception: whatever ``work`` raises for it alone.
        """
        mine: _Turn[A, B] = _Turn(one)
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
        with self._lock:
            those, self._waiting = self._waiting[: self._at_most], self._waiting[self._at_most :]
        try:
            answers = self._work([each.asked for each in those])
            for each, answer in zip(those, answers, strict=True):
                each.answer = [answer]
        except Exception as error:  # noqa: BLE001 - whose it is shows when each asks by itself
            those[0].error = error if len(those) == 1 else None
        finally:
            with self._lock:
                following = self._waiting[:1]
                self._at_work = bool(following)
            for each in those:
                each.over = True
            for each in (*those, *following):
                each.woken.set()
