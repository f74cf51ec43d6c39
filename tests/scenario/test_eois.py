"""CMS and CaMS on one road: referrals both ways, their answers, and what CaMS' people are told beside their files.

Harbour has a CMS, Maple has CaMS. All people are invented. Program systems 3, 9.5; settled S5, S8, S13, S16.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub.model.directory import Site
from tests import cms_builder as cms
from tests import eois_builder as eois
from tests.eois_network import Mixed, allow, consent_row, make_mixed, refer_to_maple

SIN = "046 454 286"  # passes the check of its digits; nobody's
MARKED = "Zyxwvut"


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Mixed]:
    made = make_mixed(tmp_path)
    yield made
    assert not made.network.entries() or made.network.verifies()
    made.network.hub.close()


def answer(mixed: Mixed, state: str, **changes: str) -> str:
    """Maple's package about the referral that it got; its name."""
    (path,) = mixed.site.received()
    number = eois.read(path).find("Referral").get("number")  # type: ignore[union-attr] # it is there
    said = {"number": number or "", "state": state, "direction": "in", "code": "110"}
    return mixed.site.hand_in(eois.package("PKG-A", referral=said, created="2026-06-01T12:30:00-04:00", **changes))


# -- CMS to CaMS and back


def test_a_referral_of_a_cms_is_a_package_and_a_worksheet(mixed: Mixed) -> None:
    refer_to_maple(mixed, reason_text="Asks for <b>evenings</b>")
    mixed.run()

    (path,) = mixed.site.received()
    root = eois.read(path)
    person = {each.tag: each.text for each in root.find("Person") or ()}
    asked = root.find("Referral")
    assert asked is not None
    assert (root[0].get("sds"), root[1].get("sds")) == (eois.OTHER_SDS, eois.SDS)
    assert (person["LegalLastName"], person["LegalFirstName"]) == ("Okonkwo-Tremblay", "Amara")
    assert (person["DateOfBirth"], person["IdentifyAs"], person["PreferredLanguage"]) == (
        "1991-07-22",
        "Female",
        "English",
    )
    assert (asked.get("list"), asked.get("code"), asked.get("direction")) == ("program", "60", "out")
    assert len(asked.get("number", "")) == 12
    page = path.with_suffix(".html").read_text(encoding="utf-8")
    assert "22/07/1991" in page
    assert "<b>evenings" not in page
    assert mixed.network.states() == {"delivered": 1}


def test_what_the_client_did_not_allow_is_not_in_the_package_nor_on_the_worksheet(mixed: Mixed) -> None:
    refer_to_maple(mixed, reason_text=MARKED)  # the consent names neither IMMIG nor NOTES_FREE
    mixed.run()

    (path,) = mixed.site.received()
    root = eois.read(path)
    assert root.find("Person/StatusInCanada") is None
    reason = root.find("Referral/Reason")
    assert reason is not None
    assert reason.text == "INFO NOT COMPLETE"
    page = path.with_suffix(".html").read_text(encoding="utf-8")
    assert MARKED not in page + path.read_text(encoding="utf-8")
    assert "not complete" in page


@pytest.mark.parametrize(
    ("state", "said"), [("accepted", "ACCEPTED"), ("waitlisted", "WAITLISTED"), ("declined", "DECLINED")]
)
def test_the_answer_of_cams_reaches_the_sender(mixed: Mixed, state: str, said: str) -> None:
    refer_to_maple(mixed)
    mixed.run()

    name = answer(mixed, state)
    mixed.run()

    statuses = [row["payload"] for row in mixed.network.inbox("harbour", "referral-status")]
    assert [(row["referral_id"], row["status"]) for row in statuses] == [(1, said)]
    assert mixed.site.result_of(name) == ("Accepted", [])


