"""What a CaMS site has of its people, as the parts of packages and as a file of consents. Pure.

The people are those of ``people.py``, in the columns of a CMS; here they are written as CaMS writes them (program
systems 3.4 to 3.10), by tables of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time

from hub.sample import cams_xml
from hub.sample.cams_xml import FILLER, TORONTO, Package, Parts
from hub.sample.database import Row
from hub.sample.people import Person
from hub.sample.scenarios import AT_THE_CENTRE, Scenario

# Whose papers a CaMS site has. A package has no place for a UCI, so that none can be bad; and none for a need but the
# service itself, so that a consent without NEEDS keeps nothing back that the referral cannot do without
AT_A_CAMS_SITE = AT_THE_CENTRE - {Scenario.BAD_UCI, Scenario.NARROW}

SERVICES: Mapping[str, str] = {  # service wanted -> list and code; what is not here, a site does not refer to
    "language-assessment": "community/60", "language-training": "program/190", "settlement": "community/80",
    "employment": "program/60", "credentials": "program/10", "housing": "community/50", "health": "community/40",
    "income": "program/250", "education": "community/20",
}  # fmt: skip
STATES = {"accepted": "ACCEPTED", "waitlisted": "WAITLISTED", "declined": "DECLINED"}  # all that a package can say
INCOMPLETE = "INFO NOT COMPLETE"  # begins the reason of a referral of which something was withheld
FIRST_REFERENCE = 1_000_000  # person references of those whom the site had before the hub
FIRST_PLAN = 20_000_000  # numbers of their plans

_GENDERS = {"woman": "Female", "man": "Male", "non-binary": "Other"}
_STATUSES = {
    "PR": "Permanent Resident", "PP": "Other: refugee", "RC": "Other: refugee", "CUAET": "Other: work permit",
    "WP": "Other: work permit",
}  # fmt: skip
_GROUPS = {"visible-minority": "RACE_INDIG", "person-with-disability": "HEALTH_PHYS"}
_NO_CODE = "999"  # what a bad package has as the code of its list
_NOT_APPLICABLE = "community/110"  # the service of an answer
_MADE_AT = time(8)  # when the packages of a day are made
_OUTCOME = "Employed Full-Time"
_PROGRAM = "Employment Service"


def reference(person: Person) -> str:
    """The person reference of a client of the site."""
    return str(FIRST_REFERENCE + person.number)


def referral_no(person: Person) -> str:
    """The site's own number of a client's referral."""
    return f"N-{person.number:06}"


def package_id(person: Person) -> str:
    """The number of the package that refers a client."""
    return f"PKG-B{person.number:07X}"


def referral(person: Person, sites: Mapping[str, str], day: date) -> Parts:
    """The package of somebody whom the site refers.

    Args:
        sites: agency to the SDS or place code that packages call it by.
        day: on which the package was made.
    """
    made = cams_xml.moment(datetime.combine(day, _MADE_AT, TORONTO))
    plan = [
        ("ServicePlan/@reference", str(FIRST_PLAN + person.number)),
        ("ServicePlan/@program", _PROGRAM),
        ("ServicePlan/@status", "Active"),
    ]
    listed, _, code = SERVICES[person.wanted].partition("/")
    asked = {
        "@number": referral_no(person),
        "@direction": "out",
        "@list": listed,
        "@code": _NO_CODE if person.scenario is Scenario.BAD_CODE else code,
        "@timing": "Referred During Service",
        "@formal": "Yes",
        "Reason": person.referral["reason_text"] or "",
    }
    frame = _frame(package_id(person), made, sites[person.home], sites[person.to])
    return [*frame, *_person(person), *plan, *((f"Referral/{name}", text) for name, text in asked.items())]


def held(person: Person) -> frozenset[str]:
    """Categories of which the package of a client says something. The need is told by the service alone (3.10)."""
    row, said = person.client, {"IDENT", "CONTACT", "LANG"}
    if row["arrival_date"] or row["status_in_canada"] == "PR":  # no other label stands for one status alone
        said.add("IMMIG")
    if person.referral["reason_text"]:
        said.add("NOTES_FREE")
    if person.group:
        said.add(_GROUPS[person.group])
    return frozenset(said)


def answer(asked: Package, place: int, at: datetime, state: str, reason: str = "") -> Parts:
    """What a site says to a referral that came, which names its client by the referral's number alone (9.5).

    Args:
        asked: the package as it came.
        place: of the referral among those that came.
    """
    return [*_frame_of_answer(asked, place, at), *_nobody(), *_said(asked, state, reason)]


def ending(asked: Package, place: int, at: datetime, plan: str) -> Parts:
    """The same of somebody who was taken, served and found work: the plan that the site has closed stands with it.

    It names its client by what came, since how a plan ended is the client's (program systems 3.9). By the names alone
    the hub could not tell that it is the same person: so only of somebody whose reference came too.
    """
    same = ("Person/@clientReference", "Person/LegalLastName", "Person/LegalFirstName", "Person/DateOfBirth")
    closed = [
        ("ServicePlan/@reference", plan),
        ("ServicePlan/@program", _PROGRAM),
        ("ServicePlan/@status", "Closed"),
        ("ServicePlan/Closure/@reason", "Found Employment"),
        ("ServicePlan/Closure/@satisfaction", "5 - Strongly recommended"),
        ("ServicePlan/Closure/@outcome", _OUTCOME),
    ]
    person = [(path, asked.get(path) or (FILLER if path.endswith("Name") else "")) for path in same]
    return [*_frame_of_answer(asked, place, at), *person, *closed, *_said(asked, "accepted", "")]


def consent_of(person: Person, consent: Row) -> Row:
    """A consent of a client of the site, as the file of the import command has it."""
    about = {name: person.client[name] for name in ("birth_date", "last_name", "first_name")}
    named = {"identifier_type": "CAMS_PERSON", "identifier_value": reference(person), **about}
    rest = {name: cell for name, cell in consent.items() if name != "client_id"}
    return {**named, "consent_id": f"N-{person.number}", **rest}


def _frame(number: str, made: str, sender: str, receiver: str) -> Parts:
    head = [("@packageId", number), ("@created", made), ("@language", "en")]
    return [*head, ("Sender/@sds", sender), ("Receiver/@sds", receiver)]


def _frame_of_answer(asked: Package, place: int, at: datetime) -> Parts:
    ends = asked.get("Receiver/@sds"), asked.get("Sender/@sds")
    return _frame(f"PKG-A{place:07X}", cams_xml.moment(at), *ends)


def _nobody() -> Parts:
    return [("Person/LegalLastName", FILLER), ("Person/LegalFirstName", FILLER)]


def _said(asked: Package, state: str, reason: str) -> Parts:
    listed, _, code = _NOT_APPLICABLE.partition("/")
    said = {
        "@number": asked.number,
        "@state": state,
        "@direction": "in",
        "@list": listed,
        "@code": code,
        "Reason": reason,
    }
    return [(f"Referral/{name}", text) for name, text in said.items()]


def _person(person: Person) -> Parts:
    row = person.client
    said = {
        "@clientReference": reference(person),
        "LegalLastName": row["last_name"],
        "LegalFirstName": row["first_name"],
        "DateOfBirth": row["birth_date"],
        "IdentifyAs": _GENDERS.get(row["gender"], "Prefer not to disclose"),
        "StatusInCanada": _STATUSES.get(row["status_in_canada"], ""),
        "DateArrived": row["arrival_date"],
        "PreferredLanguage": "French" if row["service_language"] == "fr" else "English",
        "DesignatedGroup/@code": person.group,
        "Address/PostalCode": row["postal_code"].replace(" ", ""),
        "Address/StreetNumber": row["address_line"].partition(" ")[0],
        "Contact/@phone": row["phone"],
        "Contact/@email": row["email"],
    }
    return [(f"Person/{name}", text) for name, text in said.items()]
