"""A backup's file: what was written is read again, and whatever else somebody hands over is refused in words."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert

from hub.errors import IntegrityBroken, Refused
from hub.store import archive, dump
from hub.store import tables as t
from hub.store.archive import Manifest, Reader, is_name, writing
from hub.store.migrate import migrate
from hub.store.sqlite import SqliteDatabase

MARK = "Zzyzx-Okonkwo"  # stands for a value that no error may repeat
LEASES = [{"name": f"reader:{number:03d}", "holder": MARK, "until_at": "x"} for number in range(500)]


def opened(note: bytes) -> str:
    """The note of these tests is its text."""
    return note.decode()


@pytest.fixture
def database(tmp_path: Path) -> Any:
    with closing(SqliteDatabase(tmp_path / "hub.sqlite")) as made:
        migrate(made)
        with made.writing() as connection:
            connection.execute(insert(t.lease), LEASES)
            connection.execute(insert(t.audit_entry), [{"id": "e", "body": b"\0\xff", "entry_index": None}])
        yield made


def write(database: SqliteDatabase, change: Callable[[Manifest], Manifest] = lambda manifest: manifest) -> bytes:
    out = io.BytesIO()
    with writing(out) as writer:
        with database.reading() as connection:
            tables = {table.name: writer.table(table, dump.dump("store", connection, table)) for table in dump.EVERY}
        files = {"mappings/cms/sex.csv": writer.file("mappings/cms/sex.csv", b"local,code\n")}
        manifest = Manifest(1, "0001", "key", "index", 0, "00", "2026-06-01T16:00:00+00:00", tables, files)
        writer.manifest(change(manifest).text().encode())
    return out.getvalue()


def read(data: bytes) -> Reader:
    """Read all of it."""
    reader = Reader(io.BytesIO(data), opened)
    for table in dump.EVERY:
        for _ in reader.rows(table):
            pass
    for name in reader.manifest.files:
        reader.file(name)
    return reader


def rewritten(data: bytes, change: Callable[[dict[str, bytes]], None], **options: Any) -> bytes:
    """The same file with other members."""
    with zipfile.ZipFile(io.BytesIO(data)) as backup:
        members = {name: backup.read(name) for name in backup.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as backup:
        for name, content in members.items():
            backup.writestr(name, content)
    return out.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        read(data)
    error = caught.value
    assert error.where.startswith("FILE")
    assert error.got
    assert error.next_step
    assert MARK not in str(error)
    return str(error)


def test_what_was_written_is_read_again(database: SqliteDatabase) -> None:
    reader = read(write(database))

    assert list(reader.rows(t.lease)) == LEASES
    assert list(reader.rows(t.audit_entry)) == [{"id": "e", "body": b"\0\xff", "entry_index": None}]
    assert reader.file("mappings/cms/sex.csv") == b"local,code\n"


def test_a_page_is_all_that_is_held(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "PAGE", 7)

    assert list(read(write(database)).rows(t.lease)) == LEASES


def test_wherever_it_is_cut_it_is_refused(database: SqliteDatabase) -> None:
    data = write(database)
    for length in [0, 1, 30, *range(100, len(data), len(data) // 40), len(data) - 1]:
        refused(data[:length])


def test_wherever_it_is_changed_it_is_refused_or_says_the_same(database: SqliteDatabase) -> None:
    """A bit in a date or a flag of the zip's own says nothing of what is in it."""
    data, dice = write(database), random.Random(7)
    good = read(data).manifest
    found = 0
    for _ in range(300):
        changed = bytearray(data)
        changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        try:
            same = read(bytes(changed)).manifest == good
        except Refused as error:
            same, found = MARK not in str(error), found + 1
        assert same
    assert found > 150


@pytest.mark.parametrize(
    "data", [b"", b"not a backup", b"SQLite format 3\0" + bytes(4096), b"PK\x05\x06" + bytes(18)], ids=repr
)
def test_what_is_no_backup_is_refused(data: bytes) -> None:
    refused(data)


