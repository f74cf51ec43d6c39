"""Which public keys to sign with may be registered, and what is said of those that may not: never a value."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey

from hub.model import jwk
from tests.door import public, rsa_key, signing_key
from tests.signing import ed25519_key, encoded, held

P384 = public(signing_key("a"))["keys"][0]
RSA = public(rsa_key("b"))["keys"][0]
X25519 = {**OKPKey.generate_key("X25519", {"kid": "seal"}).as_dict(private=False)}
PRIVATE = dict(signing_key("a").as_dict(private=True))
EVEN = jwk.url64(RSA["n"])[:-1] + b"\x02"


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
        pytest.param([without(RSA, e="AQAC")], "jwks.keys[0].e", id="an even exponent"),
        pytest.param([without(RSA, n=encoded(EVEN))], "jwks.keys[0].n", id="an even modulus"),
        pytest.param([P384, without(P384, kid="b", x=P384["y"], y=P384["x"])], "jwks.keys[1]", id="beside its curve"),
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


def test_a_key_has_one_spelling_and_one_thumbprint() -> None:
    key = held(ed25519_key("nora"))
    alike = [key["x"][:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]

    read = [x for x in alike if jwk.url64(x) == jwk.url64(key["x"])]

    assert read == [key["x"]]
    assert sum(jwk.worker_fault({**key, "x": x}) is None for x in alike) == 16, "of four spellings each the one"


@pytest.mark.parametrize("text", ["", "A", "AA==", "A+/B", "A B_", "é", "AB", None, 7, ["AA"]])
def test_what_is_no_base64url_is_empty(text: object) -> None:
    assert jwk.url64(text) == b""
    assert jwk.url64("-_8") == b"\xfb\xff"
