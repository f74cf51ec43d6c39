"""The CMS keeps the promise of every source."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.cms import ADAPTER
from adapters.contract import Adapter, Parcel
from hub.clock import UtcClock
from tests import cms_builder as cms
from tests.contract.source import MARKED, Connect, LivingSource, Memory
from tests.fakes import StandingClock


class CmsAgency:
    """Workers of an agency with a CMS: they send referrals."""

    def __init__(self, path: Path) -> None:
        self._path = path
        cms.make_cms(path)
        self._db = cms.connect(path)

    def add(self) -> str:
        client = cms.add_client(self._db, last_name=MARKED)
        cms.add_identifier(self._db, client)
        return f"referral_out:{cms.add_referral(self._db, client, reason_text=MARKED)}"

    def change(self, key: str) -> None:
        cms.update(self._db, "referral", int(key.partition(":")[2]), urgency="urgent", updated_by="w-3")

    def remove(self, key: str) -> None:
        self._db.execute("DELETE FROM referral WHERE referral_id = ?", (key.partition(":")[2],))

    def received(self) -> list[tuple[str, bytes]]:
        rows = self._db.execute("SELECT message_id, payload FROM hub_inbox")
        return [(message_id, payload.encode()) for message_id, payload in rows]

    def parcel(self, envelope_id: str) -> Parcel:
        return Parcel(envelope_id, "referral-status", b'{"referral_id":12,"status":"ACCEPTED"}', "K7QM2XWBR4TD")

    def vanish(self) -> None:
        self._path.rename(self._path.with_suffix(".away"))

    def come_back(self) -> None:
        self._path.with_suffix(".away").rename(self._path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cms.sqlite"


@pytest.fixture
def agency(path: Path) -> CmsAgency:
    return CmsAgency(path)


@pytest.fixture
def connect(path: Path) -> Connect:
    # the engine tells the machine's own time, so the check of clocks needs it too
    now = UtcClock().now
    return lambda memory=None: ADAPTER.connect({"path": str(path)}, Memory() if memory is None else memory, now)


@pytest.fixture
def card() -> Adapter:
    return ADAPTER


class TestCmsSource(LivingSource):
    """A SQLite file with the views of program systems 9.2."""


def test_a_clock_apart_from_the_databases_is_found(path: Path, agency: CmsAgency):
    source = ADAPTER.connect({"path": str(path)}, Memory(), StandingClock().now)

    wrong = [finding.place for finding in source.check() if not finding.ok]

    assert wrong == ["cms clock"]
