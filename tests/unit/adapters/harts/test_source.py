"""The folders of a HARTS site: what is read once, what is answered, what is sent once (program systems 9.4, §10)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from adapters.contract import Answer, Gone, Page, Parcel, Raw, SentState, Verdict
from adapters.harts import ack
from adapters.harts.source import HartsSource, connect
from adapters.mailbox import FILE_BYTES_MAX, Folder
from hub.errors import LeaseOver, RecordUnreadable, Refused, Unavailable
from tests.contract.source import Memory
from tests.fakes import StandingClock
from tests.harts_builder import SITE, Site, assessment, client, course, enrolment, referral

OK = Answer(Verdict.ACCEPTED)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def source(site: Site, memory: Memory, clock: StandingClock) -> HartsSource:
    return connect(site.settings, memory, clock.now)


def all_of(source: HartsSource, since: str = "") -> tuple[list[Raw], list[str], str]:
    """Raws, problems and the cursor after the last page, as the exchange would ask for them."""
    raws: list[Raw] = []
    problems: list[str] = []
    for _ in range(20):
        page: Page = source.fetch(since)
        raws += [raw for raw in page.raws if isinstance(raw, Raw)]
        problems += page.problems
        if page.cursor == since:
            break
        since = page.cursor
    return raws, problems, since


def told(site: Site, name: str) -> ack.Ack:
    found = site.answer_to(name)
    assert found is not None
    return found


def test_a_file_gives_one_record_for_each_referral_with_its_client_and_results(site: Site, source: HartsSource):
    site.hand_in(client(assessment(), referral(), referral(ref_no="R-2")), client(referral(ref_no="R-3")))

    raws, problems, _ = all_of(source)

    assert [raw.key for raw in raws] == [f"{SITE}/2026/001/{line}" for line in (4, 5, 7)]
    assert [raw.site for raw in raws] == [SITE] * 3
    first = orjson.loads(raws[0].data)
    assert [line[1] for line in first["lines"]] == ["RF", "AS"]
    assert first["client"]["fields"]["surname"] == "Okonkwo-Tremblay"
    assert problems == []


def test_a_file_is_answered_only_when_all_of_it_was_judged_and_each_line_has_its_answer(
    site: Site, source: HartsSource
):
    name = site.hand_in(client(referral()), client(referral(ref_no="R-2")))
    page = source.fetch("")
    assert source.awaiting(100) == [], "its page is not settled yet"
    source.fetch(page.cursor)

    keys = source.awaiting(100)

    assert len(keys) == 2
    assert not source.answer({keys[0]: OK})
    assert site.answer_to(name) is None
    assert source.answer({keys[0]: OK, keys[1]: Answer(Verdict.WAITS, "DN_NO_CONSENT")})
    assert [line.answer.result for line in told(site, name).lines] == ["OK", "OK", "WARN", "WARN"]
    assert not told(site, name).settled


def test_an_answer_is_replaced_when_it_changes_and_left_alone_when_it_does_not(site: Site, source: HartsSource):
    name = site.hand_in(client(referral()))
    all_of(source)
    (key,) = source.awaiting(100)
    waits = {key: Answer(Verdict.WAITS, "DN_NO_CONSENT")}

    assert source.answer(waits)
    assert not source.answer(waits)
    assert source.answer({key: OK})
    assert told(site, name).settled
    assert source.awaiting(100) == []


@pytest.mark.parametrize(
    ("answer", "result", "code", "settled"),
    [
        (OK, "OK", "", True),
        (Answer(Verdict.ACCEPTED, known=True), "WARN", "W02", True),
        (Answer(Verdict.WAITS, "DN_EXPIRED"), "WARN", "DN_EXPIRED", False),
        (Answer(Verdict.WAITS, "W01"), "WARN", "W01", False),
        (Answer(Verdict.REFUSED, "DN_TRANSITION"), "ERR", "DN_TRANSITION", True),
    ],
)
def test_what_became_of_a_line_in_the_words_of_an_ack(
    site: Site, source: HartsSource, answer: Answer, result: str, code: str, settled: bool
):
    name = site.hand_in(client(referral()))
    all_of(source)
    source.answer(dict.fromkeys(source.awaiting(100), answer))

    found = told(site, name)

    assert {(line.answer.result, line.answer.code) for line in found.lines} == {(result, code)}
    assert found.settled is settled


def test_nothing_to_belong_to_is_an_error_after_30_days(site: Site, source: HartsSource, clock: StandingClock):
    name = site.hand_in(client(referral()))
    all_of(source)
    yet = {key: Answer(Verdict.WAITS, "W01") for key in source.awaiting(100)}
    source.answer(yet)
    clock.advance(timedelta(days=30))

    source.answer(yet)

    assert told(site, name).lines[0].answer == ack.Answer(ack.Result.ERR, "W01")
    assert told(site, name).settled


def test_a_course_that_nobody_told_of_is_an_error_and_what_has_no_referral_waits_case_42(
    site: Site, source: HartsSource
):
    decided = ("EL", "A", {"stream": "ESL", "result": "1", "decided_on": "2026-05-01"})
    seat = ("WL", "A", {"course": "LINC-5", "listed_on": "2026-05-01"})
    name = site.hand_in(client(seat, referral()), client(decided, harts_no="40000002", uci=""))
    all_of(source)
    source.answer(dict.fromkeys(source.awaiting(100), OK))

    answers = {line.line: (line.answer.result.value, line.answer.code) for line in told(site, name).lines}

    assert answers == {2: ("OK", ""), 3: ("ERR", "H4"), 4: ("OK", ""), 5: ("WARN", "W01"), 6: ("WARN", "W01")}


def test_results_without_a_referral_line_are_a_record_of_their_own(site: Site, source: HartsSource):
    site.hand_in(client(assessment(), assessment(assess_date="2026-05-05")), client(assessment(), referral()))

    raws, _, _ = all_of(source)

    assert [raw.key.rpartition("/")[2] for raw in raws] == ["3", "7"]
    assert [[line[1] for line in orjson.loads(raw.data)["lines"]] for raw in raws] == [["AS", "AS"], ["RF", "AS"]]


def test_a_wrong_line_is_in_error_with_its_field_and_the_good_ones_of_the_file_go(site: Site, source: HartsSource):
    name = site.hand_in(client(assessment(), referral()), client(referral(ref_no="R-2")))
    path = site.from_harts / name
    path.write_bytes(path.read_bytes().replace(b"CLBPT  05", b"CLBPT  99"))

    raws, _, _ = all_of(source)
    source.answer(dict.fromkeys(source.awaiting(100), OK))

    assert [line[1] for line in orjson.loads(raws[0].data)["lines"]] == ["RF"], "what cannot be read does not go"
    wrong = [line for line in told(site, name).lines if line.answer.result == "ERR"]
    assert [(line.record, line.answer.code, line.answer.field) for line in wrong] == [("AS", "DN_SCHEMA", "L")]


def test_the_same_file_met_again_is_not_read_again_case_47(site: Site, source: HartsSource):
    name = site.hand_in(client(referral()))
    _, _, cursor = all_of(source)
    os.utime(site.from_harts / name)

    raws, problems, _ = all_of(source, cursor)

    assert (raws, problems) == ([], [])


def test_a_sequence_that_was_taken_in_is_refused_under_another_name_or_with_other_bytes_f03(
    site: Site, source: HartsSource
):
    name = site.hand_in(client(referral()))
    _, _, cursor = all_of(source)
    site.hand_in(client(referral(ref_no="R-9")), seq=1)

    raws, problems, _ = all_of(source, cursor)

    assert raws == []
    assert "F03" in problems[0]
    assert told(site, name).code == "F03"


def test_a_crash_before_a_file_was_settled_brings_it_again(site: Site, memory: Memory, clock: StandingClock):
    site.hand_in(client(referral()))
    first = connect(site.settings, memory, clock.now).fetch("")

    again = connect(site.settings, memory, clock.now).fetch("")

    assert again.raws == first.raws != ()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: b"\xef\xbb\xbf" + data, "F04"),
        (lambda data: data.replace(b"\r\n", b"\n"), "F05"),
        (lambda data: data.replace(b"0100R", b"0200R"), "F01"),
        (lambda data: data.replace(b"TR ", b"TR ", 1)[:-12] + b"9999999999\r\n", "F02"),
    ],
)
def test_a_file_that_cannot_be_taken_is_answered_as_a_whole_and_a_good_one_beside_it_goes(
    site: Site, source: HartsSource, spoil, code: str
):
    bad = site.hand_in(client(referral()))
    path = site.from_harts / bad
    path.write_bytes(spoil(path.read_bytes()))
    os.utime(path, (0, 0))
    site.hand_in(client(referral(ref_no="R-2")))

    raws, problems, _ = all_of(source)

    assert told(site, bad).code == code
    assert len(problems) == 1
    assert [orjson.loads(raw.data)["lines"][0][3]["ref_no"] for raw in raws] == ["R-2"]


def test_a_file_that_is_still_being_written_is_left_alone_until_it_is_whole(site: Site, memory: Memory):
    from hub.clock import UtcClock

    source = connect(site.settings, memory, UtcClock().now)
    name = site.hand_in(client(referral()))
    whole = (site.from_harts / name).read_bytes()
    (site.from_harts / name).write_bytes(whole[:400])

    assert all_of(source)[:2] == ([], [])

    (site.from_harts / name).write_bytes(whole)
    assert len(all_of(source)[0]) == 1


def test_a_line_is_read_again_by_key_and_gone_when_harts_took_its_file(site: Site, source: HartsSource):
    name = site.hand_in(client(referral()))
    (raw,), _, _ = all_of(source)
    assert source.refetch([raw.key]) == [raw]

    (site.from_harts / name).unlink()

    assert source.refetch([raw.key, "x/2026/001/4"]) == [Gone(raw.key), Gone("x/2026/001/4")]
    assert source.awaiting(100) == []


def test_a_file_that_was_not_taken_in_yet_says_nothing_of_what_was_said_before(
    site: Site, source: HartsSource, memory: Memory
):
    site.hand_in(client(referral()))
    (raw,), _, _ = all_of(source)
    site.hand_in(client(referral(action="U", status="X"), enrolment()), courses=[course()])
    before = dict(memory)

    assert source.refetch([raw.key, f"{SITE}/2026/002/4"]) == [raw, Gone(f"{SITE}/2026/002/4")]
    assert memory == before


def test_a_file_that_may_not_be_read_keeps_back_only_what_it_may_have_said_again(
    site: Site, memory: Memory, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
):
    names = [site.hand_in(client(referral(ref_no=f"R-{seq}")), seq=seq) for seq in (1, 2, 3)]
    raws, _, _ = all_of(connect(site.settings, memory, clock.now))
    read = Folder.read

    def refused(folder: Folder, name: str) -> bytes | None:
        if name == names[1]:
            raise Unavailable("harts folder", "Permission denied", "", "give the hub the right")
        return read(folder, name)

    monkeypatch.setattr(Folder, "read", refused)
    source = connect(site.settings, memory, clock.now)

    assert source.refetch([raws[2].key]) == [raws[2]], "what came before it was said cannot take it back"
    with pytest.raises(Unavailable):
        source.refetch([raws[0].key])


@pytest.mark.parametrize("seq", [1, 2])
def test_a_file_that_is_too_long_keeps_no_line_of_another_from_being_read_again(
    site: Site, source: HartsSource, seq: int
):
    name = site.hand_in(client(referral()), seq=1)
    kept = site.hand_in(client(referral(ref_no="R-2")), seq=3)
    (_, raw), _, _ = all_of(source)
    long = site.from_harts / name.replace("001.DAT", f"00{seq}.DAT")
    long.touch()
    os.truncate(long, FILE_BYTES_MAX + 1)  # a hole: it takes no room

    assert source.refetch([raw.key]) == [raw]
    assert source.answer(dict.fromkeys(source.awaiting(100), OK))
    assert told(site, kept).settled


# -- to HARTS


def parcel(name: str, ref_no: str = "R-1") -> Parcel:
    lines = client(
        assessment(), referral(ref_no=ref_no, from_site="T00002", to_site=SITE), local_key="A" * 12, harts_no=""
    )
    return Parcel(name, "referral", orjson.dumps({"lines": lines}))


def nothing() -> None:
    """In time."""


def test_one_file_holds_all_messages_of_a_batch_and_numbers_go_on(site: Site, source: HartsSource):
    source.send([parcel("e-1"), parcel("e-2", "R-2")], nothing)
    source.send([parcel("e-3", "R-3")], nothing)

    first, second = site.received()

    assert (first.header.seq, second.header.seq) == (1, 2)
    assert len(list(first.clients())) == 2


def test_a_repeat_is_acknowledged_and_no_second_file_is_written(site: Site, source: HartsSource, memory: Memory):
    source.send([parcel("e-1")], nothing)
    again = connect(site.settings, memory, StandingClock().now)

    (sent,) = again.send([parcel("e-1")], nothing)

    assert sent.state is SentState.ACKNOWLEDGED
    assert len(site.received()) == 1


def test_a_file_that_harts_took_away_still_counts(site: Site, source: HartsSource):
    source.send([parcel("e-1")], nothing)
    for each in site.to_harts.glob("*.DAT"):
        each.unlink()

    source.send([parcel("e-1"), parcel("e-2")], nothing)

    (batch,) = site.received()
    assert batch.header.seq == 2
    assert len(list(batch.clients())) == 1


def test_a_lease_that_is_over_writes_nothing_and_the_number_is_taken_again(site: Site, source: HartsSource):
    def too_late() -> None:
        raise LeaseOver("lease")

    with pytest.raises(LeaseOver):
        source.send([parcel("e-1")], too_late)
    assert site.received() == []

    source.send([parcel("e-2")], nothing)

    (batch,) = site.received()
    assert batch.header.seq == 1
    assert [line.fields["ref_no"] for each in batch.clients() for line in each.lines if line.record == "RF"] == ["R-1"]


def test_a_crash_before_the_rename_sends_nothing_and_the_number_is_taken_again(
    site: Site, source: HartsSource, memory: Memory
):
    class Killed(BaseException):
        pass

    def killed() -> None:
        raise Killed

    with pytest.raises(Killed):
        source.send([parcel("e-1"), parcel("e-2", "R-2")], killed)
    after = connect(site.settings, memory, StandingClock().now)

    after.send([parcel("e-2", "R-2")], nothing)

    (batch,) = site.received()
    assert batch.header.seq == 1
    assert len(list(batch.clients())) == 1, "the file is built anew without what was withdrawn"


def test_what_harts_answers_comes_once(site: Site, source: HartsSource):
    source.send([parcel("e-1"), parcel("e-2", "R-2")], nothing)
    (batch,) = site.received()
    site.acknowledge(batch, {7: ack.Answer(ack.Result.ERR, "H3")}, {2: "40000077"})

    page = source.fetch("")
    after = source.fetch(page.cursor)

    assert [(each.envelope_id, each.code) for each in page.rejections] == [("e-2", "H3")]
    assert [(each.envelope_id, each.value) for each in page.numbers] == [("e-1", "40000077")]
    assert (after.rejections, after.numbers) == ((), ())


def test_a_damaged_answer_is_a_problem_once_and_the_good_one_that_replaces_it_is_heard(site: Site, source: HartsSource):
    source.send([parcel("e-1")], nothing)
    (batch,) = site.received()
    site.acknowledge(batch, {}, {2: "40000077"})
    path = site.to_harts / ack.ack_name(batch.name)
    good = path.read_bytes()
    path.write_bytes(good[:-9])

    damaged = source.fetch("")
    quiet = source.fetch(damaged.cursor)
    path.write_bytes(good)
    heard = source.fetch(quiet.cursor)

    assert (len(damaged.problems), damaged.numbers, quiet.problems) == (1, (), ())
    assert [each.value for each in heard.numbers] == ["40000077"]


def test_two_workers_do_not_take_the_same_number(site: Site, source: HartsSource, memory: Memory):
    other = connect(site.settings, memory, StandingClock().now)

    def beside() -> None:
        with pytest.raises(Unavailable):
            other.send([parcel("e-2")], nothing)

    source.send([parcel("e-1")], beside)

    assert len(site.received()) == 1


def test_one_message_that_cannot_be_written_keeps_no_other_out_of_the_file(site: Site, source: HartsSource):
    bad = Parcel("e-2", "referral", orjson.dumps({"lines": [["CL", "A", {"surname": "X" * 90}]]}))

    sent = source.send([parcel("e-1"), bad, parcel("e-3")], nothing)

    assert [each.state for each in sent] == [SentState.ACKNOWLEDGED, SentState.FAILED, SentState.ACKNOWLEDGED]
    assert "harts CL" in sent[1].code
    assert "XXX" not in sent[1].code
    (batch,) = site.received()
    assert len(list(batch.clients())) == 2


def test_a_number_on_a_line_in_error_is_nobodys(site: Site, source: HartsSource):
    source.send([parcel("e-1")], nothing)
    (batch,) = site.received()
    rf = next(key.number for key in batch.keys() if key.record == "RF")  # noqa: SIM118 - a method, no mapping
    site.acknowledge(batch, {rf: ack.Answer(ack.Result.ERR, "H4")}, {2: "40000077"})

    page = source.fetch("")

    assert page.numbers == ()
    assert [each.code for each in page.rejections] == ["H4"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_file_that_is_known_and_missing_in_the_list_of_what_waits_is_answered(
    site: Site, source: HartsSource, memory: Memory, whole: bool
):
    name = site.hand_in(client(referral()))
    if whole:
        all_of(source)
    else:
        source.fetch("")
    memory.put("files", "[]")

    again = connect(site.settings, memory, StandingClock().now)
    all_of(again)
    again.answer(dict.fromkeys(again.awaiting(100), OK))

    assert told(site, name).settled


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda text: text.replace("|AAAAAAAAAAAA|", "|BBBBBBBBBBBB|", 1), id="another key"),
        pytest.param(lambda text: text.replace("3|AS|", "3|EL|"), id="another type"),
        pytest.param(
            lambda text: re.sub(r"4\\|RF[^\\r]*\\r\\n", "", text).replace("TR|3|3", "TR|2|2"), id="not all lines"
        ),
    ],
)
def test_an_answer_of_harts_to_other_lines_than_were_sent_is_none(
    site: Site, source: HartsSource, changed: Callable[[str], str]
):
    source.send([parcel("e-1")], nothing)
    (batch,) = site.received()
    site.acknowledge(batch, {}, {2: "40000077"})
    path = site.to_harts / ack.ack_name(batch.name)
    whole = path.read_bytes().decode("cp1252")
    path.write_bytes(changed(whole).encode("cp1252"))

    page = source.fetch("")

    assert path.read_bytes().decode("cp1252") != whole
    assert (page.numbers, page.rejections) == ((), ())
    assert "lines" in page.problems[0]
    path.write_bytes(whole.encode("cp1252"))
    assert [each.value for each in source.fetch(page.cursor).numbers] == ["40000077"]


def test_one_number_for_two_clients_is_nobodys(site: Site, source: HartsSource):
    other = [
        [record, action, {**fields, "local_key": "B" * 12}]
        for record, action, fields in orjson.loads(parcel("e-2").body)["lines"]
    ]
    source.send([parcel("e-1"), Parcel("e-2", "referral", orjson.dumps({"lines": other}))], nothing)
    (batch,) = site.received()
    site.acknowledge(batch, {}, {2: "40000077", 5: "40000077"})

    assert source.fetch("").numbers == ()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="nothing"),
        pytest.param(lambda data: orjson.dumps({**orjson.loads(data), "file": 7}), id="no name"),
        pytest.param(lambda data: orjson.dumps({**orjson.loads(data), "file": "HTT00001.DAT"}), id="another name"),
        pytest.param(lambda data: orjson.dumps({**orjson.loads(data), "lines": {"e-1": ["a", "b"]}}), id="no lines"),
    ],
)
def test_a_damaged_slip_stops_what_is_sent_and_not_what_is_read(
    site: Site, source: HartsSource, damage: Callable[[bytes], bytes]
):
    source.send([parcel("e-1")], nothing)
    (batch,) = site.received()
    site.acknowledge(batch, {}, {2: "40000077"})
    (slip,) = (site.to_harts / ".spool").glob("*.slip")
    slip.write_bytes(damage(slip.read_bytes()))
    site.hand_in(client(referral()))

    raws, problems, _ = all_of(source)

    assert len(raws) == 1
    assert "bring .spool back" in problems[0]
    with pytest.raises(Unavailable, match="slip"):
        source.send([parcel("e-2")], nothing)
    assert [finding.next_step for finding in source.check() if not finding.ok] == ["bring .spool back"]


def test_an_answer_that_cannot_be_written_is_told_once_and_stops_no_other(site: Site, source: HartsSource):
    bad, good = site.hand_in(client(referral())), site.hand_in(client(referral(ref_no="R-2")))
    _, _, since = all_of(source)
    (site.from_harts / ack.ack_name(bad)).mkdir()

    problems: list[str] = []
    for _ in range(3):
        with pytest.raises(Unavailable):
            source.answer(dict.fromkeys(source.awaiting(100), OK))
        page = source.fetch(since)
        problems, since = [*problems, *page.problems], page.cursor

    assert told(site, good).settled
    assert [ack.ack_name(bad) in problem for problem in problems] == [True]


def test_a_half_written_slip_goes_with_the_next_file(site: Site, source: HartsSource):
    source.send([parcel("e-1")], nothing)
    left = site.to_harts / ".spool" / "2026-HTT0000120260101009.slip.new"
    left.write_bytes(b"{}")

    source.send([parcel("e-2")], nothing)

    assert not left.exists()


def test_files_that_wait_take_turns_to_be_answered(site: Site, source: HartsSource):
    """Else the oldest alone would be looked at, for as long as it waits."""
    names = [site.hand_in(client(referral(ref_no=f"R-{number}"))) for number in range(3)]
    all_of(source)

    for _ in names:
        source.answer(dict.fromkeys(source.awaiting(1), Answer(Verdict.WAITS, "DN_NO_CONSENT")))

    assert [told(site, name).settled for name in names] == [False] * 3


def test_what_was_said_before_is_not_asked_again(site: Site, source: HartsSource):
    name = site.hand_in(client(referral(ref_no="R-1"), referral(ref_no="R-2")))
    all_of(source)
    first, second = source.awaiting(100)
    source.answer({first: Answer(Verdict.ACCEPTED, known=True), second: Answer(Verdict.WAITS, "DN_NO_CONSENT")})

    assert source.awaiting(100) == [second]
    source.answer({second: OK})
    answers = [(line.answer.result.value, line.answer.code) for line in told(site, name).lines if line.record == "RF"]
    assert answers == [("WARN", "W02"), ("OK", "")]


def test_a_folder_that_is_gone_or_read_only_is_unavailable_and_says_what_to_do(site: Site, source: HartsSource):
    site.to_harts.rename(site.to_harts.with_name("away"))

    with pytest.raises(Unavailable, match="folder to HARTS"):
        source.reach()
    with pytest.raises(Unavailable):
        source.send([parcel("e-1")], nothing)
    assert [finding.place for finding in source.check() if not finding.ok] == ["to_harts_path"]


@pytest.mark.parametrize(
    "change",
    [
        {"site": ""}, {"site": "TOOLONG"}, {"site": "A.B"},
        {"from_harts_path": None}, {"batch_every_s": -1}, {"batch_every_s": "x"},
        {"cuaet_eligible": "maybe"}, {"cuaet_eligible": True}, {"unknown": 1},
    ],
)  # fmt: skip
def test_settings_that_are_missing_wrong_or_unknown_are_refused(site: Site, memory: Memory, change):
    with pytest.raises(Refused, match="harts settings"):
        connect({**site.settings, **change}, memory, StandingClock().now)


def test_a_cursor_that_is_not_ours_is_refused(source: HartsSource):
    with pytest.raises(RecordUnreadable):
        source.fetch("[]")


def test_a_file_stays_open_until_what_was_accepted_has_arrived_and_says_so_if_it_was_refused_then(
    site: Site, source: HartsSource
):
    name = site.hand_in(client(referral()))
    all_of(source)
    (key,) = source.awaiting(100)

    source.answer({key: Answer(Verdict.ACCEPTED, under_way=True)})
    under_way = told(site, name)
    source.answer({key: Answer(Verdict.WAITS, "DN_WITHDRAWN")})
    refused = told(site, name)
    source.answer({key: OK})

    assert ({line.answer.result for line in under_way.lines}, under_way.settled) == ({ack.Result.OK}, False)
    assert ({line.answer.code for line in refused.lines}, refused.settled) == ({"DN_WITHDRAWN"}, False)
    assert told(site, name).settled
