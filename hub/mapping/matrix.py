"""What one kind of system can say to another: carried, partly, cannot, and which field is missing (design §8).

Computed from the two mappings alone: a trial record (``trial``) goes from the sender's fields to FHIR, to the
receiver's fields, and from these to FHIR again. Each field is tried with every word of its tables. It is

- **carried**, if it changes a field of the receiver, if each word means the same in FHIR when the receiver says it
  again, and neither loss report has a line about it in this direction;
- **partly** carried, if it changes a field of the receiver, and something of it stays behind: the reasons say what;
- **cannot** be carried, if no field of the receiver depends on it; and so is a field that the receiver needs and the
  sender never fills, save where a worker fills it there (settled S6): then it is partly.

A loss line that is about the other direction does not count: how a field comes back to the sender's own system, words
that only the receiver says, and a blank that is written as a word for "nothing". What never leaves the sender
(``[skipped]``) is in its own loss report. What the client does not allow is left out later, by the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from hub.mapping import Mappings, RecordMapping
from hub.mapping.backward import NO_FIELD
from hub.mapping.choice import only, suited, whole
from hub.mapping.passage import Leaf, Passage, carry, told_by_the_hub
from hub.mapping.trial import HOME, TEXTS, filled, lines_of, words_of
from hub.model import codes

MESSAGES = (  # what one kind may say to another
    "request",
    "answer",
    "plan",
    "note",
    "service",
    "exit",
    "follow-up",
    "report",
    "profile",
)
NEVER_SAID = "missing: the receiver needs it, and the sender never says it"
BY_HAND = "a worker fills it: the receiver asks for it, and the sender never says it"
DIRECTORY = "only where the directory knows the agency's place in the receiver's kind of system"
ALIAS = "each agency has its own alias of a client: the hub writes the receiver's"
OWN_NUMBER = "there it stands as a number of the receiver's own"
CHANGED = "not all that it says is there when the receiver says it again"
EXAMPLES = 3  # of a field without a table: enough to see whether it is passed on
_BLANK, _ONE_WAY, _NOT_SENT = "blank comes back as ", "sent, not returned", "not sent"


@dataclass(frozen=True, slots=True)
class Kind:
    """One end of a pair: a kind of system.

    Args:
        says: message to the kinds of record that it is read from.
        takes: message to the kinds of record that it is written as, one of them each time.
        required: kind of record to the places of fields without which it cannot be written.
        completed: kind of record to further fields that the receiver asks for, and that a worker fills there.
        activities: kind of record to the activities that it is for; of another it is for all.
    """

    mappings: Mappings
    says: Mapping[str, Sequence[str]]
    takes: Mapping[str, Sequence[str]]
    required: Mapping[str, Sequence[str]]
    completed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    activities: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Verdict(StrEnum):
    """What becomes of a field."""

    CARRIED = "carried"
    PARTLY = "partly"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the sender. ``sender`` is "" where the receiver needs a field that nobody fills.

    Args:
        block: the block of the sender's mapping, and ``element`` the line's place in FHIR.
        receiver: the fields that depend on it; none where it cannot be carried.
        reasons: why it is not carried whole; none where it is.
    """

    sender: str
    block: str
    element: str
    receiver: tuple[str, ...]
    verdict: Verdict
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One message from one kind of system to another.

    Args:
        says: the kind of record that it is read from.
        takes: the kind of record that it is written as.
    """

    sender: str
    receiver: str
    message: str
    rows: tuple[Row, ...]
    says: str = ""
    takes: str = ""

    def count(self, verdict: Verdict) -> int:
        """How many fields have this verdict."""
        return sum(row.verdict is verdict for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Change:
    """What one value makes a record say, and whether the receiver would say all of it again."""

    said: frozenset[Leaf]
    arrived: bool


def matrix(sender: Kind, receiver: Kind) -> tuple[Sheet, ...]:
    """What the sender's kind can say to the receiver's.

    Returns:
        A sheet for each message that the one says and the other takes, and for each kind of record of either; its rows
        in the order of the sender's mapping.
    """
    return tuple(
        _sheet(sender, receiver, message, said, taken)
        for message in MESSAGES
        for said in sender.says.get(message, ())
        for taken in receiver.takes.get(message, ())
    )


def _sheet(sender: Kind, receiver: Kind, message: str, said: str, taken: str) -> Sheet:
    first = only(sender.mappings.records[said], receiver.activities.get(taken, frozenset()))
    needed = {
        **dict.fromkeys(receiver.completed.get(taken, ()), (Verdict.PARTLY, BY_HAND)),
        **dict.fromkeys(receiver.required.get(taken, ()), (Verdict.CANNOT, NEVER_SAID)),
    }
    rows = tuple(_rows(first, receiver.mappings.records[taken], needed))
    return Sheet(sender.mappings.kind, receiver.mappings.kind, message, rows, said, taken)


def _rows(first: RecordMapping, second: RecordMapping, needed: Mapping[str, tuple[Verdict, str]]) -> Iterator[Row]:
    """The rows of a sheet.

    Args:
        needed: place of a field that the receiver asks for, to what it means that the sender never says it.
    """
    fields = _fitting(first, second)
    reached: set[str] = set()
    for place in dict.fromkeys(place for _, _, places in lines_of(first, ">") for place in places):
        tried = _tried(first, second, place, fields)
        reached |= {at for passage in tried.values() for at, _ in passage.there}
        yield _row(first, second, place, tried)
    reached |= told_by_the_hub(first, second, fields)
    for place, (verdict, why) in needed.items():
        above = place.rpartition(".")[0]
        if place not in reached and (not above or any(at.startswith(f"{above}.") for at in reached)):
            yield Row("", "", "", (place,), verdict, (why,))


def _fitting(first: RecordMapping, second: RecordMapping) -> dict[str, str]:
    """A full record that the receiver does not refuse: where a field stands in the way, it says something else."""
    fields = suited(first, filled(first))
    for place in tuple(fields):
        refused = _refused(first, second, fields)
        if not refused:
            break
        if _refused(first, second, _without(fields, place)) != refused:
            texts = (*words_of(first, place), *TEXTS)
            others = ({**fields, place: text} for text in texts)
            free = (each for each in others if _refused(first, second, each) != refused)
            fields = next(free, _without(fields, place))
    for place in tuple(fields):
        for word in words_of(first, place):
            fields = _reaching(first, second, {**fields, place: word}, place, fields)
    return fields


def _reaching(
    first: RecordMapping, second: RecordMapping, said: Mapping[str, str], place: str, fields: dict[str, str]
) -> dict[str, str]:
    """The record with a word of another form beside it (a number of another type, say), if it reaches more fields.

    Only where the sender's own mapping refuses the word beside what stands there now: else each word is tried anyway.
    """
    now = carry(first, second, fields)
    if now is None or carry(first, second, said) is not None:
        return fields
    row = place.rpartition(".")[0]
    near = [at for at in fields if at != place and at.rpartition(".")[0] == row and not words_of(first, at)]
    for other in ({**said, at: text} for at in near for text in TEXTS):
        passage = carry(first, second, other)
        if passage and not passage.refused and len(passage.there) > len(now.there):
            return other
    return fields


def _refused(first: RecordMapping, second: RecordMapping, fields: Mapping[str, str]) -> str:
    found = carry(first, second, fields)
    return found.refused if found else "by the sender's own mapping"


def _without(fields: Mapping[str, str], place: str) -> dict[str, str]:
    return {at: text for at, text in fields.items() if at != place}


def _tried(first: RecordMapping, second: RecordMapping, place: str, fields: Mapping[str, str]) -> dict[str, Passage]:
    """What becomes of each word of a field, or of a few texts; and under "" of the record without the field.

    What the sender's own mapping refuses is not there. Of texts, neither is what is refused or loses more than others:
    a text is only an example, and what its form is, the loss reports say.
    """
    usual = carry(first, second, fields)
    words = words_of(first, place)
    tried: dict[str, Passage] = {}
    for value in words or dict.fromkeys((fields.get(place, TEXTS[0]), *TEXTS)):
        passage = carry(first, second, {**fields, place: value})
        if passage and (words or not usual or (not passage.refused and passage.losses <= usual.losses)):
            tried[value] = passage
        if not words and len(tried) == EXAMPLES:
            break
    without = carry(whole(first), second, _without(fields, place))
    return tried | ({"": without} if without else {})


def _row(first: RecordMapping, second: RecordMapping, place: str, tried: Mapping[str, Passage]) -> Row:
    others = {value: _other(value, tried) for value in tried if value}
    changes = {value: _change(tried[value], other) for value, other in others.items()}
    telling = [value for value, change in changes.items() if change.said]
    met = [value for value in telling if not tried[value].refused and not others[value].refused]
    places = {at for value in met for at, _ in tried[value].there ^ others[value].there}
    near = _near(first, second, place)
    if not places and "" in tried:  # every word becomes the same one
        places = near & {at for value in telling for at, _ in tried[value].there - tried[""].there}
    block, element = _shown(first, second, place, places)
    if not places:
        told = _told(tried, near | _elements(first, ">", {place}))
        return Row(place, block, element, (), Verdict.CANNOT, told or (NO_FIELD,))
    about = {place} | places | _elements(first, ">", {place}) | _elements(second, "<", places)
    reasons = [*_told(tried, about), *_reported(first, second, place, places)]
    reasons += [f"with `{value}` the message waits: {why}" for value in telling if (why := tried[value].refused)]
    if numbers := _numbers(changes[value].said for value in telling):
        reasons.append(numbers)
    elif not reasons and not all(changes[value].arrived for value in telling):
        reasons.append(DIRECTORY if _of_the_directory(first, place) else CHANGED)
    verdict = Verdict.PARTLY if reasons else Verdict.CARRIED
    return Row(place, block, element, tuple(sorted(places)), verdict, tuple(dict.fromkeys(reasons)))


def _other(value: str, tried: Mapping[str, Passage]) -> Passage:
    """What a value is compared with: the record with another one that says something else, or without any."""
    own = tried[value]
    others = (each for name, each in tried.items() if name and each is not own and not each.refused)
    return next((each for each in others if each.said != own.said), tried.get("", own))


def _change(own: Passage, other: Passage) -> _Change:
    """What the value makes the record say. Where it says what the resource is about, that tells no resource apart."""
    said, again = own.said - other.said, own.again
    if any(leaf[2] == "code" for leaf in said):
        said, again = _unkeyed(own.said) - _unkeyed(other.said), _unkeyed(again)
    return _Change(said, said <= again)


def _unkeyed(leaves: frozenset[Leaf]) -> frozenset[Leaf]:
    return frozenset((kind, "", *rest) for kind, _, *rest in leaves)


def _numbers(changes: Iterable[frozenset[Leaf]]) -> str:
    """What becomes of a number that is one agency's own; "" where it is none."""
    parts = {part for change in changes for leaf in change for part in leaf}
    if codes.ID_CLIENT in parts:
        return ALIAS
    return OWN_NUMBER if any(part.startswith(f"{codes.ID}/{HOME.agency}/") for part in parts) else ""


