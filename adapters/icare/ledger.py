"""What was sent to iCARE, and the state of each row: a *slip* in ``.spool`` for each workbook of the hub's.

Program systems 9.3; settled S12; ``docs/decisions/slips-beside-files.md``. A slip says which envelope stands for which
key, and what iCARE or the calendar said of it; where nothing was said, the place of the workbook says it. So ``send``
needs no store, and there is no second memory that might say something else. In a slip stand ids of envelopes, keyed
digests, numbers of the agency's records and the last day on which iCARE takes a row; no value of a client.

- Of two rows of one key the later one counts: the earlier is CORRECTED where it was answered, else SUPERSEDED.
- A slip whose workbook is still spooled was never sent. Of a workbook for which another stands each row stands in that
  one's slip again, so the older slip says nothing even before it is gone.
- A workbook that lies in none of the places was taken by its worker: UPLOADED, since nobody can tell otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import orjson

from adapters.icare import names
from adapters.icare.details import Key, key_of
from adapters.icare.folder import PLACES, Folder
from adapters.icare.layout import Module, modules
from adapters.icare.outbox import Outbox
from adapters.icare.states import UNDER_WAY, RowState
from hub.errors import Unavailable

SLIP, BOOK = ".slip", ".xlsx"
PREPARED, UPLOADED, PROCESSED = PLACES


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that was sent.

    Args:
        key: keyed digest of what it reports (:meth:`Ledger.digest`).
        number: of the record that it brings, the same for all its messages; "" where nobody said one.
        said: ``accepted``, ``rejected``, ``too-late``, or "" while nobody has said anything of it.
        corrects: it corrects a record that iCARE has.
    """

    envelope_id: str
    key: str
    said: str = ""
    corrects: bool = False
    number: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands in one workbook.

    Args:
        file: its name.
        until: the last day on which iCARE takes all of its rows, ISO, or "" where no day matters.
        replaces: the workbook for which it stands, or "".
    """

    file: str
    until: str
    entries: tuple[Entry, ...]
    replaces: str = ""

    @property
    def name(self) -> str:
        """Under which it is kept."""
        return f"{self.file}{SLIP}"

    def octets(self) -> bytes:
        """As it is stored."""
        rows = [[each.envelope_id, each.key, each.said, each.corrects, each.number] for each in self.entries]
        return orjson.dumps({"file": self.file, "until": self.until, "replaces": self.replaces, "rows": rows})

    @classmethod
    def of(cls, data: bytes) -> Slip:
        """Read one back.

        Raises:
            Unavailable: it was changed; without it nobody knows what was sent.
        """
        try:
            found: dict[str, Any] = orjson.loads(data)
            rows = [Entry(str(one), str(key), str(said), *more) for one, key, said, *more in found["rows"]]
            slip = cls(found["file"], found["until"], tuple(rows), found["replaces"])
            assert names.named(slip.file) is not None
            assert all(not each.said or RowState(each.said) for each in rows)
        except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
            raise Unavailable(
                "icare folder", "a slip that was changed", "as the hub wrote it", "bring .spool back"
            ) from None
        return slip


@dataclass(frozen=True, slots=True)
class Standing:
    """A row that was sent, with the slip in which it stands, and its state."""

    slip: Slip
    entry: Entry
    state: RowState


class Ledger:
    """The slips of one folder.

    Args:
        digest: see :meth:`adapters.contract.Memory.digest`.
    """

    def __init__(self, box: Outbox, folder: Folder, digest: Callable[[str], str]) -> None:
        self._box, self._folder, self._digest = box, folder, digest
        self._read: dict[str, tuple[object, Slip]] = {}  # name to stamp and slip: saves reading them again

    def ours(self) -> frozenset[str]:
        """Names of the workbooks that the hub has written, or is about to: asked after a folder was listed, it misses
        none of them."""
        return frozenset(name.removesuffix(SLIP) for name in self._box.names(SLIP, spooled=True))

    def now(self) -> Book:
        """All that was sent, as it stands.

        Raises:
            Unavailable: a slip was changed, or cannot be read.
        """
        waiting = set(self._box.names(BOOK, spooled=True))
        slips = [slip for name in self._box.names(SLIP, spooled=True) if (slip := self._slip(name)) is not None]
        sent = [slip for slip in slips if slip.file not in waiting]
        # of one that was copied and not moved the copy that went further speaks
        places = {name: place for place in PLACES for name in self._folder.names(place)}
        return Book(sorted(sent, key=_in_order), places)

    def slip(self, file: str) -> Slip | None:
        """The slip of a workbook, sent or not."""
        return self._slip(f"{file}{SLIP}")

    def digest(self, key: Key) -> str:
        """What stands for a key: of the same key the same, and nobody can guess it."""
        return self._digest(key.octets().decode())

    def digests(self, module: Module, fields: Mapping[str, str], months: Iterable[str]) -> list[str]:
        """What may stand for a row that came back: its own key first, then that of a row which did not say its
        activity when it was sent, because its worker may have filled it in.

        Args:
            months: ``YYYY-MM``, of a module whose rows say no month; the likeliest first.
        """
        keys = [key_of(module.code, fields, month) for month in (("",) if module.start else months)]
        return [self.digest(each) for each in (*keys, *(replace(key, activity="") for key in keys if key.activity))]

    def _slip(self, name: str) -> Slip | None:
        stamp = self._box.spooled_stamp(name)
        known = self._read.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        data = self._box.read(name, spooled=True)
        if data is None:
            return None
        slip = Slip.of(data)
        self._read[name] = (stamp, slip)
        return slip


class Book:
    """What was sent, in the order in which it was."""

    def __init__(self, slips: Sequence[Slip], places: Mapping[str, str]) -> None:
        self.slips, self._places = tuple(slips), places

    def place(self, file: str) -> str | None:
        """Where a workbook lies; None: in none of the places."""
        return self._places.get(file)

    def slip(self, file: str) -> Slip | None:
        """The slip of a workbook that was sent."""
        return next((slip for slip in self.slips if slip.file == file), None)

    @cached_property
    def rows(self) -> tuple[Standing, ...]:
        """Every row, with its state."""
        return tuple(Standing(slip, entry, self._state(slip, entry)) for slip in self.slips for entry in slip.entries)

    @cached_property
    def by_envelope(self) -> Mapping[str, Standing]:
        """Every row by its envelope."""
        return {row.entry.envelope_id: row for row in self.rows}

    def current(self, key: str) -> Standing | None:
        """The row that counts for a key."""
        entry = self._last.get(key)
        return self.by_envelope[entry.envelope_id] if entry is not None else None

    def earlier(self, number: str, key: str) -> Standing | None:
        """The row of a record that lies in the folder under another key: of whom or of what it speaks has changed."""
        of_it = (row for row in self.rows if number and row.entry.number == number and row.entry.key != key)
        return next((row for row in of_it if row.state is RowState.PREPARED), None)

    def meant(self, keys: Iterable[str]) -> Standing | None:
        """The row that one of several keys means: one that waits for an answer before any other."""
        found = [row for key in keys if (row := self.current(key)) is not None]
        waits = UNDER_WAY | {RowState.PREPARED}
        return next((row for row in found if row.state in waits), found[0] if found else None)

    def months(self, module: Module) -> list[str]:
        """The months of which there are workbooks of a module, the last first."""
        said = [names.named(slip.file) for slip in self.slips]
        return sorted({each.month for each in said if each and each.module == module.code}, reverse=True)

    @cached_property
    def _last(self) -> Mapping[str, Entry]:
        """The last row of each key."""
        return {entry.key: entry for slip in self.slips for entry in slip.entries}

    def _state(self, slip: Slip, entry: Entry) -> RowState:
        said = RowState(entry.said) if entry.said else None
        if self._last[entry.key] is not entry:
            answered = said in (RowState.ACCEPTED, RowState.REJECTED)
            return RowState.CORRECTED if answered else RowState.SUPERSEDED
        if said is not None:
            return said
        return RowState.PREPARED if self.place(slip.file) == PREPARED else RowState.UPLOADED


def module_of(file: str) -> Module:
    """The module of a workbook of ours."""
    said = names.named(file)
    assert said is not None, "the hub names its workbooks so"
    return modules()[said.module]


def _in_order(slip: Slip) -> tuple[str, str, int]:
    said = names.named(slip.file)
    assert said is not None, "looked at where it was read"
    return said.module, said.month, said.seq
