"""What went wrong, at the officer's desk: open, look, assess the harm, tell who must be told, close.

Everything is said in closed words and instants (``consent/incident.py``): there is no place for a narrative. Each step
is an event of the incident and an entry of the log, and so is each look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from consent import registry
from consent.incident import WITHHELD, DutyState, Harm, Kind, Recall, assess, duties, is_settled, why_open
from consent.packs.afterwards import BreachRules
from hub.desk.consents import consent_of
from hub.desk.days import end_of, zone_of
from hub.desk.who import Act, Who, actor_of, allowed
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.exchange.incidents import DELIVERIES_MAX, open_incident
from hub.exchange.withdraw import Drain, Receipt
from hub.model import locks
from hub.model.audit import Actor, AuditEvent, Entry
from hub.model.incidents import Duty, Holding, Incident, IncidentEvent
from hub.ports import Directory, Peek, Unit


@dataclass(frozen=True, slots=True)
class Found:
    """An incident with all that belongs to it.

    Args:
        aliases: of each person, by reference, the alias that an agency has of them: (agency, reference) to alias.
        missing: what is to be done before it may be closed.
    """

    incident: Incident
    holdings: Sequence[Holding]
    duties: Sequence[Duty]
    events: Sequence[IncidentEvent]
    aliases: dict[tuple[str, str], str]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Void:
    """A consent that was found void, and the drain of what is under way on it."""

    consent_id: str
    drain: Drain
    actor: Actor


def open_(house: House, kind: str, deliveries: Iterable[str], who: Who) -> Incident:
    """Open an incident about deliveries.

    Raises:
        Refused, Unavailable: as :func:`hub.exchange.incidents.open_incident`; or another word for what went wrong.
    """
    if kind not in list(Kind):
        raise Refused("--kind", shape(kind), f"one of {', '.join(Kind)}", "say what went wrong")
    if kind == Kind.CONSENT_VOID:
        raise Refused("--kind consent-void", "deliveries", "the consent", "--consent NUMBER --agency AGENCY")
    with house.store.peek() as rows:
        acting = allowed(rows.directory.all(), rows.now, who, Act.INCIDENT)
    return open_incident(house, Kind(kind), tuple(deliveries), acting)


def find_void(house: House, number: str, agency: str, who: Who) -> Void:
    """Find a consent void from the start: from the commit on nothing passes on it. The caller waits for the drain.

    Raises:
        Refused: no such consent of this agency, one that was declined, or the worker may not.
    """
    with house.store.peek() as rows:
        acting = actor_of(rows.directory.all(), rows.now, who, Act.INCIDENT, agency)
        consent = consent_of(rows, agency, number)
    with house.store.unit(own=[locks.subject(consent.subject_ref)]) as unit:
        registry.invalidate(unit, consent.consent_id, acting)
    return Void(consent.consent_id, Drain(house, [f"consent:{consent.consent_id}"]), acting)


@dataclass(frozen=True, slots=True)
class OfVoid:
    """What came of a void consent.

    Args:
        incident: None: nothing had left on it, or all of it is in ``known``.
        known: open incidents that some of it was in already.
        left: deliveries that are in none yet, since an incident holds so many and no more.
    """

    incident: Incident | None
    known: Sequence[str]
    left: int


def open_void(house: House, void: Void, receipt: Receipt) -> OfVoid:
    """Open the incident about what left on a void consent, as much as one may hold."""
    with house.store.peek() as rows:
        left = sorted([*receipt.arrived, *receipt.unknown])
        known = rows.incidents.open_with(left, but=Kind.CORRECTION)
    fresh = [name for name in left if name not in known]
    now, later, incident = fresh[:DELIVERIES_MAX], fresh[DELIVERIES_MAX:], None
    if now:
        incident = open_incident(house, Kind.CONSENT_VOID, now, void.actor, consent_id=void.consent_id)
    return OfVoid(incident, sorted(set(known.values())), len(later))


def look(house: House, incident_id: str, who: Who) -> Found:
    """One incident. No entry, no look.

    Raises:
        Refused: there is no such incident, or the worker may not look.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        acting = allowed(unit.directory.all(), unit.now, who, Act.INCIDENT)
        found = _found(unit, incident_id)
        people = sorted({each.subject_ref for each in found.holdings if each.subject_ref})
        details = {"what": "incident", "incident_id": incident_id, "subjects": people, "count": len(people)}
        unit.audit.append(Entry(AuditEvent.VIEW, unit.now, acting, details))
    return found


