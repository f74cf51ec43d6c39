"""The named pairs of what was done for a client: where, how long, with how many, which service; as iCARE counts it.

Program systems 2.5, 2.8 to 2.10, 6.4 and §10, cases 40, 41, 56. Pure: no clock, no ids made up. In: texts of a row
(None where blank), to an element; out: the element to texts, in words of the lists of ``schemas/records/icare``.
iCARE's classes say less than what they are made of: the other way nothing is guessed, and ``Partly`` tells it.
Unknown stays empty and is never No (settled S6).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from types import MappingProxyType
from typing import Any

from hub.mapping import Converter, Partly
from hub.model import codes

FORMAT, SIZE = "extension[service-format].valueCode", "extension[group-size].valuePositiveInt"
SITUATION, HOURS = "valueCodeableConcept", "component[code=…/CodeSystem/client-fact|hours-per-week].valueQuantity"
ACTIVITY = f"{codes.CODE_SYSTEM}/service-activity"
FULL_TIME_FROM_H = 30  # hours a week at the main or only job: the line of iCARE (program systems 2.10, case 56)
HOURS_MAX = 500  # program systems 2.8: the longest service that a row can say
_ONLINE, _HOME, _PORT = "Online", "The client’s home", "Port of entry"
_PLACES = MappingProxyType({"VR": _ONLINE, "HH": _HOME})  # of v3-ActCode; any other is the site's own place
_PART, _FULL = (
    "Employed part time - less than 30 hours at main or only job",
    "Employed full time - 30 hours or more at main or only job",
)
_UNEMPLOYED = "Unemployed"
_EVENTS, _MATCHING = "Community-based group events and activities", "Targeted Matching and Networking"
COMMUNITY = MappingProxyType(  # service-activity to the activity of iCARE, and its kind ("": iCARE asks which event)
    {
        "community-event": (_EVENTS, ""),
        "conversation-circle": (_EVENTS, "Conversation circle"),
        "youth-leadership": (_EVENTS, "Youth leadership project"),
        "group-activity": (_EVENTS, "Other regular group activities to address ongoing needs or interests"),
        "targeted-matching": (
            _MATCHING,
            "Targeted matching between newcomer and settled immigrant or long-time Canadian",
        ),
        "networking-activity": (_MATCHING, "Networking activity with other newcomers or Canadian citizens"),
    }
)
LONG = MappingProxyType(
    {
        "work-placement": "Work placement",
        "mentoring": "Mentoring",
        "licensure-preparation": "Preparation for licensure/certification",
    }
)
SHORT = MappingProxyType(
    {
        "employment-networking": "Networking opportunities",
        "resume-screening": "Resume screening for referrals service",
        "resume-matching": "Resume added to a matching system",
        "employment-counselling": "Employment counselling",
    }
)
_MINUTES = MappingProxyType({"min": Decimal(1), "h": Decimal(60)})  # UCUM unit to minutes


def institution_in(place: str | None) -> Any:
    """Whether it was online, at home or at a port of entry. Any other kind of place is not said."""
    if place == _PORT:
        return {FORMAT: "port-of-entry"}
    code = next((code for code, label in _PLACES.items() if label == place), None)
    if code:
        return {"class": {"system": codes.ACT_CODE, "code": code}}
    return Partly(None, {"institution_type_id": "a kind of place that is not said"}) if place else None


def institution_out(element: Any) -> Any:
    """The kind of place, where it is not the site's own: that one is written with the workbook (settled S6)."""
    way, port = _PLACES.get(element.get("class", {}).get("code", "")), element.get(FORMAT) == "port-of-entry"
    if way and port:
        return Partly(way, {"institution_type_id": "two kinds of place: that it was at a port of entry stayed behind"})
    return _PORT if port else way


def group_class_in(heads: str | None) -> Any:
    """A class is no number of heads."""
    return Partly(None, {"group_clients_no_id": "a class, and not how many they were"}) if heads else None


def group_class_out(element: Any) -> Any:
    """Case 40. The class of a group or family by its heads; of one person none."""
    heads = element.get(SIZE)
    if heads is None or isinstance(heads, bool) or not isinstance(heads, int) or heads < 1:
        return None
    if element.get(FORMAT) not in ("group", "family"):
        return Partly(None, {"group_clients_no_id": "how many, and that they were a group is not said"})
    return "Less than 10 people" if heads < 10 else "10 - 20 people" if heads <= 20 else "More than 20 people"


def length_class_in(label: str | None) -> Any:
    """A class is no number of minutes."""
    return Partly(None, {"orientation_length_id": "a class, and not how long it was"}) if label else None


def length_class_out(element: Any) -> Any:
    """Case 41. The class of a length: at a border the lower one (30 minutes are ``6 - 30``, 60 are ``30 - 60``)."""
    minutes = _minutes(element)
    if minutes is None:
        return Partly(None, {"orientation_length_id": "no number of minutes or hours"})
    for most, label in ((5, "5 minutes or less"), (30, "6 - 30 minutes"), (60, "30 - 60 minutes")):
        if minutes <= most:
            return label
    hours = ceil(minutes / 60)  # a begun hour counts
    return f"{hours - 1} to {hours} hours" if hours <= 30 else "Over 30 hours"


