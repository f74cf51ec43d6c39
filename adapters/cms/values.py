"""One value of a CMS column: from what the database holds to text, or to "this is no such value".

Program systems 5.3 (types) and §10, cases 6, 7 (invisible characters, accents), 29 (yes and no), 62 (clock change),
63 (Windows-1252 text inside UTF-8). Pure. It does not know which column it reads and keeps no value in an error.

Every reader returns the value as text, ``""`` for a blank, or None where the value is not of the type.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.model.identifiers import clean

TORONTO = ZoneInfo("America/Toronto")  # program systems 9.2: local Toronto time, no zone
TIMESTAMP_FORMAT = "%Y-%m-%d %H:%M:%S"

_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")  # the common case: ASCII, one space between words
_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")
# UTF-8 read as Windows-1252, and no longer undone with certainty; quotes and dashes may well follow a capital Ã
_MIXED = re.compile(r"[ÂÃ][\u0080-\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ]|â€")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
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


def whole_number(value: Any) -> str | None:
    """A whole number. Not a text that looks like one, and not a yes or no."""
    return str(value) if type(value) is int else None


def text(value: Any) -> str | None:
    """One line of text, invisible characters stripped, spaces single, accents composed (cases 6, 7)."""
    if not isinstance(value, str):
        return None
    if _PLAIN.fullmatch(value):
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


def day(value: Any) -> str | None:
    """A calendar day, ``YYYY-MM-DD``."""
    return _instant(value, _DATE, date.fromisoformat)


def timestamp(value: Any) -> str | None:
    """A local Toronto time, ``YYYY-MM-DD HH:MM:SS``, that exists: not in the hour skipped in spring (case 62)."""
    return _instant(value, _TIMESTAMP, _toronto)


def anything(value: Any) -> str | None:
    """Whatever stands there, as text. For a column that counts as soon as it is filled (``withdrawn_at``)."""
    return str(value).strip()


def local_time(now: datetime) -> str:
    """An instant as the system writes it: local Toronto time, no zone.

    Args:
        now: aware.
    """
    return now.astimezone(TORONTO).strftime(TIMESTAMP_FORMAT)


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


READERS: Mapping[str, Callable[[Any], str | None]] = {
    "int": whole_number,
    "text": text,
    "id": own_number,
    "prose": prose,
    "flag": flag,
    "date": day,
    "timestamp": timestamp,
    "anything": anything,
}

EXPECTED: Mapping[str, str] = {
    "int": "a whole number",
    "text": "text in UTF-8 without control characters",
    "id": "a number of the agency's own: letters, digits and . _ / -, 20 at most, no spaces",
    "prose": "text in UTF-8 without control characters",
    "flag": "1 or 0, or blank",
    "date": "a day as YYYY-MM-DD",
    "timestamp": "a Toronto time that exists, as YYYY-MM-DD HH:MM:SS",
    "anything": "anything",
}


def _readable(value: str) -> str | None:
    whole = value if value.isascii() else unicodedata.normalize("NFC", repaired(value))
    return None if _UNREADABLE.search(whole) or _MIXED.search(whole) else whole


def _instant(value: Any, form: re.Pattern[str], check: Callable[[str], object]) -> str | None:
    if not isinstance(value, str):
        return None
    stripped = value.strip()
    if stripped and not form.fullmatch(stripped):
        return None
    try:
        return stripped if not stripped or check(stripped) is not None else None
    except (ValueError, OverflowError):  # the 30th of February; the last evening of the year 9999
        return None


def _toronto(stamp: str) -> datetime | None:
    local = datetime.fromisoformat(stamp).replace(tzinfo=TORONTO)
    offset = local.utcoffset()
    if offset is None or offset % timedelta(minutes=1):  # before 1895 the town's own sun: no offset that FHIR can say
        return None
    return local if local.astimezone(UTC).astimezone(TORONTO).replace(fold=0) == local else None
