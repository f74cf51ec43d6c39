"""What people do where there is a CMS: they register, sign, refer, answer, correct, forget and delete.

Every act is one small change of one agency's database, in the words of that database. No act knows the hub.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any

from tests import cms_builder as cms
from tests.simulation.world import OFFERS, PEOPLE, World, person

REASONS = ("no-capacity", "client-declined", "not-eligible", "other")
CATEGORIES = (
    "IDENT CONTACT NEEDS LANG SERVICE_STATUS",
    "IDENT NEEDS SERVICE_STATUS",
    "IDENT CONTACT SERVICE_STATUS",
    "IDENT NEEDS EMPLOY IMMIG",
)


def register_client(world: World, agency: str) -> None:
    """A new client; sometimes somebody whom the agency, or another one, knows already."""
    dice, db = world.dice, world.systems[agency]
    who = person(dice.randrange(PEOPLE))
    to = world.other(agency)
    client = cms.add_client(
        db,
        last_name=who.family,
        first_name=who.given,
        birth_date=who.birth_date,
        email="Zqmailxj@example.org",
        email_safe=dice.choice([0, 1, None]),
        phone="416-555-0142",
        phone_safe=dice.choice([0, 1]),
        address_line="Zqstreetxj 12",
    )
    world.clients[agency].append(client)
    if dice.random() < 0.7:
        cms.add_identifier(db, client, value=who.uci)
    if dice.random() < 0.4:
        cms.add_language(db, client)
    if dice.random() < 0.85:
        sign_consent(world, agency, client, to)
    if dice.random() < 0.9:
        refer(world, agency, client, to)


def sign_consent(world: World, agency: str, client: int | None = None, to: str = "") -> None:
    """A consent form, complete or not, for one of the others."""
    dice = world.dice
    who = client or _client(world, agency)
    today = world.clock.now()
    odd: dict[str, Any] = dice.choice(
        [
            {"receipt_channel": None},
            {"declined": 1},
            {"valid_from": f"{today + timedelta(days=dice.choice([0, 1, 2])):%Y-%m-%d}"},
            {"expires_on": f"{today + timedelta(days=dice.choice([-1, 0, 1])):%Y-%m-%d}"},
            {"recipient_org": "Zqorgxj Society"},
            {"purposes": "FOLLOW_UP"},
            {"lifts": str(dice.randint(1, 9))},
            {"verbal_note": "Zqnotexj", "form": "VERBAL"},
        ]
    )
    fields = {
        "categories": dice.choice(CATEGORIES) if dice.random() < 0.4 else CATEGORIES[0],
        "evidence_ref": "Zqshelfxj",
        **(odd if dice.random() < 0.2 else {}),
    }
    cms.add_consent(world.systems[agency], who, **{"recipient_org": to or world.other(agency), **fields})


def refer(world: World, agency: str, client: int | None = None, to: str = "") -> None:
    """A referral to one of the others; sometimes to nobody, or with a code that is none."""
    dice, db = world.dice, world.systems[agency]
    who = client or _client(world, agency)
    to = to or world.other(agency)
    odd = dice.choice([{"to_org": "Zqnowherexj"}, {"to_org": agency}, {"reason_code": "Zqcodexj"}, {"status": "DRAFT"}])
    at = world.local(world.clock.now())
    fields = {
        "to_org": to,
        "service_wanted": dice.choice(OFFERS[to]),
        "reason_text": "Zqreasonxj",
        "sent_at": at,
        "status_at": at,
        **(odd if dice.random() < 0.15 else {}),
    }
    cms.add_referral(db, who, from_org=agency, **fields)


def change_consent(world: World, agency: str) -> None:
    """A consent row is corrected, narrowed, renewed, spoilt or withdrawn."""
    dice = world.dice
    number = _row(world, agency, "consent")
    today = world.local(world.clock.now())
    changes: list[dict[str, Any]] = [
        {"categories": dice.choice(CATEGORIES)},
        {"expires_on": "2027-01-31"},
        {"receipt_channel": None},
        {"receipt_channel": "PAPER", "declined": 0},
        {"withdrawn_at": today, "withdrawn_how": "TELEPHONE"},
        {"withdrawn_at": None, "withdrawn_how": None},
        {"declined": 1},
        {"evidence_ref": "Zqothershelfxj"},
        {"recipient_org": world.other(agency)},
    ]
    cms.update(world.systems[agency], "consent", number, **dice.choice(changes))


def change_client(world: World, agency: str) -> None:
    """A client moves, is corrected, hidden, shown again, or dies; an identifier comes or goes."""
    dice, db = world.dice, world.systems[agency]
    number = _client(world, agency)
    who = person(dice.randrange(PEOPLE))
    roll = dice.random()
    if roll < 0.15:
        cms.add_identifier(db, number, value=who.uci)
    elif roll < 0.25:
        db.execute("DELETE FROM client_identifier WHERE client_id = ?", (number,))
    else:
        changes: list[dict[str, Any]] = [
            {"city": "Zqtownxj"},
            {"city": "Zqtownxj"},
            {"address_confidential": 1},
            {"is_anonymous": 1},
            {"is_anonymous": 0},
            {"is_anonymous": 0},
            {"last_name": who.family},
            {"birth_date": who.birth_date},
        ]
        if dice.random() < 0.1:
            changes = [{"deceased_date": "2026-05-30"}]
        cms.update(db, "client", number, **dice.choice(changes))


def change_referral(world: World, agency: str) -> None:
    """A referral that was sent is changed, sent after all, withdrawn, or saved without a change."""
    dice = world.dice
    number = _row(world, agency, "referral", "direction = 'OUT'")
    at = world.local(world.clock.now() - timedelta(minutes=dice.choice([0, 0, 0, 90])))
    changes: list[dict[str, Any]] = [
        {"status": "SENT", "status_at": at},
        {"status": "SENT", "status_at": at},
        {"status": "WITHDRAWN", "status_at": at},
        {"reason_text": "Zqotherreasonxj"},
        {"reason_code": "employment"},
        {"documents_needed": "Zqpapersxj"},
        {"to_org": world.other(agency), "service_wanted": "employment"},
    ]
    cms.update(world.systems[agency], "referral", number, **dice.choice(changes))


def answer(world: World, agency: str) -> None:
    """The receiving agency says how far a referral is that came by the hub."""
    dice, db = world.dice, world.systems[agency]
    came = db.execute("SELECT hub_referral_no FROM hub_inbox WHERE kind = 'referral' ORDER BY rowid").fetchall()
    if not came:
        return
    number = dice.choice(came)[0] if dice.random() < 0.95 else "ABCDEFGHIJKL"
    status = dice.choice(["RECEIVED", "ACCEPTED", "ACCEPTED", "WAITLISTED", "DECLINED", "NO_SHOW", "COMPLETED"])
    at = world.local(world.clock.now() - timedelta(minutes=dice.choice([0, 0, 0, 90])))
    reason = dice.choice(REASONS) if dice.random() < 0.8 else None
    client = _client(world, agency)
    cms.answer(db, number, status, client_id=client, status_reason=reason, status_at=at)


def reject(world: World, agency: str) -> None:
    """The receiving system could not apply what it had taken."""
    db = world.systems[agency]
    came = db.execute("SELECT message_id FROM hub_inbox ORDER BY rowid").fetchall()
    if came:
        db.execute(
            "INSERT INTO hub_inbox_error (message_id, code, occurred_at) VALUES (?, ?, ?)",
            (world.dice.choice(came)[0], world.dice.choice(["CONFLICT", "Zqerrorxj"]), "2026-06-01 12:00:00"),
        )


def close_case(world: World, agency: str) -> None:
    """A case is closed; its system lets nobody change its referrals any more."""
    cms.update(world.systems[agency], "case_file", _row(world, agency, "case_file"), status="CLOSED")


def delete(world: World, agency: str) -> None:
    """A row is deleted; not the last one, or its number would be given again."""
    table = world.dice.choice(["consent", "referral"])
    number = _row(world, agency, table, f"{table}_id < (SELECT MAX({table}_id) FROM {table})")
    world.systems[agency].execute(f"DELETE FROM {table} WHERE {table}_id = ?", (number,))


def hide_entry(world: World, agency: str) -> None:
    """Somebody's transaction is still open: its entry in the change log is not to be seen."""
    db = world.systems[agency]
    rows = db.execute("SELECT * FROM change_log ORDER BY seq DESC LIMIT 3").fetchall()
    if len(rows) > 2:
        row = world.dice.choice(rows[:2])
        db.execute("DELETE FROM change_log WHERE seq = ?", (row[0],))
        world.hidden[agency].append(row)


def show_entry(world: World, agency: str) -> None:
    """That transaction is committed."""
    if world.hidden[agency]:
        row = world.hidden[agency][0]
        marks = ", ".join("?" * len(row))
        world.systems[agency].execute(f"INSERT INTO change_log VALUES ({marks})", row)
        world.hidden[agency].pop(0)


def cut_log(world: World, agency: str) -> None:
    """The agency tidies up: only the newest entry of its change log stays."""
    world.systems[agency].execute("DELETE FROM change_log WHERE seq < (SELECT MAX(seq) FROM change_log)")


def _client(world: World, agency: str) -> int:
    if not world.clients[agency]:
        raise sqlite3.DataError("the agency has no client yet")
    return world.dice.choice(world.clients[agency])


def _row(world: World, agency: str, table: str, where: str = "1") -> int:
    """A random row of a table, a recent one rather."""
    key = f"{table.removesuffix('_file')}_id"
    found = world.systems[agency].execute(f"SELECT {key} FROM {table} WHERE {where} ORDER BY 1 DESC LIMIT 8").fetchall()
    if not found:
        raise sqlite3.DataError("there is no such row yet")
    return int(world.dice.choice(found)[0])
