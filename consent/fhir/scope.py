"""``Consent.provision``: who may receive, why, what, how long, and the exceptions (shared model 8 and 9.2). Pure.

A root permit holds label N and plain categories. Each sensitive category, and each with purposes or an end of its own,
is a nested permit that names that category alone. A nested deny names categories, sensitivity tags or items, and is
for everybody and every purpose of its Consent. Whatever else R4 can say here the registry cannot hold, so it is
refused: ``data`` and ``dataPeriod`` of a permit, ``class``, ``code``, ``action``, an exception for some recipients, a
third level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from consent.fhir import values
from consent.fhir.codes import (
    ALL_CATEGORIES,
    OF_STREAM,
    PLAIN,
    PROGRAM,
    PROGRAM_STREAM,
    PURPOSE_OF_REASON,
    PURPOSES,
    ROLE,
    STREAMS,
)
from consent.fhir.node import Node
from consent.items import CATEGORY_OF_TAG
from consent.model import Grant, PackFacts, Recipient
from consent.model.words import SENSITIVE, Category, Purpose
from hub.errors import code
from hub.model.codes import ACT_CODE, ACT_REASON, ACT_REASON_OF_PURPOSE, CATEGORY, CONFIDENTIALITY, PURPOSE

_NOBODY = "who may receive: where nobody is named it would be anybody (DN_OVERBROAD)"
_NO_PURPOSE = "why: where nothing is named it would be anything (DN_OVERBROAD)"
_NO_CATEGORY = "N and at least one plain category (DN_OVERBROAD)"


@dataclass(frozen=True, slots=True)
class Known:
    """What a reader must know to resolve what a Consent names.

    Args:
        pack: that governs: its id and version, its zone and the wordings that it knows.
        is_agency: whether the directory has an agency of this id.
        agency_of: a worker's id -> the agency that the worker is of, or None.
    """

    pack: PackFacts
    is_agency: Callable[[str], bool]
    agency_of: Callable[[str], str | None]

    @property
    def zone(self) -> ZoneInfo:
        """Whose local days are meant by a day."""
        return ZoneInfo(self.pack.zone)


@dataclass(frozen=True, slots=True)
class Scope:
    """A provision as read.

    Args:
        grants: of a deny, the categories that it lists.
        exclusions: categories, then items, that exceptions lock out; of a deny, the items that it is about.
        unread: of recipients, purposes and categories those with a fault: a "no" is then the wider one.
    """

    recipients: tuple[Recipient, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    grants: tuple[Grant, ...] = ()
    exclusions: tuple[str, ...] = ()
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Labels:
    confidentiality: tuple[str, ...]
    tags: tuple[str, ...]
    categories: tuple[Category, ...]


def read_permit(root: Node, known: Known) -> Scope:
    """A root of type permit, with its exceptions."""
    root.only("type", "period", "actor", "purpose", "securityLabel", "provision")
    _demand(root, "actor", _NOBODY)
    _demand(root, "purpose", _NO_PURPOSE)
    start, end = _period(root, known)
    labels, purposes = _labels(root), _purposes(root)
    if labels is not None and (labels.confidentiality != ("N",) or labels.tags or not labels.categories):
        root.fault("other labels", _NO_CATEGORY, "securityLabel")
    elif labels is not None and not SENSITIVE.isdisjoint(labels.categories):
        root.fault("a sensitive category", "a nested permit of its own for it, with R", "securityLabel")
    grants = [Grant(category) for category in labels.categories] if labels else []
    locked: list[str] = []
    for each in root.each("provision"):
        kind = each.must("type", "permit | deny")
        said = values.word(kind, {"permit": True, "deny": False}) if kind else None
        if said is True:
            grants += _nested_permit(each, known, purposes, start)
        elif said is False:
            locked += _nested_deny(each)
    if len(set(grants)) != len(grants) or len(set(locked)) != len(locked):
        root.fault("the same exception twice", "each once", "provision")
    return Scope(
        recipients=_recipients(root, known),
        purposes=purposes,
        grants=tuple(grants),
        exclusions=tuple(sorted(locked, key=lambda each: each not in Category.__members__)),
        valid_from=start,
        expires_at=end,
    )


def read_no(root: Node | None, known: Known) -> Scope:
    """A root of type deny, or of a declined form. What cannot be read there, or would narrow it, does not count."""
    if root is None:
        return Scope()
    root.only("type", "period", "actor", "purpose", "securityLabel", "data")
    unread: list[str] = []
    start, end = _period(root, known)  # of the form: no end of the "no"

    def part(name: str, element: str, found: tuple[object, ...] | None, before: int) -> bool:
        if root.count() == before and (found or root.at(element) is None):
            return True
        unread.append(name)
        return False

    before = root.count()
    recipients = _recipients(root, known)
    recipients = recipients if part("recipients", "actor", recipients, before) else ()
    before = root.count()
    purposes = _purposes(root)
    purposes = purposes if part("purposes", "purpose", purposes, before) else ()
    before = root.count()
    labels = _labels(root)
    categories = labels.categories if labels else ()
    listed = part("categories", "securityLabel", categories, before)
    if listed and labels and (labels.confidentiality or labels.tags):
        root.fault("other labels", "categories", "securityLabel")
        unread.append("categories")
        listed = False
    before = root.count()
    items = _items(root)
    return Scope(
        recipients=recipients,
        purposes=purposes,
        grants=tuple(Grant(category) for category in categories) if listed else (),
        exclusions=items if root.count() == before else (),
        valid_from=start,
        expires_at=end,
        unread=tuple(unread),
    )


def _demand(root: Node, name: str, expected: str) -> None:
    if root.at(name) is None and isinstance(root.value, dict):
        root.fault("nothing", expected, name)


def _recipients(root: Node, known: Known) -> tuple[Recipient, ...]:
    found = [one for each in root.each("actor") if (one := _recipient(each, known)) is not None]
    if len(set(found)) != len(found):
        root.fault("the same one twice", "each recipient once", "actor")
    return tuple(dict.fromkeys(found))


def _recipient(node: Node, known: Known) -> Recipient | None:
    node.only("role", "reference", "modifierExtension")
    role, there = node.must("role", "IRCP"), node.must("reference", "who may receive")
    named = values.reference(there, "Organization", "PractitionerRole") if there else None
    if role is None or values.concept(role, ROLE) is None or there is None or named is None:
        return None
    program = _program(node)
    agency = named[1] if named[0] == "Organization" else known.agency_of(named[1])
    person = named[1] if named[0] == "PractitionerRole" else None
    if agency is None or not known.is_agency(agency):
        there.fault("one that the directory has not", "an agency or worker of the directory")
        return None
    if node.at("modifierExtension") is not None and (program is None or person is not None):
        if program is not None:
            node.fault("a program of a person", "one of the two", "modifierExtension")
        return None
    return Recipient(agency, program, person)


def _program(node: Node) -> str | None:
    """What narrows an agency to one of its programs (I-09); of another modifier nobody knows what it does."""
    one = node.single("modifierExtension", "recipient-program", required=False)
    if one is None or not one.is_object():
        return None
    if one.value.get("url") != PROGRAM:
        one.fault("another modifier", "recipient-program")
        return None
    if (stream := one.at("valueCodeableConcept")) is not None:
        one.only("url", "valueCodeableConcept")
        found = values.concept(stream, *((PROGRAM_STREAM, word) for word in sorted(STREAMS)))
        return OF_STREAM + found[1] if found else None
    one.only("url", "valueReference")
    there = one.must("valueReference", "the program")
    service = values.reference(there, "HealthcareService") if there else None
    return service[1] if service else None


def _purposes(node: Node) -> tuple[Purpose, ...]:
    """The hub's codes decide; a v3-ActReason beside them must be that of one of them, and alone is read by the list."""
    own: list[Purpose] = []
    reasons: list[tuple[Node, str]] = []
    for each in node.each("purpose"):
        if (said := values.coding(each)) is None:
            continue
        system, word = said
        if system == ACT_REASON:
            reasons.append((each, word))
        elif system != PURPOSE or word not in PURPOSES or PURPOSES[word] in own:
            got = "a code of another system" if system != PURPOSE else code(word)
            each.fault(got, f"one of {', '.join(PURPOSES)}, once")
        else:
            own.append(PURPOSES[word])
    allowed = {ACT_REASON_OF_PURPOSE[purpose] for purpose in own} if own else PURPOSE_OF_REASON.keys()
    for each, word in reasons:
        if word not in allowed:
            each.fault(code(word), " | ".join(sorted(allowed)))
    if own:
        return tuple(own)
    return tuple(dict.fromkeys(PURPOSE_OF_REASON[word] for _, word in reasons if word in allowed))


