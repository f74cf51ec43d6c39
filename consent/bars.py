"""The stages P-0 to P-5 of consent rules 2.3: what is asked before the client is. Pure.

``decide.py`` holds the order of all stages. A stage says nothing where it has nothing against the message.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from consent.items import is_place, required
from consent.model import Agreement, Decision, Facts, Party
from consent.model.words import OFF_BUS_EVENTS, Category, Code, Outcome, Purpose, SafetyFlag
from consent.override import is_mandatory, spares_outages
from consent.records import covering, is_own_copy, subject

_OFF_BUS_PURPOSES = (Purpose.RESEARCH, Purpose.FUNDRAISING)


def hub_and_message(facts: Facts) -> Decision | None:
    """P-0. Is the sender who it says, the message well formed, and everything there that a decision needs?"""
    system, sender, recipient = facts.system, facts.sender, facts.recipient
    if facts.message.token is not None:  # a token is no decision, whatever it is for (C-35)
        return Decision.deny("P-12", Code.DN_STALE)
    refusals = (
        (not system.authenticated or not _takes_part(sender), Code.DN_SENDER),
        (not _takes_part(recipient) or recipient.agency == sender.agency, Code.DN_RECIPIENT),  # to oneself: S1
        (not system.schema or not system.labelled or not _has_profile(facts), Code.DN_SCHEMA),
        (not _pack_governs(facts), Code.DN_PACK),
        (
            system.registry != "up" and not spares_outages(facts),
            Code.DN_STALE if _is_stale(facts) else Code.DN_REGISTRY_DOWN,
        ),
        (system.audit != "up" and not spares_outages(facts), Code.DN_AUDIT_DOWN),
        (system.identity == "ambiguous" and not is_mandatory(facts), Code.DN_IDENTITY),
        (not facts.message.transition_allowed, Code.DN_TRANSITION),  # settled S47
    )
    code = next((code for bites, code in refusals if bites), None)
    if code is None:
        return None
    return Decision.deny("P-12" if code is Code.DN_STALE else "P-0", code)


def absolute_bars(facts: Facts) -> Decision | None:
    """P-1. That a women's service has a client, or where; a young person's record of justice; a lawyer's paper.

    Of a mandatory report what is barred is taken out, and the rest goes (settled S27).
    """
    if is_mandatory(facts):
        return None
    needed, items = required(facts), facts.message.items
    essential = {item.category for item in items if item.essential or item.category in needed}
    known = subject(facts)
    protected = known is not None and SafetyFlag.PROTECTED_LOCATION in known.flags
    hidden = any(is_place(item) and item.category in needed for item in items)
    bars = (
        (_tells_of_a_shelters_client(facts), Code.DN_EXISTENCE),
        (Category.JUSTICE_YOUTH in essential, Code.DN_ABSOLUTE),
        (any(item.privileged for item in items), Code.DN_ABSOLUTE),
        (protected and hidden, Code.DN_PROTECTED_LOCATION),
    )
    code = next((code for bites, code in bars if bites), None)
    return Decision.deny("P-1", code) if code else None


def _tells_of_a_shelters_client(facts: Facts) -> bool:
    """Whether it would tell that somebody is a women's service's client: what it sends itself where the hub cannot keep
    back that it does, its clients' rows for a funder (C-13), an answer to whoever asks for somebody (C-116).
    """
    purpose = facts.message.purpose
    if facts.sender.lane == "womens":
        return not facts.sender.relayed or purpose is Purpose.FUNDER_REPORT
    return facts.recipient.lane == "womens" and purpose is Purpose.ELIGIBILITY and not covering(facts)


def about_nobody(facts: Facts) -> Decision | None:
    """P-2. Is it about nobody? Then it passes if nobody can be known again by it; no agreement is asked for.

    What names somebody after all is an ordinary message: its sender used the wrong one (C-04).
    """
    message = facts.message
    if message.anonymous is None or message.items or message.subject is not None:
        return None
    people = message.anonymous.people
    if message.anonymous.strange or (people is not None and people < facts.pack.group_min):
        return Decision.deny("P-2", Code.DN_REIDENTIFY)
    return Decision(Outcome.PERMIT, "P-2", (Code.OK_ANON_ENQUIRY,))


def off_bus(facts: Facts) -> Decision | None:
    """P-4. Is this a matter that the hub does not carry?"""
    return Decision.deny("P-4", Code.DN_OFF_BUS) if _is_off_bus(facts) else None


def agreement(facts: Facts) -> Decision | None:
    """P-5. Have the two agencies signed for this purpose and this event? Which categories: P-10."""
    return None if is_own_copy(facts) or agreements(facts) else Decision.deny("P-5", Code.DN_NO_AGREEMENT)


def _takes_part(party: Party) -> bool:
    return party.known and party.status == "active"


def _is_stale(facts: Facts) -> bool:
    """Whether an earlier decision is too old to say that nothing has changed since (C-184)."""
    age_s = facts.system.decision_age_s
    return age_s is not None and age_s > facts.pack.staleness_s


def _has_profile(facts: Facts) -> bool:
    """Whether the type has a profile of its own; what the hub does not carry needs none (consent rules 2.6)."""
    return _is_off_bus(facts) or (facts.profile is not None and facts.profile.type == facts.message.type)


def _is_off_bus(facts: Facts) -> bool:
    return facts.message.purpose in _OFF_BUS_PURPOSES or facts.message.event in OFF_BUS_EVENTS


def _pack_governs(facts: Facts) -> bool:
    """Whether the pack is that of both ends: where they have two, the stricter of each on every axis."""
    governed = {facts.sender.pack} | ({facts.recipient.pack} if facts.recipient.kind != "client" else set())
    if not facts.pack.known or set(facts.pack.pack.split("+")) != governed:
        return False
    try:
        ZoneInfo(facts.pack.zone)
    except (KeyError, ValueError, OSError):  # no such zone, no name of one, no file of one
        return False
    return True


def agreements(facts: Facts) -> list[Agreement]:
    """Those in force between both for this purpose and event. An empty list covers nothing (I-18)."""
    return [
        row
        for row in agreed_between(facts.agreements, facts.sender.agency, facts.recipient.agency, facts.at)
        if facts.message.purpose in row.purposes and facts.message.event in row.events
    ]


def agreed_between(rows: Iterable[Agreement], sender: str, recipient: str, at: datetime) -> list[Agreement]:
    """The agreements in force by which one agency may share with another, whatever they cover."""
    return [
        row
        for row in rows
        if row.status == "active"
        and set(row.parties) == {sender, recipient}
        and row.discloser in (None, sender)
        and row.valid_from <= at
        and (row.expires_at is None or at < row.expires_at)
    ]
