"""How each topic of the bus stands, for ``hub bus status``. Pure: what the broker answered goes in, rows come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kafka.admin import ACL

from hub.bus.rights import agency_user, wanted, who_may
from hub.bus.topics import fault

PROVISION, LOOK = "hub bus provision", "find out who gave this right, and take it back"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the broker answered.

    Args:
        rights: every right, or None where Kafka asks nobody who they are.
    """

    topics: Mapping[str, Mapping[str, Any]]
    configs: Mapping[str, Mapping[str, str]]
    lags: Mapping[str, int]
    rights: set[ACL] | None
    users: set[str]


def rows(seen: Seen, topics: Mapping[str, bool], relay: str, configs: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for each topic.

    Args:
        topics: each with whether its agency may read it.
        configs: as each topic must be set.
    """
    return [_row(seen, topic, read, relay, configs) for topic, read in topics.items()]


def _row(seen: Seen, topic: str, read: bool, relay: str, configs: Mapping[str, str]) -> dict[str, Any]:
    described, found = seen.topics.get(topic), seen.configs.get(topic, {})
    there = described is not None and not described["error_code"]
    parts = described["partitions"] if described is not None else []
    row = {
        "topic": topic,
        "there": there,
        "replicas": min((len(each["replica_nodes"]) for each in parts), default=0),
        "in_step": min((len(each["isr_nodes"]) for each in parts), default=0),
        "retention_ms": _number(found.get("retention.ms")),
        "segment_ms": _number(found.get("segment.ms")),
        "lag": seen.lags.get(topic),
        "may_write": who_may("WRITE", topic, seen.rights) if seen.rights is not None else ["anybody"],
        "may_read": who_may("READ", topic, seen.rights) if seen.rights is not None else ["anybody"],
    }
    return row | {"what_to_do": _advice(seen, row, topic, read, relay, configs)}


def _advice(seen: Seen, row: Mapping[str, Any], topic: str, read: bool, relay: str, configs: Mapping[str, str]) -> str:
    """What to do about a topic; nothing where it is as it must be."""
    wrong = fault(topic, seen.topics.get(topic))
    if wrong is not None:
        return PROVISION if not row["there"] else wrong.next_step
    readers = {relay, agency_user(topic)} if read else {relay}
    rights = seen.rights if seen.rights is not None else wanted(relay, {topic: read})
    checks = (
        (any(seen.configs[topic].get(key) != value for key, value in configs.items()), PROVISION),
        (seen.rights is None, "let Kafka ask who one is: kafka.security = SASL_SSL"),
        (set(row["may_write"]) - {relay} or set(row["may_read"]) - readers, LOOK),
        (wanted(relay, {topic: read}) - rights or readers - seen.users, PROVISION),
        (row["in_step"] < row["replicas"], "a broker is away, or behind: see Kafka's own log"),
    )
    return next((advice for met, advice in checks if met), "")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None else None