def _told(tried: Mapping[str, Passage], about: set[str]) -> tuple[str, ...]:
    """What was told of these places while the values were tried, and is not told of the record without any."""
    usual = tried[""].losses if "" in tried else frozenset()
    lines = (loss for value, passage in tried.items() if value for loss in sorted(passage.losses - usual, key=str))
    return tuple(dict.fromkeys(loss.reason for loss in lines if loss.place in about))


def _near(first: RecordMapping, second: RecordMapping, place: str) -> set[str]:
    """The receiver's fields at the same element, though nothing of this field came to stand in them."""
    tops = {_top(element) for element in _elements(first, ">", {place})}
    return {at for _, step, fields in lines_of(second, "<") if _top(step.element) in tops for at in fields}


def _reported(first: RecordMapping, second: RecordMapping, place: str, places: set[str]) -> Iterator[str]:
    """The lines of both loss reports about this field, in this direction."""
    own = [step for _, step, fields in lines_of(first, ">") if place in fields]
    absent = any(step.absent for step in own)
    coded = any(step.words for step in own)
    elsewhere = (_ONE_WAY, _NOT_SENT, *((_BLANK,) if absent else ()))
    for loss in first.loss_report():
        if loss.place == place and not loss.reason.startswith(elsewhere):
            yield loss.reason
    for loss in second.loss_report():
        ours = loss.reason.startswith(_BLANK) or (coded and loss.reason.startswith("`"))
        if loss.place in places and not ours:
            yield loss.reason
    if not coded:  # else every word was tried: what the receiver has no word for has been told
        for _, step, fields in lines_of(second, "<"):
            if places.intersection(fields):
                yield from (loss.reason for loss in step.lost if loss.place == step.element)


def _elements(mapping: RecordMapping, way: str, places: set[str]) -> set[str]:
    return {step.element for _, step, fields in lines_of(mapping, way) if places.intersection(fields)}


def _shown(first: RecordMapping, second: RecordMapping, place: str, places: set[str]) -> tuple[str, str]:
    """The line of the sender to show: that which the receiver reads, else the first."""
    own = [(block, step) for block, step, fields in lines_of(first, ">") if place in fields]
    own.sort(key=lambda line: line[1].way != "<->")
    lines = [(block.name, step.element) for block, step in own]
    read = {_top(element) for element in _elements(second, "<", places)}
    return next((line for line in lines if _top(line[1]) in read), lines[0])


def _top(element: str) -> str:
    return element.partition("[")[0].partition(", ")[0]


def _of_the_directory(mapping: RecordMapping, place: str) -> bool:
    return any(step.link and place in fields for _, step, fields in lines_of(mapping, ">"))
