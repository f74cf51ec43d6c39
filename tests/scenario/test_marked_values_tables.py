"""INV-1 over systems of tables: a value of a person is found nowhere but in the agencies' own systems.

Marks stand in every column of every table, one at a time, so that each is once the cell that cannot be read, that no
table has a word for, or that keys are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.exchange import Exchange
from hub.model.directory import Service, System
from tests import cms_builder as cms
from tests.network import Network, make
from tests.table_builder import COLUMNS, Registry
from tests.unit.commands.conftest import Desk

MARK = "Zqmarkedxj"
MARKS = re.compile(rb"Zq[A-Za-z]*xj|771234\d{4}|416-?555-?0142|1983-\d\d-\d\d|K9K ?9K9")
PERSON = {
    "Family name": "Zqsurnamexj", "Given name": "Zqgivenxj", "Known as": "Zqknownxj",
    "Phone": "416-555-0142", "Phone is safe": "yes", "E-mail": "zq@Zqmailxj.example", "E-mail is safe": "yes",
    "Street": "9 Zqstreetxj Lane", "Unit": "Zqunitxj", "City": "Zqcityxj", "Postal code": "K9K 9K9",
}  # fmt: skip


class Told(list[str]):
    """What people at the hub were told."""


@pytest.fixture(params=["csv", "xlsx", "sql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry", request.param)


@pytest.fixture
def network(tmp_path: Path, registry: Registry) -> Iterator[Network]:
    made = make(tmp_path)
    made.put(
        System("harbour-homes", "harbour", "housing", "active", registry.settings),
        Service("harbour-housing", "harbour", "housing", "Homes", "harbour-cms", answers="harbour-homes"),
    )
    yield made
    made.hub.close()


def somebody(registry: Registry) -> dict[str, str]:
    """A marked applicant with all that a registry holds of one; the number of each of their rows."""
    born = date(1983, 1, 1) + timedelta(days=3 * len(registry.tables["applicants"]))
    number = registry.apply(**PERSON, **{"Born on": born.isoformat()})
    registry.tables["papers"].pop()
    registry.paper(number, number=f"771234{int(number):04d}")
    consent = registry.consent(number, evidence_ref="Zqevidencexj", form_id="Zqformxj")
    referral = registry.refer(number, reason="Zqreasonxj")
    answer = registry.answer("K7QM2XWBR4TD", "accepted")
    paper = registry.tables["papers"][-1]["paper_no"]
    return {"applicants": number, "papers": paper, "consents": consent, "referrals": referral, "answers": answer}


def everything_happens(network: Network, registry: Registry, told: Told) -> None:
    """One whole, and for every column of every table one that has a mark there."""
    heard = Exchange(network.hub.house, lambda place, error: told.append(f"{place} {error}"))
    network.hub = replace(network.hub, exchange=heard)
    somebody(registry)
    for table, columns in COLUMNS.items():
        for column in (each for each in columns if each != "captured_by"):  # a worker's id: the registry keeps it
            numbers = somebody(registry)
            registry.row(table, numbers[table])[column] = MARK
    registry.save()
    network.run(200)
    (row, *_) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    cms.answer(db, row["hub_referral_no"], "ACCEPTED")
    db.close()
    network.run(200)
    network.clock.advance(timedelta(hours=2))
    network.run(200)


def test_no_marked_value_is_in_any_file_of_the_hub_or_beside_a_table_inv_1(
    network: Network, registry: Registry
) -> None:
    told = Told()

    everything_happens(network, registry, told)

    assert network.states()["delivered"] > 20, "most marks stand where nobody is refused for them"
    assert len(network.waits()) > 20, "and some where somebody is"
    data = network.dir / "hub"
    beside = [path for path in registry.folder.iterdir() if path.name.endswith("hub.csv") or path.name == "answers.csv"]
    beside = [path for path in beside if path.name != "answers.csv" or registry.form == "sql"]
    assert beside
    for path in (*(path for path in data.rglob("*") if path.is_file()), *beside):
        assert not MARKS.search(path.read_bytes()), path.name
    assert not MARKS.search(str([*told, *network.entries(), network.waits()]).encode())
    assert any(MARKS.search(str(row["payload"]).encode()) for row in network.inbox("lakeside")), "they did arrive"


def test_no_command_shows_a_marked_value_inv_1(network: Network, registry: Registry) -> None:
    everything_happens(network, registry, Told())
    network.hub.close()
    desk = Desk(network.dir / "hub", network.clock, [])

    said = "".join(
        desk.run(*words).output
        for words in (
            ("systems", "check", "harbour-homes"),
            ("systems", "observe", "harbour-homes", "--as", "steward", "--records"),
            ("deliveries", "waiting"),
            ("deliveries", "list", "--all"),
            ("doctor",),
        )
    )

    assert "harbour-homes" in said
    assert not MARKS.search(said.encode())


def test_no_marked_value_of_a_file_that_cannot_be_read_is_told_inv_1(network: Network, registry: Registry) -> None:
    somebody(registry)
    registry.save()
    told = Told()
    heard = Exchange(network.hub.house, lambda place, error: told.append(f"{place} {error}"))
    if registry.form == "csv":
        (registry.folder / "applicants.csv").write_bytes(b'applicant_no,"Zqsurnamexj\n')
    else:
        data = registry.path.read_bytes()
        registry.path.write_bytes(data[: len(data) // 2].replace(b"PK\x05\x06", b"Zqxj"))

    heard.step()

    assert any(text.startswith("harbour-homes") for text in told)
    assert not MARKS.search(" ".join(told).encode())
