"""A module has one room in it, and a function fits a screen (docs/developer.md)."""

from __future__ import annotations

import ast

from tests.tidy.house import files, name, tree

LINES_MAX, FUNCTION_LINES_MAX = 400, 60
OURS = [
    path
    for path in files()
    if path.suffix == ".py"
    and name(path).startswith(("hub/", "adapters/", "consent/", "bench/", "schemas/", "tests/services/"))
    and "/versions/" not in name(path)  # written out by Alembic
]


def test_a_module_is_not_longer_than_one_room():
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in OURS}

    long = {path: count for path, count in lines.items() if count > LINES_MAX}

    assert long == {}, "find the second room that lives in it"


def test_a_function_fits_a_screen():
    long = [
        f"{name(path)}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in OURS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]

    assert long == []
