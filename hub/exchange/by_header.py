"""A message that was handed in, by its header: what the hub does not carry, what it does not look into (again), and
what is about nobody.

No referral shows the way of these; the header does. What is about nobody is read code by code (``anonymous.py``), and
an answer to an enquiry goes to whoever asked, once.
"""

from __future__ import annotations

from dataclasses import replace

from hub.errors import MessageRejected
from hub.exchange.anonymous import as_basic, odd_in_header, read_coded
from hub.exchange.building import Event, build, placeholders
from hub.exchange.house import House
from hub.exchange.label import label
from hub.exchange.posted import Posted
from hub.exchange.question import told_of
from hub.exchange.records import End, ReferralRecord, Source
from hub.exchange.submission import Led, Submission
from hub.model.envelope import ABOUT_NOBODY, ANSWER, ENQUIRY, IN_VAIN, MessageState
from hub.ports import Peek
from hub.referral import Said


def header_alone(house: House, rows: Peek, source: Source, posted: Posted) -> Submission:
    """A message by its header alone: what it holds is not looked at (again)."""
    return Submission(
        record=_record(source, posted),
        event=posted.event,
        purpose=house.packs.purpose_of(posted.event),
        type=house.packs.type_of(posted.event, "") or "",
        led=_led(house, rows, posted),
        ids=placeholders(house.ids.uuid(), house.ids.uuid()),
        bundle={},
        items=(),
        authenticated=posted.sender == source.system.agency,
    )


def about_nobody(house: House, rows: Peek, source: Source, posted: Posted) -> Submission:
    """A capacity enquiry, its answer or a risk filter, made anew of its codes; what of it is none is named instead.

    Raises:
        MessageRejected: an answer to what nobody has asked, or has been answered.
    """
    found = header_alone(house, rows, source, posted)
    if posted.event == ANSWER:
        must_have_been_asked(rows, found.record, posted)
    coded = read_coded(posted.event, posted.held, rows.now.date())
    odd = odd_in_header(posted.bundle["entry"][0]["resource"])
    if coded is None:  # about somebody, then
        return replace(found, items=label(posted.bundle, subject=None).items)
    if coded.strange or odd:
        return replace(found, anonymous=told_of(house, replace(coded, strange=(*odd, *coded.strange))))
    entries = ({"fullUrl": "urn:block:coded", "resource": as_basic(posted.event, coded)},)
    record, event = replace(found.record, entries=entries), Event(posted.event, "")
    bundle, _ = build(house, rows, record, found.led, event, found.ids)
    return replace(found, bundle=bundle, anonymous=told_of(house, coded))


def _record(source: Source, posted: Posted) -> ReferralRecord:
    return ReferralRecord(
        source=source,
        kind="message",
        entries=(),
        said=Said(writer="S", state=""),
        requester=End(agency=posted.sender),
        performer=End(agency=posted.recipient),
        wanted="",
        placer="",
        number=posted.number if posted.event == ANSWER else None,
        person=None,
        case_closed=False,
        deceased=False,
    )


def _led(house: House, rows: Peek, posted: Posted) -> Led:
    """Into the one system of the agency addressed that takes such messages; what is not carried needs none."""
    takes = [
        system.id
        for system in rows.directory.all().systems.values()
        if system.agency == posted.recipient and house.adapters[system.kind].takes(posted.event)
    ]
    routed = len(takes) == 1 or posted.event not in ABOUT_NOBODY
    return Led(posted.recipient, takes[0] if len(takes) == 1 else "", None, routed, "none", None)


def must_have_been_asked(rows: Peek, record: ReferralRecord, posted: Posted) -> None:
    """An answer goes to whoever asked, and to nobody else: it names their enquiry's number, and is the only one.

    Raises:
        MessageRejected: it is not.
    """
    asking = [each.id for each in rows.directory.all().systems.values() if each.agency == posted.recipient]
    asked = [rows.inbox.last_released(system, [posted.number]).get(posted.number) for system in asking]
    mine = record.source.system.agency
    arrived = [each for each in asked if each and each.event == ENQUIRY and each.state is MessageState.DELIVERED]
    if not any(each.recipient == mine for each in arrived):
        raise MessageRejected(
            "Bundle.entry[0].resource.extension(message-correlation-id)",
            got="a number of no enquiry of that agency to this one",
            expected="the number that came with the enquiry",
            next_step="copy the number that came with the enquiry, and hand the answer in again",
        )
    own = [each.id for each in rows.directory.all().systems.values() if each.agency == mine]
    said = [row for each in own if (row := rows.inbox.last_released(each, [posted.number]).get(posted.number))]
    if any(each.record_key != record.source.key and each.state not in IN_VAIN for each in said):
        raise MessageRejected(
            "Bundle.entry[0].resource.extension(message-correlation-id)",
            got="an enquiry that has been answered",
            expected="one answer to an enquiry",
            next_step="telephone, if the answer has changed",
        )
