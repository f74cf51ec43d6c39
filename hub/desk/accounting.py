"""A client asks: who got what about me? (consent rules 4.4, settled S33).

- An officer notes the request; an agency's officer answers with what that agency sent or received, the hub's with all.
- Each look is an entry of the log, written before anything is shown. Answering it closes the request.
- *Find*: the agency's alias of a client whom its officer has before them, by what is on their papers.

Which entries are disclosures, and what of them may be shown, is ``hub/account``'s. Here nothing is read but what stands
beside the person's reference (``audit_about``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

from consent.files import files_of
from consent.incident import WITHHELD
from consent.model.reviewed import Outcome, Part
from hub.account import Reader, disclosures
from hub.account.disclosure import Disclosure, consents_of, open_ways, override_of, seen_by
from hub.account.fhir import Face, bundle
from hub.account.page import Account
from hub.desk.consent_lines import LOCAL_KEY, PERSON, TYPES, Wrong, person_of
from hub.desk.days import zone_of
from hub.desk.who import Act, Who, actor_of, allowed
from hub.directory import HUB
from hub.directory.cells import seen, tidy
from hub.directory.sheet import csv_lines
from hub.errors import Refused, shape
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import Ambiguous, Held, One, PersonKeys, compare
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.directory import Agency, System
from hub.model.fhir import Resource
from hub.model.rows import Request
from hub.ports import Directory, Peek

To = Literal["SELF", "DECIDER"]
TO: tuple[To, ...] = get_args(To)
ANSWER_WITHIN = timedelta(days=30)  # consent rules 4.4
_TAKEN_FROM = "the day on which the client asked, today at the latest"


@dataclass(frozen=True, slots=True)
class Told:
    """What an accounting tells, and of which entries it was made.

    Args:
        face: as what the person is shown in FHIR; None: it was not asked for.
    """

    account: Account
    entries: Sequence[dict[str, Any]]
    face: Face | None


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks, about whom, and as whose officer; ``agency`` None: the hub's, about a reference of the registry.

    Args:
        files: all of the person's, this one first (I-07).
    """

    actor: Actor
    agency: str | None
    ref: str
    files: tuple[str, ...]
    whole: bool


def take_request(house: House, subject: str, agency: str | None, who: Who, *, asked_on: str | None) -> Request:
    """Note that a client has asked.

    Args:
        subject: the agency's alias of the client; without an agency, for the hub's officer, the registry's reference.
        asked_on: ISO date; None: today.

    Raises:
        Refused: the worker is no officer, there is no such client, or the day is none or still to come.
    """
    with house.store.peek() as rows:
        directory = rows.directory.all()
        asking = _asking(rows, directory, who, agency, subject)
        zone = zone_of(house, directory, asking.agency)
        today = rows.now.astimezone(zone).date()
    request = Request(house.ids.number(), asking.ref, _scope(asking), _day(asked_on, today), asking.actor.ref)
    with house.store.unit() as unit:
        unit.requests.put(request)
        details = {"what": "request", "action": "add", "name": request.request_id, "subject_ref": asking.ref}
        unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, asking.actor, details))
    return request


def look(house: House, subject: str, agency: str | None, who: Who, *, to: str, request_id: str, as_fhir: bool) -> Told:
    """What is to be told to a client. The look is an entry of the log before this returns.

    Args:
        to: to whom it is given: ``SELF``, or a ``DECIDER``, of whom the registry can say nothing yet.

        as_fhir: the client is shown there by an agency's alias: the hub's officer names one that knows them.

    Raises:
        Refused: the worker is no officer; there is no such client or request of theirs; somebody else is to get it; or
            no agency is named whose alias could be shown.
    """
    _may_be_told(to)
    with house.store.peek() as rows:
        directory = rows.directory.all()
        asking = _asking(rows, directory, who, agency, subject)
        request = rows.requests.get(request_id)
        if (
            request is None
            or request.subject_ref not in asking.files
            or not (asking.whole or request.agency == asking.agency)
        ):
            expected = "the number of a request of this client that was made here"
            raise Refused("--request", shape(request_id), expected, "`hub requests add`, or `hub requests list`")
        if as_fhir and asking.agency is None:
            step = "name an agency that knows the client, and its alias of them"
            raise Refused("--agency", "nothing", "the agency whose alias stands for the client in FHIR", step)
        record = _record(rows, directory, asking)
    numbers, made_at = _noted(house, asking, record, {"request": request_id, "to": to}, numbered=as_fhir)
    account = Account(
        disclosures=record.found,
        names={row.id: row.name for row in directory.agencies.values()},
        agency=None if asking.whole else record.reader.name(_scope(asking)),
        request=request_id,
        made_at=made_at,
        zone=zone_of(house, directory, asking.agency),
    )
    return Told(account, record.entries, Face(record.reader, subject, numbers) if as_fhir else None)


