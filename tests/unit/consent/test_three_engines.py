"""``decide`` beside the same rules in Rego and in Cedar (``bench/policies``): on random questions all say the same.

That the comparison can bite: a rule that is changed or left out in one of the files is seen.
"""

from __future__ import annotations

import os
import re
from itertools import islice

import pytest

from bench.cedar import POLICY as CEDAR
from bench.cedar import Cedar
from bench.oracle import ASKED, compare, compare_many, disagreements
from bench.questions import questions
from bench.rego import POLICY as REGO
from bench.rego import Rego

SOAK = bool(os.environ.get("HUB_SOAK"))
BITES_WITHIN = 20_000  # questions; most rules are missed within a hundred, the rarest within four thousand
RULES = re.findall(r"^(?:permit|forbid) \(.*?;\n", CEDAR.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("seed", range(1, 5))
def test_three_engines_give_one_answer(seed: int) -> None:
    tally = compare(seed, 500)

    assert not tally.disagreements, tally.disagreements[0]
    assert 0.2 < tally.permits / tally.asked < 0.8, "both answers are frequent"


@pytest.mark.soak
def test_on_a_hundred_thousand_questions_too() -> None:
    tally = compare_many(ASKED if SOAK else 2_000)

    assert not tally.disagreements, tally.disagreements[0]


@pytest.mark.parametrize(
    ("rule", "instead"),
    [
        pytest.param("is_over(consent) if consent.expires_at <= input.at", "", id="the day of expiry"),
        pytest.param("lived_months(consent) > input.pack", "lived_months(consent) > 1 + input.pack", id="longest life"),
        pytest.param("	consent.discloser == discloser\n", "", id="the direction"),
        pytest.param('given_by(consent) != "SELF"', "false", id="who said yes"),
        pytest.param('because("RD_CATEGORY", true)', 'because("RD_CATEGORY", false)', id="what is marked"),
        pytest.param("	not is_lifted(no)\n", "", id="a directive that was lifted"),
    ],
)
def test_a_rule_that_is_changed_in_rego_is_seen(rule: str, instead: str) -> None:
    policy = REGO.read_text()
    assert rule in policy
    changed = Rego(policy.replace(rule, instead))

    assert any(disagreements(facts, changed, None) for facts in islice(questions(5), BITES_WITHIN))


@pytest.mark.parametrize("words", ["captured_day", "context.forbidden", "resource.deceased"])
def test_a_rule_that_is_left_out_in_cedar_is_seen(words: str) -> None:
    (rule, *_) = [rule for rule in RULES if words in rule]

    assert is_missed(rule)


@pytest.mark.soak
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_cedar_is_missed(rule: str) -> None:
    assert is_missed(rule)


def is_missed(rule: str) -> bool:
    """Whether an answer changes when Cedar does not have this rule."""
    changed = Cedar(CEDAR.read_text().replace(rule, ""))
    return any(disagreements(facts, None, changed) for facts in islice(questions(5), BITES_WITHIN))
