"""What the broker's answer about a topic means: whether it is as the bus needs it, and ours to read or write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from hub.bus.clients import PROVISION
from hub.errors import BusUnavailable, HubError, Refused


def fault(topic: str, described: Mapping[str, Any] | None, *rights: str) -> HubError | None:
    """What is wrong with a topic, or None.

    Args:
        described: the broker's answer.
        rights: ``READ``, ``WRITE``: what we must be able to do.
    """
    where = f"bus: topic {topic}"
    code = described["error_code"] if described is not None else UnknownTopicOrPartitionError.errno
    if code == UnknownTopicOrPartitionError.errno:
        return Refused(where, "no such topic", "one that is ours", PROVISION)
    if code == TopicAuthorizationFailedError.errno:
        return Refused(where, "no such topic, or no right to see it", "one that is ours", PROVISION)
    if described is None or code or not described["partitions"]:
        return BusUnavailable(where, f"code {code} of the broker", "a topic with a leader", "it is tried again")
    if len(described["partitions"]) != 1:
        got, step = f"{len(described['partitions'])} partitions", "empty it, delete it, and `hub bus provision`"
        return Refused(where, got, "one: an offset names a record", step)
    may = described["authorized_operations"]
    missing = [right for right in rights if may is not None and right not in may]
    if missing:
        return Refused(where, f"no right to {' and '.join(missing).lower()}", "the rights of the relay", PROVISION)
    return None
