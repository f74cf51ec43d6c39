"""Read, versions and search of referrals: each shown by a decision, each look an entry of the log (settled S49).

A look has two parts. A peek finds which referrals a page may be about; it tells nobody anything, and nothing of those
whose sharing is suspended by how many it chooses. One unit then locks their people, reads them again, decides for each
as a message from its other end would be decided (a StatusNotice), and writes one VIEW entry that lists the people. What
the gate refuses is shown by its number alone.

One that is not there, somebody else's, and one whose request has not reached the reader look alike, in text and in what
is asked of the store. A terminal referral of a consent that has ended is refused as well: what was lawfully sent stays
in the agency's own system.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.errors import Unavailable
from hub.exchange.asking import may_read, might_read
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.exchange.index.catalogue import organization_of
from hub.exchange.index.matching import matches
from hub.exchange.index.paging import Key, Page, begin, page_of
from hub.exchange.index.plan import plan
from hub.exchange.index.spelling import Told, organization, spelled, suspended
from hub.exchange.index.terms import Query
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System
from hub.model.fhir import Resource
from hub.model.rows import ReferralEvent, ReferralRow, Sought
from hub.ports import Peek, Unit

SCAN, SCANS_MAX = 200, 5  # [policy] referrals looked at for one page, at once and at most that often
VERSIONS_MAX = 50  # [policy] of one referral, the last ones; a referral has some ten
ROUNDS_MAX = 5  # of a unit whose referrals have been given to other files meanwhile


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for what.

    Args:
        kind: ``ServiceRequest`` or ``Task``.
        query: which of them are shown; None: all that the store finds.
    """

    house: House
    system: System
    kind: str
    query: Query | None = None

    @property
    def agency(self) -> str:
        """In whose name."""
        return self.system.agency


def read_referral(house: House, system: System, kind: str, number: str) -> Resource | None:
    """A referral as it stands; None: there is none for this agency."""
    asked = _Asked(house, system, kind)
    found = _look_at_one(asked, number)
    return found[0].resource if found else None


def read_version(house: House, system: System, kind: str, number: str, version: str) -> Resource | None:
    """One version of a referral; None: there is none. Where sharing is suspended no version is told apart."""
    versions = history(house, system, kind, number) or ()
    shown = (each for each in versions if each.get("meta", {}).get("versionId", version) == version)
    return next(shown, None)


def history(house: House, system: System, kind: str, number: str) -> list[Resource] | None:
    """The versions of a referral, the last first; None: there is none for this agency."""
    asked = _Asked(house, system, kind)
    found = _look_at_one(asked, number, versions=True)
    return [found[0].resource, *found[0].earlier] if found else None


def search_referrals(
    house: House, system: System, kind: str, parameters: Sequence[tuple[str, str]], *, strict: bool = False
) -> Page:
    """One page of a search.

    Args:
        parameters: name and value, decoded; of a next page its token.
        strict: parameters that are not known are refused.

    Raises:
        Unsupported: a parameter that this search does not have; a token that is none.
        Unavailable: the store cannot be written now: who looked could not be noted, so nothing is shown.
    """
    query, after = begin(house, system.agency, kind, parameters, strict=strict)
    asked = _Asked(house, system, kind, query)
    with house.store.peek() as rows:
        sought = plan(rows, query, asked.agency)
        found, last = _candidates(asked, rows, query, replace(sought, after=_after(after)))
    looked = _look(asked, replace(sought, numbers=frozenset(row.number for row in found)), found)
    included = [each.focus for each in looked if query.include and each.focus is not None]
    return page_of(house, asked.agency, query, [each.resource for each in looked], last, included)


@dataclass(frozen=True, slots=True)
class _Shown:
    """One referral of a page.

    Args:
        focus: the other of the two resources; None: it is not told.
        earlier: its versions before, the last first.
    """

    resource: Resource
    focus: Resource | None = None
    earlier: tuple[Resource, ...] = ()


def _candidates(asked: _Asked, rows: Peek, query: Query, sought: Sought) -> tuple[list[ReferralRow], Key | None]:
    """What a page may show, and the key behind which the next one begins; None: there is no more.

    What only the resource itself can answer is looked at row by row, a thousand rows at most: a page may be short, or
    empty, and have a next one.
    """
    chosen: list[ReferralRow] = []
    scan = query.count + 1  # where the store has answered all of it, that is enough
    for _ in range(SCANS_MAX):
        page = rows.referrals.found(sought, scan)
        for row in _fitting(asked, rows, query, page):
            if len(chosen) == query.count:
                return chosen, _key(chosen[-1])
            chosen.append(row)
        if len(page) < scan:
            return chosen, None
        sought, scan = replace(sought, after=(page[-1].number, page[-1].moved_at)), SCAN
    return chosen, _key(page[-1])


def _fitting(asked: _Asked, rows: Peek, query: Query, page: Sequence[ReferralRow]) -> list[ReferralRow]:
    """Those that are what is asked for, as they would be shown now: were one whose sharing is suspended chosen by what
    is not shown of it, a next page behind an empty one would tell that.
    """
    # of whom they are the store has answered; a peek mints no alias by which it could be asked again
    rest = replace(query, terms=tuple(term for term in query.terms if term.name != "patient"))
    told = _told(asked, rows, page, {})
    whole = [row for row in page if matches(spelled(asked.kind, told[row.number]), rest)]
    lost = [row for row in whole if not _is_found(asked, told[row.number], suspended(asked.kind, row.number))]
    hidden = {row.number for row in lost} - might_read(asked.house, rows, asked.system, lost)
    return [row for row in whole if row.number not in hidden]


