"""backup, restore: what they say and refuse, and the drills of docs/operator.md as they are written there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from hub.desk.who import Act
from hub.store.dump import EVERY
from hub.store.migrate import numbers
from tests.network import Network, refer
from tests.tidy.house import ROOT
from tests.unit.commands.conftest import Desk

BY = ("--as", "steward")


def keep(desk: Desk, name: str = "backup.zip") -> Path:
    out = desk.folder.parent / name
    desk.ok("backup", "--out", str(out), *BY)
    return out


def lose(desk: Desk) -> None:
    """The store is gone; keys and checkpoints are there."""
    for file in desk.folder.glob("hub.sqlite*"):
        file.unlink()


def refused(desk: Desk, *args: str, code: int = 1) -> str:
    """The one line of an error, the last on standard error; nothing is on standard output."""
    result = desk.run(*args)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.output
    return str(result.stderr.strip().splitlines()[-1])


def withdraw(network: Network, desk: Desk) -> None:
    by = ("--how", "TELEPHONE", "--agency", "harbour", "--as", "harbour-worker")
    desk.ok("consent", "withdraw", "harbour-cms/consent:1", *by)


@pytest.fixture
def referred(network: Network, desk: Desk) -> Desk:
    """A client's consent is on file."""
    refer(network)
    network.run()
    network.hub.close()
    return desk


def test_a_backup_says_what_is_in_it_and_is_in_the_log_and_holds_that_entry(referred: Desk) -> None:
    out = referred.folder.parent / "backup.zip"

    made = referred.json("backup", "--out", str(out), *BY)

    entry = referred.entries()[-1]
    assert (entry["event_type"], entry["what"], entry["form"]) == ("EXPORT", "store", "backup")
    assert entry["actor"] == {"ref": "steward", "role": "steward", "agency": "hub", "os_user": "night-shift"}
    assert made["entries"] == len(referred.entries()), "no entry behind its own log"
    assert made["bytes"] == out.stat().st_size
    assert out.stat().st_mode & 0o777 == 0o600
    assert (made["tables"], made["files"]) == (len(EVERY), [])


def test_the_newest_backup_comes_back_without_a_word_more(referred: Desk) -> None:
    file = keep(referred)
    before = referred.entries()
    lose(referred)

    said = referred.ok("restore", str(file))

    assert "hub doctor" in said
    assert referred.entries()[:-1] == before
    assert referred.entries()[-1]["actor"] == {"ref": "system:hub", "role": "system", "os_user": "night-shift"}
    assert referred.json("doctor")["ok"]
    assert referred.json("audit", "verify")["ok"]


def test_what_is_missing_is_counted_and_the_way_on_is_named(network: Network, referred: Desk) -> None:
    file = keep(referred)
    entries = len(referred.entries())
    withdraw(network, referred)
    missing = len(referred.entries()) - entries
    lose(referred)

    said = refused(referred, "restore", str(file))
    assert f"got {entries} entries, expected at least {entries + missing}, which a checkpoint outside counts" in said
    assert f"{missing} entries are missing, and any withdrawal among them would be forgotten" in said
    assert "--behind --as WORKER" in said

    told = referred.ok("restore", str(file), "--behind", *BY)
    assert "ALL EXCHANGE IS SUSPENDED" in told
    assert "hub resume all" in told
    assert (referred.folder / "checkpoints" / "before-restore" / f"{entries + missing}.txt").exists()
    withdraw(network, referred)
    referred.ok("resume", "all", *BY)
    assert referred.json("doctor")["ok"]


def test_without_a_checkpoint_one_is_asked_for_and_one_that_is_handed_over_will_do(referred: Desk) -> None:
    file = keep(referred)
    lose(referred)
    newest = max((referred.folder / "checkpoints").glob("*.txt"), key=lambda path: int(path.stem))
    shutil.move(newest, referred.folder.parent / "from-the-officer.txt")
    shutil.rmtree(referred.folder / "checkpoints")

    assert "a backup alone cannot tell what is missing" in refused(referred, "restore", str(file))
    handed = referred.folder.parent / "from-the-officer.txt"

    assert referred.json("restore", str(file), "--checkpoint", str(handed))["checkpoints"] == 1
    assert referred.json("doctor")["ok"]


def test_on_a_new_machine_two_keys_the_settings_and_checkpoints_are_enough(referred: Desk, tmp_path: Path) -> None:
    file = keep(referred)
    new = Desk(tmp_path / "new", referred.clock, [], seed=700)
    new.folder.mkdir(mode=0o700)
    (new.folder / "keys").mkdir(mode=0o700)
    for name in ("hub.key", "index.key"):
        shutil.copy2(referred.folder / "keys" / name, new.folder / "keys" / name)
    shutil.copytree(referred.folder / "checkpoints", new.folder / "checkpoints")
    new.ok("init")

    new.ok("restore", str(file))

    assert new.json("doctor")["ok"]
    assert "steward" in new.ok("workers", "list")


