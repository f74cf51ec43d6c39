"""``hub consent add|import|show|withdraw`` and ``hub consent directive add|lift``: the registry at the desk.

Personal values come from a file or standard input, never as arguments. A client is named by the agency's own alias, a
consent by the agency's own number of it. The rules are those of ``hub/desk/consent_file.py`` and ``consents.py``.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from consent.model import Consent, Directive
from consent.model.words import GivenBy
from consent.rows import HOW, column_of
from consent.validity import lacks
from hub.commands import asking, doubt, forms
from hub.commands.agreements import tell, tell_unknown, wait
from hub.commands.directory import File
from hub.commands.frame import (
    DONE,
    REFUSED,
    Agency,
    As,
    Dir,
    Json,
    Misused,
    as_document,
    complain_all,
    opened,
    read_input,
    say,
    show_json,
    show_table,
    who,
)
from hub.desk import consents as desk
from hub.desk.consent_file import Imported, import_consents
from hub.desk.consent_shown import fhir_of_number
from hub.desk.draining import Drained

Alias = Annotated[str, typer.Option("--alias", help="The agency's own alias of the client.")]

_COLUMNS = (
    *("number", "state", "suspended", "recipients", "purposes", "categories"),
    *("valid_from", "expires_at", "incomplete"),
)


def add(
    ctx: typer.Context,
    agency: Agency,
    alias: Alias,
    file: File = "-",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> int:
    """Enter one consent of a client, from a CSV of a header and one line: the columns of v_hub_consent, no client_id.

    A field that is missing leaves it a DRAFT, which opens nothing: it is said which field.
    """
    by = who(ctx, worker)
    data = read_input(file)
    with opened(ctx, folder) as hub:
        found = import_consents(hub.house, data, agency, by, alias=alias)
        drained = wait(ctx, hub, found.drain)
    return _show_import(found, drained, as_json)


def import_(
    ctx: typer.Context, file: File, agency: Agency, folder: Dir = None, worker: As = None, as_json: Json = False
) -> int:
    """Enter the consents of a CSV file: the columns of v_hub_consent with, instead of client_id, identifier_type,
    identifier_value, birth_date, last_name, first_name. Or of a JSON file: a FHIR R4 Consent, or a Bundle of them.

    Every line is checked first. Good lines are filed and their numbers printed; of the others every fault is named with
    line and column, and the exit code is 1. The same file again changes nothing. In consent_id stands the number that
    the hub printed, or the agency's own; without one the whole line is what makes it the same consent. A line that
    withdraws or declines is waited for as `hub consent withdraw` is. A FHIR Consent names the client by the agency's
    alias, and each fault has its element path.
    """
    by = who(ctx, worker)
    data = read_input(file)
    with opened(ctx, folder) as hub:
        found = import_consents(hub.house, data, agency, by)
        drained = wait(ctx, hub, found.drain)
    return _show_import(found, drained, as_json)


def show(
    ctx: typer.Context,
    agency: Agency,
    number: Annotated[str | None, typer.Argument(help="The agency's number of it, or SYSTEM/RECORD.")] = None,
    alias: Annotated[
        str | None, typer.Option("--alias", help="All of a client's consents, and its directives.")
    ] = None,
    fhir: Annotated[bool, typer.Option("--fhir", help="Of NUMBER: as a FHIR R4 Consent, in JSON.")] = False,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Show a consent, or all that a client has given to an agency: states, words and days, no personal value.

    Each look is an entry of the audit log.
    """
    by = who(ctx, worker)
    if (number is None) == (alias is None) or (fhir and number is None):
        raise Misused("NUMBER, --alias", "both or neither", "one of the two", "hub consent show --help")
    with opened(ctx, folder) as hub:
        if fhir:
            show_json(fhir_of_number(hub.house, agency, number or "", by))
            return
        if alias is not None:
            found = desk.look_at_client(hub.house, agency, alias, by)
        else:
            found = desk.look_at_number(hub.house, agency, number or "", by)
        now = hub.house.clock.now()
    rows = [_consent(name, consent, desk.state_at(consent, now)) for name, consent in found.consents]
    directives = [_directive(one) for one in found.directives]
    if as_json:
        show_json({"alias": found.alias, "stands": found.stands, "consents": rows, "directives": directives})
        return
    say(f"client {found.alias}" if found.alias else "a client of another agency")
    show_table(_COLUMNS, [[_cell(row[name]) for name in _COLUMNS] for row in rows], nothing="no consent")
    if found.stands is not None:
        say(f"version {found.stands} counts until this draft is complete")
    for one in directives:
        said = ", ".join(f"{name} {_cell(one[name]) or 'all'}" for name in ("recipients", "purposes", "categories"))
        said += f", record {_cell(one['items'])}" if one["items"] else ""
        meant = f" (means {one['worker']})" if one["worker"] else ""
        told = "" if one["said_by"] == GivenBy.SELF else f", said by {one['said_by']}"
        say(f"directive {one['id']} forbids: {said}{meant}{told}{', these records' if one['items'] else ''}")


