"""Where the hub puts what it delivers, looked at from the recipient's side: a ``hub_inbox``, and files to HARTS.

A file is read with the sample's reader, never the adapter's. HARTS would refuse a file that is not whole, and ask for
one whose number was left out, so both are looked at here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import orjson

from adapters.contract import Parcel
from hub.sample import harts
from hub.sample.centre import Centre

Came = tuple[str, str, bytes]  # message id, kind, and the body as it came
Said = list[tuple[str, str, dict[str, str]]]  # of each line its record, its action, its fields


class Mailbox(Protocol):
    """Of one system."""

    def new(self, offered: Sequence[Parcel]) -> Iterator[Came]:
        """What came since the last look.

        Args:
            offered: what was handed over just now: nothing else may have come.
        """
        ...


class Rows:
    """A ``hub_inbox``."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db, self._seen = db, 0

    def new(self, offered: Sequence[Parcel]) -> Iterator[Came]:
        """See :class:`Mailbox`."""
        query = "SELECT rowid, message_id, kind, payload FROM hub_inbox WHERE rowid > ? ORDER BY rowid"
        for rowid, message_id, kind, payload in self._db.execute(query, (self._seen,)).fetchall():
            self._seen = rowid
            yield message_id, kind, payload.encode()


class Files:
    """The folder of the S files of a HARTS site."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._seen: set[str] = set()
        self._last: dict[int, int] = {}  # year to the number of its last file

    def new(self, offered: Sequence[Parcel]) -> Iterator[Came]:
        """See :class:`Mailbox`. A client of a file is the message that says the same."""
        for path in sorted(self._centre.to_harts.glob("*.DAT")):
            if path.name in self._seen:
                continue
            self._seen.add(path.name)
            self._numbered(path.name)
            data = path.read_bytes()
            _is_whole(path.name, data)
            left = {parcel.envelope_id: parcel for parcel in offered}
            for client in harts.read(data):
                said = _said((line.record, line.action, line.fields) for line in client.whole)
                found = next((parcel for parcel in left.values() if _handed_over(parcel) == said), None)
                assert found is not None, f"INV-2: {path.name} line {client.line.number} was not handed over with it"
                del left[found.envelope_id]
                yield found.envelope_id, found.kind, found.body

    def _numbered(self, name: str) -> None:
        """Each number once, and none left out."""
        year, seq = harts.year_and_seq(name)
        last = self._last.get(year, 0)
        assert seq == last + 1, f"a hole in the numbers of files: {name} after {last}"
        self._last[year] = seq


def _handed_over(parcel: Parcel) -> Said:
    return _said((record, action, fields) for record, action, fields in orjson.loads(parcel.body)["lines"])


def _said(lines: Iterator[tuple[str, str, Mapping[str, str]]]) -> Said:
    """Lines without the way in which they are spelled; the key of the CL stands for all below it."""
    return [
        (record, action, {
            name.upper(): text.replace("-", "")
            for name, text in fields.items()
            if text and (record == "CL" or name.upper() != "LOCAL_KEY")
        })
        for record, action, fields in lines
    ]  # fmt: skip


def _is_whole(name: str, data: bytes) -> None:
    """The trailer says what there is (program systems 9.4)."""
    *lines, rest = data.decode(harts.ENCODING).split(harts.END)
    births = [line[149:157] for line in lines if line.startswith("CL")]
    says = (int(lines[-1][3:11]), int(lines[-1][11:19]), int(lines[-1][19:29]))
    there = (len(lines), len(births), sum(int(each) for each in births if each.strip()))
    assert (rest, lines[-1][:2], says) == ("", "TR", there), f"{name} is not whole"
