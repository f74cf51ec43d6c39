"""``hub workers add --key``: the public key with which a worker signs over HTTP is registered, changed, taken away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.directory import WORKER, from_row
from hub.errors import Refused
from hub.model.jwk import thumbprint, worker_fault
from tests.door import signing_key
from tests.network import Network
from tests.signing import ed25519_key, held
from tests.unit.commands.conftest import Desk

ADD = ("workers", "add", "nora", "--agency", "harbour", "--role", "worker", "--as", "steward")


def public(key: Any) -> str:
    return json.dumps(key.as_dict(private=False))


def of(network: Network, worker: str) -> Any:
    return network.directory().workers[worker]


def changes(desk: Desk) -> list[dict[str, Any]]:
    return [each for each in desk.entries() if each["event_type"] == "CONFIG_CHANGE" and each["name"] == "nora"]


@pytest.mark.parametrize("key", [signing_key("nora"), ed25519_key("nora")], ids=["P-384", "Ed25519"])
def test_a_key_is_kept_and_the_log_says_which(desk: Desk, network: Network, tmp_path: Path, key: ECKey | OKPKey):
    file = tmp_path / "nora.json"
    file.write_text(public(key))

    desk.ok(*ADD, "--key", str(file))

    assert dict(of(network, "nora").key) == held(key)
    assert changes(desk)[-1]["key"] == key.thumbprint() == thumbprint(held(key)), "RFC 7638, as the library has it"
    (row,) = [each for each in desk.json("workers", "list")["workers"] if each["id"] == "nora"]
    assert row["key"] == "nora"
    assert desk.json(*ADD, "--key", str(file))["same"] == 1


def test_another_key_replaces_it_and_none_takes_it_away(desk: Desk, network: Network):
    desk.ok(*ADD, "--key", "-", stdin=public(signing_key("nora")))

    desk.ok(*ADD, "--key", "-", stdin=public(ed25519_key("nora-2")))
    assert of(network, "nora").key["kid"] == "nora-2"
    desk.ok(*ADD)

    assert of(network, "nora").key == {}
    assert ["key" in each for each in changes(desk)] == [True, True, False]


def test_two_workers_have_no_key_in_common(desk: Desk, network: Network):
    desk.ok(*ADD, "--key", "-", stdin=public(signing_key("nora")))
    under_another_name = json.dumps({**signing_key("nora").as_dict(private=False), "kid": "other"})

    said = desk.refused(
        *("workers", "add", "olga", "--agency", "harbour", "--role", "supervisor", "--key", "-", "--as", "steward"),
        stdin=under_another_name,
    )

    assert "worker, key: got the key of another worker" in said
    assert "olga" not in network.directory().workers


def test_a_file_of_workers_may_have_keys(desk: Desk, network: Network):
    cell = public(signing_key("nora")).replace('"', '""')

    desk.ok(*("workers", "import", "-", "--as", "steward"), stdin=f'id,agency,role,key\nnora,harbour,worker,"{cell}"\n')

    assert of(network, "nora").key["kid"] == "nora"


P384 = signing_key("nora").as_dict(private=False)
WRONG = [
    pytest.param(signing_key("nora").as_dict(private=True), "a private key", id="private, P-384"),
    pytest.param(ed25519_key("nora").as_dict(private=True), "a private key", id="private, Ed25519"),
    pytest.param({"kty": "oct", "k": "c2VjcmV0", "kid": "a"}, "a private key", id="a secret"),
    pytest.param(RSAKey.generate_key(2048, {"kid": "a"}).as_dict(private=False), "another kind of key", id="RSA"),
    pytest.param(ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=False), "another kind", id="P-256"),
    pytest.param(OKPKey.generate_key("X25519", {"kid": "a"}).as_dict(private=False), "another kind", id="X25519"),
    pytest.param({"keys": [P384]}, "another kind of key", id="a set"),
    pytest.param({**P384, "use": "enc"}, "another kind of key", id="to encrypt with"),
    pytest.param({**P384, "alg": "ES256"}, "another alg", id="another algorithm"),
    pytest.param({name: value for name, value in P384.items() if name != "kid"}, "no kid", id="no kid"),
    pytest.param({**P384, "kid": "nora tremblay"}, "no kid", id="a kid with a space"),
    pytest.param({**P384, "x": "AAAA"}, "another length", id="a short x"),
    pytest.param({**P384, "x": 7}, "another length", id="a number"),
    pytest.param({**P384, "x": P384["y"], "y": P384["x"]}, "a point beside its curve", id="beside the curve"),
]


@pytest.mark.parametrize(("key", "says"), WRONG)
def test_what_is_no_public_key_of_a_worker_is_not_kept(desk: Desk, network: Network, key: dict[str, Any], says: str):
    said = desk.refused(*ADD, "--key", "-", stdin=json.dumps(key))

    assert "worker, key: got " in said
    assert says in said
    assert "nora" not in network.directory().workers
    for secret in ("d", "k"):
        assert str(key.get(secret, "no secret")) not in said


def test_what_is_no_json_is_not_kept(desk: Desk, network: Network):
    for data in ("", "{", "[]", "7", "-----BEGIN PUBLIC KEY-----"):
        assert "--key" in desk.refused(*ADD, "--key", "-", stdin=data)
    assert worker_fault([]) is not None
    assert "nora" not in network.directory().workers


@pytest.mark.parametrize("cell", ["{", "[]", "nora", "[" * 100_000])
def test_a_cell_that_is_no_key_names_its_column(network: Network, cell: str):
    from hub.desk.configure import known

    with pytest.raises(Refused, match="worker, key"):
        from_row(
            WORKER,
            {"id": "nora", "agency": "harbour", "role": "worker", "key": cell},
            known(network.hub.house, network.directory()),
        )
