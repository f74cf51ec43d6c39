"""An agency's software hands referrals in over HTTP, to their receipt and to the recipient's own database.

The hub is ``hub serve --with-workers`` in a process of its own; the recipient has a CMS. Reference, in the same run:
the least that any FHIR server does with the same body (``http_reference.py``), in a process of its own, as much asked.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from joserfc import jws
from joserfc.jwk import ECKey

from bench.figures import Figure
from bench.http_load import Door, Took, at_a_rate, closed
from bench.process import free_port, serving
from hub.compose import bring_up_to_date, compose, initialise
from hub.desk.bus import topics
from hub.desk.consent_api import file_consent
from hub.ids import RandomIds
from hub.model import locks
from hub.model.directory import System
from hub.outside import open_office
from hub.settings import Settings, read_settings
from tests import cms_builder as cms
from tests.kafka_network import write_settings
from tests.network import fill_directory
from tests.services.kafka import Kafka
from tests.services.postgres import Postgres
from tests.simulation.loop_messages import asked, consent, written

ROUNDS = {1: 200, 8: 400, 32: 800}  # clients: messages at scale 1
RATE_PER_S, RATE_S, RATE_CLIENTS = 100, 10, 64
WARM = 40  # messages before anything is measured
PEOPLE = 300  # each message is a referral of its own of one of these
ROUND_BOUND_S, ARRIVAL_BOUND_S = 60.0, 120.0
PATH, READY = "/fhir/$process-message", "/readyz"
BESIDE = "fhir.resources and one row"


def http(folder: Path, scale: float) -> Iterator[Figure]:
    """On SQLite alone."""
    yield from _measured(folder, scale, "SQLite", 350, lambda _: None)


def http_together(folder: Path, scale: float) -> Iterator[Figure]:
    """On PostgreSQL and Kafka.

    Raises:
        Absent: the machine lacks one of them.
    """
    with Postgres({"fsync": "on", "shared_buffers": "128MB"}) as postgres, Kafka() as kafka:

        def settled(data: Path) -> None:
            file = data / "hub.toml"
            file.write_text(f'store = "{postgres.database()}"\n{file.read_text()}')
            write_settings(data, kafka)

        yield from _measured(folder, scale, "PostgreSQL + Kafka", 200, settled)


def _measured(
    folder: Path, scale: float, where: str, delivered_target: int, settled: Callable[[Path], None]
) -> Iterator[Figure]:
    plain = _reference(folder, scale)
    port, key = free_port(), ECKey.generate_key("P-384", {"kid": "bench", "use": "sig", "alg": "ES384"})
    _prepare(folder, port, key, settled)
    program = [sys.executable, "-m", "hub", "serve", "--with-workers", "--dir", str(folder / "hub")]
    with serving([*program, "--port", str(port)], port, READY) as hub:
        bodies = _bodies()
        _hand_in(folder, port, key, list(islice(bodies, WARM)), 8)
        for clients, count in ROUNDS.items():
            used_s = hub.cpu_s()
            took, delivered_per_s = _hand_in(folder, port, key, list(islice(bodies, int(count * scale))), clients)
            took.cpu_s = hub.cpu_s() - used_s
            name = f"{clients} client{'s' if clients > 1 else ''}, {where}"
            note = f"{took.percentiles()}; target 700/s at 32"
            yield Figure(f"HTTP to receipt, {name}", took.per_s, "/s", plain[clients].per_s, BESIDE, note)
            split = f"hub {took.cpu_ms:.1f}, reference {plain[clients].cpu_ms:.1f}"
            note = f"CPU ms a message: {split}; target {delivered_target}/s"
            yield Figure(f"HTTP to delivered, {name}", delivered_per_s, "/s", plain[clients].per_s, BESIDE, note)
        door = Door(port, PATH, _headers(_token(port, key)))
        took = at_a_rate(door, list(islice(bodies, int(RATE_PER_S * RATE_S * scale))), RATE_CLIENTS, RATE_PER_S)
        _all_right(took)
        note = f"{took.percentiles()} of the hub, from the intended start; target 60 ms"
        name = f"HTTP to receipt at a constant {RATE_PER_S}/s, p95, {where}"
        yield Figure(name, took.ms(0.95), "ms", plain[0].ms(0.95), BESIDE, note)


def _reference(folder: Path, scale: float) -> dict[int, Took]:
    """By clients; 0: at the constant rate."""
    port, bodies = free_port(), _bodies()
    program = [sys.executable, "-m", "bench.http_reference", str(port), str(folder / "plain.sqlite")]
    found: dict[int, Took] = {}
    with serving(program, port, READY) as reference:
        door = Door(port, PATH, _headers(""))
        closed(door, list(islice(bodies, WARM)), 8, ROUND_BOUND_S)
        for clients, count in ROUNDS.items():
            used_s = reference.cpu_s()
            found[clients] = closed(door, list(islice(bodies, int(count * scale))), clients, ROUND_BOUND_S)
            found[clients].cpu_s = reference.cpu_s() - used_s
        count = int(RATE_PER_S * RATE_S * scale)
        found[0] = at_a_rate(door, list(islice(bodies, count)), RATE_CLIENTS, RATE_PER_S)
    for took in found.values():
        _all_right(took)
    return found


def _hand_in(folder: Path, port: int, key: ECKey, bodies: Sequence[bytes], clients: int) -> tuple[Took, float]:
    """A round to its receipts, and how many messages a second came to their recipient, from the first request on."""
    before, began = _arrived(folder), time.monotonic()
    took = closed(Door(port, PATH, _headers(_token(port, key))), bodies, clients, ROUND_BOUND_S)
    _all_right(took)
    over_at = time.monotonic() + ARRIVAL_BOUND_S
    while _arrived(folder) < before + len(took.each_s):
        assert time.monotonic() < over_at, "not every message arrived"
        time.sleep(0.02)
    return took, len(took.each_s) / (time.monotonic() - began)


def _all_right(took: Took) -> None:
    assert not took.wrong, f"answers of another status: {took.wrong}"
    assert took.each_s, "nothing was answered"


def _prepare(folder: Path, port: int, key: ECKey, settled: Callable[[Path], None]) -> None:
    """A hub folder, Harbour's software and Lakeside's CMS, and consents that are in force today."""
    data = folder / "hub"
    initialise(Settings(dir=data))
    file, base = data / "hub.toml", f'base_url = "http://127.0.0.1:{port}/fhir"\n'
    file.write_text(f"{base}{file.read_text()}\n[api]\nper_s = 1000000\nburst = 1000000\n")
    settled(data)
    settings = read_settings(data)
    bring_up_to_date(settings)
    for agency in ("harbour", "lakeside"):
        cms.make_cms(folder / f"{agency}.sqlite")
    hub = compose(settings, ids=RandomIds())
    with closing(hub):
        now = hub.house.clock.now()
        fill_directory(hub, folder, now)
        software = System("harbour-fhir", "harbour", "fhir", "active", {"jwks": {"keys": [key.as_dict(private=False)]}})
        with hub.store.unit(own=[locks.CONFIG]) as unit:
            unit.directory.put(software)
            agencies = unit.directory.all().agencies
        if settings.kafka_bootstrap:
            open_office(settings).provision(topics(agencies))
        for person in range(PEOPLE):
            file_consent(hub.house, software, _consent(person, now))


def _consent(person: int, now: datetime) -> Any:
    """As the builder has it, of today."""
    text = json.dumps(consent(person, "harbour", ["lakeside"]))
    signed, ends = now - timedelta(days=30), now + timedelta(days=200)
    return json.loads(text.replace("2026-01-12", signed.date().isoformat()).replace("2026-12-31", str(ends.date())))


def _bodies() -> Iterator[bytes]:
    """Requests without end, each with ids of its own."""
    number, ids, now = 0, RandomIds(), datetime.now(UTC)
    while True:
        yield written(asked(number % PEOPLE, "harbour", "lakeside", f"R-{number}", now), ids)
        number += 1


def _headers(token: str) -> dict[str, str]:
    return {"Content-Type": "application/fhir+json", **({"Authorization": f"Bearer {token}"} if token else {})}


def _token(port: int, key: ECKey) -> str:
    """A fresh one, for a round of at most a minute."""
    address = f"http://127.0.0.1:{port}/fhir/token"
    claims = {"iss": "harbour-fhir", "sub": "harbour-fhir", "aud": address, "exp": int(time.time()) + 240}
    header = {"alg": "ES384", "kid": "bench", "typ": "JWT"}
    proof = jws.serialize_compact(
        header, json.dumps({**claims, "jti": secrets.token_hex(16)}), key, algorithms=["ES384"]
    )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": proof,
        "scope": "system/Bundle.c",
    }
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/fhir/token", urlencode(form), kind)
        answer = connection.getresponse()
        found = json.loads(answer.read())
    assert answer.status == 200, f"no token: {answer.status}"
    return str(found["access_token"])


def _arrived(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "lakeside.sqlite", timeout=30)) as db:
        return int(db.execute("SELECT COUNT(*) FROM hub_inbox").fetchone()[0])
