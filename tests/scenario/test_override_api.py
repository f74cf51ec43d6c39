"""A duty of care over HTTP: beside the agency's token, the word of a worker under a key of their own (settled S46).

What goes travels as any disclosure does; what must not declare is said here too, and leaves nothing behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc.jwk import ECKey, OctKey, OKPKey

from hub.access.compact import NoProof
from hub.access.worker_proof import SIGNED_PER_MINUTE, UNSIGNED_PER_MINUTE, proven
from hub.compose import compose
from hub.gateway.opening import X25519_SUITE, OpeningKey, Whose, open_sealed
from hub.model import codes
from hub.model.directory import Agency, System, Worker
from hub.model.jwk import thumbprint
from tests.danger import FACT, in_danger
from tests.door import Door, Software, public, signing_key
from tests.fakes import SeededIds
from tests.network import Network
from tests.posted import basic, message
from tests.shapes import ON_SQLITE, Shape
from tests.signing import Signer, asked, compact, ed25519_key, encoded, held, register
from tests.unit.commands.test_override import REASONS, WHY, document

CALM = json.loads(document())
URGENT = json.loads(document(imminent=1, attempts="Rang both supervisors."))
CHILD = {"client": [{"last_name": "Moreau", "birth_date": "2019-02-03", "birth_date_quality": "E"}]}
REPORT = json.loads(document("ST-CHILD-PROTECT", "society", **CHILD))


@pytest.fixture
def network(tmp_path: Path, shape: Shape) -> Iterator[Network]:
    made = in_danger(tmp_path, shape=shape)
    yield made
    made.hub.close()


@pytest.fixture
def harbour(network: Network) -> Software:
    return Door(network).software("harbour")


@pytest.fixture
def nora(network: Network) -> Signer:
    """A worker of Harbour."""
    return Signer.of(network, "w-301")


def post(software: Software, request: str, **more: Any) -> Any:
    return software.post("$override", asked(request), **more)


def good(software: Software, request: str) -> dict[str, Any]:
    """The parameters of an answer that is a yes."""
    answer = post(software, request)
    assert answer.status_code == 200, answer.text
    return {each["name"]: next(v for k, v in each.items() if k != "name") for each in answer.json()["parameter"]}


def refused(software: Software, request: str) -> tuple[int, str, str]:
    """Status, reason code, and the override that stands all the same ("": none)."""
    answer = post(software, request)
    issue = answer.json()["issue"][0]
    coded = issue.get("details", {}).get("coding", [{"code": ""}])[0]["code"]
    [number] = [each["valueString"] for each in answer.json().get("extension", ())] or [""]
    return answer.status_code, coded, number


def declarations(network: Network) -> list[Any]:
    with network.hub.store.peek() as rows:
        return list(rows.overrides.every(10))


def nothing_came_of(network: Network, answer: tuple[int, str, str]) -> None:
    """The one answer to whatever is not a worker's own word, and nothing behind it."""
    assert answer == (403, "OX_ROLE", "")
    assert declarations(network) == []
    network.run()
    assert not network.inbox("hospital")
    assert not [each for each in network.entries() if each["event_type"] in ("OVERRIDE_DECLARED", "DECISION")]


def test_what_a_worker_signs_goes_by_the_road(network: Network, harbour: Software, nora: Signer):
    said = good(harbour, nora.sign("declare", document=URGENT))
    network.run()

    assert said["goes"] is True
    assert said["code"] == "OV_SELF_HARM"
    (came,) = network.inbox("hospital", "override")
    assert came["payload"]["override_no"] == said["override"]
    assert came["payload"]["client"][0]["last_name"] == "Moreau"
    assert WHY not in json.dumps(came), "the narrative never leaves"
    (declared,) = declarations(network)
    assert (declared.worker, declared.agency, declared.system) == ("w-301", "harbour", "harbour-fhir")
    assert network.verifies()


