"""Each word of the grammar (design §8), both ways, and what it must not do."""

from __future__ import annotations

import pytest

from hub.errors import MappingGap, RecordUnreadable, Refused
from hub.mapping import Context, Partly, Unfit
from hub.model.record import Record

from .conftest import Loader, form

HERE = Context("harbour", "S1")
TASK = '[resource.t]\ntype = "Task"\nlabel = "service-status"\n[resource.t.element]\n'
PERSON = '[resource.p]\ntype = "Patient"\nlabel = "ident"\n[resource.p.element]\n'
DAYS = "Task.executionPeriod.start"


def there(mapping, fields, children=None):
    return mapping.to_fhir(Record("R", fields, children or {}), HERE)


def resource(mapping, fields):
    return there(mapping, fields).resources[0]["resource"]


def back(mapping, found, context=HERE):
    return mapping.from_fhir([{"fullUrl": "urn:uuid:1", "resource": found}], context)


def test_field_copies_text_and_strips_what_nobody_sees_case_6(small: Loader):
    mapping = small(TASK + '"description" = { field = "note" }', form("note"))

    found = resource(mapping, {"note": "\u00a0two\u200b  words \nand a line\t"})

    assert found["description"] == "two words\nand a line"
    assert back(mapping, found).record.fields == {"note": "two words\nand a line"}


@pytest.mark.parametrize(
    "line",
    [
        '"identifier[#f]" = { identifier = "no", system = "…/id/file", form = "[A-Z]{2}", loss = "so it is" }',
        '"address[0].state" = { field = "no", form = "[A-Z]{2}", loss = "so it is" }',
    ],
)
def test_what_has_not_the_form_of_its_line_stays_behind_with_a_loss_line(small: Loader, line: str):
    mapping = small(PERSON + line + '\n"gender" = { field = "sex" }', form("no", "sex"))

    fits, misfits = (there(mapping, {"no": no, "sex": "female"}) for no in ("ON", "ON please"))

    assert "'ON'" in str(fits.resources)
    assert fits.losses == ()
    assert "please" not in str(misfits)
    assert [loss.place for loss in misfits.losses] == ["no"]
    assert misfits.resources[0]["resource"]["gender"] == "female"
    assert {loss.reason for loss in mapping.loss_report()} == {"so it is", misfits.losses[0].reason}
    assert there(mapping, {"no": "ON please"}).resources == (), "nothing was filled"


def test_a_form_that_is_no_pattern_is_refused_when_it_is_loaded(small: Loader):
    with pytest.raises(Refused, match="form"):
        small(PERSON + '"gender" = { field = "sex", form = "[" }', form("sex"))


def test_a_blank_field_makes_no_resource(small: Loader):
    mapping = small(TASK + '"description" = { field = "note" }\n"intent" = { constant = "order" }', form("note"))

    assert there(mapping, {"note": " \u200b "}).resources == ()


def test_a_line_that_only_looks_makes_no_resource_s17(small: Loader):
    toml = TASK + '"description" = { field = "note" }\n"priority" = { field = "other", way = ">" }\n'
    mapping = small(toml + '[not_returned]\nother = "toy"', form("note", "other"))

    assert there(mapping, {"other": "urgent"}).resources == ()
    assert resource(mapping, {"note": "n", "other": "urgent"})["priority"] == "urgent"


def test_identifier_is_found_by_its_system_and_first_of_the_contexts_own_agency(small: Loader):
    mapping = small(PERSON + '"identifier[#f]" = { identifier = "no", system = "…/id/{agency}/file" }', form("no"))

    found = resource(mapping, {"no": "7"})
    theirs = {"system": "https://hub.example.org/id/lakeside/file", "value": "8"}
    other = {"system": "https://hub.example.org/id/client", "value": "9"}

    assert found["identifier"] == [{"system": "https://hub.example.org/id/harbour/file", "value": "7"}]
    both = {**found, "identifier": [other, theirs, *found["identifier"]]}
    assert back(mapping, both).record.fields == {"no": "7"}
    assert back(mapping, both, Context("lakeside")).record.fields == {"no": "8"}
    assert back(mapping, {**found, "identifier": [other]}).record.fields == {}


