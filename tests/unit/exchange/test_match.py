"""Identity (design §4, issue item 11, shared model 3.2; cases 13 to 21, 24, 60 of program systems §10).

All people are invented.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest

from hub.exchange.match import (
    Ambiguous,
    Candidate,
    Held,
    Nobody,
    One,
    PersonKeys,
    compare,
    lookalike,
    person_keys,
    resolve,
    to_learn,
)
from hub.model.codes import ID


def digest(domain: str, text: str) -> str:
    return hashlib.sha256(f"{domain}\0{text}".encode()).hexdigest()[:16]


def patient(
    family: str | None = "Warsame", given: str | None = "Hodan", birth: str | None = "1991-07-22", **ids: str
) -> dict[str, Any]:
    name = {"use": "official", **({"family": family} if family else {}), **({"given": [given]} if given else {})}
    numbers = [{"system": f"{ID}/{kind.replace('_', '-')}", "value": value} for kind, value in ids.items()]
    return {
        "resourceType": "Patient",
        "name": [name],
        **({"birthDate": birth} if birth else {}),
        **({"identifier": numbers} if numbers else {}),
    }


def keys(who: dict[str, Any], local: str | None = None, system: str = "a-cms"):
    return person_keys(who, system=system, local_id=local, digest=digest)


def held(ref: str, who: dict[str, Any], local: str | None = None, *, own: bool = True, system: str = "a-cms") -> Held:
    return Held.of(ref, keys(who, local, system).kinds(), own=own)


HODAN = patient()
UCI = {"uci": "11223344"}


def ask(who: dict[str, Any], *index: Held, local: str | None = None):
    return resolve(compare(keys(who, local), entry) for entry in index)


# what a record says of a person


def test_nothing_but_digests_leaves_the_record():
    values = keys(patient(**UCI), local="17")

    text = repr(values)
    for value in ("Warsame", "wrsm", "Hodan", "hdn", "1991", "11223344", "a-cms"):
        assert value not in text


@pytest.mark.parametrize(
    "typed",
    ["11223344", "1122-3344", " 1122 3344 ", "1122\u00a03344", "1122\u200b3344"],
    ids=["plain", "hyphen", "spaces", "no-break space", "zero width"],
)
def test_case_20_spellings_of_one_number_are_one_digest(typed):
    assert keys(patient(uci=typed)).exact == keys(patient(**UCI)).exact


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param({"uci": "1122334"}, id="case 20 a UCI of 7 digits may have lost a zero"),
        pytest.param({"uci": "1.1E+07"}, id="case 20 scientific notation"),
        pytest.param({"uci": "CAN0012345"}, id="case 21 an application number"),
        pytest.param({"imm": "IMM5688"}, id="case 21 a form number"),
        pytest.param({"uci": "046454286"}, id="case 21 what passes as a SIN"),
        pytest.param({"uci": ""}, id="an empty value"),
        pytest.param({"eois-plan": "4711"}, id="a plan is not a person"),
        pytest.param({"file-no": "2024-000123"}, id="an agency's file number proves nothing here"),
    ],
)
def test_what_identifies_nobody_gives_no_digest(ids):
    who = patient()
    who["identifier"] = [{"system": f"{ID}/{kind}", "value": value} for kind, value in ids.items()]

    assert keys(who).exact == ()


@pytest.mark.parametrize("birth", [None, "1991", "1991-07", "1991-02-30", "19910722", "1991-07-22T00:00:00Z"], ids=str)
def test_without_a_whole_birth_date_a_number_and_a_name_prove_nothing_case_13(birth):
    found = keys(patient(birth=birth, **UCI))

    assert found.exact == ()
    assert (found.family, found.given, found.born) == (None, None, None)


def test_one_number_with_two_birth_dates_is_not_one_digest_case_14():
    assert keys(patient(**UCI)).exact != keys(patient(birth="1991-07-23", **UCI)).exact


def test_one_value_in_two_systems_is_not_one_digest_case_55():
    assert keys(patient(harts="12345678")).exact != keys(patient(uci="12345678")).exact


def test_the_local_key_needs_no_birth_date_and_is_of_its_system_alone():
    bare = patient(birth=None)

    assert len(keys(bare, local="17").exact) == 1
    assert keys(bare, local="17").exact != keys(bare, local="17", system="b-cms").exact
    assert keys(bare, local="17").exact != keys(bare, local="18").exact
    assert keys(bare, local=None).exact == ()


@pytest.mark.parametrize(
    ("typed", "also"),
    [
        ("Mohammed", "Muhammad"),
        ("Mohammed", "Mohamed"),
        ("O'Neil", "O\u2019Neil"),
        ("Al-Hassan", "al hassan"),
        ("Côté", "Co\u0302te\u0301"),
    ],
)
def test_cases_6_7_16_17_spellings_of_one_name_are_one_digest(typed, also):
    assert keys(patient(family=typed)).family == keys(patient(family=also)).family


@pytest.mark.parametrize("filler", [None, "", "-", ".", "FNU", "fnu", "Suleiman", "SULEIMAN "])
def test_case_15_what_only_fills_the_first_name_is_no_name(filler):
    found = keys(patient(family="Suleiman", given=filler))

    assert found.given is None
    assert found.family == keys(patient(family="Suleiman", given=None)).family


def test_the_official_name_is_the_one_that_counts():
    who = patient()
    who["name"].insert(0, {"use": "usual", "given": ["Zuzu"]})

    assert keys(who) == keys(HODAN)


def test_both_names_of_one_skeleton_are_kept_as_both():
    found = keys(patient(family="Mina", given="Amin"))

    assert found.family == found.given
    assert set(found.found_by().values()) == {"both"}
    assert compare(found, Held.of("s", found.kinds(), own=True)).same_names


# who it is


@pytest.mark.parametrize(
    ("record", "known", "answer"),
    [
        pytest.param(HODAN, patient(family="Abdi", given="Omar"), Nobody(), id="somebody else born that day"),
        pytest.param(HODAN, patient(birth="1991-07-21"), Nobody(), id="the same names, another date"),
        pytest.param(HODAN, HODAN, Ambiguous(("s1",)), id="name and date alone never link"),
        pytest.param(patient("Hodan", "Warsame"), HODAN, Ambiguous(("s1",)), id="case 17 names swapped"),
        pytest.param(patient(family="Abdi"), HODAN, Ambiguous(("s1",)), id="case 17 another family name"),
        pytest.param(patient(given="Huda"), HODAN, Nobody(), id="case 24 a twin or a relative"),
        pytest.param(patient(given=None), HODAN, Ambiguous(("s1",)), id="case 15 single name, the family's"),
        pytest.param(patient("Hodan", None), HODAN, Ambiguous(("s1",)), id="case 15 single name, the given one"),
        pytest.param(HODAN, patient(given=None), Ambiguous(("s1",)), id="case 15 the known one has a single name"),
        pytest.param(patient("Abdi", None), HODAN, Nobody(), id="case 15 a single name that is neither"),
        pytest.param(patient(birth="1991"), HODAN, Nobody(), id="case 13 a year is no date"),
    ],
)
def test_a_likeness_to_an_own_client_is_a_question(record, known, answer):
    assert ask(record, held("s1", known)) == answer


@pytest.mark.parametrize(
    "record",
    [HODAN, patient("Hodan", "Warsame"), patient(family="Abdi"), patient(given=None)],
    ids=["same", "swapped", "other family name", "single"],
)
def test_case_60_a_likeness_to_another_agencys_client_is_nothing_at_all(record):
    assert ask(record, held("s1", HODAN, own=False)) == Nobody()


def test_a_number_with_the_birth_date_links_own_and_others_alike():
    named_otherwise = patient("Abdi", "Sahra", **UCI)

    assert ask(patient(**UCI), held("s1", named_otherwise)) == One("s1")
    assert ask(patient(**UCI), held("s1", named_otherwise, own=False)) == One("s1")


@pytest.mark.parametrize(("own", "answer"), [(True, Ambiguous(("s1",))), (False, Nobody())])
def test_two_numbers_that_contradict_each_other_under_other_names_are_a_question_or_nobody(own, answer):
    theirs = held("s1", patient("Abdi", "Sahra", harts="40000001", uci="55667788"), own=own)

    assert ask(patient(harts="40000001", uci="11223344"), theirs) == answer


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(patient("Abdi", "Hodan", harts="40000001", uci="11223344"), id="a name in common"),
        pytest.param(patient(harts="40000001"), id="no other number"),
        pytest.param(patient(harts="40000001", uci="55667788"), id="both numbers agree"),
        pytest.param(patient(None, None, harts="40000001", uci="11223344"), id="no name to compare"),
    ],
)
def test_what_does_not_contradict_a_number_leaves_it_what_it_is(record):
    theirs = held("s1", patient("Abdi", "Sahra", harts="40000001", uci="55667788"))

    assert ask(record, theirs) == One("s1")


def test_a_number_with_another_birth_date_links_nobody_case_14():
    assert ask(patient(**UCI), held("s1", patient("Abdi", "Sahra", "1991-07-23", **UCI))) == Nobody()


def test_twins_with_their_own_numbers_are_two_case_24():
    one, other = held("s1", patient(**UCI)), held("s2", patient(given="Huda", uci="55667788"))

    assert ask(patient(**UCI), one, other) == One("s1")
    assert ask(patient(given="Huda", uci="55667788"), one, other) == One("s2")


def test_two_own_clients_that_it_identifies_are_a_question_c_185():
    by_row, by_number = held("s2", HODAN, "17"), held("s1", patient("Abdi", "Sahra", **UCI))

    assert ask(patient(**UCI), by_row, by_number, local="17") == Ambiguous(("s1", "s2"))


def test_a_number_of_one_with_the_names_of_another_is_a_question():
    by_number, by_name = held("s1", patient("Abdi", "Sahra", **UCI)), held("s2", HODAN)

    assert ask(patient(**UCI), by_number, by_name) == Ambiguous(("s1", "s2"))


def test_a_row_used_again_for_another_client_is_a_question():
    assert ask(HODAN, held("s1", patient("Abdi", "Sahra"), "17"), held("s2", HODAN, "9"), local="17") == Ambiguous(
        ("s1", "s2")
    )


def test_who_is_identified_by_number_and_names_is_the_one_whoever_else_has_the_names():
    assert ask(patient(**UCI), held("s1", patient(**UCI)), held("s2", HODAN)) == One("s1")


def test_a_mere_likeness_does_not_shake_an_identification():
    assert ask(patient(**UCI), held("s1", patient("Abdi", "Sahra", **UCI)), held("s2", patient(family="Ali"))) == One(
        "s1"
    )


@pytest.mark.parametrize(
    "others",
    [
        pytest.param((), id="nobody else"),
        pytest.param((held("s9", patient("Abdi", "Sahra", **UCI), own=False),), id="another agency's by number"),
        pytest.param((held("s9", HODAN, own=False),), id="another agency's by name"),
    ],
)
@pytest.mark.parametrize(
    ("own", "local", "answer"),
    [
        pytest.param(held("s1", patient(birth="1991-07-23"), "17"), "17", One("s1"), id="own by local key"),
        pytest.param(held("s1", HODAN), None, Ambiguous(("s1",)), id="own by name"),
        pytest.param(held("s1", patient(family="Abdi")), None, Ambiguous(("s1",)), id="own by given name"),
    ],
)
def test_i_11_an_answer_about_an_own_client_does_not_depend_on_who_else_exists(own, local, answer, others):
    assert ask(patient(**UCI), own, *others, local=local) == answer


def test_two_of_other_agencies_that_it_identifies_are_nobody_never_a_question():
    record = patient(**UCI, harts="00000042")
    by_uci = held("s1", patient("Abdi", "Sahra", **UCI), own=False)
    by_harts = held("s2", patient("Ali", "Omar", harts="00000042"), own=False)

    assert ask(record, by_uci, by_harts) == Nobody()


def test_nobody_is_nobody():
    assert resolve([]) == Nobody()
    assert resolve([Candidate("s1", own=True)]) == Nobody()


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        pytest.param(patient(**UCI), patient("Abdi", "Sahra", **UCI), "identifier", id="one number"),
        pytest.param(HODAN, HODAN, "names", id="names and date"),
        pytest.param(HODAN, patient("Hodan", "Warsame"), "names", id="swapped"),
        pytest.param(HODAN, patient(family="Abdi"), "partly", id="given name and date"),
        pytest.param(HODAN, patient(given=None), "partly", id="single name"),
        pytest.param(HODAN, patient(given="Huda"), None, id="case 24 twins"),
        pytest.param(HODAN, patient(birth="1991-07-21"), None, id="another date"),
        pytest.param(patient(birth=None), patient(birth=None), None, id="no date"),
    ],
)
def test_look_alikes_for_the_steward_whoever_asks_first(one, other, why):
    a, b = held("s1", one, "1", own=False), held("s2", other, "1", own=False, system="b-cms")

    assert lookalike(a, b) == lookalike(b, a) == why


# a row that was used again


@pytest.mark.parametrize(
    ("now", "same"),
    [
        pytest.param(patient(), True, id="as it was"),
        pytest.param(patient(birth="1991-07-23"), True, id="case 14: a corrected birth date"),
        pytest.param(patient(family="Abdi"), True, id="case 17: another family name"),
        pytest.param(patient(given="Hodan Ayaan"), True, id="a second given name"),
        pytest.param(patient(given=None, birth="1991-07-22"), True, id="a given name less"),
        pytest.param(patient(birth=None), True, id="a birth date less"),
        pytest.param(patient("Zed", "Robert", "1970-02-03"), False, id="somebody else"),
        pytest.param(patient("Zed", "Robert", "1991-07-22"), False, id="somebody else of the same age"),
        pytest.param(patient("Warsame", "Robert", "1970-02-03"), False, id="somebody else of the same family"),
        pytest.param(patient("Zed", None, None), False, id="somebody else with a name alone"),
    ],
)
def test_a_row_id_identifies_as_long_as_its_row_tells_of_the_same_person(now, same):
    hodan = held("s1", HODAN, "17")

    assert ask(now, hodan, local="17") == (One("s1") if same else Ambiguous(("s1",)))


def test_a_row_without_names_and_dates_is_what_its_id_says():
    assert ask({"resourceType": "Patient"}, held("s1", HODAN, "17"), local="17") == One("s1")


def test_a_government_number_and_date_identify_whatever_the_row_says():
    assert ask(patient("Zed", "Robert", **UCI), held("s1", patient(**UCI), "17"), local="17") == One("s1")


def test_a_row_that_a_human_gave_to_somebody_new_is_theirs_from_then_on():
    robert = patient("Zed", "Robert", "1970-02-03")

    assert ask(robert, held("s1", HODAN, "17"), held("s2", robert, "17"), local="17") == One("s2")
    assert ask(HODAN, held("s1", HODAN, "17"), held("s2", robert, "17"), local="17") == One("s1")


def test_the_index_gives_back_the_keys_that_it_was_given():
    found = keys(patient(**UCI), local="17")

    assert PersonKeys.of(found.kinds()) == found


# a CaMS reference alone (settled S5)


def of_agency(who: dict[str, Any], local: str | None = None, agency: str = "a"):
    return person_keys(who, system=f"{agency}-cams", local_id=local, digest=digest, agency=agency)


def known_as(who: dict[str, Any], agency: str = "a", *, own: bool = True) -> Held:
    return Held.of("s1", of_agency(who, agency=agency).kinds(), own=own)


ROW = patient(None, None, None, eois_cams="1234567")
DATED = patient(eois_cams="1234567")


def test_a_reference_alone_is_theirs_whose_reference_once_came_with_a_birth_date_s5():
    assert resolve([compare(of_agency(ROW, "1234567"), known_as(DATED))]) == One("s1")


@pytest.mark.parametrize(
    ("row", "local", "index"),
    [
        pytest.param(ROW, "1234567", known_as(DATED, "b"), id="told by another agency"),
        pytest.param(ROW, "17", known_as(DATED), id="a row of another system that holds the number"),
        pytest.param(ROW, "1234567", known_as(patient(birth=None, eois_cams="1234567")), id="never with a date"),
        pytest.param(ROW, "1234567", known_as(patient(birth="1991", eois_cams="1234567")), id="with a year alone"),
        pytest.param(ROW, "1234567", known_as(patient(uci="12345678")), id="another kind of number"),
        pytest.param(
            patient("Zed", "Robert", None, eois_cams="1234567"), "1234567", known_as(DATED), id="beside a name"
        ),
        pytest.param(
            patient(None, None, "1980-01-02", eois_cams="1234567"), "1234567", known_as(DATED), id="beside a date"
        ),
    ],
)
def test_a_reference_alone_says_nothing_otherwise(row: dict[str, Any], local: str, index: Held):
    assert resolve([compare(of_agency(row, local), index)]) == Nobody()


def test_a_reference_that_two_people_came_with_is_a_question():
    twin = Held.of("s2", of_agency(patient("Zed", "Robert", "1980-01-02", eois_cams="1234567")).kinds(), own=True)

    assert resolve(compare(of_agency(ROW, "1234567"), each) for each in (known_as(DATED), twin)) == Ambiguous(
        ("s1", "s2")
    )


def test_a_row_that_was_found_by_its_reference_teaches_no_number():
    learnt = to_learn(of_agency(ROW, "1234567"), known_as(DATED))

    assert set(learnt.values()) == {"local"}


def test_the_index_gives_back_a_reference():
    found = of_agency(DATED)

    assert PersonKeys.of(found.kinds()) == found


@pytest.mark.parametrize(
    ("born", "days"),
    [
        ("2010-05-04", (date(2026, 5, 4), date(2028, 5, 4))),
        ("2008-02-29", (date(2024, 2, 29), date(2026, 2, 28))),
        ("2010-05", (None, None)),
        ("2010", (None, None)),
        ("9990-01-01", (None, None)),
    ],
)
def test_of_a_whole_birth_date_the_days_are_told_on_which_somebody_is_16_and_18(born, days):
    """Settled S30."""
    found = keys({"resourceType": "Patient", "birthDate": born})

    assert (found.turns_16_on, found.turns_18_on) == days
