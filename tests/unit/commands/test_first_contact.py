"""The command line as a newcomer meets it: help, mistakes, nothing there, no right, Ctrl-C. Every command is walked.

The commands are taken from the app itself, so that a new one is held too. What a command does is tested elsewhere.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer
from typer.testing import CliRunner, Result

from hub.__main__ import command_line, real_tools
from hub.commands import directory, month
from hub.commands.frame import INTERRUPTED, MISUSED, REFUSED, UNAVAILABLE
from hub.commands.tools import Tools
from hub.errors import Refused
from tests.unit.commands.conftest import Desk

MARK = "Zzyzx-Okonkwo"  # stands for a personal value that somebody types where it does not belong
Words = tuple[str, ...]


def walk(command: Any, path: Words = ()) -> dict[Words, Any]:
    """Every group and every command, by the words that lead to it."""
    below: dict[Words, Any] = {path: command}
    for word, inner in getattr(command, "commands", {}).items():
        below |= walk(inner, (*path, word))
    return below


EVERY = walk(typer.main.get_command(command_line(real_tools)))
GROUPS = {path: command for path, command in EVERY.items() if hasattr(command, "commands") and path}
LEAVES = {path: command for path, command in EVERY.items() if not hasattr(command, "commands")}
ALONE = {("init",), ("demo",), ("sample",)}  # they make what they need
BESIDE_A_FOLDER = {("doctor",), ("audit", "verify")}  # one looks at what is missing; the other's example is an export
NEEDS_NOTHING = {("audit", "cosigner"), ("receipt", "verifier"), ("gateway", "keys")}
RULES = {path for path in LEAVES if path[0] == "mappings"} | {("systems", "matrix")}  # there are packaged ones
FILES = (".csv", ".json", ".txt", ".pub", ".zip")


def takes(path: Words, option: str) -> bool:
    return any(option in param.opts for param in LEAVES[path].params)


def example(path: Words) -> list[str]:
    """The words of its example, without where its standard input comes from and without a data folder."""
    words = shlex.split(LEAVES[path].epilog.removeprefix("Example: hub ").split(" < ")[0])
    if "--dir" in words:
        del words[words.index("--dir") : words.index("--dir") + 2]
    return words


def run(*args: str, tools: Tools | Callable[[], Tools] = real_tools, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(command_line(tools), list(args), input="", env=env)


def one_line(result: Result, code: int) -> str:
    """What an error looks like: one line with what was met, what was expected and what to do, and no word too much."""
    said = result.stderr.strip()
    assert result.exit_code == code, (result.output, result.exception)
    assert len(said.splitlines()) == 1, said
    assert ": got " in said, said
    assert ", expected " in said, said
    assert "; " in said, said
    assert "Traceback" not in result.output
    assert MARK.lower() not in result.output.lower()
    assert str(Path.cwd()) not in result.output  # no path of this machine
    assert str(Path.home()) not in result.output
    if result.stdout:
        assert set(json.loads(result.stdout)["error"]) == {"kind", "where", "got", "expected", "next_step"}
        assert json.loads(result.stdout)["error"]["next_step"]
    return said


def ids(path: Any) -> str | None:
    return " ".join(path) if isinstance(path, tuple) else None


every = pytest.mark.parametrize("path", LEAVES, ids=ids)


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody stands in an empty folder."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def lay(path: Words) -> None:
    """The files that an example reads are there; what is in them is no matter."""
    words = example(path)
    for before, word in pairwise(words):
        if word.endswith(FILES) and before != "--out":
            Path(word).write_text("{}", encoding="utf-8")


# -- help


@every
@pytest.mark.parametrize("asked", ["--help", "-h"])
def test_help_is_there_under_both_names(path: Words, asked: str) -> None:
    result = run(*path, asked)

    assert result.exit_code == 0
    assert f"Usage: hub {' '.join(path)}" in " ".join(result.stdout.split())


@every
def test_its_example_is_a_call_that_the_parser_takes(path: Words) -> None:
    words = example(path)

    assert tuple(words[: len(path)]) == path
    assert not {"…", "..."} & set(words)
    LEAVES[path].make_context("hub", words[len(path) :])  # raises where it is none


# -- mistakes


@pytest.mark.parametrize("path", GROUPS, ids=ids)
@pytest.mark.parametrize(("typed", "got"), [((), "nothing"), ((MARK,), "a word that it does not know")])
def test_a_group_says_what_follows(path: Words, typed: Sequence[str], got: str) -> None:
    said = one_line(run(*path, *typed), MISUSED)

    assert said.startswith(f"hub {' '.join(path)}: got {got}, expected one of {', '.join(GROUPS[path].commands)};")


@pytest.mark.parametrize("path", [p for p in LEAVES if any(param.required for param in LEAVES[p].params)], ids=ids)
def test_with_nothing_it_says_all_that_it_needs_and_shows_a_whole_call(path: Words) -> None:
    said = one_line(run(*path), MISUSED)

    needed = [max(param.opts, key=len) for param in LEAVES[path].params if param.required and param.opts[0][0] == "-"]
    assert all(name in said for name in needed)
    assert "got nothing" in said
    assert f"for example `{LEAVES[path].epilog.removeprefix('Example: ')}`" in said


@every
@pytest.mark.parametrize("typed", [f"--{MARK}", f"-{MARK[0]}"])
def test_an_option_that_it_has_not_is_not_repeated(path: Words, typed: str) -> None:
    said = one_line(run(*path, typed), MISUSED)

    assert said.startswith(f"hub {' '.join(path)}: got an option that it does not have, expected ")
    assert said.endswith(f"`hub {' '.join(path)} --help`")


@every
def test_a_word_too_many_is_not_repeated(path: Words) -> None:
    if any(param.nargs == -1 for param in LEAVES[path].params):
        pytest.skip("it takes any number")
    words = [MARK] * (1 + sum(param.param_type_name == "argument" for param in LEAVES[path].params))
    required = [
        word
        for param in LEAVES[path].params
        if param.required and param.param_type_name == "option"
        for word in (param.opts[0], MARK)
    ]

    one_line(run(*path, *words, *required), MISUSED)


@pytest.mark.parametrize(
    ("path", "option"),
    [
        (path, max(param.opts, key=len))
        for path, leaf in LEAVES.items()
        for param in leaf.params
        if param.param_type_name == "option" and param.type_descriptor.annotation is int
    ],
    ids=ids,
)
def test_a_word_where_a_number_belongs_says_which_number(path: Words, option: str) -> None:
    said = one_line(run(*path, option, MARK), MISUSED)

    assert f": {option}: got what it cannot be, expected a whole number" in said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("agencies", "lsit"), "perhaps `hub agencies list`"),
        (("agencys",), "perhaps `hub agencies`"),
        (("agencies", "list", "--jsno"), "expected --json;"),
        (("serve", "--port", "99999"), "expected a whole number, 1 to 65535: the port to listen on;"),
        (("consent", "add", "--alias"), "--alias: got nothing, expected the agency's own alias of the client"),
        (("agencies", "list", "--json=yes"), "--json: got a value, expected none: it is a switch;"),
        (("agencies", "list", "one", "two"), "got more words than it takes, expected options alone; put quotes"),
        (("subjects", "show", "A", "B", "--agency", "C"), "expected no more than ALIAS; put quotes"),
    ],
)
def test_a_slip_is_understood(typed: Sequence[str], meant: str) -> None:
    assert meant in one_line(run(*typed), MISUSED)


# -- nothing is there


@pytest.mark.parametrize("path", [p for p in LEAVES if takes(p, "--dir") and p not in ALONE | BESIDE_A_FOLDER], ids=ids)
def test_without_a_data_folder_it_says_how_to_get_one(path: Words, empty: Path) -> None:
    lay(path)

    said = one_line(run(*example(path), "--dir", "nowhere"), REFUSED)

    assert said.startswith("data folder nowhere: got no ")
    assert "--dir" in said
    assert path in RULES or "`hub init`" in said
    assert not (empty / "nowhere").exists()


@pytest.mark.parametrize("path", [p for p in LEAVES if p not in ALONE | RULES | NEEDS_NOTHING | {("doctor",)}], ids=ids)
def test_in_an_empty_folder_an_example_says_what_is_missing(path: Words, empty: Path) -> None:
    one_line(run(*example(path)), REFUSED)

    assert not list(empty.iterdir())  # and leaves nothing behind


@pytest.mark.parametrize(
    ("args", "place"),
    [
        pytest.param(["agencies", "import", MARK, "--as", "anna"], "FILE", id="an argument"),
        pytest.param(["consent", "decide", "--facts", MARK], "--facts", id="an option"),
        pytest.param(["receipt", "verify", "there.json", "--key", MARK], "--key", id="beside another"),
        pytest.param(["restore", "there.json", "--checkpoint", MARK], "--checkpoint", id="one of several"),
    ],
)
@pytest.mark.parametrize("what", ["absent", "folder", "no name"])
def test_a_file_that_cannot_be_read_is_named_by_its_place(args: list[str], place: str, what: str) -> None:
    Path("there.json").write_text("{}", encoding="utf-8")
    if what == "folder":
        Path(MARK).mkdir()
    elif what == "no name":
        args = [f"{MARK}\0" if word == MARK else word for word in args]

    said = one_line(run(*args), REFUSED)

    assert said.startswith(f"{place}: got ")
    assert said.endswith("expected a file that can be read, or -; look at its name and its rights")


# -- no right, no room


def test_a_folder_that_may_not_be_read_says_so(fresh: Desk) -> None:
    """Root may read everything, so it lays that right down; a folder of somebody else is then closed to it."""
    bare = [sys.executable, "-m", "hub", "agencies", "list", "--dir", str(fresh.folder)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root, and no setpriv")
        os.chown(fresh.folder, 65534, 65534)
        bare = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *bare]
    else:
        fresh.folder.chmod(0)

    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    fresh.folder.chmod(0o700)

    assert done.returncode == REFUSED, done.stderr
    assert "hub.toml: got Permission denied, expected a file that can be read; look at its rights" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_the_machine_refuses_is_told_without_its_path(number: int) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number), f"/home/{MARK}")

    said = one_line(run("agencies", "list", tools=replace(real_tools(), open=refuse)), UNAVAILABLE)

    assert os.strerror(number) in said


def test_an_error_without_a_next_step_gets_the_help_of_its_command() -> None:
    def refuse(*_: object) -> NoReturn:
        raise Refused("there", "this", "that")

    tools = replace(real_tools(), open=refuse)

    assert one_line(run("agencies", "list", tools=tools), REFUSED).endswith("; `hub agencies list --help`")
    assert one_line(run("agencies", "list", "--json", tools=tools), REFUSED).endswith("; `hub agencies list --help`")


# -- interrupted


def interrupt(*_: object, **__: object) -> NoReturn:
    raise KeyboardInterrupt


@every
def test_an_interruption_ends_with_its_code_and_says_how_to_go_on(path: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(path)
    tools = replace(real_tools(), **{each.name: interrupt for each in fields(Tools) if each.name != "os_user"})
    if not takes(path, "--dir") or path in {("demo",), ("audit", "verify")}:  # it works without any of them
        monkeypatch.setattr(LEAVES[path], "callback", interrupt)

    said = one_line(run(*example(path), tools=tools), INTERRUPTED)

    assert said.startswith(f"hub {path[0]}: got an interruption")
    assert said.endswith("run the command again")


def test_a_change_before_the_interruption_stands_and_a_checkpoint_counts_it(
    fresh: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ("workers", "add", "anna", "--agency", "hub", "--role", "administrator", "--as", "anna")
    before = set((fresh.folder / "checkpoints").iterdir())
    monkeypatch.setattr(directory, "wait", interrupt)

    assert fresh.run(*add).exit_code == INTERRUPTED

    assert "anna" in fresh.ok("workers", "list")
    assert set((fresh.folder / "checkpoints").iterdir()) - before


def twice(done: Callable[..., Any]) -> Callable[..., Any]:
    """Does it once; the second time somebody interrupts."""
    calls: list[object] = []

    def call(*args: Any, **more: Any) -> Any:
        calls.append(args)
        return interrupt() if len(calls) == 2 else done(*args, **more)

    return call


@pytest.mark.parametrize(
    ("place", "args"),
    [
        ("hub.audit.log.write_whole", ("audit", "export", "--out", "made", "--as", "officer")),
        ("hub.gateway.keys.write_file", ("gateway", "keys", "--out", "made")),
        ("hub.commands.month.os.fsync", ("report", "month", "--out", "made", "--as", "officer")),
    ],
    ids=["audit export", "gateway keys", "report month"],
)
def test_what_was_half_written_is_not_there_and_the_command_can_be_run_again(
    place: str, args: Words, empty: Path, fresh: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.ok("workers", "add", "anna", "--agency", "hub", "--role", "administrator", "--as", "anna")
    fresh.ok("workers", "add", "officer", "--agency", "hub", "--role", "officer", "--as", "anna")
    call: Callable[..., Result] = run if args[0] == "gateway" else fresh.run

    with monkeypatch.context() as once:
        once.setattr(place, twice(month.os.fsync if place.endswith("fsync") else _found(place)))
        assert call(*args).exit_code == INTERRUPTED
    assert [found for found in empty.rglob("*") if found.is_file()] == []

    assert call(*args).exit_code == 0
    assert list((empty / "made").iterdir())


def _found(place: str) -> Callable[..., Any]:
    module, _, name = place.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def started(*args: str) -> subprocess.Popen[bytes]:
    """A process that hears SIGINT, also where these tests run in the background of a shell, which has it ignored."""
    pipe = subprocess.PIPE
    command = ["env", "--default-signal=INT", sys.executable, "-m", "hub", *args]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)


def test_a_real_process_that_reads_ends_at_ctrl_c(fresh: Desk) -> None:
    process = started("agencies", "import", "-", "--as", "anna", "--dir", str(fresh.folder))
    assert process.stdin is not None
    process.stdin.write(b"x" * (1 << 17))  # more than a pipe holds: when it has gone, the command reads
    process.stdin.flush()

    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1].decode()

    assert process.returncode == INTERRUPTED
    assert said.startswith("hub agencies: got an interruption")
    assert len(said.splitlines()) == 1


def test_a_real_worker_ends_after_its_step_at_ctrl_c(fresh: Desk) -> None:
    process = started("work", "--dir", str(fresh.folder))
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["event"] == "WORK_STARTED"

    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1].decode()

    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in said.splitlines()] == ["WORK_STOPPED"]


# -- the Tab key


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (("hub", "agen"), {"agencies"}),
        (("hub", "consent", "dire"), {"directive"}),
        (("hub", "consent", "directive", ""), {"add", "lift"}),
        (("hub", "consent", "form", "--l"), {"--lang"}),
        (("hub", "agencies", "list", "--j"), {"--json"}),
        (("hub", "Zzyzx", ""), set()),
    ],
    ids=ids,
)
def test_bash_is_told_what_may_follow(typed: Words, offered: set[str]) -> None:
    asked = {"_HUB_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(typed), "COMP_CWORD": str(len(typed) - 1)}

    result = run(env=asked)

    assert result.exit_code == 0, result.output
    assert offered <= set(result.stdout.split())
    assert not result.stderr


def test_the_script_for_bash_completes_in_bash(empty: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    program = empty / "hub"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hub "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    script = run(env={"_HUB_COMPLETE": "source_bash"}).stdout
    typed = 'COMP_WORDS=(hub alerts te); COMP_CWORD=2; _hub_completion ./hub; echo "${COMPREPLY[*]}"'

    done = subprocess.run(["bash", "--norc", "-c", f"{script}\n{typed}"], capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["test"], done.stderr
