"""``hub receipt get|verify|verifier``: what an agency holds in hand of a message, and how anybody checks it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from hub.audit.receipts import receipt
from hub.audit.verify import proofs, standalone
from hub.commands.frame import BROKEN, DONE, As, Dir, Json, opened, put, read_input, say, show_json, who
from hub.desk.receipts import released

At = Annotated[int | None, typer.Option("--at", min=1, help="Entries of the checkpoint to lead to; else the newest.")]
Key = Annotated[str, typer.Option("--key", help="File of the log's public key, from outside.")]


def get(
    ctx: typer.Context,
    envelope: Annotated[str, typer.Argument(help="The id of a message (`hub deliveries list --all`).")],
    agency: Annotated[str | None, typer.Option("--agency", help="For which of the two; else the worker's own.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; else standard output.")] = None,
    at: At = None,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Give an agency the receipt of a message that was released: what the hub promised, and that it stands in the log.

    It names nobody. The consents in it have the agency's own numbers, so that two agencies cannot compare.
    """
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        found = released(hub.house, envelope, by, agency)
        document = receipt(hub.log, found, hub.house.keys, at)
    if out is None:
        say(document.decode().rstrip())
        return
    put(out, document)
    index = orjson.loads(document)["index"]
    if as_json:
        show_json({"entry": found.entry_id, "index": index, "agency": found.agency})
    else:
        say(f"the receipt of entry {index} is written. Whoever has it and the log's key from elsewhere can check it:")
        say("hub receipt verify FILE --key hub.pub")


def verify(
    document: Annotated[str, typer.Argument(metavar="FILE", help="A receipt, or what `hub audit prove` has shown.")],
    key: Key,
    checkpoint: Annotated[str | None, typer.Option("--checkpoint", help="File of a checkpoint of your own.")] = None,
    as_json: Json = False,
) -> int:
    """Check a receipt without the hub, with a key from outside. Exit code 3 if anything is not as it says."""
    return tell(read_input(document), key, checkpoint, as_json=as_json)


def verifier() -> None:
    """Print one file that checks receipts on a machine without the hub: python3 FILE RECEIPT --key hub.pub."""
    say(standalone.text().rstrip())


def tell(document: bytes, key: str, checkpoint: str | None, *, as_json: bool) -> int:
    """Check a receipt or a proof, and say what came of it."""
    line = read_input(key, "--key").decode("utf-8", "replace")
    found = proofs.judge(document, key=line, checkpoint=read_input(checkpoint, "--checkpoint") if checkpoint else None)
    if as_json:
        show_json({"ok": found.ok, **asdict(found)})
    else:
        say(proofs.in_words(found))
    return DONE if found.ok else BROKEN


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="Receipts of messages that were released.", rich_markup_mode=None)
    group.command("get", epilog="Example: hub receipt get ENVELOPE --out receipt.json --as harbour-worker")(get)
    group.command("verify", epilog="Example: hub receipt verify receipt.json --key hub.pub")(verify)
    group.command("verifier", epilog="Example: hub receipt verifier")(verifier)
    app.add_typer(group, name="receipt")
