"""Records out of packages, rows and results, and back; answers, worksheets (program systems 9.5, settled S8, S13)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from adapters.contract import Answer, Verdict
from adapters.eois import answers, package, record, result, worksheet
from adapters.eois.screens import SCREENS
from hub.errors import MappingGap, RecordUnreadable
from hub.model.canonical import canonical
from hub.model.record import Record
from tests import eois_builder as eois

ROOT = "/CaseReferralPackage"
KEY = f"P/{eois.SDS}/{eois.OTHER_SDS}/PKG-1"
REQUEST = Record(
    "RF_REQUEST",
    {
        "number": "K7QM2XWBREFE", "service": "community/80", "created": eois.CREATED,
        "sender_sds": "3898A", "receiver_sds": "4102B",
    },
    {"client": (Record("client", {"last_name": "Okonkwo", "birth_date": "1991-07-22"}),)},
)  # fmt: skip


def parsed(text: str) -> Record:
    return record.parse(KEY, canonical({"package": text}))


def rendered(changed: Record) -> dict[str, Any]:
    tree: dict[str, Any] = orjson.loads(record.render(changed))["package"]
    return tree


def with_(**fields: str) -> Record:
    return Record(REQUEST.kind, {**REQUEST.fields, **fields}, REQUEST.children)


# -- in


def test_a_package_without_a_state_is_a_request_and_with_one_an_answer_s8() -> None:
    said = {"state": "accepted", "direction": "in"}

    assert parsed(eois.package()).kind == "RF_REQUEST"
    assert (parsed(eois.package(referral=said)).kind, parsed(eois.package(referral=said)).get("status")) == (
        "RF_STATUS",
        "accepted",
    )


def test_a_single_name_is_read_as_one_case_15() -> None:
    (client,) = parsed(eois.package(person={"LegalFirstName": "-"})).children["client"]

    assert client.get("first_name") is None
    assert client.get("last_name") == "Okonkwo-Tremblay"


def test_names_with_signs_are_read_as_they_stand_case_16() -> None:
    names = {"LegalLastName": "N’Guessan-O'Neil", "LegalFirstName": "D’Angelo Jr"}
    (client,) = parsed(eois.package(person=names)).children["client"]

    assert (client.get("last_name"), client.get("first_name")) == ("N’Guessan-O'Neil", "D’Angelo Jr")


ENDS = 'expectedEnd="2026-07-30"'
DONE = f'{ENDS} actualStart="2026-06-10" actualEnd="2026-07-01" outcome="done"'
CLOSED = eois.PLAN.replace('status="Active"', 'status="Closed"')
COMPLETED = '<Closure reason="Completion"/></ServicePlan>'
BARE = '<ServicePlan program="Employment Service" status="Closed">'


def test_what_nobody_sees_is_stripped_and_accents_are_composed_cases_6_7() -> None:
    names = {"LegalLastName": "Que\u0301bec\u00a0 Allée\u200b", "LegalFirstName": "\ufeffÎle"}
    (client,) = parsed(eois.package(person=names)).children["client"]

    assert (client.get("last_name"), client.get("first_name")) == ("Québec Allée", "Île")


def test_everything_of_a_plan_is_read_into_its_children() -> None:
    closure = '<Closure reason="Completion" satisfaction="3 - No general opinion" outcome="In training"/>'
    later = '<FollowUp month="3" date="2026-10-01" status="Completed"/></ServicePlan>'
    closed = CLOSED.replace('name="Job Search">', 'name="Job Search" outcome="Attained">').replace(ENDS, DONE)
    closed = closed.replace("</ServicePlan>", closure + later)
    said = {"state": "accepted", "direction": "in"}
    (plan,) = parsed(eois.package(plan=closed, referral=said, created="2026-10-02T10:15:00-04:00")).children["plan"]

    below = plan.children["sub_goal"][0].children["plan_item"][0]
    assert plan.get("referred_in") == "EO-Action Center"
    assert below.get("expected_start") == "2026-06-10"
    assert plan.children["summary"][0].fields == {"name": "SourceOfIncome", "text": "Employment Insurance"}
    assert plan.children["closure"][0].get("satisfaction") == "3 -  No general opinion"
    assert plan.children["follow_up"][0].get("month") == "3"  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (eois.PLAN.replace(ENDS, f'{ENDS} outcome="done"'), "DN_SCHEMA"),
        (eois.PLAN.replace(ENDS, DONE.replace("2026-06-10", "2026-07-02")), "DATE_ORDER"),
        (CLOSED, "DN_SCHEMA"),
        (eois.PLAN.replace("</ServicePlan>", COMPLETED), "DN_SCHEMA"),
        (CLOSED.replace("</ServicePlan>", COMPLETED), "DN_SCHEMA"),
        (
            f'{BARE}<Closure reason="Opened in Error"/><FollowUp month="0" date="2026-06-01" status="Completed"/>'
            "</ServicePlan>",
            "PLAN_CLOSED",
        ),
        (f"{BARE}{COMPLETED}", "PLAN_CLOSED"),
    ],
    ids=["E3 half an item", "E3 dates", "E4 no closure", "E4 not closed", "E3 no outcomes", "case 51", "case 50"],
)  # fmt: skip
def test_a_plan_that_breaks_a_rule_is_refused_by_its_code_e3_e4(plan: str, code: str) -> None:
    with pytest.raises(RecordUnreadable, match=rf": {code} /CaseReferralPackage"):
        parsed(eois.package(plan=plan))


@pytest.mark.parametrize(
    ("key", "data"),
    [
        (KEY, b"no json"),
        (KEY, canonical({"row": {}})),
        (KEY, canonical({"package": 7})),
        ("P/zyxwvut", canonical({"package": "x"})),
        ("15B/3898A/1/community/80", canonical({"row": {"zyxwvut": "x"}, "client": {}})),
        ("15B/3898A/1/community/80", canonical({"row": {}, "client": {"zyxwvut": "x"}})),
        ("15B/3898A/1/community/80", canonical({"row": {"number": 1}, "client": {}})),
        ("R/3898A/4102B/PKG-1", canonical({"result": {"zyxwvut": "x"}})),
        ("R/3898A/4102B/PKG-1", canonical([])),
    ],
)
def test_what_is_no_record_is_told_without_its_values(key: str, data: bytes) -> None:
    with pytest.raises(RecordUnreadable) as error:
        record.parse(key, data)

    assert "zyxwvut" not in str(error.value)


# -- out


def test_a_package_is_valid_before_it_leaves_and_comes_back_the_same() -> None:
    tree = rendered(REQUEST)

    text = package.write({**tree, "packageId": "PKG-1", "language": "en"}).decode()
    assert parsed(text).fields.items() >= REQUEST.fields.items()
    assert tree["Person"] == {"LegalLastName": "Okonkwo", "LegalFirstName": "-", "DateOfBirth": "1991-07-22"}


@pytest.mark.parametrize("missing", ["number", "created", "sender_sds", "receiver_sds", "service"])
def test_a_package_without_what_it_needs_is_a_gap(missing: str) -> None:
    with pytest.raises(MappingGap, match=missing):
        record.render(with_(**{missing: ""}))


@pytest.mark.parametrize(
    ("field", "text"),
    [("service", "community/999"), ("sender_sds", "HARB01"), ("created", "yesterday"), ("reason", "a\x01")],
)  # fmt: skip
def test_what_a_package_cannot_say_is_a_gap_that_names_no_value(field: str, text: str) -> None:
    with pytest.raises(MappingGap) as error:
        record.render(with_(**{field: text}))

    assert text not in str(error.value)


def test_what_was_withheld_is_marked_and_a_long_reason_makes_room_i_10() -> None:
    short, long = with_(incomplete="1", reason="evenings"), with_(incomplete="1", reason="x" * 4000)

    assert rendered(short)["Referral"]["Reason"] == "INFO NOT COMPLETE evenings"
    assert len(rendered(long)["Referral"]["Reason"]) == 4000
    assert (record.shortened(short), [loss.cut for loss in record.shortened(long)]) == ([], [True])


def test_an_address_without_a_postal_code_has_no_place_and_that_is_told() -> None:
    client = Record("client", {"last_name": "Okonkwo", "street_number": "4"})
    homeless = Record(REQUEST.kind, REQUEST.fields, {"client": (client,)})

    assert "Address" not in rendered(homeless)["Person"]
    assert [loss.place for loss in record.shortened(homeless)] == ["client.street_number"]


def test_an_answer_restates_nothing_of_its_client() -> None:
    fields = {
        "status": "declined",
        "number": "R-1",
        "created": eois.CREATED,
        "sender_sds": "4102B",
        "receiver_sds": "3898A",
    }
    tree = rendered(Record("RF_STATUS", fields, REQUEST.children))

    assert tree["Person"] == {"LegalLastName": "-", "LegalFirstName": "-"}
    said = {"number": "R-1", "state": "declined", "direction": "in", "list": "community", "code": "110"}
    assert tree["Referral"] == said


# -- the answer to a package


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Answer(Verdict.ACCEPTED), ("Accepted", [])),
        (Answer(Verdict.ACCEPTED, known=True), ("Accepted", [])),
        (Answer(Verdict.WAITS, "DN_NO_CONSENT"), ("AcceptedWithWarnings", [("DN_NO_CONSENT", ROOT)])),
        (
            Answer(Verdict.REFUSED, "DN_SCHEMA", f"eois P/1: CODE_UNKNOWN {ROOT}/Referral/@code: got x"),
            ("Refused", [("CODE_UNKNOWN", f"{ROOT}/Referral/@code")]),
        ),
        (
            Answer(Verdict.REFUSED, "DN_SCHEMA", "eois RF_REQUEST client.birth_date: got 9"),
            ("Refused", [("DN_SCHEMA", f"{ROOT}/Person/DateOfBirth")]),
        ),
        (Answer(Verdict.REFUSED, ""), ("Refused", [("DN_SCHEMA", ROOT)])),
    ],
)
def test_an_answer_names_result_code_and_path(said: Answer, expected: Any) -> None:
    found = answers.of_package("3898A_4102B_PKG-1.xml", said, eois.CREATED)
    read = result.read("x", "PKG-1", result.write(found))

    assert (read.result.value, [(issue.code, issue.path) for issue in read.issues]) == expected
    assert read.package_id == "PKG-1"


def test_every_text_of_an_answer_is_in_both_languages() -> None:
    for code in ("E1710", "POSTAL_UNKNOWN", "DN_NOT_YET_VALID", "W01"):
        for waits in (True, False):
            text = result.write(
                result.Answered("PKG-1", eois.CREATED, result.Result.REFUSED, (result.Issue(code, waits=waits),))
            )
            english, french = re.findall(r'message(?:En|Fr)="([^"]+)"', text.decode())
            assert english != french


@pytest.mark.parametrize(
    "text",
    [
        '<PackageResult {0} packageId="PKG-2" result="Accepted"/>',
        '<PackageResult {0} packageId="PKG-1" result="Refused"/>',
        '<PackageResult {0} packageId="PKG-1" result="Maybe"/>',
        '<PackageResult {0} packageId="PKG-1" result="Accepted">'
        '<Issue code="E1710" path="/a" messageEn="" messageFr=""/></PackageResult>',
        '<!DOCTYPE x><PackageResult {0} packageId="PKG-1" result="Accepted"/>',
        "nothing",
    ],
    ids=["another package's", "refused without an issue", "no result", "accepted with an issue", "a DTD", "no XML"],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RecordUnreadable):
        frame = f'xmlns="{eois.NAMESPACE}" created="{eois.CREATED}"'
        result.read("eois PKG-1.result.xml", "PKG-1", text.format(frame).encode())


# -- the worksheet


class Page(HTMLParser):
    """What a page holds: headings, rows, and everything that could lead elsewhere or run."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.rows: dict[str, str] = {}
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._at, self._name = "", ""
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._at = tag
        if tag == "h2":
            self.headings.append("")

    def handle_data(self, data: str) -> None:
        if self._at == "h2" and data.strip():
            self.headings[-1] += data
        elif self._at == "th":
            self._name = data
        elif self._at == "td" and data.strip():
            self.rows.setdefault(self._name, data)


