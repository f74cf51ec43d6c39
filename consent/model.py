"""What the rules look at, and what they answer. Frozen, pure, imports nothing of ours.

The words are those of the consent rules (1.2 the record, 2.2 the vocabulary, 2.3 the stages). A ``Facts``
document holds codes, ids and versions only, never a personal value, so it may be stored with its decision
and read back: ``decide(stored facts)`` equals the stored decision.

Instants are aware UTC; intervals are half-open: in force from ``valid_from``, over at ``expires_at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal


class Category(StrEnum):
    """Kinds of information (consent rules 2.2). ``SENSITIVE`` ones need a tick of their own."""

    IDENT = "IDENT"
    CONTACT = "CONTACT"
    LOCATION = "LOCATION"
    NEEDS = "NEEDS"
    LANG = "LANG"
    EMPLOY = "EMPLOY"
    EDUC = "EDUC"
    INCOME = "INCOME"
    HOUSING = "HOUSING"
    FAMILY = "FAMILY"
    SERVICE_STATUS = "SERVICE_STATUS"
    PLAN = "PLAN"
    HEALTH_PHYS = "HEALTH_PHYS"
    HEALTH_MENTAL = "HEALTH_MENTAL"
    SUBSTANCE = "SUBSTANCE"
    SEXUAL = "SEXUAL"
    DV = "DV"
    IMMIG = "IMMIG"
    JUSTICE_ADULT = "JUSTICE_ADULT"
    JUSTICE_YOUTH = "JUSTICE_YOUTH"
    CHILD_PROT = "CHILD_PROT"
    RACE_INDIG = "RACE_INDIG"
    NOTES_FREE = "NOTES_FREE"
    RISK = "RISK"


SENSITIVE = frozenset(
    {
        Category.HEALTH_MENTAL,
        Category.SUBSTANCE,
        Category.SEXUAL,
        Category.DV,
        Category.IMMIG,
        Category.JUSTICE_ADULT,
        Category.JUSTICE_YOUTH,
        Category.CHILD_PROT,
        Category.RACE_INDIG,
        Category.NOTES_FREE,
        Category.RISK,
    }
)


class Purpose(StrEnum):
    """Why something is shared (consent rules 2.2). The event of a message fixes it (I-12)."""

    REFERRAL = "REFERRAL"
    COORDINATION = "COORDINATION"
    ELIGIBILITY = "ELIGIBILITY"
    FOLLOW_UP = "FOLLOW_UP"
    HEALTH_CARE = "HEALTH_CARE"
    CAPACITY_ENQUIRY = "CAPACITY_ENQUIRY"
    FUNDER_REPORT = "FUNDER_REPORT"
    CLIENT_COPY = "CLIENT_COPY"
    SAFETY = "SAFETY"
    RESEARCH = "RESEARCH"
    FUNDRAISING = "FUNDRAISING"


class Outcome(StrEnum):
    """The four answers (consent rules 2.1)."""

    PERMIT = "PERMIT"
    PERMIT_REDACTED = "PERMIT_REDACTED"
    DENY = "DENY"
    NEEDS_OVERRIDE = "NEEDS_OVERRIDE"


class Code(StrEnum):
    """Reason codes (consent rules 2.2; DN_TRANSITION: settled S47). They are stable."""

    OK_CONSENT = "OK_CONSENT"
    OK_SUBSTITUTE = "OK_SUBSTITUTE"
    OK_IMPLIED_HEALTH = "OK_IMPLIED_HEALTH"
    OK_ANON_ENQUIRY = "OK_ANON_ENQUIRY"
    OK_STATUS_ONLY = "OK_STATUS_ONLY"
    OK_NOTICE_BASED = "OK_NOTICE_BASED"
    OK_CLIENT_SELF = "OK_CLIENT_SELF"

    RD_CATEGORY = "RD_CATEGORY"
    RD_SENSITIVE = "RD_SENSITIVE"
    RD_LOCATION = "RD_LOCATION"
    RD_SUBJECT = "RD_SUBJECT"
    RD_THIRD_PARTY = "RD_THIRD_PARTY"
    RD_PURPOSE_MIN = "RD_PURPOSE_MIN"
    RD_VERBAL = "RD_VERBAL"
    RD_FREE_TEXT = "RD_FREE_TEXT"
    RD_STATUS_TO_FLAG = "RD_STATUS_TO_FLAG"
    RD_YOUTH_JUSTICE = "RD_YOUTH_JUSTICE"
    RD_LINEAGE = "RD_LINEAGE"

    DN_NO_CONSENT = "DN_NO_CONSENT"
    DN_NOT_YET_VALID = "DN_NOT_YET_VALID"
    DN_EXPIRED = "DN_EXPIRED"
    DN_WITHDRAWN = "DN_WITHDRAWN"
    DN_PENDING = "DN_PENDING"
    DN_SUPERSEDED = "DN_SUPERSEDED"
    DN_SUSPENDED = "DN_SUSPENDED"
    DN_DIRECTIVE = "DN_DIRECTIVE"
    DN_CONFLICT = "DN_CONFLICT"
    DN_RECIPIENT = "DN_RECIPIENT"
    DN_PURPOSE = "DN_PURPOSE"
    DN_DIRECTION = "DN_DIRECTION"
    DN_REQUIRED_BLOCKED = "DN_REQUIRED_BLOCKED"
    DN_OVERBROAD = "DN_OVERBROAD"
    DN_NOT_KNOWLEDGEABLE = "DN_NOT_KNOWLEDGEABLE"
    DN_COERCED = "DN_COERCED"
    DN_RECORD_INCOMPLETE = "DN_RECORD_INCOMPLETE"
    DN_VERBAL_LAPSED = "DN_VERBAL_LAPSED"
    DN_WRITTEN_REQUIRED = "DN_WRITTEN_REQUIRED"
    DN_CASE_CLOSED = "DN_CASE_CLOSED"
    DN_NOTICE = "DN_NOTICE"

    DN_AUTHORITY = "DN_AUTHORITY"
    DN_AUTHORITY_LAPSED = "DN_AUTHORITY_LAPSED"
    DN_SDM_RANK = "DN_SDM_RANK"
    DN_SDM_CONFLICT = "DN_SDM_CONFLICT"
    DN_SDM_BARRED = "DN_SDM_BARRED"
    DN_MINOR_PREVAILS = "DN_MINOR_PREVAILS"
    DN_RECONFIRM = "DN_RECONFIRM"
    DN_DECEASED = "DN_DECEASED"

    DN_NO_AGREEMENT = "DN_NO_AGREEMENT"
    DN_ONWARD = "DN_ONWARD"
    DN_REIDENTIFY = "DN_REIDENTIFY"
    DN_PROTECTED_LOCATION = "DN_PROTECTED_LOCATION"
    DN_EXISTENCE = "DN_EXISTENCE"
    DN_SAFETY_CONFLICT = "DN_SAFETY_CONFLICT"
    DN_ABSOLUTE = "DN_ABSOLUTE"
    DN_OFF_BUS = "DN_OFF_BUS"

    DN_SENDER = "DN_SENDER"
    DN_IDENTITY = "DN_IDENTITY"
    DN_SCHEMA = "DN_SCHEMA"
    DN_PACK = "DN_PACK"
    DN_STALE = "DN_STALE"
    DN_REGISTRY_DOWN = "DN_REGISTRY_DOWN"
    DN_AUDIT_DOWN = "DN_AUDIT_DOWN"
    DN_TRANSITION = "DN_TRANSITION"

    NO_CHILD = "NO_CHILD"
    NO_SELF_HARM = "NO_SELF_HARM"
    NO_HARM_OTHERS = "NO_HARM_OTHERS"
    NO_UNCONSCIOUS = "NO_UNCONSCIOUS"
    NO_STATUTORY = "NO_STATUTORY"

    OV_CHILD = "OV_CHILD"
    OV_SELF_HARM = "OV_SELF_HARM"
    OV_HARM_OTHERS = "OV_HARM_OTHERS"
    OV_UNCONSCIOUS = "OV_UNCONSCIOUS"
    OV_STATUTORY = "OV_STATUTORY"

    OX_ROLE = "OX_ROLE"
    OX_THRESHOLD = "OX_THRESHOLD"
    OX_CONTENT = "OX_CONTENT"
    OX_RECIPIENT = "OX_RECIPIENT"
    OX_EXPIRED = "OX_EXPIRED"
    OX_REUSED = "OX_REUSED"
    OX_BACKDATED = "OX_BACKDATED"
    OX_SECOND_PERSON = "OX_SECOND_PERSON"
    OX_CONFLICT_OF_INTEREST = "OX_CONFLICT_OF_INTEREST"
    OX_SUSPENDED = "OX_SUSPENDED"
    OX_NOT_OVERRIDABLE = "OX_NOT_OVERRIDABLE"
    OX_NOT_NEEDED = "OX_NOT_NEEDED"  # beside OK_CONSENT: what was declared was not used


class Risk(StrEnum):
    """Dangers that a sender may assert of a message (consent rules 2.2)."""

    CHILD_ABUSE = "CHILD_ABUSE"
    SELF_HARM = "SELF_HARM"
    HARM_OTHERS = "HARM_OTHERS"
    NOT_FULLY_CONSCIOUS = "NOT_FULLY_CONSCIOUS"
    RESIDENT_ABUSE = "RESIDENT_ABUSE"


class Role(StrEnum):
    """What a worker is, as far as an override asks (consent rules 3.1)."""

    WORKER = "WORKER"
    VOLUNTEER = "VOLUNTEER"
    SUPERVISOR = "SUPERVISOR"
    ON_CALL_MANAGER = "ON_CALL_MANAGER"
    PRIVACY_OFFICER = "PRIVACY_OFFICER"
    OPERATOR = "OPERATOR"  # of the hub, or a system account


class Body(StrEnum):
    """What an agency is to somebody in danger (settled S27)."""

    CHILD_PROTECTION = "CHILD_PROTECTION"
    POLICE = "POLICE"
    HOSPITAL = "HOSPITAL"
    CRISIS = "CRISIS"
    AMBULANCE = "AMBULANCE"
    REGISTRAR = "REGISTRAR"
    PRESCRIBED_BODY = "PRESCRIBED_BODY"


class ConsentState(StrEnum):
    """States of a record (consent rules 1.4). EXPIRED and LAPSED are computed, not waited for."""

    DRAFT = "DRAFT"  # -> ACTIVE, VERBAL_PENDING, ABANDONED
    VERBAL_PENDING = "VERBAL_PENDING"  # -> ACTIVE, LAPSED
    ACTIVE = "ACTIVE"  # -> SUSPENDED, WITHDRAWN, EXPIRED, SUPERSEDED, INVALIDATED
    SUSPENDED = "SUSPENDED"  # -> ACTIVE, WITHDRAWN, INVALIDATED
    WITHDRAWN = "WITHDRAWN"  # final: only a new record opens the gate again
    EXPIRED = "EXPIRED"
    LAPSED = "LAPSED"
    ABANDONED = "ABANDONED"
    SUPERSEDED = "SUPERSEDED"
    INVALIDATED = "INVALIDATED"
    DECLINED = "DECLINED"  # acts as a deny directive until a newer record names and lifts it (C-105)


class Basis(StrEnum):
    """How the consent was given (consent rules 1.2)."""

    EXPRESS_WRITTEN = "EXPRESS_WRITTEN"
    EXPRESS_ELECTRONIC = "EXPRESS_ELECTRONIC"
    EXPRESS_VERBAL = "EXPRESS_VERBAL"
    IMPLIED_HEALTH = "IMPLIED_HEALTH"
    NOTICE_ONLY = "NOTICE_ONLY"


class GivenBy(StrEnum):
    """Who decided (consent rules 1.2)."""

    SELF = "SELF"
    PARENT = "PARENT"
    SOCIETY = "SOCIETY"
    GUARDIAN = "GUARDIAN"
    ATTORNEY = "ATTORNEY"
    REPRESENTATIVE = "REPRESENTATIVE"
    SPOUSE = "SPOUSE"
    SIBLING = "SIBLING"
    RELATIVE = "RELATIVE"
    ESTATE_TRUSTEE = "ESTATE_TRUSTEE"
    AUTHORISED_AGENT = "AUTHORISED_AGENT"
    PGT = "PGT"


class CapacityBasis(StrEnum):
    """What is known of the person's capacity for this decision."""

    PRESUMED = "PRESUMED"
    ASSESSED_CAPABLE = "ASSESSED_CAPABLE"
    ASSESSED_INCAPABLE = "ASSESSED_INCAPABLE"


