"""``hub agencies add --jwks``: an agency and its software in one act, and what that software must know."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.door import public, signing_key
from tests.network import Network
from tests.unit.commands.conftest import Desk
from tests.unit.keys.test_remote import HYBRID
from tests.unit.model.test_jwk import PRIVATE, X25519

ADD = ("agencies", "add", "northside", "--name", "Northside", "--lane", "general", "--as", "steward")
BASE = "http://127.0.0.1:8470/fhir"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, content in {
        "jwks": public(signing_key("n1")),
        "both": public(signing_key("n1"), signing_key("n2")),
        "private": {"keys": [PRIVATE]},
        "hpke": X25519,
        "hybrid": HYBRID,
        "low": {**X25519, "x": base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()},
        "list": [],
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "large.json").write_text(" " * 70_000)
    return tmp_path


def settings(network: Network) -> dict[str, Any]:
    return dict(network.directory().systems["northside-fhir"].settings)


def test_an_agency_and_its_software_are_kept_together(desk: Desk, network: Network, files: Path) -> None:
    said = desk.json(*ADD, "--jwks", str(files / "jwks.json"), "--hpke", str(files / "hpke.json"))

    assert said == {
        "changed": ["northside", "northside-fhir"],
        "same": 0,
        "unknown": [],
        "base": BASE,
        "token_url": f"{BASE}/token",
        "client_id": "northside-fhir",
        "agency": "northside",
        "scopes": said["scopes"],
        "hub_key": (network.hub.settings.keys / "hub.pub").read_text().strip(),
        "gateway": "hub gateway run --config gateway.toml",
    }
    assert "system/Bundle.cru" in said["scopes"]
    system = network.directory().systems["northside-fhir"]
    assert (system.agency, system.kind, system.status) == ("northside", "fhir", "active")
    assert settings(network) == {"jwks": public(signing_key("n1")), "hpke": X25519}
    last = [entry for entry in network.entries() if entry["event_type"] == "CONFIG_CHANGE"][-2:]
    assert [(each["what"], each["name"]) for each in last] == [("agency", "northside"), ("system", "northside-fhir")]


def test_what_it_must_know_is_printed(desk: Desk, files: Path) -> None:
    text = desk.ok(*ADD, "--jwks", str(files / "jwks.json"), "--system", "north-software")

    assert f'  base = "{BASE}"' in text
    assert '  client_id = "north-software"' in text
    assert f"  token_url: {BASE}/token" in text


def test_without_keys_it_is_as_it_was(desk: Desk, network: Network) -> None:
    assert desk.json(*ADD) == {"changed": ["northside"], "same": 0, "unknown": []}
    assert "northside-fhir" not in network.directory().systems


def test_keys_are_replaced_and_what_is_not_given_stays(desk: Desk, network: Network, files: Path) -> None:
    desk.ok(*ADD, "--jwks", str(files / "jwks.json"), "--hpke", str(files / "hpke.json"))

    again = desk.json(*ADD, "--jwks", str(files / "jwks.json"))
    assert (again["changed"], again["same"]) == ([], 2)

    desk.ok(*ADD, "--jwks", str(files / "both.json"))
    assert settings(network) == {"jwks": public(signing_key("n1"), signing_key("n2")), "hpke": X25519}
    desk.ok(*ADD, "--hpke", str(files / "hybrid.json"))
    assert settings(network)["hpke"] == HYBRID
    desk.ok(*ADD, "--jwks", "https://northside.example/jwks.json")
    assert settings(network) == {"jwks_url": "https://northside.example/jwks.json", "hpke": HYBRID}


def test_a_suspended_client_is_not_let_in_again_by_new_keys(desk: Desk, network: Network, files: Path) -> None:
    desk.ok(*ADD, "--jwks", str(files / "jwks.json"))
    desk.ok("suspend", "system", "northside-fhir", "--as", "steward")

    desk.ok(*ADD, "--jwks", str(files / "both.json"))

    assert network.directory().systems["northside-fhir"].status == "suspended"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--jwks", "private.json"), "a private key"),
        (("--jwks", "hpke.json"), "jwks: got no key set"),
        (("--jwks", "list.json"), "--jwks: got no JSON object"),
        (("--jwks", "large.json"), "--jwks: got 70000 bytes"),
        (("--jwks", "nothing.json"), "--jwks: got No such file"),
        (("--jwks", "http://northside.example/jwks"), "jwks_url: got another kind of address"),
        (("--jwks", "jwks.json", "--hpke", "jwks.json"), "hpke key: got 1 fields"),
        (("--jwks", "jwks.json", "--hpke", "low.json"), "a point of low order"),
        (("--hpke", "hpke.json"), "settings: got both or none"),
        (("--jwks", "jwks.json", "--system", "harbour-cms"), "--system: got the id of another kind of system"),
        (("--jwks", "jwks.json", "--system", "Zqname"), "--system: got aaaaaa"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(
    desk: Desk, network: Network, files: Path, args: tuple[str, ...], said: str
) -> None:
    named = [str(files / arg) if arg.endswith(".json") else arg for arg in args]

    result = desk.run(*ADD, *named)

    assert result.exit_code == 1
    assert said in result.output
    assert PRIVATE["d"] not in result.output
    assert "northside" not in network.directory().agencies


def test_another_agencys_software_is_not_taken_over(desk: Desk, network: Network, files: Path) -> None:
    desk.ok(*ADD, "--jwks", str(files / "jwks.json"))
    other = ("agencies", "add", "southside", "--name", "South", "--lane", "general", "--as", "steward")

    result = desk.run(*other, "--jwks", str(files / "both.json"), "--system", "northside-fhir")

    assert result.exit_code == 1
    assert "southside" not in network.directory().agencies
    assert network.directory().systems["northside-fhir"].agency == "northside"