def test_identifier_carries_its_type(small: Loader):
    mapping = small(TASK + '"identifier[#p]" = { identifier = "no", system = "x", type = "FILL" }', form("no"))

    assert resource(mapping, {"no": "7"})["identifier"][0]["type"]["coding"][0]["code"] == "FILL"


@pytest.mark.parametrize(
    ("text", "value", "again"), [("0125", 1.25, "125"), ("100", 1, "100"), ("-5", -0.05, "-5"), ("7", 0.07, "7")]
)
def test_number_with_implied_decimals(small: Loader, text, value, again):
    mapping = small(TASK + '"extension[n].valueDecimal" = { number = "n", scale = 2 }', form("n"))

    found = resource(mapping, {"n": text})

    assert found["extension"][0]["valueDecimal"] == value
    assert back(mapping, found).record.fields == {"n": again}


@pytest.mark.parametrize("text", ["1e3", "１", "1,5", "0x1", "nan"])
def test_number_refuses_what_is_no_number(small: Loader, text):
    mapping = small(TASK + '"extension[n].valueDecimal" = { number = "n" }', form("n"))

    with pytest.raises(RecordUnreadable, match="toy R n"):
        there(mapping, {"n": text})


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20260201", "2026-W05-1", "2026-2-1", "201-05-20", "2026-02-01 10:00:00"]
)
def test_date_refuses_another_form_and_shows_no_value(small: Loader, text):
    mapping = small(TASK + '"executionPeriod.start" = { date = "d" }', form("d"))

    with pytest.raises(RecordUnreadable) as caught:
        there(mapping, {"d": text})

    assert "toy R d" in str(caught.value)
    assert text not in str(caught.value)


def test_date_in_a_format_of_its_own(small: Loader):
    mapping = small(TASK + '"executionPeriod.start" = { date = "d", format = "%d/%m/%Y" }', form("d"))

    found = resource(mapping, {"d": "03/05/1980"})

    assert found["executionPeriod"] == {"start": "1980-05-03"}
    assert back(mapping, found).record.fields == {"d": "03/05/1980"}


@pytest.mark.parametrize("value", ["2026", "2026-03"])
def test_a_part_of_a_date_is_not_completed_by_guess(small: Loader, value):
    mapping = small(TASK + '"executionPeriod.start" = { date = "d" }', form("d"))

    read = back(mapping, {"resourceType": "Task", "executionPeriod": {"start": value}})

    assert read.record.fields == {}
    assert [loss.place for loss in read.losses] == ["d"]


@pytest.mark.parametrize(
    ("local", "instant", "problem"),
    [
        pytest.param("2026-03-03 09:01:00", "2026-03-03T09:01:00-05:00", "", id="winter"),
        pytest.param("2026-07-01 00:00:00", "2026-07-01T00:00:00-04:00", "", id="summer, at midnight"),
        pytest.param("2026-11-01 00:59:59", "2026-11-01T00:59:59-04:00", "", id="the second before the hour"),
        pytest.param("2026-11-01 01:30:00", "2026-11-01T01:30:00-04:00", "twice", id="case 62: read as the first"),
        pytest.param("2026-11-01 02:00:00", "2026-11-01T02:00:00-05:00", "", id="the second after the hour"),
        pytest.param("2026-03-08 02:30:00", "2026-03-08T02:30:00-05:00", "not exist", id="case 62: no such hour"),
    ],
)
def test_a_local_time_becomes_an_instant_with_its_offset(small: Loader, local, instant, problem):
    mapping = small(TASK + '"lastModified" = { date = "at", zone = "America/Toronto" }', form("at"))

    translated = there(mapping, {"at": local})

    assert translated.resources[0]["resource"]["lastModified"] == instant
    assert [loss.place for loss in translated.losses] == (["at"] if problem else [])
    assert not problem or problem in translated.losses[0].reason


@pytest.mark.parametrize(
    ("instant", "local", "lost"),
    [
        ("2026-03-03T14:01:00Z", "2026-03-03 09:01:00", False),
        ("2026-03-03T14:01:00.482+00:00", "2026-03-03 09:01:00", False),
        ("2026-11-01T01:30:00-05:00", "2026-11-01 01:30:00", True),
        ("2026-03-03", None, True),
        ("2026-03-03T09:01:00", None, True),
    ],
)
def test_an_instant_becomes_local_time_and_nothing_is_guessed(small: Loader, instant, local, lost):
    mapping = small(TASK + '"lastModified" = { date = "at", zone = "America/Toronto" }', form("at"))

    read = back(mapping, {"resourceType": "Task", "lastModified": instant})

    assert read.record.get("at") == local
    assert bool(read.losses) == lost


