"""The gateway against the hub itself, over HTTP: what one agency hands in, the other opens, proves and keeps.

The client's own tests stand on a twin (``tests/unit/gateway``); here both sides are real, so that they mean the same.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.audit.verify import proofs
from hub.doorway import over_http
from hub.errors import Refused
from hub.exchange.withdraw import withdraw_consent
from hub.gateway.agent import Agent, connected
from hub.gateway.keys import make_keys
from hub.gateway.outcome import not_accepted
from hub.listen import listening
from hub.model.audit import Actor
from hub.model.canonical import content_digest
from hub.model.directory import Service, System
from tests import cms_builder as cms
from tests.fakes import SeededIds
from tests.network import EVENTS, NOON, Network, agreement, make
from tests.referral_messages import request

WORKER = Actor("harbour-worker", "worker", "harbour", os_user="tester")


@dataclass
class Pair:
    """Harbour's and Lakeside's machines, and the hub between them."""

    network: Network
    folder: Path
    ids: SeededIds

    def gateway(self, agency: str) -> Any:
        return connected(self.folder / agency / "gateway.toml", self.network.clock.now, self.ids.uuid)

    def hand_in(self, bundle: Any) -> list[Any]:
        """Harbour hands a message in; why not."""
        file = self.folder / "message.json"
        file.write_bytes(orjson.dumps(bundle))
        with self.gateway("harbour") as agent:
            answer = agent.send(file)
        self.network.run()
        return not_accepted(answer.status, answer.body, answer.retry_after)

    def runs(self, agency: str = "lakeside") -> Any:
        with self.gateway(agency) as agent:
            return agent.run()


@pytest.fixture(params=[False, True], ids=["X25519", "hybrid"])
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    base = f"http://127.0.0.1:{port}/fhir"
    monkeypatch.setenv("HUB_BASE_URL", base)
    network = make(tmp_path)
    network.put(
        *(
            _system(agency, tmp_path / agency, base, network, hybrid=request.param)
            for agency in ("harbour", "lakeside")
        ),
        Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-fhir"),
        agreement(NOON, version=2, events=EVENTS),
    )
    db = network.db("harbour")
    client = cms.add_client(db)
    cms.add_identifier(db, client)
    cms.add_consent(db, client)
    db.close()
    network.run()
    faults: list[Any] = []
    app = over_http(network.hub, lambda *fault: faults.append(fault), lambda _seconds: None)
    with listening(app, "127.0.0.1", port):
        yield Pair(network, tmp_path, SeededIds(11))
    network.hub.close()
    assert faults == []


def _system(agency: str, folder: Path, base: str, network: Network, *, hybrid: bool) -> System:
    """What the agency makes, and what its hub has of it."""
    make_keys(folder / "keys", hybrid=hybrid)
    words = {
        "base": base,
        "client_id": f"{agency}-fhir",
        "agency": agency,
        "signing_key": "keys/signing.private.json",
        "opening_key": "keys/hpke.private.json",
        "hub_key": network.hub.house.keys.verifier,
        "out": "inbox",
    }
    (folder / "gateway.toml").write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in words.items()))
    public = {name: json.loads((folder / "keys" / f"{name}.json").read_text()) for name in ("jwks", "hpke")}
    return System(f"{agency}-fhir", agency, "fhir", "active", public)


def test_a_referral_is_handed_in_opened_proven_and_its_receipt_holds_for_both(pair: Pair) -> None:
    assert pair.hand_in(request()) == []

    done = pair.runs()

    assert done.problems == []
    (written,) = done.opened
    assert written.event == "add-service-request"
    for _ in range(3):  # until a checkpoint counts the entry
        pair.network.clock.advance(timedelta(minutes=2))
        pair.network.run()
        pair.runs()
    inbox = pair.folder / "lakeside" / "inbox"
    receipt = (inbox / f"{written.envelope}.receipt.json").read_bytes()
    found = proofs.judge(receipt, key=pair.network.hub.house.keys.verifier)
    assert found.ok
    salt = json.loads((inbox / f"{written.envelope}.proof.json").read_text())["salt"]
    assert found.promise is not None
    assert found.promise["digest"] == content_digest(bytes.fromhex(salt), written.path.read_bytes())
    with pair.gateway("harbour") as agent:
        agent.receipt(written.envelope)
    assert pair.runs().opened == []


def test_what_was_withdrawn_does_not_open_any_more(pair: Pair) -> None:
    assert pair.hand_in(request()) == []
    agent: Agent
    with pair.gateway("lakeside") as agent:
        (listed,) = agent.list()
        with pair.network.hub.store.peek() as rows:
            filed = rows.consents.of_source("harbour-cms", "consent:1")
        assert filed is not None
        house = pair.network.hub.house
        withdraw_consent(house, filed[0].consent_id, WORKER, said_at=pair.network.clock.now(), how="TELEPHONE")

        with pytest.raises(Refused, match="HTTP 404"):
            agent.open(listed.envelope, acknowledge=True)

    assert not list((pair.folder / "lakeside" / "inbox").glob("*.json"))


def test_a_refusal_says_its_code_and_repeats_nothing(pair: Pair) -> None:
    (problem,) = pair.hand_in(request(patient={"birthDate": "1950-01-01"}))

    assert problem.got == "DN_NO_CONSENT"
    assert problem.next_step
    assert "1950" not in str(problem)
    assert pair.runs().opened == []
