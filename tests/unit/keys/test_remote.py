"""Sealing to a remote agency (design §5, S43): it opens for whom it was sealed, and for nobody and as nothing else.

The oracle is RFC 9180 written out from its primitives below; it is first held against the RFC's own vector.
"""

from __future__ import annotations

import base64
import hmac
import json
from hashlib import sha3_256, sha256

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Refused
from hub.gateway import opening
from hub.keys import remote
from hub.keys.remote import OPENED, info_of, opened_content, seal_to
from hub.keys.ring import KeyRing, create_keys
from hub.model.canonical import canonical
from hub.sealing_key import HYBRID_SUITE, X25519_SUITE, read_key
from tests.fakes import SeededIds

ENVELOPE, AGENCY = "0b6f6f0e-5a52-4c2e-9a43-5b8f0e3a7c11", "south"
X25519 = X25519PrivateKey.from_private_bytes(b"\x17" * 32)
MLKEM = MLKEM768PrivateKey.from_seed_bytes(b"\x29" * 64)
BUNDLE = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "name": "Zoë Invented"}}]}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def std(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


X_RAW, M_RAW = X25519.public_key().public_bytes_raw(), MLKEM.public_key().public_bytes_raw()
JWK = {"kty": "OKP", "crv": "X25519", "x": url(X_RAW), "kid": "k-1"}
HYBRID = {"kid": "k-2", "x25519": std(X_RAW), "mlkem768": std(M_RAW)}
both = pytest.mark.parametrize("setting", [JWK, HYBRID], ids=["X25519", "hybrid"])


class Oracle:
    """HPKE base mode, single shot (RFC 9180 §4, §5.1, §6.1), KDF HKDF-SHA256, from its primitives."""

    def __init__(self, kem: int, aead: int, key_length: int) -> None:
        self.kem, self.key_length = kem, key_length
        self.suite = b"HPKE" + kem.to_bytes(2) + (1).to_bytes(2) + aead.to_bytes(2)

    def open(self, sealed: bytes, info: bytes, aad: bytes = b"") -> bytes:
        length = {0x20: 32, 0x647A: 1120}[self.kem]
        enc, closed = sealed[:length], sealed[length:]
        shared = self.dhkem(enc) if self.kem == 0x20 else self.xwing(enc)
        context = b"\0" + self.extract(b"", b"psk_id_hash", b"") + self.extract(b"", b"info_hash", info)
        secret = self.extract(shared, b"secret", b"")
        key = self.expand(secret, b"key", context, self.key_length)
        nonce = self.expand(secret, b"base_nonce", context, 12)
        return AESGCM(key).decrypt(nonce, closed, aad)

    def dhkem(self, enc: bytes, secret: X25519PrivateKey = X25519) -> bytes:
        inner = b"KEM" + self.kem.to_bytes(2)
        dh = secret.exchange(X25519PublicKey.from_public_bytes(enc))
        prk = self.extract(b"", b"eae_prk", dh, inner)
        return self.expand(prk, b"shared_secret", enc + secret.public_key().public_bytes_raw(), 32, inner)

    def xwing(self, enc: bytes) -> bytes:
        """draft-connolly-cfrg-xwing-kem §5.3."""
        ss_m = MLKEM.decapsulate(enc[:1088])
        ss_x = X25519.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
        return sha3_256(ss_m + ss_x + enc[1088:] + X_RAW + b"\\.//^\\").digest()

    def extract(self, salt: bytes, label: bytes, ikm: bytes, suite: bytes | None = None) -> bytes:
        return hmac.digest(salt or b"\0" * 32, b"HPKE-v1" + (suite or self.suite) + label + ikm, sha256)

    def expand(self, prk: bytes, label: bytes, info: bytes, length: int, suite: bytes | None = None) -> bytes:
        labelled = length.to_bytes(2) + b"HPKE-v1" + (suite or self.suite) + label + info
        return hmac.digest(prk, labelled + b"\x01", sha256)[:length]  # one block is enough here


ORACLES = {X25519_SUITE: Oracle(0x20, 2, 32), HYBRID_SUITE: Oracle(0x647A, 2, 32)}


def client_key(setting: dict) -> opening.OpeningKey:
    private = X25519 if "kty" in setting else opening.MLKEM768X25519PrivateKey(MLKEM, X25519)
    return opening.OpeningKey(setting["kid"], X25519_SUITE if "kty" in setting else HYBRID_SUITE, private)


def decrypt(setting: dict, sealed: str, envelope: str = ENVELOPE, agency: str = AGENCY) -> bytes:
    """As the gateway does it."""
    return opening._decrypt(sealed, envelope, opening.Whose(agency, "", client_key(setting)))


def test_the_oracle_is_the_rfcs(monkeypatch):
    """RFC 9180 A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, the first encryption."""
    secret = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    )
    enc = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
    closed = "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    oracle = Oracle(0x20, 1, 16)
    shared = oracle.dhkem(enc, secret)
    monkeypatch.setattr(oracle, "dhkem", lambda _enc: shared)

    opened = oracle.open(
        enc + bytes.fromhex(closed), bytes.fromhex("4f6465206f6e2061204772656369616e2055726e"), b"Count-0"
    )

    assert shared.hex() == "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc"
    assert opened == b"Beauty is truth, truth beauty"


