"""The consent registry: record, withdraw, invalidate, suspend. Every change leaves an audit entry.

The caller's unit owns the subject (and, when it mints one, the digests of what identifies them). Versions are kept.
A withdrawal is final for its record: no later row of the same consent undoes it (consent rules 1.4).

Here it is checked what a record's state allows. Who may say so is the desk's question, not this one's. What is in
doubt stands in ``doubts.py``, a standing "no" in ``directives.py``, several files of one person in ``linking.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from consent.deciding import asks_who, with_decider
from consent.directives import may_lift
from consent.doubts import doubt_others, in_doubt_before
from consent.files import others
from consent.linking import carry_withdrawal, meant_too
from consent.model import Consent, Directive
from consent.model.words import OPENING, ConsentState
from consent.rows import KEEP_OUT, ConsentRow, to_consent
from consent.versions import Origin, origin_of, put, the_one
from hub.errors import Refused
from hub.model.audit import Actor, AuditEvent
from hub.ports import Ids, Unit

_KEPT: Mapping[ConsentState, str] = {  # what a withdrawal would weaken or hide, and what to do instead
    ConsentState.DECLINED: (
        "it is the client's no already: it stands until a new consent of the client names it in `lifts` (C-105)"
    ),
    ConsentState.INVALIDATED: "it was void from the start: for a standing no use `hub consent directive add`",
}
_ALLOWS = (  # of a consent, what it allows whom until when
    *("state", "recipients", "purposes", "categories", "exclusions", "onward_sharing"),
    *("valid_from", "expires_at"),
)


def file(unit: Unit, ids: Ids, row: ConsentRow, subject_ref: str, origin: Origin, actor: Actor) -> Consent:
    """File a row as the next version of its consent; the row's own state decides, save that a withdrawal stays."""
    known = unit.consents.of_source(origin.system, origin.key)
    previous = _lapsed(known[0], unit.now) if known else None
    consent = to_consent(
        row,
        consent_id=previous.consent_id if previous else f"c-{ids.uuid()}",
        version=previous.version + 1 if previous else 1,
        subject_ref=previous.subject_ref if previous else subject_ref,
        previous=previous,
    )
    was_out = previous is not None and previous.suspended_by == KEEP_OUT
    if previous is not None:  # a doubt outlives what its system says; only that its record was gone is over
        consent = replace(consent, doubt=previous.doubt)
    else:
        consent = replace(consent, doubt=in_doubt_before(unit, consent))
    if asks_who(consent):
        person = unit.subjects.facts([consent.subject_ref])[consent.subject_ref]
        consent = with_decider(consent, person, unit.now, row.decider)
    consent = replace(consent, lifts=_resolved(unit, row.lifts, consent, origin))
    replaced = _replaced(unit, row.supersedes, consent)
    consent = replace(consent, supersedes=tuple(each.consent_id for each in replaced))
    if known and known[1] == origin.read_as and _says_the_same(known[0], consent):
        return known[0]  # what is in doubt is read again and again
    effective = row.withdrawn_at or unit.now
    newly_withdrawn = consent.state is ConsentState.WITHDRAWN and (
        previous is None or previous.state is not ConsentState.WITHDRAWN
    )
    event = AuditEvent.CONSENT_WITHDRAWN if newly_withdrawn else None
    if newly_withdrawn:
        consent = _all_that_it_allowed(unit, consent)
    filed = put(unit, consent, origin, actor, effective, "ROW", event)
    if newly_withdrawn:
        carry_withdrawal(unit, filed, actor, said_at=effective, how="ROW")
    if filed.suspended_by == KEEP_OUT and not was_out:
        doubt_others(unit, filed, actor, why=KEEP_OUT)
    return filed


def _says_the_same(before: Consent, after: Consent) -> bool:
    return before == replace(
        after, version=before.version, registry_seq=before.registry_seq, state_events=before.state_events
    )


def _lapsed(consent: Consent, now: datetime) -> Consent:
    """What the clock has ended is EXPIRED: its own row opens it no more, a new record does (consent rules 1.4)."""
    counted = consent.state in (ConsentState.ACTIVE, ConsentState.SUSPENDED)
    over = counted and consent.expires_at is not None and now >= consent.expires_at
    return replace(consent, state=ConsentState.EXPIRED) if over else consent


def withdraw(unit: Unit, consent_id: str, actor: Actor, *, said_at: datetime, how: str) -> list[Consent]:
    """Withdraw for good, by any word or act of the decision-maker (F-15: no form is needed).

    Checks that the record's state allows it, for every caller: a decline is a wider "no" than a withdrawal, so that
    to withdraw it would lift it. Locks and drain are ``hub.exchange.withdraw.withdraw_consent``'s; who may say so,
    and when it was said, ``hub.desk.consents.withdraw``'s.

    Args:
        said_at: when the client said it; enforcement starts when this unit commits (I-03).
        how: a code such as ``TELEPHONE``.

    Returns:
        The consent, and those of the client's other files that were meant too (I-07); said again, nothing changes.

    Raises:
        Refused: there is no such consent, or it was declined or found void. Withdrawing twice is allowed and changes
            nothing.
    """
    consent = the_one(unit, consent_id)
    if consent.state is ConsentState.WITHDRAWN:
        return [consent, *meant_too(unit, consent)]
    if (next_step := _KEPT.get(consent.state)) is not None:
        raise Refused("consent", f"state {consent.state.value}", "one that the client has given", next_step)
    later = replace(_all_that_it_allowed(unit, consent), version=consent.version + 1, state=ConsentState.WITHDRAWN)
    put(unit, later, origin_of(unit, consent_id), actor, said_at, how, AuditEvent.CONSENT_WITHDRAWN)
    carry_withdrawal(unit, later, actor, said_at=said_at, how=how)
    return [later, *meant_too(unit, later)]


