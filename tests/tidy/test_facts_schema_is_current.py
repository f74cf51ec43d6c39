"""`schemas/decision/facts-v1.json` is what the model says; and it is a contract, so its defaults may never change.

Stored facts leave defaults out: another default would give a stored decision another meaning. The schema holds them.
"""

from __future__ import annotations

import json
from pathlib import Path

from consent.facts import facts_schema

SCHEMA = Path(__file__).parents[2] / "schemas" / "decision" / "facts-v1.json"


def test_the_facts_schema_is_what_the_model_says():
    assert json.loads(SCHEMA.read_bytes()) == facts_schema(), "a changed default or meaning needs a facts-v2"


def test_the_facts_schema_is_printed_as_it_is_kept():
    assert SCHEMA.read_text("utf-8") == json.dumps(facts_schema(), indent=2, ensure_ascii=False) + "\n"