@both
def test_what_is_sealed_is_hpke_by_the_standard(setting):
    key, info = read_key(setting), info_of(ENVELOPE, AGENCY, setting["kid"])

    sealed = seal_to(key, b"content", info)

    assert (sealed.suite, sealed.keyid) == (key.suite, setting["kid"])
    assert ORACLES[sealed.suite].open(base64.b64decode(sealed.sealed, validate=True), info) == b"content"


@both
def test_the_gateway_opens_it_and_twice_the_same_is_never_alike(setting):
    info = info_of(ENVELOPE, AGENCY, setting["kid"])
    one, two = (seal_to(read_key(setting), b"content", info) for _ in range(2))

    assert decrypt(setting, one.sealed) == decrypt(setting, two.sealed) == b"content"
    assert one.sealed != two.sealed


@both
@pytest.mark.parametrize(
    ("envelope", "agency"),
    [(ENVELOPE.replace("0b", "0c"), AGENCY), (ENVELOPE, "sout"), (ENVELOPE + AGENCY[:1], AGENCY[1:])],
    ids=["another message", "another agency", "the same bytes cut elsewhere"],
)
def test_it_opens_as_nothing_else(setting, envelope, agency):
    sealed = seal_to(read_key(setting), b"content", info_of(ENVELOPE, AGENCY, setting["kid"]))

    with pytest.raises(opening.IntegrityBroken):
        decrypt(setting, sealed.sealed, envelope, agency)


@both
def test_it_does_not_open_under_another_key_id_or_for_another_key(setting):
    sealed = seal_to(read_key(setting), b"content", info_of(ENVELOPE, AGENCY, "k-9"))
    other = {**JWK, "x": url(X25519PrivateKey.generate().public_key().public_bytes_raw())}
    foreign = seal_to(read_key(other), b"content", info_of(ENVELOPE, AGENCY, JWK["kid"]))

    with pytest.raises(opening.IntegrityBroken):
        decrypt(setting, sealed.sealed)
    with pytest.raises(opening.IntegrityBroken):
        decrypt(JWK, foreign.sealed)


def test_a_hybrid_one_does_not_open_with_one_of_its_two_keys_alone():
    info = info_of(ENVELOPE, AGENCY, HYBRID["kid"])
    sealed = base64.b64decode(seal_to(read_key(HYBRID), b"content", info).sealed)
    private = opening.MLKEM768X25519PrivateKey
    suite = opening.Suite(opening.KEM.MLKEM768_X25519, opening.KDF.HKDF_SHA256, opening.AEAD.AES_256_GCM)

    for wrong in (private(MLKEM768PrivateKey.generate(), X25519), private(MLKEM, X25519PrivateKey.generate())):
        with pytest.raises(InvalidTag):
            suite.decrypt(sealed, wrong, info)


@given(st.data())
def test_any_flipped_bit_is_noticed(data):
    setting = data.draw(st.sampled_from([JWK, HYBRID]))
    sealed = seal_to(read_key(setting), b"content", info_of(ENVELOPE, AGENCY, setting["kid"]))
    raw = bytearray(base64.b64decode(sealed.sealed))
    place = data.draw(st.integers(0, len(raw) - 1))
    bit = data.draw(st.integers(0, 7))
    raw[place] ^= 1 << bit

    with pytest.raises(opening.IntegrityBroken):
        decrypt(setting, std(bytes(raw)))


@given(st.tuples(TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT))
def test_info_tells_any_two_apart_and_both_sides_agree_on_it(one, two):
    assert (info_of(*one) == info_of(*two)) == (one == two)
    assert info_of(*one) == opening.info_of(*one)


def test_both_sides_write_the_same_words():
    for word in ("X25519_SUITE", "HYBRID_SUITE", "OPENED"):
        assert getattr(remote, word) == getattr(opening, word)


