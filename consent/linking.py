"""Two files are found to be one person's, or no more (I-07, settled S37). Every change leaves an audit entry.

- *Said*: a system says so. What either file forbids counts for both at once; a steward confirms it, or parts them.
- *Merged*: a steward confirms it. What either allows is in doubt until who decides has confirmed it.
- *Parted*: of what was merged each keeps what the other has forbidden, as directives of its own, and all is in doubt.

Rows keep their file. The caller's unit owns both files; the store adds all that are linked with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from consent.directives import add_directive
from consent.doubts import doubt
from consent.files import Others, as_directives, names, others
from consent.model import Consent, Directive, Link, Raised, SubjectFacts
from consent.model.words import STANDING, ConsentState
from consent.versions import origin_of, put, the_one
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Ids, Unit

IDENTITY = "IDENTITY"
_COUNTS = (*STANDING, ConsentState.DRAFT)  # what opens, or may come to


def say(unit: Unit, gone: str, kept: str, actor: Actor, *, source: str) -> None:
    """Note that a system says that two files are one person's.

    What a steward has parted is not said anew: the same row would say so for ever.
    """
    if gone == kept or unit.links.was(gone, kept):
        return
    unit.links.put(Link(gone, kept, confirmed=False))
    _note(unit, gone, "SAID", actor, source)
    _note(unit, kept, "SAID", actor, source)


def merge(unit: Unit, gone: str, kept: str, actor: Actor) -> list[Consent]:
    """Confirm that two files are one person's, and suspend what any file of theirs allows; those that are in doubt now.

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
    files = unit.subjects.facts([gone, *_others(unit, gone).confirmed])
    return _doubt_all(unit, files.values(), actor)


def part(unit: Unit, ids: Ids, one: str, other: str, actor: Actor) -> list[Consent] | None:
    """Part two files that were linked; what is in doubt now. None: they were not linked.

    Where a steward had merged them each keeps what the other has forbidden, and what either allows is in doubt: what is
    under way may have been about the other person. What only a system had said leaves nothing behind.
    """
    link = _between(unit, one, other)
    if link is None:
        return None
    doubted: list[Consent] = []
    before = {ref: set(_others(unit, ref).confirmed) for ref in (one, *_others(unit, one).every)}
    known = unit.subjects.facts(before)
    raised = {ref: unit.subjects.raised(ref) for ref in before}
    unit.links.end(link)
    for ref, were in before.items():
        if lost := sorted(were - set(_others(unit, ref).confirmed)):
            _keep_noes(unit, ids, ref, [no for name in lost for no in as_directives(known[name])], actor)
            _keep_flags(unit, ref, [flag for name in lost for flag in raised[name]])
            doubted += _doubt_all(unit, [known[ref]], actor)
    _note(unit, one, "PARTED", actor)
    _note(unit, other, "PARTED", actor)
    return doubted


def carry_withdrawal(unit: Unit, consent: Consent, actor: Actor, *, said_at: datetime, how: str) -> None:
    """End in the client's other files what was withdrawn in one: a withdrawal is the person's.

    What allows no other recipient and purpose than the one that was withdrawn is withdrawn too. What allows more
    besides, or perhaps, or what the client has given or confirmed since they said it, is in doubt until who decides has
    confirmed it.

    Args:
        consent: as it was withdrawn, with all that any version of it allowed.
    """
    to, why = names(consent)
    for each in meant_too(unit, consent):
        latest = the_one(unit, each.consent_id)
        if latest.state not in _COUNTS:
            continue
        covered = to and why and {one.agency for one in each.recipients} <= to and set(each.purposes) <= why
        if covered and not _said_after(unit, latest, said_at):
            later = replace(latest, version=latest.version + 1, state=ConsentState.WITHDRAWN)
            put(unit, later, origin_of(unit, each.consent_id), actor, said_at, how, AuditEvent.CONSENT_WITHDRAWN)
        else:
            doubt(unit, each.consent_id, actor, why="POSSIBLE_WITHDRAWAL")


def meant_too(unit: Unit, consent: Consent) -> list[Consent]:
    """The consents of the client's other files by which the same agency shares the same with the same recipients."""
    to, why = names(consent)
    files = unit.subjects.facts(_others(unit, consent.subject_ref).confirmed)
    meant = {
        each.consent_id: each
        for known in files.values()
        for each in known.consents
        if each.discloser == consent.discloser
        and (not to or not to.isdisjoint(one.agency for one in each.recipients))
        and (not why or not why.isdisjoint(each.purposes))
    }
    return list(meant.values())


def _said_after(unit: Unit, consent: Consent, said_at: datetime) -> bool:
    """Whether the client has given, or confirmed, a consent after an instant."""
    confirmed = [each.at for each in unit.consents.events(consent.consent_id) if each.reason.startswith("CONFIRMED_")]
    given = [at for at in (consent.captured_at, *confirmed) if at is not None]
    return bool(given) and max(given) > said_at


def _doubt_all(unit: Unit, files: Iterable[SubjectFacts], actor: Actor) -> list[Consent]:
    open_ = {each.consent_id for known in files for each in known.consents if each.state in _COUNTS}
    return [doubt(unit, name, actor, why=IDENTITY) for name in sorted(open_)]


def _keep_noes(unit: Unit, ids: Ids, ref: str, noes: Iterable[Directive], actor: Actor) -> None:
    """Add what does not stand in the file yet; of an agency that does not know the file, as one that does has it."""
    knows = sorted(unit.subjects.aliases(ref))
    stand = [replace(each, directive_id="", registry_seq=0) for each in unit.subjects.facts([ref])[ref].directives]
    for no in noes:
        taken_by = no.taken_by if no.taken_by in knows or not knows else knows[0]
        own = replace(no, subject_ref=ref, taken_by=taken_by)
        if own not in stand:
            stand.append(own)
            add_directive(unit, replace(own, directive_id=f"d-{ids.uuid()}"), actor)


def _keep_flags(unit: Unit, ref: str, flags: Iterable[Raised]) -> None:
    knows, up = sorted(unit.subjects.aliases(ref)), unit.subjects.raised(ref)
    own = [replace(each, taken_by=each.taken_by if each.taken_by in knows or not knows else knows[0]) for each in flags]
    if tuple(more := dict.fromkeys((*up, *own))) != up:
        unit.subjects.put_raised(ref, tuple(more))


def _others(unit: Unit, ref: str) -> Others:
    return others(ref, unit.links.of([ref]))


def _between(unit: Unit, one: str, other: str) -> Link | None:
    links = unit.links.of([one]).get(one, ())
    return next((link for link in links if {link.gone, link.kept} == {one, other}), None)


def _note(unit: Unit, ref: str, reason: str, actor: Actor, source: str = "") -> None:
    details = {"subject_ref": ref, "reason_code": reason, "source": source}
    unit.audit.append(Entry(AuditEvent.SUBJECT_LINKED, unit.now, actor, details))
