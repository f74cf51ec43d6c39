"""What is old in each room, and its end. Which of it ends is decided elsewhere (``consent/keeping.py``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import orjson
from sqlalchemy import Table, delete, exists, func, select, update

from consent.facts import read_facts
from consent.model import Consent
from consent.model.words import STANDING, ConsentState
from hub.model.envelope import MessageState
from hub.model.keeping import Old, OldPage, Person, Room
from hub.store import tables as t
from hub.store.incidents import IncidentTable
from hub.store.links import LinkTable
from hub.store.scope import Scope, instant, text
from hub.store.subjects import CONSENT, day_of, readable

# rows of a person that go with the person; every other table that names one keeps them
_WITH_THE_PERSON = (t.subject_past, t.subject_alias, t.identifier_digest, t.directive, t.subject_key, t.worker_conflict)
_THINGS = {  # of which a line speaks, and with which it is kept
    "message_id": t.inbox.c.message_id,
    "envelope_id": t.handover.c.envelope_id,
    "override_id": t.override.c.override_id,
    "consent_id": t.consent.c.consent_id,
    "directive_id": t.directive.c.directive_id,
}
_NAMES_SOMETHING = (*_THINGS, "source", "referral_no", "incident_id")


class KeepingTable:
    """See :class:`hub.ports.KeepingRows`."""

    def __init__(self, scope: Scope, incidents: IncidentTable, links: LinkTable) -> None:
        self._scope, self._incidents, self._links = scope, incidents, links

    def old(self, room: Room, before: datetime, after: str, limit: int) -> OldPage:
        """A page of what is old."""
        read: Mapping[Room, Callable[[datetime, str, int], tuple[list[Old], Sequence[Any]]]] = {
            Room.NOTICES: self._notices,
            Room.MESSAGES: self._messages,
            Room.REFERRALS: self._referrals,
            Room.OVERRIDES: self._overrides,
            Room.CONSENTS: self._consents,
            Room.REQUESTS: self._requests,
            Room.PEOPLE: self._people,
            Room.LINES: self._lines,
        }
        found, rows = read[room](before, after, limit)
        return OldPage(tuple(found), rows[-1][0] if len(rows) == limit else None)

    def people(self, refs: Iterable[str]) -> dict[str, Person]:
        """What the rules of keeping look at; of somebody with several files, at all of them."""
        asked = sorted(set(refs))
        of_each = self._links.files(asked)
        wanted = sorted({ref for refs in of_each.values() for ref in refs})
        held, served = self._incidents.held(wanted) | self._in_review(wanted), self._served(wanted)
        rows = self._scope.read(select(t.subject.c.ref, t.subject.c.body).where(t.subject.c.ref.in_(wanted)))
        born = {row.ref: day_of(orjson.loads(row.body).get("turns_18_on")) for row in rows}
        return {
            ref: Person(
                served_at=max((instant(served[each]) for each in files if each in served), default=None),
                turns_18_on=max((day for each in files if (day := born.get(each))), default=None),
                held=not held.isdisjoint(files),
            )
            for ref, files in of_each.items()
            if ref in born
        }

    def end(self, room: Room, keys: Iterable[str]) -> None:
        """Delete them."""
        ids = list(keys)
        if room is Room.LINES:
            self._scope.write(update(t.audit_entry).where(t.audit_entry.c.id.in_(ids)).values(body=b""))
            self._delete(t.audit_about, t.audit_about.c.entry_id.in_(ids))
        elif room is Room.MESSAGES:
            envelopes = select(t.inbox.c.envelope_id).where(t.inbox.c.message_id.in_(ids))
            self._delete(t.handover_basis, t.handover_basis.c.envelope_id.in_(envelopes))
            self._delete(t.handover, t.handover.c.message_id.in_(ids))
            self._delete(t.decision, t.decision.c.message_id.in_(ids))
            self._delete(t.inbox, t.inbox.c.message_id.in_(ids))
        else:
            for table, column in _BELONGS[room]:
                self._delete(table, table.c[column].in_(ids))
        if room is Room.OVERRIDES:  # of whom no declaration is left, nobody can read the words in an older copy either
            still = exists().where(t.override.c.subject_ref == t.subject_key.c.subject_ref)
            self._delete(t.subject_key, ~still)

    def _delete(self, table: Table, where: Any) -> None:
        self._scope.write(delete(table).where(where))

    def _served(self, refs: Sequence[str]) -> dict[str, str]:
        """The last service entry of each: the last delivery about them, or the last step of a referral of theirs."""
        h, r, e = t.handover.c, t.referral.c, t.referral_event.c
        delivered = select(h.subject_ref, func.max(h.opened_at).label("at")).where(
            h.subject_ref.in_(refs), h.state == MessageState.DELIVERED.value
        )
        stepped = select(r.subject_ref, func.max(e.at).label("at")).join(t.referral_event, e.number == r.number)
        rows = [
            *self._scope.read(delivered.group_by(h.subject_ref)),
            *self._scope.read(stepped.where(r.subject_ref.in_(refs)).group_by(r.subject_ref)),
        ]
        found: dict[str, str] = {}
        for row in rows:
            if row.at is not None:
                found[row.subject_ref] = max(row.at, found.get(row.subject_ref, ""))
        return found

    def _notices(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        c = t.notice.c
        where = (c.notice_id > after, c.created_at < text(before), c.state == "sent")
        rows = self._scope.read(
            select(c.notice_id, c.system, c.created_at).where(*where).order_by(c.notice_id).limit(limit)
        )
        return [Old(row.notice_id, "", instant(row.created_at), systems=(row.system,)) for row in rows], rows

    def _messages(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        i, h = t.inbox.c, t.handover.c
        at = func.coalesce(i.ended_at, i.accepted_at)
        waits = exists().where(t.waiting.c.message_id == i.message_id)
        rows = self._scope.read(
            select(
                i.message_id,
                i.agency,
                at.label("at"),
                i.ended_at,
                i.system,
                i.decision_id,
                h.envelope_id,
                h.system.label("into"),
                h.subject_ref,
                waits.label("waits"),
            )
            .outerjoin(t.handover, h.message_id == i.message_id)
            .where(i.message_id > after, at < text(before))
            .order_by(i.message_id)
            .limit(limit)
        )
        named, live = self._named([row.decision_id for row in rows]), self._on_live([row.envelope_id for row in rows])
        found = [
            Old(
                key=row.message_id,
                agency=row.agency,
                at=instant(row.at),
                people=tuple(sorted({*named.get(row.decision_id, ()), *filter(None, [row.subject_ref])})),
                systems=tuple(filter(None, [row.system, row.into])),
                envelope_id=row.envelope_id,
                is_open=row.ended_at is None or bool(row.waits) or row.envelope_id in live,
            )
            for row in rows
        ]
        return found, rows

    def _named(self, decision_ids: Sequence[str]) -> dict[str, set[str]]:
        """Whom the facts of decisions name."""
        c = t.decision.c
        rows = self._scope.read(select(c.decision_id, c.facts).where(c.decision_id.in_(decision_ids)))
        named = {row.decision_id: read_facts(row.facts.encode()) for row in rows}
        return {key: {*facts.subjects, *filter(None, [facts.message.subject])} for key, facts in named.items()}

    def _on_live(self, envelope_ids: Sequence[str | None]) -> set[str]:
        """Those that a consent in force was relied on for."""
        b = t.handover_basis.c
        asked = [name for name in envelope_ids if name]
        basis = [
            (row.envelope_id, row.basis.removeprefix("consent:"))
            for row in self._scope.read(select(b.envelope_id, b.basis).where(b.envelope_id.in_(asked)))
            if row.basis.startswith("consent:")
        ]
        current = self._current(sorted({consent_id for _, consent_id in basis}))
        live = {name for name, each in current.items() if any(_is_live(one, self._scope.now) for one in each)}
        return {envelope_id for envelope_id, consent_id in basis if consent_id in live}

    def _referrals(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        r, e = t.referral.c, t.referral_event.c
        last = select(func.max(e.at)).where(e.number == r.number).scalar_subquery()
        spoken_of = exists().where(t.inbox.c.referral_no == r.number)
        rows = self._scope.read(
            select(
                r.number,
                r.sender,
                r.sender_system,
                r.recipient_system,
                r.subject_ref,
                r.state,
                last.label("at"),
                spoken_of.label("spoken_of"),
            )
            .where(r.number > after, last < text(before))
            .order_by(r.number)
            .limit(limit)
        )
        found = [
            Old(
                key=row.number,
                agency=row.sender,
                at=instant(row.at),
                people=(row.subject_ref,),
                systems=(row.sender_system, row.recipient_system),
                is_open=bool(row.spoken_of),
                state=row.state,
            )
            for row in rows
        ]
        return found, rows

    def _overrides(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        o, i = t.override.c, t.inbox.c
        at = func.coalesce(o.ended_at, o.declared_at)  # a grant is over after hours, whoever says so
        spoken_of = exists().where(i.system == o.source_system, i.record_key == o.source_key)
        rows = self._scope.read(
            select(
                o.override_id,
                o.agency,
                o.subject_ref,
                o.source_system,
                at.label("at"),
                spoken_of.label("spoken_of"),
            )
            .where(o.override_id > after, at < text(before))
            .order_by(o.override_id)
            .limit(limit)
        )
        reviewed = self._open_reviews(t.review.c.override_id.in_([row.override_id for row in rows]))
        found = [
            Old(
                key=row.override_id,
                agency=row.agency,
                at=instant(row.at),
                people=tuple(filter(None, [row.subject_ref])),
                systems=(row.source_system,),
                is_open=bool(row.spoken_of) or row.override_id in reviewed,
            )
            for row in rows
        ]
        return found, rows

    def _open_reviews(self, *where: Any) -> set[str]:
        """Overrides of which something is still to be done, a withheld notice included."""
        c = t.review.c
        rows = self._scope.read(select(c.override_id).where(c.done_at.is_(None), *where), t.review)
        return {row.override_id for row in rows}

    def _in_review(self, refs: Sequence[str]) -> set[str]:
        """Those about whom a review is open."""
        o = t.override.c
        about = self._scope.read(select(o.override_id, o.subject_ref).where(o.subject_ref.in_(refs)), t.override)
        still = self._open_reviews(t.review.c.override_id.in_([row.override_id for row in about])) if about else set()
        return {row.subject_ref for row in about if row.override_id in still}

    def _consents(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        c, e = t.consent.c, t.consent_event.c
        last = select(func.max(e.at)).where(e.consent_id == c.consent_id).scalar_subquery()
        rows = self._scope.read(
            select(c.consent_id, c.source_system, last.label("at"))
            .where(c.consent_id > after, c.version == 1, last < text(before))
            .order_by(c.consent_id)
            .limit(limit)
        )
        ids = [row.consent_id for row in rows]
        relied, current = self._relied(ids), self._current(ids)
        found = [
            Old(
                key=row.consent_id,
                agency=current[row.consent_id][0].discloser,
                at=instant(row.at),
                people=(current[row.consent_id][0].subject_ref,),
                systems=(row.source_system,),
                is_open=row.consent_id in relied
                or any(_stands(each, self._scope.now) for each in current[row.consent_id]),
            )
            for row in rows
            if row.consent_id in current  # what cannot be read is kept: nobody knows whose it is
        ]
        return found, rows

    def _current(self, consent_ids: Sequence[str]) -> dict[str, list[Consent]]:
        """By consent its current versions: beside a draft, what opens stays one (C-37)."""
        c = t.consent.c
        found: dict[str, list[Consent]] = {}
        for row in self._scope.read(
            select(c.consent_id, c.body).where(c.consent_id.in_(consent_ids), c.current == 1).order_by(c.version)
        ):
            if (consent := readable(CONSENT, row.body)) is not None:
                found.setdefault(row.consent_id, []).append(consent)
        return found

    def _relied(self, consent_ids: Sequence[str]) -> set[str]:
        """Those that a message or a referral which is still there relied on."""
        b, r = t.handover_basis.c, t.referral.c
        names = [f"consent:{consent_id}" for consent_id in consent_ids]
        by_messages = self._scope.read(select(b.basis).where(b.basis.in_(names)).distinct())
        by_referrals = self._scope.read(select(r.consent_id).where(r.consent_id.in_(consent_ids)).distinct())
        return {row.basis.removeprefix("consent:") for row in by_messages} | {row.consent_id for row in by_referrals}

    def _requests(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        c = t.request.c
        where = (c.request_id > after, c.asked_on < before.date().isoformat())
        rows = self._scope.read(select(t.request).where(*where).order_by(c.request_id).limit(limit), t.request)
        found = [
            Old(
                key=row.request_id,
                agency=row.agency,
                at=datetime.combine(date.fromisoformat(row.asked_on), time(), UTC),
                people=(row.subject_ref,),
                is_open=row.answered_on is None,
            )
            for row in rows
        ]
        return found, rows

    def _people(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        s = t.subject.c
        where = (s.ref > after, s.minted_at < text(before))
        rows = self._scope.read(select(s.ref, s.minted_at).where(*where).order_by(s.ref).limit(limit))
        refs, needed = [row.ref for row in rows], set[str]()
        files = self._links.files(refs)  # of somebody with several files all go, or none: each holds noes
        refs = sorted({name for names in files.values() for name in names})
        for table in t.metadata.sorted_tables:
            if "subject_ref" in table.c and table not in _WITH_THE_PERSON:
                its = table.c.subject_ref
                needed |= {row[0] for row in self._scope.read(select(its).where(its.in_(refs)).distinct(), table)}
        d = t.directive.c
        standing = select(d.subject_ref).where(d.subject_ref.in_(refs), d.lifted_by.is_(None))
        needed |= {row.subject_ref for row in self._scope.read(standing, t.directive)}
        found = [
            Old(row.ref, "", instant(row.minted_at), (row.ref,), is_open=not needed.isdisjoint(files[row.ref]))
            for row in rows
        ]
        return found, rows

    def _lines(self, before: datetime, after: str, limit: int) -> tuple[list[Old], Sequence[Any]]:
        """Lines that name somebody or something of somebody's; how the hub itself was run is said for good."""
        c = t.audit_entry.c
        said = (c.id > after, c.id < f"{before:%Y%m%dT%H%M%S%f}", c.entry_index.is_not(None), func.length(c.body) > 0)
        rows = self._scope.read(select(c.id, c.body, c.entry_index).where(*said).order_by(c.id).limit(limit))
        bodies = {row.id: (row.entry_index, orjson.loads(row.body)) for row in rows}
        there = self._there([body for _, body in bodies.values()])
        found = [
            Old(
                key=entry_id,
                agency=str(body.get("sender") or body["actor"].get("agency") or ""),
                at=datetime.fromisoformat(body["recorded_at"]),
                people=_people_of(body),
                envelope_id=body.get("envelope_id"),
                is_open=not there.isdisjoint(_things(body).values()),
                place=place,
            )
            for entry_id, (place, body) in bodies.items()
            if _people_of(body) or any(name in body for name in _NAMES_SOMETHING)
        ]
        return found, rows

    def _there(self, bodies: Sequence[Mapping[str, Any]]) -> set[str]:
        """The messages, envelopes, overrides, consents and directives of which these speak and that are still there."""
        spoken = [_things(body) for body in bodies]
        found: set[str] = set()
        for name, key in _THINGS.items():
            asked = {things[name] for things in spoken if name in things}
            found |= {row[0] for row in self._scope.read(select(key).where(key.in_(asked)))}
        return found


