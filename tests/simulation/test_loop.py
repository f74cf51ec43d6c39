"""No silent referral: partners that are slow, silent, away or of another mind, and every one is answered or told of.

HUB_SEED=17 pytest tests/simulation/test_loop.py -s     run one seed again, and see the counts
HUB_SOAK=1 pytest tests/simulation/test_loop.py -s      ten thousand referrals
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.referral.due import due_at
from tests.simulation.loop_promises import AHEAD_MAX, all_are_settled, keeps_its_promises, none_is_silent
from tests.simulation.loop_world import Loop

SOAK = bool(os.environ.get("HUB_SOAK"))
SEED = int(os.environ.get("HUB_SEED", "1"))
SMALL, LARGE = 80, 10_000
DAYS = 40  # on which clients come
TURNS_MAX = 400  # until nobody means to say anything more
CHECKED_EVERY = 3  # turns


def run(loop: Loop) -> Counter[str]:
    """Until everything has ended or is late; how many there are of each."""
    for turn in range(TURNS_MAX):
        loop.live()
        if turn % CHECKED_EVERY == 0:
            none_is_silent(loop)
        if loop.idle():
            break
    loop.live_on(timedelta(days=4))  # what nobody fetched goes back to its sender
    none_is_silent(loop)
    keeps_its_promises(loop)
    loop.live_on(AHEAD_MAX)
    counts = none_is_silent(loop)
    all_are_settled(loop, counts)
    return counts


def test_no_referral_is_silent(tmp_path: Path) -> None:
    loop = Loop(tmp_path, SEED, SMALL, DAYS, timedelta(days=3))
    try:
        counts = run(loop)
        sys.stdout.write(shown(loop, counts))
        assert len(loop.referrals) == SMALL
        assert loop.network.verifies()
    finally:
        loop.hub.close()


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="ten thousand referrals: HUB_SOAK=1")
def test_of_ten_thousand_referrals_none_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop = Loop(tmp_path, SEED, LARGE, DAYS, timedelta(days=2))
    try:
        counts = run(loop)
        with capsys.disabled():
            sys.stdout.write(shown(loop, counts))
        assert len(loop.referrals) == LARGE
        assert loop.network.verifies()
    finally:
        loop.hub.close()


@pytest.mark.parametrize("state", ["on-hold", "requested"])
def test_a_state_that_nobody_waits_for_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """The oracle bites: of one state the hub no longer asks by when it must move on."""

    def forgetful(now: str, *args: Any, **more: Any) -> datetime | None:
        return None if now == state else due_at(now, *args, **more)

    monkeypatch.setattr("hub.exchange.moving.due_at", forgetful)
    loop = Loop(tmp_path, SEED, 40, 3, timedelta(days=3))
    try:
        with pytest.raises(AssertionError, match=f"is {state}, and nobody is ever told"):
            run(loop)
    finally:
        loop.hub.close()


def shown(loop: Loop, counts: Counter[str]) -> str:
    """How many there are of each state, and what gate 1 answered."""
    states = "".join(f"\n  {count:6}  {state}" for state, count in sorted(counts.items()))
    answers = "".join(f"\n  {count:6}  {code}" for code, count in loop.answers.most_common())
    return f"\n{len(loop.referrals)} referrals{states}\nmessages{answers}\n"
