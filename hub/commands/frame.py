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
from contextlib import contextmanager, suppress
from datetime import datetime
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperGroup

from hub.audit.files import write_whole
from hub.commands.misuse import called, wrong
from hub.commands.tools import Hub, Tools
from hub.errors import HubError, IntegrityBroken, Refused, Unavailable, Unexpected

if TYPE_CHECKING:  # `hub --help` loads this file, and neither of these
    from hub.audit.log import AuditLog
    from hub.desk.who import Who

DONE, REFUSED, MISUSED, BROKEN, UNAVAILABLE = range(5)
INTERRUPTED = 130  # as shells say SIGINT: 128 and its number
INPUT_MAX = 16 * 1024 * 1024  # bytes of a file that a command is handed; what reads it may take less
ROWS_MAX = 1_000  # rows of one list; more is for a program that asks the store

Dir = Annotated[  # without a right to read it, its own error says so
    Path | None, typer.Option("--dir", help="The data folder; else HUB_DIR, else ./hub-data.", readable=False)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
As = Annotated[str | None, typer.Option("--as", help="The worker in whose name it is done; see `hub workers list`.")]
Agency = Annotated[str, typer.Option("--agency", help="The agency's id.")]
LANGUAGES: tuple[Literal["en"], Literal["fr"]] = ("en", "fr")


class Misused(Refused):
    """A command was called in a way that it cannot be."""


class Interrupted(HubError):
    """Somebody stopped a command before its end (SIGINT, Ctrl-C)."""


class HubGroup(TyperGroup):
    """The root of all commands: whatever happens below ends as an exit code and one line."""

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> Any:
        """Run the command line; never returns."""
        argv = list(sys.argv[1:] if args is None else args)
        error: HubError | None = None
        extra |= {"standalone_mode": False, "prog_name": "hub"}  # also where it was started as `python -m hub`
        try:
            _must_be_text(argv)
            code = super().main(argv, **extra)
            if code == INTERRUPTED:
                error = _interrupted(self, argv)
        except KeyboardInterrupt:
            error = _interrupted(self, argv)
        except HubError as met:
            error = met
        except typer.TyperException as met:
            error = Misused(*wrong(met, called(self, argv)))
        except OSError as met:
            error = _machine(met)
        except Exception as met:  # noqa: BLE001 - its text may hold anything (INV-1): only its kind and line are told
            error = Unexpected.met("hub", met)
        if error is not None:
            with suppress(OSError):  # there is nobody to tell
                code = REFUSED
                code = complain(
                    error, as_json="--json" in argv, step="" if error.next_step else called(self, argv).help
                )
        sys.exit(code if isinstance(code, int) else DONE)


def _interrupted(root: HubGroup, argv: Sequence[str]) -> Interrupted:
    """Its file may not be loaded yet, so the first word alone is looked at."""
    where = " ".join(["hub", *(name for name in root.commands if name in argv[:1])])
    step = "what it did stands whole or not at all: see whether it does, then run the command again"
    return Interrupted(where, "an interruption", "to run to its end", step)


def _machine(error: OSError) -> Unavailable:
    """What the machine refuses where nothing of ours expects it: a full disk, a missing right. Its path is not told."""
    met = Unexpected.met("hub", error)
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    step = "make room, or mend the rights, and run the command again"
    return Unavailable("hub", f"{reason} ({met.got})", "files and folders that can be read and written", step)


def _must_be_text(argv: Sequence[str]) -> None:
    for number, word in enumerate(argv, start=1):
        if any("\ud800" <= char <= "\udfff" for char in word):
            raise Misused(f"word {number}", "bytes that are no UTF-8", "text", "type it again")


def tools(ctx: typer.Context) -> Tools:
    """What this command was handed."""
    root = ctx.find_root()
    if callable(root.obj):
        root.obj = root.obj()  # made once, for the first command that asks
    assert isinstance(root.obj, Tools), "hub/__main__.py hands every command its tools"
    return root.obj


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
    from hub.desk.who import Who  # noqa: PLC0415 - see above

    return Who(worker, tools(ctx).os_user)


def language(lang: str) -> Literal["en", "fr"]:
    """A language that workers and officers are answered in.

    Raises:
        Misused: the hub does not speak it.
    """
    for known in LANGUAGES:
        if known == lang:
            return known
    raise Misused("--lang", "another word", f"one of {', '.join(LANGUAGES)}", "leave it out for what is usual")


def read_input(name: str, place: str = "FILE") -> bytes:
    """The bytes of a file, or of standard input where its name is ``-``.

    Args:
        place: the argument or option that named it.

    Raises:
        Refused: it cannot be read, is no file (a device, a named pipe, which may never end), or is too long.
    """
    if name == "-":
        data = sys.stdin.buffer.read(INPUT_MAX + 1)
    else:
        try:
            data = _read_file(name, place)
        except (OSError, ValueError) as error:  # a name with a zero byte is no name
            reason = getattr(error, "strerror", None) or "no name of a file"
            raise Refused(place, reason, "a file that can be read, or -", "look at its name and its rights") from None
    if len(data) > INPUT_MAX:
        raise Refused(place, f"more than {INPUT_MAX} bytes", f"at most {INPUT_MAX}", "name another, or a part of it")
    return data


def _read_file(name: str, place: str) -> bytes:
    """A regular file, no further than is needed to see that it is too long."""
    with open(os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # a pipe would wait here
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        if not stat.S_ISREG(mode):
            raise Refused(place, "a device or a pipe", "a file, or - for standard input", "name a file")
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
        raise Refused(
            "--out", "a name that this machine does not take", "a shorter or another one", "name another"
        ) from None
    raise Refused("--out", "what is there already", "a new one", "name another")


def complain(error: HubError, *, as_json: bool, step: str = "") -> int:
    """Say what is wrong, and how the command ends.

    Args:
        step: what to do, where the error does not say it.
    """
    typer.echo(f"{error}; {step}" if step else str(error), err=True)
    if as_json:
        document = {**as_document(error), "next_step": error.next_step or step}
        show_json({"error": {"kind": type(error).__name__, **document}})
    ends = ((IntegrityBroken, BROKEN), (Unavailable, UNAVAILABLE), (Misused, MISUSED), (Interrupted, INTERRUPTED))
    return next((code for kind, code in ends if isinstance(error, kind)), REFUSED)


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
