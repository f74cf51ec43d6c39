"""Give every part of a message its category and confidentiality (shared model 5). Pure.

Rules:
- Exactly one known category on each resource that is not exempt; none, two or an unknown one refuses the message (L3).
- Labels are raised, never lowered: a sensitivity tag brings its category and at least R (L1), a sensitive category at
  least R (L2), an intimate-partner-violence category the tag SDV (L5), the Bundle the highest of its content (L6).
- An element of another category than its resource's is an item of its own; so is free text, wherever it stands, and an
  extension that nobody classified (C-69): both are notes-free.
- One message is about one person. What is about another Patient is an item of nobody's, and a third party's.

Nothing is dropped here: ``withhold.py`` removes what the decision says. A ``display`` is taken for the display of its
code or reference and is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from consent.model import Item
from consent.model.words import SENSITIVE, Category
from hub.exchange.elements import EXEMPT, TAGS, is_partner_violence, parts, told_by_need
from hub.exchange.person import Person, find_person
from hub.exchange.strict import FAULTS_MAX, Fault, NotOurMessage, coded
from hub.model.codes import ACT_CODE, CATEGORY, CONFIDENTIALITY, OBSERVATION_VALUE, kebab, rule_word
from hub.model.envelope import ABOUT_NOBODY, REPORTS
from hub.model.fhir import Resource, coding, resources

Level = Literal["U", "L", "M", "N", "R", "V"]
LEVELS: tuple[Level, ...] = get_args(Level)  # from low to high
NO_REDISCLOSURE = (ACT_CODE, "NORDSCLCD")
REDACTED = (OBSERVATION_VALUE, "REDACTED")


@dataclass(frozen=True, slots=True)
class Labels:
    """The three axes of one resource."""

    confidentiality: Level
    category: Category
    tags: tuple[str, ...] = ()

    def raised(self, *, partner_violence: bool, told: Category | None) -> Labels:
        """These labels after L1, L2 and L5. A sensitive category stays; another gives way to that of a tag.

        Args:
            told: the category of what it is, whatever was said of it (C-69; shared model 3.10; settled S10).
        """
        if told is Category.NOTES_FREE:
            return Labels(at_least(self.confidentiality, told), told, self.tags)
        tags = (*self.tags, "SDV") if partner_violence and "SDV" not in self.tags else self.tags
        own = told or (TAGS[tags[0]] if tags else self.category)
        category = self.category if self.category in SENSITIVE else own
        return Labels(at_least(self.confidentiality, category, tags), category, tags)

    def codings(self) -> list[Resource]:
        """As ``meta.security``."""
        own = [coding(CONFIDENTIALITY, self.confidentiality), coding(CATEGORY, kebab(self.category))]
        return own + [coding(ACT_CODE, tag) for tag in self.tags]

    def categories(self) -> tuple[Category, ...]:
        """All categories that must be permitted: that of each tag is one (shared model 9.2, 4)."""
        return tuple(dict.fromkeys((self.category, *(TAGS[tag] for tag in self.tags))))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with its labels raised, and its items in the order of the Bundle."""

    bundle: Resource
    items: tuple[Item, ...]


def label(bundle: Resource, *, subject: str | None) -> Labelled:
    """Raise the labels of a message and list its items.

    Args:
        bundle: has passed the strict schema. It is not changed.
        subject: the registry's reference of the person whom the message is about; None: nobody it knows.

    Raises:
        NotOurMessage: a label is missing, doubled or unknown; a reference leads nowhere; two people are in its focus.
    """
    person, event = find_person(bundle), event_of(bundle)
    report = event in REPORTS
    entries: list[Resource] = []
    items: list[Item] = []
    faults: list[Fault] = []
    for index, entry in enumerate(bundle["entry"]):
        resource, path = entry["resource"], f"Bundle.entry[{index}].resource"
        if resource["resourceType"] == "Basic" and event in ABOUT_NOBODY:
            entries.append(entry)  # what it may hold: ``anonymous.py``
            continue
        labels = None
        if resource["resourceType"] not in EXEMPT:
            read = _read(resource, path)
            if isinstance(read, Fault):
                faults.append(read)
                continue
            attachment = resource["resourceType"] == "DocumentReference"
            told = Category.NOTES_FREE if attachment else told_by_need(resource)
            labels = read.raised(partner_violence=is_partner_violence(resource), told=told)
            meta = {**resource["meta"], "security": labels.codings()}
            resource = {**resource, "meta": meta}
        entries.append({**entry, "resource": resource})
        items.extend(_items(index, resource, labels, person, subject, report))
    if faults:
        raise NotOurMessage(faults[:FAULTS_MAX])
    claimed = {entry["code"] for entry in bundle["meta"].get("security", ()) if entry["system"] == CONFIDENTIALITY}
    levels = [*(level for level in LEVELS if level in claimed), *(item.confidentiality for item in items)]
    return Labelled(relabelled({**bundle, "entry": entries}, highest(levels)), tuple(items))


