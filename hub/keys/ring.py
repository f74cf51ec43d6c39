"""The key ring: the folder ``keys/`` as the :class:`hub.ports.Keys` port.

    hub.key                     the log's Ed25519 key (or handed over from the environment)
    hub.pub                     its public line, for anybody
    index.key                   the key of keyed digests; lost, no digest is ever found again
    epochs/<YYYY-MM-DD>.key     wraps the message keys of one UTC day; made on demand, destroyed 96 h after its day

Several processes and hosts share the folder. An epoch key that this process has in memory is used only while its file
stands there unchanged, so that one process' destruction is everybody's. Nothing here is in any backup but ``hub.key``
and ``index.key``, kept apart from the database.

A clock that jumps ahead destroys epochs too early: their messages are *returned* and sent again, never lost and never
shown. We prefer that to keys that outlive their day because a clock was doubted.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import IntegrityBroken, KeyGone, Refused, SealBroken
from hub.keys import sealing
from hub.keys.files import create_file, create_key, destroy, place, read_file, read_key, require_private, unavailable
from hub.keys.lines import LogKey, log_key, parse_private
from hub.model.envelope import Envelope, Sealed
from hub.ports import Ids

DAY_BYTES = 4
MARK_BYTES = DAY_BYTES + 8  # stands behind each wrapped key: which day, and a digest of that day's key
EPOCH_KEPT = timedelta(hours=96)  # design §5: after the end of its day; open messages are returned after 72 h

_EPOCH_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.key(\..*)?")
_KEY_ID = re.compile(r"e-(\d{4}-\d{2}-\d{2})")

_BRING_BACK = "bring it back from its safe copy; on a new data folder run `hub init`"

Stamp = tuple[int, int, int]  # inode, mtime, size: whether a file is still the one that was read


@dataclass(frozen=True, slots=True)
class _Epoch:
    """The key of a day, and a mark that says which key it is: a day whose key was lost may have got another one."""

    cipher: AESGCM
    mark: bytes

    @classmethod
    def of(cls, day: date, key: bytes) -> _Epoch:
        digest = sha256(b"epoch" + key).digest()
        return cls(AESGCM(key), day.toordinal().to_bytes(DAY_BYTES) + digest[: MARK_BYTES - DAY_BYTES])


def create_keys(folder: Path, ids: Ids, *, name: str, hub_key: str | None = None) -> None:
    """Prepare the key folder of a new hub; a folder that is complete is left as it is.

    Args:
        name: the log's name, best a URL without scheme (``hub.example.org/log``).
        hub_key: the private line, where it comes from the environment; then no ``hub.key`` is written.

    Raises:
        Refused: some keys are there and some are not: a lost key is brought back, never made anew.
        Unavailable: the folder cannot be written.
    """
    wanted = [folder / "index.key"] + ([] if hub_key else [folder / "hub.key"])
    missing = [path for path in wanted if not path.exists()]
    if missing and len(missing) != len(wanted):
        raise Refused(
            place(missing[0]), got="no such file beside other keys", next_step="bring it back, or empty keys/"
        )
    try:
        (folder / "epochs").mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise unavailable(folder, error) from None
    if folder / "index.key" in missing:
        create_key(folder / "index.key", ids.octets(32), ids.number())
    if folder / "hub.key" in missing:
        create_file(folder / "hub.key", f"{log_key(name, ids.octets(32)).line}\n".encode(), ids.number())
    key = _log_key(folder, hub_key)
    if not (folder / "hub.pub").exists():
        create_file(folder / "hub.pub", f"{key.verifier}\n".encode(), ids.number())


class KeyRing:
    """The keys of one folder; see :class:`hub.ports.Keys`.

    Args:
        folder: ``keys/``, made by :func:`create_keys`.
        hub_key: the private line of the log's key, where it comes from the environment.

    Raises:
        IntegrityBroken: a key is missing, damaged, open to others, or not the one of ``hub.pub``.
        Unavailable: a file cannot be read.
    """

    def __init__(self, folder: Path, ids: Ids, *, hub_key: str | None = None) -> None:
        for private in (folder, folder / "epochs"):
            if not private.is_dir():
                raise IntegrityBroken(place(private), got="no such folder", next_step=_BRING_BACK)
            require_private(private)
        self._epochs = folder / "epochs"
        self._ids = ids
        self._log_key = _log_key(folder, hub_key)
        self._index_key = _must_be_there(folder / "index.key", read_key)
        self._box = AESGCM(hmac.digest(self._index_key, b"box", "sha256"))
        self._cache: dict[date, tuple[Stamp, _Epoch]] = {}
        public = _must_be_there(folder / "hub.pub", Path.read_bytes)
        if public.strip() != self.verifier.encode():
            raise IntegrityBroken(
                place(folder / "hub.pub"),
                got="another key than hub.key's",
                next_step="find out which of the two was replaced, and bring the right one back",
            )

    def seal(self, envelope: Envelope, *, topic: str, at: datetime) -> tuple[Sealed, bytes]:
        """See :meth:`hub.ports.Keys.seal`.

        Raises:
            IntegrityBroken: today's epoch key is damaged.
            Unavailable: it can be neither read nor made.
        """
        day = at.astimezone(UTC).date()
        try:
            epoch = self._epoch(day)
        except KeyGone:
            epoch = self._new_epoch(day)
        key, nonce = self._ids.octets(sealing.KEY_BYTES), self._ids.octets(sealing.NONCE_BYTES)
        key_id, name = f"e-{day.isoformat()}", envelope.envelope_id
        body = sealing.seal_body(envelope, topic=topic, key=key, nonce=nonce)
        wrapped = sealing.wrap(
            epoch.cipher, key, nonce=self._ids.octets(sealing.NONCE_BYTES), envelope_id=name, key_id=key_id
        )
        return Sealed(name, key_id, body), wrapped + epoch.mark

    def open(self, sealed: Sealed, wrapped: bytes, *, topic: str) -> Envelope:
        """See :meth:`hub.ports.Keys.open`."""
        envelope_id, key_id = sealed.envelope_id, sealed.key_id
        key = self._unwrap(self._epoch(_day(sealed)), wrapped, envelope_id, key_id)
        return sealing.open_body(sealed.body, envelope_id=envelope_id, topic=topic, key=key)

    def digest(self, domain: str, value: str) -> str:
        """See :meth:`hub.ports.Keys.digest`: HMAC-SHA-256 over the length-prefixed domain and the value."""
        name = domain.encode()
        return hmac.digest(self._index_key, len(name).to_bytes(4) + name + value.encode(), "sha256").hex()

    def box(self, place: str, data: bytes) -> bytes:
        """See :meth:`hub.ports.Keys.box`: AES-256-GCM under a key of its own, made of the index key."""
        nonce = self._ids.octets(sealing.NONCE_BYTES)
        return nonce + self._box.encrypt(nonce, data, place.encode())

    def unbox(self, place: str, sealed: bytes) -> bytes:
        """See :meth:`hub.ports.Keys.unbox`."""
        try:
            nonce, body = sealed[: sealing.NONCE_BYTES], sealed[sealing.NONCE_BYTES :]
            return self._box.decrypt(nonce, body, place.encode())
        except (InvalidTag, ValueError):
            raise sealing.broken(place, "bytes that were not sealed here") from None

    def sign(self, note: bytes) -> bytes:
        """See :meth:`hub.ports.Keys.sign`."""
        return self._log_key.private.sign(note)

    @property
    def log_name(self) -> str:
        """See :attr:`hub.ports.Keys.log_name`."""
        return self._log_key.name

    @property
    def verifier(self) -> str:
        """See :attr:`hub.ports.Keys.verifier`."""
        return self._log_key.verifier

    def destroy_epochs(self, now: datetime) -> Sequence[date]:
        """See :meth:`hub.ports.Keys.destroy_epochs`. The instant itself, 96 h after the day's end, is over."""
        destroyed = []
        for day in self._days():
            if now >= datetime.combine(day + timedelta(days=1), time(), UTC) + EPOCH_KEPT:
                self._cache.pop(day, None)
                if destroy(self._epochs, f"{day.isoformat()}.key"):
                    destroyed.append(day)
        return destroyed

    def _unwrap(self, epoch: _Epoch, wrapped: bytes, envelope_id: str, key_id: str) -> bytes:
        """The message key. The mark alone proves nothing: it is asked only where the key does not fit."""
        body, mark = wrapped[:-MARK_BYTES], wrapped[-MARK_BYTES:]
        same_day = len(body) == sealing.WRAPPED_BYTES and mark[:DAY_BYTES] == epoch.mark[:DAY_BYTES]
        try:
            key = sealing.unwrap(epoch.cipher, body, envelope_id=envelope_id, key_id=key_id)
        except SealBroken:
            if same_day and mark != epoch.mark:
                raise KeyGone(
                    f"epoch {key_id.removeprefix('e-')}",
                    got="another key than the one that wrapped this message's: it was lost and made anew",
                    next_step="the message is returned and its sender asked again",
                ) from None
            raise
        if mark != epoch.mark:
            raise sealing.broken(envelope_id, "a wrapped key whose mark was changed")
        return key

    def _days(self) -> list[date]:
        try:
            found = [_EPOCH_FILE.fullmatch(entry.name) for entry in self._epochs.iterdir()]
        except OSError as error:
            raise unavailable(self._epochs, error) from None
        return sorted({day for match in found if match and (day := _date(match[1]))})

    def _epoch(self, day: date) -> _Epoch:
        """The epoch key of a day, read again whenever its file is not the one that was read before.

        Raises:
            KeyGone: its file is gone or damaged.
        """
        path = self._epochs / f"{day.isoformat()}.key"
        cached = self._cache.get(day)
        stamp = _stamp(path)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        self._cache.pop(day, None)
        if stamp is None:
            raise KeyGone(
                f"epoch {day.isoformat()}", got="no key", next_step="the message is returned and its sender asked again"
            )
        epoch = _Epoch.of(day, read_key(path))
        self._cache[day] = (stamp, epoch)
        return epoch

    def _new_epoch(self, day: date) -> _Epoch:
        path = self._epochs / f"{day.isoformat()}.key"
        create_key(path, self._ids.octets(32), self._ids.number())
        try:
            return self._epoch(day)
        except KeyGone as gone:  # it stood there before and is damaged: sealing under a new one would hide that
            raise IntegrityBroken(gone.where, got=gone.got, next_step=gone.next_step) from None


def _day(sealed: Sealed) -> date:
    """The day of a key id; it becomes a file name, so nothing else passes."""
    found = _KEY_ID.fullmatch(sealed.key_id)
    day = _date(found[1]) if found else None
    if day is None:
        raise sealing.broken(sealed.envelope_id, "a key id that names no epoch")
    return day


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unavailable(path, error) from None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _log_key(folder: Path, hub_key: str | None) -> LogKey:
    if hub_key:
        return parse_private(hub_key, "the hub's key in the environment")
    path = folder / "hub.key"
    return parse_private(_must_be_there(path, read_file).decode("ascii", "replace"), place(path))


def _must_be_there(path: Path, read: Callable[[Path], bytes]) -> bytes:
    """A key without which the hub does not start."""
    try:
        return read(path)
    except (KeyGone, FileNotFoundError) as error:
        got = error.got if isinstance(error, KeyGone) else "no such file"
        raise IntegrityBroken(place(path), got=got, next_step=_BRING_BACK) from None
    except OSError as error:
        raise unavailable(path, error) from None
