"""Stopping and going on, in a worker's name: an agency, a system, an agreement, or all exchange.

What is stopped is drained (``hub.exchange.withdraw``); the caller waits. Asked again, for instance because the first
command was killed while it waited, it drains again and gives the receipt.
"""

from __future__ import annotations

from hub.desk.sharing import may_go_on
from hub.desk.who import Act, Who, allowed
from hub.exchange.house import House
from hub.exchange.withdraw import Drain, end_agreement, resume, suspend
from hub.model.audit import Actor
from hub.ports import Directory


def stop(house: House, what: str, name: str, who: Who) -> Drain:
    """Suspend it.

    Args:
        what: ``agency``, ``system``, ``agreement`` or ``all`` (then ``name`` is not looked at).

    Raises:
        Refused: there is no such thing, an agreement has ended, or the worker may not.
    """
    return suspend(house, what, name, _actor(house, who))


def end(house: House, name: str, who: Who) -> Drain:
    """End an agreement for good.

    Raises:
        Refused: there is no such agreement, or the worker may not.
    """
    return end_agreement(house, name, _actor(house, who))


def go_on(house: House, what: str, name: str, who: Who) -> None:
    """Let it take part again. Whether a system still leads to a place of its own is asked in the same unit.

    Raises:
        Refused: there is no such thing, an agreement has ended, another agency's active system leads to the same
            place, or the worker may not.
    """

    def holds(directory: Directory) -> None:
        if what == "system":
            may_go_on(directory, name)

    resume(house, what, name, _actor(house, who), condition=holds)


def _actor(house: House, who: Who) -> Actor:
    with house.store.peek() as rows:
        return allowed(rows.directory.all(), rows.now, who, Act.STOP)
