"""``hub incident open|list|show|assess|notice|telephoned|close``: when something went to the wrong place.

Closed words, ids and the sending agency's own alias of its client; no name, and no place for one.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from consent.incident import WITHHELD, Asked, Harm, Kind, Recall
from hub.commands.agreements import wait
from hub.commands.frame import ROWS_MAX, As, Dir, Json, Misused, moment, opened, say, show_json, show_table, who
from hub.commands.tools import Hub
from hub.desk import incidents as desk
from hub.desk.incidents import Found
from hub.desk.who import Who
from hub.model.incidents import Duty, Holding, Incident

Id = Annotated[str, typer.Argument(metavar="INCIDENT", help="The incident's number.")]


def open_(
    ctx: typer.Context,
    deliveries: Annotated[
        list[str] | None, typer.Argument(metavar="[DELIVERY]…", help="Ids of messages: `hub deliveries list --all`.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help=f"{', '.join(Kind)}.")] = Kind.CONSENT_VOID,
    consent: Annotated[
        str | None, typer.Option("--consent", help="The consent that was void: all that was sent on it.")
    ] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="Whose number of the consent it is.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Open an incident. What has not left is stopped; who may hold the rest is told to lay it aside.

    A consent that was void from the start is found so first: nothing passes on it any more.
    """
    by, names = who(ctx, worker), deliveries or []
    if bool(names) == bool(consent) or (consent is not None and (kind != Kind.CONSENT_VOID or agency is None)):
        expected = "deliveries and --kind, or --consent with --agency"
        raise Misused("DELIVERY, --kind, --consent", "another combination", expected, "hub incident open --help")
    with opened(ctx, folder) as hub:
        of = _void(ctx, hub, consent, agency or "", by) if consent else None
        incident = of.incident if of else desk.open_(hub.house, kind, names, by)
        found = desk.look(hub.house, incident.incident_id, by) if incident else None
    if found is not None:
        _show(found, as_json)
    elif as_json:
        show_json({"incident": None, "known": list(of.known) if of else []})
    if of is not None and not as_json:
        _tell_void(of)


def _void(ctx: typer.Context, hub: Hub, number: str, agency: str, by: Who) -> desk.OfVoid:
    void = desk.find_void(hub.house, number, agency, by)
    return desk.open_void(hub.house, void, wait(ctx, hub, void.drain).receipt)


def _tell_void(of: desk.OfVoid) -> None:
    if of.known:
        say(f"What had left on it before is in these open incidents already: {', '.join(of.known)}.")
    elif of.incident is None:
        say("The consent is void, and nothing passes on it any more. Nothing had left on it: there is no incident.")
    if of.left:
        say(f"{of.left} deliveries more left on it: run the same command again for the next incident.")


def list_(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="The closed ones too.")] = False,
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """The incidents: what each is about, and how many notices are late. Nobody is named."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        found = [
            {
                **_incident(each),
                "deliveries": len(rows.incidents.holdings(each.incident_id)),
                "late": desk.overdue(rows.incidents.duties(each.incident_id), rows.now),
            }
            for each in rows.incidents.every(ROWS_MAX, closed=everything)
        ]
    if as_json:
        show_json({"incidents": found})
        return
    columns = ("id", "kind", "state", "opened_at", "harm", "deliveries", "late")
    show_table(columns, [[row[name] for name in columns] for row in found], nothing="no incident")


def show(ctx: typer.Context, incident: Id, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """One incident: who holds what, who is told when, what is still to be done. Each look is an entry of the log."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = desk.look(hub.house, incident, by)
    _show(found, as_json)