def test_an_accepted_package_tells_the_sender_that_it_was_received_t2(mixed: Mixed) -> None:
    refer_to_maple(mixed)
    mixed.run()
    (path,) = mixed.site.received()

    mixed.site.answer(path)
    mixed.run()

    statuses = [row["payload"]["status"] for row in mixed.network.inbox("harbour", "referral-status")]
    assert statuses == ["RECEIVED"]


def test_a_refused_package_is_told_to_the_sender_and_stays_delivered_case_24(mixed: Mixed) -> None:
    refer_to_maple(mixed)
    mixed.run()
    (path,) = mixed.site.received()

    mixed.site.answer(path, "Refused", "E1710")
    mixed.run()

    assert mixed.network.told("harbour", "rejected") == [("referral_id", 1, "E1710")]
    assert mixed.network.states() == {"delivered": 1}
    assert len(mixed.site.received()) == 1, "never registered again"


def test_an_answer_to_a_referral_that_is_not_there_is_refused(mixed: Mixed) -> None:
    said = {"number": "A" * 12, "state": "accepted", "direction": "in", "code": "110"}
    name = mixed.site.hand_in(eois.package(referral=said))
    mixed.run()

    assert mixed.site.result_of(name) == ("Refused", [("DN_SCHEMA", "/CaseReferralPackage/Referral/@number")])


@pytest.mark.parametrize("place", [{"last_name": SIN}, {"preferred_name": SIN}])
def test_a_sin_never_leaves_for_cams_case_21(mixed: Mixed, place: dict[str, str]) -> None:
    refer_to_maple(mixed, client=place)
    mixed.run()

    assert mixed.site.received() == []
    assert mixed.network.waits()["referral_out:1"].code == "DN_SCHEMA"
    assert list(mixed.site.to_cams.iterdir()) == []


# -- CaMS to CMS and back


