"""``hub systems`` with a CMS on PostgreSQL: connected, looked at, listed, and no secret kept or shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub.model.directory import System
from tests import cms_builder as cms
from tests import cms_postgres
from tests.network import Network, make
from tests.unit.commands.conftest import Desk

ADD = ("systems", "add", "harbour-two", "--agency", "harbour", "--kind", "cms")


@pytest.fixture
def place(cms_url: str, tmp_path: Path) -> dict[str, str]:
    return {name: str(value) for name, value in cms_postgres.settings(cms_url, tmp_path).items()}


def given(place: dict[str, str]) -> list[str]:
    return [word for name, value in place.items() for word in ("--setting", f"{name}={value}")]


def secret(url: str) -> str:
    return urlsplit(url).password or "no password"


def test_a_system_is_added_looked_at_and_listed_and_no_secret_is_shown_or_kept(
    network: Network, desk: Desk, place: dict[str, str], cms_url: str
) -> None:
    said = desk.ok(*ADD, *given(place), "--as", "steward")
    listed = desk.ok("systems", "list") + desk.ok("systems", "list", "--json")
    checked = desk.run("systems", "check", "harbour-two").output

    for text in (said, listed, checked):
        assert not [word for word in (*place.values(), urlsplit(cms_url).path[1:], secret(cms_url)) if word in text]
    assert "password_file url" in listed
    assert "answers; PostgreSQL" in checked
    assert "can be written" in checked
    kept = [path for path in network.hub.settings.dir.rglob("*") if path.is_file()]
    assert not [path.name for path in kept if secret(cms_url).encode() in path.read_bytes()]


def test_what_changed_there_is_fetched_by_the_command(desk: Desk, place: dict[str, str], cms_url: str) -> None:
    with cms_postgres.PostgresCms(cms_url) as db:
        client = cms.add_client(db)
        cms.add_consent(db, client)
        cms.add_referral(db, client)
    desk.ok(*ADD, *given(place), "--as", "steward")

    assert desk.json("systems", "fetch", "harbour-two", "--as", "steward")["accepted"] == 1


@pytest.mark.parametrize("way", ["user:Zqsecretxj@", "user@"])
def test_a_password_among_the_settings_is_refused_and_neither_shown_nor_kept(
    network: Network, desk: Desk, way: str
) -> None:
    option = "?password=Zqsecretxj" if way == "user@" else ""
    url = f"postgresql://{way}zqhostxj/zqcasesxj{option}"
    before = desk.entries()

    added = desk.refused(*ADD, "--setting", f"url={url}", "--as", "steward")
    rows = f"id,agency,kind,settings.url\nharbour-two,harbour,cms,{url}\n"
    imported = desk.refused("systems", "import", "-", "--as", "steward", stdin=rows)

    for text in (added, imported):
        assert "a URL with a password in it" in text
        assert "password_file=FILE" in text
        assert not [word for word in ("Zqsecretxj", "zqhostxj", "zqcasesxj") if word in text]
    assert desk.entries() == before
    kept = [path for path in network.hub.settings.dir.rglob("*") if path.is_file()]
    assert not [path.name for path in kept if b"Zqsecretxj" in path.read_bytes()]


def test_path_and_url_are_either_and_not_both(desk: Desk, place: dict[str, str], tmp_path: Path) -> None:
    both = desk.refused(*ADD, *given(place), "--setting", f"path={tmp_path / 'x'}", "--as", "steward")
    neither = desk.refused(*ADD, "--setting", "busy_timeout_ms=50", "--as", "steward")

    assert "cms settings: got both path and url, expected path=FILE for SQLite, or url=postgresql://" in both
    assert "cms settings: got neither path nor url" in neither


def test_another_agencys_database_is_refused_however_its_url_is_spelled(
    tmp_path: Path, cms_url: str, place: dict[str, str]
) -> None:
    network = make(tmp_path / "network", servers={"lakeside": cms_url})
    desk = Desk(network.dir / "hub", network.clock, [])
    parts = urlsplit(place["url"])
    others = [
        place["url"],
        place["url"].replace("127.0.0.1", "LOCALHOST"),
        parts._replace(netloc=f"somebody@{parts.netloc.rpartition('@')[2]}", scheme="postgres").geturl(),
        f"{place['url']}?sslmode=prefer&application_name=x",
    ]

    for url in others:
        refused = desk.refused(*ADD, "--setting", f"url={url}", "--as", "steward")
        assert "got those of `lakeside-cms`, an active system of `lakeside`" in refused
        assert parts.path[1:] not in refused
    network.hub.close()


def test_a_password_file_is_kept_by_its_absolute_path(
    network: Network, desk: Desk, place: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = Path(place["password_file"]).name

    desk.ok(*ADD, *given({**place, "password_file": name}), "--as", "steward")

    with network.hub.store.peek() as rows:
        system: System = rows.directory.all().systems["harbour-two"]
    assert system.settings["password_file"] == str(tmp_path / name)


def test_a_password_that_is_changed_in_its_file_counts_from_the_next_connection(
    network: Network, desk: Desk, place: dict[str, str]
) -> None:
    desk.ok(*ADD, *given(place), "--as", "steward")
    file = Path(place["password_file"])
    right = file.read_text()
    file.write_text("Zqwrongxj")
    wrong = desk.run("systems", "check", "harbour-two", "--json")
    file.write_text(right)

    again = [row for row in desk.json("systems", "check", "harbour-two", code=1)["findings"] if not row["ok"]]

    assert wrong.exit_code == 1
    assert "another password than the user's" in wrong.stdout
    assert "Zqwrongxj" not in wrong.output
    assert [row["place"] for row in again] == ["cms clock"]  # the hub's stands still here
