"""The network's directory files are what the import commands take."""

from __future__ import annotations

import csv
import io
from zoneinfo import ZoneInfo

from consent.model.words import Body, Category, Purpose
from consent.packs import PACKAGED, load_packs
from hub.directory import AGENCY, AGREEMENT, SERVICE, SITE, SYSTEM, WORKER, Known, Problems, from_file
from hub.ports import Directory
from hub.sample.directory import FILES, directory_files, write_directory
from hub.sample.network import Network
from tests.fakes import SeededIds

FORMS = (AGENCY, SYSTEM, SITE, SERVICE, AGREEMENT, WORKER)


def test_each_file_is_read_without_a_problem_in_the_order_of_import(network: Network) -> None:
    packs = load_packs(PACKAGED)
    agencies, systems, sites = {}, {}, ()
    for form, (name, data) in zip(FORMS, directory_files(network).items(), strict=True):
        directory = Directory(0, False, agencies, systems, (), sites, {}, ())
        events = packs.profiles.events
        zone = ZoneInfo("America/Toronto")
        kinds = ("cms", "harts", "eois", "icare")
        known = Known(
            directory, SeededIds(), kinds, kinds, packs.packs, list(Category), list(Purpose), events, list(Body), zone
        )
        rows = from_file(form, data, known)

        assert not isinstance(rows, Problems), (name, [str(problem) for problem in rows.found])
        agencies |= {row.id: row for row in rows} if form is AGENCY else {}
        systems |= {row.id: row for row in rows} if form is SYSTEM else {}
        sites = tuple(rows) if form is SITE else sites


def test_every_system_names_its_own_database_or_its_own_folders(network: Network) -> None:
    rows = csv.DictReader(io.StringIO(directory_files(network)["systems.csv"].decode(), newline=""))

    of_kind = {"cms": {}, "harts": {}, "eois": {}, "icare": {}}
    for row in rows:
        given = {name: cell for name, cell in row.items() if name.startswith("settings.") and cell}
        of_kind[row["kind"]][row["agency"]] = given

    assert of_kind["cms"] == {
        agency.id: {"settings.path": str(network.database(agency.id).resolve())} for agency in network.agencies
    }
    assert of_kind["harts"] == {
        "bridgeway": {
            "settings.from_harts_path": str(network.harts.from_harts.resolve()),
            "settings.to_harts_path": str(network.harts.to_harts.resolve()),
            "settings.site": "TOR01",
            "settings.batch_every_s": "0",
        }
    }
    assert of_kind["eois"]["northgate"]["settings.sds"] == "3898A"
    assert of_kind["icare"]["seaway"]["settings.agreement"] == "SEA-100"


def test_the_files_stand_beside_the_databases_with_a_readme_of_three_lines(network: Network) -> None:
    written = write_directory(network)

    assert [path.name for path in written] == [*FILES, "routes-seaway.csv", "README"]
    assert len((network.folder / "README").read_text().splitlines()) == 4
