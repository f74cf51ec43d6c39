"""V-01 and V-02 of consent rules 1.3: may whoever decided, decide for this person, now? Pure.

- Who is alive and was never found incapable decides alone, at any age (PHIPA s.21: no age gives or takes capacity).
- For a child under 16 a parent may too, both where they decide jointly; a society where the child is in its care. What
  the child decides prevails, and of counselling that a child sought alone nobody else decides (PHIPA s.23).
- For whoever was found incapable the first in rank decides who is there, willing and not barred; equals must agree.
- For the dead the trustees of the estate decide, all who must act together.
- Whom a capable person has authorised in writing decides like the person.

It holds at the decision: on the 16th birthday a parent's consent is over (C-89), and when a finding is lifted a
substitute's is (C-98). Capacity is asked at capture too (1.3). What has not been seen is not so, and counts for the
agency that has seen it: a decider whom it does not know has no say in what it shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from consent.model import Consent, Decider, Directive, Facts, SubjectFacts
from consent.model.words import SUBSTITUTES, CapacityBasis, Code, ConsentState, GivenBy
from consent.validity import why_not

FOR_CHILDREN = (GivenBy.PARENT, GivenBy.SOCIETY, GivenBy.GUARDIAN)
_FROM_LEAST = (  # of several who may not, the code of the one who came nearest
    Code.DN_AUTHORITY,
    Code.DN_DECEASED,
    Code.DN_AUTHORITY_LAPSED,
    Code.DN_RECONFIRM,
    Code.DN_SDM_BARRED,
    Code.DN_SDM_RANK,
    Code.DN_SDM_CONFLICT,
    Code.DN_MINOR_PREVAILS,
)


def why_not_entitled(consent: Consent, facts: Facts) -> Code | None:
    """Why whoever gave a consent may not decide now; None: may, or the record does not say who (P-8)."""
    person = facts.subjects.get(consent.subject_ref) or SubjectFacts(consent.subject_ref, 0)
    person = as_seen_by(consent.discloser, person)
    if person.deceased:
        return _of_the_dead(consent, person, facts)
    if _by_self(consent):
        times = (facts.at, consent.captured_at or facts.at)  # capacity is asked at both (1.3)
        incapable = any(is_incapable(person, at) for at in times)
        return Code.DN_AUTHORITY if incapable or consent.capacity_basis is CapacityBasis.ASSESSED_INCAPABLE else None
    if consent.given_by is GivenBy.AUTHORISED_AGENT:
        return _of_an_agent(consent, person, facts)
    if is_child(person, facts, consent.captured_at) and consent.given_by in FOR_CHILDREN:
        return _of_a_child(consent, person, facts)
    return _of_the_incapable(consent, person, facts)


def in_force(consent: Consent, facts: Facts) -> bool:
    """Whether a record passes every validity test."""
    return why_not_entitled(consent, facts) is None and why_not(consent, facts) is None


def as_seen_by(agency: str | None, person: SubjectFacts) -> SubjectFacts:
    """With the deciders and findings of whose evidence that agency has seen: nobody opens another's gate (S32)."""
    if not person.deciders and not person.findings:
        return person
    return replace(
        person,
        deciders=tuple(each for each in person.deciders if each.taken_by in ("", agency)),
        findings=tuple(each for each in person.findings if each.taken_by in ("", agency)),
    )


def nearest(refusals: Sequence[Code]) -> Code:
    """Of the codes of several who may not decide, that of the one who came nearest."""
    return max(refusals, key=_FROM_LEAST.index)


def is_substitute(consent: Consent) -> bool:
    """Whether somebody else than the person decided."""
    return not _by_self(consent)


def is_incapable(person: SubjectFacts, at: datetime) -> bool:
    """Whether a finding of incapacity holds at an instant."""
    return any(each.found_at <= at and (each.lifted_at is None or at < each.lifted_at) for each in person.findings)


def is_child(person: SubjectFacts, facts: Facts, at: datetime | None) -> bool:
    """Whether a person was under 16 at an instant; of whom nobody knows when that ends is not known to be."""
    turns = person.turns_16_on
    if turns is None or at is None:
        return False
    return at < datetime.combine(turns, time(), ZoneInfo(facts.pack.zone))


def _by_self(consent: Consent) -> bool:
    return consent.given_by in (None, GivenBy.SELF)


def _of_an_agent(consent: Consent, person: SubjectFacts, facts: Facts) -> Code | None:
    """C-99: of a capable person, who has authorised somebody in writing."""
    mine = _decider(consent, person, facts)
    if mine is None or is_incapable(person, facts.at):
        return Code.DN_AUTHORITY
    return Code.DN_SDM_BARRED if _is_barred(mine, person) else None


def _of_the_dead(consent: Consent, person: SubjectFacts, facts: Facts) -> Code | None:
    """C-100 to C-102."""
    if consent.given_by is not GivenBy.ESTATE_TRUSTEE:
        return Code.DN_DECEASED
    mine = _decider(consent, person, facts)
    if mine is None:
        return Code.DN_AUTHORITY
    if _is_barred(mine, person):
        return Code.DN_SDM_BARRED
    return None if not mine.jointly or _all_agree(mine, consent, person, facts) else Code.DN_SDM_CONFLICT


