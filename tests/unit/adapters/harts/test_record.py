"""What a record loses when it is written: to the constant in NOTE, and where a line lacks what it needs (9.4)."""

from __future__ import annotations

import orjson
import pytest

from adapters.harts.record import marked, render, shortened
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


def answered(*places: dict[str, str], results: tuple[dict[str, str], ...] = ()) -> Record:
    below = {"assessment": tuple(Record("assessment", each) for each in results)}
    told = {"eligibility": (Record("eligibility", {"stream": "ESL", "result": "1"}),)}
    children = {
        "client": (Record("client", {}, below | told),),
        "waitlist": tuple(Record("waitlist", each) for each in places),
    }
    fields = {"ref_no": "K7QM2XWBREFE", "from_site": "T00002", "to_site": "T00001", "ref_date": "2026-05-01"}
    return Record("RF_STATUS", {**fields, "status": "W", "local_key": "K7QM2XWBCLIE"}, children)


def test_a_line_that_lacks_what_it_needs_is_not_written_and_told() -> None:
    found = answered({"course": "LINC-5", "listed_on": "2026-05-04"}, {"listed_on": "2026-05-04"}, {"course": "LINC-5"})

    assert [line[0] for line in orjson.loads(render(found))["lines"]] == ["CL", "RF", "WL"]
    assert list(shortened(found)) == [
        Loss("client.eligibility.decided_on", "no EL line without it"),
        Loss("waitlist.course", "no WL line without it"),
        Loss("waitlist.listed_on", "no WL line without it"),
    ]


@pytest.mark.parametrize("service", [{}, {"service": ""}])
def test_a_support_without_a_word_is_none(service: dict[str, str]) -> None:
    level = Record("level", {"l": "05", "s": "05", "r": "04", "w": "03"})
    children = {
        "client": (Record("client", {}, {"level": (level,)}),),
        "support": (Record("support", service), Record("support", {"service": "TRANSPORT"})),
    }
    fields = {"course": "LINC-5", "first_class": "2026-05-04", "funding": "F", "began": "1"}

    (_, (name, _, said)) = orjson.loads(render(Record("SERVICE", fields, children)))["lines"]

    assert name == "EN"
    assert (said.get("transport"), "" in said) == ("1", False)
