"""``hub agencies|sites|services|workers|agreements add|import|list`` and ``hub agreements end``: who is there, and what
may be exchanged. Forms and checks are ``hub.directory``'s.

A row that replaces another is drained like what is suspended: the command comes back when nothing that relied on the
former one is under way any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer

from hub.commands.agreements import end, tell_unknown, wait
from hub.commands.frame import (
    DONE,
    REFUSED,
    Agency,
    As,
    Dir,
    Json,
    as_document,
    complain_all,
    opened,
    read_input,
    say,
    show_json,
    show_table,
    who,
)
from hub.commands.letting_in import Given, let_in
from hub.desk.configure import add_row, import_rows
from hub.desk.connect import read_keys
from hub.directory import AGENCY, AGREEMENT, SERVICE, SITE, WORKER, Form, Problems
from hub.model.canonical import canonical

Id = Annotated[str, typer.Argument(help="An id of your choice that names no person.")]
File = Annotated[str, typer.Argument(help="A CSV file with a header line, or - for standard input.")]
Status = Annotated[str, typer.Option("--status", help="active, suspended or ended.")]
_WORK = "lakeside-work --agency lakeside --wanted employment --name 'Job search' --system lakeside-cms"
_JWKS = "Its software's public keys: a file (a JWK set), or the https address of one."
_KEY = "A file with the worker's own public key (a JWK, P-384 or Ed25519, with a kid), or -."
_BODY = "What it is to somebody in danger: CHILD_PROTECTION, POLICE, HOSPITAL, CRISIS …; most are nothing of these."
Rows = Callable[[Any], Iterable[Sequence[object]]]  # rows of the directory, as cells


def put(ctx: typer.Context, folder: Dir, worker: As, form: Form[Any], row: dict[str, str], as_json: bool) -> None:
    """Add or replace one row, and say what became of it."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        kept = add_row(hub.house, form, row, by)
        drained = wait(ctx, hub, kept.drain)
    if as_json:
        show_json({"changed": kept.changed, "same": kept.same, "unknown": drained.receipt.unknown})
    else:
        say(f"{form.name} {kept.changed[0]} is kept" if kept.changed else "it stands so already: nothing was changed")
        tell_unknown(drained)


def take_file(ctx: typer.Context, folder: Dir, worker: As, form: Form[Any], file: str, as_json: bool) -> int:
    """Import a CSV file: all of its rows, or none and all that is wrong."""
    by = who(ctx, worker)
    data = read_input(file)
    with opened(ctx, folder) as hub:
        kept = import_rows(hub.house, form, data, by)
        if isinstance(kept, Problems):
            return _refuse(kept, as_json)
        drained = wait(ctx, hub, kept.drain)
    if as_json:
        show_json({"changed": kept.changed, "same": kept.same, "unknown": drained.receipt.unknown, "problems": []})
    else:
        say(f"{len(kept.changed)} {form.name} rows kept, {kept.same} stood so already")
        tell_unknown(drained)
    return DONE


def _refuse(problems: Problems, as_json: bool) -> int:
    """All that is wrong with a file."""
    complain_all(problems.found)
    if as_json:
        found = [as_document(problem) for problem in problems.found]
        show_json({"changed": [], "same": 0, "unknown": [], "problems": found})
    else:
        say(f"nothing was kept: {len(problems.found)} things are wrong; correct them and import the file again")
    return REFUSED


def show_rows(ctx: typer.Context, folder: Dir, name: str, columns: Sequence[str], rows: Rows, as_json: bool) -> None:
    """List rows of the directory."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as peek:
        found = list(rows(peek.directory.all()))
    if as_json:
        show_json({name: [dict(zip(columns, row, strict=True)) for row in found]})
    else:
        show_table(columns, found, nothing=f"no {name} yet: hub {name} add, or hub {name} import FILE")


def add_file_commands(group: typer.Typer, form: Form[Any], name: str, columns: Sequence[str], rows: Rows) -> None:
    """The two commands that every kind of row has: ``import`` and ``list``."""

    def import_(ctx: typer.Context, file: File, folder: Dir = None, worker: As = None, as_json: Json = False) -> int:
        return take_file(ctx, folder, worker, form, file, as_json)

    def list_(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
        show_rows(ctx, folder, name, columns, rows, as_json)

    import_.__doc__ = f"""Add or replace {name} from a CSV file: all rows, or none and every fault with its line.

    Columns: {", ".join(column.name for column in form.columns)}{f", {form.open_prefix}…" if form.open_prefix else ""}.
    """
    list_.__doc__ = f"List the {name} of the directory."
    group.command("import", epilog=f"Example: hub {name} import {name}.csv --as admin")(import_)
    group.command("list", epilog=f"Example: hub {name} list --json")(list_)


def add_agency(
    ctx: typer.Context,
    id: Id,
    name: Annotated[str, typer.Option("--name", help="Its name, for people to read.")],
    lane: Annotated[str, typer.Option("--lane", help="general, womens, custodian, funder, protective, enforcement.")],
    pack: Annotated[str, typer.Option("--pack", help="The jurisdiction pack that governs it.")] = "ca-on",
    status: Status = "active",
    body: Annotated[str, typer.Option("--body", help=_BODY)] = "",
    call_back: Annotated[
        str, typer.Option("--call-back", help="Its number for who receives a danger: 416-555-0142.")
    ] = "",
    jwks: Annotated[str, typer.Option("--jwks", help=_JWKS)] = "",
    hpke: Annotated[str, typer.Option("--hpke", help="A file with the public key that messages are sealed to.")] = "",
    system: Annotated[str, typer.Option("--system", help="The client's id; else the agency's with -fhir.")] = "",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Add an agency, or replace what is known of it; with its keys, let its own software in (FHIR over HTTP)."""
    row = {"id": id, "name": name, "lane": lane, "pack": pack, "status": status, "body": body, "call_back": call_back}
    if jwks or hpke or system:
        let_in(ctx, folder, worker, row, Given(jwks, hpke, system), as_json)
    else:
        put(ctx, folder, worker, AGENCY, row, as_json)


