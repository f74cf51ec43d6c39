"""Write ``r4.json``: the strict schema of a message Bundle, from the R4B models of fhir.resources.

A developer's tool, never run by the hub: ``python -m schemas.fhir.generate``. The models give types, cardinalities,
code lists and choice groups; this file says which elements may travel at all (shared model 3 and 7: an element that
nobody has classified is refused), where the hub is stricter than R4, and which code lists the models cut short.

What R4 allows and this schema does not: ``contained`` (it cannot carry a label, dom-5), ``modifierExtension`` and
``implicitRules`` (they change what is read), ``_field`` extensions save ``_birthDate``, element ids, attachments save
the plain text of a DocumentReference, free narrative and extensions in the directory resources that carry no label,
empty strings, arrays and objects.
It does not check references or labels: ``hub/exchange/label.py`` does.
"""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from fhir.resources.R4B import get_fhir_model_class

Schema = dict[str, Any]

R4_JSON = Path(__file__).with_name("r4.json")

# Resources whose data is nobody's: exempt from labels (shared model 5). Their free text stays out of the schema.
DIRECTORY = ["Organization", "PractitionerRole", "Practitioner", "Location", "HealthcareService", "Provenance"]
LABELLED = [
    *("ServiceRequest", "Task", "Patient", "Observation", "Condition", "Appointment"),
    *("CarePlan", "Goal", "DocumentReference", "EpisodeOfCare", "Encounter", "Procedure", "RelatedPerson"),
    "Communication",
]
OTHERS = ["OperationOutcome", "Basic"]