@pytest.mark.parametrize("worker", ["harbour-worker", "nobody-at-all"])
def test_who_may_not_go_on_is_told_so_and_nothing_is_written(network: Network, referred: Desk, worker: str) -> None:
    file = keep(referred)
    withdraw(network, referred)
    lose(referred)

    assert refused(referred, "restore", str(file), "--behind", "--as", worker).startswith("--as: got")

    assert referred.run("workers", "list").exit_code != 0, "shorter than its checkpoints: it does not start"
    referred.ok("restore", str(file), "--behind", *BY)


def test_an_officer_may_go_on_and_may_not_take_a_copy(network: Network, referred: Desk) -> None:
    referred.ok("workers", "add", "irene", "--agency", "hub", "--role", "officer", *BY)
    assert "who may not do this" in refused(
        referred, "backup", "--out", str(referred.folder / "x.zip"), "--as", "irene"
    )
    file = keep(referred)
    withdraw(network, referred)
    lose(referred)

    assert referred.json("restore", str(file), "--behind", "--as", "irene")["suspended"]
    assert referred.entries()[-1]["actor"]["ref"] == "irene"
    assert "restore" in Act.RESTORE.value.commands


def test_nobody_goes_on_in_nobodys_name(referred: Desk) -> None:
    assert "--as WORKER" in referred.refused("restore", "backup.zip", "--behind", code=2)
    assert "--as: got nothing" in referred.refused("backup", "--out", "backup.zip", code=2)


def test_a_backup_is_never_written_over(referred: Desk) -> None:
    file = keep(referred)
    before = file.read_bytes()

    assert "a file that is there already" in refused(referred, "backup", "--out", str(file), *BY)

    assert file.read_bytes() == before


def test_a_file_that_cannot_be_made_is_unavailable(referred: Desk) -> None:
    out = referred.folder.parent / "nowhere" / "backup.zip"

    assert "a folder that can be written" in refused(referred, "backup", "--out", str(out), *BY, code=4)


@pytest.mark.parametrize("name", [".", "x" * 300, ""])
def test_what_is_no_name_of_a_file_is_refused_in_one_line(referred: Desk, name: str) -> None:
    for args in (("backup", "--out", name, *BY), ("restore", name)):
        result = referred.run(*args)
        assert result.exit_code in {1, 4}, result.output
        assert "Error at" not in result.output
        assert "xxx" not in result.output


def test_what_a_killed_backup_has_left_is_in_nobodys_way_and_a_link_is_not_followed(referred: Desk) -> None:
    part, elsewhere = referred.folder.parent / "backup.zip.part", referred.folder.parent / "elsewhere"
    part.write_text("left behind")
    os.chmod(part, 0o644)
    file = keep(referred)
    assert file.stat().st_mode & 0o077 == 0
    assert not part.exists()

    elsewhere.write_text("somebody's")
    (referred.folder.parent / "other.zip.part").symlink_to(elsewhere)
    refused(referred, "backup", "--out", str(referred.folder.parent / "other.zip"), *BY, code=4)
    assert elsewhere.read_text() == "somebody's"


def test_a_store_that_holds_rows_is_named(referred: Desk) -> None:
    file = keep(referred)
    lose(referred)
    referred.ok("restore", str(file))
    referred.ok("suspend", "all", *BY)

    said = refused(referred, "restore", str(file), "--behind", *BY)

    assert "nothing is overwritten" in said


def test_a_write_ahead_log_without_its_database_is_not_read_into_another(referred: Desk) -> None:
    """Somebody moved `hub.sqlite` away and forgot the rest."""
    file = keep(referred)
    lose(referred)
    (referred.folder / "hub.sqlite-wal").write_bytes(b"frames of the old one")

    assert "hub.sqlite-wal without its hub.sqlite" in refused(referred, "restore", str(file))


def test_a_backup_of_another_hub_is_refused(referred: Desk, tmp_path: Path) -> None:
    file = keep(referred)
    other = Desk(tmp_path / "other", referred.clock, [])
    other.ok("init")

    said = refused(other, "restore", str(file))

    assert "no manifest that this hub has signed" in said
    assert "bring hub.key and index.key of its hub back" in said


