"""A HARTS batch file as a whole: its bytes into a batch or a refusal, and the way back.

Program systems 9.4 (file name, HD, TR, refusals F04, F05, F01, F02 in this order) and §10, cases 46 (line ends, byte
order mark, final Ctrl-Z), 47 (order is meaning). Pure: bytes in, bytes out. It does not know which files were there
before: F03 is the caller's, who asks a header for its ``identity``.

- A refusal of the whole file is a value: it is answered like a permit. A wrong line refuses itself, not its neighbours.
- A file is read in one pass; its lines are cut into fields client by client, when somebody asks for them, so a long
  file costs its bytes and one client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from adapters.harts.layout import Fault, Form, Line, cut, fill, layout
from adapters.harts.rules import client_checked, line_checked
from adapters.harts.values import ENCODING
from hub.errors import MappingGap, code, shape

VERSION = "0100"
TO_HARTS, FROM_HARTS = "S", "R"
LINES_OF_CLIENT_MAX = 100  # [policy] below one CL: each of its RF brings all of its results
SEQ_MAX = 999  # program systems 9.4: per site, year and direction
NAMED = "CP1252"  # how HD names the encoding
_BELOW = frozenset({"EL", "AS", "RF", "WL", "EN", "AT", "EX"})
_HASH_MODULUS = 10**10  # TR HASH: last ten digits
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CTRL_Z = b"\x1a"
_OUR_NAME = re.compile(r"HT[A-Za-z0-9_-]{6}[0-9]{11}\.(DAT|ACK)")

Draft = tuple[str, str, Mapping[str, str]]
"""A line to be written: record, action, fields (lower-case name to text)."""


@dataclass(frozen=True, slots=True)
class Header:
    """What HD says of a file.

    Args:
        site: the HARTS side's site: sender of an R file, receiver of an S file.
        seq: 1 to 999.
        direction: ``S`` to HARTS, ``R`` from HARTS.
    """

    site: str
    file_date: date
    seq: int
    direction: str

    @property
    def identity(self) -> str:
        """What a file may be once: ``T00001/2026/R/007``, the same under another name and with other bytes (F03)."""
        return f"{self.site}/{self.file_date.year:04}/{self.direction}/{self.seq:03}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a whole file is refused.

    Args:
        code: ``F01``, ``F02``, ``F04``, ``F05``; ``F03`` by the caller.
        line: where, from 1; 0 is the file itself.
    """

    name: str
    code: str
    line: int
    got: str
    expected: str
    next_step: str = "build the file again and send it; its sequence number is still free"

    def text(self) -> str:
        """One sentence for a person; it holds no value."""
        place = f"harts {shown(self.name)}" + (f": line {self.line}" if self.line else "")
        return f"{place}: {self.code}, got {self.got}, expected {self.expected}; {self.next_step}"


@dataclass(frozen=True, slots=True)
class LineKey:
    """A line as an ``.ACK`` names it.

    Args:
        key: the CL's LOCAL_KEY, else its HARTS_NO, also of the lines below it; a CO's COURSE; "" where unreadable.
        harts_no: the CL's, also of the lines below it, or "".
    """

    number: int
    record: str
    key: str
    harts_no: str


@dataclass(frozen=True, slots=True)
class Client:
    """A CL and the lines below it, in the order of the file (case 47)."""

    line: Line
    lines: tuple[Line, ...]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those of the CL and of all lines below it."""
        return tuple(fault for line in (self.line, *self.lines) for fault in line.faults)

    @property
    def crowded(self) -> bool:
        """Whether there are more lines than one message should be made of: none of them is taken."""
        return len(self.lines) > LINES_OF_CLIENT_MAX


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that is whole. ``lines`` are all of its lines, decoded, HD and TR too."""

    name: str
    header: Header
    lines: tuple[str, ...]

    def clients(self, *, cuaet_eligible: bool = False) -> Iterator[Client]:
        """Each client with its lines, cut only now; faulty ones too.

        Args:
            cuaet_eligible: the site takes CUAET holders into federal courses (H2).
        """
        above: Line | None = None
        below: list[Line] = []
        for number, text in self._inside():
            if text.startswith("CL"):
                if above is not None:
                    yield Client(above, tuple(below))
                above, below = client_checked(cut(number, text)), []
            elif above is not None and not text.startswith("CO"):
                below.append(line_checked(above, cut(number, text), cuaet_eligible=cuaet_eligible))
        if above is not None:
            yield Client(above, tuple(below))

    def courses(self) -> Iterator[Line]:
        """The CO lines; one that does not stand before the first client has a fault."""
        first = self._first_client()
        for number, text in self._inside():
            if text.startswith("CO"):
                line = cut(number, text)
                place = Fault(number, "CO", "", "DN_SCHEMA", "below a client", "before the first CL")
                yield line if number < first else replace(line, faults=(*line.faults, place))

    def strays(self) -> Iterator[Line]:
        """Lines that need a client and stand before the first one: each with its fault, H1."""
        first = self._first_client()
        for number, text in self._inside():
            if number < first and not text.startswith("CO"):
                yield line_checked(None, cut(number, text), cuaet_eligible=False)

    def keys(self) -> Iterator[LineKey]:
        """Every line but HD and TR as an acknowledgement names it, in order."""
        key = harts_no = ""
        first = self._first_client()
        for number, text in self._inside():
            record = text[:2]
            if record == "CL":
                harts_no = _read("CL", "harts_no", text)
                key = _read("CL", "local_key", text) or harts_no
            if record == "CO":
                yield LineKey(number, record, _read("CO", "course", text), "")
            elif number < first:
                yield LineKey(number, record, _read(record, "local_key", text), "")
            else:
                yield LineKey(number, record, key, harts_no)

    def _first_client(self) -> int:
        """The number of the first CL; past the end where there is none."""
        return next((number for number, text in self._inside() if text.startswith("CL")), len(self.lines) + 1)

    def _inside(self) -> Iterator[tuple[int, str]]:
        last = len(self.lines)
        return ((number, text) for number, text in enumerate(self.lines, 1) if 1 < number < last)


