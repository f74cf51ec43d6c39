"""Two folders of a CaMS site keep the promise of every source."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Adapter, Answer, Gone, Parcel, Raw, Source, Verdict
from adapters.eois import ADAPTER
from adapters.mailbox import FILE_BYTES_MAX, Folder
from hub.clock import UtcClock
from hub.errors import Unavailable
from hub.model.canonical import canonical
from tests import eois_builder as eois
from tests.contract.source import (
    MARKED,
    Connect,
    InAFolder,
    LivingSource,
    Memory,
    answering,
    drain,
    keys,
    nothing,
    page_by_page,
)


class EoisAgency(InAFolder):
    """Workers of a CaMS site: each record that they save is a package in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = eois.Site(folder)
        self._count = 0

    def add(self) -> str:
        self._count += 1
        self._save(self._count, reason="")
        return f"P/{eois.SDS}/{eois.OTHER_SDS}/PKG-{self._count}"

    def change(self, key: str) -> None:
        self._save(int(key.rpartition("-")[2]), reason="asks for evenings" + " and mornings" * self._count)
        self._count += 1

    def remove(self, key: str) -> None:
        (self.site.from_cams / f"{key.removeprefix('P/').replace('/', '_')}.xml").unlink()

    def received(self) -> list[tuple[str, bytes]]:
        """Read back from the packages that lie there; the referral's number says which message it is."""
        return [_message(path) for path in self.site.received()]

    def parcel(self, envelope_id: str) -> Parcel:
        person = {"LegalLastName": MARKED, "LegalFirstName": "-", "DateOfBirth": "1991-07-22"}
        referral = {"number": envelope_id, "list": "community", "code": "80", "direction": "out"}
        tree = {
            "created": eois.CREATED, "Sender": {"sds": eois.OTHER_SDS}, "Receiver": {"sds": eois.SDS},
            "Person": person, "Referral": referral,
        }  # fmt: skip
        return Parcel(envelope_id, "referral", canonical({"package": tree}), "K7QM2XWBR4TD")

    def _save(self, number: int, reason: str) -> None:
        person = {"LegalLastName": MARKED}
        self.site.hand_in(
            eois.package(f"PKG-{number}", person=person, referral={"number": f"R-{number}"}, reason=reason)
        )


def _message(path: Path) -> tuple[str, bytes]:
    root = eois.read(path)
    tree: dict[str, Any] = {"created": root.get("created")}
    for element in root:
        tree[element.tag] = {**element.attrib, **{below.tag: below.text for below in element}}
    return tree["Referral"]["number"], canonical({"package": tree})


@pytest.fixture
def agency(tmp_path: Path) -> EoisAgency:
    return EoisAgency(tmp_path / "maple")


@pytest.fixture
def connect(agency: EoisAgency) -> Connect:
    settings = dict(agency.site.settings)
    now = UtcClock().now
    return lambda memory=None: ADAPTER.connect(settings, Memory() if memory is None else memory, now)


@pytest.fixture
def card() -> Adapter:
    return ADAPTER


class TestEoisSource(LivingSource):
    """Packages in a folder for each direction; one may be replaced or taken away."""


KEY = "15B/3898A/2345678/community/80"
OUTCOMES = ["15D/3898A/2345678/exit", "15D/3898A/2345678/0"]


def rows_of(source: Source, since: str = "") -> list[str]:
    return keys(drain(source, since)[0])


# -- extracts


def test_the_referrals_of_the_newest_extract_come_once_and_not_every_week(agency: EoisAgency, connect: Connect):
    agency.site.week()
    source = connect()
    first, since = drain(source)

    agency.site.week(day=date(2026, 6, 8))
    second, since = drain(source, since)
    agency.site.week(day=date(2026, 6, 15), **{"Referred Out 2": "Housing Services"})
    third, _ = drain(source, since)

    assert keys(first) == [KEY, *OUTCOMES]
    assert second == []
    assert keys(third) == ["15B/3898A/2345678/community/50"]


def test_a_referral_whose_outcome_comes_later_comes_with_it_case_53(agency: EoisAgency, connect: Connect):
    name = agency.site.report("15B", {})
    source = connect()
    before, since = drain(source)
    answering(source).answer({})
    waits = agency.site.lines_of(name)

    agency.site.report("15D", {}, day=date(2026, 6, 8))
    after, _ = drain(source, since)

    assert before == []
    assert waits == [("2", "OUTCOME_MISSING")]
    assert keys(after) == [KEY, *OUTCOMES]
    assert answering(source).awaiting(10) == [KEY, *OUTCOMES], "what was settled may change again"


