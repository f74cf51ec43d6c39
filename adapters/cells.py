"""One cell as many kinds of system hold it: from what a file or a database gave to text, or to "this is no such value".

Program systems §10, cases 6, 7 (invisible characters, accents), 29 (yes and no), 62 (clock change), 63 (Windows-1252
text inside UTF-8). Pure. It does not know which column it reads and keeps no value in an error.

Every reader returns the value as text, ``""`` for a blank, or None where the value is not of the type.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.model.identifiers import clean, is_clean

TORONTO = ZoneInfo("America/Toronto")  # program systems 9.2: local Toronto time, no zone

_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
# UTF-8 read as Windows-1252, and no longer undone with certainty; quotes and dashes may well follow a capital Ã
_MIXED = re.compile(r"[ÂÃ][\u0080-\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ]|â€")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}")
_FLAGS = {
    "1": "1",
    "y": "1",
    "yes": "1",
    "true": "1",
    "oui": "1",
    "0": "0",
    "n": "0",
    "no": "0",
    "false": "0",
    "non": "0",
}


def decoded(data: bytes) -> str:
    """Text of a column: UTF-8, or the Windows-1252 that old columns still hold (program systems 5.2).

    Bytes that are neither keep a mark in them, by which the record is refused.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def text(value: Any) -> str | None:
    """One line of text, invisible characters stripped, spaces single, accents composed (cases 6, 7)."""
    if not isinstance(value, str):
        return None
    if is_clean(value):  # as nearly all are
        return value
    readable = _readable(value)
    return None if readable is None else clean(readable)


def own_number(value: Any) -> str | None:
    """A number that the agency gave: no spaces, no words, or somebody's story would travel as an identifier."""
    found = text(value)
    return found if not found or _IDENTIFIER.fullmatch(found) else None


def prose(value: Any) -> str | None:
    """Text of several lines: the lines stay, each is cleaned."""
    if not isinstance(value, str):
        return None
    readable = _readable(value)
    return None if readable is None else "\n".join(clean(line) for line in readable.splitlines()).strip()


def flag(value: Any) -> str | None:
    """Yes as ``1``, no as ``0``, however the system spells it; blank stays blank and is never no (case 29)."""
    word = str(value).strip().lower() if isinstance(value, (bool, int, str)) else "?"
    return "" if word == "" else _FLAGS.get(word)


def anything(value: Any) -> str | None:
    """Whatever stands there, as text. For a column that counts as soon as it is filled (``withdrawn_at``)."""
    return str(value).strip()


def toronto(stamp: str) -> datetime | None:
    """The instant of a local Toronto time, ``YYYY-MM-DD HH:MM:SS``; None where the clock skipped it (case 62).

    Raises:
        ValueError: no such day or time.
    """
    local = datetime.fromisoformat(stamp).replace(tzinfo=TORONTO)
    offset = local.utcoffset()
    if offset is None or offset % timedelta(minutes=1):  # before 1895 the town's own sun: no offset that FHIR can say
        return None
    return local if local.astimezone(UTC).astimezone(TORONTO).replace(fold=0) == local else None


def repaired(value: str) -> str:
    """Undo ``QuÃ©bec``: UTF-8 bytes that were once read as Windows-1252 (case 63).

    Only where it is certain: the whole text is the Windows-1252 reading of valid UTF-8, and holds a sign in the middle
    of it that no word has (``Èœ`` could be two letters). Anything else stays.
    """
    if all(sign.isalpha() or sign.isascii() for sign in value):
        return value
    for encoding in ("cp1252", "latin-1"):  # Windows-1252 leaves five bytes open, which readers take from Latin-1
        try:
            return value.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return value


def _readable(value: str) -> str | None:
    whole = value if value.isascii() else unicodedata.normalize("NFC", repaired(value))
    return None if _UNREADABLE.search(whole) or _MIXED.search(whole) else whole
