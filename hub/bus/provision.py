"""What ``hub bus provision`` and ``hub bus status`` do on Kafka, as its administrator.

To provision twice is to provision once: what is there and right is left as it is. A password that is made is written
to a file of its own before the user is; it is printed nowhere. A user who is there keeps the password it has, wherever
that is kept now. A user who is not (the broker lost all it had) gets the one of its file again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from kafka import errors as theirs
from kafka.admin import (
    ACL,
    ACLFilter,
    ConfigResource,
    ConfigResourceType,
    ResourcePatternFilter,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from hub.bus import questions, status
from hub.bus.clients import ENVELOPE_MAX, MECHANISM, RECORD_MAX, Access, Clients, let_go, ours
from hub.bus.rights import GROUP, agency_user, surplus, wanted
from hub.bus.topics import fault
from hub.errors import Refused
from hub.passwords import password_file, read_password, write_password

SEGMENT = timedelta(hours=1)  # design §10: what is too old goes with its segment, at most so much later
ITERATIONS = 8192  # of a password's digest; Kafka asks for 4096 at least
TOPICS_WAIT_MS = 10_000  # [policy] until new topics have a leader
ADMIN = "bus: kafka.admin_user"
NOT_ADMIN = "give it the rights of an administrator, or name another"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the hub wants on Kafka.

    Args:
        relay: the relay's user.
        given: its password where the operator has chosen one; else it is made.
        passwords: the folder of the passwords that are made.
        kept: how long a record is kept.
        secured: whether Kafka asks who one is; else there are neither users nor rights.
    """

    relay: str
    given: str | None = field(repr=False)
    passwords: Path
    replication: int
    kept: timedelta
    secured: bool

    def configs(self) -> dict[str, str]:
        """Of each topic. Timestamps are the broker's, so that none of a writer's keeps a record longer."""
        return {
            "cleanup.policy": "delete",
            "compression.type": "uncompressed",  # sealed bytes do not shrink, and no codec is met that we lack
            "max.message.bytes": str(RECORD_MAX + ENVELOPE_MAX),
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": str(max(1, self.replication - 1)),
            "retention.ms": str(self.kept // timedelta(milliseconds=1)),
            "segment.ms": str(SEGMENT // timedelta(milliseconds=1)),
        }


@dataclass(slots=True)
class Done:
    """What provisioning did. ``passwords``: names of the files that hold those it made."""

    topics: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    removed_users: list[str] = field(default_factory=list)
    rights: int = 0
    removed_rights: int = 0
    passwords: list[str] = field(default_factory=list)


class Office:
    """The administrator's desk at Kafka.

    Args:
        access: of the administrator.
        password: makes one.
    """

    def __init__(self, access: Callable[[], Access], plan: Plan, password: Callable[[], str]) -> None:
        self._clients, self._plan, self._password = Clients(access, ADMIN, NOT_ADMIN), plan, password

    def provision(self, topics: Mapping[str, bool], renew: Collection[str] = ()) -> dict[str, Any]:
        """Make what is missing and mend what is not as it must be; nothing is removed but what agencies' users may.

        Args:
            topics: each with whether its agency may read it.
            renew: topics whose agency's user gets a new password; "" for the relay.

        Raises:
            BusUnavailable: no broker answers. Provision again.
            Refused: Kafka does not do it, or does not do it for this administrator.
        """
        done = Done()
        with self._asking() as admin:
            self._topics(admin, topics, done)
            if self._plan.secured:
                self._rights(admin, topics, done)
                self._users(admin, topics, renew, done)
        return asdict(done)

    def status(self, topics: Mapping[str, bool]) -> list[dict[str, Any]]:
        """Each topic as it is, and what to do about it; nothing is changed.

        Raises:
            BusUnavailable, Refused: as :meth:`provision`.
        """
        with self._asking() as admin:
            described = questions.topics(admin, topics)
            there = [name for name, each in described.items() if fault(name, each) is None]
            seen = status.Seen(
                described,
                questions.configs(admin, there),
                questions.lags(admin, GROUP, there),
                questions.rights(admin) if self._plan.secured else None,
                questions.users(admin) if self._plan.secured else set(),
            )
        return status.rows(seen, topics, self._plan.relay, self._plan.configs())

    def _topics(self, admin: KafkaAdminClient, topics: Mapping[str, bool], done: Done) -> None:
        described, configs = questions.topics(admin, topics), self._plan.configs()
        missing = [
            name for name in topics if described[name]["error_code"] == theirs.UnknownTopicOrPartitionError.errno
        ]
        there = [name for name in topics if name not in missing]
        for name in there:
            if wrong := fault(name, described[name]):
                raise wrong
        if missing:
            parts = {"num_partitions": 1, "replication_factor": self._plan.replication, "configs": configs}
            for each in admin.create_topics(dict.fromkeys(missing, parts), raise_errors=False)["topics"]:
                if each["error_code"] not in (0, theirs.TopicAlreadyExistsError.errno):
                    raise _not_made(each["name"], each["error_code"])
            admin.wait_for_topics(missing, timeout_ms=TOPICS_WAIT_MS)
            done.topics += missing
        for name, found in questions.configs(admin, there).items():
            if any(found.get(key) != value for key, value in configs.items()):
                asked = ConfigResource(ConfigResourceType.TOPIC, name, configs)
                if admin.alter_configs([asked], raise_on_unknown=False)["topic"][name] != "OK":
                    raise Refused(ADMIN, "a user who may not set topics", "an administrator of Kafka", NOT_ADMIN)
                done.changed.append(name)

    def _rights(self, admin: KafkaAdminClient, topics: Mapping[str, bool], done: Done) -> None:
        there = questions.rights(admin)
        missing = wanted(self._plan.relay, topics) - there
        if missing and admin.create_acls(list(missing))["failed"]:
            raise Refused(ADMIN, "a user who may not give rights", "an administrator of Kafka", NOT_ADMIN)
        gone = surplus(self._plan.relay, topics, there)
        if gone:
            admin.delete_acls([_exactly(each) for each in gone])
        done.rights, done.removed_rights = len(missing), len(gone)

    def _users(self, admin: KafkaAdminClient, topics: Mapping[str, bool], renew: Collection[str], done: Done) -> None:
        there, relay = questions.users(admin), self._plan.relay
        anew = {agency_user(topic) if topic else relay for topic in renew}
        if not self._relays_is_known():
            there.discard(relay)  # without its password nobody can be it
        for user in [relay, *(agency_user(topic) for topic, read in topics.items() if read)]:
            if user in anew or user not in there:
                password = self._password_of(user, anew=user in anew, done=done)
                _alter(admin, UserScramCredentialUpsertion(user, MECHANISM, password, iterations=ITERATIONS))
                done.users.append(user)
        for user in [agency_user(topic) for topic, read in topics.items() if not read]:
            if user in there:
                _alter(admin, UserScramCredentialDeletion(user, MECHANISM))
                done.removed_users.append(user)
            password_file(self._plan.passwords, user).unlink(missing_ok=True)

    def _relays_is_known(self) -> bool:
        return self._plan.given is not None or password_file(self._plan.passwords, self._plan.relay).exists()

    def _password_of(self, user: str, *, anew: bool, done: Done) -> str:
        """The password of a user: the operator's, that of its file, or a new one in a new file."""
        if user == self._plan.relay and self._plan.given is not None:
            return self._plan.given
        path = password_file(self._plan.passwords, user)
        if anew:
            path.unlink(missing_ok=True)
        if not path.exists():
            write_password(path, self._password())
            done.passwords.append(path.name)
        return read_password(path)

    @contextmanager
    def _asking(self) -> Iterator[KafkaAdminClient]:
        admin = self._clients.admin()
        try:
            yield admin
        except theirs.AuthorizationError as error:
            raise Refused(ADMIN, "a user who may not do this", "an administrator of Kafka", NOT_ADMIN) from error
        except theirs.KafkaError as error:
            raise ours(error) from error
        finally:
            let_go(admin)


def _not_made(topic: str, code: int) -> Refused:
    where, step = f"bus: topic {topic}", "see Kafka's own log"
    if code == theirs.InvalidReplicationFactorError.errno:
        return Refused(where, "fewer brokers than `kafka.replication`", "as many", "start more, or set it lower")
    if code == theirs.TopicAuthorizationFailedError.errno:
        return Refused(ADMIN, "a user who may make no topics", "an administrator of Kafka", NOT_ADMIN)
    return Refused(where, f"code {code} of the broker", "a new topic", step)


def _exactly(acl: ACL) -> ACLFilter:
    pattern = acl.resource_pattern
    resource = ResourcePatternFilter(pattern.resource_type, pattern.resource_name, pattern.pattern_type)
    return ACLFilter(acl.principal, acl.host, acl.operation, acl.permission_type, resource)


def _alter(admin: KafkaAdminClient, alteration: Any) -> None:
    """Users are refused in the answer, not by an error (services reference, "SCRAM + ACL admin")."""
    if any(admin.alter_user_scram_credentials([alteration]).values()):
        raise Refused(ADMIN, "a user who may not make or remove users", "an administrator of Kafka", NOT_ADMIN)
