"""A folder of iCARE workbooks keeps the promise of every source."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.contract import Adapter, Parcel, SentState
from adapters.icare import ADAPTER
from adapters.icare.workbook import Workbook
from hub.clock import UtcClock
from hub.model.canonical import canonical
from tests.contract.source import MARKED, Connect, InAFolder, Memory, SourceContract, drain, keys, page_by_page
from tests.icare_builder import Office, assessed, profile, workbook
from tests.unit.adapters.icare.paper import io_row

FLAG = "language_skills_referrals_ind"


class IcareAgency(InAFolder):
    """Workers of an agreement: each record that they save goes into workbooks of a month of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = Office(folder)
        self._names: dict[str, str] = {}
        self._envelopes: dict[str, str] = {}
        (folder / "templates").mkdir()
        (folder / "templates" / "IO.xlsx").write_bytes(workbook("IO"))  # without prepared rows: quick to fill

    def add(self) -> str:
        month = f"2026{len(self._names) + 1:02}"
        number = f"1122334{len(self._names)}"
        self.office.hand_in("CLIENT_PROFILE", [profile(client_validation_id=number, street_nme=MARKED)], month)
        name = self.office.hand_in("NARS", [assessed(client_validation_id=number)], month)
        key = f"{name.removesuffix('.xlsx')}/4/{FLAG}"
        self._names[key] = name
        return key

    def change(self, key: str) -> None:
        raise AssertionError("a row of a workbook does not change; another workbook says so")

    def remove(self, key: str) -> None:
        (self.office.folder / self._names[key]).unlink()

    def received(self) -> list[tuple[str, bytes]]:
        """Read back from the rows of the workbooks that the hub has put there; whose row it is says which message."""
        rows = [row for path in self.office.folder.glob("IO_*.xlsx") for row in Workbook(path.read_bytes()).rows()]
        return [(self._envelopes[row.fields["client_validation_id"]], _body(dict(row.fields))) for row in rows]

    def parcel(self, envelope_id: str) -> Parcel:
        number = f"55{len(self._envelopes):06}"
        self._envelopes[number] = envelope_id
        day = UtcClock().now().date().isoformat()
        return Parcel(envelope_id, "report", _body(io_row(client_validation_id=number, start_dttm=day, end_dttm=day)))


def _body(fields: dict[str, str]) -> bytes:
    return canonical({"module": "IO", "fields": fields})


@pytest.fixture
def agency(tmp_path: Path) -> IcareAgency:
    return IcareAgency(tmp_path / "A-100")


@pytest.fixture
def connect(agency: IcareAgency) -> Connect:
    settings = dict(agency.office.settings)
    now = UtcClock().now
    return lambda memory=None: ADAPTER.connect(settings, Memory() if memory is None else memory, now)


@pytest.fixture
def card() -> Adapter:
    return ADAPTER


class TestIcareSource(SourceContract):
    """Workbooks of 2026 in one folder."""


def test_a_message_that_is_no_report_is_not_sent_and_nothing_is_committed(agency: IcareAgency, connect: Connect):
    def commit() -> None:
        raise AssertionError("there is nothing to commit")

    sent = connect().send([Parcel("e-2", "referral-status", b"{}"), Parcel("e-1", "plan", b"{}")], commit)

    assert [(one.envelope_id, one.state, one.code) for one in sent] == [
        ("e-2", SentState.FAILED, "DN_OFF_BUS"),
        ("e-1", SentState.FAILED, "DN_OFF_BUS"),
    ]
    assert agency.received() == []


def test_pages_are_the_same_whoever_reads_them(agency: IcareAgency, connect: Connect):
    rows = [assessed(client_validation_id=f"{n:08}", settlement_plan_ind="No") for n in range(1_100)]
    agency.office.hand_in("NARS", rows, lov=False)
    alone, _ = drain(connect())

    assert len(alone) == 1_100
    assert page_by_page(connect) == alone


def test_a_workbook_that_goes_before_it_was_read_through_is_read_when_it_is_back(agency: IcareAgency, connect: Connect):
    name = agency.office.hand_in("NARS", [assessed(client_validation_id=f"{n:08}") for n in range(501)], lov=False)
    source = connect()
    half = source.fetch("")
    data = (agency.office.folder / name).read_bytes()
    (agency.office.folder / name).unlink()

    _, away = drain(source, half.cursor)
    agency.office.put(name, data)
    found, _ = drain(source, away)

    assert len(half.raws) == 500
    assert len(set(keys(found))) == 501, "a workbook that was read in part counts as not read"
