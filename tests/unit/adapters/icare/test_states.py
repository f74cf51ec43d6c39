"""The states of a row, and what may follow (program systems 9.3; settled S12)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from adapters.icare.states import MOVES, RowState, may_send, moved
from hub.errors import Refused

ROAD = [RowState.PREPARED, RowState.UPLOADED, RowState.PENDING, RowState.REJECTED, RowState.CORRECTED]


def test_the_usual_road_is_open_and_closed_backwards():
    for one, other in pairwise(ROAD):
        assert moved(one, other) is other
        with pytest.raises(Refused):
            moved(other, one)


def test_every_state_has_its_moves_and_none_stays_where_it_is():
    assert set(MOVES) == set(RowState)
    assert all(state not in after for state, after in MOVES.items())


@pytest.mark.parametrize("final", [RowState.CORRECTED, RowState.SUPERSEDED, RowState.TOO_LATE])
@pytest.mark.parametrize("to", list(RowState))
def test_what_is_final_stays(final: RowState, to: RowState):
    with pytest.raises(Refused, match="final"):
        moved(final, to)


def test_case_37_what_was_not_uploaded_in_time_is_too_late_and_what_was_accepted_never_is():
    assert moved(RowState.PREPARED, RowState.TOO_LATE)
    assert moved(RowState.REJECTED, RowState.TOO_LATE)
    for state in (RowState.UPLOADED, RowState.PENDING, RowState.ACCEPTED):
        with pytest.raises(Refused):
            moved(state, RowState.TOO_LATE)


def test_what_was_accepted_is_rejected_by_a_workbook_that_comes_back_later_and_never_the_other_way():
    assert moved(RowState.ACCEPTED, RowState.REJECTED)
    with pytest.raises(Refused):
        moved(RowState.REJECTED, RowState.ACCEPTED)


@pytest.mark.parametrize(
    ("state", "plain", "correction"),
    [
        pytest.param(None, True, False, id="new"),
        pytest.param(RowState.PREPARED, True, False, id="put anew"),
        pytest.param(RowState.UPLOADED, False, False, id="case 35 on its way"),
        pytest.param(RowState.PENDING, False, False, id="case 35 pending"),
        pytest.param(RowState.REJECTED, True, False, id="refused rows alone are sent again"),
        pytest.param(RowState.ACCEPTED, False, True, id="case 35 an accepted row needs its record id"),
        pytest.param(RowState.CORRECTED, False, False, id="another row stands for it"),
        pytest.param(RowState.TOO_LATE, False, False, id="too late"),
    ],
)
def test_case_35_a_row_is_sent_again_only_where_it_may_be(state: RowState | None, plain: bool, correction: bool):
    assert may_send(state, names_record=False) is plain
    assert may_send(state, names_record=True) is correction
