"""An agency's own software over HTTP: hand in, list, open, acknowledge, receipt (settled S41, S43 to S45, S52).

The application, the tokens and the sealing are the real ones; the client's side is that of ``hub gateway``.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc.jwk import OKPKey

from hub.access.rates import REFUSED_PER_MINUTE
from hub.exchange.strict import FAULTS_MAX
from hub.gateway.opening import X25519_SUITE, Opened, OpeningKey, Whose, check_receipt, open_sealed
from hub.model import codes
from hub.model.directory import Agency as Body
from hub.model.directory import Service
from hub.model.fhir import Resource, coding, concept
from hub.referral import TASK_STATUS
from tests.door import Door, Software, public, signing_key
from tests.fhir_clients import EVERY, agree, reason, resource, withdraw
from tests.network import NOON, Network, agreement
from tests.referral_messages import PROCESS, SDOH, TAKEN, condition, labelled, request, status, url


@dataclass
class Agency:
    """One agency's software with both its keys."""

    software: Software
    whose: Whose

    def post(self, path: str, body: Any, **more: Any) -> Any:
        return self.software.post(path, body, **more)

    def hand_in(self, bundle: Resource) -> Resource:
        answer = self.post("$process-message", bundle)
        assert answer.status_code == 200, answer.text
        found: Resource = answer.json()
        return found

    def refused(self, bundle: Any, **more: Any) -> tuple[int, str, str]:
        """Status, issue-type and reason code of an answer that is no."""
        answer = self.post("$process-message", bundle, **more)
        issue = answer.json()["issue"][0]
        return answer.status_code, issue["code"], issue.get("details", {}).get("coding", [{"code": ""}])[0]["code"]

    def listed(self) -> list[str]:
        answer = self.software.get("$deliveries")
        assert answer.status_code == 200
        parts = [each["part"] for each in answer.json().get("parameter", ())]
        return [part["valueString"] for each in parts for part in each if part["name"] == "envelope"]

    def open(self, envelope: str) -> Opened:
        answer = self.post("$open", named(envelope))
        assert answer.status_code == 200, answer.text
        said = {part["name"]: next(v for k, v in part.items() if k != "name") for part in answer.json()["parameter"]}
        return open_sealed(said, envelope, self.whose)

    def take(self) -> list[Resource]:
        """All that is there now, opened and acknowledged."""
        found: list[Resource] = []
        for envelope in self.listed():
            found.append(json.loads(self.open(envelope).bundle))
            assert self.post("$acknowledge", named(envelope)).status_code == 200
        return found


def named(envelope: str) -> Resource:
    return {"resourceType": "Parameters", "parameter": [{"name": "envelope", "valueString": envelope}]}


def referred(harbour: Agency, lakeside: Agency) -> str:
    """A referral that Lakeside has opened; its number."""
    number = number_of(harbour.hand_in(request()))
    harbour.software.door.network.run()
    assert lakeside.take()
    return number


def number_of(answer: Resource) -> str:
    extension = answer["entry"][0]["resource"]["extension"]
    return next(str(each["valueString"]) for each in extension if each["url"] == codes.CORRELATION_ID)


def issues(answer: Resource) -> list[Resource]:
    found = [each["resource"] for each in answer["entry"] if each["resource"]["resourceType"] == "OperationOutcome"]
    return [issue for each in found for issue in each["issue"]]


@pytest.fixture
def door(network: Network) -> Door:
    network.put(
        Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-cms"),
        agreement(NOON, version=2, events=EVERY),
    )
    agree(network)
    return Door(network)


def agency(door: Door, name: str) -> Agency:
    private = X25519PrivateKey.generate()
    jwk = {**OKPKey.import_key(private.public_key()).as_dict(private=False), "kid": f"{name}-hpke"}
    key = signing_key(f"{name}-1")
    software = door.software(name, key, jwks=public(key), hpke=jwk)
    hub_key = (door.network.hub.settings.keys / "hub.pub").read_text().strip()
    return Agency(software, Whose(name, hub_key, OpeningKey(f"{name}-hpke", X25519_SUITE, private)))


@pytest.fixture
def harbour(door: Door) -> Agency:
    return agency(door, "harbour")


