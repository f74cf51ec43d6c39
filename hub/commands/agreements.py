"""``hub suspend|resume`` and ``hub agreements end``: stopping exchange, and letting it go on.

Whatever is stopped is drained: the command comes back when nothing that relied on it is under way any more, and its
receipt says what had arrived before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from hub.commands.frame import As, Dir, Json, Misused, opened, say, show_json, show_table, tools, who
from hub.commands.tools import Hub
from hub.desk import stopping
from hub.desk.draining import Drained, drained
from hub.exchange.withdraw import Drain

IN_A_WORKBOOK = "in a workbook; whether it was uploaded nobody has said yet"
KINDS = ("agency", "system", "agreement", "all")

What = Annotated[str, typer.Argument(help="agency, system, agreement or all.")]
Name = Annotated[str, typer.Argument(help="Its id; nothing with `all`.")]


def wait(ctx: typer.Context, hub: Hub, drain: Drain) -> Drained:
    """Wait until nothing is under way any more."""
    return drained(hub.house, drain, tools(ctx).sleep)


def tell(drained: Drained, as_json: bool, done: str, **more: object) -> None:
    """Show the receipt."""
    receipt = drained.receipt
    fates = {"arrived": receipt.arrived, "not_arrived": receipt.not_arrived, "unknown": receipt.unknown}
    if as_json:
        show_json({"done": done, **more, **fates, "unanswered": receipt.unanswered})
        return
    say(f"{done}. Nothing that relied on it leaves any more.")
    _show_fates(drained, fates, nothing="No message relied on it.")


def tell_unknown(drained: Drained) -> None:
    """After a change of the directory: what may have left as it stood before. All else is judged as it stands now."""
    if drained.receipt.unknown:
        _show_fates(drained, {"unknown": drained.receipt.unknown}, nothing="")


def _show_fates(drained: Drained, fates: Mapping[str, Sequence[str]], *, nothing: str) -> None:
    words = {"arrived": "had arrived before", "not_arrived": "did not leave", "unknown": "may have arrived: ask there"}
    shown = [
        (envelope, drained.handovers[envelope].recipient, drained.handovers[envelope].referral_no, said)
        for fate, envelopes in fates.items()
        for envelope in envelopes
        for said in [IN_A_WORKBOOK if envelope in drained.receipt.unanswered else words[fate]]
    ]
    show_table(("message", "recipient", "referral", "what became of it"), shown, nothing=nothing)


def end(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="The agreement's id.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """End an agreement for good, and wait until nothing that relied on it is under way."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, stopping.end(hub.house, id, by))
    tell(drained, as_json, "The agreement has ended")


def stop(
    ctx: typer.Context, what: What, name: Name = "", folder: Dir = None, worker: As = None, as_json: Json = False
) -> None:
    """Suspend an agency, a system, an agreement, or all exchange, and wait until nothing of it is under way."""
    by = who(ctx, worker)
    _check(what, name)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, stopping.stop(hub.house, what, name, by))
    tell(drained, as_json, "All exchange is suspended" if what == "all" else f"{what} {name} is suspended")


def start(
    ctx: typer.Context, what: What, name: Name = "", folder: Dir = None, worker: As = None, as_json: Json = False
) -> None:
    """Let what was suspended take part again; what was refused meanwhile is judged anew."""
    by = who(ctx, worker)
    _check(what, name)
    with opened(ctx, folder) as hub:
        stopping.go_on(hub.house, what, name, by)
    done = "All exchange goes on" if what == "all" else f"{what} {name} takes part again"
    if as_json:
        show_json({"done": done})
    else:
        say(f"{done}.")


def _check(what: str, name: str) -> None:
    if what not in KINDS:
        raise Misused("WHAT", "another word", ", ".join(KINDS), "`hub suspend --help`")
    if (what == "all") == bool(name):
        raise Misused("NAME", "a name beside all" if name else "nothing", "the id, save with `all`", "give both words")


def register(app: typer.Typer) -> None:
    """Add the two verbs to the root; ``end`` stands in the group of agreements (``directory.py``)."""
    app.command("suspend", epilog="Example: hub suspend agency harbour --as admin")(stop)
    app.command("resume", epilog="Example: hub resume agency harbour --as admin")(start)
