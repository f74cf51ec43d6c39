"""HARTS' batch files: a long file read and translated, the same lines translated and written, and the whole road.

Reference of the files: the same bytes read and cut into lines, or written and made durable, and nothing done with them.
Reference of the road: as in ``bench/batch.py``, the messages of the same run between two systems of rows.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.contract import Parcel, Raw
from adapters.harts import dat
from bench.batch import resident_mb
from bench.figures import Figure, core_watch, stopwatch
from bench.world import birth_date, family_name
from consent.model.words import Purpose
from hub.exchange.building import placeholders
from hub.exchange.message import ADD, Ends, assemble
from hub.exchange.reading import read_one
from hub.exchange.records import ReferralRecord
from hub.exchange.writing import places_of, write_parcel
from hub.model.directory import System
from hub.model.envelope import Envelope
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.mixed import HARBOUR_SITE, Both, allow, consent_row, make_both

LINES = 100_000  # of one file
BELOW = 3  # lines of a client: CL, AS, RF
_BODIES = 200  # different messages that are written again and again
_ROUNDS_MAX = 100_000
_ENDS = Ends("harbour", "Harbour Newcomer Centre", "maple", "Maple Language Centre")


def files(folder: Path, scale: float) -> Iterator[Figure]:
    """One core, each way, and the memory that a long file takes."""
    count = max(1, int(LINES * scale) // BELOW)
    with mixed(folder) as both:
        yield from _read(both, count)
        yield _written(both, count)


def road(folder: Path, scale: float) -> Iterator[Figure]:
    """From rows to a file, from a file to rows, in one process; consents are filed already."""
    count = max(1, int(500 * scale))
    with mixed(folder) as both:
        plain_s = _refer(both, range(2 * count, 3 * count), "lakeside", "employment")
        out_s = _refer(both, range(count), "maple", "language-training")
        sent = len(both.lines("RF"))
        in_s = _hand_in(both, range(count, 2 * count))
        arrived = len(both.network.inbox("harbour", "referral"))
    assert (sent, arrived) == (count, count), "every message arrived"
    beside, note = "rows to rows", "whole road, all promises kept"
    yield Figure("batch, CMS to HARTS", count / out_s, "/s", count / plain_s, beside, note)
    yield Figure("batch, HARTS to CMS", count / in_s, "/s", count / plain_s, beside, note)


@contextmanager
def mixed(folder: Path) -> Iterator[Both]:
    """The mixed network of the tests; its time stands, so every file is closed at once."""
    folder.mkdir(parents=True, exist_ok=True)
    both = make_both(folder)
    gc.freeze()  # as `hub work` does
    yield both
    both.network.hub.close()
    gc.unfreeze()


def _read(both: Both, count: int) -> Iterator[Figure]:
    name = both.site.hand_in(*(client(number) for number in range(count)))
    path = both.site.from_harts / name
    lines = _cut_and_do_nothing(path)
    with core_watch() as plain_s:
        _cut_and_do_nothing(path)
    house, system = both.network.hub.house, _system(both, "maple-harts")
    source = both.network.hub.connections.source(system)
    since, grown, records = "", [], 0
    with core_watch() as took_s:
        while True:
            page = source.fetch(since)
            for raw in page.raws:
                assert isinstance(raw, Raw)
                assert isinstance(read_one(house, system, raw), ReferralRecord)
            records += len(page.raws)
            since = page.cursor
            if page.raws:
                grown.append(resident_mb())
            if not page.raws:
                break
    with core_watch() as file_s:
        source.refetch(["T00001/2026/001/4"])
    assert records == count, "every referral was read"
    path.unlink()
    beside = f"reading {lines:,} lines"
    yield Figure(
        "HARTS in: file to FHIR, lines", lines / took_s(), "/s", lines / plain_s(), beside,
        f"{count / took_s():,.0f} referrals/s; the file alone {lines / file_s():,.0f} lines/s",
    )  # fmt: skip
    yield Figure(f"resident after {lines:,} lines", grown[-1], "MB", grown[0], "after the first page", "flat")


def _written(both: Both, count: int) -> Figure:
    bodies = _messages(both, min(count, _BODIES))
    house, system = both.network.hub.house, _system(both, "maple-harts")
    source = both.network.hub.connections.source(system)
    with both.network.hub.store.peek() as rows:
        places = places_of(rows.directory.all(), system, "maple-language-training")
    parcels: list[Parcel] = []
    with core_watch() as took_s:
        for number in range(count):
            bundle = bodies[number % len(bodies)]
            parcel = write_parcel(house, system, _envelope(both, bundle), bundle, None, places).parcel
            assert parcel is not None
            parcels.append(replace(parcel, envelope_id=f"e-{number}"))
        with core_watch() as file_s:
            source.send(parcels, lambda: None)
    (path,) = both.site.to_harts.glob("*.DAT")
    data = path.read_bytes()
    lines = data.count(b"\n")
    with core_watch() as plain_s:
        _write_and_do_nothing(both.site.to_harts / "plain", data)
    return Figure(
        "HARTS out: FHIR to file, lines", lines / took_s(), "/s", lines / plain_s(), f"writing {lines:,} lines",
        f"{count / took_s():,.0f} referrals/s; the file alone {lines / file_s():,.0f} lines/s",
    )  # fmt: skip


def _messages(both: Both, count: int) -> list[dict[str, Any]]:
    """Checked messages of Harbour for Maple."""
    _ask(both, _people(both, range(count), "maple"), "maple", "language-training")
    house, system = both.network.hub.house, _system(both, "harbour-cms")
    found = []
    for raw in both.network.hub.connections.source(system).refetch([f"referral_out:{n + 1}" for n in range(count)]):
        assert isinstance(raw, Raw)
        record = read_one(house, system, raw)
        assert isinstance(record, ReferralRecord)
        numbers = placeholders(house.ids.uuid(), house.ids.uuid())
        found.append(
            assemble(
                record.entries,
                event=ADD,
                purpose=Purpose.REFERRAL,
                ends=_ENDS,
                at=house.clock.now(),
                numbers=numbers,
            )
        )
    return found


def _envelope(both: Both, bundle: dict[str, Any]) -> Envelope:
    return Envelope(
        envelope_id=bundle["id"],
        message_id=bundle["id"],
        lane="",
        lane_seq=1,
        sender="harbour",
        recipient="maple",
        event=ADD,
        purpose=Purpose.REFERRAL.value,
        decision_id="",
        consents=(),
        salt="",
        created_at=both.network.clock.now(),
        bundle=bundle,
    )


def _refer(both: Both, numbers: Sequence[int], to_org: str, wanted: str) -> float:
    """Seconds until the referrals of these people of Harbour have arrived."""
    clients = _people(both, numbers, to_org)
    _run(both)
    _ask(both, clients, to_org, wanted)
    with stopwatch() as took_s:
        _run(both)
    return took_s()


def _hand_in(both: Both, numbers: Sequence[int]) -> float:
    """Seconds until the referrals of a file have arrived, and the file is answered."""
    allow(both, *(_consent(number) for number in numbers))
    _run(both)
    name = both.site.hand_in(*(client(number) for number in numbers))
    with stopwatch() as took_s:
        _run(both)
    found = both.site.answer_to(name)
    assert found is not None
    assert found.settled
    return took_s()


def _ask(both: Both, clients: Sequence[int], to_org: str, wanted: str) -> None:
    """One referral of each."""
    db = both.network.db("harbour")
    db.execute("BEGIN")
    for client in clients:
        cms.add_referral(db, client, to_org, wanted)
    db.execute("COMMIT")
    db.close()


def _people(both: Both, numbers: Sequence[int], to_org: str) -> list[int]:
    db = both.network.db("harbour")
    db.execute("BEGIN")
    clients = []
    for number in numbers:
        client = cms.add_client(db, birth_date=birth_date(number), last_name=family_name(number))
        cms.add_identifier(db, client)
        cms.add_language(db, client)
        cms.add_consent(db, client, to_org)
        cms.add_case(db, client)
        clients.append(client)
    db.execute("COMMIT")
    db.close()
    return clients


def client(number: int) -> list[dat.Draft]:
    return harts.client(
        harts.assessment(),
        harts.referral(ref_no=f"R-{number}", to_site=HARBOUR_SITE),
        harts_no=f"4{number:07}",
        uci="",
        doc_no="",
        doc_type="NONE",
        surname=family_name(number),
        dob=birth_date(number),
    )


def _consent(number: int) -> dict[str, str]:
    return consent_row(
        identifier_value=f"4{number:07}",
        birth_date=birth_date(number),
        last_name=family_name(number),
        consent_id=f"M-{number}",
    )


def _system(both: Both, name: str) -> System:
    with both.network.hub.store.peek() as rows:
        return rows.directory.all().systems[name]


def _run(both: Both) -> None:
    both.network.run(_ROUNDS_MAX)


def _cut_and_do_nothing(path: Path) -> int:
    return len(path.read_bytes().split(b"\r\n")) - 1


def _write_and_do_nothing(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