@pytest.fixture
def lakeside(door: Door) -> Agency:
    found = agency(door, "lakeside")
    door.network.put(Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-fhir"))
    return found


def test_a_referral_goes_from_one_client_to_another_and_its_answer_comes_back(network, harbour, lakeside):
    answer = harbour.hand_in(request())
    number = number_of(answer)
    network.run()
    [asked] = lakeside.take()
    assert number in json.dumps(resource(asked, "ServiceRequest"))
    lakeside.hand_in(status(TAKEN, "received", number))
    network.run()
    [received] = harbour.take()
    assert resource(received, "Task")["status"] == "received"
    assert network.states() == {"delivered": 2}
    assert network.verifies()


def test_the_answer_of_a_message_is_a_response_message_that_names_it(harbour, lakeside):
    asked = request()
    answer = harbour.hand_in(asked)
    header = resource(answer, "MessageHeader")
    assert header["response"] == {"identifier": asked["entry"][0]["resource"]["id"], "code": "ok"}
    assert header["eventCoding"]["code"] == "add-service-request"
    assert len(number_of(answer)) == 12


def test_what_is_left_out_is_told_by_its_place_in_the_senders_own_message(harbour, lakeside):
    asked = request(held={url(): condition()})
    answer = harbour.hand_in(asked)
    [issue] = issues(answer)
    assert issue["code"] == "suppressed"
    assert issue["details"]["coding"][0]["code"] == "RD_SENSITIVE"
    assert "sensitive" in issue["diagnostics"]
    [place] = issue["expression"]
    index = int(place.removeprefix("Bundle.entry[").partition("]")[0])
    assert asked["entry"][index]["resource"]["resourceType"] == "Condition"


def test_a_no_says_why_and_what_to_do_and_leaves_no_referral(network, harbour, lakeside):
    stranger = request(
        patient={
            "name": [{"family": "Zqname"}],
            "birthDate": "1970-01-02",
            "identifier": [{"system": f"{codes.ID}/uci", "value": "1100000077"}],
        }
    )
    answer = harbour.post("$process-message", stranger)
    assert answer.status_code == 403
    [issue] = answer.json()["issue"]
    assert issue["code"] == "forbidden"
    assert issue["details"]["coding"][0]["code"] == "DN_NO_CONSENT"
    assert "ask the client" in issue["diagnostics"]
    for word in ("Zqname", "1970-01-02", "1100000077"):
        assert word not in answer.text


def test_a_step_that_the_referral_does_not_allow_names_from_to_and_actor(network, harbour, lakeside):
    number = number_of(harbour.hand_in(request()))
    answer = lakeside.post("$process-message", status(PROCESS, "declined", number))
    assert answer.status_code == 422
    [issue] = answer.json()["issue"]
    assert (issue["code"], issue["details"]["coding"][0]["code"]) == ("business-rule", "DN_TRANSITION")
    assert "from requested to declined by the receiver" in issue["diagnostics"]


def test_c_of_two_that_move_from_one_version_the_second_gets_409_and_the_current_version(network, harbour, lakeside):
    number = number_of(harbour.hand_in(request()))
    first = status(PROCESS, "accepted", number, task={"meta": {**labelled("service-status"), "versionId": "1"}})
    second = status(
        PROCESS, "declined", number, task={"meta": {**labelled("service-status"), "versionId": "1"}, **reason("other")}
    )
    assert lakeside.post("$process-message", first).status_code == 200
    answer = lakeside.post("$process-message", second)
    assert (answer.status_code, answer.headers["etag"]) == (409, 'W/"2"')
    assert answer.json()["issue"][0]["code"] == "conflict"


def test_c_192_an_id_that_has_gone_is_409_duplicate(harbour, lakeside):
    first = request()
    harbour.hand_in(first)
    again = request(own="R-2", message_id=first["entry"][0]["resource"]["id"])
    assert harbour.refused(again) == (409, "duplicate", "DN_SCHEMA")


def test_the_same_message_again_gets_the_first_answer(harbour, lakeside):
    asked = request(held={url(): condition()})
    first, again = harbour.hand_in(asked), harbour.hand_in(asked)
    assert number_of(first) == number_of(again)
    assert issues(first) == issues(again) != []


def test_a_header_that_names_another_envelope_than_the_body_is_refused_before_anything(network, harbour, lakeside):
    asked = request()
    wrong = {"X-Request-ID": str(uuid.uuid4())}
    assert harbour.refused(asked, headers=wrong) == (400, "structure", "DN_SCHEMA")
    assert network.states() == {}
    right = {"X-Request-ID": asked["identifier"]["value"]}
    assert harbour.post("$process-message", asked, headers=right).status_code == 200


def test_what_is_opened_is_proven_and_its_receipt_is_verified_off_line(network, harbour, lakeside):
    harbour.hand_in(request())
    network.run()
    [envelope] = lakeside.listed()
    opened = lakeside.open(envelope)
    lakeside.post("$acknowledge", named(envelope))
    answer = lakeside.software.get(f"$receipt?envelope={envelope}")
    assert answer.status_code == 200
    hub_key = lakeside.whose.hub_key
    assert check_receipt(answer.content, envelope, "lakeside", hub_key, opened.proof) >= 0
    theirs = harbour.software.get(f"$receipt?envelope={envelope}")
    assert check_receipt(theirs.content, envelope, "harbour", hub_key, None) >= 0


def test_a_receipt_whose_checkpoint_is_not_signed_yet_is_told_when_to_ask(network, harbour, lakeside):
    harbour.hand_in(request())
    network.run()
    [first] = lakeside.listed()
    lakeside.open(first)
    assert lakeside.software.get(f"$receipt?envelope={first}").status_code == 200
    harbour.hand_in(request(own="R-2"))
    network.run()
    second = next(each for each in lakeside.listed() if each != first)
    lakeside.open(second)
    answer = lakeside.software.get(f"$receipt?envelope={second}")
    assert answer.status_code == 503
    network.clock.advance(timedelta(seconds=int(answer.headers["retry-after"])))
    lakeside.software.tokens.clear()
    assert lakeside.software.get(f"$receipt?envelope={second}").status_code == 200


def test_s43_refused_unknown_anothers_and_acknowledged_are_one_answer(network, harbour, lakeside):
    harbour.hand_in(request())
    harbour.hand_in(request(own="R-2"))
    network.run()
    first, second = lakeside.listed()
    lakeside.open(first)
    lakeside.post("$acknowledge", named(first))
    withdraw(network)
    answers = [
        lakeside.post("$open", named(first)),
        lakeside.post("$open", named(second)),
        lakeside.post("$open", named(str(uuid.uuid4()))),
        harbour.post("$open", named(first)),
        lakeside.post("$open", named("no uuid at all")),
        lakeside.post("$acknowledge", named(str(uuid.uuid4()))),
        harbour.post("$acknowledge", named(first)),
        lakeside.software.get(f"$receipt?envelope={uuid.uuid4()}"),
        lakeside.software.get(f"$receipt?envelope={second}"),
    ]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1


def test_a_list_says_nothing_of_what_there_is(network, harbour, lakeside):
    harbour.hand_in(request())
    network.run()
    answer = lakeside.software.get("$deliveries")
    [found] = answer.json()["parameter"]
    assert [part["name"] for part in found["part"]] == ["envelope", "created", "size"]
    assert found["part"][2]["valueInteger"] - 29 in range(1024, 65536, 1024)  # KiB, a version, a nonce and a tag
    assert harbour.listed() == []


def test_a_word_about_a_message_of_its_own_is_opened_like_a_message(network, harbour, lakeside):
    asked = request()
    harbour.hand_in(asked)
    network.run()
    [envelope] = lakeside.listed()
    withdraw(network)
    assert lakeside.post("$open", named(envelope)).status_code == 404
    [word] = harbour.take()
    response = resource(word, "MessageHeader")["response"]
    assert response == {"identifier": asked["entry"][0]["resource"]["id"], "code": "fatal-error"}
    assert harbour.listed() == []


def test_who_has_registered_no_key_opens_nothing(network, door, harbour):
    software = door.software("lakeside")
    network.put(Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-fhir"))
    harbour.hand_in(request())
    network.run()
    [part] = software.get("$deliveries").json()["parameter"]
    answer = software.post("$open", named(part["part"][0]["valueString"]))
    assert answer.status_code == 422
    assert "administrator of the hub" in answer.text
    assert network.states() == {"released": 1}


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("system/Bundle.r", "$process-message", request()),
        ("system/Bundle.c", "$open", named("x")),
        ("system/Bundle.r", "$acknowledge", named("x")),
    ],
)
def test_each_operation_wants_its_own_scope(harbour, scope, path, body):
    answer = harbour.post(path, body, scope=scope)
    assert answer.status_code == 403
    assert "insufficient_scope" in answer.headers["www-authenticate"]


