"""A server of PostgreSQL that ends, or hangs up, while the hub reads or writes: nothing is lost, nothing comes twice.

Above all the commit whose answer does not come: it may be done, undone, or still under way.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.cms import postgres
from adapters.cms.source import CmsSource, connect
from adapters.contract import Parcel, Sent, SentState
from hub.errors import Unavailable
from tests import cms_builder as cms
from tests import cms_postgres
from tests.contract.source import Memory, keys, nothing
from tests.services.postgres import Postgres
from tests.services.process import wait_until
from tests.services.proxy import Proxy

from .test_source import family, settled

WAIT_S = 30
PARCEL = Parcel("e-1", "referral", b'{"client":[]}', "K7QM2XWBR4TD")
THERE = [Sent("e-1", SentState.ACKNOWLEDGED)]


@pytest.fixture
def server(module_postgres: Postgres) -> Postgres:
    """The one of this file. It runs, whatever the test before has done to it."""
    if not module_postgres._server.running():
        module_postgres.start_again()
    return module_postgres


@pytest.fixture
def url(server: Postgres) -> str:
    url = server.database()
    cms_postgres.make_cms(url)
    return url


@pytest.fixture
def proxy(server: Postgres) -> Iterator[Proxy]:
    with Proxy() as proxy:
        proxy.target = server.url.rpartition("@")[2].partition("/")[0]
        yield proxy


@pytest.fixture
def settings(url: str, proxy: Proxy, tmp_path: Path) -> dict[str, Any]:
    """The hub comes by the proxy, the agency does not."""
    settings = cms_postgres.settings(url, tmp_path)
    return {**settings, "url": settings["url"].replace(proxy.target, proxy.address)}


@pytest.fixture
def source(settings: dict[str, Any], memory: Memory, clock) -> Iterator[CmsSource]:
    source = connect(settings, memory, clock.now)
    yield source
    source.close()


def inbox(url: str) -> list[str]:
    with cms_postgres.PostgresCms(url) as db:
        return [row[0] for row in db.execute("SELECT message_id FROM hub_inbox")]


class Interrupted(Memory):
    """In the middle of a page, something happens once."""

    def __init__(self, what: Callable[[], None]) -> None:
        super().__init__()
        self.what: Callable[[], None] | None = what

    def get(self, key: str, default: Any = None) -> Any:
        if key == "holes" and self.what:
            what, self.what = self.what, None
            what()
        return super().get(key, default)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_ends_in_the_middle_of_a_page_is_read_from_the_same_place(
    server, url, settings, clock, end: str
) -> None:
    with cms_postgres.PostgresCms(url) as db:
        family(db)
    memory = Interrupted(getattr(server, end))
    source = connect(settings, memory, clock.now)

    with pytest.raises(Unavailable):
        source.fetch("")
    with pytest.raises(Unavailable):
        source.fetch("")
    server.start_again()

    assert keys(source.fetch("").raws) == ["consent:1", "referral_out:1"]
    source.close()


def test_a_server_that_was_started_again_between_two_pages_is_not_even_noticed(server, url, source) -> None:
    with cms_postgres.PostgresCms(url) as db:
        family(db)
    cursor = settled(source)
    server.stop()
    server.start_again()
    with cms_postgres.PostgresCms(url) as db:
        cms.update(db, "referral", 1, urgency="asap")

    assert keys(source.fetch(cursor).raws) == ["referral_out:1"]
    assert source.send([PARCEL], nothing) == THERE


def test_check_looks_at_a_server_that_was_started_again_and_not_at_its_old_connection(server, source) -> None:
    source.reach()
    server.stop()
    server.start_again()

    assert [finding.place for finding in source.check() if not finding.ok] == ["cms clock"]  # the hub's stands still


def test_numbers_that_a_server_skips_after_a_crash_are_a_hole_like_any_other(server, url, source, clock) -> None:
    with cms_postgres.PostgresCms(url) as db:
        family(db)
    cursor = settled(source)
    server.kill()
    server.start_again()
    with cms_postgres.PostgresCms(url) as db:
        cms.update(db, "referral", 1, urgency="asap")

    waiting = source.fetch(cursor)
    clock.advance(timedelta(seconds=60))

    assert waiting.raws == ()
    assert keys(source.fetch(cursor).raws) == ["referral_out:1"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_ends_before_the_commit_leaves_it_unknown_and_sent_again_it_is_there_once(
    server, url, source, end: str
) -> None:
    assert source.send([PARCEL], getattr(server, end)) == [Sent("e-1", SentState.UNKNOWN)]
    with pytest.raises(Unavailable):
        source.send([PARCEL], nothing)
    server.start_again()

    assert source.send([PARCEL], nothing) == THERE
    assert inbox(url) == ["e-1"]


def test_a_session_that_was_ended_before_the_commit_has_certainly_written_nothing(server, url, source) -> None:
    def ended() -> None:
        server.run("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'hub'", url)

    with pytest.raises(Unavailable):
        source.send([PARCEL], ended)

    assert inbox(url) == []
    assert source.send([PARCEL], nothing) == THERE


def meanwhile(what: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=what)  # what it raises is a warning, and so a failure
    thread.start()
    return thread


def test_a_commit_that_was_done_and_whose_answer_was_lost_is_acknowledged(url, source, proxy, server) -> None:
    threads: list[threading.Thread] = []

    def hang_up_once_it_is_there() -> None:
        wait_until(lambda: inbox(url) == ["e-1"], server._server, "the commit", WAIT_S)
        proxy.mend()

    def commit() -> None:
        proxy.keep("answers")
        threads.append(meanwhile(hang_up_once_it_is_there))

    assert source.send([PARCEL], commit) == THERE
    threads[0].join(WAIT_S)
    assert inbox(url) == ["e-1"]


def test_a_commit_that_is_still_under_way_is_unknown_since_what_is_not_there_may_still_come(
    url, source, proxy, server
) -> None:
    """The server waits for its standby; the hub, cut off and back again, sees no message, and must not say so."""
    threads: list[threading.Thread] = []

    def standby(name: str) -> None:
        server.run(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        server.run("SELECT pg_reload_conf()")
        shown = "SHOW synchronous_standby_names"
        wait_until(lambda: server.run(shown) == name, server._server, "its settings", WAIT_S)

    def waits() -> bool:
        return server.run("SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "1"

    def hang_up_once_it_waits() -> None:
        wait_until(waits, server._server, "the commit", WAIT_S)
        proxy.mend()

    def commit() -> None:
        standby("nobody")
        threads.append(meanwhile(hang_up_once_it_waits))

    try:
        sent = source.send([PARCEL], commit)
        seen = inbox(url)
    finally:
        standby("")
    threads[0].join(WAIT_S)

    assert sent == [Sent("e-1", SentState.UNKNOWN)]
    assert seen == []
    wait_until(lambda: inbox(url) == ["e-1"], server._server, "the commit", WAIT_S)
    assert source.send([PARCEL], nothing) == THERE
    assert inbox(url) == ["e-1"]


def test_a_database_whose_default_is_to_be_read_only_is_written_to(url, source) -> None:
    with cms_postgres.PostgresCms(url) as db:
        db.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_read_only = on")

    assert source.send([PARCEL], nothing) == THERE, "a default is no order: the hub says what it begins"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ANSWER_S", 0.5)


def stand_still(url: str) -> list[int]:
    """Stop the processes of the server that speak with the hub; their lines stay open. Their ids."""
    with cms_postgres.PostgresCms(url) as db:
        found = [int(pid) for (pid,) in db.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'hub'")]
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    assert found
    return found


def test_a_server_that_stands_still_is_given_up_and_found_again(source: CmsSource, url: str, impatient: None) -> None:
    first = source.fetch("")
    with cms_postgres.PostgresCms(url) as db:
        family(db)
    stopped = stand_still(url)

    page = source.fetch(first.cursor)

    assert len(page.raws) == 2, "by a new line; the old one was given up"
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)


def test_a_commit_that_stands_still_is_unknown_and_there_when_it_goes_on(
    source: CmsSource, url: str, impatient: None
) -> None:
    stopped: list[int] = []

    sent = source.send([PARCEL], lambda: stopped.extend(stand_still(url)))

    assert sent == [Sent("e-1", SentState.UNKNOWN)]
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    assert source.send([PARCEL], nothing) == THERE
    assert inbox(url) == ["e-1"]
