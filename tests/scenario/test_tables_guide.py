"""docs/tables.md as it stands: every command is run and every file is written, from an empty folder to an answer."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cms_builder as cms
from tests.fakes import StandingClock
from tests.network import NOON
from tests.tidy.house import ROOT
from tests.unit.commands.conftest import Desk

GUIDE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
HEREDOC = re.compile(r"cat > (\S+) <<'END'\n(.*?)^END$", re.DOTALL | re.MULTILINE)


class Reader:
    """Somebody who does what the page says, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk = Desk(folder / "hub-data", StandingClock(NOON), [])
        self.said: dict[str, str] = {}

    def do(self, heading: str) -> None:
        """Every block below a heading, in order."""
        part = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
        for block in re.findall(r"^```\n(.*?)^```$", part, re.DOTALL | re.MULTILINE):
            for command in self._commands(block):
                self._run(command)

    def _commands(self, block: str) -> Iterator[str]:
        """Commands of a block, a file that is written counting as one; a line may end in a backslash."""
        for piece in re.split(r"(^cat > .*?^END$)", block, flags=re.DOTALL | re.MULTILINE):
            if piece.startswith("cat >"):
                yield piece
            else:
                yield from (line for line in piece.replace("\\\n", " ").splitlines() if line.strip())

    def _run(self, command: str) -> None:
        if found := HEREDOC.match(command):
            (self.folder / found[1]).write_text(found[2], encoding="utf-8")
            return
        program, *words = shlex.split(command, comments=True)
        fails = "# exit code 1" in command
        match program:
            case "hub":
                result = self.desk.run(*words)
                assert result.exit_code == int(fails), (command, result.output, result.exception)
                self.said[" ".join(words)] = result.output
            case "mkdir":
                (self.folder / words[0]).mkdir()
            case "cat":
                self.said[command] = (self.folder / words[0]).read_text(encoding="utf-8-sig")
            case "cp":
                source = ROOT / words[1] if words[1].startswith("mappings/") else self.folder / words[1]
                shutil.copytree(source, self.folder / words[2])
            case "sed":
                _, old, new, _ = words[1].split("/")
                path = self.folder / words[2]
                path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
            case "sqlite3" if words[1] == "<":
                db = sqlite3.connect(self.folder / words[0])
                db.executescript((ROOT / words[2]).read_text(encoding="utf-8"))
                db.close()
            case "sqlite3":
                db = sqlite3.connect(self.folder / words[0], isolation_level=None)
                db.execute(words[1])
                db.close()
            case _:
                raise AssertionError(f"the page asks for {program}, which nobody here knows")


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.chdir(tmp_path)
    return Reader(tmp_path)


def test_the_page_ends_with_a_referral_delivered_and_its_answer_beside_the_table(reader: Reader) -> None:
    reader.do("Connect a housing registry")

    assert "column Born on" in reader.said["systems check riverside-homes"], "what it says without `dates`"
    observed = reader.said["systems observe riverside-homes --as anna --records"]
    assert "pass" in observed
    assert "DN_NO_CONSENT" in observed
    assert "request:R-3" not in observed
    db = sqlite3.connect(reader.folder / "lakeside.sqlite")
    ((payload,),) = db.execute("SELECT payload FROM hub_inbox WHERE kind = 'referral'").fetchall()
    db.close()
    client = json.loads(payload)["client"][0]
    assert (client["last_name"], client["phone"]) == ("Okonkwo-Tremblay", "416-555-0142")
    assert "Haddad" not in payload
    beside = reader.said["cat registry/referrals.csv.hub.csv"].splitlines()
    assert beside[1].startswith("3,request:R-2,refusal,DN_NO_CONSENT")
    assert beside[2].startswith("2,request:R-1,referral-status,accepted")
    assert (reader.folder / "registry" / "referrals.csv").read_text().count("R-") == 3, (
        "the registry's own is untouched"
    )


def test_the_registry_answers_what_came_into_the_agencys_other_system(reader: Reader) -> None:
    reader.do("Connect a housing registry")
    cms.make_cms(reader.folder / "riverside.sqlite")

    reader.do("Answers")

    services = reader.desk.json("services", "list")["services"]
    assert {"system": "riverside-cms", "answers": "riverside-homes"}.items() <= services[-1].items()


def test_a_kind_of_ones_own_is_a_folder_of_data(reader: Reader) -> None:
    reader.do("Connect a housing registry")

    reader.do("A kind of your own")

    assert "rooms" in reader.said["mappings check"]
    assert "WRONG" not in reader.said["systems check riverside-rooms"]
    assert "rooms -> cms request" in reader.said["systems matrix --from rooms --to cms"]
    reader.desk.ok("work", "--once")
    shutil.rmtree(reader.folder / "hub-data" / "mappings" / "rooms")
    said = reader.desk.refused("systems", "list")
    assert "systems of kind rooms: got no such kind" in said
