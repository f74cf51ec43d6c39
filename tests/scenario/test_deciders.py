"""Group E and safety flags over the whole road: what a worker notes of a client, a consent row, a referral (S32).

The client is a child or grown by the birth date in the CMS; who gave the consent stands in its row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from consent.people import DECIDERS_MAX
from hub.desk.consents import drain_of
from hub.exchange import intake, relay
from hub.model.directory import Worker
from tests import cms_builder as cms
from tests.network import Network
from tests.shapes import ON_SQLITE
from tests.unit.commands.conftest import Desk

BY = ("--agency", "harbour", "--as", "harbour-worker")
AGED_9, AGED_15, GROWN = "2017-01-15", "2011-01-15", "1991-07-22"
FOR_OTHER = {"capacity_basis": "ASSESSED_INCAPABLE"}


@pytest.fixture
def desk(network: Network) -> Desk:
    return Desk(network.dir / "hub", network.clock, [])


class Client:
    """One client of Harbour, known to the hub by a row of somebody who never decides."""

    def __init__(self, network: Network, desk: Desk, born: str) -> None:
        self.network, self.desk = network, desk
        db = network.db("harbour")
        self.number = cms.add_client(db, birth_date=born)
        cms.add_identifier(db, self.number)
        cms.add_consent(db, self.number, given_by="PGT")
        db.close()
        network.run()
        with network.hub.store.peek() as rows:
            ref = rows.consents.of_source("harbour-cms", "consent:1")[0].subject_ref
            self.alias = rows.subjects.aliases(ref)["harbour"] if rows.subjects.aliases(ref) else ""
        if not self.alias:
            with network.hub.store.unit(own=[f"subject:{ref}"]) as unit:
                self.alias = unit.subjects.alias("harbour", ref)

    def decider(self, role: str, *more: str, evidence: str = "COURT_ORDER") -> str:
        args = ("subjects", "decider", "add", self.alias, "--role", role, "--evidence", evidence, *more, *BY)
        return str(self.desk.json(*args)["decider"])

    def note(self, *args: str) -> Any:
        return self.desk.json("subjects", args[0], args[1], self.alias, *args[2:], *BY)

    def consents(self, role: str, number: str = "", **fields: Any) -> None:
        db = self.network.db("harbour")
        own = {} if role == "SELF" else FOR_OTHER
        if role == "AUTHORISED_AGENT":
            own = {}
        cms.add_consent(db, self.number, given_by=role, authority_kind=number or "paper", **{**own, **fields})
        db.close()
        self.network.run()

    def refers(self) -> str:
        """The first code of the answer to a referral."""
        db = self.network.db("harbour")
        cms.add_referral(db, self.number)
        db.close()
        self.network.run()
        decided = [each for each in self.network.entries() if each["event_type"] == "DECISION"]
        return str(decided[-1]["codes"][0])


def test_c_81_c_97_the_parent_of_a_child_decides_when_the_registry_knows_who_that_is(network, desk):
    child = Client(network, desk, AGED_9)
    child.consents("PARENT")
    assert child.refers() == "DN_AUTHORITY", "a paper that nobody has noted is none"

    number = child.decider("PARENT", evidence="BIRTH_RECORD")
    network.run()

    assert len(network.inbox("lakeside", "referral")) == 1, "it waited for that alone, and goes by itself"
    assert network.codes()["OK_SUBSTITUTE"] == 1
    shown = desk.json("subjects", "show", child.alias, *BY)
    assert [(each["decider"], each["role"], each["evidence"]) for each in shown["deciders"]] == [
        (number, "PARENT", "BIRTH_RECORD")
    ]
    assert network.verifies()


def test_c_82_c_84_parents_who_decide_together_must_both(network, desk):
    child = Client(network, desk, AGED_9)
    one, other = child.decider("PARENT", "--jointly"), child.decider("PARENT", "--jointly")
    child.consents("PARENT", one)
    assert child.refers() == "DN_AUTHORITY"

    child.consents("PARENT", other)
    network.run()

    assert len(network.inbox("lakeside", "referral")) == 1


def test_c_87_who_is_the_alleged_abuser_never_consents_and_the_flag_is_in_no_line_of_the_log(network, desk):
    child = Client(network, desk, AGED_9)
    number = child.decider("PARENT")
    child.consents("PARENT", number)
    assert child.note("flag", "add", "ALLEGED_ABUSER", "--of", number)

    assert child.refers() == "DN_SDM_BARRED"
    assert "ALLEGED_ABUSER" not in json.dumps(network.entries())


def test_c_89_on_the_sixteenth_birthday_a_parents_consent_is_over(network, desk):
    child = Client(network, desk, "2010-06-10")
    child.consents("PARENT", child.decider("PARENT"))
    assert child.refers() == "OK_SUBSTITUTE"

    network.clock.advance(timedelta(days=10))

    assert child.refers() == "DN_AUTHORITY_LAPSED"


def test_c_92_c_93_c_98_for_whoever_was_found_incapable_the_first_in_rank_decides_until_it_is_lifted(network, desk):
    person = Client(network, desk, GROWN)
    spouse, attorney = person.decider("SPOUSE"), person.decider("ATTORNEY", evidence="POWER_OF_ATTORNEY")
    person.consents("SPOUSE", spouse)
    assert person.refers() == "DN_AUTHORITY", "capacity is presumed"
    assert person.note("capacity", "found", "--on", "2026-01-05")["active"]
    assert person.refers() == "DN_SDM_RANK"

    person.consents("ATTORNEY", attorney)
    assert person.refers() == "OK_SUBSTITUTE"
    person.note("capacity", "lifted")
    assert person.refers() == "DN_RECONFIRM"


def test_c_95_c_99_whom_a_court_bars_and_whom_the_person_authorised(network, desk):
    person = Client(network, desk, GROWN)
    person.note("capacity", "found", "--on", "2026-01-05")
    person.consents("SPOUSE", person.decider("SPOUSE", "--barred", "COURT"))
    assert person.refers() == "DN_SDM_BARRED"

    person.note("capacity", "lifted")
    person.consents("AUTHORISED_AGENT", person.decider("AUTHORISED_AGENT", evidence="WRITTEN_AUTHORITY"))

    assert person.refers() == "OK_SUBSTITUTE"


def test_a_decider_who_is_none_any_more_stops_what_is_under_way(network, desk):
    child = Client(network, desk, AGED_15)
    number = child.decider("PARENT")
    child.consents("PARENT", number)
    db = network.db("harbour")
    cms.add_referral(db, child.number)
    db.close()
    house = network.hub.house

    intake.step(house, network.directory().systems["harbour-cms"])
    relay.publish(house)

    child.desk.ok("subjects", "decider", "end", child.alias, number, *BY)
    network.run()

    assert network.inbox("lakeside", "referral") == []
    assert network.codes(gate=2) == {"DN_AUTHORITY": 1}


def test_c_110_where_somebody_lives_who_must_not_be_found_does_not_travel_and_leaves_no_mark(network, desk):
    person = Client(network, desk, GROWN)
    person.consents("SELF")
    person.note("flag", "add", "PROTECTED_LOCATION")

    assert person.refers() == "OK_CONSENT"
    (arrived,) = network.inbox("lakeside", "referral")
    (client,) = arrived["payload"]["client"]
    assert {"address_line", "city", "postal_code"}.isdisjoint(client)
    assert arrived["incomplete"] == 0
    entry = next(each for each in network.entries() if each["event_type"] == "DECISION")
    assert "RD_LOCATION" in entry["withheld_codes"]


def test_c_52_where_there_is_violence_no_family_member_interprets(network, desk):
    person = Client(network, desk, GROWN)
    person.consents("SELF", client_reads="fa", interpreter_kind="FAMILY")
    person.note("flag", "add", "DV")

    assert person.refers() == "DN_COERCED"
    person.note("flag", "end", "DV")
    network.run()
    assert len(network.inbox("lakeside", "referral")) == 1


def test_c_117_nothing_goes_where_the_alleged_abuser_works(network, desk):
    network.put(Worker("w-77", "lakeside", "worker"))
    person = Client(network, desk, GROWN)
    person.consents("SELF")
    person.note("flag", "add", "ALLEGED_ABUSER", "--of", "w-77")

    assert person.refers() == "DN_SAFETY_CONFLICT"
    network.put(Worker("w-77", "lakeside", "worker", ended_at="2026-06-01T00:00:00Z"))
    assert person.refers() == "OK_CONSENT"


BAD: Mapping[str, tuple[tuple[str, ...], str]] = {
    "no such role": (("decider", "add", "{a}", "--role", "UNCLE", "--evidence", "COURT_ORDER"), "--role"),
    "the client": (("decider", "add", "{a}", "--role", "SELF", "--evidence", "COURT_ORDER"), "--role"),
    "no such paper": (("decider", "add", "{a}", "--role", "PARENT", "--evidence", "he said so"), "--evidence"),
    "no such reason": (
        ("decider", "add", "{a}", "--role", "PARENT", "--evidence", "COURT_ORDER", "--barred", "rude"),
        "--barred",
    ),
    "a day that is over": (
        ("decider", "add", "{a}", "--role", "PARENT", "--evidence", "COURT_ORDER", "--until", "2020-01-01"),
        "--until",
    ),
    "no such decider": (("decider", "end", "{a}", "ABCDEFGHIJKL"), "DECIDER"),
    "a finding to come": (("capacity", "found", "{a}", "--on", "2031-01-01"), "--on"),
    "nothing to lift": (("capacity", "lifted", "{a}"), "capacity"),
    "no such flag": (("flag", "add", "{a}", "TALL"), "FLAG"),
    "an abuser whom nobody names": (("flag", "add", "{a}", "ALLEGED_ABUSER"), "--of"),
    "an abuser whom nobody knows": (("flag", "add", "{a}", "ALLEGED_ABUSER", "--of", "Bob Smith"), "--of"),
    "no day": (("capacity", "found", "{a}", "--on", ""), "--on"),
    "a flag that is not up": (("flag", "end", "{a}", "DV"), "FLAG"),
    "nobody's alias": (("show", "ABCDEFGHIJKL"), "ALIAS"),
}


@ON_SQLITE
@pytest.mark.parametrize(("args", "where"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_by_place_and_changes_nothing(network, desk, args, where):
    person = Client(network, desk, GROWN)
    before = network.entries()

    said = desk.refused("subjects", *(each.format(a=person.alias) for each in args), *BY)

    assert said.startswith(f"{where}:")
    assert "Smith" not in said
    assert network.entries() == before


@ON_SQLITE
def test_only_the_clients_own_agency_notes_anything(network, desk):
    person = Client(network, desk, GROWN)

    desk.refused("subjects", "flag", "add", person.alias, "DV", "--agency", "harbour", "--as", "lakeside-worker")
    desk.refused("subjects", "flag", "add", person.alias, "DV", "--agency", "lakeside", "--as", "lakeside-worker")


# -- each agency for itself

LAKESIDE = ("--agency", "lakeside", "--as", "lakeside-worker")


class OfBoth(Client):
    """Harbour's client, whom Lakeside knows too, by a referral that came."""

    def __init__(self, network: Network, desk: Desk, born: str) -> None:
        super().__init__(network, desk, born)
        self.consents("SELF")
        assert self.refers() == "OK_CONSENT"
        with network.hub.store.unit() as unit:
            ref = unit.consents.of_source("harbour-cms", "consent:1")[0].subject_ref
            self.theirs = unit.subjects.alias("lakeside", ref)
        db = network.db("harbour")
        cms.update(db, "consent", 2, withdrawn_at="2026-05-30")
        db.close()
        network.run()

    def lakeside(self, *args: str) -> Any:
        return self.desk.json("subjects", args[0], args[1], self.theirs, *args[2:], *LAKESIDE)


