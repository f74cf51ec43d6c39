"""The workbooks of a folder as they lie there, opened when they are asked for, and the profiles among them.

It remembers in its process what it opened last, which only saves work: personal, and never longer than the process. It
writes nothing and knows no answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from adapters.icare import names
from adapters.icare.folder import PLACES, Folder, Stamp
from adapters.icare.groups import Client, Sheet, judged, profiles
from adapters.icare.ledger import PROCESSED, Ledger
from adapters.icare.package import FileRefused, Why
from adapters.icare.record import KIND, NO_FACT, PROFILE_MODULE
from adapters.icare.statements import Standing, Statement, standing, statements

SHEETS_MAX = 2  # workbooks that are kept opened: the one that is read, and one beside it
Profiles = Mapping[Client, Mapping[str, str]]
Found = tuple[str, str]  # place and name


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbook that was opened: its label, the digest of its bytes and what it says."""

    label: str
    sha256: str
    sheet: Sheet


class Shelf:
    """The workbooks of one agreement.

    Args:
        day_of: the day on which the workbook of a label was, or is now, taken in.
    """

    def __init__(self, folder: Folder, agreement: str, day_of: Callable[[str], date], ledger: Ledger) -> None:
        self._folder, self._agreement, self._day_of, self._ledger = folder, agreement, day_of, ledger
        self._opened: dict[Found, tuple[Stamp, Opened]] = {}
        self._profiles: dict[Found, tuple[Stamp, Profiles]] = {}
        self._statements: dict[Found, tuple[Stamp, tuple[Statement, ...]]] = {}

    def found(self) -> dict[str, Found]:
        """Label to where the workbook lies; of one that lies in two places, the first. The hub's own are none."""
        listed = [(place, name) for place in PLACES for name in self._folder.names(place) if names.to_read(name)]
        ours = self._ledger.ours()
        found: dict[str, Found] = {}
        for place, name in listed:
            if name not in ours:
                found.setdefault(names.label(name), (place, name))
        return found

    def open(self, found: Found) -> Opened | None:
        """A workbook; None: it is not there.

        Raises:
            FileRefused: it is none, or not of this agreement, or not what its name says.
            Unavailable: it cannot be read.
        """
        place, name = found
        stamp = self._folder.stamp(name, place)
        known = self._opened.get(found)
        if known is not None and known[0] == stamp:
            return known[1]
        data = self._folder.read(name, place)
        if data is None or stamp is None:
            return None
        opened = self._read(name, data)
        while len(self._opened) >= SHEETS_MAX:
            del self._opened[next(iter(self._opened))]
        self._opened[found] = (stamp, opened)
        return opened

    def profiles(self, month: str) -> Profiles:
        """The rows of the month's Client Profiles, of each client the last that lies there.

        Args:
            month: ``YYYY-MM``, or "" of a workbook whose name says none. Such a one may be of any month, and gives way
                to one whose name says the month.
        """
        there = self.found()
        self._profiles = {found: kept for found, kept in self._profiles.items() if found in there.values()}
        exact: dict[Client, Mapping[str, str]] = {}
        other: dict[Client, Mapping[str, str]] = {}
        for found in sorted(there.values(), key=_in_order):
            said = names.named(found[1])
            if said is not None and (said.module != PROFILE_MODULE or (month and said.month != month)):
                continue
            own = self._profiles_of(found)
            (exact if said is not None and said.month == month else other).update(own)
        return {**other, **exact}

    def _profiles_of(self, found: Found) -> Profiles:
        """The profiles in a workbook; none where it is another's, or cannot be read."""
        place, name = found
        stamp = self._folder.stamp(name, place)
        known = self._profiles.get(found)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            opened = self.open(found)
        except FileRefused:
            opened = None
        of_profiles = opened is not None and opened.sheet.module.code == PROFILE_MODULE
        own = profiles(opened.sheet) if opened and of_profiles and not self._came_back(place, opened.sheet) else {}
        if stamp is not None:
            self._profiles[found] = (stamp, own)
        return own

    def _came_back(self, place: str, sheet: Sheet) -> bool:
        """Whether a workbook is what iCARE returned of the hub's own, under whatever name."""
        if place != PROCESSED or not any(row.fields.get(NO_FACT) for row in sheet.rows):
            return False
        book = self._ledger.now()
        months = book.months(sheet.module)
        keys = (self._ledger.digests(sheet.module, row.fields, months) for row in sheet.rows)
        return any(book.meant(each) is not None for each in keys)

    def standing(self, month: str, taken_at: Callable[[str], str]) -> Standing:
        """What stands of all that the workbooks of a month say of referrals.

        Args:
            month: ``YYYY-MM``, or "" for those of every month.
            taken_at: when the workbook of a label was taken in, ISO; "" is after all of them.
        """
        there = self.found()
        self._statements = {found: kept for found, kept in self._statements.items() if found in there.values()}
        known = [(taken_at(label), found) for label, found in there.items() if _may_say(found, month)]
        order = sorted(known, key=lambda each: (not each[0], each[0], _in_order(each[1])))
        return standing(self._statements_of(found) for _, found in order)

    def _statements_of(self, found: Found) -> tuple[Statement, ...]:
        """The statements of a workbook; none where it is another's, or cannot be read."""
        place, name = found
        stamp = self._folder.stamp(name, place)
        known = self._statements.get(found)
        if known is not None and known[0] == stamp:
            return known[1]
        try:
            opened = self.open(found)
        except FileRefused:
            opened = None
        own = statements(opened.label, opened.sheet) if opened is not None else ()
        if stamp is not None:
            self._statements[found] = (stamp, own)
        return own

    def _read(self, name: str, data: bytes) -> Opened:
        label, said = names.label(name), names.named(name)
        if said is not None and said.agreement != self._agreement:
            raise FileRefused(
                Why.OTHER_NAME, "a name of another agreement", "the agreement of this folder", "put it into its own"
            )
        sheet = judged(data, self._day_of(label), said.month if said else "")
        if said is not None and said.module != sheet.module.code:
            raise FileRefused(
                Why.OTHER_NAME,
                f"rows of {sheet.module.code}",
                f"{said.module}, as its name says",
                "name it rightly",
            )
        return Opened(label, hashlib.sha256(data).hexdigest(), sheet)


def _may_say(found: Found, month: str) -> bool:
    said = names.named(found[1])
    return said is None or (said.module == KIND and (not month or said.month == month))


def _in_order(found: Found) -> tuple[int, str]:
    """Workbooks of one month in the order in which they were numbered."""
    said = names.named(found[1])
    return (said.seq if said else 0, found[1])
