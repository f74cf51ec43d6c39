"""What the tidy tests look at: every file of the repository, and which module imports which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("hub", "adapters", "consent", "schemas")
NOT_OURS = {".git", "build", "dist", "demo", "node_modules"}  # and every other hidden folder but .ci


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the repository. Git is not asked: it may not be on the machine."""
    return tuple(sorted(_below(ROOT)))


def _below(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            hidden = entry.name.startswith(".") and entry.name != ".ci"
            if not hidden and entry.name not in NOT_OURS | {"__pycache__"} and not entry.name.endswith(".egg-info"):
                yield from _below(entry)
        elif entry.suffix != ".pyc" and entry.name not in NOT_OURS:  # .git of a second work tree is a file
            yield entry


def text(path: Path) -> str | None:
    """The text of a file, or None where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def name(path: Path) -> str:
    """A path as it is written in the documents: below the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def modules() -> dict[str, Path]:
    """Module name to file, for all of our code but the tests and the benchmarks."""
    found = [path for path in files() if path.suffix == ".py" and name(path).split("/")[0] in CODE]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in found}


@cache
def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """Our modules that a file imports, also inside a function. ``from a import b`` is ``a.b`` where that is one."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            longer = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= longer & set(modules()) or {node.module}
            if not longer <= set(modules()):
                found.add(node.module)
    return {module for module in found if module in modules()}


def table(path: Path, heading: str) -> dict[str, list[str]]:
    """The first table below a heading: its first cell, without backticks, to the other cells."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.lstrip("#").strip() == heading and line[0] == "#")
    rows: dict[str, list[str]] = {}
    for line in lines[start + 1 :]:
        if line.startswith("|"):
            first, *cells = [cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")]
            first = first.replace("`", "")
            assert first not in rows, f"{name(path)} has two rows for {first}"
            rows[first] = cells
        elif rows:
            break
    head, rule, *_ = rows or {"": [], " ": []}
    return {key: cells for key, cells in rows.items() if key not in {head, rule}}
