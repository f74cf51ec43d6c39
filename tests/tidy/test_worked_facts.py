"""docs/facts: each document is its row of the rules, and is answered as its table says."""

from __future__ import annotations

import pytest

from consent.decide import decide
from consent.facts import read_facts
from tests.tidy.house import ROOT
from tests.unit.consent.test_the_192_rows import GROUPS, ROWS

FOLDER = ROOT / "docs" / "facts"


def listed() -> dict[int, tuple[str, str, tuple[str, ...]]]:
    """By row: what is otherwise, the outcome and the codes."""
    found = {}
    for line in (FOLDER / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and "(c-" in cells[1]:
            number = int(cells[1].split("`")[1].removeprefix("c-").removesuffix(".json"))
            found[number] = (cells[2], cells[3], tuple(cells[4].replace("`", "").split(", ")))
    return found


LISTED = listed()


def test_every_group_has_one_and_every_document_is_listed() -> None:
    assert [sum(number in group.ROWS for number in LISTED) for group in GROUPS] == [1] * len(GROUPS)
    assert {f"c-{number:02}.json" for number in LISTED} == {path.name for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("number", sorted(LISTED))
def test_a_document_is_its_row_and_is_answered_as_the_table_says(number: int) -> None:
    otherwise, outcome, codes = LISTED[number]
    facts = read_facts((FOLDER / f"c-{number:02}.json").read_bytes())
    decision = decide(facts)

    assert (otherwise, facts) == ROWS[number]
    assert (decision.outcome, decision.codes) == (outcome, codes)
