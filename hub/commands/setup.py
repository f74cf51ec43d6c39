"""``hub init``, ``hub migrate``, ``hub doctor``: prepare a data folder, bring it up to date, say what is wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.frame import DONE, REFUSED, Dir, Json, say, show_json, show_table, tools


def init(
    ctx: typer.Context,
    folder: Dir = None,
    name: Annotated[str | None, typer.Option("--name", help="The log's name, a URL without scheme.")] = None,
    passwords: Annotated[
        bool, typer.Option("--passwords", help="Only make the password files that the settings name, and stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prepare a data folder: keys, an empty store, a place for checkpoints. What is there already is left as it is.

    With --passwords nothing but the passwords of servers that start beside the hub and take them from there.
    """
    if passwords:
        made = tools(ctx).make_passwords(folder)
        if as_json:
            show_json({"made": made})
        else:
            say(f"Made: {', '.join(made)}" if made else "All are there already.")
        return
    key = tools(ctx).prepare(folder, name)
    if as_json:
        show_json({"log_key": key})
        return
    say("The data folder is ready. Keep a copy of keys/hub.key and keys/index.key apart from the database.")
    say(f"The log's public key, for whoever verifies it: {key}")
    say("Next: hub workers add NAME --agency hub --role administrator --as NAME")


def migrate(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Bring the store of a data folder to the version of this program."""
    tools(ctx).migrate(folder)
    if as_json:
        show_json({"migrated": True})
    else:
        say("The store is at the version of this program.")


def doctor(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> int:
    """Look at settings, keys, store, log, packs, mappings, systems and clock; say what is wrong and what to do.

    Exit code 1 if anything is wrong. Nothing is changed.
    """
    findings = tools(ctx).examine(folder)
    wrong = sum(not finding.ok for finding in findings)
    if as_json:
        rows = [{"place": f.place, "ok": f.ok, "text": f.text, "next_step": f.next_step} for f in findings]
        show_json({"ok": not wrong, "findings": rows})
    else:
        shown = [("ok" if f.ok else "WRONG", f.place, f.text, f.next_step) for f in findings]
        show_table(("", "where", "what was seen", "what to do"), shown, nothing="nothing to look at")
        say(f"{wrong} findings" if wrong else "all is well")
    return REFUSED if wrong else DONE


def register(app: typer.Typer) -> None:
    """Add the commands to the root."""
    app.command(epilog="Example: hub init --dir hub-data --name hub.example.org/log")(init)
    app.command(epilog="Example: hub migrate --dir hub-data")(migrate)
    app.command(epilog="Example: hub doctor --dir hub-data --json")(doctor)
