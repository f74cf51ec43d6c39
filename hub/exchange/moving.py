"""The versions of a referral (shared model 6.2, rule a): each step is one row and one audit entry, implied ones too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from consent.cells import day_end, day_start
from hub.exchange.entries import HUB, moved
from hub.exchange.house import House
from hub.exchange.message import ADD
from hub.model.audit import Actor
from hub.model.fhir import Resource
from hub.model.rows import Handover, ReferralEvent, ReferralRow
from hub.ports import Peek, Unit
from hub.referral import Moved, Standing, Step, Writer, after_delivery
from hub.referral.due import due_at
from hub.referral.transitions import PROCESS, REVOKE

CARRIED = frozenset({ADD, "notify-add-process-request", PROCESS, REVOKE})  # events that a record of a system makes


@dataclass(frozen=True, slots=True)
class Mover:
    """Who says it: ``S`` sender, ``R`` receiver or ``H`` the hub, with what, and when by its own clock (ISO text).

    Args:
        message_id: the message that says it; None: the hub, because its time is over.
        answer_by, starts: what the message says of days (``due.py``).
    """

    writer: Writer
    actor: Actor
    message_id: str | None
    modified: str | None = None
    reason: str | None = None
    answer_by: datetime | None = None
    starts: datetime | None = None


def standing_of(referral: ReferralRow) -> Standing:
    """The referral's row as the state machine reads it."""
    modified = {writer: datetime.fromisoformat(at) for writer, at in referral.modified.items()}
    paused_by: Any = referral.paused_by
    return Standing(referral.state, modified, referral.left, paused_by)


def move_on(unit: Unit, row: ReferralRow, steps: Sequence[Step], mover: Mover, days: Mapping[str, int]) -> None:
    """Append the steps, implied ones first, and keep the referral as it is then.

    Args:
        days: how long it may stay in a state, :func:`loop_days`.
    """
    before = row.state, row.due_at
    for step in steps:
        row = replace(row, state=step.state, left=step.left, paused_by=step.paused_by, version=row.version + 1)
        unit.referrals.append(
            ReferralEvent(
                number=row.number,
                version=row.version,
                transition=step.transition,
                state=step.state,
                writer=mover.writer,
                implied=step.implied,
                at=unit.now,
                modified_at=mover.modified,
                reason=mover.reason,
                message_id=mover.message_id,
            )
        )
        unit.audit.append(moved(row, step, mover.actor, mover.message_id, unit.now))
    stamps: dict[str, str] = {mover.writer: mover.modified} if mover.modified else {}
    if steps:
        due = due_at(row.state, unit.now, days, before=before, answer_by=mover.answer_by, starts=mover.starts)
        row = replace(row, due_at=due, moved_at=unit.now)
    unit.referrals.put(replace(row, modified={**row.modified, **stamps}))


def loop_days(house: House, rows: Peek, referral: ReferralRow) -> Mapping[str, int]:
    """How long a referral may stay in a state: as the pack of its sender says."""
    return house.packs.days_in_state(rows.directory.all().agencies[referral.sender].pack)


def days_of(entries: Iterable[Resource], zone: ZoneInfo) -> dict[str, datetime]:
    """What a record itself says of days: until when an answer is wanted, and when the service or appointment begins.

    Where it names no day for an answer, its days begin when it goes: it may have waited for a consent.
    """
    found: dict[str, datetime] = {}
    for resource in (entry["resource"] for entry in entries):
        match resource["resourceType"]:
            case "Task":
                said = {
                    "answer_by": resource.get("restriction", {}).get("period", {}).get("end"),
                    "starts": resource.get("executionPeriod", {}).get("start"),
                }
            case "Appointment":
                said = {"starts": resource.get("start")}
            case _:
                continue
        found |= {
            name: at for name, text in said.items() if text and (at := _instant(text, zone, end=name != "starts"))
        }
    return found


def _instant(text: str, zone: ZoneInfo, *, end: bool) -> datetime | None:
    """A FHIR date or instant; of a day its end, or its beginning. None: a month or a year names no day."""
    if len(text) == len("2026-06-01"):
        return (day_end if end else day_start)(text, zone)
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):  # a text that is none, or at an end of time
        return None


def after_arrival(house: House, unit: Unit, row: Handover, event: str, *, answers: bool = False) -> None:
    """A withdrawal that has reached a system which cannot answer an abort ends the referral (T21 by H, settled S47).

    Args:
        answers: it can; its receiver says how it ends.
    """
    asked = row.referral_no and event == REVOKE and not answers
    referral = unit.referrals.get(row.referral_no or "") if asked else None
    if referral is None:
        return
    found = after_delivery(standing_of(referral))
    if isinstance(found, Moved):
        move_on(unit, referral, found.steps, Mover("H", HUB, row.message_id), loop_days(house, unit, referral))
