"""Decide alone, and gather + decide from a registry of a thousand and of ten thousand clients.

References: of ``decide`` one indexed SELECT of the same run; of gather + decide the two SELECTs that it cannot do
without, by plain sqlite3; of the larger registry the smaller one (flat is 1).
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure, percentile
from bench.world import world
from consent.decide import decide
from consent.facts import read_facts
from consent.gather import Question, gather_provisional
from consent.model import Consent, Facts, StateEvent
from hub.compose import Hub, open_store
from hub.model import locks

ASKED = 1_000  # questions a figure
FILED_AT_ONCE = 100  # subjects a unit


def decisions(folder: Path, scale: float) -> Iterator[Figure]:
    with world(folder) as made:
        made.refer(made.add_clients(1))
        made.run()
        with made.hub.store.peek() as rows:
            facts = read_facts(rows.decisions.stored(1)[0][1])
        (ref,) = facts.subjects
        alone = _each(lambda _: decide(facts), range(ASKED))
        yield from _decide_figures(alone, _selects(made.hub, [ref] * ASKED, ["SELECT * FROM subject WHERE ref = ?"]))
        before: float | None = None
        for clients in (int(1_000 * scale), int(10_000 * scale)):
            refs = _fill(made.hub, facts.subjects[ref].consents[0], clients)
            for figure in _gather_figures(made.hub, facts, refs, f"{clients:,} clients"):
                yield figure
                if figure.name.endswith("p50") and before is not None:
                    yield Figure(f"{figure.name}, flat", figure.value, "µs", before, "a tenth of the clients", "1.5×")
                before = figure.value if figure.name.endswith("p50") else before


def _decide_figures(alone: Sequence[float], reference: Sequence[float]) -> Iterator[Figure]:
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        beside = "one indexed SELECT, sqlite3"
        yield Figure(f"decide {name}", percentile(alone, share), "µs", percentile(reference, share), beside)


def _gather_figures(hub: Hub, facts: Facts, refs: Sequence[str], of: str) -> Iterator[Figure]:
    asked = random.Random(1).sample(refs, min(ASKED, len(refs)))
    cold = open_store(hub.settings, hub.house.clock, hub.house.ids)  # nothing of it is parsed yet
    question = Question(facts.sender.agency, facts.recipient.agency, facts.message)

    def ask(ref: str) -> None:
        items = tuple(replace(item, subject=ref) for item in facts.message.items)
        about = replace(question, message=replace(facts.message, subject=ref, items=items))
        with cold.peek() as rows:
            assert decide(gather_provisional(rows, about, hub.house.packs).facts).permits

    ask(refs[0])  # the directory is parsed once for each of its versions
    took = _each(ask, asked)
    cold.close()
    statements = [
        "SELECT * FROM subject WHERE ref = ?",
        "SELECT body FROM consent WHERE subject_ref = ? AND current = 1",
    ]
    reference = _selects(hub, asked, statements)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        value, beside = percentile(took, share), "its two SELECTs, sqlite3"
        yield Figure(f"gather + decide, {of}, {name}", value, "µs", percentile(reference, share), beside, "p50 < 1 ms")


def _fill(hub: Hub, like: Consent, count: int) -> list[str]:
    """As many subjects as there shall be, each with a consent like this one."""
    refs: list[str] = []
    while len(refs) < count:
        with hub.store.unit(share=[locks.CONFIG]) as unit:
            for _ in range(min(FILED_AT_ONCE, count - len(refs))):
                ref = unit.subjects.mint()
                refs.append(ref)
                filed = replace(like, consent_id=f"c-{ref}", version=1, subject_ref=ref)
                event = StateEvent(filed.state, 0, unit.now, unit.now, "system:bench", "ROW")
                unit.consents.put(filed, event, system="bench", key=ref, read_as="1")
    return refs


def _selects(hub: Hub, refs: Sequence[str], statements: Sequence[str]) -> list[float]:
    db = sqlite3.connect(hub.settings.database)

    def read(ref: str) -> None:
        for statement in statements:
            db.execute(statement, (ref,)).fetchall()

    took = _each(read, refs)
    db.close()
    return took


def _each(ask: Callable[[object], object] | Callable[[str], None], asked: Sequence[object]) -> list[float]:
    """Microseconds of each call."""
    took = []
    for one in asked:
        began = time.perf_counter()
        ask(one)  # type: ignore[arg-type]
        took.append((time.perf_counter() - began) * 1e6)
    return took
