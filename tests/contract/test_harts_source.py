"""Two folders of HARTS keep the promise of every source."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import mailbox
from adapters.contract import Adapter, Answer, Parcel, Raw, Verdict
from adapters.harts import ADAPTER, ack, dat
from hub.clock import UtcClock
from hub.errors import Unavailable
from hub.model.canonical import canonical
from tests import harts_builder as harts
from tests.contract.source import (
    MARKED,
    Connect,
    InAFolder,
    Memory,
    SourceContract,
    answering,
    drain,
    keys,
    nothing,
    page_by_page,
)

RECEIVER = "T00002"


class HartsAgency(InAFolder):
    """Workers of a HARTS site: each record that they save goes out in a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = harts.Site(folder)
        self._count = 0
        self._names: dict[str, str] = {}

    def add(self) -> str:
        self._count += 1
        referral = harts.referral(ref_no=f"R-{self._count}", to_site=RECEIVER, note=MARKED)
        name = self.site.hand_in(harts.client(referral, surname=MARKED, dob=f"199{self._count}-07-22"))
        key = f"{harts.SITE}/2026/{self._count:03}/3"
        self._names[key] = name
        return key

    def change(self, key: str) -> None:
        raise AssertionError("a line of a file does not change; another file says so")

    def remove(self, key: str) -> None:
        """HARTS takes the file away."""
        (self.site.from_harts / self._names[key]).unlink()

    def received(self) -> list[tuple[str, bytes]]:
        """Read back from the lines of the files that lie there; the referral's number says which message it is."""
        return [_message(client) for batch in self.site.received() for client in batch.clients()]

    def parcel(self, envelope_id: str) -> Parcel:
        fields = {
            "ref_no": envelope_id, "from_site": RECEIVER, "to_site": harts.SITE, "ref_date": "2026-06-01",
            "status": "A",
        }  # fmt: skip
        lines = [["CL", "U", {"local_key": "K7QM2XWBR4TD"}], ["RF", "U", fields]]
        return Parcel(envelope_id, "referral-status", canonical({"lines": lines}), "K7QM2XWBR4TD")


def _message(client: dat.Client) -> tuple[str, bytes]:
    (asked,) = client.lines
    below = {name: text for name, text in asked.fields.items() if name != "local_key"}
    lines = [["CL", client.line.action, dict(client.line.fields)], ["RF", asked.action, below]]
    return asked.fields["ref_no"], canonical({"lines": lines})


@pytest.fixture
def agency(tmp_path: Path) -> HartsAgency:
    return HartsAgency(tmp_path / "maple")


@pytest.fixture
def connect(agency: HartsAgency) -> Connect:
    settings = dict(agency.site.settings)
    now = UtcClock().now
    return lambda memory=None: ADAPTER.connect(settings, Memory() if memory is None else memory, now)


@pytest.fixture
def card() -> Adapter:
    return ADAPTER


class TestHartsSource(SourceContract):
    """Files of 2026 in a folder for each direction."""


def test_a_file_that_goes_before_it_was_read_through_is_read_when_it_is_back(agency: HartsAgency, connect: Connect):
    key = agency.add()
    source = connect()
    since = source.fetch("").cursor  # looked at, and settled
    path = next(agency.site.from_harts.glob("*.DAT"))
    lines = [harts.client(harts.referral(ref_no=f"X-{number}", to_site=RECEIVER)) for number in range(501)]
    name = agency.site.hand_in(*lines)
    half = source.fetch(since)
    data = (agency.site.from_harts / name).read_bytes()
    (agency.site.from_harts / name).unlink()

    _, away = drain(source, half.cursor)
    (agency.site.from_harts / name).write_bytes(data)
    found, _ = drain(source, away)

    assert path.exists()
    assert key not in keys(found)
    assert len(half.raws) == 500
    assert len(found) == len(lines), "a file that was read in part counts as not read"


def test_a_file_that_becomes_a_folder_before_it_was_read_through_stops_no_other(agency: HartsAgency, connect: Connect):
    lines = [harts.client(harts.referral(ref_no=f"X-{number}", to_site=RECEIVER)) for number in range(501)]
    name = agency.site.hand_in(*lines, seq=900)
    source = connect()
    half = source.fetch("")
    (agency.site.from_harts / name).unlink()
    (agency.site.from_harts / name).mkdir()
    agency.add()

    found, _ = drain(source, half.cursor)

    assert (len(half.raws), len(found)) == (500, 1)


