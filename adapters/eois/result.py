"""The answer to a package, ``PackageResult``, of both directions (program systems 9.5). Pure.

Read strictly. Texts come from the closed table of ``faults``, by code; those that CaMS writes may hold anything and are
not kept, nor is a code that nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lxml import etree

from adapters.eois import markup
from adapters.eois.faults import CLOSED, MESSAGES, REASON, ROOT, Fault, faulty, texts
from hub.errors import RecordUnreadable

OTHER = "OTHER"  # a code of CaMS that the hub does not know


class Result(StrEnum):
    """What became of a package."""

    ACCEPTED = "Accepted"
    WARNED = "AcceptedWithWarnings"
    REFUSED = "Refused"


@dataclass(frozen=True, slots=True)
class Issue:
    """Why. ``waits``: its text says that it may still change."""

    code: str
    path: str = ROOT
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one package. ``Accepted`` has no issue, any other at least one."""

    package_id: str
    created: str
    result: Result
    issues: tuple[Issue, ...] = ()


def result_name(package_id: str) -> str:
    """The file's name."""
    return f"{package_id}.result.xml"


def write(answered: Answered) -> bytes:
    """Write an answer, texts in English and French."""
    element = markup.element(markup.RESULT)
    for name, text in (
        ("packageId", answered.package_id),
        ("created", answered.created),
        ("result", answered.result.value),
    ):
        element.set(name, text)
    for issue in answered.issues:
        english, french = texts(issue.code, waits=issue.waits)
        below = etree.SubElement(element, f"{{{markup.NAMESPACE}}}Issue")
        for name, text in (
            ("code", issue.code),
            ("path", issue.path),
            ("messageEn", english),
            ("messageFr", french),
        ):
            below.set(name, text)
    assert markup.invalid(element) is None, "an answer of ours is valid"
    written: bytes = etree.tostring(element, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written


def read(where: str, package_id: str, data: bytes) -> Answered:
    """Read the answer to a package.

    Args:
        where: its place for errors.
        package_id: of the package beside which it lies.

    Raises:
        RecordUnreadable: it is none, or the answer to another package.
    """
    try:
        element = markup.read(data, markup.RESULT)
    except markup.NotXml as error:
        raise faulty(where, error.fault) from None
    if element.get("packageId") != package_id:
        raise _wrong(where, "@packageId", "another package's", "that of the package it answers")
    issues = tuple(Issue(_ours(each.get("code", "")), each.get("path", "")) for each in element)
    result = Result(element.get("result", ""))
    if bool(issues) != (result is not Result.ACCEPTED):
        raise _wrong(where, "Issue", f"{len(issues)} with {result}", "none where it is accepted, else at least one")
    return Answered(package_id, element.get("created", ""), result, issues)


def moment(now: datetime) -> str:
    """An aware instant as ``created`` writes it."""
    return now.replace(microsecond=0).isoformat()


def _ours(code: str) -> str:
    """A code of the closed list, or of the shape of our own reason codes; in place of another stands ``OTHER``."""
    return code if code in CLOSED or code in MESSAGES or REASON.fullmatch(code) else OTHER


def _wrong(where: str, place: str, got: str, expected: str) -> RecordUnreadable:
    return faulty(where, Fault("DN_SCHEMA", f"/{markup.RESULT}/{place}", got, expected))