TABLE = "local,code,way,display\nA,a,<->,The A\nB,a,>\nN,,>\n,z,<\n"


@pytest.mark.parametrize(
    ("word", "coded", "again", "lost"),
    [("A", "a", "A", False), ("B", "a", "A", True), ("N", None, None, True)],
)
def test_code_by_its_table_with_way(small: Loader, word, coded, again, lost):
    toml = TASK + '"description" = { field = "note" }\n"priority" = { code = "c", table = "t" }'
    mapping = small(toml, form("c", "note"), t=TABLE)

    translated = there(mapping, {"c": word, "note": "n"})
    found = translated.resources[0]["resource"]

    assert found.get("priority") == coded
    assert back(mapping, found).record.get("c") == again
    assert [loss.place for loss in translated.losses] == (["c"] if lost else [])


def test_code_as_a_concept_with_display_beside_a_partners_coding(small: Loader):
    mapping = small(TASK + '"statusReason" = { code = "c", table = "t", system = "urn:x" }', form("c"), t=TABLE)

    found = resource(mapping, {"c": "A"})

    assert found["statusReason"] == {"coding": [{"system": "urn:x", "code": "a", "display": "The A"}], "text": "The A"}
    found["statusReason"]["coding"].insert(0, {"system": "urn:partner", "code": "b"})
    assert back(mapping, found).record.fields == {"c": "A"}
    assert (
        back(mapping, {**found, "statusReason": {"coding": [{"system": "urn:partner", "code": "a"}]}}).record.fields
        == {}
    )


def test_a_code_that_the_system_has_no_word_for_is_a_loss_line_and_no_field(small: Loader):
    mapping = small(TASK + '"priority" = { code = "c", table = "t" }', form("c"), t=TABLE)

    read = back(mapping, {"resourceType": "Task", "priority": "z"})

    assert read.record.fields == {}
    assert [(loss.place, "`z`" in loss.reason) for loss in read.losses] == [("Task.priority", True)]


def test_an_unknown_code_is_a_gap_both_ways_and_names_the_file(small: Loader):
    mapping = small(TASK + '"priority" = { code = "c", table = "t" }', form("c"), t=TABLE)

    with pytest.raises(MappingGap, match=r"toy R c: got `Q`.*mappings/toy/t\.csv"):
        there(mapping, {"c": "Q"})
    with pytest.raises(MappingGap, match=r"Task\.priority: got `q`.*mappings/toy/t\.csv"):
        back(mapping, {"resourceType": "Task", "priority": "q"})


@pytest.mark.parametrize("typed", ["Amina Tesfaye", "4165550142", "Tesfaye, born 1991-07-22", "Ännchen"])
def test_what_was_typed_into_a_coded_field_by_mistake_is_not_shown_inv_1(small: Loader, typed):
    mapping = small(TASK + '"priority" = { code = "c", table = "t" }', form("c"), t=TABLE)

    with pytest.raises(MappingGap) as caught:
        there(mapping, {"c": typed})

    assert typed not in str(caught.value)


def test_other_passes_a_code_of_its_form_and_no_more(small: Loader):
    mapping = small(TASK + '"priority" = { code = "c", table = "t", other = "[a-z]{3}" }', form("c"), t=TABLE)

    assert resource(mapping, {"c": "xyz"})["priority"] == "xyz"
    assert back(mapping, {"resourceType": "Task", "priority": "xyz"}).record.fields == {"c": "xyz"}
    with pytest.raises(MappingGap):
        there(mapping, {"c": "xyzz"})


def test_default_of_a_code_is_written_where_the_source_has_nothing(small: Loader):
    toml = TASK + '"description" = { field = "note" }\n"priority" = { code = "c", table = "t", default = "a" }'
    mapping = small(toml, form("c", "note"), t=TABLE)

    assert resource(mapping, {"note": "n"})["priority"] == "a"
    assert there(mapping, {}).resources == ()
    assert any(loss.place == "c" and "blank" in loss.reason for loss in mapping.loss_report())


