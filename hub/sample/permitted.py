"""What may leave, restated from the agencies' own rows: consent ∩ agreement ∩ purpose profile (settled S55).

It shares nothing with the hub: where the two disagree, one of them is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from hub.sample.database import Row
from hub.sample.names import FILLER
from hub.sample.network import TOLD_FOR, Network
from hub.sample.scenarios import VERBAL_DAYS

Owner = tuple[str, int]  # agency, its client's number

PROFILE = frozenset(
    {
        "IDENT", "NEEDS", "CONTACT", "LOCATION", "LANG", "EMPLOY", "EDUC", "INCOME", "HOUSING", "FAMILY",
        "SERVICE_STATUS", "PLAN", "HEALTH_PHYS", "HEALTH_MENTAL", "SUBSTANCE", "DV", "NOTES_FREE",
    }
)  # fmt: skip
NOT_FOR_CLASSES = frozenset({"EMPLOY", "INCOME"})  # in a referral to a language class or assessment
NEEDED = ("IDENT", "NEEDS")
IN_DANGER = frozenset({"IDENT", "CONTACT", "LOCATION", "FAMILY", "CHILD_PROT"})
# consent rules 1.7, the starred ones that a referral may hold: on the telephone nobody opens them (C-46)
SENSITIVE = frozenset({"HEALTH_MENTAL", "SUBSTANCE", "DV", "IMMIG", "NOTES_FREE"})

# a row that says no or lacks one of these opens nothing
_MUST_STAND = (
    "valid_from", "expires_on", "text_version", "notice_version", "language", "client_reads", "captured_by",
    "captured_at", "receipt_channel",
)  # fmt: skip
_BY_SELF = {"given_by": "SELF", "capacity_basis": "PRESUMED"}
_FOR_A_CHILD = {"given_by": "PARENT", "capacity_basis": "ASSESSED_INCAPABLE"}  # until it is sixteen
_IN_WRITING = ("signed_on", "evidence_ref")
_CHILD_UNDER = 16  # PHIPA s.23(1)
_EXPLAINED = {"what", "who", "why", "risk", "may-refuse"}


@dataclass(slots=True)
class Systems:
    """What lies in the agencies' systems, read once.

    Args:
        people: the agencies' own clients with what a row of ``client`` says.
        consents: their consents.
        owners: normalised value to (owner, category) of everyone who has it.
        inboxes: agency to the referrals that the hub delivered: message id, sender, payload.
        reported: whose danger was declared, and to whom.
        cells: agency to the texts of its tables and files, each with the name of its table or folder.
    """

    people: dict[Owner, Row] = field(default_factory=dict)
    consents: dict[Owner, list[Row]] = field(default_factory=dict)
    owners: dict[str, set[tuple[Owner, str]]] = field(default_factory=dict)
    inboxes: dict[str, list[Row]] = field(default_factory=dict)
    reported: set[tuple[Owner, str]] = field(default_factory=set)
    cells: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


def allowed(network: Network, systems: Systems, owner: Owner, to: str) -> frozenset[str]:
    """Categories of a client that may stand at another agency: by consent and agreement, for referrals; or what a
    report of a danger needs (CYFSA s.125).
    """
    if (owner, to) in systems.reported:
        return IN_DANGER
    agreed = [set(row.categories) for row in network.agreements if set(row.parties) == {owner[0], to}]
    days = (network.today.isoformat(), (network.today + TOLD_FOR).isoformat())
    born = systems.people.get(owner, {}).get("birth_date") or ""
    ticked = [_ticked(row) for row in systems.consents.get(owner, ()) if _is_yes(row, to, days, born)]
    lists = [*agreed, *ticked]
    whole = set.intersection(*lists) if agreed and ticked else set[str]()
    return frozenset(whole & PROFILE) if whole.issuperset(NEEDED) else frozenset()


def about(systems: Systems, agency: str, names: Row) -> Owner | None:
    """The one client of an agency who is meant: by name and birth date, as the agency wrote them."""
    keys = ("last_name", "first_name", "birth_date")
    found = [
        owner
        for owner, _ in systems.owners.get(normal(names.get("last_name", "")), ())
        if owner[0] == agency and all(_told(systems.people[owner][key]) == names.get(key) for key in keys)
    ]
    return found[0] if len(found) == 1 else None


def _told(cell: str | None) -> str | None:
    """What a name's cell says; a filler says nothing."""
    return None if not cell or cell == FILLER else cell


def own(systems: Systems, value: str, owner: Owner, category: str) -> None:
    """Remember whose a value is."""
    systems.owners.setdefault(normal(value), set()).add((owner, category))


def spellings(column: str, cell: str | None) -> set[str]:
    """A value as it stands, and as a mapping, an index or a log might spell it."""
    if not cell:
        return set()
    if column in ("last_name", "first_name"):
        return {cell, "".join(letter for letter in cell.casefold() if letter.isalnum())}
    return {cell, re.sub(r"[\s-]", "", cell)} if column in ("phone", "value") else {cell}


def normal(text: str) -> str:
    """A value without what is spelled differently here and there."""
    return re.sub(r"[\s-]", "", text).casefold()


def _is_yes(row: Row, to: str, days: tuple[str, str], born: str) -> bool:
    """Whether a consent row says yes to this agency on one of the days of the story, completely.

    Args:
        days: the first and the last one; ``born``: the birth date of its client.
    """
    day, last = days
    if row.get("declined") or row.get("withdrawn_at") or row["recipient_org"] != to or not row["not_condition"]:
        return False
    child = born > f"{int(day[:4]) - _CHILD_UNDER}{day[4:]}"
    decides = _FOR_A_CHILD if child and row["given_by"] == "PARENT" else _BY_SELF
    says_so = all(row[name] == word for name, word in decides.items()) and _is_formal(row, day)
    stands = says_so and all(row[name] for name in _MUST_STAND)
    told = set((row["explained"] or "").split()) >= _EXPLAINED and "REFERRAL" in (row["purposes"] or "").split()
    return bool(stands and told and row["valid_from"] <= last and day <= row["expires_on"])


def _ticked(row: Row) -> set[str]:
    return set(row["categories"].split()) - (SENSITIVE if row["form"] == "VERBAL" else set())


def _is_formal(row: Row, day: str) -> bool:
    """Whether it is signed; or was said not long ago, and noted."""
    if row["form"] == "VERBAL":
        said = date.fromisoformat(str(row["captured_at"])[:10])
        return bool(row["verbal_note"]) and date.fromisoformat(day) - said <= timedelta(days=VERBAL_DAYS)
    return row["form"] == "WRITTEN" and all(row[name] for name in _IN_WRITING)
