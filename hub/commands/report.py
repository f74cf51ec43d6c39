"""``hub report retention``: what is old, what of it ends next, and why the rest is kept. Counts only.

``hub report month`` is in ``month.py``.
"""

from __future__ import annotations

import typer

from hub.commands.frame import As, Dir, Json, opened, say, show_json, show_table, who
from hub.commands.month import month
from hub.desk.who import Act, allowed
from hub.exchange import retention


def retention_(ctx: typer.Context, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """What is older than its years, by agency: how much ends with the next pass of `hub work`, and why the rest stays.

    Nothing is deleted by it. Nothing is masked either: give it to nobody else.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        directory = rows.directory.all()
        allowed(directory, rows.now, by, Act.REPORT)
        found = retention.survey(rows, hub.house)
        unsaid = retention.unsaid(hub.house, directory)
    counts = [
        {"agency": agency, "what": room, "why": why, "count": count}
        for agency, rooms in sorted(found.items())
        for room, whys in sorted(rooms.items())
        for why, count in sorted(whys.items())
    ]
    if as_json:
        show_json({"old": counts, "unsaid": [{"agency": agency, "kind": kind} for agency, kind in unsaid]})
        return
    columns = ("agency", "what", "why", "count")
    show_table(columns, [[row[name] for name in columns] for row in counts], nothing="nothing is older than its years")
    for agency, kind in unsaid:
        say(f"{agency}: nothing of {kind} ends before its pack says for how long the agreement keeps its client files")


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="Reports.", rich_markup_mode=None)
    example = "Example: hub report month --month 2026-05 --out may --as officer"
    group.command("month", epilog=example)(month)
    group.command("retention", epilog="Example: hub report retention --as officer")(retention_)
    app.add_typer(group, name="report")
