"""The steps of the gateway, in the order that loses nothing: open, prove, write, and only then acknowledge.

Killed anywhere it goes on at the next run: before the acknowledgement the hub lists the message again and opens it
again, with the same content or, should the client have narrowed their consent meanwhile, less; after it the proof on
the disk asks for the receipt. What is not on the disk is never acknowledged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hub.errors import HubError, Refused, Unavailable, kind_of
from hub.gateway.client import Client, Delivery
from hub.gateway.config import Config, read_config
from hub.gateway.files import read_file
from hub.gateway.folder import Folder, envelope_id
from hub.gateway.keys import read_opening_key, read_signing_key
from hub.gateway.opening import Opened, Whose, check_receipt, open_sealed
from hub.gateway.outcome import parse
from hub.gateway.wire import NOBODY, Answer

RUN_MAX = 1_000  # messages that one run opens; the next run goes on
MESSAGE_MAX = 4 * 2**20  # of a message that is sent: what the hub takes


@dataclass(frozen=True, slots=True)
class Written:
    """A message that stands on the disk: all that is told of it."""

    envelope: str
    event: str
    path: Path


@dataclass(slots=True)
class Run:
    """What one run has done.

    Args:
        opened: written and acknowledged.
        receipts: verified and written.
        waiting: whose receipt is not there yet: the next run asks again.
        problems: what else did not go; each message stands for itself.
    """

    opened: list[Written] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    problems: list[HubError] = field(default_factory=list)


class Agent:
    """The gateway of one agency: its connection, its keys, its folder."""

    def __init__(self, config: Config, client: Client, whose: Whose, folder: Folder) -> None:
        self._config, self._client, self._whose, self.folder = config, client, whose, folder

    def list(self) -> list[Delivery]:
        """What waits; nothing is opened by it."""
        return self._client.deliveries()

    def token(self, scope: str) -> tuple[str, int]:
        """A token for another program of this agency, and for how many seconds."""
        return self._client.token(scope)

    def open(self, envelope: str, *, acknowledge: bool) -> Written:
        """Open, prove and write one message; then, if asked, acknowledge it.

        Raises:
            Refused: the hub does not open it, or it is closed to another key.
            IntegrityBroken: it is not proven; nothing was written.
            Unavailable: not now, or the disk does not take it.
        """
        opened: Opened = open_sealed(self._client.open(envelope_id(envelope)), envelope, self._whose)
        path = self.folder.keep(opened)
        if acknowledge:
            self._client.acknowledge(envelope)
        return Written(envelope, opened.event, path)

    def acknowledge(self, envelope: str) -> None:
        """Acknowledge a message that stands on the disk.

        Raises:
            Refused: it was not written here, or the hub has none such.
            Unavailable: not now.
        """
        if not self.folder.has(envelope_id(envelope)):
            raise Refused("ENVELOPE", "a message that was not written here", "one that was", "`hub gateway open` first")
        self._client.acknowledge(envelope)

    def receipt(self, envelope: str) -> tuple[Path, int]:
        """Fetch a receipt, verify it off line and write it; its file, and the entry's place in the log.

        Raises:
            Refused: there is none.
            Unavailable: not yet, or the disk does not take it.
            IntegrityBroken: it does not prove what it should; it was not written.
        """
        document = self._client.receipt(envelope_id(envelope))
        proof = self.folder.proof(envelope)
        index = check_receipt(document, envelope, self._config.agency, self._config.hub_key, proof)
        return self.folder.keep_receipt(envelope, document), index

    def send(self, file: Path) -> Answer:
        """Hand in a message Bundle.

        Raises:
            Refused: the file holds none.
            Unavailable: nobody knows whether it arrived; the same file may be sent again.
        """
        message = read_file(file, limit=MESSAGE_MAX)
        said = parse(message)
        if said is None or (said.get("resourceType"), said.get("type")) != ("Bundle", "message"):
            got = "what is no JSON object" if said is None else f"a Bundle of type {kind_of(said.get('type'))}"
            raise Refused("FILE", got, "a FHIR Bundle of type message", "hand in the file that your software wrote")
        return self._client.send(message)

    def _take(self, envelope: str, done: Run) -> None:
        """Open and acknowledge; what is here already, and opens no more, is acknowledged."""
        envelope_id(envelope)  # before anything asks the disk: the hub chose this name
        try:
            done.opened.append(self.open(envelope, acknowledge=True))
        except Refused:
            if not self.folder.has(envelope):
                raise
            self._client.acknowledge(envelope)

    def run(self) -> Run:
        """Everything that can be done now. One message that fails keeps none of the others back.

        The hub lists the first message of each lane, so it is asked again until it lists nothing new. Once nobody
        answers any more, the rest waits for the next run: each question would wait in vain.

        Raises:
            Refused: the hub takes neither this key nor the question.
            Unavailable: it cannot be reached.
        """
        done, tried, listed = Run(), set[str](), self.list()
        while new := [each.envelope for each in listed if each.envelope not in tried][: RUN_MAX - len(tried)]:
            for envelope in new:
                if _nobody_answers(done):
                    return done
                tried.add(envelope)
                with _noted(done):
                    self._take(envelope, done)
            listed = []
            with _noted(done):
                listed = self.list()
        for envelope in self.folder.without_receipt():
            if _nobody_answers(done):
                break
            with _noted(done, waiting=envelope):
                self.receipt(envelope)
                done.receipts.append(envelope)
        return done


def _nobody_answers(run: Run) -> bool:
    last = run.problems[-1] if run.problems else None
    return isinstance(last, Unavailable) and last.where == NOBODY


@contextmanager
def _noted(run: Run, waiting: str | None = None) -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        if waiting is not None and error.where.startswith("receipt of"):
            run.waiting.append(waiting)
        else:
            run.problems.append(error)
    except HubError as error:
        run.problems.append(error)


@contextmanager
def connected(
    path: Path,
    now: Callable[[], datetime],
    new_id: Callable[[], str],
    monotonic_s: Callable[[], float] = time.monotonic,
) -> Iterator[Agent]:
    """The gateway of a configuration file, alone in its folder.

    Args:
        now, new_id, monotonic_s: see :class:`hub.gateway.client.Client`.

    Raises:
        Refused: the file, a key or the folder is not as it must be.
    """
    config = read_config(path)
    signing, opening = read_signing_key(config.signing_key), read_opening_key(config.opening_key)
    folder = Folder(config.out)
    with folder.alone():
        client = Client(config, signing, now, new_id, monotonic_s)
        try:
            yield Agent(config, client, Whose(config.agency, config.hub_key, opening), folder)
        finally:
            client.close()
