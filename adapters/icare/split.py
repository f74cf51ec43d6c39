"""Rows into workbooks: at most 2,500 in one, and one client's rows together (program systems 9.3). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.icare.layout import ROWS_MAX
from hub.errors import MappingGap
from hub.model.identifiers import normalise

Row = Mapping[str, str]

IDENTITY = ("client_validation_type_id", "client_validation_id", "client_birth_dt")


def client_of(row: Row) -> tuple[str, str, str]:
    """Whose row it is: identifier type, its normalised value, birth date; "" where the row has none."""
    kind, value, born = (row.get(name, "") for name in IDENTITY)
    return kind, normalise(value), born


def split(rows: Sequence[Row], most: int = ROWS_MAX) -> list[list[Row]]:
    """Deal rows out to workbooks.

    Args:
        rows: of one module. A row without a client (a course) stands by itself.
        most: rows of a workbook.

    Returns:
        Rows of each workbook; clients in the order in which they first come, each with all of its rows in one.

    Raises:
        MappingGap: one client has more rows than a workbook holds.
    """
    clients: dict[object, list[Row]] = {}
    for place, row in enumerate(rows):
        client = client_of(row)
        clients.setdefault(client if any(client) else place, []).append(row)
    found: list[list[Row]] = []
    for own in clients.values():
        if len(own) > most:
            raise MappingGap(
                "icare workbook", f"{len(own)} rows of one client", f"{most} at most", "report them by month"
            )
        if not found or len(found[-1]) + len(own) > most:
            found.append([])
        found[-1] += own
    return found
