"""One place, one system: two systems never lead to the same files or database, nor two agencies' to the same place.

Whoever could connect a system of its own to another agency's database would read its clients and receive its mail, in a
way that the rules of sharing cannot see. A system that agencies share is one system, with a site for each of them.
Where the settings do not say what place they lead to, nobody can tell two systems of a kind apart: they are the same.
Two systems of one agency on the same files would say each of its records twice. Software that comes to the hub by
itself is its keys: two agencies have none in common.

A setting that names a file or a folder is called ``path`` or ends in ``_path``. It is kept as an absolute path, since a
relative one would lead elsewhere from another folder, and files are compared as what they are, not as they are spelled.
So is one that ends in ``_file``, which is how a place is reached and no place of its own. A setting that names a place
on the network is called ``url``: compared are host, port and what stands behind them, not who asks and how. Two names
of one host are not known as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from hub.directory.cells import seen
from hub.errors import Refused
from hub.model.directory import System
from hub.ports import Directory

T = TypeVar("T")
Spot = tuple[str, str, str]  # host, port and what stands behind them

_PORTS = {"postgresql": "5432", "postgres": "5432"}  # where a URL names none
_HERE = {"localhost", "::1"}  # other names of 127.0.0.1


def absolute(row: T) -> T:
    """A row as it is kept: a system's files by absolute paths. Other rows are left as they are."""
    if not isinstance(row, System):
        return row
    settings = {
        name: str(Path(value).absolute()) if _file(name) or name.endswith("_file") else value
        for name, value in row.settings.items()
    }
    return replace(row, settings=settings)


def one_agency_each(directory: Directory, rows: Iterable[object]) -> None:
    """Hold new or changed rows against each other and against the systems that stand.

    Raises:
        Refused: two active systems lead to the same place.
    """
    standing = dict(directory.systems)
    for row in rows:
        if isinstance(row, System):
            _refuse_shared(row, standing.values())
            standing[row.id] = row


def may_go_on(directory: Directory, system_id: str) -> None:
    """A suspended system is active again only where nobody else's leads to its place meanwhile.

    Args:
        directory: as the unit that resumes it reads it.

    Raises:
        Refused: another active system does.
    """
    if (system := directory.systems.get(system_id)) is not None:
        _refuse_shared(replace(system, status="active"), directory.systems.values())


def _refuse_shared(system: System, others: Iterable[System]) -> None:
    for other in others:
        if other.id != system.id and other.status == system.status == "active" and _same(system, other):
            raise Refused(
                f"system {seen(system.id)}, settings",
                f"those of {seen(other.id)}, an active system of {seen(other.agency)}",
                "a connection that no other system has",
                "correct the settings; a system that agencies share is one system with a site for each",
            )


def _same(one: System, other: System) -> bool:
    files, others = _files(one), _files(other)
    if any(_same_file(file, another) for file in files for another in others):
        return True  # whatever else their settings say
    spots, theirs = _spots(one), _spots(other)
    if spots & theirs:
        return True
    keys, other_keys = _keys(one), _keys(other)
    if keys and other_keys:  # software that comes to us: it is its keys
        return one.agency != other.agency and bool(keys & other_keys)
    # comparing the rest would be a guess: a setting more, or one spelled otherwise, may lead to the same place
    return one.kind == other.kind and one.agency != other.agency and not ((files or spots) and (others or theirs))


def _keys(system: System) -> set[str]:
    """What an agency's own software proves itself by, or where that is published; and what content is sealed to."""
    jwks, hpke = system.settings.get("jwks"), system.settings.get("hpke")
    listed = jwks.get("keys", []) if isinstance(jwks, Mapping) else []
    keys = [each for each in (*listed, hpke) if isinstance(each, Mapping)]
    found = {str(each[name]) for each in keys for name in ("x", "n", "x25519", "mlkem768") if name in each}
    return found | ({str(system.settings["jwks_url"])} if "jwks_url" in system.settings else set())


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except (OSError, RuntimeError):  # one of them is not there, or is a loop of links
        return False


def _files(system: System) -> list[Path]:
    return [Path(str(value)) for name, value in system.settings.items() if _file(name)]


def _file(name: str) -> bool:
    return name == "path" or name.endswith("_path")


def _spots(system: System) -> set[Spot]:
    """Where a URL leads: one spot for each host that it names. A URL that cannot be read leads nowhere known."""
    try:
        url = urlsplit(str(system.settings.get("url", "")))
    except ValueError:
        return set()
    hosts = url.netloc.rpartition("@")[2].split(",")
    return {(*_host(host, _PORTS.get(url.scheme, "")), unquote(url.path)) for host in hosts if host}


def _host(text: str, port: str) -> tuple[str, str]:
    """Host and port as they are compared: ``Cases.Example.org.`` and ``cases.example.org:5432`` are one."""
    name, bracket, rest = text.rpartition("]")
    host, _, given = (name, "", rest.removeprefix(":")) if bracket else text.partition(":")
    host = unquote(host).removeprefix("[").rstrip(".").lower()
    return "127.0.0.1" if host in _HERE else host, given.lstrip("0") or port
