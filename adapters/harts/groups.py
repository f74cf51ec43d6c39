"""The lines of a file that make one message, and the answer to each line from the answers to the messages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.contract import Answer, Verdict
from adapters.harts import ack, dat
from adapters.harts.dat import LINES_OF_CLIENT_MAX
from adapters.harts.layout import DELETED, Fault, Line, layout
from adapters.harts.ledger import KEPT, NAMED_BY, NOT_CARRIED, NOTHING_YET
from hub.model.canonical import canonical

_PARTS = frozenset({"AS", "EL"})  # facts of the client, which go with whatever speaks of a referral
_STUDY = frozenset({"EN", "AT", "EX"})
_RECORDS = {
    "client": "CL",
    "assessment": "AS",
    "eligibility": "EL",
    "waitlist": "WL",
    "attendance": "AT",
    "SERVICE": "EN",
    "support": "EN",
    "EXIT": "EX",
    **{name: name for name in ("CL", "AS", "EL", "RF", "WL", "EN", "AT", "EX")},
}
# the words of the exchange, and of our own records, for what stands there
_FIELDS = {"consent": "consent_no", "hub_referral_no": "ref_no", "outcome": "reason"}
_CHOOSE_NOTHING = frozenset({"local_key", "consent_no"})  # whose it is stands in the CL; a consent is found by itself


@dataclass(frozen=True, slots=True)
class Group:
    """The lines that make one message, the one that gives it its key first.

    An RF with its client's CL, AS, EL and WL; WL or AS lines of a client without an RF; an EN with its AT; an EX.
    """

    key: str
    client: Line
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]

    def request(self, site: str) -> str:
        """The number of the site's own request that it speaks of, or ""."""
        said = self.lines[0].fields
        return said.get("ref_no", "") if said.get("from_site") == site else ""

    def same_client(self, other: Group) -> bool:
        """Whether the CLs of two groups may name one client: no number that both have differs."""
        ours, theirs = self.client.fields, other.client.fields
        return all(ours[name] == theirs[name] for name in NAMED_BY if name in ours and name in theirs)

    def own(self) -> bytes:
        """What its first line says, wherever it stands and whatever stands beneath its client."""
        said = self.lines[0].fields
        return canonical({name: text for name, text in said.items() if name not in _CHOOSE_NOTHING})

    def octets(self, file_date: str) -> bytes:
        """As :func:`adapters.harts.record.parse` reads it."""
        return canonical(
            {
                "file_date": file_date,
                "client": {"line": self.client.number, "action": self.client.action, "fields": self.client.fields},
                "lines": [[line.number, line.record, line.action, line.fields] for line in self.lines],
                "faults": [fault.text() for fault in self.faults],
            }
        )


def of_client(where: str, client: dat.Client) -> Iterator[Group]:
    """The messages that a client's lines make.

    Args:
        where: ``site/year/seq``.
        client: its lines held against those before them (:class:`adapters.harts.ledger.Ledger`).
    """
    if client.line.action == DELETED:
        return
    faults = (*client.line.faults, *_crowd(client))
    parts = [line for line in client.lines if line.record in _PARTS and not line.faults]
    if client.crowded:
        parts = parts[:1]
    made = [*_of_referrals(client, where.partition("/")[0], parts), *_of_study(client)]
    for lines in sorted(made, key=lambda lines: lines[0].number):  # a page goes on after a line
        first = lines[0]
        own = first.faults if first.record not in _PARTS else ()
        yield Group(f"{where}/{first.number}", client.line, tuple(lines), (*faults, *own))


def _of_referrals(client: dat.Client, site: str, parts: list[Line]) -> Iterator[list[Line]]:
    """Of each RF, of places on lists without one, of results without either (shared model 7).

    A place on a list goes with the answer of its course, or with the only answer.
    """
    asked = [line for line in client.lines if line.record == "RF"]
    answers = [line for line in asked if line.fields.get("to_site") == site]
    of_course: dict[str, list[Line]] = {}
    for line in answers:
        of_course.setdefault(line.fields.get("course", ""), []).append(line)
    listed: dict[int, list[Line]] = {}
    for line in client.lines:
        if line.record == "WL" and not line.faults and line.action != DELETED:
            named = of_course.get(line.fields["course"], [])
            theirs = named if len(named) == 1 else answers
            listed.setdefault(theirs[0].number if len(theirs) == 1 else 0, []).append(line)
    for line in asked:
        yield [line, *parts, *listed.get(line.number, ())]
    results = [line for line in parts if line.record == "AS" and line.action != DELETED]
    if alone := listed.get(0):
        yield [*alone, *(() if asked else parts)]
    elif not asked and results:
        yield [results[0], *(line for line in parts if line is not results[0])]
    for line in client.lines:  # it can be said what is wrong with it, and no more
        if line.record == "WL" and line.faults and not _is_told_alone(line):
            yield [line]


