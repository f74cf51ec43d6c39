"""What HARTS says of an enrolment: EN and AT lines as a SERVICE, an EX as an EXIT; and drafts of these lines.

Program systems 4.5, 4.6, 6.5 and 9.4. Pure. Whether lines fit courses and enrolments is asked elsewhere (``courses``).

- A SERVICE is an EN, with ``began``, and the attendance of the same course below it; or attendance alone.
- The four levels of an EN or EX are one child of the client, ``level``, where they say something: four NA say nothing.
- A support with Y is a child; with N it is none, and comes back blank.
- ``outcome`` is STATUS C or P, the REASON of an E, or E where it has none. An EN that deletes is an EXIT with outcome
  D: it was entered in error, and is over on the day of its file.
- ``ended`` is the STATUS by which a referral ends; a correction says nothing of it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.harts.layout import CHANGED, DELETED, fill, layout, names
from adapters.harts.rules import SKILLS
from hub.model.record import Loss, Record

SERVICE, EXIT = "SERVICE", "EXIT"
KINDS = frozenset({SERVICE, EXIT})
LINES = frozenset({"EN", "AT", "EX"})
ADDED = {
    "AT": ("ref_no", "first_class"),
    "EX": ("ref_no", "first_class", "again"),
}  # by the ledger, to what a line itself says
TOLD = ("file_date", "seq", "line")  # where a record stood
SUPPORTS = ("childmind", "transport", "disability", "interp")
LEVEL = "level"
COMPLETED, PROMOTED, LEFT = "C", "P", "E"  # EX STATUS
_NOTHING_KNOWN = "NA"
_OF_EN = ("course", "first_class", "funding", "seat", "ref_no")
_OF_EX = ("course", "exit_date", "cert", "cert_l", "cert_s")

Said = tuple[str, str, dict[str, str]]
"""A line: record, action, fields."""


def without_key(fields: Sequence[str]) -> tuple[str, ...]:
    """The lines below a CL repeat its LOCAL_KEY (H1): it is the client's, once."""
    return tuple(name for name in fields if name != "local_key")


def without_local_key(fields: Mapping[str, str]) -> dict[str, str]:
    """The same of a line that was read."""
    return {name: text for name, text in fields.items() if name != "local_key"}


def columns() -> Mapping[str, Mapping[str, Any]]:
    """Field names of both kinds of record, as :func:`adapters.harts.record.columns`."""
    client = {"fields": names("CL"), "children": {LEVEL: {"fields": ("level_date", *SKILLS)}}}
    months = {"fields": without_key(names("AT"))}
    below = {"client": client, "support": {"fields": ("service",)}, "attendance": months}
    return {
        SERVICE: {"fields": (*_OF_EN, "began", "local_key", *TOLD), "children": below},
        EXIT: {
            "fields": (*_OF_EX, "outcome", "ended", "first_class", "ref_no", "local_key", *TOLD),
            "children": {"client": client},
        },
    }


def required() -> Mapping[str, Sequence[str]]:
    """The fields without which an EN, an AT or an EX cannot be written, with their child path."""
    levels = tuple(f"client.{LEVEL}.{skill}" for skill in SKILLS)
    months = tuple(f"attendance.{name}" for name in without_key(layout()["AT"].needed))
    return {
        SERVICE: ("course", "first_class", "funding", *levels, *months),
        EXIT: ("course", "exit_date", "outcome", "cert"),
    }


def record(lines: Sequence[Said], client: Mapping[str, str], place: Mapping[str, str]) -> Record:
    """Lines about one enrolment, the one that makes the message first, as a record.

    Args:
        client: fields of the CL.
        place: file date, sequence and line.
    """
    name, action, first = lines[0]
    own = {**place, "local_key": client.get("local_key", ""), "ref_no": first.get("ref_no", "")}
    if name == "EX" or action == DELETED:
        return _exit(first, client, own, deleted=name == "EN")
    months = tuple(
        Record("attendance", {key: text for key, text in fields.items() if key in names("AT") and key != "local_key"})
        for record, _, fields in lines
        if record == "AT"
    )
    begun = first if name == "EN" else {}
    supports = tuple(Record("support", {"service": each.upper()}) for each in SUPPORTS if begun.get(each) == "1")
    fields = own | {each: begun[each] for each in _OF_EN if each in begun} | {"began": "1" if begun else ""}
    below = {"support": supports, "attendance": months, **_whose(client, begun, "first_class")}
    return _made(SERVICE, fields, below)


