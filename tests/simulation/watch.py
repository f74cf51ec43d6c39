"""What must hold at every moment, whoever is in the middle of whatever. Read by SQL, not by the hub's own code."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.simulation.accidents import AWAY
from tests.simulation.world import Arrival, World

ENDED = "('delivered', 'refused', 'returned')"

# promise and what would break it: every query must find nothing
NEVER = {
    "INV-6 a sealed body outlives its message": f"""
        SELECT o.envelope_id FROM outbox o LEFT JOIN handover h USING (envelope_id)
        WHERE h.envelope_id IS NULL OR h.state IN {ENDED}""",
    "INV-6 a message key without its body, or a body without its key": """
        SELECT envelope_id FROM message_key WHERE envelope_id NOT IN (SELECT envelope_id FROM outbox)
        UNION SELECT envelope_id FROM outbox WHERE envelope_id NOT IN (SELECT envelope_id FROM message_key)""",
    "INV-6 what was refused at gate 1 has an envelope": """
        SELECT i.message_id FROM inbox i JOIN decision d USING (decision_id)
        WHERE d.outcome = 'DENY' AND i.envelope_id IS NOT NULL""",
    "INV-5 a message and its hand-over end apart": f"""
        SELECT i.message_id FROM inbox i JOIN handover h USING (message_id)
        WHERE (i.state IN {ENDED} OR h.state IN {ENDED}) AND i.state <> h.state""",
    "INV-5 an end without its instant": f"""
        SELECT message_id FROM inbox WHERE (state IN {ENDED}) <> (ended_at IS NOT NULL)""",
    "INV-5 two open messages of one record": f"""
        SELECT system, record_key FROM inbox WHERE event = 'add-service-request' AND state NOT IN {ENDED}
        GROUP BY system, record_key HAVING COUNT(*) > 1""",
    "two messages of one lane under way": """
        SELECT lane FROM handover WHERE state = 'opened' GROUP BY lane HAVING COUNT(*) > 1""",
    "a number of a lane is used twice": """
        SELECT lane FROM handover GROUP BY lane, lane_seq HAVING COUNT(*) > 1""",
    "INV-2 a hand-over is open without a permit at gate 2": """
        SELECT h.envelope_id FROM handover h WHERE h.state = 'opened' AND NOT EXISTS (
          SELECT 1 FROM decision d WHERE d.message_id = h.message_id AND d.gate = 2 AND d.outcome <> 'DENY')""",
    "rule (a): versions of a referral have a gap": """
        SELECT r.number FROM referral r LEFT JOIN referral_event e USING (number)
        GROUP BY r.number HAVING COUNT(e.version) <> r.version OR MAX(e.version) <> r.version OR MIN(e.version) <> 1""",
    "a consent has two current versions that open": """
        SELECT consent_id FROM consent WHERE current = 1 AND state IN ('ACTIVE', 'VERBAL_PENDING')
        GROUP BY consent_id HAVING COUNT(*) > 1""",
}


def at_every_moment(world: World) -> None:
    """Look at the store as it is committed now."""
    with closing(world.store()) as db:
        for promise, query in NEVER.items():
            found = db.execute(query).fetchall()
            assert not found, f"{promise}: {[tuple(row) for row in found[:3]]}"


def at_arrival(world: World, arrival: Arrival) -> None:
    """INV-2: a row of a ``hub_inbox`` has its permit in the log, committed before the row was."""
    if arrival.kind not in ("referral", "referral-status"):
        return
    with closing(world.store()) as db:
        bodies = [row["body"] for row in _entries(db, arrival.message_id) if b'"DELIVERY"' in row["body"]]
    assert any(b'"outcome":"PERMIT' in body for body in bodies), f"INV-2: {arrival} without a permit before it"


def _entries(db: sqlite3.Connection, name: str) -> list[sqlite3.Row]:
    away = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (AWAY,)).fetchone()
    table = AWAY if away else "audit_entry"
    return db.execute(f"SELECT body FROM {table} WHERE instr(body, ?)", (name.encode(),)).fetchall()
