"""``each`` (design §8): rows of flags, numbered groups and columns become instances, and instances go back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Refused
from hub.mapping import Context, RecordMapping, load
from hub.model.record import Record

from .conftest import Loader, form

HERE = Context("harbour")
# as irregular as iCARE's: no id can be built from another (cases 9, 10)
NEEDS = (
    "code,need_field,referral_field,reason_field,kind\n"
    "education,edu_needs,edu_needs_referrals,,needs\n"
    "language,lang_needs,lang_refs,lang_reason,needs\n"
    "housing,housing_n,,,needs\n"
    "wellness,well_needs,well_refs,,health-mental\n"
)
FLAGS = (
    '[resource.need]\ntype = "Observation"\nlabel = "@kind"\neach = { flags = "needs" }\n'
    "[resource.need.element]\n"
    '"code" = { row = "code", system = "…/CodeSystem/need" }\n'
    '"status" = { flag = "@need_field", yes = "final", no = "cancelled" }\n'
    '"extension[referral-made].valueBoolean" = { flag = "@referral_field" }\n'
    '"valueString" = { field = "@reason_field" }\n'
)
FIELDS = (
    *("edu_needs", "edu_needs_referrals", "lang_needs", "lang_refs", "lang_reason", "housing_n"),
    *("well_needs", "well_refs"),
)
CHILDREN = (
    '[resource.e]\ntype = "Task"\nlabel = "service-status"\n[resource.e.element]\n'
    '"description" = { field = "what" }\n'
    '[resource.child]\ninside = "e"\nat = "note"\neach = { numbered = "n", to = 3 }\n[resource.child.element]\n'
    '"text" = { field = "child[{n}]age" }\n"authorString" = { field = "child[{n}]care" }\n'
)
CHILD_FIELDS = tuple(f"child[{n}]{what}" for n in (1, 2, 3) for what in ("age", "care"))


@pytest.fixture
def flags(small: Loader) -> RecordMapping:
    return small(FLAGS, form(*FIELDS), needs=NEEDS)


@pytest.fixture
def numbered(small: Loader) -> RecordMapping:
    return small(CHILDREN, form("what", *CHILD_FIELDS))


def there(mapping, fields):
    return mapping.to_fhir(Record("R", fields), HERE)


def back(mapping, resources):
    entries = [{"fullUrl": f"urn:uuid:{place}", "resource": each} for place, each in enumerate(resources)]
    return mapping.from_fhir(entries, HERE)


def resources(mapping, fields):
    return [entry["resource"] for entry in there(mapping, fields).resources]


def codes(found):
    return [each["code"]["coding"][0]["code"] for each in found]


def test_each_filled_row_of_flags_is_a_resource_and_a_blank_one_is_none(flags):
    found = there(flags, {"edu_needs": "1", "lang_refs": "0", "well_needs": "0"})

    assert codes(entry["resource"] for entry in found.resources) == ["education", "language", "wellness"]
    assert [entry["fullUrl"] for entry in found.resources] == [
        "urn:block:need",
        "urn:block:need:2",
        "urn:block:need:3",
    ]


def test_yes_no_and_blank_are_three_answers_case_29(flags):
    yes, no = resources(flags, {"edu_needs": "1", "housing_n": "0"})

    assert (yes["status"], no["status"]) == ("final", "cancelled")
    assert "extension" not in yes
    assert back(flags, [yes, no]).record.fields == {"edu_needs": "1", "housing_n": "0"}


def test_the_label_of_a_row_is_its_own(flags):
    need, wellness = resources(flags, {"edu_needs": "1", "well_needs": "1"})

    assert [tag["code"] for tag in need["meta"]["security"]] == ["N", "needs"]
    assert [tag["code"] for tag in wellness["meta"]["security"]] == ["R", "health-mental"]


def test_rows_go_back_into_their_columns_in_whatever_order_they_come(flags):
    fields = {"edu_needs": "1", "edu_needs_referrals": "0", "lang_needs": "1", "lang_reason": "study", "well_refs": "1"}

    found = back(flags, reversed(resources(flags, fields)))

    assert found.record.fields == fields
    assert found.losses == ()


def test_a_line_that_names_an_empty_cell_is_none_in_that_row(flags):
    (housing,) = resources(flags, {"housing_n": "1"})
    housing["valueString"] = "a reason that housing has no column for"

    found = back(flags, [housing])

    assert found.record.fields == {"housing_n": "1"}
    assert [(loss.place, loss.reason) for loss in found.losses] == [
        ("Observation.valueString", "this record has no field for it")
    ]


def test_a_second_resource_for_one_column_is_a_loss_and_so_is_one_without_a_row(flags):
    (first,) = resources(flags, {"housing_n": "1"})
    other = {**first, "code": {"coding": [{"system": "elsewhere", "code": "housing"}]}}

    found = back(flags, [first, first, other])

    assert found.record.fields == {"housing_n": "1"}
    assert sorted(loss.reason for loss in found.losses) == [
        "R has no place for it",
        "this record has no column for one of them",
    ]


def test_five_children_or_fewer_have_a_group_each_and_what_is_more_is_a_loss_case_39(numbered):
    fields = {"child[1]age": "infant", "child[1]care": "short", "child[2]age": "toddler"}
    (task,) = resources(numbered, fields)

    assert task["note"] == [{"text": "infant", "authorString": "short"}, {"text": "toddler"}]
    assert back(numbered, [task]).record.fields == fields
    task["note"] += [{"text": "school"}, {"text": "school again"}]
    more = back(numbered, [task])
    assert more.record.fields == {**fields, "child[3]age": "school"}
    assert [loss.place for loss in more.losses] == ["Task.note"]


def test_a_gap_among_numbered_groups_closes_and_the_loss_report_says_so(numbered):
    (task,) = resources(numbered, {"child[2]age": "toddler"})

    assert back(numbered, [task]).record.fields == {"child[1]age": "toddler"}
    assert any("moves up" in loss.reason for loss in numbered.loss_report() if loss.place == "child[2]age")
    assert not any("moves up" in loss.reason for loss in numbered.loss_report() if loss.place == "child[1]age")


def test_numbered_extensions_stand_beside_extensions_that_other_lines_read(small: Loader):
    mapping = small(
        '[resource.e]\ntype = "Task"\nlabel = "service-status"\n[resource.e.element]\n'
        '"extension[format].valueString" = { field = "what" }\n'
        '[resource.child]\ninside = "e"\nat = "extension"\neach = { numbered = "n", to = 3 }\n'
        "[resource.child.element]\n"
        '"url" = { constant = "https://hub.example.org/StructureDefinition/child" }\n'
        '"valueString" = { field = "child[{n}]age" }\n',
        form("what", "child[1]age", "child[2]age", "child[3]age"),
    )
    fields = {"what": "group", "child[1]age": "infant", "child[2]age": "infant"}

    found = back(mapping, resources(mapping, fields))

    assert found.record.fields == fields
    assert found.losses == ()


@pytest.mark.parametrize(
    ("each", "says"),
    [
        pytest.param("{ flags = 1 }", "`flags`", id="a table that is no name"),
        pytest.param('{ flags = "needs", columns = "needs" }', "another word", id="two words at once"),
        pytest.param('{ flags = "needs", to = 5 }', "another word", id="flags that are counted"),
        pytest.param('{ flags = "none" }', "no such file", id="no table"),
        pytest.param('{ flags = "plain" }', "`field`, further names", id="a table that names no field"),
        pytest.param('{ flags = "twice" }', "two rows with one `code`", id="two rows that are one"),
        pytest.param('{ numbered = "n" }', "numbered =", id="numbers without an end"),
        pytest.param('{ numbered = "n", to = 0 }', "numbered =", id="no number at all"),
        pytest.param('{ numbered = "n", to = 100 }', "numbered =", id="more numbers than a record has"),
        pytest.param('{ numbered = "n.m", to = 2 }', "numbered =", id="a number's name that is none"),
        pytest.param("{}", "another word", id="nothing"),
        pytest.param("{ child = 1 }", "no name", id="a child that is no name"),
    ],
)
def test_an_each_that_is_none_is_refused_when_it_is_loaded(small: Loader, each, says):
    with pytest.raises(Refused, match="mappings/toy") as caught:
        small(
            FLAGS.replace('{ flags = "needs" }', each),
            form(*FIELDS),
            needs=NEEDS,
            plain="code,word\na,b\n",
            twice="code,need_field,referral_field,reason_field,kind\na,edu_needs,,,needs\na,lang_needs,,,needs\n",
        )

    assert says in str(caught.value)


ROW = '"code" = { row = "code", system = "…/CodeSystem/need" }\n'


@pytest.mark.parametrize(
    "line",
    ["", ROW.replace(" }", ', way = "<" }'), '"status" = { default = "final" }\n'],
    ids=["no line", "a line that is not written", "a line that is the same in all rows"],
)
def test_rows_of_flags_that_nothing_tells_apart_are_refused(small: Loader, line):
    toml = FLAGS.replace(ROW, line).replace('"status" = { flag', '"valueBoolean" = { flag')

    with pytest.raises(Refused, match="a line with `row`"):
        small(toml, form(*FIELDS), needs=NEEDS)


def test_columns_that_nothing_tells_apart_are_refused(small: Loader):
    toml = (
        '[resource.e]\ntype = "Task"\nlabel = "needs"\n[resource.e.element]\n"description" = { field = "what" }\n'
        '[resource.c]\ninside = "e"\nat = "note"\neach = { columns = "cols" }\n[resource.c.element]\n'
        '"text" = { field = "@field" }\n'
    )

    with pytest.raises(Refused, match="a line with `row`"):
        small(toml, form("what", "l", "r"), cols="field\nl\nr\n")


OWNER = (
    '[resource.k]\ntype = "Patient"\nlabel = "ident"\neach = { child = "k" }\n[resource.k.element]\n'
    '"birthDate" = { date = "born" }\n'
)
UNDER = FLAGS.replace("{ flags", '{ child = "k", flags')
SUBJECT = '"subject" = { to = "k" }\n'


@pytest.mark.parametrize(
    "toml",
    [
        pytest.param(UNDER, id="no block of the child itself"),
        pytest.param(OWNER + UNDER, id="no reference to it"),
        pytest.param(UNDER + SUBJECT + OWNER, id="it stands behind"),
        pytest.param(OWNER + UNDER + SUBJECT.replace(" }", ', way = "<" }'), id="a reference that is not written"),
    ],
)
def test_rows_under_a_child_record_that_do_not_say_whose_they_are_are_refused(small: Loader, toml):
    with pytest.raises(Refused, match="rows of `k`"):
        small(toml, form(k=form("born", *FIELDS)), needs=NEEDS)


def test_rows_of_two_child_records_come_back_each_in_its_own(small: Loader):
    mapping = small(OWNER + UNDER + SUBJECT, form(k=form("born", *FIELDS)), needs=NEEDS)
    two = ({"born": "2000-01-02", "edu_needs": "1"}, {"born": "2001-01-02", "edu_needs": "0", "housing_n": "1"})

    sent = mapping.to_fhir(Record("R", {}, {"k": tuple(Record("k", each) for each in two)}), HERE)

    told = mapping.from_fhir(sent.resources, HERE).record.children["k"]
    assert tuple(each.fields for each in told) == two


def test_elements_of_rows_are_no_child_records_of_their_own(small: Loader):
    toml = CHILDREN.replace("{ numbered", '{ child = "k", numbered')

    with pytest.raises(Refused, match="each row a `k` of its own"):
        small(toml, form("what", k=form(*CHILD_FIELDS)))


ANSWERS = st.dictionaries(st.sampled_from([name for name in FIELDS if name != "lang_reason"]), st.sampled_from("01"))


@given(answers=ANSWERS, reason=st.sampled_from([None, "study", "work"]))
def test_any_answers_come_back_as_they_were(tmp_path_factory, answers, reason):
    mapping = _loaded(tmp_path_factory, FLAGS, FIELDS, {"needs": NEEDS})
    fields = answers | ({"lang_reason": reason} if reason else {})

    found = back(mapping, resources(mapping, fields))

    assert (found.record.fields, found.losses) == (fields, ())


@given(st.lists(st.tuples(st.sampled_from(["infant", "toddler"]), st.sampled_from(["", "short"])), max_size=6))
def test_the_first_of_any_children_come_back_in_their_order(tmp_path_factory, children):
    mapping = _loaded(tmp_path_factory, CHILDREN, ("what", *CHILD_FIELDS), {})
    notes = [{"text": age, **({"authorString": care} if care else {})} for age, care in children]

    found = back(mapping, [{"resourceType": "Task", **({"note": notes} if notes else {})}])

    fields = {f"child[{n}]age": age for n, (age, _) in enumerate(children[:3], start=1)}
    fields |= {f"child[{n}]care": care for n, (_, care) in enumerate(children[:3], start=1) if care}
    assert found.record.fields == fields
    assert bool(found.losses) == (len(children) > 3)


_MADE: dict[str, RecordMapping] = {}


def _loaded(factory, toml, fields, tables) -> RecordMapping:
    """Compiled once for all examples."""
    if toml not in _MADE:
        folder = factory.mktemp("toy")
        (folder / "R.toml").write_text(toml, encoding="utf-8")
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        _MADE[toml] = load("toy", [folder], {"R": form(*fields)}, {}).records["R"]
    return _MADE[toml]
