"""The stages of consent rules 2.3: each asks one question of the facts and refuses, or leaves it to the next. Pure.

``decide.py`` holds their order. A stage says nothing where it has nothing against the message; ``categories``, the
last, is the only one that permits.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from consent.items import is_foreign, judge, lists_of
from consent.model import Agreement, Consent, Decision, Facts, Item, Party, Withheld
from consent.model.words import OFF_BUS_EVENTS, Basis, Category, Code, GivenBy, Outcome, Purpose
from consent.notice import closed_by, rests_on_notice
from consent.override import is_mandatory, spares_outages
from consent.records import (
    REQUESTS,
    STATUS,
    basis_pair,
    candidates,
    carries_status,
    covering,
    covering_own_way,
    is_own_status,
    misses,
    reference,
    subject,
)
from consent.standing import said_by_client, standing
from consent.validity import furthest, in_force, why_not, why_not_entitled
from hub.model.codes import rule_word

REQUEST_EVENT = "add-service-request"

_OFF_BUS_PURPOSES = (Purpose.RESEARCH, Purpose.FUNDRAISING)

_BUILT = {
    Purpose.REFERRAL: (*REQUESTS, STATUS),
    Purpose.COORDINATION: ("PlanShared", "CaseNoteShared"),
    Purpose.FOLLOW_UP: ("FollowUp",),
    Purpose.FUNDER_REPORT: ("FunderReport",),
    Purpose.SAFETY: ("OverrideDisclosure",),
}

_Judged = list[tuple[Item, Withheld | None]]


def hub_and_message(facts: Facts) -> Decision | None:
    """P-0. Is the sender who it says, the message well formed, and everything there that a decision needs?"""
    system, sender, recipient = facts.system, facts.sender, facts.recipient
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
    """P-1. That a women's service has a client at all; a young person's record of justice where it is required.

    Of a mandatory report what is barred is taken out, and the rest goes (settled S27).
    """
    if is_mandatory(facts):
        return None
    if facts.sender.lane == "womens":
        return Decision.deny("P-1", Code.DN_EXISTENCE)
    required = _required(facts)
    barred = (item for item in facts.message.items if item.category is Category.JUSTICE_YOUTH)
    if any(item.essential or item.category in required for item in barred):
        return Decision.deny("P-1", Code.DN_ABSOLUTE)
    return None


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
    return None if _agreements(facts) else Decision.deny("P-5", Code.DN_NO_AGREEMENT)


def directives(facts: Facts) -> Decision | None:
    """P-6. Has the client forbidden it as a whole? Would it touch a safety flag? Single categories: P-10."""
    whole = [no.name for no in said_by_client(facts) if no.is_whole]
    if whole:
        return Decision.deny("P-6", Code.DN_DIRECTIVE, basis=tuple(whole))
    known = subject(facts)
    return Decision.deny("P-6", Code.DN_SAFETY_CONFLICT) if known and known.flags else None


def authority(facts: Facts) -> Decision | None:
    """P-7. May whoever said yes, or no, decide for this person? Built now: the person alone, alive (settled S25)."""
    known = subject(facts)
    if known and known.deceased:
        return Decision.deny("P-7", Code.DN_DECEASED)
    asked = candidates(facts)
    asks = not rests_on_notice(facts)  # of a notice nobody is asked
    nobody = asks and bool(asked) and all(why_not_entitled(consent) for consent in asked)
    others_refuse = any(no.said_by is not GivenBy.SELF for no in standing(facts))
    return Decision.deny("P-7", Code.DN_AUTHORITY) if nobody or others_refuse else None


def state_and_time(facts: Facts) -> Decision | None:
    """P-8. Is there a consent, and is it in force at this instant? Is the case still open?

    A report by notice needs none, unless the client has said no (I-17).
    """
    if rests_on_notice(facts):
        no = closed_by(facts)
        return Decision.deny("P-8", no) if no else None
    asked = [consent for consent in candidates(facts) if why_not_entitled(consent) is None]
    if not asked:
        return Decision.deny("P-8", Code.DN_NO_CONSENT)
    refusals = [code for consent in asked if (code := why_not(consent, facts)) is not None]
    if len(refusals) == len(asked):  # one in force is enough here (C-33, C-37); several narrow each other (C-106)
        return Decision.deny("P-8", furthest(refusals))
    if (code := _unpinned(asked, facts)) is not None:
        return Decision.deny("P-8", code)
    closed = facts.message.case_closed and facts.message.event == REQUEST_EVENT  # S3: what was opened before goes on
    return Decision.deny("P-8", Code.DN_CASE_CLOSED) if closed else None


def recipient_and_purpose(facts: Facts) -> Decision | None:
    """P-9. Does one in force reach this recipient, in this direction, for this purpose? Whose facts are they?"""
    message, to = facts.message, facts.recipient
    if to.kind != "agency" or to.program is not None or to.person is not None:
        return Decision.deny("P-9", Code.DN_RECIPIENT)
    if not covering(facts):
        return Decision.deny("P-9", Code.DN_NOTICE if rests_on_notice(facts) else furthest(_missed(facts)))
    if not _purpose_holds(facts):
        return Decision.deny("P-9", Code.DN_PURPOSE)
    passed_on = bool(message.items) and all(is_foreign(item, facts) for item in message.items)
    return Decision.deny("P-9", Code.DN_ONWARD) if passed_on else None  # mixed with the sender's own: RD_LINEAGE


def categories(facts: Facts) -> Decision:
    """P-10. What of it may pass; and if that is too little to act on, nothing."""
    agreements, consents, is_status = _agreements(facts), covering(facts), carries_status(facts)
    own_way = covering_own_way(facts) if is_status else consents
    lists = lists_of(facts, agreements, own_way)
    judged: _Judged = [(item, judge(item, lists, facts)) for item in facts.message.items]
    withheld = tuple([answer for _, answer in judged if answer is not None])
    why = dict.fromkeys([answer.code for answer in withheld])
    if _is_too_little(judged, facts):
        return Decision.deny("P-10", Code.DN_REQUIRED_BLOCKED, *why)
    kept = [item for item, answer in judged if answer is None]
    status_only = is_status and all(is_own_status(item, facts) for item in kept)
    if status_only and facts.message.state_unchanged and all(item.essential for item in kept):
        # what it was sent for stays behind (C-72); how the service ended is itself the referral's status (C-71)
        return Decision.deny("P-10", Code.DN_DIRECTION, *why)
    relied_on = consents if status_only else consents + own_way
    basis = dict.fromkeys(
        [reference(consent) for consent in relied_on]
        + [f"agreement:{row.agreement_id}/{row.version}" for row in agreements]
        + [no.name for no in lists.noes]
    )
    outcome = Outcome.PERMIT_REDACTED if withheld else Outcome.PERMIT
    code = Code.OK_STATUS_ONLY if status_only else Code.OK_CONSENT
    if any(consent.basis is Basis.NOTICE_ONLY for consent in relied_on):
        code = Code.OK_NOTICE_BASED
    return Decision(outcome, "P-10", (code, *why), tuple(basis), withheld)


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
    """Whether one known pack governs. Of two the stricter answer would win: that is not decided here, so refused."""
    if not facts.pack.known or facts.sender.pack != facts.recipient.pack:
        return False
    try:
        ZoneInfo(facts.pack.zone)
    except (KeyError, ValueError, OSError):  # no such zone, no name of one, no file of one
        return False
    return True


def _agreements(facts: Facts) -> list[Agreement]:
    """Those in force between both for this purpose and event. An empty list covers nothing (I-18)."""
    ends = {facts.sender.agency, facts.recipient.agency}
    return [
        row
        for row in facts.agreements
        if row.status == "active"
        and set(row.parties) == ends
        and row.discloser in (None, facts.sender.agency)
        and row.valid_from <= facts.at
        and (row.expires_at is None or facts.at < row.expires_at)
        and facts.message.purpose in row.purposes
        and facts.message.event in row.events
    ]


def _unpinned(asked: list[Consent], facts: Facts) -> Code | None:
    """Why the version to which the sender pins the decision does not govern (C-38); None: it does, or none is named."""
    pinned = facts.message.pinned
    if pinned is None:
        return None
    for consent in asked:
        if (consent.consent_id, consent.version) == pinned:
            return why_not(consent, facts)
    known = any(consent.consent_id == pinned[0] for consent in asked)
    return Code.DN_SUPERSEDED if known else Code.DN_NO_CONSENT


def _missed(facts: Facts) -> list[Code]:
    """Why each record in force is about something else. P-8 has seen to it that there is one."""
    pair = basis_pair(facts)
    live = [consent for consent in candidates(facts) if in_force(consent, facts)]
    return [code for consent in live if (code := misses(consent, pair, facts.message.purpose)) is not None]


def _purpose_holds(facts: Facts) -> bool:
    """Whether type, purpose and the sender's own label agree (I-12). Built now: the referral, its status, what is
    shared for the coordination of services, the follow-up, and a report to a funder.
    """
    message = facts.message
    built = message.purpose is not None and message.type in _BUILT.get(message.purpose, ())
    of_profile = facts.profile is not None and facts.profile.purpose is message.purpose
    label = message.labelled_purpose
    return built and of_profile and (label is None or rule_word(label) == message.purpose)


def _required(facts: Facts) -> tuple[Category, ...]:
    """The categories without which a request is no use: the addressed service's own list, else the profile's (2.6)."""
    if facts.message.type == STATUS or facts.profile is None:  # of a status the Task alone is essential
        return ()
    if facts.message.required is None:
        return facts.profile.required
    return (Category.IDENT, *facts.message.required)


def _is_too_little(judged: _Judged, facts: Facts) -> bool:
    """Whether something required is withheld, or nothing but a name would be left (I-16).

    What another person, or another agency, would have to allow is not required of this client, unless nothing of a
    required category is left without it (C-73, C-77, C-138).
    """
    is_request, by_notice = facts.message.type in REQUESTS, rests_on_notice(facts)
    kept = [item for item, answer in judged if answer is None]
    required = _required(facts)
    for item, answer in judged:
        if answer is None:
            continue
        if item.essential and (is_request or item.category is Category.SERVICE_STATUS):
            return True
        of_others = answer.code in (Code.RD_SUBJECT, Code.RD_LINEAGE)
        if item.category in required and not (of_others and any(item.category is left.category for left in kept)):
            return True
    # a request to a named program says nothing by itself: what it asks for is what counts
    says = [
        (item, answer)
        for item, answer in judged
        if item.category is not Category.IDENT
        and not (is_request and is_own_status(item, facts))
        and not (
            by_notice and answer is not None and answer.code is Code.RD_PURPOSE_MIN
        )  # no report is for that (C-11)
    ]
    return not kept or (bool(says) and all(answer for _, answer in says))
