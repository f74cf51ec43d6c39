"""Plans, their ends and their follow-ups: out of packages and rows of 15D, and back (program systems 3.6 to 3.9).

E3 to E5; §10, cases 50 to 52, 54 and 56. All invented.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters import pairs
from adapters.contract import Raw
from adapters.eois import frozen, lists, outcomes, package, parcels, plans, record, rules, summary, worksheet
from hub.errors import MappingGap, RecordUnreadable
from hub.mapping import Unfit
from hub.model.canonical import canonical
from hub.model.record import Record
from tests import eois_builder as eois
from tests.contract.source import Memory as Remembers

from .test_extract import read

KEY = f"P/{eois.SDS}/{eois.OTHER_SDS}/PKG-1"
LATER = "2026-10-06T10:15:00-04:00"
ENDED = '<Closure reason="Completion" outcome="In education"/>'
AT_EXIT = '<FollowUp month="0" date="2026-07-02" status="Completed"/>'
AFTER_3 = '<FollowUp month="3" date="2026-10-05" status="Completed"/>'
MADE = AT_EXIT + AFTER_3.replace("Completed", "Scheduled")
GOAL = Record(
    "sub_goal",
    {"name": "Find work"},
    {"plan_item": (Record("plan_item", {"type": "Ask", "expected_end": "2026-06-15"}),)},
)
FRAME = {"created": eois.CREATED, "sender_sds": "3898A", "receiver_sds": "4102B"}


@pytest.fixture
def before() -> frozen.Plans:
    return frozen.Plans(Remembers())


def records(text: str, before: frozen.Plans) -> list[Raw]:
    return parcels.records(KEY, text.encode(), eois.SDS, before)


def parsed(text: str, key: str = KEY) -> Record:
    return record.parse(key, canonical({"package": text}))


def rendered(found: Record) -> dict[str, Any]:
    tree: dict[str, Any] = orjson.loads(record.render(found))["package"]
    return tree


def tree_of(text: str) -> dict[str, Any]:
    return package.read("x", text.encode())


# -- one package, several records


def test_a_package_is_one_record_and_one_more_for_the_end_of_its_plan_and_each_follow_up(before: frozen.Plans) -> None:
    text = eois.shared(plan=eois.closed(ENDED, follow_ups=MADE), created=LATER)

    keys = [raw.key for raw in records(text, before)]

    assert keys == [KEY, f"X{KEY[1:]}", f"F{KEY[1:]}/0"], "a follow-up that is only scheduled is none"
    assert [parsed(text, key).kind for key in keys] == ["PLAN", "EXIT", "FOLLOW_UP"]


def test_an_answer_may_tell_the_end_of_the_plan_beside_it(before: frozen.Plans) -> None:
    said = {"state": "accepted", "direction": "in"}
    text = eois.package(plan=eois.closed(ENDED), referral=said, created=LATER)

    assert [parsed(text, raw.key).kind for raw in records(text, before)] == ["RF_STATUS", "EXIT"]


def test_a_plan_that_was_opened_in_error_has_no_end_and_no_follow_up_case_51(before: frozen.Plans) -> None:
    text = eois.shared(plan=eois.closed('<Closure reason="Opened in Error"/>'), created=LATER)

    assert [raw.key for raw in records(text, before)] == [KEY]
    assert parsed(text).get("status") == "Opened in Error"


def test_what_a_package_does_not_say_is_no_record_of_it() -> None:
    for key in (f"X{KEY[1:]}", f"F{KEY[1:]}/3", f"F{KEY[1:]}", f"{KEY}/3"):
        with pytest.raises(RecordUnreadable):
            parsed(eois.shared(), key)


def test_the_own_words_of_a_record_are_its_part_of_the_plan_alone(before: frozen.Plans) -> None:
    first = records(eois.shared(plan=eois.closed(ENDED), created=LATER), before)
    moved = records(eois.shared(plan=eois.closed(ENDED), created=LATER).replace("416-555-0142", "416-555-0199"), before)

    assert [raw.own for raw in first] == [raw.own for raw in moved]
    assert [raw.data for raw in first] != [raw.data for raw in moved]


# -- E4, cases 50 to 52

LBS = eois.PLAN.replace("Employment Service", rules.LBS)
LBS_CLOSED = eois.closed(ENDED).replace("Employment Service", rules.LBS)
VOID = eois.closed('<Closure reason="Opened in Error"/>')
MUCH_LATER = "2026-11-01T10:15:00-04:00"


def look(before: frozen.Plans, place: int, plan: str, created: str = LATER, reference: str = eois.REFERENCE) -> str:
    """The code of the fault of a package, by its place among others; "": it has none."""
    fault = before.look(f"{KEY}{place}", tree_of(eois.shared(plan=plan, created=created, reference=reference)))
    return fault.code if fault else ""


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (eois.closed(ENDED.replace("In education", "Employed Part-Time")), ""),
        (eois.PLAN, "PLAN_CLOSED"),
        (eois.closed(ENDED).replace("career development", "job trials"), "PLAN_CLOSED"),
        (VOID, ""),
        (eois.PLAN.replace("2345678", "99"), ""),
    ],
    ids=["closure details may change", "E4 open again", "case 50 a new item", "case 51 void", "another plan"],
)
def test_a_closed_plan_is_frozen_e4(before: frozen.Plans, second: str, code: str) -> None:
    assert look(before, 1, eois.closed(ENDED)) == ""

    assert look(before, 2, second, MUCH_LATER) == code


@pytest.mark.parametrize(
    ("created", "code"),
    [
        (eois.CREATED, ""),
        ("2026-10-06T12:15:00Z", ""),
        ("2026-10-06T10:14:59-04:00", ""),
        ("2026-10-06T10:15:00-04:00", "PLAN_CLOSED"),
        ("2026-10-06T09:15:00-06:00", "PLAN_CLOSED"),
    ],
    ids=["long before", "before, on a clock that is ahead", "just before", "then", "after, on a clock that is behind"],
)
def test_what_was_said_before_the_plan_was_closed_is_judged_as_it_stood(
    before: frozen.Plans, created: str, code: str
) -> None:
    look(before, 1, eois.closed(ENDED))

    assert look(before, 2, eois.PLAN, created) == code


def test_a_void_plan_never_changes_its_reason_again_case_51(before: frozen.Plans) -> None:
    look(before, 1, eois.closed(ENDED))
    look(before, 2, VOID, MUCH_LATER)

    assert look(before, 1, eois.closed(ENDED)) == "", "as it stood"
    assert look(before, 3, eois.closed(ENDED), "2026-12-01T10:15:00-05:00") == "PLAN_CLOSED"


def test_a_learner_has_one_active_lbs_plan_at_a_provider_and_plans_of_other_programs_beside_it_case_52(
    before: frozen.Plans,
) -> None:
    other = LBS.replace("2345678", "9")

    assert look(before, 1, LBS, eois.CREATED) == ""
    assert look(before, 2, eois.PLAN.replace("2345678", "7"), eois.CREATED) == ""
    assert look(before, 3, LBS.replace("2345678", "8"), eois.CREATED, reference="7654321") == ""
    assert look(before, 4, other, eois.CREATED) == "LBS_ACTIVE_EXISTS"
    assert look(before, 5, LBS_CLOSED) == ""
    assert look(before, 4, other) == ""


def test_an_old_package_that_is_read_again_makes_no_closed_plan_active(before: frozen.Plans) -> None:
    look(before, 1, LBS, eois.CREATED)
    look(before, 2, LBS_CLOSED)

    assert look(before, 1, LBS, eois.CREATED) == ""
    assert look(before, 3, LBS.replace("2345678", "9"), MUCH_LATER) == "", "the learner's new plan"
    assert look(before, 1, LBS, eois.CREATED) == "", "nor is it a second one itself"


@pytest.mark.parametrize(
    ("wrong", "then"),
    [
        ({"plan": LBS.replace("2345678", "7")}, {"plan": LBS}),
        ({"plan": LBS, "reference": "7654321"}, {"plan": LBS.replace("2345678", "9"), "reference": "7654321"}),
        ({"plan": LBS_CLOSED}, {"plan": LBS}),
        ({"plan": LBS_CLOSED.replace("career development", "job trials")}, {"plan": LBS_CLOSED}),
        ({"plan": VOID.replace("Employment Service", rules.LBS)}, {"plan": LBS_CLOSED}),
    ],
    ids=["another plan's number", "another learner's", "closed by mistake", "with an item too much", "void by mistake"],
)
def test_a_package_that_was_corrected_in_its_place_takes_back_what_it_said(
    before: frozen.Plans, wrong: dict[str, str], then: dict[str, str]
) -> None:
    assert look(before, 1, **wrong) == ""

    assert look(before, 1, LBS) == ""
    assert look(before, 2, created=MUCH_LATER, **then) == ""


def test_a_plan_that_was_closed_by_mistake_is_no_second_active_one_of_its_learner(before: frozen.Plans) -> None:
    look(before, 1, LBS_CLOSED)
    look(before, 2, LBS.replace("2345678", "9"), MUCH_LATER)

    assert look(before, 1, LBS) == "LBS_ACTIVE_EXISTS"


def test_a_correction_takes_back_no_word_of_another_package_e4(before: frozen.Plans) -> None:
    look(before, 1, eois.closed(ENDED))
    look(before, 2, eois.closed(ENDED), MUCH_LATER)

    assert look(before, 1, eois.PLAN, "2026-12-01T10:15:00-05:00") == "PLAN_CLOSED"
    assert look(before, 3, eois.PLAN, "2026-12-02T10:15:00-05:00") == "PLAN_CLOSED", "the second has closed it, too"


@pytest.mark.parametrize(
    "put",
    [
        eois.shared(plan="", created=LATER),
        eois.shared(plan=eois.closed(ENDED), created=LATER).replace("Completion", "Zyxwvut"),
        eois.shared(plan=eois.closed(ENDED), created=LATER, sender="9999Z"),
        eois.shared(plan=eois.PLAN, created=LATER).replace("Amara", "\udcff"),
    ],
    ids=["without a plan", "of no list", "of another site", "of no encoding"],
)
def test_what_is_put_in_the_place_of_a_package_and_says_nothing_takes_back_its_words(
    before: frozen.Plans, put: str
) -> None:
    look(before, 1, eois.closed(ENDED))

    parcels.records(f"{KEY}1", put.encode(errors="surrogateescape"), eois.SDS, before)

    assert look(before, 2, eois.PLAN, MUCH_LATER) == ""


def test_a_package_that_breaks_e4_is_one_record_that_says_so(before: frozen.Plans) -> None:
    look(before, 1, eois.closed(ENDED))

    (raw,) = records(eois.shared(created=MUCH_LATER), before)

    assert "PLAN_CLOSED /CaseReferralPackage/ServicePlan/@status" in raw.fault
    assert raw.data == b""


def test_what_is_remembered_of_a_plan_is_no_value_of_it_and_is_written_once() -> None:
    class Counting(Remembers):
        puts = 0

        def put(self, key: str, value: str | None) -> None:
            self.puts += 1
            super().put(key, value)

    memory = Counting()
    for _ in range(2):
        look(frozen.Plans(memory), 1, LBS_CLOSED)
        look(frozen.Plans(memory), 2, LBS.replace("2345678", "9"))

    kept = str(dict(memory))
    assert memory.puts == len(memory) == 4, "a plan, a learner, and what each package spoke of"
    assert not any(word in kept for word in ("2345678", eois.REFERENCE, "Job Search", "In education"))


# -- E5


@pytest.mark.parametrize(
    "follow_ups",
    [
        AFTER_3 + AT_EXIT.replace("2026-07-02", "2026-10-06"),
        AFTER_3.replace("2026-10-05", "2026-10-07"),
        AT_EXIT + AFTER_3.replace("2026-10-05", "2026-08-18"),
    ],
    ids=["out of order", "not yet", "before its window"],
)
def test_follow_ups_of_a_package_are_in_order_and_made_e5(follow_ups: str) -> None:
    with pytest.raises(RecordUnreadable, match="DATE_ORDER /CaseReferralPackage/ServicePlan/FollowUp"):
        parsed(eois.shared(plan=eois.closed(ENDED, follow_ups=follow_ups), created=LATER))


def test_a_follow_up_is_due_so_many_months_after_the_exit() -> None:
    text = eois.shared(plan=eois.closed(ENDED, follow_ups=MADE.replace("Scheduled", "Completed")), created=LATER)

    assert parsed(text, f"F{KEY[1:]}/3").get("due_on") == "2026-10-02"
    assert parsed(text, f"X{KEY[1:]}").get("closed_on") == "2026-07-02"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_window_that_no_calendar_has_holds_no_day_e5(day: str) -> None:
    at_exit = AT_EXIT.replace("2026-07-02", day)
    text = eois.shared(
        plan=eois.closed(ENDED, follow_ups=at_exit + AFTER_3.replace("2026-10-05", "9999-12-31")),
        created="9999-12-31T10:15:00-04:00",
    )

    with pytest.raises(RecordUnreadable, match="DATE_ORDER /CaseReferralPackage/ServicePlan/FollowUp"):
        parsed(text)


def test_a_follow_up_whose_due_day_no_calendar_has_is_due_when_it_was_made(before: frozen.Plans) -> None:
    follow_ups = (AT_EXIT.replace("2026-07-02", "9999-12-31") + AFTER_3).replace("Completed", "Unable to Contact")
    text = eois.shared(plan=eois.closed(ENDED, follow_ups=follow_ups), created=LATER)

    assert [raw.key for raw in records(text, before)] == [KEY, f"X{KEY[1:]}", f"F{KEY[1:]}/0", f"F{KEY[1:]}/3"]
    assert parsed(text, f"F{KEY[1:]}/3").get("due_on") == "2026-10-05"


def test_a_follow_up_at_exit_that_is_only_scheduled_does_not_say_when_the_exit_was() -> None:
    text = eois.shared(plan=eois.closed(ENDED, follow_ups=AT_EXIT.replace("Completed", "Scheduled") + AFTER_3))
    text = text.replace(eois.CREATED, LATER)

    assert parsed(text, f"X{KEY[1:]}").get("closed_on") == LATER[:10]
    assert parsed(text, f"F{KEY[1:]}/3").get("due_on") == "2026-10-05", "nobody knows: when it was made"


def test_a_follow_up_that_is_scheduled_again_is_still_the_one_that_was_made(before: frozen.Plans) -> None:
    def own(follow_ups: str) -> dict[str, bytes]:
        text = eois.shared(plan=eois.closed(ENDED, follow_ups=follow_ups), created=LATER)
        return {raw.key: raw.own for raw in records(text, before)}

    again = own(AFTER_3 + AFTER_3.replace("Completed", "Scheduled"))

    assert again[f"F{KEY[1:]}/3"] == own(AFTER_3)[f"F{KEY[1:]}/3"]


def test_a_package_of_no_moment_is_refused() -> None:
    with pytest.raises(RecordUnreadable, match="DN_SCHEMA /CaseReferralPackage/@created"):
        parsed(eois.shared(created="2026-05-29T24:00:00-04:00"))


# -- rows of 15D


def ended(*rows: dict[str, str], plan: dict[str, str] | None = None) -> list[plans.Item]:
    site = plans.newest([read("15B", plan or {}), read("15D", *rows), read("CLIENT", {})])
    return list(outcomes.items(site))


def test_a_row_of_15d_tells_the_end_of_its_plan_once_and_its_follow_up() -> None:
    later = {
        "Follow-up Month": "3",
        "Follow-up Date": "30/08/2026",
        "Hours per Week": "24.5",
        "Outcome": "Employed Part-Time",
    }
    items = ended({}, later)

    assert [(item.key, item.row, item.state.value) for item in items] == [
        ("15D/3898A/2345678/exit", 2, "MADE"), ("15D/3898A/2345678/0", 2, "MADE"), ("15D/3898A/2345678/3", 3, "MADE"),
    ]  # fmt: skip
    assert (items[0].fields["opened_on"], items[0].fields["closed_on"]) == ("2026-01-05", "2026-05-28")
    assert (items[2].fields["due_on"], items[2].fields["hours_per_week"]) == ("2026-08-28", "24.5")
    assert items[0].client["client_id"] == eois.REFERENCE


@pytest.mark.parametrize(
    ("row", "plan", "states"),
    [
        ({"Closure Reason": "Opened in Error", "Follow-up Month": "", "Follow-up Date": ""}, {}, ["VOID"]),
        ({}, {"Service Plan Reference": "7"}, ["PLAN_MISSING", "PLAN_MISSING"]),
        ({"Follow-up Status": "Scheduled"}, {}, ["MADE", "SCHEDULED"]),
        ({}, {"Plan Status": "Active", "Plan Close Date": ""}, ["PENDING", "MADE"]),
        ({"Follow-up Month": "3"}, {}, []),
    ],
    ids=["case 51 void", "15B is silent", "only scheduled", "not closed", "E5 before its window"],
)
def test_a_row_that_does_not_count_says_why(row: dict[str, str], plan: dict[str, str], states: list[str]) -> None:
    assert [item.state.value for item in ended(row, plan=plan)] == states


OPENED_IN_ERROR = {"Closure Reason": "Opened in Error", "Follow-up Month": "", "Follow-up Date": ""}
AT_3 = {"Closure Reason": "", "Follow-up Month": "3", "Follow-up Date": "30/08/2026"}


@pytest.mark.parametrize(
    "rows",
    [
        ({}, OPENED_IN_ERROR),
        (OPENED_IN_ERROR, AT_3),
        (AT_3, {"Closure Reason": "Opened in Error"}),
    ],
    ids=["a later row says it", "an earlier row says it", "a row says it that breaks a rule"],
)
def test_a_plan_that_one_row_calls_opened_in_error_is_void_in_all_of_them_case_51(
    rows: tuple[dict[str, str], ...],
) -> None:
    site = plans.newest([read("15B", {}), read("15D", *rows), read("CLIENT", {})])

    assert {item.state.value for item in (*plans.items(site), *outcomes.items(site))} == {"VOID"}


def test_of_a_client_who_died_every_row_of_the_plan_says_so_case_61() -> None:
    items = ended({"Closure Reason": "Deceased", "Follow-up Month": "", "Follow-up Date": ""}, AT_3)

    assert [(item.what, item.client["deceased_date"]) for item in items] == [
        ("exit", "2026-05-28"),
        ("3", "2026-05-28"),
    ]


def test_what_counts_is_told_by_whichever_row_counts_and_once() -> None:
    items = ended({**AT_3, "Follow-up Status": "Scheduled"}, AT_3, AT_3)

    assert [(item.what, item.row, item.state.value) for item in items] == [("3", 2, "SCHEDULED"), ("3", 3, "MADE")]


# -- out


def test_a_plan_of_others_says_what_cams_asks_and_nobody_told() -> None:
    tree = rendered(Record("PLAN", FRAME, {"sub_goal": (GOAL,)}))

    plan = tree["ServicePlan"]
    assert (plan["program"], plan["status"]) == ("To be chosen", "Not said")
    assert plan["SubGoal"][0]["PlanItem"] == [
        {"expectedStart": "2026-05-29", "expectedEnd": "2026-06-15", "type": "Ask"}
    ]
    assert [loss.place for loss in record.shortened(Record("PLAN", FRAME, {"sub_goal": (GOAL,)}))] == [
        "sub_goal.plan_item.expected_start"
    ]


def test_a_plan_comes_back_as_it_went() -> None:
    text = eois.shared(plan=eois.closed(ENDED), created=LATER)
    there = parsed(text)

    again = package.write({**rendered(there), "packageId": "PKG-1", "language": "en"}).decode()

    assert parsed(again).children["sub_goal"] == there.children["sub_goal"]
    assert parsed(again).fields == there.fields


@pytest.mark.parametrize(("word", "written"), [("Completion/In education", "Completion"), ("", "Not said")])
def test_an_end_is_a_closure_whatever_was_told_of_it(word: str, written: str) -> None:
    tree = rendered(Record("EXIT", {**FRAME, "exit": word, "number": "R-1", "satisfaction": "3 - No general opinion"}))

    closure = tree["ServicePlan"]["Closure"]
    assert (closure["reason"], closure["satisfaction"]) == (written, "3 -  No general opinion"), "case 54: as listed"
    assert tree["Referral"]["number"] == "R-1"


def test_a_follow_up_that_cams_has_no_month_for_is_a_gap() -> None:
    with pytest.raises(MappingGap, match="month"):
        record.render(Record("FOLLOW_UP", {**FRAME, "date": "2026-08-30", "status": "Completed"}))


# -- the client summary


def test_every_item_of_the_summary_has_its_category_and_no_other_is_there() -> None:
    with summary.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    tables = Path(__file__).parents[4] / "mappings" / "eois"
    mapped = {
        (row["local"], name)
        for name in summary.groups()
        if name != f"{summary.PREFIX}{summary.UNNAMED}"
        for row in csv.DictReader((tables / f"{name}.csv").read_text(encoding="utf-8").splitlines())
    }

    assert {row["item"] for row in rows} == set(lists.known("summary_item"))
    assert mapped == {(row["item"], f"summary_{row['group']}") for row in rows if row["group"] != summary.UNNAMED}


@pytest.mark.parametrize(
    ("item", "answer", "group"),
    [
        ("MentalHealth", "Yes", "summary_health_mental"),
        ("HomelessAndHousing", "Yes", "summary_housing"),
        ("LeavingCare", "Yes", "summary_child_prot"),
        ("SourceOfIncome", "crown ward", "summary_child_prot"),
        ("SourceOfIncome", "pupille de la  couronne", "summary_child_prot"),
        ("SourceOfIncome", "ODSP", "summary_income"),
        ("SourceOfIncome", "Assurance-emploi", "summary_income"),
        ("SourceOfIncome", "Dependant of EI", "summary_income"),
        ("SourceOfIncome", "Former Crown Ward", "summary_unnamed"),
        ("SourceOfIncome", "Zyxwvut", "summary_unnamed"),
        ("Discrimination", "Yes", "summary_unnamed"),
        ("Zyxwvut", "Yes", "summary_unnamed"),
    ],
)
def test_the_most_sensitive_answers_have_their_own_category_or_stay_3_7(item: str, answer: str, group: str) -> None:
    assert list(summary.read([{"name": item, "text": answer}])) == [group]


def test_an_item_whose_answers_tell_its_category_has_none_for_other_answers_3_7() -> None:
    with summary.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    told = {row["item"] for row in rows if row["answer"]}
    assert told == {"SourceOfIncome"}
    assert not {row["item"] for row in rows if not row["answer"]} & told


# -- case 56


@pytest.mark.parametrize(
    ("hours", "eligible"),
    [("12", True), ("19.99", True), ("20", False), ("29.5", False), ("30", False), ("0", True)],
)
def test_hours_are_stored_and_employment_ontario_derives_its_label_by_its_own_line_case_56(
    hours: str, eligible: bool
) -> None:
    stored = pairs.hours_in(hours)

    assert pairs.hours_out(stored) == hours
    assert rules.under_the_line(hours) is eligible


@pytest.mark.parametrize("text", ["about 20", "-3", "37,5", "1e2"])
def test_hours_are_a_number_or_refused(text: str) -> None:
    with pytest.raises(Unfit):
        pairs.hours_in(text)


def test_the_worksheet_says_on_which_side_of_the_ministrys_line_hours_are_case_56() -> None:
    tree = tree_of(eois.package(more='<Employment hoursPerWeek="20.00"/>'))

    assert "20.00 (20 or more" in worksheet.write(tree, incomplete=False).decode()
    assert "(20 ou plus" in worksheet.write({**tree, "language": "fr"}, incomplete=False).decode()
