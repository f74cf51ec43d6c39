"""Accidents at the hub's own place: a key file is lost, the log cannot be written, a reader of the bus begins anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.simulation.world import World

AWAY = "audit_entry_away"


def lose_epoch(world: World) -> None:
    """The key file of one day is gone before its time."""
    files = sorted((world.settings.keys / "epochs").glob("*.key"))
    if files:
        world.dice.choice(files).unlink()


def log_table(world: World, *, writable: bool) -> None:
    """The table of the log's entries goes away, or comes back: no entry can be written meanwhile."""
    names = ("audit_entry", AWAY) if not writable else (AWAY, "audit_entry")
    with closing(_owner(world)) as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (names[0],)).fetchone():
            db.execute(f"ALTER TABLE {names[0]} RENAME TO {names[1]}")


def rewind_bus(world: World) -> None:
    """The consumer group has lost its offsets: everything that is still on the bus is read again."""
    with closing(_owner(world)) as db:
        db.execute("UPDATE bus_group SET next_offset = 0")


def _owner(world: World) -> sqlite3.Connection:
    return sqlite3.connect(world.settings.database, isolation_level=None, timeout=0)
