"""Who says so, and who may? A change is made in the name of a worker of the directory; the operating-system user is
recorded too.

No worker, no change (design §4). What a worker may do stands in one table, :class:`Act`: every command that takes
``--as`` is in it. One exception: the first worker of a fresh hub may be added by naming itself, as long as the
directory has no worker of the hub (:func:`first`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from hub.directory import HUB, ROLES, acting
from hub.directory.cells import seen
from hub.errors import Refused
from hub.model.audit import Actor
from hub.model.directory import Worker
from hub.ports import Directory

STEWARDS = ("administrator", "steward")
REVIEWERS = ("officer", "supervisor", "manager")
_ROWS = ("agencies", "systems", "sites", "services", "agreements", "workers")


@dataclass(frozen=True, slots=True)
class Who:
    """What ``--as`` names, and the operating-system user who typed it."""

    worker: str | None
    os_user: str = ""


@dataclass(frozen=True, slots=True)
class May:
    """Who may do something.

    Args:
        commands: that do it.
        own: any worker of the agency whose client, consent, record or system it is about.
        hub: workers of the hub in these roles.
        others: any worker of any agency.
        roles: of those of its own agency, the ones who may; none: all of them.
    """

    commands: tuple[str, ...]
    own: bool = False
    hub: tuple[str, ...] = ()
    others: bool = False
    roles: tuple[str, ...] = ()


class Act(Enum):
    """What is done in a worker's name, and who may do it."""

    DIRECTORY = May(tuple(f"{rows} {verb}" for rows in _ROWS for verb in ("add", "import")), hub=STEWARDS)
    STOP = May(("suspend", "resume", "agreements end"), hub=STEWARDS)
    BUS = May(("bus provision",), hub=STEWARDS)
    SYSTEM = May(("systems fetch", "systems send", "systems submit", "systems observe"), own=True, hub=STEWARDS)
    CLIENTS_NO = May(("consent withdraw", "consent suspend", "consent directive add"), own=True, hub=ROLES)
    CLIENTS_YES = May(
        ("consent add", "consent import", "consent resume", "consent directive lift", "subjects resolve"), own=True
    )
    NOTE = May(
        (
            *("subjects decider add", "subjects decider end", "subjects capacity found", "subjects capacity lifted"),
            *("subjects flag add", "subjects flag end", "subjects show"),
        ),
        own=True,
    )
    ACCOUNT = May(("disclosures", "requests add", "subjects find"), own=True, roles=("officer",), hub=("officer",))
    LOOK = May(("consent show", "consent decide", "consent expiring", "consent receipt"), own=True, hub=("officer",))
    SIMULATE = May(("consent simulate",), own=True, roles=("officer",), hub=("officer",))
    INCIDENT = May(
        tuple(f"incident {verb}" for verb in ("open", "show", "assess", "notice", "telephoned", "close")),
        hub=("officer",),
    )
    REPORT = May(("report retention",), hub=("officer",))
    RETRY = May(("deliveries retry",), own=True, hub=ROLES)
    DUPLICATES = May(("subjects duplicates",), hub=STEWARDS)
    MERGE = May(("subjects merge", "subjects unmerge"), hub=STEWARDS)
    EXPORT = May(("audit export",), hub=("officer",))
    RECEIPT = May(("receipt get",), own=True, hub=("officer",))
    BACKUP = May(("backup",), hub=STEWARDS)
    RESTORE = May(("restore",), hub=(*STEWARDS, "officer"))
    DECLARE = May(("override declare", "override reached"), own=True)
    APPROVE = May(("override approve",), own=True)
    END = May(("override end",), own=True, hub=("officer",))
    REVIEW = May(("override review",), own=True, hub=("officer",))
    OVERRIDES = May(("override list", "override show"), own=True, hub=("officer",), roles=REVIEWERS)
    METRICS = May(("override metrics",), own=True, hub=("officer",), roles=("officer",))
    MONTH = May(("report month",), hub=("officer",))
    RELATE = May(("subjects conflict",), own=True, roles=REVIEWERS)
    EXPORT_HASHES = May(("audit export --hashes",), hub=ROLES, others=True)


def allowed(directory: Directory, at: datetime, who: Who, act: Act, agency: str | None = None) -> Actor:
    """The worker who acts, if the table says that it may.

    Args:
        agency: whose client, consent, record or system it is about; None: no agency's in particular.

    Raises:
        Refused: nobody is named, nobody who still works there, or the worker may not do this.
    """
    worker, may = acting(who.worker, directory.workers, at), act.value
    if not _may(may, worker, agency):
        got = f"a {worker.role} of {seen(worker.agency)}, who may not do this"
        raise Refused("--as", got, _expected(may, agency), "hub workers list")
    return Actor(worker.id, worker.role, worker.agency, _behalf(worker, agency), who.os_user)


def actor_of(directory: Directory, at: datetime, who: Who, act: Act, agency: str) -> Actor:
    """The worker who acts on behalf of the agency that a command names, if the table says that it may.

    Raises:
        Refused: there is no such agency, or the worker may not do this for it.
    """
    if agency not in directory.agencies:
        raise Refused("--agency", seen(agency), "the id of an agency of the directory", "hub agencies list")
    return allowed(directory, at, who, act, agency)


def first(directory: Directory, who: Who, added: Worker) -> Actor | None:
    """The actor of a fresh hub's first worker, who adds itself; None where that is not what happens."""
    if any(worker.agency == HUB for worker in directory.workers.values()):
        return None
    if added.agency != HUB or added.id != who.worker:
        return None
    return Actor(added.id, added.role, added.agency, os_user=who.os_user)


def _may(may: May, worker: Worker, agency: str | None) -> bool:
    if worker.agency == HUB:
        return worker.role in may.hub
    in_role = not may.roles or worker.role in may.roles
    return may.others or (may.own and worker.agency == agency and in_role)


def _expected(may: May, agency: str | None) -> str:
    """Who may, in words."""
    role = f" in the role {' or '.join(may.roles)}" if may.roles else ""
    words = [f"a worker of {seen(agency) if agency else 'its own agency'}{role}"] if may.own else []
    if may.hub == ROLES:
        words.append("a worker of the hub")
    elif may.hub:
        words.append(f"a worker of the hub in the role {' or '.join(may.hub)}")
    return " or ".join(words)


def _behalf(worker: Worker, agency: str | None) -> str:
    return agency if agency is not None and worker.agency != agency else ""
