"""The table of figures, their JSON, and how a ratio stands to an earlier one."""

from __future__ import annotations

import json

import pytest

from bench.figures import NOISE, Figure, as_json, table

RATE = Figure("translate", 2_400, "/s", 12_000, "reading the rows", "target 2,000/s")
TIME = Figure("page, p50", 8.24, "ms", 2, "plain driver")
ALONE = Figure("proof, p95", 61.8, "ms", note="target 100 ms")


def test_the_table_has_figure_reference_ratio_beside_and_note() -> None:
    assert table([RATE, TIME, ALONE]).splitlines() == [
        "what          figure  reference  ratio  beside            note",
        "translate   2,400 /s  12,000 /s    0.2  reading the rows  target 2,000/s",
        "page, p50    8.24 ms       2 ms   4.12  plain driver",
        "proof, p95   61.8 ms                                      target 100 ms",
    ]


def test_a_column_tells_of_the_last_run_where_there_is_one() -> None:
    head, *lines = table([RATE, TIME, ALONE], [0.1, 4.0, None]).splitlines()

    assert "to last" in head
    assert "×2.00 better" in lines[0]
    assert "×1.03" in lines[1]
    assert "×" not in lines[2]


def test_a_table_without_an_earlier_ratio_has_no_such_column() -> None:
    assert "to last" not in table([RATE, ALONE], [None, None])


@pytest.mark.parametrize(
    ("figure", "last", "said"),
    [
        pytest.param(RATE, 0.2, "×1.00", id="the same"),
        pytest.param(RATE, 0.1, "×2.00 better", id="of a rate, more is better"),
        pytest.param(RATE, 0.4, "×0.50 worse", id="and less is worse"),
        pytest.param(TIME, 2.06, "×2.00 worse", id="of a time, more is worse"),
        pytest.param(TIME, 8.24, "×0.50 better", id="and less is better"),
        pytest.param(TIME, 4.12 / NOISE * 1.01, "×1.24", id="within what chance does, no word"),
        pytest.param(RATE, None, "", id="nothing was kept"),
        pytest.param(RATE, 0.0, "", id="the last one is no ratio"),
        pytest.param(ALONE, 1.0, "", id="no reference, so nothing to compare: the figure is the machine's"),
    ],
)
def test_ratio_is_compared_with_ratio(figure: Figure, last: float | None, said: str) -> None:
    assert figure.beside_last(last) == said


def test_a_machine_that_is_twice_as_slow_changes_nothing() -> None:
    slower = Figure(RATE.name, RATE.value / 2, RATE.unit, (RATE.reference or 0) / 2)

    assert slower.beside_last(RATE.ratio) == "×1.00"


def test_json_has_all_of_it_and_the_ratio() -> None:
    assert json.loads(json.dumps(as_json([TIME, ALONE]))) == [
        {
            "name": "page, p50",
            "value": 8.24,
            "unit": "ms",
            "reference": 2,
            "beside": "plain driver",
            "note": "",
            "ratio": 4.12,
        },
        {
            "name": "proof, p95",
            "value": 61.8,
            "unit": "ms",
            "reference": None,
            "beside": "",
            "note": "target 100 ms",
            "ratio": None,
        },
    ]
