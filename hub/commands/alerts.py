"""``hub alerts``: try the ways by which people are told."""

from __future__ import annotations

import typer

from hub.commands.frame import DONE, REFUSED, Dir, Json, as_document, complain_all, show_json, show_table, tools


def try_out(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> int:
    """Send a test to every recipient of every role, and say whom it reached.

    Exit code 1 if a recipient was not reached, or a role has none.
    """
    told = tools(ctx).try_alerts(folder)
    failed = [error for _, errors in told.values() for error in errors]
    if as_json:
        rows = {role: {"reached": n, "failed": [as_document(e) for e in errors]} for role, (n, errors) in told.items()}
        show_json({"roles": rows})
    else:
        shown = [(role, reached, len(errors)) for role, (reached, errors) in told.items()]
        show_table(("role", "reached", "not reached"), shown, nothing="there is no role")
        complain_all(failed)
    return DONE if not failed and all(reached for reached, _ in told.values()) else REFUSED


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(
        help="Who is told when the hub needs a person: see docs/operator.md, Alerts.", no_args_is_help=True
    )
    group.command("test", epilog="Example: hub alerts test --dir hub-data")(try_out)
    app.add_typer(group, name="alerts")
