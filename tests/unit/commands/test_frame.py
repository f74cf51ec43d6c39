"""What every command keeps to: exit codes, one JSON document, words that repeat nothing of what was typed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from hub.__main__ import command_line, real_tools
from hub.commands import frame
from hub.commands.frame import INPUT_MAX, read_input
from hub.errors import Refused
from tests.unit.commands.conftest import Desk

MARK = "Zzyzx-Okonkwo"  # stands for a personal value that somebody types where it does not belong
HARBOUR = ("--agency", "harbour", "--as", "harbour-worker")


def _leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(path, command)]
    return [leaf for name, child in inner.items() for leaf in _leaves(child, (*path, name))]


LEAVES = _leaves(typer.main.get_command(command_line(real_tools())))
CONTRACT = """
init migrate doctor backup restore work serve suspend resume demo sample
agencies:add,import,list sites:add,import,list services:add,import,list workers:add,import,list
systems:add,import,list,check,fetch,send,submit,observe,matrix agreements:add,import,list,end mappings:check,loss,export
consent:add,import,show,withdraw,suspend,resume,decide,expiring,form,receipt,simulate consent/directive:add,lift
subjects:resolve,duplicates,merge,unmerge,conflict,find,show
subjects/decider:add,end subjects/capacity:found,lifted subjects/flag:add,end
override:declare,approve,reached,end,list,show,review,metrics requests:add,list disclosures
referral:list,show,follow-ups deliveries:list,retry,dead,waiting alerts:test
audit:verify,prove,export,checkpoint,cosign,cosigner
gateway:keys,token,list,open,ack,receipt,send,run
receipt:get,verify,verifier bus:provision,status report:retention,month
incident:open,list,show,assess,notice,telephoned,close
"""  # design §11, as far as it is built; an agreement is suspended as it is resumed, by the verb of the root


def test_every_command_of_the_contract_is_there_and_no_other() -> None:
    promised = set()
    for word in CONTRACT.split():
        group, _, names = word.partition(":")
        promised |= {(*group.split("/"), *([name] if name else [])) for name in (names.split(",") if names else [""])}

    assert {path for path, _ in LEAVES} == promised


@pytest.mark.parametrize("path", [path for path, _ in LEAVES], ids=" ".join)
def test_every_command_helps_with_an_example(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(command_line(real_tools()), [*path, "--help"])

    assert result.exit_code == 0
    assert "Example: hub " + " ".join(path) in " ".join(result.stdout.split())


def test_help_of_the_root_names_the_exit_codes() -> None:
    for args in ([], ["--help"]):
        result = CliRunner().invoke(command_line(real_tools()), args)
        assert result.exit_code == 0
        assert "3 integrity broken" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    "args",
    [
        pytest.param([MARK], id="an unknown command"),
        pytest.param(["agencies", MARK], id="an unknown command of a group"),
        pytest.param(["doctor", f"--{MARK}"], id="an unknown option"),
        pytest.param(["doctor", MARK], id="one argument too many"),
        pytest.param(["consent", "withdraw"], id="an argument that is missing"),
        pytest.param(["consent"], id="a group without a command"),
        pytest.param(["suspend", MARK, "x", "--as", "steward"], id="a kind that cannot be suspended"),
        pytest.param(["suspend", "all", MARK, "--as", "steward"], id="a name beside all"),
        pytest.param(["demo", "--clients", MARK], id="a word where a number belongs"),
        pytest.param(
            ["systems", "add", "x-cms", "--agency", "a", "--kind", "cms", "--setting", MARK], id="no NAME=VALUE"
        ),
    ],
)
def test_wrong_usage_ends_with_2_and_repeats_nothing(desk: Desk, args: list[str]) -> None:
    said = desk.refused(*args, code=2)

    assert "got" in said
    assert "expected" in said
    assert MARK.lower() not in said.lower()


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["consent", "show", MARK, *HARBOUR], id="a name where a number belongs"),
        pytest.param(["consent", "show", "--alias", MARK, *HARBOUR], id="a name where an alias belongs"),
        pytest.param(["consent", "show", MARK, "--agency", MARK, *HARBOUR[2:]], id="a name where an agency belongs"),
        pytest.param(["systems", "fetch", MARK, "--as", "steward"], id="a name where a system is read"),
        pytest.param(["referral", "show", MARK], id="a name where a referral belongs"),
        pytest.param(["systems", "check", MARK], id="a name where a system belongs"),
        pytest.param(["mappings", "loss", MARK], id="a name where a kind belongs"),
        pytest.param(["deliveries", "retry", MARK, "--as", "steward"], id="a name where a message belongs"),
        pytest.param(["suspend", "agency", MARK, "--as", "steward"], id="a name where an agency is suspended"),
        pytest.param(["workers", "list", "--as", MARK], id="an option that the command has not"),
        pytest.param(["agencies", "import", MARK, "--as", "steward"], id="a file that is not there"),
        pytest.param(
            ["consent", "withdraw", "x", "--agency", "harbour", "--how", MARK, "--as", "harbour-worker"],
            id="a word that is no way of saying it",
        ),
        pytest.param(["subjects", "resolve", MARK, "--new", "--as", "harbour-worker"], id="no such waiting record"),
        pytest.param(["agreements", "end", MARK, "--as", "steward"], id="no such agreement"),
        pytest.param(["audit", "verify", "--export", "nowhere", "--key", MARK], id="no such key file"),
        pytest.param(
            ["consent", "directive", "lift", MARK, "--agency", "harbour", "--as", "harbour-worker"],
            id="no such directive",
        ),
    ],
)
def test_what_does_not_exist_is_refused_without_repeating_it(desk: Desk, args: list[str]) -> None:
    result = desk.run(*args)

    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert MARK not in result.output
    assert "expected" in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["agencies", "add", "x-y", "--name", "X", "--lane", "general"],
        ["workers", "import", "-"],
        ["suspend", "all"],
        ["resume", "all"],
        ["agreements", "end", "harbour-lakeside"],
        ["consent", "import", "-", "--agency", "harbour"],
        ["consent", "add", "--alias", "A", "--agency", "harbour"],
        ["consent", "withdraw", "x", "--agency", "harbour", "--how", "TELEPHONE"],
        ["consent", "show", "x", "--agency", "harbour"],
        ["systems", "fetch", "harbour-cms"],
        ["systems", "send", "harbour-cms"],
        ["consent", "directive", "add", "--alias", "A", "--agency", "harbour"],
        ["consent", "directive", "lift", "x", "--agency", "harbour"],
        ["subjects", "resolve", "x", "--new"],
        ["subjects", "duplicates"],
        ["deliveries", "retry", "x"],
        ["audit", "export", "--out", "x"],
    ],
    ids=" ".join,
)
def test_no_worker_no_change(desk: Desk, args: list[str]) -> None:
    before = len(desk.entries())

    said = desk.refused(*args, code=2)

    assert said.startswith("--as: got nothing")
    assert len(desk.entries()) == before


@pytest.mark.parametrize(
    "args", [["doctor"], ["deliveries", "list"], ["work", "--once"], ["agencies", "list"]], ids=" ".join
)
def test_with_json_an_error_is_one_document_too(tmp_path: Any, desk: Desk, args: list[str]) -> None:
    result = desk.run(*args, "--json", folder=tmp_path / "nowhere")

    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert args == ["doctor"] or document["error"]["next_step"]


def test_a_worker_who_has_left_changes_nothing(desk: Desk) -> None:
    desk.ok(
        "workers", "add", "gone", "--agency", "hub", "--role", "worker", "--ended-on", "2026-05-01", "--as", "steward"
    )

    assert "who has left" in desk.refused("suspend", "all", "--as", "gone")


def test_on_a_pipe_a_table_is_plain_lines(desk: Desk) -> None:
    lines = desk.ok("workers", "list").splitlines()

    assert lines[0].split("\t") == ["id", "agency", "role", "reports_to", "key", "ended_at"]
    assert "steward\thub\tsteward\t\t\t" in lines


def no_file(folder: Path, what: str) -> str:
    path = folder / what
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "long":
        with path.open("wb") as file:
            file.truncate(INPUT_MAX + 1)
    return "/dev/zero" if what == "device" else str(path)


@pytest.mark.parametrize("what", ["pipe", "device", "folder", "long", "absent"])
def test_what_is_no_file_or_too_long_is_refused_and_does_not_wait(tmp_path: Path, what: str) -> None:
    with pytest.raises(Refused) as refused:
        read_input(no_file(tmp_path, what))

    assert refused.value.where == "FILE"
    assert refused.value.expected
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize("option", ["--jwks", "--hpke"])
@pytest.mark.parametrize("what", ["pipe", "device"])
def test_keys_are_read_from_files_alone(desk: Desk, tmp_path: Path, option: str, what: str) -> None:
    add = ("agencies", "add", "northside", "--name", "Northside", "--lane", "general", "--as", "steward")

    said = desk.refused(*add, option, no_file(tmp_path, what))

    assert "a device or a pipe" in said


def test_a_file_of_the_longest_length_and_a_link_to_it_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "INPUT_MAX", 4)
    (tmp_path / "file").write_bytes(b"four")
    (tmp_path / "link").symlink_to(tmp_path / "file")

    assert read_input(str(tmp_path / "file")) == read_input(str(tmp_path / "link")) == b"four"


def test_standard_input_is_read_no_further_either(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "INPUT_MAX", 4)

    assert "more than 4 bytes" in desk.refused("agencies", "import", "-", "--as", "steward", stdin="fives")
