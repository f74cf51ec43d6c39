"""``hub consent decide|expiring|simulate``: would it go, and why; what would stop soon, or come out otherwise.

Nothing is sent. Who may ask, say ``hub/desk/asking.py``, ``expiring.py`` and ``simulating.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import orjson
import typer

from consent.decide import decide
from consent.explain import explain, meanings
from consent.facts import policy_digest, read_facts, write_decision
from consent.model import Decision, Facts
from hub.commands.frame import (
    LANGUAGES,
    Agency,
    As,
    Dir,
    Json,
    Misused,
    language,
    moment,
    opened,
    read_input,
    say,
    show_json,
    show_table,
    who,
)
from hub.desk.asking import Answer, would_go
from hub.desk.expiring import DAYS_MAX, expiring
from hub.desk.simulating import DAYS_MAX as BACK_MAX
from hub.desk.simulating import simulate
from hub.model.advice import advice

_TO_DO = {"en": "What to do:", "fr": "À faire :"}


def decide_(
    ctx: typer.Context,
    facts: Annotated[
        str | None, typer.Option("--facts", help="A facts document (schemas/decision/facts-v1.json), or -.")
    ] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="The agency that would refer.")] = None,
    alias: Annotated[str | None, typer.Option("--alias", help="The agency's own alias of the client.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="A service: `hub services list`.")] = None,
    category: Annotated[
        list[str] | None, typer.Option("--category", help="What it would hold; else all that it may.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As things stood at the end of a day, YYYY-MM-DD; by today's packs.")
    ] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="en or fr; else both.")] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Answer whether something may go, in English and French. Any answer is exit code 0; nothing is sent or kept.

    With --facts: from a facts document alone, and no data folder is read. With --agency, --alias and --to: whether a
    referral of that client to that service would go now, and what of it; that look is an entry of the audit log.
    """
    spoken = (language(lang),) if lang else LANGUAGES
    if facts is not None:
        if (agency, alias, to, category, as_of) != (None,) * 5:
            beside = "with --agency, --alias, --to, --category or --as-of"
            raise Misused("--facts", beside, "alone", "hub consent decide --help")
        document = read_facts(read_input(facts, "--facts"))
        _show_answer(document, decide(document), None, spoken, as_json)
        return
    if agency is None or alias is None or to is None:
        raise Misused("--facts", "none", "a facts document, or --agency, --alias and --to", "hub consent decide --help")
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = would_go(hub.house, agency, alias, to, category or (), by, on=as_of)
    _show_answer(found.facts, found.decision, found, spoken, as_json, as_of)


def _show_answer(
    facts: Facts,
    decision: Decision,
    asked: Answer | None,
    spoken: Sequence[Literal["en", "fr"]],
    as_json: bool,
    as_of: str | None = None,
) -> None:
    """An agency sees its own numbers of consents, never the registry's."""
    digest, said = policy_digest(facts), explain(decision)
    if as_json:
        document = {**orjson.loads(write_decision(decision)), "policy_digest": digest, "explained": said._asdict()}
        own = {"basis": list(asked.relied), "goes": [each.value for each in asked.goes]} if asked else {}
        show_json({**document, **own, **({"as_of": as_of} if as_of else {})})
        return
    say(f"{decision.outcome} at {decision.stage}: {', '.join(decision.codes)}")
    for lang in spoken:
        say(getattr(said, lang))
        if not decision.permits:
            say(f"{_TO_DO[lang]} {getattr(advice(decision.codes[0]), lang)}.")
    if asked and asked.relied:
        say(f"on the consent{'s' * (len(asked.relied) > 1)} {', '.join(asked.relied)} (`hub consent show`)")
    if asked and asked.goes:
        say(f"would go: {', '.join(asked.goes)}")
    if decision.permits:
        rows = [
            (item.path, item.category, item.code, getattr(meanings()[item.code], spoken[0]))
            for item in decision.withheld
        ]
        whole = ("withheld", "category", "code", "why")
        columns, first = (
            (("withheld", "code", "why"), 1) if asked else (whole, 0)
        )  # its parts have their category's name
        show_table(columns, [row[first:] for row in rows], nothing="nothing is withheld")
    if as_of:
        say(f"so it stood at the end of {as_of}, by the packs of today")
    elif asked:
        say("so it stands now; the referral itself, and whether its case is open, is judged when it comes")
    else:
        say(f"by the rules {digest} (`policy_digest` of the log's entry, where they are the same)")


