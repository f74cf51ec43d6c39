"""The named pairs that ``mappings/eois`` call: names, birth dates, channels, address, moments, words of an answer.

Program systems 6.1, 9.5 and §10, cases 13, 15, 25, 27 and 28; settled S11 (channels have no mark: read), S16. Pure: no
clock, no ids made up. In: texts of a record (None where blank) to an element; out: the element to texts. What cannot be
carried is told as ``Partly``, what is out of shape as ``Unfit``; neither holds a value.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from adapters import pairs
from adapters.eois.rules import instant
from hub.mapping import Converter, Partly, Unfit, people
from hub.model.identifiers import clean, normalise

TORONTO = ZoneInfo("America/Toronto")  # the ministry's hours are those of its offices

_NUMBER = re.compile(r"(?<!\d)(?:\+?1[ .\-]*)?\(?([2-9]\d{2})\)?[ .\-]*(\d{3})[ .\-]*(\d{4})(?!\d)", re.ASCII)
_STREET_NUMBER = re.compile(r"\d{1,6}[A-Za-z]?(?=$|[\s,])", re.ASCII)
_MIDNIGHT = "a day without a time: it stands as the midnight with which it began"


def names_in(last: str | None, first: str | None, alias: str | None) -> Any:
    """See :func:`hub.mapping.people.names_in`."""
    return people.names_in(last, first, alias, given_field="first_name")


def names_out(element: Any) -> Any:
    """See :func:`hub.mapping.people.names_out`; a preferred name is an alias."""
    names, lost = people.names_out(element, family_field="last_name", preferred_field="alias")
    texts = tuple(name or None for name in names)
    return Partly(texts, lost) if lost else texts


def birth_date_in(text: str | None) -> Any:
    """A day. CaMS says nothing of its quality (case 13)."""
    if not text:
        return None
    if not people.is_day(text):
        raise Unfit("birth_date", "a day as YYYY-MM-DD", "mend it at the source")
    return {"birthDate": text}


def birth_date_out(element: Any) -> Any:
    """A whole day; a year alone has no place in CaMS and is left out (settled S16)."""
    born = element.get("birthDate", "")
    if not people.is_day(born):
        return Partly(None, {"birth_date": "left out: a part of a date, which CaMS has no place for"}) if born else None
    if "_birthDate" in element:
        return Partly(born, {"birth_date": "CaMS has no place for how sure it is"})
    return born


def phone_in(phone: str | None) -> Any:
    """One number, ``+1-416-555-0142`` (case 28). CaMS marks no channel as safe or not (settled S11)."""
    if not phone:
        return None
    found = _NUMBER.search(phone)
    if found is None:
        return Partly(None, {"phone": "no ten-digit number in it"})
    number = "+1-" + "-".join(found.groups())
    rest = re.sub(r"[\s().+\-]", "", phone[: found.start()] + phone[found.end() :])
    return Partly(number, {"phone": "an extension or a second number beside the first"}) if rest else number


def phone_out(element: Any) -> Any:
    """The number as ``416-555-0142``."""
    found = _NUMBER.fullmatch(element)
    return "-".join(found.groups()) if found else Partly(None, {"phone": "no number of ten digits"})


def email_in(email: str | None) -> Any:
    """The address, if it has the form of one."""
    if not email:
        return None
    return email if people.EMAIL.fullmatch(email) else Partly(None, {"email": "has not the form of an address"})


def email_out(element: Any) -> Any:
    """The address, if it has the form of one."""
    fits = people.EMAIL.fullmatch(element)
    return element if fits else Partly(None, {"email": "has not the form of an address"})


def postal_code_in(text: str | None) -> Any:
    """See :func:`hub.mapping.people.postal_code_in`."""
    return people.postal_code_in(text, field="postal_code")


def postal_code_out(element: Any) -> Any:
    """The six signs without a space, as CaMS looks them up; a part of a code is left out."""
    code = normalise(element)
    return code if len(code) == 6 else Partly(None, {"postal_code": "no whole Canadian postal code"})


def street_in(number: str | None, unit: str | None) -> Any:
    """Number and unit as address lines: CaMS finds the street by the postal code and does not say it."""
    house, door = clean(number or ""), clean(unit or "")
    if house and not house[0].isdecimal():
        return Partly(None, {"street_number": "does not begin with a digit"})
    if not house:
        return Partly(None, {"unit": "a unit without a street number"}) if door else None
    return [house, door] if door else [house]


def street_out(element: Any) -> Any:
    """The number with which the first line begins, and the second line as unit; parts may be empty (case 27)."""
    lines = [clean(line) for line in element]
    found = _STREET_NUMBER.match(lines[0]) if lines else None
    number, unit = (found[0] if found else None), (lines[1] if len(lines) > 1 else None)
    lost = {}
    if number != (lines[0] if lines else None):
        lost["street_number"] = "the number alone: CaMS finds the street by the postal code"
    if len(lines) > 2:
        lost["unit"] = "more than two lines of address"
    return Partly((number, unit), lost) if lost else (number, unit)


def moment_in(created: str | None) -> Any:
    """When a package was made; of a row of an extract, the day on which its plan was closed."""
    if not created:
        return None
    if people.is_day(created):
        return datetime.combine(date.fromisoformat(created), time(), TORONTO).isoformat()
    moment = instant(created)
    if moment is None:
        raise Unfit("created", "a moment with its offset, or a day", "mend it at the source")
    return moment.isoformat()


def moment_out(element: Any) -> Any:
    """The same instant as Toronto's clocks show it."""
    if people.is_day(element):
        midnight = datetime.combine(date.fromisoformat(element), time(), TORONTO).isoformat()
        return Partly(midnight, {"created": _MIDNIGHT})
    moment = instant(element)
    if moment is None:
        return Partly(None, {"created": "a part of a date, which a package has no place for"})
    try:
        return moment.astimezone(TORONTO).isoformat()
    except OverflowError:
        return Partly(None, {"created": "a moment at the end of all days"})


