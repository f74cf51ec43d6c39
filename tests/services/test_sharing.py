"""One server for a run, however many processes it has, and none after it, however it ends."""

from __future__ import annotations

import os
import signal

import pytest

from tests.services import Broken
from tests.services.folder import IN_USE, PREFIX, Folder, sweep
from tests.services.kafka import KafkaAt
from tests.services.postgres import Postgres, PostgresAt
from tests.services.process import children
from tests.services.runs import Runs, wait_for
from tests.services.test_kafka import is_open

WRITING = """
import pathlib, pytest

@pytest.mark.parametrize("number", range(6))
def test_where(number, postgres, postgres_url):
    assert postgres.run("SELECT 1", postgres_url) == "1"
    pathlib.Path(f"where-{number}").write_text(postgres.url)
"""
STAYING = """
import pathlib, pytest, time

@pytest.mark.parametrize("number", range(2))
def test_stay(number, postgres, own_postgres, kafka):
    pathlib.Path(f"shared-{number}").write_text(postgres.url)
    pathlib.Path(f"broker-{number}").write_text(kafka.bootstrap)
    pathlib.Path(f"own-{number}").write_text(own_postgres.url)
    time.sleep(600)
"""


def answers(url: str) -> bool:
    try:
        return PostgresAt(url).run("SELECT 1") == "1"
    except Broken:
        return False


@pytest.mark.usefixtures("startable")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_all_processes_of_a_run_share_one_server_which_ends_with_it(runs: Runs, workers: str) -> None:
    code, printed = runs.run(WRITING, "-n", workers)

    assert code == 0, printed
    urls = {path.read_text() for path in runs.tests.glob("where-*")}
    assert len(list(runs.tests.glob("where-*"))) == 6
    assert len(urls) == 1
    assert not answers(urls.pop())
    assert runs.left() == []


@pytest.mark.usefixtures("startable")
def test_a_run_that_is_killed_takes_all_its_servers_along_and_the_next_one_works(runs: Runs) -> None:
    with runs.start(STAYING, "-n", "2") as first:
        wait_for(lambda: first.poll() is not None or len(list(runs.tests.glob("own-*"))) == 2)
        urls = {path.read_text() for name in ("shared-*", "own-*") for path in runs.tests.glob(name)}
        assert len(urls) == 3
        assert all(map(answers, urls))
        broker = KafkaAt((runs.tests / "broker-0").read_text(), {})
        assert is_open(broker)

        for pid in [first.pid, *children(first.pid)]:
            os.kill(pid, signal.SIGKILL)

    wait_for(lambda: not any(map(answers, urls)) and not is_open(broker))
    code, printed = runs.run(WRITING, "-n", "2")
    assert code == 0, printed
    wait_for(lambda: runs.left() == [])


@pytest.mark.usefixtures("startable")
def test_a_server_of_ones_own_leaves_nothing() -> None:
    with Postgres() as server:
        folder = server._folder.path
        server.kill()

    assert not folder.exists()


def test_a_folder_is_left_alone_while_its_process_lives_and_removed_after() -> None:
    ours = Folder("one")
    theirs = ours.path.with_name(f"{PREFIX}left")
    theirs.mkdir()
    (theirs / IN_USE).touch()  # as after a kill: no lock
    making = ours.path.with_name(f"{PREFIX}making")
    making.mkdir()  # as in the moment before a folder has its lock

    sweep()

    assert ours.path.exists()
    assert not theirs.exists()
    assert making.exists()
    making.rmdir()
    ours.remove()
    assert not ours.path.exists()