def test_an_outcome_whose_plan_comes_later_is_answered_with_it(agency: EoisAgency, connect: Connect):
    name = agency.site.report("15D", {})
    source = connect()
    _, since = drain(source)
    answering(source).answer({})
    waits = agency.site.lines_of(name)

    agency.site.report("15B", {}, day=date(2026, 6, 8))
    drain(source, since)
    answers = {key: Answer(Verdict.ACCEPTED) for key in answering(source).awaiting(10)}
    answering(source).answer(answers)

    assert waits == [("2", "PLAN_MISSING"), ("2", "PLAN_MISSING")]
    assert agency.site.lines_of(name) == [("2", "OK"), ("2", "OK")]
    assert answering(source).awaiting(10) == []


def test_a_plan_opened_in_error_is_void_and_what_was_said_of_it_is_gone_case_51(agency: EoisAgency, connect: Connect):
    agency.site.week()
    source = connect()
    _, since = drain(source)

    void = {"Closure Reason": "Opened in Error", "Follow-up Month": "", "Follow-up Date": ""}
    agency.site.report("15D", void, day=date(2026, 6, 8))
    found, _ = drain(source, since)

    assert found == [Gone(key) for key in sorted([KEY, *OUTCOMES])]


def test_a_long_extract_comes_page_by_page_whoever_reads_it(agency: EoisAgency, connect: Connect):
    plans = [{"Service Plan Reference": str(3_000_000 + number)} for number in range(400)]
    agency.site.report("15B", *plans)
    agency.site.report("15D", *plans)
    alone, _ = drain(connect())

    assert len(alone) == 1_200, "of each plan a referral, its end and a follow-up"
    assert page_by_page(connect) == alone
    assert len({raw.key for raw in alone}) == 1_200


def test_a_newer_telephone_number_is_no_new_referral(agency: EoisAgency, connect: Connect):
    agency.site.week()
    before = drain(connect())[0][0]
    agency.site.report("CLIENT", {"Phone": "416-555-0199"}, day=date(2026, 6, 8))
    (after,) = connect().refetch([KEY])

    assert isinstance(before, Raw)
    assert isinstance(after, Raw)
    assert before.data != after.data
    assert before.own == after.own


def test_extracts_of_another_site_and_files_of_other_names_are_told_once_and_not_by_name(
    agency: EoisAgency, connect: Connect
):
    extracts = ["15B_9999Z_20260601.csv", "15B_3898A_20261301.csv", f"{MARKED}.csv"]
    for name in (*extracts, f"{MARKED}.xml", "4102B_3898A_PKG-1.xml"):
        (agency.site.from_cams / name).write_text("x")
    (agency.site.from_cams / "folder.csv").mkdir()
    source = connect()

    page = source.fetch("")

    assert page.raws == ()
    assert len(page.problems) == 6
    assert MARKED not in str(page.problems)
    assert source.fetch(page.cursor).problems == ()


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04", b"a,b\r\n1,2\r\n", b"", b'"never closed', b"\xff\x81\x8d"],
    ids=["a workbook", "another header", "nothing", "no csv", "no encoding"],
)
def test_an_extract_that_is_none_is_refused_whole_and_told_and_the_one_before_still_speaks(
    agency: EoisAgency, connect: Connect, data: bytes
):
    agency.site.week()
    source = connect()
    _, since = drain(source)
    (agency.site.from_cams / "15B_3898A_20260608.csv").write_bytes(data)

    page = source.fetch(since)
    source.fetch(page.cursor)
    answering(source).answer({KEY: Answer(Verdict.ACCEPTED)})

    assert page.raws == ()
    assert len(page.problems) == 1
    assert agency.site.lines_of("15B_3898A_20260608.csv") == [("0", "REFUSED")]
    assert agency.site.lines_of("15B_3898A_20260601.csv") == [("2", "OK")]


def test_an_extract_that_is_too_long_is_refused_unread_and_the_one_before_still_speaks(
    agency: EoisAgency, connect: Connect
):
    agency.site.week()
    with (agency.site.from_cams / "15B_3898A_20260608.csv").open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    source = connect()

    found, _ = drain(source)
    answering(source).answer({})

    assert keys(found) == [KEY, *OUTCOMES]
    assert agency.site.lines_of("15B_3898A_20260608.csv") == [("0", "REFUSED")]