def _key(row: ReferralRow) -> Key:
    return row.number, row.moved_at.isoformat() if row.moved_at else ""


def _after(key: Key) -> tuple[str, datetime | None] | None:
    if not key:
        return None
    number, moved_at = key
    return number, datetime.fromisoformat(moved_at) if moved_at else None


def _look_at_one(asked: _Asked, number: str, *, versions: bool = False) -> list[_Shown]:
    sought = Sought(asked.agency, numbers=frozenset({number}))
    with asked.house.store.peek() as rows:
        found = rows.referrals.found(sought, 1)
    return _look(asked, sought, found, versions=versions)


def _look(asked: _Asked, sought: Sought, chosen: Sequence[ReferralRow], *, versions: bool = False) -> list[_Shown]:
    """Decide, show and note: one unit (design §6), in which every look ends, whatever it finds.

    Args:
        chosen: what a peek has found of it.

    Raises:
        Unavailable: the store is away, or the people of these referrals kept changing.
    """
    limit, refs = len(sought.numbers or ()), {row.subject_ref for row in chosen}
    for _ in range(ROUNDS_MAX):
        with asked.house.store.unit(share=[locks.CONFIG, *(locks.subject(ref) for ref in refs)]) as unit:
            found = unit.referrals.found(sought, limit)
            now = {row.subject_ref for row in found}
            if now <= refs:
                shown = _shown(asked, unit, found, versions=versions)
                _note(asked, unit, [row for row in found if row.number in shown])
                return list(shown.values())
        refs = now
    raise Unavailable("referrals", "people that kept changing", next_step="ask again")


def _shown(asked: _Asked, unit: Unit, found: Sequence[ReferralRow], *, versions: bool) -> dict[str, _Shown]:
    """By number, what of each referral may be shown; what the search is not about is left out."""
    permitted = may_read(asked.house, unit, asked.system, found)
    told = _told(asked, unit, found, _aliases(asked, unit, [row for row in found if row.number in permitted]))
    shown: dict[str, _Shown] = {}
    for row in found:
        each = told[row.number]
        if row.number not in permitted:
            one = _Shown(suspended(asked.kind, row.number))
        else:
            earlier = _earlier(asked.kind, each, unit.referrals.events(row.number)) if versions else ()
            other = "ServiceRequest" if asked.kind == "Task" else "Task"
            one = _Shown(spelled(asked.kind, each), spelled(other, each), tuple(earlier))
        if _is_found(asked, each, one.resource):
            shown[row.number] = one
    return shown


def _is_found(asked: _Asked, told: Told, resource: Resource) -> bool:
    """Whether it is what is asked for, as it is shown."""
    return asked.query is None or matches(resource, asked.query, reader=asked.agency, ends=_ends(told))


def _aliases(asked: _Asked, unit: Unit, found: Iterable[ReferralRow]) -> dict[str, str]:
    """The reader's own aliases; one who has none yet gets it by this permit (settled S50)."""
    refs = sorted({row.subject_ref for row in found})
    unit.subjects.with_alias(asked.agency, refs)  # asked for all at once; the unit keeps the answers
    return {ref: unit.subjects.alias(asked.agency, ref) for ref in refs}


def _told(asked: _Asked, rows: Peek, found: Sequence[ReferralRow], aliases: dict[str, str]) -> dict[str, Told]:
    """By number, each referral with what else is told of it."""
    reader, directory = asked.agency, rows.directory.all()
    last = rows.referrals.last_events(row.number for row in found)
    named = {
        number
        for row in found
        for own in ("replaces", "basedOn")
        for number in row.kept.get("ServiceRequest", {}).get(own, ())
    }
    others = rows.referrals.found(Sought(reader, numbers=frozenset(named)), len(named))
    known = frozenset(row.number for row in others)
    return {
        row.number: Told(
            row=row,
            version=last.get(row.number),
            left=row.left[0] if row.left else "",
            reader=reader,
            sender=organization_of(directory, row.sender, reader),
            recipient=organization_of(directory, row.recipient, reader),
            alias=aliases.get(row.subject_ref, ""),
            known=known,
        )
        for row in found
    }


def _ends(told: Told) -> Resource:
    """Who it is from and to, as the reader may know of them."""
    sender, recipient = organization(told.sender), organization(told.recipient)
    return {"requester": sender, "performer": [recipient], "owner": recipient}


def _earlier(kind: str, told: Told, events: Sequence[ReferralEvent]) -> list[Resource]:
    """The versions before the one in which it stands, the last first."""
    before = [event for event in events if told.version is None or event.version < told.version.version]
    lefts = ["", *(event.state for event in before)]
    pairs = list(zip(before, lefts, strict=False))[-VERSIONS_MAX:]
    return [spelled(kind, replace(told, version=event, left=left, current=False)) for event, left in reversed(pairs)]


def _note(asked: _Asked, unit: Unit, found: Sequence[ReferralRow]) -> None:
    """Who looked, at what, about whom."""
    subjects = sorted({row.subject_ref for row in found})
    details = {"what": asked.kind, "agency": asked.agency, "count": len(found), "subjects": subjects}
    unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting(asked.system), details))
