"""One connection, one agency: a system of one agency never leads to another agency's database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.network import Network
from tests.unit.commands.conftest import Desk

ROW = "id,agency,kind,settings.path\n"


@pytest.fixture(params=["as it is", "with dots", "by a link", "by a hard link"])
def spelled(request: pytest.FixtureRequest, network: Network) -> str:
    """Lakeside's database, under some name."""
    real = network.dir / "lakeside.sqlite"
    link, hard = network.dir / "link.sqlite", network.dir / "hard.sqlite"
    link.symlink_to(real)
    hard.hardlink_to(real)
    dots = f"{network.dir}/hub/../lakeside.sqlite"
    return {"as it is": str(real), "with dots": dots, "by a link": str(link), "by a hard link": str(hard)}[
        request.param
    ]


def test_another_agencys_database_is_refused_however_it_is_spelled(desk: Desk, spelled: str) -> None:
    before = desk.entries()
    add = ("systems", "add", "harbour-two", "--agency", "harbour", "--kind", "cms", "--setting", f"path={spelled}")

    said = desk.refused(*add, "--as", "steward")
    imported = desk.refused("systems", "import", "-", "--as", "steward", stdin=f"{ROW}harbour-3,harbour,cms,{spelled}")

    for text in (said, imported):
        assert "got those of `lakeside-cms`, an active system of `lakeside`" in text
        assert spelled not in text
    assert desk.entries() == before


def test_an_agencys_own_system_cannot_be_turned_to_anothers_database(network: Network, desk: Desk) -> None:
    path = f"path={network.dir / 'lakeside.sqlite'}"
    change = ("systems", "add", "harbour-cms", "--agency", "harbour", "--kind", "cms", "--setting", path)

    assert "an active system of `lakeside`" in desk.refused(*change, "--as", "steward")


def test_two_agencies_of_one_file_cannot_name_the_same_database(desk: Desk, tmp_path: Path) -> None:
    rows = f"{ROW}harbour-2,harbour,cms,{tmp_path / 'new'}\nlakeside-2,lakeside,cms,{tmp_path}/./new\n"

    desk.refused("systems", "import", "-", "--as", "steward", stdin=rows)

    assert len(desk.json("systems", "list")["systems"]) == 2


def test_one_that_was_added_as_suspended_does_not_start_on_anothers_database(network: Network, desk: Desk) -> None:
    rows = f"id,agency,kind,status,settings.path\nharbour-2,harbour,cms,suspended,{network.dir / 'lakeside.sqlite'}\n"
    desk.ok("systems", "import", "-", "--as", "steward", stdin=rows)

    assert "an active system of `lakeside`" in desk.refused("resume", "system", "harbour-2", "--as", "steward")

    desk.ok("suspend", "system", "lakeside-cms", "--as", "steward")
    desk.ok("resume", "system", "harbour-2", "--as", "steward")  # the database has changed hands


def test_one_agency_does_not_read_one_database_twice_at_once(network: Network, desk: Desk) -> None:
    """Each of its records would be said twice. What takes the place of another comes after that is suspended."""
    rows = f"{ROW}lakeside-2,lakeside,cms,{network.dir / 'lakeside.sqlite'}\n"
    refused = desk.refused("systems", "import", "-", "--as", "steward", stdin=rows)

    desk.ok("suspend", "system", "lakeside-cms", "--as", "steward")

    assert "`lakeside-cms`" in str(refused)
    assert desk.json("systems", "import", "-", "--as", "steward", stdin=rows)["changed"] == ["lakeside-2"]


def test_a_relative_path_is_kept_as_an_absolute_one(
    network: Network, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    add = ("systems", "add", "harbour-2", "--agency", "harbour", "--kind", "cms", "--setting", "path=new.sqlite")

    desk.ok(*add, "--as", "steward")

    with network.hub.store.peek() as rows:
        assert rows.directory.all().systems["harbour-2"].settings == {"path": str(tmp_path / "new.sqlite")}
    assert desk.json(*add, "--as", "steward") == {"changed": [], "same": 1, "unknown": []}
