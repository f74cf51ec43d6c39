"""The named pairs that mappings call where fields are named as in a CMS: names, birth dates, channels, addresses,
identifiers. ``mappings/cms`` and every kind of tables use them.

Program systems 6.1 and §10, cases 13, 15, 20, 21, 25, 27, 28. Pure: no clock, no ids made up. In: texts of the system
(None where blank) to an element; out: the element to texts. What cannot be carried is told as ``Partly``, what is out
of shape as ``Unfit``; neither holds a value. Encodings are the reader's matter (``cells``).
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hub.mapping import Converter, Partly, Unfit, people
from hub.model import codes
from hub.model.identifiers import clean, normalise, shape_problem

KINDS = {"UCI": "uci", "TRP": "trp", "IMM": "imm", "HARTS": "harts", "CAMS_PERSON": "eois-cams"}

BEFORE_DUE, AFTER_DUE = timedelta(days=14), timedelta(days=30)  # shared model 3.12 [policy]

_HOURS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}")
_NUMBER = re.compile(r"(?<!\d)(?:\+?1[ .\-]*)?\(?([2-9]\d{2})\)?[ .\-]*(\d{3})[ .\-]*(\d{4})(?!\d)")


def names_in(last: str | None, first: str | None, preferred: str | None) -> Any:
    """See :func:`hub.mapping.people.names_in`."""
    return people.names_in(last, first, preferred, given_field="first_name")


def names_out(element: Any) -> Any:
    """See :func:`hub.mapping.people.names_out`."""
    names, lost = people.names_out(element, family_field="last_name", preferred_field="preferred_name")
    texts = tuple(name or None for name in names)
    return Partly(texts, lost) if lost else texts


def phone_in(phone: str | None, safe: str | None) -> Any:
    """One number, ``+1-416-555-0142`` (case 28), where the channel is marked safe; else it is not read at all (S11)."""
    if not phone or safe != "1":
        return None
    found = _NUMBER.search(phone)
    if found is None:
        return Partly(None, {"phone": "no ten-digit number in it"})
    number = "+1-" + "-".join(found.groups())
    rest = re.sub(r"[\s().+\-]", "", phone[: found.start()] + phone[found.end() :])
    return Partly(number, {"phone": "an extension or a second number beside the first"}) if rest else number


def phone_out(element: Any) -> Any:
    """The number as ``416-555-0142``, marked safe: only safe channels travel."""
    found = _NUMBER.fullmatch(element)
    return ("-".join(found.groups()) if found else element), "1"


def email_in(email: str | None, safe: str | None) -> Any:
    """The address, where the channel is marked safe; else it is not read at all (S11)."""
    if not email or safe != "1":
        return None
    return email if people.EMAIL.fullmatch(email) else Partly(None, {"email": "has not the form of an address"})


def email_out(element: Any) -> Any:
    """The address, marked safe."""
    return element, "1"


def street_in(line: str | None, unit: str | None) -> Any:
    """Street and unit as address lines. Parts may be empty (case 27)."""
    street, door = clean(line or ""), clean(unit or "")
    if not street:
        return Partly(None, {"unit": "a unit without a street"}) if door else None
    return [street, door] if door else [street]


def street_out(element: Any) -> Any:
    """The first line as street, the second as unit."""
    texts = tuple([*element, None, None][:2])
    return Partly(texts, {"address_line": "more than two lines of address"}) if len(element) > 2 else texts


def postal_code_in(text: str | None) -> Any:
    """See :func:`hub.mapping.people.postal_code_in`."""
    return people.postal_code_in(text, field="postal_code")


def postal_code_out(element: Any) -> Any:
    """The code as it is."""
    return element if isinstance(element, str) else None


def identifier_in(value: str | None, kind: str | None) -> Any:
    """The normalised value of a type that travels; another shape is refused and the worker asked (cases 20, 21)."""
    found = normalise(value or "")
    if kind in KINDS and (problem := shape_problem(KINDS[kind], found)):
        raise Unfit("value", f"a {kind}, not {problem}", "look at the document, correct it and save the record")
    return found or None


def identifier_out(element: Any) -> Any:
    """The value as it is."""
    return element if isinstance(element, str) else None


def centre_in(site: str | None) -> Any:
    """The assessment centre as an Organization by its site's code; ``NONE`` is no centre, a sentence no code."""
    code = clean(site or "")
    if code == "NONE":
        return Partly(None, {"centre_site": "`NONE` is no centre"})
    if code and not _SITE.fullmatch(code):
        return Partly(None, {"centre_site": "has not the form of a code"})
    return {"type": "Organization", "identifier": {"system": codes.ID_SITE, "value": code}} if code else None


def centre_out(element: Any) -> Any:
    """The site's code."""
    identifier = element.get("identifier", {})
    if identifier.get("system") != codes.ID_SITE:
        return Partly(None, {"centre_site": "a performer that is no site of the directory"})
    return identifier.get("value")


