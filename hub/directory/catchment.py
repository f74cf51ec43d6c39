"""How many people of the hub's area have some attributes together: ``catchment.csv`` in the data folder (settled S35).

A message about nobody may say an age band, a language and accessibility needs. Where few people have all of these,
whoever reads it may know who is meant (consent rules C-06). The steward fills the file from public statistics; a
combination that is not listed counts as 0, so that without a file nothing that says an attribute passes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.directory.own_file import OwnFile

FILE = "catchment.csv"
PEOPLE_MAX = 100_000_000
AGE_BANDS = (
    *("0-5", "6-12", "13-15", "16-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-74"),
    "75-up",
)
ACCESSIBILITY = ("step-free", "hearing", "vision", "sign-language", "plain-language", "quiet-place")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_COUNT = re.compile(r"[0-9]{1,9}")
_HEADER = ("age_band", "language", "accessibility", "people")


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is said of the person whom nobody names.

    Args:
        age_band: of :data:`AGE_BANDS`; "": not said.
        language: BCP 47 tag; "": not said.
        accessibility: of :data:`ACCESSIBILITY`, sorted.
    """

    age_band: str = ""
    language: str = ""
    accessibility: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catchment:
    """The file as read.

    Args:
        digest: of its bytes, so that a change is seen.
    """

    counts: Mapping[Attributes, int] = field(default_factory=dict)
    digest: str = ""

    def people(self, attributes: Attributes) -> int:
        """How many have all of these. What is not listed is nobody."""
        return self.counts.get(attributes, 0)


def read_catchment(path: Path) -> Catchment:
    """Read the file; there may be none.

    Raises:
        Refused: it cannot be read, or a row is none: file and line, got, expected, next step.
    """
    if not path.exists():
        return Catchment()
    file = OwnFile(path, FILE)
    data = file.read()
    counts: dict[Attributes, int] = {}
    for place, (age_band, language, accessibility, people) in file.rows(data, _HEADER):
        needs = tuple(sorted(set(accessibility.split())))
        if age_band and age_band not in AGE_BANDS:
            raise file.fault(f"{place}: age_band", "another band", f"one of {', '.join(AGE_BANDS)}, or nothing")
        if not set(needs) <= set(ACCESSIBILITY):
            raise file.fault(f"{place}: accessibility", "another need", f"words of {', '.join(ACCESSIBILITY)}")
        if language and not LANGUAGE.fullmatch(language):
            raise file.fault(f"{place}: language", "another form", "a language tag, as `am` or `fr-CA`, or nothing")
        if not _COUNT.fullmatch(people) or int(people) > PEOPLE_MAX:
            raise file.fault(f"{place}: people", "no count", f"a whole number up to {PEOPLE_MAX:,}")
        attributes = Attributes(age_band, language, needs)
        if attributes in counts:
            raise file.fault(place, "a second row for one combination", "one row for each")
        counts[attributes] = int(people)
    return Catchment(counts, hashlib.sha256(data).hexdigest())
