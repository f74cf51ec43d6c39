"""CaMS packages, answers to them and keying worksheets as CaMS' people write and read them (program systems 9.5).

Pure: bytes in, bytes out. A package is its *parts*: every attribute and every text below the root with its path, in the
order of the schema (``schemas/records/eois.xsd``), as ``("Referral/@state", "accepted")``. What they mean is the site's
matter. Nothing here knows the adapter: what the hub reads and writes is judged with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from lxml import etree

NAMESPACE = "urn:hub:eois:package:1"
PACKAGE, RESULT = "CaseReferralPackage", "PackageResult"
TORONTO = ZoneInfo("America/Toronto")
FILLER = "-"  # stands for a name that is not said: both names are required
PACKAGE_END, RESULT_END, SHEET_END = ".xml", ".result.xml", ".html"

Parts = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Package:
    """A package as it was read."""

    parts: tuple[tuple[str, str], ...]

    def get(self, path: str) -> str:
        """What stands at a path, the first of several; "" where nothing does, or the filler."""
        found = next((text for where, text in self.parts if where == path), "")
        return "" if found == FILLER else found

    @property
    def package_id(self) -> str:
        """Its number."""
        return self.get("@packageId")

    @property
    def reference(self) -> str:
        """CaMS' reference of its person; "": it is not said."""
        return self.get("Person/@clientReference")

    @property
    def number(self) -> str:
        """The number of the referral; "": it is about none."""
        return self.get("Referral/@number")

    @property
    def state(self) -> str:
        """What it answers; "": nothing."""
        return self.get("Referral/@state")

    @property
    def asks(self) -> bool:
        """It is a referral: one that has no state."""
        return bool(self.number) and not self.state


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to a package: its result (``Accepted``, ``AcceptedWithWarnings``, ``Refused``) and its first issue."""

    result: str
    code: str = ""
    path: str = ""


def file_name(sender: str, receiver: str, package_id: str) -> str:
    """``<sender SDS>_<receiver SDS>_<packageId>.xml``."""
    return f"{sender}_{receiver}_{package_id}{PACKAGE_END}"


def result_name(file: str) -> str:
    """The name of the answer to a package."""
    return number_of(file) + RESULT_END


def number_of(file: str) -> str:
    """The package's number out of the name of its file."""
    return file.removesuffix(PACKAGE_END).rpartition("_")[2]


def sheet_name(file: str) -> str:
    """The name of the worksheet beside a package."""
    return file.removesuffix(PACKAGE_END) + SHEET_END


def moment(at: datetime) -> str:
    """An aware instant as Toronto's clocks show it, to the second."""
    return at.astimezone(TORONTO).isoformat(timespec="seconds")


def write(parts: Parts) -> bytes:
    """A package.

    Args:
        parts: in the order of the schema, no element twice; an empty text is left out.
    """
    return _document(PACKAGE, parts)


def read(data: bytes) -> Package:
    """The parts of a package; of an element that stands there several times, all under one path."""
    return Package(tuple(_flat(_parsed(data), "")))


def write_result(package_id: str, at: datetime, said: Said) -> bytes:
    """The answer to a package that was looked at."""
    head = [("@packageId", package_id), ("@created", moment(at)), ("@result", said.result)]
    texts = {"code": said.code, "path": said.path, "messageEn": "Refused.", "messageFr": "Refusé."}
    issue = [(f"Issue/@{name}", text) for name, text in texts.items()] if said.code else []
    return _document(RESULT, [*head, *issue])


def read_result(data: bytes) -> Said:
    """An answer of the hub."""
    parts = Package(tuple(_flat(_parsed(data), "")))
    return Said(parts.get("@result"), parts.get("Issue/@code"), parts.get("Issue/@path"))


def read_sheet(data: bytes) -> list[tuple[str, str]]:
    """What a worksheet says, as pairs of a field's name and its value; without what it only asks for."""
    reader = _Sheet()
    reader.feed(data.decode())
    return [(name.strip(), text.strip()) for name, text in reader.rows if text.strip()]


class _Sheet(HTMLParser):
    """Reads the rows of all tables: ``th`` and ``td``. Each line of a value is a row of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str]] = []
        self._cell, self._name, self._asked = "", "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._name, self._asked = "", ("class", "missing") in attrs
        elif tag in ("th", "td"):
            self._cell = tag

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td"):
            self._cell = ""

    def handle_data(self, data: str) -> None:
        if self._cell == "th":
            self._name += data
        elif self._cell == "td" and not self._asked:
            self.rows.append((self._name, data))


def _parsed(data: bytes) -> etree._Element:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))


def _flat(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    for name, text in element.attrib.items():
        yield f"{path}@{_text(name)}", _text(text)
    below = path.removesuffix("/")
    if below and (element.text or "").strip():
        yield below, (element.text or "").strip()
    for child in element:
        yield from _flat(child, f"{path}{etree.QName(child).localname}/")


def _text(found: str | bytes) -> str:
    return found if isinstance(found, str) else found.decode()  # lxml never gives bytes here; its stubs say it may


def _document(root: str, parts: Parts) -> bytes:
    whole = etree.Element(f"{{{NAMESPACE}}}{root}", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the stubs' fault
    for path, text in parts:
        if not text:
            continue
        steps, _, attribute = path.partition("@")
        element = whole
        for name in filter(None, steps.split("/")):
            found = element.find(f"{{{NAMESPACE}}}{name}")
            element = etree.SubElement(element, f"{{{NAMESPACE}}}{name}") if found is None else found
        if attribute:
            element.set(attribute, text)
        else:
            element.text = text
    written: bytes = etree.tostring(whole, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written
