"""The words of a list: what a worker wrote, found in the list of the template in hand, and our own word for it.

Program systems 2.15, 7 and §10, cases 4 to 9 and 31. Pure. The template in hand decides what is allowed and what is
written; our tables only say what means the same. Nothing is guessed: a word that nobody knows is None, and no id is
ever computed from a place.

- Compared is what people see: without spaces at the ends, invisible signs and case, with one kind of apostrophe, hyphen
  and space, accents composed.
- Read is our own label where we have one for it, by its text or, where the template speaks French, by its id; else the
  template's own.
- Where every label begins with a code (``06 Middle …``), the code decides, since copies cut these labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from adapters.icare.layout import Value, aliases, lists
from hub.model.identifiers import clean

ENGLISH = "en-CA"
_ONE_SIGN = str.maketrans({**dict.fromkeys("’‘ʼ′`´", "'"), **dict.fromkeys("‐‑‒–—−", "-")})
_CODE = re.compile(r"(\d\d(?:-\d\d)?) ")
_SLACK = 4  # [policy] times our longest label, of 93 characters
_YES = frozenset({"yes", "y", "true", "1", "oui", "vrai"})  # case 29
_NO = frozenset({"no", "n", "false", "0", "non", "faux"})


def fold(text: str) -> str:
    """A word as it is compared."""
    return clean(text).translate(_ONE_SIGN).casefold()


def yes_no(text: str) -> str | None:
    """``Yes`` or ``No`` from what people and programs write for it; None: neither."""
    word = fold(text)
    return "Yes" if word in _YES else "No" if word in _NO else None


@cache
def longest_word() -> int:
    """How many characters a cell of a list may have: other templates say the same at more length than our lists do."""
    labels = [value.label for values in lists().values() for value in values]
    return _SLACK * max(len(text) for text in (*labels, *(each for own in aliases().values() for each in own)))


class Words:
    """The allowed values of one column.

    Args:
        name: of our list, or "" where we have none.
        hand: the values of the template in hand, in its order; empty: it has no list, ours stands for it.
        culture: of that template.
    """

    def __init__(self, name: str, hand: Sequence[Value] = (), culture: str = ENGLISH) -> None:
        self._name, self._english = name, culture == ENGLISH
        self._ours = lists().get(name, ())
        self._hand = tuple(hand) or self._ours
        self._index = _indexed(name, self._hand)
        self._by_code = all(_CODE.match(value.label) for value in self._hand)
        self._our_index = _our_index(name)

    def __bool__(self) -> bool:
        return bool(self._hand)

    @property
    def values(self) -> tuple[Value, ...]:
        """The values of the template in hand."""
        return self._hand

    def read(self, text: str) -> str | None:
        """Our word for a text of the template in hand, without spaces at its ends; None: it has no such value."""
        found = self._find(text)
        if found is None and yes_no(text) and self._is_yes_no():
            found = self._of_ours(yes_no(text) or "")
        return clean(self._our_label(found)) if found is not None else None

    def write(self, word: str) -> str | None:
        """The label, letter by letter, of the template in hand for a word of ours; None: it has none."""
        found = self._of_ours(word) or self._find(word)
        return found.label if found is not None else None

    def _find(self, text: str) -> Value | None:
        found = self._index.get(_key(self._name, text))
        if found is None and self._by_code and (begins := _CODE.match(clean(text) + " ")):
            found = next((value for value in self._hand if value.label.startswith(begins[0])), None)
        return found

    def _of_ours(self, word: str) -> Value | None:
        """The value of the template in hand that stands for a label of ours."""
        ours = self._our_index.get(_key(self._name, word))
        if ours is None:
            return None
        if self._english and (same := self._index.get(_key(self._name, ours.label))):
            return same
        return next((value for value in self._hand if ours.id and value.id == ours.id), None)

    def _our_label(self, value: Value) -> str:
        by_text = self._our_index.get(_key(self._name, value.label)) if self._english else None
        by_id = next((ours for ours in self._ours if ours.id and ours.id == value.id), None)
        return (by_text or by_id or value).label

    def _is_yes_no(self) -> bool:
        return {clean(self._our_label(value)) for value in self._hand} == {"Yes", "No"}


def _key(name: str, text: str) -> str:
    """One key for all spellings of a value."""
    folded = fold(text)
    return _spellings(name).get(folded, folded)


def _indexed(name: str, values: Sequence[Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for value in values:
        found.setdefault(_key(name, value.label), value)  # a copy has two values twice: the first counts
    return found


@cache
def _our_index(name: str) -> dict[str, Value]:
    return _indexed(name, lists().get(name, ()))


@cache
def _spellings(name: str) -> dict[str, str]:
    """Folded spelling to the folded label that it stands for."""
    return {fold(spelling): fold(label) for spelling, label in aliases().get(name, {}).items()}
