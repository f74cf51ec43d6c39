"""A request that was wrong goes once more, put right, to whoever holds it (settled S36).

An officer opens an incident about a delivery (``correction``). Once its record says something else at its source it
goes as a message of its own (``notify-update-service-request``), through both gates, with no category that was not
delivered before. Where a gate refuses it, where it is given back for good, or where the recipient's kind of system has
no place for it, the officer telephones. A change of a request without such an incident does not travel.
"""

from __future__ import annotations

from collections.abc import Sequence

from consent.incident import Recall
from consent.model import Item, Withheld
from consent.model.words import Code
from hub.exchange.entries import HUB
from hub.exchange.house import House
from hub.exchange.label import label
from hub.exchange.message import CORRECT, REQUESTS
from hub.exchange.records import BY_HAND, HANDED_IN
from hub.exchange.submission import Submission
from hub.exchange.withhold import withhold
from hub.model import locks
from hub.model.audit import AuditEvent, Entry
from hub.model.fhir import Resource
from hub.model.incidents import Holding
from hub.model.record import Loss
from hub.model.rows import Handover, Inbox
from hub.ports import Peek, Unit

GONE = "GONE"  # the record is no more at its source
CALLED_OFF = "CALLED_OFF"  # what was delivered is to be laid aside
_NOT_HELD = "of no category that was delivered before"


def can_be(house: House, rows: Peek, row: Handover, message: Inbox) -> bool:
    """Whether a delivery can be corrected by a message: a request, of a record that can be read again at its source,
    in a kind of system that has a place for it."""
    system = rows.directory.all().systems.get(row.system)
    read_again = not message.record_key.startswith((BY_HAND, HANDED_IN))
    card = house.adapters[system.kind] if system is not None else None
    takes = card is not None and (card.remote or bool(card.correction))
    return message.event in REQUESTS and read_again and takes


def asked_for(rows: Peek, referral_no: str) -> tuple[Holding, ...]:
    """The deliveries of a referral for whose correction a record is waited for, and none is on its way."""
    return tuple(each for each in rows.incidents.to_correct(referral_no) if each.notice_id is None)


def still_asked(unit: Unit, submission: Submission) -> bool:
    """Whether what a correction was made for is asked for still."""
    corrects, referral = submission.corrects, submission.referral
    return not corrects or (referral is not None and asked_for(unit, referral.number) == corrects)


def narrowed(
    bundle: Resource, items: tuple[Item, ...], holdings: Sequence[Holding], subject: str | None
) -> tuple[Resource, tuple[Item, ...], tuple[Loss, ...]]:
    """A message and its items without what is of no category that was delivered before; and what was left out so."""
    before = {word for each in holdings for word in each.categories}
    more = [Withheld(i.path, i.category, Code.RD_PURPOSE_MIN, marked=False) for i in items if i.category not in before]
    if not more:
        return bundle, items, ()
    lost = tuple([Loss(category, _NOT_HELD) for category in dict.fromkeys(each.category for each in more)])
    labelled = label(withhold(bundle, more), subject=subject)
    return labelled.bundle, labelled.items, lost


def sent(unit: Unit, referral_no: str, envelope_id: str) -> None:
    """The correction is on its way to whoever holds what was wrong."""
    unit.incidents.corrected_by(referral_no, envelope_id)


def again(unit: Unit, message: Inbox, referral_no: str | None) -> None:
    """A message was given back and is judged anew; a correction among them is asked for still."""
    if referral_no is not None and _corrects(unit, message, referral_no):
        unit.incidents.corrected_by(referral_no, None)


def is_asked(unit: Unit, row: Handover) -> bool:
    """Whether a correction that is on its way is wanted still; the officer may have called it off."""
    return any(each.notice_id == row.envelope_id for each in unit.incidents.to_correct(row.referral_no or ""))


def came(unit: Unit, row: Handover, event: str) -> None:
    """A message has arrived; of a correction its incident hears."""
    if event == CORRECT:
        unit.incidents.reached(row.envelope_id)


def gone(house: House, system: str, keys: Sequence[str]) -> None:
    """These records are gone at their source: nothing can be put right by them."""
    with house.store.peek() as rows:
        latest = rows.inbox.latest(system, keys) if keys else {}
        asked = [row for row in latest.values() if row.referral_no and rows.incidents.to_correct(row.referral_no)]
    if asked:
        with house.store.unit(share=[locks.CONFIG]) as unit:
            for row in asked:
                _telephone(unit, row.referral_no or "", GONE)


def called_off(unit: Unit, referral_nos: Sequence[str]) -> None:
    """What was delivered is to be laid aside: nothing of it is put right by a message any more."""
    for number in referral_nos:
        _telephone(unit, number, CALLED_OFF)


def failed(unit: Unit, message: Inbox, referral_no: str | None, code: str) -> None:
    """A message that was let go was refused, or given back for good; of a correction the officer telephones instead."""
    if referral_no is not None and _corrects(unit, message, referral_no):
        _telephone(unit, referral_no, code)


def refused(unit: Unit, submission: Submission, code: str) -> None:
    """Gate 1 has refused a message; likewise."""
    if submission.corrects and submission.referral is not None:
        _telephone(unit, submission.referral.number, code)


def _corrects(unit: Unit, message: Inbox, referral_no: str) -> bool:
    """Whether a message is the correction that somebody waits for."""
    asked = unit.incidents.to_correct(referral_no) if message.event == CORRECT else ()
    return any(each.notice_id is not None and each.notice_id == message.envelope_id for each in asked)


def _telephone(unit: Unit, referral_no: str, code: str) -> None:
    for each in unit.incidents.to_correct(referral_no):
        unit.incidents.append(each.incident_id, HUB.ref, "not-corrected", code)
        said = {"incident_id": each.incident_id, "action": "not-corrected", "reason_code": code}
        unit.audit.append(Entry(AuditEvent.INCIDENT_MOVED, unit.now, HUB, {**said, "envelope_id": each.envelope_id}))
    unit.incidents.recall_by(referral_no, Recall.TELEPHONE)