def test_pages_are_the_same_whoever_reads_them(agency: HartsAgency, connect: Connect):
    agency.site.hand_in(*[harts.client(harts.referral(ref_no=f"X-{n}", to_site=RECEIVER)) for n in range(1_100)])
    alone, _ = drain(connect())

    assert len(alone) == 1_100
    assert page_by_page(connect) == alone


def test_a_slip_that_waits_for_its_rename_is_left_alone_by_who_reads(agency: HartsAgency, connect: Connect):
    """The reader of answers and the writer of files are two processes."""
    reader = connect()

    def meanwhile() -> None:
        reader.fetch("")

    connect().send([agency.parcel("e-1")], meanwhile)
    connect().send([agency.parcel("e-1")], nothing)

    assert len(agency.received()) == 1, "the slip was swept away, and the message went twice"


def test_a_half_that_a_dead_process_left_is_cleared_away_without_anything_to_send(
    agency: HartsAgency, connect: Connect
):
    class Dead(BaseException):
        """The process ends here."""

    def die() -> None:
        raise Dead

    with pytest.raises(Dead):
        connect().send([agency.parcel("e-1")], die)
    spool = agency.site.to_harts / ".spool"
    left = sorted(path.suffix for path in spool.iterdir() if path.name != "lock")

    connect().fetch("")

    assert left == [".DAT", ".slip"]
    assert [path.name for path in spool.iterdir()] == ["lock"]


def test_a_file_that_is_out_is_not_written_again_although_its_folder_could_not_be_synced(
    agency: HartsAgency, connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    def no_sync(folder: Path) -> None:
        if folder == agency.site.to_harts:
            raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken, pytest.raises(Unavailable):
        broken.setattr(mailbox, "sync_folder", no_sync)
        connect().send([agency.parcel("e-1")], nothing)
    (again,) = connect().send([agency.parcel("e-1")], nothing)

    assert again.state.value == "acknowledged"
    assert [envelope for envelope, _ in agency.received()] == ["e-1"]


def test_numbers_go_on_after_the_spool_was_lost_and_no_file_is_overwritten(agency: HartsAgency, connect: Connect):
    connect().send([agency.parcel("e-1")], nothing)
    for path in (agency.site.to_harts / ".spool").iterdir():
        path.unlink()

    connect().send([agency.parcel("e-2")], nothing)

    assert [batch.header.seq for batch in agency.site.received()] == [1, 2]
    assert [envelope for envelope, _ in agency.received()] == ["e-1", "e-2"]


def test_a_memory_that_was_cut_between_two_words_loses_no_answer(agency: HartsAgency, connect: Connect):
    """A kill between the two words that a file takes: it is read, and answered."""

    class Dies(Memory):
        def put(self, key: str, value: str | None) -> None:
            super().put(key, value)
            if len(self) == 1:
                raise RuntimeError("the process ends here")

    agency.add()
    memory = Dies()
    with pytest.raises(RuntimeError):
        connect(memory).fetch("")
    source = connect(Memory(memory))

    found, _ = drain(source)

    assert len([raw for raw in found if isinstance(raw, Raw)]) == 1
    assert answering(source).awaiting(100) == keys(found)


def test_the_same_file_back_without_its_answer_gets_it_again(agency: HartsAgency, connect: Connect):
    key = agency.add()
    source = connect()
    _, since = drain(source)
    said = {key: Answer(Verdict.ACCEPTED)}
    answering(source).answer(said)
    (path,) = agency.site.from_harts.glob("*.DAT")
    reply = path.with_suffix(".ACK")
    first = ack.read(reply.name, reply.read_bytes())
    data = path.read_bytes()
    path.unlink()
    reply.unlink()
    source.fetch(since)

    path.write_bytes(data)
    found, _ = drain(source, since)

    assert keys(found) == [key], "what waited in it while it was away is judged again"
    assert answering(source).awaiting(100) == [key]
    assert answering(source).answer(said)
    again = ack.read(reply.name, reply.read_bytes())
    assert again.lines == first.lines
