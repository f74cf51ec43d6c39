"""The baseline of consent rules 2.5, from which every row differs in one thing. All people and agencies are invented.

Sender A, recipient B, an adult client, consent K version 3 for REFERRAL, and a ReferralRequest on 2025-06-01.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from consent.model import (
    Agreement,
    Consent,
    Directive,
    Facts,
    Grant,
    Item,
    Message,
    PackFacts,
    Party,
    Profile,
    Recipient,
    Referral,
    SubjectFacts,
)
from consent.model.words import EXPLANATIONS, Basis, CapacityBasis, Category, ConsentState, GivenBy, Purpose

AT = datetime(2025, 6, 1, 16, 0, tzinfo=UTC)  # 12:00 in Toronto
CLIENT = "s-client"
CHILD = "s-child"

C = Category

_OPTIONAL = (
    C.CONTACT,
    C.LOCATION,
    C.LANG,
    C.EMPLOY,
    C.EDUC,
    C.INCOME,
    C.HOUSING,
    C.FAMILY,
    C.SERVICE_STATUS,
    C.PLAN,
    C.HEALTH_PHYS,
    C.HEALTH_MENTAL,
    C.SUBSTANCE,
    C.DV,
    C.NOTES_FREE,
)
PROFILES = {
    "ReferralRequest": Profile("ReferralRequest", Purpose.REFERRAL, (C.IDENT, C.NEEDS), _OPTIONAL, (C.IMMIG,)),
    "LanguageClassReferral": Profile(
        "LanguageClassReferral",
        Purpose.REFERRAL,
        (C.IDENT, C.NEEDS),
        tuple(category for category in _OPTIONAL if category not in (C.EMPLOY, C.INCOME)),
        (C.IMMIG,),
    ),
    "StatusNotice": Profile(
        "StatusNotice",
        Purpose.REFERRAL,
        (C.SERVICE_STATUS,),
        (C.IDENT, C.NEEDS, *(category for category in _OPTIONAL if category is not C.SERVICE_STATUS)),
        (C.IMMIG,),
    ),
    "EligibilityCheck": Profile(
        "EligibilityCheck", Purpose.ELIGIBILITY, (C.IDENT,), (C.CONTACT, C.NEEDS, C.LANG, C.INCOME, C.IMMIG)
    ),
    "BenefitOverlapCheck": Profile(
        "BenefitOverlapCheck", Purpose.ELIGIBILITY, (C.IDENT,), (C.INCOME, C.FAMILY, C.SERVICE_STATUS)
    ),
    "CapacityEnquiry": Profile("CapacityEnquiry", Purpose.CAPACITY_ENQUIRY, (), ()),
    "FunderReport": Profile(
        "FunderReport",
        Purpose.FUNDER_REPORT,
        (C.IDENT,),
        (C.NEEDS, C.LANG, C.EMPLOY, C.EDUC, C.INCOME, C.SERVICE_STATUS, C.CONTACT),
    ),
}

K = Consent(
    consent_id="K",
    version=3,
    subject_ref=CLIENT,
    state=ConsentState.ACTIVE,
    registry_seq=30,
    discloser="A",
    recipients=(Recipient("B"),),
    purposes=(Purpose.REFERRAL,),
    categories=tuple(Grant(category) for category in (C.IDENT, C.CONTACT, C.NEEDS, C.LANG, C.EMPLOY)),
    pack="ca-on",
    pack_version=1,
    given_by=GivenBy.SELF,
    capacity_basis=CapacityBasis.PRESUMED,
    valid_from=datetime(2025, 1, 10, 5, 0, tzinfo=UTC),
    expires_at=datetime(2026, 1, 10, 5, 0, tzinfo=UTC),
    basis=Basis.EXPRESS_WRITTEN,
    text_version="sharing-v3",
    notice_version="notice-v2",
    language="en",
    client_reads=("en",),
    explained=EXPLANATIONS,
    not_condition_of_service=True,
    captured_by="w-301",
    captured_at=datetime(2025, 1, 10, 15, 0, tzinfo=UTC),
    captured_in="cms-a",
    evidence_ref="cms-a/consent/1",
    receipt_ref="PAPER",
)
AGREEMENT = Agreement(
    agreement_id="AB",
    version=1,
    parties=("A", "B"),
    purposes=(Purpose.REFERRAL,),
    categories=(
        C.IDENT,
        C.CONTACT,
        C.NEEDS,
        C.LANG,
        C.EMPLOY,
        C.EDUC,
        C.INCOME,
        C.HEALTH_PHYS,
        C.HEALTH_MENTAL,
        C.SUBSTANCE,
        C.SERVICE_STATUS,
        C.IMMIG,
    ),
    events=("add-service-request", "notify-update-process-request", "notify-update-service-request"),
    status="active",
    valid_from=datetime(2024, 1, 1, tzinfo=UTC),
)


def item(category: Category, at: int = 0, **change: Any) -> Item:
    """One item about the client, at an entry of its own."""
    return replace(Item(f"Bundle.entry[{at}].resource", category, CLIENT), **change)


def items(*categories: Category) -> tuple[Item, ...]:
    """Items about the client: the Patient is essential, as in every message."""
    return tuple(item(category, at, essential=category is C.IDENT) for at, category in enumerate(categories, start=1))


TASK = item(C.SERVICE_STATUS, 9, essential=True)
REFERRAL = Referral("REF234567ABC", opened_by="A", opened_to="B", consent_id="K", state="received", transition="T5")
MESSAGE = Message(
    type="ReferralRequest",
    event="add-service-request",
    purpose=Purpose.REFERRAL,
    items=(*items(C.IDENT, C.NEEDS, C.CONTACT, C.LANG), TASK),
    subject=CLIENT,
)
BASELINE = Facts(
    at=AT,
    pack=PackFacts("ca-on", 1, text_versions=("sharing-v3",), notice_versions=("notice-v2",)),
    sender=Party("A"),
    recipient=Party("B"),
    message=MESSAGE,
    profile=PROFILES["ReferralRequest"],
    subjects={CLIENT: SubjectFacts(CLIENT, 7, consents=(K,))},
    agreements=(AGREEMENT,),
)


def consent(**change: Any) -> Consent:
    """K with something else."""
    return replace(K, **change)


def ticked(*categories: Category) -> tuple[Grant, ...]:
    """Categories as a consent holds them."""
    return tuple(Grant(category) for category in categories)


def directive(**change: Any) -> Directive:
    """The client's standing "no" to B, older than K."""
    return replace(Directive("D", CLIENT, registry_seq=10, recipients=("B",)), **change)


