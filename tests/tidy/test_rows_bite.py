"""Would a row turn red if the rules were wrong? Each code that they answer with is changed in turn, each stage is taken
out, each test of a record and of a declaration is taken out: a row must notice every time, or a case that stands beside
the rows in ``tests/unit/consent``.

The changed module is loaded beside the real ones; nothing is written.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import consent as rules
from consent.decide import decide as decided
from consent.model import Decision, Facts
from consent.model.words import Code
from tests.builders import consent, holding
from tests.unit.consent.test_the_192_rows import ANSWERS, ROWS

ROOT = Path(__file__).resolve().parents[2] / "consent"
RULES = (
    *("authority", "validity", "records", "standing", "notice", "items", "declaration", "override", "bars", "stages"),
    "decide",
)
Decide = Callable[[Facts], Decision]


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module of the rules in another form."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self._name, self._code = f"consent.{name}", compile(tree, f"consent/{name}.py", "exec")

    def find_spec(self, name: str, _path: object, _target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


@contextmanager
def changed(name: str, tree: ast.Module) -> Iterator[Decide]:
    """The decision with one module in another form; what is imported again is forgotten afterwards."""
    names = [f"consent.{each}" for each in RULES]
    kept = {each: sys.modules.pop(each) for each in names if each in sys.modules}
    for each in kept:
        delattr(rules, each.partition(".")[2])  # else the package would still hand out what it had
    finder = _Changed(name, ast.fix_missing_locations(tree))
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module("consent.decide").decide
    finally:
        sys.meta_path.remove(finder)
        for each in names:
            sys.modules.pop(each, None)
        sys.modules.update(kept)
        for each, module in kept.items():
            setattr(rules, each.partition(".")[2], module)


@cache
def source(name: str) -> str:
    return (ROOT / f"{name}.py").read_text(encoding="utf-8")


def _beside() -> Iterator[Facts]:
    """The facts of the parametrised cases beside the rows; that they are answered well is theirs to say."""
    for path in sorted((ROOT.parent / "tests" / "unit" / "consent").glob("test_decide_*.py")):
        module = importlib.import_module(f"tests.unit.consent.{path.stem}")
        for test in vars(module).values():
            for mark in getattr(test, "pytestmark", ()):
                if mark.name == "parametrize":
                    first = [each.values[0] for each in mark.args[1] if isinstance(each, type(pytest.param()))]
                    yield from (facts for facts in first if isinstance(facts, Facts))
                    if path.stem == "test_decide_validity":  # what of K is otherwise
                        yield from (holding(consent(**change)) for change in first if isinstance(change, dict))


BESIDE = list(_beside())
# what nothing can reach, and is there so that it would not open anything if something did
_OUT_OF_REACH = {
    ("validity", "DN_DIRECTIVE", 0),  # a decline is no grant that is asked (``records.py``)
    ("validity", "DN_NOT_KNOWLEDGEABLE", 1),  # of a notice the answer is DN_NOTICE, whatever it lacks
}


@cache
def _as_it_is() -> list[Decision]:
    return [decided(facts) for facts in BESIDE]


def red(decide: Decide) -> bool:
    """Whether a row notices, or a case beside the rows."""
    return _row_is_red(decide) or _case_is_red(decide)


def _case_is_red(decide: Decide) -> bool:
    try:
        return any(decide(facts) != answer for facts, answer in zip(BESIDE, _as_it_is(), strict=True))
    except Exception:  # noqa: BLE001 - a rule that breaks is noticed too
        return True


def _row_is_red(decide: Decide) -> bool:
    for number, (_, facts) in ROWS.items():
        try:
            decision = decide(facts)
        except Exception:  # noqa: BLE001 - a rule that breaks is noticed too
            return True
        answer = ANSWERS[number]
        if (decision.outcome, decision.codes[0]) != (answer.outcome, answer.codes[0]):
            return True
        if not set(answer.codes) <= set(decision.codes):
            return True
    return False


def places(name: str) -> list[tuple[str, str, int]]:
    """Every code in a module of the rules: module, code, and the how-manieth it is; not those of a bare list."""
    found = [node.attr for node in _codes(ast.parse(source(name)))]
    return [
        (name, code, index)
        for index, code in enumerate(found)
        if (name, code, found[:index].count(code)) not in _OUT_OF_REACH
    ]


def _codes(tree: ast.Module) -> list[ast.Attribute]:
    """Codes that are answered; a code that is compared, ranked or looked up is none."""
    asked = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        or (isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Tuple))
        for inner in ast.walk(node)
    }
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and id(node) not in asked]
    return [node for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "Code"]


CODES = [place for name in RULES for place in places(name)]


@pytest.mark.parametrize(
    ("name", "code", "index"), CODES, ids=[f"{name} {code} {index}" for name, code, index in CODES]
)
def test_another_code_is_noticed(name: str, code: str, index: int) -> None:
    tree = ast.parse(source(name))
    node = _codes(tree)[index]
    assert node.attr == code
    node.attr = Code.DN_IDENTITY.name if code != Code.DN_IDENTITY.name else Code.DN_STALE.name

    with changed(name, tree) as decide:
        assert red(decide)


def _lists(name: str, wanted: Sequence[str]) -> list[tuple[str, str, int]]:
    """Module, list and index of each element of some lists of tests or stages."""
    found = []
    for node in ast.walk(ast.parse(source(name))):
        target, value = _assigned(node)
        if target in wanted:
            found += [
                (name, target, index)
                for index in range(len(value.elts if isinstance(value, ast.Tuple) else value.values))
            ]
    return found


def _assigned(node: ast.AST) -> tuple[str, Any]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value
    return "", None


TESTS = [
    *_lists("decide", ["STAGES"]),
    *_lists("validity", ["_CONSENT"]),
    *_lists("declaration", ["_CHECKS"]),
    *_lists("bars", ["refusals", "bars"]),
    *_lists("items", ["bars"]),
]


@pytest.mark.parametrize(("name", "target", "index"), TESTS, ids=[" ".join(map(str, each)) for each in TESTS])
def test_a_test_that_is_missing_is_noticed(name: str, target: str, index: int) -> None:
    tree = ast.parse(source(name))
    for node in ast.walk(tree):
        found, value = _assigned(node)
        if found == target and isinstance(value, ast.Tuple):
            del value.elts[index]
        elif found == target:
            del value.keys[index], value.values[index]

    with changed(name, tree) as decide:
        assert red(decide)


def test_the_rules_as_they_are_turn_no_row_red() -> None:
    with changed("stages", ast.parse(source("stages"))) as decide:
        assert not red(decide)
    assert len(CODES) > 80
    assert len(BESIDE) > 150
    assert len(TESTS) > 35
