"""The verifier on an export of a million entries (``--scale 10``: ten million), in a process of its own.

The export is written by the bench as the hub would: bodies of the kinds and sizes of the road, the tree over them, a
signed checkpoint. Its memory is the peak of that process: it must not grow with the log. References: the same
lines read and each body hashed once; the same bodies in ``pymerkle``'s tree.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pymerkle

from bench.auditing import DETAILS
from bench.figures import Figure, stopwatch
from hub.audit.checkpoints import Head, signed
from hub.audit.tree import Frontier, leaf_hash
from hub.exchange.entries import HUB
from hub.ids import RandomIds
from hub.keys.ring import KeyRing, create_keys
from hub.model.audit import AuditEvent, Entry
from tests.network import NOON

MILLION = 1_000_000
THEIRS_MAX = 100_000  # entries in pymerkle's tree, which is in memory
_ACK = {
    "message_id": DETAILS["message_id"],
    "envelope_id": "00000000-0000-4000-8000-000000000000",
    "recipient": "lakeside",
    "system": "lakeside-cms",
    "subject_ref": DETAILS["subject_ref"],
}
_KINDS = (
    (AuditEvent.DECISION, DETAILS),
    (AuditEvent.DELIVERY, {**DETAILS, **_ACK, "attempt": 1}),
    (AuditEvent.ACK, _ACK),
)
_VERIFY = r"""
import json, re, sys, time
from pathlib import Path
from hub.audit.verify import verify_export
folder = Path(sys.argv[1])
began = time.perf_counter()
report = verify_export(folder, key=(folder / "hub.pub").read_text())
took = time.perf_counter() - began
peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # of this program alone
print(json.dumps({"ok": report.ok, "size": report.size, "s": took, "mb": peak / 1024}))
"""


def verifying(folder: Path, scale: float) -> Iterator[Figure]:
    count = int(MILLION * scale)
    _write(folder, count)
    run = subprocess.run([sys.executable, "-c", _VERIFY, str(folder)], check=True, capture_output=True, text=True)
    found = json.loads(run.stdout)
    assert found["ok"]
    assert found["size"] == count
    with stopwatch() as read_s:
        bodies = _read_and_hash(folder / "entries.jsonl", min(count, THEIRS_MAX))
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    with stopwatch() as theirs_s:
        for body in bodies:
            tree.append_entry(body)
        tree.get_root()
    theirs = len(bodies) / theirs_s()
    name, note = "audit, a million entries verified", f"{count:,} entries measured; target 30 s"
    seconds = found["s"] * MILLION / count
    yield Figure(name, seconds, "s", read_s() * MILLION / count, "reading and hashing the bodies", note)
    yield Figure("audit, verified", count / found["s"], "/s", theirs, "pymerkle, from memory, appending alone")
    yield Figure(
        "audit, memory of the verifier", found["mb"], "MB", None, "", "peak of its process; the same for any size"
    )


def _write(folder: Path, count: int) -> None:
    """An export, as `hub audit export` leaves it, and the key beside it."""
    create_keys(folder / "keys", RandomIds(), name="hub.example.org/log")
    keys, tree = KeyRing(folder / "keys", RandomIds()), Frontier()
    (folder / "hub.pub").write_text(keys.verifier)
    with (folder / "entries.jsonl").open("wb") as entries, (folder / "hashes.jsonl").open("wb") as hashes:
        for number in range(count):
            event, details = _KINDS[number % len(_KINDS)]
            body = Entry(event, NOON + number * timedelta(milliseconds=20), HUB, details).body(f"{number:040d}")
            leaf = leaf_hash(body)
            tree.add(leaf)
            entries.write(b'{"index":%d,"body":"%s"}\n' % (number, base64.b64encode(body)))
            hashes.write(b'{"index":%d,"leaf":"%s"}\n' % (number, base64.b64encode(leaf)))
    (folder / "checkpoint.txt").write_bytes(signed(Head(tree.size, tree.root()), keys))


def _read_and_hash(path: Path, kept: int) -> list[bytes]:
    """Every body hashed once; the first ones."""
    bodies: list[bytes] = []
    with path.open("rb") as lines:
        for line in lines:
            body = base64.b64decode(orjson.loads(line)["body"])
            hashlib.sha256(body).digest()
            if len(bodies) < kept:
                bodies.append(body)
    return bodies
