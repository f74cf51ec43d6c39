"""What iCARE says of the rows that it was sent, told once (settled S12; program systems 2.3, 9.3)."""

from __future__ import annotations

import csv
import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.icare.folder import Folder
from adapters.icare.outbox import Outbox
from hub.errors import RecordUnreadable, Unavailable
from tests import icare_builder as icare
from tests.contract.source import MARKED
from tests.unit.adapters.icare.paper import Desk, Reader, io_row, profiled, refused, report, taken

ACK, FAILED = "acknowledged", "failed"
OTHER, THIRD = "99887766", "55667788"
MAY, AGAIN = "IO_A-100_202605_1.xlsx", "IO_A-100_202605_2.xlsx"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "A-100")


@pytest.fixture
def reader(desk: Desk) -> Reader:
    return Reader(desk)


def uploaded(desk: Desk, *numbers: str) -> None:
    """Rows of these clients, ``e-1`` the first, in a workbook that was uploaded."""
    desk.send(*(report(f"e-{n}", client_validation_id=number) for n, number in enumerate(numbers, 1)))
    desk.office.move(MAY, "uploaded")


def processed(desk: Desk, name: str = MAY) -> None:
    """The worker moves a workbook on."""
    (desk.folder / "processed").mkdir(exist_ok=True)
    (desk.folder / "uploaded" / name).rename(desk.folder / "processed" / name)


