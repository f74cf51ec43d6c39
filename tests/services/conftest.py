"""Fixtures for the tests of the services themselves."""

from tests.services.runs import runs, startable

__all__ = ["runs", "startable"]
