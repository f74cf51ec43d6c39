"""The log on PostgreSQL: several processes integrate, and each entry gets one place."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import delete, select

from hub.audit.log import AuditLog
from hub.audit.tree import EMPTY_ROOT
from hub.errors import IntegrityBroken
from hub.store.postgres import PostgresDatabase
from hub.store.tables import audit_entry, audit_head
from tests.unit.audit.conftest import add, body

ENTRIES = 1_200


@pytest.fixture
def database(hub_url):
    with closing(PostgresDatabase(hub_url)) as database:
        yield database


def test_integrators_side_by_side_give_each_entry_one_place(hub_url, database, keys, clock, tmp_path):
    written = threading.Event()

    def integrate(log):
        while not written.is_set() or log.step():
            log.step()

    with ExitStack() as opened, ThreadPoolExecutor(4) as pool:
        others = [opened.enter_context(closing(PostgresDatabase(hub_url))) for _ in range(3)]
        working = [pool.submit(integrate, AuditLog(each, keys, clock, tmp_path / "checkpoints")) for each in others]
        for start in range(0, ENTRIES, 40):
            add(database, *range(start, start + 40))
        written.set()
        for each in working:
            each.result()

    log = AuditLog(database, keys, clock, tmp_path / "checkpoints")
    log.verify_at_start()
    assert log.head().size == ENTRIES
    assert sorted(entry.body for entry in log.stored()) == [body(number) for number in range(ENTRIES)]


def test_a_log_that_is_looked_at_while_another_integrates_is_whole(hub_url, database, keys, clock, tmp_path):
    """Several statements look at it; they must see one state of it, or the hub would halt for nothing."""
    log = AuditLog(database, keys, clock, tmp_path / "checkpoints")
    with closing(PostgresDatabase(hub_url)) as theirs, ThreadPoolExecutor(1) as pool:
        other = AuditLog(theirs, keys, clock, tmp_path / "checkpoints")

        def grow():
            for number in range(60):
                add(theirs, number)
                other.step()

        growing = pool.submit(grow)
        while not growing.done():
            log.verify_at_start()
            if log.head().size:
                log.checkpoint()
        growing.result()


def test_the_first_integrator_finds_no_head_and_another_waits_for_it_too(hub_url, database, keys, clock, tmp_path):
    log = AuditLog(database, keys, clock, tmp_path / "checkpoints")
    assert (log.head().size, log.head().root) == (0, EMPTY_ROOT)
    add(database, *range(3))

    with closing(PostgresDatabase(hub_url)) as theirs, ThreadPoolExecutor(2) as pool:
        other = AuditLog(theirs, keys, clock, tmp_path / "checkpoints")
        done = list(pool.map(lambda each: each.step(), (log, other)))

    assert any(done)
    assert log.head().size == 3
    with database.reading() as connection:
        assert connection.execute(select(audit_head.c.id)).all() == [(1,)]


def test_an_entry_that_was_dropped_is_seen_there_too(database, keys, clock, tmp_path):
    log = AuditLog(database, keys, clock, tmp_path / "checkpoints")
    add(database, *range(5))
    log.step()
    with database.writing() as connection:
        connection.execute(delete(audit_entry).where(audit_entry.c.entry_index == 4))

    with pytest.raises(IntegrityBroken):
        log.verify_at_start()
