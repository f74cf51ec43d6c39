"""To whom a record leads, and about whom it is: by the directory and the index, or by an open referral. No decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from consent.files import others
from hub.directory import NoRoute, route
from hub.errors import MessageRejected
from hub.exchange.house import House
from hub.exchange.identify import identify_client
from hub.exchange.match import Ambiguous, Nobody, One
from hub.exchange.records import End, ReferralRecord
from hub.exchange.submission import Led
from hub.model import codes
from hub.model.directory import Site
from hub.model.fhir import coding
from hub.model.rows import ReferralRow
from hub.ports import Peek


def routed(house: House, rows: Peek, record: ReferralRecord) -> ReferralRecord:
    """A referral that names no recipient, with the service to which its agency's own table leads (settled S9)."""
    if record.kind != "referral" or not record.route[1] or record.performer != End():
        return record
    named = house.routes.service(record.source.system.agency, record.source.system.kind, record.route)
    service = next((each for each in rows.directory.all().services if each.id == named), None)
    if service is None:
        return record
    asked = {"coding": [coding(codes.SERVICE_WANTED, service.wanted)]}
    entries = tuple(
        {**entry, "resource": {**entry["resource"], "code": asked}}
        if entry["resource"]["resourceType"] == "ServiceRequest"
        else entry
        for entry in record.entries
    )
    return replace(
        record, performer=End(agency=service.agency), wanted=service.wanted, entries=entries, service=service.id
    )


def lead(rows: Peek, record: ReferralRecord, referral: ReferralRow | None, *, asked_again: bool) -> Led:
    """To whom, and about whom. A referral that arrived has settled both; a request asks the directory and the index.

    Args:
        asked_again: the request arrived nowhere and is built anew from its record, which may say something else now.
    """
    if referral is not None and not asked_again:
        back = record.kind == "referral-status"
        if back:
            must_be_about(rows, record, referral)
        agency = referral.sender if back else referral.recipient
        system = referral.sender_system if back else referral.recipient_system
        own = _speaks_for_itself(rows, record)
        return Led(agency, system, None, True, "one", referral.subject_ref, looked_up=False, own=own)
    directory, kind = rows.directory.all(), record.source.system.kind
    agency = record.performer.agency or _agency_of(directory.sites, kind, record.performer.site)
    offered = [each for each in directory.services if record.service in ("", each.id)]
    led = route(agency, record.wanted, offered, site=record.performer.site)
    service = None if isinstance(led, NoRoute) else led
    sender = record.source.system.agency
    own = _speaks_for_itself(rows, record)
    who = identify_client(rows, record.person, record.alias, sender) if record.person else Nobody()
    return Led(
        agency=agency,
        system=service.system if service else "",
        service=service,
        routed=service is not None,
        identity="one" if isinstance(who, One) else "ambiguous" if isinstance(who, Ambiguous) else "none",
        subject=who.subject_ref if isinstance(who, One) else None,
        candidates=who.subject_refs if isinstance(who, Ambiguous) else (),
        own=own,
    )


def asks_otherwise(led: Led, referral: ReferralRow) -> bool:
    """Whether a request is no longer the one that its referral was opened for."""
    return (led.agency, led.subject) != (referral.recipient, referral.subject_ref)


def must_be_about(rows: Peek, record: ReferralRecord, referral: ReferralRow) -> None:
    """An answer that names a client is about the referral's own; else one client's results would go as another's."""
    if record.person is None:
        if record.alias and not _is_named(rows, record, referral):
            raise _not_the_client(record)
        return
    who = identify_client(rows, record.person, record.alias, record.source.system.agency)
    theirs = isinstance(who, One) and who.subject_ref == referral.subject_ref
    if not theirs and not (isinstance(who, Nobody) and not record.said.has_output):
        raise _not_the_client(record)


def _is_named(rows: Peek, record: ReferralRecord, referral: ReferralRow) -> bool:
    """Whether an alias, which is all that a record says of its client, is the referral's client's."""
    named = rows.subjects.by_alias(record.source.system.agency, record.alias or "")
    theirs = referral.subject_ref
    return named == theirs or named in others(theirs, rows.links.of([theirs])).confirmed


def _not_the_client(record: ReferralRecord) -> MessageRejected:
    return MessageRejected(
        record.where("client"),
        got="another client than the referral's, or nobody who is known",
        expected="the client as the referral named it",
        next_step="put the answer below its own client, with the key that came with the referral",
    )


def _speaks_for_itself(rows: Peek, record: ReferralRecord) -> bool:
    """Whether the place that speaks, where the record names it, is one of its agency's own."""
    speaks, system = record.requester if record.kind == "referral" else record.performer, record.source.system
    return not speaks.site or _agency_of(rows.directory.all().sites, system.kind, speaks.site) == system.agency


def _agency_of(sites: Sequence[Site], kind: str, code: str) -> str:
    """The one agency that a place code belongs to; "" where it is nobody's."""
    return next((site.agency for site in sites if (site.kind, site.code) == (kind, code)), "")
