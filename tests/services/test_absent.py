"""A service that is not there: its tests are skipped and say why, or fail where it is required."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services import Absent, jars, postgres, process, required
from tests.services.runs import Runs

ASKING = """
def test_one(kafka): ...
def test_two(kafka): ...
def test_three(own_kafka): ...
def test_four(module_kafka): ...
def test_five(): ...
"""
NO_JAVA = "kafka is absent: java is not on the PATH, nor in JAVA_HOME"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH, with nothing in it, and a cache with nothing either."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return path


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_without_java_it_says_so(empty: Path) -> None:
    with pytest.raises(Absent, match="java is not on the PATH"):
        jars.java()


def test_an_old_java_is_none(empty: Path) -> None:
    program(empty, "java", """echo 'openjdk version "11.0.2" 2019-01-15' >&2""")

    with pytest.raises(Absent, match="java is 11; Kafka needs 17 or newer"):
        jars.java()


def test_without_mvn_it_says_so(empty: Path) -> None:
    with pytest.raises(Absent, match="the jars of Kafka are not here, and mvn, which fetches them, is not on the PATH"):
        jars.fetch()


def test_when_mvn_cannot_fetch_it_says_why_and_leaves_nothing(empty: Path) -> None:
    program(empty, "mvn", "printf '\\033[0m[ERROR] Could not transfer artifact: unknown host'; exit 1")
    program(empty, "setpriv", 'shift 2; exec "$@"')

    with pytest.raises(Absent, match=r"could not fetch the jars of Kafka: \[ERROR\] Could not transfer"):
        jars.fetch()

    assert [path.suffix for path in jars.cache().parent.iterdir()] == [".lock"]


def test_a_fetch_that_was_killed_is_in_nobodys_way(empty: Path) -> None:
    program(empty, "mvn", 'for each; do case $each in -DoutputDirectory=*) : >"${each#*=}/kafka_1.jar";; esac; done')
    program(empty, "setpriv", 'shift 2; exec "$@"')
    left = jars.cache().parent / f"{jars.cache().name}.new-left"
    left.mkdir(parents=True)

    assert [path.name for path in jars.fetch().iterdir()] == ["kafka_1.jar"]
    assert not left.exists()


def test_without_postgresql_it_says_so(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "DEBIAN", empty)

    with pytest.raises(Absent, match="initdb is neither on the PATH nor in"):
        postgres.programs()
    with pytest.raises(Absent, match="psql is not on the PATH"):
        postgres.psql()


def test_without_setpriv_nothing_is_started_that_might_outlive_us(empty: Path) -> None:
    with pytest.raises(Absent, match="setpriv"):
        process.bound(["postgres"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_tests_that_need_it_are_skipped_and_the_summary_says_why_once(empty: Path, runs: Runs, workers: str) -> None:
    code, printed = runs.run(ASKING, "-n", workers, PATH=str(empty))

    assert code == 0
    assert "1 passed, 4 skipped" in printed
    assert printed.count(NO_JAVA) == 1
    assert runs.left() == []


def test_where_it_is_required_they_fail(empty: Path, runs: Runs) -> None:
    code, printed = runs.run(ASKING, "-n", "0", PATH=str(empty), HUB_TEST_REQUIRE="postgres,kafka")

    assert code == 1
    assert "1 passed, 4 errors" in printed
    assert f"{NO_JAVA} (HUB_TEST_REQUIRE names it)" in printed


def test_a_required_word_that_is_no_service_stops_the_run(runs: Runs) -> None:
    code, printed = runs.run(ASKING, "-n", "2", HUB_TEST_REQUIRE="kafak")

    assert code == pytest.ExitCode.USAGE_ERROR
    assert "HUB_TEST_REQUIRE names kafak; there is kafka, postgres, node, curl" in printed


def test_words_stand_with_commas_between() -> None:
    assert required({}) == frozenset()
    assert required({"HUB_TEST_REQUIRE": "kafka, postgres,"}) == {"kafka", "postgres"}
