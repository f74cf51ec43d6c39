"""Files of folders in which others may write: what they planted leads nowhere, and nobody waits for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters import files
from adapters.icare.folder import Folder as IcareFolder
from adapters.mailbox import Folder
from adapters.table.answers import File, Line
from hub.errors import Unavailable

Mailbox = Folder | IcareFolder
LINE = Line("request:R-1", "refusal", "DN_NO_CONSENT")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file outside of the folder."""
    file = tmp_path / "victim"
    file.write_text("precious")
    return file


@pytest.fixture(params=["mailbox", "icare"])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Mailbox:
    path = tmp_path / "box"
    path.mkdir()
    if request.param == "icare":
        return IcareFolder(path)
    return Folder(path, "folder")


def test_a_file_is_not_written_through_a_link_that_somebody_planted(mailbox: Mailbox, tmp_path: Path, victim: Path):
    spool = tmp_path / "box" / ".spool"
    spool.mkdir()
    (spool / "a").symlink_to(victim)

    mailbox.put("a", b"ours")

    assert victim.read_text() == "precious"
    assert mailbox.read("a") == b"ours"


def test_a_file_is_not_written_into_another_that_somebody_still_holds(mailbox: Mailbox, tmp_path: Path, victim: Path):
    spool = tmp_path / "box" / ".spool"
    spool.mkdir()
    (spool / "a").hardlink_to(victim)

    mailbox.put("a", b"ours")

    assert victim.read_text() == "precious"


def test_a_spool_that_is_a_link_or_a_file_is_refused(mailbox: Mailbox, tmp_path: Path):
    spool, elsewhere = tmp_path / "box" / ".spool", tmp_path / "elsewhere"
    elsewhere.mkdir()
    spool.symlink_to(elsewhere)
    with pytest.raises(Unavailable):
        mailbox.put("a", b"ours")
    assert list(elsewhere.iterdir()) == []

    spool.unlink()
    spool.write_text("")
    with pytest.raises(Unavailable):
        mailbox.put("a", b"ours")

    spool.unlink()
    mailbox.put("a", b"ours")
    assert mailbox.read("a") == b"ours"


def test_a_spool_of_another_user_is_refused(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch):
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)

    with pytest.raises(Unavailable, match="another user"):
        mailbox.put("a", b"ours")


def test_a_lock_that_is_a_link_or_a_pipe_is_refused(tmp_path: Path, victim: Path):
    spool = tmp_path / ".spool"
    spool.mkdir()
    for plant in (lambda: (spool / "lock").symlink_to(victim), lambda: os.mkfifo(spool / "lock")):
        plant()
        with pytest.raises(Unavailable), Folder(tmp_path, "folder").alone():
            raise AssertionError("it is held by what somebody planted")
        (spool / "lock").unlink()

    with Folder(tmp_path, "folder").alone():
        assert (spool / "lock").is_file()


def test_answers_of_a_table_are_not_written_through_a_link(tmp_path: Path, victim: Path):
    (tmp_path / ".t.csv.hub.csv.new").symlink_to(victim)
    file = File(tmp_path / "t.csv.hub.csv", "answers")

    file.put(file.prepare([LINE]))

    assert victim.read_text() == "precious"
    assert [line.key for line in file.lines().values()] == ["request:R-1"]


def test_answers_of_a_table_that_are_a_link_or_a_pipe_are_not_read(tmp_path: Path, victim: Path):
    path = tmp_path / "t.csv.hub.csv"
    for plant in (lambda: path.symlink_to(victim), lambda: os.mkfifo(path), path.mkdir):
        plant()
        with pytest.raises(Unavailable):
            File(path, "answers").lines()
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_new_file_may_be_read_by_others_where_it_is_for_them(tmp_path: Path):
    before = os.umask(0o022)
    try:
        os.close(files.open_new(tmp_path / "shown", shared=True))
        os.close(files.open_new(tmp_path / "own"))
    finally:
        os.umask(before)

    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("shown", "own")] == [0o644, 0o600]