def file_name(header: Header) -> str:
    """``HT<site6><YYYYMMDD><seq3>.DAT``."""
    return f"HT{header.site.ljust(6, '_')}{header.file_date.isoformat().replace('-', '')}{header.seq:03}.DAT"


def read(name: str, data: bytes, direction: str) -> Batch | Refusal:
    """Read a file, or say why the whole of it is refused.

    Args:
        name: its name without folders.
        direction: what the folder is for, ``S`` or ``R``.

    Returns:
        The batch; or the first refusal that fits, in the order F04, F05, F01, F02.
    """
    lines = _decoded(name, data.removesuffix(_CTRL_Z))
    if isinstance(lines, Refusal):
        return lines
    header = _odd_line(name, lines) or _header(name, lines, direction)
    if isinstance(header, Refusal):
        return header
    return _trailer(name, lines) or Batch(name, header, tuple(lines))


def write(header: Header, clients: Iterable[Sequence[Draft]], courses: Iterable[Draft] = ()) -> bytes:
    """Write a file; counts and hash are computed.

    Args:
        clients: of each its CL first, then the lines below it, which get the CL's LOCAL_KEY. The lines of the file
            are numbered in this order: HD is 1, then the courses, then the clients.

    Raises:
        MappingGap: a line that cannot be written, or a client without a number.
    """
    if not 1 <= header.seq <= SEQ_MAX or header.direction not in (TO_HARTS, FROM_HARTS):
        raise MappingGap("harts HD", "another header", "SEQ 001 to 999 and DIRECTION S or R", "mend what built it")
    lines = [fill("HD", " ", _header_fields(header)), *(fill(*course) for course in courses)]
    count = births = 0
    for drafts in clients:
        own = lines_of(drafts)
        count, births = count + 1, births + _born(own[0])
        lines += own
    trailer = {
        "lines": str(len(lines) + 1), "clients": str(count), "hash": str(births % _HASH_MODULUS),
    }  # fmt: skip
    lines.append(fill("TR", " ", trailer))
    return ("\r\n".join(lines) + "\r\n").encode(ENCODING)


def shown(name: str) -> str:
    """A file's name as an error may show it: itself where it could be one of ours, else its shape."""
    return name if _OUR_NAME.fullmatch(name) else f"a file with a name of shape {shape(name)}"


def _header_fields(header: Header) -> dict[str, str]:
    return {
        "site": header.site, "file_date": header.file_date.isoformat(), "seq": str(header.seq), "version": VERSION,
        "direction": header.direction, "encoding": NAMED,
    }  # fmt: skip


def lines_of(drafts: Sequence[Draft]) -> list[str]:
    """The lines of one client as they stand in a file.

    Raises:
        MappingGap: as :func:`write`.
    """
    if not drafts or drafts[0][0] != "CL":
        raise MappingGap("harts client", "no CL", "its CL, then its lines", "mend what built it")
    client = drafts[0][2]
    if not (client.get("local_key") or client.get("harts_no")):
        raise MappingGap("harts CL.LOCAL_KEY", "nothing", "LOCAL_KEY or HARTS_NO", "it cannot be sent without")
    own = [fill(*drafts[0])]
    for record, action, fields in drafts[1:]:
        if record not in _BELOW:
            raise MappingGap(
                "harts client", f"{code(record)} below a CL", "a line that belongs to it", "mend what built it"
            )
        own.append(fill(record, action, {**fields, "local_key": client.get("local_key", "")}))
    return own


