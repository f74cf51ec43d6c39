"""One spelling of a JSON document: keys sorted, no spaces, UTF-8. What is hashed, sealed or compared is this.

It does not normalise numbers: our documents hold none but whole numbers and what a source wrote as text.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson


def canonical(document: Any) -> bytes:
    """Return the canonical bytes of a JSON document."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def sha256(data: bytes) -> str:
    """SHA-256 as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def content_digest(salt: bytes, content: bytes) -> str:
    """HMAC-SHA-256 of a content under its message's own salt, as hex (design §5).

    The salt travels inside the content and dies with its key: the recipient can verify, nobody can guess.
    """
    return hmac.new(salt, content, hashlib.sha256).hexdigest()
