"""What the rules look at, and what they answer. Frozen, pure, imports nothing of ours but its own parts: words
(``words.py``), what the registry holds (``record.py``), what is asked (``asked.py``), a duty of care (``declared.py``).

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

from consent.model.asked import Anonymous, Item, Message, Party, Referral
from consent.model.declared import Override
from consent.model.record import (
    Agreement,
    Authority,
    Barred,
    Consent,
    Decider,
    Directive,
    Finding,
    Grant,
    Interpreter,
    Link,
    Onward,
    Raised,
    Recipient,
    StateEvent,
    VerbalNote,
)
from consent.model.words import Category, Code, Outcome, Purpose, SafetyFlag

__all__ = [
    "Agreement",
    "Anonymous",
    "Authority",
    "Barred",
    "Consent",
    "Decider",
    "Decision",
    "Directive",
    "Facts",
    "Finding",
    "Grant",
    "Interpreter",
    "Item",
    "Link",
    "Message",
    "Onward",
    "PackFacts",
    "Party",
    "Profile",
    "Raised",
    "Recipient",
    "Referral",
    "StateEvent",
    "SubjectFacts",
    "SystemFacts",
    "VerbalNote",
    "Withheld",
]


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
    deciders: tuple[Decider, ...] = ()
    findings: tuple[Finding, ...] = ()
    alleged_abusers: tuple[str, ...] = ()  # refs of deciders, interpreters, workers
    corrupt: bool = False  # something of theirs in the registry can no longer be read: it may be a no
    unproven_no: bool = False  # a file that is perhaps the same person's says no (C-109)


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
    implied_health: bool = False  # the circle of care needs no express consent (F-07)
    redisclosure: tuple[Category, ...] = ()  # categories that travel only with the notice of 42 CFR 2.32
    group_min: int = 11  # fewer people with the same attributes could be told apart (C-06)
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
    replicas_agree: bool = True  # False: the registry shows less than it has shown before (C-108)
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
