"""What the rules look at, and what they answer. Frozen, pure, imports nothing of ours but its own words (``words.py``)
and what is declared of a duty of care (``declared.py``).

The words are those of the consent rules (1.2 the record, 2.2 the vocabulary, 2.3 the stages). A ``Facts``
document holds codes, ids and versions only, never a personal value, so it may be stored with its decision
and read back: ``decide(stored facts)`` equals the stored decision.

Instants are aware UTC; intervals are half-open: in force from ``valid_from``, over at ``expires_at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from consent.model.declared import Override
from consent.model.words import (
    Basis,
    Body,
    CapacityBasis,
    Category,
    Code,
    ConsentState,
    GivenBy,
    Outcome,
    Purpose,
    Risk,
    SafetyFlag,
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A named receiver: an agency, narrowed to a program or a person where the form says so (I-09)."""

    agency: str
    program: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """One ticked category; a tick may carry narrower purposes and an earlier end."""

    category: Category
    purposes: tuple[Purpose, ...] = ()  # empty: those of the consent
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Onward:
    """An agency to which the recipient may pass it on, and why."""

    agency: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Authority:
    """Evidence of a substitute's authority. Kinds, dates and ids; never the paper itself."""

    kind: str
    seen_on: date | None = None
    seen_by: str | None = None
    expires_at: datetime | None = None
    co_deciders: tuple[str, ...] = ()
    court_limits: bool = False


@dataclass(frozen=True, slots=True)
class VerbalNote:
    """Which parts of the note on a verbal consent exist (F-10). The words stay with the agency."""

    who: bool
    what: bool
    how_explained: bool
    worker: str | None
    taken_at: datetime | None
    signature_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Who interpreted: kind, language (BCP 47) and whether independent."""

    kind: Literal["QUALIFIED", "STAFF", "FAMILY"]
    language: str | None
    independent: bool


@dataclass(frozen=True, slots=True)
class StateEvent:
    """One transition: enforced by ``registry_seq``, reported by its times (I-03)."""

    state: ConsentState
    registry_seq: int
    at: datetime
    effective_at: datetime
    actor: str
    reason: str = ""  # a code, never a text


@dataclass(frozen=True, slots=True)
class Consent:
    """One version of one consent record: one subject, one discloser, one direction (consent rules 1.2).

    A field may be empty: the registry keeps such a record as DRAFT, and ``decide`` refuses it.
    ``unreadable`` names fields whose value is outside its list; the value itself is not kept.
    """

    consent_id: str
    version: int
    subject_ref: str
    state: ConsentState
    registry_seq: int
    discloser: str
    recipients: tuple[Recipient, ...]
    purposes: tuple[Purpose, ...]
    categories: tuple[Grant, ...]
    pack: str
    pack_version: int
    given_by: GivenBy | None = None
    given_by_ref: str | None = None
    authority: Authority | None = None
    capacity_basis: CapacityBasis | None = None
    direction: Literal["ONE_WAY"] = "ONE_WAY"
    form_id: str | None = None
    supersedes: tuple[str, ...] = ()
    lifts: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    onward_sharing: tuple[Onward, ...] = ()
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    basis: Basis | None = None
    verbal_note: VerbalNote | None = None
    text_version: str | None = None
    notice_version: str | None = None
    language: str | None = None
    client_reads: tuple[str, ...] = ()
    interpreter: Interpreter | None = None
    explained: frozenset[str] = frozenset()
    not_condition_of_service: bool | None = None
    condition_reason: bool = False  # a statutory or eligibility reason is on file
    captured_by: str | None = None
    captured_at: datetime | None = None
    captured_in: str | None = None
    signed_on: date | None = None
    evidence_ref: str | None = None
    receipt_ref: str | None = None
    unreadable: tuple[str, ...] = ()
    state_events: tuple[StateEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Directive:
    """A standing "no" of a client: for whom, for what, until lifted by name (C-104, C-105).

    An empty ``recipients`` forbids everybody; empty ``purposes`` or ``categories`` forbid every one. These
    are the only lists in which empty means all: a "no" that names nothing is the wider "no".
    """

    directive_id: str
    subject_ref: str
    registry_seq: int
    recipients: tuple[str, ...] = ()
    worker: str | None = None  # one named worker at the recipient (C-107)
    purposes: tuple[Purpose, ...] = ()
    categories: tuple[Category, ...] = ()
    items: tuple[str, ...] = ()
    said_by: GivenBy = GivenBy.SELF
    taken_by: str = ""  # agency whose worker took it: it alone lifts it
    lifted_by: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two agencies signed. Mutual unless it names a discloser. Necessary, never sufficient."""

    agreement_id: str
    version: int
    parties: tuple[str, str]
    purposes: tuple[Purpose, ...]
    categories: tuple[Category, ...]
    events: tuple[str, ...]  # message events it covers; empty means none (I-18)
    status: Literal["active", "suspended", "ended"]
    valid_from: datetime
    expires_at: datetime | None = None
    discloser: str | None = None


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
    kind: Literal["agency", "program", "person"] = "agency"
    program: str | None = None
    person: str | None = None
    body: Body | None = None


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
class Message:
    """What is asked: one event, one person, one recipient."""

    type: str  # ReferralRequest, StatusNotice, ... (consent rules 2.2)
    event: str  # FHIR message event code
    purpose: Purpose
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


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """All that the registry knows of one person and the rules may look at."""

    subject_ref: str
    version: int
    consents: tuple[Consent, ...] = ()
    directives: tuple[Directive, ...] = ()
    flags: tuple[SafetyFlag, ...] = ()
    deceased: bool = False  # in the eyes of the sender
    deceased_by: tuple[str, ...] = ()  # agencies whose own records say so: a claim, so it binds what they send
    turns_16_on: date | None = None
    turns_18_on: date | None = None