def drop(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.pop(name) and None


def put(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({name: content})


def row_less(members: dict[str, bytes]) -> None:
    lines = members["tables/lease.jsonl"].splitlines(keepends=True)
    members["tables/lease.jsonl"] = b"".join(lines[:-1])


def row_changed(members: dict[str, bytes]) -> None:
    members["tables/lease.jsonl"] = members["tables/lease.jsonl"].replace(b"reader:001", b"reader:999")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(drop("manifest.txt"), "without a manifest", id="no manifest"),
        pytest.param(drop("tables/consent.jsonl"), "another set of tables", id="a table less"),
        pytest.param(put("tables/more.jsonl", b""), "another set of tables", id="a table more"),
        pytest.param(put("../../etc/passwd", b"x"), "another set of tables", id="a path that leads out"),
        pytest.param(put("/etc/passwd", b"x"), "another set of tables", id="an absolute path"),
        pytest.param(row_less, "rows that are not those of the manifest", id="a row less"),
        pytest.param(row_changed, "rows that are not those of the manifest", id="a row changed"),
        pytest.param(put("tables/lease.jsonl", b'["a","b"]\n'), "row 1 that is none", id="a column less"),
        pytest.param(put("tables/lease.jsonl", b'["a","b",1]\n'), "row 1 that is none", id="a number for a text"),
        pytest.param(put("tables/lease.jsonl", b'["a","b",null]\n'), "row 1 that is none", id="nothing for a text"),
        pytest.param(put("tables/lease.jsonl", MARK.encode()), "row 1 that is none", id="no JSON"),
        pytest.param(put("tables/lease.jsonl", b"[" * 100_000), "row 1 that is none", id="nested too deeply"),
        pytest.param(put("tables/registry_head.jsonl", b"[1,9223372036854775808]\n"), "row 1 that is none", id="wide"),
        pytest.param(put("tables/registry_head.jsonl", b"[true,0]\n"), "row 1 that is none", id="a truth"),
        pytest.param(put("tables/message_key.jsonl", b'["a","b","%%%"]\n'), "row 1 that is none", id="no base64"),
        pytest.param(put("files/mappings/cms/sex.csv", b"other"), "not that of the manifest", id="another rule file"),
        pytest.param(put("manifest.txt", b"{}"), "manifest of another shape", id="an empty manifest"),
        pytest.param(
            put("manifest.txt", random.Random(1).randbytes(2 << 20)), "manifest that is too long", id="a long manifest"
        ),
    ],
)
def test_a_file_with_something_else_in_it_is_refused(database: SqliteDatabase, change: Any, told: str) -> None:
    assert told in refused(rewritten(write(database), change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"backup": 2}, "format 2", id="another format"),
        pytest.param({"files": {"../hub.toml": "00"}}, "leads elsewhere", id="a rule file outside"),
        pytest.param({"files": {"keys/hub.key": "00"}}, "leads elsewhere", id="a key"),
        pytest.param({"files": {"mappings/../keys/hub.key": "00"}}, "leads elsewhere", id="a way round"),
        pytest.param({"tables": {}}, "nothing, or other columns", id="no tables"),
    ],
)
def test_a_manifest_that_names_something_else_is_refused(database: SqliteDatabase, change: Any, told: str) -> None:
    assert told in refused(write(database, lambda manifest: replace(manifest, **change)))


def test_a_table_with_other_columns_is_named(database: SqliteDatabase) -> None:
    def other(manifest: Manifest) -> Manifest:
        lease = replace(manifest.tables["lease"], columns=("name", "holder"))
        return replace(manifest, tables={**manifest.tables, "lease": lease})

    assert "lease" in refused(write(database, other))


def test_a_bomb_is_refused_before_it_is_unpacked(database: SqliteDatabase) -> None:
    bomb = rewritten(write(database), put("tables/lease.jsonl", bytes(200 << 20)), compresslevel=9)

    assert len(bomb) < 1 << 20
    assert "unpacks to more than 100 times" in refused(bomb)


def test_a_row_without_an_end_is_not_read_to_it(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LINE_MAX", 1000)

    assert "a row of 1000 bytes" in refused(rewritten(write(database), put("tables/lease.jsonl", b" " * 5000)))


def test_two_members_of_one_name_are_refused(database: SqliteDatabase) -> None:
    out = io.BytesIO(write(database))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(out, "a") as backup:
        backup.writestr("tables/lease.jsonl", b"")

    assert "two of a name" in refused(out.getvalue())


def test_a_locked_member_and_an_unknown_method_are_refused(database: SqliteDatabase) -> None:
    data = write(database)
    central = data.index(b"PK\x01\x02")
    for offset, value in ((8, 1), (10, 99)):  # general purpose flags: encrypted; method
        changed = bytearray(data)
        struct.pack_into("<H", changed, central + offset, value)
        refused(bytes(changed))


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("mappings/cms/sex.csv", True),
        ("packs/ca-on.toml", True),
        ("mappings/été/é (1).csv", True),
        ("mappings", False),
        ("mappings/", False),
        ("mappings//x", False),
        ("mappings/./x", False),
        ("mappings/../x", False),
        ("mappings/.hidden", False),
        ("/mappings/x", False),
        ("mappings/a\\b", False),
        ("mappings/a\0b", False),
        ("mappings/a/b/c/d/e/f/g", False),
        ("keys/hub.key", False),
        ("hub.toml", False),
        ("", False),
    ],
)
def test_a_name_leads_below_the_rule_folders_or_nowhere(name: str, good: bool) -> None:
    assert is_name(name) is good


def test_a_value_of_another_kind_stops_a_backup_and_is_not_repeated(database: SqliteDatabase) -> None:
    """SQLite keeps what it is given."""
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE audit_entry SET body = ?", (MARK,))

    with pytest.raises(IntegrityBroken, match="table audit_entry") as caught:
        write(database)

    assert MARK not in str(caught.value)


def test_a_text_that_is_none_stops_a_backup_and_is_not_repeated(database: SqliteDatabase) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE lease SET holder = CAST(? AS TEXT)", (MARK.encode() + b"\xff",))

    with pytest.raises(Exception, match="Could not decode to UTF-8") as caught:
        write(database)

    assert MARK not in str(caught.value)


def test_a_line_is_plain_json_in_the_order_of_the_columns(database: SqliteDatabase) -> None:
    """Who has no program of ours any more reads it with another."""
    with database.reading() as connection:
        (line,) = dump.dump("store", connection, t.audit_entry)

    assert json.loads(line) == ["e", "AP8=", None]
    assert orjson.loads(line) == json.loads(line)
