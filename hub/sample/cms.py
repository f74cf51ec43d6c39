"""The agencies' own application on a CMS database: it empties ``hub_inbox``, and workers answer.

Program systems 5.4 and 9.2. One message, one transaction: applied, or a code in ``hub_inbox_error`` while the original
stays in the inbox unapplied. A message is never half applied, and one bad message holds up no other.

- ``referral``: the client is the one that the adapter found, or is found by identifier and birth date, or is made; a
  case is opened; the referral stands as RECEIVED. A known client's own data are not overwritten.
- ``referral-status``: moves the referral that it names: ours that we sent, or theirs that they withdraw. Language
  results that come with it are saved with the client.
- ``refusal``, ``returned``, ``rejected``, ``shortened``, ``review-due``, ``override-status``: stand on a worker's list
  (:func:`to_do`). The row is not touched: any change to it would be a new revision, and with it a new submission.
- ``override``: somebody is in danger; a worker telephones, and the hub's part is done.
- ``recall``: stands there too, with the message that is to be laid aside; so do ``consent-changed``, with the
  hub's number of the consent, and ``correction``, with that of the referral: a worker puts the record right by it.

It knows nothing of the hub but its inbox.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.sample.database import Row, insert, saved, select, update

BY_HUB = "hub"  # updated_by of what came by the hub

STATUSES = frozenset(
    {"DRAFT", "SENT", "RECEIVED", "ACCEPTED", "WAITLISTED", "DECLINED", "NO_SHOW", "COMPLETED", "WITHDRAWN"}
)
SERVICES = frozenset(
    {
        "language-assessment", "language-training", "settlement", "employment", "literacy", "credentials", "housing",
        "health", "legal", "income", "food-clothing", "childcare", "family", "education", "community", "other",
    }
)  # fmt: skip
URGENCIES = frozenset({"routine", "urgent", "asap", "crisis"})
NOTICES = frozenset(
    {
        "refusal", "returned", "rejected", "shortened", "review-due", "recall", "consent-changed", "correction",
        "override-status",
    }
)  # fmt: skip

DANGER, EXIT = "override", "exit"
DECLINE_REASONS = ("no-capacity", "not-eligible", "out-of-area", "wrong-service")
# what a worker does with a referral that came, of 100; with "" it stays RECEIVED
ANSWERS: Mapping[str, int] = {"ACCEPTED": 35, "COMPLETED": 15, "WAITLISTED": 20, "DECLINED": 15, "": 15}

_CLIENT_COLUMNS = (
    "last_name", "first_name", "preferred_name", "birth_date", "birth_date_quality", "gender", "status_in_canada",
    "status_date", "arrival_date", "country_of_origin", "home_language", "service_language", "official_language",
    "interpreter_needed", "phone", "phone_safe", "email", "email_safe", "address_line", "unit", "city", "province",
    "postal_code",
)  # fmt: skip
_LANGUAGE_COLUMNS = (
    "assessed_on", "kind", "tool", "listening", "speaking", "reading", "writing", "centre_site", "assessor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an inbox: messages applied, and those that could not be, by code."""

    applied: int
    errors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ToDo:
    """A word of the hub about one of our own records, for its worker: a code, and what it is about."""

    record: str  # ``referral 12`` or ``consent 12``
    kind: str
    code: str


