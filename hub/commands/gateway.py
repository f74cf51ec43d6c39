"""``hub gateway keys|token|list|open|ack|receipt|send|run``: an agency's own machine opens what the hub holds for it.

These need no data folder and no hub beside them: one configuration file says all (``docs/gateway.md``). What is opened
goes into a file; on the screen stand its path and its event, never what is in it. Their libraries take a tenth of a
second to load, so they are imported by the commands that use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.frame import (
    BROKEN,
    DONE,
    REFUSED,
    UNAVAILABLE,
    Json,
    Misused,
    as_document,
    complain_all,
    say,
    show_json,
    show_table,
    tools,
)
from hub.commands.loop import stopping
from hub.errors import HubError, IntegrityBroken, Unavailable

if TYPE_CHECKING:
    from hub.gateway.agent import Agent, Run, Written

Config = Annotated[Path, typer.Option("--config", help="The gateway's configuration (docs/gateway.md).")]
Envelope = Annotated[str, typer.Argument(help="The id of a message, as `hub gateway list` shows it.")]
HERE = Path("gateway.toml")
SLICE_S = 1.0  # of a wait between two runs: a signal is heard after so long


def keys(
    out: Annotated[Path, typer.Option("--out", help="The folder to make them in.")],
    hybrid: Annotated[bool, typer.Option("--hybrid", help="Closed with ML-KEM-768 too: stays closed later.")] = False,
    as_json: Json = False,
) -> None:
    """Make this agency's two keys: one that says who asks, one that content is closed to.

    The private files stay here, their owner's alone; the hub gets jwks.json and hpke.json.
    """
    from hub.gateway.keys import HPKE, JWKS, make_keys  # noqa: PLC0415

    made = make_keys(out, hybrid=hybrid)
    if as_json:
        ids = {"signing_kid": made.signing_kid, "opening_kid": made.opening_kid, "suite": made.suite}
        show_json({**ids, "files": list(made.files)})
        return
    say(f"made: {', '.join(made.files)}")
    say(f"for the hub: hub agencies add AGENCY … --jwks {JWKS} --hpke {HPKE}; the other two never leave this machine")


def token(
    ctx: typer.Context,
    scope: Annotated[str, typer.Option("--scope", help="What it is to open, as SMART scopes.")] = "system/*.cruds",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Print an access token of this agency's client, for curl or another program: five minutes of all that it may.

    It is a key while it lasts: keep it in a variable, not in a file.
    """
    with _agent(ctx, config) as agent:
        found, seconds = agent.token(scope)
    if as_json:
        show_json({"access_token": found, "expires_in": seconds})
    else:
        say(found)


def list_(ctx: typer.Context, config: Config = HERE, as_json: Json = False) -> None:
    """List what waits for this agency: of each conversation the first message. Nothing is opened by it."""
    with _agent(ctx, config) as agent:
        found = agent.list()
    if as_json:
        show_json({"deliveries": [{"envelope": d.envelope, "created": d.created, "size": d.size} for d in found]})
        return
    rows = [(each.envelope, each.created, each.size) for each in found]
    show_table(("envelope", "created", "bytes"), rows, nothing="nothing waits")


