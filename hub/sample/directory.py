"""The network's directory as the CSV files that ``hub agencies|systems|sites|… import`` take (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.sample import icare_papers
from hub.sample.agencies import CMS, EOIS, FUNDER, HARTS, of_icare
from hub.sample.network import AGREED_FOR, Network

PACK = "ca-on"
# in the order of import: a row may name only what stands already
ROUTES = "routes-{agency}.csv"  # where an agency's own words lead that names no recipient
FILES = ("agencies.csv", "systems.csv", "sites.csv", "services.csv", "agreements.csv", "workers.csv")
STEWARD, ADMINISTRATOR, OFFICER = "sample-steward", "sample-admin", "sample-officer"

README = """\
An invented network: seed {seed}, {clients} clients, counted from {today}; nobody is real. {systems}.
Run `hub init`, `hub workers add {admin} --agency hub --role administrator --as {admin}`, {imports} (--as {admin}).
Put {routes} into the hub's folder as agencies/{settlement}/routes.csv.
Then {consents}, and last `hub work`; what arrives lies in each database's hub_inbox, and in {centre}/to_harts.
"""


def directory_files(network: Network) -> dict[str, bytes]:
    """Name to content, in the order of import."""
    rows: dict[str, Sequence[Mapping[str, str]]] = {
        "agencies.csv": [
            {
                "id": a.id,
                "name": a.name,
                "lane": a.lane,
                "pack": PACK,
                "body": a.body,
                "call_back": f"382-555-01{number:02}",  # an area code that no client has
            }
            for number, a in enumerate((*network.everyone, FUNDER), start=40)
        ],
        "systems.csv": _systems(network),
        "sites.csv": [
            *({"kind": HARTS, "code": a.site, "agency": a.id, "name": a.name} for a in network.everyone),
            *({"kind": EOIS, "code": a.sds, "agency": a.id, "name": a.name} for a in network.everyone),
            {"kind": CMS, "code": network.centre.site, "agency": network.centre.id, "name": network.centre.name},
        ],
        "services.csv": [
            {
                "id": f"{a.id}-{wanted}",
                "agency": a.id,
                "wanted": wanted,
                "name": f"{a.name}: {wanted}",
                "system": a.system,
                "site": {HARTS: a.site, EOIS: a.sds}.get(a.kind, ""),
            }
            for a in network.everyone
            for wanted in a.services
        ],
        "agreements.csv": [
            {
                "agreement_id": agreement.id,
                "party_a": agreement.parties[0],
                "party_b": agreement.parties[1],
                "purposes": agreement.purpose,
                "categories": " ".join(agreement.categories),
                "events": " ".join(agreement.events),
                "valid_from": (network.today - AGREED_FOR).isoformat(),
            }
            for agreement in network.agreements
        ],
        "workers.csv": [
            *({"id": f"{a.id}-worker", "agency": a.id, "role": "worker"} for a in network.everyone),
            {"id": STEWARD, "agency": "hub", "role": "steward"},
            {"id": ADMINISTRATOR, "agency": "hub", "role": "administrator"},
            {"id": OFFICER, "agency": "hub", "role": "officer"},
        ],
    }
    return {name: _csv(rows[name]) for name in FILES}


def write_directory(network: Network) -> list[Path]:
    """Write the files beside the databases, with a README; their paths."""
    whole = directory_files(network)
    databases = " ".join(network.database(agency.id).name for agency in network.agencies)
    text = README.format(
        seed=network.seed,
        clients=network.clients,
        today=network.today.isoformat(),
        systems=f"Databases: {databases}; a HARTS site: {network.centre.id}; a CaMS site: {network.cams_site.id}; "
        f"workbooks of iCARE: {network.settlement.id}, {network.reports.system}",
        centre=network.centre.id,
        routes=ROUTES.format(agency=network.settlement.id),
        settlement=network.settlement.id,
        consents=" ".join(
            f"`{_consents(network, site.home, path)}`" for site in network.sites for path in site.consent_files()
        ),
        imports=", ".join(f"`hub {name.removesuffix('.csv')} import {name}`" for name in FILES),
        admin=ADMINISTRATOR,
    )
    whole[ROUTES.format(agency=network.settlement.id)] = icare_papers.routes(of_icare())
    whole["README"] = text.encode()
    for name, data in whole.items():
        (network.folder / name).write_bytes(data)
    return [network.folder / name for name in whole]


def _systems(network: Network) -> list[Mapping[str, str]]:
    """Databases by their path; sites by their folders, a file for HARTS closed as soon as there is something for it."""
    harts, cams = network.harts, network.cams
    settings: dict[str, Mapping[str, str]]
    settings = {a.system: {"path": _path(network.database(a.id))} for a in network.agencies}
    settings[network.centre.system] = {
        "from_harts_path": _path(harts.from_harts),
        "to_harts_path": _path(harts.to_harts),
        "site": harts.site,
        "batch_every_s": "0",
    }
    settings[network.cams_site.system] = {
        "from_cams_path": _path(cams.from_cams),
        "to_cams_path": _path(cams.to_cams),
        "sds": cams.sds,
    }
    settings[network.settlement.system] = network.icare.settings
    settings[network.reports.system] = network.reporting.settings
    names = sorted({name for own in settings.values() for name in own})
    return [
        {
            "id": a.system,
            "agency": a.id,
            "kind": a.kind,
            **{f"settings.{name}": settings[a.system].get(name, "") for name in names},
        }
        for a in (*network.everyone, network.reports)
    ]


def _path(path: Path) -> str:
    return str(path.resolve())


def _consents(network: Network, home: str, path: Path) -> str:
    """The command that a site's worker types."""
    return f"hub consent import {path.relative_to(network.folder)} --agency {home} --as {home}-worker"


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