def drafts(found: Record) -> list[Said]:
    """The CL by its key alone, and the lines that can be written: none with less than all that a line needs.

    Raises:
        MappingGap: a value that does not fit its column.
    """
    key = found.get("local_key") or ""
    named = {"local_key": key} if key else {}
    made: list[Said] = [(name, "A", fields) for name, fields in _lines(found) if not missing(name, fields)]
    for name, action, fields in made:
        fill(name, action, {**fields, **named})
    return [("CL", CHANGED, named), *made]


def unwritten(found: Record) -> Sequence[Loss]:
    """Of each line that could not be written, what it lacks first."""
    lacks = ((name, missing(name, fields)) for name, fields in _lines(found))
    return tuple(Loss(where, f"no {name} line without it") for name, where in lacks if where)


def missing(name: str, fields: Mapping[str, str]) -> str:
    """The first field that a line needs and has not, or ""."""
    return next((each for each in without_key(layout()[name].needed) if not fields.get(each)), "")


def _exit(first: Mapping[str, str], client: Mapping[str, str], own: Mapping[str, str], *, deleted: bool) -> Record:
    status = first.get("status", "")
    outcome = DELETED if deleted else (first.get("reason") or LEFT) if status == LEFT else status
    ends = "" if deleted or first.get("again") or status == PROMOTED else status
    fields = {**own, "outcome": outcome, "ended": ends, "course": first.get("course", "")}
    fields |= {"first_class": first.get("first_class", ""), "exit_date": own["file_date"]}
    if not deleted:
        fields |= {name: first[name] for name in _OF_EX if name in first}
    return _made(EXIT, fields, _whose(client, {} if deleted else first, "exit_date"))


def _whose(client: Mapping[str, str], said: Mapping[str, str], day: str) -> dict[str, tuple[Record, ...]]:
    """The client, with the levels that a line says, if they say something."""
    levels = {skill: said[skill] for skill in SKILLS if skill in said}
    tells = any(level != _NOTHING_KNOWN for level in levels.values())
    below = {LEVEL: (Record(LEVEL, {**levels, "level_date": said[day]}),)} if tells and day in said else {}
    return {"client": (Record("client", dict(client), below),)}


def _made(kind: str, fields: Mapping[str, str], below: Mapping[str, tuple[Record, ...]]) -> Record:
    filled = {name: text for name, text in fields.items() if text}
    return Record(kind, filled, {name: rows for name, rows in below.items() if rows})


def _lines(found: Record) -> Iterator[tuple[str, dict[str, str]]]:
    """The lines that a record is, whole or not."""
    client = next(iter(found.children.get("client", ())), Record("client", {}))
    level = next(iter(client.children.get(LEVEL, ())), Record(LEVEL, {}))
    levels = {skill: text for skill in SKILLS if (text := level.get(skill))}
    if found.kind == EXIT:
        outcome = found.get("outcome") or ""
        by_status = outcome in (COMPLETED, PROMOTED, LEFT, "")
        said = {"status": outcome} if by_status else {"status": LEFT, "reason": outcome}
        yield "EX", {**_filled(found, _OF_EX), **levels, **(said if outcome else {})}
        return
    months = found.children.get("attendance", ())
    supports = {word.lower(): "1" for each in found.children.get("support", ()) if (word := each.get("service"))}
    if found.get("began") or not months or found.get("course"):
        yield "EN", {**_filled(found, _OF_EN), **levels, **supports}
    for month in months:
        yield "AT", dict(month.fields)


def _filled(found: Record, fields: Sequence[str]) -> dict[str, str]:
    return {name: text for name in fields if (text := found.get(name))}