def hours_and_minutes(hours: str, minutes: str) -> Converter:
    """Case 41. Hours, and minutes by five, the nearest; what is rounded is told, and stays exact at its source.

    Args:
        hours, minutes: the columns of a module.
    """

    def into(own: str | None, more: str | None) -> Any:
        total = sum(int(text) * unit for text, unit in ((own, 60), (more, 1)) if text and text.isdecimal())
        return {"value": total, "unit": "min", "system": codes.UCUM, "code": "min"} if own or more else None

    def out(element: Any) -> Any:
        exact = _minutes(element)
        if exact is None:
            return Partly((None, None), {hours: "no number of minutes or hours"})
        rounded = int((exact / 5).to_integral_value(ROUND_HALF_UP)) * 5
        if rounded // 60 > HOURS_MAX:
            return Partly((None, None), {hours: f"more than {HOURS_MAX} hours"})
        texts = str(rounded // 60), str(rounded % 60)
        return texts if rounded == exact else Partly(texts, {minutes: "rounded to five minutes"})

    return into, out


def _minutes(element: Any) -> Decimal | None:
    """The minutes of a Duration in UCUM; None: another unit, or no length."""
    value = element.get("value")
    unit = _MINUTES.get(element.get("code", element.get("unit", "")))
    if isinstance(value, bool) or not isinstance(value, int | float) or unit is None or value < 0:
        return None
    return Decimal(str(value)) * unit


def told(extension: str) -> Converter:
    """A column that says Yes where an extension of that name stands; the code in it says which column."""
    url = f"{codes.EXTENSION}/{extension}"

    def into(said: str | None) -> Any:
        return {"url": url} if said == "1" else None

    def out(element: Any) -> Any:
        return "1" if element.get("url") == url else None

    return into, out


def community_in(above: str | None, kind: str | None) -> Any:
    """The activity of a row."""
    code = next((code for code, said in COMMUNITY.items() if said == (above, kind or "")), None)
    if code:
        return {"coding": [{"system": ACTIVITY, "code": code}]}
    return Partly(None, {"service_type_id": "a kind that does not belong to its activity"}) if above or kind else None


def community_out(element: Any) -> Any:
    """The activity of iCARE, and its kind (program systems 2.9)."""
    if (said := COMMUNITY.get(_activity(element))) is None:
        return Partly((None, None), {"community_activity_id": "an activity that this module has no word for"})
    return said


def _activity(concept: Any) -> str:
    """What was done, by its code of ours; "" where it has none."""
    codings = concept.get("coding", ())
    return next((str(each.get("code", "")) for each in codings if each.get("system") == ACTIVITY), "")


def intervention_in(*fields: str | None) -> Any:
    """The service of a row, its state and its days."""
    _, _, long, status, start, end, short, entry = fields
    known = {label: code for code, label in (*LONG.items(), *SHORT.items())}
    code, began = known.get(long or short or ""), start or entry
    days = {f"performedPeriod.{name}": day for name, day in (("start", began), ("end", end)) if day}
    made = {"code": {"coding": [{"system": ACTIVITY, "code": code}]}} if code else {}
    return {**made, **({"status": "completed"} if short or status == "Completed" else {}), **days} or None


def intervention_out(element: Any) -> Any:
    """Registered, long or short term, which, state and days; of a short one its first day (program systems 2.10)."""
    code = _activity(element.get("code", {}))
    began, ended = (element.get(f"performedPeriod.{name}") for name in ("start", "end"))
    if code in LONG:
        done = "Completed" if element.get("status") == "completed" else None
        long = "1", "Long Term", LONG[code], done, began, ended, None, None
        return long if done else Partly(long, {"intervention_status_id": "not said to be completed"})
    if code not in SHORT:
        return Partly((None,) * 8, {"intervention_received_id": "an activity that this module has no word for"})
    short = "1", "Short Term", None, None, None, None, SHORT[code], began
    lost = {"short_term_service[1]entry_dt": "a short-term service has one day: when it ended stayed behind"}
    return Partly(short, lost) if ended and ended != began else short


def employment_in(label: str | None) -> Any:
    """Who has no work; a number of hours cannot be told from a label."""
    if label == _UNEMPLOYED:
        return {SITUATION: {"coding": [{"system": f"{codes.CODE_SYSTEM}/situation", "code": "unemployed"}]}}
    return Partly(None, {"session_employment_status_id": "a class, and not how many hours"}) if label else None


def employment_out(element: Any) -> Any:
    """Case 56. Full time from 30 hours a week, part time below, whatever line other systems have; no work where that
    is said, and nothing where neither is."""
    week = element.get(HOURS, {})
    hours = week.get("value")
    if isinstance(hours, int | float) and not isinstance(hours, bool) and hours > 0 and week.get("code") == "h":
        return _FULL if hours >= FULL_TIME_FROM_H else _PART
    said = {each.get("code") for each in element.get(SITUATION, {}).get("coding", ())}
    if "unemployed" in said:
        return _UNEMPLOYED
    return Partly(None, {"session_employment_status_id": "work without a number of hours a week"})


FUNCTIONS: dict[str, Converter] = {
    "community": (community_in, community_out),
    "community_length": hours_and_minutes("service_length_hours_no", "service_length_minutes_no"),
    "employment": (employment_in, employment_out),
    "employment_length": hours_and_minutes("complete_hours_spent_no", "complete_minutes_spent_no"),
    "group_class": (group_class_in, group_class_out),
    "institution": (institution_in, institution_out),
    "intervention": (intervention_in, intervention_out),
    "length_class": (length_class_in, length_class_out),
    "support_service": told("support-service"),
    "target_group": told("target-group"),
}
