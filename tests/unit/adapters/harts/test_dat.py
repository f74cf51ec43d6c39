"""A HARTS batch file as a whole: program systems 9.4 (F01, F02, F04, F05), 4.7 and §10, cases 16, 43 to 47."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.harts.dat import Batch, Draft, Header, LineKey, Refusal, file_name, read, write
from hub.errors import MappingGap

from .paper import HEADER, KEY, NAME, OTHER_KEY, as_, cl, co, el, file, hd, rf, tr

SECOND = cl({4: OTHER_KEY, 50: "Okonkwo      ", 90: "   ", 150: "20040102"})
WHOLE = file(co(), cl(), el(), as_(), rf(), SECOND, rf({4: OTHER_KEY, 16: "R000013", 73: "W"}))


def batch(data: bytes) -> Batch:
    found = read(NAME, data, "R")
    assert isinstance(found, Batch), found.text()
    return found


def refusal(data: bytes, name: str = NAME, direction: str = "R") -> Refusal:
    found = read(name, data, direction)
    assert isinstance(found, Refusal)
    return found


def faults(data: bytes, **how: bool) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.code, fault.field) for client in batch(data).clients(**how) for fault in client.faults]


# ---- a good file ----


def test_a_file_is_a_header_courses_and_clients_with_their_lines_in_order():
    whole = batch(WHOLE)

    assert whole.header == HEADER
    assert [(line.number, line.fields["course"]) for line in whole.courses()] == [(2, "L-CCSNAR18008")]
    assert [
        (client.line.number, client.line.fields["surname"], [(line.number, line.record) for line in client.lines])
        for client in whole.clients()
    ] == [(3, "Tremblay-Côté", [(4, "EL"), (5, "AS"), (6, "RF")]), (7, "Okonkwo", [(8, "RF")])]
    assert faults(WHOLE) == []
    assert list(whole.strays()) == []


def test_case_15_a_single_name_has_no_given_name():
    assert "given" not in list(batch(WHOLE).clients())[1].line.fields


def test_case_46_a_final_ctrl_z_is_accepted_and_is_no_line():
    assert read(NAME, WHOLE + b"\x1a", "R") == read(NAME, WHOLE, "R")


def test_a_file_without_clients_is_a_file():
    assert list(batch(file()).clients()) == []
    assert list(batch(file()).keys()) == []


def test_an_identity_is_site_year_direction_and_sequence_and_not_the_day():
    assert HEADER.identity == "T00001/2026/R/007"
    assert Header("T00001", date(2026, 12, 31), 7, "R").identity == HEADER.identity
    assert Header("T00001", date(2027, 1, 1), 7, "R").identity != HEADER.identity
    assert Header("T00001", date(2026, 5, 4), 7, "S").identity != HEADER.identity


def test_a_short_site_is_padded_in_the_name_with_underscores_and_in_the_header_with_spaces():
    header = Header("T1", date(2026, 5, 4), 12, "R")
    data = file(header=hd({4: "T1    ", 18: "012"}))

    assert file_name(header) == "HTT1____20260504012.DAT"
    found = read(file_name(header), data, "R")
    assert isinstance(found, Batch)
    assert found.header == header


def test_an_acknowledgement_names_every_line_by_its_client():
    data = file(co(), rf(), cl({16: "00000042"}), rf(), cl({4: " " * 12, 16: "00000043"}), rf({4: " " * 12}))

    assert list(batch(data).keys()) == [
        LineKey(2, "CO", "L-CCSNAR18008", ""),
        LineKey(3, "RF", KEY, ""),
        LineKey(4, "CL", KEY, "00000042"),
        LineKey(5, "RF", KEY, "00000042"),
        LineKey(6, "CL", "00000043", "00000043"),
        LineKey(7, "RF", "00000043", "00000043"),
    ]


def test_case_43_a_learner_on_several_lists_has_several_referrals_in_the_order_of_the_file():
    [client] = batch(file(cl(), rf({73: "W"}), rf({16: "R000013", 73: "W"}), rf({3: "U", 73: "N"}))).clients()

    assert [(line.fields["ref_no"], line.action, line.fields["status"]) for line in client.lines] == [
        ("R000012", "A", "W"), ("R000013", "A", "W"), ("R000012", "U", "N"),
    ]  # fmt: skip


def test_case_47_a_record_after_its_deletion_stays_after_it():
    [client] = batch(file(cl(), rf({3: "D"}), rf())).clients()

    assert [line.action for line in client.lines] == ["D", "A"]


# ---- refused as a whole ----

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        pytest.param(BOM + WHOLE, "F04", 1, id="case 46 a byte order mark"),
        pytest.param(WHOLE.decode("cp1252").encode("utf-16"), "F04", 1, id="case 46 another encoding with its mark"),
        pytest.param(WHOLE.replace("ô".encode("cp1252"), b"\x81"), "F04", 3, id="a byte outside Windows-1252"),
        pytest.param(file(header=hd({26: "UTF-8 "})), "F04", 1, id="another ENCODING"),
        pytest.param(WHOLE.decode("cp1252").encode("utf-8"), "F05", 3, id="case 46 a UTF-8 accent shifts columns"),
        pytest.param(WHOLE.replace(b"\r\n", b"\n"), "F05", 1, id="case 46 LF only"),
        pytest.param(WHOLE.replace(b"\r\n", b"\r"), "F05", 1, id="CR only"),
        pytest.param(WHOLE.replace(b"\r\n", b"\n\r"), "F05", 1, id="the wrong way round"),
        pytest.param(WHOLE.replace(b"Okonkwo ", b"Okonkwo\n"), "F05", 7, id="a line end within a line"),
        pytest.param(WHOLE[:-2], "F05", 9, id="the last line has no end"),
        pytest.param(WHOLE[:-1], "F05", 9, id="the last line has half an end"),
        pytest.param(WHOLE[:600], "F05", 6, id="cut in the middle of a line"),
        pytest.param(WHOLE + b"\x1a\x1a", "F05", 10, id="more than one Ctrl-Z"),
        pytest.param(WHOLE + b"\r\n", "F05", 10, id="an empty line"),
        pytest.param(file(cl() + " "), "F05", 2, id="a line too long"),
        pytest.param(file(cl()[:-1]), "F05", 2, id="a line too short"),
        pytest.param(file("ZZA" + " " * 20), "F05", 2, id="no record type"),
        pytest.param(file(cl().replace("CLA", "clA")), "F05", 2, id="record types are in capitals"),
        pytest.param(b"", "F01", 1, id="an empty file has no header"),
        pytest.param(b"\x1a", "F01", 1, id="nor has a Ctrl-Z"),
        pytest.param(file(cl(), header=""), "F01", 1, id="no header"),
        pytest.param(file(hd(), cl()), "F01", 2, id="a second header"),
        pytest.param(file(header=hd({3: "A"})), "F01", 1, id="an action on the header"),
        pytest.param(file(header=hd({4: "T00002"})), "F01", 0, id="another site than the name's"),
        pytest.param(file(header=hd({4: "T/0001"})), "F01", 1, id="a site that is no part of a name"),
        pytest.param(file(header=hd({10: "20260505"})), "F01", 0, id="another day than the name's"),
        pytest.param(file(header=hd({10: "20260230"})), "F01", 1, id="no such day"),
        pytest.param(file(header=hd({18: "008"})), "F01", 0, id="another sequence than the name's"),
        pytest.param(file(header=hd({18: "000"})), "F01", 1, id="sequence 000"),
        pytest.param(file(header=hd({18: "  7"})), "F01", 1, id="a sequence padded with spaces"),
        pytest.param(file(header=hd({21: "0200"})), "F01", 1, id="another version"),
        pytest.param(file(header=hd({25: "S"})), "F01", 1, id="another direction than the folder's"),
        pytest.param(WHOLE[: WHOLE.rindex(b"TR")], "F02", 8, id="cut between two lines"),
        pytest.param(WHOLE + WHOLE[WHOLE.rindex(b"TR") :], "F02", 9, id="two trailers"),
        pytest.param(WHOLE + f"{cl()}\r\n".encode("cp1252"), "F02", 9, id="a line after the trailer"),
        pytest.param(file(cl(), trailer=tr(4, 1, 19910722)), "F02", 3, id="another number of lines"),
        pytest.param(file(cl(), trailer=tr(3, 2, 19910722)), "F02", 3, id="another number of clients"),
        pytest.param(file(cl(), trailer=tr(3, 1, 19910723)), "F02", 3, id="another hash"),
        pytest.param(file(cl(), trailer="TR " + " " * 26), "F02", 3, id="an empty trailer"),
        pytest.param(file(cl(), trailer="TRA" + tr(3, 1, 19910722)[3:]), "F02", 3, id="an action on the trailer"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_with_its_code_and_line(data, code, line):
    found = refusal(data)

    assert (found.code, found.line) == (code, line)
    assert found.got
    assert found.expected
    assert found.text().startswith(f"harts {NAME}")
    assert "Tremblay" not in found.text()
    assert "Okonkwo" not in found.text()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(BOM + file(cl()[:-1], header=hd({25: "S"}), trailer=tr(9, 9, 9)), "F04", id="F04 before all"),
        pytest.param(file(cl()[:-1], header=hd({26: "UTF-8 "})), "F04", id="the ENCODING field before a line's length"),
        pytest.param(file(cl()[:-1], header=hd({25: "S"}), trailer=tr(9, 9, 9)), "F05", id="F05 before F01 and F02"),
        pytest.param(file(cl(), header=hd({25: "S"}), trailer=tr(9, 9, 9)), "F01", id="F01 before F02"),
    ],
)
def test_the_first_refusal_that_fits_is_the_answer(data, code):
    assert refusal(data).code == code


@pytest.mark.parametrize(
    "name", [NAME.lower(), "HTT0000120260504008.DAT", "HTT0000220260504007.DAT", NAME[:-4] + ".TXT", "notes.txt", ""]
)
def test_a_file_under_another_name_is_refused(name):
    found = refusal(WHOLE, name)

    assert found.code == "F01"
    assert NAME in found.expected


def test_the_name_of_a_foreign_file_is_not_repeated():
    assert "amara" not in refusal(WHOLE, "amara.DAT").text()


def test_dates_of_birth_are_added_up_to_ten_digits_and_a_blank_one_is_nothing():
    many = [cl({150: "99991231"})] * 101
    blank = cl({150: " " * 8, 158: "U"})

    assert (101 * 99991231) % 10**10 != 101 * 99991231
    assert len(list(batch(file(*many, blank)).clients())) == 102


def test_a_birth_date_that_is_none_counts_nothing_and_refuses_its_line_alone():
    assert faults(file(cl({150: "1991-7-2"}), SECOND)) == [(2, "DN_SCHEMA", "DOB")]
    assert faults(file(cl({150: "²0000101"}), SECOND)) == [(2, "DN_SCHEMA", "DOB")]


# ---- lines that are wrong, in a file that is whole ----


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        pytest.param([cl({4: " " * 12}), rf({4: " " * 12})], [(2, "H1", "LOCAL_KEY")], id="H1 a CL without a number"),
        pytest.param([cl({4: " " * 12, 16: "00000043"}), rf({4: " " * 12})], [], id="H1 HARTS_NO alone suffices"),
        pytest.param([cl(), rf({4: OTHER_KEY})], [(3, "H1", "LOCAL_KEY")], id="H1 another client's line"),
        pytest.param([cl(), rf({4: " " * 12})], [(3, "H1", "LOCAL_KEY")], id="H1 a line that does not repeat it"),
        pytest.param([cl(), rf({3: "D", 4: OTHER_KEY})], [(3, "H1", "LOCAL_KEY")], id="H1 of a line that deletes, too"),
        pytest.param(
            [cl({4: "no alias    "}), rf()], [(2, "DN_SCHEMA", "LOCAL_KEY")], id="H1 the CL's fault is told once"
        ),
        pytest.param([cl({150: " " * 8})], [(2, "DN_SCHEMA", "DOB")], id="a known birth date that is missing"),
        pytest.param([cl({150: " " * 8, 158: "U"})], [], id="9.4 an unknown one is eight spaces"),
        pytest.param([cl({160: "RC   "}), el()], [(3, "H2", "STREAM")], id="H2 a claimant in LINC"),
        pytest.param([cl({160: "RC   "}), el({20: "N"})], [], id="H2 who was refused may have any status"),
        pytest.param([cl({160: "RC   "}), el({16: "ESL "})], [], id="H2 a claimant in ESL"),
        pytest.param([cl({160: "AIP  "}), el({16: "CLIC"})], [], id="H2 approved in principle"),
        pytest.param([cl({160: "CUAET"}), el()], [(3, "H2", "STREAM")], id="H2 CUAET, the site's flag not set"),
        pytest.param([cl({160: "     "}), el()], [(2, "DN_SCHEMA", "STATUS")], id="H2 no second fault for one blank"),
        pytest.param([cl(), as_({32: "1L"})], [(3, "H3", "L")], id="case 44 a literacy code for listening"),
        pytest.param([cl(), as_({34: "FL"})], [(3, "H3", "S")], id="case 44 a literacy code for speaking"),
        pytest.param([cl(), as_({32: "08", 38: "2L"})], [], id="case 44 listening 8, writing 2L"),
        pytest.param([cl(), as_({32: "NA", 34: "IE", 36: "NA", 38: "IE"})], [], id="case 44 none of them is zero"),
        pytest.param([cl(), as_({32: "09"})], [(3, "H3", "L")], id="H3 CLBPT finds 08 at most"),
        pytest.param([cl(), as_({25: "CLBA ", 36: "12"})], [(3, "H3", "R")], id="H3 and so does CLBA"),
        pytest.param(
            [cl(), as_({25: "ELTPA", 32: "05", 34: "06", 36: "10", 38: "11"})],
            [(3, "H3", "L"), (3, "H3", "W")],
            id="H3 ELTPA finds 06 to 10",
        ),
        pytest.param([cl(), as_({25: "ELTPA", 32: "06", 34: "07", 36: "IE", 38: "NA"})], [], id="H3 or nothing"),
        pytest.param([cl(), as_({25: "NONE ", 32: "12"})], [], id="H3 no tool, any level"),
        pytest.param([cl(), as_({36: "  "})], [(3, "H3", "R")], id="H3 a skill is missing"),
        pytest.param([cl(), as_({3: "D", 32: "09"})], [], id="H3 not asked of a line that deletes"),
    ],
)
def test_a_wrong_line_has_its_faults_and_the_others_go(inside, found):
    data = file(*inside, SECOND, rf({4: OTHER_KEY}))

    assert faults(data) == found
    last = list(batch(data).clients())[-1]
    assert (last.faults, last.line.fields["surname"], len(last.lines)) == ((), "Okonkwo", 1)


def test_h2_a_site_may_take_cuaet_holders():
    assert faults(file(cl({160: "CUAET"}), el()), cuaet_eligible=True) == []


def test_h1_lines_without_a_client_are_told_and_the_clients_after_them_go():
    whole = batch(file(rf(), as_({3: "D"}), co(), cl()))

    assert [(line.number, [fault.code for fault in line.faults]) for line in whole.strays()] == [
        (2, ["H1"]),
        (3, ["H1"]),
    ]
    assert [line.number for line in whole.courses()] == [4]
    assert [client.faults for client in whole.clients()] == [()]


def test_a_course_below_a_client_is_a_fault_and_parts_nothing():
    whole = batch(file(cl(), co(), rf()))

    [course], [client] = list(whole.courses()), list(whole.clients())
    assert [(fault.line, fault.field) for fault in course.faults] == [(3, "")]
    assert [(line.number, line.faults) for line in client.lines] == [(4, ())]


# ---- writing ----

ZOE = {
    "local_key": KEY, "doc_type": "PR", "surname": "Tremblay-Côté", "given": "Zoé", "dob": "1991-07-22",
    "dob_flag": "E", "sex": "F", "status": "PR",
}  # fmt: skip
REFERRAL = {
    "ref_no": "R000012", "from_site": "T00001", "to_site": "T00002", "to_service": "EMP", "ref_date": "2026-05-02",
    "status": "S", "reason": "LNG",
}  # fmt: skip
DRAFTS: list[Draft] = [("CL", "A", ZOE), ("RF", "A", REFERRAL)]


def test_a_file_is_written_as_it_stands_on_paper():
    assert write(HEADER, [DRAFTS]) == file(cl(), rf())


def test_counts_and_hash_are_computed():
    sixty = [DRAFTS] * 600

    assert write(HEADER, sixty).decode("cp1252").splitlines()[-1] == tr(1202, 600, 600 * 19910722 % 10**10)


@pytest.mark.parametrize(
    ("header", "clients"),
    [
        pytest.param(HEADER, [[("RF", "A", REFERRAL)]], id="H1 a client without its CL"),
        pytest.param(HEADER, [[]], id="a client without lines"),
        pytest.param(HEADER, [[("CL", "A", ZOE | {"local_key": ""})]], id="H1 a CL without a number"),
        pytest.param(HEADER, [[*DRAFTS, ("CL", "A", ZOE)]], id="a client below a client"),
        pytest.param(HEADER, [[*DRAFTS, ("CO", "A", {})]], id="a course below a client"),
        pytest.param(HEADER, [[*DRAFTS, ("ZZ", "A", {})]], id="no record type"),
        pytest.param(HEADER, [[("CL", "A", ZOE | {"surname": "Ł"})]], id="case 18 a sign outside Windows-1252"),
        pytest.param(HEADER, [[("CL", "A", ZOE | {"surname": "a" * 41})]], id="case 16 too long"),
        pytest.param(Header("T00001", date(2026, 5, 4), 0, "R"), [], id="sequence 0"),
        pytest.param(Header("T00001", date(2026, 5, 4), 1000, "R"), [], id="sequence 1000"),
        pytest.param(Header("T00001", date(2026, 5, 4), 7, "X"), [], id="no direction"),
        pytest.param(Header("../../x", date(2026, 5, 4), 7, "S"), [], id="a site that leads elsewhere"),
    ],
)
def test_what_cannot_be_written_stops_the_file_before_a_byte_of_it(header, clients):
    with pytest.raises(MappingGap, match=r"^harts "):
        write(header, clients)


# ---- both ways ----

SITES = st.from_regex(r"[A-Z0-9]{1,6}", fullmatch=True).filter(str.isascii)
HEADERS = st.builds(Header, SITES, st.dates(), st.integers(1, 999), st.sampled_from("SR"))
KEYS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=12, max_size=12)
BIRTHS = st.dates().map(lambda day: {"dob": day.isoformat(), "dob_flag": "E"}) | st.just({"dob_flag": "U"})


@st.composite
def clients(draw: st.DrawFn) -> list[Draft]:
    who = {k: v for k, v in ZOE.items() if k != "dob"} | draw(BIRTHS) | {"local_key": draw(KEYS)}
    note = draw(st.sampled_from(["INFO NOT COMPLETE", "œuvre, été", "’"]))
    below: list[Draft] = [("RF", draw(st.sampled_from("AU")), REFERRAL | {"note": note})] * draw(st.integers(0, 2))
    return [("CL", "A", who), *below]


@given(HEADERS, st.lists(clients(), max_size=5))
def test_what_is_written_is_read_back(header, drafts):
    found = read(file_name(header), write(header, drafts), header.direction)

    assert isinstance(found, Batch)
    assert found.header == header
    there = list(found.clients())
    assert [client.faults for client in there] == [()] * len(drafts)
    assert [(client.line.action, client.line.fields) for client in there] == [own[0][1:] for own in drafts]
    for client, (first, *below) in zip(there, drafts, strict=True):
        key = first[2]["local_key"]
        assert [(line.record, line.action, line.fields) for line in client.lines] == [
            (record, action, {**fields, "local_key": key}) for record, action, fields in below
        ]
    numbers = [key.number for key in list(found.keys())]
    assert numbers == list(range(2, 2 + sum(map(len, drafts))))


def walk(found: Batch | Refusal) -> None:
    """Everything that a source would ask of a file: none of it may fail in another way."""
    if isinstance(found, Batch):
        for client in found.clients():
            assert all(fault.text() for fault in client.faults)
        assert len([*found.courses(), *found.strays(), *found.keys()]) >= len(found.lines) - 2
    else:
        assert found.code in {"F01", "F02", "F04", "F05"}
        assert found.text()


@pytest.mark.parametrize("end", [*range(60), *range(60, len(WHOLE), 7), len(WHOLE) - 1])
def test_a_file_cut_anywhere_is_refused(end):
    assert refusal(WHOLE[:end]).code in {"F01", "F02", "F05"}


@given(st.binary(min_size=1, max_size=40), st.integers(0, len(WHOLE)))
def test_a_file_with_more_bytes_in_it_is_refused_or_says_the_same(more, place):
    found = read(NAME, WHOLE[:place] + more + WHOLE[place:], "R")

    walk(found)
    assert isinstance(found, Refusal) or found == batch(WHOLE)


@settings(max_examples=300)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_changes_its_own_line_alone(place, flip):
    data = bytearray(WHOLE)
    data[place] ^= flip

    found = read(NAME, bytes(data), "R")

    walk(found)
    if isinstance(found, Batch):
        assert found.header == HEADER
        touched = WHOLE.count(b"\n", 0, place)
        before = batch(WHOLE).lines
        assert [number for number, line in enumerate(found.lines) if line != before[number]] == [touched]
        assert not before[touched].startswith(("HD", "TR"))


@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_refused_in_words(data):
    found = read(NAME, data, "R")

    walk(found)
    assert isinstance(found, Refusal)
