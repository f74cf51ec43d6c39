"""Who a record of CaMS is about: the person of a package as a record's client, and back (program systems 3.4, 9.5).

Pure. A single name has the filler as its other half (case 15). Each designated group has the category of what it tells
(settled S10), so each kind of them is a child of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.eois import package
from adapters.eois.rules import DECEASED
from hub.model.identifiers import clean
from hub.model.record import Record

PERSON = {
    "LegalLastName": "last_name",
    "LegalFirstName": "first_name",
    "DateOfBirth": "birth_date",
    "IdentifyAs": "identify_as",
    "StatusInCanada": "status_in_canada",
    "DateArrived": "date_arrived",
    "PreferredLanguage": "preferred_language",
    "MaritalStatus": "marital_status",
}
ADDRESS = {"PostalCode": "postal_code", "StreetNumber": "street_number", "Unit": "unit"}
CONTACT = ("phone", "email", "preferred")
GROUPS = {
    "race_group": ("aboriginal", "visible-minority"),
    "health_group": ("deaf", "deaf-blind", "person-with-disability"),
    "other_group": ("francophone", "internationally-trained-professional", "newcomer"),
}
CLIENT = ("client_id", *PERSON.values(), "alias", *ADDRESS.values(), *CONTACT, "deceased_date")
_CAMEL = re.compile(r"(?<!^)(?=[A-Z])")


def columns() -> dict[str, Any]:
    """Field names of a client, its children nested."""
    groups: dict[str, Any] = {name: {"fields": ("code",)} for name in GROUPS}
    return {"fields": CLIENT, "children": {"other_alias": {"fields": ("text",)}, **groups}}


def read(person: Mapping[str, Any], plan: Mapping[str, Any], created: str) -> Record:
    """The person of a package; of a plan only whether it ended with their death."""
    fields = {name: person.get(element, "") for element, name in PERSON.items()}
    fields = {name: "" if text == package.FILLER else text for name, text in fields.items()}
    fields |= {name: person.get("Address", {}).get(element, "") for element, name in ADDRESS.items()}
    fields |= {name: person.get("Contact", {}).get(name, "") for name in CONTACT}
    aliases = person.get("Alias", [])
    fields |= {"client_id": person.get("clientReference", ""), "alias": aliases[0] if aliases else ""}
    if plan.get("Closure", {}).get("reason") == DECEASED:
        fields["deceased_date"] = created
    codes = [each["code"] for each in person.get("DesignatedGroup", ())]
    below = {name: [{"code": code} for code in codes if code in members] for name, members in GROUPS.items()}
    below["other_alias"] = [{"text": alias} for alias in aliases[1:]]
    nested = {name: rows(name, found) for name, found in below.items() if found}
    return Record("client", {name: text for name, text in fields.items() if text}, nested)


def write(client: Record) -> dict[str, Any]:
    """A client as the person of a package; of nobody the filler alone."""
    get = client.fields.get
    person: dict[str, Any] = {element: clean(get(name, "")) for element, name in PERSON.items() if get(name)}
    person = {"LegalLastName": package.FILLER, "LegalFirstName": package.FILLER, **person}
    if reference := get("client_id"):
        person["clientReference"] = reference
    if alias := get("alias"):
        person["Alias"] = [clean(alias)]
    groups = [each.fields["code"] for name in GROUPS for each in client.children.get(name, ()) if "code" in each.fields]
    if groups:
        person["DesignatedGroup"] = [{"code": code} for code in sorted(set(groups))]
    if get("postal_code"):
        person["Address"] = {element: clean(get(name, "")) for element, name in ADDRESS.items() if get(name)}
    if contact := {name: get(name) for name in ("phone", "email") if get(name)}:
        person["Contact"] = contact
    return person


def rows(name: str, elements: Sequence[Mapping[str, Any]]) -> tuple[Record, ...]:
    """Elements as records."""
    return tuple(Record(name, snake(each)) for each in elements)


def snake(element: Mapping[str, Any]) -> dict[str, str]:
    """The texts of an element by their names in a record."""
    return {_CAMEL.sub("_", name).lower(): text for name, text in element.items() if isinstance(text, str) and text}
