"""``date``: a day, or with ``zone`` a local time that becomes an instant with its offset.

A local hour that comes twice (clock change, case 62) is read as the first, with a loss line; one that does not exist
is read by the offset before the change, with a loss line. Nothing is guessed from a part of a date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.mapping.model import Run, Step
from hub.mapping.words.spot import Spot, tidy
from hub.model.fhir import Resource

DAY = "%Y-%m-%d"
SECOND = "%Y-%m-%d %H:%M:%S"
TWICE = "the hour comes twice that day: read as the first"
NEVER = "the hour does not exist that day: moved by the clock change"


def date_(spot: Spot) -> Step:
    """``{ date = "sent_at", format = "%Y-%m-%d %H:%M:%S", zone = "America/Toronto" }``; without words a day."""
    name, path = spot.text("date"), spot.path
    zone = _zone(spot)
    form = spot.text("format") if "format" in spot.spec else (SECOND if zone else DAY)
    parse = _parser(form)
    lost = list(spot.declared(name))
    if zone:
        lost += [spot.lost(name, TWICE), spot.lost(name, NEVER)]

    def write(fields: Mapping[str, str], out: Resource, run: Run) -> bool:
        if not (value := fields.get(name)) or not (value := tidy(value)):
            return False
        try:
            local = parse(value)
            if zone is None:
                path.put(out, local.date().isoformat())
                return True
            stamp, problem = _instant(local, zone)
        except (ValueError, OverflowError) as error:
            raise spot.unreadable(name, value, f"a date as {form}") from error
        if problem:
            run.losses.append(spot.lost(name, problem))
        path.put(out, stamp)
        return True

    def read(resource: Resource, fields: dict[str, str], run: Run) -> None:
        if not isinstance(value := path.get(resource), str):
            return
        found, problem = _back(value, form, zone)
        if found:
            fields[name] = found
        if problem:
            run.losses.append(spot.lost(name, problem))

    return Step(spot.element, (path.top,), (name,), (), spot.way, write, read=read, lost=tuple(lost))


def _zone(spot: Spot) -> ZoneInfo | None:
    if "zone" not in spot.spec:
        return None
    try:
        return ZoneInfo(spot.text("zone"))
    except (ZoneInfoNotFoundError, ValueError, TypeError, ImportError, OSError) as error:  # OSError: a folder, too long
        raise spot.fault("`zone`", "a time zone such as America/Toronto", "mend it") from error


def _parser(form: str) -> Callable[[str], datetime]:
    """A strict reader of one format; the two common ones without ``strptime``, which is slow and takes ``2026-3-1``."""
    lengths = {DAY: 10, SECOND: 19}
    if form not in lengths:
        return lambda value: datetime.strptime(value, form)  # noqa: DTZ007 - the zone is a word of its own
    length, separator = lengths[form], 10

    def parse(value: str) -> datetime:
        if len(value) != length or value[separator : separator + 1] not in {"", " "} or not value.isascii():
            raise ValueError
        if value[4] != "-" or value[7] != "-" or (length > separator and value[13] != ":"):
            raise ValueError  # week dates and basic forms are ISO 8601 too
        return datetime.fromisoformat(value)

    return parse


def _instant(local: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The instant of a local time, and what is uncertain about it."""
    there = local.replace(tzinfo=zone)
    first, second = _offset(there), _offset(there.replace(fold=1))
    aware = local.replace(tzinfo=timezone(first))
    if first == second:
        return aware.isoformat(), ""
    return aware.isoformat(), TWICE if first > second else NEVER


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None, "a named zone has an offset"
    return offset


def _back(value: str, form: str, zone: ZoneInfo | None) -> tuple[str, str]:
    """A FHIR date, dateTime or instant in the system's own form, and what was lost."""
    try:
        if zone is not None:
            return _local(value, form, zone)
        day = date.fromisoformat(value[:10])
    except (ValueError, OverflowError):
        return "", "a part of a date only, which this system has no place for"
    text = value[:10] if form == DAY else day.strftime(form)
    return text, "the time of day is not kept" if len(value) > 10 else ""


def _local(value: str, form: str, zone: ZoneInfo) -> tuple[str, str]:
    if len(value) <= 10:
        raise ValueError
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError
    local = instant.astimezone(zone)
    problem = "the second of an hour that comes twice: this system cannot tell" if local.fold else ""
    if form == SECOND:
        return local.replace(tzinfo=None, microsecond=0).isoformat(" "), problem
    return local.strftime(form), problem
