"""What is not proven is not written and not acknowledged; a receipt that proves something else is not kept."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hub.keys.lines import log_key
from hub.keys.remote import info_of, seal_to
from hub.model.canonical import canonical, content_digest
from hub.sealing_key import read_key
from tests.unit.gateway.conftest import Machine, unproven
from tests.unit.gateway.twin import AGENCY, MARK, SALT, TwinHub, response

WORD = response("ok")["entry"]


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


OTHER = content_digest(bytes.fromhex(SALT), b"{}")


@pytest.mark.parametrize("digest", [OTHER, "é" * 64, "", "\u0000", "０" * 64])
def test_a_promise_of_another_content(machine: Machine, twin: TwinHub, digest: str) -> None:
    held = twin.hold()
    enter = twin.enter
    twin.enter = lambda envelope, _digest: enter(envelope, digest)

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
