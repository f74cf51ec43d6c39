"""On which consent records may a message rest? Person, direction and, for a referral's own status, its opening. Pure.

A message discloses from its sender to its recipient. The status of a referral is another matter: it passes between the
referral's two parties, either way, on the consent that opened it, or on a later one in force for the same pair and
purpose (C-71). Whether a record is in force is asked in ``validity.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from consent.authority import in_force
from consent.model import Consent, Facts, Item, SubjectFacts
from consent.model.words import Category, Code, ConsentState, Purpose

REQUESTS = ("ReferralRequest", "LanguageClassReferral")
STATUS = "StatusNotice"

_CHANGES_NOTHING = (ConsentState.DRAFT, ConsentState.ABANDONED)


@dataclass(frozen=True, slots=True)
class Pair:
    """One direction: who discloses, to whom."""

    discloser: str
    recipient: str


def subject(facts: Facts) -> SubjectFacts | None:
    """What the registry knows of the person whom the message is about; None: nobody it knows."""
    return facts.subjects.get(facts.message.subject) if facts.message.subject else None


def records(facts: Facts) -> list[Consent]:
    """The subject's own records, of each the version that governs. A decline is no grant (``standing.py``).

    A draft changes nothing (C-37); any other newer version stands in the place of the older ones (C-34). Grants of
    another file of the same person do not count here (I-07: grants do not merge).
    """
    known = subject(facts)
    own = [consent for consent in known.consents if consent.subject_ref == known.subject_ref] if known else []
    newest: dict[str, int] = {}
    for consent in own:
        if consent.state not in _CHANGES_NOTHING:
            newest[consent.consent_id] = max(consent.version, newest.get(consent.consent_id, 0))
    return [
        consent
        for consent in own
        if consent.version >= newest.get(consent.consent_id, 0) and consent.state is not ConsentState.DECLINED
    ]


def is_own_copy(facts: Facts) -> bool:
    """Whether it goes to the client's own verified channel: it rests on no consent and no agreement (C-10)."""
    return facts.recipient.kind == "client" and facts.message.purpose is Purpose.CLIENT_COPY


def carries_status(facts: Facts) -> bool:
    """Whether the message says how a referral stands, between that referral's own two parties."""
    return facts.message.type == STATUS and any(is_own_status(item, facts) for item in facts.message.items)


def is_own_status(item: Item, facts: Facts) -> bool:
    """Whether an item says how this referral stands: it needs no tick of its own (shared model 5; C-01, C-71).

    In a request that is the focus alone, ServiceRequest and Task; other service history is a category like the others.
    """
    if item.category is not Category.SERVICE_STATUS or item.third_party or item.subject != facts.message.subject:
        return False
    if facts.message.type in REQUESTS:
        return item.essential
    referral = facts.message.referral
    return (
        facts.message.type == STATUS
        and referral is not None
        and {referral.opened_by, referral.opened_to} == {facts.sender.agency, facts.recipient.agency}
    )


def message_pair(facts: Facts) -> Pair:
    """The direction of the message itself."""
    return Pair(facts.sender.agency, facts.recipient.agency)


def basis_pair(facts: Facts) -> Pair:
    """The direction in which the consent must go: the message's own, or that of the referral whose status it is."""
    referral = facts.message.referral
    if referral is not None and carries_status(facts):
        return Pair(referral.opened_by, referral.opened_to)
    return message_pair(facts)


def candidates(facts: Facts) -> list[Consent]:
    """The records that P-7 to P-9 judge. For a status: that which opened the referral, and later ones like it."""
    own = records(facts)
    referral = facts.message.referral
    if referral is None or not carries_status(facts):
        return [consent for consent in own if _is_known_to(consent, facts.sender.agency)]
    opening = [consent for consent in own if consent.consent_id == referral.consent_id]
    pair = basis_pair(facts)
    return opening + [
        consent
        for consent in own
        if consent.consent_id != referral.consent_id
        and misses(consent, pair, facts.message.purpose) is None
        and all(_is_later(consent, opener) for opener in opening)
    ]


def covering(facts: Facts) -> list[Consent]:
    """The records in force on which the message rests."""
    pair = basis_pair(facts)
    return [consent for consent in candidates(facts) if _covers(consent, pair, facts)]


def covering_own_way(facts: Facts) -> list[Consent]:
    """The records in force in the message's own direction: what is not status needs one (C-72)."""
    pair = message_pair(facts)
    return [consent for consent in records(facts) if _covers(consent, pair, facts)]


def misses(consent: Consent, pair: Pair, purpose: Purpose | None) -> Code | None:
    """Why a record does not reach this recipient for this purpose (P-9), or None."""
    if consent.discloser == pair.discloser and _names(consent, pair.recipient):
        return None if purpose in consent.purposes else Code.DN_PURPOSE
    if passes_on(consent, pair, purpose):
        return None
    other_way = consent.discloser == pair.recipient and _names(consent, pair.discloser)
    return Code.DN_DIRECTION if other_way else Code.DN_RECIPIENT


def passes_on(consent: Consent, pair: Pair, purpose: Purpose | None) -> bool:
    """Whether a record lets its recipient pass on what it got under it, to this agency for this purpose (C-134)."""
    onward = any((each.agency, each.purpose) == (pair.recipient, purpose) for each in consent.onward_sharing)
    return onward and consent.discloser != pair.discloser and _names(consent, pair.discloser)


def reference(consent: Consent) -> str:
    """As a decision's basis names it."""
    return f"consent:{consent.consent_id}/{consent.version}"


def _covers(consent: Consent, pair: Pair, facts: Facts) -> bool:
    return misses(consent, pair, facts.message.purpose) is None and in_force(consent, facts)


def _is_known_to(consent: Consent, agency: str) -> bool:
    """Whether an agency is a party to a record.

    One that others gave each other opens nothing to it, and its code would tell that the person is known there (I-11).
    """
    return consent.discloser in ("", agency) or any(r.agency == agency for r in consent.recipients)


def _names(consent: Consent, agency: str) -> bool:
    """One that names a program or a person of an agency reaches only that, not the agency (I-09)."""
    return any(r.agency == agency and r.program is None and r.person is None for r in consent.recipients)


def _is_later(consent: Consent, opener: Consent) -> bool:
    """Later by the registry's order (I-03), or signed later: closing the old record must not outrun its renewal."""
    signed_later = consent.captured_at and opener.captured_at and consent.captured_at > opener.captured_at
    return bool(signed_later) or consent.registry_seq > opener.registry_seq
