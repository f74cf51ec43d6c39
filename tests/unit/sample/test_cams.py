"""The CaMS site: packages in, results and answers out, out of its own folders (program systems 3, 9.5)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from adapters.eois import package as adapter
from adapters.eois import result as adapter_result
from adapters.eois import worksheet
from adapters.eois.incoming import key_of
from adapters.eois.markup import SCHEMA
from hub.errors import RecordUnreadable
from hub.sample import cams_papers, cams_xml
from hub.sample.cams import Cams
from hub.sample.cams_papers import AT_A_CAMS_SITE, SERVICES
from hub.sample.cams_tally import read_packages
from hub.sample.cams_xml import Said
from hub.sample.scenarios import AT_THE_CENTRE, UNREADABLE, Scenario
from hub.sample.tally import Received
from tests.unit.sample.cams_people import AT, SITES, TODAY, answering, asking, person, put, say, site


@pytest.fixture
def cams(tmp_path: Path) -> Cams:
    return site(tmp_path)


def results(cams: Cams) -> dict[str, Said]:
    """What the site has laid beside the hub's packages, by referral number."""
    return {
        package.number: cams_xml.read_result((cams.to_cams / cams_xml.result_name(name)).read_bytes())
        for name, package in cams.received()
    }


# -- what it writes


def test_what_the_sample_writes_is_valid_and_the_adapter_reads_it_but_where_the_story_wants_a_fault(cams: Cams) -> None:
    everyone = {cams_papers.referral_no(each): each for each in map(person, range(1, 12), sorted(AT_A_CAMS_SITE))}
    cams.refer(list(everyone.values()), TODAY)

    unread = set()
    for name, package in cams.handed_in():
        try:
            tree = adapter.read(name, (cams.from_cams / name).read_bytes())
            assert tree["Person"]["LegalLastName"] == everyone[package.number].client["last_name"]
        except RecordUnreadable:
            unread.add(everyone[package.number].scenario)

    assert {each.scenario for each in everyone.values()} == AT_A_CAMS_SITE
    assert unread == UNREADABLE & AT_A_CAMS_SITE


def test_a_bad_code_is_valid_by_the_schema_and_of_no_list(cams: Cams) -> None:
    cams.refer([person(1, Scenario.BAD_CODE)], TODAY)
    ((name, _),) = cams.handed_in()

    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(etree.parse(cams.from_cams / name))
    with pytest.raises(RecordUnreadable, match="CODE_UNKNOWN /CaseReferralPackage/Referral/@code"):
        adapter.read(name, (cams.from_cams / name).read_bytes())


def test_what_a_package_cannot_say_is_no_scenario_of_the_site() -> None:
    assert {Scenario.BAD_UCI, Scenario.NARROW} == AT_THE_CENTRE - AT_A_CAMS_SITE


@pytest.mark.parametrize("wanted", sorted(SERVICES))
def test_every_service_has_a_code_of_the_ministrys_lists(cams: Cams, wanted: str) -> None:
    cams.refer([person(1, wanted=wanted)], TODAY)
    ((name, _),) = cams.handed_in()

    assert adapter.read(name, (cams.from_cams / name).read_bytes())["Referral"]["direction"] == "out"


def test_the_same_people_give_the_same_bytes_and_the_hubs_own_key(tmp_path: Path) -> None:
    first, second = site(tmp_path / "1"), site(tmp_path / "2")
    for cams in (first, second):
        cams.refer([person(1), person(2, Scenario.EXPIRED)], TODAY)

    def files(cams: Cams) -> dict[str, bytes]:
        return {str(path.relative_to(cams.folder)): path.read_bytes() for path in cams.folder.rglob("*.*")}

    assert files(first) == files(second)
    for name, _ in first.handed_in():
        assert first.source(name) == key_of(name)


