"""The end of the road: prepare, open, send, acknowledge (design §3.4) ◆.

- *Prepare* (no transaction): unseal, decide provisionally, withhold, write it in the recipient's form. What fails here
  is a mapping gap (held until a mapping changes) or an outage (backoff); nothing was released.
- *Open* (one short unit): lock, decide again; only the answer that was prepared for may pass. It writes the audit entry
  with the digest of what will be sent, and the lease. A refusal here ends the message. So does the end of a consent or
  an agreement that any permit of it relied on, even where another would carry it: it is judged again, as a new message.
- *Send*, inside the lease: the recipient's own commit is the irreversible step, and ``commit`` is asked just before it.
- *Acknowledge* ends the message and deletes body and key.

A lease that is over without an acknowledgement is opened again, under a fresh decision; the recipient's system drops
the repeat by its envelope id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.contract import Parcel, Sent, SentState
from consent.decide import decide
from consent.gather import gather, gather_provisional
from consent.model import Decision, Facts, Item
from hub.errors import (
    HubError,
    IntegrityBroken,
    KeyGone,
    LeaseOver,
    MessageRejected,
    SealBroken,
    Unavailable,
    Unexpected,
)
from hub.exchange import correcting
from hub.exchange.complete import CORRECT
from hub.exchange.ending import BASIS_ENDED, KEY_GONE, SEAL_BROKEN, end_opened, end_refused, end_returned
from hub.exchange.entries import acknowledged, alarm, opened
from hub.exchange.grants import use
from hub.exchange.house import House
from hub.exchange.label import label
from hub.exchange.moving import after_arrival
from hub.exchange.question import at_gate_2, message_of
from hub.exchange.reports import with_contact
from hub.exchange.retry import RetryAt, after_failure
from hub.exchange.taking_back import take_back
from hub.exchange.waiting import speaks_fhir, tell
from hub.exchange.withhold import withhold
from hub.exchange.writing import places_of, write_parcel
from hub.model import locks
from hub.model.canonical import content_digest
from hub.model.directory import System
from hub.model.envelope import OF_NO_REFERRAL, REPORTS, Envelope, MessageState
from hub.model.fhir import resources
from hub.model.record import Loss
from hub.model.rows import Handover
from hub.ports import Peek, Unit

CUT = "CUT"  # a text was too long for its field in the recipient's system
UNIT_MAX = 200  # subjects that a unit may lock (design §6)
BATCHES = "batches"  # stands where a system would: when the last batch of each was closed


@dataclass(frozen=True, slots=True)
class Prepared:
    """One message ready to be opened: what was decided without locks, and what would be sent on that."""

    row: Handover
    envelope: Envelope
    items: tuple[Item, ...]
    decision: Decision
    versions: tuple[tuple[str, int], ...]
    parcel: Parcel | None  # None: refused, or nothing that the recipient's system can name
    losses: tuple[Loss, ...] = ()  # what of it has no place there
    opened_at: datetime | None = None  # the open that this worker holds


def step(house: House, system: System) -> bool:
    """Hand over one batch to one system. True if anything was due.

    Raises:
        Unavailable: the store cannot be reached. A recipient that cannot be reached is not an error here.
    """
    if house.adapters[system.kind].remote:
        return False  # it opens what is there itself (``opening.py``)
    with house.store.peek() as rows:
        due = rows.handovers.due(system.id, rows.now, _batch(house, system))
        if not _is_time(house, rows, system, due):
            return False
        ready = _prepare(house, rows, system, due)
    ready = _reachable(house, system, ready)
    if not ready:
        return bool(due)
    if house.adapters[system.kind].gathers:
        take_back(house, system)  # else a workbook that is put anew would hold it still
    began_s = house.clock.monotonic_s()
    if permitted := _open_all(house, ready):
        _send(house, system, permitted, began_s)
    return True


def _batch(house: House, system: System) -> int:
    """Messages of one hand-over: those of a file go together."""
    card = house.adapters[system.kind]
    return card.batch_max if card.batch_every or card.gathers else min(house.limits.batch, card.batch_max)


def _is_time(house: House, rows: Peek, system: System, due: Sequence[Handover]) -> bool:
    """Whether a batch may be closed: it is full, or the last one was closed long enough ago (program systems 4.4).

    Where one gathers, what is still coming is waited for: its worker gets one file of a month and not ten.
    """
    card = house.adapters[system.kind]
    every = card.batch_every
    half_sent = any(row.state is MessageState.OPENED for row in due)  # nobody knows: not for longer than it must be
    if half_sent or len(due) >= _batch(house, system):
        return True
    newest = max((row.due_at for row in due), default=rows.now)
    if card.gathers and timedelta() <= rows.now - newest < card.gathers:
        return False
    closed = rows.cursors.remembered(BATCHES, system.id) if every else None
    if every is None or closed is None:
        return True
    since = rows.now - datetime.fromisoformat(closed)
    return not timedelta() <= since < every(system.settings)  # a clock that was set back holds no batch


def _closed(house: House, system: System) -> None:
    if house.adapters[system.kind].batch_every:
        with house.store.unit() as unit:
            unit.cursors.remember(BATCHES, system.id, unit.now.isoformat())


def _read_ahead(rows: Peek, batch: Sequence[Handover]) -> None:
    """Ask at once for a batch what is asked again for each of its messages: the peek or unit keeps the answers."""
    rows.referrals.of_numbers([row.referral_no for row in batch if row.referral_no])
    refs = [row.subject_ref for row in batch if row.subject_ref]
    rows.subjects.facts(refs)
    rows.links.of(refs)


def _prepare(house: House, rows: Peek, system: System, due: Sequence[Handover]) -> list[Prepared]:
    _read_ahead(rows, due)
    sealed = rows.outbox.sealed([row.envelope_id for row in due])
    ready: list[Prepared] = []
    failed: list[tuple[Handover, HubError]] = []
    for row in due:
        try:
            if row.envelope_id not in sealed:
                raise KeyGone(f"envelope {row.envelope_id}", "no sealed body or key")
            topic, body, wrapped = sealed[row.envelope_id]
            ready.append(_prepare_one(house, rows, system, row, house.keys.open(body, wrapped, topic=topic)))
        except (KeyGone, SealBroken, MessageRejected) as error:
            failed.append((row, error))
        except (Unavailable, IntegrityBroken):
            raise
        except Exception as error:  # noqa: BLE001 - one message never stops its neighbours
            failed.append((row, Unexpected.met(f"envelope {row.envelope_id}", error)))
    for row, reason in failed:
        _cannot(house, row, reason)
    return ready


def _prepare_one(house: House, rows: Peek, system: System, row: Handover, envelope: Envelope) -> Prepared:
    items = label(envelope.bundle, subject=row.subject_ref).items
    facts = gather_provisional(rows, at_gate_2(house, rows, row, envelope, items), house.packs).facts
    decision = decide(facts)
    prepared = Prepared(row, envelope, items, decision, facts.versions(), None)
    if not decision.permits:
        return prepared
    referral = rows.referrals.get(row.referral_no) if row.referral_no else None
    content = withhold(envelope.bundle, decision.withheld)
    if envelope.event in REPORTS:
        content = with_contact(content, facts, decision)
    places = places_of(rows.directory.all(), system, row.service)
    written = write_parcel(house, system, envelope, content, referral, places)
    parcel = written.parcel
    alone = envelope.event in OF_NO_REFERRAL
    if parcel is not None and alone:  # its own number: messages of one record have the same
        parcel = replace(parcel, referral_no=row.referral_no)
    return replace(prepared, parcel=parcel, losses=written.losses)


def _reachable(house: House, system: System, ready: list[Prepared]) -> list[Prepared]:
    """Connect before anything is released. What is refused needs no connection; the rest comes back after a backoff."""
    if all(each.parcel is None for each in ready):
        return ready
    try:
        house.connections.source(system).reach()
    except Unavailable as error:
        with house.store.unit(share=[locks.CONFIG]) as unit:
            now = unit.handovers.get([each.row.envelope_id for each in ready])
            for row in (
                each.row for each in ready if each.parcel is not None and now[each.row.envelope_id] == each.row
            ):
                again = after_failure(row.attempts + 1, unit.now, row.return_at, random=house.ids.fraction())
                at = again.at if isinstance(again, RetryAt) else row.return_at
                unit.handovers.postpone(row.envelope_id, at, str(error))
        return [each for each in ready if each.parcel is None]
    return ready


def _cannot(house: House, row: Handover, error: HubError) -> None:
    """What cannot be prepared: it cannot be opened any more (returned), or not be written out (held)."""
    with house.store.unit(share=[locks.CONFIG]) as unit:
        now = unit.handovers.get([row.envelope_id])[row.envelope_id]
        if now != row:
            return
        if isinstance(error, SealBroken):
            unit.audit.append(alarm(SEAL_BROKEN, unit.now, envelope_id=row.envelope_id))
            end_returned(house, unit, row, SEAL_BROKEN)
        elif isinstance(error, KeyGone):
            end_returned(house, unit, row, KEY_GONE)
        else:
            unit.handovers.held(row.envelope_id, str(error))


def open_now(house: House, system: System, row: Handover) -> Prepared | None:
    """Prepare and open one message for whoever fetches it; None: it may not go, or its facts changed."""
    with house.store.peek() as rows:
        ready = _prepare(house, rows, system, [row])
    return next(iter(_open_all(house, ready)), None)


def refuse_now(house: House, system: System, row: Handover) -> None:
    """End a message that may not go any more, though nobody has asked for it yet; one that may stays as it is."""
    with house.store.peek() as rows:
        ready = [each for each in _prepare(house, rows, system, [row]) if not each.decision.permits]
    _open_all(house, ready)


def _open_all(house: House, ready: Sequence[Prepared]) -> list[Prepared]:
    """One unit for a batch, or for each alone where one of them breaks it; that one is held.

    What one file holds may be more than a unit locks: it is opened in several, and the lease runs from the first.
    """
    if len(ready) > UNIT_MAX:
        parts = (ready[start : start + UNIT_MAX] for start in range(0, len(ready), UNIT_MAX))
        return [opened for part in parts for opened in _open_all(house, part)]
    try:
        return _open(house, ready)
    except (Unavailable, IntegrityBroken):
        raise
    except Exception as error:  # noqa: BLE001 - one message never stops its neighbours
        if len(ready) == 1:
            _cannot(house, ready[0].row, Unexpected.met(f"envelope {ready[0].row.envelope_id}", error))
            return []
    return [opened for each in ready for opened in _open_all(house, [each])]


def _open(house: House, ready: Sequence[Prepared]) -> list[Prepared]:
    """Gate 2. Returns what may be sent; what was refused has ended, what has changed is prepared again next time."""
    share = {locks.CONFIG} | {locks.subject(each.row.subject_ref) for each in ready if each.row.subject_ref}
    permitted: list[Prepared] = []
    with house.store.unit(share=share) as unit:
        now = unit.handovers.get([each.row.envelope_id for each in ready])
        relied = unit.handovers.basis(now)
        _read_ahead(unit, [each.row for each in ready])
        for each in ready:
            if now.get(each.row.envelope_id) != each.row:
                continue  # another worker was faster
            question = at_gate_2(house, unit, each.row, each.envelope, each.items)
            facts = gather(unit, question, house.packs)
            decision = decide(facts)
            gone = each.row.opened_at is not None and speaks_fhir(house, unit, each.row.system)
            if not decision.permits:
                _record(house, unit, each, facts, decision, None)
                if gone:
                    end_opened(house, unit, each.row)  # it has left, as far as anybody can know
                    continue
                end_refused(house, unit, each.row, decision.codes[0], facts)
            elif not grounds(relied.get(each.row.envelope_id, ())) <= grounds(decision.basis):
                if gone:
                    end_opened(house, unit, each.row)
                else:
                    end_returned(house, unit, each.row, BASIS_ENDED)
            elif _corrects(each.envelope) and not correcting.is_asked(unit, each.row):
                end_returned(house, unit, each.row, BASIS_ENDED, for_good=True)
            elif (decision, facts.versions()) != (each.decision, each.versions):
                continue  # prepared again next time
            elif use(house, unit, each.row, decision):
                body = each.parcel.body if each.parcel else b""
                digest = content_digest(bytes.fromhex(each.envelope.salt), body)
                _record(house, unit, each, facts, decision, digest)
                permitted.append(each)
        unit.handovers.rely(
            {each.row.envelope_id: {name.split("/")[0] for name in each.decision.basis} for each in permitted}
        )
        unit.handovers.opened([each.row.envelope_id for each in permitted], unit.now + house.limits.lease)
        return [replace(each, opened_at=unit.now) for each in permitted]


def _corrects(envelope: Envelope) -> bool:
    return envelope.event == CORRECT and any(resources(envelope.bundle, "ServiceRequest"))


def grounds(basis: Iterable[str]) -> set[str]:
    """The consents and agreements of a basis, without versions."""
    return {name.split("/")[0] for name in basis if name.startswith(("consent:", "agreement:"))}


def _record(house: House, unit: Unit, each: Prepared, facts: Facts, decision: Decision, digest: str | None) -> None:
    decision_id = house.ids.uuid()
    unit.decisions.put(decision_id, each.row.message_id, 2, facts, decision)
    lost = each.losses if digest else ()
    unit.audit.append(opened(facts, decision, decision_id, each.row, unit.now, digest, lost))


class _Lease:
    """What a source is handed to ask just before the irreversible step; it remembers whether it was passed."""

    def __init__(self, house: House, system: System, began_s: float) -> None:
        self._house, self._system = house, system
        self._ends_s = began_s + house.limits.lease.total_seconds()
        self.passed = False

    def __call__(self) -> None:
        if self._house.clock.monotonic_s() >= self._ends_s:
            raise LeaseOver(f"system {self._system.id}", next_step="the messages are opened again")
        self.passed = True


def _send(house: House, system: System, permitted: Sequence[Prepared], began_s: float) -> None:
    """Send inside the lease, then write down what became of each."""
    nothing = [Sent(each.row.envelope_id, SentState.ACKNOWLEDGED) for each in permitted if each.parcel is None]
    parcels = [each.parcel for each in permitted if each.parcel is not None]
    sent = _written(house, system, parcels, began_s) if parcels else []
    if len(parcels) > 1 and all(fate.state is SentState.FAILED for fate in sent):
        sent = _one_by_one(house, system, parcels, began_s)
    _acknowledge(house, {each.row.envelope_id: each for each in permitted}, [*sent, *nothing])
    if any(fate.state is SentState.ACKNOWLEDGED for fate in sent):
        _closed(house, system)


def _written(house: House, system: System, parcels: Sequence[Parcel], began_s: float) -> list[Sent]:
    lease = _Lease(house, system, began_s)
    try:
        return house.connections.source(system).send(parcels, lease)
    except LeaseOver:
        state, code = SentState.FAILED, "LEASE_OVER"
    except MessageRejected as error:  # it cannot be written after all; the others are tried alone
        state, code = SentState.FAILED, str(error)
    except Unavailable as error:
        state, code = (SentState.UNKNOWN if lease.passed else SentState.FAILED), str(error)
    return [Sent(parcel.envelope_id, state, code) for parcel in parcels]


def _one_by_one(house: House, system: System, parcels: Sequence[Parcel], began_s: float) -> list[Sent]:
    """A batch that failed as a whole: one message may be the cause. Two failures in a row are the system itself."""
    sent: list[Sent] = []
    for parcel in parcels:
        if [fate.state for fate in sent[-2:]] == [SentState.FAILED] * 2:
            sent.append(Sent(parcel.envelope_id, SentState.FAILED, sent[-1].code))
        else:
            sent += _written(house, system, [parcel], began_s)
    return sent


def _acknowledge(house: House, opened_now: dict[str, Prepared], fates: Sequence[Sent]) -> None:
    with house.store.unit(share=[locks.CONFIG]) as unit:
        standing = unit.handovers.get(opened_now)
        arrived: list[Handover] = []
        for fate in fates:
            row, ours = standing[fate.envelope_id], opened_now[fate.envelope_id]
            if row.state is not MessageState.OPENED:
                continue  # ended meanwhile by another worker, which found the lease over
            if fate.state is SentState.ACKNOWLEDGED:
                arrived.append(row)
            elif row.opened_at == ours.opened_at:  # else another worker has opened it anew, and is sending
                _try_again(house, unit, row, fate, ours.row.opened_at)
        unit.handovers.end([row.envelope_id for row in arrived], MessageState.DELIVERED)
        unit.inbox.move([row.message_id for row in arrived], MessageState.DELIVERED)
        unit.outbox.drop([row.envelope_id for row in arrived])
        for row in arrived:
            each = opened_now[row.envelope_id]
            unit.audit.append(acknowledged(row, unit.now, written=each.parcel is not None))
            if each.parcel is None:
                unit.handovers.accept(row.envelope_id)  # nothing lies there that could be taken back or rejected
            after_arrival(house, unit, row, each.envelope.event)
            correcting.came(unit, row, each.envelope.event)
            if cut := [f"{loss.place}: {loss.reason}" for loss in each.losses if loss.cut]:
                message = message_of(unit, row)
                tell(house, unit, message.system, message.record_key, "shortened", CUT, "; ".join(cut))


def _try_again(house: House, unit: Unit, row: Handover, fate: Sent, opened_before: datetime | None) -> None:
    """Certainly not sent: open again after a backoff. Unknown: only when the lease is over, or two would be sending.

    Args:
        opened_before: an earlier open of which nobody knows how it ended: this failure says nothing of that one.
    """
    if fate.for_good and opened_before is None:
        end_returned(house, unit, replace(row, opened_at=None), fate.code, for_good=True)  # it certainly did not leave
        return
    again = after_failure(row.attempts + 1, unit.now, row.return_at, random=house.ids.fraction())
    at = again.at if isinstance(again, RetryAt) else row.return_at
    if fate.state is SentState.FAILED:
        unit.handovers.failed(row.envelope_id, at, fate.code, opened_at=opened_before)
    else:
        unit.handovers.postpone(row.envelope_id, max(at, row.lease_until or at), fate.code)
