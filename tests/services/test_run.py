"""``python3 -m tests.services``: both services for the length of a command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.runs import ROOT, Runs

NAMED = {"HUB_TEST_POSTGRES": "postgresql://db.example/hub", "HUB_TEST_KAFKA": "bus.example:9092"}


def services(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return subprocess.run(
        [sys.executable, "-m", "tests.services", *arguments],
        cwd=ROOT,
        env=inherited | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_has_both_services_for_its_length(runs: Runs, startable: None) -> None:
    code = "import os; print(*sorted(name for name in os.environ if name.startswith('HUB_TEST_'))); raise SystemExit(7)"

    done = services("run", "--", sys.executable, "-c", code, TMPDIR=str(runs.temporary))

    assert done.returncode == 7, done.stderr
    assert done.stdout.split() == [
        "HUB_TEST_KAFKA",
        "HUB_TEST_KAFKA_PASSWORD",
        "HUB_TEST_KAFKA_USER",
        "HUB_TEST_POSTGRES",
    ]
    assert runs.left() == []


def test_what_is_named_already_is_left_as_it_is() -> None:
    done = services("run", "--", "printenv", "HUB_TEST_POSTGRES", "HUB_TEST_KAFKA", **NAMED)

    assert done.stdout.split() == list(NAMED.values())


def test_a_command_that_is_killed_ends_as_a_shell_says_it() -> None:
    assert services("run", "--", "sh", "-c", "kill -9 $$", **NAMED).returncode == 137


def test_what_is_absent_is_said_and_stops_only_where_it_is_required(tmp_path: Path) -> None:
    only = {"PATH": str(tmp_path), "JAVA_HOME": "", "HUB_TEST_POSTGRES": "postgresql://db.example/hub"}
    command = ("run", "--", sys.executable, "-c", "print('ran')")

    alone = services(*command, **only)
    required = services(*command, **only, HUB_TEST_REQUIRE="kafka")

    assert (alone.returncode, alone.stdout) == (0, "ran\n")
    assert (required.returncode, required.stdout) == (1, "")
    assert "kafka is absent: java" in alone.stderr
    assert "kafka is absent: java" in required.stderr


@pytest.mark.parametrize("arguments", [(), ("run",), ("run", "--"), ("start",)])
def test_other_words_get_the_usage(arguments: tuple[str, ...]) -> None:
    done = services(*arguments)

    assert done.returncode == 2
    assert "python3 -m tests.services run -- CMD" in done.stderr
