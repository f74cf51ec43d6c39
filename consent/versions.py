"""A version of a consent goes to the registry: filed with where it comes from, and never without an audit entry.

The caller's unit owns the subject. Why there is a new version is said in ``registry.py``, ``doubts.py``, ``people.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from consent.model import Consent, StateEvent
from consent.model.words import OPENING, STANDING, ConsentState
from hub.errors import Refused
from hub.model.audit import Actor, AuditEvent, Entry
from hub.ports import Unit


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a consent comes from: system, record key, and what was read there (revision and keyed digest)."""

    system: str
    key: str
    read_as: str


def the_one(unit: Unit, consent_id: str) -> Consent:
    """The latest version of a consent.

    Raises:
        Refused: there is none of this id.
    """
    consent = unit.consents.get(consent_id)
    if consent is None:
        raise Refused(
            f"consent {consent_id}", "an unknown id", "a consent of the registry", "`hub consent show` lists them"
        )
    return consent


def origin_of(unit: Unit, consent_id: str) -> Origin:
    """Where the latest version of a consent comes from: a later row of the same record must still find it."""
    origin = unit.consents.origin(consent_id)
    assert origin is not None, "a consent was filed from somewhere"
    return Origin(*origin)


def put_as(unit: Unit, consent: Consent, origin: Origin, actor: Actor, reason: str) -> Consent:
    """File a version that came of something else than its row; as it was filed."""
    return put(unit, consent, origin, actor, unit.now, reason, None)


def put(
    unit: Unit,
    consent: Consent,
    origin: Origin,
    actor: Actor,
    effective: datetime,
    reason: str,
    event: AuditEvent | None,
) -> Consent:
    """File a version, whatever it came of: what is in doubt opens nothing, and what opens ends what it replaces."""
    if consent.doubt and consent.state in OPENING:
        consent = replace(consent, state=ConsentState.SUSPENDED)
    happened = StateEvent(
        state=consent.state, registry_seq=0, at=unit.now, effective_at=effective, actor=actor.ref, reason=reason
    )
    unit.consents.put(consent, happened, system=origin.system, key=origin.key, read_as=origin.read_as)
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
    if consent.state in OPENING:
        _supersede(unit, consent, actor)
    return consent


def _supersede(unit: Unit, consent: Consent, actor: Actor) -> None:
    """End what a record replaces, in the transaction in which it opens (shared model 8; C-37)."""
    for name in consent.supersedes:
        each = unit.consents.get(name)
        if each is not None and each.state in (*STANDING, ConsentState.DRAFT):
            later = replace(each, version=each.version + 1, state=ConsentState.SUPERSEDED)
            put_as(unit, later, origin_of(unit, name), actor, "SUPERSEDED")