class _CannotApply(Exception):
    """The message stays in the inbox; the code goes to hub_inbox_error."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def apply_inbox(db: sqlite3.Connection, agency: str, program: str, now: str) -> Applied:
    """Apply every message that has neither been applied nor found wanting.

    Args:
        agency: whose system this is.
        program: of the cases that it opens.
        now: ``YYYY-MM-DD HH:MM:SS``, Toronto.
    """
    applied, errors = 0, dict[str, int]()
    for message in _unapplied(db):
        try:
            with saved(db):
                _apply(db, message, agency, program, now)
                db.execute("UPDATE hub_inbox SET applied_at = ? WHERE message_id = ?", (now, message["message_id"]))
            applied += 1
        except (_CannotApply, sqlite3.IntegrityError) as error:
            code, detail = _code_of(error)
            _tell(db, message["message_id"], code, detail, now)
            errors[code] = errors.get(code, 0) + 1
    return Applied(applied, errors)


def answer(db: sqlite3.Connection, seed: int, now: str) -> int:
    """Let workers answer what has come; how many referrals moved.

    What a worker does depends on the seed, the person and the service alone, so the order of arrival changes nothing.
    Who will be served is first accepted; a second call completes.
    """
    moved = 0
    for row in _arrived(db):
        fields = _answer(seed, row)
        if fields:
            with saved(db):
                update(db, "referral", ("referral_id", row["referral_id"]), {**fields, "status_at": now}, now)
            moved += 1
    return moved


def to_do(db: sqlite3.Connection) -> list[ToDo]:
    """What a worker has to look at: the last word of the hub about each record that is still as it was sent."""
    last: dict[str, ToDo] = {}
    words = "SELECT kind, hub_referral_no, payload FROM hub_inbox WHERE applied_at IS NOT NULL ORDER BY rowid"
    for row in select(db, words):
        if row["kind"] not in NOTICES:
            continue
        payload = json.loads(row["payload"])
        about = {"referral_no": row["hub_referral_no"]} if row["kind"] == "correction" else payload
        name, number = next((key, about[key]) for key in about if key.endswith(("_id", "_no")))
        record = f"{name[:-3]} {number}"
        last[record] = ToDo(record, row["kind"], payload.get("code", ""))
    open_ones = {f"referral {row['referral_id']}" for row in select(db, _OPEN)}
    return [found for record, found in last.items() if record in open_ones or not record.startswith("referral")]


_OPEN = "SELECT referral_id FROM referral WHERE direction = 'OUT' AND status = 'SENT' AND hub_referral_no IS NULL"


def _unapplied(db: sqlite3.Connection) -> list[Row]:
    return select(
        db,
        "SELECT * FROM hub_inbox WHERE applied_at IS NULL"
        " AND message_id NOT IN (SELECT message_id FROM hub_inbox_error) ORDER BY rowid",
    )


def _apply(db: sqlite3.Connection, message: Row, agency: str, program: str, now: str) -> None:
    payload = json.loads(message["payload"])
    if message["kind"] == "referral":
        _take_referral(db, message, payload, agency, program, now)
    elif message["kind"] == "referral-status":
        _take_status(db, message, payload, now)
    elif message["kind"] == EXIT:
        _take_exit(db, payload, now)
    elif message["kind"] not in NOTICES and message["kind"] != DANGER:
        raise _CannotApply("CODE_UNMAPPED", "KIND")


def _take_referral(db: sqlite3.Connection, message: Row, payload: Row, agency: str, program: str, now: str) -> None:
    known = "SELECT 1 FROM referral WHERE direction = 'IN' AND hub_referral_no = ?"
    if select(db, known, [message["hub_referral_no"]]):
        raise _CannotApply("DUPLICATE", "HUB_REFERRAL_NO")
    _demand(payload, "service_wanted", SERVICES.__contains__)
    _demand(payload, "urgency", URGENCIES.__contains__, required=False)
    client_id = _client(db, message, payload, now)
    referral = {
        "case_id": _case(db, client_id, program, f"{agency}-worker", now),
        "direction": "IN",
        "from_org": payload.get("from_org", ""),
        "to_org": agency,
        "service_wanted": payload["service_wanted"],
        "urgency": payload.get("urgency"),
        "reason_code": payload.get("reason_code", "other"),
        "reason_text": payload.get("reason_text"),
        "channel": "hub",
        "sent_at": payload.get("sent_at"),
        "status": "RECEIVED",
        "status_at": now,
        "worker": f"{agency}-worker",
        "hub_referral_no": message["hub_referral_no"],
        "updated_by": BY_HUB,
    }
    insert(db, "referral", referral, now)


def _client(db: sqlite3.Connection, message: Row, payload: Row, now: str) -> int:
    """The client of a referral: found by the adapter, found by us, or made."""
    people = [_named(person) for person in payload.get("client") or []]
    if len(people) != 1 or not people[0].get("last_name"):
        raise _CannotApply("UNKNOWN_CLIENT", "CLIENT")
    if message["client_id"] is not None:
        return _found_by_adapter(db, message)
    ours = _found_by_identifier(db, people[0])
    return ours if ours is not None else _made(db, people[0], now)


def _found_by_adapter(db: sqlite3.Connection, message: Row) -> int:
    """The client as the adapter saw it, if nobody has changed it since (optimistic: the row versions are compared)."""
    row = select(db, "SELECT row_version FROM client WHERE client_id = ?", [message["client_id"]])
    if not row:
        raise _CannotApply("UNKNOWN_CLIENT", "CLIENT_ID")
    if row[0]["row_version"] != message["base_row_version"]:
        raise _CannotApply("CONFLICT", "ROW_VERSION")
    return int(message["client_id"])


def _found_by_identifier(db: sqlite3.Connection, person: Row) -> int | None:
    """Exactly one client of ours with the same identifier and birth date."""
    found: set[int] = set()
    for identifier in person.get("identifier", ()):
        query = (
            "SELECT c.client_id AS client_id FROM client_identifier i JOIN client c ON c.client_id = i.client_id"
            " WHERE i.type = ? AND UPPER(REPLACE(REPLACE(i.value, '-', ''), ' ', '')) = ? AND c.birth_date = ?"
        )
        arguments = (identifier["type"], identifier["value"], person.get("birth_date"))
        found |= {row["client_id"] for row in select(db, query, arguments)}
    return found.pop() if len(found) == 1 else None


def _named(person: Row) -> Row:
    """Who comes by number and birth date alone, as iCARE has them, is called by the number until a worker has asked."""
    number = next((row["value"] for row in person.get("identifier", ())), "")
    if person.get("last_name") or not (number and person.get("birth_date")):
        return person
    return {**person, "last_name": f"No. {number}"}


def _made(db: sqlite3.Connection, person: Row, now: str) -> int:
    number = select(db, "SELECT COALESCE(MAX(client_id), 0) + 1 AS next FROM client")[0]["next"]
    whole = {name: person[name] for name in _CLIENT_COLUMNS if name in person}
    named = {"client_id": number, "file_no": f"{now[:4]}-{number:06d}", "updated_by": BY_HUB}
    insert(db, "client", {**named, **whole}, now)
    theirs = [{"type": "FILE_NO", "value": person["file_no"]}] if "file_no" in person else []  # of the sending agency
    for row in [*person.get("identifier", ()), *theirs]:
        own = {"client_id": number, "type": row["type"], "value": row["value"], "updated_by": BY_HUB}
        insert(db, "client_identifier", own, now)
    _save_results(db, number, person, now)
    return int(number)


def _case(db: sqlite3.Connection, client_id: int, program: str, worker: str, now: str) -> int:
    """The client's open case of our program; one who returns gets a new case (C1)."""
    cases = select(db, "SELECT * FROM case_file WHERE client_id = ? ORDER BY case_id DESC", [client_id])
    for case in cases:
        if case["status"] != "CLOSED" and case["program"] == program:
            return int(case["case_id"])
    previous = next((case["case_id"] for case in cases if case["status"] == "CLOSED"), None)
    case = {"client_id": client_id, "program": program, "opened_on": now[:10], "worker": worker, "status": "OPEN"}
    return insert(db, "case_file", {**case, "previous_case_id": previous, "updated_by": BY_HUB}, now)


