"""Who may do what on Kafka: what the hub wants, and what a list of rights means. Pure.

The relay alone writes delivery topics, and reads them as the hub's group. An agency's user may read the topic of that
agency and no other, in groups whose names begin with its own. It is named as the topic is, so that the broker's own
lists and logs do not tell whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePattern, ResourceType

TOPICS = "delivery."
GROUP = "hub"  # as in hub/exchange/relay.py: the group that marks arrivals
ANYWHERE, EVERYTHING = "*", "*"


def agency_user(topic: str) -> str:
    """The user of the agency whose topic it is."""
    return topic.removeprefix(TOPICS)


def wanted(relay: str, topics: Mapping[str, bool]) -> set[ACL]:
    """All rights that there must be.

    Args:
        topics: each with whether its agency may read it.
    """
    found = {_right(relay, ACLOperation.READ, ResourceType.GROUP, GROUP)}
    for topic, read in topics.items():
        found |= {_right(relay, each, ResourceType.TOPIC, topic) for each in (ACLOperation.WRITE, ACLOperation.READ)}
        if read:
            user = agency_user(topic)
            found.add(_right(user, ACLOperation.READ, ResourceType.TOPIC, topic))
            found.add(_right(user, ACLOperation.READ, ResourceType.GROUP, f"{user}.", ACLResourcePatternType.PREFIXED))
    return found


def surplus(relay: str, topics: Mapping[str, bool], there: Iterable[ACL]) -> set[ACL]:
    """Rights of agencies' users beyond what is wanted. What others hold is their administrator's, and is shown."""
    users = {_principal(agency_user(topic)) for topic in topics}
    return {each for each in there if each.principal in users and _allows(each)} - wanted(relay, topics)


def who_may(operation: str, topic: str, there: Iterable[ACL]) -> list[str]:
    """Users who may ``READ`` or ``WRITE`` a topic. Super users of the broker may everything, and are in no list."""
    asked = {ACLOperation[operation], ACLOperation.ALL}
    found = {each.principal for each in there if each.operation in asked and _allows(each) and _covers(each, topic)}
    return sorted(principal.removeprefix("User:") for principal in found)


def _covers(acl: ACL, topic: str) -> bool:
    pattern = acl.resource_pattern
    if pattern.resource_type != ResourceType.TOPIC:
        return False
    if pattern.pattern_type == ACLResourcePatternType.PREFIXED:
        return topic.startswith(pattern.resource_name)
    return pattern.resource_name in (topic, EVERYTHING)


def _allows(acl: ACL) -> bool:
    return bool(acl.permission_type == ACLPermissionType.ALLOW)


def _right(
    user: str,
    operation: ACLOperation,
    kind: ResourceType,
    name: str,
    pattern: ACLResourcePatternType = ACLResourcePatternType.LITERAL,
) -> ACL:
    resource = ResourcePattern(kind, name, pattern)
    return ACL(_principal(user), ANYWHERE, operation, ACLPermissionType.ALLOW, resource)


def _principal(user: str) -> str:
    return f"User:{user}"
