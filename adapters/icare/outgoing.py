"""Workbooks to iCARE: rows of a module and month together, put into the folder for the worker who uploads them.

Program systems 2.4, 9.3; settled S1, S2, S6, S12. Here stands which rows they hold; how they appear: :mod:`writer`.

- A row whose key lies in a workbook that was not uploaded yet stands for the earlier one: that workbook is written anew
  under a new name with all of its other rows, as their worker has left them.
- So it is without a row that is taken back.
- What cannot be written, may not be sent just now, or comes too late is ``FAILED`` and keeps nobody from going.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

from adapters.contract import Commit, Parcel, Sent, SentState
from adapters.icare import names, reports
from adapters.icare.fill import DETAILS
from adapters.icare.folder import Folder
from adapters.icare.incoming import TORONTO
from adapters.icare.ledger import BOOK, PREPARED, Book, Entry, Ledger, Slip, Standing, module_of
from adapters.icare.outbox import OLD, Outbox
from adapters.icare.package import FileRefused
from adapters.icare.processed import Processed
from adapters.icare.reports import Report
from adapters.icare.split import split
from adapters.icare.states import RowState, may_send
from adapters.icare.workbook import Row, Workbook
from adapters.icare.writer import Draft, Papers, Writer
from hub.errors import HubError, Unavailable

NOT_CARRIED = "DN_OFF_BUS"  # the consent rules' word for what the hub does not carry
PENDING = "PENDING"  # case 35: iCARE has a row of this key, or is about to, and has not answered
TOO_LATE = "TOO_LATE"  # case 37
DUPLICATE = "DUPLICATE"  # another record of the agency's says the same of the same client: a person must look
_FOR_GOOD = (TOO_LATE, DUPLICATE)
IN_USE = "IN_USE"  # its worker has the workbook open in which the row stands, or it cannot be read


class ToIcare:
    """The folder of one agreement's reports.

    Args:
        site: what the site adds to rows (:data:`reports.SITE`).
    """

    def __init__(self, box: Outbox, folder: Folder, ledger: Ledger, agreement: str, site: Mapping[str, str]) -> None:
        self._box, self._folder, self._ledger = box, folder, ledger
        self._writer, self._site = Writer(box, folder, ledger, agreement), site
        self._not_anew: frozenset[str] = frozenset()  # envelopes of rows that may not stand where they lie

    def send(self, parcels: Sequence[Parcel], commit: Commit, now: datetime) -> list[Sent]:
        """Write workbooks with the rows that none holds yet; see :meth:`adapters.contract.Source.send`."""
        failed: dict[str, str] = {}
        fresh = {parcel.envelope_id: parcel for parcel in parcels if parcel.kind == reports.PARCEL}
        if fresh:
            with self._box.alone():
                self._writer.clear()
                book = self._ledger.now()
                new = [parcel for name, parcel in fresh.items() if name not in book.by_envelope]
                failed = self._sent(book, new, commit, now.astimezone(TORONTO).date())
        return [
            Sent(one.envelope_id, SentState.FAILED, code, for_good=code in _FOR_GOOD)
            if (code := failed.get(one.envelope_id, "" if one.envelope_id in fresh else NOT_CARRIED))
            else Sent(one.envelope_id, SentState.ACKNOWLEDGED)
            for one in parcels
        ]

    def take_back(self, envelope_ids: Sequence[str], now: datetime) -> list[str]:
        """Take rows out of workbooks that lie in the folder; see :meth:`adapters.contract.Gathering.take_back`.

        A workbook of which no row is left goes, also where somebody has saved it once more. One that its worker has
        open, or in which a row stands that nobody knows (it may be the one that is looked for), stays as it is.
        """
        self._not_anew = frozenset(envelope_ids)
        with self._box.alone():
            self._writer.clear()
            book = self._ledger.now()
            asked = {name: row for name in envelope_ids if (row := book.by_envelope.get(name)) is not None}
            files = dict.fromkeys(row.slip.file for row in asked.values() if row.state is RowState.PREPARED)
            files |= dict.fromkeys(slip.file for slip in book.slips if _is_over(book, slip))
            found = [self._anew_of(book, file, [], asked) for file in files if self._is_known(book, file)]
            drafts = [draft for draft in found if draft is not None]
            day = now.astimezone(TORONTO).date()
            self._writer.put([draft for draft in drafts if draft.rows], _at_once, day, Papers(self._folder))
            for draft in drafts:
                if not draft.rows:
                    with suppress(Unavailable):  # its worker has moved it meanwhile: it is not out
                        self._writer.take_away(draft)
            left = self._ledger.now().by_envelope
        unsent = [name for name, row in asked.items() if row.state in (RowState.PREPARED, RowState.SUPERSEDED)]
        return [name for name in unsent if left[name].state is RowState.SUPERSEDED]

    def _is_known(self, book: Book, file: str) -> bool:
        """Whether each row of a workbook that lies in the folder is one that was sent."""
        slip, said = book.slip(file), names.named(file)
        rows = _as_they_stand(self._folder, file)
        if slip is None or said is None or rows is None:
            return False
        known = {each.key for each in slip.entries}
        return not any(known.isdisjoint(self._digests(file, row)) for row in rows)

    def _digests(self, file: str, row: Row) -> list[str]:
        """What may stand for a row of a workbook of ours."""
        said = names.named(file)
        return self._ledger.digests(module_of(file), row.fields, [said.month] if said is not None else [])

    def tidy(self) -> None:
        """Put right what a process left that died while it wrote: it may hold what nobody may be told any more."""
        if any(self._box.names(ending, spooled=True) for ending in (BOOK, OLD, names.TODO)):
            with suppress(Unavailable), self._box.alone():  # somebody is writing just now, or cannot: next time
                self._writer.clear()

    def _sent(self, book: Book, parcels: Sequence[Parcel], commit: Commit, day: date) -> dict[str, str]:
        """Write what can be written; of the rest envelope and code."""
        failed: dict[str, str] = {}
        papers = Papers(self._folder)
        found = self._reports(book, parcels, day, papers, failed)
        drafts = self._anew(book, found, failed)
        again = {name for draft in drafts for name in draft.fresh}
        drafts += _fresh([each for each in found if each.envelope_id not in again | failed.keys()], self._ledger)
        return failed | self._writer.put(drafts, commit, day, papers)

    def _reports(
        self, book: Book, parcels: Sequence[Parcel], day: date, papers: Papers, failed: dict[str, str]
    ) -> list[Report]:
        """What may be sent, one for each key: of several of one key the last."""
        found: dict[str, Report] = {}
        for parcel in parcels:
            report = reports.read(parcel, self._site, day)
            if isinstance(report, HubError):
                failed[parcel.envelope_id] = str(report)
                continue
            key = self._ledger.digest(report.key)
            try:
                code = papers.misfit(report) or self._why_not(book.current(key), report, day)
            except FileRefused as refused:  # the agency's own template; nobody else's module waits for it
                code = str(refused)
            if code:
                failed[parcel.envelope_id] = code
                continue
            if key in found and _is_another(found[key].number, report):
                failed[parcel.envelope_id] = DUPLICATE
                continue
            earlier = found.pop(key, None)
            before = (*earlier.before, earlier.envelope_id) if earlier is not None else ()
            found[key] = replace(report, before=before)
        return self._corrections(book, found)

    def _why_not(self, last: Standing | None, report: Report, day: date) -> str:
        """Why a row may not be sent now; "": it may."""
        until = reports.until(report.module, report.fields, day)
        if until is not None and until < day:
            return TOO_LATE
        if last is not None and last.state is not RowState.SUPERSEDED and _is_another(last.entry.number, report):
            return DUPLICATE
        state = last.state if last is not None else None
        corrects = state is RowState.ACCEPTED and reports.REASON in report.module.columns
        if state is RowState.ACCEPTED and not corrects:
            return ""  # a profile has no way to correct one: it is sent again
        if may_send(state, names_record=corrects):
            return ""
        return TOO_LATE if state is RowState.TOO_LATE else PENDING

    def _corrections(self, book: Book, found: Mapping[str, Report]) -> list[Report]:
        """The rows, those of a record that iCARE has as its corrections."""
        wanted = {key for key, report in found.items() if _corrects(book.current(key), report)}
        records = Processed(self._folder, self._ledger).records(book, wanted) if wanted else {}
        return [each.correcting(records.get(key, "")) if key in wanted else each for key, each in found.items()]

    def _anew(self, book: Book, found: Sequence[Report], failed: dict[str, str]) -> list[Draft]:
        """Workbooks that lie in the folder and hold a row for which one of these stands."""
        by_file: dict[str, list[Report]] = {}  # which speak of a workbook
        stale: set[str] = set()  # envelopes of rows that said something else of whom, or of what, before
        for report in found:
            key = self._ledger.digest(report.key)
            for last in (book.current(key), book.earlier(report.number, key)):
                if last is not None and last.state is RowState.PREPARED:
                    by_file.setdefault(last.slip.file, []).append(report)
                    if last.entry.key != key:
                        stale.add(last.entry.envelope_id)
        drafts: list[Draft] = []
        placed: set[str] = set()
        kept_from = {book.by_envelope[name].slip.file for name in self._not_anew if name in book.by_envelope}
        for file, own in by_file.items():
            here = [each for each in own if _belongs(each, file) and each.envelope_id not in placed]
            draft = self._anew_of(book, file, here, stale) if file not in kept_from else None
            if draft is None:
                failed |= {name: IN_USE for each in own for name in (*each.before, each.envelope_id)}
            else:
                drafts.append(draft)
                placed |= {each.envelope_id for each in here}
        return drafts

    def _anew_of(self, book: Book, file: str, own: Sequence[Report], stale: Container[str]) -> Draft | None:
        """One of them; None: it cannot be taken away from its worker now.

        Args:
            stale: envelopes of rows for which another one stands, here or in another workbook, or that are taken back.
        """
        slip, said, stamp = book.slip(file), names.named(file), self._folder.stamp(file)
        rows = _as_they_stand(self._folder, file)
        if slip is None or said is None or stamp is None or rows is None:
            return None
        module = module_of(file)
        out = {self._ledger.digest(each.key) for each in own}
        entries_before = tuple(
            replace(each, said=RowState.SUPERSEDED) if each.envelope_id in stale else each for each in slip.entries
        )
        out |= {each.key for each in entries_before if each.said in (RowState.TOO_LATE, RowState.SUPERSEDED)}
        kept = [
            {name: text for name, text in row.fields.items() if name != DETAILS}
            for row in rows
            if out.isdisjoint(self._digests(file, row))
        ]
        fresh, entries = _entries(own, self._ledger)
        new = [*kept, *(each.fields for each in own)]
        return Draft(module, said.month, new, fresh, (*entries_before, *entries), file, stamp)


def _is_over(book: Book, slip: Slip) -> bool:
    """Whether a workbook lies in the folder of which no row counts any more: who took them back has died there."""
    return book.place(slip.file) == PREPARED and all(each.said == RowState.SUPERSEDED for each in slip.entries)


def _at_once() -> None:
    """What is taken out is released to nobody: there is no lease to be inside of."""


def _is_another(number: str, report: Report) -> bool:
    """Whether a row is of another record of the agency's; where one of them has no number nobody knows."""
    return bool(number and report.number) and number != report.number


