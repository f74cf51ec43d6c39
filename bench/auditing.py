"""The audit log: entries that become durable and get their place, and their verification from an export.

References: the same bodies inserted with plain sqlite3; the same export read and each body hashed once.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench.figures import Figure, stopwatch
from bench.world import World, world
from hub.audit.stored import BATCH
from hub.audit.verify import verify_export
from hub.exchange.entries import HUB
from hub.model.audit import AuditEvent, Entry

UNIT = 50  # entries that a unit of the road writes
_DETAILS = {  # of the size of a decision's entry
    "subject_ref": "s-00000000-0000-4000-8000-000000000000",
    "sender": "harbour",
    "recipient": "lakeside",
    "message_type": "ReferralRequest",
    "purpose": "REFERRAL",
    "categories_requested": ["CONTACT", "IDENT", "IMMIG", "LANG", "NEEDS", "SERVICE_STATUS"],
    "categories_released": ["CONTACT", "IDENT", "LANG", "NEEDS", "SERVICE_STATUS"],
    "outcome": "PERMIT_REDACTED",
    "codes": ["OK_CONSENT"],
    "basis": ["consent:c-00000000-0000-4000-8000-000000000000/1", "agreement:harbour-lakeside/1"],
    "payload_digest": "0" * 64,
}


def audit(folder: Path, scale: float) -> Iterator[Figure]:
    count = int(10_000 * scale)
    with world(folder) as made:
        with stopwatch() as append_s:
            _append(made, count)
        with stopwatch() as integrate_s:
            while made.hub.log.step():
                pass
        plain_s = _insert_plainly(made)
        note = made.hub.log.export(folder / "export")
        key = (made.hub.settings.keys / "hub.pub").read_text()
        with stopwatch() as verify_s:
            report = verify_export(folder / "export", key=key, checkpoint=note)
        assert report.ok
        with stopwatch() as read_s:
            hashed = _read_and_hash(folder / "export" / "entries.jsonl")
    inserting, reading = "inserting the same bodies", "reading and hashing them"
    durable_s = append_s() + integrate_s()
    yield Figure("audit, given their place (integrator)", count / integrate_s(), "/s", count / plain_s, inserting)
    yield Figure("audit, durable with proof", count / durable_s, "/s", count / plain_s, inserting, "target 1,500/s")
    yield Figure("audit, verified", hashed / verify_s(), "/s", hashed / read_s(), reading, "target 33,000/s")


def _append(made: World, count: int) -> None:
    for start in range(0, count, UNIT):
        with made.hub.store.unit() as unit:
            for _ in range(min(UNIT, count - start)):
                unit.audit.append(Entry(AuditEvent.DECISION, unit.now, HUB, _DETAILS))


def _insert_plainly(made: World) -> float:
    with sqlite3.connect(made.hub.settings.database) as db:
        rows = db.execute("SELECT id, body FROM audit_entry").fetchall()
    db.close()
    plain = sqlite3.connect(made.dir / "plain.sqlite", isolation_level=None)
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("PRAGMA synchronous=FULL")
    plain.execute("CREATE TABLE entry(id TEXT PRIMARY KEY, body BLOB)")
    with stopwatch() as took_s:
        for start in range(0, len(rows), BATCH):
            plain.execute("BEGIN IMMEDIATE")
            plain.executemany("INSERT INTO entry VALUES (?, ?)", rows[start : start + BATCH])
            plain.execute("COMMIT")
    plain.close()
    return took_s()


def _read_and_hash(path: Path) -> int:
    count = 0
    with path.open("rb") as lines:
        for count, line in enumerate(lines, start=1):  # noqa: B007
            hashlib.sha256(base64.b64decode(orjson.loads(line)["body"])).digest()
    return count