def test_nobody_without_a_consent_stands_in_the_file_of_consents_nor_does_a_day_that_there_is_not(cams: Cams) -> None:
    everyone = [person(1), person(2, Scenario.NO_CONSENT), person(3, Scenario.LATE), person(4, Scenario.BAD_DATE)]
    cams.refer(everyone, TODAY)

    rows = list(cams.consents())

    assert [(row["identifier_type"], row["identifier_value"]) for row in rows] == [("CAMS_PERSON", "1000001")]
    assert rows[0]["not_condition"] == 1
    assert len(list(cams.handed_in())) == 4


# -- what it reads


def test_what_the_adapter_writes_the_sample_reads_package_sheet_and_answer(cams: Cams) -> None:
    tree = adapter.read("asked", cams_xml.write(asking(0, {"Person/DesignatedGroup/@code": "newcomer"})))
    said = cams_xml.read(adapter.write(tree))
    page = dict(cams_xml.read_sheet(worksheet.write(tree, incomplete=True)))
    refused = adapter_result.Answered("PKG-1", "2026-06-01T12:00:00-04:00", adapter_result.Result.REFUSED,
                                      (adapter_result.Issue("DN_SCHEMA"),))  # fmt: skip

    assert (said.number, said.state, said.asks) == ("REFERRALAAAA", "", True)
    assert said.get("Person/DesignatedGroup/@code") == "newcomer"
    assert (page["Legal last name"], page["Date of birth"]) == ("A-Hawthorne", "22/07/1991")
    assert "Marital status" not in page, "what is to be asked is not said"
    assert cams_xml.read_result(adapter_result.write(refused)) == Said("Refused", "DN_SCHEMA", "/CaseReferralPackage")


def test_a_result_of_the_site_is_one_that_the_adapter_reads(cams: Cams) -> None:
    for said in (Said("Accepted"), Said("Refused", "PERSON_EXISTS", "/CaseReferralPackage/Person")):
        found = adapter_result.read("here", "PKG-1", cams_xml.write_result("PKG-1", AT, said))

        assert (found.result.value, [each.code for each in found.issues]) == (
            said.result,
            [said.code] * bool(said.code),
        )


def test_a_filler_is_nothing_that_is_said() -> None:
    package = cams_xml.read(cams_xml.write(answering()))

    assert (package.get("Person/LegalLastName"), package.state, package.asks) == ("", "accepted", False)


# -- its workers


def test_a_package_is_keyed_once_and_who_comes_gets_a_reference_in_the_order_of_names(cams: Cams) -> None:
    for parts in (asking(1), asking(0), answering()):
        put(cams, parts)

    assert (cams.take_in(AT), cams.take_in(AT)) == (3, 0)

    keyed = [(each.reference, each.package.get("Person/LegalLastName")) for each in cams.in_cams()]
    assert keyed == [("4500000", "A-Hawthorne"), ("4500001", "B-Hawthorne")]
    assert set(results(cams).values()) == {Said("Accepted")}


def test_who_comes_later_is_keyed_after_them_and_who_has_a_reference_keeps_it(cams: Cams) -> None:
    put(cams, asking(2))
    cams.take_in(AT)
    put(cams, asking(0, {"Person/@clientReference": "7000001"}))
    put(cams, asking(1))
    cams.take_in(AT)

    assert [each.reference for each in cams.in_cams()] == ["4500000", "7000001", "4500002"]
    assert cams.references_given() == ["4500000", "4500002"]


def test_a_package_without_its_worksheet_is_not_keyed_yet(cams: Cams) -> None:
    put(cams, asking(), sheet=None)
    before = cams.take_in(AT)
    put(cams, asking())

    assert (before, cams.take_in(AT)) == (0, 1)


