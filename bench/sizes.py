"""Does it stay as fast when there is a hundred times as much? Rows of each kind of system at three sizes, in and out.

Each size is a process of its own, so that its memory is its own; time is that of the processor, since the machine may
be shared. A row is read, translated to a message and checked; of a workbook it is read and checked against the lists of
its template, or written, read again and compared. References: the same bytes read with the plain library, and nothing
done with them.

    python -m bench.sizes KIND COUNT    one size, as one object on standard output
"""

from __future__ import annotations

import csv
import io
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import openpyxl
import orjson

from adapters.contract import Raw, Source
from adapters.icare.blank import template
from adapters.icare.fill import fill
from adapters.icare.layout import ROWS_MAX, modules
from adapters.icare.workbook import Workbook
from bench.figures import Figure
from bench.harts import BELOW as LINES_BELOW
from bench.harts import client as harts_client
from bench.harts import mixed
from bench.translate import checked
from bench.world import RECIPIENT, SENDER, birth_date, world
from hub.exchange.house import House
from hub.exchange.message import Ends
from hub.model.directory import System
from tests import eois_builder as eois
from tests import icare_builder as icare
from tests.eois_network import make_mixed

SIZES = (1_000, 10_000, 100_000)  # rows
FILES = (1, 4, 40)  # of 2,500 rows
PAGE = 500
PAGES_MAX = 10_000
REPORTS = ("CLIENT", "15B", "15D")


@dataclass
class Measured:
    """Seconds of the processor: the hub's, and the plain library's over the same bytes. Lives while it is measured."""

    rows: int = 0
    took_s: float = 0.0
    plain_s: float = 0.0
    peak_mb: float = 0.0


def sizes(_: Path, scale: float) -> Iterator[Figure]:
    """A line for each kind and size; the note tells the time of a row beside that at the smallest size."""
    for kind, (_measure, counts, beside) in KINDS.items():
        first: Measured | None = None
        for count in dict.fromkeys(max(1, int(count * scale)) for count in counts):
            done = subprocess.run(
                [sys.executable, "-m", "bench.sizes", kind, str(count)], capture_output=True, text=True, check=True
            )
            found = Measured(**orjson.loads(done.stdout))
            first = first or found
            slower = (found.took_s / found.rows) / (first.took_s / first.rows)
            note = f"a row takes {slower:.2f} times as long as with {first.rows:,}; peak {found.peak_mb:,.0f} MB"
            per_s, plain = found.rows / found.took_s, found.rows / found.plain_s
            yield Figure(f"{kind}, {found.rows:,} rows", per_s, "/s", plain, beside, note)


def _cms(folder: Path, count: int, found: Measured) -> None:
    with world(folder) as made:
        made.refer(made.add_clients(count))
        house, system = made.hub.house, made.system(SENDER)
        source = made.hub.connections.source(system)
        for start in range(1, count + 1, PAGE):
            keys = [f"referral_out:{number}" for number in range(start, min(start + PAGE, count + 1))]
            _check(found, house, system, source.refetch(keys))
        with _plainly(found):
            _select(made.dir / f"{SENDER}.sqlite")


def _select(path: Path) -> None:
    db = sqlite3.connect(path)
    for view in ("referral_out", "client", "identifier", "language", "case"):
        for _ in db.execute(f"SELECT * FROM v_hub_{view}"):
            pass
    db.close()


