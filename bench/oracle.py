"""Three engines, one answer: ``decide``, Rego and Cedar on random questions (``questions.py``).

Rego makes the whole decision: outcome, stage, codes, basis, what is withheld. Cedar says whether the message may go and
which items pass. Each difference is a disagreement, and is told with the seed and number of its question.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path

from bench import cedar, rego
from bench.figures import Figure, stopwatch
from bench.questions import questions
from consent.decide import decide
from consent.model import Decision, Facts

ASKED = 100_000
FROM_ONE_SEED = 1_000


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of some questions."""

    asked: int = 0
    permits: int = 0
    disagreements: tuple[str, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.asked + other.asked, self.permits + other.permits, (*self.disagreements, *other.disagreements)
        )


def compare(seed: int, count: int) -> Tally:
    """Ask all three the first questions of a seed."""
    engines = rego.Rego(rego.POLICY.read_text()), cedar.Cedar(cedar.POLICY.read_text())
    asked = [(decide(facts).permits, disagreements(facts, *engines)) for facts in islice(questions(seed), count)]
    differ = [f"question {at} of seed {seed}: {text}" for at, (_, texts) in enumerate(asked) for text in texts]
    return Tally(count, sum(permits for permits, _ in asked), tuple(differ))


def disagreements(facts: Facts, by_rego: rego.Rego | None, by_cedar: cedar.Cedar | None) -> list[str]:
    """What engines say of a question that ``decide`` does not; None: not asked."""
    decision = decide(facts)
    found = []
    if by_rego and (other := by_rego.decide(facts)) != decision:
        found.append(f"Rego {other}, decide {decision}")
    if by_cedar and (answer := by_cedar.decide(facts)) != (expected := _in_short(decision, facts)):
        found.append(f"Cedar {answer}, decide {expected} by {decision}")
    return found


def compare_many(count: int) -> Tally:
    """The same of many seeds, on all cores."""
    seeds = range(1, count // FROM_ONE_SEED + 1)
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as pool:
        return sum(pool.map(compare, seeds, [FROM_ONE_SEED] * len(seeds)), Tally())


def oracle(_: Path, scale: float) -> Iterator[Figure]:
    """The comparison as a line of the table. With a disagreement it fails: then no figure beside an engine is one."""
    with stopwatch() as took_s:
        tally = compare_many(int(ASKED * scale))
    assert not tally.disagreements, "\n".join(tally.disagreements[:5])
    note = f"{tally.asked:,} questions, {tally.permits / tally.asked:.0%} permits, 0 disagreements"
    yield Figure("decide = Rego = Cedar", tally.asked / took_s(), "/s", note=note)


def _in_short(decision: Decision, facts: Facts) -> cedar.Answer:
    """As much of a decision as Cedar gives. Of a refusal it says nothing about items."""
    gone = {(each.path, each.category) for each in decision.withheld}
    kept = [at for at, item in enumerate(facts.message.items) if (item.path, item.category) not in gone]
    return cedar.Answer(decision.permits, tuple(kept) if decision.permits else ())
