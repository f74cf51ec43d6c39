"""Every command says what it does and shows an example that its own parser would take."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import typer

from hub.__main__ import EXIT_CODES, command_line, real_tools
from hub.commands import frame
from tests.tidy.house import ROOT


def commands(group: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Path of words to command, leaves alone."""
    below = getattr(group, "commands", None)
    if below is None:
        return {path: group}
    found: dict[tuple[str, ...], Any] = {}
    for word, command in below.items():
        found |= commands(command, (*path, word))
    return found


COMMANDS = commands(typer.main.get_command(command_line(real_tools())))
ids = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


@ids
def test_a_command_says_what_it_does(path):
    assert COMMANDS[path].help


@ids
def test_a_command_shows_an_example_of_itself(path):
    example = COMMANDS[path].epilog or ""
    words = shlex.split(example.removeprefix("Example: hub ").split(" < ")[0])
    options = {name for param in COMMANDS[path].params for name in param.opts}

    assert example.startswith("Example: hub ")
    assert tuple(words[: len(path)]) == path
    assert {word for word in words if word.startswith("-")} <= options


@ids
def test_a_command_is_in_the_operators_guide(path):
    guide = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")

    assert f"hub {' '.join(path)}" in guide


def test_the_exit_codes_are_those_of_the_code():
    for code in (frame.DONE, frame.REFUSED, frame.MISUSED, frame.BROKEN, frame.UNAVAILABLE, frame.INTERRUPTED):
        assert f" {code} " in EXIT_CODES