# Type -> elements, in the order of R4. ``name=1..1`` is the hub's cardinality where it is stricter than R4's.
ELEMENTS = {
    "Bundle": "id=1..1 meta=1..1 identifier=1..1 type timestamp=1..1 entry=1..*",
    "MessageHeader": "id=1..1 meta extension eventCoding=1..1 destination=1..1 sender=1..1 author source reason=1..1 "
    "response focus=1..* definition=1..1",
    "MessageHeaderDestination": "name endpoint receiver",
    "MessageHeaderSource": "name software version endpoint",
    "MessageHeaderResponse": "identifier code details",
    "ServiceRequest": "id=1..1 meta=1..1 text extension identifier=1..* status intent category=2..* priority=1..1 "
    "code=1..1 orderDetail subject occurrenceDateTime occurrencePeriod authoredOn=1..1 requester=1..1 performer=1..1 "
    "reasonCode reasonReference supportingInfo note patientInstruction",
    "Task": "id=1..1 meta=1..1 text extension identifier=1..* basedOn=1..1 partOf status statusReason "
    "businessStatus intent priority code=1..1 focus=1..1 for=1..1 executionPeriod authoredOn=1..1 "
    "lastModified=1..1 requester=1..1 owner=1..1 reasonCode reasonReference note restriction=1..1 input output",
    "TaskRestriction": "period=1..1",
    "TaskInput": "type valueBoolean valueCode valueDate valueDateTime valueString valueCodeableConcept valueReference",
    "TaskOutput": "type valueBoolean valueCode valueDate valueDateTime valueString valueCodeableConcept valueReference",
    "Patient": "id=1..1 meta=1..1 text extension identifier=1..* active=1..1 name telecom gender birthDate _birthDate "
    "deceasedBoolean deceasedDateTime address maritalStatus contact communication link",
    "PatientContact": "relationship name telecom address gender organization period",
    "PatientCommunication": "language preferred",
    "PatientLink": "other type",
    "Observation": "id=1..1 meta=1..1 text extension identifier basedOn status category code subject=1..1 focus "
    "effectiveDateTime effectivePeriod issued performer valueCodeableConcept valueString valueBoolean valueInteger "
    "valueDateTime valuePeriod dataAbsentReason note method derivedFrom component",
    "ObservationComponent": "code valueQuantity valueCodeableConcept valueString valueBoolean valueInteger "
    "valueDateTime valuePeriod dataAbsentReason",
    "Condition": "id=1..1 meta=1..1 text extension identifier clinicalStatus verificationStatus category code=1..1 "
    "subject recordedDate recorder asserter evidence note",
    "ConditionEvidence": "code detail",
    # who it is has no place: what is said is the client's, that there is a child, say (C-75)
    "RelatedPerson": "id=1..1 meta=1..1 extension identifier active patient=1..1 relationship=1..1 period",
    "Appointment": "id=1..1 meta=1..1 text extension identifier status cancelationReason serviceType reasonCode "
    "reasonReference start end created patientInstruction basedOn=1..1 participant=2..*",
    "AppointmentParticipant": "type actor required status",
    "CarePlan": "id=1..1 meta=1..1 text extension identifier replaces status intent category=1..1 subject period "
    "created author contributor addresses goal=1..* supportingInfo activity note",
    "CarePlanActivity": "progress detail=1..1",
    "CarePlanActivityDetail": "extension goal status=1..1 scheduledPeriod performer description=1..1",
    "Goal": "id=1..1 meta=1..1 text extension identifier lifecycleStatus achievementStatus category priority "
    "description subject startDate target statusDate expressedBy addresses note",
    "GoalTarget": "measure dueDate",
    "DocumentReference": "id=1..1 meta=1..1 text extension masterIdentifier=1..1 identifier status docStatus=1..1 "
    "type=1..1 category subject=1..1 date author=1..* authenticator custodian relatesTo content=1..1 context",
    "DocumentReferenceRelatesTo": "code target",
    "DocumentReferenceContent": "attachment",
    "DocumentReferenceContext": "encounter period",
    "Attachment": "contentType=1..1 language data=1..1 hash=1..1",
    "EpisodeOfCare": "id=1..1 meta=1..1 text extension identifier status type=1..1 patient managingOrganization "
    "period=1..1 referralRequest careManager",
    "Encounter": "id=1..1 meta=1..1 text extension identifier status class serviceType subject=1..1 episodeOfCare "
    "basedOn participant appointment period=1..1 length location serviceProvider",
    "EncounterParticipant": "type individual",
    "EncounterLocation": "location",
    "Procedure": "id=1..1 meta=1..1 text extension identifier basedOn status category code=1..1 subject encounter "
    "performedDateTime performedPeriod performer reasonReference outcome note",
    "ProcedurePerformer": "actor onBehalfOf",
    "Communication": "id=1..1 meta=1..1 identifier status category=1..1 subject=1..1 sent sender=1..1 recipient "
    "reasonCode=1..1 payload",
    "CommunicationPayload": "contentString",
    "Duration": "value=1..1 unit system code",
    "Quantity": "value=1..1 unit system code",
    "Organization": "id=1..1 meta identifier=1..* active=1..1 type=1..* name=1..1 telecom address partOf endpoint",
    "PractitionerRole": "id=1..1 meta identifier active practitioner organization code location healthcareService "
    "telecom",
    "Practitioner": "id=1..1 meta identifier active name telecom",
    "Location": "id=1..1 meta identifier status name type telecom address managingOrganization",
    "HealthcareService": "id=1..1 meta identifier=1..* active=1..1 providedBy=1..1 category type location name telecom "
    "program",
    "Provenance": "id=1..1 meta extension target occurredDateTime occurredPeriod recorded activity agent entity",
    "ProvenanceAgent": "type role who onBehalfOf",
    "ProvenanceEntity": "role what",
    # what a message about nobody holds (P-2); what there is beside its codes is refused by the rules
    "Basic": "id=1..1 meta text extension identifier code=1..1 subject created author",
    "OperationOutcome": "id=1..1 meta issue",
    "OperationOutcomeIssue": "severity code details expression",
    "Meta": "versionId lastUpdated source profile security",
    "Extension": "url valueBoolean valueCode valueDate valueDateTime valueDecimal valueInteger valuePositiveInt "
    "valueString valueCodeableConcept valueCoding valueIdentifier valuePeriod valueReference",
    "Identifier": "use type system=1..1 value=1..1 period assigner",
    "CodeableConcept": "coding text",
    "Coding": "system=1..1 version code=1..1 display",
    "Reference": "reference type identifier display",
    "Period": "start end",
    "HumanName": "use text family given prefix suffix period",
    "ContactPoint": "system=1..1 value=1..1 use rank period",
    "Address": "extension use type text line city district state postalCode country period",
    "Annotation": "authorReference authorString time text",
    "Narrative": "status div",
}

# Lists that the models cut short ("+") or leave out, and where the hub allows fewer than R4.
CODES = {
    "Bundle.type": "message",
    "ServiceRequest.intent": "order",
    "Task.intent": "order",
    "Task.status": "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed "
    "entered-in-error",
    "Observation.status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    "CarePlan.intent": "plan",
    "Encounter.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    "Attachment.contentType": "text/plain",
    "OperationOutcomeIssue.code": "invalid structure required value invariant security login unknown expired forbidden "
    "suppressed processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension "
    "too-costly business-rule conflict transient lock-error no-store exception timeout incomplete throttled "
    "informational",
}

