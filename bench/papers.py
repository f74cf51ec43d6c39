"""Files of iCARE and CaMS, in time of the processor: a workbook read and filled, a package read and written.

References: the same bytes read by python-calamine, or unpacked and packed again; parsed or written by lxml; and nothing
done with them. The packages are of invented people, and all alike.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from python_calamine import CalamineWorkbook

from adapters.eois import package
from adapters.icare.blank import template
from adapters.icare.fill import fill
from adapters.icare.layout import LAST_ROW, modules
from adapters.icare.workbook import Workbook
from bench.figures import Figure, core_watch
from tests import eois_builder as eois
from tests import icare_builder as icare

ROWS = LAST_ROW - 3  # of a workbook
PACKAGES = 2_000
TARGET = "target 2,000/s each way"


def papers(_: Path, scale: float) -> Iterator[Figure]:
    """Rows of workbooks, and packages."""
    yield from _workbook(max(1, min(ROWS, int(ROWS * scale))))
    yield from _packages(max(1, int(PACKAGES * scale)))


def _workbook(count: int) -> Iterator[Figure]:
    rows = [icare.assessed(client_validation_id=f"11{number:06d}") for number in range(count)]
    data, empty = icare.workbook("NARS", rows), template(modules()["NARS"])
    with core_watch() as plain_s:
        CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    with core_watch() as read_s:
        found = sum(1 for _ in Workbook(data).rows())
    assert found == count, "every row was read"
    with core_watch() as packed_s:
        _packed_again(empty)
    with core_watch() as fill_s:
        fill(empty, [{name: str(text) for name, text in row.items()} for row in rows])
    yield Figure("iCARE workbook in, rows", count / read_s(), "/s", count / plain_s(), "python-calamine", TARGET)
    yield Figure("iCARE workbook out, rows", count / fill_s(), "/s", count / packed_s(), "unpacked and packed", TARGET)


def _packed_again(data: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return into.getvalue()


def _packages(count: int) -> Iterator[Figure]:
    data = eois.package().encode()
    with core_watch() as plain_s:
        for _ in range(count):
            etree.fromstring(data)
    with core_watch() as in_s:
        for _ in range(count):
            tree = package.read("bench", data)
    root = etree.fromstring(data)
    with core_watch() as written_s:
        for _ in range(count):
            etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    with core_watch() as out_s:
        for _ in range(count):
            package.write(tree)
    yield Figure("CaMS package in", count / in_s(), "/s", count / plain_s(), "lxml alone", TARGET)
    yield Figure("CaMS package out", count / out_s(), "/s", count / written_s(), "lxml alone", TARGET)
