"""The named pairs that ``mappings/icare`` calls: the client's number by its kind, birth date, channels and address.
Those of what was done for a client stand in ``sessions``.

Program systems 1, 2.5, 2.6, 6.1 and §10, cases 13, 20, 21, 25, 27, 28. Pure: no clock, no ids made up. In: texts of a
row (None where blank), to an element; out: the element to texts. What cannot be carried is told as ``Partly``, what is
out of shape as ``Unfit``; neither holds a value.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from adapters.icare import sessions
from adapters.icare.layout import lists
from adapters.icare.rules import KINDS, is_postal_code
from adapters.icare.words import Words
from hub.mapping import Converter, Partly, Unfit, people
from hub.model import codes
from hub.model.identifiers import clean, normalise, shape_problem

NUMBER, BORN, PHONE, EMAIL = "client_validation_id", "client_birth_dt", "phone_no", "email_txt"
_SYSTEMS = {label: f"{codes.ID}/{system}" for label, system in KINDS.items()}
_PHONE = re.compile(r"(?:\+?1[ .\-]*)?\(?([2-9]\d{2})\)?[ .\-]*(\d{3})[ .\-]*(\d{4})", re.ASCII)
_NUMBER_FIRST = re.compile(r"(\d+[A-Za-z]?)[ ,]+(.+)", re.ASCII)
_WAYS = {  # the letters of a direction, English and French, to the label of its list
    letters: value.label
    for value in lists()["street_direction"]
    for letters in {value.label.partition(" ")[0], value.label.partition(" ")[0].replace("W", "O")}
}
_UNIT = "unit "  # before the unit on a line of its own
_BARE_UNIT = re.compile(r"#?\s?(\d+[A-Za-z]?|[A-Za-z]\d*)", re.ASCII)  # as other systems write it, below the street


def identifier_in(kind: str | None, value: str | None) -> Any:
    """The client's number under the system of its kind; both or neither."""
    if not kind and not value:
        return None
    system = _SYSTEMS.get(kind or "")
    number = normalise(value or "")
    if system is None or not number:
        raise Unfit("client_validation_type_id", "a kind of number, and the number", "mend the row")
    if problem := shape_problem(KINDS[kind or ""], number):
        raise Unfit(NUMBER, f"the number on the document, not {problem}", "look at the document and correct it")
    return {"system": system, "value": number}


def identifier_out(element: Any) -> Any:
    """Kind and number of the first of the three systems that an identifier, or one of a list of them, has."""
    given = element if isinstance(element, list) else [element]
    found = [
        (label, item["value"])
        for label, system in _SYSTEMS.items()
        for item in given
        if item.get("system") == system and item.get("value")
    ]
    if len(set(found)) > 1:
        return Partly(found[0], {NUMBER: "a further number stayed behind: a row has one"})
    return found[0] if found else (None, None)


def birth_date_in(born: str | None) -> Any:
    """A day of the calendar. iCARE knows no quality of it."""
    if not born:
        return None
    if not people.is_day(born):
        raise Unfit(BORN, "a day as YYYY-MM-DD", "mend it at the source")
    return born


def birth_date_out(element: Any) -> Any:
    """A whole day; of a part of a date nothing, since iCARE compares it with its own."""
    return element if people.is_day(element) else Partly(None, {BORN: "a part of a date, which iCARE has no place for"})


def phone_in(phone: str | None) -> Any:
    """One number, ``+1-416-555-0142``. iCARE marks no channel as safe or not (settled S11)."""
    if not phone:
        return None
    found = _PHONE.match(clean(phone))
    if found is None:
        return Partly(None, {PHONE: "no ten-digit number"})
    number = "+1-" + "-".join(found.groups())
    more = clean(phone)[found.end() :].strip()
    return Partly(number, {PHONE: "what stands after the number stayed behind"}) if more else number


def phone_out(element: Any) -> Any:
    """``416-555-0142``; what stands after the number stays behind (case 28)."""
    found = _PHONE.match(element)
    if found is None:
        return Partly(None, {PHONE: "no number of ten digits"})
    number = "-".join(found.groups())
    return Partly(number, {PHONE: "an extension stayed behind"}) if found.end() != len(element) else number


def email_in(_said: str | None, address: str | None) -> Any:
    """The address. That there is none is not said."""
    if not address:
        return None
    return address if people.EMAIL.fullmatch(address) else Partly(None, {EMAIL: "has not the form of an address"})


def email_out(element: Any) -> Any:
    """Yes, and the address (program systems 2.6)."""
    return "1", element


def street_in(number: str | None, name: str | None, kind: str | None, direction: str | None, unit: str | None) -> Any:
    """The lines of an address: number, name, type and direction on one, the unit on another."""
    spoken = "" if kind == "Not Applicable" else clean(kind or "")
    letter = clean(direction or "").partition(" ")[0]  # "NE - Northeast"
    street = " ".join(part for part in (clean(number or ""), clean(name or ""), spoken, letter) if part)
    lines = [*([street] if street else []), *([_UNIT + clean(unit)] if unit and clean(unit) else [])]
    return lines or None


def street_out(element: Any) -> Any:
    """Number, name, type, direction, unit; type and direction are told apart where they stand at an end (case 27)."""
    found_at = {at: unit for at, line in enumerate(element) if (unit := _unit(line, below=at > 0)) is not None}
    units = list(found_at.values())
    rest = clean(", ".join(line for at, line in enumerate(element) if at not in found_at))
    found = _NUMBER_FIRST.fullmatch(rest)
    number, words = (found[1], found[2].split(" ")) if found else ("", rest.split(" "))
    way = _WAYS.get(words[-1]) if len(words) > 1 else None
    words = words[:-1] if way else words
    last, first = _types().read(words[-1]), _types().read(words[0])  # Maple Street; rue Ste-Catherine
    kind = (last or first) if len(words) > 1 else None
    name = " ".join(words[:-1] if kind and last else words[1:] if kind else words)
    unit = units[0] if units else None
    lost = {"unit_txt": "a further line of the address stayed behind"} if len(units) > 1 else {}
    fields = (number or None, name or None, kind, way, unit)
    return Partly(fields, lost) if lost else fields


def _unit(line: str, *, below: bool) -> str | None:
    """The unit that a line says and nothing else; a bare one is known below a street alone."""
    if line.casefold().startswith(_UNIT):
        return line[len(_UNIT) :]
    bare = _BARE_UNIT.fullmatch(line.strip()) if below else None
    return bare[1] if bare else None


@cache
def _types() -> Words:
    return Words("street_type")


def postal_code_in(text: str | None) -> Any:
    """See :func:`hub.mapping.people.postal_code_in`."""
    return people.postal_code_in(text, field="postal_txt")


def postal_code_out(element: Any) -> Any:
    """Six signs, no space, upper case (V6)."""
    found = normalise(element)
    return found if is_postal_code(found) else Partly(None, {"postal_txt": "no whole Canadian postal code"})


FUNCTIONS: dict[str, Converter] = {
    **sessions.FUNCTIONS,
    "birth_date": (birth_date_in, birth_date_out),
    "email": (email_in, email_out),
    "identifier": (identifier_in, identifier_out),
    "phone": (phone_in, phone_out),
    "postal_code": (postal_code_in, postal_code_out),
    "street": (street_in, street_out),
}
