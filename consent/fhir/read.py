"""A FHIR R4 Consent becomes a record of the registry, or is refused with every fault by its element path. Pure.

Strict for a yes: an element, extension or code that is not of shared model 8, a time without offset, two meanings, who
or what the directory has not: nothing of it counts. A mandatory field that is not there is no fault: the registry keeps
such a record as DRAFT (consent rules 1.2).

A "no" is heard in spite of faults, and where it cannot be read it is the wider one: a declined form, a withdrawal, an
active Consent whose root denies. Whose it is must be said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from consent.fhir import codes, values
from consent.fhir.node import Fault, Node, NotAConsent
from consent.fhir.said import Interpreted, read_record
from consent.fhir.scope import Known, Scope, read_no, read_permit
from consent.model import Consent, Directive, Interpreter
from consent.model.words import Basis, ConsentState, GivenBy, Purpose

_TOP = (
    *("resourceType", "id", "meta", "language", "text", "extension", "identifier", "status", "scope", "category"),
    *("patient", "dateTime", "performer", "organization", "sourceReference", "policy", "provision"),
)
_EXTENSIONS = {
    codes.METHOD: "valueCodeableConcept",
    codes.STATE: "valueCode",
    codes.RECORD: "extension",
    codes.SUPERSEDES: "valueReference",
    codes.EXPLAINED_IN: "valueCode",
    codes.WITNESS: "valueReference",
    codes.TRANSCRIBER: "valueReference",
}
_SEVERAL = (codes.SUPERSEDES, codes.WITNESS, codes.TRANSCRIBER)
_SPOKEN = (ConsentState.VERBAL_PENDING, ConsentState.LAPSED)

_Extensions = dict[str, list[Node]]
Said = Literal["", "declined", "withdrawn", "forbids"]  # which "no", if any


def read_consent(resource: object, known: Known, path: str = "Consent") -> Consent | Directive:
    """Read a Consent as the registry would hold it; its ids are the reader's own (``consent_id``, ``subject_ref``).

    ``registry_seq`` and ``state_events`` are the registry's own and stay empty. What it names in ``supersedes`` stands
    in ``supersedes`` and ``lifts`` alike: which of them are noes the registry knows. Witnesses are read and not kept.

    Args:
        resource: parsed JSON.
        path: of the resource in its document; every fault begins with it.

    Raises:
        NotAConsent: with all faults.
    """
    faults: list[Fault] = []
    root = Node(resource, path, faults)
    said = _said(resource)
    root.only(*_TOP)
    if not isinstance(resource, dict) or resource.get("resourceType") != "Consent":
        raise NotAConsent([Fault(f"{path}.resourceType", "another resource", "Consent")])
    _whose(root)
    if said and not _patient(Node(resource, path, faults)):  # whose it is cannot be told: then it is nobody's
        raise NotAConsent(faults)
    consent = _form(root, known, said)
    if faults and not said:
        raise NotAConsent(faults)
    return _directive(consent, known) if said == "forbids" else consent


def _said(resource: Any) -> Said:
    """Which "no" it says, if any: read before all else, and from whatever can be read."""
    if not isinstance(resource, dict):
        return ""
    every = resource.get("extension")
    states = {
        each.get("valueCode") if isinstance(each.get("valueCode"), str) else None
        for each in (every if isinstance(every, list) else ())
        if isinstance(each, dict) and each.get("url") == codes.STATE
    }
    status, provision = resource.get("status"), resource.get("provision")
    if status == "rejected" or "declined" in states:
        return "declined"
    if "withdrawn" in states and status != "active":  # whatever its root says: an end is heard before all else
        return "withdrawn"
    denies = isinstance(provision, dict) and provision.get("type") == "deny"
    if denies:
        other = any(each in codes.STATES and each != "active" for each in states)
        return "forbids" if status == "active" and not other else ""
    return "withdrawn" if "withdrawn" in states else ""


def _whose(root: Node) -> None:
    """What every Consent must say: which one, of whom, and that it is one about privacy."""
    root.must("patient", "the client")
    if (name := root.at("id")) is not None and not (
        isinstance(name.value, str) and codes.FHIR_ID.fullmatch(name.value)
    ):
        name.fault("no id", "an id of FHIR")
    if (meta := root.at("meta")) is not None:
        meta.only("versionId", "lastUpdated", "source", "profile")
    if (told := root.at("text")) is not None:
        told.only("status", "div")
        status = told.at("status")  # a narrative that says more than its elements would have to be understood
        if status is not None:
            values.word(status, {"generated": True})
    scope = root.must("scope", codes.SCOPE[1])
    if scope is not None:
        values.concept(scope, codes.SCOPE)
    _categories(root)


def _categories(root: Node) -> None:
    found = [values.concept(each, *codes.CATEGORIES) for each in root.each("category")]
    if None not in found and sorted(each for each in found if each) != sorted(codes.CATEGORIES):
        root.fault("not both of them, once", " and ".join(word for _, word in codes.CATEGORIES), "category")


def _form(root: Node, known: Known, said: Said) -> Consent:
    more = root.extensions(_EXTENSIONS, several=_SEVERAL)
    basis, state = _basis(root, more), _state(root, more, said)
    patient = _patient(root)
    fields = read_record(more[codes.RECORD][0] if codes.RECORD in more else None, known)
    interpreter = fields.pop("interpreter", None)
    named = _named(more)
    scope = _scope(root, known, said, basis)
    if state in _SPOKEN and basis is not Basis.EXPRESS_VERBAL:
        root.fault("a state of what was said", "express-verbal", "extension")
    _people(more)
    return replace(
        _empty(root, patient, state),
        discloser=_organization(root, known),
        recipients=scope.recipients,
        purposes=scope.purposes,
        categories=scope.grants,
        exclusions=scope.exclusions,
        valid_from=scope.valid_from,
        expires_at=scope.expires_at,
        unreadable=scope.unread,
        basis=basis,
        supersedes=named,
        lifts=named,
        text_version=_policy(root, known, said),
        language=_language(root),
        evidence_ref=_evidence(root, basis),
        captured_at=values.instant(at) if (at := root.at("dateTime")) else None,
        interpreter=_interpreter(root, more, interpreter),
        **(fields | _decider(root, patient, fields.get("given_by"))),
    )


def _empty(root: Node, patient: str, state: ConsentState) -> Consent:
    meta = root.at("meta")
    version = meta.value.get("versionId") if meta is not None and isinstance(meta.value, dict) else None
    is_number = isinstance(version, str) and version.isascii() and version.isdigit() and len(version) < 10
    return Consent(
        consent_id=_number(root),
        version=int(version) if is_number and isinstance(version, str) else 0,  # the registry counts its own
        subject_ref=patient,
        state=state,
        registry_seq=0,
        discloser="",
        recipients=(),
        purposes=(),
        categories=(),
        pack="",
        pack_version=0,
    )


def _number(root: Node) -> str:
    """The hub's number, or ``system|value`` of another one; "" where it has none."""
    one = root.single("identifier", "the number of the Consent", required=False)
    if one is None:
        return ""
    one.only("system", "value")
    system, value = one.must("system", codes.ID_CONSENT), one.must("value", "the number")
    if system is None or value is None:
        return ""
    said = values.text(system, codes.ID_CONSENT), values.text(value, "the number")
    if None in said:
        return ""
    return f"{said[1]}" if said[0] == codes.ID_CONSENT else f"{said[0]}|{said[1]}"


