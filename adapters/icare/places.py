"""Where rows and cells stand in the bytes of a sheet part, so that some can be put anew and all else stays as it is.

ECMA-376 part 1, 18.3. It changes nothing and reads no value. Offsets are those of the XML parser; tags are read again
from the bytes, since a parser does not say how a tag was written. The cells of a row are looked for when they are asked
for: those of prepared rows, empty and all written alike, by one pattern that must fit the row from end to end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from adapters.icare.cells import column_of
from adapters.icare.package import FileRefused, Why
from adapters.icare.parts import damaged

_LETTERS = re.compile(r"[A-Z]{1,3}")
_SELF_CLOSED = b"/>"
_TAG = re.compile(rb"<[^>\"']*(?:\"[^\"]*\"[^>\"']*|'[^']*'[^>\"']*)*>")
_PREPARED = rb'<c r="([A-Z]{1,3})[1-9][0-9]{0,6}"(?: s="([0-9]{1,9})")?/>'
_PREPARED_CELL, _PREPARED_ROW = re.compile(b"(%b)" % _PREPARED), re.compile(b"(?:%b)*" % _PREPARED)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A cell as it stands there: its whole element, and its style (``""``: none)."""

    xml: bytes
    style: str


@dataclass(slots=True)
class RowPlace:
    """A row: where its tag begins, where its element ends (exclusive)."""

    begin: int
    end: int = 0


@dataclass(frozen=True, slots=True)
class Places:
    """What can be put anew in a sheet part.

    Args:
        prefix: of its tags, as ``x:``, or "".
        rows: by number, in their order.
        data_end: where the end tag of ``sheetData`` begins.
        dimension: begin and end of the ``dimension`` tag, or None.
    """

    prefix: str
    rows: Mapping[int, RowPlace]
    data_end: int
    dimension: tuple[int, int] | None


def found_in(data: bytes) -> Places:
    """Find the rows of a sheet part.

    Raises:
        FileRefused: it is no UTF-8, or has no room for rows.
    """
    finder = _Rows(data)
    finder.run()
    if finder.data_end < 0:
        raise FileRefused(
            Why.NOT_A_TEMPLATE, "a sheet without room for rows", "the template of iCARE", "download it anew"
        )
    return Places(finder.prefix, finder.rows, finder.data_end, finder.dimension)


def cells_in(data: bytes, row: RowPlace) -> dict[int, Prepared]:
    """The cells of a row by column, from 1, in their order.

    Raises:
        FileRefused: the part is damaged.
    """
    begin, end = tag_end(data, row.begin), data.rfind(b"<", row.begin, row.end)
    if begin < row.end and _PREPARED_ROW.fullmatch(data, begin, end):
        found = _PREPARED_CELL.findall(data, begin, end)
        return {column_of(letters.decode()): Prepared(xml, style.decode()) for xml, letters, style in found}
    finder = _Cells(data[row.begin : row.end])
    finder.run()
    return finder.cells


def tag_end(data: bytes, begin: int) -> int:
    """Where the tag that begins there ends (exclusive); a ``>`` in an attribute does not end it."""
    found = _TAG.match(data, begin)
    if found is None:
        raise damaged("a tag without an end")
    return found.end()


def is_closed(data: bytes, end: int) -> bool:
    """Whether the tag that ends there is a whole element."""
    return data.startswith(_SELF_CLOSED, end - len(_SELF_CLOSED))


def opened(tag: bytes) -> bytes:
    """A tag as one that has an end tag to come."""
    return tag[: -len(_SELF_CLOSED)].rstrip() + b">" if tag.endswith(_SELF_CLOSED) else tag


class _Finder:
    """Tells a parser's events with the local names of elements and where their tags begin."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parser = expat.ParserCreate()

    def run(self) -> None:
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.XmlDeclHandler = self._declared
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError:
            raise damaged("a part that is no XML") from None

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "utf8"):
            raise damaged("a part that is not UTF-8")

    def _start(self, tag: str, attrs: dict[str, str]) -> None:
        raise NotImplementedError

    def _end(self, tag: str) -> None:
        raise NotImplementedError

    def _ended(self, begin: int, at: int) -> int:
        """Where an element ends: of one without an end tag the parser says no more than where it begins or ends."""
        first = tag_end(self._data, begin)
        return first if is_closed(self._data, first) else tag_end(self._data, at)


class _Rows(_Finder):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.prefix, self.rows, self.data_end = "", dict[int, RowPlace](), -1
        self.dimension: tuple[int, int] | None = None
        self._number, self._in_data = 0, False
        self._row: RowPlace | None = None
        self._row_tag = ""

    def _start(self, tag: str, attrs: dict[str, str]) -> None:
        prefix, _, name = tag.rpartition(":")
        at = self._parser.CurrentByteIndex
        if name == "sheetData":
            self._in_data, self.prefix = True, f"{prefix}:" if prefix else ""
            if is_closed(self._data, tag_end(self._data, at)):
                raise FileRefused(
                    Why.NOT_A_TEMPLATE, "a sheet without a row", "the template of iCARE", "download it anew"
                )
        elif name == "dimension":
            self.dimension = (at, tag_end(self._data, at))
        elif name == "row" and self._in_data:
            self._number = int(attrs.get("r", self._number + 1))
            self._row, self._row_tag = RowPlace(at), tag
            self.rows[self._number] = self._row
            self._parser.StartElementHandler = None  # what is in it is asked for later: there are many

    def _end(self, tag: str) -> None:
        if self._row is not None:
            if tag == self._row_tag:
                self._row.end, self._row = self._ended(self._row.begin, self._parser.CurrentByteIndex), None
                self._parser.StartElementHandler = self._start
        elif tag.rpartition(":")[2] == "sheetData":
            self._in_data, self.data_end = False, self._parser.CurrentByteIndex


class _Cells(_Finder):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.cells: dict[int, Prepared] = {}
        self._column = 0
        self._cell: tuple[int, str] | None = None

    def _start(self, tag: str, attrs: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "c":
            letters = _LETTERS.match(attrs.get("r", ""))
            self._column = column_of(letters[0]) if letters else self._column + 1
            self._cell = (self._parser.CurrentByteIndex, attrs.get("s", ""))

    def _end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "c" and self._cell is not None:
            begin, style = self._cell
            end = self._ended(begin, self._parser.CurrentByteIndex)
            self.cells[self._column], self._cell = Prepared(self._data[begin:end], style), None
