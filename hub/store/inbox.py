"""Accepted messages, decisions with their facts, and what waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from consent.facts import read_decision, read_facts, write_decision, write_facts
from consent.model import Decision, Facts
from hub.model.envelope import BESIDE_A_REFERRAL, ENDS, MessageState
from hub.model.record import PART
from hub.model.rows import Inbox, Waiting
from hub.store import tables as t
from hub.store.scope import Memo, Scope, instant, optional_instant, optional_text, text

# what was let go and says how its referral stands: not what rides beside it
OF_ITS_STATE = (
    t.inbox.c.envelope_id.is_not(None),
    t.inbox.c.record_key.not_like(f"%{PART}%"),
    t.inbox.c.event.not_in(sorted(BESIDE_A_REFERRAL)),
)


class InboxTable:
    """See :class:`hub.ports.InboxRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._released: Memo[tuple[str, str], Inbox] = Memo()

    def latest(self, system: str, keys: Iterable[str]) -> dict[str, Inbox]:
        """The latest message of each record."""
        return {row.record_key: row for row in self.latest_of_each([system], keys)}

    def latest_of_each(self, systems: Iterable[str], keys: Iterable[str]) -> list[Inbox]:
        """The same of records of several systems, each by itself."""
        c = t.inbox.c
        theirs = select(t.inbox).where(c.system.in_(list(systems)), c.record_key.in_(list(keys)))
        found = self._scope.read(theirs.order_by(c.accepted_at, c.attempt), t.inbox)
        return list({(row.system, row.record_key): _inbox(row) for row in found}.values())

    def get(self, message_id: str) -> Inbox | None:
        """One message."""
        row = self._scope.one(select(t.inbox).where(t.inbox.c.message_id == message_id), t.inbox)
        return _inbox(row) if row else None

    def put(self, row: Inbox) -> None:
        """Accept a message."""
        self._scope.add(
            t.inbox,
            {
                "message_id": row.message_id,
                "system": row.system,
                "record_key": row.record_key,
                "revision": row.revision,
                "attempt": row.attempt,
                "digest": row.digest,
                "agency": row.agency,
                "event": row.event,
                "recipient": row.recipient,
                "decision_id": row.decision_id,
                "envelope_id": row.envelope_id,
                "referral_no": row.referral_no,
                "previous": row.previous,
                "returns": row.returns,
                "state": row.state.value,
                "code": row.code,
                "accepted_at": text(row.accepted_at),
                "ended_at": optional_text(row.ended_at),
                "own_id": row.own_id,
            },
        )
        beside = row.event in BESIDE_A_REFERRAL or PART in row.record_key
        if row.envelope_id and row.referral_no and not beside:
            self._released.set((row.system, row.referral_no), row)

    def move(self, message_ids: Iterable[str], state: MessageState, *, code: str | None = None) -> None:
        """Set the state of messages that have not ended; an end is final (INV-5)."""
        values: dict[str, Any] = {"state": state.value, **({"code": code} if code else {})}
        if state in ENDS:
            values["ended_at"] = text(self._scope.now)
        c = t.inbox.c
        where = (c.message_id.in_(list(message_ids)), c.ended_at.is_(None))
        self._scope.write(update(t.inbox).where(*where).values(**values), None, t.inbox)
        self._released.forget()

    def last_released(self, system: str, numbers: Iterable[str]) -> dict[str, Inbox]:
        """By referral number, the latest message of a system about how it stands that gate 1 let go."""
        found = self._released.read([(system, number) for number in numbers], self._read_released)
        return {number: row for (_, number), row in found.items()}

    def arrived(self, numbers: Iterable[str]) -> set[str]:
        """Which referrals' requests have been delivered."""
        c = t.inbox.c
        asked = list(numbers)
        if not asked:
            return set()
        there = (c.referral_no.in_(asked), c.event == "add-service-request", c.state == MessageState.DELIVERED)
        return {row.referral_no for row in self._scope.read(select(c.referral_no).where(*there), t.inbox)}

    def under_envelopes(self, agencies: Iterable[str], revisions: Iterable[str]) -> set[tuple[str, str]]:
        """Pairs (revision, record key) of what agencies handed in under some envelopes."""
        c = t.inbox.c
        same = (c.agency.in_(list(agencies)), c.revision.in_(list(revisions)), c.own_id.is_not(None))
        found = self._scope.read(select(c.revision, c.record_key).where(*same), t.inbox)
        return {(row.revision, row.record_key) for row in found}

    def attempts(self, system: str, record_key: str, revision: str) -> int:
        """The number of the last message that one revision of a record has made; earlier ones may have ended."""
        c = t.inbox.c
        where = (c.system == system, c.record_key == record_key, c.revision == revision)
        row = self._scope.one(select(func.max(c.attempt).label("last")).where(*where), t.inbox)
        return int(row.last or 0) if row else 0

    def count_by_state(self) -> dict[str, int]:
        """Messages by state."""
        rows = self._scope.read(select(t.inbox.c.state, func.count().label("total")).group_by(t.inbox.c.state))
        return {row.state: row.total for row in rows}

    def _read_released(self, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Inbox]:
        c = t.inbox.c
        found: dict[tuple[str, str], Inbox] = {}
        for system in {system for system, _ in pairs}:
            numbers = [number for its, number in pairs if its == system]
            said = select(t.inbox).where(c.referral_no.in_(numbers), c.system == system, *OF_ITS_STATE)
            rows = self._scope.read(said.order_by(c.accepted_at), t.inbox)
            found |= {(system, row.referral_no): _inbox(row) for row in rows}
        return found


class DecisionTable:
    """See :class:`hub.ports.Decisions`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._gathered: dict[int, Facts] = {}  # by identity; they are kept, so that no identity comes again

    def gathered(self, facts: Facts) -> Facts:
        """Note facts as read by this unit."""
        self._gathered[id(facts)] = facts
        return facts

    def put(self, decision_id: str, message_id: str, gate: int, facts: Facts, decision: Decision) -> None:
        """Keep a decision made from facts of this unit, and of no other."""
        assert id(facts) in self._gathered, "a decision rests on facts that this unit gathered (INV-2)"
        self._scope.add(
            t.decision,
            {
                "decision_id": decision_id,
                "message_id": message_id,
                "gate": gate,
                "at": text(facts.at),
                "outcome": decision.outcome.value,
                "stage": decision.stage,
                "code": decision.codes[0].value,
                "registry_seq": facts.system.registry_seq,
                "body": write_decision(decision).decode(),
                "facts": write_facts(facts).decode(),
            },
        )

    def get(self, decision_id: str) -> tuple[Facts, Decision] | None:
        """One decision, with its facts."""
        c = t.decision.c
        row = self._scope.one(select(c.facts, c.body).where(c.decision_id == decision_id), t.decision)
        return (read_facts(row.facts.encode()), read_decision(row.body.encode())) if row else None

    def of_gate_2(self, message_ids: Iterable[str]) -> dict[str, tuple[Facts, Decision]]:
        """By message, the last answer that stands as gate 2's, and its facts."""
        c = t.decision.c
        of_these = select(c.message_id, c.facts, c.body).where(c.gate == 2, c.message_id.in_(list(message_ids)))
        rows = self._scope.read(of_these.order_by(c.at, c.decision_id), t.decision)
        return {row.message_id: (read_facts(row.facts.encode()), read_decision(row.body.encode())) for row in rows}

    def count_by_code(self, gate: int) -> dict[str, int]:
        """Decisions of a gate by their first code."""
        c = t.decision.c
        rows = self._scope.read(select(c.code, func.count().label("total")).where(c.gate == gate).group_by(c.code))
        return {row.code: row.total for row in rows}

    def made_since(self, at: datetime, limit: int, after: str = "") -> list[tuple[str, bytes, bytes]]:
        """The same of those made since an instant."""
        return self._page(limit, after, t.decision.c.at >= text(at))

    def stored(self, limit: int, after: str = "") -> list[tuple[str, bytes, bytes]]:
        """(decision id, facts, decision) in id order."""
        return self._page(limit, after)

    def _page(self, limit: int, after: str, *where: Any) -> list[tuple[str, bytes, bytes]]:
        c = t.decision.c
        beyond = select(c.decision_id, c.facts, c.body).where(c.decision_id > after, *where)
        rows = self._scope.read(beyond.order_by(c.decision_id).limit(limit))
        return [(row.decision_id, row.facts.encode(), row.body.encode()) for row in rows]


class WaitingTable:
    """See :class:`hub.ports.WaitingRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._known: Memo[tuple[str, str], Waiting] = Memo()  # most records wait for nothing: asked once for a batch

    def put(self, row: Waiting) -> None:
        """Wait, or wait anew: one row per source record."""
        for lock in row.locks:
            self._scope.must_hold(lock)  # or a change that comes right after could not wake it
        self.settle(row.system, [row.record_key])
        self._scope.add(
            t.waiting,
            {
                "waiting_id": row.waiting_id,
                "system": row.system,
                "record_key": row.record_key,
                "revision": row.revision,
                "digest": row.digest,
                "code": row.code,
                "message_id": row.message_id,
                "subject_ref": row.subject_ref,
                "attempts": row.attempts,
                "due_at": optional_text(row.due_at),
                "until_at": optional_text(row.until_at),
                "created_at": text(row.created_at),
                "place": row.place,
                "keys": row.keys,
            },
        )
        for lock in row.locks:
            self._scope.add(t.waiting_on, {"waiting_id": row.waiting_id, "lock": lock})
        self._known.set((row.system, row.record_key), row)

    def settle(self, system: str, keys: Iterable[str]) -> None:
        """These records wait no longer."""
        waiting = self.of(system, keys)
        self._drop([row.waiting_id for row in waiting.values()])
        for key in waiting:
            self._known.set((system, key), None)

    def due(self, system: str, now: datetime, limit: int) -> list[Waiting]:
        """Rows of a system to fetch again."""
        c = t.waiting.c
        return self._select(c.system == system, c.due_at <= text(now), order=c.due_at, limit=limit)

    def of(self, system: str, keys: Iterable[str]) -> dict[str, Waiting]:
        """The waiting rows of records."""
        found = self._known.read([(system, key) for key in keys], self._read)
        return {key: row for (_, key), row in found.items()}

    def get(self, waiting_id: str) -> Waiting | None:
        """One row."""
        found = self._select(t.waiting.c.waiting_id == waiting_id, order=t.waiting.c.created_at, limit=1)
        return found[0] if found else None

    def every(self, limit: int) -> list[Waiting]:
        """Rows in order of age."""
        return self._select(order=t.waiting.c.created_at, limit=limit)

    def snooze(self, waiting_id: str, due_at: datetime | None) -> None:
        """Set when to look again."""
        statement = update(t.waiting).where(t.waiting.c.waiting_id == waiting_id).values(due_at=optional_text(due_at))
        self._scope.write(statement, None, t.waiting)
        self._known.forget()

    def outlived(self, now: datetime) -> bool:
        """Whether there are rows past their time."""
        c = t.waiting.c
        return self._scope.one(select(c.waiting_id).where(c.until_at <= text(now)).limit(1), t.waiting) is not None

    def expire(self, now: datetime) -> list[Waiting]:
        """Drop rows past their time; which."""
        c = t.waiting.c
        over = select(t.waiting).where(c.until_at <= text(now)).order_by(c.waiting_id)
        rows = self._scope.read_locked(over, t.waiting, t.waiting_on, of=t.waiting)
        self._drop([row.waiting_id for row in rows])
        self._known.forget()
        return [_waiting(row, ()) for row in rows]

    def wake(self, owned: Iterable[str]) -> None:
        """Whatever waits on these locks is due now. Called when a unit ends, so that no change can forget it."""
        c = t.waiting.c
        on = c.waiting_id.in_(select(t.waiting_on.c.waiting_id).where(t.waiting_on.c.lock.in_(list(owned))))
        rows = select(c.waiting_id).where(on).order_by(c.created_at, c.waiting_id)
        if self._scope.read_locked(rows, t.waiting, t.waiting_on, of=t.waiting):
            self._scope.write(update(t.waiting).where(on).values(due_at=text(self._scope.now)))

    def _drop(self, ids: list[str]) -> None:
        if ids:
            self._scope.write(delete(t.waiting_on).where(t.waiting_on.c.waiting_id.in_(ids)), None, t.waiting_on)
            self._scope.write(delete(t.waiting).where(t.waiting.c.waiting_id.in_(ids)), None, t.waiting)

    def _read(self, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Waiting]:
        c, found = t.waiting.c, {}
        for system in {system for system, _ in pairs}:
            keys = [key for its, key in pairs if its == system]
            for row in self._select(c.system == system, c.record_key.in_(keys), order=c.created_at, limit=None):
                found[system, row.record_key] = row
        return found

    def _select(self, *where: Any, order: Any, limit: int | None) -> list[Waiting]:
        wanted = select(t.waiting).where(*where).order_by(order, t.waiting.c.waiting_id).limit(limit)
        rows = self._scope.read_locked(wanted, t.waiting, t.waiting_on, of=t.waiting)  # or a wake-up would be lost
        if not rows:
            return []
        on: dict[str, list[str]] = {row.waiting_id: [] for row in rows}
        w = t.waiting_on.c
        for row in self._scope.read(select(t.waiting_on).where(w.waiting_id.in_(list(on))).order_by(w.lock)):
            on[row.waiting_id].append(row.lock)
        return [_waiting(row, tuple(on[row.waiting_id])) for row in rows]


def _inbox(row: Any) -> Inbox:
    return Inbox(
        message_id=row.message_id,
        system=row.system,
        record_key=row.record_key,
        revision=row.revision,
        attempt=row.attempt,
        digest=row.digest,
        agency=row.agency,
        event=row.event,
        recipient=row.recipient,
        decision_id=row.decision_id,
        state=MessageState(row.state),
        code=row.code,
        accepted_at=instant(row.accepted_at),
        envelope_id=row.envelope_id,
        referral_no=row.referral_no,
        previous=row.previous,
        returns=row.returns,
        ended_at=optional_instant(row.ended_at),
        own_id=row.own_id,
    )


def _waiting(row: Any, on: tuple[str, ...]) -> Waiting:
    return Waiting(
        waiting_id=row.waiting_id,
        system=row.system,
        record_key=row.record_key,
        revision=row.revision,
        digest=row.digest,
        code=row.code,
        created_at=instant(row.created_at),
        message_id=row.message_id,
        subject_ref=row.subject_ref,
        attempts=row.attempts,
        due_at=optional_instant(row.due_at),
        until_at=optional_instant(row.until_at),
        locks=on,
        place=row.place,
        keys=row.keys,
    )