# where a text is what the resource is for, and its category that of the resource (shared model 5)
WORDS = frozenset({"Goal.description"})

_DAY = (  # a day that exists: 31 April and 29 February 2026 do not
    "[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29"
)
_TIME = "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
_PARTIAL = "[1-9][0-9]{3}(?:-(?:0[1-9]|1[0-2]))?"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _pattern(pattern: str) -> Schema:
    return {"type": "string", "pattern": pattern}


PRIMITIVES: dict[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    "string": _pattern("\\S"),
    "markdown": _pattern("\\S"),
    "code": _pattern("^\\S+( \\S+)*$"),
    "id": _pattern("^[A-Za-z0-9.-]{1,64}$"),
    "decimal": {"type": "number"},
    "base64Binary": _pattern("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"),
    "uri": _pattern("^\\S+$"),
    "url": _pattern("^\\S+$"),
    "canonical": _pattern("^\\S+$"),
    "xhtml": _pattern("^<div[ >]"),
    "date": _pattern(f"^(?:{_PARTIAL}|{_DAY})$"),
    "dateTime": _pattern(f"^(?:{_PARTIAL}|(?:{_DAY})(?:{_TIME})?)$"),
    "instant": _pattern(f"^(?:{_DAY}){_TIME}$"),
    "fullUrl": _pattern(
        f"^(?:urn:uuid:{_UUID}|https://hub\\.example\\.org/fhir/[A-Z][A-Za-z]+/[A-Za-z0-9.-]{{1,64}})$"
    ),
}


def generate() -> Schema:
    """Build the schema document; equal models give an equal document."""
    defs: Schema = dict(PRIMITIVES)
    for name in ELEMENTS:
        defs[name] = _definition(name)
    # what carries a client's data says where it is from and how it is labelled (shared model 3.1)
    defs["LabelledMeta"] = {**defs["Meta"], "required": ["source", "security"]}
    # where a code must be, a text may not stand in its place: texts are withheld by themselves (shared model 5)
    defs["CodedConcept"] = {**defs["CodeableConcept"], "required": ["coding"]}
    # an identifier inside a reference inside an identifier … would have no end, and no walk through it either
    plain = {name: part for name, part in defs["Identifier"]["properties"].items() if name != "assigner"}
    defs["PlainIdentifier"] = {**defs["Identifier"], "properties": plain}
    defs["Reference"]["properties"]["identifier"] = {"$ref": "#/$defs/PlainIdentifier"}
    defs["Bundle"]["properties"]["entry"] = {
        "type": "array",
        "minItems": 2,
        "prefixItems": [_entry({"$ref": "#/$defs/MessageHeader"})],
        "items": {"$ref": "#/$defs/BundleEntry"},
    }
    defs["BundleEntry"] = _entry(_one_of_types([*LABELLED, *DIRECTORY, *OTHERS]))
    # a referral's Task says how the referral stands; a review is no step of one (shared model 3.12)
    review = _coding("https://hub.example.org/fhir/CodeSystem/hub-task", "follow-up-review")
    defs["Task"]["properties"]["businessStatus"] = {"$ref": "#/$defs/CodedConcept"}
    defs["Task"] |= {"if": {"not": {"properties": {"code": review}}}, "then": {"required": ["businessStatus"]}}
    defs["Appointment"]["allOf"] = [  # shared model 3.11
        _where("status", "booked", ["start", "end"]),
        _where("status", "cancelled", ["cancelationReason"]),
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://hub.example.org/schemas/fhir/r4.json",
        "title": "A message Bundle of the hub, FHIR R4 (4.0.1)",
        "description": "Generated by schemas/fhir/generate.py. Change that file, not this one.",
        "$ref": "#/$defs/Bundle",
        "$defs": defs,
    }


def _definition(name: str) -> Schema:
    """One resource or data type: its elements, no others, none of them empty."""
    fields = {field.alias: field for field in get_fhir_model_class(name).model_fields.values()}
    properties: Schema = {}
    required: list[str] = []
    choices: dict[str, list[str]] = {}
    is_resource = "resourceType" in fields or name in (*LABELLED, *DIRECTORY, *OTHERS, "Bundle", "MessageHeader")
    if is_resource:
        properties["resourceType"] = {"const": name}
        required.append("resourceType")
    for word in ELEMENTS[name].split():
        element, _, card = word.partition("=")
        if element.startswith("_"):
            properties[element] = _only_extensions()
            continue
        field = fields[str(element)]
        extra = typing.cast(Schema, field.json_schema_extra or {})
        if must := card.startswith(("1", "2")) or field.is_required() or bool(extra.get("element_required")):
            required.append(element)
        properties[element] = _element(name, element, field, card, must=must)
        if group := extra.get("one_of_many"):
            choices.setdefault(group, []).append(element)
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
    if required:
        schema["required"] = required
    return schema | _choice_rules(name, fields, choices)


