"""What must not be: judged in the systems' own databases, by code that shares nothing with the hub.

What may leave is restated here from the agency's own rows: consent ∩ agreement ∩ purpose profile, with a table of
column to category of its own (settled S55). So a mistake in an adapter, a mapping or a rule is a disagreement, and is
named by system, row number and category; never by a value.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.sample import database
from hub.sample.cms import BY_HUB
from hub.sample.database import Row
from hub.sample.names import TELLING
from hub.sample.network import Network

Owner = tuple[str, int]  # agency, its client_id

CLIENT_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "last_name",
            "first_name",
            "preferred_name",
            "birth_date",
            "birth_date_quality",
            "gender",
            "identifier",
            "file_no",
        ),
        "IDENT",
    ),
    **dict.fromkeys(
        ("phone", "phone_safe", "email", "email_safe", "address_line", "unit", "city", "province", "postal_code"),
        "CONTACT",
    ),
    **dict.fromkeys(
        ("home_language", "service_language", "official_language", "interpreter_needed", "language"), "LANG"
    ),
    **dict.fromkeys(("status_in_canada", "status_date", "arrival_date", "country_of_origin"), "IMMIG"),
}
REFERRAL_COLUMNS: Mapping[str, str] = {
    "reason_code": "NEEDS",
    "reason_text": "NOTES_FREE",
    **dict.fromkeys(
        ("from_org", "to_org", "service_wanted", "urgency", "sent_at", "status", "status_at", "worker"), ""
    ),
    **dict.fromkeys(("hub_referral_no", "client"), ""),  # "": the referral itself
}
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

# columns whose values point to one person: table, column, whose, category
_TELLING = (
    ("client", "last_name", "c.client_id", "IDENT"),
    ("client", "phone", "c.client_id", "CONTACT"),
    ("client", "email", "c.client_id", "CONTACT"),
    ("client", "address_line", "c.client_id", "CONTACT"),
    ("client_identifier", "value", "c.client_id", "IDENT"),
    ("language_result", "assessor", "c.client_id", "LANG"),
)


# what is searched for in the hub's files
_PRIVATE = (
    (
        "SELECT client_id, last_name, first_name, phone, email, address_line FROM client",
        ("last_name", "first_name", "phone", "email", "address_line"),
    ),
    ("SELECT client_id, value FROM client_identifier", ("value",)),
    ("SELECT client_id, assessor FROM language_result", ("assessor",)),
    (
        "SELECT f.client_id, r.reason_text FROM referral r JOIN case_file f ON f.case_id = r.case_id",
        ("reason_text",),
    ),
)


@dataclass(slots=True)
class Systems:
    """What lies in the agencies' databases, read once.

    Args:
        people: the agencies' own clients with their rows of ``client``.
        consents: their consents.
        owners: normalised value to (owner, category) of everyone who has it.
        inboxes: agency to the referrals that the hub delivered: message id, sender, payload.
        cells: agency to the texts of its tables, each with the name of its table.
    """

    people: dict[Owner, Row] = field(default_factory=dict)
    consents: dict[Owner, list[Row]] = field(default_factory=dict)
    owners: dict[str, set[tuple[Owner, str]]] = field(default_factory=dict)
    inboxes: dict[str, list[Row]] = field(default_factory=dict)
    cells: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


def read_systems(network: Network) -> Systems:
    """Read every database of the network."""
    found = Systems()
    for agency in network.agencies:
        with database.connected(network.database(agency.id)) as db:
            _read_own(db, agency.id, found)
            query = "SELECT message_id, payload FROM hub_inbox WHERE kind = 'referral'"
            found.inboxes[agency.id] = [
                {**row, "payload": json.loads(row["payload"])} for row in database.select(db, query)
            ]
            found.cells[agency.id] = {(table, text) for table, cell in database.texts(db) for text in _leaves(cell)}
    return found


def private_values(network: Network) -> list[tuple[str, str]]:
    """Everything personal that the hub must never hold in the clear, as it is written and as it may be rewritten.

    Returns:
        Pairs (what it is, value), sorted; the first names column and client, and may be shown.
    """
    values: dict[str, str] = {}
    for agency in network.agencies:
        with database.connected(network.database(agency.id)) as db:
            for query, columns in _PRIVATE:
                for row in database.select(db, query):
                    for column in columns:
                        whose = f"{column} of client {row['client_id']} of {agency.id}-cms"
                        values |= dict.fromkeys(_spellings(column, row[column]), whose)
    return sorted((whose, value) for value, whose in values.items() if len(value) >= TELLING)


def judge(network: Network) -> list[str]:
    """Every client and every value that stands where it was not allowed to go."""
    systems = read_systems(network)
    wrong: list[str] = []
    for agency in network.agencies:
        for row in systems.inboxes[agency.id]:
            wrong += (
                f"{agency.id}-cms hub_inbox {row['message_id']}: {what}"
                for what in _payload(network, systems, agency.id, row["payload"])
            )
        wrong += _strangers(network, systems, agency.id)
    return wrong


def allowed(network: Network, systems: Systems, owner: Owner, to: str) -> frozenset[str]:
    """Categories of a client that may stand at another agency: by consent and agreement, for referrals."""
    agreed = [set(row.categories) for row in network.agreements if set(row.parties) == {owner[0], to}]
    day = network.today.isoformat()
    ticked = [set(row["categories"].split()) for row in systems.consents.get(owner, ()) if _is_yes(row, to, day)]
    lists = [*agreed, *ticked]
    whole = set.intersection(*lists) if agreed and ticked else set[str]()
    return frozenset(whole & PROFILE) if whole.issuperset(NEEDED) else frozenset()


def _payload(network: Network, systems: Systems, to: str, payload: Row) -> Iterator[str]:
    """What is wrong with one referral that was delivered."""
    owner = _about(systems, payload)
    if owner is None:
        yield "is about nobody whom a sender has"
        return
    may = allowed(network, systems, owner, to)
    if not may:
        yield f"client {owner[1]} of {owner[0]}-cms has not agreed"
    if payload.get("service_wanted", "").startswith("language-"):
        may -= NOT_FOR_CLASSES
    for name in payload:
        if name not in REFERRAL_COLUMNS:
            yield f"column {name} is none of a referral"
        elif REFERRAL_COLUMNS[name] not in may | {""}:
            yield f"{REFERRAL_COLUMNS[name]} of client {owner[1]} of {owner[0]}-cms"
    for name in payload["client"][0]:
        if CLIENT_COLUMNS.get(name, "unknown") not in may:
            yield f"{CLIENT_COLUMNS.get(name, name)} of client {owner[1]} of {owner[0]}-cms"


def _about(systems: Systems, payload: Row) -> Owner | None:
    """The one client of the sender who is meant: by name and birth date, as the sender wrote them."""
    person = (payload.get("client") or [{}])[0]
    keys = ("last_name", "first_name", "birth_date")
    found = [
        owner
        for owner, _ in systems.owners.get(_normal(person.get("last_name", "")), ())
        if owner[0] == payload.get("from_org")
        and all((systems.people[owner][key] or None) == person.get(key) for key in keys)
    ]
    return found[0] if len(found) == 1 else None


def _strangers(network: Network, systems: Systems, to: str) -> Iterator[str]:
    """Values in an agency's tables, hub_inbox included, that belong to another agency's client and may not be there."""
    seen: set[str] = set()
    for table, text in sorted(systems.cells[to]):
        owners = systems.owners.get(_normal(text), set())
        if not owners or any(owner[0] == to for owner, _ in owners):
            continue
        if any(category in allowed(network, systems, owner, to) for owner, category in owners):
            continue
        (agency, number), category = min(owners)
        what = f"{to}-cms {table}: {category} of client {number} of {agency}-cms"
        if what not in seen:
            seen.add(what)
            yield what


def _read_own(db: sqlite3.Connection, agency: str, found: Systems) -> None:
    """The agency's own clients: not those that the hub brought."""
    for row in database.select(db, "SELECT * FROM client WHERE updated_by <> ?", [BY_HUB]):
        found.people[(agency, row["client_id"])] = row
    for row in database.select(db, "SELECT * FROM consent"):
        found.consents.setdefault((agency, row["client_id"]), []).append(row)
    queries = [
        f"SELECT t.{column} AS value, {whose} AS client_id, '{category}' AS category FROM {table} t"  # noqa: S608
        " JOIN client c ON c.client_id = t.client_id WHERE c.updated_by <> ?"
        for table, column, whose, category in _TELLING  # names of our own schema
    ]
    queries.append(
        "SELECT r.reason_text AS value, f.client_id AS client_id, 'NOTES_FREE' AS category FROM referral r"
        " JOIN case_file f ON f.case_id = r.case_id JOIN client c ON c.client_id = f.client_id"
        " WHERE r.direction = 'OUT' AND c.updated_by <> ?"
    )
    for query in queries:
        for row in database.select(db, query, [BY_HUB]):
            if row["value"]:
                whose = found.owners.setdefault(_normal(row["value"]), set())
                whose.add(((agency, row["client_id"]), row["category"]))


