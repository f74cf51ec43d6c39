"""What a CMS tells of services: to those who referred the client, and to a funder (settled S1 to S4)."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from adapters.cms.changes import Cursor
from adapters.cms.record import parse
from adapters.contract import Gone, Raw
from hub.errors import RecordUnreadable
from tests import cms_builder as cms
from tests.contract.source import drain


def client(db, **fields):
    number = cms.add_client(db, **fields)
    cms.add_identifier(db, number)
    return number


def told(source, prefix):
    """What is told from the beginning: keys to records, and the cursor."""
    raws, cursor = drain(source)
    records = {raw.key: parse(raw.key, raw.data) for raw in raws if isinstance(raw, Raw)}
    return {key: record for key, record in records.items() if key.startswith(f"{prefix}:")}, cursor


def keys_of(page, *prefixes):
    return [raw.key for raw in page.raws if raw.key.partition(":")[0] in prefixes]


@pytest.fixture(autouse=True)
def _in_may(clock):
    clock.set(datetime(2026, 5, 4, 16, 0, tzinfo=UTC))


def test_a_service_comes_with_its_client_its_lists_and_the_referral_it_came_of(db, source):
    number = client(db)
    cms.answer(db, "K7QM2XWBR4TD", "ACCEPTED", client_id=number)
    (case,) = db.execute("SELECT MAX(case_id) FROM case_file").fetchone()
    (part,) = cms.add_service(db, number, case_id=case, supports="childminding transport", target_group="youth")
    services, _ = told(source, "service")
    record = services[f"service:{part}"]
    assert record.get("activity") == "orientation"
    assert [row.get("code") for row in record.children["support"]] == ["childminding", "transport"]
    assert [row.get("code") for row in record.children["target"]] == ["youth"]
    assert [row.get("hub_referral_no") for row in record.children["referral"]] == ["K7QM2XWBR4TD"]
    assert record.children["client"][0].get("client_id") == str(number)


def test_case_36_two_services_of_one_activity_and_month_are_one_report(db, source):
    number = client(db)
    (first,) = cms.add_service(db, number, minutes=35, supports="transport", delivery="phone")
    cms.add_service(
        db, number, started_at="2026-04-02 09:00:00", ended_at="2026-04-02 10:00:00", supports="childminding"
    )
    reports, _ = told(source, "report")
    assert list(reports) == [f"report:{first}"]
    record = reports[f"report:{first}"]
    assert (record.get("first_on"), record.get("last_on"), record.get("minutes")) == ("2026-04-02", "2026-04-14", "95")
    assert {row.get("code") for row in record.children["support"]} == {"transport", "childminding"}
    assert (record.get("delivery"), record.get("differs")) == ("in person", "delivery")


def test_case_36_minutes_that_one_of_them_does_not_say_are_not_half_told(db, source):
    number = client(db)
    cms.add_service(db, number, minutes=35)
    cms.add_service(db, number, minutes=None)
    (record,) = told(source, "report")[0].values()
    assert record.get("minutes") is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"activity": "community-event"}, id="another activity"),
        pytest.param({"started_at": "2026-03-30 10:00:00", "ended_at": None}, id="another month"),
    ],
)
def test_another_activity_or_month_is_another_report(db, source, change):
    number = client(db)
    cms.add_service(db, number)
    cms.add_service(db, number, **change)
    assert len(told(source, "report")[0]) == 2


def test_case_40_a_group_is_a_report_for_each_client(db, source):
    numbers = [client(db, last_name=f"Nwosu-{place}") for place in "ABC"]
    parts = cms.add_service(db, *numbers, format="group", group_size=12)
    reports, _ = told(source, "report")
    assert sorted(reports) == sorted(f"report:{part}" for part in parts)
    assert {record.get("group_size") for record in reports.values()} == {"12"}
    whose = {record.get("client_id") for record in reports.values()}
    assert whose == {str(number) for number in numbers}


def test_case_38_an_anonymous_participant_is_not_told(db, source):
    cms.add_service(db, client(db, is_anonymous=1))
    assert told(source, "report")[0] == {} == told(source, "service")[0]


@pytest.mark.parametrize("fields", [{"attended": 0}, {"funder": "province"}], ids=["not there", "another funder"])
def test_what_another_funder_paid_for_or_nobody_attended_is_not_reported(db, source, fields):
    cms.add_service(db, client(db), **fields)
    assert told(source, "report")[0] == {}


def test_s2_a_month_that_is_not_over_is_not_reported_until_it_is(db, source, clock):
    cms.add_service(db, client(db), started_at="2026-05-02 10:00:00", ended_at=None)
    reports, cursor = told(source, "report")
    assert reports == {}
    cursor = source.fetch(cursor).cursor
    clock.set(datetime(2026, 6, 1, 3, 59, tzinfo=UTC))  # 23:59 in Toronto
    assert keys_of(source.fetch(cursor), "report", "profile") == []
    clock.set(datetime(2026, 6, 1, 4, 1, tzinfo=UTC))
    assert keys_of(source.fetch(cursor), "report", "profile") == ["profile:1", "report:1"]


def test_a_profile_does_not_wait_for_the_month_that_goes_on(db, source):
    number = client(db)
    cms.add_service(db, number)
    cms.add_service(db, number, started_at="2026-05-02 10:00:00", ended_at=None)
    assert list(told(source, "profile")[0]) == ["profile:1"]
    assert list(told(source, "report")[0]) == ["report:1"]


def test_a_profile_keeps_its_key_where_an_earlier_month_was_entered_later(db, source, clock):
    number = client(db)
    cms.add_service(db, number, started_at="2026-05-02 10:00:00", ended_at=None)
    cms.add_service(db, number)
    found, cursor = told(source, "profile")
    assert list(found) == ["profile:1"]
    assert [each.get("after") for each in told(source, "report")[0].values()] == ["profile:1"]

    clock.set(datetime(2026, 6, 2, 12, tzinfo=UTC))
    assert set(keys_of(source.fetch(cursor), "report", "profile")) <= {"profile:1", "report:1", "report:2"}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("began", ["2026-O4-14 10:00:00", "2026--1-14 10:00", "2026-a", "2026-13-01 10:00:00", ""])
def test_a_time_that_nobody_can_read_stops_no_neighbour_and_its_own_record_says_so(db, source, began):
    number = client(db)
    cms.add_service(db, number, started_at=began, ended_at=None)
    cms.add_service(db, number)
    cms.add_consent(db, number)
    raws, _ = drain(source)
    assert {raw.key for raw in raws} >= {"consent:1", "report:2", "profile:2", "service:1"}
    with pytest.raises(RecordUnreadable, match="started_at"):
        parse("service:1", next(raw.data for raw in raws if raw.key == "service:1"))


def test_months_long_past_are_not_begun_with(db, source):
    cms.add_service(db, client(db), started_at="2026-01-10 10:00:00", ended_at=None)
    assert told(source, "report")[0] == {}


def test_what_was_told_stays_told_however_long_ago_its_month_was(db, source, clock):
    (part,) = cms.add_service(db, client(db))
    _, cursor = told(source, "report")
    cursor = source.fetch(cursor).cursor
    clock.set(datetime(2026, 12, 4, 16, 0, tzinfo=UTC))
    again = source.fetch(Cursor.read(cursor).sweeping(full=False).text())
    assert keys_of(again, "report", "profile") == []
    assert isinstance(source.refetch([f"report:{part}"])[0], Raw)


def test_a_report_waits_for_the_profile_and_a_service_for_the_month_s_assessment(db, source):
    number = client(db)
    case = cms.add_case(db, number)
    db.execute("INSERT INTO presenting_issue (case_id, rank, issue_code) VALUES (?, 1, 'housing')", (case,))
    (service,) = cms.add_service(db, number)
    (assessed,) = cms.add_service(db, number, activity="needs-assessment", case_id=case)
    reports, _ = told(source, "report")
    assert reports[f"report:{service}"].get("after") == f"report:{assessed}"
    assert reports[f"report:{assessed}"].get("after") == f"profile:{service}"
    assert [row.get("code") for row in reports[f"report:{assessed}"].children["need"]] == ["housing"]
    assert "need" not in reports[f"report:{service}"].children


def test_a_changed_service_changes_the_revision_of_its_report_and_a_changed_client_that_of_none(db, source):
    number = client(db)
    cms.add_service(db, number)
    before = source.refetch(["report:1", "profile:1"])
    cursor = drain(source)[1]
    cms.update(db, "client", number, postal_code="M4Y 1A1")
    assert keys_of(source.fetch(cursor), "report", "profile") == ["profile:1", "report:1"]
    cms.update(db, "service_event", 1, minutes=90)
    after = source.refetch(["report:1", "profile:1"])
    assert before[0].revision != after[0].revision
    assert before[1].data != after[1].data


def test_a_removed_participant_leaves_the_report_of_the_others(db, source):
    number = client(db)
    parts = cms.add_service(db, number) + cms.add_service(db, number, started_at="2026-04-20 10:00:00", ended_at=None)
    cursor = source.fetch(drain(source)[1]).cursor
    db.execute("DELETE FROM service_participant WHERE participant_id = ?", (parts[0],))
    page = source.fetch(cursor)
    assert Gone(f"service:{parts[0]}") in page.raws
    night = source.fetch(Cursor.read(page.cursor).sweeping(full=False).text())
    assert Gone(f"report:{parts[0]}") in night.raws
    assert f"report:{parts[1]}" in keys_of(night, "report")


def test_a_report_without_services_is_refused_with_its_place():
    data = orjson.dumps({"participant_id": 1, "client_id": 2, "funder": "ircc", "client": []})
    with pytest.raises(RecordUnreadable):
        parse("report:1", data)


@pytest.mark.parametrize("prefix", ["report", "profile"])
def test_case_19_a_claimant_without_a_number_is_refused_with_what_is_missing(db, source, prefix):
    number = cms.add_client(db)
    cms.add_identifier(db, number, type="HARTS", value="12345678")
    cms.add_service(db, number)
    (raw,) = source.refetch([f"{prefix}:1"])
    with pytest.raises(RecordUnreadable, match="UCI, TRP, IMM"):
        parse(raw.key, raw.data)
    cms.add_identifier(db, number)
    (raw,) = source.refetch([f"{prefix}:1"])
    assert parse(raw.key, raw.data).get("funder") == "ircc"


def test_no_key_of_a_report_is_a_number_of_a_client(db, source):
    for _ in range(5):
        client(db)
    number = client(db)
    cms.add_service(db, number)
    assert set(told(source, "report")[0]) == {"report:1"}
    assert number == 6


def test_a_report_comes_with_the_last_entry_of_its_services_and_so_after_a_notice_that_was_saved_before_them(
    db, source
):
    number = client(db)
    for _ in range(600):  # more than one page of the log
        cms.add_client(db)
    consent = cms.add_consent(db, number, "ircc", purposes="FUNDER_REPORT")
    (part,) = cms.add_service(db, number)

    raws, cursor = drain(source)
    order = [raw.key for raw in raws]

    assert order.index(f"consent:{consent}") < order.index(f"profile:{part}")
    assert order.count(f"profile:{part}") == order.count(f"report:{part}") == 1

    cms.update(db, "client", number, last_name="Tremblay")  # no service of hers has an entry further on
    assert keys_of(source.fetch(cursor), "profile", "report") == [f"profile:{part}", f"report:{part}"]
