"""Fixtures for all tests, and how property tests draw: the same examples each time, new ones in ``make soak``.

A test run says something about the change that is tested: it must not fail for what another run would have found.
"""

import os

from hypothesis import settings

pytest_plugins = ["tests.cms_postgres", "tests.listeners", "tests.services.plugin", "tests.shapes"]

settings.register_profile("same", derandomize=True)
settings.load_profile("default" if os.environ.get("HUB_SOAK") else "same")