def test_another_agencys_message_is_not_its_own(harbour, lakeside):
    assert lakeside.refused(request()) == (403, "forbidden", "DN_SENDER")


BAD = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"{", id="no JSON"),
    pytest.param(b"[]", id="an array"),
    pytest.param(b"\xff\xfe", id="no UTF-8"),
    pytest.param(b'{"resourceType":"Bundle","resourceType":"Bundle"}', id="a key twice"),
    pytest.param(b"[" * 100_000, id="nested without end"),
    pytest.param(b'{"a":1e999}', id="a number without end"),
    pytest.param(b'{"resourceType":"Patient","name":[{"family":"Zqname"}]}', id="another resource"),
    pytest.param(json.dumps({**request(), "type": "transaction"}).encode(), id="another type"),
    pytest.param(json.dumps({**request(), "timestamp": "yesterday, Zqname"}).encode(), id="no instant"),
    pytest.param(json.dumps({**request(), "Zqname": "Zqname"}).encode(), id="an unknown element"),
    pytest.param(json.dumps(request(patient={"birthDate": "1970-13-41"})).encode(), id="no day"),
    pytest.param(json.dumps(request(service={"subject": {"reference": "urn:uuid:Zqname"}})).encode(), id="nowhere"),
    pytest.param(json.dumps(request(service={"contained": [{"resourceType": "Patient"}]})).encode(), id="contained"),
    pytest.param(json.dumps(request(header={"sender": {"reference": "Organization/Zqname"}})).encode(), id="no sender"),
    pytest.param(json.dumps(request(header={"destination": []})).encode(), id="no receiver"),
    pytest.param(json.dumps(request(message_id="Zqname")).encode(), id="no UUID"),
    pytest.param(json.dumps(request(patient={"meta": {"source": "https://x.example.org"}})).encode(), id="no label"),
]


