"""What a word to a system says beside its code, in the language of the system: which element, why, and what to do
(INV-10). No personal value.

Our own sentences have their French in ``telling.csv``, what to do about a code in ``hub/model/advice.csv``. What a
record lacks is said by whoever reads it, in English: a French word has it in brackets, behind what to do.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from hub.model.advice import Advice, by_code
from hub.model.directory import System
from hub.model.rows import Notice

ENGLISH, FRENCH = "en", "fr"
_NOES = frozenset({"refusal", "returned"})  # kinds of words; to the others their code says it all
_FOR_WHOM = re.compile(r"for (\S+)")  # of several messages about one record, which; it says nothing else


def language_of(system: System) -> str:
    """What its people read: ``en``, or ``fr`` where its setting ``language`` says so."""
    return FRENCH if system.settings.get("language") == FRENCH else ENGLISH


def why_and_what(row: Notice, language: str = ENGLISH) -> str:
    """What stands beside the code; "" where the code says it all."""
    known = by_code().get(f"{row.kind}:{row.code}")  # a receiving system's own codes are explained in its own guide
    known = known or (by_code().get(row.code) if row.kind in _NOES else None)
    if language == FRENCH:
        return _in_french(row.place, known)
    words = known.en if known else ""
    return f"{row.place}: {words}" if words and _FOR_WHOM.fullmatch(row.place) else row.place or words


@cache
def sentences() -> Mapping[str, str]:
    """Our own sentences: English to French."""
    lines = csv.reader(files("hub.exchange").joinpath("telling.csv").read_text("utf-8").splitlines())
    return dict(list(lines)[1:])


def _in_french(place: str, known: Advice | None) -> str:
    if place in sentences():
        return sentences()[place]
    words = known.fr if known else ""
    if for_whom := _FOR_WHOM.fullmatch(place):
        return f"pour {for_whom[1]}{' : ' if words else ''}{words}"
    return f"{words} ({place})" if words and place else place or words