def known(facts: Facts, **change: Any) -> Facts:
    """Facts in which the registry knows something else of the client."""
    return replace(facts, subjects={**facts.subjects, CLIENT: replace(facts.subjects[CLIENT], **change)})


def holding(*consents: Consent, facts: Facts = BASELINE) -> Facts:
    """Facts in which these are the client's records."""
    return known(facts, consents=consents)


def saying(facts: Facts = BASELINE, **change: Any) -> Facts:
    """Facts with another message; its profile goes with its type."""
    message = replace(facts.message, **change)
    return replace(facts, message=message, profile=PROFILES.get(message.type))


def asking(*categories: Category, facts: Facts = BASELINE) -> Facts:
    """Facts whose message holds these categories and the Task."""
    return saying(facts, items=(*items(*categories), TASK))


def agreed(*categories: Category, facts: Facts = BASELINE, **change: Any) -> Facts:
    """Facts whose agreement covers these categories too, or says something else."""
    row = replace(AGREEMENT, **({"categories": AGREEMENT.categories + categories} | change))
    return replace(facts, agreements=(row,))


def reply(*sent: Item, facts: Facts = BASELINE, **change: Any) -> Facts:
    """B answers A about the referral: a StatusNotice."""
    facts = replace(facts, sender=facts.recipient, recipient=facts.sender)
    words: dict[str, Any] = {
        "type": "StatusNotice",
        "event": "notify-update-process-request",
        "items": sent or (TASK,),
        "referral": REFERRAL,
    }
    return saying(facts, **(words | change))
