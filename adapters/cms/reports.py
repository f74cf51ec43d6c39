"""What is reported of services to a funder: months that are over, read from ``v_hub_service`` (settled S1, S2).

A report is of one client, funder, activity and month. Its key is that of the first of its services, ``report:12``, and
no number of a client. What is told of the client herself, once and again when it changes, has the key of her first
service of all for that funder, ``profile:7``. A report names the one that must be taken before it: the month's needs
assessment, else the profile.

The month must be over in Toronto: before, its services are not for the hub. Months further back than ``MONTHS_BACK``
are not begun with: they were reported before, or no funder takes them any more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.cells import TORONTO
from adapters.cms.sql import Database, unique
from hub.model.canonical import canonical

VIEW, REPORT, PROFILE = "v_hub_service", "report", "profile"
ASSESSMENT = "needs-assessment"  # goes before the other services of its month (program systems 9.3)
MONTHS_BACK = 2  # [policy] an activity is reported in the month after it, and taken for 30 days more
_TIME = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))-\d{2} ", re.ASCII)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """One client's services of one activity and month for one funder; of a profile, all her reported services.

    Args:
        key: of the first service.
        version: a digest of keys and versions of its services.
        after: the record that must have been taken before it, or "".
    """

    prefix: str
    key: int
    client: int
    funder: str
    month: str
    version: str
    after: str
    rows: tuple[Row, ...]


class Reports:
    """The reports of an agency's database.

    Args:
        now: the clock: an aware instant.
        funders: to whom is reported through the hub.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], funders: frozenset[str]) -> None:
        self._database, self._now, self._funders = database, now, funders

    def keys(self, services: Sequence[int], clients: Sequence[int], log: int) -> list[str]:
        """Keys of what is to be reported of these clients, and of those who have these services.

        Args:
            log: how far the change log is read: whose services have an entry further on is reported then, and the
                notice that stands before them is known by then.
        """
        whose = [client for _, client in self._database.keys_of(VIEW, "client_id", services)] if services else []
        rows = self._database.keys(VIEW, "client_id", unique([*whose, *clients]))
        later = self._database.still_to_come(VIEW, [row for row, _ in rows], log)
        early = {client for row, client in rows if row in later}
        found = self._of([client for client in unique([*whose, *clients]) if client not in early])
        return [f"{each.prefix}:{each.key}" for each in found if self._is_new_enough(each)]

    def found(self, prefix: str, numbers: Sequence[int]) -> list[Report]:
        """The reports under these numbers whose month is over."""
        if not numbers:
            return []
        whose = [client for _, client in self._database.keys_of(VIEW, "client_id", numbers)]
        return [each for each in self._of(unique(whose)) if each.prefix == prefix and each.key in numbers]

    def versions(self, prefix: str, start: int, end: int, known: Iterable[int]) -> dict[int, str]:
        """Version by number of what is to be reported, from a number to before another.

        Args:
            known: numbers that were told before: they stay, however long ago their month was.
        """
        clients = [client for _, client in self._database.between(VIEW, "client_id", start, end)]
        told = set(known)
        return {
            each.key: each.version
            for each in self._of(unique(clients))
            if each.prefix == prefix and start <= each.key < end and (each.key in told or self._is_new_enough(each))
        }

    def data(self, report: Report, client: Row | None, issues: Sequence[str]) -> bytes:
        """A report as the source hands it over.

        Args:
            client: her row with what is nested in it; None: the view does not show her.
            issues: of her case, for a needs assessment.
        """
        whole: Row = {"participant_id": report.key, "client_id": report.client, "funder": report.funder}
        if report.prefix == REPORT:
            whole |= {"service": list(report.rows)}
            whole |= {"after": report.after} if report.after else {}
            whole |= {"need": [{"code": code} for code in issues]} if issues else {}
        return canonical({**whole, "client": [client] if client else []})

    def _of(self, clients: Sequence[int]) -> list[Report]:
        """All reports of these clients; of a month that is not over nothing counts, for a profile neither."""
        rows: dict[int, list[tuple[str, Row]]] = {}
        first: dict[tuple[int, str], int] = {}  # her first service for a funder, its month over or not
        this_month = self._now().astimezone(TORONTO).strftime("%Y-%m")
        for version, row in self._database.rows(VIEW, "client_id", clients):  # in order of key
            if _month(row) and row.get("funder") in self._funders and row.get("attended") in (1, True):
                first.setdefault((row["client_id"], row["funder"]), row["participant_id"])
                if _month(row) < this_month:
                    rows.setdefault(row["client_id"], []).append((version, row))
        return [each for own in rows.values() for each in _reports(own, first)]

    def _is_new_enough(self, report: Report) -> bool:
        now = self._now().astimezone(TORONTO)
        year, month = map(int, report.month.split("-"))
        return (now.year - year) * 12 + now.month - month <= MONTHS_BACK


def _month(row: Mapping[str, Any]) -> str:
    """The month of a service; "": its time cannot be read, which its own record says (``service:12``)."""
    began = row.get("started_at")
    found = _TIME.match(began) if isinstance(began, str) else None
    return found[1] if found else ""


def _reports(own: Sequence[tuple[str, Row]], first_of: Mapping[tuple[int, str], int]) -> list[Report]:
    """The profile of one client for each funder, and her reports."""
    groups: dict[tuple[str, str, str], list[tuple[str, Row]]] = {}
    funders: dict[str, list[tuple[str, Row]]] = {}
    for version, row in own:  # in order of key
        group = (row["funder"], row.get("activity", ""), _month(row))
        groups.setdefault(group, []).append((version, row))
        funders.setdefault(row["funder"], []).append((version, row))
    profiles = {funder: first_of[rows[0][1]["client_id"], funder] for funder, rows in funders.items()}
    assessed = {
        (funder, month): rows[0][1]["participant_id"]
        for (funder, activity, month), rows in groups.items()
        if activity == ASSESSMENT
    }
    found = [
        replace(_report(PROFILE, funder, max(_month(row) for _, row in rows), rows, ""), key=profiles[funder])
        for funder, rows in funders.items()
    ]
    for (funder, activity, month), rows in groups.items():
        first = assessed.get((funder, month)) if activity != ASSESSMENT else None
        after = f"{REPORT}:{first}" if first is not None else f"{PROFILE}:{profiles[funder]}"
        found.append(_report(REPORT, funder, month, rows, after))
    return found


def _report(prefix: str, funder: str, month: str, rows: Sequence[tuple[str, Row]], after: str) -> Report:
    first = rows[0][1]
    said = canonical([[row["participant_id"], version] for version, row in rows])
    version = hashlib.sha256(said).hexdigest()[:16]
    return Report(
        prefix, first["participant_id"], first["client_id"], funder, month, version, after, tuple(r for _, r in rows)
    )
