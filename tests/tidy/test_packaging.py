"""What the hub needs beside its code is in the wheel, and what is pinned is all that is needed."""

from __future__ import annotations

import re
import tomllib

from tests.tidy.house import ROOT, files, name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_data_file_of_a_package_is_in_the_wheel():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    packages = [each.rstrip("*") for each in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]
    data = [path for path in files() if name(path).split("/")[0] in packages and path.suffix != ".py"]

    assert data
    assert [name(path) for path in data if not any(path.match(pattern) for pattern in patterns)] == []


def test_every_dependency_is_pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {_plain(line.split("==")[0]) for line in lines if not line.startswith("#")}
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]]

    assert {_plain(re.split(r"[<>=~!\[]", each)[0]) for each in wanted} <= pinned


def _plain(package: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", package).strip().lower()
