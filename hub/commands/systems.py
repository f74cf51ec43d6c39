"""``hub systems add|import|list|check|fetch|send|submit|observe|matrix``, ``hub mappings check|loss|export``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from hub.commands import mappings
from hub.commands.directory import Id, Status, add_file_commands, put
from hub.commands.frame import (
    DONE,
    REFUSED,
    Agency,
    As,
    Dir,
    Json,
    Misused,
    opened,
    say,
    show_json,
    show_table,
    who,
)
from hub.commands.matrix import matrix
from hub.commands.observe import observe
from hub.commands.submit import submit
from hub.commands.tools import Hub
from hub.desk.systems import asked
from hub.directory import SYSTEM
from hub.directory.cells import seen
from hub.errors import HubError, Refused
from hub.exchange import intake
from hub.model.directory import System
from hub.model.envelope import ENDS

SystemId = Annotated[str, typer.Argument(help="The system's id.")]


def add(
    ctx: typer.Context,
    id: Id,
    agency: Agency,
    kind: Annotated[str, typer.Option("--kind", help="The kind of system, as cms.")],
    setting: Annotated[list[str] | None, typer.Option("--setting", help="NAME=VALUE, once for each setting.")] = None,
    status: Status = "active",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Connect a system of an agency, or change its settings. `hub systems check` then looks at the connection."""
    row = {"id": id, "agency": agency, "kind": kind, "status": status}
    for text in setting or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise Misused(
                "--setting", "a word without =", "NAME=VALUE", "for a cms: --setting path=/data/cms.sqlite, or url=…"
            )
        row[f"settings.{name}"] = value
    put(ctx, folder, worker, SYSTEM, row, as_json)


def check(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="One system; else all of them.")] = "",
    folder: Dir = None,
    as_json: Json = False,
) -> int:
    """Look at the connection to a system: its database, rights and settings. Exit code 1 if anything is wrong.

    A suspended one is looked at too: nothing is read or sent by it.
    """
    with opened(ctx, folder) as hub:
        found = [row for system in _systems(hub, id) for row in _look(hub, system)]
    wrong = sum(not row["ok"] for row in found)
    if as_json:
        show_json({"ok": not wrong, "findings": found})
    else:
        shown = [
            ("ok" if row["ok"] else "WRONG", row["system"], row["place"], row["text"], row["next_step"])
            for row in found
        ]
        show_table(("", "system", "where", "what was seen", "what to do"), shown, nothing="no system is connected yet")
    return REFUSED if wrong else DONE


def fetch(ctx: typer.Context, id: SystemId, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """Read what changed at a system now: one page, judged as it always is."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        system = asked(hub.house, id, "fetch", by)
        before = _accepted(hub)
        read = intake.step(hub.house, system)
        accepted = _accepted(hub) - before
    if as_json:
        show_json({"system": system.id, "read": read, "accepted": accepted})
    else:
        nothing = "nothing to read: nothing has changed, or a worker reads it"
        say(f"{system.id}: " + (f"{accepted} messages were decided" if read else nothing))


def send(ctx: typer.Context, id: SystemId, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """Hand over to a system now what is due for it: one batch, decided again as it always is."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        system = asked(hub.house, id, "send", by)
        with hub.house.store.peek() as rows:
            due = [row.envelope_id for row in rows.handovers.due(system.id, rows.now, hub.house.limits.batch)]
        done = hub.exchange.hand_over(system)
        with hub.house.store.peek() as rows:
            ended = sum(row.state in ENDS for row in rows.handovers.get(due).values())
    if as_json:
        show_json({"system": system.id, "handed_over": done, "due": len(due), "ended": ended})
    elif not done:
        say(f"{system.id}: nothing is due, or its next batch is closed later")
    else:
        say(f"{system.id}: {ended} of {len(due)} due were handed over or ended; `hub deliveries list` has the rest")


def _systems(hub: Hub, id: str) -> list[System]:
    with hub.house.store.peek() as rows:
        systems = rows.directory.all().systems
    if id and id not in systems:
        raise Refused("SYSTEM", seen(id), "the id of a system of the directory", "hub systems list")
    return [systems[id]] if id else list(systems.values())


def _look(hub: Hub, system: System) -> Iterator[dict[str, Any]]:
    if system.status == "suspended":
        step = "`hub resume system` lets it take part"
        yield {"system": system.id, "place": "status", "ok": True, "text": system.status, "next_step": step}
    try:
        found = hub.house.connections.check(system)
    except HubError as error:
        text = f"{error.got}, expected {error.expected}" if error.expected else error.got
        yield {"system": system.id, "place": error.where, "ok": False, "text": text, "next_step": error.next_step}
        return
    for one in found:
        row = {"place": one.place, "ok": one.ok, "text": one.text, "next_step": one.next_step}
        yield {"system": system.id, **row}


def _accepted(hub: Hub) -> int:
    with hub.house.store.peek() as rows:
        return sum(rows.inbox.count_by_state().values())


def register(app: typer.Typer) -> None:
    """Add the two groups to the root."""
    group = typer.Typer(help="The agencies' systems and the connections to them.", rich_markup_mode=None)
    example = "harbour-cms --agency harbour --kind cms --setting path=/data/cms.sqlite"
    group.command("add", epilog=f"Example: hub systems add {example} --as admin")(add)
    columns = ("id", "agency", "kind", "status", "settings")  # names of settings alone: a value may be a secret
    add_file_commands(
        group,
        SYSTEM,
        "systems",
        columns,
        lambda found: [
            (row.id, row.agency, row.kind, row.status, " ".join(sorted(row.settings))) for row in found.systems.values()
        ],
    )
    group.command("check", epilog="Example: hub systems check harbour-cms")(check)
    group.command("fetch", epilog="Example: hub systems fetch harbour-cms --as admin")(fetch)
    group.command("send", epilog="Example: hub systems send lakeside-cms --as admin")(send)
    group.command("submit", epilog="Example: hub systems submit harbour-cms enquiry.json --as harbour-worker")(submit)
    group.command("observe", epilog="Example: hub systems observe harbour-cms --as admin")(observe)
    group.command("matrix", epilog="Example: hub systems matrix --from cms --to harts")(matrix)
    app.add_typer(group, name="systems")
    group = typer.Typer(help="How a kind of system becomes FHIR and back.", rich_markup_mode=None)
    group.command("check", epilog="Example: hub mappings check --dir hub-data")(mappings.check)
    group.command("loss", epilog="Example: hub mappings loss cms --json")(mappings.loss)
    group.command("export", epilog="Example: hub mappings export cms --out concept-maps")(mappings.export)
    app.add_typer(group, name="mappings")
