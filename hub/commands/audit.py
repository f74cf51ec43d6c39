"""``hub audit verify|prove|export|checkpoint|cosign``: prove the log, hand it out, sign its head, and say it was seen.

The full export is the officer's: its entries name people by the registry's references. Everybody else gets the hashes,
which are enough to verify. An export is itself an entry of the log that it holds.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.audit.cosign import cosign
from hub.audit.own import verify_own
from hub.audit.receipts import consistency, inclusion
from hub.audit.verify import Report, verify_export
from hub.audit.verify.cosigned import with_cosigners
from hub.commands.frame import (
    BROKEN,
    DONE,
    As,
    Dir,
    Json,
    Misused,
    opened,
    put,
    read_input,
    say,
    show_json,
    tools,
    who,
)
from hub.commands.receipt import At, tell
from hub.commands.tools import Hub
from hub.desk.who import Act, Who, allowed
from hub.errors import Refused
from hub.model import locks
from hub.model.audit import AuditEvent, Entry


def verify(
    ctx: typer.Context,
    export: Annotated[
        Path | None, typer.Option("--export", help="The folder of an export; else the hub's log.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="File of the log's public key, from outside.")] = None,
    checkpoint: Annotated[str | None, typer.Option("--checkpoint", help="File of an older checkpoint.")] = None,
    proof: Annotated[str | None, typer.Option("--proof", help="What `hub audit prove` has shown, instead.")] = None,
    cosigner: Annotated[
        list[str] | None, typer.Option("--cosigner", help="File of the public key of who must have cosigned; repeat.")
    ] = None,
    folder: Dir = None,
    as_json: Json = False,
) -> int:
    """Verify every entry of the log, or one proof. Exit code 3 if anything is not as it was signed.

    Of an export, with the key and best with an older checkpoint that both come from somewhere else: without such a
    checkpoint nobody can see that a log ends too early. Of the hub's own log, with the newest checkpoint kept outside.
    """
    if proof is not None:
        if export or cosigner or not key:
            raise Misused("--proof", "no --key, or --export or --cosigner too", "--key FILE", "hub audit verify --help")
        return tell(read_input(proof, "--proof"), key, checkpoint, as_json=as_json)
    if export is None:
        if key or checkpoint:
            raise Misused("--key, --checkpoint", "a file without --export", "--export DIR", "hub audit verify --help")
        report, note = _verify_own(ctx, folder)
    else:
        report, note = _verify_export(export, key, checkpoint)
    lines = [read_input(each, "--cosigner").decode("utf-8", "replace") for each in cosigner or ()]
    report = with_cosigners(report, note, lines)
    if as_json:
        cosigned = [{"name": name, "at": _moment(at)} for name, at in report.cosigned]
        show_json({"ok": report.ok, **asdict(report), "cosigned": cosigned})
    else:
        _tell(report)
    return DONE if report.ok else BROKEN


def _tell(report: Report) -> None:
    """What came of it, for a person."""
    say(f"verified: {report.reason}; root {report.root}" if report.ok else f"NOT VERIFIED: {report.reason}")
    if report.ok and report.proven < report.size:
        say(f"the first {report.proven} of them are as a signed checkpoint says; the others wait for the next one")
    for name, at in report.cosigned:
        say(f"cosigned by {name} at {_moment(at)}")
    for warning in report.warnings:
        say(f"look into it: {warning}")


def _moment(at: int) -> str:
    """Seconds since 1970, which a signature may say as it likes."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{at} s"


def prove(
    ctx: typer.Context,
    entry: Annotated[str | None, typer.Argument(help="The id of an entry, or its index.")] = None,
    since: Annotated[int | None, typer.Option("--from", min=0, help="Entries of an earlier checkpoint.")] = None,
    at: At = None,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; else standard output.")] = None,
    folder: Dir = None,
) -> None:
    """Prove that an entry is in the log, or with --from that the log continues an earlier one. It holds hashes alone.

    `hub audit verify --proof FILE --key FILE` checks it, and so does the file that `hub receipt verifier` prints.
    """
    if (entry is None) == (since is None):
        raise Misused("ENTRY, --from", "both or neither", "one of them", "hub audit prove --help")
    stored = tools(ctx).stored_log(folder)
    try:
        while stored.log.step():
            pass
        name = stored.key.split("+", 1)[0]
        if entry is not None:
            document = inclusion(stored.log, name, entry, at)
        else:
            document = consistency(stored.log, name, since or 0, at)
    finally:
        stored.close()
    if out is None:
        say(document.decode().rstrip())
    else:
        put(out, document)


def export_(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="An empty folder, or none yet.")],
    hashes: Annotated[bool, typer.Option("--hashes", help="Leaf hashes alone.")] = False,
    folder: Dir = None,
    worker: As = None,
    as_json: Json = False,
) -> None:
    """Write the log for a verifier: entries.jsonl (the officer of the hub alone), hashes.jsonl, checkpoint.txt."""
    by = who(ctx, worker)
    with opened(ctx, folder) as hub:
        _enter(hub, by, hashes=hashes)
        note = hub.log.export(out, hashes_only=hashes)
    size = int(note.split(b"\n")[1])
    if as_json:
        show_json({"entries": size, "hashes_only": hashes, "checkpoint": note.decode()})
    else:
        say(f"{size} entries are written. Verify them with the key from outside:")
        say("hub audit verify --export DIR --key FILE --checkpoint FILE")