def _take_status(db: sqlite3.Connection, message: Row, payload: Row, now: str) -> None:
    """Move the referral that is meant: ours that we sent, by our own number, or one that came, by the hub's."""
    status = _demand(payload, "status", STATUSES.__contains__)
    if "referral_id" in payload:
        where, number = "r.direction = 'OUT' AND r.referral_id = ?", payload["referral_id"]
    else:
        where, number = "r.direction = 'IN' AND r.hub_referral_no = ?", message["hub_referral_no"]
    query = "SELECT r.referral_id, f.client_id FROM referral r JOIN case_file f ON f.case_id = r.case_id"
    found = select(db, f"{query} WHERE {where}", [number])
    if not found:
        raise _CannotApply("UNKNOWN_CLIENT", "REFERRAL")
    fields = {
        "status": status,
        "status_reason": payload.get("status_reason"),
        "status_at": payload.get("status_at", now),
        "appointment_at": payload.get("appointment_at"),
        "hub_referral_no": message["hub_referral_no"],
        "updated_by": BY_HUB,
    }
    update(db, "referral", ("referral_id", found[0]["referral_id"]), fields, now)
    _save_results(db, found[0]["client_id"], payload, now)


def _take_exit(db: sqlite3.Connection, payload: Row, now: str) -> None:
    """Why the case ended to which our referral led; the referral's status is another message's."""
    query = "SELECT referral_id FROM referral WHERE direction = 'OUT' AND referral_id = ?"
    if not select(db, query, [payload.get("referral_id")]):
        raise _CannotApply("UNKNOWN_CLIENT", "REFERRAL")
    fields = {"outcome": payload.get("closure_reason"), "updated_by": BY_HUB}
    update(db, "referral", ("referral_id", payload["referral_id"]), fields, now)


