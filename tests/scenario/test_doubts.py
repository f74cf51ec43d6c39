"""A consent in doubt, at the desk: it stops at once, no row opens it, and who looked at it as it is resumes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.desk import doubts
from hub.desk.consents import look_at_number, withdraw
from hub.desk.who import Who
from hub.errors import Refused
from hub.exchange import intake
from tests import cms_builder as cms
from tests.network import Network, refer
from tests.shapes import ON_SQLITE

pytestmark = ON_SQLITE

NAME = "harbour-cms/consent:1"
HARBOUR, LAKESIDE = Who("harbour-worker", "night-shift"), Who("lakeside-worker", "night-shift")


def suspend(network: Network, why: str = "KEEP_OUT", agency: str = "harbour") -> None:
    doubts.suspend(network.hub.house, NAME, agency, Who(f"{agency}-worker", "night-shift"), why=why)
    network.settle()


def resume(network: Network, version: int, who: Who = HARBOUR, agency: str = "harbour") -> int:
    number = doubts.resume(network.hub.house, NAME, agency, who, version=version, how="PHONE")
    network.settle()
    return number


def state(network: Network) -> tuple[str, int]:
    ((_, consent),) = look_at_number(network.hub.house, "harbour", NAME, HARBOUR).consents
    return consent.state.value, consent.version


def save(network: Network, **fields: Any) -> None:
    db = network.db("harbour")
    cms.update(db, "consent", 1, **fields)
    db.close()
    network.settle()


@pytest.fixture
def filed(network: Network) -> None:
    """A consent of Harbour's client, and a referral that went on it."""
    refer(network)
    network.settle()
    assert len(network.inbox("lakeside", "referral")) == 1


def test_c_30_a_word_of_its_row_suspends_and_its_row_alone_confirms(network: Network, filed: None) -> None:
    save(network, keep_out=1)
    suspended, stopped = state(network), refer_again(network)
    save(network, expires_on="2026-11-30")  # another change confirms nothing
    still = state(network)[0]
    save(network, keep_out=0)

    assert (suspended, stopped, still) == (("SUSPENDED", 2), 1, "SUSPENDED")
    assert state(network)[0] == "ACTIVE"
    assert len(network.inbox("lakeside", "referral")) == 2
    assert [row["payload"]["code"] for row in network.inbox("lakeside", "consent-changed")][:1] == ["SUSPENDED"]


def test_c_30_a_row_that_stays_as_it_is_makes_no_version_more(network: Network, filed: None) -> None:
    save(network, keep_out=1)
    before = state(network)
    system, house = network.directory().systems["harbour-cms"], network.hub.house

    intake.take_in(house, system, house.connections.source(system).refetch(["consent:1"]))

    assert state(network) == before


def test_c_30_who_resumes_at_the_desk_does_not_open_what_its_row_keeps_out(network: Network, filed: None) -> None:
    suspend(network)
    save(network, keep_out=1)
    save(network, expires_on="2026-11-30")
    resume(network, version=4)
    resumed = state(network)

    save(network, keep_out=None)  # silent: it confirms nothing
    silent, stopped = state(network)[0], refer_again(network)
    save(network, keep_out=0)

    assert (resumed, silent, stopped) == (("SUSPENDED", 5), "SUSPENDED", 1)
    assert state(network)[0] == "ACTIVE"


def test_c_30_a_doubt_is_the_clients_and_stops_the_other_papers_too(network: Network, filed: None) -> None:
    db = network.db("harbour")
    cms.add_consent(db, 1, form_id="F-2")
    db.close()
    network.settle()

    save(network, keep_out=1)
    stopped = refer_again(network)
    db = network.db("harbour")
    cms.add_consent(db, 1, form_id="F-3")  # of the day on which the first was taken
    db.close()
    network.settle()

    assert (stopped, refer_again(network)) == (1, 1)


@pytest.mark.parametrize("by_row", [True, False])
def test_a_draft_of_before_the_doubt_that_is_completed_later_stays_shut(
    network: Network, filed: None, by_row: bool
) -> None:
    db = network.db("harbour")
    second = cms.add_consent(db, 1, form_id="F-2", signed_on=None)
    db.close()
    network.settle()
    if by_row:
        save(network, keep_out=1)
    else:
        suspend(network)

    db = network.db("harbour")
    cms.update(db, "consent", second, signed_on="2026-01-12")
    db.close()

    assert refer_again(network) == 1