def test_the_body_may_be_software_that_opens_by_itself(network: Network, harbour: Software, nora: Signer):
    private, key = X25519PrivateKey.generate(), signing_key("crisis-1")
    hpke = {**OKPKey.import_key(private.public_key()).as_dict(private=False), "kid": "crisis-hpke"}
    network.put(Agency("crisis", "Crisis Line", "protective", "ca-on", "delivery.CRISISAAAAAA", body="CRISIS"))
    crisis = harbour.door.software("crisis", key, jwks=public(key), hpke=hpke)

    assert good(harbour, nora.sign("declare", document={**URGENT, "recipient_org": "crisis"}))["goes"] is True
    network.run()

    listed = crisis.get("$deliveries").json()["parameter"]
    (envelope,) = [part["valueString"] for each in listed for part in each["part"] if part["name"] == "envelope"]
    named = {"resourceType": "Parameters", "parameter": [{"name": "envelope", "valueString": envelope}]}
    answer = crisis.post("$open", named).json()
    said = {part["name"]: next(v for k, v in part.items() if k != "name") for part in answer["parameter"]}
    hub_key = (network.hub.settings.keys / "hub.pub").read_text().strip()
    opened = open_sealed(said, envelope, Whose("crisis", hub_key, OpeningKey("crisis-hpke", X25519_SUITE, private)))
    assert "Moreau" in opened.bundle.decode()
    assert WHY not in opened.bundle.decode()


def test_a_second_worker_approves_and_the_same_document_is_signed_again(
    network: Network, harbour: Software, nora: Signer
):
    second = Signer.of(network, "w-900", ed25519_key("w-900"))
    status, code, number = refused(harbour, nora.sign("declare", document=CALM))
    assert (status, code) == (403, "OX_SECOND_PERSON")

    assert good(harbour, second.sign("approve", override=number)) == {"override": number, "approved": True}
    assert good(harbour, second.sign("approve", override=number))["approved"] is False, "once"
    assert good(harbour, nora.sign("declare", document=CALM)) == {
        "override": number,
        "goes": True,
        "code": "OV_SELF_HARM",
    }

    network.run()
    assert len(network.inbox("hospital", "override")) == 1
    (approved,) = [each for each in network.entries() if each["event_type"] == "OVERRIDE_APPROVED"]
    key = f"key:{thumbprint(held(second.key))}"
    assert approved["actor"] == {"ref": "w-900", "role": "supervisor", "agency": "harbour", "os_user": key}


def test_nobody_approves_their_own(network: Network, harbour: Software, nora: Signer):
    _, _, number = refused(harbour, nora.sign("declare", document=CALM))

    assert refused(harbour, nora.sign("approve", override=number))[:2] == (403, "OX_SECOND_PERSON")


def test_two_who_sign_with_one_key_are_one_person(network: Network, harbour: Software, nora: Signer):
    _, _, number = refused(harbour, nora.sign("declare", document=CALM))
    register(network, "w-301", None)
    same = Signer.of(network, "w-900", nora.key)

    assert refused(harbour, same.sign("approve", override=number))[:2] == (403, "OX_SECOND_PERSON")
    register(network, "w-301", signing_key("w-301-new"))
    again = Signer.of(network, "w-301", signing_key("w-301-new"))
    assert refused(harbour, again.sign("declare", document=CALM))[:2] == (403, "OX_SECOND_PERSON")


@pytest.mark.parametrize("second", ["w-301-friend", "w-901", "w-7"])
def test_whoever_may_not_approve_changes_nothing(network: Network, harbour: Software, nora: Signer, second: str):
    network.put(Worker("w-301-friend", "harbour", "worker"))
    _, _, number = refused(harbour, nora.sign("declare", document=CALM))

    post(harbour, Signer.of(network, second).sign("approve", override=number))

    assert refused(harbour, nora.sign("declare", document=CALM)) == (403, "OX_SECOND_PERSON", number)
    network.run()
    assert not network.inbox("hospital")