def own_disclosures(house: House, system: System, alias: str) -> list[Resource] | None:
    """What the log says of an agency's own disclosures of one of its clients, in FHIR; None: it has no such client.

    The agency's own software reads (settled S50): what it sent or received, without what may not be told to the client
    now. The look is an entry of the log before this returns; of a client whom it does not know too.
    """
    with house.store.peek() as rows:
        directory = rows.directory.all()
        ref = rows.subjects.by_alias(system.agency, alias) or ""
        files = files_of(ref, rows.links.of([ref]))
        asking = _Asking(acting(system), system.agency, ref, files, whole=False)
        record = _record(rows, directory, asking)
    numbers, _ = _noted(house, asking, record, {}, numbered=True)
    if not ref:
        return None
    shown = bundle(record.entries, record.found, Face(record.reader, alias, numbers))
    return [entry["resource"] for entry in shown["entry"]]


def own_disclosure(house: House, system: System, name: str) -> Resource | None:
    """One of them, by its id; None: there is none that this agency may read."""
    entry_id, _, _ = name.partition(".")
    with house.store.peek() as rows:
        ref = rows.audit.subject_of(entry_id) or ""
        alias = rows.subjects.aliases(ref).get(system.agency, "")
    found = own_disclosures(house, system, alias) or []
    return next((each for each in found if each["id"] == name), None)


@dataclass(frozen=True, slots=True)
class _Record:
    """What the log says of a person, and what of it this reader may be told."""

    entries: Sequence[dict[str, Any]]
    reader: Reader
    found: Sequence[Disclosure]


def _record(rows: Peek, directory: Directory, asking: _Asking) -> _Record:
    entries = list(rows.audit.about(asking.files))
    reader = _reader(rows, directory, asking, entries)
    return _Record(entries, reader, disclosures(entries, reader, unsent=_unsent(rows, entries)))


def _noted(
    house: House, asking: _Asking, record: _Record, more: Mapping[str, str], *, numbered: bool
) -> tuple[Mapping[str, str], datetime]:
    """The entry of the look: the agency's numbers of the consents that are shown, and when it was."""
    with house.store.unit() as unit:
        about = {"subject_ref": asking.ref} if asking.ref else {}
        details = {"what": "disclosures", **about, "agency": _scope(asking), **more, "count": len(record.found)}
        unit.audit.append(Entry(AuditEvent.AUDIT_READ, unit.now, asking.actor, details))
        if not numbered or asking.agency is None:
            return {}, unit.now
        shown = [entry for entry in record.entries if entry.get("basis") and seen_by(entry, record.reader)]
        ids = sorted({consent_id for entry in shown for consent_id, _ in consents_of(entry)})
        return {name: unit.consents.number(name, asking.agency) for name in ids}, unit.now


def answered(house: House, told: Told, who: Who) -> None:
    """The officer has the answer in hand. A request that was answered before keeps its day."""
    with house.store.unit() as unit:
        today = unit.now.astimezone(told.account.zone).date()
        unit.requests.answer(told.account.request, today, who.worker or "")


def find_client(house: House, agency: str, data: bytes, who: Who) -> str | None:
    """The agency's alias of one of its clients, by what is on their papers; None: it has no such client.

    Args:
        data: CSV of a header and one line, the columns of a person as in a file of consents. ``identifier_type`` and
            ``identifier_value`` may be empty: then name and birth date decide among the agency's own clients.

    Raises:
        Refused: the file is none, the worker is no officer, or it is not clear which client of the agency it is.
    """
    row = _one_line(data)
    with house.store.peek() as rows:
        directory = rows.directory.all()
        actor = actor_of(directory, rows.now, who, Act.ACCOUNT, agency)
        ref = _own_client(rows, _person(house, agency, row), agency)
        alias = rows.subjects.aliases(ref)[agency] if isinstance(ref, str) else None
    with house.store.unit() as unit:
        details = {"what": "client", "agency": agency, "count": int(alias is not None)}
        about = {"subject_ref": ref} if isinstance(ref, str) else {}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, actor, details | about))
    if isinstance(ref, Ambiguous):
        got = "what resembles clients of this agency, and identifies none of them alone"
        raise Refused("FILE", got, "one client", "add a number from their papers, or look the client up there")
    return alias


def _may_be_told(to: str) -> None:
    """Nobody but the client: who may decide for whom is not in the registry, nor whether they are the one to fear."""
    if to not in TO:
        raise Refused("--to", shape(to), f"one of {', '.join(TO)}", "say to whom it is given")
    if to == "DECIDER":
        raise Refused(
            "--to",
            "DECIDER: the registry does not hold who may decide for whom, nor whether they are the alleged abuser",
            "SELF, the client in person",
            "give nothing to anybody else; ask your counsel who may have it, and on what papers",
        )


