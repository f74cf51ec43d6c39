"""The words of the grammar: each compiles one line of a mapping file to a pair of closures (design §8).

The grammar is closed: what is not in ``WORDS`` is refused at load. A new word is a function in a module here, its
options, an entry in ``WORDS`` and a test; nothing else changes.
"""

from __future__ import annotations

from hub.mapping.words import coded, dates, linked, paired, plain
from hub.mapping.words.spot import Spot, Word

WORDS: dict[str, Word] = {
    "field": Word(plain.field, frozenset({"form", "cut", "loss"})),
    "identifier": Word(plain.identifier, frozenset({"system", "type", "form", "loss"})),
    "number": Word(plain.number, frozenset({"scale", "loss"})),
    "date": Word(dates.date_, frozenset({"format", "zone", "loss"})),
    "code": Word(coded.code, frozenset({"table", "other", "system", "default", "absent", "beside", "guard", "loss"})),
    "flag": Word(coded.flag, frozenset({"yes", "no", "loss"})),
    "constant": Word(coded.constant, frozenset({"system"})),
    "row": Word(coded.row, frozenset({"system"})),
    "default": Word(coded.default, frozenset({"system"})),
    "to": Word(linked.to, frozenset({"field", "absent"})),
    "fn": Word(paired.fn, frozenset({"fields", "with", "cut", "loss"})),
}
ALWAYS = frozenset({"way"})

__all__ = ["ALWAYS", "WORDS", "Spot", "Word"]