def expiring_(
    ctx: typer.Context,
    agency: Agency,
    days: Annotated[int, typer.Option("--days", help=f"How far ahead, 1 to {DAYS_MAX}.")] = 30,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """List the referrals that the agency sent and that would stop within some days: the last day, and why.

    Exit code 0, whatever there is. The look is an entry of the audit log.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = expiring(hub.house, agency, days, by)
    rows = [
        {
            "last_on": each.last_on.isoformat(),
            "referral": each.referral.number,
            "alias": each.alias,
            "sender": each.referral.sender,
            "recipient": each.referral.recipient,
            "state": each.referral.state,
            "code": each.decision.codes[0].value,
            "explained": meanings()[each.decision.codes[0]]._asdict(),
        }
        for each in found
    ]
    if as_json:
        show_json({"days": days, "referrals": rows})
        return
    columns = ("last_on", "referral", "alias", "sender", "recipient", "state", "code")
    nothing = f"no referral under way would stop within {days} days"
    show_table(
        (*columns, "what to do"),
        [(*[str(row[c]) for c in columns], advice(str(row["code"])).en) for row in rows],
        nothing=nothing,
    )


def simulate_(
    ctx: typer.Context,
    draft: Annotated[str, typer.Option("--draft", help="One change, as JSON: a file, or -.")],
    days: Annotated[int, typer.Option("--days", help=f"How far back, 1 to {BACK_MAX}.")] = 30,
    agency: Annotated[
        str | None, typer.Option("--agency", help="What this agency sent; else what anybody sent.")
    ] = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """List the decisions of the last days that would come out otherwise with one thing changed. Nothing is kept.

    Exit code 0, whatever there is. The look is an entry of the audit log.
    """
    by, data = who(ctx, worker), read_input(draft, "--draft")
    with opened(ctx, folder) as hub:
        found = simulate(hub.house, data, days, by, agency=agency)
    rows: list[dict[str, Any]] = [
        {
            "at": moment(each.at),
            "decision": each.decision_id,
            "event": each.event,
            "sender": each.sender,
            "recipient": each.recipient,
            "alias": each.alias,
            "before": [code.value for code in each.before.codes],
            "after": [code.value for code in each.after.codes],
        }
        for each in found.flips
    ]
    counts = {"replayed": found.replayed, "changed_since": found.changed_since, "unreadable": found.unreadable}
    if as_json:
        show_json({"days": days, **counts, "flips": rows})
        return
    columns = ("at", "event", "sender", "recipient", "alias", "before", "after")
    table = [[*[row[name] for name in columns[:5]], ", ".join(row["before"]), ", ".join(row["after"])] for row in rows]
    show_table(columns, table, nothing=f"none of {found.replayed} decisions of {days} days would come out otherwise")
    if rows:
        say(f"{len(rows)} of {found.replayed} decisions of {days} days would come out otherwise")
    if found.changed_since:
        say(
            f"{found.changed_since} would by themselves: rules or packs have changed since (compared without the draft)"
        )
    if found.unreadable:
        say(f"{found.unreadable} could not be read: their facts are of another version")


def register(group: typer.Typer, desk_options: str) -> None:
    """Add them to the group of consents."""
    ids = "--alias ABCDEFGHIJKL --to lakeside-employment"
    group.command("decide", epilog=f"Example: hub consent decide {ids} {desk_options}")(decide_)
    draft = "--draft draft.json --days 30 --as officer"
    group.command("simulate", epilog=f"Example: hub consent simulate {draft}")(simulate_)
    group.command("expiring", epilog=f"Example: hub consent expiring --days 30 {desk_options}")(expiring_)
