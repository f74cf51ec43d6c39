"""Bad input of a HARTS site gets a clear answer and nothing is lost (issue item "Bad input"; program systems 9.4).

Real folders, the whole hub. Each fault is met beside good lines: these go in the same run; what is wrong is said with
file, line, field, what was got (a code, or the shape of a value) and what to do; a second try works.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.harts import ack, dat
from adapters.mailbox import FILE_BYTES_MAX
from hub.exchange import Exchange
from hub.model.directory import Site
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.mixed import HARBOUR_SITE, Both, allow, consent_row, refer_to_maple
from tests.scenario.test_bad_input import alarms

NAME = "HTT0000120260601001.DAT"
GOOD = 50  # the sequence of a good file beside the bad one
PERSONAL = ("Okonkwo", "Amara", "1991-07-22", "19910722", "11223344", "Neighbour")


@pytest.fixture
def both(both: Both) -> Both:
    allow(
        both,
        consent_row(),
        consent_row(
            identifier_value="40000002", birth_date="1980-01-02", last_name="Neighbour", first_name="Nia",
            consent_id="M-2",
        ),
    )  # fmt: skip
    return both


def own(**changes: str) -> list[dat.Draft]:
    """The client of the builder, who is referred to Harbour."""
    return harts.client(harts.assessment(), harts.referral(**{"to_site": HARBOUR_SITE, **changes}))


def neighbour(**changes: str) -> list[dat.Draft]:
    return harts.client(
        harts.referral(**{"to_site": HARBOUR_SITE, "ref_no": "N-1", **changes}),
        harts_no="40000002", dob="1980-01-02", surname="Neighbour", given="Nia", uci="", doc_no="", doc_type="NONE",
    )  # fmt: skip


def bytes_of(*clients: list[dat.Draft], seq: int = 1, direction: str = dat.FROM_HARTS) -> bytes:
    return dat.write(dat.Header(harts.SITE, harts.DAY, seq, direction), clients)


def put(both: Both, data: bytes, name: str = NAME) -> Path:
    path: Path = both.site.from_harts / name
    path.write_bytes(data)
    return path


def referred(both: Both) -> list[str]:
    """Whose referrals have reached Harbour."""
    return [row["payload"]["client"][0]["last_name"] for row in both.network.inbox("harbour", "referral")]


def problems(both: Both) -> list[str]:
    """What stands in the log as a problem of a source; never with a value of a person."""
    found = alarms(both.network.hub.log)
    assert not [word for word in PERSONAL for text in found if word in text]
    return found


def reported(both: Both) -> list[str]:
    """From now on, what the hub's operator is told."""
    told: list[str] = []
    heard = Exchange(both.network.hub.house, lambda place, error: told.append(f"{place}: {error}"))
    both.network.hub = replace(both.network.hub, exchange=heard)
    return told


def refusal(both: Both, name: str = NAME) -> str:
    """The code with which a file was refused as a whole, "" where it was not."""
    found = both.site.answer_to(name)
    assert found is not None, "no answer"
    return found.code


