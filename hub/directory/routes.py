"""Where what names no recipient leads: an agency's own table, ``agencies/<id>/routes.csv`` in the data folder.

An iCARE row says that a referral was made for a need, a CaMS extract under which label; neither says to whom. Their
agency does (design §8, settled S9): kind of system, list, code, and the id of a service of the directory. No row, no
route: a human chooses, never a guess. Pure after reading; whether a service is there is asked when a record comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.directory.own_file import OwnFile

FILE = "routes.csv"
_HEADER = ("kind", "list", "code", "service")


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
        agency = path.parent.name
        file = OwnFile(path, f"agencies/{agency}/{FILE}")
        data = file.read()
        hashed.update(agency.encode() + b"\0" + data + b"\0")
        for place, row in file.rows(data, _HEADER):
            if not all(row):
                raise file.fault(place, f"{sum(map(bool, row))} filled cells", "four")
            kind, named, code, service = row
            key = (agency, kind, named, code)
            if key in services:
                raise file.fault(place, "a second route for one code", "one row for each")
            services[key] = service
    return Routes(services, hashed.hexdigest())
