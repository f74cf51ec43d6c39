"""A referral's whole loop between two agencies, told once for every FHIR client that others have written.

A client is wrapped in the few verbs of :class:`Client`; each does what its library does by itself. What a library does
otherwise than the hub asks stands in its wrapper, with the reason.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from hub.doorway import over_http
from hub.errors import HubError
from hub.gateway.opening import X25519_SUITE, OpeningKey, Whose, open_sealed
from hub.listen import listening
from hub.model import codes
from hub.model.directory import Service, System
from hub.model.fhir import Resource, coding, concept
from hub.referral import TASK_STATUS
from tests.door import EVERYTHING, public, signing_key
from tests.fhir_clients import EVERY, agree, codes_of, resource
from tests.network import NOON, Network, agreement, make
from tests.referral_messages import PROCESS, UPDATE, encounter, output, request, status, url

PROOF_S = 240


class Said(Exception):
    """The hub has answered no: its status and OperationOutcome, as the library has passed them on."""

    def __init__(self, status: int | None, outcome: Resource) -> None:
        super().__init__(status)
        self.status, self.outcome = status, outcome


class Client(Protocol):
    """One agency's software."""

    def discover(self) -> str:
        """Read what the hub says of itself without a token; the token URL, as the library finds it."""

    def authorise(self) -> str:
        """Prove itself and get a token; the scopes that came with it."""

    def process(self, bundle: Resource) -> Resource:
        """``$process-message``."""

    def take(self) -> list[Resource]:
        """What waits, listed, opened and acknowledged."""

    def read(self, kind: str, own_id: str) -> Resource:
        """One resource."""

    def put(self, task: Resource, version: str) -> Resource:
        """A Task written back from the version that was read; ``version`` "": as the library does it by itself."""

    def search(self, kind: str, params: Mapping[str, str]) -> list[Resource]:
        """All resources of all pages."""

    def close(self) -> None:
        """Let its connections go."""


@dataclass
class Party:
    """An agency that the hub has let in: what its software must hold."""

    site: Site
    agency: str
    proofs: int = 0
    opening: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    @property
    def id(self) -> str:
        return f"{self.agency}-fhir"

    @property
    def key(self) -> ECKey:
        return signing_key(f"{self.agency}-1")

    @cached_property
    def hub_key(self) -> str:
        return (self.site.network.hub.settings.keys / "hub.pub").read_text().strip()

    def let_in(self) -> None:
        jwk = {**OKPKey.import_key(self.opening.public_key()).as_dict(private=False), "kid": f"{self.agency}-hpke"}
        self.site.network.put(
            System(self.id, self.agency, "fhir", "active", {"jwks": public(self.key), "hpke": jwk}),
        )

    def proof(self, audience: str) -> str:
        """A signed JWT for the token URL: no library of Python makes one, they want it made."""
        self.proofs += 1
        now = int(self.site.network.clock.now().timestamp())
        claims = {
            "iss": self.id,
            "sub": self.id,
            "aud": audience,
            "exp": now + PROOF_S,
            "jti": f"{self.id}-{self.proofs}",
        }
        return jwt.encode({"alg": "ES384", "kid": self.key.kid, "typ": "JWT"}, claims, self.key, algorithms=["ES384"])

    def open(self, answer: Resource, envelope: str) -> Resource:
        """What ``$open`` answered, opened and proven by the code of ``hub gateway``."""
        whose = Whose(self.agency, self.hub_key, OpeningKey(f"{self.agency}-hpke", X25519_SUITE, self.opening))
        found: Resource = json.loads(open_sealed(said(answer), envelope, whose).bundle)
        return found


@dataclass
class Site:
    """A hub that listens on this machine."""

    network: Network
    base: str
    faults: list[tuple[str, HubError]] = field(default_factory=list)

    def party(self, agency: str) -> Party:
        found = Party(self, agency)
        found.let_in()
        return found


@contextmanager
def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Harbour and Lakeside, and a server over them on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}/fhir"
    monkeypatch.setenv("HUB_BASE_URL", base)
    network = make(folder)
    site = Site(network, base)
    app = over_http(network.hub, lambda *fault: site.faults.append(fault), lambda _: None)
    try:
        with listening(app, "127.0.0.1", port):
            yield site
    finally:
        network.hub.close()
    assert site.faults == []


def named(envelope: str) -> Resource:
    return {"resourceType": "Parameters", "parameter": [{"name": "envelope", "valueString": envelope}]}


def said(answer: Resource) -> dict[str, str]:
    """The values of a Parameters resource by name."""
    return {part["name"]: next(v for k, v in part.items() if k != "name") for part in answer["parameter"]}


def listed(answer: Resource) -> list[str]:
    """The envelopes of ``$deliveries``."""
    return [
        part["valueString"]
        for each in answer.get("parameter", ())
        for part in each["part"]
        if part["name"] == "envelope"
    ]


