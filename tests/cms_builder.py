"""Invented CMS databases for tests: the schema of the agency's own system, and rows with sensible defaults.

A database is a SQLite file here; ``cms_postgres`` makes the same on a server, and its connections are taken too.
Every helper takes column names as keywords; what is given replaces the default, None makes it NULL. All people are
invented. Nothing here knows the adapter.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parent.parent / "schemas" / "records" / "cms.sql"
KEYS = {
    "client": "client_id",
    "client_identifier": "identifier_id",
    "language_result": "language_id",
    "consent": "consent_id",
    "case_file": "case_id",
    "referral": "referral_id",
    "isp_plan": "plan_id",
    "isp_goal": "goal_id",
    "isp_action": "action_id",
    "case_note": "note_id",
    "service_event": "event_id",
    "service_participant": "participant_id",
    "follow_up": "follow_up_id",
    "client_relation": "relation_id",
    "assessment": "assessment_id",
    "override_declaration": "override_id",
    "override_word": "word_id",
}
SAVED_AT = "2026-05-04 09:00:00"  # Toronto


MANDATORY = (  # columns of a consent without which it is a draft (consent rules 1.2)
    "given_by",
    "capacity_basis",
    "form",
    "valid_from",
    "expires_on",
    "recipient_org",
    "purposes",
    "categories",
    "text_version",
    "notice_version",
    "language",
    "client_reads",
    "explained",
    "not_condition",
    "captured_by",
    "captured_at",
    "signed_on",
    "evidence_ref",
    "receipt_channel",
)


def make_cms(path: Path | str) -> None:
    """Make an empty CMS database at a path."""
    Path(path).write_bytes(_empty())


@cache
def _empty() -> bytes:
    """The file of an empty CMS database, made once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cms.sqlite"
        db = connect(file)
        db.executescript(SCHEMA.read_text(encoding="utf-8"))
        db.close()
        return file.read_bytes()


def connect(path: Path | str) -> sqlite3.Connection:
    """The agency's own connection: every statement commits by itself, references are held."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    return db


def add_client(db: sqlite3.Connection, **fields: Any) -> int:
    """A named client with a birth date, a home and no channel that is marked safe."""
    number = _next(db, "client", "client_id")
    return _insert(
        db,
        "client",
        {
            "client_id": number,
            "file_no": f"2026-{number:06d}",
            "last_name": "Okonkwo-Tremblay",
            "first_name": "Amara",
            "birth_date": "1991-07-22",
            "birth_date_quality": "E",
            "gender": "woman",
            "status_in_canada": "PR",
            "status_date": "2024-02-01",
            "arrival_date": "2023-11-15",
            "country_of_origin": "NGA",
            "home_language": "ibo",
            "service_language": "en",
            "official_language": "en",
            "interpreter_needed": 0,
            "address_line": "12 Elm Street",
            "city": "Toronto",
            "province": "ON",
            "postal_code": "M5V 2T6",
            **fields,
        },
    )


def add_identifier(db: sqlite3.Connection, client_id: int, **fields: Any) -> int:
    """A UCI, unless said otherwise; ten digits made from the client's number."""
    return _insert(
        db, "client_identifier", {"client_id": client_id, "type": "UCI", "value": f"11{client_id:08d}", **fields}
    )


def add_language(db: sqlite3.Connection, client_id: int, **fields: Any) -> int:
    """An initial language result, CLB 4 to 6 (codes of program systems 4.5)."""
    result = {"assessed_on": "2026-03-02", "kind": "I", "tool": "CLBPT", "listening": "06", "speaking": "05"}
    rest = {"reading": "05", "writing": "04", "centre_site": "TOR01"}
    return _insert(db, "language_result", {"client_id": client_id, **result, **rest, **fields})


def add_case(db: sqlite3.Connection, client_id: int, **fields: Any) -> int:
    """An open newcomer case."""
    case = {"program": "NEWCOMER", "opened_on": "2026-01-12", "worker": "w-17", "status": "OPEN"}
    return _insert(db, "case_file", {"client_id": client_id, **case, **fields})


def add_consent(db: sqlite3.Connection, client_id: int, recipient_org: str | None = "lakeside", **fields: Any) -> int:
    """A signed consent that has everything to be ACTIVE, for one recipient and referrals."""
    return _insert(
        db,
        "consent",
        {
            "client_id": client_id,
            "form_id": f"F-{client_id}",
            "given_by": "SELF",
            "capacity_basis": "PRESUMED",
            "form": "WRITTEN",
            "valid_from": "2026-01-12",
            "expires_on": "2026-12-31",
            "recipient_org": recipient_org,
            "purposes": "REFERRAL",
            "categories": "IDENT CONTACT NEEDS LANG SERVICE_STATUS",
            "text_version": "sharing-v3",
            "notice_version": "notice-v2",
            "language": "en",
            "client_reads": "en",
            "explained": "what who why risk may-refuse",
            "not_condition": 1,
            "captured_by": "w-17",
            "captured_at": "2026-01-12 10:15:00",
            "signed_on": "2026-01-12",
            "evidence_ref": f"scan-{client_id}",
            "receipt_at": "2026-01-12 10:20:00",
            "receipt_channel": "PAPER",
            **fields,
        },
    )


