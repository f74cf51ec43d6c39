"""What has the client forbidden? Directives, declines and exclusions, read alike (P-6). Pure.

A "no" stands until a newer record that is in force lifts it by name (C-105): an explicit lift only, and it lasts as
long as that record. It is the person's, whatever file it is in (I-07). Where it cannot be read, it is the wider one.

P-6 reads what the client said alone; a "no" of anybody else is a matter of who may decide (P-7, settled S25).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consent.authority import in_force
from consent.files import forbids
from consent.model import Consent, Facts, Item, SubjectFacts
from consent.model.words import Category, ConsentState, GivenBy, Purpose
from consent.records import records, reference, subject
from consent.validity import PURPOSE_WORDS, RECIPIENT_WORDS


@dataclass(frozen=True, slots=True)
class No:
    """One standing "no". Empty recipients or purposes: for all. Neither categories nor items: the whole.

    Args:
        name: as a decision's basis names it.
        lifted_as: the id by which a newer record lifts it; None: by its own next version only.
        agencies: whom it is kept from.
    """

    name: str
    lifted_as: str | None
    registry_seq: int
    said_by: GivenBy
    agencies: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    categories: tuple[Category, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing at all may go there."""
        return not self.categories and not self.items

    def forbids(self, item: Item, kinds: tuple[Category, ...]) -> bool:
        """Whether it is about this item; an item without an id may be the one that is meant."""
        locked = bool(self.items) and (item.item_id is None or item.item_id in self.items)
        return locked or any(kind in self.categories for kind in kinds)


def standing(facts: Facts) -> list[No]:
    """Every "no" that is about this recipient and purpose and has not been lifted, whoever said it."""
    known = subject(facts)
    found = [no for no in _noes(known, facts) if _is_about(no, facts)] if known else []
    if not found:
        return []
    lifting = [consent for consent in records(facts) if consent.lifts and in_force(consent, facts)]
    return [no for no in found if not any(_lifts(consent, no) for consent in lifting)]


def said_by_client(facts: Facts) -> list[No]:
    """Those that the client said alone."""
    return [no for no in standing(facts) if no.said_by is GivenBy.SELF]


def _noes(known: SubjectFacts, facts: Facts) -> Iterator[No]:
    for directive in known.directives:
        if directive.lifted_by is None:
            yield No(
                name=f"directive:{directive.directive_id}",
                lifted_as=directive.directive_id,
                registry_seq=directive.registry_seq,
                said_by=directive.said_by,
                # one named worker (C-107): nothing here shows that the recipient can keep that worker out
                agencies=directive.recipients,
                purposes=directive.purposes,
                categories=directive.categories,
                items=directive.items,
            )
    for consent in known.consents:
        if consent.state is ConsentState.DECLINED:
            yield _declined(consent)
        elif forbids(consent):
            yield _excluded(consent, facts)


def _declined(consent: Consent) -> No:
    """A refused form: for the recipients and purposes that it names, whatever categories it listed (1.4, C-44)."""
    any_agency = not RECIPIENT_WORDS.isdisjoint(consent.unreadable)
    any_purpose = not PURPOSE_WORDS.isdisjoint(consent.unreadable)
    return No(
        name=reference(consent),
        lifted_as=consent.consent_id,
        registry_seq=consent.registry_seq,
        said_by=consent.given_by or GivenBy.SELF,
        agencies=() if any_agency else tuple(r.agency for r in consent.recipients),
        purposes=() if any_purpose else consent.purposes,
    )


def _excluded(consent: Consent, facts: Facts) -> No:
    """What a form locks out. Where items have no name, what is no category may be anything: all of it."""
    categories = tuple(Category(word) for word in consent.exclusions if word in Category.__members__)
    items = tuple(word for word in consent.exclusions if word not in Category.__members__)
    is_read = not items or all(item.item_id is not None for item in facts.message.items)
    return No(
        name=reference(consent),
        lifted_as=None,
        registry_seq=consent.registry_seq,
        said_by=consent.given_by or GivenBy.SELF,
        agencies=tuple(recipient.agency for recipient in consent.recipients),
        purposes=consent.purposes,
        categories=categories if is_read else (),
        items=items if is_read else (),
    )


def _is_about(no: No, facts: Facts) -> bool:
    to_them = not no.agencies or facts.recipient.agency in no.agencies
    return to_them and (not no.purposes or facts.message.purpose in no.purposes)


def _lifts(consent: Consent, no: No) -> bool:
    """By name, by a later record, and by whoever said it: nobody lifts another's "no"."""
    same = (consent.given_by or GivenBy.SELF) is no.said_by
    return same and no.lifted_as in consent.lifts and consent.registry_seq > no.registry_seq
