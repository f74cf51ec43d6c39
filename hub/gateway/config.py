"""The gateway's configuration: one TOML file. A word that is not known is refused: it may be a misspelt safeguard."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hub.audit.verify.faults import Wrong
from hub.audit.verify.notes import parse_key
from hub.errors import Refused, kind_of
from hub.gateway.files import read_file

_NEEDED = ("base", "client_id", "agency", "signing_key", "opening_key", "hub_key", "out")
_OPTIONAL = ("ca_file", "proxy")
_URL = re.compile(r"[!-~]+")  # what is not ASCII is written in its own spelling for addresses: xn--…, %…
_NEXT = "see docs/gateway.md; `hub agencies add … --jwks` on the hub prints the values"


@dataclass(frozen=True, slots=True)
class Config:
    """What the gateway must know.

    Args:
        base: of the hub's FHIR, without a slash at the end; the token is asked for at ``{base}/token``.
        client_id: the id of the agency's system at the hub.
        agency: the agency's id: what was sealed or promised to another is refused.
        signing_key: the private half of what the hub has as ``jwks``.
        opening_key: the private half of what the hub has as ``hpke``.
        hub_key: the verifier-key line of the hub's log, which came by another way than this connection.
        out: the folder to write into.
        ca_file: certificates to trust instead of the usual ones, for a hub with an authority of its own.
        proxy: the URL of an HTTP proxy. Those of the environment are not asked.
    """

    base: str
    client_id: str
    agency: str
    signing_key: Path
    opening_key: Path
    hub_key: str
    out: Path
    ca_file: Path | None = None
    proxy: str | None = None


def read_config(path: Path) -> Config:
    """Read the file. Its relative paths begin at its own folder.

    Raises:
        Refused: it cannot be read, a word is missing or unknown, or a value is not what it must be.
    """
    try:
        said = tomllib.loads(read_file(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Refused("--config", "what is no TOML", 'lines NAME = "VALUE"', _NEXT) from None
    _words(said)
    found = {name: path.parent / said[name] for name in ("signing_key", "opening_key", "out")}
    ca_file = path.parent / said["ca_file"] if "ca_file" in said else None
    return Config(
        base=_base(said["base"]),
        client_id=said["client_id"],
        agency=said["agency"],
        hub_key=_hub_key(said["hub_key"]),
        ca_file=ca_file,
        proxy=_proxy(said["proxy"]) if "proxy" in said else None,
        **found,
    )


def _words(said: dict[str, Any]) -> None:
    for name in _NEEDED:
        if name not in said:
            raise Refused(f"--config: {name}", "nothing", "a value", _NEXT)
    for name, value in said.items():
        if name not in (*_NEEDED, *_OPTIONAL):
            expected = f"one of {', '.join((*_NEEDED, *_OPTIONAL))}"
            raise Refused("--config", "a word that is not known", expected, _NEXT)
        if not isinstance(value, str) or not value.strip():
            raise Refused(f"--config: {name}", kind_of(value), "a text", _NEXT)


def _base(text: str) -> str:
    """An address that nobody between us and the hub can read or answer for: https, or this machine itself."""
    try:
        url = urlsplit(text)
        host = url.hostname or ""
        plain = url.scheme == "http" and _is_loopback(host)
        odd = url.username is not None or url.query or url.fragment or url.port == 0 or not _URL.fullmatch(text)
    except ValueError:
        host, plain, odd = "", False, True
        url = urlsplit("")
    if not host or odd or not (url.scheme == "https" or plain):
        got = "http to another machine" if url.scheme == "http" and host and not odd else "what is no such address"
        raise Refused("--config: base", got, "https://HOST/fhir; http on this machine alone", _NEXT)
    return text.rstrip("/")


def _proxy(text: str) -> str:
    """Its URL may hold a password and is never shown."""
    try:
        url = urlsplit(text)
        good = bool(_URL.fullmatch(text) and url.hostname) and url.port != 0 and url.path in {"", "/"}
    except ValueError:
        good = False
    if not good or url.scheme not in {"http", "https"} or url.query or url.fragment:
        raise Refused("--config: proxy", "what is no such address", "http://HOST:PORT", _NEXT)
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hub_key(line: str) -> str:
    try:
        parse_key(line)
    except Wrong as wrong:
        raise Refused("--config: hub_key", wrong.reason, "the line of the hub's hub.pub", _NEXT) from None
    return line.strip()
