"""What a decision says, in a sentence of English and one of French. It decides nothing, and holds nobody's value.

The meanings stand in ``meanings.csv``: a header ``code,en,fr`` and one line for each code of consent rules 2.2.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from consent.model import Decision
from consent.model.words import Code, Outcome


class Words(NamedTuple):
    """One sentence, in both languages."""

    en: str
    fr: str


_OUTCOME: Mapping[Outcome, Words] = {
    Outcome.PERMIT: Words("It may go.", "Cela peut partir."),
    Outcome.PERMIT_REDACTED: Words("It may go, with parts left out.", "Cela peut partir, avec des parties retirées."),
    Outcome.DENY: Words("It may not go.", "Cela ne peut pas partir."),
    Outcome.NEEDS_OVERRIDE: Words("It may not go.", "Cela ne peut pas partir."),
}


@cache
def meanings() -> Mapping[Code, Words]:
    """What each code means.

    Raises:
        ValueError: a line of the packaged list is no code, or has no two sentences.
    """
    text = files("consent").joinpath("meanings.csv").read_text("utf-8")
    return {Code(code): Words(en, fr) for code, en, fr in list(csv.reader(text.splitlines()))[1:]}


def explain(decision: Decision) -> Words:
    """The outcome, and the meaning of the code that decided it."""
    outcome, meaning = _OUTCOME[decision.outcome], meanings()[decision.codes[0]]
    return Words(f"{outcome.en} {meaning.en}", f"{outcome.fr} {meaning.fr}")
