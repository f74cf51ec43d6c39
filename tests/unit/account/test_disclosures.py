"""What an accounting lists, and what it must not (consent rules 4.4, 3.7; settled S33, S8)."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from consent.model.words import Category, Code, Outcome, Purpose
from hub.account import RELAY, Disclosure, Fate, Ground, Reader, disclosures
from hub.account.disclosure import open_ways
from tests.unit.account.said import NOON, acknowledged, decided, entry, opened, overriding, recorded, refused, returned

HUB = Reader()


def fates(*entries: dict[str, Any], reader: Reader = HUB) -> list[Fate]:
    return [each.fate for each in disclosures(entries, reader)]


def one(*entries: dict[str, Any], reader: Reader = HUB) -> Disclosure:
    (found,) = disclosures(entries, reader)
    return found


def test_a_disclosure_says_when_who_what_kind_why_and_under_which_consent() -> None:
    found = one(recorded(), opened(), acknowledged())

    assert found == Disclosure(
        envelope_id="e-1",
        at=NOON,
        sender="harbour",
        recipient="lakeside",
        categories=(Category.IDENT, Category.NEEDS),
        purpose=Purpose.REFERRAL,
        code=Code.OK_CONSENT,
        outcome=Outcome.PERMIT,
        fate=Fate.ARRIVED,
        grounds=(Ground("c-1", 2, "harbour", NOON - timedelta(hours=1)),),
    )


TAKEN_BACK = {"taken_back": True, "outcome": "DENY", "codes": ["DN_WITHDRAWN"], "categories_released": []}
UNKNOWN = {"opened_before": "unknown"}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([opened(), acknowledged()], [Fate.ARRIVED], id="what was acknowledged arrived"),
        pytest.param([opened()], [Fate.UNKNOWN], id="what was opened and has not ended may have arrived"),
        pytest.param([opened(), returned(**UNKNOWN)], [Fate.UNKNOWN], id="so may what was returned after that"),
        pytest.param([opened(), refused(3, **UNKNOWN)], [Fate.UNKNOWN], id="or refused after that"),
        pytest.param([opened(), returned()], [], id="what certainly did not leave and was returned is none"),
        pytest.param([opened(), refused(3)], [], id="nor what did not leave and was refused then"),
        pytest.param([refused()], [], id="a refusal at gate 2 is no disclosure"),
        pytest.param([returned()], [], id="nor is what was never opened"),
        pytest.param([opened(), acknowledged(reason_code="NO_WORD")], [], id="nor what wrote nothing there"),
        pytest.param(
            [opened(), acknowledged(), opened(9, **TAKEN_BACK)], [Fate.TAKEN_BACK], id="taken back is not arrived"
        ),
        pytest.param(
            [opened(), acknowledged(), opened(9, **{**TAKEN_BACK, "outcome": "PERMIT_REDACTED"})],
            [Fate.TAKEN_BACK],
            id="nor where less would be allowed",
        ),
        pytest.param([opened(), opened(2), acknowledged(3)], [Fate.ARRIVED], id="tried twice, it is one disclosure"),
        pytest.param(
            [opened(0, "e-1"), acknowledged(1, "e-1"), opened(0, "e-2"), refused(1, "e-3")],
            [Fate.ARRIVED, Fate.UNKNOWN],
            id="messages are told apart",
        ),
        pytest.param(
            [entry("VIEW", 0), entry("DECISION", 0, outcome="PERMIT")], [], id="gate 1 alone discloses nothing"
        ),
    ],
)
def test_fate(entries: list[dict[str, Any]], expected: list[Fate]) -> None:
    assert fates(*entries) == expected


def test_entries_of_one_instant_may_stand_in_any_order() -> None:
    entries = [recorded(), opened(0), opened(2), acknowledged(2)]

    assert len({repr(disclosures(each, HUB)) for each in permutations(entries)}) == 1
    assert one(*entries).at == NOON + timedelta(minutes=2), "the opening that was acknowledged"


def test_what_may_have_left_counts_also_where_less_was_sent_again() -> None:
    again = opened(3, categories_released=["IDENT"])

    assert one(opened(), again, acknowledged(4)).categories == (Category.IDENT, Category.NEEDS)


def test_a_clock_that_was_set_back_between_the_opening_and_the_word_of_arrival_loses_no_disclosure() -> None:
    found = one(opened(5), acknowledged(2))

    assert (found.fate, found.at) == (Fate.ARRIVED, NOON + timedelta(minutes=5))


def test_what_the_store_knows_has_not_left_yet_is_not_told() -> None:
    under_way = [opened(0, "e-1"), opened(0, "e-2"), opened(0, "e-3"), acknowledged(1, "e-3")]

    assert open_ways(under_way) == {"e-1", "e-2"}
    found = disclosures(under_way, HUB, unsent=frozenset({"e-1", "e-3"}))
    assert [(each.envelope_id, each.fate) for each in found] == [("e-2", Fate.UNKNOWN), ("e-3", Fate.ARRIVED)]


def test_s33_an_agencys_officer_sees_what_it_sent_or_received_and_the_hubs_the_whole() -> None:
    entries = [
        opened(0, "e-1"),
        opened(1, "e-2", sender="lakeside", recipient="harbour"),
        opened(2, "e-3", sender="elm"),
    ]

    def seen(agency: str | None) -> list[str]:
        return [each.envelope_id for each in disclosures(entries, Reader(agency))]

    assert seen("harbour") == ["e-1", "e-2"]
    assert seen("lakeside") == ["e-1", "e-2", "e-3"]
    assert seen("elm") == ["e-3"]
    assert seen("maple") == []
    assert seen(None) == ["e-1", "e-2", "e-3"]


@pytest.mark.parametrize("end", ["sender", "recipient"])
@pytest.mark.parametrize("agency", [None, "harbour", "lakeside", "haven"])
def test_c_119_a_womens_service_is_shown_as_the_relay_to_every_reader(end: str, agency: str | None) -> None:
    entries = [recorded(discloser="haven"), opened(**{end: "haven"}), acknowledged()]

    for found in disclosures(entries, Reader(agency, frozenset({"haven"}))):
        assert getattr(found, end) == RELAY
        assert found.grounds[0].discloser == RELAY
        assert "haven" not in repr(found)


@pytest.mark.parametrize("withheld", ["o-1", "the entry", "the acknowledgement"])
def test_3_7_an_entry_under_a_live_withholding_decision_is_not_there_and_leaves_no_gap(withheld: str) -> None:
    hidden, ack = overriding(5), acknowledged(6, "e-9")
    around = [opened(0, "e-1"), acknowledged(1, "e-1"), opened(10, "e-2"), acknowledged(11, "e-2")]
    ids = {"the entry": hidden["id"], "the acknowledgement": ack["id"]}
    reader = Reader(withheld=frozenset({ids.get(withheld, withheld)}))

    assert len(disclosures([*around, hidden, ack], HUB)) == 3
    assert disclosures([*around, hidden, ack], reader) == disclosures(around, HUB)


@pytest.mark.parametrize("named", [{}, {"override_id": None}], ids=["by its field", "by its basis"])
def test_an_override_is_told_by_its_own_code_and_without_a_consent(named: dict[str, Any]) -> None:
    found = one(overriding(**named), acknowledged(1, "e-9"))

    assert (found.code, found.override_id, found.grounds) == (Code.OV_SELF_HARM, "o-1", ())
    assert (found.sender, found.recipient, found.outcome) == ("harbour", "crisis-line", Outcome.PERMIT_REDACTED)


@pytest.mark.parametrize("code", ["OV_CHILD", "OV_STATUTORY"])
def test_who_reported_a_danger_to_a_child_or_resident_is_not_told(code: str) -> None:
    report = [overriding(codes=[code], recipient="aid-society"), acknowledged(1, "e-9")]

    assert one(*report).sender is None
    assert one(*report, reader=Reader("aid-society")).sender is None
    assert disclosures(report, Reader("harbour")) == [], "its own list would tell"


def test_what_gate_1_left_out_was_left_out() -> None:
    first = decided("DECISION", -1, "e-1", outcome="PERMIT_REDACTED", withheld_codes=["RD_CATEGORY"])

    assert one(opened(), acknowledged()).outcome is Outcome.PERMIT
    assert one(first, opened(), acknowledged()).outcome is Outcome.PERMIT_REDACTED
    assert disclosures([first], HUB) == []


@pytest.mark.parametrize(
    ("withheld", "outcome"),
    [
        (["RD_LOCATION"], Outcome.PERMIT),
        (["RD_YOUTH_JUSTICE", "RD_LOCATION"], Outcome.PERMIT),
        (["RD_CATEGORY", "RD_LOCATION"], Outcome.PERMIT_REDACTED),
    ],
)
def test_c_110_that_a_protected_place_was_left_out_is_not_told(withheld: list[str], outcome: Outcome) -> None:
    assert one(opened(outcome="PERMIT_REDACTED", withheld_codes=withheld), acknowledged()).outcome is outcome
