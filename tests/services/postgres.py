"""A PostgreSQL server for tests: the one of the run, or one of one's own that may be stopped and killed.

with Postgres() as server:
    url = server.database()     # a new, empty database
    server.kill()
    server.start_again()        # the same data, address and password
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.services import Absent, Broken, docker
from tests.services.own import Own
from tests.services.process import Child, bound, free_ports, new_password, wait_until

URL = "HUB_TEST_POSTGRES"
IMAGE = "postgres:15"
DEBIAN = Path("/usr/lib/postgresql")  # Debian keeps a server's programs here, a folder per version, off the PATH
USER = "postgres"
START_MAX_S = 60
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "32MB",
    "fsync": "off",  # what is killed is a process, never the machine; "on" for whoever measures
    "dynamic_shared_memory_type": "mmap",  # in the data folder, which is removed even after a kill
}


class PostgresAt:
    """A server that somebody runs."""

    def __init__(self, url: str, psql: Sequence[str] = ()) -> None:
        """``psql`` is the command to reach it, where that is not simply the one on the PATH."""
        self.url = url
        self._psql = list(psql)

    @classmethod
    def named(cls, environ: Mapping[str, str] = os.environ) -> PostgresAt | None:
        """The one that the environment names."""
        return cls(environ[URL]) if environ.get(URL) else None

    def described(self) -> dict[str, object]:
        """All that another process needs to make its own ``PostgresAt``."""
        return {"url": self.url, "psql": self._psql}

    def database(self, template: str = "") -> str:
        """A new database, empty or a copy of the one at another URL, to which nobody is connected. Its URL."""
        name = f"test_{secrets.token_hex(8)}"
        copied = f" TEMPLATE {urlsplit(template).path.removeprefix('/')}" if template else ""
        self.run(f"CREATE DATABASE {name}{copied}")
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.run(f"DROP DATABASE IF EXISTS {urlsplit(url).path.removeprefix('/')} WITH (FORCE)")

    def run(self, sql: str, url: str = "") -> str:
        """What ``psql`` answers, cells between ``|``; for what a test prepares and counts from outside.

        Raises:
            Absent: the machine has no ``psql``.
            Broken: the server said no, or nothing.
        """
        environ = os.environ | variables(url or self.url)
        command = [*(self._psql or [psql()]), "--no-psqlrc", "-Atq", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(
            command, env=environ, input=sql, capture_output=True, text=True, timeout=START_MAX_S, check=False
        )
        if done.returncode:
            raise Broken(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()


def psql() -> str:
    """The program that asks a server.

    Debian has on the PATH a script that finds this one, and takes four times as long as the question.

    Raises:
        Absent: there is none.
    """
    found = newest("psql") or shutil.which("psql")
    if found is None:
        raise Absent("psql is not on the PATH")
    return str(found)


def variables(url: str) -> dict[str, str]:
    """A URL as the variables that ``psql`` reads: on a command line, everybody could read the password."""
    parts = urlsplit(url)
    given = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.removeprefix("/")) or "postgres",
        "PGCONNECT_TIMEOUT": "10",
    }
    given |= {f"PG{name.upper()}": value for name, value in parse_qsl(parts.query)}
    return {name: value for name, value in given.items() if value}


class Postgres(Own, PostgresAt):
    """A server of our own. At a stop, who is connected is sent away."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """``settings`` are lines of ``postgresql.conf`` beside those above.

        Raises:
            Absent: neither Docker nor this machine has what it needs.
        """
        self._programs = None if docker.answers() else programs()
        if self._programs:
            psql()
        self._settings = SETTINGS | dict(settings or {})
        self._password = new_password()
        Own.__init__(self, "postgres")
        PostgresAt.__init__(self, "")

    def start_again(self) -> Self:
        assert not self._server.running()
        self._server.start()
        if isinstance(self._server, docker.Container):  # a machine that has Docker need not have psql
            inside = ["--env", "PGUSER", "--env", "PGPASSWORD", "--env", "PGDATABASE", self._server.id]
            self._psql = ["docker", "exec", "--interactive", *inside, "psql", "--host", "127.0.0.1"]
        wait_until(self._answers, self._server, "postgres", START_MAX_S)
        return self

    def _end(self, server: Child) -> None:
        server.stop(signal.SIGQUIT)
        free_memory(self._data)

    def _answers(self) -> bool:
        try:
            return self.run("SELECT 1") == "1"
        except Broken:
            return False

    def _make(self) -> Child | docker.Container:
        (port,) = free_ports(1)
        self.url = f"postgresql://{USER}:{self._password}@127.0.0.1:{port}/postgres"
        if not self._programs:
            return self._container(port)
        user = unprivileged()
        self._data.mkdir(mode=0o700)
        password = self._folder.write("password", self._password)
        if user:
            shutil.chown(self._data, user)
            shutil.chown(password, user)
        new_data(self._programs, self._data, password, user)
        password.unlink()
        own = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        command = [str(self._programs / "postgres"), "-D", str(self._data), *options(self._settings | own)]
        # SIGQUIT when we end: it ends at once too, and gives back its shared memory
        return Child(bound(command, user=user, death="QUIT"), self._folder.path / "log", Path("/"), signal.SIGINT)

    def _container(self, port: int) -> docker.Container:
        secret = self._folder.write("env", f"POSTGRES_PASSWORD={self._password}\n")
        lines = options(self._settings)
        return docker.Container(IMAGE, port, 5432, self._folder.path, env_file=secret, command=lines)


def options(settings: Mapping[str, str]) -> list[str]:
    """Settings as they stand on the server's command line."""
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def new_data(programs: Path, data: Path, password: Path, user: str) -> None:
    """Make a data folder whose only user has the password of a file."""
    command = [
        *(str(programs / "initdb"), "-D", str(data), "-U", USER, "--pwfile", str(password), "-A", "scram-sha-256"),
        *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
    ]
    made = subprocess.run(
        bound(command, user=user), cwd="/", capture_output=True, text=True, timeout=START_MAX_S, check=False
    )
    if made.returncode:
        raise Broken(f"initdb: {made.stderr.strip()}")


def programs() -> Path:
    """The folder with ``initdb`` and ``postgres``, the newest where there are several.

    Raises:
        Absent: there is none.
    """
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if (initdb := newest("initdb")) is None:
        raise Absent(f"initdb is neither on the PATH nor in {DEBIAN}/*/bin")
    return initdb.parent


def newest(program: str) -> Path | None:
    """Debian's, of the newest version."""
    found = DEBIAN.glob(f"*/bin/{program}")
    return max(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.parts[-3])], default=None)


def unprivileged() -> str:
    """Whom PostgreSQL runs as, which refuses root: nobody else where we are not root."""
    import pwd

    if os.geteuid():
        return ""
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


def free_memory(data: Path) -> None:
    """Give back the shared memory of a server that was killed: only a next start with its data would."""
    with suppress(OSError, IndexError, ValueError):
        segment = int((data / "postmaster.pid").read_text().splitlines()[6].split()[1])
        subprocess.run(["ipcrm", "-m", str(segment)], capture_output=True, check=False)
