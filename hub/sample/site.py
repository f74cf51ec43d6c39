"""What every agency has whose system is files: a folder, copies of what the hub said, and consents on paper.

Such a system holds no consents, so its worker hands them to ``hub consent import`` as files.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.sample import papers
from hub.sample.database import Row


@dataclass(frozen=True, slots=True)
class Site:
    """An agency in its folder.

    Args:
        home: its agency.
    """

    folder: Path
    home: str

    @property
    def kept(self) -> Path:
        """Where copies of the hub's answers lie."""
        return self.folder / "kept"

    def sign(self, consents: Sequence[Row]) -> bytes:
        """Keep a file of consents, and give it to the worker; nothing without a consent."""
        if not consents:
            return b""
        data = papers.as_csv(consents)
        write_whole(self.folder / f"consents-{len(self.consent_files()) + 1:02}.csv", data)
        return data

    def consent_files(self) -> list[Path]:
        """The files of consents, in their order."""
        return sorted(self.folder.glob("consents-*.csv"))

    def consents(self) -> Iterator[Row]:
        """Every consent that the worker has handed to the hub, the cells as a CMS would hold them."""
        for path in self.consent_files():
            for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")):
                yield {name: int(cell) if cell in ("0", "1") else cell for name, cell in row.items()}


def write_whole(path: Path, data: bytes) -> None:
    """A file appears whole."""
    half = path.with_name(f".{path.name}.half")
    half.write_bytes(data)
    os.replace(half, path)
