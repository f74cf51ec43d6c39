"""From an agency's bytes to what the hub can judge: parse, to FHIR, person keys. No store, no decision.

One bad record becomes an :class:`Unreadable` with its place and next step; its neighbours go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from adapters.contract import Gone, Raw, RecordKind
from hub.errors import MappingGap, MessageRejected, RecordUnreadable, Unexpected
from hub.exchange.declared import asserted, read_declared, read_word
from hub.exchange.house import House
from hub.exchange.match import PersonKeys, local_key, person_keys
from hub.exchange.records import (
    BY_HAND,
    ConsentRecord,
    Declared,
    End,
    Read,
    ReferralRecord,
    Source,
    Unreadable,
    says_no,
)
from hub.mapping import Context, Translation
from hub.model import codes
from hub.model.canonical import sha256
from hub.model.directory import System
from hub.model.envelope import BESIDE_A_REFERRAL, OVERRIDE, REPORTS
from hub.model.fhir import Resource, code_in, identifier_in
from hub.model.record import Record
from hub.referral import Said

WORDS_OF = "cms"  # in whose words what a command enters is
_OF_A_REFERRAL = ("referral", "referral-status")


def read_all(house: House, system: System, raws: Iterable[Raw | Gone]) -> tuple[list[Read], list[str]]:
    """Translate records; return what they are, and the keys of those that are gone from the source."""
    read, gone = [], []
    for raw in {raw.key: raw for raw in raws}.values():  # of a record that stands there twice, as it was read last
        if isinstance(raw, Gone):
            gone.append(raw.key)
        else:
            read.append(read_one(house, system, raw))
    return read, gone


def read_one(house: House, system: System, raw: Raw) -> Read:
    """Translate one record."""
    revision = raw.revision or (house.keys.digest("record", sha256(raw.own)) if raw.own else "")
    source = Source(system, raw.key, revision, house.keys.digest("record", sha256(raw.data)), raw.site)
    adapter = house.adapters[system.kind]
    if raw.fault:
        return Unreadable(source, raw.fault, gap=False)
    try:
        record = adapter.parse(raw.key, raw.data)
        kind = next((row for row in adapter.records if row.name == record.kind), None)
        if kind is None:
            raise RecordUnreadable(f"{system.id} {raw.key}", "a kind of record that the adapter does not list")
        if kind.event == "consent":
            return _consent(house, source, record)
        if kind.event == "override-word":
            return read_word(house, source, record)
        of_one = kind.event in _OF_A_REFERRAL or kind.only_open
        return (_referral if of_one else _shared)(house, source, kind, record)
    except MessageRejected as error:
        return Unreadable(source, str(error), gap=isinstance(error, MappingGap))
    except Exception as error:  # noqa: BLE001 - one record never stops its neighbours: it is answered, and waits
        return Unreadable(source, str(Unexpected.met(f"{system.id} {raw.key}", error)), gap=True)


def read_by_hand(house: House, system: System, key: str, data: bytes) -> Read:
    """A declaration that was entered by a command, in the words of the CMS, whatever kind its agency's system is.

    Args:
        key: ``override:`` and a number, as the document says.
    """
    source = Source(system, f"{BY_HAND}{key}", "1", house.keys.digest("record", sha256(data)))
    card = house.adapters[WORDS_OF]
    kind = next(each for each in card.records if each.event == OVERRIDE)
    try:
        return _to_share(house, source, kind, card.parse(key, data), WORDS_OF)
    except MessageRejected as error:
        return Unreadable(source, str(error), gap=False)


def _referral(house: House, source: Source, kind: RecordKind, record: Record) -> ReferralRecord:
    agency = source.system.agency
    named = Record(record.kind, {**record.fields, "from_org": agency}, record.children)
    request = kind.event == "referral"
    translated = (
        house.mappings[source.system.kind]
        .records[kind.name]
        .to_fhir(named if request else record, Context(agency, source.site))
    )
    task = _only(translated.resources, "Task", source)
    state = code_in(task.get("businessStatus"), codes.REFERRAL_STATE)
    if state is None and (request or not task.get("output")):  # results may come without a word on the state
        raise RecordUnreadable(
            f"{source.system.id} {source.key}: status", "nothing", "a state", "set it and save the record"
        )
    client = _child(record, "client")
    asked = _only(translated.resources, "ServiceRequest", source) if request else {}
    requester = _end(asked.get("requester"))
    return ReferralRecord(
        source=source,
        kind="referral" if request else "referral-status",
        entries=tuple(translated.resources),
        said=Said(
            writer="S" if request else "R",
            state=state or "",
            reason=code_in(task.get("statusReason"), codes.STATE_REASON),
            modified_at=_instant(task.get("lastModified")),
            has_output=bool(task.get("output")),
            coded_outcome=state == "completed",  # the system's coded COMPLETED is itself the outcome (shared model 6.2)
        ),
        requester=requester,
        performer=_end(next(iter(asked.get("performer", ())), None) if request else task.get("owner")),
        wanted=code_in(asked.get("code"), codes.SERVICE_WANTED) or "",
        placer=_placer(asked, requester) if request else "",
        number=None if request else identifier_in(task, codes.ID_REFERRAL),
        person=_person(house, source, translated.resources, client) if request or _names_somebody(translated) else None,
        case_closed=(_child(record, "case") or _NOBODY).get("status") == "CLOSED",
        deceased=(client or _NOBODY).get("deceased_date") is not None,
        alias=_alias(translated.resources),
        consent=record.fields.get(kind.consent) if kind.consent else None,
        route=_route(kind, record),
        losses=translated.losses,
        only_open=kind.only_open,
        risks=asserted(kind, record) if request else (),
    )


def _numbers(named: str, record: Record) -> tuple[str, ...]:
    """What the child records say in a field, ``child.field``."""
    child, _, field = named.partition(".")
    return tuple(number for row in record.children.get(child, ()) if (number := row.get(field)))


def _route(kind: RecordKind, record: Record) -> tuple[str, str]:
    """List and code of a referral that says no more of its recipient."""
    named, stroke, code = (record.fields.get(kind.route, "") if kind.route else "").partition("/")
    return (named, code) if stroke else (kind.name if named else "", named)


def _shared(house: House, source: Source, kind: RecordKind, record: Record) -> ReferralRecord | Unreadable:
    """A record that names no recipient, or a funder; or whose it is where the rest cannot be said."""
    try:
        return _to_share(house, source, kind, record)
    except MessageRejected as error:
        about = None if kind.event in (*REPORTS, OVERRIDE) else _client_alone(house, source, record)
        return Unreadable(source, str(error), isinstance(error, MappingGap), about)


def _to_share(house: House, source: Source, kind: RecordKind, record: Record, words: str = "") -> ReferralRecord:
    """The same, translated. What was done for a client goes as results of a referral do.

    Args:
        words: kind of system in whose words it is, where that is not its own.
    """
    context = Context(source.system.agency, source.site)
    named = Record(record.kind, {**record.fields, "from_org": source.system.agency}, record.children)
    translated = house.mappings[words or source.system.kind].records[kind.name].to_fhir(named, context)
    beside, report = kind.event in BESIDE_A_REFERRAL, kind.event in REPORTS
    declares = kind.event == OVERRIDE
    client = _child(record, "client")
    return ReferralRecord(
        source=source,
        kind="override" if declares else "report" if report else "shared" if beside else "referral-status",
        entries=tuple(translated.resources),
        said=Said(writer="R", state="", has_output=not beside and not report and not declares),
        requester=End(),
        performer=End(agency=record.get(kind.to) or "") if kind.to else End(),
        wanted="",
        placer="",
        number=None,
        person=_person(house, source, translated.resources, None if words else client),
        case_closed=False,
        deceased=(client or _NOBODY).get("deceased_date") is not None,
        alias=_alias(translated.resources),
        losses=translated.losses,
        event=kind.event,
        holds=kind.holds,
        place=record.fields.get(kind.place_to, ""),
        numbers=_numbers(kind.outcome_of, record) if kind.outcome_of else None,
        opened=_numbers(kind.of_case, record) if kind.of_case else None,
        after=record.fields.get(kind.after, "") if kind.after else "",
        declared=_declared(house, source, record, translated) if declares else None,
    )


def _declared(house: House, source: Source, record: Record, translated: Translation) -> Declared:
    return read_declared(house, source, record, _only(translated.resources, "Patient", source))


def _end(reference: object) -> End:
    """The end that a directory reference of a mapping names."""
    identifier = reference.get("identifier", {}) if isinstance(reference, dict) else {}
    value = str(identifier.get("value", ""))
    match identifier.get("system"):
        case codes.ID_AGENCY:
            return End(agency=value)
        case codes.ID_SITE:
            return End(site=value)
    return End()


def _placer(asked: Resource, requester: End) -> str:
    """``place/number``: the sender's own number; where a system serves several places, each has numbers of its own."""
    for identifier in asked.get("identifier", ()):
        kinds = (entry.get("code") for entry in identifier.get("type", {}).get("coding", ()))
        if "PLAC" in kinds:
            return f"{requester.site}/{identifier['value']}"
    return ""


