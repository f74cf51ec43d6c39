"""One referral of a row of NARS, in its own words (program systems 2.5 to 2.7; settled S9)."""

from __future__ import annotations

import orjson
import pytest

from adapters.icare.layout import modules, referrals
from adapters.icare.record import carried, columns, parse
from hub.errors import RecordUnreadable
from hub.model.record import Record
from tests.icare_builder import assessed, profile

FLAG = "language_skills_referrals_ind"
KEY = f"NARS_A-100_202605_1/4/{FLAG}"
NUMBER = "ABCDEFGH2345"


def data(**changes: object) -> bytes:
    names = carried(referrals()[FLAG])
    fields = {name: text for name, text in assessed().items() if name in names}
    return orjson.dumps({"fields": fields, "referral_no": NUMBER} | changes)


def test_a_referral_with_its_need_and_the_clients_profile():
    found = parse(KEY, data(profile=profile()))

    assert found.kind == "NARS"
    said = {name: text for name, text in assessed().items() if name in carried(referrals()[FLAG])}
    assert found.fields == {
        **{name: {"Yes": "1", "No": "0"}.get(str(text), text) for name, text in said.items()},
        "flag": FLAG,
        "referral_no": NUMBER,
    }
    told = {name: {"Yes": "1", "No": "0"}.get(str(text), text) for name, text in profile().items()}
    assert found.children == {"profile": (Record("profile", told),)}


def test_a_mapping_may_name_every_column_but_what_icare_answers():
    named = columns()["NARS"]

    assert set(named["fields"]) == set(modules()["NARS"].columns) - {"processing_details"} | {"flag", "referral_no"}
    assert set(named["children"]["profile"]["fields"]) == set(modules()["CLIENT_PROFILE"].columns) - {
        "processing_details"
    }
    assert len(named["fields"]) == 93


@pytest.mark.parametrize("flag", list(referrals()))
def test_no_message_carries_another_need(flag: str):
    own = set(carried(referrals()[flag]))
    needs = {each.need for each in referrals().values()} | set(referrals())

    assert own & needs == {flag, referrals()[flag].need}
    assert own <= set(modules()["NARS"].columns)
    assert not own & {"support_received_ind", "counselling_ind", "settlement_plan_ind", "update_record_id"}


@pytest.mark.parametrize(
    ("key", "document"),
    [
        pytest.param("x", data(), id="no key"),
        pytest.param(KEY.replace("/4/", "/0/"), data(), id="no row"),
        pytest.param(KEY.replace(FLAG, "language_skills_needs_ind"), data(), id="no flag"),
        pytest.param(KEY, b"{", id="no JSON"),
        pytest.param(KEY, b"[]", id="no row in it"),
        pytest.param(KEY, data(fields=None), id="no fields"),
        pytest.param(KEY, data(fields=assessed()), id="more columns than that need's"),
        pytest.param(KEY, data(fields={"client_birth_dt": 1}), id="a field that is no text"),
        pytest.param(KEY, data(fields={"client_birth_dt": "1991-07-22"}), id="nobody"),
        pytest.param(KEY, data(profile={"city_id": "Zyxwvut"}), id="a column that a profile has not"),
        pytest.param(KEY, data(profile={"processing_details": "x"}), id="what iCARE answered"),
        pytest.param(KEY, data(referral_no="R-1"), id="another number"),
        pytest.param(KEY, data(referral_no=None), id="no number"),
        pytest.param(KEY, data(faults=[["x"]]), id="no fault"),
    ],
)
def test_what_is_no_record_is_refused_without_a_value(key: str, document: bytes):
    with pytest.raises(RecordUnreadable) as refused:
        parse(key, document)

    assert refused.value.next_step
    assert "Zyxwvut" not in str(refused.value)
    assert "1991" not in str(refused.value)


def test_a_referral_that_was_not_made_is_none():
    fields = {name: text for name, text in assessed().items() if name in carried(referrals()[FLAG])}

    with pytest.raises(RecordUnreadable, match=FLAG):
        parse(KEY, data(fields={**fields, FLAG: "No"}))


def test_a_fault_names_cell_and_column():
    with pytest.raises(RecordUnreadable, match="cell E4 client_birth_dt: got 9999/9/99, expected a day") as refused:
        parse(KEY, data(faults=[["cell E4 client_birth_dt", "9999/9/99", "a day"]]))

    assert refused.value.next_step
