"""``hub backup`` and ``hub restore``: a whole copy of the store in one file, and back into an empty store.

What is being done is told on standard error while it lasts, since a large store takes minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commands.frame import As, Dir, Json, Misused, read_input, say, show_json, tools, who
from hub.desk.who import Who


def backup(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="A file that is not there yet, best on another disk.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Copy the whole store, as of one moment, into one file, and read it back. The hub may run meanwhile.

    The mappings and packs of the data folder go with it. No key does: keep keys/hub.key and keys/index.key apart.
    """
    made = tools(ctx).back_up(folder, out, who(ctx, worker), _tell)
    if as_json:
        show_json(made)
        return
    say(f"The backup is complete: {made['rows']:,} rows of {made['tables']} tables, as of {made['created_at']};")
    say(f"{made['entries']:,} entries of the log and {len(made['files'])} rule files; read back and verified.")
    say("It is of use only beside keys/hub.key and keys/index.key. Keep these, and checkpoints, in other places.")


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `hub backup` has written.")],
    checkpoint: Annotated[
        list[str] | None, typer.Option("--checkpoint", help="File of a checkpoint from outside; may be repeated.")
    ] = None,
    behind: Annotated[
        bool, typer.Option("--behind", help="Go on where entries are missing; all exchange is then suspended.")
    ] = False,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Bring a backup back into an empty store, of a file or of PostgreSQL. Stop every hub on it first.

    The log in the backup is held against every checkpoint in checkpoints/ and after --checkpoint. Refused where there
    is none, or where one counts more entries: what came after the backup, withdrawals too, would be forgotten.
    """
    if behind and not worker:
        raise Misused("--behind", "no --as", "the id of a worker of the hub", "who goes on says so: --as WORKER")
    by = Who(worker or None, tools(ctx).os_user)
    done = tools(ctx).restore(
        folder, file, [read_input(name, "--checkpoint") for name in checkpoint or ()], by, behind, _tell
    )
    if as_json:
        show_json(done)
    else:
        _say_what(done)


def _say_what(done: Mapping[str, Any]) -> None:
    say(f"The store is back as of {done['created_at']}, with {done['entries']:,} entries of the log.")
    compared, newest = done["checkpoints"], done["newest_checkpoint"]
    say(f"Compared with {compared} checkpoints that lay outside the store; the newest counts {newest:,} entries.")
    for name in done["kept_files"]:
        say(f"Left as it stands, though the backup has another: {name}")
    if not done["suspended"]:
        say("If the hub went on after this backup, somebody has a newer checkpoint: ask before you start it.")
        say("Next: hub doctor; then hub work.")
        return
    say(f"ALL EXCHANGE IS SUSPENDED. Missing from the log: {done['missing']:,} entries, as far as checkpoints tell.")
    say("1. Give the files of checkpoints/before-restore/ to the privacy officer: they prove what was lost.")
    say("2. hub work: agencies' systems are read again, and withdrawals in them heard. Nothing is handed over.")
    say("3. Enter again what was said at the desk since the backup: withdrawals, declines, narrower consents,")
    say("   directives; and what was suspended or ended: agencies, systems, agreements.")
    say("4. Then, and not before: hub resume all --as WORKER")


def _tell(text: str) -> None:
    typer.echo(text, err=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command("backup", epilog="Example: hub backup --out backup-monday.zip --as admin")(backup)
    app.command("restore", epilog="Example: hub restore backup-monday.zip --checkpoint 426.txt")(restore)
