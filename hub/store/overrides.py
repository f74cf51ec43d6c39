"""Declared duties of care, their sealed words, and what is to be done about them. Bodies hold codes and digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update

from consent.model.declared import Declaration
from consent.model.reviewed import Outcome, Part, Review
from hub.model import locks
from hub.store import tables as t
from hub.store.links import LinkTable
from hub.store.scope import Scope, instant, optional_text, text
from hub.store.sql import upsert

DECLARATION: TypeAdapter[Declaration] = TypeAdapter(Declaration)
REVIEW: TypeAdapter[Review] = TypeAdapter(Review)


class OverrideTable:
    """See :class:`hub.ports.OverrideRows`."""

    def __init__(self, scope: Scope, links: LinkTable) -> None:
        self._scope, self._links = scope, links

    def of_record(self, system: str, key: str) -> Declaration | None:
        """What a source record declares."""
        c = t.override.c
        return self._first(select(t.override).where(c.source_system == system, c.source_key == key))

    def get(self, override_id: str) -> Declaration | None:
        """One declaration."""
        return self._first(select(t.override).where(t.override.c.override_id == override_id))

    def put(self, declared: Declaration) -> None:
        """Add or replace. That it was used is another unit's word, and stays (``use``)."""
        if declared.subject:
            self._scope.must_own(locks.subject(declared.subject))
        row = {
            "override_id": declared.override_id,
            "agency": declared.agency,
            "subject_ref": declared.subject,
            "source_system": declared.system,
            "source_key": declared.record_key,
            "worker": declared.worker,
            "words": declared.words,
            "declared_at": text(declared.declared_at),
            "ended_at": optional_text(declared.ended_at),
            "settled": int(bool(declared.discharged_at or declared.reminded_at or declared.ended_at)),
            "body": DECLARATION.dump_json(replace(declared, used_by=None, used_at=None)).decode(),
        }
        rest = {name: value for name, value in row.items() if name != "override_id"}
        statement = upsert(t.override).values(**row)
        self._scope.write(statement.on_conflict_do_update(index_elements=["override_id"], set_=rest), None, t.override)

    def use(self, override_id: str, envelope_id: str) -> bool:
        """The first open uses it up."""
        c = t.override.c
        free = update(t.override).where(c.override_id == override_id, c.used_by.is_(None))
        if self._scope.write(free.values(used_by=envelope_id, used_at=text(self._scope.now)), None, t.override):
            return True
        declared = self.get(override_id)
        return declared is not None and declared.used_by == envelope_id

    def repeats(self, declared: Declaration) -> int:
        """How many earlier ones of its agency have the same words."""
        c = t.override.c
        if not declared.words:
            return 0
        same = (c.agency == declared.agency, c.words == declared.words, c.override_id != declared.override_id)
        before = c.declared_at <= text(declared.declared_at)
        row = self._scope.one(select(func.count()).where(*same, before), t.override)
        return int(row[0]) if row else 0

    def related(self, worker: str, subject: str) -> bool:
        """Whether somebody is too near to a person, whatever file of theirs says so (I-07)."""
        c = t.worker_conflict.c
        files = self._links.files([subject])[subject]
        near = select(c.kind).where(c.worker == worker, c.subject_ref.in_(files))
        return self._scope.one(near, t.worker_conflict) is not None

    def relate(self, worker: str, subject: str, kind: str | None) -> None:
        """Note it, or take it out."""
        self._scope.must_own(locks.subject(subject))
        c = t.worker_conflict.c
        self._scope.write(delete(t.worker_conflict).where(c.worker == worker, c.subject_ref == subject))
        if kind is not None:
            row = {"worker": worker, "subject_ref": subject, "kind": kind, "since": text(self._scope.now)}
            self._scope.add(t.worker_conflict, row)

    def running(self, before: datetime, after: str, limit: int) -> list[Declaration]:
        """Declared before an instant, and not ended."""
        return self._page(t.override.c.ended_at.is_(None), before, after, limit)

    def unreminded(self, before: datetime, after: str, limit: int) -> list[Declaration]:
        """Nobody was reached, as far as is known, and nobody was told to telephone."""
        return self._page(t.override.c.settled == 0, before, after, limit)

    def every(self, limit: int, *, agency: str | None = None) -> list[Declaration]:
        """The newest first."""
        c = t.override.c
        statement = select(t.override) if agency is None else select(t.override).where(c.agency == agency)
        found = self._scope.read(statement.order_by(c.declared_at.desc()).limit(limit), t.override)
        return [_declared(row) for row in found]

    def put_words(self, override_id: str, part: str, sealed: bytes) -> None:
        """Keep sealed words."""
        values = {"override_id": override_id, "part": part, "sealed": sealed}
        statement = upsert(t.override_words).values(**values)
        keys = ["override_id", "part"]
        self._scope.write(statement.on_conflict_do_update(index_elements=keys, set_={"sealed": sealed}))

    def words(self, override_id: str) -> dict[str, bytes]:
        """part -> sealed words."""
        c = t.override_words.c
        found = self._scope.read(select(c.part, c.sealed).where(c.override_id == override_id), t.override_words)
        return {row.part: row.sealed for row in found}

    def drop_words(self, override_id: str) -> None:
        """Delete them."""
        self._scope.write(delete(t.override_words).where(t.override_words.c.override_id == override_id))

    def subject_key(self, subject: str) -> tuple[str, bytes] | None:
        """Which key wraps it, and it as wrapped."""
        c = t.subject_key.c
        row = self._scope.one(select(c.epoch, c.wrapped).where(c.subject_ref == subject), t.subject_key)
        return (row.epoch, row.wrapped) if row else None

    def put_subject_key(self, subject: str, epoch: str, wrapped: bytes) -> None:
        """Keep a person's own key."""
        values = {"subject_ref": subject, "epoch": epoch, "wrapped": wrapped}
        statement = upsert(t.subject_key).values(**values)
        rest = {"epoch": epoch, "wrapped": wrapped}
        self._scope.write(statement.on_conflict_do_update(index_elements=["subject_ref"], set_=rest))

    def subject_keys(self, before_epoch: str, limit: int) -> list[tuple[str, str, bytes]]:
        """Those that an older key wraps."""
        c = t.subject_key.c
        older = select(t.subject_key).where(c.epoch < before_epoch).order_by(c.subject_ref).limit(limit)
        return [(row.subject_ref, row.epoch, row.wrapped) for row in self._scope.read(older, t.subject_key)]

    def destroy_subject_key(self, subject: str) -> bool:
        """Delete it."""
        return self._scope.write(delete(t.subject_key).where(t.subject_key.c.subject_ref == subject)) > 0

    def _first(self, statement: Select[Any]) -> Declaration | None:
        row = self._scope.one(statement, t.override)
        return _declared(row) if row else None

    def _page(self, which: ColumnElement[bool], before: datetime, after: str, limit: int) -> list[Declaration]:
        c = t.override.c
        page = select(t.override).where(which, c.declared_at < text(before), c.override_id > after)
        found = self._scope.read(page.order_by(c.override_id).limit(limit), t.override)
        return [_declared(row) for row in found]


