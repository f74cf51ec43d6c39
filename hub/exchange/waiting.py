"""What was refused waits at its source for what would change the answer (INV-6, design §3.7). Nothing of it is kept.

A waiting row holds the source key, a keyed digest, the code and the locks of whatever would wake it. The unit that
refuses shares those locks; whoever changes what is behind one owns it, and the end of that unit wakes the row: a
change comes either before the refusal, and was seen, or after it, and finds the row. No wake-up is lost.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from consent.lacking import lacking
from consent.model import Facts
from consent.model.words import Code, ConsentState
from consent.rows import column_of
from consent.validity import lacks
from hub.exchange.house import House
from hub.exchange.match import PersonKeys
from hub.exchange.parts import recipient_of
from hub.exchange.records import BY_HAND, HANDED_IN, ReferralRecord, Source, Unreadable
from hub.exchange.retry import after_system_code
from hub.exchange.wakes import Wake, starts_at, wakes_on
from hub.model import locks
from hub.model.rows import Inbox, Notice, Waiting
from hub.ports import Peek, Unit

LOOKED_AGAIN = timedelta(days=1)  # [policy] files come nightly
RESULTS_ALONE = "no referral: got results alone, expected one open referral of this client; name it in the record"
BESIDE_NONE = (
    "no referral: got a client who is with nobody else, expected a referral that has arrived; it is looked at again"
)
HAND_IN_AGAIN = "it was handed in and has not arrived; it is in no system to be read again: hand it in once more"
KEPT_IN_SIGHT = timedelta(days=30)  # [policy] of what nothing wakes
NO_REFERRAL = Code.DN_TRANSITION  # of a record that has made no message: its referral is not there yet


def settle(house: House, seen: Collection[Waiting]) -> None:
    """These wait no longer; most records never did, and then nothing is written.

    Args:
        seen: rows as they were where it was found that nothing is left to wait for. What was refused or woken since
            waits on: what was found there may no longer be true.
    """
    if not seen:
        return
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for row in seen:
            if unit.waiting.of(row.system, [row.record_key]).get(row.record_key) == row:
                unit.waiting.settle(row.system, [row.record_key])


def refuse(house: House, unit: Unit, record: ReferralRecord, row: Inbox, facts: Facts) -> None:
    """Let a refused record wait, and tell its sender."""
    code = Code(row.code)
    before = unit.waiting.of(row.system, [row.record_key]).get(row.record_key)
    attempts = before.attempts + 1 if before and before.code == row.code else 1
    wakes = wakes_on(code)
    due_at = starts_at(facts) if Wake.DATE in wakes else None
    if Wake.BACKOFF in wakes:
        due_at = after_system_code(code, attempts, unit.now, random=house.ids.fraction()).at
    place = _pending(facts) if code in (Code.DN_PENDING, Code.DN_NOTICE) else lacking(facts, code)
    if agency := recipient_of(row.record_key):
        place = f"for {agency}{': ' if place else ''}{place}"  # of several, which
    on = _locks(wakes, facts.message.subject, record.person)
    keys = _keys(record.person) if Wake.IDENTITY in wakes else None
    same = before is not None and (before.digest, before.code, before.place) == (row.digest, row.code, place)
    wait(
        house,
        unit,
        Waiting(
            waiting_id=before.waiting_id if before and same else house.ids.number(),  # a worker may have noted it
            system=row.system,
            record_key=row.record_key,
            revision=row.revision,
            digest=row.digest,
            code=row.code,
            created_at=unit.now,
            message_id=row.message_id,
            subject_ref=facts.message.subject,
            attempts=attempts,
            due_at=due_at,
            until_at=_kept_until(house, unit, row.system, before, on, keys),
            place=place,
            locks=on,
            keys=keys,
        ),
    )
    if row.own_id is not None:
        return  # whoever hands in is answered at once
    if before is None or (before.code, before.place) != (row.code, place):  # the same answer is said once
        tell(house, unit, row.system, row.record_key, "refusal", row.code, place)


def wait(house: House, unit: Unit, row: Waiting) -> None:
    """Let a record wait; of one that was entered by hand there is no source from which it could be fetched again.

    Whose software hands in is told when what it waits for has come.
    """
    if row.record_key.startswith(HANDED_IN) and row.message_id is not None:
        kept = replace(row, until_at=row.created_at + KEPT_IN_SIGHT)
        told = speaks_fhir(house, unit, row.system)
        row = kept if told else replace(kept, due_at=None, locks=(), place=HAND_IN_AGAIN)
    elif row.record_key.startswith(BY_HAND):
        return
    unit.waiting.put(row)


def unreadable(house: House, unit: Unit, record: Unreadable) -> None:
    """Answer a record that is no message: say where it is wrong, and wait for a new revision or a new mapping.

    Where its batch is answered it has had its last word, and waits for neither: it is sent again in another batch.
    """
    source = record.source
    before = unit.waiting.of(source.system.id, [source.key]).get(source.key)
    if before and before.digest == source.digest and before.place == record.place:
        unit.waiting.snooze(before.waiting_id, None)
        return
    until_at = given_up_at(house, unit, source.system.id)
    on = (locks.CONFIG,) if record.gap and until_at is None else ()
    row = without_message(house, unit, source, Code.DN_SCHEMA)
    unit.waiting.put(replace(row, until_at=until_at, locks=on, place=record.place))
    tell(house, unit, source.system.id, source.key, "refusal", Code.DN_SCHEMA.value, record.place)


def not_yet(
    house: House, unit: Unit, source: Source, place: str, subject: str | None = None, waits: timedelta | None = None
) -> None:
    """Let a record wait for something that has not come yet; it is looked at soon, then daily (program systems 9.4).

    Args:
        subject: a change of whose facts wakes it too; the unit shares that lock.
        waits: for how long at most; None: as long as digests of people whom nobody knows are kept.
    """
    before = unit.waiting.of(source.system.id, [source.key]).get(source.key)
    if before and before.code == NO_REFERRAL.value and before.message_id is None:
        unit.waiting.snooze(before.waiting_id, unit.now + LOOKED_AGAIN)
        return
    due_at = unit.now + house.limits.repeat_after  # its referral may just be on its way
    until_at = unit.now + (waits or house.limits.unknown_kept)
    row = without_message(house, unit, source, NO_REFERRAL)
    on = (locks.subject(subject),) if subject else ()
    unit.waiting.put(replace(row, due_at=due_at, until_at=until_at, place=place, locks=on))


def without_message(house: House, unit: Unit, source: Source, code: Code) -> Waiting:
    """The row of a record that waits and has made no message; what would wake it, and until when, says the caller."""
    return Waiting(
        waiting_id=house.ids.number(),
        system=source.system.id,
        record_key=source.key,
        revision=source.revision,
        digest=source.digest,
        code=code.value,
        created_at=unit.now,
    )


def tell(house: House, unit: Unit, system: str, key: str, kind: str, code: str, place: str = "") -> None:
    """Queue a content-free notice for the record's own system.

    Args:
        place: which element, why, and what to do, without a personal value; "" where the code says it all.
    """
    if key.startswith(BY_HAND) and not (key.startswith(HANDED_IN) and speaks_fhir(house, unit, system)):
        return  # whoever entered it is told by the command
    unit.notices.put(
        Notice(
            notice_id=house.ids.uuid(),
            system=system,
            kind=kind,
            code=code,
            record_key=key,
            created_at=unit.now,
            due_at=unit.now,
            place=place,
        )
    )


def speaks_fhir(house: House, rows: Peek, system: str) -> bool:
    """Whether a system's own software hands in its messages and fetches words to it."""
    known = rows.directory.all().systems.get(system)
    return known is not None and house.adapters[known.kind].remote


