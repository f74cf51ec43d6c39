"""Courses and enrolments of HARTS: rules H3 to H5, cases 42 to 45, what A, U and D do (program systems 4.7, 9.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from adapters.contract import Answer, Raw, Verdict
from adapters.harts import dat
from adapters.harts.dat import LINES_OF_CLIENT_MAX
from adapters.harts.source import HartsSource, connect
from tests.contract.source import Memory
from tests.fakes import StandingClock
from tests.harts_builder import Site, assessment, attendance, client, course, enrolment, exit_, listing

OK = Answer(Verdict.ACCEPTED)
Told = list[tuple[str, str, str, str]]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def source(site: Site, memory: Memory) -> HartsSource:
    return connect(site.settings, memory, StandingClock().now)


def read(source: HartsSource, since: str = "") -> tuple[list[Raw], str]:
    raws: list[Raw] = []
    for _ in range(20):
        page = source.fetch(since)
        raws += [raw for raw in page.raws if isinstance(raw, Raw)]
        if page.cursor == since:
            break
        since = page.cursor
    return raws, since


def told(
    site: Site, source: HartsSource, *clients: Sequence[dat.Draft], courses: Sequence[dat.Draft] = (), said: Answer = OK
) -> Told:
    """What is said of each line of a file but CL, where every message was accepted: record, result, code, field."""
    name = site.hand_in(*clients, courses=courses)
    read(source)
    source.answer(dict.fromkeys(source.awaiting(100), said))
    found = site.answer_to(name)
    assert found is not None
    return [
        (line.record, line.answer.result.value, line.answer.code, line.answer.field)
        for line in found.lines
        if line.record != "CL"
    ]


def messages(raws: Sequence[Raw]) -> list[list[str]]:
    return [[line[1] for line in orjson.loads(raw.data)["lines"]] for raw in raws]


# -- courses


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({}, "", "", id="a course of the site"),
        pytest.param({"end": "", "ongoing": "1"}, "", "", id="one without an end, held on an ongoing basis"),
        pytest.param({"active": "0"}, "", "", id="one that is not approved yet is known all the same"),
        pytest.param({"site": "T00009"}, "SITE", "DN_SENDER", id="another site's"),
        pytest.param({"stream": "LINK"}, "STREAM", "DN_SCHEMA", id="a stream of no list"),
        pytest.param({"format": "8"}, "FORMAT", "DN_SCHEMA", id="a format of no list"),
        pytest.param({"focus": "6"}, "FOCUS", "DN_SCHEMA", id="a focus of no list"),
        pytest.param({"end": "2026-04-30"}, "END", "DN_SCHEMA", id="an end before the start"),
        pytest.param({"end": ""}, "END", "DN_SCHEMA", id="neither an end nor ongoing"),
        pytest.param({"funded_seats": "21"}, "FUNDED_SEATS", "DN_SCHEMA", id="more funded seats than seats"),
        pytest.param({"l_from": "06", "l_to": "05"}, "L_TO", "DN_SCHEMA", id="levels upside down"),
        pytest.param({"l_from": "FL", "l_to": "PC"}, "", "", id="from literacy to Pre-CLB is a way up"),
    ],
)
def test_a_course_is_checked_and_makes_no_message(
    site: Site, source: HartsSource, changes: dict[str, str], field: str, code: str
):
    answers = told(site, source, courses=[course(**changes)])

    assert answers == [("CO", "ERR" if code else "OK", code, field)]


def test_a_course_is_told_of_once_with_a_and_again_with_u(site: Site, source: HartsSource):
    assert told(site, source, courses=[course(action="U")]) == [("CO", "WARN", "W01", "COURSE")]
    assert told(site, source, courses=[course()]) == [("CO", "OK", "", "")]
    assert told(site, source, courses=[course()]) == [("CO", "WARN", "W02", "")]
    assert told(site, source, courses=[course(action="U", active="0")]) == [("CO", "OK", "", "")]
    assert told(site, source, client(enrolment()))[0][2:] == ("H4", "COURSE"), "what it says now counts"
    assert told(site, source, courses=[course(action="D")]) == [("CO", "OK", "", "")]
    assert told(site, source, courses=[course(action="D")]) == [("CO", "WARN", "W01", "COURSE")]


# -- enrolments: H3, H4


@pytest.mark.parametrize(
    ("offered", "changes", "field", "code"),
    [
        pytest.param({}, {}, "", "", id="H4 an active course, in its dates, at its level"),
        pytest.param({}, {"course": "LINC-7"}, "COURSE", "H4", id="case 42 a course of another code is no new course"),
        pytest.param({"active": "0"}, {}, "COURSE", "H4", id="H4 a course that is not active"),
        pytest.param({}, {"first_class": "2026-04-30"}, "FIRST_CLASS", "H4", id="H4 the day before it starts"),
        pytest.param({}, {"first_class": "2026-05-01"}, "", "", id="H4 the day on which it starts"),
        pytest.param({}, {"first_class": "2026-12-18"}, "", "", id="H4 its last day"),
        pytest.param({}, {"first_class": "2026-12-19"}, "FIRST_CLASS", "H4", id="H4 the day after"),
        pytest.param(
            {"ongoing": "1"}, {"first_class": "2026-12-19"}, "", "", id="H4 an ongoing course has no last day"
        ),
        pytest.param({}, {"l": "08", "s": "08", "r": "08", "w": "08"}, "L", "H4", id="H4 all levels above it"),
        pytest.param({}, {"l": "02", "s": "PC", "r": "2L", "w": "FL"}, "L", "H4", id="H4 all levels below it"),
        pytest.param({}, {"l": "08", "s": "06", "r": "2L", "w": "2L"}, "", "", id="case 44 one of four is in it"),
        pytest.param({}, {"l": "NA", "s": "IE", "r": "NA", "w": "IE"}, "", "", id="case 44 no level is no wrong one"),
        pytest.param({}, {"l": "IE", "s": "PC", "r": "NA", "w": "NA"}, "L", "H4", id="case 44 Pre-CLB is a level"),
        pytest.param({}, {"l": "2L"}, "L", "H3", id="case 44 a literacy code for listening"),
        pytest.param({}, {"s": "FL"}, "S", "H3", id="case 44 a literacy code for speaking"),
    ],
)
def test_an_enrolment_fits_its_course(
    site: Site, source: HartsSource, offered: dict[str, str], changes: dict[str, str], field: str, code: str
):
    answers = told(site, source, client(enrolment(**changes)), courses=[course(**offered)])

    assert answers[1] == ("EN", "ERR" if code else "OK", code, field)


def test_a_course_that_comes_later_does_not_mend_what_was_said_before_it_case_42(site: Site, source: HartsSource):
    name = site.hand_in(client(enrolment()))
    read(source)
    site.hand_in(courses=[course()])
    read(source)

    source.answer(dict.fromkeys(source.awaiting(100), OK))

    found = site.answer_to(name)
    assert found is not None
    assert [line.answer.code for line in found.lines if line.record == "EN"] == ["H4"]
    assert told(site, source, client(enrolment())) == [("EN", "OK", "", "")]


def test_an_enrolment_that_stands_is_said_again_as_w02_and_passed_on(site: Site, source: HartsSource):
    told(site, source, client(enrolment()), courses=[course()])

    assert told(site, source, client(enrolment(seat="4"))) == [("EN", "WARN", "W02", "")]
    assert told(site, source, client(enrolment(action="U", seat="5"))) == [("EN", "OK", "", "")]


def test_an_enrolment_that_nobody_told_of_is_not_changed_w01(site: Site, source: HartsSource):
    answers = told(site, source, client(enrolment(action="U")), courses=[course()])

    assert answers[1] == ("EN", "WARN", "W01", "COURSE")


def test_what_waits_as_w01_keeps_its_file_open_for_thirty_days(site: Site, memory: Memory):
    clock = StandingClock()
    source = connect(site.settings, memory, clock.now)
    told(site, source, client(enrolment(action="U")), courses=[course()])
    (name,) = [path.name for path in site.from_harts.glob("*.DAT")]
    before = site.answer_to(name)
    clock.advance(timedelta(days=30))

    source.answer({})

    after = site.answer_to(name)
    assert before is not None
    assert after is not None
    assert (before.settled, after.settled) == (False, True)
    assert after.lines[-1].answer.result == "ERR"


def test_a_refused_enrolment_that_is_said_again_is_refused_again(site: Site, source: HartsSource):
    told(site, source, client(enrolment()), courses=[course()])
    waits = Answer(Verdict.WAITS, "DN_NO_CONSENT")

    assert told(site, source, client(enrolment()), said=waits) == [("EN", "WARN", "DN_NO_CONSENT", "")]


def test_an_enrolment_under_a_referral_of_harts_own_belongs_to_nothing_here(site: Site, source: HartsSource):
    own = enrolment(ref_no="H-2026-0012")
    answers = told(site, source, client(own, attendance()), courses=[course()])

    assert answers[1:] == [("EN", "WARN", "W01", "REF_NO"), ("AT", "WARN", "W01", "")]


# -- attendance and exit: H5


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({}, "", "", id="H5 fewer hours than were offered"),
        pytest.param({"hours_attended": "60.00"}, "", "", id="H5 all of them"),
        pytest.param({"hours_attended": "60.01"}, "HOURS_ATTENDED", "H5", id="H5 a hundredth more"),
        pytest.param(
            {"hours_attended": "100.00", "hours_offered": "99.99"}, "HOURS_ATTENDED", "H5", id="H5 as numbers"
        ),
        pytest.param({"course": "LINC-7"}, "COURSE", "H5", id="case 42 attendance in a course of another code"),
        pytest.param({"period": "2026-04"}, "PERIOD", "H5", id="H5 the month before the first class"),
    ],
)
def test_attendance_fits_its_enrolment(site: Site, source: HartsSource, changes: dict[str, str], field: str, code: str):
    answers = told(site, source, client(enrolment(), attendance(**changes)), courses=[course()])

    assert answers[2] == ("AT", "ERR" if code else "OK", code, field)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({}, "", "", id="H5 completed, with a certificate"),
        pytest.param({"exit_date": "2026-05-04"}, "", "", id="H5 on the day of the first class"),
        pytest.param({"exit_date": "2026-05-03"}, "EXIT_DATE", "H5", id="case 42 an exit before the first class"),
        pytest.param({"course": "LINC-7"}, "COURSE", "H5", id="case 42 an exit from a course of another code"),
        pytest.param({"status": "P"}, "", "", id="H5 promoted, with a certificate"),
        pytest.param({"status": "E", "reason": "01"}, "CERT", "H5", id="H5 a certificate of who left early"),
        pytest.param({"cert_l": "", "l": ""}, "L", "H3", id="H3 three skills"),
        pytest.param({"l": "", "s": "", "r": "", "w": ""}, "", "", id="H3 no skill at all"),
        pytest.param({"cert_l": "NA"}, "CERT_L", "H5", id="H5 a certificate that says no level"),
        pytest.param({"cert_l": "", "cert_s": ""}, "", "", id="H5 the levels of the exit are those of the certificate"),
        pytest.param({"cert": "0"}, "CERT_L", "H5", id="H5 a level on no certificate"),
        pytest.param({"l": "2L"}, "L", "H3", id="case 44 a literacy code for listening"),
        pytest.param({"status": "Q"}, "STATUS", "DN_SCHEMA", id="a status of no list"),
        pytest.param({"reason": "01"}, "REASON", "DN_SCHEMA", id="a reason of who completed"),
    ],
)
def test_an_exit_fits_its_enrolment(site: Site, source: HartsSource, changes: dict[str, str], field: str, code: str):
    told(site, source, client(enrolment()), courses=[course()])

    answers = told(site, source, client(exit_(**changes)))

    assert answers == [("EX", "ERR" if code else "OK", code, field)]


def test_an_exit_without_an_enrolment_is_an_error_case_42(site: Site, source: HartsSource):
    answers = told(site, source, client(exit_()), courses=[course()])

    assert answers[1] == ("EX", "ERR", "H5", "COURSE")


def test_an_exit_of_another_learner_ends_nothing(site: Site, source: HartsSource):
    told(site, source, client(enrolment()), courses=[course()])

    answers = told(site, source, client(exit_(), harts_no="40000002"))

    assert answers == [("EX", "ERR", "H5", "COURSE")]


def test_a_learner_is_the_same_under_either_number(site: Site, source: HartsSource):
    told(site, source, client(enrolment(), local_key="K7QM2XWBCLIE"), courses=[course()])

    assert told(site, source, client(attendance(), harts_no="", local_key="K7QM2XWBCLIE"))[0][1] == "OK"
    assert told(site, source, client(exit_()))[0][1] == "OK", "known by HARTS_NO too"


def test_what_was_said_under_one_number_is_known_under_the_other_once_a_line_has_both(site: Site, source: HartsSource):
    told(site, source, client(enrolment(), exit_()), courses=[course()])
    told(site, source, client(listing(), local_key="K7QM2XWBCLIE"))

    assert told(site, source, client(enrolment(action="U"), harts_no="", local_key="K7QM2XWBCLIE"))[0][2] == "H4"


def test_what_was_said_under_one_number_between_two_lines_with_both_is_known_under_the_other(
    site: Site, source: HartsSource
):
    told(site, source, client(enrolment(), local_key="K7QM2XWBCLIE"), courses=[course()])
    told(site, source, client(exit_()))
    told(site, source, client(attendance(), local_key="K7QM2XWBCLIE"))

    assert told(site, source, client(enrolment(action="U"), harts_no="", local_key="K7QM2XWBCLIE"))[0][2] == "H4"


@pytest.mark.parametrize("restarted", [False, True])
def test_what_waited_under_one_number_is_handed_in_anew_before_it_is_said_to_be_there(
    site: Site, memory: Memory, restarted: bool
):
    """A later line with both numbers says whose it is."""
    clock = StandingClock()
    source = connect(site.settings, memory, clock.now)
    told(site, source, client(enrolment()), courses=[course()])
    waits = told(site, source, client(enrolment(action="U"), harts_no="", local_key="K7QM2XWBCLIE"))
    site.hand_in(client(listing(), local_key="K7QM2XWBCLIE"))
    _, since = read(source)
    source = connect(site.settings, memory, clock.now) if restarted else source
    clock.advance(timedelta(days=30))

    source.answer(dict.fromkeys(source.awaiting(100), OK))

    assert waits == [("EN", "WARN", "W01", "COURSE")]
    assert messages(read(source, since)[0]) == [["EN"]]


def test_a_learner_is_not_enrolled_again_by_a_change_after_an_exit_but_by_a_new_line(site: Site, source: HartsSource):
    told(site, source, client(enrolment(), exit_()), courses=[course()])

    assert told(site, source, client(enrolment(action="U"))) == [("EN", "ERR", "H4", "COURSE")]
    assert told(site, source, client(attendance(period="2026-12"))) == [("AT", "ERR", "H5", "PERIOD")]
    assert told(site, source, client(exit_())) == [("EX", "WARN", "W02", "")]
    assert told(site, source, client(enrolment(first_class="2026-12-01"))) == [("EN", "OK", "", "")], "it is a new one"


def test_a_promotion_is_an_exit_and_a_new_enrolment_in_the_next_course(site: Site, source: HartsSource):
    told(site, source, client(enrolment()), courses=[course(), course(course="LINC-6", l_from="06", l_to="07")])

    promoted = exit_(status="P"), enrolment(course="LINC-6", first_class="2026-11-23", l="06")
    answers = told(site, source, client(*promoted))

    assert answers == [("EX", "OK", "", ""), ("EN", "OK", "", "")]


# -- deletion


def test_what_was_told_of_attendance_and_exit_cannot_be_taken_back_and_says_so(site: Site, source: HartsSource):
    told(site, source, client(enrolment(), attendance(), exit_()), courses=[course()])

    assert told(site, source, client(attendance(action="D"))) == [("AT", "ERR", "DN_OFF_BUS", "")]
    assert told(site, source, client(exit_(action="D"))) == [("EX", "ERR", "DN_OFF_BUS", "")]
    assert told(site, source, client(exit_())) == [("EX", "OK", "", "")], "after it the enrolment stood open again"


@pytest.mark.parametrize("line", [enrolment, attendance, exit_, listing])
def test_what_was_never_there_is_not_deleted_w01(site: Site, source: HartsSource, line):
    answers = told(site, source, client(line(action="D")), courses=[course()])

    assert answers[1][1:3] == ("WARN", "W01")


def test_an_enrolment_that_is_deleted_was_entered_in_error_and_is_told(site: Site, source: HartsSource):
    told(site, source, client(enrolment(ref_no="K7QM2XWBREFE")), courses=[course()])
    site.hand_in(client(enrolment(action="D")))

    (raw,), _ = read(source)

    said = orjson.loads(raw.data)["lines"]
    assert [(line[1], line[2], line[3].get("ref_no")) for line in said] == [("EN", "D", "K7QM2XWBREFE")]
    assert told(site, source, client(attendance()))[0][2] == "H5"


# -- what makes a message


def test_a_learner_in_two_courses_has_one_enrolment_in_each_case_43(site: Site, source: HartsSource):
    lines = enrolment(), enrolment(course="LINC-6", l="06"), attendance(), attendance(course="LINC-6")
    site.hand_in(client(*lines), courses=[course(), course(course="LINC-6", l_from="06", l_to="07")])

    raws, _ = read(source)

    assert messages(raws) == [["EN", "AT"], ["EN", "AT"]]
    assert [{line[3]["course"] for line in orjson.loads(raw.data)["lines"]} for raw in raws] == [{"LINC-5"}, {"LINC-6"}]


def test_months_of_a_course_that_began_before_are_one_message_and_know_its_referral(site: Site, source: HartsSource):
    told(site, source, client(enrolment(ref_no="K7QM2XWBREFE")), courses=[course()])
    site.hand_in(client(attendance(period="2026-06"), attendance(period="2026-07")))

    (raw,), _ = read(source)

    said = orjson.loads(raw.data)["lines"]
    assert [(line[1], line[3]["period"], line[3]["ref_no"]) for line in said] == [
        ("AT", "2026-06", "K7QM2XWBREFE"), ("AT", "2026-07", "K7QM2XWBREFE"),
    ]  # fmt: skip


def test_a_wrong_month_stops_neither_its_enrolment_nor_the_other_months(site: Site, source: HartsSource):
    wrong = attendance(period="2026-06", hours_attended="99.00")
    answers = told(site, source, client(enrolment(), attendance(), wrong, exit_()), courses=[course()])

    assert [each[1] for each in answers] == ["OK", "OK", "OK", "ERR", "OK"]


def test_places_on_three_lists_are_one_answer_that_names_no_referral_case_43(site: Site, source: HartsSource):
    three = [course(), course(course="LINC-6"), course(course="LINC-7")]
    lists = listing(), listing(course="LINC-6", offered_on="2026-05-20", offer_result="A"), listing(course="LINC-7")
    site.hand_in(client(*lists, assessment()), courses=three)

    raws, _ = read(source)

    assert messages(raws) == [["WL", "WL", "WL", "AS"]]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({}, "", "", id="a place on a list"),
        pytest.param({"course": "LINC-7"}, "COURSE", "H4", id="case 42 the list of a course of another code"),
        pytest.param({"offer_result": "A"}, "OFFERED_ON", "DN_SCHEMA", id="a result of no offer"),
        pytest.param({"offered_on": "2026-05-03"}, "OFFERED_ON", "DN_SCHEMA", id="an offer before the listing"),
    ],
)
def test_a_place_on_a_list_fits_its_course(
    site: Site, source: HartsSource, changes: dict[str, str], field: str, code: str
):
    answers = told(site, source, client(listing(**changes)), courses=[course()])

    assert answers[1] == ("WL", "ERR" if code else "OK", code, field)


def test_lists_that_harts_takes_a_learner_off_are_deleted_and_tell_nobody_case_43(site: Site, source: HartsSource):
    told(site, source, client(listing()), courses=[course()])
    name = site.hand_in(client(listing(action="D")))

    raws, _ = read(source)
    source.answer({})

    found = site.answer_to(name)
    assert raws == []
    assert found is not None
    assert [line.answer.result for line in found.lines] == ["OK", "OK"]


# -- case 45


@pytest.mark.parametrize(
    ("reports", "stream", "code"),
    [
        pytest.param("harts", "LINC", "", id="case 45 the site reports in HARTS"),
        pytest.param("icare", "LINC", "DN_OFF_BUS", id="case 45 the site reports LINC in iCARE"),
        pytest.param("icare", "CLIC", "DN_OFF_BUS", id="case 45 and CLIC"),
        pytest.param("icare", "ESL", "", id="case 45 provincial courses are HARTS' alone"),
    ],
)
def test_a_federal_course_is_counted_in_one_of_two_systems(
    site: Site, memory: Memory, reports: str, stream: str, code: str
):
    source = connect({**site.settings, "reports": reports}, memory, StandingClock().now)
    lines = enrolment(), attendance(), exit_()
    name = site.hand_in(client(*lines), courses=[course(stream=stream)])

    raws, _ = read(source)
    source.answer(dict.fromkeys(source.awaiting(100), OK))

    found = site.answer_to(name)
    assert found is not None
    assert {line.answer.code for line in found.lines if line.record in ("EN", "AT", "EX")} == {code}
    assert messages(raws) == ([] if code else [["EN", "AT"], ["EX"]])
    assert found.settled


# -- order, memory


def test_a_file_that_is_read_again_finds_what_it_found_whatever_was_said_since(site: Site, source: HartsSource):
    site.hand_in(client(enrolment()), courses=[course()])
    (first,), _ = read(source)
    told(site, source, client(exit_(), enrolment(first_class="2026-11-30")), courses=[course(action="U", active="0")])

    assert source.refetch([first.key]) == [first]


def test_order_is_meaning_in_one_file_too_case_47(site: Site, source: HartsSource):
    answers = told(site, source, client(exit_(), enrolment()), courses=[course()])

    assert [each[1:3] for each in answers[1:]] == [("ERR", "H5"), ("OK", "")]


def test_of_a_course_nothing_is_remembered_but_what_lines_are_held_against(
    site: Site, source: HartsSource, memory: Memory
):
    """A title is free text, and may name somebody."""
    told(site, source, courses=[course(title="English with Zyxwvut")])

    assert "course:LINC-5" in memory
    assert "Zyxwvut" not in str(dict(memory))


def test_a_learner_with_more_lines_than_are_remembered_is_still_enrolled(site: Site, source: HartsSource):
    told(site, source, client(enrolment(), attendance(), listing()), courses=[course()])
    for _ in range(3):
        told(site, source, client(*[attendance(action="U")] * 99))

    left = told(site, source, client(exit_(), attendance(action="U", period="2026-05")))

    assert left == [("EX", "OK", "", ""), ("AT", "OK", "", "")]
    assert told(site, source, client(listing()))[0][2] == "W02"
    assert told(site, source, client(enrolment(action="U")))[0][2] == "H4", "and what ended has ended"


def test_what_is_remembered_of_a_learner_does_not_grow_with_what_is_said_of_one_course(
    site: Site, source: HartsSource, memory: Memory
):
    told(site, source, client(enrolment()), courses=[course()])
    lines = [enrolment(action="U", seat="4"), *[attendance(action="U")] * 98]
    for _ in range(3):
        told(site, source, client(attendance(), *lines))
    (key,) = [key for key in memory if key.startswith("learner:")]
    before = len(orjson.loads(memory[key]))

    told(site, source, client(*lines))

    assert len(orjson.loads(memory[key])) == before


def test_nothing_of_a_client_with_more_lines_than_are_taken_is_remembered(
    site: Site, source: HartsSource, memory: Memory
):
    """Each line would be held against all those before it, for as long as that takes."""
    crowd = client(enrolment(), *[attendance()] * LINES_OF_CLIENT_MAX)
    told(site, source, crowd, courses=[course()], said=Answer(Verdict.REFUSED, "DN_SCHEMA"))

    assert not [key for key in memory if key.startswith("learner:")]
    assert told(site, source, client(enrolment())) == [("EN", "OK", "", "")]


def test_nothing_that_is_remembered_names_a_learner_inv_1(site: Site, source: HartsSource, memory: Memory):
    told(site, source, client(enrolment(), attendance(), local_key="K7QM2XWBCLIE"), courses=[course()])

    kept: Mapping[str, str] = memory
    text = " ".join(f"{key} {value}" for key, value in kept.items())
    assert "learner:" in text
    assert not any(word in text for word in ("40000001", "K7QM2XWBCLIE", "Okonkwo", "1991", "11223344"))


def test_a_file_whose_lines_make_other_messages_than_they_did_is_handed_in_anew_and_answered(
    site: Site, source: HartsSource, memory: Memory
):
    told(site, source, client(enrolment()), courses=[course()])
    name, after = site.hand_in(client(enrolment(action="U"), attendance())), site.hand_in(client(listing()))
    _, since = read(source)
    known = dict.fromkeys(source.awaiting(100), OK)
    for key in [key for key in memory if key.startswith("learner:")]:
        memory.put(key, None)

    source.answer(known)
    raws, _ = read(source, since)
    source.answer(dict.fromkeys(source.awaiting(100), OK))

    found, other = site.answer_to(name), site.answer_to(after)
    assert found is not None
    assert other is not None
    assert messages(raws) == [["AT"]]
    assert [line.answer.code for line in found.lines] == ["", "W01", "H5"]
    assert other.settled


def test_a_memory_that_was_lost_refuses_lines_until_co_and_en_are_sent_once_more_with_a(
    site: Site, source: HartsSource, memory: Memory
):
    told(site, source, client(enrolment()), courses=[course()])
    memory.clear()

    lost = told(site, source, client(listing(), enrolment(), attendance(), exit_()))
    again = told(site, source, client(enrolment()), courses=[course()])
    after = told(site, source, client(listing(), attendance(), exit_()))

    assert [each[1:3] for each in lost] == [("ERR", "H4"), ("ERR", "H4"), ("ERR", "H5"), ("ERR", "H5")]
    assert [each[1] for each in (*again, *after)] == ["OK"] * 5


def test_without_its_memory_an_enrolment_said_again_is_a_new_one_and_an_exit_belongs_to_none(
    site: Site, source: HartsSource, memory: Memory
):
    told(site, source, client(enrolment()), courses=[course()])
    for key in [key for key in memory if key.startswith("learner:")]:
        memory.put(key, None)

    assert told(site, source, client(exit_())) == [("EX", "ERR", "H5", "COURSE")]
    assert told(site, source, client(enrolment())) == [("EN", "OK", "", "")], "W02 is not seen, and it goes"
