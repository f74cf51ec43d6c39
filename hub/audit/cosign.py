"""An officer says: I have seen this checkpoint, and it continues the last one that I have seen.

That is what a cosignature states, so nothing is signed before it holds: the log's own signature, and a proof of
consistency from the checkpoint before, which stands beside the officer's key. A hub that shows one log to an officer
and another to a court would need the officer's key too. It runs on the officer's machine and asks no hub.

Standard: C2SP ``tlog-cosignature``.
"""

from __future__ import annotations

import base64
from typing import Protocol

from hub.audit.verify.faults import Wrong
from hub.audit.verify.notes import COSIGNED, cosigned_at, cosigned_text, open_note, parse_key, read_checkpoint
from hub.audit.verify.proofs import judge
from hub.errors import IntegrityBroken, Refused


class Signer(Protocol):
    """An officer's key."""

    @property
    def verifier(self) -> str:
        """Its public line."""
        ...

    def sign(self, text: bytes) -> bytes:
        """The Ed25519 signature."""
        ...


def cosign(
    note: bytes, signer: Signer, at: int, *, log_key: str, seen: bytes | None = None, proof: bytes | None = None
) -> bytes:
    """Add a cosignature to a checkpoint; one that has it already is given back as it is.

    Args:
        at: now, in seconds since 1970.
        log_key: the log's public line, from the officer's own copy.
        seen: the checkpoint that this officer has cosigned last.
        proof: what ``hub audit prove --from`` says of that one, where this one counts more entries.

    Raises:
        IntegrityBroken: the log has not signed it, or it is another history than the one that was seen.
        Refused: it is older than what was seen, or the proof is missing.
    """
    try:
        key = parse_key(log_key)
        text, now = open_note(note, key), read_checkpoint(note, key)
        mine = parse_key(signer.verifier, COSIGNED)
        already = cosigned_at(note, mine) is not None
        before = read_checkpoint(seen, key) if seen is not None else None
    except Wrong as wrong:
        raise IntegrityBroken("--checkpoint", wrong.reason, "", "cosign nothing; call the other officers") from None
    if seen is not None and before is not None:
        if now.size < before.size:
            raise Refused("--checkpoint", f"{now.size} entries", f"more than the {before.size} that you have seen", "")
        if now.size == before.size and now != before:
            raise _fork(f"another history than the one over {before.size} entries that you have cosigned")
        if now.size > before.size:
            _require_continued(note, log_key, seen, before.size, proof)
    if already:
        return note
    signature = at.to_bytes(8) + signer.sign(cosigned_text(text, at))
    line = f"— {mine.name} {base64.b64encode(mine.key_id + signature).decode()}\n"
    return note + line.encode()


def _require_continued(note: bytes, log_key: str, seen: bytes, size: int, proof: bytes | None) -> None:
    """From what was seen to this checkpoint, and no other."""
    if proof is None:
        step = f"`hub audit prove --from {size} --at SIZE` at the hub, where SIZE is what this checkpoint counts"
        raise Refused("--proof", "nothing", f"a proof that it continues the {size} entries that you have seen", step)
    for known in (seen, note):
        found = judge(proof, key=log_key, checkpoint=known)
        if not found.ok:
            raise _fork(found.reason)


def _fork(reason: str) -> IntegrityBroken:
    return IntegrityBroken("--checkpoint", reason, "", "cosign nothing; keep both and call the other officers")