_OF_A_CONSENT = (t.consent_alias, t.consent_party, t.consent_event, t.consent)
_BELONGS: Mapping[Room, Sequence[tuple[Table, str]]] = {
    Room.NOTICES: ((t.notice, "notice_id"),),
    Room.REFERRALS: ((t.referral_event, "number"), (t.referral, "number")),
    Room.OVERRIDES: ((t.override_words, "override_id"), (t.review, "override_id"), (t.override, "override_id")),
    Room.CONSENTS: tuple([(table, "consent_id") for table in _OF_A_CONSENT]),
    Room.REQUESTS: ((t.request, "request_id"),),
    Room.PEOPLE: (
        *((table, "subject_ref") for table in _WITH_THE_PERSON),
        *((t.subject_link, "gone"), (t.subject_link, "kept"), (t.subject, "ref")),
    ),
}


def _is_live(consent: Consent, now: datetime) -> bool:
    """Whether something may still pass on it, now or when a doubt is settled."""
    return consent.state in STANDING and (consent.expires_at is None or now < consent.expires_at)


def _stands(consent: Consent, now: datetime) -> bool:
    """The same, or a client's no, which stands until it is taken back."""
    return consent.state is ConsentState.DECLINED or _is_live(consent, now)


def _things(body: Mapping[str, Any]) -> dict[str, str]:
    """What a line speaks of; of a consent with its version the consent."""
    return {name: str(body[name]).partition("/")[0] for name in _THINGS if name in body}


def _people_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    several = body.get("subjects")
    named = [body.get("subject_ref"), *(several if isinstance(several, list) else [])]
    return tuple(sorted({name for name in named if isinstance(name, str)}))
