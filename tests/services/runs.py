"""Test runs inside a test: pytest as a process of its own, in a temporary folder with one file of tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services.folder import Folder
from tests.services.kafka import Kafka
from tests.services.plugin import found
from tests.services.postgres import Postgres

ROOT = Path(__file__).parents[2]
WAIT_MAX_S = 60


class Runs:
    """Where they run: ``tests`` holds their file, ``temporary`` is their system's folder for what is temporary."""

    def __init__(self, tests: Path, temporary: Path) -> None:
        self.tests, self.temporary = tests, temporary
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PYTEST_"))}
        self.environ = inherited | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}

    def start(self, text: str, *options: str, **environ: str) -> subprocess.Popen[str]:
        """Start pytest on tests with this text."""
        (self.tests / "test_inside.py").write_text(text, encoding="utf-8")
        plugins = ["-p", "tests.services.plugin", "-p", "no:cacheprovider"]
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-ra", *plugins, "--basetemp", str(self.tests / "base"), *options, "."],
            cwd=self.tests,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, text: str, *options: str, **environ: str) -> tuple[int, str]:
        """Run it to its end: its exit code and what it printed."""
        with self.start(text, *options, **environ) as process:
            printed, _ = process.communicate(timeout=5 * WAIT_MAX_S)
        return process.returncode, printed

    def left(self) -> list[str]:
        """What is left in the temporary folder."""
        return sorted(path.name for path in self.temporary.iterdir())


def wait_for(what: Callable[[], bool]) -> None:
    """Until it is so; a failure where it takes too long."""
    over_at = time.monotonic() + WAIT_MAX_S
    while not what():
        assert time.monotonic() < over_at, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """A place for test runs. Its temporary folder is not below ours, into which no other user may look."""
    temporary = Folder("inside")
    place = temporary.path / "tmp"
    place.mkdir(mode=0o711)
    yield Runs(tmp_path, place)
    temporary.remove()


@pytest.fixture
def startable() -> None:
    """Skips where we cannot start both services ourselves: those of the environment are of no use to such a run."""
    found("postgres", Postgres).close()
    found("kafka", Kafka).close()
