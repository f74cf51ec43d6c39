"""An agency's own disclosures of one of its clients, as its own software asks for them: between two days, or page by
page (shared model 11; settled S33, S50). What may be told of them is ``accounting.py``'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.desk.accounting import own_disclosures
from hub.desk.patients import client_named
from hub.errors import MessageRejected, shape
from hub.exchange.house import House
from hub.exchange.index.dates import span_of
from hub.exchange.index.matching import matches
from hub.exchange.index.paging import Page, begin, cut
from hub.model.directory import System
from hub.model.fhir import Resource

KIND = "AuditEvent"


def disclosures_between(
    house: House, system: System, alias: str, start: str | None, end: str | None
) -> list[Resource] | None:
    """All of them, overrides with their Provenance; None: the agency has no such client.

    Args:
        start, end: dates or times of FHIR, both included; None: open.

    Raises:
        MessageRejected: one is none.
    """
    first, last = (_span(name, text) for name, text in (("start", start), ("end", end)))
    found = own_disclosures(house, system, alias)
    if found is None:
        return None
    return [
        each
        for each in found
        if (first is None or each["recorded"] >= first[0]) and (last is None or each["recorded"] < last[1])
    ]


def search_disclosures(
    house: House, system: System, parameters: Sequence[tuple[str, str]], *, strict: bool = False
) -> Page | None:
    """One page of a client's AuditEvents, by their ids; None: it names no one client.

    One of whom the agency does not know has none.

    Raises:
        Unsupported: a parameter that this search does not have; a token that is none.
    """
    query, after = begin(house, system.agency, KIND, parameters, strict=strict)
    alias = client_named(query)
    if alias is None:
        return None
    every = own_disclosures(house, system, alias) or []
    events = sorted((each for each in every if each["resourceType"] == KIND), key=lambda each: str(each["id"]))
    of_client = {"reference": f"Patient/{alias}"}
    return cut(house, system.agency, query, after, (e for e in events if matches({**e, "patient": of_client}, query)))


def _span(name: str, text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    found = span_of(text)
    if found is None:
        raise MessageRejected(f"http.{name}", shape(text), "a date or time, as 2026-06-01", "correct it")
    low, high = (each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in found)
    return low, high