def add_referral(
    db: sqlite3.Connection,
    client_id: int,
    to_org: str = "lakeside",
    service_wanted: str = "employment",
    **fields: Any,
) -> int:
    """A referral that is sent by the hub, on the client's latest case (one is opened where there is none)."""
    return _insert(
        db,
        "referral",
        {
            "case_id": fields.pop("case_id", None) or _case_of(db, client_id),
            "direction": "OUT",
            "from_org": "harbour",
            "to_org": to_org,
            "service_wanted": service_wanted,
            "reason_code": "employment",
            "channel": "hub",
            "sent_at": SAVED_AT,
            "status": "SENT",
            "status_at": SAVED_AT,
            "worker": "w-17",
            **fields,
        },
    )


def answer(
    db: sqlite3.Connection, hub_referral_no: str, status: str, *, client_id: int | None = None, **fields: Any
) -> int:
    """The receiving agency's own row for a referral that came by the hub: made at the first answer, then moved on."""
    moved = {"status": status, "status_at": SAVED_AT, **fields}
    row = db.execute(
        "SELECT referral_id FROM referral WHERE direction = 'IN' AND hub_referral_no = ?", (hub_referral_no,)
    ).fetchone()
    if row:
        update(db, "referral", row[0], **moved)
        return int(row[0])
    client_id = add_client(db) if client_id is None else client_id
    came = {"direction": "IN", "from_org": "harbour", "to_org": "lakeside", "hub_referral_no": hub_referral_no}
    return add_referral(db, client_id, **{**came, "sent_at": None, **moved})


def add_plan(db: sqlite3.Connection, client_id: int, **fields: Any) -> int:
    """A signed plan with two goals; the first has two actions, of which one is done."""
    case = fields.pop("case_id", None) or _case_of(db, client_id)
    signed = {"client_signed_on": "2026-05-02", "worker_signed_on": "2026-05-01", "review_due": "2026-08-01"}
    plan = _insert(db, "isp_plan", {"case_id": case, "version": 1, **signed, **fields})
    add_goal(db, plan, description="Work in a bakery", indicator="A job of 20 hours a week", result="Two interviews")
    add_action(db, plan, "Write a résumé", done_on="2026-05-03", note="Together at the library")
    add_action(db, plan, "Ask three bakeries", responsible="worker")
    add_goal(db, plan, term="long", description="A shop of her own", status="NOT_STARTED")
    return plan


def add_goal(db: sqlite3.Connection, plan_id: int, **fields: Any) -> int:
    """A goal that is under way."""
    goal = {"term": "short", "description": "A goal", "status": "IN_PROGRESS"}
    return _insert(db, "isp_goal", {"plan_id": plan_id, **goal, **fields})


def add_action(db: sqlite3.Connection, plan_id: int, description: str, **fields: Any) -> int:
    """An action of the plan's latest goal."""
    goal = db.execute("SELECT MAX(goal_id) FROM isp_goal WHERE plan_id = ?", (plan_id,)).fetchone()[0]
    action = {"goal_id": goal, "description": description, "responsible": "client", "deadline": "2026-06-15"}
    return _insert(db, "isp_action", {**action, **fields})


def add_note(db: sqlite3.Connection, client_id: int, **fields: Any) -> int:
    """A note that is signed and marked shareable."""
    case = fields.pop("case_id", None) or _case_of(db, client_id)
    note = {"author": "w-17", "written_at": SAVED_AT, "signed_at": SAVED_AT, "language": "en", "shareable": 1}
    return _insert(
        db, "case_note", {"case_id": case, "body": "Came with two letters.", "category": "progress", **note, **fields}
    )


def add_follow_up(db: sqlite3.Connection, client_id: int, **fields: Any) -> int:
    """A call three months after, in which the client was reached: at work, and content."""
    case = fields.pop("case_id", None) or _case_of(db, client_id)
    made = {"month": 3, "due_on": "2026-05-20", "done_on": "2026-05-22", "method": "phone", "reached": 1}
    said = {"satisfaction": 4, "situation": "EMPLOYED_FT", "needs_booking": 0}
    return _insert(db, "follow_up", {"case_id": case, **made, **said, **fields})


