"""Which database a system's settings lead to: a SQLite file (``path``) or a database of PostgreSQL (``url``).

Settings are stored in the clear. So a password never stands in them; one that does is refused and not repeated.
Nothing is opened here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import psycopg
from psycopg.conninfo import conninfo_to_dict

from adapters.cms.engine import Engine
from adapters.cms.postgres import PostgresEngine
from adapters.cms.sqlite import SqliteEngine
from hub.errors import Refused

SETTINGS = ("path", "url", "password_file", "busy_timeout_ms")
BUSY_TIMEOUT_MS = 2000  # how long a statement waits for somebody else's lock, where the settings say nothing

PORT = "5432"  # PostgreSQL's own; said always, or the environment could name another
_URL = "postgresql://user@host:port/dbname"
_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
_FORM = re.compile(rf"postgres(?:ql)?://[^@:/?#,\s]+@{_HOST}(?:,{_HOST})*/[^@:/?#,\s]+(?:\?[^#\s]*)?")
_SECRET = re.compile(r"postgres(?:ql)?://[^@/?#]*:[^/?#]*@")
# what may stand behind the ?. What would lead to another place (host, service) is refused: places are compared
OPTIONS = frozenset(
    {
        "application_name", "channel_binding", "connect_timeout", "gssencmode", "options", "passfile", "require_auth",
        "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcrl", "sslcrldir", "sslkey", "sslmode",
        "sslnegotiation", "sslrootcert", "sslsni", "target_session_attrs",
    }
)  # fmt: skip


def engine(settings: Mapping[str, Any]) -> Engine:
    """The engine that these settings name; it is opened at first use.

    Raises:
        Refused: a setting is missing, unknown, of another type, or holds a password.
    """
    path, url = _text(settings, "path"), _text(settings, "url")
    busy = settings.get("busy_timeout_ms", BUSY_TIMEOUT_MS)
    if (path is None) == (url is None):
        got = "neither path nor url" if path is None else "both path and url"
        raise Refused("cms settings", got, f"path=FILE for SQLite, or url={_URL}", "set one of them and try again")
    if type(busy) is not int or busy < 0:
        raise Refused("cms settings: busy_timeout_ms", type(busy).__name__, "milliseconds, 0 or more", "mend it")
    if unknown := settings.keys() - SETTINGS:
        raise Refused("cms settings", f"{len(unknown)} that are none", f"only {', '.join(SETTINGS)}", "remove them")
    password_file = _text(settings, "password_file")
    if url is not None:
        return PostgresEngine(address(url), password_file or "", busy)
    if password_file is not None:
        raise Refused("cms settings: password_file", "a password for a file", "one beside a url", "remove it")
    return SqliteEngine(path or "", busy)


def address(url: str) -> dict[str, str]:
    """A URL as libpq's parameters, none of which is a secret.

    Raises:
        Refused: it is no such URL, or holds a password. It is not repeated.
    """
    names = {name.lower() for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)}
    if _SECRET.match(url) or any("password" in name for name in names):
        raise Refused(
            "cms settings: url",
            "a URL with a password in it",
            _URL,
            "change that password; write the new one into a file of mode 0600 and set password_file=FILE,"
            " or leave it to libpq's passfile or environment",
        )
    if unknown := names - OPTIONS:
        got = f"{len(unknown)} options that are none, or lead elsewhere"
        raise Refused("cms settings: url", got, f"behind the ? only {', '.join(sorted(OPTIONS))}", "mend the url")
    try:
        found = conninfo_to_dict(url) if _FORM.fullmatch(url) else {}
    except psycopg.ProgrammingError:  # its text repeats the url
        found = {}
    if not found:
        raise Refused("cms settings: url", "something that is no such URL", _URL, "name user, host and database")
    return {"port": PORT, **{name: str(value) for name, value in found.items() if value is not None}}


def _text(settings: Mapping[str, Any], name: str) -> str | None:
    """A setting that is a text and not empty; None where it is not there."""
    value = settings.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        got = "nothing" if value == "" else type(value).__name__
        raise Refused(f"cms settings: {name}", got, "a text", "set it and try again")
    return value
