"""A system of tables as a source: what changed since last time, and what the hub has to say about its rows.

Tables tell no changes, so all rows are read and compared with what was handed on: the cursor holds, for each record,
its key and a keyed digest of its bytes, no value. It is read-only: nothing but ``<file>.hub.csv`` is ever written. It
retries nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from adapters.contract import (
    Answer,
    Commit,
    Finding,
    Gone,
    Memory,
    Now,
    Page,
    Parcel,
    Raw,
    Sent,
    SentState,
    Verdict,
)
from adapters.table.answers import ANSWER, TOLD_ONCE, File, Line
from adapters.table.check import look
from adapters.table.rows import Found, Reading, key_of, read
from adapters.table.schema import PREFIXES, Schema
from adapters.table.settings import read_settings
from adapters.table.tables import Stamp, Tables
from hub.errors import HubError, RecordUnreadable, Unavailable
from hub.model.canonical import canonical

PAGE = 500  # records of a page
MARK = 16  # characters kept of a keyed digest: two texts in 2^64 have one mark by chance
QUIET_S = 2  # a file that was written just before it was read may be written again within one tick of its clock
REFERRAL_STATUS, UNWRITTEN = "referral-status", "UNWRITTEN"

_RANK = {f"{PREFIXES[name]}:": rank for rank, name in enumerate(("CONSENT", "RF_REQUEST", "RF_STATUS"))}


def connect(schema: Schema, settings: Mapping[str, Any], memory: Memory, now: Now) -> TableSource:
    """Prepare a connection; nothing is opened.

    Args:
        schema: of the kind.
        settings: docs/tables.md, *Settings*.

    Raises:
        Refused: a setting is missing, unknown or of another type.
    """
    return TableSource(schema, settings, memory, now)


@dataclass(frozen=True, slots=True)
class _Cursor:
    """What was handed on, by key its mark; and which problems were told."""

    marks: Mapping[str, str]
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, since: str) -> _Cursor:
        if not since:
            return cls({})
        try:
            found = orjson.loads(since)
            marks, told = found["marks"], found["told"]
            if not all(isinstance(text, str) for pair in marks.items() for text in pair) or not isinstance(told, list):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise RecordUnreadable("table cursor", "another text", "one of ours", "read from the beginning") from None
        return cls(marks, tuple(told))

    def text(self) -> str:
        return canonical({"marks": self.marks, "told": self.told}).decode()


@dataclass(frozen=True, slots=True)
class _Read:
    """All records as they were read, with their marks."""

    reading: Reading
    marks: Mapping[str, str]
    stamp: Stamp | None
    at: datetime


class TableSource:
    """See :class:`adapters.contract.Answering`."""

    def __init__(self, schema: Schema, settings: Mapping[str, Any], memory: Memory, now: Now) -> None:
        self._schema, self._memory, self._now = schema, memory, now
        self._at = read_settings(schema, settings)
        self._tables = Tables(schema, self._at)
        self._last: _Read | None = None
        self._rows: Mapping[str, int] = {}  # key to row number, of the last reading
        self._idle = ""  # the cursor after which that reading had nothing more

    def fetch(self, since: str) -> Page:
        """One page of the records that are new, changed or gone; consents first."""
        cursor = _Cursor.of(since)
        if self._idle and since == self._idle and self._is_fresh():
            return Page((), since)
        now = self._look()
        changed = [key for key, mark in now.marks.items() if cursor.marks.get(key) != mark]
        gone = [key for key in cursor.marks if key not in now.marks]
        page = sorted((*gone, *changed), key=_rank)[:PAGE]
        marks = {key: mark for key, mark in cursor.marks.items() if key in now.marks or key not in page}
        marks |= {key: now.marks[key] for key in page if key in now.marks}
        told = now.reading.problems
        news = tuple(problem for problem in told if problem not in cursor.told)
        if not page and told == cursor.told:
            self._idle, self._last = since, replace(now, reading=Reading({}, ()), marks={})
            return Page((), since)
        raws = tuple(self._raw(key, now.reading.records.get(key)) for key in page)
        return Page(raws, _Cursor(marks, told).text(), news)

    def refetch(self, keys: Sequence[str]) -> list[Raw | Gone]:
        """Read records by key, in the order asked."""
        self._last = None
        found = self._look().reading.records
        return [self._raw(key, found.get(key)) for key in keys]

    def reach(self) -> None:
        """See that the tables are there, and that answers could be written."""
        self._tables.reach()
        for file in self._files().values():
            file.reach()

    def send(self, parcels: Sequence[Parcel], commit: Commit) -> list[Sent]:
        """Write what the hub says of rows into the files beside the tables."""
        if not parcels:
            return []
        self._tables.reach()
        lines = {parcel.envelope_id: self._line(parcel) for parcel in parcels}
        per_table: dict[str, list[Line]] = {}
        for line in lines.values():
            per_table.setdefault(self._table_of(line.key), []).append(line)
        failed = self._write(per_table, commit)
        return [
            Sent(each, SentState.FAILED, UNWRITTEN)
            if self._table_of(line.key) in failed
            else Sent(each, SentState.ACKNOWLEDGED)
            for each, line in lines.items()
        ]

    def awaiting(self, limit: int) -> Sequence[str]:
        """Keys of records of which a file says that they were not passed on: that may be over."""
        found = [
            line.key
            for file in self._files().values()
            for line in file.lines().values()
            if line.kind != ANSWER and line.kind not in TOLD_ONCE
        ]
        return found[:limit]

    def answer(self, answers: Mapping[str, Answer]) -> bool:
        """Take away lines that are over, and put row numbers right. True if a file was changed."""
        done, files = False, self._files()
        with next(iter(files.values())).held():  # they all lie in one folder
            for file in files.values():
                before = file.lines()
                after = {name: line for line in before.values() for name, line in self._as_now(line, answers)}
                if after != before:
                    file.put(file.prepare(after.values()))
                    done = True
        return done

    def check(self) -> list[Finding]:
        """Look at every table, every column's form and the files for answers."""
        return look(self._schema, self._tables, self._at, self._files())

    def close(self) -> None:
        """Nothing is open; what was read is forgotten."""
        self._last, self._rows, self._idle = None, {}, ""

    # -- reading

    def _look(self) -> _Read:
        """Read all, unless what was read last stands there still."""
        if self._last is None or not self._last.marks or not self._is_fresh():
            stamp = self._tables.stamp()
            tables, forms = self._tables.read()
            reading = read(self._schema, tables, forms, self._memory.digest)
            marks = {key: self._mark(found) for key, found in reading.records.items()}
            self._last = _Read(reading, marks, stamp, self._now())
            self._rows = {key: found.number for key, found in reading.records.items()}
            self._idle = ""
        return self._last

    def _is_fresh(self) -> bool:
        """Whether the last reading still holds: the files are the same, or a database was read a moment ago."""
        if self._last is None:
            return False
        if self._last.stamp is not None:
            newest = max((each[-1] for each in self._last.stamp), default=0) / 1e9
            return self._last.at.timestamp() - newest >= QUIET_S and self._tables.stamp() == self._last.stamp
        return 0 <= (self._now() - self._last.at).total_seconds() < self._at.read_every_s

    def _mark(self, found: Found) -> str:
        said = canonical([found.revision, found.fault, found.tree])
        return self._memory.digest(said.decode())[:MARK]

    def _raw(self, key: str, found: Found | None) -> Raw | Gone:
        if found is None:
            return Gone(key)
        if found.fault:
            return Raw(key, "", b"", site=self._at.site, fault=f"{self._schema.kind} {key}: {found.fault}")
        own = b"" if found.revision else canonical(found.own())
        return Raw(key, found.revision, canonical(found.tree), site=self._at.site, own=own)

    # -- what the hub says

    def _files(self) -> dict[str, File]:
        """Table of a kind of record to the file for its answers; several tables may share one."""
        tables = dict.fromkeys(form.rows.table for form in self._schema.forms.values() if form.rows.table)
        paths = {table: self._tables.answers(table) for table in tables}
        first = {path: table for table, path in reversed(paths.items())}
        return {table: File(path, f"{self._schema.kind} answers") for path, table in first.items()}

    def _table_of(self, key: str) -> str:
        """The table whose file has the line of a key; of several that share a file the first."""
        prefix = key.partition(":")[0]
        form = next((form for form in self._schema.forms.values() if PREFIXES[form.name] == prefix), None)
        table = form.rows.table if form else ""
        path = self._tables.answers(table) if table else None
        files = self._files()
        return next((each for each in files if self._tables.answers(each) == path), next(iter(files)))

    def _line(self, parcel: Parcel) -> Line:
        said = orjson.loads(parcel.body)
        if parcel.kind != REFERRAL_STATUS:
            return self._placed(Line(said["key"], parcel.kind, said["code"], said["place"]))
        form = self._schema.forms["RF_REQUEST"]
        fields = dict(said["fields"])
        code = fields.pop("status", "")
        detail = "; ".join(f"{name}={text}" for name, text in sorted(fields.items()) if name != "hub_referral_no")
        return self._placed(Line(key_of(form, said["own"], self._memory.digest), ANSWER, code, detail))

    def _placed(self, line: Line) -> Line:
        return replace(line, row=str(self._rows.get(line.key, "") or line.row))

    def _as_now(self, line: Line, answers: Mapping[str, Answer]) -> list[tuple[tuple[str, bool], Line]]:
        """A line as it is now, or nothing: it is over when its record was taken, or has gone."""
        answer = answers.get(line.key) if line.kind != ANSWER and line.kind not in TOLD_ONCE else None
        if answer is not None and answer.verdict is Verdict.ACCEPTED:
            return []
        if self._rows and line.key not in self._rows:
            return []
        if answer is not None and answer.code:
            line = replace(
                line, code=answer.code, detail=answer.place or (line.detail if answer.code == line.code else "")
            )
        return [(line.name, self._placed(line))]

    def _write(self, per_table: Mapping[str, Sequence[Line]], commit: Commit) -> set[str]:
        """Replace the files; the tables whose file could not be. ``commit`` stands before the first can be seen."""
        files, failed = self._files(), set[str]()
        with next(iter(files.values())).held():  # they all lie in one folder
            halves: dict[str, Path] = {}
            try:
                for table, lines in per_table.items():
                    after = {**files[table].lines(), **{line.name: line for line in lines}}
                    halves[table] = files[table].prepare(after.values())
                commit()
            except HubError:
                for half in halves.values():
                    half.unlink(missing_ok=True)
                raise
            for table, half in halves.items():
                try:
                    files[table].put(half)
                except Unavailable:
                    failed.add(table)
        return failed


def _rank(key: str) -> int:
    return next((rank for prefix, rank in _RANK.items() if key.startswith(prefix)), len(_RANK))