def assess_harm(
    house: House, incident_id: str, who: Who, *, yes: Iterable[str], no: Iterable[str], found: str | None
) -> Found:
    """Determine the harm; the notices that are due then are. Again, it may only come out worse: what is due stays due.

    Raises:
        Refused: as :func:`consent.incident.assess`; or a question is answered both ways, or the incident is closed.
    """
    yes, no = tuple(yes), tuple(no)
    if both := set(yes) & set(no):
        raise Refused("--yes, --no", f"{shape(min(both))} twice", "yes or no to every question")
    with house.store.unit(share=[locks.CONFIG]) as unit:
        directory = unit.directory.all()
        acting, incident = _open(unit, directory, incident_id, who)
        answers = dict.fromkeys(yes, True) | dict.fromkeys(no, False)
        holdings = unit.incidents.holdings(incident_id)
        harm = assess(answers, holdings, found)
        if incident.harm == Harm.REAL_RISK and harm != Harm.REAL_RISK:
            raise Refused("--no", "a lesser risk than was determined before", "the same, or a greater one")
        at = incident.determined_at or unit.now
        unit.incidents.put(later := replace(incident, determined_at=at, answers=answers, harm=harm))
        lanes, rules = {name: agency.lane for name, agency in directory.agencies.items()}, _rules(house, directory)
        if unruled := {each.sender for each in holdings} - rules.keys():
            raise Refused(
                f"agency {min(unruled)}", "a pack that nobody has", "the pack that says who is told", "packs/"
            )
        _owe(unit, duties(later, holdings, lanes, rules), unit.incidents.duties(incident_id))
        _note(unit, acting, incident_id, "assessed", harm)
        return _found(unit, incident_id)


