"""A service plan as records, and back: the plan itself, how it ended, and each follow-up (program systems 3.6 to 3.9).

Settled S3, S8. Pure. A package without a ``Referral`` shares its plan; its closure and its follow-ups are records of
their own whatever else it says, since others get them. A row of 15D says the last two and names its client by reference
alone (S5).

- A plan that was opened in error is void: it did not end, and nobody is followed up (case 51).
- ``exit`` is the closure's reason; of "Completion" the outcome "In education" stands beside it, which tells school from
  goals that were reached (program systems 6.5).
- A package does not say on which day its plan was closed: that of its follow-up at exit, where that was made, else
  that of the package.
- What others say of a plan may lack what CaMS must have: then stand there a label that says so, and of an item's first
  day the day on which the plan was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from adapters.eois import lists, person, summary
from adapters.eois.faults import ROOT, UNREADABLE, Fault, faulty
from adapters.eois.plans import NOT_APPLICABLE
from adapters.eois.rules import CLOSED, UNSAID, VOID, months_after
from hub.model.identifiers import clean
from hub.model.record import Loss, Record

PLAN, EXIT, FOLLOW_UP = "PLAN", "EXIT", "FOLLOW_UP"
TO_BE_CHOSEN = "To be chosen"  # a label of ours, as ``UNSAID``: what another system did not tell
SCHEDULED = "Scheduled"  # a follow-up that has not been made

_FRAME = ("package_id", "created", "language", "sender_sds", "receiver_sds", "from_org", "reference", "program")
_WORK = ("hours_per_week", "wage", "wage_per")
_EMPLOYMENT = ("noc", "naics", *_WORK)
_EDUCATION = ("qualification", "country", "end")
_ITEM = ("type", "expected_start", "expected_end", "actual_start", "actual_end", "outcome", "cost")
_ATTRIBUTES = {
    "type": "type", "expectedStart": "expected_start", "expectedEnd": "expected_end", "actualStart": "actual_start",
    "actualEnd": "actual_end", "outcome": "outcome",
}  # fmt: skip
_COMPLETION, _IN_EDUCATION = "Completion", "In education"
_YES_NO = {"Yes": "1", "No": "0"}


def columns() -> Mapping[str, Mapping[str, Any]]:
    """Field names of the three kinds of record, children nested."""
    client = {"client": person.columns()}
    goal = {"fields": ("name", "outcome"), "children": {"plan_item": {"fields": _ITEM}}}
    below: dict[str, Any] = {
        **client,
        "education": {"fields": _EDUCATION},
        "employment": {"fields": _EMPLOYMENT},
        **{name: {"fields": ("name", "text")} for name in summary.groups()},
        "sub_goal": goal,
    }
    return {
        PLAN: {"fields": (*_FRAME, "status", "referred_in", "self_initiated"), "children": below},
        EXIT: {
            "fields": (
                *(*_FRAME, "number", "opened_on", "closed_on", "exit", "satisfaction", "outcome", "still_employed"),
                *_WORK,
            ),
            "children": client,
        },
        FOLLOW_UP: {
            "fields": (*_FRAME, "follow_up_no", "month", "due_on", "date", "status", "outcome", *_WORK),
            "children": client,
        },
    }


def required() -> Mapping[str, Sequence[str]]:
    """The fields without which they cannot be written; the places of both ends are the exchange's to fill."""
    return {PLAN: ("created",), EXIT: ("created",), FOLLOW_UP: ("created", "month", "date", "status")}


def plan_of(where: str, tree: Mapping[str, Any]) -> Record:
    """The plan of a package.

    Raises:
        RecordUnreadable: it has no sub-goal: a plan has a goal (shared model 3.8).
    """
    plan = tree["ServicePlan"]
    if not plan.get("SubGoal"):
        expected = "a sub-goal at least: a plan has a goal"
        raise faulty(where, Fault(UNREADABLE, f"{ROOT}/ServicePlan/SubGoal", "nothing", expected))
    fields = _frame(tree) | {
        "status": VOID if plan.get("Closure", {}).get("reason") == VOID else plan["status"],
        "referred_in": _referred(plan.get("referredIn", "")),
        "self_initiated": _YES_NO.get(plan.get("selfInitiated", ""), ""),
    }
    below = {
        **_client(tree),
        "education": person.rows("education", tree.get("Education", ())),
        "employment": person.rows("employment", tree.get("Employment", ())),
        **summary.read(plan.get("ClientSummary", {}).get("Item", ())),
        "sub_goal": tuple(_goal(each) for each in plan["SubGoal"]),
    }
    return _record(PLAN, fields, {name: rows for name, rows in below.items() if rows})


