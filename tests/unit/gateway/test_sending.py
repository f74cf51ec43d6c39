"""A message is handed in as it is, and what the hub says of it is told plainly."""

from __future__ import annotations

from typing import Any

import pytest

from hub.model.canonical import canonical
from tests.unit.gateway.conftest import Machine
from tests.unit.gateway.twin import TwinHub, message, outcome, response


def sending(machine: Machine, document: Any = None) -> str:
    file = machine.folder / "message.json"
    file.write_bytes(canonical(message() if document is None else document))
    return str(file)


def test_a_message_is_handed_in_byte_for_byte(machine: Machine, twin: TwinHub) -> None:
    said = machine.ok("send", sending(machine))

    assert said.startswith("accepted")
    assert twin.asked[-1].body == canonical(message())
    assert twin.asked[-1].headers["content-type"] == "application/fhir+json"


def test_what_was_withheld_is_said(machine: Machine, twin: TwinHub) -> None:
    issue = {
        "severity": "information",
        "code": "suppressed",
        "details": {"coding": [{"code": "RD_CATEGORY"}]},
        "expression": ["Bundle.entry[3]"],
        "diagnostics": "the consent does not name it",
    }
    twin.answers["/$process-message"] = (200, {}, canonical(response("ok", issue)))

    said = machine.ok("send", sending(machine))

    assert "information: RD_CATEGORY; Bundle.entry[3]; the consent does not name it" in said


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        pytest.param(
            outcome(403, "forbidden", "ask the client", reason="DN_NO_CONSENT", where="Bundle.entry[1]"),
            1,
            "Bundle.entry[1]: got DN_NO_CONSENT; ask the client",
            id="refused",
        ),
        pytest.param((403, {}, b""), 1, "may not do that", id="refused without a word"),
        pytest.param(outcome(503, "transient", "later"), 4, "nothing is lost", id="later"),
        pytest.param(
            (200, {}, canonical(response("transient-error"))), 4, "transient-error", id="later, says a response"
        ),
        pytest.param((200, {}, canonical(response("fatal-error"))), 1, "HTTP 200", id="refused, says a response"),
        pytest.param((200, {}, b"<html>"), 1, "not understood", id="a page of somebody"),
        pytest.param(outcome(413, "too-costly", ""), 1, "send a smaller message", id="too large"),
    ],
)
def test_a_message_that_is_not_accepted(machine: Machine, twin: TwinHub, answer: Any, code: int, why: str) -> None:
    twin.answers["/$process-message"] = answer

    said = machine.refused("send", sending(machine), code=code)

    assert why in said
    document = machine.json("send", sending(machine), code=code)
    assert document["accepted"] is False
    assert document["problems"]


def test_every_fault_of_a_message_is_told_on_one_line_that_steers_nothing(machine: Machine, twin: TwinHub) -> None:
    issues = [
        {
            "severity": "error",
            "code": "required",
            "diagnostics": "a\nb\x1b[2J" + "x" * 900,
            "expression": ["Task.code"],
        },
        {"severity": "error", "code": "value", "diagnostics": "second", "expression": "no list"},
        {"severity": "warning", "code": "value", "diagnostics": "third"},
        "no issue",
    ]
    twin.answers["/$process-message"] = (
        422,
        {},
        canonical({"resourceType": "OperationOutcome", "issue": issues}),
    )

    said = machine.refused("send", sending(machine)).splitlines()

    assert len(said) == 2
    assert said[0].startswith("Task.code: got required; a b [2Jxxx")
    assert len(said[0]) < 500


@pytest.mark.parametrize(
    "document", [{"resourceType": "Bundle", "type": "collection"}, {"resourceType": "Patient"}, []], ids=str
)
def test_what_is_no_message_is_not_sent(machine: Machine, twin: TwinHub, document: Any) -> None:
    assert "a FHIR Bundle of type message" in machine.refused("send", sending(machine, document))
    assert twin.asked == []


def test_a_message_whose_fate_is_unknown_may_be_sent_again(machine: Machine, unstarted: TwinHub) -> None:
    machine.change(base="http://127.0.0.1:9/fhir")

    assert "send the same file again" in machine.refused("send", sending(machine), code=4)
