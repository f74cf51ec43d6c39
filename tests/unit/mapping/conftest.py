"""A small invented kind of system, written into a temporary folder, and the real mappings of the CMS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.cms.record import columns
from adapters.harts.record import columns as harts_columns
from adapters.harts.translate import FUNCTIONS as HARTS_FUNCTIONS
from adapters.pairs import FUNCTIONS
from hub.mapping import Mappings, RecordMapping, load

ROOT = Path(__file__).resolve().parents[3]
Loader = Callable[..., RecordMapping]


def form(*fields: str, **children: Any) -> dict[str, Any]:
    return {"fields": fields, "children": children}


@pytest.fixture(scope="session")
def cms() -> Mappings:
    return load("cms", [ROOT / "mappings" / "cms"], columns(), FUNCTIONS)


@pytest.fixture
def small(tmp_path: Path) -> Loader:
    """Load one record kind ``R`` from a TOML text and tables."""

    def make(
        toml: str,
        fields: Mapping[str, Any],
        functions: Mapping[str, Any] | None = None,
        **tables: str,
    ) -> RecordMapping:
        (tmp_path / "R.toml").write_text(toml, encoding="utf-8")
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return load("toy", [tmp_path], {"R": fields}, functions or {}).records["R"]

    return make


@pytest.fixture(scope="session")
def harts() -> Mappings:
    return load("harts", [ROOT / "mappings" / "harts"], harts_columns(), HARTS_FUNCTIONS)
