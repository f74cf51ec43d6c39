"""The CMS's only input and output: reads views by the change log, writes ``hub_inbox``.

Program systems 9.2. It retries nothing, keeps no content, and changes nothing but ``hub_inbox``.

- A page is read in one transaction, so that a row and its nested rows belong together.
- A change of a client, of what stands beneath it, of a case or an assessment of it brings the rows that hold it nested.
  Their ``revision`` stays their own row version; their bytes differ.
- A repeat is harmless everywhere: of a page (same cursor), of a refetch, of a message (same envelope id).

One thread at a time uses a source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from adapters.cells import TORONTO
from adapters.cms.changes import GAP_KEPT, GAP_WIDE, GAPS_MAX, PAGE, Cursor, Entry, Gap, asked_again, holes
from adapters.cms.check import look
from adapters.cms.engine import Untold
from adapters.cms.gaps import Waiting
from adapters.cms.inbox import deliver
from adapters.cms.nesting import of_a_case, one_each
from adapters.cms.record import split
from adapters.cms.reports import ASSESSMENT as NEEDS_ASSESSED
from adapters.cms.reports import Reports
from adapters.cms.settings import engine, funders
from adapters.cms.sql import Database, unique
from adapters.cms.sweep import Delivered, compare
from adapters.cms.touched import INTO, Touched
from adapters.cms.views import ASSESSMENT, CAME_BY, CASE, FORMS, KEYS, READ, SENT, Keyed
from adapters.contract import Commit, Finding, FollowUp, Gone, Memory, Now, Page, Parcel, Raw, Rejection, Sent
from hub.errors import RecordUnreadable
from hub.model.canonical import canonical

_GAPS, _ERROR_GAPS = "holes", "error holes"  # memory keys: when holes were first seen
# program systems 9.2: why a system cannot apply what it took. Its own words are not repeated: they may be anything
_REJECTED = frozenset({"CASE_CLOSED", "UNKNOWN_CLIENT", "DUPLICATE", "CODE_UNMAPPED", "CONFLICT"})
_FIRST = ("consent:", "override")  # a "no" must not wait, nor a danger
_LAST = 2**62  # beyond every row's number
_BLANK: tuple[object, ...] = (None, "")
# what is nested under a record of a case, by the name under which it is: its view, and its columns there
_OF_A_CASE: Mapping[str, tuple[str, Iterable[str]]] = {
    "case": ("v_hub_case", (*CASE.columns, "issues")),
    "referral": ("v_hub_referral_in", CAME_BY.columns),
    "sent": ("v_hub_referral_out", SENT.columns),
    "assessment": ("v_hub_assessment", ASSESSMENT.columns),
}
_OF_A_CLIENT = {"language": "v_hub_language", "relation": "v_hub_relation"}  # the same beneath a record's client


def connect(settings: Mapping[str, Any], memory: Memory, now: Now) -> CmsSource:
    """Prepare a connection; the database is opened at first use.

    Args:
        settings: ``path`` (a SQLite file; it must exist) or ``url`` (a database of PostgreSQL) with ``password_file``;
            ``busy_timeout_ms`` (default 2000); ``funders`` (default ``ircc``); ``language`` of
            what the inbox says (``en``, which is the default, or ``fr``); the hub reads it.
        memory: the adapter's own small store.

    Raises:
        Refused: a setting is missing, unknown, of another type, or holds a password.
    """
    return CmsSource(Database(engine(settings)), memory, now, funders(settings))


class CmsSource:
    """A :class:`adapters.contract.Source` on one agency's database."""

    def __init__(
        self, database: Database, memory: Memory, clock: Callable[[], datetime], funders: frozenset[str]
    ) -> None:
        self._database = database
        self._memory = memory
        self._clock = clock
        self._delivered = Delivered(memory)
        self._reports = Reports(database, clock, funders)
        self._touched = Touched(database, self._reports)
        self._log_waiting, self._errors_waiting = Waiting(memory, _GAPS), Waiting(memory, _ERROR_GAPS)

    def fetch(self, since: str) -> Page:
        """Read one page of what changed: consents first, else in order of the log; then what the system rejected.

        Raises:
            Unavailable: missing file, lock, full disk, changed schema. The same cursor may be tried again.
        """
        cursor, now = Cursor.read(since), self._clock()
        self._delivered.settle(since)
        with self._database.reading():
            page, keys = self._page(cursor, now, beginning=not since)
            with suppress(Untold):
                page = replace(page, raws=tuple(self._read(keys)))
        if keys and not page.raws:
            page = replace(page, raws=tuple(self._read_apart(keys)))
        if page.raws:
            self._delivered.set_aside(page.cursor, page.raws)
        return page

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Read records by key, in the order asked; what is no key of ours is gone."""
        return self._read_apart(keys)

    def declared(self) -> list[Raw]:
        """Every declaration that has not ended; of what the hub has read before it knows nothing."""
        view = KEYS["override"].view
        with self._database.reading():
            rows = self._database.between(view, "ended_at", 0, _LAST)
            keys = [f"override:{number}" for number, ended in rows if ended in _BLANK]
        return [raw for raw in self._read_apart(keys) if isinstance(raw, Raw)]

    def follow_ups(self, first: date, last: date) -> list[FollowUp]:
        """Those that have not been made; a row whose day is none is asked about when it is read as a record."""
        with self._database.reading():
            rows = self._database.follow_ups()
        found = ((f"follow_up:{number}", _day(said)) for number, said in rows)
        return [FollowUp(key, day) for key, day in found if day is not None and first <= day <= last]

    def reach(self) -> None:
        """Open the database, if it is there.

        Raises:
            Unavailable: it is not, or it is no database.
        """
        with self._database.reading():
            pass

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Write messages to ``hub_inbox``, all in one transaction, each row on its own feet.

        Raises:
            LeaseOver: ``commit`` said so; nothing was written.
            Unavailable: nothing was written.
        """
        return deliver(self._database, parcels, commit, self._clock())

    def check(self) -> list[Finding]:
        """Look at database, schema, rights, inbox and clock. Says what is wrong and what to do; changes nothing."""
        return look(self._database, self._clock())

    def close(self) -> None:
        """Let go of the connection."""
        self._database.close()

    # -- one page

    def _page(self, cursor: Cursor, now: datetime, *, beginning: bool) -> tuple[Page, list[str]]:
        """The page without its records, and their keys: consents first."""
        problems: list[str] = []
        cursor = self._placed(cursor, problems, now, beginning=beginning)
        given_up = any(now - gap.passed_at >= GAP_KEPT for gap in cursor.gaps)
        gaps, late = asked_again(cursor.gaps, self._database.entries_between, now)
        cursor, entries, log_more = self._log(replace(cursor, gaps=gaps), now, problems)
        if not log_more and not cursor.sweep and cursor.swept < _night(now):
            # what a hole hid may be a change beneath a row, which the row's own version does not tell
            cursor = replace(cursor.sweeping(full=given_up or bool(cursor.gaps)), swept=_night(now))
        keys = self._touched.keys([*late, *entries], cursor.log, problems)
        if cursor.sweep:
            compared = compare(self._database, self._delivered, self._reports, cursor.sweep)
            keys, cursor = [*keys, *compared.keys], replace(cursor, sweep=compared.rest)
        cursor, rejections = self._rejections(cursor, now, problems)
        wanted = sorted(self._for_the_hub(unique(keys)), key=lambda key: not key.startswith(_FIRST))
        return Page((), cursor.text(), tuple(problems), rejections), wanted

    def _for_the_hub(self, keys: Sequence[str]) -> list[str]:
        """Without the rows that are not for the hub yet (an open case): it has never heard of them."""
        early: set[str] = set()
        for prefix, keyed in KEYS.items():
            numbers = [int(split(key)[1]) for key in keys if keyed.once and key.startswith(f"{prefix}:")]
            shown = self._database.keys_of(keyed.view, keyed.once, numbers) if numbers else []
            early |= {f"{prefix}:{number}" for number, value in shown if value in _BLANK}
        return [key for key in keys if key not in early or self._delivered.knows(key)]

    def _placed(self, cursor: Cursor, problems: list[str], now: datetime, *, beginning: bool) -> Cursor:
        """The cursor, moved where the log no longer fits it."""
        low, high = self._database.log_range()
        if beginning and low != 1:  # the log does not reach back to the first row
            moved = replace(cursor.sweeping(full=True), log=high, swept=_night(now))
            return replace(moved, gaps=self._skipped(high, now))
        if high < cursor.log:
            problems.append(
                f"change_log: ends at {high}, before {cursor.log}: restored or cut; all rows are read again"
            )
            return replace(cursor.sweeping(full=True), log=high, gaps=self._skipped(high, now))
        return cursor if cursor.swept else replace(cursor, swept=_night(now))

    def _skipped(self, high: int, now: datetime) -> tuple[Gap, ...]:
        """Holes shortly before a place that the cursor is moved to: no sweep sees the rows of who is still at work."""
        start = max(high - PAGE, 0)
        entries = self._database.entries_between(start + 1, high, PAGE)
        return tuple(Gap(first, last, now) for first, last in holes(entries, start))[-GAPS_MAX:]

    def _log(self, cursor: Cursor, now: datetime, problems: list[str]) -> tuple[Cursor, tuple[Entry, ...], bool]:
        """Entries behind the cursor, up to a gap that is still waited for; and whether there are more."""
        entries = self._database.entries(cursor.log, PAGE)
        taken = self._log_waiting.take(entries, cursor.log, now)
        problems.extend(f"change_log: {first} to {last} missing, passed after 60 s" for first, last in taken.passed)
        gaps = (*cursor.gaps, *(Gap(first, last, now) for first, last in taken.passed))
        cursor = replace(cursor, log=taken.last, gaps=gaps[-GAPS_MAX:])
        if len(gaps) > GAPS_MAX or any(last - first >= GAP_WIDE for first, last in taken.passed):
            cursor = cursor.sweeping(full=True)  # too much to ask for again, or a log that was cut: read the rows
        return cursor, taken.entries, len(entries) == PAGE and not taken.waiting

    def _rejections(self, cursor: Cursor, now: datetime, problems: list[str]) -> tuple[Cursor, tuple[Rejection, ...]]:
        """What the system could not apply. A code of no list is not repeated: it could be anything."""
        low, high = self._database.error_range()
        if high < cursor.error:
            problems.append(f"hub_inbox_error: ends at {high}, before {cursor.error}: restored or cut; read again")
            cursor = replace(cursor, error=0, error_gaps=())
        gaps, late = asked_again(cursor.error_gaps, self._database.errors_between, now)
        after = cursor.error or max(low - 1, 0)  # what stood before the first row was never about the hub
        rows = self._database.errors(after, PAGE)
        taken = self._errors_waiting.take(rows, after, now)
        problems.extend(
            f"hub_inbox_error: {first} to {last} missing, passed after 60 s" for first, last in taken.passed
        )
        gaps = (*gaps, *(Gap(first, last, now) for first, last in taken.passed))
        rejections = tuple(
            Rejection(row.message_id, row.code if row.code in _REJECTED else "UNREADABLE")
            for row in (*late, *taken.entries)
            if isinstance(row.message_id, str)
        )
        return replace(cursor, error=taken.last, error_gaps=gaps[-GAPS_MAX:]), rejections

    # -- reading records

    def _read_apart(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """The records of these keys, each with what is nested in it of one moment.

        Where the database fails over one of them, halves are read, down to the one: a view of the agency's that raises
        for one client keeps no other record back, and no withdrawal.
        """
        try:
            with self._database.reading():
                return self._read(keys)
        except Untold as error:
            if len(keys) == 1:
                return [Raw(keys[0], "", b"", fault=str(error))]
        half = len(keys) // 2
        return [*self._read_apart(keys[:half]), *self._read_apart(keys[half:])]

    def _read(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """The records of these keys, with what is nested in them, in the same order."""
        wanted: dict[str, list[int]] = {prefix: [] for prefix in KEYS}
        for key in unique(keys):
            try:
                prefix, number = split(key)
            except RecordUnreadable:
                continue
            wanted[prefix].append(int(number))
        found = {raw.key: raw for prefix, numbers in wanted.items() for raw in self._raws(prefix, numbers)}
        return [found.get(key) or Gone(key) for key in keys]

    def _raws(self, prefix: str, numbers: Sequence[int]) -> Iterable[Raw]:
        keyed = KEYS[prefix]
        if keyed.reported:
            yield from self._reported(prefix, keyed, numbers)
            return
        rows = list(self._database.rows(keyed.view, keyed.column, numbers))
        if keyed.once:
            rows = [(version, row) for version, row in rows if row.get(keyed.once) not in _BLANK]
        people = [row.get(name) for _, row in rows for name in ("client_id", "child_client_id") if name in row]
        clients = self._clients(unique(people), keyed)
        gone = self._gone_into(unique(people)) if "gone" in keyed.nested else {}
        form = READ.get(keyed.kind) or FORMS[keyed.kind]  # of a cell that lists words the record has them apart
        case_ids = unique(row.get("case_id") for _, row in rows)
        of_cases = {
            name: self._of_cases(case_ids, keyed, name, view, columns) for name, (view, columns) in _OF_A_CASE.items()
        }
        for version, row in one_each(keyed.column, rows):
            nested = {
                "client": clients.get(row.get("client_id"), []),
                "child": clients.get(row.get("child_client_id"), []),
                "gone": gone.get(row.get("client_id"), []),
                **of_a_case({name: found.get(row.get("case_id"), []) for name, found in of_cases.items()}),
            }
            own = {name: value for name, value in row.items() if name in form.columns or name in form.children}
            whole = {**own, **{name: nested[name] for name in keyed.nested if nested.get(name)}}
            yield Raw(f"{prefix}:{row[keyed.column]}", version, canonical(whole))

    def _reported(self, prefix: str, keyed: Keyed, numbers: Sequence[int]) -> Iterable[Raw]:
        """Reports, each with its client; a needs assessment with what its case says of needs."""
        reports = self._reports.found(prefix, numbers)
        clients = self._clients(unique(each.client for each in reports), keyed)
        cases = unique(row["case_id"] for each in reports for row in each.rows if row.get("case_id"))
        issues = {
            case_id: rows[0].get("issues", "")
            for case_id, rows in self._grouped("v_hub_case", "case_id", cases).items()
        }
        for each in reports:
            assessed = each.rows[0].get("activity") == NEEDS_ASSESSED
            named = " ".join(issues.get(row.get("case_id"), "") for row in each.rows) if assessed else ""
            client = next(iter(clients.get(each.client, ())), None)
            data = self._reports.data(each, client, unique(named.split()))
            yield Raw(f"{prefix}:{each.key}", each.version, data)

    def _clients(self, client_ids: Sequence[Any], keyed: Keyed) -> dict[Any, list[dict[str, Any]]]:
        """Client rows by id, each with its identifiers, and for a referral with language results and relations."""
        if "client" not in keyed.nested:
            return {}
        clients = self._grouped("v_hub_client", "client_id", client_ids)
        parts = {"identifier": self._grouped("v_hub_identifier", "client_id", client_ids)}
        for name, view in _OF_A_CLIENT.items():
            if name in keyed.nested:
                parts[name] = self._grouped(view, "client_id", client_ids)
        for client_id, rows in clients.items():
            for row in rows:
                row.update({name: part[client_id] for name, part in parts.items() if client_id in part})
        return clients

    def _gone_into(self, client_ids: Sequence[Any]) -> dict[Any, list[dict[str, Any]]]:
        """Of each client those that have gone into it."""
        found: dict[Any, list[dict[str, Any]]] = {}
        numbers = [number for number in client_ids if type(number) is int]
        for client_id, into in self._database.keys("v_hub_client", INTO, numbers):
            found.setdefault(into, []).append({"client_id": client_id})
        return found

    def _of_cases(
        self, case_ids: Sequence[Any], keyed: Keyed, name: str, view: str, columns: Iterable[str]
    ) -> dict[Any, list[dict[str, Any]]]:
        """Of each case the rows of a view that are nested under this name, with these columns."""
        if name not in keyed.nested:
            return {}
        return {
            case_id: [{column: row[column] for column in columns if column in row} for row in rows]
            for case_id, rows in self._grouped(view, "case_id", case_ids).items()
        }

    def _grouped(self, view: str, column: str, values: Sequence[Any]) -> dict[Any, list[dict[str, Any]]]:
        grouped: dict[Any, list[dict[str, Any]]] = {}
        for _, row in self._database.rows(view, column, [value for value in values if value is not None]):
            grouped.setdefault(row[column], []).append(row)
        return grouped


def _night(now: datetime) -> str:
    """The local day, by which nights are counted."""
    return now.astimezone(TORONTO).date().isoformat()


def _day(said: Any) -> date | None:
    try:
        return date.fromisoformat(str(said)[: len("2026-06-01")])
    except ValueError:
        return None
