"""The application as OpenAPI 3.1: FastAPI's own document of the routes, and here alone what it cannot know.

That is: which body is read and what it answers, headers, each way in which a request may be refused, and an example of
each (``examples.json``, recorded from a hub by ``python -m tests.clients.record``). What a resource may hold is FHIR's
and stands in ``schemas/fhir/r4.json``; it is not said a second time here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from hub.api.body import body, form
from hub.api.metadata import MARK, routes_of
from hub.api.openapi_words import (
    ANSWERS,
    BODIES,
    COMMON,
    ERRORS,
    HEADERS,
    INCLUDES,
    PARAMETERS,
    PLAIN,
    SCHEMAS,
    SEARCHES,
    WHAT,
    resource_schema,
)
from hub.api.outcome import MEDIA

PATH = "/fhir/openapi.json"
EXAMPLES = Path(__file__).with_name("examples.json")
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_FAULTS = ("HTTPValidationError", "ValidationError")  # FastAPI's own form of an error, which is never answered

Schema = dict[str, Any]


def router(app: FastAPI) -> APIRouter:
    """/fhir/openapi.json: it names paths and words of ours, nobody's data, so it needs no token."""
    routes = APIRouter()

    @routes.get(PATH, summary="This document", response_class=JSONResponse)
    def document() -> Response:
        """All paths as OpenAPI 3.1, with examples; [base]/metadata says the same in FHIR's words."""
        return JSONResponse(app.openapi())

    return routes


def openapi(app: FastAPI, base: str) -> Schema:
    """The document, made from the routes.

    Args:
        base: the public base URL; it ends in ``/fhir``, with which the paths begin.
    """
    document = get_openapi(
        title="Interop hub",
        version="1",
        description="FHIR R4 (4.0.1) over HTTP for agencies' own software; see [base]/metadata.",
        routes=app.routes,
        servers=[{"url": base.removesuffix("/fhir")}],
    )
    components = document.setdefault("components", {})
    schemas = {name: said for name, said in components.get("schemas", {}).items() if name not in _FAULTS}
    components["schemas"] = {**schemas, **SCHEMAS}
    components["responses"] = {name: _error(said) for name, said in ERRORS.items()}
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    searches = {said["kind"]: said for _, _, said in _operations(app, document) if "params" in said}
    for route, operation, said in _operations(app, document):
        method = next(each for each in route.methods or ()).lower()
        shown = examples.get(f"{method} {route.path_format}", {})
        kinds = {resource_schema(components["schemas"], kind) for kind in _kinds(route, said)}
        _name(route, operation, said)
        _ask(route, operation, said, searches, shown)
        _answer(route, operation, said, kinds, shown)
    return document


def _operations(app: FastAPI, document: Schema) -> Iterator[tuple[APIRoute, Schema, Schema]]:
    """Each route with its operation and what it says of itself."""
    for route in routes_of(app):
        for method in sorted(route.methods or ()):
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                yield route, operation, (route.openapi_extra or {}).get(MARK, {})


def _kinds(route: APIRoute, said: Mapping[str, Any]) -> tuple[str, ...]:
    """The types of resource that it answers with."""
    if not said:
        return ("CapabilityStatement",) if route.path_format == "/fhir/metadata" else ()
    if "operation" in said:
        return ANSWERS.get(said["operation"], ("Parameters",))
    return (said["kind"],) if said.get("interaction") in ("read", "vread", "update") else ("Bundle",)


def _name(route: APIRoute, operation: Schema, said: Mapping[str, Any]) -> None:
    """A summary of one line, a name for generated code, and where it stands in a list."""
    doc = " ".join((operation.get("description") or "").split())
    first = doc.partition(". ")[0].rstrip(".")
    if "operation" in said:
        called = f"{said['kind'] + '/' if 'kind' in said else ''}${said['operation']}"
        operation["operationId"] = called.replace("$", "").replace("/", ".")
        operation["tags"] = [said.get("kind", "Messages")]
        operation["summary"] = f"{called}: {first[:1].lower()}{first[1:]}"
    elif said:
        by_form = said["interaction"] == "search-type" and "POST" in (route.methods or ())
        operation["operationId"] = f"{said['kind']}.{said['interaction']}{'-by-form' if by_form else ''}"
        operation["tags"] = [said["kind"]]
        operation["summary"] = f"{WHAT[said['interaction']]} {said['kind']}{' by a form' if by_form else ''}"
    else:
        operation["operationId"] = route.name.rstrip("_")
        operation["tags"] = ["Open to all"]
        if operation["summary"].lower() == route.name:
            operation["summary"] = first


