"""Requests that come at the same time are worked on together, and each hears of its own alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event, Lock

import pytest

from hub.api.together import Together

BOUND_S = 20.0
BAD, WORSE = -1, -2


class Work:
    """Doubles numbers; it notes with whom each was asked, and may be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.broken: list[Exception] = []
        self.goes_on, self.has_begun = Event(), Event()
        self.goes_on.set()
        self.at_once = self.most_at_once = 0
        self._lock = Lock()

    def __call__(self, asked: Sequence[int]) -> list[int]:
        with self._lock:
            self.batches.append(list(asked))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.has_begun.set()
        assert self.goes_on.wait(BOUND_S)
        with self._lock:
            self.at_once -= 1
        if BAD in asked or WORSE in asked:
            raise ValueError("as asked")
        return [2 * each for each in asked]

    @contextmanager
    def held_up(self, together: Together[int, int], pool: ThreadPoolExecutor, asked: Sequence[int]) -> Iterator[None]:
        """While the first is at work the others have come."""
        self.goes_on.clear()
        self.has_begun.clear()
        first = pool.submit(together.ask, 0)
        assert self.has_begun.wait(BOUND_S)
        self.later = []
        for number, each in enumerate(asked):
            self.later.append(pool.submit(together.ask, each))
            while len(together._waiting) <= number:
                assert not self.later[-1].done()
        yield
        self.goes_on.set()
        wait([first, *self.later], BOUND_S)
        assert first.result(0) == 0

    later: list[Future[int]]


def made(work: Work, at_most: int) -> Together[int, int]:
    """Who asks the same modulo 100 meets."""
    return Together(work, lambda each: [str(each % 100)], at_most, work.broken.append)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as made:
        yield made


def test_one_alone_waits_for_nobody(work):
    together = made(work, 10)
    assert [together.ask(each) for each in (1, 2, 3)] == [2, 4, 6]
    assert work.batches == [[1], [2], [3]]


def test_who_comes_while_one_is_at_work_is_next_all_together_in_order(work, pool):
    together = made(work, 10)
    with work.held_up(together, pool, [1, 2, 3, 4]):
        pass
    assert work.batches == [[0], [1, 2, 3, 4]]
    assert [each.result(0) for each in work.later] == [2, 4, 6, 8]


def test_so_many_at_once_and_the_rest_after_them(work, pool):
    together = made(work, 3)
    with work.held_up(together, pool, range(1, 9)):
        pass
    assert work.batches == [[0], [1, 2, 3], [4, 5, 6], [7, 8]]
    assert [each.result(0) for each in work.later] == [2 * each for each in range(1, 9)]


def test_those_who_meet_are_not_worked_on_together_and_keep_their_order(work, pool):
    together = made(work, 10)
    with work.held_up(together, pool, [1, 101, 2, 201, 102]):
        pass
    assert work.batches == [[0], [1, 2], [101, 102], [201]]
    assert [each.result(0) for each in work.later] == [2, 202, 4, 402, 204]


def test_one_that_breaks_it_breaks_it_for_itself_alone(work, pool):
    together = made(work, 10)
    with work.held_up(together, pool, [1, BAD, 3]):
        pass
    assert work.batches[:2] == [[0], [1, BAD, 3]]
    assert sorted(work.batches[2:]) == [[BAD], [1], [3]]
    assert len(work.broken) == 1, "whoever looks after the hub hears of it"
    one, bad, three = work.later
    assert (one.result(0), three.result(0)) == (2, 6)
    assert isinstance(bad.exception(0), ValueError)


def test_what_one_alone_breaks_is_not_tried_twice_and_the_next_one_works(work):
    together = made(work, 10)
    with pytest.raises(ValueError, match="as asked"):
        together.ask(BAD)
    assert together.ask(4) == 8
    assert work.batches == [[BAD], [4]]
    assert work.broken == []


def test_each_has_its_own_error(work, pool):
    together = made(work, 10)
    with work.held_up(together, pool, [BAD, WORSE]):
        pass
    one, other = (each.exception(0) for each in work.later)
    assert one is not other


@pytest.mark.parametrize("seed", range(5))
def test_many_threads_get_each_its_own_answer_and_one_works_at_a_time(work, pool, seed):
    together = made(work, 4)
    asked = random.Random(seed).choices(range(1000), k=400)
    assert list(pool.map(together.ask, asked)) == [2 * each for each in asked]
    assert work.most_at_once == 1
    assert sorted(each for batch in work.batches for each in batch) == sorted(asked)
    assert max(map(len, work.batches)) <= 4
