"""The beginning of the road: read what changed at a source, and put each record before the gate.

Idempotent by (system, record key, revision). A repeat of what was accepted changes nothing; a repeat of what was
refused is judged again, though not more often than :attr:`Limits.repeat_after`. A page is settled when each of its
records has its decision, its registry row or its answer; only then does the cursor move on, so a crash in between
reads the page again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from adapters.contract import Gone, Raw, Rejection
from hub.errors import IntegrityBroken, MappingGap, MessageRejected, Refused, Unavailable, Unexpected
from hub.exchange import addressing, correcting, gate, reports
from hub.exchange.addressing import NothingToSay, NothingYet, address
from hub.exchange.batches import batches, waves
from hub.exchange.declaring import declare_all, end_gone, heed
from hub.exchange.ending import recall_changed
from hub.exchange.entries import alarm
from hub.exchange.filing import file_consents, suspend_gone
from hub.exchange.gate import judge, locks_of, still_holds
from hub.exchange.house import House
from hub.exchange.numbers import learn_numbers
from hub.exchange.parts import keys_of, take_apart
from hub.exchange.reader import alone
from hub.exchange.reading import read_all, read_one
from hub.exchange.records import ConsentRecord, Read, ReferralRecord, Source, Unreadable, WordRecord
from hub.exchange.strict import NotOurMessage
from hub.exchange.submission import Submission
from hub.exchange.waiting import BESIDE_NONE, given_up_at, is_asleep, not_yet, settle, tell, unreadable
from hub.model import locks
from hub.model.directory import System
from hub.model.envelope import IN_VAIN, MessageState
from hub.model.rows import Inbox, Waiting
from hub.ports import Peek, Unit

ROUNDS_MAX = 5  # times a record is addressed anew because the world moved between peek and unit


Addressed = tuple[Submission, Inbox | None]  # with the message before it, as the peek saw it


def step(house: House, system: System) -> bool:
    """Read one page of one source, unless another process reads it. True if there was anything.

    Raises:
        Unavailable: the source or the store cannot be reached, or another process has begun to read; nothing is lost.
    """
    ours = alone(house, system.id)
    return ours is not None and _read_page(ours, system)


def _read_page(house: House, system: System) -> bool:
    with house.store.peek() as rows:
        cursor = rows.cursors.get(system.id)
    page = house.connections.source(system).fetch(cursor)
    if page.cursor == cursor and not (page.raws or page.problems or page.rejections or page.numbers or page.accepted):
        return False
    learn_numbers(house, system, page.numbers)
    for each in page.accepted:
        reports.accepted(house, system, each)
    take_in(house, system, page.raws)
    with house.store.unit(share=[locks.CONFIG]) as unit:
        for rejection in page.rejections:
            _rejected(house, unit, system, rejection)
        for problem in page.problems:
            unit.audit.append(alarm("SOURCE_PROBLEM", unit.now, system=system.id, problem=problem))
        unit.cursors.put(system.id, page.cursor)
    return True


def take_in(house: House, system: System, raws: Sequence[Raw | Gone], *, woken: bool = False) -> None:
    """Judge records: consents first, so that a referral of the same page finds them.

    Args:
        woken: these were fetched again because something changed, so what was refused is judged afresh at once.
    """
    read, gone = read_all(house, system, raws)
    settle(house, _waiting_for(house, system, keys_of(house, system, gone)))
    reports.gone(house, system, gone)
    correcting.gone(house, system.id, gone)
    suspend_gone(house, system, gone, reason="GONE")
    end_gone(house, system, gone)
    file_consents(house, [record for record in read if isinstance(record, ConsentRecord)])
    declare_all(house, [record for record in read if isinstance(record, ReferralRecord) and record.declared])
    heed(house, [record for record in read if isinstance(record, WordRecord)])
    apart = take_apart(house, system, read)
    read = apart.read
    settle(house, apart.over)
    _not_yet(house, [(source, NothingYet(BESIDE_NONE)) for source in apart.early])
    bad = [record for record in read if isinstance(record, Unreadable)]
    referrals = [record for record in read if isinstance(record, ReferralRecord)]
    as_now = {each.source.key: each.source.digest for each in read if not isinstance(each, ConsentRecord)}
    numbers = {record.source.key: record.number for record in referrals if record.number}
    lost = [*apart.lost, *keys_of(house, system, [*gone, *(record.source.key for record in bad)])]
    recall_changed(house, system, as_now, lost, numbers)
    bad += _judge_all(house, referrals, woken)
    suspend_gone(house, system, [record.source.key for record in bad], reason="UNREADABLE")
    for batch in batches(bad, house.limits.batch):
        with house.store.unit(share=[locks.CONFIG]) as unit:
            for record in batch:
                unreadable(house, unit, record)


def read_again(house: House, system: System, key: str) -> Read | None:
    """A record as its source has it now; None: it is gone. Nothing is settled by it."""
    (raw,) = house.connections.source(system).refetch([key])
    return None if isinstance(raw, Gone) else read_one(house, system, raw)


def judge_by_hand(house: House, record: ReferralRecord) -> Inbox | None:
    """Declare and judge what was entered by a command, now; the message that came of it, or None: it says nothing new.

    Raises:
        Refused: it turns out to be no message.
    """
    declare_all(house, [record])
    bad = _judge_all(house, [record], woken=True)
    if bad:
        raise Refused("FILE", bad[0].place, "", "correct it and say it again")
    with house.store.peek() as rows:
        return rows.inbox.latest(record.source.system.id, [record.source.key]).get(record.source.key)


def _not_yet(house: House, early: Sequence[tuple[Source, NothingYet]]) -> None:
    """Let records wait for what must come first."""
    for batch in batches(early, house.limits.batch):
        subjects = {locks.subject(found.subject) for _, found in batch if found.subject}
        with house.store.unit(share=[locks.CONFIG, *subjects]) as unit:
            for source, found in batch:
                not_yet(house, unit, source, found.why, found.subject, found.waits)


def _judge_all(house: House, records: list[ReferralRecord], woken: bool) -> list[Unreadable]:
    """Put records before gate 1 in batches; return those that turn out not to be messages."""
    return [wrong for wave in waves(records, _referral) for wrong in _judge_wave(house, wave, woken)]


def _referral(record: ReferralRecord) -> list[str]:
    """What is said of one referral several times on a page is heard in its order, one after the other."""
    return [record.placer or (record.number if not record.shared else None) or record.source.key]


def _judge_wave(house: House, records: list[ReferralRecord], woken: bool) -> list[Unreadable]:
    bad: list[Unreadable] = []
    waiting = records
    for _ in range(ROUNDS_MAX):
        later: list[ReferralRecord] = []
        for batch in batches(waiting, house.limits.batch):
            addressed, faulty = _address(house, batch, woken)
            moved, broken = _commit(house, addressed)
            bad += faulty + broken
            later += moved
        waiting = later
        if not waiting:
            return bad
    raise Unavailable("intake", f"{len(waiting)} records whose facts kept changing", next_step="they are read again")


def _address(house: House, batch: Sequence[ReferralRecord], woken: bool) -> tuple[list[Addressed], list[Unreadable]]:
    found: list[Addressed] = []
    bad: list[Unreadable] = []
    settled: list[ReferralRecord] = []
    early: list[tuple[Source, NothingYet]] = []
    repeated: list[tuple[ReferralRecord, Inbox]] = []
    with house.store.peek() as rows:
        system, keys = batch[0].source.system.id, [record.source.key for record in batch]
        latest = rows.inbox.latest(system, keys)
        reminded = rows.waiting.of(system, keys)
        addressing.read_ahead(rows, batch)
        for record in batch:
            previous = latest.get(record.source.key)
            if (
                previous is not None
                and _is_repeat(previous, record)
                and not _judged_again(house, rows, previous, woken or record.source.key not in reminded)
            ):
                repeated.append((record, previous))
                continue
            try:
                submission = address(house, rows, record, previous)
            except (Unavailable, IntegrityBroken):
                raise
            except Exception as error:  # noqa: BLE001 - one record never stops its neighbours
                bad.append(_broken(record, error))
                continue
            if isinstance(submission, NothingToSay):
                settled.append(record)
            elif isinstance(submission, NothingYet):
                early.append((record.source, submission))
            else:
                found.append((submission, previous))
    _again_later(house, repeated)
    _not_yet(house, early)
    settled += [record for record, before in repeated if before.state not in IN_VAIN]  # nothing is left to wait for
    settle(house, [reminded[record.source.key] for record in settled if record.source.key in reminded])
    return found, bad


def _commit(house: House, addressed: Sequence[Addressed]) -> tuple[list[ReferralRecord], list[Unreadable]]:
    """One unit for a batch, or for each alone where one of them breaks it. Returns what moved, and what broke."""
    if not addressed:
        return [], []
    try:
        return _judge_batch(house, addressed), []
    except (Unavailable, IntegrityBroken):
        raise
    except Exception as error:  # noqa: BLE001 - one record never stops its neighbours
        if len(addressed) == 1:
            return [], [_broken(addressed[0][0].record, error)]
    later: list[ReferralRecord] = []
    bad: list[Unreadable] = []
    for each in addressed:
        moved, broken = _commit(house, [each])
        later += moved
        bad += broken
    return later, bad


def _broken(record: ReferralRecord, error: Exception) -> Unreadable:
    """A record that turns out to be no message, or that we cannot handle.

    What a mapping may have done wrong, or we, is looked at again when one changes; what its sender must change is not.
    """
    where = f"{record.source.system.id} {record.source.key}"
    wrong = error if isinstance(error, MessageRejected) else Unexpected.met(where, error)
    ours = not isinstance(error, MessageRejected) or isinstance(error, MappingGap | NotOurMessage)
    return Unreadable(record.source, str(wrong), gap=ours)


def _judge_batch(house: House, addressed: Sequence[Addressed]) -> list[ReferralRecord]:
    """Each decision stands alone. What moved meanwhile is addressed again."""
    later: list[ReferralRecord] = []
    share: set[str] = set().union(*(locks_of(submission) for submission, _ in addressed))
    with house.store.unit(share=share) as unit:
        system = addressed[0][0].record.source.system.id
        latest = unit.inbox.latest(system, [submission.record.source.key for submission, _ in addressed])
        gate.read_ahead(unit, [submission for submission, _ in addressed])
        for submission, previous in addressed:
            if latest.get(submission.record.source.key) != previous or not still_holds(unit, submission):
                later.append(submission.record)
            else:
                judge(house, unit, submission, previous)
    return later


def _is_repeat(previous: Inbox, record: ReferralRecord) -> bool:
    """The same bytes, whatever their revision: a number may be given again, and a save may change nothing."""
    return previous.digest == record.source.digest


def _judged_again(house: House, rows: Peek, previous: Inbox, at_once: bool) -> bool:
    """Whether what was refused is put before the gate again now.

    Args:
        at_once: it was woken, or nothing would remind the hub of it later: it was gone in between.
    """
    if previous.state not in IN_VAIN:
        return reports.was_taken_back(rows, previous)
    soon = timedelta() <= rows.now - previous.accepted_at < house.limits.repeat_after  # a clock set back is no "soon"
    return at_once or previous.state is MessageState.RETURNED or not soon


def _again_later(house: House, repeated: Sequence[tuple[ReferralRecord, Inbox]]) -> None:
    """A refused record that comes again too soon is not forgotten: its waiting row falls due instead.

    One that has had its last word in a batch that is answered keeps it: read again, it says nothing new.
    """
    soon = [(record, before) for record, before in repeated if before.state in IN_VAIN]
    if not soon:
        return
    with house.store.unit(share=[locks.CONFIG]) as unit:
        system = soon[0][0].source.system.id
        waiting = unit.waiting.of(system, [record.source.key for record, _ in soon])
        answered = given_up_at(house, unit, system) is not None
        for record, before in soon:
            row = waiting.get(record.source.key)
            if row is not None and not (answered and is_asleep(row)):
                unit.waiting.snooze(row.waiting_id, before.accepted_at + house.limits.repeat_after)


def _waiting_for(house: House, system: System, keys: Sequence[str]) -> list[Waiting]:
    if not keys:
        return []
    with house.store.peek() as rows:
        return list(rows.waiting.of(system.id, keys).values())


def _rejected(house: House, unit: Unit, system: System, rejection: Rejection) -> None:
    """A business rejection after delivery: kept as a code, told to the sender; the message stays delivered.

    Only the system that took the message can reject it.
    """
    row = unit.handovers.get([rejection.envelope_id]).get(rejection.envelope_id)
    message = unit.inbox.get(row.message_id) if row else None
    if row is not None and row.system == system.id and message is not None and row.rejection is None:
        unit.handovers.reject(row.envelope_id, rejection.code)
        tell(house, unit, message.system, message.record_key, "rejected", rejection.code)