def _names_somebody(translated: Translation) -> bool:
    """Whether a record says of itself whom it is about; an answer need not."""
    return any(entry["resource"]["resourceType"] == "Patient" for entry in translated.resources)


def _alias(entries: Iterable[Resource]) -> str | None:
    patients = (entry["resource"] for entry in entries if entry["resource"]["resourceType"] == "Patient")
    return next((alias for patient in patients if (alias := identifier_in(patient, codes.ID_CLIENT))), None)


def _consent(house: House, source: Source, record: Record) -> ConsentRecord:
    """The client of a consent row is translated as the client of a referral is, so that both give the same keys."""
    client = _child(record, "client")
    person: PersonKeys | None = None
    try:
        person = _as_of_a_referral(house, source, record)
    except MessageRejected:
        if not says_no(record.fields):
            raise
        local = (client or _NOBODY).get("client_id")  # of whom nothing else can be read now
        if local:
            person = person_keys({}, system=source.system.id, local_id=local, digest=house.keys.digest)
    fields = dict(record.fields)
    if client and "home_language" in client.fields:
        fields["home_language"] = client.fields["home_language"]  # what an interpreter spoke (program systems 9.2)
    dead, into = ((client or _NOBODY).get(name) for name in ("deceased_date", "merged_into_client_id"))
    merged_into = local_key(source.system.id, into, house.keys.digest) if into else None
    gone = [row.get("client_id") for row in record.children.get("gone", ())]
    merged_from = tuple(local_key(source.system.id, number, house.keys.digest) for number in gone if number)
    return ConsentRecord(source, fields, person, dead is not None, merged_into=merged_into, merged_from=merged_from)


