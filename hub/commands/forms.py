"""``hub consent form|receipt``: a page for a client to sign, and the page that says what was signed.

Which of it may be asked and said is ``hub/desk/forms.py``'s, in what words ``hub/forms``'s. No name of a client stands
on the command line: the form has lines for the pen, a receipt is named by the agency's number of the consent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.commands.frame import As, Dir, Json, Misused, must_be_new, opened, put, show_json, tools, who
from hub.desk.forms import BY_HAND, WAYS, Wording, blank, receipt_of
from hub.errors import shape
from hub.forms.form import form_page, record
from hub.forms.receipt import document, receipt_page

Out = Annotated[Path | None, typer.Option("--out", help="A new file for the page, HTML; else standard output.")]


def form_(
    ctx: typer.Context,
    agency: Annotated[str, typer.Argument(help="The agency that would share.")],
    to: Annotated[str, typer.Option("--to", help="The one agency that would get it.")],
    purpose: Annotated[
        list[str] | None, typer.Option("--purpose", help="What for; else all that the two have agreed on.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", help="en, fr or a BCP 47 tag that there is a text of; else English.")
    ] = None,
    text_version: Annotated[
        str | None, typer.Option("--text-version", help="Of the text; else the newest that the pack knows.")
    ] = None,
    out: Out = None,
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """Write a consent form that prints, for one recipient: plain words, nothing ticked, lines for the pen.

    It asks no more than the agreement and the purposes allow. The last page says what goes into the record.
    """
    if out is not None:
        must_be_new(out)  # before anything is looked at
    with opened(ctx, folder) as hub:
        texts = tools(ctx).texts(folder)
        form, text = blank(hub.house, texts, agency, to, purposes=purpose or (), wording=Wording(lang, text_version))
    said = {column: [code for code, _ in values] for column, values in record(form, text)}
    single = {column: said[column][0] for column in ("recipient_org", "text_version", "language", "notice_version")}
    rest = {"purposes": said["purposes"], "categories": said["categories"], "months_max": form.months_max}
    _write(out, form_page(form, text), {"agency": agency, **single, **rest}, as_json)


def receipt(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="The agency's number of the consent, or SYSTEM/RECORD.")],
    agency: Annotated[
        str | None, typer.Option("--agency", help="The agency that took it; its own worker need not say it.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help=f"How it gets to the client: {', '.join(WAYS)}.")] = BY_HAND,
    lang: Annotated[
        str | None, typer.Option("--lang", help="en, fr or a BCP 47 tag; else the language of the consent.")
    ] = None,
    text_version: Annotated[
        str | None, typer.Option("--text-version", help="In the words of which text; else of the one that was signed.")
    ] = None,
    out: Out = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Write the client's receipt of a consent, as it stands now: who, what, why, until when, and how to stop it.

    For a client with a safety flag on letters or telephone it is refused, but for handing it over on paper. Each run is
    an entry of the audit log.
    """
    by_whom = who(ctx, worker)
    if by not in WAYS:
        raise Misused("--by", shape(by), f"one of {', '.join(WAYS)}", "leave it out for paper, handed over")
    if out is not None:
        must_be_new(out)  # before anything is looked at
    with opened(ctx, folder) as hub:
        texts = tools(ctx).texts(folder)
        found, text = receipt_of(hub.house, texts, number, agency, by_whom, by=by, wording=Wording(lang, text_version))
    _write(out, receipt_page(found, text), document(found, text), as_json)


def _write(out: Path | None, page: str, said: Any, as_json: bool) -> None:
    if out is not None:
        must_be_new(out)  # it may be there by now
        put(out, page.encode())
    if as_json:
        show_json(said)
    elif out is None:
        typer.echo(page)


def register(group: typer.Typer) -> None:
    """Add both to the group of consents."""
    example = "hub consent form harbour --to lakeside --lang fr --out form.html"
    group.command("form", epilog=f"Example: {example}")(form_)
    example = "hub consent receipt ABCDEFGHIJKL --lang fr --out receipt.html --as harbour-worker"
    group.command("receipt", epilog=f"Example: {example}")(receipt)
