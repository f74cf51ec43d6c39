"""Facts of people in the store's own cache: what it holds never changes an answer, whatever it lets go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.model import locks
from hub.store.migrate import migrate
from hub.store.sqlite import SqliteDatabase
from hub.store.unit import SqlStore
from tests.fakes import SeededIds, StandingClock


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = SqlStore(SqliteDatabase(tmp_path / "hub.sqlite"), StandingClock(), SeededIds())
    migrate(made.database)
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
        unit.subjects.set_deceased(ref, "harbour", "harbour-cms", dead=True)
        after = unit.subjects.facts([ref])[ref].deceased_by

    assert (before, after) == ((), ("harbour",))


def test_what_one_unit_changed_is_not_answered_from_the_cache_to_the_next(store: SqlStore) -> None:
    with store.unit() as unit:
        ref = unit.subjects.mint()
    with store.peek() as rows:
        rows.subjects.facts([ref])
    with store.unit(own=[locks.subject(ref)]) as unit:
        unit.subjects.facts([ref])
        unit.subjects.set_deceased(ref, "harbour", "harbour-cms", dead=True)

    with store.peek() as rows:
        assert rows.subjects.facts([ref])[ref].deceased_by


def test_a_unit_finds_by_its_digests_whom_it_has_just_minted_though_it_had_asked_before(store: SqlStore) -> None:
    with store.unit() as unit:
        before = unit.subjects.by_digests(["d-1", "d-2"])
        ref = unit.subjects.mint()
        unit.subjects.add_digests(ref, {"d-1": "exact"})
        found = unit.subjects.by_digests(["d-1", "d-2"])
        kinds = unit.subjects.digests_of_each([ref])

    assert (before, found, kinds) == ([], [("d-1", ref)], {ref: {"d-1": "exact"}})
    with store.peek() as rows:
        assert rows.subjects.by_digests(["d-1"]) == [("d-1", ref)]


def test_a_digest_that_is_added_stands_beside_what_was_known_of_it_and_of_its_subject(store: SqlStore) -> None:
    with store.unit() as unit:
        one, other = unit.subjects.mint(), unit.subjects.mint()
        unit.subjects.add_digests(one, {"d-1": "exact", "d-2": "fuzzy"})

    with store.unit(own=[locks.subject(other), locks.subject(one)]) as unit:
        unit.subjects.add_digests(other, {"d-1": "exact"})
        unit.subjects.add_digests(one, {"d-1": "exact"})
        inside = (set(unit.subjects.by_digests(["d-1"])), unit.subjects.digests_of(one))

    with store.peek() as rows:
        written = (set(rows.subjects.by_digests(["d-1"])), rows.subjects.digests_of(one))
    assert inside == written == ({("d-1", one), ("d-1", other)}, {"d-1": "exact", "d-2": "fuzzy"})


def test_whom_a_unit_has_minted_no_agency_knows_until_it_gives_an_alias_and_then_by_that_alone(store: SqlStore) -> None:
    with store.unit() as unit:
        known = unit.subjects.mint()
        unit.subjects.alias("harbour", known)

    with store.unit() as unit:
        ref = unit.subjects.mint()
        before = unit.subjects.with_alias("harbour", [known, ref])
        alias = unit.subjects.alias("harbour", ref)
        again = unit.subjects.alias("harbour", ref)
        after = unit.subjects.with_alias("harbour", [known, ref])
        elsewhere = unit.subjects.with_alias("lakeside", [known, ref])

    assert (before, after, elsewhere, alias == again) == ({known}, {known, ref}, set(), True)
    with store.peek() as rows:
        assert rows.subjects.by_alias("harbour", alias) == ref
