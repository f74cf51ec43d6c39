"""What one agency may ask a client to let it share with one other: never more than could pass the gate. Pure.

A purpose is offered where an agreement in force covers an event of it, and that event's message type can have what it
cannot go without; a category where such a type may hold it and the agreement has it (consent rules 2.6, P-5, P-10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent.model import Agreement, Profile
from consent.model.words import SENSITIVE, Category, Purpose
from consent.packs import Packs

# what a client is asked to consent to: a report rests on a notice (C-11), an enquiry is about nobody, a copy goes to
# the client; research and fundraising the hub does not carry (P-4)
ASKED = (
    Purpose.REFERRAL,
    Purpose.COORDINATION,
    Purpose.ELIGIBILITY,
    Purpose.FOLLOW_UP,
    Purpose.HEALTH_CARE,
    Purpose.SAFETY,
)
STATUS = "StatusNotice"  # answers a referral; what it needs is no reason to ask for a referral


@dataclass(frozen=True, slots=True)
class Why:
    """A purpose, and the categories without which nothing of it can go."""

    purpose: Purpose
    needs: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class What:
    """A category. ``coarse``: no purpose of this form lets more of it go than a yes or no."""

    category: Category
    coarse: bool

    @property
    def sensitive(self) -> bool:
        """Whether it needs a tick of its own."""
        return self.category in SENSITIVE


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be asked, in the order of the lists of the rules. Empty: nothing."""

    why: tuple[Why, ...] = ()
    what: tuple[What, ...] = ()
    told_back: bool = False  # the recipient may tell how a referral went (C-71)


def offer(agreements: Sequence[Agreement], packs: Packs, purposes: Sequence[Purpose] = ASKED) -> Offer:
    """What a form may ask.

    Args:
        agreements: those in force by which the one may share with the other.
        purposes: those that are wanted.
    """
    why: list[Why] = []
    whole: set[Category] = set()
    coarse: set[Category] = set()
    for purpose in (each for each in ASKED if each in purposes):
        types = _types(agreements, packs, purpose)
        if not [profile for profile, _ in types if profile.type != STATUS]:
            continue
        needs = [set(profile.required) for profile, _ in types if profile.type != STATUS]
        why.append(Why(purpose, _ordered(set.intersection(*needs))))
        for profile, agreed in types:
            whole |= agreed & {*profile.required, *profile.optional}
            coarse |= agreed & set(profile.coarse)
    refers = any(each.purpose is Purpose.REFERRAL for each in why)
    what = tuple(What(each, each not in whole) for each in _ordered(whole | coarse))
    return Offer(tuple(why), what, refers and any(_tells_back(row, packs) for row in agreements))


def _types(
    agreements: Sequence[Agreement], packs: Packs, purpose: Purpose
) -> list[tuple[Profile, frozenset[Category]]]:
    """The message types of a purpose that can go, each with the categories that are agreed for it."""
    found: dict[str, tuple[Profile, frozenset[Category]]] = {}
    for event, kind in packs.profiles.events.items():
        lists = [set(row.categories) for row in agreements if purpose in row.purposes and event in row.events]
        agreed = frozenset(set.intersection(*lists)) if lists else frozenset()  # of several the narrower (P-10)
        for name in (kind, *packs.profiles.by_service.get(event, {}).values()):
            profile = packs.profiles.by_type[name]
            if lists and profile.purpose is purpose and agreed.issuperset(profile.required):
                earlier = found.get(name, (profile, frozenset()))[1]
                found[name] = (profile, agreed | earlier)
    return list(found.values())


def _tells_back(row: Agreement, packs: Packs) -> bool:
    """Whether an agreement lets the recipient answer with how a referral went."""
    mutual = row.discloser is None and Purpose.REFERRAL in row.purposes and Category.SERVICE_STATUS in row.categories
    return mutual and any(packs.profiles.events.get(event) == STATUS for event in row.events)


def _ordered(categories: set[Category]) -> tuple[Category, ...]:
    return tuple(each for each in Category if each in categories)