def test_a_recipient_does_not_open_its_own_way_by_noting_a_decider(network, desk):
    child = OfBoth(network, desk, AGED_9)
    child.consents("PARENT")

    said = child.lakeside("decider", "add", "--role", "PARENT", "--evidence", "AGREEMENT")

    assert said["active"] == ""
    assert child.refers() != "OK_SUBSTITUTE"
    assert len(network.inbox("lakeside", "referral")) == 1, "the one from before"


def test_a_finding_of_one_agency_stops_nothing_of_anothers(network, desk):
    person = OfBoth(network, desk, GROWN)
    person.consents("SELF")

    person.lakeside("capacity", "found")

    assert person.refers() == "OK_CONSENT"


def test_a_flag_counts_for_all_and_is_taken_down_by_the_agency_that_raised_it_alone(network, desk):
    person = OfBoth(network, desk, GROWN)
    person.consents("SELF")
    person.note("flag", "add", "COERCION")

    refused = desk.refused("subjects", "flag", "end", person.theirs, "COERCION", *LAKESIDE)

    assert "FLAG" in refused
    assert person.refers() == "DN_COERCED"
    assert desk.json("subjects", "show", person.theirs, *LAKESIDE) == {"deciders": [], "findings": [], "flags": []}
    assert desk.json("subjects", "show", person.alias, *BY)["flags"] == [{"flag": "COERCION", "of": ""}]


