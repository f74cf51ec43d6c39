"""Implied consent and the client's own copy, beside the rows C-10 and C-57 to C-61."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consent.decide import decide
from consent.model import Facts, Recipient
from consent.model.words import ConsentState, Purpose
from tests.builders import AT, BASELINE, C, consent, directive, item, items, known
from tests.unit.consent.rows.a_lanes import own_copy
from tests.unit.consent.rows.c_form import caring

DAY = timedelta(days=1)


def implied(**change: object) -> Facts:
    facts = caring()
    (record,) = facts.subjects[facts.message.subject or ""].consents
    return known(facts, consents=(replace(record, **change),))


def beside(state: ConsentState) -> Facts:
    """The same, and an express record for the same recipient and purpose."""
    express = consent(
        consent_id="E1",
        discloser="H",
        recipients=(Recipient("H2"),),
        purposes=(Purpose.HEALTH_CARE,),
        state=state,
        registry_seq=60,
    )
    facts = caring()
    return known(facts, consents=(*facts.subjects[facts.message.subject or ""].consents, express))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(implied(expires_at=AT), "DN_EXPIRED", id="an implied consent that is over"),
        pytest.param(implied(valid_from=AT + DAY), "DN_NOT_YET_VALID", id="an implied consent that begins tomorrow"),
        pytest.param(implied(captured_by=None), "DN_RECORD_INCOMPLETE", id="that nobody has noted"),
        pytest.param(replace(caring(), pack=BASELINE.pack), "DN_NO_CONSENT", id="in a pack that has no such lane"),
        pytest.param(beside(ConsentState.WITHDRAWN), "DN_WITHDRAWN", id="I-17 an express no closes the lane"),
        pytest.param(beside(ConsentState.SUSPENDED), "DN_SUSPENDED", id="I-17 and so does a doubt"),
        pytest.param(
            own_copy(*items(C.IDENT, C.NEEDS)), "OK_CLIENT_SELF", id="the client's own copy, of their own data"
        ),
        pytest.param(
            known(own_copy(*items(C.IDENT, C.NEEDS)), directives=(directive(recipients=()),), consents=()),
            "OK_CLIENT_SELF",
            id="whatever the client has forbidden others, and without a consent",
        ),
        pytest.param(
            known(own_copy(*items(C.IDENT, C.NEEDS)), deceased=True),
            "DN_DECEASED",
            id="not of the dead: the estate asks",
        ),
        pytest.param(
            own_copy(*items(C.IDENT, C.NEEDS), item(C.JUSTICE_YOUTH, 7)),
            "OK_CLIENT_SELF RD_YOUTH_JUSTICE",
            id="YCJA s.118 binds the copy too",
        ),
        pytest.param(
            replace(own_copy(*items(C.IDENT, C.NEEDS)), recipient=replace(BASELINE.recipient)),
            "DN_NO_AGREEMENT",
            id="to an agency it is no own copy",
        ),
        pytest.param(
            replace(
                own_copy(*items(C.IDENT)),
                message=replace(own_copy(*items(C.IDENT)).message, labelled_purpose="referral"),
            ),
            "DN_PURPOSE",
            id="I-12 labelled as something else",
        ),
    ],
)
def test_answer(facts: Facts, codes: str) -> None:
    assert " ".join(decide(facts).codes) == codes
