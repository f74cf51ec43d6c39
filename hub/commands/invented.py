"""``hub demo`` and ``hub sample``: the invented network, played and written."""

from __future__ import annotations

import typer

from hub.commands.demo import demo
from hub.commands.sample import sample


def register(app: typer.Typer) -> None:
    """Add both to the root."""
    app.command(epilog="Example: hub demo --once --json")(demo)
    app.command(epilog="Example: hub sample --out network --clients 40 --seed 1")(sample)
