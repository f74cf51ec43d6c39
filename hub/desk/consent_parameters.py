"""What an agency's software hands in with ``$file-consent``: a Consent, whom it is about, who decides for them, what it
rests on (settled S42; FAST Consent). Read strictly; of the evidence only its digest stays, of the people nothing.

A decider is a RelatedPerson: ``relationship`` says as what, by a word of ``given-by`` or of v3-RoleCode, the extension
``decider-evidence`` which paper was seen (``consent.people.EVIDENCE``, in kebab case), ``period.end`` until when it
holds; the extensions ``decides-jointly``, ``access-only`` and ``no-authority`` narrow it. Its number in the registry is
made of its ``id`` and its agency, so that the same one has it again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from consent.fhir import values
from consent.fhir.codes import DECIDERS, FHIR_ID
from consent.fhir.node import Fault, Node
from consent.model import Barred, Decider
from consent.model.words import GivenBy
from consent.people import EVIDENCE
from hub.desk.noted import BARRED
from hub.desk.patients import IDENTIFIERS_MAX, Meant, NotRead, read_patient
from hub.errors import kind_of
from hub.exchange.house import House
from hub.exchange.strict import PARAMETERS_MAX
from hub.model.codes import CODE_SYSTEM, EXTENSION, kebab
from hub.model.directory import System
from hub.model.fhir import Resource

DECIDERS_MAX = 5  # [policy] beside one consent
_ROLES = f"{CODE_SYSTEM}/decider-role"
_ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_OF_ROLE_CODE: Mapping[str, GivenBy] = {
    **dict.fromkeys(("PRN", "MTH", "FTH"), GivenBy.PARENT),
    "GUARD": GivenBy.GUARDIAN,
    **dict.fromkeys(("POWATT", "SPOWATT", "HPOWATT", "DPOWATT"), GivenBy.ATTORNEY),
    "SPS": GivenBy.SPOUSE,
    "SIB": GivenBy.SIBLING,
    **dict.fromkeys(("GPARNT", "EXT", "FAMMEMB"), GivenBy.RELATIVE),
    "EXECUTOR": GivenBy.ESTATE_TRUSTEE,
}
_EVIDENCE = f"{EXTENSION}/decider-evidence"
_SAID = {
    _EVIDENCE: "valueCode",
    f"{EXTENSION}/decides-jointly": "valueBoolean",
    f"{EXTENSION}/access-only": "valueBoolean",
    f"{EXTENSION}/no-authority": "valueCode",
}
_PAPERS = ("DocumentReference", "QuestionnaireResponse")
_DIGESTS = {20: "sha1", 32: "sha256"}  # R4 says SHA-1 of Attachment.hash; a longer one is as good


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed in.

    Args:
        path: where the Consent stands.
        consent: with its deciders by their numbers in the registry.
        names: by which ids the Consent may name the client.
        evidence: the digest of the paper, as ``sha1:…``; "" of what was said.
        deciders: without when they were noted.
    """

    path: str
    consent: Resource
    meant: Meant
    names: frozenset[str]
    evidence: str
    deciders: tuple[Decider, ...]


def read_handed(house: House, system: System, zone: ZoneInfo, document: Resource) -> Handed:
    """Read the Parameters.

    Args:
        zone: of the agency's days.

    Raises:
        NotRead: with all faults but those of the Consent itself, which its own reader names; or there is more than is
            looked at.
    """
    faults: list[Fault] = []
    root = Node(document, "Parameters", faults)
    _at_most(root, "parameter", PARAMETERS_MAX)
    if faults:
        raise NotRead(faults)
    parts = _parts(root, {"consent": (1, 1), "patient": (1, 1), "decider": (0, DECIDERS_MAX), "evidence": (1, 1)})
    if faults:
        raise NotRead(faults)
    (consent,), (patient,), (paper,) = parts["consent"], parts["patient"], parts["evidence"]
    _must_be(consent, "Consent")
    _must_be(patient, "Patient")
    _at_most(consent, "identifier", IDENTIFIERS_MAX)  # the registry is asked for each
    for each in parts["decider"]:
        _must_be(each, "RelatedPerson")
    meant = read_patient(house, system, patient)
    own_id = patient.value.get("id") if isinstance(patient.value, dict) else None
    known_as = (own_id, own_id.removeprefix("p-") if isinstance(own_id, str) else None, meant.alias)
    names = frozenset(name for name in known_as if isinstance(name, str) and FHIR_ID.fullmatch(name))
    _identifies(patient, meant, names)
    evidence = _evidence(paper, consent)
    read = [_decider(house, system, zone, node, names) for node in parts["decider"]]
    deciders = dict([each for each in read if each is not None])
    if len(deciders) != len(parts["decider"]) and not faults:
        root.fault("the same decider twice", "each once", "parameter")
    if faults:
        raise NotRead(faults)
    said = _with_numbers(consent.value, {name: decider.ref for name, decider in deciders.items()})
    return Handed(consent.path, said, meant, names, evidence, tuple(deciders.values()))


