"""What all commands share: what they are handed, their common options, how errors end, how answers are shown.

With ``--json`` exactly one JSON document is written to standard output, for an error too; everything else goes to
standard error. Without it, a table on a terminal is a rich one and on a pipe plain lines with tabs. An error is one
line ``where: got …, expected …; next step`` and an exit code, never a traceback, and repeats nothing that was typed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from errno import EISDIR
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from hub.audit.files import write_whole
from hub.audit.log import AuditLog
from hub.commands.tools import Hub, Tools
from hub.desk.who import Who
from hub.errors import HubError, IntegrityBroken, Refused, Unavailable, Unexpected

DONE, REFUSED, MISUSED, BROKEN, UNAVAILABLE = range(5)
INPUT_MAX = 16 * 1024 * 1024  # bytes of a file that a command is handed; what reads it may take less
ROWS_MAX = 1_000  # rows of one list; more is for a program that asks the store

Dir = Annotated[Path | None, typer.Option("--dir", help="The data folder; else HUB_DIR, else ./hub-data.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
As = Annotated[str | None, typer.Option("--as", help="The worker in whose name it is done; see `hub workers list`.")]
Agency = Annotated[str, typer.Option("--agency", help="The agency's id.")]


class Misused(Refused):
    """A command was called in a way that it cannot be."""


class HubGroup(TyperGroup):
    """The root of all commands: whatever happens below ends as an exit code and one line."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> Any:
        """Run the command line; never returns."""
        argv = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        try:
            _must_be_text(argv)
            code = super().main(argv, **extra)
        except HubError as error:
            code = complain(error, as_json="--json" in argv)
        except typer.TyperException as error:
            code = complain(_misused(error), as_json="--json" in argv)
        except Exception as error:  # noqa: BLE001 - its text may hold anything (INV-1): only its kind and line are told
            code = complain(Unexpected.met("hub", error), as_json="--json" in argv)
        sys.exit(code if isinstance(code, int) else DONE)


def _must_be_text(argv: Sequence[str]) -> None:
    for number, word in enumerate(argv, start=1):
        if any("\ud800" <= char <= "\udfff" for char in word):
            raise Misused(f"word {number}", "bytes that are no UTF-8", "text", "type it again")


def tools(ctx: typer.Context) -> Tools:
    """What this command was handed."""
    found = ctx.find_root().obj
    assert isinstance(found, Tools), "hub/__main__.py hands every command its tools"
    return found


@contextmanager
def opened(ctx: typer.Context, folder: Path | None) -> Iterator[Hub]:
    """The hub of a data folder, for one command; what cannot be reached is told on standard error.

    What a command has changed is under a checkpoint outside the database before it returns, also where it ends with an
    error: a backup of before, put back, is then noticed at the next start, and no "no" of a client is forgotten by it.
    """
    hub = tools(ctx).open(folder, lambda _place, error: typer.echo(str(error), err=True))
    try:
        before = hub.log.head().size
        try:
            yield hub
        finally:
            _lodge(hub.log, before)
    finally:
        hub.close()


def _lodge(log: AuditLog, before: int) -> None:
    """Sign the head and keep it outside, if the log has grown beyond a size."""
    while log.step():
        pass
    if log.head().size > before:
        log.checkpoint()


def who(ctx: typer.Context, worker: str | None) -> Who:
    """Who says so.

    Raises:
        Misused: nobody is named.
    """
    if not worker:
        raise Misused("--as", "nothing", "the id of a worker of the directory", "`hub workers list` shows them")
    return Who(worker, tools(ctx).os_user)


def read_input(name: str) -> bytes:
    """The bytes of a file, or of standard input where its name is ``-``.

    Raises:
        Refused: it cannot be read, is no file (a device, a named pipe, which may never end), or is too long.
    """
    if name == "-":
        data = sys.stdin.buffer.read(INPUT_MAX + 1)
    else:
        try:
            data = _read_file(name)
        except OSError as error:
            raise Refused("FILE", error.strerror or type(error).__name__, "a file that can be read, or -") from None
    if len(data) > INPUT_MAX:
        raise Refused("FILE", f"more than {INPUT_MAX} bytes", f"at most {INPUT_MAX}", "name another, or a part of it")
    return data


def _read_file(name: str) -> bytes:
    """A regular file, no further than is needed to see that it is too long."""
    with open(os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # a pipe would wait here
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        if not stat.S_ISREG(mode):
            raise Refused("FILE", "a device or a pipe", "a file, or - for standard input", "name a file")
        return file.read(INPUT_MAX + 1)


def put(path: Path, data: bytes, option: str = "--out") -> None:
    """Write a file that is its owner's alone, whole or not there.

    Raises:
        Unavailable: it cannot be written.
    """
    try:
        write_whole(path, [data])
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable(option, reason, "a file that can be written", "name another, or make room") from None


def moment(at: datetime | None) -> str | None:
    """An instant as it is shown, or nothing."""
    return at.isoformat(timespec="seconds") if at else None


def must_be_new(path: Path) -> None:
    """Refuse the name of what is there, before anything is done for its sake.

    Raises:
        Refused: it is.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return  # what is wrong with its folder is said where it is written
    except OSError:
        raise Refused("--out", "a name that this machine does not take", "a shorter or another one", "") from None
    raise Refused("--out", "what is there already", "a new one", "name another")


def complain(error: HubError, *, as_json: bool) -> int:
    """Say what is wrong, and how the command ends."""
    typer.echo(str(error), err=True)
    if as_json:
        document = {"where": error.where, "got": error.got, "expected": error.expected, "next_step": error.next_step}
        show_json({"error": {"kind": type(error).__name__, **document}})
    for kind, code in ((IntegrityBroken, BROKEN), (Unavailable, UNAVAILABLE), (Misused, MISUSED)):
        if isinstance(error, kind):
            return code
    return REFUSED


def complain_all(problems: Iterable[HubError]) -> None:
    """Every problem of a file, a line each."""
    for problem in problems:
        typer.echo(str(problem), err=True)


def as_document(problem: HubError) -> Mapping[str, str]:
    """A problem as a part of a JSON document."""
    return {
        "where": problem.where,
        "got": problem.got,
        "expected": problem.expected,
        "next_step": problem.next_step,
    }


def show_json(document: object) -> None:
    """One JSON document on standard output."""
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def say(text: str) -> None:
    """One line for a person."""
    typer.echo(text)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, nothing: str) -> None:
    """Rows for a person; ``nothing`` is said where there are none."""
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not cells:
        say(nothing)
    elif sys.stdout.isatty():
        table = Table(*columns)
        for row in cells:
            table.add_row(*(Text(cell) for cell in row))  # as text: a bracket in a name is no markup
        Console(file=sys.stdout).print(table)
    else:
        for line in (columns, *cells):
            say("\t".join(line))


def _misused(error: typer.TyperException) -> Misused:
    """A wrong call in our words. The parser's own text repeats what was typed, which may be anything."""
    param, ctx = getattr(error, "param", None), getattr(error, "ctx", None)
    command = ctx.command_path if ctx else "hub"
    next_step = f"`{command} --help`"
    if param is not None:
        name = max(param.opts, key=len) if param.param_type_name == "option" else (param.metavar or param.name).upper()
        missing = type(error).__name__ == "MissingParameter"
        return Misused(f"{command}: {name}", "nothing" if missing else "what it cannot be", "a value", next_step)
    commands = getattr(ctx.command, "commands", None) if ctx else None
    expected = f"one of {', '.join(commands)}" if commands else "the arguments and options of this command"
    return Misused(command, "something else", expected, next_step)
