"""Each state as ServiceRequest and Task, word for word as shared model 6.1 has it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.exchange.index.spelling import Told, is_suspended, spelled, statuses, suspended
from hub.model.fhir import Resource
from hub.model.rows import ReferralEvent, ReferralRow
from hub.referral import STATES

AT = datetime(2026, 6, 1, 16, tzinfo=UTC)
OWN = {"system": "https://hub.example.org/id/harbour/referral", "value": "7"}
TABLE = {  # state: ServiceRequest.status, Task.status
    "draft": ("draft", "draft"),
    "requested": ("active", "requested"),
    "received": ("active", "received"),
    "info-needed": ("active", "received"),
    "accepted": ("active", "accepted"),
    "waitlisted": ("active", "accepted"),
    "awaiting-booking": ("active", "in-progress"),
    "booked": ("active", "in-progress"),
    "no-show": ("active", "in-progress"),
    "appointment-cancelled": ("active", "in-progress"),
    "in-service": ("active", "in-progress"),
    "on-hold": ("on-hold", "on-hold"),
    "cancel-requested": ("active", "in-progress"),
    "completed": ("active", "completed"),
    "loop-closed": ("completed", "completed"),
    "declined": ("active", "rejected"),
    "redirected": ("active", "rejected"),
    "cancelled": ("revoked", "cancelled"),
    "cancelled-after-start": ("revoked", "cancelled"),
    "not-completed": ("revoked", "failed"),
    "expired": ("revoked", "cancelled"),
    "entered-in-error": ("entered-in-error", "entered-in-error"),
}


def told(state: str = "accepted", reader: str = "harbour", **changes: object) -> Told:
    row = ReferralRow(
        number="ABCDEFGHIJKL",
        lane="l",
        back_lane="b",
        sender="harbour",
        sender_system="harbour-cms",
        sender_key="/7",
        recipient="lakeside",
        recipient_system="lakeside-cms",
        service="housing",
        subject_ref="s-1",
        consent_id=None,
        state=state,
        version=3,
        kept={
            "ServiceRequest": {"placer": OWN, "requisition": OWN, "replaces": ["MINE", "THEIRS"], "priority": "urgent"},
            "Task": {"filler": OWN, "answerBy": "2026-05-14"},
        },
    )
    event = ReferralEvent(row.number, 3, "T5", state, "R", False, AT, reason="no-capacity")
    fields = {"left": "", "sender": "harbour", "recipient": "lakeside", "alias": "MYALIAS", **changes}
    return Told(row=row, version=event, reader=reader, **fields)  # type: ignore[arg-type]


def test_the_table_has_every_state() -> None:
    assert TABLE.keys() == STATES


@pytest.mark.parametrize(("state", "request_status", "task_status"), [(name, *row) for name, row in TABLE.items()])
def test_both_codes_follow_from_the_state(state: str, request_status: str, task_status: str) -> None:
    request, task = (spelled(kind, told(state)) for kind in ("ServiceRequest", "Task"))

    assert (request["status"], task["status"]) == (request_status, task_status)
    assert task["businessStatus"]["coding"][0]["code"] == state


@pytest.mark.parametrize("left", ["on-hold", "in-service", "accepted"])
def test_while_a_cancellation_is_asked_for_the_task_is_as_it_was(left: str) -> None:
    assert statuses("cancel-requested", left)["Task"] == TABLE[left][1]


def identifiers(resource: Resource) -> list[str]:
    return [each["value"] for each in resource["identifier"]]


def test_each_end_sees_its_own_number_and_the_sender_its_requisition() -> None:
    of_sender, of_receiver = (spelled("ServiceRequest", told(reader=name)) for name in ("harbour", "lakeside"))

    assert identifiers(of_sender) == ["ABCDEFGHIJKL", "7"]
    assert of_sender["requisition"] == OWN
    assert "requisition" not in of_receiver
    assert of_sender["identifier"][1]["type"]["coding"][0]["code"] == "PLAC"
    assert of_receiver["identifier"][1]["type"]["coding"][0]["code"] == "FILL"


def test_of_other_referrals_those_are_named_of_which_the_reader_is_a_party() -> None:
    some, none = (spelled("ServiceRequest", told(known=frozenset(known))) for known in ({"MINE"}, set[str]()))

    assert [each["reference"] for each in some["replaces"]] == ["ServiceRequest/MINE"]
    assert "replaces" not in none


def test_an_earlier_version_says_what_it_said_itself() -> None:
    task = spelled("Task", told("received", current=False))
    request = spelled("ServiceRequest", told("received", current=False))

    assert task["status"] == "received"
    assert task["meta"]["versionId"] == "3"
    assert "restriction" not in task
    assert "priority" not in request
    assert identifiers(task) == ["ABCDEFGHIJKL"]


def test_one_that_is_suspended_is_a_number_and_a_word() -> None:
    task = suspended("Task", "ABCDEFGHIJKL")

    assert is_suspended(task)
    assert not is_suspended(spelled("Task", told()))
    assert task.keys() == {"resourceType", "id", "extension", "identifier", "_status", "intent"}


def test_one_of_before_the_index_has_what_its_row_has() -> None:
    row = told().row
    bare = ReferralRow(**{**{name: getattr(row, name) for name in row.__slots__}, "kept": {}})

    request = spelled("ServiceRequest", Told(bare, None, "", "harbour", "harbour", "lakeside", "A"))

    assert request["code"]["coding"][0]["code"] == "housing"
    assert "priority" not in request
    assert request["meta"]["versionId"] == "3"
