"""The URL of a PostgreSQL server that an agency's system is on, as libpq's parameters.

Settings are stored in the clear. So a password never stands in them; one that does is refused and not repeated.
Nothing is opened here.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import psycopg
from psycopg.conninfo import conninfo_to_dict

from hub.errors import Refused

PORT = "5432"  # PostgreSQL's own; said always, or the environment could name another
URL = "postgresql://user@host:port/dbname"
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


def address(place: str, url: str) -> dict[str, str]:
    """A URL as libpq's parameters, none of which is a secret.

    Args:
        place: where it stands, for errors.

    Raises:
        Refused: it is no such URL, or holds a password. It is not repeated.
    """
    names = {name.lower() for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)}
    if _SECRET.match(url) or any("password" in name for name in names):
        raise Refused(
            place,
            "a URL with a password in it",
            URL,
            "change that password; write the new one into a file of mode 0600 and set password_file=FILE,"
            " or leave it to libpq's passfile or environment",
        )
    if unknown := names - OPTIONS:
        got = f"{len(unknown)} options that are none, or lead elsewhere"
        raise Refused(place, got, f"behind the ? only {', '.join(sorted(OPTIONS))}", "mend the url")
    try:
        found = conninfo_to_dict(url) if _FORM.fullmatch(url) else {}
    except psycopg.ProgrammingError:  # its text repeats the url
        found = {}
    if not found:
        raise Refused(place, "something that is no such URL", URL, "name user, host and database")
    return {"port": PORT, **{name: str(value) for name, value in found.items() if value is not None}}