def _patient(root: Node) -> str:
    there = root.at("patient")
    found = values.reference(there, "Patient") if there else None
    return found[1] if found else ""


def _basis(root: Node, more: _Extensions) -> Basis | None:
    if codes.METHOD not in more:
        root.fault("no consent-collection-method", "one", "extension")
        return None
    wanted = [(codes.METHOD_CODES, word) for word in codes.METHODS]
    found = values.concept(more[codes.METHOD][0], *wanted)
    return codes.METHODS[found[1]] if found else None


def _state(root: Node, more: _Extensions, said: Said) -> ConsentState:
    """The extension decides; ``status`` must say the same. What cannot be read opens nothing."""
    if codes.STATE not in more:
        root.fault("no consent-state", "one", "extension")
    found = values.word(more[codes.STATE][0], codes.STATES) if codes.STATE in more else None
    there = root.must("status", "a status")
    status = values.word(there, {word: word for word in sorted(codes.STATUSES)}) if there else None
    spelled = codes.STATUS[found] if found else None
    if there and found and status not in (spelled, "proposed" if found is ConsentState.DRAFT else spelled):
        there.fault("another status than that of its consent-state", spelled or "")
    if said == "declined":
        return ConsentState.DECLINED
    if said == "withdrawn":
        return ConsentState.WITHDRAWN
    return found or ConsentState.DRAFT


