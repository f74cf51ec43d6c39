"""XML of a stranger: looked through before a tree is built, then held against the schema (program systems 9.5, safety).

W3C XML Schema 1.0 by ``schemas/records/eois.xsd``. Pure. A stream is read first, which builds nothing: no DTD, so no
entity and no external file; UTF-8 alone; at most 5 MiB, 32 elements deep and 20,000 parts. Only then is there a tree.
An error names a path of the schema's own words and the kind of fault; a parser's own text is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast
from xml.parsers import expat

from lxml import etree

from adapters.eois.faults import UNREADABLE, Fault

SCHEMA = Path(__file__).parents[2] / "schemas" / "records" / "eois.xsd"
NAMESPACE = "urn:hub:eois:package:1"
PACKAGE, RESULT = "CaseReferralPackage", "PackageResult"
XML_BYTES_MAX = 5 * 1024 * 1024  # program systems 9.5
DEPTH_MAX = 32  # program systems 9.5
PARTS_MAX = 20_000  # [policy] elements and attributes; 100 plan items are 800
_STEP = re.compile(r"\*(?:\[(\d+)\])?")
_KINDS = {
    "SCHEMAV_CVC_PATTERN_VALID": ("another form", "the form of this field"),
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": ("another form", "a date, moment or number as the schema says"),
    "SCHEMAV_CVC_ENUMERATION_VALID": ("a word that is none of it", "one of its words"),
    "SCHEMAV_CVC_MAXLENGTH_VALID": ("too many characters", "no more than the schema says"),
    "SCHEMAV_CVC_MINLENGTH_VALID": ("an empty value", "a value, or no such field"),
    "SCHEMAV_CVC_COMPLEX_TYPE_4": ("an attribute missing", "all that are required"),
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": ("an attribute that it has not", "its own attributes alone"),
    "SCHEMAV_ELEMENT_CONTENT": ("a child missing, unknown, doubled or out of place", "the children of the schema"),
}


class NotXml(Exception):
    """It is no XML that we take.

    Args:
        fault: what is wrong and where.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.code)


def read(data: bytes, root: str) -> etree._Element:
    """A valid document with this root.

    Raises:
        NotXml: anything else; names the first fault.
    """
    _look_through(data, root)
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        tree = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise NotXml(_at(root, "no well-formed XML", "well-formed XML 1.0")) from None
    if tree.tag != f"{{{NAMESPACE}}}{root}":
        raise NotXml(_at(root, "another document", f"{root} of {NAMESPACE}"))
    if (fault := invalid(tree)) is not None:
        raise NotXml(fault)
    return tree


def invalid(tree: etree._Element) -> Fault | None:
    """The first thing that the schema does not allow, or None."""
    schema = _schema()
    if schema.validate(tree):
        return None
    first = cast(Sequence[Any], schema.error_log)[0]  # the stubs know no more of it
    got, expected = _KINDS.get(first.type_name, ("what the schema does not allow", "what it says"))
    return Fault(UNREADABLE, _path(tree, first.path or ""), got, expected)


def element(name: str) -> etree._Element:
    """A new root of our namespace, which needs no prefix."""
    return etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the stubs' fault


@cache
def words() -> frozenset[str]:
    """Names of all elements of the schema: others are never shown."""
    tree = etree.parse(SCHEMA)
    found = tree.iterfind(".//{http://www.w3.org/2001/XMLSchema}element")
    return frozenset(str(each.get("name")) for each in found)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


def _path(tree: etree._Element, path: str) -> str:
    """libxml2's path of positions as names; what is no name of ours ends it."""
    at, found = tree, [_local(tree)]
    for step in path.strip("/").split("/")[1:]:
        position = _STEP.fullmatch(step)
        if position is None:
            break
        below = list(at)
        place = int(position[1] or 1) - 1
        if place >= len(below) or _local(below[place]) not in words():
            break
        same = [each for each in below if each.tag == below[place].tag]
        index = f"[{same.index(below[place]) + 1}]" if len(same) > 1 else ""
        at = below[place]
        found.append(_local(at) + index)
    return "/" + "/".join(found)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _at(root: str, got: str, expected: str) -> Fault:
    return Fault(UNREADABLE, f"/{root}", got, expected)


def _look_through(data: bytes, root: str) -> None:
    """Read the stream once, keeping nothing of it.

    Raises:
        NotXml: too large, too deep, too many parts, a DTD, another encoding, no XML.
    """
    if len(data) > XML_BYTES_MAX:
        raise NotXml(_at(root, f"{len(data)} bytes", f"{XML_BYTES_MAX} at most"))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotXml(_at(root, "bytes that are no UTF-8", "UTF-8")) from None
    parser, looking = expat.ParserCreate(), _Looking(root)
    parser.StartElementHandler = looking.begins
    parser.EndElementHandler = looking.ends
    parser.StartDoctypeDeclHandler = looking.doctype
    parser.XmlDeclHandler = looking.declares
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NotXml(_at(root, f"no well-formed XML, line {error.lineno}", "well-formed XML 1.0")) from None


class _Looking:
    """What the stream has shown so far."""

    def __init__(self, root: str) -> None:
        self._root, self._depth, self._parts = root, 0, 0

    def begins(self, _name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        self._parts += 1 + len(attributes)
        if self._depth > DEPTH_MAX:
            raise NotXml(_at(self._root, "elements too deep", f"{DEPTH_MAX} at most"))
        if self._parts > PARTS_MAX:
            raise NotXml(_at(self._root, "too many elements and attributes", f"{PARTS_MAX} at most"))

    def ends(self, _name: str) -> None:
        """An element ends."""
        self._depth -= 1

    def doctype(self, *_: object) -> None:
        """A DTD: whatever it says."""
        raise NotXml(_at(self._root, "a DTD", "none: no entity, no external file"))

    def declares(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """The declaration."""
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            raise NotXml(_at(self._root, "another encoding", "UTF-8"))