def test_a_package_reaches_a_cms_and_its_answer_comes_back_as_a_package(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    name = mixed.site.hand_in(eois.package(plan=eois.PLAN, reason="Asks for evenings"))
    mixed.run()

    (row,) = mixed.network.inbox("harbour", "referral")
    client = row["payload"]["client"][0]
    assert row["payload"]["service_wanted"] == "settlement"
    assert (client["last_name"], client["first_name"], client["birth_date"]) == (
        "Okonkwo-Tremblay",
        "Amara",
        "1991-07-22",
    )
    assert (client["phone"], client["postal_code"], client["official_language"]) == ("416-555-0142", "M5V 2T6", "en")
    assert row["payload"]["reason_text"] == "Asks for evenings"
    assert mixed.site.result_of(name) == ("Accepted", [])

    cms.answer(mixed.network.db("harbour"), row["hub_referral_no"], "DECLINED", status_reason="no-capacity")
    mixed.run()

    (path,) = mixed.site.received()
    root = eois.read(path)
    said = root.find("Referral")
    assert said is not None
    assert (said.get("number"), said.get("state"), said.get("direction")) == ("R-1", "declined", "in")
    assert root.findtext("Person/LegalLastName") == "-", "an answer restates nothing of its client"
    assert root.findtext("Referral/Reason") == "No capacity"


def test_without_a_consent_a_package_waits_and_goes_by_itself_when_there_is_one(mixed: Mixed) -> None:
    name = mixed.site.hand_in(eois.package())
    mixed.run()
    before = mixed.site.result_of(name)

    allow(mixed, consent_row())
    mixed.run()

    assert before == ("AcceptedWithWarnings", [("DN_NO_CONSENT", "/CaseReferralPackage")])
    assert mixed.site.result_of(name) == ("Accepted", [])
    assert len(mixed.network.inbox("harbour", "referral")) == 1


def test_a_wrong_package_is_refused_with_code_and_path_and_mended_in_its_place(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    wrong = eois.package(person={"IdentifyAs": "Zed"})
    name = mixed.site.hand_in(wrong)
    mixed.run()
    before = mixed.site.result_of(name)

    mixed.site.hand_in(eois.package())
    mixed.run()

    assert before == ("Refused", [("CODE_UNKNOWN", "/CaseReferralPackage/Person/IdentifyAs")])
    assert mixed.site.result_of(name) == ("Accepted", [])
    assert len(mixed.network.inbox("harbour", "referral")) == 1


def test_a_package_without_referral_and_plan_says_nothing_and_is_told(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    name = mixed.site.hand_in(eois.shared(plan=""))
    mixed.run()

    assert mixed.site.result_of(name) == ("Refused", [("DN_OFF_BUS", "/CaseReferralPackage")])
    assert mixed.network.inbox("harbour") == []


def test_a_new_referral_of_a_closed_plan_is_refused_case_50(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    plan = '<ServicePlan program="Employment Service" status="Closed"><Closure reason="Completion"/></ServicePlan>'
    name = mixed.site.hand_in(eois.package(plan=plan))
    mixed.run()

    assert mixed.site.result_of(name) == ("Refused", [("PLAN_CLOSED", "/CaseReferralPackage/Referral")])
    assert mixed.network.inbox("harbour") == []


def test_a_consent_number_of_another_client_is_refused_and_none_is_needed(mixed: Mixed) -> None:
    zed = {"identifier_value": "7654321", "birth_date": "1980-01-02", "last_name": "Zed", "first_name": "Robert"}
    (own,) = allow(mixed, consent_row())
    (others,) = allow(mixed, consent_row(consent_id="M-2", **zed))

    def with_(number: str, package_id: str) -> str:
        text = eois.package(package_id, referral={"number": package_id})
        return mixed.site.hand_in(text.replace("</Referral>", f'<Consent id="{number}"/></Referral>'))

    wrong, right = with_(others, "PKG-1"), with_(own, "PKG-2")
    mixed.run()

    assert mixed.site.result_of(wrong) == ("Refused", [("DN_SCHEMA", "/CaseReferralPackage/Referral/Consent/@id")])
    assert mixed.site.result_of(right) == ("Accepted", [])


def test_a_reference_beside_another_birth_date_is_nobody_who_is_known_case_14(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    mixed.site.hand_in(eois.package())
    mixed.run()

    said = {"number": "R-2"}
    name = mixed.site.hand_in(
        eois.package("PKG-2", person={"DateOfBirth": "1970-01-01", "LegalLastName": "Zed"}, referral=said)
    )
    mixed.run()

    assert mixed.site.result_of(name) == ("AcceptedWithWarnings", [("DN_NO_CONSENT", "/CaseReferralPackage")])
    assert len(mixed.network.inbox("harbour", "referral")) == 1


def test_a_request_that_says_something_else_after_it_was_sent_is_told_that_the_change_does_not_travel(
    mixed: Mixed,
) -> None:
    allow(mixed, consent_row())
    mixed.site.hand_in(eois.package())
    mixed.run()

    name = mixed.site.hand_in(eois.package(reason="asks for evenings"))
    mixed.run()

    assert mixed.site.result_of(name) == ("Refused", [("DN_TRANSITION", "/CaseReferralPackage")])
    assert len(mixed.network.inbox("harbour", "referral")) == 1


def test_the_hub_comes_to_rest_and_says_nothing_twice(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    mixed.site.hand_in(eois.package())
    mixed.site.week()
    refer_to_maple(mixed)
    mixed.run()
    mixed.site.answer(mixed.site.received()[0])
    mixed.run()
    before = {path: path.stat().st_mtime_ns for path in mixed.site.from_cams.parent.rglob("*") if path.is_file()}
    entries = len(mixed.network.entries())

    mixed.network.reopen()
    mixed.run()

    after = {path: path.stat().st_mtime_ns for path in mixed.site.from_cams.parent.rglob("*") if path.is_file()}
    assert {path: stamp for path, stamp in after.items() if path.name != "lock"} == {
        path: stamp for path, stamp in before.items() if path.name != "lock"
    }
    assert len(mixed.network.entries()) == entries


def test_a_site_of_somebody_else_speaks_for_nobody(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    mixed.network.put(Site("eois", eois.SDS, "lakeside", "taken"))
    name = mixed.site.hand_in(eois.package())
    mixed.run()

    assert mixed.network.inbox("harbour") == []
    assert mixed.site.result_of(name) == ("AcceptedWithWarnings", [("DN_SENDER", "/CaseReferralPackage")])


def test_an_unknown_site_leads_nowhere_and_the_package_waits_for_the_directory(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    name = mixed.site.hand_in(eois.package(receiver="9999Z"))
    mixed.run()
    before = mixed.site.result_of(name)

    mixed.network.put(Site("eois", "9999Z", "harbour", "Harbour, second floor"))
    mixed.run()

    assert before == ("AcceptedWithWarnings", [("DN_RECIPIENT", "/CaseReferralPackage")])
    assert len(mixed.network.inbox("harbour", "referral")) == 1


@pytest.mark.parametrize("code", ["100", "30"])
def test_a_label_that_stands_for_no_service_is_told_where_it_stands_and_never_guessed_s16(
    mixed: Mixed, code: str
) -> None:
    allow(mixed, consent_row())
    name = mixed.site.hand_in(eois.package(referral={"code": code}))
    mixed.run()

    assert mixed.site.result_of(name) == ("Refused", [("CODE_UNKNOWN", "/CaseReferralPackage/Referral/@code")])
    assert mixed.network.inbox("harbour") == []


def test_a_postal_code_that_does_not_exist_is_told_by_its_code_and_path_case_25(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    name = mixed.site.hand_in(eois.package().replace("M5V2T6", "H0H0H0"))
    mixed.run()

    path = "/CaseReferralPackage/Person/Address/PostalCode"
    assert mixed.site.result_of(name) == ("Refused", [("POSTAL_UNKNOWN", path)])


def test_a_group_that_a_referral_does_not_need_stays_behind_s10(mixed: Mixed) -> None:
    """Race and disability are of categories of their own, which no profile of a referral holds."""
    allow(mixed, consent_row())
    name = mixed.site.hand_in(eois.package(groups=["aboriginal", "deaf", "newcomer"]))
    mixed.run()

    (row,) = mixed.network.inbox("harbour", "referral")
    assert "aboriginal" not in str(row)
    assert "deaf" not in str(row)
    assert mixed.site.result_of(name) == ("Accepted", [])


@pytest.mark.parametrize("where", ["reason", "LegalFirstName", "Alias"])
def test_a_sin_never_comes_out_of_cams_case_21(mixed: Mixed, where: str) -> None:
    allow(mixed, consent_row())
    text = eois.package(reason=SIN) if where == "reason" else eois.package(person={"LegalFirstName": SIN})
    if where == "Alias":
        text = eois.package().replace("<DateOfBirth>", f"<Alias>{SIN}</Alias><DateOfBirth>")
    name = mixed.site.hand_in(text)
    mixed.run()

    assert mixed.network.inbox("harbour") == []
    found = mixed.site.result_of(name)
    assert found is not None
    assert (found[0], found[1][0][0]) == ("Refused", "DN_SCHEMA")
    assert not any(text in _kept(mixed) for text in (SIN.encode(), SIN.replace(" ", "").encode()))


def test_an_element_for_a_sin_is_none_of_the_schema_case_23(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    name = mixed.site.hand_in(eois.package().replace("<IdentifyAs>", "<SIN>900000001</SIN><IdentifyAs>"))
    mixed.run()

    assert mixed.network.inbox("harbour") == []
    assert mixed.site.result_of(name) == ("Refused", [("DN_SCHEMA", "/CaseReferralPackage/Person")])
    assert b"900000001" not in _kept(mixed)


# -- extracts


def test_a_row_of_an_extract_is_found_by_reference_alone_and_waits_for_a_person_to_route_it_s5(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    name = mixed.site.week()
    mixed.run()

    waits = mixed.network.waits()["15B/3898A/2345678/community/80"]
    assert waits.code == "DN_RECIPIENT", "known, consented, and no receiver named"
    assert mixed.site.lines_of(name) == [("2", "DN_RECIPIENT")]
    assert mixed.site.lines_of("CLIENT_3898A_20260601.csv") == [("2", "READ")]
    assert mixed.site.lines_of("15D_3898A_20260601.csv") == [("2", "W01"), ("2", "W01")], "its end and its follow-up"
    assert mixed.network.inbox("harbour") == []


def test_a_row_of_an_extract_goes_where_the_agencys_routes_lead_case_55(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    routes = mixed.network.hub.settings.dir / "agencies" / "maple" / "routes.csv"
    routes.parent.mkdir(parents=True)
    routes.write_text(
        "kind,list,code,service\neois,program,80,lakeside-employment\neois,community,80,harbour-settlement\n"
    )
    mixed.network.reopen()
    name = mixed.site.week()
    mixed.run()

    (got,) = mixed.network.inbox("harbour", "referral")
    assert (got["payload"]["service_wanted"], got["payload"]["from_org"]) == ("settlement", "maple")
    assert [code for _, code in mixed.site.lines_of(name)] == ["OK"]


def test_referrals_of_open_plans_are_pending_and_of_void_plans_nothing_cases_51_53(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    void = {"Closure Reason": "Opened in Error", "Follow-up Month": "", "Follow-up Date": ""}
    mixed.site.report("15D", {"Service Plan Reference": "3", **void})
    name = mixed.site.report(
        "15B",
        {"Service Plan Reference": "1", "Plan Status": "Active", "Plan Close Date": ""},
        {"Service Plan Reference": "2"},
        {"Service Plan Reference": "3"},
        {"Service Plan Reference": "4", "Referred Out 1": "Not Applicable"},
    )
    mixed.run()

    assert mixed.network.waits() == {}
    assert mixed.site.lines_of(name) == [("2", "PENDING"), ("3", "OUTCOME_MISSING"), ("4", "VOID"), ("5", "READ")]


def test_one_bad_row_stops_no_other_of_its_extract(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    mixed.site.report("15D", {}, {"Service Plan Reference": "7"})
    name = mixed.site.report("15B", {"Referred Out 1": "60"}, {"Service Plan Reference": "7"})
    mixed.run()

    assert mixed.site.lines_of(name) == [("2", "CODE_UNKNOWN"), ("3", "DN_RECIPIENT")]


def test_the_same_referral_of_every_week_stays_one(mixed: Mixed) -> None:
    mixed.site.week()
    mixed.run()
    before = mixed.network.waits()

    mixed.network.clock.advance(timedelta(days=7))
    mixed.site.week(day=date(2026, 6, 8))
    mixed.run()

    assert list(mixed.network.waits()) == list(before)
    assert len(before) == 1


# -- nothing rests


def test_nothing_of_a_package_rests_in_the_hub(mixed: Mixed) -> None:
    allow(mixed, consent_row())
    mixed.site.hand_in(eois.package(reason=MARKED))
    mixed.site.week()
    refer_to_maple(mixed, reason_text=MARKED)
    mixed.run()

    kept = _kept(mixed)
    for value in (MARKED.encode(), b"Okonkwo", b"1991-07-22", b"4165550142", b"416-555-0142", eois.REFERENCE.encode()):
        assert value not in kept
    for spool in (mixed.site.to_cams / ".spool", mixed.site.from_cams / ".spool"):
        assert all(b"Okonkwo" not in path.read_bytes() for path in spool.rglob("*") if path.is_file())


def _kept(mixed: Mixed) -> bytes:
    return b"".join(path.read_bytes() for path in mixed.network.hub.settings.dir.rglob("*") if path.is_file())
