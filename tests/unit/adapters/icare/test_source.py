"""Workbooks in a folder: read once, answered beside the file, each row by itself (settled S9, S12, S13)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import orjson
import pytest

from adapters.contract import Answer, Answering, Gone, Raw, Verdict
from adapters.icare import ADAPTER
from adapters.icare.source import connect, look
from hub.errors import RecordUnreadable, Refused, Unavailable
from tests import icare_builder as icare
from tests.contract.source import Memory, drain, keys
from tests.icare_builder import Office, assessed, profile

NOW = datetime(2026, 6, 3, 14, tzinfo=UTC)
FLAG = "language_skills_referrals_ind"
TWO = {"housing_accommodation_needs_ind": "Yes", "housing_accommodation_referrals_ind": "Yes",
       "non_cic_program_needs_services_required": "Yes"}  # fmt: skip
NO_FLAG = {"language_skills_referrals_ind": "No"}
ACCEPTED, ON_ITS_WAY = Answer(Verdict.ACCEPTED), Answer(Verdict.ACCEPTED, under_way=True)
WAITS = Answer(Verdict.WAITS, "DN_NO_CONSENT")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "A-100")


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def source(office: Office, memory: Memory) -> Answering:
    return cast(Answering, connect(office.settings, memory, lambda: NOW))


def settle(source: Answering, said: Callable[[str], Answer] = lambda _: ACCEPTED) -> list[str]:
    """Read all that is there and answer it; the keys."""
    found, _ = drain(source)
    source.answer({key: said(key) for key in source.awaiting(1_000)})
    return keys(found)


def all_of(source: Answering) -> tuple[list[Raw | Gone], list[str]]:
    """Everything that is there, and every problem that was told on the way and in three looks after it."""
    found, problems, since = list[Raw | Gone](), list[str](), ""
    for _ in range(8):
        page = source.fetch(since)
        found += page.raws
        problems += page.problems
        since = page.cursor
    return found, problems


def document(raw: object) -> dict[str, object]:
    assert isinstance(raw, Raw)
    found = orjson.loads(raw.data)
    assert isinstance(found, dict)
    return found


def test_a_row_makes_a_message_for_each_flag_that_says_yes_and_carries_that_need_alone(
    office: Office, source: Answering
):
    name = office.hand_in("NARS", [assessed(**TWO)]).removesuffix(".xlsx")

    found, _ = drain(source)

    assert keys(found) == [f"{name}/4/{FLAG}", f"{name}/4/housing_accommodation_referrals_ind"]
    language, housing = (document(each)["fields"] for each in found)
    assert isinstance(language, dict)
    assert isinstance(housing, dict)
    assert language["language_skills_needs_reason_id"] == "Find employment"
    assert not any("housing" in column for column in language)
    assert not any("language_skills" in column for column in housing)
    assert housing["non_cic_program_needs_services_required"] == "Yes"
    assert {raw.site for raw in found if isinstance(raw, Raw)} == {"A-100"}


def test_rows_without_a_referral_and_other_modules_are_read_and_answered_and_make_no_message(
    office: Office, source: Answering
):
    nars = office.hand_in("NARS", [assessed(**NO_FLAG)])
    other = office.hand_in("CLIENT_PROFILE", [profile(), {}, profile(client_validation_id="99887766")])

    assert settle(source) == []

    assert [line[:2] for line in office.answer_to(nars) or []] == [["", "SETTLED"], ["4", "READ"]]
    assert [line[:2] for line in office.answer_to(other) or []] == [["", "SETTLED"], ["4", "READ"], ["6", "READ"]]


def test_the_same_months_profile_of_the_same_number_and_birth_date_is_nested(office: Office, source: Answering):
    office.hand_in("CLIENT_PROFILE", [profile(city_txt="Ottawa"), profile(client_birth_dt="1950-01-01")])
    office.hand_in("CLIENT_PROFILE", [profile(client_validation_id="1122-3344", city_txt="Guelph")])
    office.hand_in("CLIENT_PROFILE", [profile(city_txt="Sudbury")], "202604")
    office.hand_in("NARS", [assessed(), assessed(client_validation_id="99887766")])

    mine, nobodys = (document(raw) for raw in drain(source)[0])

    assert mine["profile"] == profile(client_validation_id="1122-3344", city_txt="Guelph")
    assert "profile" not in nobodys


def test_a_profile_that_comes_later_is_no_new_revision(office: Office, source: Answering):
    office.hand_in("NARS", [assessed()])
    (before,), _ = drain(source)
    office.hand_in("CLIENT_PROFILE", [profile()])

    (after,) = source.refetch([before.key])

    assert isinstance(before, Raw)
    assert isinstance(after, Raw)
    assert before.data != after.data
    assert before.own == after.own
    assert before.own


def test_a_row_with_a_fault_stops_all_of_its_messages_and_its_neighbours_go_on(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed(**TWO, client_birth_dt="1978/5/20"), assessed()])

    found, _ = drain(source)
    for raw in found[:2]:
        assert isinstance(raw, Raw)
        with pytest.raises(RecordUnreadable, match="E4 client_birth_dt") as refused:
            ADAPTER.parse(raw.key, raw.data)
        assert "1978" not in str(refused.value)
    assert isinstance(found[2], Raw)
    assert ADAPTER.parse(found[2].key, found[2].data).get("flag") == FLAG

    source.answer({key: ACCEPTED if "/5/" in key else Answer(Verdict.REFUSED, "DN_SCHEMA") for key in keys(found)})
    source.fetch(drain(source)[1])
    source.answer({key: ACCEPTED if "/5/" in key else Answer(Verdict.REFUSED, "DN_SCHEMA") for key in keys(found)})

    state, wrong, fine = office.answer_to(name) or []
    assert state[1] == "SETTLED"
    assert wrong[:2] == ["4", "DN_SCHEMA"]
    assert "cell E4 client_birth_dt" in wrong[2]
    assert "cell E4 client_birth_dt" in wrong[3]
    assert "1978" not in str(wrong)
    assert fine[:2] == ["5", "OK"]


def test_a_row_that_contradicts_itself_or_is_nobodys_cannot_be_read(office: Office, source: Answering):
    rows = [assessed(support_received_ind="No", transportation_ind="Yes"), assessed(client_validation_id="1122334")]
    name = office.hand_in("NARS", rows)

    settle(source, lambda _: Answer(Verdict.REFUSED, "DN_SCHEMA"))

    assert [line[:2] for line in office.answer_to(name) or []] == [["", "SETTLED"], ["4", "V5"], ["5", "V1"]]


def test_what_only_icare_would_refuse_is_told_and_does_not_stop_a_referral(office: Office, source: Answering):
    rows = [
        assessed(postal_cd="m5v 2t6", settlement_plan_ind=""),
        assessed(client_validation_id="99887766", assessment_start_dt="2026-04-30"),
    ]
    name = office.hand_in("NARS", rows)

    assert len(settle(source)) == 2

    lines = [line[:2] for line in office.answer_to(name) or []]
    assert lines[:4] == [["", "SETTLED"], ["4", "OK"], ["4", "V2"], ["4", "V6"]]
    assert lines[4:] == [["5", "OK"], ["5", "V3"], ["5", "V3"]], "too long ago, and over the end of a month"


def test_a_correction_of_a_record_makes_no_message_anew(office: Office, source: Answering):
    row = assessed(update_record_id="10387104", assessment_update_reason_id="Correct error")
    name = office.hand_in("NARS", [row])

    assert settle(source) == []

    assert [line[:2] for line in office.answer_to(name) or []] == [["", "SETTLED"], ["4", "READ"], ["4", "W11"]]


# -- said again


def test_a_month_that_is_handed_in_again_says_only_what_is_new(office: Office, source: Answering):
    first = office.hand_in("NARS", [assessed()])
    assert len(settle(source)) == 1
    second = office.hand_in("NARS", [assessed(), assessed(client_validation_id="99887766")])

    found = settle(source)

    assert found == [f"{second.removesuffix('.xlsx')}/5/{FLAG}"]
    assert [line[:2] for line in office.answer_to(second) or []] == [["", "SETTLED"], ["4", "W02"], ["5", "OK"]]
    assert [line[:2] for line in office.answer_to(first) or []] == [["", "SETTLED"], ["4", "OK"]]


def test_what_is_said_otherwise_later_speaks_in_its_place_under_the_same_number(office: Office, source: Answering):
    office.hand_in("NARS", [assessed()])
    (before,), _ = drain(source)
    office.hand_in("NARS", [assessed(language_skills_needs_reason_id="Acquire citizenship")])

    found, _ = drain(source)

    (later,) = found
    assert document(later)["referral_no"] == document(before)["referral_no"]
    assert source.refetch([before.key, later.key]) == [Gone(before.key), later]


def test_a_row_that_was_refused_and_is_handed_in_corrected_speaks(office: Office, source: Answering):
    office.hand_in("NARS", [assessed(postal_cd=("", "<f>A1</f>"))])
    settle(source, lambda _: Answer(Verdict.REFUSED, "DN_SCHEMA"))
    office.hand_in("NARS", [assessed()])

    assert len(settle(source)) == 1


def test_another_month_and_another_flag_are_other_referrals(office: Office, source: Answering):
    office.hand_in(
        "NARS", [assessed(), assessed(assessment_start_dt="2026-06-01", assessment_completed_dt="2026-06-01")]
    )
    office.hand_in("NARS", [assessed(**TWO)])

    numbers = [document(raw)["referral_no"] for raw in drain(source)[0]]

    assert len(set(numbers)) == 3


def numbers_of(office: Office, memory: Memory) -> list[object]:
    return [document(raw)["referral_no"] for raw in drain(connect(office.settings, memory, lambda: NOW))[0]]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("NARS_A-100_202605_9.xlsx", id="another number"),
        pytest.param("NARS_A-100_202606_1.xlsx", id="another month's name"),
        pytest.param("Copy of May.xlsx", id="a name of nobody's"),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_a_referral_has_one_number_whatever_file_says_it(
    office: Office, source: Answering, memory: Memory, name: str, kept: bool
):
    first = office.hand_in("NARS", [assessed(client_validation_id="99887766"), assessed()])
    before = {document(raw)["referral_no"] for raw in drain(source)[0]}
    settle(source)
    office.put(name, icare.workbook("NARS", [assessed(), assessed(client_validation_id="99887766")]))
    if not kept:
        (office.folder / first).unlink()

    assert len(before) == 2
    assert set(numbers_of(office, memory)) <= before
    assert {document(raw)["referral_no"] for raw in drain(source)[0] if isinstance(raw, Raw)} <= before
    assert set(numbers_of(office, Memory())) == before


def test_a_row_that_does_not_say_its_month_is_the_same_in_every_workbook(office: Office):
    row = assessed(assessment_start_dt="", assessment_completed_dt="")
    office.hand_in("NARS", [row], "202605")
    office.hand_in("NARS", [row], "202606")

    assert len(set(numbers_of(office, Memory()))) == 1


def test_a_number_says_nothing_of_the_client_to_whom_has_not_the_key(office: Office):
    class OtherKey(Memory):
        def digest(self, text: str) -> str:
            return super().digest(f"another key\n{text}")

    office.hand_in("NARS", [assessed()])

    assert numbers_of(office, Memory()) == numbers_of(office, Memory())
    assert numbers_of(office, Memory()) != numbers_of(office, OtherKey())


# -- answers


def test_an_answer_is_written_once_every_row_has_one_and_replaced_as_rows_settle(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed(), assessed(client_validation_id="99887766")])
    found = keys(drain(source)[0])
    assert sorted(source.awaiting(10)) == sorted(found)

    assert source.answer({found[0]: ACCEPTED}) is False
    assert office.answer_to(name) is None
    assert source.answer({found[0]: ON_ITS_WAY, found[1]: WAITS}) is True
    first = [line[:2] for line in office.answer_to(name) or []]
    assert source.answer({found[0]: ON_ITS_WAY, found[1]: WAITS}) is False
    assert source.answer({found[0]: ACCEPTED, found[1]: ACCEPTED}) is True

    assert first == [["", "OPEN"], ["4", "OK"], ["5", "DN_NO_CONSENT"]]
    assert [line[:2] for line in office.answer_to(name) or []] == [["", "SETTLED"], ["4", "OK"], ["5", "OK"]]
    assert list(source.awaiting(10)) == []


def test_a_new_process_answers_what_the_last_one_read(office: Office, source: Answering, memory: Memory):
    name = office.hand_in("NARS", [assessed()])
    (key,) = keys(drain(source)[0])

    later = cast(Answering, connect(office.settings, memory, lambda: NOW))
    assert list(later.awaiting(10)) == [key]
    assert later.answer({key: ACCEPTED}) is True

    assert office.answer_to(name)
    assert drain(later)[0] == []


def test_an_answer_that_somebody_took_away_is_written_again(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed()])
    settle(source, lambda _: WAITS)
    (office.folder / f"{name}.hub.csv").unlink()

    settle(source, lambda _: WAITS)

    assert office.answer_to(name)


def test_workbooks_take_turns_where_not_all_can_be_looked_at(office: Office, source: Answering):
    for number in range(3):
        office.hand_in("NARS", [assessed(client_validation_id=f"1122334{number}")])
    settle(source, lambda _: WAITS)

    seen = [source.awaiting(1) for _ in range(3)]

    assert len({key for each in seen for key in each}) == 3


def test_a_moved_workbook_is_still_found_and_answered_where_it_lies(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed()])
    (key,) = settle(source, lambda _: WAITS)
    office.move(name, "uploaded")

    (again,) = source.refetch([key])
    assert isinstance(again, Raw)
    assert settle(source) == []

    assert [line[:2] for line in office.answer_to(name, "uploaded") or []] == [["", "SETTLED"], ["4", "OK"]]


def test_what_lies_in_folders_below_is_never_read_anew(office: Office, source: Answering):
    for place in ("uploaded", "processed", "templates", "other"):
        (office.folder / place).mkdir()
        (office.folder / place / "NARS_A-100_202605_9.xlsx").write_bytes(icare.workbook("NARS", [assessed()]))

    assert drain(source)[0] == []


def test_a_workbook_that_went_before_it_was_settled_is_read_anew_when_it_is_back(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed()])
    data = (office.folder / name).read_bytes()
    (key,) = settle(source, lambda _: WAITS)
    (office.folder / name).unlink()

    assert source.refetch([key]) == [Gone(key)]
    assert list(source.awaiting(10)) == []
    office.put(name, data)

    assert settle(source) == [key]


def test_a_settled_workbook_is_not_read_again_wherever_it_went_meanwhile(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed()])
    data = (office.folder / name).read_bytes()
    settle(source)
    (office.folder / name).unlink()
    drain(source)
    office.put(name, data)

    assert drain(source)[0] == []


def test_a_workbook_that_waits_is_not_opened_again_to_ask_about_it(
    office: Office, source: Answering, monkeypatch: pytest.MonkeyPatch
):
    for number in range(4):
        office.hand_in("NARS", [assessed(client_validation_id=f"1122334{number}")])
    settle(source, lambda _: WAITS)
    settle(source, lambda _: WAITS)

    def opened(*_: object) -> None:
        raise AssertionError("a workbook was opened")

    monkeypatch.setattr("adapters.icare.shelf.judged", opened)

    assert settle(source, lambda _: WAITS) == []
    assert len(source.awaiting(10)) == 4


def test_case_26_where_the_service_was_and_where_the_client_lives_stay_apart(office: Office, source: Answering):
    office.hand_in("CLIENT_PROFILE", [profile(postal_txt="M1T1T5")])
    office.hand_in("NARS", [assessed(postal_cd="M5V2T6")])

    (raw,) = drain(source)[0]

    assert isinstance(raw, Raw)
    found = ADAPTER.parse(raw.key, raw.data)
    assert found.get("postal_cd") == "M5V2T6"
    assert found.children["profile"][0].get("postal_txt") == "M1T1T5"


def test_case_19_a_client_without_a_number_is_refused_with_the_reason(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed(client_validation_id="", client_validation_type_id="")])

    settle(source, lambda _: Answer(Verdict.REFUSED, "DN_SCHEMA"))

    assert {line[1] for line in (office.answer_to(name) or [])[1:]} == {"V1"}


def test_case_38_a_row_without_a_profile_is_read_all_the_same(office: Office, source: Answering):
    office.hand_in("NARS", [assessed()])

    (raw,) = drain(source)[0]

    assert isinstance(raw, Raw)
    assert ADAPTER.parse(raw.key, raw.data).children == {}


# -- refused as a whole


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        pytest.param("NARS_A-100_202605_1.xlsx", b"client,born\n", "F11", id="renamed csv"),
        pytest.param("export.csv", b"client,born\n", "F11", id="csv"),
        pytest.param("old.xls", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "F12", id="old or locked"),
        pytest.param("NARS_A-100_202605_1.xlsx", icare.workbook("IO"), "F17", id="another module than its name says"),
        pytest.param("NARS_B-200_202605_1.xlsx", icare.workbook("NARS"), "F17", id="another agreement"),
        pytest.param("NARS_A-100_202605_1.xlsx", icare.workbook("NARS", lov=False)[:-30], "F15", id="cut"),
    ],
)
def test_a_file_that_is_refused_gets_its_reason_and_is_told_once(
    office: Office, source: Answering, name: str, data: bytes, code: str
):
    office.put(name, data)
    os.utime(office.folder / name, (NOW.timestamp() - 3_600,) * 2)
    office.hand_in("NARS", [assessed(client_validation_id="99887766")], "202604")

    found, problems = all_of(source)

    (line,) = office.answer_to(name) or []
    assert line[:2] == ["", code]
    assert len(problems) == 1
    assert code in problems[0]
    assert len(found) == 1, "its neighbour is read"


def test_a_problem_and_a_key_never_show_a_name_that_may_be_a_clients(office: Office, memory: Memory):
    source = connect(office.settings, memory, lambda: NOW)
    office.put("Zyxwvut Anna.xlsx", icare.workbook("NARS", [assessed()]))
    office.put("Zyxwvut.csv", b"x")
    os.utime(office.folder / "Zyxwvut.csv", (NOW.timestamp() - 3_600,) * 2)

    pages = [source.fetch("")]
    pages.append(source.fetch(pages[0].cursor))

    told = str(
        ([keys(page.raws) for page in pages], [page.cursor for page in pages], [page.problems for page in pages])
    )
    assert "Zyxwvut" not in told + str(dict(memory))
    assert len(pages[0].raws) == 1, "a workbook of another name is read all the same"
    assert "F11" in told


def test_other_bytes_under_a_name_are_a_problem_and_are_never_read(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed()])
    (key,) = settle(source, lambda _: WAITS)
    data = (office.folder / name).read_bytes()
    office.put(name, icare.workbook("NARS", [assessed(client_validation_id="99887766")]))

    found, problems = all_of(source)

    assert found == []
    assert len(problems) == 1
    assert source.refetch([key]) == [Gone(key)]
    assert [line[:2] for line in office.answer_to(name) or []] == [["", "F18"]]
    office.put(name, data)
    assert settle(source) == [key], "the first one is back, and read again"


def test_a_file_that_is_still_being_copied_is_waited_for(office: Office, source: Answering):
    whole = icare.workbook("NARS", [assessed()])
    name = office.put("NARS_A-100_202605_1.xlsx", whole[:-500])
    os.utime(office.folder / name, (NOW.timestamp() - 5,) * 2)

    page = source.fetch("")
    assert (page.raws, page.problems, office.answer_to(name)) == ((), (), None)
    office.put(name, whole)

    assert len(drain(source)[0]) == 1


def test_links_folders_and_pipes_are_told_and_never_opened(office: Office, source: Answering, tmp_path: Path):
    (tmp_path / "outside.xlsx").write_bytes(icare.workbook("NARS", [assessed()]))
    (office.folder / "NARS_A-100_202605_1.xlsx").symlink_to(tmp_path / "outside.xlsx")
    (office.folder / "NARS_A-100_202605_2.xlsx").mkdir()
    os.mkfifo(office.folder / "NARS_A-100_202605_3.xlsx")

    page = source.fetch("")

    assert page.raws == ()
    assert len(page.problems) == 3
    assert source.fetch(page.cursor).problems == ()


def test_an_answer_is_not_written_through_a_link_that_somebody_planted(
    office: Office, source: Answering, tmp_path: Path
):
    (tmp_path / "victim").write_text("precious")
    name = office.hand_in("NARS", [assessed()])
    (office.folder / ".spool").mkdir()
    (office.folder / ".spool" / f"{name}.hub.csv").symlink_to(tmp_path / "victim")

    settle(source)

    assert (tmp_path / "victim").read_text() == "precious"
    assert office.answer_to(name)


def test_a_spool_that_is_a_link_is_refused(office: Office, source: Answering, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (office.folder / ".spool").symlink_to(tmp_path / "elsewhere")
    name = office.hand_in("NARS", [assessed()])

    with pytest.raises(Unavailable):
        settle(source)

    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert office.answer_to(name) is None


@pytest.mark.parametrize("name", ["~$NARS_A-100_202605_1.xlsx", ".hidden.xlsx", "notes.txt", "x.todo.csv", "x.hub.csv"])
def test_what_nobody_handed_in_is_left_alone(office: Office, source: Answering, name: str):
    office.put(name, b"x")

    assert source.fetch("").problems == ()
    assert [each.name for each in office.folder.iterdir()] == [name]


def test_who_only_looks_writes_nothing(office: Office):
    office.hand_in("NARS", [assessed()])
    office.put("export.csv", b"x")
    os.utime(office.folder / "export.csv", (NOW.timestamp() - 3_600,) * 2)
    before = sorted(office.folder.rglob("*"))

    source = cast(Answering, look(office.settings, Memory(), lambda: NOW))
    (key,) = keys(drain(source)[0])
    source.answer({key: ACCEPTED})

    assert sorted(office.folder.rglob("*")) == before


def test_an_answer_that_cannot_be_written_is_told_and_written_later(office: Office, source: Answering):
    name = office.hand_in("NARS", [assessed()])
    (key,) = keys(drain(source)[0])
    (office.folder / f"{name}.hub.csv").mkdir()

    with pytest.raises(Unavailable):
        source.answer({key: ACCEPTED})
    assert len(all_of(source)[1]) == 1
    (office.folder / f"{name}.hub.csv").rmdir()
    source.answer({key: ACCEPTED})

    assert office.answer_to(name)


# -- settings and check


@pytest.mark.parametrize(
    "change",
    [{"path": ""}, {"path": None}, {"agreement": ""}, {"agreement": "A 100"}, {"agreement": "a" * 21}, {"site": "x"}],
)
def test_settings_that_are_wrong_are_refused(office: Office, change: dict[str, object]):
    for how in (connect, look):
        with pytest.raises(Refused):
            how({**office.settings, **change}, Memory(), lambda: NOW)


@pytest.mark.parametrize("cursor", ["x", "[]", "{}", '{"file":1,"after":0}', '{"file":"a","after":-1}', '{"file":"a"}'])
def test_a_cursor_that_is_none_is_refused(source: Answering, cursor: str):
    with pytest.raises(RecordUnreadable):
        source.fetch(cursor)


def test_check_says_which_template_cannot_be_used_and_shows_no_name(office: Office, source: Answering):
    (office.folder / "templates").mkdir()
    (office.folder / "templates" / "a.xlsx").write_bytes(icare.workbook("NARS"))
    assert all(finding.ok for finding in source.check())
    (office.folder / "templates" / "Zyxwvut.xlsx").write_bytes(icare.workbook("NARS", [assessed()]))

    wrong = [finding for finding in source.check() if not finding.ok]

    assert [finding.place for finding in wrong] == ["path/templates"]
    assert wrong[0].next_step
    assert "Zyxwvut" not in str(wrong)