def answer(desk: Desk, name: str) -> list[list[str]]:
    """What the worker reads beside a workbook that came back."""
    text = (desk.folder / "processed" / f"{name}.hub.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def states(desk: Desk) -> dict[str, int]:
    """How many rows check says are in which state."""
    found = [one.text.split(maxsplit=3) for one in desk.source().check() if one.place == "path/reports"]
    return {state.rstrip(":"): int(count.rstrip(";")) for _, state, count, _ in found}


def test_a_workbook_that_is_uploaded_says_nothing_and_one_that_is_processed_was_accepted(desk: Desk, reader: Reader):
    desk.send(report("e-1"), report("e-2", client_validation_id=OTHER))
    assert reader.told() == ([], [])
    assert states(desk) == {"prepared": 2}
    desk.office.move(MAY, "uploaded")
    assert reader.told() == ([], [])
    assert states(desk) == {"uploaded": 2}

    processed(desk)

    assert reader.told() == (["e-1", "e-2"], [])
    assert reader.told() == ([], []), "it is told once"
    assert states(desk) == {}, "there is nothing to do"


def test_case_34_a_workbook_that_came_back_under_any_name_rejects_the_rows_that_it_refuses(desk: Desk, reader: Reader):
    uploaded(desk, "11223344", OTHER, THIRD)

    desk.came_back("Retour de juin.xlsx", {THIRD: "", "11223344": refused(1, 3)})

    assert reader.told() == (["e-3"], [("e-1", "CLIENT_UNKNOWN")])
    assert answer(desk, "Retour de juin.xlsx") == [
        ["row", "code", "English", "French"],
        [
            "5",
            "CLIENT_UNKNOWN",
            "Unable to validate against database.",
            "Impossible de valider dans la base de données.",
        ],
    ]
    assert states(desk) == {"uploaded": 1, "rejected": 1}, "of the row that is not in it nothing is known"


def test_an_unknown_text_is_other_and_stays_with_the_worker(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")

    desk.came_back("back.xlsx", {"11223344": refused(text=f"={MARKED} is wrong / (Client) {MARKED} est faux")})
    page = reader.page()

    assert [(one.envelope_id, one.code) for one in page.rejections] == [("e-1", "OTHER")]
    assert MARKED not in str(page)
    assert answer(desk, "back.xlsx")[1][2:] == [f"'={MARKED} is wrong", f"{MARKED} est faux"]
    assert MARKED not in str([path.read_bytes() for path in (desk.folder / ".spool").iterdir()])


def test_a_row_with_details_that_do_not_refuse_it_was_accepted(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")

    desk.came_back("back.xlsx", {"11223344": taken()})

    assert reader.told() == (["e-1"], [])


def test_what_came_back_outweighs_the_hubs_own_workbook_beside_it(desk: Desk, reader: Reader):
    uploaded(desk, "11223344", OTHER)
    desk.came_back("a.xlsx", {"11223344": refused()})
    processed(desk)

    assert reader.told() == (["e-2"], [("e-1", "CLIENT_UNKNOWN")])


@pytest.mark.parametrize("restarted", [False, True])
def test_what_came_back_outweighs_the_hubs_own_also_earlier_and_later(desk: Desk, reader: Reader, restarted: bool):
    uploaded(desk, "11223344", OTHER)
    desk.came_back("a.xlsx", {"11223344": refused()})
    assert reader.told() == ([], [("e-1", "CLIENT_UNKNOWN")])
    processed(desk)
    assert reader.told() == (["e-2"], [])
    if restarted:
        reader.anew()

    desk.came_back("b.xlsx", {OTHER: refused()})

    assert reader.told() == ([], [("e-2", "CLIENT_UNKNOWN")])
    assert states(desk) == {"rejected": 2}


def test_what_came_back_under_the_hubs_own_name_is_read_in_its_place(desk: Desk, reader: Reader):
    uploaded(desk, "11223344", OTHER)
    processed(desk)
    assert reader.told() == (["e-1", "e-2"], [])

    desk.came_back(MAY, {OTHER: refused()})

    assert reader.told() == ([], [("e-2", "CLIENT_UNKNOWN")])


def test_a_row_that_its_worker_sorted_and_completed_is_found_by_whose_and_what_it_is(desk: Desk, reader: Reader):
    desk.send(report("e-1", orientation_service_id=""), report("e-2", client_validation_id=OTHER))
    desk.save(MAY, [io_row(client_validation_id=OTHER), io_row()])
    desk.office.move(MAY, "uploaded")

    processed(desk)

    assert reader.told() == (["e-1", "e-2"], [])


def test_a_workbook_of_the_agencys_own_matches_no_key_and_is_left_alone(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")

    desk.came_back("own.xlsx", {OTHER: refused(), THIRD: ""})

    assert reader.told() == ([], [])
    assert not (desk.folder / "processed" / "own.xlsx.hub.csv").exists()


def test_without_reports_nothing_in_processed_is_opened(desk: Desk, reader: Reader):
    desk.came_back("own.xlsx", {OTHER: refused()})

    page = reader.page()

    assert (page.cursor, page.rejections, page.problems) == ('{"file":null,"after":null}', (), ())


# -- a refused row again, and corrections


def test_case_34_only_the_refused_row_is_sent_again_and_its_answer_is_its_own(desk: Desk, reader: Reader):
    uploaded(desk, "11223344", OTHER)
    processed(desk)
    desk.came_back("a.xlsx", {"11223344": refused()})
    reader.told()

    assert desk.codes(report("e-3", end_dttm="2026-05-06")) == [(ACK, "")]
    assert desk.rows(AGAIN) == [io_row(end_dttm="2026-05-06")], "iCARE has no record to correct"
    reader.anew()
    assert reader.told() == ([], []), "the old answer says nothing of the new row"
    desk.office.move(AGAIN, "processed")

    assert reader.told() == (["e-3"], [])
    assert desk.codes(report("e-1"), report("e-2", client_validation_id=OTHER)) == [(ACK, "")] * 2


def test_an_accepted_row_is_corrected_under_the_record_that_icare_gave(desk: Desk, reader: Reader):
    uploaded(desk, "11223344", OTHER)
    desk.came_back("a.xlsx", {"11223344": taken("10387104"), OTHER: taken("10387105")})
    assert reader.told() == (["e-1", "e-2"], [])

    assert desk.codes(report("e-3", client_validation_id=OTHER, end_dttm="2026-05-06")) == [(ACK, "")]

    (row,) = desk.rows(AGAIN)
    assert (row["update_record_id"], row["assessment_update_reason_id"]) == ("10387105", "Amend record")
    assert desk.todo(AGAIN) is None
    desk.office.move(AGAIN, "processed")
    assert reader.told() == (["e-3"], [])


def test_case_35_a_correction_without_the_record_is_written_and_listed(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")
    processed(desk)
    reader.told()

    desk.send(report("e-2", end_dttm="2026-05-06"))

    (row,) = desk.rows(AGAIN)
    assert row["assessment_update_reason_id"] == "Amend record"
    assert "update_record_id" not in row
    assert [line[:2] for line in desk.todo(AGAIN) or []] == [["4", "update_record_id"]]


@pytest.mark.parametrize("how", ["refused", "put anew"])
def test_a_correction_that_was_refused_or_is_put_anew_stays_a_correction(desk: Desk, reader: Reader, how: str):
    uploaded(desk, "11223344")
    desk.came_back("a.xlsx", {"11223344": taken("10387104")})
    reader.told()
    desk.send(report("e-2", end_dttm="2026-05-06"))
    if how == "refused":
        desk.office.move(AGAIN, "uploaded")
        desk.came_back("b.xlsx", {"11223344": refused()})
        assert reader.told() == ([], [("e-2", "CLIENT_UNKNOWN")])

    assert desk.codes(report("e-3", end_dttm="2026-05-07")) == [(ACK, "")]

    (row,) = desk.rows("IO_A-100_202605_3.xlsx")
    assert (row["update_record_id"], row["end_dttm"]) == ("10387104", "2026-05-07")
    assert AGAIN not in desk.books()


def test_a_correction_that_is_on_its_way_is_pending_too(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")
    processed(desk)
    reader.told()
    desk.send(report("e-2", end_dttm="2026-05-06"))
    desk.office.move(AGAIN, "uploaded")

    assert desk.codes(report("e-3", end_dttm="2026-05-07")) == [(FAILED, "PENDING")]


def test_a_profile_that_was_accepted_has_no_correction_and_is_sent_again(desk: Desk, reader: Reader):
    name = "CLIENT_PROFILE_A-100_202605_1.xlsx"
    desk.send(profiled("e-1"))
    desk.office.move(name, "processed")
    assert reader.told() == (["e-1"], [])

    assert desk.codes(profiled("e-2", city_txt="Guelph")) == [(ACK, "")]
    desk.now = datetime(2026, 7, 2, 14, tzinfo=UTC)
    assert desk.codes(profiled("e-3", city_txt="Sudbury")) == [(ACK, "")]

    assert desk.books() == ["CLIENT_PROFILE_A-100_202605_2.xlsx", "CLIENT_PROFILE_A-100_202606_1.xlsx"]
    assert desk.rows("CLIENT_PROFILE_A-100_202606_1.xlsx")[0]["city_txt"] == "Sudbury"


def test_a_profile_that_came_back_under_a_name_without_month_is_the_one_that_waits(desk: Desk, reader: Reader):
    desk.send(profiled("e-1"))
    desk.office.move("CLIENT_PROFILE_A-100_202605_1.xlsx", "processed")
    reader.told()
    desk.now = datetime(2026, 7, 2, 14, tzinfo=UTC)
    desk.send(profiled("e-2"))
    desk.office.move("CLIENT_PROFILE_A-100_202606_1.xlsx", "uploaded")

    desk.came_back("back.xlsx", {"11223344": refused()}, "CLIENT_PROFILE")

    assert reader.told() == ([], [("e-2", "CLIENT_UNKNOWN")])


def test_a_profile_that_came_back_is_no_profile_of_the_agencys(desk: Desk, reader: Reader):
    desk.send(profiled("e-1", city_txt="Sudbury"))
    desk.office.move("CLIENT_PROFILE_A-100_202605_1.xlsx", "uploaded")
    desk.came_back("back.xlsx", {"11223344": refused()}, "CLIENT_PROFILE", city_txt="Sudbury")
    desk.office.hand_in("NARS", [icare.assessed()])

    (raw,) = reader.page().raws

    assert b"Sudbury" not in raw.data  # type: ignore[union-attr]


# -- told once, lost never


def test_what_was_told_on_a_page_that_was_not_settled_is_told_again(desk: Desk, reader: Reader):
    uploaded(desk, "11223344", OTHER)
    desk.came_back("a.xlsx", {"11223344": refused(), OTHER: ""})

    first = reader.page(settled=False)
    same_process = reader.page(settled=False)
    reader.anew()
    other_process = reader.page(settled=False)

    assert len(first.rejections) == len(first.accepted) == 1
    assert first == same_process == other_process
    assert first.cursor != reader.since
    assert reader.told() == (["e-2"], [("e-1", "CLIENT_UNKNOWN")])


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_kill_while_it_is_kept_keeps_the_rest_the_next_time(
    desk: Desk, reader: Reader, monkeypatch: pytest.MonkeyPatch, count: int
):
    uploaded(desk, "11223344")
    desk.send(profiled("e-2"))
    desk.came_back("a.xlsx", {"11223344": refused()})
    desk.office.move("CLIENT_PROFILE_A-100_202605_1.xlsx", "processed")
    page = reader.page()
    calls = [0]
    whole = Outbox.put_slip

    class Killed(BaseException):
        """The process ends here."""

    def dies(self: Outbox, name: str, data: bytes) -> None:
        calls[0] += 1
        if calls[0] == count:
            raise Killed
        whole(self, name, data)

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "put_slip", dies)
        try:
            reader.page(settled=False)
        except Killed:
            reader.anew()

    assert len(page.rejections) == len(page.accepted) == 1
    assert reader.told() == ([], [])
    assert states(desk) == {"rejected": 1}


def test_while_somebody_is_writing_nothing_new_is_told_and_nothing_is_lost(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")
    desk.came_back("a.xlsx", {"11223344": refused()})
    reader.page()

    def meanwhile() -> None:
        page = reader.page()
        assert (page.rejections, page.cursor) == ((), reader.since)

    desk.send(profiled("e-2"), commit=meanwhile)
    reader.anew()

    assert reader.told() == ([], [])
    assert states(desk) == {"prepared": 1, "rejected": 1}


def test_an_idle_folder_gives_the_same_cursor_back(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")
    processed(desk)
    reader.told()

    assert reader.page().cursor == reader.since
    assert "heard" not in reader.since


def test_many_workbooks_are_read_a_few_at_a_time(desk: Desk, reader: Reader):
    uploaded(desk, *(f"{n:08}" for n in range(7)))
    for n in range(7):
        desk.came_back(f"back {n}.xlsx", {f"{n:08}": refused()})

    assert len(reader.page().rejections) == 5
    assert len(reader.told()[1]) == 2


@pytest.mark.parametrize("cursor", ['{"file":null,"after":null,"heard":[]}', '{"file":null,"after":null,"heard":{}}',
                                    '{"file":null,"after":null,"heard":{"rows":{"e":"x"},"read":[]}}',
                                    '{"file":null,"after":null,"heard":{"rows":{},"read":null}}'])  # fmt: skip
def test_a_cursor_that_says_something_else_is_refused(desk: Desk, cursor: str):
    with pytest.raises(RecordUnreadable):
        desk.source().fetch(cursor)


# -- what cannot be read


def test_a_workbook_that_cannot_be_read_is_told_once_without_its_name_and_stops_no_other(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")
    desk.came_back("b.xlsx", {"11223344": refused()})
    bad = desk.folder / "processed" / f"{MARKED}.xlsx"
    bad.write_bytes(b"PK")
    page = reader.page()
    assert page.problems == (), "it may still be being copied"
    os.utime(bad, (desk.now.timestamp() - 3_600,) * 2)

    pages = [page, reader.page(), reader.page()]

    assert [len(each.rejections) for each in pages] == [1, 0, 0]
    assert [len(each.problems) for each in pages] == [0, 1, 0]
    assert MARKED not in str(pages)


def test_an_answer_that_cannot_be_written_is_told_and_the_rejection_comes_with_it_later(
    desk: Desk, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    uploaded(desk, "11223344")
    desk.came_back("b.xlsx", {"11223344": refused()})

    def full(*_: object) -> None:
        raise Unavailable("icare folder", "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Folder, "put", full)
        page = reader.page()
        assert (len(page.problems), page.rejections) == (1, ())

    assert reader.told() == ([], [("e-1", "CLIENT_UNKNOWN")])


# -- too late


def test_case_37_a_row_that_became_too_late_while_it_lay_there_is_told_once_and_listed(desk: Desk, reader: Reader):
    june = report("e-2", client_validation_id=OTHER, start_dttm="2026-06-01", end_dttm="2026-06-01")
    desk.send(report("e-1"), june)
    desk.now = datetime(2026, 6, 30, 14, tzinfo=UTC)
    assert reader.told() == ([], [])
    desk.now = datetime(2026, 7, 1, 14, tzinfo=UTC)

    first = reader.page(settled=False)
    reader.anew()
    assert reader.told() == ([], [("e-1", "TOO_LATE")])
    assert reader.told() == ([], [])

    assert len(first.rejections) == 1
    ((row, column, _, english, french),) = desk.todo(MAY) or []
    assert (row, column) == ("4", "start_dttm")
    assert "take this row out" in english
    assert "retirez" in french
    assert states(desk) == {"prepared": 1, "too-late": 1}
    assert desk.codes(report("e-3")) == [(FAILED, "TOO_LATE")]


def test_case_37_rows_too_late_go_when_their_workbook_is_put_anew(desk: Desk, reader: Reader):
    ends = {"start_dttm": "2026-01-31", "end_dttm": "2026-01-31", "client_validation_id": OTHER}
    desk.now = datetime(2026, 2, 3, 14, tzinfo=UTC)
    desk.send(report("e-1", start_dttm="2026-01-05", end_dttm="2026-01-05"), report("e-2", **ends))
    desk.now = datetime(2026, 3, 1, 14, tzinfo=UTC)
    assert reader.told() == ([], [("e-1", "TOO_LATE")])

    assert desk.codes(report("e-3", **{**ends, "postal_cd": "K1A0A1"})) == [(ACK, "")]

    (name,) = desk.books()
    assert desk.numbers(name) == [OTHER]
    assert desk.codes(report("e-1")) == [(ACK, "")], "it is still known"
    assert reader.told() == ([], [])


def test_a_row_that_was_uploaded_in_time_is_never_too_late(desk: Desk, reader: Reader):
    uploaded(desk, "11223344")
    desk.now = datetime(2026, 9, 1, 14, tzinfo=UTC)

    assert reader.told() == ([], [])
    processed(desk)
    assert reader.told() == (["e-1"], [])


# -- what the worker is told


def test_check_says_how_many_rows_are_where_and_what_to_do(desk: Desk, reader: Reader):
    uploaded(desk, "11223344", OTHER)
    desk.came_back("a.xlsx", {"11223344": refused()})
    desk.send(report("e-7", client_validation_id="66554433"))
    reader.told()
    (desk.folder / "uploaded" / MAY).unlink()

    found = [finding.text for finding in desk.source().check() if finding.place == "path/reports"]

    assert [text.split(";")[0] for text in found] == [
        "rows prepared: 1",
        "rows uploaded: 1",
        "rows rejected: 1",
        "rows missing: 1",
    ]
    assert all(text.partition("; ")[2] for text in found)


def test_who_only_looks_hears_and_writes_nothing(desk: Desk):
    uploaded(desk, "11223344")
    desk.came_back("a.xlsx", {"11223344": refused()})
    before = {path: path.stat().st_mtime_ns for path in desk.folder.rglob("*")}

    page = desk.looker().fetch("")
    desk.looker().fetch(page.cursor)

    assert len(page.rejections) == 1
    assert {path: path.stat().st_mtime_ns for path in desk.folder.rglob("*")} == before
