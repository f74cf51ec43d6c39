"""A worker's own word beside the agency's token: a compact JWS (RFC 7515) under the worker's own key (settled S46).

The token says which agency asks. That a person of it declares, approves, ends or reviews a duty of care, only the key
says that the directory has for that person. In this order: the form and the header (``compact.py``); the worker, who is
of the caller's agency and still there; the signature by the key that stands for them; what was signed; then that it is
used for the first time, of all processes, where the insert decides. Everything that is wrong gives the same
:class:`NoProof`. Nothing is written before the signature has been checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError

from hub.access.assertion import BEHIND
from hub.access.compact import NoProof, read
from hub.access.rates import spend
from hub.access.registered import read_key
from hub.directory import acting
from hub.errors import Refused
from hub.exchange.house import House
from hub.model import jwk
from hub.model.directory import Worker

ACTS = ("declare", "approve", "end", "self-review")
ALGORITHMS = ("ES384", "EdDSA", "Ed25519")  # Ed25519 is RFC 9864's name for EdDSA with that key; no secret makes them
SIGNED_MAX = 64 * 1024  # [policy] characters; a report of 4,000 characters with its limbs has some 15,000
AGE_MAX = timedelta(minutes=5)  # settled S46
NONCE_MAX = 128  # [policy] characters
NONCE_KEPT = timedelta(minutes=10)  # [policy] beyond its last moment, should clocks of two processes differ
SIGNED_PER_MINUTE = 30  # [policy] of one worker
UNSIGNED_PER_MINUTE = 30  # [policy] of an agency: wrong ones; they take nothing from who signs right
_HEADER = ("alg", "kid", "typ")
_EVERY = ("act", "agency", "worker", "iat", "nonce")


class TooOften(Exception):
    """A worker has signed more in this minute than one may.

    Args:
        wait_s: in how many seconds to ask again.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"{wait_s} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Signed:
    """What a worker has signed, believed.

    Args:
        act: one of :data:`ACTS`.
        account: under which it was entered: the thumbprint of the key, in the place of an operating-system user. Two
            who sign with one key are one.
        words: all that the act says beside who and when; not looked at here.
    """

    act: str
    worker: str
    account: str
    words: Mapping[str, Any]


def proven(house: House, agency: str, compact: str) -> Signed:
    """What was signed, by a worker of this agency, just now and for the first time. It is used up by this.

    Raises:
        NoProof: it was not.
        TooOften: it was, and too often; it may be sent again then, as long as it is young enough.
        Unavailable: the store cannot be reached.
    """
    header, payload = read(compact, longest=SIGNED_MAX, header=_HEADER, algorithms=ALGORITHMS)
    worker = _worker(house, agency, payload)
    _must_be_signed(compact, header, worker.key)
    act, nonce, signed_at = _said(payload, agency)
    _must_be_young(signed_at, house.clock.now())
    digest = house.keys.digest("jti", nonce)
    with house.store.unit() as unit:
        wait_s = spend(unit, agency, f"override/{worker.id}", SIGNED_PER_MINUTE)
        if wait_s is None:
            _must_be_young(signed_at, unit.now)
            until = signed_at + AGE_MAX + BEHIND + NONCE_KEPT
            if not unit.access.use(f"worker/{worker.id}", digest, until):
                raise NoProof
    if wait_s is not None:  # the count stands
        raise TooOften(wait_s)
    words = {name: value for name, value in payload.items() if name not in _EVERY}
    return Signed(act, worker.id, f"key:{jwk.thumbprint(worker.key)}", MappingProxyType(words))


def _worker(house: House, agency: str, payload: Mapping[str, Any]) -> Worker:
    """Who says it is theirs: somebody of this agency, who works there still."""
    name = payload.get("worker")
    with house.store.peek() as rows:
        try:
            found = acting(name if isinstance(name, str) else None, rows.directory.all().workers, rows.now)
        except Refused:
            raise NoProof from None
    if found.agency != agency or not found.key:
        raise NoProof
    return found


def _must_be_signed(compact: str, header: Mapping[str, Any], key: Mapping[str, str]) -> None:
    if header.get("kid") != key["kid"] or header["alg"] not in jwk.worker_algorithms(key):
        raise NoProof
    try:
        if header["alg"] == "ES384":
            jws.deserialize_compact(compact, read_key(key), algorithms=["ES384"])
        else:  # the library has either name, not both
            said, _, signature = compact.rpartition(".")
            Ed25519PublicKey.from_public_bytes(jwk.url64(key["x"])).verify(jwk.url64(signature), said.encode("ascii"))
    except (JoseError, ValueError, InvalidSignature):
        raise NoProof from None


def _said(payload: Mapping[str, Any], agency: str) -> tuple[str, str, datetime]:
    """Act, nonce and instant of what was signed for this agency."""
    act, nonce, signed_s = payload.get("act"), payload.get("nonce"), payload.get("iat")
    if payload.get("agency") != agency or act not in ACTS:
        raise NoProof
    if not isinstance(nonce, str) or not 0 < len(nonce) <= NONCE_MAX:
        raise NoProof
    if not isinstance(signed_s, int) or isinstance(signed_s, bool) or not 0 < signed_s < 2**33:
        raise NoProof
    return act, nonce, datetime.fromtimestamp(signed_s, UTC)


def _must_be_young(signed_at: datetime, now: datetime) -> None:
    """Not older than five minutes; either clock may be half a minute off."""
    if not now - AGE_MAX - BEHIND <= signed_at <= now + BEHIND:
        raise NoProof
