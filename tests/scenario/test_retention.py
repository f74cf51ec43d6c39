"""What is kept too long ends, and nothing else does (consent rules 4.2): over the real road, years later, each store.

Also: the log verifies after its lines have ended (INV-8), and nothing of what ended is found in the store any more.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from consent.days import years_after
from consent.model.reviewed import Outcome
from consent.packs import PACKAGED
from hub.exchange import retention
from hub.model import locks
from hub.model.directory import Worker
from hub.model.keeping import Room
from tests import cms_builder as cms
from tests.danger import client, declare, declared, in_danger
from tests.network import NOON, Network, refer
from tests.shapes import ON_SQLITE, ask
from tests.unit.commands.conftest import Desk

OF_A_PERSON = (
    "inbox",
    "decision",
    "handover",
    "handover_basis",
    "referral",
    "referral_event",
    "consent",
    "consent_event",
)
OF_THE_REGISTRY = ("consent_alias", "subject", "subject_alias", "identifier_digest")
BY = ("--as", "officer")


@pytest.fixture
def desk(network: Network) -> Desk:
    network.put(Worker("officer", "hub", "officer"))
    return Desk(network.dir / "hub", network.clock, [])


def years_pass(network: Network, years: int, *, days: int = 2) -> None:
    """So many years after the beginning, and a day: all rooms are asked again."""
    network.clock.set(years_after(NOON, years) + timedelta(days=days))
    while network.hub.log.step():
        pass
    keep(network)


def keep(network: Network) -> None:
    """Housekeeping until nothing ends any more; a day between passes."""
    for _ in range(4):
        for _ in range(60):
            network.hub.keep_house()
            while network.hub.log.step():
                pass
        network.clock.advance(timedelta(days=1, minutes=2))


def over(network: Network, **client: Any) -> str:
    """A referral of Harbour that Lakeside declined; its person's reference."""
    refer(network, **client)
    network.run()
    db = network.db("lakeside")
    number = network.inbox("lakeside", "referral")[-1]["hub_referral_no"]
    cms.answer(db, number, "DECLINED", status_reason="no-capacity")
    db.close()
    network.run()
    return str(rows(network, "SELECT subject_ref FROM referral WHERE number = :number", number=number)[0][0])


def rows(network: Network, sql: str, **values: object) -> list[Any]:
    return ask(network.hub.settings, sql, **values)


