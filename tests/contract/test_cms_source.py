"""The CMS keeps the promise of every source, on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.cms import ADAPTER
from adapters.contract import Adapter, Parcel, Source
from hub.clock import UtcClock
from tests import cms_builder as cms
from tests import cms_postgres
from tests.contract.source import MARKED, Connect, LivingSource, Memory
from tests.fakes import StandingClock
from tests.services.postgres import PostgresAt


class CmsAgency:
    """Workers of an agency with a CMS: they send referrals."""

    def __init__(self, settings: dict[str, Any], db: Callable[[], Any]) -> None:
        self.settings = settings
        self._connect = db
        self._db = db()

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
        raise NotImplementedError

    def come_back(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._db.close()


class OnSqlite(CmsAgency):
    """Its database is a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        cms.make_cms(path)
        super().__init__({"path": str(path)}, lambda: cms.connect(path))

    def vanish(self) -> None:
        self._path.rename(self._path.with_suffix(".away"))

    def come_back(self) -> None:
        self._path.with_suffix(".away").rename(self._path)


class OnPostgres(CmsAgency):
    """Its database is on a server."""

    def __init__(self, server: PostgresAt, url: str, folder: Path) -> None:
        self._server = server
        self._name = url.rpartition("/")[2].partition("?")[0]
        super().__init__(cms_postgres.settings(url, folder), lambda: cms_postgres.PostgresCms(url))

    def vanish(self) -> None:
        self._db.close()
        self._server.run(
            f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false;"
            f" SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{self._name}'"
        )

    def come_back(self) -> None:
        self._server.run(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")
        self._db = self._connect()


@pytest.fixture(params=["sqlite", "postgresql"])
def agency(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CmsAgency]:
    agency: CmsAgency
    if request.param == "sqlite":
        agency = OnSqlite(tmp_path / "cms.sqlite")
    else:
        server, url = request.getfixturevalue("postgres"), request.getfixturevalue("cms_url")
        agency = OnPostgres(server, url, tmp_path)
    yield agency
    agency.close()


@pytest.fixture
def connect(agency: CmsAgency) -> Iterator[Connect]:
    # the engine tells the machine's own time, so the check of clocks needs it too
    now, made = UtcClock().now, list[Source]()

    def again(memory: Memory | None = None) -> Source:
        made.append(ADAPTER.connect(agency.settings, Memory() if memory is None else memory, now))
        return made[-1]

    yield again
    for source in made:
        source.close()


@pytest.fixture
def card() -> Adapter:
    return ADAPTER


class TestCmsSource(LivingSource):
    """A SQLite file, or a database of PostgreSQL, with the views of program systems 9.2."""


def test_a_clock_apart_from_the_databases_is_found(agency: CmsAgency):
    source = ADAPTER.connect(agency.settings, Memory(), StandingClock().now)

    wrong = [finding.place for finding in source.check() if not finding.ok]
    source.close()

    assert wrong == ["cms clock"]
