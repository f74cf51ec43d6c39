"""A client keeps back one record, and no other (F-07: the lock-box of one item)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from consent.model import Directive
from hub.desk.consents import Forbidden, forbid, lift
from hub.desk.who import Who
from hub.errors import Refused
from hub.model import locks
from tests import cms_builder as cms
from tests.network import Network, in_harbour
from tests.scenario.test_shared import network, referred
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE
__all__ = ["network"]  # the fixture: two agencies that have agreed on plans and notes

HARBOUR = Who("harbour-worker", "tester")


def alias(network: Network) -> str:
    with network.hub.store.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT alias FROM subject_alias WHERE agency = 'harbour'").all()
    ((found,),) = rows
    return str(found)


def lock(network: Network, *items: str, categories: Sequence[str] = ()) -> str:
    said = Forbidden(items=items, categories=categories)
    name, _ = forbid(network.hub.house, "harbour", alias(network), HARBOUR, said)
    network.run()
    return name


def notes(network: Network) -> int:
    return len(network.inbox("lakeside", "note"))


def test_a_record_that_is_locked_out_stays_and_its_neighbours_go(network: Network) -> None:
    client = referred(network)
    first = in_harbour(network, cms.add_note, client, signed_at=None)
    lock(network, f"harbour-cms/note:{first}")
    db = network.db("harbour")
    cms.update(db, "case_note", first, signed_at="2026-05-20 10:00:00")
    db.close()
    network.settle()
    kept = notes(network)
    in_harbour(network, cms.add_note, client)
    in_harbour(network, cms.add_plan, client)
    network.settle()

    assert (kept, notes(network), len(network.inbox("lakeside", "plan"))) == (0, 1, 1)
    assert [code for _, number, code in network.told("harbour") if number == first] == ["DN_REQUIRED_BLOCKED"]


def test_a_record_that_is_under_way_when_it_is_locked_out_does_not_arrive(network: Network) -> None:
    client = referred(network)
    away = network.dir / "lakeside.sqlite"
    away.rename(network.dir / "lakeside.away")
    first = in_harbour(network, cms.add_note, client)
    other = in_harbour(network, cms.add_plan, client)
    lock(network, f"harbour-cms/note:{first}")
    (network.dir / "lakeside.away").rename(away)
    network.settle()

    assert (notes(network), len(network.inbox("lakeside", "plan")), other) == (0, 1, 1)


def test_what_is_locked_out_goes_when_it_is_lifted(network: Network) -> None:
    client = referred(network)
    first = in_harbour(network, cms.add_note, client, signed_at=None)
    name = lock(network, f"harbour-cms/note:{first}")
    db = network.db("harbour")
    cms.update(db, "case_note", first, signed_at="2026-05-20 10:00:00")
    db.close()
    network.settle()
    before = notes(network)
    lift(network.hub.house, name, "harbour", HARBOUR)
    network.settle()

    assert (before, notes(network)) == (0, 1)


def test_a_no_that_names_a_record_of_no_system_keeps_back_everything(network: Network) -> None:
    client = referred(network)
    ref = next(iter(_subjects(network)))

    with network.hub.store.unit(own=[locks.subject(ref)]) as unit:
        unit.consents.put_directive(Directive("d-1", ref, 0, ("lakeside",), items=("note-12",), taken_by="harbour"))
    in_harbour(network, cms.add_note, client)
    network.settle()

    assert notes(network) == 0


def _subjects(network: Network) -> list[str]:
    with network.hub.store.database.reading() as connection:
        return [row.ref for row in connection.exec_driver_sql("SELECT ref FROM subject").all()]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ("harbour-cms/", "a record"),
        ("note:1", "a record"),
        ("lakeside-cms/note:1", "a record of a system of `harbour`"),
        ("harbor-cms/note:1", "a record"),
    ],
)
def test_what_is_no_record_of_the_agencys_own_cannot_be_locked(network: Network, item: str, why: str) -> None:
    client = referred(network)
    in_harbour(network, cms.add_note, client)

    with pytest.raises(Refused, match=why):
        lock(network, item)


def test_records_and_categories_are_two_directives(network: Network) -> None:
    client = referred(network)
    note = in_harbour(network, cms.add_note, client)

    with pytest.raises(Refused, match="one of the two"):
        lock(network, f"harbour-cms/note:{note}", categories=["DV"])
