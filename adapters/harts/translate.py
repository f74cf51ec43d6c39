"""The named pairs that ``mappings/harts`` call: names, birth dates, channels, address, numbers, the moment of a file.

Program systems 6.1, 9.4 and §10, cases 13, 15, 18, 20, 21, 25. Pure: no clock, no ids made up. In: texts of a line, as
``values`` gives them (None where blank), to an element; out: the element to texts. What cannot be carried is told as
``Partly``, what is out of shape as ``Unfit``; neither holds a value. What is too long is the mapping's ``cut``; what
Windows-1252 cannot spell is refused when the line is written, save what is said here of names.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from adapters.harts.values import ENCODING
from hub.mapping import Converter, Partly, Unfit, people
from hub.model import codes
from hub.model.identifiers import clean, normalise, shape_problem

UCI = f"{codes.ID}/uci"
_EMAIL_WIDTH = 60  # program systems 9.4: never cut, left out
TORONTO = ZoneInfo("America/Toronto")
_SEQ_MAX, _LINE_MAX = 999, 999_999

_PHONE = re.compile(r"(?:\+?1[ .\-]*)?\(?([2-9]\d{2})\)?[ .\-]*(\d{3})[ .\-]*(\d{4})", re.ASCII)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_HOURS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?", re.ASCII)
_LONGEST_MONTH, _MINUTES = 31, 60  # days; of an hour
_IN_MINUTES = {"unit": "min", "system": codes.UCUM, "code": "min"}
_NEAREST = "rounded to the nearest hundredth of an hour"
_MARKS = "marks that Windows-1252 has no letter for"


def names_in(surname: str | None, given: str | None, preferred: str | None) -> Any:
    """See :func:`hub.mapping.people.names_in`."""
    return people.names_in(surname, given, preferred, given_field="given")


def names_out(element: Any) -> Any:
    """See :func:`hub.mapping.people.names_out`; letters as Windows-1252 has them (case 18).

    A preferred name in another script stays at the source; an official one cannot be written, and the line says so.
    """
    names, lost = people.names_out(element, family_field="surname", preferred_field="preferred")
    texts = dict(zip(("surname", "given", "preferred"), map(_latin, names), strict=True))
    lost |= {field: _MARKS for (field, text), name in zip(texts.items(), names, strict=True) if text != name}
    if not _encodes(texts["preferred"]):
        texts["preferred"], lost["preferred"] = "", "in a script that Windows-1252 cannot spell"
    return Partly(tuple(texts.values()), lost) if lost else tuple(texts.values())


def _latin(text: str) -> str:
    """A text with plain letters for those that only lack their marks; any other sign stays as it is."""
    return "".join(sign if _encodes(sign) else _plain(sign) for sign in unicodedata.normalize("NFC", text))


def _plain(sign: str) -> str:
    letter = unicodedata.normalize("NFKD", sign)[:1]
    return letter if letter.isascii() else sign


def _encodes(text: str) -> bool:
    try:
        text.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def phone_in(phone: str | None) -> Any:
    """One number, ``+1-416-555-0142``. HARTS marks no channel as safe or not (settled S11)."""
    if not phone:
        return None
    found = _PHONE.fullmatch(clean(phone))
    return "+1-" + "-".join(found.groups()) if found else Partly(None, {"phone": "no ten-digit number"})


def phone_out(element: Any) -> Any:
    """The ten digits."""
    found = _PHONE.fullmatch(element)
    return "".join(found.groups()) if found else Partly(None, {"phone": "no number of ten digits"})


def email_in(email: str | None) -> Any:
    """The address, if it has the form of one."""
    if not email:
        return None
    return email if people.EMAIL.fullmatch(email) else Partly(None, {"email": "has not the form of an address"})


def email_out(element: Any) -> Any:
    """The address; one that is too long is left out whole, since half of it is somebody else's."""
    if len(element) > _EMAIL_WIDTH:
        return Partly(None, {"email": f"left out: longer than {_EMAIL_WIDTH} characters"})
    return element


def street_in(address: str | None) -> Any:
    """The one line of an address."""
    street = clean(address or "")
    return [street] if street else None


def street_out(element: Any) -> Any:
    """All lines as one."""
    text = ", ".join(element)
    return Partly(text, {"address": "several lines of an address became one"}) if len(element) > 1 else text


def postal_code_in(text: str | None) -> Any:
    """See :func:`hub.mapping.people.postal_code_in`."""
    return people.postal_code_in(text, field="postal")


def postal_code_out(element: Any) -> Any:
    """The six signs without a space."""
    return normalise(element)


def uci_in(value: str | None) -> Any:
    """A UCI of 8 or 10 digits; another shape is refused and the worker asked (cases 20, 21)."""
    found = _number("uci", "uci", value)
    return {"system": UCI, "value": found} if found else None


