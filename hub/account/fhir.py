"""Entries of the log as FHIR R4: AuditEvents in the shapes of IHE BALP 1.1, Provenance for overrides. Pure.

Standard: IHE ITI BALP, profiles AuthZconsent, PrivacyDisclosure.Source and .Recipient; shared model 10, 11 and 13.3.

- They are views: the entry is the proof. Each has the id of its entry, and a word for which view of it this is.
- The person is the alias of the agency that reads, a consent that agency's number of it: never the registry's own.
- No worker is named: whoever asked is the agency that sent, or the hub's gate where even that is not told.
- An agency that may not be named is the hub's relay, and so is its system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from consent.model.words import Code, Outcome, Purpose
from hub.account.disclosure import (
    Disclosure,
    Reader,
    Said,
    consents_of,
    override_of,
    seen_by,
    told_codes,
    told_outcome,
)
from hub.model.audit import NO_PURPOSE, AuditEvent
from hub.model.codes import ACT_REASON, ACT_REASON_OF_PURPOSE, CODE_SYSTEM, HUB, PURPOSE, REASON_CODE, kebab
from hub.model.directory import RELAY
from hub.model.fhir import Resource, coding, concept

PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit"
AUTHZ = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
RESOURCE_TYPE = "http://hl7.org/fhir/resource-types"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ROLE_CLASS = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
SECURITY_ROLE = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
PROVENANCE_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
AUDIT_SUBTYPE = f"{CODE_SYSTEM}/hub-audit-subtype"
OVERRIDE_REASON = f"{CODE_SYSTEM}/duty-of-care-override-reason"
POLICY = f"{HUB.removesuffix('/fhir')}/policy/duty-of-care"

GATE = {"reference": "Device/hub-gate"}
_SITE = HUB.removesuffix("/fhir")
_SUCCESS, _REFUSED = "0", "8"  # R4: AuditEvent.outcome is a code
_STARTED, _STOPPED = "110127", "110138"
_OVERRIDES = {  # shared model 10
    Code.OV_CHILD: "OVRTPS",
    Code.OV_SELF_HARM: "OVRER",
    Code.OV_HARM_OTHERS: "OVRTPS",
    Code.OV_UNCONSCIOUS: "OVRINCOMP",
    Code.OV_STATUTORY: "OVRTPS",
}
_ABOUT_CONSENT = frozenset(  # the noes that say something of the client's own word alone; others tell of dangers
    {
        *(Code.DN_NO_CONSENT, Code.DN_NOT_YET_VALID, Code.DN_EXPIRED, Code.DN_WITHDRAWN, Code.DN_PENDING),
        *(Code.DN_SUPERSEDED, Code.DN_SUSPENDED, Code.DN_DIRECTIVE, Code.DN_RECIPIENT, Code.DN_PURPOSE),
        *(Code.DN_REQUIRED_BLOCKED, Code.DN_RECORD_INCOMPLETE, Code.DN_VERBAL_LAPSED, Code.DN_WRITTEN_REQUIRED),
    }
)


@dataclass(frozen=True, slots=True)
class Face:
    """As what the person and their consents are shown.

    Args:
        alias: the reading agency's own of the person.
        numbers: consent id -> the reading agency's number of it.
    """

    reader: Reader
    alias: str
    numbers: Mapping[str, str] = field(default_factory=dict)


def bundle(entries: Iterable[Said], found: Sequence[Disclosure], face: Face) -> Resource:
    """What an accounting lists, as a searchset: each disclosure with the decision and the arrival that belong to it,
    overrides with their beginning, end and Provenance; and refusals that rest on the client's own word.

    Args:
        entries: all that the log says about the person.
        found: what of it is told.
    """
    said = list(entries)
    told = {each.override_id for each in found if each.override_id}
    resources = [resource for each in found for resource in _of_disclosure(each, face)]
    resources += [decision(entry, face) for entry in said if _is_told_refusal(entry, face.reader)]
    for entry in said:
        if override_of(entry) in told and entry["id"] not in face.reader.withheld:
            if entry["event_type"] == AuditEvent.OVERRIDE_DECLARED:
                resources.append(override_started(entry, face))
            elif entry["event_type"] == AuditEvent.OVERRIDE_ENDED:
                resources.append(override_stopped(entry, face))
    resources.sort(key=lambda resource: (resource["recorded"], resource["id"]))
    return {"resourceType": "Bundle", "type": "searchset", "entry": [_match(resource) for resource in resources]}


def decision(entry: Said, face: Face) -> Resource:
    """An answer of a gate: AuthZconsent, permit or deny; one without a consent claims no profile."""
    permits, consents = str(entry["outcome"]).startswith(Outcome.PERMIT), consents_of(entry)
    codes = told_codes(entry)
    sender, recipient = face.reader.name(entry["sender"]), face.reader.name(entry["recipient"])
    subtype = [coding(AUTHZ, "AuthZ-Consent")]
    if not consents:
        subtype.append(coding(REASON_CODE, codes[0].value))
    user = {"type": _one(PARTICIPATION, "IRCP"), "who": _organization(recipient), "requestor": True}
    return {
        **_event(entry, "decision", "AuthZconsent" if consents else None),
        "type": coding(DCM, "110113", "Security Alert"),
        "subtype": subtype,
        "action": "E",
        "outcome": _SUCCESS if permits else _REFUSED,
        "outcomeDesc": " ".join((told_outcome(entry).value, *(code.value for code in codes))),
        "purposeOfEvent": _purposes(entry),
        "agent": [
            {
                "type": _one(DCM, "110150", "Application"),
                "who": _system(entry, hidden=RELAY in (sender, recipient)),
                "requestor": False,
                "network": _address(recipient),
            },
            user,
            {"type": _one(ROLE_CLASS, "PROV"), "who": _organization(recipient), "requestor": False},
            {"type": _one(SECURITY_ROLE, "authserver"), "who": GATE, "requestor": False},
        ],
        "source": _source("6"),  # a security server
        "entity": [_patient(face), *(_consent(*consent, face) for consent in consents)],
    }


def disclosed_at_source(each: Disclosure, face: Face) -> Resource:
    """A disclosure as the hub, its source, saw it: BALP PrivacyDisclosure.Source (shared model 13.3)."""
    asked = _organization(each.sender) if each.sender else GATE
    return {
        **_event(each.opened, "source", "PrivacyDisclosure.Source"),
        "type": coding(DCM, "110106", "Export"),
        "subtype": _disclosing(each),
        "action": "R",
        "outcome": _SUCCESS,
        "outcomeDesc": _desc(each),
        "purposeOfEvent": _purposes(each.opened, each.reason),
        "agent": [*_ends_of(GATE, _host(), each.recipient), _asking(asked, each)],
        "source": _source("4"),  # an application server
        "entity": [_patient(face), _data(each)],
    }


def disclosed_at_recipient(each: Disclosure, face: Face) -> Resource:
    """The same as its recipient's system saw it, which has acknowledged it: BALP PrivacyDisclosure.Recipient."""
    assert each.ack is not None, "only what was acknowledged has a recipient that says so"
    asked = _organization(each.sender) if each.sender else GATE
    observer = _organization(each.recipient)
    return {
        **_event(each.ack, "recipient", "PrivacyDisclosure.Recipient"),
        "type": coding(DCM, "110107", "Import"),
        "subtype": _disclosing(each),
        "action": "C",
        "outcome": _SUCCESS,
        "outcomeDesc": _desc(each),
        "purposeOfEvent": _purposes(each.opened, each.reason),
        "agent": [*_ends_of(GATE, _host(), each.recipient), _asking(asked, each)],
        "source": {**_source("4"), "observer": observer},
        "entity": [_patient(face), _data(each)],
    }