def test_the_fourth_who_comes_is_refused_and_gets_no_other_answer(cams: Cams) -> None:
    for place in range(5):
        put(cams, asking(place))
    cams.take_in(AT)

    assert {number for number, said in results(cams).items() if said.result == "Refused"} == {"REFERRALAAAD"}
    said = {dict(parts)["Referral/@number"]: dict(parts)["Referral/@state"] for parts in cams.answers(AT)}
    assert said == {
        "REFERRALAAAA": "accepted", "REFERRALAAAB": "waitlisted", "REFERRALAAAC": "declined",
        "REFERRALAAAE": "accepted",
    }  # fmt: skip


def test_an_answer_names_nobody_says_why_and_goes_once(cams: Cams) -> None:
    for place in range(3):
        put(cams, asking(place))
    cams.take_in(AT)
    found = cams.answers(AT)
    cams.hand_in(found)

    assert cams.answers(AT) == []
    for name, package in cams.handed_in():
        tree = adapter.read(name, (cams.from_cams / name).read_bytes())
        assert tree["Person"] == {"LegalLastName": "-", "LegalFirstName": "-"}
        assert (package.get("Sender/@sds"), package.get("Receiver/@sds")) == (SITES["northgate"], SITES["harbour"])
    assert [dict(parts)["Referral/Reason"] != "" for parts in found] == [False, False, True]


def test_who_came_with_a_reference_may_be_served_at_once_and_the_closed_plan_stands_with_the_answer(cams: Cams) -> None:
    put(cams, asking(0, {"Person/@clientReference": "7000001"}))
    cams.take_in(AT)
    cams.hand_in(cams.answers(AT))

    ((name, package),) = cams.handed_in()
    adapter.read(name, (cams.from_cams / name).read_bytes())
    assert (package.state, package.reference, package.get("Person/LegalLastName")) == (
        "accepted", "7000001", "A-Hawthorne",
    )  # fmt: skip
    assert (package.get("ServicePlan/Closure/@reason"), package.get("ServicePlan/Closure/@outcome")) == (
        "Found Employment", "Employed Full-Time",
    )  # fmt: skip


def test_the_order_of_arrival_changes_no_answer(tmp_path: Path) -> None:
    def answered(name: str, places: list[int]) -> list[object]:
        cams = site(tmp_path / name)
        for place in places:
            put(cams, asking(place, {"@packageId": f"PKG-{99 - place if name == '2' else place:X}"}))
        cams.take_in(AT)
        return [sorted(parts) for parts in cams.answers(AT)]

    assert answered("1", [0, 1, 2]) == answered("2", [2, 0, 1])


# -- what it is told


def test_each_answer_of_the_hub_is_kept_once_though_it_is_replaced(cams: Cams) -> None:
    cams.refer([person(1), person(2, Scenario.LATE)], TODAY)
    say(cams, {"N-000002": ("AcceptedWithWarnings", "DN_NO_CONSENT")})
    cams.read_answers()
    cams.read_answers()
    say(cams, {})
    cams.read_answers()

    words = [
        said.code or said.result for source, said in cams.told() if source == cams.source_of(person(2, Scenario.LATE))
    ]
    assert words == ["DN_NO_CONSENT", "Accepted"]


def test_packages_are_counted_from_the_files_and_a_word_of_cams_for_what_is_unreadable_is_the_logs(cams: Cams) -> None:
    cams.refer([person(1), person(2, Scenario.BAD_CODE), person(3, Scenario.EXPIRED)], TODAY - timedelta(days=1))
    say(cams, {"N-000002": ("Refused", "CODE_UNKNOWN"), "N-000003": ("AcceptedWithWarnings", "DN_EXPIRED")})
    cams.read_answers()
    for parts in (asking(), answering()):
        put(cams, parts)

    assert set(read_packages(cams)) == {
        Received("", "referral", number="REFERRALAAAA"),
        Received("", "referral-status", state="ACCEPTED", number="N-000001 accepted"),
        Received("", "refusal", record="P/3898A/4102B/PKG-B0000002", code="DN_SCHEMA"),
        Received("", "refusal", record="P/3898A/4102B/PKG-B0000003", code="DN_EXPIRED"),
    }
