"""Fixtures for the tests of the services themselves."""

from tests.services.runs import runs

__all__ = ["runs"]
