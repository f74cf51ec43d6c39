"""What may leave, restated from the agencies' own rows: consent ∩ agreement ∩ purpose profile (settled S55).

It shares nothing with the hub: where the two disagree, one of them is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hub.sample.database import Row
from hub.sample.network import Network

Owner = tuple[str, int]  # agency, its client's number

PROFILE = frozenset(
    {
        "IDENT", "NEEDS", "CONTACT", "LOCATION", "LANG", "EMPLOY", "EDUC", "INCOME", "HOUSING", "FAMILY",
        "SERVICE_STATUS", "PLAN", "HEALTH_PHYS", "HEALTH_MENTAL", "SUBSTANCE", "DV", "NOTES_FREE",
    }
)  # fmt: skip
NOT_FOR_CLASSES = frozenset({"EMPLOY", "INCOME"})  # in a referral to a language class or assessment
NEEDED = ("IDENT", "NEEDS")

# a row that says no or lacks one of these opens nothing
_MUST_STAND = (
    "valid_from", "expires_on", "text_version", "notice_version", "language", "client_reads", "captured_by",
    "captured_at", "signed_on", "evidence_ref", "receipt_channel",
)  # fmt: skip
_MUST_SAY = {"given_by": "SELF", "capacity_basis": "PRESUMED", "form": "WRITTEN", "not_condition": 1}
_EXPLAINED = {"what", "who", "why", "risk", "may-refuse"}


@dataclass(slots=True)
class Systems:
    """What lies in the agencies' systems, read once.

    Args:
        people: the agencies' own clients with what a row of ``client`` says.
        consents: their consents.
        owners: normalised value to (owner, category) of everyone who has it.
        inboxes: agency to the referrals that the hub delivered: message id, sender, payload.
        cells: agency to the texts of its tables and files, each with the name of its table or folder.
    """

    people: dict[Owner, Row] = field(default_factory=dict)
    consents: dict[Owner, list[Row]] = field(default_factory=dict)
    owners: dict[str, set[tuple[Owner, str]]] = field(default_factory=dict)
    inboxes: dict[str, list[Row]] = field(default_factory=dict)
    cells: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


def allowed(network: Network, systems: Systems, owner: Owner, to: str) -> frozenset[str]:
    """Categories of a client that may stand at another agency: by consent and agreement, for referrals."""
    agreed = [set(row.categories) for row in network.agreements if set(row.parties) == {owner[0], to}]
    day = network.today.isoformat()
    ticked = [set(row["categories"].split()) for row in systems.consents.get(owner, ()) if _is_yes(row, to, day)]
    lists = [*agreed, *ticked]
    whole = set.intersection(*lists) if agreed and ticked else set[str]()
    return frozenset(whole & PROFILE) if whole.issuperset(NEEDED) else frozenset()


def about(systems: Systems, agency: str, names: Row) -> Owner | None:
    """The one client of an agency who is meant: by name and birth date, as the agency wrote them."""
    keys = ("last_name", "first_name", "birth_date")
    found = [
        owner
        for owner, _ in systems.owners.get(normal(names.get("last_name", "")), ())
        if owner[0] == agency and all((systems.people[owner][key] or None) == names.get(key) for key in keys)
    ]
    return found[0] if len(found) == 1 else None


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


def _is_yes(row: Row, to: str, day: str) -> bool:
    """Whether a consent row says yes to this agency on this day, completely."""
    if row.get("declined") or row.get("withdrawn_at") or row["recipient_org"] != to:
        return False
    stands = all(row[name] for name in _MUST_STAND) and all(row[name] == word for name, word in _MUST_SAY.items())
    told = set((row["explained"] or "").split()) >= _EXPLAINED and "REFERRAL" in (row["purposes"] or "").split()
    return bool(stands and told and row["valid_from"] <= day <= row["expires_on"])
