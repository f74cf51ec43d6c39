"""The card of an agency's own software: what it may register, and that the hub asks nothing of it."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.remote import ADAPTER
from hub.clock import UtcClock
from hub.errors import Refused
from tests.door import public, signing_key
from tests.unit.keys.test_remote import HYBRID
from tests.unit.model.test_jwk import P384, PRIVATE, RSA, X25519

JWKS = public(signing_key("a"))
URL = "https://harbour.example/jwks.json"
OFF_ITS_CURVE = {**P384, "x": P384["y"], "y": P384["x"]}


def connect(settings: dict[str, Any]) -> Any:
    memory: Any = None
    return ADAPTER.connect(settings, memory, UtcClock().now)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"jwks": JWKS}, id="a P-384 key"),
        pytest.param({"jwks": {"keys": [RSA]}, "hpke": X25519}, id="an RSA key, and one to seal to"),
        pytest.param({"jwks_url": URL}, id="an address"),
        pytest.param({"jwks_url": URL, "hpke": HYBRID}, id="an address, and a hybrid key"),
        pytest.param({"jwks_url": "https://127.0.0.1:8443/jwks"}, id="this machine: an agency's software may be here"),
    ],
)
def test_good_settings_connect(settings: dict[str, Any]) -> None:
    source = connect(settings)

    assert source.fetch("7").cursor == "7"
    assert [each.ok for each in source.check()] == [True]


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        pytest.param({}, "settings", id="nothing"),
        pytest.param({"jwks": JWKS, "jwks_url": URL}, "settings", id="both"),
        pytest.param({"hpke": X25519}, "settings", id="no keys for signatures"),
        pytest.param({"jwks": JWKS, "secret": "x"}, "settings", id="an unknown one"),
        pytest.param({"jwks": {"keys": [PRIVATE]}}, "jwks.keys[0]", id="a private key"),
        pytest.param({"jwks": {"keys": [RSA, OFF_ITS_CURVE]}}, "jwks.keys[1]", id="a point beside its curve"),
        pytest.param({"jwks": "x"}, "jwks", id="a text"),
        pytest.param({"jwks_url": "http://harbour.example/jwks"}, "jwks_url", id="without TLS"),
        pytest.param({"jwks_url": "https://a:b@harbour.example/"}, "jwks_url", id="with a password"),
        pytest.param({"jwks_url": "https://"}, "jwks_url", id="nowhere"),
        pytest.param({"jwks_url": 7}, "jwks_url", id="a number"),
        pytest.param({"jwks_url": "https://[x"}, "jwks_url", id="no address"),
        pytest.param({"jwks": JWKS, "hpke": P384}, "hpke key", id="a key for signatures to seal to"),
        pytest.param({"jwks": JWKS, "hpke": "x"}, "hpke key", id="a text to seal to"),
        pytest.param({"jwks": JWKS, "hpke": {**X25519, "x": "A" * 43}}, "hpke key: x", id="a point of low order"),
    ],
)
def test_other_settings_are_refused_by_their_place(settings: dict[str, Any], place: str) -> None:
    with pytest.raises(Refused) as error:
        connect(settings)

    assert error.value.where == place
    assert error.value.next_step
    assert PRIVATE["d"] not in str(error.value)
