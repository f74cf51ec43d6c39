"""Results that HARTS hands in alone, without an RF line (shared model 7), and what does not fit into its fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from adapters.harts import dat
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.mixed import Both, allow, consent_row, refer_to_maple

# -- results without an RF line (shared model 7)


def results_alone(client: Mapping[str, str], **levels: str) -> list[dat.Draft]:
    """A client's AS line, and nothing that says to which referral it belongs."""
    return harts.client(harts.assessment(**levels), local_key=client["local_key"])


def test_results_alone_belong_to_the_only_open_referral_that_the_site_received(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (client,) = both.lines("CL")
    allow(both, consent_row(identifier_type="LOCAL_KEY", identifier_value=client["local_key"]))

    name = both.site.hand_in(results_alone(client, l="07"))
    both.run()

    (row,) = [row["payload"] for row in both.network.inbox("harbour", "referral-status")]
    assert (row["referral_id"], [each["listening"] for each in row["language"]]) == (1, ["07"])
    assert both.told(name) == [("CL", "OK", ""), ("AS", "OK", "")]
    with both.network.hub.store.peek() as rows:
        (referral,) = rows.referrals.every(9)
    assert referral.state == "requested", "results say nothing of the state"


def test_results_alone_stay_behind_without_a_consent_in_their_own_direction_and_go_when_there_is_one(
    both: Both,
) -> None:
    refer_to_maple(both)
    both.run()
    (client,) = both.lines("CL")
    name = both.site.hand_in(results_alone(client, l="07"))
    both.run()
    before = both.told(name)[-1]

    allow(both, consent_row(identifier_type="LOCAL_KEY", identifier_value=client["local_key"]))
    both.run()

    assert before[:2] == ("AS", "WARN")
    assert both.told(name)[-1] == ("AS", "OK", "")
    assert len(both.network.inbox("harbour", "referral-status")) == 1


def test_results_alone_wait_for_their_referral_as_w01_and_go_when_it_has_come(both: Both) -> None:
    allow(both, consent_row(identifier_type="UCI", identifier_value="1100000001"))
    name = both.site.hand_in(harts.client(harts.assessment(l="07"), uci="1100000001"))
    both.run()
    before = both.told(name)

    refer_to_maple(both)
    both.run()
    both.network.clock.advance(timedelta(days=1))
    both.run()

    assert before == [("CL", "WARN", "W01"), ("AS", "WARN", "W01")]
    assert both.told(name)[-1] == ("AS", "OK", "")
    assert len(both.network.inbox("harbour", "referral-status")) == 1


def test_results_alone_that_belong_to_nothing_are_an_error_after_thirty_days(both: Both) -> None:
    allow(both, consent_row())
    name = both.site.hand_in(harts.client(harts.assessment()))
    both.run()

    for _ in range(31):
        both.network.clock.advance(timedelta(days=1))
        both.network.hub.keep_house()
        both.run()

    assert both.told(name)[-1] == ("AS", "ERR", "W01")
    found = both.site.answer_to(name)
    assert found is not None
    assert found.settled
    assert both.network.waits() == {}


def test_results_alone_of_a_client_with_two_open_referrals_wait(both: Both) -> None:
    refer_to_maple(both)
    db = both.network.db("harbour")
    cms.add_referral(db, 1, "maple", "language-assessment")
    both.run()
    (client, _) = both.lines("CL")
    allow(both, consent_row(identifier_type="LOCAL_KEY", identifier_value=client["local_key"]))

    name = both.site.hand_in(results_alone(client))
    both.run()

    assert both.told(name)[-1] == ("AS", "WARN", "W01")
    assert both.network.inbox("harbour", "referral-status") == []


def test_results_alone_of_somebody_elses_referral_go_nowhere(both: Both) -> None:
    """Maple received a referral of one client; the results are another's."""
    refer_to_maple(both)
    both.run()
    allow(both, consent_row(identifier_value="40000009", birth_date="1980-01-02", last_name="Zed", first_name="Robert"))

    name = both.site.hand_in(
        harts.client(harts.assessment(), harts_no="40000009", dob="1980-01-02", surname="Zed", given="Robert", uci="")
    )
    both.run()

    assert both.told(name)[-1] == ("AS", "WARN", "W01")
    assert both.network.inbox("harbour", "referral-status") == []


# -- what does not fit


def test_a_text_that_is_cut_for_harts_is_told_to_its_sender_and_stands_in_the_log(both: Both) -> None:
    db = both.network.db("harbour")
    client = cms.add_client(db, last_name="Okonkwo-Tremblay-Featherstonehaugh-Montgomery")
    cms.add_consent(db, client, "maple")
    number = cms.add_referral(db, client, "maple", "language-training")
    both.run()

    (sent,) = both.lines("CL")
    assert len(sent["surname"]) == 40
    told = both.network.inbox("harbour", "shortened")
    assert [row["payload"] for row in told] == [
        {"referral_id": number, "code": "CUT", "place": "client.surname: cut at 40 characters"}
    ]
    delivery = next(entry for entry in both.network.entries() if entry["event_type"] == "DELIVERY")
    assert "client.surname" in delivery["left_out"]
    assert both.network.states() == {"delivered": 1}


def test_what_fits_is_not_told(both: Both) -> None:
    refer_to_maple(both)
    both.run()

    assert both.network.inbox("harbour", "shortened") == []
