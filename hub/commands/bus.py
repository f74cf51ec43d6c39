"""``hub bus provision|status``: the topics, users and rights of Kafka, made and looked at as its administrator.

Passwords are written to files and shown nowhere. A hub whose bus is in its own store needs none of this.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.frame import DONE, REFUSED, As, Dir, Json, opened, say, show_json, show_table, tools, who
from hub.desk.bus import RELAY, provisioning, topics

NEVER = "-"


def provision(
    ctx: typer.Context,
    renew: Annotated[
        list[str] | None, typer.Option("--renew", help=f"An agency, or `{RELAY}`, whose user gets a new password.")
    ] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Make the topic, the user and the rights of every agency and of the relay; mend what is not as it must be.

    Once more does no harm. New passwords lie in files of the data folder, in `bus/`; none is printed.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        agencies = provisioning(hub.house, by, renew or ())
    renewed = ["" if name == RELAY else agencies[name].topic for name in renew or ()]
    done = tools(ctx).bus(folder).provision(topics(agencies), renewed)
    if as_json:
        show_json(done)
        return
    rows = [(what, " ".join(found) if isinstance(found, list) else found) for what, found in done.items() if found]
    show_table(("what", "which"), rows, nothing="it stands so already: nothing was changed")
    if done["passwords"]:
        say("The passwords lie in bus/ of the data folder. Give each agency its own, and then remove that file.")


def status(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> int:
    """Each agency's topic: whether it is there, how long it keeps, how far the hub has read, who may write and read.

    Exit code 1 if anything is not as it must be. Nothing is changed. A lag is empty while Kafka, just begun,
    cannot say.
    """
    with opened(ctx, folder) as hub, hub.house.store.peek() as peek:
        agencies = peek.directory.all().agencies
    by_topic = {agency.topic: agency.id for agency in agencies.values()}
    rows = [{"agency": by_topic[row["topic"]], **row} for row in tools(ctx).bus(folder).status(topics(agencies))]
    wrong = sum(bool(row["what_to_do"]) for row in rows)
    if as_json:
        show_json({"ok": not wrong, "topics": rows})
        return REFUSED if wrong else DONE
    columns = ("agency", "topic", "there", "retention_h", "lag", "may_write", "may_read", "what_to_do")
    show_table(columns, [[_cell(row, name) for name in columns] for row in rows], nothing="no agencies yet")
    say(f"{wrong} topics are not as they must be" if wrong else "all is well")
    return REFUSED if wrong else DONE


def _cell(row: dict[str, object], name: str) -> object:
    if name == "retention_h":
        kept = row["retention_ms"]
        return NEVER if not isinstance(kept, int) else kept // 3_600_000
    value = row[name]
    return " ".join(value) if isinstance(value, list) else value


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="Topics, users and rights of Kafka.", rich_markup_mode=None)
    group.command("provision", epilog="Example: hub bus provision --as admin")(provision)
    group.command("status", epilog="Example: hub bus status --json")(status)
    app.add_typer(group, name="bus")
