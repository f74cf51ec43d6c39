"""Real PostgreSQL and Kafka for tests. Standard library only, so that ``python3 -m tests.services`` needs no packages.

Where a service comes from, the first of these that there is:

1. an environment variable: ``HUB_TEST_POSTGRES=postgresql://…``, ``HUB_TEST_KAFKA=host:port`` (with
   ``HUB_TEST_KAFKA_USER`` and ``HUB_TEST_KAFKA_PASSWORD`` where it asks who one is);
2. Docker, when ``docker info`` answers;
3. what the machine has: PostgreSQL's programs, or java and the jars of Kafka, which ``mvn`` fetches once.

A service that is in none of these places is ``Absent``: its tests are skipped with the reason, or fail where
``HUB_TEST_REQUIRE`` (words with commas between) names it. Tests that stop or kill a service always have one of their
own, never that of the environment variable.

All listens on the loopback interface, with passwords made for the run, and ends with the process that started it,
however that ends. ``plugin.py`` holds the fixtures, ``__main__.py`` the commands.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

SERVICES = ("kafka", "postgres")
PROGRAMS = ("node", "curl")  # what is run but not started: absent like a service


class Absent(Exception):
    """The machine has no such service. The text says what is missing."""


class Broken(Exception):
    """The service is there and did not do what it must. The text ends with what it said last."""


def required(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The services and programs whose absence is a failure.

    Raises:
        ValueError: ``HUB_TEST_REQUIRE`` holds a word that is neither.
    """
    known = (*SERVICES, *PROGRAMS)
    words = frozenset(environ.get("HUB_TEST_REQUIRE", "").replace(",", " ").split())
    if unknown := sorted(words - set(known)):
        raise ValueError(f"HUB_TEST_REQUIRE names {', '.join(unknown)}; there is {', '.join(known)}")
    return words
