"""What a recipient's own software is given: sealed to its key, signed by the hub, with the promise of its entry.

Its receipt comes afterwards (design §5, settled S43). Whether anything may be given is gate 2's word
(``hub/exchange/opening.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import orjson

from hub.audit.log import AuditLog
from hub.audit.receipts import promise, receipt
from hub.desk.receipts import released_to
from hub.errors import Refused
from hub.exchange import opening
from hub.exchange.entries import acting
from hub.exchange.house import House
from hub.keys.remote import SealedTo, info_of, opened_content, seal_to
from hub.model.directory import System
from hub.sealing_key import read_key

CHECKPOINT_EVERY = timedelta(minutes=1)  # [policy] signed for receipts; more would be files and no more proof


@dataclass(frozen=True, slots=True)
class NotYet:
    """The receipt is not ready: its entry has no checkpoint above it yet."""

    wait_s: int


def sealed_for(house: House, system: System, envelope_id: str) -> SealedTo | None:
    """Open a message for the software of its recipient and seal it to its key. None: nothing is there to open.

    Raises:
        Refused: the system has no key registered to which it could be sealed.
        LeaseOver, Unavailable: ask again.
    """
    key = read_key(_registered(system))  # before gate 2: what cannot be sealed is not opened
    opened = opening.open_one(house, system, envelope_id)
    if opened is None:
        return None
    agency, word = system.agency, b""
    if opened.opened_at is not None:
        word = promise(released_to(house, envelope_id, agency), house.keys)
    bundle = orjson.loads(opened.content)
    inside = opened_content(house.keys, envelope_id, agency, bundle, opened.salt, word)
    sealed = seal_to(key, inside, info_of(envelope_id, agency, key.keyid))
    opening.in_time(house, opened)
    return sealed


def receipt_for(house: House, log: AuditLog, system: System, envelope_id: str) -> bytes | NotYet:
    """The receipt of a message, for either of its two agencies.

    Raises:
        Refused: there is no such message of this agency, or it was never released.
    """
    found = released_to(house, envelope_id, system.agency, acting(system))
    signed_at = log.signed_at()
    since = house.clock.now() - signed_at if signed_at is not None else CHECKPOINT_EVERY
    if timedelta() <= since < CHECKPOINT_EVERY and not _is_covered(log, found.entry_id):
        return NotYet(int((CHECKPOINT_EVERY - since).total_seconds()) + 1)
    return receipt(log, found, house.keys)


def _is_covered(log: AuditLog, entry_id: str) -> bool:
    """Whether the newest checkpoint counts an entry already."""
    place, note = log.place(entry_id), log.newest()
    return place is not None and note is not None and place < int(note.split(b"\n")[1])


def _registered(system: System) -> dict[str, object]:
    key = system.settings.get("hpke")
    if not isinstance(key, dict):
        step = "let the administrator of the hub register it, as docs/gateway.md says"
        raise Refused("hpke key", "none registered", "the public key to which what is opened is sealed", step)
    return key
