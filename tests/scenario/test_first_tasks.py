"""The first task of each reader, at the beginning of their guide: every command is run as it stands there, by a shell,
in an empty folder (the developer's in a copy of the repository).

``# exit code N`` behind a command is what it must end with; every other one must succeed.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.services import required
from tests.tidy.house import ROOT, files

READERS = ("agency", "administrator", "officer", "operator", "developer")
BLOCK = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ENDS = re.compile(r"(?P<command>.*\S) +# exit code (?P<code>\d)\b.*")
PORT = "8470"
IN_ALL_S = 300  # a hub that does not come up ends the test, not the suite
SQLITE = """\
#!{python}
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2]):
    print(*row, sep="|")
"""


def part(reader: str) -> str:
    """The first part with a heading."""
    page = (ROOT / "docs" / f"{reader}.md").read_text(encoding="utf-8")
    return page.split("\n## ", 2)[1]


def commands(reader: str) -> Iterator[str]:
    """The lines of its blocks, each with what it must end with."""
    for line in "".join(BLOCK.findall(part(reader))).splitlines():
        if found := ENDS.fullmatch(line):
            ends = f'[ "$code" = {found["code"]} ] || {{ echo "got exit code $code" >&2; exit 90; }}'
            yield f"code=0; {found['command']} || code=$?; {ends}"
        else:
            yield line


def perform(reader: str, folder: Path) -> str:
    """Do all of it in one shell; what was printed."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = str(door.getsockname()[1])
    script = "\n".join(["trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", *commands(reader)]).replace(PORT, port)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    environment |= {"PATH": path_with_sqlite(folder.parent), "PYTHONPATH": f"{folder}:{ROOT}"}
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=IN_ALL_S,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def path_with_sqlite(beside: Path) -> str:
    """Where programs are found. A machine without ``sqlite3`` gets one that does what a page asks of it."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    if shutil.which("sqlite3") is None:
        own = beside / "programs"
        own.mkdir()
        (own / "sqlite3").write_text(SQLITE.format(python=sys.executable), encoding="utf-8")
        (own / "sqlite3").chmod(0o755)
        path = f"{own}:{path}"
    return path


def asked(database: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as db:
        return db.execute(query).fetchall()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Nothing is in it, and beside it is room."""
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.mark.parametrize("reader", READERS)
def test_a_guide_begins_with_a_first_task(reader: str) -> None:
    assert part(reader).startswith("First task: ")
    assert "Less than ten minutes" in part(reader)
    assert len(list(commands(reader))) >= 8


def test_a_worker_fills_in_what_a_refusal_names_and_the_referral_goes_by_itself(empty: Path) -> None:
    said = perform("agency", empty)

    before, after = (int(line) for line in said.splitlines() if line.isdigit())
    assert after == before + 1
    assert "got nothing in verbal_note" in said
    assert "had arrived before" in said, "the receipt of the withdrawal"


def test_an_administrator_connects_a_network_and_sees_what_came_of_it(empty: Path) -> None:
    said = perform("administrator", empty)

    assert "all is well" in said
    assert {"pass", "refused"} <= set(re.findall(r"^\w+-cms\t(\w+)\t", said, re.MULTILINE)), "what was observed"
    assert "the recipient's system has it" in said
    assert "agency lakeside takes part again" in said
    assert asked(empty / "network" / "lakeside.sqlite", "SELECT 1 FROM hub_inbox WHERE kind = 'referral'")


def test_an_officer_answers_a_client_and_finds_an_entry_that_was_taken_out(empty: Path) -> None:
    said = perform("officer", empty)

    assert "Lakeside Employment Services" in (empty / "page.html").read_text(encoding="utf-8")
    assert "OK_CONSENT" in said
    verified, broken = re.findall(r"^(verified: all .*|NOT VERIFIED: .*)$", said, re.MULTILINE)
    assert verified.startswith("verified: ")
    assert broken == "NOT VERIFIED: line 5 has index 5, expected 4"


def test_an_operator_loses_the_database_and_brings_it_back(empty: Path) -> None:
    if shutil.which("curl") is None:
        if "curl" in required(os.environ):
            pytest.fail("curl is required and not there")
        pytest.skip("no curl on this machine: the first task of docs/operator.md was not done")
    said = perform("operator", empty)

    assert '{"ready":true' in said
    assert "hub_store_up 1.0" in said
    assert re.findall(r"^(all is well|\d+ findings)$", said, re.MULTILINE) == [
        "all is well",
        "5 findings",
        "all is well",
    ]
    assert "verified: all" in said


def test_a_developer_adds_a_word_and_sees_the_test_that_bites(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    for path in files():
        copy = clone / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (clone / ".venv").symlink_to(Path(sys.executable).parent.parent)

    said = perform("developer", clone)

    assert "urgency: got a code of shape aaaaa, expected a word or code with a row" in said
    assert "`today` comes back as `crisis`" in said
    assert re.findall(r"^\d+ (?:failed|passed|skipped)", said, re.MULTILINE)[:3] == [
        "1 failed",
        "1 failed",
        "1 skipped",
    ]
