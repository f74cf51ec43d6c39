"""``hub sample``: writes the invented network alone, for trying the hub's commands by hand."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub.commands.demo import CLIENTS, SEED, Clients, Seed
from hub.commands.demo_acts import TORONTO
from hub.commands.frame import Interrupted, Json, say, show_json
from hub.errors import Refused, shape
from hub.sample import expectation, search, show
from hub.sample.directory import write_directory
from hub.sample.network import make_network

FIRST, LAST = date(2024, 1, 1), date(2099, 12, 31)  # whoever decides alone is born 16 years before (people.py)


def sample(
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    clients: Clients = CLIENTS,
    seed: Seed = SEED,
    today: Annotated[str | None, typer.Option("--today", help="YYYY-MM-DD; all days count from it.")] = None,
    as_json: Json = False,
) -> None:
    """Write an invented network: systems, directory, and what must become of every record.

    Each agency has a CMS database or the folders of its HARTS, CaMS or iCARE; the directory is files for `import`; what
    must become of the records stands in expected.jsonl.

    Nothing is overwritten: exit code 1 where the folder is not empty.
    """
    day = _day(today)
    try:
        with show.counting(Console(stderr=True), clients) as counted:
            network = make_network(out, clients, seed, day, lambda n: counted(n, f"{n} clients written"))
        written = [network.database(agency.id) for agency in network.agencies]
        for site in (*network.sites, network.reporting):
            written += search.files_below(site.folder)
        written += [*write_directory(network), expectation.write(network)]
    except KeyboardInterrupt:
        step = f"empty {out}, and run it again"
        raise Interrupted("hub sample", "an interruption", "to run to its end", step) from None
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
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        day = None
    if day is None or not FIRST <= day <= LAST:
        raise Refused("--today", shape(text), f"a day as YYYY-MM-DD, {FIRST} to {LAST}")
    return day