def _of_study(client: dat.Client) -> Iterator[list[Line]]:
    """Of each EN with the attendance below it in the same course, of attendance without one, of each EX."""
    begun: dict[str, list[Line]] = {}
    made: list[list[Line]] = []
    for line in client.lines:
        if line.record not in _STUDY or _is_told_alone(line):
            continue
        course = line.fields.get("course", "")
        if line.record == "AT" and course in begun and not line.faults:
            begun[course].append(line)
            continue
        made.append([line])
        if line.record in ("EN", "AT") and not line.faults and line.action != DELETED:
            begun[course] = made[-1]
        else:
            begun.pop(course, None)
    yield from made


def _is_told_alone(line: Line) -> bool:
    """Whether its own answer is all that there is to say of a line: it makes no message as the file stands."""
    return any(fault.code in (NOTHING_YET, NOT_CARRIED) for fault in line.faults)


def of_lines(
    clients: Iterable[dat.Client],
    others: Iterable[Line],
    groups: Sequence[Group],
    answers: Mapping[str, Answer],
    *,
    old: bool,
) -> dict[int, ack.Answer]:
    """An answer for every line of a file: its own, or that of the message of which it is a part.

    Args:
        others: the lines that stand below no client.
        old: the file was taken in so long ago that what it waits for will not come.
    """
    by_line: dict[int, _Part] = {}
    for group in reversed(groups):  # a part of several messages has the answer of the first
        by_line |= dict.fromkeys((line.number for line in group.lines), _said(answers[group.key], old=old))
    nothing = _said(Answer(Verdict.WAITS, NOTHING_YET), old=old)
    found: dict[int, ack.Answer] = {}
    for client in clients:
        if client.line.action == DELETED:  # the hub keeps no client whom it could delete
            found |= {line.number: _of_line(line, _NOT_CARRIED, old=old) for line in (client.line, *client.lines)}
            continue
        own = [by_line[line.number] for line in client.lines if line.record not in _PARTS and line.number in by_line]
        own += [by_line[line.number] for line in client.lines if line.number in by_line]
        found[client.line.number] = _of_line(client.line, own[0] if own else _of_nobody(client, nothing), old=old)
        parts = (by_line[line.number] for line in client.lines if line.record == "RF" and line.number in by_line)
        otherwise = next(parts, nothing)  # a fact of a client with more lines than go with a message
        for line in client.lines:
            said = by_line.get(line.number) or (_KEPT if line.record in KEPT else otherwise)
            found[line.number] = _of_line(line, said, old=old)
    for line in others:
        found[line.number] = _of_line(line, _KEPT, old=old)
    return found


def _of_nobody(client: dat.Client, nothing: _Part) -> _Part:
    """Of a client of whom nothing is passed on: there may be nothing that it waits for all the same."""
    kept = [line for line in client.lines if line.record in KEPT]
    waits = any(fault.code == NOTHING_YET for line in kept for fault in line.faults)
    return _KEPT if kept and not waits else nothing


def _crowd(client: dat.Client) -> Iterator[Fault]:
    """The fault of a client with more lines than one message should be made of."""
    if client.crowded:
        got, expected = f"{len(client.lines)} lines below it", f"{LINES_OF_CLIENT_MAX} at most"
        yield Fault(client.line.number, "CL", "", "DN_SCHEMA", got, expected)


@dataclass(frozen=True, slots=True)
class _Part:
    """The answer to a message: its field belongs to the lines of one record type alone."""

    answer: ack.Answer
    record: str = ""
    field: str = ""


def _of_line(line: Line, said: _Part, *, old: bool) -> ack.Answer:
    if line.faults:
        fault = line.faults[0]
        waits = fault.code == NOTHING_YET and not old
        return ack.Answer(ack.Result.WARN if waits else ack.Result.ERR, fault.code, fault.field)
    if line.again and said.answer.result is ack.Result.OK:
        return ack.Answer(ack.Result.WARN, ack.FINAL_WARNING)
    return replace(said.answer, field=said.field) if said.record == line.record else said.answer


def _said(answer: Answer, *, old: bool) -> _Part:
    if answer.verdict is Verdict.ACCEPTED:
        known = ack.Answer(ack.Result.WARN, ack.FINAL_WARNING) if answer.known else ack.Answer(ack.Result.OK)
        return _Part(known)
    given_up = answer.code == NOTHING_YET and old
    waits = answer.verdict is Verdict.WAITS and not given_up
    return _Part(ack.Answer(ack.Result.WARN if waits else ack.Result.ERR, answer.code), *_wrong(answer.place))


def _wrong(place: str) -> tuple[str, str]:
    """Record type and column, as 9.4 writes them, of the field that an error names; both "" where it names none."""
    path = re.findall(r"[A-Za-z_]+", place.partition(": got")[0])
    record = next((_RECORDS[word] for word in reversed(path[:-1]) if word in _RECORDS), "RF")
    field = _FIELDS.get(path[-1], path[-1]).lower() if path else ""
    return (record, field.upper()) if field in layout()[record].columns else ("", "")


_NOT_CARRIED = _Part(ack.Answer(ack.Result.ERR, NOT_CARRIED))
_KEPT = _Part(ack.Answer(ack.Result.OK))  # it was read and is kept, and tells nobody of anything


def line_of(key: str) -> int:
    """The line of a record key."""
    return int(key.rpartition("/")[2])