def test_a_yes_that_the_client_gave_after_the_doubt_opens_though_an_older_paper_came_between(
    network: Network, filed: None
) -> None:
    suspend(network)
    network.clock.advance(timedelta(days=2))
    db = network.db("harbour")
    cms.add_consent(db, 1, form_id="F-2")  # of before the doubt: it inherits it
    db.close()
    network.settle()
    network.clock.advance(timedelta(days=2))
    db = network.db("harbour")
    cms.add_consent(db, 1, form_id="F-3", captured_at="2026-06-02 18:00:00", signed_on="2026-06-02")
    db.close()

    found = refer_again(network)

    with network.hub.store.peek() as rows:
        papers = rows.consents.of_sources("harbour-cms", ["consent:2", "consent:3"])
    states = [consent.state.value for consent, _ in papers.values()]
    assert states == ["SUSPENDED", "ACTIVE"]
    assert found == 2


def test_a_draft_in_doubt_whose_record_goes_stays_shut(network: Network, filed: None) -> None:
    suspend(network)
    save(network, signed_on=None)
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    db.execute("INSERT INTO change_log(table_name, row_id, op, at, by) VALUES ('consent', 1, 'D', '2026-06-01', 'w')")
    db.close()
    network.settle()

    resume(network, version=state(network)[1])

    assert state(network)[0] == "SUSPENDED"


def test_the_recipient_may_stop_what_opens_beside_a_draft_without_it(network: Network, filed: None) -> None:
    save(network, recipient_org=None)

    suspend(network, agency="lakeside")

    assert refer_again(network) == 1


def refer_again(network: Network) -> int:
    db = network.db("harbour")
    cms.add_referral(db, 1)
    db.close()
    network.settle()
    return len(network.inbox("lakeside", "referral"))


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("agency", ["harbour", "lakeside"])
def test_c_30_keep_out_of_it_stops_what_comes_until_the_client_has_confirmed_the_consent(network, agency):
    suspend(network, agency=agency)

    assert refer_again(network) == 1
    assert network.waits()["referral_out:2"].code == "DN_SUSPENDED"
    assert resume(network, version=2) == 3
    assert state(network) == ("ACTIVE", 3)
    assert len(network.inbox("lakeside", "referral")) == 2, "what waited was woken"
    reasons = [each["reason_code"] for each in network.entries() if each["event_type"] == "CONSENT_RECORDED"]
    assert reasons == ["ROW", "KEEP_OUT", "CONFIRMED_PHONE"]
    assert [row["payload"]["code"] for row in network.inbox("lakeside", "consent-changed")] == ["SUSPENDED", "ACTIVE"]
    assert network.verifies()


@pytest.mark.usefixtures("filed")
def test_a_row_that_is_saved_again_opens_no_consent_that_is_in_doubt(network):
    suspend(network, "DISPUTE")
    save(network, expires_on="2026-11-30", row_version=2)
    save(network, form_id=None, capacity_basis=None, row_version=3)  # a draft between them
    save(network, form_id="F-1", capacity_basis="PRESUMED", row_version=4)

    assert state(network)[0] == "SUSPENDED"
    assert refer_again(network) == 1
    before = state(network)[1]
    assert resume(network, version=before) == before + 1
    assert state(network)[0] == "ACTIVE"


@pytest.mark.usefixtures("filed")
def test_a_no_is_more_than_a_doubt(network):
    suspend(network)
    save(network, withdrawn_at="2026-05-30", row_version=2)

    assert state(network)[0] == "WITHDRAWN"
    with pytest.raises(Refused, match="state WITHDRAWN"):
        resume(network, version=state(network)[1])
    with pytest.raises(Refused, match="state WITHDRAWN"):
        suspend(network)


@pytest.mark.usefixtures("filed")
def test_of_two_who_decide_at_once_the_second_is_told_how_it_stands(network):
    suspend(network)
    withdraw(network.hub.house, NAME, "lakeside", LAKESIDE, said_at=None, how="TELEPHONE")

    with pytest.raises(Refused, match="--version: got version 2; it is version 3 in state WITHDRAWN by now"):
        resume(network, version=2)
    assert state(network) == ("WITHDRAWN", 3)


