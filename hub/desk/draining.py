"""Waiting for what is under way: who has ended something is told when nothing that relied on it leaves any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.exchange.house import House
from hub.exchange.withdraw import Drain, Receipt
from hub.model.rows import Handover

LOOK_S = 0.05  # between two looks at what is still under way


@dataclass(frozen=True, slots=True)
class Drained:
    """A receipt, and the hand-overs that it names."""

    receipt: Receipt
    handovers: Mapping[str, Handover]


def drained(house: House, drain: Drain, sleep: Callable[[float], None]) -> Drained:
    """Wait until nothing is under way any more: at most as long as a lease and a second (INV-3)."""
    while (receipt := drain.step()) is None:
        sleep(LOOK_S)
    with house.store.peek() as rows:
        found = rows.handovers.get([*receipt.arrived, *receipt.not_arrived, *receipt.unknown])
    return Drained(receipt, found)
