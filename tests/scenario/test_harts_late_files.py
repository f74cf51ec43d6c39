"""A file of a HARTS site that comes after one with a later number: both are answered, each by what stands before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from adapters.harts import dat
from tests import harts_builder as harts
from tests.mixed import Both, allow, consent_row, make_both, refer_to_maple

EARLIER, LATER = 2, 3


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    made = make_both(tmp_path)
    yield made
    made.network.hub.close()


@pytest.fixture
def asked(both: Both) -> Mapping[str, str]:
    """The RF of a referral that Maple has received, with a consent that lets results go back, and a course told of."""
    refer_to_maple(both)
    both.run()
    (found,) = both.lines("RF")
    allow(both, consent_row(identifier_type="LOCAL_KEY", identifier_value=found["local_key"]))
    both.site.hand_in(courses=[harts.course()], seq=1)
    both.run()
    return found


def hand_in(both: Both, asked: Mapping[str, str], seq: int, *lines: dat.Draft) -> str:
    """Maple's file about that client, read and answered; its name."""
    name = both.site.hand_in(harts.client(*lines, local_key=asked["local_key"]), seq=seq)
    both.run()
    return name


def codes(both: Both, name: str) -> list[tuple[str, str]]:
    return [(record, code) for record, _, code in both.told(name) if record not in ("CL", "CO")]


def settled(both: Both, name: str) -> bool:
    found = both.site.answer_to(name)
    assert found is not None
    return found.settled


@pytest.mark.parametrize("restarted", [False, True])
def test_what_waited_for_an_earlier_file_goes_when_that_comes_late(
    both: Both, asked: Mapping[str, str], restarted: bool
) -> None:
    later = hand_in(both, asked, LATER, harts.attendance(action="U"), harts.enrolment(action="U", seat="4"))
    before = codes(both, later)
    if restarted:
        both.network.hub.connections.close()

    earlier = hand_in(both, asked, EARLIER, harts.enrolment(ref_no=asked["ref_no"]), harts.attendance())

    assert before == [("AT", "H5"), ("EN", "W01")]
    assert codes(both, earlier) == [("EN", ""), ("AT", "")]
    assert codes(both, later) == [("AT", ""), ("EN", "")]
    assert (settled(both, earlier), settled(both, later)) == (True, True)
    assert len(both.network.inbox("harbour", "service")) == 3
    assert both.network.waits() == {}


def test_what_was_answered_for_good_stays_so_when_an_earlier_file_comes_late(
    both: Both, asked: Mapping[str, str]
) -> None:
    later = hand_in(both, asked, LATER, harts.attendance())
    before = codes(both, later), settled(both, later)

    hand_in(both, asked, EARLIER, harts.enrolment(ref_no=asked["ref_no"]))

    assert before == ([("AT", "H5")], True)
    assert (codes(both, later), settled(both, later)) == before


@pytest.mark.parametrize("answered", [False, True])
def test_a_file_that_comes_late_keeps_no_other_from_its_answer(
    both: Both, asked: Mapping[str, str], answered: bool
) -> None:
    later = hand_in(both, asked, LATER, harts.enrolment(action="U"))
    if not answered:
        (both.site.from_harts / later).with_suffix(".ACK").unlink()

    earlier = hand_in(both, asked, EARLIER, harts.enrolment(ref_no=asked["ref_no"]))
    after = hand_in(both, asked, LATER + 1, harts.exit_())

    assert [codes(both, name) for name in (earlier, later, after)] == [[("EN", "")], [("EN", "")], [("EX", "")]]
    assert [settled(both, name) for name in (earlier, later, after)] == [True] * 3
