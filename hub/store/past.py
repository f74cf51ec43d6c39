"""How things stood: what rows said at an earlier instant, from what was kept when they were changed (settled S40).

A row of ``…_past`` holds what was said until its instant. So at an instant stands the oldest of them that ends later;
where there is none, the row as it is now. Consents keep all their versions by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select

from consent.model.words import OPENING, ConsentState
from hub.store import tables as t
from hub.store.scope import Scope, text


def rows(scope: Scope, at: datetime) -> dict[str, dict[str, str | None]]:
    """Of the directory: room -> id -> what it said at an instant, where that was something else; None: it was not."""
    c = t.directory_past.c
    later = select(t.directory_past).where(c.until_at > text(at)).order_by(c.until_at.desc())
    found: dict[str, dict[str, str | None]] = {}
    for row in scope.read(later):
        found.setdefault(row.room, {})[row.id] = row.body
    return found


class _Person(NamedTuple):
    ref: str
    version: int
    body: str


def people(scope: Scope, at: datetime, now: Sequence[Any]) -> list[_Person]:
    """Rows of people as they were; who was not known yet is left out."""
    c = t.subject_past.c
    there = [row for row in now if row.minted_at <= text(at)]
    refs = [row.ref for row in there]
    later = select(t.subject_past).where(c.subject_ref.in_(refs), c.until_at > text(at)).order_by(c.until_at.desc())
    before = {row.subject_ref: row.body for row in scope.read(later)}
    return [_Person(row.ref, row.version, before.get(row.ref, row.body)) for row in there]


def said(scope: Scope, at: datetime, refs: Iterable[str]) -> tuple[list[Any], list[Any]]:
    """Rows of the consents that were current, and of the noes that stood."""
    c, e, d, wanted = t.consent.c, t.consent_event.c, t.directive.c, list(refs)
    filed = (
        select(c.subject_ref, c.consent_id, c.state, c.body)
        .join(t.consent_event, (e.consent_id == c.consent_id) & (e.registry_seq == c.registry_seq))
        .where(c.subject_ref.in_(wanted), e.at <= text(at))
        .order_by(c.registry_seq)
    )
    current: list[Any] = []
    for row in scope.read(filed):
        current = [each for each in current if each.consent_id != row.consent_id or _stays(each, row)]
        current.append(row)
    stood = select(d.subject_ref, d.body).where(
        d.subject_ref.in_(wanted),
        or_(d.added_at.is_(None), d.added_at <= text(at)),
        or_(d.lifted_by.is_(None), d.lifted_at > text(at)),
    )
    return current, list(scope.read(stood.order_by(d.registry_seq)))


def _stays(before: Any, later: Any) -> bool:
    """Beside a draft what opens stays current (C-37)."""
    return later.state == ConsentState.DRAFT and ConsentState(before.state) in OPENING


def head(scope: Scope, at: datetime) -> int:
    """The registry's sequence number at an instant."""
    e, d = t.consent_event.c, t.directive.c
    filed = select(func.max(e.registry_seq).label("seq")).where(e.at <= text(at))
    noes = select(func.max(d.registry_seq).label("seq")).where(d.added_at <= text(at))
    return max(int(row.seq or 0) for statement in (filed, noes) for row in scope.read(statement))
