"""Dates, codes, references and texts of a search against what a resource shows (FHIR R4 search)."""

from __future__ import annotations

import pytest

from hub.exchange.index.matching import matches, refers
from hub.exchange.index.terms import PARAMETERS, Unsupported, read_query
from hub.model.fhir import Resource

TASK: Resource = {
    "resourceType": "Task",
    "id": "A",
    "status": "accepted",
    "authoredOn": "2026-05-04T09:00:00-04:00",
    "owner": {"reference": "Organization/lakeside", "identifier": {"system": "urn:a", "value": "lakeside"}},
    "code": {"coding": [{"system": "urn:c", "code": "fulfill"}, {"system": "urn:d", "code": "process"}]},
}


def found(name: str, value: str) -> bool:
    return matches(TASK, read_query("Task", [(name, value)], strict=True))


@pytest.mark.parametrize(
    ("value", "is_found"),
    [
        ("2026-05-04", True),
        ("eq2026-05", True),
        ("2026", True),
        ("2026-05-05", False),
        ("ne2026-05-05", True),
        ("ne2026-05-04", False),
        ("2026-05-04T13:00:00Z", True),
        ("2026-05-04T13:00:00.000Z", False),  # it is said by the second
        ("2026-05-04T09:00:00 04:00", False),
        ("2026-05-04T17:00:00+04:00", True),
        ("2026-05-04T17:00:00 04:00", True),
        ("2026-05-04T13:00", True),
        ("gt2026-05-04T13:00:00Z", False),
        ("gt2026-05-04T12:59:59Z", True),
        ("ge2026-05-04T13:00:00Z", True),
        ("ge2026-05-04T13:00:01Z", False),
        ("lt2026-05-04T13:00:00Z", False),
        ("lt2026-05-04T13:00:01Z", True),
        ("le2026-05-04T13:00:00Z", True),
        ("le2026-05-03", False),
        ("sa2026-05-03", True),
        ("sa2026-05-04", False),
        ("eb2026-05-05", True),
        ("eb2026-05-04", False),
        ("ap2026-05-04", True),
        ("ap2026-06", False),
        ("2025-01-01,2026-05-04", True),
    ],
)
def test_dates(value: str, is_found: bool) -> None:
    assert found("authored-on", value) is is_found


@pytest.mark.parametrize(
    "value",
    [
        *("Zqname", "2026-13-01", "gt", "2026-05-04T25:00Z", "99999-01-01", "2026-02-30"),
        *("\u0662\u0660\u0662\u0666", "ge\u0662\u0660\u0662\u0666-01", "2_26", "+202", "2026-W01-1", "20260101"),
        *("0001-01-01T00:00:00+14:00", "ge0001-01-01T00:00:00+23:59", "9999-12-31", "ge9999"),
        *("9999-12-31T23:59:59-14:00", "lt9999-12-31T23:59:59.999-23:59", "9999-12-31T23:59:59.9999Z"),
    ],
)
def test_what_is_no_date_is_refused_by_its_shape_whatever_there_is_to_find(value: str) -> None:
    with pytest.raises(Unsupported) as refused:
        read_query("Task", [("authored-on", value)])

    assert "Zqname" not in str(refused.value)


@pytest.mark.parametrize("kind", list(PARAMETERS))
@pytest.mark.parametrize("value", ["\u0660", "\u0661\u0660", "\u00b2", "1\u0660"])
def test_a_number_has_ascii_digits(kind: str, value: str) -> None:
    with pytest.raises(Unsupported):
        read_query(kind, [("_count", value)])


@pytest.mark.parametrize(
    ("name", "value", "is_found"),
    [
        ("status", "accepted", True),
        ("status", "|accepted", True),
        ("status", "urn:other|accepted", False),
        ("status", "Accepted", False),
        ("status:missing", "false", True),
        ("code", "process", True),
        ("code", "urn:d|process", True),
        ("code", "urn:d|", True),
        ("code", "urn:c|process", False),
        ("code", "|process", False),
        ("code:not", "process", False),
        ("code:not", "other", True),
        ("owner", "lakeside", True),
        ("owner", "Organization/lakeside", True),
        ("owner", "Patient/lakeside", False),
        ("owner", "https://x.example/fhir/Organization/lakeside", True),
        ("owner:identifier", "urn:a|lakeside", True),
        ("owner:identifier", "urn:b|lakeside", False),
        ("part-of", "A", False),
        ("part-of:missing", "true", True),
    ],
)
def test_codes_and_references(name: str, value: str, is_found: bool) -> None:
    assert found(name, value) is is_found


def test_a_comma_inside_a_value_is_written_with_a_backslash() -> None:
    (term,) = read_query("Organization", [("name", r"a\,b,c")]).terms

    assert term.values == ("a,b", "c")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status:exact", "accepted"),
        ("owner:Patient", "x"),
        ("status:missing", "Zqname"),
        ("status", ","),
        ("status", ",".join("a" * 21)),
        ("status", "Zq" * 300),
        ("_count", "Zqname"),
        ("_count", "-1"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_shape(name: str, value: str) -> None:
    with pytest.raises(Unsupported) as refused:
        read_query("Task", [(name, value)])

    assert "Zq" not in str(refused.value)


def test_a_search_is_no_longer_than_a_link_can_be() -> None:
    with pytest.raises(Unsupported, match="characters"):
        read_query("Task", [("status", "a" * 500)] * 5)


def test_more_than_fifty_are_never_on_a_page_and_an_empty_value_asks_nothing() -> None:
    query = read_query("Task", [("_count", "1000"), ("status", "")])

    assert query.count == 50
    assert query.terms == ()
    assert query.used == (("_count", "1000"),)


@pytest.mark.parametrize(("value", "is_meant"), [("/lakeside", False), ("", False), ("Organization/", False)])
def test_half_a_reference_means_nobody(value: str, is_meant: bool) -> None:
    assert refers("Organization/lakeside", value) is is_meant


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Task", "patient", "Patient/Zqname"),
        ("Task", "patient", "Zqname"),
        ("Task", "patient", "ABCDEFGHIJKL,Zqname"),
        ("Task", "patient:identifier", "https://example.org/health|ABCDEFGHIJKL"),
        ("ServiceRequest", "patient", "https://zqname.example/Patient/1991-07-22"),
        ("Patient", "_id", "Zqname"),
        ("Patient", "identifier", "Zqname"),
        ("Patient", "link", "Patient/Zqname"),
    ],
)
def test_a_person_is_asked_for_by_the_asker_s_own_alias_alone(kind: str, name: str, value: str) -> None:
    with pytest.raises(Unsupported) as refused:
        read_query(kind, [(name, value)])

    assert "zqname" not in str(refused.value).lower()