def _scope(root: Node, known: Known, said: Said, basis: Basis | None) -> Scope:
    there = root.at("provision")
    if said in ("declined", "forbids"):
        return read_no(there, known)
    if there is None:
        root.fault("nothing", "whom, why and what it permits", "provision")
        return Scope(unread=("recipients", "purposes", "categories"))
    before = there.count()
    kind = there.must("type", "permit: without it nobody knows what it means")
    if kind is not None and values.word(kind, {"permit": True, "deny": False}) is False:
        kind.fault("a denial that does not stand", "status and consent-state active, or permit")
    scope = read_permit(there, known) if there.is_object() else Scope()
    if basis is Basis.NOTICE_ONLY and scope.purposes != (Purpose.FUNDER_REPORT,):
        there.fault("other purposes", "funder-report alone: a notice is no consent", "purpose")
    unread = there.count() != before
    return replace(scope, unread=("recipients", "purposes", "categories") if unread else ())


def _policy(root: Node, known: Known, said: Said) -> str | None:
    one = root.single("policy", "the wording that the client saw", required=False)
    if one is None:
        return None
    one.only("authority", "uri")
    if (authority := one.at("authority")) is not None:
        values.word(authority, {codes.SITE: True})
    there = one.must("uri", "the wording that the client saw")
    uri = values.text(there, "the wording that the client saw") if there else None
    if there is None or uri is None:
        return None
    text = uri.removeprefix(codes.POLICY)
    if (text == uri or text not in known.pack.text_versions) and said != "forbids":
        there.fault("a wording that the pack does not know", f"{codes.POLICY}… of a wording of the pack")
        return None
    return text


def _language(root: Node) -> str | None:
    there = root.at("language")
    return values.tag(there) if there else None


def _evidence(root: Node, basis: Basis | None) -> str | None:
    """Of what was signed its form, of what was said the note; both stay with the agency."""
    there = root.at("sourceReference")
    if there is None:
        return None
    kind = "QuestionnaireResponse" if basis is Basis.EXPRESS_VERBAL else "DocumentReference"
    found = values.reference(there, kind)
    return found[1] if found else None


def _interpreter(root: Node, more: _Extensions, said: Interpreted | None) -> Interpreter | None:
    """Explained in another language than the text's, and by nobody who interpreted: that would have to be guessed."""
    told = more[codes.EXPLAINED_IN][0] if codes.EXPLAINED_IN in more else None
    language = values.tag(told) if told else None
    if said is not None:
        return Interpreter(said[0], language, said[1])
    if told is not None and language is not None and language != root.value.get("language"):
        told.fault("another language than that of the text", "who interpreted (consent-record), or the same language")
    return None


def _people(more: _Extensions) -> None:
    """Witness and scribe must be workers: of anybody else it could not be told that they did not press the client."""
    for each in (*more.get(codes.WITNESS, ()), *more.get(codes.TRANSCRIBER, ())):
        values.reference(each, "Practitioner", "PractitionerRole")


def _named(more: _Extensions) -> tuple[str, ...]:
    found = [values.reference(each, "Consent") for each in more.get(codes.SUPERSEDES, ())]
    return tuple(dict.fromkeys(each[1] for each in found if each))


def _organization(root: Node, known: Known) -> str:
    one = root.single("organization", "the one agency that may disclose")
    found = values.reference(one, "Organization") if one else None
    if one is None or found is None:
        return ""
    if not known.is_agency(found[1]):
        one.fault("one that the directory has not", "an agency of the directory")
    return found[1]


def _decider(root: Node, patient: str, given_by: GivenBy | None) -> dict[str, Any]:
    """Who decided: the client, or somebody whose role must be said."""
    one = root.single("performer", "who decided", required=False)
    found = values.reference(one, "Patient", "RelatedPerson") if one else None
    if one is None or found is None:
        return {}
    if found[0] == "Patient":
        if found[1] != patient or given_by not in (None, GivenBy.SELF):
            one.fault("two meanings", "the client alone, or another person with given-by")
        return {"given_by": GivenBy.SELF}
    if given_by in (None, GivenBy.SELF):
        one.fault("a person in no role", "given-by in consent-record: as what this one decides")
    return {"given_by": given_by, "given_by_ref": found[1]}


def _directive(consent: Consent, known: Known) -> Directive:
    """A standing "no". One named worker at one agency stays so; a program is its whole agency."""
    people = [each.person for each in consent.recipients]
    by_other = consent.given_by not in (None, GivenBy.SELF)
    return Directive(
        directive_id=consent.consent_id,
        subject_ref=consent.subject_ref,
        registry_seq=0,
        recipients=tuple(dict.fromkeys(each.agency for each in consent.recipients)),
        worker=people[0] if len(people) == 1 else None,
        purposes=consent.purposes,
        categories=tuple(dict.fromkeys(each.category for each in consent.categories)),
        items=consent.exclusions,
        said_by=consent.given_by if by_other and consent.given_by else GivenBy.SELF,
        said_by_ref=consent.given_by_ref if by_other else None,
        taken_by=consent.discloser if known.is_agency(consent.discloser) else "",
    )
