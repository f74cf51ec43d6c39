"""Which element of a resource is of which category (shared model 5, "elements of another category"). Data and a walk.

A resource has one category; the parts listed here have another, are decided by themselves and withheld by their path.
Free text is notes-free wherever it stands; an extension is what the table says, else notes-free (C-69).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from consent.model.words import Category
from hub.model.codes import CODE_SYSTEM, EXTENSION
from hub.model.fhir import Resource

# directory resources and the header: nobody's client data, they carry no label (design 4)
EXEMPT = frozenset(
    {"MessageHeader", "Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Provenance"}
)

# sensitivity tag (v3-ActCode) -> the category that it brings (L1)
TAGS = {
    **dict.fromkeys(("PSY", "MH", "BH"), Category.HEALTH_MENTAL),
    **dict.fromkeys(("SUD", "ETHUD", "OPIOIDUD"), Category.SUBSTANCE),
    **dict.fromkeys(("SEX", "STD", "HIV", "GENDER"), Category.SEXUAL),
    **dict.fromkeys(("SDV", "VIO"), Category.DV),
    "RACE": Category.RACE_INDIG,
}

# a Condition or Observation of this category is tagged SDV (L5)
IPV = (
    "http://hl7.org/fhir/us/sdoh-clinicalcare/CodeSystem/SDOHCC-CodeSystemTemporaryCodes",
    "intimate-partner-violence",
)

# needs that tell of more than a need (settled S10; program systems 6.3: "Family, violence", "Health, mental health")
_NEED = f"{CODE_SYSTEM}/need"
_TELLING = {"safety": Category.DV, "health": Category.HEALTH_MENTAL}

# elements that say whom a resource is about
ABOUT = {
    "ServiceRequest": ("subject",),
    "Task": ("for",),
    "Observation": ("subject", "focus"),
    "Condition": ("subject",),
    "RelatedPerson": ("patient",),  # that a client has a child is a fact of the client; whose child, stays
    "Appointment": ("participant",),
    "CarePlan": ("subject",),
    "Goal": ("subject",),
    "DocumentReference": ("subject",),
    "EpisodeOfCare": ("patient",),
    "Encounter": ("subject",),
    "Procedure": ("subject",),
    "Communication": ("subject",),
}

_REASONS = {"reasonCode": Category.NEEDS, "reasonReference": Category.NEEDS}
_ELEMENTS = {
    "Patient": {"telecom": Category.CONTACT, "communication": Category.LANG, "contact": Category.FAMILY},
    "ServiceRequest": _REASONS,
    "Task": _REASONS,
    "Appointment": _REASONS,
    "CarePlan": {"addresses": Category.NEEDS},
    "Goal": {"addresses": Category.NEEDS},
    "Encounter": {"location": Category.LOCATION},
    "Procedure": {"reasonReference": Category.NEEDS},
}

_CA_BASELINE = "http://hl7.org/fhir/ca/baseline/StructureDefinition"
_R4 = "http://hl7.org/fhir/StructureDefinition"

# (resource type, extension) -> category; None is that of its resource
_EXTENSIONS: dict[tuple[str, str], Category | None] = {
    ("MessageHeader", f"{EXTENSION}/message-purpose-of-use"): None,
    ("MessageHeader", f"{EXTENSION}/message-correlation-id"): None,
    ("MessageHeader", f"{EXTENSION}/override"): None,
    ("Provenance", f"{EXTENSION}/unmapped-field"): None,
    ("ServiceRequest", f"{_R4}/workflow-episodeOfCare"): None,
    ("ServiceRequest", f"{_R4}/resource-pertainsToGoal"): None,
    ("Task", f"{EXTENSION}/sharing-suspended"): None,
    ("Task", f"{EXTENSION}/milestone"): None,
    ("Task", f"{EXTENSION}/contact-method"): None,
    ("Task", f"{EXTENSION}/needs-booking"): None,
    ("Patient", f"{_CA_BASELINE}/ext-dateestimated"): None,
    ("Patient", f"{_CA_BASELINE}/ext-nofixedaddress"): None,  # inside an address, which is an item already
    ("Patient", f"{_CA_BASELINE}/ext-aboriginalidentitygroup"): Category.RACE_INDIG,
    ("Patient", f"{EXTENSION}/official-language"): Category.LANG,
    ("Patient", f"{EXTENSION}/interpreter-needed"): Category.LANG,
    ("Patient", f"{_R4}/patient-interpreterRequired"): Category.LANG,  # a partner's word for it
    **{("Observation", f"{EXTENSION}/{name}"): None for name in ("course", "position", "list-priority", "offered-on")},
    ("Observation", f"{EXTENSION}/assessment-type"): None,
    ("Observation", f"{EXTENSION}/assessor"): None,
    ("Observation", f"{EXTENSION}/valid-to"): None,
    ("Observation", f"{EXTENSION}/client-priority"): None,
    ("RelatedPerson", f"{EXTENSION}/same-household"): None,
    ("Condition", f"{EXTENSION}/client-priority"): None,
    ("Condition", f"{EXTENSION}/referral-made"): None,
    ("Condition", f"{EXTENSION}/need-reason"): None,
    ("CarePlan", f"{EXTENSION}/plan-version"): None,
    ("CarePlan", f"{EXTENSION}/client-signed"): None,
    ("CarePlan", f"{EXTENSION}/review-due"): None,
    ("CarePlan", f"{EXTENSION}/responsible"): None,
    ("CarePlan", f"{EXTENSION}/done-on"): None,
    ("CarePlan", f"{EXTENSION}/started-on"): None,
    ("CarePlan", f"{EXTENSION}/item-outcome"): None,
    ("CarePlan", f"{EXTENSION}/self-initiated"): None,
    ("CarePlan", f"{EXTENSION}/program-stream"): None,
    ("CarePlan", f"{EXTENSION}/referred-in"): Category.SERVICE_STATUS,
    ("DocumentReference", f"{EXTENSION}/signed-at"): None,
    ("EpisodeOfCare", f"{EXTENSION}/exit-reason"): None,
    ("EpisodeOfCare", f"{EXTENSION}/course"): None,
    ("Encounter", f"{EXTENSION}/service-format"): None,
    ("Encounter", f"{EXTENSION}/service-delivery"): None,
    ("Encounter", f"{EXTENSION}/group-size"): None,
    ("Encounter", f"{EXTENSION}/target-group"): None,  # of the session, not of the person (settled S10)
    ("Encounter", f"{EXTENSION}/support-service"): None,  # the same
    ("Encounter", f"{EXTENSION}/minded-child"): None,  # the same: an age class and a kind of care, no person
    ("Encounter", f"{EXTENSION}/service-language"): Category.LANG,
    **{
        ("Encounter", f"{EXTENSION}/{name}"): None
        for name in ("course", "course-funding", "seat", "hours-offered", "absent-days", "excused-days", "warnings")
    },
}

_TEXTS = frozenset({"note", "patientInstruction", "progress"})  # free text whole, in whatever resource
_ITSELF = frozenset({("Goal", "description"), ("Goal", "target")})  # texts that are the plan itself
_NAMED = frozenset({"name", "address"})  # HumanName and Address have a ``text`` that is no concept's
# every name that the walk through a resource looks for, also as it stands in JSON
_SOUGHT = _TEXTS | {"extension", "text", "valueString"}
_WRITTEN = tuple(f'"{name}":'.encode() for name in sorted(_SOUGHT))
_NUMBER = (f"{CODE_SYSTEM}/client-fact", "document-number")  # its valueString is an identifier, not a text


@dataclass(frozen=True, slots=True)
class Part:
    """An element of another category than its resource's."""

    path: str
    category: Category


