"""A referral without content as ServiceRequest and Task (shared model 3.11, 6.1; settled S49). Pure.

Rules:
- Both R4 codes follow from the hub's state; while a cancellation is asked for, the Task's is as before.
- Each end's own number is shown to that end alone, the requisition to the sender; of other referrals that are named,
  those of which the reader is a party.
- Of an earlier version what it said itself: the state, its reason and its times; what was kept since is not its.
- Where sharing is suspended: the number and that word, and what R4 demands is masked (FHIR data-absent-reason).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.exchange.complete import TASK_CODE, identifier, instant
from hub.model import codes
from hub.model.fhir import Resource, coding, concept
from hub.model.rows import ReferralEvent, ReferralRow
from hub.referral import STATE_REASONS, TASK_STATUS

SUSPENDED = f"{codes.EXTENSION}/sharing-suspended"
_MASKED = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
_LABELS = [coding(codes.CONFIDENTIALITY, "N"), coding(codes.CATEGORY, "service-status")]
_PATIENT_REFERRAL = coding("http://snomed.info/sct", "3457005", "Patient referral")
_CODE = concept(
    coding(TASK_CODE, "fulfill"),
    coding("http://terminology.hl7.org/CodeSystem/v3-TaskOutcome", "process-request"),
)
# ServiceRequest.status that goes with a state; ``active`` with all others (shared model 6.1)
REQUEST_STATUS: Mapping[str, str] = {
    "draft": "draft",
    "on-hold": "on-hold",
    "loop-closed": "completed",
    "cancelled": "revoked",
    "cancelled-after-start": "revoked",
    "not-completed": "revoked",
    "expired": "revoked",
    "entered-in-error": "entered-in-error",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One version of a referral, as one of its ends may read it.

    Args:
        version: in which it stands; None: nothing has been noted of it yet.
        left: the state before, where a cancellation is asked for.
        sender, recipient: as the reader may know of them.
        alias: the reader's own, of the client; "": not looked up.
        known: numbers of other referrals of which the reader is a party.
        current: the version in which it stands now.
    """

    row: ReferralRow
    version: ReferralEvent | None
    left: str
    reader: str
    sender: str
    recipient: str
    alias: str
    known: frozenset[str] = frozenset()
    current: bool = True

    @property
    def state(self) -> str:
        """The hub's word for how it stands."""
        return self.version.state if self.version else self.row.state

    def kept(self, kind: str) -> Mapping[str, Any]:
        """What was kept for the ends to read again."""
        return self.row.kept.get(kind, {}) if self.current else {}


def spelled(kind: str, told: Told) -> Resource:
    """A referral as one of the two."""
    own = _service_request(told) if kind == "ServiceRequest" else _task(told)
    return {"resourceType": kind, "id": told.row.number, "meta": _meta(told), **_without_none(own)}


def suspended(kind: str, number: str) -> Resource:
    """One of which no more may be told for now than that it is there."""
    masked: Resource = {"_status": _MASKED, "intent": "order"}
    if kind == "ServiceRequest":
        masked["subject"] = _MASKED
    return {
        "resourceType": kind,
        "id": number,
        "extension": [{"url": SUSPENDED, "valueBoolean": True}],
        "identifier": [identifier(codes.ID_REFERRAL, number)],
        **masked,
    }


def is_suspended(resource: Resource) -> bool:
    """Whether it is such a one."""
    return any(each["url"] == SUSPENDED for each in resource.get("extension", ()))


def statuses(state: str, left: str = "") -> Mapping[str, str]:
    """By resource type, the R4 status of a state; ``left``: the state before, while a cancellation is asked for."""
    before = left if state == "cancel-requested" and left in TASK_STATUS else state
    return {"ServiceRequest": REQUEST_STATUS.get(state, "active"), "Task": TASK_STATUS[before]}


def _service_request(told: Told) -> Resource:
    row, kept = told.row, told.kept("ServiceRequest")
    categories = [concept(_PATIENT_REFERRAL)]
    if program := kept.get("program"):
        categories.append(concept(coding(codes.PROGRAM_STREAM, program)))
    wanted = kept.get("wanted") or row.service
    return {
        "identifier": _identifiers(told, kept),
        "basedOn": _others(told, kept.get("basedOn", ())),
        "replaces": _others(told, kept.get("replaces", ())),
        "requisition": kept.get("requisition") if told.reader == row.sender else None,
        "status": statuses(told.state)["ServiceRequest"],
        "intent": "order",
        "category": categories,
        "priority": kept.get("priority"),
        "code": concept(coding(codes.SERVICE_WANTED, wanted)) if wanted else None,
        "subject": _patient(told),
        "authoredOn": kept.get("authoredOn"),
        "requester": organization(told.sender),
        "performer": [organization(told.recipient)],
    }


def _task(told: Told) -> Resource:
    kept, version = told.kept("Task"), told.version
    reason = version.reason if version and version.reason in STATE_REASONS else None
    until, period = kept.get("answerBy"), _period(kept)
    return {
        "identifier": _identifiers(told, kept),
        "basedOn": [_request(told.row.number)],
        "status": statuses(told.state, told.left)["Task"],
        "statusReason": concept(coding(codes.STATE_REASON, reason)) if reason else None,
        "businessStatus": concept(coding(codes.REFERRAL_STATE, told.state)),
        "intent": "order",
        "code": _CODE,
        "focus": _request(told.row.number),
        "for": _patient(told),
        "executionPeriod": period or None,
        "authoredOn": kept.get("authoredOn"),
        "lastModified": (version.modified_at or instant(version.at)) if version else None,
        "requester": organization(told.sender),
        "owner": organization(told.recipient),
        "restriction": {"period": {"end": until}} if until else None,
    }


def _meta(told: Told) -> Resource:
    number = told.version.version if told.version else told.row.version
    at = told.version.at if told.version else told.row.moved_at
    changed = {"lastUpdated": instant(at)} if at else {}
    return {"versionId": str(number), **changed, "security": _LABELS}


def _identifiers(told: Told, kept: Mapping[str, Any]) -> list[Resource]:
    """The hub's number, and the reader's own."""
    kind, own = ("PLAC", "placer") if told.reader == told.row.sender else ("FILL", "filler")
    named = kept.get(own) or told.kept("Task").get(own)
    mine = [{"type": concept(coding(codes.IDENTIFIER_TYPE, kind)), **named}] if named else []
    return [identifier(codes.ID_REFERRAL, told.row.number), *mine]


def _others(told: Told, numbers: list[str]) -> list[Resource] | None:
    return [_request(number) for number in numbers if number in told.known] or None


def _request(number: str) -> Resource:
    return {"reference": f"ServiceRequest/{number}", "identifier": identifier(codes.ID_REFERRAL, number)}


def organization(agency: str) -> Resource:
    """A Reference to an agency, or to the relay."""
    return {"reference": f"Organization/{agency}", "identifier": identifier(codes.ID_AGENCY, agency)}


def _patient(told: Told) -> Resource | None:
    if not told.alias:
        return None
    return {"reference": f"Patient/{told.alias}", "identifier": identifier(codes.ID_CLIENT, told.alias)}


def _period(kept: Mapping[str, Any]) -> Resource:
    ends = {"start": kept.get("starts"), "end": kept.get("ends")}
    return {name: day for name, day in ends.items() if day}


def _without_none(said: Resource) -> Resource:
    return {name: value for name, value in said.items() if value is not None}
