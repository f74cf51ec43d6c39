"""The words that follow ``hub``: the file of this folder that has each, and its line in ``hub --help``.

A file is loaded when one of its words is asked for: all of them take a second, and whoever asks what there is should
not wait. A test holds each line to the command's own help. What a word does is in its file, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, cast

import typer
from typer._click.shell_completion import CompletionItem
from typer.core import TyperCommand, TyperGroup

from hub.commands.frame import HubGroup


class Word(NamedTuple):
    """A command or a group of the root.

    Args:
        file: of this folder; its ``register`` adds the word.
        line: the first sentence of the word's own help.
    """

    name: str
    file: str
    line: str


WORDS = (
    Word("init", "setup", "Prepare a data folder: keys, an empty store, a place for checkpoints."),
    Word("migrate", "setup", "Bring the store of a data folder to the version of this program."),
    Word(
        "doctor",
        "setup",
        "Look at settings, keys, store, log, packs, mappings, systems and clock; say what is wrong and what to do.",
    ),
    Word("backup", "backup", "Copy the whole store, as of one moment, into one file, and read it back."),
    Word("restore", "backup", "Bring a backup back into an empty store, of a file or of PostgreSQL."),
    Word("work", "work", "Fetch, decide, relay, hand over and keep the log, until it is stopped (SIGTERM, SIGINT)."),
    Word(
        "serve",
        "work",
        "Answer agencies' software (/fhir), /healthz, /readyz and /metrics over HTTP until it is stopped.",
    ),
    Word(
        "suspend",
        "agreements",
        "Suspend an agency, a system, an agreement, or all exchange, and wait until nothing of it is under way.",
    ),
    Word("resume", "agreements", "Let what was suspended take part again; what was refused meanwhile is judged anew."),
    Word(
        "disclosures",
        "disclosures",
        "Tell a client who got what about them, when, why and on what authority, in plain words.",
    ),
    Word("demo", "invented", "Tell the whole story on an invented network of ten agencies, and verify it."),
    Word(
        "sample",
        "invented",
        "Write an invented network: systems, directory, and what must become of every record.",
    ),
    Word("agencies", "directory", "The agencies of the directory."),
    Word("sites", "directory", "The sites of the directory."),
    Word("services", "directory", "The services of the directory."),
    Word("workers", "directory", "The workers of the directory."),
    Word("agreements", "directory", "What agencies have signed with each other."),
    Word("systems", "systems", "The agencies' systems and the connections to them."),
    Word("mappings", "systems", "How a kind of system becomes FHIR and back."),
    Word("bus", "bus", "Topics, users and rights of Kafka."),
    Word("alerts", "alerts", "Who is told when the hub needs a person: see docs/operator.md, Alerts."),
    Word("consent", "consent", "What clients have agreed to, and what they forbid."),
    Word("subjects", "subjects", "Whose record is it?"),
    Word("override", "override", "Duties of care: declared, approved, ended, reviewed."),
    Word("incident", "incident", "When something went to the wrong place."),
    Word("report", "report", "Reports."),
    Word("deliveries", "deliveries", "Messages on their way, and records that wait."),
    Word("referral", "deliveries", "Referrals, without their content."),
    Word("requests", "disclosures", "What clients have asked for."),
    Word("audit", "audit", "The audit log."),
    Word("receipt", "receipt", "Receipts of messages that were released."),
    Word("gateway", "gateway", "On an agency's own machine: open what the hub holds for it."),
)
FILES = {word.name: word.file for word in WORDS}


class Commands(Mapping[str, Any]):
    """Name to command, in the order of the help. Who looks one up waits for its file; who lists the names does not."""

    def __getitem__(self, name: str) -> Any:
        return _registered(FILES[name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(FILES)

    def __len__(self) -> int:
        return len(FILES)


class Root(HubGroup):
    """The root of all commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = cast(Any, Commands())  # nothing is added to the root later

    def list_commands(self, _ctx: Any) -> list[str]:
        """The names, in their order."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list in the help, by the table."""
        TyperGroup(commands=[TyperCommand(word.name, help=word.line) for word in WORDS]).format_commands(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:
        """The words that begin so; no file is loaded for it."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(word.name, help=word.line) for word in WORDS if word.name.startswith(incomplete)]


@cache
def _registered(file: str) -> Mapping[str, Any]:
    """What a file adds to the root."""
    alone = typer.Typer(callback=lambda: None, rich_markup_mode=None)  # with a callback, one command is a group too
    import_module(f"hub.commands.{file}").register(alone)
    return typer.main.get_group(alone).commands
