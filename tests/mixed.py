"""A mixed network for tests: the two CMS agencies of :mod:`tests.network`, and Maple, which has HARTS. All invented."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.harts import dat
from hub.desk.consent_file import Imported, import_consents
from hub.desk.who import Who
from hub.model import locks
from hub.model.directory import Agency, Service, Site, System, Worker
from tests import cms_builder as cms
from tests import harts_builder as harts
from tests.network import AGREED, Network, agreement, make
from tests.shapes import SQLITE, Shape

HARBOUR_SITE = "T00002"


@dataclass
class Both:
    """The network and the HARTS site."""

    network: Network
    site: harts.Site

    def run(self) -> None:
        self.network.settle()

    def system(self) -> System:
        """Maple's, as the directory has it."""
        return self.network.directory().systems["maple-harts"]

    def lines(self, record: str) -> list[dict[str, str]]:
        """Fields of the lines of a kind in all files that HARTS has got."""
        return [
            dict(line.fields)
            for batch in self.site.received()
            for each in batch.clients()
            for line in (each.line, *each.lines)
            if line.record == record
        ]

    def told(self, name: str) -> list[tuple[str, str, str]]:
        """What the hub says of a file: record, result, code."""
        found = self.site.answer_to(name)
        assert found is not None, "no answer"
        assert found.code == "", found.code
        return [(line.record, line.answer.result.value, line.answer.code) for line in found.lines]


def make_both(folder: Path, shape: Shape = SQLITE) -> Both:
    """Harbour and Lakeside with a CMS each, Maple with HARTS; Harbour and Maple have an agreement."""
    network = make(folder, shape=shape)
    site = harts.Site(folder / "maple")
    now = network.clock.now()
    with network.hub.store.unit(own=[locks.CONFIG]) as unit:
        put = unit.directory.put
        put(Agency("maple", "Maple Language Centre", "general", "ca-on", "delivery.MAPLEAAAAAAA"))
        put(System("maple-harts", "maple", "harts", "active", site.settings))
        put(Worker("maple-worker", "maple", "worker"))
        put(Site("harts", harts.SITE, "maple", "Maple"))
        put(Site("harts", HARBOUR_SITE, "harbour", "Harbour"))
        for wanted in ("language-training", "language-assessment"):
            put(Service(f"maple-{wanted}", "maple", wanted, wanted, "maple-harts", site=harts.SITE))
        put(Service("harbour-employment", "harbour", "employment", "employment", "harbour-cms"))
        put(replace(agreement(now - timedelta(days=400)), agreement_id="harbour-maple", parties=("harbour", "maple")))
    return Both(network, site)


def consent_row(**changes: str) -> dict[str, str]:
    """A row of the file of program systems 9.4, for the client of the builder."""
    row = {
        "identifier_type": "HARTS", "identifier_value": "40000001", "birth_date": "1991-07-22",
        "last_name": "Okonkwo-Tremblay", "first_name": "Amara", "consent_id": "M-1", "form_id": "F-1",
        "given_by": "SELF", "capacity_basis": "PRESUMED", "form": "WRITTEN", "valid_from": "2026-01-12",
        "expires_on": "2026-12-31", "recipient_org": "harbour", "purposes": "REFERRAL", "categories": AGREED,
        "text_version": "sharing-v3", "notice_version": "notice-v2", "language": "en", "client_reads": "en",
        "explained": "what who why risk may-refuse", "not_condition": "1", "captured_by": "maple-worker",
        "captured_at": "2026-01-12 10:00:00", "signed_on": "2026-01-12", "evidence_ref": "cabinet-7",
        "receipt_at": "2026-01-12 10:05:00", "receipt_channel": "PAPER",
    }  # fmt: skip
    return {**row, **changes}


def allow(both: Both, *rows: dict[str, str]) -> list[str]:
    """Maple's worker files consents; the numbers that are printed."""
    return [each.number for each in importing(both, *rows).filed]


def importing(both: Both, *rows: dict[str, str]) -> Imported:
    """Maple's worker files consents."""
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted({name for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    return import_consents(both.network.hub.house, out.getvalue().encode(), "maple", Who("maple-worker", "tester"))


def refer_to_maple(both: Both, **fields: Any) -> int:
    """A client of Harbour with a consent for Maple, and a referral; its number."""
    db = both.network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_language(db, client)
    cms.add_consent(db, client, "maple")
    return cms.add_referral(db, client, "maple", "language-training", **fields)


def answer(asked: Mapping[str, str], status: str = "A", reason: str = "") -> dat.Draft:
    """Maple's RF line about a referral that it got."""
    return harts.referral(
        action="U", ref_no=asked["ref_no"], from_site=HARBOUR_SITE, to_site=harts.SITE, status=status, reason=reason,
        to_service="",
    )  # fmt: skip
