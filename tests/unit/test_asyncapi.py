"""``schemas/asyncapi.yaml`` says of the bus what the code does, and a message that is on it is one of those."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hub.bus.clients import ENVELOPE_MAX, RECORD_MAX
from hub.bus.provision import Plan
from hub.bus.rights import GROUP
from hub.directory.known import topic
from hub.exchange import intake, relay
from hub.keys import sealing
from hub.model.envelope import Sealed, headers
from hub.outside import BUS_KEPT
from tests.network import Network, make, refer

DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "schemas" / "asyncapi.yaml").read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
CHANNEL = DOCUMENT["channels"]["delivery"]


def of(path: str) -> Any:
    """What a ``#/…`` reference means."""
    found: Any = DOCUMENT
    for step in path.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [each for part in value.values() for each in references(part)]
    return [each for part in value for each in references(part)] if isinstance(value, list) else []


def test_every_reference_leads_somewhere() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert references(DOCUMENT)
    assert all(of(each) for each in references(DOCUMENT))


def test_the_headers_are_those_that_are_written_and_no_other() -> None:
    written = headers(Sealed("e-1", "e-2026-06-01", b""), "lane", datetime(2026, 6, 1, tzinfo=UTC))
    said = SCHEMAS["headers"]

    assert set(said["required"]) == set(said["properties"]) == written.keys()
    constants = {name: each["const"] for name, each in said["properties"].items() if "const" in each}
    assert constants == {name: written[name] for name in constants}
    assert constants.keys() == {"ce_specversion", "ce_source", "ce_type", "content-type"}
    assert DOCUMENT["components"]["messages"]["sealed"]["contentType"] == written["content-type"]


def test_the_address_is_the_topic_of_an_agency() -> None:
    assert CHANNEL["address"].format(agency="ABCDEFGHIJ27") == topic("ABCDEFGHIJ27")


def test_the_topic_is_made_so() -> None:
    kept = BUS_KEPT
    made = Plan("relay", None, Path(), 1, kept, secured=True).configs()
    said = CHANNEL["bindings"]["kafka"]

    assert said["topicConfiguration"] == {
        "cleanup.policy": [made["cleanup.policy"]],
        "retention.ms": kept // timedelta(milliseconds=1),
        "max.message.bytes": RECORD_MAX + ENVELOPE_MAX,
    }
    assert DOCUMENT["operations"]["arrive"]["bindings"]["kafka"]["groupId"]["const"] == GROUP


def test_the_body_is_laid_out_so() -> None:
    body = SCHEMAS["body"]

    assert bytes.fromhex(body["x-version"]) == sealing.VERSION
    sizes = (body["x-nonce-bytes"], body["x-tag-bytes"], body["x-block-bytes"])
    assert sizes == (sealing.NONCE_BYTES, sealing.TAG_BYTES, sealing.BLOCK_BYTES)


@pytest.fixture
def network(tmp_path: Path) -> Any:
    made = make(tmp_path)
    yield made
    made.hub.close()


def test_what_is_on_the_bus_is_such_a_message(network: Network) -> None:
    refer(network)
    house, directory = network.hub.house, network.directory()
    intake.step(house, directory.systems["harbour-cms"])
    relay.publish(house)

    [record] = house.bus.poll(directory.agencies["lakeside"].topic, "another", 10)

    check = Draft202012Validator(SCHEMAS["headers"], format_checker=Draft202012Validator.FORMAT_CHECKER)
    check.validate(dict(record.headers))
    assert record.key == record.headers["ce_lane"]
    assert record.body[:1] == sealing.VERSION
    assert (len(record.body) - sealing.OVERHEAD_BYTES) % sealing.BLOCK_BYTES == 0
