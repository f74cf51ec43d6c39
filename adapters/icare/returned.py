"""What iCARE said of the rows that it was sent: read from ``processed``, and told once.

Program systems 2.3, 9.3; settled S12. A worker moves a workbook there, or drops the one that iCARE returned. A row
without details was accepted, one with details that refuse it rejected; a workbook that came back outweighs the hub's
own that was moved there. A row that became too late while it lay in the folder is told, too.

What was told is kept in slips when the exchange comes back with the cursor that says so: a crash in between tells it
again. iCARE's own words are for the worker, in ``<file>.hub.csv`` beside the workbook, and never go further.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import orjson

from adapters.contract import Accepted, Rejection
from adapters.icare import names, reports
from adapters.icare.details import SentRow, link, state_after
from adapters.icare.folder import Folder, Stamp
from adapters.icare.incoming import STILL_WRITTEN, TORONTO
from adapters.icare.ledger import PREPARED, PROCESSED, Book, Ledger, Slip, Standing, module_of
from adapters.icare.outbox import Outbox
from adapters.icare.package import FileRefused
from adapters.icare.processed import Came, Processed
from adapters.icare.states import RowState, moved
from adapters.icare.todo import todo
from adapters.icare.values import neutral
from adapters.icare.workbook import Workbook
from hub.errors import Refused, Unavailable

TOO_LATE = "TOO_LATE"
BOOKS_A_PAGE = 5  # [policy] workbooks read at once; each of them takes seconds
_READ = "processed.read"  # in the spool: digests of the workbooks that were read
_HEAD = ("row", "code", "English", "French")


@dataclass(frozen=True, slots=True)
class Told:
    """What is kept once it is settled.

    Args:
        rows: envelope to what was said of its row, in the words of slips.
        read: digests of workbooks that were read through.
    """

    rows: Mapping[str, str] = field(default_factory=dict)
    read: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.read)


@dataclass(frozen=True, slots=True)
class Heard:
    """What is new."""

    told: Told = field(default_factory=Told)
    accepted: tuple[Accepted, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Page:
    """What a page has come to, so far."""

    rows: dict[str, tuple[RowState, str]] = field(default_factory=dict)  # envelope to state and code
    read: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def say(self, row: Standing, to: RowState, code: str) -> None:
        """A word about a row; one that refuses it outweighs one that does not."""
        known = self.rows.get(row.entry.envelope_id)
        if _may_become(row.state, to) and (known is None or to is RowState.REJECTED):
            self.rows[row.entry.envelope_id] = to, code


class FromIcare:
    """The answers in the folder of one agreement."""

    def __init__(self, box: Outbox, folder: Folder, ledger: Ledger) -> None:
        self._box, self._folder, self._ledger = box, folder, ledger
        self._processed = Processed(folder, ledger)
        self._done: dict[str, Stamp] = {}  # workbooks with which nothing is to be done while they stay as they are
        self._late: dict[str, tuple[Stamp, date]] = {}  # workbooks whose rows were looked at, and on which day
        self._told: set[str] = set()

    def heard(self, now: datetime) -> Heard:
        """What is new, of a few workbooks; one that cannot be read stops no other."""
        try:
            book, known = self._ledger.now(), self._read_before()
        except Unavailable as error:  # what the agency hands in goes on; nothing is sent, since nobody knows what was
            return Heard(problems=tuple(self._once(str(error))))
        if not book.slips:
            return Heard()
        page = _Page()
        for name, stamp in self._processed.stamps():
            if len(page.read) < BOOKS_A_PAGE and self._done.get(name) != stamp:
                self._looked_at(book, page, name, stamp, known, now)
        for slip in book.slips:
            self._grown_late(book, page, slip, now.astimezone(TORONTO).date())
        taken = [name for name, (state, _) in page.rows.items() if state is RowState.ACCEPTED]
        refused = [Rejection(name, code) for name, (state, code) in page.rows.items() if state is not RowState.ACCEPTED]
        told = Told({name: str(state) for name, (state, _) in page.rows.items()}, tuple(page.read))
        return Heard(told, tuple(map(Accepted, taken)), tuple(refused), tuple(page.problems))

    def keep(self, told: Told) -> bool:
        """What was heard is settled; the same a second time changes nothing.

        Returns:
            Whether it is kept; not while somebody is writing here: it is asked again.
        """
        if not told:
            return True
        try:
            with self._box.alone():
                book = self._ledger.now()
                slips = {row.slip.file: row.slip for name in told.rows if (row := book.by_envelope.get(name))}
                for slip in slips.values():
                    self._put(slip, told.rows)
                known = self._read_before()
                if more := [each for each in told.read if each not in known]:
                    self._box.put_slip(_READ, orjson.dumps([*known, *more]))
        except Unavailable:
            return False
        return True

    def look(self) -> Mapping[RowState, int]:
        """How many rows are in which state; of those that iCARE answered, only what a worker may still do something of.

        Raises:
            Unavailable: a slip was changed.
        """
        book = self._ledger.now()
        found: dict[RowState, int] = {}
        for row in book.rows:
            if row.state is not RowState.TOO_LATE or book.place(row.slip.file) == PREPARED:
                found[row.state] = found.get(row.state, 0) + 1
        return found

    def lost(self) -> int:
        """Rows of which nothing was heard, and whose workbook lies in none of the places."""
        book = self._ledger.now()
        return sum(row.state is RowState.UPLOADED and book.place(row.slip.file) is None for row in book.rows)

    def _looked_at(self, book: Book, page: _Page, name: str, stamp: Stamp, known: Sequence[str], now: datetime) -> None:
        """Read one workbook, unless it was read before."""
        label = names.label(name)
        try:
            data = self._folder.read(name, PROCESSED)
            named = name.encode("utf-8", "surrogateescape")  # workbooks of two names may have the same bytes
            digest = hashlib.sha256(named + b"/" + data).hexdigest() if data is not None else ""
            if data is None or digest in known:
                self._done[name] = stamp
                return
            rows = self._processed.rows(book, name, data)
            self._answered(book, page, name, rows)
        except FileRefused as refused:
            if now.timestamp() - stamp[0] / 1e9 < STILL_WRITTEN.total_seconds():
                return  # it may still be being copied
            page.problems += self._once(f"icare {label}: {refused.why}, got {refused.got}; {refused.next_step}")
            self._done[name] = stamp
        except Unavailable as error:  # asked again each time, told once
            page.problems += self._once(f"icare {label}: {error}")
        else:
            page.read.append(digest)

    def _answered(self, book: Book, page: _Page, name: str, rows: Iterable[Came]) -> None:
        """What the rows of one workbook say of those that were sent; the worker gets iCARE's words beside it."""
        own = book.slip(name)
        live = _Live([each for each in book.rows if each.slip is own and book.current(each.entry.key) is each])
        found = [(row, sent) for row in rows if (sent := live.row(row) if own else book.meant(row.keys)) is not None]
        lines = [
            (str(row.number), each.code, neutral(each.english), neutral(each.french))
            for row, _ in found
            if row.details is not None
            for each in row.details.messages
        ]
        if lines:  # first: what cannot be explained to the worker is not told yet
            self._put_beside(name, lines)
        for row, sent in found:
            refused = row.details is not None and row.details.refused
            page.say(sent, state_after(row.details), row.details.messages[0].code if row.details and refused else "")

    def _put_beside(self, name: str, lines: Iterable[Sequence[str]]) -> None:
        out = io.StringIO(newline="")
        csv.writer(out).writerows([_HEAD, *lines])
        data = out.getvalue().encode("utf-8-sig")
        if self._folder.read(name + names.ANSWER, PROCESSED) != data:
            self._folder.put(name + names.ANSWER, data, PROCESSED)

    def _grown_late(self, book: Book, page: _Page, slip: Slip, day: date) -> None:
        """Rows of a workbook that iCARE takes no more, while it lies where its worker has still to upload it."""
        if not slip.until or slip.until >= day.isoformat() or book.place(slip.file) != PREPARED:
            return
        stamp = self._folder.stamp(slip.file)
        if stamp is None or self._late.get(slip.file) == (stamp, day):
            return
        try:
            data = self._folder.read(slip.file)
            rows = [(row.number, row.fields) for row in Workbook(data).rows()] if data is not None else []
        except (FileRefused, Unavailable) as error:
            page.problems += self._once(f"icare {names.label(slip.file)}: {error}")
            return
        module = module_of(slip.file)
        said = names.named(slip.file)
        late = [row for row in rows if (last := reports.until(module, row[1], day)) is not None and last < day]
        new = False
        for _, fields in late:
            sent = book.meant(self._ledger.digests(module, fields, [said.month] if said else []))
            if sent is not None and sent.slip.file == slip.file and sent.state is RowState.PREPARED:
                page.say(sent, RowState.TOO_LATE, TOO_LATE)
                new = True
        listed = self._list(slip.file, todo(module, rows, day, {number for number, _ in late}))
        if listed and not new:
            self._late[slip.file] = stamp, day

    def _list(self, file: str, data: bytes | None) -> bool:
        """Put the list of what is to be done anew; False: somebody is writing here, or it cannot be: next time."""
        name = f"{file}{names.TODO}"
        try:
            if data is not None and self._folder.read(name) != data:
                with self._box.alone():
                    self._box.put(name, data)
        except Unavailable:
            return False
        return True

    def _put(self, slip: Slip, said: Mapping[str, str]) -> None:
        entries = (replace(each, said=said.get(each.envelope_id, each.said)) for each in slip.entries)
        changed = replace(slip, entries=tuple(entries))
        if changed != slip:
            self._box.put_slip(slip.name, changed.octets())

    def _read_before(self) -> list[str]:
        data = self._box.read(_READ, spooled=True)
        try:
            found = orjson.loads(data) if data is not None else []
            return [str(each) for each in found]
        except (ValueError, TypeError):
            raise Unavailable(
                "icare folder", "a list that was changed", "as the hub wrote it", "bring .spool back"
            ) from None

    def _once(self, problem: str) -> list[str]:
        if problem in self._told:
            return []
        self._told.add(problem)
        return [problem]


class _Live:
    """The rows of one workbook of the hub's that count: its own rows speak of these and of no others."""

    def __init__(self, rows: Sequence[Standing]) -> None:
        self._rows = rows
        self._by_key: dict[str, list[SentRow]] = {}
        for place, each in enumerate(rows, 1):
            self._by_key.setdefault(each.entry.key, []).append(SentRow(place, each.entry.key))

    def row(self, came: Came) -> Standing | None:
        """The row that came back."""
        for key in came.keys:
            if (found := link(key, came.details, self._by_key.get(key, ()))) is not None:
                return self._rows[found.place - 1]
        return None


def _may_become(state: RowState, to: RowState) -> bool:
    """Whether a row may move so; what came back was uploaded, wherever its workbook still lies."""
    if state is RowState.PREPARED and to is not RowState.TOO_LATE:
        state = moved(state, RowState.UPLOADED)
    try:
        return moved(state, to) is to
    except Refused:
        return False
