"""Fixtures: real servers, shared by the whole run or one's own; skipped with the reason where there are none.

=================  ========  ==============================================================================
``postgres``       the run   ``PostgresAt``: the server of the run; not to be stopped
``postgres_url``   a test    a new and empty database on it
``own_postgres``   a test    ``Postgres``, of this test alone: stop it, kill it, start it again
``kafka``          the run   ``KafkaAt``: the broker of the run; take names of topics that are only yours
``own_kafka``      a test    ``Kafka``, of this test alone: stop it, kill it, wipe it, start it again
=================  ========  ==============================================================================

``module_postgres`` and ``module_kafka`` are those of a test for all tests of a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

import pytest

from tests.services import Absent, required, shared
from tests.services.folder import Folder
from tests.services.kafka import Kafka, KafkaAt
from tests.services.postgres import Postgres, PostgresAt

T = TypeVar("T")
LACKING: set[str] = set()  # why tests of this process were skipped
FOLDER = pytest.StashKey[Folder]()


def pytest_configure(config: pytest.Config) -> None:
    """A word that is no service would make nothing a failure."""
    try:
        required()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist which run it is of."""
    run = run_of(node.config)
    node.workerinput["hub_services"] = (run.folder, run.owner)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run is over, and all its workers."""
    if folder := config.stash.get(FOLDER, None):
        shared.end(run_of(config))
        folder.remove()


def run_of(config: pytest.Config) -> shared.Run:
    """The run that this process is of; its folder is made by the run's first process alone."""
    if told := getattr(config, "workerinput", {}).get("hub_services"):
        return shared.Run(*told)
    if FOLDER not in config.stash:
        config.stash[FOLDER] = Folder("run")
    return shared.Run(str(config.stash[FOLDER].path), os.getpid())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """All tests that lack a service are skipped at one place, so that the summary of the run says each reason once."""
    report = yield
    if isinstance(report.longrepr, tuple) and report.longrepr[2].removeprefix("Skipped: ") in LACKING:
        report.longrepr = (__file__, found.__code__.co_firstlineno, report.longrepr[2])
    return report


def found(service: str, get: Callable[[], T]) -> T:
    """What ``get`` finds; without it, the test is skipped or fails."""
    try:
        return get()
    except Absent as absent:
        reason = f"{service} is absent: {absent}"
    if service in required():
        pytest.fail(f"{reason} (HUB_TEST_REQUIRE names it)", pytrace=False)
    LACKING.add(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> PostgresAt:
    """The PostgreSQL server of the run."""
    named = PostgresAt.named()
    return named or found("postgres", lambda: PostgresAt(**shared.join(run_of(pytestconfig), "postgres")))


@pytest.fixture
def postgres_url(postgres: PostgresAt) -> Iterator[str]:
    """A new and empty database on the server of the run."""
    url = found("postgres", postgres.database)
    yield url
    postgres.drop(url)


def template(postgres: PostgresAt, prepare: Callable[[str], None]) -> Iterator[str]:
    """A prepared database from which those of the tests are copied, for as long as the fixture lives."""
    url = found("postgres", postgres.database)
    prepare(url)
    yield url
    postgres.drop(url)


def copied(postgres: PostgresAt, of: str) -> Iterator[str]:
    """A copy of a template, for as long as the fixture lives."""
    url = postgres.database(template=of)
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> KafkaAt:
    """The Kafka broker of the run."""
    named = KafkaAt.named()
    return named or found("kafka", lambda: KafkaAt(**shared.join(run_of(pytestconfig), "kafka")))


def own(service: str, make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """A server of one's own, for as long as the fixture lives."""
    with ExitStack() as ours:
        yield found(service, lambda: ours.enter_context(make()))


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this test alone."""
    yield from own("postgres", Postgres)


@pytest.fixture(scope="module")
def module_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this file alone."""
    yield from own("postgres", Postgres)


@pytest.fixture
def own_kafka() -> Iterator[Kafka]:
    """A Kafka broker of this test alone."""
    yield from own("kafka", Kafka)


@pytest.fixture(scope="module")
def module_kafka() -> Iterator[Kafka]:
    """A Kafka broker of this file alone."""
    yield from own("kafka", Kafka)
