"""``POST [base]/token``: who proves itself gets a token of five minutes, everybody else one answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from hub.model.directory import Agency, System
from tests.door import BASE, BEARER, EVERYTHING, TOKEN, Door, Software, public, rsa_key, signing_key
from tests.network import Network


def test_a_proof_gets_a_token_of_five_minutes_with_the_scopes_that_there_are(harbour: Software) -> None:
    answer = harbour.ask(scope="system/Task.rus launch/patient system/Bundle.c user/Task.r system/Nothing.r")

    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": 300, "scope": "system/Bundle.c system/Task.rus"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"


def test_the_token_names_the_client_and_its_agency(harbour: Software) -> None:
    assert harbour.get("Trial").json() == {"client": "harbour-fhir", "agency": "harbour"}


def test_a_proof_with_an_rsa_key_is_as_good(door: Door) -> None:
    software = door.software("harbour", rsa_key("harbour-rsa"))

    assert software.ask().status_code == 200
    assert software.get("Trial").status_code == 200


def test_one_audience_in_a_list_is_the_same(harbour: Software) -> None:
    assert harbour.ask(harbour.proof(aud=[TOKEN])).status_code == 200


def unsigned(software: Software, header: dict[str, Any], signature: bytes = b"", **claims: Any) -> str:
    """A proof put together by hand: what a library refuses to make."""
    parts = [json.dumps(header).encode(), json.dumps({**software.claims(), **claims}).encode()]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


def none(software: Software) -> str:
    return unsigned(software, {"alg": "none", "kid": "harbour-1"}, b"x")


def none_without_a_signature(software: Software) -> str:
    return unsigned(software, {"alg": "none", "kid": "harbour-1"})


def hs256_with_the_public_key_as_secret(software: Software) -> str:
    secret = json.dumps(public(software.key)["keys"][0]).encode()
    proof = unsigned(software, {"alg": "HS256", "kid": "harbour-1"}).rstrip(".")
    signature = base64.urlsafe_b64encode(hmac.digest(secret, proof.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{proof}.{signature}"


def es256(software: Software) -> str:
    return software.proof(key=ECKey.generate_key("P-256", {"kid": "harbour-1"}), header={"alg": "ES256"})


def doubled_header(software: Software) -> str:
    """``alg`` twice: whoever reads the first and whoever reads the last do not mean the same."""
    head, rest = software.proof().split(".", 1)
    text = base64.urlsafe_b64decode(head + "==").decode()
    return (
        base64.urlsafe_b64encode(text.replace("{", '{"alg": "none", ', 1).encode()).rstrip(b"=").decode() + "." + rest
    )


def doubled_claim(software: Software) -> str:
    """``aud`` twice and well signed: the last one, which a careless reader takes, is right."""
    payload = json.dumps(software.claims()).replace("{", '{"aud": "https://elsewhere.example", ', 1)
    return jws.serialize_compact({"alg": "ES384", "kid": "harbour-1"}, payload, software.key, algorithms=["ES384"])


def minutes(software: Software, count: float) -> int:
    return int(software.door.network.clock.now().timestamp() + 60 * count)


Proof = Callable[[Software], str]
WRONG: dict[str, Proof] = {
    "alg none": none,
    "alg none and no signature": none_without_a_signature,
    "HS256 with the public key as its secret": hs256_with_the_public_key_as_secret,
    "ES256": es256,
    "RS384 named over an EC key": lambda s: unsigned(s, {"alg": "RS384", "kid": "harbour-1"}, b"x" * 256),
    "a key that is not registered": lambda s: s.proof(key=signing_key("stranger"), header={"kid": "harbour-1"}),
    "an unknown kid": lambda s: s.proof(header={"kid": "harbour-2"}),
    "no kid": lambda s: s.proof(header={"kid": None}),
    "a key in the header": lambda s: s.proof(
        key=signing_key("stranger"), header={"jwk": public(signing_key("stranger"))["keys"][0]}
    ),
    "an address of keys in the header": lambda s: s.proof(header={"jku": "https://evil.example/jwks"}),
    "a certificate in the header": lambda s: s.proof(header={"x5c": ["MIIB"]}),
    "a critical extension": lambda s: s.proof(header={"crit": ["exp"]}),
    "a payload that is not encoded (RFC 7797)": lambda s: unsigned(
        s, {"alg": "ES384", "kid": "harbour-1", "b64": False, "crit": ["b64"]}, b"x" * 96
    ),
    "alg twice in the header": doubled_header,
    "aud twice in what it says": doubled_claim,
    "another audience": lambda s: s.proof(aud="https://elsewhere.example/fhir/token"),
    "the base as audience": lambda s: s.proof(aud=BASE),
    "the token URL with a slash": lambda s: s.proof(aud=f"{TOKEN}/"),
    "two audiences": lambda s: s.proof(aud=[TOKEN, "https://elsewhere.example"]),
    "no audience": lambda s: s.proof(aud=None),
    "another issuer": lambda s: s.proof(iss="lakeside-fhir"),
    "another subject": lambda s: s.proof(sub="lakeside-fhir"),
    "no subject": lambda s: s.proof(sub=None),
    "an unknown client": lambda s: s.proof(iss="nobody-fhir", sub="nobody-fhir"),
    "a system that is no client": lambda s: s.proof(iss="harbour-cms", sub="harbour-cms"),
    "expired at this instant": lambda s: s.proof(exp=minutes(s, 0)),
    "expired": lambda s: s.proof(exp=minutes(s, -1)),
    "longer than five minutes and half a minute": lambda s: s.proof(exp=minutes(s, 5.5) + 1),
    "no end": lambda s: s.proof(exp=None),
    "an end that is a text": lambda s: s.proof(exp=str(minutes(s, 2))),
    "an end that is true": lambda s: s.proof(exp=True),
    "an end beyond all time": lambda s: s.proof(exp=1e300),
    "an end of 400 digits": lambda s: s.proof(exp=10**400),
    "an end 400 digits before all time": lambda s: s.proof(exp=-(10**400)),
    "a beginning of 400 digits": lambda s: s.proof(nbf=10**400),
    "a beginning that is a text": lambda s: s.proof(nbf="x"),
    "an end of 400 digits, signed by nobody": lambda s: unsigned(
        s, {"alg": "ES384", "kid": "harbour-1"}, b"x" * 96, exp=10**400
    ),
    "half a surrogate as jti": lambda s: s.proof(jti="\ud800"),
    "half a surrogate as client": lambda s: s.proof(iss="\ud800", sub="\ud800"),
    "half a surrogate as kid": lambda s: unsigned(s, {"alg": "ES384", "kid": "\ud800"}, b"x" * 96),
    "half a surrogate where nobody looks": lambda s: s.proof(note="\ud800"),
    "not yet valid": lambda s: s.proof(nbf=minutes(s, 1)),
    "no jti": lambda s: s.proof(jti=None),
    "an empty jti": lambda s: s.proof(jti=""),
    "a jti of 129 characters": lambda s: s.proof(jti="x" * 129),
    "a jti that is a number": lambda s: s.proof(jti=7),
    "a payload that is a list": lambda s: s.proof().split(".")[0] + ".W10." + s.proof().split(".")[2],
    "two parts": lambda s: ".".join(s.proof().split(".")[:2]),
    "a changed signature": lambda s: s.proof()[:-6] + "AAAAAA",
    "padding": lambda s: s.proof() + "=",
    "no proof at all": lambda _: "x",
    "far too long": lambda s: s.proof(jti="x" * 9000),
}


@pytest.mark.parametrize("proof", [pytest.param(each, id=name) for name, each in WRONG.items()])
def test_every_wrong_proof_gets_the_same_answer(door: Door, harbour: Software, proof: Proof) -> None:
    answer = harbour.ask(proof(harbour))

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert door.faults == []


@pytest.mark.parametrize("half_minute_behind", [5.5])
def test_our_clock_may_be_half_a_minute_behind(harbour: Software, half_minute_behind: float) -> None:
    assert harbour.ask(harbour.proof(exp=minutes(harbour, half_minute_behind))).status_code == 200


def test_the_type_in_the_header_means_nothing(harbour: Software) -> None:
    assert harbour.ask(harbour.proof(header={"typ": "at+jwt"})).status_code == 200
    assert harbour.ask(harbour.proof(header={"typ": None})).status_code == 200


def test_a_proof_is_used_once(harbour: Software) -> None:
    proof = harbour.proof()

    assert [harbour.ask(proof).status_code for _ in range(3)] == [200, 401, 401]


def test_a_jti_is_used_once_whatever_else_the_proof_says(harbour: Software) -> None:
    assert harbour.ask(harbour.proof(jti="j")).status_code == 200
    assert harbour.ask(harbour.proof(jti="j", exp=minutes(harbour, 3))).status_code == 401


def test_two_clients_may_choose_the_same_jti(harbour: Software, lakeside: Software) -> None:
    assert harbour.ask(harbour.proof(jti="j")).status_code == 200
    assert lakeside.ask(lakeside.proof(jti="j")).status_code == 200


def test_two_processes_that_race_for_a_proof_accept_it_once(network: Network, harbour: Software) -> None:
    other = replace(harbour, door=Door(network))  # a process of its own but for the store
    for _ in range(5):
        proof = harbour.proof()
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda s, p=proof: s.ask(p).status_code, [harbour, other] * 2))
        assert sorted(answers) == [200, 401, 401, 401]


def test_a_wrong_proof_uses_up_no_jti(harbour: Software) -> None:
    assert (
        harbour.ask(harbour.proof(jti="j", key=signing_key("stranger"), header={"kid": "harbour-1"})).status_code == 401
    )
    assert harbour.ask(harbour.proof(jti="j")).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_assertion_type": "other"}, 400, "invalid_request"),
        ({"client_assertion_type": ""}, 400, "invalid_request"),
        ({"client_secret": "secret"}, 400, "invalid_request"),
        ({"scope": ""}, 400, "invalid_scope"),
        ({"scope": "launch/patient"}, 400, "invalid_scope"),
        ({"scope": "system/Patient.c"}, 400, "invalid_scope"),
        ({"scope": "system/Task.sur"}, 400, "invalid_scope"),
        ({"scope": "x" * 3000}, 400, "invalid_scope"),
    ],
)
def test_a_request_that_is_none_is_told_by_the_word_of_oauth(
    harbour: Software, change: dict[str, str], status: int, error: str
) -> None:
    answer = harbour.ask(**{"scope": EVERYTHING, **change})

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"


def test_a_parameter_that_is_given_twice_is_refused(door: Door, harbour: Software) -> None:
    form = f"grant_type=client_credentials&client_assertion_type={BEARER}&client_assertion={harbour.proof()}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = door.http.post("/fhir/token", content=f"{form}&scope=system/Task.r&scope=system/Task.u", headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_proof_in_the_address_counts_for_nothing(door: Door, harbour: Software) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": BEARER, "scope": EVERYTHING}

    assert door.http.post("/fhir/token", params={**form, "client_assertion": harbour.proof()}).status_code == 415
    assert door.http.get("/fhir/token", params={**form, "client_assertion": harbour.proof()}).status_code == 405


@pytest.mark.parametrize("status", ["suspended", "ended"])
def test_who_is_suspended_or_gone_gets_the_answer_of_a_stranger(
    network: Network, harbour: Software, status: Any
) -> None:
    agency = network.directory().agencies["harbour"]
    network.put(replace(agency, status=status))
    assert harbour.ask().json() == {"error": "invalid_client"}

    network.put(agency, System("harbour-fhir", "harbour", "fhir", status, {"jwks": public(harbour.key)}))
    assert harbour.ask().json() == {"error": "invalid_client"}


def test_a_key_is_changed_without_a_pause(door: Door, harbour: Software) -> None:
    old, new = harbour.key, signing_key("harbour-2")
    door.software("harbour", jwks=public(old, new))

    assert harbour.ask(harbour.proof(key=old)).status_code == 200
    assert harbour.ask(harbour.proof(key=new)).status_code == 200

    door.software("harbour", jwks=public(new))
    assert harbour.ask(harbour.proof(key=old)).status_code == 401
    assert harbour.ask(harbour.proof(key=new)).status_code == 200


URL = "https://harbour.example/jwks.json"


def test_keys_at_an_address_are_read_once_in_ten_minutes(door: Door) -> None:
    harbour = door.software("harbour", jwks_url=URL)
    door.pages[URL] = json.dumps(public(harbour.key)).encode()

    assert [harbour.ask().status_code for _ in range(3)] == [200] * 3
    assert len(door.asked) == 1

    door.network.clock.advance(timedelta(minutes=10))
    assert harbour.ask().status_code == 200
    assert len(door.asked) == 2


def test_a_proof_may_name_the_address_that_is_registered_and_no_other(door: Door) -> None:
    harbour = door.software("harbour", jwks_url=URL)
    evil = "https://evil.example/jwks.json"
    door.pages = {URL: json.dumps(public(harbour.key)).encode(), evil: json.dumps(public(signing_key("evil"))).encode()}

    assert harbour.ask(harbour.proof(header={"jku": URL})).status_code == 200
    assert harbour.ask(harbour.proof(header={"jku": evil})).status_code == 401
    assert harbour.ask(harbour.proof(key=signing_key("evil"), header={"jku": evil})).status_code == 401
    assert harbour.ask(harbour.proof(header={"jku": [URL]})).status_code == 401
    assert door.asked == [URL], "nothing is read because a proof says so"


def test_an_unknown_kid_reads_the_address_again_once_a_minute_and_no_more(door: Door) -> None:
    harbour = door.software("harbour", jwks_url=URL)
    door.pages[URL] = json.dumps(public(harbour.key)).encode()
    assert harbour.ask().status_code == 200
    new = signing_key("harbour-2")
    door.pages[URL] = json.dumps(public(new)).encode()

    assert [harbour.ask(harbour.proof(key=new)).status_code for _ in range(3)] == [401] * 3
    assert len(door.asked) == 1, "it was read less than a minute ago"

    door.network.clock.advance(timedelta(minutes=1))
    assert harbour.ask(harbour.proof(key=new)).status_code == 200
    assert [harbour.ask(harbour.proof(header={"kid": f"k{at}"})).status_code for at in range(5)] == [401] * 5
    assert len(door.asked) == 2


def test_an_address_that_is_away_leaves_what_it_said_standing_for_ten_minutes(door: Door) -> None:
    harbour = door.software("harbour", jwks_url=URL)
    door.pages[URL] = json.dumps(public(harbour.key)).encode()
    assert harbour.ask().status_code == 200
    del door.pages[URL]

    door.network.clock.advance(timedelta(minutes=9))
    assert harbour.ask().status_code == 200
    door.network.clock.advance(timedelta(minutes=1))
    assert harbour.ask().json() == {"error": "invalid_client"}, "another answer would tell who is a client"


def test_while_one_proof_reads_the_address_again_others_go_by_what_it_said(door: Door) -> None:
    harbour = door.software("harbour", jwks_url=URL)
    door.pages[URL] = json.dumps(public(harbour.key)).encode()
    assert harbour.ask().status_code == 200
    door.network.clock.advance(timedelta(minutes=10))
    look = next(iter(door.app.state.served.access._registered._looks.values()))

    with look.lock:  # somebody is at it
        assert harbour.ask().status_code == 200
    assert len(door.asked) == 1


def test_who_repeats_a_proof_of_somebody_takes_no_token_from_them(harbour: Software) -> None:
    proof = harbour.proof()
    assert harbour.ask(proof).status_code == 200

    for _ in range(40):
        assert harbour.ask(proof).status_code in (401, 429)

    assert harbour.ask().status_code == 200


@pytest.mark.parametrize(
    "page", [b"", b"[]", b'{"keys": []}', b"<html>", json.dumps({"keys": [{"kty": "oct"}]}).encode()]
)
def test_an_address_that_answers_with_something_else_proves_nobody(door: Door, page: bytes) -> None:
    harbour = door.software("harbour", jwks_url=URL)
    door.pages[URL] = page

    assert harbour.ask().json() == {"error": "invalid_client"}
    assert door.faults == []


@pytest.mark.parametrize("jwks", ["x", {}, {"keys": []}, {"keys": [{"kty": "EC", "crv": "P-384", "kid": "harbour-1"}]}])
def test_keys_that_could_not_be_registered_today_prove_nobody(door: Door, jwks: Any) -> None:
    harbour = door.software("harbour", jwks=jwks)

    assert harbour.ask().json() == {"error": "invalid_client"}
    assert door.faults == []


def test_wrong_proofs_are_limited_and_lock_nobody_out(harbour: Software) -> None:
    wrong = [harbour.ask(harbour.proof(key=signing_key("stranger"), header={"kid": "harbour-1"})) for _ in range(12)]

    assert [answer.status_code for answer in wrong] == [401] * 10 + [429] * 2
    assert int(wrong[-1].headers["retry-after"]) > 0
    assert harbour.ask().status_code == 200, "a right proof is right whatever others have tried"


def test_an_unknown_client_is_counted_as_a_known_one(harbour: Software) -> None:
    asked = [harbour.ask(harbour.proof(iss="nobody", sub="nobody")) for _ in range(12)]

    assert [answer.status_code for answer in asked] == [401] * 10 + [429] * 2


def test_whoever_invents_ids_is_counted_by_the_process(door: Door, harbour: Software, lakeside: Software) -> None:
    asked = [harbour.ask(harbour.proof(iss=f"n{at}", sub=f"n{at}")).status_code for at in range(125)]

    assert asked == [401] * 120 + [429] * 5
    assert lakeside.ask().status_code == 200


def test_a_client_gets_so_many_tokens_a_minute(harbour: Software) -> None:
    answers = [harbour.ask() for _ in range(31)]

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    harbour.door.network.clock.advance(timedelta(seconds=int(answers[-1].headers["retry-after"])))
    assert harbour.ask().status_code == 200


def test_no_answer_holds_what_was_sent(harbour: Software) -> None:
    for answer in (
        harbour.ask(scope="system/Zqname.r"),
        harbour.ask("zqname.zqname.zqname"),
        harbour.ask(grant_type="zqname"),
    ):
        assert "zqname" not in (answer.text + str(answer.headers)).lower()


def test_an_agency_that_moved_a_system_takes_its_tokens_along_with_nobody(network: Network, harbour: Software) -> None:
    token = harbour.token()
    network.put(Agency("third", "Third", "general", "ca-on", "delivery.THIRDAAAAAAA"))
    network.put(System("harbour-fhir", "third", "fhir", "active", {"jwks": public(harbour.key)}))

    answer = harbour.door.http.get("/fhir/Trial", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401
