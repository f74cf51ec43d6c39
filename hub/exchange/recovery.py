"""The store is back: what went out by the journal is written into it, under the same ids, before anything else is done
(settled S24).

Declaration, decision, both entries of the log, message and hand-over stand then as if they had committed together; the
entries say that they come from the journal and when it was. What did not certainly arrive is returned: its record is
fetched, and a mandatory report is sent again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from consent.review import reviews_of
from hub.exchange.entries import HUB, acting, decision_details, declared_entry
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import Held, One, PersonKeys, to_learn
from hub.exchange.outage import Journaled, journaled
from hub.exchange.waiting import wait
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.envelope import OVERRIDE, MessageState
from hub.model.rows import Handover, Inbox, Waiting
from hub.ports import Unit


def step(house: House) -> bool:
    """Write down what the journal holds, and forget it there. True if there was anything."""
    entries = journaled(house)
    if not entries:
        return False
    for entry in entries:
        _write(house, entry)
    house.journal.clear()  # after the commits: what is written twice is found by its id
    return True


def _write(house: House, entry: Journaled) -> None:
    people = PersonKeys.of(entry.people)
    found_by = sorted(locks.digest(digest) for digest in people.found_by())
    with house.store.peek() as rows:
        who = identify(rows, people, entry.declared.agency) if entry.people else None
    own = [locks.subject(who.subject_ref)] if isinstance(who, One) else []
    with house.store.unit(share=[locks.CONFIG], own=[*own, *found_by]) as unit:
        if unit.inbox.get(entry.message_id) is None:
            ref = who.subject_ref if isinstance(who, One) else _minted(unit, entry, people)
            _write_all(house, unit, entry, ref)


def _minted(unit: Unit, entry: Journaled, people: PersonKeys) -> str:
    ref = unit.subjects.mint()
    unit.subjects.alias(entry.declared.agency, ref)
    unit.subjects.add_digests(ref, to_learn(people, Held.of(ref, {}, own=True)))
    source = f"{entry.declared.system}/{entry.declared.record_key}"
    details = {"subject_ref": ref, "reason_code": "MINTED", "source": source}
    unit.audit.append(Entry(AuditEvent.SUBJECT_LINKED, unit.now, HUB, details))
    return ref


def _write_all(house: House, unit: Unit, entry: Journaled, ref: str) -> None:
    went = entry.state == "sent"
    declared = replace(entry.declared, subject=ref, journaled=True)
    unit.overrides.put(declared)
    if went:
        unit.overrides.use(declared.override_id, entry.envelope_id)
    facts = unit.decisions.gathered(entry.facts)  # by the journal, at its instant: the one exception (INV-2)
    unit.decisions.put(entry.message_id, entry.message_id, 1, facts, entry.decision)
    system = unit.directory.all().systems[declared.system]
    told = _details(entry, ref)
    unit.audit.append(declared_entry(declared, acting(system), unit.now))
    unit.audit.append(
        Entry(AuditEvent.DECISION, unit.now, acting(system), told | {"event": OVERRIDE, "revision": "journal"})
    )
    unit.audit.append(Entry(AuditEvent.DELIVERY, unit.now, HUB, told | {"system": entry.system, "attempt": 1}))
    state = MessageState.DELIVERED if went else MessageState.RETURNED
    unit.inbox.put(_inbox(unit, entry, state))
    unit.handovers.put(_handover(unit, entry, ref, state), {f"override:{declared.override_id}"})
    if went:
        _begin_review(house, unit, entry, ref)
    else:
        wait(unit, _again(house, unit, entry))


def _details(entry: Journaled, ref: str) -> dict[str, Any]:
    details = decision_details(entry.facts, entry.decision, entry.message_id, entry.message_id)
    flags = {"journal": True, "registry_unreachable": True, "occurred_at": entry.at.isoformat()}
    own = {"envelope_id": entry.envelope_id, "payload_digest": entry.payload_digest, "sent": entry.state}
    source = f"{entry.declared.system}/{entry.declared.record_key}"
    return {**details, **flags, **own, "subject_ref": ref, "source": source}


def _inbox(unit: Unit, entry: Journaled, state: MessageState) -> Inbox:
    declared = entry.declared
    return Inbox(
        message_id=entry.message_id,
        system=declared.system,
        record_key=declared.record_key,
        revision=f"journal/{entry.envelope_id}",
        attempt=1,
        digest=entry.digest,
        agency=declared.agency,
        event=OVERRIDE,
        recipient=declared.recipient,
        decision_id=entry.message_id,
        state=state,
        code=entry.decision.codes[0].value,
        accepted_at=entry.at,
        envelope_id=entry.envelope_id,
        referral_no=entry.number,
        ended_at=unit.now,
    )


def _handover(unit: Unit, entry: Journaled, ref: str, state: MessageState) -> Handover:
    return Handover(
        envelope_id=entry.envelope_id,
        message_id=entry.message_id,
        recipient=entry.declared.recipient,
        system=entry.system,
        lane=entry.lane,
        lane_seq=1,
        state=state,
        sha256=entry.sha256,
        subject_ref=ref,
        referral_no=entry.number,
        attempts=1,
        due_at=unit.now,
        return_at=unit.now,
        opened_at=entry.at,
    )


def _begin_review(house: House, unit: Unit, entry: Journaled, ref: str) -> None:
    declared = replace(entry.declared, subject=ref)
    pack = unit.directory.all().agencies[declared.agency].pack
    code = house.packs.reason_code(pack, declared.code)
    assert code is not None, "nothing went on a reason code that nobody has"
    for review in reviews_of(declared, code.terms.kind, house.packs.facts(pack), recovered_at=unit.now):
        unit.reviews.put(review)


def _again(house: House, unit: Unit, entry: Journaled) -> Waiting:
    declared = entry.declared
    return Waiting(
        waiting_id=house.ids.number(),
        system=declared.system,
        record_key=declared.record_key,
        revision="",
        digest=entry.digest,
        code=entry.decision.codes[0].value,
        created_at=unit.now,
        message_id=entry.message_id,
        due_at=unit.now,
    )