@pytest.mark.parametrize(("text", "value"), [("1", "confirmed"), ("0", "refuted"), ("", None)])
def test_flag_has_three_answers_and_blank_is_not_no_case_29(small: Loader, text, value):
    toml = TASK + '"description" = { field = "note" }\n"priority" = { flag = "f", yes = "confirmed", no = "refuted" }'
    mapping = small(toml, form("f", "note"))

    found = resource(mapping, {"f": text, "note": "n"})

    assert found.get("priority") == value
    assert back(mapping, found).record.get("f") == (text or None)


@pytest.mark.parametrize("text", ["Y", "true", "2", "Oui"])
def test_flag_refuses_another_spelling_case_29(small: Loader, text):
    mapping = small(TASK + '"priority" = { flag = "f" }', form("f"))

    with pytest.raises(RecordUnreadable, match="1, 0 or blank"):
        there(mapping, {"f": text})


def test_a_flag_is_true_or_false_and_not_a_number(small: Loader):
    mapping = small(PERSON + '"extension[x].valueBoolean" = { flag = "f" }', form("f"))

    assert resource(mapping, {"f": "0"})["extension"][0]["valueBoolean"] is False
    assert (
        back(mapping, {"resourceType": "Patient", "extension": [{"url": "urn:x", "valueBoolean": True}]}).record.fields
        == {}
    )


def test_constant_is_a_guard_and_default_is_none(small: Loader):
    toml = (
        TASK + '"intent" = { constant = "order" }\n"status" = { default = "draft" }\n"description" = { field = "note" }'
    )
    mapping = small(toml, form("note"))
    ours = {"resourceType": "Task", "intent": "order", "status": "accepted", "description": "d"}

    assert resource(mapping, {"note": "d"}) | {"meta": None} == {**ours, "status": "draft", "meta": None}
    assert back(mapping, ours).record.fields == {"note": "d"}
    other = back(mapping, {**ours, "intent": "plan"})
    assert other.record.fields == {}
    assert [loss.place for loss in other.losses] == ["Task"]


REFERRED = """
[resource.p]
type = "Patient"
label = "ident"
each = { child = "person" }
[resource.p.element]
"gender" = { field = "gender" }
[resource.o]
type = "Observation"
label = "lang"
each = { child = "person.result" }
[resource.o.element]
"subject" = { to = "p" }
"valueString" = { field = "text" }
[resource.s]
type = "ServiceRequest"
label = "service-status"
[resource.s.element]
"subject" = { to = "p" }
"supportingInfo" = { to = "o" }
"performer[0]" = { to = "agency", field = "to_org" }
"requester" = { to = "agency" }
"""
TREE = form("to_org", person=form("gender", result=form("text")))


def people(*each):
    return {"person": tuple(each)}


def person(gender, *texts):
    return Record("person", {"gender": gender}, {"result": tuple(Record("result", {"text": t}) for t in texts)})


def test_to_refers_to_the_own_parent_to_all_children_and_to_the_directory(small: Loader):
    mapping = small(REFERRED, TREE)

    made = there(mapping, {"to_org": "lakeside"}, people(person("f", "1", "2"))).resources
    by_url = {entry["fullUrl"]: entry["resource"] for entry in made}
    request = by_url["urn:block:s"]

    assert list(by_url) == ["urn:block:p", "urn:block:o", "urn:block:o:2", "urn:block:s"]
    assert by_url["urn:block:o:2"]["subject"] == {"reference": "urn:block:p"}
    assert request["supportingInfo"] == [{"reference": "urn:block:o"}, {"reference": "urn:block:o:2"}]
    assert request["performer"][0]["identifier"]["value"] == "lakeside"
    assert request["requester"]["identifier"]["value"] == "harbour"


def test_each_result_goes_back_under_its_own_person(small: Loader):
    mapping = small(REFERRED, TREE)
    record = Record("R", {}, people(person("f", "1"), person("m", "2", "3")))

    made = mapping.to_fhir(record, HERE)
    read = mapping.from_fhir(list(reversed(made.resources)), HERE).record

    assert {
        child.get("gender"): [r.get("text") for r in child.children["result"]] for child in read.children["person"]
    } == {
        "f": ["1"],
        "m": ["3", "2"],
    }


