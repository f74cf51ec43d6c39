"""Questions to a broker, as its administrator: what is there, how it is set, who may what, how far a group has read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ConfigResourceType,
    OffsetSpec,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
)
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NoError,
    TopicAuthorizationFailedError,
)

from hub.bus.reader import PARTITION

_EVERY_RESOURCE = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
_EVERY_RIGHT = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, _EVERY_RESOURCE)


def topics(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """The broker's answer about each topic, missing ones included."""
    return {each["name"]: each for each in admin.describe_topics(list(names))}


def configs(admin: KafkaAdminClient, names: Collection[str]) -> dict[str, dict[str, str]]:
    """All settings of topics that are there.

    Raises:
        KafkaError: this user may not ask.
    """
    if not names:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(asked, config_filter="all")["topic"]
    if refused := [name for name, found in answer.items() if not found]:  # the driver drops the error
        raise TopicAuthorizationFailedError(set(refused))
    return {name: {key: each["value"] for key, each in found.items()} for name, found in answer.items()}


def lags(admin: KafkaAdminClient, group: str, names: Collection[str]) -> dict[str, int]:
    """How many records of each topic a group has not committed.

    Nothing while no broker keeps the group's offsets: a cluster that has just begun needs some seconds to find one.
    """
    at = [TopicPartition(name, PARTITION) for name in names]
    if not at:
        return {}
    first = admin.list_partition_offsets(dict.fromkeys(at, OffsetSpec.EARLIEST))
    ends = admin.list_partition_offsets(dict.fromkeys(at, OffsetSpec.LATEST))
    try:
        committed = admin.list_group_offsets({group: at})[group]
    except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError):
        return {}
    found = {}
    for each in at:
        read = committed[each].offset if each in committed else -1
        found[each.topic] = max(0, ends[each].offset - max(read, first[each].offset))
    return found


def rights(admin: KafkaAdminClient) -> set[ACL]:
    """Every right that anybody has.

    Raises:
        KafkaError: this user may not ask.
    """
    found, error = admin.describe_acls(_EVERY_RIGHT)
    if error is not NoError:
        raise error
    return set(found)


def users(admin: KafkaAdminClient) -> set[str]:
    """Users who can log in as the hub's do."""
    every = admin.describe_user_scram_credentials()
    return {name for name, each in every.items() if _has_ours(each["credential_infos"] or ())}


def _has_ours(infos: Collection[Any]) -> bool:
    return any(info["mechanism"] == ScramMechanism.SCRAM_SHA_512 for info in infos)
