"""The oracles can fail: a hub with one mistake in it is found out by some seed among the first few.

Each mistake is one that a hurried change could make. What is patched is the hub, not the world around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.harts import outgoing
from consent.gather import Question, gather_provisional
from consent.model import Facts
from consent.packs import Packs
from hub.exchange import handover
from hub.exchange.withdraw import Drain
from hub.ports import Peek, ProvisionalFacts, Unit
from hub.store.inbox import WaitingTable
from hub.store.outbox import OutboxTable
from tests.simulation.simulate import simulate

Patch = Callable[[pytest.MonkeyPatch], None]
TURNS = 160
CROWDED = {"others": 0.25, "recipient is slow": 0.4, "kill": 0.0, "store at begin": 0.0, "store at commit": 0.0}
FORGETFUL = {**CROWDED, "recipient's answer is lost": 0.6}


def no_second_decision(patch: pytest.MonkeyPatch) -> None:
    """Gate 2 believes what was decided without locks."""
    seen: dict[Any, Facts] = {}

    def peeked(rows: Peek, question: Question, packs: Packs) -> ProvisionalFacts:
        found = gather_provisional(rows, question, packs)
        seen[question.message] = found.facts
        return found

    def believed(unit: Unit, question: Question, _packs: Packs) -> Facts:
        return unit.decisions.gathered(seen[question.message])

    patch.setattr(handover, "gather_provisional", peeked)
    patch.setattr(handover, "gather", believed)


def no_lease(patch: pytest.MonkeyPatch) -> None:
    """The recipient's commit is never too late."""
    send = handover._send  # the only place where the lease is looked at
    patch.setattr(handover, "_send", lambda house, system, ready, began_s: send(house, system, ready, began_s + 1e9))


def no_drain(patch: pytest.MonkeyPatch) -> None:
    """A withdrawal returns while hand-overs are under way."""
    patch.setattr(Drain, "_under_way", lambda _drain, _row: False)


def no_wake(patch: pytest.MonkeyPatch) -> None:
    """A change forgets those who wait for it."""
    patch.setattr(WaitingTable, "wake", lambda _table, _owned: None)


def nothing_dropped(patch: pytest.MonkeyPatch) -> None:
    """Bodies and keys outlive their messages."""
    patch.setattr(OutboxTable, "drop", lambda _table, _ids: None)


def no_slips(patch: pytest.MonkeyPatch) -> None:
    """A file to HARTS is written without a look at what earlier ones hold."""
    patch.setattr(outgoing.ToHarts, "_sent", lambda _to, but=(): iter(()))  # noqa: ARG005 - a stand-in


def numbered_by_what_lies_there(patch: pytest.MonkeyPatch) -> None:
    """The next file to HARTS bears the number after the last one that has not been taken away."""
    year, seq = (lambda name: int(name[8:12])), (lambda name: int(name[16:19]))

    def after(to: outgoing.ToHarts, day: date) -> int:
        return max((seq(name) for name in to._folder.names(".DAT") if year(name) == day.year), default=0) + 1

    patch.setattr(outgoing.ToHarts, "_next", after)


@pytest.mark.parametrize(
    ("mistake", "promise", "odds", "busy", "likely"),
    [
        pytest.param(no_second_decision, "INV-3", CROWDED, "", 6, id="hand-over without the second decision"),
        pytest.param(no_lease, "INV-3", CROWDED, "", 4, id="commit without a look at the lease"),
        pytest.param(no_drain, "INV-3", CROWDED, "", 62, id="withdrawal without a drain"),
        pytest.param(no_wake, "forgotten", CROWDED, "", 0, id="wake forgotten"),
        pytest.param(nothing_dropped, "INV-6", CROWDED, "", 0, id="body and key kept"),
        pytest.param(
            no_slips, "delivered twice", FORGETFUL, "maple", 1, id="file to HARTS without a look at the others"
        ),
        pytest.param(
            numbered_by_what_lies_there, "a hole|is nowhere", CROWDED, "maple", 0, id="file number by what lies there"
        ),
    ],
)
def test_a_hub_with_a_mistake_in_it_is_found_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mistake: Patch,
    promise: str,
    odds: dict[str, float],
    busy: str,
    likely: int,
) -> None:
    """``likely`` is the seed that finds it today, and saves those before it; after a change it may be another."""
    mistake(monkeypatch)
    found: list[str] = []

    for turn, seed in enumerate((likely, *range(20))):
        (tmp_path / str(turn)).mkdir()
        try:
            simulate(tmp_path / str(turn), seed, TURNS, odds, busy)
        except AssertionError as error:
            found.append(str(error))
        if any(re.search(promise, text) for text in found):
            break

    assert any(re.search(promise, text) for text in found), found