def test_an_extract_of_a_day_to_come_waits_for_it_and_the_one_before_still_speaks(agency: EoisAgency, connect: Connect):
    agency.site.week()
    early = agency.site.report("15B", {"Service Plan Reference": "7"}, day=date(9999, 12, 31))
    source = connect()

    page = source.fetch("")
    again = source.fetch(page.cursor)
    answering(source).answer({key: Answer(Verdict.ACCEPTED) for key in answering(source).awaiting(10)})

    assert keys(page.raws) == [KEY, *OUTCOMES]
    assert [early in problem for problem in page.problems] == [True]
    assert again.problems == ()
    assert agency.site.lines_of("15B_3898A_20260601.csv") == [("2", "OK")]


@pytest.mark.skipif(os.geteuid() == 0, reason="who may do everything is refused nothing")
def test_an_extract_that_the_hub_may_not_read_is_told_and_the_one_before_still_speaks(
    agency: EoisAgency, connect: Connect
):
    agency.site.week()
    (agency.site.from_cams / agency.site.report("15B", {}, day=date(2026, 6, 8))).chmod(0)
    source = connect()

    page = source.fetch("")

    assert keys(page.raws) == [KEY, *OUTCOMES]
    assert len(page.problems) == 1


def test_a_package_that_cannot_be_read_any_more_stops_no_other_answer(agency: EoisAgency, connect: Connect):
    away, other = agency.add(), agency.add()
    source = connect()
    drain(source)
    path = agency.site.from_cams / "3898A_4102B_PKG-1.xml"
    path.unlink()
    path.mkdir()

    asked = answering(source).awaiting(10)
    with pytest.raises(Unavailable):
        answering(source).answer({key: Answer(Verdict.ACCEPTED) for key in (away, other)})

    assert asked == [other]
    assert agency.site.result_of("3898A_4102B_PKG-2.xml") == ("Accepted", [])


def test_a_package_whose_number_passes_as_a_sin_is_not_read_and_told_without_it_case_21(
    agency: EoisAgency, connect: Connect
):
    agency.site.hand_in(eois.package("PKG-046454286"))

    page = connect().fetch("")

    assert page.raws == ()
    assert len(page.problems) == 1
    assert "046454286" not in str(page)


def test_of_two_packages_of_one_number_the_one_that_was_read_first_stays(agency: EoisAgency, connect: Connect):
    key = agency.add()
    source = connect()
    _, since = drain(source)

    agency.site.hand_in(eois.package("PKG-1", receiver="0001Z"))
    page = source.fetch(since)

    assert page.raws == ()
    assert len(page.problems) == 1
    assert answering(source).awaiting(10) == [key]


def test_who_has_all_that_there_is_writes_nothing_into_its_memory(agency: EoisAgency, connect: Connect):
    class Counting(Memory):
        puts = 0

        def put(self, key: str, value: str | None) -> None:
            self.puts += 1
            super().put(key, value)

    agency.site.week()
    memory = Counting()
    source = connect(memory)
    _, since = drain(source)
    answering(source).answer({KEY: Answer(Verdict.ACCEPTED)})
    before = memory.puts

    for _ in range(3):
        assert source.fetch(since).cursor == since
        assert answering(source).answer({}) is False

    assert memory.puts == before


# -- answers


def test_a_package_is_answered_beside_it_and_again_only_when_something_changed(agency: EoisAgency, connect: Connect):
    key = agency.add()
    source = connect()
    drain(source)
    name = "3898A_4102B_PKG-1.xml"

    waits = answering(source).answer({key: Answer(Verdict.WAITS, "DN_NO_CONSENT")})
    first = agency.site.result_of(name)
    again = answering(source).answer({key: Answer(Verdict.WAITS, "DN_NO_CONSENT")})
    known = answering(connect()).awaiting(10)
    ended = answering(source).answer({key: Answer(Verdict.ACCEPTED)})

    assert (waits, again, ended) == (True, False, True)
    assert first == ("AcceptedWithWarnings", [("DN_NO_CONSENT", "/CaseReferralPackage")])
    assert agency.site.result_of(name) == ("Accepted", [])
    assert known == [], "another memory knows nothing of it"
    assert answering(source).awaiting(10) == [], "what is final is not asked again"


def test_what_is_accepted_and_under_way_is_asked_again(agency: EoisAgency, connect: Connect):
    key = agency.add()
    source = connect()
    drain(source)

    answering(source).answer({key: Answer(Verdict.ACCEPTED, under_way=True)})

    assert answering(source).awaiting(10) == [key]