def counts(network: Network, *tables: str) -> dict[str, int]:
    return {table: rows(network, f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}


def said(network: Network) -> list[dict[str, Any]]:
    """The entries of the log that still say something."""
    return [json.loads(entry.body) for entry in network.hub.log.stored() if entry.body]


def ended(network: Network) -> dict[str, int]:
    """How much has ended, by what."""
    found: dict[str, int] = {}
    for entry in said(network):
        if entry["event_type"] == "RETENTION_ENDED" and "agency" in entry:
            found[entry["what"]] = found.get(entry["what"], 0) + entry["count"]
    return found


def test_after_its_years_all_of_a_person_ends_and_the_log_still_verifies(network, desk):
    ref = over(network)
    before = counts(network, *OF_A_PERSON, *OF_THE_REGISTRY)
    assert all(before.values()), before
    lines = [entry for entry in said(network) if ref in json.dumps(entry)]
    assert network.verifies()

    years_pass(network, 11)

    assert counts(network, *OF_A_PERSON, *OF_THE_REGISTRY) == dict.fromkeys(before, 0)
    assert {Room.MESSAGES, Room.REFERRALS, Room.CONSENTS, Room.PEOPLE, Room.LINES} <= ended(network).keys()
    assert ended(network)[Room.PEOPLE] == 1
    assert ended(network)[Room.LINES] >= len(lines) > 3
    assert [entry for entry in said(network) if ref in json.dumps(entry)] == []
    assert network.verifies()
    report = desk.json("audit", "verify")
    assert report["ok"]
    assert report["ended"] == ended(network)[Room.LINES]
    network.reopen()  # what had been in the write-ahead log is in the file now, or nowhere
    whole = b"".join(file.read_bytes() for file in (network.dir / "hub").glob("hub.sqlite*"))
    assert ref.encode() not in whole, "its bytes are gone from the file too, from free pages as well"


def test_nothing_ends_a_day_before(network, desk):
    over(network)
    before = counts(network, *OF_A_PERSON, *OF_THE_REGISTRY)

    network.clock.set(years_after(NOON, 10) - timedelta(days=5))
    keep(network)

    assert counts(network, *OF_A_PERSON, *OF_THE_REGISTRY) == before
    assert ended(network) == {}


def test_a_client_who_was_served_later_keeps_what_is_older(network, desk):
    ref = over(network)
    network.clock.set(years_after(NOON, 6))
    with network.hub.store.unit() as unit:
        number = rows(network, "SELECT number FROM referral")[0][0]
        last = unit.referrals.events(number)[-1]
        unit.referrals.append(type(last)(number, last.version + 1, "T17", last.state, "D", False, unit.now))

    years_pass(network, 11)

    assert counts(network, "inbox", "consent", "subject") == {"inbox": 2, "consent": 1, "subject": 1}
    assert {row["why"] for row in desk.json("report", "retention", *BY)["old"]} <= {"service", "open"}
    assert [entry for entry in said(network) if ref in json.dumps(entry)]
    years_pass(network, 17)
    assert counts(network, "inbox", "consent", "subject") == {"inbox": 0, "consent": 0, "subject": 0}


def test_of_a_minor_all_is_kept_seven_years_from_the_18th_birthday(network, desk):
    over(network, birth_date="2018-06-01")

    years_pass(network, 16)  # the 18th birthday is on 2036-06-01, and seven years later it is 2043
    assert counts(network, "inbox", "subject") == {"inbox": 2, "subject": 1}
    assert {row["why"] for row in desk.json("report", "retention", *BY)["old"]} <= {"minor", "open"}

    years_pass(network, 17, days=3)
    assert counts(network, "inbox", "subject") == {"inbox": 0, "subject": 0}


def test_under_an_open_incident_nothing_of_the_person_ends(network, desk):
    ref = over(network)
    envelope = rows(network, "SELECT envelope_id FROM handover WHERE recipient = 'lakeside'")[0][0]
    number = desk.json("incident", "open", envelope, "--kind", "correction", *BY)["incident"]["id"]
    network.settle()  # its record is looked at, and says nothing new

    years_pass(network, 12)

    assert counts(network, "inbox", "consent", "subject") == {"inbox": 2, "consent": 1, "subject": 1}
    assert {row["why"] for row in desk.json("report", "retention", *BY)["old"]} <= {"hold", "open"}
    assert [entry for entry in said(network) if ref in json.dumps(entry)]

    desk.ok("incident", "telephoned", number, envelope, *BY)
    desk.ok("incident", "close", number, *BY)
    keep(network)
    assert counts(network, "inbox", "consent") == {"inbox": 0, "consent": 0}
    assert counts(network, "incident", "subject") == {"incident": 1, "subject": 1}, (
        "the incident knows whom it is about"
    )
    network.clock.advance(timedelta(days=366 * 2))
    keep(network)
    assert counts(network, "incident", "incident_delivery", "incident_event", "subject") == dict.fromkeys(
        ["incident", "incident_delivery", "incident_event", "subject"], 0
    )


def test_an_open_message_and_a_referral_that_is_not_over_stay_whatever_their_age(network, desk):
    refer(network)
    network.run()
    db = network.db("lakeside")
    cms.answer(db, network.inbox("lakeside", "referral")[0]["hub_referral_no"], "ACCEPTED")
    db.close()
    network.run()
    with network.hub.store.unit() as unit:
        message = rows(network, "SELECT message_id FROM inbox")[0][0]
        assert unit.inbox.get(message).ended_at is not None

    years_pass(network, 30)

    assert counts(network, "inbox") == {"inbox": 0}, "the request was delivered, and its own years are over"
    assert counts(network, "referral", "consent", "subject") == {"referral": 1, "consent": 1, "subject": 1}
    old = desk.json("report", "retention", *BY)["old"]
    assert {"agency": "harbour", "what": "referrals", "why": "open", "count": 1} in old


def test_a_message_that_waits_and_a_standing_no_stay_whatever_their_age(network, desk):
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client)
    db.close()
    network.run()
    alias = rows(network, "SELECT alias FROM subject_alias")[0][0]
    desk.ok("consent", "directive", "add", "--agency", "harbour", "--alias", alias, "--as", "harbour-worker")
    db = network.db("harbour")
    cms.add_referral(db, client)
    db.close()
    network.run()
    assert counts(network, "inbox", "waiting") == {"inbox": 1, "waiting": 1}

    years_pass(network, 30)

    left = {"inbox": 1, "waiting": 1, "directive": 1, "subject": 1, "subject_alias": 1}
    assert counts(network, *left) == left
    assert counts(network, "consent") == {"consent": 0}, "it ended long ago, and nothing relies on it"


