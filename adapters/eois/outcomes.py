"""What extract 15D says of a site's plans: how each ended, and its follow-ups; of each row whether it counts.

Program systems 3.9, 3.11, 9.5 and §10, cases 51 and 52; settled S3, S5, S16. Pure. A plan has a row for each follow-up:
the first that says why it was closed speaks for its end. 15B says whose plan it is, and from when; without it nobody
can know. A plan that one row calls opened in error is void in all of them. A follow-up counts when it has been made, of
a closed plan too. Of what breaks a rule there is nothing (``rules.follow_ups``, E5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from adapters.eois import plans, rules
from adapters.eois.extract import OUTCOMES
from adapters.eois.plans import Item, Site, State
from adapters.eois.service_plan import SCHEDULED, exit_word

ENDED = "exit"
_WORK = ("hours_per_week", "wage", "wage_per")


def items(site: Site) -> Iterator[Item]:
    """The end of each plan of the newest 15D, and each follow-up, in the order of its rows."""
    if site.outcomes is None:
        return
    bad = {fault.row for fault in plans.faults(site.outcomes)}
    wrong = {fault.row for fault in plans.faults(site.plans)} if site.plans else set()
    known = {fields["plan"]: fields for row, fields in (site.plans.rows if site.plans else ()) if row not in wrong}
    clients, closures = plans.clients(site), plans.why_closed(site)
    seen: set[str] = set()
    for row, fields in site.outcomes.rows:
        if row in bad:
            continue
        plan = known.get(fields["plan"], {})
        closure = closures.get(fields["plan"], {})
        client = plans.whose(plan, clients.get(plan.get("client_reference", ""), {}), closure) if plan else {}
        for what, said in _said(site.outcomes.sds, fields, plan):
            key = f"{OUTCOMES}/{site.outcomes.sds}/{fields['plan']}/{what}"
            if key not in seen:  # made twice of one plan, it is one
                state = _state(what, fields, plan, closure)
                seen |= {key} if state is State.MADE else set()
                yield Item(key, row, state, said, client)


def _said(sds: str, fields: Mapping[str, str], plan: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """What a row says: the end of its plan, a follow-up, both or neither."""
    own = {"sender_sds": sds, "reference": fields["plan"], "program": plan.get("program", "")}
    month, day, left = (fields.get(name, "") for name in ("follow_up_month", "follow_up_date", "exit_date"))
    work = {name: fields.get(name, "") for name in _WORK}
    if reason := fields.get("closure_reason"):
        outcome = fields.get("case_outcome", "")
        said = {
            **own, "opened_on": plan.get("plan_start_date", ""), "closed_on": left or plan.get("plan_close_date", ""),
            "exit": exit_word(reason, outcome), "satisfaction": fields.get("satisfaction", ""), "outcome": outcome,
            **({} if month else work),
        }  # fmt: skip
        yield ENDED, _filled(said)
    if month and day and left:
        due = rules.months_after(date.fromisoformat(left), int(month)).isoformat()
        said = {
            **own, "follow_up_no": f"{fields['plan']}/{month}", "month": month, "date": day, "due_on": due,
            "status": fields.get("follow_up_status", ""), "outcome": fields.get("outcome", ""), **work,
        }  # fmt: skip
        yield month, _filled(said)


def _state(what: str, fields: Mapping[str, str], plan: Mapping[str, str], closure: Mapping[str, str]) -> State:
    if closure.get("closure_reason") == rules.VOID:
        return State.VOID
    if not plan:
        return State.PLAN_MISSING
    if what != ENDED:
        made = fields.get("follow_up_status", SCHEDULED) != SCHEDULED
        return State.MADE if made else State.SCHEDULED
    return State.MADE if plan["plan_status"] == rules.CLOSED else State.PENDING


def _filled(said: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in said.items() if text}
