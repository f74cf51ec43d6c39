"""``hub serve``: whether it lives, whether it is ready, and counts without a name in them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.network import Network, make, refer
from tests.services.postgres import Postgres
from tests.shapes import Shape, migrated
from tests.tidy.house import ROOT, table

START_MAX_S = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def start(folder: Path, port: int, *args: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "hub", "serve", "--dir", str(folder), "--port", str(port), *args]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@contextmanager
def serving(folder: Path, *args: str) -> Iterator[str]:
    """A server of this folder, ended by its process id; yields where it is."""
    port = free_port()
    process = start(folder, port, *args)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(START_MAX_S * 20):
        assert process.poll() is None, process.communicate()[1]
        try:
            get(url)
            return
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError("it does not answer")


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metrics(url: str) -> dict[str, float]:
    lines = [line for line in get(f"{url}/metrics")[1].splitlines() if line and line[0] != "#"]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_it_lives_is_ready_and_counts_what_there_is(network: Network) -> None:
    refer(network)
    network.run()
    network.verifies()

    with serving(network.hub.settings.dir) as url:
        assert get(f"{url}/healthz") == (200, '{"alive":true}')
        assert get(f"{url}/readyz") == (200, '{"ready":true,"why":""}')
        found = metrics(url)

    assert found["hub_store_up"] == 1
    assert found['hub_messages{state="delivered"}'] == 1
    assert found['hub_messages{state="held"}'] == 0
    assert found["hub_log_entries_total"] == len(network.entries())
    assert (found["hub_systems_away"], found["hub_stopped"], found["hub_near_return"]) == (0, 0, 0)


def test_no_label_names_an_agency_a_system_or_a_person_inv_1(network: Network) -> None:
    refer(network)
    (network.dir / "lakeside.sqlite").rename(network.dir / "lakeside.away")
    for _ in range(6):
        network.hub.step()

    with serving(network.hub.settings.dir) as url:
        text = get(f"{url}/metrics")[1]

    assert set(re.findall(r"(\w+)=\"", text)) == {"state", "on"}
    assert not re.search(r"harbour|lakeside|zq|DN_", text, re.IGNORECASE)


def test_every_metric_is_in_the_operators_guide_and_no_other(network: Network) -> None:
    with serving(network.hub.settings.dir) as url:
        text = get(f"{url}/metrics")[1]

    found = set(re.findall(r"^# TYPE (hub_\w+) ", text, re.MULTILINE))
    assert found == set(table(ROOT / "docs" / "operator.md", "Metrics"))


def test_with_workers_it_does_the_work_too(network: Network) -> None:
    refer(network)
    network.hub.close()

    with serving(network.hub.settings.dir, "--with-workers"):
        for _ in range(START_MAX_S * 20):
            if network.inbox("lakeside"):
                break
            time.sleep(0.05)

    assert [row["kind"] for row in network.inbox("lakeside")] == ["referral"]


def test_a_halted_hub_is_not_ready(network: Network) -> None:
    with serving(network.hub.settings.dir) as url:
        network.hub.settings.halted.write_text("2026-06-01T16:00:00+00:00")

        assert get(f"{url}/readyz") == (503, '{"ready":false,"why":"halted"}')
        assert get(f"{url}/healthz")[0] == 200


def test_a_store_that_is_away_is_told_and_the_process_lives(tmp_path: Path, own_postgres: Postgres) -> None:
    url = own_postgres.database()
    migrated(url)
    network = make(tmp_path, shape=Shape("postgresql", url))
    network.hub.close()

    with serving(network.hub.settings.dir) as at:
        own_postgres.kill()

        status, text = get(f"{at}/readyz")
        found = metrics(at)
        alive = get(f"{at}/healthz")[0]

    assert (status, json.loads(text)) == (503, {"ready": False, "why": "store Unavailable"})
    assert {name: value for name, value in found.items() if name.startswith("hub_")} == {"hub_store_up": 0}
    assert alive == 200


def test_an_unknown_path_says_so_and_nothing_of_it(network: Network) -> None:
    with serving(network.hub.settings.dir) as url:
        status, text = get(f"{url}/Patient?name=Zqname")

    assert status == 404
    assert "Zqname" not in text


def test_a_port_that_is_taken_is_refused_with_what_to_do(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        process = start(network.hub.settings.dir, door.getsockname()[1])
        said = process.communicate(timeout=60)[1]

    assert process.returncode == 1
    assert "--host, --port: got Address already in use" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(network: Network, number: signal.Signals) -> None:
    port = free_port()
    process = start(network.hub.settings.dir, port, "--with-workers")
    wait_for(f"http://127.0.0.1:{port}/healthz", process)

    os.kill(process.pid, number)
    said = process.communicate(timeout=60)[1]

    assert process.returncode == 0
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert events == ["SERVING", "WORK_STARTED", "WORK_STOPPED", "SERVED"]
