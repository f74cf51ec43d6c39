"""Accidents: a system goes away; at the hub's own place a key file is lost, the log cannot be written, a reader of the
bus begins anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.simulation.world import World, system_of

AWAY = "audit_entry_away"
_ELSEWHERE = "-away"


def system_goes(world: World, agency: str) -> None:
    """It cannot be reached. Of a HARTS site a folder is away, or nothing can be written there."""
    if agency not in world.sites:
        world.down.add(system_of(agency))
        return
    centre = world.sites[agency].centre
    folder = world.dice.choice([centre.from_harts, centre.to_harts])
    if not folder.exists() or _elsewhere(folder / ".spool").exists():
        return
    if world.dice.random() < 0.5:
        folder.rename(_elsewhere(folder))
    else:  # whoever runs this may write anywhere: a plain file is in the way of all that is written
        (folder / ".spool").mkdir(exist_ok=True)
        (folder / ".spool").rename(_elsewhere(folder / ".spool"))
        (folder / ".spool").touch()


def system_comes(world: World) -> None:
    """All of them can be reached."""
    world.down.clear()
    for site in world.sites.values():
        for folder in (site.centre.from_harts, site.centre.to_harts):
            if _elsewhere(folder).exists():
                _elsewhere(folder).rename(folder)
            if _elsewhere(folder / ".spool").exists():
                (folder / ".spool").unlink()
                _elsewhere(folder / ".spool").rename(folder / ".spool")


def _elsewhere(path: Path) -> Path:
    return path.with_name(f"{path.name}{_ELSEWHERE}")


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
