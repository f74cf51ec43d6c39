"""The network's directory as the CSV files that ``hub agencies|systems|sites|… import`` take (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.sample.network import AGREED_FOR, CMS, EVENTS, HARTS, Network

LANE, PACK = "general", "ca-on"
# in the order of import: a row may name only what stands already
FILES = ("agencies.csv", "systems.csv", "sites.csv", "services.csv", "agreements.csv", "workers.csv")
STEWARD, ADMINISTRATOR = "sample-steward", "sample-admin"

README = """\
An invented network: seed {seed}, {clients} clients, counted from {today}; nobody is real. {systems}.
Run `hub init`, `hub workers add {admin} --agency hub --role administrator --as {admin}`, {imports} (--as {admin}).
Then {consents}, and last `hub work`; what arrives lies in each database's hub_inbox, and in {centre}/to_harts.
"""


def directory_files(network: Network) -> dict[str, bytes]:
    """Name to content, in the order of import."""
    rows: dict[str, Sequence[Mapping[str, str]]] = {
        "agencies.csv": [{"id": a.id, "name": a.name, "lane": LANE, "pack": PACK} for a in network.everyone],
        "systems.csv": _systems(network),
        "sites.csv": [
            *({"kind": HARTS, "code": a.site, "agency": a.id, "name": a.name} for a in network.everyone),
            {"kind": CMS, "code": network.centre.site, "agency": network.centre.id, "name": network.centre.name},
        ],
        "services.csv": [
            {
                "id": f"{a.id}-{wanted}",
                "agency": a.id,
                "wanted": wanted,
                "name": f"{a.name}: {wanted}",
                "system": a.system,
                "site": a.site if a.kind == HARTS else "",
            }
            for a in network.everyone
            for wanted in a.services
        ],
        "agreements.csv": [
            {
                "agreement_id": agreement.id,
                "party_a": agreement.parties[0],
                "party_b": agreement.parties[1],
                "purposes": "REFERRAL",
                "categories": " ".join(agreement.categories),
                "events": " ".join(EVENTS),
                "valid_from": (network.today - AGREED_FOR).isoformat(),
            }
            for agreement in network.agreements
        ],
        "workers.csv": [
            *({"id": f"{a.id}-worker", "agency": a.id, "role": "worker"} for a in network.everyone),
            {"id": STEWARD, "agency": "hub", "role": "steward"},
            {"id": ADMINISTRATOR, "agency": "hub", "role": "administrator"},
        ],
    }
    return {name: _csv(rows[name]) for name in FILES}


def write_directory(network: Network) -> list[Path]:
    """Write the files beside the databases, with a README; their paths."""
    whole = directory_files(network)
    databases = " ".join(network.database(agency.id).name for agency in network.agencies)
    text = README.format(
        seed=network.seed,
        clients=len(network.people),
        today=network.today.isoformat(),
        systems=f"Databases: {databases}; a HARTS site: {network.centre.id}",
        centre=network.centre.id,
        consents=" ".join(f"`{_consents(network, path)}`" for path in network.harts.consent_files()),
        imports=", ".join(f"`hub {name.removesuffix('.csv')} import {name}`" for name in FILES),
        admin=ADMINISTRATOR,
    )
    whole["README"] = text.encode()
    for name, data in whole.items():
        (network.folder / name).write_bytes(data)
    return [network.folder / name for name in whole]


def _systems(network: Network) -> list[Mapping[str, str]]:
    """Databases by their path; the site by its two folders, a file closed as soon as there is something for it."""
    centre, harts = network.centre, network.harts
    folders = {"from_harts_path": harts.from_harts, "to_harts_path": harts.to_harts}
    settings = {**{name: str(path.resolve()) for name, path in folders.items()}, "site": harts.site}
    none = dict.fromkeys(("settings.path", *(f"settings.{name}" for name in (*settings, "batch_every_s"))), "")
    rows = [
        {**none, "id": a.system, "agency": a.id, "kind": CMS, "settings.path": str(network.database(a.id).resolve())}
        for a in network.agencies
    ]
    site = {f"settings.{name}": cell for name, cell in settings.items()} | {"settings.batch_every_s": "0"}
    return [*rows, {**none, "id": centre.system, "agency": centre.id, "kind": HARTS, **site}]


def _consents(network: Network, path: Path) -> str:
    """The command that the centre's worker types."""
    home = network.centre.id
    return f"hub consent import {path.relative_to(network.folder)} --agency {home} --as {home}-worker"


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
