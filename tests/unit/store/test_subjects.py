"""Facts of people in the store's own cache: what it holds never changes an answer, whatever it lets go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.model import locks
from hub.store.migrate import migrate
from hub.store.unit import SqlStore
from tests.fakes import SeededIds, StandingClock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    migrate(tmp_path / "hub.sqlite")
    made = SqlStore(tmp_path / "hub.sqlite", StandingClock(), SeededIds())
    yield made
    made.close()


def test_a_full_cache_is_emptied_and_those_found_in_it_are_answered_all_the_same(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.store.subjects.CACHED_MAX", 1)
    with store.unit() as unit:
        refs = [unit.subjects.mint() for _ in range(5)]
    with store.peek() as rows:
        rows.subjects.facts(refs[:3])

    with store.peek() as rows:
        found = rows.subjects.facts(refs)

    assert sorted(found) == sorted(refs)


def test_what_the_unit_itself_changed_is_read_again(store: SqlStore) -> None:
    with store.unit() as unit:
        ref = unit.subjects.mint()

    with store.unit(own=[locks.subject(ref)]) as unit:
        before = unit.subjects.facts([ref])[ref].deceased_by
        unit.subjects.set_deceased(ref, "harbour")
        after = unit.subjects.facts([ref])[ref].deceased_by

    assert (before, after) == ((), ("harbour",))


def test_what_one_unit_changed_is_not_answered_from_the_cache_to_the_next(store: SqlStore) -> None:
    with store.unit() as unit:
        ref = unit.subjects.mint()
    with store.peek() as rows:
        rows.subjects.facts([ref])
    with store.unit(own=[locks.subject(ref)]) as unit:
        unit.subjects.facts([ref])
        unit.subjects.set_deceased(ref, "harbour")

    with store.peek() as rows:
        assert rows.subjects.facts([ref])[ref].deceased_by
