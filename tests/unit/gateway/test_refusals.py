"""What the gateway does not believe, does not do and does not say."""

from __future__ import annotations

import base64
import json
import os
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.keys.lines import log_key
from hub.keys.remote import info_of, read_key, seal_to
from hub.model.canonical import canonical, content_digest
from tests.unit.gateway.conftest import Machine
from tests.unit.gateway.twin import AGENCY, MARK, SALT, TwinHub, message, outcome, response

WORD = response("ok")["entry"]

# --- what is not proven is not written and not acknowledged


def unproven(machine: Machine, twin: TwinHub, code: int = 3) -> str:
    held = twin.held[0]
    said = machine.run("run", "--once")
    assert said.exit_code == code, said.output
    assert machine.files() == set()
    assert not held.acknowledged
    return said.stderr


def changed(**change: Any) -> Any:
    def inside(content: bytes) -> bytes:
        return canonical({**json.loads(content), **change})

    return inside


def of_another_bundle(content: bytes) -> bytes:
    said = json.loads(content)
    said["bundle"]["entry"].pop()
    return canonical(said)


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        pytest.param(of_another_bundle, "not signed", id="a content that was changed"),
        pytest.param(changed(salt="cd" * 32), "not signed", id="another salt"),
        pytest.param(changed(promise="x"), "not signed", id="another promise"),
        pytest.param(changed(signature=""), "not signed", id="no signature"),
        pytest.param(changed(signature=base64.b64encode(b"s" * 64).decode()), "not signed", id="a wrong signature"),
        pytest.param(changed(signature=None), "out of shape", id="a signature that is no text"),
        pytest.param(changed(salt="short"), "out of shape", id="a salt out of shape"),
        pytest.param(changed(bundle={"resourceType": "Patient"}), "expected a Bundle", id="another resource"),
        pytest.param(changed(more=1), "another content", id="a field more"),
        pytest.param(lambda _content: b"[]", "another content", id="a list"),
        pytest.param(lambda _content: b"{", "another content", id="no JSON"),
    ],
)
def test_a_content_that_is_not_the_hubs(machine: Machine, twin: TwinHub, inside: Any, why: str) -> None:
    twin.hold()
    twin.inside = inside

    said = unproven(machine, twin)

    assert why in said
    assert "do not use what came" in said


def test_a_content_that_somebody_else_signed_and_sealed(machine: Machine, twin: TwinHub) -> None:
    """HPKE's base mode lets anybody seal to a public key: what they cannot do is sign as the hub."""
    twin.hold()
    stranger = log_key("hub.example.org/log", b"7" * 32).private
    twin.keys.sign = stranger.sign

    assert "not signed" in unproven(machine, twin)


def test_a_content_for_another_agency(machine: Machine, twin: TwinHub) -> None:
    twin.hold()
    twin.recipient = "harbour"

    assert "do not open as this message, for this agency" in unproven(machine, twin)


