"""Packages: read strictly, written only when valid, the same both ways (program systems 9.5, settled S8)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import etree

from adapters.eois import lists, markup, package
from hub.errors import MappingGap, RecordUnreadable
from tests import eois_builder as eois

XS = "{http://www.w3.org/2001/XMLSchema}"
EVERYTHING = eois.package(
    plan=eois.PLAN,
    more='<Education qualification="OAC" end="2014-06-30"/><Employment noc="0213" naics="443144" wage="20.00"/>',
    groups=["newcomer", "deaf"],
    reason="Asks for evenings",
)


def read(text: str) -> dict[str, Any]:
    return package.read("eois P/3898A/4102B/PKG-1", text.encode())


def refusal(text: str) -> str:
    with pytest.raises(RecordUnreadable) as error:
        read(text)
    return str(error.value)


def test_what_was_read_is_written_and_read_again_the_same() -> None:
    tree = read(EVERYTHING)

    assert read(package.write(tree).decode()) == tree
    assert package.write(tree) == package.write(read(package.write(tree).decode()))


def test_the_shapes_are_those_of_the_schema_child_by_child() -> None:
    schema = etree.parse(markup.SCHEMA).getroot()
    types = {each.get("name"): each for each in schema if each.tag == f"{XS}complexType"}

    def shape_of(element: Any) -> Any:
        own = types.get(element.get("type")) if element.get("type") else element.find(f"{XS}complexType")
        if own is None:
            return None
        children = own.findall(f"{XS}sequence/{XS}element")
        many = [f"{each.get('name')}{'*' if each.get('maxOccurs') else ''}" for each in children]
        attributes = (
            [each.get("name") for each in own.iter(f"{XS}attribute")]
            if not children
            else [each.get("name") for each in own.findall(f"{XS}attribute")]
        )
        return sorted(attributes), many

    seen = {}
    for element in schema.iter(f"{XS}element"):
        if element.get("name") not in ("PackageResult", "Issue"):
            seen[element.get("name")] = shape_of(element)
    ours = {name: (sorted(shape.attributes), list(shape.children)) for name, shape in package.SHAPES.items()}
    assert {name: found for name, found in seen.items() if found is not None} == ours


def test_the_schema_has_no_label_so_that_a_new_one_needs_no_new_schema() -> None:
    text = markup.SCHEMA.read_text(encoding="utf-8")
    words = set(re.findall(r'enumeration value="([^"]+)"', text))

    labels = {each.en for name in lists.names() for each in lists.known(name).values()}
    assert not (words & labels) - {"Other"}
    assert "SIN" not in {each.split(":")[-1] for each in markup.words()}


ROOT = "DN_SCHEMA /CaseReferralPackage"
PERSON, REFERRAL = f"{ROOT}/Person", f"{ROOT}/Referral"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<DateOfBirth>1991-07-22<", "<DateOfBirth><", f"{PERSON}/DateOfBirth"),
        ("1991-07-22", "22/07/1991", f"{PERSON}/DateOfBirth"),
        ("1991-07-22", "1991-02-30", f"{PERSON}/DateOfBirth"),
        ("1991-07-22", "1991-07-22Z", f"{PERSON}/DateOfBirth"),
        ("1991-07-22", "2031-07-22", "DATE_ORDER /CaseReferralPackage/Person/DateOfBirth"),
        ("<IdentifyAs>Female<", "<IdentifyAs><", f"{PERSON}/IdentifyAs"),
        ("Female", "Lady", "CODE_UNKNOWN /CaseReferralPackage/Person/IdentifyAs"),
        ('code="newcomer"', 'code="Newcomer"', f"{PERSON}/DesignatedGroup"),
        ('code="newcomer"', 'code="tall"', "CODE_UNKNOWN /CaseReferralPackage/Person/DesignatedGroup[1]/@code"),
        ("Referred During Service", "Later", "CODE_UNKNOWN /CaseReferralPackage/Referral/@timing"),
        ("EO-Action Center", "EO - Nobody", "CODE_UNKNOWN /CaseReferralPackage/ServicePlan/@referredIn"),
        ('clientReference="1234567"', 'clientReference="123456"', PERSON),
        ('formal="Yes"', 'formal="true"', REFERRAL),
        ("<Sender", "<Zyx", f"{ROOT}: got"),
        ('language="en"', "", f"{ROOT}: got an attribute missing"),
        ('packageId="PKG-1"', 'packageId="PKG-OKONKWO"', f"{ROOT}: got"),
        ("Asks for evenings", "x" * 4001, f"{REFERRAL}/Reason"),
        ("Asks for evenings", "a\u0085b", f"{REFERRAL}/Reason"),
        ("Asks for evenings", "a&#10;b", f"{REFERRAL}/Reason"),
        ("urn:hub:eois:package:1", "urn:hub:eois:package:2", f"{ROOT}: got another document"),
        ('encoding="UTF-8"', 'encoding="windows-1252"', f"{ROOT}: got another encoding"),
    ],
)
def test_a_package_is_refused_by_code_and_path(old: str, new: str, said: str) -> None:
    assert said in refusal(EVERYTHING.replace(old, new))


@pytest.mark.parametrize(
    "element",
    ["LegalLastName", "IdentifyAs", "DateOfBirth", "MaritalStatus", "DesignatedGroup", "Zyxwvut"],
)
def test_no_value_and_no_name_of_a_stranger_is_shown(element: str) -> None:
    for text in ("Zyxwvut", "Zyxwvut" * 20):
        wrong = re.sub(rf"<{element}>[^<]*</{element}>", f"<{element}>{text}\x85</{element}>", EVERYTHING)
        told = refusal(wrong.replace("<Address>", f"<Zyxwvut>{text}</Zyxwvut><Address>"))
        assert "Zyxwvut" not in told


@pytest.mark.parametrize(("old", "new"), [('noc="0213"', 'noc="213"'), ('naics="443144"', 'naics="43144"')])
def test_a_code_that_lost_its_zero_is_refused_and_none_is_put_back_case_49(old: str, new: str) -> None:
    assert f"{ROOT}/Employment" in refusal(EVERYTHING.replace(old, new))


def test_codes_of_jobs_stay_text_with_their_zeros_in_either_edition_case_49() -> None:
    assert read(EVERYTHING)["Employment"][0]["noc"] == "0213"
    assert read(EVERYTHING.replace('noc="0213"', 'noc="00213"'))["Employment"][0]["noc"] == "00213"


def test_a_number_counts_only_in_its_list_case_55() -> None:
    assert "CODE_UNKNOWN /CaseReferralPackage/Referral/@code" in refusal(
        EVERYTHING.replace('code="80"', 'code="290"')
    ), "290 is one of the other list"
    read(EVERYTHING.replace('list="community" code="80"', 'list="program" code="290"'))


def test_the_longest_text_that_may_be_is_read() -> None:
    assert len(read(EVERYTHING.replace("Asks for evenings", "x" * 4000))["Referral"]["Reason"]) == 4000


def test_an_empty_text_is_absent() -> None:
    tree = read(eois.package(reason="").replace("<DateOfBirth>", "<Alias></Alias><DateOfBirth>"))

    assert "Alias" not in tree["Person"]


def test_a_label_is_matched_without_its_spaces_and_written_as_listed_case_54() -> None:
    tree = read(EVERYTHING.replace("Permanent Resident", "permanent  resident").replace("OAC", "oac"))

    assert tree["Person"]["StatusInCanada"] == "Permanent Resident"
    assert tree["Education"][0]["qualification"] == "OAC"
    assert lists.official("closure_reason", "opened in  error") == "Opened in Error"
    assert lists.official("satisfaction", "3 - No general opinion") == "3 -  No general opinion"
    assert lists.referral("EO-Service Provider") == ("program", "60")
    assert lists.referral("EO - Literacy and Basic Skills Service Provider") == ("program", "70")


def test_the_list_is_part_of_the_key_case_55() -> None:
    assert lists.label("community", "60", "en") == "Language Services Assessment"
    assert lists.label("program", "60", "en") == "EO - Service Provider"
    assert lists.referral("60") is None, "a number alone says nothing"
    labels = [lists.folded(each.en) for name in lists.REFERRED for each in lists.known(name).values()]
    assert len(labels) == len(set(labels)), "a label of both lists would be a guess"


def test_every_label_has_both_languages_and_says_where_it_is_from() -> None:
    rows = lists.TABLE.read_text(encoding="utf-8").splitlines()[1:]

    assert all(each.en and each.fr for name in lists.names() for each in lists.known(name).values())
    assert all(row.endswith(",ours") for row in rows), "no French list is public"
    assert {row.split(",")[-2].split(" ")[0] for row in rows} == {"public", "inferred"}


@pytest.mark.parametrize(
    "text",
    ["046454286", "046 454 286", "046-454-286", "SIN: 046.454.286.", "NAS 046\u00a0454\u00a0286", "０４６４５４２８６"],
)
def test_a_number_that_passes_as_a_sin_is_found_wherever_it_stands_cases_21_23(text: str) -> None:
    assert package.holds_sin(text)
    assert "passes as a SIN" in refusal(EVERYTHING.replace("Asks for evenings", text))
    tree = read(EVERYTHING)
    tree["Referral"]["Reason"] = text
    with pytest.raises(MappingGap) as error:
        package.write(tree)
    assert "454" not in str(error.value)


@pytest.mark.parametrize("text", ["046454287", "416-555-0142", "1234567890", "46454286", "2026-05-29", "900 000 00"])
def test_other_numbers_are_no_sin(text: str) -> None:
    assert not package.holds_sin(text)


def test_a_sin_of_a_temporary_resident_is_found_too_case_23() -> None:
    assert package.holds_sin("900000001")
    assert package.holds_sin("expired: 900 000 001")


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"", "no well-formed XML"),
        (b"\xff\xfe<\x00", "no UTF-8"),
        (b"<a>" * 40 + b"</a>" * 40, "too deep"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a DTD"),
        (b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "a DTD"),
        (b"<a>" + b"<b/>" * 20_001 + b"</a>", "too many elements"),
        (b"<a " + b" ".join(b'b%d=""' % n for n in range(20_001)) + b"/>", "too many elements"),
        (b" " * (5 * 1024 * 1024 + 1), "5242881 bytes"),
        (b"<PackageResult xmlns='urn:hub:eois:package:1'/>", "another document"),
        (b"<a>&nbsp;</a>", "no well-formed XML"),
    ],
)
def test_dangerous_xml_is_refused_before_there_is_a_tree(
    data: bytes, got: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "another document" not in got:
        monkeypatch.setattr(markup.etree, "fromstring", None)  # nothing of it reaches the parser that builds trees

    with pytest.raises(markup.NotXml) as refused:
        markup.read(data, markup.PACKAGE)

    assert got in refused.value.fault.got


def test_what_cannot_be_said_in_xml_is_a_gap_and_not_a_fault_of_ours() -> None:
    tree = read(EVERYTHING)
    tree["Person"]["LegalLastName"] = "a\x01b"

    with pytest.raises(MappingGap):
        package.write(tree)
