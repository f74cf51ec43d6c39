"""From a Bundle to what a system takes in: the mapping out, and the agency's own bytes. No decision, no store."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.contract import Adapter, Parcel, RecordKind
from hub.errors import MappingGap
from hub.exchange.complete import TASK_CODE
from hub.exchange.house import House
from hub.exchange.message import ADD, CORRECT, is_request, override_of
from hub.exchange.parts import source_key
from hub.exchange.records import own_number
from hub.exchange.telling import language_of, why_and_what
from hub.mapping import Context
from hub.model import codes
from hub.model.canonical import canonical
from hub.model.codes import REFERRAL_STATE
from hub.model.directory import System
from hub.model.envelope import ABOUT_NOBODY, BESIDE_A_REFERRAL, OVERRIDE, REPORTS, Envelope
from hub.model.fhir import Resource, coding, concept, identifier_in, resources
from hub.model.identifiers import GOVERNMENT
from hub.model.record import Loss, Record
from hub.model.rows import Notice, ReferralRow
from hub.ports import Directory
from hub.referral import TASK_STATUS
from hub.referral.transitions import REVOKE

RECALL = "recall"  # the kind of a notice to a recipient: lay a message aside
CONSENT_CHANGED = "consent-changed"  # to a recipient too: a consent on which it holds data
_NO_ANSWERS = Loss("status", "this kind of system takes no answers")
_NO_ACTIVITY = Loss("Procedure.code", "this kind of system has no record of that activity")
_ACTIVITY = f"{codes.CODE_SYSTEM}/service-activity"


@dataclass(frozen=True, slots=True)
class Written:
    """A message in the recipient's own form.

    Args:
        parcel: None where its system has no word for what it says.
        losses: what of this message found no place in it.
    """

    parcel: Parcel | None
    losses: tuple[Loss, ...] = ()


def write_parcel(
    house: House,
    system: System,
    envelope: Envelope,
    content: Resource,
    referral: ReferralRow | None,
    places: Mapping[str, str],
) -> Written:
    """Write a message for one system.

    Args:
        places: agency to its place code in this kind of system (:func:`places_of`).

    Raises:
        MappingGap: the mapping cannot write it; held until a mapping changes.
    """
    adapter = house.adapters[system.kind]
    if adapter.remote:  # it is a message already
        content = with_abort(content, envelope.event, referral)
        number = referral.number if referral else None
        return Written(
            Parcel(envelope.envelope_id, envelope.event, canonical(content), number, _is_incomplete(content))
        )
    kind = kind_of(adapter, envelope.event, content)
    asks = is_request(envelope.event, _held(content))
    answered = not asks and envelope.event != OVERRIDE
    if kind is None and answered:  # as with a state that it has no word for (shared model 6.2)
        return Written(None, (_NO_ACTIVITY if envelope.event in REPORTS else _NO_ANSWERS,))
    if kind is None or adapter.render is None:
        event = f"event {envelope.event}"
        raise MappingGap(f"system {system.id}", event, "a record kind that it can write", "see the adapter's card")
    mapping = house.mappings[system.kind].records[kind.name]
    back = mapping.from_fhir(_placed(content["entry"], places), Context(system.agency))
    record = back.record
    if kind.event == "referral-status" and "status" not in record.fields and not any(record.children.values()):
        return Written(None)
    if kind.own and envelope.event != ADD and referral is not None and referral.sender_system == system.id:
        record = replace(
            record, fields={**record.fields, kind.own: own_number(referral.sender_key)}
        )  # it finds its row
    record = with_places(kind, record, places.get(envelope.sender), places.get(system.agency))
    record = _with_declaration(kind, record, content)
    incomplete = _is_incomplete(content)
    if incomplete and kind.incomplete:
        record = replace(record, fields={**record.fields, kind.incomplete: "1"})
    if not adapter.writes(record):
        return Written(None, (*back.losses, *adapter.shortened(record)))
    parcel = Parcel(
        envelope_id=envelope.envelope_id,
        kind=adapter.correction if asks and envelope.event == CORRECT else kind.parcel or "",
        body=adapter.render(record),
        referral_no=referral.number if referral else None,
        incomplete=incomplete,
        lookup=_lookup(content),
    )
    return Written(parcel, (*back.losses, *adapter.shortened(record)))


def with_abort(content: Resource, event: str, referral: ReferralRow | None) -> Resource:
    """A withdrawal after work has begun asks the receiver (T20, settled S47): a Task of code ``abort`` beside the
    referral's own, which says so too. The receiver answers with one of status ``accepted`` or ``rejected``.
    """
    if event != REVOKE or referral is None or referral.state != "cancel-requested":
        return content
    entries: list[Resource] = []
    for entry in content["entry"]:
        task = entry["resource"]
        if task["resourceType"] != "Task":
            entries.append(entry)
            continue
        own = {"status": TASK_STATUS[referral.state], "businessStatus": concept(coding(REFERRAL_STATE, referral.state))}
        entries.append({**entry, "resource": {**task, **own}})
        abort_id = str(uuid.uuid5(uuid.UUID(task["id"]), "abort"))
        abort = {name: part for name, part in task.items() if name not in ("businessStatus", "output")}
        asks = {"id": abort_id, "status": "requested", "code": concept(coding(TASK_CODE, "abort"))}
        focus = {"focus": {"reference": entry["fullUrl"]}}
        entries.append({"fullUrl": f"urn:uuid:{abort_id}", "resource": {**abort, **asks, **focus}})
    return {**content, "entry": entries}


def kind_of(adapter: Adapter, event: str, content: Resource) -> RecordKind | None:
    """The kind of record that a message is written as; None: the system has none for it.

    By its event, by what it holds (of several such resources by the one that the card names first), and where several
    kinds hold the same by what was done.
    """
    held = _held(content)
    if is_request(event, held) and (event == ADD or adapter.correction):
        events: tuple[str, ...] = ("referral",)
    elif event in BESIDE_A_REFERRAL or event in REPORTS or event in ABOUT_NOBODY:
        events = (event,)
    else:
        events = ("referral-status", event)
    written = [kind for kind in adapter.records if kind.parcel and adapter.render and kind.event in events]
    about = next((kind.holds for kind in written if kind.holds in held), "")
    done = _activities(content)
    fits = (kind for kind in written if kind.holds == about and (not kind.activities or kind.activities & done))
    return next(fits, None)


def _held(content: Resource) -> set[str]:
    return {resource["resourceType"] for resource in resources(content)}


def _activities(content: Resource) -> set[str]:
    """What was done, by the codes of its Procedures."""
    codings = (each for found in resources(content, "Procedure") for each in found.get("code", {}).get("coding", ()))
    return {each["code"] for each in codings if each.get("system") == _ACTIVITY and "code" in each}


def with_places(kind: RecordKind, record: Record, sender: str | None, recipient: str | None) -> Record:
    """A record with the place codes of both ends, where its kind writes them; one that nobody knows stays out."""
    named = {kind.place_from: sender, kind.place_to: recipient}
    return replace(record, fields={**record.fields, **{name: code for name, code in named.items() if name and code}})


def places_of(directory: Directory, system: System, service: str | None) -> dict[str, str]:
    """Each agency's place in a kind of system: its only one, or for the receiving agency that of the service asked."""
    codes_of: dict[str, set[str]] = {}
    for site in directory.sites:
        if site.kind == system.kind:
            codes_of.setdefault(site.agency, set()).add(site.code)
    found = {agency: min(own) for agency, own in codes_of.items() if len(own) == 1}
    asked = next((each.site for each in directory.services if each.id == service), "")
    if asked in codes_of.get(system.agency, ()):
        found[system.agency] = asked
    return found