def override_started(entry: Said, face: Face) -> Resource:
    """An override was declared (shared model 10, A)."""
    return _override(entry, face, _STARTED, "Emergency Override Started")


def override_stopped(entry: Said, face: Face) -> Resource:
    """Its grant is over (settled S40)."""
    return _override(entry, face, _STOPPED, "Emergency Override Stopped")


def provenance(each: Disclosure) -> Resource:
    """Why an override's message was made, and on what it rests: the justification itself is sealed in the hub."""
    who = _organization(each.sender) if each.sender else GATE
    return {
        "resourceType": "Provenance",
        "id": f"{each.opened['id']}.provenance",
        "target": [{"reference": f"Bundle/{each.opened['message_id']}"}],
        "recorded": each.opened["recorded_at"],
        "policy": [POLICY],
        "reason": [_override_reason(each.reason, each.code)],
        "activity": _one(LIFECYCLE, "disclose"),
        "agent": [{"type": _one(PROVENANCE_AGENT, "author"), "who": who}],
        "entity": [
            {"role": "source", "what": {"identifier": {"system": f"{_SITE}/id/override", "value": each.override_id}}}
        ],
    }


def _of_disclosure(each: Disclosure, face: Face) -> list[Resource]:
    found = [disclosed_at_source(each, face)]
    if each.override_id:
        found.append(provenance(each))
    else:
        found.append(decision(each.opened, face))
    if each.ack is not None:
        found.append(disclosed_at_recipient(each, face))
    return found


def _is_told_refusal(entry: Said, reader: Reader) -> bool:
    """A no that rests on the client's own word. A sender's no is nobody else's to know (consent rules 5)."""
    if entry["event_type"] not in (AuditEvent.DECISION, AuditEvent.DELIVERY) or entry["outcome"] != Outcome.DENY:
        return False
    mine = reader.agency is None or reader.agency == entry["sender"]
    asks = all(Code(word) in _ABOUT_CONSENT or word.startswith("RD_") for word in entry["codes"])
    guarded = entry["recipient"] in reader.guarding
    return mine and asks and not guarded and not entry.get("taken_back") and seen_by(entry, reader)


