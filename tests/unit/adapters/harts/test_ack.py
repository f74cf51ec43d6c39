"""Acknowledgements of HARTS files, both directions: program systems 9.4."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.harts.ack import MESSAGES, Ack, AckLine, Answer, Result, ack_name, answered, read, refused, write
from adapters.harts.dat import Batch, LineKey
from adapters.harts.dat import read as read_dat
from adapters.harts.layout import layout
from hub.errors import RecordUnreadable

from .paper import KEY, NAME, OTHER_KEY, cl, co, file, rf

ACK = "HTT0000120260504007.ACK"
AT = datetime(2026, 5, 4, 22, 30, 5, tzinfo=UTC)
OK = Answer(Result.OK)
KEYS = [
    LineKey(2, "CL", KEY, "00000042"), LineKey(3, "RF", KEY, "00000042"), LineKey(4, "CL", OTHER_KEY, ""),
    LineKey(5, "RF", OTHER_KEY, ""),
]  # fmt: skip
MIXED = {
    2: OK,
    3: Answer(Result.WARN, "DN_NO_CONSENT"),
    4: Answer(Result.ERR, "DN_SCHEMA", "SURNAME"),
    5: Answer(Result.WARN, "W02"),
}
PAPER = (
    "HD|HTT0000120260504007.DAT|20260504223005|OK|\r\n"
    f"2|CL|{KEY}|00000042|OK|||\r\n"
    f"3|RF|{KEY}|00000042|WARN|DN_NO_CONSENT|not passed on for now; the line waits"
    "|non transmise pour l'instant; la ligne attend\r\n"
    f"4|CL|{OTHER_KEY}||ERR|DN_SCHEMA|SURNAME: a value cannot be read|SURNAME: une valeur est illisible\r\n"
    f"5|RF|{OTHER_KEY}||WARN|W02|already there: taken as a change|existe déjà : traitée comme une modification\r\n"
    "TR|4|1|2|1|OPEN\r\n"
)
WHOLE = PAPER.encode("cp1252")


def test_an_answer_is_written_as_it_stands_on_paper_in_both_languages():
    assert write(answered(NAME, KEYS, MIXED, AT)) == WHOLE


def test_and_read_back():
    assert read(ACK, WHOLE) == answered(NAME, KEYS, MIXED, AT)
    assert read(ACK, WHOLE + b"\x1a") == read(ACK, WHOLE), "case 46 a final Ctrl-Z"


def test_a_file_is_open_while_a_line_waits_and_w02_keeps_none_open():
    assert not answered(NAME, KEYS, MIXED, AT).settled
    assert answered(NAME, KEYS, MIXED | {3: OK}, AT).settled
    assert answered(NAME, [], {}, AT).settled


def test_every_line_of_the_file_has_its_answer():
    batch = read_dat(NAME, file(co(), cl(), rf()), "R")
    assert isinstance(batch, Batch)

    found = answered(NAME, batch.keys(), dict.fromkeys(range(2, 5), OK), AT)

    assert [(line.line, line.record) for line in found.lines] == [(2, "CO"), (3, "CL"), (4, "RF")]
    with pytest.raises(KeyError):
        answered(NAME, batch.keys(), {2: OK}, AT)


def test_a_refused_file_has_its_code_in_the_header_and_nothing_between():
    data = write(refused(NAME, "F03", AT))

    assert data == b"HD|HTT0000120260504007.DAT|20260504223005|ERR|F03\r\nTR|0|0|0|0|SETTLED\r\n"
    assert read(ACK, data) == Ack(NAME, AT, "F03", (), settled=True)


def test_a_time_is_told_in_utc():
    summer = AT.astimezone(timezone(timedelta(hours=-4)))

    assert write(answered(NAME, KEYS, MIXED, summer)) == WHOLE


def test_a_new_number_of_harts_is_brought_with_its_line():
    data = WHOLE.replace(f"4|CL|{OTHER_KEY}||".encode(), f"4|CL|{OTHER_KEY}|00000099|".encode())

    assert read(ACK, data).lines[2].harts_no == "00000099"


def test_codes_of_harts_own_are_read_and_its_texts_are_not_kept():
    data = WHOLE.replace(b"W02|already there: taken as a change", b"B17|Amara Okonkwo has left")

    found = read(ACK, data)

    assert found.lines[3].answer == Answer(Result.WARN, "B17")
    assert "Amara" not in repr(found)


def test_harts_may_close_a_file_whose_warnings_are_final():
    assert read(ACK, WHOLE.replace(b"|OPEN", b"|SETTLED")).settled


def test_every_text_can_be_written_and_parts_no_column():
    for english, french in MESSAGES.values():
        assert english
        assert french
        assert "|" not in (english + french).encode("cp1252").decode("cp1252")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param(b"", "lines", id="an empty file"),
        pytest.param(WHOLE.split(b"\r\n")[0] + b"\r\n", "lines", id="a header alone"),
        pytest.param(WHOLE[: WHOLE.rindex(b"TR")], "type", id="cut before the trailer"),
        pytest.param(WHOLE[:-3], "line end", id="cut within the trailer"),
        pytest.param(WHOLE[:200], "line end", id="cut within a line"),
        pytest.param(WHOLE.replace(b"\r\n", b"\n"), "line end", id="case 46 LF only"),
        pytest.param(b"\xef\xbb\xbf" + WHOLE, "type", id="case 46 a byte order mark"),
        pytest.param(WHOLE.replace("é".encode("cp1252"), b"\x8d"), "encoding", id="a byte outside Windows-1252"),
        pytest.param(WHOLE.replace(b"0504007", b"0504008"), "file", id="the answer to another file"),
        pytest.param(WHOLE.replace(b".DAT", b".TXT"), "file", id="no name of a file"),
        pytest.param(WHOLE.replace(b"20260504223005", b"2026050422300"), "written at", id="a short time"),
        pytest.param(WHOLE.replace(b"20260504223005", b"20260504253005"), "written at", id="no such hour"),
        pytest.param(WHOLE.replace(b"|OK|\r\n2", b"|OK|F01\r\n2"), "result", id="OK with a code"),
        pytest.param(WHOLE.replace(b"|OK|\r\n2", b"|ERR|\r\n2"), "result", id="ERR without a code"),
        pytest.param(WHOLE.replace(b"|OK|\r\n2", b"|ERR|F06\r\n2"), "result", id="a code that no file is refused with"),
        pytest.param(WHOLE.replace(b"|OK|\r\n2", b"|ERR|F02\r\n2"), "lines", id="a refused file with lines"),
        pytest.param(WHOLE.replace(b"\r\n3|RF", b"\r\n4|RF"), "line", id="lines out of order"),
        pytest.param(WHOLE.replace(b"\r\n3|RF", b"\r\n3|HD"), "type", id="an answer to a header"),
        pytest.param(WHOLE.replace(b"\r\n3|RF", b"\r\n3|ZZ"), "type", id="no record type"),
        pytest.param(WHOLE.replace(KEY.encode(), b"Amara Okonkwo"), "key", id="a key that is none"),
        pytest.param(WHOLE.replace(b"00000042", b"0000042"), "HARTS_NO", id="seven digits"),
        pytest.param(WHOLE.replace(b"|WARN|W02", b"|SOSO|W02"), "result", id="no result"),
        pytest.param(WHOLE.replace(b"|WARN|W02", b"|WARN|"), "code", id="WARN without a code"),
        pytest.param(WHOLE.replace(b"|WARN|W02", b"|OK|W02"), "code", id="OK with a code"),
        pytest.param(WHOLE.replace(b"|WARN|W02", b"|WARN|two words"), "code", id="a code that is none"),
        pytest.param(WHOLE.replace(b"a change|", b"a|change|"), "columns", id="a bar too many"),
        pytest.param(WHOLE.replace(b"TR|4|1|2|1", b"TR|5|1|2|1"), "lines", id="another number of lines"),
        pytest.param(WHOLE.replace(b"TR|4|1|2|1", b"TR|4|2|1|1"), "OK", id="other numbers of results"),
        pytest.param(WHOLE.replace(b"TR|4|1|2|1", b"TR|4|1|2|+1"), "ERR", id="no number"),
        pytest.param(WHOLE.replace(b"|OPEN", b"|DONE"), "state", id="no state"),
        pytest.param(
            b"HD|HTT0000120260504007.DAT|20260504223005|OK|\r\nTR|0|0|0|0|OPEN\r\n", "state", id="open, and none waits"
        ),
    ],
)
def test_a_damaged_or_foreign_answer_is_an_error_that_names_its_place(data, place):
    with pytest.raises(RecordUnreadable) as found:
        read(ACK, data)

    assert found.value.where.startswith(f"harts {ACK}: ")
    assert found.value.where.endswith(f": {place}")
    assert found.value.next_step
    assert "Amara" not in str(found.value)


def test_the_name_of_a_foreign_file_is_not_repeated():
    with pytest.raises(RecordUnreadable) as found:
        read("amara.ACK", WHOLE)
    assert "amara" not in str(found.value)


# ---- both ways ----

FIELDS = {record: sorted(name.upper() for name in form.columns) for record, form in layout().items()}
NOT_OK = st.sampled_from([Result.WARN, Result.ERR])
CODES = st.sampled_from(["DN_SCHEMA", "DN_EXPIRED", "H1", "H3", "W01", "W02"])


@st.composite
def acks(draw: st.DrawFn) -> Ack:
    records = draw(st.lists(st.sampled_from(sorted(FIELDS.keys() - {"HD", "TR"})), max_size=6))
    keys = [
        LineKey(number, record, KEY, draw(st.sampled_from(["", "00000042"])))
        for number, record in enumerate(records, 2)
    ]
    answers = {
        key.number: draw(st.just(OK) | st.builds(Answer, NOT_OK, CODES, st.sampled_from(["", *FIELDS[key.record]])))
        for key in keys
    }
    return answered(NAME, keys, answers, AT + timedelta(seconds=draw(st.integers(0, 10**9))))


@given(acks())
def test_what_is_written_is_read_back(ack):
    assert read(ACK, write(ack)) == ack


def read_or_refuse(data: bytes) -> Ack | None:
    try:
        return read(ACK, data)
    except RecordUnreadable:
        return None


@pytest.mark.parametrize("end", range(len(WHOLE)))
def test_an_answer_cut_anywhere_is_refused(end):
    assert read_or_refuse(WHOLE[:end]) is None


@given(st.binary(min_size=1, max_size=40), st.integers(0, len(WHOLE)))
def test_bytes_put_into_an_answer_are_refused_or_stand_in_a_text_a_code_or_a_key(more, place):
    found = read_or_refuse(WHOLE[:place] + more + WHOLE[place:])

    assert found is None or [line.line for line in found.lines] == [2, 3, 4, 5]


@settings(max_examples=300)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_flipped_byte_never_makes_an_answer_better_or_worse(place, flip):
    data = bytearray(WHOLE)
    data[place] ^= flip

    found = read_or_refuse(bytes(data))

    if found is not None:
        assert [line.answer.result for line in found.lines] == [MIXED[number].result for number in range(2, 6)]
        assert found.file == NAME


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_refused_in_words(data):
    assert read_or_refuse(data) is None


def test_a_line_that_is_not_ok_says_why():
    with pytest.raises(AssertionError):
        AckLine(2, "CL", KEY, "", Answer(Result.ERR))
    assert ack_name(NAME) == ACK
