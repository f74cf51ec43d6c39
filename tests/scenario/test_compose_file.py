"""``docker-compose.yml`` as far as it goes without an engine: what it may hold, and every command in it as written.

Host names, ports and paths of the containers become some of this machine's; PostgreSQL and Kafka's programs are those
of the tests' services, called by the names that they have in their images.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from hub.settings import Settings
from tests.scenario.test_serve import get, wait_for
from tests.services import jars
from tests.services.plugin import found, own
from tests.services.postgres import Postgres
from tests.services.process import bound, free_ports
from tests.tidy.house import ROOT

NAME = "hub.example.org/log"
TEXT = re.sub(r"\$\{HUB_NAME:\?[^}]*\}", NAME, (ROOT / "docker-compose.yml").read_text())  # as the engine fills it in
FILE = yaml.safe_load(TEXT)
SERVICES: Mapping[str, Any] = FILE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
SERVICE_KEYS = {
    *("build", "command", "depends_on", "deploy", "entrypoint", "environment", "healthcheck", "image", "init", "ports"),
    *("profiles", "restart", "stop_grace_period", "user", "volumes"),
}


def test_a_service_has_keys_that_there_are() -> None:
    assert set(FILE) == {"x-hub", "services", "volumes"}
    assert {
        name: set(service) - SERVICE_KEYS for name, service in SERVICES.items() if set(service) - SERVICE_KEYS
    } == {}


def test_it_holds_no_secret() -> None:
    said = [(name, word, value) for name, s in SERVICES.items() for word, value in s.get("environment", {}).items()]

    assert [(name, word) for name, word, value in said if "PASSWORD" in word and not word.endswith("_FILE")] == []
    assert {urlsplit(value).password for _, word, value in said if word == "HUB_STORE"} == {None}


def test_what_our_services_are_told_is_a_setting() -> None:
    known = {f"HUB_{name.upper()}" for name in Settings.model_fields}

    assert {word for name in OURS for word in SERVICES[name]["environment"]} <= known


@pytest.mark.parametrize(
    ("volume", "who"),
    [
        ("hub-data", {*OURS}),
        ("store-password", {*OURS, "postgres"}),
        ("kafka-password", {"passwords", "kafka", "hub"}),
    ],
)
def test_a_volume_with_secrets_is_where_it_is_needed_and_nowhere_else(volume: str, who: set[str]) -> None:
    mounted = {name for name, s in SERVICES.items() if any(v.startswith(f"{volume}:") for v in s.get("volumes", []))}

    assert mounted == who


def test_every_volume_is_declared_and_only_the_maker_of_passwords_writes_them() -> None:
    mounts = [(name, volume) for name, service in SERVICES.items() for volume in service.get("volumes", [])]

    assert {v.split(":")[0] for _, v in mounts if not v.startswith(".")} == set(FILE["volumes"])
    assert {name for name, v in mounts if "-password:" in v and not v.endswith(":ro")} == {"passwords"}


def test_only_the_monitors_port_leaves_and_only_to_this_machine() -> None:
    assert {name: s["ports"] for name, s in SERVICES.items() if "ports" in s} == {"serve": ["127.0.0.1:8470:8470"]}


def test_nobody_starts_before_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            other = SERVICES[needed]
            healthy = how["condition"] == "service_healthy"
            assert ("healthcheck" in other) if healthy else ("restart" not in other), (name, needed)


# -- every command as written


@dataclass
class Machine:
    """The containers' world on this machine: what stands for their paths, hosts and ports."""

    folder: Path
    postgres: Postgres
    kafka_port: int
    controller_port: int
    http_port: int
    programs: Path = field(init=False)

    def __post_init__(self) -> None:
        self.programs = self.folder / "bin"
        for made in ("bin", "data", "passwords/store", "passwords/kafka"):
            (self.folder / made).mkdir(parents=True, mode=0o700)

    def here(self, text: str) -> str:
        """A text of the file with this machine's places in it."""
        at = self.postgres.url.rsplit("@", 1)[1].split("/")[0]
        for theirs, ours in {
            "$$": "$",
            "postgres:5432": at,
            "kafka:9092": f"127.0.0.1:{self.kafka_port}",
            "127.0.0.1/9092": f"127.0.0.1/{self.kafka_port}",
            "/passwords/": f"{self.folder}/passwords/",
            "/deploy/": f"{ROOT}/deploy/",
            "/var/lib/kafka/data": f"{self.folder}/kafka",
            "/tmp/kafka-log": f"{self.folder}/kafka-log",
            "127.0.0.1:8470": f"127.0.0.1:{self.http_port}",
        }.items():
            text = text.replace(theirs, ours)
        return text

    def environment(self, service: str) -> dict[str, str]:
        """What the service is told."""
        told = {word: self.here(value) for word, value in SERVICES[service].get("environment", {}).items()}
        if service == "kafka":
            ports = {"KAFKA_PORT": self.kafka_port, "KAFKA_CONTROLLER_PORT": self.controller_port}
            told |= {"KAFKA_HOST": "127.0.0.1", **{word: str(port) for word, port in ports.items()}}
        kept = {word: value for word, value in os.environ.items() if not word.startswith("HUB_")}
        return {**kept, "PATH": f"{self.programs}:{os.environ['PATH']}", "HUB_DIR": f"{self.folder}/data", **told}

    def words(self, service: str, part: str) -> list[str]:
        """The words of a command in the file."""
        return [self.here(word) for word in SERVICES[service][part]]

    def hub(self, service: str, line: str = "") -> str:
        """Run a command of ours in a service, by default its own; its standard output."""
        command = [sys.executable, "-m", "hub", *(line.split() or self.words(service, "command"))]
        done = subprocess.run(
            command, env=self.environment(service), capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def healthy(self, service: str) -> bool:
        """What its health check says."""
        how, *words = SERVICES[service]["healthcheck"]["test"]
        assert how == "CMD"
        words = [self.here(word) for word in words]
        if words[0] == "pg_isready":
            words.append(f"--port={self.postgres.url.rsplit(':', 1)[1].split('/')[0]}")
        if words[0] == "python":
            words[0] = sys.executable
        return subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0

    def program(self, name: str, text: str) -> None:
        """A program by the name that it has in its image."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)

    @contextmanager
    def running(self, service: str, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """A service that runs for long; ended by its process id."""
        log = (self.folder / f"{service}.log").open("wb")
        process = subprocess.Popen(bound(command), env=self.environment(service), stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)
            log.close()


@pytest.fixture
def safe_postgres() -> Iterator[Postgres]:
    """A server that keeps what it has answered, as the doctor asks."""
    yield from own("postgres", lambda: Postgres({"fsync": "on"}))


@pytest.fixture
def machine(tmp_path: Path, safe_postgres: Postgres) -> Machine:
    java, folder = found("kafka", lambda: (jars.java(), jars.fetch()))
    made = Machine(tmp_path, safe_postgres, *free_ports(3))
    for name, main in (("kafka-storage.sh", "kafka.tools.StorageTool"), ("kafka-server-start.sh", "kafka.Kafka")):
        made.program(name, f"exec {java} -Xmx256m -cp '{folder}/*' {main} \"$@\"")
    made.program("docker-entrypoint.sh", 'printf "%s" "$POSTGRES_USER $POSTGRES_DB $POSTGRES_PASSWORD $1"')
    return made


def start_postgres(machine: Machine) -> None:
    """As its image would: the user and database of its environment, with the password that the entry point hands on."""
    entry = machine.words("postgres", "entrypoint")
    told = subprocess.run(
        entry, env=machine.environment("postgres"), capture_output=True, text=True, timeout=60, check=True
    )
    user, name, password, program = told.stdout.split(" ")
    assert program == "postgres"
    machine.postgres.run(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
    machine.postgres.run(f"CREATE DATABASE {name} OWNER {user} TEMPLATE template0 ENCODING 'UTF8'")


def test_the_whole_file_as_written(machine: Machine) -> None:
    assert machine.hub("passwords") == "Made: password, password\n"
    assert machine.hub("passwords") == "All are there already.\n"
    start_postgres(machine)
    assert machine.healthy("postgres")
    kafka = machine.running("kafka", machine.words("kafka", "entrypoint"))
    with kafka as broker:
        until(lambda: machine.healthy("kafka"), broker, machine.folder / "kafka.log")
        machine.hub("prepare")
        machine.hub("prepare")  # an upgrade runs it again
        machine.hub("hub", "workers add anna --agency hub --role administrator --as anna")
        machine.hub("hub", "agencies add harbour --name Harbour --lane general --as anna")
        machine.hub("hub", "bus provision --as anna")
        assert not machine.healthy("serve")
        serve = [sys.executable, "-m", "hub", *machine.words("serve", "command"), "--port", str(machine.http_port)]
        work = [sys.executable, "-m", "hub", *machine.words("work", "command")]
        with machine.running("serve", serve) as server, machine.running("work", work) as one:
            wait_for(f"http://127.0.0.1:{machine.http_port}/healthz", server)
            assert machine.healthy("serve")
            assert get(f"http://127.0.0.1:{machine.http_port}/readyz")[0] == 200
            assert "all is well" in machine.hub("hub", "doctor")
            assert one.poll() is None


def until(ready: Any, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it is; a process that ended is told with its last lines."""
    for _ in range(600):
        if ready():
            return
        assert process.poll() is None, log.read_text(errors="replace")[-2_000:]
        subprocess.run(["sleep", "0.2"], check=True)
    raise AssertionError(log.read_text(errors="replace")[-2_000:])
