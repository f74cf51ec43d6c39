"""EOIS records in their own words: a referral, or the answer to one, out of a package or a row of an extract; and back.

Program systems 9.5 (package), 3.11 (extract); settled S5, S8. Pure. What a package may hold is ``package``'s; here a
valid one becomes a record with its children. It does not know the hub's codes: one that nobody knows is the mapping's.

- A ``Referral`` without a state is a request by the site that sends the package; with one it is that site's answer to
  the referral of this number. A package without a ``Referral`` is read, checked and not carried yet: its plan travels
  with the exchange of plans.
- A row of 15B is a request that names its client by reference alone, and no receiver.
- The result that CaMS lays beside a package of ours says that its referral was received.
- A reason that begins with the constant is none: ``incomplete`` says so, and what follows is the reason.
- An answer restates nothing of its client: its person is ``-``, its service "Not Applicable".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from adapters.eois import package
from adapters.eois.faults import ROOT, UNREADABLE, Fault, faulty
from adapters.eois.plans import NOT_APPLICABLE
from adapters.eois.rules import DECEASED
from hub.errors import MappingGap, RecordUnreadable, shape
from hub.model.canonical import canonical
from hub.model.identifiers import clean
from hub.model.record import Loss, Record

REQUEST, ANSWER = "RF_REQUEST", "RF_STATUS"
INCOMPLETE = "INFO NOT COMPLETE"
REASON_WIDTH = 4_000  # program systems 9.5: free text
RECEIVED = "received"
UNNAMED = "PKG-0"  # what stands for the number of a package before it is sent

_KEY = re.compile(
    r"P/(?P<sender>[0-9]{4}[A-Z])/[0-9]{4}[A-Z]/PKG-[0-9A-F]{1,32}"
    r"|15B/[0-9]{4}[A-Z]/[0-9]{1,12}/(?:community|program)/[0-9]{1,3}"
    r"|R/[0-9]{4}[A-Z]/[0-9]{4}[A-Z]/PKG-[0-9A-F]{1,32}"
)
_PERSON = {
    "LegalLastName": "last_name",
    "LegalFirstName": "first_name",
    "DateOfBirth": "birth_date",
    "IdentifyAs": "identify_as",
    "StatusInCanada": "status_in_canada",
    "DateArrived": "date_arrived",
    "PreferredLanguage": "preferred_language",
    "MaritalStatus": "marital_status",
}
_ADDRESS = {"PostalCode": "postal_code", "StreetNumber": "street_number", "Unit": "unit"}
_CONTACT = ("phone", "email", "preferred")
# each group has the category of what it tells (settled S10), so each kind is a child of its own
GROUPS = {
    "race_group": ("aboriginal", "visible-minority"),
    "health_group": ("deaf", "deaf-blind", "person-with-disability"),
    "other_group": ("francophone", "internationally-trained-professional", "newcomer"),
}
# where a field of a record stands in a package, so that an answer can name the place
PATHS: Mapping[str, str] = {
    **{f"client.{name}": f"{ROOT}/Person/{element}" for element, name in _PERSON.items()},
    **{f"client.{name}": f"{ROOT}/Person/Address/{element}" for element, name in _ADDRESS.items()},
    **{f"client.{name}": f"{ROOT}/Person/Contact/@{name}" for name in _CONTACT},
    "client.client_id": f"{ROOT}/Person/@clientReference",
    "client.alias": f"{ROOT}/Person/Alias",
    "number": f"{ROOT}/Referral/@number",
    "service": f"{ROOT}/Referral/@code",
    "reason": f"{ROOT}/Referral/Reason",
    "consent_id": f"{ROOT}/Referral/Consent/@id",
    "created": f"{ROOT}/@created",
}
_CAMEL = re.compile(r"(?<!^)(?=[A-Z])")
_CLIENT = (*("client_id", *_PERSON.values(), "alias", *_ADDRESS.values(), *_CONTACT, "deceased_date"),)
_REFERRAL = ("number", "service", "timing", "formal", "reason", "consent_id", "consent_expires", "incomplete")
_FRAME = ("package_id", "created", "language", "sender_sds", "receiver_sds", "program")
_BELOW: Mapping[str, tuple[str, ...]] = {
    "education": ("qualification", "country", "end"),
    "employment": ("noc", "naics", "hours_per_week", "wage", "wage_per"),
}
_PLAN = ("reference", "status", "referred_in", "self_initiated")
_IN_PLAN: Mapping[str, tuple[str, ...]] = {
    "summary": ("name", "text"),
    "sub_goal": ("name", "outcome"),
    "closure": ("reason", "satisfaction", "outcome", "still_employed"),
    "follow_up": ("month", "date", "status", "outcome"),
}
_ITEM = ("type", "expected_start", "expected_end", "actual_start", "actual_end", "outcome", "cost")


def columns() -> Mapping[str, Mapping[str, Any]]:
    """Field names of both kinds of record, children nested: what a mapping may name."""
    groups: dict[str, Any] = {name: {"fields": ("code",)} for name in GROUPS}
    client = {"fields": _CLIENT, "children": {"other_alias": {"fields": ("text",)}, **groups}}
    plan: dict[str, Any] = {name: {"fields": fields} for name, fields in _IN_PLAN.items()}
    plan["sub_goal"] = {"fields": _IN_PLAN["sub_goal"], "children": {"plan_item": {"fields": _ITEM}}}
    below = {name: {"fields": fields} for name, fields in _BELOW.items()}
    children = {"client": client, **below, "plan": {"fields": _PLAN, "children": plan}}
    return {
        REQUEST: {"fields": (*_FRAME, *_REFERRAL), "children": children},
        ANSWER: {"fields": (*_FRAME, *_REFERRAL, "status"), "children": children},
    }


def required() -> Mapping[str, Sequence[str]]:
    """The fields without which a package cannot be written."""
    frame = ("number", "created", "sender_sds", "receiver_sds")
    return {REQUEST: (*frame, "service"), ANSWER: (*frame, "status")}


def parse(key: str, data: bytes) -> Record:
    """Read one referral, or an answer to one.

    Args:
        key: ``P/sender/receiver/package``, ``15B/site/plan/list/code`` or ``R/sender/receiver/package``.
        data: JSON ``{"package": xml}``, ``{"row": …, "client": …}`` or ``{"result": …}``.

    Raises:
        RecordUnreadable: names key, code and path or field, what was got, what was expected and what to do.
    """
    found = _KEY.fullmatch(key)
    document = _document(key, data) if found else {}
    where = f"eois {key}" if found else "eois record key"
    if found and key.startswith("P/") and isinstance(document.get("package"), str):
        tree = package.read(where, document["package"].encode())
        return _of_package(where, found["sender"], tree)
    if found and key.startswith("15B/") and _texts(document.get("row")) and _texts(document.get("client")):
        return _of_row(where, document["row"], document["client"])
    if found and key.startswith("R/") and _texts(document.get("result")):
        return Record(ANSWER, _known(where, ANSWER, {**document["result"], "status": RECEIVED}))
    got = "another document" if found else shape(key)
    raise RecordUnreadable(where, got, "a package, a row or a result", "fetch the record again")


def render(record: Record) -> bytes:
    """Write a record as the tree of a package without its number and language, which ``send`` gives it.

    Args:
        record: of a kind in :func:`columns`.

    Returns:
        Canonical JSON ``{"package": tree}``.

    Raises:
        MappingGap: another kind, a field missing, or what a package cannot say: as :func:`package.write`.
    """
    if record.kind not in (REQUEST, ANSWER):
        raise MappingGap(f"eois record kind {record.kind}", "a kind nobody knows", f"{REQUEST} or {ANSWER}")
    for name in required()[record.kind]:
        if not record.get(name):
            next_step = "name the agency's site (hub sites add --kind eois), or mend the mapping"
            raise MappingGap(f"eois {record.kind}: {name}", "nothing", "a value", next_step)
    tree = _tree(record)
    package.write({"packageId": UNNAMED, "language": "en", **tree})
    return canonical({"package": tree})


def shortened(record: Record) -> Sequence[Loss]:
    """What had to stay behind: of a reason what the constant needs, and an address that a package cannot hold."""
    losses = []
    if record.get("incomplete") and len(f"{INCOMPLETE} {record.get('reason') or ''}") > REASON_WIDTH:
        losses.append(Loss("reason", f"cut at {REASON_WIDTH} characters, its marker counted", cut=True))
    client = _first(record, "client")
    if client and not client.get("postal_code") and (client.get("street_number") or client.get("unit")):
        losses.append(
            Loss("client.street_number", "left out: CaMS finds an address by its postal code, and there is none")
        )
    return losses


def _document(key: str, data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict):
        return document
    raise RecordUnreadable(f"eois {key}", f"{len(data)} bytes", "a document", "fetch the record again")


def _texts(found: object) -> bool:
    return isinstance(found, dict) and all(isinstance(text, str) for text in found.values())


def _known(where: str, kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    names = columns()[kind]["fields"]
    if not fields.keys() <= set(names):
        raise RecordUnreadable(where, "a field of another kind", "fields of this record", "fetch the record again")
    return {name: text for name, text in fields.items() if text}


def _of_row(where: str, row: Mapping[str, str], client: Mapping[str, str]) -> Record:
    if not client.keys() <= set(_CLIENT):
        raise RecordUnreadable(where, "a field of another kind", "fields of a client", "fetch the record again")
    told = Record("client", {name: text for name, text in client.items() if text})
    return Record(REQUEST, _known(where, REQUEST, row), {"client": (told,)})


def _of_package(where: str, sender: str, tree: Mapping[str, Any]) -> Record:
    referral = tree.get("Referral")
    if tree["Sender"]["sds"] != sender:
        raise faulty(where, Fault("DN_SENDER", f"{ROOT}/Sender/@sds", "another site than the file's", "the same"))
    if referral is None:
        raise faulty(
            where,
            Fault("DN_OFF_BUS", ROOT, "a package without a referral", "one with a referral: plans do not travel yet"),
        )
    kind, direction = (ANSWER, "in") if "state" in referral else (REQUEST, "out")
    if referral["direction"] != direction:
        raise faulty(
            where, Fault(UNREADABLE, f"{ROOT}/Referral/@direction", "the other direction", f"`{direction}` of {kind}")
        )
    reason, incomplete = referral.get("Reason", ""), ""
    if reason == INCOMPLETE or reason.startswith(f"{INCOMPLETE} "):
        reason, incomplete = reason.removeprefix(INCOMPLETE).strip(), "1"
    consent = referral.get("Consent", {})
    fields = {
        "package_id": tree["packageId"], "created": tree["created"], "language": tree["language"],
        "sender_sds": tree["Sender"]["sds"], "receiver_sds": tree["Receiver"]["sds"],
        "program": tree.get("ServicePlan", {}).get("program", ""), "number": referral["number"],
        "service": f"{referral['list']}/{referral['code']}", "timing": referral.get("timing", ""),
        "formal": referral.get("formal", ""), "reason": reason, "incomplete": incomplete,
        "consent_id": consent.get("id", ""), "consent_expires": consent.get("expires", ""),
        "status": referral.get("state", ""),
    }  # fmt: skip
    return Record(kind, {name: text for name, text in fields.items() if text}, _children(tree))


def _children(tree: Mapping[str, Any]) -> dict[str, tuple[Record, ...]]:
    plan = tree.get("ServicePlan")
    found = {
        "client": (_client(tree["Person"], plan or {}, tree["created"][:10]),),
        "education": _rows("education", tree.get("Education", ())),
        "employment": _rows("employment", tree.get("Employment", ())),
        "plan": (_plan(plan),) if plan else (),
    }
    return {name: rows for name, rows in found.items() if rows}


def _client(person: Mapping[str, Any], plan: Mapping[str, Any], created: str) -> Record:
    fields = {name: person.get(element, "") for element, name in _PERSON.items()}
    fields = {name: "" if text == package.FILLER else text for name, text in fields.items()}
    fields |= {name: person.get("Address", {}).get(element, "") for element, name in _ADDRESS.items()}
    fields |= {name: person.get("Contact", {}).get(name, "") for name in _CONTACT}
    aliases = person.get("Alias", [])
    fields |= {"client_id": person.get("clientReference", ""), "alias": aliases[0] if aliases else ""}
    if plan.get("Closure", {}).get("reason") == DECEASED:
        fields["deceased_date"] = created
    codes = [each["code"] for each in person.get("DesignatedGroup", ())]
    below = {name: [{"code": code} for code in codes if code in members] for name, members in GROUPS.items()}
    below["other_alias"] = [{"text": alias} for alias in aliases[1:]]
    nested = {name: _rows(name, rows) for name, rows in below.items() if rows}
    return Record("client", {name: text for name, text in fields.items() if text}, nested)


def _plan(plan: Mapping[str, Any]) -> Record:
    goals = tuple(
        Record(
            "sub_goal",
            _snake(each),
            {"plan_item": items} if (items := _rows("plan_item", each.get("PlanItem", ()))) else {},
        )
        for each in plan.get("SubGoal", ())
    )
    below = {
        "summary": _rows("summary", plan.get("ClientSummary", {}).get("Item", ())),
        "sub_goal": goals,
        "closure": _rows("closure", [plan["Closure"]] if "Closure" in plan else ()),
        "follow_up": _rows("follow_up", plan.get("FollowUp", ())),
    }
    fields = {name: text for name, text in _snake(plan).items() if name in _PLAN}
    return Record("plan", fields, {name: rows for name, rows in below.items() if rows})


def _rows(name: str, elements: Sequence[Mapping[str, Any]]) -> tuple[Record, ...]:
    return tuple(Record(name, _snake(each)) for each in elements)


def _snake(element: Mapping[str, Any]) -> dict[str, str]:
    return {_CAMEL.sub("_", name).lower(): text for name, text in element.items() if isinstance(text, str) and text}


def _first(record: Record, name: str) -> Record | None:
    return next(iter(record.children.get(name, ())), None)


def _tree(record: Record) -> dict[str, Any]:
    """The tree of a package; an answer restates nothing of its client."""
    get = record.fields.get
    listed, _, code = (get("service", "") if record.kind == REQUEST else NOT_APPLICABLE).partition("/")
    referral: dict[str, Any] = {"number": get("number"), "list": listed, "code": code, "direction": "out"}
    if record.kind == ANSWER:
        referral |= {"state": get("status"), "direction": "in"}
    if reason := _reason(record):
        referral["Reason"] = reason
    client = _first(record, "client") if record.kind == REQUEST else None
    return {
        "created": get("created"),
        "Sender": {"sds": get("sender_sds")},
        "Receiver": {"sds": get("receiver_sds")},
        "Person": _person(client or Record("client", {})),
        "Referral": referral,
    }


def _reason(record: Record) -> str:
    reason = clean(record.get("reason") or "")
    whole = f"{INCOMPLETE} {reason}".rstrip() if record.get("incomplete") else reason
    return whole[:REASON_WIDTH].rstrip()


def _person(client: Record) -> dict[str, Any]:
    get = client.fields.get
    person: dict[str, Any] = {element: clean(get(name, "")) for element, name in _PERSON.items() if get(name)}
    person = {"LegalLastName": package.FILLER, "LegalFirstName": package.FILLER, **person}
    if reference := get("client_id"):
        person["clientReference"] = reference
    if alias := get("alias"):
        person["Alias"] = [clean(alias)]
    groups = [each.fields["code"] for name in GROUPS for each in client.children.get(name, ()) if "code" in each.fields]
    if groups:
        person["DesignatedGroup"] = [{"code": code} for code in sorted(set(groups))]
    if get("postal_code"):
        person["Address"] = {element: clean(get(name, "")) for element, name in _ADDRESS.items() if get(name)}
    if contact := {name: get(name) for name in ("phone", "email") if get(name)}:
        person["Contact"] = contact
    return person
