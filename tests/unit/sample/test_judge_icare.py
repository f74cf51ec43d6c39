"""The judge finds what may not lie in iCARE's workbooks or beside them, when it is put there by hand (INV-1, INV-2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.sample import database, icare_papers, judge_icare
from hub.sample.icare import Reporting
from hub.sample.icare_book import PROFILE
from hub.sample.people import Person
from hub.sample.permitted import Systems
from hub.sample.scenarios import Scenario
from tests.unit.sample.icare_people import answer, profile, reached, reporting, session, settlement, theirs, written

AGREED = ["IDENT", "CONTACT", "LANG", "NEEDS", "SERVICE_STATUS"]


@pytest.fixture
def who() -> list[Person]:
    """Two clients of Harbour: the first has agreed to be asked later, the second has not."""
    return theirs([Scenario.AGREED] * 2, home="harbour")


@pytest.fixture
def site(tmp_path: Path, who: list[Person]) -> Reporting:
    return reporting(tmp_path, who)


def found(site: Reporting, agreed: list[str] = AGREED) -> list[str]:
    reported = judge_icare.read_reported(site.folder.parent / "harbour.sqlite")
    return list(judge_icare.judge_reports(site, reported, agreed))


def test_what_each_client_was_told_of_is_in_order(site: Reporting, who: list[Person]) -> None:
    first, second = who
    written(site, PROFILE, [profile(first, **reached(first)), profile(second)])
    written(site, "IO", [session(first), session(second, service_official_language_id="French")])

    assert found(site) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"city_txt": "Toronto"}, "CONTACT of client 2", id="a city"),
        pytest.param({"consent_ind": "Yes"}, "client 2 has not agreed to be asked later", id="S7 follow-up contact"),
    ],
)
def test_what_a_client_did_not_agree_to_is_found_and_no_value_is_told(
    site: Reporting, who: list[Person], changes: dict[str, str], what: str
) -> None:
    written(site, PROFILE, [profile(who[1], **changes)])

    assert found(site) == [f"harbour-icare CLIENT_PROFILE_HBR-200_202605_1.xlsx row 4: {what}"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"phone_no": "416-555-0199"}, "another phone_no than the one", id="another telephone"),
        pytest.param({"postal_txt": "X0X0X0"}, "another postal_txt than the one", id="another postal code"),
        pytest.param({"email_txt": ""}, "no email_txt", id="an address that may be used stays behind"),
        pytest.param(
            {"consent_ind": "No"}, "no word on being asked later, to which they agreed,", id="S7 nobody is asked"
        ),
    ],
)
def test_what_says_something_else_than_the_clients_own_row_is_found(
    site: Reporting, who: list[Person], changes: dict[str, str], what: str
) -> None:
    with database.connected(site.folder.parent / "harbour.sqlite") as db:
        db.execute("UPDATE client SET phone_safe = 1, email_safe = 1 WHERE client_id = 1")
    safe = {"phone_no": who[0].client["phone"], "email_txt": who[0].client["email"], "consent_ind": "Yes", **changes}
    written(site, PROFILE, [profile(who[0], **{name: text for name, text in safe.items() if text})])

    assert found(site) == [f"harbour-icare CLIENT_PROFILE_HBR-200_202605_1.xlsx row 4: {what} of client 1"]


def test_a_category_that_the_agencies_have_not_agreed_on_is_found(site: Reporting, who: list[Person]) -> None:
    written(site, PROFILE, [profile(who[0], official_language_id="French")])

    assert [each.partition(": ")[2] for each in found(site, ["IDENT"])] == ["LANG of client 1"]


def test_a_language_that_nobody_told_says_nothing(site: Reporting, who: list[Person]) -> None:
    written(site, PROFILE, [profile(who[0], official_language_id="Unknown/No preference")])

    assert found(site, ["IDENT"]) == []


def test_somebody_who_was_told_nothing_or_came_to_nothing_or_whom_nobody_has_is_found(
    site: Reporting, who: list[Person]
) -> None:
    first, second = who
    with database.connected(site.folder.parent / "harbour.sqlite") as db:
        db.execute("UPDATE consent SET withdrawn_at = '2026-05-20 10:00:00' WHERE client_id = 1")
    stranger = session(second, client_validation_id="1100000001")
    written(site, "IO", [session(first), session(second, start_dttm="2026-04-02"), stranger])

    said = [each.partition(" row ")[2] for each in found(site)]

    assert "4: client 1 was told of no report" in said
    assert "5: client 2 came to nothing on that day" in said
    assert "6: is about nobody whom the agency has" in said


def test_a_client_whom_the_funder_does_not_know_and_whose_service_it_took_is_named(tmp_path: Path) -> None:
    who = theirs([Scenario.AGREED] * 3, home="harbour")
    site = reporting(tmp_path, who, unknown=[who[2]])
    reported = judge_icare.read_reported(tmp_path / "harbour.sqlite")
    written(site, PROFILE, map(profile, who))
    written(site, "IO", [session(who[0]), session(who[2])])
    site.upload()
    as_it_was = replace(site, unknown=frozenset())  # an iCARE that took them all
    as_it_was.process(datetime(2026, 6, 1, 16, tzinfo=UTC))

    assert judge_icare.reported_otherwise(site, reported, "2026-05") == [
        "harbour-icare client 2: no service that the funder took",
        "harbour-icare client 3: taken, and the funder does not know them",
        "harbour-icare client 3: a service before the profile was taken",
    ]


def test_a_value_of_somebody_beside_a_workbook_is_found(tmp_path: Path) -> None:
    (person,) = theirs([Scenario.AGREED])
    site = settlement(tmp_path, [person])
    private = judge_icare.private_values(site)
    answer(site, {4: "OK"})
    before = list(judge_icare.judge_words(site, private))
    (file,) = site.workbooks.glob("*.hub.csv")
    file.write_text(file.read_text(encoding="utf-8") + f"5,V1,got {person.client['email']} here,", encoding="utf-8")

    assert before == []
    assert list(judge_icare.judge_words(site, private)) == [f"seaway-icare {file.name} line 4: a value of somebody"]


def test_private_values_hold_those_of_workbooks_and_consents_and_say_whose_they_are(tmp_path: Path) -> None:
    (person,) = theirs([Scenario.AGREED])

    values = judge_icare.private_values(settlement(tmp_path, [person]))

    row = person.client
    for value in (icare_papers.plain_number(person), row["email"], row["last_name"], row["address_line"], row["phone"]):
        assert values[value].endswith("of client 1 of seaway-icare")
        assert value not in values[value]


def test_somebody_is_meant_by_number_and_birth_date_and_by_neither_alone(tmp_path: Path) -> None:
    first, second = theirs([Scenario.AGREED] * 2)
    systems = Systems()
    judge_icare.read_own(settlement(tmp_path, [first, second]), systems)
    number = {"identifier": [{"value": icare_papers.plain_number(second)}]}

    assert judge_icare.about(systems, "seaway", {**number, "birth_date": second.client["birth_date"]}) == ("seaway", 2)
    assert judge_icare.about(systems, "seaway", {**number, "birth_date": first.client["birth_date"]}) is None
    assert judge_icare.about(systems, "harbour", {**number, "birth_date": second.client["birth_date"]}) is None
    assert judge_icare.about(systems, "seaway", {"birth_date": second.client["birth_date"]}) is None
    assert len(systems.consents["seaway", 2]) == 1


def test_a_row_that_was_told_otherwise_than_deserved_is_named_and_so_is_one_that_was_told_nothing(
    tmp_path: Path,
) -> None:
    who = theirs([Scenario.AGREED, Scenario.EXPIRED, Scenario.BAD_UCI])
    site = settlement(tmp_path, who)
    people = [(person, f"seaway-icare/{source}") for person, (_, source) in zip(who, site.records(), strict=True)]
    silent = judge_icare.told_otherwise(site, people)
    answer(site, {4: "OK", 5: "DN_EXPIRED", 6: "V1"})
    well = judge_icare.told_otherwise(site, people)
    answer(site, {4: "OK", 5: "OK", 6: "V1"})

    assert (len(silent), well) == (3, [])
    assert [each.partition(": ")[2] for each in judge_icare.told_otherwise(site, people)] == [
        "OK in its .hub.csv where DN_EXPIRED was due (expired)"
    ]
