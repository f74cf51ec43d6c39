"""``hub disclosures`` and ``hub requests add|list``: a client asks who got what, and gets an answer that prints.

What may be told and to whom is ``hub/desk/accounting.py``'s, in what words ``hub/account``'s. A name never stands on
the command line: the client is the agency's own alias, or for the hub's officer the registry's reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.account import Disclosure, fhir, page
from hub.account.page import Language
from hub.commands.frame import (
    ROWS_MAX,
    As,
    Dir,
    Json,
    Misused,
    language,
    must_be_new,
    opened,
    put,
    say,
    show_json,
    show_table,
    who,
)
from hub.desk.accounting import ANSWER_WITHIN, Told, answered, look, take_request
from hub.model.rows import Request

Subject = Annotated[
    str, typer.Argument(help="The agency's alias of the client; for the hub, the registry's reference.")
]
Whose = Annotated[str | None, typer.Option("--agency", help="Whose alias it is; an agency's officer need not say it.")]


def disclosures_(
    ctx: typer.Context,
    subject: Subject,
    to: Annotated[str, typer.Option("--to", help="To whom it is given: SELF, the client; a DECIDER is refused yet.")],
    request: Annotated[str, typer.Option("--request", help="The number of the request: `hub requests add`.")],
    agency: Whose = None,
    lang: Annotated[str, typer.Option("--lang", help="en or fr.")] = "en",
    out: Annotated[Path | None, typer.Option("--out", help="A new file for the page to print, HTML.")] = None,
    as_fhir: Annotated[
        bool, typer.Option("--fhir", help="A Bundle of AuditEvents (IHE BALP) on standard output.")
    ] = False,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Tell a client who got what about them, when, why and on what authority, in plain words.

    An agency's officer tells what that agency sent or received, the hub's officer all. Refusals are no disclosures.
    Each run is an entry of the audit log, and answers the request.
    """
    by = who(ctx, worker)
    spoken = language(lang)
    if as_fhir and as_json:
        raise Misused("--fhir, --json", "both", "one of the two", "either is a document on standard output")
    if out is not None:
        must_be_new(out)
    with opened(ctx, folder) as hub:
        told = look(hub.house, subject, agency, by, to=to, request_id=request, as_fhir=as_fhir)
        if out is not None:
            must_be_new(out)
            put(out, page.page(told.account, spoken).encode())
        if told.face is not None:
            show_json(fhir.bundle(told.entries, told.account.disclosures, told.face))
        elif as_json:
            show_json(_document(told, to))
        elif out is None:
            _show(told, spoken)
        answered(hub.house, told, by)


def add(
    ctx: typer.Context,
    subject: Subject,
    agency: Whose = None,
    asked_on: Annotated[str | None, typer.Option("--asked-on", help="The day; else today.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Note that a client has asked who got what about them. The answer is due within 30 days."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        request = take_request(hub.house, subject, agency, by, asked_on=asked_on)
    row = _request(request)
    if as_json:
        show_json(row)
    else:
        say(f"request {request.request_id}, to be answered by {row['due_on']}")


def list_(
    ctx: typer.Context,
    open_only: Annotated[bool, typer.Option("--open", help="Only those without an answer.")] = False,
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """List requests, the oldest first: when each was made, is due and was answered, and how many days it took."""
    with opened(ctx, folder) as hub, hub.house.store.peek() as rows:
        found = [_request(row) for row in rows.requests.every(ROWS_MAX, open_only=open_only)]
    if as_json:
        show_json({"requests": found})
    else:
        columns = ("request", "agency", "asked_on", "due_on", "answered_on", "days")
        show_table(columns, [[row[name] for name in columns] for row in found], nothing="no request")


def _document(told: Told, to: str) -> Mapping[str, Any]:
    account = told.account
    return {
        "request": account.request,
        "to": to,
        "agency": account.agency,
        "made_at": account.made_at.isoformat(),
        "disclosures": [_as_row(each) for each in account.disclosures],
    }


def _as_row(each: Disclosure) -> Mapping[str, Any]:
    consents = [
        {"version": one.version, "discloser": one.discloser, "recorded_at": one.recorded_at} for one in each.grounds
    ]
    return {
        "at": each.at,
        "sender": each.sender,
        "recipient": each.recipient,
        "categories": list(each.categories),
        "purpose": each.purpose,
        "authority": {"code": each.code, "consents": consents},
        "outcome": each.outcome,
        "fate": each.fate,
    }


def _show(told: Told, lang: Language) -> None:
    words = page.spoken(lang)["page"]
    columns = ("at", "recipient", "sender", "categories", "purpose", "authority", "fate")
    rows = [
        (
            *(line.date, line.recipient, line.sender, "; ".join(filter(None, (*line.categories, line.left_out)))),
            *(line.purpose, " ".join(line.authority), line.fate),
        )
        for line in page.lines(told.account, lang)
    ]
    show_table([words[name] for name in columns], rows, nothing=words["nothing"])


def _request(row: Request) -> Mapping[str, Any]:
    answered_on = row.answered_on
    return {
        "request": row.request_id,
        "agency": row.agency,
        "asked_on": row.asked_on.isoformat(),
        "due_on": (row.asked_on + ANSWER_WITHIN).isoformat(),
        "answered_on": answered_on.isoformat() if answered_on else None,
        "days": (answered_on - row.asked_on).days if answered_on else None,
    }


def register(app: typer.Typer) -> None:
    """Add the command and the group to the root."""
    example = "hub disclosures ABCDEFGHIJKL --to SELF --request R2QJ7VXK4MNA --out page.html --as harbour-officer"
    app.command("disclosures", epilog=f"Example: {example}")(disclosures_)
    group = typer.Typer(help="What clients have asked for.", rich_markup_mode=None)
    group.command("add", epilog="Example: hub requests add ABCDEFGHIJKL --as harbour-officer")(add)
    group.command("list", epilog="Example: hub requests list --open")(list_)
    app.add_typer(group, name="requests")
