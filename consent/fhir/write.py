"""A record of the registry becomes a FHIR R4 Consent, in the shape of shared model 8 (PCF Advanced). Pure.

What is written is read again before it is given out: what would not come back the same is refused by the field's name,
so that nothing is dropped in silence. ``registry_seq``, ``state_events`` and ``doubt`` are the registry's own and no
part of it: of a doubt the state tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from consent import cells
from consent.fhir import codes
from consent.fhir.node import NotAConsent
from consent.fhir.read import read_consent
from consent.fhir.said import PARTS
from consent.fhir.scope import Known
from consent.model import Authority, Consent, Directive, Grant, Onward, PackFacts, Recipient, VerbalNote
from consent.model.words import EXPLANATIONS, SENSITIVE, Basis, Category, ConsentState, GivenBy, Purpose
from hub.errors import Refused
from hub.model.codes import ACT_REASON, ACT_REASON_OF_PURPOSE, CATEGORY, CONFIDENTIALITY, PURPOSE, kebab
from hub.model.fhir import Resource, coding, concept

_TICKS = ("what", "who", "why", "risk", "may-refuse")
assert set(_TICKS) == EXPLANATIONS, "each tick is written"
_NEXT_STEP = "FHIR has no place for it: show it without --fhir"


def as_fhir(record: Consent | Directive, zone: ZoneInfo) -> Resource:
    """Write a consent, or a standing "no", as a Consent. Its ids are taken as those of whoever reads it.

    Args:
        record: ``consent_id`` and the ids that it supersedes or lifts are the reader's numbers, ``subject_ref`` the
            reader's alias of the client.
        zone: of its pack: an instant at which a local day begins is written as that day.

    Raises:
        Refused: it says something that shared model 8 has no spelling for; the field is named.
    """
    if isinstance(record, Consent) and not record.text_version:
        raise Refused("text_version", "nothing", "the wording that the client saw: R4 asks for it (ppc-1)", _NEXT_STEP)
    made = _directive(record) if isinstance(record, Directive) else _consent(record, zone)
    try:
        back = read_consent(made, _as_written(record, zone))
    except NotAConsent as error:
        raise Refused(error.where, error.got, error.expected, _NEXT_STEP) from None
    lost = _differing(record, back)
    if lost:
        raise Refused(lost, "what no element of a Consent can say", "a form without it", _NEXT_STEP)
    return made


def _as_written(record: Consent | Directive, zone: ZoneInfo) -> Known:
    """All that the record names is known: whether it still is, is not the question here."""
    if isinstance(record, Directive):
        people = {record.worker: record.recipients[0]} if record.worker and record.recipients else {}
        return Known(PackFacts("", 0, zone=zone.key), bool, people.get)
    pack = PackFacts(
        record.pack,
        record.pack_version,
        zone=zone.key,
        text_versions=(record.text_version or "",),
        notice_versions=(record.notice_version or "",),
    )
    of = {each.person: each.agency for each in record.recipients if each.person}
    return Known(pack, bool, of.get)


def _differing(record: Consent | Directive, back: Consent | Directive) -> str:
    """The first field that does not come back; "" if all do."""
    if type(record) is not type(back):
        return "state"
    one, other = _plain(record), _plain(back)
    return next((name for name, value in one.items() if value != other[name]), "")


def _plain(record: Consent | Directive) -> Mapping[str, Any]:
    """Its fields; lists of grants have no order, and one list of names says what is superseded and lifted."""
    found = {each.name: getattr(record, each.name) for each in fields(record)}
    found["registry_seq"] = 0
    for name in ("categories", "exclusions", "recipients", "purposes", "items", "onward_sharing"):
        if name in found:
            found[name] = Counter(found[name])
    if isinstance(record, Consent):
        found |= {
            "state_events": (),
            "doubt": "",
            "suspended_by": "",
            "supersedes": {*record.supersedes, *record.lifts},
            "lifts": (),
        }
    return found


# ---------------------------------------------------------------------------------------------------- the two kinds


def _consent(record: Consent, zone: ZoneInfo) -> Resource:
    declined = record.state is ConsentState.DECLINED
    made: Resource = {
        "resourceType": "Consent",
        "id": record.consent_id,
        "meta": {"versionId": str(record.version), "profile": [codes.PROFILE]},
        "extension": list(_extensions(record, zone)),
        "identifier": [{"system": codes.ID_CONSENT, "value": record.consent_id}],
        "status": codes.STATUS[record.state],
        **_kind(),
        "patient": _reference("Patient", record.subject_ref),
        "organization": [_reference("Organization", record.discloser)],
        "policy": [{"authority": codes.SITE, "uri": f"{codes.POLICY}{record.text_version}"}],
        "provision": _no(record, zone) if declined else _permit(record, zone),
    }
    if record.language:
        made["language"] = record.language
    if record.captured_at:
        made["dateTime"] = _instant(record.captured_at, zone)
    made |= _performer(record.given_by, record.given_by_ref, record.subject_ref)
    if record.evidence_ref:
        kind = "QuestionnaireResponse" if record.basis is Basis.EXPRESS_VERBAL else "DocumentReference"
        made["sourceReference"] = _reference(kind, record.evidence_ref)
    return made


def _directive(no: Directive) -> Resource:
    """An active Consent whose root denies; of no form and no time, until it is lifted by name."""
    if no.lifted_by is not None:
        raise Refused("lifted_by", "one that has been lifted", "one that stands", "there is nothing to show")
    if no.categories and no.items:  # here either is enough; two dimensions of a provision would both have to fit
        raise Refused("items", "items beside categories", "one of the two", _NEXT_STEP)
    if not no.taken_by:
        raise Refused("taken_by", "nothing", "the agency that took it: a Consent has an organization", _NEXT_STEP)
    people = [Recipient(each, person=no.worker) for each in no.recipients]
    provision: Resource = {"type": "deny", **_actors(people), **_purposes(no.purposes)}
    if no.categories:
        provision["securityLabel"] = [coding(CATEGORY, kebab(each)) for each in no.categories]
    given = [_part("given-by", kebab(no.said_by))] if no.said_by is not GivenBy.SELF else []
    return {
        "resourceType": "Consent",
        "id": no.directive_id,
        "meta": {"profile": [codes.PROFILE]},
        "extension": [
            {"url": codes.STATE, "valueCode": "active"},
            *([{"url": codes.RECORD, "extension": given}] if given else []),
        ],
        "identifier": [{"system": codes.ID_CONSENT, "value": no.directive_id}],
        "status": "active",
        **_kind(),
        "patient": _reference("Patient", no.subject_ref),
        **_performer(no.said_by, no.said_by_ref, no.subject_ref),
        "organization": [_reference("Organization", no.taken_by)],
        "policy": [{"authority": codes.SITE, "uri": codes.POLICY + codes.STANDING_NO}],
        "provision": provision | _items(no.items),
    }


def _kind() -> Resource:
    return {"scope": concept(coding(*codes.SCOPE)), "category": [concept(coding(*each)) for each in codes.CATEGORIES]}


def _performer(given_by: GivenBy | None, ref: str | None, subject: str) -> Resource:
    if given_by is GivenBy.SELF:
        return {"performer": [_reference("Patient", subject)]}
    return {"performer": [_reference("RelatedPerson", ref)]} if ref else {}


# ------------------------------------------------------------------------------------------------------- extensions


def _extensions(record: Consent, zone: ZoneInfo) -> Iterator[Resource]:
    if record.basis:
        yield {
            "url": codes.METHOD,
            "valueCodeableConcept": concept(coding(codes.METHOD_CODES, kebab(record.basis))),
        }
    yield {"url": codes.STATE, "valueCode": kebab(record.state)}
    yield {"url": codes.RECORD, "extension": list(_record(record, zone))}
    for name in dict.fromkeys((*record.supersedes, *record.lifts)):
        yield {"url": codes.SUPERSEDES, "valueReference": _reference("Consent", name)}
    if record.interpreter and record.interpreter.language:
        yield {"url": codes.EXPLAINED_IN, "valueCode": record.interpreter.language}


def _record(record: Consent, zone: ZoneInfo) -> Iterator[Resource]:
    """Its parts in the order of the shared model, the rest of consent rules 1.2 after them."""
    worker = record.captured_by
    said: Iterable[tuple[str, Any]] = (
        ("pack", f"{record.pack}|{record.pack_version}"),
        ("capacity-basis", kebab(record.capacity_basis) if record.capacity_basis else None),
        ("client-reads", " ".join(record.client_reads)),
        ("explained", " ".join(each for each in _TICKS if each in record.explained)),
        ("not-condition-of-service", record.not_condition_of_service),
        ("condition-reason", record.condition_reason or None),
        ("onward-sharing", bool(record.onward_sharing)),
        ("captured-by", _reference("PractitionerRole", worker) if worker else None),
        ("captured-in", _system(record.captured_in)),
        ("receipt", _receipt(record.receipt_ref, zone)),
        ("form-id", record.form_id),
        ("notice-version", record.notice_version),
        ("signed-on", record.signed_on.isoformat() if record.signed_on else None),
        ("given-by", kebab(record.given_by) if record.given_by else None),
        ("names-discloser", record.names_discloser or None),
    )
    yield from (_part(name, value) for name, value in said if value not in (None, ""))
    yield from map(_onward, record.onward_sharing)
    if record.authority:
        yield {"url": "authority", "extension": list(_authority(record.authority, zone))}
    if record.verbal_note:
        yield {"url": "verbal-note", "extension": list(_note(record.verbal_note, zone))}
    if record.interpreter:
        parts = [
            {"url": "kind", "valueCode": kebab(record.interpreter.kind)},
            {"url": "independent", "valueBoolean": record.interpreter.independent},
        ]
        yield {"url": "interpreter", "extension": parts}


def _part(name: str, value: Any) -> Resource:
    return {"url": name, PARTS[name]: value}


def _onward(to: Onward) -> Resource:
    return {
        "url": "onward-to",
        "extension": [
            {"url": "agency", "valueReference": _reference("Organization", to.agency)},
            {"url": "purpose", "valueCode": kebab(to.purpose)},
        ],
    }


def _authority(of: Authority, zone: ZoneInfo) -> Iterator[Resource]:
    yield {"url": "kind", "valueString": of.kind}
    if of.seen_on:
        yield {"url": "seen-on", "valueDate": of.seen_on.isoformat()}
    if of.seen_by:
        yield {"url": "seen-by", "valueReference": _reference("PractitionerRole", of.seen_by)}
    if of.expires_at:
        yield {"url": "expires", "valueDateTime": _instant(of.expires_at, zone)}
    for each in of.co_deciders:
        yield {"url": "co-decider", "valueReference": _reference("RelatedPerson", each)}
    yield {"url": "court-limits", "valueBoolean": of.court_limits}


def _note(note: VerbalNote, zone: ZoneInfo) -> Iterator[Resource]:
    for name, is_there in (("who", note.who), ("what", note.what), ("how-explained", note.how_explained)):
        yield {"url": name, "valueBoolean": is_there}
    if note.worker:
        yield {"url": "worker", "valueReference": _reference("PractitionerRole", note.worker)}
    for name, at in (("taken-at", note.taken_at), ("signature-due", note.signature_due_at)):
        if at:
            yield {"url": name, "valueDateTime": _instant(at, zone)}


# -------------------------------------------------------------------------------------------------------- provision


def _permit(record: Consent, zone: ZoneInfo) -> Resource:
    """Plain categories without terms of their own at the root; every other tick as an exception of its own."""
    at_root = [each for each in record.categories if _is_plain(each)]
    exceptions = [_exception(each, record, zone) for each in record.categories if not _is_plain(each)]
    locked = [each for each in record.exclusions if each in Category.__members__]
    if locked:
        exceptions.append({"type": "deny", "securityLabel": [coding(CATEGORY, kebab(each)) for each in locked]})
    if items := [each for each in record.exclusions if each not in Category.__members__]:
        exceptions.append({"type": "deny", **_items(items)})
    labels = [coding(CONFIDENTIALITY, "N"), *(coding(CATEGORY, kebab(each.category)) for each in at_root)]
    return {
        "type": "permit",
        **_period(record.valid_from, record.expires_at, zone),
        **_actors(record.recipients),
        "securityLabel": labels,
        **_purposes(record.purposes),
        **({"provision": exceptions} if exceptions else {}),
    }


def _no(record: Consent, zone: ZoneInfo) -> Resource:
    """A declined form: for whom and why it was asked, and what it listed."""
    labels = [coding(CATEGORY, kebab(each.category)) for each in record.categories]
    return {
        "type": "deny",
        **_period(record.valid_from, record.expires_at, zone),
        **_actors(record.recipients),
        **({"securityLabel": labels} if labels else {}),
        **_purposes(record.purposes),
        **_items(record.exclusions),
    }


def _is_plain(grant: Grant) -> bool:
    return grant.category not in SENSITIVE and not grant.purposes and grant.expires_at is None


def _exception(grant: Grant, record: Consent, zone: ZoneInfo) -> Resource:
    level = "R" if grant.category in SENSITIVE else "N"
    period = _period(record.valid_from, grant.expires_at, zone) if grant.expires_at else {}
    labels = [coding(CONFIDENTIALITY, level), coding(CATEGORY, kebab(grant.category))]
    return {"type": "permit", **period, "securityLabel": labels, **_purposes(grant.purposes)}


def _actors(recipients: Iterable[Recipient]) -> Resource:
    found = [_actor(each) for each in recipients]
    return {"actor": found} if found else {}


def _actor(to: Recipient) -> Resource:
    role = {"role": concept(coding(*codes.ROLE))}
    if to.person:
        return {**role, "reference": _reference("PractitionerRole", to.person)}
    if to.program is None:
        return {**role, "reference": _reference("Organization", to.agency)}
    if to.program.startswith(codes.OF_STREAM):
        word = to.program.removeprefix(codes.OF_STREAM)
        narrowed = {"url": codes.PROGRAM, "valueCodeableConcept": concept(coding(codes.PROGRAM_STREAM, word))}
    else:
        narrowed = {"url": codes.PROGRAM, "valueReference": _reference("HealthcareService", to.program)}
    return {"modifierExtension": [narrowed], **role, "reference": _reference("Organization", to.agency)}


def _purposes(purposes: Iterable[Purpose]) -> Resource:
    """Each with the word of partners after it."""
    words = [
        one
        for each in purposes
        for one in (
            coding(PURPOSE, kebab(each)),
            *([coding(ACT_REASON, ACT_REASON_OF_PURPOSE[each])] if each in ACT_REASON_OF_PURPOSE else []),
        )
    ]
    return {"purpose": words} if words else {}


def _items(items: Iterable[str]) -> Resource:
    found = [{"meaning": "instance", "reference": _reference("Basic", each)} for each in items]
    return {"data": found} if found else {}


# ----------------------------------------------------------------------------------------------------------- values


def _reference(kind: str, name: str) -> Resource:
    if codes.FHIR_ID.fullmatch(name):
        return {"reference": f"{kind}/{name}"}
    return {"type": kind, "identifier": {"system": codes.SYSTEMS[kind], "value": name}}


def _system(name: str | None) -> str | None:
    return name if name is None or ":" in name else codes.SYSTEM_URI + name


def _receipt(said: str | None, zone: ZoneInfo) -> str | None:
    channel, _, at = (said or "").partition(" ")
    try:
        given = _begins(datetime.fromisoformat(at), zone) if at else ""
    except ValueError:
        return said  # no form of ours: it will not come back
    return ", ".join(word for word in (given, channel.lower()) if word) or None


def _period(start: datetime | None, end: datetime | None, zone: ZoneInfo) -> Resource:
    found = {"start": _begins(start, zone) if start else None, "end": _is_over(end, zone) if end else None}
    return {"period": {name: text for name, text in found.items() if text}} if any(found.values()) else {}


def _begins(at: datetime, zone: ZoneInfo) -> str:
    on = _local(at, zone).date().isoformat()
    return on if cells.day_start(on, zone) == at else _instant(at, zone)


def _is_over(at: datetime, zone: ZoneInfo) -> str:
    """As its last day, where it is over with a day."""
    try:
        on = (_local(at, zone) - timedelta(hours=12)).date().isoformat()
    except OverflowError:
        return _instant(at, zone)
    return on if cells.day_end(on, zone) == at else _instant(at, zone)


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return _local(at, zone).isoformat()


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """In the record's zone; in UTC where its offset was no whole minute, or the calendar ends."""
    try:
        there = at.astimezone(zone)
    except OverflowError:
        return at.astimezone(UTC)
    offset = there.utcoffset()
    return there if offset is not None and offset.seconds % 60 == 0 else at.astimezone(UTC)