def test_a_request_about_two_people_is_refused_case_two_clients(small: Loader):
    mapping = small(REFERRED, TREE)

    with pytest.raises(RecordUnreadable, match="2 records"):
        there(mapping, {"to_org": "lakeside"}, people(person("f"), person("m")))


def test_the_facts_of_a_second_person_are_never_read_into_the_first(small: Loader):
    mapping = small(REFERRED, TREE)
    fact = {"resourceType": "Observation", "subject": {"reference": "urn:uuid:2"}, "valueString": "of another"}

    read = mapping.from_fhir(
        [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "gender": "f"}},
            {"fullUrl": "urn:uuid:3", "resource": fact},
        ],
        HERE,
    )

    assert read.record.children["person"] == (Record("person", {"gender": "f"}),)
    assert [loss.place for loss in read.losses] == ["Observation"]


def test_a_withheld_person_leaves_the_results_a_place(small: Loader):
    mapping = small(REFERRED, TREE)
    made = mapping.to_fhir(Record("R", {}, people(person("f", "1", "2"))), HERE)

    read = mapping.from_fhir([e for e in made.resources if e["resource"]["resourceType"] != "Patient"], HERE).record

    (only,) = read.children["person"]
    assert (dict(only.fields), [r.get("text") for r in only.children["result"]]) == ({}, ["1", "2"])


@pytest.mark.parametrize("kind", ["Organization", "PractitionerRole"])
def test_a_directory_reference_is_followed_to_its_organization(small: Loader, kind):
    mapping = small(REFERRED, TREE)
    org = {
        "resourceType": "Organization",
        "identifier": [{"system": "https://hub.example.org/id/agency", "value": "lakeside"}],
    }
    role = {"resourceType": "PractitionerRole", "organization": {"reference": "urn:uuid:o"}}
    target = {"Organization": "urn:uuid:o", "PractitionerRole": "urn:uuid:r"}[kind]
    request = {"resourceType": "ServiceRequest", "performer": [{"reference": target}]}

    read = mapping.from_fhir(
        [
            {"fullUrl": "urn:uuid:s", "resource": request},
            {"fullUrl": "urn:uuid:o", "resource": org},
            {"fullUrl": "urn:uuid:r", "resource": role},
            {"fullUrl": "urn:uuid:h", "resource": {"resourceType": "MessageHeader"}},
        ],
        HERE,
    )

    assert read.record.fields == {"to_org": "lakeside"}
    assert read.losses == ()


def test_fn_runs_a_pair_over_several_fields_and_tells_what_stays_behind(small: Loader):
    def forward(a, b, hint):
        if a == "bad":
            raise Unfit("b", "something else", "mend it")
        return Partly(f"{a}/{b}/{hint}", {"b": "shortened"}) if b == "long" else f"{a}/{b}/{hint}"

    toml = (
        TASK + '"description" = { fn = "f", fields = ["a", "b"], with = ["hint"], loss = { b = "may be shortened" } }'
    )
    mapping = small(
        toml + '\n"priority" = { field = "hint" }',
        form("a", "b", "hint"),
        {"f": (forward, lambda element: tuple(element.split("/")[:2]))},
    )
    fields = {"a": "1", "b": "2", "hint": "h"}

    assert back(mapping, resource(mapping, fields)).record.fields == fields
    assert [(loss.place, loss.reason) for loss in there(mapping, {**fields, "b": "long"}).losses] == [
        ("b", "shortened")
    ]
    with pytest.raises(RecordUnreadable, match="toy R b: got 9, expected something else; mend it"):
        there(mapping, {**fields, "a": "bad"})


INSIDE = """
[resource.p]
type = "Patient"
label = "ident"
each = { child = "person" }
[resource.p.element]
"gender" = { field = "gender" }
[resource.i]
inside = "p"
at = "identifier"
each = { child = "person.number" }
needs = ["value"]
[resource.i.element]
"system" = { code = "type", table = "t", guard = true }
"value" = { field = "value" }
"""
NUMBERED = form(person=form("gender", number=form("type", "value")))


