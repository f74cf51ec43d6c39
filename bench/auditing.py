"""The audit log at work: entries that become durable in the units of the road, and how soon each can be proven.

A unit here does what gate 1 does in its unit: it reads, and writes beside each entry a sealed message with its key.
Once on a file, once on PostgreSQL, whose server is one of the bench's own with ``fsync`` on. References:
the same bodies inserted with plain sqlite3; the same bodies given a place by ``pymerkle``; its check of a proof.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pymerkle

from bench.figures import Figure, percentile, stopwatch
from bench.stores import kept_at
from bench.world import World, world
from hub.audit.receipts import inclusion
from hub.audit.stored import BATCH
from hub.audit.tree import includes
from hub.audit.verify.notes import parse_key, read_checkpoint
from hub.audit.verify.proofs import judge
from hub.compose import Hub
from hub.exchange.entries import HUB
from hub.integrator import integrating
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.envelope import Sealed
from hub.model.rows import Outbound
from tests.services.postgres import Postgres

UNIT = 50  # entries that a unit of the road writes
PROVEN = 200  # units after whose commit is waited for a proof
CHECKS = 2_000  # proofs that are checked
SEALED, KEY = bytes(4 * 2**10 + 29), bytes(72)  # of the size of a referral, and of a wrapped key
LOOK_S = 0.001  # between two looks whether there is a proof
PAUSE_S = 0.05  # between two units there: a busy hub, not a queue
DETAILS = {  # of the size of a decision's entry
    "subject_ref": "s-00000000-0000-4000-8000-000000000000",
    "sender": "harbour",
    "recipient": "lakeside",
    "message_type": "ReferralRequest",
    "message_id": "00000000-0000-4000-8000-000000000000",
    "decision_id": "00000000-0000-4000-8000-000000000000",
    "event": "add-service-request",
    "source": "harbour-cms/referral:1",
    "revision": "1",
    "purpose": "REFERRAL",
    "categories_requested": ["CONTACT", "IDENT", "IMMIG", "LANG", "NEEDS", "SERVICE_STATUS"],
    "categories_released": ["CONTACT", "IDENT", "LANG", "NEEDS", "SERVICE_STATUS"],
    "categories_removed": ["IMMIG"],
    "outcome": "PERMIT_REDACTED",
    "stage": "P-10",
    "codes": ["OK_CONSENT"],
    "withheld_codes": ["RD_CATEGORY"],
    "basis": ["consent:c-00000000-0000-4000-8000-000000000000/1", "agreement:harbour-lakeside/1"],
    "pack": "ca-on/1",
    "policy_digest": "0" * 64,
    "registry_seq": 12345,
    "config_version": 12,
    "payload_digest": "0" * 64,
}


def audit(folder: Path, scale: float) -> Iterator[Figure]:
    count = int(10_000 * scale)
    with world(folder / "file") as made:
        yield from _at_work(made, count, "on a file")
        bodies = [entry.body for entry in made.hub.log.stored()]
        yield from _given_places(made, count, bodies)
        yield from _checked(made, bodies)
    with (
        Postgres({"fsync": "on", "shared_buffers": "128MB"}) as server,
        world(folder / "server", prepare=kept_at(server.database())) as made,
    ):
        yield from _at_work(made, count, "on PostgreSQL")


def _at_work(made: World, count: int, where: str) -> Iterator[Figure]:
    """Units and integrator side by side, as in `hub work`; then how soon after a commit there is a proof."""
    hub = made.hub
    with integrating(hub.log):
        with stopwatch() as took_s:
            for start in range(0, count, UNIT):
                _unit(hub, start, min(UNIT, count - start))
            while hub.log.step():
                pass
        waited = sorted(_until_proven(hub, number) for number in range(PROVEN))
    note = "target 1,500/s"
    yield Figure(
        f"audit {where}: durable beside a message each, with its proof", count / took_s(), "/s", None, "", note
    )
    note = f"median {percentile(waited, 0.5) * 1_000:.0f} ms; target 100 ms"
    yield Figure(
        f"audit {where}: from commit to its proof, p95", percentile(waited, 0.95) * 1_000, "ms", None, "", note
    )


def _unit(hub: Hub, start: int, count: int) -> list[str]:
    with hub.store.unit(share=[locks.CONFIG]) as unit:
        unit.directory.all()
        ids = []
        for number in range(start, start + count):
            name = f"{start}-{number}-{hub.house.ids.number()}"
            unit.outbox.put(
                Outbound(name, 0, "delivery.bench", name, Sealed(name, "e-2026-06-01", SEALED), unit.now), KEY
            )
            ids.append(unit.audit.append(Entry(AuditEvent.DECISION, unit.now, HUB, DETAILS)))
        return ids


def _until_proven(hub: Hub, number: int) -> float:
    """Seconds from the commit of a unit until its last entry is proven."""
    time.sleep(PAUSE_S)
    entry = _unit(hub, number, UNIT)[-1]
    with stopwatch() as took_s:
        while (place := hub.log.place(entry)) is None:
            time.sleep(LOOK_S)
        hub.log.inclusion(place)
    return took_s()


def _given_places(made: World, count: int, bodies: Sequence[bytes]) -> Iterator[Figure]:
    """The integrator alone, beside pymerkle in memory and beside plain inserts."""
    for start in range(0, count, UNIT):
        _unit(made.hub, start, min(UNIT, count - start))
    with stopwatch() as integrate_s:
        while made.hub.log.step():
            pass
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    with stopwatch() as theirs_s:
        for body in bodies[:count]:
            tree.append_entry(body)
        tree.get_root()
    plain_s = _insert_plainly(made.dir, bodies[:count])
    name, per_s = "audit, given their place (integrator)", count / integrate_s()
    yield Figure(name, per_s, "/s", count / plain_s, "inserting the same bodies")
    yield Figure(name, per_s, "/s", count / theirs_s(), "pymerkle, in memory, not durable")


def _insert_plainly(folder: Path, bodies: Sequence[bytes]) -> float:
    plain = sqlite3.connect(folder / "plain.sqlite", isolation_level=None)
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("PRAGMA synchronous=FULL")
    plain.execute("CREATE TABLE entry(id INTEGER PRIMARY KEY, body BLOB)")
    rows = list(enumerate(bodies))
    with stopwatch() as took_s:
        for start in range(0, len(rows), BATCH):
            plain.execute("BEGIN IMMEDIATE")
            plain.executemany("INSERT INTO entry VALUES (?, ?)", rows[start : start + BATCH])
            plain.execute("COMMIT")
    plain.close()
    return took_s()


def _checked(made: World, bodies: Sequence[bytes]) -> Iterator[Figure]:
    """A document with its signed checkpoint, and the path alone beside pymerkle's."""
    log, key = made.hub.log, (made.hub.settings.keys / "hub.pub").read_text()
    document = inclusion(log, made.hub.house.keys.log_name, str(len(bodies) // 2))
    with stopwatch() as document_s:
        for _ in range(CHECKS):
            assert judge(document, key=key).ok
    claimed = read_checkpoint(json.loads(document)["checkpoint"].encode(), parse_key(key))
    ours = log.inclusion(len(bodies) // 2, claimed.size)
    with stopwatch() as path_s:
        for _ in range(CHECKS):
            assert includes(claimed.root, claimed.size, ours.leaf, ours.index, ours.proof)
    tree = pymerkle.InmemoryTree.init_from_entries(
        [entry.body for entry in log.stored(claimed.size)], algorithm="sha256"
    )
    theirs, base, root = tree.prove_inclusion(ours.index + 1), tree.get_leaf(ours.index + 1), tree.get_root()
    assert (base, root) == (ours.leaf, claimed.root), "two implementations, one tree"
    with stopwatch() as theirs_s:
        for _ in range(CHECKS):
            pymerkle.verify_inclusion(base, root, theirs)
    each = 1e6 / CHECKS
    yield Figure(
        "audit, a proof's document checked, signature included", document_s() * each, "µs", None, "", "target 1 ms"
    )
    yield Figure("audit, a proof's path checked", path_s() * each, "µs", theirs_s() * each, "pymerkle")
