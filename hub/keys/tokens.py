"""Keys of the tokens of HTTP: ``keys/tokens/<YYYY-MM-DD>.key``, one a UTC day, as :class:`hub.ports.TokenKeys`.

Made on demand, by whichever process is first; all that share the folder sign and read with it. A token lives minutes,
so a new day's key needs no pause, and a key that is lost costs each client one new token. Destroyed two days after its
day. A token is a JWT (RFC 7519, RFC 9068) signed with Ed25519 (RFC 8037; the name of RFC 9864); JOSE is joserfc's.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from hub.errors import IntegrityBroken, KeyGone
from hub.keys.files import create_key, read_key, require_private, unavailable
from hub.keys.token_days import day_of, destroy_over
from hub.ports import Ids

ALGORITHM = "Ed25519"
TYPE = "at+jwt"  # RFC 9068: no other JWT of ours is one
_KEY_ID = re.compile(r"t-(\d{4}-\d{2}-\d{2})")

Stamp = tuple[int, int, int]  # inode, mtime, size: whether a file is still the one that was read


class TokenFiles:
    """The keys of one folder; see :class:`hub.ports.TokenKeys`.

    Args:
        folder: ``keys/tokens``; it is made where it is not there.

    Raises:
        IntegrityBroken: others may read it.
        Unavailable: it can be neither read nor made.
    """

    def __init__(self, folder: Path, ids: Ids) -> None:
        try:
            folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise unavailable(folder, error) from None
        require_private(folder)
        self._folder, self._ids = folder, ids
        self._cache: dict[date, tuple[Stamp, OKPKey]] = {}

    def sign(self, claims: Mapping[str, Any], at: datetime) -> str:
        """See :meth:`hub.ports.TokenKeys.sign`.

        Raises:
            IntegrityBroken: today's key is damaged.
        """
        day = at.astimezone(UTC).date()
        key = self._key(day) or self._new(day, at)
        header = {"alg": ALGORITHM, "kid": f"t-{day.isoformat()}", "typ": TYPE}
        return jws.serialize_compact(header, orjson.dumps(dict(claims)), key, algorithms=[ALGORITHM])

    def read(self, token: str, at: datetime) -> Mapping[str, Any] | None:
        """See :meth:`hub.ports.TokenKeys.read`."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            day = _day(header.get("kid")) if isinstance(header, dict) else None  # it may be any JSON
            if day is None or header.keys() != {"alg", "kid", "typ"} or header["typ"] != TYPE:
                return None
            if not at.astimezone(UTC).date() - timedelta(days=2) < day < at.astimezone(UTC).date() + timedelta(days=2):
                return None
            key = self._key(day)
            if key is None:
                return None
            payload = jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
        except (JoseError, ValueError):
            return None
        found: dict[str, Any] = orjson.loads(payload)  # ours: nobody else has signed it
        return found

    def destroy(self, now: datetime) -> Sequence[date]:
        """See :meth:`hub.ports.TokenKeys.destroy`."""
        over = destroy_over(self._folder, now)
        for day in over:
            self._cache.pop(day, None)
        return over

    def _key(self, day: date) -> OKPKey | None:
        """The key of a day, read again whenever its file is not the one that was read before; None: there is none."""
        path = self._folder / f"{day.isoformat()}.key"
        stamp, cached = _stamp(path), self._cache.get(day)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        self._cache.pop(day, None)
        if stamp is None:
            return None
        try:
            key = _okp(read_key(path))
        except KeyGone as gone:
            if gone.got == "no such file":
                return None
            raise IntegrityBroken(gone.where, got=gone.got, next_step="remove the file: another is made") from None
        self._cache[day] = (stamp, key)
        return key

    def _new(self, day: date, at: datetime) -> OKPKey:
        self.destroy(at)  # a new day begins: the place where an old one ends, whatever else runs
        create_key(self._folder / f"{day.isoformat()}.key", self._ids.octets(32), self._ids.number())
        key = self._key(day)
        if key is None:
            raise KeyGone(f"tokens/{day.isoformat()}.key", got="no key, though it was made just now")
        return key


def _okp(seed: bytes) -> OKPKey:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "d": _url64(seed), "x": _url64(public)})


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _day(key_id: object) -> date | None:
    """The day of a key id; it becomes a file name, so nothing else passes."""
    form = _KEY_ID.fullmatch(key_id) if isinstance(key_id, str) else None
    return day_of(form[1]) if form else None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unavailable(path, error) from None
    return found.st_ino, found.st_mtime_ns, found.st_size