def _labels(node: Node) -> _Labels | None:
    """The labels of a rule by their axes; None where there are none, or one of them cannot be read."""
    before, found = node.count(), []
    for each in node.each("securityLabel"):
        if (said := values.coding(each)) is None:
            continue
        system, word = said
        is_read = (
            (system == CONFIDENTIALITY and word in ("N", "R"))
            or (system == ACT_CODE and word in CATEGORY_OF_TAG)
            or (system == CATEGORY and word in ALL_CATEGORIES)
        )
        if not is_read or said in found:
            known_system = system in (CONFIDENTIALITY, ACT_CODE, CATEGORY)
            each.fault(code(word) if known_system else "a code of another system", "N or R, a sensitivity, a category")
        found.append(said)
    if node.is_object() and node.at("securityLabel") is None and node.value.get("type") == "permit":
        node.fault("nothing", _NO_CATEGORY, "securityLabel")
    if node.count() != before or not found:
        return None

    def of(system: str) -> tuple[str, ...]:
        return tuple(word for its, word in found if its == system)

    return _Labels(of(CONFIDENTIALITY), of(ACT_CODE), tuple(ALL_CATEGORIES[word] for word in of(CATEGORY)))


def _period(node: Node, known: Known) -> tuple[datetime | None, datetime | None]:
    period = node.at("period")
    if period is None:
        return None, None
    period.only("start", "end")
    start, end = period.at("start"), period.at("end")
    return (
        values.begins(start, known.zone) if start else None,
        values.is_over(end, known.zone) if end else None,
    )


