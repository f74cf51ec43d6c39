"""Checkpoints lodged with agencies' officers by webhook, hourly while the log grows (consent rules 4.3).

A checkpoint that has left the hub is what a cut or another history is found by, whoever holds the hub. It names nobody.
One process at a time lodges, and waits for nobody: how it went is asked at a later look. What could not be lodged is
tried again at each, and a later checkpoint stands for an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from hub.errors import HubError, Refused
from hub.exchange.house import House
from hub.post import Job, check_url, post

LOOKS_EVERY_S = 60.0  # [policy]
LODGED_EVERY = timedelta(hours=1)  # consent rules 4.3
LODGER_LEASE = timedelta(minutes=3)  # [policy] a few looks
PLACES_MAX = 20  # agencies' officers; more is a mailing list's work
_PLACE = "lodging"  # stands where a system would, and names the lease


def check_places(urls: Sequence[str]) -> None:
    """Refuse what could never work, before it is needed. No URL is repeated: it is a secret.

    Raises:
        Refused: too many places, or one that is no webhook.
    """
    if len(urls) > PLACES_MAX:
        raise Refused("hub.toml: checkpoints.lodge", f"{len(urls)} places", f"at most {PLACES_MAX}", "name fewer")
    for number, url in enumerate(urls, start=1):
        check_url(f"hub.toml: checkpoints.lodge {number}", url)


def due(size: int, now: datetime, lodged: tuple[int, datetime] | None) -> bool:
    """Whether a checkpoint over so many entries goes to a place now. Pure.

    Args:
        lodged: entries of the last one there, and when; a time ahead of the clock (it was set back) is long ago.
    """
    if lodged is None:
        return True
    return size > lodged[0] and not timedelta() <= now - lodged[1] < LODGED_EVERY


class Lodging:
    """The worker's part of it.

    Args:
        newest: the newest checkpoint that was signed, or None.
    """

    def __init__(
        self,
        urls: Sequence[str],
        house: House,
        newest: Callable[[], bytes | None],
        report: Callable[[str, HubError], None],
    ) -> None:
        self._house, self._newest, self._report = house, newest, report
        self._urls = {sha256(url.encode()).hexdigest()[:12]: url for url in urls}
        self._jobs: dict[str, tuple[Job, int]] = {}
        self._next_s = house.clock.monotonic_s()

    def step(self) -> bool:
        """Look, if it is time and no other process does. True if anything was lodged.

        Raises:
            Unavailable: the store cannot be reached. A place that cannot be is reported, and tried again.
        """
        clock, house = self._house.clock, self._house
        if not self._urls or clock.monotonic_s() < self._next_s:
            return False
        self._next_s = clock.monotonic_s() + LOOKS_EVERY_S
        arrived = self._arrived()
        with house.store.unit() as unit:
            for name, size in arrived.items():
                unit.cursors.remember(_PLACE, name, f"{size} {unit.now.isoformat()}")
            if not unit.cursors.lease(_PLACE, house.worker, unit.now + LODGER_LEASE):
                return bool(arrived)
            known = {name: unit.cursors.remembered(_PLACE, name) for name in self._urls}
            now = unit.now
        if note := self._newest():
            size = int(note.split(b"\n")[1])
            for number, name in enumerate(self._urls, start=1):
                if name not in self._jobs and due(size, now, _read(known[name])):
                    self._begin(number, name, note, size)
        return bool(arrived)

    def _arrived(self) -> dict[str, int]:
        """Where what was under way has arrived since, with how many entries."""
        arrived = {}
        for name, (job, size) in list(self._jobs.items()):
            if job.is_alive():
                continue
            del self._jobs[name]
            if job.failed is None:
                arrived[name] = size
            else:
                self._report(_PLACE, job.failed)
        return arrived

    def _begin(self, number: int, name: str, note: bytes, size: int) -> None:
        send = partial(post, self._urls[name], note, "text/plain; charset=utf-8")
        job = Job(f"checkpoints.lodge {number}", send)
        self._jobs[name] = job, size
        job.start()


def _read(text: str | None) -> tuple[int, datetime] | None:
    if text is None:
        return None
    size, at = text.split()
    return int(size), datetime.fromisoformat(at)