@dataclass(frozen=True, slots=True)
class PackFacts:
    """The numbers and switches of the jurisdiction pack that governed (consent rules 5)."""

    pack: str
    version: int
    known: bool = True
    zone: str = "America/Toronto"
    holidays: str = "CA-ON"
    life_months_max: int = 24
    verbal_days: int = 14
    staleness_s: int = 15 * 60
    recipient_class_allowed: bool = False
    incompleteness_notice: bool = True
    text_versions: tuple[str, ...] = ()
    notice_versions: tuple[str, ...] = ()
    grant_s: int = 4 * 3600
    narrative_min: int = 80
    told_max: int = 600
    repeats_max: int = 2
    overdue_max: int = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """What a message type may hold (consent rules 2.6). Closed lists."""

    type: str
    purpose: Purpose
    required: tuple[Category, ...]
    optional: tuple[Category, ...]
    coarse: tuple[Category, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemFacts:
    """State of the hub itself, and what the stages before the rules found (P-0)."""

    authenticated: bool = True
    schema: bool = True
    labelled: bool = True
    identity: Literal["one", "none", "ambiguous"] = "one"
    registry: Literal["up", "down"] = "up"
    audit: Literal["up", "down"] = "up"
    registry_seq: int = 0
    config_version: int = 0
    decision_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that ``decide`` may look at, read at one registry sequence number."""

    at: datetime
    pack: PackFacts
    sender: Party
    recipient: Party
    message: Message
    profile: Profile | None  # None: this type has no profile (DN_SCHEMA)
    subjects: Mapping[str, SubjectFacts] = field(default_factory=dict)
    agreements: tuple[Agreement, ...] = ()
    override: Override | None = None
    system: SystemFacts = field(default_factory=SystemFacts)

    def versions(self) -> tuple[tuple[str, int], ...]:
        """The versions that this answer rests on: of each subject, and of the directory (``config``)."""
        return (*sorted((ref, s.version) for ref, s in self.subjects.items()), ("config", self.system.config_version))


@dataclass(frozen=True, slots=True)
class Withheld:
    """One item that must not leave, and why. ``marked``: it counts for the incompleteness notice (I-10)."""

    path: str
    category: Category
    code: Code
    marked: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer that can be explained.

    Args:
        stage: the stage that decided, ``"P-8"``.
        codes: why, the deciding one first.
        basis: ids of consent (``id/version``), directive, agreement relied on.
        withheld: items that must not leave; only with PERMIT_REDACTED.
    """

    outcome: Outcome
    stage: str
    codes: tuple[Code, ...]
    basis: tuple[str, ...] = ()
    withheld: tuple[Withheld, ...] = ()

    def __post_init__(self) -> None:
        assert self.codes, "a decision without a code cannot be explained"
        assert not self.withheld or self.outcome is Outcome.PERMIT_REDACTED

    @property
    def permits(self) -> bool:
        """Whether anything may leave."""
        return self.outcome in (Outcome.PERMIT, Outcome.PERMIT_REDACTED)

    @classmethod
    def deny(cls, stage: str, *codes: Code, basis: tuple[str, ...] = ()) -> Decision:
        """Refuse, naming the stage and the codes."""
        return cls(Outcome.DENY, stage, codes, basis)