def tell(
    house: House, incident_id: str, number: int, who: Who, *, withheld: str | None, recheck_on: str | None
) -> Found:
    """A notice was given; or is withheld for a reason, and looked at again on a day.

    Args:
        withheld: a word of ``consent.incident.WITHHELD``; None: it was given.
        recheck_on: a local day within the pack's ``recheck_days``; None: the last of them.

    Raises:
        Refused: no such notice, one that was given before, another reason, or a day that is none or too late.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        directory = unit.directory.all()
        acting, _ = _open(unit, directory, incident_id, who)
        duty = next((each for each in unit.incidents.duties(incident_id) if each.number == number), None)
        if duty is None or duty.state == DutyState.GIVEN:
            got = "a number of no notice of this incident" if duty is None else "one that was given"
            raise Refused("NOTICE", got, "one that is due", f"hub incident show {incident_id}")
        recheck_at = None
        if withheld is not None:
            if withheld not in WITHHELD:
                raise Refused("--withheld", shape(withheld), f"one of {', '.join(WITHHELD)}")
            recheck_at = (
                _recheck_at(house, directory, duty.agency, unit.now, recheck_on) if WITHHELD[withheld] else None
            )
        elif recheck_on is not None:
            raise Refused("--recheck-on", "a day for a notice that was given", "it beside --withheld")
        state = DutyState.GIVEN if withheld is None else DutyState.WITHHELD
        told = replace(duty, state=state, reason=withheld or "", at=unit.now, by=acting.ref, recheck_at=recheck_at)
        unit.incidents.owe(told)
        _note(unit, acting, incident_id, state, withheld or "", notice=number, told=duty.told, agency=duty.agency)
        return _found(unit, incident_id)


def telephoned(house: House, incident_id: str, deliveries: Iterable[str], who: Who) -> Found:
    """The officer has told the recipients of these deliveries by telephone.

    Raises:
        Refused: one is none of this incident's, or did not leave.
    """
    names = sorted(set(deliveries))
    with house.store.unit(share=[locks.CONFIG]) as unit:
        acting, _ = _open(unit, unit.directory.all(), incident_id, who)
        left = {each.envelope_id for each in unit.incidents.holdings(incident_id) if each.recall != Recall.STOPPED}
        if not names or not left.issuperset(names):
            raise Refused(
                "DELIVERY", "one that is not to be told", "deliveries of this incident", "`hub incident show`"
            )
        unit.incidents.telephoned(incident_id, names)
        for name in names:
            _note(unit, acting, incident_id, "telephoned", envelope_id=name)
        return _found(unit, incident_id)


def close(house: House, incident_id: str, who: Who) -> Found:
    """Close an incident.

    Raises:
        Refused: something is still to be done; it is named.
    """
    with house.store.unit(share=[locks.CONFIG]) as unit:
        acting, incident = _open(unit, unit.directory.all(), incident_id, who)
        if missing := _found(unit, incident_id).missing:
            raise Refused(
                f"incident {incident_id}", "; ".join(missing), "nothing left to do", "see to it, then close it"
            )
        unit.incidents.put(replace(incident, closed_at=unit.now))
        unit.incidents.append(incident_id, acting.ref, "closed")
        details = {"incident_id": incident_id, "reason_code": incident.kind, "harm": incident.harm}
        unit.audit.append(Entry(AuditEvent.INCIDENT_CLOSED, unit.now, acting, details))
        return _found(unit, incident_id)


def overdue(owed: Iterable[Duty], now: datetime) -> int:
    """How many notices are late: due and not given, or withheld and not looked at again."""
    return sum(not is_settled(each) and now >= (each.recheck_at or each.due_at) for each in owed)


def _open(unit: Unit, directory: Directory, incident_id: str, who: Who) -> tuple[Actor, Incident]:
    acting, incident = allowed(directory, unit.now, who, Act.INCIDENT), _get(unit, incident_id)
    if incident.closed_at is not None:
        raise Refused(f"incident {incident_id}", "a closed one", "one that is open", "hub incident list")
    return acting, incident


def _get(rows: Peek, incident_id: str) -> Incident:
    incident = rows.incidents.get(incident_id)
    if incident is None:
        raise Refused("INCIDENT", shape(incident_id), "the number of an incident", "hub incident list --all")
    return incident


def _found(rows: Peek, incident_id: str) -> Found:
    incident, holdings = _get(rows, incident_id), rows.incidents.holdings(incident_id)
    owed = rows.incidents.duties(incident_id)
    people = {each.subject_ref for each in holdings if each.subject_ref}
    aliases = {(agency, ref): alias for ref in people for agency, alias in rows.subjects.aliases(ref).items()}
    missing = [] if incident.closed_at else why_open(incident, holdings, owed)
    return Found(incident, holdings, owed, rows.incidents.events(incident_id), aliases, missing)


def _rules(house: House, directory: Directory) -> dict[str, BreachRules]:
    packs = {name: agency.pack for name, agency in directory.agencies.items()}
    return {name: house.packs.breach[pack] for name, pack in packs.items() if pack in house.packs.breach}


def _owe(unit: Unit, due: Sequence[Duty], known: Sequence[Duty]) -> None:
    """Add what is not owed yet, numbered on."""
    owed = {(each.agency, each.told, each.subject_ref) for each in known}
    fresh = [each for each in due if (each.agency, each.told, each.subject_ref) not in owed]
    for number, duty in enumerate(fresh, start=len(known) + 1):
        unit.incidents.owe(replace(duty, number=number))


def _recheck_at(house: House, directory: Directory, agency: str, now: datetime, day: str | None) -> datetime:
    zone = zone_of(house, directory, agency)
    today = now.astimezone(zone).date()
    last = today + timedelta(days=_rules(house, directory)[agency].recheck_days)
    try:
        wanted = date.fromisoformat(day) if day is not None else last
    except ValueError:
        wanted = date.min
    if not today < wanted <= last:
        raise Refused("--recheck-on", shape(day or ""), f"a day after today, at the latest {last}", "YYYY-MM-DD")
    return end_of(wanted, zone)


def _note(unit: Unit, acting: Actor, incident_id: str, what: str, code: str = "", **details: object) -> None:
    """An event of the incident, and an entry of the log."""
    unit.incidents.append(incident_id, acting.ref, what, code)
    said = {"incident_id": incident_id, "action": what, **({"reason_code": code} if code else {}), **details}
    unit.audit.append(Entry(AuditEvent.INCIDENT_MOVED, unit.now, acting, said))
