"""Where a record leads: recipient, service, person, referral step; and the Bundle that would be sent. No decision.

Read through a peek, so all of it is provisional: the gate compares what it finds under its locks with the fields of
:class:`Submission` and, where the world has moved, the record is addressed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hub.errors import MessageRejected
from hub.exchange import correcting, grants, reports
from hub.exchange.building import Event, build, placeholders, purpose_of, state_of, type_of
from hub.exchange.house import House
from hub.exchange.identify import identify_client, read_people
from hub.exchange.leading import asks_otherwise, lead, must_be_about, routed
from hub.exchange.match import Nobody, One
from hub.exchange.message import ADD, CORRECT
from hub.exchange.moving import CARRIED, standing_of
from hub.exchange.question import may_answer
from hub.exchange.records import ReferralRecord
from hub.exchange.submission import Led, Submission
from hub.exchange.waiting import RESULTS_ALONE
from hub.model.envelope import IN_VAIN
from hub.model.incidents import Holding
from hub.model.rows import Inbox, ReferralRow
from hub.ports import Peek
from hub.referral import TERMINAL, Forbidden, Moved, Said, Unchanged, move
from hub.referral.transitions import REVOKE


@dataclass(frozen=True, slots=True)
class NothingToSay:
    """The record says what the hub knows already; it makes no message."""


@dataclass(frozen=True, slots=True)
class NothingYet:
    """Something must come first. Results: one open referral of their client that this system has received.

    Args:
        why: for whoever looks.
        subject: of whom something must be known first; a change of that wakes the record.
        waits: for how long at most; None: as long as digests of people whom nobody knows are kept.
    """

    why: str = RESULTS_ALONE
    subject: str | None = None
    waits: timedelta | None = None


Addressed = Submission | NothingToSay | NothingYet


def address(house: House, rows: Peek, record: ReferralRecord, previous: Inbox | None) -> Addressed:
    """Find out where a record leads and build its message.

    Args:
        previous: the latest message of the same record.

    Raises:
        MessageRejected: an answer to a referral that this system has not received, or a message that is not ours.
    """
    if record.kind in ("report", "override"):
        return (_report if record.kind == "report" else _override)(house, rows, record, previous)
    record = routed(house, rows, record)
    referral = referral_of(rows, record)
    if record.kind == "shared" and referral is not None:
        return _beside(house, rows, record, referral, previous)
    if referral is None and record.alone:
        return NothingYet()
    in_vain = again(rows, record, referral)
    if record.kind == "referral" and record.said.state != "requested" and (referral is None or in_vain == ADD):
        return NothingToSay()  # what never arrived need not be taken back
    found = move(standing_of(referral) if referral else None, _in_order(record, referral))
    found = found if record.handed_in else _carried(found)
    said_again = in_vain if isinstance(found, Unchanged) and record.said.state and in_vain != CORRECT else None
    more = False
    stands = isinstance(found, Unchanged) and said_again is None
    if referral and record.kind == "referral" and record.said.state == "requested":
        stands = said_again is None  # a referral that is over has its request still
    if stands:
        more = record.kind == "referral-status" and record.said.has_output and not _said(record, previous)
        if not more:  # results that come after their state are a message of their own (shared model 7)
            return _said_before(house, rows, record, previous, referral, in_vain)
    led = lead(rows, record, referral, asked_again=said_again == ADD)
    _must_be_theirs(rows, record, led)
    if said_again == ADD and referral and led.subject and asks_otherwise(led, referral):
        found = Forbidden("it asks another agency, or about another client: enter a new referral")
    steps = found.steps if isinstance(found, Moved) else ()
    event = said_again or (steps[-1].event if steps else None) or _event_said(record)
    ids = placeholders(house.ids.uuid(), house.ids.uuid())
    bundle, items = build(house, rows, record, led, Event(event, state_of(event, referral)), ids)
    return Submission(
        record=record,
        event=event,
        purpose=purpose_of(house, event),
        type=type_of(house, event, bundle, record.wanted),
        led=led,
        referral=referral,
        steps=steps,
        allowed=not isinstance(found, Forbidden),
        why_not=found.reason if isinstance(found, Forbidden) else "",
        labelled=record.labelled,
        unchanged=more,
        in_vain=in_vain,
        ids=ids,
        bundle=bundle,
        items=items,
    )


def _in_order(record: ReferralRecord, referral: ReferralRow | None) -> Said:
    """What a record says; one that names the version that it follows is in order by that, whatever its clock."""
    last = standing_of(referral).last_modified.get(record.said.writer) if referral and record.version else None
    said_at = record.said.modified_at
    return replace(record.said, modified_at=max(last, said_at) if said_at else last) if last else record.said


def _carried(found: Moved | Forbidden | Unchanged) -> Moved | Forbidden | Unchanged:
    """The same; a step of which a record of a system makes no message is none that a system may say."""
    event = found.steps[-1].event if isinstance(found, Moved) else None
    if event is None or event in CARRIED:
        return found
    return Forbidden(f"a record of a system makes no message of event {event}: telephone")


def _said_before(
    house: House,
    rows: Peek,
    record: ReferralRecord,
    previous: Inbox | None,
    referral: ReferralRow | None,
    in_vain: str | None,
) -> Submission | NothingToSay:
    """What stands already. A request that says something else now goes where an officer has asked for it.

    For another client, or another agency, it is no correction of what they hold.
    """
    if referral is None or record.kind == "referral-status":
        return NothingToSay()
    asked = correcting.asked_for(rows, referral.number)
    says_more = _is_put_right(rows, record, asked) if asked else _asks_anew(rows, record, previous, referral)
    if not says_more:
        return NothingToSay()
    led = lead(rows, record, referral, asked_again=False)
    _must_be_theirs(rows, record, led)
    otherwise = asks_otherwise(lead(rows, record, referral, asked_again=True), referral)
    event = CORRECT if asked else ADD
    ids = placeholders(house.ids.uuid(), house.ids.uuid())
    bundle, items = build(house, rows, record, led, Event(event, state_of(event, referral)), ids)
    if asked:
        bundle, items, lost = correcting.narrowed(bundle, items, asked, led.subject)
        record = replace(record, losses=(*record.losses, *lost))
    return Submission(
        record=record,
        event=event,
        purpose=purpose_of(house, event),
        type=type_of(house, event, bundle, record.wanted),
        led=led,
        referral=referral,
        allowed=bool(asked) and not otherwise,
        labelled=record.labelled,
        corrects=asked,
        in_vain=in_vain,
        ids=ids,
        bundle=bundle,
        items=items,
    )


def _beside(
    house: House, rows: Peek, record: ReferralRecord, referral: ReferralRow, previous: Inbox | None
) -> Submission | NothingToSay:
    """A part of what is shared beside a referral: to its other end, whichever that is."""
    must_be_about(rows, record, referral)
    if _said(record, previous):
        return NothingToSay()
    ours = referral.sender == record.source.system.agency
    agency = referral.recipient if ours else referral.sender
    system = referral.recipient_system if ours else referral.sender_system
    led = Led(agency, system, None, True, "one", referral.subject_ref, looked_up=False)
    return _without_step(house, rows, record, led, referral)


def _report(
    house: House, rows: Peek, record: ReferralRecord, previous: Inbox | None
) -> Submission | NothingToSay | NothingYet:
    """What an agency tells its funder; it belongs to no referral."""
    told = reports.is_told(rows, record, previous, went=_went(previous))
    if told or not reports.sites(house, rows, record):
        return NothingToSay()
    led = reports.led(house, rows, record)
    if reports.must_wait(rows, record):
        return NothingYet(reports.NOT_BEFORE, led.subject, reports.WAITS)
    return _without_step(house, rows, record, led, None)


def _override(house: House, rows: Peek, record: ReferralRecord, previous: Inbox | None) -> Submission | NothingToSay:
    """A declared duty of care, to the agency that it names; it belongs to no referral.

    Said again with other words it is another message, on a declaration that opens one (OX_REUSED). How it ended, and
    whom its reporter reached, is no message.
    """
    declared = rows.overrides.of_record(record.source.system.id, record.source.key)
    assert declared is not None, "it was declared before it is judged"
    assert record.declared is not None, "it declares something"
    by_journal = previous is not None and declared.journaled and declared.used_by == previous.envelope_id
    went = by_journal or _went(previous)  # what may have arrived by the journal: its worker was told to telephone
    if previous is not None and went and declared.content == record.declared.content:
        before = rows.decisions.get(previous.decision_id)
        if before is not None and before[0].override is not None and before[0].override.version == declared.version:
            return NothingToSay()
    led = grants.led(house, rows, record, declared)
    return _without_step(house, rows, grants.told(rows, record), led, None, declared.override_id)


def _without_step(
    house: House,
    rows: Peek,
    record: ReferralRecord,
    led: Led,
    referral: ReferralRow | None,
    override: str = "",
) -> Submission:
    """A message that says nothing of how a referral stands, beside one or without one."""
    ids = placeholders(house.ids.uuid(), house.ids.uuid())
    event = Event(record.event, state_of(record.event, referral), override)
    bundle, items = build(house, rows, record, led, event, ids)
    return Submission(
        record=record,
        event=record.event,
        purpose=purpose_of(house, record.event),
        type=type_of(house, record.event, bundle, ""),
        led=led,
        referral=referral,
        ids=ids,
        bundle=bundle,
        items=items,
        labelled=record.labelled,
        override=override,
    )


def _must_be_theirs(rows: Peek, record: ReferralRecord, led: Led) -> None:
    """A consent that a worker names chooses nothing, but must be one of this client's (program systems 9.4)."""
    if record.consent is None or led.subject is None:
        return
    consent_id = rows.consents.by_number(record.source.system.agency, record.consent)
    consent = rows.consents.get(consent_id) if consent_id else None
    if consent is None or consent.subject_ref != led.subject:
        raise MessageRejected(
            record.where("consent"),
            got="a number of no consent of this client",
            expected="the number that `hub consent import` printed for this client, or nothing",
            next_step="correct it, or leave it out: the hub finds the consent by itself",
        )


