"""Personal values are found in files as bytes, wherever they stand (INV-1)."""

from __future__ import annotations

import base64
import random
import sqlite3
from pathlib import Path

import pytest

from hub.sample.search import can_be_read, files_below, find

VALUES = ["Okonkwo-Hawthorne", "Okonkwo-Quesnel", "1144435628", "Céleste", "1000052", "70555501031234"]


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        pytest.param(b"", [], id="an empty file"),
        pytest.param(b"Okonkwo-Hawthorne", [0], id="the whole file"),
        pytest.param(
            b"\x00\x06AdaezeOkonkwo-Quesnel1991", [1], id="between others without a separator, as in a record"
        ),
        pytest.param(b"Okonkwo-Okonkwo-Quesnel", [1], id="after its own beginning"),
        pytest.param("x Céleste x 1144435628".encode(), [2, 3], id="several, one with an accent"),
        pytest.param(b"Okonkwo-Hawthorn 114443562", [], id="all but the last letter"),
        pytest.param(b"okonkwo-hawthorne", [], id="another spelling is another value"),
        pytest.param(b'{"value":"1000052"}', [4], id="a short number by itself"),
        pytest.param(b"1d3fd60c1000052", [], id="a short number at the end of a digest"),
        pytest.param(b"1000052e", [], id="a short number at the start of a digest"),
        pytest.param(b"1d3fd60c70555501031234", [5], id="a long number at the end of a digest"),
    ],
)
def test_a_value_is_found_where_it_stands_and_nowhere_else(tmp_path: Path, data: bytes, numbers: list[int]) -> None:
    (tmp_path / "file").write_bytes(data)

    assert [number for _, number in find([tmp_path / "file"], VALUES)] == numbers


def test_a_value_that_was_deleted_from_a_database_is_found_in_its_free_pages(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "old.sqlite")
    db.executescript("PRAGMA secure_delete = OFF; CREATE TABLE t (name)")
    db.execute("INSERT INTO t VALUES ('Okonkwo-Hawthorne')")
    db.commit()
    db.execute("DELETE FROM t")
    db.commit()
    db.close()

    assert list(find(files_below(tmp_path), VALUES)) == [(tmp_path / "old.sqlite", 0)]


def test_random_bytes_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "sealed").write_bytes(random.Random(1).randbytes(1_000_000))

    assert list(find([tmp_path / "sealed"], VALUES)) == []


def test_files_in_folders_below_are_searched_too(tmp_path: Path) -> None:
    (tmp_path / "keys" / "epochs").mkdir(parents=True)
    (tmp_path / "keys" / "epochs" / "a.key").write_bytes(b"1144435628")

    assert [number for _, number in find(files_below(tmp_path), VALUES)] == [2]


def test_without_values_nothing_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")

    assert list(find([tmp_path / "file"], [])) == []


def test_thousands_of_values_are_one_search(tmp_path: Path) -> None:
    values = [f"Okonkwo-{number:06d}" for number in range(5_000)]
    (tmp_path / "file").write_text(f"Okonkwo-009999 {values[4_321]} {values[17]}")

    assert [number for _, number in find([tmp_path / "file"], values)] == [17, 4_321]


@pytest.mark.parametrize(
    ("body", "readable"),
    [
        pytest.param(random.Random(2).randbytes(4_000), False, id="sealed"),
        *(pytest.param(random.Random(n).randbytes(999 + n), False, id=f"sealed, {n}") for n in range(12)),
        pytest.param(b"\x01 Okonkwo-Quesnel", True, id="as it is"),
        pytest.param(base64.b64encode(b"{Okonkwo-Quesnel}"), True, id="behind base64"),
    ],
)
def test_a_body_in_which_somebody_can_be_read_is_not_sealed(body: bytes, readable: bool) -> None:
    assert can_be_read(body, VALUES) is readable


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("45000012-1a2b-4c3d-8e9f-0123456789ab", False, id="the first group of a random id"),
        pytest.param("45000012-1a2b", True, id="no whole id"),
        pytest.param("no 45000012, 1a2b3c4d-1a2b-4c3d-8e9f-0123456789ab", True, id="beside one"),
    ],
)
def test_a_short_number_in_a_random_id_is_chance(tmp_path: Path, text: str, found: bool) -> None:
    (tmp_path / "file").write_text(text)

    assert bool(list(find([tmp_path / "file"], ["45000012"]))) is found
