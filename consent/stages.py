"""The stages P-6 to P-10 of consent rules 2.3: each asks one question of the facts and refuses, or leaves it to the
next. Pure.

``decide.py`` holds the order of all stages. A stage says nothing where it has nothing against the message;
``categories``, the last, is the only one of these that permits.
"""

from __future__ import annotations

from consent.authority import FOR_CHILDREN, in_force, is_child, is_substitute, nearest, why_not_entitled
from consent.bars import agreements
from consent.items import Lists, is_foreign, judge, lists_of, required, serves_client
from consent.model import Consent, Decision, Facts, Item, Withheld
from consent.model.words import Basis, Category, Code, Outcome, Purpose, SafetyFlag
from consent.notice import closed_by, rests_on_notice
from consent.records import (
    REQUESTS,
    STATUS,
    basis_pair,
    candidates,
    carries_status,
    covering,
    covering_own_way,
    is_own_copy,
    is_own_status,
    misses,
    reference,
    subject,
)
from consent.standing import said_by_client
from consent.validity import furthest, why_not
from hub.model.codes import rule_word

REQUEST_EVENT = "add-service-request"
ORIGIN = "MessageHeader.source"  # where a message says which agency sends it

_TYPES = {
    Purpose.REFERRAL: (*REQUESTS, STATUS),
    Purpose.ELIGIBILITY: ("EligibilityCheck", "BenefitOverlapCheck"),
    Purpose.COORDINATION: ("PlanShared", "CaseNoteShared"),
    Purpose.HEALTH_CARE: ("HealthSummary",),
    Purpose.FOLLOW_UP: ("FollowUp",),
    Purpose.FUNDER_REPORT: ("FunderReport",),
    Purpose.CLIENT_COPY: ("ClientCopy",),
    Purpose.SAFETY: ("OverrideDisclosure",),
}
_UNSAFE = {"MAIL": SafetyFlag.MAIL_UNSAFE, "PHONE": SafetyFlag.PHONE_UNSAFE}

_Judged = list[tuple[Item, Withheld | None]]


def directives(facts: Facts) -> Decision | None:
    """P-6. Has the client forbidden it as a whole? Would it come to whom, or by a way, that is a danger to the client?

    Single categories: P-10. What a child refuses and a parent allows is a matter of who decides (P-7, settled S25).
    """
    if _is_danger(facts):
        return Decision.deny("P-6", Code.DN_SAFETY_CONFLICT)
    whole = [] if is_own_copy(facts) else [no.name for no in said_by_client(facts) if no.is_whole]
    known, asked = subject(facts), candidates(facts)
    by_parents = bool(asked) and all(consent.given_by in FOR_CHILDREN for consent in asked)
    if not whole or (by_parents and known is not None and is_child(known, facts, facts.at)):
        return None
    return Decision.deny("P-6", Code.DN_DIRECTIVE, basis=tuple(whole))


def authority(facts: Facts) -> Decision | None:
    """P-7. May whoever said yes decide for this person? Of a notice and of the client's own copy nobody is asked."""
    known, asked = subject(facts), candidates(facts)
    refusals = [code for consent in asked if (code := why_not_entitled(consent, facts)) is not None]
    if known and known.deceased and len(refusals) == len(asked):
        return Decision.deny("P-7", nearest(refusals or [Code.DN_DECEASED]))
    asks = not rests_on_notice(facts) and not is_own_copy(facts)
    if asks and asked and len(refusals) == len(asked):
        return Decision.deny("P-7", nearest(refusals))
    return None


def state_and_time(facts: Facts) -> Decision | None:
    """P-8. Is there a consent, and is it in force at this instant? Is the case still open?

    A report by notice needs none, unless the client has said no (I-17); nor does the client's own copy.
    """
    known = subject(facts)
    code: Code | None
    if not facts.system.replicas_agree or (known is not None and known.corrupt):
        code = Code.DN_CONFLICT
    elif known is not None and known.unproven_no:
        code = Code.DN_SUSPENDED
    elif is_own_copy(facts):
        code = None
    else:
        code = closed_by(facts) if rests_on_notice(facts) else _not_in_force(facts)
    return Decision.deny("P-8", code) if code else None


def _not_in_force(facts: Facts) -> Code | None:
    """Why no consent of those that count is in force, or the case is over; None: one is."""
    asked = [consent for consent in candidates(facts) if why_not_entitled(consent, facts) is None]
    refusals = [code for consent in asked if (code := why_not(consent, facts)) is not None]
    if len(refusals) == len(asked):  # one in force is enough here (C-33, C-37); several narrow each other (C-106)
        return furthest(refusals) if refusals else Code.DN_NO_CONSENT
    express = any(consent.basis is not Basis.IMPLIED_HEALTH for consent in asked if in_force(consent, facts))
    if not express and (no := closed_by(facts)) is not None:
        return no
    closed = facts.message.case_closed and facts.message.event == REQUEST_EVENT  # S3: what was opened before goes on
    return _unpinned(asked, facts) or (Code.DN_CASE_CLOSED if closed else None)


