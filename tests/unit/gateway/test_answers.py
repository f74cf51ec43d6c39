"""What the hub answers that is no success, and who it is that answers."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest

from tests.certificates import certificate
from tests.unit.gateway.conftest import Machine
from tests.unit.gateway.twin import TwinHub, outcome


@pytest.mark.parametrize(
    ("path", "answer", "code", "why"),
    [
        pytest.param("/$open", outcome(404, "not-found", ""), 1, "look alike", id="gone"),
        pytest.param(
            "/$open", outcome(403, "forbidden", "ask for the scope", reason="OX_ROLE"), 1, "OX_ROLE", id="forbidden"
        ),
        pytest.param("/$open", outcome(429, "throttled", "", {"Retry-After": "9"}), 4, "in 9 s", id="too often"),
        pytest.param("/$open", outcome(429, "throttled", "", {"Retry-After": "\x1b[2J"}), 4, "429", id="odd wait"),
        pytest.param("/$open", (500, {}, b"<html>"), 4, "HTTP 500", id="a fault of the hub"),
        pytest.param("/$open", (200, {}, b"<html>"), 1, "not understood", id="a page of somebody"),
        pytest.param("/$open", (200, {}, b'{"resourceType":"Parameters"}'), 1, "not understood", id="no parameters"),
        pytest.param("/token", (401, {}, b'{"error":"invalid_client"}'), 1, "invalid_client", id="an unknown key"),
        pytest.param("/token", (400, {}, b'{"error":"invalid_scope"}'), 1, "invalid_scope", id="no scope"),
        pytest.param(
            "/token", (200, {}, b'{"access_token":"x\\r\\nHost: y","expires_in":9}'), 1, "token", id="a header"
        ),
        pytest.param("/token", (200, {}, b'{"access_token":"x"}'), 1, "expires_in", id="a token without end"),
    ],
)
def test_an_answer_that_is_no_success(
    machine: Machine, twin: TwinHub, path: str, answer: Any, code: int, why: str
) -> None:
    held = twin.hold()
    twin.answers[path] = answer

    said = machine.refused("open", held.envelope, code=code)

    assert why in said
    assert "\x1b" not in said
    assert machine.files() == set()


def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(machine: Machine, twin: TwinHub) -> None:
    twin.answers["/$deliveries"] = (307, {"Location": f"{twin.base}/elsewhere"}, b"")

    said = machine.refused("list")

    assert "a redirect (HTTP 307)" in said
    assert not any("elsewhere" in asked.path for asked in twin.asked)


def test_an_answer_without_end_is_left(machine: Machine, twin: TwinHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.gateway.wire.ANSWER_MAX", 100)
    twin.answers["/$deliveries"] = (200, {}, b"x" * 101)

    assert "an answer of more than 100 bytes" in machine.refused("list")


def test_nobody_listens(machine: Machine, unstarted: TwinHub) -> None:
    machine.change(base="http://127.0.0.1:9/fhir")

    said = machine.refused("run", "--once", code=4)

    assert said.startswith("hub: got ConnectError")


# --- who answers


@pytest.mark.parametrize(
    ("name", "trusted", "good"),
    [
        pytest.param("127.0.0.1", True, True, id="the hub's, by an authority that is named"),
        pytest.param("127.0.0.1", False, False, id="by an authority that nobody knows"),
        pytest.param("elsewhere.example.org", True, False, id="of another name"),
    ],
)
def test_a_certificate_is_checked(
    machine: Machine, unstarted: TwinHub, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, good: bool
) -> None:
    pem = certificate(machine.folder, name)
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(pem))  # what the environment names is trusted by nobody
    machine.reach(unstarted, pem, trusted=trusted)
    held = unstarted.hold()

    if good:
        machine.ok("run", "--once")
        assert held.acknowledged
    else:
        assert "a certificate that is not trusted" in machine.refused("list")
        assert unstarted.asked == []


def test_proxies_of_the_environment_are_not_asked(
    machine: Machine, twin: TwinHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")

    assert machine.ok("list") == "nothing waits\n"


def test_a_proxy_that_is_named_is_asked_by_its_name_and_password(machine: Machine, twin: TwinHub) -> None:
    twin.tokens = {"t"}
    twin.answers["/token"] = (200, {}, b'{"access_token":"t","expires_in":300}')
    machine.change(base="http://127.0.0.1:9/fhir", proxy=twin.base.removesuffix("/fhir").replace("//", "//me:p%40w@"))

    assert machine.ok("list") == "nothing waits\n"

    assert {asked.path for asked in twin.asked} == {
        f"http://127.0.0.1:9/fhir/{what}" for what in ("token", "$deliveries")
    }
    (said,) = {asked.headers["proxy-authorization"] for asked in twin.asked}
    assert said == f"Basic {base64.b64encode(b'me:p@w').decode()}"
    assert {asked.headers["host"] for asked in twin.asked} == {"127.0.0.1:9"}
