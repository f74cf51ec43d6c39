"""A log on a temporary database, with entries as the unit would insert them."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from hub.audit.log import AuditLog
from hub.keys.ring import KeyRing, create_keys
from hub.store.sqlite import SqliteDatabase
from hub.store.tables import audit_entry, audit_head, audit_leaf, audit_pending, checkpoint, metadata
from tests.fakes import SeededIds, StandingClock

TABLES = [audit_entry, audit_pending, audit_leaf, audit_head, checkpoint]


def new_database(path):
    database = SqliteDatabase(path)
    with database.writing() as connection:
        metadata.create_all(connection, tables=TABLES)
    return database


@pytest.fixture
def database(tmp_path):
    database = new_database(tmp_path / "hub.sqlite")
    yield database
    database.close()


@pytest.fixture
def keys(tmp_path):
    create_keys(tmp_path / "keys", SeededIds(), name="hub.example.org/log")
    return KeyRing(tmp_path / "keys", SeededIds(2))


@pytest.fixture
def clock():
    return StandingClock()


@pytest.fixture
def log(database, keys, clock, tmp_path):
    return AuditLog(database, keys, clock, tmp_path / "checkpoints")


@pytest.fixture
def write(database):
    return lambda *numbers: add(database, *numbers)


def body(number):
    return b'{"event_type":"DECISION","id":"e%06d"}' % number


def add(database, *numbers):
    """Entries with these numbers, pending; ids sort like the numbers."""
    with database.writing() as connection:
        for number in numbers:
            entry = f"e{number:06d}"
            connection.execute(insert(audit_entry).values(id=entry, body=body(number), entry_index=None))
            connection.execute(insert(audit_pending).values(id=entry))