def read_ahead(rows: Peek, records: Sequence[ReferralRecord]) -> None:
    """Ask at once for a batch what is asked again for each of its records: the peek or unit keeps the answers.

    Args:
        records: of one system.
    """
    system = records[0].source.system
    opened = rows.referrals.of_senders(system.id, [record.placer for record in records if record.placer])
    answered = rows.referrals.of_numbers([record.number for record in records if record.number])
    rows.inbox.last_released(system.id, [row.number for row in (*opened.values(), *answered.values())])
    read_people(rows, [record.person for record in records if record.person], system.agency)


def referral_of(rows: Peek, record: ReferralRecord) -> ReferralRow | None:
    """The referral of which a record speaks; None: it opens one, or brings results that belong to none yet.

    Raises:
        MessageRejected: an answer to a referral that this system has not received.
    """
    if record.kind in ("report", "override", "message"):
        return None
    if record.kind == "referral" and not record.number:
        return rows.referrals.of_sender(record.source.system.id, record.placer)
    if record.alone:
        return _only_open(rows, record)
    referral = rows.referrals.get(record.number) if record.number else None
    if record.kind == "shared" and referral is not None and not record.handed_in:
        return referral  # found by the hub itself (``parts.py``), at whichever end
    if referral is None or not _is_theirs(rows, record, referral):  # the same words for both (I-11)
        raise MessageRejected(
            record.where("hub_referral_no"),
            got="a number of no referral that came to this system",
            expected="the number that came with the referral",
            next_step="copy the number that came with the referral, and save or send the record again",
        )
    return referral


