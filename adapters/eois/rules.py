"""E1 to E6: what the ministry's system holds of persons, plans, referrals and follow-ups, over packages and rows.

Program systems 3.9, 3.12 and §10, cases 49 to 53. Pure: no clock, no file. A package is a tree of ``package``, a row is
what ``extract`` gives (column name to text, dates as YYYY-MM-DD). Public rules stand beside inferred ones; which are
which says program systems. What it does not do: register persons, or know the lookup of postal codes (E6), which is
CaMS' own; a form that no Canadian code has is refused where the value is read.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from adapters.eois.faults import ROOT, UNREADABLE, Fault
from adapters.pairs import AFTER_DUE, BEFORE_DUE

CLOSED, ACTIVE = "Closed", "Active"
VOID = "Opened in Error"
DECEASED = "Deceased"
UNSAID = "Not said"  # a label of ours: what another system did not tell
LBS = "Literacy and Basic Skills"
HOURS_OF_WORK = 20  # a week; program systems 3.7: Employment Service takes who works less
_NOC = {4: "2016", 5: "2021"}
_PLAN = f"{ROOT}/ServicePlan"


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing that is wrong with a row of an extract; ``column`` as the header writes it."""

    row: int
    column: str
    code: str


def of_package(tree: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a package that is valid by its schema."""
    person, plan = tree["Person"], tree.get("ServicePlan", {})
    if instant(tree["created"]) is None:
        yield Fault(UNREADABLE, f"{ROOT}/@created", "a time that no clock shows", "a moment with its offset")
    born, arrived = person.get("DateOfBirth", ""), person.get("DateArrived", "")
    if born and ((arrived and arrived < born) or tree["created"][:10] < born):
        yield Fault("DATE_ORDER", f"{ROOT}/Person/DateOfBirth", "a day after another that it comes before", "in order")
    for place, goal in enumerate(plan.get("SubGoal", ()), 1):
        for item_place, item in enumerate(goal.get("PlanItem", ()), 1):
            yield from _of_item(f"{_PLAN}/SubGoal[{place}]/PlanItem[{item_place}]", item)
    yield from _of_closed(plan)
    yield from _of_follow_ups(plan, tree["created"][:10])
    if plan and "state" not in tree.get("Referral", {"state": ""}) and plan["status"] == CLOSED:
        yield Fault("PLAN_CLOSED", f"{ROOT}/Referral", "a new referral of a closed plan", "one of a new plan")


def _of_item(path: str, item: Mapping[str, str]) -> Iterator[Fault]:
    """E3: expected dates in order; a completed item has its actual dates and its outcome."""
    if item["expectedEnd"] < item["expectedStart"] or item.get("actualEnd", "9") < item.get("actualStart", ""):
        yield Fault("DATE_ORDER", path, "an end before its start", "in order")
    done = [name for name in ("actualStart", "actualEnd", "outcome") if name in item]
    if ("actualEnd" in item or "outcome" in item) and len(done) < 3:
        yield Fault(UNREADABLE, path, "a completed item without dates or outcome", "actual start, end and outcome")


def _of_closed(plan: Mapping[str, Any]) -> Iterator[Fault]:
    """E3, E4: at closure all has an outcome; a plan that was opened in error is void (case 51)."""
    closure = plan.get("Closure")
    if bool(closure) != (plan.get("status") == CLOSED):
        yield Fault(UNREADABLE, _PLAN, "a closure and another status, or the other way round", "both, or neither")
    if not closure:
        return
    if closure["reason"] == VOID:
        if plan.get("FollowUp"):
            yield Fault("PLAN_CLOSED", f"{_PLAN}/FollowUp", "a follow-up of a void plan", "none")
        return
    for goal in plan.get("SubGoal", ()):
        if "outcome" not in goal or any("outcome" not in item for item in goal.get("PlanItem", ())):
            yield Fault(UNREADABLE, f"{_PLAN}/SubGoal", "no outcome at closure", "an outcome of each, and of its items")


def _of_follow_ups(plan: Mapping[str, Any], created: str) -> Iterator[Fault]:
    """E5, as far as a package tells it: made after the exit, so of a closed plan, in order and not in the future."""
    made = [each for each in plan.get("FollowUp", ()) if each["status"] == "Completed"]
    if made and plan["status"] not in (CLOSED, UNSAID):
        yield Fault("DATE_ORDER", f"{_PLAN}/FollowUp", "a follow-up of a plan that goes on", "one after its exit")
    days = [each["date"] for each in sorted(made, key=lambda each: int(each["month"]))]
    if days != sorted(days) or any(day > created for day in days):
        yield Fault("DATE_ORDER", f"{_PLAN}/FollowUp", "days of follow-ups out of order", "in order, none to come")
    elif any(not _may_be(made, int(each["month"]), each["date"]) for each in made):
        yield Fault("DATE_ORDER", f"{_PLAN}/FollowUp", "a follow-up outside its window", "14 days before to 30 after")


def _may_be(made: Sequence[Mapping[str, str]], months: int, day: str) -> bool:
    """Whether a day is in the window of its month, as far as the follow-up at exit tells when the exit was."""
    at_exit = next((date.fromisoformat(each["date"]) for each in made if each["month"] == "0"), None)
    if at_exit is None or not months:
        return True
    try:
        first, last = months_after(at_exit - AFTER_DUE, months) - BEFORE_DUE, months_after(at_exit, months) + AFTER_DUE
    except (ValueError, OverflowError):  # at either end of the calendar there is no window
        return False
    return first <= date.fromisoformat(day) <= last


def twice_registered(clients: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[RowFault]:
    """E1: a person is registered once. Every later row under the same reference is named."""
    seen: set[str] = set()
    for row, fields in clients:
        reference = fields.get("client_reference", "")
        if reference in seen:
            yield RowFault(row, "CaMS Reference Number", "PERSON_EXISTS")
        seen.add(reference)


def lbs_twice(plans: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[RowFault]:
    """E4: one active LBS plan per learner and provider; plans of other programs may run beside it."""
    seen: set[str] = set()
    for row, fields in plans:
        if fields.get("program") == LBS and fields.get("plan_status") == ACTIVE:
            learner = fields.get("client_reference", "")
            if learner in seen:
                yield RowFault(row, "Plan Status", "LBS_ACTIVE_EXISTS")
            seen.add(learner)


def plans_of_two(plans: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[RowFault]:
    """A plan is one person's: where its rows name two, nobody can know whose it is, and each of them is named."""
    clients: dict[str, set[str]] = {}
    for _, fields in plans:
        clients.setdefault(fields["plan"], set()).add(fields["client_reference"])
    for row, fields in plans:
        if len(clients[fields["plan"]]) > 1:
            yield RowFault(row, "Client Reference", "DN_IDENTITY")


def plan_dates(plans: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[RowFault]:
    """E4: a plan closes after it was begun, and says when; an open one has no day of closing."""
    for row, fields in plans:
        closed = fields.get("plan_status") == CLOSED
        if fields.get("plan_close_date", "9") < fields.get("plan_start_date", ""):
            yield RowFault(row, "Plan Close Date", "DATE_ORDER")
        elif closed != ("plan_close_date" in fields):
            yield RowFault(row, "Plan Close Date", UNREADABLE)


def follow_ups(outcomes: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[RowFault]:
    """E5: at 0, 3, 6 and 12 months after the exit, never before it; of closed plans too; none of a void one (51)."""
    for row, fields in outcomes:
        month, day, left = fields.get("follow_up_month"), fields.get("follow_up_date"), fields.get("exit_date")
        if fields.get("closure_reason") == VOID:
            if month or day:
                yield RowFault(row, "Follow-up Month", "PLAN_CLOSED")
            continue
        if bool(month) != bool(day) or (day and not left):
            yield RowFault(row, "Follow-up Date", UNREADABLE)
        elif month and day and left and not in_window(date.fromisoformat(left), int(month), date.fromisoformat(day)):
            yield RowFault(row, "Follow-up Date", "DATE_ORDER")


def in_window(left: date, months: int, day: date) -> bool:
    """Whether a follow-up may be on this day: 14 days before to 30 after it is due, and not before the exit."""
    try:
        due = months_after(left, months)
        return max(left, due - BEFORE_DUE) <= day <= due + AFTER_DUE
    except (ValueError, OverflowError):  # at either end of the calendar there is no window
        return False


def instant(text: str) -> datetime | None:
    """A moment with its offset; None: it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last of that month.

    Raises:
        ValueError: no calendar has it.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def under_the_line(hours: str) -> bool:
    """Whether hours a week are under 20, the line of Employment Ontario; another program has another (case 56)."""
    return Decimal(hours) < HOURS_OF_WORK


def noc_version(noc: str) -> str | None:
    """E6: the edition of a NOC code by its digits; it stays text, its zeros count (case 49). None: no such code."""
    return _NOC.get(len(noc)) if re.fullmatch(r"[0-9]+", noc) else None
