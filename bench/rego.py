"""The rules in Rego (``policies/consent.rego``), asked of Regorus: the whole decision.

The input is the facts as they are, field by field: nothing is prepared.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from hobofan_regorus import Engine

from consent.model import Decision, Facts, Withheld
from consent.model.words import Category, Code, Outcome

POLICY = Path(__file__).parent / "policies" / "consent.rego"
DECISION = "data.consent.decision"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rego:
    """A policy, parsed once."""

    def __init__(self, policy: str) -> None:
        self.engine = Engine()
        self.engine.add_policy(POLICY.name, policy)

    def decide(self, facts: Facts) -> Decision:
        """The decision that the policy makes."""
        self.engine.set_input_json(document(facts).decode())
        return self.decided()

    def decided(self) -> Decision:
        """The decision of the input that is set."""
        found = self.engine.eval_rule(DECISION)
        withheld = [
            Withheld(each["path"], Category(each["category"]), Code(each["code"]), each["marked"])
            for each in found["withheld"]
        ]
        codes = tuple([Code(code) for code in found["codes"]])
        return Decision(Outcome(found["outcome"]), found["stage"], codes, tuple(found["basis"]), tuple(withheld))


def document(facts: Facts) -> bytes:
    """Facts as JSON, every field; instants and days in nanoseconds since 1970."""
    return orjson.dumps(_plain(facts))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in names(type(value))}
    if isinstance(value, tuple | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, datetime):
        return micros(value) * 1000
    assert isinstance(value, date), "facts hold nothing else"
    return micros(datetime.combine(value, time(), UTC)) * 1000


@cache
def names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass."""
    return tuple(field.name for field in fields(kind))


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)
