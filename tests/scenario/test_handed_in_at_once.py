"""Messages that are handed in at the same moment are judged in one unit, and each as if it had come alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

import hub.exchange.process
from hub.errors import MessageRejected
from hub.exchange.posted import read_posted
from hub.exchange.process import Answer, Processed, VersionConflict, handed_in, process_all
from hub.model import codes
from hub.model.fhir import Resource
from tests.door import Door
from tests.fhir_clients import Clients
from tests.posted import written
from tests.referral_messages import PROCESS, TAKEN, message, request, status, task, url


def at_once(clients: Clients, *said: tuple[Resource, str]) -> list[Answer]:
    house = clients.network.hub.house
    return process_all(
        house, [handed_in(house, clients.system(by), read_posted(house.schema, written(each))) for each, by in said]
    )


def in_words(answers: Sequence[Answer]) -> list[str]:
    """What became of each: the state of its message, why it was refused, or what was wrong."""
    return [
        (each.decision.codes[0].value if each.message.state == "refused" else each.message.state.value)
        if isinstance(each, Processed)
        else type(each).__name__
        for each in answers
    ]


def test_each_is_judged_as_if_it_had_come_alone(clients):
    number = clients.refer()
    bare = message(PROCESS, "lakeside", "harbour", {url(): task("accepted")})
    said = (
        (request(own="R-1"), "harbour"),
        (request(own="R-2", patient={"identifier": [{"system": f"{codes.ID}/uci", "value": "1100000099"}]}), "harbour"),
        (bare, "lakeside"),
        (status(TAKEN, "received", number), "lakeside"),
        (request(own="R-3", sender="lakeside", recipient="harbour"), "harbour"),
        (request(own="R-4", recipient="nowhere"), "harbour"),
    )
    found = at_once(clients, *said)
    assert in_words(found) == ["released", "DN_IDENTITY", "MessageRejected", "released", "DN_SENDER", "DN_RECIPIENT"]
    assert clients.referral(number).state == "received"
    assert clients.network.verifies()


def test_it_is_one_unit(clients):
    found = at_once(clients, *((request(own=f"R-{each}"), "harbour") for each in range(10)))
    assert in_words(found) == ["released"] * 10
    assert len({each.message.accepted_at for each in found}) == 1  # the instant of the unit
    assert len({each.message.referral_no for each in found}) == 10
    assert len(clients.fetch("lakeside")) == 10
    assert clients.network.verifies()


def test_the_same_message_twice_goes_once(clients):
    twice = request()
    found = at_once(clients, (twice, "harbour"), (twice, "harbour"))
    assert in_words(found) == ["released", "released"]
    assert [each.repeated for each in found] == [False, True]
    assert len(clients.fetch("lakeside")) == 1


@pytest.mark.parametrize("shared", ["message_id", "envelope_id"])
def test_c_192_another_message_under_an_id_of_the_same_moment_is_refused(clients, shared):
    own = {shared: str(uuid.uuid4())}
    found = at_once(clients, (request(own="R-1", **own), "harbour"), (request(own="R-2", **own), "harbour"))
    assert in_words(found) == ["released", "DN_SCHEMA"]
    assert len(clients.fetch("lakeside")) == 1


def test_what_is_said_of_one_referral_is_heard_in_order(clients):
    number = clients.refer()
    states = [(TAKEN, "received"), (PROCESS, "accepted"), (PROCESS, "waitlisted")]
    more = [{}, {}, {"task": {"executionPeriod": {"start": "2026-06-20"}}}]
    said = [(status(*each, number, **own), "lakeside") for each, own in zip(states, more, strict=True)]
    assert in_words(at_once(clients, *said)) == ["released"] * 3
    assert clients.transitions(number)[-3:] == ["T2", "T5", "T8"]


def test_of_two_that_follow_one_version_the_second_conflicts(clients):
    number = clients.refer()
    clients.moves(TAKEN, "received", number)
    seen = {"meta": {**task("accepted")["meta"], "versionId": str(clients.referral(number).version)}}
    said = [(status(PROCESS, state, number, task=seen), "lakeside") for state in ("accepted", "awaiting-booking")]
    first, second = at_once(clients, *said)
    assert in_words([first]) == ["released"]
    assert isinstance(second, VersionConflict)
    assert clients.referral(number).state == "accepted"


def test_one_request_under_two_ids_opens_one_referral(clients):
    found = at_once(clients, (request(), "harbour"), (request(), "harbour"))
    alone = [clients.say(request(own="R-7")) for _ in range(2)]
    assert in_words(found) == in_words(alone) == ["released", "DN_TRANSITION"]
    assert len(clients.fetch("lakeside")) == 2


def test_what_is_no_message_of_ours_stops_no_neighbour(clients):
    bare = message(PROCESS, "lakeside", "harbour", {url(): task("accepted")})
    found = at_once(clients, (request(own="R-1"), "harbour"), (bare, "lakeside"), (request(own="R-2"), "harbour"))
    assert isinstance(found[1], MessageRejected)
    assert in_words([found[0], found[2]]) == ["released"] * 2


def test_over_http_one_that_breaks_the_unit_breaks_it_for_itself_alone(clients, tmp_path, monkeypatch):
    """INV-9: half of a unit is none of it; then each is judged by itself."""
    judge = hub.exchange.process.judge

    def broken(house, unit, submission, before):
        if submission.record.placer == "/R-3":
            raise ZeroDivisionError
        return judge(house, unit, submission, before)

    monkeypatch.setattr(hub.exchange.process, "judge", broken)
    door = Door(clients.network)
    software = door.software("harbour")
    token = software.token()
    assert token
    with ThreadPoolExecutor(6) as pool:
        said = [request(own=f"R-{each}") for each in range(6)]
        answers = list(pool.map(lambda each: software.post("$process-message", each), said))
    assert [each.status_code for each in answers] == [200, 200, 200, 500, 200, 200]
    assert len(clients.fetch("lakeside")) == 5
    assert clients.network.verifies()
