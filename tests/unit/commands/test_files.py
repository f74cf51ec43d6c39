"""Files of the data folder that nobody can read: each is named with what to do, and nothing of it is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.commands.conftest import Desk

MARK = "Zzyzx-Okonkwo"
NESTED = b"a = " + b"[" * 20_000 + b"]" * 20_000
BAD_TOML = {
    "nested too deeply": NESTED,
    "tables nested too deeply": b"a = " + b"{b = " * 20_000 + b"1" + b"}" * 20_000,
    "no UTF-8": b'name = "\xff\xfe"',
    "no TOML": b"name = ",
    "a number too long": b"name = " + b"1" * 10_000,
    "a NUL": b"name = \0",
}
BAD_CSV = {
    "no UTF-8": b"local,code\n\xff,A\n",
    "a cell too long": b"local,code\n" + b"x" * 140_000 + b",A\n",
    "a NUL": b"local,code\nx\0y,A\n",
}


def clear(said: str) -> None:
    assert "got " in said
    assert "expected " in said
    assert "; " in said  # what to do
    assert "Error at" not in said
    assert MARK not in said


@pytest.mark.parametrize("data", BAD_TOML.values(), ids=BAD_TOML)
def test_settings_that_cannot_be_read_are_refused_by_name(fresh: Desk, data: bytes) -> None:
    (fresh.folder / "hub.toml").write_bytes(data)

    said = fresh.refused("agencies", "list")

    clear(said)
    assert "hub.toml" in said


def test_unknown_keys_of_the_settings_are_counted_and_not_repeated(fresh: Desk) -> None:
    (fresh.folder / "hub.toml").write_text(f'"{MARK}" = "{MARK}"\ndir = "elsewhere"\nname = "hub.example.org/log"\n')

    said = fresh.refused("agencies", "list")

    clear(said)
    assert "unknown keys: 2" in said
    assert "`name`, `log_key`" in said


def test_a_setting_of_another_kind_is_named_without_its_value(fresh: Desk) -> None:
    (fresh.folder / "hub.toml").write_text(f'name = ["{MARK}"]\n')

    said = fresh.refused("agencies", "list")

    clear(said)
    assert "another kind of value of name" in said


def test_settings_that_are_a_folder_are_refused(fresh: Desk) -> None:
    (fresh.folder / "hub.toml").unlink()
    (fresh.folder / "hub.toml").mkdir()

    clear(fresh.refused("agencies", "list"))


@pytest.mark.parametrize("data", BAD_TOML.values(), ids=BAD_TOML)
def test_a_mapping_that_cannot_be_read_is_refused_by_name(fresh: Desk, data: bytes) -> None:
    assert_named(fresh, fresh.folder / "mappings" / "cms" / "RF_STATUS.toml", data)


@pytest.mark.parametrize("data", BAD_CSV.values(), ids=BAD_CSV)
def test_a_code_table_that_cannot_be_read_is_refused_by_name(fresh: Desk, data: bytes) -> None:
    assert_named(fresh, fresh.folder / "mappings" / "cms" / "assessment.csv", data)


@pytest.mark.parametrize("name", ["ca-on.toml", "profiles.toml"])
@pytest.mark.parametrize("data", BAD_TOML.values(), ids=BAD_TOML)
def test_a_pack_that_cannot_be_read_is_refused_by_name(fresh: Desk, name: str, data: bytes) -> None:
    assert_named(fresh, fresh.folder / "packs" / name, data)


def assert_named(desk: Desk, file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)

    said = desk.refused("agencies", "list")

    clear(said)
    assert file.name in said