def highest(levels: Iterable[Level]) -> Level:
    """The highest of some confidentiality codes; N where there is none."""
    found = set(levels)
    return next((level for level in reversed(LEVELS) if level in found), "N")


def relabelled(bundle: Resource, level: Level, *, redacted: bool = False) -> Resource:
    """The Bundle with labels of its own (L6): confidentiality, and what the receiver must not do.

    Args:
        level: the highest confidentiality of what it holds.
        redacted: something that the client did not allow has been removed. A mark that is there already stays.
    """
    own = bundle["meta"].get("security", ())
    marked = redacted or any((entry["system"], entry["code"]) == REDACTED for entry in own)
    security = [coding(CONFIDENTIALITY, level), coding(*NO_REDISCLOSURE)] + [coding(*REDACTED)] * marked
    return {**bundle, "meta": {**bundle["meta"], "security": security}}


def high_water(bundle: Resource) -> Level:
    """The highest confidentiality of the content: of its resources and of parts with a category of their own."""
    report = event_of(bundle) in REPORTS
    return highest(level for resource in resources(bundle) for level in _levels(resource, report))


def at_least(level: Level, category: Category, tags: Iterable[str] = ()) -> Level:
    """A confidentiality raised to R where the category is sensitive or a tag stands beside it (L1, L2)."""
    return highest((level, "R")) if category in SENSITIVE or tuple(tags) else level


def event_of(bundle: Resource) -> str:
    """The event of a message; "" where it says none."""
    header = bundle["entry"][0]["resource"] if bundle["entry"] else {}
    return str(header.get("eventCoding", {}).get("code", ""))


def _levels(resource: Resource, report: bool) -> Iterator[Level]:
    for part in parts(resource, "", report=report):
        yield at_least("N", part.category)
    if resource["resourceType"] not in EXEMPT:
        yield from (e["code"] for e in resource["meta"]["security"] if e["system"] == CONFIDENTIALITY)


def _items(
    index: int, resource: Resource, labels: Labels | None, person: Person, subject: str | None, report: bool
) -> Iterator[Item]:
    """The items of one resource: itself, unless it is exempt, and its parts."""
    path = f"Bundle.entry[{index}].resource"
    third_party = index in person.others
    whose = None if third_party else subject
    level: Level = labels.confidentiality if labels else "N"
    tags = labels.tags if labels else ()
    for category in labels.categories() if labels else ():
        yield Item(path, category, whose, level, tags, essential=index in person.focus, third_party=third_party)
    for part in parts(resource, path, report=report):
        raised = at_least(level, part.category, tags)
        yield Item(part.path, part.category, whose, raised, tags, third_party=third_party)


def _read(resource: Resource, path: str) -> Labels | Fault:
    """The labels that the sender wrote, or the fault in them."""
    security: list[Resource] = resource.get("meta", {}).get("security", [])
    read = _labels(tuple((entry.get("system", ""), entry.get("code", "")) for entry in security))
    return read if isinstance(read, Labels) else Fault(f"{path}.meta.security", *read)


@lru_cache(maxsize=512)  # every system writes the same few on all that it sends
def _labels(security: tuple[tuple[str, str], ...]) -> Labels | tuple[str, str]:
    """The same of system and code of each label; of a fault, what was got and what was expected."""
    levels = [code for system, code in security if system == CONFIDENTIALITY]
    categories = [code for system, code in security if system == CATEGORY]
    tags = tuple(code for system, code in security if system == ACT_CODE and code in TAGS)
    if len(categories) != 1:
        return f"{len(categories)} categories", "exactly one of client-data-category"
    if len(levels) > 1:
        return f"{len(levels)} confidentiality codes", "one"
    if len(levels) + len(categories) + len(tags) != len(security):
        return "a label that the hub does not know", "confidentiality, category and sensitivity alone"
    level = next((known for known in LEVELS if known in levels), None)
    if levels and level is None:
        return f"confidentiality {coded(levels[0])}", " | ".join(LEVELS)
    if rule_word(categories[0]) not in Category.__members__ or categories[0] != kebab(rule_word(categories[0])):
        return f"category {coded(categories[0])}", "a code of client-data-category"
    # an adapter says the category alone: N is what R4 calls normal, and the rules raise it from there
    return Labels(level or "N", Category(rule_word(categories[0])), tags)
