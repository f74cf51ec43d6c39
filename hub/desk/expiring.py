"""Which referrals of an agency would stop, and when? Every rule is asked of the coming days, by the facts as they are.

Not only an end of a consent stops a referral: a signature that is due, a sixteenth birthday, an agreement, an end of a
decider's papers do too. So nothing here looks for dates: ``decide`` is asked for each local day (consent rules I-05).
A receiver is told nothing: codes are the sender's (I-11).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from consent.decide import decide
from consent.gather import Question, gather_provisional
from consent.model import Decision, Facts
from hub.desk.asking import referral_of
from hub.desk.days import end_of, zone_of
from hub.desk.who import Act, Who, actor_of
from hub.errors import Refused
from hub.exchange.house import House
from hub.model.audit import AuditEvent, Entry
from hub.model.rows import ReferralRow
from hub.ports import Peek
from hub.referral import TERMINAL

DAYS_MAX = 90  # [policy] further ahead a plan changes before it comes
PAGE = 100  # referrals read at once


@dataclass(frozen=True, slots=True)
class Stops:
    """A referral that goes now and would not go later.

    Args:
        alias: the agency's own alias of the client; "": it has none.
        last_on: the agency's local day on which it goes for the last time.
        decision: the answer of the day after.
    """

    referral: ReferralRow
    alias: str
    last_on: date
    decision: Decision


def expiring(house: House, agency: str, days: int, who: Who) -> list[Stops]:
    """The referrals under way that an agency sent and that would stop within some days, soonest first.

    Raises:
        Refused: more than ``DAYS_MAX`` days or less than one, or the worker may not look.
    """
    if not 1 <= days <= DAYS_MAX:
        raise Refused("--days", str(days), f"1 to {DAYS_MAX}", "--days 30")
    with house.store.peek() as rows:
        acting = actor_of(rows.directory.all(), rows.now, who, Act.LOOK, agency)
    found: list[Stops] = []
    after, more = "", True
    while more:
        with house.store.peek() as rows:
            page = rows.referrals.sent_by(agency, but=TERMINAL, after=after, limit=PAGE)
            found += [each for row in page if (each := _stops(house, rows, agency, row, days)) is not None]
        after, more = page[-1].number if page else after, len(page) == PAGE
    with house.store.unit() as unit:
        details = {"what": "expiring", "agency": agency, "count": len(found)}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting, details))
    return sorted(found, key=lambda each: (each.last_on, each.referral.number))


def _stops(house: House, rows: Peek, agency: str, row: ReferralRow, days: int) -> Stops | None:
    facts = _facts(house, rows, row)
    if not decide(facts).permits:
        return None  # it has stopped: `hub deliveries waiting` tells of what could not go
    zone = zone_of(house, rows.directory.all(), agency)
    today = rows.now.astimezone(zone).date()
    for last_on in (today + timedelta(days=each) for each in range(days)):
        decision = decide(replace(facts, at=end_of(last_on, zone).astimezone(facts.at.tzinfo)))
        if not decision.permits:
            return Stops(row, rows.subjects.aliases(row.subject_ref).get(agency, ""), last_on, decision)
    return None


def _facts(house: House, rows: Peek, row: ReferralRow) -> Facts:
    """As of a new referral between its two ends; its systems may stand or be stopped, that is another matter."""
    to = next((each for each in rows.directory.all().services if each.id == row.service), None)
    message = referral_of(house, row.subject_ref, to)
    return gather_provisional(
        rows, Question(sender=row.sender, recipient=row.recipient, message=message), house.packs
    ).facts
