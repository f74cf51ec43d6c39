"""The consent registry: record, withdraw, suspend; directives add and lift. Every change leaves an audit entry.

The caller's unit owns the subject (and, when it mints one, the digests of what identifies them). Versions are kept.
A withdrawal is final for its record: no later row of the same consent undoes it (consent rules 1.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from consent.model import Consent, ConsentState, Directive, StateEvent
from consent.rows import ConsentRow, to_consent
from hub.errors import Refused
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Ids, Unit


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a consent comes from: system, record key and the source's revision."""

    system: str
    key: str
    revision: str


def file(unit: Unit, ids: Ids, row: ConsentRow, subject_ref: str, origin: Origin, actor: Actor) -> Consent:
    """File a row as the next version of its consent; the row's own state decides, save that a withdrawal stays."""
    known = unit.consents.of_source(origin.system, origin.key)
    previous = known[0] if known else None
    consent = to_consent(
        row,
        consent_id=previous.consent_id if previous else f"c-{ids.uuid()}",
        version=previous.version + 1 if previous else 1,
        subject_ref=previous.subject_ref if previous else subject_ref,
        previous=previous,
    )
    consent = replace(consent, lifts=_resolved(unit, row.lifts, consent, origin))
    effective = row.withdrawn_at or unit.now
    newly_withdrawn = consent.state is ConsentState.WITHDRAWN and (
        previous is None or previous.state is not ConsentState.WITHDRAWN
    )
    _put(unit, consent, origin, actor, effective, "ROW", AuditEvent.CONSENT_WITHDRAWN if newly_withdrawn else None)
    return consent


def withdraw(unit: Unit, consent_id: str, origin: Origin, actor: Actor, *, said_at: datetime, how: str) -> Consent:
    """Withdraw for good, by any word or act of the decision-maker (F-15: no form is needed).

    Args:
        said_at: when the client said it; enforcement starts when this unit commits (I-03).
        how: a code such as ``TELEPHONE``.

    Raises:
        Refused: there is no such consent. Withdrawing twice is allowed and changes nothing.
    """
    consent = _known(unit, consent_id)
    if consent.state is ConsentState.WITHDRAWN:
        return consent
    later = replace(consent, version=consent.version + 1, state=ConsentState.WITHDRAWN)
    _put(unit, later, origin, actor, said_at, how, AuditEvent.CONSENT_WITHDRAWN)
    return later


def suspend(unit: Unit, consent_id: str, origin: Origin, actor: Actor, *, reason: str) -> Consent:
    """Suspend in doubt (consent rules 1.4): its record has gone from the source. A newer row confirms it."""
    consent = _known(unit, consent_id)
    if consent.state not in (ConsentState.ACTIVE, ConsentState.VERBAL_PENDING, ConsentState.DRAFT):
        return consent
    later = replace(consent, version=consent.version + 1, state=ConsentState.SUSPENDED)
    _put(unit, later, origin, actor, unit.now, reason, None)
    return later


def add_directive(unit: Unit, directive: Directive, actor: Actor) -> None:
    """A standing "no" of the client."""
    unit.consents.put_directive(directive)
    details = {
        "subject_ref": directive.subject_ref,
        "directive_id": directive.directive_id,
        "recipients": list(directive.recipients),
        "purposes": [purpose.value for purpose in directive.purposes],
        "categories": [category.value for category in directive.categories],
    }
    unit.audit.append(Entry(AuditEvent.DIRECTIVE_ADDED, unit.now, actor, details))


def lift_directive(unit: Unit, directive_id: str, by: str, actor: Actor) -> None:
    """End a directive by name (C-105).

    Raises:
        Refused: there is no such directive.
    """
    directive = unit.consents.directive(directive_id)
    if directive is None:
        raise Refused(f"directive {directive_id}", "an unknown id", "a directive of the registry", "list them first")
    if directive.lifted_by is None:
        unit.consents.lift(directive_id, by)
        details = {"subject_ref": directive.subject_ref, "directive_id": directive_id, "lifted_by": by}
        unit.audit.append(Entry(AuditEvent.DIRECTIVE_LIFTED, unit.now, actor, details))


def _known(unit: Unit, consent_id: str) -> Consent:
    consent = unit.consents.get(consent_id)
    if consent is None:
        raise Refused(
            f"consent {consent_id}", "an unknown id", "a consent of the registry", "`hub consent show` lists them"
        )
    return consent


def _resolved(unit: Unit, names: tuple[str, ...], consent: Consent, origin: Origin) -> tuple[str, ...]:
    """The hub's ids of the declines and directives that a row names by its own system's ids; others are dropped."""
    found = []
    for name in names:
        declined = unit.consents.of_source(origin.system, f"{origin.key.split(':')[0]}:{name}")
        directive = unit.consents.directive(name)
        if declined is not None and declined[0].subject_ref == consent.subject_ref:
            found.append(declined[0].consent_id)
        elif directive is not None and directive.subject_ref == consent.subject_ref:
            found.append(name)
    return tuple(found)


def _put(
    unit: Unit,
    consent: Consent,
    origin: Origin,
    actor: Actor,
    effective: datetime,
    reason: str,
    event: AuditEvent | None,
) -> None:
    happened = StateEvent(
        state=consent.state, registry_seq=0, at=unit.now, effective_at=effective, actor=actor.ref, reason=reason
    )
    unit.consents.put(consent, happened, system=origin.system, key=origin.key, revision=origin.revision)
    details = {
        "subject_ref": consent.subject_ref,
        "consent_id": f"{consent.consent_id}/{consent.version}",
        "state": consent.state.value,
        "discloser": consent.discloser,
        "recipients": [recipient.agency for recipient in consent.recipients],
        "effective_at": effective.isoformat(),
        "reason_code": reason,
        "source": f"{origin.system}/{origin.key}",
    }
    unit.audit.append(Entry(event or AuditEvent.CONSENT_RECORDED, unit.now, actor, details))
