"""A full workbook is read in little memory: 2,500 rows of the widest module, in a process that may not have more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from adapters.icare.layout import modules
from tests import icare_builder as icare

ROOM_BYTES = 300 * 1024 * 1024

READ = """
import resource, sys
from adapters.icare.workbook import Workbook
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
with open(sys.argv[1], "rb") as file:
    rows = Workbook(file.read()).rows()
print(sum(len(row.fields) + len(row.faults) for row in rows))
"""


def test_2500_full_rows_are_read_in_less_than_300_mb(tmp_path: Path):
    first = {row["list"]: row["label"] for row in reversed(icare.table("lists"))}
    full = {
        column.id: first.get(column.list)
        or {"date": "2026-05-04", "yes_no": "Yes", "number": "1"}.get(column.kind, "M1T1T5")
        for column in modules()["LT_SETUP"].columns.values()
    }
    path = tmp_path / "full.xlsx"
    path.write_bytes(icare.workbook("LT_SETUP", [full] * 2_500))

    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(ROOM_BYTES)],
        capture_output=True,
        text=True,
        cwd=icare.ROOT,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) == 2_500 * 118