def assess(
    ctx: typer.Context,
    incident: Id,
    yes: Annotated[list[str] | None, typer.Option("--yes", help=f"A question: {', '.join(Asked)}.")] = None,
    no: Annotated[list[str] | None, typer.Option("--no", help="The same, once for each.")] = None,
    harm: Annotated[
        str | None, typer.Option("--harm", help=f"{Harm.REAL_RISK}, where you find more than that.")
    ] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Determine the harm: every question is answered. From then on the notices are due that the lanes ask for."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = desk.assess_harm(hub.house, incident, by, yes=yes or (), no=no or (), found=harm)
    _show(found, as_json)


def notice(
    ctx: typer.Context,
    incident: Id,
    number: Annotated[int, typer.Argument(metavar="NOTICE", help="The notice's number in the incident.")],
    given: Annotated[bool, typer.Option("--given", help="It was given.")] = False,
    withheld: Annotated[str | None, typer.Option("--withheld", help=f"Why not: {', '.join(WITHHELD)}.")] = None,
    recheck_on: Annotated[str | None, typer.Option("--recheck-on", help="When it is looked at again: a day.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Write down that a notice was given, or why it is withheld for now."""
    by = who(ctx, worker)
    if given == (withheld is not None):
        raise Misused("--given, --withheld", "both or neither", "one of the two", "hub incident notice --help")
    with opened(ctx, folder) as hub:
        found = desk.tell(hub.house, incident, number, by, withheld=withheld, recheck_on=recheck_on)
    _show(found, as_json)


def telephoned(
    ctx: typer.Context,
    incident: Id,
    deliveries: Annotated[list[str], typer.Argument(metavar="DELIVERY…", help="Whose recipients were told.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Write down that you have told recipients by telephone."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = desk.telephoned(hub.house, incident, deliveries, by)
    _show(found, as_json)


def close(ctx: typer.Context, incident: Id, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """Close an incident. It is kept for 24 months from the day its harm was determined."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = desk.close(hub.house, incident, by)
    _show(found, as_json)


def _show(found: Found, as_json: bool) -> None:
    held = [_holding(found, each) for each in found.holdings]
    owed = [_duty(found, each) for each in found.duties]
    events = [{"at": moment(each.at), "by": each.actor, "what": each.what, "code": each.code} for each in found.events]
    if as_json:
        document = {"incident": _incident(found.incident), "answers": dict(found.incident.answers)}
        show_json({**document, "held": held, "notices": owed, "events": events, "to_do": list(found.missing)})
        return
    shown = _incident(found.incident)
    say(f"incident {shown['id']}: {shown['kind']}, {shown['state']}{', ' + shown['harm'] if shown['harm'] else ''}")
    columns = ("delivery", "sender", "recipient", "client", "categories", "holds_it", "recall", "told_at")
    show_table(columns, [[_cell(row[name]) for name in columns] for row in held], nothing="no delivery")
    names = ("notice", "agency", "told", "client", "law", "regulator", "due_at", "state", "reason", "recheck_at")
    if owed:
        show_table(names, [[_cell(row[name]) for name in names] for row in owed], nothing="")
    for each in found.missing:
        say(f"to do: {each}")


def _incident(row: Incident) -> dict[str, Any]:
    return {
        "id": row.incident_id,
        "kind": row.kind,
        "state": "closed" if row.closed_at else "open",
        "opened_at": moment(row.opened_at),
        "opened_by": row.opened_by,
        "determined_at": moment(row.determined_at),
        "harm": row.harm,
        "closed_at": moment(row.closed_at),
        **({"consent": row.consent_id} if row.consent_id else {}),
    }


def _holding(found: Found, row: Holding) -> dict[str, Any]:
    return {
        "delivery": row.envelope_id,
        "sender": row.sender,
        "recipient": row.recipient,
        "system": row.system,
        "referral": row.referral_no,
        "client": found.aliases.get((row.sender, row.subject_ref or "")),
        "categories": list(row.categories),
        "left_at": None if row.recall == Recall.STOPPED else moment(row.left_at),
        "holds_it": "no" if row.recall == Recall.STOPPED else "yes" if row.certain else "perhaps",
        "recall": row.recall,
        "told_at": moment(row.reached_at),
    }


def _duty(found: Found, row: Duty) -> dict[str, Any]:
    return {
        "notice": row.number,
        "agency": row.agency,
        "told": row.told,
        "client": found.aliases.get((row.agency, row.subject_ref or "")),
        "law": row.law,
        "regulator": row.regulator,
        "due_at": moment(row.due_at),
        "state": row.state,
        "reason": row.reason,
        "at": moment(row.at),
        "by": row.by,
        "recheck_at": moment(row.recheck_at),
    }


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="When something went to the wrong place.", rich_markup_mode=None)
    group.command("open", epilog="Example: hub incident open DELIVERY --kind wrong-person --as officer")(open_)
    group.command("list", epilog="Example: hub incident list --all --json")(list_)
    group.command("show", epilog="Example: hub incident show ABCDEFGHIJKL --as officer")(show)
    example = "Example: hub incident assess ABCDEFGHIJKL --yes safety --no stolen --as officer"
    group.command("assess", epilog=example)(assess)
    example = "Example: hub incident notice ABCDEFGHIJKL 1 --withheld danger --recheck-on 2026-07-01 --as officer"
    group.command("notice", epilog=example)(notice)
    group.command("telephoned", epilog="Example: hub incident telephoned ABCDEFGHIJKL DELIVERY --as officer")(
        telephoned
    )
    group.command("close", epilog="Example: hub incident close ABCDEFGHIJKL --as officer")(close)
    app.add_typer(group, name="incident")
