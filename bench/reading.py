"""One agency's open Tasks among all that the hub knows: is a page as quick among a million as among ten thousand?

A page is the whole call: parameters, plan, peek, the unit with twenty decisions, and the entry of who looked. Sizes:
a thousand referrals, and ten thousand times ``--scale`` (100: a million); a tenth came to the agency that asks, a
quarter of them is open. Reference: the rows of that page alone, by the plain driver.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.figures import Figure, laps, percentile
from bench.gathering import file_people
from bench.stores import On, analyze, kept_at, stores
from bench.world import RECIPIENT, SENDER, World, world
from consent.facts import read_facts
from hub.exchange.index import read_referral, search_referrals
from hub.model.rows import Inbox, ReferralRow
from tests.network import NOON

PAGES = 100
PEOPLE = 500  # each with a consent, of whom the agency's referrals are
REFERRALS = (1_000, 10_000)  # the second by scale
AT_ONCE = 5_000  # rows a transaction
OPEN = ("accepted", "in-service", "received", "requested", "waitlisted")
CLOSED = ("cancelled", "completed", "declined", "expired", "loop-closed", "not-completed")
COUNT = 20  # on a page
TARGET = "target p50 < 20 ms"
PLAIN = "SELECT * FROM referral WHERE recipient = {0} AND state = {0} ORDER BY number LIMIT 20"
Asked = list[tuple[str, str]]


def reading(folder: Path, scale: float) -> Iterator[Figure]:
    """Pages on a file, and on PostgreSQL."""
    for store in stores(folder):
        yield from _on_store(store, scale)


def _on_store(on: On, scale: float) -> Iterator[Figure]:
    with world(on.folder, prepare=kept_at(on.url)) as made:
        index = _Index(made, on.url)
        for count in (REFERRALS[0], int(REFERRALS[1] * scale)):
            index.fill(count)
            yield from index.figures(f"{count:,} referrals", on.name)


class _Index:
    """Referrals that grow in number, and how long a page of them takes."""

    def __init__(self, made: World, url: str) -> None:
        made.refer(made.add_clients(1))
        made.run()
        with made.hub.store.peek() as rows:
            (self._like,) = rows.referrals.every(1)
            message = rows.inbox.last_released(self._like.sender_system, [self._like.number])[self._like.number]
            (person,) = read_facts(rows.decisions.stored(1)[0][1]).subjects.values()
        self._message, self._made, self._url = message, made, url
        self._people = file_people(made.hub, person.consents[0], PEOPLE, directives=0)
        self._random, self._count = random.Random(1), 0
        self._system = made.system(RECIPIENT)

    def fill(self, count: int) -> None:
        """As many referrals as there shall be."""
        for start in range(self._count, count, AT_ONCE):
            with self._made.hub.store.unit() as unit:
                for place in range(start, min(start + AT_ONCE, count)):
                    row = self._referral(place)
                    unit.referrals.put(row)
                    if row.recipient == RECIPIENT:
                        unit.inbox.put(self._arrival(row))
        self._count = count
        analyze(self._made.hub)

    def figures(self, of: str, store: str) -> Iterator[Figure]:
        """What pages take now."""
        house, system = self._made.hub.house, self._system
        is_open: Asked = [("status", "requested,received,accepted,in-progress"), ("_count", str(COUNT))]
        mine: Asked = [*is_open, ("owner", f"Organization/{RECIPIENT}")]

        def page(asked: Asked) -> Callable[[], object]:
            return lambda: search_referrals(house, system, "Task", asked)

        first = search_referrals(house, system, "Task", mine)
        assert len(first.found) == COUNT, "a page is full"
        number = first.found[0]["id"]
        plain = _milliseconds(self._plain)
        asked = {
            "open Tasks, first page": page(mine),
            "open Tasks, second page": page([("_page", first.next or "")]),
            "what moved last": page([("_sort", "-_lastUpdated"), ("_count", str(COUNT))]),
            "one by its number": lambda: read_referral(house, system, "Task", number),
        }
        for what, ask in asked.items():
            took = _milliseconds(ask)
            for share_name, share in (("p50", 0.5), ("p99", 0.99)):
                note = TARGET if share_name == "p50" and what.startswith("open") else ""
                reference = percentile(plain, share)
                label = f"index, {store}, {of}, {what}, {share_name}"
                yield Figure(label, percentile(took, share), "ms", reference, "the rows alone, plain driver", note)

    def _plain(self) -> object:
        db: Any = psycopg.connect(self._url) if self._url else sqlite3.connect(self._made.hub.settings.database)
        with closing(db):
            return db.execute(PLAIN.format("%s" if self._url else "?"), (RECIPIENT, "accepted")).fetchall()

    def _referral(self, place: int) -> ReferralRow:
        ours = place % 10 == 0
        ref = self._random.choice(self._people)
        state = self._random.choice(OPEN if self._random.random() < 0.25 else CLOSED)
        like = self._like
        if not ours:
            like = replace(like, sender=f"elsewhere-{place % 97}", recipient=f"other-{place % 89}")
        return replace(
            like,
            number=self._made.hub.house.ids.number(),
            sender_key=f"/bench-{place}",
            subject_ref=ref,
            consent_id=f"c-{ref}",
            state=state,
            moved_at=NOON - timedelta(minutes=place),
        )

    def _arrival(self, row: ReferralRow) -> Inbox:
        assert row.sender == SENDER, "who has an agreement with the agency that asks"
        return replace(self._message, message_id=f"m-{row.number}", record_key=row.number, referral_no=row.number)


def _milliseconds(ask: Callable[[], object]) -> list[float]:
    return [took_s * 1e3 for took_s in laps(lambda _: ask(), range(PAGES))]
