"""The agencies' own application: what it does with each kind of hub_inbox row (program systems 5.4, 9.2)."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from hub.sample import cms
from hub.sample.cms import Applied, ToDo, answer, apply_inbox, to_do
from hub.sample.database import connected, select
from hub.sample.network import Network
from tests.unit.sample.conftest import NOW

CLIENT = {
    "last_name": "Okonkwo-Hawthorne",
    "first_name": "Adaeze",
    "birth_date": "1991-07-22",
    "birth_date_quality": "E",
    "file_no": "2026-000009",
    "identifier": [{"type": "UCI", "value": "1199999901"}],
    "language": [
        {
            "assessed_on": "2026-03-02", "kind": "I", "listening": "06", "speaking": "05", "reading": "05",
            "writing": "04",
        }
    ],
}  # fmt: skip
REFERRAL = {
    "from_org": "harbour",
    "to_org": "lakeside",
    "service_wanted": "employment",
    "urgency": "urgent",
    "reason_code": "employment",
    "sent_at": "2026-05-30 09:30:00",
    "status": "SENT",
    "hub_referral_no": "ABCDEFGHIJ23",
    "client": [CLIENT],
}


def put(db: sqlite3.Connection, message_id: str, kind: str, payload: dict[str, Any], **columns: Any) -> None:
    row = {
        "message_id": message_id, "kind": kind, "payload": json.dumps(payload), "incomplete": 0, "received_at": NOW,
        "hub_referral_no": payload.get("hub_referral_no"), **columns,
    }  # fmt: skip
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO hub_inbox ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def apply(db: sqlite3.Connection) -> Applied:
    return apply_inbox(db, "lakeside", "EMPLOYMENT", NOW)


def came(db: sqlite3.Connection) -> list[dict[str, Any]]:
    return select(db, "SELECT * FROM referral WHERE direction = 'IN'")


def errors(db: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute("SELECT message_id, code FROM hub_inbox_error")]


def test_a_referral_makes_client_case_and_a_referral_that_was_received(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)

    assert apply(lakeside) == Applied(1, {})

    (row,) = came(lakeside)
    assert (row["status"], row["hub_referral_no"], row["from_org"]) == ("RECEIVED", "ABCDEFGHIJ23", "harbour")
    whole = (
        "SELECT c.last_name, f.program, f.status FROM case_file f JOIN client c ON c.client_id = f.client_id"
        " WHERE f.case_id = ?"
    )
    assert select(lakeside, whole, [row["case_id"]]) == [
        {"last_name": "Okonkwo-Hawthorne", "program": "EMPLOYMENT", "status": "OPEN"}
    ]


def test_who_comes_by_number_and_birth_date_alone_is_called_by_the_number(lakeside: sqlite3.Connection) -> None:
    bare = {name: CLIENT[name] for name in ("birth_date", "identifier")}
    put(lakeside, "m-1", "referral", {**REFERRAL, "client": [bare]})

    assert apply(lakeside) == Applied(1, {})

    query = "SELECT last_name, first_name FROM client WHERE updated_by = 'hub'"
    assert select(lakeside, query) == [{"last_name": "No. 1199999901", "first_name": None}]


def test_what_was_applied_is_not_applied_again(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)
    apply(lakeside)

    assert apply(lakeside) == Applied(0, {})
    assert len(came(lakeside)) == 1


def test_a_second_referral_of_the_same_person_finds_the_client_by_identifier_and_birth_date(
    lakeside: sqlite3.Connection,
) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)
    put(lakeside, "m-2", "referral", {**REFERRAL, "hub_referral_no": "ABCDEFGHIJ24"})

    apply(lakeside)

    assert len({row["case_id"] for row in came(lakeside)}) == 1


def test_another_birth_date_is_another_person_whatever_the_identifier_says(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)
    other = {**CLIENT, "birth_date": "1992-07-22"}
    put(lakeside, "m-2", "referral", {**REFERRAL, "client": [other], "hub_referral_no": "ABCDEFGHIJ24"})

    apply(lakeside)

    assert len({row["case_id"] for row in came(lakeside)}) == 2


def test_the_client_that_the_adapter_found_is_taken_and_its_own_data_stay(lakeside: sqlite3.Connection) -> None:
    (known,) = select(lakeside, "SELECT client_id, row_version, last_name FROM client LIMIT 1")
    put(lakeside, "m-1", "referral", REFERRAL, client_id=known["client_id"], base_row_version=known["row_version"])

    apply(lakeside)

    (case,) = select(lakeside, "SELECT client_id FROM case_file WHERE case_id = ?", [came(lakeside)[0]["case_id"]])
    assert case["client_id"] == known["client_id"]
    assert select(lakeside, "SELECT client_id, row_version, last_name FROM client LIMIT 1") == [known]


def test_one_who_returns_after_a_closed_case_gets_a_new_case_that_names_it(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)
    apply(lakeside)
    first = came(lakeside)[0]["case_id"]
    lakeside.execute("UPDATE case_file SET status = 'CLOSED' WHERE case_id = ?", [first])
    put(lakeside, "m-2", "referral", {**REFERRAL, "hub_referral_no": "ABCDEFGHIJ24"})

    assert apply(lakeside) == Applied(1, {})

    assert select(
        lakeside, "SELECT previous_case_id FROM case_file WHERE case_id = ?", [came(lakeside)[1]["case_id"]]
    ) == [{"previous_case_id": first}]


@pytest.mark.parametrize(
    ("payload", "columns", "code"),
    [
        pytest.param({"service_wanted": "yoga"}, {}, "CODE_UNMAPPED", id="an unknown service"),
        pytest.param({"urgency": "soon"}, {}, "CODE_UNMAPPED", id="an unknown urgency"),
        pytest.param({"client": []}, {}, "UNKNOWN_CLIENT", id="nobody"),
        pytest.param({"client": [{"birth_date": "1991-07-22"}]}, {}, "UNKNOWN_CLIENT", id="a birth date alone"),
        pytest.param({"client": [CLIENT, CLIENT]}, {}, "UNKNOWN_CLIENT", id="two people"),
        pytest.param({}, {"client_id": 10_000, "base_row_version": 1}, "UNKNOWN_CLIENT", id="a client who is gone"),
        pytest.param({}, {"client_id": 1, "base_row_version": 9}, "CONFLICT", id="a client who was changed meanwhile"),
    ],
)
def test_what_cannot_be_applied_is_a_code_and_leaves_nothing_behind(
    lakeside: sqlite3.Connection, payload: dict[str, Any], columns: dict[str, Any], code: str
) -> None:
    clients = select(lakeside, "SELECT COUNT(*) AS n FROM client")
    put(lakeside, "m-1", "referral", {**REFERRAL, **payload}, **columns)
    put(lakeside, "m-2", "referral", REFERRAL)

    assert apply(lakeside) == Applied(1, {code: 1}), "the good neighbour goes on"

    assert errors(lakeside) == [("m-1", code)]
    assert select(lakeside, "SELECT applied_at FROM hub_inbox WHERE message_id = 'm-1'") == [{"applied_at": None}]
    assert select(lakeside, "SELECT COUNT(*) AS n FROM client")[0]["n"] == clients[0]["n"] + 1
    assert apply(lakeside) == Applied(0, {}), "and is not tried again and again"


def test_a_number_that_came_before_is_a_duplicate(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)
    put(lakeside, "m-2", "referral", REFERRAL)

    assert apply(lakeside) == Applied(1, {"DUPLICATE": 1})


def test_a_status_moves_our_own_referral_and_notes_the_hubs_number(network: Network) -> None:
    with connected(network.database("harbour")) as db:
        payload = {"referral_id": 1, "status": "DECLINED", "status_reason": "no-capacity", "status_at": NOW}
        put(db, "m-1", "referral-status", payload, hub_referral_no="ABCDEFGHIJ23")

        assert apply_inbox(db, "harbour", "NEWCOMER", NOW) == Applied(1, {})

        (row,) = select(db, "SELECT status, status_reason, hub_referral_no FROM referral WHERE referral_id = 1")
    assert tuple(row.values()) == ("DECLINED", "no-capacity", "ABCDEFGHIJ23")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param({"referral_id": 10_000, "status": "ACCEPTED"}, "UNKNOWN_CLIENT", id="a referral we have not"),
        pytest.param({"referral_id": 1, "status": "MAYBE"}, "CODE_UNMAPPED", id="a state we have no word for"),
        pytest.param({"referral_id": 1, "status": "ACCEPTED"}, "CASE_CLOSED", id="a case that is closed (C1)"),
    ],
)
def test_a_status_that_cannot_be_applied_is_a_code(network: Network, payload: dict[str, Any], code: str) -> None:
    with connected(network.database("harbour")) as db:
        db.execute("UPDATE case_file SET status = 'CLOSED' WHERE case_id = 1")
        put(db, "m-1", "referral-status", payload, hub_referral_no="ABCDEFGHIJ23")

        assert apply_inbox(db, "harbour", "NEWCOMER", NOW) == Applied(0, {code: 1})


def test_a_withdrawal_moves_the_referral_that_came(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)
    put(lakeside, "m-2", "referral-status", {"status": "WITHDRAWN"}, hub_referral_no="ABCDEFGHIJ23")

    assert apply(lakeside) == Applied(2, {})
    assert came(lakeside)[0]["status"] == "WITHDRAWN"


def test_a_refusal_stands_on_the_workers_list_and_makes_no_new_revision(network: Network) -> None:
    with connected(network.database("harbour")) as db:
        before = select(db, "SELECT row_version FROM referral WHERE referral_id = 4")
        put(db, "m-1", "refusal", {"referral_id": 4, "code": "DN_NO_CONSENT"})
        put(db, "m-2", "refusal", {"referral_id": 4, "code": "DN_EXPIRED"})

        assert apply_inbox(db, "harbour", "NEWCOMER", NOW) == Applied(2, {})

        assert to_do(db) == [ToDo("referral 4", "refusal", "DN_EXPIRED")], "the last word counts"
        assert select(db, "SELECT row_version FROM referral WHERE referral_id = 4") == before


def test_a_referral_that_went_its_way_after_all_is_no_longer_on_the_list(network: Network) -> None:
    with connected(network.database("harbour")) as db:
        put(db, "m-1", "refusal", {"referral_id": 4, "code": "DN_NO_CONSENT"})
        put(db, "m-2", "referral-status", {"referral_id": 4, "status": "RECEIVED"}, hub_referral_no="ABCDEFGHIJ23")
        apply_inbox(db, "harbour", "NEWCOMER", NOW)

        assert to_do(db) == []


def test_an_unknown_kind_is_a_code(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "greeting", {})

    assert apply(lakeside) == Applied(0, {"CODE_UNMAPPED": 1})


def many(db: sqlite3.Connection, order: list[int]) -> dict[str, str]:
    """Let referrals of several people come in some order and be answered until nobody answers; state by person."""
    for n in order:
        person = {
            **CLIENT,
            "last_name": f"Okonkwo-{n:03d}",
            "identifier": [{"type": "UCI", "value": f"11999999{n:02d}"}],
        }
        put(db, f"m-{n}", "referral", {**REFERRAL, "client": [person], "hub_referral_no": f"ABCDEFGHIJ{n}"})
    apply(db)
    while answer(db, 3, NOW):
        pass
    rows = select(
        db,
        "SELECT c.last_name AS name, r.status AS status, r.status_reason AS reason FROM referral r JOIN case_file f ON"
        " f.case_id = r.case_id JOIN client c ON c.client_id = f.client_id WHERE r.direction = 'IN'",
    )
    assert all(row["reason"] in cms.DECLINE_REASONS for row in rows if row["status"] == "DECLINED")
    return {row["name"]: row["status"] for row in rows}


def test_workers_answer_the_same_people_alike_in_whatever_order_they_come(network: Network) -> None:
    with connected(network.database("lakeside")) as one, connected(network.database("keystone")) as other:
        answers = many(one, list(range(20, 60)))

        assert many(other, list(range(59, 19, -1))) == answers
    assert set(answers.values()) == {"RECEIVED", "ACCEPTED", "WAITLISTED", "DECLINED", "COMPLETED"}


def test_nobody_answers_on_a_closed_case(lakeside: sqlite3.Connection) -> None:
    put(lakeside, "m-1", "referral", REFERRAL)
    apply(lakeside)
    lakeside.execute("UPDATE case_file SET status = 'CLOSED' WHERE case_id = ?", [came(lakeside)[0]["case_id"]])

    assert all(answer(lakeside, seed, NOW) == 0 for seed in range(10))
