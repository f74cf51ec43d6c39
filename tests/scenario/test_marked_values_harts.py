"""INV-1 over a mixed network: a value of a person is found nowhere but in the agencies' own systems and in the files
that HARTS hands in and gets. Marks stand in every column of R files, and in every field of a CMS that goes to HARTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.harts import ack, dat
from adapters.harts.layout import layout
from hub.exchange import Exchange
from hub.exchange.withdraw import withdraw_consent
from hub.model.audit import Actor
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.mixed import HARBOUR_SITE, Both, allow, consent_row, make_both
from tests.scenario.test_marked_values import mark, marked
from tests.unit.commands.conftest import Desk

MARKS = re.compile(
    rb"Zq[A-Za-z0-9]*xj|Zq[0-9]{2}|771234\d{4}|7700\d{4}|416-?555-?0142|4165550142|198\d-?07-?22|2019-?0[5-9]-?\d\d|"
    rb"K9K ?9K9|ZQ77"
)
HASH = re.compile(rb'"[A-Za-z0-9+/]{43}="')  # of a line of the log: four letters of it may be any
CLIENT = {
    "doc_no": "ZQ77123456", "surname": "Zqsurnamexj", "given": "Zqgivenxj", "preferred": "Zqpreferredxj",
    "dob_flag": "E", "landing_date": "2019-09-11", "address": "9 Zqaddressxj Lane", "city": "Zqcityxj",
    "postal": "K9K9K9", "phone": "4165550142", "email": "zq@Zqemailxj.example",
}  # fmt: skip
RESULT = {"assessor": "Zqassrxj", "centre": "Zqcexj", "assess_date": "2019-08-12", "valid_to": "2019-08-30"}
ELIGIBLE = {
    "stream": "LINC", "result": "1", "decided_on": "2019-07-13", "decided_by": "Zqdecixj",
}  # fmt: skip
ASKED = {"course": "Zqcoursexj", "start_by": "2019-06-14", "note": "Zqnotexj"}
COMMANDS = (
    ("deliveries", "list"), ("deliveries", "waiting"), ("deliveries", "dead"), ("systems", "list"),
    ("systems", "check", "maple-harts"), ("systems", "fetch", "maple-harts"), ("systems", "send", "maple-harts"),
    ("subjects", "duplicates"), ("mappings", "check"), ("doctor",), ("work", "--once"), ("audit", "verify"),
    ("audit", "checkpoint"),
)  # fmt: skip


@dataclass
class Told:
    """What the hub's operator and the people at its commands were told."""

    both: Both
    texts: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """All of it has happened; the tests only look."""
    both = make_both(tmp_path_factory.mktemp("mixed"))
    made = Told(both)
    network = both.network
    heard = Exchange(network.hub.house, lambda place, error: made.texts.append(f"{place} {error}"))
    network.hub = replace(network.hub, exchange=heard)
    everything_happens(made)
    yield made
    network.hub.close()


def maple_client(number: int, *lines: dat.Draft) -> list[dat.Draft]:
    return harts.client(
        *lines, **CLIENT, dob=f"198{number}-07-22", harts_no=f"7700000{number}", uci=f"771234560{number}"
    )


def maple_referral(number: int, **changes: str) -> list[dat.Draft]:
    asked = harts.referral(**{"ref_no": f"M-{number}", "to_site": HARBOUR_SITE, **ASKED, **changes})
    return maple_client(number, ("EL", "A", ELIGIBLE), harts.assessment(**RESULT), asked)


def person(number: int, **changes: str) -> dict[str, str]:
    return consent_row(
        identifier_value=f"7700000{number}", birth_date=f"198{number}-07-22", last_name="Zqsurnamexj",
        first_name="Zqgivenxj", consent_id=f"M-{number}", evidence_ref="Zqevidencexj", form_id="Zqformxj", **changes,
    )  # fmt: skip


