"""What is kept too long ends (consent rules 4.2): a page of one room at a step, all rooms once a day.

The rule is ``consent/keeping.py``; here it is asked of each row, by the pack of the agency whose row it is. What ends
is deleted, and counted by agency in an entry of the log. Of a line of the log what it says ends: its place and its hash
stay, an entry names which lines, and so every proof holds (``hub/audit/verify/ended.py``).

What relies on something goes before it: messages before the referrals and consents that carried them, these before
their person. So what is kept keeps what it needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.days import years_after
from consent.keeping import NOBODY, Why, breach_ends_at, longest, why_kept
from consent.packs.afterwards import FILE_KINDS, Keeping
from hub.exchange.entries import HUB
from hub.exchange.house import House
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.incidents import Incident
from hub.model.keeping import Old, OldPage, Room
from hub.ports import Directory, Peek, Unit
from hub.referral import TERMINAL

EVERY = timedelta(days=1)  # [policy] what is kept for years may be kept a day more
AT_ONCE = 50  # rows asked in one step: a unit of some milliseconds
HELD_FOR = timedelta(minutes=1)  # [policy] by the process that does it; the next one goes on where it died
INCIDENTS = "incidents"
_WHERE = "keeping"  # stands where a system would in the memory; with a blank in the key, so that no record is meant
_AT = "how far"


@dataclass(frozen=True, slots=True)
class _Rule:
    """What each row is asked against, of one moment."""

    house: House
    directory: Directory
    now: datetime

    def all(self) -> list[Keeping]:
        """What the packs of the agencies say, each once."""
        packs = sorted({agency.pack for agency in self.directory.agencies.values()})
        return [self.house.packs.keeping[pack] for pack in packs if pack in self.house.packs.keeping]

    def before(self) -> datetime:
        """Nothing younger is asked about."""
        return years_after(self.now, -min(keeping.event_years for keeping in self.all()))

    def keeping(self, agency: str) -> Keeping:
        """What binds an agency's rows; of the hub's own rows the longest of all."""
        known = self.directory.agencies.get(agency)
        own = self.house.packs.keeping.get(known.pack) if known else None
        return own or longest(self.all())

    def why(self, rows: Peek, room: Room, found: Sequence[Old]) -> list[tuple[Old, Why | None]]:
        """Why each is kept, or None."""
        people = rows.keeping.people({ref for old in found for ref in old.people})
        held = rows.incidents.open_with([old.envelope_id for old in found if old.envelope_id])
        return [
            (
                old,
                why_kept(
                    self.keeping(old.agency),
                    self.now,
                    old.at,
                    [people.get(ref, NOBODY) for ref in old.people],
                    kinds=self._kinds(old.systems),
                    is_open=old.is_open or (room is Room.REFERRALS and old.state not in TERMINAL),
                    held=old.envelope_id in held,
                ),
            )
            for old in found
        ]

    def _kinds(self, systems: Iterable[str]) -> list[str]:
        known = self.directory.systems
        return [known[name].kind for name in systems if name in known]


def step(house: House) -> bool:
    """Ask about the next page, if it is time. True if anything ended.

    Raises:
        Unavailable: the store cannot be written; asked again.
    """
    with house.store.peek() as rows:
        rule = _Rule(house, rows.directory.all(), rows.now)
        room, after = _place(rows, rule.now)
        if room is None or not rule.all():
            return False
        found = _next(rows, rule, room, after)
        due = [old for old, why in rule.why(rows, found.room, found.page.rows) if why is None] if found else []
    if not _ours(house):
        return False
    begins = (room, after) == (next(iter(Room)), "")
    ended = begins and _end_incidents(house)
    if found is not None and due:
        ended = _end(house, found, due) or ended
    with house.store.unit() as unit:
        _remember(unit, found)
    return ended


def survey(rows: Peek, house: House) -> Mapping[str, Mapping[str, Counter[str]]]:
    """By agency and room, how much is old and why it is kept: a word of :class:`Why`, or ``due``.

    Rows of the hub itself (people, lines that no agency sent) stand under ``hub``.
    """
    rule = _Rule(house, rows.directory.all(), rows.now)
    found: dict[str, dict[str, Counter[str]]] = {}
    if not rule.all():
        return found
    for room in Room:
        after: str | None = ""
        while after is not None:
            page = rows.keeping.old(room, rule.before(), after, AT_ONCE)
            for old, why in rule.why(rows, room, page.rows):
                counts = found.setdefault(_whose(rule.directory, old), {}).setdefault(room, Counter())
                counts[why or "due"] += 1
            after = page.after
    over = len(_incidents_over(rows, house))
    if over:
        found.setdefault("hub", {})[INCIDENTS] = Counter(due=over)
    return found


def unsaid(house: House, directory: Directory) -> list[tuple[str, str]]:
    """Agencies whose pack does not say how long an agreement keeps client files of one of their systems: (id, kind)."""
    rule = _Rule(house, directory, house.clock.now())
    kinds = {(system.agency, system.kind) for system in directory.systems.values() if system.kind in FILE_KINDS}
    return sorted((agency, kind) for agency, kind in kinds if kind not in rule.keeping(agency).files)


def _place(rows: Peek, now: datetime) -> tuple[Room | None, str]:
    """Where to go on; None where all rooms were asked less than a day ago."""
    said = rows.cursors.remembered(_WHERE, _AT)
    if said is None:
        return next(iter(Room)), ""
    at, room, after = said.split(" ", 2)
    if room:
        return Room(room), after
    since = now - datetime.fromisoformat(at)
    return (None, "") if timedelta() <= since < EVERY else (next(iter(Room)), "")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of a room, and behind which key it begins."""

    room: Room
    after: str
    page: OldPage