@pytest.mark.parametrize("data", BAD)
def test_bad_input_is_a_400_with_its_place_and_echoes_nothing(network, door, harbour, lakeside, data):
    answer = harbour.post("$process-message", data)
    assert answer.status_code == 400, answer.text
    found = answer.json()
    assert found["resourceType"] == "OperationOutcome"
    assert 0 < len(found["issue"]) <= FAULTS_MAX
    assert all(issue["diagnostics"] for issue in found["issue"])
    assert "Zqname" not in answer.text
    assert door.faults == []
    assert network.states() == {}


def put(who: Agency, number: str, task: Resource, version: str = "", **headers: str) -> Any:
    data = json.dumps({"resourceType": "Task", **task}).encode()
    said = {"Content-Type": "application/fhir+json", **({"If-Match": f'W/"{version}"'} if version else {}), **headers}
    return who.software.request("PUT", f"Task/{number}", content=data, headers=said)


def state(word: str, **more: Any) -> Resource:
    return {"status": TASK_STATUS[word], "businessStatus": concept(coding(codes.REFERRAL_STATE, word)), **more}


def test_s45_put_of_a_task_is_a_step_from_the_version_that_was_read(network, harbour, lakeside):
    number = referred(harbour, lakeside)
    assert put(lakeside, number, state("accepted")).status_code == 428
    assert put(lakeside, number, state("accepted"), **{"If-Match": "*"}).status_code == 400
    stale = put(lakeside, number, state("accepted"), "7")
    assert (stale.status_code, stale.headers["etag"]) == (409, 'W/"1"')
    done = put(lakeside, number, state("accepted"), "1")
    assert (done.status_code, done.headers["etag"]) == (200, 'W/"2"'), done.text
    assert done.json()["businessStatus"]["coding"][0]["code"] == "accepted"
    network.run()
    [told] = harbour.take()
    assert resource(told, "Task")["status"] == "accepted"


