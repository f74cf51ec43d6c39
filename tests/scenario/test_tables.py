"""A housing registry that shows its records as tables, in a whole hub: what it sends, hears and answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.kinds import PACKAGED_MAPPINGS
from hub.model.directory import Service, System
from tests import cms_builder as cms
from tests.network import Network, make
from tests.table_builder import Registry


@pytest.fixture(params=["csv", "xlsx", "sql"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def registry(tmp_path: Path, form: str) -> Registry:
    return Registry(tmp_path / "registry", form)


@pytest.fixture
def network(tmp_path: Path, registry: Registry) -> Iterator[Network]:
    """Harbour has a housing registry beside its CMS; what comes into its CMS for housing is answered there."""
    made = make(tmp_path)
    made.put(
        System("harbour-homes", "harbour", "housing", "active", registry.settings),
        Service("harbour-housing", "harbour", "housing", "Homes", "harbour-cms", answers="harbour-homes"),
    )
    yield made
    made.hub.close()


def apply_and_refer(registry: Registry, **cells: Any) -> str:
    """An applicant with a consent for Lakeside and a referral there; the referral's number."""
    applicant = registry.apply(**cells)
    registry.consent(applicant)
    number = registry.refer(applicant)
    registry.save()
    return number


def told(registry: Registry, table: str = "referrals") -> list[tuple[str, str, str, str]]:
    return [(line["row"], line["key"], line["kind"], line["code"]) for line in registry.told(table)]


def test_a_referral_of_a_registry_reaches_a_cms_and_the_answer_stands_beside_its_table(
    network: Network, registry: Registry
) -> None:
    apply_and_refer(registry)

    network.run()

    (row,) = network.inbox("lakeside", "referral")
    (client,) = row["payload"]["client"]
    assert client["last_name"] == "Okonkwo-Tremblay"
    assert client["identifier"] == [{"type": "UCI", "value": "1100000101"}]
    assert row["payload"]["from_org"] == "harbour"
    assert "phone" not in client, "nobody marked it safe"
    db = network.db("lakeside")
    cms.answer(db, row["hub_referral_no"], "ACCEPTED")
    db.close()
    network.run()
    first = 1 if registry.form == "sql" else 2
    assert told(registry) == [(str(first), "request:R-1", "referral-status", "accepted")]
    assert network.states() == {"delivered": 2}
    assert network.verifies()


def test_a_refusal_stands_beside_the_table_until_it_is_over(network: Network, registry: Registry) -> None:
    applicant = registry.apply()
    registry.refer(applicant)
    registry.save()

    network.settle()

    ((_, key, kind, code),) = told(registry)
    assert (key, kind, code) == ("request:R-1", "refusal", "DN_NO_CONSENT")
    assert network.inbox("lakeside") == []

    registry.consent(applicant)
    registry.save()
    network.settle()

    assert len(network.inbox("lakeside", "referral")) == 1
    assert told(registry) == []


def test_a_cell_that_cannot_be_read_is_told_by_its_column_and_shape(network: Network, registry: Registry) -> None:
    apply_and_refer(registry, **{"Born on": "22 July 1991"})

    network.settle()

    (line,) = [line for line in registry.told() if line["key"] == "request:R-1"]
    assert line["code"] == "DN_SCHEMA"
    assert "client.birth_date" in line["detail"]
    assert "1991" not in line["detail"]
    assert network.inbox("lakeside") == []


def test_a_consent_that_is_taken_back_in_the_table_ends_what_relied_on_it(network: Network, registry: Registry) -> None:
    apply_and_refer(registry)
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    network.run()
    registry.row("consents", "C-1")["withdrawn_at"] = "yesterday, by telephone"
    registry.save()

    network.run()
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")
    network.settle()

    assert network.inbox("lakeside", "referral") == []
    assert set(network.states()) == {"refused"}


LONG = "Wickramasinghe Arachchilage Dona Nirmala Priyadarshani de Silva-Fernandopulle Jr"


