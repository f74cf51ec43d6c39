"""Case 21, INV-1: a SIN that somebody typed into another field never leaves, and its agency is told which field."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import RecordUnreadable
from hub.exchange.screen import RECORD_MAX, screen
from tests import cms_builder as cms
from tests.network import make, refer

SIN = "046 454 286"  # the invented one of the government's own examples
RUN = SIN.replace(" ", "")


@pytest.mark.parametrize(
    ("column", "typed", "element"),
    [
        pytest.param("first_name", RUN, "Patient.name[0].given[0]", id="in the first name"),
        pytest.param("unit", SIN, "Patient.address[0].line[1]", id="in the unit, with spaces"),
        pytest.param("city", f"Toronto SIN{RUN}", "Patient.address[0].city", id="in the city, behind a word"),
        pytest.param("file_no", RUN, "Patient.identifier[0].value", id="as the file number"),
    ],
)
def test_a_sin_in_a_field_of_the_client_never_leaves_and_the_record_says_where(
    tmp_path: Path, column: str, typed: str, element: str
) -> None:
    network = make(tmp_path)
    refer(network, **{column: typed})

    network.run()

    assert network.inbox("lakeside") == []
    waiting = network.waits()["referral_out:1"]
    assert element in waiting.place
    assert RUN not in waiting.place
    assert SIN not in waiting.place


def test_a_sin_in_the_reason_never_leaves_until_it_is_taken_out(tmp_path: Path) -> None:
    network = make(tmp_path)
    _, referral = refer(network)
    db = network.db("harbour")
    cms.update(db, "referral", referral, reason_text=f"Needs work.\nSIN: {RUN[:3]}-{RUN[3:6]}-{RUN[6:]}")

    network.run()
    before = network.inbox("lakeside")
    place = network.waits()["referral_out:1"].place
    cms.update(db, "referral", referral, reason_text="Needs work.")
    db.close()
    network.run()

    assert before == []
    assert "ServiceRequest.reasonCode[0].text" in place
    assert [row["kind"] for row in network.inbox("lakeside")] == ["referral"]


def entry(**elements: object) -> list[dict[str, object]]:
    return [{"fullUrl": "urn:block:client", "resource": {"resourceType": "Patient", **elements}}]


@pytest.mark.parametrize(
    "typed",
    [
        RUN, SIN, "046-454-286", "046 - 454 - 286", "046.454.286", "046\n454\n286", "046\u00a0454\u00a0286",
        "046\u2011454\u2011286", f"({RUN})", f"SIN{RUN}", "٠٤٦٤٥٤٢٨٦",
    ],
)  # fmt: skip
def test_nine_digits_that_pass_are_refused_however_they_are_written(typed: str) -> None:
    with pytest.raises(RecordUnreadable) as refused:
        screen(entry(address=[{"city": "x"}, {"city": typed}]))

    assert str(refused.value).startswith("Patient.address[1].city: ")
    assert typed not in str(refused.value)


@pytest.mark.parametrize(
    "elements",
    [
        pytest.param({"text": "046 454 287"}, id="the last digit is wrong"),
        pytest.param({"text": f"1{RUN}"}, id="ten digits"),
        pytest.param({"text": f"{RUN}0"}, id="ten digits, the other end"),
        pytest.param({"birthDate": "1991-07-22"}, id="a date"),
        pytest.param({"telecom": [{"system": "phone", "value": "+1-416-555-0142"}]}, id="a telephone number"),
        pytest.param({"id": "ab046454-2860-4000-8000-000046454286"}, id="a UUID"),
        pytest.param(
            {"identifier": [{"system": "https://hub.example.org/id/trp", "value": f"T{RUN}"}]}, id="a permit's number"
        ),
        pytest.param(
            {"identifier": [{"system": "https://hub.example.org/id/harbour/referral", "value": RUN}]},
            id="the key of a row",
        ),
        pytest.param({"code": {"coding": [{"system": "http://snomed.info/sct", "code": RUN}]}}, id="a SNOMED CT code"),
    ],
)
def test_what_is_no_sin_passes(elements: dict[str, object]) -> None:
    screen(entry(**elements))


def test_a_file_number_and_a_telephone_that_pass_as_a_sin_do_not_pass() -> None:
    for elements in (
        {"identifier": [{"system": "https://hub.example.org/id/harbour/file", "value": RUN}]},
        {"telecom": [{"system": "phone", "value": RUN}]},
        {"code": {"coding": [{"system": "urn:iso:std:iso:3166", "code": RUN}]}},
    ):
        with pytest.raises(RecordUnreadable):
            screen(entry(**elements))


def test_a_record_that_is_too_long_is_refused_by_its_longest_text_and_its_neighbour_goes(tmp_path: Path) -> None:
    network = make(tmp_path)
    db = network.db("harbour")
    for number, text in enumerate(["short", "Zz " * (RECORD_MAX // 3)]):
        client = cms.add_client(db, birth_date=f"198{number}-01-02")
        cms.add_consent(db, client)
        cms.add_referral(db, client, reason_text=text)
    network.run()

    waits = network.waits()
    assert network.states() == {"delivered": 1}
    assert list(waits) == ["referral_out:2"]
    assert f"{RECORD_MAX} octets in all at most" in waits["referral_out:2"].place
    assert "Zz" not in waits["referral_out:2"].place


@pytest.mark.parametrize(
    ("start", "end", "passes"),
    [
        ("2026-05-04", "2026-05-03", False),
        ("2026-05-04", "2026-05-04", True),
        ("2026-05-04T10:00:00-04:00", "2026-05-04T13:59:59Z", False),
        ("2026-05-04T10:00:00-04:00", "2026-05-04T14:00:00Z", True),
        ("2026-05-04T10:00:00-04:00", "2026-05-03", False),
        ("2026-05-04T10:00:00-04:00", "2026-05-04", True),
        ("2026-05-04", "2026-04", False),
        ("2026-05-04", "2026", True),
    ],
)
def test_per_1_a_period_does_not_end_before_it_begins(start: str, end: str, passes: bool) -> None:
    entries = entry(period={"start": start, "end": end})
    if passes:
        screen(entries)
        return
    with pytest.raises(RecordUnreadable) as refused:
        screen(entries)
    assert str(refused.value).startswith("Patient.period: ")
    assert end not in str(refused.value)


def test_per_1_what_has_no_end_or_no_start_passes() -> None:
    screen(entry(period={"start": "2026-05-04"}, performedPeriod={"end": "2026-05-03"}))
