"""A server in a Docker container, with the same verbs as a child process. Its port is open on the loopback alone.

Nothing is mounted: files are copied in before the start, so that a daemon on another machine's disk will do as well.
A container knows the folder of the process that made it; where that is gone, the next run removes the container.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.services import Absent, Broken
from tests.services.folder import in_use

LABEL = "hub-test-folder"
ANSWER_MAX_S = 20
PULL_MAX_S = 540


@cache
def answers() -> bool:
    """Whether there is a Docker engine that we may use."""
    if shutil.which("docker") is None:
        return False
    try:
        return not subprocess.run(["docker", "info"], capture_output=True, timeout=ANSWER_MAX_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return False


def docker(*arguments: str, within_s: float = 60, errors: bool = False) -> str:
    """What a docker command prints, with its ``errors`` where they are wanted.

    Raises:
        Broken: it failed, or took too long.
    """
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=within_s, check=False)
    except subprocess.TimeoutExpired:
        raise Broken(f"docker {arguments[0]} did not end within {within_s:g} s") from None
    if done.returncode:
        raise Broken(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout + (done.stderr if errors else "")


def sweep() -> None:
    """Remove the containers of runs that were killed."""
    listed = docker("ps", "--all", "--filter", f"label={LABEL}", "--format", f'{{{{.ID}}}} {{{{.Label "{LABEL}"}}}}')
    for container, folder in (line.split(maxsplit=1) for line in listed.splitlines()):
        if not in_use(Path(folder)):
            docker("rm", "--force", "--volumes", container)


def pull(image: str) -> None:
    """Have the image here.

    Raises:
        Absent: it is neither here nor to be had.
    """
    if not docker("images", "--quiet", image).strip():
        try:
            docker("pull", "--quiet", image, within_s=PULL_MAX_S)
        except Broken as broken:
            raise Absent(f"{broken}"[:300]) from None


class Container:
    """A server in a container. It is made at the first start, and lives until ``remove``."""

    def __init__(
        self,
        image: str,
        port: int,
        inside: int,
        folder: Path,
        *,
        env_file: Path | None = None,
        options: Sequence[str] = (),
        command: Sequence[str] = (),
        copied: Path | None = None,
    ) -> None:
        """``port`` here is ``inside`` there; ``copied`` is a folder that is ``/hub`` there."""
        env = ["--env-file", str(env_file)] if env_file else []
        at = ["--publish", f"127.0.0.1:{port}:{inside}", "--label", f"{LABEL}={folder}"]
        self._create = [*at, *env, *options, image, *command]
        self._image, self._copied = image, copied
        self.id = ""

    def start(self) -> None:
        if not self.id:
            sweep()
            pull(self._image)
            self.id = docker("create", *self._create).strip()
            if self._copied:
                docker("cp", f"{self._copied}/.", f"{self.id}:/hub")
        docker("start", self.id)

    def running(self) -> bool:
        return bool(self.id) and docker("inspect", "--format", "{{.State.Running}}", self.id).strip() == "true"

    def stop(self) -> None:
        if self.running():
            docker("stop", "--time", "30", self.id)

    def kill(self) -> None:
        if self.running():
            docker("kill", self.id)

    def log(self) -> str:
        if not self.id:
            return ""
        return docker("logs", self.id, errors=True)

    def remove(self) -> None:
        """With its data."""
        if self.id:
            docker("rm", "--force", "--volumes", self.id)
            self.id = ""
