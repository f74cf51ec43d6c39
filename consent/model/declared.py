"""A declared duty of care, as the rules see it (consent rules 3): ids, codes, counts and times; nobody's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from consent.model.words import Body, Category, Code, Risk, Role

EXPIRED = "expired"  # cause of an end: its hours are over, or a mandatory report has arrived and its duty is met


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
class Declaration:
    """What the registry keeps of a declared override: codes, counts, digests and times. Its words are sealed elsewhere.

    Args:
        override_id: 12 base32 characters; who receives it knows it by this number.
        revision: of the record that declared it, by its source.
        version: 1, 2 … of what the worker has declared: a correction before it is used is declared anew.
        subject: None: several people fit, and it is no mandatory report: a human says who it is.
        system: and ``record_key``: of the source record; ``content``: keyed digest of what it declares.
        worker: id in the directory of whoever declares it; "" where the record names nobody.
        entered_by: the accounts under which it was saved, as keyed digests.
        risks: dangers asserted beside the reason code's own.
        told: letters that the recipient is told; ``narrative``: letters of one's own words.
        words: keyed digest of the narrative, folded; "" of none; ``sentences``: of each of its longer sentences.
        consent_sought: ``yes-refused``, ``not-possible``, ``unsafe-to-ask``, or "" where nothing is said.
        notice: to the client: ``told-before``, ``tell-after``, ``withhold``, or "".
        covers: envelope id of what was sent already and it is said to cover; "".
        child_turns_16_on: of a child's report, where the child's birth date is known.
        approver: id in the directory of the second person.
        used_by: envelope id of the one message that it opened.
        discharged_at: of a mandatory report: when the reporter has reached somebody in person; ``reminded_at``: when
            the hub has told them to telephone.
        journaled: it went while the store was down.
    """

    override_id: str
    revision: int
    version: int
    agency: str
    recipient: str
    code: str
    subject: str | None
    system: str
    record_key: str
    content: str
    declared_at: datetime
    worker: str
    entered_by: tuple[str, ...]
    limbs: tuple[Limb, ...]
    imminent: bool
    told: int
    narrative: int
    words: str
    sentences: tuple[str, ...] = ()
    attempts: int = 0
    consent_sought: str = ""
    notice: str = ""
    risks: tuple[Risk, ...] = ()
    narrowed: tuple[Category, ...] = ()
    covers: str = ""
    child_turns_16_on: date | None = None
    approver: str | None = None
    approved_at: datetime | None = None
    ended_at: datetime | None = None
    end_cause: str = ""
    used_by: str | None = None
    used_at: datetime | None = None
    discharged_at: datetime | None = None
    reminded_at: datetime | None = None
    journaled: bool = False


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
        version: of the declaration.
        covers_at: when what it is said to cover was handed over already; None: nothing was.
        approver: the second person; None: nobody approved.
        attempts: to reach one, as written down.
        told: letters that the recipient is told.
        narrative: letters of one's own words.
        repeats: earlier ones with the same words.
        safeguards: whether consent was sought, and what the client is told, stands there.
        narrowed: categories that the worker keeps back.
        related: who invokes, or who approves, is a relative, partner or the like of the subject.
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
    version: int = 1
    covers_at: datetime | None = None
    approver: Hand | None = None
    attempts: int = 0
    told: int = 1
    repeats: int = 0
    safeguards: bool = True
    narrowed: tuple[Category, ...] = ()
    related: bool = False
    overdue: int = 0