def _event(entry: Said, view: str, profile: str | None) -> Resource:
    claimed = {"meta": {"profile": [f"{PROFILE}.{profile}"]}} if profile else {}
    return {"resourceType": "AuditEvent", "id": f"{entry['id']}.{view}", **claimed, "recorded": entry["recorded_at"]}


def _override(entry: Said, face: Face, code: str, display: str) -> Resource:
    return {
        **_event(entry, "override", None),
        "type": coding(DCM, "110113", "Security Alert"),
        "subtype": [
            coding(DCM, code, display),
            coding(AUDIT_SUBTYPE, "duty-of-care-override"),
        ],
        "action": "E",
        "outcome": _SUCCESS,
        "agent": [{"type": _one(PARTICIPATION, "AUT"), "who": GATE, "requestor": True}],
        "source": _source("6"),
        "entity": [_patient(face)],
    }


def _disclosing(each: Disclosure) -> list[Resource]:
    own = coding(LIFECYCLE, "disclose", "Disclose Record Lifecycle Event")
    return [own, *([coding(AUDIT_SUBTYPE, "duty-of-care-override")] if each.override_id else [])]


def _desc(each: Disclosure) -> str:
    return " ".join((each.outcome.value, *(code.value for code in told_codes(each.opened))))


def _ends_of(source: Resource, address: Resource, recipient: str) -> list[Resource]:
    """The two agents that every disclosure has."""
    return [
        {"type": _one(DCM, "110153", "Source Role ID"), "who": source, "requestor": False, "network": address},
        {
            "type": _one(DCM, "110152", "Destination Role ID"),
            "who": _organization(recipient),
            "requestor": False,
            "network": _address(recipient),
        },
    ]


def _asking(who: Resource, each: Disclosure) -> Resource:
    policy = {"policy": [POLICY]} if each.override_id else {}
    return {"type": _one(PARTICIPATION, "AUT"), "who": who, "requestor": True, **policy}


def _source(kind: str) -> Resource:
    return {"site": "hub", "observer": GATE, "type": [coding(SOURCE_TYPE, kind)]}


def _patient(face: Face) -> Resource:
    what = {"reference": f"Patient/{face.alias}"}
    return {"what": what, "type": coding(ENTITY_TYPE, "1"), "role": coding(ENTITY_ROLE, "1")}


def _consent(consent_id: str, version: int, face: Face) -> Resource:
    what = {"reference": f"Consent/{face.numbers[consent_id]}/_history/{version}"}
    return {"what": what, "type": coding(RESOURCE_TYPE, "Consent")}


def _data(each: Disclosure) -> Resource:
    """What left: the message, and which categories it held. Never what they said."""
    return {
        "what": {"reference": f"Bundle/{each.opened['message_id']}"},
        "type": coding(ENTITY_TYPE, "2"),
        "role": coding(ENTITY_ROLE, "3"),
        "detail": [
            {"type": "decision-id", "valueString": each.opened["decision_id"]},
            {
                "type": "categories-disclosed",
                "valueString": ",".join(kebab(word) for word in each.categories) or "none",
            },
            {"type": "fate", "valueString": kebab(each.fate)},
        ],
    }


def _purposes(entry: Said, reason: str | None = None) -> list[Resource]:
    if entry["purpose"] == NO_PURPOSE:
        return []
    purpose = Purpose(entry["purpose"])
    codings = [coding(PURPOSE, kebab(purpose))]
    if partners := ACT_REASON_OF_PURPOSE.get(purpose):
        codings.append(coding(ACT_REASON, partners))
    override = next((Code(word) for word in entry["codes"] if word.startswith("OV_")), None)
    return [concept(*codings), *([_override_reason(reason, override)] if override else [])]


def _override_reason(declared: str | None, code: Code) -> Resource:
    """The reason code of consent rules 3.2 where the log says it, else the code of the danger."""
    local = coding(OVERRIDE_REASON, declared) if declared else coding(REASON_CODE, code.value)
    return concept(local, coding(ACT_REASON, _OVERRIDES[code]))


def _system(entry: Said, *, hidden: bool) -> Resource:
    """The system that asked: at gate 1 the sender's, at gate 2 the recipient's."""
    named = entry.get("system") or str(entry.get("source", "")).partition("/")[0]
    return {"reference": f"Device/{named}"} if named and not hidden else GATE


def _organization(agency: str) -> Resource:
    return {"reference": f"Organization/{agency}"}


def _address(agency: str) -> Resource:
    return {"address": f"{_SITE}/agency/{agency}", "type": "5"}  # a URI


def _host() -> Resource:
    return {"address": _SITE, "type": "5"}


def _one(system: str, code: str, display: str = "") -> Resource:
    return concept(coding(system, code, display))


def _match(resource: Resource) -> Resource:
    full = f"{HUB}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": full, "resource": resource, "search": {"mode": "match"}}