def test_a_content_signed_for_another_agency_and_sealed_for_us(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    twin.recipient = "harbour"

    def resealed(said: dict[str, str]) -> dict[str, str]:
        return {**said, "sealed": seal_to(key, contents[-1], info_of(held.envelope, AGENCY, key.keyid)).sealed}

    key, contents = read_key(twin.hpke), []
    twin.inside = lambda content: contents.append(content) or content
    twin.twist = resealed

    assert "not signed for us" in unproven(machine, twin)


def test_another_message_under_this_ones_name(machine: Machine, twin: TwinHub) -> None:
    """A server between us swaps two answers: neither the seal nor the signature is of the one that was asked for."""
    first, second = twin.hold(1), twin.hold(2)
    answers: list[dict[str, str]] = []

    def swapped(said: dict[str, str]) -> dict[str, str]:
        answers.append(said)
        return {**twin_of_second, "envelope": said["envelope"]}

    twin_of_second = twin._open(second)
    twin.twist = swapped

    said = machine.run("open", first.envelope, "--ack")

    assert said.exit_code == 3
    assert machine.files() == set()
    assert not first.acknowledged


def test_a_promise_to_another_agency(machine: Machine, twin: TwinHub) -> None:
    twin.hold()
    twin.promised_to = "harbour"

    assert "promise of another message or to another agency" in unproven(machine, twin)


@pytest.mark.parametrize("entry", [None, [], [{"resource": "x"}], [{"fullUrl": "x"}], [7], "x", [*WORD, MARK]], ids=str)
def test_a_content_without_a_promise_must_be_about_nobody(machine: Machine, twin: TwinHub, entry: Any) -> None:
    held = twin.hold()
    held.word = True
    if entry is not None:
        held.bundle["entry"] = entry

    assert "expected a note" in unproven(machine, twin)


def test_a_promise_of_another_content(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    enter = twin.enter
    twin.enter = lambda envelope, _digest: enter(envelope, content_digest(bytes.fromhex(SALT), b"{}"))

    assert "a promise of another content" in unproven(machine, twin)
    assert held.openings


@pytest.mark.parametrize(
    ("twist", "why", "code"),
    [
        pytest.param({"sealed": base64.b64encode(b"x" * 80).decode()}, "do not open", 3, id="noise"),
        pytest.param({"sealed": ""}, "do not open", 3, id="nothing"),
        pytest.param({"sealed": "é"}, "do not open", 3, id="no base64"),
        pytest.param({"keyid": "another"}, "closed to another key", 1, id="another key"),
        pytest.param({"suite": "DHKEM(P-256)"}, "closed to another key", 1, id="another suite"),
        pytest.param({"envelope": "00000000-0000-0000-0000-0000000000ff"}, "another message", 3, id="another message"),
    ],
)
def test_an_answer_that_does_not_open(machine: Machine, twin: TwinHub, twist: Any, why: str, code: int) -> None:
    twin.hold()
    twin.twist = lambda said: {**said, **twist}

    assert why in unproven(machine, twin, code)


def test_one_message_that_does_not_verify_keeps_no_other_lane_back(machine: Machine, twin: TwinHub) -> None:
    bad, good = twin.hold(1), twin.hold(2)
    twin.twist = lambda said: said | ({"sealed": ""} if said["envelope"] == bad.envelope else {})

    result = machine.run("run", "--once")

    assert result.exit_code == 3
    assert (bad.acknowledged, good.acknowledged) == (False, True)
    assert "1 problems" in result.stdout


def test_a_run_that_goes_on_stops_for_what_does_not_verify(machine: Machine, twin: TwinHub) -> None:
    twin.hold()
    twin.twist = lambda said: {**said, "sealed": ""}

    assert machine.run("run").exit_code == 3
    assert machine.slept == []


# --- receipts


def test_a_receipt_of_another_content_is_not_kept(machine: Machine, twin: TwinHub) -> None:
    held = twin.hold()
    machine.ok("open", held.envelope, "--ack")
    held.openings.append(twin.enter(held.envelope, "cd" * 32))

    said = machine.run("run", "--once")

    assert said.exit_code == 3
    assert "receipt of another content" in said.stderr
    assert f"{held.envelope}.receipt.json" not in machine.files()


@pytest.mark.parametrize("kind", ["for another agency", "of another message", "changed", "by another hub", "no JSON"])
def test_a_receipt_that_proves_nothing_of_ours_is_not_kept(machine: Machine, twin: TwinHub, kind: str) -> None:
    held, other = twin.hold(1), twin.hold(2)
    machine.ok("open", held.envelope, "--ack")
    if kind == "for another agency":
        twin.promised_to = "harbour"
        document = twin.receipt_of(twin.enter(held.envelope, "cd" * 32))
    else:
        twin._open(other)
        document = twin.receipt_of((other if kind == "of another message" else held).openings[-1])
    if kind == "changed":
        document = document.replace(b'"index": ', b'"index": 1')
    if kind == "by another hub":
        machine.change(hub_key=log_key("hub.example.org/log", b"7" * 32).verifier)
    twin.answers["/$receipt"] = (200, {}, b"<html>" if kind == "no JSON" else document)

    machine.refused("receipt", held.envelope, code=3)

    assert f"{held.envelope}.receipt.json" not in machine.files()


# --- what the hub answers


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
    monkeypatch.setattr("hub.gateway.client.ANSWER_MAX", 100)
    twin.answers["/$deliveries"] = (200, {}, b"x" * 101)

    assert "an answer of more than 100 bytes" in machine.refused("list")


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "", "x", "00000000-0000-0000-0000-00000000000G", MARK])
def test_a_name_that_is_no_id_becomes_no_file(machine: Machine, twin: TwinHub, name: str) -> None:
    held = twin.hold()
    held.envelope = name

    result = machine.run("run", "--once")

    assert result.exit_code == 1
    assert "UUID" in result.stderr
    assert machine.files() == set()
    assert not any(asked.path.endswith("open") for asked in twin.asked)


