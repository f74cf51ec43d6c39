"""What the hub keeps of what went wrong: ids, codes, instants. No narrative: what happened is said in closed words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that went wrong with one or more deliveries.

    Args:
        kind: a word of ``consent.incident.Kind``.
        consent_id: the consent that was found void, or None.
        opened_by: the worker who said so.
        answers: the questions of the harm assessment, each with its yes or no; empty until it is determined.
        harm: a word of ``consent.incident.Harm``; "" until then.
    """

    incident_id: str
    kind: str
    opened_at: datetime
    opened_by: str
    consent_id: str | None = None
    determined_at: datetime | None = None
    answers: Mapping[str, bool] = field(default_factory=dict)
    harm: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """A delivery of an incident: who holds it, which categories, and how its recipient is told to lay it aside.

    Args:
        categories: of what gate 2 let go.
        left_at: when gate 2 let it go.
        certain: it was acknowledged; else it may have arrived.
        recall: a word of ``consent.incident.Recall``.
        notice_id: of the recall that goes by the notices' road, or envelope id of the correction on its way; or None.
        reached_at: when its recipient was told: by telephone as the officer says, or the word stands in its system.
    """

    incident_id: str
    envelope_id: str
    message_id: str
    sender: str
    recipient: str
    system: str
    subject_ref: str | None
    referral_no: str | None
    categories: tuple[str, ...]
    left_at: datetime
    certain: bool
    recall: str
    notice_id: str | None = None
    reached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """A notice that is due: to a person, or to a regulator.

    Args:
        number: of its incident, from 1.
        agency: whose duty it is.
        told: ``individual`` or ``regulator``.
        subject_ref: the person who is told, or None.
        state: a word of ``consent.incident.DutyState``.
        reason: why it is withheld: a word of ``consent.incident.WITHHELD``; else "".
        at: when it was given or withheld, and ``by`` whom.
        recheck_at: when one that is withheld is looked at again.
    """

    incident_id: str
    number: int
    agency: str
    told: str
    law: str
    regulator: str
    due_at: datetime
    subject_ref: str | None = None
    state: str = "due"
    reason: str = ""
    at: datetime | None = None
    by: str = ""
    recheck_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """What was done in an incident. ``what`` and ``code`` are closed words."""

    incident_id: str
    seq: int
    at: datetime
    actor: str
    what: str
    code: str = ""
