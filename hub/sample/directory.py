"""The network's directory as the CSV files that ``hub agencies|systems|… import`` take (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.sample.network import AGREED_FOR, EVENTS, KIND, Network

LANE, PACK = "general", "ca-on"
# in the order of import: a row may name only what stands already
FILES = ("agencies.csv", "systems.csv", "services.csv", "agreements.csv", "workers.csv")
STEWARD, ADMINISTRATOR = "sample-steward", "sample-admin"

README = """\
An invented network: seed {seed}, {clients} clients, counted from {today}; nobody is real. Databases: {databases}.
Run `hub init`, `hub workers add {admin} --agency hub --role administrator --as {admin}`, {imports} (--as {admin}).
Last `hub work`; what arrives lies in each database's hub_inbox.
"""


def directory_files(network: Network) -> dict[str, bytes]:
    """Name to content, in the order of import."""
    rows: dict[str, Sequence[Mapping[str, str]]] = {
        "agencies.csv": [{"id": a.id, "name": a.name, "lane": LANE, "pack": PACK} for a in network.agencies],
        "systems.csv": [
            {"id": a.system, "agency": a.id, "kind": KIND, "settings.path": str(network.database(a.id).resolve())}
            for a in network.agencies
        ],
        "services.csv": [
            {
                "id": f"{a.id}-{wanted}",
                "agency": a.id,
                "wanted": wanted,
                "name": f"{a.name}: {wanted}",
                "system": a.system,
            }
            for a in network.agencies
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
            *({"id": f"{a.id}-worker", "agency": a.id, "role": "worker"} for a in network.agencies),
            {"id": STEWARD, "agency": "hub", "role": "steward"},
            {"id": ADMINISTRATOR, "agency": "hub", "role": "administrator"},
        ],
    }
    return {name: _csv(rows[name]) for name in FILES}


def write_directory(network: Network) -> list[Path]:
    """Write the files beside the databases, with a README; their paths."""
    whole = directory_files(network)
    text = README.format(
        seed=network.seed,
        clients=len(network.people),
        today=network.today.isoformat(),
        databases=" ".join(network.database(agency.id).name for agency in network.agencies),
        imports=", ".join(f"`hub {name.removesuffix('.csv')} import {name}`" for name in FILES),
        admin=ADMINISTRATOR,
    )
    whole["README"] = text.encode()
    for name, data in whole.items():
        (network.folder / name).write_bytes(data)
    return [network.folder / name for name in whole]


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
