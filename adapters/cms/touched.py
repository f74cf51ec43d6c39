"""Which records a change touches: the row's own, those that hold it nested, and the reports that it is part of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.cms.changes import Entry
from adapters.cms.reports import Reports
from adapters.cms.sql import KEY, Database, unique
from adapters.cms.views import KEYS

INTO = "merged_into_client_id"
_PREFIX_OF = {keyed.view: prefix for prefix, keyed in KEYS.items() if not keyed.reported}

_SHARED = ("plan", "note", "case", "follow_up", "service")
# whose rows hold a row of this view nested, and through which of their columns
_HOLDERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "v_hub_client": tuple((prefix, "client_id") for prefix in ("consent", "referral_out", *_SHARED)),
    "v_hub_identifier": tuple((prefix, "client_id") for prefix in ("consent", "referral_out", *_SHARED)),
    "v_hub_language": (("referral_out", "client_id"),),
    "v_hub_relation": (("referral_out", "client_id"),),
    "v_hub_assessment": (("referral_out", "case_id"),),
    "v_hub_case": (("referral_out", "case_id"), ("plan", "case_id"), ("note", "case_id"), ("follow_up", "case_id")),
    "v_hub_referral_in": (("case", "case_id"), ("follow_up", "case_id"), ("service", "case_id")),
    "v_hub_referral_out": (("follow_up", "case_id"),),
}
# a row of these changes what is reported of its client
_REPORTED = ("v_hub_service", "v_hub_client", "v_hub_identifier")


class Touched:
    """Reads the change log's entries as keys of records."""

    def __init__(self, database: Database, reports: Reports) -> None:
        self._database, self._reports = database, reports

    def keys(self, entries: Sequence[Entry], log: int, problems: list[str]) -> list[str]:
        """Keys of the records that these entries touch, in order of the log."""
        nested = self._nested(entries, log)
        keys: list[str] = []
        for entry in entries:
            if type(entry.row) is not int:
                problems.append(f"change_log: {entry.seq} names no row")
                continue
            if entry.view in _PREFIX_OF:
                keys.append(f"{_PREFIX_OF[entry.view]}:{entry.row}")
            keys.extend(nested.get((entry.view, entry.row), ()))
        return [*keys, *self._reports_of(entries, log)]

    def _reports_of(self, entries: Sequence[Entry], log: int) -> list[str]:
        """Keys of the reports that these entries touch; what a deleted row was part of, the nightly sweep finds."""
        rows = {view: unique(e.row for e in entries if e.view == view and e.op != "D") for view in _REPORTED}
        by_number = dict(self._database.keys_of("v_hub_identifier", "client_id", rows["v_hub_identifier"]))
        clients = unique([*rows["v_hub_client"], *by_number.values()])
        services = rows["v_hub_service"]
        return self._reports.keys(services, clients, log) if services or clients else []

    def _nested(self, entries: Sequence[Entry], log: int) -> dict[tuple[str, int], list[str]]:
        """Keys of the records that hold a changed row nested.

        A client or case that is new is nested in nothing yet; a record with an entry of its own further on comes then.
        """
        keys: dict[tuple[str, int], list[str]] = {}
        for row, into in self._survivors(entries):
            keys.setdefault(("v_hub_client", row), []).extend(
                self._held("consent", "client_id", [into], log).get(into, ())
            )
        for view, holders in _HOLDERS.items():
            fresh = view in ("v_hub_client", "v_hub_case")
            rows = unique(e.row for e in entries if e.view == view and not (fresh and e.op == "I"))
            owner_of = self._owners(view, rows, holders[0][1])
            for prefix, column in holders:
                held = self._held(prefix, column, unique(owner_of.values()), log)
                for row, owner in owner_of.items():
                    keys.setdefault((view, row), []).extend(held.get(owner, ()))
        return keys

    def _survivors(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """Changed clients that have gone into another one, and into whom: its own records say so too."""
        rows = unique(e.row for e in entries if e.view == "v_hub_client" and type(e.row) is int)
        found = self._database.keys_of("v_hub_client", INTO, rows) if rows else []
        return [(row, into) for row, into in found if type(into) is int]

    def _owners(self, view: str, rows: Sequence[int], column: str) -> dict[int, int]:
        """By changed row, the client (or case) that it is of. A deleted one names nobody: its client is raised."""
        if KEY[view] == column:
            return {row: row for row in rows}
        return dict(self._database.keys_of(view, column, rows))

    def _held(self, prefix: str, column: str, owners: Sequence[int], log: int) -> dict[int, list[str]]:
        view = KEYS[prefix].view
        pairs = self._database.keys(view, column, owners)
        later = self._database.still_to_come(view, [row for row, _ in pairs], log)
        held: dict[int, list[str]] = {}
        for row, owner in pairs:
            if row not in later:
                held.setdefault(owner, []).append(f"{prefix}:{row}")
        return held
