"""The configuration and the keys: what is wrong is told before anybody is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.sealing_key import read_key
from tests.unit.gateway.conftest import Machine
from tests.unit.gateway.twin import TwinHub


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"base": "http://hub.example.org/fhir"}, "http to another machine", id="plain http"),
        pytest.param({"base": "https://me:pw@hub.example.org/fhir"}, "no such address", id="a password in the address"),
        pytest.param({"base": "ftp://127.0.0.1/fhir"}, "no such address", id="another scheme"),
        pytest.param({"base": "https:///fhir"}, "no such address", id="no host"),
        pytest.param({"base": "https://[::1/fhir"}, "no such address", id="half an address"),
        pytest.param({"base": "http://127.0.0.1.example.org/fhir"}, "another machine", id="a name like loopback's"),
        pytest.param({"base": "https://höb.example.org/fhir"}, "no such address", id="an address outside ASCII"),
        pytest.param({"base": "https://hub.example.org/fh ir"}, "no such address", id="a space in the address"),
        pytest.param({"base": "https://hub.example.org/fhir\n"}, "no such address", id="a line more"),
        pytest.param({"hub_key": "hub.example.org/log+00000000+AAAA"}, "hub_key", id="no key of the hub"),
        pytest.param({"agency": ""}, "agency", id="no agency"),
        pytest.param({"client_id": None}, "client_id", id="no client id"),
        pytest.param({"verify": "no"}, "not known", id="a word that is not known"),
        pytest.param({"proxy": "socks://x"}, "proxy", id="another proxy"),
        pytest.param({"proxy": "http://me:pw@pröxy.example.org:3128"}, "proxy", id="a proxy outside ASCII"),
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