def test_nobody_listens(machine: Machine, unstarted: TwinHub) -> None:
    machine.change(base="http://127.0.0.1:9/fhir")

    said = machine.refused("run", "--once", code=4)

    assert said.startswith("hub: got ConnectError")


# --- TLS


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub of a test")])
    now = datetime.now(UTC)
    alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.key").write_bytes(private)
    return folder / "tls.pem", folder / "tls.key"


@pytest.mark.parametrize(
    ("name", "trusted", "good"),
    [
        pytest.param("127.0.0.1", True, True, id="the hub's, by an authority that is named"),
        pytest.param("127.0.0.1", False, False, id="by an authority that nobody knows"),
        pytest.param("elsewhere.example.org", True, False, id="of another name"),
    ],
)
def test_a_certificate_is_checked(machine: Machine, unstarted: TwinHub, name: str, trusted: bool, good: bool) -> None:
    pem, key = certificate(machine.folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    unstarted.start(context)
    machine.change(base=unstarted.base, ca_file="tls.pem" if trusted else None)
    held = unstarted.hold()

    if good:
        machine.ok("run", "--once")
        assert held.acknowledged
    else:
        assert "a certificate that is not trusted" in machine.refused("list")
        assert unstarted.asked == []


# --- the configuration and the keys


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"base": "http://hub.example.org/fhir"}, "http to another machine", id="plain http"),
        pytest.param({"base": "https://me:pw@hub.example.org/fhir"}, "no such address", id="a password in the address"),
        pytest.param({"base": "ftp://127.0.0.1/fhir"}, "no such address", id="another scheme"),
        pytest.param({"base": "https:///fhir"}, "no such address", id="no host"),
        pytest.param({"base": "https://[::1/fhir"}, "no such address", id="half an address"),
        pytest.param({"base": "http://127.0.0.1.example.org/fhir"}, "another machine", id="a name like loopback's"),
        pytest.param({"hub_key": "hub.example.org/log+00000000+AAAA"}, "hub_key", id="no key of the hub"),
        pytest.param({"agency": ""}, "agency", id="no agency"),
        pytest.param({"client_id": None}, "client_id", id="no client id"),
        pytest.param({"verify": "no"}, "not known", id="a word that is not known"),
        pytest.param({"proxy": "socks://x"}, "proxy", id="another proxy"),
        pytest.param({"ca_file": "keys/jwks.json"}, "no certificates", id="no certificates"),
        pytest.param({"opening_key": "keys/hpke.json"}, "others can read", id="the public half"),
        pytest.param({"signing_key": "keys/nowhere.json"}, "nowhere.json", id="no key"),
        pytest.param({"signing_key": "keys/hpke.private.json"}, "P-384", id="the other key to sign"),
        pytest.param({"opening_key": "keys/signing.private.json"}, "X25519", id="the other key to open"),
    ],
)
def test_a_configuration_that_is_wrong(machine: Machine, twin: TwinHub, change: dict[str, Any], why: str) -> None:
    machine.change(**change)

    said = machine.refused("list")

    assert why in said
    assert "pw" not in said
    assert twin.asked == []


@pytest.mark.parametrize("text", ["base = ", "base = 7", "\xff", ""])
def test_a_configuration_that_is_none(machine: Machine, twin: TwinHub, text: str) -> None:
    machine.config.write_bytes(text.encode("latin-1"))

    assert "--config" in machine.refused("list")


@pytest.mark.parametrize("name", ["signing.private.json", "hpke.private.json"])
def test_a_private_key_that_others_can_read_is_not_used(machine: Machine, twin: TwinHub, name: str) -> None:
    (machine.folder / "keys" / name).chmod(0o640)

    assert f"chmod 600 {name}" in machine.refused("list")


def test_keys_are_made_once_and_their_private_halves_are_private(machine: Machine, hybrid: bool) -> None:
    out = machine.folder / "keys"
    more = ("--hybrid",) if hybrid else ()

    result = machine.run("keys", "--out", str(out), *more, "--json", config=False)

    said = json.loads(result.stdout)
    modes = {path.name: path.stat().st_mode & 0o777 for path in out.iterdir()}
    assert modes == {"signing.private.json": 0o600, "hpke.private.json": 0o600, "jwks.json": 0o644, "hpke.json": 0o644}
    assert out.stat().st_mode & 0o777 == 0o700
    public = json.loads((out / "hpke.json").read_text())
    assert read_key(public).keyid == said["opening_kid"]
    assert read_key(public).suite == said["suite"]
    (jwk,) = json.loads((out / "jwks.json").read_text())["keys"]
    assert (jwk["kty"], jwk["crv"], jwk["kid"], jwk["use"]) == ("EC", "P-384", said["signing_kid"], "sig")
    assert "d" not in jwk
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert machine.run("keys", "--out", str(out), config=False).exit_code == 1
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


