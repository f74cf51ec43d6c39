"""What becomes of one item of a message? Requested and consented and agreed and of use for the purpose (P-10). Pure.

An item passes if every list has every category of it; a sensitivity tag is a category of its own (shared model 9.2).
Else its code is the first that fits, in the order of shared model 9.4. ``marked`` says that it would have passed had
the client allowed it: only that stands behind the incompleteness notice (I-10), never what the purpose does not need,
the agreement leaves out, or another person's consent would open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from consent.authority import in_force
from consent.model import Agreement, Consent, Facts, Item, Withheld
from consent.model.words import SENSITIVE, Basis, Category, Code, SafetyFlag
from consent.notice import rests_on_notice
from consent.records import STATUS, covering, is_own_copy, is_own_status, message_pair, passes_on, subject
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
    unsigned: bool = False  # by word of mouth: what is sensitive waits for the signature
    by_notice: bool = False  # the client was told, and not asked: what was not told of is not part of the purpose


def lists_of(facts: Facts, agreements: Iterable[Agreement], consents: Iterable[Consent]) -> Lists:
    """The lists that govern this message. Several consents or agreements narrow each other (C-106).

    Args:
        consents: those that cover the message in its own direction.
    """
    assert facts.profile is not None, "P-0 refuses a message without a profile"
    profile = facts.profile.required + facts.profile.optional
    if is_own_copy(facts):
        return Lists(profile, (), profile, profile, ())
    own = [consent for consent in consents if not passes_on(consent, message_pair(facts), facts.message.purpose)]
    return Lists(
        profile=profile,
        coarse=facts.profile.coarse,
        agreed=_narrowest([agreement.categories for agreement in agreements]),
        ticked=_narrowest([_ticks(consent, facts) for consent in own]),
        noes=tuple(said_by_client(facts)),
        by_notice=rests_on_notice(facts),
        unsigned=any(consent.basis is Basis.EXPRESS_VERBAL for consent in own),
    )


def judge(item: Item, lists: Lists, facts: Facts) -> Withheld | None:
    """Whether an item must stay behind, and why; None: it may pass."""
    if (code := _barred(item, facts)) is not None:
        return Withheld(item.path, item.category, code, marked=False)
    if item.subject != facts.message.subject:
        of_theirs = _of_another(item, lists.agreed, facts)
        return None if of_theirs else Withheld(item.path, item.category, Code.RD_SUBJECT, marked=False)
    link = linked(item, facts)
    if link is not None:
        lists = replace(lists, ticked=_ticks(link, facts), unsigned=link.basis is Basis.EXPRESS_VERBAL)
    if (reason := _reason(item, lists, facts)) is None:
        return None
    code, marked = reason
    return Withheld(
        item.path, item.category, Code.RD_FREE_TEXT if item.category is Category.NOTES_FREE else code, marked
    )


def _barred(item: Item, facts: Facts) -> Code | None:
    """P-1 and P-9: what no tick of this client opens."""
    known = subject(facts)
    protected = known is not None and SafetyFlag.PROTECTED_LOCATION in known.flags
    others = item.mentioned or (item.third_party and is_own_copy(facts))
    bars = (
        (item.category is Category.JUSTICE_YOUTH, Code.RD_YOUTH_JUSTICE),
        (item.shelter or (protected and is_place(item)), Code.RD_LOCATION),
        (others, Code.RD_THIRD_PARTY),
        (item.third_party, Code.RD_SUBJECT),
        (is_foreign(item, facts), Code.RD_LINEAGE),
    )
    return next((code for bites, code in bars if bites), None)


def is_place(item: Item) -> bool:
    """Whether an item says where the client can be found; the address that stands with a channel does (C-110)."""
    return item.category is Category.LOCATION or ".address" in item.path


def serves_client(facts: Facts, ref: str | None) -> Facts:
    """The same question about another person of the message, whose own consents answer it."""
    return replace(facts, message=replace(facts.message, subject=ref, referral=None))


def _of_another(item: Item, agreed: Categories, facts: Facts) -> bool:
    """Whether what is about another person of the message passes by that person's own consents (C-73, C-74)."""
    if item.subject is None or item.subject not in facts.subjects:
        return False
    theirs = serves_client(facts, item.subject)
    consents = covering(theirs)
    if facts.subjects[item.subject].corrupt or not consents or any(no.is_whole for no in said_by_client(theirs)):
        return False
    lists = replace(lists_of(theirs, (), consents), agreed=agreed)
    return judge(item, lists, theirs) is None


def required(facts: Facts) -> Categories:
    """The categories without which a request is no use: the addressed service's own list, else the profile's (2.6)."""
    if facts.message.type == STATUS or facts.profile is None:  # of a status the Task alone is essential
        return ()
    if facts.message.required is None:
        return facts.profile.required
    return (Category.IDENT, *facts.message.required)


def linked(item: Item, facts: Facts) -> Consent | None:
    """The consent under which a fact came from another agency and may be passed on, if it holds still (I-15)."""
    known, pair = subject(facts), message_pair(facts)
    for consent in known.consents if known else ():
        ours = consent.consent_id == item.lineage and consent.discloser == item.source_agency
        if ours and passes_on(consent, pair, facts.message.purpose) and in_force(consent, facts):
            return consent
    return None


def is_foreign(item: Item, facts: Facts) -> bool:
    """Whether a fact came from another agency, and no link lets it be passed on: each needs a basis (I-15)."""
    came = bool(item.lineage) or item.source_agency not in (None, facts.sender.agency)
    return came and linked(item, facts) is None


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
    unsigned = lists.unsigned and not SENSITIVE.isdisjoint(kinds)  # C-46
    if not ticked or _is_above(item) or unsigned:
        return Code.RD_VERBAL if ticked and unsigned else Code.RD_SENSITIVE, not only_coarse
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
