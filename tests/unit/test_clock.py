"""The clock of an invented story: it lags, goes on where it is told to, and is never ahead of the machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.clock import LateClock, UtcClock

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What the machine's clock says: the last one."""
    says = [datetime(2026, 6, 1, 12, tzinfo=UTC)]
    monkeypatch.setattr(UtcClock, "now", lambda _self: says[-1])
    return says


def test_it_begins_where_it_is_told_to_and_runs_like_the_machines(machine: list[datetime]) -> None:
    clock = LateClock(machine[-1] - DAY)
    assert clock.now() == machine[-1] - DAY

    machine.append(machine[-1] + HOUR)
    assert clock.now() == machine[-1] - DAY


def test_it_goes_on_and_neither_back_nor_into_the_future(machine: list[datetime]) -> None:
    clock = LateClock(machine[-1] - DAY)
    clock.go_on(machine[-1] - HOUR)
    assert clock.now() == machine[-1] - HOUR

    for wrong in (machine[-1] + HOUR, machine[-1] - 2 * HOUR):
        with pytest.raises(AssertionError):
            clock.go_on(wrong)
    with pytest.raises(AssertionError):
        LateClock(machine[-1] + HOUR)


def test_it_stands_while_somebody_reads_and_then_runs_again(machine: list[datetime]) -> None:
    clock = LateClock(machine[-1] - DAY)
    at = clock.now()

    with clock.standing():
        machine.append(machine[-1] + 20 * HOUR)

    assert clock.now() == at
    machine.append(machine[-1] + HOUR)
    assert clock.now() == at + HOUR
