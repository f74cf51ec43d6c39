"""What the guides, the papers of ``docs/go-live`` and the READMEs name is there: commands and options, files, parts of
guides. That the papers' commands do what the papers say is in ``tests/scenario/test_go_live.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.model.words import SENSITIVE, Category, Code
from hub.model.alerts import AlertCode
from tests.tidy.house import ROOT, name, table
from tests.tidy.test_commands import COMMANDS

DOCS = ROOT / "docs"
PAPERS = sorted((DOCS / "go-live").glob("*.md"))
READMES = [ROOT / "README.md", ROOT / "adapters" / "README.md", ROOT / "mappings" / "README.md"]
PAGES = [*PAPERS, *sorted(DOCS.glob("*.md")), *READMES]
ASSESSMENT = DOCS / "go-live" / "privacy-assessment.md"

BLOCK = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
TICKED = re.compile(r"`([^`\n]+)`")
CALLED = re.compile(r"(?:^|[|(;&] ?|do )hub ([a-z].*)")
ENDS_A_CALL = re.compile(r' [|&>] |\)"')
FILE = re.compile(r"(?:adapters|bench|consent|deploy|docs|hub|mappings|schemas|tests)/[\w./-]+")
PAGE = re.compile(r"\w[\w-]*\.md")
STOPS_READING = re.compile(r"\| (?:head\b|grep (?:\S+ )*?(?:-q|--quiet|-m|--max-count)\b|sed (?:-\S+ )*'?\d*q)")
CITED = re.compile(r"`(?:docs/)?(\w[\w-]*\.md)`((?:,\s(?:and\s)?\*[^*]+\*)+)")
HEADS = re.compile(r"^#+ (.+)$|\*\*(.+?)\*\*", re.MULTILINE)


def said(page: str) -> list[str]:
    """What stands in backticks, and the lines of blocks; a line may end in a backslash."""
    blocks = "".join(BLOCK.findall(page))
    return blocks.replace("\\\n", " ").splitlines() + TICKED.findall(BLOCK.sub("", page))


def wrong_calls(page: str) -> Iterator[str]:
    """What is called as a command and is none, or with an option that it does not take."""
    for call in [call for line in said(page) for call in CALLED.findall(line)]:
        path = command(call.split())
        takes = {
            option
            for full, each in COMMANDS.items()
            if path and full[: len(path)] == path
            for param in each.params
            for option in param.opts
        }
        asked = set(re.findall(r"(?<!\S)--[a-z-]+", ENDS_A_CALL.split(call)[0]))
        if not path or asked - takes:
            yield " ".join(["hub", *call.split()])


def command(words: list[str]) -> tuple[str, ...]:
    """The longest beginning that is a command, or a group of them; nothing, if none is."""
    known = {path[:length] for path in COMMANDS for length in range(len(path) + 1)}
    return next(tuple(words[:count]) for count in range(len(words), -1, -1) if tuple(words[:count]) in known)


def missing_files(page: str) -> Iterator[str]:
    """Files of the repository that are named and not there; a page alone is one of ``docs/``."""
    for each in said(page):
        if (FILE.fullmatch(each) and not (ROOT / each).exists()) or (
            PAGE.fullmatch(each) and not (DOCS / each).exists() and not (ROOT / each).exists()
        ):
            yield each


def missing_parts(page: str) -> Iterator[str]:
    """Parts of guides that are cited by their heading, or by the bold words that they begin with, and are not there."""
    for guide, parts in CITED.findall(page):
        there = {plain(head) for found in HEADS.findall((DOCS / guide).read_text(encoding="utf-8")) for head in found}
        yield from (f"{guide}, {each}" for each in re.findall(r"\*([^*]+)\*", parts) if plain(each) not in there)


def left_alone(page: str) -> Iterator[str]:
    """Lines in which a program may stop reading before the one that writes to it has ended.

    The writer then fails, now and then, and with it the whole line where the shell has ``pipefail``.
    """
    blocks = "".join(BLOCK.findall(page))
    yield from (line for line in blocks.splitlines() if STOPS_READING.search(line))


def plain(head: str) -> str:
    return re.sub(r"\s+", " ", head).strip(" .?:")


every = pytest.mark.parametrize(
    "page", [pytest.param(page.read_text(encoding="utf-8"), id=name(page)) for page in PAGES]
)


@every
def test_a_page_calls_commands_that_are_there(page: str) -> None:
    assert list(wrong_calls(page)) == []


@every
def test_a_page_names_files_that_are_there(page: str) -> None:
    assert list(missing_files(page)) == []


@every
def test_a_page_cites_parts_of_guides_that_are_there(page: str) -> None:
    assert list(missing_parts(page)) == []


@every
def test_a_page_reads_to_the_end_what_a_command_prints(page: str) -> None:
    assert list(left_alone(page)) == []


def test_who_stops_reading_is_found() -> None:
    stop = ["hub doctor | head -1", "hub doctor | grep -o --quiet well", "x | sed -n 1q", "hub doctor | grep -m 1 well"]
    read = ["hub doctor | sed -n 1p", "hub doctor | grep well", "sqlite3 x | cut -d, -f1"]

    assert list(left_alone("```\n" + "\n".join(stop + read) + "\n```\n")) == stop


def test_what_is_not_there_is_found() -> None:
    page = "`hub nothing`, `hub work --often`, `hub/nothing.py`, `nothing.md`; `officer.md`, *Receipts*, *Nothing*\n"
    block = "```\nhub audit verify --export x \\\n  --never\n```\n"

    assert list(wrong_calls(page + block)) == [
        "hub audit verify --export x --never",
        "hub nothing",
        "hub work --often",
    ]
    assert list(missing_files(page)) == ["hub/nothing.py", "nothing.md"]
    assert list(missing_parts(page)) == ["officer.md, Nothing"]


@pytest.mark.parametrize("paper", PAPERS, ids=name)
def test_a_paper_names_codes_that_are_there(paper: Path) -> None:
    codes = {code.value for code in Code} | {code.name for code in AlertCode}
    named = re.findall(r"`((?:DN|OK|RD|OV|OX|NO)_[A-Z_]+|[A-Z]+_(?:HALT|ASIDE))`", paper.read_text(encoding="utf-8"))

    assert set(named) <= codes


def test_the_assessment_names_each_promise_and_a_test_of_it() -> None:
    rows = table(ASSESSMENT, "4. Safeguards")

    assert list(rows) == [f"INV-{number}" for number in range(1, 12)]
    for promise, (_, test) in rows.items():
        assert re.search(rf"{promise}\b", (ROOT / test.strip("`")).read_text(encoding="utf-8")), promise


def test_the_assessment_counts_the_kinds_of_information() -> None:
    said = ASSESSMENT.read_text(encoding="utf-8")

    assert f"{len(Category)} categories, of which {len(SENSITIVE)} are sensitive" in said
