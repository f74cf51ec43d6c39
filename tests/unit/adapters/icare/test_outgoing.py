"""Reports to iCARE as workbooks in its worker's folder (settled S1, S2, S6, S12; program systems 2.4, 9.3)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from adapters.contract import Answer, Parcel, Raw, SentState, Verdict
from adapters.icare import folder
from adapters.icare.layout import ROWS_MAX
from adapters.icare.outbox import Outbox
from hub.errors import LeaseOver, Refused, Unavailable
from tests import icare_builder as icare
from tests.contract.source import MARKED
from tests.unit.adapters.icare.paper import Desk, Reader, io_row, profiled, report

ACK, FAILED = "acknowledged", "failed"
OTHER = "99887766"
MAY = "IO_A-100_202605_1.xlsx"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "A-100")


def test_rows_of_a_module_and_month_go_into_one_workbook_and_each_is_acknowledged(desk: Desk):
    june = report("e-3", start_dttm="2026-06-01", end_dttm="2026-06-01")

    sent = desk.codes(report("e-1"), report("e-2", client_validation_id=OTHER), june, profiled("e-4"))

    assert sent == [(ACK, "")] * 4
    assert desk.books() == ["CLIENT_PROFILE_A-100_202605_1.xlsx", MAY, "IO_A-100_202606_1.xlsx"]
    assert desk.rows(MAY) == [io_row(), io_row(client_validation_id=OTHER)]
    assert desk.numbers("IO_A-100_202606_1.xlsx") == ["11223344"]


def test_the_folders_for_its_worker_come_with_the_first_workbook_as_open_as_the_folder_itself(desk: Desk):
    desk.folder.chmod(0o770)
    before = os.umask(0o077)
    try:
        desk.send(Parcel("e-0", "refusal", b"{}"))
        assert not (desk.folder / "uploaded").exists()
        desk.send(report("e-1"))
    finally:
        os.umask(before)

    made = [desk.folder / place for place in ("uploaded", "processed")]
    assert [path.stat().st_mode & 0o777 for path in made] == [0o770, 0o770]
    made[0].chmod(0o700)  # what is there stays as it is
    assert desk.codes(report("e-2", client_validation_id=OTHER)) == [(ACK, "")]
    assert made[0].stat().st_mode & 0o777 == 0o700


def test_a_profile_is_of_the_month_before_the_day_of_writing_in_toronto(desk: Desk):
    desk.now = datetime(2026, 7, 1, 2, tzinfo=UTC)  # 30 June in Toronto

    desk.send(profiled("e-1"))

    assert desk.books() == ["CLIENT_PROFILE_A-100_202605_1.xlsx"]


def test_what_is_no_report_is_not_carried_and_nothing_is_committed(desk: Desk):
    def commit() -> None:
        raise AssertionError("there is nothing to commit")

    (sent,) = desk.send(Parcel("e-1", "refusal", b"{}"), commit=commit)

    assert (sent.state, sent.code) == (SentState.FAILED, "DN_OFF_BUS")


def test_a_repeat_of_an_envelope_writes_nothing_wherever_its_workbook_went(desk: Desk):
    desk.send(report("e-1"))
    desk.office.move(MAY, "uploaded")

    assert desk.codes(report("e-1"), report("e-1")) == [(ACK, "")] * 2
    (desk.folder / "uploaded" / MAY).unlink()
    assert desk.codes(report("e-1")) == [(ACK, "")]

    assert desk.books() == []


@pytest.mark.parametrize(
    ("parcel", "said"),
    [
        pytest.param(Parcel("bad", "report", MARKED.encode()), "another document", id="no document"),
        pytest.param(report("bad", "XX"), "another document", id="no module"),
        pytest.param(report("bad", start_dttm="4 May"), "another document", id="no day"),
        pytest.param(report("bad", client_validation_id=""), "client_validation_id: got V1, nothing", id="case 19"),
        pytest.param(report("bad", client_validation_id="1122334"), "V1", id="case 20"),
        pytest.param(report("bad", client_birth_dt=""), "client_birth_dt", id="V1 no birth date"),
        pytest.param(report("bad", start_dttm=""), "start_dttm", id="no start, so no month"),
        pytest.param(report("bad", service_language_id=MARKED), "service_language_id", id="no value of the list"),
        pytest.param(report("bad", nobodys_column="Yes"), "icare column", id="no column"),
    ],
)
def test_a_row_that_cannot_be_written_fails_without_a_value_and_its_neighbour_goes(
    desk: Desk, parcel: Parcel, said: str
):
    bad, good = desk.send(parcel, report("e-2"))

    assert (bad.state, good.state) == (SentState.FAILED, SentState.ACKNOWLEDGED)
    assert said in bad.code
    assert not any(value in bad.code for value in (MARKED, "1122334", "4 May"))
    assert len(desk.rows(MAY)) == 1


def test_a_template_with_a_client_in_it_stops_its_own_module_alone(desk: Desk):
    used = icare.workbook("IO", [io_row(client_validation_id=OTHER)])
    (desk.folder / "templates" / "IO.xlsx").write_bytes(used)

    bad, good = desk.send(report("e-1"), profiled("e-2"))

    assert (bad.state, good.state) == (SentState.FAILED, SentState.ACKNOWLEDGED)
    assert OTHER not in bad.code


# -- what is missing


def test_case_26_where_the_service_was_comes_from_the_site_where_the_row_does_not_say_it(desk: Desk):
    desk.settings |= {"postal_code": "K1A0A1", "institution_type": "Public library"}
    blank = {"postal_cd": "", "institution_type_id": ""}

    desk.send(report("e-1", **blank), report("e-2", client_validation_id=OTHER, institution_type_id="Online"))
    desk.send(profiled("e-3", postal_txt="M1T1T5"))

    first, second = desk.rows(MAY)
    assert (first["postal_cd"], first["institution_type_id"]) == ("K1A0A1", "Public library")
    assert (second["postal_cd"], second["institution_type_id"]) == ("M5V2T6", "Online")
    (profile,) = desk.rows("CLIENT_PROFILE_A-100_202605_1.xlsx")
    assert profile["postal_txt"] == "M1T1T5"
    assert "K1A0A1" not in profile.values()


@pytest.mark.parametrize(
    "change",
    [{"postal_code": "k1a 0a1"}, {"postal_code": ""}, {"postal_code": 7}, {"institution_type": "Library"}],
)
def test_settings_of_the_site_that_are_wrong_are_refused(desk: Desk, change: dict[str, object]):
    desk.settings |= change

    with pytest.raises(Refused):
        desk.source()


def test_a_missing_cell_is_left_empty_and_listed_for_the_worker(desk: Desk):
    whole, lacking = report("e-1"), report("e-2", client_validation_id=OTHER, postal_cd="", support_received_ind="")

    assert desk.codes(whole, lacking) == [(ACK, "")] * 2

    assert "support_received_ind" not in desk.rows(MAY)[1], "unknown is never No"
    lines = desk.todo(MAY) or []
    assert [line[:3] for line in lines] == [
        ["5", "postal_cd", "Postal Code where the service was received"],
        ["5", "support_received_ind", "Support Services Received"],
    ]
    assert "mandatory" in lines[0][3]
    assert "obligatoire" in lines[0][4]


def test_a_gate_that_contradicts_its_members_is_listed_and_no_value_is(desk: Desk):
    desk.send(report("e-1", transportation_ind="Yes", postal_cd="K1A"))

    lines = desk.todo(MAY) or []

    assert [line[1] for line in lines] == ["support_received_ind", "postal_cd"]
    assert "K1A" not in str(lines)


def test_without_anything_to_do_there_is_no_list(desk: Desk):
    desk.send(report("e-1"))

    assert desk.todo(MAY) is None
    assert desk.spool() == [f"{MAY}.slip"]


# -- too late


@pytest.mark.parametrize(
    ("began", "day", "code"),
    [
        pytest.param("2026-05-01", "2026-06-30", "", id="case 37 the month before is reported to its end"),
        pytest.param("2026-05-01", "2026-07-01", "TOO_LATE", id="case 37 and not a day longer"),
        pytest.param("2026-04-30", "2026-05-31", "", id="case 37 more than 30 days back, in the month before"),
        pytest.param("2026-01-31", "2026-03-02", "", id="case 37 30 days back, over the end of February"),
        pytest.param("2026-01-31", "2026-03-03", "TOO_LATE", id="case 37 31 days back, two months before"),
        pytest.param("2026-06-02", "2026-06-03", "", id="its own month"),
    ],
)
def test_case_37_a_row_that_is_too_late_is_not_written(desk: Desk, began: str, day: str, code: str):
    desk.now = datetime.fromisoformat(f"{day}T16:00:00+00:00")

    late, good = desk.send(report("e-1", start_dttm=began, end_dttm=began), profiled("e-2"))

    assert (late.state, late.code) == (SentState.FAILED if code else SentState.ACKNOWLEDGED, code)
    assert good.state is SentState.ACKNOWLEDGED
    assert len([name for name in desk.books() if name.startswith("IO_")]) == (0 if code else 1)


# -- the same key again


def test_case_35_a_row_whose_key_is_on_its_way_is_refused_and_its_neighbour_goes(desk: Desk):
    desk.send(report("e-1"))
    desk.office.move(MAY, "uploaded")

    again = desk.codes(report("e-2", end_dttm="2026-05-05"), report("e-3", client_validation_id=OTHER))

    assert again == [(FAILED, "PENDING"), (ACK, "")]
    assert desk.numbers("IO_A-100_202605_2.xlsx") == [OTHER]


def test_case_35_a_workbook_that_lies_nowhere_counts_as_uploaded(desk: Desk):
    desk.send(report("e-1"))
    (desk.folder / MAY).unlink()

    assert desk.codes(report("e-2")) == [(FAILED, "PENDING")]


def test_another_activity_month_or_birth_date_is_another_key(desk: Desk):
    desk.send(report("e-1"))
    desk.office.move(MAY, "uploaded")

    assert desk.codes(
        report("e-2", orientation_service_id="Family orientation"),
        report("e-3", start_dttm="2026-06-01", end_dttm="2026-06-01"),
        report("e-4", client_birth_dt="1991-07-23"),
        report("e-5", client_validation_id="1122-3344"),
    ) == [(ACK, ""), (ACK, ""), (ACK, ""), (FAILED, "PENDING")]


def test_of_two_rows_of_one_key_in_one_send_the_later_stands_for_both(desk: Desk):
    assert desk.codes(report("e-1"), report("e-2", end_dttm="2026-05-06")) == [(ACK, "")] * 2
    assert desk.codes(report("e-1")) == [(ACK, "")]

    assert desk.rows(MAY) == [io_row(end_dttm="2026-05-06")]


def prepared(desk: Desk) -> None:
    """A workbook of three rows, one of which its worker has completed."""
    desk.send(
        report("e-1"),
        report("e-2", client_validation_id=OTHER, postal_cd=""),
        report("e-3", client_validation_id="55667788"),
    )
    rows = desk.rows(MAY)
    rows[1]["postal_cd"] = "M4Y1A1"
    rows.reverse()  # workers sort rows
    desk.save(MAY, rows)


ANEW = "IO_A-100_202605_2.xlsx"
CHANGED = report("e-9", end_dttm="2026-05-06")


def test_a_row_that_was_not_uploaded_yet_is_put_anew_and_all_others_move_along_as_they_are(desk: Desk):
    prepared(desk)

    assert desk.codes(CHANGED) == [(ACK, "")]

    assert desk.books() == [ANEW]
    assert desk.numbers(ANEW) == ["55667788", OTHER, "11223344"]
    assert desk.rows(ANEW)[1]["postal_cd"] == "M4Y1A1", "what the worker filled in is kept"
    assert desk.rows(ANEW)[2]["end_dttm"] == "2026-05-06"
    assert desk.todo(MAY) is None
    assert desk.todo(ANEW) is None, "the row is complete now"
    assert desk.spool() == [f"{ANEW}.slip"]
    assert desk.codes(*(report(f"e-{n}") for n in (1, 2, 3, 9))) == [(ACK, "")] * 4
    assert desk.books() == [ANEW]


def test_a_row_that_its_worker_added_by_hand_moves_along_too(desk: Desk):
    desk.send(report("e-1"))
    desk.save(MAY, [io_row(), io_row(client_validation_id="66554433")])

    desk.send(CHANGED)

    assert desk.numbers(ANEW) == ["66554433", "11223344"]


def test_rows_of_two_workbooks_are_put_anew_each_in_its_own_and_new_ones_go_into_another(desk: Desk):
    desk.send(report("e-1"))
    desk.send(report("e-2", client_validation_id=OTHER))

    desk.send(
        report("e-3", end_dttm="2026-05-06"),
        report("e-4", client_validation_id=OTHER, end_dttm="2026-05-06"),
        report("e-5", client_validation_id="55667788"),
    )

    assert [desk.numbers(name) for name in desk.books()] == [["11223344"], [OTHER], ["55667788"]]
    assert desk.books() == [f"IO_A-100_202605_{n}.xlsx" for n in (3, 4, 5)]


@pytest.mark.parametrize("how", ["open", "unreadable", "faulty"])
def test_a_workbook_that_its_worker_has_in_hand_stays_and_the_row_is_tried_later(desk: Desk, how: str):
    prepared(desk)
    if how == "open":
        (desk.folder / f"~${MAY}").write_bytes(b"x")
    else:
        bad = icare.workbook("IO", [io_row(end_dttm="2026/05/04")])
        desk.office.put(MAY, bad if how == "faulty" else bad[:-40])
    before = (desk.folder / MAY).read_bytes()

    assert desk.codes(CHANGED, report("e-8", client_validation_id="66554433")) == [(FAILED, "IN_USE"), (ACK, "")]

    assert (desk.folder / MAY).read_bytes() == before
    assert desk.numbers(ANEW) == ["66554433"]


def test_two_records_that_say_the_same_of_one_client_do_not_replace_each_other(desk: Desk):
    first = replace(report("one"), referral_no="AAAAAAAAAAAA")
    second = replace(report("two", orientation_length_id="1 to 2 hours"), referral_no="BBBBBBBBBBBB")
    third = replace(report("three"), referral_no="CCCCCCCCCCCC")

    assert desk.codes(first, second) == [("acknowledged", ""), ("failed", "DUPLICATE")]
    (sent,) = desk.send(third)
    assert (sent.code, sent.for_good) == ("DUPLICATE", True)
    assert len(desk.rows(desk.books()[0])) == 1


def test_the_next_message_of_a_record_stands_for_its_row_of_another_month(desk: Desk):
    desk.send(
        replace(report("one"), referral_no="AAAAAAAAAAAA"), replace(profiled("other"), referral_no="BBBBBBBBBBBB")
    )
    moved = report("two", start_dttm="2026-06-02", end_dttm="2026-06-02")

    assert desk.codes(replace(moved, referral_no="AAAAAAAAAAAA")) == [("acknowledged", "")]

    rows = [row for book in desk.books() if book.startswith("IO") for row in desk.rows(book)]
    assert [row["start_dttm"] for row in rows] == ["2026-06-02"]


def test_no_number_is_given_twice_also_where_its_workbook_is_gone(desk: Desk):
    prepared(desk)
    desk.send(CHANGED)
    desk.send(report("e-10", end_dttm="2026-05-07"))
    desk.office.put("IO_A-100_202605_7.xlsx", icare.workbook("IO"))  # an agency's own

    desk.send(report("e-11", client_validation_id="66554433"))

    assert [name for name in desk.books() if not name.endswith("_7.xlsx")] == [
        "IO_A-100_202605_3.xlsx",
        "IO_A-100_202605_8.xlsx",
    ]


# -- interrupted


STEPS = ("spool", "put_slip", "take", "show", "remove", "forget")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_point_loses_no_row_and_shows_none_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str, count: int, after: bool
):
    prepared(desk)
    calls = [0]
    whole = getattr(Outbox, step)

    def dies(self: Outbox, *args: object) -> None:
        calls[0] += 1
        if calls[0] == count and not after:
            raise Killed
        whole(self, *args)
        if calls[0] == count:
            raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, step, dies)
        try:
            desk.send(CHANGED, report("e-8", client_validation_id="66554433"))
            died = False
        except Killed:
            died = True
    if died:
        shown = [number for name in desk.books() for number in desk.numbers(name)]
        assert len(shown) == len(set(shown)), "nobody may upload a row twice"

    Reader(desk).page()  # whoever looks next puts it right
    shown = [number for name in desk.books() for number in desk.numbers(name)]
    assert {"11223344", "55667788", OTHER} <= set(shown)
    assert not [name for name in desk.spool() if not name.endswith(".slip")]
    assert desk.codes(CHANGED, report("e-8", client_validation_id="66554433")) == [(ACK, "")] * 2

    rows = [row for name in desk.books() for row in desk.rows(name)]
    assert sorted(row["client_validation_id"] for row in rows) == ["11223344", "55667788", "66554433", OTHER]
    assert next(row for row in rows if row["client_validation_id"] == "11223344")["end_dttm"] == "2026-05-06"
    assert next(row for row in rows if row["client_validation_id"] == OTHER)["postal_cd"] == "M4Y1A1"


@pytest.mark.parametrize("shown", [1, 2])
def test_a_kill_between_two_workbooks_of_one_send_writes_the_other_one_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, shown: int
):
    calls = [0]
    whole = Outbox.show

    def dies(self: Outbox, name: str) -> None:
        calls[0] += 1
        if calls[0] == shown:
            raise Killed
        whole(self, name)

    both = [report("e-1"), profiled("e-2")]
    with monkeypatch.context() as broken, pytest.raises(Killed):
        broken.setattr(Outbox, "show", dies)
        desk.send(*both)
    assert len(desk.books()) == shown - 1

    assert desk.codes(*both) == [(ACK, "")] * 2

    assert sorted(name.split("_A")[0] for name in desk.books()) == ["CLIENT_PROFILE", "IO"]


def test_one_workbook_that_cannot_be_shown_fails_alone_and_all_of_them_are_an_outage(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    whole = Outbox.show

    def refuses(self: Outbox, name: str) -> None:
        if name.startswith("IO_"):
            raise Unavailable("icare folder", "Input/output error")
        whole(self, name)

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "show", refuses)
        assert desk.codes(report("e-1"), profiled("e-2")) == [(FAILED, "UNAVAILABLE"), (ACK, "")]
        with pytest.raises(Unavailable):
            desk.send(report("e-1"))
    assert desk.codes(report("e-1")) == [(ACK, "")]
    assert len(desk.rows(MAY)) == 1


def test_a_lease_that_is_over_leaves_an_older_workbook_as_it_was(desk: Desk):
    def too_late() -> None:
        raise LeaseOver("lease of e-9")

    prepared(desk)
    before = (desk.folder / MAY).read_bytes()

    with pytest.raises(LeaseOver):
        desk.send(CHANGED, commit=too_late)

    assert (desk.folder / MAY).read_bytes() == before
    assert desk.books() == [MAY]
    assert desk.spool() == [f"{MAY}.slip"]


def test_commit_is_called_once_for_several_workbooks_while_nothing_has_changed(desk: Desk):
    prepared(desk)
    seen: list[list[str]] = []

    desk.send(CHANGED, profiled("e-8"), commit=lambda: seen.append(desk.books()))

    assert seen == [[MAY]]


def test_a_workbook_that_its_worker_saves_at_the_last_moment_stays_as_it_is(desk: Desk):
    prepared(desk)
    last = [io_row(client_validation_id=OTHER, postal_cd="K1A0A1")]

    with pytest.raises(Unavailable, match="changed just now"):
        desk.send(CHANGED, commit=lambda: desk.save(MAY, last))

    assert desk.books() == [MAY]
    assert desk.rows(MAY) == last


def test_who_reads_while_somebody_writes_sees_nothing_that_was_not_sent(desk: Desk):
    seen: list[str] = []

    def meanwhile() -> None:
        seen.extend(one.text for one in desk.source().check() if one.place == "path/reports")

    desk.send(report("e-1"), commit=meanwhile)

    assert seen == []


def test_who_looks_after_a_kill_sees_each_row_once(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    prepared(desk)
    whole = Outbox.show

    def dies(self: Outbox, name: str) -> None:
        whole(self, name)
        raise Killed

    with monkeypatch.context() as broken, pytest.raises(Killed):
        broken.setattr(Outbox, "show", dies)
        desk.send(CHANGED)

    found = [one.text.split(";")[0] for one in desk.looker().check() if one.place == "path/reports"]
    assert found == ["rows prepared: 3"]


def test_somebody_who_writes_keeps_another_one_out(desk: Desk):
    def meanwhile() -> None:
        with pytest.raises(Unavailable):
            desk.send(report("e-2", client_validation_id=OTHER))

    desk.send(report("e-1"), commit=meanwhile)

    assert desk.numbers(MAY) == ["11223344"]


# -- the folder


def test_a_workbook_is_not_written_through_a_link_that_somebody_planted(desk: Desk, tmp_path: Path):
    (tmp_path / "victim").write_text("precious")
    (desk.folder / ".spool").mkdir()
    for name in (MAY, f"{MAY}.slip.new", f"{MAY}.todo.csv"):
        (desk.folder / ".spool" / name).symlink_to(tmp_path / "victim")

    desk.send(report("e-1", postal_cd=""))

    assert (tmp_path / "victim").read_text() == "precious"
    assert desk.numbers(MAY) == ["11223344"]


def test_a_pipe_under_a_name_of_the_hubs_is_passed_by(desk: Desk):
    desk.send(report("e-1"))
    (desk.folder / MAY).unlink()
    os.mkfifo(desk.folder / MAY)

    assert desk.codes(report("e-2")) == [(FAILED, "PENDING")]


def test_a_full_disk_is_an_outage_and_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken, pytest.raises(Unavailable, match="No space"):
        broken.setattr(os, "write", full)
        desk.send(report("e-1"))

    assert desk.books() == []
    assert desk.codes(report("e-1")) == [(ACK, "")]


def test_a_slip_that_was_changed_stops_sending_until_it_is_back_and_reading_goes_on(desk: Desk):
    desk.send(report("e-1"))
    slip = desk.folder / ".spool" / f"{MAY}.slip"
    whole = slip.read_bytes()
    slip.write_bytes(b"{}")
    desk.office.hand_in("NARS", [icare.assessed()])

    with pytest.raises(Unavailable, match="slip"):
        desk.send(report("e-2"))
    page = Reader(desk).page()
    assert len(page.raws) == 1
    assert len(page.problems) == 1
    assert [finding.ok for finding in desk.source().check()] == [False]
    slip.write_bytes(whole)

    assert desk.codes(report("e-2", client_validation_id=OTHER)) == [(ACK, "")]


def test_no_slip_and_no_memory_holds_anything_of_a_client(desk: Desk):
    desk.send(report("e-1"), profiled("e-2", street_nme=MARKED), report("e-3", postal_cd=""))
    reader = Reader(desk)
    reader.told()

    kept = b"".join(path.read_bytes() for path in (desk.folder / ".spool").iterdir()).decode()
    for text in (kept, str(dict(desk.memory)), reader.since):
        assert not any(value in text for value in (MARKED, "11223344", "1991-07-22", "2026-05-04", "M5V2T6"))
    assert "e-1" in kept


def test_the_hubs_own_workbooks_are_never_read_as_the_agencys_in_any_place(desk: Desk):
    desk.send(report("e-1"), profiled("e-2", city_txt="Sudbury"))
    ours = desk.books()
    name = desk.office.hand_in("NARS", [icare.assessed()])
    key = f"{name.removesuffix('.xlsx')}/4/language_skills_referrals_ind"
    lay = desk.folder
    for place in ("", "uploaded", "processed"):
        (desk.folder / place).mkdir(exist_ok=True)
        for each in ours:
            (lay / each).rename(desk.folder / place / each)
        lay = desk.folder / place
        reader = Reader(desk)
        reader.told()
        (raw,) = reader.source.refetch([key])
        reader.source.answer({key: Answer(Verdict.ACCEPTED)})
        assert isinstance(raw, Raw)
        assert "profile" not in orjson.loads(raw.data), "a profile of the hub's own"

    answered = [path.name for path in desk.folder.rglob("*.hub.csv")]
    assert answered == [f"{name}.hub.csv"], "none of the hub's own is answered"
    assert [each for each in desk.memory if each.startswith("file:")] == [f"file:{name.removesuffix('.xlsx')}"]


def test_a_worker_may_save_the_hubs_own_workbook_as_often_as_it_takes(desk: Desk):
    desk.send(report("e-1", postal_cd=""))
    reader = Reader(desk)
    reader.told()
    desk.save(MAY, [io_row()])

    page = reader.page()

    assert page.problems == ()
    assert not list(desk.folder.glob("*.hub.csv"))


def test_2501_rows_make_two_workbooks_and_a_client_stands_in_one(desk: Desk):
    rows = [report(f"e-{n}", client_validation_id=f"{n:08}") for n in range(10_000_001, 10_000_001 + ROWS_MAX)]
    second = report("e-x", client_validation_id="10000001", orientation_service_id="Family orientation")

    assert set(desk.codes(*rows, second)) == {(ACK, "")}

    first, other = (desk.numbers(name) for name in desk.books())
    assert sorted(map(len, (first, other))) == [1, ROWS_MAX]
    assert not set(first) & set(other)


def test_who_only_looks_writes_nothing_and_sees_the_same(desk: Desk):
    prepared(desk)
    (desk.folder / ".spool" / "IO_A-100_202605_9.xlsx").write_bytes(b"half")
    before = {path: path.stat().st_mtime_ns for path in desk.folder.rglob("*")}

    source = desk.looker()
    source.fetch("")
    found = source.check()

    assert {path: path.stat().st_mtime_ns for path in desk.folder.rglob("*")} == before
    assert [one.text.split(";")[0] for one in found if one.place == "path/reports"] == ["rows prepared: 3"]


def test_a_row_that_is_taken_back_goes_out_of_its_workbook_and_what_its_worker_filled_in_stays(desk: Desk):
    desk.send(report("e-1"), report("e-2", client_validation_id=OTHER))
    filled = {**io_row(client_validation_id=OTHER), "service_language_id": "French"}
    desk.save(MAY, [io_row(), filled])

    assert desk.gathering().take_back(["e-1", "nobody knows"]) == ["e-1"]

    (book,) = desk.books()
    assert desk.rows(book) == [filled]
    assert desk.spool() == [f"{book}.slip"]
    assert desk.gathering().take_back(["e-1"]) == ["e-1"]  # the answer may have been lost
    assert desk.books() == [book]
    desk.send(report("e-3", client_validation_id=OTHER))  # put anew once more
    assert [desk.numbers(book) for book in desk.books()] == [[OTHER]]
    assert desk.codes(report("e-4")) == [(ACK, "")]  # it may be reported again


def test_a_workbook_of_which_no_row_is_left_goes_with_its_list(desk: Desk):
    desk.send(report("e-1", service_language_id=""))
    assert desk.todo(MAY)

    assert desk.gathering().take_back(["e-1"]) == ["e-1"]

    assert [path.name for path in desk.folder.iterdir() if path.is_file()] == []
    desk.save(MAY, [io_row()])  # from the window in which it was open
    assert desk.gathering().take_back([]) == []
    assert desk.books() == []
    assert desk.gathering().take_back(["e-1"]) == ["e-1"]  # the answer may have been lost
    assert desk.codes(report("e-2")) == [(ACK, "")]
    assert desk.books() == ["IO_A-100_202605_2.xlsx"]  # no number is given twice


@pytest.mark.parametrize("place", ["uploaded", "processed"])
def test_what_was_uploaded_is_not_taken_back(desk: Desk, place: str):
    desk.send(report("e-1"))
    desk.office.move(MAY, place)

    assert desk.gathering().take_back(["e-1"]) == []

    assert desk.numbers(MAY, place) == ["11223344"]


@pytest.mark.parametrize("mark", [f"~${MAY}", f".~lock.{MAY}#"])
def test_nothing_is_taken_out_of_a_workbook_that_is_open_or_holds_a_row_that_nobody_knows(desk: Desk, mark: str):
    desk.send(report("e-1"), report("e-2", client_validation_id=OTHER))
    lock = desk.folder / mark
    lock.write_bytes(b"")
    assert desk.gathering().take_back(["e-1"]) == []
    lock.unlink()
    desk.save(MAY, [io_row(client_validation_id="11223345"), io_row(client_validation_id=OTHER)])

    assert desk.gathering().take_back(["e-1"]) == []

    assert desk.numbers(MAY) == ["11223345", OTHER]


def test_a_workbook_that_its_worker_moves_just_then_was_uploaded_and_is_not_taken_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    desk.send(report("e-1"))
    take = Outbox.take

    def moved_before(box: Outbox, *names: str) -> None:
        desk.office.move(MAY, "uploaded")
        take(box, *names)

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "take", moved_before)
        assert desk.gathering().take_back(["e-1"]) == []

    assert desk.gathering().take_back(["e-1"]) == []
    assert desk.numbers(MAY, "uploaded") == ["11223344"]


def test_a_workbook_that_may_not_be_read_keeps_no_other_from_being_mended(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.send(report("e-1"), profiled("e-2"))
    (other,) = [book for book in desk.books() if book != MAY]
    read = folder.Folder.read

    def refused(where: folder.Folder, name: str, place: str = "") -> bytes | None:
        if name == MAY:
            raise Unavailable("icare folder", "Permission denied", "", "give the hub the right")
        return read(where, name, place)

    with monkeypatch.context() as broken:
        broken.setattr(folder.Folder, "read", refused)
        assert desk.gathering().take_back(["e-1", "e-2"]) == ["e-2"]
        assert desk.codes(report("e-3")) == [(FAILED, "IN_USE")]

    assert desk.books() == [MAY]
    assert other != MAY


@pytest.mark.parametrize("place", ["uploaded", "processed"])
def test_a_workbook_that_was_copied_and_not_moved_was_uploaded_all_the_same(desk: Desk, place: str):
    desk.send(report("e-1"))
    (desk.folder / place / MAY).write_bytes((desk.folder / MAY).read_bytes())

    assert desk.gathering().take_back(["e-1"]) == []
    assert desk.codes(report("e-2", service_language_id="French")) != [(ACK, "")]


def test_a_row_that_its_worker_took_out_already_is_out(desk: Desk):
    desk.send(report("e-1"), report("e-2", client_validation_id=OTHER))
    desk.save(MAY, [io_row(client_validation_id=OTHER)])

    assert desk.gathering().take_back(["e-1"]) == ["e-1"]

    assert [desk.numbers(book) for book in desk.books()] == [[OTHER]]


@pytest.mark.parametrize("alone", [True, False], ids=["the only row", "one of two"])
@pytest.mark.parametrize("step", ["take", "show", "forget", "put_slip", "remove", "give_back"])
def test_who_dies_while_a_row_is_taken_back_leaves_no_second_workbook_and_the_next_one_ends_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str, alone: bool
):
    desk.send(report("e-1"), *([] if alone else [report("e-2", client_validation_id=OTHER)]))

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, step, killed)
        with suppress(Killed):  # not each of these steps is taken for each of the two
            desk.gathering().take_back(["e-1"])

    assert desk.gathering().take_back(["e-1"]) == ["e-1"]
    assert [desk.numbers(book) for book in desk.books()] == ([] if alone else [[OTHER]])