def numbers(*pairs):
    return tuple(Record("number", {"type": kind, "value": value}) for kind, value in pairs)


def test_inside_and_at_put_child_records_into_a_list_and_read_only_their_own(small: Loader):
    mapping = small(INSIDE, NUMBERED, t="local,code,way\nA,urn:a,<->\nX,,>\n")
    record = Record("R", {}, {"person": (Record("person", {}, {"number": numbers(("A", "1"), ("X", "2"))}),)})

    translated = mapping.to_fhir(record, HERE)
    patient = translated.resources[0]["resource"]

    assert patient["identifier"] == [{"system": "urn:a", "value": "1"}]
    assert {loss.place for loss in translated.losses} == {"person.number.type", "person.number.value"}
    patient["identifier"].append({"system": "urn:hub-alias", "value": "ABC"})
    read = back(mapping, patient).record
    assert read.children["person"][0].children["number"] == numbers(("A", "1"))


def test_without_a_needed_element_the_resource_does_not_exist_and_the_rest_is_told(small: Loader):
    toml = (
        '[resource.o]\ntype = "Observation"\nlabel = "immig"\nneeds = ["valueCodeableConcept"]\n[resource.o.element]\n'
    )
    toml += (
        '"valueCodeableConcept" = { code = "c", table = "t", system = "urn:x" }\n"effectiveDateTime" = { date = "d" }'
    )
    mapping = small(toml, form("c", "d"), t=TABLE)

    translated = there(mapping, {"c": "N", "d": "2026-01-01"})

    assert translated.resources == ()
    assert {loss.place for loss in translated.losses} == {"c", "d"}
    assert {"c", "d"} <= {loss.place for loss in mapping.loss_report()}


@pytest.mark.parametrize(("label", "confidentiality"), [("ident", "N"), ("immig", "R"), ("notes-free", "R")])
def test_a_resource_carries_one_category_and_its_confidentiality(small: Loader, label, confidentiality):
    mapping = small(TASK.replace("service-status", label) + '"description" = { field = "note" }', form("note"))

    security = resource(mapping, {"note": "n"})["meta"]["security"]

    assert [entry["code"] for entry in security] == [confidentiality, label]


def test_what_nobody_reads_is_a_loss_line_never_silence(small: Loader):
    mapping = small(TASK + '"description" = { field = "note" }', form("note"))

    read = mapping.from_fhir(
        [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Task", "description": "d", "focus": {}, "id": "1"}},
            {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "Task", "description": "another"}},
            {"fullUrl": "urn:uuid:3", "resource": {"resourceType": "Condition"}},
        ],
        HERE,
    )

    assert read.record.fields == {"note": "d"}
    assert [loss.place for loss in read.losses] == ["Task.focus", "Task", "Condition"]


def test_cut_shortens_on_the_way_out_alone_with_a_loss_line(small: Loader):
    mapping = small(TASK + '"description" = { field = "note", cut = 10 }', form("note"))

    found = there(mapping, {"note": "a much longer note"})
    read = back(mapping, {"resourceType": "Task", "description": "nine and a half"})

    assert found.resources[0]["resource"]["description"] == "a much longer note"
    assert found.losses == ()
    assert read.record.fields == {"note": "nine and a"}
    assert [(loss.place, loss.reason) for loss in read.losses] == [("note", "cut at 10 characters")]
    assert read.losses[0] in mapping.loss_report()
    assert back(mapping, {"resourceType": "Task", "description": "ten signs."}).losses == ()


def test_cut_of_a_pair_names_the_field_that_was_cut(small: Loader):
    pair = (lambda a, b: f"{a}|{b}", lambda text: tuple(text.split("|")))
    toml = TASK + '"description" = { fn = "f", fields = ["a", "b"], cut = { b = 3 } }'

    read = back(small(toml, form("a", "b"), {"f": pair}), {"resourceType": "Task", "description": "longer|also"})

    assert read.record.fields == {"a": "longer", "b": "als"}
    assert [(loss.place, loss.reason) for loss in read.losses] == [("b", "cut at 3 characters")]