@pytest.mark.usefixtures("filed")
def test_only_the_discloser_resumes(network):
    suspend(network, agency="lakeside")

    with pytest.raises(Refused, match="its discloser resumes it"):
        resume(network, 2, LAKESIDE, "lakeside")
    assert state(network) == ("SUSPENDED", 2)


@pytest.mark.usefixtures("filed")
def test_what_its_own_system_suspended_is_confirmed_there(network):
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    db.execute("INSERT INTO change_log(table_name, row_id, op, at, by) VALUES ('consent', 1, 'D', '2026-06-01', 'w')")
    db.close()
    network.settle()
    assert state(network)[0] == "SUSPENDED"

    with pytest.raises(Refused, match="save its record again in its system"):
        resume(network, version=state(network)[1])


@pytest.mark.usefixtures("filed")
def test_what_has_ended_meanwhile_is_not_resumed_and_twice_changes_nothing(network):
    suspend(network)
    suspend(network)
    assert state(network) == ("SUSPENDED", 2)
    network.clock.advance(timedelta(days=300))

    with pytest.raises(Refused, match="one whose end has passed"):
        resume(network, version=2)


@pytest.mark.usefixtures("filed")
def test_a_consent_by_word_of_mouth_comes_back_as_one(network):
    save(network, form="VERBAL", verbal_note="yes", signed_on=None, evidence_ref=None, row_version=2)
    assert state(network)[0] == "VERBAL_PENDING"
    suspend(network)

    resume(network, version=state(network)[1])

    assert state(network)[0] == "VERBAL_PENDING"


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(("why", "how"), [("WHIM", "PHONE"), ("KEEP_OUT", "DREAM")])
def test_other_words_are_refused(network, why, how):
    with pytest.raises(Refused, match=r"--why|--how"):
        suspend(network, why)
        doubts.resume(network.hub.house, NAME, "harbour", HARBOUR, version=2, how=how)


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("fields", [{"capacity_basis": "ASSESSED_CAPABLE"}, {"signed_on": None}])
def test_a_draft_that_was_in_doubt_is_a_draft_still(network, fields):
    save(network, withdrawn_at="2026-05-30", row_version=2)
    db = network.db("harbour")
    cms.add_consent(db, 1, form_id="F-2", **fields)
    db.close()
    network.settle()
    name = "harbour-cms/consent:2"
    doubts.suspend(network.hub.house, name, "harbour", HARBOUR, why="DISPUTE")
    version = doubts.resume(network.hub.house, name, "harbour", HARBOUR, version=2, how="PHONE")

    ((_, consent),) = look_at_number(network.hub.house, "harbour", name, HARBOUR).consents
    assert (consent.state.value, consent.doubt, version) == ("DRAFT", "", 3)


@pytest.mark.usefixtures("filed")
def test_a_record_that_goes_while_it_is_in_doubt_is_opened_neither_by_an_older_look_nor_without_its_record(network):
    suspend(network)
    db = network.db("harbour")
    db.execute("DELETE FROM consent")
    db.execute("INSERT INTO change_log(table_name, row_id, op, at, by) VALUES ('consent', 1, 'D', '2026-06-01', 'w')")
    db.close()
    network.settle()

    with pytest.raises(Refused, match="--version"):
        resume(network, version=2)
    resume(network, version=3)
    assert state(network) == ("SUSPENDED", 4)
    with pytest.raises(Refused, match="save its record again in its system"):
        resume(network, version=4)


@pytest.mark.usefixtures("filed")
def test_the_same_paper_entered_again_is_in_doubt_as_well_and_a_later_one_is_not(network):
    suspend(network)
    db = network.db("harbour")
    cms.add_consent(db, 1, form_id="F-2")
    db.close()
    network.settle()
    assert refer_again(network) == 1, "it was taken before the doubt"

    network.clock.advance(timedelta(days=2))
    db = network.db("harbour")
    cms.add_consent(db, 1, form_id="F-3", captured_at="2026-06-02 09:00:00", signed_on="2026-06-02")
    db.close()
    network.settle()
    assert len(network.inbox("lakeside", "referral")) == 2
