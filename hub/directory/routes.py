"""Where what names no recipient leads: an agency's own table, ``agencies/<id>/routes.csv`` in the data folder.

An iCARE row says that a referral was made for a need, a CaMS extract under which label; neither says to whom. Their
agency does (design §8, settled S9): kind of system, list, code, and the id of a service of the directory. No row, no
route: a human chooses, never a guess. Pure after reading; whether a service is there is asked when a record comes.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import Refused

FILE = "routes.csv"
ROUTES_BYTES_MAX = 2**20
_HEADER = ["kind", "list", "code", "service"]
_NEXT = "mend the file, and start the hub again"


@dataclass(frozen=True, slots=True)
class Routes:
    """All agencies' tables.

    Args:
        services: (agency, kind, list, code) to the id of a service.
        digest: of the files, so that a change is seen.
    """

    services: Mapping[tuple[str, str, str, str], str] = field(default_factory=dict)
    digest: str = ""

    def service(self, agency: str, kind: str, named: tuple[str, str]) -> str | None:
        """The service to which a list and code of an agency's kind of system leads; None: to none.

        Args:
            named: list and code.
        """
        return self.services.get((agency, kind, *named))


def read_routes(agencies: Path) -> Routes:
    """Read every agency's table.

    Args:
        agencies: the folder of the agencies' own files; there may be none.

    Raises:
        Refused: a file that cannot be read, or a row that is none: file and line, got, expected, next step.
    """
    services: dict[tuple[str, str, str, str], str] = {}
    hashed = hashlib.sha256()
    for path in sorted(agencies.glob(f"*/{FILE}")) if agencies.is_dir() else ():
        data = _bytes(path)
        hashed.update(path.parent.name.encode() + b"\0" + data + b"\0")
        for number, (kind, named, code, service) in _rows(path, data):
            key = (path.parent.name, kind, named, code)
            if key in services:
                raise _fault(path, f"line {number}", "a second route for one code", "one row for each")
            services[key] = service
    return Routes(services, hashed.hexdigest())


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > ROUTES_BYTES_MAX:
            raise _fault(path, "", "a larger file", f"{ROUTES_BYTES_MAX:,} bytes at most")
        return path.read_bytes()
    except OSError as error:
        raise _fault(path, "", "a file that cannot be read", "one") from error


def _rows(path: Path, data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise _fault(path, "", "what is no CSV in UTF-8", "CSV in UTF-8") from error
    cells = [[cell.strip() for cell in row] for row in rows]
    if not cells or cells[0] != _HEADER:
        raise _fault(path, "line 1", "another header", ",".join(_HEADER))
    for number, row in enumerate(cells[1:], start=2):
        if any(row):
            if len(row) != len(_HEADER) or not all(row):
                raise _fault(path, f"line {number}", f"{sum(map(bool, row))} filled cells", "four")
            yield number, row


def _fault(path: Path, place: str, got: str, expected: str) -> Refused:
    where = f"agencies/{path.parent.name}/{FILE}{': ' if place else ''}{place}"
    return Refused(where, got, expected, _NEXT)