# --- sending


def sending(machine: Machine, document: Any = None) -> str:
    file = machine.folder / "message.json"
    file.write_bytes(canonical(message() if document is None else document))
    return str(file)


def test_a_message_is_handed_in_byte_for_byte(machine: Machine, twin: TwinHub) -> None:
    said = machine.ok("send", sending(machine))

    assert said.startswith("accepted")
    assert twin.asked[-1].body == canonical(message())
    assert twin.asked[-1].headers["content-type"] == "application/fhir+json"


def test_what_was_withheld_is_said(machine: Machine, twin: TwinHub) -> None:
    issue = {
        "severity": "information",
        "code": "suppressed",
        "details": {"coding": [{"code": "RD_CATEGORY"}]},
        "expression": ["Bundle.entry[3]"],
        "diagnostics": "the consent does not name it",
    }
    twin.answers["/$process-message"] = (200, {}, canonical(response("ok", issue)))

    said = machine.ok("send", sending(machine))

    assert "information: RD_CATEGORY; Bundle.entry[3]; the consent does not name it" in said


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        pytest.param(
            outcome(403, "forbidden", "ask the client", reason="DN_NO_CONSENT", where="Bundle.entry[1]"),
            1,
            "Bundle.entry[1]: got DN_NO_CONSENT; ask the client",
            id="refused",
        ),
        pytest.param((403, {}, b""), 1, "may not do that", id="refused without a word"),
        pytest.param(outcome(503, "transient", "later"), 4, "nothing is lost", id="later"),
        pytest.param(
            (200, {}, canonical(response("transient-error"))), 4, "transient-error", id="later, says a response"
        ),
        pytest.param((200, {}, canonical(response("fatal-error"))), 1, "HTTP 200", id="refused, says a response"),
        pytest.param((200, {}, b"<html>"), 1, "not understood", id="a page of somebody"),
        pytest.param(outcome(413, "too-costly", ""), 1, "send a smaller message", id="too large"),
    ],
)
def test_a_message_that_is_not_accepted(machine: Machine, twin: TwinHub, answer: Any, code: int, why: str) -> None:
    twin.answers["/$process-message"] = answer

    said = machine.refused("send", sending(machine), code=code)

    assert why in said
    document = machine.json("send", sending(machine), code=code)
    assert document["accepted"] is False
    assert document["problems"]


def test_every_fault_of_a_message_is_told_on_one_line_that_steers_nothing(machine: Machine, twin: TwinHub) -> None:
    issues = [
        {
            "severity": "error",
            "code": "required",
            "diagnostics": "a\nb\x1b[2J" + "x" * 900,
            "expression": ["Task.code"],
        },
        {"severity": "error", "code": "value", "diagnostics": "second", "expression": "no list"},
        {"severity": "warning", "code": "value", "diagnostics": "third"},
        "no issue",
    ]
    twin.answers["/$process-message"] = (
        422,
        {},
        canonical({"resourceType": "OperationOutcome", "issue": issues}),
    )

    said = machine.refused("send", sending(machine)).splitlines()

    assert len(said) == 2
    assert said[0].startswith("Task.code: got required; a b [2Jxxx")
    assert len(said[0]) < 500


@pytest.mark.parametrize(
    "document", [{"resourceType": "Bundle", "type": "collection"}, {"resourceType": "Patient"}, []], ids=str
)
def test_what_is_no_message_is_not_sent(machine: Machine, twin: TwinHub, document: Any) -> None:
    assert "a FHIR Bundle of type message" in machine.refused("send", sending(machine, document))
    assert twin.asked == []


def test_a_message_whose_fate_is_unknown_may_be_sent_again(machine: Machine, unstarted: TwinHub) -> None:
    machine.change(base="http://127.0.0.1:9/fhir")

    assert "send the same file again" in machine.refused("send", sending(machine), code=4)


def test_proxies_and_certificates_of_the_environment_are_not_asked(
    machine: Machine, twin: TwinHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")

    assert machine.ok("list") == "nothing waits\n"
