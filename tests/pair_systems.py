"""The real systems of a pair of kinds: filled with the files of a case, and read again as texts (``tests.pairs``)."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.icare.workbook import Workbook
from tests import cms_builder as cms
from tests import icare_builder as icare

HERE = Path(__file__).parent / "golden" / "pairs"
CMS_CLIENT = HERE.parent / "cms_client.sql"
PLACES = {
    "harts": {"harbour": "T00001", "lakeside": "T00002"},
    "eois": {"harbour": "3898A", "lakeside": "4102B"},
}
ENCODING = {"harts": "cp1252"}


def settings_of(kind: str, given: Path | None, folder: Path, agency: str) -> dict[str, Any]:
    """Make a system of a kind; the settings to connect to it.

    Args:
        given: the files of a case that it holds; None: it is empty.
        folder: where it is made.
    """
    makers = {"cms": _cms, "icare": _office, "housing": _tables}
    return makers[kind](given, folder) if kind in makers else _folders(kind, given, folder, agency)


def texts_of(kind: str, settings: Mapping[str, Any], folder: Path, before: set[Path]) -> dict[str, str]:
    """What lies in a system, by the names of its own files: of a CMS its inbox, of others what is new.

    A workbook is told by its rows, since its bytes are for another program.
    """
    if kind == "cms":
        return {"hub_inbox.json": _inbox(Path(settings["path"]))}
    made = sorted(path for path in folder.rglob("*") if path.is_file() and path not in before)
    found = [path for path in made if path.suffix != ".html" and not _hidden(path, folder)]  # the page to key from
    books = {f"{path.name}.csv": _rows(path) for path in found if path.suffix == ".xlsx"}
    texts = (path for path in found if path.suffix != ".xlsx")
    return books | {path.name: path.read_bytes().decode(ENCODING.get(kind, "utf-8-sig")) for path in texts}


def pretty(document: object) -> str:
    """JSON for a reader."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _cms(given: Path | None, folder: Path) -> dict[str, Any]:
    path = folder / "cms.sqlite"
    cms.make_cms(path)
    if given:
        with closing(cms.connect(path)) as db:
            for file in (CMS_CLIENT, *sorted(given.glob("*.sql"))):
                db.executescript(file.read_text(encoding="utf-8"))
    return {"path": str(path), "busy_timeout_ms": 50}


def _folders(kind: str, given: Path | None, folder: Path, agency: str) -> dict[str, Any]:
    """The two folders of a site with files."""
    word = {"harts": "harts", "eois": "cams"}[kind]
    place = {"harts": "site", "eois": "sds"}[kind]
    for name in ("from", "to"):
        (folder / name).mkdir()
    for file in _files(given):
        shutil.copy(file, folder / "from" / file.name)
    settings = {f"from_{word}_path": str(folder / "from"), f"to_{word}_path": str(folder / "to")}
    more = {"batch_every_s": 0} if kind == "harts" else {}
    return {**settings, place: PLACES[kind][agency], **more}


def _office(given: Path | None, folder: Path) -> dict[str, Any]:
    """Workbooks of an office, each from a CSV with the technical ids and the cells."""
    office = icare.Office(folder / "icare")
    for file in _files(given):
        with file.open(encoding="utf-8", newline="") as table:
            rows = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(table)]
        office.hand_in(file.stem, rows)
    return {**office.settings, "postal_code": "M5V2T6"}


def _tables(given: Path | None, folder: Path) -> dict[str, Any]:
    """The CSV tables of a registry."""
    place = folder / "tables"
    shutil.copytree(given or HERE / "housing" / "request", place, ignore=shutil.ignore_patterns("*.json"))
    return {"form": "csv", "path": str(place)}


def _files(given: Path | None) -> list[Path]:
    return sorted(path for path in given.iterdir() if path.suffix != ".json") if given else []


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _inbox(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT * FROM hub_inbox ORDER BY rowid")
        names = [column[0] for column in rows.description]
        found = [dict(zip(names, row, strict=True)) for row in rows]
    return pretty([{**row, "payload": json.loads(row["payload"])} for row in found])


def _rows(path: Path) -> str:
    """A line for each cell of a workbook: row, technical id, text."""
    return "".join(f"{line}\n" for line in _cells(Workbook(path.read_bytes())))


def _cells(book: Workbook) -> Iterator[str]:
    for row in book.rows():
        assert not row.faults, [fault.text() for fault in row.faults]
        yield from (f"{row.number},{name},{text}" for name, text in row.fields.items())
