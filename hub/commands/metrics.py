"""``hub override metrics``: the figures of consent rules 3.9 for an officer; ``hub/desk/reporting.py`` makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from hub.commands.frame import As, Dir, Json, opened, say, show_json, show_table, who
from hub.commands.tools import Hub
from hub.desk import reporting as desk
from hub.report.metrics import NOT_KEPT, Figure


def metrics(
    ctx: typer.Context,
    days: Annotated[
        int, typer.Option("--days", help="The last so many days; they are held against the 90 before.")
    ] = 30,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Show an officer how overrides are used, and what is alarming of it, by worker and by case. It is entered.

    An agency's officer sees the agency, the hub's officer all. Nothing is masked here: give it to nobody else.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = desk.override_metrics(hub.house, bodies(hub), by, days)
    if as_json:
        window = {"from": found.window.start.isoformat(), "to": found.window.end.isoformat()}
        figures = [asdict(each) for each in found.figures]
        show_json({**window, "agency": found.agency, "figures": figures, "not_kept": [NOT_KEPT]})
        return
    columns = ("metric", "of", "figure", "cases", "out of", "alert", "limit", "overrides")
    show_table(columns, map(_line, found.figures), nothing="nothing was declared")
    say(f"nothing is recorded of this yet: {NOT_KEPT}")


def bodies(hub: Hub) -> Iterator[bytes]:
    """What every entry of the log says, in its order, a page at a time."""
    while hub.log.step():
        pass
    for entry in hub.log.stored():
        yield entry.body


def _line(each: Figure) -> tuple[object, ...]:
    alert = "ALERT" if each.alert else ""
    return (each.name, each.of, _written(each), each.count, each.base, alert, each.limit, " ".join(each.cases))


def _written(each: Figure) -> str:
    if each.value is None:
        return "-"
    if each.unit == "share":
        return f"{each.value:.1%}"
    return f"{each.value:g}" if each.unit == "count" else f"{each.value:g} {each.unit}"
