"""What the door keeps: proofs that were used, and how often an agency has asked."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class AccessRows(Protocol):
    """Rows of the door. Nothing in them is of a person."""

    def use(self, client: str, digest: str, until: datetime) -> bool:
        """Use a proof up: True for the first of all processes that does, False for every other.

        What is past its ``until`` is forgotten on the way.
        """
        ...

    def spend(self, agency: str, what: str, minute: int) -> int:
        """Count one more of an agency's requests of a kind in a minute (since 1970); how many there are now.

        Earlier minutes of that kind are forgotten on the way.
        """
        ...
