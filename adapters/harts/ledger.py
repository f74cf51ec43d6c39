"""What the lines of a file are held against: which courses there are, who is enrolled, and what was said before.

Program systems 4.5 (CO, WL, EN, AT, EX), 4.6 and 9.4 (keys of A, U and D, ``W01``, ``W02``), cases 42, 43 and 45. Kept
in the adapter's own small store: a course under its code, a learner under keyed digests of the numbers that a CL names
them by; of a learner actions, dates, courses and the number of a referral, nothing else.

Everything is kept with the place of the line that said it, and a line sees only what stands before it. So a file that
is read again finds what it found, whatever has been said since, save where an earlier file comes late. A line with a
fault was not taken in and is not kept, save one of which the fault is that no message is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from adapters.contract import Memory
from adapters.harts import courses, values
from adapters.harts.courses import Course, Enrolled
from adapters.harts.dat import Client
from adapters.harts.layout import CHANGED, DELETED, Fault, Line
from adapters.harts.rules import FEDERAL

NOTHING_YET = "W01"  # program systems 9.4: no referral to belong to, or nothing to change, yet
NOT_CARRIED = "DN_OFF_BUS"
NAMED_BY = ("harts_no", "local_key")  # H1: by one of them a CL names its client
KEPT_MAX = 200  # [policy] of a learner, and of a course: the newest words; of older ones, what `_cut` leaves
KEPT = frozenset({"WL", "EN", "AT", "EX"})
_FIELDS = {  # what is kept of each
    "CO": ("stream", "start", "end", "ongoing", "l_from", "l_to", "active"),
    "WL": (),
    "EN": ("first_class", "ref_no"),
    "AT": ("period",),
    "EX": ("exit_date",),
}

_OWN_NUMBER = "a referral of HARTS' own"

Place = tuple[int, int, int]  # year, sequence, line: the order of files and lines
Word = tuple[Place, str, str, str, dict[str, str]]  # where, record, action, course, fields


@dataclass
class _Learner:
    """How a learner stands at a place."""

    enrolled: dict[str, Enrolled] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    attended: set[tuple[str, str]] = field(default_factory=set)

    def hear(self, record: str, action: str, course: str, said: Mapping[str, str]) -> None:
        """Go on by one line: an EX ends its EN, a new EN the old EX (program systems 9.4)."""
        before = self.enrolled.get(course)
        if record == "EN" and action == DELETED:
            self.enrolled.pop(course, None)
        elif record == "EN":
            self.enrolled[course] = Enrolled(said["first_class"], said.get("ref_no", ""))
        elif record == "EX" and before is not None:
            self.enrolled[course] = replace(before, ended="" if action == DELETED else said["exit_date"])
        elif record in ("WL", "AT"):
            there: set[Any] = self.listed if record == "WL" else self.attended
            key = course if record == "WL" else (course, said["period"])
            (there.discard if action == DELETED else there.add)(key)

    def has(self, line: Line) -> bool:
        """Whether what a line names stands already."""
        course = line.fields.get("course", "")
        enrolled = self.enrolled.get(course)
        match line.record:
            case "EN":
                return enrolled is not None and (not enrolled.ended or line.action != "A")
            case "EX":
                return enrolled is not None and bool(enrolled.ended)
            case "AT":
                return (course, line.fields.get("period", "")) in self.attended
        return course in self.listed


class Ledger:
    """The courses and learners of one site.

    Args:
        reports_elsewhere: the site's federal courses are reported in iCARE, not in HARTS (case 45).
    """

    def __init__(self, memory: Memory, site: str, *, reports_elsewhere: bool) -> None:
        self._memory, self._site, self._elsewhere = memory, site, reports_elsewhere

    def courses(self, where: str, lines: Iterable[Line]) -> list[Line]:
        """The CO lines of a file with what is wrong with them; the good ones are kept.

        Args:
            where: ``site/year/seq``.
        """
        found = []
        for line in lines:
            at = _place(where, line)
            words = self._words(_course_key(line.fields.get("course", "")))
            stands = _course_at(words, at) is not None
            faults = list(line.faults)
            if not faults and line.action != DELETED:
                faults += courses.of_course(line, self._site)
            if not faults and line.action != "A" and not stands:
                faults.append(_nothing(line))
            if not faults:
                key = _course_key(line.fields["course"])
                self._keep(key, words, _word(at, line))
            found.append(replace(line, faults=tuple(faults), again=not faults and line.action == "A" and stands))
        return found

    def client(self, where: str, client: Client) -> Client:
        """A client with what is wrong with the lines about courses, each held against those before it."""
        refused = client.line.faults or client.line.action == DELETED or client.crowded
        if refused or not any(each.record in KEPT for each in client.lines):
            return client
        keys = [
            f"learner:{self._memory.digest(f'{name} {client.line.fields[name]}')}"
            for name in NAMED_BY
            if name in client.line.fields
        ]
        kept = {key: self._words(key) for key in keys}
        words = _together(kept.values())
        lines: list[Line] = []
        new: list[Word] = []
        for line in client.lines:
            checked = self._checked(where, line, [*words, *new]) if line.record in KEPT else line
            if line.record in KEPT and _is_taken(checked):
                new.append(_word(_place(where, line), line))
            lines.append(checked)
        for key, before in kept.items():
            self._keep(key, before, *_together([words, new]))  # under each number what was said under the other too
        return replace(client, lines=tuple(lines))

    def _checked(self, where: str, line: Line, words: list[Word]) -> Line:
        """A line with its faults; of one about an enrolment the number of its referral, and whether it was said."""
        at, said = _place(where, line), line.fields
        course = self._course(said.get("course", ""), at)
        stands = _learner_at(words, at)
        enrolled = stands.enrolled.get(said.get("course", ""))
        if line.record != "WL" and self._elsewhere and course is not None and course.get("stream") in FEDERAL:
            got, step = "a federal course", "report it in iCARE, as this site does (setting `reports`)"
            return _with(line, Fault(line.number, line.record, "COURSE", NOT_CARRIED, got, "another course", step))
        if line.faults:
            return line
        if line.action == DELETED:
            return _deleted(line, enrolled, there=stands.has(line))
        line = _with(line, *_RULES[line.record](line, course, enrolled))
        if line.faults:
            return line
        if line.action == CHANGED and not stands.has(line):
            return _with(line, _nothing(line))
        again = stands.has(line)
        fields = {**said, **(_of_enrolment(enrolled) if enrolled and line.record in ("AT", "EX") else {})}
        if again and line.record == "EX":
            fields["again"] = "1"
        return _under(replace(line, fields=fields, again=again and line.action == "A"))

    def _course(self, name: str, at: Place) -> Course | None:
        return _course_at(self._words(_course_key(name)), at) if name else None

    def _words(self, key: str) -> list[Word]:
        text = self._memory.get(key)
        rows = orjson.loads(text) if text else []
        return [((place[0], place[1], place[2]), *rest) for place, *rest in rows]

    def _keep(self, key: str, before: list[Word], *new: Word) -> None:
        """Keep what is new of these words: a line that is read again says nothing new."""
        there = {word[0] for word in before}
        fresh = [word for word in new if word[0] not in there]
        if fresh:
            self._memory.put(key, orjson.dumps(_cut(sorted([*before, *fresh], key=_by_place))).decode())


_RULES: Mapping[str, Callable[[Line, Course | None, Enrolled | None], Iterator[Fault]]] = {
    "WL": lambda line, course, _: courses.of_list(line, course),
    "EN": courses.of_enrolment,
    "AT": lambda line, _, enrolled: courses.of_attendance(line, enrolled),
    "EX": lambda line, _, enrolled: courses.of_exit(line, enrolled),
}


def _deleted(line: Line, enrolled: Enrolled | None, *, there: bool) -> Line:
    """A line that deletes: of an enrolment, or a place on a list, it is heard; what was told of others cannot be."""
    if not there:
        return _with(line, _nothing(line))
    if line.record in ("AT", "EX"):
        got, step = "a line that takes back what was told", "tell those who referred the client"
        return _with(line, Fault(line.number, line.record, "", NOT_CARRIED, got, "A or U", step))
    return _under(replace(line, fields={**line.fields, **_of_enrolment(enrolled)})) if enrolled is not None else line


def _is_taken(line: Line) -> bool:
    """Whether a line counts for those after it: also where only the hub has nobody to tell of it."""
    kinds = {fault.code for fault in line.faults}
    if line.action == DELETED:
        return not kinds or kinds == {NOT_CARRIED} or _of_harts_alone(line)
    return not kinds or _of_harts_alone(line)


def _of_harts_alone(line: Line) -> bool:
    """A line under a referral of HARTS' own, which never came through the hub."""
    return [(fault.code, fault.got) for fault in line.faults] == [(NOTHING_YET, _OWN_NUMBER)]


