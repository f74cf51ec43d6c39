"""A case package as plain data, and plain data as a case package (program systems 9.5, settled S8).

A tree is nested dicts: attributes and single children by their names, repeated children as lists, a text as itself.
Strict both ways: the schema (``markup``), the code lists (``lists``), no number that passes as a SIN (cases 21, 23);
and, of what is read, what a plan may hold (``rules``). A text is stripped of what nobody sees; an empty one is absent.
It knows no record, no folder and no meaning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lxml import etree

from adapters.eois import lists, markup, rules
from adapters.eois.faults import ROOT, UNREADABLE, Fault, faulty
from hub.errors import MappingGap
from hub.model.identifiers import clean, passes_as_sin

Tree = dict[str, Any]
FILLER = "-"  # of a client with a single name (case 15)

_NINE = re.compile(r"(?<!\d)\d{3}[\s.\-/\u2010-\u2015]{0,2}\d{3}[\s.\-/\u2010-\u2015]{0,2}\d{3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Shape:
    """What an element holds; ``text``: a text of its own beside its attributes. ``*`` marks a child that repeats."""

    attributes: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    text: bool = False


def _shape(attributes: str = "", children: str = "", *, text: bool = False) -> Shape:
    return Shape(tuple(attributes.split()), tuple(children.split()), text)


# program systems 9.5, in its order; what is not here is a text alone. A test holds it against the schema
SHAPES: Mapping[str, Shape] = {
    "CaseReferralPackage": _shape(
        "packageId created language", "Sender Receiver Person Education* Employment* ServicePlan Referral"
    ),
    "Sender": _shape("sds"),
    "Receiver": _shape("sds"),
    "Person": _shape(
        "clientReference",
        "LegalLastName LegalFirstName Alias* DateOfBirth IdentifyAs StatusInCanada DateArrived PreferredLanguage"
        " MaritalStatus DesignatedGroup* Address Contact",
    ),
    "DesignatedGroup": _shape("code"),
    "Address": _shape("", "PostalCode StreetNumber Unit"),
    "Contact": _shape("phone email preferred"),
    "Education": _shape("qualification country end"),
    "Employment": _shape("noc naics hoursPerWeek wage wagePer"),
    "ServicePlan": _shape(
        "reference program status referredIn selfInitiated", "ClientSummary SubGoal* Closure FollowUp*"
    ),
    "ClientSummary": _shape("", "Item*"),
    "Item": _shape("name", text=True),
    "SubGoal": _shape("name outcome", "PlanItem*"),
    "PlanItem": _shape("type expectedStart expectedEnd actualStart actualEnd outcome cost"),
    "Closure": _shape("reason satisfaction outcome stillEmployed"),
    "FollowUp": _shape("month date status outcome"),
    "Referral": _shape("number state direction list code timing formal", "Reason Consent"),
    "Consent": _shape("id expires"),
}

# field to its list; of plan items, sub-goals and answers of a client summary nobody has the whole list (3.7, 3.8)
_CODED: Mapping[tuple[str, str], str] = {
    ("Person", "IdentifyAs"): "identify_as",
    ("Person", "StatusInCanada"): "status_in_canada",
    ("Person", "PreferredLanguage"): "preferred_language",
    ("Person", "MaritalStatus"): "marital_status",
    ("DesignatedGroup", "code"): "designated_group",
    ("Contact", "preferred"): "preferred_communication",
    ("Education", "qualification"): "qualification",
    ("Education", "country"): "country",
    ("Employment", "wagePer"): "wage_per",
    ("ServicePlan", "program"): "plan_program",
    ("ServicePlan", "status"): "plan_status",
    ("Item", "name"): "summary_item",
    ("SubGoal", "outcome"): "outcome",
    ("Closure", "reason"): "closure_reason",
    ("Closure", "satisfaction"): "satisfaction",
    ("Closure", "outcome"): "case_outcome",
    ("FollowUp", "status"): "follow_up_status",
    ("FollowUp", "outcome"): "case_outcome",
    ("Referral", "timing"): "referral_timing",
}


def read(where: str, data: bytes) -> Tree:
    """Read a package.

    Args:
        where: the record's place for errors.

    Raises:
        RecordUnreadable: names code and path of the first fault, never a value.
    """
    try:
        tree: Tree = _tree(markup.read(data, markup.PACKAGE))
    except markup.NotXml as error:
        raise faulty(where, error.fault) from None
    for fault in (*_wrong_codes(tree), *_numbers(tree), *rules.of_package(tree)):
        raise faulty(where, fault)
    return tree


def write(tree: Tree) -> bytes:
    """Write a package; the same tree gives the same bytes.

    Raises:
        MappingGap: it holds what a package cannot say, or a number that passes as a SIN: names code and path.
    """
    element = _element(markup.PACKAGE, tree)
    fault = markup.invalid(element) or next(chain(_wrong_codes(tree), _numbers(tree)), None)
    if fault is not None:
        raise MappingGap(
            f"eois package: {fault.code} {fault.path}", fault.got, fault.expected, "mend it where it was entered"
        )
    written: bytes = etree.tostring(element, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written


def holds_sin(text: str) -> bool:
    """Whether nine digits that pass as a SIN stand in a text, by themselves or in threes."""
    plain = unicodedata.normalize("NFKC", text)
    digits = (re.sub(r"\D", "", found) for found in _NINE.findall(plain))
    return any(passes_as_sin("".join(str(unicodedata.digit(sign)) for sign in each)) for each in digits)


def _tree(element: etree._Element) -> Any:
    shape = SHAPES.get(etree.QName(element).localname)
    if shape is None:
        return clean(element.text or "")
    tree: Tree = {name: text for name in shape.attributes if (text := element.get(name)) is not None}
    if shape.text:
        tree["text"] = clean(element.text or "")
    many = {name.rstrip("*") for name in shape.children if name.endswith("*")}
    for child in element:
        name, below = etree.QName(child).localname, _tree(child)
        if below == "":
            continue
        if name in many:
            tree.setdefault(name, []).append(below)
        else:
            tree[name] = below
    return tree


def _element(name: str, tree: Any) -> etree._Element:
    element = markup.element(name)
    shape = SHAPES.get(name)
    try:
        if shape is None:
            element.text = str(tree)
            return element
        for attribute in shape.attributes:
            if attribute in tree:
                element.set(attribute, tree[attribute])
        if shape.text:
            element.text = tree.get("text", "")
    except ValueError:  # a control character, which XML has no place for
        raise MappingGap(
            f"eois package: {UNREADABLE} {name}", "a control character", "text", "mend it where it was entered"
        ) from None
    for child in shape.children:
        plain = child.rstrip("*")
        found = tree.get(plain, [])
        for below in found if isinstance(found, list) else [found]:
            element.append(_element(plain, below))
    return element


def nodes(name: str, tree: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    """Every element of a tree with its name and path, the root first; one of several has its place in brackets."""
    yield name, path, tree
    if not isinstance(tree, dict):
        return
    for child in SHAPES[name].children:
        plain = child.rstrip("*")
        found = tree.get(plain, [])
        for index, below in enumerate(found if isinstance(found, list) else [found], 1):
            many = isinstance(found, list) and len(found) > 1
            yield from nodes(plain, below, f"{path}/{plain}[{index}]" if many else f"{path}/{plain}")


def _wrong_codes(tree: Tree) -> Iterator[Fault]:
    """Labels of no list. A label that differs in spaces alone is put as the list writes it (case 54)."""
    for name, path, node in nodes(markup.PACKAGE, tree, ROOT):
        if not isinstance(node, dict):
            continue
        for (holder, field), listed in _CODED.items():
            if holder != name or field not in node:
                continue
            at = f"{path}/{field}" if field in SHAPES[name].children else f"{path}/@{field}"
            found = lists.official(listed, node[field])
            if found is None:
                yield Fault("CODE_UNKNOWN", at, "a label that is none of its list", f"a label of {listed}")
            else:
                node[field] = found
        if name == "ServicePlan" and "referredIn" in node and lists.referral(node["referredIn"]) is None:
            yield Fault("CODE_UNKNOWN", f"{path}/@referredIn", "a label that is none of its lists", "a label of 3.10")
        if name == "Referral" and node["code"] not in lists.known(node["list"]):  # the list is part of the key (55)
            expected = f"a number of {node['list']}"
            yield Fault("CODE_UNKNOWN", f"{path}/@code", "a number that is none of its list", expected)


def _numbers(tree: Tree) -> Iterator[Fault]:
    """Where a number that passes as a SIN stands, whatever the field is called."""
    for name, path, node in nodes(markup.PACKAGE, tree, ROOT):
        shape = SHAPES.get(name)
        own = {"": node} if shape is None else {each: node.get(each, "") for each in shape.attributes}
        own |= {"text": node.get("text", "")} if shape and shape.text else {}
        for field, text in own.items():
            if field != "packageId" and holds_sin(text):
                at = f"{path}/@{field}" if shape and field in shape.attributes else path
                yield Fault(UNREADABLE, at, "a number that passes as a SIN, which never leaves", "none")
