"""The judge's part for a CaMS site: whose values lie in its packages and worksheets, and whether they may.

The site's own clients are those whom its packages refer; what the hub brought lies in the folder to CaMS. Path to
category is restated here (program systems 9.5). A worksheet is judged like its package: what is printed has left too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hub.sample import cams_papers, database
from hub.sample.cams import Cams
from hub.sample.cams_xml import FILLER, Package, Said
from hub.sample.database import Row
from hub.sample.network import Network
from hub.sample.people import Person
from hub.sample.permitted import Owner, Systems, about, allowed, normal, own, spellings
from hub.sample.scenarios import AFTERWARDS, EXPECTED, Scenario

_PERSON = {
    **dict.fromkeys(
        (*("LegalLastName", "LegalFirstName", "Alias", "DateOfBirth"), "IdentifyAs", "MaritalStatus"), "IDENT"
    ),
    **dict.fromkeys(("StatusInCanada", "DateArrived"), "IMMIG"),
    **dict.fromkeys(("Address/PostalCode", "Address/StreetNumber", "Address/Unit"), "CONTACT"),
    **dict.fromkeys(("Contact/@phone", "Contact/@email", "Contact/@preferred"), "CONTACT"),
    "@clientReference": "IDENT",
    "PreferredLanguage": "LANG",
}
_GROUPS = {
    **dict.fromkeys(("aboriginal", "visible-minority"), "RACE_INDIG"),
    **dict.fromkeys(("deaf", "deaf-blind", "person-with-disability"), "HEALTH_PHYS"),
}
_BESIDE = {"Education": "EDUC", "Employment": "EMPLOY", "ServicePlan": "PLAN"}
_FRAME = frozenset({"Sender", "Receiver", "Referral", ""})  # of the package itself, and of the referral
_ON_PAPER = {  # a worksheet's name of a field -> its path; what is not here says nothing of a client
    "Person reference": "Person/@clientReference",
    "Legal last name": "Person/LegalLastName",
    "Legal first name": "Person/LegalFirstName",
    "Alias": "Person/Alias",
    "I identify as": "Person/IdentifyAs",
    "Date of birth": "Person/DateOfBirth",
    "Status in Canada": "Person/StatusInCanada",
    "Date arrived in Canada": "Person/DateArrived",
    "Preferred language of service": "Person/PreferredLanguage",
    "Marital status": "Person/MaritalStatus",
    "Designated groups": "Person/DesignatedGroup/@code",
    "Primary mailing address: postal code": "Person/Address/PostalCode",
    "Street number": "Person/Address/StreetNumber",
    "Unit": "Person/Address/Unit",
    "Phone": "Person/Contact/@phone",
    "Email": "Person/Contact/@email",
    "Preferred communication": "Person/Contact/@preferred",
    "Qualification": "Education/@qualification",
    "Hours per week": "Employment/@hoursPerWeek",
    "Wage": "Employment/@wage",
    "Reason": "Referral/Reason",
}
_UNSAID = "Prefer not to disclose"  # stands where a gender is not told
_PLACE = frozenset(path for path in _PERSON if path.startswith("Address/"))
# values that point to one person. Person and plan references are not looked for in the hub's files: so few digits stand
# in a digest by chance
_TELLING = {
    "Person/LegalLastName": "last_name",
    "Person/Contact/@phone": "phone",
    "Person/Contact/@email": "email",
    "Referral/Reason": "reason_text",
}
_PRIVATE = {**_TELLING, "Person/LegalFirstName": "first_name"}
_ENDING = frozenset({"closed_on", "closure_reason", "opened_on", "program", "referral_id", "referral_status"})
_UNREADABLE = {Scenario.BAD_CODE: "CODE_UNKNOWN", Scenario.BAD_DATE: "DN_SCHEMA"}  # codes of 9.5


def read_own(cams: Cams, found: Systems) -> None:
    """Add the site's own clients, their consents and all texts of the hub's files to what was read of the databases."""
    for number, package in _own_clients(cams):
        owner = (cams.home, number)
        found.people[owner] = _names(package)
        for path in _TELLING:
            if text := package.get(path):
                own(found, text, owner, _category(path, text))
    for row in cams.consents():
        found.consents.setdefault((cams.home, int(row["consent_id"].partition("-")[2])), []).append(row)
    packages = (text for _, package in cams.received() for _, text in package.parts)
    printed = (text for _, rows in cams.sheets() for _, text in rows)
    found.cells[cams.home] = {("to_cams", text) for each in (packages, printed) for text in each if text != FILLER}


def private_values(cams: Cams, system: str) -> dict[str, str]:
    """Value to what it is, for everybody in the site's own packages.

    Args:
        system: the site's, as the directory calls it.
    """
    values: dict[str, str] = {}
    for number, package in _own_clients(cams):
        for path, spelled in _PRIVATE.items():
            whose = f"{path} of client {number} of {system}"
            values |= dict.fromkeys(spellings(spelled, package.get(path)), whose)
    return values


def judge(cams: Cams, network: Network, systems: Systems) -> Iterator[str]:
    """Everything in the hub's packages and worksheets, and in what came back, that was not allowed to go."""
    system = network.system(cams.home)
    packages = {name.rpartition(".")[0]: package for name, package in cams.received()}
    for name, package in packages.items():
        for what in _package(cams, network, systems, package, package.parts):
            yield f"{system} {name}.xml: {what}"
    for file, rows in cams.sheets():
        beside = packages.get(file.rpartition(".")[0])
        if beside is None:
            yield f"{system} {file}: a worksheet without a package"
            continue
        for what in _package(cams, network, systems, beside, _on_paper(rows)):
            yield f"{system} {file}: {what}"
    yield from _endings(network)