def _as_of_a_referral(house: House, source: Source, record: Record) -> PersonKeys:
    """The keys of a record's client, translated as the client of a referral is."""
    request = next(kind.name for kind in house.adapters[source.system.kind].records if kind.event == "referral")
    alone = Record(request, {}, {"client": record.children.get("client", ())})
    translated = house.mappings[source.system.kind].records[request].to_fhir(alone, Context(source.system.agency))
    return _person(house, source, translated.resources, _child(record, "client"))


def _client_alone(house: House, source: Source, record: Record) -> PersonKeys | None:
    """Whose a record is that cannot be translated; None: that cannot be told either."""
    try:
        return _as_of_a_referral(house, source, record)
    except MessageRejected:
        return None


_NOBODY = Record("NOBODY", {})


def _child(record: Record, name: str) -> Record | None:
    return next(iter(record.children.get(name, ())), None)


def _only(entries: Iterable[dict[str, Any]], kind: str, source: Source) -> dict[str, Any]:
    found = [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == kind]
    if len(found) != 1:
        raise RecordUnreadable(f"{source.system.id} {source.key}", f"{len(found)} {kind}", "one", "look at the mapping")
    resource: dict[str, Any] = found[0]
    return resource


def _person(house: House, source: Source, entries: Iterable[dict[str, Any]], client: Record | None) -> PersonKeys:
    patient = _only(entries, "Patient", source)
    local = (client or _NOBODY).get("client_id")
    system, digest = source.system, house.keys.digest
    return person_keys(patient, system=system.id, local_id=local, digest=digest, agency=system.agency)


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