def test_a_consent_in_force_stays_with_what_relied_on_it(network, desk):
    over(network)
    with network.hub.store.peek() as peek:
        consent = peek.consents.of_source("harbour-cms", "consent:1")[0]
    far = years_after(NOON, 50)
    with network.hub.store.unit(own=[locks.subject(consent.subject_ref)]) as unit:
        body = rows(network, "SELECT body FROM consent")[0][0]
        del unit
    changed = json.loads(body) | {"expires_at": far.isoformat()}
    rows(network, "UPDATE consent SET body = :body", body=json.dumps(changed))

    years_pass(network, 20)

    kept = counts(network, "consent", "subject", "handover_basis")
    assert kept["consent"] == kept["subject"] == 1
    assert kept["handover_basis"] > 0


@ON_SQLITE
def test_client_files_of_an_agreement_have_no_end_until_the_pack_says_one(network, desk):
    over(network)
    lakeside = network.directory().systems["lakeside-cms"]
    network.put(type(lakeside)("lakeside-cms", "lakeside", "icare", "active", {"folder": str(network.dir)}))

    years_pass(network, 40)

    assert counts(network, "inbox", "referral") == {"inbox": 2, "referral": 1}
    assert [each for each in said(network) if each["event_type"] == "CONSENT_RECORDED"], "a line as long as its consent"
    found = desk.json("report", "retention", *BY)
    assert found["unsaid"] == [{"agency": "lakeside", "kind": "icare"}]
    assert {row["why"] for row in found["old"] if row["what"] == "messages"} == {"no-value"}
    assert "nothing of icare ends before its pack says" in desk.ok("report", "retention", *BY)
    packs = network.dir / "hub" / "packs"
    (packs / "ca-on.toml").write_text((PACKAGED / "ca-on.toml").read_text().replace("# icare = 7", "icare = 12"))
    network.reopen()
    keep(network)
    assert counts(network, "inbox", "referral") == {"inbox": 0, "referral": 0}


def test_what_ends_is_counted_by_agency_and_how_the_hub_was_run_stays_said(network, desk):
    over(network)
    started = [entry for entry in said(network) if entry["event_type"] == "CONFIG_CHANGE"]

    years_pass(network, 11)

    of_messages = [
        each for each in said(network) if each["event_type"] == "RETENTION_ENDED" and each["what"] == "messages"
    ]
    assert {each["agency"]: each["count"] for each in of_messages} == {"harbour": 1, "lakeside": 1}
    assert [entry for entry in said(network) if entry["event_type"] == "CONFIG_CHANGE"] == started
    assert desk.json("report", "retention", *BY)["old"] == []


