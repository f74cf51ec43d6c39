"""A whole hub by commands alone: from an empty folder to a delivered referral, a withdrawal, a log that verifies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests import cms_builder as cms
from tests.fakes import StandingClock
from tests.network import AGREED, EVENTS, NOON
from tests.unit.commands.conftest import Desk

CSV = {
    "agencies": "id,name,lane,pack\nharbour,Harbour Centre,general,ca-on\nlakeside,Lakeside,general,ca-on\n",
    "systems": "id,agency,kind,settings.path\n"
    "harbour-cms,harbour,cms,{harbour}\nlakeside-cms,lakeside,cms,{lakeside}\n",
    "services": "id,agency,wanted,name,system\nlakeside-work,lakeside,employment,Work,lakeside-cms\n",
    "workers": "id,agency,role\nharbour-worker,harbour,worker\nlakeside-worker,lakeside,worker\nofficer,hub,officer\n",
    "agreements": "agreement_id,party_a,party_b,purposes,categories,events,valid_from\n"
    f"harbour-lakeside,harbour,lakeside,REFERRAL,{AGREED},{' '.join(EVENTS)},2025-01-01\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty place, and two agencies that have a CMS."""
    for agency in ("harbour", "lakeside"):
        cms.make_cms(tmp_path / f"{agency}.sqlite")
    return Desk(tmp_path / "hub", StandingClock(NOON), [])


def connect_everybody(desk: Desk, folder: Path) -> None:
    desk.ok("init")
    desk.ok("workers", "add", "admin", "--agency", "hub", "--role", "administrator", "--as", "admin")
    paths = {name: folder / f"{name}.sqlite" for name in ("harbour", "lakeside")}
    for kind, rows in CSV.items():
        file = folder / f"{kind}.csv"
        file.write_text(rows.format(**paths))
        desk.ok(kind, "import", str(file), "--as", "admin")


def refer(folder: Path, name: str, *, consents: bool = True, born: str = "1990-03-03") -> int:
    db = cms.connect(folder / "harbour.sqlite")
    client = cms.add_client(db, last_name=name, birth_date=born)
    cms.add_identifier(db, client)
    if consents:
        cms.add_consent(db, client)
    cms.add_referral(db, client)
    db.close()
    return client


def received(folder: Path) -> list[str]:
    """Family names in Lakeside's hub_inbox."""
    db = cms.connect(folder / "lakeside.sqlite")
    rows = db.execute("SELECT payload FROM hub_inbox WHERE kind = 'referral'").fetchall()
    db.close()
    return [json.loads(row[0])["client"][0]["last_name"] for row in rows]


def answer(folder: Path, number: str) -> None:
    db = cms.connect(folder / "lakeside.sqlite")
    cms.answer(db, number, "ACCEPTED")
    db.close()


def test_from_an_empty_folder_to_a_verified_log(desk: Desk, tmp_path: Path) -> None:
    connect_everybody(desk, tmp_path)
    refer(tmp_path, "Bartok")
    refer(tmp_path, "Ligeti", consents=False, born="1987-08-08")

    desk.ok("work", "--once")

    assert received(tmp_path) == ["Bartok"]
    assert desk.json("deliveries", "list", "--all")["messages"] == {"delivered": 1, "refused": 1}
    (waiting,) = desk.json("deliveries", "waiting")["waiting"]
    assert waiting["code"] == "DN_NO_CONSENT"

    (referral,) = [row for row in desk.json("referral", "list")["referrals"] if row["state"] != "draft"]
    answer(tmp_path, referral["number"])
    desk.ok("work", "--once")
    assert desk.json("referral", "show", referral["number"])["state"] == "accepted"

    desk.ok("audit", "export", "--out", str(tmp_path / "out"), "--as", "officer")
    key = str(desk.folder / "keys" / "hub.pub")
    assert desk.json("audit", "verify")["ok"]
    assert desk.json("audit", "verify", "--export", str(tmp_path / "out"), "--key", key)["ok"]


def test_a_withdrawal_by_command_stops_what_is_on_the_bus_and_its_receipt_says_so(desk: Desk, tmp_path: Path) -> None:
    connect_everybody(desk, tmp_path)
    refer(tmp_path, "Bartok")
    (tmp_path / "lakeside.sqlite").rename(tmp_path / "away")
    desk.ok("work", "--once")  # decided, sealed, on the bus and arrived; the recipient is out of reach
    (stuck,) = desk.json("deliveries", "list")["deliveries"]

    by = ("--how", "TELEPHONE", "--agency", "harbour", "--as", "harbour-worker")
    receipt = desk.json("consent", "withdraw", "harbour-cms/consent:1", *by)
    (tmp_path / "away").rename(tmp_path / "lakeside.sqlite")
    desk.ok("work", "--once")

    assert receipt["not_arrived"] == [stuck["id"]]
    assert (receipt["arrived"], receipt["unknown"]) == ([], [])
    assert received(tmp_path) == []
    assert desk.json("deliveries", "list", "--all")["messages"] == {"refused": 1}
    assert desk.json("deliveries", "waiting")["waiting"][0]["code"] == "DN_WITHDRAWN"
    assert desk.json("audit", "verify")["ok"]