def test_a_mandatory_report_of_a_volunteer_goes_when_they_signed_it(network: Network, harbour: Software):
    volunteer = Signer.of(network, "w-7")

    assert good(harbour, volunteer.sign("declare", document=REPORT))["code"] == "OV_STATUTORY"
    network.run()
    assert len(network.inbox("society", "override")) == 1


@pytest.mark.parametrize("who", ["w-7", "w-500"], ids=["a volunteer", "the privacy officer"])
def test_who_may_not_declare_is_told_so_by_the_gate(network: Network, harbour: Software, who: str):
    answer = post(harbour, Signer.of(network, who).sign("declare", document=URGENT))

    assert answer.status_code == 403
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "OX_ROLE"
    network.run()
    assert not network.inbox("hospital")


def test_it_ends_with_its_cause_and_says_what_had_left(network: Network, harbour: Software, nora: Signer):
    number = good(harbour, nora.sign("declare", document=URGENT))["override"]
    network.run()

    answer = post(harbour, nora.sign("end", override=number, cause="danger-passed"))

    assert answer.status_code == 200
    (sent,) = [each["part"] for each in answer.json()["parameter"] if each["name"] == "message"]
    assert {"name": "fate", "valueCode": "arrived"} in sent
    assert post(harbour, nora.sign("end", override=number, cause="bored")).status_code == 422
    assert declarations(network)[0].end_cause == "danger-passed"


def test_who_declared_it_reviews_it(network: Network, harbour: Software, nora: Signer):
    number = good(harbour, nora.sign("declare", document=URGENT))["override"]
    network.run()
    another = Signer.of(network, "w-900")

    assert refused(harbour, another.sign("self-review", override=number, words=REASONS))[:2] == (403, "OX_ROLE")
    assert post(harbour, nora.sign("self-review", override=number, words="Fine.")).status_code == 422
    assert good(harbour, nora.sign("self-review", override=number, words=REASONS))["reviewed"] is True
    assert REASONS not in json.dumps(network.entries())


def test_said_again_it_goes_once(network: Network, harbour: Software, nora: Signer):
    first = good(harbour, nora.sign("declare", document=URGENT))
    network.run()

    again = good(harbour, nora.sign("declare", document=dict(reversed(URGENT.items()))))

    assert again == first, "an answer that was lost is asked for again; the order of members makes no other document"
    network.run()
    assert len(network.inbox("hospital", "override")) == 1


def changed(request: str) -> str:
    """One letter of what was signed is another."""
    head, body, signature = request.split(".")
    return f"{head}.{body[:40]}{'A' if body[40] != 'A' else 'B'}{body[41:]}.{signature}"


def unsecured(nora: Signer) -> str:
    _, body, signature = nora.sign("declare", document=URGENT).split(".")
    head = encoded(json.dumps({"alg": "none", "kid": nora.key.kid}).encode())
    return f"{head}.{body}.{signature}"


def by_secret(nora: Signer, algorithm: str) -> str:
    """The public key as a shared secret."""
    secret = OctKey.import_key(json.dumps(held(nora.key)).encode())
    said = json.dumps(nora.payload("declare", document=URGENT)).encode()
    return compact(said, secret, {"alg": algorithm, "kid": nora.key.kid})


def with_own_key(nora: Signer) -> str:
    """Signed by a stranger, whose key stands in the header."""
    stranger = ECKey.generate_key("P-384", {"kid": nora.key.kid})
    header = {"jwk": stranger.as_dict(private=False)}
    return Signer(nora.network, "w-301", stranger).sign("declare", header, document=URGENT)


def twice(nora: Signer) -> str:
    """A member stands there twice."""
    said = json.dumps(nora.payload("declare", document=URGENT))
    payload = f'{{"worker":"w-900",{said[1:]}'.encode()
    return compact(payload, nora.key, {"alg": "ES384", "kid": nora.key.kid})