def page(text: str, language: str = "en", *, incomplete: bool = False) -> Page:
    tree = package.read("x", text.encode())
    return Page(worksheet.write({**tree, "language": language}, incomplete=incomplete))


def test_a_worksheet_follows_the_screens_in_their_order() -> None:
    found = page(eois.package(plan=eois.PLAN))

    assert found.headings == [screen.en for screen in SCREENS]
    assert found.headings[:3] == ["Person", "Education", "Employment"]
    assert found.headings[3:6] == ["Service plan", "Client summary", "Sub-goals and plan items"]
    assert found.headings[-1] == "Referral"
    assert found.rows["Date of birth"] == "22/07/1991", "as the screens want it"
    assert found.rows["Referred to"] == "Newcomer Services (community 80)"


def test_a_worksheet_in_french_has_french_labels_and_words() -> None:
    found = page(eois.package(plan=eois.PLAN), "fr")

    assert found.headings == [screen.fr for screen in SCREENS]
    assert found.rows["Je m'identifie comme"] == "Femme"
    assert found.rows["Aiguillé vers"] == "Services aux nouveaux arrivants (community 80)"


def test_what_cams_requires_and_the_package_lacks_is_marked() -> None:
    found = page(eois.package(person={"IdentifyAs": "", "LegalFirstName": "-"}))

    assert found.rows["I identify as"] == found.rows["Registration date"] == "to be asked: CaMS requires it"
    assert found.rows["Legal first name"] == "- (a single name)"
    assert "Unit" not in found.rows, "not required: left blank"
    assert page(rendered_answer()).rows["Legal first name"] == "to be asked: CaMS requires it"


def rendered_answer() -> str:
    said = {"state": "accepted", "direction": "in"}
    return eois.package(person={"LegalLastName": "-", "LegalFirstName": "-"}, referral=said)


def test_a_worksheet_runs_nothing_and_reaches_nowhere_whatever_a_value_says_case_33() -> None:
    nasty = "</td><script>alert(1)</script><img src=x onerror=y>\"'&"
    found = page(eois.package(person={"LegalLastName": nasty[:99]}, reason=f"=HYPERLINK({nasty})"))

    assert not found.tags & {"script", "img", "a", "link", "iframe", "object", "form", "input"}
    assert not found.attributes & {"src", "href", "onerror", "onclick", "action"}
    assert "<script>" in found.rows["Legal last name"], "shown as text"


def test_what_was_withheld_is_said_on_the_worksheet_in_either_language_i_10() -> None:
    tree = package.read("x", eois.package().encode())

    assert b"not complete" in worksheet.write(tree, incomplete=True)
    assert "pas complète" in worksheet.write({**tree, "language": "fr"}, incomplete=True).decode()
    assert b"not complete" not in worksheet.write(tree, incomplete=False)
