"""Clients of Kafka: whom they are, how long they wait, and what their errors mean to the hub.

A driver's error leaves here as ours. ``BusUnavailable`` is an outage, or an outcome that nobody knows: the same again,
later. ``Refused`` is set up wrongly (user, right, topic): it is tried again too, but a person must mend it.

The driver logs freely, as text, and tells only in its log that a password was wrong. So its log goes nowhere but to
one handler that listens for that.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import errors as theirs
from kafka.net.compat import KafkaNetClient

from hub.errors import BusUnavailable, HubError, Refused

MECHANISM = "SCRAM-SHA-512"
PROBE_S = 2.0  # [policy] to one address, before a client is made: a broker that is stopped refuses at once
BOOTSTRAP_MS = 3_000  # [policy] services reference 14: a wrong password takes all of it
REQUEST_MS = 3_000  # [policy] one answer
SEND_MS = 7_000  # [policy] a record, retries included; with a second more it is shorter than ``Limits.relay_lease``
CLOSE_S = 1.0  # [policy] a client that is let go
BACKOFF_MS, BACKOFF_MAX_MS = 50, 500  # [policy] between two tries of the driver to connect
RECORD_MAX = 8 * 2**20  # bytes; [policy] far more than a record of an agency comes to; topics are made with it
ENVELOPE_MAX = 64 * 2**10  # bytes; key, headers and framing beside the body
FETCH_MAX = 256 * 2**10  # bytes; of one topic at once; a greater record comes alone
PROVISION = "`hub bus provision` makes topics, users and rights; `hub bus status` shows them"
LIES_ELSEWHERE = "see that the broker runs, and `[kafka]` in hub.toml; it is tried again by itself"

Client = TypeVar("Client")


@dataclass(frozen=True, slots=True)
class Access:
    """Where Kafka is and who we are there. ``user`` is None where it lets in anybody."""

    bootstrap: str
    user: str | None
    password: str | None = field(repr=False)
    security: str
    ca_file: Path | None = None

    def config(self) -> dict[str, Any]:
        """What every client is made with."""
        found: dict[str, Any] = {
            "bootstrap_servers": self.servers(),
            "security_protocol": self.security,
            "bootstrap_timeout_ms": BOOTSTRAP_MS,
            "request_timeout_ms": REQUEST_MS,
            "reconnect_backoff_ms": BACKOFF_MS,
            "reconnect_backoff_max_ms": BACKOFF_MAX_MS,
            "retry_backoff_ms": BACKOFF_MS,
        }
        if (context := self.tls()) is not None:
            found["ssl_context"] = context
        if self.user is not None:
            found |= {
                "sasl_mechanism": MECHANISM,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return found

    def tls(self) -> ssl.SSLContext | None:
        """How Kafka's certificate is judged, by the driver as by us.

        Raises:
            Refused: ``ca_file`` is not there, or holds no certificates.
        """
        if self.security != "SASL_SSL":
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            got = error.strerror or type(error).__name__
            raise Refused("bus: kafka.ca_file", got, "a file of certificates", "see hub.toml") from error

    def servers(self) -> list[str]:
        """The addresses, one by one."""
        return [word for word in self.bootstrap.replace(",", " ").split() if word]


class Clients:
    """Makes clients. None is made before it is needed: a hub starts without its broker.

    Args:
        access: asked for each client, since a password may be there later, or another.
        user: the place that an error names when the user is not let in, and what to do then.
    """

    def __init__(self, access: Callable[[], Access], user: str = "bus: kafka.user", step: str = PROVISION) -> None:
        self._access, self._user, self._step = access, user, step
        self._ear = _listening()

    def producer(self) -> KafkaProducer:
        """Idempotent, acknowledged by all replicas in step, in order; see :meth:`_make` for its errors."""
        return self._make(
            KafkaProducer,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            batch_size=FETCH_MAX,
            max_request_size=RECORD_MAX + ENVELOPE_MAX,
            max_block_ms=REQUEST_MS,
            delivery_timeout_ms=SEND_MS,
            metrics_enabled=False,
        )

    def consumer(self, group: str) -> KafkaConsumer:
        """Of a group's offsets, without being its member; it asks only when something is there."""
        return self._make(
            KafkaConsumer,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            fetch_max_wait_ms=0,
            max_partition_fetch_bytes=FETCH_MAX,
            metrics_enabled=False,
        )

    def admin(self) -> KafkaAdminClient:
        """For questions about topics, users and rights."""
        return self._make(KafkaAdminClient)

    def _make(self, kind: Callable[..., Client], **config: Any) -> Client:
        """A client that has reached a broker.

        Raises:
            BusUnavailable: no broker answers.
            Refused: one does, and does not take user, password or certificate.
        """
        access = self._access()
        _probe(access)
        made: list[KafkaNetClient] = []

        def remembered(**parts: Any) -> KafkaNetClient:
            made.append(KafkaNetClient(**parts))
            return made[-1]

        self._ear.heard = ""
        try:
            return kind(**access.config(), **config, kafka_client=remembered)
        except (theirs.KafkaError, OSError) as error:
            for client in made:  # a constructor that fails leaves its thread behind
                with suppress(Exception):
                    client.close()
            _probe(access)  # it may have gone meanwhile
            raise self._unmade(error) from error

    def _unmade(self, error: Exception) -> HubError:
        if self._ear.heard == "sasl":
            return Refused(self._user, "a user or password that Kafka does not take", "", self._step)
        if self._ear.heard == "gone":  # a refusal and the end of the line at once: the driver drops the refusal
            expected = "a broker that runs, and takes user, password and protocol"
            return BusUnavailable(self._user, "a broker that hangs up", expected, f"{LIES_ELSEWHERE}; {self._step}")
        return ours(error)


