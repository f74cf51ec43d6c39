"""Pages of a search, and the link to the next one: sealed for its agency, with all that was asked, for ten minutes.

It holds where to go on and no right: the next page is decided as if it were the first. What was changed, comes from
another agency or another type of resource, or is too old, is refused alike.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from hub.errors import SealBroken
from hub.exchange.house import House
from hub.exchange.index.terms import Query, Unsupported, read_query
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


def begin(
    house: House, agency: str, kind: str, parameters: Sequence[tuple[str, str]], *, strict: bool
) -> tuple[Query, Key]:
    """What a search asks for, and the key behind which its page begins; (): at the beginning.

    Args:
        parameters: name and value, decoded; of a next page its token, which stands alone, whatever else is there.
        strict: parameters that are not known are refused.

    Raises:
        Unsupported: a parameter that this search does not have; a token that is none.
    """
    token = next((value for name, value in parameters if name == NEXT and value), None)
    if token is None:
        return read_query(kind, parameters, strict=strict), ()
    used, after = _opened(house, agency, kind, token)
    return read_query(kind, used), after


def page_of(
    house: House,
    agency: str,
    query: Query,
    found: Iterable[Resource],
    last: Key | None,
    included: Iterable[Resource] = (),
) -> Page:
    """A page, with the link to what follows.

    Args:
        last: the key behind which the next page begins; None: there is none.
    """
    link = None if last is None else _sealed(house, agency, query, last)
    return Page(tuple(found), tuple(included), query.used, link)


def cut(house: House, agency: str, query: Query, after: Key, found: Iterable[Resource]) -> Page:
    """The page behind a key, of all that a search finds in the order of their ids."""
    rest = [each for each in found if after == () or each["id"] > after[0]]
    shown, more = rest[: query.count], len(rest) > query.count
    return page_of(house, agency, query, shown, (shown[-1]["id"],) if more else None)


def _sealed(house: House, agency: str, query: Query, after: Key) -> str:
    until = house.clock.now() + KEPT
    said = {"used": [list(each) for each in query.used], "after": list(after), "until": until.isoformat()}
    return base64.urlsafe_b64encode(house.keys.box(_place(agency, query.kind), canonical(said))).decode().rstrip("=")


def _opened(house: House, agency: str, kind: str, token: str) -> tuple[Parameters, Key]:
    """What a token says: the parameters of the search, and the key behind which it goes on.

    Raises:
        Unsupported: it is none of this agency's for this type of resource, or it is too old.
    """
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        said = orjson.loads(house.keys.unbox(_place(agency, kind), sealed))
    except (ValueError, SealBroken):
        raise _refused() from None
    if datetime.fromisoformat(said["until"]) <= house.clock.now():
        raise _refused()
    return tuple((name, value) for name, value in said["used"]), tuple(said["after"])


def _place(agency: str, kind: str) -> str:
    return f"page:{kind}:{agency}"


def _refused() -> Unsupported:
    minutes = int(KEPT.total_seconds() // 60)
    expected = f"the next link of a page, as it is, within {minutes} minutes"
    return Unsupported(f"http.{NEXT}", "another token", expected, "search again from the first page")
