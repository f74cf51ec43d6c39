"""Tables as CSV files, as a workbook and in a database keep the promise of every source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from adapters.contract import Adapter, Parcel, Source
from adapters.table import card as card_of
from adapters.table.record import notice
from hub.clock import UtcClock
from hub.kinds import PACKAGED_MAPPINGS
from tests.contract.source import MARKED, Connect, InAFolder, LivingSource, Memory
from tests.table_builder import Registry

HOUSING = card_of("housing", (PACKAGED_MAPPINGS / "housing" / "records.toml").read_bytes())


class TableAgency(InAFolder):
    """Workers of a housing registry."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder = folder
        self.registry = Registry(folder, form)

    def add(self) -> str:
        applicant = self.registry.apply(**{"Family name": MARKED})
        number = self.registry.refer(applicant, reason=MARKED)
        self.registry.save()
        return f"request:{number}"

    def change(self, key: str) -> None:
        row = self.registry.row("referrals", key.partition(":")[2])
        row["urgency"] = "urgent" if row["urgency"] == "routine" else "asap"
        self.registry.save()

    def remove(self, key: str) -> None:
        rows = self.registry.tables["referrals"]
        rows.remove(self.registry.row("referrals", key.partition(":")[2]))
        self.registry.save()

    def received(self) -> list[tuple[str, bytes]]:
        """Read back from the lines that stand there; the record's number says which message it is."""
        return [
            (line["key"].partition(":")[2], notice(line["key"], line["code"], line["detail"]))
            for line in self.registry.told()
        ]

    def parcel(self, envelope_id: str) -> Parcel:
        return Parcel(envelope_id, "refusal", notice(f"request:{envelope_id}", "DN_NO_CONSENT"))


@pytest.fixture(params=["csv", "xlsx", "sql"])
def agency(request: pytest.FixtureRequest, tmp_path: Path) -> TableAgency:
    return TableAgency(tmp_path / "registry", request.param)


@pytest.fixture
def connect(agency: TableAgency) -> Iterator[Connect]:
    made: list[Source] = []

    def again(memory: Memory | None = None) -> Source:
        made.append(HOUSING.connect(agency.registry.settings, Memory() if memory is None else memory, UtcClock().now))
        return made[-1]

    yield again
    for source in made:
        source.close()


@pytest.fixture
def card() -> Adapter:
    return HOUSING


class TestTableSource(LivingSource):
    """A housing registry."""


def test_a_cursor_holds_keys_and_keyed_digests_alone(agency: TableAgency, connect: Connect) -> None:
    key = agency.add()

    cursor = orjson.loads(connect().fetch("").cursor)

    assert list(cursor["marks"]) == [key]
    assert len(cursor["marks"][key]) == 16


def test_a_change_beneath_a_row_brings_it_again_with_the_same_words_of_its_own(
    agency: TableAgency, connect: Connect
) -> None:
    agency.add()
    source = connect()
    first = source.fetch("")
    agency.registry.row("applicants", "101")["City"] = "Ottawa"
    agency.registry.save()

    second = source.fetch(first.cursor)

    assert [raw.key for raw in second.raws] == [raw.key for raw in first.raws]
    assert second.raws[0].data != first.raws[0].data
    assert second.raws[0].own == first.raws[0].own
