"""What arrives otherwise than it was sent is found, and what does not come back: done to a copy by hand (INV-5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hub.sample.database import connected
from hub.sample.judge import read_systems
from hub.sample.judge_arrived import judge
from hub.sample.network import Network
from hub.sample.people import Person
from hub.sample.scenarios import Scenario
from tests.unit.sample.conftest import NOW

NUMBER = "ABCDEFGHIJKL"
CLIENT = ("last_name", "first_name", "birth_date", "file_no", "phone", "address_line", "city", "postal_code")
SPOKEN = ("home_language", "service_language")
REFERRAL = ("service_wanted", "sent_at", "from_org", "to_org", "reason_code")

Change = Callable[[dict[str, Any]], object]


def one(network: Network) -> Person:
    """Somebody who agreed that they may be telephoned, and may be; to no free text, and with needs that anybody has."""
    return next(
        each
        for each in network.people()
        if each.scenario is Scenario.AGREED
        and {each.home, each.to} <= {agency.id for agency in network.agencies} - {"sparrow"}
        and each.consent
        and "CONTACT" in each.consent["categories"]
        and not each.wanted.startswith("language-")
        and each.client["phone_safe"]
        and "NOTES_FREE" not in each.consent["categories"]
        and "assessment" in each.situation
        and len(each.situation["presenting_issue"]) > 1
        and not {row["issue_code"] for row in each.situation["presenting_issue"]} & {"safety", "health"}
    )


def arrive(network: Network, change: Change = lambda _: None, status: str = "SENT") -> list[str]:
    """Deliver somebody's referral, changed, and judge."""
    person = one(network)
    spoken = SPOKEN if "LANG" in person.consent["categories"] else ()  # type: ignore[index]
    safe = ("email",) if person.client["email_safe"] else ()
    client = {name: person.client[name] for name in (*CLIENT, *spoken, *safe)}
    payload = {name: person.referral[name] for name in REFERRAL} | {"hub_referral_no": NUMBER, "client": [client]}
    payload["issue"] = [{"issue_code": row["issue_code"]} for row in person.situation["presenting_issue"]]
    assessed = person.situation["assessment"][0]
    payload["assessment"] = [{name: assessed[name] for name in ("done_on", "kind", "priority") if assessed[name]}]
    payload["urgency"] = person.referral["urgency"] or "routine"
    change(payload)
    with connected(network.database(person.home)) as db:
        db.execute("UPDATE referral SET hub_referral_no = ? WHERE referral_id = ?", (NUMBER, person.number))
    with connected(network.database(person.to)) as db:
        db.execute(
            "INSERT INTO hub_inbox (message_id, kind, payload, incomplete, received_at)"
            " VALUES ('m-1', 'referral', ?, 0, ?)",
            (json.dumps(payload), NOW),
        )
        db.execute(
            "INSERT INTO referral (case_id, direction, from_org, to_org, service_wanted, reason_code, channel, sent_at,"
            " status, status_at, worker, hub_referral_no, updated_at, updated_by)"
            " VALUES ((SELECT min(case_id) FROM case_file), 'IN', ?, ?, ?, 'other', 'hub', ?, ?, ?, 'w', ?, ?, 'hub')",
            (person.home, person.to, person.wanted, NOW, status, NOW, NUMBER, NOW),
        )
    return judge(network, read_systems(network))


def test_what_is_as_it_was_sent_is_in_order(network: Network) -> None:
    assert arrive(network) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda p: p["client"][0].pop("phone"), "phone of client", id="a permitted telephone stays behind"),
        pytest.param(lambda p: p["client"][0].update(phone="416-555-0100"), "phone of", id="another telephone"),
        pytest.param(lambda p: p.update(service_wanted="legal"), "service_wanted of", id="another service"),
        pytest.param(lambda p: p.update(reason_code="crisis"), "reason_code of", id="another need"),
        pytest.param(lambda p: p.update(urgency="asap!"), "urgency of", id="another urgency"),
        pytest.param(lambda p: p["client"][0].pop("file_no"), "file_no of", id="without the sender's file number"),
        pytest.param(lambda p: p["issue"].pop(), "issue of client", id="a need that may go stays behind"),
        pytest.param(lambda p: p["issue"].reverse(), "issue of client", id="needs in another order"),
        pytest.param(lambda p: p["assessment"][0].update(done_on="2026-01-01"), "assessment of", id="of another day"),
        pytest.param(lambda p: p["client"][0].update(relation=[{}]), "relation of", id="a relation that nobody has"),
    ],
)
def test_too_little_and_something_else_are_found(network: Network, change: Change, words: str) -> None:
    [wrong] = arrive(network, change)

    assert words in wrong
    assert not any(str(one(network).client[name]) in wrong for name in CLIENT), "no value is shown"


def test_a_telephone_that_nobody_has_marked_safe_is_found(network: Network) -> None:
    person = one(network)
    with connected(network.database(person.home)) as db:
        db.execute("UPDATE client SET phone_safe = 0 WHERE client_id = ?", [person.number])

    [wrong] = arrive(network)

    assert wrong.endswith("may not be used there: it is not marked safe, or hidden")


def test_a_referral_that_is_put_to_another_client_of_the_recipient_is_found(network: Network) -> None:
    person = one(network)
    arrive(network)
    with connected(network.database(person.to)) as db:
        db.execute("UPDATE hub_inbox SET client_id = (SELECT min(client_id) FROM client) WHERE message_id = 'm-1'")

    [wrong] = judge(network, read_systems(network))

    assert wrong.endswith("who is somebody else")


def test_an_answer_that_did_not_come_back_is_found(network: Network) -> None:
    [wrong] = arrive(network, status="DECLINED")

    assert wrong.endswith("the sender reads SENT, the recipient's worker saved DECLINED")
