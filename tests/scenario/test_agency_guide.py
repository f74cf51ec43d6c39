"""docs/agency.md, *With software of your own that speaks FHIR*: every command is run, with curl and a hub that serves,
from an empty folder to a referral whose loop is closed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services import required
from tests.tidy.house import ROOT

PAGE = (ROOT / "docs" / "agency.md").read_text(encoding="utf-8")
HEADING = "\n## With software of your own that speaks FHIR\n"
BLOCKS = re.findall(r"^```\n(.*?)^```$", PAGE.split(HEADING)[1], re.DOTALL | re.MULTILINE)
PORT = "8470"
IN_ALL_S = 300  # a hub that does not come up ends the test, not the suite


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return str(door.getsockname()[1])


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has done all of it."""
    if shutil.which("curl") is None:
        if "curl" in required(os.environ):
            pytest.fail("curl is required and not there")
        pytest.skip("no curl on this machine: the commands of docs/agency.md were not run")
    folder = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    commands = "\n".join(BLOCKS).replace(PORT, free_port())
    ends = "trap 'kill $(jobs -p)' EXIT\nNUMBER=\n"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", ends + commands],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=IN_ALL_S,
        check=False,
    )
    assert result.returncode in (0, 143), result.stdout[-3000:] + result.stderr[-3000:]
    return folder


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_page_has_its_commands() -> None:
    assert len(BLOCKS) >= 8


def test_the_client_is_opened_only_at_the_agency_that_it_was_for(done: Path) -> None:
    [message] = [each for each in (done / "lakeside" / "inbox").glob("*.json") if "." not in each.stem]
    assert "Tesfaye" in message.read_text(encoding="utf-8")
    assert "Tesfaye" not in (done / "hub-data" / "hub.sqlite").read_bytes().decode("latin-1")


def test_the_referral_ends_with_its_loop_closed(done: Path) -> None:
    [task] = [each["resource"] for each in read(done / "referrals.json")["entry"] if each["search"]["mode"] == "match"]
    assert task["businessStatus"]["coding"][0]["code"] == "loop-closed"


def test_the_answer_of_a_referral_names_its_number(done: Path) -> None:
    header = read(done / "referral.answer.json")["entry"][0]["resource"]
    assert header["response"]["code"] == "ok"


def test_the_withdrawal_says_what_had_arrived_before(done: Path) -> None:
    fates = [
        part["valueCode"]
        for each in read(done / "revoked.json")["parameter"]
        if each["name"] == "message"
        for part in each["part"]
        if part["name"] == "fate"
    ]
    assert "arrived" in fates