def is_asleep(row: Waiting) -> bool:
    """Whether nothing would wake it, neither a change nor a date nor a person's choice."""
    return not (row.locks or row.due_at or row.keys)


def given_up_at(house: House, unit: Unit, system: str) -> datetime | None:
    """When a record waits no longer, where its system must hear a last word of its batch; else it waits for ever."""
    known = unit.directory.all().systems.get(system)
    card = house.adapters[known.kind] if known is not None else None
    answered = card is not None and card.answers and not card.living
    return unit.now + house.limits.unknown_kept if answered else None


def _kept_until(
    house: House, unit: Unit, system: str, before: Waiting | None, on: tuple[str, ...], keys: str | None
) -> datetime | None:
    """Digests of a person whom perhaps nobody knows are kept 30 days in all, however often the record is judged."""
    digests = {lock for lock in on if lock.startswith("digest:")}
    if not digests and keys is None:
        ends = given_up_at(house, unit, system)
        return before.until_at if ends and before and before.until_at else ends
    if before and before.until_at and (digests <= set(before.locks) and keys == before.keys):
        return before.until_at
    return unit.now + house.limits.unknown_kept


def _pending(facts: Facts) -> str:
    """Which fields the sender's drafts lack."""
    drafts = (c for known in facts.subjects.values() for c in known.consents if c.state is ConsentState.DRAFT)
    missing = sorted({column_of(name) for c in drafts if c.discloser == facts.sender.agency for name in lacks(c)})
    return f"consent: got nothing in {', '.join(missing)}; fill it in and save the consent" if missing else ""


def _locks(wakes: frozenset[Wake], subject: str | None, person: PersonKeys | None) -> tuple[str, ...]:
    found: list[str] = []
    if Wake.SUBJECT in wakes and subject:
        found.append(locks.subject(subject))
    if wakes & {Wake.DIGESTS, Wake.IDENTITY}:
        found += [locks.digest(digest) for digest in (person.exact if person else ())]
    if wakes & {Wake.CONFIG, Wake.MAPPING}:
        found.append(locks.CONFIG)
    return tuple(found)


def _keys(person: PersonKeys | None) -> str | None:
    """What a human's choice of identity will be filed under."""
    return orjson.dumps(person.kinds()).decode() if person else None
