"""What of a message that was let go is kept for its parties to read again (settled S49). Pure.

A closed list: codes of known lists, dates, and numbers that the reader's own system gave. No reason, output, note,
detail of an order, worker or text. What is not of the form that its element has is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hub.directory import PROGRAMS, SERVICE_WANTED
from hub.exchange.complete import TASK_CODE
from hub.model import codes
from hub.model.fhir import Resource, code_in, resources

Kept = Mapping[str, Mapping[str, Any]]
"""Resource type -> element -> value."""

PRIORITIES = frozenset({"routine", "urgent", "asap", "stat"})
NUMBERS_MAX = 10  # [policy] referrals that one names as replaced, or as what it is based on
_DATE = re.compile(  # R4 dateTime
    r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII
)
_NUMBER = re.compile(r"[A-Z2-7]{12}")  # of the hub
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}")  # of an agency's system, for itself alone: no sentence
_SYSTEM = re.compile(r"(https?://|urn:)[A-Za-z0-9._~:/#%-]{1,200}")


def kept(before: Kept, content: Resource, *, requester: bool, asked: Resource | None = None) -> Kept:
    """What is kept after a message, given what was before it.

    Args:
        content: the Bundle as released.
        requester: whether it comes from who sent the referral; else from who received it.
        asked: the ServiceRequest as its sender wrote it, for what is kept and never delivered (``requisition``).
    """
    found = {kind: dict(own) for kind, own in before.items()}
    whole = any(resources(content, "ServiceRequest"))
    for resource in resources(content):
        match resource["resourceType"]:
            case "ServiceRequest" if requester:
                found["ServiceRequest"] = _request(resource, asked or resource)
            case "Task" if code_in(resource.get("code"), TASK_CODE) != "abort":
                said = _own_task(resource, whole=whole) if requester else _answer(resource)
                found["Task"] = _without_none({**found.get("Task", {}), **said})
    return {kind: own for kind, own in found.items() if own}


def _request(resource: Resource, asked: Resource) -> dict[str, Any]:
    categories = [code_in(each, codes.PROGRAM_STREAM) for each in resource.get("category", ())]
    said = {
        "placer": _identifier(resource, "PLAC"),
        "program": next((each for each in categories if each in PROGRAMS), None),
        "wanted": _one_of(code_in(resource.get("code"), codes.SERVICE_WANTED), SERVICE_WANTED),
        "priority": _one_of(resource.get("priority"), PRIORITIES),
        "authoredOn": _date(resource.get("authoredOn")),
        "requisition": _named(asked.get("requisition")),
        "replaces": _numbers(resource.get("replaces", ())) or None,
        "basedOn": _numbers(resource.get("basedOn", ())) or None,
    }
    return _without_none(said)


def _own_task(resource: Resource, *, whole: bool) -> dict[str, Any]:
    """Of who asks. Its dates are those of the request: in a later word of it the exchange may have put others.

    Args:
        whole: the request is in the message.
    """
    said: dict[str, Any] = {"placer": _identifier(resource, "PLAC")}
    if whole:
        said |= {
            "authoredOn": _date(resource.get("authoredOn")),
            "answerBy": _date(resource.get("restriction", {}).get("period", {}).get("end")),
            **_execution(resource),
        }
    return _without_none(said)


def _answer(resource: Resource) -> dict[str, Any]:
    """Of who is asked: its own number, and when the service is. What the request said of days stands."""
    return {**_without_none({"filler": _identifier(resource, "FILL")}), **_execution(resource)}


def _execution(resource: Resource) -> dict[str, Any]:
    period = resource.get("executionPeriod", {})
    return {"starts": _date(period.get("start")), "ends": _date(period.get("end"))}


def _identifier(resource: Resource, kind: str) -> Resource | None:
    """The first identifier of a type that has the form of one."""
    for each in resource.get("identifier", ()):
        if code_in(each.get("type"), codes.IDENTIFIER_TYPE) == kind and (found := _named(each)):
            return found
    return None


def _named(identifier: Any) -> Resource | None:
    if not isinstance(identifier, dict):
        return None
    system, value = str(identifier.get("system", "")), str(identifier.get("value", ""))
    return {"system": system, "value": value} if _SYSTEM.fullmatch(system) and _VALUE.fullmatch(value) else None


def _numbers(references: Iterable[Resource]) -> list[str]:
    """The hub's numbers of the referrals that are named, by reference or by identifier."""
    found = []
    for each in references:
        by = each.get("identifier", {})
        named = by.get("value", "") if by.get("system") == codes.ID_REFERRAL else ""
        kind, _, number = str(each.get("reference", "")).rpartition("/")
        number = named or (number if kind.endswith("ServiceRequest") else "")
        if _NUMBER.fullmatch(number):
            found.append(number)
    return list(dict.fromkeys(found))[:NUMBERS_MAX]


def _date(text: Any) -> str | None:
    return text if isinstance(text, str) and _DATE.fullmatch(text) else None


def _one_of(code: Any, known: Iterable[str]) -> str | None:
    return code if isinstance(code, str) and code in known else None


def _without_none(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