def _save_results(db: sqlite3.Connection, client_id: int, payload: Row, now: str) -> None:
    for row in payload.get("language", ()):
        result = {name: row[name] for name in _LANGUAGE_COLUMNS if name in row}
        insert(db, "language_result", {"client_id": client_id, **result, "updated_by": BY_HUB}, now)


def _demand(payload: Row, name: str, allowed: Callable[[str], bool], *, required: bool = True) -> str | None:
    """A coded field of a payload, in our own words."""
    value = payload.get(name)
    if (value is None and required) or (value is not None and not allowed(value)):
        raise _CannotApply("CODE_UNMAPPED", name.upper())
    return value


def _code_of(error: Exception) -> tuple[str, str]:
    if isinstance(error, _CannotApply):
        return error.code, error.detail
    # a trigger's text is its code; any other constraint is a row that stands already
    return ("CASE_CLOSED", "") if str(error) == "CASE_CLOSED" else ("DUPLICATE", "CONSTRAINT")


def _tell(db: sqlite3.Connection, message_id: str, code: str, detail: str, now: str) -> None:
    db.execute(
        "INSERT INTO hub_inbox_error (message_id, code, detail_code, occurred_at) VALUES (?, ?, ?, ?)",
        (message_id, code, detail or None, now),
    )


def _arrived(db: sqlite3.Connection) -> list[Row]:
    return select(
        db,
        "SELECT r.referral_id, r.status, r.service_wanted, r.from_org, c.last_name, c.first_name FROM referral r"
        " JOIN case_file f ON f.case_id = r.case_id JOIN client c ON c.client_id = f.client_id"
        " WHERE r.direction = 'IN' AND r.channel = 'hub' AND r.status IN ('RECEIVED', 'ACCEPTED')"
        " AND f.status <> 'CLOSED' ORDER BY r.referral_id",
    )


def _answer(seed: int, row: Mapping[str, Any]) -> Row:
    """What the worker writes into the row now; nothing, if it stays as it is."""
    about = "/".join(str(row[name]) for name in ("from_org", "last_name", "first_name", "service_wanted"))
    chance = random.Random(f"answer/{seed}/{about}")  # noqa: S311 (a sample is seeded, not secret)
    wish = chance.choices(list(ANSWERS), list(ANSWERS.values()))[0]
    if row["status"] == "ACCEPTED":
        return {"status": "COMPLETED", "outcome": "served"} if wish == "COMPLETED" else {}
    if wish == "DECLINED":
        return {"status": "DECLINED", "status_reason": chance.choice(DECLINE_REASONS)}
    return {"status": "ACCEPTED" if wish == "COMPLETED" else wish} if wish else {}
