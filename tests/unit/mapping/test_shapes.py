"""Of what kind a word's value is: any tree of TOML loads or is refused with file, key, got, expected and next step."""

from __future__ import annotations

import copy
import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.cms import ADAPTER as CMS
from adapters.harts import ADAPTER as HARTS
from adapters.icare import ADAPTER as ICARE
from hub.errors import Refused
from hub.mapping import load
from hub.mapping.shapes import KEYS
from hub.mapping.words import ALWAYS, WORDS

from .conftest import ROOT, Loader, form

SOAK = bool(os.environ.get("HUB_SOAK"))
MANY = settings(max_examples=20_000 if SOAK else 200, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(max_examples=5_000 if SOAK else 30, deadline=None, suppress_health_check=list(HealthCheck))
BLOCK = '[resource.t]\ntype = "Task"\nlabel = "service-status"\n'
ELEMENT = "[resource.t.element]\n"
LINE = '"description" = { field = "note" }\n'
WHOLE = BLOCK + ELEMENT + LINE


@pytest.mark.parametrize(
    ("old", "new", "key", "got"),
    [
        pytest.param('"Task"', '["Task"]', "resource.t.type", "a list", id="type"),
        pytest.param('"service-status"', '["needs"]', "resource.t.label", "a list", id="label"),
        pytest.param(ELEMENT, "needs = 5\n" + ELEMENT, "resource.t.needs", "a number", id="needs"),
        pytest.param(ELEMENT, 'needs = "status"\n' + ELEMENT, "resource.t.needs", "a text", id="needs that is one"),
        pytest.param(ELEMENT, "needs = [5]\n" + ELEMENT, "resource.t.needs", "a list", id="needs of numbers"),
        pytest.param(ELEMENT, 'inside = ["t"]\n' + ELEMENT, "resource.t.inside", "a list", id="inside"),
        pytest.param(ELEMENT, 'inside = "t"\nat = true\n' + ELEMENT, "resource.t.at", "true or false", id="at"),
        pytest.param(ELEMENT, "each = 2020-01-01\n" + ELEMENT, "resource.t.each", "a date or time", id="each"),
        pytest.param(ELEMENT + LINE, "element = 5\n", "resource.t.element", "a number", id="element"),
        pytest.param('{ field = "note" }', "1", "description", "a number", id="a line"),
        pytest.param('{ field = "note" }', "{}", "description", "a table", id="a line of no words"),
        pytest.param('"note" }', "5 }", "field", "a number", id="field"),
        pytest.param('"note" }', '"note", way = [] }', "way", "a list", id="way"),
        pytest.param('"note" }', '"note", cut = [5] }', "cut", "a list", id="cut"),
        pytest.param('"note" }', '"note", loss = { note = 5 } }', "loss", "a table", id="loss"),
        pytest.param('field = "note"', "row = {}", "row", "a table", id="row"),
        pytest.param('field = "note"', "row = []", "row", "a list", id="row that is a list"),
        pytest.param('field = "note"', 'to = [["t"]]', "to", "a list", id="to"),
        pytest.param('field = "note"', 'flag = "note", yes = []', "yes", "a list", id="yes"),
        pytest.param('field = "note"', 'number = "note", scale = true', "scale", "true or false", id="scale"),
        pytest.param('field = "note"', 'code = "note", guard = "no"', "guard", "a text", id="guard"),
        pytest.param('field = "note"', 'code = "note", beside = { note = 1 }', "beside", "a table", id="beside"),
        pytest.param('field = "note"', 'fn = "f", fields = "note"', "fields", "a text", id="fields"),
        pytest.param('field = "note"', "constant = 1.5", "constant", "a number", id="constant"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_file_key_and_kind(small: Loader, old, new, key, got):
    assert old in WHOLE
    with pytest.raises(Refused) as caught:
        small(WHOLE.replace(old, new), form("note"))

    assert caught.value.where.startswith("mappings/toy/R.toml: resource.t")
    assert caught.value.where.replace('"', "").endswith(key)
    assert got in caught.value.got
    assert caught.value.expected
    assert caught.value.next_step


@pytest.mark.parametrize("zone", ["x" * 3000, ".", "..", "/etc", "America", "a\\u0000b", "\\U0001F600", "Nowhere/City"])
def test_a_zone_that_the_library_does_not_know_is_refused(small: Loader, zone):
    with pytest.raises(Refused, match="zone"):
        small(BLOCK + ELEMENT + f'"authoredOn" = {{ date = "note", zone = "{zone}" }}', form("note"))


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "(" * 3000 + ")" * 3000])
@pytest.mark.parametrize("line", ['field = "note", form = ', 'code = "note", other = '])
def test_a_pattern_that_is_none_is_refused(small: Loader, line, pattern):
    with pytest.raises(Refused, match=r"form|other"):
        small(BLOCK + ELEMENT + f'"description" = {{ {line}"{pattern}" }}', form("note"))


@pytest.mark.parametrize("brace", ["{agency.x}", "{agency[x]}", "{agency!x}", "{agency:9}", "{}", "{other}", "{", "}"])
def test_a_system_with_other_braces_is_refused(small: Loader, brace):
    with pytest.raises(Refused, match="in braces"):
        small(BLOCK + ELEMENT + f'"identifier[#a]" = {{ identifier = "note", system = "…/id/{brace}" }}', form("note"))


@pytest.mark.parametrize("section", ["skipped", "not_returned"])
def test_a_section_of_reasons_that_is_no_table_is_refused(small: Loader, section):
    with pytest.raises(Refused, match=section):
        small(f"{section} = 5\n" + WHOLE, form("note"))


def test_a_tree_that_is_nested_too_deeply_is_refused(small: Loader):
    with pytest.raises(Refused, match="deep"):
        small(WHOLE + f'[skipped]\n{".".join("a" * 5000)} = "x"\n', form("note"))


# --- any tree at all ---

TEXTS = st.sampled_from(
    [
        *("", " ", "x", "note", "f", "t", "c", "@code", "@note_field", "@nope", "{n}", "n", "rows", "words", "Task"),
        *("Patient", "needs", "description", "status", "note.text", "owner", "<->", ">", "<", "agency", "code", "1"),
        *("…/CodeSystem/x", "{agency.x}", "identifier[#a]", "(", "a{99999999999}", ".", "America/Toronto", "../x"),
        *("x" * 3000, "\U0001f600"),
    ]
)
PLAIN = st.one_of(TEXTS, st.integers(-3, 120), st.booleans(), st.floats(allow_nan=False), st.dates())
VALUES = st.recursive(
    PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=2)), max_leaves=5
)
NAMES = sorted({*WORDS, *ALWAYS, *(name for word in WORDS.values() for name in word.options)})
RIGHT = st.sampled_from(
    [
        *({"field": "note"}, {"to": ["t"]}, {"flag": "@note_field"}, {"row": "code"}, {"constant": "x"}),
        *({"code": "note", "table": "words"}, {"fn": "f", "fields": ["note"]}),
        {"date": "note", "zone": "America/Toronto"},
    ]
)
LINES = st.one_of(VALUES, RIGHT, st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
EACH = st.dictionaries(st.sampled_from(["child", "columns", "flags", "numbered", "to"]), VALUES, max_size=3)
ELEMENTS_ = st.one_of(VALUES, st.dictionaries(TEXTS, LINES, max_size=3))


def one(key: str) -> st.SearchStrategy[Any]:
    right: dict[str, Any] = {
        "type": st.just("Task"),
        "label": st.just("needs"),
        "element": ELEMENTS_,
        "each": EACH,
        "needs": st.lists(TEXTS, max_size=2),
        "inside": st.just("t"),
        "at": st.just("note"),
    }
    return st.one_of(right[key], right[key], VALUES)


BLOCKS = st.fixed_dictionaries(
    {key: one(key) for key in ("type", "label", "element")},
    optional={key: one(key) for key in KEYS if key not in {"type", "label", "element"}},
)
GATES = st.dictionaries(TEXTS, st.one_of(VALUES, st.fixed_dictionaries({"any": TEXTS}, optional={"group": VALUES})))
TREES = st.fixed_dictionaries(
    {
        "resource": st.one_of(
            VALUES, st.dictionaries(st.sampled_from(["t", "c"]), st.one_of(BLOCKS, VALUES), min_size=1)
        )
    },
    optional={"gate": st.one_of(VALUES, GATES), "skipped": VALUES, "not_returned": VALUES, "x": VALUES},
)


def written(value: Any) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(str(key))} = {written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def toml(tree: dict[str, Any]) -> str:
    return "".join(f"{written(key)} = {written(value)}\n" for key, value in tree.items())


def loads_or_is_refused(kind: str, folders: list[Path], columns: Any, functions: Any) -> bool:
    refused = None
    try:
        load(kind, folders, columns, functions)
    except Refused as error:
        refused = error
    if refused is not None:
        assert refused.where.startswith(f"mappings/{kind}")
        assert all((refused.got, refused.expected, refused.next_step))
    return refused is None


@MANY
@given(TREES)
def test_any_tree_of_the_grammars_words_loads_or_is_refused(tree: dict[str, Any]):
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "R.toml").write_text(toml(tree), encoding="utf-8")
        (folder / "rows.csv").write_text("code,note_field\na,note\nb,\n", encoding="utf-8")
        (folder / "words.csv").write_text("local,code\na,b\n", encoding="utf-8")
        assert tomllib.loads(toml(tree))
        loads_or_is_refused("toy", [folder], {"R": form("note", c=form("note"))}, {"f": (str, str)})


KINDS = {card.kind: card for card in (CMS, HARTS, ICARE)}
FILES = [path for kind in KINDS for path in sorted((ROOT / "mappings" / kind).glob("*.toml"))]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()):
        yield node, key
        yield from places(node[key])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_packaged_file_as_the_tests_write_it_loads(path: Path, tmp_path: Path):
    (tmp_path / path.name).write_text(toml(tomllib.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    card = KINDS[path.parent.name]

    assert loads_or_is_refused(card.kind, [path.parent, tmp_path], card.columns(), card.functions)


@FEW
@given(data=st.data(), path=st.sampled_from(FILES))
def test_a_packaged_file_with_any_value_in_any_place_loads_or_is_refused(data: st.DataObject, path: Path):
    tree = copy.deepcopy(tomllib.loads(path.read_text(encoding="utf-8")))
    node, key = data.draw(st.sampled_from(list(places(tree))))
    node[key] = data.draw(st.one_of(VALUES, LINES, EACH))
    card = KINDS[path.parent.name]
    with TemporaryDirectory() as name:
        (Path(name) / path.name).write_text(toml(tree), encoding="utf-8")
        loads_or_is_refused(card.kind, [path.parent, Path(name)], card.columns(), card.functions)