def go_the_loop(site: Site, client: Callable[[Party], Client]) -> None:
    """Harbour refers, Lakeside answers to the end; both read how it stands. The same library is on both sides."""
    network = site.network
    parties = [site.party(agency) for agency in ("harbour", "lakeside")]
    network.put(
        Service("lakeside-employment", "lakeside", "employment", "employment", "lakeside-fhir"),
        agreement(NOON, version=2, events=EVERY),
    )
    agree(network)
    clients = [client(each) for each in parties]
    try:
        for each in clients:
            assert each.discover() == f"{site.base}/token"
            granted = each.authorise()
            assert "system/Task.rus" in granted
            assert "launch" not in granted
        _loop(network, *clients)
    finally:
        for each in clients:
            each.close()
    assert network.verifies()


def _loop(network: Network, harbour: Client, lakeside: Client) -> None:
    first, second = (_number(harbour.process(request(own=own))) for own in ("R-1", "R-2"))
    network.run()
    taken = lakeside.take()
    asked = next(each for each in taken if first in json.dumps(each))
    assert (len(taken), resource(asked, "ServiceRequest")["status"]) == (2, "active")

    _answer_by_put(network, harbour, lakeside, first)
    _end_by_message(network, harbour, lakeside, first)
    for who in (harbour, lakeside):
        _look(who, first, second)


def _answer_by_put(network: Network, harbour: Client, lakeside: Client, number: str) -> None:
    task = lakeside.read("Task", number)
    assert _state(task) == "requested"
    accepted = {**task, "status": TASK_STATUS["accepted"], "businessStatus": _business("accepted")}
    for version, answered in (("", 428), ("7", 409)):
        with pytest.raises(Said) as no:
            lakeside.put(accepted, version)
        assert no.value.status in (answered, None)  # a library may pass on the outcome alone
        assert no.value.outcome["issue"][0]["code"] == {428: "required", 409: "conflict"}[answered]
    assert _state(lakeside.read("Task", number)) == "requested"

    done = lakeside.put(accepted, task["meta"]["versionId"])
    assert (_state(done), done["meta"]["versionId"]) == ("accepted", "2")
    network.run()
    assert [resource(each, "Task")["status"] for each in harbour.take()] == ["accepted"]


def _end_by_message(network: Network, harbour: Client, lakeside: Client, number: str) -> None:
    with pytest.raises(Said) as no:
        lakeside.process(status(PROCESS, "completed", number))
    assert no.value.status in (422, None)
    assert codes_of(no.value.outcome["issue"][0]["details"]) == ["DN_TRANSITION"]

    ended = url()
    task = {"output": [output(ended, "resulting-activity")]}
    lakeside.process(status(PROCESS, "completed", number, task=task, held={ended: encounter()}))
    network.run()
    assert [_state(resource(each, "Task")) for each in harbour.take()] == ["completed"]
    harbour.process(status(UPDATE, "loop-closed", number, "harbour", "lakeside"))
    network.run()
    assert [_state(resource(each, "Task")) for each in lakeside.take()] == ["loop-closed"]


def _look(who: Client, closed: str, still: str) -> None:
    """Both parties see the same referrals, each by its own alias of the client."""
    [patient] = who.search("Patient", {"active": "true"})
    alias = patient["id"]
    assert "name" not in who.read("Patient", alias)

    found = who.search("Task", {"patient": f"Patient/{alias}", "_include": "Task:focus"})
    assert sorted(_ids(found, "Task")) == sorted(_ids(found, "ServiceRequest")) == sorted([closed, still])
    by_state = f"{codes.REFERRAL_STATE}|loop-closed"
    assert _ids(who.search("Task", {"business-status": by_state}), "Task") == [closed]
    in_pages = who.search("Task", {"patient": f"Patient/{alias}", "_count": "1"})
    assert sorted(_ids(in_pages, "Task")) == sorted([closed, still])

    [consent] = who.search("Consent", {"patient": f"Patient/{alias}"})
    assert who.read("Consent", consent["id"])["status"] == "active"
    with pytest.raises(Said) as no:
        who.read("Task", "AAAAAAAAAAAA")
    assert no.value.status == 404


def _number(answer: Resource) -> str:
    extension = answer["entry"][0]["resource"]["extension"]
    return next(str(each["valueString"]) for each in extension if each["url"] == codes.CORRELATION_ID)


def _business(state: str) -> Resource:
    return concept(coding(codes.REFERRAL_STATE, state))


def _state(task: Resource) -> str:
    return str(task["businessStatus"]["coding"][0]["code"])


def _ids(found: Sequence[Resource], kind: str) -> list[str]:
    return [each["id"] for each in found if each["resourceType"] == kind]


def plain(value: Any) -> Any:
    """A library's own objects as the JSON that they stand for."""
    return json.loads(json.dumps(value))


__all__ = [
    "EVERYTHING",
    "Client",
    "Party",
    "Said",
    "Site",
    "go_the_loop",
    "listed",
    "named",
    "plain",
    "said",
    "serving",
]
