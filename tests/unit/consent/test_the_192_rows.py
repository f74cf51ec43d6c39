"""Consent rules 2, row by row: each states what is otherwise than in the baseline (2.5), and gets the rules' answer."""

from __future__ import annotations

import pytest

from consent.decide import decide
from consent.facts import read_facts, write_facts
from consent.model import Facts
from consent.model.words import Code, Outcome
from tests.builders import BASELINE
from tests.unit.consent.rows import (
    Expected,
    a_lanes,
    b_time,
    c_form,
    d_scope,
    e_deciders,
    expected,
    f_conflicts,
    g_women,
    h_sensitive,
    i_onward,
    j_override,
    k_integrity,
)

GROUPS = (
    a_lanes,
    b_time,
    c_form,
    d_scope,
    e_deciders,
    f_conflicts,
    g_women,
    h_sensitive,
    i_onward,
    j_override,
    k_integrity,
)
ROWS = {number: row for group in GROUPS for number, row in group.ROWS.items()}
ANSWERS = expected()
BESIDE = {Code.DN_TRANSITION}  # no row: the referral's own state refuses it (settled S47)


@pytest.mark.parametrize(
    ("facts", "answer"), [pytest.param(ROWS[n][1], ANSWERS[n], id=f"C-{n:02} {ROWS[n][0]}") for n in sorted(ROWS)]
)
def test_row(facts: Facts, answer: Expected) -> None:
    decision = decide(facts)

    assert (decision.outcome, decision.codes[0]) == (answer.outcome, answer.codes[0]), decision
    assert set(answer.codes) <= set(decision.codes)
    if decision.permits and not decision.codes[0].startswith("OV_"):
        assert set(decision.codes) == set(answer.codes)
    assert decide(read_facts(write_facts(facts))) == decision, "what was stored is decided again"


def test_every_row_is_there_and_every_one_differs_from_the_baseline() -> None:
    assert sorted(ROWS) == sorted(ANSWERS) == list(range(1, 193))
    assert sum(len(group.ROWS) for group in GROUPS) == 192
    assert [number for number, (_, facts) in ROWS.items() if facts == BASELINE] == [1]
    assert set(Outcome) == {answer.outcome for answer in ANSWERS.values()}


def test_every_code_of_the_rules_is_the_answer_of_a_row() -> None:
    answered = {Code(code) for answer in ANSWERS.values() for code in answer.codes}

    assert set(Code) - answered == BESIDE
