"""A view of the agency's that fails over one row: that record cannot be read, and no other is kept back by it."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.cms.source import CmsSource
from adapters.cms.views import VIEWS
from adapters.contract import Raw
from hub.errors import Unavailable
from tests.contract.source import drain, keys

from .conftest import Place
from .test_source import family

FAILS = {"sqlite": "abs(-9223372036854775807 - 1)", "postgresql": "1 / ({key} - {row})"}


def break_view(place: Place, db: Any, view: str, row: int) -> None:
    """One column of one row of a view can no longer be computed."""
    key, *columns = [*VIEWS[view], "row_version"]
    last = columns[-2]
    if place.name == "sqlite":
        (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (view,)).fetchone()
        db.execute(f"DROP VIEW {view}")
        db.execute(sql.replace(view, f"{view}_whole", 1))
    else:
        db.execute(f"ALTER VIEW {view} RENAME TO {view}_whole")
    fails = FAILS[place.name].format(key=key, row=row)
    told = ", ".join(
        f"CASE WHEN {key} = {row} THEN CAST({fails} AS VARCHAR(9)) ELSE CAST({last} AS VARCHAR(99)) END AS {last}"
        if name == last
        else name
        for name in (key, *columns)
    )
    db.execute(f"CREATE VIEW {view} AS SELECT {told} FROM {view}_whole")


def faults(found: Any) -> dict[str, str]:
    return {one.key: one.fault for one in found if isinstance(one, Raw) and one.fault}


@pytest.mark.parametrize("view", ["v_hub_client", "v_hub_consent", "v_hub_referral_out", "v_hub_identifier"])
def test_what_is_nested_in_the_row_or_is_it_cannot_be_read_and_all_others_are(
    place: Place, db: Any, source: CmsSource, view: str
) -> None:
    made = [family(db) for _ in range(5)]
    break_view(place, db, view, 3)

    found, _ = drain(source)

    bad = {"v_hub_consent": {"consent:3"}, "v_hub_referral_out": {"referral_out:3"}}
    both = {"consent:3", "referral_out:3"}
    assert set(faults(found)) == bad.get(view, both)
    assert len(found) == 2 * len(made)
    assert all(fault.startswith(f"cms {view}: ") for fault in faults(found).values())


def test_it_is_read_again_by_its_key_and_in_the_night_and_whole_when_the_view_is_mended(
    place: Place, db: Any, source: CmsSource
) -> None:
    for _ in range(3):
        family(db)
    break_view(place, db, "v_hub_client", 2)
    drain(source)
    assert set(faults(source.refetch(["consent:1", "consent:2"]))) == {"consent:2"}

    db.execute("DROP VIEW v_hub_client")
    if place.name == "sqlite":
        (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'v_hub_client_whole'").fetchone()
        db.execute(sql.replace("v_hub_client_whole", "v_hub_client", 1))
    else:
        db.execute("ALTER VIEW v_hub_client_whole RENAME TO v_hub_client")

    again = source.refetch(["consent:1", "consent:2"])
    assert faults(again) == {}
    assert keys(again) == ["consent:1", "consent:2"]


def test_a_locked_or_lost_database_is_no_fault_of_a_row(place: Place, db: Any, source: CmsSource) -> None:
    family(db)
    db.execute("DROP VIEW v_hub_client" if place.name == "sqlite" else "DROP VIEW v_hub_client CASCADE")

    with pytest.raises(Unavailable, match="no such view"):
        source.fetch("")
