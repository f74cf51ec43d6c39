"""Real randomness: the operating system's. Tests use seeded ids (``tests/fakes.py``)."""

from __future__ import annotations

import base64
import os
import random
import uuid


class RandomIds:
    """Ids that nobody can guess; see :class:`hub.ports.Ids`."""

    def uuid(self) -> str:
        """A random UUID (version 4) as text."""
        return str(uuid.uuid4())

    def number(self) -> str:
        """Twelve random base32 characters (RFC 4648): 60 bits."""
        return base64.b32encode(os.urandom(8)).decode()[:12]

    def octets(self, count: int) -> bytes:
        """Random bytes."""
        return os.urandom(count)

    def fraction(self) -> float:
        """A random number in [0, 1)."""
        return random.SystemRandom().random()
