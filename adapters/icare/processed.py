"""Workbooks that lie in ``processed``: rows that came back, and what iCARE says of each. It reads; it decides nothing.

Program systems 2.3, 9.3; settled S12. A row is known by whose it is, what it reports and its month, never by its
number: workers sort rows. A workbook may have any name there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from adapters.icare import names
from adapters.icare.details import Details, read
from adapters.icare.fill import DETAILS
from adapters.icare.folder import Folder, Stamp
from adapters.icare.ledger import BOOK, PROCESSED, Book, Ledger
from adapters.icare.package import FileRefused
from adapters.icare.workbook import Workbook

LOOKED_MAX = 5  # [policy] workbooks of other names in which the id of a record is looked for, the newest first


@dataclass(frozen=True, slots=True)
class Came:
    """A row that came back.

    Args:
        number: as the spreadsheet counts.
        keys: digests by which it may be known, the likeliest first.
        details: what iCARE says of it; None: nothing.
    """

    number: int
    keys: tuple[str, ...]
    details: Details | None


class Processed:
    """The workbooks there."""

    def __init__(self, folder: Folder, ledger: Ledger) -> None:
        self._folder, self._ledger = folder, ledger

    def stamps(self) -> Iterator[tuple[str, Stamp]]:
        """Name and stamp of each."""
        for name in self._folder.names(PROCESSED):
            if names.to_read(name) and name.lower().endswith(BOOK):
                stamp = self._folder.stamp(name, PROCESSED)
                if stamp is not None:
                    yield name, stamp

    def rows(self, book: Book, name: str, data: bytes) -> list[Came]:
        """The rows of one.

        Raises:
            FileRefused: it is no workbook of a module of iCARE.
        """
        opened = Workbook(data)
        module, said = opened.template.module, names.named(name)
        months = [said.month] if said is not None else book.months(module)
        return [
            Came(row.number, tuple(self._ledger.digests(module, row.fields, months)), read(row.fields.get(DETAILS, "")))
            for row in opened.rows()
        ]

    def records(self, book: Book, keys: Collection[str]) -> dict[str, str]:
        """Key to iCARE's own id of the record (RID), where a workbook says it. It is kept nowhere else."""
        own = {slip.file for slip in book.slips if any(entry.key in keys for entry in slip.entries)}
        newest = [name for name, _ in sorted(self.stamps(), key=lambda each: each[1], reverse=True)]
        others = [name for name in newest if name not in own]
        found: dict[str, str] = {}
        for name in (*(each for each in newest if each in own), *others[:LOOKED_MAX]):
            if found.keys() >= set(keys):
                break
            for row in self._readable(book, name):
                if row.details is not None and row.details.record:
                    found |= {key: row.details.record for key in row.keys if key in keys and key not in found}
        return found

    def _readable(self, book: Book, name: str) -> list[Came]:
        data = self._folder.read(name, PROCESSED)
        try:
            return self.rows(book, name, data) if data is not None else []
        except FileRefused:
            return []
