"""The jars of a Kafka broker: fetched once by ``mvn`` into the user's cache folder, whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.services import Absent
from tests.services.process import bound

POM = Path(__file__).with_name("pom.xml")
FETCH_MAX_S = 540
COLOUR = re.compile(r"\x1b\[[\d;]*m")
JAVA_MIN = 17  # Kafka 4


def java() -> str:
    """The program.

    Raises:
        Absent: there is none, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=str(Path(home, "bin")) if home else None)
    if program is None:
        raise Absent("java is not on the PATH, nor in JAVA_HOME")
    said = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA_MIN:
        raise Absent(f"java is {version[1] if version else 'of an unknown version'}; Kafka needs {JAVA_MIN} or newer")
    return program


def cache() -> Path:
    """Where the jars of this ``pom.xml`` are. Another version of it has another folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "interop-hub", "kafka-" + hashlib.sha256(POM.read_bytes()).hexdigest()[:12])


def fetch() -> Path:
    """The folder with the jars. Runs that ask at the same time wait for the one that fetches.

    Raises:
        Absent: they are not here, and cannot be fetched.
    """
    folder = cache()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (folder.parent / f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                _fetch(folder)
    except OSError as error:
        raise Absent(f"the jars of Kafka have no place: {error}") from error
    return folder


def _fetch(folder: Path) -> None:
    program = shutil.which("mvn")
    if program is None:
        raise Absent("the jars of Kafka are not here, and mvn, which fetches them, is not on the PATH")
    for left in folder.parent.glob(f"{folder.name}.new-*"):  # by a run that was killed: we have the lock
        shutil.rmtree(left)
    new = Path(tempfile.mkdtemp(prefix=f"{folder.name}.new-", dir=folder.parent))
    command = [program, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={new}"]
    try:
        done = subprocess.run(
            bound(command),
            cwd=new,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=FETCH_MAX_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Absent(f"mvn did not fetch the jars of Kafka within {FETCH_MAX_S} s") from None
    if done.returncode or not list(new.glob("kafka_*.jar")):
        shutil.rmtree(new)
        why = next((line for line in done.stdout.splitlines() if "ERROR" in line), f"it ended with {done.returncode}")
        raise Absent(f"mvn could not fetch the jars of Kafka: {COLOUR.sub('', why)[:300]}")
    new.rename(folder)
