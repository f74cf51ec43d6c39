"""A hub that listens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.loop import Site, serving


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Harbour and Lakeside, over HTTP."""
    with serving(tmp_path, monkeypatch) as found:
        yield found
