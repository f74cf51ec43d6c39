"""Names of what a unit shares or owns (design §6). Gates share; whoever changes something owns it."""

from __future__ import annotations

SUBJECT = "subject:"
DIGEST = "digest:"
CONFIG = "config"  # agencies, systems, services, agreements, packs, mappings


def subject(ref: str) -> str:
    """The lock of one person in the registry."""
    return SUBJECT + ref


def digest(value: str) -> str:
    """The lock of an identifier that perhaps nobody knows yet."""
    return DIGEST + value