def parts(resource: Resource, path: str, *, report: bool = False) -> list[Part]:
    """The parts of a resource that are decided by themselves, in the order in which they stand.

    Args:
        path: of the resource, ``Bundle.entry[4].resource``.
        report: to a funder, where the postal code of the home belongs to who the client is (settled S6).
    """
    kind = resource["resourceType"]
    named = _ELEMENTS.get(kind, {})
    found: list[Part] = []
    # most resources hold what is sought in no deeper place than their own elements: their bytes tell it at once
    written = orjson.dumps(resource)
    deeper = sum(map(written.count, _WRITTEN)) > len(_SOUGHT & resource.keys())
    for name, value in resource.items():
        if not (deeper or name in named or name in _SOUGHT or name == "address") or (kind, name) in _ITSELF:
            continue
        place = f"{path}.{name}"
        if name == "text":  # a Narrative
            found.append(Part(place, Category.NOTES_FREE))
            continue
        if name == "reasonCode":
            found += [Part(place, named[name]) for place in _codings(value, place)]
        elif name == "reasonReference" and isinstance(value, list):
            found += [Part(f"{place}[{i}]", named[name]) for i in range(len(value))]
        elif name in named:
            found.append(Part(place, named[name]))
        elif kind == "Patient" and name == "address":
            found += _of_a_report(value, place) if report else _addresses(value, place)
        _within(kind, name, value, place, resource, found)
    return found


