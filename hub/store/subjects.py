"""People as random references, aliases per agency, keyed digests, and what the rules may look at of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Executable, Row, Table, bindparam, literal, select, union_all, update

from consent.model import Consent, Decider, Directive, Finding, Raised, SubjectFacts
from hub.model import locks
from hub.store import past
from hub.store import tables as t
from hub.store.scope import Memo, Scope, text
from hub.store.sql import upsert

_T = TypeVar("_T")
CACHED_MAX = 20_000  # parsed facts kept, by (subject, version)
_ADD_PAST = upsert(t.subject_past).on_conflict_do_nothing()  # of one instant what it said before all of it
_ADD_DIGEST = upsert(t.identifier_digest).on_conflict_do_nothing()

CONSENT: TypeAdapter[Consent] = TypeAdapter(Consent)
DIRECTIVE: TypeAdapter[Directive] = TypeAdapter(Directive)
DECIDERS: TypeAdapter[tuple[Decider, ...]] = TypeAdapter(tuple[Decider, ...])
FINDINGS: TypeAdapter[tuple[Finding, ...]] = TypeAdapter(tuple[Finding, ...])
RAISED: TypeAdapter[tuple[Raised, ...]] = TypeAdapter(tuple[Raised, ...])


def _questions(is_asked: Callable[[ColumnElement[str]], ColumnElement[bool]]) -> tuple[Executable, Executable]:
    """Who people are; and what they have said, consents and directives at once, since each question is a way to the
    server. In the registry's order.
    """
    c, d = t.consent.c, t.directive.c
    consents = select(c.subject_ref, c.registry_seq, c.body, literal(1).label("is_consent"))
    directives = select(d.subject_ref, d.registry_seq, d.body, literal(0))
    said = union_all(
        consents.where(is_asked(c.subject_ref), c.current == 1),
        directives.where(is_asked(d.subject_ref), d.lifted_by.is_(None)),
    )
    return select(t.subject).where(is_asked(t.subject.c.ref)), said.order_by("registry_seq")


_OF_ONE = _questions(lambda ref: ref == bindparam("asked"))  # a third quicker than a list of one
_OF_SEVERAL = _questions(lambda ref: ref.in_(bindparam("asked", expanding=True)))


class SubjectTable:
    """See :class:`hub.ports.SubjectRows`."""

    def __init__(self, scope: Scope, cached: dict[tuple[str, int], SubjectFacts]) -> None:
        self._scope, self._cached = scope, cached
        self._minted: set[str] = set()  # by this unit: of them there is only what it has written
        self._read_before: dict[str, SubjectFacts] = {}  # by this unit, under their locks
        self._by_digest: Memo[str, tuple[str, ...]] = Memo()
        self._digests: Memo[str, dict[str, str]] = Memo()
        self._aliases: Memo[tuple[str, str], str] = Memo()

    def by_digests(self, digests: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs (digest, subject_ref)."""
        found = self._by_digest.read(digests, self._read_by_digest)
        return [(digest, ref) for digest, refs in found.items() for ref in refs]

    def facts(self, refs: Iterable[str]) -> dict[str, SubjectFacts]:
        """What the rules may look at. What this unit has changed is read again at each call, all else once."""
        wanted = list(dict.fromkeys(refs))
        for ref in wanted:
            self._scope.must_hold(locks.subject(ref))
        known = self._read_before
        if missing := [ref for ref in wanted if ref not in known or self._is_dirty(ref)]:
            known.update(self._read_facts(missing))
        return {ref: known[ref] for ref in wanted if ref in known}

    def _read_facts(self, refs: list[str]) -> dict[str, SubjectFacts]:
        """From the cache where the version read here is the one parsed before."""
        rows = self._ask(0, refs, t.subject)
        if (at := self._scope.as_of) is not None:
            return _parsed(past.people(self._scope, at, rows), *past.said(self._scope, at, refs))
        clean = {row.ref: row.version for row in rows if not self._is_dirty(row.ref)}
        found = {ref: facts for ref, version in clean.items() if (facts := self._cached.get((ref, version)))}
        fresh = self._parse([row for row in rows if row.ref not in found])
        if len(self._cached) > CACHED_MAX:
            self._cached.clear()
        self._cached.update({(ref, facts.version): facts for ref, facts in fresh.items() if ref in clean})
        return found | fresh

    def with_alias(self, agency: str, refs: Iterable[str]) -> set[str]:
        """Those whom the agency knows."""
        return {ref for _, ref in self._aliases.read([(agency, ref) for ref in refs], self._read_aliases)}

    def alias(self, agency: str, ref: str) -> str:
        """The agency's alias, minted at first use."""
        known = self._aliases.read([(agency, ref)], self._read_aliases)
        if known:
            return known[agency, ref]
        alias = self._scope.ids.number()
        self._scope.add(t.subject_alias, {"agency": agency, "subject_ref": ref, "alias": alias})
        self._aliases.set((agency, ref), alias)
        return alias

    def by_alias(self, agency: str, alias: str) -> str | None:
        """The subject behind an alias."""
        columns = t.subject_alias.c
        statement = select(columns.subject_ref).where(columns.agency == agency, columns.alias == alias)
        found = self._scope.one(statement, t.subject_alias)
        return str(found.subject_ref) if found else None

    def of_agency(self, agency: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Pairs (alias, subject) of an agency, by alias, beyond one."""
        c = t.subject_alias.c
        own = select(c.alias, c.subject_ref).where(c.agency == agency, c.alias > after)
        rows = self._scope.read(own.order_by(c.alias).limit(limit), t.subject_alias)
        return [(row.alias, row.subject_ref) for row in rows]

    def mint(self, turns_16_on: date | None = None, turns_18_on: date | None = None) -> str:
        """A new subject, owned by this unit."""
        ref = f"s-{self._scope.ids.uuid()}"
        self._scope.own_new(locks.subject(ref))
        self._scope.must_own(locks.subject(ref))
        self._minted.add(ref)
        self._digests.set(ref, None)
        days = {"turns_16_on": turns_16_on, "turns_18_on": turns_18_on}
        told = {name: day.isoformat() for name, day in days.items() if day}
        body = orjson.dumps({"deceased_by": {}, **told}).decode()
        self._scope.add(t.subject, {"ref": ref, "version": 0, "minted_at": text(self._scope.now), "body": body})
        return ref

    def is_minted(self, ref: str) -> bool:
        """Whether this unit has minted it."""
        return ref in self._minted

    def add_digests(self, ref: str, digests: Mapping[str, str]) -> None:
        """Remember digests of an owned subject."""
        self._scope.must_own(locks.subject(ref))
        of_each = self._by_digest.read(digests, self._read_by_digest)
        self._digests.set(ref, {**self.digests_of(ref), **digests})
        for digest, kind in digests.items():
            self._by_digest.set(digest, tuple(dict.fromkeys((*of_each.get(digest, ()), ref))))
            row = {"kind": kind, "digest": digest, "subject_ref": ref}
            self._scope.add(t.identifier_digest, row, _ADD_DIGEST)

    def digests_of_each(self, refs: Iterable[str]) -> dict[str, dict[str, str]]:
        """By subject, digest -> kind."""
        return self._digests.read(refs, self._read_digests)

    def digests_of(self, ref: str) -> dict[str, str]:
        """digest -> kind."""
        return self.digests_of_each([ref]).get(ref, {})

    def set_deceased(self, ref: str, agency: str, system: str, *, dead: bool) -> None:
        """What a system's own record of the person says; a date that was entered by mistake can be taken out there."""
        self._scope.must_own(locks.subject(ref))
        body = self._body(ref)
        body["deceased_by"].pop(system, None)
        body["deceased_by"] |= {system: agency} if dead else {}
        self._write_body(ref, body)

    def set_birthdays(self, ref: str, turns_16_on: date | None, turns_18_on: date | None) -> None:
        """When a person is 16 and 18; of several words the later stand: who may be a minor is taken for one."""
        known = self.facts([ref])[ref]
        said = {"turns_16_on": (turns_16_on, known.turns_16_on), "turns_18_on": (turns_18_on, known.turns_18_on)}
        later = {name: day.isoformat() for name, (day, old) in said.items() if day and (old is None or day > old)}
        if later:
            self._scope.must_own(locks.subject(ref))
            self._write_body(ref, self._body(ref) | later)

    def put_deciders(self, ref: str, deciders: Sequence[Decider]) -> None:
        """Who may decide for a person, ended ones too."""
        self._note(ref, deciders=DECIDERS.dump_python(tuple(deciders), mode="json"))

    def put_findings(self, ref: str, findings: Sequence[Finding]) -> None:
        """Findings that a person cannot decide, lifted ones too."""
        self._note(ref, findings=FINDINGS.dump_python(tuple(findings), mode="json"))

    def raised(self, ref: str) -> tuple[Raised, ...]:
        """The safety flags that are up, each with the agency that raised it."""
        return RAISED.validate_python(self._body(ref).get("flags", ()))

    def put_raised(self, ref: str, raised: Sequence[Raised]) -> None:
        """The safety flags that are up."""
        self._note(ref, flags=RAISED.dump_python(tuple(raised), mode="json"))

    def _note(self, ref: str, **said: Any) -> None:
        self._scope.must_own(locks.subject(ref))
        self._write_body(ref, self._body(ref) | said)

    def _body(self, ref: str) -> dict[str, Any]:
        row = self._scope.one(select(t.subject.c.body).where(t.subject.c.ref == ref), t.subject)
        return dict(orjson.loads(row.body)) if row else {"deceased_by": {}}

    def _write_body(self, ref: str, body: dict[str, Any]) -> None:
        """Replace what is said of a person; what it said until now is kept, as long as the person is."""
        text_ = orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()
        before = self._scope.one(select(t.subject.c.body).where(t.subject.c.ref == ref), t.subject)
        if before is None or before.body == text_:
            return
        row = {"subject_ref": ref, "until_at": text(self._scope.now), "body": before.body}
        self._scope.add(t.subject_past, row, _ADD_PAST)
        self._scope.write(update(t.subject).where(t.subject.c.ref == ref).values(body=text_), None, t.subject)

    def sharing(self, limit: int) -> list[tuple[str, str]]:
        """Pairs of subjects that share a digest, whatever its kind."""
        one, other = t.identifier_digest.alias("one"), t.identifier_digest.alias("other")
        same = (one.c.digest == other.c.digest) & (one.c.subject_ref < other.c.subject_ref)
        pairs = select(one.c.subject_ref, other.c.subject_ref.label("other_ref")).join(other, same).distinct()
        pairs = pairs.order_by(one.c.subject_ref, other.c.subject_ref)
        found = self._scope.read(pairs.limit(limit), t.identifier_digest)
        return [(row.subject_ref, row.other_ref) for row in found]

    def aliases(self, ref: str) -> dict[str, str]:
        """agency -> alias."""
        columns = t.subject_alias.c
        found = self._scope.read(
            select(columns.agency, columns.alias).where(columns.subject_ref == ref).order_by(columns.agency),
            t.subject_alias,
        )
        return {row.agency: row.alias for row in found}

    def _read_by_digest(self, digests: list[str]) -> dict[str, tuple[str, ...]]:
        c = t.identifier_digest.c
        found: dict[str, tuple[str, ...]] = {}
        statement = select(c.digest, c.subject_ref).where(c.digest.in_(digests))
        for row in self._scope.read(statement, t.identifier_digest):
            found[row.digest] = (*found.get(row.digest, ()), row.subject_ref)
        return found

    def _read_digests(self, refs: list[str]) -> dict[str, dict[str, str]]:
        c = t.identifier_digest.c
        found: dict[str, dict[str, str]] = {}
        statement = select(c.subject_ref, c.digest, c.kind).where(c.subject_ref.in_(refs))
        for row in self._scope.read(statement, t.identifier_digest):
            found.setdefault(row.subject_ref, {})[row.digest] = row.kind
        return found

    def _read_aliases(self, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
        c, found = t.subject_alias.c, {}
        asked = [pair for pair in pairs if pair[1] not in self._minted]
        for agency in {agency for agency, _ in asked}:
            refs = [ref for its, ref in asked if its == agency]
            rows = self._scope.read(
                select(c.subject_ref, c.alias).where(c.agency == agency, c.subject_ref.in_(refs)), t.subject_alias
            )
            found.update({(agency, row.subject_ref): row.alias for row in rows})
        return found

    def _ask(self, which: int, refs: list[str], *tables: Table) -> Sequence[Row[Any]]:
        """The answer to one of ``_questions`` about these people."""
        questions, asked = (_OF_ONE, refs[0]) if len(refs) == 1 else (_OF_SEVERAL, refs)
        return self._scope.read(questions[which], *tables, given={"asked": asked})

    def _is_dirty(self, ref: str) -> bool:
        return locks.subject(ref) in self._scope.dirty

    def _parse(self, rows: list[Any]) -> dict[str, SubjectFacts]:
        if not rows:
            return {}
        refs = [row.ref for row in rows]
        said = self._ask(1, refs)
        return _parsed(rows, [row for row in said if row.is_consent], [row for row in said if not row.is_consent])


def _parsed(rows: Sequence[Any], consents: Sequence[Any], directives: Sequence[Any]) -> dict[str, SubjectFacts]:
    """The facts of rows of people, of consents and of standing noes."""
    agreed: dict[str, list[Consent | None]] = {row.ref: [] for row in rows}
    noes: dict[str, list[Directive | None]] = {row.ref: [] for row in rows}
    for row in consents:
        agreed[row.subject_ref].append(readable(CONSENT, row.body))
    for row in directives:
        noes[row.subject_ref].append(readable(DIRECTIVE, row.body))
    return {row.ref: _facts_of(row, agreed[row.ref], noes[row.ref]) for row in rows}


def _facts_of(row: Any, agreed: Sequence[Consent | None], noes: Sequence[Directive | None]) -> SubjectFacts:
    """One person's, as far as they can be read; where something cannot be, that is said (INV-10)."""
    known = SubjectFacts(
        subject_ref=row.ref,
        version=row.version,
        consents=tuple([each for each in agreed if each is not None]),
        directives=tuple([each for each in noes if each is not None]),
        corrupt=None in agreed or None in noes,
    )
    try:
        body = orjson.loads(row.body)
        raised = RAISED.validate_python(body.get("flags", ()))
        return replace(
            known,
            deceased_by=tuple(sorted(set(body["deceased_by"].values()))),
            turns_16_on=day_of(body.get("turns_16_on")),
            turns_18_on=day_of(body.get("turns_18_on")),
            deciders=DECIDERS.validate_python(body.get("deciders", ())),
            findings=FINDINGS.validate_python(body.get("findings", ())),
            flags=tuple(dict.fromkeys(each.flag for each in raised)),
            alleged_abusers=tuple(dict.fromkeys(each.of for each in raised if each.of)),
        )
    except (ValueError, TypeError, KeyError, AttributeError):  # whatever somebody has made of it
        return replace(known, corrupt=True)


def readable(adapter: TypeAdapter[_T], body: str) -> _T | None:
    """A stored record; None: somebody has changed it so that it is none any more."""
    try:
        return adapter.validate_json(body)
    except ValidationError:
        return None


def day_of(text_: str | None) -> date | None:
    """A day of a body, or None."""
    return date.fromisoformat(text_) if text_ else None