class SafetyFlag(StrEnum):
    """Flags that the registry holds and never sends (consent rules 1.2)."""

    PROTECTED_LOCATION = "PROTECTED_LOCATION"
    MAIL_UNSAFE = "MAIL_UNSAFE"
    PHONE_UNSAFE = "PHONE_UNSAFE"
    DV = "DV"
    COERCION = "COERCION"
    SAFE_CONTACT = "SAFE_CONTACT"
    ALLEGED_ABUSER = "ALLEGED_ABUSER"


EXPLANATIONS = frozenset({"what", "who", "why", "risk", "may-refuse"})  # the four ticks, and "may refuse or stop"


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
    life_months_max: int = 24
    verbal_days: int = 14
    staleness_s: int = 15 * 60
    recipient_class_allowed: bool = False
    incompleteness_notice: bool = True
    text_versions: tuple[str, ...] = ()
    notice_versions: tuple[str, ...] = ()
    grant_s: int = 4 * 3600
    narrative_min: int = 80
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
class Terms:
    """What a pack says of one reason code of an override (consent rules 3.2 to 3.4).

    Args:
        answer: the OV_* code of a message that goes on it; None: that of the danger which is asserted.
        kind: ``may``; ``must`` is a mandatory report; ``scheme`` a statutory exchange between prescribed bodies.
        child: it is about a child's protection: the child's and the caregiver's names go, and it may be about a
            relative of who invokes it.
        limbs: ids of the test's limbs; each must be attested, with its fact.
        limbs_against_a_no: further ones, where the client has forbidden it.
        bodies: who may receive.
        profile: what may go. A closed list.
    """

    code: str
    answer: Code | None
    kind: Literal["may", "must", "scheme"]
    limbs: tuple[str, ...]
    bodies: tuple[Body, ...]
    profile: tuple[Category, ...]
    child: bool = False
    limbs_against_a_no: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limb:
    """One limb of the test, as answered. ``told``: its fact is written down; the words are not here."""

    id: str
    attested: bool
    told: bool


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody who declares or approves an override, by the directory."""

    worker: str
    role: Role
    reports_to: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A declared override, as the rules see it (consent rules 3.5): one subject, one recipient, one message.

    Args:
        subject: whom it was declared for; None: nobody whom the registry knows.
        terms: of its reason code; None: no such code in the pack.
        from_16: terms that take their place where the child is 16 or older (C-143); None: the same.
        child_turns_16_on: None: not known, so the child may be younger.
        declared_at: by the hub's clock, under its locks.
        ended_at: the danger has passed, the client can decide or consented, or it was revoked.
        used: by another message.
        covers_at: when what it is said to cover was handed over already; None: nothing was.
        approver: the second person; None: nobody approved.
        attempts: to reach one, as written down.
        narrative: letters of it.
        repeats: earlier ones with the same words.
        safeguards: whether consent was sought, and what the client is told, stands there.
        narrowed: categories that the worker keeps back.
        related: who invokes is a relative, partner or the like of the subject.
        overdue: self-reviews of who invokes.
    """

    override_id: str
    subject: str | None
    recipient: str
    terms: Terms | None
    declared_at: datetime
    invoker: Hand
    limbs: tuple[Limb, ...]
    imminent: bool
    narrative: int
    from_16: Terms | None = None
    child_turns_16_on: date | None = None
    ended_at: datetime | None = None
    used: bool = False
    covers_at: datetime | None = None
    approver: Hand | None = None
    attempts: int = 0
    repeats: int = 0
    safeguards: bool = True
    narrowed: tuple[Category, ...] = ()
    related: bool = False
    overdue: int = 0


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
