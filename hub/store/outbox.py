"""Sealed bodies, wrapped keys and hand-overs: everything between the two gates and the acknowledgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, or_, select, update

from hub.model.envelope import ENDS, MessageState, Sealed
from hub.model.rows import Aside, Handover, Outbound
from hub.store import tables as t
from hub.store.scope import Scope, instant, optional_instant, optional_text, text
from hub.store.sql import upsert

_ENDED = [state.value for state in ENDS]
_TABLES = (t.handover, t.handover_basis, t.inbox)  # written before a hand-over is read
PAGES_MAX = 8  # batches of other workers that are looked past for one of our own
_READY = [MessageState.ARRIVED.value, MessageState.OPENED.value]  # an opened one again when its lease is over


class OutboxTable:
    """See :class:`hub.ports.OutboxRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._next: int | None = None

    def put(self, out: Outbound, wrapped: bytes) -> None:
        """Add a sealed body and its wrapped key."""
        if self._next is None:
            row = self._scope.one(select(func.max(t.outbox.c.seq)))
            self._next = (row and row[0]) or 0  # behind all that is still there; a number may come again, or twice
        self._next += 1
        self._scope.add(
            t.outbox,
            {
                "envelope_id": out.envelope_id,
                "seq": self._next,
                "topic": out.topic,
                "lane": out.lane,
                "key_id": out.sealed.key_id,
                "sealed": out.sealed.body,
                "created_at": text(out.created_at),
                "published_at": None,
            },
        )
        self._scope.add(t.message_key, {"envelope_id": out.envelope_id, "epoch": out.sealed.key_id, "wrapped": wrapped})

    def unpublished(self, limit: int) -> list[Outbound]:
        """The lowest ones that the bus is not known to have."""
        c = t.outbox.c
        rows = self._scope.read(
            select(t.outbox).where(c.published_at.is_(None)).order_by(c.seq, c.envelope_id).limit(limit)
        )
        return [
            Outbound(
                envelope_id=row.envelope_id,
                seq=row.seq,
                topic=row.topic,
                lane=row.lane,
                sealed=Sealed(row.envelope_id, row.key_id, row.sealed),
                created_at=instant(row.created_at),
            )
            for row in rows
        ]

    def published(self, envelope_ids: Iterable[str]) -> None:
        """The bus has these; a hand-over that has already arrived stays where it is."""
        ids = list(envelope_ids)
        now = text(self._scope.now)
        h = t.handover.c
        released = (h.envelope_id.in_(ids), h.state == MessageState.RELEASED.value)
        self._scope.write(update(t.handover).where(*released).values(state=MessageState.PUBLISHED.value))
        self._scope.write(update(t.outbox).where(t.outbox.c.envelope_id.in_(ids)).values(published_at=now))

    def missing(self, before: datetime) -> bool:
        """Whether the bus took something before an instant that has not arrived since."""
        statement = select(t.outbox.c.envelope_id).where(*self._not_arrived(before)).limit(1)
        return self._scope.one(statement) is not None

    def republish(self, before: datetime) -> int:
        """Publish again what the bus took before an instant and nobody has seen arrive."""
        statement = update(t.outbox).where(*self._not_arrived(before))
        return self._scope.write(statement.values(published_at=None))

    def _not_arrived(self, before: datetime) -> tuple[ColumnElement[bool], ...]:
        c, h = t.outbox.c, t.handover.c
        published = select(h.envelope_id).where(h.state == MessageState.PUBLISHED.value)
        return c.published_at < text(before), c.envelope_id.in_(published)

    def sealed(self, envelope_ids: Iterable[str]) -> dict[str, tuple[str, Sealed, bytes]]:
        """envelope id -> (topic, sealed body, wrapped key)."""
        o, k = t.outbox.c, t.message_key.c
        statement = (
            select(o.envelope_id, o.topic, o.key_id, o.sealed, k.wrapped)
            .join(t.message_key, k.envelope_id == o.envelope_id)
            .where(o.envelope_id.in_(list(envelope_ids)))
        )
        return {
            row.envelope_id: (row.topic, Sealed(row.envelope_id, row.key_id, row.sealed), row.wrapped)
            for row in self._scope.read(statement, t.outbox, t.message_key)
        }

    def keys(self) -> int:
        """How many keys are kept."""
        (row,) = self._scope.read(select(func.count().label("total")).select_from(t.message_key), t.message_key)
        return int(row.total)

    def sizes(self, envelope_ids: Iterable[str]) -> dict[str, int]:
        """By envelope, octets of its sealed body."""
        c = t.outbox.c
        asked = select(c.envelope_id, func.length(c.sealed).label("size")).where(c.envelope_id.in_(list(envelope_ids)))
        return {row.envelope_id: int(row.size) for row in self._scope.read(asked, t.outbox)}

    def drop(self, envelope_ids: Iterable[str]) -> None:
        """Delete bodies and keys."""
        ids = list(envelope_ids)
        self._scope.write(delete(t.message_key).where(t.message_key.c.envelope_id.in_(ids)), None, t.message_key)
        self._scope.write(delete(t.outbox).where(t.outbox.c.envelope_id.in_(ids)), None, t.outbox)


class HandoverTable:
    """See :class:`hub.ports.HandoverRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put(self, row: Handover, basis: Iterable[str]) -> None:
        """A new hand-over and what its decision relied on."""
        self._scope.add(
            t.handover,
            {
                "envelope_id": row.envelope_id,
                "message_id": row.message_id,
                "recipient": row.recipient,
                "system": row.system,
                "service": row.service,
                "lane": row.lane,
                "lane_seq": row.lane_seq,
                "state": row.state.value,
                "sha256": row.sha256,
                "subject_ref": row.subject_ref,
                "referral_no": row.referral_no,
                "attempts": row.attempts,
                "due_at": text(row.due_at),
                "lease_until": optional_text(row.lease_until),
                "opened_at": optional_text(row.opened_at),
                "return_at": text(row.return_at),
                "rejection": row.rejection,
                "problem": row.problem,
                "accepted_at": None,
            },
        )
        for name in basis:
            self._scope.add(t.handover_basis, {"envelope_id": row.envelope_id, "basis": name})

    def get(self, envelope_ids: Iterable[str]) -> dict[str, Handover]:
        """Hand-overs by envelope; in a unit, nobody else moves them until it has ended."""
        h = t.handover.c
        mine = select(t.handover).where(h.envelope_id.in_(list(envelope_ids))).order_by(h.envelope_id)
        rows = self._scope.read_locked(mine, *_TABLES, of=t.handover)
        return {row.envelope_id: _handover(row) for row in rows}

    def due(self, system: str, now: datetime, limit: int) -> list[Handover]:
        """The first open one of each lane that may be prepared now: order within a lane, none across."""
        h = t.handover.c
        free = or_(h.state == MessageState.ARRIVED.value, h.lease_until < text(now))
        statement = _first_of_each_lane(system, now).where(free)
        return self._unclaimed(statement.order_by(h.due_at, h.lane_seq, h.envelope_id), limit)

    def to_open(self, system: str, now: datetime, limit: int, envelope_id: str | None = None) -> list[Handover]:
        """The first open one of each lane that its recipient may fetch; also one that is opened now."""
        h, statement = t.handover.c, _first_of_each_lane(system, now)
        if envelope_id is not None:
            statement = statement.where(h.envelope_id == envelope_id)
        return self._select(statement.order_by(h.return_at, h.envelope_id).limit(limit))

    def _unclaimed(self, statement: Select[Any], limit: int) -> list[Handover]:
        """The first ones that no other worker is preparing: they are prepared where no row can be locked."""
        found: list[Handover] = []
        for page in range(PAGES_MAX):
            rows = self._select(statement.offset(page * limit).limit(limit))
            claimed = set(self._scope.claim([row.envelope_id for row in rows[: limit - len(found)]]))
            found += [row for row in rows if row.envelope_id in claimed]
            if len(found) == limit or len(rows) < limit:
                break
        return found

    def overdue(self, now: datetime, limit: int) -> list[Handover]:
        """Open ones whose time is over and that nobody is sending at this moment."""
        h = t.handover.c
        free = or_(h.lease_until.is_(None), h.lease_until < text(now))
        statement = select(t.handover).where(h.state.not_in(_ENDED), h.return_at <= text(now), free)
        ordered = statement.order_by(h.return_at, h.envelope_id).limit(limit)
        return [_handover(row) for row in self._scope.read_locked(ordered, *_TABLES, of=t.handover, skip=True)]

    def relying_on(self, basis: str) -> list[Handover]:
        """Those whose decision relied on something."""
        relying = select(t.handover_basis.c.envelope_id).where(t.handover_basis.c.basis == basis)
        return self._select(select(t.handover).where(t.handover.c.envelope_id.in_(relying)))

    def basis(self, envelope_ids: Iterable[str]) -> dict[str, set[str]]:
        """By envelope, what its permits relied on."""
        c = t.handover_basis.c
        found: dict[str, set[str]] = {}
        for row in self._scope.read(select(t.handover_basis).where(c.envelope_id.in_(list(envelope_ids)))):
            found.setdefault(row.envelope_id, set()).add(row.basis)
        return found

    def rely(self, basis: Mapping[str, Iterable[str]]) -> None:
        """Note, by envelope, what another permit relies on."""
        rows = [{"envelope_id": name, "basis": each} for name, every in basis.items() for each in sorted(every)]
        self._scope.write(upsert(t.handover_basis).on_conflict_do_nothing(), rows, t.handover_basis)

    def arrived(self, envelope_ids: Iterable[str]) -> None:
        """Seen on the bus."""
        h = t.handover.c
        waiting = h.state.in_([MessageState.RELEASED.value, MessageState.PUBLISHED.value])
        statement = update(t.handover).where(and_(h.envelope_id.in_(list(envelope_ids)), waiting))
        self._scope.write(statement.values(state=MessageState.ARRIVED.value))

    def opened(self, envelope_ids: Iterable[str], lease_until: datetime) -> None:
        """Gate 2 permitted; the lease runs."""
        statement = update(t.handover).where(t.handover.c.envelope_id.in_(list(envelope_ids)))
        self._scope.write(
            statement.values(
                state=MessageState.OPENED.value, lease_until=text(lease_until), opened_at=text(self._scope.now)
            )
        )

    def failed(self, envelope_id: str, due_at: datetime, problem: str, *, opened_at: datetime | None) -> None:
        """Certainly not sent."""
        state, opened = MessageState.ARRIVED.value, optional_text(opened_at)
        self._again(envelope_id, due_at, problem=problem, state=state, lease_until=None, opened_at=opened)

    def postpone(self, envelope_id: str, due_at: datetime, problem: str) -> None:
        """The outcome is unknown, or the recipient out of reach: the state and a running lease stay."""
        self._again(envelope_id, due_at, problem=problem)

    def held(self, envelope_id: str, problem: str) -> None:
        """Cannot be written out until a mapping changes; that it may have been sent before stays known."""
        h = t.handover.c
        statement = update(t.handover).where(h.envelope_id == envelope_id, h.state.in_(_READY))
        self._scope.write(statement.values(state=MessageState.HELD.value, lease_until=None, problem=problem))

    def end(self, envelope_ids: Iterable[str], state: MessageState) -> None:
        """Delivered, refused or returned: final."""
        h = t.handover.c
        statement = update(t.handover).where(h.envelope_id.in_(list(envelope_ids)), h.state.not_in(_ENDED))
        self._scope.write(statement.values(state=state.value, lease_until=None))

    def reject(self, envelope_id: str, code: str) -> None:
        """A business rejection after delivery."""
        values = {"rejection": code, "accepted_at": None}
        self._scope.write(update(t.handover).where(t.handover.c.envelope_id == envelope_id).values(**values))

    def accept(self, envelope_id: str) -> None:
        """The receiving system took it into its own records."""
        values = {"accepted_at": text(self._scope.now), "rejection": None}
        self._scope.write(update(t.handover).where(t.handover.c.envelope_id == envelope_id).values(**values))

    def unanswered(self, system: str) -> list[Handover]:
        """Those delivered into a system of which it has said nothing; of a lane the last: it stands for the others."""
        h, later = t.handover.c, t.handover.alias()
        delivered = (h.system == system, h.state == MessageState.DELIVERED.value)
        silent = (h.accepted_at.is_(None), h.rejection.is_(None))
        replaced = exists().where(
            later.c.lane == h.lane, later.c.lane_seq > h.lane_seq, later.c.state == MessageState.DELIVERED.value
        )
        return self._select(select(t.handover).where(*delivered, *silent, ~replaced).order_by(h.envelope_id))

    def last_of(self, system: str, record_key: str) -> Handover | None:
        """The last hand-over of a record that makes no referral: its messages stand in one lane."""
        h, i = t.handover.c, t.inbox.c
        theirs = select(i.envelope_id).where(i.system == system, i.record_key == record_key)
        statement = select(t.handover).where(h.envelope_id.in_(theirs)).order_by(h.lane_seq.desc()).limit(1)
        row = self._scope.one(statement, *_TABLES, t.inbox)
        return _handover(row) if row else None

    def set_aside(self, sha256: str, code: str, place: str) -> None:
        """A record of the bus that is not what was published."""
        row = {"id": self._scope.ids.uuid(), "sha256": sha256, "code": code, "place": place}
        self._scope.write(insert(t.dead_letter).values(**row, at=text(self._scope.now)))

    def aside(self, limit: int) -> list[Aside]:
        """What was set aside, newest first."""
        c = t.dead_letter.c
        rows = self._scope.read(select(t.dead_letter).order_by(c.at.desc()).limit(limit))
        return [Aside(row.id, row.sha256, row.code, instant(row.at), row.place) for row in rows]

    def every(self, limit: int, *, ended: bool) -> list[Handover]:
        """Those that have not ended, and with ``ended`` the others too, by the end of their time."""
        h = t.handover.c
        wanted = select(t.handover) if ended else select(t.handover).where(h.state.not_in(_ENDED))
        return self._select(wanted.order_by(h.return_at, h.envelope_id).limit(limit))

    def due_now(self, envelope_id: str) -> bool:
        """Due at once, by the same way as ever."""
        h = t.handover.c
        stuck = h.state.in_([MessageState.ARRIVED.value, MessageState.HELD.value])
        statement = update(t.handover).where(h.envelope_id == envelope_id, stuck)
        return self._scope.write(statement.values(state=MessageState.ARRIVED.value, due_at=text(self._scope.now))) > 0

    def hurry(self, subjects: Iterable[str], *, config: bool) -> None:
        """What a change concerns is judged now, not at the end of a backoff; after one of ``config``, held ones too."""
        h, now = t.handover.c, text(self._scope.now)
        arrived = h.state == MessageState.ARRIVED.value
        concerned = arrived if config else and_(arrived, h.subject_ref.in_(list(subjects)))
        self._scope.write(update(t.handover).where(concerned).values(due_at=now), None, t.handover)
        if config:
            held = update(t.handover).where(h.state == MessageState.HELD.value)
            self._scope.write(held.values(state=MessageState.ARRIVED.value, due_at=now))

    def _again(self, envelope_id: str, due_at: datetime, **values: Any) -> None:
        h = t.handover.c
        statement = update(t.handover).where(h.envelope_id == envelope_id, h.state.not_in(_ENDED))
        self._scope.write(statement.values(due_at=text(due_at), attempts=h.attempts + 1, **values))

    def _select(self, statement: Select[Any]) -> list[Handover]:
        return [_handover(row) for row in self._scope.read(statement, *_TABLES)]


def _first_of_each_lane(system: str, now: datetime) -> Select[Any]:
    """The open hand-overs of a system that may go now, each behind none that is open: order within a lane."""
    h, earlier = t.handover.c, t.handover.alias()
    blocked = exists().where(earlier.c.lane == h.lane, earlier.c.lane_seq < h.lane_seq, earlier.c.state.not_in(_ENDED))
    return select(t.handover).where(
        h.system == system, h.state.in_(_READY), h.due_at <= text(now), h.return_at > text(now), ~blocked
    )


def _handover(row: Any) -> Handover:
    return Handover(
        envelope_id=row.envelope_id,
        message_id=row.message_id,
        recipient=row.recipient,
        system=row.system,
        service=row.service,
        lane=row.lane,
        lane_seq=row.lane_seq,
        state=MessageState(row.state),
        sha256=row.sha256,
        subject_ref=row.subject_ref,
        referral_no=row.referral_no,
        attempts=row.attempts,
        due_at=instant(row.due_at),
        return_at=instant(row.return_at),
        lease_until=optional_instant(row.lease_until),
        opened_at=optional_instant(row.opened_at),
        rejection=row.rejection,
        problem=row.problem,
        accepted=row.accepted_at is not None,
    )
