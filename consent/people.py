"""What the registry notes of a person beside consents: who may decide for them, that they cannot, and safety flags.

Evidence is seen by a worker and stays with the agency: here stand its kind and its days (consent rules 1.2, settled
S32). What is over is kept with its end, never deleted. Every change leaves an audit entry, and owns the person: a
hand-over that is opened afterwards sees it. A flag never leaves the registry, not into the log either.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consent.deciding import DECIDED, with_decider
from consent.model import Consent, Decider, Finding, SubjectFacts
from consent.model.words import SafetyFlag
from consent.registry import Origin, put_as
from hub.errors import Refused, shape
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Unit

EVIDENCE = frozenset(
    {
        "BIRTH_RECORD",
        "CUSTODY_ORDER",
        "COURT_ORDER",
        "POWER_OF_ATTORNEY",
        "CERTIFICATE",
        "WRITTEN_AUTHORITY",
        "AGREEMENT",
    }
)
DECIDERS_MAX = 20  # [policy] of one person; more are a mistake


def add_decider(unit: Unit, subject_ref: str, decider: Decider, actor: Actor) -> list[Consent]:
    """Note who may decide for a person, and make active what they have given and waited for nothing else.

    Returns:
        The consents that are more than a draft now.

    Raises:
        Refused: there are too many.
    """
    known = _known(unit, subject_ref)
    if len(known.deciders) >= DECIDERS_MAX:
        raise Refused("deciders", f"{len(known.deciders)} of them", f"{DECIDERS_MAX} at most", "end those who are none")
    unit.subjects.put_deciders(subject_ref, (*known.deciders, decider))
    _note(unit, subject_ref, "decider", "added", actor, decider.role.value)
    return _confirmed(unit, _known(unit, subject_ref), actor)


def end_decider(unit: Unit, subject_ref: str, ref: str, actor: Actor) -> None:
    """From now on somebody decides no more for a person.

    Raises:
        Refused: there is no such decider, or none any more.
    """
    known = _known(unit, subject_ref)
    mine = [each for each in known.deciders if each.ref == ref and (each.ends_at is None or unit.now < each.ends_at)]
    if not mine:
        raise Refused("DECIDER", shape(ref), "a number of somebody who decides now", "`hub subjects show` lists them")
    ended = [replace(each, ends_at=unit.now) if each in mine else each for each in known.deciders]
    unit.subjects.put_deciders(subject_ref, ended)
    _note(unit, subject_ref, "decider", "ended", actor, mine[0].role.value)


def find_incapable(unit: Unit, subject_ref: str, at: datetime, actor: Actor) -> list[Consent]:
    """Note a finding that a person cannot make such decisions; substitutes' consents that waited for it are active."""
    known = _known(unit, subject_ref)
    if any(each.lifted_at is None for each in known.findings):
        raise Refused("capacity", "a finding that holds already", "one", "`hub subjects capacity lift` ends it")
    unit.subjects.put_findings(subject_ref, (*known.findings, Finding(at)))
    _note(unit, subject_ref, "capacity", "found", actor)
    return _confirmed(unit, _known(unit, subject_ref), actor)


def lift_finding(unit: Unit, subject_ref: str, actor: Actor) -> None:
    """The person decides again from now on; what substitutes gave is to be confirmed by the person (C-98).

    Raises:
        Refused: no finding holds.
    """
    known = _known(unit, subject_ref)
    if all(each.lifted_at is not None for each in known.findings):
        raise Refused("capacity", "no finding that holds", "one", "nothing is to be lifted")
    lifted = [each if each.lifted_at else replace(each, lifted_at=unit.now) for each in known.findings]
    unit.subjects.put_findings(subject_ref, lifted)
    _note(unit, subject_ref, "capacity", "lifted", actor)


def add_flag(unit: Unit, subject_ref: str, flag: SafetyFlag, actor: Actor, *, of: str | None = None) -> None:
    """Raise a safety flag.

    Args:
        of: of an alleged abuser, whom: a decider's number or a worker's id.
    """
    known = _known(unit, subject_ref)
    abusers = (*known.alleged_abusers, of) if of and of not in known.alleged_abusers else known.alleged_abusers
    flags = known.flags if flag in known.flags else (*known.flags, flag)
    unit.subjects.put_flags(subject_ref, flags, abusers)
    _note(unit, subject_ref, "flag", "added", actor)


def end_flag(unit: Unit, subject_ref: str, flag: SafetyFlag, actor: Actor) -> None:
    """Take a safety flag down.

    Raises:
        Refused: it is not up.
    """
    known = _known(unit, subject_ref)
    if flag not in known.flags:
        raise Refused("FLAG", "one that is not up", "one that is", "nothing is to be taken down")
    abusers = () if flag is SafetyFlag.ALLEGED_ABUSER else known.alleged_abusers
    unit.subjects.put_flags(subject_ref, tuple(each for each in known.flags if each is not flag), abusers)
    _note(unit, subject_ref, "flag", "ended", actor)


def _confirmed(unit: Unit, known: SubjectFacts, actor: Actor) -> list[Consent]:
    """File anew what is more than a draft, now that this is known of the person."""
    found = []
    for consent in known.consents:
        now = with_decider(consent, known)
        if now.state is not consent.state:
            system, key, read_as = unit.consents.origin(consent.consent_id) or ("", "", "")
            later = replace(now, version=consent.version + 1)
            put_as(unit, later, Origin(system, key, read_as), actor, DECIDED)
            found.append(later)
    return found


def _known(unit: Unit, subject_ref: str) -> SubjectFacts:
    return unit.subjects.facts([subject_ref])[subject_ref]


def _note(unit: Unit, subject_ref: str, what: str, action: str, actor: Actor, code: str = "") -> None:
    details = {"subject_ref": subject_ref, "what": what, "action": action, **({"code": code} if code else {})}
    unit.audit.append(Entry(AuditEvent.SUBJECT_NOTED, unit.now, actor, details))
