"""Passwords of servers in files: ``hub init --passwords`` makes them, and the store is entered with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import Refused
from hub.outside import store_url
from hub.settings import read_settings
from tests.fakes import StandingClock
from tests.network import NOON
from tests.unit.commands.conftest import Desk

NAMED = 'store_password_file = "s.password"\n[kafka]\nadmin_password_file = "k/admin.password"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, StandingClock(NOON), [])


def test_what_the_settings_name_is_made_for_its_owner_alone_and_nothing_else(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "hub.toml").write_text(NAMED)

    said = desk.ok("init", "--passwords")

    files = [tmp_path / "s.password", tmp_path / "k" / "admin.password"]
    assert "s.password, admin.password" in said
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert len({file.read_text() for file in files}) == 2
    assert all(len(file.read_text().strip()) >= 32 and file.read_text().strip() not in said for file in files)
    assert not (tmp_path / "keys").exists()


def test_what_is_there_already_stays(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "hub.toml").write_text(NAMED)
    desk.ok("init", "--passwords")
    before = (tmp_path / "s.password").read_text()

    assert "All are there already." in desk.ok("init", "--passwords")
    assert (tmp_path / "s.password").read_text() == before


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_where_no_file_can_be_made_it_says_so(tmp_path: Path, desk: Desk, kind: str) -> None:
    (tmp_path / "hub.toml").write_text(NAMED)
    place = tmp_path / "s.password"
    place.mkdir() if kind == "folder" else place.symlink_to(tmp_path / "nowhere")

    result = desk.run("init", "--passwords")

    assert result.exit_code == 1
    assert "password file s.password: got File exists" in result.stderr


def test_where_the_settings_name_none_it_says_what_to_name(desk: Desk) -> None:
    result = desk.run("init", "--passwords")

    assert result.exit_code == 1
    assert "store_password_file" in result.stderr


def test_the_store_is_entered_with_the_password_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('store = "postgresql://hub@db.example:5432/hub"\nstore_password_file = "s"\n')
    (tmp_path / "s").write_text("p@ss/word\n")
    (tmp_path / "s").chmod(0o600)

    assert store_url(read_settings(tmp_path)) == "postgresql://hub:p%40ss%2Fword@db.example:5432/hub"


@pytest.mark.parametrize(("mode", "got"), [(0o644, "others can use"), (None, "No such file")])
def test_a_file_that_cannot_be_used_is_refused_by_its_name_alone(tmp_path: Path, mode: int | None, got: str) -> None:
    (tmp_path / "hub.toml").write_text('store = "postgresql://hub@db.example:5432/hub"\nstore_password_file = "s"\n')
    if mode is not None:
        (tmp_path / "s").write_text("zq-password\n")
        (tmp_path / "s").chmod(mode)

    with pytest.raises(Refused, match=got) as refused:
        store_url(read_settings(tmp_path))

    assert "zq-password" not in str(refused.value)
