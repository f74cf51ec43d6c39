"""A report to a funder rests on a notice: rows C-11 to C-13, I-17 and settled S7 by their numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent.decide import decide
from consent.model import Consent, Facts, Grant, Recipient
from consent.model.words import Basis, Category, ConsentState, Purpose
from tests.builders import AGREEMENT, AT, BASELINE, PROFILES, C, consent, directive, holding, item, known, saying

FUNDER = "F"
REPORT = (Purpose.FUNDER_REPORT,)
TOLD = (C.IDENT, C.SERVICE_STATUS, C.LANG)


def notice(*categories: Category, **change: object) -> Consent:
    """What the client was told, and nothing that only a consent has."""
    full = consent(
        consent_id="N1",
        basis=Basis.NOTICE_ONLY,
        recipients=(Recipient(FUNDER),),
        purposes=REPORT,
        categories=tuple(Grant(category) for category in categories or TOLD),
        registry_seq=40,
    )
    bare = dict.fromkeys(("valid_from", "expires_at", "text_version", "given_by", "capacity_basis"))
    bare |= {"not_condition_of_service": None, "receipt_ref": None, "evidence_ref": None, "signed_on": None}
    return replace(full, client_reads=(), explained=frozenset(), **{**bare, **change})  # type: ignore[arg-type]


def reporting(*consents: Consent, more: tuple[Category, ...] = ()) -> Facts:
    """A service that is reported to the funder, with items of further categories."""
    told = (item(C.IDENT, 1), replace(item(C.SERVICE_STATUS, 2), essential=True), item(C.LANG, 3))
    others = tuple(item(category, 4 + place) for place, category in enumerate(more))
    facts = saying(
        holding(*consents),
        items=(*told, *others),
        type="FunderReport",
        event="funder-report",
        purpose=Purpose.FUNDER_REPORT,
        labelled_purpose=None,
        referral=None,
        service=None,
        required=None,
    )
    signed = replace(AGREEMENT, parties=("A", FUNDER), purposes=REPORT, events=("funder-report",))
    return replace(
        facts,
        recipient=replace(facts.recipient, agency=FUNDER),
        agreements=(replace(signed, categories=tuple(Category)),),
        profile=PROFILES["FunderReport"],
    )


EXPRESS = consent(
    consent_id="E1",
    recipients=(Recipient(FUNDER),),
    purposes=REPORT,
    categories=tuple(Grant(category) for category in TOLD),
    registry_seq=90,
)
WITHDRAWN = consent(
    consent_id="W1", recipients=(Recipient(FUNDER),), purposes=REPORT, state=ConsentState.WITHDRAWN, registry_seq=60
)


@pytest.mark.parametrize(
    ("facts", "outcome", "codes"),
    [
        pytest.param(reporting(notice()), "PERMIT", "OK_NOTICE_BASED", id="C-11 a notice was given"),
        pytest.param(
            reporting(notice(), more=(C.CONTACT,)),
            "PERMIT_REDACTED",
            "OK_NOTICE_BASED RD_PURPOSE_MIN",
            id="C-11 follow-up contact was refused",
        ),
        pytest.param(
            reporting(notice(*TOLD, C.CONTACT), more=(C.CONTACT,)),
            "PERMIT",
            "OK_NOTICE_BASED",
            id="C-11 S7 contact listed is follow-up contact agreed to",
        ),
        pytest.param(
            reporting(notice(), more=(C.HEALTH_MENTAL,)),
            "PERMIT_REDACTED",
            "OK_NOTICE_BASED RD_PURPOSE_MIN",
            id="C-11 what the profile has not",
        ),
        pytest.param(reporting(), "DENY", "DN_NOTICE", id="C-12 no notice"),
        pytest.param(
            reporting(consent(recipients=(Recipient(FUNDER),))), "DENY", "DN_NOTICE", id="C-12 a consent for referrals"
        ),
        pytest.param(
            reporting(notice(recipients=(Recipient("G"),))),
            "DENY",
            "DN_NOTICE",
            id="C-12 a notice about another",
        ),
        pytest.param(
            reporting(notice(notice_version="notice-v0")), "DENY", "DN_NOTICE", id="C-12 a notice in unknown words"
        ),
        pytest.param(
            reporting(notice(state=ConsentState.DRAFT)), "DENY", "DN_NOTICE", id="C-12 a notice that is a draft"
        ),
        pytest.param(
            reporting(notice(purposes=(Purpose.FUNDER_REPORT, Purpose.REFERRAL))),
            "DENY",
            "DN_NOTICE",
            id="S7 a notice that would be more",
        ),
        pytest.param(reporting(notice(expires_at=AT)), "DENY", "DN_NOTICE", id="S7 a notice that has ended"),
        pytest.param(
            reporting(notice(C.IDENT)),
            "DENY",
            "DN_REQUIRED_BLOCKED RD_PURPOSE_MIN",
            id="S7 a notice that does not tell of services",
        ),
        pytest.param(
            replace(reporting(notice()), sender=replace(BASELINE.sender, lane="womens")),
            "DENY",
            "DN_EXISTENCE",
            id="C-13 a women's service",
        ),
        pytest.param(reporting(notice(), WITHDRAWN), "DENY", "DN_WITHDRAWN", id="I-17 a withdrawal closes it"),
        pytest.param(
            reporting(notice(registry_seq=80), WITHDRAWN),
            "DENY",
            "DN_WITHDRAWN",
            id="I-17 a newer notice opens nothing",
        ),
        pytest.param(
            reporting(notice(), replace(WITHDRAWN, state=ConsentState.SUSPENDED)),
            "DENY",
            "DN_SUSPENDED",
            id="I-17 a suspension closes it",
        ),
        pytest.param(
            reporting(notice(state=ConsentState.SUSPENDED), notice(consent_id="N2", registry_seq=80)),
            "PERMIT",
            "OK_NOTICE_BASED",
            id="I-17 a notice that has gone and was entered anew",
        ),
        pytest.param(
            reporting(notice(state=ConsentState.SUSPENDED)),
            "DENY",
            "DN_NOTICE",
            id="I-17 one that has gone opens nothing",
        ),
        pytest.param(
            reporting(notice(), replace(WITHDRAWN, recipients=(), unreadable=("recipients",))),
            "DENY",
            "DN_WITHDRAWN",
            id="I-17 a no to somebody who cannot be read",
        ),
        pytest.param(
            reporting(notice(), replace(WITHDRAWN, purposes=(Purpose.REFERRAL,))),
            "PERMIT",
            "OK_NOTICE_BASED",
            id="I-17 a withdrawal for another purpose does not",
        ),
        pytest.param(
            reporting(notice(), WITHDRAWN, EXPRESS), "PERMIT", "OK_NOTICE_BASED", id="I-17 a newer express yes opens it"
        ),
        pytest.param(reporting(WITHDRAWN, EXPRESS), "PERMIT", "OK_CONSENT", id="I-17 and carries it alone"),
    ],
)
def test_a_report_to_a_funder(facts, outcome, codes):
    decision = decide(facts)
    assert (decision.outcome.value, " ".join(code.value for code in decision.codes)) == (outcome, codes)


def test_i_17_a_directive_closes_a_report():
    forbidden = directive(recipients=(FUNDER,), purposes=REPORT)
    decision = decide(known(reporting(notice()), directives=(forbidden,)))
    assert decision.codes[0].value == "DN_DIRECTIVE"


def test_s7_a_notice_opens_nothing_else():
    told = notice(recipients=(Recipient("B"),), purposes=(Purpose.REFERRAL,))
    assert decide(holding(told)).codes[0].value == "DN_WRITTEN_REQUIRED"


def test_what_was_not_told_of_leaves_no_marker():
    decision = decide(reporting(notice(), more=(C.CONTACT,)))
    assert [each.marked for each in decision.withheld] == [False]
    assert decision.basis[0] == "consent:N1/3"