def _with_declaration(kind: RecordKind, record: Record, content: Resource) -> Record:
    """A record with the hub's number of the declaration, and the number under which its reporter is reached."""
    reached = (each["value"] for found in resources(content, "Organization") for each in found.get("telecom", ()))
    named = {kind.number: override_of(content), kind.call_back: next(reached, "")}
    return replace(record, fields={**record.fields, **{name: said for name, said in named.items() if name and said}})


def _placed(entries: Sequence[Resource], places: Mapping[str, str]) -> list[Resource]:
    """The entries, each Organization with its place code beside its agency id."""
    return [{**entry, "resource": _with_place(entry["resource"], places)} for entry in entries]


def _with_place(resource: Resource, places: Mapping[str, str]) -> Resource:
    agency = identifier_in(resource, codes.ID_AGENCY) if resource.get("resourceType") == "Organization" else None
    if agency is None or agency not in places:
        return resource
    place = {"system": codes.ID_SITE, "value": places[agency]}
    return {**resource, "identifier": [*resource["identifier"], place]}


def write_notice(house: House, system: System, row: Notice) -> Parcel:
    """A content-free word for a sender's own system: its record number, a code, why and what to do (INV-10). Or for a
    recipient's: a recall, or that a consent has changed.
    """
    adapter, said = house.adapters[system.kind], why_and_what(row, language_of(system))
    if row.kind == RECALL:
        assert adapter.recall is not None, "who has no place for a recall is telephoned"
        body = adapter.recall(row.record_key, row.code, said)
    elif row.kind == CONSENT_CHANGED:
        assert adapter.consent_changed is not None, "who has no place for it is not told"
        body = adapter.consent_changed(row.record_key, row.code, said)
    else:
        assert adapter.notice is not None, "it is told by its answers"
        body = adapter.notice(source_key(row.record_key), row.code, said)
    return Parcel(envelope_id=row.notice_id, kind=row.kind, body=body)


def _is_incomplete(content: Resource) -> bool:
    tags = content.get("meta", {}).get("security", ())
    return any(tag.get("code") == "REDACTED" for tag in tags)


def _lookup(content: Resource) -> dict[str, str]:
    found: dict[str, str] = {}
    for patient in resources(content, "Patient"):
        for identifier in patient.get("identifier", ()):
            if identifier.get("system") in GOVERNMENT:
                found[identifier["system"]] = identifier["value"]
    return found