def _ask(
    route: APIRoute, operation: Schema, said: Mapping[str, Any], searches: Mapping[str, Schema], shown: Schema
) -> None:
    """Parameters and body."""
    own = {each["name"]: each for each in operation.get("parameters", ())}
    for name, each in own.items():
        each["schema"] = {"type": "string"}
        each["description"] = WHAT.get(name, each.get("description", name))
    wanted = dict(PARAMETERS.get(said.get("operation") or said.get("interaction", ""), {}))
    search = said.get("interaction") == "search-type"
    fields = _search(searches[said["kind"]]) if search else {}
    if "GET" in (route.methods or ()):
        wanted |= fields
    asked = [*own.values(), *({"in": "query", **each, "name": name} for name, each in wanted.items())]
    for each in asked:
        if each["name"] in shown.get("parameters", {}):
            each["example"] = shown["parameters"][each["name"]]
    if asked:
        operation["parameters"] = asked
    calls = {dependency.call for dependency in route.dependant.dependencies}
    content: Schema | None = None
    if body in calls:
        kind = BODIES.get(said.get("operation", ""), said.get("kind") if "interaction" in said else "Parameters")
        content = {MEDIA: {"schema": {"$ref": f"#/components/schemas/{kind or 'Parameters'}"}}}
    elif form in calls:
        properties = {name: each["schema"] for name, each in fields.items()}
        named = (
            {"type": "object", "properties": properties} if search else {"$ref": "#/components/schemas/TokenRequest"}
        )
        content = {_FORM: {"schema": named}}
    if content is not None:
        _with_example(content, shown.get("request"))
        operation["requestBody"] = {"required": True, "content": content}


def _search(said: Mapping[str, Any]) -> Schema:
    """The parameters of a search; each may be there several times, and then all must hold."""
    own: Schema = {
        name: {"description": SEARCHES[sort], "schema": {"type": "string"}}
        for name, sort in sorted(said["params"].items())
    }
    for element, text in INCLUDES.items():
        if words := said.get(element):
            own[f"_{element}"] = {"description": text, "schema": {"enum": words}}
    return {**own, **COMMON}


def _answer(route: APIRoute, operation: Schema, said: Mapping[str, Any], kinds: set[str], shown: Schema) -> None:
    """What comes back, when it goes and when it does not."""
    operation["responses"].pop("422", None)
    key = said.get("operation") or said.get("interaction") or route.path_format
    if key in PLAIN:
        media, schema = PLAIN[key]
        content = {media: {"schema": schema}}
    elif kinds:
        refs: list[Schema] = [{"$ref": f"#/components/schemas/{kind}"} for kind in sorted(kinds)]
        content = {MEDIA: {"schema": refs[0] if len(refs) == 1 else {"oneOf": refs}}}
    else:
        content = {_JSON: {"schema": {"type": "object"}}}
    _with_example(content, shown.get("response"))
    good: Schema = {"description": "It is so.", "content": content}
    if headers := HEADERS.get(key):
        good["headers"] = _headers(headers)
    responses: Schema = {"200": good}
    if key == "file-consent":
        responses = {
            "201": {**good, "description": "It is filed."},
            "200": {**good, "description": "It was so already."},
        }
    if key == "/readyz":
        responses["503"] = {**good, "description": "It is not ready; why, by a word."}
    operation["responses"] = responses | _errors(route, operation, key)


def _errors(route: APIRoute, operation: Schema, key: str) -> Schema:
    if not route.path_format.startswith("/fhir/"):
        return {}
    named = [name for name, (_, _, where) in ERRORS.items() if key in where]
    if "security" in operation:
        named += ["400", "401", "403", "429", "503"]
    if "requestBody" in operation:
        named += ["400", "408", "413", "415"]
    if key == "/fhir/token":
        wrong = {"description": "Why, in OAuth's words.", "content": {_JSON: {"schema": SCHEMAS["TokenError"]}}}
        return {**dict.fromkeys(("400", "401", "429"), wrong), **_refs({"408", "413", "415", "default"})}
    return _refs({*named, "default"})


def _refs(names: set[str]) -> Schema:
    return {name: {"$ref": f"#/components/responses/{name}"} for name in sorted(names)}


def _error(said: tuple[str, Mapping[str, str], object]) -> Schema:
    """A response of components: an OperationOutcome."""
    text, headers, _ = said
    found: Schema = {
        "description": text,
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}},
    }
    if headers:
        found["headers"] = _headers(headers)
    return found


def _headers(headers: Mapping[str, str]) -> Schema:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}


def _with_example(content: Schema, example: Any) -> None:
    if example is not None:
        for media in content.values():
            media["example"] = example