def spoiled(both: Both) -> None:
    """For every column a client whose line has a mark there, cut to the column's width; each with a good neighbour."""
    seq, header = 100, None
    for record in ("CL", "EL", "AS", "RF"):
        for name, column in layout()[record].columns.items():
            if name in ("record", "action"):
                continue
            seq += 1
            header = dat.Header(both.site.site, harts.DAY, seq, dat.FROM_HARTS)
            data = dat.write(header, [maple_referral(5, ref_no=f"S-{seq}"), maple_referral(6, ref_no=f"G-{seq}")])
            lines = data.split(b"\r\n")
            at = next(number for number, line in enumerate(lines) if line.startswith(record.encode()))
            value = f"Zq{seq - 100:02}xj".ljust(column.width)[: column.width].encode()
            lines[at] = lines[at][: column.first - 1] + value + lines[at][column.last :]
            path = both.site.from_harts / dat.file_name(header)
            path.write_bytes(_counted(b"\r\n".join(lines)))
    assert header is not None


def _counted(data: bytes) -> bytes:
    """The trailer's HASH put right, so that it is the line that is wrong, not the file."""
    columns = layout()["CL"].columns["dob"]
    cells = [line[columns.first - 1 : columns.last] for line in data.split(b"\r\n") if line.startswith(b"CL")]
    born = sum(int(cell) for cell in cells if cell.isdigit())
    last = layout()["TR"].columns["hash"]
    lines = data.split(b"\r\n")
    trailer = lines[-2]
    lines[-2] = trailer[: last.first - 1] + str(born % 10**10).zfill(10).encode() + trailer[last.last :]
    return b"\r\n".join(lines)


def refused_files(both: Both) -> None:
    """Marks in files that are refused as a whole, in their names, and in what is no file."""
    folder = both.site.from_harts
    good = dat.write(dat.Header(harts.SITE, harts.DAY, 90, dat.FROM_HARTS), [maple_referral(7)])
    (folder / "HTT0000120260601090.DAT").write_bytes(good.replace(b"TR ", b"Zq "))
    (folder / "HTT0000120260601091.DAT").write_bytes(good[:500])
    (folder / "HTT0000120260601092.DAT").write_bytes(b"\xef\xbb\xbfZqbomxj" + good)
    (folder / "HTT0000120260601093.DAT").write_bytes(b"HD Zqxj\x81" + good)
    (folder / "Zqfilenamexj.DAT").write_bytes(good)
    (folder / "Zqfolderxj.DAT").mkdir()


def harbour_referrals(both: Both) -> None:
    db = both.network.db("harbour")
    for number in range(4):
        client = cms.add_client(
            db, **marked("client"), birth_date=f"198{number}-07-22", postal_code="K9K 9K9", arrival_date="2019-09-11"
        )
        cms.add_identifier(db, client, value=f"771234567{number}")
        cms.add_identifier(db, client, type="PR_CARD", value="ZQ77654321") if number == 0 else None
        cms.add_language(db, client, assessor="Zqassrxj", assessed_on="2019-08-12")
        if number:
            cms.add_consent(db, client, "maple", **marked("consent"))
        bad = {"reason_code": "Zqrefbadxj"} if number == 3 else {}
        cms.add_referral(db, client, "maple", "language-training", **marked("referral"), **bad)
    db.close()


def harts_answers(both: Both) -> None:
    """HARTS takes files and answers with numbers and texts of its own; one answer is cut."""
    (batch, *_) = both.site.received()
    clients = [key.number for key in list(batch.keys()) if key.record == "CL"]
    both.site.acknowledge(batch, {clients[-1] + 1: ack.Answer(ack.Result.ERR, "H4")}, {clients[0]: "77000099"})
    path = both.site.to_harts / ack.ack_name(batch.name)
    path.write_bytes(path.read_bytes().replace(b"cours", b"Zqacktextxj cours"))
    both.run()
    path.write_bytes(path.read_bytes()[:-20] + b"Zqackcutxj")
    both.run()