P = 2**255 - 19
LOW_ORDER = {  # RFC 7748 §6.1; the points of order 1, 2, 4 and 8, and spellings of them above the prime
    "0": 0,
    "1": 1,
    "8a": 325606250916557431795983626356110631294008115727848805560023387167927233504,
    "8b": 39382357235489614581723060781553021112529911719440698176882885853963445705823,
    "p-1": P - 1,
    "p": P,
    "p+1": P + 1,
}


@pytest.mark.parametrize("point", LOW_ORDER.values(), ids=LOW_ORDER)
def test_a_point_of_low_order_is_refused(point):
    raw = point.to_bytes(32, "little")

    for setting in ({**JWK, "x": url(raw)}, {**HYBRID, "x25519": std(raw)}):
        with pytest.raises(Refused, match="low order"):
            read_key(setting)


SECRET = url(X25519.private_bytes_raw())


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param({}, id="nothing"),
        pytest.param({**JWK, "d": SECRET}, id="a private JWK"),
        pytest.param({**HYBRID, "x25519_private": SECRET}, id="a private hybrid key"),
        pytest.param({**HYBRID, "mlkem768_seed": SECRET}, id="a private seed"),
        pytest.param({**JWK, "alg": "ECDH-ES"}, id="a field more"),
        pytest.param({k: v for k, v in JWK.items() if k != "kid"}, id="no key id"),
        pytest.param({**JWK, "kid": ""}, id="an empty key id"),
        pytest.param({**JWK, "kid": "k" * 129}, id="an endless key id"),
        pytest.param({**JWK, "kid": "Zoë Invented"}, id="a name for a key id"),
        pytest.param({**JWK, "kid": 7}, id="a number for a key id"),
        pytest.param({**JWK, "kty": "EC"}, id="another kind of key"),
        pytest.param({**JWK, "crv": "Ed25519"}, id="a key that signs"),
        pytest.param({**JWK, "use": "sig"}, id="a key that is to sign"),
        pytest.param({**JWK, "x": url(X_RAW[:31])}, id="a byte too few"),
        pytest.param({**JWK, "x": url(X_RAW + b"\0")}, id="a byte too many"),
        pytest.param({**JWK, "x": url(X_RAW) + "="}, id="padding"),
        pytest.param({**JWK, "x": std(X_RAW)}, id="the other base64"),
        pytest.param({**JWK, "x": url(X_RAW)[:-1] + "é"}, id="no base64"),
        pytest.param({**JWK, "x": None}, id="null"),
        pytest.param({**HYBRID, "mlkem768": std(M_RAW[:-1])}, id="a short ML-KEM key"),
        pytest.param({**HYBRID, "mlkem768": std(b"\xff" * 1184)}, id="coefficients above the modulus"),
        pytest.param({**HYBRID, "x25519": url(X_RAW)}, id="a hybrid key in base64url"),
        pytest.param({"kid": "k", "mlkem768": std(M_RAW)}, id="ML-KEM alone"),
        pytest.param({**JWK, "mlkem768": std(M_RAW)}, id="half of each"),
        pytest.param({"keys": [JWK]}, id="a set"),
    ],
)
def test_another_key_is_refused_and_not_repeated(setting):
    with pytest.raises(Refused) as refused:
        read_key(setting)

    said = str(refused.value)
    assert "hub gateway keys" in said
    for value in setting.values():
        assert not isinstance(value, str) or len(value) < 9 or value not in said


def test_a_use_of_enc_is_the_same_key():
    assert read_key({**JWK, "use": "enc"}).keyid == "k-1"


@pytest.fixture
def keys(tmp_path):
    create_keys(tmp_path / "keys", SeededIds(), name="hub.example.org/log")
    return KeyRing(tmp_path / "keys", SeededIds(2))


def test_the_content_holds_the_hubs_signature_over_it_its_envelope_and_its_recipient(keys):
    content = opened_content(keys, ENVELOPE, AGENCY, BUNDLE, "ab" * 32, b"promise\n")

    said = json.loads(content)
    assert content == canonical(said)
    assert said.keys() == {"bundle", "salt", "promise", "signature"}
    signed = {"envelope": ENVELOPE, "recipient": AGENCY, "bundle": BUNDLE, "salt": "ab" * 32, "promise": "promise\n"}
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys.verifier.split("+")[-1])[1:])
    signature = base64.b64decode(said["signature"])
    public.verify(signature, OPENED + canonical(signed))
    for change in (
        {"envelope": "another"},
        {"recipient": "north"},
        {"salt": "cd" * 32},
        {"bundle": {}},
        {"promise": ""},
    ):
        with pytest.raises(InvalidSignature):
            public.verify(signature, OPENED + canonical({**signed, **change}))
    with pytest.raises(InvalidSignature):  # of no other kind of text
        public.verify(signature, canonical(signed))
