"""What falls due about declared duties of care, without anybody asking (consent rules 3.5, 3.6; settled S23, S40).

- A grant whose hours are over ends; so does a mandatory report's once its message has ended. *Stopped* is written then.
- A mandatory report whose reporter has not said whom they reached, 30 minutes after it was declared, brings the word
  TELEPHONE_NOW into the reporter's own system: that it was delivered does not discharge the duty.
- A review that is late by a day, three or seven is told to the next: an alarm, and a word at its source.
- A notice that was withheld is due again when its day has come.
- Every 30 days the key that wraps people's own keys is a new one; those are wrapped anew, and the former is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from consent.model.declared import EXPIRED, Declaration
from consent.model.reviewed import Part, Review
from consent.review import ESCALATES, TOLD_TO, lateness
from hub.errors import Unavailable
from hub.exchange.entries import HUB, alarm, override_entry
from hub.exchange.grants import mark
from hub.exchange.house import House
from hub.exchange.waiting import tell
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.envelope import ENDS
from hub.ports import Peek, Unit

TELEPHONE_AFTER = timedelta(minutes=30)  # settled S23
TELEPHONE_NOW = "TELEPHONE_NOW"
SELF_REVIEW_LATE = "SELF_REVIEW_LATE"
REVIEW_LATE = "REVIEW_LATE"
STATUS = "override-status"  # kind of the word at the source
_WRITTEN_BY = timedelta(hours=25)  # after the beginning of its day nobody writes under the key before it
_AT_ONCE = 50  # declarations looked at in one step


def step(house: House) -> bool:
    """Do what is due now. True if there was anything."""
    done = [_end_grants(house), _remind_reporters(house), _escalate(house), _renew_words(house)]
    return any(done)


def _end_grants(house: House) -> bool:
    with house.store.peek() as rows:
        shortest = min((pack.grant_s for pack in house.packs.packs.values()), default=0)
        running = _each(rows.overrides.running, rows.now - timedelta(seconds=shortest))
        over = [declared for declared in running if _is_over(house, rows, declared)]
    for declared in over:
        own = [locks.subject(declared.subject)] if declared.subject else []
        with house.store.unit(share=[locks.CONFIG], own=own) as unit:
            now = unit.overrides.get(declared.override_id)
            if now is None or now.ended_at is not None or not _is_over(house, unit, now):
                continue
            unit.overrides.put(replace(now, ended_at=unit.now, end_cause=EXPIRED))
            unit.audit.append(override_entry(AuditEvent.OVERRIDE_ENDED, now, HUB, unit.now, end_cause=EXPIRED))
            if not house.packs.is_mandatory(now.code):
                with suppress(Unavailable):
                    house.journal.know(mark(house, "ended", now))
    return bool(over)


def _each(
    page: Callable[[datetime, str, int], Sequence[Declaration]], before: datetime, after: str = ""
) -> Iterator[Declaration]:
    """All of them, page by page: those of which nothing is due hide none behind them."""
    while found := page(before, after, _AT_ONCE):
        yield from found
        after = found[-1].override_id


def _is_over(house: House, rows: Peek, declared: Declaration) -> bool:
    """Whether a grant's hours are over; a mandatory report lives until its message has ended and its duty is met."""
    if house.packs.is_mandatory(declared.code):
        message = rows.inbox.latest(declared.system, [declared.record_key]).get(declared.record_key)
        return declared.discharged_at is not None and message is not None and message.state in ENDS
    agency = rows.directory.all().agencies[declared.agency]
    return rows.now - declared.declared_at > timedelta(seconds=house.packs.facts(agency.pack).grant_s)


def _remind_reporters(house: House) -> bool:
    with house.store.peek() as rows:
        declared = _each(rows.overrides.unreminded, rows.now - TELEPHONE_AFTER)
        due = [each for each in declared if house.packs.is_mandatory(each.code)]
    for each in due:
        own = [locks.subject(each.subject)] if each.subject else []
        with house.store.unit(share=[locks.CONFIG], own=own) as unit:
            now = unit.overrides.get(each.override_id)
            if now is None or now.reminded_at is not None or now.discharged_at is not None:
                continue
            unit.overrides.put(replace(now, reminded_at=unit.now))
            place = "report: got nobody reached in person; telephone the one it is for now, then fill in reported_to"
            tell(house, unit, now.system, now.record_key, STATUS, TELEPHONE_NOW, place)
    return bool(due)


def _escalate(house: House) -> bool:
    with house.store.peek() as rows:
        late = rows.reviews.late([rows.now - step for step in ESCALATES], _AT_ONCE)
    if not late:
        return False
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for review in late:
            _tell_late(house, unit, review)
    return True


def _renew_words(house: House) -> bool:
    """Wrap people's keys anew under the present key; once none needs a former one, and nobody can still be writing
    under it, that is destroyed.
    """
    with house.store.peek() as rows:
        epoch = house.words.current(rows.now)
        older = rows.overrides.subject_keys(epoch, _AT_ONCE)
        settled = rows.now >= datetime.fromisoformat(epoch).replace(tzinfo=UTC) + _WRITTEN_BY
    for subject, former, wrapped in older:
        anew = house.words.rewrap(former, wrapped, epoch)
        with house.store.unit(own=[locks.subject(subject)]) as unit:
            if unit.overrides.subject_key(subject) == (former, wrapped):
                unit.overrides.put_subject_key(subject, epoch, anew)
    if older or not settled:
        return bool(older)
    gone = house.words.destroy(epoch)
    if gone:
        with house.store.unit() as unit:
            details = {"reason_code": "DESTROYED", "words": list(gone)}
            unit.audit.append(Entry(AuditEvent.KEY_EVENT, unit.now, HUB, details))
    return bool(gone)


def _tell_late(house: House, unit: Unit, review: Review) -> None:
    now = unit.reviews.of(review.override_id).get(review.part)
    declared = unit.overrides.get(review.override_id)
    if now is None or declared is None or lateness(now, unit.now) <= now.told:
        return
    step = lateness(now, unit.now)
    unit.reviews.put(replace(now, told=step))
    details = {"part": now.part.value, "due_at": now.due_at.isoformat(), "told_to": TOLD_TO[step - 1]}
    unit.audit.append(override_entry(AuditEvent.REVIEW_LATE, declared, HUB, unit.now, **details))
    unit.audit.append(alarm(REVIEW_LATE, unit.now, override_id=review.override_id, part=now.part.value, step=step))
    if now.part is Part.SELF:
        place = "self-review: got none in 24 hours, expected one; write what was done"
        tell(house, unit, declared.system, declared.record_key, STATUS, SELF_REVIEW_LATE, place)
