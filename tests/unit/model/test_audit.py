"""What every line of the log must say (consent rules 4.1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hub.model.audit import MUST_SAY, NEEDS_PURPOSE, Actor, AuditEvent, Entry

AT = datetime(2026, 6, 1, 16, 0, 0, 123_456, tzinfo=UTC)
SYSTEM = Actor("system:harbour-cms", agency="harbour", on_behalf_of="harbour")


def details(event: AuditEvent) -> dict[str, object]:
    return {**dict.fromkeys(MUST_SAY[event], "x"), **({"purpose": "REFERRAL"} if event in NEEDS_PURPOSE else {})}


def test_every_kind_of_entry_has_its_list_of_what_it_must_say() -> None:
    assert set(MUST_SAY) == set(AuditEvent)
    assert all(MUST_SAY.values())


@pytest.mark.parametrize(("event", "name"), [(event, name) for event in AuditEvent for name in sorted(MUST_SAY[event])])
def test_an_entry_that_leaves_one_of_them_out_fails_at_once(event: AuditEvent, name: str) -> None:
    said = details(event)
    Entry(event, AT, SYSTEM, said)
    del said[name]

    with pytest.raises(AssertionError, match=name):
        Entry(event, AT, SYSTEM, said)


@pytest.mark.parametrize("event", AuditEvent)
def test_every_entry_says_when_who_and_for_whom(event: AuditEvent) -> None:
    body = json.loads(Entry(event, AT, SYSTEM, details(event)).body("e-1"))

    assert body.keys() == {"id", "event_type", "recorded_at", "actor", *MUST_SAY[event]}
    assert body["recorded_at"] == "2026-06-01T16:00:00.123Z"
    assert body["actor"] == {
        "ref": "system:harbour-cms",
        "role": "system",
        "agency": "harbour",
        "on_behalf_of": "harbour",
    }


def test_nobody_and_a_person_without_an_agency_are_no_actors() -> None:
    for actor in (Actor(""), Actor("w-1", "worker")):
        with pytest.raises(AssertionError):
            Entry(AuditEvent.VIEW, AT, actor, details(AuditEvent.VIEW))


def test_a_disclosure_without_a_purpose_is_a_bug() -> None:
    for event in NEEDS_PURPOSE:
        with pytest.raises(AssertionError, match="purpose"):
            Entry(event, AT, SYSTEM, {**details(event), "purpose": ""})
