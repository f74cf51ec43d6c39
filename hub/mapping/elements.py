"""Elements of the FHIR R4 types that mappings may write: a name, ``*`` where it is a list, and its complex type.

Standard: FHIR R4 (4.0.1). A mapping whose path names no element of its type is refused when it is loaded. Left out
are the elements that belong to the exchange (``meta``, ``id``) and those that a labelled message may not hold
(``contained``, ``text``: shared model 5). A test compares this page with the R4 models of fhir.resources.
"""

from __future__ import annotations

from typing import NamedTuple

_TEXT = {
    "Patient": "extension*:Extension identifier*:Identifier active name*:HumanName telecom*:ContactPoint gender"
    " birthDate deceasedBoolean deceasedDateTime address*:Address maritalStatus:CodeableConcept"
    " communication*:PatientCommunication contact*:PatientContact",
    "PatientCommunication": "extension*:Extension language:CodeableConcept preferred",
    "PatientContact": "extension*:Extension relationship*:CodeableConcept name:HumanName telecom*:ContactPoint"
    " address:Address gender period:Period",
    "ServiceRequest": "extension*:Extension identifier*:Identifier basedOn*:Reference replaces*:Reference status intent"
    " category*:CodeableConcept priority doNotPerform code:CodeableConcept orderDetail*:CodeableConcept"
    " subject:Reference occurrenceDateTime occurrencePeriod:Period authoredOn requester:Reference"
    " performerType:CodeableConcept performer*:Reference reasonCode*:CodeableConcept reasonReference*:Reference"
    " supportingInfo*:Reference patientInstruction",
    "Task": "extension*:Extension identifier*:Identifier basedOn*:Reference partOf*:Reference status"
    " statusReason:CodeableConcept businessStatus:CodeableConcept intent priority code:CodeableConcept description"
    " focus:Reference for:Reference executionPeriod:Period authoredOn lastModified requester:Reference"
    " performerType*:CodeableConcept owner:Reference reasonCode:CodeableConcept note*:Annotation"
    " restriction:TaskRestriction output*:TaskOutput",
    "TaskRestriction": "extension*:Extension repetitions period:Period recipient*:Reference",
    "TaskOutput": "extension*:Extension type:CodeableConcept valueReference:Reference",
    "Annotation": "extension*:Extension authorReference:Reference authorString time text",
    "Observation": "extension*:Extension identifier*:Identifier basedOn*:Reference status category*:CodeableConcept"
    " code:CodeableConcept subject:Reference focus*:Reference effectiveDateTime effectivePeriod:Period issued"
    " performer*:Reference valueCodeableConcept:CodeableConcept valueString valueBoolean valueInteger valueDateTime"
    " valuePeriod:Period note*:Annotation method:CodeableConcept derivedFrom*:Reference"
    " component*:ObservationComponent",
    "ObservationComponent": "extension*:Extension code:CodeableConcept valueCodeableConcept:CodeableConcept valueString"
    " valueBoolean valueInteger valueDateTime valuePeriod:Period valueQuantity:Quantity",
    "Condition": "extension*:Extension identifier*:Identifier clinicalStatus:CodeableConcept"
    " verificationStatus:CodeableConcept category*:CodeableConcept code:CodeableConcept subject:Reference recordedDate"
    " recorder:Reference asserter:Reference note*:Annotation",
    "RelatedPerson": "extension*:Extension identifier*:Identifier active patient:Reference"
    " relationship*:CodeableConcept period:Period",
    "CarePlan": "extension*:Extension identifier*:Identifier replaces*:Reference status intent"
    " category*:CodeableConcept subject:Reference period:Period created author:Reference contributor*:Reference"
    " addresses*:Reference goal*:Reference supportingInfo*:Reference activity*:CarePlanActivity note*:Annotation",
    "CarePlanActivity": "extension*:Extension progress*:Annotation detail:CarePlanActivityDetail",
    "CarePlanActivityDetail": "extension*:Extension goal*:Reference status scheduledPeriod:Period performer*:Reference"
    " description",
    "Goal": "extension*:Extension identifier*:Identifier lifecycleStatus achievementStatus:CodeableConcept"
    " category*:CodeableConcept priority:CodeableConcept description:CodeableConcept subject:Reference startDate"
    " target*:GoalTarget statusDate expressedBy:Reference addresses*:Reference note*:Annotation",
    "GoalTarget": "extension*:Extension measure:CodeableConcept dueDate",
    "DocumentReference": "extension*:Extension masterIdentifier:Identifier identifier*:Identifier status docStatus"
    " type:CodeableConcept category*:CodeableConcept subject:Reference date author*:Reference authenticator:Reference"
    " custodian:Reference content*:DocumentReferenceContent",
    "DocumentReferenceContent": "extension*:Extension attachment:Attachment",
    "Attachment": "extension*:Extension contentType language data hash",
    "EpisodeOfCare": "extension*:Extension identifier*:Identifier status type*:CodeableConcept patient:Reference"
    " managingOrganization:Reference period:Period referralRequest*:Reference careManager:Reference",
    "Encounter": "extension*:Extension identifier*:Identifier status class:Coding serviceType:CodeableConcept"
    " subject:Reference episodeOfCare*:Reference basedOn*:Reference participant*:EncounterParticipant"
    " appointment*:Reference period:Period length:Duration serviceProvider:Reference",
    "EncounterParticipant": "extension*:Extension type*:CodeableConcept period:Period individual:Reference",
    "Procedure": "extension*:Extension identifier*:Identifier basedOn*:Reference partOf*:Reference status"
    " statusReason:CodeableConcept category:CodeableConcept code:CodeableConcept subject:Reference encounter:Reference"
    " performedDateTime performedPeriod:Period performer*:ProcedurePerformer reasonReference*:Reference"
    " outcome:CodeableConcept note*:Annotation",
    "ProcedurePerformer": "extension*:Extension actor:Reference onBehalfOf:Reference",
    "Communication": "extension*:Extension identifier*:Identifier status category*:CodeableConcept subject:Reference"
    " sent recipient*:Reference sender:Reference reasonCode*:CodeableConcept payload*:CommunicationPayload",
    "Basic": "extension*:Extension identifier*:Identifier code:CodeableConcept subject:Reference created"
    " author:Reference",
    "CommunicationPayload": "extension*:Extension contentString",
    "Duration": "extension*:Extension value unit system code",
    "Quantity": "extension*:Extension value unit system code",
    "PractitionerRole": "extension*:Extension identifier*:Identifier active period:Period practitioner:Reference"
    " organization:Reference code*:CodeableConcept telecom*:ContactPoint",
    "Identifier": "extension*:Extension use type:CodeableConcept system value period:Period assigner:Reference",
    "HumanName": "extension*:Extension use text family given* prefix* suffix* period:Period",
    "ContactPoint": "extension*:Extension system value use rank period:Period",
    "Address": "extension*:Extension use type text line* city district state postalCode country period:Period",
    "CodeableConcept": "extension*:Extension coding*:Coding text",
    "Coding": "extension*:Extension system version code display userSelected",
    "Reference": "extension*:Extension reference type identifier:Identifier display",
    "Period": "extension*:Extension start end",
    "Extension": "extension*:Extension url valueBoolean valueCode valueDate valueDateTime valueInteger valuePositiveInt"
    " valueDecimal valueString valueUri valueCoding:Coding valueCodeableConcept:CodeableConcept"
    " valueReference:Reference valueIdentifier:Identifier valuePeriod:Period",
}


class Element(NamedTuple):
    """One element: is it a list, and its complex type (``""`` for a primitive)."""

    many: bool
    type: str


def _read(text: str) -> dict[str, Element]:
    elements = {}
    for word in text.split():
        name, _, kind = word.partition(":")
        elements[name.rstrip("*")] = Element(name.endswith("*"), kind)
    return elements


ELEMENTS = {name: _read(text) for name, text in _TEXT.items()}
RESOURCES = frozenset(
    {
        *("Patient", "ServiceRequest", "Task", "Observation", "Condition", "PractitionerRole"),
        *("CarePlan", "Goal", "DocumentReference", "EpisodeOfCare", "Encounter", "Procedure", "RelatedPerson"),
        *("Communication", "Basic"),
    }
)
UNLABELLED = frozenset({"PractitionerRole", "Basic"})  # shared model 5: exempt from labels; about nobody (P-2)