def test_another_index_key_is_noticed_before_nobody_is_found_any_more(referred: Desk, tmp_path: Path) -> None:
    file = keep(referred)
    other = Desk(tmp_path / "other", referred.clock, [])
    other.ok("init")
    lose(referred)
    shutil.copy(other.folder / "keys" / "index.key", referred.folder / "keys" / "index.key")

    assert "keys/index.key: got another index.key" in refused(referred, "restore", str(file))


def test_a_file_that_is_none_is_refused_and_its_name_not_repeated(referred: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "Zzyzx-Okonkwo.zip"
    for make in (lambda: bad.write_bytes(b"PK"), bad.unlink, bad.mkdir):
        make()
        said = refused(referred, "restore", str(bad))
        assert said.startswith("FILE: got")
        assert "Zzyzx" not in said


def test_a_version_that_is_not_ours_is_named(referred: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = keep(referred)
    lose(referred)
    ours = numbers()
    monkeypatch.setattr("hub.restore.numbers", lambda: [*ours, "9999"])
    assert f"a store of version {ours[-1]}" in (said := refused(referred, "restore", str(file)))
    assert "restore it with the program that made it, then `hub migrate`" in said
    monkeypatch.setattr("hub.restore.numbers", lambda: ["0000"])
    assert "another program's version" in refused(referred, "restore", str(file))


def test_a_checkpoint_that_is_none_is_named(referred: Desk, tmp_path: Path) -> None:
    file = keep(referred)
    lose(referred)
    (tmp_path / "note").write_text("none")

    assert refused(referred, "restore", str(file), "--checkpoint", str(tmp_path / "note")).startswith("--checkpoint:")
    (referred.folder / "checkpoints" / "3.txt").write_text("none")
    assert refused(referred, "restore", str(file)).startswith("checkpoints/3.txt:")


def test_with_json_there_is_one_document_for_an_error_too(referred: Desk) -> None:
    file = keep(referred)

    result = referred.run("restore", str(file), "--json")

    assert json.loads(result.stdout)["error"]["kind"] == "Refused"


# -- as docs/operator.md writes them


def written(heading: str) -> list[list[str]]:
    """The commands of the blocks below a heading, as words."""
    text = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    section = re.split(rf"^##+ {re.escape(heading)}$", text, flags=re.M)[1]
    section = re.split(r"^##+ ", section, flags=re.M)[0]
    lines = "\n".join(re.findall(r"^```\n(.*?)^```", section, flags=re.M | re.S)).splitlines()
    return [shlex.split(line) for line in lines]


def run_as_written(desk: Desk, words: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A line of the guide, in the folder that holds the data folder, which is called as it is there."""
    monkeypatch.chdir(desk.folder.parent)
    if words[0] != "hub":
        assert words[0] in {"mkdir", "mv"}
        shell = " ".join(words)
        assert os.system(shell) == 0, shell
        return None
    args = [word for word in words[1:] if word not in {"--dir", "hub-data"}]
    return desk.run(*[desk.folder.name if word == "hub-data" else word for word in args])


def test_the_backup_and_the_drill_of_the_guide_work_as_they_are_written(
    network: Network, referred: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    referred.ok("workers", "add", "anna", "--agency", "hub", "--role", "administrator", *BY)
    referred.folder.rename(referred.folder.parent / "hub-data")
    desk = Desk(referred.folder.parent / "hub-data", referred.clock, [], seed=500)
    (backup,) = [words for words in written("Backup") if words[:2] == ["hub", "backup"]]
    assert run_as_written(desk, backup, monkeypatch).exit_code == 0

    drill = written("The database is damaged: restore")
    for words in drill:
        result = run_as_written(desk, words, monkeypatch)
        assert result is None or result.exit_code == 0, (words, result.output)

    assert ["hub", "restore"] in [words[:2] for words in drill]
    assert desk.json("doctor")["ok"]


def test_the_way_on_of_the_guide_works_as_it_is_written(
    network: Network, referred: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    referred.ok("workers", "add", "anna", "--agency", "hub", "--role", "administrator", *BY)
    referred.folder.rename(referred.folder.parent / "hub-data")
    desk = Desk(referred.folder.parent / "hub-data", referred.clock, [], seed=500)
    (backup,) = [words for words in written("Backup") if words[:2] == ["hub", "backup"]]
    run_as_written(desk, backup, monkeypatch)
    withdraw(network, desk)
    lose(desk)

    for words in written("The log in the backup is too short"):
        if "withdraw" in words:
            withdraw(network, desk)
            continue
        result = run_as_written(desk, words, monkeypatch)
        assert result.exit_code == 0, (words, result.output)

    assert desk.json("doctor")["ok"]
    assert [entry["status"] for entry in desk.entries() if entry.get("what") == "all"] == ["active"]
