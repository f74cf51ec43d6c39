"""The templates as data hold what is public of them (program systems 2.3 to 2.12, 7)."""

from __future__ import annotations

import csv

import pytest

from adapters.icare.layout import aliases, gates, lists, messages, modules, referrals
from tests.icare_builder import SHARED

FACTS = SHARED / "icare"
COUNTS = {
    "CLIENT_PROFILE": 17, "NARS": 92, "IO": 95, "CC": 68, "ERS": 69, "LT_SETUP": 118, "LT_ENROL": 31, "LT_EXIT": 38,
}  # fmt: skip


def test_there_are_eight_modules_with_528_columns():
    counts = {code: len(module.columns) for code, module in modules().items()}

    assert counts == COUNTS
    assert sum(counts.values()) == 528


def test_positions_run_from_one_without_a_hole():
    for module in modules().values():
        assert [column.position for column in module.columns.values()] == list(range(1, len(module.columns) + 1))


def test_every_list_that_a_column_names_exists_and_every_list_is_named():
    named = {column.list for module in modules().values() for column in module.columns.values() if column.list}

    assert named == set(lists())


def test_only_the_city_of_a_course_is_a_list_without_values():
    without = [
        column.id
        for module in modules().values()
        for column in module.columns.values()
        if column.kind == "list" and not column.list
    ]

    assert without == ["city_id"]


def test_case_9_ids_have_holes_and_are_not_in_order():
    languages = [int(value.id) for value in lists()["language"]]

    assert set(range(1, 268)) - set(languages) == {5, 47, 171, 263}
    assert languages != sorted(languages)
    assert {value.id for value in lists()["orientation_length"]} == {str(n) for n in range(1, 35)} - {"4"}
    assert "13" not in {value.id for value in lists()["institution_type"]}


def test_case_5_and_6_labels_keep_their_trailing_space_and_their_curly_apostrophe():
    assert "Plautdietsch (Mennonite Low German) " in {value.label for value in lists()["language"]}
    assert lists()["identifier_type"][1].label == "Temporary Resident or Minister’s Permit Number"


def test_case_1_labels_repeat_within_a_module_and_ids_do_not():
    labels = [column.label for column in modules()["NARS"].columns.values()]

    assert labels.count("Between") == 2
    assert labels.count("Transportation") == 2


def test_an_alias_leads_to_a_label_that_exists_and_is_none_itself():
    for name, own in aliases().items():
        labels = {value.label for value in lists()[name]}
        assert set(own.values()) <= labels
        assert not set(own) & labels


def test_case_10_ids_that_follow_no_pattern_stand_as_they_are():
    named = {referral.need: flag for flag, referral in referrals().items()}

    assert named["food_cloth_material_needs_ind"] == "food_cloth_material_refs_ind"
    assert named["knwl_education_needs_ind"] == "knwl_education_needs_referrals_ind"
    assert "essential_skill_responsabilities_ind" in modules()["IO"].columns
    assert {"service_lang_id", "service_language_id"} & set(modules()["CC"].columns) == {"service_lang_id"}


def test_there_are_21_referral_flags_each_with_its_own_need():
    columns = modules()["NARS"].columns
    named = [
        column for referral in referrals().values() for column in (referral.need, referral.flag, *referral.details)
    ]

    assert len(referrals()) == 21
    assert len(named) == len(set(named))
    assert set(named) <= set(columns)
    for referral in referrals().values():
        assert columns[referral.flag].position == columns[referral.need].position + 1


def test_a_gate_opens_columns_that_follow_it_and_none_is_opened_twice():
    for code, own in gates().items():
        columns = modules()[code].columns
        opened = [member for gate in own for member in gate.members]
        assert len(opened) == len(set(opened))
        for gate in own:
            assert columns[gate.members[0]].position == columns[gate.id].position + 1


def test_a_known_refusal_has_both_languages():
    assert messages()
    assert all(english and french for english, french in messages().values())


@pytest.mark.parametrize("table", ["columns", "lists"])
def test_the_tables_say_what_the_collected_facts_say(table: str):
    path = FACTS / f"{table}.csv"
    if not path.exists():
        pytest.skip("the collected facts are not on this machine")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    if table == "columns":
        ours = [
            (str(column.position), column.id, column.label, column.required, column.kind, column.list)
            for module in modules().values()
            for column in module.columns.values()
        ]
        theirs = [
            tuple(row[name] for name in ("position", "column_id", "label_en", "required", "kind", "list"))
            for row in rows
        ]
    else:
        ours = [(name, value.id, value.label) for name, values in lists().items() for value in values]
        theirs = [(row["list"], row["template_id"], row["label"]) for row in rows]

    assert ours == theirs
