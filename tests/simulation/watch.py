"""What must hold at every moment, whoever is in the middle of whatever. Read by SQL, not by the hub's own code."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from adapters.contract import Parcel
from hub.sample import harts
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
    """Look at the store as it is committed now, and at what was seen since the last look."""
    assert not world.history.broken, world.history.broken[0]
    with closing(world.store()) as db:
        for promise, query in NEVER.items():
            found = db.execute(query).fetchall()
            assert not found, f"{promise}: {[tuple(row) for row in found[:3]]}"


@contextmanager
def noticed(world: World, look: Callable[[], None]) -> Iterator[None]:
    """Look when a step into a system is over, however it ends.

    What is found broken is kept for :func:`at_every_moment`: the hub, in whose midst this is, survives any exception.
    """
    try:
        yield
    finally:
        try:
            look()
        except AssertionError as error:
            world.history.broken.append(str(error))


def at_arrival(world: World, system: str, offered: Sequence[Parcel], *, late: bool) -> None:
    """INV-2: what is new in a system has its permit in the log, committed before it came."""
    for arrival in world.note_arrivals(system, offered, late=late):
        if arrival.kind in ("referral", "referral-status"):
            _is_permitted(world, arrival)


def note_answers(world: World) -> None:
    """Every answer to a file of a HARTS site is whole, from the moment at which it can be seen."""
    for site in world.sites.values():
        site.centre.read_answers()
        for path in site.centre.from_harts.glob("*.ACK"):
            _is_whole(path.name, path.read_bytes(), site.handed[path.name.replace(".ACK", ".DAT")][1])


def _is_permitted(world: World, arrival: Arrival) -> None:
    with closing(world.store()) as db:
        bodies = [row["body"] for row in _entries(db, arrival.message_id) if b'"DELIVERY"' in row["body"]]
    assert any(b'"outcome":"PERMIT' in body for body in bodies), f"INV-2: {arrival} without a permit before it"


def _is_whole(name: str, said: bytes, file: bytes) -> None:
    """One row for each line of the file, in its order; none where the whole file is refused (program systems 9.4)."""
    head, *rows, tail = (row.split("|") for row in said.decode(harts.ENCODING).split(harts.END)[:-1])
    lines = file.decode(harts.ENCODING).split(harts.END)[1:-2]
    due = [] if head[3] == "ERR" else [[str(number), line[:2]] for number, line in enumerate(lines, 2)]
    assert [row[:2] for row in rows] == due, f"{name} does not answer each line once"
    counts = [len(rows), *(sum(row[4] == result for row in rows) for result in ("OK", "WARN", "ERR"))]
    assert tail[:5] == ["TR", *map(str, counts)], f"{name} is not whole"


def _entries(db: sqlite3.Connection, name: str) -> list[sqlite3.Row]:
    away = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (AWAY,)).fetchone()
    table = AWAY if away else "audit_entry"
    return db.execute(f"SELECT body FROM {table} WHERE instr(body, ?)", (name.encode(),)).fetchall()
