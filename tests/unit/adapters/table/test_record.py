"""Rows of several tables as one record: joined, marked, keyed, strict. All people are invented."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.table import card
from adapters.table.cells import Forms
from adapters.table.rows import TWICE, Reading, Row, read
from adapters.table.schema import read_schema
from hub.errors import MappingGap, RecordUnreadable
from hub.kinds import PACKAGED_MAPPINGS
from hub.model.canonical import canonical, sha256
from hub.model.record import Record
from tests.table_builder import APPLICANT, CONSENT, REFERRAL

DATA = (PACKAGED_MAPPINGS / "housing" / "records.toml").read_bytes()
SCHEMA, HOUSING = read_schema("housing", DATA), card("housing", DATA)
NAME = "Okonkwo-Tremblay"


def tables(**changes: list[dict[str, Any]]) -> dict[str, list[Row]]:
    """One applicant with a paper, a consent and a referral; a table that is given takes the place of the usual one."""
    usual: dict[str, list[dict[str, Any]]] = {
        "applicants": [{"applicant_no": "7", **APPLICANT}],
        "papers": [{"applicant_no": "7", "type": "UCI", "number": "1122-3344"}],
        "referrals": [{"referral_no": "R-1", "applicant_no": "7", **REFERRAL}],
        "consents": [{"consent_no": "C-1", "applicant_no": "7", **CONSENT}],
        "answers": [],
    }
    return {name: [Row(n, cells) for n, cells in enumerate(rows, 2)] for name, rows in {**usual, **changes}.items()}


def reading(**changes: list[dict[str, Any]]) -> Reading:
    return read(SCHEMA, tables(**changes), Forms(), lambda text: sha256(text.encode())[:24])


def record(key: str = "request:R-1", **changes: list[dict[str, Any]]) -> Record:
    return HOUSING.parse(key, canonical(reading(**changes).records[key].tree))


def applicant(**cells: Any) -> list[dict[str, Any]]:
    return [{"applicant_no": "7", **APPLICANT, **cells}]


def referral(**cells: Any) -> list[dict[str, Any]]:
    return [{"referral_no": "R-1", "applicant_no": "7", **REFERRAL, **cells}]


def test_a_row_is_read_with_its_client_and_the_clients_papers() -> None:
    found = record()

    (client,) = found.children["client"]
    assert found.kind == "RF_REQUEST"
    assert found.get("to_org") == "lakeside"
    assert (client.get("client_id"), client.get("last_name")) == ("7", NAME)
    assert [paper.get("value") for paper in client.children["identifier"]] == ["1122-3344"]


def test_what_is_blank_is_left_out_and_blank_is_no_no_case_29() -> None:
    (client,) = record(applicants=applicant(Interpreter="", Phone="")).children["client"]

    assert client.get("interpreter_needed") is None
    assert client.get("phone") is None


@pytest.mark.parametrize(
    ("mark", "there"),
    [("no", True), ("", True), ("yes", False), ("TRUE", False), ("perhaps", None)],
    ids=["said", "blank", "secret", "secret in other words", "in doubt"],
)
def test_case_27_an_address_behind_a_mark_is_not_read_at_all(mark: str, there: bool | None) -> None:
    tree = reading(applicants=applicant(**{"Address is secret": mark})).records["request:R-1"].tree

    (client,) = tree["client"]
    assert ("address_line" in client, "city" in client, "postal_code" in client) == (bool(there),) * 3
    if there is None:  # nobody knows: nothing of it is read, and the record says which mark
        with pytest.raises(RecordUnreadable, match="address_secret"):
            HOUSING.parse("request:R-1", canonical(tree))


@pytest.mark.parametrize(
    ("changes", "place", "got"),
    [
        pytest.param(
            {"applicants": applicant(**{"Born on": "22.07.1991"})}, "client.birth_date", "99.99.9999", id="a date"
        ),
        pytest.param({"applicants": applicant(**{"Family name": ""})}, "client.last_name", "nothing", id="no name"),
        pytest.param({"applicants": []}, "client", "0 rows", id="nobody"),
        pytest.param({"applicants": applicant() * 2}, "client", "2 rows", id="two of them"),
        pytest.param({"referrals": referral(applicant_no="")}, "applicant_no", "nothing", id="of nobody"),
        pytest.param({"referrals": referral(sent_at="2026-03-08 02:30:00")}, "sent_at", "length 19", id="case_62"),
        pytest.param(
            {"papers": [{"applicant_no": "7", "type": "UCI", "number": True}]},
            "client.identifier.value",
            "a bool",
            id="a paper",
        ),
    ],
)
def test_a_wrong_cell_refuses_its_record_by_field_and_shape(changes: dict[str, Any], place: str, got: str) -> None:
    with pytest.raises(RecordUnreadable) as refused:
        record(**changes)

    assert refused.value.where == f"housing request:R-1: {place}"
    assert refused.value.got.startswith(got)
    assert refused.value.next_step
    assert NAME not in str(refused.value)


def test_a_wrong_row_stands_in_nobodys_way() -> None:
    rows = [*referral(), {"referral_no": "R-2", "applicant_no": "8", **REFERRAL}]

    found = reading(referrals=rows).records

    assert HOUSING.parse("request:R-1", canonical(found["request:R-1"].tree)).kind == "RF_REQUEST"
    with pytest.raises(RecordUnreadable, match="client: got 0 rows"):
        HOUSING.parse("request:R-2", canonical(found["request:R-2"].tree))


def test_two_rows_with_one_number_are_no_record_and_which_is_meant_is_not_guessed() -> None:
    found = reading(referrals=referral() * 2).records["request:R-1"]

    assert found.fault == TWICE
    assert found.tree == {}


def test_rows_without_a_number_are_told_by_their_place() -> None:
    rows = [*referral(), *referral(referral_no=""), *referral(referral_no="Amara's flat")]

    found = reading(referrals=rows)

    assert found.problems == ("table referrals: 2 rows (3, 4) with no key that can be read",)
    assert [key for key in found.records if key.startswith("request")] == ["request:R-1"]


def test_a_word_without_a_digit_is_no_key_since_keys_are_shown_inv_1() -> None:
    found = reading(referrals=referral(referral_no="Okonkwo"))

    assert [key for key in found.records if key.startswith("request")] == []
    assert found.problems == ("table referrals: 1 row (2) with no key that can be read",)


def test_rows_that_are_not_for_the_hub_are_as_not_there_and_one_in_doubt_is_refused() -> None:
    assert "request:R-1" not in reading(referrals=referral(status="draft")).records
    with pytest.raises(RecordUnreadable, match="status"):
        record(referrals=referral(status="se\x07nt"))


def test_a_personal_key_leaves_the_reader_as_a_keyed_digest_alone() -> None:
    personal = DATA.replace(b'key = "referral_no"', b'key = "referral_no"\npersonal_key = true')
    schema = read_schema("housing", personal)

    found = read(schema, tables(), Forms(), lambda text: f"digest{len(text)}")

    assert "request:digest3" in found.records
    assert card("housing", personal).parse("request:digest3", canonical(found.records["request:digest3"].tree))


@pytest.mark.parametrize("number", ["046454286", "046-454-286"])
def test_case_21_a_number_that_passes_as_a_sin_leaves_the_reader_as_a_keyed_digest_alone(number: str) -> None:
    found = read(SCHEMA, tables(referrals=referral(referral_no=number)), Forms(), lambda text: f"digest{len(text)}")

    assert [key for key in found.records if key.startswith("request")] == [f"request:digest{len(number)}"]
    assert not any("046" in key for key in found.records)


def test_a_row_whose_version_is_a_column_is_known_by_it_and_does_not_hold_it() -> None:
    versioned = DATA.replace(b'key = "referral_no"', b'key = "referral_no"\nrevision = "version"')
    rows = tables(referrals=[{**referral()[0], "version": 12}])

    found = read(read_schema("housing", versioned), rows, Forms(), str).records["request:R-1"]

    assert found.revision == "12"
    assert "12" not in found.tree.values()


@pytest.mark.parametrize(
    "cells",
    [{"withdrawn_at": "on the telephone"}, {"declined": "yes"}],
    ids=["withdrawn", "declined"],
)
def test_a_no_is_heard_though_the_rest_of_its_row_cannot_be_read(cells: dict[str, str]) -> None:
    consents = [{"consent_no": "C-1", "applicant_no": "", **CONSENT, "valid_from": "??", **cells}]

    found = record("consent:C-1", consents=consents, applicants=[])

    assert found.kind == "CONSENT"
    assert found.get("consent_id") is None
    assert found.get("valid_from") is None
    assert found.get("withdrawn_at" if "withdrawn_at" in cells else "declined")


def test_a_yes_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(RecordUnreadable, match="valid_from"):
        record("consent:C-1", consents=[{"consent_no": "C-1", "applicant_no": "7", **CONSENT, "valid_from": "??"}])


@pytest.mark.parametrize("key", ["", "request", "invoice:1", "request:", "request:a b", "Amara Okonkwo"])
def test_a_key_of_something_else_is_refused_by_its_shape(key: str) -> None:
    with pytest.raises(RecordUnreadable) as refused:
        HOUSING.parse(key, b"{}")

    assert "Okonkwo" not in str(refused.value)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text()),
        lambda below: st.one_of(
            st.lists(below, max_size=3),
            st.dictionaries(st.sampled_from(["client", "status", "unread", "x"]), below, max_size=4),
        ),
    ),
    st.sampled_from(["request:1", "answer:1", "consent:1"]),
)
def test_any_tree_is_a_record_or_refused(tree: Any, key: str) -> None:
    try:
        found = HOUSING.parse(key, orjson.dumps(tree))
    except RecordUnreadable:
        return
    assert found.kind in SCHEMA.forms


def test_an_answer_is_written_with_the_senders_own_number_and_nothing_else_is() -> None:
    assert HOUSING.render is not None
    fields = {"status": "accepted", "hub_referral_no": "K7QM2XWBR4TD", "own_number": "R-1"}

    said = orjson.loads(HOUSING.render(Record("RF_STATUS", fields)))

    assert said == {"own": "R-1", "fields": {"status": "accepted", "hub_referral_no": "K7QM2XWBR4TD"}}
    for other in (Record("RF_REQUEST", {"own_number": "R-1"}), Record("RF_STATUS", {"status": "accepted"})):
        with pytest.raises(MappingGap):
            HOUSING.render(other)
