"""Workbooks for the folder: their names, their bytes, and the order in which they appear there (settled S12).

The order of writing says how far a workbook came: workbook, list of what is to be done and slip spooled, ``commit``,
workbook renamed, list renamed. A workbook that is still spooled was never sent: it is cleared away, slip first. That
rename is *delivered*. A workbook for which another stands is taken out of sight just before that one appears, so that
nobody can upload both; a process that dies in between leaves a half that the next one puts right: the old one is back
where the new one never appeared, else it is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from adapters.contract import Commit
from adapters.icare import names, reports, templates
from adapters.icare.fill import fill, misfit
from adapters.icare.folder import PLACES, Folder
from adapters.icare.layout import FIRST_ROW, Module
from adapters.icare.ledger import BOOK, SLIP, Entry, Ledger, Slip
from adapters.icare.outbox import GONE, OLD, Outbox
from adapters.icare.reports import Report
from adapters.icare.states import RowState
from adapters.icare.todo import todo
from adapters.icare.workbook import Template, Workbook
from hub.errors import HubError, Unavailable

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


class Papers:
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


class Writer:
    """Who writes workbooks into the folder of one agreement. Only for who is alone there (:meth:`Outbox.alone`)."""

    def __init__(self, box: Outbox, folder: Folder, ledger: Ledger, agreement: str) -> None:
        self._box, self._folder, self._ledger, self._agreement = box, folder, ledger, agreement

    def put(self, drafts: Sequence[Draft], commit: Commit, day: date, papers: Papers) -> dict[str, str]:
        """Write them.

        Returns:
            Of what could not be written envelope and code.

        Raises:
            Unavailable: none could be shown; nothing was written.
        """
        failed: dict[str, str] = {}
        laid = self._laid_out(drafts, day, papers, failed)
        if laid:
            self._write(laid, commit, failed)
        return failed

    def take_away(self, draft: Draft) -> None:
        """Take away a workbook of which no row is left, unless somebody has just changed it.

        Its slip stays: it says that nothing was passed on. So it is out of sight before the slip says so: who moved it
        meanwhile has it.

        Raises:
            Unavailable: somebody has moved it.
        """
        if self._folder.stamp(draft.replaces) != draft.stamp:
            return
        slip = Slip(draft.replaces, "", draft.entries)
        self._box.take(slip.file, GONE)
        self._box.put_slip(slip.name, slip.octets())
        self._box.remove(f"{slip.file}{names.TODO}")
        self._box.forget(f"{slip.file}{GONE}")

    def _laid_out(self, drafts: Sequence[Draft], day: date, papers: Papers, failed: dict[str, str]) -> list[_Laid]:
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
            self.clear()
            raise
        errors: list[Unavailable] = []
        for each in laid:
            try:
                self._show(each)
            except Unavailable as error:
                errors.append(error)
                failed |= dict.fromkeys(each.draft.fresh, UNAVAILABLE)
        with suppress(Unavailable):  # what is left is done by the next who may write
            self.clear()
        if len(errors) == len(laid):
            raise errors[0]

    def _show(self, laid: _Laid) -> None:
        old = laid.draft.replaces
        if old:
            if self._folder.stamp(old) != laid.draft.stamp:
                raise Unavailable("icare folder", "a workbook that was changed just now", "", "it is tried again")
            self._box.take(old)
        self._box.show(laid.slip.file)

    def clear(self) -> None:
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
        for name in self._box.names(GONE, spooled=True):
            file = name.removesuffix(GONE)
            slip = self._ledger.slip(file)
            if slip is None or any(each.said != RowState.SUPERSEDED for each in slip.entries):
                self._box.give_back(file, GONE)
                continue
            self._box.remove(f"{file}{names.TODO}")
            self._box.forget(name)
        for name in self._box.names(OLD, spooled=True):
            file = name.removesuffix(OLD)
            self._box.remove(f"{file}{names.TODO}")
            self._box.forget(f"{file}{SLIP}")
            self._box.forget(name)