def add_site(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="The place code, as the systems of its kind write it.")],
    agency: Agency,
    kind: Annotated[str, typer.Option("--kind", help="The kind of system that uses the code.")],
    name: Annotated[str, typer.Option("--name", help="Its name, for people to read.")] = "",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Add a place code of an agency."""
    put(ctx, folder, worker, SITE, {"kind": kind, "code": code, "agency": agency, "name": name}, as_json)


def add_service(
    ctx: typer.Context,
    id: Id,
    agency: Agency,
    wanted: Annotated[str, typer.Option("--wanted", help="What it offers: a word of service-wanted.")],
    name: Annotated[str, typer.Option("--name", help="Its name, for people to read.")],
    system: Annotated[str, typer.Option("--system", help="The system that receives referrals for it.")],
    site: Annotated[str, typer.Option("--site", help="The agency's site, where a system is shared.")] = "",
    program: Annotated[str, typer.Option("--program", help="women, newcomer, youth or employment.")] = "",
    required: Annotated[str, typer.Option("--required", help="Categories it cannot do without, with spaces.")] = "",
    answers: Annotated[str, typer.Option("--answers", help="Another system, where its workers answer referrals.")] = "",
    status: Status = "active",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Add a service: what an agency offers, and where referrals for it go."""
    row = {"id": id, "agency": agency, "wanted": wanted, "name": name, "system": system, "site": site}
    row |= {"program": program, "status": status, "required": required, "answers": answers}
    put(ctx, folder, worker, SERVICE, row, as_json)


def add_worker(
    ctx: typer.Context,
    id: Id,
    agency: Annotated[str, typer.Option("--agency", help="The agency's id, or `hub` for the hub itself.")],
    role: Annotated[str, typer.Option("--role", help="worker, supervisor, officer, steward, administrator, …")],
    ended_on: Annotated[str, typer.Option("--ended-on", help="The last day there, YYYY-MM-DD.")] = "",
    reports_to: Annotated[str, typer.Option("--reports-to", help="The worker whose line of report it is in.")] = "",
    key: Annotated[str, typer.Option("--key", help=_KEY)] = "",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Add a worker, or say when one leaves, or register the public key with which they sign over HTTP.

    The row stands as you say it: another --key replaces the key, and without --key there is none any more.

    The first worker of a fresh hub names itself: as long as the directory has no worker of `hub`, one of `hub` may be
    added with its own id behind --as. Everybody after that is added by somebody who is there.
    """
    row = {"id": id, "agency": agency, "role": role, "ended_on": ended_on, "reports_to": reports_to}
    if key:
        row["key"] = canonical(read_keys("--key", read_input(key, "--key"))).decode()
    put(ctx, folder, worker, WORKER, row, as_json)


def add_agreement(
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


def register(app: typer.Typer) -> None:
    """Add the groups to the root."""
    groups: tuple[tuple[str, Form[Any], Any, str, tuple[str, ...], Rows], ...] = (
        ("agencies", AGENCY, add_agency, "harbour --name 'Harbour Centre' --lane general", *_AGENCIES),
        ("sites", SITE, add_site, "TOR01 --agency harbour --kind cms", *_SITES),
        ("services", SERVICE, add_service, _WORK, *_SERVICES),
        ("workers", WORKER, add_worker, "admin --agency hub --role administrator", *_WORKERS),
    )
    for name, form, add, example, columns, rows in groups:
        group = typer.Typer(help=f"The {name} of the directory.", rich_markup_mode=None)
        group.command("add", epilog=f"Example: hub {name} add {example} --as admin")(add)
        add_file_commands(group, form, name, columns, rows)
        app.add_typer(group, name=name)
    _register_agreements(app)


def _register_agreements(app: typer.Typer) -> None:
    group = typer.Typer(help="What agencies have signed with each other.", rich_markup_mode=None)
    parties = "harbour-lakeside --party-a harbour --party-b lakeside --valid-from 2026-01-01"
    agreed = "--purposes REFERRAL --categories 'IDENT NEEDS' --events add-service-request"
    example = f"hub agreements add {parties} {agreed} --as admin"
    group.command("add", epilog=f"Example: {example}")(add_agreement)
    add_file_commands(group, AGREEMENT, "agreements", *_AGREEMENTS)
    group.command("end", epilog="Example: hub agreements end harbour-lakeside --as admin")(end)
    app.add_typer(group, name="agreements")


_AGENCIES = (
    ("id", "name", "lane", "pack", "status", "body"),
    lambda found: [(row.id, row.name, row.lane, row.pack, row.status, row.body) for row in found.agencies.values()],
)
_SITES = (
    ("kind", "code", "agency", "name"),
    lambda found: [(row.kind, row.code, row.agency, row.name) for row in found.sites],
)
_SERVICES = (
    ("id", "agency", "wanted", "name", "system", "answers", "site", "status"),
    lambda found: [(s.id, s.agency, s.wanted, s.name, s.system, s.answers, s.site, s.status) for s in found.services],
)
_WORKERS = (
    ("id", "agency", "role", "reports_to", "key", "ended_at"),
    lambda found: [
        (row.id, row.agency, row.role, row.reports_to, row.key.get("kid", ""), row.ended_at)
        for row in found.workers.values()
    ],
)
_AGREEMENTS = (
    ("id", "version", "parties", "purposes", "events", "valid_from", "expires_at", "status"),
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
