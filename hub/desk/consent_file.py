"""Consents that a worker enters from a file, for clients of a system without consent rows (program systems 9.4).

A CSV with a header line: the columns of ``v_hub_consent`` (9.2) with, instead of ``client_id``, ``identifier_type``,
``identifier_value``, ``birth_date``, ``last_name``, ``first_name``. The type is UCI, TRP, IMM, HARTS or CAMS_PERSON,
each with the whole birth date, or LOCAL_KEY: the agency's own alias of the client, which says by itself who it is.

- Every line is checked first; good lines are filed, of the others every fault is named with its line and column.
- A missing field is no fault: the registry keeps such a consent as DRAFT, and it is said which field. A value outside
  its list is one, unless the line says "no": that goes on in spite of it.
- ``consent_id`` says which consent a line is a version of: the number that the hub printed, or the agency's own number
  (only its keyed digest is kept). Without one the whole line is the key. So the same file again changes nothing.
- A withdrawal names what it withdraws.

A file of JSON holds FHIR R4 Consents instead (``consent_fhir.py``): there a line is a Consent; a fault has its path.

They go the road of a system's own consent rows (``filing.py``); the worker acts. No value of a line is in any text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from consent.model.words import ConsentState
from hub.desk.consent_fhir import FORBIDS, Consents, Entering, forbid_all, is_json, suspend_closed
from hub.desk.consent_lines import PERSON, SYSTEM, Line, Reader, check_header
from hub.desk.consents import consents_of
from hub.desk.who import Act, Who, actor_of
from hub.directory.cells import seen
from hub.directory.sheet import csv_lines
from hub.errors import NeedsReview, Refused
from hub.exchange.filing import file_consents
from hub.exchange.house import House
from hub.exchange.withdraw import Drain
from hub.model import locks


@dataclass(frozen=True, slots=True)
class Filed:
    """A line that stands in the registry.

    Args:
        line: of the file; of FHIR, the place of the Consent among its entries, from 1.
        number: of the consent, the discloser's own; ``alias``: of the client, likewise. Of a directive its id.
        state: that of the consent; of a directive ``FORBIDS``.
        missing: the columns, or of FHIR the fields of the record, for whose sake it is a DRAFT.
    """

    line: int
    number: str
    alias: str
    state: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. ``drain``: what relied on a consent of its clients, which may have ended by it."""

    filed: tuple[Filed, ...]
    problems: tuple[Refused, ...]
    drain: Drain


def import_consents(house: House, data: bytes, agency: str, who: Who, *, alias: str | None = None) -> Imported:
    """File the consents of a file that are good; say what is wrong with the others.

    Args:
        agency: the discloser; the worker is one of its own.
        alias: of the one client that the only line is about; then the file has no columns of a person.

    Raises:
        Refused: the file cannot be read, or the worker may not.
    """
    if alias is None and is_json(data):
        return _import_fhir(house, data, agency, who)
    header, lines = csv_lines(data)
    check_header(header, () if alias else PERSON)
    if alias and len(lines) != 1:
        raise Refused("FILE", f"{len(lines)} lines below the header", "one", "use `hub consent import` for several")
    with house.store.peek() as rows:
        actor = actor_of(rows.directory.all(), rows.now, who, Act.CLIENTS_YES, agency)
        if alias and rows.subjects.by_alias(agency, alias) is None:
            raise Refused("--alias", seen(alias), f"{seen(agency)}'s alias of one of its clients", "look it up there")
        reader = Reader(house, rows, agency, actor)
        for number, cells in lines:
            reader.read(number, header, cells, alias)
    good = _file(house, reader.good, reader.problems)
    filed, clients = _filed(house, agency, good)
    return Imported(tuple(filed), tuple(reader.problems), _drain(house, clients))


def _import_fhir(house: House, data: bytes, agency: str, who: Who) -> Imported:
    with house.store.peek() as rows:
        actor = actor_of(rows.directory.all(), rows.now, who, Act.CLIENTS_YES, agency)
        reader = Consents(house, rows, Entering.at_the_desk(agency, actor))
        reader.read(data)
    suspend_closed(house, reader)
    noes = forbid_all(house, reader)
    filed, clients = _filed(house, agency, _file(house, reader.good, reader.problems))
    filed += [Filed(each.number, name, each.alias, FORBIDS, ()) for each, name in noes]
    filed.sort(key=lambda each: each.line)
    return Imported(tuple(filed), tuple(reader.problems), _drain(house, clients | reader.touched))


def _file(house: House, lines: Sequence[Line], problems: list[Refused]) -> Sequence[Line]:
    """File lines. If one of them makes another's person unclear, each goes alone, and the unclear ones are told."""
    try:
        file_consents(house, [line.record for line in lines])
    except NeedsReview:
        return [line for line in lines if _file_alone(house, line, problems)]
    return lines


def _file_alone(house: House, line: Line, problems: list[Refused]) -> bool:
    try:
        file_consents(house, [line.record])
    except NeedsReview as error:
        place = f"consents, line {line.number}, identifier_type"
        problems.append(Refused(place, error.got, "the client's alias", "import this line again: it then names them"))
        return False
    return True


def _drain(house: House, clients: Collection[str]) -> Drain:
    """A withdrawal, a decline and a narrower version all end what relied on what stood before."""
    with house.store.peek() as rows:
        consents = [each for client in sorted(clients) for each in consents_of(rows, client)]
    return Drain(house, sorted({f"consent:{each.consent_id}" for each in consents}))


def _filed(house: House, agency: str, lines: Sequence[Line]) -> tuple[list[Filed], set[str]]:
    """The lines as they stand now, and whose they are."""
    found, clients = [], set()
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for line in lines:
            known = unit.consents.of_source(SYSTEM, line.record.source.key)
            assert known is not None, "it has just been filed"
            number = unit.consents.number(known[0].consent_id, agency)
            missing = line.missing if known[0].state is ConsentState.DRAFT else ()
            alias = unit.subjects.alias(agency, known[0].subject_ref)
            found.append(Filed(line.number, number, alias, known[0].state.value, missing))
            clients.add(known[0].subject_ref)
    return found, clients