def _element(owner: str, element: str, field: FieldInfo, card: str, *, must: bool) -> Schema:
    """The schema of one element, an array where R4 has one (the hub's upper limit is then ``maxItems``)."""
    kind, many = _type_of(field)
    extra = typing.cast(Schema, field.json_schema_extra or {})
    if codes := CODES.get(f"{owner}.{element}", "").split() or extra.get("enum_values"):
        one: Schema = {"enum": list(codes)}
    elif element == "meta" and owner in LABELLED:
        one = {"$ref": "#/$defs/LabelledMeta"}
    elif kind == "CodeableConcept" and must and f"{owner}.{element}" not in WORDS:
        one = {"$ref": "#/$defs/CodedConcept"}
    else:
        one = {"$ref": f"#/$defs/{kind}"}
    if not many:
        return one
    least, _, most = (card or "0..*").partition("..")
    limits = {"minItems": max(1, int(least))} | ({"maxItems": int(most)} if most != "*" else {})
    return {"type": "array", "items": one, **limits}


def _type_of(field: FieldInfo) -> tuple[str, bool]:
    """The FHIR type of a model's field, and whether it repeats."""
    many = False
    todo: list[Any] = [*field.metadata, field.annotation]
    while todo:
        part = todo.pop()
        if typing.get_origin(part) is list:
            many = True
        if part is bool:
            return "boolean", many
        if isinstance(part, type) and part.__module__ == "abc":  # the models' own mark for another model
            return part.__name__.removesuffix("Type"), many
        name = type(part).__name__
        if (primitive := name[:1].lower() + name[1:]) in PRIMITIVES:
            return primitive, many
        todo.extend(typing.get_args(part))
    raise TypeError(f"no FHIR type in {field!r}")


def _choice_rules(name: str, fields: dict[str | None, FieldInfo], choices: dict[str, list[str]]) -> Schema:
    """At most one of ``value[x]``, and at least one where R4 demands it; the later of two is the one named."""
    rules: Schema = {}
    for elements in choices.values():
        for index, element in enumerate(elements[:-1], start=1):
            # not `false`: the reference implementation does not tell where a false schema stood
            others: Schema = {"properties": {other: {"not": {}} for other in elements[index:]}}
            rules.setdefault("dependentSchemas", {})[element] = others
        extra = typing.cast(Schema, fields[elements[-1]].json_schema_extra)
        if name == "Extension" or extra.get("one_of_many_required"):  # ext-1: extensions in extensions are not ours
            rules["anyOf"] = [{"required": [element]} for element in elements]
    return rules


def _only_extensions() -> Schema:
    extension = {"type": "array", "items": {"$ref": "#/$defs/Extension"}, "minItems": 1}
    return {
        "type": "object",
        "properties": {"extension": extension},
        "required": ["extension"],
        "additionalProperties": False,
    }


def _entry(resource: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {"fullUrl": {"$ref": "#/$defs/fullUrl"}, "resource": resource},
        "required": ["fullUrl", "resource"],
        "additionalProperties": False,
    }


def _one_of_types(names: list[str]) -> Schema:
    """A resource of one of these types, judged by its own definition alone, so that an error names its element."""
    known = {"type": "object", "properties": {"resourceType": {"enum": names}}, "required": ["resourceType"]}
    return {**known, "allOf": [_if("resourceType", name, {"$ref": f"#/$defs/{name}"}) for name in names]}


def _where(element: str, code: str, required: list[str]) -> Schema:
    return _if(element, code, {"required": required})


def _if(element: str, code: str, then: Schema) -> Schema:
    condition = {"properties": {element: {"const": code}}, "required": [element]}
    return {"if": condition, "then": then}


def _coding(system: str, code: str) -> Schema:
    """A CodeableConcept that has this coding."""
    one = {"properties": {"system": {"const": system}, "code": {"const": code}}, "required": ["system", "code"]}
    return {"properties": {"coding": {"contains": one}}, "required": ["coding"]}


def text() -> str:
    """The file as it is committed."""
    return json.dumps(generate(), indent=1) + "\n"


if __name__ == "__main__":
    R4_JSON.write_text(text(), encoding="utf-8")
