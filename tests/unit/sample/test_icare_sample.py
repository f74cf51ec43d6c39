"""The sample's iCARE agencies, out of their own folders: workbooks, routes, consents, answers (program systems 9.3)."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from adapters.icare import blank, details, fill, layout
from adapters.icare.groups import judged
from adapters.icare.workbook import Workbook
from hub.sample import icare_book, icare_papers
from hub.sample.icare_book import NARS, PROFILE
from hub.sample.icare_tally import read_reports, read_words
from hub.sample.scenarios import UNREADABLE, Scenario
from tests.unit.sample.icare_people import DAY, TODAY, answer, profile, reporting, session, settlement, theirs, written

AT = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
MIXED = [Scenario.AGREED, Scenario.BAD_UCI, Scenario.NO_CONSENT, Scenario.BAD_CODE, Scenario.BAD_DATE, Scenario.AGREED]


@pytest.mark.parametrize("module", [PROFILE, NARS, "IO"])
def test_a_workbook_is_what_the_adapter_and_an_independent_reader_take_for_one_with_its_own_lists(module: str) -> None:
    row = dict(zip(icare_book.IDENTITY, ("FOSS/GCMS Client ID", "1100000001", "1991-07-22"), strict=True))

    data = icare_book.write(module, [row])

    found = Workbook(data)
    assert (found.template.module, found.template.culture) == (layout.modules()[module], "en-CA")
    assert len(found.template.hidden) == 2
    assert [(each.number, dict(each.fields), each.faults) for each in found.rows()] == [(4, row, ())]
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert [(sheet.title, sheet.sheet_state) for sheet in book] == [
        ("iCARE Template", "visible"), ("LOV", "hidden"), ("LOVIds", "hidden"),
    ]  # fmt: skip
    assert {cell.number_format for cell in book["iCARE Template"][4] if cell.value} == {"@"}


def test_what_was_written_is_read_again_and_the_same_rows_give_the_same_bytes() -> None:
    rows = [{"client_birth_dt": "1991-07-22", "street_nme": "L'Érable <&>"}, {}, {"client_validation_id": "007"}]

    data = icare_book.write(PROFILE, rows)

    assert [(line.number, line.fields) for line in icare_book.read(data)] == [(4, rows[0]), (6, rows[2])]
    assert icare_book.write(PROFILE, rows) == data


def test_a_template_that_the_hub_has_filled_is_read() -> None:
    (person,) = theirs([Scenario.AGREED])
    data = fill.fill(blank.template(layout.modules()[PROFILE]), [profile(person)])

    assert [line.fields for line in icare_book.read(data)] == [profile(person)]


def test_each_referral_is_a_row_with_one_flag_and_the_adapter_stops_those_that_the_story_wants_stopped(
    tmp_path: Path,
) -> None:
    who = theirs(MIXED)
    site = settlement(tmp_path, who)
    books = {icare_book.named(path.name).module: path for path in site.books()}  # type: ignore[union-attr]

    sheet = judged(books[NARS].read_bytes(), TODAY, "2026-05")

    assert [len(list(sheet.groups("x"))), len(sheet.rows)] == [len(who), len(who)]
    assert [bool(row.stops) for row in sheet.rows] == [person.scenario in UNREADABLE for person in who]
    assert [note for row in sheet.rows for note in row.notes if not row.stops] == [], "iCARE itself would take the rest"
    kept = judged(books[PROFILE].read_bytes(), TODAY, "2026-05").rows
    assert [row.fields.get("email_txt") for row in kept] == [person.client["email"] for person in who]


def test_sources_are_found_by_what_a_row_says_of_its_person_and_two_who_say_the_same_have_one_each(
    tmp_path: Path,
) -> None:
    first, second = theirs([Scenario.BAD_UCI, Scenario.AGREED])
    site = settlement(tmp_path, [first, second, first])

    records = list(site.records())

    flag = "find_employment_referrals_ind"
    assert [whose for whose, _ in records] == [icare_papers.whose(person) for person in (first, second, first)]
    assert [source for _, source in records] == [f"NARS_SEA-100_202605_1/{row}/{flag}" for row in (4, 5, 6)]


def test_workbooks_are_numbered_by_module_and_month_also_beyond_nine(tmp_path: Path) -> None:
    who = theirs([Scenario.AGREED])
    site = settlement(tmp_path, who)
    for _ in range(10):
        site.refer(who, DAY)
    site.refer(who, date(2026, 6, 2))

    names = [path.name for path in site.books() if path.name.startswith(NARS)]

    assert names[-2:] == ["NARS_SEA-100_202605_11.xlsx", "NARS_SEA-100_202606_1.xlsx"]


def test_a_consent_names_its_client_by_number_and_birth_date_and_one_that_names_nobody_is_not_handed_in(
    tmp_path: Path,
) -> None:
    who = theirs([Scenario.AGREED, Scenario.BAD_UCI, Scenario.BAD_DATE, Scenario.BAD_CODE, Scenario.LATE])

    rows = list(settlement(tmp_path, who).consents())

    assert [row["consent_id"] for row in rows] == ["S-1", "S-4"]
    assert (rows[0]["identifier_type"], rows[0]["identifier_value"]) == ("UCI", who[0].identifiers[0]["value"])


def test_routes_lead_each_flag_to_one_service_and_two_for_one_flag_are_a_mistake() -> None:
    ways = [("seaway", "lakeside", "employment"), ("seaway", "keystone", "employment"), ("seaway", "sparrow", "family")]

    found = icare_papers.routes(icare_papers.routed(ways)).decode()

    assert list(csv.reader(io.StringIO(found))) == [
        ["kind", "list", "code", "service"],
        ["icare", "NARS", "find_employment_referrals_ind", "lakeside-employment"],
    ]
    with pytest.raises(AssertionError):
        icare_papers.routes(ways[:2])


def test_every_flag_of_the_sample_is_one_of_the_template() -> None:
    assert set(icare_papers.FLAGS.values()) <= layout.referrals().keys()
    assert len(set(icare_papers.FLAGS.values())) == len(icare_papers.FLAGS)


def test_what_was_told_is_the_last_word_of_each_kept_answer_and_what_icare_would_say_is_none(tmp_path: Path) -> None:
    site = settlement(tmp_path, theirs([Scenario.LATE, Scenario.BAD_UCI]))
    answer(site, {4: "DN_NO_CONSENT", 5: "V1"}, "OPEN")
    site.read_answers()
    answer(site, {4: "OK", 5: "V1"})

    said = [(record.split("/")[1], code) for record, code in site.told()]

    assert said == [("4", "DN_NO_CONSENT"), ("5", "DN_SCHEMA"), ("4", "OK"), ("5", "DN_SCHEMA")]
    assert [(word.kind, word.code) for word in read_words(site)] == [
        ("refusal", "DN_NO_CONSENT"), ("refusal", "DN_SCHEMA"), ("refusal", "DN_SCHEMA"),
    ]  # fmt: skip
    answer(site, {4: "V3"})
    assert len(list(site.told())) == 4
    assert site.refused_files() == []
    answer(site, {}, "F15")
    assert site.refused_files() == ["NARS_SEA-100_202605_1.xlsx: F15"]


def test_who_is_unknown_to_the_funder_comes_back_with_the_words_of_icare_and_all_others_are_taken(
    tmp_path: Path,
) -> None:
    who = theirs([Scenario.AGREED] * 3, home="harbour")
    site = reporting(tmp_path, who, unknown=[who[1]])
    name = written(site, PROFILE, map(profile, who))

    assert (site.upload(), site.process(AT), site.upload()) == (1, 1, 0)

    ((file, line),) = site.refused()
    assert (file, line.client) == (name, (icare_papers.plain_number(who[1]), who[1].client["birth_date"]))
    said = details.read(line.fields["processing_details"])
    assert said is not None
    assert (said.refused, said.row, said.rows, said.record) == (True, 2, 3, "")
    assert [message.code for message in said.messages] == ["CLIENT_UNKNOWN"]
    assert [line.client[1] for _, line in site.accepted()] == [who[n].client["birth_date"] for n in (0, 2)]
    assert len(read_reports(site)) == 3, "what came back is no further row"


def test_a_workbook_that_icare_takes_whole_is_only_moved(tmp_path: Path) -> None:
    who = theirs([Scenario.AGREED], home="harbour")
    site = reporting(tmp_path, who)
    name = written(site, PROFILE, map(profile, who))
    site.upload()
    site.process(AT)

    assert [path.name for path in (site.workbooks / "processed").iterdir()] == [name]
    assert list(site.refused()) == []


def test_the_worker_fills_in_what_nobody_said_and_changes_nothing_that_was_said(tmp_path: Path) -> None:
    (person,) = theirs([Scenario.AGREED], home="harbour")
    site = reporting(tmp_path, [person])
    row = session(person, service_language_id="English", support_received_ind="Yes", transportation_ind="Yes")
    written(site, "IO", [row])
    site.upload()

    ((_, line),) = site.received()
    assert row.items() <= line.fields.items()
    assert site.incomplete() == []


def test_the_services_of_a_month_are_of_the_month_before_and_each_client_was_told_before(tmp_path: Path) -> None:
    who = theirs([Scenario.AGREED] * 23, home="harbour")

    rows = list(icare_papers.month_of_services(who, date(2026, 1, 15)))

    events = [row for table, row in rows if table == "service_event"]
    assert [row["group_size"] for row in events] == [10, 10, 3]
    assert {row["started_at"][:7] for row in events} == {"2025-12"}
    told = {row["client_id"]: row["captured_at"] for table, row in rows if table == "consent"}
    came = {row["client_id"] for table, row in rows if table == "service_participant"}
    assert told.keys() == came == {person.number for person in who}
    assert max(told.values()) < min(row["started_at"] for row in events)