def _codings(value: Any, path: str) -> Iterator[str]:
    """Where the codings of ``reasonCode`` stand: the whole concept, unless a free text stands beside them."""
    for concept, place in _each(value, path):
        if not _free_text(concept):
            yield place
        elif "coding" in concept:
            yield f"{place}.coding"


def _addresses(addresses: list[Resource], path: str) -> list[Part]:
    """An address is contact; a temporary one is where the client stays, which is location."""
    stays = [address.get("use") == "temp" for address in addresses]
    if not any(stays):
        return [Part(path, Category.CONTACT)]
    kinds = (Category.LOCATION if stay else Category.CONTACT for stay in stays)
    return [Part(f"{path}[{index}]", kind) for index, kind in enumerate(kinds)]


def _of_a_report(addresses: list[Resource], path: str) -> Iterator[Part]:
    """Of each address all but the postal code: where the client stays is location, the rest is contact."""
    for index, address in enumerate(addresses):
        stays = address.get("use") == "temp"
        if stays or "postalCode" not in address:
            yield Part(f"{path}[{index}]", Category.LOCATION if stays else Category.CONTACT)
            continue
        yield from (Part(f"{path}[{index}].{name}", Category.CONTACT) for name in address if name != "postalCode")


def _within(kind: str, name: str, value: Any, path: str, above: Resource, found: list[Part]) -> None:
    """Free text and extensions in an element, at any depth. ``above`` is the object in which it stands."""
    if name in _TEXTS:
        found.append(Part(path, Category.NOTES_FREE))
    elif name == "extension":
        for index, extension in enumerate(value):
            category = _EXTENSIONS.get((kind, extension["url"]), Category.NOTES_FREE)
            if category is not None:
                found.append(Part(f"{path}[{index}]", category))
    elif name == "valueString" and not _is_number(above):
        found.append(Part(path, Category.NOTES_FREE))
    elif isinstance(value, dict):
        _below(kind, name, value, path, found)
    elif isinstance(value, list):
        for index, node in enumerate(value):
            if isinstance(node, dict):
                _below(kind, name, node, f"{path}[{index}]", found)


def _below(kind: str, name: str, node: Resource, place: str, found: list[Part]) -> None:
    """The same in one instance of an element."""
    if kind == "Task" and name in ("input", "output") and "valueString" in node:
        found.append(Part(place, Category.NOTES_FREE))  # whole: without its value it would be none
        return
    if name not in _NAMED and _free_text(node):
        found.append(Part(f"{place}.text", Category.NOTES_FREE))
    for inner, below in node.items():
        if not isinstance(below, str) or inner == "valueString" or inner in _TEXTS:
            _within(kind, inner, below, f"{place}.{inner}", node, found)


def _free_text(concept: Resource) -> bool:
    """Whether an object is a CodeableConcept whose text is not the display of one of its codings."""
    if "text" not in concept or not concept.keys() <= {"coding", "text"}:
        return False
    return all(entry.get("display") != concept["text"] for entry in concept.get("coding", ()))


def _is_number(above: Resource) -> bool:
    """Whether a value is the number of a document (program systems 6.1)."""
    codings = above.get("code", {}).get("coding", ())
    return any((entry.get("system"), entry.get("code")) == _NUMBER for entry in codings)


def _each(value: Any, path: str) -> Iterator[tuple[Any, str]]:
    """The instances of an element with their paths."""
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield entry, f"{path}[{index}]"
    else:
        yield value, path


def references(node: Any, path: str) -> Iterator[tuple[str, Resource]]:
    """Every Reference below a node that has a ``reference``, with its path."""
    for value, place in _each(node, path):
        if not isinstance(value, dict):
            continue
        if isinstance(value.get("reference"), str):
            yield place, value
        for name, below in value.items():
            if isinstance(below, (dict, list)):
                yield from references(below, f"{place}.{name}")


def told_by_need(resource: Resource) -> Category | None:
    """The category of a need that tells of more than a need; None: it is what its label says."""
    if resource["resourceType"] != "Condition":
        return None
    codings = resource["code"].get("coding", ())
    told = (_TELLING.get(entry.get("code")) for entry in codings if entry.get("system") == _NEED)
    return next((category for category in told if category), None)


def is_partner_violence(resource: Resource) -> bool:
    """Whether L5 tags this resource: a need or an answer of this category, or a case of the women's stream."""
    element, sought = {
        "Condition": ("category", IPV),
        "Observation": ("category", IPV),
        "EpisodeOfCare": ("type", (f"{CODE_SYSTEM}/program-stream", "women")),
    }.get(resource["resourceType"], ("", ("", "")))
    codings = (entry for concept in resource.get(element, ()) for entry in concept.get("coding", ()))
    return any((entry.get("system"), entry.get("code")) == sought for entry in codings)
