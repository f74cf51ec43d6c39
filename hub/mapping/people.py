"""What kinds of system say of a person in the same way, so that their named pairs need not say it again. Pure.

Program systems 6.1 and §10, cases 13 (birth dates), 15 (single names and fillers), 25 (postal codes). A system's own
``translate.py`` names its fields; what cannot be carried is told as ``Partly``, what is out of shape as ``Unfit``.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from hub.mapping.model import Converter, Partly, Unfit
from hub.model.identifiers import clean, fold, normalise

DATE_ESTIMATED = "http://hl7.org/fhir/ca/baseline/StructureDefinition/ext-dateestimated"  # CA Baseline
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
FILLERS = frozenset({"", "fnu"})  # case 15: no given name; signs alone fold to nothing

_YEAR = re.compile(r"\d{4}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_POSTAL = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\d[ABCEGHJ-NPRSTV-Z]\d", re.ASCII)


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar as YYYY-MM-DD."""
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def birth_date(day: str, quality: str) -> Converter:
    """A birth date with its quality: E the day, Y the year alone, D the day with date-estimated, U nothing (case 13).

    Args:
        day: the field of the date as YYYY-MM-DD; ``quality``: that of E, Y, D or U.
    """

    def into(born: str | None, said: str | None) -> Any:
        if said not in {"E", "Y", "D", "U"}:
            if born or said:
                raise Unfit(quality, "E, Y, D or U", "say how sure the birth date is")
            return None
        if said == "U":
            return Partly(None, {day: "the date is marked unknown (U)"}) if born else None
        if not born:
            return Partly(None, {quality: "a quality without a date"})
        if not is_day(born):
            raise Unfit(day, "a day as YYYY-MM-DD", "mend it at the source")
        if said == "Y":
            lost = {} if born.endswith("-01-01") else {day: "the year alone is known: sent without month and day"}
            return Partly({"birthDate": born[:4]}, lost)
        estimated = {"_birthDate": {"extension": [{"url": DATE_ESTIMATED, "valueBoolean": True}]}}
        return {"birthDate": born, **(estimated if said == "D" else {})}

    def out(element: Any) -> Any:
        born = element.get("birthDate", "")
        if _YEAR.fullmatch(born):
            return f"{born}-01-01", "Y"
        if not is_day(born):
            return Partly((None, "U"), {day: "a part of a date, which this system has no place for"} if born else {})
        extensions = element.get("_birthDate", {}).get("extension", ())
        estimated = any(item.get("url") == DATE_ESTIMATED and item.get("valueBoolean") is True for item in extensions)
        return born, "D" if estimated else "E"

    return into, out


def names_in(family: str | None, given: str | None, preferred: str | None, *, given_field: str) -> Any:
    """Official name, and the preferred one as usual. A filler or the family name repeated is no given name."""
    last, first, usual = (clean(name or "") for name in (family, given, preferred))
    lost = {}
    if first and (fold(first) in FILLERS or fold(first) == fold(last)):
        first, lost = "", {given_field: "a filler or the family name repeated: sent as a single name"}
    official = {**({"family": last} if last else {}), **({"given": [first]} if first else {})}
    found: list[dict[str, Any]] = [{"use": "official", **official}] if official else []
    if usual:
        found.append({"use": "usual", "text": usual})
    return Partly(found, lost) if lost else found


def names_out(element: Any, *, family_field: str, preferred_field: str) -> tuple[tuple[str, str, str], dict[str, str]]:
    """Family, given and preferred name, "" where there is none: the official name, else one without a use; of a usual
    name its text. With what has no field: field to reason.
    """
    official: dict[str, Any] = next(
        (name for use in ("official", None) for name in element if name.get("use") == use), {}
    )
    usual: dict[str, Any] = next((name for name in element if name.get("use") == "usual"), {})
    family, given = official.get("family", ""), " ".join(official.get("given", ()))
    if official and not family and not given:
        family = official.get("text", "")
    spoken = usual.get("text") or " ".join([*usual.get("given", ()), usual.get("family", "")]).strip()
    lost = {}
    if official.get("prefix") or official.get("suffix"):
        lost[family_field] = "a prefix or suffix, which this system has no field for"
    if len(element) > bool(official) + bool(usual):
        lost[preferred_field] = "a further name, which this system has no field for"
    return (family, given, spoken), lost


def postal_code_in(text: str | None, *, field: str) -> Any:
    """``A9A 9A9``; the letter O for a zero is put right, ``H0H 0H0`` is refused, a part is not sent (case 25)."""
    code = "".join("0" if sign == "O" and place % 2 else sign for place, sign in enumerate(normalise(text or "")))
    if code == "H0H0H0":
        raise Unfit(field, "a postal code that exists", "put the client's own, or leave it blank")
    if not code or not _POSTAL.fullmatch(code):
        return Partly(None, {field: "no whole Canadian postal code"}) if code else None
    return f"{code[:3]} {code[3:]}"
