"""Where an address leads, and who may change something. Never a guess: what is not clear is a human's to choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.directory.cells import seen
from hub.errors import Refused
from hub.model.directory import Service, Worker


def answers_for(system: str, received: str, wanted: str, services: Iterable[Service]) -> bool:
    """Whether what came into one system is answered in another: an active service says so.

    Args:
        system: where the answer stands, and ``received`` the system that the referral came into.
        wanted: what the referral asked for, a word of ``service-wanted``.
    """
    ways = ((each.system, each.wanted, each.answers) for each in services if each.status == "active")
    return (received, wanted, system) in ways


@dataclass(frozen=True, slots=True)
class NoRoute:
    """A human must choose (program systems 9.1).

    Args:
        reason: why, in words that name only ids of the directory.
        candidates: ids of the services that a human may look at, sorted.
    """

    reason: str
    candidates: tuple[str, ...] = ()


def route(to_org: str, service_wanted: str, services: Iterable[Service], *, site: str = "") -> Service | NoRoute:
    """The one active service of an agency that is wanted, with a system that receives for it.

    Args:
        to_org: agency id as the sender wrote it.
        service_wanted: a word of ``service-wanted``.
        services: the whole directory's.
        site: a place of the agency that the sender named: of several services, those of that place.
    """
    offered = [s for s in services if s.agency == to_org and s.wanted == service_wanted]
    active = [s for s in offered if s.status == "active"]
    active = [s for s in active if s.site == site] or active if site else active
    address = f"{seen(to_org)} with {seen(service_wanted)}"
    if len(active) > 1:
        return NoRoute(f"{address} leads to {len(active)} active services", _ids(active))
    if not active:
        return NoRoute(f"{address} leads to no active service", _ids(offered))
    if not active[0].system:
        return NoRoute(f"{address} leads to a service that no system receives for", _ids(active))
    return active[0]


def acting(worker: str | None, workers: Mapping[str, Worker], at: datetime) -> Worker:
    """The worker in whose name a command changes something: no worker, no change (design §4).

    Args:
        worker: what ``--as`` says.
        at: the present instant, aware.

    Raises:
        Refused: nobody is named, or nobody who still works there.
    """
    found = workers.get(worker or "")
    if found is None:
        raise Refused("--as", seen(worker or ""), "the id of a worker of the directory", "hub workers list")
    if found.ended_at is not None and at >= datetime.fromisoformat(found.ended_at):
        raise Refused("--as", f"{seen(found.id)}, who has left", "a worker who is still there", "hub workers list")
    return found


def _ids(services: Iterable[Service]) -> tuple[str, ...]:
    return tuple(sorted(service.id for service in services))