def test_absent_is_read_as_nothing_and_written_where_the_element_is_missing(small: Loader):
    toml = PERSON + '"gender" = { code = "sex", table = "sex", absent = "U" }\n"birthDate" = { date = "born" }'
    mapping = small(toml, form("sex", "born"), sex="local,code,way\nF,female,<->\nU,unknown,<\n")

    assert there(mapping, {"sex": "U"}).resources == ()
    assert "gender" not in resource(mapping, {"sex": "U", "born": "1991-07-22"})
    assert back(mapping, {"resourceType": "Patient", "birthDate": "1991-07-22"}).record.get("sex") == "U"
    assert back(mapping, {"resourceType": "Patient", "gender": "female"}).record.get("sex") == "F"
    unknown = back(mapping, {"resourceType": "Patient", "gender": "unknown"})
    assert unknown.record.get("sex") == "U"
    assert [loss.reason for loss in unknown.losses] == ["`unknown` is written as `U`, which says nothing"]


def test_absent_is_written_although_the_whole_resource_was_withheld(small: Loader):
    toml = (
        '[resource.p]\ntype = "Patient"\nlabel = "ident"\neach = { child = "client" }\n[resource.p.element]\n'
        '"birthDate" = { date = "born" }\n[resource.o]\ntype = "Observation"\nlabel = "immig"\n'
        'each = { child = "client" }\n[resource.o.element]\n"subject" = { to = "p" }\n'
        '"valueString" = { code = "status", table = "s", absent = "OTH" }'
    )
    mapping = small(toml, form(client=form("born", "status")), s="local,code\nPR,PR\n")

    read = back(mapping, {"resourceType": "Patient", "birthDate": "1991-07-22"})
    nobody = mapping.from_fhir([], HERE)

    assert read.record.children["client"][0].fields == {"born": "1991-07-22", "status": "OTH"}
    assert nobody.record.children == {}


def test_absent_of_a_directory_reference_is_nobody(small: Loader):
    mapping = small(TASK + '"owner" = { to = "site", field = "centre", absent = "NONE" }', form("centre"))

    assert there(mapping, {"centre": "NONE"}).resources == ()
    assert resource(mapping, {"centre": "TOR01"})["owner"]["identifier"]["value"] == "TOR01"
    assert back(mapping, {"resourceType": "Task"}).record.fields == {"centre": "NONE"}


def test_blank_may_be_the_word_for_a_code(small: Loader):
    toml = TASK + '"priority" = { code = "service", table = "s" }\n"description" = { field = "note" }'
    mapping = small(toml, form("service", "note"), s="local,code,way\n,training,<->\nEMP,work,<->\nEMP,literacy,<\n")

    assert resource(mapping, {"note": "n"})["priority"] == "training"
    assert there(mapping, {}).resources == ()
    again = back(mapping, {"resourceType": "Task", "priority": "training"})
    assert (again.record.fields, again.losses) == ({}, ())
    literacy = back(mapping, {"resourceType": "Task", "priority": "literacy"})
    assert literacy.record.fields == {"service": "EMP"}
    assert [loss.reason for loss in literacy.losses] == ["`literacy` is written as `EMP`, which means `work`"]


@pytest.mark.parametrize(
    ("needs", "reason", "lost"),
    [
        (["work"], None, []),
        (["work", "home"], "HOU", []),
        (["home", "work"], "HOU", []),
        (["home", "law", "work"], "HOU", ["one more than this system has fields for"]),
        ([], None, []),
    ],
)
def test_beside_takes_the_first_code_that_the_other_field_does_not_say(small: Loader, needs, reason, lost):
    toml = (
        '[resource.r]\ntype = "ServiceRequest"\nlabel = "needs"\n[resource.r.element]\n'
        '"priority" = { code = "service", table = "n" }\n'
        '"reasonCode[#r]" = { code = "reason", table = "n", beside = { service = "n" }, system = "urn:n" }'
    )
    mapping = small(toml, form("service", "reason"), n="local,code\nEMP,work\nHOU,home\nLEG,law\n")
    coded = [{"coding": [{"system": "urn:n", "code": need}]} for need in needs]

    read = back(mapping, {"resourceType": "ServiceRequest", "priority": "work", "reasonCode": coded})
    twice = there(mapping, {"service": "EMP", "reason": "EMP"})

    assert (read.record.get("service"), read.record.get("reason")) == ("EMP", reason)
    assert [loss.reason for loss in read.losses] == lost
    assert "reasonCode" not in twice.resources[0]["resource"]
    assert [loss.reason for loss in twice.losses] == ["what `service` says already is not said twice"]


