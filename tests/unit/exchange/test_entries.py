"""What a decision says in the log of categories: asked for, released, kept back (consent rules 4.1). Never a value."""

from __future__ import annotations

from typing import Any

import pytest

from consent.decide import decide
from consent.model import Facts
from consent.model.words import Category
from hub.exchange.entries import decision_details
from tests.builders import BASELINE, TASK, C, item, items, saying


def details(facts: Facts) -> dict[str, Any]:
    return decision_details(facts, decide(facts), "d1", "m1")


@pytest.mark.parametrize(
    ("sent", "released", "removed"),
    [
        pytest.param((), set(), set(), id="everything goes"),
        pytest.param((C.INCOME,), set(), {"INCOME"}, id="a category that the client did not name stays"),
        pytest.param((C.INCOME, C.INCOME), set(), {"INCOME"}, id="all of its items stay"),
        pytest.param((C.EMPLOY,), {"EMPLOY"}, set(), id="a category that the client named goes"),
    ],
)
def test_a_permit_names_what_was_released_and_what_was_kept_back(
    sent: tuple[Category, ...], released: set[str], removed: set[str]
) -> None:
    more = tuple(item(category, at) for at, category in enumerate(sent, start=20))

    told = details(saying(items=(*items(C.IDENT, C.NEEDS), TASK, *more)))

    assert told["outcome"].startswith("PERMIT")
    assert set(told["categories_requested"]) == {"IDENT", "NEEDS", "SERVICE_STATUS"} | released | removed
    assert set(told["categories_released"]) == {"IDENT", "NEEDS", "SERVICE_STATUS"} | released
    assert set(told["categories_removed"]) == removed


def test_a_category_of_which_one_item_goes_and_one_stays_is_both() -> None:
    other = item(C.LANG, 20, subject="s-child")  # no consent says anything of this person

    told = details(saying(items=(*items(C.IDENT, C.NEEDS, C.LANG), TASK, other)))

    assert "LANG" in told["categories_released"]
    assert told["categories_removed"] == ["LANG"]


def test_a_refusal_releases_nothing() -> None:
    told = details(saying(items=(*items(C.IDENT, C.NEEDS), TASK), purpose=BASELINE.message.purpose, type="Nothing"))

    assert told["categories_released"] == []
    assert told["categories_requested"] == ["IDENT", "NEEDS", "SERVICE_STATUS"]
