"""Workbooks to iCARE: rows of a module and month together, put into the folder for the worker who uploads them.

Program systems 2.4, 9.3; settled S1, S2, S6, S12. The order of writing says how far a workbook came: workbook, list of
what is to be done and slip spooled, ``commit``, workbook renamed, list renamed. A workbook that is still spooled was
never sent: it is cleared away, slip first. That rename is *delivered*.

- A row whose key lies in a workbook that was not uploaded yet stands for the earlier one: that workbook is written anew
  under a new name with all of its other rows, as their worker has left them. The old one is taken out of sight just
  before the new one appears, so that nobody can upload both; a process that dies in between leaves a half that the next
  one puts right: the old one is back where the new one never appeared, else it is gone.
- What cannot be written, may not be sent just now, or comes too late is ``FAILED`` and keeps nobody from going.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from adapters.contract import Commit, Parcel, Sent, SentState
from adapters.icare import names, reports, templates
from adapters.icare.fill import DETAILS, fill, misfit
from adapters.icare.folder import PLACES, Folder
from adapters.icare.incoming import TORONTO
from adapters.icare.layout import FIRST_ROW, Module
from adapters.icare.ledger import BOOK, PREPARED, SLIP, Book, Entry, Ledger, Slip, Standing, module_of
from adapters.icare.outbox import OLD, Outbox
from adapters.icare.package import FileRefused
from adapters.icare.processed import Processed
from adapters.icare.reports import Report
from adapters.icare.split import split
from adapters.icare.states import RowState, may_send
from adapters.icare.todo import todo
from adapters.icare.workbook import Row, Template, Workbook
from hub.errors import HubError, Unavailable

NOT_CARRIED = "DN_OFF_BUS"  # the consent rules' word for what the hub does not carry
PENDING = "PENDING"  # case 35: iCARE has a row of this key, or is about to, and has not answered
TOO_LATE = "TOO_LATE"  # case 37
DUPLICATE = "DUPLICATE"  # another record of the agency's says the same of the same client: a person must look
_FOR_GOOD = (TOO_LATE, DUPLICATE)
IN_USE = "IN_USE"  # its worker has the workbook open in which the row stands, or it cannot be read
UNAVAILABLE = "UNAVAILABLE"
SEQ_MAX = 9_999  # four digits of a name


@dataclass(frozen=True, slots=True)
class Draft:
    """A workbook that is to be written.

    Args:
        rows: in their order, below the labels.
        fresh: the messages that it brings.
        entries: of its slip, those included that have no row any more.
        replaces: the workbook for which it stands, and how that one was when it was read; or "".
    """

    module: Module
    month: str
    rows: Sequence[Mapping[str, str]] = field(repr=False)
    fresh: tuple[str, ...]
    entries: tuple[Entry, ...]
    replaces: str = ""
    stamp: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Laid:
    """A draft with its name and its files."""

    draft: Draft
    slip: Slip
    data: bytes = field(repr=False)
    todo: bytes | None


class ToIcare:
    """The folder of one agreement's reports.

    Args:
        site: what the site adds to rows (:data:`reports.SITE`).
    """

    def __init__(self, box: Outbox, folder: Folder, ledger: Ledger, agreement: str, site: Mapping[str, str]) -> None:
        self._box, self._folder, self._ledger = box, folder, ledger
        self._agreement, self._site = agreement, site

    def send(self, parcels: Sequence[Parcel], commit: Commit, now: datetime) -> list[Sent]:
        """Write workbooks with the rows that none holds yet; see :meth:`adapters.contract.Source.send`."""
        failed: dict[str, str] = {}
        fresh = {parcel.envelope_id: parcel for parcel in parcels if parcel.kind == reports.PARCEL}
        if fresh:
            with self._box.alone():
                self._clear()
                book = self._ledger.now()
                new = [parcel for name, parcel in fresh.items() if name not in book.by_envelope]
                failed = self._sent(book, new, commit, now.astimezone(TORONTO).date())
        return [
            Sent(one.envelope_id, SentState.FAILED, code, for_good=code in _FOR_GOOD)
            if (code := failed.get(one.envelope_id, "" if one.envelope_id in fresh else NOT_CARRIED))
            else Sent(one.envelope_id, SentState.ACKNOWLEDGED)
            for one in parcels
        ]

    def tidy(self) -> None:
        """Put right what a process left that died while it wrote: it may hold what nobody may be told any more."""
        if any(self._box.names(ending, spooled=True) for ending in (BOOK, OLD, names.TODO)):
            with suppress(Unavailable), self._box.alone():  # somebody is writing just now, or cannot: next time
                self._clear()

    def _sent(self, book: Book, parcels: Sequence[Parcel], commit: Commit, day: date) -> dict[str, str]:
        """Write what can be written; of the rest envelope and code."""
        failed: dict[str, str] = {}
        papers = _Papers(self._folder)
        found = self._reports(book, parcels, day, papers, failed)
        drafts = self._anew(book, found, failed)
        again = {name for draft in drafts for name in draft.fresh}
        drafts += _fresh([each for each in found if each.envelope_id not in again | failed.keys()], self._ledger)
        laid = self._laid_out(drafts, day, papers, failed)
        if laid:
            self._write(laid, commit, failed)
        return failed

    def _reports(
        self, book: Book, parcels: Sequence[Parcel], day: date, papers: _Papers, failed: dict[str, str]
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
        for file, own in by_file.items():
            here = [each for each in own if _belongs(each, file) and each.envelope_id not in placed]
            draft = self._anew_of(book, file, here, stale)
            if draft is None:
                failed |= {name: IN_USE for each in own for name in (*each.before, each.envelope_id)}
            else:
                drafts.append(draft)
                placed |= {each.envelope_id for each in here}
        return drafts

    def _anew_of(self, book: Book, file: str, own: Sequence[Report], stale: Container[str]) -> Draft | None:
        """One of them; None: it cannot be taken away from its worker now.

        Args:
            stale: envelopes of rows for which another one stands, here or in another workbook.
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
            if out.isdisjoint(self._ledger.digests(module, row.fields, [said.month]))
        ]
        fresh, entries = _entries(own, self._ledger)
        new = [*kept, *(each.fields for each in own)]
        return Draft(module, said.month, new, fresh, (*entries_before, *entries), file, stamp)

    def _laid_out(self, drafts: Sequence[Draft], day: date, papers: _Papers, failed: dict[str, str]) -> list[_Laid]:
        laid: list[_Laid] = []
        taken = {*self._ledger.ours(), *(name for place in PLACES for name in self._folder.names(place))}
        for draft in drafts:
            try:
                file = self._name(draft, taken)
                data = fill(papers.template(draft.module), draft.rows)
            except HubError as error:
                failed |= {name: str(error) for name in draft.fresh}
                continue
            taken.add(file)
            days = [last for row in draft.rows if (last := reports.until(draft.module, row, day)) is not None]
            slip = Slip(file, min(days).isoformat() if days else "", draft.entries, draft.replaces)
            rows = list(enumerate(draft.rows, FIRST_ROW))
            laid.append(_Laid(draft, slip, data, todo(draft.module, rows, day)))
        return laid

    def _name(self, draft: Draft, taken: Iterable[str]) -> str:
        """The next name of a module and month: no number is given twice, also where its workbook is gone.

        Raises:
            Unavailable: there is no number left.
        """
        begins = f"{draft.module.code}_{self._agreement}_{draft.month.replace('-', '')}_"
        own = [said.seq for name in taken if name.startswith(begins) and (said := names.named(name)) is not None]
        seq = max(own, default=0) + 1
        if seq > SEQ_MAX:
            raise Unavailable("icare folder", f"{SEQ_MAX} workbooks of one month", "a free number", "ask for an update")
        return f"{begins}{seq}{BOOK}"

    def _write(self, laid: Sequence[_Laid], commit: Commit, failed: dict[str, str]) -> None:
        """Write them. Where none could be shown, nothing was written."""
        try:
            self._box.lay_out()
            for each in laid:
                self._box.spool(each.slip.file, each.data)
                if each.todo is not None:
                    self._box.spool(f"{each.slip.file}{names.TODO}", each.todo)
                self._box.put_slip(each.slip.name, each.slip.octets())
            commit()
        except HubError:
            self._clear()
            raise
        errors: list[Unavailable] = []
        for each in laid:
            try:
                self._show(each)
            except Unavailable as error:
                errors.append(error)
                failed |= dict.fromkeys(each.draft.fresh, UNAVAILABLE)
        with suppress(Unavailable):  # what is left is done by the next who may write
            self._clear()
        if len(errors) == len(laid):
            raise errors[0]

    def _show(self, laid: _Laid) -> None:
        old = laid.draft.replaces
        if old:
            if self._folder.stamp(old) != laid.draft.stamp:
                raise Unavailable("icare folder", "a workbook that was changed just now", "", "it is tried again")
            self._box.take(old)
        self._box.show(laid.slip.file)

    def _clear(self) -> None:
        """Put halves right. Only for who is alone."""
        for name in self._box.names(".new", spooled=True):
            self._box.forget(name)
        for file in self._box.names(BOOK, spooled=True):
            slip = self._ledger.slip(file)
            if slip is not None and slip.replaces:
                self._box.give_back(slip.replaces)
            for name in (f"{file}{SLIP}", f"{file}{names.TODO}", file):
                self._box.forget(name)
        for name in self._box.names(names.TODO, spooled=True):
            self._box.show(name)
        for name in self._box.names(OLD, spooled=True):
            file = name.removesuffix(OLD)
            self._box.remove(f"{file}{names.TODO}")
            self._box.forget(f"{file}{SLIP}")
            self._box.forget(name)


class _Papers:
    """The templates of one send, each opened once."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._found: dict[str, tuple[bytes, Template]] = {}

    def template(self, module: Module) -> bytes:
        """The bytes of a template.

        Raises: see :func:`templates.template_of`.
        """
        return self._of(module)[0]

    def misfit(self, report: Report) -> str:
        """What of a row its template cannot hold, or ""."""
        gap = misfit(self._of(report.module)[1], report.fields)
        return str(gap) if gap is not None else ""

    def _of(self, module: Module) -> tuple[bytes, Template]:
        if module.code not in self._found:
            data = templates.template_of(self._folder, module)
            self._found[module.code] = data, Workbook(data).template
        return self._found[module.code]


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
    if f"{names.OPEN_IN_OFFICE}{file}" in folder.names(PREPARED):
        return None
    data = folder.read(file)
    if data is None:
        return None
    try:
        rows = list(Workbook(data).rows())
    except FileRefused:
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