def told_otherwise(cams: Cams, system: str, people: Iterable[Person]) -> list[str]:
    """Packages of the site whose last answer is another one than the story deserves.

    Args:
        system: the site's, as the directory calls it.
        people: everybody; only the site's own are looked at.
    """
    last, wrong = dict(cams.told()), []
    for person in people:
        if person.home != cams.home:
            continue
        source = cams.source_of(person) or "no package"
        due, said = _due(person.scenario), last.get(source)
        if said is None or (said.result, said.code) != (due.result, due.code):
            got = f"{said.result} {said.code}".strip() if said else "no answer"
            where = f"{due.result} {due.code}".strip()
            wrong.append(f"{system}/{source}: {got} beside it where {where} was due ({person.scenario})")
    return wrong


def _due(scenario: Scenario) -> Said:
    """What stands beside a package at the end."""
    if scenario in _UNREADABLE:
        return Said("Refused", _UNREADABLE[scenario])
    code = AFTERWARDS.get(scenario, EXPECTED[scenario])
    return Said("Accepted") if code.startswith("OK_") else Said("AcceptedWithWarnings", code)


def _package(
    cams: Cams, network: Network, systems: Systems, package: Package, parts: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """What is wrong with what a package, or the sheet beside it, tells.

    Args:
        package: says whom it is about; ``parts``: what is told, by the paths of a package.
    """
    told = [(path, text) for path, text in parts if text and text != FILLER]
    if not package.asks:
        if any(path.partition("/")[0] not in _FRAME for path, _ in told if "/" in path) or not package.state:
            yield "an answer that tells more than how the referral goes"
        return
    home = next((agency for agency, code in cams.sites.items() if code == package.get("Sender/@sds")), "")
    owner = _owner(systems, home, package)
    if owner is None:
        yield "is about nobody whom a sender has"
        return
    may, whose = allowed(network, systems, owner, cams.home), f"client {owner[1]} of {network.system(owner[0])}"
    if not may:
        yield f"{whose} has not agreed"
    for category in sorted({_category(path, text) for path, text in told} - may - {""}):
        yield f"{category} of {whose}"
    person = systems.people[owner]
    for path, name in (("Person/Contact/@phone", "phone"), ("Person/Contact/@email", "email")):
        if path in dict(told) and not person.get(f"{name}_safe", True):
            yield f"{name} of {whose}, which is not marked safe"
    if person.get("address_confidential") and any(_below(path) in _PLACE for path, _ in told):
        yield f"where {whose} lives, who may not be found"


def _category(path: str, text: str) -> str:
    """What a part of a package tells; "" of what is the referral itself."""
    first = path.partition("/")[0] if "/" in path else ""
    if path == "Person/DesignatedGroup/@code":
        return _GROUPS.get(text.casefold().replace("/", "-").replace(" ", "-"), "IDENT")
    if first == "Person":
        return "" if text == _UNSAID else _PERSON.get(_below(path), path)
    if path == "Referral/Reason":
        return "NOTES_FREE" if text.removeprefix(cams_papers.INCOMPLETE).strip() else ""
    return "" if first in _FRAME else _BESIDE.get(first, path)


def _below(path: str) -> str:
    return path.removeprefix("Person/")


def _on_paper(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a worksheet tells of a client, by the paths of a package."""
    return [(_ON_PAPER[name], text) for name, text in rows if name in _ON_PAPER]


def _owner(systems: Systems, agency: str, package: Package) -> Owner | None:
    """The client of an agency whom a package names. A birth date that is not sure has no place in one: of several who
    have the same name it is the one with the same address for mail, if that is told.
    """
    names = _names(package)
    if names["birth_date"]:
        return about(systems, agency, names)
    every = systems.owners.get(normal(names["last_name"]), set())
    fits = {
        owner: {**names, "birth_date": systems.people[owner]["birth_date"]} for owner, _ in every if owner[0] == agency
    }
    found = [owner for owner, named in fits.items() if about(systems, agency, named) == owner]
    told = package.get("Person/Contact/@email")
    same = [owner for owner in found if told and systems.people[owner].get("email") == told]
    return next(iter(same or found), None)


def _endings(network: Network) -> Iterator[str]:
    """Ends of plans that came back and tell more than that and why: nobody has signed for how work goes (C-72)."""
    for agency in network.agencies:
        with database.connected(network.database(agency.id)) as db:
            rows = database.select(db, "SELECT message_id, payload FROM hub_inbox WHERE kind = 'exit'")
        for row in rows:
            for name in sorted(json.loads(row["payload"]).keys() - _ENDING):
                yield f"{agency.system} hub_inbox {row['message_id']}: {name} of somebody who has not agreed to it"


def _own_clients(cams: Cams) -> Iterator[tuple[int, Package]]:
    for _, package in cams.handed_in():
        if package.asks:
            yield int(package.reference) - cams_papers.FIRST_REFERENCE, package


def _names(package: Package) -> Row:
    """Name and birth date of a package, as a CMS has them."""
    said: Mapping[str, str] = {
        "last_name": package.get("Person/LegalLastName"),
        "first_name": package.get("Person/LegalFirstName"),
        "birth_date": package.get("Person/DateOfBirth"),
    }
    return {name: text or None for name, text in said.items()} | {"last_name": said["last_name"]}
