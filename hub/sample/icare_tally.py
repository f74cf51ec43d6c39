"""What the hub has said and written for iCARE, as the rows that are counted (``tally.py``), out of its files alone."""

from __future__ import annotations

from hub.sample.icare import Reporting, Settlement
from hub.sample.tally import REPORT, Received

_TOLD_ALREADY = frozenset({"OK", "W02"})


def read_words(site: Settlement) -> list[Received]:
    """What was told beside the workbooks: an answer that is not OK is a notice. Nothing else comes to this agency."""
    return [Received("", "refusal", record, code) for record, code in site.told() if code not in _TOLD_ALREADY]


def read_reports(site: Reporting) -> list[Received]:
    """What the hub wrote into workbooks: a row is a message; its number says module, month, and whose."""
    whose: dict[tuple[str, str], int] = {}
    found = []
    for file, line in site.received():
        place = whose.setdefault(line.client, len(whose) + 1)
        found.append(Received("", REPORT, number=f"{file.rpartition('_')[0]} client {place}"))
    return found