def _of_a_child(consent: Consent, person: SubjectFacts, facts: Facts) -> Code | None:
    """C-79 to C-91. Asked of whoever was a child when it was given."""
    mine = _decider(consent, person, facts)
    if mine is None:
        return Code.DN_AUTHORITY
    if not is_child(person, facts, facts.at):
        return Code.DN_AUTHORITY_LAPSED
    if _is_barred(mine, person):
        return Code.DN_SDM_BARRED
    in_care = any(each.role is GivenBy.SOCIETY for each in _able(person, facts))
    if in_care and mine.role is not GivenBy.SOCIETY:
        return Code.DN_AUTHORITY
    if facts.message.own_decision or _self_refused(person, facts):
        return Code.DN_MINOR_PREVAILS
    return _in_rank(mine, consent, person, facts)


def _of_the_incapable(consent: Consent, person: SubjectFacts, facts: Facts) -> Code | None:
    """C-92 to C-98."""
    captured = consent.captured_at or facts.at
    if any(each.lifted_at is not None and captured < each.lifted_at <= facts.at for each in person.findings):
        return Code.DN_RECONFIRM  # for good: a later finding asks its substitutes anew
    if not is_incapable(person, facts.at):
        return Code.DN_AUTHORITY
    mine = _decider(consent, person, facts)
    if mine is None or not is_incapable(person, captured):
        return Code.DN_AUTHORITY  # V-02: the finding comes before any substitute acts
    return Code.DN_SDM_BARRED if _is_barred(mine, person) else _in_rank(mine, consent, person, facts)


def _in_rank(mine: Decider, consent: Consent, person: SubjectFacts, facts: Facts) -> Code | None:
    """Whether nobody stands before this one, and no equal against: who was never asked has not agreed."""
    able = list(_able(person, facts))
    if any(_rank(each) < _rank(mine) for each in able):
        return Code.DN_SDM_RANK
    equals = [each for each in able if each.ref != mine.ref and _rank(each) == _rank(mine)]
    if any(_refused(each, person, facts) for each in equals):
        return Code.DN_SDM_CONFLICT
    return None if not mine.jointly or _all_agree(mine, consent, person, facts) else Code.DN_AUTHORITY


def _all_agree(mine: Decider, consent: Consent, person: SubjectFacts, facts: Facts) -> bool:
    """Whether all of the role have said the same yes, each in force; one alone is not joint."""
    equals = (each for each in _able(person, facts) if each.role is mine.role and each.access_only is mine.access_only)
    together = {each.ref for each in equals}
    agreed = {each.given_by_ref for each in person.consents if _says_the_same(each, consent, facts)}
    return len(together) > 1 and together <= agreed


def _says_the_same(other: Consent, consent: Consent, facts: Facts) -> bool:
    """Whether another yes is from the same agency, to the other end of this message, for its purpose, and in force.

    Who gave it is not asked again here: that is what is being asked.
    """
    ends = {facts.sender.agency, facts.recipient.agency} - {consent.discloser}
    to_them = any(each.agency in ends for each in other.recipients)
    same = other.discloser == consent.discloser and to_them and facts.message.purpose in other.purposes
    return same and why_not(other, facts) is None


def _is_about(consent: Consent, facts: Facts) -> bool:
    to_them = any(each.agency == facts.recipient.agency for each in consent.recipients)
    return to_them and facts.message.purpose in consent.purposes


def _self_refused(person: SubjectFacts, facts: Facts) -> bool:
    """Whether the person has said no to this recipient and purpose as a whole; of parts P-10 asks."""
    return any(
        each.said_by is GivenBy.SELF and not each.categories and not each.items for each in _directives(person, facts)
    ) or any(_by_self(each) for each in _declines(person, facts))


def _refused(decider: Decider, person: SubjectFacts, facts: Facts) -> bool:
    """Whether a decider has said no to any of it; of one whose name is not noted their role tells."""
    said = [(each.said_by, each.said_by_ref) for each in _directives(person, facts)]
    said += [(each.given_by or GivenBy.SELF, each.given_by_ref) for each in _declines(person, facts)]
    return any(role is decider.role and ref in (None, decider.ref) for role, ref in said)


def _directives(person: SubjectFacts, facts: Facts) -> Iterator[Directive]:
    to, purpose = facts.recipient.agency, facts.message.purpose
    return (
        each
        for each in person.directives
        if each.lifted_by is None
        and (not each.recipients or to in each.recipients)
        and (not each.purposes or purpose in each.purposes)
    )


def _declines(person: SubjectFacts, facts: Facts) -> Iterator[Consent]:
    declined = (each for each in person.consents if each.state is ConsentState.DECLINED)
    return (each for each in declined if not each.recipients or _is_about(each, facts))


def _able(person: SubjectFacts, facts: Facts) -> Iterator[Decider]:
    """Those who could decide now: there, willing, not barred, with evidence that holds."""
    return (each for each in person.deciders if each.available and _holds(each, facts) and not _is_barred(each, person))


def _decider(consent: Consent, person: SubjectFacts, facts: Facts) -> Decider | None:
    """Who gave a consent, as the registry knows them in that role; barred ones too."""
    mine = (each for each in person.deciders if (each.ref, each.role) == (consent.given_by_ref, consent.given_by))
    evidence = consent.authority
    if evidence is not None and evidence.expires_at is not None and evidence.expires_at <= facts.at:
        return None
    return next((each for each in mine if _holds(each, facts)), None)


def _holds(decider: Decider, facts: Facts) -> bool:
    begun = decider.from_at is None or decider.from_at <= facts.at
    return begun and (decider.ends_at is None or facts.at < decider.ends_at)


def _is_barred(decider: Decider, person: SubjectFacts) -> bool:
    return bool(decider.barred) or decider.ref in person.alleged_abusers


def _rank(decider: Decider) -> tuple[int, bool]:
    at = SUBSTITUTES.index(decider.role) if decider.role in SUBSTITUTES else len(SUBSTITUTES)
    return at, decider.access_only
