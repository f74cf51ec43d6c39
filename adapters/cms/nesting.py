"""Joined rows as one tree: a plan with its goals, a goal with its actions (program systems 9.2, ``v_hub_plan``). Pure.

A view that joins shows the upper row again beside each lower one, and blanks where there is no lower one. Rows of other
views are one each already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.cms.overrides import limbs_apart
from adapters.cms.views import FORMS, Form

Row = tuple[str, dict[str, Any]]  # row version, and what is not NULL

_PLAN = FORMS["PLAN"]


def one_each(key: str, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of each key as one.

    Args:
        key: the key's column.
        rows: those of one view.
    """
    if key == "override_id":
        yield from ((version, limbs_apart(row)) for version, row in rows)
        return
    if key != "plan_id":
        yield from rows
        return
    grouped: dict[Any, list[Row]] = {}
    for version, row in rows:
        grouped.setdefault(row[key], []).append((version, row))
    for same in grouped.values():
        yield same[0][0], _tree(_PLAN, [row for _, row in same])


def of_a_case(nested: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What is nested under a record of a case, as the record has it.

    The issues of the case, one column of words in order of rank, become a list; of its assessments the newest is left:
    a referral is not the case's history.
    """
    assessments = sorted(nested["assessment"], key=lambda row: (str(row.get("done_on")), row["assessment_id"]))
    words = [word for row in nested["case"] if "issues" in row for word in _words(row["issues"])]
    return {
        **nested,
        "case": [{name: value for name, value in row.items() if name != "issues"} for row in nested["case"]],
        "issue": [{"rank": rank, "issue_code": word} for rank, word in enumerate(words, start=1)],
        "assessment": assessments[-1:],
    }


def _words(cell: Any) -> list[Any]:
    return cell.split() if isinstance(cell, str) else [cell]  # another type is refused by whoever reads it


def _tree(form: Form, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The columns of a form, and beneath them those of the forms whose rows are joined to it."""
    whole = {name: value for name, value in rows[0].items() if name in form.columns}
    for name, child in form.children.items():
        if child.joined:
            below = list(_apart(child, rows))
            whole |= {name: below} if below else {}
    return whole


def _apart(form: Form, rows: list[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
    key = next(iter(form.columns))
    grouped: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        if row.get(key) is not None:
            grouped.setdefault(row[key], []).append(row)
    # a view has no order of its own, and the same rows must give the same bytes
    for number in sorted(grouped, key=lambda number: (type(number).__name__, number)):
        yield _tree(form, grouped[number])
