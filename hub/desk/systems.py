"""A worker has one system read or written to now, beside the hub's own workers. What is read is judged as it always is.

Only who asked is noted here; the reading and writing itself is the road's.
"""

from __future__ import annotations

from typing import Literal

from hub.desk.who import Act, Who, allowed
from hub.directory.cells import seen
from hub.errors import Refused
from hub.exchange.house import House
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import System


def asked(house: House, system_id: str, action: Literal["fetch", "send", "submit", "observe"], who: Who) -> System:
    """Note who has this done, before it is.

    Raises:
        Refused: there is no such system, or the worker is neither of its agency nor the hub's administrator or steward.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        directory = unit.directory.all()
        system = directory.systems.get(system_id)
        if system is None:
            raise Refused("SYSTEM", seen(system_id), "the id of a system of the directory", "hub systems list")
        acting = allowed(directory, unit.now, who, Act.SYSTEM, system.agency)
        details = {"what": "system", "name": system_id, "action": action}
        unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, acting, details))
    return system
