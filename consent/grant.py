"""A declaration as the rules see it: with what the directory, the pack and the reviews say of it now.

Read where the facts are gathered, under the same locks.
"""

from __future__ import annotations

from datetime import datetime

from consent.model.declared import EXPIRED, Declaration, Hand, Override
from consent.model.words import Role
from consent.packs import Packs
from hub.model.directory import Worker
from hub.ports import Directory, Peek

_ROLES = {
    "worker": Role.WORKER,
    "volunteer": Role.VOLUNTEER,
    "supervisor": Role.SUPERVISOR,
    "manager": Role.ON_CALL_MANAGER,
    "officer": Role.PRIVACY_OFFICER,
}


def hand_of(directory: Directory, agency: str, name: str, at: datetime) -> Hand:
    """Somebody who declares, approves or reviews for an agency, by its directory.

    Whom the directory has not, or with another agency, or no more, is a person all the same: whoever formed a
    suspicion must report it, and may do nothing else (consent rules 3.1). A name that is not there is no person.
    """
    worker = directory.workers.get(name)
    if not name:
        return Hand("", Role.OPERATOR)
    if worker is None or worker.agency != agency or _has_left(worker, at):
        return Hand(name, Role.VOLUNTEER)
    return Hand(name, _ROLES.get(worker.role, Role.VOLUNTEER), worker.reports_to or None)


def grant(rows: Peek, declared: Declaration, packs: Packs, *, envelope: str | None) -> Override:
    """The facts of a declaration.

    Args:
        envelope: of the message that goes on it, at gate 2; None: it has none yet.
    """
    directory = rows.directory.all()
    agency = directory.agencies.get(declared.agency)
    pack = agency.pack if agency else ""
    code = packs.reason_code(pack, declared.code)
    older = packs.reason_code(pack, code.from_16) if code and code.from_16 else None
    now, related = rows.now, rows.overrides.related
    invoker = hand_of(directory, declared.agency, declared.worker, now)
    approver = hand_of(directory, declared.agency, declared.approver, now) if declared.approver else None
    covered = rows.handovers.get([declared.covers]).get(declared.covers) if declared.covers else None
    subject, hands = declared.subject, filter(None, (declared.worker, declared.approver))
    return Override(
        override_id=declared.override_id,
        subject=subject,
        recipient=declared.recipient,
        terms=code.terms if code else None,
        from_16=older.terms if older else None,
        child_turns_16_on=declared.child_turns_16_on,
        declared_at=declared.declared_at,
        invoker=invoker,
        limbs=declared.limbs,
        imminent=declared.imminent,
        ended_at=None if code and code.terms.kind == "must" and declared.end_cause == EXPIRED else declared.ended_at,
        version=declared.version,
        used=declared.used_by is not None and declared.used_by != envelope,
        covers_at=covered.opened_at if covered else None,
        approver=approver,
        attempts=declared.attempts,
        told=declared.told,
        narrative=declared.narrative,
        repeats=rows.overrides.repeats(declared),
        safeguards=bool(declared.consent_sought and declared.notice),
        narrowed=declared.narrowed,
        related=subject is not None and any(related(name, subject) for name in hands),
        overdue=rows.reviews.overdue_of(declared.worker, rows.now),
    )


def _has_left(worker: Worker, at: datetime) -> bool:
    return worker.ended_at is not None and datetime.fromisoformat(worker.ended_at) <= at
