"""What the registry notes of a person beside consents: who may decide for them, that they cannot, and safety flags.

Evidence is seen by a worker and stays with the agency: here stand its kind and its days (consent rules 1.2, settled
S32). What is over is kept with its end, never deleted. Every change leaves an audit entry, and owns the person: a
hand-over that is opened afterwards sees it. A flag never leaves the registry, not into the log either.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consent.deciding import DECIDED, with_decider
from consent.model import Consent, Decider, Finding, Raised, SubjectFacts
from consent.versions import Origin, put_as
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
    return _added(unit, subject_ref, decider, actor)


def heard_of(unit: Unit, subject_ref: str, decider: Decider, actor: Actor, *, but: str) -> None:
    """The same of somebody who is named beside a consent; who holds under this number already is not added again.

    Args:
        decider: its number is made of who names whom, so that the same one has it again.
        but: the consent that is being filed, which is not made active here; "": it is new.

    Raises:
        Refused: there are too many.
    """
    known = _known(unit, subject_ref).deciders
    same = [each for each in known if each.ref == decider.ref and _holds(each, unit, decider.taken_by)]
    if [replace(each, from_at=None) for each in same] == [replace(decider, from_at=None)]:
        return
    if same:
        ended = [replace(each, ends_at=unit.now) if each in same else each for each in known]
        unit.subjects.put_deciders(subject_ref, ended)
    _added(unit, subject_ref, replace(decider, from_at=unit.now), actor, but)


def _added(unit: Unit, subject_ref: str, decider: Decider, actor: Actor, but: str = "") -> list[Consent]:
    known = _known(unit, subject_ref)
    now = [each for each in known.deciders if _holds(each, unit, decider.taken_by)]
    if len(now) >= DECIDERS_MAX:
        raise Refused("deciders", f"{len(now)} of them", f"{DECIDERS_MAX} at most", "end those who are none")
    unit.subjects.put_deciders(subject_ref, (*known.deciders, decider))
    _note(unit, subject_ref, "decider", "added", actor, decider.role.value)
    return _confirmed(unit, _known(unit, subject_ref), actor, but)


def end_decider(unit: Unit, subject_ref: str, ref: str, actor: Actor, *, agency: str) -> None:
    """From now on somebody decides no more for a person, says the agency that had noted it.

    Raises:
        Refused: there is no such decider, or none any more.
    """
    known = _known(unit, subject_ref)
    mine = [each for each in known.deciders if each.ref == ref and _holds(each, unit, agency)]
    if not mine:
        raise Refused("DECIDER", shape(ref), "a number of somebody who decides now", "`hub subjects show` lists them")
    ended = [replace(each, ends_at=unit.now) if each in mine else each for each in known.deciders]
    unit.subjects.put_deciders(subject_ref, ended)
    _note(unit, subject_ref, "decider", "ended", actor, mine[0].role.value)


def find_incapable(unit: Unit, subject_ref: str, at: datetime, actor: Actor, *, agency: str) -> list[Consent]:
    """Note a finding that a person cannot make such decisions; substitutes' consents that waited for it are active.

    Raises:
        Refused: one of this agency holds already, or it was made before the last one was lifted (C-98).
    """
    known = _known(unit, subject_ref)
    own = [each for each in known.findings if each.taken_by == agency]
    if any(each.lifted_at is None for each in own):
        raise Refused("capacity", "a finding that holds already", "one", "`hub subjects capacity lifted` ends it")
    if any(each.lifted_at is not None and at < each.lifted_at for each in own):
        raise Refused("--on", "a time before the last finding was lifted", "a later one", "the client decided then")
    unit.subjects.put_findings(subject_ref, (*known.findings, Finding(at, taken_by=agency)))
    _note(unit, subject_ref, "capacity", "found", actor)
    return _confirmed(unit, _known(unit, subject_ref), actor)


def lift_finding(unit: Unit, subject_ref: str, actor: Actor, *, agency: str) -> None:
    """The person decides again from now on, says the agency that had noted the finding.

    What substitutes gave is to be confirmed by the person (C-98).

    Raises:
        Refused: no finding holds.
    """
    known = _known(unit, subject_ref)
    own = [each for each in known.findings if each.taken_by == agency and each.lifted_at is None]
    if not own:
        raise Refused("capacity", "no finding of this agency that holds", "one", "nothing is to be lifted")
    lifted = [replace(each, lifted_at=unit.now) if each in own else each for each in known.findings]
    unit.subjects.put_findings(subject_ref, lifted)
    _note(unit, subject_ref, "capacity", "lifted", actor)


def add_flag(unit: Unit, subject_ref: str, raised: Raised, actor: Actor) -> None:
    """Raise a safety flag."""
    before = unit.subjects.raised(subject_ref)
    if raised not in before:
        unit.subjects.put_raised(subject_ref, (*before, raised))
    _note(unit, subject_ref, "flag", "added", actor)


def end_flag(unit: Unit, subject_ref: str, raised: Raised, actor: Actor) -> None:
    """Take a safety flag down, by the agency that raised it.

    Raises:
        Refused: it is not up, or another agency's.
    """
    before = unit.subjects.raised(subject_ref)
    if raised not in before:
        raise Refused("FLAG", "one that is not up, or not this agency's", "one that is", "`hub subjects show`")
    unit.subjects.put_raised(subject_ref, tuple(each for each in before if each != raised))
    _note(unit, subject_ref, "flag", "ended", actor)


def _holds(decider: Decider, unit: Unit, agency: str) -> bool:
    return decider.taken_by == agency and (decider.ends_at is None or unit.now < decider.ends_at)


def _confirmed(unit: Unit, known: SubjectFacts, actor: Actor, but: str = "") -> list[Consent]:
    """File anew what is more than a draft, now that this is known of the person."""
    found = []
    for consent in known.consents:
        if consent.consent_id == but:
            continue
        if consent.doubt and consent.state == "SUSPENDED":
            continue  # who decides must confirm it first
        now = with_decider(consent, known, unit.now)
        if now.state is not consent.state:
            origin = unit.consents.origin(consent.consent_id)
            assert origin is not None, "a consent was filed from somewhere"
            later = replace(now, version=consent.version + 1)
            found.append(put_as(unit, later, Origin(*origin), actor, DECIDED))
    return found


def _known(unit: Unit, subject_ref: str) -> SubjectFacts:
    return unit.subjects.facts([subject_ref])[subject_ref]


def _note(unit: Unit, subject_ref: str, what: str, action: str, actor: Actor, code: str = "") -> None:
    details = {"subject_ref": subject_ref, "what": what, "action": action, **({"code": code} if code else {})}
    unit.audit.append(Entry(AuditEvent.SUBJECT_NOTED, unit.now, actor, details))
