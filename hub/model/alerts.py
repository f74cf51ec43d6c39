"""What a person outside the hub is told of: a code, a number, what to do. No id, no name, no content (INV-1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Role(StrEnum):
    """Who is told; the words of the directory's workers of the hub."""

    ADMINISTRATOR = "administrator"
    OFFICER = "officer"


BOTH = (Role.ADMINISTRATOR, Role.OFFICER)


class AlertCode(Enum):
    """What can be told, to whom, what it means and what to do."""

    INTEGRITY_HALT = (
        BOTH,
        "stored bytes do not verify; the hub has stopped and hands nothing over",
        "keep the database as it is, run `hub doctor`, and call the privacy officer",
    )
    SET_ASIDE = (
        BOTH,
        "records of the bus that are not what the hub published there",
        "`hub deliveries dead` lists them; find out who could write to the bus",
    )
    SYSTEM_AWAY = (
        (Role.ADMINISTRATOR,),
        "systems that cannot be reached",
        "`hub doctor` says which, and why",
    )
    LOG_BEHIND = (
        BOTH,
        "entries of the audit log that have waited for their place far longer than the second that is promised",
        "see that `hub work` runs, and that the store's disk keeps up",
    )
    OVERRIDE_USED = (
        (Role.OFFICER,),
        "declared duties of care on which something was sent, and which wait for your review",
        "`hub override list` says which, and until when",
    )
    REVIEW_LATE = (
        (Role.OFFICER,),
        "parts of reviews whose time is over",
        "`hub override list` says which; ask whose part it is",
    )
    REFERRAL_LATE = (
        (Role.ADMINISTRATOR,),
        "referrals that nobody has moved on in the days that its pack gives",
        "`hub referral list --late` says which, and since when; ask the agency that is to act",
    )
    FOLLOW_UP_MISSED = (
        (Role.ADMINISTRATOR,),
        "follow-ups of clients that nobody has made in their window",
        "`hub referral follow-ups` says whose record each is; ask the agency whose client it is",
    )
    NEAR_RETURN = (
        (Role.ADMINISTRATOR,),
        "messages that go back to their sender within a day, undelivered",
        "`hub deliveries list` says what each waits for",
    )
    TEST = (BOTH, "a test: alerts of this role arrive here", "nothing is to be done")

    def __init__(self, roles: tuple[Role, ...], meaning: str, next_step: str) -> None:
        self.roles, self.meaning, self.next_step = roles, meaning, next_step


@dataclass(frozen=True, slots=True)
class Alert:
    """One word to a role.

    Args:
        count: of what its code speaks.
    """

    code: AlertCode
    count: int = 1

    @property
    def text(self) -> str:
        """For a person: how many of what, and what to do."""
        return f"{self.count}: {self.code.meaning}.\nWhat to do: {self.code.next_step}."
