"""One spelling of a JSON document: keys sorted, no spaces, UTF-8. What is hashed, sealed or compared is this.

It does not normalise numbers: our documents hold none but whole numbers and what a source wrote as text. What JSON has
no word for is an error and never another value: an infinity read as null would be a silence that nobody meant.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from typing import Any

import orjson


def canonical(document: Any) -> bytes:
    """Return the canonical bytes of a JSON document.

    Raises:
        ValueError: it holds an infinity or a not-a-number, which the library writes as null.
        TypeError: it holds what is no JSON: bytes, a whole number beyond 64 bits, half a surrogate pair.
    """
    written = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    if b"null" in written and not _finite(document):  # only then may one have been lost; a walk is slow
        raise ValueError("a number that JSON has no word for, infinity or not-a-number")
    return written


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return all(map(_finite, value)) if isinstance(value, list | tuple) else True


def sha256(data: bytes) -> str:
    """SHA-256 as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def content_digest(salt: bytes, content: bytes) -> str:
    """HMAC-SHA-256 of a content under its message's own salt, as hex (design §5).

    The salt travels inside the content and dies with its key: the recipient can verify, nobody can guess.
    """
    return hmac.new(salt, content, hashlib.sha256).hexdigest()