def _next(rows: Peek, rule: _Rule, room: Room, after: str) -> _Page | None:
    """The next page that is not empty; None: there is none any more."""
    rooms = list(Room)
    for each in rooms[rooms.index(room) :]:
        page = rows.keeping.old(each, rule.before(), after, AT_ONCE)
        if page.rows or page.after is not None:
            return _Page(each, after, page)
        after = ""
    return None


def _remember(unit: Unit, found: _Page | None) -> None:
    """Where to go on: behind this page, or in the next room; after the last one, that all is done."""
    rooms, room, after = list(Room), found.room if found else None, found.page.after if found else None
    if room is not None and after is None:
        place = rooms.index(room) + 1
        room = rooms[place] if place < len(rooms) else None
    unit.cursors.remember(_WHERE, _AT, f"{unit.now.isoformat()} {room or ''} {after or ''}")


def _ours(house: House) -> bool:
    """Whether this process is the one that does it."""
    with house.store.unit() as unit:
        return unit.cursors.lease(f"{_WHERE} house", house.worker, unit.now + HELD_FOR)


def _end(house: House, page: _Page, expected: Sequence[Old]) -> bool:
    """End what is due of a page, asked again under the locks of those whom it is about."""
    room, keys = page.room, {old.key for old in expected}
    own = _owned(house, room, {ref for old in expected for ref in old.people})
    with house.store.unit(share=[locks.CONFIG], own=own) as unit:
        rule = _Rule(house, unit.directory.all(), unit.now)
        found = unit.keeping.old(room, rule.before(), page.after, AT_ONCE).rows
        due = [old for old, why in rule.why(unit, room, found) if why is None and old.key in keys]
        if not due:
            return False
        unit.keeping.end(room, [old.key for old in due])
        for agency, count in sorted(Counter(_whose(rule.directory, old) for old in due).items()):
            details = {"what": room, "agency": agency, "count": count}
            unit.audit.append(Entry(AuditEvent.RETENTION_ENDED, unit.now, HUB, details))
        if room is Room.LINES:
            lines = _ranges(old.place for old in due)
            details = {"what": "log", "lines": lines, "count": len(due)}
            unit.audit.append(Entry(AuditEvent.RETENTION_ENDED, unit.now, HUB, details))
    return True


def _owned(house: House, room: Room, people: Iterable[str]) -> list[str]:
    """Whoever ends what the registry says of somebody owns them; and what identifies them, where all of it ends."""
    if room not in (Room.OVERRIDES, Room.CONSENTS, Room.PEOPLE):
        return []
    refs = sorted(set(people))
    own = [locks.subject(ref) for ref in refs]
    if room is Room.PEOPLE:
        with house.store.peek() as rows:
            known = rows.subjects.digests_of_each(refs)
        own += sorted({locks.digest(digest) for digests in known.values() for digest in digests})
    return own


def _end_incidents(house: House) -> bool:
    """Incidents whose 24 months are over. An open one has no end."""
    with house.store.peek() as rows:
        over = _incidents_over(rows, house)
    if not over:
        return False
    with house.store.unit(share=[locks.CONFIG]) as unit:
        over = _incidents_over(unit, house)
        unit.incidents.remove([each.incident_id for each in over])
        details = {"what": INCIDENTS, "agency": "hub", "count": len(over)}
        unit.audit.append(Entry(AuditEvent.RETENTION_ENDED, unit.now, HUB, details))
    return True


def _incidents_over(rows: Peek, house: House) -> list[Incident]:
    keeping = _Rule(house, rows.directory.all(), rows.now).keeping("")
    closed = rows.incidents.closed(AT_ONCE)
    dated = [(each, each.determined_at or each.closed_at) for each in closed]
    return [each for each, at in dated if at is not None and rows.now >= breach_ends_at(keeping, at)]


def _whose(directory: Directory, old: Old) -> str:
    """The agency that a row is counted for."""
    theirs = [directory.systems[name].agency for name in old.systems if name in directory.systems]
    return old.agency or next(iter(theirs), "hub")


def _ranges(places: Iterable[int]) -> list[list[int]]:
    """Ascending places as [first, last] pairs."""
    found: list[list[int]] = []
    for place in sorted(places):
        if found and found[-1][1] == place - 1:
            found[-1][1] = place
        else:
            found.append([place, place])
    return found