def checkpoint_(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Sign the head of the log and keep the checkpoint in checkpoints/. Give it to somebody outside."""
    with opened(ctx, folder) as hub:
        while hub.log.step():
            pass
        note = hub.log.checkpoint().decode()
    if as_json:
        show_json({"entries": int(note.split("\n")[1]), "checkpoint": note})
    else:
        say(note.removesuffix("\n"))  # so that what a shell keeps of it is the note, and verifies


def cosigner_(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is called, best a URL without scheme.")],
    key: Annotated[Path, typer.Option("--key", help="The file to make; it stays with its owner.")],
) -> None:
    """Make an officer's key for cosigning checkpoints, and print its public line. No data folder is needed."""
    say(tools(ctx).make_cosigner(key, name))


def cosign_(
    ctx: typer.Context,
    checkpoint: Annotated[Path, typer.Option("--checkpoint", help="The checkpoint; it gets the cosignature.")],
    key: Annotated[Path, typer.Option("--key", help="Your key. What you last cosigned is kept beside it, `.seen`.")],
    log_key: Annotated[str, typer.Option("--log-key", help="File of the log's public key, your own copy.")],
    proof: Annotated[str | None, typer.Option("--proof", help="That it continues the one you cosigned last.")] = None,
) -> None:
    """Say that you have seen a checkpoint, and that it continues the last one. No data folder is needed.

    The proof is what `hub audit prove --from LAST --at THIS` shows. Exit code 3: it is another history.
    """
    signer, seen = tools(ctx).cosigner(key), key.with_name(f"{key.name}.seen")
    note = cosign(
        read_input(str(checkpoint), "--checkpoint"),
        signer,
        int(tools(ctx).now().timestamp()),
        log_key=read_input(log_key, "--log-key").decode("utf-8", "replace"),
        seen=read_input(str(seen), "--key") if seen.exists() else None,
        proof=read_input(proof, "--proof") if proof else None,
    )
    put(seen, note, "--key")  # first: what was signed is never forgotten
    put(checkpoint, note, "--checkpoint")
    say(note.decode().rstrip())


def _enter(hub: Hub, by: Who, *, hashes: bool) -> None:
    """The entry of an export, before anything is written."""
    with hub.house.store.unit(share=[locks.CONFIG]) as unit:
        acting = allowed(unit.directory.all(), unit.now, by, Act.EXPORT_HASHES if hashes else Act.EXPORT)
        details = {"what": "audit log", "form": "hashes" if hashes else "entries"}
        unit.audit.append(Entry(AuditEvent.EXPORT, unit.now, acting, details))


def _verify_own(ctx: typer.Context, folder: Path | None) -> tuple[Report, bytes]:
    """The report, and the checkpoint that the log was held against."""
    stored = tools(ctx).stored_log(folder)
    try:
        while stored.log.step():
            pass
        if stored.checkpoint is None:
            raise Refused(
                "audit log", "no checkpoint outside the database", "one", "`hub audit checkpoint`, then again"
            )
        return verify_own(stored.log, key=stored.key, checkpoint=stored.checkpoint), stored.checkpoint
    finally:
        stored.close()


def _verify_export(export: Path, key: str | None, checkpoint: str | None) -> tuple[Report, bytes]:
    if not key:
        raise Misused(
            "--key", "nothing", "the file of the log's public key", "it comes from the officer, not the export"
        )
    line = read_input(key, "--key").decode("utf-8", "replace")
    note = read_input(checkpoint, "--checkpoint") if checkpoint else None
    report = verify_export(export, key=line, checkpoint=note)
    if note is None and report.ok:
        note = read_input(str(export / "checkpoint.txt"), "--export")
    return report, note or b""


def register(app: typer.Typer) -> None:
    """Add the group to the root."""
    group = typer.Typer(help="The audit log.", rich_markup_mode=None)
    example = "Example: hub audit verify --export export --key hub.pub --checkpoint 120.txt"
    group.command("verify", epilog=example)(verify)
    group.command("prove", epilog="Example: hub audit prove --from 120 --out proof.json")(prove)
    group.command("cosigner", epilog="Example: hub audit cosigner officer.harbour.example.org --key mine.key")(
        cosigner_
    )
    example = "Example: hub audit cosign --checkpoint 426.txt --key mine.key --log-key hub.pub --proof proof.json"
    group.command("cosign", epilog=example)(cosign_)
    group.command("export", epilog="Example: hub audit export --out export --as officer")(export_)
    group.command("checkpoint", epilog="Example: hub audit checkpoint --dir hub-data")(checkpoint_)
    app.add_typer(group, name="audit")
