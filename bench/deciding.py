"""Decide alone: a full decision with obligations, codes and basis, over ten consents of one person.

References: the same decision on the same facts by Regorus (``policies/consent.rego``) and the same answer by cedarpy
(``policies/consent.cedar``), each with its policies read once before; and one indexed SELECT. Each engine is measured
twice: from what it keeps in memory, and from a JSON document, as facts are stored. The facts are random questions
with a permit (``questions.py``), so that every stage is asked; in turn of all engines, so that all have the same noise.
All figures are the median of several passes.

Regorus answers with the whole decision. Cedar answers yes or no of one principal, so a decision is some eighty requests
in five calls, and part of its time is JSON between it and Python: that is how it is called from here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

from bench import cedar, rego
from bench.figures import Figure, percentile
from bench.questions import questions
from consent.decide import decide
from consent.facts import read_facts, write_facts
from consent.model import Facts

ASKED = 200  # questions a pass
PASSES = 5
CONSENTS = 10
TARGET = "target 2× Regorus at p50"
SHARES = (("p50", 0.5), ("p99", 0.99))
Times = dict[str, list[float]]  # by what was measured, microseconds of each question


def decisions(folder: Path, scale: float) -> Iterator[Figure]:
    permits = (facts for facts in questions(1, consents=CONSENTS) if decide(facts).permits)
    asked = list(islice(permits, max(20, int(ASKED * scale))))
    passes = [_timed(asked, folder) for _ in range(PASSES)]
    pairs = (
        ("decide", "Regorus", "Regorus, input set before", TARGET),
        ("decide", "Cedar", "cedarpy, entities read before", "yes or no, and which items"),
        ("decide", "SELECT", "one indexed SELECT, sqlite3", ""),
        ("read + decide", "read + Regorus", "Regorus, from JSON", ""),
        ("read + decide", "read + Cedar", "cedarpy, from JSON", "yes or no, and which items"),
    )
    for what, beside, named, note in pairs:
        for name, share in SHARES:
            value, reference = (median(percentile(times[each], share) for times in passes) for each in (what, beside))
            label = f"{what}, {CONSENTS} consents, {name}"
            yield Figure(label, value, "µs", reference, named, note if name == "p50" else "")


def _timed(asked: Sequence[Facts], folder: Path) -> Times:
    """One pass over all questions."""
    by_rego, by_cedar = rego.Rego(rego.POLICY.read_text()), cedar.Cedar(cedar.POLICY.read_text())
    engine, db = by_rego.engine, _table(folder / "one.sqlite")
    took: Times = {}

    def clock(what: str, call: Callable[[], object]) -> None:
        began = time.perf_counter()
        call()
        took.setdefault(what, []).append((time.perf_counter() - began) * 1e6)

    for facts in asked:
        stored, plain, attributes = write_facts(facts), rego.document(facts).decode(), cedar.document(facts)
        entities = cedar.read(attributes)
        engine.set_input_json(plain)
        clock("decide", lambda facts=facts: decide(facts))
        clock("Regorus", lambda: engine.eval_rule(rego.DECISION))
        clock("Cedar", lambda facts=facts, entities=entities: by_cedar.decided(facts, entities))
        clock("SELECT", lambda: db.execute("SELECT * FROM subject WHERE ref = ?", ("s-50",)).fetchall())
        clock("read + decide", lambda stored=stored: decide(read_facts(stored)))
        clock("read + Regorus", lambda plain=plain: _from_json(engine, plain))
        clock("read + Cedar", lambda facts=facts, a=attributes: by_cedar.decided(facts, cedar.read(a)))
    db.close()
    return took


def _from_json(engine: rego.Engine, plain: str) -> object:
    engine.set_input_json(plain)
    return engine.eval_rule(rego.DECISION)


def _table(path: Path) -> sqlite3.Connection:
    """A thousand people, found by their primary key."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE subject (ref TEXT PRIMARY KEY, version INTEGER, body TEXT)")
    db.executemany("INSERT INTO subject VALUES (?, 1, '{}')", [(f"s-{n}",) for n in range(1000)])
    db.commit()
    return db
