"""Translate and check: a CMS record to a checked message, and a message to a row for a CMS. In time of the processor.

Reference: the rows of the same records, read with plain sqlite3, and nothing done with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from adapters.contract import Raw
from bench.figures import Figure, core_watch
from bench.world import RECIPIENT, SENDER, World, world
from consent.model.words import Purpose
from hub.exchange.building import placeholders, purpose_of
from hub.exchange.house import House
from hub.exchange.message import ADD, Ends, assemble
from hub.exchange.reading import read_one
from hub.exchange.records import ReferralRecord
from hub.exchange.writing import write_parcel
from hub.model.directory import System
from hub.model.envelope import Envelope

TARGET = "target 2,000/s each way"
UNIT = 50  # messages that are held at once, as on the road: thousands of them would be garbage to look through
_VIEWS = (
    ("v_hub_client", "client_id"),
    ("v_hub_identifier", "client_id"),
    ("v_hub_language", "client_id"),
    ("v_hub_case", "client_id"),
)


def translate(folder: Path, scale: float) -> Iterator[Figure]:
    count = int(1000 * scale)
    with world(folder) as made:
        made.refer(made.add_clients(count))
        source = made.hub.connections.source(made.system(SENDER))
        raws = [raw for raw in source.refetch([f"referral_out:{n + 1}" for n in range(count)]) if isinstance(raw, Raw)]
        with core_watch() as read_s:
            _read_and_do_nothing(made.dir / f"{SENDER}.sqlite", count)
        system = made.system(SENDER)
        ends = Ends(SENDER, "Harbour Newcomer Centre", RECIPIENT, "Lakeside Employment Services")
        bundles: list[dict[str, Any]] = []
        with core_watch() as in_s:
            for start in range(0, count, UNIT):
                bundles = [checked(made.hub.house, system, raw, ends) for raw in raws[start : start + UNIT]]
        with core_watch() as out_s:
            for _ in range(0, count, UNIT):
                _to_rows(made, bundles)
    reference, beside = count / read_s(), "reading the rows"
    yield Figure("translate + validate in", count / in_s(), "/s", reference, beside, TARGET)
    written = len(range(0, count, UNIT)) * len(bundles)
    yield Figure("validate + translate out", written / out_s(), "/s", reference, beside, TARGET)


def checked(house: House, system: System, raw: Raw, ends: Ends) -> dict[str, Any]:
    """A record as a message that has passed the strict schema: of its own event, else of a new referral."""
    record = read_one(house, system, raw)
    assert isinstance(record, ReferralRecord), record
    numbers = placeholders(house.ids.uuid(), house.ids.uuid())
    event = record.event or ADD
    bundle = assemble(
        record.entries,
        event=event,
        purpose=purpose_of(house, event),
        ends=ends,
        at=house.clock.now(),
        numbers=numbers,
    )
    house.schema.check(bundle)
    return bundle


def _to_rows(made: World, bundles: Sequence[dict[str, Any]]) -> None:
    house, system = made.hub.house, made.system(RECIPIENT)
    for bundle in bundles:
        house.schema.check(bundle)
        envelope = Envelope(
            envelope_id=bundle["id"],
            message_id=bundle["id"],
            lane="",
            lane_seq=1,
            sender=SENDER,
            recipient=RECIPIENT,
            event=ADD,
            purpose=Purpose.REFERRAL.value,
            decision_id="",
            consents=(),
            salt="",
            created_at=house.clock.now(),
            bundle=bundle,
        )
        write_parcel(house, system, envelope, bundle, None, {})


def _read_and_do_nothing(path: Path, count: int) -> None:
    db = sqlite3.connect(path)
    for number in range(1, count + 1):
        found = db.execute("SELECT * FROM v_hub_referral_out WHERE referral_id = ?", (number,))
        columns = [column[0] for column in found.description]
        row = dict(zip(columns, found.fetchone(), strict=True))
        for view, key in _VIEWS:
            db.execute(f"SELECT * FROM {view} WHERE {key} = ?", (row["client_id"],)).fetchall()
    db.close()