def action_done_in(done_on: str | None) -> Any:
    """An action is done, with its day, or it is under way: R4 asks for one of its words."""
    if not done_on:
        return {"detail.status": "in-progress"}
    if not people.is_day(done_on):
        raise Unfit("done_on", "a day as YYYY-MM-DD", "mend it at the source")
    return {"detail.status": "completed", "detail.extension[done-on].valueDate": done_on}


def action_done_out(element: Any) -> Any:
    """The day; of an action that is done without one, or given up, that is told."""
    day = element.get("detail.extension[done-on].valueDate")
    if day is None and element.get("detail.status") in ("completed", "cancelled", "stopped"):
        return Partly(None, {"done_on": "ended, and no day is said"})
    return day


def hours_in(hours: str | None) -> Any:
    """Hours of work a week. They are what is stored; each program has a line of its own for full time (case 56)."""
    if not hours:
        return None
    if not _HOURS.fullmatch(hours):
        raise Unfit("hours_per_week", "hours as 37 or 37.5", "mend it at the source")
    exact = Decimal(hours)
    value = int(exact) if exact == exact.to_integral_value() else float(exact)
    return {"value": value, "unit": "h", "system": codes.UCUM, "code": "h"}


def hours_out(element: Any) -> Any:
    """The hours, if that is their unit."""
    value = element.get("value")
    if element.get("code", "h") != "h" or isinstance(value, bool) or not isinstance(value, int | float):
        return Partly(None, {"hours_per_week": "no number of hours"})
    return format(Decimal(str(value)).normalize(), "f")


def window_in(due_on: str | None) -> Any:
    """The days around the one on which a review is due, in which it counts (shared model 3.12)."""
    if not due_on:
        return None
    if not people.is_day(due_on):
        raise Unfit("due_on", "a day as YYYY-MM-DD", "mend it at the source")
    due = date.fromisoformat(due_on)
    try:
        return {"start": (due - BEFORE_DUE).isoformat(), "end": (due + AFTER_DUE).isoformat()}
    except OverflowError as error:  # the first and the last days that a calendar has
        raise Unfit("due_on", "a day of this time", "mend it at the source") from error


def window_out(element: Any) -> Any:
    """The day on which it is due; of a window that is open at its beginning it cannot be told."""
    start = element.get("start", "")
    if not people.is_day(start):
        return Partly(None, {"due_on": "a window without a first day"})
    try:
        return (date.fromisoformat(start) + BEFORE_DUE).isoformat()
    except OverflowError:
        return Partly(None, {"due_on": "a window at the end of all days"})


def note_text_in(body: str | None, language: str | None) -> Any:
    """The text of a note as an attachment (shared model 3.10); its hash is R4's SHA-1."""
    if not body:
        return None
    data = body.encode()
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    found = {"contentType": "text/plain", "data": _base64(data), "hash": _base64(digest)}
    return {**found, "language": language} if language else found


def note_text_out(element: Any) -> Any:
    """The text, if it is one, and its language."""
    try:
        body = base64.b64decode(element.get("data", ""), validate=True).decode()
    except ValueError:
        return Partly((None, element.get("language")), {"body": "no text in UTF-8"})
    return body or None, element.get("language")


def minutes_in(minutes: str | None) -> Any:
    """Minutes as a Duration (shared model 3.9, ``length``)."""
    if not minutes:
        return None
    if not (minutes.isascii() and minutes.isdigit()):
        raise Unfit("minutes", "a whole number of minutes", "correct it and save the record")
    return {"value": int(minutes), "unit": "min", "system": codes.UCUM, "code": "min"}


def minutes_out(element: Any) -> Any:
    """A Duration of whole minutes; of another unit, or of a part of one, nothing is guessed."""
    value = element.get("value")
    whole = element.get("code") == "min" and isinstance(value, int) and value >= 0
    return str(value) if whole else None


def month_minutes_in(minutes: str | None, differs: str | None) -> Any:
    """Minutes of a month's services; of what differs among them the first one speaks (case 36)."""
    length = minutes_in(minutes)
    return Partly(length, {"differs": f"of several services the first says it: {differs}"}) if differs else length


def month_minutes_out(element: Any) -> Any:
    """See :func:`minutes_out`."""
    return minutes_out(element), None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


FUNCTIONS: dict[str, Converter] = {
    "minutes": (minutes_in, minutes_out),
    "month_minutes": (month_minutes_in, month_minutes_out),
    "action_done": (action_done_in, action_done_out),
    "birth_date": people.birth_date("birth_date", "birth_date_quality"),
    "centre": (centre_in, centre_out),
    "email": (email_in, email_out),
    "hours": (hours_in, hours_out),
    "identifier": (identifier_in, identifier_out),
    "names": (names_in, names_out),
    "note_text": (note_text_in, note_text_out),
    "phone": (phone_in, phone_out),
    "postal_code": (postal_code_in, postal_code_out),
    "street": (street_in, street_out),
    "window": (window_in, window_out),
}
