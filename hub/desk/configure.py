"""Changes of the directory: rows as text are read by a form, kept in one unit that owns ``config``, and audited each.

A file is read outside the unit, against a directory whose version the unit holds it to: if somebody else has changed it
meanwhile, it is read again. Either all rows of a file are kept or none. A row that stands already changes nothing.

What a row may say is the form's (``hub.directory``). A row that replaces another may allow less than it did, or lead
elsewhere: what is under way on the former one is drained, as where something is suspended (``withdraw.py``). Whether it
allows less is not guessed at: every change of a row that hand-overs rely on is drained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from consent.model import Agreement
from consent.model.words import Body, Category, Purpose
from hub.desk.days import zone_of
from hub.desk.sharing import absolute, one_agency_each
from hub.desk.who import Act, Who, allowed, first
from hub.directory import Form, Known, Problems, Terms, from_file, from_row
from hub.errors import Refused, Unavailable
from hub.exchange.connections import StoreMemory
from hub.exchange.house import House
from hub.exchange.withdraw import Drain
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.model.jwk import thumbprint
from hub.ports import Directory, Unit

T = TypeVar("T")
Row = Agency | System | Site | Service | Worker | Agreement
Read = Callable[[Known], tuple[Any, ...] | Problems]

ROUNDS_MAX = 5  # times a file is read anew because the directory changed beside it
_AUDITED = (
    *("agency", "kind", "lane", "pack", "role", "system", "wanted", "status", "version", "ended_at"),
    *("body", "reports_to"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of rows: ids of those that are new or changed, and how many stood already.

    Args:
        drain: of what relied on a row as it stood before; the caller waits for it.
    """

    changed: tuple[str, ...]
    same: int
    drain: Drain


def add_row(house: House, form: Form[T], row: Mapping[str, str], who: Who) -> Kept:
    """Add or replace one row.

    Raises:
        Refused: the first thing that is wrong with it, or the worker may not.
    """
    kept = change(house, lambda known: (from_row(form, row, known),), who)
    assert isinstance(kept, Kept), "one row is refused by an exception"
    return kept


def import_rows(house: House, form: Form[T], data: bytes, who: Who) -> Kept | Problems:
    """Add or replace the rows of a CSV file, all or none.

    Raises:
        Refused: the worker may not, or a system's settings are wrong or another agency's.
    """
    return change(house, lambda known: from_file(form, data, known), who)


def known(house: House, directory: Directory) -> Known:
    """What rows are checked against."""
    return Known(
        directory=directory,
        ids=house.ids,
        kinds=tuple(house.adapters),
        receiving=[kind for kind, card in house.adapters.items() if card.takes("referral")],
        packs=tuple(house.packs.packs),
        categories=[category.value for category in Category],
        purposes=[purpose.value for purpose in Purpose],
        events=tuple(house.packs.profiles.events),
        bodies=[body.value for body in Body],
        zone=zone_of(house, directory, None),
    )


def change(house: House, read: Read, who: Who) -> Kept | Problems:
    """Add or replace what ``read`` gives of the directory as it stands: all of it in one unit, or none.

    Raises:
        Refused: what ``read`` refuses, the worker may not, or a system's settings are wrong or another agency's.
    """
    for _ in range(ROUNDS_MAX):
        with house.store.peek() as rows:
            directory = rows.directory.all()
        found = read(known(house, directory))
        if isinstance(found, Problems):
            return found
        for row in found:
            _try_settings(house, row)
        found = tuple(absolute(row) for row in found)
        with house.store.unit(own=[locks.CONFIG]) as unit:
            if unit.directory.all().version != directory.version:
                continue
            changed, former = _keep(unit, found, who)
        return Kept(changed, len(found) - len(changed), Drain(house, former))
    raise Unavailable("directory", "changes beside this one", next_step="try again")


