"""Whom is a message about? One person; and which of its resources are about somebody else (C-73 to C-77). Pure.

The focus of the header names the person. A resource that names another Patient, or one whom nothing here identifies as
the same, is about somebody else: mixed information follows the narrower consent. It also holds that every reference
leads somewhere: into the Bundle, to what the hub holds, or by identifier (shared model 7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from hub.exchange.elements import ABOUT, references
from hub.exchange.strict import FAULTS_MAX, Fault, NotOurMessage
from hub.model.codes import HUB, ID_AGENCY, ID_CLIENT, ID_SERVICE
from hub.model.fhir import Resource

_PATIENT_URL = f"{HUB}/Patient/"
_Name = tuple[str, str]  # identifier system and value
_WRITTEN = re.compile(rb'"reference":"([^"\\]*)"')  # a reference as it stands in JSON, where nothing in it is escaped


@dataclass(frozen=True, slots=True)
class Person:
    """Entry indices of a message by whom they are about.

    Args:
        patient: the Patient that the focus is about; None: it names the person by identifier, or not at all.
        focus: the focus resources and that Patient: what the message is for.
        others: resources about somebody else.
    """

    patient: int | None
    focus: frozenset[int]
    others: frozenset[int]


def find_person(bundle: Resource) -> Person:
    """Find the one person of a message.

    Raises:
        NotOurMessage: a reference leads nowhere, two entries have one ``fullUrl``, or the focus is not in the Bundle
            or about two people.
    """
    entries: Sequence[Resource] = bundle["entry"]
    by_url = _places(entries)
    _follow(entries, by_url)
    patients = {index for index, entry in enumerate(entries) if entry["resource"]["resourceType"] == "Patient"}
    focus, mine, asked = _in_focus(entries, by_url, patients)
    names = {name for index in mine for name in _names_of(entries[index]["resource"])} if mine else asked
    faults: list[Fault] = []
    if not focus:
        faults.append(Fault("Bundle.entry[0].resource.focus", "nothing of this Bundle", "what the message is for"))
    if len(mine) > 1 or not asked <= names or (not mine and len(asked) > 1):
        faults.append(Fault("Bundle.entry[0].resource.focus", "more than one person", "one person"))
    if faults:
        raise NotOurMessage(faults[:FAULTS_MAX])
    patient = min(mine, default=None)
    others = {
        index
        for index, entry in enumerate(entries)
        if any(_is_other(reference, by_url, patients - mine, names) for reference in _about(entry["resource"]))
    }
    return Person(patient, frozenset(focus | mine), frozenset(others | (patients - mine)))


def focus_of(bundle: Resource) -> frozenset[int]:
    """Entry indices of what a message is for, and of the Patient whom that is about; it has passed `find_person`."""
    entries: Sequence[Resource] = bundle["entry"]
    patients = {index for index, entry in enumerate(entries) if entry["resource"]["resourceType"] == "Patient"}
    focus, mine, _ = _in_focus(entries, _places(entries), patients)
    return frozenset(focus | mine)


def _places(entries: Sequence[Resource]) -> dict[str, int]:
    return {entry["fullUrl"]: index for index, entry in enumerate(entries)}


def _in_focus(
    entries: Sequence[Resource], by_url: dict[str, int], patients: set[int]
) -> tuple[set[int], set[int], set[_Name]]:
    """The focus resources, the Patients whom these are about, and the identifiers by which they name them."""
    focus = {by_url[r["reference"]] for r in entries[0]["resource"]["focus"] if r.get("reference") in by_url}
    named = [reference for index in sorted(focus) for reference in _about(entries[index]["resource"])]
    asked = {name for reference in named for name in _names(reference)}
    mine = {by_url[r["reference"]] for r in named if r.get("reference") in by_url} & patients
    mine |= {index for index in patients if asked & set(_names_of(entries[index]["resource"]))}
    mine |= focus & patients  # a message for a Patient is about that Patient
    return focus, mine, asked


def _follow(entries: Sequence[Resource], by_url: dict[str, int]) -> None:
    """Refuse a message with a reference that leads nowhere, or to one of two."""
    faults = [Fault("Bundle.entry", "the same fullUrl twice", "each fullUrl once")] * (len(by_url) < len(entries))
    if not faults and _all_lead(entries, by_url):
        return
    for index, entry in enumerate(entries):
        for path, reference in references(entry["resource"], f"Bundle.entry[{index}].resource"):
            if reference["reference"] not in by_url and not reference["reference"].startswith(f"{HUB}/"):
                faults.append(Fault(path, "a reference that leads nowhere", "a fullUrl of this Bundle or a hub URL"))
    if faults:
        raise NotOurMessage(faults[:FAULTS_MAX])


def _all_lead(entries: Sequence[Resource], by_url: dict[str, int]) -> bool:
    """Whether every reference certainly leads somewhere. Asked of the bytes: a walk is only needed to name a place."""
    written = orjson.dumps(entries)
    found = _WRITTEN.findall(written)
    known = {url.encode() for url in by_url}
    hub = f"{HUB}/".encode()
    return len(found) == written.count(b'"reference":') and all(r in known or r.startswith(hub) for r in set(found))


def _about(resource: Resource) -> Iterator[Resource]:
    """The references that say whom a resource is about."""
    for element in ABOUT.get(resource["resourceType"], ()):
        value = resource.get(element, [])
        for part in value if isinstance(value, list) else (value,):
            yield part.get("actor", {}) if element == "participant" else part


def _is_other(reference: Resource, by_url: dict[str, int], strangers: set[int], names: set[_Name]) -> bool:
    """Whether a reference leads to a person who is not the message's."""
    if reference.get("reference") in by_url:
        return by_url[reference["reference"]] in strangers
    return not set(_names(reference)) <= names


def _names(reference: Resource) -> Iterator[_Name]:
    """The identifier by which a reference names a person, if it does: also an alias in a hub URL."""
    target, identifier = reference.get("reference", ""), reference.get("identifier")
    if target.startswith(_PATIENT_URL):
        yield ID_CLIENT, target.removeprefix(_PATIENT_URL)
    elif not target and identifier and _may_be_person(reference):
        yield identifier["system"], identifier["value"]


def _may_be_person(reference: Resource) -> bool:
    """A reference by identifier that does not say what it names may name anybody, save an agency or a service."""
    of_directory = reference["identifier"]["system"] in (ID_AGENCY, ID_SERVICE)
    return reference.get("type", "Patient") == "Patient" and not of_directory


def _names_of(patient: Resource) -> Iterator[_Name]:
    for identifier in patient.get("identifier", ()):
        yield identifier["system"], identifier["value"]
