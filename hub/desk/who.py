"""Who says so? A change is made in the name of a worker of the directory; the operating-system user is recorded too.

No worker, no change (design §4). One exception: the first worker of a fresh hub may be added by naming itself, as long
as the directory has no worker of the hub (:func:`first`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from hub.directory import HUB, acting
from hub.directory.cells import seen
from hub.errors import Refused
from hub.model.audit import Actor
from hub.model.directory import Worker
from hub.ports import Directory


@dataclass(frozen=True, slots=True)
class Who:
    """What ``--as`` names, and the operating-system user who typed it."""

    worker: str | None
    os_user: str = ""


def actor(directory: Directory, at: datetime, who: Who) -> Actor:
    """The worker who acts.

    Raises:
        Refused: nobody is named, or nobody who still works there.
    """
    return _named(acting(who.worker, directory.workers, at), who)


def actor_of(directory: Directory, at: datetime, who: Who, agency: str, *, or_hub: bool = False) -> Actor:
    """A worker of one agency, who acts on its behalf.

    Args:
        or_hub: a worker of the hub will do too: a "no" is taken wherever the client says it.

    Raises:
        Refused: there is no such agency, or the worker is not of it.
    """
    if agency not in directory.agencies:
        raise Refused("--agency", seen(agency), "the id of an agency of the directory", "hub agencies list")
    worker = acting(who.worker, directory.workers, at)
    if worker.agency != agency and not (or_hub and worker.agency == HUB):
        raise Refused("--as", f"a worker of {seen(worker.agency)}", f"a worker of {seen(agency)}", "hub workers list")
    return _named(worker, who, agency if worker.agency != agency else "")


def actor_with_role(directory: Directory, at: datetime, who: Who, roles: Collection[str]) -> Actor:
    """A worker of the hub itself in one of these roles.

    Raises:
        Refused: the worker is not of the hub, or in another role.
    """
    worker = acting(who.worker, directory.workers, at)
    if worker.agency != HUB or worker.role not in roles:
        expected = f"a worker of the hub in the role {' or '.join(sorted(roles))}"
        raise Refused("--as", f"a {worker.role} of {seen(worker.agency)}", expected, "hub workers list")
    return _named(worker, who)


def first(directory: Directory, who: Who, added: Worker) -> Actor | None:
    """The actor of a fresh hub's first worker, who adds itself; None where that is not what happens."""
    if any(worker.agency == HUB for worker in directory.workers.values()):
        return None
    return _named(added, who) if added.agency == HUB and added.id == who.worker else None


def _named(worker: Worker, who: Who, on_behalf_of: str = "") -> Actor:
    return Actor(worker.id, worker.role, worker.agency, on_behalf_of, who.os_user)
