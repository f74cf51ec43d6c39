"""People of a CaMS site and of a CMS, and what a hub may put into the site's folder, by hand. All are invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hub.sample import cams_xml
from hub.sample.cams import Cams
from hub.sample.database import Row
from hub.sample.network import Agency, Agreement, Network
from hub.sample.people import Person, consent_row, referral_row
from hub.sample.permitted import Systems, own
from hub.sample.scenarios import Scenario

TODAY = date(2026, 6, 1)
AT = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
HOME, SYSTEM = "northgate", "northgate-eois"
SITES = {HOME: "3898A", "harbour": "4102B", "lakeside": "5210C"}
GIVEN = ("Adaeze", "Bereket", "Céleste", "Dmytro", "Étienne", "Florence", "Gabriela", "Habiba", "Ignacio", "Jérôme")
TICKED = ("IDENT", "NEEDS", "SERVICE_STATUS", "CONTACT")
WHOLE = (*TICKED, "LANG", "EMPLOY", "EDUC", "IMMIG", "NOTES_FREE")
_CONSENTS: dict[Scenario, Row | None] = {
    Scenario.LATE: None,
    Scenario.NO_CONSENT: None,
    Scenario.DRAFT: {"captured_by": None},
    Scenario.EXPIRED: {"valid_from": "2025-01-02", "expires_on": "2026-04-01"},
    Scenario.DECLINED: {"declined": 1},
    Scenario.ELSEWHERE: {"recipient_org": "lakeside"},
}


def site(folder: Path) -> Cams:
    """The site in its folders."""
    cams = Cams(folder / HOME, HOME, SITES)
    cams.begin()
    return cams


def network(folder: Path) -> Network:
    """Who judges asks: the site, and Harbour with its database, with whom it has signed."""
    harbour = Agency("harbour", "Harbour Newcomer Centre", "NEWCOMER", ("settlement",), "HBR01", "3801A")
    northgate = Agency(HOME, "Northgate Employment Services", "", ("employment",), "NGT01", SITES[HOME], "eois")
    signed = (Agreement(("harbour", HOME), WHOLE),)
    return Network(folder, 1, TODAY, 1, agencies=(harbour,), cams_site=northgate, agreements=signed)


def person(number: int, scenario: Scenario = Scenario.AGREED, **changes: Any) -> Person:
    """Client ``number`` of an agency, with the papers of a scenario.

    Args:
        changes: ``home``, ``to``, ``wanted``, ``reason``, ``categories``, ``cams`` (a person reference that the
            client has); others are columns of the client.
    """
    home, to = changes.pop("home", HOME), changes.pop("to", "harbour")
    wanted, reason = changes.pop("wanted", "settlement"), changes.pop("reason", f"Prefers mornings. Note {number:06d}.")
    ticked, cams = changes.pop("categories", TICKED), changes.pop("cams", "")
    numbers = {"UCI": f"11{number:08d}", "CAMS_PERSON": cams}
    born = date(1980, 1, 2) + timedelta(days=97 * number)
    client = {
        "client_id": number, "file_no": f"2026-{number:06d}", "last_name": f"{chr(65 + number % 26)}bekwe-Hawthorne",
        "first_name": GIVEN[number % len(GIVEN)], "birth_date": born.isoformat(), "birth_date_quality": "E",
        "gender": "woman", "status_in_canada": "PR", "arrival_date": "2025-03-04", "home_language": "amh",
        "service_language": "en", "official_language": "en", "phone": f"416-555-01{number % 100:02d}", "phone_safe": 1,
        "email": f"client.{home}.{number}@example.org", "email_safe": 1, "city": "Toronto", "province": "ON",
        "address_line": f"{10_000 + number} Heron Street", "postal_code": "M5V 2T6", "address_confidential": 0,
    }  # fmt: skip
    if scenario is Scenario.BAD_DATE:
        client["birth_date"] = f"{born.year}-02-30"
    whole: dict[str, Any] = {
        "home": home, "to": to, "wanted": wanted, "number": number, "scenario": scenario,
        "client": {**client, **changes},
        "identifiers": tuple(
            {"identifier_id": number * 10 + place, "client_id": number, "type": kind, "value": value}
            for place, (kind, value) in enumerate(numbers.items())
            if value
        ),
        "languages": (),
        "case": {
            "case_id": number, "client_id": number, "program": "NEWCOMER", "opened_on": "2026-02-01",
            "worker": f"{home}-worker", "status": "OPEN",
        },
    }  # fmt: skip
    bare = Person(**whole, consent=None, referral={})
    changed = _CONSENTS.get(scenario, {})
    consent = None if changed is None else consent_row(bare, to, TODAY - timedelta(days=20), ticked) | changed
    return Person(**whole, consent=consent, referral=referral_row(bare, wanted, "2026-05-28 09:30:00", reason))


def asking(place: int = 0, changes: Mapping[str, str] = MappingProxyType({})) -> list[tuple[str, str]]:
    """The parts of a package in which Harbour refers somebody to the site; names in the order of their places."""
    mark = chr(ord("A") + place)
    said = {
        "@packageId": f"PKG-{place + 1:020X}", "@created": "2026-06-01T12:00:00-04:00", "@language": "en",
        "Sender/@sds": "4102B", "Receiver/@sds": "3898A", "Person/@clientReference": "",
        "Person/LegalLastName": f"{mark}-Hawthorne", "Person/LegalFirstName": "Adaeze",
        "Person/DateOfBirth": "1991-07-22", "Person/IdentifyAs": "", "Person/StatusInCanada": "",
        "Person/PreferredLanguage": "", "Person/DesignatedGroup/@code": "", "Person/Address/PostalCode": "",
        "Person/Contact/@phone": "", "Employment/@hoursPerWeek": "", "Referral/@number": f"REFERRALAAA{mark}",
        "Referral/@state": "", "Referral/@direction": "out", "Referral/@list": "program", "Referral/@code": "60",
        "Referral/Reason": "",
    }  # fmt: skip
    assert changes.keys() <= said.keys(), "a part in its place"
    return [(path, text) for path, text in {**said, **changes}.items() if text]


def answering(changes: Mapping[str, str] = MappingProxyType({}), number: str = "N-000001") -> list[tuple[str, str]]:
    """The parts of a package that answers a referral of the site."""
    nobody = {"Person/LegalLastName": "-", "Person/LegalFirstName": "-", "Person/DateOfBirth": ""}
    said = {"Referral/@state": "accepted", "Referral/@direction": "in", "Referral/@list": "community"}
    about = {"@packageId": "PKG-FFFF", "Referral/@number": number, "Referral/@code": "110"}
    return asking(0, {**nobody, **said, **about, **changes})


def about(who: Person, changes: Mapping[str, str] = MappingProxyType({})) -> list[tuple[str, str]]:
    """The parts of a package that refers a client of Harbour to the site: who it is, and changes."""
    names = {
        "Person/LegalLastName": who.client["last_name"],
        "Person/LegalFirstName": who.client["first_name"],
        "Person/DateOfBirth": who.client["birth_date"],
    }
    return asking(0, {**names, **changes})


def put(cams: Cams, parts: list[tuple[str, str]], sheet: Iterable[tuple[str, str]] | None = ()) -> str:
    """A package in the folder to CaMS, with the worksheet beside it; its name.

    Args:
        sheet: rows of the worksheet; None: it is not there yet.
    """
    said = dict(parts)
    name = cams_xml.file_name(said["Sender/@sds"], said["Receiver/@sds"], said["@packageId"])
    (cams.to_cams / name).write_bytes(cams_xml.write(parts))
    if sheet is not None:
        rows = "".join(f"<tr><th>{field}</th><td>{text}</td></tr>" for field, text in sheet)
        page = f'<html><body><table>{rows}<tr class="missing"><th>Alias</th><td>to be asked</td></tr></table></html>'
        (cams.to_cams / cams_xml.sheet_name(name)).write_text(page, encoding="utf-8")
    return name


def say(cams: Cams, words: dict[str, tuple[str, str]]) -> None:
    """The hub's answers beside the site's packages: Accepted, but to these.

    Args:
        words: referral number to result and code.
    """
    for name, package in list(cams.handed_in()):
        result, code = words.get(package.number, ("Accepted", ""))
        said = cams_xml.Said(result, code, "/CaseReferralPackage" if code else "")
        path = cams.from_cams / cams_xml.result_name(name)
        path.write_bytes(cams_xml.write_result(package.package_id, AT, said))


def systems(cams: Cams, people: Iterable[Person]) -> Systems:
    """What a judge would have read of the databases of these people's agencies."""
    found = Systems(cells={"harbour": set(), cams.home: set()})
    for each in people:
        owner = (each.home, each.number)
        found.people[owner] = each.client
        found.consents[owner] = [each.consent] if each.consent else []
        own(found, each.client["last_name"], owner, "IDENT")
        own(found, each.client["phone"], owner, "CONTACT")
    return found
