"""Telling a person what does not mend itself: what is due to be told, and to whom it has been told already.

One process at a time looks, once a minute, and waits for nobody: how it went is asked in a later step. What stands is
told again each day, what grew after an hour. Who could not be told is told at the next look, whoever else was. A halt
is told by whoever halts, without the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import orjson

from hub.errors import HubError, Unavailable
from hub.exchange.house import House
from hub.exchange.reach import out_of_reach
from hub.model.alerts import Alert, AlertCode, Role
from hub.model.rows import Tally
from hub.ports import Alerts, Peek

LOOKS_EVERY_S = 60.0  # [policy]
ASKS_AGAIN_S = 1.0  # [policy] how it went, while a recipient is being told
LOOKER_LEASE = timedelta(minutes=3)  # [policy] a few looks
NEAR = timedelta(hours=24)  # [policy] a working day before a message goes back
AWAY_FOR = timedelta(minutes=15)  # [policy] a restart or a nightly backup is nobody's concern
BEHIND_FOR = timedelta(minutes=1)  # [policy] the log itself tells of each promise that was not kept
AGAIN = timedelta(hours=24)  # [policy] what stands is told again
MORE_AFTER = timedelta(hours=1)  # [policy] what grows is told again
_PLACE = "alerts"  # stands where a system would, and names the lease

Told = Mapping[str, tuple[datetime, int]]  # "CODE recipient" -> when it was last told, and how many there were


def standing(tally: Tally, away: Mapping[str, datetime], now: datetime) -> list[Alert]:
    """What a person should know as things are. Pure."""
    long_away = [since for since in away.values() if now - since >= AWAY_FOR]
    behind = tally.log_pending_since is not None and now - tally.log_pending_since >= BEHIND_FOR
    counts = {
        AlertCode.SET_ASIDE: sum(tally.aside.values()),
        AlertCode.SYSTEM_AWAY: len(long_away),
        AlertCode.NEAR_RETURN: tally.near_return,
        AlertCode.LOG_BEHIND: tally.log_pending if behind else 0,
        AlertCode.OVERRIDE_USED: tally.reviews_due,
        AlertCode.REVIEW_LATE: tally.reviews_late,
        AlertCode.REFERRAL_LATE: tally.referrals_late,
        AlertCode.FOLLOW_UP_MISSED: tally.follow_ups_missed,
    }
    return [Alert(code, count) for code, count in counts.items() if count]


def due(
    alerts: Sequence[Alert], recipients: Callable[[Role], Sequence[str]], told: Told, now: datetime
) -> list[tuple[str, Alert]]:
    """Who is to be told of what now. Pure. What was set aside stays so for ever, so only more of it is news."""
    return [
        (recipient, alert)
        for alert in alerts
        for role in alert.code.roles
        for recipient in recipients(role)
        if _is_news(alert, told.get(key(alert, recipient)), now)
    ]


def key(alert: Alert, recipient: str) -> str:
    """Under which it is remembered that a recipient was told."""
    return f"{alert.code.name} {recipient}"


def _is_news(alert: Alert, before: tuple[datetime, int] | None, now: datetime) -> bool:
    if before is None:
        return True
    at, count = before
    again = alert.code is not AlertCode.SET_ASIDE and not timedelta() <= now - at < AGAIN  # also: a clock set back
    return again or (alert.count > count and not timedelta() <= now - at < MORE_AFTER)


class Watch:
    """The worker's part of it: looks when it is time, tells, remembers."""

    def __init__(self, house: House, alerts: Alerts, report: Callable[[str, HubError], None]) -> None:
        self._house, self._alerts, self._report = house, alerts, report
        self._next_s = house.clock.monotonic_s()

    def step(self) -> bool:
        """Look, if it is time and no other process does. True if anybody was told.

        Raises:
            Unavailable: the store cannot be reached. A recipient that cannot be is reported, and told next time.
        """
        clock, house = self._house.clock, self._house
        if clock.monotonic_s() < self._next_s:
            return False
        self._next_s = clock.monotonic_s() + LOOKS_EVERY_S
        with house.store.unit() as unit:
            if not unit.cursors.lease(_PLACE, house.worker, unit.now + LOOKER_LEASE):
                return False
        with house.store.peek() as rows:
            told, alerts = _told(rows), _standing(rows)
            news = due(alerts, self._alerts.recipients, told, rows.now)
        codes = {alert.code.name for alert in alerts}
        kept = {name: what for name, what in told.items() if name.split()[0] in codes}
        reached = {key(alert, recipient): alert.count for recipient, alert in news if self._tell(recipient, alert)}
        if reached or kept != told:
            with house.store.unit() as unit:
                now = {name: (unit.now, count) for name, count in reached.items()}
                unit.cursors.remember(_PLACE, "told", _written(kept | now))
        return bool(reached)

    def _tell(self, recipient: str, alert: Alert) -> bool:
        try:
            told = self._alerts.tell(recipient, alert)
        except Unavailable as error:
            self._report(_PLACE, error)
            return False
        if not told:
            self._next_s = self._house.clock.monotonic_s() + ASKS_AGAIN_S
        return told


def _standing(rows: Peek) -> list[Alert]:
    active = [system for system in rows.directory.all().systems.values() if system.status == "active"]
    return standing(rows.counts.tally(rows.now + NEAR), out_of_reach(rows, active), rows.now)


def _told(rows: Peek) -> dict[str, tuple[datetime, int]]:
    found = orjson.loads(rows.cursors.remembered(_PLACE, "told") or "{}")
    return {name: (datetime.fromisoformat(at), count) for name, (at, count) in found.items()}


def _written(told: Told) -> str:
    return orjson.dumps({name: (at.isoformat(), count) for name, (at, count) in sorted(told.items())}).decode()
