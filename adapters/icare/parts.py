"""The XML parts of a workbook as streams, and what its parts say of each other: sheets, links, styles of dates.

ECMA-376 part 1, 18.2 (workbook), 18.8 (styles), part 2 (relationships). Local names are matched, since vendors write
these parts with and without prefixes. A part with a document type is refused: workbooks have none, and entities need
one. It knows no cell (``cells``) and no template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import join, normpath
from xml.parsers import expat

from adapters.icare.package import FileRefused, Package, Why, programs

DEPTH_MAX = 100  # [policy] elements in one another; a sheet has 6
TAGS_MAX = 1_000  # [policy] kinds of element in one part; a sheet has some 40
TAG_BYTES_MAX = 1024 * 1024  # [policy] one tag with its attributes
_FORMAT_MAX = 255  # characters of a number format, as spreadsheet programs have it
_CHUNK_BYTES = 64 * 1024
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})  # built-in formats of dates
_NOT_SHOWN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')  # of a number format: what is no letter of the date itself


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook; ``part`` is the name of its member."""

    name: str
    visible: bool
    part: str


@dataclass(frozen=True, slots=True)
class Book:
    """What ``workbook.xml`` and its neighbours say.

    Args:
        styles: name of the part with the styles, or ""; so ``strings``.
        date1904: days count from 1904.
    """

    sheets: tuple[Sheet, ...]
    strings: str
    styles: str
    date1904: bool


def book(package: Package) -> Book:
    """Find the sheets of a workbook.

    Raises:
        FileRefused: it has none, or holds macros.
    """
    types = [attrs.get("ContentType", "") for _, attrs in elements(package, "[Content_Types].xml")]
    if any("macroenabled" in each.lower() or "vbaproject" in each.lower() for each in types):
        raise programs()
    root = next((target for kind, target in _links(package, "").values() if kind == "officeDocument"), "")
    if not root or not package.has(root):
        raise FileRefused(Why.NOT_A_WORKBOOK, "a package of another kind", "an .xlsx workbook", "hand in the workbook")
    links = _links(package, root)
    sheets, date1904 = [], False
    for name, attrs in elements(package, root):
        if name == "workbookPr":
            date1904 = attrs.get("date1904") in ("1", "true")
        elif name == "sheet":
            kind, part = links.get(attrs.get("id", ""), ("", ""))
            if kind == "worksheet" and package.has(part):
                sheets.append(Sheet(attrs.get("name", ""), attrs.get("state", "visible") == "visible", part))
    if not sheets:
        raise damaged("no sheet")
    by_kind = {kind: part for kind, part in links.values() if package.has(part)}
    return Book(tuple(sheets), by_kind.get("sharedStrings", ""), by_kind.get("styles", ""), date1904)


def date_styles(package: Package, part: str) -> frozenset[int]:
    """Indices of the styles that show a number as a date."""
    if not part:
        return frozenset()
    formats = dict.fromkeys(map(str, _DATES), True)
    dates, in_cells, count = set(), False, 0
    for name, attrs in elements(package, part):
        if name == "numFmt":
            letters = _NOT_SHOWN.sub("", attrs.get("formatCode", "")[:_FORMAT_MAX]).lower()
            formats[attrs.get("numFmtId", "")] = bool(re.search("[dmyhs]", letters)) and "general" not in letters
        elif name in ("cellXfs", "cellStyles", "dxfs"):
            in_cells = name == "cellXfs"
        elif name == "xf" and in_cells:
            if formats.get(attrs.get("numFmtId", "")):
                dates.add(count)
            count += 1
    return frozenset(dates)


def elements(package: Package, part: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Local name and attributes (by local name) of each element of a part."""
    reader = _Elements()
    for _ in parsed(package, part, reader):
        yield from reader.take()
    yield from reader.take()


class Reader:
    """Takes the events of one part."""

    def start(self, name: str, attrs: Mapping[str, str]) -> None:
        """An element begins; its local name."""

    def end(self, name: str) -> None:
        """It ends."""

    def text(self, text: str) -> None:
        """Text between two tags."""


class _Elements(Reader):
    def __init__(self) -> None:
        self._found: list[tuple[str, Mapping[str, str]]] = []

    def start(self, name: str, attrs: Mapping[str, str]) -> None:
        self._found.append((name, {key.rpartition(":")[2]: value for key, value in attrs.items()}))

    def take(self) -> list[tuple[str, Mapping[str, str]]]:
        found, self._found = self._found, []
        return found


class _LocalNames(dict[str, str]):
    """Of each tag the name without its prefix."""

    def __missing__(self, tag: str) -> str:
        if len(self) >= TAGS_MAX:
            raise too_large("kinds of element", TAGS_MAX)
        self[tag] = name = tag.rpartition(":")[2]
        return name


def parsed(package: Package, part: str, reader: Reader) -> Iterator[None]:
    """Feed a part to a reader, a piece at a time."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local = _LocalNames()
    begins, ends = reader.start, reader.end
    depth = 0

    def start(tag: str, attrs: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise too_large("elements in one another", DEPTH_MAX)
        begins(local[tag], attrs)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        ends(local[tag])

    def doctype(*_: object) -> None:
        raise FileRefused(Why.DAMAGED, "a part with a document type", "none", "save it as .xlsx under a new name")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = doctype
    with package.stream(part) as stream:
        try:
            fed = 0
            while chunk := stream.read(_CHUNK_BYTES):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > TAG_BYTES_MAX:  # one tag that does not end
                    raise too_large("bytes of one tag", TAG_BYTES_MAX)
                yield
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise damaged("a part that is no XML") from None


def _links(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Relationship id to kind and target part, of a part or of the package ("")."""
    folder, _, name = part.rpartition("/")
    where = f"{folder}/_rels/{name}.rels".lstrip("/") if part else "_rels/.rels"
    if not package.has(where):
        raise FileRefused(Why.NOT_A_WORKBOOK, "a package of another kind", "an .xlsx workbook", "hand in the workbook")
    found = {}
    for element, attrs in elements(package, where):
        if element == "Relationship" and attrs.get("TargetMode") != "External":
            target = attrs.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
            found[attrs.get("Id", "")] = (attrs.get("Type", "").rpartition("/")[2], path)
    return found


def too_large(what: str, most: int) -> FileRefused:
    """A part with more in it than a workbook for iCARE has."""
    return FileRefused(
        Why.TOO_LARGE, f"more than {most} {what}", "an iCARE workbook", "copy the rows into an empty template"
    )


def damaged(got: str) -> FileRefused:
    """A part that says something that cannot be."""
    return FileRefused(Why.DAMAGED, got, "a whole workbook", "open it, save it as .xlsx under a new name, hand it in")
