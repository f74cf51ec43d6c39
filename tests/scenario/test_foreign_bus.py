"""What somebody else put on the bus is set aside with an alarm, and the reader goes on (design §3.3, INV-5)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.network import Network, make, refer

TOPIC = "delivery.LAKESIAAAAAA"  # of tests/network.py


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param("not json", b"x", id="no JSON"),
        pytest.param("[]", b"x", id="a list"),
        pytest.param("null", b"x", id="null"),
        pytest.param("[" * 100_000, b"x", id="deep"),
        pytest.param('{"ce_id":[1]}', b"x", id="a header that is no text"),
        pytest.param("{}", "text", id="a text for a body"),
        pytest.param(b"\xff\xfe", b"", id="bytes"),
        pytest.param("{}", 7, id="a number for a body"),
        pytest.param('{"ce_id":"e-1"}', b"x", id="an envelope that nobody knows"),
    ],
)
def test_a_record_that_is_not_the_hubs_stops_nobody_and_raises_an_alarm(
    tmp_path: Path, headers: Any, body: Any
) -> None:
    network: Network = make(tmp_path)
    with closing(sqlite3.connect(network.hub.settings.database, isolation_level=None)) as db:
        db.execute("INSERT INTO bus_topic (topic, next_offset) VALUES (?, 1)", (TOPIC,))
        columns = "topic, offset, key, headers, body, at"
        row = (TOPIC, 0, "lane", headers, body, network.clock.now().isoformat())
        db.execute(f"INSERT INTO bus_record ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)
    refer(network)

    network.run()

    assert network.states() == {"delivered": 1}
    with closing(sqlite3.connect(network.hub.settings.database)) as db:
        entries = [json.loads(entry) for (entry,) in db.execute("SELECT body FROM audit_entry")]
    assert [each["reason_code"] for each in entries if each["event_type"] == "ALARM"] == ["BUS_FOREIGN"]


def test_a_foreign_record_where_the_next_one_goes_stops_nobody(tmp_path: Path) -> None:
    network: Network = make(tmp_path)
    refer(network)
    network.run()
    with closing(sqlite3.connect(network.hub.settings.database, isolation_level=None)) as db:
        (offset,) = db.execute("SELECT next_offset FROM bus_topic WHERE topic = ?", (TOPIC,)).fetchone()
        row = (TOPIC, offset, "lane", "{}", b"x", network.clock.now().isoformat())
        db.execute("INSERT INTO bus_record (topic, offset, key, headers, body, at) VALUES (?, ?, ?, ?, ?, ?)", row)
    refer(network, birth_date="1984-02-03", last_name="Neighbour")

    network.run()

    assert network.states() == {"delivered": 2}
