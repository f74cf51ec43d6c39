"""A Kafka broker for tests: the one of the run, or one of one's own that may be stopped, killed and emptied.

    with Kafka(users=("relay",)) as broker:
        KafkaAdminClient(**broker.client())             # as its administrator
        KafkaProducer(**broker.client("relay"))         # may do nothing before an ACL lets it
        broker.kill()
        broker.start_again()                            # the same topics, users, ACLs and address

One node in KRaft mode; SCRAM-SHA-512; who is not ``admin`` may do what ACLs allow. Topics are not made by writing.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Self

from tests.services import Broken, docker, jars
from tests.services.own import Own
from tests.services.process import Child, bound, free_ports, last_words, new_password, wait_until

BOOTSTRAP, USER, PASSWORD = "HUB_TEST_KAFKA", "HUB_TEST_KAFKA_USER", "HUB_TEST_KAFKA_PASSWORD"
IMAGE = "apache/kafka:4.4.0"  # as in pom.xml
ADMIN = "admin"
PROPERTIES = Path(__file__).with_name("kafka.properties")
LOG = Path(__file__).with_name("kafka-log.properties")
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"  # any 16 bytes
READY = "Kafka Server started"
START_MAX_S = 120  # 3 s where the machine is idle
ITERATIONS = 4096  # the least that Kafka takes
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData")  # 0.7 s less, and C2 no gain
INSIDE = """\
set -e
export KAFKA_HEAP_OPTS=-Xmx256m KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/hub/kafka-log.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --standalone -t {cluster} -c /hub/kafka.properties {users}
exec /opt/kafka/bin/kafka-run-class.sh kafka.Kafka /hub/kafka.properties
"""


class KafkaAt:
    """A broker that somebody runs."""

    def __init__(self, bootstrap: str, passwords: Mapping[str, str], admin: str = ADMIN) -> None:
        self.bootstrap, self.passwords, self.admin = bootstrap, dict(passwords), admin

    @classmethod
    def named(cls, environ: Mapping[str, str] = os.environ) -> KafkaAt | None:
        """The one that the environment names. Without a user it lets in anybody."""
        if not environ.get(BOOTSTRAP):
            return None
        user = environ.get(USER, "")
        return cls(environ[BOOTSTRAP], {user: environ.get(PASSWORD, "")} if user else {}, user)

    def described(self) -> dict[str, object]:
        """All that another process needs to make its own ``KafkaAt``."""
        return {"bootstrap": self.bootstrap, "passwords": self.passwords, "admin": self.admin}

    def client(self, user: str | None = None, password: str | None = None) -> dict[str, str]:
        """What every client of ``kafka-python`` is made with, by default the administrator's.

        The password is needed where the test made the user itself.
        """
        name = self.admin if user is None else user
        if not name:
            return {"bootstrap_servers": self.bootstrap, "security_protocol": "PLAINTEXT"}
        return {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": name,
            "sasl_plain_password": self.passwords[name] if password is None else password,
        }


class Kafka(Own, KafkaAt):
    """A broker of our own. It can also lose all it held."""

    def __init__(self, users: Iterable[str] = (), settings: Mapping[str, str] | None = None) -> None:
        """``users`` are there from the start, beside ``admin``; ``settings`` are lines of its properties.

        Raises:
            Absent: neither Docker nor this machine has what it needs.
        """
        self._java = "" if docker.answers() else jars.java()
        self._jars = jars.fetch() if self._java else Path()
        self._settings = dict(settings or {})
        self._controller = new_password()
        Own.__init__(self, "kafka")
        KafkaAt.__init__(self, "", {user: new_password() for user in (ADMIN, *users)})

    def start_again(self) -> Self:
        """After a stop or a kill: with what it held, at the same address. Returns when it lets clients in.

        After a kill this takes 5 s: it is let in again only when the session it had has lapsed.
        """
        assert not self._server.running()
        if isinstance(self._server, Child) and not self._data.exists():
            self._format()
        before = self._server.log().count(READY)
        self._server.start()
        server = self._server
        wait_until(lambda: server.log().count(READY) > before and self._open(), server, "kafka", START_MAX_S)
        return self

    def wipe(self) -> None:
        """Lose all it held, while it does not run: topics, records, groups, ACLs. Its first users are there again."""
        assert not self._server.running()
        self._forget()

    def _open(self) -> bool:
        host, port = self.bootstrap.split(":")
        try:
            socket.create_connection((host, int(port)), timeout=5).close()
        except OSError:
            return False
        return True

    def _make(self) -> Child | docker.Container:
        port, controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{port}"
        filled = Template(PROPERTIES.read_text(encoding="utf-8")).substitute(
            bind="127.0.0.1" if self._java else "0.0.0.0",  # inside the container; only our loopback leads there
            port=port,
            controller_port=controller_port,
            data=self._data if self._java else "/hub/data",
            admin_password=self.passwords[ADMIN],
            controller_password=self._controller,
        )
        lines = [f"{name}={value}" for name, value in self._settings.items()]
        properties = self._folder.write("kafka.properties", "\n".join([filled, *lines, ""]))
        if not self._java:
            return self._container(port, properties)
        command = bound([*self._jvm("256m"), "kafka.Kafka", str(properties)])
        return Child(command, self._folder.path / "log", self._folder.path)

    def _jvm(self, heap: str) -> list[str]:
        log = f"-Dlog4j2.configurationFile={LOG}"
        return [self._java, f"-Xmx{heap}", *JVM, log, "-cp", f"{self._jars}/*"]  # java reads the star, no shell

    def _format(self) -> None:
        at = ["--standalone", "-t", CLUSTER, "-c", str(self._folder.path / "kafka.properties")]
        done = subprocess.run(
            bound([*self._jvm("128m"), "kafka.tools.StorageTool", "format", *at, *self._users()]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_MAX_S,
            check=False,
        )
        if done.returncode:
            raise Broken(f"kafka did not make its folder:\n{last_words(done.stdout + done.stderr)}")

    def _users(self) -> list[str]:
        return [word for name in self.passwords for word in ("--add-scram", scram(name, self.passwords[name]))]

    def _container(self, port: int, properties: Path) -> docker.Container:
        copied = self._folder.path / "copied"
        copied.mkdir(exist_ok=True)
        shutil.copy(properties, copied)
        shutil.copy(LOG, copied)
        users = " ".join(f"'{word}'" for word in self._users())
        script = ["-c", INSIDE.format(cluster=CLUSTER, users=users)]
        as_root = ["--user", "0", "--entrypoint", "bash"]  # what is copied in belongs to root
        return docker.Container(IMAGE, port, port, self._folder.path, options=as_root, command=script, copied=copied)


def scram(user: str, password: str) -> str:
    """A user as the format takes it: with the salted digest, since everybody can read a command line."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    first, second = (base64.b64encode(each).decode() for each in (salt, salted))
    return f'SCRAM-SHA-512=[name="{user}",iterations={ITERATIONS},salt="{first}",saltedpassword="{second}"]'
