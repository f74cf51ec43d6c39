"""An agency's own software is let in: the agency and its system of kind ``fhir`` are kept in one act, or neither.

The system's id is the client id. Whether a key is any is the word of that kind's card (``adapters/remote.py``). A key
that is given replaces the one that stood; what is not given stays. To change keys without a pause, register a set that
holds both, and later one without the old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from hub.desk.configure import Kept, change
from hub.desk.who import Who
from hub.directory import AGENCY, Known, Problems, from_row
from hub.directory.cells import is_id
from hub.errors import Refused, shape
from hub.exchange.house import House
from hub.model.directory import REMOTE, Agency, System

FILE_MAX = 64 * 1024  # of a key set or a key


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What a client registers.

    Args:
        jwks: a key set, or the https address of one; None: as it stands.
        hpke: the key to which what it opens is sealed; None: as it stands.
    """

    jwks: Mapping[str, Any] | str | None = None
    hpke: Mapping[str, Any] | None = None


def connect(house: House, row: Mapping[str, str], client: str, keys: ClientKeys, who: Who) -> Kept:
    """Add or replace an agency and its client.

    Args:
        row: the agency, as words of its form.
        client: the system's id; see :func:`client_of`.

    Raises:
        Refused: what is wrong with the agency or with a key, or the worker may not.
    """

    def read(known: Known) -> tuple[Agency, System]:
        agency = from_row(AGENCY, row, known)
        return agency, _system(known, agency, client, keys)

    kept = change(house, read, who)
    assert not isinstance(kept, Problems), "rows that were typed are refused by an exception"
    return kept


def client_of(agency: str) -> str:
    """The id of an agency's client, where none is chosen."""
    return f"{agency}-{REMOTE}"


def read_keys(place: str, data: bytes) -> Mapping[str, Any]:
    """A file of keys as JSON; what it holds is looked at where it is kept.

    Raises:
        Refused: it is too large, or no JSON object.
    """
    if len(data) > FILE_MAX:
        raise Refused(place, f"{len(data)} bytes", f"at most {FILE_MAX}", "name the file of the public keys")
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Refused(place, "no JSON object", "the public keys as hub gateway keys writes them", "name that file")
    return found


def _system(known: Known, agency: Agency, client: str, keys: ClientKeys) -> System:
    former = known.directory.systems.get(client)
    if former is not None and (former.kind, former.agency) != (REMOTE, agency.id):
        got = "the id of another kind of system, or of another agency's"
        raise Refused("--system", got, "an id of its own", "hub systems list")
    if not is_id(client):
        raise Refused("--system", shape(client), "2 to 40 lower-case letters, digits and hyphens", "choose another id")
    settings = dict(former.settings) if former else {}
    if keys.jwks is not None:
        settings = {name: value for name, value in settings.items() if name == "hpke"}
        settings["jwks_url" if isinstance(keys.jwks, str) else "jwks"] = keys.jwks
    if keys.hpke is not None:
        settings["hpke"] = keys.hpke
    return System(client, agency.id, REMOTE, former.status if former else "active", settings)
