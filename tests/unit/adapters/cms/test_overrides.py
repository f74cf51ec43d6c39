"""A declared duty of care in the CMS's own words: about whom it is, and what is told (settled S22)."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.cms.overrides import limbs_apart
from adapters.cms.record import parse
from hub.errors import RecordUnreadable
from hub.model.canonical import canonical
from hub.model.record import Record

from .test_record import CLIENT, OVERRIDE

CHILD = {"client_id": 8, "last_name": "Tremblay", "first_name": "Noé", "birth_date": "2018-05-04"}


def read(**fields: Any) -> Record:
    row = {**OVERRIDE, **fields}
    return parse("override:3", canonical({name: value for name, value in row.items() if value is not None}))


def test_it_is_about_the_client_and_what_is_told_is_a_danger():
    record = read()

    assert record.children["client"][0].get("client_id") == "7"
    assert record.children["danger"][0].fields == {"code": "DOC-SELF", "told": OVERRIDE["told"]}
    assert "protection" not in record.children
    assert "told" not in record.fields, "it stands in one place"


@pytest.mark.parametrize("code", ["DOC-CHILD", "ST-CHILD-PROTECT", "ST-CHILD-PROTECT-Y"])
def test_of_a_child_what_is_told_is_child_protection(code):
    assert read(code=code).children["protection"][0].get("code") == code


def test_of_a_child_with_a_file_it_is_about_the_child_and_the_client_cares_for_it():
    (person,) = read(code="DOC-CHILD", child_client_id=8, child=[CHILD]).children["client"]

    assert (person.get("client_id"), person.get("first_name")) == ("8", "Noé")
    assert person.children["carer"][0].get("last_name") == CLIENT["last_name"]


@pytest.mark.parametrize(
    ("name", "family", "given"), [("Tremblay, Noé", "Tremblay", "Noé"), ("Noé", "Noé", None), (", Noé", "Noé", None)]
)
def test_of_a_child_without_a_file_it_is_about_the_name_that_is_written_down(name, family, given):
    (person,) = read(code="DOC-CHILD", child_name=name, child_birth_date="2018-05-04").children["client"]

    assert (person.get("last_name"), person.get("first_name")) == (family, given)
    assert (person.get("birth_date"), person.get("birth_date_quality")) == ("2018-05-04", "E")
    assert person.get("client_id") is None


def test_a_child_who_is_the_client_has_nobody_beside_it():
    (person,) = read(code="DOC-CHILD", child_client_id=7).children["client"]

    assert "carer" not in person.children


def test_a_child_whose_file_is_not_shown_is_nobody_else():
    with pytest.raises(RecordUnreadable, match="child_client_id"):
        read(code="DOC-CHILD", child_client_id=8)


@pytest.mark.parametrize("cell", [None, "", "[]"])
def test_no_limbs_are_none(cell):
    assert "limbs" not in limbs_apart({"override_id": 3, "limbs": cell})


def test_limbs_that_are_no_list_are_refused():
    with pytest.raises(RecordUnreadable, match="limbs"):
        read(**limbs_apart({"limbs": "not json"}))