def _parts(root: Node, wanted: Mapping[str, tuple[int, int]]) -> dict[str, list[Node]]:
    """The resources of a Parameters by name; each as often as it may be."""
    found: dict[str, list[Node]] = {name: [] for name in wanted}
    root.only("resourceType", "id", "meta", "parameter")
    for each in root.each("parameter"):
        each.only("name", "resource")
        name = each.value.get("name") if isinstance(each.value, dict) else None
        if not isinstance(name, str) or name not in wanted:
            each.fault("another parameter", f"one of {', '.join(wanted)}", "name")
        elif (there := each.must("resource", f"the {name}")) is not None:
            found[name].append(there)
    for name, (least, most) in wanted.items():
        if not least <= len(found[name]) <= most:
            count = f"{least}" if least == most else f"{least} to {most}"
            root.fault(f"{len(found[name])} of the parameter {name}", count, "parameter")
    return found


def _at_most(node: Node, name: str, most: int) -> None:
    listed = node.value.get(name) if isinstance(node.value, dict) else None
    if isinstance(listed, list) and len(listed) > most:
        node.fault(f"{len(listed)} of them", f"at most {most}", name)


def _must_be(node: Node, *kinds: str) -> str:
    kind = node.value.get("resourceType") if isinstance(node.value, dict) else None
    if kind in kinds:
        return str(kind)
    node.fault("another resource", " or ".join(kinds), "resourceType")
    return ""


def _identifies(node: Node, meant: Meant, names: frozenset[str]) -> None:
    """A consent is somebody's: it must name them, and there must be something to know them by."""
    if not names:
        node.fault("nothing", "an id, by which the Consent names its patient", "id")
    if meant.alias is not None:
        return
    if not meant.identifies:
        expected = "your alias of the client, your file number, or a government's number with the whole birth date"
        node.fault("nothing that identifies somebody", expected, "identifier")
    if not meant.named:
        node.fault("nothing", "the name, or your alias of the client as an identifier", "name")


def _evidence(node: Node, consent: Node) -> str:
    """The digest of the paper. Content stays with the agency: it is refused, not dropped."""
    kind = _must_be(node, *_PAPERS)
    if not kind:
        return ""
    own_id = node.value.get("id")
    there = consent.at("sourceReference")
    named = there.value.get("reference") if there is not None and isinstance(there.value, dict) else None
    if not isinstance(own_id, str) or named != f"{kind}/{own_id}":
        consent.fault("not the evidence beside it", f"{kind}/id of the parameter evidence", "sourceReference")
    if kind == "QuestionnaireResponse":
        if "item" in node.value:
            node.fault("answers", "none: what was said stays with the agency", "item")
        return ""
    return _digest(node)


def _digest(node: Node) -> str:
    found = ""
    for each in node.each("content"):
        attachment = each.must("attachment", "the attachment's hash")
        if attachment is None or not attachment.is_object():
            continue
        if "data" in attachment.value:
            attachment.fault("content", "none: the form stays with the agency", "data")
        there = attachment.must("hash", "the digest of the signed form")
        found = (_hash(there) if there is not None else "") or found
    if not found:
        node.fault("no digest of the signed form", "content[0].attachment.hash", "content")
    return found