def _all_that_it_allowed(unit: Unit, consent: Consent) -> Consent:
    """A consent that is being withdrawn, with the recipients and purposes of what still stands of it too.

    Its last row may name fewer, or none that can be read: taken back is what was given.
    """
    if unit.subjects.is_minted(consent.subject_ref):
        return consent
    stand = unit.subjects.facts([consent.subject_ref])[consent.subject_ref].consents
    every = (consent, *(each for each in stand if each.consent_id == consent.consent_id))
    return replace(
        consent,
        recipients=tuple(dict.fromkeys(to for each in every for to in each.recipients)),
        purposes=tuple(dict.fromkeys(why for each in every for why in each.purposes)),
    )


def invalidate(unit: Unit, consent_id: str, actor: Actor) -> Consent:
    """Find a consent void from the start (consent rules 1.4): coerced, another person's, of somebody incapable.

    What was sent on it is an incident, which the caller opens. No later row of the same record undoes it. One that was
    withdrawn stays so: that is the client's no, and more than void. Twice is allowed and changes nothing.

    Raises:
        Refused: there is no such consent, or it was declined: that is the client's no, and stands.
    """
    consent = the_one(unit, consent_id)
    if consent.state in (ConsentState.INVALIDATED, ConsentState.WITHDRAWN):
        return consent
    if consent.state is ConsentState.DECLINED:
        raise Refused("consent", "state DECLINED", "one that the client has given", _KEPT[consent.state])
    later = replace(consent, version=consent.version + 1, state=ConsentState.INVALIDATED)
    put(unit, later, origin_of(unit, consent_id), actor, unit.now, "VOID", None)
    return later


def suspend(unit: Unit, consent_id: str, origin: Origin, actor: Actor, *, reason: str) -> Consent:
    """Suspend in doubt (consent rules 1.4): its record has gone from the source. A newer row confirms it.

    Only what opens or may come to open is suspended; a "no" and what has ended stay as they are.
    """
    consent = the_one(unit, consent_id)
    if consent.doubt and consent.state is ConsentState.SUSPENDED and not consent.suspended_by:
        later = replace(consent, version=consent.version + 1, suspended_by=reason)
        return put(unit, later, origin, actor, unit.now, reason, None)
    if consent.state not in (*OPENING, ConsentState.DRAFT):
        return consent
    ended = _lapsed(consent, unit.now).state is ConsentState.EXPIRED
    state = ConsentState.EXPIRED if ended else ConsentState.SUSPENDED
    later = replace(consent, version=consent.version + 1, state=state, suspended_by="" if ended else reason)
    put(unit, later, origin, actor, unit.now, reason, None)
    return later


def says_otherwise(before: Consent, after: Consent) -> bool:
    """Whether a version allows something else than the one before it; a draft changes nothing (C-37)."""
    if after.state is ConsentState.DRAFT:
        return False
    return any(getattr(before, name) != getattr(after, name) for name in _ALLOWS)


def _resolved(unit: Unit, names: tuple[str, ...], consent: Consent, origin: Origin) -> tuple[str, ...]:
    """The hub's ids of the client's noes that a row names and its agency may lift; others are dropped.

    A decline is named by its own system's id or by the agency's number of it, a directive by its id.
    """
    if not names:
        return ()
    found = []
    files = {consent.subject_ref, *others(consent.subject_ref, unit.links.of([consent.subject_ref])).confirmed}
    for name in names:
        no = _consent_named(unit, name, consent.discloser, origin) or unit.consents.directive(name)
        if no is not None and no.subject_ref in files and may_lift(no, consent.discloser):
            found.append(no.directive_id if isinstance(no, Directive) else no.consent_id)
    return tuple(found)


def _replaced(unit: Unit, numbers: tuple[str, ...], consent: Consent) -> list[Consent]:
    """The client's earlier records of the same discloser that a record says it replaces; a "no" is lifted instead."""
    ids = [unit.consents.by_number(consent.discloser, number) for number in numbers]
    found = [each for name in dict.fromkeys(ids) if name and (each := unit.consents.get(name)) is not None]
    same = [each for each in found if (each.subject_ref, each.discloser) == (consent.subject_ref, consent.discloser)]
    return [each for each in same if each.consent_id != consent.consent_id and each.state is not ConsentState.DECLINED]


def _consent_named(unit: Unit, name: str, agency: str, origin: Origin) -> Consent | None:
    filed = unit.consents.of_source(origin.system, f"{origin.key.split(':')[0]}:{name}")
    if filed is not None:
        return filed[0]
    consent_id = unit.consents.by_number(agency, name)
    return unit.consents.get(consent_id) if consent_id else None
