"""What an agency's own software may say in its own words in a coded place: nothing (S41, C-69; INV-2). Pure.

An adapter's codes come out of tables, and its displays with them. Of a message that was handed in nobody knows: so what
travels keeps a code where its system is one that the hub knows, and no display; a number where its system is the
sender's or a government's, spelled by the hub; a reference where it leads to something of this message, to one of its
two ends or to a service. Free text where R4 has a place for it stays: it is an item of its own, and the gate decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hub.exchange.strict import FAULTS_MAX, Fault, NotOurMessage
from hub.model import codes
from hub.model.fhir import Resource
from hub.model.identifiers import GOVERNMENT

# systems whose codes say nothing but themselves
KNOWN = (
    f"{codes.CODE_SYSTEM}/",
    "http://terminology.hl7.org/CodeSystem/",
    "http://hl7.org/fhir/",
    "https://fhir.infoway-inforoute.ca/CodeSystem/",
    "http://snomed.info/sct",
    "http://loinc.org",
    "http://unitsofmeasure.org",
    "urn:ietf:bcp:47",
    "urn:ietf:bcp:13",
    "urn:iso:std:iso:3166",
)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:|+-]{0,63}")
_LANGUAGE, _LANGUAGES = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}"), "urn:ietf:bcp:47"
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
# of the directory, or about the message itself: whose words nobody has classified, and the hub has its own
BEHIND = frozenset({"Organization", "Practitioner", "Location", "HealthcareService", "Provenance"})
_CODING = frozenset({"system", "version", "code", "display"})
_REFERENCE = frozenset({"reference", "type", "identifier", "display"})
_QUANTITY = frozenset({"value", "comparator", "unit", "system", "code"})
_OWN_NUMBERS = ("PLAC", "FILL")  # v2-0203: the sender's and the receiver's own number of a referral
NAME_MAX = 80  # characters of a worker's name
_CONSENT_NUMBER = f"{codes.ID}/consent"


@dataclass(slots=True)
class Cleaner:
    """Goes through one message.

    Args:
        agency: whose message it is.
        ends: ``fullUrl`` of an end to its agency; ``agencies``: both.
        client: reference to the client, in the message or a placeholder.
        inside: ``fullUrl`` of what may travel; ``behind`` of what never does.
        number: the hub's number of the referral; "" where it has none yet.
    """

    agency: str
    ends: dict[str, str]
    agencies: frozenset[str]
    client: str
    inside: frozenset[str]
    behind: frozenset[str]
    number: str
    faults: list[Fault] = field(default_factory=list)

    def clean(self, resource: Resource, place: str) -> Resource:
        """A resource without its sender's own id, version and profile, and without words where there are only codes."""
        kind = str(resource["resourceType"])
        meta = {name: part for name, part in resource.get("meta", {}).items() if name in ("security", "tag")}
        left: Resource = {"resourceType": kind}
        for name, part in resource.items():
            if name in ("id", "meta", "resourceType") or (kind, name) == ("Patient", "link"):
                continue
            below = f"{place}.{name}"
            found = list(self._numbers(kind, part, below)) if name == "identifier" else self._part(part, below)
            if found is not None and found != []:
                left[name] = found
        if meta:
            left["meta"] = self._part(meta, f"{place}.meta")
        if kind == "PractitionerRole" and (name_ := _name_of(resource)):
            left["practitioner"] = {**left.get("practitioner", {}), "display": name_}
        return left

    def check(self) -> None:
        """Raise what was wrong.

        Raises:
            NotOurMessage: up to five faults.
        """
        if self.faults:
            raise NotOurMessage(self.faults[:FAULTS_MAX])

    def _part(self, node: Any, place: str) -> Any:
        if isinstance(node, list):
            parts = [self._part(part, f"{place}[{index}]") for index, part in enumerate(node)]
            return [part for part in parts if part is not None] or None
        return self._object(node, place) if isinstance(node, dict) else node

    def _object(self, node: Resource, place: str) -> Resource | None:
        """An element by what it can only be."""
        names = node.keys()
        if names <= _REFERENCE:
            return self._reference(node, place)
        if names <= _CODING:
            return self._coding(node, place)
        if "coding" in names:
            return self._concept(node, place)
        if names <= _QUANTITY:
            return {name: part for name, part in node.items() if name != "unit"}
        found = {name: self._part(part, f"{place}.{name}") for name, part in node.items()}
        return {name: part for name, part in found.items() if part is not None} or None

    def _concept(self, node: Resource, place: str) -> Resource | None:
        """A CodeableConcept: codes of known systems; its text is free text, and an item of its own."""
        codings = enumerate(node["coding"])
        kept = [made for index, each in codings if (made := self._coding(each, f"{place}.coding[{index}]"))]
        if not kept and node["coding"]:
            expected = f"a code of a system that is known here ({codes.CODE_SYSTEM}/…, HL7, SNOMED CT, LOINC)"
            self.faults.append(Fault(f"{place}.coding", "no such code", expected))
        rest = {name: part for name, part in node.items() if name != "coding"}
        return {**({"coding": kept} if kept else {}), **rest} or None

    def _coding(self, node: Resource, place: str) -> Resource | None:
        system, code = str(node.get("system", "")), str(node.get("code", ""))
        if not system.startswith(KNOWN):
            return None
        if not (_LANGUAGE if system == _LANGUAGES else _CODE).fullmatch(code) or not _CODE.fullmatch(
            system.rpartition("/")[2]
        ):
            self.faults.append(Fault(place, "what is no code", "a code without blanks, of at most 64 characters"))
            return None
        return {"system": system, "code": code}

    def _reference(self, node: Resource, place: str) -> Resource | None:
        target, named, kind = str(node.get("reference", "")), node.get("identifier"), str(node.get("type", ""))
        if target in self.ends:
            return _agency(self.ends[target])
        if target in self.inside:
            return {"reference": target}
        if target.removeprefix(f"{codes.HUB}/").startswith("Patient/") or kind == "Patient":
            return {"reference": self.client}  # an alias is the sender's alone: the recipient has its own
        if target in self.behind or target.startswith(f"{codes.HUB}/") or kind == "Consent":
            return None  # what the hub holds it names itself; also on which Consent it rests
        if isinstance(named, dict):
            return self._named(node, named, place)
        said = {"reference": target} if target else {"type": kind}  # a target that leads nowhere is told
        return said if target or _CODE.fullmatch(kind) else None

    def _named(self, node: Resource, named: Resource, place: str) -> Resource | None:
        """A reference by identifier: to an end, a service or the client; the rest is the hub's to say, or nobody's."""
        system, value = str(named.get("system", "")), str(named.get("value", ""))
        if system == codes.ID_CLIENT:
            return {"reference": self.client}
        if system == codes.ID_AGENCY:
            if value in self.agencies:
                return _agency(value)
            self.faults.append(Fault(place, "another agency", "one of the two that the message is between"))
            return None
        if system == _CONSENT_NUMBER or (system == codes.ID_REFERRAL and value != self.number):
            return None
        kind = {"type": str(node["type"])} if _CODE.fullmatch(str(node.get("type", ""))) else {}
        own = system in (codes.ID_SERVICE, codes.ID_REFERRAL) or system.startswith(f"{codes.ID}/{self.agency}/")
        if own and _NUMBER.fullmatch(value):
            return {**kind, "identifier": {"system": system, "value": value}}
        expected = f"a number of yours below {codes.ID}/{self.agency}/, of a service, or nothing"
        self.faults.append(Fault(f"{place}.identifier", "a number that does not travel", expected))
        return None

    def _numbers(self, kind: str, identifiers: Any, place: str) -> Iterator[Resource]:
        """Numbers of a resource: a client's from a government, and the sender's own, its host's name left out."""
        for index, each in enumerate(identifiers if isinstance(identifiers, list) else [identifiers]):
            system, value = str(each.get("system", "")), str(each.get("value", ""))
            below = f"{place}[{index}]"
            kinds = (coding.get("code") for coding in each.get("type", {}).get("coding", ()))
            typed = next((code for code in kinds if code in _OWN_NUMBERS), None)
            known = system in (codes.ID_CLIENT, codes.ID_REFERRAL, codes.ID_AGENCY, codes.ID_SERVICE, codes.ID_ENVELOPE)
            of_person = kind == "Patient" and system in GOVERNMENT
            own = system.startswith(f"{codes.ID}/{self.agency}/")
            if not known and not of_person and not own and typed is None:
                if kind == "Patient" or system.startswith(f"{codes.ID}/"):
                    expected = f"the hub's ({codes.ID}/uci …), or your own below {codes.ID}/{self.agency}/"
                    self.faults.append(Fault(f"{below}.system", "a system of numbers that do not travel", expected))
                continue  # what its sender calls a record is of no use to anybody else
            if not _NUMBER.fullmatch(value):
                expected = "letters, digits and . _ / -, at most 64"
                self.faults.append(Fault(f"{below}.value", "what is no number", expected))
                continue
            if typed is not None and not known:
                what = _WHAT.get(kind, "record")
                yield {"type": _TYPES[typed], "system": f"{codes.ID}/{self.agency}/{what}", "value": value}
            else:
                yield {**({"use": "official"} if system == codes.ID_CLIENT else {}), "system": system, "value": value}


_WHAT = {"ServiceRequest": "referral", "Task": "task"}
_V2 = "http://terminology.hl7.org/CodeSystem/v2-0203"
_TYPES = {code: {"coding": [{"system": _V2, "code": code}]} for code in _OWN_NUMBERS}


def _agency(name: str) -> Resource:
    return {"type": "Organization", "identifier": {"system": codes.ID_AGENCY, "value": name}}


def _name_of(role: Resource) -> str:
    """The name of the worker who acts, as its agency says it."""
    named = role.get("practitioner", {})
    name = named.get("display", "") if isinstance(named, dict) else ""
    return name if isinstance(name, str) and len(name) <= NAME_MAX else ""
