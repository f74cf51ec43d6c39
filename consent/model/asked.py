"""What is asked: which parties, which message, which of its parts (consent rules 2.2, 2.3). Frozen, pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from consent.model.words import Body, Category, Purpose, Risk


@dataclass(frozen=True, slots=True)
class Party:
    """An agency as the rules see it: lane, pack, and whether it takes part at present.

    ``known`` is false where the message names an agency (or service) that the directory has not, or has
    not exactly once; ``kind`` is what exactly is addressed.
    """

    agency: str
    lane: Literal["general", "womens", "custodian", "funder", "protective", "enforcement"] = "general"
    pack: str = "ca-on"
    status: Literal["active", "suspended", "ended"] = "active"
    known: bool = True
    kind: Literal["agency", "program", "person", "client"] = "agency"  # client: a verified channel of their own
    program: str | None = None
    person: str | None = None
    body: Body | None = None
    relayed: bool = False  # of a women's service: the hub keeps back that it is the sender (C-119)
    knows_abuser: bool = False  # somebody on its roster is the alleged abuser of this client (C-117)


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a message that is decided by itself: a resource, or an element of another category.

    ``path`` is a FHIRPath-like element path in the Bundle (``Bundle.entry[4].resource.telecom``): it names a
    place, never a value. ``essential`` marks a focus resource and the Patient that it is about.
    """

    path: str
    category: Category
    subject: str | None
    confidentiality: Literal["U", "L", "M", "N", "R", "V"] = "N"
    sensitivity: tuple[str, ...] = ()
    essential: bool = False
    third_party: bool = False
    mentioned: bool = False  # it names somebody who is no client: an ex-partner, who told it (C-75, C-76)
    privileged: bool = False  # a lawyer's, for a client
    shelter: bool = False  # it equals a place or a line of a women's service (C-113)
    source_agency: str | None = None
    lineage: str | None = None
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """The referral that a later event belongs to (shared model 9.1)."""

    number: str
    opened_by: str  # agency that sent the request
    opened_to: str
    consent_id: str | None  # the consent it was opened on
    state: str  # a referral-state
    transition: str | None = None  # "T5"; None: the event makes none that is allowed (DN_TRANSITION)


@dataclass(frozen=True, slots=True)
class Anonymous:
    """What a message about nobody holds (P-2): a capacity enquiry, its answer, a risk filter.

    Args:
        strange: element paths that are none of the coded elements of its event: free text, a number, a pseudonym.
        people: of the catchment, who have its attributes together; None: it says nothing of anybody.
    """

    strange: tuple[str, ...] = ()
    people: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is asked: one event, one person or nobody, one recipient."""

    type: str  # ReferralRequest, StatusNotice, ... (consent rules 2.2)
    event: str  # FHIR message event code
    purpose: Purpose | None  # None: of what the hub does not carry
    items: tuple[Item, ...]
    subject: str | None  # the registry's subject_ref; None: nobody the registry knows
    labelled_purpose: str | None = None  # what the sender wrote, if anything: must agree (I-12)
    required: tuple[Category, ...] | None = None  # the addressed service's own list, else the profile's
    service: str | None = None
    referral: Referral | None = None
    risk_flags: tuple[Risk, ...] = ()
    case_closed: bool = False
    pinned: tuple[str, int] | None = None  # consent id and version that the sender pins to (C-38)
    transition_allowed: bool = True
    state_unchanged: bool = False  # of its referral: the message brings results alone (C-72)
    token: tuple[str, int] | None = None  # consent and version of a token that stands in for a decision (C-35)
    own_decision: bool = False  # of counselling that a child sought alone: nobody else decides (C-88)
    redisclosure_notice: bool = False  # the notice that forbids passing it on is in its envelope (42 CFR 2.32)
    channel: Literal["", "MAIL", "PHONE"] = ""  # by which a receipt or notice would reach the client (C-118)
    anonymous: Anonymous | None = None  # None: it is about somebody
