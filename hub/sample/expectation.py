"""What must become of each record, said before anything runs: by which code it is answered, and what stays behind.

The codes are literals (``scenarios.py``). Only what stays behind is computed, from the story alone: what a record
holds, less what its client ticked, the two agencies have signed for and a referral needs (settled S55).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hub.sample import cams_papers, icare_papers, situation
from hub.sample.agencies import FUNDER, SHELTER
from hub.sample.database import Row
from hub.sample.deviations import MANDATORY
from hub.sample.network import Network
from hub.sample.people import Person
from hub.sample.permitted import NOT_FOR_CLASSES, PROFILE, SENSITIVE
from hub.sample.scenarios import AFTERWARDS, ELEMENTS, EXPECTED, UNREADABLE, Scenario
from hub.sample.tally import REFERRAL, STATUS, Message, Received

REQUEST = "add-service-request"
NOT_READ = "DN_SCHEMA"
REPORT, NOTICED = "funder-report", "OK_NOTICE_BASED"  # settled S7
GOES = frozenset({"OK_CONSENT", "OK_SUBSTITUTE", "OK_STATUS_ONLY", NOTICED})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of gate 1.

    Args:
        code: the first one; "DN_SCHEMA" of what is no message too.
        withheld: categories that stay behind, in order; ``kept_back``: those of them that the client did not allow. Of
            these alone the recipient hears that something is missing (I-10).
    """

    code: str
    withheld: tuple[str, ...] = ()
    kept_back: tuple[str, ...] = field(default=(), compare=False)  # no entry of the log says it


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of one record.

    Args:
        source: how the hub names it: system and record.
        answers: in order; what follows them is the story's, if anything does.
        element: which one a refusal must name; "": none by itself.
    """

    source: str
    scenario: str
    sender: str
    recipient: str
    event: str
    answers: tuple[Answer, ...]
    element: str = ""


def file(network: Network) -> Path:
    """Where it is written down."""
    return network.folder / "expected.jsonl"


def write(network: Network) -> Path:
    """Write down what must become of every record, a line of JSON each, before anything runs."""
    half = file(network).with_suffix(".half")
    with half.open("w", encoding="utf-8") as handle:
        handle.writelines(f"{json.dumps(asdict(each))}\n" for each in expected(network))
    return half.rename(file(network))  # what is interrupted is not taken for the whole


def read(network: Network) -> Iterator[Expected]:
    """What was written down."""
    with file(network).open(encoding="utf-8") as handle:
        for row in map(json.loads, handle):
            due = (Answer(each["code"], tuple(each["withheld"]), tuple(each["kept_back"])) for each in row["answers"])
            yield Expected(**{**row, "answers": tuple(due)})


def expected(network: Network) -> Iterator[Expected]:
    """Of everybody's first referral, and of what is reported of a month."""
    for person, source in network.sources():
        about = (person.scenario.value, person.home, person.to, REQUEST)
        yield Expected(source, *about, answers(network, person), _element(network, person))
    yield from _reports(network)


def _reports(network: Network) -> Iterator[Expected]:
    """Of each client a profile; and the services, once the funder has taken that: not of whom it does not find."""
    site, home = network.reporting, network.system(network.reports.id)
    for place, person in enumerate(network.reported(), start=1):
        left = tuple(sorted(set(icare_papers.FUNDED) - set(icare_papers.told_of(person))))
        found = icare_papers.plain_number(person) not in site.unknown
        for record in ("profile", "report") if found else ("profile",):
            about = ("reported", site.home, FUNDER.id, REPORT)
            yield Expected(f"{home}/{record}:{place}", *about, (Answer(NOTICED, left, left),))


def answers(network: Network, person: Person) -> tuple[Answer, ...]:
    """The first answer to somebody's referral; and the one after, where nothing but time must pass for it."""
    if person.scenario in UNREADABLE:
        return (Answer(NOT_READ),)
    code = EXPECTED[person.scenario]
    first = _going(network, person, code) if code in GOES else Answer(code)
    return (first, afterwards(network, person)) if person.scenario is Scenario.NOT_YET else (first,)


def afterwards(network: Network, person: Person, consent: Row | None = None) -> Answer:
    """The answer after the first one, once the demo has told what happened then.

    Args:
        consent: what the person has signed meanwhile; None: what stood before.
    """
    now = replace(person, consent=consent) if consent is not None else person
    return _going(network, now, AFTERWARDS[person.scenario])


def _going(network: Network, person: Person, code: str) -> Answer:
    """Categories that the record holds and that may not go, and which of them the client's word alone keeps back."""
    held, could, ticked = _held(network, person), _could(network, person), _ticked(person)
    return Answer(code, tuple(sorted(held - (could & ticked))), tuple(sorted((held & could) - ticked)))


