"""``hub override``: a duty of care is declared, approved, ended, reviewed; ``hub/desk/overrides.py`` does it."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.agreements import tell, wait
from hub.commands.frame import DONE, REFUSED, As, Dir, Json, opened, read_input, say, show_json, show_table, who
from hub.commands.metrics import metrics
from hub.desk import overrides as desk
from hub.exchange.declared import END_CAUSES
from hub.model.advice import advice

Id = Annotated[str, typer.Argument(help="The hub's number of the override: `hub override list` shows it.")]


def declare(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="A JSON document in the words of v_hub_override, or -.")],
    system: Annotated[str, typer.Option("--system", help="A system of your agency, for which it is declared.")],
    record: Annotated[str | None, typer.Option("--record", help="SYSTEM/KEY of a record about the client.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> int:
    """Declare a duty of care, and send what the document tells to the one agency that it names, at once.

    For agencies whose system has no form for it. Where a second person must approve, they run `hub override approve`,
    and you run the same command again. Exit code 1: it does not go; what it lacks is said.
    """
    by = who(ctx, worker)
    data = read_input(file)
    with opened(ctx, folder) as hub:
        found = desk.declare(hub.house, data, system, by, record=record)
    if as_json:
        document = {"override": found.override_id, "goes": found.goes, "code": found.code, "place": found.place}
        show_json(document)
    elif not found.code:
        say(f"override {found.override_id}: it has gone already; declare another one for another message")
    elif found.goes:
        say(f"override {found.override_id}: it goes now ({found.code}). Telephone all the same; this meets no duty.")
    else:
        say(f"override {found.override_id}: IT DOES NOT GO ({found.code}). {found.place or advice(found.code).en}")
    return DONE if found.goes or not found.code else REFUSED


def approve(ctx: typer.Context, id: Id, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """Approve an override as a second person, at an account of your own.

    What waited for it in a system goes at once; what was declared by command, when its worker runs the command again.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        changed = desk.approve(hub.house, id, by)
    if as_json:
        show_json({"override": id, "approved": changed})
    else:
        say(f"override {id} is approved" if changed else "nothing was changed: it is used, ended or approved already")


def reached(ctx: typer.Context, id: Id, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """Note that the reporter has reached somebody in person: the duty to report is met."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        desk.reached(hub.house, id, by)
    if as_json:
        show_json({"override": id, "reached": True})
    else:
        say(f"override {id}: the duty to report is met")


def end(
    ctx: typer.Context,
    id: Id,
    cause: Annotated[str, typer.Option("--cause", help=f"Why: {', '.join(END_CAUSES)}.")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """End an override with its cause. It comes back when nothing on it is under way, with the receipt."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drained = wait(ctx, hub, desk.end(hub.house, id, cause, by))
    tell(drained, as_json, f"override {id} has ended")


def list_(
    ctx: typer.Context,
    agency: Annotated[
        str | None, typer.Option("--agency", help="Whose; else your own, and for the hub's officer all.")
    ] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """What is to be done about overrides, the first due first. Every look is an entry of the log."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        due = desk.queue(hub.house, by, agency)
    rows = [
        (
            each.declared.override_id,
            each.review.part.value,
            each.review.due_at.isoformat(timespec="minutes"),
            "LATE" if each.overdue else "",
            each.declared.code,
            each.declared.agency,
            each.declared.recipient,
            each.declared.worker,
        )
        for each in due
    ]
    columns = ("override", "part", "due", "late", "code", "agency", "recipient", "worker")
    if as_json:
        show_json({"due": [dict(zip(columns, row, strict=True)) for row in rows]})
    else:
        show_table(columns, rows, nothing="nothing is due")


def show(ctx: typer.Context, id: Id, folder: Dir = None, worker: As = None, as_json: Json = False) -> None:
    """Show an override with the words that it was declared with. Every look is an entry of the log."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = desk.show(hub.house, id, by)
    declared = found.declared
    facts = {
        "override": declared.override_id,
        "code": declared.code,
        "agency": declared.agency,
        "recipient": declared.recipient,
        "declared": declared.declared_at.isoformat(timespec="minutes"),
        "worker": declared.worker,
        "approved by": declared.approver or "nobody",
        "imminent": "yes" if declared.imminent else "no",
        "went": declared.used_at.isoformat(timespec="minutes") if declared.used_at else "nothing went on it",
        "ended": f"{declared.end_cause} {declared.ended_at.isoformat(timespec='minutes')}" if declared.ended_at else "",
    }
    parts = [
        {"part": each.part.value, "due": each.due_at.isoformat(timespec="minutes"), "outcome": each.outcome or "due"}
        for each in found.reviews
    ]
    if as_json:
        show_json({**facts, "reviews": parts, "words": dict(found.words)})
        return
    show_table(("what", "is"), [(name, value) for name, value in facts.items() if value], nothing="")
    show_table(
        ("part", "due", "outcome"), [tuple(each.values()) for each in parts], nothing="nothing is to be reviewed"
    )
    show_table(("words", ""), list(found.words.items()), nothing="no words are kept: nothing was sent on it")


def review(
    ctx: typer.Context,
    id: Id,
    part: Annotated[str, typer.Option("--part", help="self, supervisor, officer, notice or breach.")],
    outcome: Annotated[str, typer.Option("--outcome", help="UPHELD, UPHELD_EXCESS, NOT_JUSTIFIED, MISUSE, GIVEN …")],
    words: Annotated[str | None, typer.Option("--words", help="A file with the reasons, or -.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why a notice waits: RAISES_DANGER …")] = "",
    recheck_on: Annotated[str, typer.Option("--recheck-on", help="The day to look again, within 30 days.")] = "",
    incident: Annotated[str, typer.Option("--incident", help="Of a breach: the incident's number.")] = "",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Say how a part of a review ended. An excess, an unjustified use or a misuse opens a breach assessment."""
    by = who(ctx, worker)
    text = read_input(words, "--words").decode("utf-8", "replace") if words else ""
    said = desk.Said(part, outcome, text, reason, recheck_on, incident)
    with opened(ctx, folder) as hub:
        done = desk.review(hub.house, id, said, by)
    if as_json:
        show_json({"override": id, "part": done.part.value, "outcome": done.outcome})
    else:
        say(f"override {id}: {done.part.value} is {done.outcome}")


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="Duties of care: declared, approved, ended, reviewed.", rich_markup_mode=None)
    example = "Example: hub override declare danger.json --system harbour-cms --as w-301"
    group.command("declare", epilog=example)(declare)
    group.command("approve", epilog="Example: hub override approve ABCDEFGHIJKL --as w-900")(approve)
    group.command("reached", epilog="Example: hub override reached ABCDEFGHIJKL --as w-301")(reached)
    example = "Example: hub override end ABCDEFGHIJKL --cause danger-passed --as w-301"
    group.command("end", epilog=example)(end)
    group.command("list", epilog="Example: hub override list --agency harbour --as w-500")(list_)
    group.command("show", epilog="Example: hub override show ABCDEFGHIJKL --as w-500")(show)
    example = "Example: hub override review ABCDEFGHIJKL --part officer --outcome UPHELD --words why.txt --as w-500"
    group.command("review", epilog=example)(review)
    group.command("metrics", epilog="Example: hub override metrics --days 30 --as w-500")(metrics)
    app.add_typer(group, name="override")
