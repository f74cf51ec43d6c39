"""``hub agreements add|import|list|suspend|end`` and ``hub suspend|resume``: what may be exchanged, and stopping it.

Whatever is stopped is drained: the command comes back when nothing that relied on it is under way any more, and its
receipt says what had arrived before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from hub.commands.directory import Status, add_file_commands, put
from hub.commands.frame import As, Dir, Json, Misused, opened, say, show_json, show_table, tools, who
from hub.commands.tools import Hub
from hub.desk.sharing import may_go_on
from hub.desk.who import Act, Who, allowed
from hub.directory import AGREEMENT
from hub.exchange.withdraw import Drain, Receipt, end_agreement, resume, suspend
from hub.model.audit import Actor
from hub.model.rows import Handover

WAIT_S = 0.05  # between two looks at what is still under way
KINDS = ("agency", "system", "agreement", "all")

What = Annotated[str, typer.Argument(help="agency, system, agreement or all.")]
Name = Annotated[str, typer.Argument(help="Its id; nothing with `all`.")]


@dataclass(frozen=True, slots=True)
class Drained:
    """A receipt, and the hand-overs that it names."""

    receipt: Receipt
    handovers: Mapping[str, Handover]


def wait(ctx: typer.Context, hub: Hub, drain: Drain) -> Drained:
    """Wait until nothing is under way any more."""
    while (receipt := drain.step()) is None:
        tools(ctx).sleep(WAIT_S)
    with hub.house.store.peek() as rows:
        found = rows.handovers.get([*receipt.arrived, *receipt.not_arrived, *receipt.unknown])
    return Drained(receipt, found)


def tell(drained: Drained, as_json: bool, done: str, **ids: str) -> None:
    """Show the receipt."""
    receipt, found = drained.receipt, drained.handovers
    fates = {"arrived": receipt.arrived, "not_arrived": receipt.not_arrived, "unknown": receipt.unknown}
    if as_json:
        show_json({"done": done, **ids, **fates})
        return
    say(f"{done}. Nothing that relied on it leaves any more.")
    words = {"arrived": "had arrived before", "not_arrived": "did not leave", "unknown": "may have arrived: ask there"}
    shown = [
        (envelope, found[envelope].recipient, found[envelope].referral_no, words[fate])
        for fate, envelopes in fates.items()
        for envelope in envelopes
    ]
    show_table(("message", "recipient", "referral", "what became of it"), shown, nothing="No message relied on it.")


def add(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="An id of your choice.")],
    party_a: Annotated[str, typer.Option("--party-a", help="One agency.")],
    party_b: Annotated[str, typer.Option("--party-b", help="The other agency.")],
    purposes: Annotated[str, typer.Option("--purposes", help="Purposes, with spaces between them.")],
    categories: Annotated[str, typer.Option("--categories", help="Categories, with spaces between them.")],
    events: Annotated[str, typer.Option("--events", help="Message events, with spaces between them.")],
    valid_from: Annotated[str, typer.Option("--valid-from", help="Its first day, YYYY-MM-DD.")],
    expires_on: Annotated[str, typer.Option("--expires-on", help="Its last day; open if left out.")] = "",
    discloser: Annotated[str, typer.Option("--discloser", help="If only one of the two discloses.")] = "",
    status: Status = "active",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Add an agreement between two agencies, or its next version. Without one nothing passes between them."""
    row = {"agreement_id": id, "party_a": party_a, "party_b": party_b, "purposes": purposes, "categories": categories}
    row |= {"events": events, "valid_from": valid_from, "expires_on": expires_on, "discloser": discloser}
    put(ctx, folder, worker, AGREEMENT, {**row, "status": status}, as_json)


def suspend_agreement(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="The agreement's id.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Suspend an agreement, and wait until nothing that relied on it is under way. `hub resume agreement` undoes it."""
    stop(ctx, "agreement", id, folder, worker, as_json)


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
        drained = wait(ctx, hub, end_agreement(hub.house, id, _actor(hub, by)))
    tell(drained, as_json, "The agreement has ended")


def stop(
    ctx: typer.Context, what: What, name: Name = "", folder: Dir = None, worker: As = None, as_json: Json = False
) -> None:
    """Suspend an agency, a system, an agreement, or all exchange, and wait until nothing of it is under way."""
    by = who(ctx, worker)
    _check(what, name)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, suspend(hub.house, what, name, _actor(hub, by)))
    tell(drained, as_json, "All exchange is suspended" if what == "all" else f"{what} {name} is suspended")


def start(
    ctx: typer.Context, what: What, name: Name = "", folder: Dir = None, worker: As = None, as_json: Json = False
) -> None:
    """Let what was suspended take part again; what was refused meanwhile is judged anew."""
    by = who(ctx, worker)
    _check(what, name)
    with opened(ctx, folder) as hub:
        acting = _actor(hub, by)
        if what == "system":
            may_go_on(hub.house, name)
        resume(hub.house, what, name, acting)
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


def _actor(hub: Hub, by: Who) -> Actor:
    with hub.house.store.peek() as rows:
        return allowed(rows.directory.all(), rows.now, by, Act.STOP)


def register(app: typer.Typer) -> None:
    """Add the group and the two verbs to the root."""
    group = typer.Typer(help="What agencies have signed with each other.", rich_markup_mode=None)
    group.command("add", epilog="Example: hub agreements add harbour-lakeside --party-a harbour … --as admin")(add)
    columns = ("id", "version", "parties", "purposes", "events", "valid_from", "expires_at", "status")
    add_file_commands(
        group,
        AGREEMENT,
        "agreements",
        columns,
        lambda found: [
            (
                row.agreement_id,
                row.version,
                " ".join(row.parties),
                " ".join(row.purposes),
                " ".join(row.events),
                row.valid_from.isoformat(),
                row.expires_at.isoformat() if row.expires_at else None,
                row.status,
            )
            for row in found.agreements
        ],
    )
    group.command("suspend", epilog="Example: hub agreements suspend harbour-lakeside --as admin")(suspend_agreement)
    group.command("end", epilog="Example: hub agreements end harbour-lakeside --as admin")(end)
    app.add_typer(group, name="agreements")
    app.command("suspend", epilog="Example: hub suspend agency harbour --as admin")(stop)
    app.command("resume", epilog="Example: hub resume agency harbour --as admin")(start)
