"""Gather + decide, on a file and on PostgreSQL: is it as quick in a registry of a million as in one of a thousand?

Asked is of people whom the store has not read before, each with one consent. Sizes: clients, from a thousand to ten
thousand times ``--scale`` (100: a million); directives of the whole registry, from a hundred to ten thousand; and one
person's own directives, one to a hundred, where the work itself is more. All figures are the median of several passes.

References: the two SELECTs that it cannot do without, by the plain driver; of the larger size the smaller (flat is 1).
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import insert, select, update

from bench.figures import Figure, T, laps, percentile
from bench.stores import On, analyze, kept_at, stores
from bench.world import World, world
from consent.decide import decide
from consent.facts import read_facts
from consent.gather import Question, gather_provisional
from consent.model import Consent, Directive, Facts
from hub.compose import Hub, open_store
from hub.model import locks
from hub.store import tables as t
from hub.store.subjects import CONSENT, DIRECTIVE

ASKED = 500  # questions a pass
PASSES = 5
FILED_AT_ONCE = 2_000  # people a transaction
CLIENTS = (1_000, 10_000)  # the second by scale
DIRECTIVES = (100, 10_000)
OWN = (1, 100)
TARGET = "target p50 < 1 ms"
FLAT = "target 1.5×"
Row = dict[str, Any]
STATEMENTS = ("SELECT * FROM subject WHERE ref = {}", "SELECT body FROM consent WHERE subject_ref = {} AND current = 1")


def gathering(folder: Path, scale: float) -> Iterator[Figure]:
    for store in stores(folder):
        yield from _on_store(store, scale)


def _on_store(on: On, scale: float) -> Iterator[Figure]:
    with world(on.folder, prepare=kept_at(on.url)) as made:
        registry = _Registry(made, on.url)
        few, many = CLIENTS[0], int(CLIENTS[1] * scale)
        registry.fill(few)
        yield from registry.figures(f"{few:,} clients", on.name)
        before = None
        for count in DIRECTIVES:
            registry.forbid(count)
            yield from registry.figures(f"{few:,} clients, {count:,} directives", on.name, before)
            before = registry.p50
        before = None
        for count in OWN:
            yield from registry.figures(f"{count} directives of one's own", on.name, before, own=count)
            before = registry.p50
        registry.fill(many)
        yield from registry.figures(f"{many:,} clients", on.name, registry.first)


class _Registry:
    """A registry that grows, and how long a question takes in it.

    Args:
        url: of its database on PostgreSQL; "": it is a file.
    """

    def __init__(self, made: World, url: str) -> None:
        made.refer(made.add_clients(1))
        made.run()
        with made.hub.store.peek() as rows:
            self._facts: Facts = read_facts(rows.decisions.stored(1)[0][1])
        (person,) = self._facts.subjects.values()
        self._hub, self._url, self._like = made.hub, url, person.consents[0]
        self._refs: list[str] = []
        self._directives = 0
        self.p50 = self.first = 0.0

    def fill(self, clients: int) -> None:
        """As many people as there shall be, each with a consent."""
        self._refs += file_people(self._hub, self._like, clients - len(self._refs), directives=0)

    def forbid(self, directives: int) -> None:
        """As many directives as there shall be, one of each of other people."""
        file_people(self._hub, self._like, directives - self._directives, directives=1)
        self._directives = directives

    def figures(self, of: str, store: str, before: float | None = None, own: int = 0) -> Iterator[Figure]:
        """What a question takes now.

        Args:
            before: p50 of the smaller registry.
            own: directives of each of those who are asked about; 0: those who are there already, without any.
        """
        refs = file_people(self._hub, self._like, ASKED, directives=own) if own else self._refs
        asked = random.Random(1).sample(refs, min(ASKED, len(refs)))
        ours, theirs = zip(*[(self._asked(asked), self._selected(asked)) for _ in range(PASSES)], strict=True)
        label = f"gather + decide, {store}, {of}"
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            value, reference = (median(percentile(took, share) for took in passes) for passes in (ours, theirs))
            note = TARGET if name == "p50" and own <= 1 else ""
            yield Figure(f"{label}, {name}", value, "µs", reference, "its two SELECTs, plain driver", note)
        self.p50 = median(percentile(took, 0.5) for took in ours)
        self.first = self.first or self.p50
        if before is not None:
            note = "the work grows, not the way to it" if own else FLAT
            yield Figure(f"{label}, flat", self.p50, "µs", before, "the smaller one", note)

    def _asked(self, refs: Sequence[str]) -> list[float]:
        """Microseconds of each question, by a store that has parsed nobody yet."""
        facts, packs, hub = self._facts, self._hub.house.packs, self._hub
        questions = [self._question(ref) for ref in refs]
        with closing(open_store(hub.settings, hub.house.clock, hub.house.ids)) as cold:

            def ask(question: Question) -> None:
                with cold.peek() as rows:
                    assert decide(gather_provisional(rows, question, packs).facts).permits

            ask(Question(facts.sender.agency, facts.recipient.agency, facts.message))  # the directory is parsed once
            return _microseconds(ask, questions)

    def _question(self, ref: str) -> Question:
        facts = self._facts
        items = tuple(replace(item, subject=ref) for item in facts.message.items)
        message = replace(facts.message, subject=ref, items=items)
        return Question(facts.sender.agency, facts.recipient.agency, message)

    def _selected(self, refs: Sequence[str]) -> list[float]:
        sign = "%s" if self._url else "?"
        statements = [statement.format(sign) for statement in STATEMENTS]
        db: Any = psycopg.connect(self._url) if self._url else sqlite3.connect(self._hub.settings.database)
        with closing(db):
            return _microseconds(
                lambda ref: [db.execute(statement, (ref,)).fetchall() for statement in statements], refs
            )


def file_people(hub: Hub, like: Consent, count: int, *, directives: int) -> list[str]:
    """So many more people, each with a consent like this one and so many directives, about an agency elsewhere.

    As rows, past the units: a million of them is a matter of minutes.
    """
    refs = [f"s-{hub.house.ids.uuid()}" for _ in range(count)]
    for start in range(0, count, FILED_AT_ONCE):
        with hub.store.database.writing(own=[locks.CONFIG]) as connection:
            seq = connection.execute(select(t.registry_head.c.seq)).scalar_one()
            rows = [
                _rows(like, ref, seq + 1 + at * (1 + directives), directives)
                for at, ref in enumerate(refs[start : start + FILED_AT_ONCE])
            ]
            for place, table in enumerate((t.subject, t.consent, t.directive)):
                if made := [row for each in rows for row in each[place]]:
                    connection.execute(insert(table), made)
            connection.execute(update(t.registry_head).values(seq=seq + len(rows) * (1 + directives)))
    analyze(hub)
    return refs


def _rows(like: Consent, ref: str, seq: int, directives: int) -> tuple[list[Row], list[Row], list[Row]]:
    """Of one person: the subject, the consent, the directives."""
    consent = replace(like, consent_id=f"c-{ref}", version=1, subject_ref=ref, registry_seq=seq)
    person = {"ref": ref, "version": 1, "minted_at": "2026-06-01T00:00:00.000000+00:00", "body": '{"deceased_by": {}}'}
    filed = {
        **{name: getattr(consent, name) for name in ("consent_id", "version", "subject_ref", "registry_seq")},
        "current": 1,
        "state": consent.state.value,
        "source_system": "bench",
        "source_key": ref,
        "read_as": "1",
        "body": CONSENT.dump_json(consent).decode(),
    }
    noes = [
        Directive(f"d-{ref}-{number}", ref, seq + 1 + number, recipients=("elsewhere",)) for number in range(directives)
    ]
    said = [
        {
            **{name: getattr(no, name) for name in ("directive_id", "subject_ref", "registry_seq", "lifted_by")},
            "body": DIRECTIVE.dump_json(no).decode(),
        }
        for no in noes
    ]
    return [person], [filed], said


def _microseconds(ask: Callable[[T], object], asked: Iterable[T]) -> list[float]:
    return [took_s * 1e6 for took_s in laps(ask, asked)]
