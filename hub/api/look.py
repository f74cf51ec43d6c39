"""What the HTTP side reads of the hub: counts and states, one consistent look each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.errors import HubError
from hub.exchange.alerts import NEAR
from hub.exchange.reach import out_of_reach
from hub.model.rows import Tally
from hub.ports import Store


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the store.

    Args:
        away: how many active systems cannot be reached.
        stopped: all exchange is suspended.
    """

    now: datetime
    tally: Tally
    away: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Look:
    """How the HTTP side looks at its hub.

    Args:
        halted: the file that says that the hub has halted.
        checkpoint_at: when the newest checkpoint was signed, or None.
    """

    store: Store
    halted: Path
    checkpoint_at: Callable[[], datetime | None]

    def seen(self) -> Seen:
        """Read it now.

        Raises:
            Unavailable: the store cannot be reached.
        """
        with self.store.peek() as rows:
            directory = rows.directory.all()
            active = [system for system in directory.systems.values() if system.status == "active"]
            away = len(out_of_reach(rows, active))
            return Seen(rows.now, rows.counts.tally(rows.now + NEAR), away, directory.stopped)

    def not_ready(self) -> str:
        """Why the hub cannot take part now, by a word; "" where it can."""
        if self.halted.exists():
            return "halted"
        try:
            with self.store.peek() as rows:
                rows.directory.all()
        except HubError as error:
            return f"store {type(error).__name__}"
        return ""
