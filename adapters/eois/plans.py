"""What the extracts of one site say together: the referrals of its plans, and of each row whether it counts.

Program systems 3.9, 3.11, 9.5 and §10, cases 50 to 53 and 61; settled S5, S16. Pure. 15D is joined by the plan's
reference, CLIENT by the client's. A referral is counted, so made, only where its plan is closed; an open plan's is
pending. Of a closed plan 15D must say why: one that was opened in error is void, and without 15D nobody can know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.eois import rules
from adapters.eois.extract import CLIENT, OUTCOMES, PLANS, Extract
from hub.model.canonical import canonical

OUT = tuple(f"referred_out_{place}" for place in range(1, 6))
NOT_APPLICABLE = "community/110"
_CARRIED = ("identify_as", "preferred_language", "email", "phone")  # of CLIENT; the rest is text of no list


class State(StrEnum):
    """What an item of a row is."""

    MADE = "MADE"
    PENDING = "PENDING"  # its plan is not closed
    OUTCOME_MISSING = "OUTCOME_MISSING"  # closed, and 15D does not say why
    VOID = "VOID"  # opened in error
    PLAN_MISSING = "PLAN_MISSING"  # 15B does not say whose plan it is
    SCHEDULED = "SCHEDULED"  # a follow-up that has not been made


@dataclass(frozen=True, slots=True)
class Item:
    """What one row says once: a referral, the end of a plan, a follow-up.

    Args:
        key: the record key, ``15B/3898H/2345678/program/60``, ``15D/3898H/2345678/exit`` or ``/3``.
        row: its number in the file.
        fields: what its record says, the item alone; ``client`` beside it.
    """

    key: str
    row: int
    state: State
    fields: Mapping[str, str]
    client: Mapping[str, str]

    @property
    def what(self) -> str:
        """What of its plan it is: list and code, ``exit``, or the month."""
        return self.key.split("/", 3)[3]

    def octets(self) -> bytes:
        """As :func:`adapters.eois.record.parse` reads it."""
        return canonical({"row": self.fields, "client": self.client})

    def own(self) -> bytes:
        """The item alone: a weekly extract with a newer telephone number is no new referral (settled S16)."""
        return canonical(self.fields)


@dataclass(frozen=True, slots=True)
class Site:
    """The newest extracts of one site; each may be missing."""

    plans: Extract | None = None
    outcomes: Extract | None = None
    clients: Extract | None = None

    def with_(self, extract: Extract) -> Site:
        """The same with a newer one of its kind."""
        return Site(
            plans=extract if extract.report == PLANS else self.plans,
            outcomes=extract if extract.report == OUTCOMES else self.outcomes,
            clients=extract if extract.report == CLIENT else self.clients,
        )


def items(site: Site) -> Iterator[Item]:
    """Every referral of the newest 15B, in the order of its rows; of rows that break a rule none."""
    if site.plans is None:
        return
    bad = {fault.row for fault in faults(site.plans)}
    closures = why_closed(site)
    told = clients(site)
    seen: set[str] = set()
    for row, fields in site.plans.rows:
        if row in bad:
            continue
        closure = closures.get(fields["plan"], {})
        client = whose(fields, told.get(fields["client_reference"], {}), closure)
        state = _state(fields, closure)
        for service in dict.fromkeys(fields.get(column, NOT_APPLICABLE) for column in OUT):
            key = f"{PLANS}/{site.plans.sds}/{fields['plan']}/{service}"
            if service != NOT_APPLICABLE and key not in seen:  # made twice of one plan, it is one referral
                seen |= {key} if state is State.MADE else set()
                yield Item(key, row, state, _said(site.plans.sds, fields, service), client)


def faults(extract: Extract) -> tuple[rules.RowFault, ...]:
    """Rows of an extract that break a rule (E1, E4, E5)."""
    match extract.report:
        case "15B":
            rows = extract.rows
            return (*rules.plan_dates(rows), *rules.lbs_twice(rows), *rules.plans_of_two(rows))
        case "15D":
            return tuple(rules.follow_ups(extract.rows))
        case _:
            return tuple(rules.twice_registered(extract.rows))


def clients(site: Site) -> dict[str, Mapping[str, str]]:
    """Reference to what CLIENT says of them; of several rows the first (E1)."""
    rows = site.clients.rows if site.clients else ()
    return {fields["client_reference"]: fields for _, fields in reversed(rows)}


def whose(plan: Mapping[str, str], client: Mapping[str, str], closure: Mapping[str, str]) -> dict[str, str]:
    """The client of a plan: by reference alone, and what CLIENT says beside it."""
    found = {"client_id": plan["client_reference"]} | {name: client[name] for name in _CARRIED if name in client}
    if closure.get("closure_reason") == rules.DECEASED:
        found["deceased_date"] = closure.get("exit_date") or plan.get("plan_close_date", "")
    return found


def why_closed(site: Site) -> dict[str, Mapping[str, str]]:
    """Plan to the first row that says why it was closed; a plan has a row for each follow-up.

    A row that says that it was opened in error speaks for all of them, also where it breaks a rule.
    """
    found: dict[str, Mapping[str, str]] = {}
    for _, fields in site.outcomes.rows if site.outcomes else ():
        reason = fields.get("closure_reason")
        if reason and (reason == rules.VOID or fields["plan"] not in found):
            found[fields["plan"]] = fields
    return found


def _state(fields: Mapping[str, str], closure: Mapping[str, str]) -> State:
    if closure.get("closure_reason") == rules.VOID:
        return State.VOID
    if fields["plan_status"] != rules.CLOSED:
        return State.PENDING
    return State.MADE if closure else State.OUTCOME_MISSING


def _said(sds: str, fields: Mapping[str, str], service: str) -> dict[str, str]:
    """The item alone."""
    said = {
        "sender_sds": sds,
        "number": f"{fields['plan']}/{service}",
        "service": service,
        "created": fields.get("plan_close_date", ""),
        "timing": fields.get("referral_timing", ""),
        "program": fields["program"],
    }
    return {name: text for name, text in said.items() if text}


def newest(extracts: Sequence[Extract]) -> Site:
    """The newest of each kind, of one site.

    Args:
        extracts: in any order.
    """
    site = Site()
    for extract in sorted(extracts, key=lambda each: each.day):
        site = site.with_(extract)
    return site
