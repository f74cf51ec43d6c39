"""What the registry holds: a version of a consent, a standing "no", an agreement (consent rules 1.2). Frozen, pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from consent.model.words import Basis, CapacityBasis, Category, ConsentState, GivenBy, Purpose, SafetyFlag

Barred = Literal["", "COURT", "AGE", "ABUSER"]  # why somebody may not decide for another


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
    doubt: str = ""  # why somebody has suspended it at a desk: no row of it opens it before that is confirmed (1.4)
    suspended_by: str = ""  # why its own system suspends it (KEEP_OUT, GONE …): its row alone confirms that
    names_discloser: bool = False  # of a women's service: the client ticked that it may be named (C-119)
    unreadable: tuple[str, ...] = ()
    state_events: tuple[StateEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody who may decide for a person, as far as the registry has seen evidence of it (settled S32).

    Args:
        ref: who it is, an id of the registry's.
        role: as what; ``SUBSTITUTES`` ranks them.
        available: can be reached, and is willing.
        jointly: decides only together with the others of the same role who do.
        access_only: a parent with a right of access and nothing more; ranks below one who has custody.
        barred: why this one may not: a court order, an age under 16, or being the alleged abuser; "": nothing.
        evidence: its kind, a word of a list; the paper stays with the agency that saw it.
        from_at, ends_at: between which the evidence holds; None: open.
        taken_by: the agency that has seen it: for its own consents alone it counts. "": for all.
    """

    ref: str
    role: GivenBy
    available: bool = True
    jointly: bool = False
    access_only: bool = False
    barred: Barred = ""
    from_at: datetime | None = None
    ends_at: datetime | None = None
    evidence: str = ""
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding that a person is not capable of such decisions (PHIPA s.21): it begins, and may be lifted."""

    found_at: datetime
    lifted_at: datetime | None = None
    taken_by: str = ""  # as of a decider


@dataclass(frozen=True, slots=True)
class Raised:
    """A safety flag and who raised it: that agency alone takes it down; it counts for all.

    Args:
        of: of an alleged abuser, whom: a decider's number or a worker's id; "".
    """

    flag: SafetyFlag
    taken_by: str
    of: str = ""


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
    said_by_ref: str | None = None
    taken_by: str = ""  # agency whose worker took it: it alone lifts it
    lifted_by: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Two files are one person's: ``gone`` leads to ``kept`` (PMIR ``replaced-by``).

    Args:
        confirmed: by the hub's steward; until then somebody says so, and only what each has forbidden counts for both.
    """

    gone: str
    kept: str
    confirmed: bool


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
