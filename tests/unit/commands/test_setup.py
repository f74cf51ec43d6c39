"""init, migrate, doctor: what is wrong with a folder is said with the next step, whatever else is broken."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from hub.errors import IntegrityBroken
from tests.network import Network, refer
from tests.unit.commands.conftest import Desk


def wrong(desk: Desk, code: int = 1) -> dict[str, str]:
    """Place to text of what the doctor found wrong; every finding says what to do."""
    document = desk.json("doctor", code=code)
    bad = [row for row in document["findings"] if not row["ok"]]
    assert document["ok"] is (not bad)
    assert all(row["next_step"] for row in bad)
    return {row["place"]: row["text"] for row in bad}


def places(desk: Desk, code: int) -> set[str]:
    return {row["place"].split(":")[0] for row in desk.json("doctor", code=code)["findings"]}


def test_init_prepares_a_folder_and_leaves_one_that_is_there_as_it_is(fresh: Desk) -> None:
    before = (fresh.folder / "keys" / "hub.key").read_bytes()

    again = fresh.json("init")

    assert again["log_key"] == (fresh.folder / "keys" / "hub.pub").read_text().strip()
    assert (fresh.folder / "keys" / "hub.key").read_bytes() == before
    assert (fresh.folder / "hub.sqlite").stat().st_mode & 0o077 == 0


def test_a_logs_name_cannot_change_later(fresh: Desk) -> None:
    assert "cannot change" in fresh.refused("init", "--name", "other.example.org/log")


def test_a_name_that_would_break_the_checkpoints_is_refused(tmp_path: Path, fresh: Desk) -> None:
    said = fresh.refused("init", "--name", "two words", folder=tmp_path / "new")

    assert "two words" not in said
    assert not (tmp_path / "new" / "hub.toml").exists()


def test_a_folder_where_a_file_stands_is_unavailable(tmp_path: Path, fresh: Desk) -> None:
    (tmp_path / "file").write_text("x")

    assert "data folder" in fresh.refused("init", folder=tmp_path / "file" / "hub", code=4)


def test_migrate_creates_no_store_where_none_was_prepared(tmp_path: Path, fresh: Desk) -> None:
    said = fresh.refused("migrate", folder=tmp_path / "nowhere")

    assert "hub init" in said
    assert not (tmp_path / "nowhere").exists()


def test_migrate_makes_the_tables_of_an_empty_file(fresh: Desk) -> None:
    (fresh.folder / "hub.sqlite").write_bytes(b"")
    for beside in ("hub.sqlite-wal", "hub.sqlite-shm"):
        (fresh.folder / beside).unlink(missing_ok=True)
    assert "has no table" in wrong(fresh)["store"]

    fresh.ok("migrate")

    assert wrong(fresh, code=0) == {}


def test_a_table_that_was_lost_is_a_damage_that_migrate_does_not_hide(fresh: Desk) -> None:
    with sqlite3.connect(fresh.folder / "hub.sqlite") as db:
        db.execute("DROP TABLE dead_letter")
    db.close()

    fresh.ok("migrate")

    assert "dead_letter" in wrong(fresh)["store"]


def test_a_store_of_a_newer_program_is_neither_used_nor_changed(fresh: Desk) -> None:
    with sqlite3.connect(fresh.folder / "hub.sqlite") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()

    for command in (["migrate"], ["work", "--once"], ["agencies", "list"]):
        assert "start the newer program" in fresh.refused(*command)
    assert "newer program" in wrong(fresh)["store"]


def test_the_doctor_finds_nothing_on_a_healthy_network(desk: Desk) -> None:
    assert wrong(desk, code=0) == {}
    assert {"settings", "keys", "store", "audit log", "packs", "mappings", "clock"} <= places(desk, 0)
    assert "system harbour-cms" in places(desk, 0)


def test_without_a_data_folder_the_doctor_still_looks_at_the_rest(tmp_path: Path, fresh: Desk) -> None:
    away = Desk(tmp_path / "nowhere", fresh.clock, [])

    found = wrong(away)

    assert "hub init" in str(away.run("doctor").output)
    assert {"data folder", "store"} <= set(found)
    assert {"packs", "mappings", "clock"} <= places(away, 1)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["hub.key", "index.key"])
def test_a_key_that_others_may_read_is_named_and_the_rest_is_looked_at(desk: Desk, name: str) -> None:
    os.chmod(desk.folder / "keys" / name, 0o644)

    found = wrong(desk)

    assert any(name in place for place in found)
    assert "system harbour-cms" in places(desk, 1)


def test_a_missing_key_is_named(desk: Desk) -> None:
    (desk.folder / "keys" / "index.key").unlink()

    assert any("index.key" in place for place in wrong(desk))


def test_settings_with_an_unknown_word_are_named_and_the_rest_is_looked_at(desk: Desk) -> None:
    (desk.folder / "hub.toml").write_text('nam = "x"\n')

    found = wrong(desk)

    assert any("hub.toml" in place for place in found)
    assert {"keys", "store", "system harbour-cms"} <= places(desk, 1)


def test_a_store_that_somebody_holds_is_named(desk: Desk) -> None:
    holder = sqlite3.connect(desk.folder / "hub.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    found = wrong(desk)

    holder.close()
    assert "locked" in found["store"]


def test_a_store_whose_bytes_are_damaged_is_named_and_the_rest_is_looked_at(fresh: Desk) -> None:
    for suffix in ("-wal", "-shm"):
        (fresh.folder / f"hub.sqlite{suffix}").unlink(missing_ok=True)
    (fresh.folder / "hub.sqlite").write_bytes(b"not a database, but long enough to be looked at " * 200)

    found = wrong(fresh)

    assert "store" in found
    assert {"packs", "mappings", "keys", "clock"} <= places(fresh, 1)


def test_a_log_that_does_not_verify_is_named_and_the_rest_is_looked_at(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()
    desk.ok("audit", "checkpoint")
    with sqlite3.connect(desk.folder / "hub.sqlite") as db:
        db.execute("UPDATE audit_entry SET body = body || ' ' WHERE entry_index = 3")
    db.close()

    found = wrong(desk)

    assert "entry 3" in found["audit log"]
    assert "system harbour-cms" in places(desk, 1)


def test_a_clock_that_was_set_back_is_named(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()
    desk.clock.set(desk.clock.now().replace(day=1, hour=1))
    desk.doctor_clock = desk.clock

    assert "set back" in wrong(desk)["clock"]


def test_a_system_whose_database_has_gone_is_named_with_its_own_words(network: Network, desk: Desk) -> None:
    (network.dir / "lakeside.sqlite").unlink()

    found = wrong(desk)

    assert any("system lakeside-cms" in place for place in found)
    assert not any("harbour-cms" in place for place in found)


def test_a_mapping_of_the_data_folder_that_cannot_be_read_is_named(desk: Desk) -> None:
    (desk.folder / "mappings" / "cms").mkdir(parents=True)
    (desk.folder / "mappings" / "cms" / "RF_STATUS.toml").write_text("[nonsense]\n")

    assert any("mappings" in place for place in wrong(desk))


def test_a_command_on_a_broken_log_ends_with_3(network: Network, desk: Desk) -> None:
    refer(network)
    network.run()
    desk.ok("audit", "checkpoint")
    with sqlite3.connect(desk.folder / "hub.sqlite") as db:
        db.execute("DELETE FROM audit_entry WHERE entry_index = (SELECT MAX(entry_index) FROM audit_entry)")
    db.close()

    said = desk.json("deliveries", "list", code=3)

    assert said["error"]["kind"] == IntegrityBroken.__name__


def test_the_doctor_sees_a_folder_and_settings_that_others_can_read(desk: Desk) -> None:
    desk.folder.chmod(0o755)
    (desk.folder / "hub.toml").chmod(0o644)

    found = desk.json("doctor", code=1)["findings"]

    assert [(one["place"], one["next_step"]) for one in found if not one["ok"]] == [
        ("data folder", "chmod 0700, and renew what stood in it"),
        ("data folder: hub.toml", "chmod 0600, and renew what stood in it"),
    ]


@pytest.mark.parametrize(
    ("agency", "service", "says"),
    [
        pytest.param("harbour", "nowhere", "no such service", id="a service that nobody knows"),
        pytest.param("lakeside", "lakeside-employment", "a service of its own", id="to oneself"),
        pytest.param("Harbour", "lakeside-employment", "no agency of this id", id="a folder of no agency"),
    ],
)
def test_a_route_that_leads_nowhere_is_named(desk: Desk, agency: str, service: str, says: str) -> None:
    folder = desk.folder / "agencies" / agency
    folder.mkdir(parents=True)
    (folder / "routes.csv").write_text(f"kind,list,code,service\nicare,NARS,x,{service}\n", encoding="utf-8")

    assert wrong(desk)[f"agencies/{agency}/routes.csv icare NARS x"] == says
