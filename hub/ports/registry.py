"""What a unit or a peek reads and writes of people: who they are, what they agreed to, what was declared about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from consent.model import Consent, Decider, Directive, Finding, Link, Raised, StateEvent, SubjectFacts
from consent.model.declared import Declaration
from consent.model.reviewed import Part, Review


class SubjectRows(Protocol):
    """People as random references, with an alias per agency and keyed digests of what identifies them."""

    def by_digests(self, digests: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs (digest, subject_ref) that are known: each person of whom an agency gave the same."""

    def facts(self, refs: Iterable[str]) -> dict[str, SubjectFacts]:
        """What the rules may look at of those there are. Reading one that is not locked is a programming error."""

    def with_alias(self, agency: str, refs: Iterable[str]) -> set[str]:
        """Those of the subjects for whom the agency has an alias."""

    def alias(self, agency: str, ref: str) -> str:
        """The agency's alias of a subject, minted at first use."""

    def by_alias(self, agency: str, alias: str) -> str | None:
        """The subject behind an agency's alias."""

    def of_agency(self, agency: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Pairs (alias, subject) of those for whom an agency has an alias, by alias, beyond one."""

    def mint(self, turns_16_on: date | None = None, turns_18_on: date | None = None) -> str:
        """A new subject; the unit owns it from here on."""

    def is_minted(self, ref: str) -> bool:
        """Whether this unit has minted it: of such a subject nothing was known before."""

    def add_digests(self, ref: str, digests: Mapping[str, str]) -> None:
        """Remember digest -> kind for an owned subject."""

    def digests_of(self, ref: str) -> dict[str, str]:
        """digest -> kind of one subject."""

    def digests_of_each(self, refs: Iterable[str]) -> dict[str, dict[str, str]]:
        """By subject, digest -> kind; who has none is left out."""

    def set_deceased(self, ref: str, agency: str, system: str, *, dead: bool) -> None:
        """An agency's records say that the person has died. The unit owns the subject."""

    def set_birthdays(self, ref: str, turns_16_on: date | None, turns_18_on: date | None) -> None:
        """When a person is 16 and 18 (settled S30); of several agencies' words the later days stand. It is owned."""

    def put_deciders(self, ref: str, deciders: Sequence[Decider]) -> None:
        """Who may decide for a person, ended ones too. It is owned."""

    def put_findings(self, ref: str, findings: Sequence[Finding]) -> None:
        """Findings that a person cannot decide, lifted ones too. It is owned."""

    def raised(self, ref: str) -> tuple[Raised, ...]:
        """The safety flags that are up, each with the agency that raised it."""

    def put_raised(self, ref: str, raised: Sequence[Raised]) -> None:
        """The safety flags that are up. It is owned."""

    def sharing(self, limit: int) -> list[tuple[str, str]]:
        """Pairs of subjects that share a digest, for the hub's steward; sorted, each pair once."""

    def aliases(self, ref: str) -> dict[str, str]:
        """agency -> alias of one subject."""


class LinkRows(Protocol):
    """Which files are one person's (I-07). Whoever holds one file of a person holds all that are linked with it."""

    def of(self, refs: Iterable[str]) -> dict[str, tuple[Link, ...]]:
        """By file, the links of all files that are linked with it, near or far; what has none is left out."""

    def files(self, refs: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """By file, all files of the same person, itself first: also those of which somebody only says so."""

    def put(self, link: Link) -> None:
        """Add a link between two files that are owned, or confirm it."""

    def end(self, link: Link) -> None:
        """End a link between two files that are owned; it is kept as one that was."""

    def was(self, one: str, other: str) -> bool:
        """Whether there is a link of these two, whichever way, or has been."""

    def unconfirmed(self, limit: int) -> list[Link]:
        """Those that nobody has confirmed yet, the oldest first."""


class ConsentRows(Protocol):
    """The registry's records: versions kept, never edited. Who files, withdraws or lifts owns the subject."""

    def of_source(self, system: str, key: str) -> tuple[Consent, str] | None:
        """The latest version filed from a source record, with what was read then: revision and keyed digest."""

    def of_sources(self, system: str, keys: Iterable[str]) -> dict[str, tuple[Consent, str]]:
        """The same of several records, by record key."""

    def get(self, consent_id: str) -> Consent | None:
        """The latest version of a consent."""

    def put(self, consent: Consent, event: StateEvent, *, system: str, key: str, read_as: str) -> None:
        """File the next version, one in a unit, numbered at its end. Beside a draft what opens stays current (C-37)."""

    def put_directive(self, directive: Directive) -> None:
        """Add a standing "no"; its ``registry_seq`` is given when the unit ends."""

    def lift(self, directive_id: str, by: str) -> None:
        """End a directive; ``by`` says who did."""

    def directive(self, directive_id: str) -> Directive | None:
        """One directive, also a lifted one; not one that this unit has added."""

    def origin(self, consent_id: str) -> tuple[str, str, str] | None:
        """System, record key and what was read, of the latest version, without what this unit has filed."""

    def number(self, consent_id: str, agency: str) -> str:
        """The number by which one agency knows a consent, minted at first use."""

    def numbers(self, consent_ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """By consent, agency -> the number by which it knows it; what has none yet is left out."""

    def by_number(self, agency: str, number: str) -> str | None:
        """The consent behind an agency's number."""

    def current(self, after: str, limit: int) -> list[Consent]:
        """The latest versions beyond an id, in the order of ids; without what this unit has filed."""

    def naming(self, agency: str, after: str, limit: int) -> list[Consent]:
        """The same of those that name an agency as their discloser or among those who receive, or once did. Which do,
        the caller looks.
        """

    def versions(self, consent_id: str) -> list[Consent]:
        """All versions of a consent, the first first, without what this unit has filed."""

    def events(self, consent_id: str) -> list[StateEvent]:
        """What has become of a consent, oldest first."""

    def filed_after(self, registry_seq: int, limit: int) -> list[tuple[Consent | None, Consent]]:
        """Versions beyond a sequence number, in its order, each with the last one before it that was no draft."""

    def head(self) -> int:
        """The registry's latest sequence number, without what this unit files."""


class OverrideRows(Protocol):
    """Declared duties of care. Who declares, approves or ends owns the subject; who opens on one uses it up."""

    def of_record(self, system: str, key: str) -> Declaration | None:
        """What a source record declares, as it stands."""

    def get(self, override_id: str) -> Declaration | None:
        """One declaration."""

    def put(self, declared: Declaration) -> None:
        """Add it, or replace what stands under its id."""

    def use(self, override_id: str, envelope_id: str) -> bool:
        """The first open of an envelope uses it up; whether it is this envelope's now. Asked again, the same."""

    def repeats(self, declared: Declaration) -> int:
        """How many earlier ones of its agency have the same words."""

    def related(self, worker: str, subject: str) -> bool:
        """Whether somebody is too near to a person to decide anything about them."""

    def relate(self, worker: str, subject: str, kind: str | None) -> None:
        """Note that somebody is near to a person, or, with None, no more."""

    def running(self, before: datetime, after: str, limit: int) -> list[Declaration]:
        """Those that were declared before an instant and have not ended: a page of them, by number.

        Args:
            after: the last number of the page before, or "".
        """

    def unreminded(self, before: datetime, after: str, limit: int) -> list[Declaration]:
        """A page of those that were declared before an instant, whose reporter has neither said whom they reached nor
        been told to telephone.
        """

    def every(self, limit: int, *, agency: str | None = None) -> list[Declaration]:
        """All of them, or those of one agency, the newest first."""

    def put_words(self, override_id: str, part: str, sealed: bytes) -> None:
        """Keep words, sealed under the person's own key, in the place of what stood there."""

    def words(self, override_id: str) -> dict[str, bytes]:
        """part -> sealed words."""

    def drop_words(self, override_id: str) -> None:
        """Delete them: nothing was sent on it (INV-6)."""

    def subject_key(self, subject: str) -> tuple[str, bytes] | None:
        """Which key wraps a person's own key, and that key as wrapped; None: there is none, or it was destroyed."""

    def put_subject_key(self, subject: str, epoch: str, wrapped: bytes) -> None:
        """Keep a person's own key, as wrapped."""

    def subject_keys(self, before_epoch: str, limit: int) -> list[tuple[str, str, bytes]]:
        """Persons' keys that an older key than this one wraps: subject, epoch, wrapped."""

    def destroy_subject_key(self, subject: str) -> bool:
        """Nobody reads what was sealed under it, once the key that wrapped it has gone too; whether there was one."""


class ReviewRows(Protocol):
    """What is to be done about overrides that were used."""

    def put(self, review: Review) -> None:
        """Add one, or replace the same part."""

    def of(self, override_id: str) -> dict[Part, Review]:
        """The parts of one override's review."""

    def open(self, limit: int, agency: str | None = None) -> list[Review]:
        """Those that are not done, and notices that are withheld; the first due first.

        A withheld notice is due on the day to look again.

        Args:
            agency: for whom it was declared; None: for any.
        """

    def late(self, steps: Sequence[datetime], limit: int) -> list[Review]:
        """Those of them that are late by a step of which nobody has been told.

        Args:
            steps: the first, second … step is reached by what was due until then.
        """

    def overdue_of(self, worker: str, at: datetime) -> int:
        """How many self-reviews of somebody are late."""

    def every(self, limit: int) -> list[Review]:
        """All, the newest due first."""
