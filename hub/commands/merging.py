"""``hub subjects merge|unmerge``: two files of one person, as the hub's steward says (``hub/desk/merging.py``)."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.agreements import tell, wait
from hub.commands.frame import As, Dir, Json, opened, say, who
from hub.desk import merging
from hub.desk.draining import Drained

One = Annotated[str, typer.Argument(help="A file, as AGENCY:ALIAS: `hub subjects duplicates` lists them.")]


def merge(
    ctx: typer.Context,
    one: One,
    into: Annotated[str, typer.Option("--into", help="The file that is kept, as AGENCY:ALIAS.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Say that two files are one person's.

    What the client has forbidden in either counts for both at once. What the client allowed is suspended, until a
    worker of the agency that shares resumes it: `hub consent resume`. It comes back with the receipt.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        merged = merging.merge(hub.house, one, into, by)
        drained = wait(ctx, hub, merged.drain)
    _tell(drained, as_json, "They are one person now", merged)


def unmerge(
    ctx: typer.Context,
    one: One,
    other: Annotated[str, typer.Argument(help="The other file, likewise.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Say that two files are two people's after all, or that a system is wrong about it.

    Of what you had merged each keeps what the client has forbidden in the other, and all that either allows is
    suspended until it is confirmed: `hub consent resume`. Of what a system alone had said nothing is left. It comes
    back with the receipt.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        parted = merging.unmerge(hub.house, one, other, by)
        drained = wait(ctx, hub, parted.drain)
    if parted.in_doubt or as_json:
        _tell(drained, as_json, "They are two people", parted)
    else:
        say("They are two people. Nothing is in doubt by that.")


def _tell(drained: Drained, as_json: bool, done: str, what: merging.Merged) -> None:
    tell(drained, as_json, done, in_doubt=dict(what.in_doubt))
    if not as_json:
        for agency, count in what.in_doubt.items():
            things = "consent" if count == 1 else "consents"
            say(f"{agency}: {count} {things} to confirm with the client, then `hub consent resume`")


def register(group: typer.Typer) -> None:
    """Add both to the group of subjects."""
    ids = "harbour:ABCDEFGHIJKL"
    group.command("merge", epilog=f"Example: hub subjects merge {ids} --into lakeside:MNOPQRSTUVWX --as steward")(merge)
    group.command("unmerge", epilog=f"Example: hub subjects unmerge {ids} lakeside:MNOPQRSTUVWX --as steward")(unmerge)
