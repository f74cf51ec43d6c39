"""The link to the next page: sealed for the agency whose search it is, with all that was asked, for ten minutes.

It holds where to go on and no right: the next page is decided as if it were the first. What was changed, comes from
another agency or another type of resource, or is too old, is refused alike.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from hub.errors import SealBroken
from hub.exchange.house import House
from hub.exchange.index.terms import Unsupported
from hub.model.canonical import canonical
from hub.model.fhir import Resource

NEXT = "_page"  # the parameter in which it stands
KEPT = timedelta(minutes=10)  # settled S49

Parameters = tuple[tuple[str, str], ...]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search.

    Args:
        found: what was asked for, and ``included``: what was asked for beside it.
        used: the parameters that were used.
        next: the token of the next page; None: this is the last.
    """

    found: tuple[Resource, ...]
    included: tuple[Resource, ...] = ()
    used: Parameters = ()
    next: str | None = None


def seal_page(house: House, agency: str, kind: str, used: Parameters, after: Key, now: datetime) -> str:
    """A token for the page behind a key."""
    said = {"used": [list(each) for each in used], "after": list(after), "until": (now + KEPT).isoformat()}
    return base64.urlsafe_b64encode(house.keys.box(_place(agency, kind), canonical(said))).decode().rstrip("=")


def open_page(house: House, agency: str, kind: str, token: str, now: datetime) -> tuple[Parameters, Key]:
    """What a token says: the parameters of the search, and the key behind which it goes on.

    Raises:
        Unsupported: it is none of this agency's for this type of resource, or it is too old.
    """
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        said = orjson.loads(house.keys.unbox(_place(agency, kind), sealed))
    except (binascii.Error, ValueError, SealBroken):
        raise _refused() from None
    if datetime.fromisoformat(said["until"]) <= now:
        raise _refused()
    return tuple((name, value) for name, value in said["used"]), tuple(said["after"])


def page_of(parameters: Sequence[tuple[str, str]]) -> str | None:
    """The token among the parameters of a request; it stands alone, whatever else is there."""
    return next((value for name, value in parameters if name == NEXT), None)


def _place(agency: str, kind: str) -> str:
    return f"page:{kind}:{agency}"


def _refused() -> Unsupported:
    minutes = int(KEPT.total_seconds() // 60)
    expected = f"the next link of a page, as it is, within {minutes} minutes"
    return Unsupported(f"http.{NEXT}", "another token", expected, "search again from the first page")
