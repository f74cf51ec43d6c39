"""What of a released message is kept: codes, dates and numbers, and nothing that somebody wrote."""

from __future__ import annotations

from typing import Any

import pytest

from hub.exchange.kept import kept
from hub.model import codes
from hub.model.fhir import Resource, coding, concept

PLAC = concept(coding(codes.IDENTIFIER_TYPE, "PLAC"))
FILL = concept(coding(codes.IDENTIFIER_TYPE, "FILL"))
OWN = {"system": "https://hub.example.org/id/harbour/referral", "value": "HT-12/7"}
REQUEST: Resource = {
    "resourceType": "ServiceRequest",
    "identifier": [{"type": PLAC, **OWN}, {"system": codes.ID_REFERRAL, "value": "ABCDEFGHIJKL"}],
    "intent": "order",
    "category": [concept(coding(codes.PROGRAM_STREAM, "newcomer"))],
    "priority": "urgent",
    "code": concept(coding(codes.SERVICE_WANTED, "housing")),
    "authoredOn": "2026-05-04T09:00:00-04:00",
    "replaces": [{"reference": "ServiceRequest/ZYXWVUTSRQPO"}],
    "basedOn": [{"identifier": {"system": codes.ID_REFERRAL, "value": "MNOPQRSTUVWX"}}, {"reference": "CarePlan/1"}],
    "reasonCode": [{"text": "Wantsmark"}],
    "note": [{"text": "Wantsmark"}],
    "orderDetail": [concept(coding("https://hub.example.org", "Wantsmark"))],
}
TASK: Resource = {
    "resourceType": "Task",
    "authoredOn": "2026-05-04",
    "restriction": {"period": {"end": "2026-05-14"}},
    "executionPeriod": {"start": "2026-06-01"},
    "output": [{"valueString": "Wantsmark"}],
    "note": [{"text": "Wantsmark"}],
}
ANSWER: Resource = {"resourceType": "Task", "identifier": [{"type": FILL, **OWN}], "executionPeriod": {}}


def bundle(*found: Resource) -> Resource:
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in found]}


def test_of_a_request_what_both_ends_may_read_again_is_kept() -> None:
    found = kept({}, bundle(REQUEST, TASK), requester=True)

    assert found == {
        "ServiceRequest": {
            "placer": OWN,
            "program": "newcomer",
            "wanted": "housing",
            "priority": "urgent",
            "authoredOn": "2026-05-04T09:00:00-04:00",
            "replaces": ["ZYXWVUTSRQPO"],
            "basedOn": ["MNOPQRSTUVWX"],
        },
        "Task": {"authoredOn": "2026-05-04", "answerBy": "2026-05-14", "starts": "2026-06-01"},
    }


@pytest.mark.parametrize(
    ("changed", "lost"),
    [
        ({"priority": "Zqname"}, "priority"),
        ({"authoredOn": "on Zqname's birthday"}, "authoredOn"),
        ({"authoredOn": "2026-05-04\n"}, "authoredOn"),
        ({"code": concept(coding(codes.SERVICE_WANTED, "Zqname"))}, "wanted"),
        ({"code": concept(coding("https://example.org", "housing"))}, "wanted"),
        ({"category": [concept(coding(codes.PROGRAM_STREAM, "Zqname"))]}, "program"),
        ({"identifier": [{"type": PLAC, **OWN, "value": "Zqname of Elm Street"}]}, "placer"),
        ({"identifier": [{"type": PLAC, **OWN, "system": "no uri"}]}, "placer"),
        ({"replaces": [{"reference": "ServiceRequest/Zqname"}]}, "replaces"),
        ({"basedOn": [{"display": "Zqname"}]}, "basedOn"),
    ],
)
def test_what_has_not_the_form_of_its_element_is_not_kept(changed: dict[str, Any], lost: str) -> None:
    found = kept({}, bundle({**REQUEST, **changed}), requester=True)["ServiceRequest"]

    assert lost not in found
    assert "Zqname" not in str(found)


def test_what_is_never_delivered_comes_from_the_request_as_it_was_written() -> None:
    group = {"system": "https://hub.example.org/id/harbour/group", "value": "G-7"}

    found = kept({}, bundle(REQUEST), requester=True, asked={**REQUEST, "requisition": group})

    assert found["ServiceRequest"]["requisition"] == group


def test_an_answer_adds_its_own_number_and_leaves_what_the_request_said() -> None:
    before = kept({}, bundle(REQUEST, TASK), requester=True)

    found = kept(
        before, bundle({**ANSWER, "authoredOn": "2027-01-01", "executionPeriod": {"end": "2026-07"}}), requester=False
    )

    assert found["ServiceRequest"] == before["ServiceRequest"]
    assert found["Task"] == {"authoredOn": "2026-05-04", "answerBy": "2026-05-14", "filler": OWN, "ends": "2026-07"}
    assert kept(found, bundle({"resourceType": "Task"}), requester=False)["Task"]["filler"] == OWN


def test_a_receiver_writes_nothing_of_the_request() -> None:
    assert kept({}, bundle(REQUEST), requester=False) == {}


def test_a_later_word_of_the_sender_changes_no_date_of_the_request() -> None:
    before = kept({}, bundle(REQUEST, TASK), requester=True)

    assert kept(before, bundle({**TASK, "authoredOn": "2027-01-01"}), requester=True) == before


def test_the_task_that_asks_for_an_end_is_not_the_referrals() -> None:
    abort = {**TASK, "code": concept(coding("http://hl7.org/fhir/CodeSystem/task-code", "abort"))}

    assert kept({}, bundle(abort), requester=True) == {}