def at(nora: Signer, seconds: float) -> str:
    now = int(nora.network.clock.now().timestamp())
    return nora.sign("declare", document=URGENT, iat=now + seconds)


FORGED = [
    pytest.param(lambda _: "", id="nothing: the token alone"),
    pytest.param(lambda _: "a.b.c", id="no JWS"),
    pytest.param(lambda _: "x" * 70_000, id="too long"),
    pytest.param(unsecured, id="alg none"),
    pytest.param(lambda n: by_secret(n, "HS256"), id="alg HS256 with the public key"),
    pytest.param(lambda n: by_secret(n, "HS384"), id="alg HS384 with the public key"),
    pytest.param(lambda n: n.sign("declare", {"alg": "ES384", "kid": "other"}, document=URGENT), id="another kid"),
    pytest.param(lambda n: n.sign("declare", {"kid": None}, document=URGENT), id="no kid"),
    pytest.param(lambda n: n.sign("declare", {"crit": ["exp"], "exp": 1}, document=URGENT), id="crit"),
    pytest.param(lambda n: n.sign("declare", {"jku": "https://x.example.org"}, document=URGENT), id="jku"),
    pytest.param(with_own_key, id="a key of its own in the header"),
    pytest.param(lambda n: changed(n.sign("declare", document=URGENT)), id="changed after it was signed"),
    pytest.param(
        lambda n: Signer(n.network, "w-301", signing_key("x")).sign("declare", document=URGENT), id="a stranger"
    ),
    pytest.param(
        lambda n: Signer(n.network, "w-301", ed25519_key("w-301")).sign("declare", document=URGENT),
        id="another kind of key",
    ),
    pytest.param(twice, id="a member twice"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, worker="w-300"), id="in the name of one without a key"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, worker="w-none"), id="in the name of nobody"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, worker=["w-301"]), id="a worker that is no text"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, agency="lakeside"), id="over another agency"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, agency=None), id="over no agency"),
    pytest.param(lambda n: n.sign("disclose", document=URGENT), id="another act"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, nonce=None), id="no nonce"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, nonce="n" * 129), id="a long nonce"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, nonce=7), id="a nonce that is no text"),
    pytest.param(lambda n: at(n, -331), id="signed too long ago"),
    pytest.param(lambda n: at(n, 31), id="signed in time to come"),
    pytest.param(lambda n: at(n, 0.5), id="at no whole second"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, iat=True), id="at a truth"),
    pytest.param(lambda n: n.sign("declare", document=URGENT, iat=None), id="at no time"),
]


@ON_SQLITE
@pytest.mark.parametrize("forge", FORGED)
def test_what_no_worker_has_signed_declares_nothing(network: Network, harbour: Software, nora: Signer, forge: Any):
    request = forge(nora)

    nothing_came_of(network, refused(harbour, request))


@ON_SQLITE
def test_all_that_is_wrong_with_a_signature_has_one_text(network: Network, harbour: Software, nora: Signer):
    answers = {post(harbour, case.values[0](nora)).text for case in FORGED[:UNSIGNED_PER_MINUTE]}

    assert len(answers) == 1


def test_the_agencys_token_alone_declares_no_mandatory_report_either(network: Network, harbour: Software, nora: Signer):
    alone = harbour.post("$override", {"resourceType": "Parameters"})
    handed = message("override-disclosure", "harbour", "hospital", basic("override-disclosure"))

    assert (alone.status_code, alone.json()["issue"][0]["details"]["coding"][0]["code"]) == (403, "OX_ROLE")
    assert harbour.post("$process-message", handed).status_code in (400, 403)
    assert declarations(network) == []


@pytest.mark.parametrize("second", [-330, 30])
def test_at_the_edge_of_its_minutes_it_goes(network: Network, harbour: Software, nora: Signer, second: int):
    assert good(harbour, at(nora, second))["goes"] is True


