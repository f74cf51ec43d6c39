"""What becomes of one item of a message? Requested and consented and agreed and of use for the purpose (P-10). Pure.

An item passes if every list has every category of it; a sensitivity tag is a category of its own (shared model 9.2).
Else its code is the first that fits, in the order of shared model 9.4. ``marked`` says that it would have passed had
the client allowed it: only that stands behind the incompleteness notice (I-10), never what the purpose does not need,
the agreement leaves out, or another person's consent would open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from consent.model import Agreement, Consent, Facts, Item, Withheld
from consent.model.words import SENSITIVE, Category, Code
from consent.notice import rests_on_notice
from consent.records import is_own_status
from consent.standing import No, said_by_client

# shared model 5: a tag of v3-ActCode is of this category, whatever the item's own label says (L1)
CATEGORY_OF_TAG = {
    **dict.fromkeys(("PSY", "MH", "BH"), Category.HEALTH_MENTAL),
    **dict.fromkeys(("SUD", "ETHUD", "OPIOIDUD"), Category.SUBSTANCE),
    **dict.fromkeys(("SEX", "STD", "HIV", "GENDER"), Category.SEXUAL),
    **dict.fromkeys(("SDV", "VIO"), Category.DV),
    "RACE": Category.RACE_INDIG,
}
_PLAIN_LEVELS = ("U", "L", "M", "N")


Categories = tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """What may pass, list by list. An empty list means nothing (I-18)."""

    profile: Categories
    coarse: Categories
    agreed: Categories
    ticked: Categories
    noes: tuple[No, ...]
    by_notice: bool = False  # the client was told, and not asked: what was not told of is not part of the purpose


def lists_of(facts: Facts, agreements: Iterable[Agreement], consents: Iterable[Consent]) -> Lists:
    """The lists that govern this message. Several consents or agreements narrow each other (C-106).

    Args:
        consents: those that cover the message in its own direction.
    """
    assert facts.profile is not None, "P-0 refuses a message without a profile"
    return Lists(
        profile=facts.profile.required + facts.profile.optional,
        coarse=facts.profile.coarse,
        agreed=_narrowest([agreement.categories for agreement in agreements]),
        ticked=_narrowest([_ticks(consent, facts) for consent in consents]),
        noes=tuple(said_by_client(facts)),
        by_notice=rests_on_notice(facts),
    )


def judge(item: Item, lists: Lists, facts: Facts) -> Withheld | None:
    """Whether an item must stay behind, and why; None: it may pass."""
    if item.category is Category.JUSTICE_YOUTH:  # P-1
        code, marked = Code.RD_YOUTH_JUSTICE, False
    elif item.third_party or item.subject != facts.message.subject:  # P-9
        code, marked = Code.RD_SUBJECT, False
    elif is_foreign(item, facts):
        code, marked = Code.RD_LINEAGE, False
    elif (reason := _reason(item, lists, facts)) is not None:
        code, marked = reason
        if item.category is Category.NOTES_FREE:
            code = Code.RD_FREE_TEXT
    else:
        return None
    return Withheld(item.path, item.category, code, marked)


def is_foreign(item: Item, facts: Facts) -> bool:
    """Whether a fact came from another agency: passing it on needs a basis for every link (I-15)."""
    return bool(item.lineage) or item.source_agency not in (None, facts.sender.agency)


def _reason(item: Item, lists: Lists, facts: Facts) -> tuple[Code, bool] | None:
    """The first code that fits, and whether the client alone stood in the way."""
    kinds = (item.category, *[CATEGORY_OF_TAG.get(tag, item.category) for tag in item.sensitivity])
    ticked = _within(kinds, lists.ticked) or is_own_status(item, facts)
    agreed = _within(kinds, lists.agreed)
    only_coarse = not _within(kinds, lists.profile)
    not_told_of = lists.by_notice and not ticked  # C-11
    if not_told_of or (only_coarse and not (ticked and _within(kinds, lists.profile + lists.coarse))):
        return Code.RD_PURPOSE_MIN, False
    if any(no.forbids(item, kinds) for no in lists.noes):
        return Code.RD_CATEGORY, agreed and not only_coarse
    if not agreed:
        return Code.RD_CATEGORY, False
    if not ticked and SENSITIVE.isdisjoint(kinds):
        return Code.RD_CATEGORY, True
    if not ticked or _is_above(item):
        return Code.RD_SENSITIVE, not only_coarse
    return (Code.RD_STATUS_TO_FLAG, False) if only_coarse else None


def _is_above(item: Item) -> bool:
    """Whether a label is above what any tick opens: N for plain categories, R for sensitive ones; V never."""
    if any(tag not in CATEGORY_OF_TAG for tag in item.sensitivity):
        return True
    return item.confidentiality not in _PLAIN_LEVELS and not (
        item.confidentiality == "R" and item.category in SENSITIVE
    )


def _ticks(consent: Consent, facts: Facts) -> Categories:
    """The categories that a consent opens for this purpose now; a tick may be narrower and end earlier (1.2)."""
    return tuple(
        [
            grant.category
            for grant in consent.categories
            if (not grant.purposes or facts.message.purpose in grant.purposes)
            and (grant.expires_at is None or facts.at < grant.expires_at)
        ]
    )


def _within(kinds: Categories, allowed: Categories) -> bool:
    # tuples: they are short, and an enum's hash costs more than comparing them through
    return not [kind for kind in kinds if kind not in allowed]


def _narrowest(lists: list[Categories]) -> Categories:
    """What all lists have; nothing, where there is none."""
    first, *others = lists or [()]
    return tuple([category for category in first if all(category in other for other in others)]) if others else first
