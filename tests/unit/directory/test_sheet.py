"""Files of directory rows: checked whole, all that is wrong with its line, nothing half-kept (issue items 9, 14)."""

from __future__ import annotations

import pytest

from hub.directory import AGENCY, SERVICE, SITE, WORKER, Problems, from_file
from hub.directory import sheet as module

GOOD = b"id,agency,role\r\nh-worker-2,harbour,worker\r\nl-worker-1,lakeside,officer\r\n"


def places(answer: object) -> list[str]:
    assert isinstance(answer, Problems), answer
    return [problem.where for problem in answer.found]


def test_every_row_of_a_good_file_is_read(known):
    assert [row.id for row in from_file(WORKER, GOOD, known)] == ["h-worker-2", "l-worker-1"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="case 48 a byte order mark"),
        pytest.param(GOOD.replace(b"\r\n", b"\n"), id="line feeds alone"),
        pytest.param(GOOD.replace(b"\r\n", b"\r\n,,\r\n\r\n"), id="case 3 blank lines"),
        pytest.param(b"role,id,agency\nworker,h-worker-2,harbour\nofficer,l-worker-1,lakeside\n", id="another order"),
        pytest.param(GOOD.replace(b"harbour", b'"harbour"'), id="quotes"),
        pytest.param(GOOD.replace(b"role", b"role,ended_on").replace(b"er\r", b"er,\r"), id="a blank choice"),
    ],
)
def test_ways_to_write_the_same_file(known, data):
    assert from_file(WORKER, data, known) == from_file(WORKER, GOOD, known)


def test_each_agency_of_a_file_gets_a_topic_of_its_own(known):
    data = b"id,name,lane,pack\nnorth,North,general,ca-on\nsouth,South,womens,ca-on\n"

    assert len({row.topic for row in from_file(AGENCY, data, known)}) == 2


def test_all_that_is_wrong_is_listed_with_its_line_and_column(known):
    data = (
        b"id,agency,role\n"
        b"h-worker-2,harbour,worker\n"
        b"\n"
        b"X,nobody,worker\n"
        b"l-worker-1,lakeside,boss\n"
        b"l-worker-2,lakeside\n"
        b"h-worker-2,harbour,steward\n"
    )

    assert places(from_file(WORKER, data, known)) == [
        "workers, line 4, id",
        "workers, line 4, agency",
        "workers, line 5, role",
        "workers, line 6, all columns",
        "workers, line 7, id",
    ]


def test_the_line_of_a_row_is_counted_through_line_breaks_in_quotes(known):
    data = b'code,agency,kind,name\nH2,harbour,cms,"Pier\nNorth"\nH3,nobody,cms,\n'

    assert places(from_file(SITE, data, known)) == ["sites, line 4, agency"]


def test_one_key_twice_names_the_first_line(known):
    data = b"kind,code,agency\ncms,H2,harbour\ncms,H2,harbour\n"

    (problem,) = from_file(SITE, data, known).found

    assert problem.where == "sites, line 3, kind and code"
    assert "line 2" in problem.got


@pytest.mark.parametrize(
    ("data", "place"),
    [
        pytest.param(b"", "file", id="an empty file"),
        pytest.param(b"\n , \n", "file", id="a file of blanks"),
        pytest.param(b"id,agency\n", "header", id="a required column is missing"),
        pytest.param(b"id,agency,role,shoe\n", "header, column 4", id="a column that the form has not"),
        pytest.param(b"id,agency,role,id\n", "header, column 4", id="a column twice"),
        pytest.param(b"id;agency;role\n", "header, column 1", id="semicolons"),
        pytest.param(b"id,agency,role,\nh,harbour,worker,\n", "header, column 4", id="a column without a name"),
        pytest.param(b"id,agency,role\nh-2,harbour,\xe9t\xe9\n", "line 2", id="case 63 not UTF-8"),
        pytest.param(b'id,agency,role\nh-2,"harbour,worker\n', "line 2", id="quotes that do not close"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused_once(known, data, place):
    assert places(from_file(WORKER, data, known)) == [place]


def test_a_file_of_a_header_alone_has_no_rows(known):
    assert from_file(WORKER, b"id,agency,role\n", known) == ()


def test_a_file_has_limits(known, monkeypatch):
    monkeypatch.setattr(module, "ROWS_MAX", 1)
    assert places(from_file(WORKER, GOOD, known)) == ["file"]

    monkeypatch.setattr(module, "BYTES_MAX", 10)
    assert places(from_file(WORKER, GOOD, known)) == ["file"]


def test_a_cell_is_not_shown_inv_1(known):
    data = b"id,agency,wanted,name,system\nHodan Warsame 1991-07-22,harbour,housing,Rooms,harbour-cms\n"

    assert "Hodan" not in str(from_file(SERVICE, data, known).found[0])