def test_a_worker_of_another_agency_declares_nothing_here(network: Network, harbour: Software, nora: Signer):
    theirs = Signer.of(network, "lakeside-worker")
    lakeside = harbour.door.software("lakeside")

    assert refused(harbour, theirs.sign("declare", document=URGENT)) == (403, "OX_ROLE", "")
    assert refused(harbour, theirs.sign("declare", document=URGENT, agency="harbour")) == (403, "OX_ROLE", "")
    nothing_came_of(network, refused(lakeside, nora.sign("declare", document=URGENT)))


def test_another_agency_hears_nothing_of_an_override(network: Network, harbour: Software, nora: Signer):
    number = good(harbour, nora.sign("declare", document=URGENT))["override"]
    theirs = Signer.of(network, "lakeside-worker")
    lakeside = harbour.door.software("lakeside")

    for words in ({"act": "approve"}, {"act": "end", "cause": "revoked"}, {"act": "self-review", "words": REASONS}):
        there = post(lakeside, theirs.sign(override=number, **words))
        nowhere = post(lakeside, theirs.sign(override="AAAAAAAAAAAA", **words))
        assert there.status_code == nowhere.status_code == 404
        assert there.text == nowhere.text
    assert declarations(network)[0].ended_at is None


def test_who_has_left_and_whose_key_was_taken_away_sign_nothing(network: Network, harbour: Software, nora: Signer):
    request = nora.sign("declare", document=URGENT)
    row = network.directory().workers["w-301"]

    network.put(replace(row, ended_at="2026-05-01T00:00:00Z"))
    assert refused(harbour, request) == (403, "OX_ROLE", "")
    network.put(replace(row, key={}))
    assert refused(harbour, request) == (403, "OX_ROLE", "")
    register(network, "w-301", signing_key("w-301-new"))
    nothing_came_of(network, refused(harbour, request))

    network.put(row)
    assert good(harbour, request)["goes"] is True


def test_a_suspended_agency_declares_nothing(network: Network, harbour: Software, nora: Signer):
    harbour.token()
    network.put(replace(network.directory().agencies["harbour"], status="suspended"))

    assert post(harbour, nora.sign("declare", document=URGENT)).status_code == 401
    assert declarations(network) == []


def test_what_was_signed_counts_once(network: Network, harbour: Software, nora: Signer):
    request = nora.sign("declare", document=CALM)
    other = Software(harbour.door, "harbour-two", harbour.key)
    network.put(System("harbour-two", "harbour", "fhir", "active", {"jwks": public(harbour.key)}))

    assert refused(harbour, request)[1] == "OX_SECOND_PERSON"
    for software in (harbour, other):
        assert refused(software, request) == (403, "OX_ROLE", "")
    network.clock.advance(timedelta(minutes=15, seconds=31))
    harbour.tokens.clear()
    assert refused(harbour, request) == (403, "OX_ROLE", ""), "forgotten, and too old by then"
    assert len(declarations(network)) == 1


def test_of_two_processes_one_takes_it(network: Network, nora: Signer):
    another = compose(network.hub.settings, clock=network.clock, ids=SeededIds(55))

    def take(house: Any, request: str) -> bool:
        try:
            return proven(house, "harbour", request).worker == "w-301"
        except NoProof:
            return False

    try:
        for _ in range(5):
            request = nora.sign("declare", document=URGENT)
            with ThreadPoolExecutor(4) as threads:
                houses = [network.hub.house, another.house] * 2
                taken = list(threads.map(lambda house, said=request: take(house, said), houses))
            assert taken.count(True) == 1
    finally:
        another.close()