def _of_enrolment(enrolled: Enrolled) -> dict[str, str]:
    return {"first_class": enrolled.first_class, **({"ref_no": enrolled.ref_no} if enrolled.ref_no else {})}


def _under(line: Line) -> Line:
    """A line with the fault that it stands under a referral of HARTS' own, where it does."""
    own = line.fields.get("ref_no", "")
    return _with(line, _of_nobody(line)) if own and values.alias(own) is None else line


def _nothing(line: Line) -> Fault:
    return Fault(line.number, line.record, "COURSE", NOTHING_YET, "nothing that it could change", "an A line before it")


def _of_nobody(line: Line) -> Fault:
    where = "REF_NO" if line.record == "EN" else ""  # the others have it of their EN
    return Fault(line.number, line.record, where, NOTHING_YET, _OWN_NUMBER, "a referral that came through the hub")


def _with(line: Line, *faults: Fault) -> Line:
    return replace(line, faults=(*line.faults, *faults)) if faults else line


def _place(where: str, line: Line) -> Place:
    _, year, seq = where.split("/")
    return int(year), int(seq), line.number


def _word(at: Place, line: Line) -> Word:
    said = {name: text for name in _FIELDS[line.record] if (text := line.fields.get(name))}
    return at, line.record, line.action, line.fields["course"], said


def _by_place(word: Word) -> Place:
    return word[0]


def _together(lists: Iterable[list[Word]]) -> list[Word]:
    """The words of a learner who has two numbers, each once."""
    return sorted({word[0]: word for words in lists for word in words}.values(), key=_by_place)


def _cut(words: list[Word]) -> list[Word]:
    """The newest words, and of older ones the last of each list, enrolment, exit and course: only old months go."""
    older = {(word[1], word[3]): word for word in words[:-KEPT_MAX] if word[1] != "AT"}
    return [*sorted(older.values(), key=_by_place), *words[-KEPT_MAX:]]


def _course_key(name: str) -> str:
    return f"course:{name}"


def _course_at(words: list[Word], at: Place) -> Course | None:
    last = next((word for word in reversed(words) if word[0] < at), None)
    return last[4] if last is not None and last[2] != DELETED else None


def _learner_at(words: list[Word], at: Place) -> _Learner:
    found = _Learner()
    for place, record, action, course, said in words:
        if place < at:
            found.hear(record, action, course, said)
    return found