def _is_yes(row: Row, to: str, day: str) -> bool:
    """Whether a consent row says yes to this agency on this day, completely."""
    if row["declined"] or row["withdrawn_at"] or row["recipient_org"] != to:
        return False
    stands = all(row[name] for name in _MUST_STAND) and all(row[name] == word for name, word in _MUST_SAY.items())
    told = set((row["explained"] or "").split()) >= _EXPLAINED and "REFERRAL" in (row["purposes"] or "").split()
    return bool(stands and told and row["valid_from"] <= day <= row["expires_on"])


def _leaves(cell: str) -> Iterator[str]:
    """A text; of JSON, the texts in it."""
    if not cell.startswith("{"):
        yield cell
        return
    ahead: list[Any] = [json.loads(cell)]
    while ahead:
        node = ahead.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, (dict, list)):
            ahead.extend(node.values() if isinstance(node, dict) else node)


def _spellings(column: str, cell: str | None) -> set[str]:
    """A value as it stands, and as a mapping, an index or a log might spell it."""
    if not cell:
        return set()
    if column in ("last_name", "first_name"):
        return {cell, "".join(letter for letter in cell.casefold() if letter.isalnum())}
    return {cell, re.sub(r"[\s-]", "", cell)} if column in ("phone", "value") else {cell}


def _normal(text: str) -> str:
    return re.sub(r"[\s-]", "", text).casefold()


def people_answered_otherwise(network: Network, gate_1: Mapping[str, Iterable[str]]) -> list[str]:
    """People whose first referral was answered otherwise than their record deserves.

    Args:
        gate_1: source (``system/key``) to the codes of its messages, oldest first.
    """
    wrong = []
    for person in network.people:
        source = f"{person.home}-cms/referral_out:{person.number}"
        code = next(iter(gate_1.get(source, ())), None)
        if code != person.expected:
            wrong.append(
                f"{source}: {code or 'no message'} where {person.expected or 'no message'} was due ({person.scenario})"
            )
    return wrong
