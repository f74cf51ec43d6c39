"""Rows of the directory: what is read, what is refused and how (design §4, §6; issue item 9; I-01, I-05, I-18)."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from consent.model import Agreement
from hub.directory import AGENCY, AGREEMENT, SERVICE, SERVICE_WANTED, SITE, SYSTEM, WORKER, Terms, from_row, topic
from hub.errors import Refused
from hub.model.directory import Agency, Service, Site, System, Worker

AGENCY_ROW = {"id": "northgate", "name": "Northgate", "lane": "womens", "pack": "ca-on"}
SYSTEM_ROW = {"id": "harbour-two", "agency": "harbour", "kind": "cms", "settings.url": "sqlite:////data/a b.db "}
SITE_ROW = {"kind": "cms", "code": "H2", "agency": "harbour", "name": "Pier"}
SERVICE_ROW = {
    "id": "harbour-jobs",
    "agency": "harbour",
    "wanted": "employment",
    "name": "Jobs",
    "system": "harbour-cms",
    "site": "H1",
    "program": "newcomer",
    "required": "IDENT EMPLOY",
}
WORKER_ROW = {"id": "h-worker-2", "agency": "harbour", "role": "steward"}
AGREEMENT_ROW = {
    "agreement_id": "harbour-lakeside-2",
    "party_a": "harbour",
    "party_b": "lakeside",
    "purposes": "REFERRAL",
    "categories": "IDENT NEEDS",
    "events": "add-service-request",
    "valid_from": "2025-03-09",
}


def test_an_agency_gets_a_topic_that_names_nobody(known):
    made = from_row(AGENCY, AGENCY_ROW, known)

    assert made == Agency("northgate", "Northgate", "womens", "ca-on", made.topic)
    assert re.fullmatch(r"delivery\.[A-Z2-7]{12}", made.topic)


def test_a_known_agency_keeps_its_topic(known):
    row = AGENCY_ROW | {"id": "harbour"}

    assert from_row(AGENCY, row, known).topic == "delivery.HAAAAAAAAAAA"


@pytest.mark.parametrize("number", ["harbour", "qaaaaaaaaaaa", "Q1AAAAAAAAAA", "QAAAAAAAAAAAA", ""])
def test_a_topic_is_never_a_word(number):
    with pytest.raises(AssertionError):
        topic(number)


def test_a_system_keeps_its_settings_as_they_are_written(known):
    assert from_row(SYSTEM, SYSTEM_ROW, known) == System(
        "harbour-two", "harbour", "cms", "active", {"url": "sqlite:////data/a b.db"}
    )


def test_a_blank_setting_is_none_and_one_that_counts_units_is_a_number_but_a_code_of_digits_stays_text(known):
    more = {"settings.path": " ", "settings.batch_every_s": "0", "settings.wait_ms": "soon", "settings.site": "000123"}

    settings = from_row(SYSTEM, {**SYSTEM_ROW, **more}, known).settings

    assert settings == {"url": "sqlite:////data/a b.db", "batch_every_s": 0, "wait_ms": "soon", "site": "000123"}


def test_a_site_a_service_and_a_worker(known):
    assert from_row(SITE, SITE_ROW, known) == Site("cms", "H2", "harbour", "Pier")
    assert from_row(SERVICE, SERVICE_ROW, known) == Service(
        "harbour-jobs",
        "harbour",
        "employment",
        "Jobs",
        "harbour-cms",
        "H1",
        "newcomer",
        "active",
        ("IDENT", "EMPLOY"),
    )
    assert from_row(WORKER, WORKER_ROW, known) == Worker("h-worker-2", "harbour", "steward")
    assert from_row(WORKER, WORKER_ROW | {"agency": "hub"}, known).agency == "hub"


def test_a_worker_who_leaves_works_to_the_end_of_that_local_day_i_05(known):
    left = from_row(WORKER, WORKER_ROW | {"ended_on": "2025-06-30"}, known)

    assert left.ended_at == "2025-07-01T04:00:00+00:00"


def test_an_agreement_runs_over_whole_local_days_across_the_clock_change_i_05(known):
    terms = from_row(AGREEMENT, AGREEMENT_ROW | {"expires_on": "2025-03-09"}, known)

    assert terms.valid_from == datetime(2025, 3, 9, 5, tzinfo=UTC)
    assert terms.expires_at == datetime(2025, 3, 10, 4, tzinfo=UTC)


def test_the_words_of_an_agreement_are_those_of_the_rules(known):
    terms = from_row(AGREEMENT, AGREEMENT_ROW, known)

    assert terms == Terms(
        "harbour-lakeside-2",
        ("harbour", "lakeside"),
        ("REFERRAL",),
        ("IDENT", "NEEDS"),
        ("add-service-request",),
        "active",
        datetime(2025, 3, 9, 5, tzinfo=UTC),
        None,
        None,
    )
    assert Agreement(version=1, **asdict(terms)).purposes == ("REFERRAL",)


@pytest.mark.parametrize("value", ["", "x", "Harbour", "har bour", "-ab", "ab-", "a--b", "a_b", "ä1", "a" * 41])
def test_an_id_has_a_form(known, value):
    with pytest.raises(Refused):
        from_row(WORKER, WORKER_ROW | {"id": value}, known)


@pytest.mark.parametrize("value", ["046454286", "1991-07-22", "416-555-0100"])
def test_a_number_that_could_be_a_persons_is_no_id_and_is_not_shown(known, value):
    with pytest.raises(Refused) as why:
        from_row(WORKER, WORKER_ROW | {"id": value}, known)

    assert value not in str(why.value)


@pytest.mark.parametrize(
    ("form", "row", "change", "place"),
    [
        pytest.param(AGENCY, AGENCY_ROW, {"id": "hub"}, "id", id="hub is the hub's own name"),
        pytest.param(AGENCY, AGENCY_ROW, {"id": "hub-relay"}, "id", id="so is that of the relay"),
        pytest.param(AGENCY, AGENCY_ROW, {"name": "x" * 121}, "name", id="a name that is too long"),
        pytest.param(AGENCY, AGENCY_ROW, {"lane": ""}, "lane", id="I-01 a lane that is not said"),
        pytest.param(AGENCY, AGENCY_ROW, {"lane": "women"}, "lane", id="a lane that is none"),
        pytest.param(AGENCY, AGENCY_ROW, {"pack": "ca-qc"}, "pack", id="I-01 a pack that the hub has not"),
        pytest.param(AGENCY, AGENCY_ROW, {"status": "open"}, "status", id="a status that is none"),
        pytest.param(AGENCY, AGENCY_ROW, {"topic": "delivery.X"}, "topic", id="a topic is not chosen"),
        pytest.param(SYSTEM, SYSTEM_ROW, {"agency": "nobody"}, "agency", id="an agency that is not there"),
        pytest.param(SYSTEM, SYSTEM_ROW, {"kind": "fax"}, "kind", id="a kind without an adapter"),
        pytest.param(SYSTEM, SYSTEM_ROW, {"settings.": "x"}, "settings.", id="a setting without a name"),
        pytest.param(SYSTEM, SYSTEM_ROW, {"id": "lakeside-cms"}, "id", id="another agency's system"),
        pytest.param(SITE, SITE_ROW, {"code": "L1"}, "code", id="a site is of one agency"),
        pytest.param(SITE, SITE_ROW, {"code": "a b"}, "code", id="a site code with a space"),
        pytest.param(SERVICE, SERVICE_ROW, {"wanted": "room"}, "wanted", id="a service that is not in the list"),
        pytest.param(SERVICE, SERVICE_ROW, {"system": "lost"}, "system", id="a system that is not there"),
        pytest.param(SERVICE, SERVICE_ROW, {"site": "L1"}, "site", id="another agency's site"),
        pytest.param(SERVICE, SERVICE_ROW, {"site": "H9"}, "site", id="a site that is not there"),
        pytest.param(SERVICE, SERVICE_ROW, {"system": "lakeside-cms", "site": ""}, "site", id="a foreign system"),
        pytest.param(
            SERVICE, SERVICE_ROW, {"system": "harbour-rooms", "site": ""}, "system", id="a system that only sends"
        ),
        pytest.param(SERVICE, SERVICE_ROW, {"answers": "lost"}, "answers", id="answers in a system that is not there"),
        pytest.param(SERVICE, SERVICE_ROW, {"answers": "lakeside-rooms"}, "answers", id="answers of another agency"),
        pytest.param(SERVICE, SERVICE_ROW, {"answers": "harbour-cms"}, "answers", id="answers in the same system"),
        pytest.param(SERVICE, SERVICE_ROW, {"id": "lakeside-rooms"}, "id", id="another agency's service"),
        pytest.param(SERVICE, SERVICE_ROW, {"program": "men"}, "program", id="a program that is none"),
        pytest.param(SERVICE, SERVICE_ROW, {"required": "IDENT SHOE"}, "required", id="a category that is none"),
        pytest.param(SERVICE, SERVICE_ROW, {"required": "EMPLOY"}, "required", id="2.6 a list without IDENT"),
        pytest.param(WORKER, WORKER_ROW, {"role": "boss"}, "role", id="a role that is none"),
        pytest.param(WORKER, WORKER_ROW, {"ended_on": "30/06/2025"}, "ended_on", id="case 12 a day in another form"),
        pytest.param(WORKER, WORKER_ROW, {"ended_on": "9999-12-31"}, "ended_on", id="a day that has no next"),
        pytest.param(
            WORKER, WORKER_ROW, {"id": "h-worker-1", "agency": "lakeside"}, "id", id="another agency's worker"
        ),
        pytest.param(AGREEMENT, AGREEMENT_ROW, {"purposes": ""}, "purposes", id="I-18 no purpose is none"),
        pytest.param(AGREEMENT, AGREEMENT_ROW, {"categories": " "}, "categories", id="I-18 no category is none"),
        pytest.param(AGREEMENT, AGREEMENT_ROW, {"events": "all"}, "events", id="I-01 an event that is none"),
        pytest.param(AGREEMENT, AGREEMENT_ROW, {"party_b": "harbour"}, "party_b", id="one party twice"),
        pytest.param(AGREEMENT, AGREEMENT_ROW, {"party_b": "nobody"}, "party_b", id="a party that is not there"),
        pytest.param(AGREEMENT, AGREEMENT_ROW, {"expires_on": "2025-03-08"}, "expires_on", id="over before it begins"),
        pytest.param(AGREEMENT, AGREEMENT_ROW, {"valid_from": ""}, "valid_from", id="a beginning that is not said"),
        pytest.param(
            AGREEMENT, AGREEMENT_ROW, {"discloser": "nobody"}, "discloser", id="a discloser that is not there"
        ),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(known, form, row, change, place):
    assert from_row(form, row, known), "the row is good without the change"

    with pytest.raises(Refused) as why:
        from_row(form, row | change, known)

    assert why.value.where == f"{form.name}, {place}"
    assert why.value.got
    assert why.value.expected


def test_a_service_may_be_answered_in_another_system_of_its_agency_one_that_only_sends(known):
    service = from_row(SERVICE, SERVICE_ROW | {"answers": "harbour-rooms"}, known)

    assert (service.system, service.answers) == ("harbour-cms", "harbour-rooms")


def test_a_service_in_a_system_that_only_sends_is_told_what_to_do(known):
    with pytest.raises(Refused, match="which only sends") as why:
        from_row(SERVICE, SERVICE_ROW | {"system": "harbour-rooms", "site": ""}, known)

    assert "`answers`" in why.value.next_step


def test_a_discloser_is_one_of_the_parties(known):
    from_row(AGENCY, AGENCY_ROW, known)
    known.directory.agencies["northgate"] = from_row(AGENCY, AGENCY_ROW, known)

    with pytest.raises(Refused):
        from_row(AGREEMENT, AGREEMENT_ROW | {"discloser": "northgate"}, known)
    assert from_row(AGREEMENT, AGREEMENT_ROW | {"discloser": "lakeside"}, known).discloser == "lakeside"


def test_an_agreement_does_not_change_its_parties(known):
    known.directory.agencies["northgate"] = from_row(AGENCY, AGENCY_ROW, known)
    row = AGREEMENT_ROW | {"agreement_id": "harbour-lakeside"}

    assert from_row(AGREEMENT, row | {"party_a": "lakeside", "party_b": "harbour"}, known)
    with pytest.raises(Refused):
        from_row(AGREEMENT, row | {"party_b": "northgate"}, known)


def test_an_error_shows_a_code_but_of_anything_else_the_shape_inv_1(known):
    with pytest.raises(Refused) as code:
        from_row(AGENCY, AGENCY_ROW | {"lane": "womans"}, known)
    with pytest.raises(Refused) as text:
        from_row(AGENCY, AGENCY_ROW | {"lane": "Hodan Warsame"}, known)

    assert "`womans`" in str(code.value)
    assert "Hodan" not in str(text.value)
    assert "length 13" in str(text.value)


def test_what_nobody_sees_does_not_count_case_6(known):
    assert from_row(WORKER, {k: f"\u200b {v}\u00a0" for k, v in WORKER_ROW.items()}, known).id == "h-worker-2"


def test_the_services_wanted_are_the_sixteen_of_the_code_system():
    assert len(set(SERVICE_WANTED)) == len(SERVICE_WANTED) == 16