def _belongs(report: Report, file: str) -> bool:
    """Whether a row is of a workbook's module and month."""
    said = names.named(file)
    return said is not None and (said.module, said.month) == (report.module.code, report.month)


def _corrects(last: Standing | None, report: Report) -> bool:
    """Whether a row corrects a record that iCARE has: one that it took, or that an earlier correction speaks of."""
    if last is None or reports.REASON not in report.module.columns:
        return False
    return last.state is RowState.ACCEPTED or last.entry.corrects


def _as_they_stand(folder: Folder, file: str) -> list[Row] | None:
    """The rows of a workbook that lies in the folder; None: it is open, or not all of it can be read."""
    if any(folder.stamp(mark.format(file)) is not None for mark in names.OPEN_IN):
        return None
    try:
        data = folder.read(file)
        rows = list(Workbook(data).rows()) if data is not None else None
    except (FileRefused, Unavailable):  # of one that the hub may not read the others do not suffer
        return None
    if rows is None:
        return None
    return None if any(row.faults for row in rows) else rows


def _fresh(found: Sequence[Report], ledger: Ledger) -> list[Draft]:
    """Workbooks of rows that stand in none yet."""
    groups: dict[tuple[str, str], list[Report]] = {}
    for report in found:
        groups.setdefault((report.module.code, report.month), []).append(report)
    drafts = []
    for together in groups.values():
        of_row = {id(each.fields): each for each in together}
        for rows in split([each.fields for each in together]):
            own = [of_row[id(row)] for row in rows]
            drafts.append(Draft(own[0].module, own[0].month, rows, *_entries(own, ledger)))
    return drafts


def _entries(own: Iterable[Report], ledger: Ledger) -> tuple[tuple[str, ...], tuple[Entry, ...]]:
    """Which messages these rows bring, and what a slip says of them: one that another stands for before that other."""
    entries = tuple(
        Entry(name, ledger.digest(each.key), corrects=each.corrects, number=each.number)
        for each in own
        for name in (*each.before, each.envelope_id)
    )
    return tuple(entry.envelope_id for entry in entries), entries
