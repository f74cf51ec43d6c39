"""``hub subjects resolve|duplicates|conflict|find``: whose record it is, as a human says (``hub/desk/people.py``), who
is too near to somebody (``hub/desk/overrides.py``), which client somebody is (``hub/desk/accounting.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from hub.commands import merging, noted
from hub.commands.directory import File
from hub.commands.frame import (
    ROWS_MAX,
    Agency,
    As,
    Dir,
    Json,
    Misused,
    opened,
    read_input,
    say,
    show_json,
    show_table,
    who,
)
from hub.desk.accounting import find_client
from hub.desk.overrides import relate
from hub.desk.people import duplicates, resolve


def resolve_(
    ctx: typer.Context,
    waiting: Annotated[str, typer.Argument(help="The number under which it waits: `hub deliveries waiting`.")],
    same_as: Annotated[str | None, typer.Option("--same-as", help="The agency's alias of its own client.")] = None,
    new: Annotated[bool, typer.Option("--new", help="It is none of them: somebody new.")] = False,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Say whose record it is that stopped as DN_IDENTITY. It is then read again and judged."""
    by = who(ctx, worker)
    if new == bool(same_as):
        raise Misused("--same-as, --new", "both" if new else "neither", "one of the two", "look at the record first")
    with opened(ctx, folder) as hub:
        found = resolve(hub.house, waiting, by, same_as=same_as)
    if as_json:
        document = {"agency": found.agency, "alias": found.alias, "system": found.system, "key": found.record_key}
        show_json({**document, "minted": found.minted})
    else:
        said = "somebody new" if found.minted else "that client"
        say(f"{found.system} {found.record_key} is about {said}, alias {found.alias}. It is read again now.")


def duplicates_(ctx: typer.Context, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """Pairs of people of different agencies who look alike, for the hub's steward or administrator alone.

    Each is shown by the aliases under which its agencies know it. Every look is an entry of the audit log.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        pairs = duplicates(hub.house, by, limit=ROWS_MAX)
    if as_json:
        rows = [{"likeness": pair.likeness, "one": dict(pair.one), "other": dict(pair.other)} for pair in pairs]
        show_json({"pairs": rows})
    else:
        shown = [(pair.likeness, _aliases(pair.one), _aliases(pair.other)) for pair in pairs]
        show_table(("they share", "one", "the other"), shown, nothing="nobody looks like somebody else")


def conflict(
    ctx: typer.Context,
    alias: Annotated[str, typer.Argument(help="The agency's alias of its client.")],
    agency: Agency,
    near: Annotated[str, typer.Option("--worker", help="The worker who is too near to the client.")],
    kind: Annotated[str, typer.Option("--kind", help="relative, partner, friend …; left out: no more.")] = "",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Note that a worker is too near to a client: they declare and review no override about them."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        relate(hub.house, agency, alias, near, kind, by)
    if as_json:
        show_json({"worker": near, "kind": kind or None})
    else:
        say(f"{near} decides nothing about this client" if kind else f"{near} may decide about this client again")


def find_(
    ctx: typer.Context, agency: Agency, file: File = "-", folder: Dir = None, worker: As = None, as_json: Json = False
) -> None:
    """Find an agency's alias of a client by what is on their papers: the agency's alias, or nothing.

    From a file or standard input, a header and one line: identifier_type, identifier_value, birth_date, last_name,
    first_name; without a number the name and the birth date. Every look is an entry of the audit log.
    """
    by = who(ctx, worker)
    data = read_input(file)
    with opened(ctx, folder) as hub:
        alias = find_client(hub.house, agency, data, by)
    if as_json:
        show_json({"alias": alias})
    elif alias:
        say(alias)


def _aliases(known: Mapping[str, str]) -> str:
    return " ".join(f"{agency}:{alias}" for agency, alias in known.items())


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="Whose record is it?", rich_markup_mode=None)
    example = "Example: hub subjects resolve ABCDEFGHIJKL --same-as MNOPQRSTUVWX --as harbour-worker"
    group.command("resolve", epilog=example)(resolve_)
    example = "Example: hub subjects conflict ABCDEFGHIJKL --agency harbour --worker w-301 --kind relative --as w-500"
    group.command("conflict", epilog=example)(conflict)
    group.command("find", epilog="Example: hub subjects find --agency harbour --as harbour-officer < papers.csv")(find_)
    group.command("duplicates", epilog="Example: hub subjects duplicates --as steward")(duplicates_)
    merging.register(group)
    noted.register(group)
    app.add_typer(group, name="subjects")
