"""What all searches and reads have in common: parameters of a request in; a searchset with its links out. No rules.

A searchset has no ``total``: how many there are is not told. Its self link shows the parameters that were used; its
next link is a token that means something to its agency alone, and not for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from hub.api.body import FormFields
from hub.api.metadata import describe
from hub.api.outcome import Wrong, resource
from hub.api.security import Caller, needs
from hub.api.served import Served, served
from hub.exchange.house import House
from hub.exchange.index import NEXT, PARAMETERS, Page
from hub.model.directory import System
from hub.model.fhir import Resource

Hub = Annotated[Served, Depends(served)]
Parameters = Sequence[tuple[str, str]]


class Find(Protocol):
    """A search."""

    def __call__(self, house: House, system: System, parameters: Parameters, /, *, strict: bool) -> Page:
        """One page of what a system's agency may know, by parameters as they came."""


def add_search(
    routes: APIRouter, kind: str, find: Find, *, include: Sequence[str] = (), revinclude: Sequence[str] = ()
) -> None:
    """Search of a type, by GET and by POST."""
    may_search: Any = Depends(needs(f"{kind}.s"))  # a caller's annotation could not name a scope that is a variable
    params = {name: sort for name, (sort, _) in PARAMETERS[kind].items()}
    described = describe(kind, "search-type", params=params, include=include, revinclude=revinclude)

    @routes.get(f"/fhir/{kind}", **described)
    def search(caller: Caller = may_search, *, hub: Hub, request: Request) -> Response:
        """One page."""
        return answer(caller, hub, request, ())

    @routes.post(f"/fhir/{kind}/_search", **describe(kind, "search-type"))
    def search_by_form(caller: Caller = may_search, *, hub: Hub, request: Request, fields: FormFields) -> Response:
        """The same, where a query would stand in logs of URLs."""
        return answer(caller, hub, request, fields)

    def answer(caller: Caller, hub: Served, request: Request, fields: Parameters) -> Response:
        asked = [*request.query_params.multi_items(), *fields]
        return _searchset(hub.base, kind, find(hub.house, caller.system, asked, strict=_is_strict(request)))


def _is_strict(request: Request) -> bool:
    """Whether the caller wants to be refused rather than misunderstood: ``Prefer: handling=strict``."""
    wishes = (part.strip() for line in request.headers.getlist("prefer") for part in line.replace(";", ",").split(","))
    return "handling=strict" in wishes


def _searchset(base: str, kind: str, page: Page) -> Response:
    """A page of a search as a Bundle."""
    query = urlencode(page.used)
    links = [{"relation": "self", "url": f"{base}/{kind}" + (f"?{query}" if query else "")}]
    if page.next:
        links.append({"relation": "next", "url": f"{base}/{kind}?{urlencode({NEXT: page.next})}"})
    entries = [*_entries(base, page.found, "match"), *_entries(base, page.included, "include")]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": links, **({"entry": entries} if entries else {})}
    return resource(bundle)


def versions(base: str, kind: str, own_id: str, found: Sequence[Resource] | None) -> Response:
    """The versions of a resource, the last first, as a Bundle."""
    if found is None:
        raise absent()
    bundle = {
        "resourceType": "Bundle",
        "type": "history",
        "link": [{"relation": "self", "url": f"{base}/{kind}/{own_id}/_history"}],
        "entry": [_version(base, each) for each in found],
    }
    return resource(bundle)


def one(found: Resource | None) -> Response:
    """A resource with its version as ETag.

    Raises:
        Wrong: 404, where there is none, or none for this caller.
    """
    if found is None:
        raise absent()
    tag = _tag(found)
    return resource(found, headers={"ETag": tag} if tag else {})


def absent() -> Wrong:
    """The one answer for what is not there and for what is somebody else's."""
    return Wrong(404, "not-found", "nothing of this id is there for your agency; search for what there is")


def _entries(base: str, found: Iterable[Resource], mode: str) -> Iterable[Resource]:
    return ({"fullUrl": _url(base, each), "resource": each, "search": {"mode": mode}} for each in found)


def _version(base: str, found: Resource) -> Resource:
    place, tag = f"{found['resourceType']}/{found['id']}", _tag(found)
    first = found.get("meta", {}).get("versionId") == "1"
    changed = found.get("meta", {}).get("lastUpdated")
    answer = {"status": "201" if first else "200", **({"etag": tag} if tag else {})}
    return {
        "fullUrl": _url(base, found),
        "resource": found,
        "request": {"method": "POST" if first else "PUT", "url": found["resourceType"] if first else place},
        "response": {**answer, **({"lastModified": changed} if changed else {})},
    }


def _url(base: str, found: Resource) -> str:
    return f"{base}/{found['resourceType']}/{found['id']}"


def _tag(found: Resource) -> str:
    number = found.get("meta", {}).get("versionId")
    return f'W/"{number}"' if number else ""
