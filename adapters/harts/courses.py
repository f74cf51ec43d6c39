"""Courses, and what is said of them: rules H3 to H5 of program systems 4.7 for CO, WL, EN, AT and EX lines. Pure.

What a course is and who is enrolled is the caller's to know (``ledger``). A learner's profile may be mixed (case 44): a
level lies within a course where one of the four does, and what says nothing (NA, IE) asks nothing. A line that deletes
is not held against these rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.harts.layout import Fault, Line
from adapters.harts.rules import LITERACY, NO_LEVEL, SKILLS
from hub.errors import code

STREAMS = frozenset({"LINC", "CLIC", "ESL", "FSL", "ELT", "OSLT"})  # program systems 4.5
FORMATS, FOCUSES = frozenset("1234567"), frozenset("12345")  # numbered in the order of program systems 2.11
STATUSES, FINISHED = frozenset("CPE"), frozenset("CP")
# from the lowest: literacy, then Pre-CLB, then the benchmarks, in the order of program systems 2.12
_LADDER = ("FL", "1L", "2L", "3L", "4L", "PC", *(f"{level:02}" for level in range(1, 13)))
_RUNG = {level: place for place, level in enumerate(_LADDER)}
_OPEN_END = "9999-12-31"

Course = Mapping[str, str]
"""The fields of a CO line that other lines are held against."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A learner in a course.

    Args:
        first_class: a day.
        ref_no: of the referral that led there, or "".
        ended: the day of the exit, or "".
    """

    first_class: str
    ref_no: str = ""
    ended: str = ""


def of_course(line: Line, site: str) -> Iterator[Fault]:
    """A course of this site, with its dates, seats and levels in order."""
    said = line.fields
    if "site" in said and said["site"] != site:
        yield _fault(line, "SITE", "DN_SENDER", "another site's", "the site of this file", "send it from its own site")
    for name, known in (("stream", STREAMS), ("format", FORMATS), ("focus", FOCUSES)):
        if name in said and said[name] not in known:
            yield _fault(line, name.upper(), "DN_SCHEMA", code(said[name]), ", ".join(sorted(known)))
    if said.get("end", _OPEN_END) < said.get("start", ""):
        yield _fault(line, "END", "DN_SCHEMA", "a day before START", "START, or later")
    if "end" not in said and said.get("ongoing") != "1":
        yield _fault(line, "END", "DN_SCHEMA", "nothing", "a day, or Y as ONGOING")
    if "seats" in said and int(said.get("funded_seats", "0")) > int(said["seats"]):
        yield _fault(line, "FUNDED_SEATS", "DN_SCHEMA", "more than SEATS", "SEATS at most")
    low, high = (_RUNG.get(said.get(name, "")) for name in ("l_from", "l_to"))
    if low is not None and high is not None and low > high:
        yield _fault(line, "L_TO", "DN_SCHEMA", "a level below L_FROM", "L_FROM, or above")


def of_list(line: Line, course: Course | None) -> Iterator[Fault]:
    """A place on the list of a course that HARTS has told of."""
    said = line.fields
    if course is None:
        yield _no_course(line)
    if "offer_result" in said and "offered_on" not in said:
        yield _fault(line, "OFFERED_ON", "DN_SCHEMA", "nothing", "the day of the offer, since it has a result")
    if said.get("offered_on", _OPEN_END) < said.get("listed_on", ""):
        yield _fault(line, "OFFERED_ON", "DN_SCHEMA", "a day before LISTED_ON", "LISTED_ON, or later")


def of_enrolment(line: Line, course: Course | None, before: Enrolled | None) -> Iterator[Fault]:
    """H4: the course is active, the first class inside its dates, a level within its levels; no way back in.

    Args:
        before: the same learner in the same course, as it stands before this line.
    """
    yield from _literacy(line, *SKILLS)
    if course is None:
        yield _no_course(line)
        return
    said = line.fields
    if course.get("active") != "1":
        yield _fault(line, "COURSE", "H4", "a course that is not active", "a course with ACTIVE Y")
    if "first_class" in said and not course["start"] <= said["first_class"] <= _last_day(course):
        yield _fault(line, "FIRST_CLASS", "H4", "a day outside the course", "a day from START to END of its CO")
    if not _within(course, [said.get(skill, "") for skill in SKILLS]):
        yield _fault(line, "L", "H4", "levels outside the course", "one level at least from L_FROM to L_TO of its CO")
    if before is not None and before.ended and line.action == "U":
        yield _fault(line, "COURSE", "H4", "an enrolment that has ended", "a new EN with A, if the learner is back")


def of_attendance(line: Line, enrolled: Enrolled | None) -> Iterator[Fault]:
    """H5: attended hours at most offered hours, in a course in which the learner was in that month."""
    said = line.fields
    if enrolled is None:
        yield _not_enrolled(line)
    elif "period" in said and not enrolled.first_class[:7] <= said["period"] <= (enrolled.ended or _OPEN_END)[:7]:
        yield _fault(line, "PERIOD", "H5", "a month outside the enrolment", "a month from FIRST_CLASS to EXIT_DATE")
    if float(said.get("hours_attended", 0)) > float(said.get("hours_offered", 0)):
        yield _fault(line, "HOURS_ATTENDED", "H5", "more than HOURS_OFFERED", "HOURS_OFFERED at most")


def of_exit(line: Line, enrolled: Enrolled | None) -> Iterator[Fault]:
    """H5: an exit out of an enrolment, after its first class; a certificate only of who completed, with levels."""
    said = line.fields
    yield from _literacy(line, "l", "s", "cert_l", "cert_s")
    told = [skill for skill in SKILLS if skill in said]
    if told and len(told) < len(SKILLS):
        missing = next(skill for skill in SKILLS if skill not in said)
        yield _fault(line, missing.upper(), "H3", "nothing", "a level of each skill, or of none")
    if enrolled is None:
        yield _not_enrolled(line)
    elif said.get("exit_date", _OPEN_END) < enrolled.first_class:
        yield _fault(line, "EXIT_DATE", "H5", "a day before the first class", "FIRST_CLASS of its EN, or later")
    status = said.get("status", "")
    if status and status not in STATUSES:
        yield _fault(line, "STATUS", "DN_SCHEMA", code(status), "C, P or E")
    if "reason" in said and status in FINISHED:
        yield _fault(line, "REASON", "DN_SCHEMA", code(said["reason"]), "nothing with C and P")
    yield from _certificate(line, finished=status in FINISHED)


def _certificate(line: Line, *, finished: bool) -> Iterator[Fault]:
    said = line.fields
    if said.get("cert") != "1":
        for name in ("cert_l", "cert_s"):
            if name in said:
                yield _fault(line, name.upper(), "H5", "a level without a certificate", "nothing, or Y as CERT")
        return
    if not finished:
        yield _fault(line, "CERT", "H5", "a certificate of who left early", "STATUS C or P with a certificate")
    for name in ("l", "s"):
        if said.get(f"cert_{name}", said.get(name, "NA")) in NO_LEVEL:
            expected = f"the level on the certificate, or {name.upper()}"
            yield _fault(line, f"CERT_{name.upper()}", "H5", "no level", expected)


def _literacy(line: Line, *names: str) -> Iterator[Fault]:
    for name in names:
        if name not in ("r", "w") and line.fields.get(name) in LITERACY:
            expected = "no literacy code: those are for R and W"
            yield _fault(line, name.upper(), "H3", code(line.fields[name]), expected)


def _within(course: Course, levels: list[str]) -> bool:
    rungs = [_RUNG[level] for level in levels if level in _RUNG]
    low, high = _RUNG.get(course.get("l_from", ""), 0), _RUNG.get(course.get("l_to", ""), len(_LADDER))
    return not rungs or any(low <= rung <= high for rung in rungs)


def _last_day(course: Course) -> str:
    return _OPEN_END if course.get("ongoing") == "1" else course.get("end", _OPEN_END)


def _no_course(line: Line) -> Fault:
    return _fault(line, "COURSE", "H4", "a course of which no CO line came", "the code as its CO line spells it")


def _not_enrolled(line: Line) -> Fault:
    return _fault(line, "COURSE", "H5", "a course without an EN of this learner", "the code as the EN line spells it")


def _fault(
    line: Line, field: str, rule: str, got: str, expected: str, next_step: str = "correct it and send it again"
) -> Fault:
    return Fault(line.number, line.record, field, rule, got, expected, next_step)
