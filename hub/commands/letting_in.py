"""What ``hub agencies add --jwks`` does more: keep the agency's client, and print what its software must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from hub.commands.agreements import tell_unknown, wait
from hub.commands.frame import opened, read_input, say, show_json, tools, who
from hub.desk.connect import ClientKeys, client_of, connect, read_keys

GATEWAY = "hub gateway run --config gateway.toml"


@dataclass(frozen=True, slots=True)
class Given:
    """What the command was given of a client; "" for what it was not.

    Args:
        jwks: a file of its keys, or their https address.
        hpke: a file of the key to which what it opens is sealed.
        client: its id, where it is not :func:`hub.desk.connect.client_of`.
    """

    jwks: str
    hpke: str
    client: str


def let_in(
    ctx: typer.Context,
    folder: Path | None,
    worker: str | None,
    row: Mapping[str, str],
    given: Given,
    as_json: bool,
) -> None:
    """Keep an agency and its client."""
    by, client = who(ctx, worker), given.client or client_of(row["id"])
    keys = ClientKeys(
        _jwks(given.jwks) if given.jwks else None,
        read_keys("--hpke", read_input(given.hpke, "--hpke")) if given.hpke else None,
    )
    with opened(ctx, folder) as hub:
        kept = connect(hub.house, row, client, keys, by)
        drained = wait(ctx, hub, kept.drain)
        known = _told(tools(ctx).base_url(folder), row["id"], client, hub.house.keys.verifier)
    if as_json:
        stood = {"changed": kept.changed, "same": kept.same, "unknown": drained.receipt.unknown}
        show_json({**stood, **known})
        return
    say(f"{' and '.join(kept.changed)} kept" if kept.changed else "it stands so already: nothing was changed")
    _print(known)
    tell_unknown(drained)


def _jwks(given: str) -> Mapping[str, object] | str:
    """A file's keys, or an address, which the connection itself looks at."""
    return given if "://" in given else read_keys("--jwks", read_input(given, "--jwks"))


def _told(base: str, agency: str, client: str, verifier: str) -> dict[str, object]:
    """What the agency's software must know. Nothing of it is secret; the hub's key is best told by another way too."""
    from hub.access.scopes import all_offered  # noqa: PLC0415 - it loads what only HTTP needs

    return {
        "base": base,
        "token_url": f"{base}/token",
        "client_id": client,
        "agency": agency,
        "scopes": list(all_offered()),
        "hub_key": verifier,
        "gateway": GATEWAY,
    }


def _print(known: Mapping[str, object]) -> None:
    say("For whoever looks after its software:")
    for name, value in known.items():
        say(f"  {name}: {' '.join(value) if isinstance(value, list) else value}")
    say("Its gateway.toml begins:")
    for name in ("base", "client_id", "agency", "hub_key"):
        say(f'  {name} = "{known[name]}"')
