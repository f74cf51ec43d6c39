"""Who may decide, beside the rows of group E: what is not known, not yet, not any more, and of several the nearest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consent.decide import decide
from consent.model import Authority, Facts, Finding
from consent.model.words import CapacityBasis, ConsentState, GivenBy
from tests.builders import AT, K, consent, directive, holding, known
from tests.unit.consent.rows.e_deciders import (
    AGED_9,
    AGED_15,
    FOUND,
    PARENT,
    SIBLING,
    SPOUSE,
    by,
    decider,
    no_of,
    person,
)

TRUSTEE, AGENT, GUARDIAN = GivenBy.ESTATE_TRUSTEE, GivenBy.AUTHORISED_AGENT, GivenBy.GUARDIAN
LATER = Finding(found_at=AT - timedelta(days=1))  # after K was given
OVER = Authority("COURT_ORDER", expires_at=AT)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(person(by(TRUSTEE), deceased=True), "DN_AUTHORITY", id="a trustee whom nobody knows"),
        pytest.param(person(by(AGENT)), "DN_AUTHORITY", id="an agent whom nobody knows"),
        pytest.param(
            person(by(AGENT), deciders=(decider(AGENT, ends_at=AT),)), "DN_AUTHORITY", id="an agent whose paper is over"
        ),
        pytest.param(
            person(by(AGENT, authority=OVER), deciders=(decider(AGENT),)),
            "DN_AUTHORITY",
            id="an agent by an order over",
        ),
        pytest.param(
            person(by(AGENT), deciders=(decider(AGENT, from_at=AT + timedelta(days=1)),)),
            "DN_AUTHORITY",
            id="an agent from tomorrow on",
        ),
        pytest.param(person(by(PARENT), **AGED_9), "DN_AUTHORITY", id="a parent whom nobody knows"),
        pytest.param(
            person(by(PARENT), deciders=(decider(PARENT),)),
            "DN_AUTHORITY",
            id="a parent of whose child no age is known",
        ),
        pytest.param(person(by(SPOUSE), findings=(FOUND,)), "DN_AUTHORITY", id="a spouse whom nobody knows"),
        pytest.param(
            person(by(SPOUSE), deciders=(decider(SPOUSE),), findings=(LATER,)),
            "DN_AUTHORITY",
            id="V-02 the finding came after the substitute had acted",
        ),
        pytest.param(
            person(
                by(SIBLING),
                deciders=(decider(SIBLING, jointly=True), decider(SIBLING, "d-2", jointly=True)),
                findings=(FOUND,),
            ),
            "DN_AUTHORITY",
            id="siblings who decide together, one not asked",
        ),
        pytest.param(person(K, findings=(FOUND,)), "DN_AUTHORITY", id="the person, found incapable"),
        pytest.param(
            person(K, findings=(replace(FOUND, lifted_at=AT),)),
            "DN_AUTHORITY",
            id="the person, who said yes while it held (1.3)",
        ),
        pytest.param(
            person(K, findings=(Finding(K.captured_at - timedelta(days=9), K.captured_at),)),
            "OK_CONSENT",
            id="the person, who said yes when it was lifted",
        ),
        pytest.param(
            person(
                by(SPOUSE),
                deciders=(decider(SPOUSE),),
                findings=(replace(FOUND, lifted_at=AT - timedelta(days=9)), Finding(AT - timedelta(days=8))),
            ),
            "DN_RECONFIRM",
            id="C-98 a second finding brings back no yes from before the first was lifted",
        ),
        pytest.param(
            person(by(AGENT), deciders=(decider(AGENT, barred="COURT"),)), "DN_SDM_BARRED", id="an agent who is barred"
        ),
        pytest.param(
            person(by(AGENT), deciders=(decider(AGENT),), alleged_abusers=("d-1",)),
            "DN_SDM_BARRED",
            id="an agent who is the alleged abuser",
        ),
        pytest.param(
            person(by(AGENT), deciders=(decider(AGENT),), findings=(FOUND,)),
            "DN_AUTHORITY",
            id="C-99 an agent of somebody who is not capable",
        ),
        pytest.param(
            person(by(TRUSTEE), deciders=(decider(TRUSTEE, barred="COURT"),), deceased=True),
            "DN_SDM_BARRED",
            id="a trustee who is barred",
        ),
        pytest.param(
            person(by(TRUSTEE), deciders=(decider(TRUSTEE, jointly=True),), deceased=True),
            "DN_SDM_CONFLICT",
            id="C-102 one trustee alone of those who act together",
        ),
        pytest.param(
            person(by(PARENT), deciders=(decider(PARENT, jointly=True),), **AGED_9),
            "DN_AUTHORITY",
            id="C-82 one alone of those who decide together",
        ),
        pytest.param(
            person(by(PARENT), deciders=(decider(PARENT, jointly=True), decider(PARENT, "d-2")), **AGED_9),
            "DN_AUTHORITY",
            id="C-82 together with whoever has the role",
        ),
        pytest.param(
            person(
                by(PARENT),
                by(PARENT, "d-2", consent_id="K2", valid_from=AT + timedelta(days=1)),
                deciders=(decider(PARENT, jointly=True), decider(PARENT, "d-2", jointly=True)),
                **AGED_9,
            ),
            "DN_AUTHORITY",
            id="C-84 a yes that has not begun is none yet",
        ),
        pytest.param(
            person(by(PARENT), deciders=(decider(PARENT, taken_by="B"),), **AGED_9),
            "DN_AUTHORITY",
            id="S32 a parent whose papers the recipient alone has seen",
        ),
        pytest.param(
            person(by(PARENT), deciders=(decider(PARENT, taken_by="A"),), **AGED_9),
            "OK_SUBSTITUTE",
            id="S32 a parent whose papers the discloser has seen",
        ),
        pytest.param(
            person(K, findings=(replace(FOUND, taken_by="B"),)), "OK_CONSENT", id="S32 a finding of the recipient's"
        ),
        pytest.param(
            person(
                by(PARENT),
                by(SPOUSE, "d-9", consent_id="K2"),
                deciders=(decider(PARENT),),
                alleged_abusers=("d-1",),
                **AGED_9,
            ),
            "DN_SDM_BARRED",
            id="of two who may not, the one who came nearer",
        ),
        pytest.param(
            person(by(PARENT), K, deciders=(decider(PARENT),), turns_16_on=(AT - timedelta(days=9)).date()),
            "OK_CONSENT",
            id="a parent's is over, the person's own is not",
        ),
        pytest.param(
            person(by(PARENT), deciders=(decider(PARENT), decider(GUARDIAN, "g-1", available=False)), **AGED_9),
            "OK_SUBSTITUTE",
            id="who stands before is not there",
        ),
        pytest.param(
            person(by(PARENT), deciders=(decider(PARENT), decider(GUARDIAN, "g-1", barred="COURT")), **AGED_9),
            "OK_SUBSTITUTE",
            id="who stands before is barred",
        ),
        pytest.param(
            person(by(PARENT), directives=(no_of(PARENT, "p-9"),), deciders=(decider(PARENT),), **AGED_9),
            "OK_SUBSTITUTE",
            id="a no of a parent who decides nothing",
        ),
        pytest.param(
            person(
                by(PARENT),
                directives=(replace(no_of(PARENT, ""), said_by_ref=None),),
                deciders=(decider(PARENT), decider(PARENT, "p-2")),
                **AGED_9,
            ),
            "DN_SDM_CONFLICT",
            id="a no of a parent, which one is not noted",
        ),
        pytest.param(
            person(by(PARENT), directives=(directive(recipients=("C",)),), deciders=(decider(PARENT),), **AGED_15),
            "OK_SUBSTITUTE",
            id="the child refuses another agency",
        ),
        pytest.param(
            person(by(PARENT), directives=(directive(lifted_by="K9"),), deciders=(decider(PARENT),), **AGED_15),
            "OK_SUBSTITUTE",
            id="the child refused, and took it back",
        ),
        pytest.param(
            person(K, by(PARENT, consent_id="K2"), directives=(directive(),), deciders=(decider(PARENT),), **AGED_15),
            "DN_DIRECTIVE",
            id="the child has said yes and no: the no",
        ),
        pytest.param(
            person(by(AGENT), directives=(directive(),), deciders=(decider(AGENT),)),
            "DN_DIRECTIVE",
            id="whom a person authorised decides like the person, and not against the person's no",
        ),
        pytest.param(
            known(
                holding(
                    consent(consent_id="N", state=ConsentState.DECLINED, given_by=SPOUSE, given_by_ref="d-2"),
                    by(SIBLING),
                ),
                deciders=(decider(SIBLING),),
                findings=(FOUND,),
            ),
            "OK_SUBSTITUTE",
            id="a decline of somebody who is no decider",
        ),
    ],
)
def test_answer(facts: Facts, codes: str) -> None:
    assert " ".join(decide(facts).codes) == codes


def test_a_lift_by_somebody_else_lifts_nothing() -> None:
    agents = replace(by(AGENT, consent_id="K2", registry_seq=90, capacity_basis=CapacityBasis.PRESUMED), lifts=("D",))
    facts = person(K, agents, directives=(directive(),), deciders=(decider(AGENT),))

    assert decide(facts).codes == ("DN_DIRECTIVE",)
