"""``GET [base]/metadata``: the CapabilityStatement, made at the start from the routes, so that it says what is there.

A route says what it is where it is declared: ``@routes.get(path, **describe("Task", "read"))``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import APIRoute, iter_route_contexts

from hub.api.outcome import MEDIA, resource
from hub.api.served import Served
from hub.model import codes
from hub.model.fhir import Resource, coding, concept

MARK = "x-fhir"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_REGISTRY = "https://profiles.ihe.net/ITI/PCF/CapabilityStatement/IHE.PCF.consentRegistry"
_NO_PARAMS: Mapping[str, str] = MappingProxyType({})


def describe(
    kind: str,
    interaction: str = "",
    *,
    operation: str = "",
    definition: str = "",
    params: Mapping[str, str] = _NO_PARAMS,
    include: Sequence[str] = (),
    revinclude: Sequence[str] = (),
) -> dict[str, Any]:
    """What a route is, as keywords of its decorator.

    Args:
        kind: the resource type; "" for what stands at the base.
        interaction: ``read``, ``vread``, ``history-instance``, ``search-type``, ``update`` …, of FHIR's
            ``restful-interaction``; "" for an operation.
        operation: its name without ``$``.
        definition: canonical URL of its OperationDefinition; ours where it is left out.
        params: search parameters and their types: ``{"owner": "reference"}``.
    """
    assert bool(interaction) != bool(operation), "a route is an interaction or an operation"
    said: dict[str, Any] = {"kind": kind, "interaction": interaction, "operation": operation, "definition": definition}
    said |= {"params": dict(params), "include": list(include), "revinclude": list(revinclude)}
    return {"openapi_extra": {MARK: {name: value for name, value in said.items() if value}}}


def router(app: FastAPI, hub: Served) -> APIRouter:
    """/fhir/metadata of all routes that the application has by now; it needs no token."""
    statement = capabilities(app, hub.base, hub.house.clock.now())
    routes = APIRouter()

    @routes.get("/fhir/metadata", summary="CapabilityStatement", responses={200: {"content": {MEDIA: {}}}})
    def metadata() -> Response:
        """What there is, and where tokens are got."""
        return resource(statement)

    return routes


def capabilities(app: FastAPI, base: str, at: datetime) -> Resource:
    """The CapabilityStatement of an application's routes."""
    found = sorted(described(app), key=lambda said: (said.get("kind", ""), said.get("operation", "")))
    kinds = sorted({said["kind"] for said in found if "kind" in said})
    rest: Resource = {"mode": "server", "security": _security(base)}
    if kinds:
        rest["resource"] = [_resource(kind, [said for said in found if said.get("kind") == kind]) for kind in kinds]
    if at_base := [said for said in found if "kind" not in said and "operation" in said]:
        rest["operation"] = [_operation(said) for said in at_base]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at.isoformat(timespec="seconds"),
        "kind": "instance",
        **({"instantiates": [_REGISTRY]} if "Consent" in kinds else {}),
        "software": {"name": "interop-hub", "version": version("interop-hub")},
        "implementation": {"description": "Referrals between agencies, gated by the client's consent", "url": base},
        "fhirVersion": "4.0.1",
        "format": [MEDIA, "json"],
        "rest": [rest],
    }


def described(app: FastAPI) -> Iterator[Mapping[str, Any]]:
    """What the routes of an application say of themselves."""
    for route in routes_of(app):
        if MARK in (route.openapi_extra or {}):
            yield (route.openapi_extra or {})[MARK]


def routes_of(app: FastAPI) -> Iterator[APIRoute]:
    """Every route of an application, those of its routers included."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield context.original_route


def _security(base: str) -> Resource:
    uris = [{"url": "token", "valueUri": f"{base}/token"}]
    return {
        "extension": [{"url": _OAUTH_URIS, "extension": uris}],
        "cors": False,
        "service": [concept(coding(_SECURITY, "SMART-on-FHIR"))],
        "description": "SMART Backend Services: private_key_jwt, RS384 or ES384",
    }


def _resource(kind: str, said: Sequence[Mapping[str, Any]]) -> Resource:
    interactions = sorted({each["interaction"] for each in said if "interaction" in each})
    params = {name: sort for each in said for name, sort in each.get("params", {}).items()}
    found: Resource = {
        "type": kind,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned" if "vread" in interactions else "no-version",
        "readHistory": "vread" in interactions,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchInclude": sorted({word for each in said for word in each.get("include", ())}),
        "searchRevInclude": sorted({word for each in said for word in each.get("revinclude", ())}),
        "searchParam": [{"name": name, "type": sort} for name, sort in sorted(params.items())],
        "operation": [_operation(each) for each in said if "operation" in each],
    }
    return {name: value for name, value in found.items() if value != []}


def _operation(said: Mapping[str, Any]) -> Resource:
    name = said["operation"]
    return {"name": name, "definition": said.get("definition", f"{codes.HUB}/OperationDefinition/{name}")}
