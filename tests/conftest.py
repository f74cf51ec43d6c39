"""Fixtures for all tests, and how property tests draw: the same examples each time, new ones in ``make soak``.

A test run says something about the change that is tested: it must not fail for what another run would have found.
"""

import os

from hypothesis import settings

# in this order: none may have been imported by one before it
pytest_plugins = ["tests.listeners", "tests.services.plugin", "tests.shapes", "tests.cms_postgres"]

settings.register_profile("same", derandomize=True)
settings.load_profile("default" if os.environ.get("HUB_SOAK") else "same")
