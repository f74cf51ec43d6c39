"""The command line on a small network: the commands themselves, the hub itself, standing time, seeded ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.__main__ import command_line, real_tools
from hub.backup import back_up
from hub.clock import UtcClock
from hub.compose import compose
from hub.doctor import examine, open_log
from hub.ports import Clock
from hub.restore import Request, restore
from hub.settings import read_settings
from tests.fakes import SeededIds, StandingClock
from tests.network import NOON, Network, make

OS_USER = "night-shift"
NO_FOLDER = (("receipt", "verify"), ("receipt", "verifier"), ("audit", "cosign"), ("audit", "cosigner"))


@dataclass
class Desk:
    """A terminal on one data folder. ``slept``: how long commands waited."""

    folder: Path
    clock: StandingClock
    slept: list[float]
    seed: int = 100
    doctor_clock: Clock = field(default_factory=UtcClock)  # a system's own clock is the machine's
    os_user: str = OS_USER

    def run(self, *args: str, stdin: str | bytes | None = None, folder: Path | None = None) -> Result:
        """Run a command, a second after the one before; the data folder is named for it."""
        self.seed += 1
        self.clock.advance(timedelta(seconds=1))  # so that entries of two commands have an order
        tools = replace(
            real_tools(),
            open=lambda where, report: compose(
                read_settings(where), report=report, clock=self.clock, ids=SeededIds(self.seed)
            ),
            examine=lambda where: examine(where, self.doctor_clock),
            back_up=lambda where, out, who, tell: back_up(
                read_settings(where), out, who, tell, clock=self.clock, ids=SeededIds(self.seed)
            ),
            restore=lambda where, file, notes, who, behind, tell: restore(
                read_settings(where),
                Request(file, notes, who, behind),
                tell,
                clock=self.clock,
                ids=SeededIds(self.seed),
            ),
            stored_log=lambda where: open_log(read_settings(where), self.clock),
            now=self.clock.now,
            sleep=self._sleep,
            os_user=self.os_user,
        )
        bare = args[:1] in (("demo",), ("sample",)) or "--facts" in args or "--export" in args or args[:2] in NO_FOLDER
        named = () if bare else ("--dir",)
        where = (*named, str(folder or self.folder)) if named else ()
        return CliRunner().invoke(command_line(tools), [*args, *where], input=stdin)

    def json(self, *args: str, code: int = 0, **more: Any) -> Any:
        """Run a command with --json: exactly one document stands on standard output."""
        result = self.run(*args, "--json", **more)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def ok(self, *args: str, **more: Any) -> str:
        """Run a command that must succeed; what it said."""
        result = self.run(*args, **more)
        assert result.exit_code == 0, (args, result.output, result.exception)
        return result.stdout

    def refused(self, *args: str, code: int = 1, **more: Any) -> str:
        """Run a command that must be refused in one line on standard error and nowhere else."""
        result = self.run(*args, **more)
        assert result.exit_code == code, (args, result.output, result.exception)
        assert "Traceback" not in result.output
        assert result.stdout == ""
        return result.stderr.strip()

    def entries(self) -> list[dict[str, Any]]:
        """Every audit entry, oldest first."""
        log = open_log(read_settings(self.folder), self.clock)
        try:
            while log.log.step():
                pass
            return [json.loads(entry.body) for entry in log.log.stored()]
        finally:
            log.close()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def fresh(tmp_path: Path) -> Desk:
    """A data folder that `hub init` has prepared, and nobody in it."""
    desk = Desk(tmp_path / "hub", StandingClock(NOON), [])
    desk.ok("init")
    return desk


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    made = make(tmp_path)
    yield made
    made.hub.close()


@pytest.fixture
def desk(network: Network) -> Desk:
    """A terminal on the network's data folder."""
    return Desk(network.dir / "hub", network.clock, [])
