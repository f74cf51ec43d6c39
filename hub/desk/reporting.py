"""The officer's metrics and the monthly report: who may see them, and what they are made from (consent rules 3.9, 4.5).

Every look is an entry of the log, written before the log is read. What the log does not hold comes from the rows:
digests of narratives, days to look again, how consents stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent.model.declared import Declaration
from hub.desk.days import zone_of
from hub.desk.who import Act, Who, allowed
from hub.directory import HUB
from hub.errors import Refused
from hub.exchange.house import House
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.ports import Directory, Peek
from hub.report import window as windows
from hub.report.metrics import Figure, Kept, metrics
from hub.report.parts import Facts, parts
from hub.report.shown import Part
from hub.report.standing import Standing
from hub.report.tally import Tally
from hub.report.window import Window

DAYS_MAX = 366
PAGE = 1_000  # consents read at once
ROWS_MAX = 100_000  # requests of clients, and incidents, and open reviews, that a report looks at


@dataclass(frozen=True, slots=True)
class Metrics:
    """What an officer is shown. ``agency``: whose; None: of all."""

    window: Window
    agency: str | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Monthly:
    """The report of a month, as far as it may be shown."""

    month: str
    made_at: datetime
    parts: tuple[Part, ...]


def override_metrics(house: House, bodies: Iterable[bytes], who: Who, days: int) -> Metrics:
    """The metrics of the last days: an agency's officer sees those of the agency, the hub's officer all.

    Args:
        bodies: of the log's entries, in its order; it is read after the look was entered.

    Raises:
        Refused: the worker may not, or it is no number of days.
    """
    if not 1 <= days <= DAYS_MAX:
        raise Refused("--days", str(days), f"1 to {DAYS_MAX}", "leave it out for 30")
    with house.store.unit(share=[locks.CONFIG]) as unit:
        directory, now = unit.directory.all(), unit.now
        known = directory.workers.get(who.worker or "")
        agency = known.agency if known is not None and known.agency != HUB else None
        acting = allowed(directory, now, who, Act.METRICS, agency)
        details = {"what": "override metrics", "days": days, **({"agency": agency} if agency else {})}
        unit.audit.append(Entry(AuditEvent.AUDIT_READ, now, acting, details))
    window = windows.days(days, now)
    tally = tallied(bodies, window)
    with house.store.peek() as rows:
        kept = kept_of(house, rows, tally, directory, agency)
    return Metrics(window, agency, metrics(tally, kept, at=now, agency=agency))


def monthly(house: House, bodies: Iterable[bytes], who: Who, which: str | None) -> Monthly:
    """The report of a month, for the hub's officer.

    Args:
        bodies: see :func:`override_metrics`.
        which: ``YYYY-MM``; None: the last month.

    Raises:
        Refused: the worker may not, or it is no month that is over.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        directory, now = unit.directory.all(), unit.now
        acting = allowed(directory, now, who, Act.MONTH)
        window = windows.month(which, now)
        name = f"{window.start:%Y-%m}"
        unit.audit.append(Entry(AuditEvent.AUDIT_READ, now, acting, {"what": "monthly report", "month": name}))
    tally = tallied(bodies, window)
    standing = _standing(house, window, now)
    with house.store.peek() as rows:
        facts = Facts(
            tally=tally,
            kept=kept_of(house, rows, tally, directory, None),
            standing=standing,
            agreements=directory.agreements,
            requests=rows.requests.every(ROWS_MAX, open_only=False),
            incidents=(incidents := rows.incidents.every(ROWS_MAX, closed=True)),
            duties=[duty for each in incidents for duty in rows.incidents.duties(each.incident_id)],
            at=now,
        )
    return Monthly(name, now, parts(facts))


def _standing(house: House, window: Window, at: datetime) -> Standing:
    """How consents stand, a page at a time: no read holds the store up for long."""
    standing = Standing(window, at, {name: each.verbal_days for name, each in house.packs.packs.items()})
    after = ""
    while True:
        with house.store.peek() as rows:
            page = rows.consents.current(after, PAGE)
        for consent in page:
            standing.add(consent)
        if len(page) < PAGE:
            return standing
        after = page[-1].consent_id


def tallied(bodies: Iterable[bytes], window: Window) -> Tally:
    """One pass over the log."""
    tally = Tally(window)
    for body in bodies:
        tally.add(body)
    return tally


def kept_of(house: House, rows: Peek, tally: Tally, directory: Directory, agency: str | None) -> Kept:
    """What the log does not hold of the cases."""
    declared: dict[str, Declaration] = {}
    for case in tally.cases:
        found = rows.overrides.get(case.number) if agency in (None, case.agency) else None
        if found is not None:
            declared[case.number] = found
    return Kept(
        words={number: each.words for number, each in declared.items() if each.words},
        sentences={number: frozenset(each.sentences) for number, each in declared.items()},
        open=rows.reviews.open(ROWS_MAX, agency),
        near=frozenset(number for number, each in declared.items() if _is_near(rows, each)),
        workers=directory.workers,
        zones={name: zone_of(house, directory, name) for name in directory.agencies},
    )


def _is_near(rows: Peek, declared: Declaration) -> bool:
    return declared.subject is not None and rows.overrides.related(declared.worker, declared.subject)