def line_replaced(record: bytes, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        at = next(number for number, line in enumerate(lines) if line.startswith(record))
        lines[at] = change(lines[at])
        return b"\r\n".join(lines)

    return changed


# -- a file that is refused as a whole


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (line_replaced(b"CL", lambda line: line[:60] + b"\x81" + line[61:]), "F04", ("line 2", "Windows-1252")),
        (lambda data: b"\xef\xbb\xbf" + data, "F04", ("byte order mark",)),
        (line_replaced(b"CL", lambda line: line[:-1]), "F05", ("line 2", "323 characters", "324 for CL")),
        (line_replaced(b"RF", lambda line: line + b" "), "F05", ("line 4", "209 characters", "208 for RF")),
        (lambda data: data.replace(b"\r\n", b"\n"), "F05", ("line 1", "CR LF")),
        (line_replaced(b"AS", lambda line: b"ZZ" + line[2:]), "F05", ("line 3", "`ZZ`")),
        (lambda data: data[: len(data) // 2], "F05", ("CR LF after each line",)),
        (lambda data: data[: data.index(b"TR ")], "F02", ("no trailer",)),
        (lambda _: b"", "F01", ("no header",)),
        (line_replaced(b"HD", lambda line: line.replace(b"0100", b"0200")), "F01", ("VERSION", "0100")),
        (lambda _: bytes_of(own(), direction=dat.TO_HARTS), "F01", ("DIRECTION `S`",)),
        (lambda _: bytes_of(own(), seq=2), "F01", ("a name that does not fit HD",)),
        (line_replaced(b"TR", lambda line: line.replace(b"00000005", b"00000006")), "F02", ("LINES",)),
        (line_replaced(b"TR", lambda line: line[:-1] + b"7"), "F02", ("HASH",)),
    ],
    ids=[
        "a byte outside the encoding", "a byte order mark", "a short line", "a long line", "other line ends",
        "an unknown type", "cut in the middle", "no trailer", "nothing", "another version", "the other direction",
        "another name", "another count", "another hash",
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_as_a_whole_is_refused_with_its_code_and_a_second_try_works(
    both: Both, spoil: Callable[[bytes], bytes], code: str, words: tuple[str, ...]
) -> None:
    put(both, spoil(bytes_of(own())))
    both.site.hand_in(neighbour(), seq=GOOD)
    both.run()
    before, told = refusal(both), problems(both)
    assert referred(both) == ["Neighbour"], "the other file goes"

    put(both, bytes_of(own()))
    both.run()

    assert before == code
    assert len(told) == 1
    assert NAME in told[0]
    assert f": {code}, got" in told[0]
    assert all(word in told[0] for word in words), told[0]
    assert "send it" in told[0]
    assert referred(both) == ["Neighbour", "Okonkwo-Tremblay"]
    assert both.told(NAME) == [("CL", "OK", ""), ("AS", "OK", ""), ("RF", "OK", "")]


def test_a_sequence_that_was_taken_in_before_is_f03_and_the_next_one_goes(both: Both) -> None:
    put(both, bytes_of(own()))
    both.run()
    put(both, bytes_of(neighbour()))
    both.run()
    before, told = refusal(both), problems(both)

    put(both, bytes_of(neighbour(), seq=2), "HTT0000120260601002.DAT")
    both.run()

    assert before == "F03"
    assert len(told) == 1
    assert "next sequence number" in told[0]
    assert referred(both) == ["Okonkwo-Tremblay", "Neighbour"]


def test_the_same_file_again_is_no_second_message_and_has_its_answer(both: Both) -> None:
    path = put(both, bytes_of(own()))
    both.run()
    data = path.read_bytes()
    first = both.told(NAME)
    path.unlink()
    path.with_suffix(".ACK").unlink()
    both.run()

    put(both, data)
    both.run()

    assert referred(both) == ["Okonkwo-Tremblay"]
    assert [record for record, _, _ in both.told(NAME)] == [record for record, _, _ in first]
    assert {result for _, result, _ in both.told(NAME)} == {"OK"}
    assert problems(both) == []


def test_a_file_that_was_put_back_after_another_stood_under_its_name_has_its_own_answer_again(both: Both) -> None:
    path = put(both, bytes_of(own()))
    both.run()
    data = path.read_bytes()
    put(both, bytes_of(neighbour()))
    both.run()
    between = refusal(both)

    put(both, data)
    both.run()

    assert between == "F03"
    assert both.told(NAME) == [("CL", "OK", ""), ("AS", "OK", ""), ("RF", "OK", "")]
    assert referred(both) == ["Okonkwo-Tremblay"]


@pytest.mark.parametrize("share", [0, 20, 200, 400], ids=lambda share: f"after {share} bytes")
def test_a_file_that_is_still_being_written_is_waited_for(both: Both, share: int) -> None:
    whole = bytes_of(own())
    path = put(both, whole[:share])
    touch(both, path)
    both.site.hand_in(neighbour(), seq=GOOD)
    both.network.run()
    assert not path.with_suffix(".ACK").exists()

    put(both, whole)
    touch(both, path)
    both.network.run()

    assert referred(both) == ["Neighbour", "Okonkwo-Tremblay"]
    assert problems(both) == []


def test_a_file_that_nobody_goes_on_writing_is_refused_after_a_minute(both: Both) -> None:
    path = put(both, bytes_of(own())[:200])
    touch(both, path)
    both.network.run()
    both.network.clock.advance(timedelta(minutes=2))
    both.network.run()

    assert refusal(both) == "F05"


def touch(both: Both, path: Path) -> None:
    """A file was changed just now, by the hub's clock."""
    at = both.network.clock.now().timestamp()
    os.utime(path, (at, at))


# -- lines


@pytest.mark.parametrize(
    ("wrong", "result", "place"),
    [
        ({"to_service": "ZZZ"}, ("RF", "ERR", "DN_SCHEMA"), "to_service"),
        ({"to_site": "T00099"}, ("RF", "WARN", "DN_RECIPIENT"), "T00001/2026/001"),
        ({"reason": "Zz"}, ("RF", "ERR", "DN_SCHEMA"), "reason"),
        ({"consent_no": "ABCDEFGHIJKL"}, ("RF", "ERR", "DN_SCHEMA"), "T00001/2026/001"),
        (
            {"ref_no": "ABCDEFGHIJKL", "from_site": HARBOUR_SITE, "to_site": harts.SITE, "status": "A", "reason": ""},
            ("RF", "ERR", "DN_SCHEMA"), "T00001/2026/001",
        ),
    ],
    ids=["an unknown service", "an unknown site", "an unknown reason", "an unknown consent", "an unknown referral"],
)  # fmt: skip
def test_a_line_that_is_wrong_says_where_its_neighbours_go_and_the_next_file_mends_it(
    both: Both, wrong: dict[str, str], result: tuple[str, str, str], place: str
) -> None:
    name = both.site.hand_in(own(**wrong), neighbour())
    both.run()
    told = both.told(name)
    waits = both.network.waits()

    both.site.hand_in(own(ref_no="R-9"))
    both.run()

    assert told[2] == result
    assert told[3:] == [("CL", "OK", ""), ("RF", "OK", "")]
    assert len(waits) == 1
    ((key, row),) = waits.items()
    assert key == "T00001/2026/001/4"
    assert place in f"{key} {row.place}"
    assert not any(word in row.place for word in PERSONAL)
    assert sorted(referred(both)) == ["Neighbour", "Okonkwo-Tremblay"]


def test_a_value_that_cannot_be_read_is_told_by_its_field_in_the_answer(both: Both) -> None:
    data = bytes_of(own(), neighbour())
    born = data.index(b"19910722")
    put(both, data[:born] + b"19911322" + data[born + 8 :])
    both.run()
    refused_for_hash = refusal(both)

    wrong = line_replaced(b"AS", lambda line: line[:15] + b"2026-5-4" + line[23:])
    put(both, wrong(data))
    both.run()
    found = both.site.answer_to(NAME)

    assert refused_for_hash == "F02"
    assert found is not None
    lines = [(line.record, line.answer.result.value, line.answer.field) for line in found.lines]
    assert lines == [
        ("CL", "OK", ""),
        ("AS", "ERR", "ASSESS_DATE"),
        ("RF", "OK", ""),
        ("CL", "OK", ""),
        ("RF", "OK", ""),
    ]
    assert sorted(referred(both)) == ["Neighbour", "Okonkwo-Tremblay"]


def test_lines_without_their_client_are_errors_and_those_with_one_go(both: Both) -> None:
    data = bytes_of(own(), neighbour())
    lines = data.split(b"\r\n")
    moved = [lines[0], lines[2], lines[3], lines[1], *lines[4:]]  # AS and RF before their CL
    put(both, b"\r\n".join(moved))
    both.run()

    assert [each[:2] for each in both.told(NAME)] == [
        ("AS", "ERR"), ("RF", "ERR"), ("CL", "WARN"), ("CL", "OK"), ("RF", "OK"),
    ]  # fmt: skip
    assert referred(both) == ["Neighbour"]


def test_a_file_without_any_referral_is_answered_too(both: Both) -> None:
    """Nothing of it makes a message: it waits for 30 days, and is then an error."""
    name = both.site.hand_in(harts.client(harts.assessment()))
    empty = both.site.hand_in()
    both.run()
    before = both.told(name)
    both.network.clock.advance(timedelta(days=31))
    both.run()

    assert before == [("CL", "WARN", "W01"), ("AS", "WARN", "W01")]
    assert both.told(name) == [("CL", "ERR", "W01"), ("AS", "ERR", "W01")]
    assert both.told(empty) == []


# -- what is no file of ours


def test_names_that_are_not_ours_are_ignored_or_told_once(both: Both) -> None:
    for name in ("README.txt", "htt0000120260601001.dat", ".hidden.DAT", "Thumbs.db"):
        put(both, b"anything", name)
    put(both, b"anything", "Okonkwo.DAT")
    both.site.hand_in(neighbour(), seq=GOOD)
    both.run()
    both.run()

    told = problems(both)
    assert len(told) == 1
    assert "a file with a name of shape" in told[0]
    assert referred(both) == ["Neighbour"]
    assert [path.name for path in both.site.from_harts.glob("*.ACK")] == ["HTT0000120260601050.ACK"]


@pytest.mark.parametrize("make", [
    lambda path: path.mkdir(),
    os.mkfifo,
    lambda path: path.symlink_to(path.name),
    lambda path: path.symlink_to("/dev/zero"),
], ids=["a folder", "a pipe", "a link to itself", "a link that never ends"])  # fmt: skip
def test_what_is_no_plain_file_is_told_once_and_holds_up_nobody(both: Both, make: Callable[[Path], Any]) -> None:
    path = both.site.from_harts / NAME
    make(path)
    both.site.hand_in(neighbour(), seq=GOOD)
    both.run()
    both.run()
    told = problems(both)
    assert referred(both) == ["Neighbour"]

    path.rmdir() if path.is_dir() else path.unlink()
    put(both, bytes_of(own()))
    both.run()

    assert len(told) == 1
    assert NAME in told[0]
    assert "expected a plain file" in told[0]
    assert referred(both) == ["Neighbour", "Okonkwo-Tremblay"]


def test_a_file_that_is_too_long_is_refused_unread(both: Both) -> None:
    path = put(both, b"HD ")
    os.truncate(path, FILE_BYTES_MAX + 1)  # a hole: it takes no room
    both.site.hand_in(neighbour(), seq=GOOD)
    both.run()
    before = refusal(both)
    told = problems(both)

    put(both, bytes_of(own()))
    both.run()

    assert before == "F05"
    assert len(told) == 1
    assert f"got {FILE_BYTES_MAX + 1} bytes, expected {FILE_BYTES_MAX} at most; send it as several files" in told[0]
    assert referred(both) == ["Neighbour", "Okonkwo-Tremblay"]


@pytest.mark.parametrize("refused", [False, True], ids=["taken in", "refused"])
def test_an_answer_whose_place_is_taken_by_a_folder_holds_up_no_other(both: Both, refused: bool) -> None:
    told = reported(both)
    data = bytes_of(own())
    path = put(both, data[:200] if refused else data)
    reply = path.with_suffix(".ACK")
    reply.mkdir()
    both.site.hand_in(neighbour(), seq=GOOD)
    both.run()
    assert "Neighbour" in referred(both)
    assert both.told("HTT0000120260601050.DAT")[-1] == ("RF", "OK", "")

    reply.rmdir()
    both.run()

    assert len([text for text in problems(both) if "no plain file" in text]) == 1, "told once"
    assert refused or any("no plain file" in text for text in told)
    assert refusal(both) == ("F05" if refused else "")


def test_an_answer_of_harts_that_is_a_folder_or_cut_holds_up_nobody_and_is_heard_when_it_is_whole(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (batch,) = both.site.received()
    reply = both.site.to_harts / ack.ack_name(batch.name)
    reply.mkdir()
    both.site.hand_in(neighbour(), seq=GOOD)
    both.run()
    both.run()
    first = problems(both)
    assert referred(both) == ["Neighbour"]

    reply.rmdir()
    line = next(key.number for key in batch.keys() if key.record == "RF")  # noqa: SIM118 - a method, no mapping
    both.site.acknowledge(batch, {line: ack.Answer(ack.Result.ERR, "H4")}, {})
    whole = reply.read_bytes()
    reply.write_bytes(whole[:-10])
    both.run()
    second = problems(both)
    reply.write_bytes(whole)
    both.run()

    assert [reply.name in text and "no plain file" in text for text in first] == [True]
    assert len(second) == 2
    assert both.network.told("harbour", "rejected") == [("referral_id", 1, "H4")]


# -- folders


def failing(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int) -> pytest.MonkeyPatch:
    """Nothing can be written into a folder any more."""
    opened, write = os.open, os.write
    handles: set[int] = set()

    def opening(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        inside = str(path).startswith(str(folder)) and flags & os.O_CREAT and not str(path).endswith("lock")
        if inside and number == errno.EROFS:
            raise OSError(number, os.strerror(number))
        handle = opened(path, flags, mode, **more)
        handles.discard(handle)
        if inside:
            handles.add(handle)
        return handle

    def writing(handle: int, data: Any) -> int:
        if handle in handles:
            write(handle, bytes(data[:100]))  # what there was room for
            raise OSError(number, os.strerror(number))
        return write(handle, data)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "write", writing)
    return monkeypatch


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_folder_to_harts_that_takes_nothing_holds_messages_back_and_leaves_no_half(both: Both, number: int) -> None:
    refer_to_maple(both)
    both.site.hand_in(neighbour(), seq=GOOD)
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, both.site.to_harts, number)
        both.run()
        held = both.network.states()
        spool = both.site.to_harts / ".spool"
        left = [path.name for path in spool.iterdir() if path.suffix == ".DAT"]
        assert both.site.received() == []
        assert both.told("HTT0000120260601050.DAT")[-1] == ("RF", "OK", ""), "the other direction goes on"

    both.network.clock.advance(timedelta(hours=2))
    both.run()

    assert left == []
    assert "returned" not in held
    assert [batch.header.seq for batch in both.site.received()] == [1]
    assert both.network.states() == {"delivered": 2}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_folder_from_harts_that_takes_nothing_delays_its_answers_alone(both: Both, number: int) -> None:
    told = reported(both)
    name = both.site.hand_in(neighbour(), seq=GOOD)
    put(both, bytes_of(own())[:200])
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, both.site.from_harts, number)
        both.run()
        assert referred(both) == ["Neighbour"]
        assert both.site.answer_to(name) is None

    both.run()

    assert any(os.strerror(number) in text and "is there room?" in text for text in told)
    assert both.told(name)[-1] == ("RF", "OK", "")
    assert refusal(both) == "F05"


@pytest.mark.parametrize("which", ["from_harts", "to_harts"])
def test_a_folder_that_is_gone_is_told_and_all_goes_on_when_it_is_back(both: Both, which: str) -> None:
    told = reported(both)
    refer_to_maple(both)
    open_line = both.site.hand_in(harts.client(harts.referral(to_site="T00099")))  # waits, so its answer is open
    both.run()
    folder: Path = getattr(both.site, which)
    folder.rename(folder.with_name("away"))
    refer_another(both)
    both.run()

    folder.with_name("away").rename(folder)
    both.site.hand_in(neighbour(), seq=GOOD)
    both.network.clock.advance(timedelta(hours=2))
    both.run()

    if which == "from_harts":
        assert any("No such file or directory" in text for text in told)
    assert referred(both) == ["Neighbour"]
    assert len(both.lines("RF")) == 2
    assert both.told(open_line)[-1] == ("RF", "WARN", "DN_RECIPIENT"), "a folder that was away settles nothing"
    put_site(both)
    both.run()
    assert both.told(open_line)[-1] == ("RF", "OK", "")


def refer_another(both: Both) -> None:
    db = both.network.db("harbour")
    client = cms.add_client(db, birth_date="1984-02-03", last_name="Castellanos", first_name="Cruz")
    cms.add_consent(db, client, "maple")
    cms.add_referral(db, client, "maple", "language-training")
    db.close()


def put_site(both: Both) -> None:
    both.network.put(Site("harts", "T00099", "harbour", "Harbour, second floor"))


def test_files_that_were_away_for_a_while_are_not_forgotten(both: Both) -> None:
    """A share that is not mounted shows an empty folder: nothing is settled by it."""
    name = both.site.hand_in(harts.client(harts.referral(to_site="T00099")))
    both.run()
    away = both.site.from_harts.with_name("away")
    both.site.from_harts.rename(away)
    both.site.from_harts.mkdir()
    both.run()
    both.site.from_harts.rmdir()
    away.rename(both.site.from_harts)

    put_site(both)
    both.run()

    assert both.told(name)[-1] == ("RF", "OK", "")
    assert len(both.network.inbox("harbour", "referral")) == 1


ZED = {"harts_no": "40000009", "dob": "1980-01-02", "surname": "Zed", "given": "Robert", "uci": ""}


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("away", [timedelta(), timedelta(hours=2)])
def test_a_file_that_was_away_before_it_was_settled_is_judged_again_when_it_is_back(
    both: Both, answered: bool, away: timedelta
) -> None:
    """What waited of it was dropped as gone; a consent that came meanwhile must still be heard."""
    name = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE), **ZED))
    both.network.run()
    path, elsewhere = both.site.from_harts / name, both.site.from_harts.parent / name
    path.rename(elsewhere)
    if not answered:
        path.with_suffix(".ACK").unlink()
    allow(
        both,
        consent_row(
            identifier_value="40000009", birth_date="1980-01-02", last_name="Zed", first_name="Robert", consent_id="M-9"
        ),
    )
    both.network.run()
    both.network.clock.advance(away)

    elsewhere.rename(path)
    both.run()

    assert len(both.network.inbox("harbour", "referral")) == 1
    assert both.told(name)[-1] == ("RF", "OK", "")


def test_a_clock_that_is_set_back_refuses_no_file_that_was_taken_in(both: Both) -> None:
    name = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()
    before = both.told(name)

    both.network.clock.set(both.network.clock.now() - timedelta(days=3))
    both.network.hub.connections.close()  # as another process would see it, for the first time
    both.run()

    assert both.told(name) == before
