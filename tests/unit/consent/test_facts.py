"""The facts document: canonical when written, strict when read, the same on the way back (INV-1, INV-10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.decide import decide
from consent.facts import facts_schema, read_decision, read_facts, write_decision, write_facts
from consent.model import Consent, Decision, Facts, Message, PackFacts, Party, SystemFacts, Withheld
from consent.model.words import Category, Code, Outcome, Purpose
from hub.errors import MessageRejected

GOLDEN = Path(__file__).parents[2] / "golden" / "decision"
EXAMPLE = (GOLDEN / "c-01-the-baseline" / "in.json").read_bytes()
CONSENT = ("subjects", "s-1", "consents", 0)
MARK = "Zoraïda Q. Invented"

ZONES = [UTC, timezone(timedelta(hours=-4)), timezone(timedelta(hours=5, minutes=45))]
INSTANTS = st.builds(
    datetime.fromtimestamp,
    st.integers(-(2**33), 2**35).map(lambda eighths: eighths / 8),  # of seconds: from 1930 to 2106
    st.sampled_from(ZONES),
)
LEAVES = {
    datetime: INSTANTS,
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=8),
}


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type of the model."""
    origin, args = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        return st.builds(kind, **{name: any_of(hint) for name, hint in get_type_hints(kind).items()})
    if origin is tuple and args[-1] is not ...:
        return st.tuples(*map(any_of, args))
    if origin in (tuple, frozenset):
        return st.lists(any_of(args[0]), max_size=2).map(origin)
    if origin is Mapping:
        return st.dictionaries(any_of(args[0]), any_of(args[1]), max_size=2)
    if origin is UnionType:
        return st.one_of(*map(any_of, args))
    return LEAVES.get(kind, st.from_type(kind))


def changed(path: tuple[str | int, ...], value: object) -> bytes:
    """The example with one element set."""
    document = json.loads(EXAMPLE)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document).encode()


def refusal_of(data: bytes) -> str | None:
    try:
        read_facts(data)
    except MessageRejected as refusal:
        return str(refusal)
    return None


def without(*path: str | int) -> bytes:
    """The example with one element left out."""
    document = json.loads(EXAMPLE)
    place = document
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return json.dumps(document).encode()


@pytest.mark.parametrize("case", sorted(path.name for path in GOLDEN.iterdir()))
def test_a_golden_document_is_read_and_decided_as_it_says(case):
    facts = read_facts((GOLDEN / case / "in.json").read_bytes())

    assert decide(facts) == read_decision((GOLDEN / case / "out.json").read_bytes())


@given(any_of(Facts))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_read_as_it_was(facts):
    assert read_facts(write_facts(facts)) == facts


@given(st.builds(Decision, outcome=st.just(Outcome.DENY), codes=st.just((Code.DN_DIRECTIVE,)), withheld=st.just(())))
def test_a_decision_is_read_as_it_was_written(decision):
    assert read_decision(write_decision(decision)) == decision


def test_a_decision_that_withholds_is_read_as_it_was_written():
    item = Withheld("Bundle.entry[3].resource", Category.HEALTH_MENTAL, Code.RD_SENSITIVE, marked=True)
    decision = Decision(Outcome.PERMIT_REDACTED, "P-10", (Code.OK_CONSENT, Code.RD_SENSITIVE), ("c-k/3",), (item,))

    assert read_decision(write_decision(decision)) == decision


@pytest.mark.parametrize(
    "data",
    [
        b'{"outcome":"DENY","stage":"P-8","codes":[]}',
        b'{"outcome":"PERMIT","stage":"P-10","codes":["OK_CONSENT"],'
        b'"withheld":[{"path":"Bundle","category":"DV","code":"RD_SENSITIVE","marked":true}]}',
    ],
)
def test_a_decision_that_the_model_forbids_is_refused(data):
    with pytest.raises(MessageRejected):
        read_decision(data)


def test_equal_facts_give_equal_bytes_whatever_zone_and_order_they_came_in():
    facts = read_facts(EXAMPLE)
    (subject,) = facts.subjects.values()
    consent = subject.consents[0]
    ticks = sorted(consent.explained)
    other = replace(consent, explained=frozenset(reversed(ticks)))
    moved = replace(
        facts,
        at=facts.at.astimezone(timezone(timedelta(hours=9))),
        subjects={"s-1": replace(subject, consents=(other,))},
    )

    assert write_facts(moved) == write_facts(facts)


def test_what_has_its_default_is_left_out_and_keys_are_sorted():
    pack, party = PackFacts("ca-on", 1), Party("a")
    message = Message("ReferralRequest", "add-service-request", Purpose.REFERRAL, (), None)

    document = write_facts(Facts(datetime(2025, 6, 1, 16, tzinfo=UTC), pack, party, party, message, None))

    assert document == (
        b'{"at":"2025-06-01T16:00:00+00:00",'
        b'"message":{"event":"add-service-request","items":[],"purpose":"REFERRAL","subject":null,'
        b'"type":"ReferralRequest"},'
        b'"pack":{"pack":"ca-on","version":1},"profile":null,"recipient":{"agency":"a"},"sender":{"agency":"a"}}'
    )