def test_a_withdrawal_after_delivery_says_that_it_had_arrived(desk: Desk, tmp_path: Path) -> None:
    connect_everybody(desk, tmp_path)
    refer(tmp_path, "Bartok")
    desk.ok("work", "--once")
    (consent,) = desk.json("consent", "show", "harbour-cms/consent:1", "--agency", "harbour", "--as", "harbour-worker")[
        "consents"
    ]

    by = ("--how", "LETTER", "--agency", "harbour", "--as", "harbour-worker")
    said = desk.ok("consent", "withdraw", consent["number"], *by)

    assert "had arrived before" in said
    assert "lakeside" in said


def test_a_consent_by_hand_wakes_the_referral_that_waited_for_it(desk: Desk, tmp_path: Path) -> None:
    connect_everybody(desk, tmp_path)
    client = refer(tmp_path, "Bartok", consents=False)
    desk.ok("work", "--once")
    assert received(tmp_path) == []
    person = f"UCI,11{client:08d},1990-03-03,Bartok,Amara"
    columns = (
        "identifier_type,identifier_value,birth_date,last_name,first_name,form_id,given_by,capacity_basis,form,"
        "valid_from,expires_on,recipient_org,purposes,categories,text_version,notice_version,language,client_reads,"
        "explained,not_condition,captured_by,captured_at,signed_on,evidence_ref,receipt_channel"
    )
    rest = (
        "F-1,SELF,PRESUMED,WRITTEN,2026-01-12,2026-12-31,lakeside,REFERRAL,IDENT NEEDS CONTACT,sharing-v3,notice-v2,en,"
        "en,what who why risk may-refuse,1,harbour-worker,2026-01-12 10:15:00,2026-01-12,drawer,PAPER"
    )

    file = f"{columns}\n{person},{rest}\n"
    by = ("--agency", "harbour", "--as", "harbour-worker")
    document = desk.json("consent", "import", "-", *by, stdin=file)
    desk.ok("work", "--once")

    assert document["filed"][0]["state"] == "ACTIVE"
    assert received(tmp_path) == ["Bartok"]
    assert desk.json("deliveries", "waiting")["waiting"] == []


def test_a_system_is_observed_by_command_before_it_takes_part(desk: Desk, tmp_path: Path) -> None:
    connect_everybody(desk, tmp_path)
    desk.ok("suspend", "system", "harbour-cms", "--as", "admin")
    refer(tmp_path, "Bartok")

    table = desk.ok("systems", "observe", "harbour-cms", "--as", "admin", "--records")
    found = desk.json("systems", "observe", "harbour-cms", "--as", "admin")["records"]

    assert "harbour-cms\tpass\tOK_CONSENT\t1\t" in table
    assert "all would pass" in table
    assert [(one["key"], one["outcome"], one["recipient"]) for one in found] == [("referral_out:1", "pass", "lakeside")]
    assert "Bartok" not in table
    of_a_kind = desk.json("systems", "observe", "cms", "--as", "admin")["records"]
    assert [one["key"] for one in of_a_kind] == ["referral_out:1"]
    desk.refused("systems", "observe", "nowhere-at-all", "--as", "admin")
    desk.ok("work", "--once")
    assert received(tmp_path) == []


def test_what_is_suspended_exchanges_nothing_and_goes_on_by_itself_when_resumed(desk: Desk, tmp_path: Path) -> None:
    connect_everybody(desk, tmp_path)
    desk.ok("suspend", "agency", "lakeside", "--as", "admin")
    refer(tmp_path, "Bartok")

    desk.ok("work", "--once")
    assert received(tmp_path) == []

    desk.ok("resume", "agency", "lakeside", "--as", "admin")
    desk.ok("work", "--once")
    assert received(tmp_path) == ["Bartok"]


def test_a_backup_of_an_hour_ago_does_not_forget_the_no_that_a_client_said_at_the_desk(
    desk: Desk, tmp_path: Path
) -> None:
    connect_everybody(desk, tmp_path)
    refer(tmp_path, "Bartok")
    desk.ok("systems", "fetch", "harbour-cms", "--as", "admin")
    alias = desk.json("consent", "show", "harbour-cms/consent:1", "--agency", "harbour", "--as", "harbour-worker")[
        "alias"
    ]
    backup = {
        file.name: shutil.copy(file, tmp_path / f"backup-{file.name}") for file in desk.folder.glob("hub.sqlite*")
    }

    desk.ok("consent", "directive", "add", "--alias", alias, "--agency", "harbour", "--as", "harbour-worker")
    for file in desk.folder.glob("hub.sqlite*"):
        file.unlink()
    for name, copy in backup.items():
        shutil.copy(copy, desk.folder / name)

    for command in (["work", "--once"], ["deliveries", "list"]):
        assert "which a checkpoint outside counts" in desk.refused(*command, code=3)
    assert received(tmp_path) == []


def test_a_command_that_changes_nothing_signs_nothing(desk: Desk, tmp_path: Path) -> None:
    connect_everybody(desk, tmp_path)
    kept = sorted(file.name for file in (desk.folder / "checkpoints").iterdir())

    desk.ok("agencies", "list")
    desk.ok("deliveries", "waiting")
    desk.refused("suspend", "agency", "nowhere-at-all", "--as", "admin")
    desk.ok("agencies", "import", str(tmp_path / "agencies.csv"), "--as", "admin")  # stands so already

    assert kept
    assert sorted(file.name for file in (desk.folder / "checkpoints").iterdir()) == kept
