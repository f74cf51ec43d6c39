"""A mixed network for tests: the two CMS agencies of :mod:`tests.network`, and Maple, which has CaMS. All invented."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hub.desk.consent_file import import_consents
from hub.desk.who import Who
from hub.model import locks
from hub.model.directory import Agency, Service, Site, System, Worker
from tests import cms_builder as cms
from tests import eois_builder as eois
from tests.mixed import consent_row as row_of_consent
from tests.network import Network, agreement, make
from tests.shapes import SQLITE, Shape


@dataclass
class Mixed:
    """The network and the CaMS site."""

    network: Network
    site: eois.Site

    def run(self) -> None:
        self.network.settle()


def make_mixed(folder: Path, shape: Shape = SQLITE) -> Mixed:
    """Harbour and Lakeside with a CMS each, Maple with CaMS; Harbour and Maple have an agreement."""
    network = make(folder, shape=shape)
    site = eois.Site(folder / "maple")
    now = network.clock.now()
    with network.hub.store.unit(own=[locks.CONFIG]) as unit:
        put = unit.directory.put
        put(Agency("maple", "Maple Employment", "general", "ca-on", "delivery.MAPLEAAAAAAA"))
        put(System("maple-cams", "maple", "eois", "active", site.settings))
        put(Worker("maple-worker", "maple", "worker"))
        put(Site("eois", eois.SDS, "maple", "Maple"))
        put(Site("eois", eois.OTHER_SDS, "harbour", "Harbour"))
        for wanted in ("employment", "literacy"):
            put(Service(f"maple-{wanted}", "maple", wanted, wanted, "maple-cams", site=eois.SDS))
        put(replace(agreement(now - timedelta(days=400)), agreement_id="harbour-maple", parties=("harbour", "maple")))
    return Mixed(network, site)


def consent_row(**changes: str) -> dict[str, str]:
    """A row of the file of program systems 9.4, for the client of the builder."""
    return row_of_consent(**{"identifier_type": "CAMS_PERSON", "identifier_value": eois.REFERENCE, **changes})


def allow(mixed: Mixed, *rows: dict[str, str]) -> list[str]:
    """Maple's worker files consents; the numbers that are printed."""
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted({name for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    house = mixed.network.hub.house
    imported = import_consents(house, out.getvalue().encode(), "maple", Who("maple-worker", "tester"))
    return [each.number for each in imported.filed]


def refer_to_maple(mixed: Mixed, *, client: dict[str, Any] | None = None, **fields: Any) -> int:
    """A client of Harbour with a consent for Maple, and a referral; its number."""
    db = mixed.network.db("harbour")
    number = cms.add_client(db, **(client or {}))
    cms.add_identifier(db, number)
    cms.add_consent(db, number, "maple")
    return cms.add_referral(db, number, "maple", "employment", **fields)
