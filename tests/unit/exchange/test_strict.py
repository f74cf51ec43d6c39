"""Strict messages (issue item 12, INV-1, INV-10): what is refused, where, and that no answer holds a value."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from consent.model.words import Code
from hub.exchange.strict import NESTED_MAX, MessageSchema, NotOurMessage, fhirpath, read_message
from tests.unit.exchange.messages import CLB, NEED, PATIENT, RECIPIENT, REQUEST, ROLE, TASK, answer, at, referral

Change = Callable[[dict[str, Any]], object]
SCHEMA = json.loads(resources.files("schemas.fhir").joinpath("r4.json").read_text(encoding="utf-8"))
CHECK = MessageSchema()
MARKED = "Zzyzx Quuxly"


def put(path: str, **elements: Any) -> Change:
    return lambda bundle: at(bundle, path).update(elements)


def drop(path: str, element: str) -> Change:
    return lambda bundle: at(bundle, path).pop(element)


BAD: list[Any] = [
    pytest.param(put(TASK, status="bogus"), f"{TASK}.status", "a code of shape aaaaa", id="Task.status=bogus"),
    pytest.param(
        put(REQUEST, status="aktive"),
        f"{REQUEST}.status",
        "a code of shape aaaaaa",
        id="a ServiceRequest.status of nobody",
    ),
    pytest.param(
        put(REQUEST, intent="proposal"),
        f"{REQUEST}.intent",
        "a code of shape aaaaaaaa",
        id="an intent other than order",
    ),
    pytest.param(
        put(REQUEST, priority="crisis"),
        f"{REQUEST}.priority",
        "a code of shape aaaaaa",
        id="a priority that R4 has not",
    ),
    pytest.param(
        put(CLB, status="done"), f"{CLB}.status", "a code of shape aaaa", id="an Observation.status of nobody"
    ),
    pytest.param(put(PATIENT, gender="F"), f"{PATIENT}.gender", "`F`", id="a gender code of HARTS"),
    pytest.param(
        put("Bundle", type="collection"), "Bundle.type", "a code of shape aaaaaaaaaa", id="a Bundle that is no message"
    ),
    pytest.param(put(TASK, contained=[{}]), f"{TASK}.contained", "an element", id="contained cannot carry a label"),
    pytest.param(put(TASK, modifierExtension=[{}]), f"{TASK}.modifierExtension", "an element", id="modifierExtension"),
    pytest.param(
        put(CLB, valueQuantity={}), f"{CLB}.valueQuantity", "an element", id="an element nobody has classified"
    ),
    pytest.param(put(PATIENT, photo=[{}]), f"{PATIENT}.photo", "an element", id="an attachment"),
    pytest.param(put(ROLE, text={}), f"{ROLE}.text", "an element", id="free text where no label can stand"),
    pytest.param(put(REQUEST, _status={}), f"{REQUEST}._status", "an element", id="an extension of a primitive"),
    pytest.param(
        put(CLB, valueString="x", valueBoolean=True), f"{CLB}.valueBoolean", "a second value", id="two of value[x]"
    ),
    pytest.param(drop(REQUEST, "subject"), f"{REQUEST}.subject", "nothing", id="a required element is missing"),
    pytest.param(drop(TASK, "resourceType"), f"{TASK}.resourceType", "nothing", id="a resource without a type"),
    pytest.param(
        put(TASK, resourceType="Binary"),
        f"{TASK}.resourceType",
        "a code of shape aaaaaa",
        id="a type that is no message's",
    ),
    pytest.param(drop("Bundle.entry[3]", "fullUrl"), "Bundle.entry[3].fullUrl", "nothing", id="no fullUrl"),
    pytest.param(
        put("Bundle.entry[3]", fullUrl="Patient/1"), "Bundle.entry[3].fullUrl", "`aaaaaaa/9`", id="a local URL"
    ),
    pytest.param(put(PATIENT, birthDate="1991-02-29"), f"{PATIENT}.birthDate", "`9999-99-99`", id="a day that is none"),
    pytest.param(put(PATIENT, birthDate="22/07/1991"), f"{PATIENT}.birthDate", "`99/99/9999`", id="a date of EOIS"),
    pytest.param(
        put(TASK, lastModified="2026-03-03T09:01:00"),
        f"{TASK}.lastModified",
        "`length 19`",
        id="a time without its zone",
    ),
    pytest.param(put(PATIENT, name=[]), f"{PATIENT}.name", "0 of them", id="an empty array"),
    pytest.param(put(PATIENT, name=[{}]), f"{PATIENT}.name[0]", "an empty object", id="an empty object"),
    pytest.param(
        put(REQUEST, performer=[{"display": "a"}] * 2), f"{REQUEST}.performer", "2 of them", id="two performers"
    ),
    pytest.param(put(f"{PATIENT}.name[0]", family=" "), f"{PATIENT}.name[0].family", "`_`", id="a blank string"),
    pytest.param(put(PATIENT, active="yes"), f"{PATIENT}.active", "`aaa`", id="a text for a boolean"),
    pytest.param(put(NEED, code={"text": "a"}), f"{NEED}.code.coding", "nothing", id="a text where a code must be"),
    pytest.param(
        drop(f"{PATIENT}.identifier[0]", "system"), f"{PATIENT}.identifier[0].system", "nothing", id="a number"
    ),
    pytest.param(
        drop(f"{NEED}.meta", "security"), f"{NEED}.meta.security", "nothing", id="client data without a label"
    ),
    pytest.param(
        lambda bundle: bundle["entry"].append(bundle["entry"].pop(0)),
        f"{RECIPIENT}.resourceType",
        "a code of shape length 13",
        id="the header is not the first entry",
    ),
]


@pytest.mark.parametrize("bundle", [referral(), answer()], ids=["referral", "answer"])
def test_a_message_of_ours_passes_both_validators(bundle):
    CHECK.check(bundle)

    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(bundle)


@pytest.mark.parametrize(("change", "path", "got"), BAD)
def test_what_is_not_ours_is_refused_and_its_element_named(change, path, got):
    bundle = referral()
    change(bundle)

    with pytest.raises(NotOurMessage) as refused:
        CHECK.check(bundle)

    assert refused.value.code is Code.DN_SCHEMA
    assert (path, got) in {(fault.path, fault.got) for fault in refused.value.faults}
    assert path in str(refused.value)


@pytest.mark.parametrize(("change", "path", "got"), BAD)
def test_the_reference_validator_refuses_at_the_same_places(change, path, got):
    bundle = referral()
    change(bundle)

    reference = {fhirpath(error.absolute_path) for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(bundle)}
    compiled = {fhirpath(e.instance_path) for e in jsonschema_rs.Draft202012Validator(SCHEMA).iter_errors(bundle)}

    assert compiled == reference != set()


def leaves(node: Any, path: str = "Bundle") -> Iterator[str]:
    if isinstance(node, dict):
        for name, below in node.items():
            yield from leaves(below, f"{path}.{name}")
    elif isinstance(node, list):
        for index, below in enumerate(node):
            yield from leaves(below, f"{path}[{index}]")
    else:
        yield path


@pytest.mark.parametrize(
    "wrong", [{MARKED: MARKED}, [[MARKED]], [{"text": MARKED}]], ids=["object", "array", "objects"]
)
def test_inv_1_no_answer_holds_a_value_whatever_element_it_stands_in(wrong):
    for path in leaves(referral()):
        bundle = referral()
        above, _, last = path.rpartition(".")
        element = last.split("[")[0]
        at(bundle, above)[element] = wrong

        with pytest.raises(NotOurMessage) as refused:
            CHECK.check(bundle)

        assert "Zzyzx" not in str(refused.value)
        assert "Zzyzx" not in repr(refused.value.faults)


def test_a_code_that_looks_like_a_name_is_shown_by_its_shape():
    bundle = referral()
    put(TASK, status=MARKED)(bundle)

    with pytest.raises(NotOurMessage) as refused:
        CHECK.check(bundle)

    assert refused.value.faults[0].got == "a code of shape aaaaa_aaaaaa"


def test_five_faults_are_named_and_no_more():
    bundle = referral()
    put(TASK, **{"a" * length: length for length in range(1, 7)})(bundle)

    with pytest.raises(NotOurMessage) as refused:
        CHECK.check(bundle)

    assert len(refused.value.faults) == 5


def test_a_message_is_read_as_it_was_written():
    assert read_message(json.dumps(referral()).encode(), size_max_bytes=100_000) == referral()


@pytest.mark.parametrize(
    ("data", "path", "got"),
    [
        pytest.param(b'{"type":"a","type":"b"}', "Bundle.type", "the same key twice", id="a key twice"),
        pytest.param(
            b'{"entry":[{},{"resource":{"status":"x","id":"1","status":"x"}}]}',
            "Bundle.entry[1].resource.status",
            "the same key twice",
            id="a key twice, deep below, with the same value",
        ),
        pytest.param(
            b'{"Zzyzx Q":{"id":1,"id":1}}', "Bundle.`aaaaa_a`.id", "the same key twice", id="below a strange key"
        ),
        pytest.param(b'{"a":"\xff"}', "Bundle", "a byte outside UTF-8 at 6", id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", "Bundle", "no JSON at character 0", id="a byte order mark"),
        pytest.param(b"", "Bundle", "no JSON at character 0", id="nothing"),
        pytest.param(b'{"a":1} {}', "Bundle", "no JSON at character 8", id="two documents"),
        pytest.param(b"[]", "Bundle", "an empty array", id="an array"),
        pytest.param(b'"text"', "Bundle", "`aaaa`", id="a text"),
        pytest.param(b'{"a":NaN}', "Bundle", "text, a number or", id="NaN"),
        pytest.param(b'{"a":1e999}', "Bundle", "text, a number or", id="a number without end"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "Bundle", "text, a number or", id="five thousand digits"),
        pytest.param(b'{"a":"\\ud800"}', "Bundle", "text, a number or", id="half a surrogate"),
        pytest.param(b'{"a":' * 400 + b"1" + b"}" * 400, "Bundle", "text, a number or", id="nested without end"),
        pytest.param(b'{"a":' * 65 + b"1" + b"}" * 65, "Bundle", "more than 64 levels", id="65 objects in each other"),
        pytest.param(b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "Bundle", "more than 64 levels", id="64 arrays in one"),
        pytest.param(
            b'{"a":' + b"[" * 64 + b'{"b":1,"b":1}' + b"]" * 64 + b"}", "Bundle", "more than 64 levels", id="both"
        ),
        pytest.param(
            b'{"a":{"id":1,"id":2},"a":3}',
            "Bundle.id",
            "the same key twice",
            id="a key twice in what a second one hides",
        ),
        pytest.param(
            b'[[],{"id":0},[[{"id":1,"id":1}]]]', "Bundle[2][0][0].id", "the same key twice", id="behind others"
        ),
        pytest.param(b"[" * 99_000, "Bundle", "text, a number or", id="nested beyond the parser"),
        pytest.param(b" " * 100_001, "Bundle", "100001 bytes", id="too long"),
    ],
)
def test_bytes_that_are_no_message_are_refused_with_their_place(data, path, got):
    with pytest.raises(NotOurMessage) as refused:
        read_message(data, size_max_bytes=100_000)

    assert refused.value.faults[0].path == path
    assert refused.value.faults[0].got.startswith(got)


def test_as_many_levels_as_may_be_are_read() -> None:
    data = b'{"a":' * NESTED_MAX + b"1" + b"}" * NESTED_MAX

    assert read_message(data, size_max_bytes=100_000)["a"]


def calls_of_reading(width: int, depth: int) -> int:
    """How often Python calls or resumes a function while a key that stands twice is found, behind so many values."""
    inside = b",".join([b"0"] * width + [b"[0]"] * width + [b'{"status":1,"status":2}'])
    data = b'{"entry":' + b"[" * depth + inside + b"]" * depth + b"}"
    calls = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        with pytest.raises(NotOurMessage) as refused:
            read_message(data, size_max_bytes=1_000_000)
    finally:
        sys.setprofile(None)
    assert refused.value.faults[0].path == f"Bundle.entry{'[0]' * (depth - 1)}[{2 * width}].status"
    return calls


def test_the_place_of_a_key_that_stands_twice_is_found_in_one_look_at_each_value() -> None:
    shallow, deep, wide = calls_of_reading(2_000, 1), calls_of_reading(2_000, 60), calls_of_reading(4_000, 60)

    assert deep < shallow + 60 * 10
    assert wide < 2.2 * deep
