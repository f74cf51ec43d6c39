"""``hub subjects decider|capacity|flag …`` and ``show``: what is noted of a client; ``hub/desk/noted.py`` does it."""

from __future__ import annotations

from typing import Annotated

import typer

from consent.model.words import GivenBy, SafetyFlag
from consent.people import EVIDENCE
from hub.commands.agreements import tell, wait
from hub.commands.frame import Agency, As, Dir, Json, moment, opened, say, show_json, show_table, who
from hub.desk import noted as desk
from hub.desk.noted import BARRED, Note, Noted
from hub.desk.who import Who

Alias = Annotated[str, typer.Argument(help="The agency's alias of its client.")]
_ROLES = ", ".join(role for role in GivenBy if role is not GivenBy.SELF)


def add_decider(
    ctx: typer.Context,
    alias: Alias,
    agency: Agency,
    role: Annotated[str, typer.Option("--role", help=f"As what: {_ROLES}.")],
    evidence: Annotated[str, typer.Option("--evidence", help=f"What you have seen: {', '.join(sorted(EVIDENCE))}.")],
    jointly: Annotated[
        bool, typer.Option("--jointly", help="Decides only together with the others of the role.")
    ] = False,
    access_only: Annotated[bool, typer.Option("--access-only", help="A parent with a right of access alone.")] = False,
    barred: Annotated[str, typer.Option("--barred", help=f"Why this one may not: {', '.join(BARRED)}.")] = "",
    until: Annotated[str | None, typer.Option("--until", help="The local day on which the evidence ends.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Note who may decide for a client. No name: the number that is printed stands for them.

    A consent row that they gave names it in `authority_kind`, where several have the role. Drafts that waited for
    nothing else are consents from now on.
    """
    by, note = who(ctx, worker), Note(role, evidence, jointly, access_only, barred, until)
    with opened(ctx, folder) as hub:
        found = desk.add_decider(hub.house, agency, alias, note, by)
        drained = wait(ctx, hub, found.drain)
    tell(
        drained, as_json, _words(found, f"decider {found.number}"), decider=found.number, active=" ".join(found.active)
    )


def end_decider(
    ctx: typer.Context,
    alias: Alias,
    number: Annotated[str, typer.Argument(help="The decider's number.")],
    agency: Agency,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Note that somebody decides no more for a client: what they gave opens nothing any more."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, desk.end_decider(hub.house, agency, alias, number, by).drain)
    tell(drained, as_json, f"decider {number} decides no more")


def found(
    ctx: typer.Context,
    alias: Alias,
    agency: Agency,
    on: Annotated[str | None, typer.Option("--on", help="When it was found: a local day or time. Else now.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Note that a client was found not capable of such decisions. Others decide, by rank, until it is lifted."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        noted = desk.found_incapable(hub.house, agency, alias, by, on=on)
        drained = wait(ctx, hub, noted.drain)
    tell(drained, as_json, _words(noted, "the finding is noted"), active=" ".join(noted.active))


def lifted(
    ctx: typer.Context, alias: Alias, agency: Agency, folder: Dir = None, worker: As = None, as_json: Json = False
) -> None:
    """Note that a client decides again: what others gave for them is to be confirmed by the client."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, desk.lift_finding(hub.house, agency, alias, by).drain)
    tell(drained, as_json, "the client decides again")


def add_flag(
    ctx: typer.Context,
    alias: Alias,
    flag: Annotated[str, typer.Argument(help=f"{', '.join(SafetyFlag)}.")],
    agency: Agency,
    of: Annotated[str | None, typer.Option("--of", help="Of ALLEGED_ABUSER: a decider's number, or a worker.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Raise a safety flag of a client. It never leaves the registry; what it touches is refused or left out."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, desk.add_flag(hub.house, agency, alias, flag, by, of=of).drain)
    tell(drained, as_json, "the flag is up")


def end_flag(
    ctx: typer.Context,
    alias: Alias,
    flag: Annotated[str, typer.Argument(help="The flag.")],
    agency: Agency,
    of: Annotated[str | None, typer.Option("--of", help="Of ALLEGED_ABUSER: whom.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Take a safety flag down that your agency raised."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, desk.end_flag(hub.house, agency, alias, flag, by, of=of).drain)
    tell(drained, as_json, "the flag is down")


def show(
    ctx: typer.Context, alias: Alias, agency: Agency, folder: Dir = None, worker: As = None, as_json: Json = False
) -> None:
    """Show what your agency has noted: who may decide, findings, flags. Each look is an entry of the audit log."""
    by: Who = who(ctx, worker)
    with opened(ctx, folder) as hub:
        known = desk.look(hub.house, agency, alias, by)
    deciders = [
        {
            "decider": each.ref,
            "role": each.role.value,
            "evidence": each.evidence,
            "jointly": each.jointly,
            "access_only": each.access_only,
            "barred": each.barred,
            "from": moment(each.from_at),
            "until": moment(each.ends_at),
        }
        for each in known.deciders
    ]
    findings = [{"found": moment(each.found_at), "lifted": moment(each.lifted_at)} for each in known.findings]
    flags = [{"flag": each.flag.value, "of": each.of} for each in known.raised]
    if as_json:
        show_json({"deciders": deciders, "findings": findings, "flags": flags})
        return
    columns = ("decider", "role", "evidence", "jointly", "access_only", "barred", "from", "until")
    show_table(columns, [[each[name] for name in columns] for each in deciders], nothing="the client decides alone")
    for each in findings:
        say(f"found not capable {each['found']}" + (f", lifted {each['lifted']}" if each["lifted"] else ""))
    said = [each["flag"] + (f" of {each['of']}" if each["of"] else "") for each in flags]
    say(f"flags: {', '.join(said) or 'none'}")


def _words(found: Noted, said: str) -> str:
    more = f"; consents that are no drafts any more: {', '.join(found.active)}" if found.active else ""
    return f"{said}{more}"


def register(group: typer.Typer) -> None:
    """Add what is noted of a client to `hub subjects`."""
    options = "--agency harbour --as harbour-worker"
    decider = typer.Typer(help="Who may decide for a client.", rich_markup_mode=None)
    example = f"ABCDEFGHIJKL --role PARENT --evidence BIRTH_RECORD {options}"
    decider.command("add", epilog=f"Example: hub subjects decider add {example}")(add_decider)
    example = f"ABCDEFGHIJKL MNOPQRSTUVWX {options}"
    decider.command("end", epilog=f"Example: hub subjects decider end {example}")(end_decider)
    group.add_typer(decider, name="decider")
    capacity = typer.Typer(help="Findings that a client cannot decide.", rich_markup_mode=None)
    capacity.command("found", epilog=f"Example: hub subjects capacity found ABCDEFGHIJKL {options}")(found)
    capacity.command("lifted", epilog=f"Example: hub subjects capacity lifted ABCDEFGHIJKL {options}")(lifted)
    group.add_typer(capacity, name="capacity")
    flag = typer.Typer(help="Safety flags; they never leave the registry.", rich_markup_mode=None)
    flag.command("add", epilog=f"Example: hub subjects flag add ABCDEFGHIJKL MAIL_UNSAFE {options}")(add_flag)
    flag.command("end", epilog=f"Example: hub subjects flag end ABCDEFGHIJKL MAIL_UNSAFE {options}")(end_flag)
    group.add_typer(flag, name="flag")
    group.command("show", epilog=f"Example: hub subjects show ABCDEFGHIJKL {options}")(show)