@pytest.mark.parametrize(
    ("written", "arrives"),
    [
        pytest.param(
            {"Family name": "\u200bTrem\u00a0blay\t"}, {"last_name": "Trem blay"}, id="case 6 unseen signs go"
        ),
        pytest.param({"City": "Que\u0301bec"}, {"city": "Qu\u00e9bec"}, id="case 7 accents are composed"),
        pytest.param({"Birth date is": "Y"}, {"birth_date": "1991-01-01"}, id="case 13 the year alone"),
        pytest.param({"Given name": "FNU"}, {"first_name": None}, id="case 15 a filler is no name"),
        pytest.param({"Family name": LONG}, {"last_name": LONG}, id="case 16 a long name is never cut here"),
        pytest.param({"Family name": "D’Angelo"}, {"last_name": "D’Angelo"}, id="case 16 marks stay for display"),
        pytest.param({"Family name": "ሰላም"}, {"last_name": "ሰላም"}, id="case 18 another script"),
        pytest.param({"Postal code": "k1a ob1"}, {"postal_code": "K1A 0B1"}, id="case 25 the letter O for a zero"),
        pytest.param(
            {"Postal code": "M4Y"}, {"postal_code": None, "city": "Toronto"}, id="case 25 a part stays behind"
        ),
        pytest.param(
            {"Address is secret": "Oui"},
            {"address_line": None, "city": None, "postal_code": None},
            id="case 27, case 29",
        ),
        pytest.param(
            {"Phone": "+1 416 555 0142 ext 7", "Phone is safe": "TRUE"},
            {"phone": "416-555-0142"},
            id="case 28, case 29",
        ),
        pytest.param({"Interpreter": ""}, {"interpreter_needed": None}, id="case 29 a blank is no no"),
        pytest.param({"Gender": "prefer not to say"}, {"gender": None}, id="case 59 what is not said is not guessed"),
        pytest.param({"City": "QuÃ©bec"}, {"city": "Québec"}, id="case 63 the wrong encoding, certain: repaired"),
    ],
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_is_odd_in_an_applicant_arrives_as_it_should(
    network: Network, registry: Registry, written: dict[str, str], arrives: dict[str, str | None]
) -> None:
    apply_and_refer(registry, **written)

    network.run()

    (row,) = network.inbox("lakeside", "referral")
    (client,) = row["payload"]["client"]
    assert {name: client.get(name) for name in arrives} == arrives


@pytest.mark.parametrize(
    ("paper", "got"),
    [
        pytest.param("1234567", "9999999", id="case 20 a lost zero"),
        pytest.param("1.1E+07", "9.9_a_99", id="case 20 scientific notation"),
        pytest.param("CAN1234567", "aaa9999999", id="case 21 the number of an application"),
        pytest.param("046 454 286", "999_999_999", id="case 21 what passes as a SIN"),
    ],
)
@pytest.mark.parametrize("form", ["csv"])
def test_a_number_that_is_none_stays_where_it_is_and_goes_when_it_is_put_right(
    network: Network, registry: Registry, paper: str, got: str
) -> None:
    apply_and_refer(registry)
    registry.tables["papers"][0]["number"] = paper
    registry.save()

    network.settle()

    assert network.inbox("lakeside") == []
    (line,) = [line for line in registry.told() if line["key"] == "request:R-1"]
    assert "identifier.value" in line["detail"]
    assert paper not in line["detail"]
    assert [line["key"] for line in registry.told("consents")] == ["consent:C-1"], "its client cannot be read either"

    registry.tables["papers"][0]["number"] = "1100000101"
    registry.save()
    network.settle()

    assert len(network.inbox("lakeside", "referral")) == 1
    assert registry.told() == []
    assert registry.told("consents") == []


def test_a_draft_is_not_for_the_hub(network: Network, registry: Registry) -> None:
    applicant = registry.apply()
    registry.consent(applicant)
    registry.refer(applicant, status="draft")
    registry.save()

    network.settle()

    assert network.states() == {}
    assert told(registry) == []


def test_a_referral_that_came_into_the_cms_is_answered_in_the_registry(network: Network, registry: Registry) -> None:
    number = _lakeside_refers(network)
    registry.answer(number, "accepted", appointment_at="2026-06-09 10:00:00")
    registry.save()

    network.settle()

    (row,) = network.inbox("lakeside", "referral-status")
    assert row["payload"]["status"] == "ACCEPTED"
    assert row["payload"]["appointment_at"] == "2026-06-09 10:00:00"
    assert told(registry, "answers") == []
    assert network.verifies()


def test_a_kind_that_is_told_of_no_answers_lets_them_end_as_delivered(tmp_path: Path) -> None:
    """Nothing is returned to who answered well; the state stands in the hub, and the loss in the log."""
    registry = Registry(tmp_path / "registry")
    folder = tmp_path / "hub" / "mappings" / "quiet"
    network = _with_kind(tmp_path, folder, registry)
    apply_and_refer(registry)
    network.run()
    (row,) = network.inbox("lakeside", "referral")
    db = network.db("lakeside")
    cms.answer(db, row["hub_referral_no"], "ACCEPTED")
    db.close()

    network.settle()

    assert network.states() == {"delivered": 2}
    assert registry.told() == []
    with network.hub.store.peek() as rows:
        referral = rows.referrals.get(row["hub_referral_no"])
    assert referral is not None
    assert referral.state == "accepted"
    network.hub.close()


def _with_kind(tmp_path: Path, folder: Path, registry: Registry) -> Network:
    """A hub whose data folder has a kind of tables without answers, and Harbour a system of it."""
    made = make(tmp_path)
    made.hub.close()
    shutil.copytree(PACKAGED_MAPPINGS / "housing", folder)
    records = folder / "records.toml"
    records.write_text(records.read_text().partition("\n[RF_STATUS]")[0])
    for name in ("RF_STATUS.toml", "answer_task.csv", "answer_state.csv", "status_reason.csv"):
        (folder / name).unlink()
    made.reopen()
    made.put(System("harbour-quiet", "harbour", "quiet", "active", registry.settings))
    return made


def test_only_the_system_that_the_service_names_may_answer(network: Network, registry: Registry) -> None:
    number = _lakeside_refers(network)
    network.put(Service("harbour-housing", "harbour", "housing", "Homes", "harbour-cms"))
    registry.answer(number, "accepted")
    registry.save()

    network.settle()

    assert network.inbox("lakeside", "referral-status") == []
    ((_, key, _, code),) = told(registry, "answers")
    assert (key, code) == ("answer:1", "DN_SCHEMA")


def test_a_registry_of_another_agency_may_not_answer_whatever_its_service_says(
    network: Network, registry: Registry
) -> None:
    number = _lakeside_refers(network)
    network.put(System("harbour-homes", "lakeside", "housing", "active", registry.settings))
    registry.answer(number, "accepted")
    registry.save()

    network.settle()

    assert network.inbox("lakeside", "referral-status") == []


def test_a_suspended_registry_answers_nothing_though_the_cms_is_active(network: Network, registry: Registry) -> None:
    """Gate 2 asks about the system that the answer came out of, not about the one that the referral came into."""
    number = _lakeside_refers(network)
    registry.answer(number, "accepted")
    registry.save()
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    network.run()
    network.put(System("harbour-homes", "harbour", "housing", "suspended", registry.settings))
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")

    network.settle()

    assert network.inbox("lakeside", "referral-status") == []


def test_an_answer_under_way_ends_when_its_service_is_no_longer_answered_there(
    network: Network, registry: Registry
) -> None:
    number = _lakeside_refers(network)
    registry.answer(number, "accepted")
    registry.save()
    (network.dir / "lakeside.sqlite").rename(network.dir / "away")
    network.run()
    network.put(Service("harbour-housing", "harbour", "housing", "Homes", "harbour-cms"))
    (network.dir / "away").rename(network.dir / "lakeside.sqlite")

    network.settle()

    assert network.inbox("lakeside", "referral-status") == []
    assert network.codes(2)["DN_SENDER"] == 1


def _lakeside_refers(network: Network) -> str:
    """Lakeside refers a client for housing to Harbour, into its CMS; the hub's number."""
    db = network.db("lakeside")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client, recipient_org="harbour")
    cms.add_referral(db, client, to_org="harbour", service_wanted="housing")
    db.close()
    network.run()
    (row,) = network.inbox("harbour", "referral")
    number: str = row["hub_referral_no"]
    return number
