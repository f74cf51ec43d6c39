"""``hub consent suspend|resume``: a consent in doubt, and its end. The rules are those of ``hub/desk/doubts.py``."""

from __future__ import annotations

from typing import Annotated

import typer

from consent.rows import HOW
from hub.commands.agreements import tell, wait
from hub.commands.frame import Agency, As, Dir, Json, opened, say, show_json, who
from hub.desk import doubts

Number = Annotated[str, typer.Argument(help="The agency's number of it, or SYSTEM/RECORD.")]


def suspend(
    ctx: typer.Context,
    number: Number,
    agency: Agency,
    why: Annotated[str, typer.Option("--why", help=f"What the doubt is: {', '.join(doubts.WHY)}.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Suspend a consent in doubt. It comes back when nothing that relied on it is under way, with the receipt."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, doubts.suspend(hub.house, number, agency, by, why=why))
    tell(drained, as_json, "The consent is suspended")


def resume(
    ctx: typer.Context,
    number: Number,
    agency: Agency,
    version: Annotated[int, typer.Option("--version", help="The version that you looked at: `hub consent show`.")],
    how: Annotated[str, typer.Option("--how", help=f"How the client confirmed it: {', '.join(sorted(HOW))}.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Resume a consent that was suspended so, because the client has confirmed it; what it refused is judged again."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        now = doubts.resume(hub.house, number, agency, by, version=version, how=how)
    if as_json:
        show_json({"resumed": number, "version": now})
    else:
        say(f"the consent holds again, as version {now}; what it refused is judged again")


def register(group: typer.Typer, desk_options: str) -> None:
    """Add both to the group of consents."""
    group.command("suspend", epilog=f"Example: hub consent suspend ABCDEFGHIJKL --why KEEP_OUT {desk_options}")(suspend)
    group.command("resume", epilog=f"Example: hub consent resume ABCDEFGHIJKL --version 2 --how PHONE {desk_options}")(
        resume
    )