MALFORMED = [
    pytest.param("declare", {}, id="no document"),
    pytest.param("declare", {"document": [URGENT, CALM]}, id="several at once"),
    pytest.param("declare", {"document": {**URGENT, "client": [*URGENT["client"], *CHILD["client"]]}}, id="two people"),
    pytest.param("declare", {"document": URGENT, "override": "AAAAAAAAAAAA"}, id="a member too many"),
    pytest.param("declare", {"document": {**URGENT, "worker": "w-900"}}, id="another worker in the document"),
    pytest.param("declare", {"document": {**URGENT, "entered_by": "me"}}, id="another account in the document"),
    pytest.param("declare", {"document": {**URGENT, "recipient_org": ["hospital", "police"]}}, id="two recipients"),
    pytest.param("declare", {"document": {**URGENT, "surprise": "Zqname"}}, id="an unknown word"),
    pytest.param("approve", {"override": 7}, id="a number that is none"),
    pytest.param("end", {"override": "AAAAAAAAAAAA"}, id="no cause"),
]


@ON_SQLITE
@pytest.mark.parametrize(("act", "words"), MALFORMED)
def test_what_was_signed_and_makes_no_sense_is_refused(network: Network, harbour: Software, nora: Signer, act, words):
    answer = post(harbour, nora.sign(act, **words))

    assert answer.status_code == 422, answer.text
    assert declarations(network) == []
    assert not {"Moreau", "Zqname", WHY, FACT} & set(answer.text.replace('"', " ").split())
    assert harbour.door.faults == []


@ON_SQLITE
def test_one_request_holds_one_act(network: Network, harbour: Software, nora: Signer):
    two = [{"name": "request", "valueString": nora.sign("declare", document=each)} for each in (URGENT, CALM)]

    answer = harbour.post("$override", {"resourceType": "Parameters", "parameter": two})

    assert answer.status_code == 400
    assert declarations(network) == []


@ON_SQLITE
def test_nothing_of_the_words_is_echoed(network: Network, harbour: Software, nora: Signer):
    answers = [
        post(harbour, nora.sign("declare", document=CALM)),
        post(harbour, nora.sign("declare", document={**CALM, "narrative": "Zqname seemed low."})),
        post(harbour, nora.sign("declare", document={**URGENT, "recipient_org": "Zqname"})),
    ]

    assert [each.status_code for each in answers] == [403, 403, 403]
    for each in answers:
        assert "Zqname" not in each.text
        assert CALM["told"] not in each.text
        assert WHY not in each.text
        assert each.json()["issue"][0]["diagnostics"]
        assert each.json()["extension"][0]["url"] == codes.OVERRIDE_ID


@ON_SQLITE
def test_the_scope_of_handing_in_is_needed(network: Network, harbour: Software, nora: Signer):
    request = nora.sign("declare", document=URGENT)

    assert post(harbour, request, scope="system/Bundle.ru").status_code == 403
    assert declarations(network) == []
    assert post(harbour, request, scope="system/Bundle.c").status_code == 200


def test_wrong_ones_are_limited_and_take_nothing_from_a_right_one(network: Network, harbour: Software, nora: Signer):
    wrong = [post(harbour, "a.b.c").status_code for _ in range(UNSIGNED_PER_MINUTE + 2)]

    assert wrong == [403] * UNSIGNED_PER_MINUTE + [429] * 2
    assert good(harbour, nora.sign("declare", document=URGENT))["goes"] is True


def test_a_worker_signs_so_many_a_minute_and_takes_nothing_from_another(
    network: Network, harbour: Software, nora: Signer
):
    other = Signer.of(network, "w-300")
    for _ in range(SIGNED_PER_MINUTE):
        assert post(harbour, nora.sign("approve", override="AAAAAAAAAAAA")).status_code == 404
    request = nora.sign("declare", document=URGENT)

    answer = post(harbour, request)

    assert answer.status_code == 429
    assert "telephone" in answer.text
    assert good(harbour, other.sign("declare", document=REPORT))["goes"] is True
    network.clock.advance(timedelta(seconds=int(answer.headers["retry-after"])))
    assert good(harbour, request)["goes"] is True, "it was not used up"