def _is_theirs(rows: Peek, record: ReferralRecord, referral: ReferralRow) -> bool:
    """Whether a referral is one of which this system may say such a thing."""
    system, agency = record.source.system.id, record.source.system.agency
    if record.kind == "referral":
        return referral.sender_system == system
    if record.kind == "shared":
        return agency in (referral.sender, referral.recipient)
    return may_answer(system, rows.directory.all(), referral)


def _only_open(rows: Peek, record: ReferralRecord) -> ReferralRow | None:
    """The one open referral of a record's client that its system received (shared model 7)."""
    system = record.source.system
    who = identify_client(rows, record.person, record.alias, system.agency) if record.person else Nobody()
    theirs = rows.referrals.of_subject(system.agency, who.subject_ref) if isinstance(who, One) else []
    still = [row for row in theirs if row.recipient_system == system.id and row.state not in TERMINAL]
    return still[0] if len(still) == 1 else None


def _said(record: ReferralRecord, previous: Inbox | None) -> bool:
    """Whether it has been said. Of what is shared a new revision says it anew; its client's own changes do not."""
    if previous is None or not _went(previous):
        return False
    return not record.shared or "" != record.source.revision == previous.revision


def _went(previous: Inbox | None) -> bool:
    """Whether what a record says has been on its way, or is: said once, it is not said again."""
    return previous is not None and previous.state not in IN_VAIN


def again(rows: Peek, record: ReferralRecord, referral: ReferralRow | None) -> str | None:
    """The event that this side has said last and that arrived nowhere, so that it may be said again (settled S44).

    Only the last message that was let go counts: what was said after it, and let go too, stands.
    """
    if referral is None or record.kind == "shared":
        return None
    last = rows.inbox.last_released(record.source.system.id, [referral.number]).get(referral.number)
    in_vain = last is not None and last.state in IN_VAIN
    return last.event if last is not None and in_vain else None


def _event_said(record: ReferralRecord) -> str:
    """The event of a word that no transition allows: what it would have been."""
    if record.kind == "referral":
        return ADD if record.said.state == "requested" else REVOKE
    return "notify-update-process-request"


def _is_put_right(rows: Peek, record: ReferralRecord, holdings: Sequence[Holding]) -> bool:
    """Whether a record says something else than what its recipient holds, in its own words or in what lies beneath."""
    held = [rows.inbox.get(each.message_id) for each in holdings]
    return any(each is None or each.digest != record.source.digest for each in held)


def _asks_anew(rows: Peek, record: ReferralRecord, previous: Inbox | None, referral: ReferralRow) -> bool:
    """Whether a request that was sent says something else now; else only what lies beneath it has changed.

    A row that is deleted and entered again may get its number and revision again, and a number may be used twice; then
    it is for somebody else.

    Args:
        previous: the latest message of the same record; None: another record says it again (a line of a later file).
    """
    said = previous if _went(previous) else None
    sent = rows.inbox.last_released(record.source.system.id, [referral.number]).get(referral.number)
    if record.source.digest in {row.digest for row in (said, sent) if row}:
        return False  # nothing changed, or it was changed back to what was sent
    last = said or sent
    if last and (last.revision != record.source.revision or record.source.revision == ""):
        return True
    return asks_otherwise(lead(rows, record, referral, asked_again=True), referral)