def test_an_empty_list_is_not_taken_for_none():
    facts = read_facts(changed(("message", "required"), []))

    assert facts.message.required == ()
    assert read_facts(write_facts(facts)).message.required == ()


def test_an_instant_without_offset_or_an_endless_age_is_never_written():
    facts = read_facts(EXAMPLE)

    with pytest.raises(AssertionError):
        write_facts(replace(facts, at=facts.at.replace(tzinfo=None)))
    with pytest.raises(AssertionError):
        write_facts(replace(facts, system=SystemFacts(decision_age_s=float("inf"))))


@pytest.mark.parametrize(
    ("data", "where"),
    [
        pytest.param(b"", "facts", id="nothing"),
        pytest.param(b"\xff{}", "facts", id="no UTF-8"),
        pytest.param(b"[]", "facts", id="no object"),
        pytest.param(b"{},{}", "facts", id="two documents"),
        pytest.param(b"[" * 100_000, "facts", id="endless nesting"),
        pytest.param(EXAMPLE[:-3], "facts", id="cut off"),
        pytest.param(without("at"), "facts.at", id="an element missing"),
        pytest.param(without(*CONSENT, "state"), "facts.subjects.*.consents[0].state", id="missing far below"),
        pytest.param(changed(("override",), {}), "facts.override.override_id", id="an override that says nothing"),
        pytest.param(changed((MARK,), 1), "facts.*", id="an unknown key"),
        pytest.param(changed((*CONSENT, MARK), 1), "facts.subjects.*.consents[0].*", id="an unknown key far below"),
        pytest.param(changed((*CONSENT, "state"), MARK), "facts.subjects.*.consents[0].state", id="an unknown word"),
        pytest.param(changed(("message", "purpose"), "referral"), "facts.message.purpose", id="the wrong letters"),
        pytest.param(changed(("message", "items"), None), "facts.message.items", id="null for a list"),
        pytest.param(changed(("message", "case_closed"), 1), "facts.message.case_closed", id="a number for yes"),
        pytest.param(changed(("pack", "version"), "1"), "facts.pack.version", id="a text for a number"),
        pytest.param(changed(("pack", "version"), 1.5), "facts.pack.version", id="half a version"),
        pytest.param(changed(("pack", "pack"), 7), "facts.pack.pack", id="a number for a text"),
        pytest.param(changed(("at",), "2025-06-01T12:00:00"), "facts.at", id="no offset"),
        pytest.param(changed(("at",), "2025-06-01"), "facts.at", id="a day for an instant"),
        pytest.param(changed(("at",), 1_748_793_600), "facts.at", id="a number for an instant"),
        pytest.param(
            changed((*CONSENT, "expires_at"), "2026-01-11T00:00:00"),
            "facts.subjects.*.consents[0].expires_at",
            id="no offset far below",
        ),
        pytest.param(
            changed(("system", "decision_age_s"), float("nan")), "facts.system.decision_age_s", id="no age at all"
        ),
        pytest.param(
            changed(("system", "decision_age_s"), MARK).replace(f'"{MARK}"'.encode(), b"1e999"),
            "facts.system.decision_age_s",
            id="an endless age",
        ),
        pytest.param(EXAMPLE.replace(b"{", b'{"at": 1,', 1), "facts.at", id="a key twice"),
        pytest.param(
            EXAMPLE.replace(b'"state"', b'"state": "WITHDRAWN", "state"', 1),
            "facts.subjects.*.consents[0].state",
            id="a state twice: a withdrawal is not overwritten",
        ),
        pytest.param(EXAMPLE.replace(b'"s-1": {', b'"s-1": {}, "s-1": {', 1), "facts.subjects.*", id="a person twice"),
    ],
)
def test_what_is_not_a_facts_document_is_refused_with_its_path(data, where):
    with pytest.raises(MessageRejected) as refusal:
        read_facts(data)

    assert refusal.value.where == where
    assert refusal.value.got
    assert refusal.value.next_step


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for name, part in inner for deeper in _paths(part, (*path, name)))]


PATHS = _paths(json.loads(EXAMPLE))[1:]


@pytest.mark.parametrize("value", [MARK, {MARK: MARK}, [MARK]], ids=["text", "object", "array"])
def test_inv_1_no_value_of_a_refused_document_is_in_the_text(value):
    texts = [text for path in PATHS if (text := refusal_of(changed(path, value)))]

    assert len(texts) > len(PATHS) / 3
    assert not [text for text in texts if "Zora" in text or "Invented" in text]


def test_the_schema_and_the_reader_agree_on_every_changed_element():
    validator = jsonschema_rs.Draft202012Validator(facts_schema())
    for path in PATHS:
        for value in (None, "DENY", 1, True, {}, []):
            data = changed(path, value)
            valid = validator.is_valid(json.loads(data))
            # the schema does not look into the form of a day or an instant: there the reader is the stricter
            if valid and path[-1] in {"at", "valid_from", "expires_at", "captured_at", "signed_on"}:
                continue
            assert valid == (refusal_of(data) is None), path


def test_a_document_with_a_local_offset_is_the_same_instant():
    facts = read_facts(changed(("at",), "2025-06-01T12:00:00-04:00"))

    assert facts.at == datetime(2025, 6, 1, 16, tzinfo=UTC)
    assert isinstance(facts.subjects["s-1"].consents[0], Consent)