def test_a_pass_is_made_once_a_day_and_goes_on_where_it_stopped(network, desk, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    over(network)
    over(network, birth_date="1980-01-01", last_name="Other")
    network.clock.set(years_after(NOON, 11))
    while network.hub.log.step():
        pass

    steps = [retention.step(network.hub.house) for _ in range(200)]

    assert sum(steps) > 5, "a row at a time"
    assert steps[-20:] == [False] * 20
    assert counts(network, "inbox", "referral", "consent") == {"inbox": 0, "referral": 0, "consent": 0}
    years_pass(network, 12)
    assert counts(network, "subject") == {"subject": 0}
    assert network.verifies()


def test_two_processes_do_not_both_do_it(network, desk):
    over(network)
    network.clock.set(years_after(NOON, 11))
    with network.hub.store.unit() as unit:
        unit.cursors.lease("keeping house", "another", unit.now + timedelta(seconds=30))

    assert retention.step(network.hub.house) is False
    assert counts(network, "inbox") == {"inbox": 2}
    network.clock.advance(timedelta(minutes=1))
    assert retention.step(network.hub.house) is True


def test_a_backup_of_an_ended_log_is_restored_and_verifies(network, desk, empty):
    over(network)
    years_pass(network, 11)
    file = network.dir / "backup.zip"
    desk.ok("backup", "--out", str(file), "--as", "steward")
    network.hub.close()

    other = empty(network.hub.settings, "sqlite")
    desk.ok("restore", str(file), folder=other.dir)

    report = desk.json("audit", "verify", folder=other.dir)
    assert report["ok"]
    assert report["ended"] > 3


def test_the_days_are_the_persons_own_and_no_birth_date_is_kept(network):
    ref = over(network, birth_date="2018-06-01")

    with network.hub.store.peek() as peek:
        person = peek.keeping.people([ref])[ref]
    assert person.turns_18_on == date(2036, 6, 1)
    assert isinstance(person.served_at, datetime)
    kept = json.dumps([list(map(str, row)) for row in rows(network, "SELECT body FROM subject")])
    assert "2018-06-01" not in kept


def test_of_a_grown_person_no_day_is_kept(network):
    over(network, birth_date="2008-06-01")  # 18 on this very day

    assert rows(network, "SELECT body FROM subject") == [('{"deceased_by":{}}',)]


def test_under_an_open_review_nothing_of_the_person_ends_and_then_the_words_and_their_key_do(tmp_path, shape):
    network = in_danger(tmp_path, shape=shape)
    number = declare(network, "DOC-SELF", "hospital")
    made = declared(network, number)
    tables = ("override", "override_words", "review", "subject_key", "inbox", "subject")
    before = counts(network, *tables)
    assert all(before.values()), before

    years_pass(network, 12)

    assert counts(network, *tables) == before, "its reviews are open"
    with network.hub.store.unit(own=[locks.subject(made.subject)]) as unit:
        for review in unit.reviews.of(made.override_id).values():
            unit.reviews.put(replace(review, done_at=unit.now, outcome=Outcome.UPHELD, by="w-500"))
    years_pass(network, 13)
    assert counts(network, *tables) == dict.fromkeys(tables, 0)
    assert [entry for entry in said(network) if made.override_id in json.dumps(entry)] == []
    assert network.verifies()
    network.hub.close()


def test_with_the_last_declaration_about_somebody_their_key_ends_also_where_they_stay(tmp_path, shape):
    network = in_danger(tmp_path, shape=shape)
    about = client(network)
    first, last = (declared(network, declare(network, "DOC-SELF", "hospital", about)) for _ in range(2))

    for made, keys in ((first, 1), (last, 0)):
        with network.hub.store.unit(share=[locks.CONFIG], own=[locks.subject(made.subject)]) as unit:
            unit.keeping.end(Room.OVERRIDES, [made.override_id])
        assert counts(network, "subject_key", "subject") == {"subject_key": keys, "subject": 1}
    network.hub.close()


@ON_SQLITE
def test_incidents_end_also_where_lines_of_the_log_are_kept(network, desk):
    over(network)
    envelope = rows(network, "SELECT envelope_id FROM handover WHERE recipient = 'lakeside'")[0][0]
    number = desk.json("incident", "open", envelope, "--kind", "correction", *BY)["incident"]["id"]
    desk.ok("incident", "telephoned", number, envelope, *BY)
    network.clock.set(years_after(NOON, 11))
    with network.hub.store.unit() as unit:
        last = unit.referrals.events(rows(network, "SELECT number FROM referral")[0][0])[-1]
        unit.referrals.append(type(last)(last.number, last.version + 1, "T17", last.state, "D", False, unit.now))
    desk.ok("incident", "close", number, *BY)

    years_pass(network, 12)
    assert counts(network, "incident") == {"incident": 1}, "24 months are not over"
    years_pass(network, 13)

    assert counts(network, "incident", "inbox") == {"incident": 0, "inbox": 2}
