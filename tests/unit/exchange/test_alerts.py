"""Which alert is due, to whom, and when again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.exchange.alerts import AGAIN, AWAY_FOR, BEHIND_FOR, MORE_AFTER, due, key, standing
from hub.model.alerts import Alert, AlertCode, Role
from hub.model.rows import Tally

NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
QUIET = Tally({}, {}, {}, 0, 0, None, 0, 0, 0)
AWAY, ASIDE, NEAR = AlertCode.SYSTEM_AWAY, AlertCode.SET_ASIDE, AlertCode.NEAR_RETURN
A_SECOND = timedelta(seconds=1)


def one_each(role: Role) -> list[str]:
    """A recipient of each role."""
    return [f"{role}-1"]


def codes(alerts: list[Alert]) -> dict[AlertCode, int]:
    return {alert.code: alert.count for alert in alerts}


def test_nothing_stands_where_all_is_well() -> None:
    assert standing(QUIET, {}, NOW) == []


def test_what_was_set_aside_is_counted_whatever_its_code() -> None:
    assert codes(standing(replace(QUIET, aside={"BUS_FOREIGN": 2, "BUS_CHANGED": 1}), {}, NOW)) == {ASIDE: 3}


def test_messages_near_their_end_are_counted() -> None:
    assert codes(standing(replace(QUIET, near_return=4), {}, NOW)) == {NEAR: 4}


def test_a_system_counts_when_it_has_been_away_for_a_while() -> None:
    assert standing(QUIET, {"cms-a": NOW - AWAY_FOR + A_SECOND}, NOW) == []
    assert codes(standing(QUIET, {"cms-a": NOW - AWAY_FOR, "cms-b": NOW}, NOW)) == {AWAY: 1}


def test_a_log_that_gives_no_places_is_told_of() -> None:
    pending = replace(QUIET, log_pending=5, log_pending_since=NOW - BEHIND_FOR)

    assert codes(standing(replace(QUIET, reviews_due=2, reviews_late=1), {}, NOW)) == {
        AlertCode.OVERRIDE_USED: 2,
        AlertCode.REVIEW_LATE: 1,
    }
    assert codes(standing(pending, {}, NOW)) == {AlertCode.LOG_BEHIND: 5}
    assert standing(pending, {}, NOW - A_SECOND) == []


def test_waiting_and_held_records_alone_alarm_nobody() -> None:
    assert standing(replace(QUIET, waiting={"DN_NO_CONSENT": 9}, held=2, unpublished=7, notices=3), {}, NOW) == []


def test_an_alert_goes_to_its_roles_alone() -> None:
    assert [who for who, _ in due([Alert(AWAY)], one_each, {}, NOW)] == ["administrator-1"]
    assert [who for who, _ in due([Alert(ASIDE)], one_each, {}, NOW)] == ["administrator-1", "officer-1"]


@pytest.mark.parametrize(
    ("ago", "before", "count", "again"),
    [
        pytest.param(A_SECOND, 1, 1, False, id="just told"),
        pytest.param(AGAIN - A_SECOND, 1, 1, False, id="told within the day"),
        pytest.param(AGAIN, 1, 1, True, id="it still stands after a day"),
        pytest.param(MORE_AFTER - A_SECOND, 1, 2, False, id="it grew at once"),
        pytest.param(MORE_AFTER, 1, 2, True, id="it grew, an hour later"),
        pytest.param(MORE_AFTER, 2, 1, False, id="it shrank"),
        pytest.param(-A_SECOND, 1, 1, True, id="told in time to come: the clock was set back"),
    ],
)
def test_when_it_is_told_again(ago: timedelta, before: int, count: int, again: bool) -> None:
    alert = Alert(AWAY, count)
    told = {key(alert, "administrator-1"): (NOW - ago, before)}

    assert bool(due([alert], one_each, told, NOW)) is again


def test_what_was_set_aside_stays_so_only_more_of_it_is_told_again() -> None:
    told = {key(Alert(ASIDE), f"{role}-1"): (NOW - 100 * AGAIN, 3) for role in Role}

    assert due([Alert(ASIDE, 3)], one_each, told, NOW) == []
    assert len(due([Alert(ASIDE, 4)], one_each, told, NOW)) == 2


def test_an_alert_is_due_for_one_recipient_though_another_was_told() -> None:
    told = {key(Alert(AWAY), "administrator-1"): (NOW, 1)}

    news = due([Alert(AWAY, 1)], lambda role: [f"{role}-1", f"{role}-2"], told, NOW)

    assert news == [("administrator-2", Alert(AWAY, 1))]


def test_where_a_role_has_no_recipient_nothing_is_due() -> None:
    assert due([Alert(ASIDE)], lambda _: [], {}, NOW) == []


@pytest.mark.parametrize("code", AlertCode)
def test_every_alert_says_what_to_do(code: AlertCode) -> None:
    assert code.roles
    assert code.next_step in Alert(code, 2).text
