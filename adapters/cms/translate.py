"""The named pairs that ``mappings/cms`` call: names, birth dates, channels, addresses, identifiers.

Program systems 6.1 and §10, cases 13, 15, 20, 21, 25, 27, 28. Pure: no clock, no ids made up. In: texts of the CMS
(None where blank) to an element; out: the element to texts. What cannot be carried is told as ``Partly``, what is out
of shape as ``Unfit``; neither holds a value. Encodings are the reader's matter (``values``).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from hub.mapping import Converter, Partly, Unfit
from hub.model import codes
from hub.model.identifiers import clean, fold, normalise, shape_problem

DATE_ESTIMATED = "http://hl7.org/fhir/ca/baseline/StructureDefinition/ext-dateestimated"  # CA Baseline
SITE = f"{codes.ID}/site"
FILLERS = frozenset({"", "fnu"})  # case 15: no given name; signs alone fold to nothing
KINDS = {"UCI": "uci", "TRP": "trp", "IMM": "imm", "HARTS": "harts", "CAMS_PERSON": "eois-cams"}

_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}")
_YEAR = re.compile(r"\d{4}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_POSTAL = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_NUMBER = re.compile(r"(?<!\d)(?:\+?1[ .\-]*)?\(?([2-9]\d{2})\)?[ .\-]*(\d{3})[ .\-]*(\d{4})(?!\d)")


def names_in(last: str | None, first: str | None, preferred: str | None) -> Any:
    """Official name, and the preferred one as usual. A filler or the family name repeated is no given name."""
    family, given, usual = (clean(name or "") for name in (last, first, preferred))
    lost = {}
    if given and (fold(given) in FILLERS or fold(given) == fold(family)):
        given, lost = "", {"first_name": "a filler or the family name repeated: sent as a single name"}
    official = {**({"family": family} if family else {}), **({"given": [given]} if given else {})}
    found: list[dict[str, Any]] = [{"use": "official", **official}] if official else []
    if usual:
        found.append({"use": "usual", "text": usual})
    return Partly(found, lost) if lost else found


def names_out(element: Any) -> Any:
    """The official name, else one without a use; of a usual name its text."""
    official: dict[str, Any] = next(
        (name for use in ("official", None) for name in element if name.get("use") == use), {}
    )
    usual: dict[str, Any] = next((name for name in element if name.get("use") == "usual"), {})
    last = official.get("family")
    first = " ".join(official.get("given", ())) or None
    if official and not last and not first:
        last = official.get("text")
    texts = (last, first, usual.get("text") or _spoken(usual) or None)
    lost = {}
    if official.get("prefix") or official.get("suffix"):
        lost["last_name"] = "a prefix or suffix, which this system has no field for"
    if len(element) > bool(official) + bool(usual):
        lost["preferred_name"] = "a further name, which this system has no field for"
    return Partly(texts, lost) if lost else texts


def _spoken(name: dict[str, Any]) -> str:
    return " ".join([*name.get("given", ()), *([name["family"]] if "family" in name else [])])


def birth_date_in(born: str | None, quality: str | None) -> Any:
    """E the day, Y the year alone, D the day with the date-estimated extension, U nothing (case 13)."""
    if quality not in {"E", "Y", "D", "U"}:
        if born or quality:
            raise Unfit("birth_date_quality", "E, Y, D or U", "say how sure the birth date is")
        return None
    if quality == "U":
        return Partly(None, {"birth_date": "the date is marked unknown (U)"}) if born else None
    if not born:
        return Partly(None, {"birth_date_quality": "a quality without a date"})
    if not _is_day(born):
        raise Unfit("birth_date", "a day as YYYY-MM-DD", "mend it at the source")
    if quality == "Y":
        lost = {} if born.endswith("-01-01") else {"birth_date": "the year alone is known: sent without month and day"}
        return Partly({"birthDate": born[:4]}, lost)
    estimated = {"_birthDate": {"extension": [{"url": DATE_ESTIMATED, "valueBoolean": True}]}}
    return {"birthDate": born, **(estimated if quality == "D" else {})}


def birth_date_out(element: Any) -> Any:
    """The day with its quality; a year as 1 January and Y; nothing as U."""
    born = element.get("birthDate", "")
    if _YEAR.fullmatch(born):
        return f"{born}-01-01", "Y"
    if not _is_day(born):
        return Partly(
            (None, "U"), {"birth_date": "a part of a date, which this system has no place for"} if born else {}
        )
    extensions = element.get("_birthDate", {}).get("extension", ())
    estimated = any(item.get("url") == DATE_ESTIMATED and item.get("valueBoolean") is True for item in extensions)
    return born, "D" if estimated else "E"


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


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
    return email if _EMAIL.fullmatch(email) else Partly(None, {"email": "has not the form of an address"})


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
    """``A9A 9A9``; the letter O for a zero is put right, ``H0H 0H0`` is refused, a part stays in the CMS (case 25)."""
    code = "".join("0" if c == "O" and i % 2 else c for i, c in enumerate(normalise(text or "")))
    if code == "H0H0H0":
        raise Unfit("postal_code", "a postal code that exists", "put the client's own, or leave it blank")
    if not code or not _POSTAL.fullmatch(code):
        return Partly(None, {"postal_code": "no whole Canadian postal code"}) if code else None
    return f"{code[:3]} {code[3:]}"


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
    return {"type": "Organization", "identifier": {"system": SITE, "value": code}} if code else None


def centre_out(element: Any) -> Any:
    """The site's code."""
    identifier = element.get("identifier", {})
    if identifier.get("system") != SITE:
        return Partly(None, {"centre_site": "a performer that is no site of the directory"})
    return identifier.get("value")


FUNCTIONS: dict[str, Converter] = {
    "birth_date": (birth_date_in, birth_date_out),
    "centre": (centre_in, centre_out),
    "email": (email_in, email_out),
    "identifier": (identifier_in, identifier_out),
    "names": (names_in, names_out),
    "phone": (phone_in, phone_out),
    "postal_code": (postal_code_in, postal_code_out),
    "street": (street_in, street_out),
}
