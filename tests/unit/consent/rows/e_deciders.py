"""Group E. Who may decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from consent.model import Consent, Decider, Directive, Facts, Finding
from consent.model.words import CapacityBasis, ConsentState, GivenBy
from tests.builders import AT, K, consent, directive, holding, known, saying
from tests.unit.consent.rows import Group

AGED_15, AGED_9 = {"turns_16_on": date(2026, 3, 1)}, {"turns_16_on": date(2032, 3, 1)}
FOUND = Finding(found_at=AT - timedelta(days=400))
DAYS = timedelta(days=1)


def by(role: GivenBy, ref: str = "d-1", **change: object) -> Consent:
    """K, given by somebody else."""
    own = {"given_by": role, "given_by_ref": ref, "capacity_basis": CapacityBasis.ASSESSED_INCAPABLE}
    return consent(**{**own, **change})


def decider(role: GivenBy, ref: str = "d-1", **change: object) -> Decider:
    return Decider(ref, role, **change)


def person(*consents: Consent, deciders: tuple[Decider, ...] = (), **change: object) -> Facts:
    return known(holding(*consents), deciders=deciders, **change)


def no_of(role: GivenBy, ref: str) -> Directive:
    return directive(said_by=role, said_by_ref=ref)


PARENT, SPOUSE, SIBLING = GivenBy.PARENT, GivenBy.SPOUSE, GivenBy.SIBLING
TOGETHER = (decider(PARENT, "p-1", jointly=True), decider(PARENT, "p-2", jointly=True))
FIRST, SECOND = by(PARENT, "p-1"), by(PARENT, "p-2", consent_id="K2")
NO_FROM_SELF = consent(consent_id="N", state=ConsentState.DECLINED)
TRUSTEES = tuple(decider(GivenBy.ESTATE_TRUSTEE, ref, jointly=True) for ref in ("t-1", "t-2"))

ROWS: Group = {
    78: ("15, capacity presumed, own consent", person(K, **AGED_15)),
    79: (
        "15, capable and refuses; the parent consents",
        person(by(PARENT), NO_FROM_SELF, deciders=(decider(PARENT),), **AGED_15),
    ),
    80: (
        "15, capable and consents; the parent objects",
        person(K, directives=(no_of(PARENT, "d-1"),), deciders=(decider(PARENT),), **AGED_15),
    ),
    81: ("9; the parent who decides alone consents", person(by(PARENT), deciders=(decider(PARENT),), **AGED_9)),
    82: ("9; parents decide jointly; one was never asked", person(FIRST, deciders=TOGETHER, **AGED_9)),
    83: (
        "9; parents decide jointly; the other refused",
        person(FIRST, directives=(no_of(PARENT, "p-2"),), deciders=TOGETHER, **AGED_9),
    ),
    84: ("9; parents decide jointly; both consented", person(FIRST, SECOND, deciders=TOGETHER, **AGED_9)),
    85: (
        "9; a parent with access only consents; the custodial one is there",
        person(
            by(PARENT, "p-2"), deciders=(decider(PARENT, "p-1"), decider(PARENT, "p-2", access_only=True)), **AGED_9
        ),
    ),
    86: ("a parent demands a copy through the hub", saying(event="access-request", purpose=None)),
    87: (
        "the consenting parent is the alleged abuser",
        person(by(PARENT), deciders=(decider(PARENT),), alleged_abusers=("d-1",), **AGED_9),
    ),
    88: (
        "13, in counselling alone; the parent consents to its release",
        saying(person(by(PARENT), deciders=(decider(PARENT),), turns_16_on=date(2028, 3, 1)), own_decision=True),
    ),
    89: (
        "a parent consented at 15; the child is 16 now",
        person(by(PARENT), deciders=(decider(PARENT),), turns_16_on=date(2025, 5, 1)),
    ),
    90: (
        "in care of the society; the birth parent consents",
        person(by(PARENT), deciders=(decider(PARENT), decider(GivenBy.SOCIETY, "cas")), **AGED_9),
    ),
    91: (
        "in care of the society; the society consents",
        person(by(GivenBy.SOCIETY, "cas"), deciders=(decider(PARENT), decider(GivenBy.SOCIETY, "cas")), **AGED_9),
    ),
    92: (
        "an adult found incapable; the spouse consents, an attorney is there",
        person(by(SPOUSE), deciders=(decider(SPOUSE), decider(GivenBy.ATTORNEY, "a-1")), findings=(FOUND,)),
    ),
    93: (
        "and the attorney consents",
        person(
            by(GivenBy.ATTORNEY, "a-1"),
            deciders=(decider(SPOUSE), decider(GivenBy.ATTORNEY, "a-1", ends_at=AT + DAYS)),
            findings=(FOUND,),
        ),
    ),
    94: (
        "the substitute is a sibling of 15",
        person(by(SIBLING), deciders=(decider(SIBLING, barred="AGE"),), findings=(FOUND,)),
    ),
    95: (
        "the substitute is barred by a court",
        person(by(SPOUSE), deciders=(decider(SPOUSE, barred="COURT"),), findings=(FOUND,)),
    ),
    96: (
        "two siblings of one rank disagree",
        person(
            by(SIBLING),
            directives=(no_of(SIBLING, "d-2"),),
            deciders=(decider(SIBLING), decider(SIBLING, "d-2")),
            findings=(FOUND,),
        ),
    ),
    97: (
        "a relative consents; no finding recorded",
        person(by(GivenBy.RELATIVE), deciders=(decider(GivenBy.RELATIVE),)),
    ),
    98: (
        "the finding is lifted today; a substitute's consent is on file",
        person(by(SPOUSE), deciders=(decider(SPOUSE),), findings=(replace(FOUND, lifted_at=AT),)),
    ),
    99: (
        "a capable adult authorised a friend in writing, who consents",
        person(by(GivenBy.AUTHORISED_AGENT), deciders=(decider(GivenBy.AUTHORISED_AGENT),)),
    ),
    100: ("the client died last week", person(K, deceased=True)),
    101: (
        "dead; the sole trustee of the estate consents",
        person(by(GivenBy.ESTATE_TRUSTEE), deciders=(decider(GivenBy.ESTATE_TRUSTEE),), deceased=True),
    ),
    102: (
        "dead; two trustees must act together; one consents",
        person(by(GivenBy.ESTATE_TRUSTEE, "t-1"), deciders=TRUSTEES, deceased=True),
    ),
    103: (
        "dead; the brother asks for the circumstances",
        saying(person(K, deceased=True), event="access-request", purpose=None),
    ),
}
