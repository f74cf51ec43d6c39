"""Whatever a report says: its row breaks no rule but that mandatory columns may be empty, and never says No (S6)."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.icare import rules
from adapters.icare.layout import modules
from adapters.icare.words import Words

from .reports import ADAPTER, activity, employment, extension, need, patient, session, written

ACTIVITIES = sorted({code for record in ADAPTER.records for code in record.activities})
SUPPORTS = ("child-minding", "transportation", "disability", "interpretation", "translation")
COUNSELLING = ("short-term-counselling", "long-term-counselling")
GROUPS = ("children", "youth", "senior", "refugee", "ethnic", "lgbtq", "regulated-trade", "sailors")
NEEDS = ("housing", "language", "health", "childcare", "other", "employment", "knwl-working")
WAYS = ("AMB", "VR", "HH", "FLD")
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def some(of: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(of), unique=True, max_size=4)


@st.composite
def reports(draw: st.DrawFn) -> list[dict[str, Any]]:
    days = sorted(draw(st.lists(st.dates(date(2025, 1, 1), date(2026, 12, 31)), min_size=2, max_size=2)))
    start, end = (day.isoformat() for day in days)
    more = [extension("support-service", valueCode=code) for code in draw(some(SUPPORTS + COUNSELLING))]
    more += [extension("target-group", valueCode=code) for code in draw(some(GROUPS))]
    held = session(
        *more,
        held=draw(st.sampled_from(("individual", "family", "group", "port-of-entry"))),
        heads=draw(st.none() | st.integers(1, 60)),
        class_={"system": ACT_CODE, "code": draw(st.sampled_from(WAYS))},
        period={"start": start, "end": end},
        length=draw(st.none() | st.integers(0, 40_000).map(lambda value: {"value": value, "code": "min"})),
    )
    done = activity(draw(st.sampled_from(ACTIVITIES)), start, end)
    needs = [need(code) for code in draw(some(NEEDS))]
    work = draw(
        st.lists(st.sampled_from((employment(12), employment(37.5), employment(situation="volunteer"))), max_size=1)
    )
    return [patient(), held, done, *needs, *work]


@given(reports())
@settings(max_examples=200, deadline=None)
def test_a_row_breaks_no_rule_but_that_of_empty_columns(report: list[dict[str, Any]]):
    row, _ = written(*report)
    module = modules()[row["module"]]

    assert {breach.rule for breach in rules.checked(module, row["fields"], date(2027, 1, 1))} <= {"V2"}
    assert "No" not in row["fields"].values()
    for name, text in row["fields"].items():
        column = module.columns[name]
        assert not column.list or Words(column.list).write(text) is not None
    began = next(row["fields"][name] for name in module.start if name in row["fields"])
    assert began[:7] == report[1]["period"]["start"][:7]