def everything_happens(told: Told) -> None:
    """Delivered both ways, answered, refused, unreadable, withdrawn, out of room, restarted."""
    both = told.both
    network = both.network
    harbour_referrals(both)
    allow(both, *(person(number) for number in (1, 2, 6)))
    both.site.hand_in(*(maple_referral(number) for number in range(5)), seq=1)
    refused_files(both)
    spoiled(both)
    both.run()
    harts_answers(both)
    for row in network.inbox("harbour", "referral")[:1]:
        cms.answer(network.db("harbour"), row["hub_referral_no"], "ACCEPTED")
    both.run()
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    actor = Actor("harbour-worker", "worker", "harbour")
    withdraw_consent(network.hub.house, filed[0].consent_id, actor, said_at=network.clock.now(), how="TELEPHONE").step()
    both.site.to_harts.rename(both.network.dir / "away")
    cms.add_referral(network.db("harbour"), 3, "maple", "language-assessment", **marked("referral"))
    both.run()
    network.clock.advance(timedelta(hours=73))
    both.run()
    (both.network.dir / "away").rename(both.site.to_harts)
    both.site.from_harts.rename(both.network.dir / "away")
    both.run()
    (both.network.dir / "away").rename(both.site.from_harts)
    both.run()
    desk = Desk(network.hub.settings.dir, network.clock, [])
    told.texts += [desk.run(*words).output for words in COMMANDS]
    while network.hub.log.step():
        pass
    network.hub.log.checkpoint()
    network.hub.log.export(network.hub.settings.dir / "export")


def _said(path: Path) -> bytes:
    data = path.read_bytes()
    return HASH.sub(b"", data) if path.name == "hashes.jsonl" else data


def found_in(folder: Path) -> set[tuple[str, str]]:
    return {
        (path.relative_to(folder).as_posix(), match.group().decode())
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".DAT", ".ACK")
        for match in MARKS.finditer(_said(path))
    }


def test_no_marked_value_is_anywhere_but_in_the_agencies_own_systems_inv_1(told: Told) -> None:
    both, network = told.both, told.both.network

    assert found_in(network.hub.settings.dir) == set()
    assert found_in(both.site.to_harts) == set(), "slips, in the spool"
    assert found_in(both.site.from_harts) == set()
    assert [path for path in network.dir.rglob(".spool/*") if path.suffix in (".DAT", ".ACK", ".new")] == []

    with network.hub.store.peek() as rows:
        waiting = [row.place for row in rows.waiting.every(1000)]
    notices = [str(row["payload"]) for row in network.inbox("harbour") if row["kind"] not in _MESSAGES]
    for text in (*told.texts, *waiting, *notices):
        assert not MARKS.search(text.encode()), text
    answers = list(both.site.from_harts.glob("*.ACK"))
    assert answers
    for path in answers:
        said = ack.read(path.name, path.read_bytes())
        bare = ack.write(replace(said, lines=tuple(replace(line, harts_no="", key="") for line in said.lines)))
        assert not MARKS.search(bare), "of a line its number alone is said again"


_MESSAGES = ("referral", "referral-status")


def test_the_marks_arrive_where_they_are_meant_to_and_all_that_is_searched_is_there(told: Told) -> None:
    """Or the test above could not fail."""
    both, network = told.both, told.both.network
    sent = b"".join(path.read_bytes() for path in both.site.to_harts.glob("*.DAT"))
    came = str([row["payload"] for row in network.inbox("harbour", "referral")])

    for value in (mark("client", "last_name"), mark("client", "first_name"), mark("client", "address_line")):
        assert value.encode() in sent
    assert "Zqsurnamexj" in came
    assert "198" in came
    assert len(list(both.site.from_harts.glob("*.ACK"))) > 40, "every spoiled line was met"
    assert any(text.startswith("maple-harts ") for text in told.texts), "the folder that was away was told of"
    assert all(told.texts[-len(COMMANDS) :]), "every command said something"
    with network.hub.store.peek() as rows:
        assert len(rows.waiting.every(1000)) > 20
    assert network.states()["delivered"] > 3
    problems = [path.read_bytes() for path in (network.hub.settings.dir / "export").rglob("*") if path.is_file()]
    assert any(problems)