def _keep(unit: Unit, found: Sequence[Any], who: Who) -> tuple[tuple[str, ...], list[str]]:
    """Names of the rows that are new or changed, and what hand-overs may rely on that is no longer so."""
    directory = unit.directory.all()
    newcomer = first(directory, who, found[0]) if len(found) == 1 and isinstance(found[0], Worker) else None
    acting = newcomer or allowed(directory, unit.now, who, Act.DIRECTORY)
    one_agency_each(directory, found)
    changed: list[str] = []
    former: set[str] = set()
    for read in found:
        before = _before(directory, read)
        row = _numbered(read, before)
        if row == before:
            continue
        _only_by_name(before, row)
        unit.directory.put(row)
        changed.append(_name(row))
        former |= _relied_on(directory, before, row)
        details = {"what": type(row).__name__.lower(), "name": _name(row), "action": "changed" if before else "added"}
        details |= {name: value for name, value in asdict(row).items() if name in _AUDITED and value is not None}
        if isinstance(row, Worker) and row.key:
            details["key"] = thumbprint(row.key)  # whose hand a signature of that time was
        unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, acting, details))
    return tuple(changed), sorted(former)


def _relied_on(directory: Directory, before: Row | None, row: Row) -> set[str]:
    """What no longer holds as it did, as hand-overs name it."""
    if isinstance(row, Agreement):  # those of one pair narrow each other, a new one too
        pair, standing = set(row.parties), directory.agreements
        return {f"agreement:{one.agreement_id}" for one in standing if one == before or set(one.parties) == pair}
    match before:
        case Agency() | System():
            return {f"{type(before).__name__.lower()}:{before.id}"}
        case Service():
            return {f"system:{before.system}"}  # a hand-over names no service, but the system that receives for it
        case _:
            return set()


def _only_by_name(before: Row | None, row: Row) -> None:
    """What stops or starts exchange has commands of its own, which drain what is under way and wake what waited."""
    for kind in (Agency, System, Agreement):
        if isinstance(row, kind) and isinstance(before, kind) and row.status != before.status:
            name = kind.__name__.lower()
            ways = f"`hub suspend {name}`, `hub resume {name}`" + (
                ", `hub agreements end`" if kind is Agreement else ""
            )
            raise Refused(f"{name} {_name(row)}: status", row.status, f"{before.status}, as it stands", f"use {ways}")


def _before(directory: Directory, row: Row | Terms) -> Row | None:
    """The row that stands under the same key."""
    match row:
        case Agency():
            return directory.agencies.get(row.id)
        case System():
            return directory.systems.get(row.id)
        case Worker():
            return directory.workers.get(row.id)
        case Site():
            return next((site for site in directory.sites if (site.kind, site.code) == (row.kind, row.code)), None)
        case Service():
            return next((service for service in directory.services if service.id == row.id), None)
        case Agreement() | Terms():
            rows = directory.agreements
            return next((agreement for agreement in rows if agreement.agreement_id == row.agreement_id), None)


def _numbered(row: Row | Terms, before: Row | None) -> Row:
    """Terms become the next version of their agreement; the version that says the same stays."""
    if not isinstance(row, Terms):
        return row
    previous = before if isinstance(before, Agreement) else None
    agreement = Agreement(
        agreement_id=row.agreement_id,
        version=previous.version if previous else 1,
        parties=row.parties,
        purposes=tuple(Purpose(word) for word in row.purposes),
        categories=tuple(Category(word) for word in row.categories),
        events=row.events,
        status=_status(row),
        valid_from=row.valid_from,
        expires_at=row.expires_at,
        discloser=row.discloser,
    )
    return agreement if previous in (None, agreement) else replace(agreement, version=agreement.version + 1)


def _status(terms: Terms) -> Any:
    """A word of the form's closed list, which is the type's."""
    return terms.status


def _name(row: Row) -> str:
    if isinstance(row, Site):
        return f"{row.kind}/{row.code}"
    return row.agreement_id if isinstance(row, Agreement) else row.id


def _try_settings(house: House, row: object) -> None:
    """A system whose settings its adapter refuses is not kept. Nothing is opened by this.

    Raises:
        Refused: a setting is missing, unknown or of another type.
    """
    if isinstance(row, System):
        memory = StoreMemory(house.store, row.id, house.keys.digest)
        house.adapters[row.kind].connect(row.settings, memory, house.clock.now).close()
