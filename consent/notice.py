"""A report to a funder rests on a notice, not on a consent (C-11, C-12; settled S7). Pure.

The client was told that this is reported, to whom and what; that it was told stands in a record of basis NOTICE_ONLY.
It opens FUNDER_REPORT for the funder that it names, with the categories that it lists, and nothing else. An express
"no" for that funder and purpose closes it (I-17), until a newer express record that is in force opens it again; a newer
notice does not. A notice that has gone from its system, or cannot be read, is no "no": it opens nothing, that is all.
"""

from __future__ import annotations

from consent.authority import in_force
from consent.model import Consent, Facts
from consent.model.words import Basis, Code, ConsentState, Purpose
from consent.records import message_pair, misses, records
from consent.validity import PURPOSE_WORDS, RECIPIENT_WORDS

_NO = {ConsentState.WITHDRAWN: Code.DN_WITHDRAWN, ConsentState.SUSPENDED: Code.DN_SUSPENDED}


def rests_on_notice(facts: Facts) -> bool:
    """Whether a message may go on a notice, without a consent."""
    return facts.message.purpose is Purpose.FUNDER_REPORT


def closed_by(facts: Facts) -> Code | None:
    """The code of an express "no" that closes a report (I-17), or None."""
    about = [consent for consent in records(facts) if _is_about(consent, facts)]
    noes = [consent for consent in about if _is_no(consent)]
    if not noes:
        return None
    last = max(noes, key=lambda consent: consent.registry_seq)
    opened = any(
        consent.registry_seq > last.registry_seq
        and consent.basis is not Basis.NOTICE_ONLY
        and misses(consent, message_pair(facts), facts.message.purpose) is None
        and in_force(consent, facts)
        for consent in about
    )
    return None if opened else _NO[last.state]


def _is_no(consent: Consent) -> bool:
    """Whether a record says no: a withdrawal, or a yes that is suspended; a notice was never one."""
    told = consent.basis is Basis.NOTICE_ONLY
    return consent.state in _NO and not (told and consent.state is ConsentState.SUSPENDED)


def _is_about(consent: Consent, facts: Facts) -> bool:
    """Whether a record is about this funder and purpose; where it cannot be read, it is (a "no" is the wider one)."""
    if consent.discloser not in ("", facts.sender.agency):
        return False
    to_them = any(recipient.agency == facts.recipient.agency for recipient in consent.recipients)
    for_it = facts.message.purpose in consent.purposes
    return (to_them or not RECIPIENT_WORDS.isdisjoint(consent.unreadable)) and (
        for_it or not PURPOSE_WORDS.isdisjoint(consent.unreadable)
    )
