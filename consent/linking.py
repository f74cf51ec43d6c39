"""Two files are found to be one person's, or no more (I-07, settled S37). Every change leaves an audit entry.

- *Said*: a system says so. What either file forbids counts for both at once; a steward confirms it, or parts them.
- *Merged*: a steward confirms it. What either allows is in doubt until who decides has confirmed it.
- *Parted*: each keeps what the other has forbidden, as directives of its own; what is in doubt stays so.

Rows keep their file. The caller's unit owns both files; the store adds all that are linked with them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consent.directives import add_directive
from consent.doubts import doubt
from consent.files import as_directives, others
from consent.model import Consent, Directive, Link
from consent.model.words import STANDING, ConsentState
from consent.versions import origin_of, put, the_one
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Ids, Unit

IDENTITY = "IDENTITY"
_COUNTS = (*STANDING, ConsentState.DRAFT)  # what opens, or may come to


def say(unit: Unit, gone: str, kept: str, actor: Actor, *, source: str) -> bool:
    """Note that a system says that two files are one person's; whether that is news.

    What a steward has parted is not said anew: the same row would say so for ever.
    """
    if gone == kept or unit.links.was(gone, kept):
        return False
    unit.links.put(Link(gone, kept, confirmed=False))
    _note(unit, gone, "SAID", actor, source)
    _note(unit, kept, "SAID", actor, source)
    return True


def merge(unit: Unit, gone: str, kept: str, actor: Actor) -> list[Consent]:
    """Confirm that two files are one person's, and suspend what any of them allows; those that are in doubt now.

    Again, it changes nothing: what was confirmed meanwhile stays so.
    """
    standing = _between(unit, gone, kept)
    if standing is not None and standing.confirmed:
        return []
    if standing is not None and standing.gone == kept:
        unit.links.end(standing)  # the other way round
    unit.links.put(Link(gone, kept, confirmed=True))
    _note(unit, gone, "MERGED", actor)
    _note(unit, kept, "MERGED", actor)
    files = unit.subjects.facts([gone, *others(gone, unit.links.of([gone])).confirmed])
    open_ = {each.consent_id for known in files.values() for each in known.consents if each.state in _COUNTS}
    return [doubt(unit, name, actor, why=IDENTITY) for name in sorted(open_)]


def part(unit: Unit, ids: Ids, one: str, other: str, actor: Actor) -> bool:
    """Part two files that were linked; each keeps what the other has forbidden. Whether they were linked."""
    link = _between(unit, one, other)
    if link is None:
        return False
    before = {ref: set(others(ref, unit.links.of([ref])).every) for ref in _with(unit, one)}
    known = unit.subjects.facts(before)
    raised = {ref: unit.subjects.raised(ref) for ref in before}
    unit.links.end(link)
    for ref, were in before.items():
        lost = sorted(were - set(others(ref, unit.links.of([ref])).every))
        for directive in [no for name in lost for no in as_directives(known[name])]:
            _keep(unit, ids, ref, directive, actor)
        flags = dict.fromkeys(each for name in (ref, *lost) for each in raised[name])
        if tuple(flags) != raised[ref]:
            unit.subjects.put_raised(ref, tuple(flags))
    _note(unit, one, "PARTED", actor)
    _note(unit, other, "PARTED", actor)
    return True


def carry_withdrawal(unit: Unit, consent: Consent, actor: Actor, *, said_at: datetime, how: str) -> list[Consent]:
    """End in the client's other files what was withdrawn in one: a withdrawal is the person's.

    What allows no other recipient and purpose than the one that was withdrawn is withdrawn too; what allows more
    besides is in doubt, until who decides has confirmed the rest.

    Returns:
        Those of the other files that were meant, also where it was done before.
    """
    to, why = {each.agency for each in consent.recipients}, set(consent.purposes)
    files = unit.subjects.facts(others(consent.subject_ref, unit.links.of([consent.subject_ref])).confirmed)
    meant = {
        each.consent_id: each
        for known in files.values()
        for each in known.consents
        if each.discloser == consent.discloser
        and not to.isdisjoint(one.agency for one in each.recipients)
        and not why.isdisjoint(each.purposes)
    }
    for name, each in meant.items():
        latest = the_one(unit, name)
        if latest.state not in _COUNTS:
            continue
        if {one.agency for one in each.recipients} <= to and set(each.purposes) <= why:
            later = replace(latest, version=latest.version + 1, state=ConsentState.WITHDRAWN)
            put(unit, later, origin_of(unit, name), actor, said_at, how, AuditEvent.CONSENT_WITHDRAWN)
        else:
            doubt(unit, name, actor, why="POSSIBLE_WITHDRAWAL")
    return list(meant.values())


def _between(unit: Unit, one: str, other: str) -> Link | None:
    links = unit.links.of([one]).get(one, ())
    return next((link for link in links if {link.gone, link.kept} == {one, other}), None)


def _with(unit: Unit, ref: str) -> list[str]:
    return [ref, *others(ref, unit.links.of([ref])).every]


def _keep(unit: Unit, ids: Ids, ref: str, directive: Directive, actor: Actor) -> None:
    add_directive(unit, replace(directive, directive_id=f"d-{ids.uuid()}", subject_ref=ref), actor)


def _note(unit: Unit, ref: str, reason: str, actor: Actor, source: str = "") -> None:
    details = {"subject_ref": ref, "reason_code": reason, "source": source}
    unit.audit.append(Entry(AuditEvent.SUBJECT_LINKED, unit.now, actor, details))
