"""What Docker is asked for. A stand-in answers: it writes down each command, and says what an engine would say."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import Absent, docker
from tests.services.folder import PREFIX
from tests.services.kafka import Kafka
from tests.services.postgres import Postgres

ENGINE = """\
import json, os, pathlib, sys
here, asked = pathlib.Path(__file__).parent, sys.argv[1:]
with open(here / "asked", "a") as file:
    file.write(json.dumps(asked) + "\\n")
runs = here / "runs"
match asked[0]:
    case "start": runs.touch(); open(here / "log", "a").write("Kafka Server started\\n")
    case "stop" | "kill" | "rm": runs.unlink(missing_ok=True)
    case "inspect": print("true" if runs.exists() else "false")
    case "create": print("c0ffee")
    case "logs": print((here / "log").read_text() if (here / "log").exists() else "")
    case "exec": print("1")
    case "ps" if (here / "left").exists(): print((here / "left").read_text(), end="")
    case "images": print("" if (here / "offline").exists() else "1ma6e")
    case "pull": sys.exit("no such host")
"""


class Engine:
    """The stand-in: what it was asked, and what it is to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = folder / "engine.py"
        script.write_text(ENGINE)
        (folder / "docker").write_text(f'#!/bin/sh\nexec {sys.executable} -I {script} "$@"\n')
        (folder / "docker").chmod(0o755)

    def asked(self, verb: str = "") -> list[list[str]]:
        commands = [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]
        return [command for command in commands if verb in {"", command[0]}]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(Kafka, "_open", lambda _: True)
    docker.answers.cache_clear()
    yield Engine(tmp_path)
    docker.answers.cache_clear()


def published(command: list[str]) -> str:
    return command[command.index("--publish") + 1]


def test_postgres_is_open_on_the_loopback_alone_and_goes_with_its_data(engine: Engine) -> None:
    with Postgres() as server:
        port = server.url.split(":")[3].split("/")[0]
        server.kill()
        server.start_again()
        server.stop()
        server.start_again()

    (create,) = engine.asked("create")
    assert published(create) == f"127.0.0.1:{port}:5432"
    assert "postgres:15" in create
    assert [command[0] for command in engine.asked() if command[0] in {"start", "stop", "kill", "rm"}] == [
        *("start", "kill", "start", "stop", "start", "rm"),
    ]
    assert engine.asked("rm") == [["rm", "--force", "--volumes", "c0ffee"]]


def test_kafka_has_the_same_port_inside_and_a_wiped_one_is_made_anew(engine: Engine) -> None:
    with Kafka(users=["edge"]) as broker:
        port = broker.bootstrap.split(":")[1]
        broker.kill()
        broker.start_again()
        broker.stop()
        broker.wipe()
        broker.start_again()

    first, second = engine.asked("create")
    assert published(first) == published(second) == f"127.0.0.1:{port}:{port}"
    assert "--standalone" in first[-1]
    assert len(engine.asked("cp")) == 2


def test_no_password_is_on_a_command_line(engine: Engine) -> None:
    with Postgres() as server, Kafka(users=["edge"]) as broker:
        passwords = [server.url.split(":")[2].split("@")[0], *broker.passwords.values()]

    assert len(passwords) == 3
    said = json.dumps(engine.asked())
    assert not [password for password in passwords if password in said]


def test_a_container_whose_run_is_gone_is_removed_and_no_other(engine: Engine, tmp_path: Path) -> None:
    with Postgres() as ours:
        (engine.folder / "left").write_text(f"dead {tmp_path / PREFIX}gone\nalive {ours._folder.path}\n")
        with Postgres():
            pass

    assert ["rm", "--force", "--volumes", "dead"] in engine.asked("rm")
    assert ["rm", "--force", "--volumes", "alive"] not in engine.asked("rm")


def test_an_image_that_is_not_to_be_had_is_an_absent_service(engine: Engine) -> None:
    (engine.folder / "offline").touch()

    with pytest.raises(Absent, match="docker pull: no such host"), Postgres():
        pass
