"""``hub demo`` on Kafka and PostgreSQL tells the story that it tells on one file (issue 10, done when)."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.sample.network import CLIENTS_MIN
from tests.services.kafka import KafkaAt

ON_SERVICES = ("--store", "postgres", "--bus", "kafka")


def tell(place: Path, *options: str, **environ: str) -> dict[str, Any]:
    """The one object that the demo writes."""
    command = [sys.executable, "-m", "hub", "demo", "--once", "--json", "--clients", str(CLIENTS_MIN), "--dir"]
    run = subprocess.run(
        [*command, str(place), *options], capture_output=True, text=True, check=False, env=os.environ | environ
    )
    assert run.returncode == 0, run.stdout + run.stderr
    document: dict[str, Any] = json.loads(run.stdout)
    return document


def test_the_same_story_on_real_services(tmp_path: Path, postgres_url: str, kafka: KafkaAt) -> None:
    if not kafka.admin:
        pytest.skip("the named Kafka asks nobody who they are")
    here = tell(tmp_path / "here")

    there = tell(
        tmp_path / "there",
        *ON_SERVICES,
        HUB_STORE=postgres_url,
        HUB_KAFKA_BOOTSTRAP=kafka.bootstrap,
        HUB_KAFKA_SECURITY="SASL_PLAINTEXT",
        HUB_KAFKA_REPLICATION="1",
        HUB_KAFKA_USER=f"relay-{secrets.token_hex(4)}",
        HUB_KAFKA_ADMIN_USER=kafka.admin,
        HUB_KAFKA_ADMIN_PASSWORD=kafka.passwords[kafka.admin],
    )

    for name in ("messages", "refused_by_code", "withheld_by_category", "withdrawal", "systems", "expectation"):
        assert there[name] == here[name], name
    assert there["surprises"] == []
    assert not (tmp_path / "there" / "hub" / "hub.sqlite").exists()
    rows = (tmp_path / "there" / "hub" / "rows.jsonl").read_text()
    assert all(agency in rows for agency in ("harbour", "lakeside")), "the rows of the database were searched"
