"""The store is back: what went out by the journal is written into it, under the same ids, before anything else is done
(settled S24).

Declaration, decision, both entries of the log, message and hand-over stand then as if they had committed together; the
entries say that they come from the journal, and ``occurred_at`` when it was; ``recorded_at`` is the recovery's. What
did not certainly arrive is returned. A mandatory report is then fetched and sent again, and so is what certainly did
not arrive; of any other no second message goes, and its worker is told to telephone.

Whether its words stood there before, and whether somebody was too near to the client or owed reviews, was not asked
when it went: the officer's review, within 24 hours, looks at it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.exchange.duties import STATUS, TELEPHONE_NOW
from hub.exchange.ending import NOT_ACKNOWLEDGED
from hub.exchange.entries import HUB, acknowledged, acting, decision_details, declared_entry, returned
from hub.exchange.grants import begin_review
from hub.exchange.house import House
from hub.exchange.identify import identify
from hub.exchange.match import Held, One, PersonKeys, to_learn
from hub.exchange.outage import Journaled, journaled
from hub.exchange.waiting import tell, wait
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.envelope import OVERRIDE, MessageState
from hub.model.rows import Handover, Inbox, Waiting
from hub.ports import Unit


def step(house: House) -> bool:
    """Write down what the journal holds, and forget it there. True if there was anything."""
    if not house.journal.entries():
        return False
    with house.journal.held():  # nobody sends, and nobody else writes it down, in between
        for entry in journaled(house):
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


def _write_all(house: House, unit: Unit, written: Journaled, ref: str) -> None:
    must = house.packs.is_mandatory(written.declared.code)
    entry, again = _as_known(unit, written, ref), must or written.state == "failed"
    declared, went = entry.declared, entry.state == "sent"
    unit.overrides.put(declared)
    if went or not again:  # of what may have arrived no other message goes
        unit.overrides.use(declared.override_id, entry.envelope_id)
        begin_review(house, unit, declared, recovered_at=unit.now)
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
    row = _handover(unit, entry, ref, state)
    unit.handovers.put(row, {f"override:{declared.override_id}"})
    unit.audit.append(acknowledged(row, unit.now, written=True) if went else returned(row, NOT_ACKNOWLEDGED, unit.now))
    if again and not went:
        wait(house, unit, _again(house, unit, entry))
    if not must:  # of a mandatory report its reporter hears in any case (``duties.py``)
        place = "message: got a store that was away while it went, expected its answer; telephone to be sure"
        tell(house, unit, declared.system, declared.record_key, STATUS, TELEPHONE_NOW, place)


def _as_known(unit: Unit, entry: Journaled, ref: str) -> Journaled:
    """Under the number that the store gave its record before, if it did, as what it declares now."""
    declared = replace(entry.declared, subject=ref, journaled=True)
    before = unit.overrides.of_record(declared.system, declared.record_key)
    if before is None or before.override_id == declared.override_id:
        return replace(entry, declared=declared)
    declared = replace(
        declared,
        override_id=before.override_id,
        version=before.version + 1,
        entered_by=tuple(dict.fromkeys((*before.entered_by, *declared.entered_by))),
        discharged_at=before.discharged_at,
    )
    override = entry.facts.override
    assert override is not None, "what went by the journal was declared"
    facts = replace(entry.facts, override=replace(override, override_id=declared.override_id, version=declared.version))
    basis = tuple(
        f"override:{declared.override_id}" if name.startswith("override:") else name for name in entry.decision.basis
    )
    return replace(entry, declared=declared, facts=facts, decision=replace(entry.decision, basis=basis))


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
        opened_at=None if entry.state == "failed" else entry.at,
    )


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