def recipient_and_purpose(facts: Facts) -> Decision | None:
    """P-9. Does one in force reach this recipient, in this direction, for this purpose? Whose facts are they?"""
    message, to = facts.message, facts.recipient
    if is_own_copy(facts):
        return None if _purpose_holds(facts) else Decision.deny("P-9", Code.DN_PURPOSE)
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
    is_status, consents = carries_status(facts), covering(facts)
    own_way = covering_own_way(facts) if is_status else consents
    lists = lists_of(facts, agreements(facts), own_way)
    judged: _Judged = [(item, judge(item, lists, facts)) for item in facts.message.items]
    origin = _origin(facts, consents)
    withheld = (*[answer for _, answer in judged if answer is not None], *origin)
    why = dict.fromkeys([answer.code for answer in withheld])
    if _is_too_little(judged, facts):
        return Decision.deny("P-10", Code.DN_REQUIRED_BLOCKED, *why)
    kept = [item for item, answer in judged if answer is None]
    if _lacks_notice(kept, facts):
        return Decision.deny("P-9", Code.DN_NOTICE)
    status_only = is_status and all(is_own_status(item, facts) for item in kept)
    if status_only and facts.message.state_unchanged and all(item.essential for item in kept):
        # what it was sent for stays behind (C-72); how the service ended is itself the referral's status (C-71)
        return Decision.deny("P-10", Code.DN_DIRECTION, *why)
    relied_on = consents if status_only else consents + own_way
    others = _relied_for_others(kept, facts)
    outcome = Outcome.PERMIT_REDACTED if withheld else Outcome.PERMIT
    more = {Code.OK_SUBSTITUTE: None} if any(is_substitute(consent) for consent in others) else {}
    code = Code.OK_STATUS_ONLY if status_only else _authority(relied_on, facts)
    return Decision(
        outcome, "P-10", tuple({code: None, **more, **why}), _basis(relied_on + others, lists, facts), withheld
    )


def _authority(consents: list[Consent], facts: Facts) -> Code:
    """The OK_* code of what it rests on."""
    if is_own_copy(facts):
        return Code.OK_CLIENT_SELF
    if any(consent.basis is Basis.NOTICE_ONLY for consent in consents):
        return Code.OK_NOTICE_BASED
    if all(consent.basis is Basis.IMPLIED_HEALTH for consent in consents):
        return Code.OK_IMPLIED_HEALTH
    return Code.OK_SUBSTITUTE if all(is_substitute(consent) for consent in consents) else Code.OK_CONSENT


def _basis(consents: list[Consent], lists: Lists, facts: Facts) -> tuple[str, ...]:
    agreed = [] if is_own_copy(facts) else agreements(facts)
    return tuple(
        dict.fromkeys(
            [reference(consent) for consent in consents]
            + [f"agreement:{row.agreement_id}/{row.version}" for row in agreed]
            + [no.name for no in lists.noes]
        )
    )


def _relied_for_others(kept: list[Item], facts: Facts) -> list[Consent]:
    """The consents of those others whose own facts pass too (C-74)."""
    refs = dict.fromkeys(each.subject for each in kept if each.subject not in (None, facts.message.subject))
    return [consent for ref in refs for consent in covering(serves_client(facts, ref))]


def _origin(facts: Facts, consents: list[Consent]) -> list[Withheld]:
    """That a women's service sends it stays behind, unless the client ticked that it may be named (C-119)."""
    if facts.sender.lane != "womens" or (consents and all(consent.names_discloser for consent in consents)):
        return []
    return [Withheld(ORIGIN, Category.LOCATION, Code.RD_LOCATION, marked=False)]


def _is_danger(facts: Facts) -> bool:
    """Whether it would reach the alleged abuser, or somebody by a channel that is not safe (C-117, C-118)."""
    known = subject(facts)
    flags = known.flags if known else ()
    nobody_named = SafetyFlag.ALLEGED_ABUSER in flags and known is not None and not known.alleged_abusers
    return facts.recipient.knows_abuser or nobody_named or _UNSAFE.get(facts.message.channel) in flags


def _lacks_notice(kept: list[Item], facts: Facts) -> bool:
    """Whether something would go without the notice that forbids passing it on (42 CFR 2.32, C-122)."""
    asks = any(item.category in facts.pack.redisclosure for item in kept)
    return asks and not facts.message.redisclosure_notice


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
    """Whether type, purpose and the sender's own label agree (I-12)."""
    message = facts.message
    known = message.purpose is not None and message.type in _TYPES.get(message.purpose, ())
    of_profile = facts.profile is not None and facts.profile.purpose is message.purpose
    label = message.labelled_purpose
    return known and of_profile and (label is None or rule_word(label) == message.purpose)


def _is_too_little(judged: _Judged, facts: Facts) -> bool:
    """Whether something required is withheld, or nothing but a name would be left (I-16).

    What another person, or another agency, would have to allow is not required of this client, unless nothing of a
    required category is left without it (C-73, C-77, C-138).
    """
    is_request, by_notice = facts.message.type in REQUESTS, rests_on_notice(facts)
    kept = [item for item, answer in judged if answer is None]
    needed = required(facts)
    for item, answer in judged:
        if answer is None:
            continue
        if item.essential and (is_request or item.category is Category.SERVICE_STATUS):
            return True
        of_others = answer.code in (Code.RD_SUBJECT, Code.RD_THIRD_PARTY, Code.RD_LINEAGE)
        if item.category in needed and not (of_others and any(item.category is left.category for left in kept)):
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
