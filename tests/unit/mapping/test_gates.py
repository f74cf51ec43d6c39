"""``[gate]`` (design §8; program systems 2.5): a field that says whether any of its members is Yes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import RecordUnreadable, Refused
from hub.mapping import Context, load
from hub.mapping.gates import Gate
from hub.model.record import Record

from .conftest import Loader, form

HERE = Context("harbour")
TOML = (
    '[resource.need]\ntype = "Observation"\nlabel = "needs"\neach = { flags = "needs" }\n'
    '[resource.need.element]\n"code" = { row = "code", system = "…/CodeSystem/need" }\n'
    '"status" = { flag = "@need_field", yes = "final", no = "cancelled" }\n'
    '[gate]\n"asked" = { any = "needs", group = "other" }\n'
)
NEEDS = "code,need_field,group\nfood,food,other\nhousing,housing,other\nlanguage,language,own\n"
FIELDS = ("asked", "food", "housing", "language")


def told(mapping, fields):
    entries = mapping.to_fhir(Record("R", fields), HERE).resources
    return mapping.from_fhir(entries, HERE).record.fields


@pytest.mark.parametrize(
    ("fields", "back"),
    [
        pytest.param({"asked": "1", "food": "1", "housing": "0"}, "1", id="Yes, since one is Yes"),
        pytest.param({"asked": "0", "food": "0"}, "0", id="No, since those that were asked are No"),
        pytest.param({"language": "1"}, None, id="blank, since none of the group was asked"),
        pytest.param({"food": "1"}, "1", id="a gate left blank agrees with anything, and is said on the way out"),
        pytest.param({"asked": "0", "language": "1"}, None, id="No above blanks does not come back"),
    ],
)
def test_a_gate_that_agrees_comes_back_as_its_members_say(small: Loader, fields, back):
    mapping = small(TOML, form(*FIELDS), needs=NEEDS)

    assert told(mapping, fields).get("asked") == back


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"asked": "1"}, "none below it is", id="Yes with all members blank"),
        pytest.param({"asked": "1", "food": "0", "language": "1"}, "none below it is", id="Yes of another group"),
        pytest.param({"asked": "0", "housing": "1"}, "one below it is Yes", id="No with a member that is Yes"),
        pytest.param({"asked": "maybe"}, "aaaaa", id="no answer at all: of it the shape is told"),
    ],
)
def test_a_gate_that_disagrees_refuses_the_row(small: Loader, fields, says):
    mapping = small(TOML, form(*FIELDS), needs=NEEDS)

    with pytest.raises(RecordUnreadable, match="R asked") as caught:
        mapping.to_fhir(Record("R", fields), HERE)

    assert says in str(caught.value)


def test_the_loss_report_says_that_no_above_blanks_is_lost(small: Loader):
    mapping = small(TOML, form(*FIELDS), needs=NEEDS)

    assert [loss.reason for loss in mapping.loss_report() if loss.place == "asked"] == [
        "`0` comes back as blank where food, housing are all blank"
    ]


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        pytest.param('"asked" = 1', "another word", id="no table of words"),
        pytest.param('"asked" = { any = "needs", all = "x" }', "another word", id="another word"),
        pytest.param('"asked" = { group = "other" }', "another word", id="a gate of nothing"),
        pytest.param('"asked" = { any = "none" }', "no such file", id="no such table"),
        pytest.param('"asked" = { any = "needs", group = "none" }', "0 members", id="a group without rows"),
        pytest.param('"food" = { any = "needs" }', "other fields", id="a gate that is its own member"),
        pytest.param('"nobody" = { any = "needs" }', "field `nobody`", id="a gate that is no field"),
        pytest.param('"asked" = { any = "strange" }', "field `weather`", id="a member that is no field"),
        pytest.param(
            '"asked" = { any = "needs" }\n"language" = { any = "needs", group = "other" }', "2 lines", id="two writers"
        ),
    ],
)
def test_a_gate_that_is_none_is_refused_when_it_is_loaded(small: Loader, gate, says):
    strange = "code,need_field\nx,weather\n"
    toml = TOML.partition("[gate]")[0] + f"[gate]\n{gate}\n"

    with pytest.raises(Refused) as caught:
        small(toml, form(*FIELDS), needs=NEEDS, strange=strange)

    assert says in str(caught.value)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param('"all" = { any = "inner" }\n', "a gate of gates: `asked`", id="a gate of gates"),
        pytest.param('"all" = { any = "own" }\n[skipped]\n"m" = "x"\n', "`m`, which does not", id="a skipped member"),
        pytest.param(
            '"all" = { any = "own" }\n[resource.t]\ntype = "Task"\nlabel = "needs"\n[resource.t.element]\n'
            '"description" = { field = "m", way = ">" }\n[not_returned]\n"m" = "x"\n',
            "`m`, which does not",
            id="a member that only goes in",
        ),
        pytest.param('"all" = { any = "needs" }\n[skipped]\n"all" = "x"\n"m" = "x"', "both a gate", id="skipped"),
        pytest.param('"all" = { any = "needs" }\n[not_returned]\n"all" = "x"\n"m" = "x"', "all", id="not returned"),
    ],
)
def test_a_gate_that_its_members_cannot_answer_is_refused(small: Loader, more, says):
    with pytest.raises(Refused) as caught:
        small(TOML + more, form(*FIELDS, "all", "m"), needs=NEEDS, inner="field\nasked\n", own="field\nm\n")

    assert says in str(caught.value)


@given(st.dictionaries(st.sampled_from(["food", "housing", "language"]), st.sampled_from("01")))
def test_what_a_gate_answers_it_agrees_with(members):
    gate = Gate("asked", ("food", "housing"))
    fields = dict(members)

    gate.answer(fields)

    gate.agree(fields, "R")
    assert ("asked" in fields) == bool({"food", "housing"} & set(members))


def test_a_gate_alone_is_a_section_of_the_file(tmp_path):
    (tmp_path / "R.toml").write_text("gate = 1\n" + TOML.partition("[gate]")[0], encoding="utf-8")
    (tmp_path / "needs.csv").write_text(NEEDS, encoding="utf-8")

    with pytest.raises(Refused, match="gate"):
        load("toy", [tmp_path], {"R": form(*FIELDS)}, {})