def _asking(rows: Peek, directory: Directory, who: Who, agency: str | None, subject: str) -> _Asking:
    worker = directory.workers.get(who.worker or "")
    own = worker.agency if worker is not None and worker.agency != HUB else None
    named = agency or own
    actor = allowed(directory, rows.now, who, Act.ACCOUNT, named)
    if named is not None and named not in directory.agencies:
        raise Refused("--agency", seen(named), "the id of an agency of the directory", "hub agencies list")
    ref = rows.subjects.by_alias(named, subject) if named else next(iter(rows.subjects.facts([subject])), None)
    if ref is None:
        whose = f"{seen(named)}'s alias of one of its clients" if named else "a reference of the registry, or --agency"
        raise Refused("SUBJECT", shape(subject), whose, "`hub subjects find`")
    files = files_of(ref, rows.links.of([ref]))
    return _Asking(actor, named, ref, files, whole=own is None)


def _scope(asking: _Asking) -> str:
    return HUB if asking.whole or asking.agency is None else asking.agency


def _reader(rows: Peek, directory: Directory, asking: _Asking, entries: Sequence[dict[str, Any]]) -> Reader:
    agencies = directory.agencies.values()
    return Reader(
        agency=None if asking.whole else asking.agency,
        confidential=frozenset(row.id for row in agencies if row.lane == "womens"),
        withheld=_withheld(rows, asking.files, entries),
        guarding=frozenset(row.id for row in agencies if _guards(row)),
    )


def _withheld(rows: Peek, files: Sequence[str], entries: Sequence[dict[str, Any]]) -> frozenset[str]:
    """What the client may not be told now: overrides but those of which they have been, and entries of deliveries of
    which an incident's notice to them is withheld (consent rules 3.7, 4.4).

    What is withheld is withheld until its reason has ended; what nobody has decided yet is not told from here either.
    """
    names = {name for entry in entries if (name := override_of(entry))}
    about = [each for ref in files for each in rows.incidents.withheld_from(ref)]
    kept = {envelope for envelope, reason in about if WITHHELD[reason]}
    overrides = {name for name in names if not _was_told(rows, name)}
    return frozenset(overrides | {entry["id"] for entry in entries if entry.get("envelope_id") in kept})


def _was_told(rows: Peek, override_id: str) -> bool:
    declared, notice = rows.overrides.get(override_id), rows.reviews.of(override_id).get(Part.NOTICE)
    given = notice is not None and notice.outcome is Outcome.GIVEN
    return given or (declared is not None and declared.notice == "told-before" and notice is None)


def _guards(agency: Agency) -> bool:
    return bool(agency.body) or agency.lane in ("protective", "enforcement")


def _unsent(rows: Peek, entries: Sequence[dict[str, Any]]) -> frozenset[str]:
    """What is still under way, and of which the store knows that no attempt left."""
    under_way = rows.handovers.get(sorted(open_ways(entries)))
    return frozenset(name for name, row in under_way.items() if row.opened_at is None)


def _day(text: str | None, today: date) -> date:
    if text is None:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refused("--asked-on", shape(text), _TAKEN_FROM, "2026-06-01") from None
    if day > today:
        raise Refused("--asked-on", "a day that is still to come", _TAKEN_FROM, "leave it out if it was today")
    return day


def _one_line(data: bytes) -> dict[str, str]:
    header, lines = csv_lines(data)
    unknown = [column for column in header if column not in PERSON]
    if unknown or len(set(header)) != len(header) or len(lines) != 1 or len(lines[0][1]) != len(header):
        got = f"{len(header)} columns and {len(lines)} lines below them"
        raise Refused("FILE", got, f"the columns {', '.join(PERSON)}, and one line of as many cells")
    return {name: text for name, cell in zip(header, lines[0][1], strict=True) if (text := tidy(cell))}


def _person(house: House, agency: str, row: dict[str, str]) -> PersonKeys:
    try:
        if kind := row.get("identifier_type"):
            if kind not in TYPES:
                raise Wrong("identifier_type", shape(kind), f"one of {', '.join(TYPES)}, or nothing")
            return person_of(house, agency, row)
        for column, expected in (("birth_date", "a whole day, YYYY-MM-DD"), ("last_name", "the family name")):
            if column not in row:
                raise Wrong(column, "nothing", expected)
        return person_of(house, agency, {**row, "identifier_type": LOCAL_KEY})
    except Wrong as wrong:
        raise Refused(f"FILE, {wrong.column}", wrong.got, wrong.expected, "correct it and ask again") from None


def _own_client(rows: Peek, keys: PersonKeys, agency: str) -> str | Ambiguous | None:
    """One whom only others know is nobody here, and not told from somebody unknown (I-11).

    Without a number, both names and the date must be those of one client: the officer has the person before them.
    """
    found = identify(rows, keys, agency)
    if isinstance(found, Ambiguous):
        held = rows.subjects.digests_of_each(found.subject_refs)
        alike = [ref for ref, kinds in held.items() if compare(keys, Held.of(ref, kinds, own=True)).same_names]
        clear = not keys.exact and len(alike) == len(found.subject_refs) == 1
        return alike[0] if clear else found
    if isinstance(found, One) and rows.subjects.with_alias(agency, [found.subject_ref]):
        return found.subject_ref
    return None
