"""A declaration is not what it was: corrected, ended, used, approved by others; and what it then opens no more.

Consent rules 3.1, 3.5 and 3.6; settled S24, S28, S29.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from consent.model.reviewed import Outcome, Part, Review
from hub.desk import overrides as desk
from hub.desk.who import Who
from hub.errors import Refused
from hub.model import locks
from tests import cms_builder as cms
from tests.danger import answers, client, declare, declared, in_danger, limbs
from tests.network import Network

CHILD = {"child_name": "Tremblay, Noé", "child_birth_date": "2018-05-04"}
SPEEDING = {"imminent": 1, "attempts": "Rang the supervisor and the on-call manager twice."}
OFFICER = Who("w-500")


@pytest.fixture
def network(tmp_path) -> Iterator[Network]:
    made = in_danger(tmp_path)
    yield made
    made.hub.close()


def change(network: Network, number: int, **fields: object) -> None:
    db = network.db("harbour")
    cms.update(db, "override_declaration", number, **fields)
    db.close()
    network.run()


def answer_limb(network: Network, number: int, limb: str, **fields: object) -> None:
    db = network.db("harbour")
    db.execute(
        "UPDATE override_limb SET attested = 1, fact = 'So.', updated_by = ? WHERE override_id = ? AND limb = ?",
        (fields.get("by", "w-301"), number, limb),
    )
    db.close()
    network.run()


def sent(network: Network) -> int:
    return sum(len(network.inbox(name, "override")) for name in ("society", "hospital", "police"))


@pytest.mark.parametrize("cause", ["revoked", "expired"])
def test_what_has_ended_stays_ended_whatever_is_corrected_later(network, cause):
    number = declare(network, "DOC-SELF", "hospital", missing=("serious",), **SPEEDING)
    if cause == "expired":
        network.clock.advance(timedelta(hours=5))
        network.run()
    else:
        desk.end(network.hub.house, declared(network, number).override_id, cause, OFFICER)

    answer_limb(network, number, "serious")

    assert declared(network, number).end_cause == cause
    assert sent(network) == 0


def test_whom_its_reporter_reached_is_no_message_and_other_words_are_one(network):
    number = declare(network, "ST-CHILD-PROTECT", "society", told="He has bruises.", **CHILD)
    change(network, number, reported_to="Intake worker", reported_at="2026-06-01 12:10:00")
    assert sent(network) == 1

    change(network, number, told="He has bruises, and so has his sister.")
    assert sent(network) == 2
    change(network, number, reported_to="Intake worker, by telephone")
    assert sent(network) == 2

    with network.hub.store.peek() as rows:
        words = rows.overrides.words(declared(network, number).override_id)
    assert {"told", "2/told"} <= words.keys(), "of each message its own words"


def test_a_report_that_its_reporter_takes_back_does_not_arrive(network):
    (network.dir / "society.sqlite").rename(network.dir / "away")
    number = declare(network, "ST-CHILD-PROTECT", "society", **CHILD)
    found = declared(network, number).override_id

    with pytest.raises(Refused):
        desk.end(network.hub.house, found, "revoked", OFFICER)
    desk.end(network.hub.house, found, "revoked", Who("w-301"))
    (network.dir / "away").rename(network.dir / "society.sqlite")
    network.clock.advance(timedelta(hours=1))
    network.run()

    assert sent(network) == 0
    assert answers(network, number)[-1][1][0] == "OX_EXPIRED"


@pytest.mark.parametrize("other", ["w-7", "w-500", "w-900"])
def test_nobody_else_says_that_a_reporter_has_reached_somebody(network, other):
    number = declare(network, "ST-CHILD-PROTECT", "society", **CHILD)

    with pytest.raises(Refused):
        desk.reached(network.hub.house, declared(network, number).override_id, Who(other))

    assert declared(network, number).discharged_at is None


def test_a_second_person_who_is_close_to_the_client_opens_nothing(network):
    number = declare(network, "DOC-SELF", "hospital", approved_by=None)
    subject = declared(network, number).subject
    with network.hub.store.unit(share=[locks.CONFIG], own=[locks.subject(subject)]) as unit:
        unit.overrides.relate("w-900", subject, "sister")

    cms.add_word(network.db("harbour"), number, "w-900")
    network.run()

    assert answers(network, number)[-1][1][0] == "OX_CONFLICT_OF_INTEREST"
    assert sent(network) == 0


def test_an_approval_is_of_what_was_read_also_where_both_are_seen_in_one_look(network):
    number = declare(network, "DOC-SELF", "hospital", approved_by=None)
    db = network.db("harbour")
    cms.add_word(db, number, "w-900")
    cms.update(db, "override_declaration", number, recipient_org="police", told="Something else.")
    db.close()
    network.run()

    assert declared(network, number).approver is None
    assert network.told("harbour")[-1][2] == "OX_SECOND_PERSON"
    assert sent(network) == 0

    cms.add_word(network.db("harbour"), number, "w-900")
    network.run()
    assert len(network.inbox("police", "override")) == 1


def test_an_approval_that_names_no_version_is_none(network):
    number = declare(network, "DOC-SELF", "hospital", approved_by=None)
    cms.add_word(network.db("harbour"), number, "w-900", of_version=None)
    network.run()

    assert declared(network, number).approver is None
    assert "OX_SECOND_PERSON" in {code for _, _, code in network.told("harbour")}


def test_a_volunteers_word_does_not_undo_an_approval(network):
    number = declare(network, "DOC-SELF", "hospital", missing=("serious",))
    cms.add_word(network.db("harbour"), number, "w-7")
    network.run()

    assert declared(network, number).approver == "w-900"


@pytest.mark.parametrize("account", ["w-301", "system", ""])
def test_who_ever_saved_it_and_nobodys_account_approve_nothing(network, account):
    number = declare(network, "DOC-SELF", "hospital", approved_by=None, missing=("serious",), updated_by="w-301")
    answer_limb(network, number, "serious", by="system")

    cms.add_word(network.db("harbour"), number, "w-900", updated_by=account)
    network.run()

    assert declared(network, number).approver is None
    assert sent(network) == 0


def test_one_that_cannot_be_read_is_told_to_its_worker(network):
    number = declare(network, "ST-CHILD-PROTECT", "society", narrowed="everything", **CHILD)

    told = network.told("harbour")
    assert told[-1][2] == "DN_SCHEMA"
    assert declared(network, number) is None


@pytest.mark.parametrize("born", ["9999-12-31", "9985-02-29", "2030-01-01"])
def test_no_birth_date_stops_a_report(network, born):
    declare(network, "ST-CHILD-PROTECT", "society", child_name="Tremblay, Noé", child_birth_date=born)

    assert sent(network) == 1 or network.told("harbour")[-1][2] == "DN_SCHEMA"


def test_what_protects_children_is_no_way_to_tell_of_the_grown(network):
    number = declare(network, "ST-CHILD-PROTECT", "society", child_name="Tremblay, Noé", child_birth_date="1970-05-04")

    assert answers(network, number)[-1][1][0] == "OX_THRESHOLD"
    assert sent(network) == 0


def test_who_it_is_and_what_it_is_about_cannot_be_kept_back(network):
    calm = declare(network, "DOC-SELF", "hospital", narrowed="RISK")
    assert answers(network, calm)[-1][1][0] == "OX_CONTENT"

    declare(network, "ST-CHILD-PROTECT", "society", narrowed="IDENT CHILD_PROT", **CHILD)
    assert len(network.inbox("society", "override")) == 1, "of what must be reported it stays without effect"


def test_what_was_done_long_ago_hides_no_review(network):
    now = network.clock.now()
    with network.hub.store.unit(share=[locks.CONFIG]) as unit:
        for turn in range(120):
            due = now - timedelta(days=300 - turn)
            done = Review(f"A{turn:03}", Part.NOTICE, due, done_at=due, outcome=Outcome.GIVEN)
            told = Review(f"B{turn:03}", Part.OFFICER, due, told=3)
            unit.reviews.put(done)
            unit.reviews.put(told)
    number = declare(network, "DOC-SELF", "hospital")
    network.clock.advance(timedelta(days=9))
    network.run()

    late = [entry for entry in network.entries() if entry["event_type"] == "REVIEW_LATE"]
    assert {entry["override_id"] for entry in late} == {declared(network, number).override_id}


def test_a_notice_that_was_withheld_is_due_again_on_its_day(network):
    number = declare(network, "DOC-SELF", "hospital")
    found = declared(network, number).override_id
    day = (network.clock.now() + timedelta(days=10)).date().isoformat()
    said = desk.Said("notice", "WITHHELD", "It would reach the man who beats her.", "REACHES_ABUSER", day)
    desk.review(network.hub.house, found, said, OFFICER)

    network.clock.advance(timedelta(days=13))
    network.run()

    with network.hub.store.peek() as rows:
        assert rows.reviews.of(found)[Part.NOTICE].told > 0
        assert Part.NOTICE in {each.part for each in rows.reviews.open(50)}


def test_declarations_of_which_nothing_is_due_hide_none(network):
    db, about = network.db("harbour"), client(network)
    for _ in range(55):
        cms.add_override(db, about, "ST-CHILD-PROTECT", "society", limbs("ST-CHILD-PROTECT"), **CHILD)
    network.run(400)
    number = declare(network, "DOC-SELF", "hospital", about)
    network.clock.advance(timedelta(hours=5))
    network.run(400)

    assert declared(network, number).end_cause == "expired"