def _harts(folder: Path, count: int, found: Measured) -> None:
    clients = max(1, count // LINES_BELOW)
    with mixed(folder) as both:
        path = both.site.from_harts / both.site.hand_in(*(harts_client(number) for number in range(clients)))
        with both.network.hub.store.peek() as rows:
            system = rows.directory.all().systems["maple-harts"]
        _check_all(found, both.network.hub.house, system, both.network.hub.connections.source(system))
        assert found.rows == clients, "every referral was read"
        found.rows = clients * LINES_BELOW
        with _plainly(found):
            assert len(path.read_bytes().decode("cp1252").split("\r\n")) > found.rows


def _eois(folder: Path, count: int, found: Measured) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made = make_mixed(folder)
    rows = {
        "CLIENT": [{"CaMS Reference Number": f"{number:07}"} for number in range(count)],
        "15B": [{"Service Plan Reference": f"{n:07}", "Client Reference": f"{n:07}"} for n in range(count)],
        "15D": [{"Service Plan Reference": f"{number:07}"} for number in range(count)],
    }  # fmt: skip
    files = {report: eois.extract(report, *rows[report]) for report in REPORTS}
    del rows
    for report, data in files.items():
        (made.site.from_cams / f"{report}_{eois.SDS}_{eois.DAY:%Y%m%d}.csv").write_bytes(data)
    hub = made.network.hub
    with hub.store.peek() as directory:
        system = directory.directory.all().systems["maple-cams"]
    _check_all(found, hub.house, system, hub.connections.source(system))
    with _plainly(found):
        for data in files.values():
            for _ in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
                pass
    hub.close()


def _icare_in(_: Path, count: int, found: Measured) -> None:
    data = icare.workbook("NARS", [dict(row) for row in _assessed()])
    for _each in range(count):
        with _measured(found):
            found.rows += sum(1 for _ in Workbook(data).rows())
    _read_plainly(found, data, count)


def _icare_out(_: Path, count: int, found: Measured) -> None:
    rows, empty = _assessed(), template(modules()["NARS"])
    data = b""
    for _each in range(count):
        with _measured(found):
            data = fill(empty, rows)
        found.rows += len(rows)
    _read_plainly(found, data, count)


def _read_plainly(found: Measured, data: bytes, count: int) -> None:
    found.peak_mb = _peak_mb()  # before openpyxl takes its own
    with _plainly(found):
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
        assert sum(1 for _ in book.worksheets[0].iter_rows(values_only=True)) >= ROWS_MAX
        book.close()
    found.plain_s *= count


def _assessed() -> list[dict[str, str]]:
    made = (icare.assessed(client_validation_id=f"11{n:06d}", client_birth_dt=birth_date(n)) for n in range(ROWS_MAX))
    return [{name: str(text) for name, text in row.items()} for row in made]


def _check_all(found: Measured, house: House, system: System, source: Source) -> None:
    """All that a source has, page by page; reading the page is measured too."""
    since = ""
    for _ in range(PAGES_MAX):
        with _measured(found):
            page = source.fetch(since)
        _check(found, house, system, page.raws)
        if not page.raws and page.cursor == since:
            return
        since = page.cursor
    raise AssertionError("the source never comes to an end")


def _check(found: Measured, house: House, system: System, raws: object) -> None:
    ends = Ends(system.agency, "Harbour Newcomer Centre", RECIPIENT, "Lakeside Employment Services")
    assert isinstance(raws, list | tuple)
    with _measured(found):
        for raw in raws:
            assert isinstance(raw, Raw)
            checked(house, system, raw, ends)
    found.rows += len(raws)


@contextmanager
def _measured(found: Measured) -> Iterator[None]:
    began = time.process_time()
    yield
    found.took_s += time.process_time() - began


@contextmanager
def _plainly(found: Measured) -> Iterator[None]:
    found.peak_mb = found.peak_mb or _peak_mb()
    began = time.process_time()
    yield
    found.plain_s += time.process_time() - began


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


KINDS: dict[str, tuple[Callable[[Path, int, Measured], None], tuple[int, ...], str]] = {
    "CMS in": (_cms, SIZES, "sqlite3 alone"),
    "HARTS in": (_harts, SIZES, "cut into lines"),
    "CaMS extracts in": (_eois, SIZES, "csv alone"),
    "iCARE workbooks in": (_icare_in, FILES, "openpyxl, read only"),
    "iCARE workbooks out": (_icare_out, FILES, "openpyxl reads them"),
}

if __name__ == "__main__":
    told = Measured()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as place:
        KINDS[sys.argv[1]][0](Path(place), int(sys.argv[2]), told)
    assert told.rows, "nothing was read"
    sys.stdout.write(orjson.dumps(asdict(told)).decode())
