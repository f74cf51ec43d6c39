"""V-01 to V-08 of consent rules 1.3: each test refuses with its own code, at the decision as at capture."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from consent.decide import decide
from consent.model import Interpreter, Onward, Recipient
from consent.model.words import EXPLANATIONS, Basis, CapacityBasis, ConsentState, GivenBy, Purpose
from consent.validity import missing
from tests.builders import AT, BASELINE, K, consent, holding

DARI = {"client_reads": ("prs",)}
QUALIFIED = Interpreter("QUALIFIED", "prs", independent=True)
FAMILY = Interpreter("FAMILY", "prs", independent=False)
OPTIONAL = {
    "doubt",
    "suspended_by",
    "given_by_ref",
    "authority",
    "form_id",
    "supersedes",
    "lifts",
    "exclusions",
    "onward_sharing",
    "verbal_note",
    "interpreter",
    "condition_reason",
    "signed_on",
    "names_discloser",
    "unreadable",
    "state_events",
}
OF_ANOTHER_TEST = {"state", "direction", "registry_seq", "version", "pack_version", "explained"}
WITHOUT_IT_ANOTHER_RECORD = {"subject_ref"}


@pytest.mark.parametrize(
    ("change", "stage", "code"),
    [
        pytest.param({"given_by": GivenBy.PARENT}, "P-7", "DN_AUTHORITY", id="V-01 somebody else decided"),
        pytest.param(
            {"capacity_basis": CapacityBasis.ASSESSED_INCAPABLE},
            "P-7",
            "DN_AUTHORITY",
            id="V-02 found incapable, and decided alone",
        ),
        pytest.param(DARI, "P-8", "DN_NOT_KNOWLEDGEABLE", id="V-03 C-50 a text that the client does not read"),
        pytest.param(
            {"language": "zxx", "client_reads": ("zxx",)}, "P-8", "DN_NOT_KNOWLEDGEABLE", id="V-03 who reads nothing"
        ),
        pytest.param(
            {"explained": EXPLANATIONS - {"risk"}}, "P-8", "DN_NOT_KNOWLEDGEABLE", id="V-03 C-56 a tick is missing"
        ),
        pytest.param({"explained": frozenset()}, "P-8", "DN_NOT_KNOWLEDGEABLE", id="V-03 nothing was explained"),
        pytest.param({"text_version": "sharing-v9"}, "P-8", "DN_NOT_KNOWLEDGEABLE", id="V-03 an unknown text"),
        pytest.param({"notice_version": "notice-v9"}, "P-8", "DN_NOT_KNOWLEDGEABLE", id="V-03 an unknown notice"),
        pytest.param({"not_condition_of_service": False}, "P-8", "DN_COERCED", id="V-04 C-53 service depends on it"),
        pytest.param({"unreadable": ("recipient_org",)}, "P-8", "DN_OVERBROAD", id="V-05 C-54 any community agency"),
        pytest.param({"unreadable": ("purposes",)}, "P-8", "DN_OVERBROAD", id="V-05 C-55 all purposes"),
        pytest.param({"unreadable": ("categories",)}, "P-8", "DN_OVERBROAD", id="V-05 all categories"),
        pytest.param({"recipients": (), "unreadable": ("recipients",)}, "P-8", "DN_OVERBROAD", id="V-05 nobody named"),
        pytest.param({"unreadable": ("onward_orgs",)}, "P-8", "DN_OVERBROAD", id="V-05 C-135 B's partners"),
        pytest.param({"unreadable": ("language",)}, "P-8", "DN_RECORD_INCOMPLETE", id="V-05 a word that is not read"),
        pytest.param({"recipients": ()}, "P-8", "DN_RECORD_INCOMPLETE", id="V-05 I-18 no recipient is nobody"),
        pytest.param({"purposes": ()}, "P-8", "DN_RECORD_INCOMPLETE", id="V-05 I-18 no purpose is none"),
        pytest.param({"categories": ()}, "P-8", "DN_RECORD_INCOMPLETE", id="V-05 I-18 no category is none"),
        pytest.param({"pack": "xx-yy"}, "P-8", "DN_RECORD_INCOMPLETE", id="V-05 I-01 captured under an unknown pack"),
        pytest.param({"basis": Basis.EXPRESS_VERBAL}, "P-8", "DN_RECORD_INCOMPLETE", id="V-06 spoken, without a note"),
        pytest.param({"basis": Basis.IMPLIED_HEALTH}, "P-8", "DN_NO_CONSENT", id="V-06 C-57 implied"),
        pytest.param({"basis": Basis.NOTICE_ONLY}, "P-8", "DN_WRITTEN_REQUIRED", id="V-06 by notice"),
        pytest.param({"valid_from": AT + timedelta(seconds=1)}, "P-8", "DN_NOT_YET_VALID", id="V-07 not yet"),
        pytest.param(
            {"captured_at": AT + timedelta(days=1, seconds=1)},
            "P-8",
            "DN_NOT_YET_VALID",
            id="V-07 given in time to come",
        ),
        pytest.param(
            {"signed_on": (AT + timedelta(days=2)).date()}, "P-8", "DN_NOT_YET_VALID", id="V-07 signed in time to come"
        ),
        pytest.param({"expires_at": AT}, "P-8", "DN_EXPIRED", id="V-07 over"),
        pytest.param({"state": ConsentState.WITHDRAWN}, "P-8", "DN_WITHDRAWN", id="V-08 withdrawn"),
        pytest.param({"state": ConsentState.SUSPENDED}, "P-8", "DN_SUSPENDED", id="V-08 suspended"),
        pytest.param({"state": ConsentState.DRAFT}, "P-8", "DN_PENDING", id="V-08 a draft"),
        pytest.param({"state": ConsentState.SUPERSEDED}, "P-8", "DN_SUPERSEDED", id="V-08 superseded"),
        pytest.param({"state": ConsentState.EXPIRED}, "P-8", "DN_EXPIRED", id="V-08 expired"),
        pytest.param({"state": ConsentState.INVALIDATED}, "P-8", "DN_NO_CONSENT", id="V-08 void from the start"),
        pytest.param({"state": ConsentState.ABANDONED}, "P-8", "DN_NO_CONSENT", id="V-08 a draft that was given up"),
        pytest.param({"state": ConsentState.VERBAL_PENDING}, "P-8", "DN_WRITTEN_REQUIRED", id="V-08 not signed yet"),
    ],
)
def test_refused(change: dict, stage: str, code: str) -> None:
    decision = decide(holding(consent(**change)))

    assert (decision.outcome, decision.stage, decision.codes) == ("DENY", stage, (code,))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(DARI | {"interpreter": QUALIFIED}, id="V-03 C-51 it was interpreted"),
        pytest.param({"language": "en-CA", "client_reads": ("fr", "en-GB")}, id="V-03 the primary subtag counts"),
        pytest.param({"not_condition_of_service": False, "condition_reason": True}, id="V-04 with a reason on file"),
        pytest.param(DARI | {"interpreter": FAMILY}, id="V-04 a family member, and no flag"),
        pytest.param({"basis": Basis.EXPRESS_ELECTRONIC}, id="V-06 electronically"),
        pytest.param({"onward_sharing": (Onward("C", Purpose.REFERRAL),)}, id="V-05 onward to a named agency"),
        pytest.param({"unreadable": ("lifts",)}, id="V-05 a lift that cannot be read lifts nothing and stops nothing"),
    ],
)
def test_in_force(change: dict) -> None:
    assert decide(holding(consent(**change))).codes == ("OK_CONSENT",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"basis": Basis.EXPRESS_ELECTRONIC}, "DN_WRITTEN_REQUIRED", id="V-06 in writing alone"),
        pytest.param(DARI | {"interpreter": FAMILY}, "DN_COERCED", id="V-04 no family interpreter (1.5)"),
    ],
)
def test_towards_a_womens_service_the_form_is_stricter(change: dict, code: str) -> None:
    facts = holding(consent(**change))
    to_women = replace(facts, recipient=replace(facts.recipient, lane="womens"))

    assert decide(facts).permits
    assert decide(to_women).codes == (code,)


MANDATORY = sorted({f.name for f in fields(K)} - OPTIONAL - OF_ANOTHER_TEST - WITHOUT_IT_ANOTHER_RECORD)


@pytest.mark.parametrize("name", MANDATORY)
def test_an_active_record_without_a_mandatory_field_is_incomplete(name: str) -> None:
    value = getattr(K, name)
    empty = () if isinstance(value, tuple) else "" if type(value) is str else None
    hollow = consent(**{name: empty})

    assert missing(hollow) == (name,)
    assert decide(holding(hollow)).codes[0] == "DN_RECORD_INCOMPLETE"
    assert decide(holding(replace(hollow, state=ConsentState.DRAFT))).codes[0] == "DN_PENDING"


def test_a_complete_record_misses_nothing() -> None:
    assert missing(K) == ()


def test_a_record_given_by_somebody_else_does_not_spoil_the_persons_own() -> None:
    by_parent = consent(consent_id="P", given_by=GivenBy.PARENT)

    assert decide(holding(by_parent, consent())).basis[0] == "consent:K/3"
    assert decide(holding(by_parent, consent(expires_at=AT))).codes == ("DN_EXPIRED",)


def test_I_09_a_consent_for_a_program_or_person_does_not_reach_the_agency() -> None:
    for narrow in (Recipient("B", program="p-1"), Recipient("B", person="w-2")):
        assert decide(holding(consent(recipients=(narrow,)))).codes == ("DN_RECIPIENT",)
    assert decide(holding(consent(recipients=(Recipient("B", program="p-1"), Recipient("B"))))).permits
    assert decide(BASELINE).permits


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
def test_v07_at_either_end_of_the_calendar_there_is_an_answer(at: datetime) -> None:
    decision = decide(replace(BASELINE, at=at))

    assert not decision.permits
