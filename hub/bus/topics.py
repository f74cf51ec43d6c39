"""What the broker's answer about a topic means: whether it is as the bus needs it, and ours to read or write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from hub.bus.clients import PROVISION
from hub.errors import Refused

OURS = "one that `hub bus provision` has made"
LEADERLESS = "start the brokers that hold it; it is tried again by itself"


def fault(topic: str, described: Mapping[str, Any] | None, *rights: str) -> Refused | None:
    """What is wrong with a topic, or None. It is about this topic alone: others may be well.

    Args:
        described: the broker's answer.
        rights: ``READ``, ``WRITE``: what we must be able to do.
    """
    code = described["error_code"] if described is not None else UnknownTopicOrPartitionError.errno
    parts = described["partitions"] if described is not None else []
    may = described["authorized_operations"] if described is not None else None
    missing = [right.lower() for right in rights if may is not None and right not in may]
    several, remade = f"{len(parts)} partitions", "empty it, delete it, and `hub bus provision`"
    checks = (
        (code == UnknownTopicOrPartitionError.errno, "no such topic", OURS, PROVISION),
        (code == TopicAuthorizationFailedError.errno, "no such topic, or no right to see it", OURS, PROVISION),
        (code or not parts, f"code {code} of the broker", OURS, LEADERLESS),
        (len(parts) > 1, several, "one: an offset names a record", remade),
        (any(each["leader_id"] < 0 for each in parts), "no broker that leads it", "one of its copies", LEADERLESS),
        (missing, f"no right to {' and '.join(missing)}", "the rights of the relay", PROVISION),
    )
    for met, got, expected, step in checks:
        if met:
            return Refused(f"bus: topic {topic}", got, expected, step)
    return None