def ends(tree: Mapping[str, Any]) -> bool:
    """Whether a package says how its plan ended."""
    closure = tree.get("ServicePlan", {}).get("Closure")
    return closure is not None and closure["reason"] != VOID


def exit_of(tree: Mapping[str, Any]) -> Record:
    """How the plan of a package ended (:func:`ends`)."""
    closure = tree["ServicePlan"]["Closure"]
    fields = _frame(tree) | {
        "closed_on": _left(tree),
        "exit": exit_word(closure["reason"], closure.get("outcome", "")),
        "satisfaction": closure.get("satisfaction", ""),
        "outcome": closure.get("outcome", ""),
        "still_employed": closure.get("stillEmployed", ""),
    }
    return _record(EXIT, fields, _client(tree))


def follow_ups(tree: Mapping[str, Any]) -> dict[str, Record]:
    """The follow-ups of a package as records, by their month (:func:`made`)."""
    found = {}
    for month, each in made(tree).items():
        frame = _frame(tree)
        number = f"{frame['reference'] or frame['package_id']}/{month}"
        fields = frame | {"follow_up_no": number, "due_on": _due_on(tree, each), **person.snake(each)}
        found[month] = _record(FOLLOW_UP, fields, _client(tree))
    return found


def made(tree: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """The follow-ups of a package that were made, by their month; of several in a month the last."""
    every = tree.get("ServicePlan", {}).get("FollowUp", ())
    return {each["month"]: each for each in every if each["status"] != SCHEDULED}


def exit_word(reason: str, outcome: str) -> str:
    """The words that tell one reason to leave from another."""
    return f"{reason}/{outcome}" if (reason, outcome) == (_COMPLETION, _IN_EDUCATION) else reason


def tree_of(record: Record) -> dict[str, Any]:
    """The tree of the package that says a plan, its end or a follow-up; its frame is the caller's."""
    plan = {"program": record.get("program") or TO_BE_CHOSEN, **_attribute("reference", record.get("reference"))}
    write = {PLAN: _plan_tree, EXIT: _exit_tree, FOLLOW_UP: _follow_up_tree}[record.kind]
    return write(record, plan)


def shortened(record: Record) -> Iterator[Loss]:
    """What CaMS must have of an item and nobody said, and items that it cannot hold."""
    for goal in record.children.get("sub_goal", ()):
        for item in goal.children.get("plan_item", ()):
            if not item.get("expected_end") or not item.get("type"):
                yield Loss("sub_goal.plan_item.type", "left out: an item of CaMS needs a name and an expected end")
            elif not item.get("expected_start"):
                yield Loss(
                    "sub_goal.plan_item.expected_start", "not said: the day on which the plan was made stands there"
                )


def _record(kind: str, fields: Mapping[str, str], below: Mapping[str, tuple[Record, ...]]) -> Record:
    return Record(kind, {name: text for name, text in fields.items() if text}, below)


def _frame(tree: Mapping[str, Any]) -> dict[str, str]:
    plan = tree["ServicePlan"]
    return {
        "package_id": tree["packageId"], "created": tree["created"], "language": tree["language"],
        "sender_sds": tree["Sender"]["sds"], "receiver_sds": tree["Receiver"]["sds"],
        "reference": plan.get("reference", ""), "program": plan["program"],
    }  # fmt: skip


def _client(tree: Mapping[str, Any]) -> dict[str, tuple[Record, ...]]:
    return {"client": (person.read(tree["Person"], tree["ServicePlan"], tree["created"][:10]),)}


def _at_exit(tree: Mapping[str, Any]) -> str:
    """The day of the follow-up at exit, or ""."""
    return made(tree).get("0", {}).get("date", "")


def _left(tree: Mapping[str, Any]) -> str:
    return _at_exit(tree) or str(tree["created"][:10])


def _due_on(tree: Mapping[str, Any], follow_up: Mapping[str, str]) -> str:
    """So many months after the exit; where nobody knows that day, or no calendar has this one, when it was made."""
    at_exit, day = _at_exit(tree), follow_up["date"]
    try:
        return months_after(date.fromisoformat(at_exit), int(follow_up["month"])).isoformat() if at_exit else day
    except ValueError:
        return day


def _referred(label: str) -> str:
    """List and code: one code counts only together with its list (case 55)."""
    found = lists.referral(label) if label else None
    return "/".join(found) if found else ""


def _goal(element: Mapping[str, Any]) -> Record:
    items = person.rows("plan_item", element.get("PlanItem", ()))
    return Record("sub_goal", person.snake(element), {"plan_item": items} if items else {})


def _attribute(name: str, text: str | None) -> dict[str, str]:
    return {name: clean(text)} if text else {}


def _plan_tree(record: Record, plan: dict[str, Any]) -> dict[str, Any]:
    listed, _, code = (record.get("referred_in") or "").partition("/")
    said = record.get("status") or UNSAID
    status = CLOSED if said == VOID else said
    answers = {"1": "Yes", "0": "No"}
    plan |= {
        "status": status,
        **_attribute("referredIn", lists.label(listed, code, "en") if code else ""),
        **_attribute("selfInitiated", answers.get(record.get("self_initiated") or "")),
    }
    if items := summary.write(record):
        plan["ClientSummary"] = {"Item": items}
    day = (record.get("created") or "")[:10]
    plan["SubGoal"] = [_goal_tree(goal, day) for goal in record.children.get("sub_goal", ()) if goal.get("name")]
    if status == CLOSED:
        plan["Closure"] = {"reason": VOID if said == VOID else UNSAID}
    work = [_attribute("hoursPerWeek", each.get("hours_per_week")) for each in record.children.get("employment", ())]
    return {**_employment(work), "ServicePlan": plan}


def _goal_tree(goal: Record, made: str) -> dict[str, Any]:
    items = [
        _item_tree(item, made)
        for item in goal.children.get("plan_item", ())
        if item.get("expected_end") and item.get("type")
    ]
    own = {"name": clean(goal.fields["name"]), **_attribute("outcome", goal.get("outcome"))}
    return {**own, "PlanItem": items} if items else own


def _item_tree(item: Record, made: str) -> dict[str, str]:
    found = {name: clean(text) for name, field in _ATTRIBUTES.items() if (text := item.get(field))}
    return {"expectedStart": min(made, found["expectedEnd"]), **found}


def _exit_tree(record: Record, plan: dict[str, Any]) -> dict[str, Any]:
    said = record.get("satisfaction")
    closure = {
        "reason": (record.get("exit") or UNSAID).partition("/")[0],
        **({"satisfaction": lists.official("satisfaction", said) or said} if said else {}),
        **_attribute("outcome", record.get("outcome")),
    }
    if "/" in (record.get("exit") or ""):
        closure.setdefault("outcome", _IN_EDUCATION)
    plan |= {"status": CLOSED, "Closure": closure}
    work = _attribute("hoursPerWeek", record.get("hours_per_week"))
    found: dict[str, Any] = {**_employment([work]), "ServicePlan": plan}
    if number := record.get("number"):  # whose referral it was: one that has ended was taken
        listed, _, code = NOT_APPLICABLE.partition("/")
        found["Referral"] = {"number": number, "state": "accepted", "direction": "in", "list": listed, "code": code}
    return found


def _follow_up_tree(record: Record, plan: dict[str, Any]) -> dict[str, Any]:
    names = ("month", "date", "status", "outcome")
    said = {name: text for name in names if (text := record.get(name))}
    work = _attribute("hoursPerWeek", record.get("hours_per_week"))
    return {**_employment([work]), "ServicePlan": {**plan, "status": UNSAID, "FollowUp": [said]}}


def _employment(work: Sequence[dict[str, str]]) -> dict[str, Any]:
    filled = [each for each in work if each]
    return {"Employment": filled} if filled else {}
