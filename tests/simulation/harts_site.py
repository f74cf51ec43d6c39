"""A HARTS site in its folders, and what lies on its people's desks.

Folders, consents and copies of the hub's answers are those of the sample's centre, files are written and read as the
sample does: nothing here is the adapter's. What people do with it is :mod:`tests.simulation.at_harts`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hub.sample import harts
from hub.sample.centre import Centre
from hub.sample.database import Row
from hub.sample.harts import Ack, Client, Draft

NUMBERS_MAX = 100  # HARTS_NO that are marked so that they are found again


@dataclass
class HartsSite:
    """One site.

    Args:
        clients: CL fields of those whom it knows.
        asked: its own requests, each with its client.
        came: who came by the hub, with the number that each was given.
        desk: what its next file will say.
        handed: its files by name, as they were meant: what lies there may be spoilt.
        done: files that were settled and taken away.
        hidden: files that somebody has in another place just now, and when they were written.
        spoilt: its answers that nobody can read.
        imported: how many files of consents its worker has given to the hub.
    """

    folder: Path
    home: str
    sites: Mapping[str, str]
    clients: list[dict[str, str]] = field(default_factory=list)
    asked: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    came: list[tuple[Client, str]] = field(default_factory=list)
    consents: list[Row] = field(default_factory=list)
    desk: list[list[Draft]] = field(default_factory=list)
    handed: dict[str, tuple[Sequence[Sequence[Draft]], bytes]] = field(default_factory=dict)
    done: dict[str, bytes] = field(default_factory=dict)
    hidden: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    spoilt: set[str] = field(default_factory=set)
    imported: int = 0
    last_seq: int = 0
    _numbers: int = 0
    _writes: int = 0

    def __post_init__(self) -> None:
        self.centre.begin()

    @property
    def centre(self) -> Centre:
        """Its folders."""
        return Centre(self.folder, self.home, self.sites)

    @property
    def settings(self) -> dict[str, object]:
        """As an administrator types them."""
        centre = self.centre
        return {"from_harts_path": str(centre.from_harts), "to_harts_path": str(centre.to_harts), "site": centre.site}

    def number(self) -> str:
        """The next HARTS_NO, or "" where there are no more."""
        self._numbers += 1
        return f"881234{self._numbers - 1:02}" if self._numbers <= NUMBERS_MAX else ""

    def put(self, name: str, data: bytes, at: datetime) -> None:
        """A file of the site lies there, whole, and dated as the world is. What is written later is dated later."""
        self._writes += 1
        self._lay(name, data, int(at.timestamp()) * 10**9 + self._writes)

    def hide(self, name: str) -> None:
        """Somebody has it in another place."""
        dated = (self.centre.from_harts / name).stat().st_mtime_ns
        self.hidden[name] = (self.take_away(name), dated)

    def show(self, name: str) -> None:
        """It is back as it was."""
        self._lay(name, *self.hidden.pop(name))

    def _lay(self, name: str, data: bytes, moment: int) -> None:
        half = self.centre.from_harts / f".{name}.half"
        half.write_bytes(data)
        os.utime(half, ns=(moment, moment))
        os.replace(half, self.centre.from_harts / name)

    def take_away(self, name: str) -> bytes:
        """A file is no longer there, nor is its answer; what it held."""
        path = self.centre.from_harts / name
        data = path.read_bytes()
        path.unlink()
        path.with_name(harts.ack_name(name)).unlink(missing_ok=True)
        return data

    def lying(self) -> list[str]:
        """Names of its files that lie there."""
        return [name for name in sorted(self.handed) if (self.centre.from_harts / name).exists()]

    def answer_to(self, name: str) -> Ack | None:
        """What the hub says of a file now."""
        path = self.centre.from_harts / harts.ack_name(name)
        return harts.read_ack(path.read_bytes()) if path.exists() else None

    def answers_to(self, name: str) -> list[Ack]:
        """All that the hub has ever said of it, oldest first."""
        copies = sorted(self.centre.kept.glob(f"{name.removesuffix('.DAT')}-*.ACK"))
        return [harts.read_ack(path.read_bytes()) for path in copies]

    def sources(self, name: str) -> dict[int, str]:
        """The RF lines of a file, each with the key by which the hub names it."""
        lines = (line for client in harts.read(self.handed[name][1]) for line in client.lines if line.record == "RF")
        return {line.number: self.centre.source(name, line.number) for line in lines}

    def spoken_of_again(self, name: str) -> set[int]:
        """The RF lines of a file that are requests of which another line of the site speaks too."""
        own = [
            (line.fields.get("REF_NO"), file, line.number)
            for file in self.handed
            for client in harts.read(self.handed[file][1])
            for line in client.lines
            if line.record == "RF" and line.fields.get("FROM_SITE") == self.centre.site
        ]
        times = Counter(number for number, _, _ in own)
        return {line for number, file, line in own if file == name and times[number] > 1}
