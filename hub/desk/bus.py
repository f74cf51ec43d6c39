"""A worker has topics, users and rights of the bus made. Who asked is noted here, before it is; Kafka's side of it is
the bus's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hub.desk.who import Act, Who, allowed
from hub.directory.cells import seen
from hub.errors import Refused
from hub.exchange.house import House
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.directory import Agency

RELAY = "hub"  # beside the agencies' ids


def provisioning(house: House, who: Who, renew: Collection[str]) -> Mapping[str, Agency]:
    """Note who has this done; the agencies for whom it is.

    Args:
        renew: ids of agencies, or ``hub``, whose user gets a new password.

    Raises:
        Refused: there is no such agency, or the worker is neither the hub's administrator nor its steward.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        directory = unit.directory.all()
        acting = allowed(directory, unit.now, who, Act.BUS)
        for name in renew:
            if name != RELAY and name not in directory.agencies:
                raise Refused("--renew", seen(name), f"the id of an agency, or `{RELAY}`", "hub agencies list")
        details = {"what": "bus", "action": "provision", "renewed": sorted(renew)}
        unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, acting, details))
    return directory.agencies


def topics(agencies: Mapping[str, Agency]) -> dict[str, bool]:
    """Every agency's topic, and whether the agency may read it: one that has ended may not."""
    return {agency.topic: agency.status != "ended" for agency in agencies.values()}