def test_whom_a_flag_is_about_neither_sees_it_nor_takes_it_down(network, desk):
    network.put(Worker("w-78", "harbour", "worker"))
    person = Client(network, desk, GROWN)
    person.note("flag", "add", "ALLEGED_ABUSER", "--of", "w-78")
    as_them = ("--agency", "harbour", "--as", "w-78")

    assert desk.json("subjects", "show", person.alias, *as_them)["flags"] == []
    desk.refused("subjects", "flag", "end", person.alias, "ALLEGED_ABUSER", "--of", "w-78", *as_them)
    assert desk.json("subjects", "show", person.alias, *BY)["flags"] == [{"flag": "ALLEGED_ABUSER", "of": "w-78"}]


def test_one_of_two_alleged_abusers_is_cleared_and_the_other_is_not(network, desk):
    network.put(Worker("w-77", "lakeside", "worker"))
    network.put(Worker("w-78", "harbour", "worker"))
    person = Client(network, desk, GROWN)
    person.consents("SELF")
    for worker in ("w-77", "w-78"):
        person.note("flag", "add", "ALLEGED_ABUSER", "--of", worker)

    person.note("flag", "end", "ALLEGED_ABUSER", "--of", "w-78")

    assert person.refers() == "DN_SAFETY_CONFLICT"


