"""Harbour's and Lakeside's own FHIR clients on the hub of ``tests/network.py``, without HTTP between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hub.exchange import opening
from hub.exchange.process import Processed, StandsAlready, process_message
from hub.exchange.withdraw import withdraw_consent
from hub.model import codes
from hub.model.audit import Actor
from hub.model.directory import System
from hub.model.fhir import Resource, coding
from hub.model.rows import ReferralRow
from tests import cms_builder as cms
from tests.network import EVENTS, Network
from tests.posted import written
from tests.referral_messages import (
    ASKS,
    SAYS_MORE,
    WRONG,
    request,
    status,
)

EVERY = (*EVENTS, ASKS, SAYS_MORE, WRONG, "plan-shared")
WORKER = Actor("harbour-worker", "worker", "harbour", os_user="tester")


@dataclass
class Clients:
    """Harbour's and Lakeside's own FHIR clients."""

    network: Network

    def system(self, agency: str) -> System:
        return self.network.directory().systems[f"{agency}-fhir"]

    def hand_in(self, bundle: Resource, by: str = "harbour") -> Processed:
        found = self.say(bundle, by)
        assert isinstance(found, Processed)
        return found

    def say(self, bundle: Resource, by: str = "harbour") -> Processed | StandsAlready:
        return process_message(self.network.hub.house, self.system(by), written(bundle))

    def code(self, bundle: Resource, by: str = "harbour") -> str:
        """Why it was refused."""
        found = self.hand_in(bundle, by)
        assert not found.decision.permits
        return found.decision.codes[0].value

    def refer(self, **more: Any) -> str:
        """A referral of Harbour that Lakeside has; its number."""
        found = self.hand_in(request(**more))
        assert found.decision.permits, found.decision
        assert self.fetch("lakeside")
        return found.message.referral_no or ""

    def moves(self, event: str, state: str, number: str, by: str = "lakeside", **more: Any) -> None:
        """A word of one of them goes, and the other one has it."""
        other = "harbour" if by == "lakeside" else "lakeside"
        found = self.hand_in(status(event, state, number, by, other, **more), by)
        assert found.decision.permits, found.decision
        assert self.referral(number).state == state
        assert self.fetch(other)

    def fetch(self, agency: str) -> list[Resource]:
        """All that is there for an agency, opened and acknowledged."""
        house, system = self.network.hub.house, self.system(agency)
        self.network.run()
        bundles: list[Resource] = []
        while listed := opening.deliveries(house, system):
            for each in listed:
                opened = opening.open_one(house, system, each.envelope_id)
                assert opened is not None
                bundles.append(json.loads(opened.content))
                assert opening.acknowledge(house, system, each.envelope_id)
            self.network.run()
        return bundles

    def referral(self, number: str | None) -> ReferralRow:
        with self.network.hub.store.peek() as rows:
            found = rows.referrals.get(number or "")
        assert found is not None
        return found

    def transitions(self, number: str) -> list[str]:
        with self.network.hub.store.peek() as rows:
            return [each.transition for each in rows.referrals.events(number)]


def agree(network: Network, **consent: Any) -> None:
    """Harbour's client is known to it, and has agreed."""
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client, **consent)
    db.close()
    network.run()


def withdraw(network: Network) -> Any:
    with network.hub.store.peek() as rows:
        filed = rows.consents.of_source("harbour-cms", "consent:1")
    assert filed is not None
    return withdraw_consent(
        network.hub.house, filed[0].consent_id, WORKER, said_at=network.clock.now(), how="TELEPHONE"
    )


def resource(bundle: Resource, kind: str) -> Resource:
    return next(each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == kind)


def codes_of(concept_: Resource) -> list[str]:
    return [each["code"] for each in concept_["coding"]]


def reason(word: str) -> Resource:
    return {"statusReason": {"coding": [coding(codes.STATE_REASON, word)]}}