def differences(
    due: Iterable[Expected], found: Iterable[Message], unread: Iterable[str], more: Mapping[str, Sequence[Answer]]
) -> tuple[int, list[str]]:
    """How many answers were compared, and what came otherwise, by ids, codes and categories.

    Args:
        found: every message, in the order of the log.
        unread: sources that were answered as unreadable.
        more: source to what the acts of the story have added.
    """
    said: dict[str, list[Answer]] = {}
    led: dict[str, set[tuple[str, str]]] = {}
    compared, wrong = 0, list[str]()
    for message in found:
        if message.kind == STATUS:
            compared += 1
            wrong += _of_a_status(message)
        else:
            _heard(said.setdefault(message.source, []), Answer(message.gate_1, message.left))
            led.setdefault(message.source, set()).add((message.event, message.to))
    bad = (source for source in unread if "/consent:" not in source)  # the form of somebody whose record is wrong
    for source in bad:
        if Answer(NOT_READ) not in said.get(source, ()):  # else it was a message, and its answer stands in the log
            said[source] = [Answer(NOT_READ), *said.get(source, ())]  # a record is corrected once it was answered
    left: dict[str, Sequence[Answer]] = dict(more)
    for each in due:
        answers_due: Sequence[Answer] = (*each.answers, *left.pop(each.source, ()))
        compared += len(answers_due)
        wrong += _otherwise(each.source, answers_due, said.pop(each.source, []), each.scenario)
        others = led.get(each.source, set()) - {(each.event, each.recipient)}
        wrong += [f"{each.source}: {event} to {to}, which was not asked" for event, to in sorted(others)]
    for source, answers_due in left.items():
        compared += len(answers_due)
        wrong += _otherwise(source, answers_due, said.pop(source, []), "told")
    wrong += [f"{source}: {_spelled(got[0])} where nothing was due" for source, got in said.items()]
    return compared, wrong


def unnamed(due: Iterable[Expected], inboxes: Mapping[str, Sequence[Received]]) -> list[str]:
    """Records of which no refusal names the element that is wrong or missing (INV-10)."""
    places: dict[str, list[str]] = {}
    for name, rows in inboxes.items():
        for row in rows:
            places.setdefault(f"{name}/{row.record}", []).append(row.place)
    return [
        f"{each.source}: no word names {each.element} ({each.scenario})"
        for each in due
        if each.element and not any(each.element in place for place in places.get(each.source, ()))
    ]


def mismarked(
    due: Iterable[Expected],
    more: Mapping[str, Sequence[Answer]],
    found: Iterable[Message],
    inboxes: Mapping[str, Sequence[Received]],
) -> Iterator[str]:
    """Referrals in databases that say to be whole and are not, or the other way round."""
    every = (row for rows in inboxes.values() for row in rows if row.kind == REFERRAL and row.message_id)
    marks = {row.message_id: row.incomplete for row in every}
    went = {each.source: answer for each in due for answer in each.answers if answer.code in GOES}
    went |= {source: answer for source, answers in more.items() for answer in answers if answer.code in GOES}
    for message in found:
        answer, mark = went.get(message.source), marks.get(message.envelope_id)
        if answer is not None and mark is not None and mark != bool(answer.kept_back):
            yield f"{message.source}: arrived as {'incomplete' if mark else 'whole'}, and is not"


def _element(network: Network, person: Person) -> str:
    if person.home not in {agency.id for agency in network.agencies}:
        return ""  # a line of an answer has no place for it
    if person.scenario is Scenario.DRAFT and person.consent is not None:
        return next(name for name in MANDATORY if person.consent[name] is None)
    return ELEMENTS.get(person.scenario, "")


def _heard(before: list[Answer], answer: Answer) -> None:
    """What was refused may be read again some minutes later, as when its row and its case's stand on two pages of a
    source: that it is refused again, for the same reason, is no other answer.
    """
    if before[-1:] != [answer] or answer.code in GOES:
        before.append(answer)


def _otherwise(source: str, due: Sequence[Answer], said: Sequence[Answer], scenario: str) -> Iterator[str]:
    for number in range(max(len(due), len(said))):
        want = due[number] if number < len(due) else None
        got = said[number] if number < len(said) else None
        if want != got:
            yield f"{source}: {_spelled(got)} where {_spelled(want)} was due ({scenario})"


def _of_a_status(message: Message) -> Iterator[str]:
    """An answer passes by itself (C-71), a result by a consent of its own; a shelter's would tell of whom it knows."""
    shelters = message.source.startswith(f"{SHELTER.id}-")
    due = {"DN_EXISTENCE"} if shelters else {"OK_STATUS_ONLY", "OK_CONSENT"}
    if message.gate_1 not in due:
        yield f"{message.source}: {message.gate_1} where {' or '.join(sorted(due))} was due (an answer)"


def _spelled(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    return f"{answer.code} without {' '.join(answer.withheld)}" if answer.withheld else answer.code


def _could(network: Network, person: Person) -> set[str]:
    """What may go if the client says so: what a referral of the kind has a use for, and the two agencies signed for."""
    needed = PROFILE - NOT_FOR_CLASSES if person.wanted.startswith("language-") else PROFILE
    agreed = [set(each.categories) for each in network.agreements if set(each.parties) == {person.home, person.to}]
    return set(needed).intersection(*agreed) if agreed else set()


def _ticked(person: Person) -> set[str]:
    """What the client allowed; on the telephone nobody opens what is sensitive (C-46)."""
    said = set(str((person.consent or {}).get("categories", "")).split())
    return said - SENSITIVE if person.scenario is Scenario.VERBAL else said


def _held(network: Network, person: Person) -> set[str]:
    """Categories of which a record says something."""
    if person.home == network.cams_site.id:
        return set(cams_papers.held(person))
    if person.home == network.settlement.id:
        return icare_papers.held(person)
    row, of_centre = person.client, person.home == network.centre.id
    said = {
        "IDENT": True,
        "NEEDS": True,
        "LANG": True,
        "IMMIG": True,
        "NOTES_FREE": bool(person.referral.get("reason_text")),
        "CONTACT": of_centre or _is_reachable(row),
    }
    of_the_row = {category for category, is_there in said.items() if is_there}
    return of_the_row | situation.held(person.situation, person.number)


def _is_reachable(row: Mapping[str, Any]) -> bool:
    """Whether a CMS shows a channel that is marked safe, or an address that nobody hides."""
    channels = any(row[name] and row[f"{name}_safe"] for name in ("phone", "email"))
    return channels or not row["address_confidential"]
