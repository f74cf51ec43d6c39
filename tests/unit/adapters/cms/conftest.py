from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.cms.source import CmsSource, connect
from tests import cms_builder as cms
from tests.contract.source import Memory
from tests.fakes import StandingClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "cms.sqlite"
    cms.make_cms(path)
    return path


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    """The agency's own connection."""
    db = cms.connect(path)
    yield db
    db.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 5, 4, 14, 0, tzinfo=UTC))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def source(path: Path, clock: StandingClock, memory: Memory) -> Iterator[CmsSource]:
    source = connect({"path": str(path), "busy_timeout_ms": 0}, memory, clock.now)
    yield source
    source.close()


@pytest.fixture
def new_source(path: Path, clock: StandingClock, memory: Memory) -> Callable[[], CmsSource]:
    """The adapter after a restart: the same memory, nothing else."""
    return lambda: connect({"path": str(path), "busy_timeout_ms": 0}, memory, clock.now)
