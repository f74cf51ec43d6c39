"""The referrals that an agency looks for: it sent them, or their request has reached it.

One that is still on its way is nobody's to see at its other end: if it never arrives, that agency never hears of it.
In the order of their numbers they are read state by state, each by its index, as far as the page goes: so an agency's
open ones are found as quickly among a million as among a thousand. A statement is built once for each shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, literal, or_, select, union_all

from hub.model.envelope import MessageState
from hub.model.rows import Sought
from hub.store import tables as t
from hub.store.scope import text

_r = t.referral.c
_SHAPES_MAX = 512  # statements kept; a search has some dozen shapes


class _Shape(NamedTuple):
    """Which questions a search asks; their answers are its parameters.

    Args:
        one_by_one: states that are read one by one; 0: all at once.
    """

    sent: bool
    received: bool
    one_by_one: int
    states: bool
    senders: bool
    recipients: bool
    numbers: bool
    subjects: bool
    moved: bool
    order: str
    after: bool


def statement(sought: Sought, limit: int) -> tuple[Select[Any], dict[str, Any]] | None:
    """The query of a search and its parameters; None: there can be none."""
    own = frozenset({sought.agency})  # nobody refers to themselves: who is at one end is not at the other
    sent = (sought.senders is None or sought.agency in sought.senders) and sought.recipients != own
    received = (sought.recipients is None or sought.agency in sought.recipients) and sought.senders != own
    nobody = frozenset() in (sought.senders, sought.recipients, sought.numbers, sought.subjects)
    if not (sent or received) or sought.states == () or nobody:
        return None
    narrow = sought.numbers is not None or sought.subjects is not None
    in_order = sought.order == "number" and not narrow and sought.moved is None
    states = sought.states or ()
    shape = _Shape(
        sent,
        received,
        len(states) if in_order else 0,
        bool(states),
        sought.senders is not None,
        sought.recipients is not None,
        sought.numbers is not None,
        sought.subjects is not None,
        sought.moved is not None,
        sought.order,
        sought.after is not None,
    )
    number, moved_at = sought.after or ("", None)
    given: dict[str, Any] = {
        "agency": sought.agency,
        "limit": limit,
        "states": list(states),
        "senders": sorted(sought.senders or ()),
        "recipients": sorted(sought.recipients or ()),
        "numbers": sorted(sought.numbers or ()),
        "subjects": sorted(sought.subjects or ()),
        **dict(zip(("moved_from", "moved_before"), map(text, sought.moved or ()), strict=False)),
        "after": number,
        "after_moved": text(moved_at) if moved_at else "",
        **{f"one_{place}": state for place, state in enumerate(states)},
    }
    return _built(shape), given  # what its shape does not ask for, the statement does not read


@lru_cache(_SHAPES_MAX)
def _built(shape: _Shape) -> Select[Any]:
    limit: BindParameter[int] = bindparam("limit")
    order = _order(shape)
    parts = []
    for is_ours, end in ((shape.sent, _sent), (shape.received, _received)):
        if not is_ours:
            continue
        asked = select(_r.number).where(*end(shape), *_conditions(shape)).order_by(*order).limit(limit)
        if shape.one_by_one:
            parts += [asked.where(_r.state == bindparam(f"one_{place}")) for place in range(shape.one_by_one)]
        elif shape.states:
            parts.append(asked.where(_unindexed(_r.state).in_(bindparam("states", expanding=True))))
        else:
            parts.append(asked)
    found = union_all(*(select(part.subquery().c.number) for part in parts)).subquery()
    return select(t.referral).join(found, found.c.number == _r.number).order_by(*order).limit(limit)


def _sent(shape: _Shape) -> Iterator[ColumnElement[bool]]:
    yield _own(_r.sender, shape) == bindparam("agency")
    if shape.recipients:
        yield _unindexed(_r.recipient).in_(bindparam("recipients", expanding=True))


def _received(shape: _Shape) -> Iterator[ColumnElement[bool]]:
    i = t.inbox.c
    is_there = _unindexed(i.state) == MessageState.DELIVERED
    request = (i.referral_no == _r.number, i.event == "add-service-request", is_there)
    yield _own(_r.recipient, shape) == bindparam("agency")
    yield _unindexed(_r.sender) != bindparam("agency")
    # asked row by row: as a join a planner may begin with all that was ever delivered
    yield select(literal(1)).where(*request).limit(1).scalar_subquery() == 1
    if shape.senders:
        yield _unindexed(_r.sender).in_(bindparam("senders", expanding=True))


def _own(end: ColumnElement[Any], shape: _Shape) -> ColumnElement[Any]:
    """The agency's own end: the way to its referrals, unless their numbers or their person lead there at once."""
    return _unindexed(end) if shape.numbers or shape.subjects else end


def _unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column as something that no index knows: the way leads by another one, whatever a planner guesses.

    By the index of the agency's own end a page is some rows long; by that of the other end, or of what has been
    delivered, it would be all of them.
    """
    return func.coalesce(column, "")


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    """What is asked of either end."""
    asked: list[tuple[bool, ColumnElement[bool]]] = [
        (shape.numbers, _r.number.in_(bindparam("numbers", expanding=True))),
        (shape.subjects, _r.subject_ref.in_(bindparam("subjects", expanding=True))),
        (shape.moved, (_r.moved_at >= bindparam("moved_from")) & (_r.moved_at < bindparam("moved_before"))),
        (shape.after, _after(shape.order)),
    ]
    return [condition for is_asked, condition in asked if is_asked]


def _order(shape: _Shape) -> tuple[ColumnElement[Any], ...]:
    match shape.order:
        case "moved":
            return _r.moved_at, _r.number
        case "-moved":
            return _r.moved_at.desc(), _r.number.desc()
        case _:
            return (_r.number,)


def _after(order: str) -> ColumnElement[bool]:
    number: BindParameter[str] = bindparam("after")
    moved: BindParameter[str] = bindparam("after_moved")
    match order:
        case "moved":
            return or_(_r.moved_at > moved, (_r.moved_at == moved) & (_r.number > number))
        case "-moved":
            return or_(_r.moved_at < moved, (_r.moved_at == moved) & (_r.number < number))
        case _:
            return _r.number > number
