"""Fixtures for all tests, and how property tests draw: the same examples each time, new ones in ``make soak``.

A test run says something about the change that is tested: it must not fail for what another run would have found.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from hub import compose, kinds, mapping

# in this order: none may have been imported by one before it
pytest_plugins = ["tests.listeners", "tests.services.plugin", "tests.shapes", "tests.cms_postgres"]

settings.register_profile("same", derandomize=True)
settings.load_profile("default" if os.environ.get("HUB_SOAK") else "same")


@pytest.fixture(scope="session", autouse=True)
def mappings_once() -> Iterator[None]:
    """Nobody can change mappings, so all hubs of a run share those of the same files: compiling them is most of what a
    new hub costs.
    """
    compiled, load = dict[tuple[str, str], mapping.Mappings](), kinds.load_mappings

    def once(kind: str, overlay: Path) -> mapping.Mappings:
        files = mapping.digest(mapping.gather(kind, [kinds.PACKAGED_MAPPINGS / kind, overlay / kind]))
        if (kind, files) not in compiled:
            compiled[kind, files] = load(kind, overlay)
        return compiled[kind, files]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "load_mappings", once)
        yield
