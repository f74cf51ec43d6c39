"""HARTS files as HARTS itself writes and reads them: fixed columns out of ``schemas/records/harts.csv``, and ``.ACK``.

Program systems 9.4. Pure: bytes in, bytes out. Values stand as they stand in the file (days are ``YYYYMMDD``); what
they mean is the centre's matter. Nothing here knows the adapter: what the hub reads and writes is judged with it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parents[2] / "schemas" / "records" / "harts.csv"
ENCODING, END = "cp1252", "\r\n"
FROM_HARTS = "R"
_FIRST_LINE = 2  # HD is 1
_HASH_MODULUS = 10**10
_FRAME = frozenset({"RECORD", "ACTION", "FILLER"})

Columns = Mapping[str, tuple[slice, str]]  # field to its place in the line and its type
Draft = tuple[str, str, Mapping[str, str]]  # record, action, fields


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``number`` counts from 1, which is HD. ``fields`` without those that are blank."""

    number: int
    record: str
    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Client:
    """A CL and the lines below it."""

    line: Line
    lines: tuple[Line, ...]

    @property
    def referral(self) -> Line | None:
        """The first RF below it."""
        return next((line for line in self.lines if line.record == "RF"), None)

    @property
    def whole(self) -> tuple[Line, ...]:
        """All its lines, the CL first."""
        return (self.line, *self.lines)


@dataclass(frozen=True, slots=True)
class Said:
    """A line of an ``.ACK``: about which line of the ``.DAT``, and what of it."""

    line: int
    record: str
    key: str
    harts_no: str
    result: str
    code: str


@dataclass(frozen=True, slots=True)
class Ack:
    """An ``.ACK``; ``code`` is that of a file that was refused as a whole."""

    code: str
    lines: tuple[Said, ...]
    settled: bool


def file_name(site: str, day: date, seq: int) -> str:
    """``HT<site6><YYYYMMDD><seq3>.DAT``."""
    return f"HT{site:_<6}{day:%Y%m%d}{seq:03}.DAT"


def ack_name(file: str) -> str:
    """The name of the answer to a ``.DAT``."""
    return file.removesuffix(".DAT") + ".ACK"


def year_and_seq(file: str) -> tuple[int, int]:
    """What a file's name says of its place among the others."""
    return int(file[8:12]), int(file[16:19])


def write(site: str, day: date, seq: int, clients: Iterable[Sequence[Draft]]) -> bytes:
    """An R file.

    Args:
        clients: of each its CL first; the lines below it get its LOCAL_KEY.
    """
    head = {"SITE": site, "FILE_DATE": f"{day:%Y%m%d}", "SEQ": str(seq), "VERSION": "0100", "ENCODING": "CP1252"}
    lines = [_filled("HD", " ", {**head, "DIRECTION": FROM_HARTS})]
    count = births = 0
    for drafts in clients:
        own = drafts[0][2]
        count, births = count + 1, births + int(own.get("DOB") or 0)
        key = {"LOCAL_KEY": own.get("LOCAL_KEY", "")}
        lines += [_filled(record, action, {**fields, **key}) for record, action, fields in drafts]
    counts = {"LINES": len(lines) + 1, "CLIENTS": count, "HASH": births % _HASH_MODULUS}
    lines.append(_filled("TR", " ", {name: str(number) for name, number in counts.items()}))
    return "".join(line + END for line in lines).encode(ENCODING)


def read(data: bytes) -> Iterator[Client]:
    """The clients of a file with their lines, in order."""
    above: Line | None = None
    below: list[Line] = []
    texts = data.decode(ENCODING).split(END)[1:-2]  # without HD, TR and what stands after the last line end
    for number, text in enumerate(texts, _FIRST_LINE):
        line = _cut(number, text)
        if line.record != "CL":
            below.append(line)
            continue
        if above is not None:
            yield Client(above, tuple(below))
        above, below = line, []
    if above is not None:
        yield Client(above, tuple(below))


def write_ack(file: str, at: datetime, lines: Iterable[Said]) -> bytes:
    """The answer to a file that was taken in; every line has its last word."""
    said = list(lines)
    rows = [f"HD|{file}|{at.astimezone(UTC):%Y%m%d%H%M%S}|OK|"]
    rows += [f"{one.line}|{one.record}|{one.key}|{one.harts_no}|{one.result}|{one.code}||" for one in said]
    counts = [str(sum(one.result == result for one in said)) for result in ("OK", "WARN", "ERR")]
    rows.append("|".join(("TR", str(len(said)), *counts, "SETTLED")))
    return "".join(row + END for row in rows).encode(ENCODING)


def read_ack(data: bytes) -> Ack:
    """An answer of the hub."""
    head, *rows, tail = (row.split("|") for row in data.decode(ENCODING).split(END)[:-1])
    lines = tuple(Said(int(row[0]), *row[1:6]) for row in rows)
    return Ack(head[4], lines, tail[-1] == "SETTLED")


@cache
def _layout() -> Mapping[str, Columns]:
    found: dict[str, dict[str, tuple[slice, str]]] = {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = slice(int(row["first"]) - 1, int(row["last"]))
            found.setdefault(row["record"], {})[row["field"]] = (place, row["type"])
    return found


def _filled(record: str, action: str, fields: Mapping[str, str]) -> str:
    columns = _layout()[record]
    assert fields.keys() <= columns.keys() | {"LOCAL_KEY"}, "a field that the record does not have"
    cells = [record, action]
    for name, (place, kind) in columns.items():
        if name not in _FRAME:
            value, width = fields.get(name, ""), place.stop - place.start
            assert len(value) <= width, f"{name} is too long"
            cells.append(value.zfill(width) if kind == "number" and value else value.ljust(width))
    return "".join(cells)


def _cut(number: int, text: str) -> Line:
    columns = _layout()[text[:2]]
    cells = {name: text[place].rstrip(" ") for name, (place, _) in columns.items() if name not in _FRAME}
    return Line(number, text[:2], text[2].strip(), {name: cell for name, cell in cells.items() if cell})