def add_override(
    db: sqlite3.Connection, client_id: int, code: str, recipient_org: str, limbs: Mapping[str, str], **fields: Any
) -> int:
    """A duty of care that a worker declares, everything said that can be asked: not imminent, to be told afterwards.

    Args:
        limbs: of the test, each attested, with its fact.
    """
    said = {
        "told": "Was told on the phone at nine of a plan for tonight.",
        "narrative": "At nine she said on the phone that tablets lie beside her bed and will take them tonight.",
        "imminent": 0,
        "consent_sought": "unsafe-to-ask",
        "notice": "tell-after",
        "worker": "w-301",
        "updated_by": "w-301",
    }
    db.execute("BEGIN")
    row = {"client_id": client_id, "code": code, "recipient_org": recipient_org, **said, **fields}
    number = _insert(db, "override_declaration", row)
    for limb, fact in limbs.items():
        db.execute(
            "INSERT INTO override_limb (override_id, limb, attested, fact, updated_by) VALUES (?, ?, ?, ?, ?)",
            (number, limb, int(bool(fact)), fact, row["updated_by"]),
        )
    db.execute("COMMIT")
    return number


def add_word(db: sqlite3.Connection, override_id: int, worker: str, kind: str = "approval", **fields: Any) -> int:
    """What somebody else says of a declaration as it stands now, under an account of their own."""
    (of,) = db.execute("SELECT row_version FROM override_declaration WHERE override_id = ?", (override_id,)).fetchone()
    row = {"override_id": override_id, "kind": kind, "worker": worker, "updated_by": worker, "of_version": of}
    return _insert(db, "override_word", {**row, **fields})


def add_relation(db: sqlite3.Connection, client_id: int, related: int, relation: str = "child", **fields: Any) -> int:
    """Somebody of the same household, also a client of the agency."""
    row = {"client_id": client_id, "related_client_id": related, "relation": relation, "same_household": 1}
    return _insert(db, "client_relation", {**row, **fields})


def add_assessment(db: sqlite3.Connection, client_id: int, **fields: Any) -> int:
    """An initial assessment in the client's own words."""
    case = fields.pop("case_id", None) or _case_of(db, client_id)
    said = {"needs": "A job near home", "strengths": "Bakes well", "barriers": "No car", "priority": "high"}
    return _insert(db, "assessment", {"case_id": case, "done_on": "2026-02-01", "kind": "initial", **said, **fields})


def add_issues(db: sqlite3.Connection, case_id: int, *codes: str) -> None:
    """Presenting issues of a case, the first the most pressing."""
    for rank, code in enumerate(codes, start=1):
        db.execute("INSERT INTO presenting_issue (case_id, rank, issue_code) VALUES (?, ?, ?)", (case_id, rank, code))


def close_case(db: sqlite3.Connection, client_id: int, reason: str = "EMPLOYED", day: str = "2026-05-20") -> int:
    """Close the client's latest case."""
    case = _case_of(db, client_id)
    update(db, "case_file", case, status="CLOSED", closed_on=day, closure_reason=reason)
    return case


def update(db: sqlite3.Connection, table: str, number: int, **fields: Any) -> None:
    """Change columns of a row by its key."""
    marks = ", ".join(f"{name} = ?" for name in fields)
    db.execute(f"UPDATE {table} SET {marks} WHERE {KEYS[table]} = ?", (*fields.values(), number))


def _case_of(db: sqlite3.Connection, client_id: int) -> int:
    row = db.execute("SELECT MAX(case_id) FROM case_file WHERE client_id = ?", (client_id,)).fetchone()
    return int(row[0]) if row[0] else add_case(db, client_id)


def _insert(db: sqlite3.Connection, table: str, row: dict[str, Any]) -> int:
    marks = ", ".join("?" * len(row))
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}) RETURNING {KEYS[table]}"
    return int(db.execute(sql, tuple(row.values())).fetchone()[0])


def _next(db: sqlite3.Connection, table: str, key: str) -> int:
    return int(db.execute(f"SELECT COALESCE(MAX({key}), 0) + 1 FROM {table}").fetchone()[0])


def add_service(db: sqlite3.Connection, *clients: int, case_id: int | None = None, **fields: Any) -> list[int]:
    """A session that these clients attended, reported to ``ircc``; the numbers of their parts in it."""
    event = _insert(
        db,
        "service_event",
        {
            "program": "NEWCOMER",
            "activity": "orientation",
            "started_at": "2026-04-14 10:00:00",
            "ended_at": "2026-04-14 11:00:00",
            "minutes": 60,
            "format": "one-on-one",
            "delivery": "in person",
            "site_id": "S1",
            "language": "en",
            "funder": "ircc",
            **{name: value for name, value in fields.items() if name not in ("attended", "supports")},
        },
    )
    part = {"attended": fields.get("attended", 1), "supports": fields.get("supports"), "case_id": case_id}
    return [_insert(db, "service_participant", {"event_id": event, "client_id": client, **part}) for client in clients]
