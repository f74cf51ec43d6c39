"""The ministry's code lists: which labels there are, how they are matched, and what a screen in French calls them.

Program systems 3.4 to 3.10 and §10, cases 54 (``EO - `` against ``EO-``, two spaces) and 55 (a code counts only
together with its list). The lists are data, ``schemas/records/eois_codes.csv``: a new label is a line there. Its
``source`` says whether a label was seen in public or is ours; French labels are ours. Pure after loading. It knows no
code of the hub.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.model.identifiers import clean

TABLE = Path(__file__).parents[2] / "schemas" / "records" / "eois_codes.csv"
REFERRED = ("community", "program")  # the two lists of referrals (program systems 3.10)
_HYPHEN = re.compile(r"\s*[-\u2010-\u2015]\s*")
_APOSTROPHE = re.compile(r"[\u2018\u2019\u02bc]")


@dataclass(frozen=True, slots=True)
class Label:
    """One value of a list.

    Args:
        code: as it stands in a package: the English label, a number, or a word with hyphens.
        public: the label was seen in a public source; else it is a working value of ours.
    """

    list: str
    code: str
    en: str
    fr: str
    public: bool


def official(name: str, text: str) -> str | None:
    """The code of a list that a text means, as the list writes it; None: it is none.

    Spaces around hyphens, double spaces, case and curly apostrophes do not count (case 54).
    """
    found = _by_text(name).get(folded(text))
    return found.code if found else None


def label(name: str, code: str, language: str) -> str:
    """What a screen in this language calls a code; a code of no list as it is."""
    found = _by_code(name).get(code)
    return code if found is None else found.fr if language == "fr" else found.en


def referral(text: str) -> tuple[str, str] | None:
    """List and code of a referral by its label in either list; None: no label of them, also where it is a number."""
    for name in REFERRED:
        for each in _by_code(name).values():
            if folded(each.en) == folded(text):
                return name, each.code
    return None


def known(name: str) -> Mapping[str, Label]:
    """A list by its codes.

    Raises:
        KeyError: there is no such list: a fault of ours.
    """
    return _tables()[name]


def names() -> frozenset[str]:
    """Names of all lists."""
    return frozenset(_tables())


def folded(text: str) -> str:
    """A label for comparing."""
    return _HYPHEN.sub("-", _APOSTROPHE.sub("'", clean(text))).casefold()


def _by_code(name: str) -> Mapping[str, Label]:
    return _tables()[name]


@cache
def _by_text(name: str) -> Mapping[str, Label]:
    """By the folded code; of a list whose codes are labels that is the label."""
    return {folded(each.code): each for each in _tables()[name].values()}


@cache
def _tables() -> Mapping[str, Mapping[str, Label]]:
    found: dict[str, dict[str, Label]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            each = Label(row["list"], row["code"], row["en"], row["fr"], row["source"].startswith("public"))
            below = found.setdefault(each.list, {})
            assert each.code not in below, f"{TABLE.name}: {each.list} has a code twice"
            below[each.code] = each
    return found
