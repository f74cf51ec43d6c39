"""The registry's records. Versions are kept and never edited; ``registry_seq`` is given when the unit ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update

from consent.model import Consent, Directive, StateEvent
from consent.model.words import OPENING, ConsentState
from hub.model import locks
from hub.store import past
from hub.store import tables as t
from hub.store.scope import Memo, Scope, instant, text
from hub.store.sql import upsert
from hub.store.subjects import CONSENT, DIRECTIVE, readable

_Filed = tuple[Consent, StateEvent, str, str, str]  # with system, record key and what was read of its source
_ADD_PARTY = upsert(t.consent_party).on_conflict_do_nothing()  # an earlier version has named it too
_HEAD = select(t.registry_head.c.seq)


class ConsentTable:
    """See :class:`hub.ports.ConsentRows`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._filed: dict[str, _Filed] = {}
        self._directives: list[Directive] = []
        self._of_source: Memo[tuple[str, str], tuple[Consent, str]] = Memo()
        self._numbers: Memo[str, dict[str, str]] = Memo()
        self._head: int | None = None  # it grows at the end of a unit only (``close``)

    def of_source(self, system: str, key: str) -> tuple[Consent, str] | None:
        """The latest version filed from a source record, with what was read of the record then."""
        return self.of_sources(system, [key]).get(key)

    def of_sources(self, system: str, keys: Iterable[str]) -> dict[str, tuple[Consent, str]]:
        """The same of several records, by record key."""
        found = self._of_source.read([(system, key) for key in keys], self._read_sources)
        return {key: filed for (_, key), filed in found.items()}

    def get(self, consent_id: str) -> Consent | None:
        """The latest version."""
        if consent_id in self._filed:
            return self._filed[consent_id][0]
        c = t.consent.c
        row = self._scope.one(
            select(c.body).where(c.consent_id == consent_id, c.current == 1).order_by(c.version.desc())
        )
        return readable(CONSENT, row.body) if row else None

    def put(self, consent: Consent, event: StateEvent, *, system: str, key: str, read_as: str) -> None:
        """File a version as the current one."""
        self._scope.must_own(locks.subject(consent.subject_ref))
        assert consent.consent_id not in self._filed, "one version of a consent in one unit"
        self._filed[consent.consent_id] = (consent, event, system, key, read_as)
        self._of_source.set((system, key), (consent, read_as))

    def put_directive(self, directive: Directive) -> None:
        """Add a standing "no"."""
        self._scope.must_own(locks.subject(directive.subject_ref))
        self._directives.append(directive)

    def lift(self, directive_id: str, by: str) -> None:
        """End a directive by name."""
        directive = self.directive(directive_id)
        assert directive is not None
        self._scope.must_own(locks.subject(directive.subject_ref))
        self._scope.write(
            update(t.directive)
            .where(t.directive.c.directive_id == directive_id)
            .values(lifted_by=by, lifted_at=text(self._scope.now)),
            None,
            t.directive,
        )

    def directive(self, directive_id: str) -> Directive | None:
        """One directive; ``lifted_by`` says whether it still stands."""
        d = t.directive.c
        row = self._scope.one(select(d.body, d.lifted_by).where(d.directive_id == directive_id))
        found = readable(DIRECTIVE, row.body) if row else None
        return replace(found, lifted_by=row.lifted_by) if row and found else None

    def origin(self, consent_id: str) -> tuple[str, str, str] | None:
        """System, record key and what was read, of the current version."""
        c = t.consent.c
        row = self._scope.one(
            select(c.source_system, c.source_key, c.read_as)
            .where(c.consent_id == consent_id, c.current == 1)
            .order_by(c.version.desc())
        )
        return (row.source_system, row.source_key, row.read_as) if row else None

    def numbers(self, consent_ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """By consent, agency -> the number by which it knows it."""
        return self._numbers.read(consent_ids, self._read_numbers)

    def number(self, consent_id: str, agency: str) -> str:
        """The number by which one agency knows a consent."""
        known = self.numbers([consent_id]).get(consent_id, {})
        if agency not in known:
            number = self._scope.ids.number()
            self._scope.add(t.consent_alias, {"consent_id": consent_id, "agency": agency, "alias": number})
            known = {**known, agency: number}
            self._numbers.set(consent_id, known)
        return known[agency]

    def by_number(self, agency: str, number: str) -> str | None:
        """The consent behind an agency's number."""
        a = t.consent_alias.c
        found = self._scope.one(select(a.consent_id).where(a.agency == agency, a.alias == number), t.consent_alias)
        return str(found.consent_id) if found else None

    def current(self, after: str, limit: int) -> list[Consent]:
        """The latest versions beyond an id."""
        c = t.consent.c
        beyond = self._newest(c.consent_id > after).order_by(c.consent_id).limit(limit)
        found = self._scope.read(beyond, t.consent)
        return [consent for row in found if (consent := readable(CONSENT, row.body)) is not None]

    def naming(self, agency: str, after: str, limit: int) -> list[Consent]:
        """The same of those that name the agency, or have named it."""
        p, c = t.consent_party.c, t.consent.c
        beyond = self._newest(p.agency == agency, p.consent_id > after).join(
            t.consent_party, p.consent_id == c.consent_id
        )
        found = self._scope.read(beyond.order_by(p.consent_id).limit(limit), t.consent, t.consent_party)
        return [consent for row in found if (consent := readable(CONSENT, row.body)) is not None]

    def versions(self, consent_id: str) -> list[Consent]:
        """All versions, the first first."""
        c = t.consent.c
        found = self._scope.read(select(c.body).where(c.consent_id == consent_id).order_by(c.version))
        return [consent for row in found if (consent := readable(CONSENT, row.body)) is not None]

    @staticmethod
    def _newest(*where: ColumnElement[bool]) -> Select[tuple[str]]:
        c, later = t.consent.c, t.consent.alias()
        newest = select(func.max(later.c.version)).where(later.c.consent_id == c.consent_id).scalar_subquery()
        return select(c.body).where(c.version == newest, *where)

    def events(self, consent_id: str) -> list[StateEvent]:
        """What has become of a consent."""
        e = t.consent_event.c
        rows = self._scope.read(select(t.consent_event).where(e.consent_id == consent_id).order_by(e.registry_seq))
        return [
            StateEvent(
                state=ConsentState(row.state),
                registry_seq=row.registry_seq,
                at=instant(row.at),
                effective_at=instant(row.effective_at),
                actor=row.actor,
                reason=row.reason,
            )
            for row in rows
        ]

    def filed_after(self, registry_seq: int, limit: int) -> list[tuple[Consent | None, Consent]]:
        """Versions beyond a sequence number, each with the last before it that was no draft (C-37)."""
        c = t.consent.c
        beyond = select(c.consent_id, c.version, c.body).where(c.registry_seq > registry_seq)
        found: list[tuple[Consent | None, Consent]] = []
        for row in self._scope.read(beyond.order_by(c.registry_seq).limit(limit)):
            stood = (c.consent_id == row.consent_id, c.version < row.version, c.state != ConsentState.DRAFT.value)
            before = self._scope.one(select(c.body).where(*stood).order_by(c.version.desc()).limit(1))
            if (after := readable(CONSENT, row.body)) is not None:
                found.append((readable(CONSENT, before.body) if before else None, after))
        return found

    def head(self) -> int:
        """The registry's latest sequence number."""
        if self._head is None:
            self._head = self._read_head()
        return self._head

    def close(self) -> None:
        """Give sequence numbers in commit order and write. The last thing before the commit (design §6)."""
        count = len(self._filed) + len(self._directives)
        if not count:
            return
        self._replace(list(self._filed.values()))
        head = t.registry_head.c
        # here units that file stand in line until the commit: numbers are given in its order
        given = self._scope.one(update(t.registry_head).values(seq=head.seq + count).returning(head.seq))
        assert given is not None, "the registry has a head from the first migration on"
        seq = given.seq - count
        numbered = []
        for consent, event, system, key, read_as in self._filed.values():
            seq += 1
            numbered.append(
                (replace(consent, registry_seq=seq), replace(event, registry_seq=seq), system, key, read_as)
            )
        for row in numbered:
            self._add(*row)
        for directive in self._directives:
            seq += 1
            self._add_directive(replace(directive, registry_seq=seq))

    def _add_directive(self, directive: Directive) -> None:
        self._scope.add(
            t.directive,
            {
                "directive_id": directive.directive_id,
                "subject_ref": directive.subject_ref,
                "registry_seq": directive.registry_seq,
                "lifted_by": None,
                "added_at": text(self._scope.now),
                "lifted_at": None,
                "body": DIRECTIVE.dump_json(directive).decode(),
            },
        )

    def _read_sources(self, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[Consent, str]]:
        c, found = t.consent.c, {}
        for system in {system for system, _ in pairs}:
            keys = [key for its, key in pairs if its == system]
            latest_last = (
                select(c.source_key, c.read_as, c.body)
                .where(c.source_system == system, c.source_key.in_(keys), c.current == 1)
                .order_by(c.version)
            )
            latest = {row.source_key: row for row in self._scope.read(latest_last)}
            for key, row in latest.items():
                if (consent := readable(CONSENT, row.body)) is not None:
                    found[system, key] = (consent, row.read_as)
        return found

    def _read_numbers(self, consent_ids: list[str]) -> dict[str, dict[str, str]]:
        a = t.consent_alias.c
        found: dict[str, dict[str, str]] = {}
        for row in self._scope.read(select(t.consent_alias).where(a.consent_id.in_(consent_ids)), t.consent_alias):
            found.setdefault(row.consent_id, {})[row.agency] = row.alias
        return found

    def _read_head(self) -> int:
        if self._scope.as_of is not None:
            return past.head(self._scope, self._scope.as_of)
        row = self._scope.one(_HEAD)
        return int(row.seq) if row else 0

    def _replace(self, filed: Sequence[_Filed]) -> None:
        """What these follow is no longer current."""
        if not filed:
            return
        c = t.consent.c
        ids = [consent.consent_id for consent, *_ in filed]
        last = select(c.consent_id, func.max(c.version).label("version")).where(c.consent_id.in_(ids))
        known = {row.consent_id: row.version for row in self._scope.read(last.group_by(c.consent_id))}
        assert all(one.version == known.get(one.consent_id, 0) + 1 for one, *_ in filed), "versions grow by one"
        replaced = c.consent_id == bindparam("replaced")
        opening = or_(*(c.state == state.value for state in OPENING))  # a list could not be executed for many rows
        for draft in (False, True):  # a draft changes nothing: what opens stays beside it (C-37)
            where = and_(replaced, ~opening) if draft else replaced
            rows = [{"replaced": one.consent_id} for one, *_ in filed if (one.state is ConsentState.DRAFT) is draft]
            self._scope.write(update(t.consent).where(where).values(current=0), rows)

    def _add(self, consent: Consent, event: StateEvent, system: str, key: str, read_as: str) -> None:
        self._scope.add(
            t.consent,
            {
                "consent_id": consent.consent_id,
                "version": consent.version,
                "subject_ref": consent.subject_ref,
                "current": 1,
                "state": consent.state.value,
                "registry_seq": consent.registry_seq,
                "source_system": system,
                "source_key": key,
                "read_as": read_as,
                "body": CONSENT.dump_json(consent).decode(),
            },
        )
        for agency in sorted({consent.discloser, *(each.agency for each in consent.recipients)}):
            self._scope.add(t.consent_party, {"agency": agency, "consent_id": consent.consent_id}, _ADD_PARTY)
        self._scope.add(
            t.consent_event,
            {
                "consent_id": consent.consent_id,
                "registry_seq": event.registry_seq,
                "state": event.state.value,
                "at": text(event.at),
                "effective_at": text(event.effective_at),
                "actor": event.actor,
                "reason": event.reason,
            },
        )