def _decoded(name: str, data: bytes) -> list[str] | Refusal:
    """The lines, or F04 for the encoding, or F05 for the line ends."""
    if data.startswith(_MARKS):
        return Refusal(name, "F04", 1, "a byte order mark", "Windows-1252 without one")
    try:
        text = data.decode(ENCODING)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Refusal(name, "F04", line, "a byte outside Windows-1252", "Windows-1252")
    lines = text.split("\r\n")
    first = lines[0].rstrip("\r\n")
    if first.startswith("HD") and len(first) == layout()["HD"].length:
        named = _cell(layout()["HD"], "encoding", first).rstrip(" ")
        if named != NAMED:
            return Refusal(name, "F04", 1, f"ENCODING {code(named)}", NAMED)
    if lines.pop() or text.count("\n") != len(lines) or text.count("\r") != len(lines):
        return Refusal(name, "F05", _bad_end(text), "another line end, or none", "CR LF after each line")
    return lines


def _bad_end(text: str) -> int:
    """The number of the first line that does not end with CR LF."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.endswith("\r") or "\r" in line[:-1]:
            return number
    return text.count("\n") + 1


def _odd_line(name: str, lines: Sequence[str]) -> Refusal | None:
    """F05: a line of no known type, or of another length than its type has."""
    lengths = {record: form.length for record, form in layout().items()}
    for number, line in enumerate(lines, 1):
        if lengths.get(line[:2]) != len(line):
            expected = lengths.get(line[:2])
            if expected is None:
                return Refusal(name, "F05", number, f"record type {code(line[:2])}", f"one of {', '.join(lengths)}")
            return Refusal(name, "F05", number, f"{len(line)} characters", f"{expected} for {line[:2]}")
    return None


def _header(name: str, lines: Sequence[str], direction: str) -> Header | Refusal:
    """F01: the header, and the file's name against it."""
    if not lines or not lines[0].startswith("HD"):
        return Refusal(name, "F01", 1, "no header", "HD as the first line")
    twice = next((number for number, line in enumerate(lines[1:], 2) if line.startswith("HD")), None)
    if twice:
        return Refusal(name, "F01", twice, "a second header", "one HD")
    line = cut(1, lines[0])
    for fault in line.faults:
        return Refusal(name, "F01", 1, f"{fault.field} {fault.got}", fault.expected)
    said = line.fields
    header = Header(said["site"], date.fromisoformat(said["file_date"]), int(said["seq"]), said["direction"])
    for place, got, expected in (
        ("SEQ", said["seq"].zfill(3), said["seq"].zfill(3) if header.seq else "001 to 999"),
        ("VERSION", said["version"], VERSION),
        ("DIRECTION", header.direction, direction),
    ):
        if got != expected:
            return Refusal(name, "F01", 1, f"{place} {code(got)}", expected)
    if name != file_name(header):
        return Refusal(name, "F01", 0, "a name that does not fit HD", file_name(header))
    return header


def _trailer(name: str, lines: Sequence[str]) -> Refusal | None:
    """F02: the trailer, and what it counts."""
    first = next((number for number, line in enumerate(lines, 1) if line.startswith("TR")), None)
    if first is None:
        return Refusal(name, "F02", len(lines), "no trailer", "TR as the last line")
    if first != len(lines):
        return Refusal(name, "F02", first, "lines after the trailer", "TR as the last line, once")
    line = cut(first, lines[-1])
    for fault in line.faults:
        return Refusal(name, "F02", first, f"{fault.field} {fault.got}", fault.expected)
    clients = [text for text in lines if text.startswith("CL")]
    there = {
        "lines": len(lines),
        "clients": len(clients),
        "hash": sum(map(_born, clients)) % _HASH_MODULUS,
    }
    for field, value in there.items():
        if int(line.fields[field]) != value:
            return Refusal(name, "F02", first, f"another {field.upper()} than the file has", "what the lines add up to")
    return None


def _born(client: str) -> int:
    """The birth date of a CL as HASH adds it: its digits; blank, or what is no number, is 0."""
    cell = _cell(layout()["CL"], "dob", client)
    return int(cell) if cell.isascii() and cell.isdigit() else 0


def _read(record: str, field: str, text: str) -> str:
    """One field of a line, "" where it is blank or cannot be read."""
    form = layout()[record]
    cell = _cell(form, field, text)
    reader = next(read for name, _, _, read in form.cells if name == field)
    return (reader(cell) or "") if cell.strip(" ") else ""


def _cell(form: Form, field: str, text: str) -> str:
    column = form.columns[field]
    return text[column.first - 1 : column.last]