def uci_out(element: Any) -> Any:
    """The value of that system among all identifiers."""
    return next((item.get("value") for item in element if item.get("system") == UCI), None)


def document_in(value: str | None) -> Any:
    """The number on the document; never that of a form, nor one that passes as a SIN (case 21)."""
    _number("doc_no", "", value)
    return clean(value or "") or None


def document_out(element: Any) -> Any:
    """The number as it is."""
    return element


def _number(field: str, kind: str, value: str | None) -> str:
    found = normalise(value or "")
    if found and (problem := shape_problem(kind, found)):
        raise Unfit(field, f"the number on the document, not {problem}", "look at the document and correct it")
    return found


def moment_in(file_date: str | None, seq: str | None, line: str | None) -> Any:
    """When a line was said: its file's date, then sequence and line, in this order (program systems 9.4).

    The date's midnight in Toronto, a second for each file before it in the year and a microsecond for each line: so a
    later word is later, also on one day. It is no time of day.
    """
    if not file_date:
        return None
    if not people.is_day(file_date):
        raise Unfit("file_date", "a day", "mend it at the source")
    after = timedelta(seconds=_count("seq", seq, _SEQ_MAX), microseconds=_count("line", line, _LINE_MAX))
    midnight = datetime.combine(date.fromisoformat(file_date), time(), TORONTO)
    return (midnight + after).isoformat(timespec="microseconds")


def _count(field: str, text: str | None, most: int) -> int:
    if text and (not text.isascii() or not text.isdigit() or int(text) > most):
        raise Unfit(field, f"a number up to {most}", "mend it at the source")
    return int(text or 0)


def moment_out(element: Any) -> Any:
    """Date, sequence and line; of a moment that was no place in a file the day alone."""
    try:
        local = datetime.fromisoformat(element)
    except ValueError:
        return None, None, None
    if local.tzinfo is None:
        return element[:10], None, None
    try:
        local = local.astimezone(TORONTO)
    except OverflowError:
        return None, None, None
    seq = (local - local.replace(hour=0, minute=0, second=0)).seconds
    if seq > _SEQ_MAX:
        return Partly((local.date().isoformat(), None, None), {"file_date": "the time of day is not kept"})
    return local.date().isoformat(), str(seq) if seq else None, str(local.microsecond) if local.microsecond else None


def month_in(period: str | None) -> Any:
    """From the first day of a month to its last."""
    if not period:
        return None
    days = _days_of(period)
    if days is None:
        raise Unfit("period", "a month", "mend it at the source")
    return days


def month_out(element: Any) -> Any:
    """The month in which a period begins, if it is one month and nothing else."""
    said = str(element.get("start", ""))[:7]
    whole = _days_of(said) == {name: element.get(name) for name in ("start", "end")}
    return said if whole else Partly(None, {"period": "no whole month"})


def _days_of(month: str) -> dict[str, str] | None:
    """The first day of a month and its last; None: it is no month, or the calendar ends before it does."""
    if not _MONTH.fullmatch(month):
        return None
    try:
        first = date.fromisoformat(f"{month}-01")
        following = (first + timedelta(days=_LONGEST_MONTH)).replace(day=1)
    except (ValueError, OverflowError):
        return None
    return {"start": first.isoformat(), "end": (following - timedelta(days=1)).isoformat()}


def minutes_in(hours: str | None) -> Any:
    """A duration in minutes of hours with up to two decimals: 12.50 is 750."""
    if not hours:
        return None
    if not _HOURS.fullmatch(hours):
        raise Unfit("hours_attended", "hours with two decimals", "mend it at the source")
    exact = Decimal(hours) * _MINUTES
    return {"value": int(exact) if exact == exact.to_integral_value() else float(exact), **_IN_MINUTES}


def minutes_out(element: Any) -> Any:
    """The hours, to the nearest hundredth."""
    if element.get("code") != "min" or not isinstance(value := element.get("value"), int | float):
        return Partly(None, {"hours_attended": "no duration in minutes"})
    exact = Decimal(str(value)) / _MINUTES
    hours = f"{exact:.2f}"
    return hours if Decimal(hours) * _MINUTES == Decimal(str(value)) else Partly(hours, {"hours_attended": _NEAREST})


FUNCTIONS: dict[str, Converter] = {
    "birth_date": people.birth_date("dob", "dob_flag"),
    "document_number": (document_in, document_out),
    "email": (email_in, email_out),
    "file_moment": (moment_in, moment_out),
    "minutes": (minutes_in, minutes_out),
    "month": (month_in, month_out),
    "names": (names_in, names_out),
    "phone": (phone_in, phone_out),
    "postal_code": (postal_code_in, postal_code_out),
    "street": (street_in, street_out),
    "uci": (uci_in, uci_out),
}