def _nested_permit(node: Node, known: Known, of_root: tuple[Purpose, ...], root_start: datetime | None) -> list[Grant]:
    """One category, with R if it is sensitive; its purposes are among those of the root, its period begins with it."""
    node.only("type", "period", "purpose", "securityLabel")
    before = node.count()
    labels, purposes, (start, end) = _labels(node), _purposes(node), _period(node, known)
    if node.count() != before or labels is None:
        return []
    one = labels.categories[0] if len(labels.categories) == 1 else None
    level = "N" if one in PLAIN else "R"
    if one is None or labels.tags or labels.confidentiality != (level,):
        node.fault("other labels", "one category, with R where it is sensitive and N where it is not", "securityLabel")
    if not set(purposes) <= set(of_root):
        node.fault("a purpose that the root has not", "purposes of the root", "purpose")
    if node.at("period") is not None and end is None:
        node.fault("nothing", "when this exception is over", "period.end")
    if start is not None and start != root_start:
        node.fault("another day", "the day on which the root begins", "period.start")
    return [Grant(one, purposes, end)] if node.count() == before and one is not None else []


def _nested_deny(node: Node) -> Iterable[str]:
    """Categories, tags of such, or items: not both, as the two together would be less than either."""
    node.only("type", "securityLabel", "data")
    if (node.at("securityLabel") is None) == (node.at("data") is None):
        node.fault("both or neither", "categories or items that it is about", "securityLabel")
        return ()
    if node.at("data") is not None:
        return _items(node)
    labels = _labels(node)
    if labels is not None and labels.confidentiality:
        node.fault("a confidentiality", "categories or sensitivities", "securityLabel")
    if labels is None or labels.confidentiality:
        return ()
    # a tag is one kind of its category: all of that is locked, as the registry knows no finer word
    return dict.fromkeys(
        [each.value for each in labels.categories] + [CATEGORY_OF_TAG[tag].value for tag in labels.tags]
    )


def _items(node: Node) -> tuple[str, ...]:
    found = []
    for each in node.each("data"):
        each.only("meaning", "reference")
        meaning, there = each.must("meaning", "instance"), each.must("reference", "the item")
        if meaning is not None:
            values.word(meaning, {"instance": True})
        item = values.reference(there, "Basic") if there else None
        if item is not None and item[1] in Category.__members__ and there is not None:
            there.fault("a category", "an item")
        elif item is not None:
            found.append(item[1])
    return tuple(dict.fromkeys(found))
