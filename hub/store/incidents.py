"""What went wrong: incidents with their deliveries, notices and events. Closed words, ids and instants only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import delete, func, select, update

from hub.model.incidents import Duty, Holding, Incident, IncidentEvent
from hub.store import tables as t
from hub.store.scope import Scope, instant, optional_instant, optional_text, text
from hub.store.sql import upsert

_CORRECTION = "correction"  # of ``consent.incident.Recall``
_TABLES = (t.incident, t.incident_delivery, t.incident_duty, t.incident_event)


class IncidentTable:
    """See :class:`hub.ports.IncidentRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put(self, row: Incident) -> None:
        """Open an incident, or replace it."""
        values = {
            "kind": row.kind,
            "opened_at": text(row.opened_at),
            "opened_by": row.opened_by,
            "consent_id": row.consent_id,
            "determined_at": optional_text(row.determined_at),
            "answers": orjson.dumps(dict(row.answers), option=orjson.OPT_SORT_KEYS).decode(),
            "harm": row.harm,
            "closed_at": optional_text(row.closed_at),
        }
        statement = upsert(t.incident).values(incident_id=row.incident_id, **values)
        self._scope.write(statement.on_conflict_do_update(index_elements=["incident_id"], set_=values))

    def get(self, incident_id: str) -> Incident | None:
        """One incident; in a unit, nobody else changes it until it has ended."""
        mine = select(t.incident).where(t.incident.c.incident_id == incident_id)
        return next(map(_incident, self._scope.read_locked(mine, of=t.incident)), None)

    def every(self, limit: int, *, closed: bool) -> list[Incident]:
        """Open ones, and the others too."""
        c = t.incident.c
        wanted = select(t.incident) if closed else select(t.incident).where(c.closed_at.is_(None))
        return [_incident(row) for row in self._scope.read(wanted.order_by(c.opened_at, c.incident_id).limit(limit))]

    def hold(self, row: Holding) -> None:
        """Add a delivery."""
        values = {
            "incident_id": row.incident_id,
            "envelope_id": row.envelope_id,
            "message_id": row.message_id,
            "sender": row.sender,
            "recipient": row.recipient,
            "system": row.system,
            "subject_ref": row.subject_ref,
            "referral_no": row.referral_no,
            "categories": " ".join(row.categories),
            "left_at": text(row.left_at),
            "certain": int(row.certain),
            "recall": row.recall,
            "notice_id": row.notice_id,
            "reached_at": optional_text(row.reached_at),
        }
        self._scope.add(t.incident_delivery, values)

    def holdings(self, incident_id: str) -> list[Holding]:
        """Its deliveries."""
        c = t.incident_delivery.c
        mine = select(t.incident_delivery).where(c.incident_id == incident_id).order_by(c.envelope_id)
        return [_holding(row) for row in self._scope.read(mine, t.incident_delivery)]

    def reached(self, notice_id: str) -> None:
        """The recall stands in its recipient's system."""
        self._reach(t.incident_delivery.c.notice_id == notice_id)

    def to_correct(self, referral_no: str) -> list[Holding]:
        """Those whose correction has not arrived."""
        c, i = t.incident_delivery.c, t.incident.c
        theirs = select(t.incident_delivery).join(t.incident, i.incident_id == c.incident_id)
        still = theirs.where(c.referral_no == referral_no, c.recall == _CORRECTION, c.reached_at.is_(None))
        ordered = still.where(i.closed_at.is_(None)).order_by(c.incident_id, c.envelope_id)
        return [_holding(row) for row in self._scope.read(ordered, t.incident_delivery)]

    def corrected_by(self, referral_no: str, envelope_id: str | None) -> None:
        """A correction of them is on its way, or no more."""
        self._to_correct(referral_no, notice_id=envelope_id)

    def recall_by(self, referral_no: str, recall: str) -> None:
        """They are told otherwise."""
        self._to_correct(referral_no, recall=recall)

    def _to_correct(self, referral_no: str, **values: str | None) -> None:
        theirs = [(each.incident_id, each.envelope_id) for each in self.to_correct(referral_no)]
        c = t.incident_delivery.c
        for incident_id, held in theirs:
            mine = update(t.incident_delivery).where(c.incident_id == incident_id, c.envelope_id == held)
            self._scope.write(mine.values(**values), None, t.incident_delivery)

    def telephoned(self, incident_id: str, envelope_ids: Iterable[str]) -> None:
        """The recipients of these were told."""
        c = t.incident_delivery.c
        self._reach(c.incident_id == incident_id, c.envelope_id.in_(list(envelope_ids)))

    def _reach(self, *where: Any) -> None:
        still = update(t.incident_delivery).where(*where, t.incident_delivery.c.reached_at.is_(None))
        self._scope.write(still.values(reached_at=text(self._scope.now)), None, t.incident_delivery)

    def owe(self, row: Duty) -> None:
        """Add or replace a notice that is due."""
        values = {
            "agency": row.agency,
            "told": row.told,
            "law": row.law,
            "regulator": row.regulator,
            "due_at": text(row.due_at),
            "subject_ref": row.subject_ref,
            "state": row.state,
            "reason": row.reason,
            "at": optional_text(row.at),
            "by": row.by,
            "recheck_at": optional_text(row.recheck_at),
        }
        statement = upsert(t.incident_duty).values(incident_id=row.incident_id, number=row.number, **values)
        self._scope.write(statement.on_conflict_do_update(index_elements=["incident_id", "number"], set_=values))

    def duties(self, incident_id: str) -> list[Duty]:
        """Its notices."""
        c = t.incident_duty.c
        mine = select(t.incident_duty).where(c.incident_id == incident_id).order_by(c.number)
        return [_duty(row) for row in self._scope.read(mine)]

    def append(self, incident_id: str, actor: str, what: str, code: str = "") -> None:
        """Write down what was done."""
        c = t.incident_event.c
        last = self._scope.one(
            select(func.max(c.seq).label("seq")).where(c.incident_id == incident_id), t.incident_event
        )
        seq = (last.seq if last and last.seq is not None else 0) + 1
        values = {"at": text(self._scope.now), "actor": actor, "what": what, "code": code}
        self._scope.add(t.incident_event, {"incident_id": incident_id, "seq": seq, **values})

    def events(self, incident_id: str) -> list[IncidentEvent]:
        """What was done."""
        c = t.incident_event.c
        mine = select(t.incident_event).where(c.incident_id == incident_id).order_by(c.seq)
        rows = self._scope.read(mine, t.incident_event)
        return [IncidentEvent(row.incident_id, row.seq, instant(row.at), row.actor, row.what, row.code) for row in rows]

    def open_with(self, envelope_ids: Iterable[str], *, but: str = "") -> dict[str, str]:
        """The open incidents that these are in, but for those of one kind."""
        c = t.incident_delivery.c
        mine = select(c.envelope_id, c.incident_id).where(c.envelope_id.in_(list(envelope_ids)))
        found = self._still_open(mine.where(t.incident.c.kind != but))
        return {row.envelope_id: row.incident_id for row in found}

    def held(self, subject_refs: Iterable[str]) -> set[str]:
        """Those about whom one is open."""
        c = t.incident_delivery.c
        found = self._still_open(select(c.subject_ref, c.incident_id).where(c.subject_ref.in_(list(subject_refs))))
        return {row.subject_ref for row in found}

    def withheld_from(self, subject_ref: str) -> list[tuple[str, str]]:
        """Deliveries whose notice to a person is withheld, with the reason."""
        c, d = t.incident_delivery.c, t.incident_duty.c
        theirs = (d.incident_id == c.incident_id) & (d.agency == c.sender) & (d.subject_ref == c.subject_ref)
        withheld = select(c.envelope_id, d.reason).join(t.incident_duty, theirs)
        found = self._scope.read(withheld.where(c.subject_ref == subject_ref, d.state == "withheld"), t.incident_duty)
        return [(row.envelope_id, row.reason) for row in found]

    def _still_open(self, statement: Any) -> list[Any]:
        i, c = t.incident.c, t.incident_delivery.c
        joined = statement.join(t.incident, i.incident_id == c.incident_id).where(i.closed_at.is_(None))
        return list(self._scope.read(joined, t.incident_delivery))

    def closed(self, limit: int) -> list[Incident]:
        """Those that are over, the oldest first."""
        c = t.incident.c
        since = func.coalesce(c.determined_at, c.closed_at)
        over = select(t.incident).where(c.closed_at.is_not(None)).order_by(since, c.incident_id)
        return [_incident(row) for row in self._scope.read(over.limit(limit))]

    def remove(self, incident_ids: Iterable[str]) -> None:
        """Delete them with all that belongs to them."""
        ids = list(incident_ids)
        for table in reversed(_TABLES):
            self._scope.write(delete(table).where(table.c.incident_id.in_(ids)), None, table)


def _incident(row: Any) -> Incident:
    return Incident(
        incident_id=row.incident_id,
        kind=row.kind,
        opened_at=instant(row.opened_at),
        opened_by=row.opened_by,
        consent_id=row.consent_id,
        determined_at=optional_instant(row.determined_at),
        answers=orjson.loads(row.answers),
        harm=row.harm,
        closed_at=optional_instant(row.closed_at),
    )


def _holding(row: Any) -> Holding:
    return Holding(
        incident_id=row.incident_id,
        envelope_id=row.envelope_id,
        message_id=row.message_id,
        sender=row.sender,
        recipient=row.recipient,
        system=row.system,
        subject_ref=row.subject_ref,
        referral_no=row.referral_no,
        categories=tuple(row.categories.split()),
        left_at=instant(row.left_at),
        certain=bool(row.certain),
        recall=row.recall,
        notice_id=row.notice_id,
        reached_at=optional_instant(row.reached_at),
    )


def _duty(row: Any) -> Duty:
    return Duty(
        incident_id=row.incident_id,
        number=row.number,
        agency=row.agency,
        told=row.told,
        law=row.law,
        regulator=row.regulator,
        due_at=instant(row.due_at),
        subject_ref=row.subject_ref,
        state=row.state,
        reason=row.reason,
        at=optional_instant(row.at),
        by=row.by,
        recheck_at=optional_instant(row.recheck_at),
    )
