"""A small CSV file of the data folder that people write by hand: header, rows, and where it is wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.errors import Refused

BYTES_MAX = 2**20
_NEXT = "mend the file, and start the hub again"


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One file.

    Args:
        where: as an error names it, from the data folder on.
    """

    path: Path
    where: str

    def read(self) -> bytes:
        """All of it.

        Raises:
            Refused: it is too long, or cannot be read.
        """
        try:
            if self.path.stat().st_size > BYTES_MAX:
                raise self.fault("", "a larger file", f"{BYTES_MAX:,} bytes at most")
            return self.path.read_bytes()
        except OSError as error:
            raise self.fault("", "a file that cannot be read", "one") from error

    def rows(self, data: bytes, header: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Its rows below the header, each with its place; empty ones are passed over.

        Raises:
            Refused: it is no CSV in UTF-8, has another header, or a row has another number of cells.
        """
        try:
            found = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
        except (ValueError, csv.Error) as error:
            raise self.fault("", "what is no CSV in UTF-8", "CSV in UTF-8") from error
        cells = [[cell.strip() for cell in row] for row in found]
        if not cells or cells[0] != list(header):
            raise self.fault("line 1", "another header", ",".join(header))
        for number, row in enumerate(cells[1:], start=2):
            if any(row):
                if len(row) != len(header):
                    raise self.fault(f"line {number}", f"{len(row)} cells", str(len(header)))
                yield f"line {number}", row

    def fault(self, place: str, got: str, expected: str) -> Refused:
        """What is wrong at a place; "" is the file itself."""
        return Refused(f"{self.where}{': ' if place else ''}{place}", got, expected, _NEXT)