def test_c_117_an_alleged_abuser_who_will_leave_is_still_there(network, desk):
    network.put(Worker("w-77", "lakeside", "worker", ended_at="2027-06-01T00:00:00Z"))
    person = Client(network, desk, GROWN)
    person.consents("SELF")
    person.note("flag", "add", "ALLEGED_ABUSER", "--of", "w-77")

    assert person.refers() == "DN_SAFETY_CONFLICT"


def test_the_receipt_tells_an_agency_of_its_own_alone(network, desk):
    person = OfBoth(network, desk, GROWN)

    mine = person.note("flag", "add", "MAIL_UNSAFE")
    theirs = person.lakeside("flag", "add", "MAIL_UNSAFE")

    assert len(mine["arrived"]) == 1
    assert mine["arrived"] == theirs["arrived"], "what went from the one to the other"
    with network.hub.store.peek() as rows:
        ref = rows.consents.of_source("harbour-cms", "consent:1")[0].subject_ref
        consents = rows.subjects.facts([ref])[ref].consents
    assert drain_of(network.hub.house, "elsewhere", consents).step().arrived == ()


def test_the_evidence_holds_the_whole_of_its_last_day(network, desk):
    child = Client(network, desk, AGED_9)

    child.decider("PARENT", "--until", f"{network.clock.now():%Y-%m-%d}")

    (decider,) = desk.json("subjects", "show", child.alias, *BY)["deciders"]
    assert decider["until"] > f"{network.clock.now():%Y-%m-%d}T23"


def test_who_decides_no_more_is_not_one_of_several_and_takes_no_place(network, desk):
    child = Client(network, desk, AGED_9)
    for _ in range(DECIDERS_MAX):
        child.note("decider", "end", child.decider("PARENT"))
    child.decider("PARENT")

    child.consents("PARENT")

    assert child.refers() == "OK_SUBSTITUTE"


def test_a_number_that_is_nobodys_is_not_taken_for_the_only_parent(network, desk):
    child = Client(network, desk, AGED_9)
    child.decider("PARENT")

    child.consents("PARENT", "ZZZZZZZZZZZZ")

    assert child.refers() == "DN_AUTHORITY"


def test_c_98_a_finding_is_not_dated_back_behind_a_lift(network, desk):
    person = Client(network, desk, GROWN)
    person.note("capacity", "found", "--on", "2026-01-05")
    person.note("capacity", "lifted")

    assert "--on" in desk.refused("subjects", "capacity", "found", person.alias, "--on", "2026-01-04", *BY)


def test_c_84_the_status_of_a_childs_referral_comes_back_where_parents_decided_together(network, desk):
    child = Client(network, desk, AGED_9)
    for _ in range(2):
        child.consents("PARENT", child.decider("PARENT", "--jointly"))
    assert child.refers() == "OK_SUBSTITUTE"

    (sent,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    cms.answer(db, sent["hub_referral_no"], "ACCEPTED", client_id=cms.add_client(db))
    db.close()
    network.run()

    decided = [each for each in network.entries() if each["event_type"] == "DECISION"]
    assert (decided[-1]["sender"], decided[-1]["codes"][0]) == ("lakeside", "OK_STATUS_ONLY")
