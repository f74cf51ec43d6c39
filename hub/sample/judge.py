"""What must not be: judged in the systems' own databases and files, by code that shares nothing with the hub.

What may leave is restated from the agency's own rows (``permitted.py``), with a table of column to category of its own
(settled S55). Files are looked at in ``judge_files.py`` (HARTS), ``judge_cams.py``, ``judge_icare.py``. So a mistake in
an adapter, a mapping or a rule is a disagreement, and is named by system, row number and category; never by a value.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from hub.sample import database, judge_arrived, judge_cams, judge_files, judge_icare, judge_words, situation
from hub.sample.agencies import FUNDER
from hub.sample.cms import BY_HUB
from hub.sample.database import Row
from hub.sample.icare_papers import month_before
from hub.sample.names import TELLING
from hub.sample.network import Network
from hub.sample.permitted import NOT_FOR_CLASSES, Systems, about, allowed, normal, own, spellings

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
_PLACE = frozenset({"address_line", "unit", "city", "province", "postal_code"})
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
        "SELECT client_id, last_name, first_name, birth_date, phone, email, address_line FROM client",
        ("last_name", "first_name", "birth_date", "phone", "email", "address_line"),
    ),
    ("SELECT client_id, value FROM client_identifier", ("value",)),
    ("SELECT client_id, assessor FROM language_result", ("assessor",)),
    ("SELECT child_client_id AS client_id, told, narrative FROM override_declaration", ("told", "narrative")),
    (
        "SELECT f.client_id, r.reason_text FROM referral r JOIN case_file f ON f.case_id = r.case_id",
        ("reason_text",),
    ),
    (
        "SELECT f.client_id, a.needs, a.strengths, a.barriers FROM assessment a JOIN case_file f"
        " ON f.case_id = a.case_id",
        situation.TEXTS,
    ),
)


def read_systems(network: Network) -> Systems:
    """Read every database of the network, and the files of the three sites."""
    found = Systems()
    for agency in network.agencies:
        with database.connected(network.database(agency.id)) as db:
            _read_own(db, agency.id, found)
            query = "SELECT message_id, payload FROM hub_inbox WHERE kind = 'referral'"
            found.inboxes[agency.id] = [
                {**row, "payload": json.loads(row["payload"])} for row in database.select(db, query)
            ]
            found.cells[agency.id] = {(table, text) for table, cell in database.texts(db) for text in _leaves(cell)}
    judge_files.read_own(network, found)
    judge_cams.read_own(network.cams, found)
    judge_icare.read_own(network.icare, found)
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
                        values |= dict.fromkeys(spellings(column, row[column]), whose)
    values |= judge_files.private_values(network)
    values |= judge_cams.private_values(network.cams, network.cams_site.system)
    values |= judge_icare.private_values(network.icare)
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
    for agency in network.everyone:
        wrong += _strangers(network, systems, agency.id)
    wrong += judge_arrived.judge(network, systems)
    wrong += judge_files.judge(network, systems)
    wrong += judge_cams.judge(network.cams, network, systems)
    values = [value for _, value in private_values(network)]
    wrong += judge_words.judge(network, values)
    for site in (network.icare, network.reporting):
        wrong += judge_icare.judge_words(site, values)
    return [*wrong, *_reports(network)]


def _reports(network: Network) -> Iterator[str]:
    """What lies in the workbooks for the funder and may not."""
    site = network.reporting
    reported = judge_icare.read_reported(network.database(site.home))
    agreed = next(each.categories for each in network.agreements if FUNDER.id in each.parties)
    yield from judge_icare.judge_reports(site, reported, agreed)
    for file, number, column in site.incomplete():
        yield f"{site.home}-icare {file} row {number}: {column} was uploaded blank"


def _payload(network: Network, systems: Systems, to: str, payload: Row) -> Iterator[str]:
    """What is wrong with one referral that was delivered."""
    sender, client = payload.get("from_org", ""), (payload.get("client") or [{}])[0]
    by_number = sender == network.settlement.id  # iCARE knows nobody by name
    owner = judge_icare.about(systems, sender, client) if by_number else about(systems, sender, client)
    if owner is None:
        yield "is about nobody whom a sender has"
        return
    may = allowed(network, systems, owner, to)
    whose = f"client {owner[1]} of {network.system(owner[0])}"
    if not may:
        yield f"{whose} has not agreed"
    if payload.get("service_wanted", "").startswith("language-"):
        may -= NOT_FOR_CLASSES
    for name in payload.keys() - {"issue", "assessment"}:
        if name not in REFERRAL_COLUMNS:
            yield f"column {name} is none of a referral"
        elif REFERRAL_COLUMNS[name] not in may | {""}:
            yield f"{REFERRAL_COLUMNS[name]} of {whose}"
    for category in sorted(set(situation.told(payload)) - may):
        yield f"{category} of {whose}"
    if systems.people[owner].get("address_confidential") and _PLACE & payload["client"][0].keys():
        yield f"where {whose} lives, who may not be found"
    for name in payload["client"][0].keys() - {"relation"}:
        if CLIENT_COLUMNS.get(name, "unknown") not in may:
            yield f"{CLIENT_COLUMNS.get(name, name)} of {whose}"


def _strangers(network: Network, systems: Systems, to: str) -> Iterator[str]:
    """Values in an agency's tables, hub_inbox included, that belong to another agency's client and may not be there."""
    seen: set[str] = set()
    for table, text in sorted(systems.cells[to]):
        owners = systems.owners.get(normal(text), set())
        if not owners or any(owner[0] == to for owner, _ in owners):
            continue
        if any(category in allowed(network, systems, owner, to) for owner, category in owners):
            continue
        (agency, number), category = min(owners)
        what = f"{network.system(to)} {table}: {category} of client {number} of {network.system(agency)}"
        if what not in seen:
            seen.add(what)
            yield what


def _read_own(db: sqlite3.Connection, agency: str, found: Systems) -> None:
    """The agency's own clients: not those that the hub brought."""
    for row in database.select(db, "SELECT * FROM client WHERE updated_by <> ?", [BY_HUB]):
        found.people[(agency, row["client_id"])] = row
    for row in database.select(db, "SELECT client_id, child_client_id, recipient_org FROM override_declaration"):
        found.reported |= {((agency, row[name]), row["recipient_org"]) for name in ("client_id", "child_client_id")}
    for row in database.select(db, "SELECT * FROM consent"):
        found.consents.setdefault((agency, row["client_id"]), []).append(row)
    queries = [
        f"SELECT t.{column} AS value, {whose} AS client_id, '{category}' AS category FROM {table} t"  # noqa: S608
        " JOIN client c ON c.client_id = t.client_id WHERE c.updated_by <> ? AND t.updated_by <> ?"
        for table, column, whose, category in _TELLING  # names of our own schema
    ]
    queries.append(
        "SELECT r.reason_text AS value, f.client_id AS client_id, 'NOTES_FREE' AS category FROM referral r"
        " JOIN case_file f ON f.case_id = r.case_id JOIN client c ON c.client_id = f.client_id"
        " WHERE r.direction = 'OUT' AND c.updated_by <> ? AND f.updated_by <> ?"
    )
    for query in queries:
        for row in database.select(db, query, [BY_HUB, BY_HUB]):
            if row["value"]:
                own(found, row["value"], (agency, row["client_id"]), row["category"])


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


def told_otherwise(network: Network) -> list[str]:
    """Records of files whose last answer is another one than the story deserves, and clients of whom the funder has
    heard otherwise than it must.
    """
    reporting = network.reporting
    reported = judge_icare.read_reported(network.database(reporting.home))
    theirs = [(person, source) for person, source in network.sources() if person.home == network.settlement.id]
    return [
        *judge_files.told_otherwise(network),
        *judge_cams.told_otherwise(network.cams, network.cams_site.system, network.people()),
        *judge_icare.told_otherwise(network.icare, theirs),
        *judge_icare.reported_otherwise(reporting, reported, f"{month_before(network.today):%Y-%m}"),
    ]
