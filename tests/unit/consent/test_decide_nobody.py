"""Rows of consent rules 2 that are about nobody (P-2): C-03 to C-08, C-176. Who gathers the facts: test_posted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.decide import decide
from consent.facts import read_facts, write_facts
from consent.model import Anonymous, Facts
from consent.model.words import Purpose
from tests.builders import BASELINE, C, agreed, items, saying

ENQUIRY = Purpose.CAPACITY_ENQUIRY
TEXT, PSEUDONYM = "Bundle.entry[3].resource.text", "Bundle.entry[3].resource.identifier"


def about_nobody(event: str = "capacity-enquiry", **held: object) -> Facts:
    """No consent, no agreement, nobody: a message that holds codes alone, of which 4,200 people have all."""
    told = Anonymous(**{"people": 4200, **held})
    facts = replace(BASELINE, agreements=(), subjects={})
    return saying(facts, type="CapacityEnquiry", event=event, purpose=ENQUIRY, items=(), subject=None, anonymous=told)


NAMED = saying(about_nobody(), items=items(C.IDENT), anonymous=None)
BETWEEN = {"purposes": (ENQUIRY,), "events": ("capacity-enquiry",)}


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        pytest.param(about_nobody(), "PERMIT P-2 OK_ANON_ENQUIRY", id="C-03 an enquiry of coded elements about nobody"),
        pytest.param(
            replace(NAMED, agreements=agreed(**BETWEEN).agreements),
            "DENY P-8 DN_NO_CONSENT",
            id="C-04 an enquiry that holds the client's name",
        ),
        pytest.param(
            replace(saying(about_nobody(), items=items(C.IDENT)), agreements=agreed(**BETWEEN).agreements),
            "DENY P-8 DN_NO_CONSENT",
            id="C-04 whatever is said of it, an item is about somebody",
        ),
        pytest.param(about_nobody(strange=(TEXT,)), "DENY P-2 DN_REIDENTIFY", id="C-05 a free-text line"),
        pytest.param(about_nobody(people=10), "DENY P-2 DN_REIDENTIFY", id="C-06 fewer than k people"),
        pytest.param(about_nobody(people=11), "PERMIT P-2 OK_ANON_ENQUIRY", id="C-06 and not of k people"),
        pytest.param(
            about_nobody(strange=(PSEUDONYM,)), "DENY P-2 DN_REIDENTIFY", id="C-07 a pseudonym that may come again"
        ),
        pytest.param(
            about_nobody("capacity-answer", people=None), "PERMIT P-2 OK_ANON_ENQUIRY", id="C-08 the answer of B"
        ),
        pytest.param(about_nobody("risk-filter"), "PERMIT P-2 OK_ANON_ENQUIRY", id="C-176 a de-identified summary"),
    ],
)
def test_row(facts: Facts, answer: str) -> None:
    decision = decide(facts)

    assert " ".join((decision.outcome, decision.stage, *decision.codes)) == answer
    assert decide(read_facts(write_facts(facts))) == decision
