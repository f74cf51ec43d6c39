"""Promises, receipts and proofs, as the hub makes them: documents that anybody can check who has the log's key.

A promise says what an entry of the log will prove before it has its place there: signed outside of any unit, from the
exact bytes that the unit kept, so that it is the same however often it is made. With its place, the path to a signed
checkpoint and that checkpoint it is a receipt. It names no person: of the consents that were relied on the numbers by
which one agency knows them, which no other agency knows. :mod:`hub.audit.verify` reads what is made here.

Standard: RFC 6962 §2.1; C2SP ``signed-note`` for what is signed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

import orjson

from hub.audit.checkpoints import signed_note
from hub.audit.late import PROMISED
from hub.audit.log import AuditLog
from hub.audit.tree import leaf_hash
from hub.errors import Refused
from hub.ports import Keys

# each document says its form first; they are written down for the verifier in hub/audit/verify/proofs.py
RECEIPT, INCLUSION, CONSISTENCY = "hub-receipt/1", "hub-inclusion/1", "hub-consistency/1"
PROMISE = "interop-hub promise v1"


class Opening(Protocol):
    """The entry of the open that released a message, for one of its two agencies."""

    @property
    def entry_id(self) -> str:
        """Its id."""
        ...

    @property
    def body(self) -> bytes:
        """Its exact bytes."""
        ...

    @property
    def agency(self) -> str:
        """Whose receipt it will be."""
        ...

    @property
    def numbers(self) -> Mapping[str, str]:
        """Consent id to the number by which this agency knows it."""
        ...


def promise(opening: Opening, keys: Keys) -> bytes:
    """What the hub gives its word for, as a signed note: the leaf that will be in the log, and by when."""
    said = orjson.loads(opening.body)
    merged_by = datetime.fromisoformat(said["recorded_at"]) + PROMISED
    relied_on = [name.removeprefix("consent:").rpartition("/") for name in said["basis"] if name.startswith("consent:")]
    document = {
        "entry": opening.entry_id,
        "leaf": _text(leaf_hash(opening.body)),
        "agency": opening.agency,
        "envelope_id": said["envelope_id"],
        "decision_id": said["decision_id"],
        "codes": said["codes"],
        "consents": [{"number": opening.numbers[name], "version": int(version)} for name, _, version in relied_on],
        "digest": said["payload_digest"],
        "merged_by": merged_by.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return signed_note(f"{PROMISE}\n{orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()}\n", keys)


def receipt(log: AuditLog, opening: Opening, keys: Keys, at: int | None = None) -> bytes:
    """A promise that was kept.

    Args:
        at: the size of the checkpoint that it is to lead to; None: the newest.

    Raises:
        Refused: there is no such checkpoint, or it counts fewer entries.
    """
    index = _placed(log, opening.entry_id)
    note = log.note(at, covering=index + 1)
    found = log.inclusion(index, _size(note))
    return _written(
        {
            "form": RECEIPT,
            "log": keys.log_name,
            "promise": promise(opening, keys).decode(),
            "index": index,
            "proof": _texts(found.proof),
            "checkpoint": note.decode(),
        }
    )


def inclusion(log: AuditLog, name: str, entry: str, at: int | None = None) -> bytes:
    """That an entry is in the log, by its id or its index.

    Args:
        name: of the log.
        at: the size of the checkpoint that it is to lead to; None: the newest.

    Raises:
        Refused: there is no such entry, or no such checkpoint.
    """
    index = int(entry) if entry.isascii() and entry.isdigit() and len(entry) < 18 else _placed(log, entry)
    note = log.note(at, covering=index + 1)
    found = log.inclusion(index, _size(note))
    shown = {"index": index, "leaf": _text(found.leaf), "proof": _texts(found.proof)}
    return _written({"form": INCLUSION, "log": name, **shown, "checkpoint": note.decode()})


def consistency(log: AuditLog, name: str, size: int, at: int | None = None) -> bytes:
    """That the log continues the one of an earlier size.

    Raises:
        Refused: the log has fewer entries, or there is no such checkpoint.
    """
    note = log.note(at, covering=size)
    root, proof = log.consistency(size, _size(note))
    shown = {"size": size, "root": _text(root), "proof": _texts(proof)}
    return _written({"form": CONSISTENCY, "log": name, **shown, "checkpoint": note.decode()})


def _placed(log: AuditLog, entry_id: str) -> int:
    while log.step():
        pass
    index = log.place(entry_id)
    if index is None:
        raise Refused("ENTRY", f"{len(entry_id)} characters", "the id of an entry of the log, or its index", "")
    return index


def _size(note: bytes) -> int:
    return int(note.split(b"\n")[1])


def _written(document: Mapping[str, object]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [_text(each) for each in hashes]


def _text(hash_: bytes) -> str:
    return base64.b64encode(hash_).decode()
