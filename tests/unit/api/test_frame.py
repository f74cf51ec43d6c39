"""What stands around every answer: who may ask, what is read, and what a fault looks like."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from consent.model.words import Code
from hub.api import body
from hub.api.metadata import MARK, routes_of
from hub.compose import compose
from hub.errors import IntegrityBroken, KeyGone, MappingGap, NeedsReview, RecordUnreadable, Refused, Unavailable
from hub.exchange.strict import Fault, NotOurMessage
from hub.keys.tokens import TokenFiles
from hub.model.directory import System
from hub.settings import read_settings
from tests.door import BASE, Door, Software, public, signing_key
from tests.fakes import SeededIds
from tests.network import Network, make
from tests.unit.api.conftest import RAISED, trial

SAFE = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
OPEN = {"/fhir/token", "/fhir/metadata", "/fhir/.well-known/smart-configuration", "/fhir/openapi.json"}
BUNDLE = {"resourceType": "Bundle", "type": "message"}


def issue(answer: Any) -> dict[str, Any]:
    """The one issue of an OperationOutcome."""
    assert answer.headers["content-type"] == "application/fhir+json"
    document = answer.json()
    assert document["resourceType"] == "OperationOutcome"
    (found,) = document["issue"]
    return dict(found)


# who may ask


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="no token"),
        pytest.param([("Authorization", "Bearer ")], id="an empty one"),
        pytest.param([("Authorization", "Bearer x.y.z")], id="one that is none"),
        pytest.param([("Authorization", "Bearer WyJhbGciXQ.e30.AA")], id="one whose header is a list"),
        pytest.param([("Authorization", "Basic aGFyYm91cjpoYXJib3Vy")], id="a password"),
        pytest.param([("Authorization", "Bearer " + "x" * 5000)], id="a long one"),
        pytest.param([("Authorization", "Bearer é".encode())], id="letters of no token"),
        pytest.param([("X-Forwarded-User", "harbour-fhir"), ("X-Client-Id", "harbour-fhir")], id="names in headers"),
    ],
)
def test_without_a_valid_token_nothing_is_answered(door: Door, headers: list[tuple[str, Any]]) -> None:
    answer = door.http.get("/fhir/Trial", headers=headers)

    assert (answer.status_code, issue(answer)["code"]) == (401, "login")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert door.faults == []


def test_a_token_elsewhere_than_in_its_header_is_none(door: Door, harbour: Software) -> None:
    token = harbour.token()

    assert door.http.get("/fhir/Trial", params={"access_token": token}).status_code == 401
    assert door.http.get("/fhir/Trial", headers={"Cookie": f"access_token={token}"}).status_code == 401


def test_two_tokens_are_none(door: Door, harbour: Software, lakeside: Software) -> None:
    two = [("Authorization", f"Bearer {software.token()}") for software in (harbour, lakeside)]

    assert door.http.get("/fhir/Trial", headers=two).status_code == 401


def test_a_token_without_the_scope_is_told_which_it_needs(harbour: Software) -> None:
    answer = harbour.get("Trial", scope="system/Task.us system/Patient.rs")

    assert (answer.status_code, issue(answer)["code"]) == (403, "forbidden")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="system/Task.r"'


def test_a_letter_among_others_is_enough(harbour: Software) -> None:
    assert harbour.get("Trial", scope="system/Task.rus").status_code == 200


def test_a_token_ends_after_five_minutes_at_the_instant_itself(harbour: Software) -> None:
    token = {"Authorization": f"Bearer {harbour.token()}"}
    harbour.door.network.clock.advance(timedelta(seconds=299))
    assert harbour.door.http.get("/fhir/Trial", headers=token).status_code == 200

    harbour.door.network.clock.advance(timedelta(seconds=1))
    assert harbour.door.http.get("/fhir/Trial", headers=token).status_code == 401


@pytest.mark.parametrize(("ahead_s", "status"), [(60, 200), (61, 401)])
def test_a_token_of_a_process_whose_clock_is_ahead_counts_within_a_minute(
    network: Network, harbour: Software, ahead_s: int, status: int
) -> None:
    now = network.clock.now()
    begin = int(now.timestamp()) + ahead_s
    claims = {"iss": BASE, "aud": BASE, "sub": harbour.id, "agency": "harbour", "scope": "system/Task.r"}
    keys = TokenFiles(network.hub.settings.keys / "tokens", SeededIds(57))
    token = keys.sign({**claims, "iat": begin, "exp": begin + 300}, now)

    answer = harbour.door.http.get("/fhir/Trial", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == status


def test_a_changed_token_is_none(door: Door, harbour: Software) -> None:
    head, payload, signature = harbour.token().split(".")
    for token in (
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload[:-4]}AAAA.{signature}",
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"eyJhbGciOiJub25lIn0.{payload}.",
    ):
        assert door.http.get("/fhir/Trial", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_proof_is_no_token(door: Door, harbour: Software) -> None:
    assert door.http.get("/fhir/Trial", headers={"Authorization": f"Bearer {harbour.proof()}"}).status_code == 401


def test_another_hubs_token_is_none(door: Door, tmp_path: Path) -> None:
    other = make(tmp_path / "other", seed=50)
    try:
        token = Door(other).software("harbour").token()
    finally:
        other.hub.close()

    assert door.http.get("/fhir/Trial", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_all_processes_of_a_hub_know_its_tokens(network: Network, harbour: Software) -> None:
    token, other = harbour.token(), compose(network.hub.settings, clock=network.clock, ids=SeededIds(55))
    try:
        second = Door(Network(network.dir, other, network.clock))
        second.app.include_router(trial())
        answer = second.http.get("/fhir/Trial", headers={"Authorization": f"Bearer {token}"})
    finally:
        other.close()

    assert answer.status_code == 200


@pytest.mark.parametrize("status", ["suspended", "ended"])
def test_who_is_suspended_is_out_at_once_token_or_not(network: Network, harbour: Software, status: Any) -> None:
    agency, system = network.directory().agencies["harbour"], network.directory().systems["harbour-fhir"]
    assert harbour.get("Trial").status_code == 200

    network.put(replace(system, status=status))
    assert harbour.get("Trial").status_code == 401
    network.put(system, replace(agency, status=status))
    assert harbour.get("Trial").status_code == 401
    network.put(agency)
    assert harbour.get("Trial").status_code == 200


def test_a_client_that_asks_too_often_waits_and_others_do_not(
    network: Network, harbour: Software, lakeside: Software
) -> None:
    burst = network.hub.settings.api_burst

    answers = [harbour.get("Trial").status_code for _ in range(burst)]
    refused = harbour.get("Trial")

    assert set(answers) == {200}
    assert (refused.status_code, issue(refused)["code"]) == (429, "throttled")
    assert lakeside.get("Trial").status_code == 200
    network.clock.advance(timedelta(seconds=int(refused.headers["retry-after"])))
    assert harbour.get("Trial").status_code == 200


def test_every_path_of_fhir_asks_who_is_there_before_anything_else(door: Door) -> None:
    """Or is one of those that say what there is and how to get in."""
    wrong = [
        route.path
        for route in routes_of(door.app)
        if route.path.startswith("/fhir/") and not route.path.startswith("/fhir/Trial") and not asks_first(route)
    ]

    assert set(wrong) == OPEN


def asks_first(route: APIRoute) -> bool:
    return bool(route.dependant.dependencies) and hasattr(route.dependant.dependencies[0].call, "scope")


# headers of an answer


@pytest.mark.parametrize(
    "path", ["/fhir/metadata", "/fhir/nothing", "/fhir/Trial", "/healthz", "/metrics", "/", "/fhir/token"]
)
def test_every_answer_keeps_browsers_and_caches_away(door: Door, path: str) -> None:
    answer = door.http.get(path, headers={"Origin": "https://evil.example"})

    assert SAFE.items() <= dict(answer.headers).items()
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "strict-transport-security" not in answer.headers, "it is reached without TLS"
    assert "server" not in answer.headers


def test_a_hub_that_is_reached_by_tls_says_so(network: Network) -> None:
    toml = network.hub.settings.dir / "hub.toml"
    toml.write_text(toml.read_text() + 'base_url = "https://hub.example.org/fhir"\n')
    network.hub.close()
    network.hub = compose(read_settings(network.hub.settings.dir), clock=network.clock, ids=SeededIds(56))

    answer = Door(network).http.get("/fhir/.well-known/smart-configuration")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.json()["token_endpoint"] == "https://hub.example.org/fhir/token"


def test_an_id_of_the_callers_comes_back_if_it_is_a_uuid(door: Door) -> None:
    good = "0B6f6f0e-5a52-4c2e-9a43-5b8f0e3a7c11"

    assert door.http.get("/fhir/metadata", headers={"X-Request-ID": good}).headers["x-request-id"] == good.lower()
    for other in ("1", "zqname", good + "\t", "a" * 4000):
        assert "x-request-id" not in door.http.get("/fhir/metadata", headers={"X-Request-ID": other}).headers


# what is asked for


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PATCH", "DELETE", "PUT", "FOO"])
def test_no_method_does_what_it_is_not_there_for(door: Door, harbour: Software, method: str) -> None:
    answer = harbour.request(method, "Trial")

    assert answer.status_code == 405
    assert set(re.split(", ?", answer.headers["allow"])) <= {"GET", "POST"}


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_changes_no_method(harbour: Software, header: str) -> None:
    assert harbour.get("Trial", headers={header: "POST"}).json() == {"client": "harbour-fhir", "agency": "harbour"}
    assert harbour.get("Trial", params={"_method": "POST"}).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Original-URL", "X-Rewrite-URL", "Forwarded", "X-Forwarded-Host", "X-Provenance", "Prefer"],
)
def test_a_header_of_a_proxy_gives_no_right(door: Door, header: str) -> None:
    assert door.http.get("/fhir/Trial", headers={header: "/healthz"}).status_code == 401


@pytest.mark.parametrize(
    "path", ["/fhir/Zqname/1", "/fhir/Patient/zqname/$everything", "/fhir", "/fhir/", "/fhir//Trial"]
)
def test_an_unknown_path_is_not_found_and_not_repeated(door: Door, path: str) -> None:
    answer = door.http.get(path)

    assert answer.status_code == 404
    assert "zqname" not in answer.text.lower()


@pytest.mark.parametrize("wanted", ["xml", "application/fhir+xml", "html", "ttl", ""])
def test_another_format_is_refused(harbour: Software, wanted: str) -> None:
    answer = harbour.get("Trial", params={"_format": wanted})

    assert (answer.status_code, issue(answer)["code"]) == (406, "not-supported")


@pytest.mark.parametrize("wanted", ["json", "application/json", "application/fhir+json"])
def test_json_may_be_asked_for_by_any_of_its_names(harbour: Software, wanted: str) -> None:
    assert harbour.get("Trial", params={"_format": wanted}).status_code == 200
    assert harbour.get(f"Trial?_format={wanted}").status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("*/*", 200),
        ("text/html, application/json;q=0.5", 200),
        ("application/fhir+xml", 406),
    ],
)
def test_what_is_accepted_is_looked_at(harbour: Software, accept: str, status: int) -> None:
    assert harbour.get("Trial", headers={"Accept": accept}).status_code == status


def test_a_query_without_end_is_refused(harbour: Software) -> None:
    assert harbour.get("Trial", params={"x": "y" * 9000}).status_code == 414


# bodies


def test_a_body_is_read_as_one_resource(harbour: Software) -> None:
    answer = harbour.post("Trial", BUNDLE)

    assert (answer.status_code, answer.json()) == (201, BUNDLE)
    assert answer.headers["content-type"] == "application/fhir+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/fhir+xml", "", "multipart/form-data"])
def test_another_kind_of_body_is_refused(harbour: Software, kind: str) -> None:
    answer = harbour.post("Trial", BUNDLE, headers={"Content-Type": kind})

    assert (answer.status_code, issue(answer)["code"]) == (415, "not-supported")


@pytest.mark.parametrize("kind", ["application/json", "Application/FHIR+JSON; charset=UTF-8; fhirVersion=4.0"])
def test_json_is_json(harbour: Software, kind: str) -> None:
    assert harbour.post("Trial", BUNDLE, headers={"Content-Type": kind}).status_code == 201


def test_another_charset_and_a_packed_body_are_refused(harbour: Software) -> None:
    latin = {"Content-Type": "application/json; charset=iso-8859-1"}

    assert harbour.post("Trial", BUNDLE, headers=latin).status_code == 415
    assert harbour.post("Trial", BUNDLE, headers={"Content-Encoding": "gzip"}).status_code == 415


def test_a_body_that_is_too_large_is_refused_whatever_its_header_says(harbour: Software) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 65536

    for sent in (b" " * (body.BODY_MAX + 1), chunks()):
        headers = {"Content-Type": "application/fhir+json"}
        answer = harbour.request("POST", "Trial", content=sent, headers=headers)
        assert (answer.status_code, issue(answer)["code"]) == (413, "too-costly")
        assert answer.headers["connection"] == "close"


def test_a_body_of_exactly_the_limit_is_read(harbour: Software) -> None:
    data = json.dumps(BUNDLE).encode()

    assert harbour.post("Trial", data + b" " * (body.BODY_MAX - len(data))).status_code == 201


def test_no_body_is_read_of_who_may_not_send_one(door: Door) -> None:
    headers = {"Content-Type": "text/plain"}

    assert door.http.post("/fhir/Trial", content=b" " * 5_000_000, headers=headers).status_code == 401


def ask(door: Door, messages: list[dict[str, Any]], **scope: Any) -> list[dict[str, Any]]:
    """A request by its messages, as a server hands them on; afterwards nothing more comes."""

    async def run() -> list[dict[str, Any]]:
        waiting, sent = iter(messages), list[dict[str, Any]]()

        async def receive() -> dict[str, Any]:
            found = next(waiting, None)
            if found is None:
                await asyncio.Event().wait()
            assert found is not None
            return found

        async def send(message: Any) -> None:
            sent.append(dict(message))

        request = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "query_string": b"",
            "server": ("127.0.0.1", 8470),
            "client": ("127.0.0.1", 1),
            "root_path": "",
            "raw_path": b"",
            **scope,
        }
        await door.app(request, receive, send)
        return sent

    return asyncio.run(run())


def post_of(harbour: Software) -> dict[str, Any]:
    token = harbour.token()
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/fhir+json")]
    return {"method": "POST", "path": "/fhir/Trial", "headers": [*headers, (b"content-length", b"10")]}


def test_a_body_that_trickles_is_given_up(door: Door, harbour: Software, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "READ_S", 0.01)

    sent = ask(door, [{"type": "http.request", "body": b"{", "more_body": True}], **post_of(harbour))

    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_body_that_ends_before_its_end_is_no_body(door: Door, harbour: Software) -> None:
    messages = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    sent = ask(door, messages, **post_of(harbour))

    assert sent[0]["status"] == 400
    assert door.faults == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b'{"resourceType": "Patient"}', id="another resource"),
        pytest.param(b'{"resourceType": "Bundle", "resourceType": "Patient"}', id="a key twice"),
        pytest.param(b'{"resourceType": "Bundle", "x": NaN}', id="no number"),
        pytest.param(b'{"resourceType": "Bundle", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", id="nested deeply"),
        pytest.param(b'{"resourceType": "Bundle", "x": ' + b'{"x":' * 100_000 + b"1" + b"}" * 100_001, id="in objects"),
        pytest.param(b'{"resourceType": "Bundle", "x": ' + b"1" * 100_000 + b"}", id="a number without end"),
        pytest.param(b'{"resourceType": "Zqname"}', id="a word of somebody's"),
    ],
)
def test_what_is_no_resource_of_ours_is_refused_with_its_place(door: Door, harbour: Software, data: bytes) -> None:
    answer = harbour.post("Trial", data)

    assert (answer.status_code, issue(answer)["code"]) == (400, "structure")
    assert issue(answer)["expression"]
    assert "zqname" not in answer.text.lower()
    assert door.faults == []


# what goes wrong


@pytest.mark.parametrize(
    ("error", "status", "code", "reason"),
    [
        (NotOurMessage([Fault("Bundle.entry[0]", "nothing", "an entry")]), 400, "structure", "DN_SCHEMA"),
        (RecordUnreadable("Task.status", "`07`", "a code"), 400, "invalid", ""),
        (MappingGap("Task.status", "`07`", "a code"), 400, "code-invalid", ""),
        (NeedsReview("Patient", "two candidates", "one"), 403, "forbidden", "DN_IDENTITY"),
        (Refused("consent", "another version", "the current one", "read it again"), 422, "business-rule", ""),
        (Unavailable("store hub-db.internal", "no answer", "one", ""), 503, "transient", ""),
    ],
)
def test_an_error_of_ours_is_answered_by_what_to_do_next(
    door: Door, error: Exception, status: int, code: str, reason: str
) -> None:
    RAISED["this"] = error

    answer = door.http.get("/fhir/Trial/raises?kind=this")

    found = issue(answer)
    assert (answer.status_code, found["code"]) == (status, code)
    assert [each["code"] for each in found.get("details", {}).get("coding", [])] == ([reason] if reason else [])
    assert ("retry-after" in answer.headers) == (status == 503)
    assert "internal" not in answer.text
    assert reason in {"", *Code}
    assert door.faults == []


@pytest.mark.parametrize("error", [ValueError("Zqname"), IntegrityBroken("x", "Zqname"), KeyGone("x", "Zqname")])
def test_a_fault_of_ours_is_told_by_an_id_alone(door: Door, error: Exception) -> None:
    RAISED["that"] = error

    answer = door.http.get(
        "/fhir/Trial/raises?kind=that", headers={"X-Request-ID": "7f0c5c1e-0000-4000-8000-000000000000"}
    )

    ((place, fault),) = door.faults
    assert (answer.status_code, issue(answer)["code"]) == (500, "exception")
    assert place == f"http/{issue(answer)['diagnostics'].rpartition(' ')[2]}"
    assert answer.headers["x-request-id"] == "7f0c5c1e-0000-4000-8000-000000000000"
    assert SAFE.items() <= dict(answer.headers).items()
    assert "zqname" not in (answer.text + str(fault) + place).lower()


def test_a_route_may_say_what_is_wrong_itself(door: Door) -> None:
    answer = door.http.get("/fhir/Trial/wrong")

    assert answer.status_code == 409
    assert issue(answer) == {
        "severity": "error",
        "code": "conflict",
        "details": {"coding": [{"system": "https://hub.example.org/fhir/CodeSystem/reason-code", "code": "DN_STALE"}]},
        "diagnostics": "another version",
        "expression": ["Task.meta.versionId"],
    }


def test_a_parameter_of_another_type_is_named_and_not_repeated(door: Door) -> None:
    answer = door.http.get("/fhir/Trial/number/zqname")

    assert (answer.status_code, issue(answer)["expression"]) == (400, ["http.path.number"])
    assert "zqname" not in answer.text


# what the hub says of itself


def test_the_statement_is_made_from_the_routes(door: Door) -> None:
    statement = door.http.get("/fhir/metadata").json()

    (rest,) = statement["rest"]
    kinds = {each["type"] for each in rest.get("resource", [])}
    said = [route.openapi_extra[MARK] for route in routes_of(door.app) if MARK in (route.openapi_extra or {})]
    assert kinds == {each["kind"] for each in said if "kind" in each}
    assert rest["security"]["extension"] == [
        {
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": [{"url": "token", "valueUri": f"{BASE}/token"}],
        }
    ]
    assert statement["fhirVersion"] == "4.0.1"


def test_every_path_of_fhir_says_what_it_is(door: Door) -> None:
    silent = {
        route.path
        for route in routes_of(door.app)
        if route.path.startswith("/fhir/") and "Trial" not in route.path and MARK not in (route.openapi_extra or {})
    }

    assert silent == OPEN


def test_how_to_get_in_is_said_without_a_token(door: Door) -> None:
    answer = door.http.get("/fhir/.well-known/smart-configuration")

    found = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert found["token_endpoint"] == f"{BASE}/token"
    assert found["token_endpoint_auth_signing_alg_values_supported"] == ["ES384", "RS384"]
    assert "system/Task.rus" in found["scopes_supported"]


def test_the_application_can_describe_itself(door: Door) -> None:
    document = door.app.openapi()

    assert "/fhir/token" in document["paths"]
    assert document["paths"]["/fhir/Trial"]["get"]["security"] == [{"token": []}]
    assert list(document["paths"]["/fhir/Trial"]["post"]["requestBody"]["content"]) == ["application/fhir+json"]
    token = document["paths"]["/fhir/token"]["post"]
    assert list(token["requestBody"]["content"]) == ["application/x-www-form-urlencoded"]
    assert "security" not in token
    assert "HTTPValidationError" not in json.dumps(document)
    assert document["servers"] == [{"url": "http://127.0.0.1:8470"}]
    assert door.http.get("/openapi.json").status_code == 404
    assert door.http.get("/docs").status_code == 404


def test_a_client_that_is_no_fhir_system_has_no_token(network: Network, door: Door) -> None:
    network.put(System("harbour-x", "harbour", "cms", "active", {"jwks": public(signing_key("x"))}))

    assert Software(door, "harbour-x", signing_key("x")).ask().status_code == 401
