"""A workbook that was handed in, row by row: what stops a row, what its worker should know, which messages it makes.

Program systems 2.7, 2.16; settled S9. Pure. A row is whole or it is not read: a fault of any of its cells, or a rule
that says that it contradicts itself, stops all of its messages, since the row that is handed in corrected says them
again. A row that corrects another (``update_record_id``) makes none: what it refers to was said by the first one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from adapters.icare import rules
from adapters.icare.details import Key, key_of
from adapters.icare.layout import Module, referrals
from adapters.icare.record import KIND, NO_FACT, NUMBER, PROFILE, carried
from adapters.icare.workbook import Row, Workbook
from hub.model.canonical import canonical

CORRECTION = "W11"  # a row that corrects another: it makes no message
UNREADABLE = "DN_SCHEMA"
NOTES_MAX = 10  # [policy] words to the worker about one row
Client = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A word about a row.

    Args:
        code: ``DN_SCHEMA``, a rule, or ``W11``.
        place: cell and column, or column.
    """

    code: str
    place: str
    got: str
    expected: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what was found: ``stops`` keep it from being read, ``notes`` are for the worker alone."""

    number: int
    key: Key
    fields: Mapping[str, str] = field(repr=False)
    stops: tuple[Said, ...]
    notes: tuple[Said, ...]

    @property
    def client(self) -> Client:
        """Whose row it is."""
        return self.key.client


@dataclass(frozen=True, slots=True)
class Group:
    """What makes one message: a row and the flag of a referral in it."""

    key: str
    row: Judged
    flag: str

    def octets(self, number: str, profile: Mapping[str, str] | None) -> bytes:
        """As :func:`adapters.icare.record.parse` reads it."""
        document: dict[str, object] = {"fields": self._carried(), NUMBER: number}
        if self.row.stops:
            document["faults"] = [[said.place, said.got, said.expected] for said in self.row.stops]
        if profile is not None:
            document[PROFILE] = dict(profile)
        return canonical(document)

    def own(self) -> bytes:
        """What the row itself says of this referral, wherever it stands and whatever the profile says."""
        return canonical({**self._carried(), "flag": self.flag})

    def _carried(self) -> dict[str, str]:
        fields = self.row.fields
        return {name: fields[name] for name in carried(referrals()[self.flag]) if name in fields}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A workbook that was read: its module, and its rows in their order."""

    module: Module
    rows: tuple[Judged, ...]

    def groups(self, label: str) -> Iterator[Group]:
        """The messages that it makes, in the order of rows and columns."""
        if self.module.code == KIND:
            for row in self.rows:
                for flag in _flags(row):
                    yield Group(f"{label}/{row.number}/{flag}", row, flag)


def judged(data: bytes, day: date, month: str) -> Sheet:
    """Read a whole workbook.

    Args:
        day: on which it was taken in; what iCARE would say is asked of that day, so that the answer stays.
        month: ``YYYY-MM`` of its name, or "".

    Raises:
        FileRefused: it is no workbook of iCARE.
    """
    book = Workbook(data)
    module = book.template.module
    rows = list(book.rows())
    keys = [key_of(module.code, row.fields, month) for row in rows]
    again = set(rules.repeated(keys, day))
    found = (
        _judged(module, row, key, day, again=place in again)
        for place, (row, key) in enumerate(zip(rows, keys, strict=True))
    )
    return Sheet(module, tuple(found))


def profiles(sheet: Sheet) -> dict[Client, Mapping[str, str]]:
    """The rows of a Client Profile by whose they are; the last of one client counts."""
    return {
        row.client: {name: text for name, text in row.fields.items() if name != NO_FACT}
        for row in sheet.rows
        if all(row.client)
    }


def _flags(row: Judged) -> Sequence[str]:
    if any(said.code == CORRECTION for said in row.notes):
        return ()
    return [flag for flag in referrals() if row.fields.get(flag) == "Yes"]


def _judged(module: Module, row: Row, key: Key, day: date, *, again: bool) -> Judged:
    stops = [Said(UNREADABLE, f"cell {each.address} {each.column}", each.got, each.expected) for each in row.faults]
    faulty = {each.column for each in row.faults}
    breaches = [*rules.checked(module, row.fields, day), *rules.reportable(module, row.fields, day)]
    said = [Said(each.rule, each.column, each.got, each.expected) for each in breaches if each.column not in faulty]
    notes = [each for each in said if each.code not in rules.STOPPING]
    stops += [each for each in said if each.code in rules.STOPPING]
    if again:
        notes.append(Said("V4", "", "a second row of this client, activity and month", "one"))
    notes = notes[:NOTES_MAX]
    if module.code == KIND and row.fields.get("update_record_id"):
        notes.append(Said(CORRECTION, "update_record_id", "a correction", "a row without it for a new referral"))
    return Judged(row.number, key, row.fields, tuple(stops), tuple(notes))