def test_a_package_that_was_corrected_in_its_place_is_read_and_answered_again(agency: EoisAgency, connect: Connect):
    key = agency.add()
    source = connect()
    _, since = drain(source)
    answering(source).answer({key: Answer(Verdict.REFUSED, "DN_SCHEMA")})
    agency.change(key)

    found, _ = drain(source, since)

    assert keys(found) == [key]
    assert answering(source).awaiting(10) == [key]


def test_a_package_that_is_taken_away_before_it_is_settled_has_closed_no_plan_e4(agency: EoisAgency, connect: Connect):
    name = agency.site.hand_in(eois.shared("PKG-1", plan=eois.closed(), created="2026-10-06T10:15:00-04:00"))
    source = connect()
    _, since = drain(source)
    (agency.site.from_cams / name).unlink()
    _, since = drain(source, since)

    agency.site.hand_in(eois.shared("PKG-2", created="2026-11-01T10:15:00-04:00"))
    (raw,), _ = drain(source, since)

    assert isinstance(raw, Raw)
    assert raw.fault == ""


def test_a_settled_package_that_is_tidied_away_has_closed_its_plan_for_good_e4(agency: EoisAgency, connect: Connect):
    name = agency.site.hand_in(eois.shared("PKG-1", plan=eois.closed(), created="2026-10-06T10:15:00-04:00"))
    source = connect()
    (first, *more), since = drain(source)
    answering(source).answer({each.key: Answer(Verdict.ACCEPTED) for each in (first, *more)})
    (agency.site.from_cams / name).unlink()
    for _ in range(3):
        source.fetch(since)  # looked at again and again under the cursor that names it

    agency.site.hand_in(eois.shared("PKG-2", created="2026-11-01T10:15:00-04:00"))
    found, _ = drain(source, since)

    assert [raw.fault.split()[2] for raw in found if isinstance(raw, Raw)] == ["PLAN_CLOSED"]
    assert not any(isinstance(raw, Gone) for raw in found)


def test_files_take_turns_where_not_all_are_asked_for(agency: EoisAgency, connect: Connect):
    added = [agency.add() for _ in range(3)]
    source = connect()
    drain(source)

    turns = [answering(source).awaiting(1) for _ in range(3)]

    assert sorted(each for turn in turns for each in turn) == sorted(added)


# -- what CaMS answers


def test_an_accepted_referral_says_that_it_was_received_once_t2(agency: EoisAgency, connect: Connect, card: Adapter):
    source = connect()
    source.send([agency.parcel("e-1")], nothing)
    (path,) = agency.site.received()
    agency.site.answer(path)

    found, since = drain(source)
    (raw,) = found

    assert isinstance(raw, Raw)
    said = card.parse(raw.key, raw.data)
    assert (said.kind, said.get("status"), said.get("number")) == ("RF_STATUS", "received", "e-1")
    assert (said.get("sender_sds"), said.get("receiver_sds")) == (eois.SDS, eois.OTHER_SDS)
    assert source.refetch([raw.key]) == [raw]
    assert rows_of(source, since) == []
    assert MARKED not in str((raw, since))


def test_a_refusal_is_a_rejection_with_a_code_of_the_closed_list_and_may_be_replaced(
    agency: EoisAgency, connect: Connect
):
    source = connect()
    source.send([agency.parcel("e-1"), agency.parcel("e-2")], nothing)
    first, second = agency.site.received()
    agency.site.answer(first, "Refused", "POSTAL_UNKNOWN")
    agency.site.answer(second, "Refused", "OKONKWO_AMARA")

    page = source.fetch("")
    agency.site.answer(first, "AcceptedWithWarnings", "PERSON_EXISTS")
    after = source.fetch(page.cursor)

    assert sorted(each.code for each in page.rejections) == ["OTHER", "POSTAL_UNKNOWN"]
    assert page.raws == ()
    assert len(after.raws) == 1
    assert "Zyxwvut" not in str(page) + str(after)


def test_an_answer_that_cannot_be_read_is_a_problem_and_stops_nothing(agency: EoisAgency, connect: Connect):
    source = connect()
    source.send([agency.parcel("e-1")], nothing)
    (path,) = agency.site.received()
    (agency.site.to_cams / f"{path.stem.rpartition('_')[2]}.result.xml").write_text("<PackageResult/>")
    (agency.site.to_cams / "PKG-99.result.xml").write_text("somebody else's")
    key = agency.add()

    page = source.fetch("")

    assert keys(page.raws) == [key]
    assert len(page.problems) == 1


# -- what is sent


