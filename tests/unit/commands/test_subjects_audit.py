"""Whose record is it, and is the log what was signed? Identity and audit by commands (design §4, §7)."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path

import pytest

from tests import cms_builder as cms
from tests.network import Network, refer
from tests.unit.commands.conftest import Desk


def look_alike(network: Network) -> int:
    """A client of Harbour with a consent, and another row of the same name and date with a referral and no number."""
    refer(network)
    network.run()
    db = network.db("harbour")
    twin = cms.add_client(db)
    cms.add_referral(db, twin)
    db.close()
    network.run()
    return twin


def the_waiting(desk: Desk) -> dict[str, str]:
    (row,) = desk.json("deliveries", "waiting")["waiting"]
    assert row["code"] == "DN_IDENTITY"
    return dict(row)


def aliases(network: Network) -> list[str]:
    with network.hub.store.database.reading() as connection:
        statement = "SELECT alias FROM subject_alias WHERE agency = 'harbour' ORDER BY rowid"
        return [row.alias for row in connection.exec_driver_sql(statement).all()]


def test_same_as_links_the_record_and_it_goes_on_by_itself(network: Network, desk: Desk) -> None:
    look_alike(network)
    row, (alias,) = the_waiting(desk), aliases(network)

    said = desk.json("subjects", "resolve", row["id"], "--same-as", alias, "--as", "harbour-worker")
    network.run()

    assert (said["alias"], said["minted"], said["key"]) == (alias, False, row["record"])
    assert desk.json("deliveries", "waiting")["waiting"] == []
    assert network.states()["delivered"] == 2
    assert aliases(network) == [alias]


def test_new_mints_a_person_of_its_own_who_has_no_consent(network: Network, desk: Desk) -> None:
    look_alike(network)
    row = the_waiting(desk)

    said = desk.json("subjects", "resolve", row["id"], "--new", "--as", "harbour-worker")
    network.run()

    assert said["minted"]
    assert said["alias"] in aliases(network)
    assert len(aliases(network)) == 2
    assert [one["code"] for one in desk.json("deliveries", "waiting")["waiting"]] == ["DN_NO_CONSENT"]
    (entry,) = [one for one in desk.entries() if one.get("reason_code") == "NEW"]
    assert (entry["event_type"], entry["actor"]["ref"]) == ("SUBJECT_LINKED", "harbour-worker")


@pytest.mark.parametrize(
    ("option", "worker", "code"),
    [
        (["--same-as", "AAAAAAAAAAAA"], "harbour-worker", 1),
        (["--new"], "lakeside-worker", 1),
        (["--new"], "steward", 1),
        ([], "harbour-worker", 2),
        (["--new", "--same-as", "AAAAAAAAAAAA"], "harbour-worker", 2),
    ],
    ids=["an alias of nobody", "another agency's worker", "the hub's steward", "neither", "both"],
)
def test_who_it_is_is_said_by_the_agency_and_clearly(
    network: Network, desk: Desk, option: list[str], worker: str, code: int
) -> None:
    look_alike(network)

    desk.refused("subjects", "resolve", the_waiting(desk)["id"], *option, "--as", worker, code=code)

    assert the_waiting(desk)["code"] == "DN_IDENTITY"


def test_a_record_that_would_still_be_two_people_is_not_resolved(network: Network, desk: Desk) -> None:
    refer(network)
    db = network.db("harbour")
    other = cms.add_client(db, last_name="Bartok", first_name="Ilse")
    cms.add_identifier(db, other, type="TRP", value="T1234567")
    cms.add_consent(db, other)
    network.run()
    both = cms.add_client(db)
    cms.add_identifier(db, both)
    db.execute("UPDATE client_identifier SET value = '1100000001' WHERE client_id = ?", (both,))
    cms.add_identifier(db, both, type="TRP", value="T1234567")
    cms.add_referral(db, both)
    db.close()
    network.run()
    row = the_waiting(desk)

    for option in (["--same-as", aliases(network)[0]], ["--new"]):
        said = desk.refused("subjects", "resolve", row["id"], *option, "--as", "harbour-worker")
        assert "correct its identifiers" in said

    assert len(aliases(network)) == 2  # nothing of a refused answer is kept
    assert the_waiting(desk)["id"] == row["id"]


def test_a_record_that_waits_for_something_else_has_no_identity_to_choose(network: Network, desk: Desk) -> None:
    db = network.db("harbour")
    cms.add_referral(db, cms.add_client(db))
    db.close()
    network.run()
    (row,) = desk.json("deliveries", "waiting")["waiting"]

    said = desk.refused("subjects", "resolve", row["id"], "--new", "--as", "harbour-worker")

    assert "DN_NO_CONSENT" in said


def duplicate(network: Network) -> None:
    """One name and date at both agencies, with different numbers."""
    for agency, other, value in (("harbour", "lakeside", "1100000001"), ("lakeside", "harbour", "2200000002")):
        db = network.db(agency)
        client = cms.add_client(db)
        cms.add_identifier(db, client, value=value)
        cms.add_consent(db, client, other)
        db.close()
    network.run()


def test_look_alikes_of_two_agencies_are_the_stewards_alone_and_each_look_is_logged(
    network: Network, desk: Desk
) -> None:
    duplicate(network)

    (pair,) = desk.json("subjects", "duplicates", "--as", "steward")["pairs"]

    assert pair["likeness"] == "names"
    assert sorted([*pair["one"], *pair["other"]]) == ["harbour", "lakeside"]
    (entry,) = [one for one in desk.entries() if one["event_type"] == "VIEW"]
    assert (entry["actor"]["ref"], entry["what"], entry["count"]) == ("steward", "duplicates", 1)


def test_the_steward_merges_look_alikes_and_parts_them(network: Network, desk: Desk) -> None:
    duplicate(network)
    (pair,) = desk.json("subjects", "duplicates", "--as", "steward")["pairs"]
    one, other = (f"{name}:{alias}" for side in ("one", "other") for name, alias in pair[side].items())

    said = desk.ok("subjects", "merge", one, "--into", other, "--as", "steward")
    again = desk.json("subjects", "merge", one, "--into", other, "--as", "steward")
    left = desk.json("subjects", "duplicates", "--as", "steward")["pairs"]
    parted = desk.ok("subjects", "unmerge", one, other, "--as", "steward")

    assert "They are one person now" in said
    assert "harbour: 1 consent to confirm with the client" in said
    assert (again["in_doubt"], left) == ({}, [])
    assert "They are two people. Nothing that relied on it leaves any more." in parted
    assert "lakeside: 1 consent to confirm" in parted
    linked = [entry["reason_code"] for entry in desk.entries() if entry["event_type"] == "SUBJECT_LINKED"]
    assert linked == ["MINTED", "MINTED", "MERGED", "MERGED", "PARTED", "PARTED"]
    assert "not linked" in desk.refused("subjects", "unmerge", one, other, "--as", "steward")


def test_nobody_else_sees_look_alikes(network: Network, desk: Desk) -> None:
    duplicate(network)
    desk.ok("workers", "add", "volunteer-1", "--agency", "hub", "--role", "volunteer", "--as", "steward")

    for worker in ("harbour-worker", "volunteer-1"):
        said = desk.refused("subjects", "duplicates", "--as", worker)
        assert "steward" in said
    assert "VIEW" not in {one["event_type"] for one in desk.entries()}


# ------------------------------------------------------------------------------------------------------------ audit


@pytest.fixture
def officer(network: Network, desk: Desk) -> str:
    refer(network)
    network.run()
    desk.ok("workers", "add", "officer", "--agency", "hub", "--role", "officer", "--as", "steward")
    return "officer"


def test_the_hubs_own_log_is_verified_against_a_checkpoint_outside(desk: Desk) -> None:
    assert "hub audit checkpoint" in desk.refused("audit", "verify")
    desk.ok("workers", "add", "olive", "--agency", "hub", "--role", "officer", "--as", "steward")
    signed = desk.json("audit", "verify")  # by the change itself
    assert signed["proven"] == signed["size"] > 0

    note = desk.json("audit", "checkpoint")
    report = desk.json("audit", "verify")

    assert (report["ok"], report["size"], report["proven"]) == (True, note["entries"], note["entries"])


def test_a_changed_entry_is_named_and_ends_with_3(officer: str, desk: Desk) -> None:
    desk.ok("audit", "checkpoint")
    with sqlite3.connect(desk.folder / "hub.sqlite") as db:
        db.execute("UPDATE audit_entry SET body = CAST(body || ' ' AS BLOB) WHERE entry_index = 2")
    db.close()

    report = desk.json("audit", "verify", code=3)

    assert (report["ok"], report["first_wrong"], report["fault"]) == (False, 2, "entry-changed")


def test_an_export_verifies_with_the_key_from_outside_and_holds_its_own_entry(
    tmp_path: Path, officer: str, desk: Desk
) -> None:
    desk.ok("audit", "checkpoint")
    older = max((desk.folder / "checkpoints").glob("*.txt"), key=lambda path: int(path.stem))

    desk.ok("audit", "export", "--out", str(tmp_path / "out"), "--as", officer)

    key = str(desk.folder / "keys" / "hub.pub")
    report = desk.json("audit", "verify", "--export", str(tmp_path / "out"), "--key", key, "--checkpoint", str(older))
    lines = (tmp_path / "out" / "entries.jsonl").read_text().splitlines()
    last = json.loads(base64.b64decode(json.loads(lines[-1])["body"]))
    assert (report["ok"], report["size"]) == (True, len(lines))
    assert (last["event_type"], last["actor"]["ref"], last["form"]) == ("EXPORT", officer, "entries")


def test_a_cut_export_is_seen_with_a_checkpoint_from_outside(tmp_path: Path, officer: str, desk: Desk) -> None:
    desk.ok("audit", "export", "--out", str(tmp_path / "old"), "--as", officer)
    desk.ok("audit", "checkpoint")
    newest = max((desk.folder / "checkpoints").glob("*.txt"), key=lambda path: int(path.stem))
    desk.ok("audit", "export", "--out", str(tmp_path / "new"), "--as", officer)
    newest = max((desk.folder / "checkpoints").glob("*.txt"), key=lambda path: int(path.stem))
    verify = ("audit", "verify", "--export", str(tmp_path / "old"), "--key", str(desk.folder / "keys" / "hub.pub"))

    assert desk.json(*verify)["ok"]  # by itself it is a perfect, shorter log
    report = desk.json(*verify, "--checkpoint", str(newest), code=3)

    assert report["fault"] == "log-cut"


def test_the_full_export_is_the_officers_and_the_hashes_are_everybodys(
    tmp_path: Path, officer: str, desk: Desk
) -> None:
    said = desk.refused("audit", "export", "--out", str(tmp_path / "full"), "--as", "steward")
    document = desk.json("audit", "export", "--out", str(tmp_path / "h"), "--hashes", "--as", "harbour-worker")

    assert "officer" in said
    assert not (tmp_path / "full").exists()
    assert document["hashes_only"]
    assert sorted(path.name for path in (tmp_path / "h").iterdir()) == ["checkpoint.txt", "hashes.jsonl"]


def test_an_export_is_not_written_over_another(tmp_path: Path, officer: str, desk: Desk) -> None:
    desk.ok("audit", "export", "--out", str(tmp_path / "out"), "--as", officer)
    before = (tmp_path / "out" / "entries.jsonl").read_bytes()

    desk.refused("audit", "export", "--out", str(tmp_path / "out"), "--as", officer)

    assert (tmp_path / "out" / "entries.jsonl").read_bytes() == before


def test_a_key_and_an_export_belong_together(tmp_path: Path, officer: str, desk: Desk) -> None:
    assert "--key" in desk.refused("audit", "verify", "--key", "hub.pub", code=2)
    assert "--key" in desk.refused("audit", "verify", "--export", str(tmp_path), code=2)


def test_an_empty_log_has_nothing_to_sign(fresh: Desk) -> None:
    assert "nothing is to be signed yet" in fresh.refused("audit", "checkpoint")