def open_(
    ctx: typer.Context,
    envelope: Envelope,
    ack: Annotated[bool, typer.Option("--ack", help="Acknowledge it once it is on the disk.")] = False,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Open a message: decrypt, verify the hub's signature and promise, write it to a file.

    Until it is acknowledged it may be opened again, and may be taken back by its client.
    """
    with _agent(ctx, config) as agent:
        found = agent.open(envelope, acknowledge=ack)
    if as_json:
        show_json({**_written(found), "acknowledged": ack})
    else:
        say(f"{found.event}: {found.path}")
        if not ack:
            say(f"not acknowledged; when it is in safe hands: hub gateway ack {found.envelope}")


def ack(ctx: typer.Context, envelope: Envelope, config: Config = HERE, as_json: Json = False) -> None:
    """Tell the hub that a message is here for good. It deletes its copy then."""
    with _agent(ctx, config) as agent:
        agent.acknowledge(envelope)
    if as_json:
        show_json({"acknowledged": envelope})
    else:
        say("acknowledged")


def receipt(ctx: typer.Context, envelope: Envelope, config: Config = HERE, as_json: Json = False) -> None:
    """Fetch the receipt of a message that this agency received or sent, verify it off line, keep it."""
    with _agent(ctx, config) as agent:
        path, index = agent.receipt(envelope)
    if as_json:
        show_json({"envelope": envelope, "path": str(path), "index": index})
    else:
        say(f"proven: it stands at {index} of the hub's log; kept: {path}")


def send(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A FHIR Bundle of type message.")],
    config: Config = HERE,
    as_json: Json = False,
) -> int:
    """Hand a message in. Sending the same file again is harmless: the hub takes a message once.

    Exit code 0: the hub has it; 1: it was refused, and why stands below; 4: nobody knows, send it again.
    """
    from hub.gateway import outcome  # noqa: PLC0415

    with _agent(ctx, config) as agent:
        answer = agent.send(file)
    said = outcome.parse(answer.body)
    refused = outcome.not_accepted(answer.status, answer.body, answer.retry_after)
    if as_json:
        problems = [as_document(each) for each in refused]
        show_json({"accepted": not refused, "status": answer.status, "answer": said, "problems": problems})
        return _worst(refused)
    complain_all(refused)
    if not refused:
        say("accepted: the hub has it, and hands it over or tells you why not")
        for each in outcome.issues(said):
            say(f"{each.severity}: {'; '.join(part for part in (each.code, each.where, each.text) if part)}")
    return _worst(refused)


def run(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is left to do now.")] = False,
    every: Annotated[int, typer.Option("--every", min=5, max=3600, help="Seconds between two runs.")] = 60,
    config: Config = HERE,
    as_json: Json = False,
) -> int:
    """Do everything: open, verify, write and acknowledge what waits, fetch and verify receipts.

    Without --once it goes on until it is stopped (SIGTERM, SIGINT) or something does not verify. Exit code 0: all
    done, receipts may follow at the next run; 1: something was refused; 3: something did not verify; 4: not now.
    """
    if as_json and not once:
        raise Misused("--json", "a run that goes on", "one document", "with --once")
    with stopping() as stop, _agent(ctx, config) as agent:
        while True:
            code = _one_run(agent, as_json=as_json, once=once)
            if once or code == BROKEN:
                return code
            slept = 0.0
            while slept < every and not stop.asked:
                tools(ctx).sleep(SLICE_S)
                slept += SLICE_S
            if stop.asked:
                return code


def _one_run(agent: Agent, *, as_json: bool, once: bool) -> int:
    """One run, told; what the hub cannot be asked for now ends only a run that stands alone."""
    try:
        done = agent.run()
    except Unavailable as error:
        if once:
            raise
        complain_all([error])
        return UNAVAILABLE
    complain_all(done.problems)
    if as_json:
        show_json(_document(done))
    else:
        for each in done.opened:
            say(f"{each.event}: {each.path}")
        counts = f"{len(done.opened)} opened, {len(done.receipts)} receipts, {len(done.waiting)} receipts not ready yet"
        say(f"{counts}, {len(done.problems)} problems")
    return _worst(done.problems)


def _document(done: Run) -> dict[str, object]:
    return {
        "opened": [_written(each) for each in done.opened],
        "receipts": done.receipts,
        "waiting": done.waiting,
        "problems": [as_document(each) for each in done.problems],
    }


def _written(found: Written) -> dict[str, object]:
    return {"envelope": found.envelope, "event": found.event, "path": str(found.path)}


def _worst(problems: Sequence[HubError]) -> int:
    """The exit code of the gravest: what does not verify, then what was refused, then what can wait."""
    if any(isinstance(each, IntegrityBroken) for each in problems):
        return BROKEN
    if any(not isinstance(each, Unavailable) for each in problems):
        return REFUSED
    return UNAVAILABLE if problems else DONE


def _agent(ctx: typer.Context, config: Path) -> AbstractContextManager[Agent]:
    from hub.gateway.agent import connected  # noqa: PLC0415

    return connected(config, tools(ctx).now, tools(ctx).new_id)


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="On an agency's own machine: open what the hub holds for it.", rich_markup_mode=None)
    group.command("keys", epilog="Example: hub gateway keys --out keys")(keys)
    group.command("token", epilog="Example: hub gateway token --config gateway.toml")(token)
    group.command("list", epilog="Example: hub gateway list --config gateway.toml")(list_)
    group.command("open", epilog="Example: hub gateway open ENVELOPE --ack")(open_)
    group.command("ack", epilog="Example: hub gateway ack ENVELOPE")(ack)
    group.command("receipt", epilog="Example: hub gateway receipt ENVELOPE")(receipt)
    group.command("send", epilog="Example: hub gateway send referral.json")(send)
    group.command("run", epilog="Example: hub gateway run --once --config gateway.toml")(run)
    app.add_typer(group, name="gateway")