def words_in(reason: str | None) -> Any:
    """What a site says of its answer: words alone; CaMS has no coded reason."""
    return {"note": [{"text": reason}]} if reason else None


def words_out(element: Any) -> Any:
    """The words of a coded reason, then the receiver's own; there is one field for both."""
    coded = element.get("statusReason", {})
    display = next((each["display"] for each in coded.get("coding", ()) if each.get("display")), "")
    said = [coded.get("text") or display, *(note.get("text", "") for note in element.get("note", ()))]
    return ". ".join(text for text in said if text) or None


def item_done_in(start: str | None, end: str | None) -> Any:
    """An item is done, under way or not begun, with its days: R4 asks for one of its words."""
    for name, day in (("actual_start", start), ("actual_end", end)):
        if day and not people.is_day(day):
            raise Unfit(name, "a day as YYYY-MM-DD", "mend it at the source")
    status = "completed" if end else "in-progress" if start else "not-started"
    days = {"detail.extension[started-on].valueDate": start, "detail.extension[done-on].valueDate": end}
    return {"detail.status": status, **{path: day for path, day in days.items() if day}}


def item_done_out(element: Any) -> Any:
    """The days; of an item that is done without one, or given up, that is told."""
    days = tuple(element.get(f"detail.extension[{name}].valueDate") for name in ("started-on", "done-on"))
    if days[1] is None and element.get("detail.status") in ("completed", "cancelled", "stopped"):
        return Partly(days, {"actual_end": "ended, and no day is said"})
    return days


FUNCTIONS: dict[str, Converter] = {
    "birth_date": (birth_date_in, birth_date_out),
    "email": (email_in, email_out),
    "hours": pairs.FUNCTIONS["hours"],
    "item_done": (item_done_in, item_done_out),
    "moment": (moment_in, moment_out),
    "names": (names_in, names_out),
    "phone": (phone_in, phone_out),
    "postal_code": (postal_code_in, postal_code_out),
    "street": (street_in, street_out),
    "window": pairs.FUNCTIONS["window"],
    "words": (words_in, words_out),
}
