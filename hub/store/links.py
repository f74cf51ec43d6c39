"""Which files are one person's, or are said to be (consent rules I-07). A link that has ended is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam, func, or_, select, update

from consent.files import around, others
from consent.model import Link
from hub.model import locks
from hub.store import tables as t
from hub.store.scope import Memo, Scope, text
from hub.store.sql import upsert

_C = t.subject_link.c
_STANDS: ColumnElement[bool] = _C.ended_at.is_(None)
_STOOD = (_C.since_at <= bindparam("at")) & or_(_C.ended_at.is_(None), _C.ended_at > bindparam("at"))


def _question(is_asked: Callable[[ColumnElement[str]], ColumnElement[bool]], stands: ColumnElement[bool]) -> Executable:
    return select(_C.gone, _C.kept, _C.confirmed_at).where(or_(is_asked(_C.gone), is_asked(_C.kept)), stands)


_OF_ONE = _question(lambda ref: ref == bindparam("asked"), _STANDS)
_OF_SEVERAL, _THEN = (
    _question(lambda ref: ref.in_(bindparam("asked", expanding=True)), stands) for stands in (_STANDS, _STOOD)
)


class LinkTable:
    """See :class:`hub.ports.LinkRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._of: Memo[str, tuple[Link, ...]] = Memo()

    def of(self, refs: Iterable[str]) -> dict[str, tuple[Link, ...]]:
        """By file, the links of all files that are linked with it, near or far; what has none is left out."""
        return self._of.read(refs, self._read)

    def files(self, refs: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """By file, all files of the same person, itself first: also those of which somebody only says so."""
        asked = list(refs)
        links = self.of(asked)
        return {ref: (ref, *others(ref, links).every) for ref in asked}

    def locks_of(self, held: Iterable[str]) -> set[str]:
        """The locks of the files that are linked with those of these locks, and these files' own."""
        refs = [name.removeprefix(locks.SUBJECT) for name in held if name.startswith(locks.SUBJECT)]
        found = self.of(refs) if refs else {}
        return {locks.subject(ref) for links in found.values() for link in links for ref in (link.gone, link.kept)}

    def put(self, link: Link) -> None:
        """Add a link between two files that are owned, or confirm it; what was confirmed stays so."""
        self._must_own(link.gone, link.kept)
        now = text(self._scope.now)
        confirmed_at = now if link.confirmed else None
        stands = update(t.subject_link).where(_C.gone == link.gone, _C.kept == link.kept, _STANDS)
        if not self._scope.write(stands.values(confirmed_at=func.coalesce(_C.confirmed_at, confirmed_at))):
            row = {"gone": link.gone, "kept": link.kept, "since_at": now, "confirmed_at": confirmed_at}
            again = {"confirmed_at": confirmed_at, "ended_at": None}  # parted in this very instant
            added = upsert(t.subject_link).values(row)
            self._scope.write(added.on_conflict_do_update(index_elements=["gone", "kept", "since_at"], set_=again))
        self._of.forget()

    def end(self, link: Link) -> None:
        """End a link between two files that are owned; it is kept as one that was."""
        self._must_own(link.gone, link.kept)
        ended = update(t.subject_link).where(_C.gone == link.gone, _C.kept == link.kept, _STANDS)
        self._scope.write(ended.values(ended_at=text(self._scope.now)))
        self._of.forget()

    def was(self, one: str, other: str) -> bool:
        """Whether there is a link of these two, whichever way, or has been."""
        pair = [one, other]
        return self._scope.one(select(_C.gone).where(_C.gone.in_(pair), _C.kept.in_(pair))) is not None

    def unconfirmed(self, limit: int) -> list[Link]:
        """Those that nobody has confirmed yet, the oldest first."""
        asked = select(t.subject_link).where(_STANDS, _C.confirmed_at.is_(None))
        return [
            _link(row, self._scope.now)
            for row in self._scope.read(asked.order_by(_C.since_at, _C.gone, _C.kept).limit(limit))
        ]

    def _must_own(self, *refs: str) -> None:
        for ref in refs:
            self._scope.must_own(locks.subject(ref))

    def _read(self, refs: list[str]) -> dict[str, tuple[Link, ...]]:
        """Read on until nobody new is found: who is linked with a linked file is the same person too."""
        links: set[Link] = set()
        known, asked = set(refs), set(refs)
        while asked:
            found = {_link(row, self._scope.now) for row in self._ask(sorted(asked))}
            links |= found
            asked = {ref for link in found for ref in (link.gone, link.kept)} - known
            known |= asked
        return {ref: near for ref in refs if (near := around(ref, links))}

    def _ask(self, refs: list[str]) -> Sequence[Any]:
        if (at := self._scope.as_of) is not None:
            return self._scope.read(_THEN, given={"asked": refs, "at": text(at)})
        question, asked = (_OF_ONE, refs[0]) if len(refs) == 1 else (_OF_SEVERAL, refs)
        return self._scope.read(question, given={"asked": asked})


def _link(row: Any, at: datetime) -> Link:
    return Link(row.gone, row.kept, confirmed=row.confirmed_at is not None and row.confirmed_at <= text(at))