def test_a_package_and_its_worksheet_lie_there_and_nothing_else(agency: EoisAgency, connect: Connect):
    connect().send([agency.parcel("e-1")], nothing)

    (path,) = agency.site.received()
    assert sorted(each.suffix for each in agency.site.to_cams.iterdir()) == ["", ".html", ".xml"]
    assert MARKED in path.with_suffix(".html").read_text(encoding="utf-8")
    spool = agency.site.to_cams / ".spool"
    assert spool.stat().st_mode & 0o777 == 0o700
    assert MARKED not in "".join(each.read_text() for each in spool.iterdir())


def test_a_repeat_writes_no_second_package_although_the_first_was_taken_away(agency: EoisAgency, connect: Connect):
    connect().send([agency.parcel("e-1")], nothing)
    (path,) = agency.site.received()
    path.unlink()

    (again,) = connect().send([agency.parcel("e-1")], nothing)

    assert again.state.value == "acknowledged"
    assert agency.site.received() == []


def test_a_half_that_a_dead_process_left_is_cleared_away(agency: EoisAgency, connect: Connect):
    class Dead(BaseException):
        """The process ends here."""

    def die() -> None:
        raise Dead

    with pytest.raises(Dead):
        connect().send([agency.parcel("e-1")], die)
    spool = agency.site.to_cams / ".spool"
    left = sorted(path.suffix for path in spool.iterdir() if path.name != "lock")

    connect().fetch("")

    assert left == [".html", ".slip", ".xml"]
    assert [path.name for path in spool.iterdir()] == ["lock"]


def test_a_worksheet_that_did_not_follow_its_package_follows_it_later(
    agency: EoisAgency, connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    class Dead(BaseException):
        """The process ends here."""

    show = Folder.show

    def dies(folder: Folder, name: str) -> None:
        if name.endswith(".html"):
            raise Dead
        show(folder, name)

    with monkeypatch.context() as broken, pytest.raises(Dead):
        broken.setattr(Folder, "show", dies)
        connect().send([agency.parcel("e-1")], nothing)
    (path,) = agency.site.received()
    before = path.with_suffix(".html").exists()

    connect().fetch("")

    assert not before
    assert path.with_suffix(".html").exists()
    assert [each for each, _ in agency.received()] == ["e-1"]


def test_a_package_that_cannot_be_shown_is_not_there_and_its_neighbour_is(
    agency: EoisAgency, connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    show, shown = Folder.show, []

    def fails_once(folder: Folder, name: str) -> None:
        shown.append(name)
        if len(shown) == 1:
            raise Unavailable("eois folder to CaMS", "no room")
        show(folder, name)

    with monkeypatch.context() as broken:
        broken.setattr(Folder, "show", fails_once)
        first, second = connect().send([agency.parcel("e-1"), agency.parcel("e-2")], nothing)
    there = agency.received()
    again = connect().send([agency.parcel("e-1"), agency.parcel("e-2")], nothing)

    assert (first.state.value, second.state.value) == ("failed", "acknowledged")
    assert [each for each, _ in there] == ["e-2"]
    assert {each.state.value for each in again} == {"acknowledged"}
    assert sorted(each for each, _ in agency.received()) == ["e-1", "e-2"]


def test_a_message_with_a_sin_fails_and_its_neighbour_goes_case_21(agency: EoisAgency, connect: Connect):
    bad = agency.parcel("e-1")
    tree = json.loads(bad.body)
    tree["package"]["Person"]["LegalFirstName"] = "046 454 286"
    bad = Parcel("e-1", "referral", canonical(tree))

    first, second = connect().send([bad, agency.parcel("e-2")], nothing)

    assert (first.state.value, second.state.value) == ("failed", "acknowledged")
    assert "454" not in first.code
    assert [each for each, _ in agency.received()] == ["e-2"]


def test_who_only_looks_writes_nothing(agency: EoisAgency, card: Adapter):
    agency.add()
    agency.site.week()
    (agency.site.from_cams / "15B_3898A_20260608.csv").write_text("x")
    before = sorted(path.name for path in agency.site.from_cams.parent.rglob("*"))
    assert card.look is not None

    source = card.look(dict(agency.site.settings), Memory(), UtcClock().now)
    found, _ = drain(source)
    answering(source).answer(dict.fromkeys(keys(found), Answer(Verdict.ACCEPTED)))

    assert keys(found) == ["P/3898A/4102B/PKG-1", KEY, *OUTCOMES]
    assert sorted(path.name for path in agency.site.from_cams.parent.rglob("*")) == before
