"""What a note loses to the constant that marks something as withheld (program systems 9.4, NOTE)."""

from __future__ import annotations

import pytest

from adapters.harts.record import marked, shortened
from hub.model.record import Loss, Record

ROOM = 120 - len("INFO NOT COMPLETE ")


@pytest.mark.parametrize(
    ("fields", "cut"),
    [
        pytest.param({"note": "x" * ROOM, "incomplete": "1"}, False, id="just room enough"),
        pytest.param({"note": "x" * (ROOM + 1), "incomplete": "1"}, True, id="one too many"),
        pytest.param({"note": "x" * 120}, False, id="nothing was withheld"),
        pytest.param({"incomplete": "1"}, False, id="no note"),
    ],
)
def test_a_note_that_makes_room_for_the_constant_is_told(fields: dict[str, str], cut: bool) -> None:
    expected = (Loss("note", "cut at 120 characters, its marker counted", cut=True),) if cut else ()

    assert tuple(shortened(Record("RF_REQUEST", fields))) == expected
    assert len(marked(fields.get("note", ""))[0]) <= 120
