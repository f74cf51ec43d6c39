"""Consent rules 3.9: every figure, and from which value on somebody must look."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from consent.model.reviewed import Outcome, Part, Review
from hub.model.directory import Worker
from hub.report.metrics import Figure, Kept, agency_rate, metrics
from tests.unit.report.log import DAY, MAY, NOON, Log

TORONTO = Kept(zones={"harbour": ZoneInfo("America/Toronto"), "lakeside": ZoneInfo("America/Toronto")})


@pytest.fixture
def log() -> Log:
    return Log()


def figures(log: Log, kept: Kept = TORONTO, agency: str | None = None, at: datetime = MAY.end) -> list[Figure]:
    return list(metrics(log.tally(), kept, at=at, agency=agency))


def one(found: list[Figure], name: str, of: str = "") -> Figure:
    (figure,) = [each for each in found if each.name == name and each.of == of]
    return figure


def named(found: list[Figure], name: str) -> list[Figure]:
    return [each for each in found if each.name == name]


def alerts(found: list[Figure]) -> set[str]:
    return {each.name for each in found if each.alert}


def test_nothing_is_alarming_where_nothing_was_declared(log: Log):
    log.sent(times=30)

    assert alerts(figures(log)) == set()
    assert one(figures(log), "imminent").value is None, "of nothing there is no share"


@pytest.mark.parametrize(
    ("went", "released", "before", "alert"),
    [
        pytest.param(5, 995, (), False, id="5 per 1,000 is not above 5"),
        pytest.param(6, 994, (), True, id="6 is"),
        pytest.param(2, 998, (1, 1, 4), True, id="twice the median of the 90 days before"),
        pytest.param(2, 998, (1.1, 1, 4), False, id="a little less than twice"),
        pytest.param(1, 999, (0, 0, 4), False, id="without a median nothing is twice of it"),
        pytest.param(0, 0, (), False, id="no message, no rate"),
        pytest.param(1, 0, (), True, id="nothing but an override"),
    ],
)
def test_the_rate_of_an_agency(went, released, before, alert):
    assert agency_rate(went, released, before)[1] is alert


def test_a_rate_is_of_an_agencys_own_messages_and_names_the_cases_when_it_alarms(log: Log):
    number = log.override()
    log.sent(times=49)
    log.sent(sender="lakeside", times=500)
    log.override(agency="lakeside", worker="w-8")
    found = figures(log)

    assert one(found, "overrides", "harbour").value == 20
    assert one(found, "overrides", "harbour").cases == (number,)
    assert one(found, "overrides", "lakeside").alert is False
    assert one(found, "overrides", "lakeside").cases == ()
    assert one(found, "overrides by code", "DOC-SELF").count == 2
    assert one(found, "overrides by worker", "w-8").count == 1


def test_a_message_counts_once_however_often_its_hand_over_is_tried_and_a_refused_one_does_not(log: Log):
    log.override()
    log.sent(times=3)
    log.sent(times=7, outcome="DENY", codes=["DN_NO_CONSENT"])
    again = [entry for entry in log.entries if entry.event == "DELIVERY"][-1]  # before its acknowledgement
    place = log.entries.index(again)
    log.entries.insert(place + 1, replace(again, details=again.details | {"attempt": 2}))

    assert one(figures(log), "overrides", "harbour").base == 4


def test_the_median_is_of_the_90_days_before_and_nothing_older(log: Log):
    for age in (20, 50, 80, 95):
        log.override(MAY.start - age * DAY)
        log.sent(MAY.start - age * DAY, times=999)
    log.override()
    log.override(subject="other")
    log.sent(times=998)

    rate = one(figures(log), "overrides", "harbour")
    assert rate.value == 2
    assert rate.alert is True, "each stretch had 1 per 1,000"


@pytest.mark.parametrize(
    ("ages", "alert"),
    [
        ((0, 1, 2), True),
        ((0, 1), False),
        ((0, 15, 29), True),
        ((0, 15, 30), False),
    ],
)
def test_three_duties_of_care_by_one_worker_in_30_days(log: Log, ages, alert):
    numbers = {log.override(NOON - age * DAY) for age in ages}
    found = one(figures(log), "duties of care by one worker", "w-301")

    assert found.alert is alert
    assert not alert or set(found.cases) == numbers


def test_mandatory_reports_of_a_worker_have_no_limit(log: Log):
    for _ in range(9):
        log.override(code="ST-CHILD-PROTECT")

    assert named(figures(log), "duties of care by one worker") == []


@pytest.mark.parametrize(
    ("workers", "alert"),
    [(("w-1", "w-2", "w-3"), True), (("w-1", "w-2"), False), (("w-1", "w-1"), True), (("w-1",), False)],
)
def test_overrides_on_one_client_in_90_days(log: Log, workers, alert):
    for turn, worker in enumerate(workers):
        log.override(NOON - turn * 40 * DAY, worker=worker, subject="s-1")
    found = named(figures(log), "overrides on one client")

    assert bool(found) is alert
    assert "s-1" not in str(found), "whose reference it is stands in the cases, not here"


def test_overrides_on_one_client_more_than_90_days_apart_are_not_counted_together(log: Log):
    log.override(MAY.end - DAY, subject="s-1")
    log.override(MAY.end - 91 * DAY, subject="s-1")

    assert named(figures(log), "overrides on one client") == []


@pytest.mark.parametrize(("without", "alert"), [(1, False), (2, True)])
def test_more_than_a_quarter_without_a_second_person(log: Log, without, alert):
    for turn in range(4):
        log.override(approved=turn >= without, worker=f"w-{turn}")
    log.override(code="ST-LTC", approved=False)  # nobody may be put before it
    log.override(approved=False, goes=False)
    found = one(figures(log), "without a second person")

    assert (found.count, found.base, found.alert) == (without, 4, alert)


@pytest.mark.parametrize(("imminent", "alert"), [(3, False), (4, True)])
def test_more_than_60_percent_imminent(log: Log, imminent, alert):
    for turn in range(5):
        log.override(imminent=turn < imminent, worker=f"w-{turn}")

    assert one(figures(log), "imminent").alert is alert


def test_identical_and_near_identical_narratives_are_those_of_one_agency_that_came_before(log: Log):
    numbers = [log.override(NOON + turn * DAY, worker=f"w-{turn}") for turn in range(4)]
    other = log.override(NOON + 5 * DAY, agency="lakeside")
    words = dict(zip([*numbers, other], ["a", "a", "b", "c", "a"], strict=True))
    sentences = {
        numbers[0]: frozenset({"1", "2"}),
        numbers[1]: frozenset({"1", "2"}),
        numbers[2]: frozenset({"1", "3"}),
        numbers[3]: frozenset({"1", "4", "5"}),
        other: frozenset({"1", "2"}),
    }
    found = one(
        figures(log, replace(TORONTO, words=words, sentences=sentences)), "identical or near-identical narratives"
    )

    assert found.cases == (numbers[1], numbers[2])
    assert found.base == 5
    assert found.alert


@pytest.mark.parametrize(("needless", "alert"), [(1, False), (2, True)])
def test_more_than_5_percent_not_needed_is_a_consent_form_that_lacks_a_flow(log: Log, needless, alert):
    for turn in range(20):
        log.override(needless=turn < needless, worker=f"w-{turn}")
    found = one(figures(log), "not needed (OX_NOT_NEEDED)")

    assert (found.count, found.base, found.alert) == (needless, 20, alert)
    assert one(figures(log), "overrides", "harbour").count == 20 - needless, "the consent carried it, no override"


@pytest.mark.parametrize(("late", "alert"), [(1, False), (2, True)])
def test_less_than_95_percent_of_reviews_on_time(log: Log, late, alert):
    for turn in range(20):
        log.override(took=(6 if turn < late else 1) * DAY, worker=f"w-{turn}")
    found = one(figures(log), "reviews on time")

    assert (found.count, found.base, found.alert) == (20 - late, 20, alert)
    assert len(found.cases) == (late if alert else 0)


def test_a_review_that_is_not_done_is_late_from_the_instant_that_it_was_due(log: Log):
    log.override(done=None)
    due_at = NOON + 5 * DAY

    assert one(figures(log, at=due_at - timedelta.resolution), "reviews on time").base == 0
    assert one(figures(log, at=due_at), "reviews on time").value == 0


def test_the_median_time_to_an_outcome(log: Log):
    for hours in (10, 20, 90):
        log.override(took=timedelta(hours=hours))

    assert one(figures(log), "median time to the officer's outcome").value == 20


@pytest.mark.parametrize("outcome", ["UPHELD_EXCESS", "NOT_JUSTIFIED", "MISUSE"])
@pytest.mark.parametrize(("wrong", "alert"), [(1, False), (2, True)])
def test_more_than_10_percent_wrong(log: Log, outcome, wrong, alert):
    for turn in range(10):
        log.override(done=outcome if turn < wrong else "UPHELD")
    log.override(code="ST-LTC", done="SEEN")
    found = one(figures(log), "excess, not justified or misuse")

    assert (found.count, found.base, found.alert) == (wrong, 10, alert)


@pytest.mark.parametrize(
    ("review", "overdue"),
    [
        (Review("N1", Part.NOTICE, NOON), True),
        (Review("N1", Part.NOTICE, MAY.end + DAY), False),
        (Review("N1", Part.NOTICE, NOON, done_at=NOON, outcome=Outcome.WITHHELD, recheck_at=MAY.end), True),
        (Review("N1", Part.NOTICE, NOON, done_at=NOON, outcome=Outcome.WITHHELD, recheck_at=MAY.end + DAY), False),
        (Review("N1", Part.OFFICER, NOON), False),
    ],
)
def test_a_notice_that_is_overdue_alarms_also_one_that_is_withheld_and_was_to_be_looked_at_again(log, review, overdue):
    found = one(figures(log, replace(TORONTO, open=[review])), "notices overdue")

    assert found.alert is overdue
    assert found.cases == (("N1",) if overdue else ())


@pytest.mark.parametrize(
    ("local", "night", "weekend"),
    [
        ("2026-05-13T21:59", False, False),
        ("2026-05-13T22:00", True, False),
        ("2026-05-14T05:59", True, False),
        ("2026-05-14T06:00", False, False),
        ("2026-05-16T12:00", False, True),
        ("2026-05-17T23:59", True, True),
        ("2026-05-18T12:00", False, False),
    ],
)
def test_each_one_at_night_or_on_a_weekend_of_its_own_agency_is_listed(log: Log, local, night, weekend):
    number = log.override(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("America/Toronto")))
    found = figures(log)

    assert one(found, "at night").cases == ((number,) if night else ())
    assert one(found, "on a weekend").cases == ((number,) if weekend else ())


@pytest.mark.parametrize(("ended_at", "listed"), [("2026-05-13", True), ("2026-05-14", False), (None, False)])
def test_each_one_after_its_worker_had_left_is_listed(log: Log, ended_at, listed):
    log.override()
    workers = {"w-301": Worker("w-301", "harbour", "worker", ended_at=ended_at)}

    assert one(figures(log, replace(TORONTO, workers=workers)), "after the worker had left").alert is listed


def test_each_one_by_a_worker_too_near_to_the_client_is_listed(log: Log):
    number = log.override()

    found = figures(log, replace(TORONTO, near=frozenset({number})))
    assert one(found, "by a worker noted as too near to the client").cases == (number,)


def test_of_an_agency_nothing_is_told_of_another(log: Log):
    log.override(agency="lakeside", worker="w-8", done="MISUSE")
    own = log.override(imminent=True)
    log.sent(sender="lakeside", times=5)
    found = figures(log, agency="harbour")

    assert {case for each in found for case in each.cases} <= {own}
    assert "w-8" not in str(found)
    assert "lakeside" not in str(found)
    assert one(found, "overrides by code", "DOC-SELF").base == 1


def test_what_lies_outside_the_window_is_not_counted(log: Log):
    log.override(MAY.start - timedelta.resolution * 1000)
    log.override(MAY.end)
    found = figures(log)

    assert one(found, "imminent").base == 0
    assert one(found, "not needed (OX_NOT_NEEDED)").base == 0


def test_entries_of_one_instant_may_stand_in_any_order(log: Log):
    log.sent(times=3)
    log.override(done="MISUSE", took=timedelta(0))
    log.override(needless=True)
    expected = figures(log)
    log.entries.reverse()
    assert log.bodies()[0] != log.bodies()[-1]

    reversed_ = figures(log)

    assert sorted(map(str, reversed_)) == sorted(map(str, expected))


def test_a_declaration_that_was_corrected_is_one_case_as_it_was_said_last(log: Log):
    number = log.override(goes=False)
    first = next(entry for entry in log.entries if entry.event == "OVERRIDE_DECLARED")
    for version, imminent in ((3, True), (2, False)):
        log.entries.append(replace(first, details=first.details | {"version": version, "imminent": imminent}))
    (case,) = log.tally().cases

    assert (case.number, case.imminent) == (number, True)


def test_a_line_that_has_ended_counts_nowhere(log: Log):
    tally = log.tally()

    tally.add(b"")
    tally.add(b'{"ended":true}')

    assert (tally.answers, tally.alarms, list(tally.cases)) == ({}, {}, [])
