"""Who gave a consent that somebody else than the person gave: a decider of the registry (settled S32). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from consent.authority import as_seen_by
from consent.model import Authority, Consent, SubjectFacts
from consent.model.words import CapacityBasis, ConsentState, GivenBy
from consent.validity import lacks

DECIDED = "DECIDER"  # why a draft is more than that now


def asks_who(consent: Consent) -> bool:
    """Whether it is a draft that somebody else gave: of others nothing need be known."""
    return consent.given_by not in (None, GivenBy.SELF) and consent.state is ConsentState.DRAFT


def with_decider(consent: Consent, known: SubjectFacts, at: datetime, named: str = "") -> Consent:
    """A consent that somebody else gave, with who that was, where the registry knows; it is no draft for that any more.

    Args:
        named: the decider's number, where its row says it; "": the only one of its role.
    """
    if not asks_who(consent):
        return consent
    known = as_seen_by(consent.discloser, known)
    now = [each for each in known.deciders if each.ends_at is None or at < each.ends_at]
    of_role = [each for each in now if each.role is consent.given_by]
    mine = [each for each in of_role if not named or each.ref == named]
    if len(mine) != 1:
        return consent
    found = replace(consent, given_by_ref=mine[0].ref, authority=Authority(DECIDED, expires_at=mine[0].ends_at))
    return found if _waits_for_finding(found, known) or lacks(found) else replace(found, state=_opened(found))


def _waits_for_finding(consent: Consent, known: SubjectFacts) -> bool:
    """Whether it says that a grown person cannot decide, and nothing on file says so."""
    said_on, grown_on = consent.captured_at, known.turns_16_on
    of_a_child = said_on is not None and grown_on is not None and said_on.date() < grown_on
    return consent.capacity_basis is CapacityBasis.ASSESSED_INCAPABLE and not known.findings and not of_a_child


def _opened(consent: Consent) -> ConsentState:
    return ConsentState.VERBAL_PENDING if consent.verbal_note is not None else ConsentState.ACTIVE
