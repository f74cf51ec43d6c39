"""What one document proves with a key from outside: a receipt, an entry in the log, a log that continues another.

No hub, no log and no network are asked. A document is a JSON object whose ``form`` says which of the three it is; it
carries its signed checkpoint. Whoever holds a checkpoint of their own over the same size hands it in: only then is it
certain that the hub does not show another log to others. ``hub receipt verifier`` prints this file together with what
it needs as one file that runs with Python and ``cryptography`` alone.

Standard: RFC 9162 §2.1.3.2 and §2.1.4.2; C2SP ``signed-note`` and ``tlog-checkpoint``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.audit.tree import extends, includes
from hub.audit.verify.faults import Fault, Wrong
from hub.audit.verify.notes import Checkpoint, decoded, open_note, parse_key, read_checkpoint

RECEIPT, INCLUSION, CONSISTENCY = "hub-receipt/1", "hub-inclusion/1", "hub-consistency/1"
PROMISE = "interop-hub promise v1"  # the first line of what is signed: no checkpoint begins so
DOCUMENT_BYTES_MAX = 1 << 20
STEPS_MAX = 128  # of a proof: a tree of 2**64 entries has two times 64 at most

_FIELDS = {
    RECEIPT: {"form", "log", "promise", "index", "proof", "checkpoint"},
    INCLUSION: {"form", "log", "index", "leaf", "proof", "checkpoint"},
    CONSISTENCY: {"form", "log", "size", "root", "proof", "checkpoint"},
}
_PROMISED = {"entry", "leaf", "agency", "envelope_id", "decision_id", "codes", "consents", "digest", "merged_by"}


@dataclass(frozen=True, slots=True)
class Proven:
    """What a document proves.

    Args:
        fault: None: all that it says is proven.
        reason: one sentence.
        form: which document it is; "" where that cannot be read.
        index: the entry's place in the log, where it is about one.
        size: entries of the checkpoint that it was held against; of ``hub-consistency/1`` those of the newer one.
        outside: whether the log was held against a checkpoint from outside, too.
        promise: what the hub has promised, of a receipt: codes, ids and a digest.
    """

    fault: Fault | None
    reason: str
    form: str = ""
    index: int | None = None
    size: int = 0
    outside: bool = False
    promise: Mapping[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None


def judge(document: bytes, *, key: str, checkpoint: bytes | None = None) -> Proven:
    """Check a document.

    Args:
        key: one C2SP verifier-key line of the log, from outside.
        checkpoint: a signed checkpoint from outside: over the size that the document speaks of; of
            ``hub-consistency/1`` the older one or the newer one, and there it is needed.
    """
    form = ""
    try:
        signer = parse_key(key)
        said = _read(document)
        form = said["form"]
        claimed = read_checkpoint(said["checkpoint"].encode(), signer)
        outside = read_checkpoint(checkpoint, signer) if checkpoint is not None else None
        if said["log"] != signer.name:
            raise Wrong(Fault.DOCUMENT_UNREADABLE, f"the document is not of the log {signer.name}")
        if form == CONSISTENCY:
            return _continued(said, claimed, outside)
        promise = _promise(open_note(said["promise"].encode(), signer)) if form == RECEIPT else None
        return _included(said, promise, claimed, outside)
    except Wrong as wrong:
        return Proven(wrong.fault, wrong.reason, form)


def _included(
    said: Mapping[str, Any], promise: Mapping[str, Any] | None, claimed: Checkpoint, outside: Checkpoint | None
) -> Proven:
    index, what = said["index"], f"entry {json.dumps(promise['entry'])}" if promise else "the entry with this leaf"
    if outside is not None and outside.size != claimed.size:
        reason = f"it speaks of a checkpoint over {claimed.size} entries, the one from outside counts {outside.size}"
        raise Wrong(Fault.OTHER_CHECKPOINT, f"{reason}: ask for one with `--at {outside.size}`")
    if outside is not None and outside != claimed:
        raise Wrong(Fault.FORK, f"another history than a checkpoint from outside over {outside.size} entries")
    if not includes(claimed.root, claimed.size, _hash((promise or said)["leaf"]), index, _steps(said)):
        raise Wrong(Fault.NOT_PROVEN, f"the proof does not lead from entry {index} to the checkpoint's root", index)
    reason = f"{what} stands at {index} of the {claimed.size} entries that the checkpoint counts"
    return Proven(None, reason, said["form"], index, claimed.size, outside is not None, promise)


def _continued(said: Mapping[str, Any], claimed: Checkpoint, outside: Checkpoint | None) -> Proven:
    older = Checkpoint(said["size"], _hash(said["root"]))
    if outside is None:
        raise Wrong(Fault.OTHER_CHECKPOINT, "that a log continues another is told with a checkpoint from outside")
    if outside.size not in (older.size, claimed.size):
        reason = f"it leads from {older.size} to {claimed.size} entries, the checkpoint from outside counts"
        raise Wrong(Fault.OTHER_CHECKPOINT, f"{reason} {outside.size}: ask for one `--from {outside.size}`")
    if outside not in (older, claimed):
        raise Wrong(Fault.FORK, f"another history than a checkpoint from outside over {outside.size} entries")
    if not extends(older.root, older.size, claimed.root, claimed.size, _steps(said)):
        raise Wrong(Fault.NOT_PROVEN, f"the proof does not lead from {older.size} to {claimed.size} entries")
    reason = f"the first {older.size} of {claimed.size} entries are those of the older checkpoint"
    return Proven(None, reason, said["form"], None, claimed.size, outside=True)


def _read(document: bytes) -> dict[str, Any]:
    """A document of one of the three forms, whose every field is there once, has its kind, and none is beside them."""
    if len(document) > DOCUMENT_BYTES_MAX:
        raise Wrong(Fault.DOCUMENT_UNREADABLE, f"more than {DOCUMENT_BYTES_MAX} bytes")
    said = _object(document)
    fields = _FIELDS.get(str(said.get("form")))
    if fields is None:
        raise Wrong(Fault.DOCUMENT_UNREADABLE, f"no JSON object whose `form` is one of {', '.join(_FIELDS)}")
    if said.keys() != fields:
        raise Wrong(Fault.DOCUMENT_UNREADABLE, f"not the fields of {said['form']}: {', '.join(sorted(fields))}")
    for name, value in said.items():
        kind: type = {"index": int, "size": int, "proof": list}.get(name, str)
        if type(value) is not kind or (isinstance(value, str) and not _is_text(value)):
            raise Wrong(Fault.DOCUMENT_UNREADABLE, f"`{name}` is no {kind.__name__}")
    return said


def _is_text(value: str) -> bool:
    """JSON may spell half of a character, which no bytes hold."""
    return not any("\ud800" <= sign <= "\udfff" for sign in value)


def _promise(text: str) -> dict[str, Any]:
    form, _, rest = text.partition("\n")
    promise = _object(rest.encode()) if form == PROMISE else {}
    if not promise.keys() >= _PROMISED or not isinstance(promise["leaf"], str):
        raise Wrong(Fault.DOCUMENT_UNREADABLE, f"what is signed is no `{PROMISE}` with its fields")
    return promise


def _object(document: bytes) -> dict[str, Any]:
    """A JSON object without a field that stands there twice: two readers could read two things."""
    try:
        found = json.loads(document.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field twice")
    return found


def _hash(text: object) -> bytes:
    found = decoded(text)
    if found is None or len(found) != 32:
        raise Wrong(Fault.DOCUMENT_UNREADABLE, "a hash that is no SHA-256 in base64")
    return found


def _steps(said: Mapping[str, Any]) -> list[bytes]:
    if len(said["proof"]) > STEPS_MAX:
        raise Wrong(Fault.DOCUMENT_UNREADABLE, f"a proof of more than {STEPS_MAX} steps")
    return [_hash(step) for step in said["proof"]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a file and say what came of it; 0: proven, 3: not, 2: called wrongly."""
    asked = argparse.ArgumentParser(description="Check a receipt or a proof of the hub's log, without the hub.")
    asked.add_argument("document", type=Path, help="the JSON file")
    asked.add_argument("--key", type=Path, required=True, help="the log's public key, one line, from outside")
    asked.add_argument("--checkpoint", type=Path, help="a checkpoint from outside")
    given = asked.parse_args(arguments)
    try:
        note = given.checkpoint.read_bytes() if given.checkpoint else None
        found = judge(given.document.read_bytes(), key=given.key.read_text("utf-8", "replace"), checkpoint=note)
    except OSError as error:
        sys.stderr.write(f"{Path(error.filename or '').name}: {error.strerror}\n")
        return 2
    sys.stdout.write(f"{in_words(found)}\n")
    return 0 if found.ok else 3


def in_words(found: Proven) -> str:
    """What came of it, for a person: a line, and of a receipt what was promised."""
    if not found.ok:
        return f"NOT PROVEN: {found.reason}"
    lines = [f"proven: {found.reason}"]
    if not found.outside:
        lines.append("held against its own checkpoint alone; one of your own shows whether others see the same log")
    if found.promise is not None:
        lines += [f"{name}: {json.dumps(value)}" for name, value in sorted(found.promise.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
