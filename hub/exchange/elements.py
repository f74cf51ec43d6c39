"""Which element of a resource is of which category (shared model 5, "elements of another category"). Data and a walk.

A resource has one category; the parts listed here have another, are decided by themselves and withheld by their path.
Free text is notes-free wherever it stands; an extension is what the table says, else notes-free (C-69).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consent.model import Category
from hub.model.codes import ACT_CODE, CODE_SYSTEM, EXTENSION
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

# elements that say whom a resource is about
ABOUT = {
    "ServiceRequest": ("subject",),
    "Task": ("for",),
    "Observation": ("subject", "focus"),
    "Condition": ("subject",),
    "Appointment": ("participant",),
}

_REASONS = {"reasonCode": Category.NEEDS, "reasonReference": Category.NEEDS}
_ELEMENTS = {
    "Patient": {"telecom": Category.CONTACT, "communication": Category.LANG, "contact": Category.FAMILY},
    "ServiceRequest": _REASONS,
    "Task": _REASONS,
    "Appointment": _REASONS,
}

_CA_BASELINE = "http://hl7.org/fhir/ca/baseline/StructureDefinition"
_R4 = "http://hl7.org/fhir/StructureDefinition"

# (resource type, extension) -> category; None is that of its resource
_EXTENSIONS: dict[tuple[str, str], Category | None] = {
    ("MessageHeader", f"{EXTENSION}/message-purpose-of-use"): None,
    ("MessageHeader", f"{EXTENSION}/message-correlation-id"): None,
    ("Provenance", f"{EXTENSION}/unmapped-field"): None,
    ("ServiceRequest", f"{_R4}/workflow-episodeOfCare"): None,
    ("ServiceRequest", f"{_R4}/resource-pertainsToGoal"): None,
    ("Task", f"{EXTENSION}/sharing-suspended"): None,
    ("Patient", f"{_CA_BASELINE}/ext-dateestimated"): None,
    ("Patient", f"{_CA_BASELINE}/ext-nofixedaddress"): None,  # inside an address, which is an item already
    ("Patient", f"{_CA_BASELINE}/ext-aboriginalidentitygroup"): Category.RACE_INDIG,
    ("Patient", f"{EXTENSION}/official-language"): Category.LANG,
    ("Patient", f"{EXTENSION}/interpreter-needed"): Category.LANG,
    ("Patient", f"{_R4}/patient-interpreterRequired"): Category.LANG,  # a partner's word for it
    ("Observation", f"{EXTENSION}/assessment-type"): None,
    ("Observation", f"{EXTENSION}/assessor"): None,
    ("Observation", f"{EXTENSION}/valid-to"): None,
    ("Condition", f"{EXTENSION}/client-priority"): None,
    ("Condition", f"{EXTENSION}/referral-made"): None,
}

_TEXTS = frozenset({"note", "patientInstruction"})  # free text whole, in whatever resource
_NAMED = frozenset({"name", "address"})  # HumanName and Address have a ``text`` that is no concept's
_NUMBER = (f"{CODE_SYSTEM}/client-fact", "document-number")  # its valueString is an identifier, not a text


@dataclass(frozen=True, slots=True)
class Part:
    """An element of another category than its resource's."""

    path: str
    category: Category


def parts(resource: Resource, path: str) -> Iterator[Part]:
    """The parts of a resource that are decided by themselves, in the order in which they stand.

    Args:
        path: of the resource, ``Bundle.entry[4].resource``.
    """
    kind = resource["resourceType"]
    named = _ELEMENTS.get(kind, {})
    for name, value in resource.items():
        place = f"{path}.{name}"
        if name == "text":  # a Narrative
            yield Part(place, Category.NOTES_FREE)
            continue
        if name == "reasonCode":
            yield from (Part(place, named[name]) for place in _codings(value, place))
        elif name == "reasonReference" and isinstance(value, list):
            yield from (Part(f"{place}[{i}]", named[name]) for i in range(len(value)))
        elif name in named:
            yield Part(place, named[name])
        elif kind == "Patient" and name == "address":
            yield from _addresses(value, place)
        yield from _within(kind, name, value, place, resource)


def _codings(value: Any, path: str) -> Iterator[str]:
    """Where the codings of ``reasonCode`` stand: the whole concept, unless a free text stands beside them."""
    for concept, place in _each(value, path):
        if not _free_text(concept):
            yield place
        elif "coding" in concept:
            yield f"{place}.coding"


def _addresses(addresses: list[Resource], path: str) -> Iterator[Part]:
    """An address is contact; a temporary one is where the client stays, which is location."""
    stays = [address.get("use") == "temp" for address in addresses]
    if not any(stays):
        yield Part(path, Category.CONTACT)
        return
    for index, stay in enumerate(stays):
        yield Part(f"{path}[{index}]", Category.LOCATION if stay else Category.CONTACT)


def _within(kind: str, name: str, value: Any, path: str, above: Resource) -> Iterator[Part]:
    """Free text and extensions in an element, at any depth. ``above`` is the object in which it stands."""
    if name in _TEXTS:
        yield Part(path, Category.NOTES_FREE)
    elif name == "extension":
        for index, extension in enumerate(value):
            category = _EXTENSIONS.get((kind, extension["url"]), Category.NOTES_FREE)
            if category is not None:
                yield Part(f"{path}[{index}]", category)
    elif name == "valueString" and not _is_number(above):
        yield Part(path, Category.NOTES_FREE)
    elif isinstance(value, (dict, list)):
        for node, place in _each(value, path):
            if not isinstance(node, dict):
                continue
            if kind == "Task" and name in ("input", "output") and "valueString" in node:
                yield Part(place, Category.NOTES_FREE)  # whole: without its value it would be none
                continue
            if name not in _NAMED and _free_text(node):
                yield Part(f"{place}.text", Category.NOTES_FREE)
            for inner, below in node.items():
                yield from _within(kind, inner, below, f"{place}.{inner}", node)


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


def is_partner_violence(resource: Resource) -> bool:
    """Whether L5 tags this resource."""
    if resource["resourceType"] not in ("Condition", "Observation"):
        return False
    codings = (entry for concept in resource.get("category", ()) for entry in concept.get("coding", ()))
    return any((entry.get("system"), entry.get("code")) == IPV for entry in codings)


def tags_of(security: list[Resource]) -> tuple[str, ...]:
    """The sensitivity tags among labels."""
    return tuple(label["code"] for label in security if label.get("system") == ACT_CODE and label.get("code") in TAGS)
