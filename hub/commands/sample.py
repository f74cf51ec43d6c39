"""``hub sample``: writes the invented network alone, for trying the hub's commands by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.demo import CLIENTS, SEED, Clients, Seed
from hub.commands.demo_acts import TORONTO
from hub.commands.frame import Json, say, show_json
from hub.errors import Refused, shape
from hub.sample import search
from hub.sample.directory import write_directory
from hub.sample.network import make_network


def sample(
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    clients: Clients = CLIENTS,
    seed: Seed = SEED,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD; all days count from it.")] = None,
    as_json: Json = False,
) -> None:
    """Write an invented network: a CMS database or the folders of a HARTS site for each agency,
    and the directory as files for `import`.

    Nothing is overwritten: exit code 1 where a database is there already.
    """
    network = make_network(out, clients, seed, _day(today))
    written = [network.database(agency.id) for agency in network.agencies]
    written += [*search.files_below(network.harts.folder), *write_directory(network)]
    if as_json:
        show_json(
            {"seed": seed, "clients": clients, "today": network.today.isoformat(), "files": [str(p) for p in written]}
        )
    else:
        for path in written:
            say(str(path))


def _day(text: str | None) -> date:
    """The day that everything counts from.

    Raises:
        Refused: it is no day.
    """
    if text is None:
        return datetime.now(TORONTO).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("--today", shape(text), "a day as YYYY-MM-DD") from None
