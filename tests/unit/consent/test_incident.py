"""When something went wrong: who holds it, what harm may come of it, who is told when, and what closes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from consent.incident import LISTED, WITHHELD, Asked, Harm, Recall, assess, duties, may_hold, why_open
from consent.packs import PACKAGED, load_packs
from hub.errors import Refused
from hub.model.envelope import MessageState
from hub.model.incidents import Holding, Incident

AT = datetime(2026, 6, 1, 16, tzinfo=UTC)
RULES = load_packs(PACKAGED).breach["ca-on"]
NO = {question.value: False for question in Asked}
HELD = Holding(
    incident_id="i-1",
    envelope_id="e-1",
    message_id="m-1",
    sender="harbour",
    recipient="lakeside",
    system="lakeside-cms",
    subject_ref="s-1",
    referral_no="R1",
    categories=("IDENT", "NEEDS"),
    left_at=AT,
    certain=True,
    recall=Recall.NOTICE,
)


def determined(harm=Harm.NO_RISK, **yes):
    answers = {**NO, **{name.replace("_", "-"): value for name, value in yes.items()}}
    return Incident("i-1", "wrong-person", AT, "officer", determined_at=AT, answers=answers, harm=harm)


def due(incident, lane, holdings=(HELD,)):
    lanes = {each.sender: lane for each in holdings}
    return duties(incident, holdings, lanes, dict.fromkeys(lanes, RULES))


@pytest.mark.parametrize(
    ("state", "opened_at", "rejection", "holds"),
    [
        pytest.param(MessageState.DELIVERED, AT, None, True, id="acknowledged"),
        pytest.param(MessageState.DELIVERED, AT, "CONFLICT", True, id="and rejected later: it was seen all the same"),
        pytest.param(MessageState.OPENED, AT, None, None, id="opened, never acknowledged: perhaps"),
        pytest.param(MessageState.RETURNED, AT, None, None, id="returned after it was opened: perhaps"),
        pytest.param(MessageState.ARRIVED, None, None, False, id="not opened yet"),
        pytest.param(MessageState.REFUSED, None, None, False, id="refused at gate 2"),
        pytest.param(MessageState.DELIVERED, AT, "TAKEN_BACK", False, id="taken out before anybody passed it on"),
    ],
)
def test_who_holds_it(state, opened_at, rejection, holds):
    assert may_hold(state, opened_at, rejection, "TAKEN_BACK") is holds


@pytest.mark.parametrize(
    ("yes", "harm"),
    [
        ([], Harm.NO_RISK),
        (["safety"], Harm.REAL_RISK),
        (["misuse"], Harm.REAL_RISK),
        (["sensitive"], Harm.NO_RISK),
        (["not-back"], Harm.NO_RISK),
        (["sensitive", "not-back"], Harm.REAL_RISK),
        (["sensitive", "unbound"], Harm.REAL_RISK),
        (["sensitive", "further-use"], Harm.REAL_RISK),
        (["pattern", "significant"], Harm.NO_RISK),
    ],
)
def test_what_the_answers_make_of_the_harm(yes, harm):
    assert assess({**NO, **dict.fromkeys(yes, True)}, [HELD], None) is harm


def test_an_officer_finds_more_than_the_rule_never_less():
    assert assess(NO, [HELD], "real-risk") is Harm.REAL_RISK
    assert assess(NO, [HELD], "no-risk") is Harm.NO_RISK
    with pytest.raises(Refused, match="a lesser risk than the answers make it"):
        assess({**NO, "safety": True}, [HELD], "no-risk")
    with pytest.raises(Refused, match="another word"):
        assess(NO, [HELD], "small")


def test_every_question_is_answered_and_no_other():
    with pytest.raises(Refused, match="no answer to stolen"):
        assess({name: value for name, value in NO.items() if name != "stolen"}, [HELD], None)
    with pytest.raises(Refused, match="a question that nobody asks"):
        assess({**NO, "embarrassing": True}, [HELD], None)


def test_what_was_sent_says_whether_it_is_sensitive():
    sensitive = replace(HELD, categories=("HEALTH_MENTAL", "IDENT"))

    with pytest.raises(Refused, match="HEALTH_MENTAL was sent"):
        assess(NO, [HELD, sensitive], None)
    assert assess({**NO, "sensitive": True}, [HELD, sensitive], None) is Harm.NO_RISK


@pytest.mark.parametrize(
    ("lane", "incident", "told"),
    [
        pytest.param("custodian", determined(), ["individual"], id="PHIPA: the person, whatever the risk"),
        pytest.param(
            "custodian", determined(Harm.REAL_RISK, safety=True), ["individual"], id="the Commissioner in seven cases"
        ),
        pytest.param("custodian", determined(pattern=True), ["individual", "regulator"], id="a pattern is one"),
        pytest.param("protective", determined(stolen=True), ["individual", "regulator"], id="CYFSA the same"),
        pytest.param("general", determined(), [], id="PIPEDA: without a real risk nobody"),
        pytest.param("general", determined(knowing=True), [], id="the seven cases are not PIPEDA's"),
        pytest.param(
            "general", determined(Harm.REAL_RISK, safety=True), ["individual", "regulator"], id="with one both"
        ),
        pytest.param("funder", determined(Harm.REAL_RISK), ["individual", "regulator"], id="FIPPA the same"),
        pytest.param("womens", determined(Harm.REAL_RISK), ["individual", "regulator"], id="a women's service too"),
    ],
)
def test_who_is_told_by_the_lane_of_the_agency_whose_record_it_was(lane, incident, told):
    found = due(incident, lane)

    assert [each.told for each in found] == told
    assert {each.due_at for each in found} <= {AT + timedelta(days=5)}
    assert all(bool(each.subject_ref) == (each.told == "individual") for each in found)
    assert all(bool(each.regulator) == (each.told == "regulator") for each in found)


def test_each_person_and_each_agency_is_told_once_and_notices_are_numbered():
    others = (HELD, replace(HELD, envelope_id="e-2"), replace(HELD, envelope_id="e-3", subject_ref="s-2"))
    stopped = replace(HELD, envelope_id="e-4", subject_ref="s-3", recall=Recall.STOPPED)
    unknown = replace(HELD, envelope_id="e-5", subject_ref=None, sender="maple")

    found = due(determined(pattern=True), "custodian", (*others, stopped, unknown))

    assert [(each.number, each.agency, each.told, each.subject_ref) for each in found] == [
        (1, "harbour", "individual", "s-1"),
        (2, "harbour", "individual", "s-2"),
        (3, "harbour", "regulator", None),
        (4, "maple", "regulator", None),
    ]


def test_every_listed_case_alone_brings_it_to_the_commissioner():
    for question in LISTED:
        assert [each.told for each in due(determined(**{question.value: True}), "custodian")][-1] == "regulator"


@pytest.mark.parametrize("reason", WITHHELD)
def test_a_notice_withheld_for_a_reason_that_passes_keeps_its_incident_open(reason):
    incident = determined(Harm.REAL_RISK)
    reached = [replace(HELD, reached_at=AT)]
    withheld = [replace(each, state="withheld", reason=reason) for each in due(incident, "general")]

    assert why_open(incident, reached, withheld) == (
        ["notices 1, 2 are neither given nor withheld for good"] if WITHHELD[reason] else []
    )


def test_what_keeps_an_incident_open_is_named():
    opened = Incident("i-1", "wrong-person", AT, "officer")
    by_phone, stopped = replace(HELD, recall=Recall.TELEPHONE), replace(HELD, recall=Recall.STOPPED)

    assert why_open(opened, [HELD, by_phone, stopped], []) == [
        "its harm is not determined (`hub incident assess`)",
        "1 recipients are to be telephoned (`hub incident telephoned`)",
        "1 recalls are not in their system yet (`hub work`)",
    ]
    assert why_open(replace(opened, kind="correction"), [replace(HELD, reached_at=AT), stopped], []) == []
    given = [replace(each, state="given") for each in due(determined(Harm.REAL_RISK), "general")]
    assert why_open(determined(), [replace(HELD, reached_at=AT)], given) == []