def test_columns_make_an_instance_of_each_filled_column_and_find_it_again(small: Loader):
    toml = (
        '[resource.o]\ntype = "Observation"\nlabel = "lang"\n[resource.o.element]\n"status" = { constant = "final" }\n'
        '[resource.c]\ninside = "o"\nat = "component"\neach = { columns = "skills" }\n[resource.c.element]\n'
        '"code" = { row = "skill", system = "urn:s" }\n"valueString" = { field = "@field" }'
    )
    mapping = small(toml, form("l", "r"), skills="field,skill\nl,listening\nr,reading\n")

    made = resource(mapping, {"r": "05"})
    both = resource(mapping, {"l": "04", "r": "05"})
    more = {"code": {"coding": [{"system": "urn:s", "code": "singing"}]}, "valueString": "01"}
    read = back(mapping, {**both, "component": [more, *reversed(both["component"])]})

    assert made["component"] == [{"code": {"coding": [{"system": "urn:s", "code": "reading"}]}, "valueString": "05"}]
    assert read.record.fields == {"l": "04", "r": "05"}
    assert [(loss.place, loss.reason) for loss in read.losses] == [
        ("Observation.component", "this record has no column for one of them")
    ]
    repeated = back(mapping, {**both, "component": [*both["component"], both["component"][0] | {"valueString": "09"}]})
    assert repeated.record.fields == {"l": "04", "r": "05"}
    assert len(repeated.losses) == 1
    assert there(mapping, {}).resources == ()


def test_an_item_of_its_own_for_each_reference(small: Loader):
    toml = (
        TASK + '"output[+type=urn:t|content].valueReference" = { to = "o" }\n"description" = { field = "note" }\n'
        '[resource.o]\ntype = "Observation"\nlabel = "lang"\neach = { child = "result" }\n[resource.o.element]\n'
        '"valueString" = { field = "level" }'
    )
    mapping = small(toml, form("note", result=form("level")))
    results = tuple(Record("result", {"level": level}) for level in "12")

    task = there(mapping, {"note": "n"}, {"result": results}).resources[0]["resource"]
    alone = there(mapping, {"note": "n"}).resources[0]["resource"]

    kind = {"coding": [{"system": "urn:t", "code": "content"}]}
    assert task["output"] == [
        {"type": kind, "valueReference": {"reference": url}} for url in ("urn:block:o", "urn:block:o:2")
    ]
    assert "output" not in alone


def test_another_value_than_a_default_is_a_loss_line_and_the_same_is_none(small: Loader):
    toml = TASK + '"priority" = { default = "routine" }\n"description" = { field = "note" }'
    mapping = small(toml, form("note"))

    told = back(mapping, {"resourceType": "Task", "priority": "stat"}).losses

    assert [(loss.place, loss.reason) for loss in told] == [
        ("Task.priority", "this system has no field for it: here it is always `routine`")
    ]
    assert set(told) <= set(mapping.loss_report())
    for same in ({"priority": "routine"}, {}):
        assert back(mapping, {"resourceType": "Task", **same}).losses == ()


def test_one_id_of_an_organization_leads_to_its_others(small: Loader):
    mapping = small(TASK + '"owner" = { to = "site", field = "centre" }', form("centre"))
    ids = [{"system": "https://hub.example.org/id/agency", "value": "harbour"}]
    place = {"system": "https://hub.example.org/id/site", "value": "HARB01"}
    task = {"resourceType": "Task", "owner": {"type": "Organization", "identifier": ids[0]}}

    def read(*identifiers):
        organization = {"resourceType": "Organization", "identifier": list(identifiers)}
        entries = [{"fullUrl": "urn:uuid:1", "resource": task}, {"fullUrl": "urn:uuid:2", "resource": organization}]
        return mapping.from_fhir(entries, HERE).record.get("centre")

    assert read(*ids, place) == "HARB01"
    assert read(*ids) is None
    assert read(ids[0] | {"value": "another"}, place) is None