def _probe(access: Access) -> None:
    """Whether a broker answers at any of the addresses, with a certificate that we know: a driver is slow to give up,
    and tells nobody why.

    Raises:
        BusUnavailable: nobody answers.
        Refused: somebody does, who is not whom ``ca_file`` makes known.
    """
    context = access.tls()
    for server in access.servers():
        host, _, port = server.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=PROBE_S) as line:
                if context is not None:
                    context.wrap_socket(line, server_hostname=host.strip("[]")).close()
        except ssl.SSLCertVerificationError as error:
            got = f"a certificate that does not verify (code {error.verify_code})"
            raise Refused("bus: kafka.ca_file", got, "the broker's, or of who signed it", "see hub.toml") from error
        except (OSError, ValueError, OverflowError):
            continue
        return
    raise BusUnavailable(
        "bus", "no broker at any of its addresses", "Kafka, with TLS" if context else "Kafka", LIES_ELSEWHERE
    )


def ours(error: BaseException, where: str = "bus") -> HubError:
    """A driver's error as ours. Its text is dropped: it may name what is only the driver's."""
    name = type(error).__name__
    if isinstance(error, theirs.SaslAuthenticationFailedError):
        return Refused(where, "a user or password that Kafka does not take", "", PROVISION)
    if isinstance(error, theirs.AuthorizationError) or "ClusterAuthorizationFailed" in str(error):
        return Refused(where, f"{name}: the hub's user has not the right", "the rights of the relay", PROVISION)
    if isinstance(error, theirs.CommitFailedError | theirs.UnknownMemberIdError | theirs.IllegalGenerationError):
        return Refused(where, "a group that has members", "offsets without", "end what else reads in the hub's group")
    if isinstance(error, theirs.MessageSizeTooLargeError):
        return Refused(where, "a record that is too large for its topic", "", PROVISION)
    return BusUnavailable(where, name, "an answer of Kafka", LIES_ELSEWHERE)


def let_go(client: Any, *arguments: Any) -> None:
    """Close a client. It raises where its broker is gone, and stays half open: then its sender is ended too."""
    try:
        client.close(*arguments)
    except Exception:  # noqa: BLE001 - whatever it says, nothing is expected of it any more
        sender = getattr(client, "_sender", None)
        if sender is not None:
            with suppress(Exception):
                sender.force_close()


class _Ear(logging.Handler):
    """What the driver tells in its log alone."""

    heard = ""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # a line that the driver cannot write itself
            return
        if "SaslAuthenticationFailed" in text or "UnsupportedSaslMechanism" in text:
            self.heard = "sasl"
        elif "socket disconnected" in text:
            self.heard = self.heard or "gone"


def _listening() -> _Ear:
    """The one handler of the driver's log: what it says goes nowhere else."""
    logger = logging.getLogger("kafka")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    for handler in logger.handlers:
        if isinstance(handler, _Ear):
            return handler
    ear = _Ear()
    logger.addHandler(ear)
    return ear
