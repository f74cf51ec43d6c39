"""Withdraw, and see to it that nothing that relied on it leaves any more (design §3.6) ◆; ``suspend`` does so, wider.

The commit comes first: from then on no open passes. Then the hand-overs under way are drained: each is acknowledged,
has failed, or its lease ends. Only then does the caller's command return, with a receipt that lists every message that
relied on what was withdrawn.

Waiting is the caller's: :meth:`Drain.step` looks once and says whether it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from consent.model import Agreement
from consent.registry import withdraw
from hub.directory.cells import seen
from hub.errors import Refused
from hub.exchange.house import House
from hub.exchange.question import message_of
from hub.exchange.reports import TAKEN_BACK
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.directory import Agency, Status, System
from hub.model.envelope import MessageState
from hub.model.rows import Handover
from hub.ports import Directory, Peek, Unit


@dataclass(frozen=True, slots=True)
class Receipt:
    """Every message that relied on it, by envelope id.

    ``unknown``: it was opened and never acknowledged, so it may have arrived before the withdrawal.
    ``unanswered``: those of ``arrived`` that were put where a worker passes them on by hand, and of which the system
    behind it has said nothing yet. After a client's no what was not passed on is taken out (``taking_back.py``).
    """

    arrived: tuple[str, ...]
    not_arrived: tuple[str, ...]
    unknown: tuple[str, ...]
    unanswered: tuple[str, ...] = ()


class Drain:
    """The hand-overs that relied on something which no longer holds.

    Args:
        told: the agency that the receipt is for: it lists what that agency sent or got, and nothing of others (I-08).
            None: all.
    """

    def __init__(self, house: House, basis: Sequence[str], told: str | None = None) -> None:
        self._house, self._basis, self._told = house, tuple(basis), told
        self._ends_s = house.clock.monotonic_s() + house.limits.lease.total_seconds() + house.limits.lease_margin_s

    def step(self) -> Receipt | None:
        """Look once: the receipt when nothing is under way any more, else None."""
        with self._house.store.peek() as rows:
            relying = {row.envelope_id: row for name in self._basis for row in rows.handovers.relying_on(name)}
            if any(self._under_way(row) for row in relying.values()):
                return None
            relying = {name: row for name, row in relying.items() if self._tells(rows, row)}
            by_hand = [system.id for system in rows.directory.all().systems.values() if self._by_hand(system)]
            silent = {row.envelope_id for system in by_hand for row in rows.handovers.unanswered(system)}
        fates: dict[str, list[str]] = {"arrived": [], "not_arrived": [], "unknown": []}
        for envelope_id, row in sorted(relying.items()):
            fates[_fate(row)].append(envelope_id)
        unanswered = [name for name in fates["arrived"] if name in silent]
        return Receipt(**{name: tuple(ids) for name, ids in fates.items()}, unanswered=tuple(unanswered))

    def _tells(self, rows: Peek, row: Handover) -> bool:
        if self._told in (None, row.recipient):
            return True
        message = message_of(rows, row)
        return rows.directory.all().systems[message.system].agency == self._told

    def _by_hand(self, system: System) -> bool:
        return bool(self._house.adapters[system.kind].gathers)

    def _under_way(self, row: Handover) -> bool:
        """Somebody may be sending it. No open passes since the commit, so every lease is over a lease later.

        By elapsed seconds, as the senders count: the time of day may jump while a lease runs.
        """
        return row.state is MessageState.OPENED and self._house.clock.monotonic_s() < self._ends_s


def withdraw_consent(
    house: House, consent_id: str, actor: Actor, *, said_at: datetime, how: str, told: str | None = None
) -> Drain:
    """Withdraw a consent for good, and drain. Again, it changes nothing, drains and gives the receipt anew.

    Takes the person's lock and starts the drain after the commit. What the record's state allows is checked inside the
    unit by ``consent.registry.withdraw``; who may say so was by the desk (``hub.desk.consents.withdraw``).

    Args:
        said_at: when the client said it, aware; the registry enforces it from its commit on.
        told: as of :class:`Drain`: what the client's other files held may be other agencies' (I-07, I-08).

    Raises:
        Refused: there is no such consent, or it was declined or found void.
        Unavailable: the store cannot be written; the consent stands, say it again.
    """
    with house.store.peek() as rows:
        consent = rows.consents.get(consent_id)
    if consent is None:
        raise Refused(f"consent {consent_id}", "an unknown id", "a consent of the registry")
    with house.store.unit(own=[locks.subject(consent.subject_ref)]) as unit:
        ended = withdraw(unit, consent_id, actor, said_at=said_at, how=how)
    return Drain(house, [f"consent:{each.consent_id}" for each in ended], told)


def suspend(house: House, what: str, name: str, actor: Actor) -> Drain:
    """Stop an agency, a system, an agreement, or all exchange; drain what is under way. Again, it drains again.

    Args:
        what: ``agency``, ``system``, ``agreement`` or ``all`` (then ``name`` is not looked at).
    """
    return Drain(house, _set_status(house, what, name, "suspended", actor))


def end_agreement(house: House, name: str, actor: Actor) -> Drain:
    """End an agreement for good; drain what is under way. Again, it drains again: the receipt can be had twice."""
    return Drain(house, _set_status(house, "agreement", name, "ended", actor))


def resume(
    house: House, what: str, name: str, actor: Actor, *, condition: Callable[[Directory], None] | None = None
) -> None:
    """Let it take part again; what was refused meanwhile is woken.

    Args:
        condition: asked of the directory inside the unit that resumes; it raises Refused where it does not hold.
    """
    _set_status(house, what, name, "active", actor, condition)


def _set_status(
    house: House,
    what: str,
    name: str,
    status: Status,
    actor: Actor,
    condition: Callable[[Directory], None] | None = None,
) -> list[str]:
    with house.store.unit(own=[locks.CONFIG]) as unit:
        if condition is not None:
            condition(unit.directory.all())
        touched = _apply(unit, what, name, status)
        details = {"what": what, "name": name, "status": status}
        unit.audit.append(Entry(AuditEvent.CONFIG_CHANGE, unit.now, actor, details))
    return touched


def _apply(unit: Unit, what: str, name: str, status: Status) -> list[str]:
    directory = unit.directory.all()
    if what == "all":
        unit.directory.stop(status == "suspended")
        return [f"agency:{agency}" for agency in directory.agencies]
    if what == "agreement":
        found = next((row for row in directory.agreements if row.agreement_id == name), None)
        if found is not None:
            _put_agreement(unit, found, status)
            return [f"agreement:{name}"]
    rows: Mapping[str, Mapping[str, Agency | System]] = {"agency": directory.agencies, "system": directory.systems}
    row = rows.get(what, {}).get(name)
    if row is None:
        expected = f"one of the directory's {what} rows"
        raise Refused(what, f"{seen(name)}, an unknown name", expected, "`list` shows them")
    unit.directory.put(replace(row, status=status))
    return [f"{what}:{name}"]


def _put_agreement(unit: Unit, standing: Agreement, status: Status) -> None:
    """Its next version; one that stands so already keeps its own. What has ended is for good."""
    if status == standing.status:
        return
    if standing.status == "ended":
        where = f"agreement {standing.agreement_id}"
        raise Refused(where, "one that has ended", "a new one", "`hub agreements add`")
    unit.directory.put(replace(standing, version=standing.version + 1, status=status))


def _fate(row: Handover) -> str:
    if row.rejection == TAKEN_BACK:
        return "not_arrived"
    if row.state is MessageState.DELIVERED:
        return "arrived"
    return "not_arrived" if row.opened_at is None else "unknown"
