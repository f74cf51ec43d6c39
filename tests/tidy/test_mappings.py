"""House rules of ``mappings/``: every row of a code table says who decides about it, and where it is from."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "mappings"
TABLES = [path for path in sorted(ROOT.glob("*/*.csv")) if path.read_text(encoding="utf-8").startswith("local,code")]


@pytest.mark.parametrize("path", TABLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_row_of_a_code_table_has_an_owner_and_a_source(path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))

    assert rows
    assert [row for row in rows if not row.get("owner") or not row.get("source")] == []


def test_the_tables_of_all_kinds_are_looked_at() -> None:
    assert {path.parent.name for path in TABLES} == {"cms", "eois", "harts", "housing", "icare"}
