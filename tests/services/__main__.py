"""Commands for ``.ci/run`` and for people::

python3 -m tests.services run -- CMD…     both services for the length of CMD; its exit code
python3 -m tests.services fetch           the jars of Kafka into the cache
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

from tests.services import Absent, Broken, jars, required, shared
from tests.services.kafka import BOOTSTRAP, PASSWORD, USER, Kafka, KafkaAt
from tests.services.postgres import URL, Postgres, PostgresAt

MISUSED, FAILED, KILLED = 2, 1, 128


def run(command: list[str]) -> int:
    """Run a command with both services; what the environment already names is left as it is."""
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as ours:
        environ = dict(os.environ)
        for service in ("kafka", "postgres"):
            try:
                environ |= _started(service, ours)
            except Absent as absent:
                sys.stderr.write(f"{service} is absent: {absent}\n")
                if service in required():
                    return FAILED
        code = subprocess.call(command, env=environ)
        return code if code >= 0 else KILLED - code


def _started(service: str, ours: ExitStack) -> dict[str, str]:
    """Start a service; the variables that lead to it."""
    if service == "postgres":  # whoever measures does it in here, so it waits for the disk as in earnest
        return {} if PostgresAt.named() else {URL: ours.enter_context(Postgres({"fsync": "on"})).url}
    if KafkaAt.named():
        return {}
    broker = ours.enter_context(Kafka())
    return {BOOTSTRAP: broker.bootstrap, USER: broker.admin, PASSWORD: broker.passwords[broker.admin]}


def _leave(number: int, frame: object) -> None:
    raise SystemExit(KILLED + number)


def main(arguments: list[str]) -> int:
    """Do what the command line says. ``keep`` is for the fixtures alone."""
    try:
        match arguments:
            case ["run", "--", _, *_]:
                required()  # an unknown word is said before anything starts
                return run(arguments[2:])
            case ["fetch"]:
                sys.stdout.write(f"{jars.fetch()}\n")
            case ["keep", service, folder, owner]:
                shared.keep(service, shared.Run(folder, int(owner)))
            case _:
                sys.stderr.write(f"{__doc__}\n")
                return MISUSED
    except (Absent, Broken, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
