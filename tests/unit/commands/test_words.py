"""The table of the root's words is true, and only what a word needs is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from hub.__main__ import command_line, real_tools
from hub.commands.words import FILES, WORDS, Commands, Word, _registered

HEAVY = {
    *("alembic", "cryptography", "fastapi", "jinja2", "joserfc", "kafka", "lxml", "openpyxl", "psycopg"),
    *("sqlalchemy", "structlog", "uvicorn"),
}
ENTIRE = 10_000  # characters: longer than any first sentence


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_a_line_is_the_first_sentence_of_the_words_own_help(word: Word) -> None:
    command = Commands()[word.name]

    assert command.get_short_help_str(ENTIRE) == word.line
    assert not command.hidden


@pytest.mark.parametrize("file", sorted(set(FILES.values())))
def test_a_file_adds_the_words_that_the_table_says_and_no_other(file: str) -> None:
    assert set(_registered(file)) == {name for name, of in FILES.items() if of == file}


def test_a_word_stands_once() -> None:
    assert len(FILES) == len(WORDS)


def test_a_word_that_is_none_is_no_command() -> None:
    assert Commands().get("nonsense") is None


def test_the_root_lists_all_in_the_order_of_the_table() -> None:
    root = typer.main.get_command(command_line(real_tools))

    assert list(root.commands) == [word.name for word in WORDS]  # type: ignore[attr-defined]


def loaded(*args: str) -> set[str]:
    """Modules that are there when a command has ended."""
    code = (
        "import sys\n"
        "from hub.__main__ import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as ended:\n"
        "    assert not ended.code, ended.code\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ")
    return set(done.stderr.split())


@pytest.mark.parametrize("args", [(), ("--help",)], ids=["nothing", "--help"])
def test_the_help_of_the_root_loads_no_command_and_no_hub(args: tuple[str, ...]) -> None:
    modules = loaded(*args)

    assert not modules & (HEAVY if args == () else HEAVY | {"pydantic"})  # typer itself loads that to call anything
    assert not modules & {"hub.compose", "hub.exchange", "hub.store", "hub.toolbox"}
    assert not modules & {f"hub.commands.{file}" for file in FILES.values()}


def test_the_help_of_a_word_loads_its_own_file_and_no_tools() -> None:
    modules = loaded("doctor", "--help")

    assert modules & {f"hub.commands.{file}" for file in FILES.values()} == {"hub.commands.setup"}
    assert "hub.toolbox" not in modules
