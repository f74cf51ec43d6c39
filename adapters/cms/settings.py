"""Which database a system's settings lead to: a SQLite file (``path``) or a database of PostgreSQL (``url``).

Settings are stored in the clear. So a password never stands in them; one that does is refused and not repeated.
Nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.cms.engine import Engine
from adapters.cms.postgres import PostgresEngine
from adapters.cms.sqlite import SqliteEngine
from adapters.servers import URL, address
from hub.errors import Refused

SETTINGS = ("path", "url", "password_file", "busy_timeout_ms", "funders", "language")
LANGUAGES = ("en", "fr")  # of what the inbox says
BUSY_TIMEOUT_MS = 2000  # how long a statement waits for somebody else's lock, where the settings say nothing

FUNDERS = "ircc"  # agencies to which services are reported through the hub, where the settings say nothing (settled S1)


def funders(settings: Mapping[str, Any]) -> frozenset[str]:
    """The funders to which services are reported through the hub: ids of agencies; all others are nobody here.

    Raises:
        Refused: the setting is no text.
    """
    named = settings.get("funders", FUNDERS)
    if not isinstance(named, str):
        raise Refused(
            "cms settings: funders", type(named).__name__, "ids of agencies, one space between them", "mend it"
        )
    return frozenset(named.split())


def engine(settings: Mapping[str, Any]) -> Engine:
    """The engine that these settings name; it is opened at first use.

    Raises:
        Refused: a setting is missing, unknown, of another type, or holds a password.
    """
    path, url = _text(settings, "path"), _text(settings, "url")
    busy = settings.get("busy_timeout_ms", BUSY_TIMEOUT_MS)
    if (path is None) == (url is None):
        got = "neither path nor url" if path is None else "both path and url"
        raise Refused("cms settings", got, f"path=FILE for SQLite, or url={URL}", "set one of them and try again")
    if type(busy) is not int or busy < 0:
        raise Refused("cms settings: busy_timeout_ms", type(busy).__name__, "milliseconds, 0 or more", "mend it")
    if settings.get("language", LANGUAGES[0]) not in LANGUAGES:
        raise Refused("cms settings: language", "another word", " or ".join(LANGUAGES), "mend it, or leave it out")
    if unknown := settings.keys() - SETTINGS:
        raise Refused("cms settings", f"{len(unknown)} that are none", f"only {', '.join(SETTINGS)}", "remove them")
    password_file = _text(settings, "password_file")
    if url is not None:
        return PostgresEngine(address("cms settings: url", url), password_file or "", busy)
    if password_file is not None:
        raise Refused("cms settings: password_file", "a password for a file", "one beside a url", "remove it")
    return SqliteEngine(path or "", busy)


def _text(settings: Mapping[str, Any], name: str) -> str | None:
    """A setting that is a text and not empty; None where it is not there."""
    value = settings.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        got = "nothing" if value == "" else type(value).__name__
        raise Refused(f"cms settings: {name}", got, "a text", "set it and try again")
    return value
