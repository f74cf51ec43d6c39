"""The local journal: what was written whole is read, what was changed is told, what was half-written is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import IntegrityBroken, Unavailable
from hub.journal import SIZE, Journal
from hub.keys.ring import KeyRing, create_keys
from hub.model.directory import Agency
from hub.ports import Directory
from tests.fakes import SeededIds


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    create_keys(tmp_path / "keys", SeededIds(1), name="hub.example/log", hub_key=None)
    made = Journal(tmp_path / "journal", KeyRing(tmp_path / "keys", SeededIds(2), hub_key=None))
    made.prepare()
    return made


def entries_file(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "entries"


ONE, TWO = b"one" * 300, b"two" * 300


def test_what_was_added_is_read_in_order_and_forgotten_when_cleared(journal, tmp_path):
    journal.append(ONE)
    journal.append(TWO)

    assert journal.entries() == [ONE, TWO]
    assert entries_file(tmp_path).stat().st_size == SIZE
    journal.clear()
    assert journal.entries() == []


@pytest.mark.parametrize("at", [0, 1, 3, 4, 7, 8, 40, 500, 958, 970, 1000])
def test_a_byte_that_was_changed_is_told_wherever_it_is(journal, tmp_path, at):
    journal.append(ONE)
    journal.append(TWO)
    data = bytearray(entries_file(tmp_path).read_bytes())
    data[at] ^= 0x7F
    entries_file(tmp_path).write_bytes(data)

    with pytest.raises(IntegrityBroken):
        journal.entries()
    with pytest.raises(IntegrityBroken):
        journal.append(ONE)


def test_a_last_entry_that_was_written_in_part_is_none_and_the_next_takes_its_place(journal, tmp_path):
    journal.append(ONE)
    first = len(entries_file(tmp_path).read_bytes().rstrip(b"\0"))
    journal.append(TWO)
    data = entries_file(tmp_path).read_bytes()
    whole = len(data.rstrip(b"\0"))

    for written in range(first + 1, whole - 16, 37):
        entries_file(tmp_path).write_bytes(data[:written].ljust(SIZE, b"\0"))
        assert journal.entries() == [ONE]
        journal.append(TWO)
        assert journal.entries() == [ONE, TWO]


def test_a_block_in_the_middle_that_never_reached_the_disk_is_no_entry(journal, tmp_path):
    journal.append(ONE)
    journal.append(TWO * 4)
    data = bytearray(entries_file(tmp_path).read_bytes())
    data[1536:2048] = bytes(512)
    entries_file(tmp_path).write_bytes(data)

    assert journal.entries() == [ONE]


def test_a_full_journal_takes_nothing_and_keeps_what_it_has(journal):
    taken = 0
    with pytest.raises(Unavailable, match="telephone"):
        for _ in range(20):
            journal.append(bytes(400_000))
            taken += 1

    assert len(journal.entries()) == taken > 0


def test_a_directory_without_what_is_known_is_none(journal, tmp_path):
    agencies = {"a": Agency("a", "A", "general", "ca-on", "delivery.A")}
    here = Directory(1, stopped=False, agencies=agencies, systems={}, services=(), sites=(), workers={}, agreements=())
    journal.note(here, lambda: ["x", "y"])
    assert journal.directory() == here
    assert journal.knows("y")
    journal.know("z", "y")
    assert journal.knows("z")

    (tmp_path / "journal" / "known").unlink()
    assert journal.directory() is None
    journal.note(here, lambda: ["y"])
    assert journal.directory() == here
    assert not journal.knows("z")


def test_another_process_reads_what_this_one_added(journal, tmp_path):
    beside = Journal(tmp_path / "journal", KeyRing(tmp_path / "keys", SeededIds(3), hub_key=None))
    assert beside.entries() == []

    journal.append(ONE)

    assert beside.entries() == [ONE]


def test_what_is_known_waits_for_nobody_and_is_asked_of_the_store_later(journal, tmp_path):
    agencies = {"a": Agency("a", "A", "general", "ca-on", "delivery.A")}
    here = Directory(1, stopped=False, agencies=agencies, systems={}, services=(), sites=(), workers={}, agreements=())
    beside = Journal(tmp_path / "journal", KeyRing(tmp_path / "keys", SeededIds(3), hub_key=None))
    journal.note(here, list)

    with beside.held(), pytest.raises(Unavailable):
        journal.know("x")
    assert not journal.knows("x")

    journal.note(here, lambda: ["x"])
    assert journal.knows("x")
