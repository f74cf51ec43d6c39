"""The states of a row on its way to iCARE, and the moves between them (program systems 9.3, settled S12). Pure.

The worker says where a workbook is by the folder into which it is moved; iCARE says what became of a row. Who asks here
keeps the state; nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from hub.errors import Refused


class RowState(StrEnum):
    """Where a row is. The comment says what may follow."""

    PREPARED = "prepared"  # in a workbook that lies in the folder: UPLOADED, SUPERSEDED, TOO_LATE
    UPLOADED = "uploaded"  # the worker moved the workbook, to wherever: PENDING, ACCEPTED, REJECTED
    PENDING = "pending"  # iCARE has it and has not looked yet: ACCEPTED, REJECTED
    ACCEPTED = "accepted"  # CORRECTED, by a row that names its record id; REJECTED, by a workbook that came back later
    REJECTED = "rejected"  # CORRECTED, by a row that is sent in its place; TOO_LATE
    CORRECTED = "corrected"  # final: another row stands for it
    SUPERSEDED = "superseded"  # final: it was put anew, or taken back, before it was uploaded
    TOO_LATE = "too-late"  # final: iCARE takes it no more (30 days); a person is told


MOVES: Mapping[RowState, frozenset[RowState]] = MappingProxyType(
    {
        RowState.PREPARED: frozenset({RowState.UPLOADED, RowState.SUPERSEDED, RowState.TOO_LATE}),
        RowState.UPLOADED: frozenset({RowState.PENDING, RowState.ACCEPTED, RowState.REJECTED}),
        RowState.PENDING: frozenset({RowState.ACCEPTED, RowState.REJECTED}),
        # a worker who moves the file first, and drops the returned workbook a day later, has said both
        RowState.ACCEPTED: frozenset({RowState.CORRECTED, RowState.REJECTED}),
        RowState.REJECTED: frozenset({RowState.CORRECTED, RowState.TOO_LATE}),
        RowState.CORRECTED: frozenset(),
        RowState.SUPERSEDED: frozenset(),
        RowState.TOO_LATE: frozenset(),
    }
)
UNDER_WAY = frozenset({RowState.UPLOADED, RowState.PENDING})  # iCARE has the row, or is about to


def moved(state: RowState, to: RowState) -> RowState:
    """The state after a move.

    Raises:
        Refused: no such move.
    """
    if to not in MOVES[state]:
        may = ", ".join(sorted(MOVES[state])) or "nothing: it is final"
        raise Refused("icare row", f"{state} to {to}", may, "look at the folder of the workbook")
    return to


def may_send(state: RowState | None, *, names_record: bool) -> bool:
    """Whether a row of a key may be sent (case 35).

    Args:
        state: of the row of that key that was sent last, or None.
        names_record: the row has an ``update_record_id`` and a reason.
    """
    if state is None or state in (RowState.PREPARED, RowState.REJECTED, RowState.SUPERSEDED):
        return not names_record
    return state is RowState.ACCEPTED and names_record
