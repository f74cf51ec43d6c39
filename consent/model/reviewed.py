"""What is to be done about an override that was used, and what came of it (consent rules 3.6 and 3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Part(StrEnum):
    """What is to be done about a used override."""

    SELF = "self"  # whoever invoked it says what happened
    SUPERVISOR = "supervisor"
    OFFICER = "officer"  # the outcome
    NOTICE = "notice"  # the client is told
    BREACH = "breach"  # an assessment, opened by an outcome


class Outcome(StrEnum):
    """How a review ends."""

    DONE = "DONE"  # of a self-review
    SEEN = "SEEN"  # of a mandatory report
    UPHELD = "UPHELD"
    UPHELD_EXCESS = "UPHELD_EXCESS"  # right call, too much sent
    NOT_JUSTIFIED = "NOT_JUSTIFIED"
    MISUSE = "MISUSE"
    GIVEN = "GIVEN"  # of a notice
    WITHHELD = "WITHHELD"  # with a reason, and a day to look again
    NO_BREACH = "NO_BREACH"
    INCIDENT = "INCIDENT"  # of a breach assessment: `hub incident open`


class Withhold(StrEnum):
    """Why a client is not told yet; nothing else counts (consent rules 3.7)."""

    RAISES_DANGER = "RAISES_DANGER"
    PREJUDICES_STEP = "PREJUDICES_STEP"  # of child protection or police
    REACHES_ABUSER = "REACHES_ABUSER"


@dataclass(frozen=True, slots=True)
class Review:
    """One thing to be done about one override.

    Args:
        worker: whose duty it is, where it is one person's: of a self-review the invoker; None: a role's.
        told: how far its being late has been told: 0 to 3.
        reason: of a notice that is withheld.
        recheck_at: when a withheld notice is looked at again.
    """

    override_id: str
    part: Part
    due_at: datetime
    worker: str | None = None
    done_at: datetime | None = None
    by: str | None = None
    outcome: Outcome | None = None
    told: int = 0
    reason: str = ""
    recheck_at: datetime | None = None
    incident: str = ""
