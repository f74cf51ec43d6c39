"""CMS and HARTS on one road: referrals both ways, their answers, results, and what HARTS is told in its own files.

Harbour has a CMS, Maple is a HARTS site. All people are invented. Program systems 4, 9.4; consent rules C-71, C-72.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.harts import ack, dat
from hub.exchange import intake, relay
from hub.model.directory import Site
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.mixed import HARBOUR_SITE, Both, allow, answer, consent_row, importing, refer_to_maple
from tests.unit.desk.conftest import opened, waits_a_lease

# -- CMS to HARTS and back


def test_a_referral_of_a_cms_is_a_file_that_harts_takes(both: Both) -> None:
    refer_to_maple(both)
    both.run()

    (client,), (asked,), (result,) = both.lines("CL"), both.lines("RF"), both.lines("AS")

    assert (client["surname"], client["given"], client["dob"]) == ("Okonkwo-Tremblay", "Amara", "1991-07-22")
    assert len(client["local_key"]) == 12
    assert "harts_no" not in client
    assert (asked["from_site"], asked["to_site"], asked["status"]) == (HARBOUR_SITE, harts.SITE, "S")
    assert "to_service" not in asked, "blank is language training"
    assert result["l"]
    assert both.network.states() == {"delivered": 1}


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [("A", "", "ACCEPTED"), ("W", "", "WAITLISTED"), ("D", "CAP", "DECLINED")],
)
def test_the_answer_of_harts_reaches_the_sender(both: Both, status: str, reason: str, said: str) -> None:
    refer_to_maple(both)
    both.run()
    (asked,), (client,) = both.lines("RF"), both.lines("CL")

    name = both.site.hand_in(
        harts.client(
            answer(asked, status, reason),
            local_key=client["local_key"],
        )
    )  # fmt: skip
    both.run()

    statuses = [row["payload"] for row in both.network.inbox("harbour", "referral-status")]
    assert [(row["referral_id"], row["status"]) for row in statuses] == [(1, said)]
    assert both.told(name) == [("CL", "OK", ""), ("RF", "OK", "")]


def test_a_language_result_comes_back_with_the_answer_where_the_client_allowed_it_that_way_too(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (asked,), (client,) = both.lines("RF"), both.lines("CL")
    allow(both, consent_row(identifier_type="LOCAL_KEY", identifier_value=client["local_key"]))

    both.site.hand_in(
        harts.client(
            harts.assessment(l="07"),
            answer(asked),
            local_key=client["local_key"],
        )
    )  # fmt: skip
    both.run()

    (row,) = [row["payload"] for row in both.network.inbox("harbour", "referral-status")]
    assert row["status"] == "ACCEPTED"
    assert [each["listening"] for each in row["language"]] == ["07"]


def test_a_language_result_stays_behind_without_a_consent_in_its_own_direction_c_72(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (asked,), (client,) = both.lines("RF"), both.lines("CL")

    both.site.hand_in(
        harts.client(
            harts.assessment(l="07"),
            answer(asked),
            local_key=client["local_key"],
        )
    )  # fmt: skip
    both.run()

    (row,) = [row["payload"] for row in both.network.inbox("harbour", "referral-status")]
    assert row["status"] == "ACCEPTED"
    assert "language" not in row


def test_the_number_that_harts_gives_a_client_is_linked_and_never_kept(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (batch,) = both.site.received()
    both.site.acknowledge(batch, {}, {2: "40000077"})
    both.run()

    allow(both, consent_row(identifier_value="40000077"))
    with both.network.hub.store.database.reading() as connection:
        subjects = connection.exec_driver_sql("SELECT COUNT(*) FROM subject").scalar_one()
    assert subjects == 1, "the same person, found by HARTS' number and the birth date"
    kept = b"".join(path.read_bytes() for path in both.network.hub.settings.dir.rglob("*") if path.is_file())
    assert b"40000077" not in kept


def test_what_harts_rejects_after_it_took_it_is_told_to_the_sender_and_stays_delivered(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (batch,) = both.site.received()
    line = next(key.number for key in batch.keys() if key.record == "RF")  # noqa: SIM118 - a method, no mapping
    both.site.acknowledge(batch, {line: ack.Answer(ack.Result.ERR, "H4")}, {})
    both.run()

    assert both.network.told("harbour", "rejected") == [("referral_id", 1, "H4")]
    assert both.network.states() == {"delivered": 1}


# -- HARTS to CMS and back


def test_a_referral_of_harts_reaches_a_cms_and_its_answer_comes_back_in_a_file(both: Both) -> None:
    allow(both, consent_row())
    name = both.site.hand_in(harts.client(harts.assessment(), harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    (row,) = both.network.inbox("harbour", "referral")
    assert row["payload"]["service_wanted"] == "employment"
    assert row["payload"]["client"][0]["last_name"] == "Okonkwo-Tremblay"
    assert both.told(name) == [("CL", "OK", ""), ("AS", "OK", ""), ("RF", "OK", "")]

    cms.answer(both.network.db("harbour"), row["hub_referral_no"], "ACCEPTED")
    both.run()

    (said,) = both.lines("RF")
    assert (said["ref_no"], said["status"]) == ("R-1", "A")
    assert (said["from_site"], said["to_site"]) == (harts.SITE, HARBOUR_SITE)


def test_without_a_consent_the_line_waits_and_goes_by_itself_when_there_is_one(both: Both) -> None:
    name = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()
    before = both.told(name)

    allow(both, consent_row())
    both.run()

    assert before == [("CL", "WARN", "DN_NO_CONSENT"), ("RF", "WARN", "DN_NO_CONSENT")]
    assert len(both.network.inbox("harbour", "referral")) == 1
    assert both.told(name) == [("CL", "OK", ""), ("RF", "OK", "")]


def test_a_site_of_somebody_else_speaks_for_nobody(both: Both) -> None:
    allow(both, consent_row())
    both.network.put(Site("harts", harts.SITE, "lakeside", "taken"))
    name = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    assert both.network.inbox("harbour") == []
    assert both.told(name)[-1] == ("RF", "WARN", "DN_SENDER")


def test_an_unknown_site_leads_nowhere_and_the_line_waits_for_the_directory(both: Both) -> None:
    allow(both, consent_row())
    name = both.site.hand_in(harts.client(harts.referral(to_site="T00099")))
    both.run()
    before = both.told(name)[-1]

    both.network.put(Site("harts", "T00099", "harbour", "Harbour, second floor"))
    both.run()

    assert before == ("RF", "WARN", "DN_RECIPIENT")
    assert len(both.network.inbox("harbour", "referral")) == 1


def test_a_consent_number_of_another_client_is_refused_and_none_is_needed(both: Both) -> None:
    (own,) = allow(both, consent_row())
    (others,) = allow(
        both,
        consent_row(
            identifier_value="40000002", birth_date="1980-01-02", last_name="Zed", first_name="Robert", consent_id="M-2"
        ),
    )
    wrong = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE, consent_no=others)))
    both.run()
    right = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE, ref_no="R-2", consent_no=own)))
    both.run()

    assert both.told(wrong)[-1] == ("RF", "ERR", "DN_SCHEMA")
    assert both.told(right)[-1] == ("RF", "OK", "")
    assert len(both.network.inbox("harbour", "referral")) == 1


def test_a_withdrawal_by_its_sender_reaches_the_receiver(both: Both) -> None:
    allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    name = both.site.hand_in(harts.client(harts.referral(action="U", to_site=HARBOUR_SITE, status="X", reason="CLD")))
    both.run()

    assert both.told(name)[-1] == ("RF", "OK", "")
    statuses = [row["payload"]["status"] for row in both.network.inbox("harbour", "referral-status")]
    assert statuses == ["WITHDRAWN"]


def test_what_is_said_twice_is_w02_and_final(both: Both) -> None:
    allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    name = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    assert both.told(name)[-1] == ("RF", "WARN", "W02")
    found = both.site.answer_to(name)
    assert found is not None
    assert found.settled
    assert len(both.network.inbox("harbour", "referral")) == 1


@pytest.mark.parametrize("change", [{"note": "asks for evenings"}, {"to_service": "SET"}, {"reason": "HOU"}])
def test_a_request_that_says_something_else_after_it_was_sent_is_told_that_the_change_does_not_travel(
    both: Both, change: dict[str, str]
) -> None:
    allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    name = both.site.hand_in(harts.client(harts.referral(action="U", to_site=HARBOUR_SITE, **change)))
    both.run()

    assert both.told(name)[-1] == ("RF", "ERR", "DN_TRANSITION")
    found = both.site.answer_to(name)
    assert found is not None
    assert found.settled
    assert len(both.network.inbox("harbour", "referral")) == 1


def test_what_changes_beneath_a_request_that_was_sent_is_no_change_of_it(both: Both) -> None:
    (number,) = allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    again = harts.referral(to_site=HARBOUR_SITE, consent_no=number)
    name = both.site.hand_in(harts.client(harts.assessment(), again, address="9 Elm Street"))
    both.run()

    assert both.told(name)[-1] == ("RF", "WARN", "W02")


def test_of_two_clients_under_one_number_the_first_who_may_go_takes_it_and_the_other_is_told(both: Both) -> None:
    first = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()
    zed = {"harts_no": "40000009", "dob": "1980-01-02", "surname": "Zed", "given": "Robert", "uci": ""}
    allow(both, consent_row(identifier_value="40000009", birth_date="1980-01-02", last_name="Zed", first_name="Robert"))
    second = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE), **zed))
    both.run()
    waits = both.told(first)[-1]

    allow(both, consent_row(consent_id="M-2"))
    both.run()

    assert waits == ("RF", "WARN", "DN_NO_CONSENT")
    assert both.told(second)[-1] == ("RF", "OK", "")
    assert both.told(first)[-1] == ("RF", "ERR", "DN_TRANSITION")
    names = [row["payload"]["client"][0]["last_name"] for row in both.network.inbox("harbour", "referral")]
    assert names == ["Zed"]


def test_a_number_with_a_stroke_comes_back_whole(both: Both) -> None:
    allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE, ref_no="26/17")))
    both.run()
    (row,) = both.network.inbox("harbour", "referral")

    cms.answer(both.network.db("harbour"), row["hub_referral_no"], "ACCEPTED")
    both.run()

    assert [said["ref_no"] for said in both.lines("RF")] == ["26/17"]


def test_an_answer_to_a_referral_that_is_not_there_is_an_error(both: Both) -> None:
    name = both.site.hand_in(
        harts.client(harts.referral(ref_no="A" * 12, from_site=HARBOUR_SITE, to_site=harts.SITE, status="A", reason=""))
    )
    both.run()

    record, result, code = both.told(name)[-1]
    assert (record, result) == ("RF", "ERR")
    assert code == "DN_SCHEMA"


def test_one_bad_line_stops_no_other_of_its_file(both: Both) -> None:
    allow(both, consent_row())
    name = both.site.hand_in(
        harts.client(harts.referral(to_site=HARBOUR_SITE, to_service="ZZZ")),
        harts.client(harts.referral(to_site=HARBOUR_SITE, ref_no="R-2")),
    )
    both.run()

    assert [each[1:] for each in both.told(name)] == [("ERR", "DN_SCHEMA")] * 2 + [("OK", "")] * 2
    assert len(both.network.inbox("harbour", "referral")) == 1


def test_nothing_of_a_file_rests_in_the_hub(both: Both) -> None:
    allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE, note="Zyxwvut")))
    refer_to_maple(both, reason_text="Zyxwvut")
    both.run()

    kept = b"".join(path.read_bytes() for path in both.network.hub.settings.dir.rglob("*") if path.is_file())
    for value in (b"Zyxwvut", b"Okonkwo", b"1991-07-22", b"19910722", b"11223344", b"40000001"):
        assert value not in kept
    spool = both.site.to_harts / ".spool"
    assert all(b"Okonkwo" not in path.read_bytes() for path in spool.rglob("*") if path.is_file())


def test_a_batch_is_closed_as_often_as_its_agency_wants(both: Both) -> None:
    system = both.network.directory().systems["maple-harts"]
    both.network.put(replace(system, settings={**system.settings, "batch_every_s": 86_400}))
    refer_to_maple(both)
    both.run()
    db = both.network.db("harbour")
    other = cms.add_client(db, birth_date="1984-02-03", last_name="Neighbour")
    cms.add_consent(db, other, "maple")
    cms.add_referral(db, other, "maple", "language-training")
    both.run()
    early = len(both.site.received())

    both.network.clock.advance(timedelta(hours=24))
    both.run()

    assert (early, len(both.site.received())) == (1, 2)
    assert isinstance(both.site.received()[0], dat.Batch)


@pytest.mark.parametrize("results", [True, False])
def test_an_answer_below_another_client_is_an_error_and_nobodys_results_go_as_somebody_elses(
    both: Both, results: bool
) -> None:
    refer_to_maple(both)
    both.run()
    (asked,) = both.lines("RF")
    allow(both, consent_row(identifier_value="40000009", birth_date="1980-01-02", last_name="Zed", first_name="Robert"))

    name = both.site.hand_in(
        harts.client(
            *([harts.assessment()] if results else []),
            answer(asked),
            harts_no="40000009", dob="1980-01-02", surname="Zed", given="Robert", uci="",
        )
    )  # fmt: skip
    both.run()

    assert both.network.inbox("harbour", "referral-status") == []
    assert both.told(name)[-1] == ("RF", "ERR", "DN_SCHEMA")


@pytest.mark.parametrize("born", ["1980-01-02", "1980-01-03"])
def test_a_number_that_is_used_again_for_another_client_is_an_error_and_not_already_there(
    both: Both, born: str
) -> None:
    """Whether the other client is known or not."""
    allow(both, consent_row())
    allow(both, consent_row(identifier_value="40000009", birth_date="1980-01-02", last_name="Zed", first_name="Robert"))
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()

    name = both.site.hand_in(
        harts.client(
            harts.referral(to_site=HARBOUR_SITE), harts_no="40000009", dob=born, surname="Zed", given="Robert", uci=""
        )
    )
    both.run()

    assert both.told(name)[-1][1:] == ("ERR", "DN_TRANSITION")
    assert len(both.network.inbox("harbour", "referral")) == 1


@pytest.mark.parametrize(
    "says",
    [
        pytest.param({"surname": "Foe", "given": "Joan", "dob": "1970-01-01", "uci": "33445566"}, id="somebody else"),
        pytest.param({"surname": "Foe", "given": "Joan", "dob": "1970-01-01", "uci": ""}, id="without a number"),
        pytest.param({"surname": "Foe", "given": "Joan", "dob": "1970-01-01", "dob_flag": "Y", "uci": ""}, id="a year"),
    ],
)
def test_the_key_of_one_client_above_the_facts_of_another_is_a_question(both: Both, says: dict[str, str]) -> None:
    allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()
    cms.answer(both.network.db("harbour"), both.network.inbox("harbour")[0]["hub_referral_no"], "RECEIVED")
    with both.network.hub.store.peek() as rows:
        (ref,) = {row.subject_ref for row in rows.handovers.every(9, ended=True) if row.subject_ref}
        alias = rows.subjects.aliases(ref)["maple"]

    name = both.site.hand_in(
        harts.client(harts.referral(to_site=HARBOUR_SITE, ref_no="R-2"), local_key=alias, harts_no="", **says)
    )
    both.run()

    assert both.told(name)[-1] == ("RF", "WARN", "DN_IDENTITY")
    assert len(both.network.inbox("harbour", "referral")) == 1


def test_a_request_and_its_withdrawal_in_one_file_are_both_heard(both: Both) -> None:
    allow(both, consent_row())
    name = both.site.hand_in(
        harts.client(
            harts.referral(to_site=HARBOUR_SITE),
            harts.referral(action="U", to_site=HARBOUR_SITE, status="X", reason="CLD"),
        )
    )
    both.run()

    assert [each[1:] for each in both.told(name)] == [("OK", "")] * 3
    statuses = [row["payload"]["status"] for row in both.network.inbox("harbour", "referral-status")]
    assert statuses == ["WITHDRAWN"]


def test_a_request_that_waited_and_was_taken_back_meanwhile_is_not_sent(both: Both) -> None:
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    both.run()
    both.site.hand_in(harts.client(harts.referral(action="U", to_site=HARBOUR_SITE, status="X", reason="CLD")))
    both.run()

    allow(both, consent_row())
    both.run()

    assert both.network.inbox("harbour") == []


def test_a_withdrawal_that_is_read_before_its_request_is_heard_when_the_request_has_come(both: Both) -> None:
    """The file with the request was away, or refused and mended."""
    allow(both, consent_row())
    withdrawal = harts.referral(action="U", to_site=HARBOUR_SITE, status="X", reason="CLD")
    name = both.site.hand_in(harts.client(withdrawal), seq=2)
    both.run()
    before = both.told(name)[-1]

    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)), seq=1)
    both.run()

    statuses = [row["payload"]["status"] for row in both.network.inbox("harbour", "referral-status")]
    assert before == ("RF", "WARN", "W01")
    assert statuses == ["WITHDRAWN"]
    assert both.told(name)[-1] == ("RF", "OK", "")


def test_results_that_come_after_the_answer_travel_as_a_message_of_their_own(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (asked,), (client,) = both.lines("RF"), both.lines("CL")
    allow(both, consent_row(identifier_type="LOCAL_KEY", identifier_value=client["local_key"]))
    said = answer(asked)  # fmt: skip
    both.site.hand_in(harts.client(said, local_key=client["local_key"]))
    both.run()

    name = both.site.hand_in(harts.client(harts.assessment(l="07"), said, local_key=client["local_key"]))
    both.run()

    assert both.told(name)[-1] == ("RF", "OK", "")
    rows = [row["payload"] for row in both.network.inbox("harbour", "referral-status")]
    assert [[each["listening"] for each in row.get("language", ())] for row in rows] == [[], ["07"]]


def test_a_site_that_was_given_away_speaks_for_no_old_referral_either(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (asked,), (client,) = both.lines("RF"), both.lines("CL")
    both.network.put(Site("harts", harts.SITE, "lakeside", "taken"))

    name = both.site.hand_in(
        harts.client(
            answer(asked),
            local_key=client["local_key"],
        )
    )  # fmt: skip
    both.run()

    assert both.told(name)[-1] == ("RF", "WARN", "DN_SENDER")
    assert both.network.inbox("harbour", "referral-status") == []


def test_a_code_of_harts_that_nobody_knows_is_kept_as_such(both: Both) -> None:
    refer_to_maple(both)
    both.run()
    (batch,) = both.site.received()
    line = next(key.number for key in batch.keys() if key.record == "RF")  # noqa: SIM118 - a method, no mapping
    both.site.acknowledge(batch, {line: ack.Answer(ack.Result.ERR, "OKONKWO_AMARA")}, {})
    both.run()

    assert both.network.told("harbour", "rejected") == [("referral_id", 1, "OTHER")]


def test_a_file_that_is_dated_in_the_future_is_refused(both: Both) -> None:
    name = both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)), day=date(2099, 12, 31))
    both.run()

    found = both.site.answer_to(name)
    assert found is not None
    assert found.code == "F01"


def test_a_batch_that_could_not_be_written_is_tried_again_without_waiting_for_the_next_one(both: Both) -> None:
    system = both.network.directory().systems["maple-harts"]
    both.network.put(replace(system, settings={**system.settings, "batch_every_s": 86_400}))
    refer_to_maple(both)
    spool = both.site.to_harts / ".spool"
    spool.write_text("in the way")
    both.run()
    before = both.network.states()

    spool.unlink()
    both.run()

    assert before == {"released": 1}
    assert len(both.site.received()) == 1


def test_a_withdrawal_by_import_returns_when_nothing_that_relied_on_it_is_under_way_inv_3(both: Both) -> None:
    (number,) = allow(both, consent_row())
    both.site.hand_in(harts.client(harts.referral(to_site=HARBOUR_SITE)))
    house = both.network.hub.house
    with house.store.peek() as rows:
        directory = rows.directory.all()
    for _ in range(3):
        intake.step(house, directory.systems["maple-harts"])
    relay.publish(house)
    relay.arrive(house, directory.agencies["harbour"].topic)
    envelope_id = opened(both.network, "harbour-cms")

    said = consent_row(consent_id=number, withdrawn_at="2026-05-30 09:00:00", withdrawn_how="LETTER")
    drain = importing(both, said).drain

    assert waits_a_lease(both.network, drain).unknown == (envelope_id,)
