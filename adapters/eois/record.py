"""EOIS records in their own words: a referral, or the answer to one, out of a package or a row of an extract; and back.

Program systems 9.5 (package), 3.11 (extract); settled S5, S8. Pure. What a package may hold is ``package``'s; here a
valid one becomes a record with its children. It does not know the hub's codes: one that nobody knows is the mapping's.

- A ``Referral`` without a state is a request by the site that sends the package; with one it is that site's answer to
  the referral of this number. A package without a ``Referral`` shares its plan. How a plan ended and its follow-ups are
  records of their own (``service_plan``).
- A row of 15B is a request that names its client by reference alone, and no receiver; one of 15D says how a plan ended,
  or a follow-up.
- The result that CaMS lays beside a package of ours says that its referral was received.
- A reason that begins with the constant is none: ``incomplete`` says so, and what follows is the reason.
- An answer restates nothing of its client: its person is ``-``, its service "Not Applicable".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from adapters.eois import package, person, service_plan
from adapters.eois.faults import ROOT, UNREADABLE, Fault, faulty
from adapters.eois.plans import NOT_APPLICABLE
from adapters.eois.service_plan import EXIT, FOLLOW_UP
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
    r"(?P<part>[PXF])/(?P<sender>[0-9]{4}[A-Z])/[0-9]{4}[A-Z]/PKG-[0-9A-F]{1,32}(?:/(?P<month>0|3|6|12))?"
    r"|15D/[0-9]{4}[A-Z]/[0-9]{1,12}/(?P<outcome>exit|0|3|6|12)"
    r"|15B/[0-9]{4}[A-Z]/[0-9]{1,12}/(?:community|program)/[0-9]{1,3}"
    r"|R/[0-9]{4}[A-Z]/[0-9]{4}[A-Z]/PKG-[0-9A-F]{1,32}"
)
# where a field of a record stands in a package, so that an answer can name the place
PATHS: Mapping[str, str] = {
    **{f"client.{name}": f"{ROOT}/Person/{element}" for element, name in person.PERSON.items()},
    **{f"client.{name}": f"{ROOT}/Person/Address/{element}" for element, name in person.ADDRESS.items()},
    **{f"client.{name}": f"{ROOT}/Person/Contact/@{name}" for name in person.CONTACT},
    "client.client_id": f"{ROOT}/Person/@clientReference",
    "client.alias": f"{ROOT}/Person/Alias",
    "number": f"{ROOT}/Referral/@number",
    "service": f"{ROOT}/Referral/@code",
    "reason": f"{ROOT}/Referral/Reason",
    "consent_id": f"{ROOT}/Referral/Consent/@id",
    "created": f"{ROOT}/@created",
}
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
    """Field names of every kind of record, children nested: what a mapping may name."""
    plan: dict[str, Any] = {name: {"fields": fields} for name, fields in _IN_PLAN.items()}
    plan["sub_goal"] = {"fields": _IN_PLAN["sub_goal"], "children": {"plan_item": {"fields": _ITEM}}}
    below = {name: {"fields": fields} for name, fields in _BELOW.items()}
    children = {"client": person.columns(), **below, "plan": {"fields": _PLAN, "children": plan}}
    return {
        **service_plan.columns(),
        REQUEST: {"fields": (*_FRAME, *_REFERRAL), "children": children},
        ANSWER: {"fields": (*_FRAME, *_REFERRAL, "status"), "children": children},
    }


def required() -> Mapping[str, Sequence[str]]:
    """The fields without which a package cannot be written."""
    frame = ("number", "created", "sender_sds", "receiver_sds")
    return {REQUEST: (*frame, "service"), ANSWER: (*frame, "status"), **service_plan.required()}


def parse(key: str, data: bytes) -> Record:
    """Read one record.

    Args:
        key: ``P/sender/receiver/package``, ``X/…`` and ``F/…/month`` of what its plan says beside it,
            ``15B/site/plan/list/code``, ``15D/site/plan/exit`` or ``/month``, or ``R/sender/receiver/package``.
        data: JSON ``{"package": xml}``, ``{"row": …, "client": …}`` or ``{"result": …}``.

    Raises:
        RecordUnreadable: names key, code and path or field, what was got, what was expected and what to do.
    """
    found = _KEY.fullmatch(key)
    document = _document(key, data) if found else {}
    where = f"eois {key}" if found else "eois record key"
    if found and found["part"] and isinstance(document.get("package"), str):
        tree = package.read(where, document["package"].encode())
        if tree["Sender"]["sds"] != found["sender"]:
            at = f"{ROOT}/Sender/@sds"
            raise faulty(where, Fault("DN_SENDER", at, "another site than the file's", "the same"))
        return _part(where, found["part"], found["month"] or "", tree)
    if found and key.startswith("15") and _texts(document.get("row")) and _texts(document.get("client")):
        kind = REQUEST if not found["outcome"] else EXIT if found["outcome"] == "exit" else FOLLOW_UP
        return _of_row(where, kind, document["row"], document["client"])
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
    if record.kind not in required():
        raise MappingGap(f"eois record kind {record.kind}", "a kind nobody knows", f"one of {', '.join(required())}")
    for name in dict.fromkeys((*required()[record.kind], "sender_sds", "receiver_sds")):
        if not record.get(name):
            site = "name the agency's site (hub sites add --kind eois), or mend the mapping"
            next_step = site if name.endswith("_sds") else "CaMS has no screen without it: tell the site another way"
            raise MappingGap(f"eois {record.kind}: {name}", "nothing", "a value", next_step)
    tree = _tree(record) if record.kind in (REQUEST, ANSWER) else _framed(record)
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
    return [*losses, *service_plan.shortened(record)]


def _framed(record: Record) -> dict[str, Any]:
    client = _first(record, "client")
    return {
        "created": record.get("created"),
        "Sender": {"sds": record.get("sender_sds")},
        "Receiver": {"sds": record.get("receiver_sds")},
        "Person": person.write(client or Record("client", {})),
        **service_plan.tree_of(record),
    }


def _part(where: str, part: str, month: str, tree: Mapping[str, Any]) -> Record:
    """One of the records of a package."""
    if part == "P" and not month:
        return _of_package(where, tree)
    if part == "X" and not month and service_plan.ends(tree):
        return service_plan.exit_of(tree)
    made = service_plan.follow_ups(tree) if part == "F" else {}
    if month not in made:
        raise RecordUnreadable(where, "a package that does not say it", "one that does", "fetch the record again")
    return made[month]


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


def _of_row(where: str, kind: str, row: Mapping[str, str], client: Mapping[str, str]) -> Record:
    if not client.keys() <= set(person.CLIENT):
        raise RecordUnreadable(where, "a field of another kind", "fields of a client", "fetch the record again")
    told = Record("client", {name: text for name, text in client.items() if text})
    return Record(kind, _known(where, kind, row), {"client": (told,)})


def _of_package(where: str, tree: Mapping[str, Any]) -> Record:
    referral = tree.get("Referral")
    if referral is None:
        if "ServicePlan" in tree:
            return service_plan.plan_of(where, tree)
        raise faulty(where, Fault("DN_OFF_BUS", ROOT, "a package without referral and plan", "one of them"))
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
        "client": (person.read(tree["Person"], plan or {}, tree["created"][:10]),),
        "education": person.rows("education", tree.get("Education", ())),
        "employment": person.rows("employment", tree.get("Employment", ())),
        "plan": (_plan(plan),) if plan else (),
    }
    return {name: rows for name, rows in found.items() if rows}


def _plan(plan: Mapping[str, Any]) -> Record:
    goals = tuple(
        Record(
            "sub_goal",
            person.snake(each),
            {"plan_item": items} if (items := person.rows("plan_item", each.get("PlanItem", ()))) else {},
        )
        for each in plan.get("SubGoal", ())
    )
    below = {
        "summary": person.rows("summary", plan.get("ClientSummary", {}).get("Item", ())),
        "sub_goal": goals,
        "closure": person.rows("closure", [plan["Closure"]] if "Closure" in plan else ()),
        "follow_up": person.rows("follow_up", plan.get("FollowUp", ())),
    }
    fields = {name: text for name, text in person.snake(plan).items() if name in _PLAN}
    return Record("plan", fields, {name: rows for name, rows in below.items() if rows})


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
        "Person": person.write(client or Record("client", {})),
        "Referral": referral,
    }


def _reason(record: Record) -> str:
    reason = clean(record.get("reason") or "")
    whole = f"{INCOMPLETE} {reason}".rstrip() if record.get("incomplete") else reason
    return whole[:REASON_WIDTH].rstrip()