def withdraw(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="The agency's number of it, or SYSTEM/RECORD.")],
    agency: Agency,
    how: Annotated[str, typer.Option("--how", help=f"How the client said it: {', '.join(sorted(HOW))}.")],
    said_at: Annotated[str | None, typer.Option("--said-at", help="When: a local day or time. Else now.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Withdraw a consent for good. It comes back when nothing that relied on it is under way, with the receipt."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        drain = desk.withdraw(hub.house, number, agency, by, said_at=said_at, how=how)
        drained = wait(ctx, hub, drain)
    tell(drained, as_json, "The consent is withdrawn")


def add_directive(
    ctx: typer.Context,
    agency: Agency,
    alias: Alias,
    recipient: Annotated[list[str] | None, typer.Option("--recipient", help="Whom it is kept from; else all.")] = None,
    purpose: Annotated[list[str] | None, typer.Option("--purpose", help="For which purpose; else any.")] = None,
    category: Annotated[list[str] | None, typer.Option("--category", help="Which category; else everything.")] = None,
    person: Annotated[
        str | None,
        typer.Option("--worker", help="Whom of the recipient the client means. All of the recipient is kept out."),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", help="One record that is kept back whole, as harbour-cms/note:12; else any."),
    ] = None,
    said_by: Annotated[str, typer.Option("--said-by", help="Who decides for the client.")] = "SELF",
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Write down a client's standing "no". What is left out is forbidden wholly. It holds from now on, until lifted."""
    by = who(ctx, worker)
    wanted = desk.Forbidden(recipient or (), purpose or (), category or (), person, said_by, item or ())
    with opened(ctx, folder) as hub:
        name, drain = desk.forbid(hub.house, agency, alias, by, wanted)
        drained = wait(ctx, hub, drain)
    tell(drained, as_json, f"directive {name} holds from now on", directive=name)


def lift_directive(
    ctx: typer.Context,
    directive: Annotated[str, typer.Argument(help="The directive's id: `hub consent show --alias`.")],
    agency: Agency,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Lift a directive because the client has said so; what it refused is judged again."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        desk.lift(hub.house, directive, agency, by)
    if as_json:
        show_json({"lifted": directive})
    else:
        say("the directive is lifted; what it refused is judged again")


def _show_import(found: Imported, drained: Drained, as_json: bool) -> int:
    complain_all(found.problems)
    rows = [
        {
            "line": one.line,
            "number": one.number,
            "alias": one.alias,
            "state": one.state,
            "missing": list(one.missing),
        }
        for one in found.filed
    ]
    if as_json:
        problems = [as_document(one) for one in found.problems]
        show_json({"filed": rows, "problems": problems, "unknown": list(drained.receipt.unknown)})
    else:
        shown = [(row["line"], row["number"], row["alias"], row["state"], _cell(row["missing"])) for row in rows]
        columns = ("line", "number", "alias", "state", "missing for more than a draft")
        show_table(columns, shown, nothing="no line was filed")
        tell_unknown(drained)
    return REFUSED if found.problems else DONE


def _consent(number: str, consent: Consent, state: str) -> dict[str, Any]:
    return {
        "number": number,
        "version": consent.version,
        "state": state,
        "discloser": consent.discloser,
        "recipients": [one.agency for one in consent.recipients],
        "purposes": [one.value for one in consent.purposes],
        "categories": [one.category.value for one in consent.categories],
        "valid_from": consent.valid_from.isoformat() if consent.valid_from else None,
        "expires_at": consent.expires_at.isoformat() if consent.expires_at else None,
        "suspended": " ".join(filter(None, (consent.doubt, consent.suspended_by))) if state == "SUSPENDED" else "",
        "basis": consent.basis.value if consent.basis else None,
        "incomplete": list(map(column_of, lacks(consent))),
    }


def _directive(no: Directive) -> dict[str, Any]:
    return {
        "id": no.directive_id,
        "recipients": list(no.recipients),
        "purposes": [purpose.value for purpose in no.purposes],
        "categories": [category.value for category in no.categories],
        "items": list(no.items),
        "worker": no.worker,
        "said_by": no.said_by.value,
    }


def _cell(value: object) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, list) else "" if value is None else str(value)


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="What clients have agreed to, and what they forbid.", rich_markup_mode=None)
    desk_options = "--agency harbour --as harbour-worker"
    group.command("add", epilog=f"Example: hub consent add --alias ABCDEFGHIJKL {desk_options} < one.csv")(add)
    group.command("import", epilog=f"Example: hub consent import consents.csv {desk_options}")(import_)
    group.command("show", epilog=f"Example: hub consent show --alias ABCDEFGHIJKL {desk_options}")(show)
    group.command("withdraw", epilog=f"Example: hub consent withdraw ABCDEFGHIJKL --how TELEPHONE {desk_options}")(
        withdraw
    )
    doubt.register(group, desk_options)
    asking.register(group, desk_options)
    forms.register(group)
    directive = typer.Typer(help="A client's standing no.", rich_markup_mode=None)
    example = f"--alias ABCDEFGHIJKL --recipient lakeside {desk_options}"
    directive.command("add", epilog=f"Example: hub consent directive add {example}")(add_directive)
    directive.command("lift", epilog=f"Example: hub consent directive lift DIRECTIVE {desk_options}")(lift_directive)
    group.add_typer(directive, name="directive")
    app.add_typer(group, name="consent")
