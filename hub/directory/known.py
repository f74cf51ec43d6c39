"""What a new row is checked against, and how a topic is named."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import tzinfo

from hub.ports import Directory, Ids

_NUMBER = re.compile(r"[A-Z2-7]{12}")


@dataclass(frozen=True, slots=True)
class Known:
    """All that a row may name.

    Args:
        directory: the directory as it stands, read under the lock of ``config``.
        ids: gives the opaque part of a new agency's topic.
        kinds: kinds of systems that have an adapter.
        receiving: those of them whose systems take referrals.
        packs: jurisdiction packs that the hub has.
        categories: rule words of consent rules 2.2; ``purposes`` likewise.
        events: message events that an agreement may cover.
        bodies: what an agency may be to somebody in danger.
        zone: where a whole day begins and ends (I-05).
    """

    directory: Directory
    ids: Ids
    kinds: Collection[str]
    receiving: Collection[str]
    packs: Collection[str]
    categories: Collection[str]
    purposes: Collection[str]
    events: Collection[str]
    bodies: Collection[str]
    zone: tzinfo

    def topic_of(self, agency: str) -> str:
        """The topic that an agency has, or a new one."""
        known = self.directory.agencies.get(agency)
        return known.topic if known else topic(self.ids.number())


def topic(number: str) -> str:
    """The topic of an agency: opaque for every agency, since an exception would mark the women's services.

    Args:
        number: 12 random base32 characters (A-Z, 2-7).
    """
    assert _NUMBER.fullmatch(number), "a topic's name is random, never a word"
    return f"delivery.{number}"