class ReviewTable:
    """See :class:`hub.ports.ReviewRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put(self, review: Review) -> None:
        """Add or replace."""
        row = {
            "override_id": review.override_id,
            "part": review.part.value,
            "worker": review.worker,
            "due_at": text(review.recheck_at or review.due_at),
            "done_at": None if review.outcome is Outcome.WITHHELD else optional_text(review.done_at),  # it is due again
            "told": review.told,
            "body": REVIEW.dump_json(review).decode(),
        }
        keys = ["override_id", "part"]
        rest = {name: value for name, value in row.items() if name not in keys}
        self._scope.write(upsert(t.review).values(**row).on_conflict_do_update(index_elements=keys, set_=rest))

    def of(self, override_id: str) -> dict[Part, Review]:
        """By part."""
        found = self._read(select(t.review).where(t.review.c.override_id == override_id))
        return {review.part: review for review in found}

    def open(self, limit: int, agency: str | None = None) -> list[Review]:
        """Not done, or a notice that is withheld."""
        c, whose = t.review.c, t.override.c
        found = select(t.review).where(c.done_at.is_(None))
        if agency is not None:
            found = found.join(t.override, whose.override_id == c.override_id).where(whose.agency == agency)
        return self._read(found.order_by(c.due_at, c.override_id).limit(limit))

    def late(self, steps: Sequence[datetime], limit: int) -> list[Review]:
        """Open, with a step of lateness that nobody was told of."""
        c = t.review.c
        untold = or_(*(and_(c.told <= told, c.due_at <= text(due)) for told, due in enumerate(steps)))
        found = select(t.review).where(c.done_at.is_(None), untold).order_by(c.due_at, c.override_id).limit(limit)
        return self._read(found)

    def overdue_of(self, worker: str, at: datetime) -> int:
        """Late self-reviews."""
        c = t.review.c
        late = (c.worker == worker, c.part == Part.SELF.value, c.done_at.is_(None), c.due_at <= text(at))
        row = self._scope.one(select(func.count()).where(*late), t.review)
        return int(row[0]) if row else 0

    def every(self, limit: int) -> list[Review]:
        """The newest due first."""
        return self._read(select(t.review).order_by(t.review.c.due_at.desc()).limit(limit))

    def _read(self, statement: Select[Any]) -> list[Review]:
        return [REVIEW.validate_json(row.body) for row in self._scope.read(statement, t.review)]


def _declared(row: Any) -> Declaration:
    declared = DECLARATION.validate_json(row.body)
    return replace(declared, used_by=row.used_by, used_at=instant(row.used_at) if row.used_at else None)
