"""Agencies and services, as one of the agencies may know them (shared model 3.3). No client is in it, so no decision.

A women's service is the hub's relay to all but itself (C-119): its name, its place and its services' own names are
left out. A telephone number of an agency is told by a message that needs it, never here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.exchange.house import House
from hub.exchange.index.matching import matches
from hub.exchange.index.paging import Page, begin, cut
from hub.exchange.index.spelling import organization
from hub.model import codes
from hub.model.directory import RELAY, Agency, Service
from hub.model.fhir import Resource, coding, concept
from hub.ports import Directory

_KIND = concept(coding("http://terminology.hl7.org/CodeSystem/organization-type", "prov"))
_RELAY_NAME = "The referral hub, for a service that is not named here"


def organization_of(directory: Directory, agency: str, reader: str) -> str:
    """The id of an agency, or of the relay, as a reader may know it."""
    row = directory.agencies.get(agency)
    return RELAY if row is not None and row.lane == "womens" and agency != reader else agency


def search_directory(
    house: House, agency: str, kind: str, parameters: Sequence[tuple[str, str]], *, strict: bool = False
) -> Page:
    """One page of Organizations or HealthcareServices, by id.

    Raises:
        Unsupported: a parameter that this search does not have; a token that is none.
    """
    query, after = begin(house, agency, kind, parameters, strict=strict)
    with house.store.peek() as rows:
        directory = rows.directory.all()
    return cut(
        house, agency, query, after, (each for each in _all(house, directory, kind, agency) if matches(each, query))
    )


def read_directory(house: House, agency: str, kind: str, own_id: str) -> Resource | None:
    """One of them; None: there is none."""
    with house.store.peek() as rows:
        directory = rows.directory.all()
    return next((each for each in _all(house, directory, kind, agency) if each["id"] == own_id), None)


def _all(house: House, directory: Directory, kind: str, reader: str) -> list[Resource]:
    if kind == "Organization":
        rows = [row for row in directory.agencies.values() if organization_of(directory, row.id, reader) != RELAY]
        found = [_organization(row) for row in rows] + [_relay()]
    else:
        found = [_service(house, directory, row, reader) for row in directory.services]
    return sorted(found, key=lambda each: str(each["id"]))


def _organization(row: Agency) -> Resource:
    return {
        "resourceType": "Organization",
        "id": row.id,
        "identifier": [{"system": codes.ID_AGENCY, "value": row.id}],
        "active": row.status == "active",
        "type": [_KIND],
        "name": row.name,
    }


def _relay() -> Resource:
    """Always there, so that it tells of nobody."""
    named = {"id": RELAY, "identifier": [{"system": codes.ID_AGENCY, "value": RELAY}], "active": True}
    return {"resourceType": "Organization", **named, "type": [_KIND], "name": _RELAY_NAME}


def _service(house: House, directory: Directory, row: Service, reader: str) -> Resource:
    provider = organization_of(directory, row.agency, reader)
    if provider == RELAY:  # its own id and name may name the place
        hidden = house.keys.digest("service", row.id)[:16]
        row = replace(row, id=f"{RELAY}-{hidden}", name=row.wanted, site="")
    owner = directory.agencies.get(row.agency)
    program = {"program": [concept(coding(codes.PROGRAM_STREAM, row.program))]} if row.program else {}
    place = {"location": [{"identifier": {"system": codes.ID_SITE, "value": row.site}}]} if row.site else {}
    return {
        "resourceType": "HealthcareService",
        "id": row.id,
        "identifier": [{"system": codes.ID_SERVICE, "value": row.id}],
        "active": row.status == "active" and owner is not None and owner.status == "active",
        "providedBy": organization(provider),
        "type": [concept(coding(codes.SERVICE_WANTED, row.wanted))],
        **program,
        **place,
        "name": row.name,
    }
