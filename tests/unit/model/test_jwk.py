"""Which public keys may be registered, and what is said of those that may not: never a value."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey

from hub.model import jwk
from tests.door import public, rsa_key, signing_key

P384 = public(signing_key("a"))["keys"][0]
RSA = public(rsa_key("b"))["keys"][0]
X25519 = {**OKPKey.generate_key("X25519", {"kid": "seal"}).as_dict(private=False)}
HYBRID = {
    "kid": "h",
    "x25519": base64.b64encode(bytes(32)).decode(),
    "mlkem768": base64.b64encode(bytes(1184)).decode(),
}
PRIVATE = dict(signing_key("a").as_dict(private=True))


def without(key: dict[str, Any], *names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**key, **changes}.items() if name not in names}


@pytest.mark.parametrize(
    ("keys", "usable"),
    [
        pytest.param([P384], {"a"}, id="P-384"),
        pytest.param([RSA], {"b"}, id="RSA"),
        pytest.param([P384, RSA], {"a", "b"}, id="two at once"),
        pytest.param([P384, {"kty": "EC", "crv": "P-256", "kid": "z"}], {"a"}, id="beside one of another kind"),
        pytest.param([P384, without(X25519)], {"a"}, id="beside one for sealing"),
        pytest.param([RSA, without(P384, use="enc")], {"b"}, id="beside one for another use"),
        pytest.param([RSA, without(P384, "kid", alg="ES256")], {"b"}, id="beside one for another algorithm"),
    ],
)
def test_a_set_with_a_key_for_signatures_is_good(keys: list[dict[str, Any]], usable: set[str]) -> None:
    assert jwk.fault({"keys": keys}) is None
    assert set(jwk.signing_keys({"keys": keys})) == usable


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        pytest.param([PRIVATE], "jwks.keys[0]", id="a private key"),
        pytest.param([P384, dict(rsa_key("b").as_dict(private=True))], "jwks.keys[1]", id="a private RSA key"),
        pytest.param([P384, {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}], "jwks.keys[1]", id="a shared secret"),
        pytest.param([without(P384, "kid")], "jwks.keys[0].kid", id="no kid"),
        pytest.param([without(P384, kid="a b")], "jwks.keys[0].kid", id="a kid with a space"),
        pytest.param([P384, without(RSA, kid="a")], "jwks.keys", id="a kid twice"),
        pytest.param([without(RSA, n=RSA["n"][:341])], "jwks.keys[0].n", id="a short RSA key"),
        pytest.param([without(RSA, e="Aw")], "jwks.keys[0].e", id="a small exponent"),
        pytest.param([without(RSA, n=7)], "jwks.keys[0].n", id="a modulus that is a number"),
        pytest.param([without(P384, x=P384["x"][:-4])], "jwks.keys[0]", id="a short coordinate"),
        pytest.param([public(ECKey.generate_key("P-256", {"kid": "a"}))["keys"][0]], "jwks.keys", id="P-256 alone"),
        pytest.param([], "jwks.keys", id="no key"),
        pytest.param([P384] * 11, "jwks.keys", id="eleven keys"),
        pytest.param(["x"], "jwks", id="no keys"),
    ],
)
def test_a_set_that_is_not_good_is_told_by_its_place(keys: list[Any], place: str) -> None:
    found = jwk.fault({"keys": keys})

    assert found is not None
    assert found.place == place
    assert PRIVATE["d"] not in str(found)


@pytest.mark.parametrize("value", [None, [], "x", {}, {"keys": {}}, P384])
def test_what_is_no_set_is_none(value: object) -> None:
    found = jwk.fault(value)

    assert found is not None
    assert found.place == "jwks"


@pytest.mark.parametrize("key", [X25519, HYBRID])
def test_a_key_to_seal_to(key: dict[str, Any]) -> None:
    assert jwk.hpke_fault(key) is None


@pytest.mark.parametrize(
    ("key", "place"),
    [
        pytest.param(dict(OKPKey.generate_key("X25519", {"kid": "s"}).as_dict(private=True)), "hpke", id="private"),
        pytest.param(without(X25519, "kid"), "hpke.kid", id="no kid"),
        pytest.param(without(X25519, crv="Ed25519"), "hpke", id="another curve"),
        pytest.param(without(X25519, x="AAAA"), "hpke", id="a short x"),
        pytest.param(P384, "hpke", id="a key for signatures"),
        pytest.param(without(HYBRID, "mlkem768"), "hpke", id="half a hybrid"),
        pytest.param(without(HYBRID, mlkem768="AAAA"), "hpke.mlkem768", id="a short half"),
        pytest.param(without(HYBRID, x25519=1), "hpke.x25519", id="a half that is a number"),
        pytest.param({"keys": [X25519]}, "hpke.kid", id="a set"),
        pytest.param("x", "hpke", id="a text"),
    ],
)
def test_another_key_to_seal_to(key: object, place: str) -> None:
    found = jwk.hpke_fault(key)

    assert found is not None
    assert found.place == place
