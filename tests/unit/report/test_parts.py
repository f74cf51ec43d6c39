"""Consent rules 4.5: fifteen parts, of figures that may be shown; what is not kept is said so, not counted as none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.model import Agreement, Consent
from consent.model.reviewed import Part as ReviewPart
from consent.model.reviewed import Review
from consent.model.words import Basis, ConsentState
from hub.model.audit import Actor, AuditEvent
from hub.model.incidents import Duty, Incident
from hub.model.rows import Request
from hub.report.metrics import Kept
from hub.report.pages import files
from hub.report.parts import Facts, parts
from hub.report.shown import Part, Shown
from hub.report.standing import Standing
from tests.unit.report.log import DAY, MAY, NOON, Log

KEPT = Kept(zones={"harbour": ZoneInfo("America/Toronto")})
GIVEN_WELL = Consent("c", 1, "s", ConsentState.ACTIVE, 1, "harbour", (), (), (), "ca-on", 1, captured_at=MAY.start)


@pytest.fixture
def log() -> Log:
    return Log()


def made(log: Log, *, consents: list[Consent] | None = None, **facts: Any) -> tuple[Part, ...]:
    standing = Standing(MAY, MAY.end, {"ca-on": 14})
    for consent in consents or []:
        standing.add(consent)
    tally = log.tally()
    given = {"kept": KEPT, "agreements": (), "requests": (), "incidents": (), "duties": (), "at": MAY.end, **facts}
    return parts(Facts(tally=tally, standing=standing, **given))


def table(found: tuple[Part, ...], number: int, title: str) -> Shown:
    (one,) = [each for each in found[number - 1].tables if title in each.title]
    return one


def cells(found: tuple[Part, ...], number: int, title: str) -> dict[Any, Any]:
    return {row[0]: row[1] for row in table(found, number, title).rows}


def texts(found: tuple[Part, ...]) -> str:
    return b"\n".join(files(found, "2026-05", MAY.end).values()).decode()


def busy(log: Log) -> None:
    """A month in which there is something of everything, in every size."""
    log.sent(times=60)
    log.sent(times=14, sender="lakeside")
    log.sent(times=3, sender="quiet")
    for code, times in (("DN_NO_CONSENT", 30), ("DN_EXPIRED", 4), ("DN_EXISTENCE", 10), ("DN_MINOR_PREVAILS", 12)):
        log.sent(times=times, outcome="DENY", codes=[code])
    for category, times in (("INCOME", 20), ("IMMIG", 2), ("NEEDS", 13)):
        log.sent(times=times, outcome="PERMIT_REDACTED", categories_removed=[category])
    for turn in range(33):
        code = ("DOC-SELF", "DOC-CHILD", "DOC-OTHER", "ST-LTC")[min(turn // 9, 3)]
        log.override(code=code, worker=f"w-{turn % 4}", approved=turn % 6 > 0, imminent=turn % 3 == 0)
    for turn in range(15):
        worker = Actor(f"w-{turn}", "officer", "harbour")
        log.add(AuditEvent.AUDIT_READ, NOON, worker, what="override metrics")
    for _ in range(12):
        log.add(AuditEvent.VIEW, NOON, Actor("w-curious", "worker", "harbour"), what="consents", count=1)
    for seconds in (1, 100, 4_000, 100_000):
        effective = (NOON - timedelta(seconds=seconds)).isoformat()
        log.add(AuditEvent.CONSENT_WITHDRAWN, NOON, effective_at=effective)


def test_there_are_fifteen_parts_in_their_order(log: Log):
    assert [part.number for part in made(log)] == list(range(1, 16))


def test_no_count_from_1_to_10_stands_anywhere_in_the_report(log: Log):
    busy(log)
    found = made(log)

    small = [
        (part.number, each.title, row)
        for part in found
        for each in part.tables
        for row in each.rows
        for cell in row[1:2]
        if isinstance(cell, int) and 0 < cell < 11 and each.columns[1] != "version"
    ]
    assert small == []
    assert any(row[1] is None for part in found for each in part.tables for row in each.rows), "some were masked"
    assert any(each.bars for part in found for each in part.tables), "and some were not"


def test_no_table_lets_a_masked_cell_be_computed_from_its_total(log: Log):
    busy(log)
    for part in made(log):
        for each in part.tables:
            totals = [row[1] for row in each.rows if row[0] == "in all"]
            hidden = [row for row in each.rows if row[1] is None and row[0] != "in all"]
            assert not totals or len(hidden) != 1 or hidden[0][0] == "which and how many", each.title


COUNTS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 25))


@given(st.lists(COUNTS, min_size=9, max_size=9))
def test_whatever_was_counted_no_small_count_stands_in_any_table_nor_alone_is_hidden(counts):
    standing, tally = Standing(MAY, MAY.end, {}), Log().tally()
    for counter, cells in zip(
        [standing.forms, standing.languages, tally.removed, tally.over_asking, tally.withdrawn, tally.alarms],
        counts,
        strict=False,
    ):
        counter.update(cells)
    tally.answers[1, "DENY"].update(counts[6])
    tally.answers[2, "PERMIT"].update(counts[7])
    tally.notices.update({("harbour", label): count for label, count in counts[8].items()})
    facts = Facts(tally, KEPT, standing, agreements=(), requests=(), incidents=(), duties=(), at=MAY.end)

    for part in parts(facts):
        for each in part.tables:
            shown = [row for row in each.rows if row[0] != "in all"]
            assert not [row for row in each.rows if isinstance(row[1], int) and 0 < row[1] < 11], each.title
            hidden = [row for row in shown if row[1] is None]
            assert len(hidden) != 1 or hidden[0][0] == "which and how many" or part.number in (3, 4, 7, 8), each.title


def test_a_chart_holds_what_its_table_shows_and_nothing_else(log: Log):
    busy(log)
    for part in made(log):
        for each in part.tables:
            assert each.bars.items() <= {(row[0], row[1]) for row in each.rows if row[1] is not None}


def test_no_worker_and_no_client_is_named(log: Log):
    busy(log)
    for turn in range(3):
        log.override(worker="w-zzyzx", subject="subject-zzyzx", goes=turn > 0)
    log.add(AuditEvent.CONFIG_CHANGE, NOON, what="conflict of interest", name="w-zzyzx", action="friend")
    said = texts(made(log, kept=replace(KEPT, open=[Review("N00001", ReviewPart.SELF, NOON, worker="w-zzyzx")])))

    assert "zzyzx" not in said
    assert "w-curious" not in said
    assert "N000" not in said, "nor a case"


def test_what_is_not_kept_is_said_so_and_never_shown_as_none(log: Log):
    found = made(log)

    missing = {part.number: part.missing for part in found if part.missing}
    assert missing == {
        5: ("same surname or address as the client",),
        7: ("places of a women's service that were taken out", "questions whether somebody is known there"),
        8: ("decisions by capable minors", "conflicts between decision-makers"),
        13: ("results of verifications",),
    }
    assert "Decisions by capable minors: nothing is recorded of this yet." in texts(found)


def test_messages_are_told_by_outcome_and_reason_and_those_on_an_override_are_not_among_them(log: Log):
    log.sent(times=20)
    log.sent(times=15, outcome="DENY", codes=["DN_NO_CONSENT"])
    for _ in range(12):
        log.override()
    found = made(log)

    assert cells(found, 1, "PERMIT, decided when a message comes") == {"OK_CONSENT": 20, "in all": 20}
    assert cells(found, 1, "DENY, decided when a message comes") == {"DN_NO_CONSENT": 15, "in all": 15}
    assert cells(found, 1, "PERMIT, decided when it is handed over") == {"OK_CONSENT": 20, "in all": 20}
    assert cells(found, 5, "By agency") == {"harbour": 12, "in all": 12}
    assert table(found, 5, "By agency").rows[0] == ("harbour", 12, 375.0)


def test_a_rate_is_not_told_of_an_agency_whose_count_is_masked(log: Log):
    log.sent(times=1000)
    log.sent(times=500, sender="lakeside")
    for agency, times in (("harbour", 10), ("lakeside", 30), ("third", 40)):
        for _ in range(times):
            log.override(agency=agency)
    rows = {row[0]: row[1:] for row in table(made(log), 5, "By agency").rows}

    assert rows["harbour"] == (None, None), "10 in 1,010 would be told by its rate"
    assert rows["lakeside"] == (None, None), "and 80 less 40 less 30 is 10"
    assert rows["third"][0] == 40


def test_what_lacks_an_agreement_is_named_and_not_counted(log: Log):
    log.sent(times=30, outcome="DENY", codes=["DN_NO_AGREEMENT"])
    log.sent(times=4, outcome="DENY", codes=["DN_EXPIRED"])
    found = made(log)

    assert table(found, 10, "Tried without one").rows == (("harbour", "lakeside"),)
    assert "30" not in str(found[0])


def test_part_7_repeats_a_cell_of_part_1_as_it_is_masked_there(log: Log):
    for code, times in (("DN_EXISTENCE", 4), ("DN_MINOR_PREVAILS", 15), ("DN_NO_CONSENT", 40)):
        log.sent(times=times, outcome="DENY", codes=[code])

    assert cells(made(log), 7, "Kept back") == {"messages that a women's service could not send": None}
    assert made(log)[7].tables == (), "nothing decides between minors and parents yet, so there is no zero"


def test_a_rate_of_nothing_is_no_masked_one(log: Log):
    log.sent(times=60)
    nothing = table(made(log), 5, "By agency")
    assert nothing.rows[-1] == ("in all", 0, "")

    for turn in range(12):
        log.override(worker=f"w-{turn}")
    rows = {row[0]: row[1:] for row in table(made(log), 5, "By agency").rows}
    assert rows["in all"] == (12, "")


@pytest.mark.parametrize(
    ("seconds", "when"),
    [
        (60, "within a minute"),
        (61, "within an hour"),
        (3_601, "within a day"),
        (86_401, "longer"),
        (-5, "within a minute"),
    ],
)
def test_withdrawals_by_the_time_from_said_to_in_force(log: Log, seconds, when):
    for _ in range(11):
        effective = (NOON - timedelta(seconds=seconds)).isoformat()
        log.add(AuditEvent.CONSENT_WITHDRAWN, NOON, effective_at=effective)

    assert cells(made(log), 3, "From being said")[when] == 11


def test_what_was_just_being_handed_over_when_a_withdrawal_came(log: Log):
    for _ in range(12):
        log.sent(times=1)
        last = log.entries[-2]
        said = {**last.details, "outcome": "DENY", "codes": ["DN_WITHDRAWN"], "opened_before": "unknown"}
        log.add(AuditEvent.DELIVERY, NOON, **said)

    assert list(cells(made(log), 3, "Perhaps").values()) == [12]


@pytest.mark.parametrize(
    ("change", "form"),
    [
        ({"basis": Basis.EXPRESS_WRITTEN}, "ACTIVE, EXPRESS_WRITTEN"),
        ({"expires_at": MAY.end}, "EXPIRED, form not said"),
        ({"expires_at": MAY.end + DAY}, "ACTIVE, form not said"),
        ({"state": ConsentState.VERBAL_PENDING, "basis": Basis.EXPRESS_VERBAL}, "LAPSED in this month, EXPRESS_VERBAL"),
        (
            {"state": ConsentState.VERBAL_PENDING, "captured_at": MAY.start - 14 * DAY - timedelta.resolution},
            "LAPSED earlier, EXPRESS_VERBAL",
        ),
        (
            {"state": ConsentState.VERBAL_PENDING, "basis": Basis.EXPRESS_VERBAL, "captured_at": MAY.end - 14 * DAY},
            "VERBAL_PENDING, EXPRESS_VERBAL",
        ),
    ],
)
def test_consents_by_state_and_form(log: Log, change, form):
    found = made(log, consents=[replace(GIVEN_WELL, **change)] * 11)

    assert cells(found, 2, "By state and form") == {form: 11, "in all": 11}


def test_a_withdrawn_consent_is_in_part_3_alone(log: Log):
    found = made(log, consents=[replace(GIVEN_WELL, state=ConsentState.WITHDRAWN)] * 30)

    assert cells(found, 2, "By state and form") == {"in all": 0}


def test_verbal_consents_that_lapsed_are_the_cells_of_part_2(log: Log):
    verbal = replace(GIVEN_WELL, state=ConsentState.VERBAL_PENDING, basis=Basis.EXPRESS_VERBAL)
    found = made(log, consents=[verbal] * 10 + [GIVEN_WELL] * 12 + [replace(GIVEN_WELL, basis=Basis.NOTICE_ONLY)] * 20)

    assert cells(found, 4, "Verbal") == {
        "LAPSED in this month, EXPRESS_VERBAL": None,
        "LAPSED earlier, EXPRESS_VERBAL": 0,
    }
    assert cells(found, 2, "By state and form")["ACTIVE, form not said"] is None


@pytest.mark.parametrize(("age", "label"), [(89, "under 3 months"), (90, "under 12 months"), (365, "longer")])
def test_consents_by_age(log: Log, age, label):
    found = made(log, consents=[replace(GIVEN_WELL, captured_at=MAY.end - age * DAY)] * 11)

    assert cells(found, 2, "By age")[label] == 11


def test_consents_that_expire_in_30_days(log: Log):
    soon = replace(GIVEN_WELL, expires_at=MAY.end + 30 * DAY)
    found = made(log, consents=[soon] * 11 + [replace(soon, expires_at=MAY.end + 31 * DAY)] * 12)

    assert cells(found, 2, "Expiring") == {"in force, and expires in 30 days": 11, "all others": 12, "in all": 23}


def test_agreements_that_are_over_in_the_month_or_soon_after_it(log: Log):
    def agreement(name: str, expires_at: datetime | None) -> Agreement:
        return Agreement(name, 2, ("a", "b"), (), (), (), "active", MAY.start, expires_at)

    given = [
        agreement("in-may", MAY.start),
        agreement("in-june", MAY.end + 30 * DAY - timedelta.resolution),
        agreement("later", MAY.end + 30 * DAY),
        agreement("before", MAY.start - timedelta.resolution),
        agreement("never", None),
    ]

    rows = table(made(log, agreements=given), 10, "Over").rows
    assert [row[0] for row in rows] == ["in-may", "in-june"]


def test_requests_by_days_taken_and_those_that_wait(log: Log):
    def request(asked: date, answered: date | None) -> Request:
        return Request("r", "s", "harbour", asked, "w", answered, "w" if answered else None)

    given = [
        *[request(date(2026, 5, 1), date(2026, 5, 8))] * 11,
        *[request(date(2026, 4, 1), date(2026, 5, 1))] * 12,
        *[request(date(2026, 4, 1), date(2026, 5, 2))] * 13,
        *[request(date(2026, 4, 30), date(2026, 6, 1))] * 14,
        *[request(date(2026, 5, 30), None)] * 15,
        *[request(date(2026, 6, 1), None)] * 16,
    ]
    found = made(log, requests=given)

    assert cells(found, 11, "Answered") == {"up to 7": 11, "8 to 30": 12, "more than 30": 13, "in all": 36}
    assert cells(found, 11, "Not answered") == {"up to 7": 15, "8 to 30": 0, "more than 30": 14, "in all": 29}


def test_incidents_assessments_and_notices_of_the_month(log: Log):
    def duty(state: str, at: datetime | None, due_at: datetime = MAY.start) -> Duty:
        return Duty("i", 1, "harbour", "individual", "law", "", due_at, state=state, at=at)

    found = made(
        log,
        incidents=[
            *[Incident("i", "wrong-person", MAY.start, "w")] * 11,
            *[Incident("i", "correction", MAY.end - DAY, "w", determined_at=NOON, harm="no-risk")] * 12,
            *[Incident("i", "wrong-route", MAY.end, "w")] * 13,
            *[Incident("i", "wrong-route", MAY.start - DAY, "w", determined_at=NOON, harm="real-risk")] * 14,
        ],
        duties=[
            *[duty("given", NOON)] * 11,
            *[duty("withheld", MAY.end)] * 12,
            *[duty("due", None)] * 13,
            *[duty("due", None, MAY.end)] * 14,
        ],
    )

    assert cells(found, 12, "Incidents opened") == {"wrong-person": 11, "correction": 12, "in all": 23}
    assert cells(found, 12, "Assessments") == {"no-risk": 12, "real-risk": 14, "in all": 26}
    assert cells(found, 12, "Notices of this month") == {"individual, given": 11, "in all": 11}
    assert cells(found, 12, "Notices that were due") == {"individual": 25, "in all": 25}


def test_the_three_outcomes_that_open_a_breach_assessment_are_one_cell(log: Log):
    for outcome, times in (("UPHELD", 20), ("UPHELD_EXCESS", 6), ("MISUSE", 5), ("SEEN", 12)):
        for _ in range(times):
            log.override(done=outcome)

    assert cells(made(log), 5, "outcomes") == {"UPHELD": 20, "SEEN": 12, "not plainly upheld": 11, "in all": 43}


def test_notices_that_are_withheld_by_why(log: Log):
    number = log.override()
    for outcome, reason, times in (("GIVEN", "", 20), ("WITHHELD", "RAISES_DANGER", 11)):
        for _ in range(times):
            said = {"override_id": number, "agency": "harbour", "part": "notice", "outcome": outcome}
            log.add(AuditEvent.REVIEW_DONE, NOON, **said, reason_code=reason)

    assert cells(made(log), 6, "Notices") == {"given": 20, "withheld: RAISES_DANGER": 11, "in all": 31}


def test_changes_of_packs_are_named_and_not_counted(log: Log):
    for day in range(3):
        log.add(AuditEvent.CONFIG_CHANGE, NOON + day * DAY, what="rules", name="ca-on.toml", digest="x")
    for _ in range(11):
        log.add(AuditEvent.CONFIG_CHANGE, NOON, what="worker", action="added")
    found = made(log)

    assert len(table(found, 14, "Packs").rows) == 3
    assert cells(found, 14, "Changes") == {"worker: added": 11, "in all": 11}


def test_who_looked_much_more_than_usual_is_told_without_a_name_and_only_from_11_looks_on(log: Log):
    def looks(ref: str, per_block: dict[int, int]) -> None:
        for block, times in per_block.items():
            at = NOON if block == 0 else MAY.start - timedelta(days=30 * block - 15)
            for _ in range(times):
                log.add(AuditEvent.VIEW, at, Actor(ref, "worker", ref[0]), what="consents", count=1)

    looks("a-1", {0: 40, 1: 20, 2: 20, 3: 90})
    looks("b-1", {0: 11, 1: 2, 2: 2, 3: 2})
    looks("c-1", {0: 10})
    looks("d-1", {0: 30, 1: 30, 2: 30})
    looks("e-1", {0: 25})
    rows = table(made(log), 15, "furthest").rows

    assert set(rows) == {("e", "worker", 25, 0), ("a", "worker", 40, 20), ("b", "worker", 11, None)}
    assert rows[0] == ("e", "worker", 25, 0)


def test_at_most_ten_of_them(log: Log):
    for turn in range(12):
        for _ in range(20 + turn):
            log.add(AuditEvent.VIEW, NOON, Actor(f"w-{turn}", "worker", "harbour"), what="consents", count=1)
    rows = table(made(log), 15, "furthest").rows

    assert [row[2] for row in rows] == list(range(31, 21, -1))


def test_equal_months_give_equal_files(log: Log):
    busy(log)

    assert files(made(log), "2026-05", MAY.end) == files(made(log), "2026-05", MAY.end)


def test_the_pages_need_nothing_from_elsewhere_and_run_nothing(log: Log):
    busy(log)
    page = files(made(log), "2026-05", MAY.end)["report-2026-05.html"].decode()

    assert page.count("<svg") >= 1
    assert "<script" not in page
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "src=" not in page
    assert "default-src 'none'" in page
    assert "masked" in page


def test_what_stands_in_a_label_is_text_in_the_page_and_in_its_charts(log: Log):
    for sender in ("<b>x</b>", "&y"):
        for _ in range(12):
            log.override(agency=sender)
    page = files(made(log), "2026-05", MAY.end)["report-2026-05.html"].decode()

    assert "<b>" not in page
    assert page.count("&lt;b&gt;x&lt;/b&gt;") == 2, "in the table and in the chart"


def test_each_part_is_a_csv_that_says_what_is_masked_and_what_is_not_recorded(log: Log):
    for _ in range(3):
        log.override()
    found = files(made(log), "2026-05", MAY.end)

    assert sorted(found) == [*(f"part-{number:02}.csv" for number in range(1, 16)), "report-2026-05.html"]
    assert b'"By agency, and per 1,000 released messages",in all,masked,' in found["part-05.csv"]
    assert b"results of verifications,nothing is recorded of this yet" in found["part-13.csv"]
