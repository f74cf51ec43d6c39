"""The label of a resource: one confidentiality and one category in ``meta.security`` (shared model 4 and 5).

The hub's labeller may raise what stands here, never lower it; sensitivity tags are its own.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.model import codes
from hub.model.fhir import Resource

SENSITIVE = frozenset(
    {
        "health-mental",
        "substance",
        "sexual",
        "dv",
        "immig",
        "justice-adult",
        "justice-youth",
        "child-prot",
        "race-indig",
        "notes-free",
        "risk",
    }
)
CATEGORIES = SENSITIVE | {
    "ident",
    "contact",
    "location",
    "needs",
    "lang",
    "employ",
    "educ",
    "income",
    "housing",
    "family",
    "service-status",
    "plan",
    "health-phys",
}


def labelled(category: str) -> Callable[[], Resource]:
    """A maker of ``meta`` with this category; a fresh one for each resource, since the exchange adds to it."""
    confidentiality = "R" if category in SENSITIVE else "N"

    def meta() -> Resource:
        return {
            "security": [
                {"system": codes.CONFIDENTIALITY, "code": confidentiality},
                {"system": codes.CATEGORY, "code": category},
            ]
        }

    return meta
