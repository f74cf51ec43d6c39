"""``hub deliveries list|retry|dead|waiting`` and ``hub referral list|show``: where things are, and what to do about it.

Ids and codes only: what a message holds, and about whom it is, is nowhere in these lists.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.commands.frame import ROWS_MAX, As, Dir, Json, moment, opened, say, show_json, show_table, who
from hub.desk.advice import delivery_advice, referral_advice
from hub.desk.consents import retry
from hub.errors import Refused, shape
from hub.model.advice import advice
from hub.model.rows import Handover, ReferralEvent, ReferralRow, Waiting
from hub.referral import STATES, TERMINAL

NO_REFERRAL = "no referral yet"


def list_(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """Messages between the two gates: where each is, and what to do about it."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        found = [_handover(row) for row in rows.handovers.every(ROWS_MAX, ended=everything)]
        states = rows.inbox.count_by_state()
    if as_json:
        show_json({"deliveries": found, "messages": states})
        return
    columns = ("id", "recipient", "system", "referral", "state", "tries", "due_at", "what_to_do")
    show_table(columns, [[row[name] for name in columns] for row in found], nothing="nothing is under way")
    if states:
        say("messages so far: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))


def waiting(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Records that were refused or could not be read: why, and what would let them go on."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        found = [_waiting(row) for row in rows.waiting.every(ROWS_MAX)]
    if as_json:
        show_json({"waiting": found})
    else:
        columns = ("id", "system", "record", "code", "since", "again_at", "what_to_do")
        show_table(columns, [[row[name] for name in columns] for row in found], nothing="nothing waits")


def dead(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Records of the bus that were not what had been published. Their messages are published again by themselves."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        found = [
            {"id": row.id, "sha256": row.sha256, "code": row.code, "at": moment(row.at), "place": row.place}
            for row in rows.handovers.aside(ROWS_MAX)
        ]
    if as_json:
        show_json({"dead": found})
        return
    columns = ("id", "sha256", "code", "at", "place")
    show_table(columns, [[row[name] for name in columns] for row in found], nothing="nothing was set aside")
    if found:
        say("Find out who can write to the bus: nothing but the hub should.")


def retry_(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="The id of a message (`list`) or of a waiting record (`waiting`).")],
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Try a stuck message or a waiting record again at once. It takes its usual way and is decided as ever."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        what = retry(hub.house, id, by)
    if as_json:
        show_json({"id": id, "what": what})
    else:
        say("it is due now: `hub work` takes it with its next step")


def list_referrals(
    ctx: typer.Context,
    late: Annotated[bool, typer.Option("--late", help="Only those that should have moved on by now.")] = False,
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """Every referral: who asked whom for what, how far it is, and by when it must have moved on."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        states = STATES - TERMINAL
        every = rows.referrals.late(rows.now, ROWS_MAX, states=states) if late else rows.referrals.every(ROWS_MAX)
        found = [_referral(row) for row in every]
    if as_json:
        show_json({"referrals": found})
    else:
        columns = ("number", "sender", "recipient", "service", "state", "version", "due_at", "what_to_do")
        show_table(columns, [[row[name] for name in columns] for row in found], nothing=NO_REFERRAL)


def list_follow_ups(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """The follow-ups of clients that nobody has made in their window; each until its system says that it was made."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        found = [
            {"system": row.system, "record": row.record_key, "due_on": row.due_on.isoformat()}
            for row in rows.follow_ups.missed(ROWS_MAX)
        ]
    if as_json:
        show_json({"follow_ups": found})
    else:
        columns = ("system", "record", "due_on")
        show_table(columns, [[row[name] for name in columns] for row in found], nothing="no follow-up was missed")


def show(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="The referral's number.")],
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """One referral: every step that it took, oldest first."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        row = rows.referrals.get(number)
        events = [_event(event) for event in rows.referrals.events(number)]
    if row is None:
        raise Refused("NUMBER", shape(number), "the number of a referral", "hub referral list")
    if as_json:
        show_json({**_referral(row), "events": events})
        return
    shown = _referral(row)
    say(f"{shown['sender']} asked {shown['recipient']}: {shown['state']}. {shown['what_to_do']}".rstrip())
    columns = ("version", "transition", "state", "writer", "implied", "reason", "at")
    show_table(columns, [[event[name] for name in columns] for event in events], nothing="no step yet")


def _handover(row: Handover) -> dict[str, Any]:
    return {
        "id": row.envelope_id,
        "recipient": row.recipient,
        "system": row.system,
        "referral": row.referral_no,
        "state": row.state.value,
        "tries": row.attempts,
        "due_at": moment(row.due_at),
        "return_at": moment(row.return_at),
        "problem": row.problem,
        "rejection": row.rejection,
        "what_to_do": delivery_advice(row.state, row.problem, row.rejection),
    }


def _waiting(row: Waiting) -> dict[str, Any]:
    return {
        "id": row.waiting_id,
        "system": row.system,
        "record": row.record_key,
        "code": row.code,
        "since": moment(row.created_at),
        "again_at": moment(row.due_at),
        "tries": row.attempts,
        "what_to_do": row.place or advice(row.code).en,
    }


def _referral(row: ReferralRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "sender": row.sender,
        "recipient": row.recipient,
        "service": row.service,
        "state": row.state,
        "version": row.version,
        "due_at": None if row.due_at is None else row.due_at.isoformat(timespec="seconds"),
        "what_to_do": referral_advice(row.state),
    }


def _event(event: ReferralEvent) -> dict[str, Any]:
    return {
        "version": event.version,
        "transition": event.transition,
        "state": event.state,
        "writer": event.writer,
        "implied": event.implied,
        "reason": event.reason,
        "at": moment(event.at),
    }


def register(app: typer.Typer) -> None:
    """Add the two groups to the root."""
    group = typer.Typer(help="Messages on their way, and records that wait.", rich_markup_mode=None)
    group.command("list", epilog="Example: hub deliveries list --all --json")(list_)
    group.command("retry", epilog="Example: hub deliveries retry ABCDEFGHIJKL --as admin")(retry_)
    group.command("dead", epilog="Example: hub deliveries dead")(dead)
    group.command("waiting", epilog="Example: hub deliveries waiting --json")(waiting)
    app.add_typer(group, name="deliveries")
    referrals = typer.Typer(help="Referrals, without their content.", rich_markup_mode=None)
    referrals.command("list", epilog="Example: hub referral list")(list_referrals)
    referrals.command("show", epilog="Example: hub referral show ABCDEFGHIJKL --json")(show)
    referrals.command("follow-ups", epilog="Example: hub referral follow-ups --json")(list_follow_ups)
    app.add_typer(referrals, name="referral")