def _hash(node: Node) -> str:
    try:
        octets = base64.b64decode(node.value, validate=True) if isinstance(node.value, str) else b""
    except (binascii.Error, ValueError):
        octets = b""
    if len(octets) in _DIGESTS:
        return f"{_DIGESTS[len(octets)]}:{octets.hex()}"
    node.fault(kind_of(node.value), "20 bytes (SHA-1) or 32 (SHA-256) in base64")
    return ""


def _decider(
    house: House, system: System, zone: ZoneInfo, node: Node, names: frozenset[str]
) -> tuple[str, Decider] | None:
    if not node.is_object():
        return None
    before = node.count()
    name = node.must("id", "an id, by which the Consent names its performer")
    of = node.must("patient", "the client")
    whose = values.reference(of, "Patient") if of is not None else None
    if of is not None and whose is not None and whose[1] not in names:
        of.fault("somebody else", "the parameter patient")
    role = _role(node)
    said = node.extensions(_SAID)
    paper = _word(said, _EVIDENCE, {kebab(word): word for word in sorted(EVIDENCE)})
    if _EVIDENCE not in said:
        node.fault("no decider-evidence", "which paper you have seen", "extension")
    barred = _word(said, f"{EXTENSION}/no-authority", {kebab(word): word for word in BARRED})
    own_id = name.value if name is not None else None
    if name is not None and not (isinstance(own_id, str) and FHIR_ID.fullmatch(own_id)):
        name.fault("no id", "an id of FHIR")
    ends_at = _ends(node, zone)
    if node.count() != before or role is None:
        return None
    decider = Decider(
        ref=_number(house, system, str(own_id)),
        role=role,
        jointly=_flag(said, "decides-jointly"),
        access_only=_flag(said, "access-only"),
        barred=cast(Barred, barred or ""),
        ends_at=ends_at,
        evidence=paper or "",
        taken_by=system.agency,
    )
    return str(own_id), decider


def _role(node: Node) -> GivenBy | None:
    """As what somebody decides: one word of ours, or those of v3-RoleCode that mean one."""
    one = node.single("relationship", "as what this one decides")
    found: set[GivenBy | None] = set()
    for each in one.each("coding") if one is not None else []:
        coding = values.coding(each)
        if coding is None:
            return None
        words: Mapping[str, Mapping[str, GivenBy]] = {_ROLES: DECIDERS, _ROLE_CODE: _OF_ROLE_CODE}
        found.add(words.get(coding[0], {}).get(coding[1]))
    role = next(iter(found)) if len(found) == 1 else None
    if role is None or role is GivenBy.SELF:
        node.fault("no one role", f"one of {', '.join(word for word in DECIDERS if word != 'self')}", "relationship")
        return None
    return role


def _ends(node: Node, zone: ZoneInfo) -> datetime | None:
    period = node.at("period")
    there = period.at("end") if period is not None else None
    return values.is_over(there, zone) if there is not None else None


def _word(said: Mapping[str, list[Node]], url: str, words: Mapping[str, str]) -> str | None:
    return values.word(said[url][0], words) if url in said else None


def _flag(said: Mapping[str, list[Node]], name: str) -> bool:
    url = f"{EXTENSION}/{name}"
    return bool(values.flag(said[url][0])) if url in said else False


def _number(house: House, system: System, own_id: str) -> str:
    """Twelve letters as the registry's numbers are: of one agency's id always the same, and telling nothing of it."""
    digest = house.keys.digest("decider", f"{system.id}\n{own_id}")
    return base64.b32encode(bytes.fromhex(digest[:16])).decode()[:12]


def _with_numbers(consent: Any, numbers: Mapping[str, str]) -> Resource:
    """The Consent with the registry's numbers of the deciders beside it, wherever it names one of them as performer."""
    found: Resource = dict(consent)
    listed = found.get("performer")
    if isinstance(listed, list):
        found["performer"] = [_renamed(each, numbers) for each in listed]
    return found


def _renamed(performer: Any, numbers: Mapping[str, str]) -> Any:
    url = performer.get("reference") if isinstance(performer, dict) else None
    name = url.removeprefix("RelatedPerson/") if isinstance(url, str) else ""
    if name in numbers and url != name:
        return {**performer, "reference": f"RelatedPerson/{numbers[name]}"}
    return performer