def test_s45_what_was_read_may_be_put_back_with_another_state(network, harbour, lakeside):
    number = referred(harbour, lakeside)
    read = lakeside.software.get(f"Task/{number}")
    assert read.status_code == 200
    changed = {**read.json(), **state("declined", **reason("no-capacity")), "lastModified": "2026-06-01T12:10:00-04:00"}
    done = put(lakeside, number, changed, read.headers["etag"].removeprefix('W/"').rstrip('"'))
    assert done.status_code == 200, done.text


def test_s45_a_step_that_wants_more_than_a_task_is_handed_in_as_a_message(harbour, lakeside):
    number = referred(harbour, lakeside)
    done = {"output": [{"type": concept(coding(SDOH, "additional-content")), "valueCode": "done"}]}
    put(lakeside, number, state("accepted"), "1")
    answer = put(lakeside, number, state("completed", **done), "2")
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (400, ["Task.businessStatus"])
    assert "$process-message" in answer.text


def test_s45_a_put_that_the_referral_does_not_allow_says_so(harbour, lakeside):
    number = referred(harbour, lakeside)
    answer = put(lakeside, number, state("declined"), "1")
    assert answer.status_code == 422
    assert "a reason of referral-state-reason must come with it" in answer.text


@pytest.mark.parametrize(
    "task",
    [
        {"identifier": "Zqname"},
        {"identifier": ["Zqname"]},
        {"meta": "Zqname"},
        {"meta": {"security": "Zqname"}},
        {"businessStatus": "Zqname"},
        {"businessStatus": {"coding": "Zqname"}},
        {"output": "Zqname"},
        {"for": {"reference": "Patient/Zqname"}},
        {"Zqname": 1},
    ],
)
def test_a_task_out_of_shape_is_a_400_and_never_a_fault_of_ours(door, harbour, lakeside, task):
    number = referred(harbour, lakeside)
    answer = put(lakeside, number, {**state("accepted"), **task}, "1")
    assert answer.status_code == 400, answer.text
    assert "Zqname" not in answer.text
    assert door.faults == []


def test_a_task_of_a_referral_of_others_is_like_one_that_is_not(door, harbour, lakeside, network):
    number = referred(harbour, lakeside)
    network.put(Body("bayview", "Bayview", "general", "ca-on", "delivery.BAYVIEWAAAAA"))
    bayview = agency(door, "bayview")
    foreign, unknown = (
        put(bayview, number, state("accepted"), "1"),
        put(bayview, "AAAAAAAAAAAA", state("accepted"), "1"),
    )
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text == unknown.text
    unfetched = number_of(harbour.hand_in(request(own="R-2")))
    network.run()
    assert put(lakeside, unfetched, state("accepted"), "1").text == unknown.text  # it reads none such either
    with network.hub.store.peek() as rows:
        assert [each.transition for each in rows.referrals.events(unfetched)] == ["T1"]
    own = put(harbour, number, state("accepted"), "1")
    assert own.status_code == 422  # it is the receiver's to say


def test_d_a_version_says_what_follows_what_whatever_a_clock_says(network, harbour, lakeside):
    number = referred(harbour, lakeside)
    assert put(lakeside, number, state("accepted"), "1").status_code == 200  # it does not say when
    behind = status(PROCESS, "waitlisted", number, task={"lastModified": "2026-06-01T15:59:00Z"})
    assert lakeside.post("$process-message", behind).status_code == 200
    earlier = state("awaiting-booking", lastModified="2026-06-01T15:58:00Z")
    assert put(lakeside, number, earlier, "3").status_code == 200
    without = status(PROCESS, "on-hold", number, task={"lastModified": "2026-06-01T15:57:00Z", **reason("other")})
    assert lakeside.refused(without) == (422, "business-rule", "DN_TRANSITION")


def test_what_was_refused_is_looked_at_afresh_so_often(network, harbour, lakeside):
    asked = request(
        patient={
            "name": [{"family": "Lindqvist"}],
            "birthDate": "1970-01-02",
            "identifier": [{"system": f"{codes.ID}/uci", "value": "1100000077"}],
        }
    )
    answers = [harbour.post("$process-message", asked).status_code for _ in range(REFUSED_PER_MINUTE + 2)]
    assert answers == [*([403] * (REFUSED_PER_MINUTE + 1)), 429]
    assert harbour.post("$process-message", request(own="R-2")).status_code == 200  # another message
    network.clock.advance(timedelta(minutes=1))
    assert harbour.post("$process-message", asked).status_code == 403
